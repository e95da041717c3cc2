//! Every command, once: its name, its word on the key line, its sentence, and where it can be given. The key line, the
//! help and the palette read this table; keys name commands in [`keymap`](super::keymap).

pub use super::context::Context;

use super::{annotators::Reading, pages::Topic, state::Screen, suggestions::Adviser};

/// What can be asked of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each has its sentence in COMMANDS")]
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
    Reading(Reading),
    TakeAgreed,
    Judge,
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
    Adviser(Adviser),
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
    Part,
    Sort,
    Unit,
    Strict,
    Kept,
    OlderRun,
    NewerRun,
    Model,
    Earlier,
    Later,
    Start,
    Pause,
    StopMenu,
    StopAfterEpoch,
    StopNow,
    Checkpoint,
    NextChart,
    Log,
    Compare,
    AskRemove,
    RemoveRun,
    Resume,
    OtherPane,
    View,
    Type,
    Accept,
    CopyText,
    NewProject,
    FreshCopy,
    Projects,
    Tutorial,
    Import,
    Export,
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

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct CommandInfo {
    /// Which command.
    pub id: Command,
    /// The name in config files and in the palette.
    pub name: &'static str,
    /// The word on the key line; rows with the same word share a place there. Empty: not on the key line.
    pub hint: &'static str,
    /// One sentence without its full stop.
    pub doc: &'static str,
    /// Where it can be given.
    pub contexts: &'static [Context],
}

const fn row(
    id: Command,
    name: &'static str,
    hint: &'static str,
    doc: &'static str,
    contexts: &'static [Context],
) -> CommandInfo {
    CommandInfo { id, name, hint, doc, contexts }
}

const APPLY: &[Context] = &[Context::Occurrences, Context::History, Context::LabelEditor];
const LABELS: &[Context] = &[Context::LabelEditor];
const ANNOTATORS: &[Context] = &[Context::Annotators];
const UNDO: &[Context] = &[Context::Tag, Context::Annotators];
const TAG: &[Context] = &[Context::Tag];
const ANY: &[Context] = &[Context::Everywhere];
const LISTS: &[Context] = &[
    Context::Typing,
    Context::Tag,
    Context::Documents,
    Context::Train,
    Context::Evaluate,
    Context::Explore,
    Context::Welcome,
    Context::Form,
    Context::Palette,
    Context::Help,
    Context::Occurrences,
    Context::History,
    Context::LabelEditor,
    Context::Annotators,
];
const LONG: &[Context] = &[
    Context::Tag,
    Context::Documents,
    Context::Train,
    Context::Evaluate,
    Context::Explore,
    Context::Palette,
    Context::Help,
    Context::Occurrences,
    Context::History,
    Context::Annotators,
];
const ENDS: &[Context] = &[
    Context::Tag,
    Context::Documents,
    Context::Train,
    Context::Evaluate,
    Context::Explore,
    Context::Palette,
    Context::Help,
    Context::Welcome,
    Context::Occurrences,
    Context::History,
    Context::LabelEditor,
    Context::Annotators,
];

