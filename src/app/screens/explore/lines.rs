//! Sentences that came into the field together: pasted lines, those of a file, examples of a label.

use crate::{app::exchange::Sentences, text::number::with_noun};

/// Number of pasted lines that are taken at once.
const MOST: usize = 1000;

/// The sentences, and the one in the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lines {
    /// At least two, none of them blank.
    lines: Vec<String>,
    at: usize,
    /// What they are, such as the name of their file; empty for pasted ones.
    source: String,
    /// What was not taken, for the user; empty if all was.
    left_out: String,
}

impl Lines {
    /// The lines of a pasted text; `None` if it has only one that is not blank.
    pub(super) fn pasted(text: &str) -> Option<Self> {
        let mut lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
        let taken: Vec<String> = lines.by_ref().take(MOST).map(str::to_owned).collect();
        let left_out = match lines.count() {
            0 => String::new(),
            more => format!("{} left out", with_noun(more, "further line")),
        };
        (taken.len() > 1).then_some(Self { lines: taken, at: 0, source: String::new(), left_out })
    }

    /// Sentences from elsewhere.
    ///
    /// # Errors
    /// The only one of them, or nothing: it comes into the field as if it had been typed.
    pub(super) fn given(sentences: Sentences) -> Result<Self, String> {
        let Sentences { mut sentences, at, source, left_out } = sentences;
        match sentences.len() {
            ..2 => Err(sentences.pop().unwrap_or_default()),
            all => Ok(Self { lines: sentences, at: at.min(all - 1), source, left_out }),
        }
    }

    /// The sentence in the field, counted from 1, the number of all, and what they are.
    pub(super) fn place(&self) -> (usize, usize, &str) {
        (self.at + 1, self.lines.len(), &self.source)
    }

    /// Says what was taken, what was not, and with which keys one goes through them.
    pub(super) fn message(&self, [later, earlier]: [String; 2]) -> String {
        let lines = match self.source.as_str() {
            "" => format!("{} pasted, each a sentence", with_noun(self.lines.len(), "line")),
            source => format!("{}: {source}", with_noun(self.lines.len(), "sentence")),
        };
        let left_out = if self.left_out.is_empty() { String::new() } else { format!(", {}", self.left_out) };
        format!("{lines}{left_out}; {later} and {earlier} go through them")
    }

    /// The sentence that is in the field.
    pub(super) fn line(&self) -> &str {
        self.lines.get(self.at).map_or("", String::as_str)
    }

    /// Goes to the sentence before or after this one, which stays as it is `now`. False if there is none.
    pub(super) fn go(&mut self, earlier: bool, now: &str) -> bool {
        let to = if earlier { self.at.checked_sub(1) } else { Some(self.at + 1) };
        let Some(to) = to.filter(|to| *to < self.lines.len()) else { return false };
        if let Some(line) = self.lines.get_mut(self.at) {
            now.clone_into(line);
        }
        self.at = to;
        true
    }
}
