//! The same words elsewhere: what was selected or tagged, found in the whole project, shown with what stands around it, and
//! tagged at once where the person wants it.

use std::collections::HashMap;

use crate::{
    app::{command::Command, effect::Effect, event::Level, list, overlay::Overlay, project::Project, state::State},
    spans::{Action, Edit, LabelId, Span, SpanId, SpanSource, Status, journal::JournalOp, phrase::Phrase},
    text::{TextRange, number::with_noun},
};

use super::{Desk, at_desk};

/// Where to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The document in front.
    #[default]
    Here,
    /// That one, and those that nobody has begun.
    Untouched,
    /// All documents but those that were skipped.
    Everywhere,
}

impl Scope {
    /// What it is, in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Here => "in this document",
            Self::Untouched => "here and in documents not begun",
            Self::Everywhere => "in all documents",
        }
    }

    fn next(self) -> Self {
        match self {
            Self::Here => Self::Untouched,
            Self::Untouched => Self::Everywhere,
            Self::Everywhere => Self::Here,
        }
    }
}

/// One place where the words stand without the label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The document.
    pub document: usize,
    /// Where.
    pub range: TextRange,
    /// The labels of the spans that would give way.
    pub conflict: Vec<LabelId>,
    /// Whether it is to be tagged.
    pub wanted: bool,
}

/// What is shown before anything is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrences {
    /// The words, as they were selected.
    pub words: String,
    /// The label that they are to get.
    pub label: LabelId,
    /// Where was looked.
    pub scope: Scope,
    /// The places, document by document.
    pub places: Vec<Place>,
    /// The row of the cursor.
    pub row: usize,
    phrase: Phrase,
}

impl Occurrences {
    /// How many places are to be tagged.
    pub fn wanted(&self) -> usize {
        self.places.iter().filter(|place| place.wanted).count()
    }

    /// Looks in the scope. What collides with a span is not wanted unless somebody says so.
    fn look(&mut self, project: &Project, front: usize) {
        let documents = project.documents.iter().enumerate().filter(|(at, _)| match self.scope {
            _ if *at == front => true,
            Scope::Here => false,
            Scope::Untouched => project.status(*at) == Status::Todo,
            Scope::Everywhere => project.status(*at) != Status::Skipped,
        });
        let mut places: Vec<Place> =
            documents.flat_map(|(at, document)| self.places_in(project, at, document)).collect();
        // What somebody has chosen stays chosen.
        let chosen: HashMap<(usize, TextRange), bool> =
            self.places.iter().map(|place| ((place.document, place.range), place.wanted)).collect();
        for place in &mut places {
            place.wanted = chosen.get(&(place.document, place.range)).copied().unwrap_or(place.wanted);
        }
        self.places = places;
        self.row = self.row.min(self.places.len().saturating_sub(1));
    }

    fn places_in(&self, project: &Project, at: usize, document: &crate::spans::Document) -> Vec<Place> {
        let annotation = project.annotation(at);
        let found = self.phrase.find_in(document).into_iter();
        let there =
            |range: &TextRange| annotation.over(*range).any(|span| span.range == *range && span.label == self.label);
        let place = |range: TextRange| {
            let conflict: Vec<LabelId> = annotation.over(range).map(|span| span.label).collect();
            Place { document: at, range, wanted: conflict.is_empty(), conflict }
        };
        found.filter(|range| !there(range)).map(place).collect()
    }
}

