//! Agreement between annotators.
//! F1 of spans, Cohen's kappa over words, Krippendorff's alpha over characters, and the places where two of them
//! differ.
//!
//! No annotator is the reference: no number changes when two annotators are swapped or when spans are stored in another
//! order. The status is ignored and an annotation without spans says "nothing is here", so callers pass only finished
//! documents. Empty spans are not counted.

mod pairs;
mod runs;

use std::{cmp::Reverse, collections::BTreeMap};

use super::{Annotation, Document, LabelId, Span};
use crate::text::{CharRange, OffsetMap, TextRange};
use pairs::{Row, in_order, pairs};
use runs::{Labels, Run, runs};

const NOTHING: &str = "no annotator tagged anything";
const NO_TAGGED_WORD: &str = "no word is tagged";
const ONE_KIND_OF_WORD: &str = "all these words have the same labels on both sides, so chance alone makes them agree";
const NO_SHARED_TEXT: &str = "no text was read by two annotators";
const ONE_KIND_OF_TEXT: &str = "all text has the same labels, so chance alone makes the annotators agree";
const NO_PAIR: &str = "no two annotators have tagged anything in a document that both read";

/// Two annotations of the same document.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// The document.
    pub document: &'a Document,
    /// Annotation of the first annotator.
    pub a: &'a Annotation,
    /// Annotation of the second annotator.
    pub b: &'a Annotation,
}

/// Annotations of one document by any number of annotators.
#[derive(Clone, Debug)]
pub struct Panel<'a> {
    /// The document.
    pub document: &'a Document,
    /// One entry per annotator, in the same order in every panel.
    /// `None` for an annotator who has not read it.
    pub annotations: Vec<Option<&'a Annotation>>,
}

impl<'a> Panel<'a> {
    /// Annotations of two annotators, if both have read the document.
    fn pair(&self, a: usize, b: usize) -> Option<Pair<'a>> {
        let [a, b] = [a, b].map(|annotator| self.annotations.get(annotator).copied().flatten());
        Some(Pair { document: self.document, a: a?, b: b? })
    }
}

/// Measure of agreement, or the reason why it is undefined.
/// It is never NaN, nor 1 where there is nothing to compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// Value; 1 is perfect agreement.
    /// For kappa and alpha, 0 is agreement by chance, and below 0 is worse than that.
    Value(f64),
    /// Reason why there is no value.
    Undefined(&'static str),
}

impl Measure {
    /// Returns the value, if it is defined.
    pub fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            Self::Undefined(_) => None,
        }
    }
}

/// Numbers of spans that two annotators share and do not share.
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
    fn add(&mut self, a: Option<&Span>, b: Option<&Span>, agree: bool) {
        self.both += usize::from(agree);
        self.only_a += usize::from(!agree && a.is_some());
        self.only_b += usize::from(!agree && b.is_some());
    }

    /// F1, the same whichever annotator is the reference; undefined without any span.
    ///
    /// For spans it is the limit of kappa as the number of places without a span grows (Hripcsak and Rothschild 2005).
    pub fn f1(self) -> Measure {
        match 2 * self.both + self.only_a + self.only_b {
            0 => Measure::Undefined(NOTHING),
            whole => Measure::Value(float(2 * self.both) / float(whole)),
        }
    }
}

/// Numbers of spans of one label that two annotators share and do not share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LabelAgreement {
    /// Same range.
    pub exact: SpanAgreement,
    /// Any overlap, paired as [`Agreement::overlap`] says.
    pub overlap: SpanAgreement,
}

