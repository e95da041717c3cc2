//! Evaluation of a predictor on gold sentences.
//! By word and by piece, lenient and strict, with every mistake.

use std::collections::{BTreeMap, HashSet};

use thiserror::Error;

use super::{Calibrations, Logits, PredictError, Predictor, WordTag, decode, scores::best};
use crate::{
    model::{WordPieces, align::piece_tags},
    runs::LabelMode,
    spans::{
        Confusion, Grammar, Mistake, Scheme, Sentence,
        mistakes::compare,
        scheme::{Tag, decode as spans_of},
        score::{Mode, Report, ScoreError, score},
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
    /// Every mistake by word, lenient, in reading order.
    pub mistakes: Vec<Mistake>,
    /// How far the scores of suggestions are from the share of right spans.
    pub calibration: Calibrations,
    /// Gold labels that the model does not have, with their number of entities.
    pub unknown: BTreeMap<String, usize>,
}

/// Evaluates `predictor` on `sentences`.
///
/// Pieces are labelled as in the model's training; if that is unknown, as in the lesson: every piece has its word's tag.
/// The tags of a model may be labels alone (`PER`): then a span is a run of one label, in words and in pieces.
///
/// # Errors
/// A sentence whose words and tags differ in number, or one that the tokenizer refuses.
pub fn evaluate(predictor: &Predictor, sentences: &[Sentence]) -> Result<Evaluation, EvalError> {
    check(sentences)?;
    let tags = predictor.tags();
    let texts: Vec<&[String]> = sentences.iter().map(|sentence| sentence.words.as_slice()).collect();
    let answers = predictor.pieces(&texts)?;
    let choices: Vec<Vec<Option<WordTag>>> = texts
        .iter()
        .zip(&answers)
        .map(|(words, (pieces, rows))| decode::word_tags(words.len(), &pieces.words, rows, predictor.grammar()))
        .collect();
    let gold: Vec<Vec<&str>> = sentences.iter().map(|sentence| strs(&sentence.tags)).collect();
    let mut predicted: Vec<Vec<String>> = choices.iter().map(|choices| owned(&decode::names(choices, tags))).collect();
    let has_borders = tags.iter().any(|tag| begins_span(tag));
    let label_mode = predictor.label_mode().unwrap_or(if has_borders { LabelMode::AllB } else { LabelMode::AllI });
    let (piece_gold, mut piece_predicted) = by_piece(&answers, &gold, (tags, predictor.grammar()), label_mode);
    if !has_borders {
        // Strict scores would count no span of a model that has labels alone.
        predicted.iter_mut().chain(&mut piece_predicted).for_each(|tags| *tags = with_borders(tags));
    }
    let predicted: Vec<Vec<&str>> = predicted.iter().map(|tags| strs(tags)).collect();
    Ok(Evaluation {
        sentences: sentences.len(),
        words: gold.iter().map(Vec::len).sum(),
        pieces: answers.iter().map(|(pieces, _)| pieces.words.len()).sum(),
        word: measure(&gold, &predicted)?,
        piece: measure(&piece_gold, &piece_predicted)?,
        label_mode,
        confusion: Confusion::new(&gold, &predicted),
        mistakes: mistakes(&gold, &predicted, &choices),
        calibration: Calibrations::of(predictor, &gold, &answers),
        unknown: unknown(&gold, tags),
    })
}

fn check(sentences: &[Sentence]) -> Result<(), EvalError> {
    let uneven = sentences.iter().find(|sentence| sentence.words.len() != sentence.tags.len());
    uneven.map_or(Ok(()), |sentence| {
        let (words, tags) = (sentence.words.len(), sentence.tags.len());
        Err(EvalError::Uneven { id: sentence.id.clone(), words, tags })
    })
}

/// Returns gold and predicted tags of the counted pieces of each sentence.
fn by_piece(
    answers: &[(WordPieces, Logits)],
    gold: &[Vec<&str>],
    (tags, grammar): (&[String], Option<&Grammar>),
    mode: LabelMode,
) -> (Vec<Vec<String>>, Vec<Vec<String>>) {
    let sentences = answers.iter().zip(gold);
    sentences.map(|((pieces, rows), gold)| pieces_of_sentence(pieces, rows, gold, (tags, grammar), mode)).unzip()
}

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

fn measure<S: AsRef<str>>(gold: &[Vec<S>], predicted: &[Vec<S>]) -> Result<Measured, ScoreError> {
    Ok(Measured { lenient: score(gold, predicted, Mode::Default)?, strict: score(gold, predicted, Mode::Strict) })
}

fn mistakes(gold: &[Vec<&str>], predicted: &[Vec<&str>], choices: &[Vec<Option<WordTag>>]) -> Vec<Mistake> {
    let mut all = Vec::new();
    for (sentence, ((gold, predicted), choices)) in gold.iter().zip(predicted).zip(choices).enumerate() {
        all.extend(compare(&spans_of(gold), &spans_of(predicted)).into_iter().map(|mistake| {
            let sureness = decode::sureness(choices, mistake.words());
            Mistake { sentence, sureness, ..mistake }
        }));
    }
    all
}

/// Counts the entities whose label the model does not have.
fn unknown(gold: &[Vec<&str>], tags: &[String]) -> BTreeMap<String, usize> {
    let known: HashSet<&str> = tags.iter().filter_map(|tag| Tag::read(tag).label()).collect();
    let mut counts = BTreeMap::new();
    for span in gold.iter().flat_map(|tags| spans_of(tags)) {
        if !known.contains(span.label.as_str()) {
            *counts.entry(span.label).or_insert(0) += 1;
        }
    }
    counts
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
    fn uneven_sentences_are_reported_with_their_place() {
        let uneven = Sentence { words: vec!["a".into()], ..sentence(&[]) };
        let message = evaluate(&fake::predictor(512), &[uneven]).unwrap_err().to_string();
        assert_eq!(message, "data.txt:1: 1 words, but 0 tags");
    }
}
