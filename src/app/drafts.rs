//! Texts that were typed and not answered, beyond the end of a project and of the program.
//!
//! While the program runs, memory says what there is, also for projects that were left. The files that the services write have a
//! copy of it, which counts once: when an annotator opens a project for the first time in this program.

use super::{
    command::Command,
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
        if let Some(left) = self.drafts.remove(&writer) {
            prompts.take_up(left, true);
        }
        // Another window writes the texts of a project that can only be read here.
        if project.read_only.is_some() || !self.writers.insert(writer) {
            return;
        }
        let is_restored = prompts.restore(kept, |prompt, text| is_open(project, prompt, text));
        if is_restored && message.is_none() {
            self.session.inform("What you were typing when the program ended is kept: its field offers it again");
        }
    }

    /// Keeps the texts of a project that is left, until it is opened again.
    pub(super) fn leave_drafts(&mut self, folder: String, annotator: String, left: Prompts) {
        if !left.is_empty() {
            self.drafts.insert(Writer { folder, annotator }, left);
        }
    }

    /// Texts of all who have worked in this program, as far as the end of the program would lose them: in the open project,
    /// also while it is read again, and in those that were left.
    pub fn drafts_to_keep(&self) -> Vec<DraftsOf> {
        self.writers.iter().map(|writer| writer.with(self.drafts_of(writer))).collect()
    }

    /// The same without texts, for a user who leaves the program without them.
    pub fn drafts_given_up(&self) -> Vec<DraftsOf> {
        self.writers.iter().map(|writer| writer.with(Vec::new())).collect()
    }

    fn drafts_of(&self, writer: &Writer) -> Vec<KeptDraft> {
        let project = self.session.project.as_ref().filter(|project| writer_of(project) == *writer);
        if let Some(project) = project {
            return self.session.prompts.to_keep(|prompt, text| is_open(project, prompt, text));
        }
        let carried = self.carried.as_deref();
        let carried = carried.filter(|one| one.folder == writer.folder && one.annotator == writer.annotator);
        let left = carried.map(|carried| &carried.prompts).or_else(|| self.drafts.get(writer));
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
        let drafts: usize = self.drafts.values().chain([&self.session.prompts]).map(Prompts::drafts).sum();
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
