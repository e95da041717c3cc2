//! The whole state of the program.
//! What all panels share, each screen, and the overlays over them.

use std::{
    any::TypeId,
    collections::{BTreeMap, BTreeSet},
};

use crate::runs::live::LiveReport;

use super::{
    carried::Carried,
    command::{Command, CommandInfo, Context},
    everywhere,
    exchange::AddedSentence,
    field::Field,
    key::Key,
    keymap::{Hint, Keymap},
    left_drafts::Left,
    overlays::{
        Overlay,
        palette::{Action, Entry},
        tutorial::{Lesson, Tutorial},
    },
    panel::{Check, Commands, NoPanel, Outcome, Panel, Request, check_row},
    prompts::Writer,
    screen::Screen,
    screens::{documents::Documents, evaluate::Evaluate, explore::Explore, tag::Tag, train::Train, welcome::Welcome},
    session::Session,
    suggestions::ModelOutput,
};

/// Action that waits until everything is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// Leaving the program.
    Quit,
    /// Going back to the welcome screen.
    Projects,
}

/// The state. Drawn by `ui`, changed by [`update`](super::update()) alone.
#[derive(Clone, Debug)]
pub struct State {
    /// State shared by all panels.
    pub session: Session,
    /// The welcome screen.
    pub welcome: Welcome,
    /// The Tag screen.
    pub tag: Tag,
    /// The Documents screen.
    pub documents: Documents,
    /// The Train screen.
    pub train: Train,
    /// The Evaluate screen.
    pub evaluate: Evaluate,
    /// The Explore screen.
    pub explore: Explore,
    /// The overlays, the one in front last.
    pub overlays: Vec<Overlay>,
    /// The tutorial, if it was begun.
    pub tutorial: Option<Tutorial>,
    /// State that is kept for the project that is being opened again.
    pub(super) carried: Option<Box<Carried>>,
    /// Whether the comparison of annotators opens with the project.
    pub(super) compares_next: bool,
    /// Action to be carried out as soon as everything is saved.
    pub(super) leaving: Option<Goal>,
    /// Files that another program has changed and that are not read again yet.
    pub(super) changed: Vec<String>,
    /// Files because of which the project is being opened again.
    pub(super) read_again: Vec<String>,
    /// Id of a document that comes to the front when the project is opened again.
    pub(super) front_next: Option<String>,
    /// Report of a change of a document because of which the project is to be opened again.
    pub(super) notice: Option<String>,
    /// Generation of the import that is under way.
    pub(super) importing: Option<u64>,
    /// Sentence that is being added to the project, with the generation of its effect.
    pub(super) adding: Option<(u64, AddedSentence)>,
    /// Unanswered texts of projects that were left or could not be read again, by those who typed them.
    pub(super) drafts: BTreeMap<Writer, Left>,
    /// Those whose texts are to be written: the annotator at work, and those who left a project since the last time.
    pub(super) writers: BTreeSet<Writer>,
    /// Whether the last key asked to leave, and there were texts that leaving loses.
    pub(super) warned_of_drafts: bool,
    /// Whether the last command asked for the tutorial in a project that has none: the same command begins it.
    pub(super) asked_tutorial: bool,
}

impl Default for State {
    fn default() -> Self {
        Self::new(default_keymap())
    }
}

/// Commands on a screen's key line that the screen does not carry out itself.
/// The second command of each pair is the one before which it is placed.
pub(super) const KEY_LINE: [(Command, Command); 9] = [
    (Command::TrainNow, Command::TakeAll),
    (Command::Occurrences, Command::TakeAll),
    (Command::Jump, Command::NextSpan),
    (Command::Note, Command::NextSpan),
    (Command::History, Command::NextSpan),
    (Command::MoreLabels, Command::NextSpan),
    (Command::Accept, Command::Model),
    (Command::LeastSureFirst, Command::Type),
    (Command::DisagreementsFirst, Command::Type),
];

