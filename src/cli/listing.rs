//! A list that grows while a command works, such as mistakes: kept in a file without a name, not in memory.

use std::{
    env,
    io::{self, Read, Write},
};

use serde::Serialize;

use super::{
    error::{CliError, plain},
    output::{self, Output},
};
use crate::{
    formats::{Place, Source},
    project::Draft,
    text::width::clean,
};

/// Place of a list.
pub(super) struct Listing {
    draft: Draft<'static>,
    limit: usize,
    json: bool,
    /// Why it could not be written.
    failure: Option<io::Error>,
    /// Number of entries that are kept.
    pub(super) kept: usize,
    /// Number of all entries.
    pub(super) all: usize,
}

impl Listing {
    /// Makes a place for a list of at most `limit` entries.
    pub(super) fn new(limit: usize, output: Output) -> Self {
        Self { draft: Draft::in_folder(&env::temp_dir()), limit, json: output.json, failure: None, kept: 0, all: 0 }
    }

    /// Lets `work` fill the list. If the list cannot be written, the work goes on, and [`Self::contents`] says so.
    ///
    /// # Errors
    /// `work` fails.
    pub(super) fn fill<T, E>(&mut self, work: impl FnOnce(&mut Entries<'_>) -> Result<T, E>) -> Result<T, E> {
        let mut entries = Entries { to: self.draft.begin(), limit: self.limit, json: self.json, kept: 0, all: 0 };
        let done = work(&mut entries)?;
        entries.write(|to| to.flush());
        let Entries { to, kept, all, .. } = entries;
        self.failure = to.err();
        self.kept = kept;
        self.all = all;
        Ok(done)
    }

    /// Reader of the entries: lines of text, or values of JSON separated by commas.
    ///
    /// # Errors
    /// They could not be written, or cannot be read.
    pub(super) fn contents(&self) -> Result<Box<dyn Read + '_>, CliError> {
        match &self.failure {
            Some(error) => Err(not_kept(error)),
            None => self.draft.bytes().map_err(|error| not_kept(&error)),
        }
    }

    /// Title of the list as text; empty without entries. `what` is what is listed, in one number and in the other.
    pub(super) fn title(&self, what: &str) -> String {
        match self.all {
            0 => String::new(),
            // The error about them follows.
            _ if self.failure.is_some() => String::new(),
            all if all == self.kept => format!("\n{what}:\n"),
            _ => format!("\n{what}, first {} (--mistakes all lists all):\n", self.kept),
        }
    }
}

/// The error of a list that could not be kept in the folder for temporary files.
fn not_kept(error: &io::Error) -> CliError {
    let folder = env::temp_dir();
    CliError::environment(format!("the list could not be kept in {}: {}", folder.display(), plain(error)))
        .hint("TMPDIR=FOLDER before the command takes another folder for temporary files; --mistakes 0 lists none")
}

/// Entries of a list that is being filled.
pub(super) struct Entries<'a> {
    /// Where they are kept, or why that failed.
    to: io::Result<Box<dyn Write + 'a>>,
    limit: usize,
    json: bool,
    kept: usize,
    all: usize,
}

impl Entries<'_> {
    /// Adds an entry, of which the form that is wanted is made. Beyond the limit it is only counted.
    ///
    /// # Errors
    /// The entry has no JSON form.
    pub(super) fn add<V: Serialize>(
        &mut self,
        value: impl FnOnce() -> V,
        text: impl FnOnce() -> String,
    ) -> io::Result<()> {
        self.all += 1;
        if self.kept >= self.limit {
            return Ok(());
        }
        if self.json {
            let comma = if self.kept == 0 { "" } else { "," };
            let json = output::json_text(&value())?;
            self.write(|to| to.write_all(format!("{comma}{json}").as_bytes()));
        } else {
            self.write(|to| to.write_all(format!("{}\n", clean(&text())).as_bytes()));
        }
        self.kept += 1;
        Ok(())
    }

    /// Writes into the list. After a failure nothing more is written.
    fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if let Ok(to) = &mut self.to
            && let Err(error) = write(to)
        {
            self.to = Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder for temporary files that becomes full after some bytes.
    struct Full(usize);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_folder_for_temporary_files_costs_the_list_and_not_the_work() {
        let mut list = Listing::new(9, Output { json: false });
        let counted: Result<usize, io::Error> = list.fill(|entries| {
            entries.to = Ok(Box::new(Full(5)));
            for entry in ["one", "two", "six"] {
                entries.add(|| entry, || entry.to_owned())?;
            }
            Ok(entries.all)
        });
        assert_eq!((counted.unwrap(), list.all, list.title("3 mistakes")), (3, 3, String::new()));
        let error = list.contents().err().unwrap();
        assert!(
            error.message.contains("the list could not be kept in") && error.hints[0].contains("TMPDIR"),
            "{error}"
        );
        assert!(error.message.ends_with("the disk is full"), "{error}");
    }
}
