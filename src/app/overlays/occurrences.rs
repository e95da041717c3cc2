//! The same words elsewhere.
//! The list has all places where the words of a span occur without its label; they are labelled with one action.

use std::collections::{HashMap, HashSet};

use crate::{
    app::{
        command::{Command, Context},
        conditions::{always, check},
        event::Level,
        list::{ListCursor, PAGED, moved},
        panel::{Check, Commands, NoPanel, Opener, Opening, Opens, Outcome, Panel, Row, own_rows},
        project::Project,
        scope::Scope,
        session::Session,
        tagging::TagContext,
    },
    spans::{Action, Document, Edit, LabelId, Span, SpanSource, Status, journal::JournalOp, phrase::Phrase},
    text::{TextRange, number::with_noun, range_set::RangeSet},
};

/// Most labels that are shown of the spans that a place would replace.
const CONFLICTS: usize = 8;

/// A place where the words occur without the label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The document.
    pub document: usize,
    /// Range of the words.
    pub range: TextRange,
    /// Labels of the first spans that would be replaced.
    pub conflict: Vec<LabelId>,
    /// Whether it is chosen to be labelled.
    pub wanted: bool,
}

/// The list of those places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrences {
    /// The words, as they are in the document in front.
    pub words: String,
    /// The label that they get.
    pub label: LabelId,
    /// The documents that are searched.
    pub scope: Scope,
    /// The places, document by document.
    pub places: Vec<Occurrence>,
    /// Row of the cursor.
    pub row: usize,
    phrase: Phrase,
}

impl Opens for Occurrences {
    const OPENERS: &'static [Opener<Self>] = &[Opener {
        command: Command::Occurrences,
        name: "tag-all",
        hint: "same words",
        doc: "Tag the same words elsewhere; shows them first",
        keys: &[(Context::Tag, "m")],
        when: has_subject,
        open: Self::open,
    }];
}

impl Commands for Occurrences {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::Apply,
            name: "apply",
            hint: "tag them",
            doc: "Tag the chosen places, and close the list",
            keys: &[(Context::Occurrences, "enter")],
            when: always,
            run: |list, session| Outcome::close().then(session.tag(|context| list.tag_chosen(context))),
        },
        Row {
            command: Command::Choose,
            name: "choose",
            hint: "choose",
            doc: "Choose the place of the row, or leave it",
            keys: &[(Context::Occurrences, "space")],
            when: always,
            run: |list, _| list.toggle_row().into(),
        },
        Row {
            command: Command::ChooseAll,
            name: "choose-all",
            hint: "all, none",
            doc: "Choose all places, or none",
            keys: &[(Context::Occurrences, "a")],
            when: always,
            run: |list, _| list.toggle_all().into(),
        },
        Row {
            command: Command::Scope,
            name: "scope",
            hint: "where",
            doc: "Look in fewer or more documents",
            keys: &[(Context::Occurrences, "tab m")],
            when: always,
            run: |list, session| list.next_scope(session).into(),
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(Context::Occurrences, PAGED)];
}

impl Panel for Occurrences {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        Context::Occurrences
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        Some(ListCursor { row: &mut self.row, rows: self.places.len(), page: session.page() })
    }

    fn click(&self) -> Option<Command> {
        Some(Command::Choose)
    }
}

/// There is a span whose words can be searched, or a selection for an armed label.
fn has_subject(_: &NoPanel, session: &Session) -> Check {
    let tagging = &session.tagging;
    let project = session.project.as_ref();
    let span = project.is_some_and(|project| tagging.edge(project).is_some());
    let selection = tagging.anchor.is_some() && tagging.armed.is_some();
    check(span || selection, "Label the words first, or arm a label and select them")
}

impl Occurrences {
    fn open(session: &mut Session) -> Opening<Self> {
        let mut panel = None;
        let effects = session.tag(|context| panel = Self::find(context));
        Opening { panel, effects }
    }

    /// Searches the scope that was chosen last, or the narrowest one in which the words occur.
    /// Shows a message if there is none.
    fn find(context: &mut TagContext<'_>) -> Option<Self> {
        let (range, label) = subject(context)?;
        let document = context.document()?;
        if document.cuts_word(range) {
            context.show(Level::Info, "Only whole words are looked for elsewhere, and this is half a word");
            return None;
        }
        let phrase = Phrase::of(document, range)?;
        let words = range.of(&document.text).to_owned();
        // The scope that the user chose stays, as long as it has a place.
        let scope = context.tag.scope.unwrap_or_default();
        let mut found = Self { words, label, scope, places: Vec::new(), row: 0, phrase };
        found.search(context.project, context.tag.document);
        if found.places.is_empty() {
            // The whole project is searched only once.
            found.scope = Scope::Everywhere;
            found.search(context.project, context.tag.document);
            found.narrow_to_untouched(context.project);
        }
        if !found.places.is_empty() {
            return Some(found);
        }
        let name = context.project.labels.name(label).to_owned();
        context.show(Level::Info, format!("\u{ab}{}\u{bb} is nowhere else without {name}", found.words));
        None
    }

