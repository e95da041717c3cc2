//! Opening, closing and changing the project.

use std::sync::Arc;

use crate::{
    spans::{LabelRecord, LabelSet, SpanChange, Split, Status, adjudication::ADJUDICATOR},
    text::number::with_noun,
};

use super::{
    carried::Carried,
    command::{Command, Context},
    conditions,
    effect::{DocumentChange, Effect, Leave},
    event::{Level, Message, Opened, Place},
    left_drafts::{KnownDocuments, Left},
    overlays::{Overlay, label_editor::labels_changed, tutorial::Tutorial, whose_work::WhoseWork},
    panel::Panel,
    project::{Project, SaveState},
    prompts::Prompt,
    screen::Screen,
    screens::{
        explore::Explore,
        train::{Page, Train},
    },
    state::{Goal, State},
    tagging::Spot,
};

impl State {
    /// Shows a project that was opened.
    pub(super) fn open(&mut self, mut opened: Opened) -> Vec<Effect> {
        self.train = Train::new(opened.settings.clone(), opened.recipe);
        self.session.runs = Default::default();
        let runs = std::mem::take(&mut opened.runs);
        let step = opened.step;
        let place = opened.place.take();
        let drafts = std::mem::take(&mut opened.drafts);
        let others = std::mem::take(&mut opened.others);
        if self.carried.is_none() {
            // They are about a project that was left before it could be read again.
            self.notice = None;
            self.front_next = None;
        }
        let reports = reports(self.notice.take(), std::mem::take(&mut self.read_again), opened.warning.take());
        self.changed.clear();
        let learning = self.keep_live_settings(&mut opened);
        let project = Project::new(opened);
        let asked = std::mem::take(&mut self.welcome);
        // The project was made of the answers.
        asked.prompts().iter().for_each(|prompt| self.session.prompts.forget(prompt));
        self.welcome.places = asked.places;
        let first = first_document(&project, asked.tutorial || step.is_some());
        self.documents = Default::default();
        self.explore = Explore::default();
        self.overlays.clear();
        self.session.forget_project();
        self.session.screen = Screen::Tag;
        self.session.message = reports;
        if let Some(why) = &project.read_only {
            self.session.message = Some(Message { level: Level::Error, text: format!("Read only: {why}") });
        }
        self.session.project = Some(project);
        self.tutorial = None;
        self.take_up_drafts(drafts);
        let followed = self.carried.as_mut().and_then(|carried| carried.followed.take());
        let taken_up = self.take_up();
        let is_taken_up = taken_up.is_some();
        let place = place.filter(|_| !is_taken_up && !asked.tutorial);
        let project = self.session.project.as_ref();
        let left = place.as_ref().and_then(|place| project?.position(&place.document));
        let next = self.front_next.take().and_then(|id| project?.position(&id)).map(Spot::in_document);
        let spot = next.or(taken_up.flatten());
        let first = spot.map(|spot| spot.document).or(left).unwrap_or(first);
        self.session.tagging.document = first;
        // The runs first: one of them makes the suggestions for the document in front.
        let listed = self.train.runs_listed(&mut self.session, runs);
        let mut effects = self.resolve(listed);
        effects.extend(learning);
        effects.extend(self.follow_again(followed));
        effects.extend(match spot {
            Some(spot) => self.session.tag(|context| context.return_to(spot)),
            None => self.session.open_document(first, Vec::new()),
        });
        effects.extend(self.documents.reopened(&self.session));
        effects.extend(self.explore.ask_again(&mut self.session));
        effects.extend(place.map(|place| self.return_to(&place)).unwrap_or_default());
        let step = asked.tutorial.then_some(0).or(step).filter(|_| !is_taken_up);
        if let Some(step) = step {
            self.tutorial = Some(Tutorial::new(&self.session, step, true));
        }
        self.ask_whose_work(others);
        effects.extend(self.show_only_runs());
        let compares = std::mem::take(&mut self.compares_next);
        effects.extend(if compares { self.run(Command::Annotators) } else { Vec::new() });
        effects
    }

