//! Tagging as a model without a panel.
//! It holds the document in front and the cursor on its text, and does the work of keys there.
//!
//! One key is one journal action, so that undo takes back the work of one key.

mod char_cursor;
mod chars;
mod edits;
mod flow;
mod mouse;
mod moves;
mod reopened;
#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use crate::{
    config::LiveSettings,
    spans::{Action, Annotation, Document, Edit, LabelId, Span, SpanId, Status, journal::JournalOp, query::Query},
    text::{TextRange, clusters::cluster_at, number::with_noun, width::Glyphs, wrap::TextLayout},
};

use super::{
    effect::Effect,
    event::{Level, Message, Sight},
    next_choice::NextChoice,
    project::Project,
    scope::Scope,
    suggestions::Suggestion,
};

pub use char_cursor::CharCursor;
pub(in crate::app) use moves::NO_NEXT_WORD;
pub(in crate::app) use reopened::Spot;

/// Undone actions above which a message reports that a new action discards them.
const MANY_DISCARDED: usize = 3;
/// Bytes of a text above which its layout is kept between frames.
/// Computing it would take too long for every key.
const LONG_TEXT: usize = 8 << 10;

/// Documents to go along; none for all.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    pub(super) documents: Vec<usize>,
    /// Where the cursor begins in each.
    pub(super) begin: Begin,
}

/// Where the cursor begins in a document of a queue that comes to the front for the first time.
#[derive(Clone, Debug, Default)]
pub(super) enum Begin {
    /// Where it was.
    #[default]
    Cursor,
    /// At the first match of a search.
    Search(Query),
    /// At the place of the document.
    Places(HashMap<usize, TextRange>),
}

impl From<Vec<usize>> for Queue {
    fn from(documents: Vec<usize>) -> Self {
        Self { documents, begin: Begin::default() }
    }
}

/// Cursor, selection and armed label on the document in front.
#[derive(Clone, Debug, Default)]
pub struct Tagging {
    /// The document in front.
    pub document: usize,
    /// The word under the cursor.
    pub word: usize,
    /// Whether the cursor is after the last word, where a label leaves it.
    /// [`Self::word`] is the last word then.
    pub at_end: bool,
    /// First byte of the selection: the start of a word, or of a character.
    pub anchor: Option<usize>,
    /// Byte at which the button of the mouse was pressed, until it is released.
    pub(super) pressed: Option<usize>,
    /// The character under the cursor, while the cursor moves by characters.
    pub chars: Option<CharCursor>,
    /// The span that the last key made or changed.
    /// Until the cursor moves, edge keys change it from a word without a span.
    pub last: Option<SpanId>,
    /// The label that every selection gets.
    pub armed: Option<LabelId>,
    /// Whether the next label keeps the spans inside and around it.
    pub nest: bool,
    /// The documents along which "next" and "previous" go; empty for all.
    pub queue: Vec<usize>,
    /// Place in the queue that an undo has left for a document outside it; "next" and "previous" return there.
    left_at: Option<usize>,
    /// The documents in which the same words were looked for last, if the user chose them.
    pub scope: Option<Scope>,
    /// Number and lines of a long document in front.
    layout: Option<Arc<(usize, TextLayout)>>,
    /// The search that found the documents of the queue.
    pub(super) search: Query,
    /// Places in documents of the queue at which the cursor begins there.
    places: HashMap<usize, TextRange>,
    /// The documents of the queue that were in front since; in the others, the cursor goes to what was found.
    visited: HashSet<usize>,
    /// Word under the cursor in each document that was in front before.
    cursors: HashMap<usize, usize>,
    /// Column that moves up and down aim at.
    goal: Option<usize>,
    /// The flagged document for which a key that ends the flag was asked for again, and the journal's length then.
    asked_about_flag: Option<(usize, usize)>,
    /// The documents that come next by a rule, and those that were in front.
    pub(super) next: NextChoice,
    /// Whether the suggestions of the document in front stay although the live model has a new version.
    pub(super) keeps_answer: bool,
    /// The document that the last frame showed.
    drawn: Option<usize>,
    /// Parts of the document in front that frames have shown, disjoint.
    seen: Vec<TextRange>,
}

impl Tagging {
    /// Range under the cursor: a word, or a character; `None` after the last word.
    pub fn cursor(&self, project: &Project) -> Option<TextRange> {
        let document = project.documents.get(self.document)?;
        match self.chars {
            Some(chars) => chars.range(self.word, document),
            None if self.at_end => None,
            None => document.words.get(self.word).copied(),
        }
    }

    /// First byte of what must be in sight: the word of the cursor, or the last word before it.
    pub fn focus(&self, project: &Project) -> usize {
        let word = || project.documents.get(self.document)?.words.get(self.word).copied();
        self.cursor(project).or_else(word).map_or(0, |range| range.start)
    }

