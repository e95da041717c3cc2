//! Which key gives which command, by context, with conditions on a snapshot of the moment ([`Facts`]).

mod defaults;
pub mod presets;

use super::{
    command::{COMMANDS, Command, CommandInfo, Context},
    key::Key,
    train::Page,
};

use defaults::DEFAULTS;

/// What is true now, as far as conditions ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "a list of facts is what it is")]
pub struct Facts {
    /// There is a span whose edges can be moved, or a suggestion to be taken so.
    pub edge: bool,
    /// A span or a suggestion is under the cursor.
    pub removable: bool,
    /// Words are selected for the armed label, or there is a span whose words may stand elsewhere.
    pub on_phrase: bool,
    /// A word to jump to is being typed.
    pub jumping: bool,
    /// The document has spans.
    pub spans: bool,
    /// A suggestion is under the cursor.
    pub on_suggestion: bool,
    /// The document has suggestions.
    pub suggestions: bool,
    /// Something can be taken back.
    pub undo: bool,
    /// Something can be done again.
    pub redo: bool,
    /// A training runs.
    pub running: bool,
    /// A training in this program runs or is about to.
    pub ours: bool,
    /// The training that runs is paused.
    pub paused: bool,
    /// Whether the run that commands are about was interrupted and has a checkpoint.
    pub resumable: bool,
    /// There are runs.
    pub runs: bool,
    /// A run is followed.
    pub view: bool,
    /// What is in front on the Train screen.
    pub page: Page,
    /// The Train screen is in front.
    pub train: bool,
    /// There are documents.
    pub documents: bool,
    /// A project is open.
    pub project: bool,
    /// A sample is under the cursor.
    pub on_sample: bool,
    /// A sentence for the model is being typed.
    pub exploring: bool,
    /// Something is not saved and its saving failed.
    pub save_failed: bool,
    /// Something is not saved yet.
    pub unsaved: bool,
    /// Who works here decides between annotators.
    pub judge: bool,
    /// So many annotators stand side by side.
    pub compared: usize,
    /// Something can be closed, put down or left.
    pub back: bool,
}

/// A condition on [`Facts`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each has its sentence in why_not")]
pub enum When {
    #[default]
    Always,
    Removable,
    OnPhrase,
    Jumping,
    Spans,
    Edge,
    OnSuggestion,
    Suggestions,
    Undo,
    Redo,
    Running,
    Idle,
    Ours,
    NotOurs,
    Runs,
    View,
    Listed,
    InRun,
    Live,
    Curves,
    OnRun,
    Resumable,
    Documents,
    Project,
    OnSample,
    Exploring,
    SaveFailed,
    Judge,
    Compared(u8),
    Back,
}

impl When {
    /// Whether the condition holds.
    pub fn holds(self, facts: &Facts) -> bool {
        match self {
            Self::Always => true,
            Self::Removable => facts.removable,
            Self::Spans => facts.spans,
            Self::OnPhrase => facts.on_phrase,
            Self::Jumping => facts.jumping,
            Self::Edge => facts.edge,
            Self::OnSuggestion => facts.on_suggestion,
            Self::Suggestions => facts.suggestions,
            Self::Undo => facts.undo,
            Self::Redo => facts.redo,
            Self::Running => facts.running,
            Self::Idle => !facts.running,
            Self::Ours => facts.ours,
            Self::NotOurs => !facts.ours,
            Self::Runs => facts.runs,
            Self::View => facts.view,
            Self::Listed => matches!(facts.page, Page::Form | Page::Runs),
            Self::InRun => matches!(facts.page, Page::Run | Page::Log),
            Self::Live => facts.running && facts.page == Page::Run,
            Self::Curves => matches!(facts.page, Page::Run | Page::Compare),
            Self::OnRun => facts.runs && matches!(facts.page, Page::Run | Page::Runs),
            Self::Resumable => facts.resumable && !facts.running,
            Self::Documents => facts.documents,
            Self::Project => facts.project,
            Self::OnSample => facts.on_sample,
            Self::Exploring => facts.exploring,
            Self::SaveFailed => facts.save_failed,
            Self::Judge => facts.judge,
            Self::Compared(reader) => facts.compared > usize::from(reader),
            Self::Back => facts.back,
        }
    }

