//! Services carried out: each is handed to the thread that does it; answers come back as events.

use std::{
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
    open_project::{self, Open, OpenError, Opener, Outcome, Wanted},
    project_worker::Task,
    recent_projects::{self, RecentProjects, Who},
    trainer::Trainer,
};
use crate::{
    app::{Effect, Event, Leave},
    runs::Control,
};

/// How often the end of a training is looked for when there is no screen any more.
const LOOK: Duration = Duration::from_millis(100);

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
    recent_projects: RecentProjects,
    /// Who tags; for one project that may be another than who began.
    who: Who,
    /// Who began.
    own: Who,
    /// Who tags if what is being opened can be.
    becoming: Option<Who>,
    trainer: Trainer,
    open: Option<Open>,
    /// Lets go of what was open before.
    closing: Option<JoinHandle<()>>,
    /// Opens what was asked for last.
    opening: Option<JoinHandle<()>>,
    /// Whether the projects of the welcome screen are to be counted on.
    counting: Option<Arc<AtomicBool>>,
}

impl Services {
    /// Nothing open yet; `openings` gets what is opened.
    pub(crate) fn new(
        events: Sender<Event>,
        openings: Sender<Outcome>,
        recent_projects: RecentProjects,
        who: Who,
    ) -> Self {
        let (trainer, open, closing, opening, counting) = (Trainer::default(), None, None, None, None);
        let (own, becoming) = (Arc::clone(&who), None);
        Self { events, openings, recent_projects, who, own, becoming, trainer, open, closing, opening, counting }
    }

    /// Opens the project in a folder, at once.
    pub(crate) fn open_now(&mut self, dir: &Path) -> Result<Event, OpenError> {
        let (open, opened) = self.opener().open(dir)?;
        self.open = Some(open);
        Ok(Event::Opened(opened))
    }

    fn opener(&self) -> Opener {
        let (recent_projects, who) = (self.recent_projects.clone(), Arc::clone(&self.who));
        Opener { recent_projects, who, events: self.events.clone(), starter: self.trainer.starter() }
    }

    fn begin(&mut self, wanted: Wanted) {
        self.begin_as(wanted, Arc::clone(&self.who));
    }

    fn begin_as(&mut self, wanted: Wanted, who: Who) {
        self.stop_counting();
        self.close();
        self.becoming = None;
        let opener = Opener { who, ..self.opener() };
        self.opening = opener.spawn(wanted, self.closing.take(), self.openings.clone());
    }

    /// Opens the project in `dir` for this annotator, who stays so there; for `None`, for who opened it first.
    fn open_as(&mut self, dir: PathBuf, name: Option<String>) {
        let (own, here) = (Arc::clone(&self.own), dir.clone());
        let who: Who =
            match name {
                None => own,
                Some(name) => Arc::new(move |dir| {
                    if dir == here { name.parse().map_err(|error| format!("{name}: {error}")) } else { own(dir) }
                }),
            };
        self.begin_as(Wanted::Folder(dir), Arc::clone(&who));
        self.becoming = Some(who);
    }

    /// Takes what an opening has come to; what the screens are told.
    pub(crate) fn arrived(&mut self, outcome: Outcome) -> Vec<Event> {
        match outcome {
            Ok((open, opened, said)) => {
                self.open = Some(open);
                self.who = self.becoming.take().unwrap_or_else(|| Arc::clone(&self.who));
                std::iter::once(Event::Opened(opened)).chain(said.map(open_project::said)).collect()
            }
            Err(error) => {
                self.becoming = None;
                vec![open_project::told(&error)]
            }
        }
    }

    /// Lets go of the project on a thread of its own: what it still has to do may take a moment.
    pub(crate) fn close(&mut self) {
        if let Some(open) = self.open.take() {
            // Without a thread it is let go of here and now.
            self.closing = thread::Builder::new().name("close".into()).spawn(move || drop(open)).ok();
        }
    }

