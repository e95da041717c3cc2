//! Agreement between annotators: F1 of spans, Cohen's kappa over words, Krippendorff's alpha over characters, and the
//! places where two of them differ.
//!
//! Nobody is the reference: no number changes when two annotators change places or when spans are stored in another
//! order. A status is not looked at, and an annotation without spans says "nothing is here", so callers pass only what
//! is finished. A span that covers no byte counts nowhere.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use super::{Annotation, Document, LabelId, Span};
use crate::text::{OffsetMap, TextRange};

const NOTHING: &str = "nobody tagged anything";
const NO_TAGGED_WORD: &str = "no word is tagged";
const ONE_KIND_OF_WORD: &str = "all these words have the same labels on both sides, so chance alone makes them agree";
const NO_SHARED_TEXT: &str = "no text was read by two annotators";
const ONE_KIND_OF_TEXT: &str = "all text has the same labels, so chance alone makes the annotators agree";
const NO_PAIR: &str = "no two annotators have tagged anything in a document that both read";

/// What two annotators said about the same document.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// What they read.
    pub document: &'a Document,
    /// What the first one said.
    pub a: &'a Annotation,
    /// What the second one said.
    pub b: &'a Annotation,
}

/// What any number of annotators said about one document.
#[derive(Clone, Debug)]
pub struct Panel<'a> {
    /// What they read.
    pub document: &'a Document,
    /// One entry an annotator, the same one at the same place in every panel; `None` if that one has not read it.
    pub annotations: Vec<Option<&'a Annotation>>,
}

/// A number, or in words why there is none: never NaN, and never a 1 that nobody earned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// The number; 1 is perfect agreement. For kappa and alpha, 0 is what chance does, and below 0 is worse than that.
    Value(f64),
    /// Why there is no number.
    Undefined(&'static str),
}

impl Measure {
    /// The number, if there is one.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            Self::Undefined(_) => None,
        }
    }
}

/// How many spans two annotators share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpanAgreement {
    /// Pairs, one span of each annotator.
    pub both: usize,
    /// Spans of the first annotator without a partner.
    pub only_a: usize,
    /// Spans of the second annotator without a partner.
    pub only_b: usize,
}

impl SpanAgreement {
    fn add(&mut self, a: Option<&Span>, b: Option<&Span>, meet: bool) {
        self.both += usize::from(meet);
        self.only_a += usize::from(!meet && a.is_some());
        self.only_b += usize::from(!meet && b.is_some());
    }

    /// F1, the same whoever is taken for the reference; undefined without any span. For spans it is what kappa tends to
    /// when nothing limits the number of places where no span is (Hripcsak and Rothschild 2005).
    pub fn f1(self) -> Measure {
        match 2 * self.both + self.only_a + self.only_b {
            0 => Measure::Undefined(NOTHING),
            whole => Measure::Value(float(2 * self.both) / float(whole)),
        }
    }
}

/// How many spans of one label two annotators share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelAgreement {
    /// Same range.
    pub exact: SpanAgreement,
    /// Any overlap, paired as [`Agreement::overlap`] says.
    pub overlap: SpanAgreement,
}

/// How far two annotators agree.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Documents compared.
    pub documents: usize,
    /// Words of these documents, the number that `kappa_all` rests on.
    pub words: usize,
    /// Words that at least one of the two tagged, the number that `kappa_tagged` rests on.
    pub tagged_words: usize,
    /// Same range and same label.
    pub exact: SpanAgreement,
    /// Same label and at least one byte in common, paired one to one: the greatest overlap in bytes first, then the
    /// tightest pair, then the earlier one. What is exact is always among it.
    pub overlap: SpanAgreement,
    /// Cohen's kappa over all words. A word's category is the **set** of labels of the spans that touch it: "O" is the
    /// empty set, `B-` and `I-` are one, and `{Dish, Price}` differs from `{Dish}`. Most words are "O" for
    /// everybody, which makes it high.
    pub kappa_all: Measure,
    /// The same over the words that at least one tagged. It never sees an "O" that both agree on, which makes it low.
    pub kappa_tagged: Measure,
    /// Krippendorff's alpha of the two, see [`alpha`].
    pub alpha: Measure,
    /// Per label; every label that one of the two used.
    pub labels: BTreeMap<LabelId, LabelAgreement>,
    /// How often a span of the first annotator (left) met one of the second (right), `None` where it met none. Paired as
    /// for `overlap`, then with any label what is left over: the diagonal is `overlap.both`, split by label.
    pub confusion: BTreeMap<(Option<LabelId>, Option<LabelId>), usize>,
}

