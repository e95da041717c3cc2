//! Zip archives. The table of contents is read once, each file when it is asked for.

use std::io::{self, BufReader, Read, SeekFrom, Take};

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::limits;
use crate::{
    formats::{
        Source,
        problem::{grouped, quoted},
        source::{Files, ReadSeek},
    },
    text::number,
};

/// Files that an archive may have.
const MOST_FILES: usize = 1_000_000;

/// A zip archive.
pub(in crate::formats) struct Archive<'a> {
    source: &'a dyn Source,
    entries: Vec<Entry>,
    names: Vec<String>,
}

/// A file of an archive: where its packed bytes are, and what they must unpack to.
#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u64,
    packed: u64,
    size: u64,
    crc: u32,
    is_deflated: bool,
}

impl<'a> Archive<'a> {
    /// Whether a file's first bytes are those of a zip archive, which may be empty.
    pub(super) fn is_archive(head: &[u8]) -> bool {
        head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06")
    }

    /// Reads the table of contents.
    ///
    /// # Errors
    /// It is damaged, or has an entry that is not read: one outside of the archive's folder, one that is no regular file, one
    /// with a password, or more than are read.
    pub(super) fn open(source: &'a dyn Source) -> io::Result<Self> {
        let mut zip = ZipArchive::new(BufReader::new(source.seekable()?)).map_err(damaged)?;
        if zip.len() > MOST_FILES {
            let [count, most] = [zip.len(), MOST_FILES].map(grouped);
            return Err(refused(format!("the archive has {count} files; at most {most} are read")));
        }
        if zip.has_duplicate_names() {
            return Err(refused("the archive has two files of the same name".to_owned()));
        }
        let mut archive = Self { source, entries: Vec::new(), names: Vec::new() };
        let mut total = 0_u64;
        let mut packed = 0_u64;
        for index in 0..zip.len() {
            let file = zip.by_index_raw(index).map_err(damaged)?;
            let name = file.name().map_err(damaged)?.replace('\\', "/");
            check_name(&name)?;
            if file.is_dir() || is_hidden(&name) {
                continue;
            }
            // The first bits of the mode give the kind of the entry; some programs write none.
            let kind = file.unix_mode().unwrap_or_default() & 0o170_000;
            if kind != 0 && kind != 0o100_000 {
                return Err(refused(format!("{} in the archive is a link or a device, no file", quoted(&name))));
            }
            if file.encrypted() {
                return Err(refused(format!("{} in the archive needs a password; unpack it first", quoted(&name))));
            }
            let is_deflated = match file.compression() {
                CompressionMethod::Stored => false,
                CompressionMethod::Deflated => true,
                other => {
                    let text = format!("{} in the archive is packed as {other}, which is not read", quoted(&name));
                    return Err(refused(format!("{text}; unpack it first")));
                }
            };
            let start = file.data_start().ok_or_else(|| refused("the archive is damaged".to_owned()))?;
            let entry =
                Entry { start, packed: file.compressed_size(), size: file.size(), crc: file.crc32(), is_deflated };
            total = total.saturating_add(entry.size);
            packed = packed.saturating_add(entry.packed);
            archive.entries.push(entry);
            archive.names.push(name);
        }
        // Entries may overlap: they cannot have more packed bytes than the archive has.
        let length = source.seekable()?.seek(SeekFrom::End(0))?;
        limits::check(total, packed.min(length))?;
        if archive.entries.is_empty() {
            return Err(refused("there is no file in the archive".to_owned()));
        }
        Ok(archive)
    }

    fn reader(&self, index: usize) -> io::Result<Box<dyn Read + '_>> {
        let entry = *self.entries.get(index).ok_or(io::ErrorKind::NotFound)?;
        let mut input = self.source.seekable()?;
        input.seek(SeekFrom::Start(entry.start))?;
        let packed = BufReader::new(input.take(entry.packed));
        let unpacked =
            if entry.is_deflated { Bytes::Deflated(DeflateDecoder::new(packed)) } else { Bytes::Stored(packed) };
        Ok(Box::new(Checked { unpacked, entry, read: 0, crc: crc32fast::Hasher::new() }))
    }
}

impl Source for Archive<'_> {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        Err(refused(format!("the archive has {} files", grouped(self.entries.len()))))
    }

    fn files(&self) -> Option<&dyn Files> {
        Some(self)
    }

    fn check_unchanged(&self) -> io::Result<()> {
        self.source.check_unchanged()
    }
}

impl Files for Archive<'_> {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn is_archive(&self) -> bool {
        true
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn Source + '_>> {
        Ok(Box::new(Member { archive: self, index }))
    }
}

/// One of several files of an archive.
struct Member<'a> {
    archive: &'a Archive<'a>,
    index: usize,
}

impl Source for Member<'_> {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        self.archive.reader(self.index)
    }
}

enum Bytes<'a> {
    Stored(BufReader<Take<Box<dyn ReadSeek + 'a>>>),
    Deflated(DeflateDecoder<BufReader<Take<Box<dyn ReadSeek + 'a>>>>),
}

/// Reader of a file of an archive that compares it with the table of contents.
struct Checked<'a> {
    unpacked: Bytes<'a>,
    entry: Entry,
    read: u64,
    crc: crc32fast::Hasher,
}

impl Checked<'_> {
    fn is_whole(&self) -> bool {
        self.read == self.entry.size && self.crc.clone().finalize() == self.entry.crc
    }
}

impl Read for Checked<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        let read = match &mut self.unpacked {
            Bytes::Stored(input) => input.read(bytes)?,
            Bytes::Deflated(input) => input.read(bytes)?,
        };
        self.read += read as u64;
        self.crc.update(bytes.get(..read).unwrap_or_default());
        if self.read > self.entry.size || (read == 0 && !self.is_whole()) {
            let size = number::bytes(self.entry.size);
            return Err(refused(format!("a file in the archive is damaged: it is not the {size} that it should be")));
        }
        Ok(read)
    }
}

/// Refuses names that lead out of the folder of the archive.
fn check_name(name: &str) -> io::Result<()> {
    let is_drive = name.as_bytes().get(1) == Some(&b':');
    if name.starts_with('/') || is_drive || name.contains('\0') || name.split('/').any(|part| part == "..") {
        let text = format!("the archive has a file outside of its folder, {}", quoted(name));
        return Err(refused(format!("{text}, as archives do that are made to overwrite files")));
    }
    Ok(())
}

/// Whether a file is one that programs put beside the files of their users.
fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX")
}

fn refused(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text)
}

fn damaged(error: ZipError) -> io::Error {
    match error {
        ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => error,
        error => refused(format!("the zip archive cannot be read: {error}; it may be damaged or cut off")),
    }
}
