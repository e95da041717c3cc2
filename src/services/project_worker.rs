//! The project worker: one thread for the short jobs of an open project: counts, exports, labels, runs.
//!
//! Before a job that reads the journal, it waits until the lines that were recorded earlier are on disk. A panic in a job
//! is the answer to that job, and the thread goes on.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::{
    annotator_comparison,
    cancelled::Cancelled,
    clock::now,
    events::Events,
    exchange::{self, Stop},
    journal_writer::Flusher,
    message::message,
    mistake_search::MistakeSearch,
    project_view::summary,
    run_list::RunList,
    suspect_search,
    task::{Task, WantedMistakes},
    thread::Thread,
    trainer,
    training_start::{OpenBase, TrainingStart},
    typed_paths,
};
use crate::{
    app::{Event, effect::DocumentChange, event::Level},
    guard,
    project::{Annotator, AnnotatorName, Project, corrections::NewText, random_number, training_data},
    spans::{HalfWords, LabelChange, LabelSet, SplitMove},
    text::number::bytes,
    work::{
        base,
        correct::SpansBefore,
        split::{self, SplitRequest},
    },
};

/// Handle of the project worker. The thread ends after its last task.
pub(super) struct ProjectWorker {
    /// The only strong reference; whoever waits before sending a task holds a weak one.
    tasks: Option<Arc<Sender<Task>>>,
    thread: Thread,
    progress: Arc<Mutex<Progress>>,
    cancelled: Cancelled,
    /// Searches for mistakes whose results are no longer wanted.
    stale_searches: Cancelled,
}

/// What the worker does now.
#[derive(Default)]
struct Progress {
    /// Noun for the task that the thread carries out.
    current: Option<&'static str>,
    /// Threads that start a training.
    starts: Vec<Thread>,
}

fn lock(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Everything that the worker needs from an opened project.
pub(super) struct WorkerParts {
    pub(super) project: Project,
    pub(super) annotator: AnnotatorName,
    pub(super) journal: Flusher,
    pub(super) run_list: RunList,
    pub(super) trainer: trainer::Starter,
    pub(super) events: Events,
}

impl ProjectWorker {
    /// Starts the thread.
    ///
    /// # Errors
    /// The operating system cannot start a thread.
    pub(super) fn start(parts: WorkerParts) -> io::Result<Self> {
        Self::with_bases(parts, base::open)
    }

    fn with_bases(parts: WorkerParts, open_base: OpenBase) -> io::Result<Self> {
        let WorkerParts { mut project, annotator, journal, run_list, trainer, events } = parts;
        // The screen was opened with these.
        project.take_absorbed();
        let (sender, tasks) = unbounded();
        let sender = Arc::new(sender);
        let start = TrainingStart {
            project,
            annotator,
            journal,
            trainer,
            open_base,
            events: events.clone(),
            tasks: Arc::downgrade(&sender),
            cancelled: Cancelled::default(),
        };
        let cancelled = start.cancelled.clone();
        let progress = Arc::default();
        let stale_searches = Cancelled::default();
        let stale = stale_searches.clone();
        let preview = Stop::default();
        let mut work =
            Work { start, run_list, events: events.clone(), progress: Arc::clone(&progress), stale, preview };
        let thread = Thread::start(
            "project",
            move || work.run(&tasks),
            move |panicked| events.send(message(Level::Error, panicked.to_string())),
        )?;
        Ok(Self { tasks: Some(sender), thread, progress, cancelled, stale_searches })
    }

    /// Returns a function that asks for a look at the files of the project.
    /// Another program may have changed them.
    pub(super) fn looker(&self) -> impl Fn() + Send + use<> {
        let tasks = self.tasks.as_ref().map(Arc::downgrade).unwrap_or_default();
        move || {
            if let Some(tasks) = tasks.upgrade() {
                // The thread ends only after the handle was closed.
                let _ = tasks.send(Task::Look);
            }
        }
    }

    /// Adds a task after all earlier ones.
    pub(super) fn ask(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            // The thread ends only after this handle was closed.
            let _ = tasks.send(task);
        }
    }

    /// Gives up a training that was asked for and has not begun.
    pub(super) fn cancel_training(&self, generation: u64) {
        self.cancelled.add(generation);
    }

    /// Finds the mistakes of a run's model on a split; an earlier search ends.
    pub(super) fn find_mistakes(&self, wanted: WantedMistakes) {
        self.stale_searches.add(wanted.generation.saturating_sub(1));
        self.ask(Task::Mistakes(wanted));
    }

    /// Lets the thread end after its last task. Does not wait.
    pub(super) fn close(&mut self) {
        self.stale_searches.add(u64::MAX);
        self.tasks = None;
    }

    /// Waits for the end of the last task for at most this long; whether the thread has ended.
    pub(super) fn ends_within(&self, limit: Duration) -> bool {
        self.thread.ends_within(limit)
    }

    /// Noun for the task that is being carried out.
    pub(super) fn current(&self) -> Option<&'static str> {
        lock(&self.progress).current
    }

    /// Waits for trainings that are being started; whether none is.
    /// It waits for at most this long.
    pub(super) fn has_started_within(&self, limit: Duration) -> bool {
        let until = Instant::now() + limit;
        lock(&self.progress).starts.retain(|start| !start.has_ended());
        let starts = lock(&self.progress).starts.clone();
        starts.iter().all(|start| start.ends_within(until.saturating_duration_since(Instant::now())))
    }
}

