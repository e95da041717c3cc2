//! Start and control of trainings, and news about runs: listed, read, ended.

use crate::{
    app::{
        effect::Effect,
        event::{FetchOffer, Level},
        panel::{Outcome, Request},
        project::Project,
        session::Session,
    },
    runs::{Control, Phase, Point, RunSummary, Settings, Status},
    text::number::{grouped, score},
};

use super::{Page, Train, view::ChartView};

/// Starts and controls.
impl Train {
    /// Starts a training with the present settings.
    pub(super) fn start(&mut self, session: &mut Session) -> Outcome {
        if session.runs.is_busy() {
            session.warn("A training runs already");
            return Outcome::none();
        }
        if session.has_only_runs() {
            session.warn("There is no document here to learn from: this is a run, not a project");
            return Outcome::none();
        }
        let generation = session.next_generation();
        let settings = self.settings.clone();
        await_start(session, generation, settings.clone());
        session.inform(format!("A training of {} is being prepared", settings.base));
        let unsaved = session.project.as_mut().and_then(Project::resend);
        let settings = Box::new(settings);
        let repeat = self.repeats.take().is_some_and(|known| known == *settings);
        let start = Effect::StartTraining { generation, settings, recipe: self.recipe, fetch: false, repeat };
        Outcome::from(unsaved).then([start])
    }

    /// The run that commands are about.
    /// Under the cursor in the list, else the followed one.
    fn run_meant<'a>(&self, session: &'a Session) -> Option<&'a RunSummary> {
        match self.page {
            Page::Runs => session.runs.list.get(self.run_row),
            _ => session.runs.followed_info(),
        }
    }

    /// The same run, if it was interrupted and can go on.
    pub(super) fn resumable<'a>(&self, session: &'a Session) -> Option<&'a RunSummary> {
        self.run_meant(session).filter(|run| run.resumable)
    }

    /// Goes on with an interrupted run.
    pub(super) fn resume(&mut self, session: &mut Session) -> Outcome {
        let Some(info) = self.resumable(session) else { return Outcome::none() };
        let run = info.id.clone();
        let settings = info.settings.clone().unwrap_or_else(|| self.settings.clone());
        let generation = session.next_generation();
        await_start(session, generation, settings);
        session.inform(format!("{run} goes on from its checkpoint"));
        Effect::ResumeTraining { generation, run, fetch: false }.into()
    }

    /// A training has its run folder: shows the run.
    pub(in crate::app) fn training_started(&mut self, session: &mut Session, generation: u64, run: String) -> Outcome {
        let starting = session.runs.starting.take_if(|(asked, _)| *asked == generation);
        let Some((_, settings)) = starting else { return Outcome::none() };
        // The message that it is being prepared is outdated.
        session.message.take_if(|message| message.level == Level::Info);
        self.run_row = session.runs.started(&run, settings, session.now);
        self.page = Page::Run;
        self.follow_in_place(session, run).into()
    }

    /// A training could not start: shows why.
    pub(in crate::app) fn training_refused(&mut self, session: &mut Session, generation: u64, message: String) {
        if session.runs.starting.take_if(|(asked, _)| *asked == generation).is_some() {
            session.show(Level::Error, message);
        }
    }

    /// A training would repeat the newest run: says so; asked for again, it starts.
    pub(in crate::app) fn training_unchanged(&mut self, session: &mut Session, generation: u64, run: &str) {
        let Some((_, settings)) = session.runs.starting.take_if(|(asked, _)| *asked == generation) else { return };
        self.repeats = Some(settings);
        session.warn(format!(
            "The training split has not changed since {run}, nor have the settings; the same key once more trains anyway"
        ));
    }

    /// A training needs a base that must be downloaded: asks whether it may be.
    pub(in crate::app) fn fetch_offered(&mut self, session: &mut Session, offer: FetchOffer) -> Outcome {
        // Until the answer nothing is being prepared.
        let starting = session.runs.starting.take_if(|(asked, _)| *asked == offer.generation);
        let Some((_, settings)) = starting else { return Outcome::none() };
        session.message.take_if(|message| message.level == Level::Info);
        Request::AskFetch(Box::new((offer, settings))).into()
    }

    /// Asks how to end the run.
    /// A training that is being prepared is cancelled at once, also while its base is downloaded.
    pub(super) fn ask_stop(&mut self, session: &mut Session) -> Outcome {
        match session.runs.starting.take() {
            Some((generation, _)) if session.runs.running().is_none() => {
                session.inform("The training is cancelled; what was downloaded is kept");
                Effect::CancelTraining { generation }.into()
            }
            starting => {
                session.runs.starting = starting;
                Request::AskStop.into()
            }
        }
    }

    /// Pauses the run, or lets it go on.
    pub(super) fn pause(&mut self, session: &mut Session) -> Outcome {
        let control = if is_paused(session) { Control::Resume } else { Control::Pause };
        session.runs.control(control).into()
    }

    /// Lets the run write its model after this step.
    pub(super) fn checkpoint(&mut self, session: &mut Session) -> Outcome {
        let Some(run) = session.runs.running() else { return Outcome::none() };
        if run.status.step == 0 {
            session.inform("There is nothing to keep before the first step");
            return Outcome::none();
        }
        session.inform("After this step the model is scored and written; the run then goes on");
        session.runs.control(Control::Checkpoint).into()
    }

    /// Asks whether a run is to be removed, unless it is still running.
    pub(super) fn ask_removal(&mut self, session: &mut Session) -> Outcome {
        let Some(run) = self.run_meant(session) else { return Outcome::none() };
        let id = run.id.clone();
        if run.status.phase.is_over() {
            return Request::AskRemoval(id).into();
        }
        session.warn(format!("{id} is going on; S ends it first"));
        Outcome::none()
    }
}

