//! Checkpoints: everything that a run needs to go on as if it had never been interrupted, bit for bit.
//!
//! A folder of files: what it learns from (`data.json`), how far it is (`progress.json`), and the arrays of network and
//! optimiser (`values.safetensors` and so on). The order of the sentences and the draws of dropout follow from seed and
//! step, so no generator is saved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    TrainError,
    engine::{Arrays, Counters, Engine, Named, State},
    patience::Patience,
};
use crate::{
    model::weights::{self, Array, Weights},
    runs::{FolderSink, SplitScores},
    spans::Dataset,
};

const PROGRESS: &str = "progress.json";
const DATA: &str = "data.json";
/// Another form of these files has another number.
const VERSION: u32 = 2;

/// The files of a checkpoint, by name.
pub type Saved = BTreeMap<String, Vec<u8>>;

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) version: u32,
    /// Optimiser steps done.
    pub(super) done: usize,
    /// Lines of metrics published.
    pub(super) points: usize,
    /// Of data, settings and base: a run goes on with the same ones only.
    pub(super) mark: u32,
    /// Seconds of training.
    pub(super) seconds: f64,
    /// The step of the last evaluation, and what it found.
    pub(super) last: Option<(usize, SplitScores)>,
    /// The same of the best one, whose weights are kept.
    pub(super) best: Option<(usize, SplitScores)>,
    pub(super) patience: Patience,
    /// Loss summed since the last step line (bits of an `f64`), steps and pieces.
    pub(super) meter: (u64, usize, usize),
    pub(super) counters: Counters,
}

impl Progress {
    /// How far a run is; what is not told by the others comes from its engine.
    pub(super) fn new(engine: &dyn Engine, done: usize, mark: u32) -> Self {
        let (version, counters) = (VERSION, engine.counters());
        let (last, best, patience, meter) = (None, None, Patience::default(), (0, 0, 0));
        Self { version, done, points: 0, mark, seconds: 0.0, last, best, patience, meter, counters }
    }
}

/// Writes a checkpoint.
///
/// # Errors
/// The storage cannot take it; the one before stays.
pub(super) fn write(
    mut folder: Box<dyn FolderSink>,
    progress: &Progress,
    data: &Dataset,
    engine: &dyn Engine,
) -> Result<(), TrainError> {
    let json = |error: serde_json::Error| TrainError::Record(error.into());
    folder.file(DATA, &serde_json::to_vec(data).map_err(json)?)?;
    for of in Arrays::ALL {
        let arrays = engine.arrays(of);
        if !arrays.is_empty() {
            folder.file(file(of), &bytes(arrays)?)?;
        }
    }
    folder.file(PROGRESS, &serde_json::to_vec(progress).map_err(json)?)?;
    Ok(folder.finish()?)
}

/// What a checkpoint was learning from, and how many lines of metrics it had published.
///
/// # Errors
/// The files are none of a checkpoint.
pub fn data(saved: &Saved) -> Result<(Dataset, usize), TrainError> {
    let data = serde_json::from_slice(part(saved, DATA)?).map_err(|error| broken(DATA, &error))?;
    Ok((data, progress(saved)?.points))
}

/// How far a checkpoint is, and its arrays.
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
        Arrays::Kept => "kept.safetensors",
        Arrays::Mean => "mean.safetensors",
    }
}

fn bytes(arrays: Named) -> Result<Vec<u8>, TrainError> {
    let array = |(name, data): (String, Vec<f32>)| (name, Array { shape: vec![data.len()], data });
    let arrays = arrays.into_iter().map(array).collect();
    weights::to_safetensors(&arrays).map_err(|error| TrainError::Record(std::io::Error::other(error)))
}
