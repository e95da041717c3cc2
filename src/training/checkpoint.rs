//! Checkpoints: everything that a run needs to continue bit for bit.
//! The result is as if it had not been interrupted.
//!
//! A checkpoint is a folder with the training data (`data.json`; untagged sentences in `untagged.json`), the progress
//! (`progress.json`), and the arrays of network and optimiser (`values.safetensors` and so on). With teachers their
//! probabilities are in it, too (`answers.safetensors`), so that a run continues without them. The order of the sentences and the draws of dropout follow
//! from seed and step, so no random generator is saved.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    TrainError,
    engine::{Arrays, Counters, Engine, Named, State},
    exact,
    patience::Patience,
    stage::{FirstStage, Learned},
    teacher::Answers,
};
use crate::{
    model::weights::{self, Array, Weights},
    runs::{FolderSink, SplitScores},
    spans::{Dataset, Sentence},
};

const PROGRESS: &str = "progress.json";
const DATA: &str = "data.json";
const UNTAGGED: &str = "untagged.json";
const ANSWERS: &str = "answers.safetensors";
/// Name of the probabilities in the file of the answers.
const TABLE: &str = "answers";
/// Version of the format of these files.
const VERSION: u32 = 2;

/// Files of a checkpoint, by name.
pub type Saved = BTreeMap<String, Vec<u8>>;

/// Progress of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) version: u32,
    /// Number of completed optimiser steps.
    pub(super) done: usize,
    /// Number of published points.
    pub(super) points: usize,
    /// Checksum of data, settings and base: a run resumes only with the same ones.
    #[serde(rename = "mark")]
    pub(super) fingerprint: u32,
    /// Seconds of training.
    pub(super) seconds: f64,
    /// Step and result of the last evaluation.
    #[serde(with = "exact")]
    pub(super) last: Option<(usize, SplitScores)>,
    /// Step and result of the best evaluation, whose weights are saved.
    #[serde(with = "exact")]
    pub(super) best: Option<(usize, SplitScores)>,
    pub(super) patience: Patience,
    /// Summed loss since the last step point (bits of an `f64`), steps and pieces.
    pub(super) meter: (u64, usize, usize),
    pub(super) counters: Counters,
    /// Result of the first stage, if this is the second one.
    #[serde(default, with = "exact", skip_serializing_if = "Option::is_none")]
    pub(super) first: Option<FirstStage>,
    /// Rows of the teachers' answers at which each sentence begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) answers: Vec<usize>,
}

impl Progress {
    /// Returns the progress after this many steps, with the counters of the engine.
    pub(super) fn new(engine: &dyn Engine, done: usize, fingerprint: u32) -> Self {
        Self {
            version: VERSION,
            done,
            points: 0,
            fingerprint,
            seconds: 0.0,
            last: None,
            best: None,
            patience: Patience::default(),
            meter: (0, 0, 0),
            counters: engine.counters(),
            first: None,
            answers: Vec::new(),
        }
    }
}

/// Data of a run that a checkpoint holds.
pub(super) struct Contents<'a> {
    pub(super) data: &'a Dataset,
    pub(super) untagged: &'a [Sentence],
    pub(super) answers: Option<&'a Answers>,
}

/// Writes a checkpoint.
///
/// # Errors
/// It cannot be written; the previous one is kept.
pub(super) fn write(
    mut folder: Box<dyn FolderSink>,
    progress: &Progress,
    contents: &Contents<'_>,
    engine: &dyn Engine,
) -> Result<(), TrainError> {
    folder.file(DATA, &to_json(contents.data)?)?;
    if !contents.untagged.is_empty() {
        folder.file(UNTAGGED, &to_json(&contents.untagged)?)?;
    }
    if let Some(answers) = contents.answers {
        folder.file(ANSWERS, &bytes([(TABLE.to_owned(), answers.table.to_vec())].into())?)?;
    }
    for of in Arrays::ALL {
        let arrays = engine.arrays(of);
        if !arrays.is_empty() {
            folder.file(file(of), &bytes(arrays)?)?;
        }
    }
    folder.file(PROGRESS, &to_json(progress)?)?;
    Ok(folder.finish()?)
}

