//! The list of places where gold spans and a model differ, each with its text.
//! One key takes the model's answer, keeps the gold, or goes to the place on the Tag screen.
//!
//! It shows what the session's [`Review`](crate::app::review::Review) holds, whatever the source of that is: mistakes of a
//! run, suspected labels, or mistakes in the sentences that only one of two runs has right (`changes`).

mod changes;
mod fixes;

use std::{collections::HashMap, sync::Arc};

use crate::{
    app::{
        command::{Command, Context},
        conditions::{self, always, check},
        list::ListCursor,
        panel::{Check, Commands, Opener, Opening, Opens, Outcome, Panel, Request, Row, own_rows},
        review::{self, Decision, ReviewOrder, Subject, is_current},
        screen::{Screen, Size, SizeClass},
        session::Session,
        tagging::{Begin, Queue},
    },
    spans::{MistakeKind, ReviewFilter, ReviewItem, ReviewList, SentenceChange, Split},
    text::{TextRange, number::with_noun},
};

/// Columns from which list and text are side by side.
const SIDE_BY_SIDE: u16 = 160;

/// The list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mistakes {
    /// The places; `None` while they are being searched.
    pub list: Option<Arc<ReviewList>>,
    /// The places shown: indices into the list's items.
    pub rows: Vec<usize>,
    /// Row of the cursor.
    pub row: usize,
    /// Places that are chosen.
    pub filter: ReviewFilter,
    /// Order of the rows.
    pub order: ReviewOrder,
    /// What became of each item.
    decisions: Vec<Decision>,
    /// Item at which the cursor is to be when the places are there.
    wanted: Option<usize>,
}

const HERE: Context = Context::Mistakes;

impl Opens for Mistakes {
    const OPENERS: &'static [Opener<Self>] = &[
        Opener {
            command: Command::Mistakes,
            name: "mistakes",
            hint: "",
            doc: "Show the mistakes of the run, where they were left",
            keys: &[(Context::Everywhere, "f9")],
            when: conditions::followed,
            open: Self::reopen,
        },
        Opener {
            command: Command::Suspects,
            name: "suspects",
            hint: "suspects",
            doc: "Show your labels that are probably wrong",
            keys: &[(Context::Evaluate, "S"), (Context::Documents, "S"), (Context::Everywhere, "")],
            when: conditions::documents,
            open: Self::open_suspects,
        },
    ];
}

impl Commands for Mistakes {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::TakeModel,
            name: "take-model",
            hint: "model's",
            doc: "Take the model's answer in place of the gold spans",
            keys: &[(HERE, "a")],
            when: Self::has_row,
            run: Self::take_model,
        },
        Row {
            command: Command::KeepGold,
            name: "keep-gold",
            hint: "keep gold",
            doc: "Keep the gold spans as they are, go to the next place",
            keys: &[(HERE, "g")],
            when: Self::has_row,
            run: Self::keep_gold,
        },
        Row {
            command: Command::Open,
            name: "open",
            hint: "edit",
            doc: "Go to the place on the Tag screen, to edit it there",
            keys: &[(HERE, "e enter")],
            when: Self::has_row,
            run: Self::edit,
        },
        Row {
            command: Command::Mark,
            name: "mark",
            hint: "mark",
            doc: "Put the document on the list of marked ones, or take it off",
            keys: &[(HERE, "m")],
            when: Self::has_row,
            run: Self::mark,
        },
        Row {
            command: Command::ScoreAgain,
            name: "score-again",
            hint: "score again",
            doc: "Find the mistakes again, with the spans as they are now",
            keys: &[(HERE, "s")],
            when: |panel, _| check(panel.list.is_some(), "The mistakes are being searched"),
            run: Self::score_again,
        },
        Row {
            command: Command::Split,
            name: "split",
            hint: "",
            doc: "Show the mistakes on the next split; train is learned",
            keys: &[(HERE, "t")],
            when: Self::has_split,
            run: Self::next_split,
        },
        Row {
            command: Command::TrainNow,
            name: "train-now",
            hint: "train",
            doc: "Train now with the last settings",
            keys: &[(HERE, "T")],
            when: conditions::idle,
            run: |_, _| Request::Run(Command::Start).into(),
        },
        Row {
            command: Command::Undo,
            name: "undo",
            hint: "undo",
            doc: "Take back the last change of a place",
            keys: &[(HERE, "u")],
            when: conditions::undo,
            run: |panel, session| panel.turn(session, Command::Undo),
        },
        Row {
            command: Command::Redo,
            name: "redo",
            hint: "redo",
            doc: "Do again what was taken back",
            keys: &[(HERE, "ctrl-r")],
            when: conditions::redo,
            run: |panel, session| panel.turn(session, Command::Redo),
        },
        Row {
            command: Command::NextOpen,
            name: "next-open",
            hint: "to do",
            doc: "Go to the next place that is not decided",
            keys: &[(HERE, "w")],
            when: Self::has_row,
            run: |panel, session| {
                panel.go_to_next_open(session);
                Outcome::none()
            },
        },
        Row {
            command: Command::Filter,
            name: "filter",
            hint: "kind",
            doc: "Show only the places of the next kind, or all",
            keys: &[(HERE, "f")],
            when: always,
            run: Self::next_kind,
        },
        Row {
            command: Command::Sort,
            name: "sort",
            hint: "sort",
            doc: "Sort the places another way",
            keys: &[(HERE, "o")],
            when: always,
            run: Self::next_order,
        },
        Row {
            command: Command::Confusion,
            name: "confusion",
            hint: "confusion",
            doc: "Show kinds of mistakes, and which labels are confused",
            keys: &[(HERE, "c")],
            when: Self::has_confusion,
            run: |_, _| Outcome::close().and(Request::ShowConfusion(None)),
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(
        HERE,
        &[
            (Command::Up, "up k p"),
            (Command::Down, "down j n"),
            (Command::PageUp, "pageup"),
            (Command::PageDown, "pagedown"),
            (Command::First, "home"),
            (Command::Last, "end G"),
        ],
    )];
}

