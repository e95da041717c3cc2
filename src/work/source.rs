//! Files in any format, read with detection.
//! They are turned into sentences for training and evaluation.

use std::{
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use crate::{
    formats::{self, Corpus, Files, Format, Problem, ReadFile, ReadOptions, ReadSeek, Severity, Source},
    project::{InputFile, InputFolder, StorageError, import_source::ImportSourceError, storage},
    spans::{HalfWords, Scheme, Sentence, dataset},
};

/// A file that was read, with its problems.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path of the file, for messages.
    pub path: PathBuf,
    /// Format in which it was read.
    pub format: &'static Format,
    /// Reason for the format.
    /// The details that were detected, or that the caller chose it.
    pub why: String,
    /// Contents and problems.
    pub read: ReadFile,
}

impl SourceFile {
    /// Reads a file in the given format, or in its likeliest one.
    ///
    /// # Errors
    /// The file cannot be read. Problems of its contents are in [`SourceFile::read`].
    pub fn open(path: &Path, format: Option<&'static Format>, options: &ReadOptions) -> Result<Self, StorageError> {
        Self::open_watched(path, format, options, &Unwatched)
    }

    /// As [`Self::open`], with a watcher who may end the reading.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_watched(
        path: &Path,
        format: Option<&'static Format>,
        options: &ReadOptions,
        watcher: &dyn Watcher,
    ) -> Result<Self, StorageError> {
        Self::read(path, &Watched { source: open(path)?, watcher }, format, options).map_err(|cause| StorageError {
            action: "read",
            path: path.to_owned(),
            cause,
        })
    }

    /// Reads the bytes of a file; `path` names it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn read(
        path: &Path,
        source: &dyn Source,
        format: Option<&'static Format>,
        options: &ReadOptions,
    ) -> io::Result<Self> {
        let guess = formats::detect_with(&path.to_string_lossy(), source, options)?;
        let read = format.unwrap_or(guess.format).read_file(source, options)?;
        let why = match format {
            Some(_) => "as asked".to_owned(),
            None if read.detected.is_empty() => guess.why,
            None => read.detected.join(", "),
        };
        Ok(Self { path: path.to_owned(), format: format.unwrap_or(guess.format), why, read })
    }

    /// Problems that do not prevent the use of the file.
    pub fn notes(&self) -> impl Iterator<Item = &Problem> {
        self.read.problems.iter().filter(|problem| problem.severity != Severity::Error)
    }

    /// Returns the file if it has no errors and at least one text.
    ///
    /// # Errors
    /// All its errors, or that it has no text.
    pub fn check(mut self) -> Result<Self, ImportSourceError> {
        if self.read.has_errors() {
            let mut problems = std::mem::take(&mut self.read.problems);
            problems.retain(|problem| problem.severity == Severity::Error);
            return Err(ImportSourceError::Refused { path: self.path, problems });
        }
        if self.read.found.is_empty() {
            return Err(ImportSourceError::NoText(self.path));
        }
        Ok(self)
    }

    /// Contents as a corpus.
    pub fn into_corpus(self) -> Corpus {
        self.read.found.into_corpus()
    }
}

/// Opens a file of the user, or a folder of files.
///
/// # Errors
/// It cannot be read, is no regular file, or is too large.
pub fn open(path: &Path) -> Result<Box<dyn Source>, StorageError> {
    Ok(match path.is_dir() {
        true => Box::new(InputFolder::open(path)?),
        false => Box::new(InputFile::open(path, storage::LARGE)?),
    })
}

/// Sentences of a tagged file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedSentences {
    /// Words with IOB2 tags; a sentence is named `file, sentence NUMBER`: files of many formats have no line for it.
    pub sentences: Vec<Sentence>,
    /// Number of spans that were widened to whole words or left out.
    pub changed_spans: usize,
}

impl TaggedSentences {
    /// Converts a corpus that was read from the file `path`.
    pub fn from_corpus(path: &Path, corpus: &Corpus) -> Self {
        let mut tagged = Self::default();
        for (at, (document, annotation)) in corpus.pairs().enumerate() {
            let (spans, losses) = dataset::word_spans(document, annotation, &corpus.labels, HalfWords::Snap);
            tagged.changed_spans += losses.total();
            tagged.sentences.push(Sentence {
                id: format!("{}, sentence {}", path.display(), at + 1),
                words: document.word_texts().map(str::to_owned).collect(),
                tags: Scheme::Bio.encode(&spans, document.words.len()),
            });
        }
        tagged
    }
}

/// Whoever wants to know how much was read, and may end the reading.
pub trait Watcher {
    /// Is called with a number of bytes that were read.
    ///
    /// # Errors
    /// The reading is not wanted any longer; it ends with this error.
    fn add(&self, bytes: u64) -> io::Result<()>;
}

/// Watcher who wants to know nothing.
pub struct Unwatched;

impl Watcher for Unwatched {
    fn add(&self, _: u64) -> io::Result<()> {
        Ok(())
    }
}

/// A source that tells a watcher how much was read, also of the files in it.
pub struct Watched<'a, S> {
    /// The source.
    pub source: S,
    /// The watcher.
    pub watcher: &'a dyn Watcher,
}

impl<S: Source> Source for Watched<'_, S> {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(WatchedReader { input: self.source.bytes()?, watcher: self.watcher }))
    }

    fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        Ok(Box::new(WatchedReader { input: self.source.seekable()?, watcher: self.watcher }))
    }

    fn files(&self) -> Option<&dyn Files> {
        self.source.files().map(|_| self as &dyn Files)
    }

    fn beside(&self, name: &str) -> Option<Vec<u8>> {
        self.source.beside(name)
    }

    fn check_unchanged(&self) -> io::Result<()> {
        self.source.check_unchanged()
    }
}

