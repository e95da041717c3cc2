//! What lies over a screen: help, palette, the two questions, and a line to type.

use crate::{
    spans::{LabelId, query::Query},
    text::{
        width::{self, Glyphs},
        wrap::TextLayout,
    },
};

use super::{
    annotators::Comparing,
    command::{COMMANDS, Command, CommandInfo, Context},
    field::Field,
    keymap::{Facts, When},
    labels::LabelEditor,
    pages::{self, Topic},
    state::{Screen, State},
    tag::{history::History, occurrences::Occurrences},
};

/// Cells that the keys have in the help at most.
const KEYS: usize = 16;

/// Something over the screen that has the keys.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// What the keys do at this moment.
    Help {
        /// The first line shown.
        top: usize,
        /// What it lies over, which is there again after it.
        under: Option<Box<Overlay>>,
    },
    /// Something to read.
    Page {
        /// What about.
        topic: Topic,
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
    /// Whether to remove this run.
    RemoveRun(String),
    /// The format to export to.
    Export(Field),
    /// The file to import.
    Import(Field),
    /// The note on the document in front.
    Note(Field),
    /// A word to jump to.
    Jump {
        /// What was typed of it.
        letters: Field,
        /// Where the cursor was.
        from: usize,
    },
    /// The labels that have a letter, one of which is to be given.
    Labels,
    /// The label set, to be changed.
    LabelEditor(Box<LabelEditor>),
    /// The same words elsewhere.
    Occurrences(Box<Occurrences>),
    /// What was done.
    History(Box<History>),
    /// The annotators side by side.
    Annotators(Box<Comparing>),
}

impl Overlay {
    /// Where the keys go while it is in front.
    pub fn context(&self) -> Context {
        match self {
            Self::Help { .. } | Self::Page { .. } => Context::Help,
            Self::Palette { .. } => Context::Palette,
            Self::StopMenu => Context::StopMenu,
            Self::QuitMenu => Context::QuitMenu,
            Self::RemoveRun(_) => Context::RemoveMenu,
            Self::Export(_) | Self::Import(_) | Self::Note(_) | Self::Jump { .. } => Context::Typing,
            Self::LabelEditor(editor) if editor.field().is_some() => Context::Typing,
            Self::LabelEditor(_) => Context::LabelEditor,
            Self::Labels => Context::Labels,
            Self::Occurrences(_) => Context::Occurrences,
            Self::History(_) => Context::History,
            Self::Annotators(_) => Context::Annotators,
        }
    }
}

/// A row of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What is searched in and shown.
    pub name: String,
    /// The keys that do the same.
    pub keys: String,
    /// One sentence: what it does, or why not now.
    pub doc: String,
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
    /// Nothing: the command cannot be given now, for this reason.
    Not(&'static str),
    /// Goes to the screen where the command is.
    Elsewhere(Screen, Command),
}

impl Action {
    /// Whether it can be done here and now.
    pub fn works(self) -> bool {
        matches!(self, Self::Command(_) | Self::Label(_) | Self::Arm(_))
    }
}

/// The commands and labels that hold `query`'s words: first what can be done now, then what this screen has besides;
/// when something is searched for, also what other screens have.
pub fn entries(state: &State, query: &str) -> Vec<Entry> {
    let facts = state.facts();
    let query = query.to_lowercase();
    let commands = COMMANDS.iter().filter_map(|row| entry(state, &facts, row)).filter(|entry| {
        let elsewhere = matches!(entry.action, Action::Elsewhere(..));
        !elsewhere || !query.trim().is_empty()
    });
    let mut entries: Vec<Entry> = commands.chain(labels(state, When::Documents.holds(&facts))).collect();
    entries.retain(|entry| {
        let hay = format!("{} {}", entry.name, entry.doc).to_lowercase();
        query.split_whitespace().all(|word| hay.contains(word))
    });
    // Names that begin with what was typed come first; otherwise the table's order stays.
    let rank = |action: Action| match action {
        // What is done with a key or not at all.
        Action::Command(command) if command.is_move() => 1,
        Action::Not(_) => 2,
        Action::Elsewhere(..) => 3,
        _ => 0,
    };
    entries.sort_by_key(|entry| (rank(entry.action), !entry.name.to_lowercase().starts_with(query.trim())));
    entries
}

