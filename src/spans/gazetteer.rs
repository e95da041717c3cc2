//! A gazetteer: phrases tagged so far in a project, suggested where they recur.
//! It needs no model and learns from every key press.
//!
//! Phrases are kept as 64-bit hashes of their words, not as text. Fewer than one in ten million projects of a million
//! phrases has two with the same hash, and the cost would be one odd suggestion.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    hash::{BuildHasherDefault, DefaultHasher, Hasher},
    ops::Range,
};

use super::{
    annotation::{Annotation, Span, Status, changes},
    document::Document,
    label::LabelId,
};
use crate::text::{TextRange, search::lowercased};

/// Maximum number of words of a span that is learnt.
///
/// Longer spans are passages that do not occur twice. The bound keeps [`Gazetteer::find`] linear.
const LONGEST: usize = 16;

/// Maximum number of words of a phrase that is counted as *not* tagged.
/// Longer phrases rarely occur untagged.
const LONGEST_UNTAGGED: usize = 4;

/// Maximum number of words of a document from which untagged phrases are learnt.
///
/// The front document is learnt again at every key press: 5,000 words take about a millisecond, which is not noticed.
const LONGEST_DOCUMENT: usize = 5_000;

/// Maximum number of spans of a document that are learnt; of more, the first ones.
///
/// All of them are learnt again when a document comes to be done, flagged or skipped, between a key and its frame.
const MOST_SPANS: usize = 5_000;

/// Maximum bytes of a word that are read. Of longer words, those with the same beginning and the same length are the same.
const LONGEST_WORD: usize = 1_000;

/// Number added to the untagged occurrences of a phrase.
/// It is there because a phrase seen once is not certain.
const DOUBT: f32 = 0.5;

/// Minimum score of a hit.
///
/// A wrong suggestion costs the annotator a key press, so precision matters more than recall. But a phrase tagged at one
/// of two places is still suggested (0.4); without these, there are few suggestions while few documents are tagged.
///
/// Measured on MIT Restaurant: precision / recall of the hits in the 815 sentences of the validation split, exact in
/// range and label, after learning the first sentences of the training split as finished:
///
/// | least score |         100 |         500 |       2,000 |       7,660 |
/// |-------------|-------------|-------------|-------------|-------------|
/// |        0.30 | 68.4 / 18.1 | 74.1 / 38.6 | 74.7 / 51.3 | 75.4 / 61.1 |
/// |        0.38 | 69.7 / 17.8 | 75.3 / 38.2 | 76.4 / 50.1 | 77.8 / 58.7 |
/// |        0.45 | 68.2 / 13.6 | 76.3 / 27.2 | 78.9 / 46.0 | 80.4 / 55.0 |
/// |        0.70 | 92.2 /  6.2 | 84.5 / 19.2 | 88.2 / 33.2 | 87.0 / 40.7 |
///
/// A doubt of 1 or 2 gives the same curve with other scores. Counting only phrases that share no word with a span as
/// untagged is worse: after 2,000 sentences its recall is 42.5 where its precision is 77.4, because then nothing counts
/// against suggesting `tacos` in each new kind of tacos.
const THRESHOLD: f32 = 0.38;

/// Map from the hash of a phrase's words.
type Table<T> = HashMap<u64, T, BuildHasherDefault<IdentityHasher>>;

/// Phrases tagged so far, ignoring case.
#[derive(Clone, Debug, Default)]
pub struct Gazetteer {
    /// Each tagged phrase and each beginning of one.
    phrases: Table<Phrase>,
    /// Occurrences of a phrase in finished documents where it was not a span. Never 0.
    untagged: Table<u32>,
}

/// Occurrence of a phrase that was tagged elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// Its bytes: whole words of the document's grid.
    pub range: TextRange,
    /// Most frequent label of these words.
    /// Of equally frequent ones the label created first.
    pub label: LabelId,
    /// Share of the occurrences of these words that had this label, from 0 to 1.
    pub score: f32,
}

