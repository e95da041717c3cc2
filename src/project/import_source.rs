//! Sources of a new project and of an import.
//! Labels from names or a labelling config, and documents of files.

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
};

use super::{
    Annotator, AnnotatorName, ImportItem, ImportOptions, ImportReport, OnDuplicate, Project, ProjectError,
    StorageError, import_others::Others, storage::shown_path,
};
use crate::{
    formats::{FoundDocuments, LabelConfig, MOST_LABELS, Problem, ReadOptions, Severity, label_config},
    guard::{self, Links},
    spans::{Document, LabelChange, LabelId, LabelSet, Split, Status, id_prefix, label::LabelError},
    text::{TextRange, number::grouped, width::clean},
};

/// Largest labelling config that is read, in bytes.
const MOST_CONFIG_BYTES: u64 = 16 << 20;

/// A source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ImportSourceError {
    /// The list of names is empty.
    #[error("no label is named; separate names by commas: Dish, Price, Hours")]
    NoNames,
    /// Number of names in the list, which are too many.
    #[error("{} labels are named; name at most {}", grouped(*.0), grouped(MOST_LABELS))]
    TooManyNames(usize),
    /// A name is not valid for a label.
    #[error("`{0}`: {1}")]
    Name(String, LabelError),
    /// The labelling config has no labels.
    #[error("{}: there are no labels in it", shown_path(.0))]
    NoLabels(PathBuf),
    /// The file has no texts.
    #[error("{}: there is no text in it", shown_path(.0))]
    NoText(PathBuf),
    /// The file has errors.
    #[error("{}", summary(path, problems))]
    Refused {
        /// The file.
        path: PathBuf,
        /// The errors; at least one.
        problems: Vec<Problem>,
    },
    /// The file cannot be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The first error and the number of the others.
fn summary(path: &Path, problems: &[Problem]) -> String {
    let first = problems.first().map(ToString::to_string).unwrap_or_default();
    let more = match problems.len().saturating_sub(1) {
        0 => String::new(),
        n => format!(" (and {n} more)"),
    };
    format!("{}, {first}{more}", shown_path(path))
}

/// Labels from names or from a labelling config, with the text of the config and notes on it.
/// Names are separated by commas; a config is given by its path (`.xml`).
///
/// An empty `source` stands for the eight labels of restaurant reviews.
///
/// # Errors
/// The file cannot be read or has no labels, or no name or too many are given.
pub fn read_labels(source: &str) -> Result<(LabelSet, Option<String>, Vec<Problem>), ImportSourceError> {
    let source = source.trim();
    if source.is_empty() {
        return Ok((LabelSet::restaurant(), None, Vec::new()));
    }
    if source.to_ascii_lowercase().ends_with(".xml") {
        let path = Path::new(source);
        let (config, xml, notes) = read_config_file(path)?;
        return Ok((config.labels, Some(xml), notes));
    }
    let named: Vec<&str> = source.split(',').map(str::trim).collect();
    let names: Vec<&str> = named.iter().copied().filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err(ImportSourceError::NoNames);
    }
    if names.len() > MOST_LABELS {
        return Err(ImportSourceError::TooManyNames(names.len()));
    }
    let labels = LabelSet::from_names(names);
    for label in &labels {
        LabelSet::default()
            .check(&LabelChange::Add(label.name.clone()))
            .map_err(|error| ImportSourceError::Name(clean(&label.name).into_owned(), error))?;
    }
    Ok((labels, None, notes_on_names(&named)))
}

/// Notes on empty names and on names that occur twice, which are left out, and on names that may be a mistake.
fn notes_on_names(named: &[&str]) -> Vec<Problem> {
    let mut seen = HashSet::new();
    let mut spellings: HashMap<String, &str> = HashMap::new();
    let mut notes = Vec::new();
    if let [only] = named
        && only.contains(';')
    {
        let (name, separated) = (clean(only), only.replace(';', ","));
        notes.push(Problem::note(format!("{name} is read as one label; commas make several: {}", clean(&separated))));
    }
    if named.contains(&"") {
        notes.push(Problem::warning("a name between two commas is empty and was left out"));
    }
    for name in named.iter().filter(|name| !name.is_empty()) {
        if !seen.insert(*name) {
            notes.push(Problem::warning(format!("the label {} is named twice; there is one", clean(name))));
            continue;
        }
        if let Some(other) = spellings.insert(name.to_lowercase(), name) {
            let (other, name) = (clean(other), clean(name));
            notes.push(Problem::note(format!("{other} and {name} differ only in capitals; they are two labels")));
        }
    }
    notes
}

