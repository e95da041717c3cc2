//! Floor 4: a project on disk, and the only code that writes user files. `FORMAT.md` says every file byte by byte.
//!
//! A project is opened by anybody at any time ([`Project::open`] writes nothing). Who annotates opens an
//! [`Annotator`], which holds a lock as long as it lives. Documents and manifest are changed under a lock held for
//! that moment only, from what is then on disk, so that two people who import at once lose nothing.

mod annotator_work;
pub mod check;
mod copy;
mod corpus;
mod detect;
pub mod documents;
mod error;
pub mod file_names;
pub mod import;
pub mod import_source;
pub mod journal;
mod journal_line;
pub mod lock;
pub mod manifest;
pub mod metrics_tail;
pub mod run_folder;
pub mod runs;
pub mod samples;
pub mod storage;
pub mod training_data;

mod crash_tests;

use std::path::{Path, PathBuf};

pub use annotator_work::AnnotatorWork;
pub use check::{CheckReport, Finding};
pub use documents::{DocumentError, Documents};
pub use error::ProjectError;
pub use file_names::{AnnotatorName, NameError, RunId};
pub use import::{ImportItem, ImportReport};
pub use journal::{Annotator, SkippedLine};
pub use journal_line::LineError;
pub use lock::{Holder, LockError};
pub use manifest::{Manifest, ManifestError, Provenance};
pub use metrics_tail::MetricsTail;
pub use run_folder::{PlainRun, RunFolder};
pub use runs::{RunView, Runs};
pub use storage::{NewFolder, StorageError};
pub use training_data::{TrainingDataReport, training_data};

use self::lock::Lock;
use crate::{
    spans::{Document, LabelId},
    text::Grid,
};

const MANIFEST: &str = "project.json";
const DOCUMENTS: &str = "documents.jsonl";
const ANNOTATIONS: &str = "annotations";
const RUNS: &str = "runs";
const EXPORTS: &str = "exports";
const PATTERNS: &str = "patterns.jsonl";
/// Bytes of the tagging guide that are shown: it is laid out again for every frame.
const GUIDE_BYTES: usize = 64 << 10;
/// Held for the moment in which documents or manifest are changed.
const LOCK: &str = ".project.lock";

