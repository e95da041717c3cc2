//! What went wrong or was worth saying while bytes were read or written, and how text from a file is quoted in it.

use std::fmt;

use serde::Serialize;
use strum::IntoEnumIterator;

pub(crate) use crate::text::number::{grouped, with_noun};

/// How much a [`Problem`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display, strum::EnumIter)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is lost.
    Note,
    /// Something was read or written otherwise than it stood.
    Warning,
    /// Something could not be read or written at all.
    Error,
}

/// One thing to say about a file. The message quotes text of the file with control characters made visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// How much it matters.
    pub severity: Severity,
    /// Line of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What happened.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Problem {
    fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self { severity, line: None, message: message.into(), hint: None }
    }

    /// Something worth knowing.
    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message)
    }

    /// Something that was changed or left out.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    /// Something that could not be done.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    /// The same with the line it is about, counted from 1.
    #[must_use]
    pub fn at(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Collects problems; of each severity the first [`Problems::KEPT`] are kept and the rest counted.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    counts: [usize; 3],
}

impl Problems {
    /// Enough to see a pattern, few enough to read.
    pub(crate) const KEPT: usize = 50;

    /// Takes one more.
    pub(crate) fn push(&mut self, problem: Problem) {
        let count = &mut self.counts[problem.severity as usize];
        *count += 1;
        if *count <= Self::KEPT {
            self.list.push(problem);
        }
    }

    /// How many there were of this severity, kept or not.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        self.counts[severity as usize]
    }

    /// The kept ones, and for each severity that overflowed one that says by how many.
    pub(crate) fn finish(mut self) -> Vec<Problem> {
        for severity in Severity::iter() {
            let hidden = self.count(severity).saturating_sub(Self::KEPT);
            if hidden > 0 {
                let what = with_noun(hidden, &format!("more {severity}"));
                self.list.push(Problem::new(severity, format!("and {what}")));
            }
        }
        self.list
    }
}

/// Text of a file as it may be shown: quoted, control characters as symbols, cut after 60 characters.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut out = String::from("`");
    for (at, c) in text.chars().enumerate() {
        if at == LONGEST {
            out.push('\u{2026}');
            break;
        }
        out.push(visible(c));
    }
    out.push('`');
    out
}

/// The symbol for a character that a terminal would act upon; every other character is itself.
fn visible(c: char) -> char {
    match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        // C1 controls, line separators and what turns the direction of writing around.
        '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        _ => c,
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
        assert_eq!(quoted("a\u{1b}[2J\u{7f}\u{202e}"), "`a\u{241b}[2J\u{2421}\u{fffd}`");
        assert_eq!(quoted(&"x".repeat(100)).chars().count(), 63);
    }
}
