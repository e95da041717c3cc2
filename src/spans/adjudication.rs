//! Adjudication: where the annotators of a document read it differently, and what the judge has decided there.
//!
//! A decision is no record of its own. The judge's annotation says it: by a span over the place, or because every reading
//! was turned down. So it stays when the annotators are compared again, whatever they have changed since, and it is taken
//! back like everything else.

use std::collections::BTreeSet;

use super::{Annotation, Edit, LabelId, Span, SpanId, Status};
use crate::text::TextRange;

/// A stretch of text that annotators read differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// From the first to the last byte of what they tagged there.
    pub range: TextRange,
    /// One entry an annotator, in the order in which they were given: their spans there, none for "nothing is here"; `None`
    /// for who has not finished the document.
    pub readings: Vec<Option<Vec<Span>>>,
}

/// What at least two annotators make of a document together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compared {
    /// Where the document stands in its project.
    pub document: usize,
    /// What all of them say, as the first of them tagged it.
    pub agreed: Vec<Span>,
    /// Where they differ, in reading order; the places share no byte.
    pub places: Vec<Place>,
}

/// What a span says, whoever made it.
fn said(span: &Span) -> (TextRange, LabelId) {
    (span.range, span.label)
}

impl Compared {
    /// Compares what annotators say of document `document`; `None` if fewer than two have finished it. Spans without a byte
    /// are passed over.
    pub fn new(document: usize, annotations: &[Option<&Annotation>]) -> Option<Self> {
        let finished = || annotations.iter().flatten();
        if finished().count() < 2 {
            return None;
        }
        let spans = |annotation: &Annotation| -> BTreeSet<(TextRange, LabelId)> {
            annotation.spans().iter().filter(|span| !span.range.is_empty()).map(said).collect()
        };
        let common = finished().map(|annotation| spans(annotation)).reduce(|a, b| &a & &b).unwrap_or_default();
        let first = finished().next().map_or(&[][..], |annotation| annotation.spans());
        let mut left = common.clone();
        let agreed = first.iter().filter(|span| left.remove(&said(span))).cloned().collect();
        let open = |annotation: &Annotation| -> Vec<Span> {
            // What somebody says twice counts once.
            let mut seen = common.clone();
            let spans = annotation.spans().iter().filter(|span| !span.range.is_empty());
            spans.filter(|span| seen.insert(said(span))).cloned().collect()
        };
        let readings: Vec<Option<Vec<Span>>> = annotations.iter().map(|one| one.map(open)).collect();
        let places = stretches(readings.iter().flatten().flatten().map(|span| span.range)).into_iter().map(|range| {
            let here = |spans: &Vec<Span>| spans.iter().filter(|span| span.range.overlaps(range)).cloned().collect();
            Place { range, readings: readings.iter().map(|reading| reading.as_ref().map(here)).collect() }
        });
        Some(Self { document, agreed, places: places.collect() })
    }

