//! Files of the user that are read in blocks: for an import, a conversion, a training.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Cursor, IsTerminal, Read, Seek, SeekFrom, Write},
    os::unix::fs::{FileExt, FileTypeExt, MetadataExt},
    path::{Path, PathBuf},
};

use super::{
    StorageError,
    storage::{self, FileState, LARGE, shown_path},
};
use crate::{
    formats::{Place, ReadSeek, Source},
    guard::{self, Links},
    text,
};

/// Bytes that stay free on the disk to which standard input is copied, or this share of it if that is less: other
/// programs need room for their temporary files.
const LEFT_FREE: u64 = 1 << 30;
/// Share of the disk, as its divisor.
const SHARE_LEFT_FREE: u64 = 20;
/// Bytes of a draft that are written at once.
const WRITTEN_AT_ONCE: usize = 1 << 20;
/// Bytes that are copied between two looks at the room.
const COPIED_AT_ONCE: u64 = 16 << 20;

/// A regular file, or bytes that could be read only once and were kept.
#[derive(Debug)]
pub struct InputFile(Bytes);

#[derive(Debug)]
enum Bytes {
    /// A file of the user: its path, and its state when it was opened.
    Named {
        file: File,
        path: PathBuf,
        opened: FileState,
    },
    /// A copy without a name.
    Copy(File),
    Kept(Vec<u8>),
}

impl InputFile {
    /// Opens a regular file of at most `limit` bytes that the user named; a link is followed.
    ///
    /// # Errors
    /// It does not exist, is not a regular file or is larger, or cannot be read.
    pub fn open(path: &Path, limit: u64) -> Result<Self, StorageError> {
        Self::open_with(path, limit, Links::Follow)
    }

    /// As [`Self::open`], where a link in place of the file may be refused.
    ///
    /// # Errors
    /// As [`Self::open`], or it is a refused link.
    pub(super) fn open_with(path: &Path, limit: u64, links: Links) -> Result<Self, StorageError> {
        let opened = guard::open(path, links).and_then(|file| {
            let metadata = file.metadata()?;
            guard::check_size(metadata.len(), limit)?;
            let opened = FileState::of_metadata(&metadata);
            Ok(Self(Bytes::Named { file, path: path.to_owned(), opened }))
        });
        opened.map_err(|cause| StorageError::new("read", path, cause))
    }

    /// Number of bytes, as far as it is known.
    pub fn size(&self) -> u64 {
        match &self.0 {
            Bytes::Named { opened, .. } => opened.length(),
            Bytes::Copy(file) => file.metadata().map_or(0, |metadata| metadata.len()),
            Bytes::Kept(bytes) => bytes.len() as u64,
        }
    }

    /// Copies what can be read only once, such as standard input, into a file without a name in `folder`.
    /// Where there are no such files, it is kept in memory.
    ///
    /// # Errors
    /// It cannot be read, or there is no room for the rest of it: of one that is larger than a block (16 MiB), 1 GiB or 5 percent
    /// of the disk stay free.
    pub fn spool(input: impl Read, folder: &Path) -> io::Result<Self> {
        Self::spool_while(input, folder, |folder| {
            storage::room(folder).is_none_or(|[free, size]| free > LEFT_FREE.min(size / SHARE_LEFT_FREE))
        })
    }

    fn spool_while(mut input: impl Read, folder: &Path, has_room: impl Fn(&Path) -> bool) -> io::Result<Self> {
        let Some(mut file) = storage::unnamed_file(folder) else {
            return keep(input, LARGE).map(|bytes| Self(Bytes::Kept(bytes)));
        };
        loop {
            let copied = io::copy(&mut input.by_ref().take(COPIED_AT_ONCE), &mut file);
            if copied.map_err(|error| explain_full(error, folder))? < COPIED_AT_ONCE {
                return Ok(Self(Bytes::Copy(file)));
            }
            // Not before the first block: a small input has room on a nearly full disk, too.
            if !has_room(folder) {
                return Err(explain_full(io::ErrorKind::StorageFull.into(), folder));
            }
        }
    }
}

