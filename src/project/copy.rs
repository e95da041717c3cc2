//! Copies of projects.
//! A sample is opened as a copy, whether it is a folder or embedded in the program.

use std::{borrow::Cow, path::Path};

use super::{
    ANNOTATIONS, AnnotatorName, DOCUMENTS, GUIDE, MANIFEST, Manifest, Project, ProjectError, annotators_in,
    keep_existing,
    storage::{self, LARGE, SMALL},
};

/// Contents of a copy.
pub(super) struct CopySource<'a> {
    pub(super) manifest: Manifest,
    /// Bytes of `documents.jsonl`.
    pub(super) documents: Cow<'a, [u8]>,
    /// Journals with their new annotator names.
    pub(super) journals: Vec<(&'a AnnotatorName, Cow<'a, [u8]>)>,
    /// Bytes of `GUIDE.md`, if there is one.
    pub(super) guide: Option<Cow<'a, [u8]>>,
}

impl CopySource<'_> {
    /// Writes the project to `target`.
    /// Not a sample, without runs, named after its folder.
    ///
    /// `project.json` is written last: an interrupted copy is not a project, and copying again completes it. No file is
    /// ever replaced, because a folder that lost its `project.json` may hold annotations.
    pub(super) fn write_to(mut self, target: &Path) -> Result<(), ProjectError> {
        check_free(target)?;
        let annotations = target.join(ANNOTATIONS);
        let journals = self.journals.iter().map(|(name, bytes)| (annotations.join(format!("{name}.jsonl")), bytes));
        let guide = self.guide.iter().map(|bytes| (target.join(GUIDE), bytes));
        let files: Vec<_> = journals.chain([(target.join(DOCUMENTS), &self.documents)]).chain(guide).collect();
        for (path, bytes) in &files {
            if let Some(existing) = storage::read_if_there(path, LARGE)? {
                check_same(target, path, &existing, bytes)?;
            }
        }
        for folder in [target, &annotations] {
            storage::make_folder(folder)?;
        }
        for (path, bytes) in &files {
            keep_existing(storage::create_new(path, bytes))?;
            // Another process may have written it in between.
            check_same(target, path, &storage::read(path, LARGE)?, bytes)?;
        }
        self.manifest.sample = false;
        if let Some(name) = target.file_name() {
            self.manifest.name = name.to_string_lossy().into_owned();
        }
        Project::create(target, self.manifest).map(|_| ())
    }
}

fn check_free(target: &Path) -> Result<(), ProjectError> {
    match std::fs::symlink_metadata(target.join(MANIFEST)) {
        Ok(_) => Err(ProjectError::Exists(target.to_owned())),
        Err(_) => Ok(()),
    }
}

/// Checks that an existing file was left by an interrupted copy.
/// It must have the same contents.
fn check_same(target: &Path, path: &Path, existing: &[u8], wanted: &[u8]) -> Result<(), ProjectError> {
    if existing == wanted {
        return Ok(());
    }
    // Another process may have completed the project in between, and an annotator may have worked in it.
    check_free(target)?;
    Err(ProjectError::InTheWay { folder: target.to_owned(), file: path.to_owned() })
}

