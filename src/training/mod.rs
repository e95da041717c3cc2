//! Floor 6: fine-tuning.
//!
//! A [`Job`] goes in by value. Results are written through a [`RunSink`](crate::runs::RunSink), durably, before they are reported. [`run`]
//! trains on the calling thread, [`worker`] on a thread of its own.
//!
//! The numbers are those of the Hugging Face Trainer with the same settings: order of the sentences, batches, loss,
//! clipping, optimiser, schedule, and the new classifier of a seed. Only the draws of dropout differ.

mod calibrate;
pub mod checkpoint;
mod comparison;
mod engine;
mod error;
mod evaluate;
mod exact;
mod examples;
#[cfg(test)]
mod golden;
mod job;
mod kept_scores;
mod mixture;
mod order;
mod patience;
mod precision;
mod prepare;
mod pseudo_labels;
mod publish;
mod recipe;
mod run;
mod self_check;
mod short;
mod stage;
mod teacher;
mod torch;
pub mod worker;

pub use comparison::{Comparison, Computed};
pub use error::TrainError;
pub use job::Job;
pub use precision::{PrecisionError, check_precision};
pub use recipe::recipe;
pub use run::{lower_priority, run};
pub use self_check::compare_on_processor;
pub use short::{Lesson, PresentName, ShortTrainings, Trained, lowest_priority};
pub use teacher::{MOST_BYTES as MOST_ANSWER_BYTES, Teacher};
