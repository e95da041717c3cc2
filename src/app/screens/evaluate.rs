//! The Evaluate screen: scores of one evaluation of the followed run.
//! They are shown label by label, in every way to count.

use std::collections::BTreeMap;

use crate::{
    app::{
        command::{Command, Context},
        conditions::{followed, idle},
        evaluation::{Count, Evaluation, Sort},
        list::ListCursor,
        panel::{Commands, Outcome, Panel, Request, Row, own_rows},
        screen::Screen,
        session::Session,
    },
    runs::Phase,
    spans::{ReviewFilter, Split, review::LabelChoice},
    text::number::{grouped, score},
};

/// Rows that a page key moves.
const PAGE: usize = 9;

/// Columns from which the table has the numbers of wrong and missed spans.
const WIDE: u16 = 66;

/// Keys of the moves; pages have none, because the table is short.
const MOVES: &[(Command, &str)] = &[
    (Command::Up, "up k p"),
    (Command::Down, "down j n"),
    (Command::PageUp, ""),
    (Command::PageDown, ""),
    (Command::First, "home g"),
    (Command::Last, "end G"),
];

/// State of the Evaluate screen.
#[derive(Clone, Debug, Default)]
pub struct Evaluate {
    /// Row of the cursor in the table of labels; the row of all labels comes last.
    pub row: usize,
    /// Way to count entities.
    pub count: Count,
    /// Whether the test split is shown, not the validation split.
    pub test: bool,
    /// Whether the last evaluation is shown, not the one of the kept weights.
    pub last: bool,
    /// Order of the labels.
    pub sort: Sort,
    /// Number of the row that the cursor is on.
    pub cell: Cell,
}

/// Number of a label that opens a list of mistakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cell {
    /// The whole row: mistakes with the label on either side.
    #[default]
    Row,
    /// Spans that the model found wrongly.
    Wrong,
    /// Spans that it did not find.
    Missed,
}

/// The evaluation that is shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The evaluation.
    pub evaluation: Evaluation<'a>,
    /// Description of the evaluation, such as `best evaluation, weights kept`.
    pub which: &'static str,
}

impl Evaluate {
    /// The evaluation of the chosen split and moment.
    pub fn shown<'a>(&self, session: &'a Session) -> Option<Shown<'a>> {
        let view = session.runs.followed.as_ref()?;
        if self.test {
            return view.test().map(|evaluation| Shown { evaluation, which: "of the weights that are kept" });
        }
        let last = view.evaluation()?;
        let kept = session.runs.followed_info().and_then(|run| view.kept(run)).unwrap_or(last);
        let over = view.status.phase.is_over();
        let which = match (kept.step == last.step, self.last) {
            _ if view.status.phase == Phase::Failed => "before the run failed",
            (true, _) if over => "last evaluation, weights kept",
            (true, _) => "last evaluation so far",
            (false, false) if over => "best evaluation, weights kept",
            (false, false) => "best evaluation so far",
            (false, true) if over => "last evaluation, weights not kept",
            (false, true) => "last evaluation so far, not the best",
        };
        Some(Shown { evaluation: if self.last { last } else { kept }, which })
    }

    /// Number of labels in the table.
    fn labels(&self, session: &Session) -> usize {
        let scores = self.shown(session).and_then(|shown| shown.evaluation.counted(self.count));
        scores.and_then(|scores| scores.labels).map_or(0, BTreeMap::len)
    }

    /// Changes between the evaluation of the kept weights and the last one.
    /// Says so where they are the same.
    fn toggle_last(&mut self, session: &mut Session) -> Outcome {
        if self.test {
            session.inform("The test split is scored once, with the weights that are kept");
            return Outcome::none();
        }
        let before = self.shown(session).map(|shown| shown.evaluation.step);
        self.last = !self.last;
        let now = self.shown(session).map(|shown| shown.evaluation.step);
        if now.is_some() && now == before {
            session.inform("The last evaluation and the one whose weights are kept are the same here");
        }
        Outcome::none()
    }

    /// The number under the cursor; on a narrow screen there are only rows.
    pub fn cell(&self, session: &Session) -> Cell {
        if session.size.columns < WIDE { Cell::Row } else { self.cell }
    }

    fn step(&mut self, session: &mut Session, right: bool) -> Outcome {
        if session.size.columns < WIDE {
            session.inform("A wider window shows the numbers of wrong and missed spans, too");
        }
        self.cell = match (self.cell(session), right) {
            (Cell::Row, true) => Cell::Wrong,
            (_, true) => Cell::Missed,
            (Cell::Missed, false) => Cell::Wrong,
            (_, false) => Cell::Row,
        };
        Outcome::none()
    }

    /// The split whose scores are shown.
    fn split(&self) -> Split {
        if self.test { Split::Test } else { Split::Valid }
    }

    /// Opens the mistakes behind the row or the number under the cursor.
    fn open(&mut self, session: &mut Session) -> Outcome {
        let counted = self.shown(session).and_then(|shown| shown.evaluation.counted(self.count));
        let labels = counted.map(|counted| counted.sorted(self.sort)).unwrap_or_default();
        let label = labels.get(self.row).map(|(label, _)| (*label).to_owned());
        let choice = match (label, self.cell(session)) {
            (None, _) => LabelChoice::Any,
            (Some(label), Cell::Row) => LabelChoice::Either(label),
            (Some(label), Cell::Wrong) => LabelChoice::Model(label),
            (Some(label), Cell::Missed) => LabelChoice::Gold(label),
        };
        if self.count != Count::default() || self.last && !self.test {
            session.inform("Mistakes are counted per word, leniently, with the weights that are kept");
        }
        Request::ShowMistakes(ReviewFilter::of_labels(choice), Some(self.split())).into()
    }

    fn next_sort(&mut self, session: &mut Session) -> Outcome {
        self.sort = self.sort.next();
        session.inform(format!("Sorted: {}", self.sort.name()));
        Outcome::none()
    }
}