/// Remembers that a training was asked for, and clears the way for news of it.
fn await_start(session: &mut Session, generation: u64, settings: Settings) {
    // The error of an earlier run must not hide how this one ends.
    session.message = None;
    session.runs.result = None;
    session.runs.starting = Some((generation, settings));
}

/// Closes the menu that asks how to stop the run, if it is open, and stops the run.
pub(super) fn stop(control: Control, session: &Session) -> Outcome {
    Outcome::close().then(session.runs.control(control))
}

pub(super) fn is_paused(session: &Session) -> bool {
    session.runs.running().is_some_and(|run| run.status.phase == Phase::Paused)
}

/// The run that is followed.
impl Train {
    /// Follows a run, and puts the cursor of the list on it.
    pub(in crate::app) fn follow(&mut self, session: &mut Session, run: String) -> Vec<Effect> {
        self.run_row = session.runs.row(&run).unwrap_or(self.run_row);
        vec![self.follow_in_place(session, run)]
    }

    /// Follows a run; the cursor of the list stays.
    pub(super) fn follow_in_place(&mut self, session: &mut Session, run: String) -> Effect {
        self.label = None;
        self.others.clear();
        self.view = ChartView { across: self.view.across, log: self.view.log, ..ChartView::default() };
        let generation = session.next_generation();
        session.runs.follow(generation, run)
    }

    /// Shows the run of the row, and follows it.
    pub(super) fn open_run(&mut self, session: &mut Session) -> Outcome {
        self.page = Page::Run;
        let Some(run) = session.runs.list.get(self.run_row) else { return Outcome::none() };
        if session.runs.followed.as_ref().is_some_and(|view| view.id == run.id) {
            return Outcome::none();
        }
        let run = run.id.clone();
        self.follow_in_place(session, run).into()
    }
}

