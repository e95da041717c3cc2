//! Evaluation of a predictor on gold sentences.
//! By word and by piece, lenient and strict, with every mistake.
//!
//! Sentences come in blocks, and of each only its counts are kept, so that a file of any size can be evaluated.

use std::collections::{BTreeMap, HashSet};

use thiserror::Error;

use super::{
    Calibrations, Logits, PredictError, Predictor, WordTag, calibrations::CalibrationCounter, decode, scores::best,
};
use crate::{
    model::{WordPieces, align::piece_tags},
    runs::LabelMode,
    spans::{
        Confusion, ConfusionCounter, Counting, Grammar, Mistake, MistakeKind, Scheme, Sentence, SentenceCounts,
        TextFingerprint, WordSpan,
        mistakes::compare,
        scheme::{Tag, decode as spans_of},
        score::{EntityCounts, Report, ScoreError, Scorer},
    },
};

/// Error of an evaluation.
#[derive(Debug, Error)]
pub enum EvalError {
    /// The predictor failed.
    #[error(transparent)]
    Predict(#[from] PredictError),
    /// The scores cannot be computed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// A sentence has not one tag for each word.
    #[error("{id}: {words} words, but {tags} tags")]
    Uneven {
        /// The sentence.
        id: String,
        /// Number of its words.
        words: usize,
        /// Number of its tags.
        tags: usize,
    },
}

/// Scores in both modes of seqeval.
#[derive(Clone, Debug)]
pub struct Measured {
    /// seqeval's default: an `I-` that follows nothing opens an entity.
    pub lenient: Report,
    /// seqeval's `mode="strict", scheme=IOB2`.
    /// An error if the model has tags that are not of this scheme.
    pub strict: Result<Report, ScoreError>,
}

/// Result of an evaluation.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Number of sentences.
    pub sentences: usize,
    /// Number of their words.
    pub words: usize,
    /// Number of their pieces.
    pub pieces: usize,
    /// Scores by word; a word has the tag of its first piece.
    pub word: Measured,
    /// Scores by piece.
    pub piece: Measured,
    /// Pieces of a word that have its gold tag in the scores by piece.
    /// The others are not counted.
    pub label_mode: LabelMode,
    /// Confused labels, in words.
    pub confusion: Confusion,
    /// Number of mistakes of each kind, by word, lenient.
    pub kinds: BTreeMap<MistakeKind, usize>,
    /// Every mistake by word, lenient, in reading order, from [`evaluate`].
    /// Empty from an [`Evaluator`], whose caller gets them sentence by sentence.
    pub mistakes: Vec<Mistake>,
    /// How far the scores of suggestions are from the share of right spans.
    pub calibration: Calibrations,
    /// Gold labels that the model does not have, with their number of entities.
    pub unknown: BTreeMap<String, usize>,
    /// Counts of each sentence in all ways, with the ways numbered as in [`Counting::ALL`], for intervals.
    pub counts: SentenceCounts,
    /// Fingerprint of the sentences.
    pub fingerprint: TextFingerprint,
}

impl Evaluation {
    /// Returns the scores of a way of counting.
    ///
    /// # Errors
    /// The tags have no strict scores.
    pub fn report(&self, counting: Counting) -> Result<&Report, &ScoreError> {
        match counting {
            Counting::Word => Ok(&self.word.lenient),
            Counting::WordStrict => self.word.strict.as_ref(),
            Counting::Piece => Ok(&self.piece.lenient),
            Counting::PieceStrict => self.piece.strict.as_ref(),
        }
    }

    /// Labels of the gold entities, sorted.
    pub fn gold_labels(&self) -> impl Iterator<Item = &str> {
        let labels = self.word.lenient.labels.iter().filter(|(_, counts)| counts.support() > 0);
        labels.map(|(label, _)| label.as_str())
    }
}

/// Result for one sentence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SentenceOutcome {
    /// Its counts for each way and label.
    pub counts: Vec<(Counting, String, EntityCounts)>,
    /// Its mistakes by word, lenient, in reading order.
    pub mistakes: Vec<Mistake>,
}

/// Evaluates `predictor` on `sentences`.
///
/// # Errors
/// A sentence whose words and tags differ in number, or one that the tokenizer refuses.
pub fn evaluate(predictor: &Predictor, sentences: &[Sentence]) -> Result<Evaluation, EvalError> {
    let mut evaluator = Evaluator::new(predictor);
    let outcomes = evaluator.add(sentences)?;
    let mistakes = outcomes.into_iter().flat_map(|outcome| outcome.mistakes).collect();
    Ok(Evaluation { mistakes, ..evaluator.finish() })
}

