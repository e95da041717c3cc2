//! Adjudication: differences between annotators, and the adjudicator's decisions.
//!
//! Decisions are not stored separately; they follow from the adjudicator's annotation. A place is decided when each span
//! of the annotators is in that annotation, or rejected by it, or answered by a span of the adjudicator's own. So a decision
//! remains valid when the annotators are compared again, whatever they changed in between, and it is undone like every
//! other action. A span that the adjudicator has not seen is open; in a document that is marked done it is new.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{Annotation, Edit, LabelId, Span, SpanId, SpanSource, Status};
use crate::text::{TextRange, crossings::Crossings, range_set::RangeSet};

/// Name of the annotator who decides where the others differ.
/// The adjudicator's journal is like every annotator's.
pub const ADJUDICATOR: &str = "gold";

/// Stretch of text for which the annotators have different spans.
#[derive(Clone, Debug, PartialEq)]
pub struct DisputedPlace {
    /// From the first to the last byte of the annotators' spans there.
    pub range: TextRange,
    /// Spans of each annotator there, in the order in which the annotators were given.
    ///
    /// An empty list says "nothing is here"; `None` stands for an annotator who has not finished the document.
    pub readings: Vec<Option<Vec<Span>>>,
}

/// Document that at least two annotators have finished, compared.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComparedDocument {
    /// Index of the document in its project.
    pub document: usize,
    /// Time of the annotators' last change, in seconds since 1970, UTC.
    pub changed: u64,
    /// Spans of all annotators, as the first annotator has them, in reading order.
    pub agreed: Vec<Span>,
    /// Ends of these spans, ascending.
    pub(crate) agreed_ends: Vec<usize>,
    /// Places where they differ, in reading order and without overlap.
    pub places: Vec<DisputedPlace>,
}

/// Progress of the adjudicator at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceState {
    /// Not fully decided.
    Open,
    /// Decided.
    Decided,
    /// The document is done, but an annotator has since added a span.
    /// The span is neither accepted nor rejected.
    New,
    /// The document is skipped.
    Skipped,
}

/// Range and label of a span, by which spans of different annotators are compared.
type SpanKey = (TextRange, LabelId);

fn key(span: &Span) -> SpanKey {
    (span.range, span.label)
}

impl ComparedDocument {
    /// Compares the annotations of document `document`.
    /// `None` if fewer than two annotators have finished it.
    ///
    /// Empty spans are ignored.
    pub fn new(document: usize, annotations: &[Option<&Annotation>]) -> Option<Self> {
        let finished: Vec<&Annotation> = annotations.iter().flatten().copied().collect();
        let [first, _, ..] = finished.as_slice() else { return None };
        let common = finished.iter().map(|annotation| keys(annotation)).reduce(|a, b| &a & &b).unwrap_or_default();
        let mut left = common.clone();
        let agreed: Vec<Span> = first.spans().iter().filter(|span| left.remove(&key(span))).cloned().collect();
        let mut agreed_ends: Vec<usize> = agreed.iter().map(|span| span.range.end).collect();
        agreed_ends.sort_unstable();
        let differing: Vec<Option<Vec<Span>>> = annotations
            .iter()
            .map(|annotation| annotation.map(|annotation| spans_without(annotation, &common)))
            .collect();
        Some(Self { document, changed: 0, agreed, agreed_ends, places: disputed_places(differing) })
    }

    /// Returns the adjudicator's progress at a place.
    ///
    /// `since` is the time of the adjudicator's last change to this document.
    pub fn state_of(&self, place: &DisputedPlace, adjudicator: &Annotation, since: u64) -> PlaceState {
        let candidates: BTreeSet<SpanKey> = place.candidates().map(key).collect();
        let here: BTreeSet<SpanKey> = adjudicator.over(place.range).map(key).collect();
        // A span with the range of an agreed span answers that span, not the place.
        let own = here.difference(&candidates).map(|(range, _)| *range);
        let own = RangeSet::new(own.filter(|range| self.agreed_on(*range).next().is_none()));
        let decided = candidates.iter().all(|span| {
            let (range, label) = *span;
            here.contains(span) || adjudicator.is_rejected(range, label) || own.overlaps(range)
        });
        match (decided, adjudicator.status) {
            (_, Status::Skipped) => PlaceState::Skipped,
            (true, _) => PlaceState::Decided,
            (false, Status::Done) if self.changed > since => PlaceState::New,
            (false, Status::Done) => PlaceState::Decided,
            (false, _) => PlaceState::Open,
        }
    }

