//! Files that the user typed as on a command line: several with blanks between them, with quotes, as patterns.

use std::{collections::HashSet, io, path::PathBuf};

use glob::{MatchOptions, Pattern};

use super::user_folders::{UnknownHome, UserFolders};
use crate::text::{number::grouped, width::clean};

/// Files that a pattern may have.
const MOST: usize = 10_000;
/// As in a shell: `*` stands for no slash, and for no file whose name begins with a dot.
const AS_IN_A_SHELL: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// What was typed names no files.
#[derive(Debug, thiserror::Error)]
pub enum TypedError {
    /// A path begins with an unknown home folder.
    #[error(transparent)]
    Home(#[from] UnknownHome),
    /// A quote has no counterpart.
    #[error("a quote is not closed: type it twice, or \\ before it")]
    OpenQuote,
    /// No file has a name like this.
    #[error("no file matches {0}")]
    NoMatch(String),
    /// Too many files have a name like this.
    #[error("more than {most} files match {pattern}; import their folder", most = grouped(MOST))]
    TooMany {
        /// The pattern.
        pattern: String,
    },
    /// The brackets of a pattern have no meaning.
    #[error("{pattern} is no pattern: {why}; type \\ before a bracket that is a part of the name")]
    Pattern {
        /// What was typed.
        pattern: String,
        /// The reason.
        why: &'static str,
    },
    /// A folder that a pattern goes through cannot be read.
    #[error("{}: {cause}", .path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
}

/// Finds the files that the user typed, in their order, those of a pattern in alphabetical order. What is one path as a whole is
/// that path, whatever marks are in it.
///
/// # Errors
/// A quote is not closed, or a pattern has no files. Other files are not looked for.
pub(super) fn files(folders: &UserFolders, typed: &str) -> Result<Vec<PathBuf>, TypedError> {
    let whole = folders.resolve(typed)?;
    if whole.exists() {
        return Ok(vec![whole]);
    }
    let mut files = Vec::new();
    for word in words(typed)? {
        let path = folders.expand_home(&word.text)?;
        if word.pattern.is_none() || path.exists() {
            files.push(path);
        } else {
            files.extend(matching(folders, &word)?);
        }
    }
    // Each once: another time would be other documents with the same ids.
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

/// Files whose names are like a word.
fn matching(folders: &UserFolders, word: &Word) -> Result<Vec<PathBuf>, TypedError> {
    let Some(pattern) = &word.pattern else { return Ok(Vec::new()) };
    let pattern = match pattern.strip_prefix("~/") {
        // The name of the home folder is no pattern.
        Some(below) => format!("{}/{below}", Pattern::escape(&folders.expand_home("~")?.to_string_lossy())),
        None => pattern.clone(),
    };
    let found = glob::glob_with(&pattern, AS_IN_A_SHELL)
        .map_err(|error| TypedError::Pattern { pattern: clean(&word.text).into_owned(), why: error.msg })?;
    let mut files = Vec::new();
    for file in found {
        if files.len() == MOST {
            return Err(TypedError::TooMany { pattern: clean(&word.text).into_owned() });
        }
        files
            .push(file.map_err(|error| TypedError::Unreadable { path: error.path().to_owned(), cause: error.into() })?);
    }
    if files.is_empty() { Err(TypedError::NoMatch(clean(&word.text).into_owned())) } else { Ok(files) }
}

/// A word of what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Word {
    /// Its text, without quotes.
    text: String,
    /// The same as a pattern, if it has a mark of one outside quotes.
    pattern: Option<String>,
}

/// Splits a line into words, as a shell does.
fn words(line: &str) -> Result<Vec<Word>, TypedError> {
    let mut words = Vec::new();
    let mut word: Option<Builder> = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            words.extend(word.take().map(Builder::finish));
            continue;
        }
        let word = word.get_or_insert_default();
        match c {
            '\'' | '"' => word.quote(c, &mut chars)?,
            // At the end it is itself.
            '\\' => word.literal(chars.next().unwrap_or(c)),
            _ => word.plain(c),
        }
    }
    words.extend(word.map(Builder::finish));
    Ok(words)
}

