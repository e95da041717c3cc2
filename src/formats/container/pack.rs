//! Zip archives that are written: a file for each document, or a few.

use std::{
    collections::{HashMap, HashSet},
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
    /// Last number that was put behind a name, by the name in lower case.
    numbers: HashMap<String, usize>,
}

impl Pack {
    pub(in crate::formats) fn new() -> Self {
        Self { archive: ZipWriter::new(Cursor::new(Vec::new())), names: HashSet::new(), numbers: HashMap::new() }
    }

    /// Name for the files of a document: its id, as far as it can be a name, and no other document has it.
    pub(in crate::formats) fn name(&mut self, id: &str) -> String {
        let parts: Vec<String> = id.split('/').map(file_name).collect();
        let name = parts.join("/");
        let lower = name.to_lowercase();
        if self.names.insert(lower.clone()) {
            return name;
        }
        let number = self.numbers.entry(lower).or_insert(1);
        loop {
            *number += 1;
            let unique = format!("{name}-{number}");
            if self.names.insert(unique.to_lowercase()) {
                return unique;
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::growth::assert_linear;

    #[test]
    fn documents_with_the_same_id_get_names_of_their_own() {
        let mut pack = Pack::new();
        let names = ["a", "a-2", "A", "a", "b/.c"].map(|id| pack.name(id));
        assert_eq!(names, ["a", "a-2", "A-3", "a-4", "b/_.c"]);
    }

    #[test]
    fn many_equal_ids_are_named_in_linear_time() {
        let name_all = |count: &usize| {
            let mut pack = Pack::new();
            (0..*count).map(|_| pack.name("review").len()).sum::<usize>()
        };
        assert_linear(3_000, |n| n, name_all);
    }
}
