//! Where a prediction and the gold tags part: single mistakes by kind, and which label is taken for which.

use std::{cmp::Reverse, ops::Range};

use serde::{Serialize, Serializer};

use crate::spans::{WordSpan, scheme::Tag};

/// What is wrong. Every entity of gold or prediction that has no equal on the other side is in exactly one mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Right words, wrong label.
    Label,
    /// Right label, wrong words.
    Border,
    /// An overlap with both wrong.
    Both,
    /// In the gold tags only.
    Missed,
    /// In the prediction only.
    Invented,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Label, Self::Border, Self::Both, Self::Missed, Self::Invented];

    /// The word shown for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::Border => "border",
            Self::Both => "both",
            Self::Missed => "missed",
            Self::Invented => "invented",
        }
    }
}

/// One mistake in one sentence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mistake {
    /// Index of the sentence among those evaluated.
    pub sentence: usize,
    /// What is wrong.
    pub kind: Kind,
    /// What should be there.
    #[serde(serialize_with = "span")]
    pub gold: Option<WordSpan>,
    /// What the model said.
    #[serde(serialize_with = "span")]
    pub predicted: Option<WordSpan>,
    /// How sure the model was, on the words concerned, from 0 to 1. A sure mistake is often one of the gold tags.
    pub sureness: f32,
}

impl Mistake {
    /// The words from the first to the last that either side names.
    pub fn words(&self) -> Range<usize> {
        let sides = || self.gold.iter().chain(&self.predicted);
        let start = sides().map(|span| span.start).min().unwrap_or_default();
        start..sides().map(|span| span.end).max().unwrap_or(start)
    }
}

/// `{"start", "end", "label"}`, in words, or `null`.
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

/// The mistakes of one sentence in reading order, `sentence` and `sureness` left 0. Spans of a side are disjoint.
pub fn compare(gold: &[WordSpan], predicted: &[WordSpan]) -> Vec<Mistake> {
    let mut missed: Vec<&WordSpan> = gold.iter().filter(|span| !predicted.contains(span)).collect();
    let mut invented: Vec<&WordSpan> = predicted.iter().filter(|span| !gold.contains(span)).collect();
    let mut found = Vec::new();
    let mut pairs: Vec<(Kind, usize, &WordSpan, &WordSpan)> = missed
        .iter()
        .flat_map(|&gold| {
            invented.iter().filter_map(move |&said| Some((kind(gold, said)?, shared(gold, said), gold, said)))
        })
        .collect();
    // The closest pairs first; each span is in one pair.
    pairs.sort_by_key(|(kind, shared, gold, said)| (*kind, Reverse(*shared), gold.start, said.start));
    for (kind, _, gold, said) in pairs {
        let at = (missed.iter().position(|span| *span == gold), invented.iter().position(|span| *span == said));
        if let (Some(missing), Some(extra)) = at {
            missed.remove(missing);
            invented.remove(extra);
            found.push(mistake(kind, Some(gold), Some(said)));
        }
    }
    found.extend(missed.into_iter().map(|gold| mistake(Kind::Missed, Some(gold), None)));
    found.extend(invented.into_iter().map(|said| mistake(Kind::Invented, None, Some(said))));
    found.sort_by_key(|mistake| (mistake.words().start, mistake.kind));
    found
}

fn mistake(kind: Kind, gold: Option<&WordSpan>, predicted: Option<&WordSpan>) -> Mistake {
    Mistake { sentence: 0, kind, gold: gold.cloned(), predicted: predicted.cloned(), sureness: 0.0 }
}

fn shared(one: &WordSpan, other: &WordSpan) -> usize {
    one.end.min(other.end).saturating_sub(one.start.max(other.start))
}

fn kind(gold: &WordSpan, said: &WordSpan) -> Option<Kind> {
    match (gold.label == said.label, (gold.start, gold.end) == (said.start, said.end)) {
        (false, true) => Some(Kind::Label),
        _ if shared(gold, said) == 0 => None,
        (true, _) => Some(Kind::Border),
        (false, false) => Some(Kind::Both),
    }
}

