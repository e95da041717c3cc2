//! Exports of the open project, and previews of files that may be imported into it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{events::Events, journal_writer::Flusher, thread::Thread, typed_paths::TypedError};
use crate::{
    app::{
        Event,
        exchange::{ExportChoices, ImportPlan, ImportPreview, Loss, NotExported, PreviewedDocument, Sentences},
    },
    formats::{self, Problem, Severity, WriteOptions},
    project::{AnnotatorName, Project, corpus::Chosen, output::Existing},
    spans::Document,
    text::{TextRange, number::with_noun, width::clean},
    work::{
        export::{self, Export, ExportError, Exported, Target, WriteError},
        preview::{self, Preview, PreviewedImport},
        sentence_file::{self, SentenceFile},
        source::Watcher,
    },
};

/// Losses that the screen lists: more than anybody goes through one by one.
const LISTED_LOSSES: usize = 10_000;
/// Documents of a preview.
const PREVIEWED: usize = 3;
/// Ids in use that a preview names.
const PREVIEWED_IDS: usize = 5;
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
    let exported = export::export(&Export {
        project,
        annotator: annotator.name(),
        journal: &annotator.journal,
        format,
        split: choices.split,
        chosen: Chosen::Done,
        options: WriteOptions {
            scheme: choices.scheme,
            on_loss: choices.on_loss,
            listed_losses: LISTED_LOSSES,
            ..WriteOptions::default()
        },
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

/// Looks at the files that `files` finds on a thread of its own, because they may be large; the answer is sent as an event.
///
/// The reading ends when `stop` is set.
pub(super) fn preview(
    project: &Project,
    annotator: &AnnotatorName,
    generation: u64,
    files: impl FnOnce() -> Result<Vec<PathBuf>, TypedError> + Send + 'static,
    events: &Events,
    stop: Stop,
) {
    let project = project.clone();
    let annotator = annotator.clone();
    let own = events.clone();
    let panicked = events.clone();
    let thread = Thread::start(
        "preview",
        move || {
            let outcome = files().map_err(|error| error.to_string()).and_then(|files| {
                let seen = preview::preview(&project, &annotator, &files, PREVIEWED, &stop);
                seen.map(|seen| Box::new(shown(seen))).map_err(|error| error.to_string())
            });
            own.send(Event::ImportPreviewed { generation, outcome });
        },
        move |cause| panicked.send(Event::ImportPreviewed { generation, outcome: Err(cause.to_string()) }),
    );
    if let Err(error) = thread {
        let outcome = Err(format!("a thread cannot be started: {error}"));
        events.send(Event::ImportPreviewed { generation, outcome });
    }
}

/// Reads sentences of a file on a thread of its own; the answer is sent as an event.
///
/// The reading ends when `stop` is set.
pub(super) fn sentences(generation: u64, file: PathBuf, events: &Events, stop: Stop) {
    let own = events.clone();
    let panicked = events.clone();
    let thread = Thread::start(
        "sentences",
        move || {
            let outcome = sentence_file::read(&file, &stop);
            let outcome = outcome.map(|found| Box::new(of_file(&file, found))).map_err(|error| error.to_string());
            own.send(Event::SentencesRead { generation, outcome });
        },
        move |cause| panicked.send(Event::SentencesRead { generation, outcome: Err(cause.to_string()) }),
    );
    if let Err(error) = thread {
        let outcome = Err(format!("a thread cannot be started: {error}"));
        events.send(Event::SentencesRead { generation, outcome });
    }
}

/// The sentences of a file for the screen.
fn of_file(path: &Path, found: SentenceFile) -> Sentences {
    let SentenceFile { sentences, too_long, has_more, errors } = found;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let mut left_out = Vec::new();
    if has_more {
        left_out.push("the rest of the file is not read".to_owned());
    }
    if too_long > 0 {
        left_out.push(format!("{} left out", with_noun(too_long, "very long one")));
    }
    if let Some(first) = errors.first() {
        left_out.push(first.to_string());
    }
    Sentences { sentences, at: 0, source: clean(&name).into_owned(), left_out: left_out.join(", ") }
}

/// Wish to end the reading for a preview. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Ends the reading.
    pub(super) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Watcher for Stop {
    fn add(&self, _: u64) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(io::Error::other("another file is looked at")) } else { Ok(()) }
    }
}

/// A preview for the screen.
fn shown(seen: Preview) -> ImportPreview {
    let Preview { labels, plans, .. } = seen;
    let is_new = |name: &String| plans.first().is_some_and(|plan| plan.new_labels.contains(name));
    let known = labels.into_iter().filter(|name| !is_new(name)).collect();
    ImportPreview {
        fingerprint: seen.fingerprint,
        format: seen.format,
        why: seen.why,
        counts: seen.counts,
        labels: known,
        plans: plans.into_iter().map(plan).collect(),
        problems: seen.problems.iter().map(ToString::to_string).collect(),
        is_refused: seen.is_refused,
        first: seen.first.into_iter().map(|(document, spans)| previewed(document, spans)).collect(),
    }
}

