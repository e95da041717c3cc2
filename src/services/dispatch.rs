//! Dispatch of effects: each is handed to the service that carries it out.
//! Answers come back as events.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender};

use super::{
    drafts::DraftKeeper,
    leaving::{End, Leaving, Wait},
    live_learner::LiveLearner,
    message::message,
    model_service::Question,
    open_project::{self, Closing, Open, OpenError, Opener, Outcome, Request},
    preferences::PreferencesOf,
    project_repair,
    recent_projects::{self, RecentProjects},
    task::{Task, WantedMistakes},
    thread::Thread,
    trainer::Trainer,
    user_folders::UserFolders,
};
use crate::{
    app::{
        Effect, Event,
        event::{Level, Place, WelcomeItem},
        prompts::DraftsOf,
    },
    project::{ReadingProgress, storage},
    runs::Control,
    text::number::grouped,
};

/// The services of the screen.
pub(crate) struct Services {
    events: Sender<Event>,
    openings: Sender<Outcome>,
    folders: UserFolders,
    /// Preferences of the annotator.
    /// In one project they may be those of another annotator.
    preferences: PreferencesOf,
    /// Preferences of the annotator who started the program.
    own_preferences: PreferencesOf,
    /// Preferences that apply if the project that is being opened can be opened.
    next_preferences: Option<PreferencesOf>,
    trainer: Trainer,
    open: Option<Open>,
    /// Projects that were open before and whose threads have not ended.
    closing: Vec<Arc<Closing>>,
    /// Thread that opens a project after a change that the user asked for, such as an import. Leaving waits for it.
    opening: Option<Thread>,
    /// Sentence that says how to go on, for the end of the program.
    farewell: Option<String>,
    /// Cleared to stop the thread that counts the projects of the welcome screen.
    counting: Option<Arc<AtomicBool>>,
    drafts: DraftKeeper,
}

impl Services {
    /// Services without an open project; outcomes of openings are sent to `openings`.
    pub(crate) fn new(
        events: Sender<Event>,
        openings: Sender<Outcome>,
        folders: UserFolders,
        preferences: PreferencesOf,
    ) -> Self {
        let drafts = DraftKeeper::start(folders.clone());
        Self {
            events,
            openings,
            folders,
            own_preferences: Arc::clone(&preferences),
            preferences,
            next_preferences: None,
            trainer: Trainer::default(),
            open: None,
            closing: Vec::new(),
            opening: None,
            farewell: None,
            counting: None,
            drafts,
        }
    }

    /// Starts to open the project in a folder. Returns the progress, by which it can be stopped.
    pub(crate) fn open_first(&mut self, dir: &Path) -> Arc<ReadingProgress> {
        let opener = self.opener();
        let progress = Arc::clone(&opener.progress);
        // Not kept: leaving waits for no reading. What it may write is completed when the project is next opened.
        drop(opener.spawn(Request::Folder(dir.to_owned()), Vec::new(), self.openings.clone()));
        progress
    }

    /// Takes over the project of [`Self::open_first`].
    ///
    /// # Errors
    /// It could not be opened.
    pub(crate) fn opened_first(&mut self, outcome: Outcome) -> Result<Event, OpenError> {
        let (open, opened, _) = outcome?;
        self.open.insert(open).begin();
        Ok(Event::Opened(opened))
    }

    fn opener(&self) -> Opener {
        Opener {
            folders: self.folders.clone(),
            preferences: Arc::clone(&self.preferences),
            events: self.events.clone(),
            starter: self.trainer.starter(),
            progress: Arc::default(),
            earlier: Vec::new(),
        }
    }

    fn start_opening(&mut self, request: Request) {
        self.start_opening_as(request, Arc::clone(&self.preferences));
    }

    fn start_opening_as(&mut self, request: Request, preferences: PreferencesOf) {
        self.stop_counting();
        self.close();
        self.next_preferences = None;
        let opener = Opener { preferences, ..self.opener() };
        let only_reads = matches!(request, Request::Folder(_));
        let thread = opener.spawn(request, self.closing.clone(), self.openings.clone());
        self.opening = thread.filter(|_| !only_reads);
    }

    /// Opens the project in `dir` for this annotator, who stays so there.
    /// For `None`, for the one who started the program.
    fn open_as(&mut self, dir: PathBuf, annotator: Option<String>) {
        let own = Arc::clone(&self.own_preferences);
        let preferences = match annotator {
            None => own,
            Some(name) => with_annotator(own, dir.clone(), name),
        };
        self.start_opening_as(Request::Folder(dir), Arc::clone(&preferences));
        self.next_preferences = Some(preferences);
    }

