//! Runs as they are listed, followed, ended and removed.

use crate::{
    runs::{Phase, Point, RunSummary, Status},
    text::number::grouped,
};

use super::{
    super::{effect::Effect, event::Level, explore, overlay::Overlay, state::State},
    Page, RunView, log,
};

/// Seconds for which the end of a run is told on the Tag screen from the first key on.
const TOLD: u64 = 30;

/// Reads a run's file from its start, and on.
pub(in super::super) fn follow(state: &mut State, run: String) -> Vec<Effect> {
    let generation = state.next_generation();
    let status = state.train.info(&run).map(|info| info.status.clone()).unwrap_or_default();
    state.train.view = Some(RunView { id: run.clone(), status, points: Vec::new(), generation });
    (state.train.label, state.train.other) = (None, None);
    vec![Effect::Follow { generation, run }]
}

/// Follows a run that was chosen from the list, unless it is followed already.
pub(super) fn open(state: &mut State, run: String) -> Vec<Effect> {
    if state.train.view.as_ref().is_some_and(|view| view.id == run) {
        return Vec::new();
    }
    follow(state, run)
}

/// Spans that a validation part must have before its F1 decides between two models.
const ENOUGH: usize = 20;

impl State {
    /// The run whose model makes the suggestions, and answers in Explore unless another one was chosen there: the
    /// newest. Only where older ones were scored on the same validation documents, the best of these: a run that went
    /// worse is no reason to suggest worse.
    pub fn suggester(&self) -> Option<&RunSummary> {
        suggester(self.models())
    }

    /// Who would suggest without this run.
    pub fn suggester_without(&self, run: &str) -> Option<&RunSummary> {
        suggester(self.models().filter(|model| model.id != run))
    }
}

/// Newest first: of equal ones the newer stays.
fn suggester<'a>(mut models: impl Iterator<Item = &'a RunSummary>) -> Option<&'a RunSummary> {
    let newest = models.next()?;
    let better = |best: &'a RunSummary, run: &'a RunSummary| if is_better(run, best) { run } else { best };
    Some(models.filter(|run| same_validation(run, newest)).fold(newest, better))
}

fn is_better(run: &RunSummary, than: &RunSummary) -> bool {
    run.model_f1.zip(than.model_f1).is_some_and(|(run, than)| run > than)
}

/// Whether two runs were scored on the same documents with the same tags, and on enough spans to tell them apart.
fn same_validation(a: &RunSummary, b: &RunSummary) -> bool {
    let Some((a, b)) = a.data.as_ref().zip(b.data.as_ref()) else { return false };
    a.validated.is_some() && a.validated == b.validated && a.annotator == b.annotator && a.spans[1] >= ENOUGH
}

/// Takes the list of runs; follows the running or the newest one if nothing is followed. Says which have come to their
/// end or written a checkpoint since it was last heard of them.
pub(in super::super) fn listed(state: &mut State, mut runs: Vec<RunSummary>) -> Vec<Effect> {
    let train = &mut state.train;
    for run in &mut runs {
        run.ours |= train.begun.contains(&run.id);
        if let Some(view) = train.view.as_ref().filter(|view| view.id == run.id && !run.status.phase.is_over()) {
            run.word_f1 = view.last_f1().or(run.word_f1);
        }
    }
    let went = |id: &str| train.runs.iter().any(|before| before.id == id && !before.status.phase.is_over());
    let over = runs.iter().filter(|run| run.status.phase.is_over() && went(&run.id));
    let over: Vec<(String, Option<f64>)> = over.map(|run| (run.id.clone(), run.word_f1)).collect();
    let known = |id: &str| train.runs.iter().find(|before| before.id == id);
    let written: Vec<(String, usize)> = runs
        .iter()
        .filter_map(|run| Some((run.id.clone(), checkpoint(&known(&run.id)?.status, &run.status)?)))
        .collect();
    let before = state.suggester().map(|run| run.id.clone());
    let train = &mut state.train;
    // The cursor stays on its run, wherever that stands now.
    let cursor = train.runs.get(train.run_row).map(|run| run.id.clone());
    train.runs = runs;
    let row = cursor.and_then(|id| train.runs.iter().position(|run| run.id == id));
    train.run_row = row.unwrap_or(train.run_row).min(train.runs.len().saturating_sub(1));
    if train.other.as_ref().is_some_and(|other| train.info(&other.id).is_none()) {
        train.other = None;
        train.page = if train.page == Page::Compare { Page::Runs } else { train.page };
    }
    let viewed = train.followed().map(|run| run.status.clone());
    let mut effects = match (viewed, &mut train.view) {
        (Some(status), Some(view)) => {
            view.status = status;
            Vec::new()
        }
        _ => {
            let first = train.running().or(train.runs.first()).map(|run| run.id.clone());
            if train.view.take().is_some() && matches!(train.page, Page::Run | Page::Log | Page::Compare) {
                train.page = if train.runs.is_empty() { Page::Form } else { Page::Runs };
            }
            first.map(|run| follow(state, run)).unwrap_or_default()
        }
    };
    let asks = !over.is_empty() || !written.is_empty();
    for (run, f1) in over {
        effects.extend(ended(state, &run, f1));
    }
    for (run, step) in written {
        effects.extend(kept(state, &run, step));
    }
    let now = state.suggester().map(|run| run.id.clone());
    if now != before && before.is_some() {
        // What a run proposed that is gone, or that another one is better than, is no suggestion any more.
        if let Some(project) = &mut state.project {
            project.forget_suggestions();
        }
        if !asks {
            effects.extend([state.suggest(), explore::ask(state)].concat());
        }
    }
    effects
}