/// The row of a command, if it belongs to this screen, to every screen or to another one.
fn entry(state: &State, facts: &Facts, row: &CommandInfo) -> Option<Entry> {
    if matches!(row.id, Command::Label(_) | Command::Arm(_) | Command::Palette | Command::Back) {
        return None;
    }
    if state.project.is_none() && row.id.needs_project() {
        return None;
    }
    let screen = |context: Context| Screen::ALL.into_iter().find(|screen| screen.context() == context);
    let here = state.screen_context();
    // What the menu for stopping asks can be given without the menu.
    let places = [here, Context::StopMenu];
    let context = places.into_iter().find(|place| match place {
        Context::StopMenu => row.contexts.contains(place),
        _ => row.id.fits(*place),
    });
    let (context, elsewhere) = match context {
        Some(context) => (context, None),
        None => {
            state.project.as_ref()?;
            let place = row.contexts.iter().find_map(|context| Some((*context, screen(*context)?)))?;
            (place.0, Some(place.1))
        }
    };
    let bindings: Vec<_> = state.keymap.keys(context, row.id).collect();
    let keys = bindings.iter().map(|binding| binding.key.to_string()).collect::<Vec<_>>().join(" ");
    let refused = bindings.iter().all(|binding| !binding.when.holds(facts));
    let why = bindings.first().map(|binding| binding.when.why_not()).filter(|_| refused);
    let (doc, action) = match (elsewhere, why) {
        (Some(screen), _) => (format!("{}: {}", screen.name(), row.doc), Action::Elsewhere(screen, row.id)),
        (None, Some(why)) if !why.is_empty() => (format!("{} ({why})", row.doc), Action::Not(why)),
        (None, Some(_)) => return None,
        (None, None) => (row.doc.to_owned(), Action::Command(row.id)),
    };
    Some(Entry { name: row.name.to_owned(), keys, doc, action })
}

fn labels(state: &State, documents: bool) -> impl Iterator<Item = Entry> {
    let tagging = state.screen == Screen::Tag && documents;
    let labels = state.project.iter().filter(move |_| tagging).flat_map(|project| project.labels.iter());
    labels.flat_map(|label| {
        let digit = label.key.filter(char::is_ascii_digit);
        let letter = label.key.filter(char::is_ascii_alphabetic).map(|letter| format!("0 {letter}"));
        let entry = |verb: &str, keys: String, doc: &str, action| Entry {
            name: format!("{verb} {}", label.name),
            keys,
            doc: doc.to_owned(),
            action,
        };
        [
            entry(
                "label",
                digit.map(String::from).or(letter).unwrap_or_default(),
                "Give this label",
                Action::Label(label.id),
            ),
            entry(
                "arm",
                digit.map(|digit| format!("shift-{digit}")).unwrap_or_default(),
                "Give this label to every selection until it is put down",
                Action::Arm(label.id),
            ),
        ]
    })
}

impl Screen {
    /// The context of its keys.
    pub fn context(self) -> Context {
        match self {
            Self::Tag => Context::Tag,
            Self::Documents => Context::Documents,
            Self::Train => Context::Train,
            Self::Evaluate => Context::Evaluate,
            Self::Explore => Context::Explore,
        }
    }
}

impl State {
    /// The context of the screen in front, whatever lies over it.
    pub fn screen_context(&self) -> Context {
        self.project.as_ref().map_or(Context::Welcome, |_| self.screen.context())
    }

