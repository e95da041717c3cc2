//! The Tag screen: a cursor on a word, and commands that label, move edges, take suggestions and go on.
//!
//! One key is one journal action, so that undo takes back what one key did.

pub(super) mod asides;
mod edits;
mod flow;
pub mod history;
mod letters;
mod moves;
pub mod occurrences;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use crate::{
    spans::{Action, Annotation, Document, Edit, Label, LabelId, Span, SpanId, Split, Status, journal::JournalOp},
    text::{
        TextRange,
        number::with_noun,
        width::{self, Glyphs},
        wrap::TextLayout,
    },
};

use super::{
    command::Command,
    effect::Effect,
    event::{Level, Message},
    keymap::Facts,
    project::Project,
    state::{Screen, State},
    suggestions::Suggestion,
    tutorial,
};

pub(super) use flow::TESTS;
pub use letters::Letters;

/// So many actions that were taken back are not given up without a word.
const MANY: usize = 3;
/// Texts of fewer bytes are laid out anew for every frame.
const LONG: usize = 8 << 10;

/// What the Tag screen holds besides the project.
#[derive(Clone, Debug, Default)]
pub struct Tag {
    /// The document in front.
    pub document: usize,
    /// The word under the cursor.
    pub word: usize,
    /// The byte at which the selection began: the start of a word, or of a character.
    pub anchor: Option<usize>,
    /// Where the button of the mouse went down and has not gone up since.
    pub(super) pressed: Option<usize>,
    /// The character under the cursor, while the cursor goes by characters.
    pub letters: Option<Letters>,
    /// The span made or changed by the last key; until the cursor moves, edge keys go to it from a word without a span.
    pub last: Option<SpanId>,
    /// The label that every selection gets.
    pub armed: Option<LabelId>,
    /// The next label keeps the spans that it lies in or around.
    pub nest: bool,
    /// The documents that were looked for, in their order, while `n` and `p` go along them; empty for all.
    pub queue: Vec<usize>,
    /// The lines of a long document in front, which take too long to be found for every key.
    layout: Option<Arc<(usize, TextLayout)>>,
    /// Where the cursor was in documents seen before.
    cursors: HashMap<usize, usize>,
    /// The column that moving up and down aims at.
    goal: Option<usize>,
}

impl Tag {
    /// What is under the cursor: a word, or a character.
    pub fn cursor(&self, project: &Project) -> Option<TextRange> {
        let document = project.documents.get(self.document)?;
        let word = document.words.get(self.word).copied();
        let Some(letters) = self.letters else { return word };
        width::cluster_at(&document.text, letters.at(self, document))
    }

    /// What is selected: whole words, or whole characters.
    pub fn selection(&self, project: &Project) -> Option<TextRange> {
        let (anchor, document) = (self.anchor?, project.documents.get(self.document)?);
        let first = match self.letters {
            Some(_) => width::cluster_at(&document.text, anchor),
            None => document
                .words
                .get(document.words.partition_point(|word| word.start <= anchor).saturating_sub(1))
                .copied(),
        };
        Some(first?.join(self.cursor(project)?))
    }

    /// The span that edge keys move: the one under the cursor, as for every other key, else the one just made.
    pub fn edge<'a>(&self, project: &'a Project) -> Option<&'a Span> {
        self.span(project).or_else(|| self.made(project))
    }

    /// The span that the last key made or changed.
    pub fn made<'a>(&self, project: &'a Project) -> Option<&'a Span> {
        project.annotation(self.document).get(self.last?)
    }

    /// The innermost span that touches the word under the cursor.
    pub fn span<'a>(&self, project: &'a Project) -> Option<&'a Span> {
        project.annotation(self.document).over(self.cursor(project)?).min_by_key(|span| span.range.len())
    }

    /// The open suggestion over the word under the cursor.
    pub fn suggestion<'a>(&self, project: &'a Project) -> Option<&'a Suggestion> {
        let here = self.cursor(project)?;
        project.suggestions(self.document).iter().find(|suggestion| suggestion.range.overlaps(here))
    }

    /// Where the cursor is put in a document that comes to the front for the first time: on the first thing that may want
    /// a label.
    pub fn first_stop(&self, project: &Project) -> Option<usize> {
        moves::stop_from(self, project, 0)
    }

    /// Adds what conditions may ask about this screen.
    pub(super) fn facts(&self, project: &Project, facts: &mut Facts) {
        facts.on_suggestion = self.suggestion(project).is_some();
        facts.edge = facts.on_suggestion || self.edge(project).is_some();
        facts.removable = facts.edge;
        facts.on_phrase = self.edge(project).is_some() || self.anchor.is_some() && self.armed.is_some();
        facts.spans = !project.annotation(self.document).spans().is_empty();
        facts.suggestions = !project.suggestions(self.document).is_empty();
        facts.documents = !project.documents.is_empty();
        facts.back |= self.anchor.is_some()
            || self.armed.is_some()
            || self.nest
            || self.letters.is_some()
            || !self.queue.is_empty();
    }

    /// The lines of the document in front in `width` columns, if it is a long one.
    pub fn layout(&self, width: usize, glyphs: Glyphs) -> Option<&TextLayout> {
        let (document, layout) = self.layout.as_deref()?;
        (*document == self.document && layout.width() == width && layout.glyphs() == glyphs).then_some(layout)
    }

    /// Puts the cursor on a word.
    pub(super) fn put(&mut self, word: usize) {
        (self.word, self.last, self.goal) = (word, None, None);
        self.forget_letter();
    }

    /// Puts down what is held: a selection first, then an armed label.
    pub(super) fn back(&mut self) {
        let held = self.anchor.take().is_some()
            || std::mem::take(&mut self.nest)
            || self.armed.take().is_some()
            || self.letters.take().is_some();
        if !held {
            self.queue.clear();
        }
    }
}

