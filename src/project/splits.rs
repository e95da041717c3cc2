//! Moves of documents to other splits.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{Project, ProjectError};
use crate::spans::Split;

impl Project {
    /// Sets the splits of documents, given by their ids; `None` takes a document out of its split. All of them are set at
    /// once or none is. Returns those that were in another split before, each with that split.
    ///
    /// # Errors
    /// There is no such document, or the file system refuses. Then nothing is changed.
    pub fn set_splits(
        &mut self,
        splits: &HashMap<&str, Option<Split>>,
    ) -> Result<Vec<(String, Option<Split>)>, ProjectError> {
        let _lock = self.lock()?;
        self.reload()?;
        let differs = |(id, split): &(&&str, &Option<Split>)| {
            self.documents.get(id).is_none_or(|document| document.split != **split)
        };
        let changes: HashMap<&str, _> = splits
            .iter()
            .filter(differs)
            .map(|(id, split)| (*id, move |fields: &mut Fields| set(fields, *split)))
            .collect();
        let old = changes.keys().map(|id| {
            let split = self.documents.get(id).and_then(|document| document.split);
            ((*id).to_owned(), split)
        });
        let old: Vec<_> = old.collect();
        if !old.is_empty() {
            let bytes = self.changed_lines(changes)?;
            self.replace_documents(&bytes)?;
        }
        Ok(old)
    }
}

type Fields = Map<String, Value>;

fn set(fields: &mut Fields, split: Option<Split>) {
    match split {
        Some(split) => _ = fields.insert("split".to_owned(), json!(split)),
        None => _ = fields.shift_remove("split"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{Document, LabelSet, Status},
        text::Grid,
    };

    #[test]
    fn splits_are_set_together_or_not_at_all_and_the_other_lines_stay() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let item = |id: &str, split| {
            let document = Document { split, ..Document::new(id, "good tacos", Grid::Natural) };
            ImportItem { document, spans: Vec::new(), status: Status::Todo }
        };
        let items = vec![item("a", None), item("b", Some(Split::Train)), item("c", Some(Split::Valid))];
        project.import(None, 0, items).unwrap();
        let file = project.root.join("documents.jsonl");
        let before = std::fs::read_to_string(&file).unwrap();
        let unknown = HashMap::from([("a", Some(Split::Test)), ("z", None)]);
        assert!(matches!(project.set_splits(&unknown), Err(ProjectError::NoDocument(_))));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
        let wanted = HashMap::from([("a", Some(Split::Test)), ("b", Some(Split::Train)), ("c", None)]);
        let mut old = project.set_splits(&wanted).unwrap();
        old.sort_unstable();
        assert_eq!(old, [("a".to_owned(), None), ("c".to_owned(), Some(Split::Valid))]);
        assert_eq!(project.set_splits(&wanted).unwrap(), []);
        let again = Project::open(&project.root).unwrap();
        let splits: Vec<_> = again.documents.iter().map(|document| document.split).collect();
        assert_eq!(splits, [Some(Split::Test), Some(Split::Train), None]);
        let lines: Vec<_> = before.lines().collect();
        assert_eq!(std::fs::read_to_string(&file).unwrap().lines().nth(1), Some(lines[1]));
    }
}
