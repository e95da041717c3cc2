//! Events: input, answers to effects, and news about jobs.
//! They are one closed enum on one ordered channel.
//!
//! An answer to an effect carries the generation of that effect; `update` drops stale ones.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    config::LiveSettings,
    runs::{
        DataSummary, Point, Recipe, RunSummary, ScoreComparison, Settings, Status,
        live::{Exposure, LiveReport},
    },
    spans::{
        ActionId, DocumentList, Entity, Gazetteer, Journal, LabelRecord, LabelSet, MovesTakenBack, Patterns,
        Prediction, ReviewList, SpanChange, SpanInfluence, Split, SplitMove, adjudication::ComparedDocument,
        agreement::GroupAgreement,
    },
    text::TextRange,
};

use super::{
    effect::{DocumentChange, Effect},
    exchange::{ImportPreview, NotExported, Sentences},
    key::Key,
    pointer::{Gesture, Target},
    prompts::KeptDraft,
    screen::Screen,
};

/// Where the user was in a project when it was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Id of the document in front.
    pub document: String,
    /// Its number, from 0, and the number of all documents.
    pub number: (usize, usize),
    /// The word under the cursor.
    pub word: usize,
    /// The screen in front.
    pub screen: Screen,
}

/// Part of a document that is on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Number of the document.
    pub document: usize,
    /// Text in sight, from its first to its last line.
    pub text: TextRange,
}

