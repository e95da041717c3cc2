//! Files that commands read: detection and problems are reported on standard error.

use std::{
    cell::RefCell,
    env,
    fs::{self, File},
    io,
    os::fd::AsFd,
    path::Path,
};

use super::{args::Tags, error::CliError, output::Output, progress_report::ReadingBar, settings};
use crate::{
    formats::{self, Format, InputReport, Problem, ReadOptions, Severity},
    project::{
        InputFile, InputFolder, NamedInput, StorageError, import_source::ImportSourceError, input_file, storage,
    },
    spans::Sentence,
    text::{number::with_noun, width::clean},
    work::source::{SourceFile, TaggedSentences, Watched},
};

/// Opens a file that is read in blocks, or a folder; `-` is standard input.
/// What can be read only once, such as a pipe, is copied into a file without a name in the folder for temporary files.
///
/// # Errors
/// It cannot be read.
pub(super) fn input(path: &Path) -> Result<NamedInput, CliError> {
    let folder = env::temp_dir();
    if path == Path::new("-") {
        let spooled = check_standard_input().and_then(|()| InputFile::spool(io::stdin().lock(), &folder));
        let spooled = spooled.map_err(|error| CliError::reading(Path::new("standard input"), &error));
        return spooled.map(NamedInput::File);
    }
    let opened: Result<NamedInput, StorageError> = match fs::metadata(path) {
        Ok(kind) if kind.is_file() => InputFile::open(path, u64::MAX).map(NamedInput::File),
        Ok(kind) if kind.is_dir() => InputFolder::open(path).map(NamedInput::Folder),
        _ => {
            let spooled = open_pipe(path).and_then(|file| InputFile::spool(file, &folder));
            return spooled.map(NamedInput::File).map_err(|error| CliError::reading(path, &error));
        }
    };
    opened.map_err(|error| CliError::reading(&error.path, &error.cause))
}

