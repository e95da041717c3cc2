//! Changes of single lines of a file. All other lines stay byte by byte.

use std::{
    cell::Cell,
    collections::{BTreeMap, HashSet},
    ffi::OsString,
    io::{self, Write},
    ops::Range,
    path::{Path, PathBuf},
};

use crate::project::{
    ProjectError, Stamp,
    file_names::BAD,
    stamp_of_more,
    storage::{self, Appender, LARGE, StorageError},
};

/// Treatment of a line that does not stay as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is left out: a conflict marker, or an equal or earlier version of another line.
    Drop,
    /// It is moved to the file of bad lines.
    Aside,
    /// These pieces of it become lines. If there is a rest, the whole line is moved to the file of bad lines, too.
    Split { pieces: Vec<Range<usize>>, has_rest: bool },
}

impl Fate {
    /// Splits a line into pieces in their order. `rest`: its bytes in none of them, see [`bytes_outside`].
    pub(super) fn split(pieces: Vec<Range<usize>>, rest: usize) -> Self {
        Self::Split { has_rest: rest > 0, pieces }
    }

    /// Writes what is left of a line.
    fn write(&self, line: &[u8], to: &mut dyn Write) -> io::Result<()> {
        let Self::Split { pieces, .. } = self else { return Ok(()) };
        pieces.iter().filter_map(|piece| line.get(piece.clone())).try_for_each(|piece| {
            to.write_all(piece)?;
            to.write_all(b"\n")
        })
    }

    fn is_kept_aside(&self) -> bool {
        matches!(self, Self::Aside | Self::Split { has_rest: true, .. })
    }
}

/// Number of bytes of a line in none of these pieces, which are in their order. White space around the pieces does not count.
pub(super) fn bytes_outside(line: &[u8], pieces: &[Range<usize>]) -> usize {
    let starts = pieces.iter().map(|piece| piece.start).chain([line.len()]);
    let ends = [0].into_iter().chain(pieces.iter().map(|piece| piece.end));
    ends.zip(starts).filter_map(|(end, start)| line.get(end..start)).map(|gap| gap.trim_ascii().len()).sum()
}

/// Lines of a file that do not stay as they are, by number from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LineChanges(BTreeMap<usize, Fate>);

impl LineChanges {
    /// Sets the treatment of a line.
    pub(super) fn set(&mut self, line: usize, fate: Fate) {
        self.0.insert(line, fate);
    }

    /// Leaves a piece of a line out, or a line that is not separated.
    pub(super) fn leave_out(&mut self, line: usize, piece: usize) {
        let fate = self.0.entry(line).or_insert(Fate::Drop);
        if let Fate::Split { pieces, has_rest } = fate {
            if piece < pieces.len() {
                pieces.remove(piece);
            }
            if pieces.is_empty() {
                *fate = if *has_rest { Fate::Aside } else { Fate::Drop };
            }
        }
    }

    /// Whether every line stays.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Calls `each` with the lines that line `number` becomes, without line feeds.
    pub(super) fn each_kept<'a>(&self, number: usize, line: &'a [u8], mut each: impl FnMut(&'a [u8])) {
        match self.0.get(&number) {
            None => each(line),
            Some(Fate::Drop | Fate::Aside) => {}
            Some(Fate::Split { pieces, .. }) => {
                pieces.iter().filter_map(|piece| line.get(piece.clone())).for_each(each)
            }
        }
    }

    /// Changes the file: what is moved is durable beside it before it is replaced. `known`: stamp of the file for which the
    /// changes were made.
    ///
    /// # Errors
    /// Another program has changed the file, or the file system refuses; the file stays as it is.
    pub(super) fn carry_out(&self, path: &Path, known: Stamp) -> Result<(), ProjectError> {
        self.move_bad_lines(path)?;
        let is_changed = Cell::new(false);
        let written = storage::replace_with(path, &|file| {
            is_changed.set(self.write_kept(path, file)? != known);
            // The numbers are those of other lines now.
            if is_changed.get() { Err(io::Error::other("it was changed")) } else { Ok(()) }
        });
        if is_changed.get() { Err(ProjectError::Changed(path.to_owned())) } else { Ok(written?) }
    }