impl Panel for Mistakes {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        HERE
    }

    fn hint(&self, command: Command, _: &Session) -> Option<&'static str> {
        let change = self.filter.change.filter(|_| command == Command::Filter)?;
        Some(match change {
            SentenceChange::Fixed => "broken",
            SentenceChange::Broken => "fixed",
        })
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        let page = rows_of_list(session.size);
        Some(ListCursor { row: &mut self.row, rows: self.rows.len(), page })
    }

    fn arrived(&mut self, session: &mut Session) -> Outcome {
        self.remember(session);
        Outcome::none()
    }
}

/// Whether list and text are side by side.
pub fn is_side_by_side(size: Size) -> bool {
    size.columns >= SIDE_BY_SIDE
}

/// Rows of the sheet for the list: all beside the text, else about half.
pub fn rows_of_list(size: Size) -> usize {
    let sheet = usize::from(size.rows).saturating_sub(6);
    match size.class() {
        _ if is_side_by_side(size) => sheet.max(1),
        // A line of text with its two mark rows takes the rest.
        SizeClass::Compact | SizeClass::Tiny => 3,
        _ => (sheet / 2).max(3),
    }
}

/// The list, its rows and what became of them.
impl Mistakes {
    /// Opens the list with these places chosen.
    pub(in crate::app) fn show(session: &Session, filter: ReviewFilter) -> Self {
        let mut panel = Self { filter, ..Self::default() };
        panel.fill(session);
        panel
    }

    /// Opens the list as it was left.
    fn reopen(session: &mut Session) -> Opening<Self> {
        let (filter, order, item) = session.review.left.clone().unwrap_or_default();
        let split = session.review.split().unwrap_or(Split::Valid);
        let is_there = session.review.take_up_list();
        let is_coming = session.review.progress().is_some() && session.review.is_of_suspects();
        let effects = if is_there || is_coming { Vec::new() } else { Vec::from_iter(session.find_mistakes(split)) };
        let mut panel = Self { filter, order, wanted: Some(item), ..Self::default() };
        panel.fill(session);
        Opening { panel: Some(panel), effects }
    }

    /// Opens the list of suspected labels; they are searched again, because the labels may have changed.
    fn open_suspects(session: &mut Session) -> Opening<Self> {
        let effects = vec![session.find_again(Subject::Suspects)];
        let mut panel = Self::default();
        panel.fill(session);
        Opening { panel: Some(panel), effects }
    }