struct Work {
    /// The project and the annotator; copied for each start of a training.
    start: TrainingStart,
    run_list: RunList,
    events: Events,
    progress: Arc<Mutex<Progress>>,
    /// Searches for mistakes whose results are no longer wanted.
    stale: Cancelled,
    /// Ends the last preview.
    preview: Stop,
}

impl Drop for Work {
    fn drop(&mut self) {
        self.preview.set();
    }
}

impl Work {
    fn run(&mut self, tasks: &Receiver<Task>) {
        for task in tasks {
            lock(&self.progress).current = Some(task.noun());
            let failure = task.failure();
            match guard::catch(|| self.answer(task)) {
                Ok(event) => event.into_iter().for_each(|event| self.events.send(event)),
                Err(panicked) => self.events.send(failure(panicked.to_string())),
            }
            self.report_absorbed();
            lock(&self.progress).current = None;
        }
    }

    /// Carries out a task and returns its answer.
    /// `None` if there is none, or if it comes later.
    fn answer(&mut self, task: Task) -> Option<Event> {
        match task {
            Task::Summarise { generation, base } => Some(self.summarise(generation, base)),
            Task::Annotators { generation } => {
                self.compare(generation);
                None
            }
            Task::Mistakes(wanted) => {
                MistakeSearch { wanted, stale: self.stale.clone() }.spawn(&self.start);
                None
            }
            Task::Suspects { generation } => {
                // An earlier search for mistakes ends.
                self.stale.add(generation.saturating_sub(1));
                suspect_search::spawn(&self.start, generation);
                None
            }
            Task::Decide { document, gold, model, kept } => {
                suspect_search::decide(&self.start, &document, [gold, model], kept)
            }
            Task::Labels { change } => Some(Event::Labels(self.change_labels(&change))),
            Task::Document { id, change } => Some(self.change_document(id, change)),
            Task::Splits { documents, split } => {
                let splits = documents.iter().map(|id| (id.as_str(), split)).collect();
                let outcome = self.start.project.set_splits(&splits).map_err(|error| error.to_string());
                Some(Event::SplitSet { documents: documents.len(), split, outcome })
            }
            Task::ShareOut => Some(Event::SharedOut(self.share_out())),
            Task::TakeBackMoves(moves) => {
                let outcome = self.start.project.take_back_moves(&moves).map_err(|error| error.to_string());
                Some(Event::MoveTakenBack { moves, outcome })
            }
            Task::Look => self.look(),
            Task::Unanswered(work) => {
                work();
                None
            }
            Task::Remove { run } => Some(self.remove(&run)),
            Task::Train { .. } | Task::Resume { .. } => {
                let start = self.start.clone().spawn(task);
                let starts = &mut lock(&self.progress).starts;
                starts.retain(|start| !start.has_ended());
                starts.extend(start);
                None
            }
            Task::Export { generation, choices } => {
                let TrainingStart { project, annotator, journal, .. } = &self.start;
                let outcome = exchange::export(project, annotator, journal, &choices);
                Some(Event::Exported { generation, outcome })
            }
            Task::Preview { generation, typed, folders } => {
                let TrainingStart { project, annotator, .. } = &self.start;
                // What was looked at before is not wanted any longer, and may be large.
                self.preview.set();
                self.preview = Stop::default();
                let stop = self.preview.clone();
                let (events, find) = (&self.events, move || typed_paths::files(&folders, &typed));
                exchange::preview(project, annotator, generation, find, events, stop);
                None
            }
            Task::Sentences { generation, file } => {
                self.preview.set();
                self.preview = Stop::default();
                exchange::sentences(generation, file, &self.events, self.preview.clone());
                None
            }
        }
    }

    /// Puts documents without a split into splits. Returns those that were moved, and how many each split has then.
    fn share_out(&mut self) -> Result<(Vec<SplitMove>, [usize; 3]), String> {
        let TrainingStart { project, annotator, journal, .. } = &mut self.start;
        journal.flush()?;
        let journal = project.read_annotator(annotator).map_err(|error| error.to_string())?.journal;
        let plan = split::plan(project, &journal, &SplitRequest::default());
        let splits = plan.splits.iter().map(|(id, split)| (id.as_str(), *split)).collect();
        let moves = project.set_splits(&splits).map_err(|error| error.to_string())?;
        Ok((moves, plan.documents))
    }