    /// Keeps what commands have changed in the settings while the same project is opened again.
    /// Its new learner has the settings of the files, and must be told where learning was switched on or off.
    fn keep_live_settings(&mut self, opened: &mut Opened) -> Option<Effect> {
        if self.carried.as_ref().is_none_or(|carried| carried.folder != opened.folder) {
            self.session.live_settings = opened.live;
            return None;
        }
        let given = std::mem::replace(&mut opened.live, self.session.live_settings);
        (given.learns != opened.live.learns).then_some(Effect::SetLearning(opened.live.learns))
    }

    /// Asks whether the user continues the work of one of these annotators, if there are any.
    fn ask_whose_work(&mut self, others: Vec<(String, usize)>) {
        if !others.is_empty() {
            let own = self.session.project.as_ref().map(|project| project.annotator.clone()).unwrap_or_default();
            self.push(WhoseWork { own, others }.into());
        }
    }

    /// Shows the run that was opened, or the list of runs, if there is no project.
    fn show_only_runs(&mut self) -> Vec<Effect> {
        if !self.session.has_only_runs() {
            return Vec::new();
        }
        self.train.page = if self.session.runs.list.len() == 1 { Page::Run } else { Page::Runs };
        let effects = self.go(Screen::Train);
        if self.session.message.is_none() {
            self.session.inform("This is a run, not a project: its curves, log, settings, scores and model are here");
        }
        effects
    }

    /// A project could not be opened or made.
    pub(super) fn open_failed(&mut self, message: String) -> Vec<Effect> {
        self.importing = None;
        self.adding = None;
        if let Some(mut carried) = self.carried.take() {
            carried.prompts.give_back(|prompt| *prompt == Prompt::Import);
            let Carried { folder, annotator, prompts, list, erased, .. } = *carried;
            self.leave_drafts(folder, annotator, prompts, KnownDocuments { list, erased });
        }
        self.compares_next = false;
        self.changed.clear();
        self.read_again.clear();
        self.notice = None;
        self.front_next = None;
        self.welcome.failed(&mut self.session, message)
    }

    /// Where the user is in the open project; `None` where there is no document.
    pub fn place(&self) -> Option<Place> {
        let project = self.session.project.as_ref()?;
        let tagging = &self.session.tagging;
        Some(Place {
            document: project.documents.get(tagging.document)?.id.clone(),
            number: (tagging.document, project.documents.len()),
            word: tagging.word,
            screen: self.session.screen,
        })
    }

    /// Goes back to where the user was when the project was left, if that document is in front.
    fn return_to(&mut self, place: &Place) -> Vec<Effect> {
        let project = self.session.project.as_ref();
        let document = project.and_then(|project| project.documents.get(self.session.tagging.document));
        let Some(document) = document.filter(|document| document.id == place.document) else { return Vec::new() };
        self.session.tagging.put(place.word.min(document.words.len().saturating_sub(1)));
        match place.screen {
            Screen::Tag => Vec::new(),
            screen => self.go(screen),
        }
    }

    /// Takes up what was put aside, and returns the place of the cursor.
    /// `None` if nothing was put aside; the inner `None` if none of the documents is left.
    fn take_up(&mut self) -> Option<Option<Spot>> {
        let Carried {
            train,
            evaluate,
            followed: _,
            folder,
            explore,
            documents,
            list,
            erased,
            tagging,
            review,
            annotator,
            prompts,
            removed_document,
            moves,
            label_edit,
            screen,
            taken,
            hold_back,
            tutorial,
        } = *self.carried.take()?;
        self.train = train.reopened();
        self.evaluate = evaluate;
        self.explore = explore;
        self.tutorial = tutorial;
        self.session.screen = screen;
        self.session.removed_document = removed_document;
        self.session.moves = moves;
        let project = self.session.project.as_mut()?;
        if project.folder == folder {
            self.session.review = review.carried(project, project.annotator == annotator);
        }
        // The journal of another annotator has other actions.
        let is_same = project.annotator == annotator;
        let is_here = project.folder == folder;
        if is_same && is_here {
            self.session.label_edit = label_edit;
            self.session.taken = taken;
            project.set_hold_back(hold_back);
        } else if is_here && ![&annotator, &project.annotator].map(String::as_str).contains(&ADJUDICATOR) {
            project.set_hold_back(hold_back.for_another());
        }
        self.documents = documents.carried(&list, project);
        let (tagging, spot) = tagging.reopened(&list, project);
        self.session.tagging = tagging;
        let mut left = Left { prompts, known: KnownDocuments { list, erased } };
        if !is_here {
            self.leave_drafts(folder, annotator, left.prompts, left.known);
            return Some(spot);
        }
        if left.drop_gone(project, self.session.removed_document.as_deref()) {
            let text = "what you were typing about a document that is gone or was erased is dropped";
            match &mut self.session.message {
                Some(message) => message.text += &format!("; {text}"),
                None => self.session.inform(text),
            }
        }
        if !is_same {
            self.leave_drafts(folder, annotator, left.prompts.of_annotator(), left.known);
        }
        self.session.prompts.take_up(left.prompts, is_same);
        Some(spot)
    }