    /// Takes the places that were found, if they are there.
    pub(in crate::app) fn fill(&mut self, session: &Session) {
        self.list = session.review.list().cloned();
        self.look(session);
        self.choose_change();
        self.choose_rows();
        let wanted = self.wanted.take_if(|_| self.list.is_some());
        if let Some(row) = wanted.and_then(|item| self.rows.iter().position(|row| *row == item)) {
            self.row = row;
        }
    }

    /// Finds out what became of every item.
    fn look(&mut self, session: &Session) {
        let (Some(list), Some(project)) = (&self.list, &session.project) else { return self.decisions.clear() };
        self.decisions = list.items.iter().map(|item| session.review.decision(project, list, item)).collect();
    }

    /// The same for the items of the document of the cursor, after a change there.
    fn look_here(&mut self, session: &Session) {
        let (Some(list), Some(here)) = (self.list.clone(), self.rows.get(self.row)) else { return };
        let Some(project) = &session.project else { return };
        for at in items_around(&list, *here) {
            if let (Some(item), Some(known)) = (list.items.get(at), self.decisions.get_mut(at)) {
                *known = session.review.decision(project, &list, item);
            }
        }
    }

    /// Finds the rows that are shown; the cursor stays on its item if that is among them.
    fn choose_rows(&mut self) {
        let here = self.rows.get(self.row).copied();
        let Some(list) = &self.list else {
            self.rows.clear();
            return;
        };
        let items = list.items.iter().enumerate();
        self.rows = items.filter(|(_, item)| self.filter.holds(item)).map(|(at, _)| at).collect();
        self.order.sort(&mut self.rows, &list.items);
        let row = here.and_then(|here| self.rows.iter().position(|row| *row == here));
        self.row = row.unwrap_or(0);
    }

    /// The item of a row.
    pub fn item(&self, row: usize) -> Option<&ReviewItem> {
        self.list.as_ref()?.items.get(*self.rows.get(row)?)
    }

    /// What became of the item of a row.
    pub fn decision(&self, row: usize) -> Decision {
        self.rows.get(row).and_then(|item| self.decisions.get(*item)).copied().unwrap_or(Decision::Open)
    }

    /// All places in the document of the row of the cursor, in reading order.
    pub fn items_beside(&self) -> &[ReviewItem] {
        let (Some(list), Some(here)) = (&self.list, self.rows.get(self.row)) else { return &[] };
        list.items.get(items_around(list, *here)).unwrap_or_default()
    }

