//! The documents that come next while a person tags, if a rule chooses them.
//!
//! They are chosen ahead, from a random pool of open documents about which a model was asked, so that no key waits for
//! it. A new version of the model changes what follows the document in front, and never that document. "Previous" goes
//! back along the documents that were in front, "next" forward along them, and after the last one to the chosen one.

use std::collections::HashSet;

use crate::{
    spans::{
        Document, NextDocument, Split, Status,
        choice::{Candidate, choose, pool},
    },
    text::hash::{FNV_BEGIN, fnv},
};

use super::{effect::Effect, project::Project};

/// Documents that are chosen at once.
const CHOSEN: usize = 40;
/// Chosen documents of which, if fewer are left, others are chosen.
const FEWEST: usize = 8;
/// Documents finished last, which the chosen ones should be unlike.
const RECENT: usize = 100;
/// Documents that were in front and to which "previous" goes back.
const TRAIL: usize = 1_000;

/// Statuses of documents that may come next: neither done nor skipped, nor flagged to be talked about.
const OPEN: [Status; 2] = [Status::Todo, Status::Partial];

/// The chosen documents, and those that were in front.
#[derive(Clone, Debug, Default)]
pub struct NextChoice {
    /// The chosen ones, first to come first. Some may be finished by now.
    chosen: Vec<usize>,
    /// Rule by which they were chosen; `None` if none are.
    rule: Option<NextDocument>,
    /// Number of open documents when they were chosen.
    open: usize,
    /// Whether the answers to the last question are complete, and not used yet.
    is_answered: bool,
    /// Rule and model for which the pool was asked about last.
    asked: Option<(NextDocument, Option<String>)>,
    /// Ids of the documents about which the model was asked and has not answered.
    awaited: HashSet<String>,
    /// Documents that were in front, in that order.
    trail: Vec<usize>,
    /// Place of the document in front among them.
    place: usize,
}

/// State of the session from which documents are chosen.
#[derive(Clone, Copy)]
pub(super) struct Basis<'a> {
    pub(super) project: &'a Project,
    pub(super) rule: NextDocument,
    /// The model that makes the suggestions.
    pub(super) model: Option<&'a str>,
    /// Whether the model may be asked about a pool now.
    pub(super) may_ask: bool,
}

impl NextChoice {
    /// Takes note that a document came to the front.
    pub(super) fn arrived(&mut self, document: usize) {
        let near = [Some(self.place), self.place.checked_sub(1), self.place.checked_add(1)];
        let known = near.into_iter().flatten().find(|place| self.trail.get(*place) == Some(&document));
        if let Some(place) = known {
            self.place = place;
            return;
        }
        self.trail.truncate(self.place + 1);
        if self.trail.len() >= TRAIL {
            self.trail.remove(0);
        }
        self.trail.push(document);
        self.place = self.trail.len() - 1;
    }

    /// The document before or after the one in front: one that was in front already, else the chosen one.
    pub(super) fn neighbour(&self, project: &Project, forward: bool) -> Option<usize> {
        let place = if forward { Some(self.place + 1) } else { self.place.checked_sub(1) };
        let known = place.and_then(|place| self.trail.get(place)).copied();
        known.or_else(|| self.coming(project).next().filter(|_| forward))
    }

    /// The chosen documents that are still open, first to come first.
    pub(super) fn coming<'a>(&'a self, project: &'a Project) -> impl Iterator<Item = usize> + 'a {
        self.chosen.iter().copied().filter(|at| is_open(project, *at) && !self.trail.contains(at))
    }

    /// Takes note that the model has answered, or failed, on a document.
    pub(super) fn answered(&mut self, document: &str) {
        self.is_answered |= self.awaited.remove(document) && self.awaited.is_empty();
    }

    /// Chooses documents, if there are too few or the rule, the model or its answers are new.
    /// Returns what the model must be asked for that.
    pub(super) fn look_ahead(&mut self, basis: Basis<'_>) -> Option<Effect> {
        let Basis { project, rule, model, may_ask } = basis;
        if rule == NextDocument::InOrder {
            *self = Self { trail: std::mem::take(&mut self.trail), place: self.place, ..Self::default() };
            return None;
        }
        let is_short = self.open != count_open(project) && self.coming(project).take(FEWEST).count() < FEWEST;
        let is_new_rule = self.rule != Some(rule);
        let subject = (rule, model.filter(|_| rule.wants_model()).map(str::to_owned));
        let mut question = None;
        if may_ask && (is_short || self.asked.as_ref() != Some(&subject)) {
            question = subject.1.as_deref().and_then(|model| self.ask(basis, model));
            self.asked = Some(subject);
        }
        if is_short || is_new_rule || self.is_answered {
            self.choose(basis);
        }
        question
    }