    /// Takes over an opened project, and returns the events about the outcome.
    pub(crate) fn opened(&mut self, outcome: Outcome) -> Vec<Event> {
        let preferences = self.next_preferences.take();
        match outcome {
            Ok((open, opened, event)) => {
                self.close();
                self.open.insert(open).begin();
                self.preferences = preferences.unwrap_or_else(|| Arc::clone(&self.preferences));
                std::iter::once(Event::Opened(opened)).chain(event).collect()
            }
            Err(error) => vec![open_project::failure(&error)],
        }
    }

    /// Closes the project. Its threads end in the background, after their last tasks.
    pub(crate) fn close(&mut self) {
        self.closing.retain(|closing| !closing.has_ended());
        self.closing.extend(self.open.take().map(|open| Arc::new(open.close())));
    }

    /// Entries of the welcome screen.
    /// The progress of each project is counted in the background.
    pub(crate) fn welcome(&mut self) -> Event {
        let entries = RecentProjects::new(self.folders.clone()).entries();
        self.start_counting(entries.clone());
        Event::Welcome(entries)
    }

    /// Sends the entries of the welcome screen. They are read in the background, because a disk may not answer.
    pub(crate) fn send_welcome(&mut self) {
        let recent = RecentProjects::new(self.folders.clone());
        self.start_counting_of(move |events| {
            let entries = recent.entries();
            let _ = events.send(Event::Welcome(entries.clone()));
            entries
        });
    }

    fn start_counting(&mut self, entries: Vec<WelcomeItem>) {
        self.start_counting_of(move |_| entries);
    }

    /// Counts the projects among entries in the background, until others are to be counted.
    fn start_counting_of(&mut self, entries: impl FnOnce(&Sender<Event>) -> Vec<WelcomeItem> + Send + 'static) {
        self.stop_counting();
        let events = self.events.clone();
        let wanted = Arc::new(AtomicBool::new(true));
        self.counting = Some(Arc::clone(&wanted));
        let panicked = self.events.clone();
        let thread = Thread::start(
            "count",
            move || {
                let projects = entries(&events).into_iter().filter(|entry| !entry.sample);
                for WelcomeItem { path, .. } in projects.take_while(|_| wanted.load(Ordering::Relaxed)) {
                    if let Some(event) = recent_projects::look_at(path) {
                        let _ = events.send(event);
                    }
                }
            },
            move |cause| {
                let _ = panicked.send(message(Level::Warn, format!("the projects are not counted: {cause}")));
            },
        );
        if let Err(error) = thread {
            tracing::warn!("the projects of the welcome screen are not counted: {error}");
        }
    }

    /// Repairs a project in the background, and sends the entries of the welcome screen again.
    fn repair_project(&mut self, path: String, steps: Vec<String>) {
        let recent = RecentProjects::new(self.folders.clone());
        self.start_counting_of(move |events| {
            let _ = events.send(project_repair::repair(Path::new(&path), &steps));
            let entries = recent.entries();
            let _ = events.send(Event::Welcome(entries.clone()));
            entries
        });
    }

    fn stop_counting(&mut self) {
        if let Some(wanted) = self.counting.take() {
            wanted.store(false, Ordering::Relaxed);
        }
    }

    /// Keeps where the user is in the open project, which is about to be left.
    pub(crate) fn remember_place(&mut self, place: Place) {
        let Some(open) = &self.open else { return };
        let recent = RecentProjects::new(self.folders.clone());
        let dir = open.dir.clone();
        let annotator = open.annotator.clone();
        let (number, all) = place.number;
        let number = grouped(number + 1);
        let all = grouped(all);
        self.farewell =
            Some(format!("left at document {number} of {all}; tagli {} goes on there", storage::shown_path(&dir)));
        open.worker.ask(Task::Unanswered(Box::new(move || recent.remember_place(&dir, &annotator, place))));
    }

    /// Keeps what is being typed in projects. Does not wait for the disk.
    pub(crate) fn keep_drafts(&mut self, typed: Vec<DraftsOf>) {
        self.drafts.keep(typed);
    }

