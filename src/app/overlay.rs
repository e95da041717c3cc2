//! What lies over a screen: help, palette, the two questions, and a line to type.

use crate::spans::LabelId;

use super::{
    command::{COMMANDS, Command, Context},
    field::Field,
    keymap::When,
    state::{Screen, State},
};

/// Something over the screen that has the keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// What the keys do at this moment.
    Help {
        /// The first line shown.
        top: usize,
    },
    /// Commands by name.
    Palette {
        /// What is searched for.
        query: Field,
        /// The row of the cursor.
        row: usize,
    },
    /// How to end the run.
    StopMenu,
    /// Whether to leave.
    QuitMenu,
    /// The format to export to.
    Export(Field),
}

/// A row of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is searched in and shown.
    pub name: String,
    /// The keys that do the same.
    pub keys: String,
    /// One sentence.
    pub doc: &'static str,
    /// What enter does.
    pub action: Action,
}

/// What a row of the palette does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A command.
    Command(Command),
    /// Gives this label.
    Label(LabelId),
    /// Arms this label.
    Arm(LabelId),
}

/// The commands and labels that can be given on the screen below the palette and hold `query`'s words.
pub fn entries(state: &State, query: &str) -> Vec<Entry> {
    let (context, facts) = (state.screen_context(), state.facts());
    let commands = COMMANDS.iter().filter(|row| {
        let own = matches!(row.id, Command::Label(_) | Command::Arm(_) | Command::Palette | Command::Back);
        row.id.fits(context) && !own
    });
    let works = |command: Command| {
        let mut bindings = state.keymap.keys(context, command).peekable();
        bindings.peek().is_none() || bindings.any(|binding| binding.when.holds(&facts))
    };
    let commands = commands.filter(|row| works(row.id)).map(|row| Entry {
        name: row.name.to_owned(),
        keys: state.keymap.keys(context, row.id).map(|binding| binding.key.to_string()).collect::<Vec<_>>().join(" "),
        doc: row.doc,
        action: Action::Command(row.id),
    });
    let mut entries: Vec<Entry> = labels(state, When::Documents.holds(&facts)).chain(commands).collect();
    let query = query.to_lowercase();
    entries.retain(|entry| {
        let hay = format!("{} {}", entry.name, entry.doc).to_lowercase();
        query.split_whitespace().all(|word| hay.contains(word))
    });
    // Names that begin with what was typed come first; otherwise the table's order stays.
    entries.sort_by_key(|entry| !entry.name.to_lowercase().starts_with(query.trim()));
    entries
}

fn labels(state: &State, documents: bool) -> impl Iterator<Item = Entry> {
    let tagging = state.screen == Screen::Tag && documents;
    let labels = state.project.iter().filter(move |_| tagging).flat_map(|project| project.labels.iter());
    labels.flat_map(|label| {
        let digit = label.key.filter(char::is_ascii_digit);
        let entry =
            |verb: &str, keys: String, doc, action| Entry { name: format!("{verb} {}", label.name), keys, doc, action };
        [
            entry("label", digit.map(String::from).unwrap_or_default(), "Give this label", Action::Label(label.id)),
            entry(
                "arm",
                digit.map(|digit| format!("shift-{digit}")).unwrap_or_default(),
                "Give this label to every selection until it is put down",
                Action::Arm(label.id),
            ),
        ]
    })
}

impl State {
    /// The context of the screen in front, whatever lies over it.
    pub fn screen_context(&self) -> Context {
        match (&self.project, self.screen) {
            (None, _) => Context::Welcome,
            (_, Screen::Tag) => Context::Tag,
            (_, Screen::Documents) => Context::Documents,
            (_, Screen::Train) => Context::Train,
            (_, Screen::Evaluate) => Context::Evaluate,
            (_, Screen::Explore) => Context::Explore,
        }
    }

    /// The context that gets the keys.
    pub fn context(&self) -> Context {
        match &self.overlay {
            Some(Overlay::Help { .. }) => Context::Help,
            Some(Overlay::Palette { .. }) => Context::Palette,
            Some(Overlay::StopMenu) => Context::StopMenu,
            Some(Overlay::QuitMenu) => Context::QuitMenu,
            Some(Overlay::Export(_)) => Context::Typing,
            None if self.field().is_some() => Context::Typing,
            None => self.screen_context(),
        }
    }

    /// The text field that gets the printable keys.
    pub fn field(&self) -> Option<&Field> {
        match (&self.overlay, self.project.as_ref().map(|_| self.screen)) {
            (Some(Overlay::Palette { query, .. }), _) => Some(query),
            (Some(Overlay::Export(field)), _) => Some(field),
            (Some(_), _) | (_, None) => None,
            (None, Some(Screen::Documents)) => Some(&self.documents.search).filter(|_| self.documents.typing),
            (None, Some(Screen::Train)) => self.train.field.as_ref(),
            (None, Some(Screen::Explore)) => Some(&self.explore.field).filter(|_| self.explore.typing),
            (None, Some(_)) => None,
        }
    }

    pub(super) fn field_mut(&mut self) -> Option<&mut Field> {
        match (&mut self.overlay, self.project.as_ref().map(|_| self.screen)) {
            (Some(Overlay::Palette { query, .. }), _) => Some(query),
            (Some(Overlay::Export(field)), _) => Some(field),
            (Some(_), _) | (_, None) => None,
            (None, Some(Screen::Documents)) => Some(&mut self.documents.search).filter(|_| self.documents.typing),
            (None, Some(Screen::Train)) => self.train.field.as_mut(),
            (None, Some(Screen::Explore)) => Some(&mut self.explore.field).filter(|_| self.explore.typing),
            (None, Some(_)) => None,
        }
    }
}