/// Follows the run at another place of the list.
fn follow_other(session: &mut Session, place: Option<usize>, none: &str) -> Outcome {
    let run = place.and_then(|place| session.runs.list.get(place)).map(|run| run.id.clone());
    match run {
        Some(run) => Request::Follow(run).into(),
        None => {
            session.inform(none);
            Outcome::none()
        }
    }
}

fn followed_row(session: &Session) -> usize {
    session.runs.followed_place().map_or(0, |(row, _)| row)
}

impl Panel for Evaluate {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        HERE
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let rows = self.labels(session) + 1;
        Some(ListCursor { row: &mut self.row, rows, page: PAGE })
    }

    fn next_step(&self, session: &Session) -> Option<String> {
        if session.runs.evaluation().is_none() {
            return Some(match session.runs.is_busy() {
                true => "the first scores come while the training goes on".to_owned(),
                false => {
                    let train = session.key(HERE, Command::Go(Screen::Train));
                    format!("there are scores here once a model was trained: {train}")
                }
            });
        }
        // The numbers are those of the table that is shown, so that the user finds them there.
        let scores = self.shown(session)?.evaluation.counted(self.count)?;
        let labels = scores.labels?.iter().filter(|(_, scores)| scores.support > 0);
        let (name, scores) = labels.min_by(|(_, a), (_, b)| a.f1.total_cmp(&b.f1))?;
        let support = grouped(scores.support);
        let open = session.key(HERE, Command::Open);
        let f1 = score(scores.f1, 3);
        Some(format!("weakest: {name}, F1 {f1} on {support}; {open} on its row shows its mistakes"))
    }
}

const HERE: Context = Context::Evaluate;

impl Commands for Evaluate {
    const ROWS: &'static [Row<Self>] = &[
        row(Command::Open, "open", "mistakes", "Show the mistakes behind the number", &[(HERE, "enter")], Self::open),
        row(
            Command::Confusion,
            "confusion",
            "confusion",
            "Show kinds of mistakes, and which labels are confused",
            &[(HERE, "m")],
            |screen, _| Request::ShowConfusion(Some(screen.split())).into(),
        ),
        Row {
            command: Command::TrainNow,
            name: "train-now",
            hint: "train",
            doc: "Train now with the last settings",
            keys: &[(HERE, "T")],
            when: idle,
            run: |_, _| Request::Run(Command::Start).into(),
        },
        row(
            Command::Unit,
            "count-unit",
            "word, piece",
            "Count per word, or per word piece",
            &[(HERE, "c")],
            |screen, _| toggle(&mut screen.count.pieces),
        ),
        row(Command::Strict, "strict", "strict", "Count leniently, or strictly", &[(HERE, "s")], |screen, _| {
            toggle(&mut screen.count.strict)
        }),
        row(
            Command::Split,
            "split",
            "split",
            "Show the scores on the validation split, or on test",
            &[(HERE, "t")],
            |screen, _| toggle(&mut screen.test),
        ),
        row(
            Command::Kept,
            "kept-or-last",
            "kept, last",
            "Show the evaluation of the kept weights, or the last",
            &[(HERE, "e")],
            Self::toggle_last,
        ),
        row(Command::OlderRun, "older-run", "run", "Show the run before this one", &[(HERE, "[")], |_, session| {
            follow_other(session, followed_row(session).checked_add(1), "There is no older run")
        }),
        row(Command::NewerRun, "newer-run", "run", "Show the run after this one", &[(HERE, "]")], |_, session| {
            follow_other(session, followed_row(session).checked_sub(1), "This is the newest run")
        }),
        row(Command::Sort, "sort", "sort", "Sort the labels another way", &[(HERE, "o")], Self::next_sort),
        row(Command::Left, "left", "", "Go to the number on the left", &[(HERE, "left h")], |screen, session| {
            screen.step(session, false)
        }),
        row(Command::Right, "right", "", "Go to the number on the right", &[(HERE, "right l")], |screen, session| {
            screen.step(session, true)
        }),
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(HERE, MOVES)];
}

/// A row that works once a run is followed.
const fn row(
    command: Command,
    name: &'static str,
    hint: &'static str,
    doc: &'static str,
    keys: &'static [(Context, &'static str)],
    run: fn(&mut Evaluate, &mut Session) -> Outcome,
) -> Row<Evaluate> {
    Row::<Evaluate>::new(command, name, hint, doc, keys, run).when(followed)
}

fn toggle(choice: &mut bool) -> Outcome {
    *choice = !*choice;
    Outcome::none()
}
