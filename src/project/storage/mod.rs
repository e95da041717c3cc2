//! The only module that opens files for writing: atomic replacement, durable appending, folders that appear whole.
//!
//! `FORMAT.md` lists the guarantees and the assumptions about the file system. In short: when a function returns `Ok`,
//! the bytes survive a power cut; when it returns an error, the previous contents are still there. Symbolic links and
//! special files inside a project are never followed or opened, so that a project from a stranger cannot reach files
//! outside its folder.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use tempfile::{NamedTempFile, TempDir};

use super::file_names;

mod append;
#[cfg(test)]
pub(crate) mod faults;
mod new_folder;

#[cfg(test)]
use faults::{may_create, may_write};

pub use append::Appender;
pub use new_folder::{NewFolder, remove_leftovers};

/// An operation on a file or folder failed. The message names the operation, the path, the cause and a remedy.
#[derive(Debug)]
pub struct StorageError {
    /// The operation as a verb: `write`, `read`, `make`.
    pub action: &'static str,
    /// The file or folder.
    pub path: PathBuf,
    /// Error of the operating system.
    pub cause: io::Error,
}

impl StorageError {
    pub(super) fn new(action: &'static str, path: &Path, cause: io::Error) -> Self {
        Self { action, path: path.to_owned(), cause }
    }

    /// Whether the cause is that there is no space left.
    pub fn is_full(&self) -> bool {
        matches!(self.cause.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
    }

    /// Whether the cause is that the file or folder does not exist.
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
                f.write_str("the disk is full; free some space and try again, everything saved before is safe")
            }
            Kind::QuotaExceeded => f.write_str(
                "your disk quota is used up; free some space and try again, everything saved before is safe",
            ),
            Kind::ReadOnlyFilesystem => {
                f.write_str("the disk is mounted read-only; copy the folder to a writable place")
            }
            Kind::PermissionDenied => {
                f.write_str("permission denied; look at the owner and the permissions with ls -ld")
            }
            Kind::NotFound => f.write_str("there is no such file or folder"),
            _ if is_link(&self.cause) => {
                f.write_str("it is a symbolic link, and tagli does not follow links; put a real file there")
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

/// Path on one line, safe to show.
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

/// Options that do not follow links and do not wait for pipes.
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
    io::Error::other("it is not a regular file")
}

/// Opens a regular file for reading.
///
/// # Errors
/// It does not exist, is not a regular file, or cannot be read.
pub fn open(path: &Path) -> Result<File, StorageError> {
    open_plain(options().read(true), path).map_err(|cause| StorageError::new("read", path, cause))
}

/// Reads all bytes of a regular file.
///
/// # Errors
/// It does not exist, is not a regular file, or cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(|cause| StorageError::new("read", path, cause))?;
    Ok(bytes)
}

