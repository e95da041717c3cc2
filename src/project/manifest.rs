//! `project.json`: what a project is, besides its documents. Read leniently, since people edit it by hand; fields
//! that this version does not know are kept when it is written again.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::file_names::shown;
use crate::{
    spans::{Label, LabelId, LabelSet, label::RetiredLabel},
    text::Grid,
};

/// The version of the on-disk format that this program writes.
pub const FORMAT: u64 = 1;

/// Where imported data comes from; goes into exports that can hold it and into the model card.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Where it was got.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// How its makers want to be cited.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub citation: String,
    /// Its licence, as an SPDX name where there is one.
    #[serde(default, skip_serializing_if = "String::is_empty", alias = "license")]
    pub licence: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Provenance {
    /// These three, nothing else.
    pub fn new(source: impl Into<String>, citation: impl Into<String>, licence: impl Into<String>) -> Self {
        Self { source: source.into(), citation: citation.into(), licence: licence.into(), rest: Map::new() }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What `project.json` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The project's name.
    pub name: String,
    /// The labels.
    pub labels: LabelSet,
    /// How texts without given words are cut.
    pub grid: Grid,
    /// The base model: `mini`, a folder or a hub id.
    pub base: String,
    /// Decides, with a document's id, whether a document without a split teaches or validates.
    pub split_seed: u64,
    /// Where the data comes from.
    pub provenance: Provenance,
    /// A sample: not worked on where it lies, but copied to a place of the user's first.
    pub sample: bool,
    /// Fields of other versions, kept.
    rest: Map<String, Value>,
    label_rest: BTreeMap<u32, Map<String, Value>>,
}

/// Why a `project.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not JSON, or a field of the wrong kind.
    #[error("line {line}, column {column}: {why}; mend it with an editor")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the parser says, safe to show.
        why: String,
    },
    /// JSON, but no project's.
    #[error("it has no number `format`, so it was not written by tagli")]
    NotOurs,
    /// Written by a later version.
    #[error("it has format {0}, and this tagli knows formats up to {FORMAT}; use a newer tagli")]
    Newer(u64),
    /// Two labels share what must be unique, or a name cannot be.
    #[error("label {label}: {why}; mend it with an editor")]
    Label {
        /// The label's name or number, safe to show.
        label: String,
        /// What is wrong.
        why: &'static str,
    },
}

/// The file as it is written.
#[derive(Serialize, Deserialize)]
struct Raw {
    format: u64,
    #[serde(default)]
    name: String,
    #[serde(default)]
    labels: Vec<RawLabel>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    gone: Vec<RetiredLabel>,
    #[serde(default)]
    grid: Grid,
    #[serde(default = "mini")]
    base: String,
    #[serde(default = "seed")]
    split_seed: u64,
    #[serde(default, skip_serializing_if = "Provenance::is_empty")]
    provenance: Provenance,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    sample: bool,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct RawLabel {
    id: LabelId,
    name: String,
    #[serde(default)]
    key: Option<char>,
    #[serde(default)]
    tag: String,
    color: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    guide: Option<String>,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

fn mini() -> String {
    "mini".to_owned()
}

fn seed() -> u64 {
    42
}

impl Manifest {
    /// A project with these labels; words cut naturally, base `mini`.
    pub fn new(name: impl Into<String>, labels: LabelSet) -> Self {
        Self {
            name: name.into(),
            labels,
            grid: Grid::default(),
            base: mini(),
            split_seed: seed(),
            provenance: Provenance::default(),
            sample: false,
            rest: Map::new(),
            label_rest: BTreeMap::new(),
        }
    }

    /// Reads the bytes of `project.json`.
    ///
    /// # Errors
    /// Not JSON, not ours, of a later version, or with labels that contradict each other.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Version {
            format: Option<Value>,
        }
        let version: Version = serde_json::from_slice(bytes).map_err(json)?;
        match version.format.as_ref().and_then(Value::as_u64) {
            None => return Err(ManifestError::NotOurs),
            Some(newer) if newer > FORMAT => return Err(ManifestError::Newer(newer)),
            Some(_) => {}
        }
        let raw: Raw = serde_json::from_slice(bytes).map_err(json)?;
        let mut labels = LabelSet::default();
        let mut label_rest = BTreeMap::new();
        for (at, label) in raw.labels.into_iter().enumerate() {
            if !label.rest.is_empty() {
                label_rest.insert(label.id.0, label.rest);
            }
            let letters = || label.name.chars().filter(|c| c.is_alphanumeric()).take(2).collect();
            let tag = if label.tag.is_empty() { letters() } else { label.tag };
            let color = label.color.unwrap_or_else(|| u8::try_from(at % 8).unwrap_or_default());
            labels.push(Label { id: label.id, name: label.name, key: label.key, tag, color, guide: label.guide });
        }
        let manifest = Self {
            name: raw.name,
            labels: labels.with_retired(raw.gone),
            grid: raw.grid,
            base: raw.base,
            split_seed: raw.split_seed,
            provenance: raw.provenance,
            sample: raw.sample,
            rest: raw.rest,
            label_rest,
        };
        manifest.check()?;
        Ok(manifest)
    }

