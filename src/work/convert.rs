//! Converts files into another format, without keeping them in memory.

use std::{
    cell::RefCell,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::export::{WriteError, leftovers};
use crate::{
    formats::{
        self, Conversion, Converted, Format, Input, InputReport, LabelConfig, NotConverted, Place, ReadOptions,
        Severity, Source, WriteOptions,
    },
    project::{
        Draft, ProjectError, StorageError,
        import_source::ImportSourceError,
        output::{Existing, is_folder_name, refuse_existing, refuse_own_file, write_output_file, write_output_folder},
    },
    spans::id_prefix,
};

/// A conversion did not happen. No file was changed.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// An input and the output are the same file.
    #[error("IN and OUT are the same file, {}", .0.display())]
    SameFile(PathBuf),
    /// The name of the output has no extension of a format.
    #[error("the extension of {} does not name a format", .0.display())]
    NoFormat(PathBuf),
    /// The format has one file, and a folder is asked for.
    #[error("the format {} is one file, and OUT is a folder", .0.name)]
    OneFile(&'static Format),
    /// An input has errors or no text.
    #[error(transparent)]
    Input(#[from] ImportSourceError),
    /// The contents were not written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A file cannot be read, or there is no room for the output or for what is kept of it meanwhile.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The output is a file of a project or a run, or exists and is kept, or the file system refuses.
    #[error(transparent)]
    Output(#[from] ProjectError),
}

/// Format of the output: the requested one, or the one of its extension.
///
/// # Errors
/// An input and the output are the same file, the output belongs to a project or a run or exists and is kept, or the
/// extension names no format.
pub fn target_format(
    inputs: &[PathBuf],
    output: &Path,
    requested: Option<&'static Format>,
    existing: Existing,
) -> Result<&'static Format, ConvertError> {
    if let Ok(to) = output.canonicalize()
        && inputs.iter().any(|input| input.canonicalize().is_ok_and(|from| from == to))
    {
        return Err(ConvertError::SameFile(output.to_owned()));
    }
    refuse_own_file(output)?;
    let existing = if is_folder_name(output) { Existing::Keep } else { existing };
    refuse_existing(output.components().as_path(), existing)?;
    let extension = output.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    let format = requested.or_else(|| formats::find_by_extension(&extension));
    let format = format.ok_or_else(|| ConvertError::NoFormat(output.to_owned()))?;
    if is_folder_name(output) && !format.makes_folders() {
        return Err(ConvertError::OneFile(format));
    }
    Ok(format)
}

/// Options to read the input with the labels of a labelling config.
pub fn read_options(config: Option<&LabelConfig>, options: ReadOptions) -> ReadOptions {
    ReadOptions {
        labels: config.map(|config| config.labels.clone()).unwrap_or_default(),
        config: config.cloned(),
        ..options
    }
}

/// A file that is converted.
pub struct Original<'a> {
    /// Path of the file, for messages.
    pub path: PathBuf,
    /// Its bytes.
    pub source: Box<dyn Source + 'a>,
    /// Format that the user named.
    pub format: Option<&'static Format>,
}

/// Where the new file goes.
#[derive(Clone, Copy, Debug)]
pub enum Destination<'a> {
    /// This file.
    File(&'a Path, Existing),
    /// This folder, which must not exist, for a format with files for each document.
    Folder(&'a Path),
    /// Nowhere yet: a file without a name in this folder, of which the caller takes the contents.
    Draft(&'a Path),
}

/// Request to write files as one file of another format.
pub struct Request<'a> {
    /// The files, in order.
    pub originals: &'a [Original<'a>],
    /// Options to read them.
    pub options: &'a ReadOptions,
    /// Format of the new file.
    pub format: &'static Format,
    /// Options to write it.
    pub write: &'a WriteOptions,
    /// Folder for what is kept of the documents meanwhile.
    pub scratch: &'a Path,
    /// Is called with what was found in each file, also if nothing is written then.
    pub report: &'a dyn Fn(&Path, &'static Format, &InputReport),
}

