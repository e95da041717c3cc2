//! Undo, redo, lines in any order, and long journals.

use proptest::prelude::*;

use super::*;
use crate::{
    spans::{LabelId, Span, SpanSource},
    text::{TextRange, growth::assert_linear},
};

fn id(sequence: u32) -> ActionId {
    ActionId(SpanId { writer: 1, sequence })
}

fn add(n: u32) -> Entry {
    let span = Span {
        id: id(n).0,
        range: TextRange::new(n as usize, n as usize + 1),
        label: LabelId(0),
        source: SpanSource::Human,
    };
    let action = Action { document: format!("d{}", n % 2), edits: vec![Edit::Add(span)] };
    Entry { id: id(n), at: 0, op: JournalOp::Do(action) }
}

#[test]
fn undo_names_an_action_and_redo_brings_it_back() {
    let mut journal = Journal::replay([add(0), add(1), add(2)]);
    assert_eq!(journal.undo_target(), Some((id(2), "d0")));
    journal.push(Entry { id: id(3), at: 0, op: JournalOp::Undo(id(0)) });
    assert_eq!(journal.annotation("d0").spans().len(), 1);
    assert_eq!(journal.redo_target(), Some((id(0), "d0")));
    journal.push(Entry { id: id(4), at: 0, op: JournalOp::Redo(id(0)) });
    assert_eq!(journal.annotation("d0").spans().len(), 2);
    assert_eq!(journal.redo_target(), None);
}

#[test]
fn actions_on_documents_that_are_gone_are_neither_redone_nor_restored() {
    let undo = |sequence, of| Entry { id: id(sequence), at: 0, op: JournalOp::Undo(id(of)) };
    let mut journal = Journal::replay([add(0), add(1), add(2), undo(10, 0), undo(11, 1)]);
    assert_eq!(journal.redo_target(), Some((id(1), "d1")));
    journal.forget_redo(|document| document == "d0");
    assert_eq!(journal.redo_target(), Some((id(0), "d0")), "the one before it");
    assert_eq!(journal.history().filter(|past| past.undone).count(), 1);
    // What a new action discards is restored without them, too.
    let mut journal = Journal::replay([add(0), add(1), add(2), undo(10, 0), undo(11, 1), add(4)]);
    assert_eq!(journal.discarded(), [id(1), id(0)]);
    journal.forget_redo(|document| document == "d0");
    assert_eq!(journal.discarded(), [id(0)]);
    journal.forget_redo(|_| false);
    assert!(journal.discarded().is_empty());
}

#[test]
fn what_was_done_since_is_counted_once_and_not_when_undone() {
    let done = |sequence, at, document: &str| {
        let action = Action { document: document.into(), edits: vec![Edit::Status(Status::Done)] };
        Entry { id: id(sequence), at, op: JournalOp::Do(action) }
    };
    let undo = Entry { id: id(9), at: 50, op: JournalOp::Undo(id(3)) };
    let journal =
        Journal::replay([done(0, 10, "old"), done(1, 30, "new"), done(2, 40, "new"), done(3, 40, "back"), undo]);
    assert_eq!(journal.with_status_since(Status::Done, 20), ["new"]);
    assert_eq!(journal.with_status_since(Status::Done, 0), ["new", "old"]);
}

#[test]
fn what_is_done_to_several_documents_is_undone_as_a_whole() {
    let on = |document: &str, n: u32| {
        let JournalOp::Do(action) = add(n).op else { unreachable!() };
        Action { document: document.into(), ..action }
    };
    let all = Entry { id: id(5), at: 7, op: JournalOp::DoAll(vec![on("d0", 5), on("d1", 6), on("d2", 7)]) };
    let mut journal = Journal::replay([add(0), all]);
    let spans = |journal: &Journal| ["d0", "d1", "d2"].map(|document| journal.annotation(document).spans().len());
    assert_eq!((spans(&journal), journal.undo_target()), ([2, 1, 1], Some((id(5), "d0"))));
    assert_eq!(journal.undo_edits().count(), 3);
    journal.push(Entry { id: id(8), at: 0, op: JournalOp::Undo(id(5)) });
    assert_eq!((spans(&journal), journal.last_change("d2")), ([1, 0, 0], Some(7)));
    journal.push(Entry { id: id(9), at: 0, op: JournalOp::Redo(id(5)) });
    assert_eq!(spans(&journal), [2, 1, 1]);
}

