//! Packed files and archives, good, damaged and dangerous.

use std::io::{Cursor, Write};

use flate2::{Compression, write::GzEncoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::*;
use crate::formats::{Files, Read as ReadResult, ReadOptions, Severity, detect};

const TAGGED: &[u8] = b"tacos B-Dish\nplease O\n\nok O\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstandard(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read(name: &str, bytes: &[u8]) -> (&'static str, ReadResult) {
    let format = detect(name, bytes).format;
    (format.name, format.read(bytes, &ReadOptions::default()))
}

fn refusal(bytes: &[u8]) -> String {
    let (_, read) = read("a", bytes);
    assert!(read.corpus.documents.is_empty(), "{:?}", read.problems);
    read.problems[0].to_string()
}

#[test]
fn packed_files_are_read_as_what_is_in_them() {
    let mut two = gzip(TAGGED);
    two.extend(gzip(TAGGED));
    let mut frames = zstandard(TAGGED);
    frames.extend(b"\x53\x2a\x4d\x18\x03\x00\x00\x00abc");
    frames.extend(zstandard(TAGGED));
    let packed = [
        ("a.conll.gz", gzip(TAGGED), 2),
        ("a", two, 3),
        ("a.conll.zst", zstandard(TAGGED), 2),
        ("a", frames, 3),
        ("a.zip", zip(&[("__MACOSX/._a", b"x"), ("in/a.conll", TAGGED)]), 2),
    ];
    for (name, bytes, documents) in packed {
        let (format, read) = read(name, &bytes);
        assert_eq!((format, read.corpus.documents.len()), ("conll2002", documents), "{name}: {:?}", read.problems);
        assert_eq!(read.corpus.documents[0].word(0), "tacos");
    }
    assert_eq!(detect("a.TXT.gz", &gzip(b"one review\n")).why, "gzip: lines of text");
}

#[test]
fn a_large_text_comes_through_in_blocks() {
    let text: String = (0..200_000).map(|n| format!("review number {n} of a long file\n")).collect();
    for bytes in [gzip(text.as_bytes()), zstandard(text.as_bytes()), zip(&[("a.txt", text.as_bytes())])] {
        let read = read("a", &bytes).1;
        assert_eq!((read.corpus.documents.len(), read.has_errors()), (200_000, false));
        assert_eq!(&*read.corpus.documents[199_999].text, "review number 199999 of a long file");
    }
}

#[test]
fn several_files_are_read_each_in_its_format() {
    let files: [(&str, &[u8]); 5] = [
        ("train.conll", TAGGED),
        ("b.jsonl", b"{\"text\":\"good tacos\"}\nnonsense\n"),
        ("README.md", b"About this corpus.\n"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0"),
        ("empty.txt", b""),
    ];
    let (format, read) = read("corpus.zip", &zip(&files));
    assert_eq!((format, read.corpus.documents.len()), ("files", 3), "{:?}", read.problems);
    assert_eq!(read.detected, ["2 files", "conll2002 and jsonl", "3 texts", "1 span of 1 label"]);
    let shown: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert!(shown.iter().any(|text| text.starts_with("b.jsonl, line 2: ")), "{shown:?}");
    for (file, what) in [("README.md", "plain text among"), ("picture.png", "no text"), ("empty.txt", "an empty file")]
    {
        assert!(shown.iter().any(|text| text.starts_with(&format!("{file}: {what}"))), "{file}: {shown:?}");
    }
    let forced = crate::formats::find("text").unwrap().read(&zip(&files[..2]), &ReadOptions::default());
    let ids: Vec<&str> = forced.corpus.documents.iter().map(|document| document.id.as_str()).collect();
    assert_eq!(ids, ["train.conll", "b.jsonl"]);
}

#[test]
fn files_of_plain_text_are_one_text_each() {
    let (format, read) =
        read("a.zip", &zip(&[("b.txt", b"\xef\xbb\xbftwo\nlines\n"), ("a.txt", b"one"), ("c.txt", b"caf\xe9")]));
    let texts: Vec<_> = read.corpus.documents.iter().map(|one| (one.id.as_str(), &*one.text)).collect();
    assert_eq!((format, texts), ("files", vec![("b", "two\nlines\n"), ("a", "one")]));
    let error = read.problems.iter().find(|problem| problem.severity == Severity::Error).unwrap();
    assert_eq!((error.file.as_deref(), error.line), (Some("c.txt"), Some(1)));
}

#[test]
fn bombs_are_refused_before_they_fill_memory_or_disk() {
    let zeros = vec![b' '; 70 << 20];
    for bytes in [gzip(&zeros), zip(&[("a", &zeros)]), zip(&[("a", &zeros), ("b", b"x")])] {
        assert!(bytes.len() < 1 << 20);
        let text = refusal(&bytes);
        assert!(text.contains("over 250 times its size") && text.contains("unpack it and read the result"), "{text}");
    }
    assert!(limits::check(65 << 30, 60 << 30).unwrap_err().to_string().contains("it unpacks to more than 6"));
    assert!(limits::check(60 << 20, 1).is_ok() && limits::check(10 << 30, 1 << 30).is_ok());
}

#[test]
fn damaged_files_are_named() {
    for bytes in [gzip(&TAGGED.repeat(99)), zstandard(&TAGGED.repeat(99))] {
        let cut = &bytes[..bytes.len() - 9];
        let text = refusal_or_error(cut);
        assert!(text.contains("it may be damaged or cut off"), "{text}");
        assert!(refusal_or_error(&bytes[..6]).contains("cannot be unpacked"));
    }
    let mut bytes = zip(&[("a", TAGGED)]);
    assert!(refusal(&bytes[..bytes.len() - 9]).contains("the zip archive cannot be read"));
    let crc = crc32fast::hash(TAGGED).to_le_bytes();
    let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| bytes[*at..*at + 4] == crc).collect();
    places.iter().for_each(|at| bytes[*at] ^= 1);
    assert!(refusal_or_error(&bytes).contains("a file in the archive is damaged"));
    let mut zstandard = zstandard(TAGGED);
    *zstandard.last_mut().unwrap() ^= 1;
    assert!(refusal_or_error(&zstandard).contains("its checksum is another"));
}

