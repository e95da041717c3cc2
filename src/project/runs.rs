//! Training runs of a project, in `runs/0001-mini/` and so on.
//! Creating, listing, following and removing them.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{
    LiveFolder, Project, ProjectError, RUNS,
    file_names::{RunId, shown},
    live_model::live_folders,
    lock::{self, Holder, Lock},
    metrics_tail::MetricsTail,
    output::check_linked_folder,
    run_files::{self, CONFIG, CONTROL, LOG, METRICS, MODEL, RUN_LOCK, STATUS},
    run_folder::{RunConfig, RunFolder, is_run, is_unfinished},
    storage::{self, Dir, Id, MadeFolder, SMALL, StorageError},
};
use crate::{
    formats::parser_message,
    runs::{Control, Phase, Point, RunData, RunSummary, SENTENCE_SCORES, SentenceScores, Status, metrics, suggester},
};

/// Bytes that are read from the end of a log.
const LOG_END: u64 = 256 << 10;

/// Difference of F1 below which two computations from the same counts agree.
const SAME_F1: f64 = 1e-6;

/// Why an interrupted run with a checkpoint cannot go on.
const FOREIGN_BASE: &str =
    "it cannot go on: its base is not the one of this name in this version of tagli; start a new run";

const NO_RUN: &str = "there is no such run; tagli runs list shows all";
const NOT_OF_PROJECT: &str = "it is not a run of a project; only those are removed, delete its folder yourself";

/// Runs of a project, or of a folder outside a project.
#[derive(Clone, Debug)]
pub struct Runs {
    folder: PathBuf,
    place: RunsPlace,
}

/// Where runs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunsPlace {
    /// In `runs/` of a project, under numbered names.
    Project,
    /// In a folder, under any names.
    Folder,
    /// The folder itself is a run.
    Run,
}

/// State of a run, from its files and its lock.
#[derive(Clone, Debug)]
pub struct RunView {
    /// Id of the run.
    pub id: RunId,
    /// Folder of the run.
    pub path: PathBuf,
    /// Its config, if that can be read.
    pub config: Option<RunConfig>,
    /// Its last status, if that can be read.
    pub status: Option<Status>,
    /// The process that trains now, if any.
    pub holder: Option<Holder>,
    /// Whether it has a complete model.
    pub has_model: bool,
    /// One message for each file that cannot be read.
    pub problems: Vec<String>,
}

impl Project {
    /// Training runs of the project.
    pub fn runs(&self) -> Runs {
        match self.has_only_runs() {
            true => Runs::at(&self.root).unwrap_or_else(|| Runs::of(&self.root)),
            false => Runs::of(&self.root),
        }
    }
}

impl RunView {
    /// Whether its process is alive and the run has not ended.
    pub fn is_live(&self) -> bool {
        self.holder.is_some() && !self.is_over()
    }

    /// Whether its process has gone before the run ended.
    pub fn is_interrupted(&self) -> bool {
        self.holder.is_none() && !self.is_over()
    }

