//! The annotators of a project side by side: what each has finished.

use super::{AnnotatorName, Project, ProjectError};
use crate::spans::{Annotation, Document, Journal, Status, agreement::Panel};

/// One annotator's work.
#[derive(Debug)]
pub struct AnnotatorWork {
    /// Who.
    pub name: AnnotatorName,
    journal: Journal,
}

impl AnnotatorWork {
    /// What they said about a document, if they have finished it.
    fn finished(&self, document: &Document) -> Option<&Annotation> {
        Some(self.journal.annotation(&document.id)).filter(|annotation| annotation.status == Status::Done)
    }
}

impl AnnotatorWork {
    /// When they last did something to a document, in seconds since 1970, UTC.
    pub fn last_changed(&self, document: &str) -> Option<u64> {
        self.journal.last_change(document)
    }
}

impl Project {
    /// The work of these annotators, in this order, with the labels that the project has now.
    ///
    /// # Errors
    /// A journal cannot be read.
    pub fn annotator_work(
        &self,
        names: impl IntoIterator<Item = AnnotatorName>,
    ) -> Result<Vec<AnnotatorWork>, ProjectError> {
        let read = |name: AnnotatorName| {
            let mut journal = self.read_annotator(&name)?.journal;
            journal.resolve(&self.manifest.labels);
            Ok(AnnotatorWork { name, journal })
        };
        names.into_iter().map(read).collect()
    }

    /// What they say of each document that at least two of them have finished, with its place.
    pub fn panels<'a>(&'a self, readers: &'a [AnnotatorWork]) -> Vec<(usize, Panel<'a>)> {
        let panels = self.documents.iter().enumerate().map(|(at, document)| {
            let annotations = readers.iter().map(|reader| reader.finished(document)).collect();
            (at, Panel { document, annotations })
        });
        panels.filter(|(_, panel)| panel.annotations.iter().flatten().count() > 1).collect()
    }
}