fn to_json(value: &impl Serialize) -> Result<Vec<u8>, TrainError> {
    serde_json::to_vec(value).map_err(|error| TrainError::Record(error.into()))
}

/// Reads the training data of a checkpoint.
/// Also the number of points that it had published.
///
/// # Errors
/// The files are not those of a checkpoint.
pub fn data(saved: &Saved) -> Result<(Dataset, usize), TrainError> {
    let data = serde_json::from_slice(part(saved, DATA)?).map_err(|error| broken(DATA, &error))?;
    Ok((data, progress(saved)?.points))
}

/// Reads the untagged sentences of a checkpoint, the answers of teachers, and the result of the first stage.
pub(super) fn learned(saved: &Saved) -> Result<(Vec<Sentence>, Learned), TrainError> {
    let progress = progress(saved)?;
    let untagged = match saved.get(UNTAGGED) {
        Some(bytes) => serde_json::from_slice(bytes).map_err(|error| broken(UNTAGGED, &error))?,
        None => Vec::new(),
    };
    let answers = match saved.get(ANSWERS) {
        Some(bytes) => Some(answers(bytes, progress.answers)?),
        None if progress.answers.is_empty() => None,
        None => return Err(TrainError::Resume(format!("the checkpoint has no {ANSWERS}"))),
    };
    Ok((untagged, Learned { answers, first: progress.first }))
}

fn answers(bytes: &[u8], starts: Vec<usize>) -> Result<Answers, TrainError> {
    let mut arrays = weights::from_safetensors(bytes).map_err(|error| broken(ANSWERS, &error))?;
    let table = arrays.remove(TABLE).map(|array| array.data).unwrap_or_default();
    let rows = starts.last().copied().unwrap_or(0);
    let tags = table.len().checked_div(rows).unwrap_or(0);
    if !starts.is_sorted() || tags * rows != table.len() {
        return Err(broken(ANSWERS, &"its numbers do not fit progress.json"));
    }
    Ok(Answers { tags, starts, table: Arc::new(table) })
}

/// Reads the progress and the state of a checkpoint.
pub(super) fn read(saved: &Saved) -> Result<(Progress, State), TrainError> {
    let progress = progress(saved)?;
    let mut arrays = BTreeMap::new();
    for of in Arrays::ALL {
        let found = match saved.get(file(of)) {
            Some(bytes) => weights::from_safetensors(bytes).map_err(|error| broken(file(of), &error))?,
            None => Weights::new(),
        };
        let found = found.into_iter().map(|(name, array)| (name, array.data)).collect();
        arrays.insert(of, found);
    }
    let counters = progress.counters;
    Ok((progress, State { counters, arrays }))
}

fn progress(saved: &Saved) -> Result<Progress, TrainError> {
    let progress: Progress =
        serde_json::from_slice(part(saved, PROGRESS)?).map_err(|error| broken(PROGRESS, &error))?;
    match progress.version {
        VERSION => Ok(progress),
        other => Err(TrainError::Resume(format!("the checkpoint has format {other}; this program reads {VERSION}"))),
    }
}

fn part<'a>(saved: &'a Saved, name: &str) -> Result<&'a [u8], TrainError> {
    saved.get(name).map(Vec::as_slice).ok_or_else(|| TrainError::Resume(format!("the checkpoint has no {name}")))
}

fn broken(name: &str, error: &dyn std::fmt::Display) -> TrainError {
    TrainError::Resume(format!("{name} of the checkpoint cannot be read: {error}"))
}

fn file(of: Arrays) -> &'static str {
    match of {
        Arrays::Values => "values.safetensors",
        Arrays::First => "first.safetensors",
        Arrays::Second => "second.safetensors",
        Arrays::Best => "kept.safetensors",
        Arrays::Average => "mean.safetensors",
    }
}

fn bytes(arrays: Named) -> Result<Vec<u8>, TrainError> {
    let arrays = arrays.into_iter().map(|(name, data)| (name, Array { shape: vec![data.len()], data })).collect();
    weights::to_safetensors(&arrays).map_err(|error| TrainError::Record(std::io::Error::other(error)))
}
