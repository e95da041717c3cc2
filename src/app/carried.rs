//! State that is kept when the same project is opened again.

use super::{
    overlays::tutorial::Tutorial,
    screen::Screen,
    screens::{explore::Explore, train::Train},
};

/// Panels of a project that is opened again.
/// This happens for new documents or for another annotator.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub(super) train: Train,
    pub(super) explore: Explore,
    /// The id of the document in front, and the word under the cursor.
    pub(super) document: Option<String>,
    pub(super) word: usize,
    pub(super) screen: Screen,
    pub(super) tutorial: Option<Tutorial>,
}
