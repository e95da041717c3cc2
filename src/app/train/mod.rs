//! The Train screen: what goes in, with which settings; the run that is followed; all runs.

pub mod form;

use std::collections::HashMap;

use crate::runs::{Control, Phase, Point, Settings, Status};

use super::{
    command::Command,
    effect::Effect,
    evaluate::Evaluation,
    event::{DataSummary, Level, RunInfo},
    explore,
    field::Field,
    overlay::Overlay,
    state::State,
};

/// What the Train screen holds.
#[derive(Clone, Debug)]
pub struct Train {
    /// The settings of the next training.
    pub settings: Settings,
    /// Whether the cursor is in the list of runs, rather than among the settings.
    pub in_runs: bool,
    /// The row of the cursor among the settings.
    pub row: usize,
    /// The row of the cursor among the runs.
    pub run_row: usize,
    /// The setting that is being typed.
    pub field: Option<Field>,
    /// What is wrong with what was typed.
    pub problem: Option<String>,
    /// What would train now.
    pub summary: Option<DataSummary>,
    /// The followed run is shown in place of the settings, where there is no room for both.
    pub viewing: bool,
    /// All runs, newest first.
    pub runs: Vec<RunInfo>,
    /// The run that is followed: the one that runs, else the newest, else the one that was opened.
    pub view: Option<RunView>,
    counting: u64,
    /// The training that was asked for and has no run folder yet: generation and settings.
    starting: Option<(u64, Settings)>,
    /// The runs that this program began, and whether each keeps its best weights rather than its last.
    own: HashMap<String, bool>,
}

/// A run file as it is read.
#[derive(Clone, Debug, Default)]
pub struct RunView {
    /// The run's folder name.
    pub id: String,
    /// Its status.
    pub status: Status,
    /// All lines read so far.
    pub points: Vec<Point>,
    generation: u64,
}

impl RunView {
    /// The last evaluation: of the test part if there was one, else of the validation part.
    pub fn evaluation(&self) -> Option<Evaluation<'_>> {
        self.points.iter().rev().find_map(Evaluation::of)
    }

    /// The evaluations on the validation part, in order.
    pub fn evaluations(&self) -> impl Iterator<Item = Evaluation<'_>> {
        self.points.iter().filter_map(Evaluation::of).filter(|evaluation| evaluation.split == "valid")
    }

    /// F1 per word of the last evaluation on the validation part.
    fn last_f1(&self) -> Option<f64> {
        self.evaluations().last().map(|evaluation| evaluation.word.f1)
    }

    /// The training loss, step line by step line: epoch and loss.
    pub fn loss_points(&self) -> Vec<(f64, f64)> {
        let losses = self.points.iter().filter_map(|point| match point {
            Point::Step { epoch, loss, .. } => Some((*epoch, *loss)),
            Point::Eval { .. } => None,
        });
        losses.collect()
    }

    /// The training loss as `n` means over equal stretches, or every loss if there are no more than that.
    pub fn losses(&self, n: usize) -> Vec<f64> {
        let losses = self.loss_points();
        let chunk = losses.len().div_ceil(n.max(1)).max(1);
        losses.chunks(chunk).map(|part| part.iter().map(|(_, loss)| loss).sum::<f64>() / part.len() as f64).collect()
    }

    /// The last training loss.
    pub fn loss(&self) -> Option<f64> {
        self.points.iter().rev().find_map(|point| match point {
            Point::Step { loss, .. } => Some(*loss),
            Point::Eval { .. } => None,
        })
    }
}

impl Default for Train {
    fn default() -> Self {
        Self::new(Settings::lesson("mini"))
    }
}

impl Train {
    /// The screen of a project without runs.
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            in_runs: false,
            row: 0,
            run_row: 0,
            field: None,
            problem: None,
            summary: None,
            viewing: false,
            runs: Vec::new(),
            view: None,
            counting: 0,
            starting: None,
            own: HashMap::new(),
        }
    }

    /// The run that is not over.
    pub fn running(&self) -> Option<&RunInfo> {
        self.runs.iter().find(|run| !run.status.phase.is_over())
    }

    /// Whether a training runs or is about to.
    pub fn is_busy(&self) -> bool {
        self.starting.is_some() || self.running().is_some()
    }

    /// Whether a training in this program runs or is about to.
    pub fn is_ours(&self) -> bool {
        self.starting.is_some() || self.runs.iter().any(|run| run.ours && !run.status.phase.is_over())
    }

    /// Whether a training was asked for and has no run folder yet.
    pub fn is_starting(&self) -> bool {
        self.starting.is_some()
    }

    /// The evaluation that tells most of the followed run: of the test part if there was one, else, once the run is
    /// over, that of the weights that were kept, else the last.
    pub fn evaluation(&self) -> Option<Evaluation<'_>> {
        let view = self.view.as_ref()?;
        let last = view.evaluation()?;
        let over = self.runs.iter().find(|run| run.id == view.id && run.status.phase.is_over());
        let Some(kept) = over.and_then(|run| run.word_f1).filter(|_| last.split == "valid") else { return Some(last) };
        // Of equal ones the training keeps the later.
        view.evaluations().filter(|evaluation| evaluation.word.f1.total_cmp(&kept).is_eq()).last().or(Some(last))
    }

    /// F1 per word of the weights that a run kept, where it is known which those are and the run is followed.
    fn kept_f1(&self, run: &str) -> Option<f64> {
        let keeps_best = *self.own.get(run)?;
        let view = self.view.as_ref().filter(|view| view.id == run)?;
        let f1 = view.evaluations().map(|evaluation| evaluation.word.f1);
        if keeps_best { f1.max_by(f64::total_cmp) } else { f1.last() }
    }
}