    /// Follows the run that was followed before the project was opened again, if it still exists.
    fn follow_again(&mut self, run: Option<String>) -> Vec<Effect> {
        let runs = &self.session.runs;
        if runs.list.is_empty() {
            self.train.page = Page::Form;
        }
        let followed = runs.followed.as_ref().map(|view| &view.id);
        match run.filter(|run| runs.info(run).is_some() && followed != Some(run)) {
            Some(run) => self.train.follow(&mut self.session, run),
            None => Vec::new(),
        }
    }

    /// Notes files of the project that another program has changed.
    /// They are read again as soon as nothing is lost or interrupted by that.
    pub(super) fn files_changed(&mut self, names: Vec<String>) {
        if self.session.project.is_none() {
            return;
        }
        self.changed.extend(names);
        self.changed.sort();
        self.changed.dedup();
        if !self.can_reload() {
            let until =
                if self.session.runs.is_busy() { "when the training has ended" } else { "after what you are doing" };
            self.session.warn(format!("{} changed; the project is read again {until}", self.changed.join(" and ")));
        }
    }

    /// Reports the outcome of a change of a document that the user has asked for.
    /// The project is then opened again, so that spans are where their words are now.
    ///
    /// It may be put aside just now, because its files were changed: then what is put aside keeps the outcome.
    pub(super) fn document_changed(
        &mut self,
        id: String,
        change: &DocumentChange,
        outcome: Result<Vec<SpanChange>, String>,
    ) {
        let carried = self.carried.as_deref_mut().filter(|_| self.session.project.is_none());
        let (prompts, removed) = match carried {
            Some(carried) => (&mut carried.prompts, &mut carried.removed_document),
            None if self.session.project.is_none() => return,
            None => (&mut self.session.prompts, &mut self.session.removed_document),
        };
        let changes = match outcome {
            Ok(changes) => changes,
            Err(error) => {
                prompts.give_back(|prompt| has_asked(prompt, &id, change));
                return self.session.warn(format!("Nothing was changed: {error}"));
            }
        };
        prompts.carried_out(|prompt| has_asked(prompt, &id, change));
        match change {
            DocumentChange::Remove => *removed = Some(id),
            DocumentChange::Restore => {
                *removed = None;
                self.front_next = Some(id);
            }
            _ => {}
        }
        let [restore, revert] =
            [Command::RestoreDocument, Command::UndoCorrection].map(|command| self.session.key(Context::Tag, command));
        let notice = match change {
            DocumentChange::Correct { .. } if changes.is_empty() => {
                format!("The text is corrected; {revert} brings the earlier one back")
            }
            DocumentChange::Correct { .. } => format!("The text is corrected: {}", shown_changes(&changes)),
            DocumentChange::UndoCorrection { .. } if changes.is_empty() => "Text brought back".to_owned(),
            DocumentChange::UndoCorrection { .. } => format!("Text brought back: {}", shown_changes(&changes)),
            DocumentChange::Remove => format!("The document is removed; {restore} brings it back"),
            DocumentChange::Restore => "The document that was removed is back".to_owned(),
        };
        self.session.inform(notice.clone());
        self.notice = Some(notice);
    }

