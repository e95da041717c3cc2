//! Differences between predictions and gold tags: single mistakes by kind.

use std::{cmp::Reverse, collections::HashSet, ops::Range};

use serde::{Serialize, Serializer};
use strum::{IntoStaticStr, VariantArray};

use super::WordSpan;

/// Kind of a mistake, with the boundary mistakes told apart (after Chinchor and Sundheim, 1993).
/// Every entity of one side that has no equal on the other is in exactly one mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum MistakeKind {
    /// Right words, wrong label.
    Label,
    /// Right label; the prediction contains the gold span and more words.
    TooLong,
    /// Right label; the prediction is only a part of the gold span.
    TooShort,
    /// Right label; the spans overlap, and each has words that the other has not.
    Shifted,
    /// Overlapping spans with different words and labels.
    Both,
    /// In the gold tags only.
    Missed,
    /// In the prediction only.
    Spurious,
}

impl MistakeKind {
    /// All kinds.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name in files, such as `too-long`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Description shown to the user, such as `right label, too long`.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Label => "right words, wrong label",
            Self::TooLong => "right label, too long",
            Self::TooShort => "right label, too short",
            Self::Shifted => "right label, shifted",
            Self::Both => "overlap, both wrong",
            Self::Missed => "missed by the model",
            Self::Spurious => "found by the model only",
        }
    }

    /// Rank among the pairs of a sentence; of two possible pairs the lower rank is taken.
    fn distance(self) -> u8 {
        match self {
            Self::Label => 0,
            Self::TooLong | Self::TooShort | Self::Shifted => 1,
            Self::Both => 2,
            Self::Missed | Self::Spurious => 3,
        }
    }
}

/// One mistake in one sentence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mistake {
    /// Index of the sentence among those evaluated.
    pub sentence: usize,
    /// Kind of the mistake.
    pub kind: MistakeKind,
    /// Span in the gold tags.
    #[serde(serialize_with = "span")]
    pub gold: Option<WordSpan>,
    /// Span in the prediction.
    #[serde(serialize_with = "span")]
    pub predicted: Option<WordSpan>,
    /// Confidence of the model for these words, from 0 to 1.
    /// A confident mistake is often an error in the gold tags.
    pub sureness: f32,
}

impl Mistake {
    /// Range from the first to the last word of either span.
    pub fn words(&self) -> Range<usize> {
        match (&self.gold, &self.predicted) {
            (Some(gold), Some(predicted)) => gold.start.min(predicted.start)..gold.end.max(predicted.end),
            (Some(span), None) | (None, Some(span)) => span.start..span.end,
            (None, None) => 0..0,
        }
    }
}

/// Serializes a span as `{"start", "end", "label"}`, in words, or as `null`.
fn span<S: Serializer>(span: &Option<WordSpan>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Form<'a> {
        start: usize,
        end: usize,
        label: &'a str,
    }
    let form = span.as_ref().map(|span| Form { start: span.start, end: span.end, label: &span.label });
    form.serialize(serializer)
}

/// Returns the mistakes of one sentence in reading order.
/// `sentence` and `sureness` are 0.
///
/// The spans of each side must be disjoint.
pub fn compare(gold: &[WordSpan], predicted: &[WordSpan]) -> Vec<Mistake> {
    let missed = spans_without(gold, predicted);
    let invented = spans_without(predicted, gold);
    let mut pairs: Vec<(MistakeKind, usize, usize, usize)> = Vec::new();
    let mut first = 0;
    for (at, gold) in missed.iter().enumerate() {
        while invented.get(first).is_some_and(|said| said.end <= gold.start) {
            first += 1;
        }
        let touched = invented.iter().enumerate().skip(first).take_while(|(_, said)| said.start < gold.end);
        pairs.extend(touched.filter_map(|(other, said)| Some((kind(gold, said)?, shared(gold, said), at, other))));
    }
    // The closest pairs first; each span is in one pair.
    pairs.sort_by_key(|(kind, shared, at, other)| (kind.distance(), Reverse(*shared), *at, *other));
    let mut used = [vec![false; missed.len()], vec![false; invented.len()]];
    let mut found = Vec::new();
    for (kind, _, at, other) in pairs {
        if !used[0][at] && !used[1][other] {
            used[0][at] = true;
            used[1][other] = true;
            found.push(mistake(kind, Some(missed[at]), Some(invented[other])));
        }
    }
    let [used_gold, used_said] = used;
    let missed = missed.into_iter().zip(used_gold).filter(|(_, used)| !used);
    found.extend(missed.map(|(gold, _)| mistake(MistakeKind::Missed, Some(gold), None)));
    let invented = invented.into_iter().zip(used_said).filter(|(_, used)| !used);
    found.extend(invented.map(|(said, _)| mistake(MistakeKind::Spurious, None, Some(said))));
    found.sort_by_key(|mistake| (mistake.words().start, mistake.kind));
    found
}

