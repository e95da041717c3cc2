//! Exports of the open project, and previews of files that may be imported into it.

use std::path::PathBuf;

use super::{events::Events, journal_writer::Flusher, thread::Thread};
use crate::{
    app::{
        Event,
        exchange::{ExportChoices, ImportPreview, KnownIds, Loss, NotExported, OnLoss, PreviewedDocument},
    },
    formats::{self, Problem, Severity, WriteOptions},
    project::{AnnotatorName, Project, output::Existing},
    spans::Document,
    text::{TextRange, number::with_noun},
    work::{
        export::{self, Export, ExportError, Exported, Target, WriteError},
        preview::{self, Preview, SomeIds},
    },
};

/// Documents of a preview.
const PREVIEWED: usize = 3;
/// Code points of a document's text in a preview: some lines on the smallest screen.
const PREVIEWED_TEXT: usize = 600;

/// Writes the documents of the annotator that are done into `exports/`.
pub(super) fn export(
    project: &Project,
    annotator: &AnnotatorName,
    journal: &Flusher,
    choices: &ExportChoices,
) -> Result<String, NotExported> {
    let format = formats::find(choices.format).map_err(refused)?;
    journal.flush().map_err(NotExported::Refused)?;
    let annotator = project.read_annotator(annotator).map_err(refused)?;
    let on_loss = match choices.on_loss {
        OnLoss::Fail => formats::OnLoss::Fail,
        OnLoss::Skip => formats::OnLoss::Skip,
        OnLoss::Snap => formats::OnLoss::Snap,
    };
    let exported = export::export(&Export {
        project,
        journal: &annotator.journal,
        format,
        split: choices.split,
        all: false,
        options: WriteOptions { scheme: choices.scheme, on_loss, ..WriteOptions::default() },
        target: Target::Exports(Existing::Keep),
    });
    match exported {
        Ok(exported) => Ok(report(&exported)),
        Err(ExportError::Write(WriteError::Losses(problems))) => {
            let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
            Err(NotExported::Losses(errors.map(loss).collect()))
        }
        Err(error) => Err(refused(error)),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
fn refused(error: impl ToString) -> NotExported {
    NotExported::Refused(error.to_string())
}

/// Describes an export, with the first of its notes.
fn report(exported: &Exported) -> String {
    let Exported { path, documents, round_trip, notes, .. } = exported;
    let path = path.as_deref().unwrap_or_else(|| "".as_ref()).display();
    let notes = match notes.as_slice() {
        [] => String::new(),
        [only] => format!("; {only}"),
        [first, rest @ ..] => format!("; {first} (and {} more)", rest.len()),
    };
    format!("{path}: {}, {round_trip}{notes}", with_noun(*documents, "document"))
}

fn loss(problem: &Problem) -> Loss {
    let place = problem.place.as_ref();
    Loss {
        document: place.map(|place| place.document.clone()),
        range: place.and_then(|place| place.range),
        reason: problem.reason().to_owned(),
    }
}

/// Looks at a file on a thread of its own, because it may be large; the answer is sent as an event.
pub(super) fn preview(project: &Project, generation: u64, file: PathBuf, events: &Events) {
    let (project, own, panicked) = (project.clone(), events.clone(), events.clone());
    let thread = Thread::start(
        "preview",
        move || {
            let seen = preview::preview(&project, &file, PREVIEWED);
            let outcome = seen.map(|seen| Box::new(shown(seen, &project))).map_err(|error| error.to_string());
            own.send(Event::ImportPreviewed { generation, outcome });
        },
        move |cause| panicked.send(Event::ImportPreviewed { generation, outcome: Err(cause.to_string()) }),
    );
    if let Err(error) = thread {
        let outcome = Err(format!("a thread cannot be started: {error}"));
        events.send(Event::ImportPreviewed { generation, outcome });
    }
}

/// A preview for the screen.
fn shown(seen: Preview, project: &Project) -> ImportPreview {
    let Preview { contents, taken, repeated, .. } = seen;
    let (labels, new_labels) =
        contents.labels.into_iter().partition(|name| project.manifest.labels.find(name).is_some());
    ImportPreview {
        fingerprint: seen.fingerprint,
        format: seen.format.to_owned(),
        why: seen.why,
        counts: [contents.documents, contents.words, contents.spans],
        labels,
        new_labels,
        problems: seen.problems.iter().map(ToString::to_string).collect(),
        is_refused: seen.is_refused,
        ids: KnownIds { known: seen.known, taken: some(taken), repeated: some(repeated) },
        first: seen.first.into_iter().map(|(document, spans)| previewed(document, spans)).collect(),
    }
}

fn some(ids: SomeIds) -> (usize, Vec<String>) {
    (ids.number, ids.first)
}

/// The beginning of a document, with the spans that are wholly in it.
fn previewed(document: Document, mut spans: Vec<(TextRange, String)>) -> PreviewedDocument {
    let end = document.text.char_indices().nth(PREVIEWED_TEXT).map(|(end, _)| end);
    let text = document.text.get(..end.unwrap_or(document.text.len())).unwrap_or_default().to_owned();
    spans.retain(|(range, _)| range.end <= text.len());
    spans.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    PreviewedDocument { id: document.id, text, spans, is_cut: end.is_some() }
}
