//! The only place where the state changes: one event in, effects out.

use crate::{
    runs::{Control, Phase},
    spans::{ActionId, Split, Status},
};

use super::{
    annotators,
    command::{Command, Context},
    documents,
    effect::{Effect, Leave},
    evaluate,
    event::{Event, Level, Opened},
    explore,
    field::Field,
    key::Key,
    keymap::{Facts, Meaning, When},
    labels, list,
    overlay::{self, Action, Overlay},
    pages, pointer,
    project::{Project, SaveState},
    state::{Goal, Screen, State},
    tag, train, tutorial, welcome,
};

/// Rows that a page key moves in the palette.
const PALETTE_PAGE: usize = 8;

/// The state after `event`; what is to be done outside because of it.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    let before = tutorial::place(state);
    let mut effects = change(state, event);
    tag::lay_out(state);
    tutorial::look(state);
    effects.extend(tutorial::moved(state, before));
    effects
}

fn change(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Key { key, at } => {
            state.now = state.now.max(at);
            return press(state, key);
        }
        Event::Pointer { gesture, target, at } => {
            state.now = state.now.max(at);
            return pointer::point(state, gesture, target);
        }
        Event::Paste(text) => return paste(state, &text),
        Event::Resize { columns, rows } => (state.size.columns, state.size.rows) = (columns, rows),
        Event::Hangup => {
            let leave = if state.train.is_ours() { Leave::KeepRun } else { Leave::Plain };
            return vec![Effect::Quit(leave)];
        }
        Event::Welcome(places) => state.welcome.offer(places),
        Event::Counted { path, done, documents } => state.welcome.counted(&path, done, documents),
        Event::Opened(opened) => return open(state, *opened),
        Event::OpenFailed(message) => return welcome::failed(state, message),
        Event::FolderInUse(files) => welcome::in_use(state, files),
        Event::Saved { ids, .. } => return saved(state, &ids),
        Event::SaveFailed { attempt, message } => save_failed(state, attempt, message),
        Event::Labels(outcome) => return labels::changed(state, outcome),
        Event::Suggestions { document, run, found, uncertainty } => {
            if let Some(project) = &mut state.project {
                project.suggest(&document, run, found, uncertainty);
            }
            documents::heard(state);
        }
        Event::Annotators { generation, found } => {
            return annotators::arrived(state, generation, found.map(|found| *found));
        }
        Event::Exported { outcome: Ok(text), .. } => {
            tutorial::exported(state);
            state.tell(Level::Info, text);
        }
        Event::Exported { outcome: Err(text), .. } => state.tell(Level::Error, text),
        Event::Message(message) => state.tell(message.level, message.text),
        Event::Summary { generation, summary } => train::counted(state, generation, summary),
        // The last words of a project that was closed.
        Event::Runs(_) if state.project.is_none() => {}
        Event::Runs(runs) => return train::listed(state, runs),
        Event::TrainingStarted { generation, run } => return train::started(state, generation, run),
        Event::TrainingRefused { generation, message } => train::refused(state, generation, message),
        Event::Points { generation, points } => return train::read(state, generation, points),
        Event::Compared { generation, points } => train::compared(state, generation, points),
        Event::Log { generation, lines } => train::log_read(state, generation, lines),
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
    match state.leaving.filter(|_| project.save_state() == SaveState::Saved) {
        Some(Goal::Quit) => vec![Effect::Quit(Leave::Plain)],
        Some(Goal::Projects) => {
            state.leaving = None;
            welcome::close(state)
        }
        None => Vec::new(),
    }
}

