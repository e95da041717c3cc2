//! The only place where the state changes: one event in, effects out.

use crate::{
    runs::{Control, Phase},
    spans::{ActionId, Status},
};

use super::{
    command::{Command, Context},
    documents,
    effect::{Effect, Leave},
    evaluate,
    event::{Event, Level, Opened},
    explore,
    field::Field,
    key::Key,
    keymap::{Facts, Meaning},
    overlay::{self, Action, Overlay},
    project::{Project, SaveState},
    state::{Screen, SizeClass, State},
    tag, train,
};

/// The state after `event`; what is to be done outside because of it.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Key { key, at } => {
            state.now = state.now.max(at);
            return press(state, key);
        }
        Event::Paste(text) => return paste(state, &text),
        Event::Resize { columns, rows } => (state.size.columns, state.size.rows) = (columns, rows),
        Event::Hangup => {
            let leave = if state.train.is_ours() { Leave::KeepRun } else { Leave::Plain };
            return vec![Effect::Quit(leave)];
        }
        Event::Welcome(places) => {
            state.welcome.places = places;
            state.welcome.selected = 0;
        }
        Event::Opened(opened) => return open(state, *opened),
        Event::OpenFailed(message) => {
            state.welcome.opening = None;
            state.tell(Level::Error, message);
        }
        Event::Saved { ids, .. } => return saved(state, &ids),
        Event::SaveFailed { attempt, message } => save_failed(state, attempt, message),
        Event::Suggestions { document, run, found } => {
            if let Some(project) = &mut state.project {
                project.suggest(document, run, found);
            }
        }
        Event::Exported { outcome: Ok(text), .. } => state.tell(Level::Info, text),
        Event::Exported { outcome: Err(text), .. } => state.tell(Level::Error, text),
        Event::Message(message) => state.tell(message.level, message.text),
        Event::Summary { generation, summary } => train::counted(state, generation, summary),
        Event::Runs(runs) => return train::listed(state, runs),
        Event::TrainingStarted { generation, run } => return train::started(state, generation, run),
        Event::TrainingRefused { generation, message } => train::refused(state, generation, message),
        Event::Points { generation, points } => train::read(state, generation, points),
        Event::Compared { .. } | Event::Log { .. } => {}
        Event::RunStatus { run, status } => return train::moved(state, &run, status),
        Event::Prediction { generation, prediction } => state.explore.answered(generation, Ok(prediction)),
        Event::PredictionFailed { generation, message } => state.explore.answered(generation, Err(message)),
    }
    Vec::new()
}

/// Lines are on disk. When all are and somebody waits for that to leave, this is the moment.
fn saved(state: &mut State, ids: &[ActionId]) -> Vec<Effect> {
    let Some(project) = &mut state.project else { return Vec::new() };
    project.saved(ids);
    if state.leaving && project.save_state() == SaveState::Saved {
        return vec![Effect::Quit(Leave::Plain)];
    }
    Vec::new()
}

fn save_failed(state: &mut State, attempt: u64, message: String) {
    if let Some(project) = &mut state.project {
        project.save_failed(attempt, message);
    }
    if std::mem::take(&mut state.leaving) {
        state.overlay = Some(Overlay::QuitMenu);
    }
}

impl State {
    /// What is true now, for conditions on keys.
    pub fn facts(&self) -> Facts {
        let mut facts = Facts {
            running: self.train.is_busy(),
            ours: self.train.is_ours(),
            paused: self.train.running().is_some_and(|run| run.status.phase == Phase::Paused),
            runs: !self.train.runs.is_empty() || self.train.in_runs,
            view: self.train.view.is_some(),
            viewing: self.train.viewing && self.size.class() < SizeClass::Full,
            back: self.overlay.is_some() || self.field().is_some() || self.message.is_some(),
            ..Facts::default()
        };
        match (&self.project, self.screen) {
            (Some(project), Screen::Tag) => self.tag.facts(project, &mut facts),
            (Some(_), Screen::Documents) => {
                facts.documents = !self.documents.shown().is_empty() || self.documents.filter.is_some();
                facts.back |= !self.documents.search.text().is_empty();
            }
            (Some(_), Screen::Train) => facts.back |= self.train.viewing,
            _ => {}
        }
        let saving = self.project.as_ref().map_or(SaveState::Saved, Project::save_state);
        facts.save_failed = matches!(saving, SaveState::Failed(_));
        facts.unsaved = saving != SaveState::Saved;
        facts
    }

    /// Asks for suggestions on the document in front and those after it.
    pub(super) fn suggest(&mut self) -> Vec<Effect> {
        tag::suggest(self)
    }
}