/// Agreement of two annotators.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// Documents compared.
    pub documents: usize,
    /// Words of these documents, over which `kappa_all` is computed.
    pub words: usize,
    /// Words that at least one of the two tagged.
    /// `kappa_tagged` is computed over them.
    pub tagged_words: usize,
    /// Same range and same label.
    pub exact: SpanAgreement,
    /// Same label and at least one byte in common, paired one to one: the greatest overlap in bytes first, then the
    /// tightest pair, then the earlier one. It includes every exact match. In a document with more than a million
    /// overlapping pairs it counts only exact matches.
    pub overlap: SpanAgreement,
    /// Cohen's kappa over all words.
    /// A word's category is the **set** of labels of the spans that touch it: "O" is the empty set, `B-` and `I-` are
    /// one, and `{Dish, Price}` differs from `{Dish}`. Most words are "O" for every annotator, which makes it high.
    pub kappa_all: Measure,
    /// The same over the words that at least one tagged.
    /// It excludes every "O" that both agree on, which makes it low.
    pub kappa_tagged: Measure,
    /// Krippendorff's alpha of the two, see [`alpha`].
    pub alpha: Measure,
    /// Agreement per label, for every label that one of the two used.
    pub labels: BTreeMap<LabelId, LabelAgreement>,
    /// Number of pairs by the labels of the first and the second annotator.
    /// The first annotator's label is on the left; `None` for no partner.
    ///
    /// Spans are paired as for `overlap`, then the rest whatever its label: the diagonal is `overlap.both`, by label.
    pub confusion: BTreeMap<(Option<LabelId>, Option<LabelId>), usize>,
}

impl Agreement {
    fn count(&mut self, (a, b): Row<'_>) {
        let labels = [a, b].map(|span| span.map(|span| span.label));
        let same_label = labels[0] == labels[1];
        let equal = same_label && a.map(|span| span.range) == b.map(|span| span.range);
        self.exact.add(a, b, equal);
        self.overlap.add(a, b, same_label);
        for label in labels.into_iter().flatten().take(if same_label { 1 } else { 2 }) {
            let [a, b] = [a, b].map(|span| span.filter(|span| span.label == label));
            let entry = self.labels.entry(label).or_default();
            entry.exact.add(a, b, equal);
            entry.overlap.add(a, b, same_label);
        }
        *self.confusion.entry(labels.into()).or_default() += 1;
    }
}

/// Agreement of more than two annotators.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupAgreement {
    /// Agreement of every two annotators with a document in common.
    /// The annotators are indices into [`Panel::annotations`], ascending.
    pub pairs: Vec<(usize, usize, Agreement)>,
    /// Unweighted mean of the pairs' exact F1, where it is defined.
    pub exact_f1: Measure,
    /// Unweighted mean of the pairs' overlap F1, where it is defined.
    pub overlap_f1: Measure,
    /// Krippendorff's alpha of all annotators, see [`alpha`].
    pub alpha: Measure,
}

/// Place where two annotations of a document differ.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// Only the first annotator has the span.
    OnlyA(Span),
    /// Only the second annotator has the span.
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
    /// Bytes of the span, or of both spans together.
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

/// Lists the differences of two annotations of one document, in reading order.
/// By first byte, the longer place first.
pub fn differences(a: &Annotation, b: &Annotation) -> Vec<Difference> {
    let mut found: Vec<Difference> = pairs(a, b).into_iter().filter_map(Difference::of).collect();
    found.sort_by_key(|difference| (difference.range().start, Reverse(difference.range().end)));
    found
}