    /// Changes a document.
    /// The project is then read again, so that spans are where their words are now.
    fn change_document(&mut self, id: String, change: DocumentChange) -> Event {
        let project = &mut self.start.project;
        let outcome = self.start.journal.flush().and_then(|()| {
            let before = SpansBefore::read(project, &id);
            let changed = match &change {
                DocumentChange::Correct { shown, text } => {
                    project.correct_shown(&id, shown, NewText::Text(text), now())
                }
                DocumentChange::UndoCorrection { shown } => project.correct_shown(&id, shown, NewText::Previous, now()),
                DocumentChange::Remove => project.remove_document(&id, now()),
                DocumentChange::Restore => project.restore_document(&id),
            };
            changed.map(|()| before.compare(project).changes).map_err(|error| error.to_string())
        });
        Event::DocumentChanged { id, change, outcome }
    }

    /// Reports files in which the last task has found changes by another program.
    /// The worker knows them from then on, and [`Self::look`] finds no difference; the screen does not know them.
    fn report_absorbed(&mut self) {
        let names = self.start.project.take_absorbed();
        if !names.is_empty() {
            self.events.send(Event::FilesChanged(names.into_iter().map(str::to_owned).collect()));
        }
    }

    /// Reports files that another program has changed since they were read.
    fn look(&self) -> Option<Event> {
        match self.start.project.changed_files() {
            Ok(names) if names.is_empty() => None,
            Ok(names) => Some(Event::FilesChanged(names.into_iter().map(str::to_owned).collect())),
            Err(error) => {
                let text = format!(
                    "The project was changed on disk and cannot be read as it is now: {error}. This window \
                                    goes on with what it has read before, and saves as ever"
                );
                Some(message(Level::Warn, text))
            }
        }
    }

    /// Reads the journal of the annotator from disk.
    fn read_annotator(&self) -> Result<Annotator, String> {
        self.start.project.read_annotator(&self.start.annotator).map_err(|error| error.to_string())
    }

    /// Counts the training data: as far as it is on disk, if lines cannot be saved.
    fn summarise(&self, generation: u64, base: String) -> Event {
        if let Err(why) = self.start.journal.flush() {
            tracing::warn!("the training data is counted without some lines: {why}");
        }
        match self.read_annotator() {
            Ok(annotator) => {
                let (_, report) = training_data(&self.start.project, &annotator.journal, HalfWords::Snap);
                Event::Summary { generation, summary: summary(&self.start.project, &report, base) }
            }
            Err(error) => message(Level::Warn, format!("the training data was not counted: {error}")),
        }
    }

    /// Changes the labels of the project as they are on disk: another window may have changed them.
    fn change_labels(&mut self, change: &LabelChange) -> Result<LabelSet, String> {
        let mut refused = None;
        let mut before = LabelSet::default();
        let project = &mut self.start.project;
        let changed = project.change_manifest(|manifest| {
            // The change refers to the keys that the screen shows.
            manifest.labels = std::mem::take(&mut manifest.labels).with_keys();
            before = manifest.labels.clone();
            refused = manifest.labels.change(change, random_number).err();
        });
        match (changed, refused) {
            (Ok(()), None) => {
                self.record_labels(&before);
                Ok(self.start.project.manifest.labels.clone())
            }
            (Ok(()), Some(error)) => Err(error.to_string()),
            (Err(error), _) => Err(error.to_string()),
        }
    }

    /// Records a change of the labels for the history. The labels are changed, also if that fails.
    fn record_labels(&self, before: &LabelSet) {
        let TrainingStart { project, annotator, .. } = &self.start;
        match project.record_labels(before, annotator, now()) {
            Ok(records) if records.is_empty() => {}
            Ok(records) => self.events.send(Event::LabelsRecorded(records)),
            Err(error) => {
                let text = format!("the history will not list this change of the labels: {error}");
                self.events.send(message(Level::Warn, text));
            }
        }
    }

    /// Compares the annotators on a thread of its own, because it reads all journals.
    fn compare(&self, generation: u64) {
        let root = self.start.project.root.clone();
        let journal = self.start.journal.clone();
        let events = self.events.clone();
        let panicked = self.events.clone();
        let thread = Thread::start(
            "compare",
            move || {
                let found = journal.flush().and_then(|()| annotator_comparison::annotators(&root));
                events.send(Event::Annotators { generation, found: found.map(Box::new) });
            },
            move |cause| panicked.send(Event::Annotators { generation, found: Err(cause.to_string()) }),
        );
        if let Err(error) = thread {
            let found = Err(format!("a thread cannot be started: {error}"));
            self.events.send(Event::Annotators { generation, found });
        }
    }

    /// Removes a run, sends the new list, and returns a message about the outcome.
    fn remove(&self, run: &str) -> Event {
        let runs = self.run_list.runs();
        let removed = runs.get(run).and_then(|view| {
            let size = view.size();
            runs.remove(&view.id).map(|()| size)
        });
        self.events.send(Event::Runs(self.run_list.list().0));
        match removed {
            Ok(size) => message(Level::Info, format!("{run} is removed, {} freed", bytes(size))),
            Err(error) => message(Level::Warn, error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests;
