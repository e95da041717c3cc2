//! A list that grows while a command works, such as mistakes: kept in a file without a name, not in memory.

use std::{
    env,
    io::{self, Read, Write},
};

use serde::Serialize;

use super::{
    error::CliError,
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
    /// Number of entries that are kept.
    pub(super) kept: usize,
    /// Number of all entries.
    pub(super) all: usize,
}

impl Listing {
    /// Makes a place for a list of at most `limit` entries.
    pub(super) fn new(limit: usize, output: Output) -> Self {
        Self { draft: Draft::in_folder(&env::temp_dir()), limit, json: output.json, kept: 0, all: 0 }
    }

    /// Lets `work` fill the list.
    ///
    /// # Errors
    /// The list cannot be written, or `work` fails.
    pub(super) fn fill<T, E: From<io::Error>>(
        &mut self,
        work: impl FnOnce(&mut Entries<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut entries = Entries { to: self.draft.begin()?, limit: self.limit, json: self.json, kept: 0, all: 0 };
        let done = work(&mut entries)?;
        entries.to.flush()?;
        let (kept, all) = (entries.kept, entries.all);
        drop(entries);
        self.kept = kept;
        self.all = all;
        Ok(done)
    }

    /// Reader of the entries: lines of text, or values of JSON separated by commas.
    ///
    /// # Errors
    /// They cannot be read.
    pub(super) fn contents(&self) -> Result<Box<dyn Read + '_>, CliError> {
        self.draft.bytes().map_err(CliError::environment)
    }

    /// Title of the list as text; empty without entries. `what` is what is listed, in one number and in the other.
    pub(super) fn title(&self, what: &str) -> String {
        match self.all {
            0 => String::new(),
            all if all == self.kept => format!("\n{what}:\n"),
            _ => format!("\n{what}, first {} (--mistakes all lists all):\n", self.kept),
        }
    }
}

/// Entries of a list that is being filled.
pub(super) struct Entries<'a> {
    to: Box<dyn Write + 'a>,
    limit: usize,
    json: bool,
    kept: usize,
    all: usize,
}

impl Entries<'_> {
    /// Adds an entry, of which the form that is wanted is made. Beyond the limit it is only counted.
    ///
    /// # Errors
    /// The list cannot be written.
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
            self.to.write_all(format!("{comma}{json}").as_bytes())?;
        } else {
            self.to.write_all(format!("{}\n", clean(&text())).as_bytes())?;
        }
        self.kept += 1;
        Ok(())
    }
}