impl State {
    /// Whether the document in front is of the test part.
    pub(super) fn tests_here(&self) -> bool {
        let project = self.project.as_ref();
        let document = project.and_then(|project| project.documents.get(self.tag.document));
        document.is_some_and(|document| document.split == Some(Split::Test))
    }
}

/// Finds the lines of a long document that came to the front. Called after everything that happens.
pub(super) fn lay_out(state: &mut State) {
    let (width, glyphs, at) = (state.size.text_columns(), state.glyphs, state.tag.document);
    let text = state.project.as_ref().and_then(|project| project.documents.get(at)).map(|document| &document.text);
    let Some(text) = text.filter(|text| state.screen == Screen::Tag && text.len() > LONG) else { return };
    if state.tag.layout(width, glyphs).is_none() {
        state.tag.layout = Some(Arc::new((at, TextLayout::new(text, width, glyphs))));
    }
}

/// Carries out a command of this screen.
pub(super) fn run(state: &mut State, command: Command) -> Vec<Effect> {
    at_desk(state, |desk| desk.run(command))
}

/// Gives the word, the selection or the span under the cursor this label.
pub(super) fn label(state: &mut State, label: LabelId) -> Vec<Effect> {
    at_desk(state, |desk| desk.label(label))
}

/// Puts the cursor of the character grid on the character over a byte.
pub(super) fn letter_to(state: &mut State, at: usize) -> Vec<Effect> {
    at_desk(state, |desk| desk.letter_to(at))
}

/// Arms a label, or puts it down.
pub(super) fn arm(state: &mut State, label: LabelId) -> Vec<Effect> {
    at_desk(state, |desk| desk.arm(label))
}

/// Brings a document to the front.
pub(super) fn open(state: &mut State, document: usize) -> Vec<Effect> {
    at_desk(state, |desk| desk.go(document))
}

/// The same, as one of these, along which one goes on; of none for all.
pub(super) fn open_in(state: &mut State, document: usize, queue: Vec<usize>) -> Vec<Effect> {
    if !queue.is_empty() {
        let text = format!("Going on along the {} found; esc: along all", with_noun(queue.len(), "document"));
        state.tell(Level::Info, text);
    }
    state.tag.queue = queue;
    open(state, document)
}

/// Asks for suggestions on the document in front and those after it.
pub(super) fn suggest(state: &mut State) -> Vec<Effect> {
    at_desk(state, |desk| desk.suggest())
}

fn at_desk(state: &mut State, work: impl FnOnce(&mut Desk<'_>)) -> Vec<Effect> {
    let (width, glyphs, now) = (state.size.text_columns(), state.glyphs, state.now);
    let suggester = state.suggester().map(|run| run.id.clone());
    let page = state.size.text_lines().saturating_sub(usize::from(tutorial::rows(state)) / 2).max(1);
    let Some(project) = &mut state.project else { return Vec::new() };
    let (tag, effects) = (&mut state.tag, Vec::new());
    let mut desk = Desk { tag, project, now, width, page, glyphs, suggester, effects, told: None };
    work(&mut desk);
    let Desk { effects, told, .. } = desk;
    if let Some(Message { level, text }) = told {
        state.tell(level, text);
    }
    effects
}

/// What a command works on: the screen, the project, and what comes out.
struct Desk<'a> {
    tag: &'a mut Tag,
    project: &'a mut Project,
    now: u64,
    /// Columns of the text pane.
    width: usize,
    /// Lines of text in the pane.
    page: usize,
    glyphs: Glyphs,
    /// The run whose model makes the suggestions.
    suggester: Option<String>,
    effects: Vec<Effect>,
    told: Option<Message>,
}