    /// Checks that the bad lines can be moved. Writes nothing.
    ///
    /// # Errors
    /// The file system would refuse.
    pub(super) fn check(&self, path: &Path) -> Result<(), StorageError> {
        match self.0.values().any(Fate::is_kept_aside) {
            true => storage::check_appendable(&beside(path, BAD), LARGE),
            false => Ok(()),
        }
    }

    /// Appends the bad lines to the file beside, except those that are in it after an interrupted repair.
    fn move_bad_lines(&self, path: &Path) -> Result<(), StorageError> {
        if !self.0.values().any(Fate::is_kept_aside) {
            return Ok(());
        }
        let target = beside(path, BAD);
        let mut known = HashSet::new();
        let mut is_ended = true;
        storage::read_lines(&target, LARGE, |line| {
            is_ended = line.ends_with(b"\n");
            known.insert(line.strip_suffix(b"\n").unwrap_or(line).to_vec());
        })?;
        let mut moved = if is_ended { Vec::new() } else { vec![b'\n'] };
        each_line(path, |number, line| {
            if self.0.get(&number).is_some_and(Fate::is_kept_aside) && known.insert(line.to_vec()) {
                moved.extend_from_slice(line);
                moved.push(b'\n');
            }
        })?;
        if moved.is_empty() { Ok(()) } else { Appender::open(&target)?.append(&moved) }
    }

    /// Writes what is left of the file, and returns the stamp of what was read for that.
    fn write_kept(&self, path: &Path, to: &mut dyn Write) -> io::Result<Stamp> {
        let mut number = 0;
        let mut written = Ok(());
        let mut stamp = Stamp::default();
        storage::read_lines(path, LARGE, |line| {
            number += 1;
            stamp = stamp_of_more(stamp, line);
            match self.0.get(&number) {
                _ if written.is_err() => {}
                // Also a last line without line feed: a torn one must stay torn.
                None => written = to.write_all(line),
                Some(fate) => written = fate.write(line, to),
            }
        })
        .map_err(|error| error.cause)?;
        written.map(|()| stamp)
    }
}

/// Path of a file with a suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{suffix}"));
    name.into()
}

/// Calls `each` with the number of each line, from 1, and the line without its line feed.
pub(super) fn each_line(path: &Path, mut each: impl FnMut(usize, &[u8])) -> Result<(), StorageError> {
    let mut number = 0;
    storage::read_lines(path, LARGE, |line| {
        number += 1;
        each(number, line.strip_suffix(b"\n").unwrap_or(line));
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::project::stamp;

    #[test]
    fn a_file_that_has_other_lines_meanwhile_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let mut changes = LineChanges::default();
        changes.set(2, Fate::Drop);
        fs::write(&path, "new\none\n=======\n").unwrap();
        let error = changes.carry_out(&path, stamp(b"one\n=======\n")).unwrap_err();
        assert!(matches!(error, ProjectError::Changed(_)), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\none\n=======\n");
    }

    #[test]
    fn bad_lines_are_beside_the_file_once_however_often_they_are_moved() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let mut changes = LineChanges::default();
        changes.set(2, Fate::Aside);
        changes.set(3, Fate::Drop);
        changes.set(4, Fate::split(vec![1..3, 3..5], bytes_outside(b"xaabb", &[1..3, 3..5])));
        let before = "one\nbad\n=======\nxaabb\nlast";
        fs::write(&path, before).unwrap();
        fs::write(dir.path().join("f.bad"), "old").unwrap();
        for _ in 0..2 {
            fs::write(&path, before).unwrap();
            changes.carry_out(&path, stamp(before.as_bytes())).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "one\naa\nbb\nlast");
            assert_eq!(fs::read_to_string(dir.path().join("f.bad")).unwrap(), "old\nbad\nxaabb\n");
        }
    }
}