/// Input of the user, or news from outside.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key was pressed, or repeated.
    Key {
        /// The key.
        key: Key,
        /// Time in seconds since 1970, UTC.
        at: u64,
    },
    /// The mouse was pressed, moved or released, or its wheel turned.
    Pointer {
        /// Time in seconds since 1970, UTC.
        at: u64,
        /// Movement of the mouse.
        gesture: Gesture,
        /// Target under the pointer, if any.
        target: Option<Target>,
    },
    /// Text was pasted (bracketed paste).
    Paste(String),
    /// The terminal was resized. Also sent once before the first frame.
    Resize {
        /// Width in cells.
        columns: u16,
        /// Height in cells.
        rows: u16,
    },
    /// A frame is on the screen that shows this part of a document.
    Drawn(Sight),
    /// The terminal is gone, or the program was asked to end (SIGHUP, SIGTERM).
    Hangup,
    /// Projects and samples for the welcome screen.
    Welcome(Vec<WelcomeItem>),
    /// A project was opened.
    Opened(Box<Opened>),
    /// A project could not be opened or created.
    OpenFailed(String),
    /// The folder chosen for a new project contains this number of other files; answers
    /// [`Effect::NewProject`].
    FolderInUse(usize),
    /// Progress of a project on the welcome screen.
    Counted {
        /// Its [`WelcomeItem::path`].
        path: String,
        /// Number of documents that are done.
        done: usize,
        /// Number of all documents.
        documents: usize,
    },
    /// A project on the welcome screen cannot be opened as it is.
    Damaged {
        /// Its [`WelcomeItem::path`].
        path: String,
        /// The damage.
        damage: Damage,
    },
    /// These journal entries are on disk, synced.
    Saved {
        /// The attempt of [`Effect::Record`].
        attempt: u64,
        /// Ids of the entries.
        ids: Vec<ActionId>,
    },
    /// The disk has not answered for this many seconds; journal entries wait for it.
    SaveDelayed {
        /// Seconds since the write began.
        seconds: u64,
    },
    /// Entries of this attempt are not on disk.
    /// After a refusal of the disk, nothing sent later with the same attempt number is either.
    SaveFailed {
        /// The attempt of [`Effect::Record`].
        attempt: u64,
        /// Cause, file and remedy.
        message: String,
    },
    /// The data that would be trained on now.
    /// Answers [`Effect::Summarise`].
    Summary {
        /// Generation of the effect.
        generation: u64,
        /// Numbers of documents, words and spans.
        summary: DataSummary,
    },
    /// All runs of the project, newest first.
    Runs(Vec<RunSummary>),
    /// A requested training has its run folder.
    /// Answers [`Effect::StartTraining`].
    TrainingStarted {
        /// Generation of the effect.
        generation: u64,
        /// Folder name of the run.
        run: String,
    },
    /// A training could not start.
    /// Answers [`Effect::StartTraining`].
    TrainingRefused {
        /// Generation of the effect.
        generation: u64,
        /// Cause and remedy.
        message: String,
    },
    /// A training would learn what the newest run has learned, with the same settings.
    /// Answers [`Effect::StartTraining`] without `repeat`.
    TrainingUnchanged {
        /// Generation of the effect.
        generation: u64,
        /// Folder name of that run.
        run: String,
    },
    /// A training needs a base that is not on this machine.
    /// Answers [`Effect::StartTraining`].
    FetchOffered(FetchOffer),
    /// Lines were read from the `metrics.jsonl` of the followed run.
    /// Answers [`Effect::Follow`].
    Points {
        /// Generation of the effect.
        generation: u64,
        /// New lines, in order.
        points: Vec<Point>,
    },
    /// All present lines of a run's `metrics.jsonl`.
    /// Answers [`Effect::Compare`].
    Compared {
        /// Generation of the effect.
        generation: u64,
        /// Lines in order, or the reason why they cannot be read.
        points: Result<Vec<Point>, String>,
    },
    /// Differences between the scores of two runs on the same sentences.
    /// Answers [`Effect::CompareScores`].
    ScoresCompared {
        /// Generation of the effect.
        generation: u64,
        /// The differences, or the reason why there are none.
        found: Result<Box<ScoreComparison>, String>,
    },
    /// The last lines of a run's `log.txt`.
    /// Answers [`Effect::ReadLog`].
    Log {
        /// Generation of the effect.
        generation: u64,
        /// Lines in order, unchanged, or the reason why they cannot be read.
        lines: Result<Vec<String>, String>,
    },
    /// The `status.json` of a run has changed.
    RunStatus {
        /// Folder name of the run.
        run: String,
        /// New status.
        status: Status,
    },
    /// Sentences of a file, or the reason why there are none.
    /// Answers [`Effect::ReadSentences`].
    SentencesRead {
        /// Generation of the effect.
        generation: u64,
        /// The sentences.
        outcome: Result<Box<Sentences>, String>,
    },
    /// The model's prediction for a sentence.
    /// Answers [`Effect::Predict`].
    Prediction {
        /// Generation of the effect.
        generation: u64,
        /// Entities and probabilities.
        prediction: Prediction,
    },
    /// How the score of a span changes without each word.
    /// Answers [`Effect::Explain`].
    Explained {
        /// Generation of the effect.
        generation: u64,
        /// The words in reading order.
        influences: Vec<SpanInfluence>,
    },
    /// The model could not predict.
    /// Answers [`Effect::Predict`].
    PredictionFailed {
        /// Generation of the effect.
        generation: u64,
        /// Cause and remedy.
        message: String,
    },
    /// Progress of a search for mistakes.
    /// Answers [`Effect::FindMistakes`].
    MistakesProgress {
        /// Generation of the effect.
        generation: u64,
        /// Number of documents that were compared.
        done: usize,
        /// Number of all documents of the split.
        all: usize,
    },
    /// All mistakes of a run's model on a split, or why there are none to show.
    /// Answers [`Effect::FindMistakes`].
    MistakesFound {
        /// Generation of the effect.
        generation: u64,
        /// The mistakes, in the order of documents and texts.
        found: Result<Box<ReviewList>, String>,
    },
    /// The model's suggestions for a document. They replace its earlier ones.
    Suggestions {
        /// Id of the document.
        document: String,
        /// Run whose model predicts.
        run: String,
        /// Suggested entities.
        found: Vec<Entity>,
        /// Uncertainty of the model about the document, in nats per word.
        /// `None` if unknown.
        uncertainty: Option<f32>,
        /// Labels that the model can give, by the names that it learned; empty if unknown.
        labels: Arc<[String]>,
    },
    /// The model has failed on a document, and suggests nothing for it.
    NotSuggested {
        /// Id of the document.
        document: String,
    },
    /// What is known about the live model has changed.
    Live(Box<LiveReport>),
    /// The label set on disk after a change, or the reason why it could not be changed.
    /// Answers [`Effect::ChangeLabels`].
    Labels(Result<LabelSet, String>),
    /// Changes of the labels were recorded.
    LabelsRecorded(Vec<LabelRecord>),
    /// Comparison of all annotators' finished documents, or why there is none.
    /// Answers [`Effect::CompareAnnotators`].
    Annotators {
        /// Generation of the effect.
        generation: u64,
        /// The comparison.
        found: Result<Box<Annotators>, String>,
    },
    /// Contents of a file that may be imported, or the reason why it cannot be read; answers [`Effect::PreviewImport`].
    ImportPreviewed {
        /// Generation of the effect.
        generation: u64,
        /// Contents, with everything that prevents the import.
        outcome: Result<Box<ImportPreview>, String>,
    },
    /// An import ended, and the project is open again; answers [`Effect::Import`] and [`Effect::UndoImport`].
    Imported {
        /// Generation of the effect.
        generation: u64,
        /// Outcome; an error if nothing was imported.
        outcome: Message,
    },
    /// The project is open again after a document was added; answers [`Effect::AddDocument`].
    DocumentAdded {
        /// Generation of the effect.
        generation: u64,
        /// Id of the new document, or the reason why there is none.
        outcome: Result<String, String>,
    },
    /// An export ended; answers [`Effect::Export`].
    Exported {
        /// Generation of the effect.
        generation: u64,
        /// File and result of reading it back, or the reason of the failure.
        outcome: Result<String, NotExported>,
    },
    /// Another program has changed these files of the open project.
    /// `git pull` does that. They can be read.
    FilesChanged(Vec<String>),
    /// Outcome of a change of a document of the open project.
    DocumentChanged {
        /// Id of the document.
        id: String,
        /// The change.
        change: DocumentChange,
        /// The spans that have other words now, or the reason if nothing was changed.
        outcome: Result<Vec<SpanChange>, String>,
    },
    /// Outcome of a move of documents to a split; answers [`Effect::SetSplit`].
    SplitSet {
        /// Number of documents.
        documents: usize,
        /// The split; `None` for none.
        split: Option<Split>,
        /// The moves of those that were in another split before, or the reason if nothing was moved.
        outcome: Result<Vec<SplitMove>, String>,
    },
    /// Outcome of [`Effect::ShareOut`]: the moves, and how many documents each split has then; or the reason if nothing was
    /// moved.
    SharedOut(Result<(Vec<SplitMove>, [usize; 3]), String>),
    /// Outcome of taking back moves; answers [`Effect::TakeBackMove`].
    MoveTakenBack {
        /// The moves.
        moves: Vec<SplitMove>,
        /// What was moved back, or the reason if nothing was.
        outcome: Result<MovesTakenBack, String>,
    },
    /// A message for the user.
    Message(Message),
}

