//! The arguments of `tagli runs export`.

use std::path::PathBuf;

use clap::Args;
use strum::{EnumMessage, EnumString, IntoStaticStr, VariantArray};

use super::values::{described, one_of};
use crate::runs::Across;

/// `tagli runs export`
#[derive(Args, Debug)]
pub struct ExportRuns {
    /// A project (of a sample, your copy), a run, or a folder of runs
    pub dir: PathBuf,
    /// The runs: names, numbers, or folders of runs elsewhere; default: the newest of DIR.
    /// If DIR is itself a run, it comes first
    #[arg(value_name = "RUN")]
    pub ids: Vec<String>,
    /// Format; default: by the extension of --out, else csv
    #[arg(long, visible_alias = "format", value_name = "F", value_parser = described::<CurveFormat>())]
    pub to: Option<CurveFormat>,
    /// The file to write, for tensorboard the folder; default: standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Replace the file of --out if it exists
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Horizontal axis of a picture
    #[arg(long, value_name = "AXIS", value_parser = one_of::<Across>(), default_value = "step")]
    pub x: Across,
    /// Draw the losses of a picture on a logarithmic scale
    #[arg(long)]
    pub log_y: bool,
    /// Title of a picture
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Name of a run in the picture or the table, in the order of the runs;
    /// default: the name of its folder
    #[arg(long, value_name = "NAME")]
    pub name: Vec<String>,
}

/// Formats of curves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumMessage, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum CurveFormat {
    /// A table of all points.
    Csv,
    /// A picture of lines, for web pages and papers.
    Svg,
    /// A picture of pixels.
    Png,
    /// Event files that TensorBoard opens: --out names the folder for --logdir.
    TensorBoard,
}
