//! All that the screens show, and all that `update` changes.

use crate::text::width::Glyphs;

use super::{
    documents::Documents,
    evaluate::Evaluate,
    event::{Level, Message},
    explore::Explore,
    keymap::Keymap,
    overlay::Overlay,
    project::Project,
    tag::Tag,
    train::Train,
    tutorial::Tutorial,
    welcome::{self, Welcome},
};

/// The five screens, in the order of `tab`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Screen {
    /// Labelling one document.
    #[default]
    Tag,
    /// The list of documents.
    Documents,
    /// Settings, the live run, all runs.
    Train,
    /// What an evaluation says.
    Evaluate,
    /// Typing sentences for the model.
    Explore,
}

impl Screen {
    /// All screens, in the order of `tab`.
    pub const ALL: [Self; 5] = [Self::Tag, Self::Documents, Self::Train, Self::Evaluate, Self::Explore];

    /// The name shown for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tag => "Tag",
            Self::Documents => "Documents",
            Self::Train => "Train",
            Self::Evaluate => "Evaluate",
            Self::Explore => "Explore",
        }
    }

    /// The screen after this one, round the end.
    pub fn next(self) -> Self {
        self.moved(1)
    }

    /// The screen before this one, round the end.
    pub fn previous(self) -> Self {
        self.moved(Self::ALL.len() - 1)
    }

    fn moved(self, by: usize) -> Self {
        let at = Self::ALL.iter().position(|screen| *screen == self).unwrap_or(0);
        Self::ALL[(at + by) % Self::ALL.len()]
    }
}

/// A terminal's size in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Width.
    pub columns: u16,
    /// Height.
    pub rows: u16,
}

/// Classes of terminal size; each has its own layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SizeClass {
    /// Below 60x16: one polite line.
    Tiny,
    /// From 60x16: one pane.
    Compact,
    /// From 80x24: complete.
    Standard,
    /// From 120x40: with side panes.
    Full,
}

impl Size {
    /// The class of this size.
    pub fn class(self) -> SizeClass {
        match (self.columns, self.rows) {
            (120.., 40..) => SizeClass::Full,
            (80.., 24..) => SizeClass::Standard,
            (60.., 16..) => SizeClass::Compact,
            _ => SizeClass::Tiny,
        }
    }

    /// Columns of the side pane and the rule before it; 0 where there is none.
    pub fn side_columns(self) -> usize {
        if self.class() == SizeClass::Full { 42 } else { 0 }
    }

    /// Columns of the text on the Tag screen, between its margins.
    pub fn text_columns(self) -> usize {
        usize::from(self.columns).saturating_sub(self.side_columns() + 4).clamp(1, 100)
    }

    /// Lines of text on the Tag screen, each with its mark row, at least.
    pub fn text_lines(self) -> usize {
        (usize::from(self.rows).saturating_sub(7) / 2).max(1)
    }
}

/// What waits until everything is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// Leaving the program.
    Quit,
    /// Going back to the welcome screen.
    Projects,
}

/// Everything. Drawn by `ui`, changed by [`update`](super::update()) alone.
#[derive(Clone, Debug)]
pub struct State {
    /// The terminal's size.
    pub size: Size,
    /// The screen in front.
    pub screen: Screen,
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// The open project; without one the welcome screen shows.
    pub project: Option<Project>,
    /// The welcome screen.
    pub welcome: Welcome,
    /// The Tag screen.
    pub tag: Tag,
    /// The Documents screen.
    pub documents: Documents,
    /// The Train screen, with the run that is followed.
    pub train: Train,
    /// The Evaluate screen.
    pub evaluate: Evaluate,
    /// The Explore screen.
    pub explore: Explore,
    /// The last thing told.
    pub message: Option<Message>,
    /// Whether a key was pressed since it was told.
    pub(super) seen: bool,
    /// The latest time that an event told, in seconds since 1970, UTC.
    pub now: u64,
    /// The tutorial, if somebody is at it.
    pub tutorial: Option<Tutorial>,
    /// What an import takes over to the project opened anew.
    pub(super) carried: Option<Box<welcome::Carried>>,
    /// The request for the work of all annotators that is not answered yet.
    pub(super) comparing: Option<u64>,
    /// Whether the project is being opened for who decides between annotators.
    pub(super) judging: bool,
    /// What happens as soon as everything is saved.
    pub(super) leaving: Option<Goal>,
    /// What keys mean.
    pub keymap: Keymap,
    /// What the terminal can show: decides how wide a text is, so that the cursor goes over the lines that are drawn.
    pub glyphs: Glyphs,
    generation: u64,
}

impl Default for State {
    fn default() -> Self {
        Self::new(Keymap::default())
    }
}

impl State {
    /// The program as it starts: no project, no size.
    pub fn new(keymap: Keymap) -> Self {
        Self {
            size: Size { columns: 0, rows: 0 },
            screen: Screen::Tag,
            overlay: None,
            project: None,
            welcome: Welcome::default(),
            tag: Tag::default(),
            documents: Documents::default(),
            train: Train::default(),
            evaluate: Evaluate::default(),
            explore: Explore::default(),
            message: None,
            seen: false,
            now: 0,
            tutorial: None,
            carried: None,
            comparing: None,
            judging: false,
            leaving: None,
            keymap,
            glyphs: Glyphs::Unicode,
            generation: 0,
        }
    }

    /// A number that no request had before.
    pub(super) fn next_generation(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// Tells why a key does nothing: never in place of an error.
    pub(super) fn hint(&mut self, text: impl Into<String>) {
        if self.message.as_ref().is_none_or(|message| message.level < Level::Error) {
            self.tell(Level::Info, text);
        }
    }

    /// Tells something. An error stays until it is sent away, or until a key has followed it and there is more to tell.
    pub(super) fn tell(&mut self, level: Level, text: impl Into<String>) {
        let stays = self.message.as_ref().is_some_and(|message| message.level == Level::Error) && !self.seen;
        if level == Level::Error || !stays {
            self.message = Some(Message { level, text: text.into() });
            self.seen = false;
        }
    }
}