fn check_standard_input() -> io::Result<()> {
    input_file::refuse_device(&io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Opens what can be read only once, other than a device.
fn open_pipe(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    input_file::refuse_device(&file)?;
    Ok(file)
}

/// Reads at most `limit` bytes of a file that the user named, which may be a pipe; `-` is standard input.
/// The limit is `storage::LARGE` for texts, and `storage::SMALL` for everything else.
///
/// # Errors
/// It cannot be read, or has more bytes.
pub(super) fn bytes(path: &Path, limit: u64) -> Result<Vec<u8>, CliError> {
    if path == Path::new("-") {
        let bytes = input_file::keep(io::stdin().lock(), limit);
        return bytes.map_err(|error| CliError::reading(Path::new("standard input"), &error));
    }
    let bytes = File::open(path).and_then(|file| input_file::keep(file, limit));
    bytes.map_err(|error| CliError::reading(path, &error))
}

/// Reads a file in the given format, or in its likeliest one.
///
/// # Errors
/// The file cannot be read, has errors (all are listed with their lines), or has no text.
pub(super) fn read(
    path: &Path,
    format: Option<&'static Format>,
    options: &ReadOptions,
    output: Output,
) -> Result<SourceFile, CliError> {
    read_source(path, &input(path)?, format, options, output)
}

/// As [`read`], for a file that is open.
///
/// # Errors
/// As [`read`].
pub(super) fn read_source(
    path: &Path,
    source: &NamedInput,
    format: Option<&'static Format>,
    options: &ReadOptions,
    output: Output,
) -> Result<SourceFile, CliError> {
    let bar = RefCell::new(ReadingBar::new(output, source.size(), "reading it once more"));
    let read = SourceFile::read(path, &Watched { source, watcher: &bar }, format, options);
    bar.borrow_mut().close();
    let file = read.map_err(|error| CliError::reading(path, &error))?;
    output.say(format!("{}: {} ({})", path.display(), file.format.name, file.why));
    report(path, file.notes(), output);
    file.check().map_err(CliError::from)
}

/// Reports what a reader found in a file. `is_named`: whether the user named the format.
pub(super) fn report_input(path: &Path, format: &Format, is_named: bool, found: &InputReport, output: Output) {
    let why = match found.detected.as_slice() {
        _ if is_named => " (as asked)".to_owned(),
        [] => String::new(),
        detected => format!(" ({})", detected.join(", ")),
    };
    output.say(format!("{}: {}{why}", path.display(), format.name));
    report(path, found.problems.iter().filter(|problem| problem.severity != Severity::Error), output);
}

/// Options to read a file outside a project.
/// Texts are cut into words as the user's settings say.
///
/// # Errors
/// The settings cannot be read.
pub(super) fn read_options(tags: &Tags) -> Result<ReadOptions, CliError> {
    let grid = settings::load(None)?.grid;
    Ok(ReadOptions { grid, tags: tags.options(), tag_names: tag_names(tags)?, ..ReadOptions::default() })
}

/// The names that the user gave for tags that are numbers.
///
/// # Errors
/// The file with the names cannot be read or has none.
pub(super) fn tag_names(tags: &Tags) -> Result<Vec<String>, CliError> {
    let Some(given) = &tags.tag_names else { return Ok(Vec::new()) };
    let names = read_names(given)?;
    match names.iter().find(|name| name.contains(char::is_control)) {
        None => Ok(names),
        Some(name) => Err(CliError::usage(format!(
            "--tag-names: the name `{}` has a tab or another control character",
            clean(name)
        ))
        .hint("tags and labels are one line of text")),
    }
}

/// Names that are given with commas between them, or in a file.
fn read_names(given: &str) -> Result<Vec<String>, CliError> {
    if given.contains(',') && !Path::new(given).exists() {
        let names: Vec<String> = given.split(',').map(|name| name.trim().to_owned()).collect();
        return match names.iter().position(String::is_empty) {
            None => Ok(names),
            Some(number) => Err(CliError::usage(format!("--tag-names has no name for number {number}"))
                .hint("write one name for each number, in order, such as O,B-Dish,I-Dish")),
        };
    }
    let path = Path::new(given);
    formats::read_tag_names(&bytes(path, storage::SMALL)?).map_err(|problem| refused(path, [&problem]))
}

/// Reads the sentences of a tagged file.
///
/// # Errors
/// The file cannot be read, has errors, or has no text.
pub(super) fn sentences(
    path: &Path,
    format: Option<&'static Format>,
    tags: &Tags,
    output: Output,
) -> Result<Vec<Sentence>, CliError> {
    let file = read(path, format, &read_options(tags)?, output)?;
    let tagged = TaggedSentences::from_corpus(path, &file.into_corpus());
    if tagged.changed_spans > 0 {
        let changed = with_noun(tagged.changed_spans, "span");
        output.say(format!("warning: {}: {changed} widened to whole words or left out", path.display()));
    }
    Ok(tagged.sentences)
}

/// Reports problems on standard error, one per line, with file, line and remedy.
pub(super) fn report<'a>(path: &Path, problems: impl IntoIterator<Item = &'a Problem>, output: Output) {
    for problem in problems {
        let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        output.say(format!("{}: {}{hint}", problem.severity, located(path, problem)));
    }
}

/// One error that lists these problems.
pub(super) fn refused<'a>(path: &Path, problems: impl IntoIterator<Item = &'a Problem>) -> CliError {
    let (mut lines, mut hints) = (Vec::new(), Vec::new());
    for problem in problems {
        lines.push(located(path, problem));
        hints.extend(problem.hint.clone());
    }
    hints.dedup();
    hints.truncate(3);
    let mut error = CliError::data(lines.join("\n"));
    error.hints = hints;
    error
}

fn located(path: &Path, problem: &Problem) -> String {
    let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
    let file = problem.file.as_ref().map(|file| format!("/{}", clean(file))).unwrap_or_default();
    format!("{}{file}{line}: {}", path.display(), problem.message)
}

impl From<ImportSourceError> for CliError {
    fn from(error: ImportSourceError) -> Self {
        match error {
            ImportSourceError::Refused { path, problems } => refused(&path, &problems),
            ImportSourceError::Storage(error) => Self::reading(&error.path, &error.cause),
            ImportSourceError::NoNames => {
                Self::usage("--labels names no label").hint("for example --labels Dish,Price,Hours")
            }
            ImportSourceError::TooManyNames(_) => Self::usage(error),
            ImportSourceError::Name(..) => {
                Self::usage(error).hint("names like Main_dish; a Label Studio .xml may hold any")
            }
            other @ (ImportSourceError::NoLabels(_) | ImportSourceError::NoText(_)) => Self::data(other),
        }
    }
}
