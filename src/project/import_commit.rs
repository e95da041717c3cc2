//! Writing of an import that was planned: the logs, the documents, then the journals.

use std::{
    cell::Cell,
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    Annotator, DOCUMENTS, Documents, Project, ProjectError, documents,
    file_stamp::{Stamp, stamp_of, stamp_of_more},
    journal,
    journal_appender::Files,
    storage::{self, LARGE, OwnFile, StorageError},
};
use crate::{
    guard,
    spans::{Document, Entry},
};

/// Entries of an import for the journal of one annotator.
pub(super) struct NewEntries<'a> {
    pub(super) annotator: &'a mut Annotator,
    /// At least one.
    pub(super) entries: Vec<Entry>,
    /// Their lines.
    pub(super) lines: Vec<u8>,
}

impl NewEntries<'_> {
    /// Path of the log that has the lines until they are in the journal.
    fn log(&self, project: &Project) -> PathBuf {
        Files::of(project, self.annotator.name()).import
    }

    /// Writes the lines into the journal, of which the log is no longer needed then.
    fn append(self, project: &Project) -> Result<(), ProjectError> {
        let log = self.log(project);
        let Self { annotator, entries, lines } = self;
        if let Err(why) = annotator.append(&project.documents, &lines) {
            return Err(ProjectError::Unfinished { name: annotator.name().clone(), why: Box::new(why) });
        }
        annotator.add_entries(entries, &lines);
        Ok(remove_log(&log, &lines)?)
    }
}

/// Removes a log that has these lines.
fn remove_log(path: &Path, lines: &[u8]) -> Result<(), StorageError> {
    OwnFile::read(path, |bytes| bytes == lines)?.map_or(Ok(()), OwnFile::remove)
}

impl Project {
    /// Writes the documents from position `first` on, or the whole file if lines of it change, and the lines of the journals.
    ///
    /// # Errors
    /// The file system refuses. Nothing was imported then, except after [`ProjectError::Unfinished`].
    pub(super) fn publish(
        &mut self,
        next: Documents,
        whole: Option<Vec<u8>>,
        first: usize,
        journals: Vec<NewEntries<'_>>,
    ) -> Result<(), ProjectError> {
        for (at, journal) in journals.iter().enumerate() {
            if let Err(error) = storage::replace(&journal.log(self), &journal.lines) {
                self.discard_logs(journals.get(..at).unwrap_or_default());
                return Err(error.into());
            }
        }
        let path = self.root.join(DOCUMENTS);
        let written = Cell::default();
        let is_changed = Cell::new(false);
        let contents = |file: &mut dyn Write| {
            let mut file = Stamping { to: file, stamp: (0, 0) };
            if let Some(whole) = &whole {
                is_changed.set(stamp_of(&path).map_err(|error| error.cause)? != self.stamp);
                file.write_all(whole)?;
                written.set(file.stamp);
                return if is_changed.get() { Err(io::Error::other("it was changed")) } else { Ok(()) };
            }
            is_changed.set(copy_lines(&path, &mut file)? != self.stamp);
            if is_changed.get() {
                // Its documents may have the ids of the new ones.
                return Err(io::Error::other("it was changed"));
            }
            write_new(next.iter().skip(first), &mut file)?;
            written.set(file.stamp);
            Ok(())
        };
        if let Err(error) = storage::replace_with(&path, &contents) {
            // If only the sync of the folder failed, the new documents are there and the logs are needed.
            if is_changed.get() || stamp_of(&path).is_ok_and(|stamp| stamp == self.stamp) {
                self.discard_logs(&journals);
            }
            if is_changed.get() {
                self.documents.forget_file();
                return Err(ProjectError::Changed(path));
            }
            return Err(error.into());
        }
        self.stamp = written.get();
        self.documents = next;
        // One that cannot be written does not keep the others from the disk; its log completes it later.
        let appended: Vec<Result<(), ProjectError>> =
            journals.into_iter().map(|journal| journal.append(self)).collect();
        appended.into_iter().collect()
    }

    /// Removes the logs of an import that did not happen.
    fn discard_logs(&self, journals: &[NewEntries<'_>]) {
        for journal in journals {
            // If this fails too, a later import discards the log, because its documents are missing.
            remove_log(&journal.log(self), &journal.lines).ok();
        }
    }

    /// Removes logs of imports that were never committed.
    /// This happens before other documents can take their ids.
    ///
    /// No import is under way, because the caller holds the lock.
    pub(super) fn discard_uncommitted_imports(&self) -> Result<(), ProjectError> {
        for name in self.annotators() {
            let Some(log) = Files::of(self, &name).import_log()? else { continue };
            if !journal::load(&log.bytes, &self.documents).is_committed() {
                log.remove()?;
            }
        }
        Ok(())
    }
}

/// Writes the lines of documents, each at once: the JSON of one comes in many small pieces.
fn write_new<'a>(mut documents: impl Iterator<Item = &'a Document>, to: &mut impl Write) -> io::Result<()> {
    let mut line = Vec::new();
    documents.try_for_each(|document| {
        line.clear();
        documents::write(document, None, &mut line)?;
        to.write_all(&line)
    })
}

/// Copies the lines of a file, and ends the last one if it has no line feed. Returns the stamp of the file.
fn copy_lines(path: &Path, to: &mut Stamping<'_>) -> io::Result<Stamp> {
    let mut is_ended = true;
    storage::read_blocks(path, LARGE, |block| {
        is_ended = block.ends_with(b"\n");
        to.write_all(block)
    })
    .map_err(|error| error.cause)?;
    let copied = to.stamp;
    if !is_ended {
        to.write_all(b"\n")?;
    }
    Ok(copied)
}

/// Writer that computes the stamp of what it writes.
struct Stamping<'a> {
    to: &'a mut dyn Write,
    stamp: Stamp,
}

impl Write for Stamping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A larger file could not be opened.
        guard::check_size((self.stamp.0 + bytes.len()) as u64, LARGE)?;
        self.to.write_all(bytes)?;
        self.stamp = stamp_of_more(self.stamp, bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_would_be_too_large_to_be_opened_are_not_written() {
        let mut bytes = Vec::new();
        let mut file = Stamping { to: &mut bytes, stamp: (usize::try_from(LARGE).unwrap() - 2, 7) };
        file.write_all(b"ab").unwrap();
        let error = file.write_all(b"c").unwrap_err();
        assert_eq!((error.kind(), bytes.as_slice()), (io::ErrorKind::FileTooLarge, &b"ab"[..]));
    }
}
