//! Everything that can happen to the program, as one closed enum on one ordered channel.
//!
//! Replies to an effect carry the generation that the effect gave; `update` drops those that are stale.

use crate::{
    runs::{DataSummary, Point, Recipe, RunSummary, Settings, Status},
    spans::{
        ActionId, Document, Entity, Gazetteer, Journal, LabelSet, Patterns, Prediction, adjudication::ComparedDocument,
        agreement::GroupAgreement,
    },
};

use super::{
    key::Key,
    pointer::{Gesture, Target},
};

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed, or repeated.
    Key {
        /// Which.
        key: Key,
        /// When, in seconds since 1970, UTC.
        at: u64,
    },
    /// The mouse did something.
    Pointer {
        /// When, in seconds since 1970, UTC.
        at: u64,
        /// What.
        gesture: Gesture,
        /// What it points at, if that is anything.
        target: Option<Target>,
    },
    /// Text was pasted (bracketed paste).
    Paste(String),
    /// The terminal has this size now. Sent once before the first frame.
    Resize {
        /// Width in cells.
        columns: u16,
        /// Height in cells.
        rows: u16,
    },
    /// The terminal is gone, or the program was asked to end (SIGHUP, SIGTERM).
    Hangup,
    /// What can be opened, for the welcome screen.
    Welcome(Vec<Place>),
    /// A project was opened.
    Opened(Box<Opened>),
    /// A project could not be opened or made.
    OpenFailed(String),
    /// The folder of a new project is none and holds so many files; answers
    /// [`Effect::NewProject`](super::Effect::NewProject).
    FolderInUse(usize),
    /// How much of a project of the welcome screen is done.
    Counted {
        /// Its [`Place::path`].
        path: String,
        /// Documents that are done.
        done: usize,
        /// Documents in all.
        documents: usize,
    },
    /// These journal entries are on disk, synced.
    Saved {
        /// The attempt of [`Effect::Record`](super::Effect::Record).
        attempt: u64,
        /// The entries' ids.
        ids: Vec<ActionId>,
    },
    /// The rest of this attempt, and everything sent later with the same attempt number, is not on disk.
    SaveFailed {
        /// The attempt of [`Effect::Record`](super::Effect::Record).
        attempt: u64,
        /// What happened, to which file, what to do.
        message: String,
    },
    /// What would train now; answers [`Effect::Summarise`](super::Effect::Summarise).
    Summary {
        /// The effect's generation.
        generation: u64,
        /// The counts.
        summary: DataSummary,
    },
    /// All runs of the project, newest first.
    Runs(Vec<RunSummary>),
    /// A training asked for by [`Effect::StartTraining`](super::Effect::StartTraining) has its run folder.
    TrainingStarted {
        /// The effect's generation.
        generation: u64,
        /// The run's folder name.
        run: String,
    },
    /// A training could not start; answers [`Effect::StartTraining`](super::Effect::StartTraining).
    TrainingRefused {
        /// The effect's generation.
        generation: u64,
        /// Why, and what to do.
        message: String,
    },
    /// Lines were read from the `metrics.jsonl` of the followed run; answers [`Effect::Follow`](super::Effect::Follow).
    Points {
        /// The effect's generation.
        generation: u64,
        /// The lines, in order, after those that came before.
        points: Vec<Point>,
    },
    /// All lines of a run's `metrics.jsonl` as they are now; answers [`Effect::Compare`](super::Effect::Compare).
    Compared {
        /// The effect's generation.
        generation: u64,
        /// The lines, in order; or why there are none.
        points: Result<Vec<Point>, String>,
    },
    /// The last lines of a run's `log.txt`; answers [`Effect::ReadLog`](super::Effect::ReadLog).
    Log {
        /// The effect's generation.
        generation: u64,
        /// The lines, in order, as they are in the file; or why there are none.
        lines: Result<Vec<String>, String>,
    },
    /// The `status.json` of a run has changed.
    RunStatus {
        /// The run's folder name.
        run: String,
        /// Its status.
        status: Status,
    },
    /// What the model finds; answers [`Effect::Predict`](super::Effect::Predict).
    Prediction {
        /// The effect's generation.
        generation: u64,
        /// What it finds.
        prediction: Prediction,
    },
    /// The model could not say anything; answers [`Effect::Predict`](super::Effect::Predict).
    PredictionFailed {
        /// The effect's generation.
        generation: u64,
        /// Why, and what to do.
        message: String,
    },
    /// What the model suggests for a document. Replaces what it suggested before.
    Suggestions {
        /// The document's id.
        document: String,
        /// The run whose model speaks.
        run: String,
        /// Its suggestions.
        found: Vec<Entity>,
        /// How unsure it is of the document, in nats a word; `None` if that is not known.
        uncertainty: Option<f32>,
    },
    /// The label set as it is on disk now, or why it could not be changed; answers
    /// [`Effect::ChangeLabels`](super::Effect::ChangeLabels).
    Labels(Result<LabelSet, String>),
    /// What all annotators have finished, or why that cannot be compared; answers
    /// [`Effect::CompareAnnotators`](super::Effect::CompareAnnotators).
    Annotators {
        /// The effect's generation.
        generation: u64,
        /// What was found.
        found: Result<Box<Annotators>, String>,
    },
    /// An export ended; answers [`Effect::Export`](super::Effect::Export).
    Exported {
        /// The effect's generation.
        generation: u64,
        /// Where it was written and what was proved; or why not.
        outcome: Result<String, String>,
    },
    /// Something to tell.
    Message(Message),
}

