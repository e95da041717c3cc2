//! The cursor: by word, by line, and to the next word that may want a label.

use crate::{
    app::{command::Command, event::Level, project::Project, suggestions::Suggestion, tag::Tag},
    spans::Document,
    text::{
        TextRange,
        range_set::RangeSet,
        width,
        wrap::{TextLayout, Vertical},
    },
};

use super::Desk;

/// English words with which labelled spans seldom begin, in lower case and in order. Chosen by how often each begins a
/// span in the training part of MIT Restaurant (below one in ten): with `w` passing over them, a planner that knows
/// the spans needs 3.34 keys for each there, with `w` stopping at every word 4.8.
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

/// Whether a word may carry a label on its own: it has a letter or digit and is no stop word.
fn is_content(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric) && STOP_WORDS.binary_search(&word.to_lowercase().as_str()).is_err()
}

impl Desk<'_> {
    /// Moves the cursor as `command` says.
    pub(super) fn walk(&mut self, command: Command) {
        let Some(document) = self.document() else { return };
        let last = document.words.len().saturating_sub(1);
        let word = self.tag.word;
        if self.tag.letters.is_some() && matches!(command, Command::Left | Command::Right) {
            return self.by_letter(command == Command::Left);
        }
        let target = match command {
            Command::Left => Some(word.saturating_sub(1)),
            Command::Right => Some((word + 1).min(last)),
            Command::First => Some(0),
            Command::Last => Some(last),
            Command::NextWord => stop_from(self.tag, self.project, word + 1),
            Command::PreviousWord => {
                let stops = Stops::new(self.tag, self.project);
                (0..word).rev().find(|at| stops.has(*at))
            }
            Command::NextSpan | Command::PreviousSpan | Command::NextSuggestion | Command::PreviousSuggestion => {
                self.marked(command)
            }
            Command::Up | Command::Down | Command::PageUp | Command::PageDown => return self.by_line(command),
            _ => return,
        };
        (self.tag.last, self.tag.goal) = (None, None);
        match target {
            Some(target) => {
                self.tag.word = target;
                self.tag.forget_letter();
            }
            None => self.tell(
                Level::Info,
                match command {
                    Command::NextWord => "No word without a label after this; the document may be done",
                    Command::NextSpan => "No span begins after this",
                    Command::PreviousSpan => "No span begins before this",
                    Command::NextSuggestion => "No suggestion after this",
                    Command::PreviousSuggestion => "No suggestion before this",
                    _ => "No word without a label before this",
                },
            ),
        }
    }

    /// The first word of the next span or suggestion, or of the one before.
    fn marked(&self, command: Command) -> Option<usize> {
        let document = self.document()?;
        let here = document.words.get(self.tag.word)?;
        let spans = || self.annotation().spans().iter().map(|span| span.range.start);
        let open = || self.project.suggestions(self.tag.document).iter().map(|suggestion| suggestion.range.start);
        // What begins inside this word is here.
        let start = match command {
            Command::NextSpan => spans().find(|start| *start >= here.end),
            Command::PreviousSpan => spans().rfind(|start| *start < here.start),
            Command::NextSuggestion => open().find(|start| *start >= here.end),
            _ => open().rfind(|start| *start < here.start),
        }?;
        Some(document.words_touching(TextRange::new(start, start + 1))?.start)
    }

    /// Where a phrase ends that has the next word after `end` and all content words that follow: before a word that seldom
    /// belongs to a span, a mark, or another span.
    pub(super) fn phrase_end(&self, end: usize) -> Option<usize> {
        let document = self.document()?;
        let next = document.words.partition_point(|word| word.end <= end);
        let free = |at: &usize| {
            let word = document.words.get(*at).copied().unwrap_or_default();
            is_content(document.word(*at)) && self.annotation().over(word).next().is_none()
        };
        let more = (next + 1..document.words.len()).take_while(free).last().unwrap_or(next);
        document.words.get(more).map(|word| word.end)
    }

    /// Moves up or down to the word nearest to the column aimed at. Lines without words are passed over.
    fn by_line(&mut self, command: Command) {
        let Some(document) = self.document() else { return };
        let Some(here) = document.words.get(self.tag.word).copied() else { return };
        let (text, words) = (&document.text, &document.words);
        let made = self.tag.layout(self.width, self.glyphs);
        let fresh = made.is_none().then(|| TextLayout::new(text, self.width, self.glyphs));
        let Some(layout) = made.or(fresh.as_ref()) else { return };
        let wide = || width::graphemes(here.of(text), self.glyphs).map(|grapheme| grapheme.width).sum::<usize>();
        let middle = || layout.column_of(text, here.start) + wide() / 2;
        let goal = self.tag.goal.unwrap_or_else(middle);
        let (to, steps) = match command {
            Command::Up => (Vertical::Up, 1),
            Command::Down => (Vertical::Down, 1),
            Command::PageUp => (Vertical::Up, self.page),
            _ => (Vertical::Down, self.page),
        };
        let word = (0..steps).try_fold(self.tag.word, |word, _| {
            // A page that is not full goes as far as it can.
            layout.word_vertical(text, words, word, to, Some(goal)).ok_or(word)
        });
        self.tag.last = None;
        self.tag.forget_letter();
        (self.tag.word, self.tag.goal) = (word.unwrap_or_else(|word| word), Some(goal));
    }
}

/// The first place from word `from` on that may want a label: the beginning of a suggestion, or a content word outside of
/// spans and suggestions.
pub(super) fn stop_from(tag: &Tag, project: &Project, from: usize) -> Option<usize> {
    let words = project.documents.get(tag.document)?.words.len();
    let stops = Stops::new(tag, project);
    (from..words).find(|at| stops.has(*at))
}

/// The places of the document in front that may want a label.
struct Stops<'a> {
    document: Option<&'a Document>,
    suggestions: &'a [Suggestion],
    spans: RangeSet,
}

impl<'a> Stops<'a> {
    fn new(tag: &Tag, project: &'a Project) -> Self {
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
    }
}
