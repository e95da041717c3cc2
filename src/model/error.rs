//! Errors of opening and writing a model. Text from files is shown escaped.

use std::io;

use super::tokenizer::TokenizerError;

/// Error with the file and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Neither a folder nor a cached model.
    #[error(
        "no model {base:?}: there is no such folder, and {looked}. `tagli models pull ID` downloads a model of the hub; a \
         folder with its config.json, model.safetensors and tokenizer.json also works, and `mini` and `small` are always available"
    )]
    NotFound {
        /// Name of the base.
        base: String,
        /// Result of the search in the cache, as a clause.
        looked: String,
    },
    /// A file exists but cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The reason.
        source: io::Error,
    },
    /// A file that a model folder must contain is missing.
    #[error("{path} is missing: {hint}")]
    Missing {
        /// The file.
        path: String,
        /// Remedy.
        hint: String,
    },
    /// A file has the wrong contents: cut short, not JSON, a value out of range.
    #[error("{path}: {why}")]
    Broken {
        /// The file.
        path: String,
        /// Reason.
        why: String,
    },
    /// A base model inside the program is not as it was built.
    #[error("{place}: {why}")]
    Damaged {
        /// The base model.
        place: String,
        /// Reason and remedy.
        why: String,
    },
    /// The model is complete, but of an unsupported kind.
    #[error("{path}: {what}")]
    Unsupported {
        /// The file.
        path: String,
        /// Needed and supported kinds.
        what: String,
    },
    /// No weight file contains a tensor.
    #[error("{path}: tensor {name:?} is missing; it should have shape {expected:?}")]
    MissingTensor {
        /// The weight file, or the index of several.
        path: String,
        /// Name in the file.
        name: String,
        /// Shape according to config.json.
        expected: Vec<usize>,
    },
    /// A tensor disagrees with config.json.
    #[error("{path}: tensor {name:?} has shape {found:?}, but config.json asks for {expected:?}")]
    WrongShape {
        /// The weight file.
        path: String,
        /// Name in the file.
        name: String,
        /// Shape according to config.json.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// The tokenizer cannot be read.
    #[error("{path}: {source}")]
    Tokenizer {
        /// The file.
        path: String,
        /// The reason.
        source: TokenizerError,
    },
    /// A file cannot be written.
    #[error("cannot write {name}: {source}")]
    Write {
        /// The file in the model folder.
        name: String,
        /// The reason.
        source: io::Error,
    },
}

impl ModelError {
    pub(super) fn broken(path: &str, why: impl Into<String>) -> Self {
        Self::Broken { path: path.to_owned(), why: why.into() }
    }

    pub(super) fn unsupported(path: &str, what: impl Into<String>) -> Self {
        Self::Unsupported { path: path.to_owned(), what: what.into() }
    }
}
