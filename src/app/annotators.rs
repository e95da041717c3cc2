//! The annotators of a project side by side: how far they agree, and where they do not. Who works as `gold` decides there,
//! with one key; everybody else looks.

use std::collections::HashSet;

use crate::{
    spans::{
        Action, Annotation, Edit, Span, Status,
        adjudication::{Compared, Place, same},
        agreement::GroupAgreement,
        journal::Deed,
    },
    text::number::counted,
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
    tag,
};

/// Who decides where the others differ. Their journal is an annotator's like every other one.
pub const JUDGE: &str = "gold";
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
#[derive(Clone, Debug, PartialEq)]
pub struct Comparing {
    /// Who is compared, in the order of their keys.
    pub names: Vec<String>,
    /// How far they agree.
    pub agreement: GroupAgreement,
    /// The documents that two of them have finished.
    pub documents: Vec<Compared>,
    /// The places shown: which of `documents`, and which place of it.
    pub rows: Vec<(usize, usize)>,
    /// The row of the cursor.
    pub row: usize,
    /// Whether only places are shown that are not decided.
    pub open_only: bool,
}

impl Comparing {
    fn new(found: Annotators) -> Self {
        let Annotators { names, agreement, documents } = found;
        let mut comparing = Self { names, agreement, documents, rows: Vec::new(), row: 0, open_only: false };
        comparing.rows = comparing.all().collect();
        comparing
    }

    /// All places, in the order of documents and texts.
    fn all(&self) -> impl Iterator<Item = (usize, usize)> {
        self.documents.iter().enumerate().flat_map(|(at, one)| (0..one.places.len()).map(move |place| (at, place)))
    }

    /// The document and the place of a row.
    pub fn place(&self, row: usize) -> Option<(&Compared, &Place)> {
        let (at, place) = *self.rows.get(row)?;
        let document = self.documents.get(at)?;
        Some((document, document.places.get(place)?))
    }

    fn is_open(&self, project: &Project, row: usize) -> bool {
        self.place(row).is_some_and(|(document, place)| verdict(project, document, place).is_none())
    }

    /// How many places are not decided, and how many there are.
    pub fn open(&self, project: &Project) -> (usize, usize) {
        let places =
            self.documents.iter().flat_map(|document| document.places.iter().map(move |place| (document, place)));
        let open = places.clone().filter(|(document, place)| verdict(project, document, place).is_none());
        (open.count(), places.count())
    }

    /// Puts the cursor on the next open place after row `from`, round the end.
    fn go_to_open(&mut self, project: &Project, from: usize) -> bool {
        let order = (from..self.rows.len()).chain(0..from.min(self.rows.len()));
        let next = order.into_iter().find(|row| self.is_open(project, *row));
        self.row = next.unwrap_or(self.row);
        next.is_some()
    }

    fn show(&mut self, project: &Project) {
        let here = self.rows.get(self.row).copied();
        let open = |(at, place): &(usize, usize)| {
            let document = self.documents.get(*at);
            let place = document.and_then(|document| document.places.get(*place));
            document.zip(place).is_some_and(|(document, place)| verdict(project, document, place).is_none())
        };
        let rows: Vec<(usize, usize)> = self.all().filter(|row| !self.open_only || open(row)).collect();
        self.row = here.map_or(0, |here| rows.partition_point(|row| *row < here)).min(rows.len().saturating_sub(1));
        self.rows = rows;
    }

    /// Who said first what the judge says at a place: the letter of their key, or a word.
    pub fn whose(&self, project: &Project, document: &Compared, place: &Place) -> Option<String> {
        let said = verdict(project, document, place)?;
        let alike = |spans: &[Span]| same(said.iter().copied(), spans);
        let reader = place.readings.iter().position(|reading| reading.as_deref().is_some_and(alike));
        let model = || project.model_spans(document.document).filter(|(_, spans)| alike(&over(place, spans)));
        Some(match reader {
            Some(reader) => letter(reader),
            None if model().is_some() => "m".to_owned(),
            None if said.is_empty() => "n".to_owned(),
            None => "own".to_owned(),
        })
    }
}

/// The letter that stands for an annotator, and is their key.
pub fn letter(reader: usize) -> String {
    "abcdefg".chars().nth(reader).map_or_else(|| "-".to_owned(), String::from)
}

/// What the judge says at a place; `None` while nothing is decided, or if nobody here is the judge.
pub fn verdict<'a>(project: &'a Project, document: &Compared, place: &Place) -> Option<Vec<&'a Span>> {
    judge(project).then(|| document.verdict(place, project.annotation(document.document))).flatten()
}

/// The spans that share a byte with a place.
pub fn over(place: &Place, spans: &[Span]) -> Vec<Span> {
    spans.iter().filter(|span| span.range.overlaps(place.range)).cloned().collect()
}

/// Whether who works here decides.
pub fn judge(project: &Project) -> bool {
    project.annotator == JUDGE
}

/// Asks for the work of all annotators.
pub(super) fn ask(state: &mut State) -> Vec<Effect> {
    if state.project.is_none() {
        return Vec::new();
    }
    let generation = state.next_generation();
    state.comparing = Some(generation);
    vec![Effect::CompareAnnotators { generation }]
}

