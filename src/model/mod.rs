//! Floor 5: pretrained models. Hugging Face folders and the embedded base as plain arrays, tokenizer and alignment;
//! the device and the network, where burn enters.
//!
//! A model is opened as a [`BaseModel`]: configuration, `f32` arrays by their DistilBERT names, tokenizer. BERT folders
//! are folded to DistilBERT on the way in, so that nothing above knows of more than one architecture.

pub mod align;
mod checkpoint;
pub mod config;
pub mod device;
pub mod embedded;
pub mod encoder;
mod error;
mod fold;
pub mod folder;
pub mod hub;
pub mod kernels;
pub mod network;
mod pytorch;
pub mod tokenizer;
mod vocabulary;
pub mod weights;

pub use config::ModelConfig;
pub use error::ModelError;
pub use folder::{BaseModel, is_elsewhere, open, write};
pub use tokenizer::{PieceTokenizer, TextPieces, TokenizerError, WordPieces};
pub use weights::{Array, Weights};
