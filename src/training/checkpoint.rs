//! Checkpoints: everything that a run needs to continue bit for bit.
//! The result is as if it had not been interrupted.
//!
//! A checkpoint is a folder with the training data (`data.json`), the progress (`progress.json`), and the arrays of
//! network and optimiser (`values.safetensors` and so on). The order of the sentences and the draws of dropout follow
//! from seed and step, so no random generator is saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    TrainError,
    engine::{Arrays, Counters, Engine, Named, State},
    exact,
    patience::Patience,
};
use crate::{
    model::weights::{self, Array, Weights},
    runs::{FolderSink, SplitScores},
    spans::Dataset,
};

const PROGRESS: &str = "progress.json";
const DATA: &str = "data.json";
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
        }
    }
}

/// Writes a checkpoint.
///
/// # Errors
/// It cannot be written; the previous one is kept.
pub(super) fn write(
    mut folder: Box<dyn FolderSink>,
    progress: &Progress,
    data: &Dataset,
    engine: &dyn Engine,
) -> Result<(), TrainError> {
    folder.file(DATA, &to_json(data)?)?;
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
