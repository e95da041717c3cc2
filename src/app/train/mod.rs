//! The Train screen: what goes in, with which settings; the run that is followed; its log; two runs compared; all runs.

pub mod compare;
pub mod form;
pub mod log;
pub mod plan;
mod runs;
mod settings;
pub mod view;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::runs::{Control, DataSummary, Phase, Recipe, RunSummary, Settings};

use super::{
    command::Command, effect::Effect, evaluate::Evaluation, event::Level, field::Field, list, overlay::Overlay,
    state::State,
};

pub(super) use compare::compared;
pub(super) use log::answered as log_read;
pub(super) use runs::{ended_long_ago, follow, listed, moved, read, remove};
pub(super) use settings::counted;
pub use view::RunView;

/// What is in front.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Page {
    /// The settings and the data.
    #[default]
    Form,
    /// The list of runs.
    Runs,
    /// The run that is followed.
    Run,
    /// Its log.
    Log,
    /// It and another one.
    Compare,
}

/// Which curves are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Chart {
    /// Loss above, F1 below.
    #[default]
    Both,
    /// The loss alone.
    Loss,
    /// F1 alone.
    F1,
    /// Learning rate above, norm of the gradient below.
    Rate,
    /// F1 of each label.
    Labels,
}

impl Chart {
    const ALL: [Self; 5] = [Self::Both, Self::Loss, Self::F1, Self::Rate, Self::Labels];