    /// What to say when a key was pressed and the condition does not hold.
    pub fn why_not(self) -> &'static str {
        match self {
            Self::Always => "",
            Self::Removable => "No span or suggestion is under the cursor",
            Self::Spans => "This document has no span",
            Self::OnPhrase => "Label the words first, or arm a label and select them",
            Self::Jumping => "",
            Self::Edge => "No span is under the cursor, and none was just made",
            Self::OnSuggestion => "No suggestion is under the cursor",
            Self::Suggestions => "This document has no suggestions",
            Self::Undo => "There is nothing to take back",
            Self::Redo => "There is nothing to do again",
            Self::Running => "No training runs",
            Self::Idle => "A training runs; it can be stopped on the Train screen with S",
            Self::Ours => "No training runs in this program",
            Self::NotOurs => "A training runs in this program; it is stopped, or left to go on",
            Self::Runs => "There are no runs yet",
            Self::View => "There are no runs yet",
            Self::Listed => "",
            Self::InRun | Self::Curves => "No run is in front; v shows the curves, r all runs",
            Self::Live => "No training runs",
            Self::OnRun => "No run is in front; r shows all runs",
            Self::Resumable => "No interrupted run with a checkpoint is in front, or a training runs",
            Self::Documents => "There is no document",
            Self::Project => "No project is open yet",
            Self::OnSample => "Only of a sample a fresh copy is made",
            Self::Exploring => "",
            Self::SaveFailed => "Everything is saved",
            Self::Judge => "Only gold decides; J opens the project as gold",
            Self::Compared(_) => "No annotator here has this letter",
            Self::Back => "",
        }
    }
}

/// One key of one context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Where.
    pub context: Context,
    /// The key.
    pub key: Key,
    /// When.
    pub when: When,
    /// What it gives.
    pub command: Command,
}

/// All keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keymap {
    bindings: Vec<Binding>,
}

/// What a key means at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// This.
    Command(Command),
    /// Nothing now; say why.
    Not(When),
    /// Nothing.
    Nothing,
}

/// An entry of the key line or the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The keys' names, joined by a blank.
    pub keys: String,
    /// The word.
    pub word: &'static str,
}

impl Keymap {
    /// All bindings.
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// What `key` means in `context`: what it has there, else what it has everywhere. A key with a meaning there that
    /// does not hold now does not fall back to everywhere: one that undoes must not leave when there is nothing to undo.
    pub fn meaning(&self, context: Context, key: Key, facts: &Facts) -> Meaning {
        let mut refused = None;
        for place in [context, Context::Everywhere] {
            for binding in self.bindings.iter().filter(|b| b.context == place && b.key == key) {
                if binding.when.holds(facts) {
                    return Meaning::Command(binding.command);
                }
                refused = refused.or(Some(binding.when));
            }
            if let Some(when) = refused {
                return Meaning::Not(when);
            }
        }
        Meaning::Nothing
    }

    /// The keys that give `command` in `context`.
    pub fn keys(&self, context: Context, command: Command) -> impl Iterator<Item = &Binding> {
        let here = move |place| place == context || place == Context::Everywhere;
        self.bindings.iter().filter(move |binding| here(binding.context) && binding.command == command)
    }

    /// The entries of the key line: what works now, most used first. Commands with the same word share an entry.
    pub fn hints(&self, context: Context, facts: &Facts) -> Vec<Hint> {
        let mut hints: Vec<Hint> = Vec::new();
        // A text field eats every printable key, so those of everywhere do not work there.
        for row in COMMANDS.iter().filter(|row| !row.hint.is_empty() && row.id.fits(context)) {
            if context.is_overlay() && row.id != Command::Back && !row.contexts.contains(&context) {
                continue;
            }
            let mut keys = self.keys(context, row.id).filter(|b| b.when.holds(facts));
            let Some(binding) = keys.find(|b| !(context.is_typing() && b.key.typed().is_some())) else { continue };
            let (key, word) = (binding.key.to_string(), word(row, facts));
            match hints.iter_mut().find(|hint| hint.word == word) {
                Some(hint) => hint.keys = format!("{} {key}", hint.keys),
                None => hints.push(Hint { keys: key, word }),
            }
        }
        hints
    }

