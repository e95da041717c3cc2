//! Zip archives that are written: a file for each document, or a few.

use std::{
    collections::HashSet,
    io::{Cursor, Write},
};

use zip::{ZipWriter, write::SimpleFileOptions};

use crate::formats::{Problem, problem::quoted, writer::Output};

/// Longest name of a file without its extension, in bytes. File systems take 255.
const LONGEST_NAME: usize = 150;

/// An archive in progress. It is complete only at its end, so that it is kept in memory until then.
pub(in crate::formats) struct Pack {
    archive: ZipWriter<Cursor<Vec<u8>>>,
    /// Names so far, in lower case, as some file systems see them.
    names: HashSet<String>,
}

impl Pack {
    pub(in crate::formats) fn new() -> Self {
        Self { archive: ZipWriter::new(Cursor::new(Vec::new())), names: HashSet::new() }
    }

    /// Name for the files of a document: its id, as far as it can be a name, and no other document has it.
    pub(in crate::formats) fn name(&mut self, id: &str) -> String {
        let parts: Vec<String> = id.split('/').map(file_name).collect();
        let name = parts.join("/");
        let mut unique = name.clone();
        let mut number = 1;
        while !self.names.insert(unique.to_lowercase()) {
            number += 1;
            unique = format!("{name}-{number}");
        }
        unique
    }

    /// Adds a file.
    pub(in crate::formats) fn add(&mut self, name: &str, bytes: &[u8], out: &mut Output) {
        let begun = self.archive.start_file(name, SimpleFileOptions::default());
        if let Err(error) = begun.and_then(|()| Ok(self.archive.write_all(bytes)?)) {
            out.losses.fault(Problem::error(format!("{} cannot be written: {error}", quoted(name))));
        }
    }

    /// Appends the archive to the output.
    pub(in crate::formats) fn finish(&mut self, out: &mut Output) {
        match std::mem::replace(self, Self::new()).archive.finish() {
            Ok(bytes) => out.bytes.append(&mut bytes.into_inner()),
            Err(error) => out.losses.fault(Problem::error(format!("the archive cannot be written: {error}"))),
        }
    }
}

/// A part of an id as a name of a file.
fn file_name(part: &str) -> String {
    let mut name = String::new();
    for c in part.chars() {
        let is_fine = !c.is_control() && !matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' | '\0');
        let c = if is_fine { c } else { '_' };
        if name.len() + c.len_utf8() > LONGEST_NAME {
            break;
        }
        name.push(c);
    }
    // Files whose names begin with a dot are hidden, and are not read.
    if name.is_empty() || name.starts_with('.') || name == "__MACOSX" {
        name.insert(0, '_');
    }
    name
}
