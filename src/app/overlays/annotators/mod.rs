//! The comparison of annotators: how far they agree, and where they differ.
//! The adjudicator decides there with one key; everyone else looks.

mod decisions;

use std::collections::HashSet;

use crate::{
    app::{
        command::{Command, Context, Reading},
        conditions::{self, check},
        effect::Effect,
        event::Annotators as Found,
        list::ListCursor,
        panel::{Check, Commands, Opener, Opening, Opens, Outcome, Panel, Request, Row, own_rows},
        project::{Project, SaveState},
        screen::Screen,
        session::Session,
    },
    spans::{
        Span, Split,
        adjudication::{ADJUDICATOR, ComparedDocument, DisputedPlace, PlaceState, same},
        agreement::GroupAgreement,
    },
    text::number::with_noun,
};

/// Number of annotators that have a key.
pub const MOST: usize = 7;
/// Number of documents about which the model is asked.
/// They begin at the row of the cursor.
const AHEAD: usize = 4;
/// Reason why only the adjudicator decides.
const NOT_ADJUDICATOR: &str = "Only gold decides; J opens the project as gold";

/// The comparison.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Annotators {
    /// The request that is not answered yet.
    pub(in crate::app) asked: Option<u64>,
    /// Names of the annotators, in the order of their keys.
    pub names: Vec<String>,
    /// Agreement of the annotators; `None` while their work is being read.
    pub agreement: Option<GroupAgreement>,
    /// The documents that at least two of them have finished.
    pub documents: Vec<ComparedDocument>,
    /// The adjudicator's state of each place of each document.
    states: Vec<Vec<PlaceState>>,
    /// The places shown: index into `documents`, and index of the place.
    pub rows: Vec<(usize, usize)>,
    /// The row of the cursor.
    pub row: usize,
    /// Whether only places are shown that are not decided.
    pub open_only: bool,
    /// Whether the last open place was just decided: another key decides nothing.
    ended: bool,
}

const HERE: Context = Context::Annotators;

impl Opens for Annotators {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Annotators,
        name: "annotators",
        hint: "",
        doc: "Compare the annotators, and decide where they differ",
        keys: &[(Context::Everywhere, "f7")],
        when: conditions::project,
        open: Annotators::open,
    }];
}

impl Commands for Annotators {
    const ROWS: &'static [Row<Self>] = &[
        reading(0, "reading-a", &[(HERE, "a")], |panel, session| panel.decide(session, Reading::Annotator(0))),
        reading(1, "reading-b", &[(HERE, "b")], |panel, session| panel.decide(session, Reading::Annotator(1))),
        reading(2, "reading-c", &[(HERE, "c")], |panel, session| panel.decide(session, Reading::Annotator(2))),
        reading(3, "reading-d", &[(HERE, "d")], |panel, session| panel.decide(session, Reading::Annotator(3))),
        reading(4, "reading-e", &[(HERE, "e")], |panel, session| panel.decide(session, Reading::Annotator(4))),
        reading(5, "reading-f", &[(HERE, "f")], |panel, session| panel.decide(session, Reading::Annotator(5))),
        reading(6, "reading-g", &[(HERE, "g")], |panel, session| panel.decide(session, Reading::Annotator(6))),
        Row {
            command: Command::Reading(Reading::Model),
            name: "reading-model",
            hint: "model's",
            doc: "Decide for what the model finds here",
            keys: &[(HERE, "m")],
            when: adjudicator,
            run: |panel, session| panel.decide(session, Reading::Model),
        },
        Row {
            command: Command::Reading(Reading::Nothing),
            name: "reading-nothing",
            hint: "nothing",
            doc: "Decide that nothing is here",
            keys: &[(HERE, "n")],
            when: adjudicator,
            run: |panel, session| panel.decide(session, Reading::Nothing),
        },
        Row {
            command: Command::TakeAgreed,
            name: "take-agreed",
            hint: "what all say",
            doc: "Take over what all annotators say, of all documents",
            keys: &[(HERE, "t")],
            when: adjudicator,
            run: Self::take_agreed,
        },
        Row {
            command: Command::Adjudicate,
            name: "adjudicate",
            hint: "decide",
            doc: "Open the project as gold, who decides; or as you again",
            keys: &[(HERE, "J")],
            when: conditions::always,
            run: Self::change_annotator,
        },
        Row {
            command: Command::Open,
            name: "open",
            hint: "open",
            doc: "Go to the place on the Tag screen",
            keys: &[(HERE, "enter")],
            when: conditions::always,
            run: Self::open_place,
        },
        Row {
            command: Command::Filter,
            name: "filter",
            hint: "status",
            doc: "Show only the places that are not decided, or all",
            keys: &[(HERE, "o")],
            when: adjudicator,
            run: Self::filter,
        },
        Row {
            command: Command::Undo,
            name: "undo",
            hint: "undo",
            doc: "Take back the last decision",
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
            when: conditions::always,
            run: Self::next_open,
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(
        HERE,
        &[
            (Command::Up, "up k"),
            (Command::Down, "down j"),
            (Command::PageUp, "pageup"),
            (Command::PageDown, "pagedown"),
            (Command::First, "home"),
            (Command::Last, "end G"),
        ],
    )];
}

