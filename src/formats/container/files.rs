//! Several files that are read as one: those of a folder or of an archive.

use std::io;

use crate::{
    formats::{
        Guess, Problem, Severity, Source,
        container::Container,
        decode::{Lines, find_encoding_fault},
        format::{Format, Sample},
        problem::{quoted, with_noun},
        sink::{Found, Reading},
        source::{Files, Unreadable},
        table,
    },
    spans::{Document, Status},
};

/// Reads each file in its own format. Not in the table: no file is written like this.
pub(in crate::formats) static FORMAT: Format = Format {
    name: "files",
    about: "several files",
    extensions: &[],
    cannot_hold: "",
    keeps_text: true,
    detect,
    read: Some(read),
    write: None,
};

/// Formats whose reader takes a folder as a whole.
const WHOLE: [&str; 2] = [FORMAT.name, "brat"];

fn detect(_: &Sample<'_>) -> Option<(u8, String)> {
    None
}

/// Formats that the contents of a file may have, likeliest first.
///
/// # Errors
/// They cannot be read.
pub(in crate::formats) fn guess_contents(name: &str, contents: &dyn Source) -> io::Result<Vec<Guess>> {
    match contents.files() {
        None => Ok(table::guesses(name, &Sample::head(contents)?)),
        Some(files) => match (only(files)?, files.names()) {
            (Some(only), [name]) => Ok(table::guesses(name, &Sample::head(&*only)?)),
            _ => Ok(vec![guess(files)?]),
        },
    }
}

/// The only file of an archive: the archive is that file.
fn only(files: &dyn Files) -> io::Result<Option<Box<dyn Source + '_>>> {
    match files.is_archive() && files.names().len() == 1 {
        true => files.open(0).map(Some),
        false => Ok(None),
    }
}

/// Format of several files: brat's if its pairs are among them, the one that all have, or otherwise the one of each.
fn guess(files: &dyn Files) -> io::Result<Guess> {
    let all = with_noun(files.names().len(), "file");
    if let Ok(format) = table::find("brat")
        && has_pairs(files.names())
    {
        return Ok(Guess { format, confidence: 95, why: format!("{all} with pairs of .txt and .ann") });
    }
    let format = common_format(files)?.unwrap_or(&FORMAT);
    Ok(Guess { format, confidence: 90, why: all })
}

/// The format that all files have, if they have one and are more than plain text.
fn common_format(files: &dyn Files) -> io::Result<Option<&'static Format>> {
    let mut common: Option<&'static Format> = None;
    for (index, name) in files.names().iter().enumerate() {
        match plan(name, &*files.open(index)?, files.is_archive())? {
            Plan::Read(format) if common.is_none_or(|common| common.name == format.name) => common = Some(format),
            _ => return Ok(None),
        }
    }
    Ok(common)
}

/// Whether a text has an annotation file beside it.
fn has_pairs(names: &[String]) -> bool {
    let texts: std::collections::HashSet<&str> = names.iter().filter_map(|name| name.strip_suffix(".txt")).collect();
    names
        .iter()
        .any(|name| [".ann", ".a1"].iter().any(|end| name.strip_suffix(end).is_some_and(|stem| texts.contains(stem))))
}

/// Reads what a container holds in the format that was chosen for it.
pub(in crate::formats) fn read_contents(
    format: &Format,
    contents: &dyn Source,
    reading: &mut Reading<'_>,
) -> Result<Vec<String>, Unreadable> {
    let Some(files) = contents.files().filter(|_| !WHOLE.contains(&format.name)) else {
        return format.read_plain(contents, reading);
    };
    match only(files)? {
        Some(only) => format.read_plain(&*only, reading),
        None => read_files(files, Some(format), reading),
    }
}

fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    match source.files() {
        Some(files) => read_files(files, None, reading),
        None => {
            reading.problems.push(Problem::error("this is one file, not several"));
            Ok(Vec::new())
        }
    }
}

