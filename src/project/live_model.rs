//! The live model of an annotator on disk, in `runs/live/NAME/`.
//!
//! Weights and record are one folder, `model`, which is replaced whole, so that both always belong together.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{
    AnnotatorName, Project, ProjectError, RUNS,
    appended_lines::append_lines,
    lock::Lock,
    output::check_linked_folder,
    run_files::MODEL,
    storage::{self, Dir, NewFolder, SMALL, StorageError, recover},
};
use crate::runs::{
    FolderSink,
    live::{Exposure, ExposureLine, LiveRecord, id_hash},
};

/// Folder of the live models, in `runs/`.
const LIVE: &str = "live";
/// Lock that is held while a model is replaced.
const LOCK: &str = "live.lock";
/// List of documents that were shown with suggestions.
const SHOWN: &str = "shown.jsonl";
/// The record, in the model folder.
const RECORD: &str = "live.json";

/// Place of the live model of an annotator. Nothing may exist there.
#[derive(Clone, Debug)]
pub struct LiveFolder {
    runs: PathBuf,
    annotator: AnnotatorName,
}

impl Project {
    /// Place of the live model of an annotator.
    pub fn live_folder(&self, annotator: &AnnotatorName) -> LiveFolder {
        LiveFolder { runs: self.root.join(RUNS), annotator: annotator.clone() }
    }
}

/// Why a live model is listed when a document is erased that it may have learned.
pub(super) const LEARNED: &str = "the live model may have learned the document; its record has a hash of the words, which \
                                  shows whether a guess is right; without this folder it begins again";

/// Folders of the live models that may have learned a document.
pub(super) fn learned(project: &Project, id: &str) -> Vec<PathBuf> {
    let folders = project.runs().live_models().into_iter().filter(|folder| folder.may_have_learned(id));
    folders.map(|folder| folder.path()).collect()
}

/// Places of all live models in the folder `runs` of a project.
pub(super) fn live_folders(runs: &Path) -> Vec<LiveFolder> {
    let live = Dir::open_linked(runs).and_then(|runs| runs.sub(LIVE));
    let names = live.ok().flatten().and_then(|live| live.names().ok()).unwrap_or_default();
    let annotators = names.iter().filter_map(|name| name.to_str()?.parse().ok());
    annotators.map(|annotator| LiveFolder { runs: runs.to_owned(), annotator }).collect()
}

impl LiveFolder {
    /// The annotator.
    pub fn annotator(&self) -> &AnnotatorName {
        &self.annotator
    }

    /// Path of the folder.
    pub fn path(&self) -> PathBuf {
        self.runs.join(LIVE).join(self.annotator.as_str())
    }

    /// Path of the model folder.
    pub fn model(&self) -> PathBuf {
        self.path().join(MODEL)
    }

    /// Size on disk in bytes.
    pub fn size(&self) -> u64 {
        storage::size(&self.path())
    }

    /// Reads the record of the model; `None` if there is no model.
    ///
    /// # Errors
    /// A folder on the way is a link, or the record cannot be read or continued.
    pub fn record(&self) -> Result<Option<LiveRecord>, StorageError> {
        let path = self.model().join(RECORD);
        let read = || {
            let Some(model) = self.dir()?.map(|own| own.sub(MODEL)).transpose()?.flatten() else { return Ok(None) };
            let bytes = model.read(RECORD, SMALL)?.ok_or(io::ErrorKind::NotFound)?;
            LiveRecord::from_json(&bytes).map(Some).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        };
        read().map_err(|cause| StorageError::new("use", &path, cause))
    }

    /// Finishes or removes what a crash left, and returns a message for each thing that stays.
    ///
    /// # Errors
    /// A folder on the way is a link, another process writes there, or the file system refuses.
    pub fn settle(&self) -> Result<Vec<String>, ProjectError> {
        match self.dir() {
            Ok(None) => Ok(Vec::new()),
            Ok(Some(dir)) => {
                let _lock = self.lock()?;
                Ok(recover(&dir)?)
            }
            Err(cause) => Err(StorageError::new("open", &self.path(), cause).into()),
        }
    }

    /// Writes a model with its record, which together take the place of those before.
    /// `write` writes the files of the model.
    ///
    /// # Errors
    /// What is there was not made by this program or is a link, another process writes there, or the file system refuses.
    /// Then it stays as it is.
    pub fn save(
        &self,
        record: &LiveRecord,
        write: impl FnOnce(&mut dyn FolderSink) -> io::Result<()>,
    ) -> Result<(), ProjectError> {
        let path = self.path();
        check_linked_folder(&self.runs)?;
        self.dir().map_err(|cause| StorageError::new("write into", &path, cause))?;
        storage::make_folder(&path)?;
        let _lock = self.lock()?;
        Dir::open(&path).map_err(|cause| StorageError::new("open", &path, cause)).and_then(|dir| recover(&dir))?;
        // Without weights of the next round little is lost: a model that cannot take its place is not kept beside it.
        let mut folder = NewFolder::begin(&self.model())?.not_kept();
        let json = record.to_json().map_err(ProjectError::Unwritable)?;
        let written = write(&mut folder).and_then(|()| folder.file(RECORD, &json));
        written
            .and_then(|()| Box::new(folder).finish())
            .map_err(|cause| StorageError::new("write", &self.model(), cause))?;
        Ok(())
    }