    /// Takes note of what a frame has shown.
    pub(super) fn drawn(&mut self, sight: Sight) {
        self.drawn = Some(sight.document);
        if sight.document != self.document {
            return;
        }
        let mut text = sight.text;
        self.seen.retain(|seen| {
            let apart = seen.end < text.start || text.end < seen.start;
            if !apart {
                text = text.join(*seen);
            }
            apart
        });
        self.seen.push(text);
    }

    /// Whether frames have shown some of `range`.
    fn has_seen(&self, range: TextRange) -> bool {
        self.seen.iter().any(|seen| seen.overlaps(range))
    }

    /// Selected range: whole words, or whole characters.
    pub fn selection(&self, project: &Project) -> Option<TextRange> {
        let anchor = self.anchor?;
        let document = project.documents.get(self.document)?;
        let first = match self.chars {
            Some(_) => cluster_at(&document.text, anchor),
            None => document
                .words
                .get(document.words.partition_point(|word| word.start <= anchor).saturating_sub(1))
                .copied(),
        };
        Some(first?.join(self.cursor(project)?))
    }

    /// The span that edge keys change.
    /// It is the one under the cursor, else the one just made.
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

    /// The open suggestion that touches the word under the cursor.
    pub fn suggestion<'a>(&self, project: &'a Project) -> Option<&'a Suggestion> {
        let here = self.cursor(project)?;
        project.suggestions(self.document).iter().find(|suggestion| suggestion.range.overlaps(here))
    }

    /// Lines of the document in front in `width` columns, if it is a long one.
    pub fn layout(&self, width: usize, glyphs: Glyphs) -> Option<&TextLayout> {
        let (document, layout) = self.layout.as_deref()?;
        (*document == self.document && layout.width() == width && layout.glyphs() == glyphs).then_some(layout)
    }

    /// Computes the lines of a long document in front, unless they are known.
    pub(super) fn lay_out(&mut self, project: &Project, width: usize, glyphs: Glyphs) {
        let document = project.documents.get(self.document);
        let Some(text) = document.map(|document| &document.text).filter(|text| text.len() > LONG_TEXT) else { return };
        if self.layout(width, glyphs).is_none() {
            self.layout = Some(Arc::new((self.document, TextLayout::new(text, width, glyphs))));
        }
    }

    /// Begins to go along documents. Nothing of an earlier queue is left.
    pub(super) fn follow(&mut self, queue: Queue) {
        let Queue { documents, begin } = queue;
        self.queue = documents;
        self.visited.clear();
        self.search = Query::default();
        self.places.clear();
        match begin {
            Begin::Cursor => {}
            Begin::Search(search) => self.search = search,
            Begin::Places(places) => self.places = places,
        }
    }

    /// The first word of a document of the queue that the search has found, when it comes to the front for the first time.
    fn found_word(&mut self, project: &Project) -> Option<usize> {
        if self.queue.is_empty() || !self.visited.insert(self.document) {
            return None;
        }
        let document = project.documents.get(self.document)?;
        let place = self.places.get(&self.document).copied();
        let place = place.or_else(|| self.search.first_match(&document.text));
        Some(document.words_touching(place?)?.start)
    }

    /// Puts the cursor on a word, and changes nothing else.
    fn set_word(&mut self, word: usize) {
        self.word = word;
        self.at_end = false;
    }

    /// Puts the cursor on a word.
    pub(super) fn put(&mut self, word: usize) {
        self.set_word(word);
        self.last = None;
        self.goal = None;
        self.reset_char();
    }

    /// Whether [`Self::back`] would put something down.
    pub(super) fn holds(&self) -> bool {
        self.anchor.is_some() || self.armed.is_some() || self.nest || self.chars.is_some() || !self.queue.is_empty()
    }

    /// Puts down one thing that is held; returns false if there was none.
    /// In this order: a selection, nesting, an armed label, the move by characters, the queue.
    pub(super) fn back(&mut self) -> bool {
        let held = self.anchor.take().is_some()
            || std::mem::take(&mut self.nest)
            || self.armed.take().is_some()
            || self.chars.take().is_some();
        if held || self.queue.is_empty() {
            return held;
        }
        self.queue.clear();
        self.left_at = None;
        true
    }
}

