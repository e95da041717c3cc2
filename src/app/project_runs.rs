//! The runs of the open project.
//! The list, the run that is followed, and which model makes the suggestions.

use std::collections::HashSet;

use crate::runs::{
    Control, Point, RunSummary, Settings, Status,
    suggester::{is_better, is_same_validation, suggester},
};

use super::{effect::Effect, evaluation::Evaluation, run_view::RunView};

/// Seconds for which the end of a run is shown on the Tag screen.
/// They count from the first key after it.
const RESULT_SECONDS: u64 = 30;

/// Runs of the open project.
#[derive(Clone, Debug, Default)]
pub struct ProjectRuns {
    /// All runs, newest first.
    pub list: Vec<RunSummary>,
    /// The run that is followed.
    /// The running one, else the newest or the one that was opened.
    pub followed: Option<RunView>,
    /// The run that ended a short while ago, and the time of the first key after that.
    pub result: Option<(String, Option<u64>)>,
    /// The training that was asked for and has no run folder yet.
    /// Generation and settings.
    pub(super) starting: Option<(u64, Settings)>,
    /// The runs that this program began.
    pub(super) begun: HashSet<String>,
}

/// Differences between a new list of runs and the one before.
#[derive(Debug, Default)]
pub(super) struct ListChanges {
    /// Runs that have ended, each with the F1 of the list.
    pub(super) ended: Vec<(String, Option<f64>)>,
    /// Runs that have written a checkpoint and are not over, each with its step.
    pub(super) checkpoints: Vec<(String, usize)>,
    /// Whether another model suggests in place of the one before.
    pub(super) suggester: bool,
}

/// Differences between a new status of a run and the one before.
#[derive(Debug, Default)]
pub(super) struct StatusChanges {
    /// Whether the run is followed and is in another phase.
    pub(super) phase: bool,
    /// Whether the run has ended.
    pub(super) ended: bool,
    /// F1 of the weights that the run kept, if known.
    pub(super) kept_f1: Option<f64>,
    /// Step of a checkpoint that the run has written while it is not over.
    pub(super) checkpoint: Option<usize>,
}

impl ProjectRuns {
    /// The run that is not over.
    pub fn running(&self) -> Option<&RunSummary> {
        self.list.iter().find(|run| !run.status.phase.is_over())
    }

    /// Whether a training is running or about to.
    pub fn is_busy(&self) -> bool {
        self.starting.is_some() || self.running().is_some()
    }

    /// Whether a training of this program is running or about to.
    pub fn is_ours(&self) -> bool {
        self.starting.is_some() || self.list.iter().any(|run| run.ours && !run.status.phase.is_over())
    }

    /// Whether a training was asked for and has no run folder yet.
    pub fn is_starting(&self) -> bool {
        self.starting.is_some()
    }

    /// A run of the list.
    pub fn info(&self, run: &str) -> Option<&RunSummary> {
        self.list.iter().find(|info| info.id == run)
    }

    /// Row of a run in the list.
    pub(super) fn row(&self, run: &str) -> Option<usize> {
        self.list.iter().position(|info| info.id == run)
    }

    /// The list entry of the run that is followed.
    pub fn followed_info(&self) -> Option<&RunSummary> {
        self.info(&self.followed.as_ref()?.id)
    }

    /// Place of the followed run in the list, and the number of runs.
    pub fn followed_place(&self) -> Option<(usize, usize)> {
        Some((self.row(&self.followed.as_ref()?.id)?, self.list.len()))
    }

    /// Follows a run: reads its metrics from their start, and goes on while they grow.
    pub(super) fn follow(&mut self, generation: u64, run: String) -> Effect {
        let status = self.info(&run).map(|info| info.status.clone()).unwrap_or_default();
        self.followed = Some(RunView::new(run.clone(), status, generation));
        Effect::Follow { generation, run }
    }

    /// Sends a command to the run that is not over.
    pub(super) fn control(&self, control: Control) -> Option<Effect> {
        self.running().map(|run| Effect::ControlRun { run: run.id.clone(), control })
    }

    /// Forgets the end of a run some time after the first key that followed it.
    /// Called on every key.
    pub(super) fn forget_old_result(&mut self, now: u64) {
        self.result.take_if(|(_, first)| now.saturating_sub(*first.get_or_insert(now)) > RESULT_SECONDS);
    }

    /// The validation of the followed run that is shown in short.
    ///
    /// Once the run is over, the one of the weights that were kept; before, the last one.
    pub fn evaluation(&self) -> Option<Evaluation<'_>> {
        let view = self.followed.as_ref()?;
        let over = self.followed_info().filter(|run| run.status.phase.is_over());
        over.and_then(|run| view.kept(run)).or_else(|| view.evaluation())
    }

    /// F1 per word of the weights that a run kept.
    /// `None` unless it is followed and they are known.
    fn kept_f1(&self, run: &str) -> Option<f64> {
        let view = self.followed.as_ref().filter(|view| view.id == run)?;
        view.kept(self.info(run)?).map(|evaluation| evaluation.word.f1)
    }
}

