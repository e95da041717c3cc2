//! Data sets of Hugging Face: rows with a list of tokens and a list of tags, as strings or as numbers of names.
//!
//! A file of any kind hands its rows over as JSON objects: `Survey` looks at all of them first, which shows the fields and
//! the spelling of the tags; then `Rows` reads each as a document.

mod jsonl;
mod names;
mod parquet;
mod rows;

pub(super) use self::parquet::FORMAT as PARQUET;
pub(super) use jsonl::FORMAT as JSONL;
pub use names::read_tag_names;
pub(super) use rows::Survey;
