//! The Documents screen: the list, searched and filtered, and the way into a document.

use crate::{
    spans::{Document, Status},
    text::search::Needle,
};

use super::{
    command::Command,
    effect::Effect,
    field::Field,
    project::Project,
    state::{Screen, State},
    tag,
};

/// What the Documents screen holds.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    /// The row of the cursor, among those shown.
    pub row: usize,
    /// Only documents of this status.
    pub filter: Option<Status>,
    /// What was searched for; only documents that hold it.
    pub search: Field,
    /// Whether the search is being typed.
    pub typing: bool,
    /// The documents shown.
    shown: Vec<usize>,
    /// What they were searched with.
    searched: String,
}

impl Documents {
    /// The places of the documents shown, in order.
    pub fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Finds again what is to be shown; the cursor stays on its document if that is still there.
    pub(super) fn refresh(&mut self, project: &Project) {
        self.search_in((0..project.documents.len()).collect(), project);
    }

    /// The same after the search was typed on. What holds more letters holds fewer, too: if letters only came to the
    /// end, only the documents shown are searched.
    pub(super) fn search_on(&mut self, project: &Project) {
        if self.search.text().starts_with(&self.searched) {
            self.search_in(self.shown.clone(), project);
        } else {
            self.refresh(project);
        }
    }

    fn search_in(&mut self, mut places: Vec<usize>, project: &Project) {
        let here = self.shown.get(self.row).copied();
        let needle = Needle::new(self.search.text());
        let fits = |at: &usize| {
            let status = self.filter.is_none_or(|status| project.annotation(*at).status == status);
            let holds = |document: &Document| needle.is_in(&document.id) || needle.is_in(&document.text);
            status && (needle.is_empty() || project.documents.get(*at).is_some_and(holds))
        };
        places.retain(fits);
        self.shown = places;
        self.searched = self.search.text().to_owned();
        let same = here.and_then(|here| self.shown.iter().position(|at| *at == here));
        self.row = same.unwrap_or(self.row).min(self.shown.len().saturating_sub(1));
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

/// Carries out a command of this screen.
pub(super) fn run(state: &mut State, command: Command) -> Vec<Effect> {
    let page = usize::from(state.size.rows).saturating_sub(6).max(1);
    let documents = &mut state.documents;
    let last = documents.shown.len().saturating_sub(1);
    match command {
        Command::Up => documents.row = documents.row.saturating_sub(1),
        Command::Down => documents.row = (documents.row + 1).min(last),
        Command::PageUp => documents.row = documents.row.saturating_sub(page),
        Command::PageDown => documents.row = (documents.row + page).min(last),
        Command::First => documents.row = 0,
        Command::Last => documents.row = last,
        Command::Search => documents.typing = true,
        Command::Filter => {
            let next =
                documents.filter.map_or(0, |status| Status::ALL.iter().position(|s| *s == status).unwrap_or(0) + 1);
            documents.filter = Status::ALL.get(next).copied();
            if let Some(project) = &state.project {
                documents.refresh(project);
            }
        }
        Command::Open => {
            if let Some(at) = documents.shown.get(documents.row).copied() {
                state.screen = Screen::Tag;
                return tag::open(state, at);
            }
        }
        _ => {}
    }
    Vec::new()
}