    /// Returns the adjudicator's spans at a place.
    /// Those taken from an annotator and those of the adjudicator's own.
    pub fn verdict<'a>(&self, place: &DisputedPlace, adjudicator: &'a Annotation) -> Vec<&'a Span> {
        let candidates: BTreeSet<SpanKey> = place.candidates().map(key).collect();
        let here = adjudicator.over(place.range);
        here.filter(|span| candidates.contains(&key(span)) || self.agreed_on(span.range).next().is_none()).collect()
    }

    /// Whether the adjudicator has decided every place and lacks no agreed span.
    pub fn is_decided(&self, adjudicator: &Annotation) -> bool {
        self.missing(adjudicator).is_empty()
            && !self.places.iter().any(|place| self.state_of(place, adjudicator, u64::MAX) == PlaceState::Open)
    }

    /// Returns the agreed spans that the adjudicator has neither accepted, rejected nor answered otherwise.
    ///
    /// A document that is done lacks nothing.
    pub fn missing<'a>(&'a self, adjudicator: &'a Annotation) -> Vec<&'a Span> {
        if adjudicator.status == Status::Done {
            return Vec::new();
        }
        let ranges: BTreeSet<TextRange> = adjudicator.spans().iter().map(|span| span.range).collect();
        let crossings = Crossings::new(ranges.iter().copied());
        let open = self.agreed.iter().filter(|span| !adjudicator.is_rejected(span.range, span.label));
        open.filter(|span| !ranges.contains(&span.range) && !crossings.crosses(span.range)).collect()
    }

    /// Returns the edits that accept all agreed spans and decide one place.
    ///
    /// `decision` is the place and its spans, which replace the adjudicator's spans there. With the last open place the
    /// document becomes done; a flagged document stays flagged, and so does one whose text was changed until it is reviewed.
    /// `new_id` returns ids that no span has.
    pub fn decide(
        &self,
        adjudicator: &Annotation,
        decision: Option<(&DisputedPlace, &[Span])>,
        mut new_id: impl FnMut() -> SpanId,
    ) -> Vec<Edit> {
        let mut edits: Vec<Edit> = self.missing(adjudicator).into_iter().map(|span| add(span, new_id())).collect();
        if let Some((place, spans)) = decision {
            let before = self.verdict(place, adjudicator);
            let wanted: BTreeSet<SpanKey> = spans.iter().map(key).collect();
            edits.extend(before.iter().filter(|span| !wanted.contains(&key(span))).map(|span| Edit::Remove(span.id)));
            let known = keys(adjudicator);
            edits.extend(spans.iter().filter(|span| !known.contains(&key(span))).map(|span| add(span, new_id())));
            let all: BTreeSet<SpanKey> = place.candidates().chain(spans).chain(before).map(key).collect();
            edits.extend(all.into_iter().filter_map(|(range, label)| {
                match (wanted.contains(&(range, label)), adjudicator.is_rejected(range, label)) {
                    (true, true) => Some(Edit::Readmit(range, label)),
                    (false, false) => Some(Edit::Reject(range, label)),
                    _ => None,
                }
            }));
        }
        let status = self.status_after(adjudicator, &edits);
        if status != adjudicator.status {
            edits.push(Edit::Status(status));
        }
        edits
    }

    /// Returns the adjudicator's status of the document after `edits`.
    fn status_after(&self, adjudicator: &Annotation, edits: &[Edit]) -> Status {
        let mut after = adjudicator.clone();
        after.apply_all(edits);
        match adjudicator.status {
            Status::Flagged => Status::Flagged,
            // A key for one place says nothing about spans of the adjudicator that lost theirs.
            _ if self.is_decided(&after) && !after.needs_review() => Status::Done,
            Status::Todo | Status::Skipped if !edits.is_empty() => Status::Partial,
            status => status,
        }
    }

    /// Returns the spans of someone who was not compared that can decide a place.
    /// For example, those of a model.
    ///
    /// These are the spans over the place that are not agreed anyway. `None` if one of them reaches into another place or
    /// contradicts an agreed span.
    pub fn reading_of(&self, place: &DisputedPlace, spans: &[Span]) -> Option<Vec<Span>> {
        let over: Vec<Span> = spans
            .iter()
            .filter(|span| span.range.overlaps(place.range))
            .filter(|span| !self.agreed_on(span.range).any(|agreed| agreed.label == span.label))
            .cloned()
            .collect();
        over.iter().all(|span| self.fits(place, span.range)).then_some(over)
    }

    /// Whether a span on `range` decides this place alone.
    /// It reaches into no other place, and into an agreed span only if it is smaller and inside of it.
    fn fits(&self, place: &DisputedPlace, range: TextRange) -> bool {
        let first = self.places.partition_point(|other| other.range.end <= range.start);
        let mut touched = self.places.iter().skip(first).take_while(|other| other.range.start < range.end);
        let reaches_beyond = touched.any(|other| other.range != place.range);
        let begun = self.agreed.partition_point(|agreed| agreed.range.start <= range.start);
        let ended = self.agreed_ends.partition_point(|end| *end <= range.start);
        let ends_inside = self.agreed.get(begun).is_some_and(|agreed| agreed.range.start < range.end)
            || self.agreed_ends.get(ended).is_some_and(|end| *end < range.end);
        let contradicts = ends_inside || self.agreed_on(range).next().is_some();
        !reaches_beyond && !contradicts
    }

    /// Iterates over the agreed spans with exactly this range.
    fn agreed_on(&self, range: TextRange) -> impl Iterator<Item = &Span> {
        let first = self.agreed.partition_point(|span| reading_order(span.range) < reading_order(range));
        self.agreed.iter().skip(first).take_while(move |span| span.range == range)
    }
}