    /// Name of its state: `interrupted` or the name of its phase.
    pub fn state(&self) -> &'static str {
        if self.is_interrupted() { "interrupted" } else { self.phase().name() }
    }

    /// Its last status, with the phase changed to failed if its process has gone before the end.
    /// The message says whether the run can be resumed.
    pub fn shown_status(&self) -> Status {
        let mut status = self.status.clone().unwrap_or_default();
        let mut messages = Vec::new();
        if self.is_interrupted() {
            status.phase = Phase::Failed;
            status.eta = None;
            messages.push("interrupted: the process that trained is gone");
        } else if !status.message.is_empty() {
            messages.push(&status.message);
        }
        if self.is_resumable() {
            messages.push("it can go on from its checkpoint (R on the Train screen, or tagli train DIR --resume)");
        } else if self.is_unfinished() {
            messages.push(FOREIGN_BASE);
        }
        status.message = messages.join("; ");
        status
    }

    /// Whether it ended before its time and has a checkpoint to resume from.
    pub fn is_resumable(&self) -> bool {
        self.is_unfinished() && !self.config.as_ref().is_some_and(RunConfig::has_foreign_base)
    }

    /// Whether it ended before its time and has a checkpoint, whether or not it can be resumed from it.
    pub fn is_unfinished(&self) -> bool {
        self.holder.is_none() && is_unfinished(&self.path, self.phase())
    }

    /// Size on disk in bytes. Visits every file.
    pub fn size(&self) -> u64 {
        storage::size(&self.path)
    }

    /// Reader of its metrics, from the beginning.
    pub fn metrics(&self) -> MetricsTail {
        MetricsTail::new(&self.path.join(METRICS))
    }

    /// Reads all points that it has now, and counts the lines that are none: damaged, or of a newer version.
    ///
    /// # Errors
    /// The metrics exist and cannot be read.
    pub fn points(&self) -> Result<(Vec<Point>, usize), StorageError> {
        let mut metrics = self.metrics();
        let points = metrics.poll_all()?;
        Ok((points, metrics.skipped()))
    }

    /// Reads the last lines of its log, at most `most`, in order.
    /// A run without a log has none.
    ///
    /// # Errors
    /// The log exists and cannot be read.
    pub fn log_end(&self, most: usize) -> Result<Vec<String>, StorageError> {
        let path = self.path.join(LOG);
        let file = match storage::open(&path) {
            Ok(file) => file,
            Err(error) if error.is_absent() => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let (bytes, is_whole) = read_end(file).map_err(|cause| StorageError::new("read", &path, cause))?;
        let text = String::from_utf8_lossy(&bytes);
        // Only the end of a line was read where the log is longer.
        let lines: Vec<&str> = text.lines().skip(usize::from(!is_whole)).collect();
        Ok(lines.iter().skip(lines.len().saturating_sub(most)).map(|line| (*line).to_owned()).collect())
    }

    /// Lenient F1 per word on the validation split.
    /// It is given for the kept weights and for the written model.
    ///
    /// The kept weights are the best so far or, depending on the settings, the last.
    pub fn f1(&self) -> (Option<f64>, Option<f64>) {
        let points = self.metrics().poll_all().unwrap_or_default();
        let keep_best = self.config.as_ref().is_some_and(|config| config.settings.keep_best);
        let written = self.status.as_ref().and_then(|status| status.checkpoint);
        let kept = metrics::kept(&points, keep_best, written.filter(|_| !self.is_live()));
        let model = written.and_then(|step| metrics::at(&points, step));
        (kept.and_then(Point::valid_f1), model.and_then(Point::valid_f1))
    }

    /// Summary with the facts by which models are compared, and nothing else.
    pub fn score(&self) -> RunSummary {
        RunSummary {
            id: self.id.to_string(),
            model_f1: self.f1().1,
            data: self.config.as_ref().and_then(|config| RunData::read(&config.data)),
            ..RunSummary::default()
        }
    }

    /// F1 of the kept weights, the first of [`RunView::f1`].
    pub fn kept_f1(&self) -> Option<f64> {
        self.f1().0
    }

    /// Folder of the trained model; it exists if [`Self::has_model`].
    pub fn model(&self) -> PathBuf {
        self.path.join(MODEL)
    }

    /// Counts of each validation sentence by its model; `None` without a model, or for one of an earlier version.
    ///
    /// # Errors
    /// The file exists and cannot be read, or its counts do not give the F1 that the metrics have for these weights.
    pub fn sentence_scores(&self) -> Result<Option<SentenceScores>, StorageError> {
        let path = self.model().join(SENTENCE_SCORES);
        let Some(bytes) = storage::read_below(&path, SMALL)? else { return Ok(None) };
        let scores = SentenceScores::from_json(&bytes).and_then(|scores| self.with_f1_of_metrics(scores));
        scores.map(Some).map_err(|cause| StorageError::new("use", &path, cause))
    }

    /// Returns the counts if they give the F1 that the metrics have for the same weights.
    fn with_f1_of_metrics(&self, scores: SentenceScores) -> io::Result<SentenceScores> {
        let (points, _) = self.points()?;
        let known = metrics::at(&points, scores.step).and_then(Point::valid_f1);
        let f1 = scores.f1();
        let contradiction = match known {
            Some(known) if (known - f1).abs() < SAME_F1 => return Ok(scores),
            Some(known) => format!("its counts give F1 {f1:.4}, and the metrics have {known:.4} for these weights"),
            None => format!("the metrics have no scores of step {}, whose counts it has", scores.step),
        };
        let text = format!("{contradiction}; `tagli runs compare` computes the scores from the models");
        Err(io::Error::new(io::ErrorKind::InvalidData, text))
    }

    /// Summary with the facts by which its scores are compared with those of other runs, and nothing else.
    pub fn compared_summary(&self) -> RunSummary {
        let (word_f1, model_f1) = self.f1();
        RunSummary {
            id: self.id.to_string(),
            base: self.config.as_ref().map(RunConfig::shown_base).unwrap_or_default(),
            started: self.config.as_ref().map_or(0, |config| config.started),
            status: self.shown_status(),
            word_f1,
            model_f1,
            settings: self.config.as_ref().map(|config| config.settings.clone()),
            data: self.config.as_ref().and_then(|config| RunData::read(&config.data)),
            ..RunSummary::default()
        }
    }

    /// Leaves a command for the training process.
    /// It replaces one that the process has not taken yet.
    ///
    /// # Errors
    /// The run is not alive, or the file system refuses.
    pub fn send(&self, control: Control) -> Result<(), ProjectError> {
        if lock::holder(&self.path.join(RUN_LOCK))?.is_none() {
            return Err(ProjectError::Run {
                run: self.id.clone(),
                why: "it is not running, so it cannot be controlled",
            });
        }
        Ok(storage::replace(
            &self.path.join(CONTROL),
            &serde_json::to_vec(&control).map_err(ProjectError::Unwritable)?,
        )?)
    }

    /// Its last phase; the first one if its status cannot be read.
    pub fn phase(&self) -> Phase {
        self.status.as_ref().map(|status| status.phase).unwrap_or_default()
    }

    fn is_over(&self) -> bool {
        self.phase().is_over()
    }
}

