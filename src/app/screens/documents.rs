//! The Documents screen.
//! The list of documents, filtered, searched and sorted, from which one is opened.

use std::{cmp::Reverse, collections::HashSet};

use crate::{
    app::{
        command::{Command, Context},
        conditions::{self, check},
        document_order,
        effect::Effect,
        list::{self, ListCursor},
        panel::{Check, Commands, Outcome, Panel, Request, Row, own_rows},
        pointer::{Gesture, Target},
        project::Project,
        prompts::Prompt,
        screen::Screen,
        session::Session,
        tagging::{Begin, Queue},
    },
    spans::{
        Annotation, Document, DocumentList, Split, Status,
        query::{DocumentFacts, Query, QueryProblem},
    },
    text::number::with_noun,
};

pub use crate::app::document_order::Order;

/// Splits by which the list can be narrowed.
/// The last is for documents without a split.
pub const SPLITS: [Option<Split>; 4] = [Some(Split::Train), Some(Split::Valid), Some(Split::Test), None];

/// Answers of a model after which the list is sorted again.
const ANSWERS_PER_SORT: usize = 200;

/// State of the Documents screen.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// Row of the cursor, among the documents shown.
    pub row: usize,
    /// Shows only these documents.
    pub filter: Option<Filter>,
    /// Shows only documents of this split, an index into [`SPLITS`].
    pub split: Option<usize>,
    /// Order of the list.
    pub order: Order,
    /// The search that chose the documents shown, in the language of [`Query`].
    pub search: String,
    /// The term of the search that could not be understood.
    pub problem: Option<QueryProblem>,
    /// Whether a search is being typed.
    pub typing: bool,
    /// The document under the cursor when the search was begun.
    searched_from: Option<usize>,
    /// All documents in order.
    sorted: Vec<usize>,
    /// State from which `sorted` was computed.
    /// It is the order, the number of journal lines, and the number of the models' answers.
    sorted_from: Option<(Order, usize, usize)>,
    /// The documents shown.
    shown: Vec<usize>,
    /// The query that chose them.
    query: Query,
    /// Number of documents in each of [`SPLITS`].
    split_sizes: [usize; SPLITS.len()],
    /// Answers of models since the list was sorted.
    new_answers: usize,
    /// Whether the cursor begins at the first row when the screen comes to the front.
    from_top: bool,
    /// Ids of the documents about which a model was asked for the order and has not answered.
    awaited: HashSet<String>,
}

/// Documents to which the list is narrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Those of a status.
    Status(Status),
    /// Those whose text was changed, so that they must be looked at again.
    Review,
}

impl Filter {
    fn holds(self, project: &Project, at: usize) -> bool {
        match self {
            Self::Status(status) => project.status(at) == status,
            Self::Review => project.annotation(at).needs_review(),
        }
    }
}

/// A document together with what a query may ask of it.
struct SearchedDocument<'a> {
    project: &'a Project,
    document: &'a Document,
    at: usize,
}

impl DocumentFacts for SearchedDocument<'_> {
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

/// Views of the state for drawing.
impl Documents {
    /// The documents shown, in order.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Number of documents in each of [`SPLITS`].
    pub fn split_sizes(&self) -> [usize; SPLITS.len()] {
        self.split_sizes
    }

    /// The search as it was understood.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Whether a search or a filter may hide documents.
    pub fn is_narrowed(&self) -> bool {
        self.filter.is_some() || self.split.is_some() || !self.search.is_empty()
    }

    /// Sorts and searches again.
    /// The cursor stays on its document if that is still shown.
    pub(in crate::app) fn refresh(&mut self, project: &Project) {
        // The documents do not change while a project is open.
        if self.split_sizes.iter().sum::<usize>() != project.documents.len() {
            self.split_sizes =
                SPLITS.map(|split| project.documents.iter().filter(|document| document.split == split).count());
        }
        self.sort(project);
        self.new_answers = 0;
        (self.query, self.problem) = Query::parse(&self.search, &project.labels);
        self.show_matching(self.sorted.clone(), project);
    }

