//! What a correction of a text does to the spans of the document.

use crate::{
    project::{Annotator, AnnotatorName, Project},
    spans::{LabelId, SpanChange, SpanId},
};

/// Words of all annotators' spans of a document, before its text is changed.
///
/// A journal that cannot be read is left out: it is no reason to refuse a correction.
#[derive(Debug)]
pub struct SpansBefore {
    document: String,
    annotators: Vec<(Annotator, Vec<OldSpan>)>,
}

/// A span with its words.
#[derive(Debug)]
struct OldSpan {
    id: SpanId,
    label: LabelId,
    words: String,
}

/// Spans of a document after its text was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpansAfter {
    /// Spans that have other words now, or whose place is not certain, by annotator and place.
    pub changes: Vec<SpanChange>,
    /// Number of spans that are to be reviewed, by annotator; only above 0.
    pub to_review: Vec<(AnnotatorName, usize)>,
}

impl SpansBefore {
    /// Reads the spans of a document.
    pub fn read(project: &Project, document: &str) -> Self {
        let text = project.documents.get(document).map(|document| document.text.to_string()).unwrap_or_default();
        let annotators = project.annotators().into_iter().filter_map(|name| project.read_annotator(&name).ok());
        let with_spans = annotators.map(|annotator| {
            let spans = annotator.journal.annotation(document).spans().iter();
            let spans = spans.filter_map(|span| {
                let words = text.get(span.range.start..span.range.end)?.to_owned();
                Some(OldSpan { id: span.id, label: span.label, words })
            });
            let spans = spans.collect();
            (annotator, spans)
        });
        Self { document: document.to_owned(), annotators: with_spans.collect() }
    }

    /// Reads the journals again, and compares the spans with those before.
    pub fn compare(self, project: &Project) -> SpansAfter {
        let mut after = SpansAfter::default();
        let Some(document) = project.documents.get(&self.document) else { return after };
        let labels = &project.manifest.labels;
        for (mut annotator, old) in self.annotators {
            if annotator.reread(&project.documents).is_err() {
                continue;
            }
            let annotation = annotator.journal.annotation(&self.document);
            for OldSpan { id, label, words } in old {
                let new = annotation.get(id).map(|span| span.range.of(&document.text).to_owned());
                if new.as_ref() != Some(&words) && (new.is_some() || annotation.lost().any(|(lost, _)| lost == id)) {
                    let label = labels.name(labels.resolve(label)).to_owned();
                    let annotator = annotator.name().to_string();
                    after.changes.push(SpanChange { annotator, label, old: words, new });
                }
            }
            let lost = annotation.lost().len();
            if lost > 0 {
                after.to_review.push((annotator.name().clone(), lost));
            }
        }
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest, corrections::NewText},
        spans::{Document, LabelSet, Status},
        text::{Grid, TextRange},
    };

    #[test]
    fn changed_and_lost_spans_are_reported_by_annotator() {
        let folder = tempfile::tempdir().unwrap();
        let mut project =
            Project::create(&folder.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        for (name, end) in [("ada", 4), ("ben", 10)] {
            let mut annotator = project.annotator(&name.parse().unwrap(), 0).unwrap();
            let document = Document::new("a", "fish tcaos and beer", Grid::Natural);
            let spans = vec![(TextRange::new(0, end), LabelId(2)), (TextRange::new(15, 19), LabelId(1))];
            project
                .import(Some(&mut annotator), 0, vec![ImportItem { document, spans, status: Status::Done }])
                .unwrap();
        }
        let before = SpansBefore::read(&project, "a");
        project.correct_document("a", NewText::Text("fish tacos and wine"), 1, false).unwrap();
        let SpansAfter { changes, to_review } = before.compare(&project);
        let shown: Vec<String> =
            changes.iter().map(|one| format!("{} {} {:?}", one.annotator, one.old, one.new)).collect();
        assert_eq!(shown, ["ada beer None", "ben fish tcaos Some(\"fish tacos\")", "ben beer None"]);
        assert_eq!(
            to_review.iter().map(|(name, lost)| format!("{name} {lost}")).collect::<Vec<_>>(),
            ["ada 1", "ben 1"]
        );
        // Nothing of a document that is gone.
        let before = SpansBefore::read(&project, "a");
        project.remove_document("a", 2).unwrap();
        assert_eq!(before.compare(&project), SpansAfter::default());
    }
}