const fn reading(
    annotator: u8,
    name: &'static str,
    keys: &'static [(Context, &'static str)],
    run: fn(&mut Annotators, &mut Session) -> Outcome,
) -> Row<Annotators> {
    let when: fn(&Annotators, &Session) -> Check = match annotator {
        0 => |panel, _| panel.has_key(0),
        1 => |panel, _| panel.has_key(1),
        2 => |panel, _| panel.has_key(2),
        3 => |panel, _| panel.has_key(3),
        4 => |panel, _| panel.has_key(4),
        5 => |panel, _| panel.has_key(5),
        _ => |panel, _| panel.has_key(6),
    };
    let command = Command::Reading(Reading::Annotator(annotator));
    let doc = "Decide for what the annotator of this letter says";
    Row { command, name, hint: "theirs", doc, keys, when, run }
}

fn adjudicator(_: &Annotators, session: &Session) -> Check {
    check(session.is_adjudicator(), NOT_ADJUDICATOR)
}

impl Panel for Annotators {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Annotators
    }

    fn hint(&self, command: Command, session: &Session) -> Option<&'static str> {
        (command == Command::Adjudicate && session.is_adjudicator()).then_some("be yourself")
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        Some(ListCursor { row: &mut self.row, rows: self.rows.len(), page: session.page() })
    }

    fn arrived(&mut self, session: &mut Session) -> Outcome {
        self.ended = false;
        self.suggest(session).into()
    }
}

impl Annotators {
    /// Asks for the work of all annotators.
    /// The view is there at once, so that no key goes to what was in front before.
    fn open(session: &mut Session) -> Opening<Self> {
        let generation = session.next_generation();
        let panel = Self { asked: Some(generation), ..Self::default() };
        Opening { panel: Some(panel), effects: vec![Effect::CompareAnnotators { generation }] }
    }

    /// Takes the work of all annotators, if it answers the request of this view.
    pub(in crate::app) fn work_read(
        &mut self,
        session: &mut Session,
        generation: u64,
        found: Result<Found, String>,
    ) -> Outcome {
        if self.asked.take_if(|asked| *asked == generation).is_none() {
            return Outcome::none();
        }
        let Some(project) = &session.project else { return Outcome::none() };
        let found = match found {
            Ok(found) => found,
            Err(why) => {
                session.warn(why);
                return Outcome::close();
            }
        };
        let unknown = self.fill(found, project);
        // The cursor goes on from the document in front.
        let front = session.tagging.document;
        let before = |at: &usize| self.documents.get(*at).is_some_and(|document| document.document < front);
        if !self.go_to_open(self.rows.partition_point(|(at, _)| before(at))) {
            self.row = 0;
        }
        if unknown > 0 {
            let documents = with_noun(unknown, "document");
            session.warn(format!("{documents} came since this project was opened; open it again for them"));
        }
        self.suggest(session).into()
    }

