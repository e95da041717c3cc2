//! Looks at a file that may be imported into a project. Nothing is changed.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use super::{import::FileContents, source::SourceFile};
use crate::{
    formats::{Problem, Severity},
    project::{Project, StorageError, import_source},
    spans::Document,
    text::TextRange,
};

/// Ids that are kept of those that occur more than once.
const IDS: usize = 5;

/// A file that may be imported.
#[derive(Debug)]
pub struct Preview {
    /// Name of its format.
    pub format: &'static str,
    /// Reason for the format, or the details that were detected.
    pub why: String,
    /// Number that is the same for the same contents; see [`FoundDocuments::fingerprint`](crate::formats::FoundDocuments::fingerprint).
    pub fingerprint: u64,
    /// Counts and labels.
    pub contents: FileContents,
    /// Problems, the errors first.
    pub problems: Vec<Problem>,
    /// Whether it cannot be imported: it has errors or no text.
    pub is_refused: bool,
    /// Documents that are in the project already, with the same id and text.
    pub known: usize,
    /// Ids that the project has for another text.
    pub taken: SomeIds,
    /// Ids that occur earlier in the file.
    pub repeated: SomeIds,
    /// The first documents, with ranges and label names of their spans.
    pub first: Vec<(Document, Vec<(TextRange, String)>)>,
}

/// A number of ids, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SomeIds {
    /// Number of documents with such an id.
    pub number: usize,
    /// The first of the ids, each once.
    pub first: Vec<String>,
}

impl SomeIds {
    fn add(&mut self, id: &str) {
        self.number += 1;
        if self.first.len() < IDS && !self.first.iter().any(|known| known == id) {
            self.first.push(id.to_owned());
        }
    }
}

/// Reads a file as an import would, and compares its ids with those of the project. Returns its first `most` documents.
///
/// # Errors
/// The file cannot be read. What is wrong with its contents is in the preview.
pub fn preview(project: &Project, path: &Path, most: usize) -> Result<Preview, StorageError> {
    let options = import_source::read_options(&project.manifest, path, None);
    let mut file = SourceFile::open(path, None, &options)?;
    let is_refused = file.read.has_errors() || file.read.found.is_empty();
    let mut problems = std::mem::take(&mut file.read.problems);
    if file.read.found.is_empty() && problems.iter().all(|problem| problem.severity != Severity::Error) {
        problems.push(Problem::error("there is no text in it"));
    }
    problems.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    let found = &file.read.found;
    let texts: HashMap<&str, &str> =
        project.documents.iter().map(|document| (document.id.as_str(), &*document.text)).collect();
    let mut seen = HashSet::new();
    let (mut known, mut taken, mut repeated) = (0, SomeIds::default(), SomeIds::default());
    for Document { id, text, .. } in found.documents() {
        match texts.get(id.as_str()) {
            _ if !seen.insert(id.as_str()) => repeated.add(id),
            Some(there) if *there == &**text => known += 1,
            Some(_) => taken.add(id),
            None => {}
        }
    }
    let first = found.first(most).into_iter().map(|(document, spans)| (document.clone(), spans)).collect();
    Ok(Preview {
        format: file.format.name,
        why: file.why.clone(),
        fingerprint: found.fingerprint(),
        contents: FileContents::of(&file),
        problems,
        is_refused,
        known,
        taken,
        repeated,
        first,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{LabelSet, Status},
        text::Grid,
    };

    #[test]
    fn a_preview_says_what_an_import_would_meet_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut project =
            Project::create(&folder.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let items = [("a", "fish tacos"), ("b", "cheap beer")].map(|(id, text)| ImportItem {
            document: Document::new(id, text, Grid::Natural),
            spans: Vec::new(),
            status: Status::Todo,
        });
        project.import(None, 0, items.into()).unwrap();
        let path = folder.path().join("new.jsonl");
        let line = |id: &str, text: &str, label: &str| {
            format!(
                "{{\"id\":\"{id}\",\"text\":\"{text}\",\"spans\":[{{\"start\":0,\"end\":4,\"label\":\"{label}\"}}]}}\n"
            )
        };
        let lines = [("a", "fish tacos"), ("b", "cheap wine"), ("c", "good soup"), ("c", "bad soup")];
        let write = |label: &str| {
            std::fs::write(&path, lines.map(|(id, text)| line(id, text, label)).concat()).unwrap();
            preview(&project, &path, 3).unwrap()
        };
        let seen = write("Dish");
        let ids = |ids: &SomeIds| (ids.number, ids.first.join(" "));
        assert_eq!((seen.format, seen.is_refused, seen.known), ("jsonl", false, 1));
        assert_eq!([ids(&seen.taken), ids(&seen.repeated)], [(1, "b".to_owned()), (1, "c".to_owned())]);
        assert_eq!((seen.contents.documents, seen.contents.spans, seen.first.len()), (4, 4, 3));
        assert_eq!(seen.first[1].1, [(TextRange::new(0, 4), "Dish".to_owned())]);
        assert_eq!(Project::open(&project.root).unwrap().documents.len(), 2);
        // The fingerprint is that of the contents.
        assert_eq!(write("Dish").fingerprint, seen.fingerprint);
        assert_ne!(write("Food").fingerprint, seen.fingerprint);
        for (contents, error) in
            [("", "no text"), ("{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"b\",\"text\":7}\n", "line 2")]
        {
            std::fs::write(&path, contents).unwrap();
            let seen = preview(&project, &path, 3).unwrap();
            let first = seen.problems[0].to_string();
            assert!(seen.is_refused && first.contains(error), "{contents}: {first}");
        }
        assert!(preview(&project, Path::new("/nowhere/a.txt"), 3).is_err());
    }
}
