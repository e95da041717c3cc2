//! Requests to the outside world.
//! `update` returns them; `services` and `terminal` carry them out in order and answer with events that repeat the
//! generation.

use super::exchange::ExportChoices;
use crate::{
    runs::{Control, Recipe, Settings, live::FinishedDocument},
    spans::{Entry, LabelChange, OnDuplicate, Split, SplitMove, Strategy, review::LabelledRange},
    text::TextRange,
};

/// Request to the outside world.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Open a project by [`WelcomeItem::path`](super::event::WelcomeItem).
    /// Answered by `Opened` or `OpenFailed`.
    Open(String),
    /// Repair a project, if that still takes these steps.
    /// Answered by a `Message` and `Welcome`.
    RepairProject {
        /// The project, by [`WelcomeItem::path`](super::event::WelcomeItem).
        path: String,
        /// The steps that the user has read.
        steps: Vec<String>,
    },
    /// Copy a sample to a new project and open it.
    /// The project gets this name, or the next free one. Answered by `Opened` or `OpenFailed`.
    CopySample {
        /// Name of the sample.
        sample: String,
        /// Name of the copy.
        name: String,
    },
    /// Look at a file that may be imported; answered by `ImportPreviewed`. Nothing is changed.
    PreviewImport {
        /// Generation, which the answer carries.
        generation: u64,
        /// Path of the file, as typed.
        file: String,
    },
    /// Read the sentences of a file for the Explore screen; answered by `SentencesRead`.
    ReadSentences {
        /// Generation, which the answer carries.
        generation: u64,
        /// Path of the file, as typed.
        file: String,
    },
    /// Import texts from this file into the open project and open it again.
    /// Answered by `Opened` or `OpenFailed`. All actions are saved at this point.
    Import {
        /// Generation, which the answer carries.
        generation: u64,
        /// Path of the file, as typed.
        file: String,
        /// Fingerprint of its contents in the preview; other contents are not imported.
        fingerprint: u64,
        /// Treatment of documents whose ids are in use.
        on_duplicate: OnDuplicate,
    },
    /// Take back the last import into the open project, and open it again.
    /// Answered by `Opened` and `Imported`, or `OpenFailed`. All actions are saved at this point.
    UndoImport {
        /// Generation, which the answer carries.
        generation: u64,
    },
    /// Add a document with this text to the open project, and open it again.
    /// Answered by `Opened` and `DocumentAdded`, or `OpenFailed`. All actions are saved at this point.
    AddDocument {
        /// Generation, which the answer carries.
        generation: u64,
        /// Its text.
        text: String,
    },
    /// Close the open project, whose actions are all saved; answered by `Welcome`.
    Close,
    /// Append these lines to the annotator's journal, in order, and sync.
    /// Answered by `Saved` for lines that are on disk, `SaveDelayed` while the disk does not answer, or `SaveFailed`. After
    /// a refusal of the disk everything with the same or a smaller attempt number is dropped, because later lines depend
    /// on earlier ones; a line that cannot be written is left out alone. All lines that were not acknowledged are sent
    /// again with the next one.
    Record {
        /// Number of the attempt.
        attempt: u64,
        /// Lines to append.
        entries: Vec<Entry>,
    },
    /// Count the data that would be trained on now, and compute each recipe for it.
    /// Answered by `Summary`.
    Summarise {
        /// Number that the answer repeats.
        generation: u64,
        /// Base model that the recipes are for.
        base: String,
    },
    /// Give up a training that was asked for and has not begun.
    /// Its base is no longer downloaded.
    CancelTraining {
        /// Number of the request.
        generation: u64,
    },
    /// Train on a separate thread.
    /// Answered by `TrainingStarted`, `TrainingRefused`, `TrainingUnchanged` or `FetchOffered`. The data contains all lines that were
    /// recorded before this request.
    StartTraining {
        /// Number that the answer repeats.
        generation: u64,
        /// Settings of the run.
        settings: Box<Settings>,
        /// Recipe of these settings, computed again for the documents at the start.
        /// `None` if the user changed some.
        recipe: Option<Recipe>,
        /// Whether a base that is not on this machine is downloaded, rather than offered.
        fetch: bool,
        /// Whether it starts also if the newest run learned the same with the same settings.
        repeat: bool,
    },
    /// Continue an interrupted run from its checkpoint, on a separate thread.
    /// Answered by `TrainingStarted`, `TrainingRefused` or `FetchOffered`.
    ResumeTraining {
        /// Number that the answer repeats.
        generation: u64,
        /// Folder name of the run.
        run: String,
        /// Whether a base that is not on this machine is downloaded, rather than offered.
        fetch: bool,
    },
    /// Send a command to a run.
    /// It goes through the channel in this process or through the run's control file.
    ControlRun {
        /// Folder name of the run.
        run: String,
        /// Command for the run.
        control: Control,
    },
    /// Read the run's `metrics.jsonl` from its start and continue while it grows.
    /// Answered by any number of `Points` and `RunStatus`. Replaces the run that was followed before.
    Follow {
        /// Number that the answers repeat.
        generation: u64,
        /// Folder name of the run.
        run: String,
    },
    /// Read a second run's `metrics.jsonl` once, to compare it with the followed run.
    /// Answered by `Compared`.
    Compare {
        /// Number that the answer repeats.
        generation: u64,
        /// Folder name of the run.
        run: String,
    },
    /// Compare the scores of two runs sentence by sentence, from what their models keep; answered by `ScoresCompared`.
    CompareScores {
        /// Number that the answer repeats.
        generation: u64,
        /// Folder names of the followed run and of the other.
        runs: [String; 2],
    },
    /// Read the end of a run's `log.txt`; answered by `Log`.
    ReadLog {
        /// Number that the answer repeats.
        generation: u64,
        /// Folder name of the run.
        run: String,
    },
    /// Remove a run with its model.
    /// Answered by `Runs`, and by a `Message` if that fails.
    RemoveRun {
        /// Folder name of the run.
        run: String,
    },
    /// Create a project and open it.
    /// Answered by `Opened`, `OpenFailed` or `FolderInUse`.
    NewProject(NewProject),
    /// Predict the entities of a sentence; only the latest request counts.
    /// Answered by `Prediction` or `PredictionFailed`.
    Predict {
        /// Number that the answer repeats.
        generation: u64,
        /// Run whose model predicts; `None` without a model.
        run: Option<String>,
        /// Text of the sentence.
        text: String,
        /// Strategy of the pipeline, if its answer is wanted, too.
        strategy: Option<Strategy>,
        /// A second model that predicts the same sentence: the number that its answer repeats, and its run.
        beside: Option<(u64, String)>,
    },
    /// Compute how the score of a span changes without each word of its sentence.
    /// Answered by `Explained` or `PredictionFailed`; only the latest request counts.
    Explain {
        /// Number that the answer repeats.
        generation: u64,
        /// Run whose model predicts.
        run: String,
        /// Text of the sentence.
        text: String,
        /// Place of the span.
        range: TextRange,
        /// Name of its label.
        label: String,
    },
    /// Predict a document of the project exactly, on its own words.
    /// Answered by `Prediction` or `PredictionFailed`; only the latest request of these and of `Predict` counts.
    PredictDocument {
        /// Number that the answer repeats.
        generation: u64,
        /// Run whose model predicts.
        run: String,
        /// Id of the document.
        document: String,
    },
    /// Find all mistakes of a run's model on a split; only the latest request counts.
    /// Answered by any number of `MistakesProgress` and one `MistakesFound`. The gold spans contain all lines that were
    /// recorded before this request.
    FindMistakes {
        /// Number that the answers repeat.
        generation: u64,
        /// Folder name of the run.
        run: String,
        /// Folder name of an older run: then the mistakes of both are found, in the sentences that only one of them has
        /// right.
        against: Option<String>,
        /// The split.
        split: Split,
    },
    /// Find the labels of the annotator that are probably wrong; only the latest request of this and of `FindMistakes` counts.
    /// Answered by one `MistakesFound`.
    FindSuspects {
        /// Number that the answer repeats.
        generation: u64,
    },
    /// Record that the annotator keeps a suspected label, or takes that decision back.
    /// Answered by a message only if it fails.
    DecideLabel {
        /// Id of the document.
        document: String,
        /// Label that it has; `None` for words without one.
        gold: Option<LabelledRange>,
        /// Label that was suggested instead.
        model: Option<LabelledRange>,
        /// Whether it is kept.
        kept: bool,
    },
    /// Suggest spans for these documents, in their order.
    /// Answered by one `Suggestions` for each. Replaces an earlier request.
    Suggest {
        /// Run whose model predicts.
        run: String,
        /// Ids of the documents.
        documents: Vec<String>,
    },
    /// The live model may learn from this document, which was finished. Answered by `Live` when that changes anything.
    Finished(Box<FinishedDocument>),
    /// The live model must not wait for this document, which is no longer done. Answered by `Live` when that changes anything.
    Reopened(String),
    /// Note for later sessions that the user has seen suggestions for these documents.
    NoteShown(Vec<String>),
    /// Let the live model learn, or not; answered by `Live`.
    SetLearning(bool),
    /// Change the label set of the project on disk; answered by `Labels`.
    ChangeLabels(LabelChange),
    /// Suggest spans for all these documents while the model is otherwise idle.
    /// Answered by one `Suggestions` for each. Replaces an earlier request.
    Rank {
        /// Run whose model predicts.
        run: String,
        /// Ids of the documents.
        documents: Vec<String>,
    },
    /// Compare the finished documents of all annotators; answered by `Annotators`.
    /// Lines recorded before are written first.
    CompareAnnotators {
        /// Number that the answer repeats.
        generation: u64,
    },
    /// Close the open project, whose actions are all saved, and open it again.
    /// It is opened for this annotator, or with `None` for the one who opened it first. Answered by `Opened` or
    /// `OpenFailed`.
    OpenAs(Option<String>),
    /// Close the open project and open it again, because its files were changed.
    /// All actions are saved at this point. Answered by `Opened` or `OpenFailed`.
    Reload,
    /// Change a document of the project, after all lines recorded before are on disk.
    /// Answered by `FilesChanged`, or by a `Message` if it cannot be changed so.
    ChangeDocument {
        /// Id of the document.
        id: String,
        /// The change.
        change: DocumentChange,
    },
    /// Move these documents to a split, or out of their splits, all at once; answered by `SplitSet`.
    SetSplit {
        /// Ids of the documents.
        documents: Vec<String>,
        /// The split; `None` for none.
        split: Option<Split>,
    },
    /// Put all documents without a split into splits by the usual shares; answered by `SharedOut`.
    ShareOut,
    /// Move documents back to the splits in which they were, all at once; answered by `MoveTakenBack`.
    TakeBackMove(Vec<SplitMove>),
    /// Open the project again for this annotator, now and whenever it is opened without a name.
    WorkAs(String),
    /// Open the project for this annotator, the current one, whenever it is opened without a name.
    KeepAnnotator(String),
    /// Remember the current step of the tutorial in the open project.
    /// `None` once it has ended.
    RememberStep(Option<usize>),
    /// Export the project to another format; answered by `Exported`.
    Export {
        /// Number that the answer repeats.
        generation: u64,
        /// Format of the file, what is written, and how.
        choices: ExportChoices,
    },
    /// Copy this text to the clipboard; a `Message` reports the method.
    Copy(String),
    /// Draw every cell again.
    Redraw,
    /// Restore the terminal and stop the process, as `ctrl-z` does.
    Suspend,
    /// Leave the program.
    Quit(Leave),
}

/// Change of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentChange {
    /// Gives it another text, if it still has the one that was shown.
    Correct {
        /// Text that the user has seen.
        shown: String,
        /// New text.
        text: String,
    },
    /// Gives it the text before the last correction, if it still has the one that was shown.
    UndoCorrection {
        /// Text that the user has seen.
        shown: String,
    },
    /// Hides it.
    Remove,
    /// Shows it again.
    Restore,
}

/// Project to be created, as typed by the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewProject {
    /// Folder of the project, which must not be a project yet.
    pub dir: String,
    /// Label names separated by commas, or a Label Studio labelling config (`.xml`).
    /// Empty for the eight defaults.
    pub labels: String,
    /// File of texts to import, in any known format; empty for none.
    pub texts: String,
    /// Whether to create it even if the folder contains other files.
    pub among: bool,
}

/// Treatment of a training in this process when the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// No training is running.
    Plain,
    /// The run ends after this step and keeps its model.
    /// The program ends when the model is written.
    StopRun,
    /// The run continues without a screen.
    KeepRun,
}