/// Offer to download a base model for a training.
#[derive(Clone, Debug, PartialEq)]
pub struct FetchOffer {
    /// Generation of the effect that asked for the training.
    pub generation: u64,
    /// Name of the base.
    pub base: String,
    /// Question that names the base, its size, the hub and the source of the token.
    pub question: String,
    /// The effect again, with the permission to download.
    pub accepted: Effect,
}

/// Damage of a project on the welcome screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Name of the damage, such as `git conflict`.
    pub name: &'static str,
    /// Steps of the repair, one sentence each; or why there is none, and what to do.
    pub repair: Result<Vec<String>, String>,
}

/// Project or sample on the welcome screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WelcomeItem {
    /// Argument of [`Effect::Open`].
    /// A path, or `sample:` and the name of a sample.
    pub path: String,
    /// Name shown to the user.
    pub name: String,
    /// Whether it is a sample inside the program, not a project on disk.
    pub sample: bool,
    /// Text beside the name: folder of a project, description of a sample.
    pub about: String,
    /// Time of its last opening, in words; empty if unknown.
    pub opened: String,
    /// Numbers of documents that are done and of all, once they are counted.
    pub count: Option<(usize, usize)>,
    /// Damage because of which it cannot be opened, if it was looked at and a repair is known.
    pub damage: Option<Damage>,
    /// Step at which the user left the tutorial in it.
    pub step: Option<usize>,
}