/// Shows the work of all annotators.
pub(super) fn arrived(state: &mut State, generation: u64, found: Result<Annotators, String>) -> Vec<Effect> {
    let asked = state.comparing.take_if(|asked| *asked == generation).is_some();
    let Some(project) = state.project.as_ref().filter(|_| asked) else { return Vec::new() };
    match found {
        Err(why) => {
            state.tell(Level::Warn, why);
            Vec::new()
        }
        Ok(found) => {
            let mut comparing = Comparing::new(found);
            // One goes on from the document in front.
            let front = state.tag.document;
            let from = comparing.rows.partition_point(|(at, _)| {
                comparing.documents.get(*at).is_some_and(|document| document.document < front)
            });
            if !comparing.go_to_open(project, from) {
                comparing.row = 0;
            }
            state.overlay = Some(Overlay::Annotators(Box::new(comparing)));
            suggest(state)
        }
    }
}

/// Asks the model about the documents of the next rows, if it has said nothing about them.
fn suggest(state: &State) -> Vec<Effect> {
    let (Some(Overlay::Annotators(comparing)), Some(project)) = (&state.overlay, &state.project) else {
        return Vec::new();
    };
    let Some(run) = state.suggester().map(|run| run.id.clone()) else { return Vec::new() };
    let mut seen = HashSet::new();
    let next =
        (comparing.row..comparing.rows.len()).filter_map(|row| comparing.place(row)).map(|(one, _)| one.document);
    let next = next.filter(|at| seen.insert(*at)).take(AHEAD).filter(|at| !project.model_has_spoken(*at));
    let documents: Vec<String> =
        next.filter_map(|at| project.documents.get(at)).map(|document| document.id.clone()).collect();
    if documents.is_empty() { Vec::new() } else { vec![Effect::Suggest { run, documents }] }
}

/// Carries out a command of the view.
pub(super) fn run(state: &mut State, command: Command, page: usize) -> Vec<Effect> {
    let (Some(Overlay::Annotators(comparing)), Some(project)) = (&mut state.overlay, &state.project) else {
        return Vec::new();
    };
    if let Some(row) = list::moved(command, comparing.row, comparing.rows.len(), page) {
        comparing.row = row;
        return suggest(state);
    }
    match command {
        Command::Reading(reading) => return decide(state, reading),
        Command::TakeAgreed => return take_agreed(state),
        Command::Judge => return become_judge(state),
        Command::NextOpen => {
            if !comparing.go_to_open(project, comparing.row + 1) {
                state.tell(Level::Info, "Every place is decided");
            }
            return suggest(state);
        }
        Command::Filter => {
            comparing.open_only = !comparing.open_only;
            comparing.show(project);
            return suggest(state);
        }
        Command::Undo | Command::Redo => {
            let effects = tag::run(state, command);
            let front = state.tag.document;
            if let (Some(Overlay::Annotators(comparing)), Some(project)) = (&mut state.overlay, &state.project) {
                comparing.show(project);
                let here = |row: &usize| comparing.place(*row).is_some_and(|(one, _)| one.document == front);
                let rows = (0..comparing.rows.len()).filter(here);
                let row = rows.clone().find(|row| comparing.is_open(project, *row)).or_else(|| rows.clone().next());
                comparing.row = row.unwrap_or(comparing.row);
            }
            return effects;
        }
        Command::Open => return open(state),
        _ => {}
    }
    Vec::new()
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
    let Some((document, place)) = comparing.place(comparing.row) else { return Vec::new() };
    let spans = match reading {
        Reading::Nothing => Ok(Vec::new()),
        Reading::Annotator(reader) => match place.readings.get(usize::from(reader)) {
            Some(Some(spans)) => Ok(spans.clone()),
            Some(None) => Err(format!("{} has not finished this document", comparing.names[usize::from(reader)])),
            None => Err("No annotator has this key".to_owned()),
        },
        Reading::Model => match project.model_spans(document.document) {
            Some((_, spans)) => Ok(over(place, &spans)),
            None => Err("The model has said nothing about this document".to_owned()),
        },
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
    let row = comparing.row;
    if !comparing.go_to_open(project, row + 1) {
        comparing.row = (row + 1).min(comparing.rows.len().saturating_sub(1));
        let (open, all) = comparing.open(project);
        if open == 0 {
            state.tell(Level::Info, format!("All {} are decided", counted(all, "place")));
        }
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
    for document in &comparing.documents {
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
            "{} that all have, taken over in {}; {ended} done; one undo takes it back",
            counted(spans, "span"),
            counted(n, "document")
        ),
    };
    let effects = if all.is_empty() { Vec::new() } else { record(project, all, state.now) };
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
    match actions.pop() {
        None => Vec::new(),
        Some(only) if actions.is_empty() => vec![project.record(Deed::Do(only), now)],
        Some(last) => {
            actions.push(last);
            vec![project.record(Deed::DoAll(actions), now)]
        }
    }
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

/// Opens the project as the judge.
fn become_judge(state: &mut State) -> Vec<Effect> {
    let Some(project) = &state.project else { return Vec::new() };
    let why = if judge(project) {
        Some(format!("You are {JUDGE}"))
    } else if state.train.is_ours() {
        Some("A training of this project runs: let it end or stop it first".to_owned())
    } else {
        (project.save_state() != SaveState::Saved).then(|| "Not everything is saved yet".to_owned())
    };
    if let Some(why) = why {
        state.tell(Level::Warn, why);
        return Vec::new();
    }
    state.judging = true;
    vec![Effect::OpenAs(JUDGE.to_owned())]
}
