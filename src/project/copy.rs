//! A copy of a project at another place: what samples are opened as.

use std::path::Path;

use super::{ANNOTATIONS, AnnotatorName, DOCUMENTS, MANIFEST, Project, ProjectError, annotators_in, storage};

impl Project {
    /// Copies manifest, documents and journals to `target`, which becomes a project of its own: no sample any more, no
    /// runs. If one annotator alone has worked here, the work becomes `owner`'s. `project.json` is written last: a copy that was cut off is no project, and can be made again.
    ///
    /// # Errors
    /// There is a project in `target`, or the file system cannot.
    pub fn copy_to(&self, target: &Path, owner: &AnnotatorName) -> Result<(), ProjectError> {
        if std::fs::symlink_metadata(target.join(MANIFEST)).is_ok() {
            return Err(ProjectError::Exists(target.to_owned()));
        }
        let annotations = target.join(ANNOTATIONS);
        for folder in [target, &annotations] {
            storage::make_folder(folder)?;
        }
        let names = annotators_in(&self.annotations());
        for name in &names {
            let journal = storage::read(&self.annotations().join(format!("{name}.jsonl")))?;
            let new = if names.len() == 1 { owner } else { name };
            storage::replace(&annotations.join(format!("{new}.jsonl")), &journal)?;
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
        let bob = "bob".parse().unwrap();
        project.copy_to(&there, &bob).unwrap();
        let copy = Project::open(&there).unwrap();
        assert!(!copy.manifest.sample && Project::open(&here).unwrap().manifest.sample);
        assert_eq!(copy.documents.len(), 1);
        assert_eq!(copy.read_annotator(&bob).unwrap().journal.annotation("1").status, Status::Done);
        assert!(matches!(project.copy_to(&there, &bob), Err(ProjectError::Exists(_))));
    }
}
