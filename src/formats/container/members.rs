//! Files of a folder or an archive, as readers of formats need them.

use std::io;

use super::Container;
use crate::{
    formats::{
        Problem, Source,
        decode::{Lines, body},
        problem::{quoted, with_noun},
        sink::{Found, Reading},
        source::{Files, Unreadable},
    },
    spans::{Document, Status},
};

/// The only file of an archive: the archive is that file.
pub(in crate::formats) fn only(files: &dyn Files) -> io::Result<Option<Box<dyn Source + '_>>> {
    match files.is_archive() && files.names().len() == 1 {
        true => files.open(0).map(Some),
        false => Ok(None),
    }
}

/// Reader of one file.
pub(in crate::formats) type ReadOne<'r> = dyn Fn(&dyn Source, &mut Reading<'_>) -> Result<(), Unreadable> + 'r;

/// Reads all files in their order by `read`; a text among plain texts is one document.
pub(in crate::formats) fn read_each(
    files: &dyn Files,
    format: &str,
    reading: &mut Reading<'_>,
    read: &ReadOne<'_>,
) -> Result<Vec<String>, Unreadable> {
    report_left_out(files, reading);
    for (index, name) in files.names().iter().enumerate() {
        reading.problems.set_file(Some(name));
        read_member(name, &*files.open(index)?, format == "text", reading, read)?;
    }
    reading.problems.set_file(None);
    let count = files.names().len();
    if format == "text" {
        note_on_texts(count, reading);
    }
    let texts = with_noun(reading.documents(), "text");
    Ok(vec![with_noun(count, "file"), format.to_owned(), texts, reading.spans_text()])
}

/// Reads one of several files, which may be packed. Problems of its encoding are reported.
pub(in crate::formats) fn read_member(
    name: &str,
    file: &dyn Source,
    is_text: bool,
    reading: &mut Reading<'_>,
    read: &ReadOne<'_>,
) -> Result<(), Unreadable> {
    let container = Container::open(file)?;
    let done = match is_text {
        true => read_whole(name, container.contents(), reading),
        false => read(container.contents(), reading),
    };
    match done {
        Err(Unreadable::Encoding(problem)) => reading.problems.push(problem),
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

/// Reads a whole file as text, without byte order mark, its line ends as they are.
pub(in crate::formats) fn read_text(file: &dyn Source) -> Result<String, Unreadable> {
    let mut bytes = Vec::new();
    io::copy(&mut body(file)?, &mut bytes)?;
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
