//! Search for suspected labels, on a thread of its own, and decisions on them.

use super::{clock::now, message::message, thread::Thread, training_start::TrainingStart};
use crate::{
    app::{Event, event::Level},
    project::{
        AnnotatorName, Project,
        decisions::{AskedText, Question},
    },
    spans::{LabelId, LabelSet, ReviewList, review::LabelledRange},
    text::TextRange,
    work::suspects,
};

/// Searches on a new thread; the result is sent as an event.
pub(super) fn spawn(start: &TrainingStart, generation: u64) {
    let TrainingStart { events, .. } = start;
    let [found, panicked, not_started] = [events.clone(), events.clone(), events.clone()];
    let start = start.clone();
    let search = move || found.send(Event::MistakesFound { generation, found: find(&start).map(Box::new) });
    let thread = Thread::start("suspects", search, move |cause| {
        panicked.send(Event::MistakesFound { generation, found: Err(cause.to_string()) });
    });
    if let Err(error) = thread {
        let found = Err(format!("a thread cannot be started: {error}"));
        not_started.send(Event::MistakesFound { generation, found });
    }
}

fn find(start: &TrainingStart) -> Result<ReviewList, String> {
    let TrainingStart { project, annotator, journal, .. } = start;
    // Without lines that cannot be saved, the labels are those on disk.
    if let Err(why) = journal.flush() {
        tracing::warn!("suspects are searched without some lines: {why}");
    }
    let own = project.read_annotator(annotator).map_err(|error| error.to_string())?.journal;
    let queue = suspects::queue(project, annotator, own).map_err(|error| error.to_string())?;
    Ok(suspects::review_list(project, annotator, &queue))
}

/// Records a decision on a label: what is given, and what was suggested instead.
/// Returns a message if that fails.
pub(super) fn decide(
    start: &TrainingStart,
    document: &str,
    sides: [Option<LabelledRange>; 2],
    kept: bool,
) -> Option<Event> {
    let TrainingStart { project, annotator, .. } = start;
    let recorded = record(project, annotator, document, sides, kept);
    recorded.err().map(|why| message(Level::Error, format!("the decision was not saved: {why}")))
}

/// Records a decision. A label or document that has gone is an error: without it, the question would be another one.
fn record(
    project: &Project,
    annotator: &AnnotatorName,
    document: &str,
    [given, other]: [Option<LabelledRange>; 2],
    kept: bool,
) -> Result<(), String> {
    let Some(document) = project.documents.get(document) else {
        return Err(format!("the document {document} is no longer in the project"));
    };
    let labels = &project.manifest.labels;
    let question =
        Question { about: &AskedText::of(document), given: marked(labels, given)?, other: marked(labels, other)? };
    project.decide(annotator, &[question], kept, now()).map_err(|error| error.to_string())
}

/// One side with the id of its label.
fn marked(labels: &LabelSet, side: Option<LabelledRange>) -> Result<Option<(TextRange, LabelId)>, String> {
    let Some(LabelledRange { range, label }) = side else { return Ok(None) };
    match labels.named(&label) {
        Some(known) => Ok(Some((range, known.id))),
        None => Err(format!("the project no longer has the label {label}; find the suspects again")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{Document, Status},
    };

    #[test]
    fn a_decision_about_a_label_or_document_that_has_gone_is_an_error_and_is_not_recorded() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let document = Document::from_words("a", ["fish", "tacos"]);
        let item = ImportItem { document, spans: Vec::new(), status: Status::Todo };
        project.import(None, 0, vec![item]).unwrap();
        let ada = "ada".parse().unwrap();
        let side = |label: &str| Some(LabelledRange { range: TextRange::new(0, 4), label: label.into() });
        for (document, sides, gone) in [
            ("a", [side("Gone"), side("Dish")], "label Gone"),
            ("a", [side("Dish"), side("Gone")], "label Gone"),
            ("b", [side("Dish"), None], "document b"),
        ] {
            let why = record(&project, &ada, document, sides, true).unwrap_err();
            assert!(why.contains(gone), "{why}");
        }
        assert!(project.decisions(&ada).unwrap().is_empty());
        record(&project, &ada, "a", [side("Dish"), None], true).unwrap();
        assert_eq!(project.decisions(&ada).unwrap().len(), 1);
    }
}