    /// Takes the label set on disk, or the reason why it could not be changed.
    pub(super) fn labels_changed(&mut self, outcome: Result<LabelSet, String>) -> Vec<Effect> {
        let editor = self.overlays.iter_mut().find_map(|overlay| match overlay {
            Overlay::LabelEditor(editor) => Some(&mut **editor),
            _ => None,
        });
        labels_changed(&mut self.session, editor, outcome)
    }

    /// Takes the changes of the labels that were recorded.
    pub(super) fn labels_recorded(&mut self, records: Vec<LabelRecord>) -> Vec<Effect> {
        if let Some(project) = &mut self.session.project {
            project.label_records.extend(records);
        }
        Vec::new()
    }

    /// Opens the project again if its files were changed.
    /// Not if anything is lost or interrupted by that.
    pub(super) fn read_changed_files(&mut self) -> Vec<Effect> {
        if self.changed.is_empty() && self.notice.is_none() || !self.can_reload() {
            return Vec::new();
        }
        let name = self.session.project.as_ref().map(|project| project.name.clone());
        self.read_again = std::mem::take(&mut self.changed);
        self.put_aside();
        self.welcome.opening = name;
        vec![Effect::Reload]
    }

    /// Whether the project can be opened again without losing or interrupting anything.
    fn can_reload(&self) -> bool {
        let is_in_a_command =
            !self.overlays.is_empty() || self.field().is_some() || self.session.tagging.anchor.is_some();
        !is_in_a_command && self.leaving.is_none() && conditions::can_reopen(&self.session, "").is_ok()
    }

    /// Opens the project, all of which is saved, for another annotator.
    /// For `None`, for the one who opened it first. It is closed meanwhile, so that nothing is tagged that would not be
    /// saved.
    pub(super) fn open_as(&mut self, annotator: Option<String>) -> Vec<Effect> {
        let name = self.session.project.as_ref().map(|project| project.name.clone());
        self.put_aside();
        self.welcome.opening = name;
        self.compares_next = true;
        vec![Effect::OpenAs(annotator)]
    }

    /// Opens the project again for an annotator whose work the user goes on with.
    pub(super) fn work_as(&mut self, annotator: String) -> Vec<Effect> {
        self.welcome.opening = self.session.project.as_ref().map(|project| project.name.clone());
        // Where that annotator goes on is not where this one is.
        self.close();
        vec![Effect::WorkAs(annotator)]
    }

    /// Closes the project; the project that is opened next takes up what was in front.
    pub(super) fn put_aside(&mut self) {
        let project = self.session.project.as_ref();
        let carried = Carried {
            list: project.map(|project| project.documents.clone()).unwrap_or_default(),
            erased: project.map(|project| Arc::clone(&project.erased)).unwrap_or_default(),
            folder: project.map(|project| project.folder.clone()).unwrap_or_default(),
            annotator: project.map(|project| project.annotator.clone()).unwrap_or_default(),
            tagging: std::mem::take(&mut self.session.tagging),
            review: std::mem::take(&mut self.session.review),
            prompts: self.session.prompts.clone(),
            removed_document: self.session.removed_document.take(),
            moves: std::mem::take(&mut self.session.moves),
            label_edit: self.session.label_edit.take(),
            screen: self.session.screen,
            documents: std::mem::take(&mut self.documents),
            train: std::mem::take(&mut self.train),
            evaluate: std::mem::take(&mut self.evaluate),
            followed: self.session.runs.followed.as_ref().map(|view| view.id.clone()),
            explore: std::mem::take(&mut self.explore),
            taken: std::mem::take(&mut self.session.taken),
            hold_back: project.map(Project::hold_back).unwrap_or_default(),
            tutorial: self.tutorial.take(),
        };
        self.session.prompts.close_project();
        // Without its effect, which would go back to the welcome screen.
        self.close();
        self.carried = Some(Box::new(carried));
    }

