//! Sentences of a file for the Explore screen: of plain text a line each, of every other format its texts.

use std::{
    cell::Cell,
    io,
    path::{Path, PathBuf},
};

use super::source::{self, Watched, Watcher};
use crate::{
    formats::{self, Format, Problem, ReadOptions, Severity, Source},
    project::StorageError,
};

/// Number of sentences that are taken.
pub const MOST: usize = 1000;
/// Bytes of a sentence; longer ones are left out. A model reads some 2,000.
pub const LONGEST: usize = 20_000;
/// Bytes of the file that are read: more than the sentences can have.
const MOST_READ: u64 = 32 << 20;

/// Sentences of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentenceFile {
    /// The sentences, none of them blank.
    pub sentences: Vec<String>,
    /// Number of sentences that were left out, because they are too long.
    pub too_long: usize,
    /// Whether the file has more that was not read.
    pub has_more: bool,
    /// Errors of the file: what could not be read.
    pub errors: Vec<Problem>,
}

/// A file has no sentences to show.
#[derive(Debug, thiserror::Error)]
pub enum SentenceFileError {
    /// It cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Nothing in it can be read; the first problem.
    #[error("{}: {problem}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The problem.
        problem: Box<Problem>,
    },
    /// It has no sentence that can be shown.
    #[error("{} has no text of at most {LONGEST} bytes in the part that is read; a sentence has a line of its own", .0.display())]
    NoText(PathBuf),
}

/// Reads the first sentences of a file in any format that can be read, or of a folder of files.
///
/// # Errors
/// The file cannot be read, the watcher ends the reading, or there is no sentence in it.
pub fn read(path: &Path, watcher: &dyn Watcher) -> Result<SentenceFile, SentenceFileError> {
    let bounded = Bounded { watcher, read: Cell::new(0), is_full: Cell::new(false) };
    let watched = Watched { source: source::open(path)?, watcher: &bounded };
    let mut found = SentenceFile::default();
    let options = ReadOptions::default();
    let read = format_of(path, &watched)
        .and_then(|format| format.read_texts(&watched, &options, &mut |text| found.take(text)));
    match read {
        Ok(problems) => found.errors.extend(problems.into_iter().filter(|one| one.severity == Severity::Error)),
        Err(_) if bounded.is_full.get() => found.has_more = true,
        Err(cause) => return Err(StorageError { action: "read", path: path.to_owned(), cause }.into()),
    }
    match found.errors.first() {
        _ if !found.sentences.is_empty() => Ok(found),
        Some(problem) => {
            Err(SentenceFileError::Unreadable { path: path.to_owned(), problem: Box::new(problem.clone()) })
        }
        None => Err(SentenceFileError::NoText(path.to_owned())),
    }
}

/// Format of a file: text if it looks like one that is only recognised, as lines of two words look like columns.
fn format_of(path: &Path, source: &dyn Source) -> io::Result<&'static Format> {
    let found = formats::detect_source(&path.to_string_lossy(), source)?.format;
    Ok(formats::find("text").ok().filter(|_| !found.can_read()).unwrap_or(found))
}

impl SentenceFile {
    /// Takes the lines of a text; false if there are enough.
    fn take(&mut self, text: &str) -> bool {
        for line in text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()) {
            if line.len() > LONGEST {
                self.too_long += 1;
            } else if self.sentences.len() < MOST {
                self.sentences.push(line.to_owned());
            } else {
                self.has_more = true;
                return false;
            }
        }
        true
    }
}

/// Watcher who ends the reading of a large file.
struct Bounded<'a> {
    watcher: &'a dyn Watcher,
    read: Cell<u64>,
    is_full: Cell<bool>,
}

impl Watcher for Bounded<'_> {
    fn add(&self, bytes: u64) -> io::Result<()> {
        self.watcher.add(bytes)?;
        self.read.set(self.read.get().saturating_add(bytes));
        self.is_full.set(self.read.get() > MOST_READ);
        if self.is_full.get() { Err(io::Error::other("it is too large to be read to its end")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::work::source::Unwatched;

    fn of(name: &str, bytes: &[u8]) -> Result<SentenceFile, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        read(&path, &Unwatched).map_err(|error| error.to_string())
    }

    #[test]
    fn lines_and_texts_of_other_formats_are_sentences() {
        let plain = of("a.txt", b"fish tacos\r\n\n  cheap beer \nopen late").unwrap();
        assert_eq!(plain.sentences, ["fish tacos", "cheap beer", "open late"]);
        let json = b"{\"id\":\"1\",\"text\":\"fish tacos\\nopen late\"}\n{\"id\":\"2\",\"text\":\"soup\"}\n";
        assert_eq!(of("a.jsonl", json).unwrap().sentences, ["fish tacos", "open late", "soup"]);
        let tagged = of("a.conll", b"great\tO\ntacos\tB-Dish\n\nsoup\tB-Dish\n\n").unwrap();
        assert_eq!(tagged.sentences, ["great tacos", "soup"]);
    }

    #[test]
    fn only_so_much_is_taken_and_what_is_left_out_is_counted() {
        let many: String = (0..MOST + 5).map(|at| format!("line {at}\n")).collect();
        let found = of("a.txt", many.as_bytes()).unwrap();
        assert_eq!((found.sentences.len(), found.has_more, found.too_long), (MOST, true, 0));
        let exact: String = (0..MOST).map(|at| format!("line {at}\n")).collect();
        assert!(!of("a.txt", exact.as_bytes()).unwrap().has_more);
        let long = format!("{}\nsoup\n", "x".repeat(LONGEST + 1));
        let found = of("a.txt", long.as_bytes()).unwrap();
        assert_eq!((found.sentences, found.too_long), (vec!["soup".to_owned()], 1));
    }

    #[test]
    fn hostile_files_are_refused_or_read_in_part() {
        assert!(of("a.txt", b"").unwrap_err().contains("has no text"));
        assert!(of("a.txt", b"caf\xe9\n").unwrap_err().contains("a.txt: "));
        let escape = of("a.txt", b"a\x1b[31mb\n").unwrap();
        assert_eq!(escape.sentences, ["a\u{1b}[31mb"], "the field leaves control characters out");
        for path in ["/dev/zero", "/nowhere/a.txt"] {
            assert!(matches!(read(Path::new(path), &Unwatched), Err(SentenceFileError::Storage(_))), "{path}");
        }
    }

    #[test]
    fn a_large_file_is_read_up_to_a_limit() {
        let blank = " ".repeat(1 << 20);
        let lines = (0..MOST_READ >> 20).map(|_| blank.as_str());
        let text: Vec<&str> = ["fish tacos"].into_iter().chain(lines).chain(["open late"]).collect();
        let found = of("a.txt", text.join("\n").as_bytes()).unwrap();
        assert_eq!((found.sentences, found.has_more), (vec!["fish tacos".to_owned()], true), "the end is not reached");
    }
}
