//! Floor 2: a training run as values.
//! Its settings, metric points, status, commands, summaries and series, and the two traits through which it writes.
//! Pure.

pub mod across;
pub mod card;
pub mod cross_validation;
pub mod curves;
pub mod embedded_bases;
mod font;
pub mod learning_curve;
pub mod live;
pub mod live_progress;
pub mod metrics;
pub mod picture;
pub mod plan;
pub mod plot;
pub mod published;
pub mod raster;
pub mod scale;
mod seed_spread;
mod sentence_scores;
pub mod series;
mod setting_aliases;
pub mod settings;
pub mod sink;
pub mod status;
pub mod suggester;
pub mod summary;
pub mod tensorboard;
mod training_lines;
pub mod window;

pub use across::Across;
pub use metrics::{LabelScores, Point, Scores, SplitScores, UntaggedCounts};
pub use plan::Plan;
pub use seed_spread::{SeedSpread, SeedVerdict, seed_verdict};
pub use sentence_scores::{SENTENCE_SCORES, ScoreComparison, SentenceScores};
pub use settings::{LabelMode, Order, Precision, Recipe, Schedule, Settings};
pub use sink::{FolderSink, RunSink};
pub use status::{Control, Phase, Status};
pub use summary::{DataSummary, RunData, RunSummary};
