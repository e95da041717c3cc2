//! Floor 4: a project on disk, and the only code that writes user files.
//! `FORMAT.md` describes every file byte by byte.
//!
//! Opening a project ([`Project::open`]) writes nothing and needs no lock. Annotating needs an [`Annotator`], which
//! holds a lock as long as it lives. Documents and manifest are changed under a lock that is held for the change only;
//! the change starts from what is on disk then, so that two imports at the same time lose nothing.

mod annotator_work;
mod appended_lines;
pub mod check;
mod copy;
pub mod corpus;
pub mod corrections;
pub mod decisions;
mod detect;
mod document_history;
mod document_lines;
pub mod documents;
pub mod erasure;
mod error;
mod exports;
pub mod file_names;
mod file_stamp;
mod folder;
pub mod import;
mod import_commit;
mod import_others;
mod import_record;
pub mod import_source;
mod import_sums;
pub mod input_file;
mod input_folder;
pub mod journal;
mod journal_appender;
mod journal_line;
mod journal_lines;
mod json_escapes;
mod known_texts;
mod label_records;
mod live_model;
pub mod lock;
pub mod manifest;
mod merge_sides;
pub mod metrics_tail;
pub mod model_folder;
pub mod output;
mod read_documents;
mod reading_progress;
pub mod repair;
mod run_files;
pub mod run_folder;
pub mod runs;
mod runs_outside;
pub mod samples;
mod splits;
pub mod storage;
pub mod studies;
mod text_anchor;
pub mod training_data;
mod undone_import;

#[cfg(test)]
mod changed_text_tests;
mod crash_tests;
mod intrusion_tests;
mod ownership_tests;
mod power_cut_tests;
#[cfg(test)]
mod refusal_tests;
#[cfg(test)]
mod runs_outside_tests;

use std::path::{Path, PathBuf};

pub use annotator_work::AnnotatorWork;
pub use check::{CheckReport, Finding};
pub use documents::{DocumentError, Documents};
pub use error::{FolderKind, ProjectError};
pub use file_names::{AnnotatorName, NameError, RunId};
pub use import::{ImportItem, ImportOptions, ImportReport};
pub use input_file::{Draft, InputFile};
pub use input_folder::{InputFolder, NamedInput};
pub use journal::{Annotator, SkippedLine};
pub use journal_appender::JournalAppender;
pub use journal_line::LineError;
pub use live_model::LiveFolder;
pub use lock::{Holder, LockError};
pub use manifest::{LabelFault, Manifest, ManifestError, Provenance};
pub use metrics_tail::MetricsTail;
pub use reading_progress::ReadingProgress;
pub use repair::{Repair, RepairStep};
pub use run_folder::{PlainRun, RunFolder};
pub use runs::{RunView, Runs, RunsPlace};
pub use storage::StorageError;
pub use training_data::{SplitDocuments, TrainingDataReport, UntaggedDocuments, training_data, untagged_documents};
pub use undone_import::UndoneImport;

pub use crate::spans::OnDuplicate;

use self::{
    file_stamp::{Stamp, stamp, stamp_of, stamp_of_length, stamp_of_more, stamp_of_open},
    folder::read_manifest,
    lock::Lock,
    manifest::MANIFEST,
    read_documents::{read_documents, read_documents_with},
    storage::{Dir, FileState, SMALL},
};
use crate::{spans::LabelId, text::Grid};

const DOCUMENTS: &str = "documents.jsonl";
const ANNOTATIONS: &str = "annotations";
const RUNS: &str = "runs";
const EXPORTS: &str = "exports";
const PATTERNS: &str = "patterns.jsonl";
/// Settings for the trainings of the project, which people write themselves.
pub const TRAINING_SETTINGS: &str = "training.json";
/// Guidelines for annotators; every copy of a project contains them.
const GUIDE: &str = "GUIDE.md";
/// Maximum bytes of the guide that are read.
/// There is a limit because it is laid out again for every frame.
const GUIDE_BYTES: usize = 64 << 10;
/// Lock that is held while documents or manifest are changed.
const LOCK: &str = ".project.lock";

