//! Open folders. A name is looked up in the open folder, wherever its path leads meanwhile, and no link is followed.
//!
//! Nothing here removes or renames; that is in `own.rs`.

use std::{
    ffi::{OsStr, OsString},
    fs::File,
    io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use rustix::{
    fs::{self as sys, AtFlags, CWD, FileType, Mode, OFlags, Stat},
    io::Errno,
};

use super::{
    error::{not_ours, shown_path},
    faults::{step, sync},
};
use crate::guard::{self, Links};

/// Permissions of a new file, which the umask reduces.
pub(super) const FILE_MODE: Mode = Mode::from_raw_mode(0o666);
const FOLDER_MODE: Mode = Mode::from_raw_mode(0o777);

/// Cause of a refused link in place of a folder, with the remedy.
const IS_LINKED_FOLDER: &str =
    "the folder is a symbolic link, and tagli does not follow links there; put a real folder there";

/// An open folder.
#[derive(Debug)]
pub(in crate::project) struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

/// Device and number of a file or folder: no other one has them while it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity([i128; 2]);

impl Identity {
    /// Identity of what is described.
    pub(super) fn of(stat: &Stat) -> Self {
        // Their types differ between systems.
        Self([i128::from(stat.st_dev), i128::from(stat.st_ino)])
    }

    /// Identity of an open file or folder.
    pub(super) fn of_open(open: impl AsFd) -> io::Result<Self> {
        Ok(Self::of(&sys::fstat(open)?))
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Dir {
    /// Opens a folder; its path may lead through links, but must not end in one.
    ///
    /// # Errors
    /// There is none, it is a link, or it cannot be read.
    pub(in crate::project) fn open(path: &Path) -> io::Result<Self> {
        // Without the slash at the end of `link/`, which would be followed.
        let path = path.components().as_path();
        match sys::openat(CWD, path, folder_flags() | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(fd) => Ok(Self { fd, path: path.to_owned() }),
            Err(Errno::NOTDIR | Errno::LOOP) if path.is_symlink() => Err(io::Error::other(IS_LINKED_FOLDER)),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens a folder; its path may lead through links and end in one.
    ///
    /// # Errors
    /// There is none, or it may not be used.
    pub(in crate::project) fn open_linked(path: &Path) -> io::Result<Self> {
        let fd = sys::openat(CWD, path, folder_flags(), Mode::empty()).or_else(|error| unreadable(path, error))?;
        Ok(Self { fd, path: path.to_owned() })
    }

    /// Opens a folder in this one; `None` if there is nothing of that name.
    ///
    /// # Errors
    /// The name belongs to a link or a file, or the folder cannot be read.
    pub(in crate::project) fn sub(&self, name: impl AsRef<OsStr>) -> io::Result<Option<Self>> {
        let name = name.as_ref();
        match sys::openat(self, name, folder_flags() | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(fd) => Ok(Some(Self { fd, path: self.path.join(name) })),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::NOTDIR | Errno::LOOP) => {
                let path = shown_path(&self.path.join(name));
                Err(not_ours(format!("{path} is a link or a file, not a folder that tagli made; it stays as it is")))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Another handle of the same folder.
    pub(in crate::project) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { fd: self.fd.try_clone()?, path: self.path.clone() })
    }

    /// Path at which the folder was opened, for messages.
    pub(in crate::project) fn path(&self) -> &Path {
        &self.path
    }

    /// Names of all entries, sorted.
    pub(in crate::project) fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in sys::Dir::read_from(self)? {
            let entry = entry?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes()).to_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Kind, size and identity of an entry; `None` if there is none. A link is described itself.
    pub(super) fn stat(&self, name: impl AsRef<OsStr>) -> io::Result<Option<Stat>> {
        match sys::statat(self, name.as_ref(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is an entry of this name, of whatever kind.
    pub(in crate::project) fn has(&self, name: &str) -> bool {
        !matches!(self.stat(name), Ok(None))
    }

    /// Size of a regular file; `None` for everything else.
    pub(in crate::project) fn file_size(&self, name: impl AsRef<OsStr>) -> Option<u64> {
        let stat = self.stat(name).ok().flatten()?;
        let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
        u64::try_from(stat.st_size).ok().filter(|_| is_file)
    }

    /// Whether a name in this folder leads to this open file or folder.
    pub(super) fn leads_to(&self, name: impl AsRef<OsStr>, open: impl AsFd) -> bool {
        let (Ok(Some(here)), Ok(there)) = (self.stat(name), sys::fstat(open)) else { return false };
        Identity::of(&here) == Identity::of(&there)
    }

    /// Opens a regular file for reading; `None` if there is nothing of that name.
    pub(super) fn open_file(&self, name: impl AsRef<OsStr>) -> io::Result<Option<File>> {
        self.open_with(name.as_ref(), OFlags::RDONLY)
    }

    /// Opens a regular file for appending; `None` if there is nothing of that name.
    pub(super) fn open_to_append(&self, name: impl AsRef<OsStr>) -> io::Result<Option<File>> {
        self.open_with(name.as_ref(), OFlags::RDWR | OFlags::APPEND)
    }

    fn open_with(&self, name: &OsStr, flags: OFlags) -> io::Result<Option<File>> {
        match guard::open_at(self, name, flags, Links::Refuse) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a regular file of at most `limit` bytes; `None` if there is none.
    pub(in crate::project) fn read(&self, name: impl AsRef<OsStr>, limit: u64) -> io::Result<Option<Vec<u8>>> {
        self.open_file(name)?.map(|file| guard::read_all(&file, limit)).transpose()
    }

    /// Creates a file; an existing one is an error.
    pub(super) fn create_file(&self, name: impl AsRef<OsStr>) -> io::Result<File> {
        step()?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(sys::openat(self, name.as_ref(), flags, FILE_MODE)?.into())
    }

    /// Creates a folder and opens it; an existing one is an error.
    pub(super) fn create_folder(&self, name: impl AsRef<OsStr>) -> io::Result<Self> {
        let name = name.as_ref();
        step()?;
        sys::mkdirat(self, name, FOLDER_MODE)?;
        self.sub(name)?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Makes renames and new names in this folder durable. File systems without this call have guarantees of their own.
    pub(in crate::project) fn sync(&self) -> io::Result<()> {
        sync(self, |dir| match sys::fsync(dir) {
            // A folder that may not be read cannot be synced either.
            Err(Errno::INVAL | Errno::NOTSUP | Errno::BADF | Errno::ACCESS) => Ok(()),
            result => Ok(result?),
        })
    }
}

fn folder_flags() -> OFlags {
    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC
}

/// Opens a folder that may be written and not read, where the system can do that.
fn unreadable(path: &Path, error: Errno) -> rustix::io::Result<OwnedFd> {
    #[cfg(target_os = "linux")]
    if error == Errno::ACCESS {
        return sys::openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    }
    let _ = path;
    Err(error)
}