/// The command table of all panels with its default keys.
pub fn default_keymap() -> Keymap {
    let screens = [
        Tag::infos(),
        Documents::infos(),
        Train::infos(),
        Evaluate::infos(),
        Explore::infos(),
        Welcome::infos(),
        Overlay::infos(),
    ];
    let mut rows: Vec<CommandInfo> = screens.into_iter().flatten().chain(everywhere::infos()).collect();
    for (command, before) in KEY_LINE {
        let Some(from) = rows.iter().position(|row| row.command == command) else { continue };
        let row = rows.remove(from);
        let at = rows.iter().position(|row| row.command == before).unwrap_or(from);
        rows.insert(at, row);
    }
    // What works everywhere and is seldom needed ends the key line and every list; the help comes last.
    rows.sort_by_key(|row| match row.command {
        Command::Help | Command::Page(_) => 3,
        Command::Save | Command::Redraw | Command::Suspend | Command::Quit => 2,
        Command::Palette => 1,
        _ => 0,
    });
    Keymap::new(rows)
}

/// Meaning of a key at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// This command.
    Command(Command),
    /// A command that does not work now, for this reason.
    Not(&'static str),
    /// Nothing.
    Nothing,
}

impl State {
    /// The program as it starts: no project, no size.
    pub fn new(keymap: Keymap) -> Self {
        Self {
            session: Session::new(keymap),
            welcome: Welcome::default(),
            tag: Tag,
            documents: Documents::default(),
            train: Train::default(),
            evaluate: Evaluate::default(),
            explore: Explore::default(),
            overlays: Vec::new(),
            tutorial: None,
            carried: None,
            compares_next: false,
            leaving: None,
            changed: Vec::new(),
            read_again: Vec::new(),
            front_next: None,
            notice: None,
            importing: None,
            adding: None,
            drafts: BTreeMap::new(),
            writers: BTreeSet::new(),
            warned_of_drafts: false,
            asked_tutorial: false,
        }
    }

    /// The overlay in front.
    pub fn overlay(&self) -> Option<&Overlay> {
        self.overlays.last()
    }

    /// The screen in front, whatever overlay is over it.
    pub fn screen(&self) -> &dyn Panel {
        match (&self.session.project, self.session.screen) {
            (None, _) => &self.welcome,
            (_, Screen::Tag) => &self.tag,
            (_, Screen::Documents) => &self.documents,
            (_, Screen::Train) => &self.train,
            (_, Screen::Evaluate) => &self.evaluate,
            (_, Screen::Explore) => &self.explore,
        }
    }

    /// The panel that gets the keys.
    pub fn front(&self) -> &dyn Panel {
        self.overlay().map_or_else(|| self.screen(), Overlay::panel)
    }

    /// The screen in front as it changes, and the session.
    pub(super) fn screen_mut(&mut self) -> (&mut dyn Panel, &mut Session) {
        let panel: &mut dyn Panel = match (&self.session.project, self.session.screen) {
            (None, _) => &mut self.welcome,
            (_, Screen::Tag) => &mut self.tag,
            (_, Screen::Documents) => &mut self.documents,
            (_, Screen::Train) => &mut self.train,
            (_, Screen::Evaluate) => &mut self.evaluate,
            (_, Screen::Explore) => &mut self.explore,
        };
        (panel, &mut self.session)
    }

    /// The panel that gets the keys as it changes, and the session.
    pub(super) fn front_mut(&mut self) -> (&mut dyn Panel, &mut Session) {
        if self.overlays.is_empty() {
            return self.screen_mut();
        }
        match self.overlays.last_mut() {
            Some(overlay) => (overlay.panel_mut(), &mut self.session),
            None => (&mut self.tag, &mut self.session),
        }
    }

    /// The screens of an open project.
    fn screens(&self) -> [&dyn Panel; 5] {
        [&self.tag, &self.documents, &self.train, &self.evaluate, &self.explore]
    }