    /// The one after it, round the end.
    fn next(self) -> Self {
        let at = Self::ALL.iter().position(|chart| *chart == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

/// What the Train screen holds.
#[derive(Clone, Debug)]
pub struct Train {
    /// The settings of the next training.
    pub settings: Settings,
    /// The recipe that they come from; `None` if the person changed some.
    pub recipe: Option<Recipe>,
    /// What is in front.
    pub page: Page,
    /// The row of the cursor among the settings.
    pub row: usize,
    /// The row of the cursor among the runs.
    pub run_row: usize,
    /// Which curves are drawn.
    pub chart: Chart,
    /// The row of the label whose curve is drawn alone.
    pub label: Option<usize>,
    /// The setting that is being typed.
    pub field: Option<Field>,
    /// What is wrong with what was typed.
    pub problem: Option<String>,
    /// What would train now.
    pub summary: Option<DataSummary>,
    /// All runs, newest first.
    pub runs: Vec<RunSummary>,
    /// The run that is followed: the one that runs, else the newest, else the one that was opened.
    pub view: Option<RunView>,
    /// The run beside it.
    pub other: Option<compare::Other>,
    /// The first line of what differs between the two.
    pub scrolled: usize,
    /// The log that is shown.
    pub log: log::Log,
    /// The run that has come to its end a short while ago, and the time of the first key after that.
    pub result: Option<(String, Option<u64>)>,
    /// The settings that the person made, while a recipe is chosen.
    own: Option<Settings>,
    counting: u64,
    /// The training that was asked for and has no run folder yet: generation and settings.
    starting: Option<(u64, Settings)>,
    /// The runs that this program began.
    begun: HashSet<String>,
}

impl Default for Train {
    fn default() -> Self {
        Self::new(Settings::lesson("mini"), None)
    }
}

impl Train {
    /// The screen of a project without runs.
    pub(super) fn new(settings: Settings, recipe: Option<Recipe>) -> Self {
        Self {
            settings,
            recipe,
            page: Page::Form,
            row: 0,
            run_row: 0,
            chart: Chart::Both,
            label: None,
            field: None,
            problem: None,
            summary: None,
            runs: Vec::new(),
            view: None,
            other: None,
            scrolled: 0,
            log: log::Log::default(),
            result: None,
            own: None,
            counting: 0,
            starting: None,
            begun: HashSet::new(),
        }
    }

    /// The screen as it stands, but for the runs: they are told anew.
    pub(super) fn without_runs(self) -> Self {
        let fresh = Self::new(self.settings.clone(), self.recipe);
        Self { chart: self.chart, own: self.own, row: self.row, ..fresh }
    }

    /// The run that is not over.
    pub fn running(&self) -> Option<&RunSummary> {
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

    /// A run of the list.
    pub fn info(&self, run: &str) -> Option<&RunSummary> {
        self.runs.iter().find(|info| info.id == run)
    }

    /// The list entry of the run that is followed.
    pub fn followed(&self) -> Option<&RunSummary> {
        self.info(&self.view.as_ref()?.id)
    }

    /// Lines of what differs between the two runs that are compared.
    fn differing(&self) -> usize {
        let both = self.followed().zip(self.other.as_ref().and_then(|other| self.info(&other.id)));
        both.map_or(0, |(a, b)| compare::lines(a, b).len())
    }

    /// The validation that tells most of the followed run: once it is over, that of the weights that were kept, else
    /// the last.
    pub fn evaluation(&self) -> Option<Evaluation<'_>> {
        let view = self.view.as_ref()?;
        let over = self.followed().filter(|run| run.status.phase.is_over());
        over.and_then(|run| view.kept(run)).or_else(|| view.evaluation())
    }

    /// F1 per word of the weights that a run kept, where it is known which those are and the run is followed.
    fn kept_f1(&self, run: &str) -> Option<f64> {
        let view = self.view.as_ref().filter(|view| view.id == run)?;
        view.kept(self.info(run)?).map(|evaluation| evaluation.word.f1)
    }
}

/// Comes to the screen: counts what would train.
pub(super) fn enter(state: &mut State) -> Vec<Effect> {
    if state.train.running().is_some() && state.train.view.is_some() && state.train.page == Page::Form {
        state.train.page = Page::Run;
    }
    settings::count(state)
}

/// Starts a training with the settings as they stand.
pub(super) fn start(state: &mut State) -> Vec<Effect> {
    if state.train.is_busy() {
        state.tell(Level::Warn, "A training runs already");
        return Vec::new();
    }
    let generation = state.next_generation();
    let (settings, recipe) = (state.train.settings.clone(), state.train.recipe);
    // What an earlier run failed of must not hide how this one ends.
    (state.message, state.train.result) = (None, None);
    state.train.starting = Some((generation, settings.clone()));
    state.tell(Level::Info, format!("A training of {} is being prepared", settings.base));
    let mut effects: Vec<Effect> = state.project.as_mut().and_then(|project| project.resend()).into_iter().collect();
    effects.push(Effect::StartTraining { generation, settings: Box::new(settings), recipe });
    effects
}

/// The run that commands are about, if it was interrupted and can go on.
pub(super) fn resumable(state: &State) -> Option<&RunSummary> {
    runs::meant(state).filter(|run| run.resumable)
}

/// Goes on with the run that was interrupted.
fn resume(state: &mut State) -> Vec<Effect> {
    let Some((run, settings)) = resumable(state).map(|run| (run.id.clone(), run.settings.clone())) else {
        return Vec::new();
    };
    let generation = state.next_generation();
    let settings = settings.unwrap_or_else(|| state.train.settings.clone());
    (state.message, state.train.result) = (None, None);
    state.train.starting = Some((generation, settings));
    state.tell(Level::Info, format!("{run} goes on from its checkpoint"));
    vec![Effect::ResumeTraining { generation, run }]
}

pub(super) fn started(state: &mut State, generation: u64, run: String) -> Vec<Effect> {
    let train = &mut state.train;
    let Some((_, settings)) = train.starting.take_if(|(asked, _)| *asked == generation) else { return Vec::new() };
    train.begun.insert(run.clone());
    // That it is being prepared is no news any more.
    state.message.take_if(|message| message.level == Level::Info);
    // The list of runs may have come first.
    let row = train.runs.iter().position(|known| known.id == run).unwrap_or_else(|| {
        let (id, base, started) = (run.clone(), settings.base.clone(), state.now);
        train.runs.insert(0, RunSummary { id, base, started, settings: Some(settings), ..RunSummary::default() });
        0
    });
    if let Some(info) = train.runs.get_mut(row) {
        info.ours = true;
        if info.resumable {
            // It goes on: what was said of its end is true no more.
            (info.resumable, info.status) = (false, Default::default());
        }
    }
    (train.run_row, train.page) = (row, Page::Run);
    follow(state, run)
}

pub(super) fn refused(state: &mut State, generation: u64, message: String) {
    if state.train.starting.take_if(|(asked, _)| *asked == generation).is_some() {
        state.tell(Level::Error, message);
    }
}

/// Sends a command to the run that is not over.
pub(super) fn control(state: &mut State, control: Control) -> Vec<Effect> {
    state.overlay = None;
    match state.train.running() {
        Some(run) => vec![Effect::ControlRun { run: run.id.clone(), control }],
        None => Vec::new(),
    }
}

/// Goes back to what the page in front was opened from. False if it is the first.
pub(super) fn back(train: &mut Train) -> bool {
    let from = train.page;
    train.page = match from {
        Page::Log => Page::Run,
        Page::Compare => Page::Runs,
        Page::Run | Page::Runs | Page::Form => Page::Form,
    };
    from != Page::Form
}

/// Carries out a command of this screen.
pub(super) fn run(state: &mut State, command: Command) -> Vec<Effect> {
    match command {
        Command::Up | Command::Down | Command::PageUp | Command::PageDown | Command::First | Command::Last => {
            travel(state, command);
        }
        Command::OtherPane => {
            state.train.page = if state.train.page == Page::Runs { Page::Form } else { Page::Runs };
        }
        Command::View => {
            let run = state.train.page != Page::Run && state.train.view.is_some();
            state.train.page = if run { Page::Run } else { Page::Form };
        }
        Command::Start => return start(state),
        Command::StopMenu => state.overlay = Some(Overlay::StopMenu),
        Command::Pause => {
            let paused = state.train.running().is_some_and(|run| run.status.phase == Phase::Paused);
            return control(state, if paused { Control::Resume } else { Control::Pause });
        }
        Command::Checkpoint => return checkpoint(state),
        Command::NextChart => state.train.chart = state.train.chart.next(),
        Command::Log => return log::toggle(state),
        Command::Compare => return compare::compare(state),
        Command::AskRemove => runs::ask_remove(state),
        Command::Resume => return resume(state),
        Command::Open if state.train.page == Page::Runs => {
            let run = state.train.runs.get(state.train.run_row).map(|run| run.id.clone());
            state.train.page = Page::Run;
            return run.map(|run| runs::open(state, run)).unwrap_or_default();
        }
        Command::Open => return settings::open_row(state),
        Command::Accept => return settings::accept(state),
        _ => {}
    }
    Vec::new()
}

fn checkpoint(state: &mut State) -> Vec<Effect> {
    let Some(run) = state.train.running() else { return Vec::new() };
    if run.status.step == 0 {
        state.tell(Level::Info, "There is nothing to keep before the first step");
        return Vec::new();
    }
    state.tell(Level::Info, "After this step the model is scored and written; the run then goes on");
    control(state, Control::Checkpoint)
}

/// Moves in what is in front.
fn travel(state: &mut State, command: Command) {
    let page = log::height(state.size).saturating_sub(4).max(1);
    let labels = state.train.evaluation().map_or(0, |evaluation| evaluation.labels.len());
    let train = &mut state.train;
    let (row, rows) = match train.page {
        Page::Log => return log::scroll(state, command),
        Page::Form => (train.row, form::ROWS.len()),
        Page::Runs => (train.run_row, train.runs.len()),
        // Before the first label none is chosen.
        Page::Run => (train.label.map_or(0, |label| label + 1), labels + 1),
        Page::Compare => (train.scrolled, train.differing()),
    };
    let to = list::moved(command, row, rows, page).unwrap_or(row);
    match train.page {
        Page::Form => (train.row, train.problem) = (to, None),
        Page::Runs => train.run_row = to,
        Page::Compare => train.scrolled = to,
        _ => train.label = to.checked_sub(1),
    }
}