    /// Carries out an effect that does not concern the terminal.
    pub(crate) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Open(path) => self.start_opening(Request::Entry(path)),
            Effect::CopySample { sample, name } => self.start_opening(Request::Copy { sample, name }),
            Effect::NewProject(new) => self.start_opening(Request::New(new)),
            Effect::RepairProject { path, steps } => self.repair_project(path, steps),
            Effect::Import { generation, file, fingerprint, on_duplicate } => {
                if let Some(dir) = self.open.as_ref().map(|open| open.dir.clone()) {
                    self.start_opening(Request::Import { dir, file, fingerprint, on_duplicate, generation });
                }
            }
            Effect::UndoImport { generation } => {
                if let Some(dir) = self.open.as_ref().map(|open| open.dir.clone()) {
                    self.start_opening(Request::UndoImport { dir, generation });
                }
            }
            Effect::AddDocument { generation, text } => {
                if let Some(dir) = self.open.as_ref().map(|open| open.dir.clone()) {
                    self.start_opening(Request::Add { dir, text, generation });
                }
            }
            Effect::Reload => {
                if let Some(dir) = self.open.as_ref().map(|open| open.dir.clone()) {
                    self.start_opening(Request::Folder(dir));
                }
            }
            Effect::OpenAs(annotator) => {
                if let Some(dir) = self.open.as_ref().map(|open| open.dir.clone()) {
                    self.open_as(dir, annotator);
                }
            }
            Effect::WorkAs(name) => {
                if let Some(dir) = self.open.as_ref().map(|open| open.dir.clone()) {
                    self.start_opening(Request::WorkAs { dir, name });
                }
            }
            other => {
                if let Some(open) = &self.open {
                    self.carry_out_in(open, other);
                }
            }
        }
    }

    /// Carries out an effect on the open project.
    fn carry_out_in(&self, open: &Open, effect: Effect) {
        match effect {
            Effect::Record { attempt, entries } => open.journal.record(attempt, entries),
            Effect::Summarise { generation, base } => open.worker.ask(Task::Summarise { generation, base }),
            Effect::StartTraining { generation, settings, recipe, fetch, repeat } => {
                train(open, Task::Train { generation, settings, recipe, fetch, repeat });
            }
            Effect::ResumeTraining { generation, run, fetch } => train(open, Task::Resume { generation, run, fetch }),
            Effect::CancelTraining { generation } => open.worker.cancel_training(generation),
            Effect::ControlRun { run, control } => self.control(open, run, control),
            Effect::Follow { generation, run } => open.watcher.follow(generation, run),
            Effect::Predict { generation, run, text, strategy, beside } => {
                open.model_service.predict(Question { generation, run, text, strategy, beside });
            }
            Effect::PredictDocument { generation, run, document } => {
                open.model_service.predict_document(generation, &run, open.documents.get(&document));
            }
            Effect::FindMistakes { generation, run, against, split } => {
                open.worker.find_mistakes(WantedMistakes { generation, run, against, split });
            }
            Effect::Explain { generation, run, text, range, label } => {
                open.model_service.explain(generation, &run, text, (range, label));
            }
            Effect::FindSuspects { generation } => open.worker.ask(Task::Suspects { generation }),
            Effect::DecideLabel { document, gold, model, kept } => {
                open.worker.ask(Task::Decide { document, gold, model, kept });
            }
            Effect::Suggest { run, documents } => {
                open.model_service.suggest(&run, documents.iter().filter_map(|id| open.documents.get(id)));
            }
            Effect::ChangeDocument { id, change } => open.worker.ask(Task::Document { id, change }),
            Effect::ShareOut => open.worker.ask(Task::ShareOut),
            Effect::TakeBackMove(moves) => open.worker.ask(Task::TakeBackMoves(moves)),
            Effect::SetSplit { documents, split } => open.worker.ask(Task::Splits { documents, split }),
            Effect::Finished(document) => open.learner.iter().for_each(|learner| learner.finished(document.clone())),
            Effect::NoteShown(ids) => open.learner.iter().for_each(|learner| learner.note_shown(ids.clone())),
            Effect::Reopened(document) => open.learner.iter().for_each(|learner| learner.reopened(document.clone())),
            Effect::SetLearning(learns) => open.learner.iter().for_each(|learner| learner.set_learning(learns)),
            Effect::ChangeLabels(change) => open.worker.ask(Task::Labels { change }),
            Effect::CompareAnnotators { generation } => open.worker.ask(Task::Annotators { generation }),
            Effect::Rank { run, documents } => {
                open.model_service.rank(&run, documents.iter().filter_map(|id| open.documents.get(id)));
            }
            Effect::Export { generation, choices } => open.worker.ask(Task::Export { generation, choices }),
            Effect::PreviewImport { generation, file } => {
                open.worker.ask(Task::Preview { generation, typed: file, folders: self.folders.clone() });
            }
            Effect::ReadSentences { generation, file } => {
                self.ask_about(open, &file, |file| Task::Sentences { generation, file });
            }
            Effect::RememberStep(step) => self.remember(open, move |recent, dir| recent.remember_step(dir, step)),
            Effect::KeepAnnotator(name) => self.remember(open, move |recent, dir| recent.remember_annotator(dir, name)),
            Effect::Compare { generation, run } => open.watcher.compare(generation, run),
            Effect::CompareScores { generation, runs } => open.watcher.compare_scores(generation, runs),
            Effect::ReadLog { generation, run } => open.watcher.log(generation, run),
            Effect::RemoveRun { run } => open.worker.ask(Task::Remove { run }),
            // Carried out above, or by the event loop.
            Effect::Open(_) | Effect::CopySample { .. } | Effect::NewProject(_) | Effect::RepairProject { .. } => {}
            Effect::AddDocument { .. }
            | Effect::Import { .. }
            | Effect::UndoImport { .. }
            | Effect::OpenAs(_)
            | Effect::WorkAs(_)
            | Effect::Reload
            | Effect::Close => {}
            Effect::Copy(_) | Effect::Redraw | Effect::Suspend | Effect::Quit(_) => {}
        }
    }

    /// Lets the worker remember something about the open project in the user's own data.
    fn remember(&self, open: &Open, what: impl FnOnce(&RecentProjects, &Path) + Send + 'static) {
        let recent = RecentProjects::new(self.folders.clone());
        let dir = open.dir.clone();
        open.worker.ask(Task::Unanswered(Box::new(move || what(&recent, &dir))));
    }

    /// Asks the worker for a task on a file, whose path is as the user has typed it.
    fn ask_about(&self, open: &Open, file: &str, task: impl FnOnce(PathBuf) -> Task) {
        match self.folders.resolve(file) {
            Ok(path) => open.worker.ask(task(path)),
            Err(error) => {
                let failed = task(PathBuf::new()).failure();
                let _ = self.events.send(failed(error.to_string()));
            }
        }
    }

    /// Sends a command to a run.
    /// By a channel if this process trains it, otherwise by the run's control file.
    fn control(&self, open: &Open, run: String, control: Control) {
        if !self.trainer.control(&run, control) {
            open.watcher.control(run, control);
        }
    }

    /// Closes the project, and waits for its journal, for other jobs, and for a training that continues or has to save
    /// its model.
    ///
    /// `interrupted` waits for at most the given time and returns whether the user asked the program to end.
    ///
    /// # Errors
    /// Actions are lost, because the disk refuses or does not answer; a sentence about them.
    pub(crate) fn finish(
        mut self,
        end: End,
        openings: &Receiver<Outcome>,
        interrupted: impl FnMut(Wait, Duration) -> bool,
    ) -> Result<(), String> {
        self.stop_counting();
        self.close();
        // A project that was opened meanwhile has nothing to save.
        openings.try_iter().for_each(drop);
        let farewell = self.farewell.filter(|_| matches!(end, End::Left(_)));
        let drafts = self.drafts.close();
        let leaving = Leaving { closing: self.closing, opening: self.opening, drafts, trainer: self.trainer, farewell };
        leaving.finish(end, interrupted)
    }
}

/// Preferences with another annotator in one project.
fn with_annotator(own: PreferencesOf, project: PathBuf, name: String) -> PreferencesOf {
    Arc::new(move |dir| {
        let mut preferences = own(dir)?;
        if dir == project {
            preferences.is_chosen = true;
            preferences.annotator = name.parse().map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(preferences)
    })
}

/// Starts or resumes a training; the live model makes way for it.
fn train(open: &Open, task: Task) {
    open.learner.iter().for_each(LiveLearner::make_way);
    open.worker.ask(task);
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use crossbeam_channel::{bounded, unbounded};

    use super::*;
    use crate::app::Leave;

    #[test]
    fn leaving_while_a_project_is_read_waits_for_nothing() {
        let (release, held) = bounded::<()>(0);
        let late: PreferencesOf = Arc::new(move |_| {
            let _ = held.recv();
            Err("too late".to_owned())
        });
        let (outcomes, openings) = unbounded();
        let mut services = Services::new(unbounded().0, outcomes, UserFolders::default(), late);
        services.open_first(Path::new("/nowhere"));
        let began = Instant::now();
        services.finish(End::Left(Leave::Plain), &openings, |_, _| false).unwrap();
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        drop(release);
    }
}
