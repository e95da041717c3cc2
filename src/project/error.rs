//! Why a project cannot be used as asked: what happened, where, and what to do.

use std::path::{Path, PathBuf};

use super::{
    AnnotatorName, DocumentError, LineError, LockError, ManifestError, NameError, RunId, StorageError,
    storage::shown_path,
};
use crate::spans::LabelId;

/// Why a project cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// There is nothing of that name.
    #[error("there is no folder {}; to make a project there: tagli new {}", shown_path(.0), shown_path(.0))]
    NoFolder(PathBuf),
    /// It is a file.
    #[error("{} is a file, not a project; to take its data into a project: tagli import DIR {}", shown_path(.0), shown_path(.0))]
    IsFile(PathBuf),
    /// A folder without `project.json`.
    #[error("{} is no project (it has no project.json); to make one there: tagli new {}", shown_path(.0), shown_path(.0))]
    NotAProject(PathBuf),
    /// There is a project already.
    #[error("{} is a project already; to open it: tagli {}", shown_path(.0), shown_path(.0))]
    Exists(PathBuf),
    /// `project.json` cannot be used.
    #[error("{}: {why}", shown_path(path))]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        why: ManifestError,
    },
    /// `documents.jsonl` has lines that are no documents.
    #[error("{}", bad_documents(path, problems))]
    Documents {
        /// The file.
        path: PathBuf,
        /// The bad lines; at least one.
        problems: Vec<DocumentError>,
    },
    /// The caller's documents cannot be written.
    #[error("document {}: {}; nothing was changed", .0.line, .0.why)]
    BadDocument(DocumentError),
    /// The annotator was opened for reading only.
    #[error("annotator `{0}` is open for reading only; nothing was recorded")]
    ReadOnly(AnnotatorName),
    /// What was to be recorded does not fit the documents.
    #[error("this cannot be recorded: {0}")]
    Record(LineError),
    /// Annotations were to be imported for nobody.
    #[error("the data has annotations in it; say whose they are with --as NAME")]
    NoAnnotator,
    /// A span was to be imported with a label that the project does not have.
    #[error("document `{document}` has a span with label number {}, which the project does not have; nothing was imported", label.0)]
    NoLabel {
        /// The document's id, safe to show.
        document: String,
        /// The label.
        label: LabelId,
    },
    /// The documents are in, the annotations are safe beside the journal but not in it.
    #[error(
        "the documents are imported; their annotations are kept and join the journal when annotator `{name}` is next opened ({why})"
    )]
    Unfinished {
        /// Whose.
        name: AnnotatorName,
        /// What stopped it.
        why: Box<ProjectError>,
    },
    /// There is no such run, or it cannot be used so.
    #[error("run {run}: {why}")]
    Run {
        /// The run.
        run: RunId,
        /// Why not, and what to do.
        why: &'static str,
    },
    /// The folder of a run was given in place of that of its model.
    #[error("{} is the folder of a run; give the folder of its model, {}", shown_path(run), shown_path(model))]
    IsRun {
        /// Folder of the run.
        run: PathBuf,
        /// Folder of its model.
        model: PathBuf,
    },
    /// A folder for a run has something else in it.
    #[error("{} holds files of something else ({found}); choose an empty folder", shown_path(path))]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What was found.
        found: &'static str,
    },
    /// A copy would have to write over a file that is there.
    #[error(
        "{} is there and is not what the copy would hold; nothing was replaced; put project.json back into {}, or move \
         the folder elsewhere, and do it again",
        shown_path(file),
        shown_path(folder)
    )]
    InTheWay {
        /// Where the copy goes.
        folder: PathBuf,
        /// The file.
        file: PathBuf,
    },
    /// A value has no JSON form.
    #[error("this cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A name that cannot be a file's.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Somebody else is at it.
    #[error(transparent)]
    Lock(LockError),
    /// The file system cannot.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl ProjectError {
    /// Whether the machine is at fault (disk, rights, lock) rather than the input or the data.
    pub fn is_environment(&self) -> bool {
        match self {
            Self::Lock(_) => true,
            Self::Storage(error) => !error.is_absent(),
            Self::Unfinished { why, .. } => why.is_environment(),
            _ => false,
        }
    }
}

impl From<LockError> for ProjectError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Storage(error) => Self::Storage(error),
            held @ LockError::Held { .. } => Self::Lock(held),
        }
    }
}

fn bad_documents(path: &Path, problems: &[DocumentError]) -> String {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    let more = match problems.len().saturating_sub(1) {
        0 => String::new(),
        n => format!(" ({n} more bad lines; tagli doctor lists them)"),
    };
    format!("{}, {first}{more}", shown_path(path))
}
