//! Encodes sentences as training examples.
//! Piece ids with a tag for each labelled piece.

use std::{ops::Range, sync::Arc};

use super::{TrainError, teacher::Answers};
use crate::{
    model::{
        PieceTokenizer, WordPieces,
        align::{IGNORE, Window, piece_tags, word_windows},
        kernels::Dropout,
    },
    runs::{LabelMode, Settings},
    spans::{Sentence, scheme::Tag},
    text::number::with_noun,
};

/// Encoder of sentences.
pub(super) struct Coder<'a> {
    pub(super) tokenizer: &'a PieceTokenizer,
    /// Tags of the model, `O` first, each `B-X` followed by its `I-X`.
    pub(super) tags: &'a [String],
    pub(super) mode: LabelMode,
    /// Longest input, the two special pieces included.
    pub(super) longest: usize,
    /// Number of pieces that neighbouring windows of a long sentence share.
    /// `None` for an eighth of a window.
    pub(super) stride: Option<usize>,
}

/// Probabilities that pieces of an example should get.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SoftLabels {
    /// `[rows, tags]`, shared by all examples.
    pub(super) table: Arc<Vec<f32>>,
    /// Positions in the example's `ids` with their rows, ascending.
    pub(super) at: Vec<(usize, usize)>,
}

/// Input of the network: a sentence, or a window of a long one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Example {
    /// Index of the sentence in its split.
    pub(super) sentence: usize,
    /// Piece ids, with special pieces around them.
    pub(super) ids: Vec<u32>,
    /// Labelled positions in `ids` with their tags.
    pub(super) labels: Vec<(usize, usize)>,
    /// Probabilities of teachers; `None` without teachers.
    pub(super) soft: Option<SoftLabels>,
    /// Pieces of the sentence whose prediction is taken from this example.
    pub(super) keep: Range<usize>,
    /// Position in `ids` of the first of them.
    pub(super) offset: usize,
}

impl Example {
    /// Returns a copy in which `mask` replaces the pieces for which `hidden` is true.
    /// Special pieces are not hidden.
    pub(super) fn masked(&self, mask: u32, hidden: &mut impl Iterator<Item = bool>) -> Self {
        let mut masked = self.clone();
        let inner = 1..masked.ids.len().saturating_sub(1);
        for (id, is_hidden) in masked.ids.get_mut(inner).unwrap_or_default().iter_mut().zip(hidden) {
            if is_hidden {
                *id = mask;
            }
        }
        masked
    }
}

/// Copies of a step's examples in which the share of the pieces that the settings say is hidden by `mask`; other pieces in
/// each step.
pub(super) fn masked(examples: &[&Example], mask: u32, settings: &Settings, step: usize) -> Vec<Example> {
    let mut hidden = (0..).map(Dropout::hides(settings.mask, settings.seed, step));
    examples.iter().map(|example| example.masked(mask, &mut hidden)).collect()
}

/// Sentence for scoring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gold {
    /// Id of the sentence.
    pub(super) id: String,
    /// Tag of each word, IOB2.
    pub(super) tags: Vec<String>,
    /// Word of each piece.
    pub(super) words: Vec<usize>,
    /// Tag of each piece, [`IGNORE`] where it is not counted.
    pub(super) labels: Vec<i64>,
}

/// Encoded split of the data.
#[derive(Clone, Debug, Default)]
pub(super) struct EncodedSplit {
    pub(super) examples: Vec<Example>,
    pub(super) gold: Vec<Gold>,
    /// Number of sentences that were cut into windows.
    pub(super) cut: usize,
    /// Number of words without a piece.
    pub(super) without_piece: usize,
    /// Number of words whose tag the model does not have.
    pub(super) unknown_tags: usize,
}

impl EncodedSplit {
    /// Repeats these examples, and adds those of other sentences.
    pub(super) fn mixed(mut self, repeats: usize, others: Self) -> Self {
        let tagged = self.examples.clone();
        for _ in 1..repeats {
            self.examples.extend(tagged.iter().cloned());
        }
        let shift = self.gold.len();
        let examples = others.examples.into_iter();
        self.examples.extend(examples.map(|example| Example { sentence: example.sentence + shift, ..example }));
        self.gold.extend(others.gold);
        self.cut += others.cut;
        self.without_piece += others.without_piece;
        self.unknown_tags += others.unknown_tags;
        self
    }

    /// Removes the tags of all sentences, which are not to be learned.
    pub(super) fn without_labels(mut self) -> Self {
        self.examples.iter_mut().for_each(|example| example.labels.clear());
        self.gold.iter_mut().for_each(|gold| gold.labels.fill(IGNORE));
        self
    }

    /// Number of pieces of all examples, special ones included.
    pub(super) fn pieces(&self) -> usize {
        self.examples.iter().map(|example| example.ids.len()).sum()
    }

