//! Sentences that were typed before, for as long as the project is open, and those that came together.

use super::lines::Lines;

/// Number of sentences that are remembered.
const REMEMBERED: usize = 500;

/// The sentences, and the one that was brought back.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// The latest last, each once.
    earlier: Vec<String>,
    /// Index in `earlier` that was brought back, and the text of the field before that.
    recalled: Option<(usize, String)>,
    /// Sentences that came together, until the field is emptied; meanwhile the keys go through these.
    lines: Option<Lines>,
}

impl History {
    /// Follows typing: what is in the field is no longer what was brought back.
    pub(super) fn typed(&mut self, now: &str) {
        self.recalled = None;
        self.lines.take_if(|_| now.is_empty());
    }

    /// Takes sentences that came together, in place of earlier ones.
    pub(super) fn take(&mut self, lines: Lines) {
        self.lines = Some(lines);
    }

    /// Forgets them, because a sentence from elsewhere comes into the field.
    pub(super) fn forget_lines(&mut self) {
        self.lines = None;
    }

    /// The sentences that came together.
    pub(super) fn lines(&self) -> Option<&Lines> {
        self.lines.as_ref()
    }

    /// All sentences that are remembered, the latest first.
    pub(super) fn newest_first(&self) -> Vec<String> {
        self.earlier.iter().rev().cloned().collect()
    }

    /// Remembers a sentence, so that it can be brought back.
    pub(super) fn remember(&mut self, text: &str) {
        self.recalled = None;
        let text = text.trim();
        if text.is_empty() || self.earlier.last().is_some_and(|last| last == text) {
            return;
        }
        let text = text.to_owned();
        self.earlier.retain(|earlier| *earlier != text);
        self.earlier.push(text);
        let surplus = self.earlier.len().saturating_sub(REMEMBERED);
        self.earlier.drain(..surplus);
    }

    /// Returns an earlier or later sentence than `now`, the text of the field; `None` if the field stays as it is.
    pub(super) fn bring_back(&mut self, earlier: bool, now: &str) -> Option<String> {
        if let Some(lines) = &mut self.lines {
            return lines.go(earlier, now).then(|| lines.line().to_owned());
        }
        let (at, typed) = self.recalled.take().unwrap_or_else(|| (self.earlier.len(), now.to_owned()));
        // A sentence that is in the field already is passed over.
        let mut others = self.earlier.iter().enumerate().filter(|(_, sentence)| **sentence != now);
        let to = if earlier { others.rfind(|(to, _)| *to < at) } else { others.find(|(to, _)| *to > at) };
        match to {
            Some((to, sentence)) => {
                self.recalled = Some((to, typed));
                Some(sentence.clone())
            }
            None if earlier => {
                self.recalled = Some((at, typed)).filter(|(at, _)| *at < self.earlier.len());
                None
            }
            // After the latest sentence comes the text that was being typed.
            None => Some(typed).filter(|typed| typed != now),
        }
    }
}