impl Runs {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, place: RunsPlace::Project }
    }

    /// The run in a folder outside a project, or the runs in its subfolders; `None` if there are none.
    pub fn at(folder: &Path) -> Option<Self> {
        if is_run(folder) {
            // The folder's name is the run's: `.` and links have another one.
            let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
            return Some(Self { folder, place: RunsPlace::Run });
        }
        let runs = Self { folder: folder.to_owned(), place: RunsPlace::Folder };
        (!runs.ids().is_empty()).then_some(runs)
    }

    /// Where they are.
    pub fn place(&self) -> RunsPlace {
        self.place
    }

    /// Runs of the project in `root`, without reading its documents.
    pub fn of(root: &Path) -> Self {
        Self::new(root.join(RUNS))
    }

    /// Ids of all runs, by number. Links, and folders with other names, are not runs.
    pub fn ids(&self) -> Vec<RunId> {
        if self.place == RunsPlace::Run {
            let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
            return vec![RunId::of_folder(&name)];
        }
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut ids: Vec<RunId> = entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter_map(|entry| self.id(entry.file_name().to_str()?))
            .collect();
        ids.sort();
        ids
    }

    /// The id of a run's folder; `None` if it is not the folder of a run.
    fn id(&self, name: &str) -> Option<RunId> {
        match self.place {
            RunsPlace::Project => name.parse().ok(),
            _ => is_run(&self.folder.join(name)).then(|| RunId::of_folder(name)),
        }
    }

    /// All runs, by number; outside a project by their start.
    pub fn list(&self) -> Vec<RunView> {
        let mut runs: Vec<RunView> = self.ids().into_iter().map(|id| self.view(id)).collect();
        if self.place != RunsPlace::Project {
            runs.sort_by_key(|run| run.config.as_ref().map(|config| config.started));
        }
        runs
    }

    /// Live models of the project's annotators; none outside a project.
    pub fn live_models(&self) -> Vec<LiveFolder> {
        if self.place == RunsPlace::Project { live_folders(&self.folder) } else { Vec::new() }
    }

    /// The run whose model stands for the project, by the rule of the screen, and whether it is the best of several that can
    /// be compared. `None` without a model.
    pub fn suggester(&self) -> Option<(RunView, bool)> {
        let mut models: Vec<RunView> = self.list().into_iter().rev().filter(|run| run.has_model).collect();
        let scores: Vec<RunSummary> = models.iter().map(RunView::score).collect();
        let best = suggester::suggester(scores.iter())?;
        let is_compared = scores.iter().any(|run| run.id != best.id && suggester::is_same_validation(run, best));
        let at = models.iter().position(|run| run.id.as_str() == best.id)?;
        Some((models.swap_remove(at), is_compared))
    }

    /// Finds a run by its name or number (`0003-mini`, `3`).
    ///
    /// # Errors
    /// The name does not have the form of a run's, or there is no such run.
    pub fn get(&self, name: &str) -> Result<RunView, ProjectError> {
        let number = name.parse().ok();
        let number = number.filter(|number| *number > 0);
        let found = self.ids().into_iter().find(|id| id.as_str() == name || Some(id.number()) == number);
        match found {
            Some(id) => Ok(self.view(id)),
            None if self.place != RunsPlace::Project => {
                Err(ProjectError::Run { run: RunId::of_folder(&shown(name)), why: NO_RUN })
            }
            None => Err(ProjectError::Run { run: name.parse()?, why: NO_RUN }),
        }
    }

    /// Creates the folder of the next run and starts the run.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn create(&self, config: &RunConfig) -> Result<(RunId, RunFolder), ProjectError> {
        check_linked_folder(&self.folder)?;
        storage::make_folder(&self.folder)?;
        // Two runs that start at the same time get different numbers.
        let _lock = Lock::wait(&self.folder.join(".lock"), "the list of runs")?;
        let number = self.ids().last().map_or(1, |last| last.number().saturating_add(1));
        let id = RunId::new(number, &config.settings.base);
        let path = self.path(&id);
        let made = MadeFolder::make(&path)?;
        let run = RunFolder::begin(&path, Id::random(), true, config);
        // On a full disk the empty folder would stay as a run that nobody started.
        let run = run.inspect_err(|_| drop(made.remove_if_empty()))?;
        Ok((id, run))
    }

    /// Removes a run with its model.
    ///
    /// # Errors
    /// There is no such run, it is alive, something in its folder was not made by this program, or the file system
    /// refuses.
    pub fn remove(&self, id: &RunId) -> Result<(), ProjectError> {
        if self.place != RunsPlace::Project {
            return Err(ProjectError::Run { run: id.clone(), why: NOT_OF_PROJECT });
        }
        let path = self.path(id);
        if !fs::symlink_metadata(&path).is_ok_and(|about| about.is_dir()) {
            return Err(ProjectError::Run { run: id.clone(), why: NO_RUN });
        }
        if lock::holder(&path.join(RUN_LOCK))?.is_some() {
            return Err(ProjectError::Run { run: id.clone(), why: "it is running; stop it first" });
        }
        if self.remove_empty(id)? {
            return Ok(());
        }
        // Before anything is written there, even the lock.
        let proved = Dir::open(&path).and_then(|dir| run_files::prove_run(&dir).map(drop));
        proved.map_err(|cause| StorageError::new("remove", &path, cause))?;
        let _lock = Lock::take(&path.join(RUN_LOCK), &format!("run {id}"), &Holder::this(0))?;
        let removed = Dir::open_linked(&self.folder).and_then(|runs| run_files::remove(&runs, id.as_str()));
        Ok(removed.map_err(|cause| StorageError::new("remove", &path, cause))?)
    }

    /// Removes the folder of a run if it is empty, as a crash leaves it before the run began.
    /// Returns whether it was.
    ///
    /// # Errors
    /// The file system refuses.
    pub(super) fn remove_empty(&self, id: &RunId) -> Result<bool, ProjectError> {
        // A run that starts in this moment has an empty folder, too.
        let _lock = Lock::wait(&self.folder.join(".lock"), "the list of runs")?;
        let removed = Dir::open_linked(&self.folder).and_then(|runs| match runs.sub(id.as_str())? {
            Some(run) if run.names()?.is_empty() => storage::remove_empty_folder(&runs, id.as_str()),
            _ => Ok(false),
        });
        Ok(removed.map_err(|cause| StorageError::new("remove", &self.path(id), cause))?)
    }

    /// Removes the checkpoint of a run that no process trains.
    ///
    /// # Errors
    /// There is no such run, it is alive, its checkpoint was not made by this program, or the file system refuses.
    pub(super) fn remove_checkpoint(&self, id: &RunId) -> Result<(), ProjectError> {
        let path = self.path(id);
        let failed = |cause| StorageError::new("remove the checkpoint in", &path, cause);
        // Before anything is written there, even the lock.
        Dir::open(&path).and_then(|dir| run_files::prove_run(&dir).map(drop)).map_err(failed)?;
        let _lock = Lock::take(&path.join(RUN_LOCK), &format!("run {id}"), &Holder::this(0))?;
        Ok(Dir::open(&path).and_then(|dir| run_files::remove_checkpoint(&dir)).map_err(failed)?)
    }

    /// Path of the folder of a run.
    pub(super) fn path(&self, id: &RunId) -> PathBuf {
        match self.place {
            RunsPlace::Run => self.folder.clone(),
            _ => self.folder.join(id.as_str()),
        }
    }

    fn view(&self, id: RunId) -> RunView {
        let path = self.path(&id);
        let mut problems = Vec::new();
        // The lock is read first, so that a run that ends in between shows its last status, not an interruption.
        let holder = lock::holder(&path.join(RUN_LOCK)).unwrap_or_else(|error| {
            problems.push(error.to_string());
            None
        });
        let config = read_json(&path, CONFIG, RunConfig::from_json, &mut problems);
        let status = read_json(&path, STATUS, |bytes| serde_json::from_slice(bytes), &mut problems);
        problems.extend(MetricsTail::new(&path.join(METRICS)).check_size().err().map(|error| error.to_string()));
        let has_model = fs::symlink_metadata(path.join(MODEL)).is_ok_and(|about| about.is_dir());
        RunView { id, path, config, status, holder, has_model, problems }
    }
}

/// Reads a JSON file of a run.
/// `None` if it does not exist, or if it cannot be used, which adds a problem.
fn read_json<T>(
    folder: &Path,
    name: &str,
    parse: impl FnOnce(&[u8]) -> serde_json::Result<T>,
    problems: &mut Vec<String>,
) -> Option<T> {
    let read: Result<Option<T>, String> = match storage::read_below(&folder.join(name), SMALL) {
        Ok(Some(bytes)) => parse(&bytes).map(Some).map_err(|error| format!("{name}: {}", parser_message(&error))),
        Ok(None) => Ok(None),
        Err(error) => Err(error.to_string()),
    };
    read.unwrap_or_else(|problem| {
        problems.push(problem);
        None
    })
}

/// Reads at most [`LOG_END`] bytes from the end of a file.
/// Also returns whether that is the whole file.
fn read_end(mut file: File) -> io::Result<(Vec<u8>, bool)> {
    let from = file.metadata()?.len().saturating_sub(LOG_END);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(LOG_END).read_to_end(&mut bytes)?;
    Ok((bytes, from == 0))
}

#[cfg(test)]
mod tests;