    /// Goes back to the welcome screen, if nothing is lost by it.
    pub(super) fn leave_project(&mut self) -> Vec<Effect> {
        let Some(project) = &self.session.project else { return Vec::new() };
        if self.session.runs.is_ours() {
            self.session.warn("A training of this project runs: let it end or stop it (Train screen, S), then leave");
            return Vec::new();
        }
        match project.save_state() {
            SaveState::Saved => return self.close(),
            SaveState::Saving(_) => {
                self.leaving = Some(Goal::Projects);
                self.session.inform("Closing as soon as everything is saved");
            }
            SaveState::Failed(n) => {
                let n = with_noun(n, "action");
                self.session.warn(format!("{n} of yours not on disk yet: ctrl-s tries again; q leaves without"));
            }
        }
        Vec::new()
    }

    /// Closes the project, all of which is saved.
    pub(super) fn close(&mut self) -> Vec<Effect> {
        let Some(project) = self.session.project.take() else { return Vec::new() };
        let known = KnownDocuments::of(&project);
        self.leave_drafts(project.folder, project.annotator, self.session.prompts.kept(), known);
        self.session.forget_project();
        self.session.runs = Default::default();
        self.session.screen = Screen::Tag;
        self.session.message = None;
        self.documents = Default::default();
        self.train = Train::default();
        self.evaluate = Default::default();
        self.explore = Explore::default();
        self.overlays.clear();
        self.tutorial = None;
        vec![Effect::Close]
    }

    /// Shows the question before leaving, or leaves at once if nothing is lost by it.
    pub(super) fn quit(&mut self) -> Vec<Effect> {
        if self.keep_typed_text() || self.warn_of_drafts() {
            return Vec::new();
        }
        let saving = self.session.project.as_ref().map(Project::save_state);
        match saving {
            Some(SaveState::Saving(_)) if !self.session.runs.is_ours() => {
                self.leaving = Some(Goal::Quit);
                self.session.inform("Leaving as soon as everything is saved");
                Vec::new()
            }
            Some(SaveState::Failed(_)) => self.ask_before_leaving(),
            _ if self.session.runs.is_ours() => self.ask_before_leaving(),
            _ => vec![Effect::Quit(Leave::Plain)],
        }
    }

    /// Asks before the program is left.
    pub(super) fn ask_before_leaving(&mut self) -> Vec<Effect> {
        self.push(super::overlays::quit_menu::QuitMenu.into());
        Vec::new()
    }
}

/// Message about an opened project.
/// It has a change of the user's own first, then files that another program has changed, then a warning.
fn reports(notice: Option<String>, changed: Vec<String>, warning: Option<String>) -> Option<Message> {
    let level = if changed.is_empty() && warning.is_none() { Level::Info } else { Level::Warn };
    let read = (!changed.is_empty()).then(|| format!("{} changed; the project was read again", changed.join(" and ")));
    let parts: Vec<String> = [notice, read, warning].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| Message { level, text: parts.join(". ") })
}

/// The first span that was changed, how many others were, and how many are to be reviewed.
/// Spans to be reviewed come first.
fn shown_changes(changes: &[SpanChange]) -> String {
    let first = changes.iter().min_by_key(|change| change.new.is_some()).map(SpanChange::to_string);
    let mut shown = first.unwrap_or_default();
    if changes.len() > 1 {
        let to_review = changes.iter().filter(|change| change.new.is_none()).count();
        shown += &format!("; {} changed, {to_review} to review", with_noun(changes.len(), "span"));
    }
    shown
}

/// Whether a prompt has asked for this change of the document with this id.
fn has_asked(prompt: &Prompt, id: &str, change: &DocumentChange) -> bool {
    matches!((prompt, change), (Prompt::Correction(document), DocumentChange::Correct { .. }) if document == id)
}

/// The document that is in front first: the first one to do.
/// `trains`: one that is trained on, for the tutorial.
fn first_document(project: &Project, trains: bool) -> usize {
    let mut open = (0..project.documents.len())
        .filter(|at| matches!(project.annotation(*at).status, Status::Todo | Status::Partial));
    let first = open.clone().next().unwrap_or(0);
    if !trains {
        return first;
    }
    let of_training = open.find(|at| {
        let split = project.documents.get(*at).and_then(|document| document.split);
        split.is_none_or(|split| split == Split::Train)
    });
    of_training.unwrap_or(first)
}