    /// Returns warnings about the split, for people.
    pub(super) fn notes(&self, name: &str) -> Vec<String> {
        let notes = [
            (self.cut, "sentence", "longer than the model reads; cut into windows, no word is lost"),
            (self.without_piece, "word", "without a piece in the model's vocabulary; predicted O"),
            (self.unknown_tags, "word", "with a tag that the training split does not have; missed"),
        ];
        let notes = notes.into_iter().filter(|(count, ..)| *count > 0);
        notes.map(|(count, noun, what)| format!("{name}: {} {what}", with_noun(count, noun))).collect()
    }
}

impl Coder<'_> {
    /// Encodes a split of the data on the threads of the caller's pool.
    /// Sentences without words are left out.
    pub(super) fn encode(&self, sentences: &[Sentence]) -> Result<EncodedSplit, TrainError> {
        self.encode_with(sentences, None)
    }

    /// As [`Coder::encode`], with the answers of teachers.
    /// They have these sentences from that place on.
    pub(super) fn encode_with(
        &self,
        sentences: &[Sentence],
        answers: Option<(&Answers, usize)>,
    ) -> Result<EncodedSplit, TrainError> {
        let with_words = sentences.iter().enumerate().filter(|(_, sentence)| !sentence.words.is_empty());
        let (places, sentences): (Vec<usize>, Vec<&Sentence>) = with_words.unzip();
        for sentence in &sentences {
            if sentence.words.len() != sentence.tags.len() {
                let (words, tags) = (sentence.words.len(), sentence.tags.len());
                return Err(TrainError::Tags { id: sentence.id.clone(), words, tags });
            }
        }
        let words: Vec<&[String]> = sentences.iter().map(|sentence| sentence.words.as_slice()).collect();
        let mut split = EncodedSplit::default();
        let pieces = match self.tokenizer.words_batch(&words) {
            Ok(pieces) => pieces,
            Err(source) => return Err(TrainError::Tokenizer { id: self.find_refused(&sentences), source }),
        };
        for ((place, sentence), pieces) in places.into_iter().zip(sentences).zip(pieces) {
            let first = split.examples.len();
            let taught = self.add(&mut split, sentence, pieces);
            if let Some((answers, start)) = answers {
                let examples = split.examples.iter_mut().skip(first);
                examples.for_each(|example| example.soft = soft_labels(example, &taught, answers, start + place));
            }
        }
        Ok(split)
    }

    /// Returns the id of the sentence that the tokenizer refuses.
    fn find_refused(&self, sentences: &[&Sentence]) -> String {
        for sentence in sentences {
            let words: Vec<&str> = sentence.words.iter().map(String::as_str).collect();
            if self.tokenizer.words(&words).is_err() {
                return sentence.id.clone();
            }
        }
        String::new()
    }

    /// Adds a sentence. Returns for each of its pieces whether the label mode gives it a tag.
    fn add(&self, split: &mut EncodedSplit, sentence: &Sentence, pieces: WordPieces) -> Vec<bool> {
        let tags: Vec<String> = sentence.tags.iter().map(|tag| to_iob2(tag)).collect();
        let ids: Vec<Option<usize>> = tags.iter().map(|tag| self.tags.iter().position(|have| have == tag)).collect();
        split.unknown_tags += ids.iter().filter(|id| id.is_none()).count();
        let known: Vec<usize> = ids.iter().map(|id| id.unwrap_or(0)).collect();
        let mut labels = piece_tags(&pieces, &known, self.mode, &|tag| if tag % 2 == 1 { tag + 1 } else { tag });
        let taught = labels.iter().map(|label| *label != IGNORE).collect();
        for (label, word) in labels.iter_mut().zip(&pieces.words) {
            if ids.get(*word).is_none_or(Option::is_none) {
                *label = IGNORE;
            }
        }
        let mut has_piece = vec![false; tags.len()];
        pieces.words.iter().for_each(|word| has_piece.get_mut(*word).into_iter().for_each(|has| *has = true));
        split.without_piece += has_piece.iter().filter(|has| !**has).count();
        let windows = self.windows(&pieces.words);
        split.cut += usize::from(windows.len() > 1);
        let at = split.gold.len();
        split.examples.extend(windows.into_iter().map(|window| self.example(at, &pieces, &labels, window)));
        split.gold.push(Gold { id: sentence.id.clone(), tags, words: pieces.words, labels });
        taught
    }

    /// Cuts a sentence into windows.
    /// Neighbours share some pieces, so that every word has context.
    fn windows(&self, words: &[usize]) -> Vec<Window> {
        let longest = self.longest.saturating_sub(2).max(1);
        word_windows(words, longest, self.stride.unwrap_or(longest / 8))
    }

    fn example(&self, sentence: usize, pieces: &WordPieces, labels: &[i64], window: Window) -> Example {
        let inside = pieces.ids.get(window.pieces.clone()).unwrap_or_default();
        let ids = std::iter::once(self.tokenizer.cls()).chain(inside.iter().copied()).chain([self.tokenizer.sep()]);
        let offset = window.keep.start - window.pieces.start + 1;
        let kept = labels.get(window.keep.clone()).unwrap_or_default().iter().enumerate();
        let labels = kept.filter_map(|(at, label)| Some((offset + at, usize::try_from(*label).ok()?))).collect();
        Example { sentence, ids: ids.collect(), labels, soft: None, keep: window.keep, offset }
    }
}

