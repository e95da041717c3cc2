//! Errors of projects. Each message names the cause, the place and a remedy.

use std::path::{Path, PathBuf};

use super::{
    AnnotatorName, DocumentError, LabelFault, LineError, LockError, ManifestError, NameError, RunId, StorageError,
    storage::shown_path,
};
use crate::{formats::parser_message, spans::LabelId};

/// A project cannot be used as asked.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The folder does not exist.
    #[error("there is no folder {}; to make a project there: tagli new {}", shown_path(.0), shown_path(.0))]
    NoFolder(PathBuf),
    /// The path is a file.
    #[error("{} is a file, not a project; to take its data into a project: tagli import DIR {}", shown_path(.0), shown_path(.0))]
    IsFile(PathBuf),
    /// A folder without `project.json`.
    #[error("{} is not a project (it has no project.json); {}", shown_path(path), kind.remedy(path))]
    NotAProject {
        /// The folder.
        path: PathBuf,
        /// What the folder is instead.
        kind: FolderKind,
    },
    /// The folder of a project was given instead of a model's.
    #[error(
        "{} is a project, and a model is needed: {}",
        shown_path(project),
        model.as_ref().map_or_else(
            || format!("it has none yet; tagli train {} makes one", shown_path(project)),
            |(run, is_best, model)| format!(
                "the model of run {run}, {} of the project, is {}",
                if *is_best { "the best by word F1" } else { "the newest" },
                shown_path(model)
            )
        )
    )]
    IsProject {
        /// Folder of the project.
        project: PathBuf,
        /// The run whose model also makes the suggestions, whether it is the best of several, and its model folder.
        model: Option<(RunId, bool, PathBuf)>,
    },
    /// The record of imports has none that could be undone.
    #[error("no import is recorded in {} that could be undone", shown_path(.0))]
    NoImport(PathBuf),
    /// Documents of others are among those of an import.
    #[error(
        "other documents are between `{first}` and `{last}`, the first and the last one of the import, so it cannot be \
         undone; tagli documents remove DIR ID removes a document"
    )]
    MixedImport {
        /// Id of the first document.
        first: String,
        /// Id of the last document.
        last: String,
    },
    /// The folder holds a project already.
    #[error("{} is already a project; to open it: tagli {}", shown_path(.0), shown_path(.0))]
    Exists(PathBuf),
    /// `project.json` cannot be used.
    #[error("{}: {why}", shown_path(path))]
    Manifest {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        why: ManifestError,
    },
    /// A label cannot be added or changed so.
    #[error("{0}; nothing was changed")]
    Label(LabelFault),
    /// A label of an imported file cannot be in a project.
    #[error(
        "{}: {fault}; nothing of this file was imported: correct the name there, and import it again",
        shown_path(path)
    )]
    ImportedLabel {
        /// The imported file.
        path: PathBuf,
        /// The label and the rule that it breaks.
        fault: LabelFault,
    },
    /// There is no such document.
    #[error("there is no document `{0}`; tagli inspect DIR --record N shows the ids")]
    NoDocument(String),
    /// A document cannot be changed so.
    #[error("document `{id}`: {why}; nothing was changed")]
    Document {
        /// The document's id, safe to show.
        id: String,
        /// The cause.
        why: &'static str,
    },
    /// Another program has changed a file since it was read for a change.
    #[error("{} was changed meanwhile by another program and stays as it is: try again", shown_path(.0))]
    Changed(PathBuf),
    /// `documents.jsonl` has lines that are not documents.
    #[error("{}", bad_documents(path, problems))]
    Documents {
        /// The file.
        path: PathBuf,
        /// The bad lines; at least one.
        problems: Vec<DocumentError>,
    },
    /// One of the caller's documents cannot be written.
    #[error("document {}: {}; nothing was changed", .0.line, .0.why)]
    BadDocument(DocumentError),
    /// The annotator was opened for reading only.
    #[error("annotator `{0}` is open for reading only; nothing was recorded")]
    ReadOnly(AnnotatorName),
    /// An action does not fit the documents.
    #[error("this cannot be recorded: {0}")]
    Record(LineError),
    /// Data with annotations was imported without an annotator.
    #[error("the data has annotations in it; say whose they are with --as NAME")]
    NoAnnotator,
    /// An imported span has a label that the project does not have.
    #[error("document `{document}` has a span with label number {}, which the project does not have; nothing was imported", label.0)]
    NoLabel {
        /// The document's id, safe to show.
        document: String,
        /// The label.
        label: LabelId,
    },
    /// The documents are imported.
    /// The annotations are safe in the import log but not in the journal.
    #[error(
        "the documents are imported; their annotations are kept and join the journal when annotator `{name}` is next opened ({why})"
    )]
    Unfinished {
        /// Owner of the annotations.
        name: AnnotatorName,
        /// The cause.
        why: Box<ProjectError>,
    },
    /// There is no such run, or its state does not allow the operation.
    #[error("run {run}: {why}")]
    Run {
        /// The run.
        run: RunId,
        /// Cause and remedy.
        why: &'static str,
    },
    /// The folder of a run was given instead of its model folder.
    #[error("{} is the folder of a run; give the folder of its model, {}", shown_path(run), shown_path(model))]
    IsRun {
        /// Folder of the run.
        run: PathBuf,
        /// Folder of its model.
        model: PathBuf,
    },
    /// A folder for a run contains other files.
    #[error("{} holds other files ({found}); nothing was changed: choose an empty folder", shown_path(path))]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// Kind of the thing found.
        found: &'static str,
    },
    /// A folder for a run contains a run already.
    #[error(
        "{} holds {} run; nothing was changed. Choose another folder, or {}",
        shown_path(path),
        if *resumable { "an interrupted" } else { "a" },
        if *resumable {
            "continue it with --resume, or let the new run replace it, once that is complete, with --force"
        } else {
            "let the new run replace it, once that is complete, with --force"
        }
    )]
    RunExists {
        /// The folder.
        path: PathBuf,
        /// Whether the run was interrupted and has a checkpoint.
        resumable: bool,
    },
    /// A path for output is a file of a project or a run.
    #[error(
        "{} belongs to the {owner} in {}; nothing was written: choose another name",
        shown_path(path),
        shown_path(folder)
    )]
    OwnFile {
        /// The path.
        path: PathBuf,
        /// `project` or `run`.
        owner: &'static str,
        /// Folder of the project or run.
        folder: PathBuf,
    },
    /// A file exists in the place of an output.
    #[error(
        "{} exists; nothing was written: choose another name{}",
        shown_path(path),
        if *is_file { ", or replace it with --force" } else { "" }
    )]
    OutputExists {
        /// The path.
        path: PathBuf,
        /// Whether it is a regular file, which can be replaced.
        is_file: bool,
    },
    /// A file in `exports/` is not as an export left it.
    #[error(
        "{} was not written by an export of tagli, or was changed since; nothing was written: move or rename it, or \
         replace it with --force",
        shown_path(.0)
    )]
    NotExported(PathBuf),
    /// A file in `exports/` is an export of another project.
    #[error(
        "{} was written by an export of another project, which has the same folder for its exports; nothing was written: move \
         or rename it, or replace it with tagli export DIR --format F --force",
        shown_path(.0)
    )]
    OthersExport(PathBuf),
    /// The list of exports cannot be read, or is not ours.
    #[error(
        "{} is not a list of exports that this version of tagli can read: {why}; nothing was written, and it stays as it is: \
         move it elsewhere",
        shown_path(path)
    )]
    ForeignRecord {
        /// The file.
        path: PathBuf,
        /// The cause, safe to show.
        why: String,
    },
    /// A copy would have to overwrite a file.
    #[error(
        "{} exists and differs from what the copy would hold; nothing was replaced; put project.json back into {}, or \
         move the folder elsewhere, and try again",
        shown_path(file),
        shown_path(folder)
    )]
    InTheWay {
        /// Target of the copy.
        folder: PathBuf,
        /// The file in the way.
        file: PathBuf,
    },
    /// A repair stopped after it had begun. Nothing is lost: each file is as it was, or repaired and copied before.
    #[error("{}", stopped_repair(why, done, copies, left))]
    RepairStopped {
        /// The cause.
        why: Box<Self>,
        /// Files that are repaired, from the folder of the project.
        done: Vec<String>,
        /// Copies of files as they were.
        copies: Vec<PathBuf>,
        /// Files that are not repaired.
        left: Vec<String>,
    },
    /// A value has no JSON form.
    #[error("this cannot be written as JSON: {0}")]
    Unwritable(serde_json::Error),
    /// A file is not JSON, or a field of it has the wrong type.
    #[error(
        "{}, line {line}, column {column}: {why}; correct it with an editor, or restore it from a copy",
        shown_path(path)
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Message of the parser, safe to show.
        why: String,
    },
    /// The result of a study is of another version of the program.
    #[error(
        "{} is of another version of tagli, or damaged; make it again with: tagli train DIR {option}, or use that version",
        shown_path(path)
    )]
    OtherStudy {
        /// The file.
        path: PathBuf,
        /// Option that makes it again.
        option: &'static str,
    },
    /// A name cannot be used as a file name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Another process holds the lock.
    #[error(transparent)]
    Lock(LockError),
    /// The file system refuses.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What a folder without `project.json` is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderKind {
    /// The folder of a run.
    Run,
    /// A model folder.
    Model,
    /// A folder inside the project in this folder.
    Inside(PathBuf),
    /// Anything else.
    Other,
}