impl DisputedPlace {
    /// Iterates over the annotators' spans here.
    fn candidates(&self) -> impl Iterator<Item = &Span> {
        self.readings.iter().flatten().flatten()
    }
}

/// Returns the ranges and labels of the spans that are not empty.
fn keys(annotation: &Annotation) -> BTreeSet<SpanKey> {
    annotation.spans().iter().filter(|span| !span.range.is_empty()).map(key).collect()
}

/// Returns the spans that are not in `common`, without empty and repeated ones.
fn spans_without(annotation: &Annotation, common: &BTreeSet<SpanKey>) -> Vec<Span> {
    let mut seen = common.clone();
    let spans = annotation.spans().iter().filter(|span| !span.range.is_empty());
    spans.filter(|span| seen.insert(key(span))).cloned().collect()
}

/// Groups the annotators' differing spans into places that do not overlap.
fn disputed_places(differing: Vec<Option<Vec<Span>>>) -> Vec<DisputedPlace> {
    let nothing: Vec<Option<Vec<Span>>> = differing.iter().map(|spans| spans.as_ref().map(|_| Vec::new())).collect();
    let ranges = RangeSet::new(differing.iter().flatten().flatten().map(|span| span.range));
    let mut places: Vec<DisputedPlace> =
        ranges.ranges().iter().map(|range| DisputedPlace { range: *range, readings: nothing.clone() }).collect();
    for (annotator, spans) in differing.into_iter().enumerate() {
        for span in spans.into_iter().flatten() {
            let at = places.partition_point(|place| place.range.end <= span.range.start);
            let reading = places.get_mut(at).and_then(|place| place.readings.get_mut(annotator));
            if let Some(Some(spans)) = reading {
                spans.push(span);
            }
        }
    }
    places
}

/// Returns the edit that adds a copy of an annotator's span.
fn add(span: &Span, id: SpanId) -> Edit {
    // The annotator's span may come from an imported file; the adjudicator's copy does not.
    let source = if span.source == SpanSource::Import { SpanSource::Human } else { span.source.clone() };
    Edit::Add(Span { id, source, ..span.clone() })
}

/// Whether two lists of spans have the same ranges and labels, in any order.
pub fn same<'a>(a: impl IntoIterator<Item = &'a Span>, b: impl IntoIterator<Item = &'a Span>) -> bool {
    let a: BTreeSet<SpanKey> = a.into_iter().map(key).collect();
    let b: BTreeSet<SpanKey> = b.into_iter().map(key).collect();
    a == b
}

