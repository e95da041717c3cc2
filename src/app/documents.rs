//! The Documents screen: the list, filtered, searched and sorted, and the way into a document.

use std::cmp::Reverse;

use crate::{
    spans::{
        Annotation, Document, Split, Status,
        query::{DocumentFacts, Query, QueryProblem},
    },
    text::number::with_noun,
};

use super::{
    command::Command,
    effect::Effect,
    event::Level,
    field::Field,
    list,
    project::Project,
    queue,
    state::{Screen, State},
    tag,
};

/// The parts by which documents are told apart; the last are those of no part.
pub const PARTS: [Option<Split>; 4] = [Some(Split::Train), Some(Split::Valid), Some(Split::Test), None];

/// After so many answers of a model the list is sorted again.
const OFTEN: usize = 200;

/// What the Documents screen holds.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// The row of the cursor, among those shown.
    pub row: usize,
    /// Only documents of this status.
    pub filter: Option<Status>,
    /// Only documents of this part, by its place in [`PARTS`].
    pub part: Option<usize>,
    /// How the list is sorted.
    pub order: Order,
    /// What was searched for, in the language of [`Query`]; only documents of which it holds.
    pub search: Field,
    /// What of that could not be understood.
    pub problem: Option<QueryProblem>,
    /// Whether the search is being typed.
    pub typing: bool,
    /// All documents as they are sorted, and by what: the order, the lines of the journal, what models have said.
    sorted: Vec<usize>,
    sorted_at: Option<(Order, usize, usize)>,
    /// The documents shown.
    shown: Vec<usize>,
    /// What they were searched with.
    query: Query,
    /// How many documents there are of each of [`PARTS`].
    parts: [usize; PARTS.len()],
    /// What models have said since the list was sorted.
    unseen: usize,
}

/// An order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As the documents came into the project.
    #[default]
    Given,
    /// Those edited last first, those never edited at the end.
    Edited,
    /// Most spans first.
    Spans,
    /// By chance, always the same.
    Random,
    /// Those first of which the model is least sure.
    Uncertain,
    /// Those first whose spans the model sees otherwise.
    Disagreement,
}

impl Order {
    fn next(self) -> Self {
        match self {
            Self::Given => Self::Edited,
            Self::Edited => Self::Spans,
            Self::Spans => Self::Random,
            Self::Random => Self::Uncertain,
            Self::Uncertain => Self::Disagreement,
            Self::Disagreement => Self::Given,
        }
    }

    /// Whether a model must be asked about every document.
    pub fn wants_model(self) -> bool {
        matches!(self, Self::Uncertain | Self::Disagreement)
    }

    /// What it is, in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "as imported",
            Self::Edited => "last edited first",
            Self::Spans => "most spans first",
            Self::Random => "in random order",
            Self::Uncertain => "least sure first",
            Self::Disagreement => "seen otherwise first",
        }
    }
}

/// A document, with what a search may ask of it.
struct Known<'a> {
    project: &'a Project,
    document: &'a Document,
    at: usize,
}

impl DocumentFacts for Known<'_> {
    fn document(&self) -> &Document {
        self.document
    }

    fn annotation(&self) -> &Annotation {
        self.project.annotation(self.at)
    }

    fn mismatch(&self) -> Option<bool> {
        self.project.mismatch(self.at)
    }

    fn uncertainty(&self) -> Option<f32> {
        self.project.uncertainty(self.at)
    }
}

impl Documents {
    /// The places of the documents shown, in order.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// How many documents there are of each of [`PARTS`].
    pub fn parts(&self) -> [usize; PARTS.len()] {
        self.parts
    }

    /// What is searched for, as it was understood.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Whether only some documents may be shown.
    pub fn is_narrowed(&self) -> bool {
        self.filter.is_some() || self.part.is_some() || !self.search.text().is_empty()
    }

