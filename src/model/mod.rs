//! Floor 5: pretrained models.
//! Hugging Face folders and the embedded bases as plain arrays, tokenizer and alignment; the device and the network,
//! where burn enters.
//!
//! A model is opened as a [`BaseModel`]: configuration, `f32` arrays by the names of its architecture, tokenizer. What
//! distinguishes one architecture from another is in [`arch`]; nothing above names one.

pub mod align;
pub mod arch;
mod base;
pub mod config;
pub mod device;
pub mod embedded;
#[cfg(test)]
mod encoder;
mod error;
mod files;
pub mod folder;
mod four_bits;
pub mod hub;
mod memory;
pub mod network;
mod pytorch;
pub mod tokenizer;
mod tokenizer_parts;
mod vocabulary;
mod weight_files;
pub mod weights;

pub use tagliatelle_kernels as kernels;

pub use arch::Architecture;
pub use base::BaseModel;
pub use config::ModelConfig;
pub use error::ModelError;
pub use files::{TOKENIZER_FILES, read_file};
pub use folder::{needs_download, open, open_like, write};
pub use memory::MemoryFolder;
pub use tokenizer::{PieceTokenizer, TextPieces, TokenizerError, WordPieces};
pub use tokenizer_parts::PartsError;
pub use weights::{Array, Weights};