/// Reads all bytes of a regular file; `None` if it does not exist.
///
/// # Errors
/// It exists and cannot be read.
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, StorageError> {
    match read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the disk takes a new file; a test may refuse it.
#[cfg(not(test))]
fn may_create(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether the disk takes bytes; a test may refuse them.
#[cfg(not(test))]
fn may_write(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Opens a lock file, and creates it if needed. Its contents are kept.
pub(super) fn open_lock(path: &Path) -> Result<File, StorageError> {
    may_create(path)
        .and_then(|()| open_plain(options().read(true).write(true).create(true).truncate(false), path))
        .map_err(|cause| StorageError::new("make the lock", path, cause))
}

/// Replaces the contents of a lock file, which only inform people.
pub(super) fn write_lock(mut file: &File, path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let emptied = file.set_len(0).and_then(|()| file.rewind());
    let written = emptied.and_then(|()| may_write(path)).and_then(|()| file.write_all(bytes));
    written.map_err(|cause| StorageError::new("write the lock", path, cause))
}

/// Replaces a file atomically: writes and syncs a temporary file beside it, renames it, and syncs the folder.
///
/// Keeps the permissions of an existing file.
///
/// # Errors
/// The file system refuses, or the existing file is a link, not a regular file, or read-only; then it is unchanged. (If
/// only the last step fails, the sync of the folder, the new file is there, and a power cut may bring the old one back.)
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    write_beside(path, bytes, |temp| temp.persist(path).map(drop).map_err(|error| error.error))
}

/// Like [`replace`], but never replaces an existing file.
///
/// # Errors
/// There is one (kind `AlreadyExists`), or the file system refuses.
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    write_beside(path, bytes, |temp| temp.persist_noclobber(path).map(drop).map_err(|error| error.error))
}

fn write_beside(
    path: &Path,
    bytes: &[u8],
    persist: impl FnOnce(NamedTempFile) -> io::Result<()>,
) -> Result<(), StorageError> {
    let written = temporary_with(path, bytes).and_then(persist).and_then(|()| sync_folder(folder_of(path)));
    written.map_err(|cause| StorageError::new("write", path, cause))
}

/// A synced temporary file with these bytes, in the folder of `path` and with the permissions of the file there.
fn temporary_with(path: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    may_write(path)?;
    let existing = fs::symlink_metadata(path).ok();
    let mut temp = temporary_file(folder_of(path))?;
    if let Some(existing) = existing {
        match existing.permissions() {
            _ if !existing.is_file() => return Err(not_plain()),
            permissions if permissions.readonly() => return Err(io::ErrorKind::PermissionDenied.into()),
            permissions => temp.as_file().set_permissions(permissions)?,
        }
    }
    temp.write_all(bytes)?;
    temp.as_file().sync_all()?;
    Ok(temp)
}

/// Creates a folder and its parents durably. Does nothing if it exists.
///
/// # Errors
/// The file system refuses, or the name belongs to something else.
pub fn make_folder(path: &Path) -> Result<(), StorageError> {
    let existing = path.ancestors().find(|folder| folder.is_dir());
    let mut created = path.ancestors().take_while(|folder| Some(*folder) != existing);
    let allowed = if existing == Some(path) { Ok(()) } else { may_create(path) };
    let made = allowed
        .and_then(|()| fs::create_dir_all(path))
        .and_then(|()| created.try_for_each(|folder| sync_folder(folder_of(folder))));
    made.map_err(|cause| StorageError::new("make the folder", path, cause))
}

/// Creates a new folder.
///
/// # Errors
/// It exists (kind `AlreadyExists`), or the file system refuses.
pub fn make_new_folder(path: &Path) -> Result<(), StorageError> {
    may_create(path)
        .and_then(|()| fs::create_dir(path))
        .and_then(|()| sync_folder(folder_of(path)))
        .map_err(|cause| StorageError::new("make the folder", path, cause))
}

/// Removes a file; does nothing if it does not exist.
pub(super) fn remove_file(path: &Path) -> Result<(), StorageError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(StorageError::new("remove", path, cause)),
        _ => sync_folder(folder_of(path)).map_err(|cause| StorageError::new("remove", path, cause)),
    }
}

/// Removes a folder with its contents. Refuses a link, and follows none inside.
///
/// The folder is renamed first, so that it disappears at once and a crash leaves only leftovers for
/// [`remove_leftovers`].
pub(super) fn remove_folder(path: &Path) -> Result<(), StorageError> {
    try_remove_folder(path).map_err(|cause| StorageError::new("remove", path, cause))
}

fn try_remove_folder(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let folder = folder_of(path);
    let temporary = temporary_folder(folder)?;
    fs::rename(path, temporary.path().join("removed"))?;
    sync_folder(folder)?;
    temporary.close()
}

/// Size in bytes of all regular files below a folder, without links and unreadable files.
pub fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            Some(if metadata.is_dir() {
                size(&entry.path())
            } else if metadata.is_file() {
                metadata.len()
            } else {
                0
            })
        })
        .sum()
}

/// Prefix and suffix of the names of temporary files and folders.
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

/// Permissions of a new file or folder, which the umask reduces. The default of `tempfile` is the owner only.
#[cfg(unix)]
fn usual_permissions(mode: u32) -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(mode)
}

fn temporary_file(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let mut builder = builder();
        #[cfg(unix)]
        builder.permissions(usual_permissions(0o666));
        let temp = builder.tempfile_in(folder)?;
        // The lock keeps `remove_leftovers` away. Without locks on the file system, that protection is lost.
        let _unlocked = temp.as_file().lock();
        // `remove_leftovers` may have removed the file before it was locked.
        if temp.path().exists() {
            return Ok(temp);
        }
    }
}

fn temporary_folder(folder: &Path) -> io::Result<TempDir> {
    may_create(folder)?;
    let mut builder = builder();
    #[cfg(unix)]
    builder.permissions(usual_permissions(0o777));
    builder.tempdir_in(folder)
}

/// Makes renames and new names in a folder durable. File systems without this call have guarantees of their own.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(not(unix)) {
        return Ok(());
    }
    use io::ErrorKind as Kind;
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // A folder may be writable and not readable; then it cannot be synced either.
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
        assert!(replace(&path, b"three").unwrap_err().to_string().contains("permission denied"));
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
