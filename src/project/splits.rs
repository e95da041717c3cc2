//! Moves of documents to other splits.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{Project, ProjectError};
use crate::spans::{MovesTakenBack, Split, SplitMove};

impl Project {
    /// Sets the splits of documents, given by their ids; `None` takes a document out of its split. All of them are set at
    /// once or none is. Returns the moves of those that were in another split before.
    ///
    /// # Errors
    /// There is no such document, or the file system refuses. Then nothing is changed.
    pub fn set_splits(&mut self, splits: &HashMap<&str, Option<Split>>) -> Result<Vec<SplitMove>, ProjectError> {
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
        let moves = changes.keys().map(|id| SplitMove {
            document: (*id).to_owned(),
            from: self.documents.get(id).and_then(|document| document.split),
            to: splits.get(id).copied().flatten(),
        });
        let moves: Vec<_> = moves.collect();
        if !moves.is_empty() {
            let bytes = self.changed_lines(changes)?;
            self.replace_documents(&bytes)?;
        }
        Ok(moves)
    }

    /// Takes moves back, all at once, except those of documents that were moved again since or are no longer there.
    ///
    /// # Errors
    /// The file system refuses. Then nothing is changed.
    pub fn take_back_moves(&mut self, moves: &[SplitMove]) -> Result<MovesTakenBack, ProjectError> {
        let _lock = self.lock()?;
        self.reload()?;
        let mut changes = HashMap::new();
        let mut left = Vec::new();
        for SplitMove { document: id, from, to } in moves {
            if self.documents.get(id).is_some_and(|document| document.split == *to) {
                changes.insert(id.as_str(), move |fields: &mut Fields| set(fields, *from));
            } else {
                left.push(id.clone());
            }
        }
        left.sort_unstable();
        let moved = changes.len();
        if moved > 0 {
            let bytes = self.changed_lines(changes)?;
            self.replace_documents(&bytes)?;
        }
        Ok(MovesTakenBack { moved, left })
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
        let mut moves = project.set_splits(&wanted).unwrap();
        moves.sort_unstable_by(|one, other| one.document.cmp(&other.document));
        let of = |id: &str, from, to| SplitMove { document: id.to_owned(), from, to };
        assert_eq!(moves, [of("a", None, Some(Split::Test)), of("c", Some(Split::Valid), None)]);
        assert_eq!(project.set_splits(&wanted).unwrap(), []);
        let again = Project::open(&project.root).unwrap();
        let splits: Vec<_> = again.documents.iter().map(|document| document.split).collect();
        assert_eq!(splits, [Some(Split::Test), Some(Split::Train), None]);
        let lines: Vec<_> = before.lines().collect();
        assert_eq!(std::fs::read_to_string(&file).unwrap().lines().nth(1), Some(lines[1]));
    }

    #[test]
    fn only_documents_that_are_still_where_a_move_put_them_are_moved_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let items = ["a", "b", "c", "d"].map(|id| ImportItem {
            document: Document::new(id, id, Grid::Natural),
            spans: Vec::new(),
            status: Status::Todo,
        });
        project.import(None, 0, items.into()).unwrap();
        let all = |split| ["a", "b", "c", "d"].map(|id| (id, Some(split))).into();
        let moves = project.set_splits(&all(Split::Test)).unwrap();
        // Another window has moved one again, removed one, and moved one away and back.
        let mut other = Project::open(&project.root).unwrap();
        other.set_splits(&[("a", Some(Split::Train)), ("d", None)].into()).unwrap();
        other.set_splits(&[("d", Some(Split::Test))].into()).unwrap();
        other.remove_document("b", 1).unwrap();
        let taken = project.take_back_moves(&moves).unwrap();
        assert_eq!((taken.moved, taken.left.join(" ").as_str()), (2, "a b"));
        let splits: Vec<_> = project.documents.iter().map(|document| (document.id.as_str(), document.split)).collect();
        assert_eq!(splits, [("a", Some(Split::Train)), ("c", None), ("d", None)]);
        let before = std::fs::read(project.root.join("documents.jsonl")).unwrap();
        assert_eq!(project.take_back_moves(&moves).unwrap().moved, 0);
        assert_eq!(std::fs::read(project.root.join("documents.jsonl")).unwrap(), before);
    }
}
