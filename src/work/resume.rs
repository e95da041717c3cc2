//! Resumes an interrupted training from its checkpoint.

use std::path::{Path, PathBuf};

use super::train::StartedRun;
use crate::{
    model::BaseModel,
    project::{Project, ProjectError, RunFolder, run_folder::HeldRun, storage::shown_path},
    runs::{Phase, Settings},
    spans::Dataset,
    training::{
        Job, PrecisionError, TrainError, check_precision,
        checkpoint::{self, Saved},
    },
};

/// A run cannot be resumed.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// There is no interrupted run with a checkpoint.
    #[error("{}: there is no interrupted run with a checkpoint to go on from", shown_path(.0))]
    NoCheckpoint(PathBuf),
    /// It began from an embedded base of another version of this program.
    #[error(
        "{}: this run began from another version of the base `{base}`, which this version of tagli does not contain, so it \
         cannot go on from its checkpoint. Its model, if it has one, can be used as before. Start a new run, or continue this one \
         with the version of tagli that began it",
        shown_path(.run)
    )]
    ForeignBase {
        /// Folder of the run.
        run: PathBuf,
        /// Name of the base.
        base: String,
    },
    /// This machine does not have its precision.
    #[error("{}: {error}", shown_path(.run))]
    Precision {
        /// Folder of the run.
        run: PathBuf,
        /// The reason.
        error: PrecisionError,
    },
    /// Its files cannot be read.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// Its checkpoint is damaged.
    #[error(transparent)]
    Checkpoint(#[from] TrainError),
}

/// An interrupted run with the data and settings that it was started with.
///
/// Its lock is held, so that the checkpoint that was read is the one from which it continues.
#[derive(Debug)]
pub struct InterruptedRun {
    run: HeldRun,
    settings: Settings,
    data: Dataset,
    /// Lines of its metrics before the checkpoint.
    lines: usize,
    saved: Saved,
}

impl InterruptedRun {
    /// Takes the lock of the run in a folder and reads it.
    /// `now` in seconds since 1970, UTC.
    ///
    /// # Errors
    /// It is alive, it has no checkpoint, or its files cannot be read.
    pub fn open(path: &Path, now: u64) -> Result<Self, ResumeError> {
        Self::find(path, now)?.ok_or_else(|| ResumeError::NoCheckpoint(path.to_owned()))
    }

    /// As [`Self::open`] for the newest run of a project that can be resumed.
    /// A failed one comes after all others, because it may fail again.
    ///
    /// # Errors
    /// There is none: the files of the newest faulty one cannot be read, or no run has a checkpoint.
    pub fn newest(project: &Project, now: u64) -> Result<Self, ResumeError> {
        let mut runs = project.runs().list();
        runs.retain(|run| run.is_interrupted() || run.is_unfinished());
        runs.sort_by_key(|run| (run.phase() != Phase::Failed, run.id.number()));
        let mut first_error = None;
        for run in runs.iter().rev() {
            match Self::find(&run.path, now) {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => {}
                // A faulty run does not keep an older one from going on.
                Err(error) => _ = first_error.get_or_insert(error),
            }
        }
        Err(first_error.unwrap_or_else(|| ResumeError::NoCheckpoint(project.root.clone())))
    }

    /// The run in a folder; `None` if there is none, or if it has no checkpoint.
    fn find(path: &Path, now: u64) -> Result<Option<Self>, ResumeError> {
        let Some(run) = HeldRun::take(path, now)? else { return Ok(None) };
        let Some(saved) = run.checkpoint().map_err(ProjectError::from)? else { return Ok(None) };
        let config = run.config()?;
        if config.has_foreign_base() {
            return Err(ResumeError::ForeignBase { run: run.path().to_owned(), base: config.settings.base });
        }
        let settings = config.settings;
        check_precision(&settings).map_err(|error| ResumeError::Precision { run: run.path().to_owned(), error })?;
        let (data, lines) = checkpoint::data(&saved)?;
        Ok(Some(Self { run, settings, data, lines, saved }))
    }

    /// Name of its base model.
    pub fn base(&self) -> &str {
        &self.settings.base
    }

    /// Returns the training that continues the run.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn resume(self, base: BaseModel) -> Result<StartedRun<RunFolder>, ProjectError> {
        let path = self.run.path().to_owned();
        let sink = self.run.resume(self.lines)?;
        let job = Job { resume: Some(self.saved), ..Job::new(self.data, self.settings, base) };
        Ok(StartedRun { job, sink, path: Some(path) })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{
        project::{Manifest, run_folder::RunConfig},
        runs::{Phase, RunSink, Status},
        spans::LabelSet,
    };

