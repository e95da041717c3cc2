//! Scores of a network on a split of the data, by piece and by word.

use rayon::prelude::*;

use super::{
    TrainError,
    engine::{Engine, Predictions},
    examples::{EncodedSplit, Example, Gold},
};
use crate::{
    model::align::IGNORE,
    runs::{
        LabelScores, Point, Scores, SplitScores,
        metrics::{Table, Tables},
    },
    spans::{
        Grammar, first_pieces, first_rows,
        score::{self, EntityCounts, LabelCounts, Mode, score, score_by_sentence},
    },
};

/// Number of sentences in a batch.
const BATCH: usize = 64;
/// Largest number of pieces in a batch; a longer sentence is a batch of its own.
const PIECES: usize = 2048;

/// Result of an evaluation.
#[derive(Clone, Debug)]
pub(super) struct Evaluation {
    /// Mean loss per labelled piece.
    pub(super) loss: f64,
    pub(super) counts: SplitScores,
    word: Table,
    tables: Tables,
    /// Counts of each sentence by label, per word, lenient.
    sentences: Vec<LabelCounts>,
}

impl Evaluation {
    /// Counts of each sentence by label, per word, lenient.
    pub(super) fn sentences(&self) -> &[LabelCounts] {
        &self.sentences
    }

    /// Returns the point for it.
    pub(super) fn point(&self, split: &str, step: usize, epoch: f64) -> Point {
        Point::Eval {
            step,
            epoch,
            split: split.to_owned(),
            loss: self.loss,
            piece: self.counts.piece,
            word: self.counts.word,
            labels: self.word.labels.clone(),
            tables: Some(Box::new(self.tables.clone())),
        }
    }
}

/// Scores the network without dropout.
///
/// Only the best tag of a piece is kept, not its logits, unless tags are chosen as a sequence.
pub(super) fn evaluate(engine: &dyn Engine, split: &EncodedSplit) -> Result<Evaluation, TrainError> {
    let tags = &engine.config().tags;
    let (chosen, loss, labelled) = if engine.config().constrained {
        let (rows, loss, labelled) = predict_all(split, |batch| engine.logits(batch));
        (Chosen::in_sequence(split, &rows, &Grammar::new(tags)), loss, labelled)
    } else {
        let (best, loss, labelled) = predict_all(split, |batch| engine.predict(batch));
        (Chosen::each_by_itself(split, &best), loss, labelled)
    };
    let by_piece = by_piece(split, &chosen.pieces, tags);
    let by_word = by_word(split, &chosen.words, tags);
    let (word, sentences) = table_by_sentence(&by_word)?;
    let tables = Tables {
        word_strict: table(&by_word, Mode::Strict)?,
        piece: table(&by_piece, Mode::Default)?,
        piece_strict: table(&by_piece, Mode::Strict)?,
    };
    Ok(Evaluation {
        loss: if labelled == 0 { 0.0 } else { loss / labelled as f64 },
        counts: SplitScores { piece: tables.piece.all, word: word.all },
        word,
        tables,
        sentences,
    })
}

/// Returns the prediction for each piece of each sentence.
/// Also the summed loss of the labelled ones, and their number.
pub(super) fn predict_all<T: Clone + Default + Send>(
    split: &EncodedSplit,
    predict: impl Fn(&[&Example]) -> Predictions<T> + Sync,
) -> (Vec<Vec<T>>, f64, usize) {
    predict_part((&split.gold, &split.examples), 0, predict)
}

/// As [`predict_all`], for some sentences, the first of which has number `start` in its split.
/// The examples are theirs.
pub(super) fn predict_part<T: Clone + Default + Send>(
    (gold, examples): (&[Gold], &[Example]),
    start: usize,
    predict: impl Fn(&[&Example]) -> Predictions<T> + Sync,
) -> (Vec<Vec<T>>, f64, usize) {
    let mut found: Vec<Vec<T>> = gold.iter().map(|gold| vec![T::default(); gold.words.len()]).collect();
    let batches = batches(examples);
    let predictions: Vec<Predictions<T>> = batches.par_iter().map(|batch| predict(batch)).collect();
    let (mut loss, mut labelled) = (0.0, 0);
    for (batch, predictions) in batches.iter().zip(predictions) {
        loss += predictions.loss;
        labelled += predictions.labelled;
        for (example, pieces) in batch.iter().zip(predictions.pieces) {
            let pieces = pieces.into_iter().skip(example.offset);
            let to = example.sentence.checked_sub(start).and_then(|at| found.get_mut(at));
            let to = to.and_then(|all| all.get_mut(example.keep.clone()));
            to.unwrap_or_default().iter_mut().zip(pieces).for_each(|(to, piece)| *to = piece);
        }
    }
    (found, loss, labelled)
}