    /// Numbers of rows that are open, kept and fixed.
    pub fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for row in 0..self.rows.len() {
            match self.decision(row) {
                Decision::Open => counts[0] += 1,
                Decision::Kept => counts[1] += 1,
                Decision::Fixed => counts[2] += 1,
            }
        }
        counts
    }

    /// The split that the list is about.
    pub fn split(&self, session: &Session) -> Split {
        self.list.as_ref().and_then(|list| list.split).or_else(|| session.review.split()).unwrap_or(Split::Valid)
    }

    fn has_row(&self, _: &Session) -> Check {
        check(self.item(self.row).is_some(), "There is no place here")
    }

    /// Only the mistakes of one run have counts.
    fn has_confusion(&self, session: &Session) -> Check {
        let is_of_run = matches!(session.review.subject(), None | Some(Subject::Mistakes(..)));
        check(is_of_run, "Confusion is counted over the mistakes of a run; Evaluate opens it")?;
        check(self.list.is_some(), "The mistakes are being searched")
    }

    /// Keeps choice, order and place for the next time that the list is opened.
    fn remember(&self, session: &mut Session) {
        let item = self.rows.get(self.row).copied().unwrap_or(0);
        session.review.left = Some((self.filter.clone(), self.order, item));
    }

    /// Puts the cursor on the next open row; says so if there is none.
    fn go_to_next_open(&mut self, session: &mut Session) {
        let all = self.rows.len();
        let mut others = (1..=all).map(|step| (self.row + step) % all.max(1));
        match others.find(|row| self.decision(*row) == Decision::Open) {
            Some(row) => self.row = row,
            None => {
                let [again, train] = [Command::ScoreAgain, Command::TrainNow].map(|command| session.key(HERE, command));
                session.inform(format!("Every place here is decided; {again} scores again, {train} trains again"));
            }
        }
        self.remember(session);
    }

    /// Shows the places of the next kind that has any, after the last all again.
    fn next_kind(&mut self, session: &mut Session) -> Outcome {
        let Some(list) = self.list.clone() else { return Outcome::none() };
        if list.against.is_some() {
            return self.other_change(session, &list);
        }
        let kinds = MistakeKind::ALL.iter().copied();
        let later: Vec<MistakeKind> = match self.filter.kind {
            None => kinds.collect(),
            Some(now) => kinds.skip_while(|kind| *kind != now).skip(1).collect(),
        };
        let any = ReviewFilter { kind: None, ..self.filter.clone() };
        self.filter.kind = later.into_iter().find(|kind| {
            let filter = ReviewFilter { kind: Some(*kind), ..any.clone() };
            list.items.iter().any(|item| filter.holds(item))
        });
        self.choose_rows();
        self.remember(session);
        Outcome::none()
    }

    fn next_order(&mut self, session: &mut Session) -> Outcome {
        self.order = self.order.next();
        self.choose_rows();
        self.row = 0;
        self.remember(session);
        session.inform(format!("Sorted: {}", self.order.name()));
        Outcome::none()
    }

    /// Finds the places again; what was decided stays.
    fn score_again(&mut self, session: &mut Session) -> Outcome {
        let Some(subject) = session.review.subject().filter(|_| self.list.take().is_some()) else {
            return Outcome::none();
        };
        self.choose_rows();
        session.find_again(subject).into()
    }

    fn has_split(&self, session: &Session) -> Check {
        let is_of_run = self.list.as_ref().map_or(session.review.problem().is_some(), |list| list.split.is_some());
        check(is_of_run && !session.review.is_of_suspects(), "Only mistakes of a run belong to a split")
    }

    /// Finds the mistakes on the next split: fixes on train change what is learned, the others change the score.
    fn next_split(&mut self, session: &mut Session) -> Outcome {
        let next = match self.split(session) {
            Split::Valid => Split::Train,
            Split::Train => Split::Test,
            Split::Test => Split::Valid,
        };
        let Some(subject) = session.review.subject() else { return Outcome::none() };
        self.list = None;
        self.filter = ReviewFilter::default();
        self.choose_rows();
        session.inform(match next {
            Split::Train => "Mistakes on the training split: a fix here is learned by the next training",
            Split::Valid => "Mistakes on the validation split: a fix here changes the score, not what is learned",
            Split::Test => "Mistakes on the test split: a fix here changes the score, not what is learned",
        });
        session.find_again(subject.on(next)).into()
    }

    /// Goes to the place on the Tag screen, along the documents of the list.
    fn edit(&mut self, session: &mut Session) -> Outcome {
        let Some(item) = self.item(self.row) else { return Outcome::none() };
        let Some(project) = &session.project else { return Outcome::none() };
        let Some(at) = project.position(&item.document) else {
            session.warn(format!("The document {} is no longer in the project", item.document));
            return Outcome::none();
        };
        if !is_current(project, item) {
            session.warn(review::OUTDATED);
            return Outcome::none();
        }
        let range = item.range();
        let mut queue: Vec<usize> = Vec::new();
        // The first place of each document, in the order of the list.
        let mut places: HashMap<usize, TextRange> = HashMap::new();
        for item in (0..self.rows.len()).filter_map(|row| self.item(row)).filter(|item| is_current(project, item)) {
            if let Some(document) = project.position(&item.document)
                && places.insert(document, item.range()).is_none()
            {
                queue.push(document);
            }
        }
        places.insert(at, range);
        self.remember(session);
        let effects = session.open_document(at, Queue { documents: queue, begin: Begin::Places(places) });
        let back = session.key(Context::Tag, Command::Mistakes);
        let documents = with_noun(session.tagging.queue.len(), "document");
        session.inform(format!("Going on along the {documents} of the list; {back} goes back to it"));
        Outcome::close().then(effects).and(Request::Go(Screen::Tag))
    }
}

/// Indices of the items of the same document as item `at`, which are next to each other.
fn items_around(list: &ReviewList, at: usize) -> std::ops::Range<usize> {
    let Some(document) = list.items.get(at).map(|item| &item.document) else { return 0..0 };
    let before = list.items.iter().take(at).rev().take_while(|item| item.document == *document).count();
    let after = list.items.iter().skip(at).take_while(|item| item.document == *document).count();
    at - before..at + after
}
