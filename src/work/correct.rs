//! What a correction of a text does to the spans of the document.

use crate::{
    project::{AnnotatorName, Project},
    spans::{LabelId, SpanChange, SpanId},
};

/// Words of all annotators' spans of a document, before its text is changed.
///
/// A journal that cannot be read is left out: it is no reason to refuse a correction.
#[derive(Debug)]
pub struct SpansBefore {
    document: String,
    spans: Vec<(AnnotatorName, SpanId, LabelId, String)>,
}

impl SpansBefore {
    /// Reads the spans of a document.
    pub fn read(project: &Project, document: &str) -> Self {
        let mut spans = Vec::new();
        let text = project.documents.get(document).map(|document| document.text.to_string()).unwrap_or_default();
        for name in project.annotators() {
            let Ok(annotator) = project.read_annotator(&name) else { continue };
            let found = annotator.journal.annotation(document).spans();
            spans.extend(found.iter().filter_map(|span| {
                let words = text.get(span.range.start..span.range.end)?.to_owned();
                Some((name.clone(), span.id, span.label, words))
            }));
        }
        Self { document: document.to_owned(), spans }
    }

    /// The spans that have other words now, or whose place is not certain, by annotator and place.
    pub fn changes(&self, project: &Project) -> Vec<SpanChange> {
        let Some(document) = project.documents.get(&self.document) else { return Vec::new() };
        let labels = &project.manifest.labels;
        let mut changes = Vec::new();
        for name in project.annotators() {
            let Ok(annotator) = project.read_annotator(&name) else { continue };
            let annotation = annotator.journal.annotation(&self.document);
            for (_, id, label, old) in self.spans.iter().filter(|(of, ..)| *of == name) {
                let new = annotation.get(*id).map(|span| span.range.of(&document.text).to_owned());
                if new.as_ref() != Some(old) && (new.is_some() || annotation.lost().any(|(lost, _)| lost == *id)) {
                    let label = labels.name(labels.resolve(*label)).to_owned();
                    changes.push(SpanChange { annotator: name.to_string(), label, old: old.clone(), new });
                }
            }
        }
        changes
    }
}