/// Returns the probabilities for the pieces that an example teaches.
/// `taught` has all pieces of its sentence, `sentence` is its place among the answers.
fn soft_labels(example: &Example, taught: &[bool], answers: &Answers, sentence: usize) -> Option<SoftLabels> {
    let rows = answers.rows(sentence).filter(|rows| rows.len() == taught.len())?;
    let kept = example.keep.clone().enumerate().filter(|(_, piece)| taught.get(*piece) == Some(&true));
    let at =
        kept.map(|(at, piece)| (example.offset + at, rows.start + piece)).filter(|(_, row)| answers.is_known(*row));
    Some(SoftLabels { table: Arc::clone(&answers.table), at: at.collect() })
}

/// Converts a tag of any scheme to IOB2.
fn to_iob2(tag: &str) -> String {
    match Tag::read(tag) {
        Tag::Outside => "O".to_owned(),
        Tag::Inside { prefix: 'B' | 'S' | 'U', label } => format!("B-{label}"),
        Tag::Inside { label, .. } => format!("I-{label}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::embedded, spans::dataset::tag_names};

    fn sentence(words: &[&str], tags: &[&str]) -> Sentence {
        let owned = |list: &[&str]| list.iter().map(|item| (*item).to_owned()).collect();
        Sentence { id: "r1".into(), words: owned(words), tags: owned(tags) }
    }

    fn part(mode: LabelMode, longest: usize, sentences: &[Sentence]) -> Result<EncodedSplit, TrainError> {
        let tokenizer = embedded::tokenizer();
        let tags = tag_names(&["Dish".to_owned(), "Price".to_owned()]);
        Coder { tokenizer: &tokenizer, tags: &tags, mode, longest, stride: None }.encode(sentences)
    }

    #[test]
    fn label_modes_differ_on_later_pieces_only() {
        let sentences = [sentence(&["great", "tagliatelle"], &["O", "B-Dish"])];
        let labels = |mode| part(mode, 64, &sentences).unwrap().gold.remove(0).labels;
        let first = labels(LabelMode::First);
        assert!(first.len() > 2, "tagliatelle is several pieces");
        assert_eq!(first[..2], [0, 1]);
        assert!(first[2..].iter().all(|label| *label == IGNORE));
        assert!(labels(LabelMode::AllB)[1..].iter().all(|label| *label == 1));
        assert!(labels(LabelMode::AllI)[2..].iter().all(|label| *label == 2));
    }

    #[test]
    fn a_long_sentence_is_cut_and_no_labelled_piece_is_lost_or_taught_twice() {
        let words = ["cheap", "tacos", "and", "tagliatelle"].repeat(9);
        let tags = ["B-Price", "B-Dish", "O", "B-Dish"].repeat(9);
        let part = part(LabelMode::AllB, 12, &[sentence(&words, &tags)]).unwrap();
        assert_eq!((part.cut, part.without_piece), (1, 0));
        assert!(part.examples.len() > 3 && part.examples.iter().all(|example| example.ids.len() <= 12));
        let taught: Vec<i64> = part.examples.iter().flat_map(|e| &e.labels).map(|(_, tag)| *tag as i64).collect();
        assert_eq!(taught, part.gold[0].labels);
        for example in &part.examples {
            assert_eq!(example.labels.first().map(|label| label.0), Some(example.offset));
        }
    }

    #[test]
    fn strange_words_and_tags_are_counted() {
        let odd = sentence(&["\u{200b}", "tacos", "now"], &["B-Dish", "S-Dish", "B-Hours"]);
        let part = part(LabelMode::First, 64, &[odd, sentence(&[], &[])]).unwrap();
        assert_eq!((part.without_piece, part.unknown_tags, part.gold.len()), (1, 1, 1));
        assert_eq!(part.gold[0].tags, ["B-Dish", "B-Dish", "B-Hours"]);
        assert_eq!(part.gold[0].labels[0], 1);
        assert!(part.gold[0].labels[1..].iter().all(|label| *label == IGNORE));
        assert_eq!(part.notes("train").len(), 2);
    }

    #[test]
    fn a_missing_tag_is_reported_with_the_id_of_the_sentence() {
        let error = part(LabelMode::First, 64, &[sentence(&["a", "b"], &["O"])]).unwrap_err();
        assert_eq!(error.to_string(), "r1: 2 words, but 1 tags");
    }
}