/// Parses the labelling config in `bytes` and returns it with notes.
/// `path` names it in errors.
///
/// # Errors
/// It is not a labelling config, or has no labels.
pub fn read_config(path: &Path, bytes: &[u8]) -> Result<(LabelConfig, Vec<Problem>), ImportSourceError> {
    let (config, problems) = label_config::read(bytes);
    let (errors, notes): (Vec<_>, Vec<_>) =
        problems.into_iter().partition(|problem| problem.severity == Severity::Error);
    match config {
        _ if !errors.is_empty() => Err(ImportSourceError::Refused { path: path.to_owned(), problems: errors }),
        Some(config) => Ok((config, notes)),
        None => Err(ImportSourceError::NoLabels(path.to_owned())),
    }
}

/// Reads a labelling config that the user named, and returns it with its text and notes.
///
/// # Errors
/// The file cannot be read, is not a labelling config, or has no labels.
pub fn read_config_file(path: &Path) -> Result<(LabelConfig, String, Vec<Problem>), ImportSourceError> {
    let bytes = bytes(path)?;
    let (config, notes) = read_config(path, &bytes)?;
    // A config that could be parsed is a text.
    let text = String::from_utf8_lossy(&bytes);
    Ok((config, text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned(), notes))
}

/// Reads a labelling config that the user named.
fn bytes(path: &Path) -> Result<Vec<u8>, StorageError> {
    guard::read(path, Links::Follow, MOST_CONFIG_BYTES).map_err(|cause| StorageError::new("read", path, cause))
}

/// Options to read a file for a project with this manifest. Of a document that several have annotated, the annotation of
/// `annotator` is read as the user's.
pub fn read_options(
    manifest: &super::Manifest,
    path: &Path,
    split: Option<Split>,
    annotator: &AnnotatorName,
) -> ReadOptions {
    ReadOptions {
        grid: manifest.grid,
        id_prefix: id_prefix(path),
        labels: manifest.labels.clone(),
        config: manifest.label_config(),
        split,
        annotator: Some(annotator.to_string()),
        ..ReadOptions::default()
    }
}

/// Name of a project in `dir`: the name of the folder.
pub fn project_name(dir: &Path) -> String {
    let whole = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    whole.file_name().map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}

impl Project {
    /// Imports the documents of files as one action; returns for each file the names of the labels that it added, too.
    /// The documents are moved into the project; their texts are never copied.
    ///
    /// Labels are matched by name; those that the project lacks are added.
    ///
    /// # Errors
    /// As [`Project::import`]. Added labels stay in the project after an error, except after
    /// [`ProjectError::NoAnnotator`].
    pub fn import_files(
        &mut self,
        annotator: Option<&mut Annotator>,
        options: &ImportOptions,
        files: Vec<FoundDocuments>,
    ) -> Result<Vec<(ImportReport, Vec<String>)>, ProjectError> {
        if annotator.is_none() && files.iter().any(FoundDocuments::is_annotated) {
            return Err(ProjectError::NoAnnotator);
        }
        let own = annotator.as_deref().map(|own| own.name().clone());
        let mut others = Others::open(&files, own.as_ref(), |name| self.annotator(name, options.at))?;
        let labels_before = self.manifest.labels.clone();
        let mut items = Vec::with_capacity(files.len());
        let mut new_labels = Vec::with_capacity(files.len());
        for mut found in files {
            let labels = found.labels();
            new_labels.push(unknown_names(&labels, &self.manifest.labels));
            let names: Vec<String> = labels.iter().map(|label| label.name.clone()).collect();
            let ids = labels.iter().map(|label| label.id).zip(self.intern_labels(&names)?).collect();
            others.add_file(&mut found, own.as_ref(), &ids);
            items.push(with_labels(ids, found.into_items()));
        }
        let reports = self.import_each(annotator, options, items, others);
        // Also after an error, for the labels stay. Without these lines the history is shorter, and the import is as good.
        let recorded = own.map(|own| self.record_labels(&labels_before, &own, options.at)).transpose();
        let mut reports = reports?;
        if let Some(first) = reports.first_mut() {
            first.labels_unlisted = recorded.err().map(|error| error.to_string());
        }
        Ok(reports.into_iter().zip(new_labels).collect())
    }