    /// What the judge says at a place of this document: the spans there; `None` as long as nothing is decided.
    pub fn verdict<'a>(&self, place: &Place, judge: &'a Annotation) -> Option<Vec<&'a Span>> {
        let own: Vec<&Span> = judge.over(place.range).filter(|span| !self.is_agreed(span)).collect();
        let turned_down = || place.candidates().all(|span| judge.is_rejected(span.range, span.label));
        (!own.is_empty() || judge.status == Status::Done || turned_down()).then_some(own)
    }

    /// Whether all is said that there is to say of this document.
    pub fn is_decided(&self, judge: &Annotation) -> bool {
        self.missing(judge).next().is_none() && self.places.iter().all(|place| self.verdict(place, judge).is_some())
    }

    /// What all annotators say and the judge has neither said nor turned down, nor said something else about.
    pub fn missing<'a>(&'a self, judge: &'a Annotation) -> impl Iterator<Item = &'a Span> {
        let open = self.agreed.iter().filter(|_| judge.status != Status::Done);
        open.filter(|span| {
            let contradicted = |own: &Span| own.range.overlaps(span.range) && !nests(own.range, span.range);
            let there = |own: &Span| own.range == span.range;
            !judge.is_rejected(span.range, span.label)
                && !judge.over(span.range).any(|own| there(own) || contradicted(own))
        })
    }

    /// The edits by which the judge takes over what all say, and says this at a place, in place of what was said there; with
    /// the last open place, that the document is done. `new_id` gives ids that no span has.
    pub fn decide(
        &self,
        judge: &Annotation,
        decision: Option<(&Place, &[Span])>,
        mut new_id: impl FnMut() -> SpanId,
    ) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut add = |span: &Span, edits: &mut Vec<Edit>| edits.push(Edit::Add(Span { id: new_id(), ..span.clone() }));
        self.missing(judge).for_each(|span| add(span, &mut edits));
        if let Some((place, reading)) = decision {
            let wanted = |span: &Span| reading.iter().any(|one| said(one) == said(span));
            let own: Vec<&Span> = judge.over(place.range).filter(|span| !self.is_agreed(span)).collect();
            edits.extend(own.iter().filter(|span| !wanted(span)).map(|span| Edit::Remove(span.id)));
            let there = |span: &&Span| own.iter().any(|own| said(own) == said(span));
            reading.iter().filter(|span| !there(span)).for_each(|span| add(span, &mut edits));
            let candidates: BTreeSet<(TextRange, LabelId)> = place.candidates().chain(reading).map(said).collect();
            edits.extend(candidates.into_iter().filter_map(|(range, label)| {
                match (reading.iter().any(|span| said(span) == (range, label)), judge.is_rejected(range, label)) {
                    (true, true) => Some(Edit::Readmit(range, label)),
                    (false, false) => Some(Edit::Reject(range, label)),
                    _ => None,
                }
            }));
        }
        let mut after = judge.clone();
        after.apply_all(&edits);
        let status = match judge.status {
            _ if self.is_decided(&after) => Status::Done,
            Status::Todo | Status::Skipped if !edits.is_empty() => Status::Partial,
            status => status,
        };
        if status != judge.status {
            edits.push(Edit::Status(status));
        }
        edits
    }

    fn is_agreed(&self, span: &Span) -> bool {
        self.agreed.iter().any(|agreed| said(agreed) == said(span))
    }
}

impl Place {
    /// Every span that somebody has here.
    fn candidates(&self) -> impl Iterator<Item = &Span> {
        self.readings.iter().flatten().flatten()
    }
}

/// Whether the spans in `a` say what those in `b` say.
pub fn same<'a>(a: impl IntoIterator<Item = &'a Span>, b: impl IntoIterator<Item = &'a Span>) -> bool {
    let set = |spans: &mut dyn Iterator<Item = &'a Span>| spans.map(said).collect::<BTreeSet<_>>();
    set(&mut a.into_iter()) == set(&mut b.into_iter())
}

fn nests(a: TextRange, b: TextRange) -> bool {
    a != b && (a.covers(b) || b.covers(a))
}

