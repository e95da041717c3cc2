//! Kinds of mistakes, and which labels are confused with which: numbers that each open their list.

use crate::{
    app::{
        command::{Command, Context},
        conditions::always,
        list,
        panel::{Commands, Opens, Outcome, Panel, Request, Row, own_rows},
        session::Session,
    },
    spans::{MistakeKind, ReviewFilter, ReviewList, Split, review::LabelChoice},
};

/// The cursor on the numbers.
/// Row 0 has the number of all mistakes and of each kind; below is the matrix, "nothing" last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    /// The split.
    pub split: Split,
    /// Row of the cursor.
    pub row: usize,
    /// Column of the cursor.
    pub column: usize,
}

/// Number under the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number<'a> {
    /// Mistakes of a kind; `None` is all.
    Kind(Option<MistakeKind>),
    /// Spans with this gold label and this label of the model; `None` is nothing.
    Pair(Option<&'a str>, Option<&'a str>),
}

const HERE: Context = Context::Confusion;

impl Confusion {
    /// The numbers of a split, with the cursor on all mistakes.
    pub(in crate::app) fn new(split: Split) -> Self {
        Self { split, row: 0, column: 0 }
    }

    /// The list, if it is the one that is shown.
    pub fn shown_list<'s>(&self, session: &'s Session) -> Option<&'s ReviewList> {
        session.review.list().filter(|found| found.split == Some(self.split)).map(|found| &**found)
    }

    /// The number under the cursor.
    pub fn number<'l>(&self, labels: &[&'l str]) -> Number<'l> {
        match self.row.checked_sub(1) {
            None => Number::Kind(self.column.checked_sub(1).and_then(|at| MistakeKind::ALL.get(at)).copied()),
            Some(row) => Number::Pair(labels.get(row).copied(), labels.get(self.column).copied()),
        }
    }

    /// Last row and last column of the cursor.
    fn ends(&self, session: &Session) -> (usize, usize) {
        let labels = self.shown_list(session).map_or(0, |found| found.label_names().len());
        (labels + 1, if self.row == 0 { MistakeKind::ALL.len() } else { labels })
    }

    fn step(&mut self, session: &Session, right: bool) {
        let (_, last) = self.ends(session);
        self.column = if right { (self.column + 1).min(last) } else { self.column.saturating_sub(1) };
    }

    /// Opens the list of the number under the cursor.
    fn open(&mut self, session: &mut Session) -> Outcome {
        let Some(found) = self.shown_list(session) else { return Outcome::none() };
        let filter = match self.number(&found.label_names()) {
            Number::Kind(kind) => ReviewFilter::of_kind(kind),
            Number::Pair(gold, model) => {
                let [gold, model] = [gold, model].map(|label| label.map(str::to_owned));
                ReviewFilter::of_labels(LabelChoice::Pair(gold, model))
            }
        };
        if !found.items.iter().any(|item| filter.holds(item)) {
            session.inform("There is no mistake behind this number");
            return Outcome::none();
        }
        Request::ShowMistakes(filter, None).into()
    }
}

impl Panel for Confusion {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        HERE
    }

    fn travel(&mut self, command: Command, session: &mut Session) -> Outcome {
        let (last, _) = self.ends(session);
        self.row = list::moved(command, self.row, last + 1, last + 1).unwrap_or(self.row);
        self.column = self.column.min(self.ends(session).1);
        Outcome::none()
    }
}

impl Commands for Confusion {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::Open,
            name: "open",
            hint: "show them",
            doc: "Show the mistakes behind the number",
            keys: &[(HERE, "enter")],
            when: always,
            run: Self::open,
        },
        Row {
            command: Command::Left,
            name: "left",
            hint: "",
            doc: "Go to the number on the left",
            keys: &[(HERE, "left h")],
            when: always,
            run: |panel, session| panel.step(session, false).into(),
        },
        Row {
            command: Command::Right,
            name: "right",
            hint: "",
            doc: "Go to the number on the right",
            keys: &[(HERE, "right l")],
            when: always,
            run: |panel, session| panel.step(session, true).into(),
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(HERE, list::KEYS)];
}

/// It is opened on request, with a split, not by a command.
impl Opens for Confusion {}
