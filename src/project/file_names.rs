//! File names made from user input or file contents.
//! They are checked before they become part of a path. Also text made safe to show.

use std::{fmt, str::FromStr};

use crate::text::width::clean;

/// A name cannot be used for a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name is empty.
    #[error("a name must have at least one character")]
    Empty,
    /// The name is longer than some file systems allow.
    #[error("`{0}` is longer than {MOST} bytes; choose a shorter name")]
    Long(String),
    /// A character has a meaning in paths, or is invalid in file names somewhere.
    #[error("`{name}` contains `{bad}`; use letters, digits and `-`, `_`, `.`, `@`, `+`")]
    Character {
        /// The name, safe to show.
        name: String,
        /// The first character that is not allowed, safe to show.
        bad: String,
    },
    /// Hidden files, options and `..` begin like this; Windows drops a dot at the end.
    #[error("`{0}` begins with `.`, `-`, `+` or `@`, or ends with `.`; choose another name")]
    Edge(String),
    /// The name is a device on Windows, where the project could not be checked out.
    #[error("`{0}` is a reserved name on Windows; choose another name")]
    Reserved(String),
    /// The two names are the same file on systems that ignore case.
    #[error("there is already an annotator `{other}`, and `{name}` differs from it only in capitals; use `{other}`")]
    Case {
        /// The wanted name.
        name: String,
        /// The existing name.
        other: String,
    },
    /// The name does not have the form `0001-mini`.
    #[error("`{0}` is not a run; runs have names like 0001-mini")]
    Run(String),
}

/// Suffix of the file to which a repair moves lines that cannot be used.
pub(super) const BAD: &str = "bad";
/// Suffix of the copy of a file that is repaired.
pub(super) const BEFORE_REPAIR: &str = "before-repair";

/// Suffix of the copy of a merged `project.json` that earlier versions kept.
pub(super) const BEFORE_MERGE: &str = "before-merge";

/// Name of the list of exports, in `exports/`.
pub(super) const EXPORT_RECORD: &str = ".exported.json";
/// Name of its lock, which is beside it because several projects may share the folder.
pub(super) const EXPORT_LOCK: &str = ".exported.lock";

/// Bytes of the longest name.
/// Leaves room for suffixes within the 255 bytes of common file systems.
const MOST: usize = 100;

/// Name of an annotator, valid as a file name on every system.
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
        check_file_name(name)?;
        Ok(Self(name.to_owned()))
    }
}

/// Folder name of a run.
/// A number of at least four digits, `-`, and a short word, as in `0001-mini`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId {
    number: u32,
    name: String,
}

impl RunId {
    /// Folder name for run `number` on `base` (`mini`, a path, a hub id).
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

    /// Name of a run's folder outside a project, which has no number.
    pub(super) fn of_folder(name: &str) -> Self {
        Self { number: 0, name: name.to_owned() }
    }

    /// The number, from 1; 0 outside a project.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The folder name.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

/// Number of a run's folder name; `None` if the name has another form.
fn run_number(name: &str) -> Option<u32> {
    let (digits, slug) = name.split_once('-')?;
    let is_number = digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| is_number && !slug.is_empty() && *number > 0)
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl FromStr for RunId {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let number = check_file_name(name).ok().and_then(|()| run_number(name));
        let number = number.ok_or_else(|| NameError::Run(shown(name)))?;
        Ok(Self { number, name: name.to_owned() })
    }
}

/// Checks that `name` is a valid file name on every system, without a path.
///
/// # Errors
/// The rule that the name breaks.
pub fn check_file_name(name: &str) -> Result<(), NameError> {
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

/// Text on one line, safe to show, cut after 120 characters. For messages.
pub fn shown(text: &str) -> String {
    const LONGEST: usize = 120;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}\u{2026}", clean(text.get(..end).unwrap_or_default())),
        None => clean(text).into_owned(),
    }
}

/// Text on one line, safe to show, in full.
pub(super) fn one_line(text: &str) -> String {
    clean(text).into_owned()
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