/// A word in progress.
#[derive(Default)]
struct Builder {
    text: String,
    pattern: String,
    is_pattern: bool,
}

impl Builder {
    /// Adds a character outside quotes, which may be a mark of a pattern.
    fn plain(&mut self, c: char) {
        self.is_pattern |= matches!(c, '*' | '?' | '[');
        self.text.push(c);
        self.pattern.push(c);
    }

    /// Adds a character that stands for itself.
    fn literal(&mut self, c: char) {
        self.text.push(c);
        self.pattern += &Pattern::escape(c.encode_utf8(&mut [0; 4]));
    }

    /// Adds what follows an opening quote, up to the closing one. Between double quotes, `\` stands before a quote or itself.
    fn quote(&mut self, quote: char, chars: &mut impl Iterator<Item = char>) -> Result<(), TypedError> {
        loop {
            match chars.next().ok_or(TypedError::OpenQuote)? {
                c if c == quote => return Ok(()),
                '\\' if quote == '"' => match chars.next().ok_or(TypedError::OpenQuote)? {
                    c @ ('"' | '\\') => self.literal(c),
                    c => {
                        self.literal('\\');
                        self.literal(c);
                    }
                },
                c => self.literal(c),
            }
        }
    }

    fn finish(self) -> Word {
        Word { text: self.text, pattern: self.is_pattern.then_some(self.pattern) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn texts(line: &str) -> Vec<String> {
        words(line).unwrap().into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn words_are_split_as_in_a_shell() {
        for (line, expected) in [
            ("", &[][..]),
            ("  a.txt\tb.txt ", &["a.txt", "b.txt"]),
            ("'my file.txt' \"your file.txt\" his\\ file.txt", &["my file.txt", "your file.txt", "his file.txt"]),
            ("a\"b c\"'d'e ''", &["ab cde", ""]),
            (r#""a\"b\\c\d" 'it\' #x"#, &["a\"b\\c\\d", "it\\", "#x"]),
            ("a\\", &["a\\"]),
        ] {
            assert_eq!(texts(line), expected, "{line}");
        }
        for line in ["'a", "a\"b", "\"a\\\""] {
            assert!(matches!(words(line), Err(TypedError::OpenQuote)), "{line}");
        }
        let patterns: Vec<_> = words("a '*' \\* b* '[x]'?").unwrap().into_iter().map(|word| word.pattern).collect();
        assert_eq!(patterns, [None, None, None, Some("b*".to_owned()), Some("[[]x[]]?".to_owned())]);
    }

    #[test]
    fn patterns_find_files_in_order_and_each_once() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("ada [1]");
        fs::create_dir(&home).unwrap();
        for name in ["b.txt", "a.txt", ".c.txt", "my file.txt", "x[1].txt", "q*.md"] {
            fs::write(home.join(name), "x").unwrap();
        }
        let folders = UserFolders::new(None, Some(home.clone()));
        let found = |typed: &str| {
            let files = files(&folders, typed).map_err(|error| error.to_string())?;
            let names =
                files.iter().map(|file| file.strip_prefix(&home).unwrap_or(file).to_string_lossy().into_owned());
            Ok::<_, String>(names.collect::<Vec<_>>())
        };
        assert_eq!(found("~/*.txt").unwrap(), ["a.txt", "b.txt", "my file.txt", "x[1].txt"]);
        assert_eq!(found("~/b.txt ~/[ab].txt").unwrap(), ["b.txt", "a.txt"]);
        // What exists is meant as it is.
        assert_eq!(found("~/my file.txt").unwrap(), ["my file.txt"]);
        assert_eq!(found("~/x[1].txt ~/q*.md").unwrap(), ["x[1].txt", "q*.md"]);
        assert_eq!(found("~/none.txt").unwrap(), ["none.txt"], "the reader says that it does not exist");
        assert_eq!(found("~/*.csv").unwrap_err(), "no file matches ~/*.csv");
        assert!(found("~/a[.txt").unwrap_err().contains("is no pattern"));
        let bare = UserFolders::new(None, None);
        assert!(matches!(files(&bare, "~/*.txt"), Err(TypedError::Home(_))));
    }
}