    /// What [`Self::import_files`] would do. Changes nothing.
    ///
    /// # Errors
    /// As [`Project::import`].
    pub fn plan_import(
        &self,
        annotator: Option<&mut Annotator>,
        on_duplicate: OnDuplicate,
        files: Vec<FoundDocuments>,
    ) -> Result<Vec<(ImportReport, Vec<String>)>, ProjectError> {
        let own = annotator.as_deref().map(|own| own.name().clone());
        let mut others = Others::open(&files, own.as_ref(), |name| self.read_annotator(name))?;
        let mut known = self.manifest.labels.clone();
        let mut items = Vec::with_capacity(files.len());
        let mut new_labels = Vec::with_capacity(files.len());
        for mut found in files {
            let labels = found.labels();
            new_labels.push(unknown_names(&labels, &known));
            let ids = labels.iter().map(|label| (label.id, known.intern(&label.name))).collect();
            others.add_file(&mut found, own.as_ref(), &ids);
            items.push(with_labels(ids, found.into_items()));
        }
        let plan = self.plan(annotator, &known, on_duplicate, items, &mut others)?;
        Ok(plan.reports.into_iter().zip(new_labels).collect())
    }
}

/// Names of labels that are not known.
fn unknown_names(labels: &LabelSet, known: &LabelSet) -> Vec<String> {
    labels.iter().filter(|label| known.find(&label.name).is_none()).map(|label| label.name.clone()).collect()
}