    /// Takes the narrower scope if there are places in documents not begun.
    fn narrow_to_untouched(&mut self, project: &Project) {
        if self.places.iter().any(|place| project.status(place.document) == Status::Todo) {
            self.scope = Scope::Untouched;
            self.places.retain(|place| project.status(place.document) == Status::Todo);
        }
    }

    /// Number of places that are chosen.
    pub fn wanted(&self) -> usize {
        self.places.iter().filter(|place| place.wanted).count()
    }

    /// Searches the documents of the scope.
    /// A place with a conflict is not chosen at first; choices stay as they were made.
    fn search(&mut self, project: &Project, front: usize) {
        let documents = project.documents.iter().enumerate();
        let searched = documents.filter(|(at, _)| self.scope.contains(project, *at, front));
        let mut places: Vec<Occurrence> =
            searched.flat_map(|(at, document)| self.places_in(project, at, document)).collect();
        let chosen: HashMap<(usize, TextRange), bool> =
            self.places.iter().map(|place| ((place.document, place.range), place.wanted)).collect();
        for place in &mut places {
            place.wanted = chosen.get(&(place.document, place.range)).copied().unwrap_or(place.wanted);
        }
        self.places = places;
        self.row = self.row.min(self.places.len().saturating_sub(1));
    }

    fn places_in(&self, project: &Project, at: usize, document: &Document) -> Vec<Occurrence> {
        let found = self.phrase.find_in(document);
        if found.is_empty() {
            return Vec::new();
        }
        let annotation = project.annotation(at);
        let labelled = annotation.spans().iter().filter(|span| span.label == self.label);
        let labelled: HashSet<TextRange> = labelled.map(|span| span.range).collect();
        let places = found.into_iter().filter(|range| !labelled.contains(range)).map(|range| {
            let conflict: Vec<LabelId> = annotation.over(range).map(|span| span.label).take(CONFLICTS).collect();
            Occurrence { document: at, range, wanted: conflict.is_empty(), conflict }
        });
        places.collect()
    }

    /// Chooses the place of the row, or leaves it, and goes to the next row.
    fn toggle_row(&mut self) {
        if let Some(place) = self.places.get_mut(self.row) {
            place.wanted = !place.wanted;
        }
        self.row = moved(Command::Down, self.row, self.places.len(), 1).unwrap_or(self.row);
    }

    /// Chooses all places; leaves them if all are chosen.
    fn toggle_all(&mut self) {
        let all = self.places.iter().all(|place| place.wanted);
        self.places.iter_mut().for_each(|place| place.wanted = !all);
    }

    fn next_scope(&mut self, session: &mut Session) {
        if let Some(project) = &session.project {
            self.scope = self.scope.next();
            self.search(project, session.tagging.document);
            session.tagging.scope = Some(self.scope);
        }
    }

    /// Labels the chosen places, as one action.
    fn tag_chosen(&self, context: &mut TagContext<'_>) {
        let actions = self.actions(context.project);
        let documents = actions.len();
        if documents == 0 {
            return context.show(Level::Info, "None of them is chosen, so none was tagged");
        }
        if context.is_read_only() {
            return;
        }
        context.record(JournalOp::DoAll(actions));
        context.tag.anchor = None;
        context.tag.last = None;
        let name = context.project.labels.name(self.label);
        let places = with_noun(self.wanted(), "place");
        let text = format!("{name}: {places} in {} tagged; one undo takes all back", with_noun(documents, "document"));
        context.show(Level::Info, text);
    }

    /// Returns the edits that label the chosen places, document by document.
    /// Untouched and skipped documents become partial.
    fn actions(&self, project: &mut Project) -> Vec<Action> {
        let mut actions: Vec<Action> = Vec::new();
        for places in self.places.chunk_by(|a, b| a.document == b.document) {
            let wanted: Vec<TextRange> = places.iter().filter(|place| place.wanted).map(|place| place.range).collect();
            let at = places.first().map_or(0, |place| place.document);
            let Some(document) = project.documents.get(at).filter(|_| !wanted.is_empty()) else { continue };
            let document = document.id.clone();
            let begun = !matches!(project.status(at), Status::Todo | Status::Skipped);
            let mut edits = if begun { Vec::new() } else { vec![Edit::Status(Status::Partial)] };
            // A span may be over several places.
            let replaced = RangeSet::new(wanted.iter().copied());
            let spans = project.annotation(at).spans().iter().filter(|span| replaced.overlaps(span.range));
            edits.extend(spans.map(|span| Edit::Remove(span.id)));
            for range in wanted {
                let id = project.new_id();
                edits.push(Edit::Add(Span { id, range, label: self.label, source: SpanSource::Human }));
            }
            actions.push(Action { document, edits });
        }
        actions
    }
}

/// Words and label of the search.
/// They are the selection with the armed label, or the span under the cursor or just made.
fn subject(context: &TagContext<'_>) -> Option<(TextRange, LabelId)> {
    if let (Some(range), Some(label)) = (context.tag.selection(context.project), context.tag.armed) {
        return Some((range, label));
    }
    let span = context.tag.edge(context.project)?;
    Some((span.range, span.label))
}