fn save_failed(state: &mut State, attempt: u64, message: String) {
    if let Some(project) = &mut state.project {
        project.save_failed(attempt, message);
    }
    if state.leaving.take() == Some(Goal::Quit) {
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
            runs: !self.train.runs.is_empty(),
            resumable: train::resumable(self).is_some(),
            view: self.train.view.is_some(),
            page: self.train.page,
            train: self.project.is_some() && self.screen == Screen::Train,
            back: self.overlay.is_some() || self.field().is_some() || self.message.is_some(),
            ..Facts::default()
        };
        match (&self.project, self.screen) {
            (Some(project), Screen::Tag) => self.tag.facts(project, &mut facts),
            (Some(_), Screen::Documents) => {
                facts.documents = !self.documents.shown().is_empty() || self.documents.is_narrowed();
                facts.back |= self.documents.is_narrowed();
            }
            (Some(_), Screen::Train) => facts.back |= self.train.page != train::Page::Form,
            (None, _) => self.welcome.facts(&mut facts),
            (Some(_), Screen::Explore) => facts.exploring = self.explore.typing && self.overlay.is_none(),
            _ => {}
        }
        facts.project = self.project.is_some();
        if let Some(project) = &self.project {
            facts.undo = project.journal.undo_target().is_some();
            facts.redo = project.journal.redo_target().is_some();
            facts.judge = annotators::judge(project);
        }
        if let Some(Overlay::Annotators(comparing)) = &self.overlay {
            facts.compared = comparing.names.len();
        }
        facts.jumping = matches!(self.overlay, Some(Overlay::Jump { .. }));
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
    state.train = train::Train::new(opened.settings.clone(), opened.recipe);
    let (runs, step, told) = (std::mem::take(&mut opened.runs), opened.step, opened.told.take());
    let project = Project::new(opened);
    let asked_tutorial = state.welcome.tutorial || step.is_some();
    let todo = |at: &usize| matches!(project.annotation(*at).status, Status::Todo | Status::Partial);
    // What is tagged in the tutorial is to teach.
    let teaches = |at: &usize| {
        let split = project.documents.get(*at).and_then(|document| document.split);
        asked_tutorial && todo(at) && split.is_none_or(|split| split == Split::Train)
    };
    let all = 0..project.documents.len();
    let first = all.clone().find(teaches).or_else(|| all.clone().find(todo)).unwrap_or(0);
    (state.tag, state.documents, state.explore) = Default::default();
    (state.screen, state.overlay, state.message) = (Screen::Tag, None, None);
    let asked = std::mem::take(&mut state.welcome);
    state.welcome.places = asked.places;
    if let Some(told) = told {
        state.tell(Level::Warn, told);
    }
    if let Some(why) = &project.read_only {
        state.message = Some(super::event::Message { level: Level::Error, text: format!("Read only: {why}") });
    }
    state.project = Some(project);
    state.tutorial = None;
    let (first, carried) = welcome::take_up(state, first);
    state.tag.document = first;
    // The runs first: one of them makes the suggestions for the document in front.
    let mut effects = train::listed(state, runs);
    effects.extend(tag::open(state, first));
    if let Some(step) = asked.tutorial.then_some(0).or(step).filter(|_| !carried) {
        tutorial::begin(state, step, true);
    }
    if std::mem::take(&mut state.judging) {
        effects.extend(annotators::ask(state));
    }
    effects
}

fn press(state: &mut State, key: Key) -> Vec<Effect> {
    let context = state.context();
    let left = state.leaving.take() == Some(Goal::Quit);
    // What asks for nothing goes with the next key; an error stays until `esc`.
    state.message.take_if(|message| message.level < Level::Error);
    state.seen = true;
    train::ended_long_ago(state, state.now);
    if key.typed().is_some() && state.field().is_some() {
        return type_into(state, key);
    }
    if let Some(effects) = labels::press(state, key) {
        return effects;
    }
    if let (Context::Labels, Some(letter)) = (context, key.typed()) {
        return tag::asides::label(state, letter);
    }
    match state.keymap.meaning(context, key, &state.facts()) {
        // The second time in a row, leaving waits for nothing.
        Meaning::Command(Command::Quit) if left => {
            state.overlay = Some(Overlay::QuitMenu);
            Vec::new()
        }
        Meaning::Command(command) => command_run(state, command),
        Meaning::Not(When::OnSuggestion | When::Suggestions) if state.tests_here() && state.suggester().is_some() => {
            state.hint(tag::TESTS);
            Vec::new()
        }
        Meaning::Not(when) if !when.why_not().is_empty() => {
            state.hint(when.why_not());
            Vec::new()
        }
        Meaning::Not(_) => Vec::new(),
        Meaning::Nothing if context.is_typing() => type_into(state, key),
        Meaning::Nothing => {
            let help = state.key(context, Command::Help);
            state.hint(format!("{key} does nothing here; {help} shows the keys"));
            Vec::new()
        }
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
        (Some(Overlay::Jump { .. }), _) => tag::asides::jump(state, None),
        (Some(_), _) => {}
        (None, _) if state.project.is_none() => state.welcome.typed(),
        (None, Screen::Documents) => {
            if let Some(project) = &state.project {
                state.documents.search_on(project);
            }
        }
        // What was wrong with what stood there may be right now.
        (None, Screen::Train) => state.train.problem = None,
        (None, Screen::Explore) => return explore::typed(state),
        (None, _) => {}
    }
    Vec::new()
}

