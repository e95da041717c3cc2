//! Creates a project.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    import::{self, ImportedFile},
    source::SourceFile,
};
use crate::{
    formats::Problem,
    project::{
        AnnotatorName, Manifest, OnDuplicate, Project, ProjectError,
        import_source::{self, ImportSourceError},
    },
    spans::LabelSet,
    text::{Grid, number::with_noun},
};

/// Request to create a project.
#[derive(Clone, Debug)]
pub struct NewProject {
    /// Folder of the project.
    pub dir: PathBuf,
    /// Names of labels separated by commas, or the path of a labelling config (`.xml`).
    /// `None` for the eight labels of restaurant reviews.
    pub labels: Option<String>,
    /// Rule by which texts are cut into words.
    pub grid: Grid,
    /// File of texts to import, and the annotator credited with its annotations.
    pub texts: Option<(PathBuf, AnnotatorName)>,
    /// Whether the folder may hold other files.
    pub in_used_folder: bool,
}

/// A project that was created.
#[derive(Debug)]
pub struct Created {
    /// The project.
    pub project: Project,
    /// Notes on the labelling config.
    pub notes: Vec<Problem>,
    /// Folder of the project inside which it was created, if any: probably a mistake.
    pub around: Option<PathBuf>,
    /// Outcome of the import, with the problems of the file.
    /// `None` without a file of texts.
    pub import: Option<(Result<ImportedFile, ProjectError>, Vec<Problem>)>,
}

