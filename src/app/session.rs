//! State that every panel may read and change.
//! It is the open project, its runs, the cursor on its text, messages, keys, size and clock.

use crate::{
    config::LiveSettings,
    runs::{
        RunSummary,
        live::{self, LiveReport, LiveState, Version},
    },
    spans::{ActionId, LabelChange, NextDocument, Split, SplitMove, Status},
    text::{
        number::{score, with_noun},
        width::Glyphs,
    },
};

use super::{
    command::{Command, Context},
    effect::Effect,
    event::{Level, Message},
    exchange::{ExportChoices, FormatInfo},
    finished::{FinishReport, Finished, TakenCounts},
    keymap::Keymap,
    model_view::ModelView,
    next_choice::Basis,
    project::Project,
    project_runs::ProjectRuns,
    prompts::{Prompt, Prompts},
    review::{Review, Subject},
    screen::{Screen, Size},
    tagging::{Queue, TagContext, Tagging},
};

/// Change by one key of the score from which all suggestions are taken, and its highest value.
const TAKE_STEP: f32 = 0.1;
const HIGHEST_TAKE: f32 = 1.0;

/// State shared by all panels.
#[derive(Clone, Debug)]
pub struct Session {
    /// Size of the terminal.
    pub size: Size,
    /// The screen in front, whatever overlay is over it.
    pub screen: Screen,
    /// The context in which the last command was given, which the help explains.
    pub context: Context,
    /// The open project; without one the welcome screen is shown.
    pub project: Option<Project>,
    /// The runs of the project, and the one that is followed.
    pub runs: ProjectRuns,
    /// Cursor, selection and armed label on the document in front.
    pub tagging: Tagging,
    /// Places at which gold spans and a model differ, and the user's decisions about them.
    pub review: Review,
    /// What a model saw in the document in front, if that is shown.
    pub model_view: ModelView,
    /// What is known about the live model.
    pub live: LiveReport,
    /// How many suggestions were taken in the documents that were finished last.
    pub taken: TakenCounts,
    /// Settings of suggestions and of the next document, as commands have changed them in this project.
    pub live_settings: LiveSettings,
    /// The last message.
    pub message: Option<Message>,
    /// Whether a key was pressed since the message was shown.
    pub(super) seen: bool,
    /// The latest time that an event brought, in seconds since 1970, UTC.
    pub now: u64,
    /// Keys with their commands.
    pub keymap: Keymap,
    /// Formats that can be imported or exported.
    pub formats: Vec<FormatInfo>,
    /// Choices for the next export: those of the last one.
    pub export: ExportChoices,
    /// Characters that the terminal can show.
    /// They decide how wide a text is, so that the cursor goes over the lines that are drawn.
    pub glyphs: Glyphs,
    /// Id of the document that was removed last.
    pub(super) removed_document: Option<String>,
    /// Moves of documents to splits that can be taken back, the last one at the end.
    pub(super) moves: Vec<Vec<SplitMove>>,
    /// The last change of the labels, until it is taken back.
    pub(super) label_edit: Option<LabelEdit>,
    /// Whether the change of the labels that is being written takes one back.
    pub(super) undoes_label_edit: bool,
    /// What is being typed, and what was left before it was answered.
    pub prompts: Prompts,
    /// Whether each frame is reported by [`Event::Drawn`](super::event::Event::Drawn).
    /// Then a document is finished only after it was on the screen.
    pub reports_frames: bool,
    /// Rows of the screen that the tutorial takes.
    pub(super) tutorial_rows: u16,
    generation: u64,
}

/// A change of the labels, which is no action of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LabelEdit {
    /// The last action of the journal at that time.
    pub(super) after: Option<ActionId>,
    /// The change that takes it back, if one does.
    pub(super) inverse: Option<LabelChange>,
}

impl Session {
    /// A session without a project, in a terminal of unknown size.
    pub fn new(keymap: Keymap) -> Self {
        Self {
            size: Size { columns: 0, rows: 0 },
            screen: Screen::Tag,
            context: Context::Welcome,
            project: None,
            runs: ProjectRuns::default(),
            tagging: Tagging::default(),
            review: Review::default(),
            model_view: ModelView::default(),
            live: LiveReport::default(),
            taken: TakenCounts::default(),
            live_settings: LiveSettings::default(),
            message: None,
            seen: false,
            now: 0,
            keymap,
            formats: Vec::new(),
            export: ExportChoices::default(),
            glyphs: Glyphs::Unicode,
            removed_document: None,
            moves: Vec::new(),
            label_edit: None,
            undoes_label_edit: false,
            prompts: Prompts::default(),
            reports_frames: false,
            tutorial_rows: 0,
            generation: 0,
        }
    }

