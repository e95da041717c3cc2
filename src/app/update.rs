//! The only place where the state changes: one event in, effects out.
//! Requests of panels are resolved here.

use crate::spans::{ActionId, Prediction, ReviewFilter, ReviewList, Split};

use super::{
    command::{Command, Context},
    effect::{Effect, Leave},
    event::{Annotators, Event, Level},
    everywhere,
    exchange::{ImportPreview, NotExported},
    key::Key,
    overlays::{
        Overlay,
        confusion::Confusion,
        fetch_menu::FetchMenu,
        mistakes::Mistakes,
        removal::Removal,
        repair_menu::RepairMenu,
        split_menu::SplitMenu,
        stop_menu::StopMenu,
        tutorial::{self, Tutorial},
    },
    panel::{NoPanel, Outcome, Request, run_row},
    pointer::{Gesture, Target},
    project::{Project, SaveState},
    review::Subject,
    screen::Screen,
    state::{Goal, Meaning, State},
    suggestions::ModelOutput,
};

/// Lines that one notch of the wheel goes over.
const NOTCH: usize = 3;

/// Changes the state by an event; returns the effects to carry out.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    let before = state.tutorial_place();
    let input = event.is_input();
    let open = state.is_palette_open();
    let mut effects = state.change(event);
    effects.extend(state.read_changed_files());
    effects.extend(state.session.choose_ahead(!state.documents.is_ranking()));
    effects.extend(state.session.settle());
    state.look_at_tutorial();
    let now = state.tutorial_place();
    effects.extend(tutorial::remember(&state.session, before, now));
    // Keys in the palette change nothing that its entries are made of.
    if !(input && open) {
        state.fill_palette();
    }
    effects
}

impl State {
    fn tutorial_place(&self) -> Option<Option<usize>> {
        self.tutorial.as_ref()?.place(&self.session)
    }

    fn is_palette_open(&self) -> bool {
        matches!(self.overlay(), Some(Overlay::Palette(_)))
    }

    fn fill_palette(&mut self) {
        if !self.is_palette_open() {
            return;
        }
        let all = self.palette();
        if let Some(Overlay::Palette(palette)) = self.overlays.last_mut() {
            palette.all = all;
        }
    }

    fn look_at_tutorial(&mut self) {
        let explored = self.explore.has_explored(&self.session);
        if let Some(tutorial) = &mut self.tutorial {
            tutorial.look(&self.session, explored);
        }
        self.session.tutorial_rows = if self.lesson().is_some() { tutorial::ROWS } else { 0 };
    }