fn open(state: &mut State, mut opened: Opened) -> Vec<Effect> {
    state.train = train::Train::new(opened.settings.clone());
    let runs = std::mem::take(&mut opened.runs);
    let project = Project::new(opened);
    let todo = |at: &usize| matches!(project.annotation(*at).status, Status::Todo | Status::Partial);
    let first = (0..project.documents.len()).find(todo).unwrap_or(0);
    (state.tag, state.documents, state.explore) = Default::default();
    (state.screen, state.overlay, state.message, state.welcome.opening) = (Screen::Tag, None, None, None);
    if let Some(why) = &project.read_only {
        state.message = Some(super::event::Message { level: Level::Error, text: format!("Read only: {why}") });
    }
    state.project = Some(project);
    state.tag.document = first;
    let mut effects = tag::open(state, first);
    effects.extend(train::listed(state, runs));
    effects
}

fn press(state: &mut State, key: Key) -> Vec<Effect> {
    let context = state.context();
    let left = std::mem::take(&mut state.leaving);
    // What asks for nothing goes with the next key; an error stays until `esc`.
    state.message.take_if(|message| message.level < Level::Error);
    if key.typed().is_some() && state.field().is_some() {
        return type_into(state, key);
    }
    match state.keymap.meaning(context, key, &state.facts()) {
        // The second time in a row, leaving waits for nothing.
        Meaning::Command(Command::Quit) if left => {
            state.overlay = Some(Overlay::QuitMenu);
            Vec::new()
        }
        Meaning::Command(command) => command_run(state, command),
        Meaning::Not(when) if !when.why_not().is_empty() => {
            state.tell(Level::Info, when.why_not());
            Vec::new()
        }
        Meaning::Not(_) => Vec::new(),
        Meaning::Nothing => type_into(state, key),
    }
}

fn type_into(state: &mut State, key: Key) -> Vec<Effect> {
    match state.field_mut().and_then(|field| field.press(key)) {
        Some(true) => typed(state),
        _ => Vec::new(),
    }
}

fn paste(state: &mut State, text: &str) -> Vec<Effect> {
    match state.field_mut() {
        Some(field) => {
            field.insert(text);
            typed(state)
        }
        None => {
            state.tell(Level::Info, "Text can be pasted where text is typed: Explore, search, forms");
            Vec::new()
        }
    }
}

/// What follows from a changed text field.
fn typed(state: &mut State) -> Vec<Effect> {
    match (&mut state.overlay, state.screen) {
        (Some(Overlay::Palette { row, .. }), _) => *row = 0,
        (Some(_), _) => {}
        (None, Screen::Documents) => {
            if let Some(project) = &state.project {
                state.documents.search_on(project);
            }
        }
        (None, Screen::Explore) => return explore::ask(state),
        (None, _) => {}
    }
    Vec::new()
}

/// Carries out a command wherever it belongs.
fn command_run(state: &mut State, command: Command) -> Vec<Effect> {
    match command {
        Command::NextScreen => return go(state, state.screen.next()),
        Command::PreviousScreen => return go(state, state.screen.previous()),
        Command::Go(screen) => return go(state, screen),
        Command::Help => state.overlay = Some(Overlay::Help { top: 0 }),
        Command::Palette => state.overlay = Some(Overlay::Palette { query: Field::default(), row: 0 }),
        Command::Export => state.overlay = Some(Overlay::Export(Field::new("conll2003"))),
        Command::Back => return back(state),
        Command::Quit => return quit(state),
        Command::QuitNow => return vec![Effect::Quit(Leave::Plain)],
        Command::QuitStop => return vec![Effect::Quit(Leave::StopRun)],
        Command::QuitKeep => return vec![Effect::Quit(Leave::KeepRun)],
        Command::Save => return state.project.as_mut().and_then(Project::resend).into_iter().collect(),
        Command::Redraw => return vec![Effect::Redraw],
        Command::Suspend => return vec![Effect::Suspend],
        Command::TrainNow => return train::start(state),
        Command::StopAfterEpoch => return train::control(state, Control::StopAfterEpoch),
        Command::StopNow => return train::control(state, Control::StopNow),
        _ => return in_front(state, command),
    }
    Vec::new()
}

/// Carries out a command of what is in front.
fn in_front(state: &mut State, command: Command) -> Vec<Effect> {
    match state.context() {
        Context::Help => help(state, command),
        Context::Palette => return palette(state, command),
        Context::Typing => return accept(state),
        Context::Welcome => return welcome(state, command),
        Context::Tag => return tag::run(state, command),
        Context::Documents => return documents::run(state, command),
        Context::Train => return train::run(state, command),
        Context::Evaluate => evaluate::run(state, command),
        Context::Explore => explore::run(state, command),
        Context::Everywhere | Context::StopMenu | Context::QuitMenu => {}
    }
    Vec::new()
}