/// Refuses a device, which may have no end. A terminal has one, and so has the empty `/dev/null`.
///
/// # Errors
/// It is a device.
pub fn refuse_device(file: &File) -> io::Result<()> {
    let metadata = file.metadata()?;
    let kind = metadata.file_type();
    let is_null = fs::metadata("/dev/null").is_ok_and(|null| null.rdev() == metadata.rdev());
    if kind.is_block_device() || kind.is_char_device() && !is_null && !file.is_terminal() {
        let text = "it is a device, which may have no end; copy the part that you need into a file first";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    Ok(())
}

/// Reads at most `limit` bytes into memory.
///
/// # Errors
/// There are more, or they cannot be read.
pub fn keep(input: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let text = format!("it has more than {}, the most that can be read", text::number::bytes(limit));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// Names the folder that has no room: the error is otherwise taken for one of what is read.
fn explain_full(error: io::Error, folder: &Path) -> io::Error {
    match error.kind() {
        kind @ (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
            let folder = shown_path(folder);
            let text = format!(
                "there is no room for a copy in {folder}, where 1 GiB or 5 percent stay free; set TMPDIR to a folder with \
                 more space, and check that the input ends"
            );
            io::Error::new(kind, text)
        }
        _ => error,
    }
}

impl Source for InputFile {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match &self.0 {
            Bytes::Named { file, .. } | Bytes::Copy(file) => Box::new(FileReader { file, offset: 0 }),
            Bytes::Kept(bytes) => Box::new(bytes.as_slice()),
        })
    }

    fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        Ok(match &self.0 {
            Bytes::Named { file, .. } | Bytes::Copy(file) => Box::new(FileReader { file, offset: 0 }),
            Bytes::Kept(bytes) => Box::new(Cursor::new(bytes.as_slice())),
        })
    }

    fn check_unchanged(&self) -> io::Result<()> {
        let Bytes::Named { path, opened, .. } = &self.0 else { return Ok(()) };
        match fs::metadata(path).is_ok_and(|now| FileState::of_metadata(&now) == *opened) {
            true => Ok(()),
            false => Err(io::Error::other(
                "it was changed while it was read; nothing of it was used: try again when no other program writes it",
            )),
        }
    }

    fn beside(&self, name: &str) -> Option<Vec<u8>> {
        /// Limit of such a file in bytes.
        const SMALL: u64 = 16 << 20;
        let Bytes::Named { path, .. } = &self.0 else { return None };
        guard::read(&path.parent()?.join(name), Links::Follow, SMALL).ok()
    }
}

/// Contents of a file that this process writes and reads again: one without a name, or one that has no name yet.
#[derive(Debug)]
pub struct Draft<'a>(DraftBytes<'a>);

#[derive(Debug)]
enum DraftBytes<'a> {
    Given(&'a File),
    Unnamed(File),
    /// Where there are no files without a name.
    Kept(Vec<u8>),
}

impl<'a> Draft<'a> {
    /// Draft in a file that is open for reading and writing.
    pub fn of(file: &'a File) -> Self {
        Self(DraftBytes::Given(file))
    }

    /// Draft in a file without a name in `folder`, or in memory where there are no such files.
    pub fn in_folder(folder: &Path) -> Self {
        Self(storage::unnamed_file(folder).map_or_else(|| DraftBytes::Kept(Vec::new()), DraftBytes::Unnamed))
    }
}

impl Place for Draft<'_> {
    fn begin(&mut self) -> io::Result<Box<dyn Write + '_>> {
        let mut file = match &mut self.0 {
            DraftBytes::Given(file) => *file,
            DraftBytes::Unnamed(file) => &*file,
            DraftBytes::Kept(bytes) => {
                bytes.clear();
                return Ok(Box::new(bytes));
            }
        };
        file.set_len(0)?;
        file.rewind()?;
        Ok(Box::new(BufWriter::with_capacity(WRITTEN_AT_ONCE, file)))
    }

    fn contents(&self) -> &dyn Source {
        self
    }
}

