//! A panel is a screen or an overlay.
//! It owns its state, its rows of the command table, its text field and its list.
//!
//! Panels never name each other. A panel asks for everything outside itself with an [`Outcome`]: effects for the outside
//! world and at most one [`Request`], which [`update`](super::update()) resolves. State of several panels is in the
//! [`Session`].

use std::any::TypeId;

use crate::{
    runs::Settings,
    spans::{OnDuplicate, ReviewFilter, Split},
};

use super::{
    command::{Command, CommandInfo, Context},
    effect::Effect,
    event::FetchOffer,
    exchange::{AddedSentence, SentenceRequest},
    key::Key,
    list::ListCursor,
    pointer::{Gesture, Target},
    prompts::Prompt,
    screen::Screen,
    session::Session,
};

/// Whether a command works now; if not, the reason shown to the user.
/// An empty reason shows nothing.
pub type Check = Result<(), &'static str>;

/// One command of a panel: everything about it in one place.
pub struct Row<P: 'static> {
    /// Its identity, by which keys and other code refer to it.
    pub command: Command,
    /// Name in config files and in the palette.
    pub name: &'static str,
    /// Word on the key line; rows with the same word share a place there.
    /// Empty: not on the key line.
    pub hint: &'static str,
    /// One sentence without its full stop, at most 60 characters.
    pub doc: &'static str,
    /// Contexts in which it can be given, each with its default keys.
    /// Keys are separated by a blank; without keys it is only in the palette.
    pub keys: &'static [(Context, &'static str)],
    /// Whether it works now.
    pub when: fn(&P, &Session) -> Check,
    /// Carries it out.
    pub run: fn(&mut P, &mut Session) -> Outcome,
}

impl<P> Row<P> {
    /// Makes a row whose command always works; see [`Self::when`].
    pub const fn new(
        command: Command,
        name: &'static str,
        hint: &'static str,
        doc: &'static str,
        keys: &'static [(Context, &'static str)],
        run: fn(&mut P, &mut Session) -> Outcome,
    ) -> Self {
        Self { command, name, hint, doc, keys, when: |_, _| Ok(()), run }
    }

    /// The same with a condition.
    pub const fn when(self, when: fn(&P, &Session) -> Check) -> Self {
        let Self { command, name, hint, doc, keys, run, .. } = self;
        Self { command, name, hint, doc, keys, when, run }
    }

    /// The row without the panel's type, for the whole table.
    pub(super) fn info(&self) -> CommandInfo {
        let Self { command, name, hint, doc, keys, .. } = *self;
        CommandInfo { command, name, hint, doc, keys: keys.to_vec(), owner: TypeId::of::<P>() }
    }
}

/// A command that opens an overlay of type `P`.
pub struct Opener<P: 'static> {
    /// Its identity.
    pub command: Command,
    /// Name in config files and in the palette.
    pub name: &'static str,
    /// Word on the key line; empty: not on the key line.
    pub hint: &'static str,
    /// One sentence without its full stop, at most 60 characters.
    pub doc: &'static str,
    /// Contexts in which it can be given, each with its default keys.
    pub keys: &'static [(Context, &'static str)],
    /// Whether it works now.
    pub when: fn(&NoPanel, &Session) -> Check,
    /// Makes the overlay, or shows a message that says why not.
    pub open: fn(&mut Session) -> Opening<P>,
}

/// The owner of commands that belong to no panel.
/// Those that work everywhere and those that open an overlay.
pub struct NoPanel;

impl<P> Opener<P> {
    pub(super) fn info(&self) -> CommandInfo {
        let Self { command, name, hint, doc, keys, .. } = *self;
        CommandInfo { command, name, hint, doc, keys: keys.to_vec(), owner: TypeId::of::<NoPanel>() }
    }
}

/// Result of an [`Opener`].
pub struct Opening<P> {
    /// The overlay; `None` where there is nothing to show.
    pub panel: Option<P>,
    /// Effects that it asks for.
    pub effects: Vec<Effect>,
}

impl<P> From<P> for Opening<P> {
    fn from(panel: P) -> Self {
        Self { panel: Some(panel), effects: Vec::new() }
    }
}

impl<P> From<Option<P>> for Opening<P> {
    fn from(panel: Option<P>) -> Self {
        Self { panel, effects: Vec::new() }
    }
}

/// Consequences of a command, key or other input in a panel.
#[must_use]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// For the outside world, in order.
    pub effects: Vec<Effect>,
    /// Whether the overlay in front is closed, before the request is resolved.
    pub close: bool,
    /// For another part of the program.
    pub request: Option<Request>,
}

impl Outcome {
    /// Nothing more to do.
    pub fn none() -> Self {
        Self::default()
    }