const GITATTRIBUTES: &str = "\
# Written by tagli: two journals of one annotator are merged by keeping every line of both.
annotations/*.jsonl -text merge=union
documents.jsonl -text
";
const GITIGNORE: &str = "\
# Written by tagli: what belongs to one machine, or can be made again.
.project.lock
.tagli-*.tmp
.*.old
/annotations/.*
/exports/
/runs/
";

/// A project on disk, as it was when it was last read.
#[derive(Debug)]
pub struct Project {
    /// Its folder.
    pub root: PathBuf,
    /// Name, labels, base and the rest of `project.json`.
    pub manifest: Manifest,
    /// The documents, in the order of the file.
    pub documents: Documents,
    stamp: Stamp,
}

impl Project {
    /// Makes a project in `dir`, which may be there and hold other files (a git repository, say). `project.json` is
    /// written last: a folder in which this was cut off is no project, and it can be done again.
    ///
    /// # Errors
    /// There is a project, the labels contradict each other, or the file system cannot.
    pub fn create(dir: &Path, manifest: Manifest) -> Result<Self, ProjectError> {
        let path = dir.join(MANIFEST);
        if dir.is_file() {
            return Err(ProjectError::IsFile(dir.to_owned()));
        }
        manifest.check().map_err(|why| ProjectError::Manifest { path: path.clone(), why })?;
        if std::fs::symlink_metadata(&path).is_ok() {
            return Err(ProjectError::Exists(dir.to_owned()));
        }
        for folder in [dir, &dir.join(ANNOTATIONS), &dir.join(RUNS), &dir.join(EXPORTS)] {
            storage::make_folder(folder)?;
        }
        storage::remove_leftovers(dir);
        for (name, text) in [(DOCUMENTS, ""), (".gitattributes", GITATTRIBUTES), (".gitignore", GITIGNORE)] {
            keep_existing(storage::create_new(&dir.join(name), text.as_bytes()))?;
        }
        storage::create_new(&path, &manifest.to_json()?).map_err(|error| match error.cause.kind() {
            std::io::ErrorKind::AlreadyExists => ProjectError::Exists(dir.to_owned()),
            _ => error.into(),
        })?;
        Self::open(dir)
    }

    /// The text of `GUIDE.md`, the project's tagging guide, which people write themselves; `None` without one. Of a longer text
    /// the first 64 KiB; bytes that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn guide(&self) -> Result<Option<String>, StorageError> {
        let bytes = storage::read_if_there(&self.root.join(copy::GUIDE))?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes.get(..GUIDE_BYTES).unwrap_or(&bytes)).into_owned()))
    }

    /// The bytes of `patterns.jsonl`, which people write themselves; `None` without one.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn patterns(&self) -> Result<Option<Vec<u8>>, StorageError> {
        storage::read_if_there(&self.root.join(PATTERNS))
    }

    /// Opens the project in `dir`. Writes nothing.
    ///
    /// # Errors
    /// There is none, or its `project.json` or `documents.jsonl` cannot be read; says where and what to do.
    pub fn open(dir: &Path) -> Result<Self, ProjectError> {
        let manifest = read_manifest(dir)?;
        let mut project = Self { root: dir.to_owned(), manifest, documents: Documents::default(), stamp: (0, 0) };
        let documents = project.changed_documents(project.manifest.grid)?;
        project.take(documents);
        Ok(project)
    }

    /// Reads manifest and documents anew; whether the documents changed. On an error everything stays as it was.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reload(&mut self) -> Result<bool, ProjectError> {
        let manifest = read_manifest(&self.root)?;
        let documents = self.changed_documents(manifest.grid)?;
        self.manifest = manifest;
        Ok(self.take(documents))
    }

    /// The documents on disk with their stamp, cut by `grid`; `None` if they are those that we have.
    fn changed_documents(&self, grid: Grid) -> Result<Option<(Documents, Stamp)>, ProjectError> {
        let path = self.root.join(DOCUMENTS);
        let bytes = storage::read_if_there(&path)?.unwrap_or_default();
        let stamp = stamp(&bytes);
        if stamp == self.stamp && grid == self.manifest.grid {
            return Ok(None);
        }
        let documents = Documents::from_jsonl(&bytes, grid);
        Ok(Some((documents.map_err(|problems| ProjectError::Documents { path, problems })?, stamp)))
    }

    fn take(&mut self, changed: Option<(Documents, Stamp)>) -> bool {
        let Some((documents, stamp)) = changed else { return false };
        self.documents = documents;
        self.stamp = stamp;
        true
    }

    /// Changes `project.json` as it is on disk now.
    ///
    /// # Errors
    /// The changed labels contradict each other, or the file system cannot; then nothing is changed.
    pub fn change_manifest(&mut self, change: impl FnOnce(&mut Manifest)) -> Result<(), ProjectError> {
        let _lock = Lock::wait(&self.root.join(LOCK))?;
        let path = self.root.join(MANIFEST);
        let mut manifest = read_manifest(&self.root)?;
        change(&mut manifest);
        manifest.check().map_err(|why| ProjectError::Manifest { path: path.clone(), why })?;
        let documents = self.changed_documents(manifest.grid)?;
        storage::replace(&path, &manifest.to_json()?)?;
        self.manifest = manifest;
        self.take(documents);
        Ok(())
    }

    /// The ids of the labels with these names; labels that the project lacks are added to it.
    ///
    /// # Errors
    /// As [`Self::change_manifest`].
    pub fn intern_labels(&mut self, names: &[String]) -> Result<Vec<LabelId>, ProjectError> {
        if names.iter().any(|name| self.manifest.labels.find(name).is_none()) {
            self.change_manifest(|manifest| {
                for name in names {
                    manifest.labels.intern(name);
                }
            })?;
        }
        Ok(names.iter().filter_map(|name| self.manifest.labels.find(name)).map(|label| label.id).collect())
    }

    /// Changes documents (their splits, say, or which there are) as they are on disk now. Journals are not touched:
    /// what they say about a document that is gone waits for its return.
    ///
    /// # Errors
    /// Two documents have one id, or the file system cannot; then nothing is changed.
    pub fn change_documents(&mut self, change: impl FnOnce(&mut Vec<Document>)) -> Result<(), ProjectError> {
        let _lock = Lock::wait(&self.root.join(LOCK))?;
        self.reload()?;
        let mut list = self.documents.to_vec();
        change(&mut list);
        let documents = self.documents.replaced_by(list).map_err(ProjectError::BadDocument)?;
        let bytes = documents.to_jsonl()?;
        storage::replace(&self.root.join(DOCUMENTS), &bytes)?;
        self.stamp = stamp(&bytes);
        self.documents = documents;
        Ok(())
    }

    /// Opens an annotator for writing, made if there is none; `now` in seconds since 1970, UTC. Holds their lock.
    ///
    /// # Errors
    /// They are open elsewhere (the error names who), or the file system cannot.
    pub fn annotator(&self, name: &AnnotatorName, now: u64) -> Result<Annotator, ProjectError> {
        Annotator::open(self, name, now)
    }

    /// Opens an annotator for reading: no lock, nothing written.
    ///
    /// # Errors
    /// The journal is there and cannot be read.
    pub fn read_annotator(&self, name: &AnnotatorName) -> Result<Annotator, ProjectError> {
        Annotator::read_only(self, name)
    }

    /// Everybody who has a journal, by name.
    pub fn annotators(&self) -> Vec<AnnotatorName> {
        annotators_in(&self.annotations())
    }

    /// Everybody who has done something, by name: who only looked has a journal without a line.
    pub fn contributors(&self) -> Vec<AnnotatorName> {
        let wrote = |name: &AnnotatorName| {
            std::fs::metadata(journal::Files::of(self, name).journal).is_ok_and(|file| file.len() > 0)
        };
        self.annotators().into_iter().filter(wrote).collect()
    }

    /// The training runs.
    pub fn runs(&self) -> Runs {
        Runs::new(self.root.join(RUNS))
    }

    /// Writes a file into `exports/`; its path.
    ///
    /// # Errors
    /// The name is no plain file name, or the file system cannot.
    pub fn export_file(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, ProjectError> {
        let path = self.export_path(name)?;
        storage::replace(&path, bytes)?;
        Ok(path)
    }

    /// Begins a folder in `exports/`, for formats of several files.
    ///
    /// # Errors
    /// The name is no plain file name, or the file system cannot.
    pub fn export_folder(&self, name: &str) -> Result<NewFolder, ProjectError> {
        Ok(NewFolder::begin(&self.export_path(name)?)?)
    }

    fn export_path(&self, name: &str) -> Result<PathBuf, ProjectError> {
        file_names::plain(name)?;
        let folder = self.root.join(EXPORTS);
        storage::make_folder(&folder)?;
        storage::remove_leftovers(&folder);
        Ok(folder.join(name))
    }

    fn annotations(&self) -> PathBuf {
        self.root.join(ANNOTATIONS)
    }
}

/// Length and CRC-32 of the bytes that documents were read from.
type Stamp = (usize, u32);

fn stamp(bytes: &[u8]) -> Stamp {
    (bytes.len(), crc32fast::hash(bytes))
}

fn keep_existing(result: Result<(), StorageError>) -> Result<(), StorageError> {
    match result {
        Err(error) if error.cause.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn read_manifest(dir: &Path) -> Result<Manifest, ProjectError> {
    let path = dir.join(MANIFEST);
    match storage::read(&path) {
        Ok(bytes) => Manifest::from_json(&bytes).map_err(|why| ProjectError::Manifest { path, why }),
        Err(error) if !error.is_absent() => Err(error.into()),
        Err(_) if dir.is_dir() => Err(ProjectError::NotAProject(dir.to_owned())),
        Err(_) if dir.exists() => Err(ProjectError::IsFile(dir.to_owned())),
        Err(_) => Err(ProjectError::NoFolder(dir.to_owned())),
    }
}

fn annotators_in(folder: &Path) -> Vec<AnnotatorName> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<AnnotatorName> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".jsonl")?.parse().ok())
        .collect();
    names.sort();
    names
}