/// Sort key of reading order: by start, the longer range first.
fn reading_order(range: TextRange) -> (usize, Reverse<usize>) {
    (range.start, Reverse(range.end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{spans::SpanSource, text::growth::assert_linear};

    fn span(id: u32, start: usize, end: usize, label: u32) -> Span {
        let id = SpanId { writer: 7, sequence: id };
        Span { id, range: TextRange::new(start, end), label: LabelId(label), source: SpanSource::Human }
    }

    /// A finished annotation of spans as (start, end, label).
    fn done(spans: &[(usize, usize, u32)]) -> Annotation {
        let spans = spans.iter().zip(0..).map(|((start, end, label), id)| span(id, *start, *end, *label));
        Annotation::new(spans.collect(), Status::Done)
    }

    fn ids() -> impl FnMut() -> SpanId {
        let mut next = 1000;
        move || {
            next += 1;
            SpanId { writer: 9, sequence: next }
        }
    }

    fn ranges(compared: &ComparedDocument) -> Vec<(usize, usize)> {
        compared.places.iter().map(|place| (place.range.start, place.range.end)).collect()
    }

    #[test]
    fn what_all_say_is_apart_from_where_they_differ() {
        let (a, b) = (done(&[(0, 4, 1), (10, 14, 2), (20, 24, 3)]), done(&[(0, 4, 1), (12, 18, 2), (30, 34, 3)]));
        let compared = ComparedDocument::new(5, &[Some(&a), None, Some(&b)]).unwrap();
        assert_eq!(compared.agreed, [span(0, 0, 4, 1)]);
        assert_eq!(ranges(&compared), [(10, 18), (20, 24), (30, 34)]);
        assert_eq!(compared.places[1].readings, [Some(vec![span(2, 20, 24, 3)]), None, Some(Vec::new())]);
        assert_eq!(ComparedDocument::new(5, &[Some(&a), None]), None, "one annotator agrees with nobody");
    }

    #[test]
    fn spans_that_meet_are_two_places_and_one_inside_an_agreed_one_is_a_place() {
        let (a, b) = (done(&[(0, 9, 1), (2, 4, 2), (10, 14, 1)]), done(&[(0, 9, 1), (14, 18, 1)]));
        let compared = ComparedDocument::new(0, &[Some(&a), Some(&b)]).unwrap();
        assert_eq!(ranges(&compared), [(2, 4), (10, 14), (14, 18)]);
        // What all say about the words around it decides nothing.
        let adjudicator = Annotation::new(vec![span(1, 0, 9, 1)], Status::Partial);
        assert_eq!(compared.state_of(&compared.places[0], &adjudicator, 5), PlaceState::Open);
        // Nor does what the adjudicator says about them in its stead.
        let adjudicator = Annotation::new(vec![span(1, 0, 9, 5)], Status::Partial);
        assert_eq!(compared.state_of(&compared.places[0], &adjudicator, 5), PlaceState::Open);
        let edits = compared.decide(&adjudicator, Some((&compared.places[0], &[])), ids());
        assert!(!edits.iter().any(|edit| matches!(edit, Edit::Remove(_) | Edit::Add(_))), "{edits:?}");
    }

    #[test]
    fn a_decision_stays_when_annotators_change_and_is_taken_back_by_its_edits() {
        let (a, b) = (done(&[(0, 4, 1), (10, 14, 2), (20, 24, 3)]), done(&[(0, 4, 1), (12, 18, 2)]));
        let compared = ComparedDocument::new(0, &[Some(&a), Some(&b)]).unwrap();
        let mut adjudicator = Annotation::default();
        let of =
            |compared: &ComparedDocument, place: usize, reader: usize| compared.places[place].readings[reader].clone();
        let reading = of(&compared, 0, 1).unwrap();
        adjudicator.apply_all(&compared.decide(&adjudicator, Some((&compared.places[0], &reading)), ids()));
        let spans: Vec<_> = adjudicator.spans().iter().map(|span| (span.range.start, span.range.end)).collect();
        assert_eq!((spans, adjudicator.status), (vec![(0, 4), (12, 18)], Status::Partial));
        assert!(!compared.is_decided(&adjudicator));
        // The second place: nothing is there.
        let edits = compared.decide(&adjudicator, Some((&compared.places[1], &[])), ids());
        let before = adjudicator.clone();
        let back: Vec<Edit> = edits.iter().filter_map(|edit| adjudicator.apply(edit)).collect();
        assert!(adjudicator.status == Status::Done && compared.is_decided(&adjudicator));
        back.iter().rev().for_each(|edit| _ = adjudicator.apply(edit));
        assert_eq!(adjudicator, before);
        adjudicator.apply_all(&edits);
        // An annotator changes the first place, which was decided.
        let a = done(&[(0, 4, 1), (12, 18, 2), (20, 24, 3)]);
        let again = ComparedDocument::new(0, &[Some(&a), Some(&b)]).unwrap();
        assert!(again.is_decided(&adjudicator));
        // Even of a document that was opened again.
        adjudicator.apply(&Edit::Status(Status::Partial));
        assert!(again.is_decided(&adjudicator));
        // But what was never seen is to be decided; it is new where the document is done.
        let a = done(&[(0, 4, 1), (40, 44, 1)]);
        let again = ComparedDocument::new(0, &[Some(&a), Some(&b)]).unwrap();
        let again = ComparedDocument { changed: 6, ..again };
        let states = |adjudicator: &Annotation, since| {
            again.places.iter().map(|place| again.state_of(place, adjudicator, since)).collect::<Vec<_>>()
        };
        let last = |adjudicator: &Annotation| states(adjudicator, 5);
        assert_eq!(last(&adjudicator), [PlaceState::Decided, PlaceState::Open]);
        adjudicator.apply(&Edit::Status(Status::Done));
        assert_eq!(last(&adjudicator), [PlaceState::Decided, PlaceState::New]);
        assert_eq!(states(&adjudicator, 6), [PlaceState::Decided; 2], "it was there when the document was marked done");
        adjudicator.apply(&Edit::Status(Status::Skipped));
        assert_eq!(last(&adjudicator), [PlaceState::Skipped; 2]);
    }

    #[test]
    fn another_decision_takes_the_place_of_the_first() {
        let (a, b) = (done(&[(10, 14, 2)]), done(&[(12, 18, 2)]));
        let compared = ComparedDocument::new(0, &[Some(&a), Some(&b)]).unwrap();
        let place = &compared.places[0];
        let mut adjudicator = Annotation::default();
        for (reader, end) in [(0, 14), (1, 18), (0, 14)] {
            let reading = place.readings[reader].clone().unwrap();
            adjudicator.apply_all(&compared.decide(&adjudicator, Some((place, &reading)), ids()));
            assert!(same(compared.verdict(place, &adjudicator), &reading) && adjudicator.spans().len() == 1, "{end}");
            assert_eq!(adjudicator.spans()[0].range.end, end);
        }
        assert_eq!(compared.decide(&adjudicator, Some((place, &[span(0, 10, 14, 2)])), ids()), [], "said already");
    }

    #[test]
    fn what_the_judge_said_by_hand_stays() {
        let (a, b) = (done(&[(0, 4, 1), (10, 14, 2)]), done(&[(0, 4, 1)]));
        let compared = ComparedDocument::new(0, &[Some(&a), Some(&b)]).unwrap();
        let adjudicator = Annotation::new(vec![span(1, 2, 6, 5), span(2, 10, 12, 5)], Status::Partial);
        assert!(compared.is_decided(&adjudicator), "both were read in the adjudicator's own way");
        let edits = compared.decide(&adjudicator, None, ids());
        assert_eq!(edits, [Edit::Status(Status::Done)]);
        // What is to be talked about is not done.
        let flagged = Annotation::new(adjudicator.spans().to_vec(), Status::Flagged);
        assert_eq!(compared.decide(&flagged, None, ids()), []);
    }

    #[test]
    fn who_was_not_compared_is_followed_only_where_nothing_else_is_touched() {
        let (a, b) =
            (done(&[(0, 4, 1), (5, 9, 3), (20, 30, 4)]), done(&[(0, 4, 1), (20, 30, 4), (22, 25, 2), (40, 44, 1)]));
        let compared = ComparedDocument::new(0, &[Some(&a), Some(&b)]).unwrap();
        assert_eq!(ranges(&compared), [(5, 9), (22, 25), (40, 44)]);
        let reading = |place: usize, spans: &[(usize, usize, u32)]| {
            let spans = compared.reading_of(&compared.places[place], done(spans).spans())?;
            Some(spans.into_iter().map(|span| (span.range.start, span.range.end)).collect::<Vec<_>>())
        };
        assert_eq!(reading(0, &[(4, 9, 3), (0, 4, 1)]), Some(vec![(4, 9)]));
        assert_eq!(reading(0, &[(0, 9, 3)]), None, "it overlaps an agreed span");
        assert_eq!(reading(1, &[(20, 30, 4), (22, 26, 2)]), Some(vec![(22, 26)]), "what all say is said");
        assert_eq!(reading(1, &[(22, 44, 2)]), None, "it is about two places");
        assert_eq!(reading(2, &[(0, 4, 1)]), Some(Vec::new()));
    }

    #[test]
    fn a_place_with_many_nested_spans_is_decided_in_linear_time() {
        let nested =
            |n: usize, label: u32| -> Vec<(usize, usize, u32)> { (0..n).map(|at| (at, 3 * n - at, label)).collect() };
        let input = |n: usize| {
            // All say the outer half, and each has the inner half with another label.
            let said = |label| done(&[&nested(n, 1)[..n / 2], &nested(n, label)[n / 2..]].concat());
            let (a, b) = (said(5), said(7));
            let judge = Annotation::new(a.spans().to_vec(), Status::Partial);
            (ComparedDocument::new(0, &[Some(&a), Some(&b)]).unwrap(), b, judge)
        };
        assert_linear(600, input, |(compared, model, judge)| {
            let [place] = compared.places.as_slice() else { panic!() };
            assert_eq!(compared.verdict(place, judge).len(), place.readings[0].as_ref().unwrap().len());
            assert_eq!((compared.state_of(place, judge, 5), compared.missing(judge).len()), (PlaceState::Open, 0));
            assert_eq!(
                compared.missing(&Annotation::new(model.spans()[..3].to_vec(), Status::Partial)).len() + 3,
                compared.agreed.len()
            );
            let decision = compared.reading_of(place, model.spans()).unwrap();
            compared.decide(judge, Some((place, &decision)), ids())
        });
    }

    #[test]
    fn an_import_is_no_source_of_a_decision() {
        let mut one = span(0, 10, 14, 2);
        one.source = SpanSource::Import;
        let (a, b) = (Annotation::new(vec![one], Status::Done), done(&[]));
        let compared = ComparedDocument::new(0, &[Some(&a), Some(&b)]).unwrap();
        let reading = compared.places[0].readings[0].clone().unwrap();
        let edits = compared.decide(&Annotation::default(), Some((&compared.places[0], &reading)), ids());
        assert!(matches!(&edits[0], Edit::Add(span) if span.source == SpanSource::Human), "{edits:?}");
    }

    proptest! {
        #[test]
        fn deciding_all_places_ends_the_document_with_valid_spans(
            a in prop::collection::vec((0usize..20, 1usize..5, 0u32..3), 0..6),
            b in prop::collection::vec((0usize..20, 1usize..5, 0u32..3), 0..6),
            chosen in prop::collection::vec(0usize..3, 12),
        ) {
            let of = |spans: &[(usize, usize, u32)]| {
                done(&spans.iter().map(|(start, len, label)| (*start, start + len, *label)).collect::<Vec<_>>())
            };
            let (a, b) = (of(&a), of(&b));
            let compared = ComparedDocument::new(0, &[Some(&a), Some(&b)]).unwrap();
            let mut adjudicator = Annotation::default();
            let mut new_id = ids();
            adjudicator.apply_all(&compared.decide(&adjudicator, None, &mut new_id));
            for (place, which) in compared.places.iter().zip(&chosen) {
                let reading = place.readings.get(*which).cloned().flatten().unwrap_or_default();
                adjudicator.apply_all(&compared.decide(&adjudicator, Some((place, &reading)), &mut new_id));
                prop_assert!(same(compared.verdict(place, &adjudicator), &reading));
                prop_assert_eq!(compared.state_of(place, &adjudicator, 5), PlaceState::Decided);
            }
            prop_assert_eq!(adjudicator.status, Status::Done);
            // Nothing is there that nobody said.
            let of_an_annotator = |span: &Span| a.spans().iter().chain(b.spans()).any(|one| key(one) == key(span));
            prop_assert!(adjudicator.spans().iter().all(of_an_annotator));
        }
    }
}
