//! Finished work of several annotators side by side.

use super::{AnnotatorName, Project, ProjectError};
use crate::spans::{Annotation, Document, Journal, Status, agreement::Panel};

/// Work of one annotator.
#[derive(Debug)]
pub struct AnnotatorWork {
    /// Name of the annotator.
    pub name: AnnotatorName,
    journal: Journal,
}

impl AnnotatorWork {
    /// Annotation of a document, if the annotator has marked it done.
    fn finished(&self, document: &Document) -> Option<&Annotation> {
        Some(self.journal.annotation(&document.id)).filter(|annotation| annotation.status == Status::Done)
    }

    /// Time of the annotator's last change to a document, in seconds since 1970, UTC.
    pub fn last_changed(&self, document: &str) -> Option<u64> {
        self.journal.last_change(document)
    }
}

impl Project {
    /// Reads the work of these annotators, in this order.
    /// The labels are those that the project has now.
    ///
    /// # Errors
    /// A journal cannot be read.
    pub fn annotator_work(
        &self,
        names: impl IntoIterator<Item = AnnotatorName>,
    ) -> Result<Vec<AnnotatorWork>, ProjectError> {
        let mut work = Vec::new();
        for name in names {
            let mut journal = self.read_annotator(&name)?.journal;
            journal.resolve(&self.manifest.labels);
            work.push(AnnotatorWork { name, journal });
        }
        Ok(work)
    }

    /// Annotations of each document that at least two annotators have finished.
    /// Each comes with the index of its document.
    pub fn panels<'a>(&'a self, work: &'a [AnnotatorWork]) -> Vec<(usize, Panel<'a>)> {
        let panels = self.documents.iter().enumerate().map(|(at, document)| {
            let annotations = work.iter().map(|work| work.finished(document)).collect();
            (at, Panel { document, annotations })
        });
        panels.filter(|(_, panel)| panel.annotations.iter().flatten().count() > 1).collect()
    }
}
