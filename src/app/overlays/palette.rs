//! The palette: commands and labels by name.

use crate::{
    app::{
        command::{Command, CommandInfo, Context},
        list::ListCursor,
        panel::{Commands, Opener, Opens, Outcome, Panel, Request, Row, own_rows},
        prompts::Prompt,
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
    /// Other words for it, which are searched like the name.
    also: &'static str,
    /// Whether it finishes, removes or leaves something.
    /// Then only whole words find it, so that enter after a few letters never does it.
    weighty: bool,
    /// Action of enter.
    pub action: Action,
}

/// Other words for commands, as users of other programs type them.
const SYNONYMS: &[(Command, &str)] = &[
    (Command::Quit, "leave exit close q"),
    (Command::Save, "write w"),
    (Command::Remove, "delete erase clear"),
    (Command::RemoveLabel, "delete"),
    (Command::AskRemove, "delete"),
    (Command::Undo, "back revert"),
    (Command::Done, "finish"),
    (Command::Note, "comment remark"),
    (Command::Search, "find"),
    (Command::Jump, "find"),
    (Command::Occurrences, "everywhere repeat"),
    (Command::Import, "add load texts"),
    (Command::Learning, "live model progress stop enough"),
    (Command::Learn, "live background training off"),
    (Command::Export, "output write-out"),
    (Command::EditLabels, "tags categories"),
    (Command::Guide, "guidelines instructions"),
    (Command::Help, "keys manual"),
    (Command::Projects, "welcome switch"),
];

/// Commands that finish, remove or leave something.
const WEIGHTY: &[Command] = &[
    Command::Done,
    Command::AcceptDone,
    Command::Skip,
    Command::Remove,
    Command::RejectAll,
    Command::RemoveLabel,
    Command::MergeLabel,
    Command::AskRemove,
    Command::RemoveRun,
    Command::CorrectText,
    Command::UndoCorrection,
    Command::RemoveDocument,
    Command::StopNow,
    Command::StopAfterEpoch,
    Command::Projects,
    Command::Quit,
    Command::QuitNow,
    Command::QuitStop,
    Command::QuitKeep,
];

/// How an entry answers a query, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The query is the name, or another word for it.
    Exact,
    /// The name begins with the query.
    Start,
    /// Each word of the query begins a word of the name.
    Words,
    /// Each word of the query is somewhere in the name.
    Inside,
    /// Each word of the query is in the name or in the sentence.
    Sentence,
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
        open: |session| {
            session.ask(&Prompt::Palette, "");
            Self::default().into()
        },
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

    fn prompt(&self) -> Option<Prompt> {
        Some(Prompt::Palette)
    }

    fn typed(&mut self, _: &mut Session) -> Outcome {
        self.row = 0;
        Outcome::none()
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let rows = self.entries(session).len();
        Some(ListCursor { row: &mut self.row, rows, page: PAGE })
    }
}

impl Palette {
    /// The entries that contain every word of the query, best first.
    /// Commands of other screens are found only by a query.
    pub fn entries(&self, session: &Session) -> Vec<&Entry> {
        self.found(session.prompts.text(&Prompt::Palette))
    }

    fn found(&self, query: &str) -> Vec<&Entry> {
        let query = query.to_lowercase();
        let query = query.trim();
        let found = self.all.iter().filter_map(|entry| Some((entry.fit(query)?, entry)));
        let mut found: Vec<(Fit, &Entry)> = found.collect();
        // Names come before sentences; otherwise the table's order stays.
        found.sort_by_key(|(fit, entry)| (*fit != Fit::Exact, *fit == Fit::Sentence, entry.action.rank(), *fit));
        found.into_iter().map(|(_, entry)| entry).collect()
    }

    fn choose(&mut self, session: &mut Session) -> Outcome {
        match self.entries(session).get(self.row).map(|entry| entry.action) {
            Some(Action::Command(command)) => Outcome::close().and(Request::Run(command)),
            Some(Action::Label(label)) => Outcome::close().then(session.tag(|context| context.label(label))),
            Some(Action::Arm(label)) => Outcome::close().then(session.tag(|context| context.arm(label))),
            Some(Action::Elsewhere(screen, command)) => Outcome::close().and(Request::Find(screen, command)),
            Some(Action::Not(why)) => {
                session.inform(why);
                Outcome::close()
            }
            // What was typed can be put right.
            None => Outcome::none(),
        }
    }
}

