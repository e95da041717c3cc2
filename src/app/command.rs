//! The identities of all commands.
//! What a command is called and does is in one row of the panel that owns it ([`Row`](super::panel::Row)).

use std::any::TypeId;

pub use super::context::Context;

use super::{pages::Topic, screen::Screen, suggestions::SuggestionSource};
use crate::spans::Split;

/// Reading of a place that the adjudicator takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reading {
    /// The spans of the annotator with this key.
    Annotator(u8),
    /// The spans that the model found.
    Model,
    /// No span.
    Nothing,
}

/// A command of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each has its sentence in its row")]
pub enum Command {
    Label(u8),
    Arm(u8),
    Nest,
    Done,
    AcceptDone,
    NextWord,
    PreviousWord,
    Lengthen,
    Shorten,
    LengthenLeft,
    ShortenLeft,
    Extend,
    Select,
    Letters,
    Jump,
    Note,
    MoreLabels,
    EditLabels,
    AddLabel,
    RenameLabel,
    GuideLabel,
    KeyLabel,
    RecolorLabel,
    LabelLeft,
    LabelRight,
    MergeLabel,
    RemoveLabel,
    Annotators,
    Guide,
    Reading(Reading),
    TakeAgreed,
    Adjudicate,
    Occurrences,
    Choose,
    ChooseAll,
    Scope,
    Apply,
    History,
    Remove,
    Take,
    TakeAll,
    RejectAll,
    RaiseBar,
    LowerBar,
    RaiseTaken,
    LowerTaken,
    HoldBack,
    ChooseNext,
    Source(SuggestionSource),
    NextSpan,
    PreviousSpan,
    NextSuggestion,
    PreviousSuggestion,
    Undo,
    Redo,
    BringBack,
    NextOpen,
    NextDocument,
    PreviousDocument,
    Skip,
    Flag,
    ModelView,
    Learning,
    Learn,
    Mistakes,
    Suspects,
    TakeModel,
    KeepGold,
    Mark,
    WorkMarked,
    Confusion,
    ScoreAgain,
    LeastSureFirst,
    DisagreementsFirst,
    TrainNow,
    Left,
    Right,
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Open,
    Search,
    Filter,
    Split,
    AskSplit,
    MoveTo(Option<Split>),
    Sort,
    Unit,
    Strict,
    Kept,
    OlderRun,
    NewerRun,
    Model,
    AddSentence,
    Aggregation,
    Explain,
    Beside,
    Earlier,
    Later,
    SearchSentences,
    SentenceFile,
    Examples,
    Start,
    Pause,
    StopMenu,
    StopAfterEpoch,
    StopNow,
    Checkpoint,
    NextChart,
    LogScale,
    NextAxis,
    ReadLeft,
    ReadRight,
    ZoomIn,
    ZoomOut,
    PanLeft,
    PanRight,
    WholeAxis,
    Log,
    Compare,
    AskRemove,
    RemoveRun,
    FetchBase,
    AskRepair,
    RepairProject,
    GoOnAs,
    BeginOwn,
    Resume,
    OtherPane,
    View,
    Type,
    Accept,
    CopyText,
    CorrectText,
    UndoCorrection,
    RemoveDocument,
    RestoreDocument,
    NewProject,
    FreshCopy,
    Projects,
    Tutorial,
    Import,
    ImportFile,
    OnDuplicate,
    UndoImport,
    UndoMove,
    ShareOut,
    Export,
    WriteExport,
    ExportScheme,
    OnLoss,
    ExportSkipping,
    ExportSnapping,
    Go(Screen),
    NextScreen,
    PreviousScreen,
    Palette,
    Help,
    Page(Topic),
    Back,
    Save,
    Redraw,
    Suspend,
    Quit,
    QuitNow,
    QuitStop,
    QuitKeep,
}

/// The row of a command in the whole table.
#[derive(Clone, Debug)]
pub struct CommandInfo {
    /// Its identity.
    /// Several panels may have a row for the same command, such as [`Command::Open`].
    pub command: Command,
    /// Name in config files and in the palette.
    pub name: &'static str,
    /// Word on the key line; rows with the same word share a place there.
    /// Empty: not on the key line.
    pub hint: &'static str,
    /// One sentence without its full stop.
    pub doc: &'static str,
    /// Contexts in which it can be given, each with its default keys.
    /// Keys are separated by a blank.
    pub keys: Vec<(Context, &'static str)>,
    /// The type of the panel that carries it out.
    pub owner: TypeId,
}

impl CommandInfo {
    /// The contexts in which it can be given.
    pub fn contexts(&self) -> impl Iterator<Item = Context> {
        self.keys.iter().map(|(context, _)| *context)
    }

    /// Whether it can be given in `context`, or everywhere.
    pub fn fits(&self, context: Context) -> bool {
        self.contexts().any(|known| known == context || known == Context::Everywhere)
    }
}

impl Command {
    /// Whether it changes annotations or documents.
    /// Then the key line does not offer it in a project that can only be read; its key says why it does nothing there.
    pub fn changes_annotations(self) -> bool {
        matches!(self, Self::Label(_) | Self::Arm(_) | Self::Note | Self::Occurrences | Self::MoreLabels | Self::Apply)
            || matches!(self, Self::Lengthen | Self::Shorten | Self::LengthenLeft | Self::ShortenLeft | Self::Extend)
            || matches!(self, Self::Take | Self::TakeAll | Self::RejectAll | Self::Remove | Self::Nest)
            || matches!(self, Self::Undo | Self::Redo | Self::BringBack)
            || matches!(self, Self::Done | Self::AcceptDone | Self::Skip | Self::Flag)
            || matches!(self, Self::CorrectText | Self::UndoCorrection | Self::RemoveDocument | Self::RestoreDocument)
            || matches!(self, Self::AskSplit | Self::MoveTo(_) | Self::ShareOut | Self::UndoMove)
            || matches!(self, Self::TakeModel | Self::AddSentence | Self::UndoImport)
    }

    /// Whether it only moves the cursor of a list or a text.
    pub fn is_move(self) -> bool {
        matches!(self, Self::Up | Self::Down | Self::PageUp | Self::PageDown | Self::First | Self::Last)
    }
}