/// Chosen tags of each sentence.
struct Chosen {
    /// Tag of each labelled piece.
    pieces: Vec<Vec<usize>>,
    /// Tag of each word by its first piece; `None` for a word without a piece.
    words: Vec<Vec<Option<usize>>>,
}

impl Chosen {
    fn each_by_itself(split: &EncodedSplit, best: &[Vec<usize>]) -> Self {
        let both = split.gold.iter().zip(best);
        let pieces = both.clone().map(|(gold, best)| labelled(gold, best).copied().collect());
        let words = both.map(|(gold, best)| {
            let firsts = first_pieces(gold.tags.len(), &gold.words, best).into_iter();
            firsts.map(Option::<&usize>::copied).collect()
        });
        Self { pieces: pieces.collect(), words: words.collect() }
    }

    fn in_sequence(split: &EncodedSplit, rows: &[Vec<Vec<f32>>], grammar: &Grammar) -> Self {
        let sentences = split.gold.par_iter().zip(rows).map(|(gold, rows)| {
            let pieces: Vec<Option<&[f32]>> = labelled(gold, rows).map(|row| Some(row.as_slice())).collect();
            let words = first_rows(gold.tags.len(), &gold.words, rows);
            (grammar.best(&pieces), grammar.best(&words).into_iter().map(Some).collect())
        });
        let (pieces, words) = sentences.unzip();
        Self { pieces, words }
    }
}

/// Returns the values of the labelled pieces.
fn labelled<'a, T>(gold: &'a Gold, pieces: &'a [T]) -> impl Iterator<Item = &'a T> {
    gold.labels.iter().zip(pieces).filter(|(label, _)| **label != IGNORE).map(|(_, piece)| piece)
}

/// Groups examples of similar length. Their order does not influence the result.
fn batches(examples: &[Example]) -> Vec<Vec<&Example>> {
    let mut sorted: Vec<&Example> = examples.iter().collect();
    sorted.sort_by_key(|example| std::cmp::Reverse(example.ids.len()));
    let mut batches: Vec<Vec<&Example>> = Vec::new();
    let mut pieces = 0;
    for example in sorted {
        pieces += example.ids.len();
        match batches.last_mut() {
            Some(batch) if batch.len() < BATCH && pieces <= PIECES => batch.push(example),
            _ => {
                pieces = example.ids.len();
                batches.push(vec![example]);
            }
        }
    }
    batches
}

/// Gold and predicted tags of each sentence.
type Tags<'a> = (Vec<Vec<&'a str>>, Vec<Vec<&'a str>>);

/// Returns the tags of all labelled pieces.
fn by_piece<'a>(split: &EncodedSplit, chosen: &[Vec<usize>], tags: &'a [String]) -> Tags<'a> {
    let rows = split.gold.iter().zip(chosen).map(|(gold, chosen)| {
        let labels = labelled(gold, &gold.labels).map(|label| name(tags, usize::try_from(*label).ok()));
        (labels.collect(), chosen.iter().map(|tag| name(tags, Some(*tag))).collect())
    });
    rows.unzip()
}

/// Returns the tags of each word, by its first piece.
/// A word without a piece is predicted `O`.
fn by_word<'a>(split: &'a EncodedSplit, chosen: &[Vec<Option<usize>>], tags: &'a [String]) -> Tags<'a> {
    let rows = split.gold.iter().zip(chosen).map(|(gold, chosen)| {
        let predicted = chosen.iter().map(|tag| name(tags, *tag)).collect();
        (gold.tags.iter().map(String::as_str).collect(), predicted)
    });
    rows.unzip()
}

fn name(tags: &[String], tag: Option<usize>) -> &str {
    tag.and_then(|tag| tags.get(tag)).map_or("O", String::as_str)
}

fn table((gold, predicted): &Tags<'_>, mode: Mode) -> Result<Table, TrainError> {
    Ok(table_of(&score(gold, predicted, mode)?))
}

/// As [`table`] in the lenient mode, with the counts of each sentence.
fn table_by_sentence((gold, predicted): &Tags<'_>) -> Result<(Table, Vec<LabelCounts>), TrainError> {
    let (report, sentences) = score_by_sentence(gold, predicted, Mode::Default)?;
    Ok((table_of(&report), sentences))
}

fn table_of(report: &score::Report) -> Table {
    let labels = report.labels.iter().map(|(label, counts)| (label.clone(), label_scores(*counts))).collect();
    Table { all: totals(report), labels }
}

fn totals(report: &score::Report) -> Scores {
    let rates = report.micro();
    Scores { precision: rates.precision, recall: rates.recall, f1: rates.f1, accuracy: report.accuracy() }
}

fn label_scores(counts: EntityCounts) -> LabelScores {
    let rates = counts.rates();
    let found = Some(counts.true_positives + counts.false_positives);
    LabelScores { precision: rates.precision, recall: rates.recall, f1: rates.f1, support: counts.support(), found }
}
