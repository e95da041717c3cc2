//! Changes of the labels that were made: `label-changes.jsonl`, by which the history lists them.
//!
//! `project.json` has the labels as they are, without times and names of people. Lines are only appended; a line that is lost
//! costs its row in the history, and no label.

use std::collections::HashSet;

use super::{
    AnnotatorName, Project, ProjectError,
    appended_lines::append_lines,
    storage::{self, SMALL},
};
use crate::spans::{LabelRecord, LabelSet, LabelStep};

/// Name of the file.
pub(super) const LABEL_CHANGES: &str = "label-changes.jsonl";
/// Changes that are read, the latest ones: an import may add thousands of labels.
const MOST: usize = 2_000;

impl Project {
    /// Reads the latest changes of the labels, the oldest first. Lines that are none are passed over.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn label_records(&self) -> Result<Vec<LabelRecord>, ProjectError> {
        let mut records = Vec::new();
        storage::read_lines(&self.root.join(LABEL_CHANGES), SMALL, |line| {
            records.extend(serde_json::from_slice::<LabelRecord>(line).ok());
        })?;
        // Git may have put the lines of one branch behind those of another one, and some twice.
        records.sort_by_key(|record| record.at);
        let mut seen = HashSet::new();
        records.retain(|record| seen.insert(record.clone()));
        records.drain(..records.len().saturating_sub(MOST));
        Ok(records)
    }

    /// Records what made the labels of `before` those of the project. `at` is in seconds since 1970, UTC.
    ///
    /// # Errors
    /// The file system refuses; the labels are changed all the same.
    pub fn record_labels(
        &self,
        before: &LabelSet,
        by: &AnnotatorName,
        at: u64,
    ) -> Result<Vec<LabelRecord>, ProjectError> {
        let steps = LabelStep::between(before, &self.manifest.labels);
        let records: Vec<_> = steps.into_iter().map(|step| LabelRecord { at, by: by.to_string(), step }).collect();
        if !records.is_empty() {
            append_lines(&self.root.join(LABEL_CHANGES), records.iter())?;
        }
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::{
        project::Manifest,
        spans::{LabelChange, LabelId},
    };

    fn project(dir: &Path) -> Project {
        Project::create(&dir.join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap()
    }

    fn change(project: &mut Project, change: &LabelChange, by: &str, at: u64) {
        let before = project.manifest.labels.clone();
        project.change_manifest(|manifest| manifest.labels.change(change, || 99).unwrap()).unwrap();
        project.record_labels(&before, &by.parse().unwrap(), at).unwrap();
    }

    fn told(project: &Project) -> Vec<String> {
        project.label_records().unwrap().iter().map(|record| format!("{} {record}", record.at)).collect()
    }

    #[test]
    fn who_changed_labels_when_is_read_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        assert!(told(&project).is_empty());
        change(&mut project, &LabelChange::Add("Sauce".into()), "ada", 5);
        change(&mut project, &LabelChange::Recolor(LabelId(2)), "ada", 6);
        change(&mut project, &LabelChange::Merge(LabelId(99), LabelId(2)), "ben", 7);
        assert_eq!(told(&project), ["5 + label Sauce, by ada", "7 label Sauce merged into Dish, by ben"]);
        let lines = fs::read_to_string(project.root.join(LABEL_CHANGES)).unwrap();
        assert_eq!(lines.lines().next(), Some(r#"{"at":5,"by":"ada","added":{"id":99,"name":"Sauce"}}"#));
    }

    #[test]
    fn merged_torn_and_foreign_lines_cost_no_other_line() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = project(dir.path());
        change(&mut project, &LabelChange::Add("Sauce".into()), "ada", 5);
        let path = project.root.join(LABEL_CHANGES);
        let ours = fs::read_to_string(&path).unwrap();
        let theirs = ours.replace("\"at\":5", "\"at\":3").replace("Sauce", "Soup");
        let also = ours.replace("Sauce", "Rice");
        let newer = r#"{"at":4,"by":"ada","split":{"id":1}}"#;
        fs::write(
            &path,
            format!("<<<<<<< HEAD\n{ours}{also}=======\n{theirs}{ours}{also}>>>>>>> other\n{newer}\n{{\"at\":7,\"by\""),
        )
        .unwrap();
        change(&mut project, &LabelChange::Remove(LabelId(99)), "ada", 9);
        let rows = ["3 + label Soup", "5 + label Sauce", "5 + label Rice", "9 - label Sauce"];
        assert_eq!(told(&project), rows.map(|row| format!("{row}, by ada")));
        // Of very many the latest are read; of a file without end none.
        let many: String = (0..3_000).map(|at| ours.replace("\"at\":5", &format!("\"at\":{at}"))).collect();
        fs::write(&path, many).unwrap();
        let records = project.label_records().unwrap();
        assert_eq!((records.len(), records[0].at), (MOST, 1_000));
        fs::File::options().write(true).open(&path).unwrap().set_len(SMALL + 1).unwrap();
        assert!(project.label_records().unwrap_err().to_string().contains(LABEL_CHANGES));
        fs::remove_file(&path).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::from_raw_mode(0o600)).unwrap();
        assert!(project.label_records().is_err());
    }
}