    /// Closes the overlay in front.
    pub fn close() -> Self {
        Self { close: true, ..Self::default() }
    }

    /// The same with a request.
    pub fn and(self, request: Request) -> Self {
        Self { request: Some(request), ..self }
    }

    /// The same with more effects.
    pub fn then(mut self, effects: impl IntoIterator<Item = Effect>) -> Self {
        self.effects.extend(effects);
        self
    }
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<Effect> for Outcome {
    fn from(effect: Effect) -> Self {
        Self::from(vec![effect])
    }
}

impl From<Option<Effect>> for Outcome {
    fn from(effect: Option<Effect>) -> Self {
        Self::from(Vec::from_iter(effect))
    }
}

impl From<Vec<Effect>> for Outcome {
    fn from(effects: Vec<Effect>) -> Self {
        Self { effects, ..Self::default() }
    }
}

impl From<Request> for Outcome {
    fn from(request: Request) -> Self {
        Self { request: Some(request), ..Self::default() }
    }
}

/// Request of a panel to another part of the program.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Go to a screen.
    Go(Screen),
    /// Carry out a command where it belongs.
    Run(Command),
    /// Go to the screen of a command, and show the key that gives it there.
    Find(Screen, Command),
    /// Follow a run: its curves and scores are shown.
    Follow(String),
    /// Show the menu for stopping the run.
    AskStop,
    /// Ask before this run is removed.
    AskRemoval(String),
    /// Ask to which split a document is moved.
    AskSplit {
        /// Its place.
        document: usize,
        /// Places of the documents that can be moved with it.
        shown: Vec<usize>,
    },
    /// Show the mistakes of the followed run on a split, those that are chosen.
    /// `None` for those of the list that is there.
    ShowMistakes(ReviewFilter, Option<Split>),
    /// Show the sentences of the validation split that only one of two runs has right: the older run, and the newer one.
    ShowChanges([String; 2]),
    /// Show the kinds of mistakes of the followed run on a split, and which labels are confused.
    /// `None` for those of the list that is there.
    ShowConfusion(Option<Split>),
    /// Ask whether a base is downloaded for a training with these settings.
    AskFetch(Box<(FetchOffer, Settings)>),
    /// Ask whether this project is repaired.
    AskRepair {
        /// The project, by [`WelcomeItem::path`](super::event::WelcomeItem).
        path: String,
        /// Its name.
        name: String,
        /// Steps of the repair, one sentence each.
        steps: Vec<String>,
    },
    /// Another model suggests now: panels that show answers of a model ask it again.
    ModelChanged,
    /// Import a file into the open project.
    Import {
        /// Path of the file, as typed.
        file: String,
        /// Fingerprint of the contents that the user has confirmed.
        fingerprint: u64,
        /// Treatment of documents whose ids are in use.
        on_duplicate: OnDuplicate,
    },
    /// Take back the last import into the open project.
    UndoImport,
    /// Bring sentences to the Explore screen.
    Explore(SentenceRequest),
    /// Add a sentence with its spans to the project.
    AddSentence(Box<AddedSentence>),
    /// Open the project again for this annotator.
    /// `None` for the one who opened it first.
    OpenAs(Option<String>),
    /// Open the project again for this annotator, whose work the user goes on with from now on.
    WorkAs(String),
    /// Take what the text field in front holds.
    Accept,
    /// Close, put down or leave what is in front.
    Back,
    /// Leave the program, after saving.
    Quit,
    /// Close the project, after saving.
    LeaveProject,
    /// Show or hide the tutorial.
    Tutorial,
}

/// A screen or an overlay. Every method has a default for what a panel may lack.
pub trait Panel {
    /// Identity of the panel's type, the same as in its rows of the table.
    fn owner(&self) -> TypeId;

    /// Carries out a command of the panel's own rows; `None` if it has no such row.
    fn run(&mut self, command: Command, session: &mut Session) -> Option<Outcome>;

    /// Whether a command of the panel's own rows works now; an unknown one does not.
    fn check(&self, command: Command, session: &Session) -> Check;

    /// The context that gets the keys.
    fn context(&self, session: &Session) -> Context;