    /// Forgets what is about the project that was open.
    pub(super) fn forget_project(&mut self) {
        self.tagging = Tagging::default();
        self.review = Default::default();
        self.model_view = Default::default();
        self.live = Default::default();
        self.taken = Default::default();
        self.prompts.close_project();
        self.removed_document = None;
        self.moves.clear();
        self.label_edit = None;
        self.undoes_label_edit = false;
    }

    /// Returns a number that no request had before.
    pub(super) fn next_generation(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    /// Opens a text field with what was left there, and says so; else with `given`.
    pub(super) fn ask(&mut self, prompt: &Prompt, given: &str) {
        if let Some(offer) = self.prompts.open(prompt, given) {
            self.inform(offer.words());
        }
    }

    /// Shows why a key does nothing: never in place of an error.
    pub(super) fn hint(&mut self, text: impl Into<String>) {
        if self.message.as_ref().is_none_or(|message| message.level < Level::Error) {
            self.show(Level::Info, text);
        }
    }

    /// Shows a message.
    /// An error stays until it is dismissed, or until a key has followed it and there is another message.
    pub(super) fn show(&mut self, level: Level, text: impl Into<String>) {
        let stays = self.message.as_ref().is_some_and(|message| message.level == Level::Error) && !self.seen;
        if level == Level::Error || !stays {
            self.message = Some(Message { level, text: text.into() });
            self.seen = false;
        }
    }

    /// Shows an information.
    pub(super) fn inform(&mut self, text: impl Into<String>) {
        self.show(Level::Info, text);
    }

    /// Shows a warning: something was not done.
    pub(super) fn warn(&mut self, text: impl Into<String>) {
        self.show(Level::Warn, text);
    }

    /// Drops a message that asks for nothing; an error stays.
    pub(super) fn drop_message(&mut self) {
        self.message.take_if(|message| message.level < Level::Error);
        self.seen = true;
    }

    /// The first key that gives `command` in `context`, as shown to the user.
    /// Without one the palette and the command's name.
    pub fn key(&self, context: Context, command: Command) -> String {
        let key = self.keymap.keys(context, command).next().map(|binding| binding.key.to_string());
        key.unwrap_or_else(|| {
            let palette = self.keymap.keys(context, Command::Palette).next().map(|binding| binding.key.to_string());
            let name = self.keymap.info(context, command).map_or("", |row| row.name);
            format!("{} {name}", palette.unwrap_or_default()).trim().to_owned()
        })
    }

    /// The disk has not answered for this many seconds.
    pub(super) fn save_delayed(&mut self, seconds: u64) {
        if let Some(project) = &mut self.project {
            project.save_delayed(seconds);
        }
    }

    /// Takes what is known about the live model; whether another model makes the suggestions now.
    pub(super) fn live_changed(&mut self, report: LiveReport) -> bool {
        let before = self.suggesting();
        self.live = report;
        let changed = self.suggesting() != before;
        if changed {
            self.keep_front_answer();
        }
        changed
    }

    /// Keeps the suggestions of the document in front where the live model suggests from now on, until the user comes to
    /// it again. A new version comes unasked, and a key must not take what the user has not read.
    pub(super) fn keep_front_answer(&mut self) {
        let front = self.tagging.document;
        let project = self.project.as_ref();
        let is_answered = project.is_some_and(|project| project.answering_model(front).is_some());
        self.tagging.keeps_answer = is_answered && self.suggesting_version().is_some();
    }

    /// The version of the live model that makes the suggestions; `None` if another model does.
    pub fn suggesting_version(&self) -> Option<Version> {
        let run = self.suggester().map(|run| (run.id.as_str(), run.started));
        self.live.suggester.filter(|_| live::suggests(&self.live, run))
    }

    /// Whether the Tag screen has a line about the live model.
    ///
    /// Not while no document is done, and not where learning is off and nothing was learned.
    pub fn shows_learning(&self) -> bool {
        let project = self.project.as_ref().filter(|project| !project.only_runs);
        let is_known = self.live.newest.is_some() || self.live.state != LiveState::Off;
        is_known && project.is_some_and(|project| project.count(&[Status::Done]) > 0)
    }

    /// Switches learning in the background on or off.
    pub(super) fn toggle_learning(&mut self) -> Effect {
        let learns = self.live.state == LiveState::Off;
        // The report of the service follows; until then the same key must not ask for the same again.
        self.live_settings.learns = learns;
        self.live.state = if learns { LiveState::Waiting(0) } else { LiveState::Off };
        self.inform(match (learns, self.suggesting_version()) {
            (true, _) => "A model learns from the documents that you finish, in the background".to_owned(),
            (false, Some(version)) => {
                format!(
                    "Learning is off until you switch it on or open the project again; {version} goes on suggesting"
                )
            }
            (false, None) => "Learning is off until you switch it on or open the project again".to_owned(),
        });
        Effect::SetLearning(learns)
    }

    /// Whether a run outside any project is open, or a folder of such runs.
    pub fn has_only_runs(&self) -> bool {
        self.project.as_ref().is_some_and(|project| project.only_runs)
    }

    /// The next screen, or the one before, that has something to show.
    pub(super) fn neighbour(&self, step: fn(Screen) -> Screen) -> Screen {
        let mut screen = step(self.screen);
        while self.has_only_runs() && screen.needs_documents() {
            screen = step(screen);
        }
        screen
    }

    /// Reason why nothing may be changed in the open project, as shown to the user.
    pub(super) fn read_only(&self) -> Option<String> {
        let why = self.project.as_ref()?.read_only.as_ref()?;
        Some(format!("Nothing can be changed here: {why}"))
    }

    /// Whether the user is the adjudicator.
    pub(super) fn is_adjudicator(&self) -> bool {
        self.project.as_ref().is_some_and(Project::is_adjudicator)
    }

    /// The runs whose models can be asked, newest first.
    pub fn models(&self) -> impl Iterator<Item = &RunSummary> {
        self.runs.models()
    }

    /// The run whose model makes the suggestions unless the live model does; see [`ProjectRuns::suggester`].
    pub fn suggester(&self) -> Option<&RunSummary> {
        self.runs.suggester()
    }

    /// Name of the model that makes the suggestions: a run, or a version of the live model.
    pub fn suggesting(&self) -> Option<String> {
        let version = self.suggesting_version().map(|version| version.to_string());
        version.or_else(|| self.suggester().map(|run| run.id.clone()))
    }

    /// Name of the model that would make the suggestions without this run.
    pub fn suggesting_without(&self, run: &str) -> Option<String> {
        let next = self.runs.suggester_without(run);
        let start = next.map(|next| (next.id.as_str(), next.started));
        let version = self.live.suggester.filter(|_| live::suggests(&self.live, start));
        version.map(|version| version.to_string()).or_else(|| next.map(|next| next.id.clone()))
    }

    /// Says which model suggests now that `run` has ended.
    pub(super) fn suggester_after(&self, run: &RunSummary) -> String {
        if !run.has_model {
            return "it has no model".to_owned();
        }
        let Some(other) = self.suggesting().filter(|other| *other != run.id) else {
            return "its model now makes the suggestions".to_owned();
        };
        let better = self.runs.info(&other).and_then(|other| self.runs.f1_where_better(other, run));
        match better {
            Some(f1) => format!("{other} was better there ({}) and goes on suggesting", score(f1, 3)),
            None => format!("{other} goes on suggesting"),
        }
    }

    /// Names of all models that can be asked: the live model where it suggests, then the runs, newest first.
    pub(super) fn model_names(&self) -> Vec<String> {
        let version = self.suggesting_version().map(|version| version.to_string());
        version.into_iter().chain(self.models().map(|run| run.id.clone())).collect()
    }

    /// Whether the document in front belongs to the test split.
    /// Documents of that split never get suggestions.
    pub fn is_test_document(&self) -> bool {
        let document = self.project.as_ref().and_then(|project| project.documents.get(self.tagging.document));
        document.is_some_and(|document| document.split == Some(Split::Test))
    }

    /// Whether the document in front is shown without the suggestions that there would be, and is not done yet.
    pub fn is_held_back(&self) -> bool {
        let Some(project) = &self.project else { return false };
        let can_suggest = self.suggesting().is_some() || project.has_local_sources();
        can_suggest && project.hides_model(self.tagging.document)
    }

    /// Rows that a list over the screen has room for.
    pub(super) fn page(&self) -> usize {
        usize::from(self.size.rows).saturating_sub(7).max(1)
    }

    /// Numbers of documents that are done, and that are neither done nor skipped.
    pub(super) fn progress(&self) -> (usize, usize) {
        let count = |wanted: &[Status]| self.project.as_ref().map_or(0, |project| project.count(wanted));
        (count(&[Status::Done]), count(&[Status::Todo, Status::Partial, Status::Flagged]))
    }

    /// Number of documents that are done and from which a training learns.
    /// Those that validate or test are not counted; of those without a split, the training sets some aside.
    pub(super) fn done_for_training(&self) -> usize {
        let Some(project) = &self.project else { return 0 };
        let documents = project.documents.iter().enumerate();
        documents
            .filter(|(_, document)| !matches!(document.split, Some(Split::Valid | Split::Test)))
            .filter(|(at, _)| project.status(*at) == Status::Done)
            .count()
    }

    /// Works on the document in front; returns the effects of that.
    /// Its message is shown.
    pub(super) fn tag(&mut self, work: impl FnOnce(&mut TagContext<'_>)) -> Vec<Effect> {
        let suggester = self.suggesting();
        let lines = self.size.text_lines(usize::from(self.tutorial_rows) + usize::from(self.shows_learning()));
        // With the model's view a line has a second mark row.
        let page = if self.model_view.is_on() { lines * 2 / 3 } else { lines }.max(1);
        let Some(project) = &mut self.project else { return Vec::new() };
        let mut context = TagContext {
            tag: &mut self.tagging,
            project,
            now: self.now,
            width: self.size.text_columns(),
            page,
            glyphs: self.glyphs,
            reports_frames: self.reports_frames,
            suggester,
            settings: self.live_settings,
            effects: Vec::new(),
            message: None,
        };
        work(&mut context);
        let TagContext { effects, message, .. } = context;
        if let Some(Message { level, text }) = message {
            self.show(level, text);
        }
        effects
    }

    /// Asks for suggestions on the document in front and those after it.
    pub(super) fn suggest(&mut self) -> Vec<Effect> {
        self.tag(|context| context.suggest())
    }

    /// Brings a document to the front, as one of `queue`, along which "next" then goes.
    /// An empty queue stands for all.
    pub(super) fn open_document(&mut self, document: usize, queue: impl Into<Queue>) -> Vec<Effect> {
        let queue = queue.into();
        if !queue.documents.is_empty() {
            let found = with_noun(queue.documents.len(), "document");
            self.inform(format!("Going on along the {found} found; esc: along all"));
        }
        self.tagging.follow(queue);
        self.tag(|context| context.go(document))
    }

    /// Makes sure that the places of the followed run on a split are there or being searched.
    /// `None` if nothing is to be asked; then the run may have none.
    pub(super) fn find_mistakes(&mut self, split: Split) -> Option<Effect> {
        let run = self.runs.followed.as_ref()?.id.clone();
        self.find(Subject::Mistakes(run, split))
    }

    /// Makes sure that the places of a subject are there or being searched.
    /// `None` if nothing is to be asked.
    pub(super) fn find(&mut self, subject: Subject) -> Option<Effect> {
        if self.review.is_about(&subject) {
            return None;
        }
        Some(self.find_again(subject))
    }

    /// Searches the places of a subject, whether or not they are known.
    pub(super) fn find_again(&mut self, subject: Subject) -> Effect {
        let generation = self.next_generation();
        self.review.search(generation, subject)
    }

    /// Shows the model's view of documents, or hides it.
    pub(super) fn toggle_model_view(&mut self) {
        self.model_view.is_on = !self.model_view.is_on;
        self.inform(match self.model_view.is_on {
            true => "Under your spans: where the model differs from them, with its probabilities",
            false => "The model's view is hidden",
        });
    }

    /// Asks for the view of the document in front, if it is shown and not known yet, and keeps its differences up to
    /// date. Called after every event.
    fn ask_for_view(&mut self) -> Option<Effect> {
        if !self.model_view.is_on || self.screen != Screen::Tag || self.is_test_document() {
            return None;
        }
        let project = self.project.as_ref().filter(|project| !project.hides_model(self.tagging.document))?;
        self.model_view.compare(project, self.tagging.document);
        let run = self.suggesting()?;
        let project = self.project.as_mut()?;
        project.expose(self.tagging.document);
        let document = project.documents.get(self.tagging.document)?;
        // A number that is not used is no loss.
        self.generation += 1;
        self.model_view.ask(self.generation, &run, &document.id)
    }

    /// Reports documents that were finished or reopened, and counts how many of their suggestions were taken.
    fn report_finished(&mut self) -> Vec<Effect> {
        let reports = self.project.as_mut().map(Project::take_finished).unwrap_or_default();
        let mut effects = Vec::with_capacity(reports.len());
        for report in reports {
            effects.push(match report {
                FinishReport::Finished(Finished { document, taken }) => {
                    if let Some(taken) = taken {
                        self.taken.add(document.id.clone(), taken);
                    }
                    Effect::Finished(Box::new(document))
                }
                FinishReport::Reopened(document) => Effect::Reopened(document),
            });
        }
        effects
    }

    /// Follows whatever an event has changed: documents that are done, the model's view, the lines of a long text.
    pub(super) fn settle(&mut self) -> Vec<Effect> {
        let mut effects = self.report_finished();
        let shown = self.project.as_mut().map(Project::take_shown).unwrap_or_default();
        effects.extend((!shown.is_empty()).then_some(Effect::NoteShown(shown)));
        effects.extend(self.ask_for_view());
        self.lay_out();
        effects
    }

    /// Keeps the next documents chosen, if a rule chooses them. Called after every event.
    /// `may_ask`: whether the model may be asked about a pool, which replaces other questions about many documents.
    pub(super) fn choose_ahead(&mut self, may_ask: bool) -> Vec<Effect> {
        let model = self.suggesting();
        let Some(project) = &self.project else { return Vec::new() };
        let before = self.tagging.next.coming(project).next();
        let basis = Basis { project, rule: self.live_settings.next, model: model.as_deref(), may_ask };
        let question = self.tagging.next.look_ahead(basis);
        let now = self.tagging.next.coming(project).next();
        // The suggestions of the next document are there before its key is pressed.
        let mut effects = if now.is_some() && now != before { self.suggest() } else { Vec::new() };
        effects.extend(question);
        effects
    }

    /// Lets another rule choose the next document.
    pub(super) fn next_rule(&mut self) {
        let rule = self.live_settings.next.following();
        self.live_settings.next = rule;
        let meaning = match rule {
            NextDocument::InOrder => "in the order of the list",
            NextDocument::Random => "a random one",
            NextDocument::LeastSure => "the one of which the model is least sure",
            NextDocument::Informative => "one of which the model is unsure, with words unlike the last ones",
            NextDocument::Disagreement => "one where the model differs from the spans, or from what was tagged before",
        };
        let until = match rule {
            _ if !rule.wants_model() || self.suggesting().is_some() => "",
            NextDocument::Informative => "; by its words alone until there is a model",
            _ => "; random until there is a model",
        };
        self.inform(format!("Next document: {meaning}{until}"));
    }

    /// Raises or lowers the score from which the keys for all suggestions take them, by a step.
    pub(super) fn move_take_above(&mut self, up: bool) {
        let before = self.live_settings.take_above;
        let moved = if up { before + TAKE_STEP } else { before - TAKE_STEP };
        // Rounded, since sums of tenths are not exact.
        let now = ((moved * 10.0).round() / 10.0).clamp(0.0, HIGHEST_TAKE);
        self.live_settings.take_above = now;
        let [done, all] = [Command::AcceptDone, Command::TakeAll].map(|command| self.key(Context::Tag, command));
        let open = self.project.as_ref().map(|project| project.suggestions(self.tagging.document)).unwrap_or_default();
        let sure = open.iter().filter(|suggestion| suggestion.score >= now).count();
        let here = with_noun(open.len(), "suggestion");
        self.inform(match now {
            0.0 => format!("{done} and {all} take all suggestions"),
            _ => {
                let from = score(f64::from(now), 1);
                format!("{done} and {all} take suggestions of {from} and surer: {sure} of {here} here")
            }
        });
    }

    /// Shows some documents without suggestions from now on, or none.
    pub(super) fn toggle_hold_back(&mut self) {
        let Some(project) = &mut self.project else { return };
        let every = project.toggle_hold_back();
        self.inform(match every {
            0 => "Every document is shown with its suggestions".to_owned(),
            every => format!("One document in {every} is shown without suggestions, to judge them fairly"),
        });
    }

    /// Finds the lines of a long document in front. Called after every event.
    fn lay_out(&mut self) {
        let (width, glyphs) = (self.size.text_columns(), self.glyphs);
        if self.screen != Screen::Tag {
            return;
        }
        if let Some(project) = &self.project {
            self.tagging.lay_out(project, width, glyphs);
        }
    }
}
