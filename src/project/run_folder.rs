//! Folder of a training run, in a project or given by `tagli train --out DIR`.
//! It is written while the run goes on.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    MetricsTail, ProjectError, file_names,
    lock::{Holder, Lock},
    storage::{self, Appender, NewFolder, StorageError},
};
use crate::runs::{Control, FolderSink, Point, RunSink, Settings, Status};

pub(super) const CONFIG: &str = "config.json";
pub(super) const METRICS: &str = "metrics.jsonl";
pub(super) const STATUS: &str = "status.json";
pub(super) const LOG: &str = "log.txt";
pub(super) const CONTROL: &str = "control.json";
pub(super) const RUN_LOCK: &str = "run.lock";
pub(super) const MODEL: &str = "model";
pub(super) const CHECKPOINT: &str = "checkpoint";

/// Contents of a run's `config.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Version of the format of run folders.
    #[serde(rename = "tagli_run")]
    pub format: u64,
    /// Start time, in seconds since 1970, UTC.
    pub started: u64,
    /// Settings of the training.
    pub settings: Settings,
    /// Description of the training data by the caller: annotator, counts, files.
    #[serde(default)]
    pub data: Value,
}

impl RunConfig {
    /// Config of a run that starts at `started` with these settings on this data.
    pub fn new(started: u64, settings: Settings, data: Value) -> Self {
        Self { format: super::manifest::FORMAT, started, settings, data }
    }
}

/// Writer of a run.
/// It holds the run's lock; the run counts as alive as long as this value exists.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    metrics: Appender,
    log: Appender,
    _lock: Lock,
}

impl RunFolder {
    /// Starts a run in an existing folder, replacing an earlier run.
    pub(super) fn begin(path: &Path, config: &RunConfig) -> Result<Self, ProjectError> {
        let mut run = Self::open(path, config.started)?;
        storage::remove_file(&path.join(CONTROL))?;
        storage::remove_file(&path.join(STATUS))?;
        run.metrics.truncate(0)?;
        run.log.truncate(0)?;
        let checkpoint = path.join(CHECKPOINT);
        if checkpoint.is_dir() {
            // It belongs to the earlier run: resuming this one must not find it.
            storage::remove_folder(&checkpoint)?;
        }
        let mut bytes = serde_json::to_vec_pretty(config)?;
        bytes.push(b'\n');
        storage::replace(&path.join(CONFIG), &bytes)?;
        Ok(run)
    }

    /// Continues an interrupted run after the first `lines` lines of its metrics.
    /// The later ones are published again.
    ///
    /// # Errors
    /// The run is alive, or the file system refuses.
    pub fn resume(path: &Path, now: u64, lines: usize) -> Result<Self, ProjectError> {
        let mut run = Self::open(path, now)?;
        storage::remove_file(&path.join(CONTROL))?;
        let bytes = storage::read(&path.join(METRICS))?;
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        let kept = std::iter::once(0).chain(ends).take(lines.saturating_add(1)).last().unwrap_or(0);
        run.metrics.truncate(kept as u64)?;
        Ok(run)
    }

