//! Folder of a training run, in a project or given by `tagli train --out DIR`.
//! It is written while the run goes on.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use super::run_files::is_run;
use super::{
    MetricsTail, ProjectError, file_names,
    lock::{self, Holder, Lock, LockError},
    output::{refuse_own_file, refuse_project_path},
    run_files::{self, CHECKPOINT, CONFIG, CONTROL, LOG, METRICS, MODEL, REPLACEMENT, RUN_LOCK, STATUS, is_run_config},
    storage::{self, Appender, Dir, Id, LARGE, NewFolder, OwnFile, SMALL, StorageError, recover},
};
use crate::runs::{Control, FolderSink, Phase, Point, RunSink, Settings, Status, embedded_bases};

/// Contents of a run's `config.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// Version of the format of run folders.
    #[serde(rename = "tagli_run")]
    pub format: u64,
    /// Marker: the id of the record that lists the files of the run. Runs of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Id>,
    /// Start time, in seconds since 1970, UTC.
    pub started: u64,
    /// Settings of the training.
    pub settings: Settings,
    /// Edition of the embedded bases, if the run began from one of them. Runs of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edition: Option<u32>,
    /// Description of the training data by the caller: annotator, counts, files.
    #[serde(default)]
    pub data: Value,
}

impl RunConfig {
    /// Config of a run that starts at `started` with these settings on this data.
    pub fn new(started: u64, settings: Settings, data: Value) -> Self {
        let edition = embedded_bases::is_embedded(&settings.base).then_some(embedded_bases::EDITION);
        Self { format: super::manifest::FORMAT, id: None, started, settings, edition, data }
    }

    /// Parses the bytes of a `config.json`.
    ///
    /// Versions without editions had no base but `mini` inside: another name meant a folder. It becomes a path, since
    /// the name alone now means an embedded base.
    ///
    /// # Errors
    /// They are not JSON, or a field has the wrong type.
    pub(super) fn from_json(bytes: &[u8]) -> serde_json::Result<Self> {
        let mut config: Self = serde_json::from_slice(bytes)?;
        let base = &mut config.settings.base;
        if config.edition.is_none() && embedded_bases::is_embedded(base) && base != embedded_bases::MINI {
            base.insert_str(0, "./");
        }
        Ok(config)
    }

    /// Whether the run began from an embedded base that only earlier or later versions of this program contain.
    /// Then it cannot continue, since it needs the weights with which it began.
    pub fn has_foreign_base(&self) -> bool {
        let is_embedded = embedded_bases::is_embedded(&self.settings.base);
        // Only a run from an embedded base has an edition, or is one of `mini` before there were editions.
        self.edition.map_or(is_embedded, |edition| !is_embedded || edition != embedded_bases::EDITION)
    }

    /// Name of the base for lists and comparisons, with its edition if that is not the present one.
    pub fn shown_base(&self) -> String {
        match self.has_foreign_base() {
            true => format!("{} (edition {})", self.settings.base, self.edition.unwrap_or(1)),
            false => self.settings.base.clone(),
        }
    }
}

/// Writer of a run.
/// It holds the run's lock; the run counts as alive as long as this value exists.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    id: Option<Id>,
    metrics: Appender,
    log: Appender,
    /// Last phase that was written.
    phase: Phase,
    messages: Vec<String>,
    _lock: Lock,
    /// Folder of the run that this one replaces when it is complete, with its lock.
    replaces: Option<(PathBuf, Lock)>,
}

impl RunFolder {
    /// Starts a run in an existing folder, which has no file or folder with the name of a run's.
    ///
    /// `made`: whether this program has made the folder itself. After an error nothing of the run is left in it.
    pub(super) fn begin(path: &Path, id: Id, made: bool, config: &RunConfig) -> Result<Self, ProjectError> {
        let config = RunConfig { id: Some(id.clone()), ..config.clone() };
        let mut bytes = serde_json::to_vec_pretty(&config).map_err(ProjectError::Unwritable)?;
        bytes.push(b'\n');
        let begun = Dir::open(path).and_then(|dir| run_files::begin(&dir, &id, made, &bytes));
        begun.map_err(|cause| StorageError::new("start a run in", path, cause))?;
        let run = HeldRun::lock(path, config.started).and_then(|held| held.open(Some(id.clone())));
        run.inspect_err(|_| {
            if let Err(error) = run_files::withdraw(path, &id) {
                tracing::debug!("the rest of a run that was not started stays: {error}");
            }
        })
    }

