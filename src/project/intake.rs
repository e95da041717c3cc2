//! What a project is begun with, from the command line and from the screen alike: labels from names or a labelling
//! config, texts from a file in any format that can be told. Files are read whole before anything is changed.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use super::{Annotator, Import, Imported, Project, ProjectError, StorageError, storage::shown_path};
use crate::{
    formats::{self, Corpus, LabelConfig, Problem, Read, ReadOptions, Severity, label_config},
    spans::{LabelChange, LabelId, LabelSet, Split, Status, label::LabelError},
    text::width::clean,
};

/// Why a file cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// No label is left of what was typed.
    #[error("no label is named; names have commas between them: Dish, Price, Hours")]
    NoNames,
    /// A name that no label can have.
    #[error("`{0}`: {1}")]
    Name(String, LabelError),
    /// A labelling config without labels.
    #[error("{}: there are no labels in it", shown_path(.0))]
    NoLabels(PathBuf),
    /// A file without texts.
    #[error("{}: there is no text in it", shown_path(.0))]
    NoText(PathBuf),
    /// Something in the file is wrong.
    #[error("{}", refused(path, problems))]
    Refused {
        /// The file.
        path: PathBuf,
        /// What is wrong; at least one.
        problems: Vec<Problem>,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

fn refused(path: &Path, problems: &[Problem]) -> String {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    let more = match problems.len().saturating_sub(1) {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    format!("{}, {first}{more}", shown_path(path))
}

/// Labels as they are asked for: names with commas between them, the path of a labelling config (`.xml`), or nothing
/// for the eight. With the labels comes what there is to say about the file.
///
/// # Errors
/// The file cannot be read or has no labels, or no name is left.
pub fn labels(asked: &str) -> Result<(LabelSet, Vec<Problem>), IntakeError> {
    let asked = asked.trim();
    if asked.is_empty() {
        return Ok((LabelSet::restaurant(), Vec::new()));
    }
    if asked.to_ascii_lowercase().ends_with(".xml") {
        let path = Path::new(asked);
        let (config, notes) = config(path, &bytes(path)?)?;
        return Ok((config.labels, notes));
    }
    let names: Vec<&str> = asked.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err(IntakeError::NoNames);
    }
    let labels = LabelSet::from_names(names);
    for label in &labels {
        LabelSet::default()
            .change(&LabelChange::Add(label.name.clone()))
            .map_err(|error| IntakeError::Name(clean(&label.name).into_owned(), error))?;
    }
    Ok((labels, Vec::new()))
}

/// The labelling config in `bytes`, with what there is to say about it; `path` is what it is called.
///
/// # Errors
/// It is none, or has no labels.
pub fn config(path: &Path, bytes: &[u8]) -> Result<(LabelConfig, Vec<Problem>), IntakeError> {
    let (config, problems) = label_config::read(bytes);
    let (errors, notes): (Vec<_>, Vec<_>) =
        problems.into_iter().partition(|problem| problem.severity == Severity::Error);
    match config {
        _ if !errors.is_empty() => Err(IntakeError::Refused { path: path.to_owned(), problems: errors }),
        Some(config) => Ok((config, notes)),
        None => Err(IntakeError::NoLabels(path.to_owned())),
    }
}

/// The documents in the file `path`, in the format that it is likeliest to have.
///
/// # Errors
/// The file cannot be read, something in it is wrong, or it has no text.
pub fn texts(path: &Path, options: &ReadOptions) -> Result<Read, IntakeError> {
    let bytes = bytes(path)?;
    let guess = formats::detect(&path.to_string_lossy(), &bytes).into_iter().next().map(|guess| guess.format);
    // Without a format nobody can say what is wrong with the bytes; the text reader names the first bad one.
    let Some(format) = guess.or_else(|| formats::find("text")) else {
        return Err(IntakeError::NoText(path.to_owned()));
    };
    let mut read = format.read(&bytes, options);
    if read.has_errors() {
        let problems = std::mem::take(&mut read.problems);
        let problems = problems.into_iter().filter(|problem| problem.severity == Severity::Error).collect();
        return Err(IntakeError::Refused { path: path.to_owned(), problems });
    }
    if read.corpus.documents.is_empty() { Err(IntakeError::NoText(path.to_owned())) } else { Ok(read) }
}

fn bytes(path: &Path) -> Result<Vec<u8>, StorageError> {
    fs::read(path).map_err(|cause| StorageError::new("read", path, cause))
}

/// How a file is read for a project with these labels, cut by this grid.
pub fn read_options(manifest: &super::Manifest, path: &Path, split: Option<Split>) -> ReadOptions {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    ReadOptions {
        grid: manifest.grid,
        id_prefix: format!("{stem}-"),
        labels: manifest.labels.clone(),
        split,
        config: None,
    }
}

/// What a project is called that lies in `dir`: as its folder.
pub fn name_of(dir: &Path) -> String {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    whole.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Whether a file says anything about its documents, so that an annotator must answer for it.
pub fn is_annotated(corpus: &Corpus) -> bool {
    corpus.annotations.iter().any(|one| !one.spans().is_empty() || one.status != Status::Todo)
}

impl Project {
    /// Takes in what was read from a file. Labels are matched by name; those that the project lacks are added to it
    /// and come back with the report.
    ///
    /// # Errors
    /// As [`Project::import`]; but if it refuses what stands in the corpus, or the file system cannot, the new labels
    /// stay in the project. Without an annotator they do not.
    pub fn take_in(
        &mut self,
        annotator: Option<&mut Annotator>,
        at: u64,
        corpus: Corpus,
    ) -> Result<(Imported, Vec<String>), ProjectError> {
        if annotator.is_none() && is_annotated(&corpus) {
            return Err(ProjectError::NoAnnotator);
        }
        let used: Vec<String> = corpus.labels.iter().map(|label| label.name.clone()).collect();
        let known = |name: &String| self.manifest.labels.find(name).is_some();
        let new: Vec<String> = used.iter().filter(|name| !known(name)).cloned().collect();
        let ids: Vec<LabelId> = self.intern_labels(&used)?;
        let of: HashMap<LabelId, LabelId> = corpus.labels.iter().map(|label| label.id).zip(ids).collect();
        let items = corpus.documents.into_iter().zip(corpus.annotations).map(|(document, annotation)| Import {
            document,
            spans: annotation.spans().iter().filter_map(|s| Some((s.range, *of.get(&s.label)?))).collect(),
            status: annotation.status,
        });
        let items = items.collect();
        Ok((self.import(annotator, at, items)?, new))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_names_a_config_or_the_eight() {
        let names =
            |asked: &str| -> Vec<String> { labels(asked).unwrap().0.iter().map(|label| label.name.clone()).collect() };
        assert_eq!(names(" ").len(), 8);
        assert_eq!(names("Dish, Price,,Dish"), ["Dish", "Price"]);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.XML");
        let xml = r#"<View><Labels name="l" toName="t"><Label value="Author"/></Labels><Text name="t" value="$text"/></View>"#;
        fs::write(&path, xml).unwrap();
        assert_eq!(names(&path.to_string_lossy()), ["Author"]);
        assert!(matches!(labels(" , "), Err(IntakeError::NoNames)));
        assert!(labels("Dish, Main dish").unwrap_err().to_string().starts_with("`Main dish`: a label name can contain"));
        assert!(labels("O").is_err() && labels("a\u{1b}b").is_err());
        assert!(labels("/nowhere/labels.xml").unwrap_err().to_string().contains("no such file"));
    }

    #[test]
    fn texts_come_from_any_format_and_new_labels_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let mut project =
            Project::create(&folder.path().join("p"), super::super::Manifest::new("p", LabelSet::restaurant()))
                .unwrap();
        let lines = file("reviews.txt", b"great tacos\nopen late\n");
        let read = texts(&lines, &read_options(&project.manifest, &lines, None)).unwrap();
        assert!(!is_annotated(&read.corpus));
        let (done, new) = project.take_in(None, 0, read.corpus).unwrap();
        assert_eq!((done.documents, new.len()), (2, 0));
        let tagged = file("tagged.conll", b"great\tO\ntacos\tB-Food\n\n");
        let read = texts(&tagged, &read_options(&project.manifest, &tagged, None)).unwrap();
        assert!(is_annotated(&read.corpus));
        let refused = project.take_in(None, 0, read.corpus.clone());
        assert!(matches!(refused, Err(ProjectError::NoAnnotator)) && project.manifest.labels.find("Food").is_none());
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let (done, new) = project.take_in(Some(&mut ada), 0, read.corpus).unwrap();
        assert_eq!((done.spans, new), (1, vec!["Food".to_owned()]));
        for (name, bytes) in [("empty.txt", &b""[..]), ("bad.txt", b"caf\xe9\n")] {
            let path = file(name, bytes);
            assert!(texts(&path, &ReadOptions::default()).unwrap_err().to_string().contains(name));
        }
    }
}
