//! The only module that opens files for writing: atomic replacement, durable appending, folders that appear whole.
//!
//! What is promised, and what is assumed of the file system, stands in `FORMAT.md`. In short: when a function returns
//! `Ok`, the bytes survive a power cut; when it returns an error, what was there before is still there. Symbolic links
//! and special files inside a project are never followed or opened, so that a project from a stranger cannot reach
//! out of its folder.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, TempDir};

use super::file_names;

mod append;
mod new_folder;

pub use append::Appender;
pub use new_folder::{NewFolder, remove_leftovers};

/// The file system could not do what was asked: what, where, why, and what to do.
#[derive(Debug)]
pub struct StorageError {
    /// What was tried, as a verb: `write`, `read`, `make`.
    pub action: &'static str,
    /// On which file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub cause: io::Error,
}

impl StorageError {
    pub(super) fn new(action: &'static str, path: &Path, cause: io::Error) -> Self {
        Self { action, path: path.to_owned(), cause }
    }

    /// Whether the file or folder is simply not there.
    pub fn is_absent(&self) -> bool {
        matches!(self.cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
    }
}

impl std::fmt::Display for StorageError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        use io::ErrorKind as Kind;
        write!(f, "cannot {} {}: ", self.action, shown_path(&self.path))?;
        match self.cause.kind() {
            Kind::StorageFull => {
                f.write_str("the disk is full; free some space and do it again, what was saved before is safe")
            }
            Kind::QuotaExceeded => f.write_str(
                "your disk quota is used up; free some space and do it again, what was saved before is safe",
            ),
            Kind::ReadOnlyFilesystem => {
                f.write_str("the disk is mounted read-only; copy the folder to a place that can be written")
            }
            Kind::PermissionDenied => {
                f.write_str("you have no right to do that there; look at the owner and the rights with ls -ld")
            }
            Kind::NotFound => f.write_str("there is no such file or folder"),
            _ if is_link(&self.cause) => {
                f.write_str("it is a symbolic link, and those are not followed; put a real file there")
            }
            _ => write!(f, "{}", self.cause),
        }
    }
}

impl std::error::Error for StorageError {}

impl From<StorageError> for io::Error {
    fn from(error: StorageError) -> Self {
        Self::new(error.cause.kind(), error.to_string())
    }
}

/// A path in one line that a terminal can show.
pub fn shown_path(path: &Path) -> String {
    file_names::one_line(&path.to_string_lossy())
}

#[cfg(unix)]
fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ELOOP)
}

#[cfg(not(unix))]
fn is_link(_error: &io::Error) -> bool {
    false
}

/// Options that follow no link and wait for no pipe.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options
}

fn open_plain(options: &OpenOptions, path: &Path) -> io::Result<File> {
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(not_plain()) }
}

fn not_plain() -> io::Error {
    io::Error::other("it is not a plain file")
}

/// A plain file opened for reading.
///
/// # Errors
/// It is not there, is no plain file, or may not be read.
pub fn open(path: &Path) -> Result<File, StorageError> {
    open_plain(options().read(true), path).map_err(|cause| StorageError::new("read", path, cause))
}

/// All bytes of a plain file.
///
/// # Errors
/// It is not there, is no plain file, or cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(|cause| StorageError::new("read", path, cause))?;
    Ok(bytes)
}

/// All bytes of a plain file, `None` where there is none.
///
/// # Errors
/// It is there and cannot be read.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StorageError> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A file to be locked, made if it is not there. Its content is kept.
pub(super) fn open_lock(path: &Path) -> Result<File, StorageError> {
    open_plain(options().read(true).write(true).create(true).truncate(false), path)
        .map_err(|cause| StorageError::new("make the lock", path, cause))
}

/// Writes a file whole or not at all: a temporary file beside it, synced, renamed over it, the folder synced. Keeps
/// the rights of the file that was there.
///
/// # Errors
/// The file system cannot, or what is there is a link, no plain file, or read-only; what was there stays. (If only the
/// last step fails, the syncing of the folder, the new file is there, and a power cut may bring the old one back.)
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    write_beside(path, bytes, |temp| temp.persist(path).map(drop).map_err(|error| error.error))
}

/// Like [`replace`], but never over a file that is there.
///
/// # Errors
/// There is one (kind `AlreadyExists`), or the file system cannot.
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    write_beside(path, bytes, |temp| temp.persist_noclobber(path).map(drop).map_err(|error| error.error))
}

fn write_beside(
    path: &Path,
    bytes: &[u8],
    persist: impl FnOnce(NamedTempFile) -> io::Result<()>,
) -> Result<(), StorageError> {
    let write = || {
        let folder = folder_of(path);
        let before = fs::symlink_metadata(path).ok();
        let mut temp = temporary_file(folder)?;
        if let Some(before) = before {
            match before.permissions() {
                _ if !before.is_file() => return Err(not_plain()),
                rights if rights.readonly() => return Err(io::ErrorKind::PermissionDenied.into()),
                rights => temp.as_file().set_permissions(rights)?,
            }
        }
        temp.write_all(bytes)?;
        temp.as_file().sync_all()?;
        persist(temp)?;
        sync_folder(folder)
    };
    write().map_err(|cause| StorageError::new("write", path, cause))
}