    /// Progress that can be read.
    const PROGRESS: &str = r#"{"version":2,"done":1,"points":0,"mark":7,"seconds":1.0,"last":null,"best":null,
        "patience":{"best":null,"waited":0,"seen":0},"meter":[0,0,0],
        "counters":{"steps":1,"absent":[0,0],"kept_absent":null,"mean":null}}"#;

    /// An interrupted run with this progress in its checkpoint.
    fn interrupted(project: &Project, progress: &str) -> PathBuf {
        let config = RunConfig::new(0, Settings::lesson("mini"), serde_json::Value::Null);
        let (id, mut folder) = project.runs().create(&config).unwrap();
        let mut checkpoint = folder.checkpoint().unwrap().unwrap();
        checkpoint.file("data.json", br#"{"train":[],"valid":[],"test":[]}"#).unwrap();
        checkpoint.file("progress.json", progress.as_bytes()).unwrap();
        checkpoint.finish().unwrap();
        project.root.join("runs").join(id.as_str())
    }

    #[test]
    fn a_faulty_run_does_not_keep_an_older_one_from_going_on() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::create(&folder.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let sound = interrupted(&project, PROGRESS);
        for _ in 0..2 {
            interrupted(&project, r#"{"version":2}"#);
        }
        let found = InterruptedRun::newest(&project, 0).unwrap();
        assert_eq!(found.run.path().file_name(), sound.file_name());
        drop(found);
        project.runs().remove(&project.runs().ids()[0]).unwrap();
        let error = InterruptedRun::newest(&project, 0).unwrap_err();
        assert!(matches!(error, ResumeError::Checkpoint(_)), "{error}");
    }

    /// Gives a run of these tests the files that a version before the base `small` wrote.
    fn make_it_one_of_an_earlier_version(run: &Path) {
        let config = run.join("config.json");
        let text = fs::read_to_string(&config).unwrap();
        assert!(text.contains("\"edition\": 2"), "{text}");
        fs::write(config, text.replace("  \"edition\": 2,\n", "")).unwrap();
    }

    #[test]
    fn a_run_of_another_version_of_its_base_says_why_it_cannot_go_on_and_stays_as_it_is() {
        const PROGRESS: &str = r#"{"version":2}"#;
        let folder = tempfile::tempdir().unwrap();
        let project = Project::create(&folder.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        for last in [Phase::Training, Phase::Stopped] {
            let run = interrupted(&project, PROGRESS);
            make_it_one_of_an_earlier_version(&run);
            let status = Status { phase: last, ..Status::default() };
            fs::write(run.join("status.json"), serde_json::to_vec(&status).unwrap()).unwrap();
            let files = || -> Vec<(String, Vec<u8>)> {
                let names = ["config.json", "status.json", "metrics.jsonl", "log.txt", "checkpoint/progress.json"];
                names.map(|name| (name.to_owned(), fs::read(run.join(name)).unwrap())).to_vec()
            };
            let before = files();
            for error in [InterruptedRun::open(&run, 0).unwrap_err(), InterruptedRun::newest(&project, 0).unwrap_err()]
            {
                let message = error.to_string();
                assert!(matches!(error, ResumeError::ForeignBase { .. }), "{message}");
                assert!(message.contains("another version of the base `mini`"), "{message}");
                assert!(message.contains("Start a new run"), "{message}");
            }
            let view = project.runs().list().pop().unwrap();
            assert!(!view.is_resumable() && view.is_unfinished());
            assert_eq!(view.config.as_ref().unwrap().shown_base(), "mini (edition 1)");
            let shown = view.shown_status().message;
            assert!(shown.contains("cannot go on") && !shown.contains("--resume"), "{shown}");
            assert_eq!(files(), before);
        }
    }

    #[test]
    fn a_run_from_a_folder_needs_no_edition() {
        let config = RunConfig::new(0, Settings::lesson("small-folder"), serde_json::Value::Null);
        assert!(!config.has_foreign_base());
        assert!(!serde_json::to_string(&config).unwrap().contains("edition"));
        let small = RunConfig::new(0, Settings::lesson("small"), serde_json::Value::Null);
        assert!(!small.has_foreign_base() && small.shown_base() == "small");
        let later = serde_json::to_string(&small).unwrap().replace("\"edition\":2", "\"edition\":3");
        assert!(serde_json::from_str::<RunConfig>(&later).unwrap().has_foreign_base());
    }

    #[test]
    fn a_run_from_a_folder_with_the_name_of_an_embedded_base_goes_on_from_that_folder() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::create(&folder.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let run = interrupted(&project, PROGRESS);
        make_it_one_of_an_earlier_version(&run);
        let config = run.join("config.json");
        fs::write(&config, fs::read_to_string(&config).unwrap().replace("\"mini\"", "\"small\"")).unwrap();
        let view = project.runs().list().pop().unwrap();
        assert_eq!(view.config.as_ref().unwrap().shown_base(), "./small");
        assert!(view.is_resumable());
        assert_eq!(InterruptedRun::open(&run, 0).unwrap().base(), "./small");
    }

    #[test]
    fn a_run_that_failed_goes_on_after_all_others() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::create(&folder.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let [stopped, failed] = [Phase::Stopped, Phase::Failed].map(|phase| {
            let path = interrupted(&project, PROGRESS);
            let mut run = HeldRun::take(&path, 0).unwrap().unwrap().resume(0).unwrap();
            run.status(&Status { phase, ..Status::default() }).unwrap();
            path
        });
        let next =
            || InterruptedRun::newest(&project, 0).map(|found| found.run.path().file_name().map(ToOwned::to_owned));
        assert_eq!(next().unwrap().as_deref(), stopped.file_name());
        project.runs().remove(&project.runs().ids()[0]).unwrap();
        assert_eq!(next().unwrap().as_deref(), failed.file_name());
    }

    #[test]
    fn a_run_without_a_checkpoint_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let project = Project::create(&dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        assert!(matches!(InterruptedRun::newest(&project, 0), Err(ResumeError::NoCheckpoint(_))));
        let error = InterruptedRun::open(&dir, 0).unwrap_err();
        assert!(error.to_string().contains("no interrupted run"), "{error}");
    }
}
