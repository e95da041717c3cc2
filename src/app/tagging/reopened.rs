//! The cursor in a project that is opened again.
//! Documents are followed by their ids, the cursor by its place in the text.

use crate::{
    app::project::Project,
    spans::{Document, DocumentList},
    text::{OffsetMap, TextRange, diff},
};

use super::{TagContext, Tagging};

/// Place of the cursor in a project that was opened again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) struct Spot {
    /// The document to bring to the front.
    pub(in crate::app) document: usize,
    /// Byte of the cursor there; `None` if the document is another one than before.
    at: Option<usize>,
    /// Whether the cursor was after the last word.
    at_end: bool,
}

impl Spot {
    /// The place in a document at which it was left, or at which it begins.
    pub(in crate::app) fn in_document(document: usize) -> Self {
        Self { document, at: None, at_end: false }
    }
}

impl Tagging {
    /// Returns the state for `project`, and the place of the cursor there.
    /// `old` are the documents to which this state refers. If the document in front was removed, the next one takes
    /// its place. There is no place if none of the documents is left.
    pub(in crate::app) fn reopened(self, old: &DocumentList, project: &Project) -> (Self, Option<Spot>) {
        let here = old.get(self.document).and_then(|document| Some((document, project.documents.find(&document.id)?)));
        let at = here.map(|(before, now)| self.range(before).map_or(0, |range| place_after(range, before, now)));
        let spot = self.front(old, project).map(|document| Spot { document, at, at_end: self.at_end });
        let cursors = self.cursors.iter().filter_map(|(at, word)| {
            let (before, now) = (old.get(*at)?, position(*at, old, project)?);
            let document = project.documents.get(now)?;
            // Words are cut only where the text has changed: there may be many documents.
            let same = before.text == document.text;
            Some((now, if same { *word } else { word_after(*word, before, document) }))
        });
        let places = self.places.iter().filter_map(|(at, place)| {
            let (before, now) = (old.get(*at)?, position(*at, old, project)?);
            Some((now, place_in(*place, before, project.documents.get(now)?)))
        });
        // Documents of the queue before the place that was left may be gone.
        let left =
            |place: usize| self.queue.iter().take(place).filter(|at| position(**at, old, project).is_some()).count();
        let reopened = Self {
            left_at: self.left_at.map(left),
            chars: self.chars,
            armed: self.armed.filter(|label| project.labels.get(*label).is_some()),
            queue: self.queue.iter().filter_map(|at| position(*at, old, project)).collect(),
            visited: self.visited.iter().filter_map(|at| position(*at, old, project)).collect(),
            cursors: cursors.collect(),
            scope: self.scope,
            next: self.next.reopened(|at| position(at, old, project)),
            search: self.search,
            places: places.collect(),
            document: spot.map_or(0, |spot| spot.document),
            // The cursor follows when the document is in front; a selection and what began with it end.
            word: 0,
            at_end: false,
            anchor: None,
            pressed: None,
            last: None,
            nest: false,
            layout: None,
            goal: None,
            asked_about_flag: None,
            keeps_answer: false,
            drawn: None,
            seen: Vec::new(),
        };
        (reopened, spot)
    }

    /// Position of the document in front, or of the next one that is left.
    fn front(&self, old: &DocumentList, project: &Project) -> Option<usize> {
        match self.queue.iter().position(|at| *at == self.document).and_then(|place| self.queue.split_at_checked(place))
        {
            Some((before, after)) => after.iter().chain(before.iter().rev()).find_map(|at| position(*at, old, project)),
            None => {
                (self.document..old.len()).chain((0..self.document).rev()).find_map(|at| position(at, old, project))
            }
        }
    }

    /// Range under the cursor in `document`, which is the one in front; the last word after it.
    fn range(&self, document: &Document) -> Option<TextRange> {
        let chars = self.chars.and_then(|chars| chars.range(self.word, document));
        chars.or_else(|| document.words.get(self.word).copied())
    }
}

impl TagContext<'_> {
    /// Brings a document to the front, with the cursor where it was.
    pub(in crate::app) fn return_to(&mut self, spot: Spot) {
        self.go_to_change(spot.document);
        let Some(at) = spot.at else { return };
        if self.tag.chars.is_some() {
            return self.go_to_char(at);
        }
        let Some(document) = self.document() else { return };
        let (word, words) = (word_at(at, document), document.words.len());
        self.tag.set_word(word);
        self.tag.at_end = spot.at_end && word + 1 == words;
    }
}

/// Position in `project` of the document that was at `at` in `old`.
fn position(at: usize, old: &DocumentList, project: &Project) -> Option<usize> {
    project.position(&old.get(at)?.id)
}

/// The word over a byte, else the next one, else the last.
fn word_at(byte: usize, document: &Document) -> usize {
    let words = &document.words;
    words.partition_point(|word| word.end <= byte).min(words.len().saturating_sub(1))
}

/// The word of `now` that was word `word` of `before`.
fn word_after(word: usize, before: &Document, now: &Document) -> usize {
    before.words.get(word).map_or(0, |range| word_at(place_after(*range, before, now), now))
}

/// The place in `now` of what was on `range` in `before`; where the text has changed, the word there.
fn place_in(range: TextRange, before: &Document, now: &Document) -> TextRange {
    if before.text == now.text {
        return range;
    }
    let word = word_at(place_after(range, before, now), now);
    now.words.get(word).copied().unwrap_or_default()
}

/// First byte in `now` of what was on `range` in `before`, or of what is in its place.
fn place_after(range: TextRange, before: &Document, now: &Document) -> usize {
    if before.text == now.text {
        return range.start;
    }
    let (old, new) = (OffsetMap::new(&before.text), OffsetMap::new(&now.text));
    let moved = diff::moved(old.to_chars(range), &diff::differences(&before.text, &now.text));
    let place = moved.and_then(|range| new.from_chars(range).ok());
    place.map_or_else(|| byte_after(range.start, &before.text, &now.text), |range| range.start)
}

/// Byte of `new` at the place of byte `at` of `old`, but at most where the two begin to differ.
fn byte_after(at: usize, old: &str, new: &str) -> usize {
    let same = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    new.floor_char_boundary(at.min(same))
}
