//! Scores of a network on a part of the data, per piece and per word.

use rayon::prelude::*;

use super::{
    TrainError,
    engine::{Engine, Said},
    examples::{Example, Part},
};
use crate::{
    model::align::IGNORE,
    runs::{
        Counts, LabelScores, Point, Scores,
        metrics::{Table, Tables},
    },
    spans::score::{self, Mode, score},
};

/// Sentences that go through the network at once, and pieces at most (a longer sentence goes alone).
const BATCH: usize = 64;
const PIECES: usize = 2048;

/// What an evaluation found.
#[derive(Clone, Debug)]
pub(super) struct Evaluation {
    /// Mean loss per labelled piece.
    pub(super) loss: f64,
    pub(super) counts: Counts,
    word: Table,
    tables: Tables,
}

impl Evaluation {
    /// The line for it.
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

/// Scores the network without dropout. Only the best tag of a piece is kept, never its logits.
pub(super) fn evaluate(engine: &dyn Engine, part: &Part) -> Result<Evaluation, TrainError> {
    let mut predicted: Vec<Vec<usize>> = part.gold.iter().map(|gold| vec![0; gold.words.len()]).collect();
    let batches = batches(&part.examples);
    let said: Vec<Said> = batches.par_iter().map(|batch| engine.predict(batch)).collect();
    let (mut loss, mut labelled) = (0.0, 0);
    for (batch, said) in batches.iter().zip(said) {
        loss += said.loss;
        labelled += said.labelled;
        for (example, tags) in batch.iter().zip(said.tags) {
            let tags = tags.into_iter().skip(example.offset);
            let to = predicted.get_mut(example.sentence).and_then(|all| all.get_mut(example.keep.clone()));
            to.unwrap_or_default().iter_mut().zip(tags).for_each(|(to, tag)| *to = tag);
        }
    }
    let name = |tag: usize| engine.config().tags.get(tag).map_or("O", String::as_str);
    let (by_piece, by_word) = (by_piece(part, &predicted, &name), by_word(part, &predicted, &name));
    let word = table(&by_word, Mode::Default)?;
    let tables = Tables {
        word_strict: table(&by_word, Mode::Strict)?,
        piece: table(&by_piece, Mode::Default)?,
        piece_strict: table(&by_piece, Mode::Strict)?,
    };
    Ok(Evaluation {
        loss: if labelled == 0 { 0.0 } else { loss / labelled as f64 },
        counts: Counts { piece: tables.piece.all, word: word.all },
        word,
        tables,
    })
}

/// Examples of about the same length together; the order has no influence on the outcome.
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

/// Gold and predicted tags, sentence by sentence.
type Tags<'a> = (Vec<Vec<&'a str>>, Vec<Vec<&'a str>>);

/// All pieces that are labelled.
fn by_piece<'a>(part: &Part, predicted: &[Vec<usize>], name: &dyn Fn(usize) -> &'a str) -> Tags<'a> {
    let rows = part.gold.iter().zip(predicted).map(|(gold, predicted)| {
        let labelled = gold.labels.iter().zip(predicted).filter(|(label, _)| **label != IGNORE);
        labelled.map(|(label, tag)| (name(usize::try_from(*label).unwrap_or(usize::MAX)), name(*tag))).unzip()
    });
    rows.unzip()
}

/// Each word by its first piece; one that has none is predicted `O`.
fn by_word<'a>(part: &'a Part, predicted: &[Vec<usize>], name: &dyn Fn(usize) -> &'a str) -> Tags<'a> {
    let rows = part.gold.iter().zip(predicted).map(|(gold, predicted)| {
        let mut tags = vec!["O"; gold.tags.len()];
        for (word, tag) in gold.words.iter().zip(predicted).rev() {
            tags.get_mut(*word).into_iter().for_each(|to| *to = name(*tag));
        }
        (gold.tags.iter().map(String::as_str).collect(), tags)
    });
    rows.unzip()
}

fn table((gold, predicted): &Tags<'_>, mode: Mode) -> Result<Table, TrainError> {
    let report = score(gold, predicted, mode)?;
    let labels = report.labels.iter().map(|(label, counts)| (label.clone(), label_scores(*counts))).collect();
    Ok(Table { all: totals(&report), labels })
}

fn totals(report: &score::Report) -> Scores {
    let rates = report.micro();
    Scores { precision: rates.precision, recall: rates.recall, f1: rates.f1, accuracy: report.accuracy() }
}

fn label_scores(counts: score::Counts) -> LabelScores {
    let rates = counts.rates();
    let found = Some(counts.true_positives + counts.false_positives);
    LabelScores { precision: rates.precision, recall: rates.recall, f1: rates.f1, support: counts.support(), found }
}
