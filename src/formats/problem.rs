//! Errors, warnings and notes of reading and writing.
//! Also the quoting of text from files in them.

use std::fmt;

use serde::Serialize;
use strum::IntoEnumIterator;

use crate::text::{TextRange, width::clean};

pub(crate) use crate::text::number::{grouped, with_noun};

/// Severity of a [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display, strum::EnumIter)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// Information; nothing is lost.
    Note,
    /// Something was read or written with a change.
    Warning,
    /// Something could not be read or written.
    Error,
}

/// An error, warning or note about a file. The message is safe to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Severity.
    pub severity: Severity,
    /// File of a folder or archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Description.
    pub message: String,
    /// Remedy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Place of content that cannot be written.
    #[serde(skip)]
    pub place: Option<Box<LossPlace>>,
}

/// Place of content that a format cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LossPlace {
    /// Id of the document.
    pub document: String,
    /// Bytes of its text; `None` for the whole document.
    pub range: Option<TextRange>,
}

impl Problem {
    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, file: None, line: None, message: message.into(), hint: None, place: None }
    }

    /// Creates a note.
    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message)
    }

    /// Creates a warning: something was changed or left out.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// Creates an error: something could not be done.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// Adds the line, counted from 1.
    #[must_use]
    pub fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Adds the place of content that cannot be written. The message begins with the document.
    #[must_use]
    pub(crate) fn in_document(mut self, document: &str, range: Option<TextRange>) -> Self {
        self.message = format!("{}{}", names_document(document), self.message);
        self.place = Some(Box::new(LossPlace { document: document.to_owned(), range }));
        self
    }

    /// The message without the document that it begins with, which is in [`Self::place`].
    pub fn reason(&self) -> &str {
        let document = self.place.as_ref().map(|place| names_document(&place.document)).unwrap_or_default();
        self.message.strip_prefix(&document).unwrap_or(&self.message)
    }

    /// Adds a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Names that a message gives of a list.
const MOST_NAMED: usize = 8;

/// The first names of a list that comes from a file, and the number of the others.
pub(crate) fn first_names(mut names: impl Iterator<Item = String>) -> String {
    let first: Vec<String> = names.by_ref().take(MOST_NAMED).collect();
    match names.count() {
        0 => first.join(", "),
        more => format!("{} and {} more", first.join(", "), grouped(more)),
    }
}

fn names_document(id: &str) -> String {
    format!("document {}: ", quoted(id))
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, "{}, line {line}: ", clean(file))?,
            (Some(file), None) => write!(f, "{}: ", clean(file))?,
            (None, Some(line)) => write!(f, "line {line}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Collector of problems.
/// It keeps the first of each severity, [`Problems::KEPT`] unless told otherwise, and counts the others.
#[derive(Debug)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    counts: [usize; 3],
    kept: usize,
    file: Option<String>,
}

impl Default for Problems {
    fn default() -> Self {
        Self::keeping(Self::KEPT)
    }
}

impl Problems {
    /// Problems of one severity that are kept.
    /// Enough to see a pattern, few enough to read.
    pub(crate) const KEPT: usize = 50;

    /// Keeps this number of problems of each severity.
    pub(crate) fn keeping(kept: usize) -> Self {
        Self { list: Vec::new(), counts: [0; 3], kept, file: None }
    }

    /// Names the file of a folder to which the next problems belong.
    pub(crate) fn set_file(&mut self, name: Option<&str>) {
        self.file = name.map(str::to_owned);
    }

    /// Adds a problem.
    pub(crate) fn push(&mut self, mut problem: Problem) {
        problem.file = problem.file.or_else(|| self.file.clone());
        let count = &mut self.counts[problem.severity as usize];
        *count += 1;
        if *count <= self.kept {
            self.list.push(problem);
        }
    }

    /// Adds problems.
    pub(crate) fn extend(&mut self, problems: impl IntoIterator<Item = Problem>) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }

    /// Number of problems of a severity, kept or not.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.counts[severity as usize]
    }

    /// Returns the kept problems, and a final one for each severity.
    /// The final one gives the number of the others.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        for severity in Severity::iter() {
            let hidden = self.count(severity).saturating_sub(self.kept);
            if hidden > 0 {
                let what = with_noun(hidden, &format!("more {severity}"));
                self.list.push(Problem::new(severity, format!("and {what}")));
            }
        }
        self.list
    }
}

/// Error for a line that is not a JSON object.
pub(crate) fn invalid_json(error: &serde_json::Error, line: &str) -> Problem {
    let message = parser_message(error);
    Problem::error(format!("not a JSON object: {message} at byte {} in {}", error.column(), quoted(line)))
}

/// Message of the JSON parser without the position that it appends, safe to show.
pub fn parser_message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    clean(text.split(" at line ").next().unwrap_or(&text)).into_owned()
}

/// Text from a file in backticks, safe to show, cut after 60 characters.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}\u{2026}`", clean(text.get(..end).unwrap_or_default())),
        None => format!("`{}`", clean(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_and_errors_survive_notes() {
        let mut problems = Problems::default();
        for n in 0..1_234 {
            problems.push(Problem::note(format!("{n}")));
        }
        problems.push(Problem::error("bad").at(7).hint("mend it"));
        let list = problems.finish();
        assert_eq!(list.len(), Problems::KEPT + 2);
        assert_eq!(list[Problems::KEPT].to_string(), "line 7: bad (mend it)");
        assert!(list[Problems::KEPT + 1].message.starts_with("and 1,184 more notes"));
    }

    #[test]
    fn control_characters_are_shown_as_symbols() {
        assert_eq!(quoted("a\u{1b}[2J\u{7f}\u{202e}"), "`a\u{241b}[2J\u{2421}<202e>`");
        assert_eq!(quoted(&"x".repeat(100)).chars().count(), 63);
    }
}