/// Returns the spans that are not in `others`, in reading order.
fn spans_without<'s>(spans: &'s [WordSpan], others: &[WordSpan]) -> Vec<&'s WordSpan> {
    let others: HashSet<&WordSpan> = others.iter().collect();
    let mut left: Vec<&WordSpan> = spans.iter().filter(|span| !others.contains(span)).collect();
    left.sort_by_key(|span| span.start);
    left
}

fn mistake(kind: MistakeKind, gold: Option<&WordSpan>, predicted: Option<&WordSpan>) -> Mistake {
    Mistake { sentence: 0, kind, gold: gold.cloned(), predicted: predicted.cloned(), sureness: 0.0 }
}

fn shared(one: &WordSpan, other: &WordSpan) -> usize {
    one.end.min(other.end).saturating_sub(one.start.max(other.start))
}

fn covers(outer: &WordSpan, inner: &WordSpan) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn kind(gold: &WordSpan, said: &WordSpan) -> Option<MistakeKind> {
    match (gold.label == said.label, (gold.start, gold.end) == (said.start, said.end)) {
        (false, true) => Some(MistakeKind::Label),
        _ if shared(gold, said) == 0 => None,
        (false, false) => Some(MistakeKind::Both),
        (true, _) if covers(said, gold) => Some(MistakeKind::TooLong),
        (true, _) if covers(gold, said) => Some(MistakeKind::TooShort),
        (true, _) => Some(MistakeKind::Shifted),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{spans::scheme::decode, text::growth::assert_linear};

    fn kinds(gold: &[&str], predicted: &[&str]) -> Vec<MistakeKind> {
        compare(&decode(gold), &decode(predicted)).into_iter().map(|mistake| mistake.kind).collect()
    }

    #[test]
    fn each_mistake_has_its_kind() {
        assert_eq!(kinds(&["B-A", "I-A"], &["B-A", "I-A"]), []);
        assert_eq!(kinds(&["B-A", "I-A"], &["B-B", "I-B"]), [MistakeKind::Label]);
        assert_eq!(kinds(&["B-A", "I-A"], &["O", "B-A"]), [MistakeKind::TooShort]);
        assert_eq!(kinds(&["O", "B-A"], &["B-A", "I-A"]), [MistakeKind::TooLong]);
        assert_eq!(kinds(&["B-A", "I-A", "O"], &["O", "B-A", "I-A"]), [MistakeKind::Shifted]);
        assert_eq!(kinds(&["B-A", "I-A"], &["O", "B-B"]), [MistakeKind::Both]);
        assert_eq!(kinds(&["B-A", "O"], &["O", "B-B"]), [MistakeKind::Missed, MistakeKind::Spurious]);
    }

    #[test]
    fn a_span_is_in_one_mistake_only_and_the_closest_wins() {
        // One gold span, found as two pieces: the longer is its border mistake, the other is invented.
        assert_eq!(
            kinds(&["B-A", "I-A", "I-A"], &["B-A", "B-A", "I-A"]),
            [MistakeKind::TooShort, MistakeKind::Spurious]
        );
        assert_eq!(kinds(&["B-A", "I-A"], &["B-A", "B-B"]), [MistakeKind::TooShort, MistakeKind::Spurious]);
    }

    #[test]
    fn the_mistakes_of_a_long_text_are_found_in_linear_time() {
        let spans = |n: usize, labels: [&str; 2]| -> Vec<WordSpan> {
            (0..n).map(|at| WordSpan::new(2 * at..2 * at + 1, labels[at % 2])).collect()
        };
        let input = |n: usize| (spans(n, ["A", "B"]), spans(n, ["A", "C"]));
        assert_linear(1_000, input, |(gold, said)| compare(gold, said).len());
    }

    proptest! {
        #[test]
        fn every_unequal_span_is_in_exactly_one_mistake(
            pairs in prop::collection::vec((0usize..5, 0usize..5), 0..12)
        ) {
            let tag = |at: usize| ["O", "B-A", "I-A", "B-B", "I-B"][at];
            let (gold, said): (Vec<_>, Vec<_>) = pairs.iter().map(|(gold, said)| (tag(*gold), tag(*said))).unzip();
            let (gold, said) = (decode(&gold), decode(&said));
            let equal = gold.iter().filter(|span| said.contains(span)).count();
            let found = compare(&gold, &said);
            prop_assert_eq!(found.iter().filter(|mistake| mistake.gold.is_some()).count(), gold.len() - equal);
            prop_assert_eq!(found.iter().filter(|mistake| mistake.predicted.is_some()).count(), said.len() - equal);
        }
    }
}