    /// Finds again what is to be shown; the cursor stays on its document if that is still there.
    pub(super) fn refresh(&mut self, project: &Project) {
        // Which documents there are does not change while a project is open.
        if self.parts.iter().sum::<usize>() != project.documents.len() {
            self.count_parts(project);
        }
        self.sort(project);
        self.unseen = 0;
        (self.query, self.problem) = Query::parse(self.search.text(), &project.labels);
        self.search_in(self.sorted.clone(), project);
    }

    fn count_parts(&mut self, project: &Project) {
        self.parts = [0; PARTS.len()];
        for document in &project.documents {
            if let Some(n) = PARTS.iter().position(|part| *part == document.split).and_then(|at| self.parts.get_mut(at))
            {
                *n += 1;
            }
        }
    }

    /// Sorts all documents, if anything was done since that the order may rest on.
    fn sort(&mut self, project: &Project) {
        let now = (self.order, project.journal.len(), project.opinions());
        if self.sorted_at == Some(now) && self.sorted.len() == project.documents.len() {
            return;
        }
        self.sorted_at = Some(now);
        let mut places: Vec<usize> = (0..project.documents.len()).collect();
        match self.order {
            Order::Given => {}
            Order::Edited => places.sort_by_cached_key(|at| Reverse(project.touched(*at))),
            Order::Spans => places.sort_by_cached_key(|at| Reverse(project.annotation(*at).spans().len())),
            Order::Random => queue::by_chance(&mut places, project),
            Order::Uncertain => queue::by_uncertainty(&mut places, project),
            Order::Disagreement => queue::by_disagreement(&mut places, project),
        }
        if matches!(self.order, Order::Random | Order::Uncertain | Order::Disagreement) {
            queue::spread(&mut places, project);
        }
        self.sorted = places;
    }

    /// The same after the search was typed on. If it only asks for more than before, only the documents shown are searched.
    pub(super) fn search_on(&mut self, project: &Project) {
        let (query, problem) = Query::parse(self.search.text(), &project.labels);
        if query.narrows(&self.query) {
            (self.query, self.problem) = (query, problem);
            self.search_in(self.shown.clone(), project);
        } else {
            self.refresh(project);
        }
    }

    fn search_in(&mut self, mut places: Vec<usize>, project: &Project) {
        let here = self.shown.get(self.row).copied();
        let part = self.part.and_then(|part| PARTS.get(part));
        let fits = |at: &usize| {
            let known = |document| {
                let one = Known { project, document, at: *at };
                part.is_none_or(|part| *part == one.document.split)
                    && self.filter.is_none_or(|status| project.status(*at) == status)
                    && self.query.holds(&one)
            };
            project.documents.get(*at).is_some_and(known)
        };
        if self.is_narrowed() {
            places.retain(fits);
        }
        self.shown = places;
        let last = self.shown.len().saturating_sub(1);
        let same = here.and_then(|here| self.shown.iter().position(|at| *at == here));
        // Where the document has gone, the next one that is left.
        let next = || here.map_or(0, |here| self.shown.iter().position(|at| *at > here).unwrap_or(last));
        self.row = same.unwrap_or_else(|| if self.order == Order::Given { next() } else { 0 });
    }

    /// The next part that has documents, then all again.
    fn next_part(&self) -> Option<usize> {
        let from = self.part.map_or(0, |part| part + 1);
        (from..PARTS.len()).find(|part| self.parts.get(*part).is_some_and(|n| *n > 0))
    }
}

/// Comes to the screen: the cursor is on the document that is being tagged.
pub(super) fn enter(state: &mut State) {
    let Some(project) = &state.project else { return };
    state.documents.refresh(project);
    if let Some(row) = state.documents.shown.iter().position(|at| *at == state.tag.document) {
        state.documents.row = row;
    }
}