impl Source for Draft<'_> {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(match &self.0 {
            DraftBytes::Given(file) => Box::new(FileReader { file, offset: 0 }),
            DraftBytes::Unnamed(file) => Box::new(FileReader { file, offset: 0 }),
            DraftBytes::Kept(bytes) => Box::new(bytes.as_slice()),
        })
    }

    fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
        Ok(match &self.0 {
            DraftBytes::Given(file) => Box::new(FileReader { file, offset: 0 }),
            DraftBytes::Unnamed(file) => Box::new(FileReader { file, offset: 0 }),
            DraftBytes::Kept(bytes) => Box::new(Cursor::new(bytes.as_slice())),
        })
    }
}

/// Reader with an offset of its own, so that one open file has several.
struct FileReader<'a> {
    file: &'a File,
    offset: u64,
}

impl Read for FileReader<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

impl Seek for FileReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let offset = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.offset.checked_add_signed(by),
            SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.offset = offset.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_often_as_needed_and_up_to_a_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "fish tacos").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink("f", &link).unwrap();
        let spool = |folder| InputFile::spool(&b"fish tacos"[..], folder).unwrap();
        let nowhere = Path::new("/nowhere");
        for file in [InputFile::open(&link, 10).unwrap(), spool(folder.path()), spool(nowhere)] {
            for _ in 0..2 {
                let mut text = String::new();
                file.bytes().unwrap().read_to_string(&mut text).unwrap();
                assert_eq!(text, "fish tacos");
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the copy has no name");
        assert!(InputFile::open(&path, 9).unwrap_err().to_string().contains("it has 10 bytes"));
        assert!(InputFile::open(folder.path(), 9).unwrap_err().to_string().contains("not a regular file"));
    }

    #[test]
    fn a_file_that_is_changed_or_replaced_while_it_is_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "fish tacos").unwrap();
        let file = InputFile::open(&path, 100).unwrap();
        file.check_unchanged().unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "fish bowls").unwrap();
        fs::rename(&other, &path).unwrap();
        let error = file.check_unchanged().unwrap_err().to_string();
        assert!(error.contains("changed while it was read"), "{error}");
        let file = InputFile::open(&path, 100).unwrap();
        fs::write(&path, "fish bowls and more").unwrap();
        assert!(file.check_unchanged().is_err());
        let file = InputFile::open(&path, 100).unwrap();
        fs::remove_file(&path).unwrap();
        assert!(file.check_unchanged().is_err());
    }

    #[test]
    fn a_draft_is_read_again_and_begun_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = tempfile::tempfile().unwrap();
        for mut draft in [Draft::of(&file), Draft::in_folder(folder.path()), Draft::in_folder(Path::new("/nowhere"))] {
            for text in ["fish tacos", "fish"] {
                let mut writer = draft.begin().unwrap();
                writer.write_all(text.as_bytes()).unwrap();
                writer.flush().unwrap();
                drop(writer);
                let mut read = String::new();
                draft.bytes().unwrap().read_to_string(&mut read).unwrap();
                assert_eq!(read, text);
            }
        }
    }

    #[test]
    fn devices_without_an_end_are_refused() {
        for device in ["/dev/zero", "/dev/urandom"] {
            let error = refuse_device(&File::open(device).unwrap()).unwrap_err().to_string();
            assert!(error.starts_with("it is a device"), "{device}: {error}");
        }
        refuse_device(&File::open("/dev/null").unwrap()).unwrap();
        refuse_device(&tempfile::tempfile().unwrap()).unwrap();
        let (pipe, _) = io::pipe().unwrap();
        refuse_device(&std::os::fd::OwnedFd::from(pipe).into()).unwrap();
    }

    #[test]
    fn an_endless_input_ends_where_the_room_does() {
        let folder = tempfile::tempdir().unwrap();
        let looks = std::cell::Cell::new(0);
        let has_room = |_: &Path| {
            looks.set(looks.get() + 1);
            looks.get() < 3
        };
        let error = InputFile::spool_while(io::repeat(b'a'), folder.path(), has_room).unwrap_err();
        assert_eq!((error.kind(), looks.get()), (io::ErrorKind::StorageFull, 3));
        assert!(error.to_string().contains("TMPDIR"), "{error}");
        InputFile::spool_while(&b"fish tacos"[..], folder.path(), |_| false).unwrap();
        let error = keep(io::repeat(b'a'), 2_000).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 2 kB, the most that can be read");
    }
}