    fn open(path: &Path, now: u64) -> Result<Self, ProjectError> {
        let what = format!("the run in {}", storage::shown_path(path));
        let lock = Lock::take(&path.join(RUN_LOCK), &what, &Holder::this(now))?;
        storage::remove_leftovers(path);
        let metrics = Appender::open(&path.join(METRICS))?;
        let log = Appender::open(&path.join(LOG))?;
        Ok(Self { path: path.to_owned(), metrics, log, _lock: lock })
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the command that another process left for this run.
    /// An unreadable one is discarded.
    pub fn take_control(&mut self) -> Option<Control> {
        let path = self.path.join(CONTROL);
        let bytes = storage::read(&path).ok()?;
        storage::remove_file(&path).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

impl RunSink for RunFolder {
    fn point(&mut self, point: &Point) -> io::Result<()> {
        let mut line = serde_json::to_vec(point)?;
        line.push(b'\n');
        Ok(self.metrics.append(&line)?)
    }

    fn status(&mut self, status: &Status) -> io::Result<()> {
        Ok(storage::replace(&self.path.join(STATUS), &serde_json::to_vec(status)?)?)
    }

    fn control(&mut self) -> Option<Control> {
        self.take_control()
    }

    fn log(&mut self, line: &str) -> io::Result<()> {
        Ok(self.log.append(format!("{}\n", file_names::one_line(line)).as_bytes())?)
    }

    fn model(&mut self) -> io::Result<Box<dyn FolderSink>> {
        Ok(Box::new(NewFolder::begin(&self.path.join(MODEL))?))
    }

    fn checkpoint(&mut self) -> io::Result<Option<Box<dyn FolderSink>>> {
        Ok(Some(Box::new(NewFolder::begin(&self.path.join(CHECKPOINT))?)))
    }

    fn drop_checkpoint(&mut self) {
        // A checkpoint that stays takes disk space and does no other harm.
        let checkpoint = self.path.join(CHECKPOINT);
        if let Err(error) = storage::remove_folder(&checkpoint) {
            tracing::debug!("the checkpoint was not removed: {error}");
        }
    }
}

/// Reads the config of the run in a folder.
///
/// # Errors
/// It is not the folder of a run, or its config cannot be read.
pub fn read_config(run: &Path) -> Result<RunConfig, ProjectError> {
    Ok(serde_json::from_slice(&storage::read(&run.join(CONFIG))?)?)
}

/// Whether a folder belongs to a run.
pub fn is_run(folder: &Path) -> bool {
    storage::read(&folder.join(CONFIG)).is_ok_and(|bytes| is_run_config(&bytes))
}

/// Refuses the folder of a run where a model folder is needed.
/// The model of a run is in a subfolder.
///
/// # Errors
/// `path` is the folder of a run that has a model; the error names the model folder.
pub fn refuse_run(path: &str) -> Result<(), ProjectError> {
    let run = Path::new(path);
    let model = model_path(run);
    if run.join(METRICS).is_file() && model.is_dir() {
        return Err(ProjectError::IsRun { run: run.to_owned(), model });
    }
    Ok(())
}

/// Model subfolder of a run.
pub fn model_path(run: &Path) -> PathBuf {
    run.join(MODEL)
}

/// Reads the last status of the run in a folder.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn read_status(run: &Path) -> Result<Status, ProjectError> {
    Ok(serde_json::from_slice(&storage::read(&run.join(STATUS))?)?)
}

/// Reader of the metrics of the run in a folder, from the beginning.
pub fn metrics_tail(run: &Path) -> MetricsTail {
    MetricsTail::new(&run.join(METRICS))
}

/// Reads the files of a run's checkpoint, by name; `None` if there is none.
///
/// # Errors
/// They exist and cannot be read.
pub fn read_checkpoint(run: &Path) -> Result<Option<BTreeMap<String, Vec<u8>>>, StorageError> {
    let folder = run.join(CHECKPOINT);
    let entries = match std::fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(StorageError::new("read", &folder, cause)),
    };
    let mut files = BTreeMap::new();
    for entry in entries {
        if let (Ok(true), Ok(name)) = (entry.file_type().map(|kind| kind.is_file()), entry.file_name().into_string()) {
            files.insert(name, storage::read(&entry.path())?);
        }
    }
    Ok(Some(files))
}

/// A run in a folder of the user, outside any project.
/// It has the same files as a run of a project.
#[derive(Debug)]
pub struct PlainRun;

impl PlainRun {
    /// Starts a run in `dir`, which is created if needed.
    ///
    /// An earlier run in it is replaced: its curves at once, its model when the new one is complete. Other files in it
    /// stay.
    ///
    /// # Errors
    /// A run is alive in it, it holds a Hugging Face model or other files under the names that a run needs, or the file
    /// system refuses.
    pub fn create(dir: &Path, config: &RunConfig) -> Result<RunFolder, ProjectError> {
        let occupied = |found| ProjectError::Occupied { path: dir.to_owned(), found };
        if let Some(bytes) = storage::read_if_there(&dir.join(CONFIG))? {
            if !is_run_config(&bytes) {
                return Err(occupied("a config.json that is not of a run; is it a model?"));
            }
        } else if [METRICS, STATUS, MODEL].iter().any(|name| std::fs::symlink_metadata(dir.join(name)).is_ok()) {
            return Err(occupied("files with the names of a run's, but no config.json of a run"));
        }
        storage::make_folder(dir)?;
        RunFolder::begin(dir, config)
    }
}

fn is_run_config(bytes: &[u8]) -> bool {
    serde_json::from_slice::<Value>(bytes).is_ok_and(|value| value.get("tagli_run").is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::Phase;

    fn config() -> RunConfig {
        RunConfig::new(1_700_000_000, Settings::lesson("mini"), Value::Null)
    }

    fn step(step: usize) -> Point {
        Point::Step { step, epoch: 0.1, loss: 1.0, lr: 1e-4, grad_norm: 1.0, tokens_per_second: 1.0 }
    }

    #[test]
    fn a_run_writes_all_that_it_publishes() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let mut run = PlainRun::create(&out, &config()).unwrap();
        run.point(&step(1)).unwrap();
        run.status(&Status { phase: Phase::Training, ..Status::default() }).unwrap();
        run.log("a\nb\u{1b}[2J").unwrap();
        let mut model = run.model().unwrap();
        model.file("model.safetensors", b"weights").unwrap();
        model.finish().unwrap();
        assert_eq!(std::fs::read_to_string(out.join("log.txt")).unwrap(), "a\u{240a}b\u{241b}[2J\n");
        assert_eq!(
            std::fs::read_to_string(out.join("metrics.jsonl")).unwrap(),
            serde_json::to_string(&step(1)).unwrap() + "\n"
        );
        assert_eq!(std::fs::read(out.join("model/model.safetensors")).unwrap(), b"weights");
        let again: RunConfig = serde_json::from_slice(&std::fs::read(out.join("config.json")).unwrap()).unwrap();
        assert_eq!(again, config());
    }

    #[test]
    fn the_folder_of_a_run_is_no_model_and_names_the_one_that_is() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        drop(PlainRun::create(&out, &config()).unwrap());
        let path = out.to_str().unwrap();
        assert!(refuse_run(path).is_ok(), "a run without a model has none to offer");
        std::fs::create_dir(out.join("model")).unwrap();
        assert!(refuse_run(path).unwrap_err().to_string().contains(&out.join("model").display().to_string()));
        assert!(refuse_run(out.join("model").to_str().unwrap()).is_ok() && refuse_run("mini").is_ok());
    }