#[test]
fn the_history_is_in_order_with_what_was_taken_back_at_its_end() {
    let undo = |n, of| Entry { id: id(n), at: 0, op: JournalOp::Undo(id(of)) };
    let journal = Journal::replay([add(0), add(1), add(2), undo(8, 2), undo(9, 1)]);
    let told: Vec<(ActionId, bool)> = journal.history().map(|past| (past.id, past.undone)).collect();
    assert_eq!(told, [(id(0), false), (id(1), true), (id(2), true)]);
}

#[test]
fn the_status_before_is_the_last_other_one_that_lasts() {
    let status = |n, status| {
        let action = Action { document: "d".into(), edits: vec![Edit::Status(status)] };
        Entry { id: id(n), at: 0, op: JournalOp::Do(action) }
    };
    let mut journal = Journal::replay([status(0, Status::Done), status(1, Status::Flagged)]);
    assert_eq!((journal.status_before("d"), journal.status_before("e")), (Status::Done, Status::Todo));
    journal.push(Entry { id: id(2), at: 0, op: JournalOp::Undo(id(0)) });
    assert_eq!(journal.status_before("d"), Status::Todo);
}

#[test]
fn a_new_action_ends_redo() {
    let mut journal = Journal::replay([add(0), Entry { id: id(9), at: 0, op: JournalOp::Undo(id(0)) }]);
    assert!(journal.redo_target().is_some());
    assert!(journal.discarded().is_empty());
    journal.push(add(1));
    assert_eq!((journal.redo_target(), journal.discarded()), (None, vec![id(0)]));
    // It is not lost: it can be done again by its name.
    journal.push(Entry { id: id(10), at: 0, op: JournalOp::Redo(id(0)) });
    assert!(journal.discarded().is_empty() && journal.annotation("d0").spans().len() == 1);
}

proptest! {
    #[test]
    fn lines_that_arrive_twice_or_late_change_nothing(order in Just((0u32..12).collect::<Vec<_>>()).prop_shuffle()) {
        // Twelve lines: eight actions, two undone. Any order, with every line given twice, leads to the same spans.
        let line = |n: u32| if n < 8 { add(n) } else { Entry { id: id(n), at: 0, op: JournalOp::Undo(id(n - 8)) } };
        let straight = Journal::replay((0..10).map(line));
        let merged = Journal::replay(order.iter().chain(&order).filter(|n| **n < 10).map(|n| line(*n)));
        for document in ["d0", "d1"] {
            prop_assert_eq!(straight.annotation(document), merged.annotation(document));
        }
    }

    #[test]
    fn undoing_step_by_step_equals_replaying_what_is_left(
        steps in prop::collection::vec((0u8..8, 0u8..4, 0u32..4, 0u32..3, 0usize..20), 0..40),
    ) {
        let mut journal = Journal::default();
        let mut lines = Vec::new();
        for (n, (kind, what, span, label, of)) in (100..).zip(steps) {
            let of = id(100 + u32::try_from(of).unwrap());
            let span = Span { id: id(span).0, range: TextRange::new(label as usize, 9 - span as usize), label: LabelId(label), source: SpanSource::Human };
            let edit = match what {
                0 => Edit::Relabel(span.id, span.label),
                1 => Edit::Remove(span.id),
                _ => Edit::Add(span.clone()),
            };
            let action = Action { document: format!("d{}", label % 2), edits: vec![edit, Edit::Status(Status::Done)] };
            // One that changes much, and one on both documents.
            let edits = |n: usize| std::iter::repeat_n(action.edits.clone(), n).flatten().collect();
            let much = Action { document: action.document.clone(), edits: edits(MAX_INVERSE_EDITS) };
            let both = ["d0", if span.range.end == 6 { "d0" } else { "d1" }].map(|document| Action { document: document.into(), edits: edits(1) });
            let op = match kind {
                5 if of.0.sequence.is_multiple_of(2) => JournalOp::Do(much),
                5 => JournalOp::DoAll(both.to_vec()),
                3 => JournalOp::Undo(of),
                2 => JournalOp::Redo(of),
                1 => JournalOp::Undo(journal.undo_target().map_or(of, |(id, _)| id)),
                0 => JournalOp::Redo(journal.redo_target().map_or(of, |(id, _)| id)),
                _ => JournalOp::Do(action),
            };
            lines.push(Entry { id: id(n), at: 0, op });
            journal.push(lines[lines.len() - 1].clone());
            for document in ["d0", "d1"] {
                let mut rebuilt = journal.clone();
                rebuilt.rebuild(document.to_owned());
                prop_assert_eq!(rebuilt.annotation(document), journal.annotation(document));
            }
        }
        let at_once = Journal::replay(lines);
        for document in ["d0", "d1"] {
            prop_assert_eq!(at_once.annotation(document), journal.annotation(document));
        }
        prop_assert_eq!(at_once.history().collect::<Vec<_>>(), journal.history().collect::<Vec<_>>());
        prop_assert_eq!(at_once.discarded(), journal.discarded());
    }
}