    /// Continues an interrupted run after the first `lines` lines of its metrics.
    #[cfg(test)]
    pub fn resume(path: &Path, now: u64, lines: usize) -> Result<Self, ProjectError> {
        HeldRun::lock(path, now)?.with_replaced(now)?.resume(lines)
    }

    /// Writes messages to the log and keeps them for the caller.
    fn report(&mut self, messages: Vec<String>) -> Result<(), StorageError> {
        messages.iter().try_for_each(|message| self.write_log(message))?;
        self.messages.extend(messages);
        Ok(())
    }

    /// Messages about what was found in the folder and is not ours; they are in the log, too.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// Folder of the run that this one replaces when it is complete.
    pub fn replaces(&self) -> Option<&Path> {
        self.replaces.as_ref().map(|(dir, _)| dir.as_path())
    }

    /// Ends the writing, and puts a complete run in the place of the one that it replaces.
    ///
    /// Returns its folder, and messages about what is not ours and stays. A run that was to replace another one and was
    /// stopped or has failed stays in its subfolder, and the other one stays, too.
    ///
    /// # Errors
    /// The other run was not made by this program, or the file system refuses.
    pub fn put_in_place(self) -> Result<(PathBuf, Vec<String>), ProjectError> {
        let Self { path, id, phase, replaces, .. } = self;
        let (Some((dir, _lock)), Some(id), Phase::Done) = (replaces, id, phase) else { return Ok((path, Vec::new())) };
        let placed = Dir::open(&dir).and_then(|dir| run_files::put_in_place(&dir, &id));
        let messages = placed.map_err(|cause| StorageError::new("replace the run in", &dir, cause))?;
        Ok((dir, messages))
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the command that another process left for this run. A file that is no command stays.
    pub fn take_control(&mut self) -> Option<Control> {
        let is_control = |bytes: &[u8]| serde_json::from_slice::<Control>(bytes).is_ok();
        let file = OwnFile::read(&self.path.join(CONTROL), is_control).ok()??;
        let taken = file.take(is_control).ok()??;
        serde_json::from_slice(&taken).ok()
    }

    fn write_log(&mut self, line: &str) -> Result<(), StorageError> {
        self.log.append(format!("{}\n", file_names::one_line(line)).as_bytes())
    }
}

impl RunSink for RunFolder {
    fn point(&mut self, point: &Point) -> io::Result<()> {
        let mut line = serde_json::to_vec(point)?;
        line.push(b'\n');
        Ok(self.metrics.append(&line)?)
    }

    fn status(&mut self, status: &Status) -> io::Result<()> {
        storage::replace(&self.path.join(STATUS), &serde_json::to_vec(status)?)?;
        self.phase = status.phase;
        Ok(())
    }

    fn control(&mut self) -> Option<Control> {
        self.take_control()
    }

    fn log(&mut self, line: &str) -> io::Result<()> {
        Ok(self.write_log(line)?)
    }

    fn model(&mut self) -> io::Result<Box<dyn FolderSink>> {
        Ok(Box::new(NewFolder::begin(&self.path.join(MODEL))?))
    }

    fn checkpoint(&mut self) -> io::Result<Option<Box<dyn FolderSink>>> {
        Ok(Some(Box::new(NewFolder::begin(&self.path.join(CHECKPOINT))?.not_kept())))
    }

    fn drop_checkpoint(&mut self) {
        // A checkpoint that stays takes disk space and does no other harm.
        if let Err(error) = Dir::open(&self.path).and_then(|dir| run_files::remove_checkpoint(&dir)) {
            tracing::debug!("the checkpoint was not removed: {error}");
        }
    }
}

/// An interrupted run whose lock is held until it continues.
#[derive(Debug)]
pub struct HeldRun {
    path: PathBuf,
    lock: Lock,
    /// Messages about what was found in the folder and is not ours.
    messages: Vec<String>,
    /// Folder of the run that this one replaces when it is complete, with its lock.
    replaces: Option<(PathBuf, Lock)>,
}

impl HeldRun {
    /// Takes the lock of an interrupted run, and finishes what a crash left.
    /// It is the run in `path`, or the replacement in its subfolder. `None` if there is no run. `now` in seconds since 1970,
    /// UTC.
    ///
    /// A crash may have come between the two renames that replace a checkpoint. Then the new one gets its name now.
    ///
    /// # Errors
    /// The run is alive, or the file system refuses.
    pub fn take(path: &Path, now: u64) -> Result<Option<Self>, ProjectError> {
        if !is_run(path) {
            return Ok(None);
        }
        let run = Self::lock(&without_link(path)?, now)?;
        let replacement = run.path.join(REPLACEMENT);
        if has_checkpoint(&run.path) || !is_run(&replacement) {
            return run.with_replaced(now).map(Some);
        }
        let new = Self::lock(&replacement, now)?;
        if !has_checkpoint(&new.path) {
            return run.with_replaced(now).map(Some);
        }
        let id = new.config()?.id;
        let replaces = replaced_by(&new.path, id.as_ref()).map(|_| (run.path, run.lock));
        Ok(Some(Self { replaces, ..new }))
    }