impl<S: Source> Files for Watched<'_, S> {
    fn names(&self) -> &[String] {
        self.source.files().map_or(&[], Files::names)
    }

    fn is_archive(&self) -> bool {
        self.source.files().is_some_and(Files::is_archive)
    }

    fn left_out(&self) -> &[String] {
        self.source.files().map_or(&[], Files::left_out)
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn Source + '_>> {
        let files = self.source.files().ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Watched { source: files.open(index)?, watcher: self.watcher }))
    }
}

struct WatchedReader<'a, R> {
    input: R,
    watcher: &'a dyn Watcher,
}

impl<R: Read> Read for WatchedReader<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(bytes)?;
        self.watcher.add(read as u64)?;
        Ok(read)
    }
}

impl<R: Seek> Seek for WatchedReader<'_, R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.input.seek(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, bytes: &[u8]) -> SourceFile {
        SourceFile::read(Path::new(name), &bytes, None, &ReadOptions::default()).unwrap()
    }

    #[test]
    fn a_file_is_read_in_its_likeliest_format_or_in_the_chosen_one() {
        let detected = read("a.conll", b"great\tO\ntacos\tB-Dish\n\n");
        assert_ne!(detected.format.name, "text");
        assert_eq!(detected.why, detected.read.detected.join(", "));
        let chosen = formats::find("text").unwrap();
        let bytes = &b"great tacos\n"[..];
        let file = SourceFile::read(Path::new("a"), &bytes, Some(chosen), &ReadOptions::default()).unwrap();
        assert_eq!((file.format.name, file.why.as_str()), ("text", "as asked"));
        assert!(SourceFile::open(Path::new("/nowhere/a.txt"), None, &ReadOptions::default()).is_err());
    }

    #[test]
    fn a_file_that_another_program_writes_while_it_is_read_gives_nothing() {
        /// Another program appends to the file whenever it is read.
        struct Growing<'p>(InputFile, &'p Path);
        impl Source for Growing<'_> {
            fn bytes(&self) -> io::Result<Box<dyn io::Read + '_>> {
                use io::Write;
                std::fs::File::options().append(true).open(self.1)?.write_all(b"and more\n")?;
                self.0.bytes()
            }

            fn check_unchanged(&self) -> io::Result<()> {
                self.0.check_unchanged()
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "great tacos\n").unwrap();
        let growing = Growing(InputFile::open(&path, storage::LARGE).unwrap(), &path);
        let error = SourceFile::read(&path, &growing, None, &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains("changed while it was read"), "{error}");
        assert!(SourceFile::open(&path, None, &ReadOptions::default()).unwrap().read.found.len() > 1);
    }

    #[test]
    fn a_watcher_sees_the_files_of_a_folder_and_what_is_read_from_the_end() {
        struct Counter(std::cell::Cell<u64>);
        impl Watcher for Counter {
            fn add(&self, bytes: u64) -> io::Result<()> {
                self.0.set(self.0.get() + bytes);
                Ok(())
            }
        }
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("a.txt", "great tacos\n"), ("b.txt", "open late\n")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let counter = Counter(std::cell::Cell::new(0));
        let options = ReadOptions::default();
        let read = SourceFile::open_watched(folder.path(), None, &options, &counter).unwrap();
        assert_eq!(read.read.found.len(), 2);
        assert!(counter.0.take() >= 22, "all bytes of the folder");
        let source = Watched { source: &b"from the end"[..], watcher: &counter };
        let mut reader = source.seekable().unwrap();
        reader.seek(SeekFrom::End(-3)).unwrap();
        assert_eq!((io::read_to_string(reader).unwrap().as_str(), counter.0.take()), ("end", 3));
    }

    #[test]
    fn a_watcher_can_end_the_reading() {
        struct Ended;
        impl Watcher for Ended {
            fn add(&self, _: u64) -> io::Result<()> {
                Err(io::Error::other("not wanted"))
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        std::fs::write(&path, "great tacos\n").unwrap();
        let error = SourceFile::open_watched(&path, None, &ReadOptions::default(), &Ended).unwrap_err();
        assert!(error.to_string().contains("not wanted"), "{error}");
    }

    #[test]
    fn a_file_with_errors_or_without_text_is_refused() {
        let empty = read("a.txt", b"").check().unwrap_err();
        assert!(matches!(empty, ImportSourceError::NoText(_)) && empty.to_string().contains("a.txt"));
        let Err(ImportSourceError::Refused { path, problems }) = read("a.txt", b"caf\xe9\n").check() else { panic!() };
        assert_eq!(path, Path::new("a.txt"));
        assert!(problems.iter().all(|problem| problem.severity == Severity::Error) && !problems.is_empty());
        assert_eq!(read("a.txt", b"great tacos\n").check().unwrap().read.found.len(), 1);
    }

    #[test]
    fn spans_of_half_words_are_widened_and_counted() {
        let line = br#"{"id":"1","text":"seafood bar","spans":[{"start":0,"end":3,"label":"Dish"}]}"#;
        let file = read("a.jsonl", line);
        let tagged = TaggedSentences::from_corpus(&file.path.clone(), &file.into_corpus());
        assert_eq!(tagged.changed_spans, 1);
        assert_eq!(tagged.sentences[0].id, "a.jsonl, sentence 1");
        assert_eq!(tagged.sentences[0].tags, ["B-Dish", "O"]);
    }
}