    /// The panel that owns the rows of this type: the one in front, or a screen.
    fn panel(&self, owner: TypeId) -> Option<&dyn Panel> {
        let front = self.front();
        let mut screens = self.screens().into_iter();
        if front.owner() == owner { Some(front) } else { screens.find(|screen| screen.owner() == owner) }
    }

    /// The screen that owns the rows of this type as it changes, and the session.
    pub(super) fn owner_mut(&mut self, owner: TypeId) -> Option<(&mut dyn Panel, &mut Session)> {
        let (screens, session) = self.screens_mut();
        let panel = screens.into_iter().find(|screen| screen.owner() == owner)?;
        Some((panel, session))
    }

    /// The screens of an open project as they change, and the session.
    pub(super) fn screens_mut(&mut self) -> ([&mut dyn Panel; 5], &mut Session) {
        let screens: [&mut dyn Panel; 5] =
            [&mut self.tag, &mut self.documents, &mut self.train, &mut self.evaluate, &mut self.explore];
        (screens, &mut self.session)
    }

    /// The context that gets the keys.
    pub fn context(&self) -> Context {
        self.front().context(&self.session)
    }

    /// Context of the screen in front, outside its text field and its overlays.
    pub fn screen_context(&self) -> Context {
        match &self.session.project {
            Some(_) => self.session.screen.context(),
            None => Context::Welcome,
        }
    }

    /// The text field that gets the printable keys.
    pub fn field(&self) -> Option<&Field> {
        self.front().prompt().map(|prompt| self.session.prompts.field(&prompt))
    }

    /// Whether a command works now, given in `context`. An empty reason is not shown.
    pub(super) fn check(&self, context: Context, command: Command) -> Check {
        let row = self.row(context, command).ok_or("")?;
        self.check_row(row)
    }

    /// The row of a command that is carried out if the command is given in `context`.
    pub(super) fn row(&self, context: Context, command: Command) -> Option<&CommandInfo> {
        let rows = self.session.keymap.rows().iter();
        let rows = rows.filter(|row| row.command == command && row.fits(context) && self.reaches(row, context));
        // The panel in front may have a row of its own for a command that works everywhere.
        let front = self.front().owner();
        rows.clone().find(|row| row.owner == front).or_else(|| rows.clone().next())
    }

    /// Whether a row's panel can carry out the command.
    /// Text fields share a context: each has only its own commands there.
    fn reaches(&self, row: &CommandInfo, context: Context) -> bool {
        let everywhere = row.owner == TypeId::of::<NoPanel>();
        let screen = || self.screens().iter().any(|screen| screen.owner() == row.owner);
        let typing = context.is_typing();
        everywhere || row.owner == self.front().owner() || !typing && (row.command.is_move() || screen())
    }

    fn check_row(&self, row: &CommandInfo) -> Check {
        if row.command == Command::Back {
            return if self.can_go_back() { Ok(()) } else { Err("") };
        }
        if row.owner == TypeId::of::<NoPanel>() {
            return Overlay::check(row.command, &self.session)
                .unwrap_or_else(|| check_row(&NoPanel, everywhere::ROWS, row.command, &self.session));
        }
        if row.command.is_move() {
            // Most panels have no row of their own for a move: it works always.
            return self
                .front()
                .check(row.command, &self.session)
                .or_else(|why| if why.is_empty() { Ok(()) } else { Err(why) });
        }
        self.panel(row.owner).map_or(Err(""), |panel| panel.check(row.command, &self.session))
    }

    fn can_go_back(&self) -> bool {
        let shown = self.overlay().is_some() || self.session.message.is_some();
        shown || self.field().is_some() || self.front().holds(&self.session)
    }

