//! State that is kept when the same project is opened again.

use std::{collections::HashSet, sync::Arc};

use super::{
    finished::TakenCounts,
    hold_back::HoldBack,
    overlays::tutorial::Tutorial,
    prompts::Prompts,
    review::Review,
    screen::Screen,
    screens::{documents::Documents, evaluate::Evaluate, explore::Explore, train::Train},
    session::LabelEdit,
    tagging::Tagging,
};
use crate::spans::{DocumentList, SplitMove};

/// Panels of a project that is opened again.
/// This happens for new documents or for another annotator.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub(super) train: Train,
    pub(super) evaluate: Evaluate,
    /// The run that was followed.
    pub(super) followed: Option<String>,
    pub(super) explore: Explore,
    pub(super) documents: Documents,
    /// The documents to which positions in this state refer.
    pub(super) list: DocumentList,
    /// Ids of documents that were erased, or of which earlier texts were.
    pub(super) erased: Arc<HashSet<String>>,
    /// The cursor, and the documents that were in front.
    pub(super) tagging: Tagging,
    /// Places to be looked at, which are known by the ids of their documents.
    pub(super) review: Review,
    /// How many suggestions were taken in the documents that were finished last.
    pub(super) taken: TakenCounts,
    /// Documents that are shown without suggestions.
    pub(super) hold_back: HoldBack,
    /// Path of the project's folder.
    pub(super) folder: String,
    /// The annotator, who has typed these.
    pub(super) annotator: String,
    pub(super) prompts: Prompts,
    /// Id of the document that was removed last.
    pub(super) removed_document: Option<String>,
    /// Moves of documents to splits that can be taken back.
    pub(super) moves: Vec<Vec<SplitMove>>,
    /// The last change of the labels, until it is taken back.
    pub(super) label_edit: Option<LabelEdit>,
    pub(super) screen: Screen,
    pub(super) tutorial: Option<Tutorial>,
}