/// Changes by events.
impl ProjectRuns {
    /// Takes over a training that has its run folder now.
    /// Returns the run's row in the list.
    pub(super) fn started(&mut self, run: &str, settings: Settings, now: u64) -> usize {
        self.begun.insert(run.to_owned());
        // The list of runs may have come first.
        let row = self.row(run).unwrap_or_else(|| {
            let base = settings.base.clone();
            let settings = Some(settings);
            let info = RunSummary { id: run.to_owned(), base, started: now, settings, ..RunSummary::default() };
            self.list.insert(0, info);
            0
        });
        if let Some(info) = self.list.get_mut(row) {
            info.ours = true;
            if info.resumable {
                // The run goes on, so its old end is outdated.
                info.resumable = false;
                info.status = Status::default();
            }
        }
        row
    }

    /// Replaces the list of runs.
    pub(super) fn replace(&mut self, mut list: Vec<RunSummary>) -> ListChanges {
        for run in &mut list {
            run.ours |= self.begun.contains(&run.id);
            let view = self.followed.as_ref().filter(|view| view.id == run.id && !run.status.phase.is_over());
            if let Some(view) = view {
                run.word_f1 = view.last_f1().or(run.word_f1);
            }
        }
        let ended = list.iter().filter(|run| run.status.phase.is_over() && self.is_unfinished(&run.id));
        let ended = ended.map(|run| (run.id.clone(), run.word_f1)).collect();
        let checkpoints = list.iter().filter_map(|run| {
            let step = new_checkpoint(&self.info(&run.id)?.status, &run.status)?;
            Some((run.id.clone(), step))
        });
        let checkpoints = checkpoints.collect();
        let before = self.suggester().map(|run| run.id.clone());
        self.list = list;
        let now = self.suggester().map(|run| &run.id);
        ListChanges { ended, checkpoints, suggester: before.is_some() && before.as_ref() != now }
    }

    fn is_unfinished(&self, run: &str) -> bool {
        self.info(run).is_some_and(|info| !info.status.phase.is_over())
    }

    /// Takes lines of the followed run; whether an evaluation is among them.
    ///
    /// `None` if another run is followed by now.
    pub(super) fn add_points(&mut self, generation: u64, points: Vec<Point>) -> Option<bool> {
        let view = self.followed.as_mut().filter(|view| view.generation == generation)?;
        let scored = points.iter().any(|point| matches!(point, Point::Eval { .. }));
        view.add(points);
        // A run that is over keeps the F1 of the list: its kept weights need not be the last ones.
        let live = self.list.iter_mut().find(|run| run.id == view.id && !run.status.phase.is_over());
        if let Some(info) = live {
            info.word_f1 = view.last_f1().or(info.word_f1);
        }
        Some(scored)
    }

    /// Takes the status of a run; `None` if the run is not listed.
    pub(super) fn set_status(&mut self, run: &str, status: Status) -> Option<StatusChanges> {
        let mut changes = StatusChanges::default();
        if let Some(view) = self.followed.as_mut().filter(|view| view.id == run) {
            changes.phase = view.status.phase != status.phase;
            view.status = status.clone();
        }
        changes.kept_f1 = self.kept_f1(run);
        let info = self.list.iter_mut().find(|info| info.id == run)?;
        let before = std::mem::replace(&mut info.status, status);
        changes.checkpoint = new_checkpoint(&before, &info.status);
        // The list may be older than the model.
        info.has_model |= info.status.checkpoint.is_some();
        changes.ended = !before.phase.is_over() && info.status.phase.is_over();
        if changes.ended {
            info.word_f1 = changes.kept_f1.or(info.word_f1);
            info.model_f1 = info.word_f1.filter(|_| info.has_model);
        }
        Some(changes)
    }
}

/// The model that suggests.
impl ProjectRuns {
    /// The runs whose models can be asked, newest first.
    pub fn models(&self) -> impl Iterator<Item = &RunSummary> {
        self.list.iter().filter(|run| run.has_model)
    }

    /// The run whose model makes the suggestions unless the live model does.
    pub fn suggester(&self) -> Option<&RunSummary> {
        suggester(self.models())
    }

    /// The run that would suggest without this one, unless the live model does.
    pub fn suggester_without(&self, run: &str) -> Option<&RunSummary> {
        suggester(self.models().filter(|model| model.id != run))
    }

    /// F1 of a run's model, if it was better than `run` on the same validation split.
    pub(super) fn f1_where_better(&self, other: &RunSummary, run: &RunSummary) -> Option<f64> {
        other.model_f1.filter(|_| is_same_validation(other, run) && is_better(other, run))
    }
}

/// The step of a checkpoint that a run wrote between two statuses.
///
/// `None` for a run that is over: its end is shown instead.
fn new_checkpoint(before: &Status, now: &Status) -> Option<usize> {
    now.checkpoint.filter(|step| before.checkpoint != Some(*step) && !now.phase.is_over())
}