    fn lock(path: &Path, now: u64) -> Result<Self, ProjectError> {
        let lock = lock_run(path, now)?;
        let messages = tidy_up(path)?;
        Ok(Self { path: path.to_owned(), lock, messages, replaces: None })
    }

    /// Takes the lock of the run that this one replaces, too, if there is one.
    fn with_replaced(mut self, now: u64) -> Result<Self, ProjectError> {
        let id = self.config()?.id;
        if let Some(dir) = replaced_by(&self.path, id.as_ref()) {
            let lock = lock_run(&dir, now)?;
            self.replaces = Some((dir, lock));
        }
        Ok(self)
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the run's config.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn config(&self) -> Result<RunConfig, ProjectError> {
        read_config(&self.path)
    }

    /// Reads the files of the run's checkpoint, by name; `None` if there is none.
    ///
    /// # Errors
    /// They exist and cannot be read.
    pub fn checkpoint(&self) -> Result<Option<BTreeMap<String, Vec<u8>>>, StorageError> {
        let files =
            Dir::open(&self.path).and_then(|run| run.sub(CHECKPOINT)?.map(|folder| read_files(&folder)).transpose());
        files.map_err(|cause| StorageError::new("read", &self.path.join(CHECKPOINT), cause))
    }

    /// Continues the run after the first `lines` lines of its metrics.
    /// The later ones are published again.
    ///
    /// # Errors
    /// Its folders were not made by this program, or the file system refuses.
    pub fn resume(self, lines: usize) -> Result<RunFolder, ProjectError> {
        let (path, id) = (self.path.clone(), self.config()?.id);
        let mut run = self.open(id)?;
        let proved = Dir::open(&path).and_then(|dir| run_files::prove_folders(&dir));
        proved.map_err(|cause| StorageError::new("continue", &path, cause))?;
        run.take_control();
        let bytes = storage::read_below(&path.join(METRICS), LARGE)?.unwrap_or_default();
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        let kept = std::iter::once(0).chain(ends).take(lines.saturating_add(1)).last().unwrap_or(0);
        run.metrics.truncate(kept as u64)?;
        Ok(run)
    }

    /// Opens the files that grow.
    fn open(self, id: Option<Id>) -> Result<RunFolder, ProjectError> {
        let Self { path, lock, messages, replaces } = self;
        let metrics = Appender::open(&path.join(METRICS))?;
        let log = Appender::open(&path.join(LOG))?;
        let phase = Phase::default();
        let mut run = RunFolder { path, id, metrics, log, phase, messages: Vec::new(), _lock: lock, replaces };
        run.report(messages)?;
        Ok(run)
    }
}

/// Whether a run has a checkpoint. A link in its place is none.
fn has_checkpoint(run: &Path) -> bool {
    Dir::open(run).and_then(|dir| dir.sub(CHECKPOINT)).is_ok_and(|folder| folder.is_some())
}

/// Reads the regular files of a folder, by name.
fn read_files(folder: &Dir) -> io::Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    for name in folder.names()? {
        if let (Some(_), Some(text)) = (folder.file_size(&name), name.to_str()) {
            files.insert(text.to_owned(), folder.read(&name, LARGE)?.unwrap_or_default());
        }
    }
    Ok(files)
}

/// Takes the lock of the run in a folder.
fn lock_run(path: &Path, now: u64) -> Result<Lock, LockError> {
    Lock::take(&path.join(RUN_LOCK), &lock_name(path), &Holder::this(now))
}

fn lock_name(path: &Path) -> String {
    format!("the run in {}", storage::shown_path(path))
}

