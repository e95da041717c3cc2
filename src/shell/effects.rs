//! Effects carried out: each is handed to the thread that does it; answers come back as events.

use std::{collections::HashMap, path::Path, time::Duration};

use crossbeam_channel::{Receiver, Sender};

use super::{
    desk::{self, Desk, Task},
    looping::End,
    oracle::Oracle,
    signals::{self, Signal},
    trainer::Trainer,
    watch::Watch,
};
use crate::{
    app::{
        Effect, Event, Leave,
        event::{Level, Opened},
    },
    project::Runs,
    runs::Control,
    spans::Document,
};

/// How often the end of a training is looked for when there is no screen any more.
const LOOK: Duration = Duration::from_millis(100);

/// All that works outside the loop.
pub(super) struct Effects {
    events: Sender<Event>,
    annotator: String,
    trainer: Trainer,
    open: Option<Open>,
}

/// What an open project needs.
struct Open {
    desk: Desk,
    watch: Watch,
    oracle: Oracle,
    documents: Vec<Document>,
    /// Where a document stands, by its id.
    places: HashMap<String, usize>,
}

impl Effects {
    /// Nothing open yet.
    pub(super) fn new(events: Sender<Event>, annotator: String) -> Self {
        let trainer = Trainer::default();
        Self { events, annotator, trainer, open: None }
    }

    /// Opens a project in place of the one that is open.
    pub(super) fn open_now(&mut self, dir: &Path) -> Result<Opened, OpenError> {
        // Its journal's lock is let go of first: it may be the same project.
        self.open = None;
        let (desk, opened) = Desk::open(dir, &self.annotator, self.events.clone(), self.trainer.starter())?;
        let watch = Watch::start(dir, self.events.clone())?;
        let oracle = Oracle::start(watch.newest(), desk.grid, self.events.clone())?;
        let places = opened.documents.iter().enumerate().map(|(at, document)| (document.id.clone(), at)).collect();
        self.open = Some(Open { desk, watch, oracle, documents: opened.documents.clone(), places });
        Ok(opened)
    }

    /// Carries out what does not concern the terminal.
    pub(super) fn carry_out(&mut self, effect: Effect) {
        if let Effect::Open(path) = effect {
            let event = match self.open_now(Path::new(&path)) {
                Ok(opened) => Event::Opened(Box::new(opened)),
                Err(error) => Event::OpenFailed(error.to_string()),
            };
            self.tell(event);
            return;
        }
        let Some(open) = &self.open else { return };
        match effect {
            Effect::Record { attempt, entries } => open.desk.ask(Task::Record { attempt, entries }),
            Effect::Summarise { generation } => open.desk.ask(Task::Summarise { generation }),
            Effect::StartTraining { generation, settings } => {
                open.desk.ask(Task::Train { generation, settings: Box::new(settings) });
            }
            Effect::ControlRun { run, control } => self.control(open, &run, control),
            Effect::Follow { generation, run } => open.watch.follow(generation, run),
            Effect::Predict { generation, text, .. } => open.oracle.predict(generation, text),
            Effect::Suggest { documents } => open.oracle.suggest(documents.iter().filter_map(|id| open.document(id))),
            Effect::Export { generation, format } => open.desk.ask(Task::Export { generation, format }),
            // The loop has done these itself.
            Effect::Compare { .. } | Effect::ReadLog { .. } | Effect::RemoveRun { .. } | Effect::NewProject(_) => {}
            Effect::Open(_) | Effect::Copy(_) | Effect::Redraw | Effect::Suspend | Effect::Quit(_) => {}
        }
    }

    /// By the channel if this process trains, else by the run's control file.
    fn control(&self, open: &Open, run: &str, control: Control) {
        if self.trainer.control(run, control) {
            return;
        }
        let sent = Runs::of(&open.desk.root).get(run).and_then(|view| view.send(control));
        if let Err(error) = sent {
            self.tell(desk::message(Level::Warn, error.to_string()));
        }
    }

    fn tell(&self, event: Event) {
        // The loop may be gone already; then nobody is there to be told.
        let _ = self.events.send(event);
    }

    /// Lets go of the project and ends as was asked: waits for a training that goes on or has to save its model.
    /// A first interrupt then ends the training after its step, a second one ends the process.
    pub(super) fn finish(mut self, end: End, signals: &Receiver<Signal>) {
        // First the journal: all that was recorded is on disk when the desk is gone, and its lock is free.
        self.open = None;
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
        let mut stopping = end == End::Terminated;
        while self.trainer.running().is_some() {
            if signals.recv_timeout(LOOK) == Ok(Signal::Terminate) {
                if std::mem::replace(&mut stopping, true) {
                    signals::end_process();
                }
                self.trainer.control(&run, Control::StopNow);
            }
        }
        self.trainer.join();
        if matches!(end, End::Left(_)) {
            say(&format!("{run} has ended"));
        }
    }
}

impl Open {
    fn document(&self, id: &str) -> Option<&Document> {
        self.documents.get(*self.places.get(id)?)
    }
}

/// Why a project cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The project.
    #[error(transparent)]
    Project(#[from] crate::project::ProjectError),
    /// A thread.
    #[error("a thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// A line on standard error, after the screen is gone.
fn say(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
