//! Adjudication: where the annotators of a document read it differently, and what the judge has decided there.
//!
//! A decision is no record of its own. The judge's annotation says it: each span that somebody has is there, or turned down,
//! or answered by a span that the judge made. So a decision stays when the annotators are compared again, whatever they have
//! changed since, and it is taken back like everything else. What was never seen is open, but for a document that the judge
//! has marked done: there it is new.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{Annotation, Edit, LabelId, Span, SpanId, SpanSource, Status};
use crate::text::{TextRange, range_set::RangeSet};

/// Name of the annotator who decides where the others differ. The adjudicator's journal is like every annotator's.
pub const ADJUDICATOR: &str = "gold";

/// A stretch of text that annotators read differently.
#[derive(Clone, Debug, PartialEq)]
pub struct DisputedPlace {
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
    /// When one of them last changed something in it, in seconds since 1970, UTC.
    pub changed: u64,
    /// What all of them say, as the first of them tagged it, in reading order.
    pub agreed: Vec<Span>,
    /// Where they differ, in reading order; the places share no byte.
    pub places: Vec<DisputedPlace>,
}

/// How far the judge is with a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceState {
    /// Something there was not decided.
    Open,
    /// It is decided.
    Decided,
    /// The document was marked done, and somebody says something there since that was neither taken nor turned down.
    New,
    /// The document is left out.
    Skipped,
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
        let open: Vec<Option<Vec<Span>>> = annotations.iter().map(|one| one.map(open)).collect();
        let nothing: Vec<Option<Vec<Span>>> = open.iter().map(|spans| spans.as_ref().map(|_| Vec::new())).collect();
        let differing = RangeSet::new(open.iter().flatten().flatten().map(|span| span.range));
        let place = |range: &TextRange| DisputedPlace { range: *range, readings: nothing.clone() };
        let mut places: Vec<DisputedPlace> = differing.ranges().iter().map(place).collect();
        for (reader, span) in
            open.into_iter().enumerate().flat_map(|(at, spans)| spans.into_iter().flatten().map(move |span| (at, span)))
        {
            let at = places.partition_point(|place| place.range.end <= span.range.start);
            let reading = places.get_mut(at).and_then(|place| place.readings.get_mut(reader));
            if let Some(Some(spans)) = reading {
                spans.push(span);
            }
        }
        Some(Self { document, changed: 0, agreed, places })
    }

    /// How far the judge, who last did something to this document at `since`, is with a place of it.
    pub fn state_of(&self, place: &DisputedPlace, judge: &Annotation, since: u64) -> PlaceState {
        let hand = self.by_hand(place, judge);
        let seen = |span: &Span| {
            let there = judge.over(span.range).any(|own| said(own) == said(span));
            there || judge.is_rejected(span.range, span.label) || hand.iter().any(|own| own.range.overlaps(span.range))
        };
        match (place.candidates().all(seen), judge.status) {
            (_, Status::Skipped) => PlaceState::Skipped,
            (true, _) => PlaceState::Decided,
            (false, Status::Done) if self.changed > since => PlaceState::New,
            (false, Status::Done) => PlaceState::Decided,
            (false, _) => PlaceState::Open,
        }
    }

    /// What the judge says at a place of this document: of what somebody says there, and by hand.
    pub fn verdict<'a>(&self, place: &DisputedPlace, judge: &'a Annotation) -> Vec<&'a Span> {
        let hand = self.by_hand(place, judge);
        let taken = |own: &&Span| place.candidates().any(|span| said(span) == said(own));
        judge.over(place.range).filter(|own| taken(own) || hand.contains(own)).collect()
    }

    /// The judge's own spans at a place: neither what all say nor what somebody says there. One in the stead of what all say
    /// about just these words is no answer to what lies in them.
    fn by_hand<'a>(&self, place: &DisputedPlace, judge: &'a Annotation) -> Vec<&'a Span> {
        let other = |own: &&Span| {
            let taken = place.candidates().any(|span| said(span) == said(own));
            !taken && self.agreed_on(own.range).next().is_none()
        };
        judge.over(place.range).filter(other).collect()
    }

    /// Whether all is said that there is to say of this document.
    pub fn is_decided(&self, judge: &Annotation) -> bool {
        let open = |place: &DisputedPlace| self.state_of(place, judge, u64::MAX) == PlaceState::Open;
        self.missing(judge).next().is_none() && !self.places.iter().any(open)
    }

    /// What all annotators say and the judge has neither said nor turned down, nor said something else about. A document that
    /// is done lacks nothing.
    pub fn missing<'a>(&'a self, judge: &'a Annotation) -> impl Iterator<Item = &'a Span> {
        let open = self.agreed.iter().filter(|_| judge.status != Status::Done);
        open.filter(|span| {
            let answered = |own: &Span| own.range == span.range || !nests(own.range, span.range);
            !judge.is_rejected(span.range, span.label) && !judge.over(span.range).any(answered)
        })
    }

    /// The edits by which the judge takes over what all say, and says this at a place, in place of what was said there; with
    /// the last open place, that the document is done. A document that is flagged stays so. `new_id` gives ids that no span
    /// has.
    pub fn decide(
        &self,
        judge: &Annotation,
        decision: Option<(&DisputedPlace, &[Span])>,
        mut new_id: impl FnMut() -> SpanId,
    ) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut add = |span: &Span, edits: &mut Vec<Edit>| {
            // That an annotator's file was imported says nothing of the judge.
            let source = if span.source == SpanSource::Import { SpanSource::Human } else { span.source.clone() };
            edits.push(Edit::Add(Span { id: new_id(), source, ..span.clone() }));
        };
        self.missing(judge).for_each(|span| add(span, &mut edits));
        if let Some((place, reading)) = decision {
            let wanted = |(range, label)| reading.iter().any(|one| said(one) == (range, label));
            let own = self.verdict(place, judge);
            edits.extend(own.iter().filter(|span| !wanted(said(span))).map(|span| Edit::Remove(span.id)));
            let there = |span: &&Span| judge.over(span.range).any(|own| said(own) == said(span));
            reading.iter().filter(|span| !there(span)).for_each(|span| add(span, &mut edits));
            let all = place.candidates().chain(reading).chain(own.iter().copied());
            let all: BTreeSet<(TextRange, LabelId)> = all.map(said).collect();
            edits.extend(all.into_iter().filter_map(|(range, label)| {
                match (wanted((range, label)), judge.is_rejected(range, label)) {
                    (true, true) => Some(Edit::Readmit(range, label)),
                    (false, false) => Some(Edit::Reject(range, label)),
                    _ => None,
                }
            }));
        }
        let mut after = judge.clone();
        after.apply_all(&edits);
        let status = match judge.status {
            Status::Flagged => Status::Flagged,
            _ if self.is_decided(&after) => Status::Done,
            Status::Todo | Status::Skipped if !edits.is_empty() => Status::Partial,
            status => status,
        };
        if status != judge.status {
            edits.push(Edit::Status(status));
        }
        edits
    }

    /// What of these spans can be said at a place, as of somebody who was not compared: those over it that all do not say
    /// anyway; `None` if one of them reaches into another place, or contradicts what all say.
    pub fn reading_of(&self, place: &DisputedPlace, spans: &[Span]) -> Option<Vec<Span>> {
        let new = |span: &&Span| !self.agreed_on(span.range).any(|agreed| agreed.label == span.label);
        let over: Vec<Span> =
            spans.iter().filter(|span| span.range.overlaps(place.range)).filter(new).cloned().collect();
        let apart = |span: &Span| {
            let elsewhere = |other: &DisputedPlace| other.range != place.range && other.range.overlaps(span.range);
            // Inside of what all say there is room, but not in its place.
            let against = |agreed: &Span| {
                agreed.range.overlaps(span.range) && (!agreed.range.covers(span.range) || agreed.range == span.range)
            };
            !self.places.iter().any(elsewhere) && !self.agreed.iter().any(against)
        };
        over.iter().all(apart).then_some(over)
    }

    /// What all say about exactly this range.
    fn agreed_on(&self, range: TextRange) -> impl Iterator<Item = &Span> {
        let key = |range: TextRange| (range.start, Reverse(range.end));
        let first = self.agreed.partition_point(|span| key(span.range) < key(range));
        self.agreed.iter().skip(first).take_while(move |span| span.range == range)
    }
}