impl Gazetteer {
    /// Learns from documents.
    /// `annotation` returns the annotation of a document by its id.
    pub fn of<'a>(documents: &[Document], annotation: impl Fn(&str) -> &'a Annotation) -> Self {
        let mut gazetteer = Self::default();
        for document in documents {
            gazetteer.learn(document, annotation(&document.id));
        }
        gazetteer
    }

    /// Learns from an annotation.
    ///
    /// A finished document teaches its spans, and that everything else in it is not a span, in time linear in its words.
    /// A partial document teaches its spans, in time linear in them. Any other document teaches nothing.
    pub fn learn(&mut self, document: &Document, annotation: &Annotation) {
        self.count(Lesson::new(document, annotation), 1);
    }

    /// Reverts [`Gazetteer::learn`] with the same arguments.
    ///
    /// The arguments must have been learnt: otherwise phrases of other documents would be forgotten.
    pub fn forget(&mut self, document: &Document, annotation: &Annotation) {
        self.count(Lesson::new(document, annotation), -1);
    }

    /// Learns the change of an annotation.
    ///
    /// Takes time linear in the changed spans if only spans are learnt, as from a partial document.
    pub fn relearn(&mut self, document: &Document, before: &Annotation, after: &Annotation) {
        if !teaches(before) || !teaches(after) {
            self.forget(document, before);
            return self.learn(document, after);
        }
        let (removed, added) = changes(learnt(before), learnt(after));
        self.count(Lesson::of_spans(document, removed), -1);
        self.count(Lesson::of_spans(document, added), 1);
        self.count(Lesson::of_the_rest(document, before), -1);
        self.count(Lesson::of_the_rest(document, after), 1);
    }

    /// Finds disjoint hits in reading order.
    /// Takes time linear in the words of the document.
    ///
    /// Of two hits that overlap, the longer one in words stays, of equally long ones the one with the higher score, then
    /// the earlier one. Spans that are already tagged in the document are found, too.
    pub fn find(&self, document: &Document) -> Vec<Hit> {
        if self.is_empty() {
            return Vec::new();
        }
        let words = hashes(document);
        let mut candidates: Vec<Candidate> =
            (0..words.len()).flat_map(|start| self.candidates(&words, start)).collect();
        candidates.sort_unstable_by(|a, b| {
            let by_length = Reverse(a.words.len()).cmp(&Reverse(b.words.len()));
            by_length.then(b.score.total_cmp(&a.score)).then(a.words.start.cmp(&b.words.start))
        });
        let mut taken = vec![false; words.len()];
        candidates.retain(|candidate| match taken.get_mut(candidate.words.clone()) {
            Some(taken) if !taken.contains(&true) => {
                taken.fill(true);
                true
            }
            _ => false,
        });
        candidates.sort_unstable_by_key(|candidate| candidate.words.start);
        let hits = candidates.into_iter().map(|Candidate { words, label, score }| {
            let range = document.range_of_words(words)?;
            Some(Hit { range, label, score })
        });
        hits.flatten().collect()
    }

    /// Whether no span was learnt, so that nothing is found anywhere.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// Iterates over the phrases that begin at word `start`.
    /// They reach the [`THRESHOLD`].
    fn candidates(&self, words: &[u64], start: usize) -> impl Iterator<Item = Candidate> {
        let known = keys(words.get(start..).unwrap_or_default()).map_while(|key| Some((key, self.phrases.get(&key)?)));
        known.zip(start + 1..).filter_map(move |((key, phrase), end)| {
            let (label, score) = phrase.usual_label(|| self.untagged.get(&key).copied().unwrap_or(0))?;
            (score >= THRESHOLD).then_some(Candidate { words: start..end, label, score })
        })
    }

    /// Adds `by` to the counts of every phrase of the lesson.
    fn count(&mut self, lesson: Lesson, by: i32) {
        for (beginnings, label) in lesson.tagged {
            let whole = beginnings.last().copied();
            for key in beginnings {
                let phrase = self.phrases.entry(key).or_default();
                phrase.beginning = phrase.beginning.saturating_add_signed(by);
                if whole == Some(key) {
                    let count = phrase.labels.entry(label).or_default();
                    *count = count.saturating_add_signed(by);
                    phrase.labels.retain(|_, count| *count > 0);
                }
                if phrase.beginning == 0 {
                    self.phrases.remove(&key);
                }
            }
        }
        for key in lesson.untagged {
            let count = self.untagged.entry(key).or_default();
            *count = count.saturating_add_signed(by);
            if *count == 0 {
                self.untagged.remove(&key);
            }
        }
    }
}

/// Counts of one sequence of words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Phrase {
    /// Number of spans that are these words or begin with them. Never 0.
    beginning: u32,
    /// Number of spans of each label. Never 0.
    labels: BTreeMap<LabelId, u32>,
}

