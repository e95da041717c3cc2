//! Moves of documents between splits, and their way back.

use super::Split;

/// Move of a document to another split; `None` is no split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitMove {
    /// Id of the document.
    pub document: String,
    /// Split in which it was.
    pub from: Option<Split>,
    /// Split to which it was moved.
    pub to: Option<Split>,
}

/// Outcome of taking moves back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MovesTakenBack {
    /// Number of documents that are in their former splits again.
    pub moved: usize,
    /// Ids of documents that stay, in alphabetical order: they were moved again since, or are no longer in the project.
    pub left: Vec<String>,
}