impl DisputedPlace {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spans::SpanSource;

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
        assert_eq!(compared.state_of(&compared.places[0], &judge, 5), PlaceState::Open);
        // Nor does what the judge says about them in its stead.
        let judge = Annotation::new(vec![span(1, 0, 9, 5)], Status::Partial);
        assert_eq!(compared.state_of(&compared.places[0], &judge, 5), PlaceState::Open);
        let edits = compared.decide(&judge, Some((&compared.places[0], &[])), ids());
        assert!(!edits.iter().any(|edit| matches!(edit, Edit::Remove(_) | Edit::Add(_))), "{edits:?}");
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
        let a = done(&[(0, 4, 1), (12, 18, 2), (20, 24, 3)]);
        let again = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
        assert!(again.is_decided(&judge));
        // Even of a document that was opened again.
        judge.apply(&Edit::Status(Status::Partial));
        assert!(again.is_decided(&judge));
        // But what was never seen is to be decided; it is new where the document is done.
        let a = done(&[(0, 4, 1), (40, 44, 1)]);
        let again = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
        let again = Compared { changed: 6, ..again };
        let stands = |judge: &Annotation, since| {
            again.places.iter().map(|place| again.state_of(place, judge, since)).collect::<Vec<_>>()
        };
        let last = |judge: &Annotation| stands(judge, 5);
        assert_eq!(last(&judge), [PlaceState::Decided, PlaceState::Open]);
        judge.apply(&Edit::Status(Status::Done));
        assert_eq!(last(&judge), [PlaceState::Decided, PlaceState::New]);
        assert_eq!(stands(&judge, 6), [PlaceState::Decided; 2], "it was there when the document was marked done");
        judge.apply(&Edit::Status(Status::Skipped));
        assert_eq!(last(&judge), [PlaceState::Skipped; 2]);
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
            assert!(same(compared.verdict(place, &judge), &reading) && judge.spans().len() == 1, "{end}");
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
        // What is to be talked about is not done.
        let flagged = Annotation::new(judge.spans().to_vec(), Status::Flagged);
        assert_eq!(compared.decide(&flagged, None, ids()), []);
    }

    #[test]
    fn who_was_not_compared_is_followed_only_where_nothing_else_is_touched() {
        let (a, b) =
            (done(&[(0, 4, 1), (5, 9, 3), (20, 30, 4)]), done(&[(0, 4, 1), (20, 30, 4), (22, 25, 2), (40, 44, 1)]));
        let compared = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
        assert_eq!(ranges(&compared), [(5, 9), (22, 25), (40, 44)]);
        let reading = |place: usize, spans: &[(usize, usize, u32)]| {
            let spans = compared.reading_of(&compared.places[place], done(spans).spans())?;
            Some(spans.into_iter().map(|span| (span.range.start, span.range.end)).collect::<Vec<_>>())
        };
        assert_eq!(reading(0, &[(4, 9, 3), (0, 4, 1)]), Some(vec![(4, 9)]));
        assert_eq!(reading(0, &[(0, 9, 3)]), None, "it lies over what all say");
        assert_eq!(reading(1, &[(20, 30, 4), (22, 26, 2)]), Some(vec![(22, 26)]), "what all say is said");
        assert_eq!(reading(1, &[(22, 44, 2)]), None, "it is about two places");
        assert_eq!(reading(2, &[(0, 4, 1)]), Some(Vec::new()));
    }

    #[test]
    fn an_import_is_no_source_of_a_decision() {
        let mut one = span(0, 10, 14, 2);
        one.source = SpanSource::Import;
        let (a, b) = (Annotation::new(vec![one], Status::Done), done(&[]));
        let compared = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
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
            let compared = Compared::new(0, &[Some(&a), Some(&b)]).unwrap();
            let mut judge = Annotation::default();
            let mut new_id = ids();
            judge.apply_all(&compared.decide(&judge, None, &mut new_id));
            for (place, which) in compared.places.iter().zip(&chosen) {
                let reading = place.readings.get(*which).cloned().flatten().unwrap_or_default();
                judge.apply_all(&compared.decide(&judge, Some((place, &reading)), &mut new_id));
                prop_assert!(same(compared.verdict(place, &judge), &reading));
                prop_assert_eq!(compared.state_of(place, &judge, 5), PlaceState::Decided);
            }
            prop_assert_eq!(judge.status, Status::Done);
            // Nothing is there that nobody said.
            let somebody = |span: &Span| a.spans().iter().chain(b.spans()).any(|one| said(one) == said(span));
            prop_assert!(judge.spans().iter().all(somebody));
        }
    }
}