/// Takes away the last thing that narrows the list: the search, then the filters.
pub(super) fn widen(state: &mut State) {
    let documents = &mut state.documents;
    if documents.search.text().is_empty() {
        (documents.filter, documents.part) = (None, None);
    } else {
        documents.search = Field::default();
    }
    if let Some(project) = &state.project {
        documents.refresh(project);
    }
}

/// Carries out a command of this screen.
pub(super) fn run(state: &mut State, command: Command) -> Vec<Effect> {
    let page = usize::from(state.size.rows).saturating_sub(7).max(1);
    let documents = &mut state.documents;
    if let Some(row) = list::moved(command, documents.row, documents.shown.len(), page) {
        documents.row = row;
        return Vec::new();
    }
    match command {
        Command::Search => {
            // Another search begins; the one before is seen until something is typed.
            documents.typing = true;
            documents.search = Field::default();
        }
        Command::Open => return open(state),
        Command::Filter => {
            let next =
                documents.filter.map_or(0, |status| Status::ALL.iter().position(|s| *s == status).unwrap_or(0) + 1);
            documents.filter = Status::ALL.get(next).copied();
        }
        Command::Part => documents.part = documents.next_part(),
        Command::Sort => documents.order = documents.order.next(),
        _ => {}
    }
    if matches!(command, Command::Filter | Command::Part | Command::Sort) {
        if let Some(project) = &state.project {
            documents.refresh(project);
        }
        if command == Command::Sort {
            documents.row = 0;
        }
        match command {
            Command::Sort => return sorted(state),
            Command::Part if state.documents.parts.iter().filter(|n| **n > 0).count() < 2 => {
                state.tell(Level::Info, "All documents are of the same part");
            }
            _ => {}
        }
    }
    Vec::new()
}

/// Says how the list is sorted now, and asks the model about all documents if that takes one.
fn sorted(state: &mut State) -> Vec<Effect> {
    let order = state.documents.order;
    let told = format!("Sorted: {}", order.name());
    let (Some(project), true) = (&state.project, order.wants_model()) else {
        state.tell(Level::Info, told);
        return Vec::new();
    };
    let Some(run) = state.suggester().map(|run| run.id.clone()) else {
        state.tell(Level::Warn, format!("{told}; there is no model yet to be asked"));
        return Vec::new();
    };
    let unknown = project
        .documents
        .iter()
        .enumerate()
        .filter(|(at, document)| document.split != Some(Split::Test) && project.uncertainty(*at).is_none());
    let documents: Vec<String> = unknown.map(|(_, document)| document.id.clone()).collect();
    if documents.is_empty() {
        state.tell(Level::Info, told);
        return Vec::new();
    }
    state.tell(Level::Info, format!("{told}; {run} is being asked about {}", with_noun(documents.len(), "document")));
    vec![Effect::Rank { run, documents }]
}

/// A model has said something of a document: the list is sorted again, but not for each.
pub(super) fn heard(state: &mut State) {
    let Some(project) = &state.project else { return };
    let documents = &mut state.documents;
    documents.unseen += 1;
    if state.screen == Screen::Documents && documents.order.wants_model() && documents.unseen >= OFTEN {
        documents.refresh(project);
    }
}

/// Opens the document of the row on the Tag screen, with the cursor on what was searched for.
fn open(state: &mut State) -> Vec<Effect> {
    let documents = &state.documents;
    let Some(at) = documents.shown.get(documents.row).copied() else { return Vec::new() };
    let document = state.project.as_ref().and_then(|project| project.documents.get(at));
    let found = document.and_then(|document| {
        let found = documents.query.first_match(&document.text)?;
        Some(document.words_touching(found)?.start)
    });
    state.screen = Screen::Tag;
    // Who has looked for documents wants to go on with those.
    let ordered = documents.is_narrowed() || documents.order != Order::Given;
    let queue = if ordered { documents.shown.clone() } else { Vec::new() };
    let effects = tag::open_in(state, at, queue);
    if let Some(word) = found {
        state.tag.word = word;
    }
    effects
}
