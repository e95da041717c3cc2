//! The arguments of `tagli suspects`.

use std::path::PathBuf;

use clap::Args;

use super::values::{AtMost, at_most};

/// `tagli suspects`
#[derive(Args, Debug)]
pub struct Suspects {
    /// The project's folder
    pub dir: PathBuf,
    /// Largest number of suspects to list
    #[arg(long, value_name = "N or all", value_parser = at_most, default_value = "20")]
    pub most: AtMost,
    /// List those that were kept, too
    #[arg(long)]
    pub kept: bool,
    /// The label is right: do not ask again
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub keep: Vec<String>,
    /// The suggestion is right: record it in the journal
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub take: Vec<String>,
    /// Ask again about a label that was kept
    #[arg(long, value_name = "KEY", num_args = 1..)]
    pub reopen: Vec<String>,
    /// Annotator whose labels are looked at
    #[arg(long, alias = "as", value_name = "A")]
    pub annotator: Option<String>,
}
