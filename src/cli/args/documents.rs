//! The arguments of `tagli documents`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::spans::Split;

/// `tagli documents`
#[derive(Args, Debug)]
pub struct Documents {
    /// Action
    #[command(subcommand)]
    pub action: DocumentsAction,
}

/// The actions of `tagli documents`.
#[derive(Debug, Subcommand)]
pub enum DocumentsAction {
    /// Change the text of a document; spans go with their words
    Correct(Correct),
    /// Hide a document, or erase it
    Remove(Remove),
    /// Show a removed document again, with its annotations
    Restore {
        /// The project's folder
        dir: PathBuf,
        /// Id of the document
        id: String,
    },
    /// Put documents into training, validation and test;
    /// those that are nearly the same stay together
    Split(SplitDocuments),
}

/// `tagli documents split`
#[derive(Args, Debug)]
pub struct SplitDocuments {
    /// The project's folder
    pub dir: PathBuf,
    /// Shares of training, validation and test
    #[arg(long, value_name = "N,N,N", default_value = "80,10,10", value_parser = shares)]
    pub shares: [u32; 3],
    /// Seed of the order; the same seed gives the same splits
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Share out documents that have a split, too
    #[arg(long)]
    pub again: bool,
    /// Move only what this search finds, to the split of --to;
    /// tagli help tag lists what a search can ask for
    #[arg(long, value_name = "Q", requires = "to", conflicts_with_all = ["shares", "seed", "again"])]
    pub query: Option<String>,
    /// Split for what --query finds: train, valid, test, none
    #[arg(long, value_name = "SPLIT", requires = "query", value_parser = to_split)]
    pub to: Option<SplitTarget>,
    /// Annotator whose labels are shared out evenly
    #[arg(long, alias = "as", value_name = "A")]
    pub annotator: Option<String>,
    /// Show the outcome and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// The split to which documents are moved; none takes them out of their splits.
#[derive(Clone, Copy, Debug)]
pub struct SplitTarget(pub Option<Split>);

/// Parser for a split or none.
fn to_split(text: &str) -> Result<SplitTarget, String> {
    let split = if text == "none" { Ok(None) } else { text.parse().map(Some) };
    split.map(SplitTarget).map_err(|_| format!("unknown split `{text}`; use one of train, valid, test, none"))
}

/// Parser for three shares.
fn shares(text: &str) -> Result<[u32; 3], String> {
    let parts: Vec<u32> = text.split([',', '/']).map(|part| part.trim().parse().unwrap_or(u32::MAX)).collect();
    match <[u32; 3]>::try_from(parts) {
        Ok(shares) if shares.iter().all(|share| *share <= 1_000_000) && shares.iter().any(|share| *share > 0) => {
            Ok(shares)
        }
        _ => Err("give three numbers, as in 80,10,10".to_owned()),
    }
}

/// `tagli documents correct`
#[derive(Args, Debug)]
pub struct Correct {
    /// The project's folder
    pub dir: PathBuf,
    /// Id of the document
    pub id: String,
    /// The new text
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    #[arg(required_unless_present_any = ["file", "undo"], conflicts_with_all = ["file", "undo"])]
    pub text: Option<String>,
    /// A file with the new text, `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "undo")]
    pub file: Option<PathBuf>,
    /// Take back the last correction; repeated, the one before
    #[arg(long)]
    pub undo: bool,
    /// Erase the earlier texts; lists the files that hold copies
    #[arg(long)]
    pub erase: bool,
    /// Answer the question of --erase with yes
    #[arg(long, requires = "erase")]
    pub yes: bool,
}

/// `tagli documents remove`
#[derive(Args, Debug)]
pub struct Remove {
    /// The project's folder
    pub dir: PathBuf,
    /// Id of the document
    pub id: String,
    /// Erase it instead of hiding it; lists the files that hold copies
    #[arg(long)]
    pub erase: bool,
    /// Answer the question of --erase with yes
    #[arg(long, requires = "erase")]
    pub yes: bool,
}