/// Documents of a file with the labels of the project.
fn with_labels(
    ids: HashMap<LabelId, LabelId>,
    items: impl Iterator<Item = (Document, Vec<(TextRange, LabelId)>, Status)>,
) -> impl Iterator<Item = ImportItem> {
    items.map(move |(document, spans, status)| {
        let spans = spans.into_iter().filter_map(|(range, label)| Some((range, *ids.get(&label)?)));
        ImportItem { document, spans: spans.collect(), status }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::formats;

    #[test]
    fn others_in_a_file_become_annotators_of_the_project() {
        let dir = tempfile::tempdir().unwrap();
        let mut project =
            Project::create(dir.path(), super::super::Manifest::new("p", LabelSet::restaurant())).unwrap();
        let region = r#"{"type":"labels","value":{"start":0,"end":3,"labels":["PER"]}}"#;
        let tasks = format!(
            r#"[{{"id":1,"data":{{"text":"Ann ate"}},"annotations":[{{"completed_by":1,"result":[]}},
            {{"completed_by":{{"email":"b@c.de"}},"result":[{region},{region}]}},
            {{"completed_by":2,"was_cancelled":true,"result":[]}}]}}]"#
        );
        let import = |project: &mut Project| {
            let options = read_options(&project.manifest, Path::new("a.json"), None, &"ada".parse().unwrap());
            let found = formats::find("label-studio").unwrap().read_file(&tasks.as_bytes(), &options).unwrap().found;
            let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
            project.import_files(Some(&mut ada), &ImportOptions::default(), vec![found]).unwrap().remove(0)
        };
        let (report, new) = import(&mut project);
        assert_eq!((report.documents, report.spans, new), (1, 0, vec!["PER".to_owned()]));
        assert_eq!(report.others, [("b@c.de".to_owned(), 2), ("user-2".to_owned(), 0)]);
        assert!(report.left_out().contains("2 spans of b@c.de"), "{}", report.left_out());
        let status = |name: &str| {
            let journal = project.read_annotator(&name.parse().unwrap()).unwrap().journal;
            (journal.annotation("1").spans().len(), journal.annotation("1").status)
        };
        use crate::spans::Status::{Done, Skipped};
        assert_eq!(["ada", "b@c.de", "user-2"].map(status), [(0, Done), (2, Done), (0, Skipped)]);
        // A second import changes nothing.
        assert_eq!(import(&mut project).0.others, [("b@c.de".to_owned(), 0), ("user-2".to_owned(), 0)]);
        assert_eq!(project.documents.len(), 1);
    }

    /// A file of tasks with these texts, each annotated by ada (nothing) and ben (the first three letters).
    fn tasks(project: &Project, texts: &[&str]) -> FoundDocuments {
        let region = r#"{"type":"labels","value":{"start":0,"end":3,"labels":["Dish"]}}"#;
        let tasks: Vec<String> = texts
            .iter()
            .enumerate()
            .map(|(id, text)| {
                format!(
                    r#"{{"id":{id},"data":{{"text":"{text}"}},"annotations":[{{"completed_by":"ben","result":[{region}]}},
                    {{"completed_by":"ada","result":[]}}]}}"#
                )
            })
            .collect();
        let options = read_options(&project.manifest, Path::new("a.json"), None, &"ada".parse().unwrap());
        let bytes = format!("[{}]", tasks.join(","));
        formats::find("label-studio").unwrap().read_file(&bytes.as_bytes(), &options).unwrap().found
    }

    #[test]
    fn an_import_with_other_annotators_is_planned_done_and_undone_as_one() {
        let dir = tempfile::tempdir().unwrap();
        let mut project =
            Project::create(dir.path(), super::super::Manifest::new("p", LabelSet::restaurant())).unwrap();
        let known = || tasks(&Project::open(dir.path()).unwrap(), &["Ann ate"]);
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        project.import_files(None, &ImportOptions::default(), Vec::new()).unwrap();
        let first = project.import_files(Some(&mut ada), &ImportOptions { at: 1, ..Default::default() }, vec![known()]);
        assert_eq!(first.unwrap()[0].0.others, [("ben".to_owned(), 1)]);
        let before = fs::read(dir.path().join("documents.jsonl")).unwrap();
        let more = || tasks(&Project::open(dir.path()).unwrap(), &["Ann ate", "Bob ate", "Cat ate"]);
        let planned = project.plan_import(Some(&mut ada), OnDuplicate::Copy, vec![more(), known()]).unwrap();
        let options = ImportOptions { at: 2, ..Default::default() };
        let done = project.import_files(Some(&mut ada), &options, vec![more(), known()]).unwrap();
        assert_eq!(planned, done);
        // The second file has the text of the first once more: it is another document.
        let others: Vec<_> = done.iter().map(|(report, _)| (report.known, report.others[0].1)).collect();
        assert_eq!(others, [(1, 2), (0, 1)]);
        assert_eq!(fs::read_to_string(dir.path().join("imports.jsonl")).unwrap().lines().count(), 2, "one line each");
        drop(ada);
        let spans = |project: &Project, name: &str| {
            let journal = project.read_annotator(&name.parse().unwrap()).unwrap().journal;
            ["0", "1", "2", "0-2"].map(|id| (journal.annotation(id).spans().len(), journal.annotation(id).status))
        };
        let (ben, nobody) = ((1, Status::Done), (0, Status::Todo));
        assert_eq!(spans(&project, "ben"), [ben; 4]);
        let undone = project.undo_import(3).unwrap();
        assert_eq!((undone.removed, undone.annotations, undone.kept), (3, 6, Vec::new()));
        assert_eq!(fs::read(dir.path().join("documents.jsonl")).unwrap(), before);
        assert_eq!(spans(&project, "ben"), [ben, nobody, nobody, nobody]);
        assert_eq!(spans(&project, "ada")[0].1, Status::Done);
        project.undo_import(4).unwrap();
        assert_eq!((spans(&project, "ben"), project.documents.len()), ([nobody; 4], 0));
    }

    #[test]
    fn a_journal_that_cannot_be_written_leaves_the_project_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(dir.path(), super::super::Manifest::new("p", LabelSet::default())).unwrap();
        let found = tasks(&project, &["Ann ate"]);
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        // The log of ben, who comes after ada, cannot be written: there is a folder with its name.
        let log = dir.path().join("annotations/.ben.import");
        let _ben = project.annotator(&"ben".parse().unwrap(), 0).unwrap();
        let refused = project.import_files(Some(&mut ada), &ImportOptions::default(), vec![found]);
        assert!(matches!(refused, Err(ProjectError::Lock(_))), "{refused:?}");
        drop(_ben);
        assert!(project.manifest.labels.is_empty(), "no label was added");
        fs::create_dir(&log).unwrap();
        let found = tasks(&project, &["Ann ate"]);
        assert!(project.import_files(Some(&mut ada), &ImportOptions::default(), vec![found]).is_err());
        fs::remove_dir(&log).unwrap();
        let project = Project::open(dir.path()).unwrap();
        assert!(project.documents.is_empty() && !dir.path().join("annotations/.ada.import").exists());
    }

    #[test]
    fn labels_that_the_history_cannot_list_do_not_stop_an_import() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(dir.path(), super::super::Manifest::new("p", LabelSet::default())).unwrap();
        fs::create_dir(dir.path().join("label-changes.jsonl")).unwrap();
        let found = tasks(&project, &["Ann ate"]);
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let (report, new) =
            project.import_files(Some(&mut ada), &ImportOptions::default(), vec![found]).unwrap().remove(0);
        assert_eq!((report.documents, new, project.documents.len()), (1, vec!["Dish".to_owned()], 1));
        let remark = report.left_out();
        assert!(remark.contains("will not list the new labels") && remark.contains("label-changes.jsonl"), "{remark}");
    }

    #[test]
    fn an_annotation_of_the_user_that_was_not_taken_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let mut project =
            Project::create(dir.path(), super::super::Manifest::new("p", LabelSet::restaurant())).unwrap();
        let tasks = r#"[{"id":1,"data":{"text":"Ann ate"},"annotations":[{"completed_by":"ben","result":[]},
            {"completed_by":"ada","was_cancelled":true,"result":[]},{"completed_by":".","result":[]}]}]"#;
        let options = read_options(&project.manifest, Path::new("a.json"), None, &"ada".parse().unwrap());
        let found = formats::find("label-studio").unwrap().read_file(&tasks.as_bytes(), &options).unwrap().found;
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let (report, _) =
            project.import_files(Some(&mut ada), &ImportOptions::default(), vec![found]).unwrap().remove(0);
        assert_eq!((report.own_left_out, report.unnamed, report.others.len()), (1, 1, 0));
        let remark = report.left_out();
        assert!(
            remark.contains("1 annotation of yours left out") && remark.contains("no annotator can have"),
            "{remark}"
        );
    }

    #[test]
    fn the_journal_of_another_annotator_is_opened_once_for_all_files() {
        let dir = tempfile::tempdir().unwrap();
        let mut project =
            Project::create(dir.path(), super::super::Manifest::new("p", LabelSet::restaurant())).unwrap();
        let files = ["1", "2"].map(|id| {
            let tasks = format!(
                r#"[{{"id":{id},"data":{{"text":"Ann ate"}},"annotations":[{{"completed_by":1,"result":[]}},
                {{"completed_by":2,"result":[{{"type":"labels","value":{{"start":0,"end":3,"labels":["PER"]}}}}]}}]}}]"#
            );
            let options = read_options(&project.manifest, Path::new("a.json"), None, &"ada".parse().unwrap());
            formats::find("label-studio").unwrap().read_file(&tasks.as_bytes(), &options).unwrap().found
        });
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let reports = project.import_files(Some(&mut ada), &ImportOptions::default(), files.into()).unwrap();
        let others: Vec<_> = reports.iter().map(|(report, _)| report.others.as_slice()).collect();
        assert_eq!(others, [&[("user-2".to_owned(), 1)]; 2]);
        let journal = project.read_annotator(&"user-2".parse().unwrap()).unwrap().journal;
        assert_eq!(["1", "2"].map(|id| journal.annotation(id).spans().len()), [1, 1]);
    }

    #[test]
    fn labels_are_names_a_config_or_the_eight() {
        let names = |asked: &str| -> Vec<String> {
            read_labels(asked).unwrap().0.iter().map(|label| label.name.clone()).collect()
        };
        assert_eq!(names(" ").len(), 8);
        assert_eq!(names("Dish, Price,,Dish"), ["Dish", "Price"]);
        let notes: Vec<String> = read_labels("Dish, Price,,Dish").unwrap().2.iter().map(ToString::to_string).collect();
        assert!(
            notes.len() == 2 && notes[0].contains("empty") && notes[1].contains("Dish is named twice"),
            "{notes:?}"
        );
        assert!(read_labels("Dish, Price").unwrap().2.is_empty());
        let note_on = |asked: &str| read_labels(asked).unwrap().2.iter().map(ToString::to_string).collect::<Vec<_>>();
        let [note] = &note_on("Dish,dish")[..] else { panic!("{:?}", note_on("Dish,dish")) };
        assert!(note.contains("Dish and dish differ only in capitals; they are two labels"), "{note}");
        let [note] = &note_on("Price;Hours")[..] else { panic!("{:?}", note_on("Price;Hours")) };
        assert!(note.contains("Price;Hours is read as one label; commas make several: Price,Hours"), "{note}");
        assert!(note_on("Price;Hours,Dish").is_empty(), "a comma shows that the separator is known");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.XML");
        let xml = r#"<View><Labels name="l" toName="t"><Label value="Author"/></Labels><Text name="t" value="$text"/></View>"#;
        fs::write(&path, xml).unwrap();
        assert_eq!(names(&path.to_string_lossy()), ["Author"]);
        assert!(matches!(read_labels(" , "), Err(ImportSourceError::NoNames)));
        assert!(
            read_labels("Dish, Main dish")
                .unwrap_err()
                .to_string()
                .starts_with("`Main dish`: a label name can contain")
        );
        let many: String = (0..=MOST_LABELS).map(|n| format!("a{n},")).collect();
        assert_eq!(read_labels(&many).unwrap_err().to_string(), "2,001 labels are named; name at most 2,000");
        assert!(read_labels("O").is_err() && read_labels("a\u{1b}b").is_err());
        assert!(read_labels("/nowhere/labels.xml").unwrap_err().to_string().contains("no such file"));
    }

    #[test]
    fn labels_that_a_project_lacks_are_added_if_an_annotator_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let mut project = Project::create(&dir, super::super::Manifest::new("p", LabelSet::restaurant())).unwrap();
        let read = |project: &Project, name: &str, bytes: &[u8]| {
            let options = read_options(&project.manifest, Path::new(name), None, &"ada".parse().unwrap());
            formats::detect(name, bytes).format.read_file(&bytes, &options).unwrap().found
        };
        let lines = || read(&Project::open(&dir).unwrap(), "reviews.txt", b"great tacos\nopen late\n");
        assert!(!lines().is_annotated());
        let options = ImportOptions::default();
        assert_eq!(project.plan_import(None, OnDuplicate::Copy, vec![lines()]).unwrap()[0].0.documents, 2);
        assert!(project.documents.is_empty());
        let (report, new) = project.import_files(None, &options, vec![lines()]).unwrap().remove(0);
        assert_eq!((report.documents, new.len()), (2, 0));
        let tagged = || read(&Project::open(&dir).unwrap(), "tagged.conll", b"great\tO\ntacos\tB-Food\n\n");
        assert!(tagged().is_annotated());
        let refused = project.import_files(None, &options, vec![tagged()]);
        assert!(matches!(refused, Err(ProjectError::NoAnnotator)) && project.manifest.labels.find("Food").is_none());
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let planned = project.plan_import(Some(&mut ada), OnDuplicate::Copy, vec![tagged()]).unwrap();
        assert!(planned[0].1 == ["Food"] && project.manifest.labels.find("Food").is_none());
        let (report, new) = project.import_files(Some(&mut ada), &options, vec![tagged()]).unwrap().remove(0);
        assert_eq!(planned[0].0, report);
        assert_eq!((report.spans, new), (1, vec!["Food".to_owned()]));
    }
}