/// Writes files as one file of another format, and reads it again before it gets its name.
/// Returns its contents, too, for [`Destination::Draft`].
///
/// # Errors
/// A file cannot be read, the format cannot hold the contents, or the file system refuses.
pub fn convert<'f>(
    request: &Request<'_>,
    destination: Destination<'_>,
) -> Result<(Converted, Option<Draft<'f>>), ConvertError> {
    let mut inputs = Vec::with_capacity(request.originals.len());
    for original in request.originals {
        let guess = formats::detect_with(&original.path.to_string_lossy(), &*original.source, request.options);
        let format = original.format.unwrap_or(guess.map_err(|cause| unreadable(&original.path, cause))?.format);
        let mut options = request.options.clone();
        if request.originals.len() > 1 {
            options.id_prefix = id_prefix(&original.path);
        }
        inputs.push(Input { source: &*original.source, format, options });
    }
    match destination {
        Destination::Draft(folder) => {
            let mut draft = Draft::in_folder(folder);
            Ok((run(request, &inputs, &mut draft)?, Some(draft)))
        }
        Destination::Folder(path) => {
            let mut draft = Draft::in_folder(request.scratch);
            let mut new = run(request, &inputs, &mut draft)?;
            let name = format!("{}.{}", request.format.name, request.format.extension());
            write_output_folder(path, &|add| formats::each_file(draft.contents(), &name, add))?;
            new.notes.extend(leftovers(path));
            Ok((new, None))
        }
        Destination::File(path, existing) => {
            let outcome = RefCell::new(None);
            let written = write_output_file(path, existing, &|file: &File| {
                let result = run(request, &inputs, &mut Draft::of(file));
                let is_good = result.is_ok();
                outcome.replace(Some(result));
                if is_good { Ok(()) } else { Err(io::Error::other("it was not converted")) }
            });
            let mut new = outcome.into_inner().transpose()?.unwrap_or_default();
            written?;
            new.notes.extend(leftovers(path));
            Ok((new, None))
        }
    }
}

fn run(request: &Request<'_>, inputs: &[Input<'_>], file: &mut Draft<'_>) -> Result<Converted, ConvertError> {
    let conversion = Conversion { inputs, format: request.format, options: request.write };
    let result = conversion.run(file, &mut Draft::in_folder(request.scratch));
    let reports = match &result {
        Ok(Converted { inputs, .. }) | Err(NotConverted::Input(inputs) | NotConverted::Losses(inputs, _)) => {
            inputs.as_slice()
        }
        Err(NotConverted::Io(_)) => &[],
    };
    for ((original, input), found) in request.originals.iter().zip(inputs).zip(reports) {
        (request.report)(&original.path, input.format, found);
    }
    match result {
        Ok(new) if new.round_trip.holds() => Ok(new),
        Ok(new) => Err(WriteError::RoundTrip(request.format.name, new.round_trip).into()),
        Err(NotConverted::Input(reports)) => Err(refused(request.originals, reports).into()),
        Err(NotConverted::Losses(_, losses)) => Err(WriteError::Losses(losses).into()),
        Err(NotConverted::Io(error)) => Err(error.into()),
    }
}

