//! Cursor moves: by word, by line, and to the next word that may want a label.

use crate::{
    app::{command::Command, event::Level, project::Project, suggestions::Suggestion},
    spans::Document,
    text::{
        TextRange,
        range_set::RangeSet,
        width::{self, Glyphs},
        wrap::{TextLayout, Vertical},
    },
};

use super::{TagContext, Tagging};

/// English words with which labelled spans seldom begin.
/// They are in lower case and in order. Chosen by how often each begins a span in the training split of MIT Restaurant
/// (below one in ten): with `w` passing over them, a planner that knows the spans needs 3.34 keys for each there, with
/// `w` stopping at every word 4.8.
const STOP_WORDS: [&str; 130] = [
    "a",
    "about",
    "also",
    "am",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "because",
    "been",
    "both",
    "but",
    "by",
    "can",
    "can't",
    "could",
    "craving",
    "did",
    "do",
    "does",
    "doesn't",
    "don't",
    "each",
    "every",
    "find",
    "for",
    "from",
    "get",
    "give",
    "go",
    "going",
    "had",
    "has",
    "have",
    "he",
    "help",
    "her",
    "here",
    "him",
    "his",
    "how",
    "i",
    "i'd",
    "i'll",
    "i'm",
    "i've",
    "id",
    "if",
    "im",
    "in",
    "into",
    "is",
    "isn't",
    "it",
    "it's",
    "its",
    "just",
    "kind",
    "know",
    "like",
    "locate",
    "look",
    "looking",
    "make",
    "may",
    "me",
    "might",
    "must",
    "my",
    "need",
    "of",
    "on",
    "or",
    "please",
    "s",
    "search",
    "serve",
    "serves",
    "shall",
    "she",
    "should",
    "show",
    "so",
    "some",
    "something",
    "such",
    "tell",
    "than",
    "that",
    "that's",
    "thats",
    "the",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "they're",
    "those",
    "to",
    "too",
    "try",
    "us",
    "want",
    "was",
    "we",
    "we're",
    "were",
    "what",
    "what's",
    "whats",
    "when",
    "where",
    "where's",
    "wheres",
    "which",
    "while",
    "who",
    "whom",
    "whose",
    "why",
    "will",
    "with",
    "would",
    "you",
    "your",
];

/// Shown where no word follows that may want a label.
pub(in crate::app) const NO_NEXT_WORD: &str = "No word without a label follows; is the document done?";

/// Bytes of a word that are looked at. Stop words are shorter, and a key looks at many words.
const LOOKED_AT: usize = 40;

/// Words after the cursor that are looked at for the key line.
const NEAR: usize = 5_000;

/// Whether a word may carry a label on its own.
/// It does if it has a letter or digit near its beginning and is no stop word.
fn is_content(word: &str) -> bool {
    let start = word.get(..word.floor_char_boundary(LOOKED_AT)).unwrap_or(word);
    start.chars().any(char::is_alphanumeric)
        && (start != word || STOP_WORDS.binary_search(&word.to_lowercase().as_str()).is_err())
}

impl Tagging {
    /// First word that may want a label.
    /// The cursor begins there in a document that comes to the front for the first time.
    pub fn first_stop(&self, project: &Project) -> Option<usize> {
        stop_from(self, project, 0)
    }

    /// Next word after the cursor that may want a label.
    fn next_stop(&self, project: &Project) -> Option<usize> {
        stop_from(self, project, self.word + 1)
    }

    /// Whether a word after the cursor may want a label. Every frame asks for it, so only the next words are looked at: if
    /// there are more, one of them may.
    pub fn may_have_next_stop(&self, project: &Project) -> bool {
        let words = project.documents.get(self.document).map_or(0, |document| document.words.len());
        let stops = Stops::new(self, project);
        let near = self.word + 1 + NEAR;
        words > near || (self.word + 1..words).any(|at| stops.has(at))
    }
}

