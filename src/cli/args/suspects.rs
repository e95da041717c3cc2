//! The arguments of `tagli suspects`.

use std::path::PathBuf;

use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};

use super::values::{AtMost, at_most};
use crate::spans::MistakeKind;

/// `tagli suspects`
#[derive(Args, Debug)]
pub struct Suspects {
    /// The project's folder
    pub dir: PathBuf,
    /// Largest number of suspects to list
    #[arg(long, value_name = "N or all", value_parser = at_most, default_value = "20")]
    pub most: AtMost,
    /// List only suspects of this kind
    #[arg(long, value_parser = kind())]
    pub kind: Option<MistakeKind>,
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

/// Parser for the name of a kind.
fn kind() -> impl TypedValueParser<Value = MistakeKind> {
    let names = MistakeKind::ALL.iter().map(|kind| PossibleValue::new(kind.name()).help(kind.meaning()));
    let find = |name: String| MistakeKind::ALL.iter().copied().find(|kind| kind.name() == name).ok_or("no such kind");
    PossibleValuesParser::new(names).try_map(find)
}
