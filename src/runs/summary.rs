//! Summaries for lists and forms.
//! One of a run, one of the data of a run, one of the data that would train now.

use serde_json::Value;

use super::{Recipe, Settings, Status};

/// Summary of a run in the list of runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunSummary {
    /// Folder name, such as `0007-mini`.
    pub id: String,
    /// Base model.
    pub base: String,
    /// Start, in seconds since 1970, UTC.
    pub started: u64,
    /// Phase and progress.
    pub status: Status,
    /// F1 per word, lenient, on the validation split.
    /// Of the weights that were kept, or the last one while it runs.
    pub word_f1: Option<f64>,
    /// The same for the weights of its model folder.
    /// While it runs, those of its last checkpoint.
    pub model_f1: Option<f64>,
    /// Whether this program trains it, so that it ends with the program.
    pub ours: bool,
    /// Whether its model folder exists.
    pub has_model: bool,
    /// Bytes on disk.
    pub bytes: u64,
    /// Whether it was interrupted and can go on from a checkpoint.
    pub resumable: bool,
    /// Settings it was started with, if they can be read.
    pub settings: Option<Settings>,
    /// Start as local date and time.
    pub when: String,
    /// Data it learns from, if its files name them.
    pub data: Option<RunData>,
}

impl RunSummary {
    /// Fingerprint of the validation split that it was scored on.
    pub fn validated(&self) -> Option<&str> {
        self.data.as_ref()?.validated.as_deref()
    }

    /// Whether it began after another run, by their names if they began in the same second.
    /// `None` if a start is not known, or they are the same run.
    pub fn began_after(&self, other: &Self) -> Option<bool> {
        let is_known = self.started != 0 && other.started != 0 && self.id != other.id;
        is_known.then(|| (self.started, &self.id) > (other.started, &other.id))
    }
}

/// Data that a run learns from; arrays are train, validation and test.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunData {
    /// Annotator whose documents it learns from.
    pub annotator: String,
    /// Documents of each split.
    pub documents: [usize; 3],
    /// Spans of each split.
    pub spans: [usize; 3],
    /// Fingerprint of the validation split: its documents with their tags.
    /// Runs of earlier versions have none.
    pub validated: Option<String>,
    /// Fingerprint of the ids of the validation split.
    pub validated_ids: Option<String>,
    /// Fingerprint of the training split: its documents with their tags.
    pub trained: Option<String>,
}

impl RunData {
    /// Reads the `data` object of a run's `config.json`; `None` if it counts nothing.
    pub fn read(value: &Value) -> Option<Self> {
        let account = value.get("account")?;
        Some(Self {
            annotator: value.get("annotator").and_then(Value::as_str).unwrap_or_default().to_owned(),
            documents: counts(account, "documents"),
            spans: counts(account, "spans"),
            validated: text(account, "validated"),
            validated_ids: text(account, "validated_ids"),
            trained: text(account, "trained"),
        })
    }
}

fn text(account: &Value, name: &str) -> Option<String> {
    account.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// Numbers called `name` of the three splits; 0 where one is absent.
fn counts(account: &Value, name: &str) -> [usize; 3] {
    ["train", "valid", "test"].map(|split| {
        let number = account.get(split).and_then(|counts| counts.get(name)).and_then(Value::as_u64).unwrap_or(0);
        usize::try_from(number).unwrap_or(usize::MAX)
    })
}

/// Data that a training would use now, and data that it would leave out.
/// Arrays are train, validation and test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DataSummary {
    /// Documents of the train split.
    pub train: usize,
    /// Documents of the validation split, scored during the training.
    pub valid: usize,
    /// Documents of the test split, scored at the end.
    pub test: usize,
    /// Words of each split.
    pub words: [usize; 3],
    /// Spans of each split.
    pub spans: [usize; 3],
    /// Every label of the project with its spans in each split.
    pub labels: Vec<(String, [usize; 3])>,
    /// Documents left out, by status (`todo`, `skipped`).
    pub out: Vec<(String, usize)>,
    /// Remarks to read before training: half-word spans, nested spans, too little data.
    pub notes: Vec<String>,
    /// What more documents would bring, by the last learning curve.
    pub more: Option<String>,
    /// Base model that the recipes are for.
    pub base: String,
    /// Settings that each recipe gives for these documents and that base.
    pub recipes: Vec<(Recipe, Settings)>,
}