    /// All keys of `context` with what they do, for the help: the keys' names and a sentence. Rows that say the same,
    /// one for each digit, are told as one.
    pub fn help(&self, context: Context) -> Vec<(String, &'static str)> {
        let mut lines: Vec<(String, &'static str)> = Vec::new();
        for row in COMMANDS.iter().filter(|row| row.id.fits(context)) {
            let keys: Vec<String> = self.keys(context, row.id).map(|binding| binding.key.to_string()).collect();
            let Some(last) = keys.last() else { continue };
            match lines.last_mut() {
                Some((range, doc)) if *doc == row.doc => {
                    let first = range.split_once("..").map_or(range.as_str(), |(first, _)| first);
                    let (first, last) = (first.rsplit(' ').next(), last.rsplit('-').next());
                    *range = format!("{}..{}", first.unwrap_or_default(), last.unwrap_or_default());
                }
                _ => lines.push((keys.join(" "), row.doc)),
            }
        }
        lines
    }
}

fn word(row: &CommandInfo, facts: &Facts) -> &'static str {
    match row.id {
        Command::Pause if facts.paused => "go on",
        Command::AcceptDone if !facts.suggestions => "done",
        Command::Judge if facts.judge => "be yourself",
        Command::View if facts.page == Page::Run => "settings",
        Command::OtherPane if facts.page == Page::Runs => "settings",
        Command::Log if facts.page == Page::Log => "curves",
        Command::Open if facts.train && facts.page == Page::Form => "change",
        Command::Compare if facts.page == Page::Compare => "another run",
        _ => row.hint,
    }
}

impl Default for Keymap {
    fn default() -> Self {
        let rows = DEFAULTS.iter().flat_map(|(context, keys, when, command)| {
            let keys = keys.split(' ').filter_map(|key| key.parse().ok());
            keys.map(|key| Binding { context: *context, key, when: *when, command: *command })
        });
        Self { bindings: rows.collect() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{
        Context::{Everywhere, Tag},
        *,
    };

    #[test]
    fn every_default_key_is_a_key_and_no_key_stands_twice_in_a_context() {
        let written: usize = DEFAULTS.iter().map(|row| row.1.split(' ').count()).sum();
        let keymap = Keymap::default();
        assert_eq!(keymap.bindings().len(), written);
        let distinct: HashSet<_> = keymap.bindings().iter().map(|b| (b.context, b.key, b.when)).collect();
        assert_eq!(distinct.len(), written);
    }

    #[test]
    fn keys_give_commands_where_they_belong() {
        for binding in Keymap::default().bindings() {
            assert!(binding.command.fits(binding.context), "{binding:?}");
        }
    }

    #[test]
    fn every_command_has_a_key_or_stands_in_the_palette() {
        let keymap = Keymap::default();
        for row in COMMANDS {
            let bound = keymap.bindings().iter().any(|binding| binding.command == row.id);
            let listed = row.contexts.contains(&Everywhere) || row.contexts.contains(&Tag);
            assert!(bound || listed, "{} cannot be reached", row.name);
        }
    }

    #[test]
    fn the_contracts_keys_are_there() {
        let keymap = Keymap::default();
        let facts = Facts {
            documents: true,
            project: true,
            removable: true,
            edge: true,
            on_suggestion: true,
            undo: true,
            ..Facts::default()
        };
        for (key, command) in [
            ("3", Command::Label(3)),
            ("#", Command::Arm(3)),
            ("]", Command::Lengthen),
            ("{", Command::ShortenLeft),
            ("space", Command::AcceptDone),
            ("shift-tab", Command::PreviousScreen),
        ] {
            assert_eq!(keymap.meaning(Tag, key.parse().unwrap(), &facts), Meaning::Command(command), "{key}");
        }
        assert_eq!(keymap.meaning(Tag, Key::char('x'), &Facts::default()), Meaning::Not(When::Removable));
    }

    #[test]
    fn the_key_line_shows_what_works_now() {
        let keymap = Keymap::default();
        let words = |facts: &Facts| keymap.hints(Tag, facts).iter().map(|hint| hint.word).collect::<Vec<_>>();
        let plain = words(&Facts { documents: true, ..Facts::default() });
        assert!(plain.starts_with(&["done", "next"]) && !plain.contains(&"remove"), "{plain:?}");
        assert!(words(&Facts { documents: true, removable: true, ..Facts::default() }).contains(&"remove"));
    }
}
