//! The annotators of a project side by side: how far they agree, and where they do not. Who works as `gold` decides there,
//! with one key; everybody else looks.

use std::collections::HashSet;

use crate::{
    spans::{
        Action, Annotation, Edit, Span, Split, Status,
        adjudication::{ADJUDICATOR, ComparedDocument, DisputedPlace, PlaceState, same},
        agreement::GroupAgreement,
        journal::JournalOp,
    },
    text::number::with_noun,
};

use super::{
    command::Command,
    effect::Effect,
    event::{Annotators, Level},
    keymap::When,
    list,
    overlay::Overlay,
    project::{Project, SaveState},
    state::{Screen, State},
    tag, welcome,
};

/// So many annotators have a key.
pub const MOST: usize = 7;
/// About so many documents from the row of the cursor on the model is asked.
const AHEAD: usize = 4;

/// What somebody says about a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reading {
    /// This annotator's spans.
    Annotator(u8),
    /// What the model finds.
    Model,
    /// Nothing is here.
    Nothing,
}

/// The view.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparing {
    /// Who is compared, in the order of their keys.
    pub names: Vec<String>,
    /// How far they agree; `None` while their work is being read.
    pub agreement: Option<GroupAgreement>,
    /// The documents that two of them have finished.
    pub documents: Vec<ComparedDocument>,
    /// How far the judge is with each place of each of them.
    stands: Vec<Vec<PlaceState>>,
    /// The places shown: which of `documents`, and which place of it.
    pub rows: Vec<(usize, usize)>,
    /// The row of the cursor.
    pub row: usize,
    /// Whether only places are shown that are not decided.
    pub open_only: bool,
    /// Whether the last open place was just decided: a key too many decides nothing.
    ended: bool,
}

impl Comparing {
    /// The work of all annotators, and how many of their documents are not known here.
    fn new(found: Annotators, project: &Project) -> (Self, usize) {
        let Annotators { names, agreement, documents } = found;
        let all = documents.len();
        // Somebody may have changed the documents on disk: these here are known by their ids.
        let known = documents
            .into_iter()
            .filter_map(|(id, compared)| Some(ComparedDocument { document: project.position(&id)?, ..compared }));
        let documents: Vec<ComparedDocument> = known.collect();
        let unknown = all - documents.len();
        let mut comparing = Self { names, agreement: Some(agreement), documents, ..Self::default() };
        comparing.look(project);
        comparing.rows = comparing.all().collect();
        (comparing, unknown)
    }

    /// Finds out how far the judge is.
    fn look(&mut self, project: &Project) {
        let stands = self.documents.iter().map(|document| stands(project, document));
        self.stands = stands.collect();
    }

