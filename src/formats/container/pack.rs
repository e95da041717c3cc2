//! Zip archives that are written: a file for each document, or a few.

use std::{
    collections::{HashMap, HashSet},
    io::{Cursor, Write},
};

use zip::{ZipWriter, write::SimpleFileOptions};

use crate::formats::{
    Problem,
    problem::{quoted, with_noun},
    writer::Output,
};

/// Longest name of a file without its extension, in bytes. File systems take 255.
const LONGEST_NAME: usize = 150;

/// An archive in progress. It is complete only at its end, so that it is kept in memory until then.
pub(in crate::formats) struct Pack {
    archive: ZipWriter<Cursor<Vec<u8>>>,
    names: Names,
}

/// Names of the files and folders of an archive. Each is there once, also on file systems that do not tell upper from lower
/// case, and none is both a file and a folder. All names are kept in lower case.
#[derive(Default)]
struct Names {
    files: HashSet<String>,
    folders: HashSet<String>,
    /// Last number that was put behind a name.
    numbers: HashMap<String, usize>,
    /// Folders that have another name, because a file has theirs.
    moved: HashMap<String, String>,
    /// Number of documents whose files are not named as their id, and the first of them with the name of its files.
    renamed: (usize, Option<[String; 2]>),
}

impl Names {
    /// Folder with this name in another one, or with a number behind it if a file has the name.
    fn folder(&mut self, parent: &str, part: &str) -> String {
        let name = if parent.is_empty() { part.to_owned() } else { format!("{parent}/{part}") };
        let lower = name.to_lowercase();
        if let Some(moved) = self.moved.get(&lower) {
            return moved.clone();
        }
        if !self.files.contains(&lower) {
            self.folders.insert(lower);
            return name;
        }
        let free =
            (2..).map(|number| format!("{name}-{number}")).find(|name| !self.files.contains(&name.to_lowercase()));
        let free = free.unwrap_or(name);
        self.folders.insert(free.to_lowercase());
        self.moved.insert(lower, free.clone());
        free
    }

    /// Takes a name for files with these extensions if all of them are free.
    fn take(&mut self, name: &str, extensions: &[&str]) -> bool {
        let files: Vec<String> =
            extensions.iter().map(|extension| format!("{name}{extension}").to_lowercase()).collect();
        let is_free = files.iter().all(|file| !self.files.contains(file) && !self.folders.contains(file));
        if is_free {
            self.files.extend(files);
        }
        is_free
    }

    /// The name, or the first free one with a number behind it.
    fn file(&mut self, name: String, extensions: &[&str]) -> String {
        if self.take(&name, extensions) {
            return name;
        }
        let lower = name.to_lowercase();
        let mut number = self.numbers.get(&lower).copied().unwrap_or(1);
        loop {
            number += 1;
            let unique = format!("{name}-{number}");
            if self.take(&unique, extensions) {
                self.numbers.insert(lower, number);
                return unique;
            }
        }
    }
}

impl Pack {
    /// Begins an archive; `reserved`: files that are not those of documents.
    pub(in crate::formats) fn new(reserved: &[&str]) -> Self {
        let mut names = Names::default();
        names.files.extend(reserved.iter().map(|name| name.to_lowercase()));
        Self { archive: ZipWriter::new(Cursor::new(Vec::new())), names }
    }

    /// Name for the files of a document, with these extensions: its id, as far as it can be a name, and no other file or folder
    /// has it.
    pub(in crate::formats) fn name(&mut self, id: &str, extensions: &[&str]) -> String {
        let (folders, last) = id.rsplit_once('/').map_or((None, id), |(folders, last)| (Some(folders), last));
        let folders = folders.into_iter().flat_map(|folders| folders.split('/'));
        let folder = folders.fold(String::new(), |parent, part| self.names.folder(&parent, &file_name(part)));
        let last = file_name(last);
        let wanted = if folder.is_empty() { last } else { format!("{folder}/{last}") };
        let name = self.names.file(wanted, extensions);
        if name != id {
            self.names.renamed.0 += 1;
            self.names.renamed.1.get_or_insert_with(|| [id.to_owned(), name.clone()]);
        }
        name
    }

    /// Says which documents have files with another name than their id; `None` if there are none.
    pub(in crate::formats) fn renamed_text(&self) -> Option<String> {
        let (count, Some([id, name])) = &self.names.renamed else { return None };
        let (verb, their) = if *count == 1 { ("has", "its") } else { ("have", "their") };
        let documents = with_noun(*count, "document");
        Some(format!(
            "{documents} {verb} another name than {their} id, which cannot be one or is too much like another: {} is {}",
            quoted(id),
            quoted(name)
        ))
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
        match std::mem::replace(self, Self::new(&[])).archive.finish() {
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
        let mut pack = Pack::new(&[]);
        let names = ["a", "a-2", "A", "a", "b/.c"].map(|id| pack.name(id, &[".txt"]));
        assert_eq!(names, ["a", "a-2", "A-3", "a-4", "b/_.c"]);
        let text = pack.renamed_text().unwrap();
        assert!(text.starts_with("3 documents have another name") && text.ends_with("`A` is `A-3`"), "{text}");
        assert_eq!(Pack::new(&[]).renamed_text(), None);
    }

    #[test]
    fn no_name_is_a_file_and_a_folder() {
        let mut pack = Pack::new(&["annotation.conf"]);
        let ids = ["a", "A.txt/b", "a.TXT/c", "a.txt-2", "x.ann/y", "x", "annotation.conf/z", "a/", "a/_", "", "/"];
        let names = ids.map(|id| pack.name(id, &[".txt", ".ann"]));
        let expected = [
            "a",
            "A.txt-2/b",
            "A.txt-2/c",
            "a.txt-2",
            "x.ann/y",
            "x-2",
            "annotation.conf-2/z",
            "a/_",
            "a/_-2",
            "_",
            "_/_",
        ];
        assert_eq!(names, expected);
        // The order decides which one has the name, and nothing else.
        let mut pack = Pack::new(&[]);
        assert_eq!(
            ["a.json/c", "a", "a.json-2/d"].map(|id| pack.name(id, &[".json"])),
            ["a.json/c", "a-2", "a.json-2/d"]
        );
    }

    #[test]
    fn many_equal_ids_are_named_in_linear_time() {
        let name_all = |count: &usize| {
            let mut pack = Pack::new(&[]);
            (0..*count).map(|_| pack.name("review", &[".txt", ".ann"]).len()).sum::<usize>()
        };
        assert_linear(3_000, |n| n, name_all);
    }
}