impl Agreement {
    fn count(&mut self, (a, b): Row<'_>) {
        let labels = [a, b].map(|span| span.map(|span| span.label));
        let alike = labels[0] == labels[1];
        let equal = alike && a.map(|span| span.range) == b.map(|span| span.range);
        self.exact.add(a, b, equal);
        self.overlap.add(a, b, alike);
        for label in labels.into_iter().flatten().take(if alike { 1 } else { 2 }) {
            let mine = |span: &&Span| span.label == label;
            let entry = self.labels.entry(label).or_default();
            entry.exact.add(a.filter(mine), b.filter(mine), equal);
            entry.overlap.add(a.filter(mine), b.filter(mine), alike);
        }
        *self.confusion.entry(labels.into()).or_default() += 1;
    }
}

/// How far more than two annotators agree.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupAgreement {
    /// Every two annotators (places in [`Panel::annotations`], ascending) that read a document in common.
    pub pairs: Vec<(usize, usize, Agreement)>,
    /// Unweighted mean of the pairs' exact F1, of those that have one.
    pub exact_f1: Measure,
    /// Unweighted mean of the pairs' overlap F1, of those that have one.
    pub overlap_f1: Measure,
    /// Krippendorff's alpha of all together, see [`alpha`].
    pub alpha: Measure,
}

/// One place where two annotations of a document differ.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// The second annotator has nothing for it.
    OnlyA(Span),
    /// The first annotator has nothing for it.
    OnlyB(Span),
    /// Different labels; the ranges are equal or overlap.
    Label {
        /// The first annotator's span.
        a: Span,
        /// The second annotator's span.
        b: Span,
    },
    /// Same label; the ranges differ and overlap.
    Range {
        /// The first annotator's span.
        a: Span,
        /// The second annotator's span.
        b: Span,
    },
}

impl Difference {
    /// The bytes that it is about, those of both spans if there are two.
    pub fn range(&self) -> TextRange {
        match self {
            Self::OnlyA(span) | Self::OnlyB(span) => span.range,
            Self::Label { a, b } | Self::Range { a, b } => a.range.join(b.range),
        }
    }

    fn of(row: Row<'_>) -> Option<Self> {
        match row {
            (Some(a), None) => Some(Self::OnlyA(a.clone())),
            (None, Some(b)) => Some(Self::OnlyB(b.clone())),
            (Some(a), Some(b)) if a.label != b.label => Some(Self::Label { a: a.clone(), b: b.clone() }),
            (Some(a), Some(b)) if a.range != b.range => Some(Self::Range { a: a.clone(), b: b.clone() }),
            _ => None,
        }
    }
}

/// Where two annotations of one document differ, in reading order: by first byte, the longer place first.
pub fn differences(a: &Annotation, b: &Annotation) -> Vec<Difference> {
    let mut found: Vec<Difference> = align(a, b).into_iter().filter_map(Difference::of).collect();
    found.sort_by_key(|difference| (difference.range().start, Reverse(difference.range().end)));
    found
}