/// The stretches that ranges cover together: those that overlap become one, those that only meet do not.
fn stretches(ranges: impl Iterator<Item = TextRange>) -> Vec<TextRange> {
    let mut all: Vec<TextRange> = ranges.collect();
    all.sort_unstable();
    let mut found: Vec<TextRange> = Vec::new();
    for range in all {
        match found.last_mut().filter(|last| last.overlaps(range)) {
            Some(last) => *last = last.join(range),
            None => found.push(range),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spans::Source;

    fn span(id: u32, start: usize, end: usize, label: u32) -> Span {
        let id = SpanId { writer: 7, sequence: id };
        Span { id, range: TextRange::new(start, end), label: LabelId(label), source: Source::Human }
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

    fn ranges(compared: &Compared) -> Vec<(usize, usize)> {
        compared.places.iter().map(|place| (place.range.start, place.range.end)).collect()
    }

    #[test]
    fn what_all_say_is_apart_from_where_they_differ() {
        let (a, b) = (done(&[(0, 4, 1), (10, 14, 2), (20, 24, 3)]), done(&[(0, 4, 1), (12, 18, 2), (30, 34, 3)]));
        let compared = Compared::new(5, &[Some(&a), None, Some(&b)]).unwrap();
        assert_eq!(compared.agreed, [span(0, 0, 4, 1)]);
        assert_eq!(ranges(&compared), [(10, 18), (20, 24), (30, 34)]);
        assert_eq!(compared.places[1].readings, [Some(vec![span(2, 20, 24, 3)]), None, Some(Vec::new())]);
        assert_eq!(Compared::new(5, &[Some(&a), None]), None, "one annotator agrees with nobody");
    }

    #[test]
    fn spans_that_meet_are_two_places_and_one_inside_an_agreed_one_is_a_place() {
        let (a, b) = (done(&[(0, 9, 1), (2, 4, 2), (10, 14, 1)]), done(&[(0, 9, 1), (14, 18, 1)]));
        let compared = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
        assert_eq!(ranges(&compared), [(2, 4), (10, 14), (14, 18)]);
        // What all say about the words around it decides nothing.
        let judge = Annotation::new(vec![span(1, 0, 9, 1)], Status::Partial);
        assert_eq!(compared.verdict(&compared.places[0], &judge), None);
    }

    #[test]
    fn a_decision_stays_when_annotators_change_and_is_taken_back_by_its_edits() {
        let (a, b) = (done(&[(0, 4, 1), (10, 14, 2), (20, 24, 3)]), done(&[(0, 4, 1), (12, 18, 2)]));
        let compared = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
        let mut judge = Annotation::default();
        let of = |compared: &Compared, place: usize, reader: usize| compared.places[place].readings[reader].clone();
        let reading = of(&compared, 0, 1).unwrap();
        judge.apply_all(&compared.decide(&judge, Some((&compared.places[0], &reading)), ids()));
        let spans: Vec<_> = judge.spans().iter().map(|span| (span.range.start, span.range.end)).collect();
        assert_eq!((spans, judge.status), (vec![(0, 4), (12, 18)], Status::Partial));
        assert!(!compared.is_decided(&judge));
        // The second place: nothing is there.
        let edits = compared.decide(&judge, Some((&compared.places[1], &[])), ids());
        let before = judge.clone();
        let back: Vec<Edit> = edits.iter().filter_map(|edit| judge.apply(edit)).collect();
        assert!(judge.status == Status::Done && compared.is_decided(&judge));
        back.iter().rev().for_each(|edit| _ = judge.apply(edit));
        assert_eq!(judge, before);
        judge.apply_all(&edits);
        // Somebody reads the first place in another way now: it was decided.
        let a = done(&[(0, 4, 1), (10, 16, 3), (20, 24, 3)]);
        let again = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
        assert!(again.is_decided(&judge));
        // Even of a document that was opened again.
        judge.apply(&Edit::Status(Status::Partial));
        assert!(again.is_decided(&judge));
        // But what was never seen is to be decided.
        let a = done(&[(0, 4, 1), (40, 44, 1)]);
        let again = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
        assert_eq!(again.places.iter().filter(|place| again.verdict(place, &judge).is_none()).count(), 1);
    }

    #[test]
    fn another_decision_takes_the_place_of_the_first() {
        let (a, b) = (done(&[(10, 14, 2)]), done(&[(12, 18, 2)]));
        let compared = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
        let place = &compared.places[0];
        let mut judge = Annotation::default();
        for (reader, end) in [(0, 14), (1, 18), (0, 14)] {
            let reading = place.readings[reader].clone().unwrap();
            judge.apply_all(&compared.decide(&judge, Some((place, &reading)), ids()));
            let verdict = compared.verdict(place, &judge).unwrap();
            assert!(same(verdict.iter().copied(), &reading) && judge.spans().len() == 1, "{end}");
            assert_eq!(judge.spans()[0].range.end, end);
        }
        assert_eq!(compared.decide(&judge, Some((place, &[span(0, 10, 14, 2)])), ids()), [], "said already");
    }

    #[test]
    fn what_the_judge_said_by_hand_stays() {
        let (a, b) = (done(&[(0, 4, 1), (10, 14, 2)]), done(&[(0, 4, 1)]));
        let compared = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
        let judge = Annotation::new(vec![span(1, 2, 6, 5), span(2, 10, 12, 5)], Status::Partial);
        assert!(compared.is_decided(&judge), "both were read in the judge's own way");
        let edits = compared.decide(&judge, None, ids());
        assert_eq!(edits, [Edit::Status(Status::Done)]);
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
            let compared = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
            let mut judge = Annotation::default();
            let mut new_id = ids();
            judge.apply_all(&compared.decide(&judge, None, &mut new_id));
            for (place, which) in compared.places.iter().zip(&chosen) {
                let reading = place.readings.get(*which).cloned().flatten().unwrap_or_default();
                judge.apply_all(&compared.decide(&judge, Some((place, &reading)), &mut new_id));
                let verdict = compared.verdict(place, &judge);
                prop_assert!(verdict.is_some_and(|spans| same(spans, &reading)));
            }
            prop_assert_eq!(judge.status, Status::Done);
            // Nothing is there that nobody said.
            let somebody = |span: &Span| a.spans().iter().chain(b.spans()).any(|one| said(one) == said(span));
            prop_assert!(judge.spans().iter().all(somebody));
        }
    }
}
