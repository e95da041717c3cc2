//! Lines that were pasted into the field of the sentence: each is a sentence of its own.

use crate::text::number::with_noun;

/// Number of lines that are taken at once.
const MOST: usize = 1000;

/// The lines, and the one in the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pasted {
    /// At least two, none of them blank.
    lines: Vec<String>,
    at: usize,
    /// Number of further lines that were not taken.
    left_out: usize,
}

impl Pasted {
    /// The lines of a pasted text; `None` if it has only one that is not blank.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut lines = text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty());
        let taken: Vec<String> = lines.by_ref().take(MOST).map(str::to_owned).collect();
        (taken.len() > 1).then(|| Self { lines: taken, at: 0, left_out: lines.count() })
    }

    /// The line in the field, and all of them.
    pub(super) fn place(&self) -> (usize, usize) {
        (self.at + 1, self.lines.len())
    }

    /// Says what was taken, what was not, and with which keys one goes through them.
    pub(super) fn message(&self, [later, earlier]: [String; 2]) -> String {
        let left_out = match self.left_out {
            0 => String::new(),
            more => format!(", {} left out", with_noun(more, "further line")),
        };
        let lines = with_noun(self.lines.len(), "line");
        format!("{lines} pasted, each a sentence{left_out}: {later} and {earlier} go through them")
    }

    /// The line that is in the field.
    pub(super) fn line(&self) -> &str {
        self.lines.get(self.at).map_or("", String::as_str)
    }

    /// Goes to the line before or after this one, which stays as it is `now`. False if there is none.
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
