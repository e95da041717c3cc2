//! A page to read over the screen.

use crate::app::{
    command::{Command, Context},
    list::ListCursor,
    pages::{self, Topic},
    panel::{Commands, Opener, Opening, Opens, Panel, own_rows},
    screen::Size,
    session::Session,
};

/// A page to read.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Its subject.
    pub topic: Topic,
    /// The first line shown.
    pub top: usize,
}

impl Opens for Page {
    const OPENERS: &'static [Opener<Self>] = &[
        opener(
            Topic::Tag,
            "help-tag",
            "Read about tagging with the keys",
            &[(Context::Everywhere, ""), (Context::Help, "1")],
            |_| open(Topic::Tag),
        ),
        opener(
            Topic::Bio,
            "help-bio",
            "Read about spans, tags and word pieces",
            &[(Context::Everywhere, ""), (Context::Help, "2")],
            |_| open(Topic::Bio),
        ),
        opener(
            Topic::Metrics,
            "help-metrics",
            "Read about precision, recall and F1",
            &[(Context::Everywhere, ""), (Context::Help, "3")],
            |_| open(Topic::Metrics),
        ),
        opener(
            Topic::Recipe,
            "help-recipe",
            "Read about the settings of a training",
            &[(Context::Everywhere, ""), (Context::Help, "4")],
            |_| open(Topic::Recipe),
        ),
        opener(
            Topic::Formats,
            "help-formats",
            "Read about file formats",
            &[(Context::Everywhere, ""), (Context::Help, "5")],
            |_| open(Topic::Formats),
        ),
        opener(
            Topic::Ssh,
            "help-ssh",
            "Read about working over SSH",
            &[(Context::Everywhere, ""), (Context::Help, "6")],
            |_| open(Topic::Ssh),
        ),
        opener(
            Topic::Hub,
            "help-hub",
            "Read about fetching and sending models",
            &[(Context::Everywhere, ""), (Context::Help, "7")],
            |_| open(Topic::Hub),
        ),
        opener(
            Topic::Read,
            "help-read",
            "Read about mistakes, curves, more documents, wrong labels",
            &[(Context::Everywhere, ""), (Context::Help, "8")],
            |_| open(Topic::Read),
        ),
        opener(
            Topic::Learning,
            "help-learning",
            "Read about the model that learns while you tag",
            &[(Context::Everywhere, ""), (Context::Help, "9")],
            |_| open(Topic::Learning),
        ),
    ];
}

const fn opener(
    topic: Topic,
    name: &'static str,
    doc: &'static str,
    keys: &'static [(Context, &'static str)],
    open: fn(&mut Session) -> Opening<Page>,
) -> Opener<Page> {
    Opener { command: Command::Page(topic), name, hint: "", doc, keys, when: |_, _| Ok(()), open }
}

fn open(topic: Topic) -> Opening<Page> {
    Page { topic, top: 0 }.into()
}

// "Back" and the moves are those of the help, whose context it shares.
impl Commands for Page {}

impl Panel for Page {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Help
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let rows = rows(self.topic, session.size);
        self.top = self.top.min(rows - 1);
        let (_, page) = pages::room(session.size);
        Some(ListCursor { row: &mut self.top, rows, page })
    }

    fn click(&self) -> Option<Command> {
        None
    }
}

/// Number of positions of the page's first line on a screen of this size.
/// In the last position the last row of the screen is used.
fn rows(topic: Topic, size: Size) -> usize {
    let (columns, rows) = pages::room(size);
    topic.lines(columns).len().saturating_sub(rows) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{keymap::Keymap, pages::COLUMNS};

    #[test]
    fn scrolling_stops_where_the_page_ends() {
        let mut session = Session::new(Keymap::new(Vec::new()));
        session.size = Size { columns: 80, rows: 24 };
        let (_, shown) = pages::room(session.size);
        let mut page = Page { topic: Topic::Bio, top: 0 };
        let mut travel = |command, top| {
            page.top = top;
            drop(page.travel(command, &mut session));
            page.top
        };
        let last = travel(Command::Last, 0);
        assert_eq!(last + shown, Topic::Bio.lines(COLUMNS).len());
        assert_eq!(travel(Command::PageDown, last), last);
        assert_eq!(travel(Command::Up, usize::MAX), last - 1);
        assert_eq!(travel(Command::PageUp, 3), 0);
    }
}