impl Desk<'_> {
    fn run(&mut self, command: Command) {
        match command {
            Command::Label(n) => self.with_label(n, Self::label),
            Command::Arm(n) => self.with_label(n, Self::arm),
            Command::Nest => self.tag.nest = !self.tag.nest,
            Command::Lengthen | Command::Shorten | Command::LengthenLeft | Command::ShortenLeft | Command::Extend => {
                self.edge(command)
            }
            Command::Select => self.select(),
            Command::Letters => self.letters(),
            Command::Remove => self.remove(),
            Command::Take => self.take(),
            Command::TakeAll => self.take_all(),
            Command::RejectAll => self.reject_all(),
            Command::RaiseBar => self.move_bar(true),
            Command::LowerBar => self.move_bar(false),
            Command::Adviser(adviser) => self.toggle_adviser(adviser),
            Command::Done => self.done(false),
            Command::AcceptDone => self.done(true),
            Command::Skip => self.skip(),
            Command::Flag => self.flag(),
            Command::Undo => self.undo(),
            Command::Redo => self.redo(),
            Command::BringBack => self.bring_back(),
            Command::NextOpen => self.next_open(),
            Command::NextDocument => self.step(true),
            Command::PreviousDocument => self.step(false),
            Command::CopyText => self.copy(),
            _ => self.walk(command),
        }
    }

    fn document(&self) -> Option<&Document> {
        self.project.documents.get(self.tag.document)
    }

    fn annotation(&self) -> &Annotation {
        self.project.annotation(self.tag.document)
    }

    fn tell(&mut self, level: Level, text: impl Into<String>) {
        self.told = Some(Message { level, text: text.into() });
    }

    /// Does what `then` does with the label of a digit key.
    fn with_label(&mut self, digit: u8, then: fn(&mut Self, LabelId)) {
        let label = self.project.labels.by_key(char::from(b'0' + digit.min(9))).map(|label: &Label| label.id);
        match label {
            Some(label) => then(self, label),
            None => {
                self.tell(Level::Warn, format!("No label has the key {digit}; the labels stand above the key line"))
            }
        }
    }

    /// Whether nothing may be changed here; says why.
    fn is_read_only(&mut self) -> bool {
        let why = self.project.read_only.as_ref().map(|why| format!("Nothing can be changed here: {why}"));
        let refused = why.is_some();
        if let Some(why) = why {
            self.tell(Level::Error, why);
        }
        refused
    }

    /// Records `edits` as one action. A document that was not touched, or skipped, becomes partial by it.
    fn act(&mut self, mut edits: Vec<Edit>) -> bool {
        if self.is_read_only() {
            return false;
        }
        let Some(document) = self.document().map(|document| document.id.clone()) else { return false };
        let tags = edits.iter().all(|edit| !matches!(edit, Edit::Status(_) | Edit::Note(_)));
        if tags && matches!(self.annotation().status, Status::Todo | Status::Skipped) {
            edits.push(Edit::Status(Status::Partial));
        }
        let lost = self.project.journal.history().rev().take_while(|past| past.undone).count();
        let effect = self.project.record(JournalOp::Do(Action { document, edits }), self.now);
        self.effects.push(effect);
        if lost >= MANY {
            let text =
                format!("{} taken back are given up; the command bring-back has them", with_noun(lost, "action"));
            self.tell(Level::Warn, text);
        }
        true
    }

    /// Records `edits`, remembers the span that they are about, and lands the cursor after `range`.
    fn act_on(&mut self, edits: Vec<Edit>, span: SpanId, range: TextRange) {
        if self.act(edits) {
            (self.tag.anchor, self.tag.nest, self.tag.goal) = (None, false, None);
            self.tag.last = Some(span);
            self.land_after(range);
        }
    }

    fn land_after(&mut self, range: TextRange) {
        if self.tag.letters.is_some() {
            return self.letter_to(range.end);
        }
        let Some(document) = self.document() else { return };
        let after = document.words.partition_point(|word| word.start < range.end);
        self.tag.word = after.min(document.words.len().saturating_sub(1));
    }
}
