//! Folders of the user whose files are read as one input.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{InputFile, StorageError, storage::LARGE};
use crate::{
    formats::{Files, ReadSeek, Source},
    guard::{self, Links},
    text::number::grouped,
};

/// Files that a folder may have.
const MOST_FILES: usize = 1_000_000;
/// Folders in folders that are looked into.
const DEEPEST: usize = 8;

/// A folder, whose regular files are read in the order of their names. Links in it are not followed, and files whose names
/// begin with a dot are no files of the user.
#[derive(Debug)]
pub struct InputFolder {
    path: PathBuf,
    names: Vec<String>,
    left_out: Vec<String>,
    /// Number of bytes of all files.
    size: u64,
}

/// A file or a folder that the user named.
#[derive(Debug)]
pub enum NamedInput {
    /// A file, or what could be read only once and was kept.
    File(InputFile),
    /// A folder.
    Folder(InputFolder),
}

impl NamedInput {
    /// Number of bytes, as far as it is known.
    pub fn size(&self) -> u64 {
        match self {
            Self::File(file) => file.size(),
            Self::Folder(folder) => folder.size,
        }
    }

    fn source(&self) -> &dyn Source {
        match self {
            Self::File(file) => file,
            Self::Folder(folder) => folder,
        }
    }
}

impl Source for NamedInput {
    fn bytes(&self) -> io::Result<Box<dyn io::Read + '_>> {
        self.source().bytes()
    }

    fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        self.source().seekable()
    }

    fn files(&self) -> Option<&dyn Files> {
        self.source().files()
    }

    fn check_unchanged(&self) -> io::Result<()> {
        self.source().check_unchanged()
    }

    fn beside(&self, name: &str) -> Option<Vec<u8>> {
        self.source().beside(name)
    }
}

impl InputFolder {
    /// Lists the files of a folder that the user named, and of the folders in it.
    ///
    /// # Errors
    /// It cannot be read, has more files than are read, or names that are no text.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let mut folder = Self { path: path.to_owned(), names: Vec::new(), left_out: Vec::new(), size: 0 };
        folder.list("", DEEPEST).map_err(|cause| StorageError::new("read", path, cause))?;
        folder.names.sort();
        Ok(folder)
    }

    fn list(&mut self, inside: &str, deeper: usize) -> io::Result<()> {
        for entry in fs::read_dir(self.path.join(inside))? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                let shown = entry.file_name().to_string_lossy().into_owned();
                self.left_out.push(format!("{inside}{shown}"));
                continue;
            };
            if name.starts_with('.') {
                continue;
            }
            let name = format!("{inside}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() && deeper > 0 {
                self.list(&format!("{name}/"), deeper - 1)?;
            } else if kind.is_file() {
                self.size = self.size.saturating_add(entry.metadata()?.len());
                self.names.push(name);
            } else {
                self.left_out.push(name);
            }
            if self.names.len() + self.left_out.len() > MOST_FILES {
                let text = format!("it has more than {} files, the most that are read", grouped(MOST_FILES));
                return Err(io::Error::other(text));
            }
        }
        Ok(())
    }
}

impl Source for InputFolder {
    fn bytes(&self) -> io::Result<Box<dyn io::Read + '_>> {
        Err(guard::not_regular())
    }

    fn files(&self) -> Option<&dyn Files> {
        Some(self)
    }
}

impl Files for InputFolder {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn left_out(&self) -> &[String] {
        &self.left_out
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn Source + '_>> {
        let name = self.names.get(index).ok_or(io::ErrorKind::NotFound)?;
        let file = InputFile::open_with(&self.path.join(name), LARGE, Links::Refuse);
        Ok(Box::new(file.map_err(|error| io::Error::new(error.cause.kind(), format!("{name}: {}", error.cause)))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{ReadOptions, detect_source};

    #[test]
    fn a_folder_is_read_as_its_files_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir(path.join("more")).unwrap();
        for (name, text) in
            [("b.txt", "open late"), ("a.txt", "great\ntacos\n"), (".DS_Store", "x"), ("more/c.txt", "ok")]
        {
            fs::write(path.join(name), text).unwrap();
        }
        std::os::unix::fs::symlink("/etc/passwd", path.join("link.txt")).unwrap();
        let input = InputFolder::open(path).unwrap();
        assert_eq!(input.names(), ["a.txt", "b.txt", "more/c.txt"]);
        let guess = detect_source("folder", &input).unwrap();
        assert_eq!(guess.why, "3 files");
        let read = guess.format.read_file(&input, &ReadOptions::default()).unwrap();
        let texts: Vec<_> = read.found.documents().map(|one| (one.id.as_str(), &*one.text)).collect();
        assert_eq!(texts, [("a", "great\ntacos\n"), ("b", "open late"), ("more/c", "ok")]);
        assert!(read.problems[0].message.contains("link.txt"), "{:?}", read.problems);
        assert!(InputFolder::open(&path.join("nowhere")).is_err());
    }
}
