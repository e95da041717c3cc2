//! Why a model cannot be opened or written. Strings that come from files are shown escaped.

use std::io;

use super::tokenizer::TokenizerError;

/// What went wrong, in which file, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// Neither a folder nor a cached model.
    #[error(
        "no model {base:?}: there is no such folder, and {looked}. `tagli models pull ID` fetches a model of the hub; a \
         folder with its config.json, model.safetensors and tokenizer.json does, too, and `mini` is always there"
    )]
    NotFound {
        /// What was asked for.
        base: String,
        /// Where else it was looked for, as a clause.
        looked: String,
    },
    /// The operating system refuses a file that is there.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// The reason.
        source: io::Error,
    },
    /// A file that a model folder must hold is not there.
    #[error("{path} is missing: {hint}")]
    Missing {
        /// The file.
        path: String,
        /// What to do.
        hint: String,
    },
    /// A file does not hold what its name says: cut short, not JSON, a value out of range.
    #[error("{path}: {why}")]
    Broken {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// A model that is whole, but of a kind that is not built in.
    #[error("{path}: {what}")]
    Unsupported {
        /// The file.
        path: String,
        /// What is asked for, and what there is.
        what: String,
    },
    /// A tensor is not in any of the weight files.
    #[error("{path}: tensor {name:?} is missing; it should have shape {expected:?}")]
    MissingTensor {
        /// The weight file, or the index of several.
        path: String,
        /// Its name in the file's own naming.
        name: String,
        /// Its shape by config.json.
        expected: Vec<usize>,
    },
    /// A tensor disagrees with config.json.
    #[error("{path}: tensor {name:?} has shape {found:?}, but config.json asks for {expected:?}")]
    WrongShape {
        /// The weight file.
        path: String,
        /// Its name in the file.
        name: String,
        /// Its shape by config.json.
        expected: Vec<usize>,
        /// Its shape in the file.
        found: Vec<usize>,
    },
    /// The tokenizer cannot be made.
    #[error("{path}: {source}")]
    Tokenizer {
        /// The file.
        path: String,
        /// The reason.
        source: TokenizerError,
    },
    /// The storage did not take a file.
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