/// All commands, most used first: that is the order of the key line.
pub static COMMANDS: &[CommandInfo] = &[
    row(
        Command::Reading(Reading::Annotator(0)),
        "reading-a",
        "theirs",
        "Decide for what the annotator of this letter says",
        ANNOTATORS,
    ),
    row(
        Command::Reading(Reading::Annotator(1)),
        "reading-b",
        "theirs",
        "Decide for what the annotator of this letter says",
        ANNOTATORS,
    ),
    row(
        Command::Reading(Reading::Annotator(2)),
        "reading-c",
        "theirs",
        "Decide for what the annotator of this letter says",
        ANNOTATORS,
    ),
    row(
        Command::Reading(Reading::Annotator(3)),
        "reading-d",
        "theirs",
        "Decide for what the annotator of this letter says",
        ANNOTATORS,
    ),
    row(
        Command::Reading(Reading::Annotator(4)),
        "reading-e",
        "theirs",
        "Decide for what the annotator of this letter says",
        ANNOTATORS,
    ),
    row(
        Command::Reading(Reading::Annotator(5)),
        "reading-f",
        "theirs",
        "Decide for what the annotator of this letter says",
        ANNOTATORS,
    ),
    row(
        Command::Reading(Reading::Annotator(6)),
        "reading-g",
        "theirs",
        "Decide for what the annotator of this letter says",
        ANNOTATORS,
    ),
    row(
        Command::Reading(Reading::Model),
        "reading-model",
        "model's",
        "Decide for what the model finds here",
        ANNOTATORS,
    ),
    row(Command::Reading(Reading::Nothing), "reading-nothing", "nothing", "Decide that nothing is here", ANNOTATORS),
    row(
        Command::TakeAgreed,
        "take-agreed",
        "what all say",
        "Take over what all annotators say, of all documents",
        ANNOTATORS,
    ),
    row(Command::Judge, "judge", "decide", "Open the project as gold, who decides; or as you again", ANNOTATORS),
    row(
        Command::StopAfterEpoch,
        "stop-after-epoch",
        "after this epoch",
        "End the run when this epoch is complete, and keep its model",
        &[Context::StopMenu],
    ),
    row(
        Command::StopNow,
        "stop-now",
        "now",
        "End the run after this step, score it and keep its model",
        &[Context::StopMenu],
    ),
    row(Command::QuitNow, "quit-now", "leave", "Leave without waiting for anything more", &[Context::QuitMenu]),
    row(
        Command::QuitStop,
        "quit-stop",
        "stop it and leave",
        "End the run, keep its model, then leave",
        &[Context::QuitMenu],
    ),
    row(
        Command::QuitKeep,
        "quit-keep",
        "leave, it goes on",
        "Leave the screen and let the run go on",
        &[Context::QuitMenu],
    ),
    row(Command::RemoveRun, "remove-now", "remove it", "Remove the run with its model", &[Context::RemoveMenu]),
    row(Command::Start, "start", "start", "Start a training with the settings shown", &[Context::Train]),
    row(Command::Pause, "pause", "pause", "Pause the run, or let it go on", &[Context::Train]),
    row(Command::StopMenu, "stop", "stop", "Ask how to end the run", &[Context::Train]),
    row(
        Command::Checkpoint,
        "checkpoint",
        "checkpoint",
        "Write the model as it is now; the run goes on",
        &[Context::Train],
    ),
    row(
        Command::NextChart,
        "next-chart",
        "next chart",
        "Draw other curves: loss, F1, learning rate, labels",
        &[Context::Train],
    ),
    row(Command::Log, "log", "log", "Show the end of the run's log, or its curves", &[Context::Train]),
    row(
        Command::Open,
        "open",
        "open",
        "Open, change or run what the cursor is on",
        &[Context::Documents, Context::Train, Context::Welcome, Context::Palette, Context::Annotators],
    ),
    row(Command::Search, "search", "search", "Search the documents' texts and ids", &[Context::Documents]),
    row(
        Command::Filter,
        "filter",
        "status",
        "Show only those of the next status",
        &[Context::Documents, Context::Annotators],
    ),
    row(Command::Unit, "count-unit", "word, piece", "Count per word, or per word piece", &[Context::Evaluate]),
    row(Command::Strict, "strict", "strict", "Count leniently, or strictly", &[Context::Evaluate]),
    row(Command::Part, "part", "part", "Show the next part of the data", &[Context::Documents, Context::Evaluate]),
    row(
        Command::Kept,
        "kept-or-last",
        "kept, last",
        "Show the evaluation of the kept weights, or the last",
        &[Context::Evaluate],
    ),
    row(Command::OlderRun, "older-run", "run", "Show the run before this one", &[Context::Evaluate]),
    row(Command::NewerRun, "newer-run", "run", "Show the run after this one", &[Context::Evaluate]),
    row(Command::Sort, "sort", "sort", "Sort the list another way", &[Context::Documents, Context::Evaluate]),
    row(Command::Compare, "compare", "compare", "Lay another run beside the one that is open", &[Context::Train]),
    row(Command::View, "view-run", "curves", "Show the curves of a run, or the settings", &[Context::Train]),
    row(Command::OtherPane, "other-pane", "runs", "Show the list of runs, or the settings", &[Context::Train]),
    row(Command::Resume, "resume-run", "go on", "Go on with an interrupted run from its checkpoint", &[Context::Train]),
    row(Command::AskRemove, "remove-run", "remove", "Remove a run with its model; asks first", &[Context::Train]),
    row(Command::Type, "type", "type", "Go into the text field", &[Context::Explore]),
    row(Command::Accept, "accept", "ok", "Take what the text field says, and go on", &[Context::Typing, Context::Form]),
    row(Command::Model, "model", "model", "Ask the model of another run", &[Context::Explore, Context::Typing]),
    row(
        Command::Earlier,
        "earlier-sentence",
        "earlier",
        "Bring back the sentence typed before",
        &[Context::Explore, Context::Typing],
    ),
    row(
        Command::Later,
        "later-sentence",
        "",
        "Bring back the sentence typed after it",
        &[Context::Explore, Context::Typing],
    ),
    row(Command::NewProject, "new-project", "new", "Make a project of your own texts", &[Context::Welcome]),
    row(
        Command::FreshCopy,
        "fresh-copy",
        "fresh copy",
        "Make a fresh copy of the sample and open it",
        &[Context::Welcome],
    ),
    row(Command::Label(1), "label-1", "", "Label the word or the selection, or relabel the span", TAG),
    row(Command::Label(2), "label-2", "", "Label the word or the selection, or relabel the span", TAG),
    row(Command::Label(3), "label-3", "", "Label the word or the selection, or relabel the span", TAG),
    row(Command::Label(4), "label-4", "", "Label the word or the selection, or relabel the span", TAG),
    row(Command::Label(5), "label-5", "", "Label the word or the selection, or relabel the span", TAG),
    row(Command::Label(6), "label-6", "", "Label the word or the selection, or relabel the span", TAG),
    row(Command::Label(7), "label-7", "", "Label the word or the selection, or relabel the span", TAG),
    row(Command::Label(8), "label-8", "", "Label the word or the selection, or relabel the span", TAG),
    row(Command::Label(9), "label-9", "", "Label the word or the selection, or relabel the span", TAG),
    row(Command::Done, "done", "done", "Mark the document done without suggestions, go to the next", TAG),
    row(
        Command::AcceptDone,
        "accept-done",
        "take all, done",
        "Take all suggestions, mark it done, go to the next",
        TAG,
    ),
    row(Command::NextWord, "next-word", "next", "Go to the next content word without a label", TAG),
    row(Command::Lengthen, "lengthen", "edge", "Lengthen the span by a word at its right edge", TAG),
    row(Command::Shorten, "shorten", "edge", "Shorten the span by a word at its right edge", TAG),
    row(Command::Extend, "extend", "extend", "Lengthen the span over the content words that follow", TAG),
    row(Command::Remove, "remove", "remove", "Remove the span, or turn down the suggestion", TAG),
    row(Command::Undo, "undo", "undo", "Take back the last action, over documents and restarts too", UNDO),
    row(Command::Take, "take", "take", "Take the suggestion under the cursor", TAG),
    row(Command::Select, "select", "select", "Start a selection, or end it; an armed label labels it", TAG),
    row(Command::TrainNow, "train-now", "train", "Train now with the last settings", TAG),
    row(Command::Apply, "apply", "do it", "Do what the list says at its foot", APPLY),
    row(Command::Choose, "choose", "choose", "Choose the place of the row, or leave it", &[Context::Occurrences]),
    row(Command::ChooseAll, "choose-all", "all, none", "Choose all places, or none", &[Context::Occurrences]),
    row(Command::Scope, "scope", "where", "Look in fewer or more documents", &[Context::Occurrences]),
    row(Command::Occurrences, "tag-all", "same words", "Tag the same words elsewhere; shows them first", TAG),
    row(Command::TakeAll, "take-all", "take all", "Take all suggestions on this document", TAG),
    row(Command::NextSuggestion, "next-suggestion", "suggestion", "Go to the next suggestion", TAG),
    row(Command::PreviousSuggestion, "previous-suggestion", "suggestion", "Go to the suggestion before", TAG),
    row(Command::Redo, "redo", "redo", "Do again what was taken back", UNDO),
    row(Command::BringBack, "bring-back", "", "Do again what was taken back and then given up", TAG),
    row(Command::NextOpen, "next-open", "to do", "Go to the next document or place that is not decided", UNDO),
    row(Command::NextDocument, "next-document", "document", "Go to the next document", TAG),
    row(Command::PreviousDocument, "previous-document", "document", "Go to the document before", TAG),
    row(Command::Skip, "skip", "skip", "Leave the document out on purpose, go to the next", TAG),
    row(Command::Flag, "flag", "flag", "Flag the document to be talked about, or unflag it", TAG),
    row(
        Command::PreviousWord,
        "previous-word",
        "before",
        "Go back to the content word without a label before this",
        TAG,
    ),
    row(Command::LengthenLeft, "lengthen-left", "left edge", "Lengthen the span by a word at its left edge", TAG),
    row(Command::ShortenLeft, "shorten-left", "left edge", "Shorten the span by a word at its left edge", TAG),
    row(Command::Letters, "characters", "by letter", "Go by characters, for parts of words; or by words again", TAG),
    row(Command::Jump, "jump", "jump", "Go to a word by its letters", TAG),
    row(Command::Note, "note", "note", "Write a note on this document", TAG),
    row(Command::History, "history", "history", "Show all that was done, and go back to any moment", TAG),
    row(Command::MoreLabels, "more-labels", "more labels", "Show the labels that have a letter, and give one", TAG),
    row(Command::NextSpan, "next-span", "span", "Go to the next span", TAG),
    row(Command::PreviousSpan, "previous-span", "span", "Go to the span before", TAG),
    row(Command::RejectAll, "reject-all", "reject all", "Turn down all suggestions on this document", TAG),
    row(Command::RaiseBar, "raise-bar", "surer, more", "Show only suggestions that are surer by .1", TAG),
    row(Command::LowerBar, "lower-bar", "surer, more", "Show suggestions that are less sure by .1, too", TAG),
    row(Command::Adviser(Adviser::Model), "suggest-model", "", "Let the model suggest, or not", TAG),
    row(Command::Adviser(Adviser::Gazetteer), "suggest-tagged", "", "Let what was tagged before suggest, or not", TAG),
    row(Command::Adviser(Adviser::Patterns), "suggest-patterns", "", "Let the project's patterns suggest, or not", TAG),
    row(Command::Nest, "nest", "nest", "Let the next label nest with spans, not replace them", TAG),
    row(Command::Arm(1), "arm-1", "", "Arm the label: selections get it until it is put down", TAG),
    row(Command::Arm(2), "arm-2", "", "Arm the label: selections get it until it is put down", TAG),
    row(Command::Arm(3), "arm-3", "", "Arm the label: selections get it until it is put down", TAG),
    row(Command::Arm(4), "arm-4", "", "Arm the label: selections get it until it is put down", TAG),
    row(Command::Arm(5), "arm-5", "", "Arm the label: selections get it until it is put down", TAG),
    row(Command::Arm(6), "arm-6", "", "Arm the label: selections get it until it is put down", TAG),
    row(Command::Arm(7), "arm-7", "", "Arm the label: selections get it until it is put down", TAG),
    row(Command::Arm(8), "arm-8", "", "Arm the label: selections get it until it is put down", TAG),
    row(Command::Arm(9), "arm-9", "", "Arm the label: selections get it until it is put down", TAG),
    row(Command::Left, "left", "", "Go left by a word", &[Context::Tag, Context::Explore]),
    row(Command::Right, "right", "", "Go right by a word", &[Context::Tag, Context::Explore]),
    row(Command::Up, "up", "", "Go up by a line", LISTS),
    row(Command::Down, "down", "", "Go down by a line", LISTS),
    row(Command::PageUp, "page-up", "", "Go up by a page", LONG),
    row(Command::PageDown, "page-down", "", "Go down by a page", LONG),
    row(Command::First, "first", "", "Go to the start", ENDS),
    row(Command::Last, "last", "", "Go to the end", ENDS),
    row(Command::CopyText, "copy", "", "Copy the document's text to the clipboard", TAG),
    row(Command::AddLabel, "add-label", "add", "Add a label", LABELS),
    row(Command::RenameLabel, "rename-label", "rename", "Give the label another name; spans keep it", LABELS),
    row(Command::KeyLabel, "label-key", "key", "Give the label another key", LABELS),
    row(Command::GuideLabel, "label-guide", "guide", "Write what the annotator should know about it", LABELS),
    row(Command::RecolorLabel, "label-colour", "colour", "Give the label the next colour", LABELS),
    row(Command::LabelLeft, "label-left", "move", "Move the label to the left on the label bar", LABELS),
    row(Command::LabelRight, "label-right", "move", "Move the label to the right on the label bar", LABELS),
    row(Command::MergeLabel, "merge-label", "merge", "Merge the label with another one", LABELS),
    row(Command::RemoveLabel, "remove-label", "remove", "Remove the label with its spans; asks first", LABELS),
    row(Command::Annotators, "annotators", "", "Compare the annotators, and decide where they differ", ANY),
    row(Command::EditLabels, "labels", "", "Add, rename, merge and remove labels", ANY),
    row(Command::Import, "import", "", "Bring texts from a file into the project", ANY),
    row(Command::Export, "export", "", "Write the project in another format", ANY),
    row(Command::Tutorial, "tutorial", "", "Take up the tutorial, or put it away", ANY),
    row(Command::Projects, "projects", "", "Close this project and go to the list of projects", ANY),
    row(Command::Go(Screen::Tag), "go-tag", "", "Go to the Tag screen", ANY),
    row(Command::Go(Screen::Documents), "go-documents", "", "Go to the Documents screen", ANY),
    row(Command::Go(Screen::Train), "go-train", "", "Go to the Train screen", ANY),
    row(Command::Go(Screen::Evaluate), "go-evaluate", "", "Go to the Evaluate screen", ANY),
    row(Command::Go(Screen::Explore), "go-explore", "", "Go to the Explore screen", ANY),
    row(Command::NextScreen, "next-screen", "screen", "Go to the next screen", ANY),
    row(Command::PreviousScreen, "previous-screen", "", "Go to the screen before", ANY),
    row(Command::Back, "back", "back", "Close, put down or leave what is in front", ANY),
    row(Command::Palette, "palette", "commands", "Find a command by its name", ANY),
    row(Command::Save, "save", "save", "Try again to write what is not saved yet", ANY),
    row(Command::Redraw, "redraw", "", "Draw the whole screen again", ANY),
    row(Command::Suspend, "suspend", "", "Give the terminal back to the shell for a while", ANY),
    row(Command::Quit, "quit", "quit", "Leave; asks first when a training runs or work is not saved", ANY),
    row(Command::Help, "help", "more", "Show what the keys do at this moment", ANY),
    row(Command::Page(Topic::Tag), "help-tag", "", "Read about tagging with the keys", ANY),
    row(Command::Page(Topic::Bio), "help-bio", "", "Read about spans, tags and word pieces", ANY),
    row(Command::Page(Topic::Metrics), "help-metrics", "", "Read about precision, recall and F1", ANY),
    row(Command::Page(Topic::Recipe), "help-recipe", "", "Read about the settings of a training", ANY),
    row(Command::Page(Topic::Formats), "help-formats", "", "Read about file formats", ANY),
    row(Command::Page(Topic::Ssh), "help-ssh", "", "Read about working at the far end of a line", ANY),
    row(Command::Page(Topic::Hub), "help-hub", "", "Read about fetching and sending models", ANY),
];