    /// Returns the state for a project that was opened again; `old` are the documents of before.
    /// Search, filters and order stay, and the cursor stays on its document.
    pub(in crate::app) fn carried(self, old: &DocumentList, project: &Project) -> Self {
        let here = self.shown.iter().skip(self.row).find_map(|at| project.position(&old.get(*at)?.id));
        Self {
            filter: self.filter,
            split: self.split,
            order: self.order,
            search: self.search,
            shown: here.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Fills the list of a project that was opened again, and asks the model if the order needs that.
    pub(in crate::app) fn reopened(&mut self, session: &Session) -> Option<Effect> {
        if session.screen == Screen::Documents {
            self.refresh_in(session);
        }
        let run = session.suggesting().filter(|_| self.order.wants_model())?;
        let documents = session.project.as_ref().map(without_answer).filter(|documents| !documents.is_empty())?;
        Some(Effect::Rank { run, documents })
    }

    /// Sorts all documents, if the order may have changed.
    fn sort(&mut self, project: &Project) {
        let from = (self.order, project.journal.len(), project.model_revision());
        if self.sorted_from == Some(from) && self.sorted.len() == project.documents.len() {
            return;
        }
        self.sorted_from = Some(from);
        let mut places: Vec<usize> = (0..project.documents.len()).collect();
        match self.order {
            Order::Given => {}
            Order::Edited => places.sort_by_cached_key(|at| Reverse(project.touched(*at))),
            Order::Spans => places.sort_by_cached_key(|at| Reverse(project.annotation(*at).spans().len())),
            Order::Random => document_order::by_chance(&mut places, project),
            Order::Uncertain => document_order::by_uncertainty(&mut places, project),
            Order::Disagreement => document_order::by_disagreement(&mut places, project),
        }
        if self.order.spreads() {
            document_order::spread(&mut places, project);
        }
        self.sorted = places;
    }

    /// Searches again after a key in the search.
    /// The cursor goes to the first document found; without a search, back to where the search was begun.
    ///
    /// If the search only asks for more than before, only the documents shown are searched.
    fn search_again(&mut self, project: &Project) {
        let (query, problem) = Query::parse(&self.search, &project.labels);
        if query.narrows(&self.query) {
            self.query = query;
            self.problem = problem;
            self.show_matching(self.shown.clone(), project);
        } else {
            self.refresh(project);
        }
        self.row = match self.searched_from.filter(|_| self.search.is_empty()) {
            Some(start) => self.row_of(start),
            None => 0,
        };
    }

    /// Shows those of `places` that pass the search and the filters, first those whose whole id was searched for.
    fn show_matching(&mut self, mut places: Vec<usize>, project: &Project) {
        let here = self.shown.get(self.row).copied();
        if self.is_narrowed() {
            places.retain(|at| self.matches(*at, project));
            places.sort_by_key(|at| !project.documents.get(*at).is_some_and(|found| self.query.names(&found.id)));
        }
        self.shown = places;
        self.row = here.map_or(0, |here| self.row_of(here));
    }

    fn matches(&self, at: usize, project: &Project) -> bool {
        let Some(document) = project.documents.get(at) else { return false };
        let split = self.split.and_then(|split| SPLITS.get(split));
        split.is_none_or(|split| *split == document.split)
            && self.filter.is_none_or(|filter| filter.holds(project, at))
            && self.query.holds(&SearchedDocument { project, document, at })
    }

    /// Row of a document.
    /// If it is hidden, the row of the next one in the order of import, else the first row.
    fn row_of(&self, document: usize) -> usize {
        let same = self.shown.iter().position(|at| *at == document);
        same.unwrap_or_else(|| match self.order {
            Order::Given => {
                let next = self.shown.iter().position(|at| *at > document);
                next.unwrap_or(self.shown.len().saturating_sub(1))
            }
            _ => 0,
        })
    }

    /// Whether answers about many documents are awaited for the order of the list.
    pub(in crate::app) fn is_ranking(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// Takes an answer of the model: the list is sorted again after some of them, and after the last.
    /// Answers to other questions, such as suggestions on the Tag screen, are not awaited.
    pub(in crate::app) fn model_answered(&mut self, session: &Session, document: &str) {
        let Some(project) = &session.project else { return };
        self.new_answers += 1;
        let is_last = self.awaited.remove(document) && self.awaited.is_empty();
        let is_due = self.new_answers >= ANSWERS_PER_SORT || is_last;
        if session.screen == Screen::Documents && self.order.wants_model() && is_due {
            self.refresh(project);
        }
    }
}

/// Commands.
impl Documents {
    fn refresh_in(&mut self, session: &Session) {
        if let Some(project) = &session.project {
            self.refresh(project);
        }
    }

    /// Begins a new search, or goes on with one that was left.
    /// The result of the one before is shown until something is typed.
    fn start_search(&mut self, session: &mut Session) -> Outcome {
        self.typing = true;
        self.searched_from = self.shown.get(self.row).copied();
        session.ask(&Prompt::Search, "");
        if !session.prompts.text(&Prompt::Search).is_empty() {
            return self.typed(session);
        }
        Outcome::none()
    }

    fn next_filter(&mut self, session: &mut Session) -> Outcome {
        let has_review = session.project.as_ref().is_some_and(|project| project.to_review() > 0);
        let all = Status::ALL.iter().copied().map(Filter::Status).chain(has_review.then_some(Filter::Review));
        let mut rest = all.skip_while(|filter| self.filter.is_some_and(|now| now != *filter));
        self.filter = if self.filter.is_none() { rest.next() } else { rest.nth(1) };
        self.refresh_in(session);
        Outcome::none()
    }

    /// Shows the next split that has documents, after the last all again.
    fn next_split(&mut self, session: &mut Session) -> Outcome {
        let from = self.split.map_or(0, |split| split + 1);
        self.split = (from..SPLITS.len()).find(|split| self.split_sizes.get(*split).is_some_and(|size| *size > 0));
        self.refresh_in(session);
        if self.split_sizes.iter().filter(|size| **size > 0).count() < 2 {
            session.inform("All documents are in the same split");
        }
        Outcome::none()
    }

    /// Sorts by the next order.
    fn next_order(&mut self, session: &mut Session) -> Outcome {
        self.sort_by(self.order.next(), session).into()
    }

    /// Goes to this screen, sorted by an order.
    fn show_sorted(&mut self, order: Order, session: &mut Session) -> Outcome {
        let question = self.sort_by(order, session);
        self.from_top = true;
        Outcome::from(question).and(Request::Go(Screen::Documents))
    }

    /// Sorts by an order.
    /// Asks the model about all documents if the order needs that.
    fn sort_by(&mut self, order: Order, session: &mut Session) -> Option<Effect> {
        self.order = order;
        self.refresh_in(session);
        self.row = 0;
        let sorted = format!("Sorted: {}", self.order.name());
        if !self.order.wants_model() {
            session.inform(sorted);
            return None;
        }
        let Some(run) = session.suggesting() else {
            session.warn(format!("{sorted}; there is no model yet to be asked"));
            return None;
        };
        let documents = session.project.as_ref().map(without_answer).unwrap_or_default();
        if documents.is_empty() {
            session.inform(sorted);
            return None;
        }
        let number = with_noun(documents.len(), "document");
        session.inform(format!("{sorted}; {run} is being asked about {number}"));
        self.awaited = documents.iter().cloned().collect();
        Some(Effect::Rank { run, documents })
    }

    /// Opens the document of the row on the Tag screen.
    /// There, and in those that follow, the cursor is on the first word found.
    fn open(&mut self, session: &mut Session) -> Outcome {
        let Some(at) = self.shown.get(self.row).copied() else { return Outcome::none() };
        // Who searched or sorted goes on along those documents.
        let chosen = self.is_narrowed() || self.order != Order::Given;
        let queue = if chosen { self.shown.clone() } else { Vec::new() };
        let begin = Begin::Search(self.query.clone());
        let effects = session.open_document(at, Queue { documents: queue, begin });
        Outcome::from(effects).and(Request::Go(Screen::Tag))
    }

    /// Drops the last thing that narrows the list: the search, then the filters.
    fn widen(&mut self, session: &mut Session) {
        if self.search.is_empty() {
            self.filter = None;
            self.split = None;
        } else {
            self.search.clear();
            session.prompts.forget(&Prompt::Search);
        }
        self.refresh_in(session);
    }

    /// There is a document to move, and the project can be changed.
    fn can_move(&self, session: &Session) -> Check {
        check(!self.shown.is_empty(), "There is no document")?;
        let can_change = session.project.as_ref().is_some_and(|project| project.read_only.is_none());
        check(can_change, "This project can only be read now")
    }

    /// Documents were moved, and the project can be changed.
    fn has_moved(&self, session: &Session) -> Check {
        check(!session.moves.is_empty(), "No document was moved to a split since the program was started")?;
        let can_change = session.project.as_ref().is_some_and(|project| project.read_only.is_none());
        check(can_change, "This project can only be read now")
    }

    /// There are documents, or there would be some without the filters.
    fn has_documents(&self, _: &Session) -> Check {
        check(!self.shown.is_empty() || self.is_narrowed(), "There is no document")
    }
}

/// Ids of the documents that a model may be asked about and has not answered yet.
/// Those of the test split are left out.
fn without_answer(project: &Project) -> Vec<String> {
    let documents = project.documents.iter().enumerate();
    documents
        .filter(|(at, document)| document.split != Some(Split::Test) && project.uncertainty(*at).is_none())
        .map(|(_, document)| document.id.clone())
        .collect()
}

impl Panel for Documents {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        if self.typing { Context::Typing } else { Context::Documents }
    }

    fn prompt(&self) -> Option<Prompt> {
        self.typing.then_some(Prompt::Search)
    }

    fn typed(&mut self, session: &mut Session) -> Outcome {
        session.prompts.text(&Prompt::Search).clone_into(&mut self.search);
        if let Some(project) = &session.project {
            self.search_again(project);
        }
        Outcome::none()
    }

    fn accept(&mut self, _: &mut Session) -> Outcome {
        self.typing = false;
        Outcome::none()
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        Some(ListCursor { row: &mut self.row, rows: self.shown.len(), page: session.page() })
    }

    /// A click on a row of what was found answers the search, as enter does.
    fn pointer(&mut self, gesture: Gesture, target: Option<Target>, session: &mut Session) -> Option<Outcome> {
        if let (Gesture::Press, Some(Target::Row(_)), true) = (gesture, target, self.typing) {
            self.typing = false;
            session.prompts.forget(&Prompt::Search);
        }
        None
    }

    /// Puts the cursor on the document that is being tagged.
    fn enter(&mut self, session: &mut Session) -> Outcome {
        self.refresh_in(session);
        let from_top = std::mem::take(&mut self.from_top);
        let row = self.shown.iter().position(|at| *at == session.tagging.document).filter(|_| !from_top);
        self.row = row.unwrap_or(self.row);
        Outcome::none()
    }

    fn leave(&mut self, _: &mut Session) {
        self.typing = false;
    }

    fn holds(&self, _: &Session) -> bool {
        self.is_narrowed()
    }

    fn back(&mut self, session: &mut Session) -> bool {
        if std::mem::take(&mut self.typing) {
            return true;
        }
        let narrowed = self.is_narrowed();
        if narrowed {
            self.widen(session);
        }
        narrowed
    }

    fn next_step(&self, session: &Session) -> Option<String> {
        if self.typing || session.project.as_ref()?.documents.is_empty() {
            return None;
        }
        let (done, open) = session.progress();
        if open == 0 && done > 0 {
            let export = session.key(Context::Documents, Command::Export);
            return Some(format!("every document is done; {export} writes them out"));
        }
        if self.shown.is_empty() {
            return None;
        }
        let [enter, filter] = [Command::Open, Command::Filter].map(|command| session.key(Context::Documents, command));
        Some(format!("{enter} opens the document under the cursor; {filter} shows one status only"))
    }
}

impl Commands for Documents {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::Open,
            name: "open",
            hint: "open",
            doc: "Open the document under the cursor",
            keys: &[(Context::Documents, "enter")],
            when: Self::has_documents,
            run: Self::open,
        },
        Row {
            command: Command::Search,
            name: "search",
            hint: "search",
            doc: "Search the documents' texts and ids",
            keys: &[(Context::Documents, "/")],
            when: Self::has_documents,
            run: Self::start_search,
        },
        Row {
            command: Command::Filter,
            name: "filter",
            hint: "status",
            doc: "Show only documents of the next status",
            keys: &[(Context::Documents, "f")],
            when: Self::has_documents,
            run: Self::next_filter,
        },
        Row {
            command: Command::Split,
            name: "split",
            hint: "split",
            doc: "Show only documents of the next split",
            keys: &[(Context::Documents, "p")],
            when: Self::has_documents,
            run: Self::next_split,
        },
        Row {
            command: Command::Sort,
            name: "sort",
            hint: "sort",
            doc: "Sort the documents another way",
            keys: &[(Context::Documents, "o")],
            when: Self::has_documents,
            run: Self::next_order,
        },
        Row {
            command: Command::LeastSureFirst,
            name: "least-sure-first",
            hint: "least sure",
            doc: "List the documents of which the model is least sure first",
            keys: &[(Context::Documents, "L"), (Context::Evaluate, "L"), (Context::Everywhere, "")],
            when: conditions::documents,
            run: |screen, session| screen.show_sorted(Order::Uncertain, session),
        },
        Row {
            command: Command::DisagreementsFirst,
            name: "model-disagrees-first",
            hint: "disagreements",
            doc: "List documents first where the model and the spans differ",
            keys: &[(Context::Documents, "d"), (Context::Evaluate, "d"), (Context::Everywhere, "")],
            when: conditions::documents,
            run: |screen, session| screen.show_sorted(Order::Disagreement, session),
        },
        Row {
            command: Command::AskSplit,
            name: "move-to-split",
            hint: "move",
            doc: "Move the document, or all that are shown, to a split",
            keys: &[(Context::Documents, "m")],
            when: Self::can_move,
            run: |screen, _| match screen.shown.get(screen.row) {
                Some(document) => Request::AskSplit { document: *document, shown: screen.shown.clone() }.into(),
                None => Outcome::none(),
            },
        },
        Row {
            command: Command::UndoMove,
            name: "undo-move",
            hint: "",
            doc: "Take back the last move of documents to a split",
            keys: &[(Context::Documents, "u")],
            when: Self::has_moved,
            run: |_, session| session.moves.last().cloned().map(Effect::TakeBackMove).into(),
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(Context::Documents, list::PAGED)];
}