/// How far two annotators agree over all documents that both have finished. Span and word counts are summed first, so
/// long documents weigh more.
pub fn agreement<'a>(pairs: impl IntoIterator<Item = Pair<'a>>) -> Agreement {
    let (mut rows, mut table, mut panels) = (Vec::new(), WordTable::new(), Vec::new());
    for Pair { document, a, b } in pairs {
        rows.extend(align(a, b));
        for cell in word_labels(document, a).into_iter().zip(word_labels(document, b)) {
            *table.entry(cell).or_default() += 1;
        }
        panels.push(Panel { document, annotations: vec![Some(a), Some(b)] });
    }
    let words = table.values().sum();
    let mut found = Agreement {
        documents: panels.len(),
        words,
        tagged_words: words - table.get(&<(Labels, Labels)>::default()).copied().unwrap_or(0),
        exact: SpanAgreement::default(),
        overlap: SpanAgreement::default(),
        kappa_all: kappa(table.iter()),
        kappa_tagged: kappa(table.iter().filter(|((a, b), _)| !(a.is_empty() && b.is_empty()))),
        alpha: alpha(&panels),
        labels: BTreeMap::new(),
        confusion: BTreeMap::new(),
    };
    rows.into_iter().for_each(|row| found.count(row));
    found
}

/// How far all annotators of the panels agree.
pub fn agreement_of_all(panels: &[Panel<'_>]) -> GroupAgreement {
    let count = panels.iter().map(|panel| panel.annotations.len()).max().unwrap_or(0);
    let mut pairs = Vec::new();
    for (a, b) in (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))) {
        let common = panels.iter().filter_map(|panel| {
            let said = |at: usize| panel.annotations.get(at).copied().flatten();
            Some(Pair { document: panel.document, a: said(a)?, b: said(b)? })
        });
        let found = agreement(common);
        if found.documents > 0 {
            pairs.push((a, b, found));
        }
    }
    let mean = |part: fn(&Agreement) -> SpanAgreement| {
        let values: Vec<f64> = pairs.iter().filter_map(|(.., pair)| part(pair).f1().value()).collect();
        if values.is_empty() {
            return Measure::Undefined(NO_PAIR);
        }
        Measure::Value(values.iter().sum::<f64>() / float(values.len()))
    };
    let (exact_f1, overlap_f1) = (mean(|pair| pair.exact), mean(|pair| pair.overlap));
    GroupAgreement { pairs, exact_f1, overlap_f1, alpha: alpha(panels) }
}

/// Two spans that were paired, or one without a partner.
type Row<'a> = (Option<&'a Span>, Option<&'a Span>);

/// Pairs spans that overlap, one to one and greedily: those of one label first, among these the greatest overlap, then
/// the tightest pair, then the earlier one. A pair of equal spans comes before all that would tear it apart. Neither
/// side nor storage matters: candidates that tie and are in each other's way share a span, so that the other decides.
fn align<'a>(a: &'a Annotation, b: &'a Annotation) -> Vec<Row<'a>> {
    let (a, b) = (in_order(a), in_order(b));
    // The furthest end among the spans of `b` up to each: the first that passes a start may overlap what begins there.
    let mut reach: Vec<usize> = b.iter().map(|span| span.range.end).collect();
    (1..reach.len()).for_each(|at| reach[at] = reach[at].max(reach[at - 1]));
    let mut candidates = Vec::new();
    for (at, left) in a.iter().enumerate() {
        let first = reach.partition_point(|end| *end <= left.range.start);
        let near = b.iter().enumerate().skip(first).take_while(|(_, right)| right.range.start < left.range.end);
        candidates.extend(near.filter(|(_, right)| right.range.overlaps(left.range)).map(|(other, _)| (at, other)));
    }
    candidates.sort_by_cached_key(|(left, right)| {
        let (a, b) = (a[*left], b[*right]);
        let common = a.range.end.min(b.range.end) - a.range.start.max(b.range.start);
        (a.label != b.label, Reverse(common), a.range.join(b.range).len())
    });
    let (mut used_a, mut used_b) = (vec![false; a.len()], vec![false; b.len()]);
    let mut rows = Vec::new();
    for (left, right) in candidates {
        if !used_a[left] && !used_b[right] {
            (used_a[left], used_b[right]) = (true, true);
            rows.push((Some(a[left]), Some(b[right])));
        }
    }
    rows.extend(a.into_iter().zip(used_a).filter(|(_, used)| !used).map(|(span, _)| (Some(span), None)));
    rows.extend(b.into_iter().zip(used_b).filter(|(_, used)| !used).map(|(span, _)| (None, Some(span))));
    rows
}