impl TagContext<'_> {
    /// Carries out a command that moves the cursor.
    pub(in crate::app) fn move_cursor(&mut self, command: Command) {
        let Some(document) = self.document() else { return };
        let last = document.words.len().saturating_sub(1);
        let word = self.tag.word;
        match command {
            Command::Left | Command::Right if self.tag.chars.is_some() => self.move_by_char(command == Command::Left),
            // From the end of the text to the last word.
            Command::Left if self.tag.at_end => self.tag.put(word),
            Command::Left => self.tag.put(word.saturating_sub(1)),
            Command::Right if self.tag.at_end => {}
            Command::Right => self.tag.put((word + 1).min(last)),
            Command::First => self.tag.put(0),
            Command::Last => self.tag.put(last),
            Command::Up | Command::Down | Command::PageUp | Command::PageDown => self.move_by_line(command),
            _ => self.move_to_stop(command),
        }
    }

    /// Moves to the next or previous word without a label, span or suggestion.
    /// Shows a message if there is none.
    fn move_to_stop(&mut self, command: Command) {
        let word = self.tag.word;
        let (target, none) = match command {
            Command::NextWord => (self.tag.next_stop(self.project), NO_NEXT_WORD),
            Command::PreviousWord => {
                let before = if self.tag.at_end { word + 1 } else { word };
                (stop_before(self.tag, self.project, before), "No word without a label before this")
            }
            Command::NextSpan => (self.mark(command), "No span begins after this"),
            Command::PreviousSpan => (self.mark(command), "No span begins before this"),
            Command::NextSuggestion => (self.mark(command), "No suggestion after this"),
            Command::PreviousSuggestion => (self.mark(command), "No suggestion before this"),
            _ => return,
        };
        match target {
            Some(target) => self.tag.put(target),
            None => {
                self.tag.last = None;
                self.tag.goal = None;
                self.show(Level::Info, none);
            }
        }
    }

    /// First word of the next span or suggestion, or of the previous one.
    fn mark(&self, command: Command) -> Option<usize> {
        let document = self.document()?;
        let word = *document.words.get(self.tag.word)?;
        let here = if self.tag.at_end { TextRange::new(word.end, word.end) } else { word };
        let mut spans = self.annotation().spans().iter().map(|span| span.range.start);
        let mut open = self.project.suggestions(self.tag.document).iter().map(|suggestion| suggestion.range.start);
        // Those that begin inside this word are under the cursor.
        let start = match command {
            Command::NextSpan => spans.find(|start| *start >= here.end),
            Command::PreviousSpan => spans.rfind(|start| *start < here.start),
            Command::NextSuggestion => open.find(|start| *start >= here.end),
            _ => open.rfind(|start| *start < here.start),
        }?;
        Some(document.words_touching(TextRange::new(start, start + 1))?.start)
    }

    /// End of a phrase that begins with the next word after `end`.
    /// All content words that follow belong to it, up to a stop word, a mark, or another span.
    pub(super) fn phrase_end(&self, end: usize) -> Option<usize> {
        let document = self.document()?;
        let next = document.words.partition_point(|word| word.end <= end);
        let more = (next + 1..document.words.len()).take_while(|at| self.is_free_content(document, *at)).last();
        document.words.get(more.unwrap_or(next)).map(|word| word.end)
    }

    /// Whether word `at` is a content word outside all spans.
    fn is_free_content(&self, document: &Document, at: usize) -> bool {
        let word = document.words.get(at).copied().unwrap_or_default();
        is_content(document.word(at)) && self.annotation().over(word).next().is_none()
    }

    /// Moves up or down to the word nearest to the goal column.
    /// Lines without words are passed over.
    fn move_by_line(&mut self, command: Command) {
        let Some(document) = self.document() else { return };
        let Some(here) = document.words.get(self.tag.word).copied() else { return };
        let kept = self.tag.layout(self.width, self.glyphs);
        let fresh = kept.is_none().then(|| TextLayout::new(&document.text, self.width, self.glyphs));
        let Some(layout) = kept.or(fresh.as_ref()) else { return };
        let goal = self.tag.goal.unwrap_or_else(|| middle_column(layout, document, here, self.glyphs));
        let (to, steps) = match command {
            Command::Up => (Vertical::Up, 1),
            Command::Down => (Vertical::Down, 1),
            Command::PageUp => (Vertical::Up, self.page),
            _ => (Vertical::Down, self.page),
        };
        let mut word = self.tag.word;
        for _ in 0..steps {
            // A page that is not full ends where it can go no further.
            let next = layout.word_vertical(&document.text, &document.words, word, to, Some(goal));
            let Some(next) = next else { break };
            word = next;
        }
        self.tag.put(word);
        self.tag.goal = Some(goal);
    }
}

/// Column of the middle of a word.
fn middle_column(layout: &TextLayout, document: &Document, word: TextRange, glyphs: Glyphs) -> usize {
    let graphemes = width::graphemes(word.of(&document.text), glyphs);
    layout.column_of(&document.text, word.start) + graphemes.map(|grapheme| grapheme.width).sum::<usize>() / 2
}

/// First word from `from` on that may want a label.
/// That is the first word of a suggestion, or a content word outside of spans and suggestions.
pub(super) fn stop_from(tag: &Tagging, project: &Project, from: usize) -> Option<usize> {
    let words = project.documents.get(tag.document)?.words.len();
    let stops = Stops::new(tag, project);
    (from..words).find(|at| stops.has(*at))
}

/// Last word before `before` that may want a label.
fn stop_before(tag: &Tagging, project: &Project, before: usize) -> Option<usize> {
    let stops = Stops::new(tag, project);
    (0..before).rev().find(|at| stops.has(*at))
}

/// The words of the document in front that may want a label.
struct Stops<'a> {
    document: Option<&'a Document>,
    suggestions: &'a [Suggestion],
    spans: RangeSet,
}

impl<'a> Stops<'a> {
    fn new(tag: &Tagging, project: &'a Project) -> Self {
        let spans = project.annotation(tag.document).spans().iter().map(|span| span.range);
        let document = project.documents.get(tag.document);
        Self { document, suggestions: project.suggestions(tag.document), spans: RangeSet::new(spans) }
    }

    fn has(&self, at: usize) -> bool {
        let Some(document) = self.document else { return false };
        let Some(range) = document.words.get(at).copied().filter(|range| !self.spans.overlaps(*range)) else {
            return false;
        };
        let first = self.suggestions.partition_point(|suggestion| suggestion.range.end <= range.start);
        match self.suggestions.get(first).filter(|suggestion| suggestion.range.overlaps(range)) {
            Some(suggestion) => suggestion.range.start >= range.start,
            None => is_content(document.word(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_in_order_and_found_in_any_case() {
        assert!(STOP_WORDS.is_sorted());
        for (word, content) in [("Where", false), ("I'm", false), ("within", true), ("...", false), ("$10", true)] {
            assert_eq!(is_content(word), content, "{word}");
        }
        let long = |end: &str| "-".repeat(LOOKED_AT - 1) + end;
        assert!(STOP_WORDS.iter().all(|word| word.len() < LOOKED_AT));
        assert_eq!(["a", "\u{e9}", "-a"].map(|end| is_content(&long(end))), [true, false, false]);
    }
}
