//! The last cross-validation and the last learning curve of a project, in `runs/folds.jsonl` and `runs/curve.json`.
//!
//! Neither holds words: a document is named by its id and the fingerprint of its text.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Project, ProjectError, RUNS,
    output::check_linked_folder,
    storage::{self, LARGE, SMALL},
    text_anchor::Fingerprint,
};
use crate::{
    runs::{
        cross_validation::CrossValidation,
        learning_curve::{self, LearningCurve},
    },
    spans::Document,
};

const FOLDS: &str = "folds.jsonl";
const CURVE: &str = "curve.json";
/// Field of the version in [`FOLDS`].
const FOLDS_VERSION: &str = "tagli_folds";
/// Field of the version in [`CURVE`].
const CURVE_VERSION: &str = "tagli_curve";
/// Version of [`FOLDS`].
const FOLDS_FORMAT: u32 = 1;

/// Predictions of a cross-validation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredFolds {
    /// Scores, and what was validated.
    pub result: CrossValidation,
    /// Names of the tags.
    pub tags: Vec<String>,
    /// Predictions for documents by models that had not learned them.
    pub documents: Vec<StoredAnswer>,
    /// Number of lines that could not be read, or that contradict the tags.
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

    /// Whether every word has one of `tags` tags, and a probability of each of them.
    fn is_sound(&self, tags: usize) -> bool {
        let is_row = |row: &Vec<f32>| row.len() == tags && row.iter().all(|share| (0.0..=1.0).contains(share));
        tags > 0
            && self.predicted.len() == self.rows.len()
            && self.predicted.iter().all(|tag| *tag < tags)
            && self.rows.iter().all(is_row)
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
    /// The file exists and cannot be read, or its first line is damaged or of another version.
    pub fn folds(&self) -> Result<Option<StoredFolds>, ProjectError> {
        let path = self.study(FOLDS);
        if !path.exists() {
            return Ok(None);
        }
        let mut head: Option<Result<Head, ProjectError>> = None;
        let mut found = StoredFolds::default();
        storage::read_lines(&path, LARGE, |line| {
            if head.is_none() {
                head = Some(read_version(&path, line, [FOLDS_VERSION, "--folds"], FOLDS_FORMAT));
            } else if !line.is_empty() {
                match serde_json::from_slice(line) {
                    Ok(document) => found.documents.push(document),
                    Err(_) => found.skipped += 1,
                }
            }
        })?;
        let Some(head) = head else { return Ok(None) };
        let Head { tags, result, .. } = head?;
        let read = found.documents.len();
        found.documents.retain(|document| document.is_sound(tags.len()));
        let skipped = found.skipped + read - found.documents.len();
        Ok(Some(StoredFolds { result, tags, skipped, documents: found.documents }))
    }

    /// Replaces the last cross-validation.
    ///
    /// # Errors
    /// The file system refuses.
    pub fn set_folds(&self, folds: &StoredFolds) -> Result<PathBuf, ProjectError> {
        let path = self.writable_study(FOLDS)?;
        let head = Head { format: FOLDS_FORMAT, tags: folds.tags.clone(), result: folds.result.clone() };
        storage::replace_with(&path, &|file| {
            write_line(file, &head)?;
            folds.documents.iter().try_for_each(|document| write_line(file, document))
        })?;
        Ok(path)
    }

    /// Reads the last learning curve; `None` if there is none. Its forecast is computed from its points.
    ///
    /// # Errors
    /// The file exists and cannot be read, or is of another version or damaged.
    pub fn curve(&self) -> Result<Option<LearningCurve>, ProjectError> {
        let path = self.study(CURVE);
        let Some(bytes) = storage::read_if_there(&path, SMALL)? else { return Ok(None) };
        let curve: LearningCurve = read_version(&path, &bytes, [CURVE_VERSION, "--curve"], learning_curve::FORMAT)?;
        match curve.is_sound() {
            true => Ok(Some(curve.with_forecast())),
            false => Err(ProjectError::OtherStudy { path, option: "--curve" }),
        }
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

    /// Checks, before the first training of a cross-validation, that its result can be written.
    ///
    /// # Errors
    /// It cannot.
    pub fn check_folds(&self) -> Result<(), ProjectError> {
        Ok(storage::check_replaceable(&self.writable_study(FOLDS)?)?)
    }

    /// Checks, before the first training of a learning curve, that its result can be written.
    ///
    /// # Errors
    /// It cannot.
    pub fn check_curve(&self) -> Result<(), ProjectError> {
        Ok(storage::check_replaceable(&self.writable_study(CURVE)?)?)
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

/// Reads JSON of one version, which stands in a field; `option` of `tagli train` makes the file again.
///
/// # Errors
/// It is not JSON, of another version, or damaged.
fn read_version<T: DeserializeOwned>(
    path: &Path,
    bytes: &[u8],
    [field, option]: [&'static str; 2],
    version: u32,
) -> Result<T, ProjectError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| ProjectError::damaged(path, &error))?;
    if value.get(field).and_then(Value::as_u64) != Some(u64::from(version)) {
        return Err(ProjectError::OtherStudy { path: path.to_owned(), option });
    }
    // From the bytes, so that an error names its line and column.
    serde_json::from_slice(bytes).map_err(|error| ProjectError::damaged(path, &error))
}

fn write_line(to: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, value)?;
    to.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::Manifest,
        runs::learning_curve::{CurvePoint, Expected},
        spans::LabelSet,
    };

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
        for other in ["{}\n".to_owned(), text.replacen("\"tagli_folds\":1", "\"tagli_folds\":2", 1)] {
            std::fs::write(&path, &other).unwrap();
            let error = project.folds().unwrap_err().to_string();
            assert!(error.contains("folds.jsonl is of another version") && error.contains("--folds"), "{error}");
        }
        std::fs::write(&path, "{\"tagli_folds\":1}\n").unwrap();
        assert!(project.folds().unwrap_err().to_string().contains("folds.jsonl, line 1"));
        assert!(folds.documents[0].is_of(&document));
        let other = [Document::from_words("r1", ["fish", "taco"]), Document::from_words("r2", ["fish", "tacos"])];
        assert!(other.iter().all(|other| !folds.documents[0].is_of(other)));
    }

    #[test]
    fn predictions_that_contradict_the_tags_are_skipped_and_counted() {
        let (_dir, project) = project();
        let document = Document::from_words("r1", ["fish", "tacos"]);
        let stored = |tags: &[&str], predicted: [usize; 2], rows: [&[f32]; 2]| {
            let rows = rows.map(<[f32]>::to_vec).to_vec();
            let documents = vec![StoredAnswer::new(&document, 1, predicted.to_vec(), rows)];
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            project.set_folds(&StoredFolds { tags, documents, ..StoredFolds::default() }).unwrap();
            let found = project.folds().unwrap().unwrap();
            (found.documents.len(), found.skipped)
        };
        let tags = ["O", "B-Dish"];
        let good: &[f32] = &[0.5, 0.5];
        assert_eq!(stored(&tags, [0, 1], [good, good]), (1, 0));
        for row in [&[-5.0, 0.5], &[50.0, 0.5], &[f32::NAN, 0.5], &[][..], &[1.0], &[0.3, 0.3, 0.4]] {
            assert_eq!(stored(&tags, [0, 1], [good, row]), (0, 1), "{row:?}");
        }
        assert_eq!(stored(&tags, [0, 99], [good, good]), (0, 1));
        assert_eq!(stored(&[], [0, 0], [&[], &[]]), (0, 1));
    }

    #[test]
    fn a_curve_is_read_as_it_was_written() {
        let (_dir, project) = project();
        assert_eq!(project.curve().unwrap(), None);
        let format = learning_curve::FORMAT;
        let curve = LearningCurve { format, base: "mini".into(), sentences: 320, ..LearningCurve::default() };
        let path = project.set_curve(&curve).unwrap();
        assert_eq!(project.curve().unwrap(), Some(curve));
        let text = std::fs::read_to_string(&path).unwrap();
        for other in ["{}".to_owned(), text.replace("\"tagli_curve\": 1", "\"tagli_curve\": 2")] {
            std::fs::write(&path, &other).unwrap();
            let error = project.curve().unwrap_err().to_string();
            assert!(error.contains("curve.json is of another version") && error.contains("--curve"), "{error}");
        }
        std::fs::write(path, "[").unwrap();
        assert!(project.curve().unwrap_err().to_string().contains("curve.json"));
    }

    #[test]
    fn a_stored_forecast_counts_for_nothing_and_impossible_points_are_refused() {
        let (_dir, project) = project();
        let mut curve = LearningCurve { format: learning_curve::FORMAT, sentences: 320, ..LearningCurve::default() };
        [(80, 0.5), (160, 0.6), (320, 0.65)].iter().for_each(|(sentences, f1)| curve.add(*sentences, *f1));
        let sound = curve.clone().with_forecast();
        let more = Expected { sentences: usize::MAX, f1: 7.5, low: 7.0, high: 8.0 };
        project.set_curve(&LearningCurve { more: Some(more), forecast: vec![more; 9], ..curve }).unwrap();
        assert_eq!(project.curve().unwrap(), Some(sound.clone()));
        for (at, point) in
            [(0, (80, vec![1.5])), (1, (160, vec![])), (1, (400, vec![0.6])), (2, (usize::MAX, vec![0.6]))]
        {
            let mut points = sound.points.clone();
            points[at] = CurvePoint { sentences: point.0, f1: point.1 };
            project.set_curve(&LearningCurve { points, ..sound.clone() }).unwrap();
            let error = project.curve().unwrap_err().to_string();
            assert!(error.contains("curve.json") && error.contains("damaged") && error.contains("--curve"), "{error}");
        }
        // No number of sentences is too large to compute with.
        let huge = LearningCurve { sentences: usize::MAX, ..sound };
        let points = [1, 2, usize::MAX].map(|sentences| CurvePoint { sentences, f1: vec![0.5] }).to_vec();
        project.set_curve(&LearningCurve { points, ..huge }).unwrap();
        assert!(project.curve().unwrap().unwrap().more.is_some());
    }
}
