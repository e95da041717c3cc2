//! Files in and out of the commands: reading with detection, saying what was found, sentences to learn from.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use super::{error::CliError, output::Output};
use crate::{
    formats::{self, Format, Problem, Read, ReadOptions, Severity},
    spans::{HalfWords, Scheme, Sentence, dataset},
    text::number::with_noun,
};

/// A file's bytes; `-` is standard input.
///
/// # Errors
/// It cannot be read.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, CliError> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .map_err(|error| CliError::reading(Path::new("standard input"), &error))?;
        return Ok(bytes);
    }
    fs::read(path).map_err(|error| CliError::reading(path, &error))
}

/// Reads a file and tells on standard error what was detected and what there is to say.
///
/// # Errors
/// The file cannot be read, or something in it is wrong: every error with its line.
pub(super) fn read(
    path: &Path,
    asked: Option<&'static Format>,
    options: &ReadOptions,
    output: Output,
) -> Result<Read, CliError> {
    let bytes = bytes(path)?;
    let guess = formats::detect(&path.to_string_lossy(), &bytes);
    let format = asked.unwrap_or(guess.format);
    let read = format.read(&bytes, options);
    let found = read.detected.join(", ");
    let why = match asked {
        Some(_) => "as asked".to_owned(),
        None if found.is_empty() => guess.why,
        None => found,
    };
    output.say(format!("{}: {} ({why})", path.display(), format.name));
    tell(path, read.problems.iter().filter(|problem| problem.severity != Severity::Error), output);
    let errors: Vec<&Problem> = read.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    if !errors.is_empty() {
        return Err(refused(path, &errors));
    }
    if read.corpus.documents.is_empty() {
        return Err(CliError::data(format!("{}: there is no text in it", path.display())));
    }
    Ok(read)
}

/// Tells problems on standard error, one a line, with file and line.
pub(super) fn tell<'a>(path: &Path, problems: impl IntoIterator<Item = &'a Problem>, output: Output) {
    for problem in problems {
        output.say(format!("{}: {}", problem.severity, place(path, problem)));
    }
}

/// One error of all these.
pub(super) fn refused(path: &Path, problems: &[&Problem]) -> CliError {
    let lines: Vec<String> = problems.iter().map(|problem| place(path, problem)).collect();
    let mut error = CliError::data(lines.join("\n"));
    let mut hints: Vec<&String> = problems.iter().filter_map(|problem| problem.hint.as_ref()).collect();
    hints.dedup();
    error.hints = hints.into_iter().take(3).cloned().collect();
    error
}

fn place(path: &Path, problem: &Problem) -> String {
    let line = problem.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("{}{line}: {}", path.display(), problem.message)
}

/// The sentences of a tagged file with IOB2 tags; a sentence is named `file:number`.
///
/// # Errors
/// The file cannot be read, holds no sentence, or has spans that are no whole words.
pub(super) fn sentences(path: &Path, output: Output) -> Result<Vec<Sentence>, CliError> {
    let read = read(path, None, &ReadOptions::default(), output)?;
    let (mut sentences, mut changed) = (Vec::new(), 0);
    for (at, (document, annotation)) in read.corpus.pairs().enumerate() {
        let (spans, losses) = dataset::word_spans(document, annotation, &read.corpus.labels, HalfWords::Snap);
        changed += losses.total();
        sentences.push(Sentence {
            id: format!("{}:{}", path.display(), at + 1),
            words: document.word_texts().map(str::to_owned).collect(),
            tags: Scheme::Bio.encode(&spans, document.words.len()),
        });
    }
    if changed > 0 {
        let changed = with_noun(changed, "span");
        output.say(format!("warning: {}: {changed} widened to whole words or left out", path.display()));
    }
    Ok(sentences)
}
