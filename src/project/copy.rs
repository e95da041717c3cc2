//! A copy of a project at another place: what samples are opened as, from a folder or from the program itself.

use std::{borrow::Cow, path::Path};

use super::{
    ANNOTATIONS, AnnotatorName, DOCUMENTS, MANIFEST, Manifest, Project, ProjectError, annotators_in, keep_existing,
    storage,
};

/// What people are to know who label here: it goes with every copy.
pub(super) const GUIDE: &str = "GUIDE.md";

/// All that a copy is made of.
pub(super) struct CopySource<'a> {
    pub(super) manifest: Manifest,
    /// The bytes of `documents.jsonl`.
    pub(super) documents: Cow<'a, [u8]>,
    /// Journals with the names that they get.
    pub(super) journals: Vec<(&'a AnnotatorName, Cow<'a, [u8]>)>,
    /// The bytes of `GUIDE.md`, if there is one.
    pub(super) guide: Option<Cow<'a, [u8]>>,
}

impl CopySource<'_> {
    /// Makes the project in `target`: no sample any more, no runs, called like its folder. `project.json` is written
    /// last: a copy that was cut off is no project, and is completed by making it again. Nothing is ever replaced: a
    /// folder that lost its `project.json` holds somebody's work.
    pub(super) fn write_to(mut self, target: &Path) -> Result<(), ProjectError> {
        is_free(target)?;
        let annotations = target.join(ANNOTATIONS);
        let journals = self.journals.iter().map(|(name, bytes)| (annotations.join(format!("{name}.jsonl")), bytes));
        let guide = self.guide.iter().map(|bytes| (target.join(GUIDE), bytes));
        let files: Vec<_> = journals.chain([(target.join(DOCUMENTS), &self.documents)]).chain(guide).collect();
        for (path, bytes) in &files {
            if let Some(there) = storage::read_if_there(path)? {
                is_same(target, path, &there, bytes)?;
            }
        }
        for folder in [target, &annotations] {
            storage::make_folder(folder)?;
        }
        for (path, bytes) in &files {
            keep_existing(storage::create_new(path, bytes))?;
            // Another window may have been quicker.
            is_same(target, path, &storage::read(path)?, bytes)?;
        }
        self.manifest.sample = false;
        if let Some(name) = target.file_name() {
            self.manifest.name = name.to_string_lossy().into_owned();
        }
        Project::create(target, self.manifest).map(|_| ())
    }
}

fn is_free(target: &Path) -> Result<(), ProjectError> {
    match std::fs::symlink_metadata(target.join(MANIFEST)) {
        Ok(_) => Err(ProjectError::Exists(target.to_owned())),
        Err(_) => Ok(()),
    }
}

/// Whether a file that is there is the copy's own, left by one that was cut off.
fn is_same(target: &Path, path: &Path, there: &[u8], wanted: &[u8]) -> Result<(), ProjectError> {
    if there == wanted {
        return Ok(());
    }
    // Another window may have made the whole project meanwhile, and somebody has worked in it.
    is_free(target)?;
    Err(ProjectError::InTheWay { folder: target.to_owned(), file: path.to_owned() })
}

impl Project {
    /// Copies manifest, documents, journals and guide to `target`, which becomes a project of its own. If one
    /// annotator alone has worked here, the work becomes `owner`'s.
    ///
    /// # Errors
    /// There is a project in `target`, or a file of one with other content, or the file system cannot.
    pub fn copy_to(&self, target: &Path, owner: &AnnotatorName) -> Result<(), ProjectError> {
        let names = annotators_in(&self.annotations());
        let mut journals = Vec::new();
        for name in &names {
            let journal = storage::read(&self.annotations().join(format!("{name}.jsonl")))?;
            journals.push((if names.len() == 1 { owner } else { name }, Cow::from(journal)));
        }
        let source = CopySource {
            manifest: self.manifest.clone(),
            documents: self.documents.to_jsonl()?.into(),
            journals,
            guide: storage::read_if_there(&self.root.join(GUIDE))?.map(Cow::from),
        };
        source.write_to(target)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::Manifest,
        spans::{Action, Document, Edit, LabelSet, Status, journal::JournalOp},
        text::Grid,
    };

    #[test]
    fn a_copy_holds_the_work_and_is_no_sample() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("a"), folder.path().join("deep/b"));
        let mut manifest = Manifest::new("a", LabelSet::restaurant());
        manifest.sample = true;
        let mut project = Project::create(&here, manifest).unwrap();
        project.change_documents(|list| list.push(Document::new("1", "tacos", Grid::Natural))).unwrap();
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
        assert_eq!(storage::read(&there.join(GUIDE)).unwrap(), b"a dish is what is eaten");
        assert_eq!(copy.read_annotator(&bob).unwrap().journal.annotation("1").status, Status::Done);
        assert!(matches!(project.copy_to(&there, &bob), Err(ProjectError::Exists(_))));
    }

    #[test]
    fn the_guide_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::create(folder.path(), Manifest::new("a", LabelSet::restaurant())).unwrap();
        assert_eq!(project.guide().unwrap(), None);
        storage::replace(&folder.path().join(GUIDE), b"short \xff spans").unwrap();
        assert_eq!(project.guide().unwrap().as_deref(), Some("short \u{fffd} spans"));
        storage::replace(&folder.path().join(GUIDE), &[b'a'; 70_000]).unwrap();
        assert_eq!(project.guide().unwrap().map(|guide| guide.len()), Some(64 << 10));
    }

    #[test]
    fn a_copy_never_writes_over_work_and_completes_one_that_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("a"), folder.path().join("b"));
        let mut project = Project::create(&here, Manifest::new("a", LabelSet::restaurant())).unwrap();
        project.change_documents(|list| list.push(Document::new("1", "tacos", Grid::Natural))).unwrap();
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
        let work = storage::read(&journal).unwrap();
        let error = project.copy_to(&there, &ada).unwrap_err();
        assert!(matches!(error, ProjectError::InTheWay { .. }), "{error}");
        assert!(error.to_string().contains("move the folder"), "{error}");
        assert_eq!(storage::read(&journal).unwrap(), work);
        assert!(!there.join(DOCUMENTS).exists() && !Project::has_manifest(&there));
    }
}