    /// Returns the meaning of `key` in `context`: its command there, else everywhere.
    /// A key whose command there does not work now does not fall back to everywhere: a key that undoes must not leave
    /// when there is nothing to undo.
    pub(super) fn meaning(&self, context: Context, key: Key) -> Meaning {
        for place in [context, Context::Everywhere] {
            let mut refused = None;
            for command in self.session.keymap.commands(place, key) {
                match self.check(context, command) {
                    Ok(()) => return Meaning::Command(command),
                    Err(why) => refused = refused.or(Some(why)),
                }
            }
            if let Some(why) = refused {
                return Meaning::Not(why);
            }
        }
        Meaning::Nothing
    }

    /// The entries of the key line: what works now, most used first.
    /// Commands with the same word share an entry.
    pub fn hints(&self) -> Vec<Hint> {
        let context = self.context();
        let is_read_only = self.session.project.as_ref().is_some_and(|project| project.read_only.is_some());
        let mut hints: Vec<Hint> = Vec::new();
        for row in self.session.keymap.rows().iter().filter(|row| !row.hint.is_empty() && row.fits(context)) {
            let everywhere = row.contexts().all(|known| known != context);
            if context.is_overlay() && row.command != Command::Back && everywhere {
                continue;
            }
            if !self.reaches(row, context) || self.check_row(row).is_err() {
                continue;
            }
            if is_read_only && row.command.changes_annotations() {
                continue;
            }
            // A text field takes every printable key, so those of everywhere do not work there.
            let mut keys = self.session.keymap.keys(context, row.command);
            let Some(binding) = keys.find(|b| !(context.is_typing() && b.key.typed().is_some())) else { continue };
            let own = self.panel(row.owner).and_then(|panel| panel.hint(row.command, &self.session));
            let word = own.unwrap_or(row.hint);
            let key = binding.key.to_string();
            match hints.iter_mut().find(|hint| hint.word == word) {
                Some(hint) if hint.keys.split(' ').any(|known| known == key) => {}
                Some(hint) => hint.keys = format!("{} {key}", hint.keys),
                None => hints.push(Hint { keys: key, word }),
            }
        }
        hints
    }

    /// Entries of the palette on the screen in front, in the order of the table.
    pub(super) fn palette(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = self.session.keymap.rows().iter().filter_map(|row| self.entry(row)).collect();
        let project = self.session.project.as_ref().filter(|project| !project.documents.is_empty());
        if let Some(project) = project.filter(|_| self.session.screen == Screen::Tag) {
            entries.extend(project.labels.iter().flat_map(Entry::of_label));
        }
        entries
    }

    /// The palette's entry of a command.
    /// The command belongs to the screen in front, to every screen or to another one.
    fn entry(&self, row: &CommandInfo) -> Option<Entry> {
        if matches!(row.command, Command::Label(_) | Command::Arm(_) | Command::Palette | Command::Back) {
            return None;
        }
        let context = self.screen_context();
        // The commands that the menu for stopping a run offers can be given without the menu.
        if row.fits(context) {
            return self.entry_here(row, context);
        }
        if row.contexts().any(|known| known == Context::StopMenu) {
            return self.entry_here(row, Context::StopMenu);
        }
        self.session.project.as_ref()?;
        // What this screen can do too is not looked for elsewhere.
        if row.command.is_move()
            || self.session.keymap.rows().iter().any(|own| own.command == row.command && own.fits(context))
        {
            return None;
        }
        let places = Screen::ALL.iter().copied();
        let screen = places.into_iter().find(|screen| row.contexts().any(|known| known == screen.context()))?;
        let doc = format!("{}: {}", screen.name(), row.doc);
        let action = Action::Elsewhere(screen, row.command);
        Some(Entry::of_command(row, self.keys(screen.context(), row.command), doc, action))
    }

