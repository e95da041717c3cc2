//! Orders of the documents: by chance, or by what a model says about them.
//!
//! The order by chance is the same each time. None of these orders shows two nearly identical texts in a row.

use std::cmp::Reverse;

use strum::VariantArray;

use crate::{
    spans::{Document, Status},
    text::{
        hash::{self, FNV_BEGIN},
        search::lowercased,
    },
};

use super::project::Project;

/// Share of common words above which two texts are nearly the same.
///
/// To tag one right after the other would add little to a training.
const NEARLY_SAME: f64 = 0.8;
/// Places after a document among which another text is looked for.
const LOOK_AHEAD: usize = 10;
/// Documents at the start of a list that are kept apart.
///
/// All documents of a long list would take longer than a key may, and nobody reaches them before the next sort.
const KEPT_APART: usize = 2_000;

/// An order of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, VariantArray)]
pub enum Order {
    /// As the documents came into the project.
    #[default]
    Given,
    /// Last edited first, those never edited at the end.
    Edited,
    /// Most spans first.
    Spans,
    /// Random, but the same each time.
    Random,
    /// Least sure first, by the model.
    Uncertain,
    /// Those first whose spans differ from the model's.
    Disagreement,
}

impl Order {
    /// The order after this one; after the last, the first.
    pub(super) fn next(self) -> Self {
        Self::VARIANTS.iter().copied().cycle().skip_while(|order| *order != self).nth(1).unwrap_or_default()
    }

    /// Whether a model must be asked about every document.
    pub fn wants_model(self) -> bool {
        matches!(self, Self::Uncertain | Self::Disagreement)
    }

    /// Whether nearly identical texts are kept apart.
    pub(super) fn spreads(self) -> bool {
        matches!(self, Self::Random | Self::Uncertain | Self::Disagreement)
    }

    /// Name shown to the user.
    pub fn name(self) -> &'static str {
        match self {
            Self::Given => "as imported",
            Self::Edited => "last edited first",
            Self::Spans => "most spans first",
            Self::Random => "in random order",
            Self::Uncertain => "least sure first",
            Self::Disagreement => "model disagrees first",
        }
    }
}

/// Sorts by chance, by a hash of the ids.
/// The same way each time, from whatever order.
pub(super) fn by_chance(places: &mut [usize], project: &Project) {
    places.sort_by_cached_key(|at| project.documents.get(*at).map(|document| fnv(document.id.chars().rev())));
}

/// Sorts by uncertainty of the model, highest first, those without an answer last.
/// Documents that are done or skipped come after all others: there is nothing left to tag in them.
pub(super) fn by_uncertainty(places: &mut [usize], project: &Project) {
    places.sort_by_cached_key(|at| {
        let is_over = matches!(project.status(*at), Status::Done | Status::Skipped);
        (is_over, Reverse(uncertainty_key(project, *at)))
    });
}

/// Sorts documents first whose spans differ from the model's.
/// Of these the surest come first.
pub(super) fn by_disagreement(places: &mut [usize], project: &Project) {
    places.sort_by_cached_key(|at| {
        let key = uncertainty_key(project, *at);
        (Reverse(project.mismatch(*at) == Some(true)), key.is_none(), key)
    });
}

/// Uncertainty of the model as a key to sort by.
/// Bits of a non-negative float sort as it does.
fn uncertainty_key(project: &Project, at: usize) -> Option<u32> {
    project.uncertainty(at).map(|nats| nats.max(0.0).to_bits())
}

/// Moves documents back that would follow one with nearly the same words.
pub(super) fn spread(places: &mut [usize], project: &Project) {
    let kept_apart = places.len().min(KEPT_APART);
    let Some(places) = places.get_mut(..kept_apart) else { return };
    let mut texts: Vec<(usize, Vec<u64>)> =
        places.iter().map(|at| (*at, project.documents.get(*at).map(word_hashes).unwrap_or_default())).collect();
    for at in 1..texts.len() {
        let Some((done, rest)) = texts.split_at_mut_checked(at) else { continue };
        let Some((_, before)) = done.last() else { continue };
        let other = rest.iter().take(LOOK_AHEAD + 1).position(|(_, words)| common_share(before, words) <= NEARLY_SAME);
        // The documents in between keep their order.
        if let Some(stretch) = other.and_then(|other| rest.get_mut(..=other)) {
            stretch.rotate_right(1);
        }
    }
    for (place, (document, _)) in places.iter_mut().zip(texts) {
        *place = document;
    }
}

