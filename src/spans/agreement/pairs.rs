//! Pairs of spans, one of each annotator, that are about the same words.

use std::cmp::Reverse;

use crate::{
    spans::{Annotation, LabelId, Span},
    text::{TextRange, max_tree::MaxTree},
};

/// Maximum number of overlapping pairs in a document among which the best are chosen.
///
/// Spans that annotators make overlap a few others each. Where thousands are nested in each other, only those on the
/// same characters are paired.
const CANDIDATES: usize = 1 << 20;

/// Two paired spans, or one without a partner.
pub(super) type Row<'a> = (Option<&'a Span>, Option<&'a Span>);

/// Pairs spans that overlap, one to one and greedily: those of one label first, among these the greatest overlap, then
/// the tightest pair, then the earlier one. Equal spans are always paired with each other. The
/// result depends neither on the order of the sides nor on storage: candidates that tie and exclude each other share a
/// span, so that the other span decides.
pub(super) fn pairs<'a>(a: &'a Annotation, b: &'a Annotation) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let (a, b) = pair_by(key, in_order(a), in_order(b), &mut rows);
    let (a, b) = match overlaps(&a, &b) <= CANDIDATES {
        true => pair_greedily(a, b, &mut rows),
        false => pair_by(|span| span.range, a, b, &mut rows),
    };
    rows.extend(a.into_iter().map(|span| (Some(span), None)));
    rows.extend(b.into_iter().map(|span| (None, Some(span))));
    rows
}

fn key(span: &Span) -> (TextRange, LabelId) {
    (span.range, span.label)
}

/// Returns the spans that are not empty, by range and label.
pub(super) fn in_order(annotation: &Annotation) -> Vec<&Span> {
    let mut spans: Vec<&Span> = annotation.spans().iter().filter(|span| !span.range.is_empty()).collect();
    spans.sort_by_key(|span| key(span));
    spans
}

/// Spans of both sides.
type Sides<'a> = (Vec<&'a Span>, Vec<&'a Span>);

/// Pairs spans with the same key, by which both sides are sorted. Returns the others.
fn pair_by<'a, K: Ord>(
    key: impl Fn(&Span) -> K,
    a: Vec<&'a Span>,
    b: Vec<&'a Span>,
    rows: &mut Vec<Row<'a>>,
) -> Sides<'a> {
    let mut rest = Sides::default();
    let mut b = b.into_iter().peekable();
    for left in a {
        while let Some(right) = b.next_if(|right| key(right) < key(left)) {
            rest.1.push(right);
        }
        match b.next_if(|right| key(right) == key(left)) {
            Some(right) => rows.push((Some(left), Some(right))),
            None => rest.0.push(left),
        }
    }
    rest.1.extend(b);
    rest
}

/// Number of pairs that overlap.
fn overlaps(a: &[&Span], b: &[&Span]) -> usize {
    let mut starts: Vec<usize> = b.iter().map(|span| span.range.start).collect();
    let mut ends: Vec<usize> = b.iter().map(|span| span.range.end).collect();
    starts.sort_unstable();
    ends.sort_unstable();
    let of = a.iter().map(|span| {
        let begun = starts.partition_point(|start| *start < span.range.end);
        begun - ends.partition_point(|end| *end <= span.range.start)
    });
    of.sum()
}

/// Pairs spans that overlap, the best pairs first. Returns the others.
fn pair_greedily<'a>(a: Vec<&'a Span>, b: Vec<&'a Span>, rows: &mut Vec<Row<'a>>) -> Sides<'a> {
    let ends = MaxTree::new(b.iter().map(|span| span.range.end));
    let mut candidates = Vec::new();
    for (at, left) in a.iter().enumerate() {
        let mut next = 0;
        while let Some(other) = ends.next_above(next, left.range.start)
            && b[other].range.start < left.range.end
        {
            candidates.push((at, other));
            next = other + 1;
        }
    }
    candidates.sort_by_cached_key(|(left, right)| {
        let (a, b) = (a[*left], b[*right]);
        let common = a.range.end.min(b.range.end) - a.range.start.max(b.range.start);
        (a.label != b.label, Reverse(common), a.range.join(b.range).len())
    });
    let mut used_a = vec![false; a.len()];
    let mut used_b = vec![false; b.len()];
    for (left, right) in candidates {
        if !used_a[left] && !used_b[right] {
            used_a[left] = true;
            used_b[right] = true;
            rows.push((Some(a[left]), Some(b[right])));
        }
    }
    (unused(a, &used_a), unused(b, &used_b))
}

fn unused<'a>(spans: Vec<&'a Span>, used: &[bool]) -> Vec<&'a Span> {
    spans.into_iter().zip(used).filter(|(_, used)| !**used).map(|(span, _)| span).collect()
}