/// Describes the digits that labels have: `you have 1 to 3`.
fn digits_text(mut digits: Vec<u32>) -> String {
    digits.sort_unstable();
    match digits.as_slice() {
        [] => "no label has a digit".to_owned(),
        [only] => format!("you have only {only}"),
        [first, .., last] if digits.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b)) => {
            format!("you have {first} to {last}")
        }
        _ => format!("you have {}", digits.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// The state that tagging works on, and what comes out of it.
pub(super) struct TagContext<'a> {
    /// Cursor, selection and armed label.
    pub(super) tag: &'a mut Tagging,
    /// The open project.
    pub(super) project: &'a mut Project,
    /// Seconds since 1970, UTC.
    pub(super) now: u64,
    /// Columns of the text pane.
    pub(super) width: usize,
    /// Lines of text in the pane.
    pub(super) page: usize,
    /// Glyphs that the terminal can show.
    pub(super) glyphs: Glyphs,
    /// Whether frames are reported; see [`Session`](super::session::Session).
    pub(super) reports_frames: bool,
    /// The run whose model makes the suggestions.
    pub(super) suggester: Option<String>,
    /// Settings of suggestions and of the next document.
    pub(super) settings: LiveSettings,
    /// Effects so far.
    pub(super) effects: Vec<Effect>,
    /// The message to be shown.
    pub(super) message: Option<Message>,
}

impl TagContext<'_> {
    /// The document in front.
    pub(super) fn document(&self) -> Option<&Document> {
        self.project.documents.get(self.tag.document)
    }

    /// Annotation of the document in front.
    pub(super) fn annotation(&self) -> &Annotation {
        self.project.annotation(self.tag.document)
    }

    /// Sets the message to be shown.
    pub(super) fn show(&mut self, level: Level, text: impl Into<String>) {
        self.message = Some(Message { level, text: text.into() });
    }

    /// Returns the label of a digit key; shows a message if there is none.
    fn label_of_digit(&mut self, digit: u8) -> Option<LabelId> {
        let label = self.project.labels.by_key(char::from(b'0' + digit.min(9))).map(|label| label.id);
        if label.is_none() {
            let keys = self.project.labels.iter().filter_map(|label| label.key?.to_digit(10)).collect();
            self.show(Level::Warn, format!("No label has key {digit}; {}", digits_text(keys)));
        }
        label
    }

    /// Whether the project is read-only; shows why.
    pub(super) fn is_read_only(&mut self) -> bool {
        let Some(why) = &self.project.read_only else { return false };
        let text = format!("Nothing can be changed here: {why}");
        self.show(Level::Error, text);
        true
    }

    /// Records a line of the journal and sends it to the disk.
    pub(super) fn record(&mut self, op: JournalOp) {
        let effect = self.project.record(op, self.now);
        self.effects.push(effect);
    }

    /// Records `edits` as one action; returns false if nothing may be changed.
    /// An untouched or skipped document becomes partial by it.
    pub(super) fn act(&mut self, mut edits: Vec<Edit>) -> bool {
        if self.is_read_only() {
            return false;
        }
        let Some(document) = self.document().map(|document| document.id.clone()) else { return false };
        let tags = edits.iter().all(|edit| !matches!(edit, Edit::Status(_) | Edit::Note(_)));
        if tags && matches!(self.annotation().status, Status::Todo | Status::Skipped) {
            edits.push(Edit::Status(Status::Partial));
        } else if tags && self.leaves_nothing(&edits) {
            edits.push(Edit::Status(Status::Todo));
        }
        let discarded = self.project.journal.history().rev().take_while(|past| past.undone).count();
        self.record(JournalOp::Do(Action { document, edits }));
        if discarded >= MANY_DISCARDED {
            let actions = with_noun(discarded, "undone action");
            self.show(Level::Warn, format!("{actions} were discarded; `bring-back` restores them"));
        }
        true
    }

    /// Whether a partial document has nothing to show for the work on it after `edits`.
    /// A note, a rejected suggestion and a span without place are work, too.
    fn leaves_nothing(&self, edits: &[Edit]) -> bool {
        let before = self.annotation();
        if before.status != Status::Partial || !before.note().is_empty() || before.has_rejections() {
            return false;
        }
        let removed: Option<Vec<SpanId>> =
            edits.iter().map(|edit| if let Edit::Remove(id) = edit { Some(*id) } else { None }).collect();
        let mut spans = before.spans().iter().map(|span| span.id).chain(before.lost().map(|(id, _)| id));
        removed.is_some_and(|removed| spans.all(|id| removed.contains(&id)))
    }

    /// Records `edits`, and moves the cursor to the word after `range`.
    /// Remembers the span that they are about.
    fn act_on(&mut self, edits: Vec<Edit>, span: SpanId, range: TextRange) {
        if self.act(edits) {
            self.tag.anchor = None;
            self.tag.nest = false;
            self.tag.goal = None;
            self.tag.last = Some(span);
            self.go_after(range);
        }
    }

    fn go_after(&mut self, range: TextRange) {
        if self.tag.chars.is_some() {
            return self.go_to_char(range.end);
        }
        let Some(document) = self.document() else { return };
        let after = document.words.partition_point(|word| word.start < range.end);
        let words = document.words.len();
        self.tag.set_word(after.min(words.saturating_sub(1)));
        self.tag.at_end = after >= words && words > 0;
    }
}