/// Finishes or removes what a crash left in the folder of a run, whose lock is held. Returns messages about what stays.
fn tidy_up(path: &Path) -> Result<Vec<String>, StorageError> {
    let dir = Dir::open(path).map_err(|cause| StorageError::new("open", path, cause))?;
    let mut messages = recover(&dir)?;
    let settled = run_files::remove_temporary_files(&dir).and_then(|()| run_files::settle_replacement(&dir));
    messages.extend(settled.map_err(|cause| StorageError::new("replace the run in", path, cause))?);
    Ok(messages)
}

/// Finishes or removes what a crash left in the folder of a run. `now` in seconds since 1970, UTC.
///
/// # Errors
/// The run is alive, or the file system refuses.
pub(super) fn settle(path: &Path, now: u64) -> Result<(), ProjectError> {
    HeldRun::lock(path, now).map(drop)
}

/// Folder of the run that the run in `path` replaces when it is complete.
fn replaced_by(path: &Path, id: Option<&Id>) -> Option<PathBuf> {
    let parent = path.parent().filter(|_| path.ends_with(REPLACEMENT))?;
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let dir = Dir::open(parent).ok()?;
    run_files::is_replacement(&dir, id?).then(|| parent.to_owned())
}

/// Whether a run that no process trains can be resumed from its checkpoint. `phase` is its last one.
pub fn can_resume(run: &Path, phase: Phase) -> bool {
    is_unfinished(run, phase) && !read_config(run).is_ok_and(|config| config.has_foreign_base())
}

/// Whether a run that no process trains ended before its time and has a checkpoint. `phase` is its last one.
///
/// A stopped run has a checkpoint only if it was interrupted, for example by ctrl-c or a lost connection. A failed one has
/// its last one, and may go on when the cause is gone, as a full disk.
pub(super) fn is_unfinished(run: &Path, phase: Phase) -> bool {
    phase != Phase::Done && has_checkpoint(run)
}

/// Reads the config of the run in a folder.
///
/// # Errors
/// It is not the folder of a run, or its config cannot be read.
pub fn read_config(run: &Path) -> Result<RunConfig, ProjectError> {
    let path = run.join(CONFIG);
    RunConfig::from_json(&storage::read(&path, SMALL)?).map_err(|error| ProjectError::damaged(&path, &error))
}

/// Model subfolder of a run.
pub fn model_path(run: &Path) -> PathBuf {
    run.join(MODEL)
}

/// Files of a checkpoint that contain documents: tagged and untagged ones.
const CHECKPOINT_DATA: [&str; 2] = ["data.json", "untagged.json"];

/// Paths of [`CHECKPOINT_DATA`] in the checkpoint of a run.
pub(super) fn checkpoint_data(run: &Path) -> [PathBuf; 2] {
    CHECKPOINT_DATA.map(|name| run.join(CHECKPOINT).join(name))
}

/// Whether a file has the name of one of [`CHECKPOINT_DATA`].
pub(super) fn is_training_data(path: &Path) -> bool {
    CHECKPOINT_DATA.iter().any(|data| path.file_name().is_some_and(|name| name == *data))
}

/// Reads the last status of the run in a folder.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn read_status(run: &Path) -> Result<Status, ProjectError> {
    let path = run.join(STATUS);
    serde_json::from_slice(&storage::read(&path, SMALL)?).map_err(|error| ProjectError::damaged(&path, &error))
}

/// Reader of the metrics of the run in a folder, from the beginning.
pub fn metrics_tail(run: &Path) -> MetricsTail {
    // The user may name the run by a link.
    let run = without_link(run).unwrap_or_else(|_| run.to_owned());
    MetricsTail::new(&run.join(METRICS))
}

/// A run in a folder of the user, outside any project.
/// It has the same files as a run of a project.
#[derive(Debug)]
pub struct PlainRun;

impl PlainRun {
    /// Checks that a run can start in `dir`, and returns the folder without a link. Writes nothing.
    ///
    /// # Errors
    /// As [`PlainRun::create`].
    pub fn check(dir: &Path, force: bool) -> Result<PathBuf, ProjectError> {
        refuse_own_file(dir)?;
        refuse_project_path(&dir.join(CONFIG))?;
        let dir = without_link(dir)?;
        if let holder @ Some(_) = lock::holder(&dir.join(RUN_LOCK))? {
            return Err(LockError::Held { what: lock_name(&dir), holder }.into());
        }
        match storage::read_if_there(&dir.join(CONFIG), SMALL)? {
            Some(bytes) if !is_run_config(&bytes) => {
                Err(Self::occupied(&dir, "a config.json that is not of a run; is it a model?"))
            }
            Some(_) if !force => Err(Self::exists(&dir)),
            Some(_) => {
                let proved = Dir::open(&dir).and_then(|dir| run_files::prove_run(&dir).map(drop));
                proved.map_err(|cause| StorageError::new("replace the run in", &dir, cause))?;
                Ok(dir)
            }
            None => match Dir::open(&dir).ok().and_then(|dir| run_files::first_taken(&dir)) {
                Some(_) if is_run(&dir) => Err(Self::exists(&dir)),
                Some(name) => Err(Self::occupied(&dir, name)),
                None => Ok(dir),
            },
        }
    }

