//! The last cross-validation and the last learning curve of a project, in `runs/folds.jsonl` and `runs/curve.json`.
//!
//! Neither holds words: a document is named by its id and the fingerprint of its text.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

use super::{
    Project, ProjectError, RUNS,
    output::check_linked_folder,
    storage::{self, LARGE, SMALL},
    text_anchor::Fingerprint,
};
use crate::{
    runs::{cross_validation::CrossValidation, learning_curve::LearningCurve},
    spans::Document,
};

const FOLDS: &str = "folds.jsonl";
const CURVE: &str = "curve.json";

/// Predictions of a cross-validation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredFolds {
    /// Scores, and what was validated.
    pub result: CrossValidation,
    /// Names of the tags.
    pub tags: Vec<String>,
    /// Predictions for documents by models that had not learned them.
    pub documents: Vec<StoredAnswer>,
    /// Number of lines that could not be read.
    pub skipped: usize,
}

/// Prediction for one document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredAnswer {
    /// Id of the document.
    pub id: String,
    /// Text that was predicted.
    text: Fingerprint,
    /// Number of the fold that held it out.
    pub fold: usize,
    /// Predicted tag of each word, as an index into the tags.
    pub predicted: Vec<usize>,
    /// Probability of each tag, for each word.
    pub rows: Vec<Vec<f32>>,
}

impl StoredAnswer {
    /// Prediction for a document as it is now.
    pub fn new(document: &Document, fold: usize, predicted: Vec<usize>, rows: Vec<Vec<f32>>) -> Self {
        Self { id: document.id.clone(), text: Fingerprint::of(&document.text), fold, predicted, rows }
    }

    /// Whether the document still has the text and the words that were predicted.
    pub fn is_of(&self, document: &Document) -> bool {
        self.id == document.id
            && self.rows.len() == document.words.count()
            && self.predicted.len() == self.rows.len()
            && self.text == Fingerprint::of(&document.text)
    }
}

/// First line of the file.
#[derive(Serialize, Deserialize)]
struct Head {
    #[serde(rename = "tagli_folds")]
    format: u32,
    tags: Vec<String>,
    result: CrossValidation,
}

impl Project {
    /// Reads the last cross-validation; `None` if there is none.
    ///
    /// # Errors
    /// The file exists and cannot be read, or its first line is damaged.
    pub fn folds(&self) -> Result<Option<StoredFolds>, ProjectError> {
        let path = self.study(FOLDS);
        if !path.exists() {
            return Ok(None);
        }
        let mut head: Option<serde_json::Result<Head>> = None;
        let mut found = StoredFolds::default();
        storage::read_lines(&path, LARGE, |line| {
            if head.is_none() {
                head = Some(serde_json::from_slice(line));
            } else if !line.is_empty() {
                match serde_json::from_slice(line) {
                    Ok(document) => found.documents.push(document),
                    Err(_) => found.skipped += 1,
                }
            }
        })?;
        let Some(head) = head else { return Ok(None) };
        let Head { tags, result, .. } = head.map_err(|error| ProjectError::damaged(&path, &error))?;
        Ok(Some(StoredFolds { result, tags, ..found }))
    }

    /// Replaces the last cross-validation.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn set_folds(&self, folds: &StoredFolds) -> Result<PathBuf, ProjectError> {
        let path = self.writable_study(FOLDS)?;
        let head = Head { format: 1, tags: folds.tags.clone(), result: folds.result.clone() };
        storage::replace_with(&path, &|file| {
            write_line(file, &head)?;
            folds.documents.iter().try_for_each(|document| write_line(file, document))
        })?;
        Ok(path)
    }

    /// Reads the last learning curve; `None` if there is none.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn curve(&self) -> Result<Option<LearningCurve>, ProjectError> {
        let path = self.study(CURVE);
        let Some(bytes) = storage::read_if_there(&path, SMALL)? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|error| ProjectError::damaged(&path, &error))
    }

    /// Replaces the last learning curve.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn set_curve(&self, curve: &LearningCurve) -> Result<PathBuf, ProjectError> {
        let path = self.writable_study(CURVE)?;
        let mut bytes = serde_json::to_vec_pretty(curve).map_err(ProjectError::Unwritable)?;
        bytes.push(b'\n');
        storage::replace(&path, &bytes)?;
        Ok(path)
    }

    fn study(&self, name: &str) -> PathBuf {
        self.root.join(RUNS).join(name)
    }

    fn writable_study(&self, name: &str) -> Result<PathBuf, ProjectError> {
        let folder = self.root.join(RUNS);
        check_linked_folder(&folder)?;
        storage::make_folder(&folder)?;
        Ok(folder.join(name))
    }
}

fn write_line(to: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, value)?;
    to.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{project::Manifest, spans::LabelSet};

    fn project() -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        (dir, project)
    }

    #[test]
    fn a_cross_validation_is_read_as_it_was_written() {
        let (_dir, project) = project();
        assert_eq!(project.folds().unwrap(), None);
        let document = Document::from_words("r1", ["fish", "tacos"]);
        let rows = vec![vec![0.9, 0.1], vec![1.2346e-9, 1.0]];
        let folds = StoredFolds {
            result: CrossValidation { folds: 5, base: "mini".into(), ..CrossValidation::default() },
            tags: vec!["O".into(), "B-Dish".into()],
            documents: vec![StoredAnswer::new(&document, 2, vec![0, 1], rows)],
            skipped: 0,
        };
        let path = project.set_folds(&folds).unwrap();
        assert_eq!(project.folds().unwrap(), Some(folds.clone()));
        let mut text = std::fs::read_to_string(&path).unwrap();
        assert!(!text.contains("fish"), "no words: {text}");
        text.push_str("{\"id\":\"torn");
        std::fs::write(&path, &text).unwrap();
        assert_eq!(project.folds().unwrap(), Some(StoredFolds { skipped: 1, ..folds.clone() }));
        std::fs::write(&path, "{}\n").unwrap();
        assert!(project.folds().unwrap_err().to_string().contains("folds.jsonl"));
        assert!(folds.documents[0].is_of(&document));
        let other = [Document::from_words("r1", ["fish", "taco"]), Document::from_words("r2", ["fish", "tacos"])];
        assert!(other.iter().all(|other| !folds.documents[0].is_of(other)));
    }

    #[test]
    fn a_curve_is_read_as_it_was_written() {
        let (_dir, project) = project();
        assert_eq!(project.curve().unwrap(), None);
        let curve = LearningCurve { base: "mini".into(), sentences: 320, ..LearningCurve::default() };
        let path = project.set_curve(&curve).unwrap();
        assert_eq!(project.curve().unwrap(), Some(curve));
        std::fs::write(path, "[").unwrap();
        assert!(project.curve().unwrap_err().to_string().contains("curve.json"));
    }
}
