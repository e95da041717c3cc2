//! A copy of a project at another place: what samples are opened as.

use std::path::Path;

use super::{ANNOTATIONS, DOCUMENTS, MANIFEST, Project, ProjectError, annotators_in, storage};

impl Project {
    /// Copies manifest, documents and journals to `target`, which becomes a project of its own: no sample any more, no
    /// runs. `project.json` is written last: a copy that was cut off is no project, and can be made again.
    ///
    /// # Errors
    /// There is a project in `target`, or the file system cannot.
    pub fn copy_to(&self, target: &Path) -> Result<(), ProjectError> {
        if std::fs::symlink_metadata(target.join(MANIFEST)).is_ok() {
            return Err(ProjectError::Exists(target.to_owned()));
        }
        let annotations = target.join(ANNOTATIONS);
        for folder in [target, &annotations] {
            storage::make_folder(folder)?;
        }
        for name in annotators_in(&self.annotations()) {
            let file = format!("{name}.jsonl");
            storage::replace(&annotations.join(&file), &storage::read(&self.annotations().join(&file))?)?;
        }
        storage::replace(&target.join(DOCUMENTS), &self.documents.to_jsonl()?)?;
        let mut manifest = self.manifest.clone();
        manifest.sample = false;
        Project::create(target, manifest).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::Manifest,
        spans::{Action, Document, Edit, LabelSet, Status, journal::Deed},
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
        let done = Deed::Do(Action { document: "1".into(), edits: vec![Edit::Status(Status::Done)] });
        annotator.record(&project.documents, 7, done).unwrap();
        project.copy_to(&there).unwrap();
        let copy = Project::open(&there).unwrap();
        assert!(!copy.manifest.sample && Project::open(&here).unwrap().manifest.sample);
        assert_eq!(copy.documents.len(), 1);
        assert_eq!(copy.read_annotator(&ada).unwrap().journal.annotation("1").status, Status::Done);
        assert!(matches!(project.copy_to(&there), Err(ProjectError::Exists(_))));
    }
}