impl Entry {
    /// The entry of a command.
    pub(in crate::app) fn of_command(row: &CommandInfo, keys: String, doc: String, action: Action) -> Self {
        let also = SYNONYMS.iter().find(|(command, _)| *command == row.command).map_or("", |(_, also)| also);
        Self { name: row.name.to_owned(), keys, doc, also, weighty: WEIGHTY.contains(&row.command), action }
    }

    /// How the entry answers a query in lower case; `None` if it does not.
    fn fit(&self, query: &str) -> Option<Fit> {
        if query.is_empty() {
            return (!matches!(self.action, Action::Elsewhere(..))).then_some(Fit::Start);
        }
        let name = self.name.to_lowercase();
        let words: Vec<&str> = query.split_whitespace().take(WORDS).collect();
        if name == query || self.also.split(' ').any(|also| also == query) {
            return Some(Fit::Exact);
        }
        if name.starts_with(query) {
            return Some(Fit::Start);
        }
        let begins = |word: &&str| self.name_words(&name).any(|known| known.starts_with(word));
        if words.iter().all(begins) {
            return Some(Fit::Words);
        }
        let sentence = self.doc.to_lowercase();
        if self.weighty {
            let is_word = |word: &&str| self.name_words(&name).chain(words_of(&sentence)).any(|known| known == *word);
            return words.iter().all(is_word).then_some(Fit::Sentence);
        }
        if words.iter().all(|word| name.contains(word)) {
            return Some(Fit::Inside);
        }
        words.iter().all(|word| name.contains(word) || sentence.contains(word)).then_some(Fit::Sentence)
    }

    /// Words of the name and of the other words for it.
    fn name_words<'a>(&self, name: &'a str) -> impl Iterator<Item = &'a str> {
        words_of(name).chain(words_of(self.also))
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
                also: "",
                weighty: false,
                action: Action::Label(label.id),
            },
            Self {
                name: format!("arm {}", label.name),
                keys: digit.map(|digit| format!("shift-{digit}")).unwrap_or_default(),
                doc: "Give this label to every selection until it is put down".to_owned(),
                also: "",
                weighty: false,
                action: Action::Arm(label.id),
            },
        ]
    }
}

/// Words of a text, which anything but letters, digits and apostrophes separates.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(command: Command, name: &'static str, doc: &'static str, action: Action) -> Entry {
        let owner = std::any::TypeId::of::<Palette>();
        let row = CommandInfo { command, name, hint: "", doc, keys: Vec::new(), owner };
        Entry::of_command(&row, String::new(), doc.to_owned(), action)
    }

    fn found(query: &str) -> Vec<String> {
        let works = Action::Command;
        let all = vec![
            entry(Command::Done, "done", "Mark the document done without suggestions", works(Command::Done)),
            entry(Command::NextWord, "next-word", "Go to the next word", works(Command::NextWord)),
            entry(Command::Remove, "remove", "Remove the span", works(Command::Remove)),
            entry(Command::Export, "export", "Write the annotations to a file", works(Command::Export)),
            entry(Command::Quit, "quit", "Leave; asks first when work is not saved", works(Command::Quit)),
            entry(Command::Save, "save", "Try again to write", Action::Not("Everything is saved")),
        ];
        let palette = Palette { all, row: 0 };
        palette.found(query).into_iter().map(|entry| entry.name.clone()).collect()
    }

    #[test]
    fn names_and_their_synonyms_come_before_sentences() {
        assert_eq!(found("w"), ["save", "next-word", "export"]);
        assert_eq!(found("save"), ["save"], "not quit, which mentions what is not saved");
        assert_eq!(found("delete"), ["remove"]);
        assert_eq!(found("leave"), ["quit"]);
        assert_eq!(found("q")[0], "quit");
        assert_eq!(found("word")[0], "next-word");
    }

    #[test]
    fn what_finishes_or_removes_is_found_by_whole_words_of_its_sentence_only() {
        assert!(found("wi").is_empty(), "done is not found in `without`");
        assert_eq!(found("mark done"), ["done"]);
        assert!(found("ove").is_empty());
        assert_eq!(found("rem"), ["remove"]);
        // Other commands are found inside words, too.
        assert_eq!(found("notation"), ["export"]);
    }
}