/// What is done with a file among several.
enum Plan {
    /// Its format has more than texts.
    Read(&'static Format),
    /// It is plain text.
    Text,
    /// It may be text, but not UTF-8.
    Fault(Problem),
    /// The reason for which it cannot be read.
    No(String),
}

/// Reads several files in their order, each in its own format if none is given.
fn read_files(
    files: &dyn Files,
    format: Option<&Format>,
    reading: &mut Reading<'_>,
) -> Result<Vec<String>, Unreadable> {
    report_left_out(files, reading);
    let mut plans = Vec::new();
    if format.is_none() {
        for (index, name) in files.names().iter().enumerate() {
            plans.push(plan(name, &*files.open(index)?, files.is_archive())?);
        }
    }
    let has_tagged = plans.iter().any(|plan| matches!(plan, Plan::Read(_)));
    let has_any = has_tagged || plans.iter().any(|plan| matches!(plan, Plan::Text));
    let (mut used, mut formats) = (0, Vec::new());
    for (index, name) in files.names().iter().enumerate() {
        reading.problems.set_file(Some(name));
        let file = files.open(index)?;
        let format = match (format, plans.get(index)) {
            (Some(format), _) => format,
            (None, Some(Plan::Read(format))) => *format,
            (None, Some(Plan::Text)) if !has_tagged => &crate::formats::plain::FORMAT,
            (None, Some(Plan::Text)) => {
                let text = "plain text among files of other formats: left out";
                reading.problems.push(Problem::warning(text).hint("to import its texts, name the file itself"));
                continue;
            }
            (None, Some(Plan::Fault(fault))) if !has_tagged => {
                reading.problems.push(fault.clone());
                continue;
            }
            (None, Some(Plan::Fault(fault))) => {
                let text = format!("{}: left out", fault.message);
                reading.problems.push(Problem { severity: Severity::Warning, message: text, ..fault.clone() });
                continue;
            }
            (None, Some(Plan::No(why))) if has_any => {
                reading.problems.push(Problem::warning(format!("{why}: left out")));
                continue;
            }
            (None, Some(Plan::No(why))) => {
                reading.problems.push(Problem::error(why.as_str()));
                continue;
            }
            (None, None) => continue,
        };
        used += 1;
        if !formats.contains(&format.name) {
            formats.push(format.name);
        }
        let container = Container::open(&*file)?;
        let read = match format.name {
            "text" => read_whole(name, container.contents(), reading),
            _ => format.read_plain(container.contents(), reading).map(|_| ()),
        };
        match read {
            Err(Unreadable::Encoding(problem)) => reading.problems.push(problem),
            read => read?,
        }
    }
    reading.problems.set_file(None);
    if formats == ["text"] && used > 1 {
        let text = format!("each of the {} is one text, and its name the id", with_noun(used, "file"));
        reading.problems.push(Problem::note(text).hint("a file with one text on each line is read so by itself"));
    }
    let texts = with_noun(reading.documents(), "text");
    Ok(vec![with_noun(used, "file"), formats.join(" and "), texts, reading.spans_text()])
}

pub(in crate::formats) fn report_left_out(files: &dyn Files, reading: &mut Reading<'_>) {
    if let Some(first) = files.left_out().first() {
        let count = with_noun(files.left_out().len(), "link or device");
        reading.problems.push(Problem::warning(format!("{count} left out, {} first", quoted(first))));
    }
}

fn plan(name: &str, file: &dyn Source, is_archive: bool) -> io::Result<Plan> {
    let container = match Container::open(file) {
        Ok(container) if container.packing().is_none() => container,
        // One packing in another is how files are made that fill a disk.
        Ok(Container::Packed(packed)) if !is_archive => Container::Packed(packed),
        Ok(_) => return Ok(Plan::No("a packed file among several is not read; unpack it first".to_owned())),
        Err(error) => return Ok(Plan::No(error.to_string())),
    };
    let (name, contents) = (container.name_inside(name), container.contents());
    let head = Sample::head(contents)?;
    let sample = Sample::new(name, &head);
    if sample.is_text() && sample.text.trim().is_empty() {
        return Ok(Plan::No("an empty file".to_owned()));
    }
    match table::guesses(name, &head).into_iter().next() {
        Some(Guess { format, why, .. }) if format.read.is_none() => Ok(Plan::No(format!("read in no format ({why})"))),
        Some(Guess { format, .. }) if format.name != "text" => Ok(Plan::Read(format)),
        _ if sample.is_text() => Ok(Plan::Text),
        // Such bytes are in no text.
        _ if head.iter().any(|byte| matches!(byte, 0..=8 | 14..=26)) => Ok(Plan::No("no text file".to_owned())),
        _ => Ok(find_encoding_fault(contents)?.map_or(Plan::Text, Plan::Fault)),
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
    io::copy(&mut crate::formats::decode::body(file)?, &mut bytes)?;
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