    /// Takes the documents that are known here.
    /// Returns the number of those that are not.
    fn fill(&mut self, found: Found, project: &Project) -> usize {
        let Found { names, agreement, documents } = found;
        let all = documents.len();
        // The documents on disk may have changed since the project was opened; they are known by their ids.
        let known = documents.into_iter();
        self.documents = known
            .filter_map(|(id, compared)| Some(ComparedDocument { document: project.position(&id)?, ..compared }))
            .collect();
        self.names = names;
        self.agreement = Some(agreement);
        self.look(project);
        self.rows = self.all().collect();
        all - self.documents.len()
    }

    /// Finds the adjudicator's state of every place.
    fn look(&mut self, project: &Project) {
        self.states = self.documents.iter().map(|document| states(project, document)).collect();
    }

    /// The same after a change of document `at` alone.
    fn look_at(&mut self, project: &Project, at: usize) {
        for (document, known) in self.documents.iter().zip(&mut self.states) {
            if document.document == at {
                *known = states(project, document);
            }
        }
    }

    /// All places, in the order of documents and texts.
    fn all(&self) -> impl Iterator<Item = (usize, usize)> {
        self.documents.iter().enumerate().flat_map(|(at, one)| (0..one.places.len()).map(move |place| (at, place)))
    }

    /// The document and the place of a row.
    pub fn place(&self, row: usize) -> Option<(&ComparedDocument, &DisputedPlace)> {
        let (at, place) = *self.rows.get(row)?;
        let document = self.documents.get(at)?;
        Some((document, document.places.get(place)?))
    }

    /// The documents of the rows from `row` on; one for each row.
    fn documents_from(&self, row: usize) -> impl Iterator<Item = usize> {
        (row..self.rows.len()).filter_map(|row| self.place(row)).map(|(one, _)| one.document)
    }

    /// The adjudicator's state of the place of a row.
    pub fn state_of(&self, row: usize) -> PlaceState {
        self.rows.get(row).map_or(PlaceState::Open, |row| self.state_at(*row))
    }

    fn state_at(&self, (at, place): (usize, usize)) -> PlaceState {
        self.states.get(at).and_then(|states| states.get(place)).copied().unwrap_or(PlaceState::Open)
    }

    /// Numbers of open places, of new places in done documents, and of all places.
    pub fn counts(&self) -> [usize; 3] {
        let all = self.states.iter().flatten();
        let open = all.clone().filter(|state| **state == PlaceState::Open).count();
        let new = all.clone().filter(|state| **state == PlaceState::New).count();
        [open, new, all.count()]
    }

    /// Puts the cursor on the next open place from row `from` on.
    /// After the last row the search goes on from the first. If no place is open, the cursor goes to the next new one.
    fn go_to_open(&mut self, from: usize) -> bool {
        let next = self.next_row(from, PlaceState::Open).or_else(|| self.next_row(from, PlaceState::New));
        self.row = next.unwrap_or(self.row);
        next.is_some()
    }

    fn next_row(&self, from: usize, wanted: PlaceState) -> Option<usize> {
        let mut order = (from..self.rows.len()).chain(0..from.min(self.rows.len()));
        order.find(|row| self.state_of(*row) == wanted)
    }

    /// Finds the rows that are shown; the cursor stays at its place.
    fn show(&mut self) {
        let here = self.rows.get(self.row).copied();
        let shown =
            |row: &(usize, usize)| !self.open_only || matches!(self.state_at(*row), PlaceState::Open | PlaceState::New);
        let rows: Vec<(usize, usize)> = self.all().filter(shown).collect();
        self.row = here.map_or(0, |here| rows.partition_point(|row| *row < here)).min(rows.len().saturating_sub(1));
        self.rows = rows;
    }