    /// Word on the key line in place of the row's own, where it depends on the moment.
    fn hint(&self, _command: Command, _session: &Session) -> Option<&'static str> {
        None
    }

    /// Takes a key before it is looked up, such as the letter of a label.
    fn press(&mut self, _key: Key, _session: &mut Session) -> Option<Outcome> {
        None
    }

    /// The text field that gets the printable keys.
    /// Its text is in [`Session::prompts`].
    fn prompt(&self) -> Option<Prompt> {
        None
    }

    /// All text fields that are open, which are left and answered together.
    fn prompts(&self) -> Vec<Prompt> {
        self.prompt().into_iter().collect()
    }

    /// Whether the answer is being carried out, so that its text stays as it is.
    fn is_answered(&self) -> bool {
        false
    }

    /// Follows a change of the text field.
    fn typed(&mut self, _session: &mut Session) -> Outcome {
        Outcome::none()
    }

    /// Takes a pasted text in a way of its own; `None` if it goes into the text field.
    fn paste(&mut self, _text: &str, _session: &mut Session) -> Option<Outcome> {
        None
    }

    /// Takes what the text field holds.
    /// If the field is closed by that, its text is forgotten afterwards.
    fn accept(&mut self, _session: &mut Session) -> Outcome {
        Outcome::none()
    }

    /// The list that move commands and the mouse go through.
    fn list(&mut self, _session: &Session) -> Option<ListCursor<'_>> {
        None
    }

    /// Carries out a move command. By default it moves the cursor of the list.
    fn travel(&mut self, command: Command, session: &mut Session) -> Outcome {
        match self.list(session).is_some_and(|list| list.travel(command)) {
            true => self.arrived(session),
            false => Outcome::none(),
        }
    }

    /// Follows a move of the list's cursor.
    fn arrived(&mut self, _session: &mut Session) -> Outcome {
        Outcome::none()
    }

    /// Takes a gesture of the mouse; `None` leaves it to the list.
    fn pointer(&mut self, _gesture: Gesture, _target: Option<Target>, _session: &mut Session) -> Option<Outcome> {
        None
    }

    /// The command that a second click on a row of the list gives.
    fn click(&self) -> Option<Command> {
        Some(Command::Open)
    }

    /// Comes to the front.
    fn enter(&mut self, _session: &mut Session) -> Outcome {
        Outcome::none()
    }

    /// Leaves the front because another screen or overlay comes.
    fn leave(&mut self, _session: &mut Session) {}

    /// Whether the panel holds something that "back" puts down, besides its text field.
    fn holds(&self, _session: &Session) -> bool {
        false
    }

    /// Puts down what the panel holds: a text field first, then what else there is.
    /// False: nothing is held, and an overlay is closed.
    fn back(&mut self, _session: &mut Session) -> bool {
        false
    }

    /// Next step for the user, as one line; `None` where nothing is certain.
    fn next_step(&self, _session: &Session) -> Option<String> {
        None
    }

    /// Asks the model again: another one suggests now.
    fn model_changed(&mut self, _session: &mut Session) -> Vec<Effect> {
        Vec::new()
    }
}

/// The panel's part of the command table.
pub trait Commands: Panel + Sized + 'static {
    /// Its commands, most used first: that is the order of the key line.
    const ROWS: &'static [Row<Self>] = &[];
    /// Context of its move commands, and their default keys.
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[];

    /// All rows, the moves last.
    fn infos() -> Vec<CommandInfo> {
        let moves =
            Self::MOVES.iter().flat_map(|(context, keys)| super::list::infos(*context, keys, TypeId::of::<Self>()));
        Self::ROWS.iter().map(Row::info).chain(moves).collect()
    }
}

/// The commands that open an overlay.
pub trait Opens: Sized + 'static {
    /// Those commands.
    const OPENERS: &'static [Opener<Self>] = &[];

    /// Their rows.
    fn openers() -> Vec<CommandInfo> {
        Self::OPENERS.iter().map(Opener::info).collect()
    }
}

/// Carries out a command of these rows.
pub fn run_row<P>(panel: &mut P, rows: &[Row<P>], command: Command, session: &mut Session) -> Option<Outcome> {
    let row = rows.iter().find(|row| row.command == command)?;
    Some((row.run)(panel, session))
}

/// Whether a command of these rows works now.
pub fn check_row<P>(panel: &P, rows: &[Row<P>], command: Command, session: &Session) -> Check {
    rows.iter().find(|row| row.command == command).map_or(Err(""), |row| (row.when)(panel, session))
}

/// The methods of [`Panel`] that read the panel's own rows.
macro_rules! own_rows {
    () => {
        fn owner(&self) -> std::any::TypeId {
            std::any::TypeId::of::<Self>()
        }

        fn run(
            &mut self,
            command: $crate::app::command::Command,
            session: &mut $crate::app::session::Session,
        ) -> Option<$crate::app::panel::Outcome> {
            $crate::app::panel::run_row(self, <Self as $crate::app::panel::Commands>::ROWS, command, session)
        }

        fn check(
            &self,
            command: $crate::app::command::Command,
            session: &$crate::app::session::Session,
        ) -> $crate::app::panel::Check {
            $crate::app::panel::check_row(self, <Self as $crate::app::panel::Commands>::ROWS, command, session)
        }
    };
}
pub(in crate::app) use own_rows;