/// An evaluation in progress.
///
/// Pieces are labelled as in the model's training; if that is unknown, as in the lesson: every piece has its word's tag.
/// The tags of a model may be labels alone (`PER`): then a span is a run of one label, in words and in pieces.
pub struct Evaluator<'p> {
    predictor: &'p Predictor,
    label_mode: LabelMode,
    /// Whether some tag of the model begins a span. Otherwise strict scores would count no span.
    has_borders: bool,
    /// Labels of the model.
    known: HashSet<&'p str>,
    words: usize,
    pieces: usize,
    by_word: Scorers,
    by_piece: Scorers,
    confusion: ConfusionCounter,
    kinds: BTreeMap<MistakeKind, usize>,
    unknown: BTreeMap<String, usize>,
    counts: SentenceCounts,
    calibration: CalibrationCounter,
    fingerprint: TextFingerprint,
}

impl<'p> Evaluator<'p> {
    /// Starts without sentences.
    pub fn new(predictor: &'p Predictor) -> Self {
        let tags = predictor.tags();
        let has_borders = tags.iter().any(|tag| begins_span(tag));
        let label_mode = predictor.label_mode().unwrap_or(if has_borders { LabelMode::AllB } else { LabelMode::AllI });
        Self {
            predictor,
            label_mode,
            has_borders,
            known: tags.iter().filter_map(|tag| Tag::read(tag).label()).collect(),
            words: 0,
            pieces: 0,
            by_word: Scorers::new([Counting::Word, Counting::WordStrict]),
            by_piece: Scorers::new([Counting::Piece, Counting::PieceStrict]),
            confusion: ConfusionCounter::default(),
            kinds: MistakeKind::ALL.iter().map(|kind| (*kind, 0)).collect(),
            unknown: BTreeMap::new(),
            counts: SentenceCounts::new(Counting::ALL.len()),
            calibration: CalibrationCounter::default(),
            fingerprint: TextFingerprint::default(),
        }
    }

    /// Evaluates a block of sentences, and returns the result for each.
    ///
    /// # Errors
    /// A sentence whose words and tags differ in number, or one that the tokenizer refuses.
    pub fn add(&mut self, sentences: &[Sentence]) -> Result<Vec<SentenceOutcome>, EvalError> {
        check(sentences)?;
        let texts: Vec<&[String]> = sentences.iter().map(|sentence| sentence.words.as_slice()).collect();
        let answers = self.predictor.pieces(&texts)?;
        sentences.iter().zip(&answers).map(|(sentence, answer)| self.add_sentence(sentence, answer)).collect()
    }

    fn add_sentence(
        &mut self,
        sentence: &Sentence,
        (pieces, rows): &(WordPieces, Logits),
    ) -> Result<SentenceOutcome, EvalError> {
        let predictor = self.predictor;
        let (tags, grammar) = (predictor.tags(), predictor.grammar());
        let choices = decode::word_tags(sentence.words.len(), &pieces.words, rows, grammar);
        let mut predicted = owned(&decode::names(&choices, tags));
        let gold = strs(&sentence.tags);
        let (piece_gold, mut piece_predicted) =
            pieces_of_sentence(pieces, rows, &gold, (tags, grammar), self.label_mode);
        if !self.has_borders {
            predicted = with_borders(&predicted);
            piece_predicted = with_borders(&piece_predicted);
        }
        let mut counts = self.by_word.add(&sentence.tags, &predicted)?;
        counts.extend(self.by_piece.add(&piece_gold, &piece_predicted)?);
        self.counts.add(counts.iter().map(|(counting, label, counts)| (*counting as usize, label.as_str(), *counts)));
        self.confusion.add(&gold, &predicted);
        self.calibration.add(predictor, &gold, (pieces, rows));
        let gold = spans_of(&gold);
        self.count_unknown(&gold);
        let mistakes: Vec<Mistake> = compare(&gold, &spans_of(&strs(&predicted)))
            .into_iter()
            .map(|mistake| self.placed(mistake, &choices))
            .collect();
        for mistake in &mistakes {
            *self.kinds.entry(mistake.kind).or_default() += 1;
        }
        self.words += sentence.words.len();
        self.pieces += pieces.words.len();
        self.fingerprint.add(&sentence.words);
        Ok(SentenceOutcome { counts, mistakes })
    }

