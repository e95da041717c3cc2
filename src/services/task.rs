//! Tasks for the project worker.

use std::path::PathBuf;

use crate::{
    app::{
        Event,
        effect::DocumentChange,
        event::Level,
        exchange::{ExportChoices, NotExported},
    },
    runs::{Recipe, Settings},
    spans::{LabelChange, Split, SplitMove, review::LabelledRange},
};

use super::{message::message, user_folders::UserFolders};

/// A search for mistakes, as it was asked for.
pub(super) struct WantedMistakes {
    pub(super) generation: u64,
    pub(super) run: String,
    /// An older run: then only sentences are wanted that one of the two has right.
    pub(super) against: Option<String>,
    pub(super) split: Split,
}

/// Task for the project worker.
pub(super) enum Task {
    /// Count the training data, and compute the recipes for it and this base model.
    Summarise { generation: u64, base: String },
    /// Start a run; `fetch`: its base may be downloaded without a question; `repeat`: it may learn what the newest run has.
    Train { generation: u64, settings: Box<Settings>, recipe: Option<Recipe>, fetch: bool, repeat: bool },
    /// Resume an interrupted run; `fetch` as for `Train`.
    Resume { generation: u64, run: String, fetch: bool },
    /// Remove a run.
    Remove { run: String },
    /// Write an export.
    Export { generation: u64, choices: ExportChoices },
    /// Look at files that may be imported, given as the user has typed them.
    Preview { generation: u64, typed: String, folders: UserFolders },
    /// Read the sentences of a file.
    Sentences { generation: u64, file: PathBuf },
    /// Change the label set.
    Labels { change: LabelChange },
    /// Compare the annotators.
    Annotators { generation: u64 },
    /// Find the mistakes of a run's model on a split.
    Mistakes(WantedMistakes),
    /// Find the labels of the annotator that are probably wrong.
    Suspects { generation: u64 },
    /// Record a decision on a suspected label.
    Decide { document: String, gold: Option<LabelledRange>, model: Option<LabelledRange>, kept: bool },
    /// Change a document.
    Document { id: String, change: DocumentChange },
    /// Move documents to a split.
    Splits { documents: Vec<String>, split: Option<Split> },
    /// Put documents without a split into splits.
    ShareOut,
    /// Move documents back to the splits in which they were.
    TakeBackMoves(Vec<SplitMove>),
    /// Find out whether another program has changed the files of the project.
    Look,
    /// A small task that needs the disk and has no answer.
    Unanswered(Box<dyn FnOnce() + Send>),
}

impl Task {
    /// Noun for messages.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Summarise { .. } => "the count of the training data",
            Self::Train { .. } | Self::Resume { .. } => "the start of a training",
            Self::Remove { .. } => "the removal of a run",
            Self::Export { .. } => "an export",
            Self::Preview { .. } => "the preview of an import",
            Self::Sentences { .. } => "the reading of sentences",
            Self::Labels { .. } => "a change of the labels",
            Self::Annotators { .. } => "the comparison of the annotators",
            Self::Mistakes(_) => "the search for mistakes",
            Self::Suspects { .. } => "the search for suspected labels",
            Self::Decide { .. } => "a decision on a label",
            Self::Document { .. } => "a change of a document",
            Self::Splits { .. } | Self::TakeBackMoves(_) | Self::ShareOut => "a move to a split",
            Self::Look => "a look at the files",
            Self::Unanswered(_) => "the list of recent projects",
        }
    }

    /// Returns the maker of the answer for the case that the task fails as a whole, from the cause.
    pub(super) fn failure(&self) -> Box<dyn FnOnce(String) -> Event + Send> {
        match *self {
            Self::Train { generation, .. } | Self::Resume { generation, .. } => {
                Box::new(move |message| Event::TrainingRefused { generation, message })
            }
            Self::Export { generation, .. } => {
                Box::new(move |cause| Event::Exported { generation, outcome: Err(NotExported::Refused(cause)) })
            }
            Self::Preview { generation, .. } => {
                Box::new(move |cause| Event::ImportPreviewed { generation, outcome: Err(cause) })
            }
            Self::Sentences { generation, .. } => {
                Box::new(move |cause| Event::SentencesRead { generation, outcome: Err(cause) })
            }
            Self::Labels { .. } => Box::new(|cause| Event::Labels(Err(cause))),
            Self::Annotators { generation } => {
                Box::new(move |cause| Event::Annotators { generation, found: Err(cause) })
            }
            Self::Mistakes(WantedMistakes { generation, .. }) | Self::Suspects { generation } => {
                Box::new(move |cause| Event::MistakesFound { generation, found: Err(cause) })
            }
            Self::Splits { split, ref documents } => {
                let documents = documents.len();
                Box::new(move |cause| Event::SplitSet { documents, split, outcome: Err(cause) })
            }
            Self::ShareOut => Box::new(|cause| Event::SharedOut(Err(cause))),
            Self::TakeBackMoves(ref moves) => {
                let moves = moves.clone();
                Box::new(|cause| Event::MoveTakenBack { moves, outcome: Err(cause) })
            }
            Self::Summarise { .. }
            | Self::Remove { .. }
            | Self::Decide { .. }
            | Self::Document { .. }
            | Self::Look
            | Self::Unanswered(_) => {
                let noun = self.noun();
                Box::new(move |cause| message(Level::Warn, format!("{noun} failed: {cause}")))
            }
        }
    }
}