impl Desk<'_> {
    /// What `m` is about: the selection with the armed label, or the span under the cursor or just made.
    fn subject(&self) -> Option<(TextRange, LabelId)> {
        if let (Some(range), Some(label)) = (self.tag.selection(self.project), self.tag.armed) {
            return Some((range, label));
        }
        let span = self.tag.edge(self.project)?;
        Some((span.range, span.label))
    }

    fn found(&mut self) -> Option<Occurrences> {
        let (range, label) = self.subject()?;
        let document = self.document()?;
        if document.cuts_word(range) {
            self.tell(Level::Info, "Only whole words are looked for elsewhere, and this is half a word");
            return None;
        }
        let phrase = Phrase::of(document, range)?;
        let words = range.of(&document.text).to_owned();
        let mut found = Occurrences { words, label, scope: Scope::default(), places: Vec::new(), row: 0, phrase };
        // The narrowest scope in which there is something; the whole project is searched once.
        found.look(self.project, self.tag.document);
        if found.places.is_empty() {
            found.scope = Scope::Everywhere;
            found.look(self.project, self.tag.document);
            let untouched = |place: &Place| self.project.annotation(place.document).status == Status::Todo;
            if found.places.iter().any(untouched) {
                found.scope = Scope::Untouched;
                found.places.retain(untouched);
            }
        }
        if !found.places.is_empty() {
            return Some(found);
        }
        let name = self.project.labels.name(label).to_owned();
        self.tell(Level::Info, format!("\u{ab}{}\u{bb} stands nowhere else without {name}", found.words));
        None
    }

    /// Tags the places that are wanted, as one action.
    fn tag_all(&mut self, found: &Occurrences) {
        let mut actions: Vec<Action> = Vec::new();
        for place in found.places.iter().filter(|place| place.wanted) {
            let Some(document) = self.project.documents.get(place.document).map(|document| document.id.clone()) else {
                continue;
            };
            if actions.last().is_none_or(|action| action.document != document) {
                let status = self.project.annotation(place.document).status;
                let begun = !matches!(status, Status::Todo | Status::Skipped);
                let edits = if begun { Vec::new() } else { vec![Edit::Status(Status::Partial)] };
                actions.push(Action { document, edits });
            }
            let over = self.project.annotation(place.document).over(place.range);
            let gone: Vec<SpanId> = over.map(|span| span.id).collect();
            let span =
                Span { id: self.project.new_id(), range: place.range, label: found.label, source: SpanSource::Human };
            if let Some(action) = actions.last_mut() {
                action.edits.extend(gone.into_iter().map(Edit::Remove));
                action.edits.push(Edit::Add(span));
            }
        }
        let documents = actions.len();
        if documents == 0 {
            return self.tell(Level::Info, "None of them is chosen, so none was tagged");
        }
        if self.act_all(actions) {
            (self.tag.anchor, self.tag.last) = (None, None);
            let places = with_noun(found.wanted(), "place");
            let name = self.project.labels.name(found.label).to_owned();
            let text =
                format!("{name}: {places} in {} tagged; one undo takes all back", with_noun(documents, "document"));
            self.tell(Level::Info, text);
        }
    }

    fn act_all(&mut self, actions: Vec<Action>) -> bool {
        if self.is_read_only() {
            return false;
        }
        let effect = self.project.record(JournalOp::DoAll(actions), self.now);
        self.effects.push(effect);
        true
    }
}

/// Shows where else the words stand.
pub(in super::super) fn ask(state: &mut State) -> Vec<Effect> {
    let mut found = None;
    let effects = at_desk(state, |desk| found = desk.found());
    if let Some(found) = found {
        state.overlay = Some(Overlay::Occurrences(Box::new(found)));
    }
    effects
}

/// Carries out a command of the list.
pub(in super::super) fn run(state: &mut State, command: Command, page: usize) -> Vec<Effect> {
    let front = state.tag.document;
    let (Some(Overlay::Occurrences(found)), Some(project)) = (&mut state.overlay, &state.project) else {
        return Vec::new();
    };
    let down = |command, found: &Occurrences| list::moved(command, found.row, found.places.len(), page);
    if let Some(row) = down(command, found) {
        found.row = row;
        return Vec::new();
    }
    match command {
        Command::Choose => {
            if let Some(place) = found.places.get_mut(found.row) {
                place.wanted = !place.wanted;
            }
            found.row = down(Command::Down, found).unwrap_or(found.row);
        }
        Command::ChooseAll => {
            let all = found.places.iter().all(|place| place.wanted);
            found.places.iter_mut().for_each(|place| place.wanted = !all);
        }
        Command::Scope => {
            found.scope = found.scope.next();
            found.look(project, front);
        }
        Command::Apply => {
            if let Some(Overlay::Occurrences(found)) = state.overlay.take() {
                return at_desk(state, |desk| desk.tag_all(&found));
            }
        }
        _ => {}
    }
    Vec::new()
}