    /// The bytes of `project.json`: indented, with a line feed at the end.
    pub(super) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let label = |label: &Label| RawLabel {
            id: label.id,
            name: label.name.clone(),
            key: label.key,
            tag: label.tag.clone(),
            color: Some(label.color),
            guide: label.guide.clone(),
            rest: self.label_rest.get(&label.id.0).cloned().unwrap_or_default(),
        };
        let raw = Raw {
            format: FORMAT,
            name: self.name.clone(),
            labels: self.labels.iter().map(label).collect(),
            gone: self.labels.retired().to_vec(),
            grid: self.grid,
            base: self.base.clone(),
            split_seed: self.split_seed,
            provenance: self.provenance.clone(),
            sample: self.sample,
            rest: self.rest.clone(),
        };
        let mut bytes = serde_json::to_vec_pretty(&raw)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Whether ids, names and keys of labels are each used once, and every name can be shown and written.
    ///
    /// # Errors
    /// Names the first label that is wrong.
    pub fn check(&self) -> Result<(), ManifestError> {
        let (mut ids, mut names, mut keys) = (HashSet::new(), HashSet::new(), HashSet::new());
        for gone in self.labels.retired() {
            if !ids.insert(gone.id) {
                let why = "another label has the same id";
                return Err(ManifestError::Label { label: format!("`{}`", shown(&gone.name)), why });
            }
        }
        for label in &self.labels {
            let why = if label.name.trim().is_empty() {
                "it has no name"
            } else if label.name.chars().chain(label.tag.chars()).chain(label.key).any(char::is_control) {
                "its name, tag or key has a control character in it"
            } else if !ids.insert(label.id) {
                "another label has the same id"
            } else if !names.insert(&label.name) {
                "another label has the same name"
            } else if label.key.is_some_and(|key| !keys.insert(key)) {
                "another label has the same key"
            } else {
                continue;
            };
            let shown = if label.name.trim().is_empty() {
                format!("{}", label.id.0)
            } else {
                format!("`{}`", shown(&label.name))
            };
            return Err(ManifestError::Label { label: shown, why });
        }
        Ok(())
    }
}

fn json(error: serde_json::Error) -> ManifestError {
    ManifestError::Json { line: error.line(), column: error.column(), why: parser_says(&error) }
}

/// What the JSON parser complains about, without the position that it appends and safe to show.
pub(super) fn parser_says(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split_once(" at line ").map_or(text.as_str(), |(before, _)| before);
    shown(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_manifest_reads_as_it_was_written() {
        let mut manifest = Manifest::new("reviews", LabelSet::restaurant());
        manifest.provenance = Provenance::new("https://example.org", "A. Author, 2014", "CC-BY-4.0");
        let bytes = manifest.to_json().unwrap();
        assert!(bytes.starts_with(b"{\n  \"format\": 1,\n  \"name\": \"reviews\",\n  \"labels\": [\n"));
        assert_eq!(Manifest::from_json(&bytes).unwrap(), manifest);
    }

    #[test]
    fn unknown_fields_are_kept() {
        let text = r#"{"format":1,"name":"x","colour":"blue","labels":[{"id":3,"name":"Dish","emoji":"!"}],"provenance":{"doi":"10.1"}}"#;
        let mut manifest = Manifest::from_json(text.as_bytes()).unwrap();
        manifest.name = "y".into();
        let again: Value = serde_json::from_slice(&manifest.to_json().unwrap()).unwrap();
        assert_eq!(again["colour"], "blue");
        assert_eq!(again["labels"][0]["emoji"], "!");
        assert_eq!(again["labels"][0]["tag"], "Di");
        assert_eq!(again["provenance"]["doi"], "10.1");
        assert_eq!(again["name"], "y");
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let error = |text: &str| Manifest::from_json(text.as_bytes()).unwrap_err().to_string();
        assert!(error(r#"{"format":2}"#).starts_with("it has format 2, and this tagli knows formats up to 1"));
        assert!(error(r#"{"name":"x"}"#).contains("no number `format`"));
        assert!(error("{\n\"format\": 1,\n oops").starts_with("line 3, column 2: key must be a string"));
        let two = r#"{"format":1,"labels":[{"id":0,"name":"A","key":"1"},{"id":1,"name":"B","key":"1"}]}"#;
        assert_eq!(error(two), "label `B`: another label has the same key; mend it with an editor");
        assert!(error("<<<<<<< HEAD\n").starts_with("line 1, column 1"));
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            Manifest::from_json(&bytes).ok();
        }
    }
}