    /// Reads which documents were shown with suggestions. Lines that are none are passed over.
    ///
    /// # Errors
    /// A folder on the way is a link, or the file cannot be read.
    pub fn exposure(&self) -> Result<Exposure, StorageError> {
        let path = self.path().join(SHOWN);
        let mut exposure = Exposure::default();
        if self.dir().map_err(|cause| StorageError::new("read", &path, cause))?.is_some() {
            storage::read_lines(&path, SMALL, |line| {
                let line = serde_json::from_slice::<ExposureLine>(line);
                line.iter().for_each(|line| _ = exposure.add(line));
            })?;
        }
        Ok(exposure)
    }

    /// Notes documents that were shown with suggestions.
    ///
    /// # Errors
    /// A folder on the way is a link, or the file system refuses.
    pub fn add_exposure(&self, lines: &[ExposureLine]) -> Result<(), ProjectError> {
        let path = self.path();
        check_linked_folder(&self.runs)?;
        let refused = |cause| StorageError::new("write into", &path, cause);
        // A project that was moved away is not made again.
        if let Some(project) = self.runs.parent() {
            Dir::open_linked(project).map_err(refused)?;
        }
        self.dir().map_err(refused)?;
        storage::make_folder(&path)?;
        append_lines(&path.join(SHOWN), lines.iter())
    }

    /// Whether its model may have learned a document.
    fn may_have_learned(&self, id: &str) -> bool {
        match self.record() {
            Ok(None) => false,
            Ok(Some(record)) => record.learned.contains_key(&id_hash(id)),
            Err(_) => true,
        }
    }

    fn lock(&self) -> Result<Lock, ProjectError> {
        let what = format!("the live model of {}", self.annotator);
        Ok(Lock::wait(&self.path().join(LOCK), &what)?)
    }

    /// The folder; `None` if there is none. Links on the way below `runs` are refused.
    fn dir(&self) -> io::Result<Option<Dir>> {
        let runs = match Dir::open_linked(&self.runs) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            runs => runs?,
        };
        let Some(live) = runs.sub(LIVE)? else { return Ok(None) };
        live.sub(self.annotator.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;
    use crate::{
        project::{
            ImportItem, Manifest,
            check::check,
            erasure::{Erasure, Trace, TraceState, erase},
        },
        runs::live::Version,
        spans::{Document, LabelSet, Status},
        text::Grid,
    };

    fn project(dir: &Path) -> (Project, LiveFolder) {
        let project = Project::create(&dir.join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let folder = project.live_folder(&"anna".parse().unwrap());
        (project, folder)
    }

    fn save(folder: &LiveFolder, version: u64) -> Result<(), ProjectError> {
        let mut record = LiveRecord::new(Version(version), 7);
        record.learned.insert(id_hash("r1"), 1);
        folder.save(&record, |sink| sink.file("model.safetensors", format!("weights {version}").as_bytes()))
    }

    fn version(folder: &LiveFolder) -> Option<u64> {
        folder.record().unwrap().map(|record| record.version.0)
    }

    #[test]
    fn weights_and_record_are_replaced_together() {
        let dir = tempfile::tempdir().unwrap();
        let (project, folder) = project(dir.path());
        assert!(
            version(&folder).is_none()
                && folder.settle().unwrap().is_empty()
                && project.runs().live_models().is_empty()
        );
        for number in [3, 4] {
            save(&folder, number).unwrap();
            assert_eq!(version(&folder), Some(number));
            let weights = fs::read_to_string(folder.model().join("model.safetensors")).unwrap();
            assert_eq!(weights, format!("weights {number}"));
        }
        let failed = folder.save(&LiveRecord::new(Version(5), 7), |_| Err(io::Error::other("full")));
        assert!(failed.unwrap_err().to_string().contains("full"));
        assert_eq!((version(&folder), folder.settle().unwrap().len()), (Some(4), 0));
        let names: Vec<String> =
            project.runs().live_models().iter().map(|folder| folder.annotator().to_string()).collect();
        assert_eq!(names, ["anna"]);
        assert_eq!((learned(&project, "r1"), learned(&project, "r2")), (vec![folder.path()], vec![]));
        assert!(project.runs().list().is_empty(), "it is no run");
    }

    #[test]
    fn what_is_not_ours_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (_, folder) = project(dir.path());
        save(&folder, 1).unwrap();
        fs::write(folder.model().join("notes.txt"), "mine").unwrap();
        let refused = save(&folder, 2).unwrap_err().to_string();
        assert!(refused.contains("stays as it is") || refused.contains("notes.txt"), "{refused}");
        assert_eq!(fs::read_to_string(folder.model().join("notes.txt")).unwrap(), "mine");
        assert_eq!(version(&folder), Some(1));
        let temporary = fs::read_dir(folder.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().ends_with(".tmp"));
        assert_eq!(temporary.count(), 0);
    }

    #[test]
    fn links_on_the_way_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = dir.path().join("elsewhere");
        for link in ["runs/live", "runs/live/anna", "runs/live/anna/model"] {
            let (project, folder) = project(&dir.path().join(link.replace('/', "-")));
            fs::create_dir_all(elsewhere.join("anna/model")).unwrap();
            let path = project.root.join(link);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            symlink(&elsewhere, &path).unwrap();
            assert!(save(&folder, 1).is_err() && folder.record().is_err(), "{link}");
            assert!(folder.may_have_learned("r1"), "what cannot be read may have");
            let names: Vec<_> = fs::read_dir(&elsewhere).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            assert_eq!(names, ["anna"], "{link}: nothing is written through it");
        }
    }