    fn change(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Key { key, at } => {
                self.session.now = self.session.now.max(at);
                self.press(key)
            }
            Event::Pointer { gesture, target, at } => {
                self.session.now = self.session.now.max(at);
                self.point(gesture, target)
            }
            Event::Paste(text) => self.paste(&text),
            Event::Resize { columns, rows } => {
                self.session.size.columns = columns;
                self.session.size.rows = rows;
                Vec::new()
            }
            Event::Hangup => {
                let leave = if self.session.runs.is_ours() { Leave::KeepRun } else { Leave::Plain };
                // What could not be saved is tried once more.
                let unsaved = self.session.project.as_mut().and_then(Project::resend);
                unsaved.into_iter().chain([Effect::Quit(leave)]).collect()
            }
            event => self.answer(event),
        }
    }

    /// Takes an answer of a service.
    fn answer(&mut self, event: Event) -> Vec<Effect> {
        let outcome = match event {
            Event::Key { .. } | Event::Pointer { .. } | Event::Paste(_) | Event::Resize { .. } | Event::Hangup => {
                Outcome::none()
            }
            Event::Drawn(sight) => self.session.tagging.drawn(sight).into(),
            Event::Welcome(places) => self.welcome.offer(places).into(),
            Event::Counted { path, done, documents } => self.welcome.counted(&path, done, documents).into(),
            Event::Damaged { path, damage } => self.welcome.damaged(&path, damage).into(),
            Event::Opened(opened) => self.open(*opened).into(),
            Event::OpenFailed(message) => self.open_failed(message).into(),
            Event::FolderInUse(files) => self.welcome.in_use(&self.session, files).into(),
            Event::Saved { ids, .. } => self.saved(&ids).into(),
            Event::SaveDelayed { seconds } => self.session.save_delayed(seconds).into(),
            Event::SaveFailed { attempt, message } => self.save_failed(attempt, message).into(),
            Event::Labels(outcome) => self.labels_changed(outcome).into(),
            Event::LabelsRecorded(records) => self.labels_recorded(records).into(),
            Event::Suggestions { document, run, found, uncertainty, labels } => {
                self.model_answered(&document, Some(ModelOutput { run, found, uncertainty, labels })).into()
            }
            Event::NotSuggested { document } => self.model_answered(&document, None).into(),
            Event::Live(report) => self.live_changed(*report),
            Event::Annotators { generation, found } => self.annotators_read(generation, found.map(|found| *found)),
            Event::Imported { generation, outcome } => self.imported(generation, outcome).into(),
            Event::Exported { generation, outcome } => self.exported(generation, outcome).into(),
            Event::ImportPreviewed { generation, outcome } => self.import_previewed(generation, outcome).into(),
            Event::SentencesRead { generation, outcome } => self.sentences_read(generation, outcome).into(),
            Event::DocumentAdded { generation, outcome } => self.sentence_added(generation, outcome).into(),
            Event::FilesChanged(names) => self.files_changed(names).into(),
            Event::DocumentChanged { id, change, outcome } => self.document_changed(id, &change, outcome).into(),
            Event::SplitSet { documents, split, outcome } => self.split_set(documents, split, outcome).into(),
            Event::SharedOut(outcome) => self.shared_out(outcome).into(),
            Event::MoveTakenBack { moves, outcome } => self.move_taken_back(&moves, outcome).into(),
            Event::Message(message) => self.session.show(message.level, message.text).into(),
            // The last words of a project that was closed.
            Event::Runs(_) if self.session.project.is_none() => Outcome::none(),
            Event::Prediction { generation, prediction } => self.predicted(generation, Ok(prediction)).into(),
            Event::PredictionFailed { generation, message } => self.predicted(generation, Err(message)).into(),
            Event::MistakesProgress { generation, done, all } => {
                self.session.review.progressed(generation, done, all).into()
            }
            Event::MistakesFound { generation, found } => self.mistakes_found(generation, found).into(),
            Event::Explained { generation, influences } => self.explore.explained(generation, influences).into(),
            Event::Summary { generation, summary } => self.train.summary_arrived(generation, summary).into(),
            Event::Runs(runs) => self.train.runs_listed(&mut self.session, runs),
            Event::TrainingStarted { generation, run } => {
                self.train.training_started(&mut self.session, generation, run)
            }
            Event::TrainingRefused { generation, message } => {
                self.train.training_refused(&mut self.session, generation, message).into()
            }
            Event::TrainingUnchanged { generation, run } => {
                self.train.training_unchanged(&mut self.session, generation, &run).into()
            }
            Event::FetchOffered(offer) => self.train.fetch_offered(&mut self.session, offer),
            Event::Points { generation, points } => self.train.points_read(&mut self.session, generation, points),
            Event::Compared { generation, points } => self.train.compared(generation, points).into(),
            Event::ScoresCompared { generation, found } => self.train.scores_compared(generation, found).into(),
            Event::Log { generation, lines } => self.train.log_read(generation, lines).into(),
            Event::RunStatus { run, status } => self.train.run_status(&mut self.session, &run, status),
        };
        self.resolve(outcome)
    }

    /// Takes the preview of an import, which is shown where it was asked for.
    fn import_previewed(&mut self, generation: u64, outcome: Result<Box<ImportPreview>, String>) {
        let mut overlays = self.overlays.iter_mut();
        if let Some(Overlay::Import(import)) = overlays.find(|one| matches!(one, Overlay::Import(_))) {
            import.previewed(&mut self.session, generation, outcome.map(|preview| *preview));
        }
    }

    /// Takes a prediction: for the view of the document in front, or for the Explore screen.
    fn predicted(&mut self, generation: u64, answer: Result<Prediction, String>) {
        if let Some(answer) = self.session.model_view.take(generation, answer) {
            self.explore.answered(&self.session, generation, answer);
        }
    }

    /// Takes the mistakes of a run. Lists that are open show them.
    fn mistakes_found(&mut self, generation: u64, found: Result<Box<ReviewList>, String>) {
        if !self.session.review.found(generation, found) {
            return;
        }
        for overlay in &mut self.overlays {
            if let Overlay::Mistakes(panel) = overlay {
                panel.fill(&self.session);
            }
        }
    }

    /// Shows the sentences of the validation split that only one of two runs has right.
    fn show_changes(&mut self, runs: [String; 2]) -> Vec<Effect> {
        let search = self.session.find(Subject::Changes(runs, Split::Valid));
        self.push(Mistakes::show(&self.session, ReviewFilter::default()).into());
        search.into_iter().collect()
    }

    /// Takes the work of all annotators.
    /// The help may be over the view that asked for it.
    fn annotators_read(&mut self, generation: u64, found: Result<Annotators, String>) -> Outcome {
        let view = self.overlays.iter_mut().find_map(|overlay| match overlay {
            Overlay::Annotators(view) => Some(view),
            _ => None,
        });
        let Some(view) = view else { return Outcome::none() };
        let outcome = view.work_read(&mut self.session, generation, found);
        if outcome.close {
            self.overlays.clear();
        }
        Outcome { close: false, ..outcome }
    }

    /// Lines are on disk.
    /// When all are and something waits for that to leave, this is the moment.
    fn saved(&mut self, ids: &[ActionId]) -> Vec<Effect> {
        let Some(project) = &mut self.session.project else { return Vec::new() };
        project.saved(ids);
        match self.leaving.filter(|_| project.save_state() == SaveState::Saved) {
            Some(Goal::Quit) => vec![Effect::Quit(Leave::Plain)],
            Some(Goal::Projects) => {
                self.leaving = None;
                self.close()
            }
            None => Vec::new(),
        }
    }

    fn save_failed(&mut self, attempt: u64, message: String) -> Vec<Effect> {
        if let Some(project) = &mut self.session.project {
            project.save_failed(attempt, message);
        }
        if self.leaving.take() == Some(Goal::Quit) { self.ask_before_leaving() } else { Vec::new() }
    }

    /// Shows the outcome of an export. Losses are listed where the export is still open.
    fn exported(&mut self, generation: u64, outcome: Result<String, NotExported>) {
        let mut open = self.overlays.iter_mut().enumerate();
        let waiting = open.find_map(|(at, overlay)| match overlay {
            Overlay::Export(export) if export.asked == Some(generation) => Some((at, export)),
            _ => None,
        });
        let refusal = match (outcome, waiting) {
            (Ok(text), waiting) => {
                if let Some((at, _)) = waiting {
                    self.overlays.remove(at);
                }
                if let Some(tutorial) = &mut self.tutorial {
                    tutorial.exports += 1;
                }
                return self.session.inform(text);
            }
            (Err(refusal), Some((_, export))) => export.refused(refusal),
            (Err(refusal), None) => Some(refusal.text()),
        };
        if let Some(text) = refusal {
            self.session.show(Level::Error, text);
        }
    }

    fn press(&mut self, key: Key) -> Vec<Effect> {
        let context = self.context();
        let left = self.leaving.take() == Some(Goal::Quit);
        // The palette gives the answer as well as its key.
        let meaning = self.meaning(context, key);
        let in_palette = context == Context::Palette || meaning == Meaning::Command(Command::Palette);
        self.asked_tutorial &= in_palette || meaning == Meaning::Command(Command::Tutorial);
        self.warned_of_drafts &= in_palette || meaning == Meaning::Command(Command::Quit);
        self.session.drop_message();
        self.session.runs.forget_old_result(self.session.now);
        if key.typed().is_some() && self.field().is_some() {
            return self.type_into(key);
        }
        let (front, session) = self.front_mut();
        if let Some(outcome) = front.press(key, session) {
            return self.resolve(outcome);
        }
        match self.meaning(context, key) {
            // The second time in a row, leaving waits for nothing.
            Meaning::Command(Command::Quit) if left => self.ask_before_leaving(),
            Meaning::Command(command) => self.run(command),
            Meaning::Not("") => Vec::new(),
            Meaning::Not(why) => {
                self.session.hint(why);
                Vec::new()
            }
            Meaning::Nothing if context.is_typing() => self.type_into(key),
            Meaning::Nothing => {
                let help = self.session.key(context, Command::Help);
                self.session.hint(format!("{key} does nothing here; {help} shows the keys"));
                Vec::new()
            }
        }
    }

    fn type_into(&mut self, key: Key) -> Vec<Effect> {
        let (front, session) = self.front_mut();
        let prompt = front.prompt().filter(|_| !front.is_answered());
        match prompt.and_then(|prompt| session.prompts.press(&prompt, key)) {
            Some(true) => {
                let outcome = front.typed(session);
                self.resolve(outcome)
            }
            _ => Vec::new(),
        }
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        let (front, session) = self.front_mut();
        let Some(prompt) = front.prompt().filter(|_| !front.is_answered()) else {
            session.inform("Text can be pasted where text is typed: Explore, search, forms");
            return Vec::new();
        };
        if let Some(outcome) = front.paste(text, session) {
            return self.resolve(outcome);
        }
        session.prompts.insert(&prompt, text);
        let outcome = front.typed(session);
        self.resolve(outcome)
    }

    /// Carries out a command where it belongs.
    /// In the panel in front, everywhere, or on a screen that is not in front.
    pub(super) fn run(&mut self, command: Command) -> Vec<Effect> {
        let context = self.context();
        self.session.context = match context {
            Context::Typing => self.screen_context(),
            // The help over the help explains the same.
            Context::Help => self.session.context,
            _ => context,
        };
        let (front, session) = self.front_mut();
        if let Some(outcome) = front.run(command, session) {
            return self.resolve(outcome);
        }
        if command.is_move() {
            let outcome = front.travel(command, session);
            return self.resolve(outcome);
        }
        if let Some(outcome) = run_row(&mut NoPanel, everywhere::ROWS, command, session) {
            return self.resolve(outcome);
        }
        if let Some((overlay, effects)) = Overlay::open(command, session) {
            if let Some(overlay) = overlay {
                self.push(overlay);
            }
            return effects;
        }
        // The palette also gives commands of a menu that is not open.
        let row = self.row(context, command).or_else(|| self.session.keymap.info(context, command));
        let owner = row.map(|row| row.owner);
        let Some((panel, session)) = owner.and_then(|owner| self.owner_mut(owner)) else { return Vec::new() };
        let outcome = panel.run(command, session).unwrap_or_default();
        self.resolve(outcome)
    }

    /// Resolves what a panel asks for; returns all effects, in order.
    pub(super) fn resolve(&mut self, outcome: Outcome) -> Vec<Effect> {
        let Outcome { mut effects, close, request } = outcome;
        if close && let Some(overlay) = self.overlays.pop() {
            overlay.panel().prompts().iter().for_each(|prompt| self.session.prompts.answered(prompt));
        }
        if let Some(request) = request {
            effects.extend(self.resolve_request(request));
        }
        effects
    }

    fn resolve_request(&mut self, request: Request) -> Vec<Effect> {
        match request {
            Request::Go(screen) => self.go(screen),
            Request::Run(command) => {
                self.asked_tutorial &= command == Command::Tutorial;
                self.warned_of_drafts &= command == Command::Quit;
                self.run(command)
            }
            Request::Find(screen, command) => self.find(screen, command),
            Request::Follow(run) => self.train.follow(&mut self.session, run),
            Request::AskStop => {
                self.push(StopMenu.into());
                Vec::new()
            }
            Request::AskRemoval(run) => {
                self.push(Removal { run }.into());
                Vec::new()
            }
            Request::AskSplit { document, shown } => {
                self.push(SplitMenu { document, shown, all: false }.into());
                Vec::new()
            }
            Request::ShowMistakes(filter, split) => {
                let search = split.and_then(|split| self.session.find_mistakes(split));
                self.push(Mistakes::show(&self.session, filter).into());
                search.into_iter().collect()
            }
            Request::ShowChanges(runs) => self.show_changes(runs),
            Request::ShowConfusion(split) => {
                let search = split.and_then(|split| self.session.find_mistakes(split));
                let split = split.or_else(|| self.session.review.split()).unwrap_or(Split::Valid);
                self.push(Confusion::new(split).into());
                search.into_iter().collect()
            }
            Request::AskFetch(offer) => {
                let (offer, settings) = *offer;
                // A key that was meant for the text or the question in front must not be an answer to this one.
                if self.context().is_typing() || self.overlay().is_some() {
                    self.session
                        .warn(format!("{} must be fetched first; start the training again to be asked", offer.base));
                } else {
                    self.push(FetchMenu { offer, settings }.into());
                }
                Vec::new()
            }
            Request::AskRepair { path, name, steps } => {
                self.push(RepairMenu { path, name, steps, top: 0 }.into());
                Vec::new()
            }
            Request::ModelChanged => {
                let (screens, session) = self.screens_mut();
                screens.into_iter().flat_map(|screen| screen.model_changed(session)).collect()
            }
            Request::Import { file, fingerprint, on_duplicate } => self.import(file, fingerprint, on_duplicate),
            Request::UndoImport => self.undo_import(),
            Request::AddSentence(sentence) => self.add_sentence(*sentence),
            Request::Explore(request) => self.explore_sentences(request),
            Request::OpenAs(annotator) => self.open_as(annotator),
            Request::WorkAs(annotator) => self.work_as(annotator),
            Request::Accept => self.accept(),
            Request::Back => self.back(),
            Request::Quit => self.quit(),
            Request::LeaveProject => self.leave_project(),
            Request::Tutorial => self.toggle_tutorial(),
        }
    }

    /// Takes what the text field in front holds, and forgets it once the field is closed.
    fn accept(&mut self) -> Vec<Effect> {
        let (front, session) = self.front_mut();
        let prompts = front.prompts();
        let outcome = front.accept(session);
        let open = front.prompts();
        prompts.iter().filter(|prompt| !open.contains(prompt)).for_each(|prompt| session.prompts.answered(prompt));
        self.resolve(outcome)
    }

    pub(super) fn go(&mut self, screen: Screen) -> Vec<Effect> {
        if self.session.project.is_none() {
            return Vec::new();
        }
        if self.session.has_only_runs() && screen.needs_documents() {
            self.session.inform("There are no documents here: this is a run, not a project");
            return Vec::new();
        }
        self.clear_overlays();
        let (front, session) = self.screen_mut();
        let prompts = front.prompts();
        front.leave(session);
        session.prompts.leave(&prompts);
        session.screen = screen;
        let (front, session) = self.screen_mut();
        let outcome = front.enter(session);
        self.resolve(outcome)
    }

    /// Goes to the screen of a command and says which key gives it there.
    fn find(&mut self, screen: Screen, command: Command) -> Vec<Effect> {
        let mut effects = self.go(screen);
        // In a text field, the key would be text.
        if self.context() == Context::Typing && command != Command::Type {
            effects.extend(self.back());
        }
        let key = self.session.keymap.keys(screen.context(), command).next().map(|binding| binding.key);
        let doc = self.session.keymap.info(screen.context(), command).map(|row| row.doc);
        if let (Some(key), Some(doc)) = (key, doc) {
            self.session.inform(format!("Here it is: {key} ({doc})"));
        }
        effects
    }

    fn back(&mut self) -> Vec<Effect> {
        // A message is dismissed before the screen puts something down, but not before its text field is left.
        let field = self.context().is_typing();
        if self.overlays.is_empty() && !field && self.session.message.take().is_some() {
            return Vec::new();
        }
        let (front, session) = self.front_mut();
        let prompts = front.prompts();
        let holds = front.back(session);
        let is_left = !holds || front.prompt().is_none();
        if is_left {
            session.prompts.put_down(&prompts);
        }
        if !holds {
            self.overlays.pop();
        }
        Vec::new()
    }

    /// Hides the tutorial or shows it again.
    /// Without a project it gets one; in a project without it, a question comes first, because its steps change the
    /// project's annotations.
    fn toggle_tutorial(&mut self) -> Vec<Effect> {
        if self.session.project.is_none() {
            let outcome = self.welcome.continue_tutorial();
            return self.resolve(outcome);
        }
        match &mut self.tutorial {
            Some(tutorial) if tutorial.is_over() => self.tutorial = None,
            Some(tutorial) => tutorial.shown = !tutorial.shown,
            // The second time in a row is the answer to the question.
            None if std::mem::take(&mut self.asked_tutorial) => {
                self.tutorial = Some(Tutorial::new(&self.session, 0, false));
            }
            None => self.ask_for_tutorial(),
        }
        Vec::new()
    }

    fn ask_for_tutorial(&mut self) {
        let [again, projects] =
            [Command::Tutorial, Command::Projects].map(|command| self.session.key(self.screen_context(), command));
        if self.session.project.as_ref().is_some_and(|project| project.documents.is_empty()) {
            return self
                .session
                .inform(format!("There is no text here to learn on; {projects} leads to one on a sample"));
        }
        self.session.warn(format!("The tutorial tags in this project of yours; {again} again begins it"));
        self.asked_tutorial = true;
    }

    fn point(&mut self, gesture: Gesture, target: Option<Target>) -> Vec<Effect> {
        if gesture == Gesture::Press {
            self.session.drop_message();
            self.leaving = None;
        }
        match gesture {
            Gesture::WheelUp => return self.wheel(Command::Up),
            Gesture::WheelDown => return self.wheel(Command::Down),
            _ => {}
        }
        if gesture == Gesture::Release && self.overlay().is_some() {
            self.session.tagging.pressed = None;
        }
        let (front, session) = self.front_mut();
        if let Some(outcome) = front.pointer(gesture, target, session) {
            return self.resolve(outcome);
        }
        match (gesture, target) {
            (Gesture::Press, Some(Target::Row(row))) => self.click(row),
            (Gesture::Press, Some(Target::Screen(_))) if self.overlay().is_none() => self.run(Command::NextScreen),
            _ => Vec::new(),
        }
    }

    fn wheel(&mut self, command: Command) -> Vec<Effect> {
        let context = self.context();
        // In a text field, moves are for the text.
        if context.is_typing() && context != Context::Palette || self.check(context, command).is_err() {
            return Vec::new();
        }
        (0..NOTCH).flat_map(|_| self.run(command)).collect()
    }

    /// Puts the cursor of the list in front on a row.
    /// On the row of the cursor, does what enter does there.
    fn click(&mut self, row: usize) -> Vec<Effect> {
        let (front, session) = self.front_mut();
        let Some(list) = front.list(session) else { return Vec::new() };
        if std::mem::replace(list.row, row) != row {
            let outcome = front.arrived(session);
            return self.resolve(outcome);
        }
        match front.click() {
            Some(command) => self.run(command),
            None => Vec::new(),
        }
    }
}
