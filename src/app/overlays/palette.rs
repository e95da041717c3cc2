//! The palette: commands and labels by name.

use crate::{
    app::{
        command::{Command, Context},
        field::Field,
        list::ListCursor,
        panel::{Commands, Opener, Opens, Outcome, Panel, Request, Row, own_rows},
        screen::Screen,
        session::Session,
    },
    spans::LabelId,
};

/// Rows that a page key moves.
const PAGE: usize = 8;
/// Most words of a query that are looked for. No entry has as many.
const WORDS: usize = 32;

/// The palette.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Palette {
    /// The search text.
    pub query: Field,
    /// The row of the cursor.
    pub row: usize,
    /// Everything that can be found, kept up to date while the palette is open.
    pub(in crate::app) all: Vec<Entry>,
}

/// A row of the palette.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Name, searched and shown.
    pub name: String,
    /// The keys that do the same.
    pub keys: String,
    /// One sentence: what it does, or why not now.
    pub doc: String,
    /// Action of enter.
    pub action: Action,
}

/// Action of a row of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Gives a command.
    Command(Command),
    /// Gives this label.
    Label(LabelId),
    /// Arms this label.
    Arm(LabelId),
    /// Nothing: the command does not work now, for this reason.
    Not(&'static str),
    /// Goes to the screen where the command is.
    Elsewhere(Screen, Command),
}

impl Action {
    /// Whether it can be done here and now.
    pub fn works(self) -> bool {
        matches!(self, Self::Command(_) | Self::Label(_) | Self::Arm(_))
    }

    /// Rank in the list.
    /// Commands that work now come first, then moves, then commands that do not work now, then other screens.
    fn rank(self) -> u8 {
        match self {
            Self::Command(command) if is_move(command) => 1,
            Self::Not(_) => 2,
            Self::Elsewhere(..) => 3,
            _ => 0,
        }
    }
}

/// Whether a command only moves something, which is done with a key or not at all.
fn is_move(command: Command) -> bool {
    let sideways = [Command::Left, Command::Right, Command::NextScreen, Command::PreviousScreen];
    command.is_move() || sideways.contains(&command)
}

impl Opens for Palette {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Palette,
        name: "palette",
        hint: "commands",
        doc: "Find a command by its name",
        keys: &[(Context::Everywhere, ":")],
        when: |_, _| Ok(()),
        open: |_| Self::default().into(),
    }];
}

impl Commands for Palette {
    const ROWS: &'static [Row<Self>] = &[Row {
        command: Command::Open,
        name: "open",
        hint: "open",
        doc: "Run the command under the cursor",
        keys: &[(Context::Palette, "enter")],
        when: |_, _| Ok(()),
        run: Self::choose,
    }];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(
        Context::Palette,
        &[
            (Command::Up, "up ctrl-p"),
            (Command::Down, "down ctrl-n"),
            (Command::PageUp, "pageup"),
            (Command::PageDown, "pagedown"),
        ],
    )];
}

impl Panel for Palette {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Palette
    }

    fn field(&self) -> Option<&Field> {
        Some(&self.query)
    }

    fn field_mut(&mut self) -> Option<&mut Field> {
        Some(&mut self.query)
    }

    fn typed(&mut self, _: &mut Session) -> Outcome {
        self.row = 0;
        Outcome::none()
    }

    fn list(&mut self, _: &Session) -> Option<ListCursor<'_>> {
        let rows = self.entries().len();
        Some(ListCursor { row: &mut self.row, rows, page: PAGE })
    }
}

impl Palette {
    /// The entries that contain every word of the query, best first.
    /// Commands of other screens are found only by a query.
    pub fn entries(&self) -> Vec<&Entry> {
        let query = self.query.text().to_lowercase();
        let start = query.trim();
        let words: Vec<&str> = query.split_whitespace().take(WORDS).collect();
        let mut entries: Vec<&Entry> = self.all.iter().filter(|entry| entry.matches(&words)).collect();
        // Names that begin with the query come first; otherwise the table's order stays.
        entries.sort_by_cached_key(|entry| (entry.action.rank(), !entry.name.to_lowercase().starts_with(start)));
        entries
    }

    fn choose(&mut self, session: &mut Session) -> Outcome {
        match self.entries().get(self.row).map(|entry| entry.action) {
            Some(Action::Command(command)) => Outcome::close().and(Request::Run(command)),
            Some(Action::Label(label)) => Outcome::close().then(session.tag(|context| context.label(label))),
            Some(Action::Arm(label)) => Outcome::close().then(session.tag(|context| context.arm(label))),
            Some(Action::Elsewhere(screen, command)) => Outcome::close().and(Request::Find(screen, command)),
            Some(Action::Not(why)) => {
                session.inform(why);
                Outcome::close()
            }
            None => Outcome::close(),
        }
    }
}

impl Entry {
    fn matches(&self, words: &[&str]) -> bool {
        if words.is_empty() {
            return !matches!(self.action, Action::Elsewhere(..));
        }
        let searched = format!("{} {}", self.name, self.doc).to_lowercase();
        words.iter().all(|word| searched.contains(word))
    }

    /// The entries of a label: giving and arming it.
    pub(in crate::app) fn of_label(label: &crate::spans::Label) -> [Self; 2] {
        let digit = label.key.filter(char::is_ascii_digit);
        let letter = label.key.filter(char::is_ascii_alphabetic).map(|letter| format!("0 {letter}"));
        [
            Self {
                name: format!("label {}", label.name),
                keys: digit.map(String::from).or(letter).unwrap_or_default(),
                doc: "Give this label".to_owned(),
                action: Action::Label(label.id),
            },
            Self {
                name: format!("arm {}", label.name),
                keys: digit.map(|digit| format!("shift-{digit}")).unwrap_or_default(),
                doc: "Give this label to every selection until it is put down".to_owned(),
                action: Action::Arm(label.id),
            },
        ]
    }
}