    #[test]
    fn an_erasure_lists_the_model_that_has_learned_the_document_and_doctor_a_damaged_one() {
        let dir = tempfile::tempdir().unwrap();
        let (mut project, folder) = project(dir.path());
        let items = ["r1", "r2"].map(|id| ImportItem {
            document: Document::new(id, "good tacos here", Grid::Natural),
            spans: Vec::new(),
            status: Status::Todo,
        });
        project.import(None, 0, items.into()).unwrap();
        save(&folder, 1).unwrap();
        let is_listed = |traces: Vec<Trace>| {
            traces.iter().any(|trace| trace.path == Path::new("runs/live/anna") && trace.state == TraceState::MayHold)
        };
        assert!(is_listed(erase(&mut project, "r1", Erasure::Document, 7).unwrap()));
        assert!(!is_listed(erase(&mut project, "r2", Erasure::Document, 7).unwrap()));
        assert!(folder.model().is_dir(), "only the user can decide");
        let findings = || {
            let report = check(&project.root);
            report.findings.into_iter().filter(|finding| finding.file.starts_with("runs/live")).collect::<Vec<_>>()
        };
        assert_eq!(findings(), []);
        fs::write(folder.model().join(RECORD), "{}").unwrap();
        fs::create_dir(folder.path().join(".tagli-7.tmp")).unwrap();
        let found = findings();
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found.iter().any(|finding| finding.file == "runs/live/anna" && finding.what.contains("begins again")));
    }

    #[test]
    fn documents_that_were_shown_are_known_to_the_next_session() {
        let dir = tempfile::tempdir().unwrap();
        let (project, folder) = project(dir.path());
        assert_eq!(folder.exposure().unwrap(), Exposure::default());
        let lines = [ExposureLine::Every(1), ExposureLine::shown("r1")];
        folder.add_exposure(&lines).unwrap();
        let path = folder.path().join(SHOWN);
        // A crash has cut off a line.
        let torn = fs::read_to_string(&path).unwrap() + "{\"sho";
        fs::write(&path, torn).unwrap();
        folder.add_exposure(&[ExposureLine::shown("r2")]).unwrap();
        let exposure = folder.exposure().unwrap();
        assert_eq!(["r1", "r2", "r3"].map(|id| exposure.is_unseen(id)), [false, false, true]);
        assert_eq!((version(&folder), check(&project.root).findings.len()), (None, 0));
        save(&folder, 1).unwrap();
        assert_eq!((version(&folder), folder.exposure().unwrap()), (Some(1), exposure));
        // What is no regular file is not read.
        fs::remove_file(&path).unwrap();
        symlink("/dev/zero", &path).unwrap();
        assert!(folder.exposure().is_err() && folder.add_exposure(&lines).is_err());
    }

    #[test]
    fn a_damaged_record_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let (_, folder) = project(dir.path());
        save(&folder, 1).unwrap();
        let record = folder.model().join(RECORD);
        let json = fs::read_to_string(&record).unwrap();
        fs::write(&record, json.replace("\"tagli_live\":1", "\"tagli_live\":2")).unwrap();
        let error = folder.record().unwrap_err().to_string();
        assert!(error.contains("live.json") && error.contains("another version"), "{error}");
        fs::remove_file(&record).unwrap();
        assert!(folder.record().is_err());
    }
}
