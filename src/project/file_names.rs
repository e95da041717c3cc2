//! Names that come from people or files, checked before any of them becomes part of a path, and text from files made
//! safe to show.

use std::{fmt, str::FromStr};

/// Why a name cannot be used for a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left of it.
    #[error("a name must have at least one character")]
    Empty,
    /// Longer than files may be called everywhere.
    #[error("`{0}` is longer than {MOST} bytes; choose a shorter name")]
    Long(String),
    /// A character that has a meaning in paths, or that some system cannot have in a file name.
    #[error("`{name}` has `{bad}` in it; use letters, digits and `-`, `_`, `.`, `@`, `+`")]
    Character {
        /// The name, safe to show.
        name: String,
        /// The first character that cannot be used, safe to show.
        bad: String,
    },
    /// Hidden files, options and `..` begin so; Windows drops a point at the end.
    #[error("`{0}` begins with `.`, `-`, `+` or `@`, or ends with `.`; choose another name")]
    Edge(String),
    /// A device on Windows, where the project could not even be checked out.
    #[error("`{0}` is a reserved name on Windows; choose another name")]
    Reserved(String),
    /// One file on systems that do not tell capitals from small letters.
    #[error("there is already an annotator `{other}`, and `{name}` differs from it only in capitals; use `{other}`")]
    Case {
        /// The wanted name.
        name: String,
        /// The one that is there.
        other: String,
    },
    /// Not of the form `0001-mini`.
    #[error("`{0}` is no run; runs are called like 0001-mini")]
    Run(String),
}

/// The longest name in bytes; leaves room for what is added to it below the 255 bytes of common file systems.
const MOST: usize = 100;

/// The name of an annotator, fit to be a file name on every system.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AnnotatorName(String);

impl AnnotatorName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AnnotatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AnnotatorName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        plain(name)?;
        Ok(Self(name.to_owned()))
    }
}

/// The name of a run's folder: a number of at least four digits, `-`, and a short word: `0001-mini`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId {
    number: u32,
    name: String,
}

impl RunId {
    /// The folder name for run `number` on `base` (`mini`, a path, a hub id).
    pub fn new(number: u32, base: &str) -> Self {
        let last = base.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or_default();
        let mut slug = String::new();
        for c in last.chars().take(32) {
            match c.to_ascii_lowercase() {
                c if c.is_ascii_alphanumeric() => slug.push(c),
                _ if slug.ends_with('-') => {}
                _ => slug.push('-'),
            }
        }
        let slug = slug.trim_matches('-');
        let slug = if slug.is_empty() { "run" } else { slug };
        Self { number, name: format!("{number:04}-{slug}") }
    }

    /// The number, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The folder name.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl FromStr for RunId {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let no_run = || NameError::Run(shown(name));
        plain(name).map_err(|_| no_run())?;
        let (digits, slug) = name.split_once('-').ok_or_else(no_run)?;
        let number = digits.parse().map_err(|_| no_run())?;
        if digits.len() < 4 || slug.is_empty() || number == 0 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(no_run());
        }
        Ok(Self { number, name: name.to_owned() })
    }
}

/// Whether `name` can be one file name, inside its folder, on every system.
///
/// # Errors
/// Says what is wrong with it.
pub fn plain(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > MOST {
        return Err(NameError::Long(shown(name)));
    }
    if let Some(bad) = name.chars().find(|c| !(c.is_alphanumeric() || "-_.@+".contains(*c))) {
        return Err(NameError::Character { name: shown(name), bad: shown(&bad.to_string()) });
    }
    if name.starts_with(['.', '-', '+', '@']) || name.ends_with('.') {
        return Err(NameError::Edge(shown(name)));
    }
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let port = stem.strip_prefix("com").or_else(|| stem.strip_prefix("lpt"));
    if matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
        || port.is_some_and(|n| matches!(n.as_bytes(), [b'0'..=b'9']))
    {
        return Err(NameError::Reserved(shown(name)));
    }
    Ok(())
}

/// `text` in one line without anything that a terminal would obey, at most 120 characters: for messages.
pub fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(120).map(symbol).collect();
    if text.chars().nth(120).is_some() {
        out.push('\u{2026}');
    }
    out
}

/// `text` in one line without anything that a terminal would obey, whole.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(symbol).collect()
}

fn symbol(c: char) -> char {
    match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for bad in [
            "", ".", "..", "../anna", "a/b", "a\\b", "/etc", ".hidden", "-rf", "anna\n", "a\0b", "a:b", "NUL",
            "com1.x", "anna.",
        ] {
            assert!(bad.parse::<AnnotatorName>().is_err(), "{bad:?}");
            assert!(bad.parse::<RunId>().is_err(), "{bad:?}");
        }
        for good in ["anna", "Jos\u{e9}", "a.b-c_d", "anna@example.org", "gold", "console"] {
            assert!(good.parse::<AnnotatorName>().is_ok(), "{good:?}");
        }
    }

    #[test]
    fn runs_are_numbered_and_named_after_their_base() {
        assert_eq!(RunId::new(1, "mini").as_str(), "0001-mini");
        assert_eq!(RunId::new(12, "distilbert/distilbert-base-uncased").as_str(), "0012-distilbert-base-uncased");
        assert_eq!(RunId::new(12345, "/models/../").as_str(), "12345-run");
        for bad in ["1-mini", "0001", "0001-", "0000-mini", "+001-mini", "00\u{661}1-mini"] {
            assert!(bad.parse::<RunId>().is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_run_that_is_made_can_be_named(number in 1u32.., base in "\\PC{0,40}") {
            let id = RunId::new(number, &base);
            prop_assert_eq!(id.as_str().parse::<RunId>(), Ok(id));
        }

        #[test]
        fn nothing_shown_is_obeyed_by_a_terminal(text in any::<String>()) {
            prop_assert!(!shown(&text).chars().any(char::is_control));
        }
    }
}