/// The error of the first file that has errors or no text.
fn refused(originals: &[Original<'_>], reports: Vec<InputReport>) -> ImportSourceError {
    for (original, report) in originals.iter().zip(reports) {
        let path = original.path.clone();
        if report.has_errors() {
            let errors = report.problems.into_iter().filter(|problem| problem.severity == Severity::Error);
            return ImportSourceError::Refused { path, problems: errors.collect() };
        }
        if report.documents == 0 {
            return ImportSourceError::NoText(path);
        }
    }
    ImportSourceError::NoText(PathBuf::new())
}

fn unreadable(path: &Path, cause: io::Error) -> ConvertError {
    ImportSourceError::Storage(StorageError { action: "read", path: path.to_owned(), cause }).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::OnLoss;

    /// Converts bytes, as a file of this name, into a file; returns the messages about the input, too.
    fn convert_bytes(
        inputs: &[(&str, &[u8])],
        format: &str,
        output: &Path,
        on_loss: OnLoss,
    ) -> (Result<Converted, ConvertError>, Vec<String>) {
        let originals: Vec<Original<'_>> = inputs
            .iter()
            .map(|(name, bytes)| Original { path: (*name).into(), source: Box::new(*bytes), format: None })
            .collect();
        let messages = RefCell::new(Vec::new());
        let report = |path: &Path, format: &'static Format, found: &InputReport| {
            messages.borrow_mut().push(format!("{}: {} of {}", path.display(), found.documents, format.name));
        };
        let request = Request {
            originals: &originals,
            options: &read_options(None, ReadOptions::default()),
            format: formats::find(format).unwrap(),
            write: &WriteOptions { on_loss, ..WriteOptions::default() },
            scratch: output.parent().unwrap(),
            report: &report,
        };
        let converted = convert(&request, Destination::File(output, Existing::Keep)).map(|(new, _)| new);
        (converted, messages.into_inner())
    }

    #[test]
    fn files_are_converted_to_one_file_that_appears_only_if_it_is_right() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("b.jsonl");
        let files = [("a.txt", &b"B-Dish\ttacos\nO\tnear\n"[..]), ("x/b.txt", b"open late\ncheap\n")];
        let (new, messages) = convert_bytes(&files, "jsonl", &output, OnLoss::Fail);
        let new = new.unwrap();
        assert_eq!((new.documents, new.round_trip.spans_back, new.round_trip.holds()), (3, 1, true));
        assert_eq!(messages, ["a.txt: 1 of tag-first", "x/b.txt: 2 of text"]);
        let text = std::fs::read_to_string(&output).unwrap();
        let ids: Vec<&str> = text.lines().map(|line| line.split('"').nth(3).unwrap()).collect();
        assert_eq!(ids, ["a-1", "b-1", "b-2"]);
        let again = convert_bytes(&files, "jsonl", &output, OnLoss::Fail).0;
        assert!(matches!(again, Err(ConvertError::Output(ProjectError::OutputExists { .. }))));
        // Losses, errors and empty files leave nothing.
        let none = folder.path().join("none");
        let lossy = &[("a.jsonl", &b"{\"text\":\"seafood\",\"spans\":[{\"start\":0,\"end\":3,\"label\":\"X\"}]}"[..])];
        let refused = convert_bytes(lossy, "conll2002", &none, OnLoss::Fail);
        assert!(matches!(refused.0, Err(ConvertError::Write(WriteError::Losses(_)))) && refused.1.len() == 1);
        let bad = convert_bytes(&[("a.txt", b"caf\xe9\n")], "jsonl", &none, OnLoss::Fail).0;
        assert!(matches!(bad, Err(ConvertError::Input(ImportSourceError::Refused { .. }))));
        let empty = convert_bytes(&[("a.txt", b"\n")], "jsonl", &none, OnLoss::Fail).0;
        assert!(matches!(empty, Err(ConvertError::Input(ImportSourceError::NoText(_)))));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        let snapped = convert_bytes(lossy, "conll2002", &none, OnLoss::Snap).0.unwrap();
        assert_eq!((snapped.round_trip.spans_changed, snapped.notes.len()), (1, 1));
        assert_eq!(std::fs::read_to_string(&none).unwrap(), "seafood B-X\n\n");
    }

    #[test]
    fn documents_of_several_files_get_ids_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let output = folder.path().join("b.jsonl");
        let ids = || -> Vec<String> {
            let text = std::fs::read_to_string(&output).unwrap();
            std::fs::remove_file(&output).unwrap();
            text.lines().map(|line| line.split('"').nth(3).unwrap().to_owned()).collect()
        };
        let texts = [("a/x.txt", &b"one\ntwo\n"[..]), ("b/x.txt", b"three\n"), ("-", b"four\n")];
        let new = convert_bytes(&texts, "jsonl", &output, OnLoss::Fail).0.unwrap();
        assert_eq!(ids(), ["x-1", "x-2", "x-1-2", "stdin-1"]);
        let note = new.notes[0].to_string();
        assert!(
            new.notes.len() == 1 && note.contains("1 document with an id") && note.contains("x-1 is x-1-2"),
            "{note}"
        );
        // A format without ids has nothing to say about them.
        let new = convert_bytes(&texts, "text", &folder.path().join("b.txt"), OnLoss::Fail).0.unwrap();
        assert!(new.notes.is_empty(), "{:?}", new.notes);
        // Neither the object that was read nor the order of the files brings an id back.
        let tasks = br#"[{"id":7,"data":{"text":"one"},"annotations":[]}]"#;
        let tasks = [("a.json", &tasks[..]), ("b.json", &tasks[..])];
        convert_bytes(&tasks, "label-studio", &output, OnLoss::Fail).0.unwrap();
        let text = std::fs::read_to_string(&output).unwrap();
        std::fs::remove_file(&output).unwrap();
        assert!(text.contains("\"7-2\"") && text.matches("\"id\": 7,").count() == 1, "{text}");
        // The ids of one file are its own matter.
        let twice = b"{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"a\",\"text\":\"y\"}\n";
        convert_bytes(&[("a.jsonl", &twice[..])], "jsonl", &output, OnLoss::Fail).0.unwrap();
        assert_eq!(ids(), ["a", "a"]);
    }

    #[test]
    fn the_target_is_checked_before_anything_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let [input, output] = ["a.txt", "b.jsonl"].map(|name| folder.path().join(name));
        std::fs::write(&input, "tacos\n").unwrap();
        let inputs = [Path::new("-").to_owned(), input.clone()];
        let format = target_format(&inputs, &output, None, Existing::Keep).unwrap();
        assert_eq!(format.name, "jsonl");
        std::fs::write(&output, "mine").unwrap();
        let again = target_format(&inputs, &output, None, Existing::Keep);
        assert!(matches!(again, Err(ConvertError::Output(ProjectError::OutputExists { .. }))));
        assert!(matches!(target_format(&inputs, &input, Some(format), Existing::Keep), Err(ConvertError::SameFile(_))));
        assert!(matches!(
            target_format(&inputs, Path::new("b.x"), None, Existing::Keep),
            Err(ConvertError::NoFormat(_))
        ));
        std::fs::write(folder.path().join("project.json"), r#"{"format":1}"#).unwrap();
        let own = folder.path().join("documents.jsonl");
        assert!(matches!(target_format(&inputs, &own, None, Existing::Replace), Err(ConvertError::Output(_))));
    }
}