/// The step of a checkpoint that a run has written in between; that of a run that is over by now is no news.
fn checkpoint(before: &Status, now: &Status) -> Option<usize> {
    now.checkpoint.filter(|step| before.checkpoint != Some(*step) && !now.phase.is_over())
}

/// Says that a run has written a checkpoint; the new model is asked at once about what is on the screens.
fn kept(state: &mut State, run: &str, step: usize) -> Vec<Effect> {
    let suggests = state.suggester().is_some_and(|info| info.id == run);
    let step = grouped(step);
    let text = if suggests {
        format!("The model of step {step} is written; it suggests while {run} goes on")
    } else {
        format!("The model of step {step} is written; {run} goes on")
    };
    state.tell(Level::Info, text);
    [state.suggest(), explore::ask(state)].concat()
}

pub(in super::super) fn read(state: &mut State, generation: u64, points: Vec<Point>) -> Vec<Effect> {
    let train = &mut state.train;
    let Some(view) = train.view.as_mut().filter(|view| view.generation == generation) else { return Vec::new() };
    let scored = points.iter().any(|point| matches!(point, Point::Eval { .. }));
    view.points.extend(points);
    // Once a run is over, the list says what the weights that were kept reach: that need not be the last value.
    let live = train.runs.iter_mut().find(|run| run.id == view.id && !run.status.phase.is_over());
    if let Some(info) = live {
        info.word_f1 = view.last_f1().or(info.word_f1);
    }
    if scored { log::ask(state) } else { Vec::new() }
}

/// Takes a run's status; says so when it has come to its end.
pub(in super::super) fn moved(state: &mut State, run: &str, status: Status) -> Vec<Effect> {
    let train = &mut state.train;
    let followed = train.view.as_mut().filter(|view| view.id == run);
    let turned = followed.is_some_and(|view| {
        let turned = view.status.phase != status.phase;
        view.status = status.clone();
        turned
    });
    let kept = train.kept_f1(run);
    let Some(info) = train.runs.iter_mut().find(|info| info.id == run) else { return Vec::new() };
    let before = std::mem::replace(&mut info.status, status);
    let written = checkpoint(&before, &info.status);
    // The list may not have heard of the model yet.
    info.has_model |= info.status.checkpoint.is_some();
    let over = !before.phase.is_over() && info.status.phase.is_over();
    if over {
        info.word_f1 = kept.or(info.word_f1);
        info.model_f1 = info.word_f1.filter(|_| info.has_model);
    }
    let mut effects = if over { ended(state, run, kept) } else { Vec::new() };
    if let Some(step) = written {
        effects.extend(self::kept(state, run, step));
    }
    if turned {
        // Most lines of a log are written when the phase changes.
        effects.extend(log::ask(state));
    }
    effects
}

/// Says that a run has come to its end. `f1` is that of the weights that were kept, if known.
fn ended(state: &mut State, run: &str, f1: Option<f64>) -> Vec<Effect> {
    let Some(info) = state.train.runs.iter().find(|info| info.id == run) else { return Vec::new() };
    let phase = info.status.phase;
    state.train.result = Some((run.to_owned(), None));
    if phase == Phase::Failed {
        let text = format!("Run {run} failed: {}", info.status.message);
        state.tell(Level::Error, text);
        return Vec::new();
    }
    let f1 = f1.map(|f1| format!(", F1 per word {f1:.3} on the validation part")).unwrap_or_default();
    let suggests = match state.suggester() {
        _ if !info.has_model => "it has no model".to_owned(),
        Some(other) if other.id != run => {
            match other.model_f1.filter(|_| same_validation(other, info) && is_better(other, info)) {
                Some(f1) => format!("{} was better there ({f1:.3}) and goes on suggesting", other.id),
                None => format!("{} goes on suggesting", other.id),
            }
        }
        _ => "its model now makes the suggestions".to_owned(),
    };
    state.tell(Level::Info, format!("Run {run} is {}{f1}; {suggests}", phase.name()));
    // The new model is asked at once about what is on the screens.
    [state.suggest(), explore::ask(state)].concat()
}

/// A key came: forgets the end of a run a while after the first key that followed it.
pub(in super::super) fn ended_long_ago(state: &mut State, now: u64) {
    state.train.result.take_if(|(_, first)| now.saturating_sub(*first.get_or_insert(now)) > TOLD);
}

/// The run that a command is about: under the cursor in the list, else the followed one.
pub(super) fn meant(state: &State) -> Option<&RunSummary> {
    match state.train.page {
        Page::Runs => state.train.runs.get(state.train.run_row),
        _ => state.train.followed(),
    }
}

/// Asks whether a run is to be removed.
pub(super) fn ask_remove(state: &mut State) {
    let Some((id, over)) = meant(state).map(|run| (run.id.clone(), run.status.phase.is_over())) else { return };
    if over {
        state.overlay = Some(Overlay::RemoveRun(id));
    } else {
        state.tell(Level::Warn, format!("{id} is going on; S ends it first"));
    }
}

/// Removes the run that was asked about.
pub(in super::super) fn remove(state: &mut State) -> Vec<Effect> {
    match state.overlay.take() {
        Some(Overlay::RemoveRun(run)) => vec![Effect::RemoveRun { run }],
        other => {
            state.overlay = other;
            Vec::new()
        }
    }
}
