//! Imports into the open project, and the last one taken back.

use crate::spans::OnDuplicate;

use super::{
    conditions,
    effect::Effect,
    event::{Level, Message},
    prompts::Prompt,
    state::State,
};

impl State {
    /// Imports a file.
    /// The project is closed meanwhile, so that nothing is tagged in what is about to change.
    /// Only the contents with this fingerprint are imported.
    pub(super) fn import(&mut self, file: String, fingerprint: u64, on_duplicate: OnDuplicate) -> Vec<Effect> {
        if let Err(why) = conditions::can_extend(&self.session, "import") {
            self.session.prompts.give_back(|prompt| *prompt == Prompt::Import);
            self.session.warn(why);
            return Vec::new();
        }
        self.put_aside();
        self.welcome.opening = Some(file.clone());
        let generation = self.session.next_generation();
        self.importing = Some(generation);
        vec![Effect::Import { generation, file, fingerprint, on_duplicate }]
    }

    /// Takes back the last import. As for an import, the project is closed meanwhile.
    pub(super) fn undo_import(&mut self) -> Vec<Effect> {
        if let Err(why) = conditions::can_extend(&self.session, "undo-import") {
            self.session.warn(why);
            return Vec::new();
        }
        self.put_aside();
        self.welcome.opening = Some("the project without its last import".to_owned());
        let generation = self.session.next_generation();
        self.importing = Some(generation);
        vec![Effect::UndoImport { generation }]
    }

    /// Shows the outcome of an import. Its file is offered again if nothing of it was imported.
    pub(super) fn imported(&mut self, generation: u64, outcome: Message) {
        if self.importing.take_if(|importing| *importing == generation).is_none() {
            return;
        }
        match outcome.level {
            Level::Error => self.session.prompts.give_back(|prompt| *prompt == Prompt::Import),
            Level::Info | Level::Warn => self.session.prompts.carried_out(|prompt| *prompt == Prompt::Import),
        }
        self.session.show(outcome.level, outcome.text);
    }
}
