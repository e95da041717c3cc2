//! Floor 2: a training run as values.
//! Its settings, metric points, status, commands, summaries and series, and the two traits through which it writes.
//! Pure.

pub mod card;
pub mod cross_validation;
pub mod embedded_bases;
pub mod learning_curve;
pub mod metrics;
pub mod plan;
pub mod plot;
pub mod series;
mod setting_aliases;
pub mod settings;
pub mod sink;
pub mod status;
pub mod suggester;
pub mod summary;

pub use metrics::{LabelScores, Point, Scores, SplitScores, UntaggedCounts};
pub use plan::Plan;
pub use settings::{LabelMode, Order, Precision, Recipe, Schedule, Settings};
pub use sink::{FolderSink, RunSink};
pub use status::{Control, Phase, Status};
pub use summary::{DataSummary, RunData, RunSummary};