fn go(state: &mut State, screen: Screen) -> Vec<Effect> {
    if state.project.is_none() {
        return Vec::new();
    }
    state.overlay = None;
    state.documents.typing = false;
    (state.train.field, state.train.problem) = (None, None);
    state.screen = screen;
    match screen {
        Screen::Documents => documents::enter(state),
        Screen::Train => return train::enter(state),
        Screen::Explore => state.explore.typing = true,
        Screen::Tag | Screen::Evaluate => {}
    }
    Vec::new()
}

fn back(state: &mut State) -> Vec<Effect> {
    if state.overlay.take().is_some() {
        return Vec::new();
    }
    match state.screen {
        Screen::Documents if state.documents.typing => state.documents.typing = false,
        Screen::Documents if !state.documents.search.text().is_empty() => {
            state.documents.search = Field::default();
            return typed(state);
        }
        Screen::Train if state.train.field.is_some() => (state.train.field, state.train.problem) = (None, None),
        Screen::Explore if state.explore.typing => state.explore.typing = false,
        Screen::Train if state.train.viewing && state.message.is_none() => state.train.viewing = false,
        _ if state.message.take().is_some() => {}
        _ => state.tag.back(),
    }
    Vec::new()
}

fn quit(state: &mut State) -> Vec<Effect> {
    match state.project.as_ref().map(Project::save_state) {
        Some(SaveState::Saving(_)) if !state.train.is_ours() => {
            state.leaving = true;
            state.tell(Level::Info, "Leaving as soon as everything is saved");
        }
        Some(SaveState::Failed(_)) => state.overlay = Some(Overlay::QuitMenu),
        _ if state.train.is_ours() => state.overlay = Some(Overlay::QuitMenu),
        _ => return vec![Effect::Quit(Leave::Plain)],
    }
    Vec::new()
}

fn help(state: &mut State, command: Command) {
    let last = state.keymap.help(state.screen_context()).len().saturating_sub(1);
    let page = usize::from(state.size.rows).saturating_sub(4).max(1);
    let Some(Overlay::Help { top }) = &mut state.overlay else { return };
    *top = match command {
        Command::Up => top.saturating_sub(1),
        Command::Down => (*top + 1).min(last),
        Command::PageUp => top.saturating_sub(page),
        Command::PageDown => (*top + page).min(last),
        Command::First => 0,
        Command::Last => last,
        _ => *top,
    };
}

fn palette(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(Overlay::Palette { query, row }) = &state.overlay else { return Vec::new() };
    let (entries, at) = (overlay::entries(state, query.text()), *row);
    let last = entries.len().saturating_sub(1);
    if command == Command::Open {
        state.overlay = None;
        return match entries.get(at).map(|entry| entry.action) {
            Some(Action::Command(command)) => command_run(state, command),
            Some(Action::Label(label)) => tag::label(state, label),
            Some(Action::Arm(label)) => tag::arm(state, label),
            None => Vec::new(),
        };
    }
    if let Some(Overlay::Palette { row, .. }) = &mut state.overlay {
        *row = if command == Command::Up { at.saturating_sub(1) } else { (at + 1).min(last) };
    }
    Vec::new()
}

/// Takes what a text field says.
fn accept(state: &mut State) -> Vec<Effect> {
    if let Some(Overlay::Export(field)) = state.overlay.take() {
        let generation = state.next_generation();
        return vec![Effect::Export { generation, format: field.text().trim().to_owned() }];
    }
    match state.screen {
        Screen::Documents => state.documents.typing = false,
        Screen::Explore => state.explore.typing = false,
        Screen::Train => return train::run(state, Command::Accept),
        Screen::Tag | Screen::Evaluate => {}
    }
    Vec::new()
}

fn welcome(state: &mut State, command: Command) -> Vec<Effect> {
    let welcome = &mut state.welcome;
    let last = welcome.places.len().saturating_sub(1);
    match command {
        Command::Up => welcome.selected = welcome.selected.saturating_sub(1),
        Command::Down => welcome.selected = (welcome.selected + 1).min(last),
        Command::Open if welcome.opening.is_none() => {
            if let Some(place) = welcome.places.get(welcome.selected) {
                welcome.opening = Some(place.name.clone());
                return vec![Effect::Open(place.path.clone())];
            }
        }
        _ => {}
    }
    Vec::new()
}