/// Actions on one document, and lines that undo (`true`) or redo the actions of these numbers.
fn storm(actions: usize, turns: impl Iterator<Item = (bool, usize)>) -> Vec<Entry> {
    let actions = 0..u32::try_from(actions).unwrap();
    let turns = turns.zip(1_000_000..).map(|((undo, of), n)| {
        let of = id(2 * u32::try_from(of).unwrap());
        Entry { id: id(n), at: 0, op: if undo { JournalOp::Undo(of) } else { JournalOp::Redo(of) } }
    });
    actions.map(|n| add(2 * n)).chain(turns).collect()
}

#[test]
fn a_journal_with_many_undos_is_opened_in_linear_time() {
    let open = |lines: &Vec<Entry>| Journal::replay(lines.iter().cloned());
    assert_linear(3_000, |n| storm(n, (0..n).rev().map(|of| (true, of))), open);
    // From the first action on, and one action again and again.
    assert_linear(3_000, |n| storm(n, (0..n).map(|of| (true, of))), open);
    assert_linear(3_000, |n| storm(n, (0..n).map(|turn| (turn % 2 == 0, 0))), open);
}

#[test]
fn undoing_an_action_on_many_documents_takes_linear_time() {
    let journal = |n: usize| {
        let on = |document: usize| Action { document: format!("d{document}"), edits: vec![Edit::Status(Status::Done)] };
        Journal::replay([Entry { id: id(0), at: 0, op: JournalOp::DoAll((0..n).map(on).collect()) }])
    };
    assert_linear(2_000, journal, |journal| {
        let mut journal = journal.clone();
        journal.push(Entry { id: id(1), at: 0, op: JournalOp::Undo(id(0)) });
        journal
    });
}

#[test]
fn what_was_discarded_is_found_in_linear_time() {
    let journal =
        |n: usize| Journal::replay(storm(n, (0..n).rev().map(|of| (true, of))).into_iter().chain([add(999_999)]));
    assert_linear(3_000, journal, Journal::discarded);
}

#[test]
fn the_newest_inverse_edits_are_kept() {
    let mut journal = Journal::default();
    let document = |at: usize| format!("d{at}");
    let id = |at: usize| id(u32::try_from(at).unwrap());
    for at in 0..MAX_INVERSES + 5 {
        let op = JournalOp::Do(Action { document: document(at), edits: vec![Edit::Status(Status::Done)] });
        journal.push(Entry { id: id(at), at: 0, op });
    }
    let kept = (0..MAX_INVERSES + 5).filter(|at| journal.inverses.contains_key(&id(*at)));
    assert_eq!(kept.collect::<Vec<_>>(), (5..MAX_INVERSES + 5).collect::<Vec<_>>());
    // The state of another document has nothing to do with them.
    journal.push(Entry { id: id(9_000), at: 0, op: JournalOp::Undo(id(0)) });
    assert_eq!(journal.inverses.len(), MAX_INVERSES);
}
