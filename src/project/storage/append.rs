//! Durable appending.
//! A piece is completely in the file, and synced, or not in it at all.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use rustix::fs::{Access, OFlags, access};

use super::{
    dir::Dir,
    error::StorageError,
    faults::{step, sync_data},
    open::folder_of,
    refusals::{may_create, may_write},
};
use crate::guard::{self, Links};

/// File operations that an [`Appender`] needs. Tests use a disk that fills up.
trait AppendTarget: Send {
    /// Writes all bytes at the end.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes the written bytes durable.
    fn sync(&mut self) -> io::Result<()>;
    /// Truncates the file.
    fn cut(&mut self, len: u64) -> io::Result<()>;
    /// Times of the last change; `None` if they are not known.
    fn times(&self) -> Option<Times>;
}

impl AppendTarget for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        step()?;
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        sync_data(self)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        step()?;
        self.set_len(len)
    }

    fn times(&self) -> Option<Times> {
        self.metadata().ok().map(|metadata| Times::of(&metadata))
    }
}

/// The file at the path of an [`Appender`], compared with the one that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundFile {
    /// It is the same file, with the length and the times that it had after the last append.
    Same,
    /// It has other times, because another program wrote into it, or because a disk in the network sets them late.
    OtherTimes,
    /// It is another file, or has another length.
    Other,
}

/// A file that only grows, by complete pieces.
pub struct Appender {
    file: Box<dyn AppendTarget>,
    path: PathBuf,
    len: u64,
    /// Identity of the open file, to notice that another file replaced it.
    identity: Option<Identity>,
    /// Times after the last append, to notice that another program wrote into the file.
    times: Option<Times>,
    /// Whether a piece was written in part and has not been removed yet.
    torn: bool,
}

impl Appender {
    /// Opens a plain file for appending, and creates it if needed.
    ///
    /// # Errors
    /// The file system refuses, or the name of the file or of its folder belongs to a link or another special file.
    pub fn open(path: &Path) -> Result<Self, StorageError> {
        let opened = open_for_appending(path);
        let (file, metadata) = opened.map_err(|cause| StorageError::new("open for writing", path, cause))?;
        Ok(Self::of_file(file, &metadata, path))
    }

    /// Appends to an open file, which `path` names in messages.
    pub(super) fn of(file: File, path: &Path) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self::of_file(file, &metadata, path))
    }

    fn of_file(file: File, metadata: &fs::Metadata, path: &Path) -> Self {
        let identity = Some(Identity::of(metadata));
        let times = Some(Times::of(metadata));
        Self { file: Box::new(file), path: path.to_owned(), len: metadata.len(), identity, times, torn: false }
    }

    /// Compares the file to which the path leads now with this one.
    ///
    /// A `git pull` replaces files; pieces appended to a replaced file would be lost. Others write over a part of a file,
    /// which leaves its length as it was and changes its times.
    pub fn found(&self) -> FoundFile {
        let Some(identity) = &self.identity else { return FoundFile::Same };
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) if Identity::of(&metadata) != *identity || metadata.len() != self.len => FoundFile::Other,
            Ok(metadata) if self.times.is_none_or(|times| times == Times::of(&metadata)) => FoundFile::Same,
            Ok(_) => FoundFile::OtherTimes,
            Err(_) => FoundFile::Other,
        }
    }

    /// Appends `bytes` and syncs. After an error none of them is in the file.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.remove_torn_piece()?;
        self.torn = true;
        let done = may_write(&self.path).and_then(|()| self.file.write(bytes)).and_then(|()| self.file.sync());
        match done {
            Ok(()) => {
                self.torn = false;
                self.len += bytes.len() as u64;
                self.times = self.file.times();
                Ok(())
            }
            Err(cause) => {
                // If this fails too, the next append tries again before it writes.
                self.remove_torn_piece().ok();
                Err(StorageError::new("append to", &self.path, cause))
            }
        }
    }

    /// Truncates the file to `len` bytes; does nothing if it is shorter.
    ///
    /// # Errors
    /// The file system refuses.
    pub(in crate::project) fn truncate(&mut self, len: u64) -> Result<(), StorageError> {
        if len < self.len {
            self.len = len;
            self.torn = true;
        }
        self.remove_torn_piece()
    }

    fn remove_torn_piece(&mut self) -> Result<(), StorageError> {
        if self.torn {
            let cut = self.file.cut(self.len).and_then(|()| self.file.sync());
            cut.map_err(|cause| StorageError::new("truncate", &self.path, cause))?;
            self.torn = false;
            self.times = self.file.times();
        }
        Ok(())
    }
}

