//! Dispatch of effects: each is handed to the service that carries it out; answers come back as events.

use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender};

use super::{
    open_project::{self, Open, OpenError, Opener, Outcome, Request},
    preferences::PreferencesOf,
    project_worker::Task,
    recent_projects::{self, RecentProjects},
    trainer::Trainer,
    user_folders::UserFolders,
};
use crate::{
    app::{Effect, Event, Leave, event::WelcomeItem},
    runs::Control,
    text::width::clean,
};

/// Time between two checks for the end of a training after the screen is gone.
const POLL: Duration = Duration::from_millis(100);

/// Why the screen ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The user left.
    Left(Leave),
    /// The terminal is gone.
    Gone,
    /// The process was asked to end.
    Terminated,
}

/// The services of the screen.
pub(crate) struct Services {
    events: Sender<Event>,
    openings: Sender<Outcome>,
    folders: UserFolders,
    /// Preferences of the annotator; in one project they may be those of another annotator.
    preferences: PreferencesOf,
    /// Preferences of the annotator who started the program.
    own_preferences: PreferencesOf,
    /// Preferences that apply if the project that is being opened can be opened.
    next_preferences: Option<PreferencesOf>,
    trainer: Trainer,
    open: Option<Open>,
    /// Thread that closes the project that was open before.
    closing: Option<JoinHandle<()>>,
    /// Thread that opens the project that was requested last.
    opening: Option<JoinHandle<()>>,
    /// Cleared to stop the thread that counts the projects of the welcome screen.
    counting: Option<Arc<AtomicBool>>,
}

impl Services {
    /// Services without an open project; outcomes of openings are sent to `openings`.
    pub(crate) fn new(
        events: Sender<Event>,
        openings: Sender<Outcome>,
        folders: UserFolders,
        preferences: PreferencesOf,
    ) -> Self {
        Self {
            events,
            openings,
            folders,
            own_preferences: Arc::clone(&preferences),
            preferences,
            next_preferences: None,
            trainer: Trainer::default(),
            open: None,
            closing: None,
            opening: None,
            counting: None,
        }
    }

    /// Opens the project in a folder on the calling thread.
    pub(crate) fn open_now(&mut self, dir: &Path) -> Result<Event, OpenError> {
        let (open, opened) = self.opener().open(dir)?;
        self.open = Some(open);
        Ok(Event::Opened(opened))
    }