    /// Adds the sentence and the confidence of the model to a mistake.
    fn placed(&self, mistake: Mistake, choices: &[Option<WordTag>]) -> Mistake {
        let sureness = decode::sureness(choices, mistake.words());
        Mistake { sentence: self.fingerprint.sentences, sureness, ..mistake }
    }

    /// Counts the entities whose label the model does not have.
    fn count_unknown(&mut self, gold: &[WordSpan]) {
        for span in gold.iter().filter(|span| !self.known.contains(span.label.as_str())) {
            *self.unknown.entry(span.label.clone()).or_default() += 1;
        }
    }

    /// Returns the result for all sentences.
    pub fn finish(self) -> Evaluation {
        Evaluation {
            sentences: self.fingerprint.sentences,
            words: self.words,
            pieces: self.pieces,
            word: self.by_word.finish(),
            piece: self.by_piece.finish(),
            label_mode: self.label_mode,
            confusion: self.confusion.finish(),
            kinds: self.kinds,
            mistakes: Vec::new(),
            calibration: self.calibration.finish(self.predictor.scale()),
            unknown: self.unknown,
            counts: self.counts,
            fingerprint: self.fingerprint,
        }
    }
}

/// Lenient and strict scores of the same tags.
struct Scorers {
    lenient: (Counting, Scorer),
    /// An error from the first sentence on that has a tag that strict scoring does not know.
    strict: (Counting, Result<Scorer, ScoreError>),
}

impl Scorers {
    fn new([lenient, strict]: [Counting; 2]) -> Self {
        Self { lenient: (lenient, Scorer::new(lenient.mode())), strict: (strict, Ok(Scorer::new(strict.mode()))) }
    }

    /// Adds a sentence; returns its counts by way and label.
    fn add<S: AsRef<str>>(
        &mut self,
        gold: &[S],
        predicted: &[String],
    ) -> Result<Vec<(Counting, String, EntityCounts)>, ScoreError> {
        let (counting, scorer) = &mut self.lenient;
        let mut counts = named(*counting, scorer.add(gold, predicted)?);
        let (counting, scorer) = &mut self.strict;
        if let Ok(scorer_left) = scorer {
            match scorer_left.add(gold, predicted) {
                Ok(found) => counts.extend(named(*counting, found)),
                Err(error) => *scorer = Err(error),
            }
        }
        Ok(counts)
    }

    fn finish(self) -> Measured {
        Measured { lenient: self.lenient.1.finish(), strict: self.strict.1.map(Scorer::finish) }
    }
}

fn named(counting: Counting, counts: Vec<(&str, EntityCounts)>) -> Vec<(Counting, String, EntityCounts)> {
    counts.into_iter().map(|(label, counts)| (counting, label.to_owned(), counts)).collect()
}

fn check(sentences: &[Sentence]) -> Result<(), EvalError> {
    let uneven = sentences.iter().find(|sentence| sentence.words.len() != sentence.tags.len());
    uneven.map_or(Ok(()), |sentence| {
        let (words, tags) = (sentence.words.len(), sentence.tags.len());
        Err(EvalError::Uneven { id: sentence.id.clone(), words, tags })
    })
}

/// Returns gold and predicted tags of the counted pieces of a sentence.
fn pieces_of_sentence(
    pieces: &WordPieces,
    rows: &Logits,
    gold: &[&str],
    (tags, grammar): (&[String], Option<&Grammar>),
    mode: LabelMode,
) -> (Vec<String>, Vec<String>) {
    // The tags of the sentence as ids for `piece_tags`, then the inside tags that they may become.
    let own: Vec<String> = gold.iter().map(|tag| (*tag).to_owned()).collect();
    let inside = own.iter().map(|tag| inside_of(tag));
    let names: Vec<String> = own.iter().cloned().chain(inside).collect();
    let ids: Vec<usize> = (0..own.len()).collect();
    let labels = piece_tags(pieces, &ids, mode, &|id| id + own.len());
    let counted = labels.into_iter().zip(rows).filter_map(|(id, row)| Some((usize::try_from(id).ok()?, row)));
    let (ids, rows): (Vec<usize>, Vec<&Vec<f32>>) = counted.unzip();
    let chosen = match grammar {
        Some(grammar) => grammar.best(&rows.iter().map(|row| Some(row.as_slice())).collect::<Vec<_>>()),
        None => rows.into_iter().map(|row| best(row).0).collect(),
    };
    let pairs = ids.into_iter().zip(chosen);
    pairs.filter_map(|(id, tag)| Some((names.get(id)?.clone(), tags.get(tag)?.clone()))).unzip()
}