    /// Asks a model about the documents of the pool for which it has not answered yet.
    fn ask(&mut self, basis: Basis<'_>, model: &str) -> Option<Effect> {
        let places = self.pool(basis).into_iter();
        let documents = places.filter(|at| basis.project.answering_model(*at) != Some(model));
        let ids = documents.filter_map(|at| Some(basis.project.documents.get(at)?.id.clone()));
        let documents: Vec<String> = ids.collect();
        self.awaited = documents.iter().cloned().collect();
        self.is_answered |= documents.is_empty();
        (!documents.is_empty()).then(|| Effect::Rank { run: model.to_owned(), documents })
    }

    fn choose(&mut self, basis: Basis<'_>) {
        let Basis { project, rule, .. } = basis;
        let pool = self.pool(basis);
        let candidates = pool.iter().filter_map(|at| {
            let disagreement = (rule == NextDocument::Disagreement).then(|| project.divergence(*at));
            let candidate = Candidate {
                document: project.documents.get(*at)?,
                uncertainty: project.uncertainty(*at),
                disagreement: disagreement.flatten(),
            };
            Some((*at, candidate))
        });
        let (places, candidates): (Vec<usize>, Vec<Candidate<'_>>) = candidates.unzip();
        let chosen = choose(rule, &candidates, &recent(project), CHOSEN).into_iter();
        self.chosen = chosen.filter_map(|at| places.get(at).copied()).collect();
        self.rule = Some(rule);
        self.open = count_open(project);
        self.is_answered = false;
    }

    /// The documents among which the next ones are chosen, in random order.
    fn pool(&self, basis: Basis<'_>) -> Vec<usize> {
        let Basis { project, rule, model, .. } = basis;
        let seen: HashSet<usize> = self.trail.iter().copied().collect();
        let open = project.documents.iter().enumerate();
        let open = open.filter(|(at, document)| {
            is_open(project, *at) && !seen.contains(at) && may_be_chosen(document.split, rule)
        });
        // Another model is asked about other documents.
        let seed = model.filter(|_| rule.wants_model()).map_or(0, |model| fnv(FNV_BEGIN, model.bytes()));
        pool(open.map(|(at, document)| (at, document.id.as_str())), seed)
    }

    /// The state in a project that was opened again, in which documents have other places.
    pub(super) fn reopened(&self, place_now: impl Fn(usize) -> Option<usize>) -> Self {
        let (before, after) = self.trail.split_at_checked(self.place).unwrap_or_default();
        let before: Vec<usize> = before.iter().filter_map(|at| place_now(*at)).collect();
        let place = before.len();
        let trail = before.into_iter().chain(after.iter().filter_map(|at| place_now(*at))).collect();
        Self { trail, place, ..Self::default() }
    }
}

/// Whether documents of a split may be chosen.
/// Those for tests never are, and those for validation not by a model: they would be no fair sample.
fn may_be_chosen(split: Option<Split>, rule: NextDocument) -> bool {
    match split {
        Some(Split::Test) => false,
        Some(Split::Valid) => rule == NextDocument::Random,
        Some(Split::Train) | None => true,
    }
}

fn is_open(project: &Project, at: usize) -> bool {
    OPEN.contains(&project.status(at))
}

fn count_open(project: &Project) -> usize {
    project.count(&OPEN)
}

/// The documents that were finished last.
fn recent(project: &Project) -> Vec<&Document> {
    let done = (0..project.documents.len()).filter(|at| project.status(*at) == Status::Done);
    let mut done: Vec<(Option<u64>, usize)> = done.map(|at| (project.touched(at), at)).collect();
    if done.len() > RECENT {
        done.select_nth_unstable_by(RECENT, |one, other| other.cmp(one));
        done.truncate(RECENT);
    }
    done.into_iter().filter_map(|(_, at)| project.documents.get(at)).collect()
}
