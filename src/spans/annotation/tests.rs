//! Tests of annotations.

use proptest::prelude::*;

use super::*;
use crate::text::growth::assert_linear;

fn id(sequence: u32) -> SpanId {
    SpanId { writer: 0x1f, sequence }
}

fn edits() -> impl Strategy<Value = Edit> {
    let range = (0usize..20, 1usize..5).prop_map(|(start, len)| TextRange::new(start, start + len));
    prop_oneof![
        (0u32..6, range.clone(), 0u32..3).prop_map(|(n, range, label)| Edit::Add(Span {
            id: id(n),
            range,
            label: LabelId(label),
            source: SpanSource::Human
        })),
        (0u32..6).prop_map(|n| Edit::Remove(id(n))),
        (0u32..6, 0u32..3).prop_map(|(n, label)| Edit::Relabel(id(n), LabelId(label))),
        (0u32..6, range.clone()).prop_map(|(n, range)| Edit::Resize(id(n), range)),
        (0usize..5).prop_map(|n| Edit::Status(Status::ALL[n])),
        Just(Edit::Doubt),
        (range.clone(), 0u32..3).prop_map(|(range, label)| Edit::Reject(range, LabelId(label))),
        (range.clone(), 0u32..3).prop_map(|(range, label)| Edit::Readmit(range, LabelId(label))),
        "[ab]{0,2}".prop_map(Edit::Note),
        (0u32..6, prop::option::of(0u32..3)).prop_map(|(n, label)| Edit::Lose(id(n), label.map(LabelId))),
    ]
}

proptest! {
    #[test]
    fn undoing_every_edit_returns_the_start(list in prop::collection::vec(edits(), 0..30)) {
        let mut annotation = Annotation::default();
        let mut back = Vec::new();
        for edit in &list {
            let before = annotation.clone();
            match annotation.apply(edit) {
                Some(inverse) => back.push(inverse),
                None => prop_assert_eq!(&before, &annotation),
            }
        }
        for inverse in back.iter().rev() {
            prop_assert!(annotation.apply(inverse).is_some());
        }
        prop_assert_eq!(annotation, Annotation::default());
    }

    #[test]
    fn many_edits_at_once_do_what_they_do_one_by_one(list in prop::collection::vec(edits(), 0..60)) {
        let (mut one_by_one, mut at_once) = (Annotation::default(), Annotation::default());
        for edit in &list {
            one_by_one.apply(edit);
        }
        at_once.apply_all(&list);
        prop_assert_eq!(&one_by_one, &at_once);
        let spans = at_once.spans();
        prop_assert!(spans.is_sorted_by_key(reading_order));
        // What has changed since the first half of it.
        let mut half = Annotation::default();
        half.apply_all(&list[..list.len() / 2]);
        let (gone, come) = half.changes(&at_once);
        prop_assert_eq!(gone, half.spans().iter().filter(|span| !spans.contains(span)).collect::<Vec<_>>());
        prop_assert_eq!(come, spans.iter().filter(|span| !half.spans().contains(span)).collect::<Vec<_>>());
        for (start, len) in (0..26).flat_map(|start| (0..6).map(move |len| (start, len))) {
            let range = TextRange::new(start, start + len);
            let all: Vec<&Span> = spans.iter().filter(|span| span.range.overlaps(range)).collect();
            prop_assert_eq!(one_by_one.over(range).collect::<Vec<_>>(), all);
        }
    }

    #[test]
    fn ids_survive_their_text_form(writer: u32, sequence: u32) {
        let id = SpanId { writer, sequence };
        prop_assert_eq!(id.to_string().parse(), Ok(id));
    }
}

#[test]
fn a_document_is_not_done_while_the_place_of_a_span_is_unknown() {
    let span = Span { id: id(1), range: TextRange::new(0, 4), label: LabelId(2), source: SpanSource::Human };
    let mut annotation = Annotation::new(vec![span], Status::Done);
    annotation.apply(&Edit::Lose(id(1), None));
    assert_eq!((annotation.status, annotation.spans().len()), (Status::Partial, 0));
    assert_eq!(annotation.lost().collect::<Vec<_>>(), [(id(1), LabelId(2))]);
    let mut placed = annotation.clone();
    placed.apply(&Edit::Resize(id(1), TextRange::new(5, 9)));
    assert_eq!(
        (placed.status, placed.lost().len(), placed.at(5).map(|span| span.label)),
        (Status::Done, 0, Some(LabelId(2)))
    );
    annotation.apply(&Edit::Remove(id(1)));
    assert_eq!((annotation.status, annotation.lost().len()), (Status::Done, 0));
}

#[test]
fn spans_over_a_word_are_found_beside_a_long_one_in_little_time() {
    let span = |n: usize, len| Span {
        id: id(u32::try_from(n).unwrap()),
        range: TextRange::new(n, n + len),
        label: LabelId(0),
        source: SpanSource::Human,
    };
    let all =
        |n: usize| Annotation::new((0..n).map(|at| span(at, if at == 0 { n } else { 1 })).collect(), Status::Done);
    assert_linear(2_000, all, |all| {
        all.spans().iter().map(|span| all.over(span.range).count()).sum::<usize>() - all.spans().len()
    });
}

#[test]
fn the_innermost_span_is_under_the_cursor() {
    let span = |n, start, end| Span {
        id: id(n),
        range: TextRange::new(start, end),
        label: LabelId(0),
        source: SpanSource::Human,
    };
    let annotation = Annotation::new(vec![span(1, 4, 8), span(0, 0, 20)], Status::Todo);
    assert_eq!(annotation.at(5).map(|span| span.id), Some(id(1)));
    assert_eq!(annotation.at(9).map(|span| span.id), Some(id(0)));
    assert_eq!(annotation.at(20), None);
}