    /// Name of the reading that the adjudicator took at the place of a row.
    /// It is the letter of the annotator's key, or a word.
    pub fn whose(&self, project: &Project, row: usize) -> Option<String> {
        let (document, place) = self.place(row)?;
        if !project.is_adjudicator() {
            return None;
        }
        match self.state_of(row) {
            PlaceState::Open => return None,
            PlaceState::Skipped => return Some("skip".to_owned()),
            PlaceState::New => return Some("new".to_owned()),
            PlaceState::Decided => {}
        }
        let verdict = document.verdict(place, project.annotation(document.document));
        let alike = |spans: &[Span]| same(verdict.iter().copied(), spans);
        if let Some(annotator) = place.readings.iter().position(|reading| reading.as_deref().is_some_and(alike)) {
            return Some(letter(annotator));
        }
        if verdict.is_empty() {
            return Some("n".to_owned());
        }
        let model = project.model_spans(document.document).ok();
        let model = model.and_then(|(_, spans)| document.reading_of(place, &spans)).filter(|spans| alike(spans));
        Some(if model.is_some() { "m" } else { "own" }.to_owned())
    }

    fn has_key(&self, annotator: usize) -> Check {
        check(self.names.len() > annotator, "No annotator here has this letter")
    }

    /// Asks the model about documents of the next rows that it has not answered.
    /// Documents of the test split are left out: a model's suggestions would make them useless for testing models.
    fn suggest(&self, session: &Session) -> Vec<Effect> {
        let Some(project) = &session.project else { return Vec::new() };
        let Some(run) = session.suggesting() else { return Vec::new() };
        let mut seen = HashSet::new();
        let next = self.documents_from(self.row).filter(|at| seen.insert(*at)).take(AHEAD);
        let next = next.filter_map(|at| project.documents.get(at));
        let unknown =
            next.filter(|document| document.split != Some(Split::Test) && !project.has_model_output(&document.id));
        let documents: Vec<String> = unknown.map(|document| document.id.clone()).collect();
        if documents.is_empty() { Vec::new() } else { vec![Effect::Suggest { run, documents }] }
    }

    fn next_open(&mut self, session: &mut Session) -> Outcome {
        if self.agreement.is_none() {
            return Outcome::none();
        }
        if !self.go_to_open(self.row + 1) {
            session.inform("Every place is decided");
        }
        self.suggest(session).into()
    }

    fn filter(&mut self, session: &mut Session) -> Outcome {
        if self.agreement.is_none() {
            return Outcome::none();
        }
        self.open_only = !self.open_only;
        self.show();
        self.suggest(session).into()
    }

    /// Goes to the place on the Tag screen, along the documents of the list.
    fn open_place(&mut self, session: &mut Session) -> Outcome {
        let Some((document, place)) = self.place(self.row) else { return Outcome::none() };
        let at = document.document;
        let text = session.project.as_ref().and_then(|project| project.documents.get(at));
        let word = text.and_then(|text| text.words_touching(place.range)).map(|words| words.start);
        let mut queue: Vec<usize> = self.documents_from(0).collect();
        queue.dedup();
        let effects = session.open_document(at, queue);
        if let Some(word) = word {
            session.tagging.put(word);
        }
        Outcome::close().then(effects).and(Request::Go(Screen::Tag))
    }

    /// Opens the project as the adjudicator.
    /// From there, as the annotator who opened it first.
    fn change_annotator(&mut self, session: &mut Session) -> Outcome {
        let Some(project) = session.project.as_ref().filter(|_| self.agreement.is_some()) else {
            return Outcome::none();
        };
        if session.runs.is_ours() {
            session.warn("A training of this project runs: let it end or stop it first");
            return Outcome::none();
        }
        if project.save_state() != SaveState::Saved {
            session.warn("Not everything is saved yet");
            return Outcome::none();
        }
        let who = (!project.is_adjudicator()).then(|| ADJUDICATOR.to_owned());
        Outcome::close().and(Request::OpenAs(who))
    }
}

fn states(project: &Project, document: &ComparedDocument) -> Vec<PlaceState> {
    let annotation = project.annotation(document.document);
    let since = project.touched(document.document).unwrap_or(0);
    document.places.iter().map(|place| document.state_of(place, annotation, since)).collect()
}

/// The letter of an annotator's key.
pub fn letter(annotator: usize) -> String {
    "abcdefg".chars().nth(annotator).map_or_else(|| "-".to_owned(), String::from)
}
