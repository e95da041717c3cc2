//! Several files that are read as one: those of a folder or of an archive, each in its own format.

use std::{collections::HashSet, io};

use super::{
    Guess, Problem, Severity, Source,
    container::members,
    decode::find_encoding_fault,
    format::{Format, Sample},
    problem::with_noun,
    sink::Reading,
    slate,
    source::{Files, Takes, Unreadable},
    table,
};

/// Reads each file in its own format. Not in the table: no file is written like this.
pub(super) static FORMAT: Format = Format {
    name: "files",
    about: "several files",
    extensions: &[],
    cannot_hold: "",
    keeps_text: true,
    takes: Takes::Folder,
    detect,
    read: Some(read),
    write: None,
};

fn detect(_: &Sample<'_>) -> Option<(u8, String)> {
    None
}

/// Formats that the contents of a file may have, likeliest first.
///
/// # Errors
/// They cannot be read.
pub(super) fn guess_contents(name: &str, contents: &dyn Source) -> io::Result<Vec<Guess>> {
    match contents.files() {
        None => Ok(table::guesses(name, &Sample::head(contents)?)),
        Some(files) => match (members::only(files)?, files.names()) {
            (Some(only), [name]) => Ok(table::guesses(name, &Sample::head(&*only)?)),
            _ => Ok(vec![guess(files)]),
        },
    }
}

/// Format of several files: brat's or SLATE's if pairs of theirs are among them, the one that all have, or otherwise the one
/// of each.
fn guess(files: &dyn Files) -> Guess {
    let all = with_noun(files.names().len(), "file");
    if let Ok(format) = table::find("brat")
        && has_pairs(files.names())
    {
        return Guess { format, confidence: 95, why: format!("{all} with pairs of .txt and .ann") };
    }
    let names: HashSet<&str> = files.names().iter().map(String::as_str).collect();
    if names.iter().any(|name| name.strip_suffix(slate::ENDING).is_some_and(|text| names.contains(text))) {
        let why = format!("{all} with a text and its .annotations");
        return Guess { format: &slate::FORMAT, confidence: 95, why };
    }
    Guess { format: common_format(files).unwrap_or(&FORMAT), confidence: 90, why: all }
}

/// The format that all files have, if they have one and are more than plain text.
fn common_format(files: &dyn Files) -> Option<&'static Format> {
    let mut common: Option<&'static Format> = None;
    for index in 0..files.names().len() {
        match plan(files, index) {
            Plan::Read(format) if common.is_none_or(|common| common.name == format.name) => common = Some(format),
            _ => return None,
        }
    }
    common
}

/// Whether a text has an annotation file beside it.
fn has_pairs(names: &[String]) -> bool {
    let texts: HashSet<&str> = names.iter().filter_map(|name| name.strip_suffix(".txt")).collect();
    names
        .iter()
        .any(|name| [".ann", ".a1"].iter().any(|end| name.strip_suffix(end).is_some_and(|stem| texts.contains(stem))))
}

fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    match source.files() {
        Some(files) => read_files(files, reading),
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

/// Reads several files in their order, each in its own format.
fn read_files(files: &dyn Files, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    members::report_left_out(files, reading);
    let plans: Vec<Plan> = (0..files.names().len()).map(|index| plan(files, index)).collect();
    let has_tagged = plans.iter().any(|plan| matches!(plan, Plan::Read(_)));
    let has_any = has_tagged || plans.iter().any(|plan| matches!(plan, Plan::Text));
    let mut used = 0;
    let mut formats = Vec::new();
    for ((index, name), plan) in files.names().iter().enumerate().zip(plans) {
        reading.problems.set_file(Some(name));
        let format = match plan {
            Plan::Read(format) => format,
            Plan::Text if !has_tagged => &super::plain::FORMAT,
            Plan::Text => {
                let text = "plain text among files of other formats: left out";
                reading.problems.push(Problem::warning(text).hint("to import its texts, name the file itself"));
                continue;
            }
            Plan::Fault(fault) => {
                reading.problems.push(if has_tagged { left_out(fault) } else { fault });
                continue;
            }
            Plan::No(why) => {
                let fault = Problem::error(why);
                reading.problems.push(if has_any { left_out(fault) } else { fault });
                continue;
            }
        };
        used += 1;
        if !formats.contains(&format.name) {
            formats.push(format.name);
        }
        members::read_member(files, index, format.takes, reading, &|file, reading| {
            format.read_plain(file, reading).map(|_| ())
        })?;
    }
    reading.problems.set_file(None);
    if !has_tagged && used > 0 {
        members::note_on_texts(used, reading);
    }
    let texts = with_noun(reading.documents(), "text");
    Ok(vec![with_noun(used, "file"), formats.join(" and "), texts, reading.spans_text()])
}

/// Warning in place of an error for a file that is left out.
fn left_out(fault: Problem) -> Problem {
    let message = format!("{}: left out", fault.message);
    Problem { severity: Severity::Warning, message, ..fault }
}

/// What is done with a file of several.
fn plan(files: &dyn Files, index: usize) -> Plan {
    let plan = files.open(index).and_then(|file| {
        let name = files.names().get(index).map_or("", String::as_str);
        match members::open_member(&*file, files.is_archive()) {
            Ok(container) => plan_contents(container.name_inside(name), container.contents()),
            Err(why) => Ok(Plan::No(why)),
        }
    });
    plan.unwrap_or_else(|error| Plan::No(error.to_string()))
}

fn plan_contents(name: &str, contents: &dyn Source) -> io::Result<Plan> {
    let head = Sample::head(contents)?;
    let sample = Sample::new(name, &head);
    if sample.is_text() && sample.text.trim().is_empty() {
        return Ok(Plan::No("an empty file".to_owned()));
    }
    match table::guesses(name, &head).into_iter().next() {
        Some(Guess { format, why, .. }) if format.read.is_none() => Ok(Plan::No(format!("read in no format ({why})"))),
        Some(Guess { format, .. }) if format.takes != Takes::Texts => Ok(Plan::Read(format)),
        _ if sample.is_text() => Ok(Plan::Text),
        // Such bytes are in no text.
        _ if head.iter().any(|byte| matches!(byte, 0..=8 | 14..=26)) => Ok(Plan::No("no text file".to_owned())),
        _ => Ok(find_encoding_fault(contents)?.map_or(Plan::Text, Plan::Fault)),
    }
}