impl Phrase {
    /// Returns the most frequent label and its score.
    /// `None` if the phrase is only the beginning of longer spans.
    #[allow(clippy::cast_precision_loss, reason = "counts of spans stay far below 2^24")]
    fn usual_label(&self, untagged: impl Fn() -> u32) -> Option<(LabelId, f32)> {
        let (label, count) = self.labels.iter().max_by_key(|(label, count)| (**count, Reverse(**label)))?;
        let tagged: u32 = self.labels.values().sum();
        Some((*label, *count as f32 / (tagged as f32 + untagged() as f32 + DOUBT)))
    }
}

/// Possible hit, in words.
struct Candidate {
    words: Range<usize>,
    label: LabelId,
    score: f32,
}

/// Phrases that one annotation teaches.
#[derive(Default)]
struct Lesson {
    /// Keys of the beginnings of each span, with its label.
    /// The last beginning is the whole span.
    tagged: Vec<(Vec<u64>, LabelId)>,
    /// Keys of the phrases that are no span, one per occurrence.
    untagged: Vec<u64>,
}

impl Lesson {
    fn new(document: &Document, annotation: &Annotation) -> Self {
        if !teaches(annotation) {
            return Self::default();
        }
        let Self { tagged, .. } = Self::of_spans(document, learnt(annotation));
        Self { tagged, ..Self::of_the_rest(document, annotation) }
    }

    /// Lesson of the phrases that are no span, if they are counted.
    fn of_the_rest(document: &Document, annotation: &Annotation) -> Self {
        let mut lesson = Self::default();
        if !counts_untagged(document, annotation) {
            return lesson;
        }
        let spans = annotation.spans().iter().filter_map(|span| whole_words(document, span.range));
        let mut spans: Vec<(usize, usize)> = spans.map(|words| (words.start, words.end)).collect();
        spans.sort_unstable();
        let words = hashes(document);
        for start in 0..words.len() {
            let phrases = keys(words.get(start..).unwrap_or_default()).zip(start + 1..).take(LONGEST_UNTAGGED);
            let others = phrases.filter(|(_, end)| spans.binary_search(&(start, *end)).is_err());
            lesson.untagged.extend(others.map(|(key, _)| key));
        }
        lesson
    }

    /// Lesson of spans alone, without untagged phrases.
    fn of_spans<'a>(document: &Document, spans: impl IntoIterator<Item = &'a Span>) -> Self {
        // Many spans may be over the same word, which may be long.
        let mut known: HashMap<usize, u64> = HashMap::new();
        let tagged = spans.into_iter().filter_map(|span| {
            let words = whole_words(document, span.range)?;
            let words = words.map(|word| *known.entry(word).or_insert_with(|| hash(document.word(word))));
            Some((keys(&words.collect::<Vec<_>>()).collect(), span.label))
        });
        Self { tagged: tagged.collect(), untagged: Vec::new() }
    }
}

/// Whether the spans of an annotation are learnt.
fn teaches(annotation: &Annotation) -> bool {
    matches!(annotation.status, Status::Done | Status::Partial)
}

/// The spans of an annotation that are learnt if it [`teaches`].
fn learnt(annotation: &Annotation) -> &[Span] {
    annotation.spans().get(..MOST_SPANS).unwrap_or(annotation.spans())
}

/// Whether untagged phrases of a document are learnt, too.
fn counts_untagged(document: &Document, annotation: &Annotation) -> bool {
    annotation.status == Status::Done && document.words.len() <= LONGEST_DOCUMENT
}

/// Returns the words of a span.
/// `None` if it cuts a word, is only white space, or is longer than [`LONGEST`].
fn whole_words(document: &Document, range: TextRange) -> Option<Range<usize>> {
    let words = document.words_touching(range)?;
    let whole = document.range_of_words(words.clone())?;
    if words.len() > LONGEST || !range.covers(whole) {
        return None;
    }
    let is_visible = !whole.of(&document.text).trim_start().is_empty();
    is_visible.then_some(words)
}

/// Returns a hash of each word, ignoring case.
fn hashes(document: &Document) -> Vec<u64> {
    document.word_texts().map(hash).collect()
}

fn hash(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    let read = word.get(..word.floor_char_boundary(LONGEST_WORD)).unwrap_or(word);
    lowercased(read).for_each(|c| hasher.write_u32(u32::from(c)));
    if read.len() < word.len() {
        hasher.write_usize(word.len());
    }
    hasher.finish()
}

