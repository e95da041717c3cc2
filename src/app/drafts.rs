//! Texts that were typed and not answered, beyond the end of a project and of the program.
//!
//! While a project is open, memory says what there is, and the file that the services write has a copy. Once the project is
//! closed, another window may write there: so its texts are written a last time, and the file counts when it is opened again.

use super::{
    command::Command,
    left_drafts::{KnownDocuments, Left},
    project::Project,
    prompts::{DraftsOf, KeptDraft, Prompt, Prompts, Writer},
    session::Session,
    state::State,
};

impl State {
    /// Takes up the texts that the annotator has left in the project that was opened; `kept`: those on disk.
    pub(super) fn take_up_drafts(&mut self, kept: Vec<KeptDraft>) {
        let Session { project: Some(project), prompts, message, .. } = &mut self.session else { return };
        let writer = writer_of(project);
        if let Some(mut left) = self.drafts.remove(&writer) {
            left.drop_gone(project, None);
            prompts.take_up(left.prompts, true);
        }
        // Another window writes the texts of a project that can only be read here.
        if project.read_only.is_some() {
            self.writers.remove(&writer);
            return;
        }
        if !self.writers.insert(writer) {
            return;
        }
        let is_restored = prompts.restore(kept, |prompt, text| is_open(project, prompt, text));
        if is_restored && message.is_none() {
            self.session.inform("What you were typing when the program ended is kept: its field offers it again");
        }
    }

    /// Keeps the texts of a project that is left, until it is opened again; `known`: what was known of its documents then.
    pub(super) fn leave_drafts(&mut self, folder: String, annotator: String, prompts: Prompts, known: KnownDocuments) {
        if !prompts.is_empty() {
            self.drafts.insert(Writer { folder, annotator }, Left { prompts, known });
        }
    }

    /// Texts of the annotator at work, as far as the end of the program would lose them, also while the project is read again.
    /// Those of a project that was closed since the last time come once more, and then no longer.
    pub fn drafts_to_keep(&mut self) -> Vec<DraftsOf> {
        let typed = self.writers.iter().map(|writer| writer.with(self.drafts_of(writer))).collect();
        let at_work = self.at_work();
        self.writers.retain(|writer| Some(writer) == at_work.as_ref());
        typed
    }

    /// The same, without the texts of the annotator at work, for a user who leaves the program without them.
    pub fn drafts_given_up(&mut self) -> Vec<DraftsOf> {
        let at_work = self.at_work();
        let mut typed = self.drafts_to_keep();
        for of in &mut typed {
            if at_work.as_ref().is_some_and(|writer| of.folder == writer.folder && of.annotator == writer.annotator) {
                of.drafts.clear();
            }
        }
        typed
    }

    /// The annotator of the project that is open or being read again.
    fn at_work(&self) -> Option<Writer> {
        let carried = self.carried.as_deref();
        let carried = carried.map(|one| Writer { folder: one.folder.clone(), annotator: one.annotator.clone() });
        self.session.project.as_ref().map(writer_of).or(carried)
    }

    fn drafts_of(&self, writer: &Writer) -> Vec<KeptDraft> {
        let project = self.session.project.as_ref().filter(|project| writer_of(project) == *writer);
        if let Some(project) = project {
            return self.session.prompts.to_keep(|prompt, text| is_open(project, prompt, text));
        }
        let carried = self.carried.as_deref();
        let carried = carried.filter(|one| one.folder == writer.folder && one.annotator == writer.annotator);
        let left = carried.map(|carried| &carried.prompts);
        let left = left.or_else(|| self.drafts.get(writer).map(|left| &left.prompts));
        left.map(|prompts| prompts.to_keep(|_, _| true)).unwrap_or_default()
    }

    /// Closes the text field in front and keeps its text, if leaving the program would lose it.
    pub(super) fn keep_typed_text(&mut self) -> bool {
        let (front, session) = self.front_mut();
        let prompts = front.prompts();
        if !session.prompts.is_worth_asking(&prompts) {
            return false;
        }
        let stays = front.back(session);
        session.prompts.leave(&prompts);
        if !stays {
            self.overlays.pop();
        }
        let quit = self.session.key(self.context(), Command::Quit);
        self.session.warn(format!("What you typed is not saved; its field offers it again. {quit} leaves without it"));
        self.warned_of_drafts = true;
        true
    }

    /// Warns once of texts in closed fields that leaving the program would lose.
    pub(super) fn warn_of_drafts(&mut self) -> bool {
        // What is put aside while the project is read again has the texts of the welcome screen, too: they count once.
        let carried = self.carried.as_deref().map(|carried| carried.prompts.of_project());
        let left = self.drafts.values().map(|left| &left.prompts);
        let all = left.chain(&carried).chain([&self.session.prompts]);
        let drafts: usize = all.map(Prompts::drafts).sum();
        if drafts == 0 || self.warned_of_drafts {
            return false;
        }
        let quit = self.session.key(self.context(), Command::Quit);
        let texts = match drafts {
            1 => "A text that you typed is not saved; its field offers it again",
            _ => "Texts that you typed are not saved; their fields offer them again",
        };
        self.session.warn(format!("{texts}. {quit} leaves without"));
        self.warned_of_drafts = true;
        true
    }
}

fn writer_of(project: &Project) -> Writer {
    Writer { folder: project.folder.clone(), annotator: project.annotator.clone() }
}

/// Whether the document or label that a text is about is in the project, and does not have this text already: an answer may
/// have been carried out right before the program ended.
fn is_open(project: &Project, prompt: &Prompt, text: &str) -> bool {
    let typed = text.trim();
    match prompt {
        Prompt::Note(id) => project.position(id).is_some_and(|at| project.annotation(at).note() != typed),
        Prompt::Correction(id) => {
            let document = project.position(id).and_then(|at| project.documents.get(at));
            document.is_some_and(|document| *document.text != *text)
        }
        Prompt::NewLabel => project.labels.find(typed).is_none(),
        Prompt::LabelName(id) => project.labels.get(*id).is_some_and(|label| label.name != typed),
        Prompt::LabelGuide(id) => {
            project.labels.get(*id).is_some_and(|label| label.guide.as_deref().unwrap_or_default() != typed)
        }
        _ => true,
    }
}