    #[test]
    fn a_folder_is_used_again_for_a_run_but_not_while_one_goes_on_and_never_a_models() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let mut run = PlainRun::create(&out, &config()).unwrap();
        run.point(&step(1)).unwrap();
        assert!(matches!(PlainRun::create(&out, &config()), Err(ProjectError::Lock(_))));
        drop(run);
        drop(PlainRun::create(&out, &config()).unwrap());
        assert_eq!(std::fs::read(out.join("metrics.jsonl")).unwrap(), b"");
        std::fs::write(out.join("config.json"), r#"{"model_type":"distilbert"}"#).unwrap();
        assert!(matches!(PlainRun::create(&out, &config()), Err(ProjectError::Occupied { .. })));
    }

    #[test]
    fn a_resumed_run_goes_on_after_its_last_whole_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = PlainRun::create(dir.path(), &config()).unwrap();
        run.point(&step(1)).unwrap();
        drop(run);
        let path = dir.path().join("metrics.jsonl");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend(b"{\"kind\":\"st");
        std::fs::write(&path, bytes).unwrap();
        RunFolder::resume(dir.path(), 0, 1).unwrap().point(&step(2)).unwrap();
        let lines: Vec<Point> =
            std::fs::read_to_string(&path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines, [step(1), step(2)]);
    }
}