fn in_order(annotation: &Annotation) -> Vec<&Span> {
    let mut spans: Vec<&Span> = annotation.spans().iter().filter(|span| !span.range.is_empty()).collect();
    spans.sort_by_key(|span| (span.range, span.label));
    spans
}

/// The labels that one annotator gave one place; none means "O".
type Labels = BTreeSet<LabelId>;

/// How often the two annotators gave a word these labels.
type WordTable = BTreeMap<(Labels, Labels), usize>;

/// For each word the labels of the spans that touch it.
fn word_labels(document: &Document, annotation: &Annotation) -> Vec<Labels> {
    let mut words = vec![Labels::new(); document.words.len()];
    for span in in_order(annotation) {
        let touched = document.words_touching(span.range).and_then(|touched| words.get_mut(touched));
        touched.into_iter().flatten().for_each(|labels| _ = labels.insert(span.label));
    }
    words
}

/// Cohen's kappa, (p_o - p_e) / (1 - p_e) with p_e from each annotator's own shares (Cohen 1960), here times the square
/// of the number of words.
fn kappa<'t>(cells: impl Iterator<Item = (&'t (Labels, Labels), &'t usize)>) -> Measure {
    let (mut words, mut same) = (0.0, 0.0);
    let mut margins = BTreeMap::<&Labels, [f64; 2]>::new();
    for ((a, b), count) in cells {
        let count = float(*count);
        words += count;
        same += if a == b { count } else { 0.0 };
        margins.entry(a).or_default()[0] += count;
        margins.entry(b).or_default()[1] += count;
    }
    let chance: f64 = margins.values().map(|[a, b]| a * b).sum();
    match (margins.len(), margins.keys().all(|labels| labels.is_empty())) {
        (_, true) => Measure::Undefined(NO_TAGGED_WORD),
        (1, false) => Measure::Undefined(ONE_KIND_OF_WORD),
        _ => Measure::Value((words * same - chance) / (words * words - chance)),
    }
}

