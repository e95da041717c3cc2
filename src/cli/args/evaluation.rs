//! The arguments of `tagli eval` and `tagli runs compare`.

use std::path::PathBuf;

use clap::Args;
use strum::{EnumString, IntoStaticStr, VariantArray};

use super::{
    tags::Tags,
    values::{AtMost, DEVICE, at_most, format, one_of},
};
use crate::{
    formats::Format,
    inference::Precision,
    spans::{Counting, Split},
    text::names::unknown_name,
};

/// Sentences on which a model is scored.
#[derive(Args, Debug)]
pub struct TestSet {
    /// A tagged file
    #[arg(long, value_name = "F", conflicts_with = "split")]
    pub data: Option<PathBuf>,
    /// Format of the file; detected by content when not given
    #[arg(long, value_name = "F", value_parser = format())]
    pub format: Option<&'static Format>,
    /// Choices for files of tagged words
    #[command(flatten)]
    pub tags: Tags,
    /// Split of the project; without it and --data: valid
    #[arg(long, value_name = "S", value_parser = one_of::<Split>())]
    pub split: Option<Split>,
    /// Annotator of the split; default: the one whose documents the run learned
    #[arg(long, alias = "as", value_name = "A")]
    pub annotator: Option<String>,
}

/// `tagli eval`
#[derive(Args, Debug)]
pub struct Eval {
    /// A project's folder, the folder of a run, or a model's folder
    #[arg(value_name = "DIR or MODEL")]
    pub model: String,
    /// A run of the project; default: the one that makes the suggestions
    pub run: Option<String>,
    /// Sentences
    #[command(flatten)]
    pub test: TestSet,
    /// Compare with this model or run on the same sentences
    #[arg(long, value_name = "MODEL")]
    pub against: Option<String>,
    /// What is shown
    #[command(flatten)]
    pub shown: Shown,
    /// How to compute
    #[command(flatten)]
    pub compute: Compute,
}

/// `tagli runs compare`
#[derive(Args, Debug)]
pub struct CompareRuns {
    /// The project's folder; for a sample, your copy of it
    pub dir: PathBuf,
    /// A run, or the folder of a run or a model
    pub a: String,
    /// The run or model to compare it with
    pub b: String,
    /// Sentences
    #[command(flatten)]
    pub test: TestSet,
    /// What is shown
    #[command(flatten)]
    pub shown: Shown,
    /// How to compute
    #[command(flatten)]
    pub compute: Compute,
}

/// What is shown of scores.
#[derive(Args, Debug)]
pub struct Shown {
    /// Ways of counting to show: word (lenient) when not given
    #[arg(long, value_name = "WAYS", value_delimiter = ',', value_parser = one_of::<Counts>(), default_value = "word")]
    pub counts: Vec<Counts>,
    /// Number of mistakes to list, or `all`; of two models, of sentences that
    /// only one has right. Default: 20, with --json all
    #[arg(long, value_name = "N or all", value_parser = at_most)]
    pub mistakes: Option<AtMost>,
}

/// How predictions are computed.
#[derive(Args, Debug)]
pub struct Compute {
    /// Precision: fp32 is exact; int8 is quick and changes scores a little
    #[arg(long, value_name = "NAME", value_parser = one_of::<Precision>(), default_value = "fp32")]
    pub precision: Precision,
    /// Device; the help lists the names
    #[arg(long, help = DEVICE)]
    pub device: Option<String>,
}

/// Ways of counting that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case", parse_err_ty = String, parse_err_fn = unknown_counts)]
pub enum Counts {
    /// Per word, lenient.
    Word,
    /// Per word, strict.
    WordStrict,
    /// Per word piece, lenient.
    Piece,
    /// Per word piece, strict.
    PieceStrict,
    /// All four.
    All,
}

fn unknown_counts(name: &str) -> String {
    unknown_name("way of counting", name, Counts::VARIANTS.iter().map(<&str>::from))
}

impl Counts {
    /// Whether a way of counting is among some that were chosen.
    pub fn include(chosen: &[Self], counting: Counting) -> bool {
        chosen.iter().any(|chosen| {
            let name: &str = chosen.into();
            *chosen == Self::All || name == counting.name()
        })
    }
}
