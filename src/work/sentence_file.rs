//! Sentences of a file for the Explore screen: of plain text a line each, of every other format its texts.

use std::{
    cell::{Cell, OnceCell},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::source::{self, Watched, Watcher};
use crate::{
    formats::{self, Files, Format, Problem, ReadOptions, ReadSeek, Severity, Source},
    project::StorageError,
};

/// Number of sentences that are taken.
pub const MOST: usize = 1000;
/// Bytes of a sentence; longer ones are left out. A model reads some 2,000.
pub const LONGEST: usize = 20_000;
/// Bytes of the file that are read: more than the sentences can have.
const MOST_READ: u64 = 32 << 20;
/// Bytes that are read altogether: readers look at some files several times, and at all files of a folder.
const MOST_IN_ALL: u64 = 5 * MOST_READ;

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
    let head = Head { source: Watched { source: source::open(path)?, watcher: &bounded }, end: OnceCell::new() };
    let mut found = SentenceFile::default();
    let options = ReadOptions::default();
    let read = format_of(path, &head).and_then(|format| {
        let mut before_last = 0;
        let problems = format.read_texts(&head, &options, &mut |text| {
            before_last = found.sentences.len();
            found.take(text)
        })?;
        // Where each word has a line of its own, the end of the last text may be missing.
        if head.is_cut() && !format.keeps_text && !found.has_more {
            found.sentences.truncate(before_last);
        }
        Ok(problems)
    });
    match read {
        // Where a large file was cut, a reader may miss the end of a list.
        Ok(_) if head.is_cut() && !found.sentences.is_empty() => found.has_more = true,
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

/// The beginning of a file, up to the end of a line. So readers that survey a file as a whole get no more of it than the others.
struct Head<S> {
    source: S,
    /// Where the beginning ends; `None` for a file that is read to its end.
    end: OnceCell<Option<u64>>,
}

impl<S: Source> Head<S> {
    fn is_cut(&self) -> bool {
        self.end.get().copied().flatten().is_some()
    }

    /// Finds where the beginning ends: after the last whole line, or within a line that is longer than all of it.
    fn end(&self) -> io::Result<Option<u64>> {
        if let Some(end) = self.end.get() {
            return Ok(*end);
        }
        let mut input = self.source.bytes()?;
        let mut block = vec![0; 1 << 16];
        let (mut length, mut last_line) = (0, 0);
        let end = loop {
            let read = input.read(&mut block)?;
            let bytes = block.get(..read).unwrap_or_default();
            if read == 0 {
                break None;
            }
            if length + read as u64 > MOST_READ {
                break Some(if last_line > 0 { last_line } else { MOST_READ });
            }
            last_line = memchr::memrchr(b'\n', bytes).map_or(last_line, |at| length + at as u64 + 1);
            length += read as u64;
        };
        Ok(*self.end.get_or_init(|| end))
    }
}

impl<S: Source> Source for Head<S> {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        let input = self.source.bytes()?;
        Ok(match self.end()? {
            Some(end) => Box::new(input.take(end)),
            None => input,
        })
    }

    fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        self.source.seekable()
    }

    fn files(&self) -> Option<&dyn Files> {
        self.source.files()
    }

    fn beside(&self, name: &str) -> Option<Vec<u8>> {
        self.source.beside(name)
    }

    fn check_unchanged(&self) -> io::Result<()> {
        self.source.check_unchanged()
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
        self.is_full.set(self.read.get() > MOST_IN_ALL);
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

    #[test]
    fn large_files_of_every_form_are_read_up_to_a_limit() {
        // Texts that are too long to be taken, so that the end of what is read is reached.
        let long = "word ".repeat(6_000);
        let [item, row, sentence] =
            [format!("{{\"text\":\"{long}\"}}"), format!("\"{long}\"\n"), format!("{}\n", "beer\tO\n".repeat(4_500))];
        let filled = |first: &str, more: &str, last: &str| {
            let count = usize::try_from(MOST_READ).unwrap() / more.len() + 2;
            format!("{first}{}{last}", more.repeat(count))
        };
        for (name, text) in [
            ("a.conll", filled("fish\tB-Dish\ntacos\tI-Dish\n\n", &sentence, "end\tO\n")),
            ("a.jsonl", filled("{\"text\":\"fish tacos\"}\n", &format!("{item}\n"), "{\"text\":\"end\"}\n")),
            ("a.json", filled("[{\"text\":\"fish tacos\"}", &format!(",\n{item}"), "]")),
            ("a.csv", filled("text\nfish tacos\n", &row, "end\n")),
        ] {
            let found = of(name, text.as_bytes()).unwrap();
            assert_eq!((found.sentences, found.has_more), (vec!["fish tacos".to_owned()], true), "{name}");
            assert!(found.errors.is_empty() && found.too_long > 0, "{name}: {:?}", found.errors);
        }
    }
}