impl Command {
    /// The command's row.
    pub fn info(self) -> Option<&'static CommandInfo> {
        COMMANDS.iter().find(|row| row.id == self)
    }

    /// The command with this name.
    pub fn find(name: &str) -> Option<Self> {
        COMMANDS.iter().find(|row| row.name == name).map(|row| row.id)
    }

    /// Whether it is about the open project, and means nothing without one.
    pub fn needs_project(self) -> bool {
        matches!(
            self,
            Self::Import
                | Self::Annotators
                | Self::EditLabels
                | Self::Export
                | Self::Projects
                | Self::Go(_)
                | Self::NextScreen
                | Self::PreviousScreen
                | Self::Save
        )
    }

    /// Whether it only moves a cursor.
    pub fn is_move(self) -> bool {
        matches!(
            self,
            Self::Left
                | Self::Right
                | Self::Up
                | Self::Down
                | Self::PageUp
                | Self::PageDown
                | Self::First
                | Self::Last
                | Self::NextScreen
                | Self::PreviousScreen
        )
    }

    /// Whether it can be given in `context` or everywhere.
    pub fn fits(self, context: Context) -> bool {
        self.info().is_some_and(|row| row.contexts.contains(&context) || row.contexts.contains(&Context::Everywhere))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_and_commands_are_unique() {
        let names: HashSet<_> = COMMANDS.iter().map(|row| row.name).collect();
        let ids: HashSet<_> = COMMANDS.iter().map(|row| row.id).collect();
        assert_eq!((names.len(), ids.len()), (COMMANDS.len(), COMMANDS.len()));
    }

    #[test]
    fn docs_are_sentences_without_a_full_stop() {
        for row in COMMANDS {
            assert!(row.doc.starts_with(char::is_uppercase) && !row.doc.ends_with('.'), "{}: {}", row.name, row.doc);
            assert!(row.doc.len() <= 60 && row.hint.len() <= 18, "{} is too long", row.name);
            assert!(!row.contexts.is_empty(), "{} can be given nowhere", row.name);
        }
    }
}