fn open_for_appending(path: &Path) -> io::Result<(File, fs::Metadata)> {
    may_create(path)?;
    let folder = Dir::open(folder_of(path))?;
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let is_new = folder.stat(name)?.is_none();
    let access = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE;
    step()?;
    let file = guard::open_at(&folder, name, access, Links::Refuse)?;
    if is_new {
        folder.sync()?;
    }
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

/// Checks that a plain file of at most `limit` bytes can be appended to, or that none is there and one can be created.
/// Writes nothing.
///
/// # Errors
/// The file system would refuse, or the name belongs to a link or another special file.
pub(in crate::project) fn check_appendable(path: &Path, limit: u64) -> Result<(), StorageError> {
    let checked = || {
        may_create(path)?;
        let folder = Dir::open(folder_of(path))?;
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        if folder.stat(name)?.is_none() {
            return Ok(access(folder_of(path), Access::WRITE_OK | Access::EXEC_OK)?);
        }
        let file = guard::open_at(&folder, name, OFlags::RDWR | OFlags::APPEND, Links::Refuse)?;
        guard::check_size(file.metadata()?.len(), limit)
    };
    checked().map_err(|cause| StorageError::new("open for writing", path, cause))
}

impl std::fmt::Debug for Appender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Appender").field("path", &self.path).field("len", &self.len).finish_non_exhaustive()
    }
}

/// Distinguishes a file from another one at the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    #[cfg(not(unix))]
    fn of(_metadata: &fs::Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }
}

/// Times of the last change of a file's contents and of its metadata.
/// In seconds and nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times([i64; 4]);

impl Times {
    #[cfg(unix)]
    fn of(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self([metadata.mtime(), metadata.mtime_nsec(), metadata.ctime(), metadata.ctime_nsec()])
    }

    #[cfg(not(unix))]
    fn of(_metadata: &fs::Metadata) -> Self {
        Self([0; 4])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use super::*;

    /// A disk with limited room, which may also refuse to sync or to truncate.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<State>>);

    #[derive(Default)]
    struct State {
        bytes: Vec<u8>,
        room: usize,
        sync_fails: bool,
        cut_fails: bool,
    }

    fn failed(yes: bool) -> io::Result<()> {
        if yes { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    impl AppendTarget for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
            let mut disk = self.0.lock().unwrap();
            let fits = bytes.len().min(disk.room - disk.bytes.len().min(disk.room));
            disk.bytes.extend(&bytes[..fits]);
            failed(fits < bytes.len())
        }

        fn sync(&mut self) -> io::Result<()> {
            failed(self.0.lock().unwrap().sync_fails)
        }

        fn cut(&mut self, len: u64) -> io::Result<()> {
            let mut disk = self.0.lock().unwrap();
            failed(disk.cut_fails)?;
            disk.bytes.truncate(usize::try_from(len).unwrap());
            Ok(())
        }

        fn times(&self) -> Option<Times> {
            None
        }
    }

    fn on(disk: &Disk) -> Appender {
        Appender { file: Box::new(disk.clone()), path: "j".into(), len: 0, identity: None, times: None, torn: false }
    }

    proptest! {
        #[test]
        fn on_any_failing_disk_the_file_is_the_pieces_that_were_taken(
            steps in prop::collection::vec((0usize..40, any::<bool>(), any::<bool>(), 1usize..9), 1..20)
        ) {
            let disk = Disk::default();
            let mut file = on(&disk);
            let mut taken: Vec<u8> = Vec::new();
            for (n, (room, sync_fails, cut_fails, length)) in steps.into_iter().enumerate() {
                {
                    let mut disk = disk.0.lock().unwrap();
                    (disk.room, disk.sync_fails, disk.cut_fails) = (room, sync_fails, cut_fails);
                }
                let piece = vec![u8::try_from(n).unwrap(); length];
                if file.append(&piece).is_ok() {
                    taken.extend(&piece);
                }
                prop_assert!(disk.0.lock().unwrap().bytes.starts_with(&taken));
            }
            {
                let mut disk = disk.0.lock().unwrap();
                (disk.room, disk.sync_fails, disk.cut_fails) = (1000, false, false);
            }
            file.append(b"end").unwrap();
            taken.extend(b"end");
            prop_assert_eq!(&disk.0.lock().unwrap().bytes, &taken);
        }
    }

    #[test]
    fn a_full_disk_is_reported_with_path_and_advice() {
        let error = on(&Disk::default()).append(b"line\n").unwrap_err().to_string();
        assert_eq!(
            error,
            "cannot append to j: the disk is full; free some space and try again, everything saved before is safe"
        );
    }

    #[test]
    fn another_file_under_the_same_name_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j");
        let mut file = Appender::open(&path).unwrap();
        file.append(b"one\n").unwrap();
        assert_eq!(file.found(), FoundFile::Same);
        super::super::replace(&path, b"one\n").unwrap();
        assert_eq!(file.found(), FoundFile::Other);
    }

    #[test]
    fn other_contents_of_the_same_length_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("j");
        let mut file = Appender::open(&path).unwrap();
        file.append(b"one\n").unwrap();
        // The clock of file systems advances every few milliseconds.
        std::thread::sleep(std::time::Duration::from_millis(30));
        fs::OpenOptions::new().write(true).open(&path).unwrap().write_all(b"two\n").unwrap();
        assert_eq!(file.found(), FoundFile::OtherTimes);
    }
}
