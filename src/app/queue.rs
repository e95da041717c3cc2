//! In which order documents come: by chance but always the same, the ones first that a model is unsure of or sees otherwise,
//! and never two that are nearly the same in a row.

use std::cmp::Reverse;

use crate::{spans::Document, text::search::lowercased};

use super::project::Project;

/// Two texts that share more of their words than this are nearly the same: to tag both one after the other teaches little.
const SAME: f64 = 0.8;
/// How far ahead another document is looked for.
const AHEAD: usize = 10;
/// In a longer list, only so many from its beginning on are looked at: nobody gets further before it is sorted again, and
/// all would take longer than a key may.
const MOST: usize = 2_000;

/// Sorts by chance: always the same way, whatever the documents are called by, and wherever they stand.
pub(super) fn by_chance(places: &mut [usize], project: &Project) {
    places.sort_by_cached_key(|at| project.documents.get(*at).map(|document| fnv(document.id.chars().rev())));
}

/// Sorts those first of which a model is least sure; those that it was not asked about come last.
pub(super) fn by_uncertainty(places: &mut [usize], project: &Project) {
    // Bits of a float that is not negative sort as it does.
    places.sort_by_cached_key(|at| Reverse(project.uncertainty(*at).map(|nats| nats.max(0.0).to_bits())));
}

/// Sorts those first whose spans a model sees otherwise, of these the ones where it is surest.
pub(super) fn by_disagreement(places: &mut [usize], project: &Project) {
    places.sort_by_cached_key(|at| {
        let nats = project.uncertainty(*at).map(|nats| nats.max(0.0).to_bits());
        (Reverse(project.mismatch(*at) == Some(true)), nats.is_none(), nats)
    });
}

/// Moves documents back that would come right after one with nearly the same words.
pub(super) fn spread(places: &mut [usize], project: &Project) {
    let most = places.len().min(MOST);
    let Some(places) = places.get_mut(..most) else { return };
    let words: Vec<Vec<u64>> =
        places.iter().map(|at| project.documents.get(*at).map(bag).unwrap_or_default()).collect();
    let mut order: Vec<usize> = (0..places.len()).collect();
    for at in 1..order.len() {
        let near = |a: usize, b: usize| match (words.get(a), words.get(b)) {
            (Some(a), Some(b)) => alike(a, b) > SAME,
            _ => false,
        };
        let (Some(before), Some(here)) = (order.get(at - 1).copied(), order.get(at).copied()) else { continue };
        if !near(before, here) {
            continue;
        }
        let other =
            (at + 1..order.len()).take(AHEAD).find(|other| order.get(*other).is_some_and(|one| !near(before, *one)));
        if let Some(other) = other {
            // The ones between keep their order.
            if let Some(stretch) = order.get_mut(at..=other) {
                stretch.rotate_right(1);
            }
        }
    }
    let before = places.to_vec();
    for (place, at) in places.iter_mut().zip(order) {
        if let Some(document) = before.get(at) {
            *place = *document;
        }
    }
}

/// The different words of a text, as hashes in order.
fn bag(document: &Document) -> Vec<u64> {
    let mut words: Vec<u64> = document.word_texts().map(|word| fnv(lowercased(word))).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// The share of words that two bags have in common (Jaccard); nothing is not like nothing.
#[allow(clippy::cast_precision_loss, reason = "numbers of words are small")]
fn alike(a: &[u64], b: &[u64]) -> f64 {
    // The greatest share that these numbers of words allow.
    if (a.len().min(b.len()) as f64) < SAME * a.len().max(b.len()) as f64 {
        return 0.0;
    }
    let both = a.iter().filter(|word| b.binary_search(word).is_ok()).count();
    let all = a.len() + b.len() - both;
    if all == 0 { 0.0 } else { both as f64 / all as f64 }
}

/// FNV-1a of 64 bits over characters: the same on every machine and in every version, so that an order by chance stays.
fn fnv(characters: impl Iterator<Item = char>) -> u64 {
    characters.fold(0xcbf2_9ce4_8422_2325, |hash, c| (hash ^ u64::from(u32::from(c))).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::event::Opened,
        spans::{Action, Edit, Entity, Status, journal::JournalOp},
        text::{Grid, TextRange},
    };

    fn project(texts: &[&str]) -> Project {
        let document = |(at, text): (usize, &&str)| Document::new(format!("d{at}"), *text, Grid::Natural);
        let documents = texts.iter().enumerate().map(document).collect();
        Project::new(Opened { documents, ..Opened::default() })
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
    fn who_is_unsure_comes_first_and_who_was_not_asked_last() {
        let mut project = project(&["one", "two", "three"]);
        project.suggest("d1", "r".into(), Vec::new(), Some(0.2));
        project.suggest("d2", "r".into(), Vec::new(), Some(1.5));
        let mut places = vec![0, 1, 2];
        by_uncertainty(&mut places, &project);
        assert_eq!(places, [2, 1, 0]);
        let done = Edit::Status(Status::Done);
        let op = JournalOp::Do(Action { document: "d1".into(), edits: vec![done] });
        project.record(op, 0);
        let found = Entity { range: TextRange::new(0, 3), label: "Dish".into(), score: 0.9 };
        project.suggest("d2", "r".into(), vec![found.clone()], Some(1.5));
        project.suggest("d1", "r".into(), vec![found], Some(0.2));
        by_disagreement(&mut places, &project);
        assert_eq!(places, [1, 2, 0], "d2 is not done: nobody has said anything that could be seen otherwise");
    }
}
