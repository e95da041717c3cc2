//! Floor 0: text as people and terminals see it. No I/O, no domain.
//!
//! Every floor above holds positions in a text as byte ranges ([`TextRange`]). The other units exist only where data
//! enters or leaves (files, the Hugging Face pipeline) and have their own types, so that they cannot be mixed up.

pub mod clusters;
pub mod crossings;
pub mod diff;
#[cfg(test)]
pub(crate) mod growth;
pub mod hash;
pub mod lines;
pub mod max_tree;
pub mod names;
pub mod near_duplicates;
pub mod number;
pub mod offset;
pub mod range_set;
pub mod search;
pub mod width;
pub mod words;
pub mod wrap;

pub use offset::{CharRange, OffsetError, OffsetMap, TextRange, Utf16Range};
pub use words::Grid;