/// The different words of a text, as sorted hashes.
fn word_hashes(document: &Document) -> Vec<u64> {
    let mut words: Vec<u64> = document.word_texts().map(|word| fnv(lowercased(word))).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Share of words that two texts have in common (Jaccard index).
/// 0 if both are empty.
#[allow(clippy::cast_precision_loss, reason = "numbers of words are small")]
fn common_share(a: &[u64], b: &[u64]) -> f64 {
    // These numbers of words allow no greater share.
    if (a.len().min(b.len()) as f64) < NEARLY_SAME * a.len().max(b.len()) as f64 {
        return 0.0;
    }
    let both = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    let all = a.len() + b.len() - both;
    if all == 0 { 0.0 } else { both as f64 / all as f64 }
}

/// FNV-1a of 64 bits over characters, so that the order by chance stays.
fn fnv(characters: impl Iterator<Item = char>) -> u64 {
    hash::fnv(FNV_BEGIN, characters.map(u32::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{event::Opened, suggestions::ModelOutput},
        spans::{Action, Edit, Entity, journal::JournalOp},
        text::{Grid, TextRange},
    };

    fn project(texts: &[&str]) -> Project {
        let document = |(at, text): (usize, &&str)| Document::new(format!("d{at}"), *text, Grid::Natural);
        let documents = texts.iter().enumerate().map(document).collect();
        Project::new(Opened { documents, ..Opened::default() })
    }

    fn output(found: Vec<Entity>, uncertainty: f32) -> ModelOutput {
        ModelOutput { run: "r".into(), found, uncertainty: Some(uncertainty), labels: Default::default() }
    }

    #[test]
    fn nearly_the_same_texts_do_not_follow_each_other() {
        let project = project(&["a good thai place", "A good thai place", "a good Thai place", "cheap beer", "tacos"]);
        let mut places = vec![0, 1, 2, 3, 4];
        spread(&mut places, &project);
        assert_eq!(places, [0, 3, 1, 4, 2]);
    }

    #[test]
    fn chance_is_always_the_same_and_loses_nothing() {
        let texts = vec!["x"; 50];
        let project = project(&texts);
        let mut once: Vec<usize> = (0..50).collect();
        by_chance(&mut once, &project);
        let mut again: Vec<usize> = (0..50).rev().collect();
        by_chance(&mut again, &project);
        assert_eq!(once, again);
        assert_ne!(once, (0..50).collect::<Vec<_>>());
        once.sort_unstable();
        assert_eq!(once, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn uncertain_documents_come_first_and_those_without_an_answer_last() {
        let mut project = project(&["one", "two", "three"]);
        project.suggest("d1", output(Vec::new(), 0.2));
        project.suggest("d2", output(Vec::new(), 1.5));
        let mut places = vec![0, 1, 2];
        by_uncertainty(&mut places, &project);
        assert_eq!(places, [2, 1, 0]);
        let done = Edit::Status(Status::Done);
        let op = JournalOp::Do(Action { document: "d1".into(), edits: vec![done] });
        project.record(op, 0);
        let found = Entity { range: TextRange::new(0, 3), label: "Dish".into(), score: 0.9 };
        project.suggest("d2", output(vec![found.clone()], 1.5));
        project.suggest("d1", output(vec![found], 0.2));
        by_uncertainty(&mut places, &project);
        assert_eq!(places, [2, 0, 1], "d1 is done: it comes after one that no model was asked about");
        by_disagreement(&mut places, &project);
        assert_eq!(places, [1, 2, 0], "d2 is not done: there is nothing that the model could disagree with");
    }
}