    /// The keys of the screen in front with what they do, and what can be searched for there. The digits are those that have
    /// a label.
    pub fn help(&self) -> Vec<(String, &'static str)> {
        let context = self.help_context();
        let mut lines = self.keymap.help(context);
        let labels = self.project.as_ref().map(|project| project.labels.iter().filter_map(|label| label.key));
        let labels = labels.map(|keys| keys.filter(char::is_ascii_digit).max());
        if let Some(Some(last)) = labels {
            for (keys, _) in lines.iter_mut().filter(|(keys, _)| keys.ends_with("..9")) {
                *keys = format!("{}{last}", keys.trim_end_matches('9'));
            }
        }
        if context == Context::Documents {
            let terms = Query::HELP.iter().map(|(term, about)| ((*term).to_owned(), about.trim_end_matches('.')));
            lines.extend(terms);
        }
        lines
    }

    /// What the help is about: what it lies over.
    pub fn help_context(&self) -> Context {
        match &self.overlay {
            Some(Overlay::Help { under: Some(under), .. }) => under.context(),
            _ => self.screen_context(),
        }
    }

    /// [`Self::help`] in rows as wide as the screen: keys, then the sentence, broken where it is too long.
    pub fn help_rows(&self) -> Vec<(String, String)> {
        let lines = self.help();
        let (columns, _) = pages::room(self.size);
        let keys = lines.iter().map(|(keys, _)| width::width(keys)).max().unwrap_or(0).min(KEYS);
        let mut rows = Vec::new();
        for (mut shown, doc) in lines {
            shown = width::fit(&shown, keys + 1);
            let layout = TextLayout::new(doc, columns.saturating_sub(keys + 1), Glyphs::Unicode);
            for line in layout.lines() {
                let rest = width::fit("", keys + 1);
                rows.push((std::mem::replace(&mut shown, rest), line.range.of(doc).trim_end().to_owned()));
            }
        }
        rows
    }

    /// The context that gets the keys.
    pub fn context(&self) -> Context {
        match &self.overlay {
            Some(overlay) => overlay.context(),
            None if self.project.is_none() && self.welcome.form.is_some() => Context::Form,
            None if self.field().is_some() => Context::Typing,
            None => self.screen_context(),
        }
    }

    /// The text field that gets the printable keys.
    pub fn field(&self) -> Option<&Field> {
        match (&self.overlay, self.project.as_ref().map(|_| self.screen)) {
            (Some(Overlay::Palette { query, .. }), _) => Some(query),
            (Some(Overlay::Export(field) | Overlay::Import(field) | Overlay::Note(field)), _) => Some(field),
            (Some(Overlay::Jump { letters, .. }), _) => Some(letters),
            (Some(Overlay::LabelEditor(editor)), _) => editor.field(),
            (Some(_), _) => None,
            (None, None) => self.welcome.field(),
            (None, Some(Screen::Documents)) => Some(&self.documents.search).filter(|_| self.documents.typing),
            (None, Some(Screen::Train)) => self.train.field.as_ref(),
            (None, Some(Screen::Explore)) => Some(&self.explore.field).filter(|_| self.explore.typing),
            (None, Some(_)) => None,
        }
    }

    pub(super) fn field_mut(&mut self) -> Option<&mut Field> {
        match (&mut self.overlay, self.project.as_ref().map(|_| self.screen)) {
            (Some(Overlay::Palette { query, .. }), _) => Some(query),
            (Some(Overlay::Export(field) | Overlay::Import(field) | Overlay::Note(field)), _) => Some(field),
            (Some(Overlay::Jump { letters, .. }), _) => Some(letters),
            (Some(Overlay::LabelEditor(editor)), _) => editor.field_mut(),
            (Some(_), _) => None,
            (None, None) => self.welcome.field_mut(),
            (None, Some(Screen::Documents)) => Some(&mut self.documents.search).filter(|_| self.documents.typing),
            (None, Some(Screen::Train)) => self.train.field.as_mut(),
            (None, Some(Screen::Explore)) => Some(&mut self.explore.field).filter(|_| self.explore.typing),
            (None, Some(_)) => None,
        }
    }
}