/// Computes the agreement of two annotators.
/// It is over all documents that both have finished.
///
/// Span and word counts are summed over the documents first, so long documents weigh more.
pub fn agreement<'a>(compared: impl IntoIterator<Item = Pair<'a>>) -> Agreement {
    let (mut rows, mut table, mut panels) = (Vec::new(), WordTable::new(), Vec::new());
    for Pair { document, a, b } in compared {
        rows.extend(pairs(a, b));
        count_words(&word_labels(document, a), &word_labels(document, b), &mut table);
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

/// Computes the agreement of all annotators of the panels.
pub fn agreement_of_all(panels: &[Panel<'_>]) -> GroupAgreement {
    let count = panels.iter().map(|panel| panel.annotations.len()).max().unwrap_or(0);
    let mut pairs = Vec::new();
    for (a, b) in (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))) {
        let found = agreement(panels.iter().filter_map(|panel| panel.pair(a, b)));
        if found.documents > 0 {
            pairs.push((a, b, found));
        }
    }
    let exact_f1 = mean_f1(pairs.iter().map(|(.., pair)| pair.exact));
    let overlap_f1 = mean_f1(pairs.iter().map(|(.., pair)| pair.overlap));
    GroupAgreement { pairs, exact_f1, overlap_f1, alpha: alpha(panels) }
}

/// Unweighted mean of the F1 that are defined.
fn mean_f1(pairs: impl Iterator<Item = SpanAgreement>) -> Measure {
    let values: Vec<f64> = pairs.filter_map(|pair| pair.f1().value()).collect();
    if values.is_empty() {
        return Measure::Undefined(NO_PAIR);
    }
    Measure::Value(values.iter().sum::<f64>() / float(values.len()))
}

/// Number of words to which the two annotators gave these labels.
type WordTable = BTreeMap<(Labels, Labels), usize>;

/// Returns the labels of the spans that touch each word, as runs of words.
fn word_labels(document: &Document, annotation: &Annotation) -> Vec<Run> {
    let spans = in_order(annotation).into_iter();
    let touched = spans.filter_map(|span| Some((document.words_touching(span.range)?, span.label)));
    runs(touched.collect(), document.words.len())
}

/// Adds the words of a document to the table.
fn count_words(a: &[Run], b: &[Run], table: &mut WordTable) {
    let mut a = a.iter().peekable();
    let mut b = b.iter().peekable();
    let mut at = 0;
    while let (Some(one), Some(other)) = (a.peek(), b.peek()) {
        let end = one.end.min(other.end);
        *table.entry((one.labels.clone(), other.labels.clone())).or_default() += end - at;
        at = end;
        a.next_if(|run| run.end == end);
        b.next_if(|run| run.end == end);
    }
}

/// Cohen's kappa, (p_o - p_e) / (1 - p_e) (Cohen 1960).
/// p_e is computed from each annotator's own shares.
///
/// Numerator and denominator are multiplied by the square of the number of words.
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

/// Krippendorff's alpha for unitizing, `u-alpha` with nominal metric.
/// It is computed over code points, for any number of annotators: Krippendorff, Mathet, Bouvry and Widlöcher, "On the
/// reliability of unitizing textual continua", Quality & Quantity 50 (2016), equations 1 to 5; Krippendorff, Content
/// Analysis (4th ed. 2019), section 12.6.3.
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
/// It is not the alpha of Krippendorff 1995 and 2004, which DKPro and INCEpTION compute: its author replaced it by this
/// one because it misbehaves for more than two annotators.
///
/// The paper leaves three things open. Here, several documents are one continuum, with no unit across their borders.
/// Where annotators have not read the same documents, m is each document's own, as in alpha for missing data, and a
/// document that only one has read is ignored. Where spans of one annotator overlap, each range between two of their
/// ends is a unit whose value is its set of labels.
pub fn alpha(panels: &[Panel<'_>]) -> Measure {
    let (mut same, mut squares) = (0.0, 0.0);
    let mut lengths = BTreeMap::<Labels, f64>::new();
    for panel in panels {
        let map = OffsetMap::new(&panel.document.text);
        let observers: Vec<Vec<Run>> =
            panel.annotations.iter().flatten().map(|annotation| units(&map, annotation)).collect();
        if observers.len() < 2 {
            continue;
        }
        same += shared(&observers) / float(observers.len() - 1);
        for Run { length, labels, .. } in observers.into_iter().flatten() {
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

/// Splits the whole text into units at the ends of an annotator's spans, measured in code points.
fn units(map: &OffsetMap, annotation: &Annotation) -> Vec<Run> {
    let spans = in_order(annotation).into_iter().map(|span| {
        let CharRange { start, end } = map.to_chars(span.range);
        (start..end, span.label)
    });
    runs(spans.collect(), map.chars())
}

/// Length on which two annotators agree, summed over ordered pairs of annotators.
fn shared(observers: &[Vec<Run>]) -> f64 {
    let mut rest: Vec<_> = observers.iter().map(|units| units.iter().peekable()).collect();
    let (mut at, mut sum) = (0, 0.0);
    loop {
        let here: Vec<&Run> = rest.iter_mut().filter_map(|units| units.peek().copied()).collect();
        let Some(end) = here.iter().map(|unit| unit.end).min() else { return sum };
        let others_alike: usize =
            here.iter().map(|unit| here.iter().filter(|other| other.labels == unit.labels).count() - 1).sum();
        sum += float((end - at) * others_alike);
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
mod tests;