    /// What the welcome screen offers. How much of each project is done is counted by and by.
    pub(crate) fn welcome(&mut self) -> Event {
        self.stop_counting();
        let places = self.recent_projects.all();
        let dirs: Vec<String> = places.iter().filter(|place| !place.sample).map(|place| place.path.clone()).collect();
        let (events, who, go_on) = (self.events.clone(), Arc::clone(&self.who), Arc::new(AtomicBool::new(true)));
        let wanted = Arc::clone(&go_on);
        let count = move || {
            for path in dirs.into_iter().take_while(|_| wanted.load(Ordering::Relaxed)) {
                let Some((done, documents)) = recent_projects::count(Path::new(&path), &who) else { continue };
                let _ = events.send(Event::Counted { path, done, documents });
            }
        };
        // Without a thread the counts are not shown.
        let started = thread::Builder::new().name("count".into()).spawn(count).is_ok();
        self.counting = started.then_some(go_on);
        Event::Welcome(places)
    }

    fn stop_counting(&mut self) {
        if let Some(go_on) = self.counting.take() {
            go_on.store(false, Ordering::Relaxed);
        }
    }

    /// Carries out what does not concern the terminal.
    pub(crate) fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Open(path) => return self.begin(Wanted::Path(path)),
            Effect::CopySample { sample, name } => return self.begin(Wanted::Copy { sample, name }),
            Effect::NewProject(new) => return self.begin(Wanted::New(new)),
            Effect::Import(file) => {
                if let Some(dir) = self.open.as_ref().map(|open| open.dir.clone()) {
                    self.begin(Wanted::Import { dir, file });
                }
                return;
            }
            Effect::OpenAs(name) => {
                if let Some(dir) = self.open.as_ref().map(|open| open.dir.clone()) {
                    self.open_as(dir, name);
                }
                return;
            }
            _ => {}
        }
        let Some(open) = &self.open else { return };
        match effect {
            Effect::Record { attempt, entries } => open.worker.ask(Task::Record { attempt, entries }),
            Effect::Summarise { generation, base } => open.worker.ask(Task::Summarise { generation, base }),
            Effect::StartTraining { generation, settings, recipe } => {
                open.worker.ask(Task::Train { generation, settings, recipe });
            }
            Effect::ResumeTraining { generation, run } => open.worker.ask(Task::Resume { generation, run }),
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
                let (recent, dir) = (self.recent_projects.clone(), open.dir.clone());
                open.worker.ask(Task::Aside(Box::new(move || recent.remember_step(&dir, step))));
            }
            Effect::Compare { generation, run } => open.watcher.compare(generation, run),
            Effect::ReadLog { generation, run } => open.watcher.log(generation, run),
            Effect::RemoveRun { run } => open.worker.ask(Task::Remove { run }),
            // Done above, or by the loop itself.
            Effect::Open(_) | Effect::CopySample { .. } | Effect::NewProject(_) => {}
            Effect::Import(_) | Effect::OpenAs(_) | Effect::Close => {}
            Effect::Copy(_) | Effect::Redraw | Effect::Suspend | Effect::Quit(_) => {}
        }
    }

    /// By the channel if this process trains, else by the run's control file.
    fn control(&self, open: &Open, run: String, control: Control) {
        if !self.trainer.control(&run, control) {
            open.watcher.control(run, control);
        }
    }

    /// Lets go of the project and ends as was asked: waits for a training that goes on or has to save its model.
    /// A first interrupt then ends the training after its step, a second one ends the process.
    /// `interrupted` waits for at most the given time and returns whether such an interrupt arrived.
    pub(crate) fn finish(
        mut self,
        end: End,
        openings: &Receiver<Outcome>,
        mut interrupted: impl FnMut(Duration) -> bool,
    ) {
        // First the journal: all that was recorded is on disk when the project worker is gone, and its lock is free.
        self.open = None;
        if let Some(closing) = self.closing.take() {
            let _ = closing.join();
        }
        // What is being opened or made is not left half-way, and is let go of in the same order.
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
                "{run} goes on without a screen; ctrl-z and bg put it behind the prompt, ctrl-c ends it and keeps its model"
            )),
            End::Terminated => {
                self.trainer.control(&run, Control::StopNow);
            }
            End::Gone => {}
        }
        // A paused run would wait for ever: nobody is there to resume it.
        self.trainer.control(&run, Control::Resume);
        while self.trainer.running().is_some() {
            if interrupted(LOOK) {
                self.trainer.control(&run, Control::StopNow);
            }
        }
        self.trainer.join();
        if matches!(end, End::Left(_)) {
            say(&format!("{run} has ended"));
        }
    }
}

/// A line on standard error, after the screen is gone.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
