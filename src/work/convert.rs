//! Converts a file into another format.

use std::path::{Path, PathBuf};

use super::export::{self, Exported, WriteError};
use crate::{
    formats::{self, Corpus, Format, LabelConfig, ReadOptions, WriteOptions},
    project::{
        ProjectError,
        output::{Existing, refuse_existing, refuse_own_file, write_output},
    },
};

/// A conversion did not happen. No file was changed.
#[derive(Debug, thiserror::Error)]
pub enum ConvertError {
    /// Input and output are the same file.
    #[error("IN and OUT are the same file, {}", .0.display())]
    SameFile(PathBuf),
    /// The name of the output has no extension of a format.
    #[error("the extension of {} does not name a format", .0.display())]
    NoFormat(PathBuf),
    /// The contents were not written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The output is a file of a project or a run, or exists and is kept, or the file system refuses.
    #[error(transparent)]
    Output(#[from] ProjectError),
}

/// Format of the output: the requested one, or the one of its extension.
///
/// # Errors
/// Input and output are the same file, the output belongs to a project or a run or exists and is kept, or the extension
/// names no format.
pub fn target_format(
    input: &Path,
    output: &Path,
    requested: Option<&'static Format>,
    existing: Existing,
) -> Result<&'static Format, ConvertError> {
    if let (Ok(from), Ok(to)) = (input.canonicalize(), output.canonicalize())
        && from == to
    {
        return Err(ConvertError::SameFile(output.to_owned()));
    }
    refuse_own_file(output)?;
    refuse_existing(output, existing)?;
    let extension = output.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default();
    let format = requested.or_else(|| formats::find_by_extension(&extension));
    format.ok_or_else(|| ConvertError::NoFormat(output.to_owned()))
}

/// Options to read the input with the labels of a labelling config.
pub fn read_options(config: Option<&LabelConfig>, options: ReadOptions) -> ReadOptions {
    ReadOptions {
        labels: config.map(|config| config.labels.clone()).unwrap_or_default(),
        config: config.cloned(),
        ..options
    }
}

/// Writes the contents of a file that was read in another format.
/// Without `output` the caller takes the bytes.
///
/// # Errors
/// The format cannot hold the contents, or the file system refuses.
pub fn convert(
    input: &Corpus,
    format: &'static Format,
    options: &WriteOptions,
    output: Option<(&Path, Existing)>,
) -> Result<Exported, ConvertError> {
    let mut written = export::write(format, input, options)?;
    if let Some((output, existing)) = output {
        write_output(output, &written.bytes, existing)?;
        written.path = Some(output.to_owned());
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::source::SourceFile;

    #[test]
    fn a_file_is_converted_to_the_format_of_its_new_name() {
        let folder = tempfile::tempdir().unwrap();
        let [input, output] = ["a.txt", "b.jsonl"].map(|name| folder.path().join(name));
        std::fs::write(&input, "B-Dish\ttacos\nO\tnear\n").unwrap();
        let format = target_format(&input, &output, None, Existing::Keep).unwrap();
        let file =
            SourceFile::open(&input, None, &read_options(None, ReadOptions::default())).unwrap().check().unwrap();
        let corpus = file.into_corpus();
        let write = |existing| convert(&corpus, format, &WriteOptions::default(), Some((output.as_path(), existing)));
        let written = write(Existing::Keep).unwrap();
        assert_eq!((format.name, written.documents), ("jsonl", 1));
        assert_eq!(std::fs::read(&output).unwrap(), written.bytes);
        assert!(matches!(write(Existing::Keep), Err(ConvertError::Output(ProjectError::OutputExists { .. }))));
        let again = target_format(&input, &output, None, Existing::Keep);
        assert!(matches!(again, Err(ConvertError::Output(ProjectError::OutputExists { .. }))));
        write(Existing::Replace).unwrap();
        assert!(matches!(target_format(&input, &input, Some(format), Existing::Keep), Err(ConvertError::SameFile(_))));
        assert!(matches!(
            target_format(&input, Path::new("b.x"), None, Existing::Keep),
            Err(ConvertError::NoFormat(_))
        ));
        std::fs::write(folder.path().join("project.json"), r#"{"format":1}"#).unwrap();
        let own = folder.path().join("documents.jsonl");
        assert!(matches!(target_format(&input, &own, None, Existing::Replace), Err(ConvertError::Output(_))));
    }
}