/// Events.
impl Train {
    /// Takes the list of runs.
    ///
    /// Follows the running or the newest run if none is followed. Says which runs have ended or written a checkpoint.
    pub(in crate::app) fn runs_listed(&mut self, session: &mut Session, runs: Vec<RunSummary>) -> Outcome {
        let cursor = session.runs.list.get(self.run_row).map(|run| run.id.clone());
        let changes = session.runs.replace(runs);
        // The cursor stays on its run.
        let row = cursor.and_then(|run| session.runs.row(&run)).unwrap_or(self.run_row);
        self.run_row = row.min(session.runs.list.len().saturating_sub(1));
        self.others.retain(|other| session.runs.info(&other.view.id).is_some());
        if self.others.is_empty() && self.page == Page::Compare {
            self.page = Page::Runs;
        }
        let mut outcome = Outcome::from(self.follow_listed(session));
        let mut changed = changes.suggester;
        if changes.suggester
            && let Some(project) = &mut session.project
        {
            // Suggestions of a run that was removed, or that another one is better than, are outdated.
            project.forget_suggestions();
        }
        for (run, f1) in changes.ended {
            changed |= show_end(session, &run, f1);
        }
        for (run, step) in changes.checkpoints {
            show_checkpoint(session, &run, step);
            changed = true;
        }
        if changed {
            session.keep_front_answer();
        }
        outcome.request = changed.then_some(Request::ModelChanged);
        outcome.then(self.compare_scores(session))
    }

    /// Follows the running or the newest run, unless the followed one is still listed.
    fn follow_listed(&mut self, session: &mut Session) -> Option<Effect> {
        let status = session.runs.followed_info().map(|run| run.status.clone());
        if let (Some(view), Some(status)) = (&mut session.runs.followed, status) {
            view.status = status;
            return None;
        }
        if session.runs.followed.take().is_some() && matches!(self.page, Page::Run | Page::Log | Page::Compare) {
            self.page = if session.runs.list.is_empty() { Page::Form } else { Page::Runs };
        }
        let run = session.runs.running().or(session.runs.list.first()).map(|run| run.id.clone())?;
        Some(self.follow_in_place(session, run))
    }

    /// Takes lines of the followed run.
    pub(in crate::app) fn points_read(
        &mut self,
        session: &mut Session,
        generation: u64,
        points: Vec<Point>,
    ) -> Outcome {
        match session.runs.add_points(generation, points) {
            Some(true) => self.read_log(session).into(),
            _ => Outcome::none(),
        }
    }

    /// Takes the status of a run; says so when it has ended or written a checkpoint.
    pub(in crate::app) fn run_status(&mut self, session: &mut Session, run: &str, status: Status) -> Outcome {
        let Some(changes) = session.runs.set_status(run, status) else { return Outcome::none() };
        let mut changed = changes.ended && show_end(session, run, changes.kept_f1);
        if let Some(step) = changes.checkpoint {
            show_checkpoint(session, run, step);
            changed = true;
        }
        // Most lines of a log are written when the phase changes.
        let log = if changes.phase { self.read_log(session) } else { None };
        let outcome = Outcome { request: changed.then_some(Request::ModelChanged), ..Outcome::from(log) };
        outcome.then(self.compare_scores(session))
    }
}

/// Says that a run has ended; whether its model may suggest now.
/// `f1` is the F1 of the kept weights, if known.
fn show_end(session: &mut Session, run: &str, f1: Option<f64>) -> bool {
    let Some(info) = session.runs.info(run) else { return false };
    let phase = info.status.phase;
    let failed = phase == Phase::Failed;
    let text = if failed {
        format!("Run {run} failed: {}", info.status.message)
    } else {
        let f1 = f1.map(|f1| format!(", F1 per word {} on the validation split", score(f1, 3))).unwrap_or_default();
        format!("Run {run} is {}{f1}; {}", phase.name(), session.suggester_after(info))
    };
    session.runs.result = Some((run.to_owned(), None));
    session.show(if failed { Level::Error } else { Level::Info }, text);
    !failed
}

/// Says that a run has written a checkpoint.
fn show_checkpoint(session: &mut Session, run: &str, step: usize) {
    let suggests = if session.suggesting().as_deref() == Some(run) { "it suggests while " } else { "" };
    session.inform(format!("The model of step {} is written; {suggests}{run} goes on", grouped(step)));
}