/// Writes a file that the user named: like [`replace`], but a link is followed to its end, and a device or pipe
/// (`/dev/stdout`) is written as it is.
///
/// # Errors
/// The file system cannot.
pub fn write_user_file(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let fail = |cause| StorageError::new("write", path, cause);
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(fail(io::ErrorKind::IsADirectory.into())),
        Ok(there) if !there.is_file() => {
            OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(bytes)).map_err(fail)
        }
        Ok(_) => replace(&fs::canonicalize(path).map_err(fail)?, bytes),
        Err(_) => replace(path, bytes),
    }
}

/// Makes a folder and those above it, durably. Nothing happens if it is there.
///
/// # Errors
/// The file system cannot, or something else has that name.
pub fn make_folder(path: &Path) -> Result<(), StorageError> {
    let make = || {
        let first_there = path.ancestors().find(|folder| folder.is_dir()).map(Path::to_owned);
        fs::create_dir_all(path)?;
        let made = path.ancestors().take_while(|folder| Some(*folder) != first_there.as_deref());
        made.map(folder_of).try_for_each(sync_folder)
    };
    make().map_err(|cause| StorageError::new("make the folder", path, cause))
}

/// Makes a folder that is not there.
///
/// # Errors
/// It is there (kind `AlreadyExists`), or the file system cannot.
pub fn make_new_folder(path: &Path) -> Result<(), StorageError> {
    fs::create_dir(path)
        .and_then(|()| sync_folder(folder_of(path)))
        .map_err(|cause| StorageError::new("make the folder", path, cause))
}

/// Removes a file; nothing happens if it is not there.
pub(super) fn remove_file(path: &Path) -> Result<(), StorageError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(StorageError::new("remove", path, cause)),
        _ => sync_folder(folder_of(path)).map_err(|cause| StorageError::new("remove", path, cause)),
    }
}

/// Removes a folder with all that is in it, itself no link, following none inside. It is renamed first, so that it
/// is gone at once and a crash leaves only what [`remove_leftovers`] takes away.
pub(super) fn remove_folder(path: &Path) -> Result<(), StorageError> {
    let remove = || {
        if !fs::symlink_metadata(path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let folder = folder_of(path);
        let grave = temporary_folder(folder)?;
        fs::rename(path, grave.path().join("gone"))?;
        sync_folder(folder)?;
        grave.close()
    };
    remove().map_err(|cause| StorageError::new("remove", path, cause))
}

/// Bytes of all plain files below a folder; links count nothing, what cannot be read counts nothing.
pub fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let about = entry.metadata().ok()?;
            Some(if about.is_dir() {
                size(&entry.path())
            } else if about.is_file() {
                about.len()
            } else {
                0
            })
        })
        .sum()
}

/// Begin and end of the names of temporary files and folders.
const TEMPORARY: (&str, &str) = (".tagli-", ".tmp");

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn builder<'a, 'b>() -> tempfile::Builder<'a, 'b> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(TEMPORARY.0).suffix(TEMPORARY.1);
    builder
}

/// What a new file or folder may be used for by others: as the umask says, not the owner alone.
#[cfg(unix)]
fn usual_rights(mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let mut builder = builder();
        #[cfg(unix)]
        builder.permissions(usual_rights(0o666));
        let temp = builder.tempfile_in(folder)?;
        // Tells `remove_leftovers` that somebody is at work. A file system without locks only loses that service.
        let _unlocked = temp.as_file().lock();
        // `remove_leftovers` may have been quicker between the making and the lock.
        if temp.path().exists() {
            return Ok(temp);
        }
    }
}

fn temporary_folder(folder: &Path) -> io::Result<TempDir> {
    let mut builder = builder();
    #[cfg(unix)]
    builder.permissions(usual_rights(0o777));
    builder.tempdir_in(folder)
}

/// Makes renames and new names in a folder durable. File systems that have no such call keep their own promise.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    use io::ErrorKind as Kind;
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // A folder may be open to writing and closed to reading: then it cannot be synced either.
        Err(error) if matches!(error.kind(), Kind::InvalidInput | Kind::Unsupported | Kind::PermissionDenied) => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacing_is_whole_and_leaves_nothing_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(read(&path).unwrap(), b"two");
        assert!(create_new(&path, b"three").is_err());
        assert_eq!(read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn rights_are_kept_and_respected() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        replace(&path, b"one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
        assert!(replace(&path, b"three").unwrap_err().to_string().contains("no right"));
        assert_eq!(read(&path).unwrap(), b"two");
    }

    #[cfg(unix)]
    #[test]
    fn links_inside_a_project_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (secret, link) = (dir.path().join("secret"), dir.path().join("link"));
        fs::write(&secret, "mine").unwrap();
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        assert!(read(&link).unwrap_err().to_string().contains("symbolic link"));
        assert!(replace(&link, b"x").is_err());
        assert!(Appender::open(&link).is_err());
        assert_eq!(fs::read_to_string(&secret).unwrap(), "mine");
        write_user_file(&link, b"theirs").unwrap();
        assert_eq!(fs::read_to_string(&secret).unwrap(), "theirs");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_named() {
        let error = write_user_file(Path::new("/dev/full"), b"x").unwrap_err();
        assert!(error.to_string().starts_with("cannot write /dev/full: the disk is full"), "{error}");
    }

    #[test]
    fn folders_are_made_with_those_above_and_removed_with_all_below() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/c");
        make_folder(&path).unwrap();
        make_folder(&path).unwrap();
        replace(&path.join("f"), b"12345").unwrap();
        assert_eq!(size(dir.path()), 5);
        remove_folder(&dir.path().join("a")).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
