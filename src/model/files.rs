//! Source of the files of a model: a folder, the program itself, or memory.

use std::borrow::Cow;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{ModelError, pytorch};
use crate::guard::{self, Links};

/// Files of a model folder besides configuration and weights.
/// `tokenizer.json` or `vocab.txt` is required.
pub const TOKENIZER_FILES: [&str; 5] =
    ["tokenizer.json", "vocab.txt", "added_tokens.json", "tokenizer_config.json", "special_tokens_map.json"];

/// Largest files that are read, in bytes: a vocabulary, another JSON or text file, weights.
const MOST_VOCABULARY: u64 = 64 << 20;
const MOST_TEXT: u64 = 16 << 20;
const MOST_WEIGHTS: u64 = 16 << 30;

/// Source of the files of a model.
pub(super) trait Files {
    /// Reads a file, `None` if it does not exist.
    fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError>;
    /// Reads a file in PyTorch's container as a safetensors file.
    /// `None` if it does not exist.
    fn read_pytorch(&self, _name: &str) -> Result<Option<Vec<u8>>, ModelError> {
        Ok(None)
    }
    /// Name of a file in errors.
    fn place(&self, name: &str) -> String;
}

/// A folder on disk.
pub(super) struct Folder(pub(super) PathBuf);

impl Files for Folder {
    fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError> {
        let bytes = read_file(&self.0, name).map_err(|source| self.unreadable(name, source))?;
        Ok(bytes.map(Cow::from))
    }

    fn read_pytorch(&self, name: &str) -> Result<Option<Vec<u8>>, ModelError> {
        let path = find_file(&self.0, name).map_err(|source| self.unreadable(name, source))?;
        let Some(path) = path else { return Ok(None) };
        // The reader opens the path itself, without these checks.
        guard::open(&path, Links::Refuse).map_err(|source| self.unreadable(name, source))?;
        pytorch::to_safetensors(&path, &self.place(name)).map(Some)
    }

    fn place(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Folder {
    /// As `read`, for a file of at most this many bytes.
    pub(super) fn read_up_to(&self, name: &str, most: u64) -> Result<Option<Cow<'_, [u8]>>, ModelError> {
        let bytes = find_file(&self.0, name)
            .and_then(|path| path.map(|path| guard::read(&path, Links::Refuse, most).map(Cow::from)).transpose());
        bytes.map_err(|source| self.unreadable(name, source))
    }

    fn unreadable(&self, name: &str, source: io::Error) -> ModelError {
        ModelError::Read { path: self.place(name), source }
    }
}

/// Reads a regular file of a model folder, `None` if it does not exist. Never waits.
///
/// A link that leads out of the folder is refused: a folder may come from another person, who linked to a secret. In the
/// cache of the hub, the files of a snapshot are links to the blobs of their repository, which are followed.
///
/// # Errors
/// It exists and cannot be read, is a pipe or another special file, a link out of the folder, or too large.
pub fn read_file(folder: &Path, name: &str) -> io::Result<Option<Vec<u8>>> {
    let Some(path) = find_file(folder, name)? else { return Ok(None) };
    guard::read(&path, Links::Refuse, most_bytes(name)).map(Some)
}

fn most_bytes(name: &str) -> u64 {
    match name {
        "tokenizer.json" | "vocab.txt" => MOST_VOCABULARY,
        name if name.ends_with(".safetensors") => MOST_WEIGHTS,
        _ => MOST_TEXT,
    }
}

/// Returns the path of a file of a model folder, after an allowed link; `None` if it does not exist.
fn find_file(folder: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    let path = folder.join(name);
    let found = fs::symlink_metadata(&path).and_then(|about| match about.is_symlink() {
        false => Ok(path.clone()),
        true => path.canonicalize(),
    });
    let found = match found {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    if found == path || is_own(folder, &found)? {
        return Ok(Some(found));
    }
    Err(io::Error::other("it is a link that leads out of the folder; put the file itself there, or remove the link"))
}

/// Whether a file is in the folder itself or, for a snapshot of the hub's cache, among the blobs of its repository.
fn is_own(folder: &Path, file: &Path) -> io::Result<bool> {
    let folder = folder.canonicalize()?;
    let snapshots = folder.parent().filter(|parent| parent.ends_with("snapshots"));
    let blobs = snapshots.and_then(Path::parent).and_then(|repository| repository.join("blobs").canonicalize().ok());
    Ok(file.parent() == Some(&folder) || blobs.is_some_and(|blobs| file.parent() == Some(&blobs)))
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    use std::{os::unix::fs::symlink, process::Command};

    use super::*;

    #[cfg(unix)]
    #[test]
    fn links_lead_to_blobs_of_the_cache_only() {
        let dir = tempfile::tempdir().unwrap();
        let repository = dir.path().join("models--a--b");
        let snapshot = repository.join("snapshots/abc");
        fs::create_dir_all(&snapshot).unwrap();
        fs::create_dir(repository.join("blobs")).unwrap();
        fs::write(repository.join("blobs/1"), "blob").unwrap();
        fs::write(dir.path().join("secret"), "secret").unwrap();
        symlink("../../blobs/1", snapshot.join("config.json")).unwrap();
        symlink("../../../secret", snapshot.join("vocab.txt")).unwrap();
        symlink("nowhere", snapshot.join("tokenizer.json")).unwrap();
        symlink("config.json", snapshot.join("again")).unwrap();
        let read = |name| read_file(&snapshot, name).map_err(|error| error.to_string());
        assert_eq!(read("config.json").unwrap().unwrap(), b"blob");
        assert_eq!(read("again").unwrap().unwrap(), b"blob");
        assert_eq!(read("tokenizer.json").unwrap(), None);
        assert!(read("vocab.txt").unwrap_err().contains("leads out of the folder"));
        // Another folder has no blobs.
        let other = dir.path().join("models--a--b/other");
        fs::create_dir(&other).unwrap();
        symlink("../blobs/1", other.join("config.json")).unwrap();
        assert!(read_file(&other, "config.json").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_huge_files_are_refused_without_waiting() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["config.json", "pytorch_model.bin"] {
            assert!(Command::new("mkfifo").arg(dir.path().join(name)).status().unwrap().success());
        }
        symlink("/dev/zero", dir.path().join("vocab.txt")).unwrap();
        fs::File::create(dir.path().join("tokenizer.json")).unwrap().set_len(8 << 30).unwrap();
        let folder = Folder(dir.path().to_owned());
        let error = |name| folder.read(name).unwrap_err().to_string();
        assert!(error("config.json").contains("config.json: it is not a regular file"), "{}", error("config.json"));
        assert!(error("vocab.txt").contains("leads out of the folder"), "{}", error("vocab.txt"));
        assert!(error("tokenizer.json").contains("at most 67.1 MB"), "{}", error("tokenizer.json"));
        assert!(folder.read_pytorch("pytorch_model.bin").unwrap_err().to_string().contains("not a regular file"));
    }
}