/// A project was not created. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The folder holds other files; their number.
    #[error("the folder holds {}", with_noun(*.0, "file"))]
    FolderInUse(usize),
    /// The labels or the texts cannot be used.
    #[error(transparent)]
    Source(#[from] ImportSourceError),
    /// The project exists, or the file system refuses.
    #[error(transparent)]
    Project(#[from] ProjectError),
}

/// Creates a project. Labels and texts are read before anything is written.
/// `now` in seconds since 1970, UTC.
///
/// If the project refuses the texts, it stays without them; see [`Created::import`].
///
/// # Errors
/// Nothing was written: the folder is a project or in use, or labels or texts cannot be used.
pub fn create(request: &NewProject, now: u64) -> Result<Created, CreateError> {
    let dir = &request.dir;
    if Project::is_project(dir) {
        return Err(ProjectError::Exists(dir.clone()).into());
    }
    let files = fs::read_dir(dir).map_or(0, Iterator::count);
    if files > 0 && !request.in_used_folder {
        return Err(CreateError::FolderInUse(files));
    }
    let (labels, label_config, notes) = labels(request.labels.as_deref())?;
    let mut manifest = Manifest::new(import_source::project_name(dir), labels);
    manifest.grid = request.grid;
    manifest.label_config = label_config;
    let texts =
        request.texts.as_ref().map(|(path, annotator)| Ok((read_texts(&manifest, path, annotator)?, annotator)));
    let texts = texts.transpose().map_err(CreateError::Source)?;
    let around = Project::around(dir);
    let mut project = Project::create(dir, manifest)?;
    let import = texts.map(|(mut file, annotator)| {
        let problems = std::mem::take(&mut file.read.problems);
        let imported = import::import(&mut project, annotator, now, OnDuplicate::Copy, vec![file], None);
        (imported.map(|mut files| files.remove(0)), problems)
    });
    Ok(Created { project, notes, around, import })
}

fn labels(requested: Option<&str>) -> Result<(LabelSet, Option<String>, Vec<Problem>), ImportSourceError> {
    match requested {
        None => Ok((LabelSet::restaurant(), None, Vec::new())),
        Some(names) if names.trim().is_empty() => Err(ImportSourceError::NoNames),
        Some(names) => import_source::read_labels(names),
    }
}

fn read_texts(manifest: &Manifest, path: &Path, annotator: &AnnotatorName) -> Result<SourceFile, ImportSourceError> {
    SourceFile::open(path, None, &import_source::read_options(manifest, path, None, annotator))?.check()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::{preview, source::Unwatched};

    fn request(dir: PathBuf) -> NewProject {
        NewProject { dir, labels: None, grid: Grid::default(), texts: None, in_used_folder: false }
    }

    #[test]
    fn labels_and_words_are_those_of_the_request() {
        let folder = tempfile::tempdir().unwrap();
        let new =
            NewProject { labels: Some("Dish, Price".into()), grid: Grid::Space, ..request(folder.path().join("p")) };
        let created = create(&new, 0).unwrap();
        assert_eq!((created.project.manifest.labels.iter().count(), created.project.manifest.grid), (2, Grid::Space));
        assert!(matches!(create(&new, 0), Err(CreateError::Project(ProjectError::Exists(_)))));
        let eight = create(&request(folder.path().join("q")), 0).unwrap();
        assert_eq!(eight.project.manifest.labels.iter().count(), 8);
    }

    #[test]
    fn the_user_gets_the_users_own_annotation_of_a_task() {
        let folder = tempfile::tempdir().unwrap();
        let annotation = |who: &str, end: usize| {
            let value = format!(r#"{{"start":0,"end":{end},"labels":["Dish"]}}"#);
            format!(r#"{{"completed_by":"{who}","result":[{{"type":"labels","value":{value}}}]}}"#)
        };
        let (ben, ada) = (annotation("ben", 10), annotation("ada", 4));
        let path = folder.path().join("tasks.json");
        fs::write(&path, format!(r#"[{{"id":1,"data":{{"text":"fish tacos"}},"annotations":[{ben},{ada}]}}]"#))
            .unwrap();
        let name: AnnotatorName = "ada".parse().unwrap();
        let empty = create(&request(folder.path().join("p")), 0).unwrap().project;
        let seen = preview::preview(&empty, &name, std::slice::from_ref(&path), 3, &Unwatched).unwrap();
        let report = &seen.plans[0].report;
        assert_eq!((report.spans, report.others.clone()), (1, vec![("ben".to_owned(), 1)]));
        let new = NewProject { texts: Some((path, name)), ..request(folder.path().join("q")) };
        let project = create(&new, 0).unwrap().project;
        let end = |name: &str| {
            let journal = project.read_annotator(&name.parse().unwrap()).unwrap().journal;
            journal.annotation("1").spans().iter().map(|span| span.range.end).collect::<Vec<_>>()
        };
        assert_eq!([end("ada"), end("ben")], [[4], [10]]);
    }

    #[test]
    fn nothing_is_written_unless_everything_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let blank = NewProject { labels: Some(" ".into()), ..request(dir.clone()) };
        assert!(matches!(create(&blank, 0), Err(CreateError::Source(ImportSourceError::NoNames))));
        let missing = folder.path().join("missing.txt");
        let texts = NewProject { texts: Some((missing, "ada".parse().unwrap())), ..request(dir.clone()) };
        assert!(matches!(create(&texts, 0), Err(CreateError::Source(_))));
        assert!(!dir.exists());
    }

    #[test]
    fn a_folder_in_use_is_asked_about() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        let new = request(folder.path().to_owned());
        assert!(matches!(create(&new, 0), Err(CreateError::FolderInUse(1))));
        assert!(create(&NewProject { in_used_folder: true, ..new }, 0).unwrap().around.is_none());
        let inside = create(&request(folder.path().join("exports/more")), 0).unwrap();
        assert_eq!(inside.around.as_deref(), Some(folder.path()));
    }

    #[test]
    fn a_project_without_its_texts_stays_and_the_error_is_returned() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("p");
        let path = folder.path().join("tagged.conll");
        fs::write(&path, "great\tO\ntacos\tB-Dish\n\n").unwrap();
        // The journal cannot be opened: there is a folder with its name.
        fs::create_dir_all(dir.join("annotations/ada.jsonl")).unwrap();
        let texts = Some((path, "ada".parse().unwrap()));
        let created = create(&NewProject { texts, in_used_folder: true, ..request(dir.clone()) }, 0).unwrap();
        assert!(created.import.unwrap().0.is_err());
        assert_eq!(Project::open(&dir).unwrap().documents.len(), 0);
    }
}