/// Carries out a command wherever it belongs.
pub(super) fn command_run(state: &mut State, command: Command) -> Vec<Effect> {
    match command {
        Command::NextScreen => return go(state, state.screen.next()),
        Command::PreviousScreen => return go(state, state.screen.previous()),
        Command::Go(screen) => return go(state, screen),
        Command::Help => {
            let under = state.overlay.take().filter(|overlay| overlay.context() != Context::Help).map(Box::new);
            state.overlay = Some(Overlay::Help { top: 0, under });
        }
        Command::Page(topic) => state.overlay = Some(Overlay::Page { topic, top: 0 }),
        Command::Palette => state.overlay = Some(Overlay::Palette { query: Field::default(), row: 0 }),
        Command::Import => return welcome::ask_import(state),
        Command::Occurrences => return tag::occurrences::ask(state),
        Command::History => tag::history::ask(state),
        Command::Note => tag::asides::ask_note(state),
        Command::Jump => tag::asides::ask_jump(state),
        Command::Annotators => return annotators::ask(state),
        Command::EditLabels => labels::ask(state),
        Command::MoreLabels => tag::asides::ask_label(state),
        Command::Export => state.overlay = Some(Overlay::Export(Field::new("conll2003"))),
        Command::Back => return back(state),
        Command::Quit => return quit(state),
        Command::Projects => return welcome::leave_project(state),
        Command::Tutorial => return tutorial::toggle(state),
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
        Context::Typing if matches!(state.overlay, Some(Overlay::Jump { .. })) && command != Command::Accept => {
            tag::asides::jump(state, Some(command == Command::Down));
        }
        Context::Typing if command != Command::Accept => return explore::run(state, command),
        Context::Typing => return accept(state),
        Context::Form => return welcome::fill_in(state, command),
        Context::Welcome => return welcome::run(state, command),
        Context::Tag => return tag::run(state, command),
        Context::Documents => return documents::run(state, command),
        Context::Train => return train::run(state, command),
        Context::Evaluate => return evaluate::run(state, command),
        Context::Explore => return explore::run(state, command),
        Context::RemoveMenu => return train::remove(state),
        Context::LabelEditor => return labels::run(state, command),
        Context::Annotators => return annotators::run(state, command, page(state)),
        Context::Occurrences => return tag::occurrences::run(state, command, page(state)),
        Context::History => return tag::history::run(state, command, page(state)),
        Context::Everywhere | Context::StopMenu | Context::QuitMenu | Context::Labels => {}
    }
    Vec::new()
}

/// Rows that a list over the screen has room for.
fn page(state: &State) -> usize {
    usize::from(state.size.rows).saturating_sub(7).max(1)
}

fn go(state: &mut State, screen: Screen) -> Vec<Effect> {
    if state.project.is_none() {
        return Vec::new();
    }
    state.overlay = None;
    state.documents.typing = false;
    state.explore.remember();
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
    if labels::back(state) {
        return Vec::new();
    }
    if let Some(overlay) = state.overlay.take() {
        match overlay {
            // Who does not jump is where they were.
            Overlay::Jump { from, .. } => state.tag.put(from),
            Overlay::Help { under, .. } => state.overlay = under.map(|under| *under),
            _ => {}
        }
        return Vec::new();
    }
    if state.project.is_none() && state.welcome.form.take().is_some() {
        return Vec::new();
    }
    match state.screen {
        Screen::Documents if state.documents.typing => state.documents.typing = false,
        Screen::Documents if state.documents.is_narrowed() && state.message.is_none() => documents::widen(state),
        Screen::Train if state.train.field.is_some() => (state.train.field, state.train.problem) = (None, None),
        Screen::Explore if state.explore.typing => state.explore.leave(),
        Screen::Train if state.message.is_none() && train::back(&mut state.train) => {}
        _ if state.message.take().is_some() => {}
        _ => state.tag.back(),
    }
    Vec::new()
}

