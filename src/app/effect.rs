//! What the program asks of the outside world. `update` returns these; the shell carries them out in order and
//! answers with events that repeat the generation.

use crate::{
    runs::{Control, Recipe, Settings},
    spans::{Entry, LabelChange},
};

/// Something to do outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Open a project by [`Place::path`](super::event::Place); answered by `Opened` or `OpenFailed`.
    Open(String),
    /// Make a fresh copy of a sample, under this name or the next that is free, and open it; answered by `Opened` or
    /// `OpenFailed`.
    CopySample {
        /// The sample's name.
        sample: String,
        /// What the copy is to be called.
        name: String,
    },
    /// Bring texts from this file into the open project, all of which is saved, and open it anew; answered by `Opened` or
    /// `OpenFailed`.
    Import(String),
    /// Let go of the open project, all of which is saved; answered by `Welcome`.
    Close,
    /// Append these lines to the annotator's journal, in order, and sync; answered by `Saved` (for each batch that is
    /// on disk) or `SaveFailed`. After a failure everything with the same or a smaller attempt number is dropped,
    /// because later lines build on earlier ones; all lines that were not acknowledged come again with the next number.
    Record {
        /// Counts the attempts.
        attempt: u64,
        /// The lines.
        entries: Vec<Entry>,
    },
    /// Count what would train now, and reckon the recipes for that; answered by `Summary`.
    Summarise {
        /// To be repeated in the answer.
        generation: u64,
        /// The base that the recipes are for.
        base: String,
    },
    /// Train on a thread of its own; answered by `TrainingStarted` or `TrainingRefused`. All lines recorded before
    /// must be on disk, or in the data, when the documents are read.
    StartTraining {
        /// To be repeated in the answer.
        generation: u64,
        /// With these settings.
        settings: Box<Settings>,
        /// The recipe that they come from: it is reckoned again for the documents there are then. `None` if the person
        /// has changed some.
        recipe: Option<Recipe>,
    },
    /// Go on with a run that was interrupted, from its checkpoint, on a thread of its own; answered by `TrainingStarted` or
    /// `TrainingRefused`.
    ResumeTraining {
        /// To be repeated in the answer.
        generation: u64,
        /// The run's folder name.
        run: String,
    },
    /// Send a command to a run, by the channel in this process or by its control file.
    ControlRun {
        /// The run's folder name.
        run: String,
        /// The command.
        control: Control,
    },
    /// Read the run's `metrics.jsonl` from its start and go on while it grows; answered by `Points`, again and again,
    /// and `RunStatus`. Replaces what was followed before.
    Follow {
        /// To be repeated in the answers.
        generation: u64,
        /// The run's folder name.
        run: String,
    },
    /// Read a second run's `metrics.jsonl` once, to be laid beside the followed one; answered by `Compared`.
    Compare {
        /// To be repeated in the answer.
        generation: u64,
        /// The run's folder name.
        run: String,
    },
    /// Read the end of a run's `log.txt`; answered by `Log`.
    ReadLog {
        /// To be repeated in the answer.
        generation: u64,
        /// The run's folder name.
        run: String,
    },
    /// Remove a run with its model; answered by `Runs`, and a `Message` if it cannot be done.
    RemoveRun {
        /// The run's folder name.
        run: String,
    },
    /// Make a project and open it; answered by `Opened`, `OpenFailed` or `FolderInUse`.
    NewProject(NewProject),
    /// Ask a model what it finds in a sentence; the latest request wins. Answered by `Prediction` or
    /// `PredictionFailed`.
    Predict {
        /// To be repeated in the answer.
        generation: u64,
        /// The run whose model is asked; `None` where there is no model.
        run: Option<String>,
        /// The sentence.
        text: String,
    },
    /// Ask a model for suggestions on these documents, first ones first; answered by `Suggestions`, one for each.
    /// Replaces an earlier request.
    Suggest {
        /// The run whose model is asked.
        run: String,
        /// The documents' ids.
        documents: Vec<String>,
    },
    /// Change the label set of the project on disk; answered by `Labels`. All lines recorded before go first.
    ChangeLabels(LabelChange),
    /// Ask a model about all these documents whenever it has nothing else to do; answered by `Suggestions`, one for each, as
    /// they come. Replaces an earlier request.
    Rank {
        /// The run whose model is asked.
        run: String,
        /// The documents' ids.
        documents: Vec<String>,
    },
    /// Read what all annotators have finished, and compare it; answered by `Annotators`. All lines recorded before go first.
    CompareAnnotators {
        /// To be repeated in the answer.
        generation: u64,
    },
    /// Let go of the open project, all of which is saved, and open it anew for this annotator, for `None` for who opened it
    /// first; answered by `Opened` or `OpenFailed`.
    OpenAs(Option<String>),
    /// Remember which step of the tutorial is in front in the open project; `None` once it has ended.
    RememberStep(Option<usize>),
    /// Write the project in another format; answered by `Exported`.
    Export {
        /// To be repeated in the answer.
        generation: u64,
        /// A format's name, as on the command line.
        format: String,
    },
    /// Put this text on the clipboard; a `Message` says by which way.
    Copy(String),
    /// Draw every cell again.
    Redraw,
    /// Stop the process as `ctrl-z` does, with the terminal given back.
    Suspend,
    /// Leave.
    Quit(Leave),
}

/// A project to be made, as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewProject {
    /// Its folder, which must not be a project yet.
    pub dir: String,
    /// Label names with commas between them, or a Label Studio labelling config (`.xml`); empty for the eight.
    pub labels: String,
    /// A file of texts to import in any format that is known; empty for none.
    pub texts: String,
    /// Also if the folder holds files of something else.
    pub among: bool,
}

/// What becomes of a training that runs in this program when it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// None runs.
    Plain,
    /// It ends after this step; its model so far is kept. The program leaves when that is written.
    StopRun,
    /// It goes on without a screen.
    KeepRun,
}