/// Iterates over the keys of the first word, of the first two, and so on.
/// There are at most [`LONGEST`] words.
fn keys(words: &[u64]) -> impl Iterator<Item = u64> {
    words.iter().take(LONGEST).scan(DefaultHasher::new(), |so_far, word| {
        so_far.write_u64(*word);
        Some(so_far.finish())
    })
}

/// Uses a key as its own hash.
/// Keys are hashes already; hashing them again would double the time of a search.
#[derive(Clone, Copy, Debug, Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }

    /// Never called: every key is a `u64`.
    fn write(&mut self, _: &[u8]) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::{
        spans::{Span, SpanId, SpanSource},
        text::{Grid, growth::assert_linear},
    };

    /// A text cut at white space, with these bytes tagged.
    fn tagged(text: &str, status: Status, spans: &[(Range<usize>, u32)]) -> (Document, Annotation) {
        let span = |(range, label): &(Range<usize>, u32)| Span {
            id: SpanId { writer: 0, sequence: 0 },
            range: range.clone().into(),
            label: LabelId(*label),
            source: SpanSource::Human,
        };
        (Document::new("1", text, Grid::Space), Annotation::new(spans.iter().map(span).collect(), status))
    }

    /// A text in which these phrases are tagged at their first place.
    fn lesson(text: &str, status: Status, spans: &[(&str, u32)]) -> (Document, Annotation) {
        let place = |(words, label): &(&str, u32)| {
            let start = text.find(words).unwrap();
            (start..start + words.len(), *label)
        };
        tagged(text, status, &spans.iter().map(place).collect::<Vec<_>>())
    }

    fn gazetteer<'l>(lessons: impl IntoIterator<Item = &'l (Document, Annotation)>) -> Gazetteer {
        let mut gazetteer = Gazetteer::default();
        lessons.into_iter().for_each(|(document, annotation)| gazetteer.learn(document, annotation));
        gazetteer
    }

    fn found<'t>(gazetteer: &Gazetteer, text: &'t str) -> Vec<(&'t str, u32)> {
        let hits = gazetteer.find(&Document::new("2", text, Grid::Space));
        hits.into_iter().map(|hit| (hit.range.of(text), hit.label.0)).collect()
    }

    #[test]
    fn what_was_tagged_once_is_found_where_it_stands_next() {
        let known = gazetteer(&[lesson(
            "the Fish Tacos at \u{39f}\u{394}\u{39f}\u{3a3}",
            Status::Partial,
            &[("Fish Tacos", 0), ("\u{39f}\u{394}\u{39f}\u{3a3}", 1)],
        )]);
        assert_eq!(found(&known, "FISH tacos and fish  tacos"), [("FISH tacos", 0), ("fish  tacos", 0)]);
        assert_eq!(found(&known, "\u{3bf}\u{3b4}\u{3bf}\u{3c2} fish"), [("\u{3bf}\u{3b4}\u{3bf}\u{3c2}", 1)]);
        assert_eq!(known.find(&Document::new("2", "fish tacos", Grid::Space))[0].score, 1.0 / 1.5);
        assert_eq!(found(&known, ""), []);
    }

    #[test]
    fn spans_come_from_what_is_begun_or_finished_and_only_the_finished_says_what_is_nothing() {
        let one = lesson("open late", Status::Partial, &[("late", 0)]);
        for &status in Status::ALL {
            let known = gazetteer(&[lesson("cheap tacos", status, &[("tacos", 0)])]);
            assert_eq!(known.is_empty(), !matches!(status, Status::Partial | Status::Done), "{status:?}");
            assert_eq!(found(&known, "tacos").is_empty(), known.is_empty());
            let known = gazetteer([&one, &lesson("late again and late", status, &[])]);
            assert_eq!(found(&known, "late").is_empty(), status == Status::Done, "{status:?}");
        }
    }

    #[test]
    fn a_part_of_longer_spans_is_not_found_alone() {
        let pie = lesson("apple pie", Status::Done, &[("apple pie", 0)]);
        let apple = lesson("an apple", Status::Done, &[("apple", 1)]);
        assert_eq!(found(&gazetteer([&pie]), "apple"), []);
        assert_eq!(found(&gazetteer([&pie, &apple]), "apple or apple pie"), [("apple", 1), ("apple pie", 0)]);
        assert_eq!(found(&gazetteer([&pie, &pie, &apple]), "apple or apple pie"), [("apple pie", 0)]);
    }

    #[test]
    fn of_hits_that_overlap_the_longer_then_the_surer_then_the_earlier_stays() {
        let lessons = [("a b", 0), ("b c d", 1), ("x y", 2), ("y z", 3), ("y z", 3)]
            .map(|(words, label)| lesson(words, Status::Partial, &[(words, label)]));
        let known = gazetteer(&lessons);
        assert_eq!(found(&known, "a b c d a b"), [("b c d", 1), ("a b", 0)]);
        assert_eq!(found(&known, "x y z"), [("y z", 3)]);
        assert_eq!(found(&gazetteer(&lessons[..4]), "x y z"), [("x y", 2)]);
    }

    #[test]
    fn the_usual_label_wins_if_it_is_usual_enough() {
        let lessons = [2, 1, 1, 2, 0, 0].map(|label| lesson("thai", Status::Partial, &[("thai", label)]));
        assert_eq!(found(&gazetteer(&lessons[..3]), "thai"), [("thai", 1)]);
        assert_eq!(found(&gazetteer(&lessons[..4]), "thai"), [("thai", 1)]);
        assert_eq!(found(&gazetteer(&lessons), "thai"), []);
    }

    #[test]
    fn a_long_word_that_was_tagged_many_times_is_read_once() {
        let input = |n: usize| {
            let spans = (0..n).map(|at| Span {
                id: SpanId { writer: 1, sequence: u32::try_from(at).unwrap() },
                range: TextRange::new(0, n),
                label: LabelId(0),
                source: SpanSource::Human,
            });
            (Document::new("d", "a".repeat(n), Grid::Space), Annotation::new(spans.collect(), Status::Done))
        };
        assert_linear(1_000, input, |(document, annotation)| Gazetteer::default().learn(document, annotation));
    }

    #[test]
    fn of_many_spans_the_first_are_learnt_and_a_change_moves_them() {
        let text = "la ".repeat(MOST_SPANS + 1);
        let spans = |from: usize| (from..=MOST_SPANS).map(|at| (3 * at..3 * at + 2, 0)).collect::<Vec<_>>();
        let (document, full) = tagged(&text, Status::Partial, &spans(0));
        let (_, fewer) = tagged(&text, Status::Partial, &spans(2));
        let (mut known, mut fresh) = (Gazetteer::default(), Gazetteer::default());
        known.learn(&document, &full);
        assert_eq!(known.phrases[&keys(&[hash("la")]).next().unwrap()].beginning as usize, MOST_SPANS);
        known.relearn(&document, &full, &fewer);
        fresh.learn(&document, &fewer);
        assert_eq!(known.phrases, fresh.phrases);
        assert_eq!(known.phrases[&keys(&[hash("la")]).next().unwrap()].beginning as usize, MOST_SPANS - 1);
    }

    #[test]
    fn long_words_are_compared_by_their_beginning_and_their_length() {
        let long = |end: &str| "a".repeat(LONGEST_WORD) + end;
        assert_eq!(hash(&long("b")), hash(&long("c")));
        assert_ne!(hash(&long("b")), hash(&long("bb")));
        assert_ne!(hash(&long("")), hash(&long("b")));
        assert_ne!(hash("\u{301}a"), hash("\u{301}b"));
    }

    #[test]
    fn half_words_blanks_and_passages_teach_nothing() {
        let long = "la ".repeat(LONGEST + 1);
        let cases = [("pancakes", 0..3), ("hot pancakes", 0..7), ("a  b", 1..3), (&long, 0..long.len()), ("a", 4..9)];
        for (text, range) in cases {
            let known = gazetteer(&[tagged(text, Status::Partial, &[(range, 0)])]);
            assert!(known.is_empty(), "{text}");
        }
        let wide = gazetteer(&[tagged("a pancake now", Status::Partial, &[(1..10, 0)])]);
        assert_eq!(found(&wide, "pancake"), [("pancake", 0)]);
        let unseen = (Document::from_words("1", ["a", "", "b"]), tagged("", Status::Partial, &[(1..3, 0)]).1);
        assert!(gazetteer(&[unseen]).is_empty());
    }

    /// Documents of few different words, tagged anyhow.
    /// Whole words and half ones, nested, overlapping and repeated.
    fn lessons() -> impl Strategy<Value = Vec<(Document, Annotation)>> {
        let words = prop::collection::vec(select(vec!["a", "A", "bb", "\u{c9}", "\u{e9}", "c"]), 0..12);
        let span = (0usize..20, 1usize..20, 0u32..3).prop_map(|(start, length, label)| (start..start + length, label));
        let lesson = (words, prop::collection::vec(span, 0..6), select(Status::ALL.to_vec()))
            .prop_map(|(words, spans, status)| tagged(&words.join(" "), status, &spans));
        prop::collection::vec(lesson, 0..8)
    }

    /// The score of these words for a label, counted place by place.
    fn score(lessons: &[(Document, Annotation)], words: &str, label: LabelId) -> f32 {
        let length = words.split(' ').count();
        let (mut labelled, mut places) = (0.0, DOUBT);
        for (document, annotation) in lessons {
            let done = annotation.status == Status::Done;
            let teaches = done || annotation.status == Status::Partial;
            for place in (0..document.words.len()).map(|start| start..start + length).filter(|_| teaches) {
                let range = document.range_of_words(place.clone()).unwrap_or_default();
                if range.of(&document.text).to_lowercase() != words {
                    continue;
                }
                let touched = |span: &Span| document.words_touching(span.range);
                let exact = |span: &&Span| span.range.covers(range) && touched(span) == Some(place.clone());
                let spans: Vec<_> = annotation.spans().iter().filter(exact).collect();
                labelled += spans.iter().filter(|span| span.label == label).count() as f32;
                places += spans.len() as f32;
                if spans.is_empty() && done && length <= LONGEST_UNTAGGED {
                    places += 1.0;
                }
            }
        }
        labelled / places
    }

    proptest! {
        #[test]
        fn to_learn_a_change_is_to_forget_and_to_learn(
            (long, statuses) in (any::<bool>(), (0usize..5, 0usize..5)),
            (before, after) in (prop::collection::vec((0usize..5, 1usize..3, 0u32..2), 0..4), prop::collection::vec((0usize..5, 1usize..3, 0u32..2), 0..4)),
        ) {
            let words = "a b c a b d ";
            let text = if long { words.repeat(LONGEST_DOCUMENT / 6 + 1) } else { words.to_owned() };
            let document = Document::new("d", text, Grid::Space);
            let annotation = |spans: &[(usize, usize, u32)], status: usize| {
                let spans = spans.iter().zip(0..).map(|((start, len, label), sequence)| Span {
                    id: SpanId { writer: 1, sequence },
                    range: document.range_of_words(*start..start + len).unwrap(),
                    label: LabelId(*label),
                    source: SpanSource::Human,
                });
                Annotation::new(spans.collect(), Status::ALL[status])
            };
            let (before, after) = (annotation(&before, statuses.0), annotation(&after, statuses.1));
            let (mut relearnt, mut fresh) = (Gazetteer::default(), Gazetteer::default());
            relearnt.learn(&document, &before);
            relearnt.relearn(&document, &before, &after);
            fresh.learn(&document, &after);
            prop_assert_eq!((relearnt.phrases, relearnt.untagged), (fresh.phrases, fresh.untagged));
        }

        #[test]
        fn to_forget_some_is_never_to_have_learned_them(
            (there, back) in lessons().prop_flat_map(|lessons| (Just(lessons.clone()), Just(lessons).prop_shuffle())),
            kept in 0usize..8,
        ) {
            let mut known = gazetteer(&there);
            let kept = kept.min(back.len());
            for (document, annotation) in &back[kept..] {
                known.forget(document, annotation);
            }
            let rest = gazetteer(&back[..kept]);
            for (document, _) in &there {
                prop_assert_eq!(known.find(document), rest.find(document));
            }
            prop_assert_eq!((known.phrases, known.untagged), (rest.phrases, rest.untagged));
        }

        #[test]
        fn hits_are_disjoint_and_scored_by_what_was_counted(lessons in lessons(), other in lessons()) {
            let known = gazetteer(&lessons);
            for (document, _) in lessons.iter().chain(&other) {
                let mut at = 0;
                for hit in known.find(document) {
                    prop_assert!(hit.range.start >= at && !hit.range.is_empty());
                    at = hit.range.end;
                    let words = hit.range.of(&document.text).to_lowercase();
                    prop_assert_eq!(hit.score, score(&lessons, &words, hit.label));
                    prop_assert!((THRESHOLD..1.0).contains(&hit.score));
                }
            }
        }
    }
}