/// Comes to the screen: counts what would train.
pub(super) fn enter(state: &mut State) -> Vec<Effect> {
    let generation = state.next_generation();
    state.train.viewing |= state.train.running().is_some() && state.train.view.is_some();
    state.train.counting = generation;
    vec![Effect::Summarise { generation }]
}

pub(super) fn counted(state: &mut State, generation: u64, summary: DataSummary) {
    if state.train.counting == generation {
        state.train.summary = Some(summary);
    }
}

/// Starts a training with the settings as they stand.
pub(super) fn start(state: &mut State) -> Vec<Effect> {
    if state.train.is_busy() {
        state.tell(Level::Warn, "A training runs already");
        return Vec::new();
    }
    let generation = state.next_generation();
    let settings = state.train.settings.clone();
    // What an earlier run failed of must not hide how this one ends.
    state.message = None;
    state.train.starting = Some((generation, settings.clone()));
    state.tell(Level::Info, format!("A training of {} is being prepared", settings.base));
    let mut effects: Vec<Effect> = state.project.as_mut().and_then(|project| project.resend()).into_iter().collect();
    effects.push(Effect::StartTraining { generation, settings });
    effects
}

pub(super) fn started(state: &mut State, generation: u64, run: String) -> Vec<Effect> {
    let train = &mut state.train;
    let Some((_, settings)) = train.starting.take_if(|(asked, _)| *asked == generation) else { return Vec::new() };
    train.own.insert(run.clone(), settings.keep_best);
    // The list of runs may have come first.
    let row = train.runs.iter().position(|known| known.id == run).unwrap_or_else(|| {
        let started = state.now;
        train.runs.insert(0, RunInfo { id: run.clone(), base: settings.base, started, ..RunInfo::default() });
        0
    });
    if let Some(info) = train.runs.get_mut(row) {
        info.ours = true;
    }
    (train.run_row, train.viewing) = (row, true);
    follow(state, run)
}

pub(super) fn refused(state: &mut State, generation: u64, message: String) {
    if state.train.starting.take_if(|(asked, _)| *asked == generation).is_some() {
        state.tell(Level::Error, message);
    }
}

/// Reads a run's file from its start, and on.
pub(super) fn follow(state: &mut State, run: String) -> Vec<Effect> {
    let generation = state.next_generation();
    let known = state.train.runs.iter().find(|info| info.id == run);
    let status = known.map(|info| info.status.clone()).unwrap_or_default();
    state.train.view = Some(RunView { id: run.clone(), status, points: Vec::new(), generation });
    vec![Effect::Follow { generation, run }]
}

/// Takes the list of runs; follows the running or the newest one if nothing is followed. Says which have come to their
/// end since the list before.
pub(super) fn listed(state: &mut State, mut runs: Vec<RunInfo>) -> Vec<Effect> {
    let train = &mut state.train;
    for run in &mut runs {
        run.ours |= train.own.contains_key(&run.id);
        if let Some(view) = train.view.as_ref().filter(|view| view.id == run.id && !run.status.phase.is_over()) {
            run.word_f1 = view.last_f1().or(run.word_f1);
        }
    }
    let went = |id: &str| train.runs.iter().any(|before| before.id == id && !before.status.phase.is_over());
    let over = runs.iter().filter(|run| run.status.phase.is_over() && went(&run.id));
    let over: Vec<(String, Option<f64>)> = over.map(|run| (run.id.clone(), run.word_f1)).collect();
    train.runs = runs;
    train.run_row = train.run_row.min(train.runs.len().saturating_sub(1));
    let viewed = train.view.as_ref().and_then(|view| train.runs.iter().find(|run| run.id == view.id));
    let mut effects = match (viewed.map(|run| run.status.clone()), &mut train.view) {
        (Some(status), Some(view)) => {
            view.status = status;
            Vec::new()
        }
        _ => {
            let first = train.running().or(train.runs.first()).map(|run| run.id.clone());
            train.view = None;
            first.map(|run| follow(state, run)).unwrap_or_default()
        }
    };
    for (run, f1) in over {
        effects.extend(ended(state, &run, f1));
    }
    effects
}