/// Krippendorff's alpha for unitizing, `u-alpha` with nominal metric, over code points, of any number of annotators:
/// Krippendorff, Mathet, Bouvry and Widlöcher, "On the reliability of unitizing textual continua", Quality & Quantity
/// 50 (2016), equations 1 to 5; Krippendorff, Content Analysis (4th ed. 2019), section 12.6.3.
///
/// With `l(c,k)` the length that one annotator gave the value c and another k, summed over all ordered pairs of the m
/// annotators and divided by m - 1, `l(c)` its row sums and `l` its sum:
///
/// ```text
/// alpha = 1 - (l - sum l(c,c)) / (l - sum e(c,c))
/// e(c,c) = l * (l(c)^2 - q(c)) / (l^2 - sum q(c))
/// q(c) = sum of the squared lengths of the units of value c; for what is untagged, the sum of lengths
/// ```
///
/// It is not the alpha of Krippendorff 1995 and 2004, which DKPro and INCEpTION compute: its author replaced that one,
/// which misbehaves for more than two annotators, by this one.
///
/// Three things the paper leaves open. Several documents are one continuum, with no unit across a border. Where
/// annotators have not read the same documents, m is each document's own, as in alpha for missing data, and a document
/// that only one has read says nothing. And where spans of one annotator overlap, each stretch between two of their
/// ends is a unit whose value is its set of labels.
pub fn alpha(panels: &[Panel<'_>]) -> Measure {
    let (mut same, mut squares) = (0.0, 0.0);
    let mut lengths = BTreeMap::<Labels, f64>::new();
    for panel in panels {
        let map = OffsetMap::new(&panel.document.text);
        let observers: Vec<Vec<Unit>> = panel.annotations.iter().flatten().map(|said| units(&map, said)).collect();
        if observers.len() < 2 {
            continue;
        }
        same += shared(&observers) / float(observers.len() - 1);
        for Unit { length, labels, .. } in observers.into_iter().flatten() {
            let length = float(length);
            squares += if labels.is_empty() { length } else { length * length };
            *lengths.entry(labels).or_default() += length;
        }
    }
    let whole: f64 = lengths.values().sum();
    let equal: f64 = lengths.values().map(|length| length * length).sum();
    match (lengths.len(), lengths.keys().all(Labels::is_empty)) {
        (0, _) => Measure::Undefined(NO_SHARED_TEXT),
        (1, true) => Measure::Undefined(NOTHING),
        (1, false) => Measure::Undefined(ONE_KIND_OF_TEXT),
        _ => Measure::Value(1.0 - (whole - same) * (whole * whole - squares) / (whole * (whole * whole - equal))),
    }
}

/// A stretch of text to which one annotator gave the same labels; code points.
struct Unit {
    end: usize,
    length: usize,
    labels: Labels,
}

/// The whole text as one annotator cut it, untagged stretches included.
fn units(map: &OffsetMap, annotation: &Annotation) -> Vec<Unit> {
    let spans: Vec<_> = in_order(annotation).into_iter().map(|span| (map.to_chars(span.range), span.label)).collect();
    let mut borders: Vec<usize> = spans.iter().flat_map(|(range, _)| [range.start, range.end]).collect();
    borders.extend([0, map.chars()]);
    borders.sort_unstable();
    borders.dedup();
    let (mut rest, mut open) = (spans.into_iter().peekable(), Vec::new());
    let cut = |border: &[usize]| {
        open.extend(std::iter::from_fn(|| rest.next_if(|(range, _)| range.start <= border[0])));
        open.retain(|(range, _)| range.end > border[0]);
        Unit { end: border[1], length: border[1] - border[0], labels: open.iter().map(|(_, label)| *label).collect() }
    };
    borders.windows(2).map(cut).collect()
}

/// The length over which two annotators agree, summed over ordered pairs of annotators.
fn shared(observers: &[Vec<Unit>]) -> f64 {
    let mut rest: Vec<_> = observers.iter().map(|units| units.iter().peekable()).collect();
    let (mut at, mut sum) = (0, 0.0);
    loop {
        let here: Vec<&Unit> = rest.iter_mut().filter_map(|units| units.peek().copied()).collect();
        let Some(end) = here.iter().map(|unit| unit.end).min() else { return sum };
        let alike = |unit: &&Unit| here.iter().filter(|other| other.labels == unit.labels).count() - 1;
        sum += float((end - at) * here.iter().map(alike).sum::<usize>());
        at = end;
        for units in &mut rest {
            units.next_if(|unit| unit.end == end);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of words and characters are far below 2^53")]
fn float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;
    use crate::spans::{SpanId, SpanSource, Status};
    use crate::text::{CharRange, Grid};

    /// First code point, the one past the last, and label.
    type Said = Vec<(usize, usize, u32)>;

    /// An annotation whose spans are numbered in the given order.
    fn annotation(text: &str, said: &Said) -> Annotation {
        let map = OffsetMap::new(text);
        let span = |(at, (start, end, label)): (usize, &(usize, usize, u32))| Span {
            id: SpanId { writer: 1, sequence: u32::try_from(at).unwrap() },
            range: map.from_chars(CharRange { start: *start, end: *end }).unwrap(),
            label: LabelId(*label),
            source: SpanSource::Human,
        };
        Annotation::new(said.iter().enumerate().map(span).collect(), Status::Done)
    }

    fn compare(text: &str, a: &Said, b: &Said) -> Agreement {
        let document = Document::new("1", text, Grid::default());
        agreement([Pair { document: &document, a: &annotation(text, a), b: &annotation(text, b) }])
    }

    /// What tests/reference/agreement.py wrote down.
    #[derive(Deserialize)]
    struct Case {
        /// The words, and what each annotator said.
        documents: Vec<(Vec<String>, Vec<Option<Said>>)>,
        pairs: Vec<(usize, usize, Expected)>,
        f1: [Option<f64>; 2],
        alpha: Option<f64>,
    }

    #[derive(Deserialize)]
    struct Expected {
        exact: [usize; 3],
        overlap: [usize; 3],
        labels: Vec<(u32, [usize; 3], [usize; 3])>,
        confusion: Vec<(Option<u32>, Option<u32>, usize)>,
        words: [usize; 2],
        kappa: [Option<f64>; 2],
        alpha: Option<f64>,
    }

    fn assert_close(found: [Measure; 3], expected: [Option<f64>; 3]) {
        let off = |(found, expected): (Measure, Option<f64>)| found.value().unwrap_or(9.0) - expected.unwrap_or(9.0);
        assert!(found.into_iter().zip(expected).map(off).all(|off| off.abs() < 1e-12), "{found:?} {expected:?}");
    }

    fn counts(agreement: SpanAgreement) -> [usize; 3] {
        [agreement.both, agreement.only_a, agreement.only_b]
    }

    fn check(found: &Agreement, expected: &Expected) {
        assert_eq!((counts(found.exact), counts(found.overlap)), (expected.exact, expected.overlap));
        let labels = found.labels.iter().map(|(label, of)| (label.0, counts(of.exact), counts(of.overlap)));
        assert_eq!(labels.collect::<Vec<_>>(), expected.labels);
        let cell = |(a, b, count): &(Option<u32>, Option<u32>, usize)| ((a.map(LabelId), b.map(LabelId)), *count);
        assert_eq!(found.confusion, expected.confusion.iter().map(cell).collect());
        assert_eq!([found.words, found.tagged_words], expected.words);
        let [all, tagged] = expected.kappa;
        assert_close([found.kappa_all, found.kappa_tagged, found.alpha], [all, tagged, expected.alpha]);
    }

    #[test]
    fn numbers_are_those_of_the_reference() {
        let cases: Vec<Case> = serde_json::from_str(include_str!("../../tests/reference/agreement.json")).unwrap();
        assert!(cases.len() > 30);
        // Krippendorff 2019, figure 12.11: three annotators over 60 places, 0.510 in print.
        assert!(cases[0].alpha.is_some_and(|alpha| (alpha - 0.510).abs() < 0.0005));
        for case in cases {
            let read = |(words, said): (Vec<String>, Vec<Option<Said>>)| {
                let document = Document::from_words("1", words);
                let said = said.iter().map(|said| Some(annotation(&document.text, said.as_ref()?)));
                (said.collect(), document)
            };
            let read: Vec<(Vec<Option<Annotation>>, Document)> = case.documents.into_iter().map(read).collect();
            let panels = read.iter().map(|(said, document)| {
                let annotations = said.iter().map(Option::as_ref).collect();
                Panel { document, annotations }
            });
            let found = agreement_of_all(&panels.collect::<Vec<_>>());
            assert_eq!(found.pairs.len(), case.pairs.len());
            for ((a, b, found), (one, other, expected)) in found.pairs.iter().zip(&case.pairs) {
                assert_eq!((a, b), (one, other));
                check(found, expected);
            }
            assert_close([found.exact_f1, found.overlap_f1, found.alpha], [case.f1[0], case.f1[1], case.alpha]);
        }
    }

    #[test]
    fn where_there_is_no_number_it_says_why() {
        let nothing = compare("two tacos", &vec![], &vec![]);
        assert_eq!(nothing.exact.f1(), Measure::Undefined("nobody tagged anything"));
        assert_eq!(nothing.kappa_all, Measure::Undefined("no word is tagged"));
        assert_eq!(nothing.alpha, Measure::Undefined("nobody tagged anything"));
        let all = compare("two tacos", &vec![(0, 9, 1)], &vec![(0, 9, 1)]);
        assert_eq!([all.exact.f1(), all.kappa_all], [Measure::Value(1.0), Measure::Undefined(ONE_KIND_OF_WORD)]);
        assert_eq!(all.alpha, Measure::Undefined(ONE_KIND_OF_TEXT));
        assert_eq!(agreement_of_all(&[]).exact_f1, Measure::Undefined(NO_PAIR));
        assert_eq!(alpha(&[]), Measure::Undefined("no text was read by two annotators"));
    }

    #[test]
    fn differences_come_in_reading_order_and_say_what_differs() {
        let text = "open till two, cheap tacos";
        let a = annotation(text, &vec![(15, 20, 3), (0, 13, 1), (21, 26, 2)]);
        let b = annotation(text, &vec![(21, 26, 4), (5, 13, 1), (0, 4, 1)]);
        let shape = |difference: Difference| match difference {
            Difference::OnlyA(span) => ("only a", span.range.of(text)),
            Difference::OnlyB(span) => ("only b", span.range.of(text)),
            Difference::Label { a, .. } => ("label", a.range.of(text)),
            Difference::Range { b, .. } => ("range", b.range.of(text)),
        };
        let found: Vec<_> = differences(&a, &b).into_iter().map(shape).collect();
        assert_eq!(found, [("range", "till two"), ("only b", "open"), ("only a", "cheap"), ("label", "tacos")]);
        assert_eq!(differences(&a, &a), []);
    }

    const TEXT: &str = "a bc d\u{e9}f g hi \u{1f355} jk l";

    fn said() -> impl Strategy<Value = Said> {
        let span = (0usize..9, 0usize..5, 0u32..2).prop_map(|(at, len, label)| (at, at + len, label));
        prop::collection::vec(span, 0..9)
    }

    fn twice() -> impl Strategy<Value = (Said, Said)> {
        said().prop_flat_map(|said| (Just(said.clone()), Just(said).prop_shuffle()))
    }

    proptest! {
        #[test]
        fn changing_places_or_storage_changes_no_number((a, stored) in twice(), b in said()) {
            let there = compare(TEXT, &a, &b);
            prop_assert_eq!(&compare(TEXT, &stored, &b), &there);
            let back = compare(TEXT, &b, &a);
            let turned = |of: SpanAgreement| SpanAgreement { both: of.both, only_a: of.only_b, only_b: of.only_a };
            prop_assert_eq!((back.exact, back.overlap), (turned(there.exact), turned(there.overlap)));
            let measures = |of: &Agreement| [of.kappa_all, of.kappa_tagged, of.alpha];
            prop_assert_eq!(measures(&back), measures(&there));
            let cells = there.confusion.iter().map(|((a, b), count)| ((*b, *a), *count)).collect();
            prop_assert_eq!(back.confusion, cells);
        }

        #[test]
        fn numbers_keep_their_bounds_and_nobody_differs_from_themselves(a in said(), b in said()) {
            let (own, found) = (compare(TEXT, &a, &a), compare(TEXT, &a, &b));
            let own = [own.exact.f1(), own.overlap.f1(), own.kappa_all, own.kappa_tagged, own.alpha];
            prop_assert!(own.into_iter().filter_map(Measure::value).all(|value| (value - 1.0).abs() < 1e-12));
            for measure in [found.kappa_all, found.kappa_tagged, found.alpha].into_iter().filter_map(Measure::value) {
                prop_assert!(measure.is_finite() && measure <= 1.0);
            }
            let (exact, overlap) = (found.exact.f1().value(), found.overlap.f1().value());
            prop_assert!(exact <= overlap && overlap.is_none_or(|f1| f1 <= 1.0));
            let mut rest: Said = b.iter().filter(|(start, end, _)| start < end).copied().collect();
            let equal = a.iter().filter_map(|said| Some(rest.remove(rest.iter().position(|other| other == said)?)));
            prop_assert_eq!(equal.count(), found.exact.both);
            let (a, b) = (annotation(TEXT, &a), annotation(TEXT, &b));
            let ranges = differences(&a, &b).iter().filter(|it| matches!(it, Difference::Range { .. })).count();
            prop_assert_eq!(found.exact.both + ranges, found.overlap.both);
        }
    }
}