/// Words by gold label (row) and predicted label (column); the last row and column are "no label".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Confusion {
    /// The labels of either side, sorted.
    pub labels: Vec<String>,
    /// `labels.len() + 1` rows of as many counts.
    pub counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// Counts the words of all sentences. Sentences of unequal length count up to the shorter.
    pub fn new<A: AsRef<str>, B: AsRef<str>>(gold: &[Vec<A>], predicted: &[Vec<B>]) -> Self {
        let label = |tag: &'_ str| Tag::read(tag).label().map(str::to_owned);
        let of_gold = gold.iter().flatten().filter_map(|tag| label(tag.as_ref()));
        let mut labels: Vec<String> =
            of_gold.chain(predicted.iter().flatten().filter_map(|tag| label(tag.as_ref()))).collect();
        labels.sort_unstable();
        labels.dedup();
        let mut counts = vec![vec![0; labels.len() + 1]; labels.len() + 1];
        let place = |tag: &str| match Tag::read(tag).label() {
            Some(label) => labels.partition_point(|known| known.as_str() < label),
            None => labels.len(),
        };
        for (gold, said) in gold.iter().zip(predicted).flat_map(|(gold, said)| gold.iter().zip(said)) {
            let cell = counts.get_mut(place(gold.as_ref())).and_then(|row| row.get_mut(place(said.as_ref())));
            if let Some(count) = cell {
                *count += 1;
            }
        }
        Self { labels, counts }
    }

    /// The pairs of different labels that were taken for each other, most often first: gold, predicted, words. `None`
    /// is "no label".
    pub fn worst(&self) -> Vec<(Option<&str>, Option<&str>, usize)> {
        let name = |at: usize| self.labels.get(at).map(String::as_str);
        let cells = self.counts.iter().enumerate().flat_map(|(gold, row)| {
            row.iter()
                .enumerate()
                .filter(move |(said, count)| *said != gold && **count > 0)
                .map(move |cell| (gold, cell))
        });
        let mut pairs: Vec<_> = cells.map(|(gold, (said, count))| (name(gold), name(said), *count)).collect();
        pairs.sort_by_key(|pair| Reverse(pair.2));
        pairs
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spans::scheme::decode;

    fn kinds(gold: &[&str], predicted: &[&str]) -> Vec<Kind> {
        compare(&decode(gold), &decode(predicted)).into_iter().map(|mistake| mistake.kind).collect()
    }

    #[test]
    fn each_mistake_has_its_kind() {
        assert_eq!(kinds(&["B-A", "I-A"], &["B-A", "I-A"]), []);
        assert_eq!(kinds(&["B-A", "I-A"], &["B-B", "I-B"]), [Kind::Label]);
        assert_eq!(kinds(&["B-A", "I-A"], &["O", "B-A"]), [Kind::Border]);
        assert_eq!(kinds(&["B-A", "I-A"], &["O", "B-B"]), [Kind::Both]);
        assert_eq!(kinds(&["B-A", "O"], &["O", "B-B"]), [Kind::Missed, Kind::Invented]);
    }

    #[test]
    fn a_span_is_in_one_mistake_only_and_the_closest_wins() {
        // One gold span, found as two pieces: the longer is its border mistake, the other is invented.
        assert_eq!(kinds(&["B-A", "I-A", "I-A"], &["B-A", "B-A", "I-A"]), [Kind::Border, Kind::Invented]);
        assert_eq!(kinds(&["B-A", "I-A"], &["B-A", "B-B"]), [Kind::Border, Kind::Invented]);
    }

    #[test]
    fn confusion_counts_words() {
        let confusion = Confusion::new(&[vec!["B-A", "I-A", "O"]], &[vec!["B-B", "I-A", "B-A"]]);
        assert_eq!(confusion.labels, ["A", "B"]);
        assert_eq!(confusion.counts, [[1, 1, 0], [0, 0, 0], [1, 0, 0]]);
        assert_eq!(confusion.worst(), [(Some("A"), Some("B"), 1), (None, Some("A"), 1)]);
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