    fn entry_here(&self, row: &CommandInfo, context: Context) -> Option<Entry> {
        let keys = self.keys(context, row.command);
        // The palette is in front: what the screen under it owns is judged by the screen.
        let check = match self.screen().owner() == row.owner {
            true if row.command.is_move() => Ok(()),
            true => self.screen().check(row.command, &self.session),
            false => self.check_row(row),
        };
        match check {
            Ok(()) => Some(Entry::of_command(row, keys, row.doc.to_owned(), Action::Command(row.command))),
            Err("") => None,
            Err(_) if self.session.project.is_none() => None,
            Err(why) => Some(Entry::of_command(row, keys, format!("{} ({why})", row.doc), Action::Not(why))),
        }
    }

    fn keys(&self, context: Context, command: Command) -> String {
        let keys = self.session.keymap.keys(context, command).map(|binding| binding.key.to_string());
        keys.collect::<Vec<_>>().join(" ")
    }

    /// Step that the tutorial shows now.
    pub fn lesson(&self) -> Option<Lesson> {
        self.tutorial.as_ref()?.lesson(&self.session)
    }

    /// Next step on the screen in front.
    /// `None` where the tutorial says it, where an overlay is open, and where nothing is certain.
    pub fn next_step(&self) -> Option<String> {
        if self.overlay().is_some() || self.lesson().is_some() {
            return None;
        }
        if self.session.has_only_runs() {
            return self.next_step_without_documents();
        }
        let empty = self.session.project.as_ref().filter(|project| project.documents.is_empty());
        if empty.is_some_and(|project| project.read_only.is_none()) {
            let key = self.session.key(self.screen_context(), Command::Import);
            return Some(format!("there is no text here yet: {key} brings some in from a file"));
        }
        self.screen().next_step(&self.session)
    }

    /// Next step where a run outside any project is open.
    fn next_step_without_documents(&self) -> Option<String> {
        match self.session.screen {
            Screen::Train => {
                let [evaluate, explore] = [Screen::Evaluate, Screen::Explore]
                    .map(|screen| self.session.key(Context::Train, Command::Go(screen)));
                Some(format!("{evaluate} shows its scores, {explore} asks its model"))
            }
            Screen::Evaluate => {
                Some("mistakes need documents: open the project, or tagli eval MODEL --data FILE".to_owned())
            }
            _ => self.screen().next_step(&self.session),
        }
    }

    /// Takes the answer of the model for a document; `None` if it has failed on it.
    pub(super) fn model_answered(&mut self, document: &str, output: Option<ModelOutput>) {
        let tagging = &self.session.tagging;
        if let (Some(project), Some(output)) = (&mut self.session.project, output)
            && !(tagging.keeps_answer && project.position(document) == Some(tagging.document))
        {
            project.suggest(document, output);
        }
        self.session.tagging.next.answered(document);
        self.documents.model_answered(&self.session, document);
    }

    /// Takes a report of the live model. What is suggested changes with the model that suggests.
    pub(super) fn live_changed(&mut self, report: LiveReport) -> Outcome {
        let changed = self.session.live_changed(report);
        Outcome { request: changed.then_some(Request::ModelChanged), ..Outcome::none() }
    }

    /// Closes all overlays because something else comes.
    pub(super) fn clear_overlays(&mut self) {
        for mut overlay in std::mem::take(&mut self.overlays) {
            overlay.panel_mut().leave(&mut self.session);
            self.session.prompts.leave(&overlay.panel().prompts());
        }
    }

    /// Puts an overlay in front: help over what is there, mistakes over the numbers that they are behind, everything else in
    /// the place of what is there.
    pub(super) fn push(&mut self, overlay: Overlay) {
        match overlay {
            Overlay::Help(_) => {
                let session = &self.session;
                self.overlays.retain(|known| known.panel().context(session) != Context::Help);
            }
            Overlay::Mistakes(_) if matches!(self.overlay(), Some(Overlay::Confusion(_))) => {}
            _ => self.clear_overlays(),
        }
        self.overlays.push(overlay);
    }
}
