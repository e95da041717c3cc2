//! Texts that were typed in a project that was left.

use std::{collections::HashSet, sync::Arc};

use super::{project::Project, prompts::Prompts};
use crate::spans::DocumentList;

/// What was known of the documents of a project when texts were typed there.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownDocuments {
    /// The documents.
    pub(super) list: DocumentList,
    /// Ids of those that were erased, or of which earlier texts were.
    pub(super) erased: Arc<HashSet<String>>,
}

impl KnownDocuments {
    /// What is known now.
    pub(super) fn of(project: &Project) -> Self {
        Self { list: project.documents.clone(), erased: Arc::clone(&project.erased) }
    }
}

/// Texts of a project that was left.
#[derive(Clone, Debug, Default)]
pub(super) struct Left {
    pub(super) prompts: Prompts,
    pub(super) known: KnownDocuments,
}

impl Left {
    /// Drops texts about documents that are no longer in the project, and about those that were erased since, by whatever
    /// program, also where the erased text is in another field. `removed`: a document that was removed here and may come back.
    /// Returns whether something that was typed is among them.
    pub(super) fn drop_gone(&mut self, project: &Project, removed: Option<&str>) -> bool {
        let Self { prompts, known } = self;
        let newly: HashSet<&str> = project.erased.difference(&known.erased).map(String::as_str).collect();
        let words: Vec<&str> =
            newly.iter().filter_map(|id| known.list.find(id)).map(|document| &*document.text).collect();
        let holds = |text: &str| words.iter().any(|words| !words.trim().is_empty() && text.contains(words));
        prompts.drop_gone(|prompt, texts| {
            let is_about_gone = prompt
                .document()
                .is_some_and(|id| newly.contains(id) || (project.position(id).is_none() && removed != Some(id)));
            is_about_gone || texts.into_iter().any(holds)
        })
    }
}