fn refusal_or_error(bytes: &[u8]) -> String {
    let read = read("a.conll", bytes).1;
    read.problems.iter().find(|problem| problem.severity == Severity::Error).unwrap().to_string()
}

#[test]
fn dangerous_archives_are_refused() {
    for name in ["../a.txt", "/etc/a.txt", "C:\\a.txt", "in\\..\\..\\a.txt"] {
        let text = refusal(&zip(&[("good.txt", b"x"), (name, b"x")]));
        assert!(text.contains("outside of its folder"), "{name}: {text}");
    }
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("a.txt", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let link = writer.finish().unwrap().into_inner();
    assert!(refusal(&link).contains("`a.txt` in the archive is a link or a device"));
    assert!(refusal(&zip(&[])).contains("there is no file in the archive"));
    let nested = zip(&[("a.zip", &zip(&[("b.txt", b"x")])), ("c.gz", &gzip(b"x"))]);
    assert!(refusal(&nested).contains("a packed file among several"));
}

/// Files of a folder.
struct Folder(Vec<String>, Vec<Vec<u8>>);

impl Folder {
    fn of<const N: usize>(files: [(&str, Vec<u8>); N]) -> Self {
        let (names, bytes) = files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).unzip();
        Self(names, bytes)
    }
}

/// One of them.
struct File<'a>(&'a [u8]);

impl Source for File<'_> {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self.0))
    }
}

impl Source for Folder {
    fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
        Err(io::Error::other("a folder"))
    }

    fn files(&self) -> Option<&dyn Files> {
        Some(self)
    }
}

impl Files for Folder {
    fn names(&self) -> &[String] {
        &self.0
    }

    fn open(&self, index: usize) -> io::Result<Box<dyn Source + '_>> {
        match self.1[index].as_slice() {
            b"locked" => Err(io::ErrorKind::PermissionDenied.into()),
            bytes => Ok(Box::new(File(bytes))),
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_the_others_are_read() {
    let cut = gzip(&TAGGED.repeat(99));
    let late = gzip(&(0..20_000).map(|n| format!("word{n} O\n\n")).collect::<String>().into_bytes());
    let folder = Folder::of([
        ("a.conll", TAGGED.to_vec()),
        ("b.conll.gz", gzip(TAGGED)),
        ("c.conll.gz", cut[..12].to_vec()),
        ("d.conll.gz", late[..late.len() - 9].to_vec()),
        ("e.zip", zip(&[("x.conll", TAGGED)])),
        ("f.conll", b"locked".to_vec()),
        ("g.conll", TAGGED.to_vec()),
    ]);
    let guess = crate::formats::detect_source("folder", &folder).unwrap();
    assert_eq!(guess.format.name, "files");
    for format in [guess.format, crate::formats::find("conll2002").unwrap()] {
        let read = format.read_file(&folder, &ReadOptions::default()).unwrap();
        assert_eq!(read.found.len(), 6);
        let last = read.found.documents().last().unwrap();
        assert_eq!(last.word(0), "ok", "the file after those that cannot be read");
        for name in ["c.conll.gz", "d.conll.gz", "e.zip", "f.conll"] {
            let problem = read.problems.iter().find(|problem| problem.file.as_deref() == Some(name));
            assert!(problem.is_some_and(|problem| problem.severity > Severity::Note), "{name}: {:?}", read.problems);
        }
        assert!(read.problems.iter().all(|problem| problem.file.as_deref() != Some("b.conll.gz")));
    }
    let texts = crate::formats::find("text").unwrap().read_file(&folder, &ReadOptions::default()).unwrap();
    assert_eq!(texts.found.len(), 3);
}

#[test]
fn a_packed_file_in_an_archive_is_unpacked_in_no_format() {
    let bytes = zip(&[("a.conll", TAGGED), ("b.conll.gz", &gzip(TAGGED)), ("c.zip", &zip(&[("x.conll", TAGGED)]))]);
    for format in ["conll2002", "text"] {
        let read = crate::formats::find(format).unwrap().read(&bytes, &ReadOptions::default());
        let named: Vec<_> =
            read.problems.iter().filter(|p| p.severity == Severity::Error).map(ToString::to_string).collect();
        assert_eq!(named.len(), 2, "{format}: {:?}", read.problems);
        assert!(named[0].starts_with("b.conll.gz: a packed file among several is not read"), "{named:?}");
        assert!(named[1].starts_with("c.zip: a packed file among several is not read"), "{named:?}");
    }
}

#[test]
fn a_document_that_cannot_be_kept_ends_the_reading() {
    /// Takes nothing.
    struct Full;
    impl crate::formats::sink::Sink for Full {
        fn take(&mut self, _: crate::formats::sink::Found, _: &crate::formats::sink::LabelNames) -> io::Result<()> {
            Err(io::ErrorKind::StorageFull.into())
        }
    }
    let folder = Folder::of([("a.conll", TAGGED.to_vec()), ("b.jsonl", b"{\"text\":\"good tacos\"}\n".to_vec())]);
    for name in ["conll2002", "text"] {
        let format = crate::formats::find(name).unwrap();
        let read = format.read_into(&folder, &ReadOptions::default(), &mut Full);
        assert_eq!(read.map(|_| ()).unwrap_err().kind(), io::ErrorKind::StorageFull);
    }
}