const GITATTRIBUTES: &str = "\
# Written by tagli: two journals of one annotator are merged by keeping every line of both.
annotations/*.jsonl -text merge=union
reviewed.jsonl -text merge=union
label-changes.jsonl -text merge=union
documents.jsonl -text
";
const GITIGNORE: &str = "\
# Written by tagli: what belongs to one machine, or can be made again.
.project.lock
.tagli-*
/annotations/.*
*.before-repair*
/exports/
/runs/
";

/// A project on disk, as of its last reading. Clones share the documents.
#[derive(Clone, Debug)]
pub struct Project {
    /// Folder of the project.
    pub root: PathBuf,
    /// Name, labels, base and the rest of `project.json`.
    pub manifest: Manifest,
    /// The documents, in the order of the file.
    pub documents: Documents,
    stamp: Stamp,
    /// Whether there is no project on disk, but a run or a folder of runs.
    only_runs: bool,
    /// Files in which changes by other programs were found while something else was done.
    absorbed: Vec<&'static str>,
}

impl Project {
    /// Creates a project in `dir`.
    /// The folder may exist and contain other files (a git repository, for example).
    ///
    /// `project.json` is written last: if this is interrupted, the folder is not a project and it can be done again.
    ///
    /// # Errors
    /// `dir` holds a project already, the labels contradict each other, or the file system refuses.
    pub fn create(dir: &Path, manifest: Manifest) -> Result<Self, ProjectError> {
        let path = dir.join(MANIFEST);
        if dir.is_file() {
            return Err(ProjectError::IsFile(dir.to_owned()));
        }
        manifest.check().map_err(ProjectError::Label)?;
        if std::fs::symlink_metadata(&path).is_ok() {
            return Err(ProjectError::Exists(dir.to_owned()));
        }
        for folder in [dir, &dir.join(ANNOTATIONS), &dir.join(RUNS), &dir.join(EXPORTS)] {
            storage::make_folder(folder)?;
        }
        for (name, text) in [(DOCUMENTS, ""), (".gitattributes", GITATTRIBUTES), (".gitignore", GITIGNORE)] {
            keep_existing(storage::create_new(&dir.join(name), text.as_bytes()))?;
        }
        storage::create_new(&path, &manifest.to_json().map_err(ProjectError::Unwritable)?).map_err(
            |error| match error.cause.kind() {
                std::io::ErrorKind::AlreadyExists => ProjectError::Exists(dir.to_owned()),
                _ => error.into(),
            },
        )?;
        Self::open(dir)
    }

    /// Text of `GUIDE.md`, and whether it is cut; `None` if there is none.
    ///
    /// People write these guidelines for annotators themselves. At most the first 64 KiB are returned. Bytes that are
    /// not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn guide(&self) -> Result<Option<(String, bool)>, StorageError> {
        let Some(bytes) = storage::read_if_there(&self.root.join(GUIDE), SMALL)? else { return Ok(None) };
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        let is_cut = text.len() > GUIDE_BYTES;
        text.truncate(text.floor_char_boundary(GUIDE_BYTES));
        Ok(Some((text, is_cut)))
    }

    /// Bytes of `patterns.jsonl`, which people write themselves.
    /// `None` if it does not exist.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn patterns(&self) -> Result<Option<Vec<u8>>, StorageError> {
        storage::read_if_there(&self.root.join(PATTERNS), SMALL)
    }

    /// Opens the project in `dir`. Writes nothing.
    ///
    /// # Errors
    /// There is none, or its `project.json` or `documents.jsonl` cannot be read; the error names the place and a remedy.
    pub fn open(dir: &Path) -> Result<Self, ProjectError> {
        Self::open_with(dir, &ReadingProgress::default())
    }

    /// As [`Self::open`], with a progress that another thread looks at and can stop.
    ///
    /// # Errors
    /// As [`Self::open`], and if it was stopped.
    pub fn open_with(dir: &Path, progress: &ReadingProgress) -> Result<Self, ProjectError> {
        let mut project = Self::without_documents(dir, read_manifest(dir)?);
        let documents = project.read_documents(project.manifest.grid, progress)?;
        project.set_documents(Some(documents));
        Ok(project)
    }

    /// A project whose documents are not read yet.
    fn without_documents(dir: &Path, manifest: Manifest) -> Self {
        let documents = Documents::default();
        Self { root: dir.to_owned(), manifest, documents, stamp: (0, 0), only_runs: false, absorbed: Vec::new() }
    }

    /// Reads manifest and documents again and returns whether the documents changed.
    /// An error changes nothing.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn reload(&mut self) -> Result<bool, ProjectError> {
        let manifest = read_manifest(&self.root)?;
        let documents = self.changed_documents(manifest.grid)?;
        self.note_absorbed(&manifest, documents.is_some());
        self.manifest = manifest;
        Ok(self.set_documents(documents))
    }

    /// Names of the files in which changes by other programs were found, since this was last asked.
    /// [`Self::reload`] and the changes made here find them.
    pub fn take_absorbed(&mut self) -> Vec<&'static str> {
        std::mem::take(&mut self.absorbed)
    }

    /// Keeps what differs from the last reading, before it takes the place of that.
    fn note_absorbed(&mut self, manifest: &Manifest, documents: bool) {
        if documents && !self.absorbed.contains(&DOCUMENTS) {
            self.absorbed.push(DOCUMENTS);
        }
        if *manifest != self.manifest && !self.absorbed.contains(&MANIFEST) {
            self.absorbed.push(MANIFEST);
        }
    }

    /// Names of the files that differ from what was last read.
    /// `documents.jsonl` or `project.json`.
    ///
    /// # Errors
    /// As [`Self::open`]: they cannot be read now.
    pub fn changed_files(&self) -> Result<Vec<&'static str>, ProjectError> {
        let manifest = read_manifest(&self.root)?;
        let mut names = Vec::new();
        if self.changed_documents(self.manifest.grid)?.is_some() {
            names.push(DOCUMENTS);
        }
        if manifest != self.manifest {
            names.push(MANIFEST);
        }
        Ok(names)
    }

    /// Paths of documents and manifest, which other programs may change.
    pub fn watched_files(&self) -> [PathBuf; 2] {
        [DOCUMENTS, MANIFEST].map(|name| self.root.join(name))
    }

    /// Documents on disk with their stamp, cut into words by `grid`.
    /// `None` if they have not changed.
    fn changed_documents(&self, grid: Grid) -> Result<Option<(Documents, Stamp)>, ProjectError> {
        if grid == self.manifest.grid && self.is_read(&self.root.join(DOCUMENTS))? {
            return Ok(None);
        }
        self.read_documents(grid, &ReadingProgress::default()).map(Some)
    }

    /// Whether the file of the documents has the contents that were read.
    fn is_read(&self, path: &Path) -> Result<bool, StorageError> {
        let file = FileState::of(path);
        if file.is_some_and(|file| file.is_reliable()) && file == self.documents.file() {
            return Ok(true);
        }
        // The length is known without reading.
        let length = file.map_or(0, |file| file.length());
        Ok(length == self.stamp.0 as u64 && stamp_of(path)? == self.stamp)
    }

    fn read_documents(&self, grid: Grid, progress: &ReadingProgress) -> Result<(Documents, Stamp), ProjectError> {
        let path = self.root.join(DOCUMENTS);
        let (documents, problems, stamp) = read_documents_with(&path, grid, progress)?;
        if !problems.is_empty() {
            return Err(ProjectError::Documents { path, problems });
        }
        Ok((documents, stamp))
    }

    fn set_documents(&mut self, changed: Option<(Documents, Stamp)>) -> bool {
        let Some((documents, stamp)) = changed else { return false };
        self.documents = documents;
        self.stamp = stamp;
        true
    }

    /// Applies `change` to `project.json` as it is on disk now.
    ///
    /// # Errors
    /// The changed labels contradict each other, or the file system refuses; then nothing is changed.
    pub fn change_manifest(&mut self, change: impl FnOnce(&mut Manifest)) -> Result<(), ProjectError> {
        let _lock = self.lock()?;
        let path = self.root.join(MANIFEST);
        let found = read_manifest(&self.root)?;
        let mut manifest = found.clone();
        change(&mut manifest);
        manifest.check().map_err(ProjectError::Label)?;
        let documents = self.changed_documents(manifest.grid)?;
        storage::replace(&path, &manifest.to_json().map_err(ProjectError::Unwritable)?)?;
        self.note_absorbed(&found, documents.is_some());
        self.manifest = manifest;
        self.set_documents(documents);
        Ok(())
    }

    /// Returns the ids of the labels with these names.
    /// Labels that the project lacks are added first.
    ///
    /// # Errors
    /// As [`Self::change_manifest`].
    pub fn intern_labels(&mut self, names: &[String]) -> Result<Vec<LabelId>, ProjectError> {
        if names.iter().any(|name| self.manifest.labels.find(name).is_none()) {
            self.change_manifest(|manifest| {
                for name in names {
                    manifest.labels.intern_with(name, random_number);
                }
            })?;
        }
        Ok(names.iter().filter_map(|name| self.manifest.labels.find(name)).map(|label| label.id).collect())
    }

    /// Acquires the lock for a change of documents or manifest. Waits a few seconds for another process.
    fn lock(&self) -> Result<Lock, ProjectError> {
        Ok(Lock::wait(&self.root.join(LOCK), "the project")?)
    }

    /// All annotators that have a journal, sorted by name.
    pub fn annotators(&self) -> Vec<AnnotatorName> {
        annotators_in(&self.annotations())
    }

    fn annotations(&self) -> PathBuf {
        self.root.join(ANNOTATIONS)
    }
}

/// Returns a random number.
pub fn random_number() -> u32 {
    // The low 32 bits of a version 4 UUID are random.
    let [.., a, b, c, d] = uuid::Uuid::new_v4().into_bytes();
    u32::from_be_bytes([a, b, c, d])
}

fn keep_existing(result: Result<(), StorageError>) -> Result<(), StorageError> {
    match result {
        Err(error) if error.cause.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

fn annotators_in(folder: &Path) -> Vec<AnnotatorName> {
    // Neither the folder nor a journal may be a link.
    let Ok(folder) = Dir::open(folder) else { return Vec::new() };
    let files = folder.names().unwrap_or_default().into_iter().filter(|name| folder.file_size(name).is_some());
    let mut names: Vec<AnnotatorName> =
        files.filter_map(|name| name.to_str()?.strip_suffix(".jsonl")?.parse().ok()).collect();
    names.sort();
    names
}