fn plan(planned: PreviewedImport) -> ImportPlan {
    let PreviewedImport { on_duplicate, report, new_labels } = planned;
    let remarks = report.left_out();
    ImportPlan {
        on_duplicate,
        added: [report.documents, report.spans],
        remarks: remarks.split("; ").filter(|remark| !remark.is_empty()).map(str::to_owned).collect(),
        renamed: (report.renamed.len(), report.renamed.into_iter().take(PREVIEWED_IDS).collect()),
        new_labels,
    }
}

/// The beginning of a document, with the spans that are wholly in it.
fn previewed(document: Document, mut spans: Vec<(TextRange, String)>) -> PreviewedDocument {
    let end = document.text.char_indices().nth(PREVIEWED_TEXT).map(|(end, _)| end);
    let text = document.text.get(..end.unwrap_or(document.text.len())).unwrap_or_default().to_owned();
    spans.retain(|(range, _)| range.end <= text.len());
    spans.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    PreviewedDocument { id: document.id, text, spans, is_cut: end.is_some() }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::unbounded;

    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        services::journal_writer::{AnnotatorFile, JournalWriter},
        spans::{LabelId, LabelSet, OnLoss, Status},
        text::Grid,
    };

    /// A project with a document of which a whole word and a half one are labelled.
    fn project(dir: &std::path::Path) -> Project {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let spans = [(0, 3), (8, 11)].map(|(start, end)| (TextRange::new(start, end), LabelId(2)));
        let document = Document::new("half", "seafood bar", Grid::Natural);
        let item = ImportItem { document, spans: spans.into(), status: Status::Done };
        project.import(Some(&mut ada), 0, vec![item]).unwrap();
        project
    }

    #[test]
    fn an_export_lists_its_losses_with_their_places_or_writes_all_the_same() {
        let dir = tempfile::tempdir().unwrap();
        let project = project(&dir.path().join("p"));
        let name: AnnotatorName = "ada".parse().unwrap();
        let ada = project.annotator(&name, 0).unwrap();
        let file = AnnotatorFile { file: ada.into_appender(), documents: project.documents.clone() };
        let journal = JournalWriter::start(Box::new(file), Events::new(unbounded().0)).unwrap();
        let export = |on_loss| {
            export(&project, &name, &journal.flusher(), &ExportChoices { on_loss, ..ExportChoices::default() })
        };
        let Err(NotExported::Losses(losses)) = export(OnLoss::Fail) else { panic!() };
        let place = (losses[0].document.as_deref(), losses[0].range);
        assert_eq!((losses.len(), place), (1, (Some("half"), Some(TextRange::new(0, 3)))));
        assert!(losses[0].reason.starts_with("the span `sea` (`Dish`) ends inside a word"), "{losses:?}");
        let path = project.root.join("exports/conll2003.conll");
        assert!(!path.exists());
        for (on_loss, said, tags) in [(OnLoss::Skip, "left out", 1), (OnLoss::Snap, "widened to `seafood`", 2)] {
            let text = export(on_loss).unwrap();
            assert!(
                text.contains("1 document, ") && text.contains("document `half`: ") && text.contains(said),
                "{text}"
            );
            assert_eq!(std::fs::read_to_string(&path).unwrap().matches("B-Dish").count(), tags, "{text}");
        }
    }

    #[test]
    fn a_file_is_previewed_and_the_project_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let project = project(&dir.path().join("p"));
        let (sender, received) = unbounded();
        let events = Events::new(sender);
        let see = |file: PathBuf| {
            preview(&project, &"ada".parse().unwrap(), 3, move || Ok(vec![file]), &events, Stop::default());
            let event = received.recv_timeout(Duration::from_secs(20)).unwrap();
            let Event::ImportPreviewed { generation: 3, outcome } = event else { panic!("{event:?}") };
            outcome
        };
        let file = dir.path().join("more.conll");
        let long = "soup\tB-Dish\n".repeat(PREVIEWED_TEXT);
        std::fs::write(&file, format!("good\tO\nsoup\tB-Dish\n\nfish\tB-Fish\n\n{long}\n")).unwrap();
        let seen = see(file).unwrap();
        let spans = PREVIEWED_TEXT + 2;
        assert_eq!((seen.counts, seen.is_refused, seen.first.len()), ([3, spans + 1, spans], false, 3));
        assert_eq!((seen.labels.join(" "), seen.plans[0].new_labels.join(" ")), ("Dish".to_owned(), "Fish".to_owned()));
        assert_eq!((seen.first[0].spans[0].0, seen.first[0].is_cut), (TextRange::new(5, 9), false));
        let cut = &seen.first[2];
        assert!(cut.is_cut && cut.text.len() == PREVIEWED_TEXT && cut.spans.len() == PREVIEWED_TEXT / 5);
        assert!(see(dir.path().join("gone.txt")).is_err());
        // One that is not wanted any longer is not read to its end.
        let stop = Stop::default();
        stop.set();
        let file = dir.path().join("more.conll");
        preview(&project, &"ada".parse().unwrap(), 4, move || Ok(vec![file]), &events, stop);
        let event = received.recv_timeout(Duration::from_secs(20)).unwrap();
        let Event::ImportPreviewed { generation: 4, outcome: Err(why) } = event else { panic!("{event:?}") };
        assert!(why.contains("another file is looked at"), "{why}");
        assert_eq!(Project::open(&project.root).unwrap().documents.len(), 1);
    }
}
