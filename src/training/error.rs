//! Errors of a training.

use std::io;

use thiserror::Error;

use super::{comparison::Comparison, precision::PrecisionError};
use crate::{
    model::{ModelError, TokenizerError, device::DeviceError, network::NetworkError},
    spans::score::ScoreError,
};

/// Error with its remedy.
#[derive(Debug, Error)]
pub enum TrainError {
    /// There are no training sentences.
    #[error(
        "there are no sentences with words in the training split: tag some documents and mark them done, or give --train"
    )]
    NoData,
    /// The training sentences have no spans.
    #[error("the training split contains no span: tag some, so that there is something to learn")]
    NoLabels,
    /// Words and tags differ in number.
    #[error("{id}: {words} words, but {tags} tags")]
    Tags {
        /// The sentence.
        id: String,
        /// Number of its words.
        words: usize,
        /// Number of its tags.
        tags: usize,
    },
    /// A setting is invalid.
    #[error("invalid settings: {0}")]
    Setting(String),
    /// The words cannot be cut into pieces.
    #[error("{id}: {source}")]
    Tokenizer {
        /// The sentence.
        id: String,
        /// The reason.
        source: TokenizerError,
    },
    /// A teacher cannot be used.
    #[error("the teacher {name} cannot be used: {why}")]
    Teacher {
        /// Its name.
        name: String,
        /// The reason.
        why: String,
    },
    /// The answers of the teachers are too large for a checkpoint.
    #[error(
        "the teachers' answers for {rows} word pieces take {size}, and a run can keep {most}: use fewer untagged documents"
    )]
    TooManyAnswers {
        /// Number of word pieces.
        rows: usize,
        /// Size of the answers.
        size: String,
        /// Largest size.
        most: String,
    },
    /// No such device.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The device does not have the precision.
    #[error(transparent)]
    Precision(#[from] PrecisionError),
    /// The base does not fit the network.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The trained model cannot be written.
    #[error("the trained model could not be written: {0}")]
    Model(#[from] ModelError),
    /// The run's files cannot be written.
    #[error("the run could not be recorded: {0}; make room, or check the rights of the folder")]
    Record(#[from] io::Error),
    /// The predictions cannot be scored.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The device computes other numbers than its reference.
    #[error("{0}")]
    DeviceDisagrees(Box<Comparison>),
    /// Loss or gradient are not finite.
    #[error(
        "step {step}: the {what} is no longer a finite number; the learning rate {rate} is probably too high. \
         The batch was {ids}"
    )]
    Diverged {
        /// The step, counted from 1.
        step: usize,
        /// `loss` or `gradient`.
        what: &'static str,
        /// The learning rate.
        rate: f64,
        /// Ids of the sentences.
        ids: String,
    },
    /// A run cannot resume from its checkpoint.
    #[error("the run cannot be resumed: {0}; start a new one")]
    Resume(String),
    /// The threads cannot be started.
    #[error("the training's threads could not be started: {0}")]
    Threads(String),
    /// A defect of this program.
    #[error("the training stopped because of a defect of this program: {0}; please report it with log.txt")]
    Panic(String),
}

impl TrainError {
    /// Whether the machine is the cause (device, disk, threads).
    /// Otherwise the cause is data or settings.
    pub fn is_environment(&self) -> bool {
        matches!(
            self,
            Self::Device(_)
                | Self::Model(_)
                | Self::Record(_)
                | Self::DeviceDisagrees(_)
                | Self::Threads(_)
                | Self::Panic(_)
        )
    }
}