    /// Starts a run in `dir`, which is created if needed. Other files in it stay.
    ///
    /// If there is a run and `force` is set, the new one is written to the subfolder `replacement`, and
    /// [`RunFolder::put_in_place`] replaces the old one.
    ///
    /// # Errors
    /// There is a run and `force` is not set, a run is alive in it, it holds a Hugging Face model or other files under
    /// the names that a run needs, it is part of a project or a run, or the file system refuses.
    pub fn create(dir: &Path, config: &RunConfig, force: bool) -> Result<RunFolder, ProjectError> {
        let dir = &Self::check(dir, force)?;
        if force && is_run(dir) {
            return Self::replace(dir, config);
        }
        storage::make_folder(dir)?;
        match RunFolder::begin(dir, Id::random(), false, config) {
            // Another process was faster.
            Err(ProjectError::Storage(error)) if error.cause.kind() == io::ErrorKind::AlreadyExists => {
                Err(Self::exists(dir))
            }
            run => run,
        }
    }

    fn replace(dir: &Path, config: &RunConfig) -> Result<RunFolder, ProjectError> {
        let lock = lock_run(dir, config.started)?;
        let messages = tidy_up(dir)?;
        let begun = Dir::open(dir).and_then(|opened| run_files::begin_replacement(&opened));
        let id = begun.map_err(|cause| StorageError::new("replace the run in", dir, cause))?;
        let run = RunFolder::begin(&dir.join(REPLACEMENT), id, true, config)?;
        let mut run = RunFolder { replaces: Some((dir.to_owned(), lock)), ..run };
        run.report(messages)?;
        Ok(run)
    }

    fn exists(dir: &Path) -> ProjectError {
        ProjectError::RunExists {
            path: dir.to_owned(),
            resumable: read_status(dir).is_ok_and(|status| can_resume(dir, status.phase)),
        }
    }

    fn occupied(dir: &Path, found: &'static str) -> ProjectError {
        ProjectError::Occupied { path: dir.to_owned(), found }
    }
}

/// The path itself, or the folder that it leads to if it ends in a link.
fn without_link(path: &Path) -> Result<PathBuf, StorageError> {
    let path = path.components().as_path();
    if !path.is_symlink() {
        return Ok(path.to_owned());
    }
    path.canonicalize().map_err(|cause| StorageError::new("open", path, cause))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::Phase;

    fn config() -> RunConfig {
        RunConfig::new(1_700_000_000, Settings::lesson("mini"), Value::Null)
    }

    fn step(step: usize) -> Point {
        Point::Step { step, epoch: 0.1, loss: 1.0, lr: 1e-4, grad_norm: 1.0, tokens_per_second: 1.0, seconds: None }
    }

    #[test]
    fn a_run_writes_all_that_it_publishes() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let mut run = PlainRun::create(&out, &config(), false).unwrap();
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
        assert!(again.id.is_some(), "the marker");
        assert_eq!(RunConfig { id: None, ..again }, config());
    }

    #[test]
    fn a_config_or_status_that_cannot_be_read_is_named_in_the_error() {
        let dir = tempfile::tempdir().unwrap();
        let text = r#"{"tagli_run":1,"started":0,"settings":{"base":"mini"},"edition":"two"}"#;
        std::fs::write(dir.path().join(CONFIG), text).unwrap();
        std::fs::write(dir.path().join(STATUS), "{\n]").unwrap();
        let config = read_config(dir.path()).unwrap_err().to_string();
        assert!(config.contains(CONFIG) && config.contains("line 1") && config.contains("\"two\""), "{config}");
        let status = read_status(dir.path()).unwrap_err().to_string();
        assert!(status.contains(STATUS) && status.contains("line 2, column 1"), "{status}");
    }

    #[test]
    fn a_resumed_run_goes_on_after_its_last_whole_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut run = PlainRun::create(dir.path(), &config(), false).unwrap();
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
