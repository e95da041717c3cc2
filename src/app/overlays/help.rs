//! The help: the keys of what is in front, with what they do.

use crate::{
    spans::query::Query,
    text::{
        width::{self, Glyphs},
        wrap::TextLayout,
    },
};

use crate::app::{
    command::{Command, Context},
    list::ListCursor,
    pages,
    panel::{Commands, Opener, Opens, Outcome, Panel, Row, own_rows},
    session::Session,
};

/// Cells that the keys have in the help at most.
const KEYS: usize = 16;

/// Default keys of the help and the pages.
const SCROLL: &[(Command, &str)] = &[
    (Command::Up, "up k"),
    (Command::Down, "down j"),
    (Command::PageUp, "pageup"),
    (Command::PageDown, "pagedown space"),
    (Command::First, "home g"),
    (Command::Last, "end G"),
];

/// The help.
#[derive(Clone, Debug, PartialEq)]
pub struct Help {
    /// The context that it explains.
    pub about: Context,
    /// The first line shown.
    pub top: usize,
}

impl Opens for Help {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Help,
        name: "help",
        hint: "more",
        doc: "Show what the keys do at this moment",
        keys: &[(Context::Everywhere, "?")],
        when: |_, _| Ok(()),
        open: |session| Self { about: session.context, top: 0 }.into(),
    }];
}

impl Commands for Help {
    const ROWS: &'static [Row<Self>] = &[Row {
        command: Command::Back,
        name: "back",
        hint: "back",
        doc: "Close the help",
        keys: &[(Context::Help, "? q")],
        when: |_, _| Ok(()),
        run: |_, _| Outcome::close(),
    }];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(Context::Help, SCROLL)];
}

impl Panel for Help {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Help
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let (_, page) = pages::room(session.size);
        let last = self.rows(session).len().saturating_sub(page);
        self.top = self.top.min(last);
        Some(ListCursor { row: &mut self.top, rows: last + 1, page })
    }

    fn click(&self) -> Option<Command> {
        None
    }
}

impl Help {
    /// Keys with their sentences, and the search terms of the Documents screen.
    /// The digits are those that have a label.
    pub fn lines(&self, session: &Session) -> Vec<(String, &'static str)> {
        let mut lines = session.keymap.help(self.about);
        let keys = session.project.iter().flat_map(|project| project.labels.iter()).filter_map(|label| label.key);
        if let Some(last) = keys.filter(char::is_ascii_digit).max() {
            for (keys, _) in lines.iter_mut().filter(|(keys, _)| keys.ends_with("..9")) {
                *keys = format!("{}{last}", keys.trim_end_matches('9'));
            }
        }
        if self.about == Context::Documents {
            lines.extend(Query::HELP.iter().map(|(term, about)| ((*term).to_owned(), about.trim_end_matches('.'))));
        }
        lines
    }

    /// [`Self::lines`] in rows as wide as the screen.
    /// Keys, then the sentence, broken where it is too long.
    pub fn rows(&self, session: &Session) -> Vec<(String, String)> {
        let lines = self.lines(session);
        let (columns, _) = pages::room(session.size);
        let keys = lines.iter().map(|(keys, _)| width::width(keys)).max().unwrap_or(0).min(KEYS);
        let mut rows = Vec::new();
        for (shown, doc) in lines {
            let layout = TextLayout::new(doc, columns.saturating_sub(keys + 1), Glyphs::Unicode);
            for (at, line) in layout.lines().iter().enumerate() {
                let first = if at == 0 { shown.as_str() } else { "" };
                rows.push((width::fit(first, keys + 1), line.range.of(doc).trim_end().to_owned()));
            }
        }
        rows
    }
}