    fn opener(&self) -> Opener {
        Opener {
            folders: self.folders.clone(),
            preferences: Arc::clone(&self.preferences),
            events: self.events.clone(),
            starter: self.trainer.starter(),
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
        self.opening = opener.spawn(request, self.closing.take(), self.openings.clone());
    }

    /// Opens the project in `dir` for this annotator, who stays so there; for `None`, for the one who started the program.
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
            Ok((open, opened, notice)) => {
                self.open = Some(open);
                self.preferences = preferences.unwrap_or_else(|| Arc::clone(&self.preferences));
                std::iter::once(Event::Opened(opened)).chain(notice.map(open_project::notice)).collect()
            }
            Err(error) => vec![open_project::failure(&error)],
        }
    }

    /// Closes the project on a thread of its own, because its last tasks may take a moment.
    pub(crate) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            // If no thread can be started, the closure is dropped, and the project with it, on this thread.
            self.closing = thread::Builder::new().name("close".into()).spawn(move || drop(open)).ok();
        }
    }

    /// Entries of the welcome screen. The progress of each project is counted in the background.
    pub(crate) fn welcome(&mut self) -> Event {
        self.stop_counting();
        let entries = RecentProjects::new(self.folders.clone()).entries();
        self.start_counting(&entries);
        Event::Welcome(entries)
    }

    fn start_counting(&mut self, entries: &[WelcomeItem]) {
        let paths: Vec<String> = entries.iter().filter(|entry| !entry.sample).map(|entry| entry.path.clone()).collect();
        let events = self.events.clone();
        let preferences = Arc::clone(&self.preferences);
        let wanted = Arc::new(AtomicBool::new(true));
        self.counting = Some(Arc::clone(&wanted));
        let count = move || {
            for path in paths.into_iter().take_while(|_| wanted.load(Ordering::Relaxed)) {
                if let Some((done, documents)) = recent_projects::progress(Path::new(&path), &preferences) {
                    let _ = events.send(Event::Counted { path, done, documents });
                }
            }
        };
        if let Err(error) = thread::Builder::new().name("count".into()).spawn(count) {
            tracing::warn!("the projects of the welcome screen are not counted: {error}");
        }
    }

    fn stop_counting(&mut self) {
        if let Some(wanted) = self.counting.take() {
            wanted.store(false, Ordering::Relaxed);
        }
    }

    /// Carries out an effect that does not concern the terminal.
    pub(crate) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Open(path) => self.start_opening(Request::Entry(path)),
            Effect::CopySample { sample, name } => self.start_opening(Request::Copy { sample, name }),
            Effect::NewProject(new) => self.start_opening(Request::New(new)),
            Effect::Import(file) => {
                if let Some(dir) = self.open.as_ref().map(|open| open.dir.clone()) {
                    self.start_opening(Request::Import { dir, file });
                }
            }
            Effect::OpenAs(annotator) => {
                if let Some(dir) = self.open.as_ref().map(|open| open.dir.clone()) {
                    self.open_as(dir, annotator);
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
            Effect::Record { attempt, entries } => open.worker.ask(Task::Record { attempt, entries }),
            Effect::Summarise { generation, base } => open.worker.ask(Task::Summarise { generation, base }),
            Effect::StartTraining { generation, settings, recipe, fetch } => {
                open.worker.ask(Task::Train { generation, settings, recipe, fetch });
            }
            Effect::ResumeTraining { generation, run, fetch } => {
                open.worker.ask(Task::Resume { generation, run, fetch });
            }
            Effect::ControlRun { run, control } => self.control(open, run, control),
            Effect::Follow { generation, run } => open.watcher.follow(generation, run),
            Effect::Predict { generation, run, text } => open.model_service.predict(generation, run.as_deref(), text),
            Effect::Suggest { run, documents } => {
                open.model_service.suggest(&run, documents.iter().filter_map(|id| open.document(id)));
            }
            Effect::ChangeLabels(change) => open.worker.ask(Task::Labels { change }),
            Effect::CompareAnnotators { generation } => open.worker.ask(Task::Annotators { generation }),
            Effect::Rank { run, documents } => {
                open.model_service.rank(&run, documents.iter().filter_map(|id| open.document(id)));
            }
            Effect::Export { generation, format } => open.worker.ask(Task::Export { generation, format }),
            Effect::RememberStep(step) => {
                let recent = RecentProjects::new(self.folders.clone());
                let dir = open.dir.clone();
                open.worker.ask(Task::Unanswered(Box::new(move || recent.remember_step(&dir, step))));
            }
            Effect::Compare { generation, run } => open.watcher.compare(generation, run),
            Effect::ReadLog { generation, run } => open.watcher.log(generation, run),
            Effect::RemoveRun { run } => open.worker.ask(Task::Remove { run }),
            // Carried out above, or by the event loop.
            Effect::Open(_) | Effect::CopySample { .. } | Effect::NewProject(_) => {}
            Effect::Import(_) | Effect::OpenAs(_) | Effect::Close => {}
            Effect::Copy(_) | Effect::Redraw | Effect::Suspend | Effect::Quit(_) => {}
        }
    }

    /// Sends a command to a run: by a channel if this process trains it, otherwise by the run's control file.
    fn control(&self, open: &Open, run: String, control: Control) {
        if !self.trainer.control(&run, control) {
            open.watcher.control(run, control);
        }
    }

    /// Closes the project and waits for a training that continues or has to save its model.
    ///
    /// `interrupted` waits for at most the given time and returns whether the user asked the program to end, which ends
    /// the training after its current step.
    pub(crate) fn finish(
        mut self,
        end: End,
        openings: &Receiver<Outcome>,
        mut interrupted: impl FnMut(Duration) -> bool,
    ) {
        // First the journal: when the project is closed, all entries are on disk and its lock is free.
        self.open = None;
        if let Some(closing) = self.closing.take() {
            let _ = closing.join();
        }
        // A project that is being opened or created is completed, and closed in the same order.
        if let Some(opening) = self.opening.take() {
            let _ = opening.join();
        }
        openings.try_iter().for_each(drop);
        let Some(run) = self.trainer.running() else { return };
        match end {
            End::Left(Leave::StopRun) => {
                say(&format!("{run}: stopping after this step and saving the model"));
                self.trainer.control(&run, Control::StopNow);
            }
            End::Left(_) => say(&format!(
                "{run} continues without a screen; ctrl-z and bg move it to the background, ctrl-c ends it and keeps its model"
            )),
            End::Terminated => {
                self.trainer.control(&run, Control::StopNow);
            }
            End::Gone => {}
        }
        // A paused run would wait forever, since no screen can resume it.
        self.trainer.control(&run, Control::Resume);
        while self.trainer.running().is_some() {
            if interrupted(POLL) {
                self.trainer.control(&run, Control::StopNow);
            }
        }
        self.trainer.join();
        if matches!(end, End::Left(_)) {
            say(&format!("{run} has ended"));
        }
    }
}

/// Preferences with another annotator in one project.
fn with_annotator(own: PreferencesOf, project: PathBuf, name: String) -> PreferencesOf {
    Arc::new(move |dir| {
        let mut preferences = own(dir)?;
        if dir == project {
            preferences.annotator = name.parse().map_err(|error| format!("{name}: {error}"))?;
        }
        Ok(preferences)
    })
}

/// Prints a line on standard error, after the screen is gone.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{}", clean(text));
}