impl Project {
    /// Copies the project to `target`, which becomes an independent project.
    /// Manifest, documents, journals and guide are copied.
    ///
    /// If only one annotator has worked here, `owner` gets the work.
    ///
    /// # Errors
    /// `target` holds a project or a file of one with other content, or the file system refuses.
    pub fn copy_to(&self, target: &Path, owner: &AnnotatorName) -> Result<(), ProjectError> {
        let names = annotators_in(&self.annotations());
        let mut journals = Vec::new();
        for name in &names {
            let journal =
                storage::read_below(&self.annotations().join(format!("{name}.jsonl")), LARGE)?.unwrap_or_default();
            journals.push((if names.len() == 1 { owner } else { name }, Cow::from(journal)));
        }
        let source = CopySource {
            manifest: self.manifest.clone(),
            documents: storage::read_if_there(&self.root.join(DOCUMENTS), LARGE)?.unwrap_or_default().into(),
            journals,
            guide: storage::read_if_there(&self.root.join(GUIDE), SMALL)?.map(Cow::from),
        };
        source.write_to(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{Action, Document, Edit, LabelSet, Status, journal::JournalOp},
        text::Grid,
    };

    fn add_tacos(project: &mut Project) {
        let document = Document::new("1", "tacos", Grid::Natural);
        project.import(None, 0, vec![ImportItem { document, spans: Vec::new(), status: Status::Todo }]).unwrap();
    }

    #[test]
    fn a_copy_holds_the_work_and_is_no_sample() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("a"), folder.path().join("deep/b"));
        let mut manifest = Manifest::new("a", LabelSet::restaurant());
        manifest.sample = true;
        let mut project = Project::create(&here, manifest).unwrap();
        add_tacos(&mut project);
        let ada = "ada".parse().unwrap();
        let mut annotator = project.annotator(&ada, 0).unwrap();
        let done = JournalOp::Do(Action { document: "1".into(), edits: vec![Edit::Status(Status::Done)] });
        annotator.record(&project.documents, 7, done).unwrap();
        let bob = "bob".parse().unwrap();
        storage::replace(&here.join(GUIDE), b"a dish is what is eaten").unwrap();
        project.copy_to(&there, &bob).unwrap();
        let copy = Project::open(&there).unwrap();
        assert!(!copy.manifest.sample && Project::open(&here).unwrap().manifest.sample);
        assert_eq!((copy.documents.len(), copy.manifest.name.as_str()), (1, "b"));
        assert_eq!(storage::read(&there.join(GUIDE), SMALL).unwrap(), b"a dish is what is eaten");
        assert_eq!(copy.read_annotator(&bob).unwrap().journal.annotation("1").status, Status::Done);
        assert!(matches!(project.copy_to(&there, &bob), Err(ProjectError::Exists(_))));
    }

    #[test]
    fn the_guide_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::create(folder.path(), Manifest::new("a", LabelSet::restaurant())).unwrap();
        assert_eq!(project.guide().unwrap(), None);
        storage::replace(&folder.path().join(GUIDE), b"short \xff spans").unwrap();
        assert_eq!(project.guide().unwrap(), Some(("short \u{fffd} spans".to_owned(), false)));
        storage::replace(&folder.path().join(GUIDE), "€".repeat(30_000).as_bytes()).unwrap();
        let (text, is_cut) = project.guide().unwrap().unwrap();
        assert_eq!((text.len(), is_cut), (65_535, true), "not inside a character");
    }

    #[test]
    fn a_copy_never_writes_over_work_and_completes_one_that_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("a"), folder.path().join("b"));
        let mut project = Project::create(&here, Manifest::new("a", LabelSet::restaurant())).unwrap();
        add_tacos(&mut project);
        let ada = "ada".parse().unwrap();
        drop(project.annotator(&ada, 0).unwrap());
        project.copy_to(&there, &ada).unwrap();
        // Cut off before the manifest was written.
        std::fs::remove_file(there.join(MANIFEST)).unwrap();
        std::fs::remove_file(there.join(DOCUMENTS)).unwrap();
        project.copy_to(&there, &ada).unwrap();
        let copy = Project::open(&there).unwrap();
        let mut annotator = copy.annotator(&ada, 0).unwrap();
        let done = JournalOp::Do(Action { document: "1".into(), edits: vec![Edit::Status(Status::Done)] });
        annotator.record(&copy.documents, 7, done).unwrap();
        drop(annotator);
        std::fs::remove_file(there.join(MANIFEST)).unwrap();
        std::fs::remove_file(there.join(DOCUMENTS)).unwrap();
        let journal = there.join("annotations/ada.jsonl");
        let work = storage::read(&journal, LARGE).unwrap();
        let error = project.copy_to(&there, &ada).unwrap_err();
        assert!(matches!(error, ProjectError::InTheWay { .. }), "{error}");
        assert!(error.to_string().contains("move the folder"), "{error}");
        assert_eq!(storage::read(&journal, LARGE).unwrap(), work);
        assert!(!there.join(DOCUMENTS).exists() && !Project::has_manifest(&there));
    }
}
