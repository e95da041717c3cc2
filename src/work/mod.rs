//! Floor 8: the use cases of the program.
//! Create a project, import, export, convert, train, resume, evaluate.
//!
//! Each takes typed values and returns a typed outcome or error. `services` and `cli` present it, each in its own way.
//! Nothing here knows a terminal or arguments; the caller passes the time.

pub mod base;
pub mod changes;
pub mod convert;
pub mod correct;
pub mod create;
pub mod curve;
pub mod evaluate;
pub mod export;
pub mod folds;
pub mod import;
pub mod inspect;
pub mod live;
pub mod mistakes;
pub mod predict;
pub mod preview;
pub mod resume;
pub mod sentence_file;
mod shares;
pub mod source;
pub mod split;
pub mod suspects;
pub mod teachers;
pub mod tested_model;
pub mod train;
pub mod trial;
mod unrecorded;
pub mod untagged;