fn quit(state: &mut State) -> Vec<Effect> {
    match state.project.as_ref().map(Project::save_state) {
        Some(SaveState::Saving(_)) if !state.train.is_ours() => {
            state.leaving = Some(Goal::Quit);
            state.tell(Level::Info, "Leaving as soon as everything is saved");
        }
        Some(SaveState::Failed(_)) => state.overlay = Some(Overlay::QuitMenu),
        _ if state.train.is_ours() => state.overlay = Some(Overlay::QuitMenu),
        _ => return vec![Effect::Quit(Leave::Plain)],
    }
    Vec::new()
}

fn help(state: &mut State, command: Command) {
    let (_, page) = pages::room(state.size);
    let last = state.help_rows().len().saturating_sub(page);
    if let Some(Overlay::Page { topic, top }) = &mut state.overlay {
        *top = pages::scrolled(*topic, *top, command, state.size);
    }
    let Some(Overlay::Help { top, .. }) = &mut state.overlay else { return };
    *top = list::moved(command, *top, last + 1, page).unwrap_or((*top).min(last));
}

fn palette(state: &mut State, command: Command) -> Vec<Effect> {
    let Some(Overlay::Palette { query, row }) = &state.overlay else { return Vec::new() };
    let (entries, at) = (overlay::entries(state, query.text()), *row);
    if command == Command::Open {
        state.overlay = None;
        return match entries.get(at).map(|entry| entry.action) {
            Some(Action::Command(command)) => command_run(state, command),
            Some(Action::Label(label)) => tag::label(state, label),
            Some(Action::Arm(label)) => tag::arm(state, label),
            Some(Action::Not(why)) => {
                state.tell(Level::Info, why);
                Vec::new()
            }
            Some(Action::Elsewhere(screen, command)) => elsewhere(state, screen, command),
            None => Vec::new(),
        };
    }
    if let Some(Overlay::Palette { row, .. }) = &mut state.overlay {
        *row = list::moved(command, at, entries.len(), PALETTE_PAGE).unwrap_or(at);
    }
    Vec::new()
}

/// Goes to the screen of a command and says which key gives it there.
fn elsewhere(state: &mut State, screen: Screen, command: Command) -> Vec<Effect> {
    let effects = go(state, screen);
    // In a text field, the key would be text.
    state.explore.typing &= command == Command::Type;
    let key = state.keymap.keys(screen.context(), command).next().map(|binding| binding.key);
    if let (Some(key), Some(row)) = (key, command.info()) {
        state.tell(Level::Info, format!("Here it is: {key} ({})", row.doc));
    }
    effects
}

/// Takes what a text field says.
fn accept(state: &mut State) -> Vec<Effect> {
    match state.overlay.take() {
        Some(Overlay::Export(field)) => {
            let generation = state.next_generation();
            return vec![Effect::Export { generation, format: field.text().trim().to_owned() }];
        }
        Some(Overlay::Import(field)) => return welcome::import(state, field.text().trim()),
        Some(Overlay::Note(field)) => return tag::asides::note(state, field.text()),
        Some(Overlay::Jump { .. }) => return Vec::new(),
        Some(editor @ Overlay::LabelEditor(_)) => {
            state.overlay = Some(editor);
            return labels::answer(state);
        }
        other => state.overlay = other,
    }
    match state.screen {
        Screen::Documents => state.documents.typing = false,
        Screen::Explore => explore::keep(state),
        Screen::Train => return train::run(state, Command::Accept),
        Screen::Tag | Screen::Evaluate => {}
    }
    Vec::new()
}