/// Returns the tag of the later pieces of a word with this tag.
/// They are inside its entity.
fn inside_of(tag: &str) -> String {
    match Tag::read(tag) {
        Tag::Inside { prefix: 'B', label } => format!("I-{label}"),
        _ => tag.to_owned(),
    }
}

/// Whether a tag begins a span wherever it stands.
fn begins_span(tag: &str) -> bool {
    matches!(Tag::read(tag), Tag::Inside { prefix: 'B' | 'S' | 'U', .. })
}

/// Returns tags with a `B-` at the beginning of each span.
fn with_borders(tags: &[String]) -> Vec<String> {
    Scheme::Bio.encode(&spans_of(tags), tags.len())
}

fn owned(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|tag| (*tag).to_owned()).collect()
}

fn strs(tags: &[String]) -> Vec<&str> {
    tags.iter().map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::fake, *};
    use crate::{spans::MistakeKind, text::TextRange};

    fn sentence(tagged: &[(&str, &str)]) -> Sentence {
        let (words, tags) = tagged.iter().map(|(word, tag)| ((*word).to_owned(), (*tag).to_owned())).unzip();
        Sentence { id: "data.txt:1".into(), words, tags }
    }

    #[test]
    fn a_model_is_measured_by_word_and_by_piece() {
        let sentences = [
            sentence(&[("cheap", "B-Price"), ("gnocchi", "B-Dish"), ("pozole", "I-Dish"), ("\u{200b}", "O")]),
            sentence(&[("pozole", "I-Dish"), ("near", "B-Location"), ("me", "I-Location"), ("cheap", "O")]),
            sentence(&[]),
        ];
        let found = evaluate(&fake::predictor(512), &sentences).unwrap();
        assert_eq!((found.sentences, found.words), (3, 8));
        // `gnocchi` and `pozole` have three pieces, of which this model tags the first; the invisible word has none.
        assert_eq!(found.pieces, 13);
        assert!(found.piece.lenient.accuracy() < found.word.lenient.accuracy());
        assert!((found.word.lenient.accuracy() - 5.0 / 8.0).abs() < 1e-9);
        let kinds: Vec<(usize, MistakeKind)> =
            found.mistakes.iter().map(|mistake| (mistake.sentence, mistake.kind)).collect();
        assert_eq!(kinds, [(1, MistakeKind::Missed), (1, MistakeKind::Spurious)]);
        assert!(found.mistakes.iter().all(|mistake| mistake.sureness > 0.9));
        assert_eq!(found.unknown, BTreeMap::from([("Location".to_owned(), 1)]));
        assert_eq!(found.confusion.labels, ["Dish", "Location", "Price"]);
    }

    #[test]
    fn labels_without_letters_are_counted_as_they_are_found() {
        let sentences = [
            sentence(&[("lasagne", "B-PER"), ("gnocchi", "I-PER"), ("near", "O"), ("cheap", "B-LOC")]),
            sentence(&[("lasagne", "B-PER"), ("now", "O")]),
        ];
        for (tags, label) in [(["O", "PER", "X", "LOC", "Y"], "PER"), (["LABEL_0", "PER", "X", "LOC", "Y"], "LABEL_0")]
        {
            let predictor = fake::predictor_with(512, &tags);
            let found = evaluate(&predictor, &sentences).unwrap();
            let strict = found.word.strict.as_ref().unwrap();
            assert!(strict.labels.contains_key(label), "{:?}", strict.labels);
            assert_eq!(found.word.lenient.labels["PER"].true_positives, 2);
            assert_eq!(strict.labels["LOC"].rates().f1.to_bits(), 1.0_f64.to_bits());
            assert_eq!(found.label_mode, LabelMode::AllI);
            let outside = found.confusion.labels.iter().any(|name| name == "ER" || name == "ABEL_0");
            assert!(!outside && found.unknown.is_empty(), "{:?}", found.confusion.labels);
            let words = [TextRange::new(0, 7), TextRange::new(8, 13)];
            let entities = predictor.answer("lasagne cheap", &words).unwrap().entities;
            let found: Vec<&str> = entities.iter().map(|entity| entity.label.as_str()).collect();
            assert_eq!(found, ["PER", "LOC"]);
        }
    }

    #[test]
    fn a_model_that_chooses_in_sequence_has_no_span_that_begins_inside() {
        let sentences =
            [sentence(&[("near", "O"), ("verde", "O")]), sentence(&[("lasagne", "B-Dish"), ("verde", "I-Dish")])];
        let invented = |predictor: &Predictor| {
            let found = evaluate(predictor, &sentences).unwrap();
            let counts =
                |report: &Report| (report.labels["Dish"].true_positives, report.labels["Dish"].false_positives);
            (counts(&found.word.lenient), found.piece.lenient.labels["Dish"].false_positives)
        };
        assert_eq!(invented(&fake::predictor(512).with_label_mode(Some(LabelMode::First))), ((1, 1), 1));
        let in_sequence = fake::predictor(512).in_sequence().with_label_mode(Some(LabelMode::First));
        assert_eq!(invented(&in_sequence), ((1, 0), 0));
        let found = in_sequence.words(&[&["near", "verde"]]).unwrap();
        assert!(found[0].iter().all(|tag| tag.is_some_and(|tag| tag.tag == 0 && tag.margin >= 0.0)), "{found:?}");
    }

    #[test]
    fn pieces_are_counted_as_the_model_was_trained() {
        let sentences = [sentence(&[("gnocchi", "B-Dish"), ("pozole", "I-Dish"), ("now", "O")])];
        let measured = |mode| {
            let found = evaluate(&fake::predictor(512).with_label_mode(mode), &sentences).unwrap();
            assert_eq!((found.pieces, found.label_mode), (7, mode.unwrap_or(LabelMode::AllB)));
            let counts = found.piece.lenient.labels["Dish"];
            (counts.true_positives, counts.false_positives, counts.false_negatives)
        };
        // `gnocchi` and `pozole` have three pieces each, of which this model tags the first: B I for the words.
        assert_eq!(measured(Some(LabelMode::First)), (1, 0, 0));
        // Every piece of `gnocchi` is a span of its own, and the last goes on with those of `pozole`.
        assert_eq!(measured(Some(LabelMode::AllB)), measured(None));
        assert_eq!(measured(None), (1, 1, 2));
        // All six are one span, of which the model finds two pieces apart.
        assert_eq!(measured(Some(LabelMode::AllI)), (0, 2, 1));
    }

    #[test]
    fn blocks_give_the_same_as_all_sentences_at_once() {
        let sentences = [
            sentence(&[("cheap", "B-Price"), ("gnocchi", "I-Dish"), ("pozole", "I-Dish")]),
            sentence(&[("pozole", "I-Dish"), ("near", "S-Location"), ("cheap", "O")]),
            sentence(&[("lasagne", "B-Price"), ("now", "O")]),
        ];
        let predictor = fake::predictor(512);
        let whole = evaluate(&predictor, &sentences).unwrap();
        let mut evaluator = Evaluator::new(&predictor);
        let mut outcomes = evaluator.add(&sentences[..1]).unwrap();
        outcomes.extend(evaluator.add(&sentences[1..]).unwrap());
        let blocks = evaluator.finish();
        let mistakes: Vec<Mistake> = outcomes.iter().flat_map(|outcome| outcome.mistakes.clone()).collect();
        assert_eq!(mistakes, whole.mistakes);
        assert_eq!(blocks.kinds.values().sum::<usize>(), mistakes.len());
        assert_eq!((blocks.word.lenient.clone(), &blocks.confusion), (whole.word.lenient.clone(), &whole.confusion));
        // `S-` has no strict scores, and the error names the sentence among all.
        let error = blocks.word.strict.as_ref().unwrap_err();
        assert!(matches!(error, ScoreError::Tag { sentence: 2, word: 2, .. }), "{error}");
        assert_eq!(blocks.report(Counting::Word).unwrap(), &whole.word.lenient);
        // The counts of the sentences are those of the scores.
        let interval = |found: &Evaluation| found.counts.resample()[0].overall.interval().unwrap();
        assert_eq!(interval(&blocks), interval(&whole));
        let mut sum = EntityCounts::default();
        let counted = outcomes.iter().flat_map(|outcome| &outcome.counts);
        counted.filter(|(counting, ..)| *counting == Counting::Word).for_each(|(.., counts)| sum.add(*counts));
        assert_eq!(sum, blocks.word.lenient.overall);
        assert_eq!(blocks.fingerprint, whole.fingerprint);
        assert_eq!(blocks.gold_labels().collect::<Vec<_>>(), ["Dish", "Location", "Price"]);
    }

    #[test]
    fn uneven_sentences_are_reported_with_their_place() {
        let uneven = Sentence { words: vec!["a".into()], ..sentence(&[]) };
        let message = evaluate(&fake::predictor(512), &[uneven]).unwrap_err().to_string();
        assert_eq!(message, "data.txt:1: 1 words, but 0 tags");
    }
}
