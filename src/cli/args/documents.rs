//! The arguments of `tagli documents`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

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
    /// Bring back the text before the last correction
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