    /// The same after something was done to document `at` alone.
    fn look_at(&mut self, project: &Project, at: usize) {
        for (document, known) in self.documents.iter().zip(&mut self.stands) {
            if document.document == at {
                *known = stands(project, document);
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

    /// How far the judge is with the place of a row.
    pub fn stand(&self, row: usize) -> PlaceState {
        self.rows.get(row).map_or(PlaceState::Open, |row| self.stand_of(*row))
    }

    fn stand_of(&self, (at, place): (usize, usize)) -> PlaceState {
        self.stands.get(at).and_then(|stands| stands.get(place)).copied().unwrap_or(PlaceState::Open)
    }

    /// How many places are open, how many are new in documents that are done, and how many there are.
    pub fn counts(&self) -> [usize; 3] {
        let count = |wanted: PlaceState| self.stands.iter().flatten().filter(|stand| **stand == wanted).count();
        [count(PlaceState::Open), count(PlaceState::New), self.stands.iter().map(Vec::len).sum()]
    }

    /// Puts the cursor on the next open place from row `from` on, round the end; of none, on the next new one.
    fn go_to_open(&mut self, from: usize) -> bool {
        let order = || (from..self.rows.len()).chain(0..from.min(self.rows.len()));
        let next = |wanted: PlaceState| order().find(|row| self.stand(*row) == wanted);
        let next = next(PlaceState::Open).or_else(|| next(PlaceState::New));
        self.row = next.unwrap_or(self.row);
        next.is_some()
    }

    /// The row of the cursor, for who goes there by hand.
    pub(super) fn cursor(&mut self) -> &mut usize {
        self.ended = false;
        &mut self.row
    }

    fn show(&mut self) {
        let here = self.rows.get(self.row).copied();
        let open = |row: &(usize, usize)| matches!(self.stand_of(*row), PlaceState::Open | PlaceState::New);
        let rows: Vec<(usize, usize)> = self.all().filter(|row| !self.open_only || open(row)).collect();
        self.row = here.map_or(0, |here| rows.partition_point(|row| *row < here)).min(rows.len().saturating_sub(1));
        self.rows = rows;
    }

    /// Who said first what the judge says at the place of a row: the letter of their key, or a word.
    pub fn whose(&self, project: &Project, row: usize) -> Option<String> {
        let (document, place) = self.place(row)?;
        match self.stand(row) {
            _ if !judge(project) => return None,
            PlaceState::Open => return None,
            PlaceState::Skipped => return Some("skip".to_owned()),
            PlaceState::New => return Some("new".to_owned()),
            PlaceState::Decided => {}
        }
        let verdict = document.verdict(place, project.annotation(document.document));
        let alike = |spans: &[Span]| same(verdict.iter().copied(), spans);
        let reader = place.readings.iter().position(|reading| reading.as_deref().is_some_and(alike));
        let model = || {
            let (_, spans) = project.model_spans(document.document).ok()?;
            document.reading_of(place, &spans).filter(|spans| alike(spans))
        };
        Some(match reader {
            Some(reader) => letter(reader),
            None if verdict.is_empty() => "n".to_owned(),
            None if model().is_some() => "m".to_owned(),
            None => "own".to_owned(),
        })
    }
}

fn stands(project: &Project, document: &ComparedDocument) -> Vec<PlaceState> {
    let (judge, since) = (project.annotation(document.document), project.touched(document.document).unwrap_or(0));
    document.places.iter().map(|place| document.state_of(place, judge, since)).collect()
}

/// The letter that stands for an annotator, and is their key.
pub fn letter(reader: usize) -> String {
    "abcdefg".chars().nth(reader).map_or_else(|| "-".to_owned(), String::from)
}

/// Whether who works here decides.
pub fn judge(project: &Project) -> bool {
    project.annotator == ADJUDICATOR
}

/// Asks for the work of all annotators. The view is there at once, so that no key goes to something that was in front before.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    if state.project.is_none() {
        return Vec::new();
    }
    let generation = state.next_generation();
    state.comparing = Some(generation);
    state.overlay = Some(Overlay::Annotators(Box::default()));
    vec![Effect::CompareAnnotators { generation }]
}

/// Shows the work of all annotators, if somebody still waits for it.
pub(super) fn arrived(state: &mut State, generation: u64, found: Result<Annotators, String>) -> Vec<Effect> {
    let asked = state.comparing.take_if(|asked| *asked == generation).is_some();
    let waits = matches!(&state.overlay, Some(Overlay::Annotators(waiting)) if waiting.agreement.is_none());
    let Some(project) = state.project.as_ref().filter(|_| asked && waits) else { return Vec::new() };
    match found {
        Err(why) => {
            state.overlay = None;
            state.tell(Level::Warn, why);
            Vec::new()
        }
        Ok(found) => {
            let (mut comparing, unknown) = Comparing::new(found, project);
            // One goes on from the document in front.
            let front = state.tag.document;
            let from = comparing.rows.partition_point(|(at, _)| {
                comparing.documents.get(*at).is_some_and(|document| document.document < front)
            });
            if !comparing.go_to_open(from) {
                comparing.row = 0;
            }
            state.overlay = Some(Overlay::Annotators(Box::new(comparing)));
            if unknown > 0 {
                let documents = with_noun(unknown, "document");
                state.tell(
                    Level::Warn,
                    format!("{documents} came since this project was opened; open it again for them"),
                );
            }
            suggest(state)
        }
    }
}

/// Asks the model about the documents of the next rows, if it has said nothing about them. Those of the test part get none:
/// what a model has proposed cannot test models.
pub(super) fn suggest(state: &State) -> Vec<Effect> {
    let (Some(Overlay::Annotators(comparing)), Some(project)) = (&state.overlay, &state.project) else {
        return Vec::new();
    };
    let Some(run) = state.suggester().map(|run| run.id.clone()) else { return Vec::new() };
    let mut seen = HashSet::new();
    let next =
        (comparing.row..comparing.rows.len()).filter_map(|row| comparing.place(row)).map(|(one, _)| one.document);
    let next = next.filter(|at| seen.insert(*at)).take(AHEAD).filter_map(|at| project.documents.get(at));
    let unknown =
        next.filter(|document| document.split != Some(Split::Test) && !project.model_has_spoken(&document.id));
    let documents: Vec<String> = unknown.map(|document| document.id.clone()).collect();
    if documents.is_empty() { Vec::new() } else { vec![Effect::Suggest { run, documents }] }
}

/// Carries out a command of the view.
pub(super) fn run(state: &mut State, command: Command, page: usize) -> Vec<Effect> {
    let (Some(Overlay::Annotators(comparing)), Some(_)) = (&mut state.overlay, &state.project) else {
        return Vec::new();
    };
    if let Some(row) = list::moved(command, comparing.row, comparing.rows.len(), page) {
        *comparing.cursor() = row;
        return suggest(state);
    }
    if comparing.agreement.is_none() {
        return Vec::new();
    }
    match command {
        Command::Reading(reading) => return decide(state, reading),
        Command::TakeAgreed => return take_agreed(state),
        Command::Judge => return change_hats(state),
        Command::NextOpen => {
            if !comparing.go_to_open(comparing.row + 1) {
                state.tell(Level::Info, "Every place is decided");
            }
            return suggest(state);
        }
        Command::Filter => {
            comparing.open_only = !comparing.open_only;
            comparing.show();
            return suggest(state);
        }
        Command::Undo | Command::Redo => return turned(state, command),
        Command::Open => return open(state),
        _ => {}
    }
    Vec::new()
}

/// Takes a decision back, or makes it again; the cursor goes to it.
fn turned(state: &mut State, command: Command) -> Vec<Effect> {
    if let Some(why) = why_not(state) {
        state.tell(Level::Warn, why);
        return Vec::new();
    }
    let (Some(Overlay::Annotators(comparing)), Some(project)) = (&state.overlay, &state.project) else {
        return Vec::new();
    };
    let journal = &project.journal;
    let target = if command == Command::Undo { journal.undo_target() } else { journal.redo_target() };
    let at = target.and_then(|(_, document)| project.position(document));
    // What is not in sight is not taken back here.
    if !comparing.documents.iter().any(|document| Some(document.document) == at) {
        state.tell(Level::Info, "That was done elsewhere; on the Tag screen it can be taken back");
        return Vec::new();
    }
    let effects = tag::run(state, command);
    let front = state.tag.document;
    if let (Some(Overlay::Annotators(comparing)), Some(project)) = (&mut state.overlay, &state.project) {
        comparing.look(project);
        comparing.show();
        comparing.ended = false;
        let here = |row: &usize| comparing.place(*row).is_some_and(|(one, _)| one.document == front);
        let rows = (0..comparing.rows.len()).filter(here);
        let row = rows.clone().find(|row| comparing.stand(*row) == PlaceState::Open).or_else(|| rows.clone().next());
        comparing.row = row.unwrap_or(comparing.row);
    }
    effects
}

/// Why nothing can be decided here, if so.
fn why_not(state: &State) -> Option<String> {
    let project = state.project.as_ref()?;
    if !judge(project) {
        return Some(When::Judge.why_not().to_owned());
    }
    project.read_only.as_ref().map(|why| format!("Nothing can be changed here: {why}"))
}

/// Says this at the place of the cursor, and goes to the next open one.
fn decide(state: &mut State, reading: Reading) -> Vec<Effect> {
    if let Some(why) = why_not(state) {
        state.tell(Level::Warn, why);
        return Vec::new();
    }
    let (Some(Overlay::Annotators(comparing)), Some(project)) = (&mut state.overlay, &mut state.project) else {
        return Vec::new();
    };
    if comparing.ended {
        state.tell(Level::Info, "Every place is decided; go to one to decide it again");
        return Vec::new();
    }
    let Some(here) = comparing.rows.get(comparing.row).copied() else { return Vec::new() };
    let Some((document, place)) = comparing.place(comparing.row) else { return Vec::new() };
    let spans = match reading {
        Reading::Nothing => Ok(Vec::new()),
        Reading::Annotator(reader) => match place.readings.get(usize::from(reader)) {
            Some(Some(spans)) => Ok(spans.clone()),
            Some(None) => {
                let name = comparing.names.get(usize::from(reader)).map_or("", String::as_str);
                Err(format!("{name} has not finished this document"))
            }
            None => Err("No annotator has this key".to_owned()),
        },
        Reading::Model => project.model_spans(document.document).map_err(str::to_owned).and_then(|(_, spans)| {
            let beyond = "What the model finds reaches beyond this place; enter goes there, to tag it by hand";
            document.reading_of(place, &spans).ok_or_else(|| beyond.to_owned())
        }),
    };
    let spans = match spans {
        Ok(spans) => spans,
        Err(why) => {
            state.tell(Level::Info, why);
            return Vec::new();
        }
    };
    let (at, before) = (document.document, project.annotation(document.document).clone());
    let edits = document.decide(&before, Some((place, &spans)), || project.new_id());
    let effects = record(project, vec![(at, before, edits)], state.now);
    comparing.look_at(project, at);
    let row = comparing.row;
    comparing.show();
    // In a list of open places alone, the next one has come to this row.
    let gone = comparing.open_only && comparing.rows.get(row) != Some(&here);
    if !comparing.go_to_open(if gone { row } else { row + 1 }) {
        comparing.ended = true;
        let [_, _, all] = comparing.counts();
        state.tell(Level::Info, format!("All {} are decided", with_noun(all, "place")));
    }
    effects.into_iter().chain(suggest(state)).collect()
}

/// Takes over what all say, of all documents; where they differ nowhere, the document is done by it.
fn take_agreed(state: &mut State) -> Vec<Effect> {
    if let Some(why) = why_not(state) {
        state.tell(Level::Warn, why);
        return Vec::new();
    }
    let (Some(Overlay::Annotators(comparing)), Some(project)) = (&mut state.overlay, &mut state.project) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    // What was left out, or is to be talked about, is so on purpose.
    let wanted =
        |document: &&ComparedDocument| !matches!(project.status(document.document), Status::Skipped | Status::Flagged);
    let documents: Vec<&ComparedDocument> = comparing.documents.iter().filter(wanted).collect();
    for document in documents {
        let before = project.annotation(document.document).clone();
        let edits = document.decide(&before, None, || project.new_id());
        if !edits.is_empty() {
            all.push((document.document, before, edits));
        }
    }
    let spans = all.iter().flat_map(|(_, _, edits)| edits).filter(|edit| matches!(edit, Edit::Add(_))).count();
    let ended = all.iter().filter(|(_, _, edits)| edits.contains(&Edit::Status(Status::Done))).count();
    let told = match all.len() {
        0 => "What all say is taken over already".to_owned(),
        n => format!(
            "{} taken over in {}; {ended} done; one undo takes all back",
            with_noun(spans, "span"),
            with_noun(n, "document")
        ),
    };
    let effects = record(project, all, state.now);
    comparing.look(project);
    comparing.show();
    state.tell(Level::Info, told);
    effects
}

/// Records what was decided about some documents, each with what was said of it before, as one action.
fn record(project: &mut Project, decided: Vec<(usize, Annotation, Vec<Edit>)>, now: u64) -> Vec<Effect> {
    let by_hand = (decided.len() == 1).then_some(now);
    let mut actions = Vec::new();
    for (at, before, edits) in decided.into_iter().filter(|(_, _, edits)| !edits.is_empty()) {
        if before.status != Status::Done && edits.contains(&Edit::Status(Status::Done)) {
            project.mark_today(at, by_hand);
        }
        let document = project.documents.get(at).map(|document| document.id.clone());
        actions.extend(document.map(|document| Action { document, edits }));
    }
    let op = match <[Action; 1]>::try_from(actions) {
        Ok([only]) => JournalOp::Do(only),
        Err(none) if none.is_empty() => return Vec::new(),
        Err(all) => JournalOp::DoAll(all),
    };
    vec![project.record(op, now)]
}

/// Goes to the place on the Tag screen, along the documents of the list.
fn open(state: &mut State) -> Vec<Effect> {
    let (Some(Overlay::Annotators(comparing)), Some(project)) = (&state.overlay, &state.project) else {
        return Vec::new();
    };
    let Some((document, place)) = comparing.place(comparing.row) else { return Vec::new() };
    let (at, range) = (document.document, place.range);
    let word = project.documents.get(at).and_then(|document| document.words_touching(range)).map(|words| words.start);
    let mut queue: Vec<usize> =
        (0..comparing.rows.len()).filter_map(|row| comparing.place(row)).map(|(one, _)| one.document).collect();
    queue.dedup();
    state.overlay = None;
    state.screen = Screen::Tag;
    let effects = tag::open_in(state, at, queue);
    if let Some(word) = word {
        state.tag.put(word);
    }
    effects
}

/// Opens the project as the judge; who is the judge becomes who they were before.
fn change_hats(state: &mut State) -> Vec<Effect> {
    let Some(project) = &state.project else { return Vec::new() };
    let why = if state.train.is_ours() {
        Some("A training of this project runs: let it end or stop it first")
    } else {
        (project.save_state() != SaveState::Saved).then_some("Not everything is saved yet")
    };
    if let Some(why) = why {
        state.tell(Level::Warn, why);
        return Vec::new();
    }
    let who = (!judge(project)).then(|| ADJUDICATOR.to_owned());
    welcome::open_as(state, who)
}
