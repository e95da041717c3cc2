//! Search for suspected labels, on a thread of its own, and decisions on them.

use super::{clock::now, message::message, thread::Thread, training_start::TrainingStart};
use crate::{
    app::{Event, event::Level},
    project::decisions::{AskedText, Question},
    spans::{LabelId, ReviewList, review::LabelledRange},
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
    let document = project.documents.get(document)?;
    let id = |side: LabelledRange| -> Option<(TextRange, LabelId)> {
        Some((side.range, project.manifest.labels.named(&side.label)?.id))
    };
    let [given, other] = sides.map(|side| side.and_then(id));
    let recorded =
        project.decide(annotator, &[Question { about: &AskedText::of(document), given, other }], kept, now());
    recorded.err().map(|error| message(Level::Error, format!("the decision was not saved: {error}")))
}