/// Contents of an opened project.
#[derive(Clone, Debug)]
pub struct Opened {
    /// Name of the folder.
    pub name: String,
    /// Path of the folder, which tells projects apart.
    pub folder: String,
    /// Name of the current annotator.
    pub annotator: String,
    /// Documents in order.
    pub documents: DocumentList,
    /// Labels in order.
    pub labels: LabelSet,
    /// Changes of the labels that were recorded, the oldest first.
    pub label_records: Vec<LabelRecord>,
    /// Journal of the annotator.
    pub journal: Journal,
    /// Ids of the documents that the annotator marked done today.
    pub done_today: Vec<String>,
    /// Random writer id of this process; no journal entry has it yet.
    pub writer: u32,
    /// Settings of the user's last training, or those of the recipe.
    pub settings: Settings,
    /// Recipe of these settings; `None` if the user changed some.
    pub recipe: Option<Recipe>,
    /// Runs, newest first.
    pub runs: Vec<RunSummary>,
    /// Device of a training, with the reason for it. Empty if not known yet.
    pub device: String,
    /// Reason why nothing may be written, if any.
    /// For example, another process holds the annotator's lock.
    pub read_only: Option<String>,
    /// Step at which the user left the tutorial here.
    pub step: Option<usize>,
    /// Where the user was when the project was left.
    pub place: Option<Place>,
    /// Texts that were being typed here when a signal ended the program.
    pub drafts: Vec<KeptDraft>,
    /// Annotators with work here and how many documents each has done, most first.
    /// Empty if the user has work here, or has chosen a name.
    pub others: Vec<(String, usize)>,
    /// Whether another annotator has a journal here.
    pub has_others: bool,
    /// Earlier spans by their words.
    pub gazetteer: Gazetteer,
    /// Patterns of the project.
    pub patterns: Patterns,
    /// Predictions that were imported with documents, by document id: the model and its spans.
    pub predicted: HashMap<String, (String, Vec<Entity>)>,
    /// Tagging guide of the project (`GUIDE.md`); empty without one.
    pub guide: String,
    /// Warning about the files of the project.
    pub warning: Option<String>,
    /// Whether it is no project, but a run outside any, or a folder of such runs.
    pub only_runs: bool,
    /// Settings of the live model.
    pub live: LiveSettings,
    /// Documents that were shown with suggestions in earlier sessions.
    pub exposure: Arc<Exposure>,
    /// Ids of documents that were erased, or of which earlier texts were.
    pub erased: Arc<HashSet<String>>,
}

impl Event {
    /// Whether it answers a key on the Explore screen, so that the user waits for it.
    pub fn is_awaited(&self) -> bool {
        matches!(self, Self::Prediction { .. } | Self::PredictionFailed { .. } | Self::Explained { .. })
    }

    /// Whether it comes from the user's hands or the terminal, not from a service.
    pub(super) fn is_input(&self) -> bool {
        matches!(self, Self::Key { .. } | Self::Pointer { .. } | Self::Paste(_) | Self::Resize { .. } | Self::Hangup)
    }
}

impl Default for Opened {
    /// Returns an empty project without an annotator.
    fn default() -> Self {
        Self {
            name: String::new(),
            folder: String::new(),
            annotator: String::new(),
            documents: DocumentList::default(),
            labels: LabelSet::default(),
            label_records: Vec::new(),
            journal: Journal::default(),
            done_today: Vec::new(),
            writer: 0,
            settings: Settings::lesson("mini"),
            recipe: None,
            runs: Vec::new(),
            device: String::new(),
            read_only: None,
            step: None,
            place: None,
            drafts: Vec::new(),
            others: Vec::new(),
            has_others: false,
            gazetteer: Gazetteer::default(),
            patterns: Patterns::default(),
            predicted: HashMap::new(),
            guide: String::new(),
            warning: None,
            only_runs: false,
            live: LiveSettings::default(),
            exposure: Arc::default(),
            erased: Arc::default(),
        }
    }
}

/// Comparison of the annotators of a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotators {
    /// Names of the compared annotators.
    pub names: Vec<String>,
    /// Agreement on documents that at least two of them have finished.
    pub agreement: GroupAgreement,
    /// Id and annotations of each document that at least two annotators have finished.
    /// The annotations are in the order of the names.
    pub documents: Vec<(String, ComparedDocument)>,
}

/// Message for the user, one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Importance: decides the colour and whether the message stays.
    pub level: Level,
    /// Event, place and remedy, in plain words.
    pub text: String,
}

/// Importance of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Information; the next key removes it.
    Info,
    /// Warning that something was not done; the next key removes it.
    Warn,
    /// Error; stays until its cause is gone or `esc` dismisses it.
    Error,
}