pub(super) fn read(state: &mut State, generation: u64, points: Vec<Point>) {
    let train = &mut state.train;
    let Some(view) = train.view.as_mut().filter(|view| view.generation == generation) else { return };
    view.points.extend(points);
    // Once a run is over, the list says what the weights that were kept reach: that need not be the last value.
    let live = train.runs.iter_mut().find(|run| run.id == view.id && !run.status.phase.is_over());
    if let Some(info) = live {
        info.word_f1 = view.last_f1().or(info.word_f1);
    }
}

/// Takes a run's status; says so when it has come to its end.
pub(super) fn moved(state: &mut State, run: &str, status: Status) -> Vec<Effect> {
    let train = &mut state.train;
    if let Some(view) = train.view.as_mut().filter(|view| view.id == run) {
        view.status = status.clone();
    }
    let kept = train.kept_f1(run);
    let Some(info) = train.runs.iter_mut().find(|info| info.id == run) else { return Vec::new() };
    let before = std::mem::replace(&mut info.status, status);
    if before.phase.is_over() || !info.status.phase.is_over() {
        return Vec::new();
    }
    info.word_f1 = kept.or(info.word_f1);
    ended(state, run, kept)
}

/// Says that a run has come to its end. `f1` is that of the weights that were kept, if known.
fn ended(state: &mut State, run: &str, f1: Option<f64>) -> Vec<Effect> {
    let Some(info) = state.train.runs.iter().find(|info| info.id == run) else { return Vec::new() };
    let phase = info.status.phase;
    if phase == Phase::Failed {
        let text = format!("Run {run} failed: {}", info.status.message);
        state.tell(Level::Error, text);
        return Vec::new();
    }
    let f1 = f1.map(|f1| format!(", F1 per word {f1:.3} on the validation part")).unwrap_or_default();
    state.tell(Level::Info, format!("Run {run} is {}{f1}; its model now makes the suggestions", phase.name()));
    // The new model is asked at once about what is on the screens.
    [state.suggest(), explore::ask(state)].concat()
}

/// Sends a command to the run that is not over.
pub(super) fn control(state: &mut State, control: Control) -> Vec<Effect> {
    state.overlay = None;
    match state.train.running() {
        Some(run) => vec![Effect::ControlRun { run: run.id.clone(), control }],
        None => Vec::new(),
    }
}

/// Carries out a command of this screen.
pub(super) fn run(state: &mut State, command: Command) -> Vec<Effect> {
    let train = &mut state.train;
    let last = if train.in_runs { train.runs.len() } else { form::ROWS.len() }.saturating_sub(1);
    let row = if train.in_runs { &mut train.run_row } else { &mut train.row };
    match command {
        Command::Up => *row = row.saturating_sub(1),
        Command::Down => *row = (*row + 1).min(last),
        Command::OtherPane => (train.in_runs, train.viewing) = (!train.in_runs, false),
        Command::Start => return start(state),
        Command::StopMenu => state.overlay = Some(Overlay::StopMenu),
        Command::Pause => {
            let paused = train.running().is_some_and(|run| run.status.phase == Phase::Paused);
            return control(state, if paused { Control::Resume } else { Control::Pause });
        }
        Command::Open if train.in_runs => {
            if let Some(run) = train.runs.get(train.run_row).map(|run| run.id.clone()) {
                train.viewing = true;
                return follow(state, run);
            }
        }
        Command::View => train.viewing = !train.viewing && train.view.is_some(),
        Command::Open => open_row(train),
        Command::Accept => accept(train),
        _ => {}
    }
    Vec::new()
}

/// Changes the setting under the cursor: the next of few choices, or a field to type in.
fn open_row(train: &mut Train) {
    train.problem = None;
    let Some(row) = form::ROWS.get(train.row) else { return };
    match row.choices {
        [] => train.field = Some(Field::new(row.get(&train.settings))),
        choices => {
            let now = row.get(&train.settings);
            let at = choices.iter().position(|choice| *choice == now).map_or(0, |at| (at + 1) % choices.len());
            if let Some(choice) = choices.get(at) {
                train.problem = row.set(&mut train.settings, choice).err();
            }
        }
    }
}

fn accept(train: &mut Train) {
    let (Some(field), Some(row)) = (&train.field, form::ROWS.get(train.row)) else { return };
    match row.set(&mut train.settings, field.text().trim()) {
        Ok(()) => (train.field, train.problem) = (None, None),
        Err(problem) => train.problem = Some(problem),
    }
}