/// Something that can be opened from the welcome screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// What [`Effect::Open`](super::Effect::Open) takes: a path, or `sample:` and the name of a sample.
    pub path: String,
    /// What is shown.
    pub name: String,
    /// A sample that the program carries, not a project on disk.
    pub sample: bool,
    /// What is said beside the name: where a project is, what a sample is.
    pub about: String,
    /// When it was last opened, in words; empty if not known.
    pub opened: String,
    /// Documents that are done, and all; once they are counted.
    pub count: Option<(usize, usize)>,
    /// The step of the tutorial at which somebody left it there.
    pub step: Option<usize>,
}

/// A project as the screens see it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The folder's name.
    pub name: String,
    /// The annotator who works now.
    pub annotator: String,
    /// All documents, in order.
    pub documents: Vec<Document>,
    /// The labels, in order.
    pub labels: LabelSet,
    /// What this annotator has done so far.
    pub journal: Journal,
    /// The documents that this annotator marked done today.
    pub done_today: Vec<String>,
    /// A random number for this run of the program; no journal entry has it as its writer yet.
    pub writer: u32,
    /// The settings that this person trained with last, or those that the recipe gives.
    pub settings: Settings,
    /// The recipe that they come from; `None` if the person had changed some.
    pub recipe: Option<Recipe>,
    /// Runs, newest first.
    pub runs: Vec<RunSummary>,
    /// The device that a training would take, and why. Empty if not known yet.
    pub device: String,
    /// Why nothing may be written (another program holds the annotator's lock), if so.
    pub read_only: Option<String>,
    /// The step of the tutorial at which somebody left it here.
    pub step: Option<usize>,
    /// What was tagged so far, by its words.
    pub gazetteer: Gazetteer,
    /// The patterns of the project.
    pub patterns: Patterns,
    /// The project's tagging guide (`GUIDE.md`); empty without one.
    pub guide: String,
    /// What there is to say about its files.
    pub told: Option<String>,
}

impl Default for Opened {
    /// An empty project of nobody.
    fn default() -> Self {
        Self {
            name: String::new(),
            annotator: String::new(),
            documents: Vec::new(),
            labels: LabelSet::default(),
            journal: Journal::default(),
            done_today: Vec::new(),
            writer: 0,
            settings: Settings::lesson("mini"),
            recipe: None,
            runs: Vec::new(),
            device: String::new(),
            read_only: None,
            step: None,
            gazetteer: Gazetteer::default(),
            patterns: Patterns::default(),
            guide: String::new(),
            told: None,
        }
    }
}

/// The annotators of a project side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotators {
    /// Who is compared.
    pub names: Vec<String>,
    /// How far they agree on what two of them have finished.
    pub agreement: GroupAgreement,
    /// What they say of each document (by its id) that two of them have finished; readings come in the order of the names.
    pub documents: Vec<(String, ComparedDocument)>,
}

/// A line for the person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How it is shown and whether it stays.
    pub level: Level,
    /// Plain words: what happened, where, what to do.
    pub text: String,
}

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Goes with the next key.
    Info,
    /// Goes with the next key; something was not done.
    Warn,
    /// Stays until it is put right or sent away with `esc`.
    Error,
}