impl FolderKind {
    /// What the folder at `path` is, and what to type instead.
    fn remedy(&self, path: &Path) -> String {
        let path = shown_path(path);
        match self {
            Self::Run => format!(
                "it is the folder of a run; tagli {path} shows its curves, and its model is used with: tagli eval \
                 {path}/model --data FILE, or tagli predict {path}/model TEXT"
            ),
            Self::Model => format!(
                "it is a model, which is used with: tagli eval {path} --data FILE, or tagli predict {path} TEXT"
            ),
            Self::Inside(project) => format!("it belongs to the project {}", shown_path(project)),
            Self::Other => format!("to make one there: tagli new {path}"),
        }
    }
}

impl ProjectError {
    /// The error of a JSON file that cannot be parsed.
    pub(super) fn damaged(path: &Path, error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        Self::Damaged { path: path.to_owned(), line, column, why: parser_message(error) }
    }

    /// Whether the machine is the cause (disk, permissions, lock).
    /// Otherwise the cause is the input or the data.
    pub fn is_environment(&self) -> bool {
        match self {
            Self::Lock(_) => true,
            Self::Storage(error) => !error.is_absent() && !error.is_not_ours(),
            Self::Unfinished { why, .. } | Self::RepairStopped { why, .. } => why.is_environment(),
            _ => false,
        }
    }
}

impl From<LockError> for ProjectError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Storage(error) => Self::Storage(error),
            held @ (LockError::Held { .. } | LockError::Busy { .. }) => Self::Lock(held),
        }
    }
}

fn stopped_repair(why: &ProjectError, done: &[String], copies: &[PathBuf], left: &[String]) -> String {
    let done = if done.is_empty() { "nothing".to_owned() } else { done.join(", ") };
    let copies: Vec<String> = copies.iter().map(|copy| shown_path(copy)).collect();
    let copies = if copies.is_empty() { String::new() } else { format!("; as they were: {}", copies.join(", ")) };
    format!(
        "the repair stopped: {why}. Repaired: {done}{copies}. Not repaired: {}. Nothing is lost; when the cause is gone, repair \
         again: it does the rest",
        left.join(", ")
    )
}

fn bad_documents(path: &Path, problems: &[DocumentError]) -> String {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    let more = match problems.len().saturating_sub(1) {
        0 => String::new(),
        n => format!(" ({n} more bad lines; tagli doctor lists them)"),
    };
    format!("{}, {first}{more}", shown_path(path))
}
