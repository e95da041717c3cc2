//! Files of a folder or an archive, as readers of formats need them.

use std::io::{self, Read as _};

use super::Container;
use crate::{
    formats::{
        Problem, Source,
        decode::{Lines, body},
        problem::{quoted, with_noun},
        sink::{Found, Reading},
        source::{Files, Takes, Unreadable},
    },
    spans::{Document, Status},
    text::number,
};

/// The only file of an archive: the archive is that file.
pub(in crate::formats) fn only(files: &dyn Files) -> io::Result<Option<Box<dyn Source + '_>>> {
    match files.is_archive() && files.names().len() == 1 {
        true => files.open(0).map(Some),
        false => Ok(None),
    }
}

/// Opens one of several files, which may be packed; the reason if it is not read.
///
/// One packing in another is how files are made that fill a disk.
pub(in crate::formats) fn open_member(file: &dyn Source, is_archive: bool) -> Result<Container<'_>, String> {
    match Container::open(file) {
        Ok(Container::Packed(_)) if is_archive => Err(PACKED.to_owned()),
        Ok(Container::Archive(_)) => Err(PACKED.to_owned()),
        Ok(container) => Ok(container),
        Err(error) => Err(error.to_string()),
    }
}

/// Reason for which a packed file among several is not read.
const PACKED: &str = "a packed file among several is not read; unpack it first";

/// Reader of one file.
pub(in crate::formats) type ReadOne<'r> = dyn Fn(&dyn Source, &mut Reading<'_>) -> Result<(), Unreadable> + 'r;

/// Reads all files in their order by `read`, the reader of the format with this name; a text among plain texts is one document.
pub(in crate::formats) fn read_each(
    files: &dyn Files,
    (format, takes): (&str, Takes),
    reading: &mut Reading<'_>,
    read: &ReadOne<'_>,
) -> Result<Vec<String>, Unreadable> {
    report_left_out(files, reading);
    let count = files.names().len();
    for index in 0..count {
        read_member(files, index, takes, reading, read)?;
    }
    reading.problems.set_file(None);
    if takes == Takes::Texts {
        note_on_texts(count, reading);
    }
    let texts = with_noun(reading.documents(), "text");
    Ok(vec![with_noun(count, "file"), format.to_owned(), texts, reading.spans_text()])
}

/// Reads one of several files, which may be packed. If it cannot be read, that is a problem of this file alone.
///
/// # Errors
/// The sink refuses a document.
pub(in crate::formats) fn read_member(
    files: &dyn Files,
    index: usize,
    takes: Takes,
    reading: &mut Reading<'_>,
    read: &ReadOne<'_>,
) -> Result<(), Unreadable> {
    let name = files.names().get(index).map_or("", String::as_str);
    reading.problems.set_file(Some(name));
    let done = match takes {
        Takes::Texts => read_open(files, index, reading, &|file, reading| read_whole(name, file, reading)),
        Takes::OneFile | Takes::Folder => read_open(files, index, reading, read),
    };
    report_unreadable(done, reading)
}

fn read_open(files: &dyn Files, index: usize, reading: &mut Reading<'_>, read: &ReadOne<'_>) -> Result<(), Unreadable> {
    let file = files.open(index)?;
    match open_member(&*file, files.is_archive()) {
        Ok(container) => read(container.contents(), reading),
        Err(why) => {
            reading.problems.push(Problem::error(why));
            Ok(())
        }
    }
}

/// Reports that the file of a folder could not be read to its end, so that the others can be.
///
/// # Errors
/// The sink has refused a document.
pub(in crate::formats) fn report_unreadable(
    done: Result<(), Unreadable>,
    reading: &mut Reading<'_>,
) -> Result<(), Unreadable> {
    match done {
        Err(Unreadable::Encoding(problem)) => reading.problems.push(problem),
        Err(Unreadable::Io(error)) if !reading.is_refused() => {
            reading.problems.push(Problem::error(error.to_string()));
        }
        done => done?,
    }
    Ok(())
}

/// Notes that each file is one text.
pub(in crate::formats) fn note_on_texts(files: usize, reading: &mut Reading<'_>) {
    if files > 1 {
        let text = format!("each of the {} is one text, and its name the id", with_noun(files, "file"));
        reading.problems.push(Problem::note(text).hint("a file with one text on each line is read so by itself"));
    }
}

/// Reports entries that are not read.
pub(in crate::formats) fn report_left_out(files: &dyn Files, reading: &mut Reading<'_>) {
    if let Some(first) = files.left_out().first() {
        let count = with_noun(files.left_out().len(), "link or device");
        reading.problems.push(Problem::warning(format!("{count} left out, {} first", quoted(first))));
    }
}

/// Reads a file as one text. Its id is its name without `.txt`.
fn read_whole(name: &str, file: &dyn Source, reading: &mut Reading<'_>) -> Result<(), Unreadable> {
    let text = read_text(file)?;
    if text.trim().is_empty() {
        reading.problems.push(Problem::note("an empty text: left out"));
        return Ok(());
    }
    let id = name.strip_suffix(".txt").unwrap_or(name);
    let mut document = Document::new(id, text, reading.options.grid);
    document.split = reading.options.split;
    reading.push(Found { document, spans: Vec::new(), status: Status::Todo })
}

/// Longest text that is read as a whole, in bytes.
const LONGEST: u64 = 256 << 20;

/// Reads a whole file as text, without byte order mark, its line ends as they are.
pub(in crate::formats) fn read_text(file: &dyn Source) -> Result<String, Unreadable> {
    read_text_up_to(file, LONGEST)
}

fn read_text_up_to(file: &dyn Source, longest: u64) -> Result<String, Unreadable> {
    let mut bytes = Vec::new();
    body(file)?.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        let message = format!("the text is longer than {}, the most that is read as one", number::bytes(longest));
        return Err(Unreadable::Encoding(Problem::error(message).hint("split it into several texts")));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // The reader of lines finds the place.
        Err(_) => {
            let mut lines = Lines::of(file)?;
            while lines.next_line()?.is_some() {}
            Err(io::Error::other("the file changed while it was read").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_refused_before_it_fills_the_memory() {
        /// Never ends.
        struct Endless;
        impl Source for Endless {
            fn bytes(&self) -> io::Result<Box<dyn Read + '_>> {
                Ok(Box::new(io::repeat(b'a')))
            }
        }
        let Err(Unreadable::Encoding(problem)) = read_text_up_to(&Endless, 1 << 20) else { panic!() };
        assert!(problem.message.starts_with("the text is longer than 1"), "{problem}");
        assert_eq!(read_text_up_to(&&b"abc"[..], 3).ok().as_deref(), Some("abc"));
        assert!(read_text_up_to(&&b"abcd"[..], 3).is_err());
    }
}
