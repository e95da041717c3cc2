//! `project.json`: name, labels and settings of a project.
//! Read leniently, because people edit it by hand; unknown fields are kept when it is written again.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::file_names::shown;
use crate::{
    formats::{LabelConfig, label_config, parser_message},
    runs::embedded_bases,
    spans::{Label, LabelId, LabelSet, SameId, label::RetiredLabel},
    text::Grid,
};

/// Version of the on-disk format that this program writes.
pub const FORMAT: u64 = 1;
/// Name of the file, which makes a folder a project.
pub(super) const MANIFEST: &str = "project.json";

/// Origin of imported data.
/// Goes into exports that can hold it and into the model card.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Name or address of the source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// Citation that the authors ask for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub citation: String,
    /// Licence, as an SPDX name where there is one.
    #[serde(default, skip_serializing_if = "String::is_empty", alias = "license")]
    pub licence: String,
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl Provenance {
    /// Whether no field is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Contents of `project.json`.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Name of the project.
    pub name: String,
    /// The labels.
    pub labels: LabelSet,
    /// Rule that cuts texts without given words.
    pub grid: Grid,
    /// Base model: `mini`, `small`, a folder or a hub id.
    pub base: String,
    /// Seed that assigns documents without a split to training or validation.
    /// The document's id decides together with it.
    pub split_seed: u64,
    /// Origin of the data.
    pub provenance: Provenance,
    /// Whether this is a sample.
    /// A sample is copied to a folder of the user before work on it starts.
    pub sample: bool,
    /// Labelling configuration of Label Studio, as its XML, whose names imports and exports use.
    pub label_config: Option<String>,
    /// Unknown fields, from other versions; kept.
    rest: Map<String, Value>,
    /// Unknown fields of labels, by label id.
    label_rest: BTreeMap<u32, Map<String, Value>>,
}

/// A `project.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file is not JSON, or a field has the wrong type.
    #[error("line {line}, column {column}: {why}; correct it with an editor")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// Message of the parser, safe to show.
        why: String,
    },
    /// The file is JSON, but not of a project.
    #[error("it has no number `format`, so it was not written by tagli")]
    NotOurs,
    /// The file was written by a later version.
    #[error("it has format {0}, and this tagli knows formats up to {FORMAT}; use a newer tagli")]
    Newer(u64),
    /// A git merge stopped in the middle of the file.
    #[error("it has conflict markers of an unfinished git merge; to merge the two sides: tagli doctor DIR --repair")]
    Unmerged,
    /// Two sides of a merge cannot be merged.
    #[error(transparent)]
    SameId(#[from] SameId),
    /// Two labels share a field that must be unique, or a name is not allowed.
    #[error("{0}; correct it with an editor, or if git merged it: tagli doctor DIR --repair")]
    Label(#[from] LabelFault),
}

/// A label breaks a rule. The one who reports it names the file that has the label.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("label {label}: {why}")]
pub struct LabelFault {
    /// The label's name or number, safe to show.
    label: String,
    /// The rule that the label breaks.
    why: &'static str,
}

impl LabelFault {
    fn of(name: &str, id: LabelId, why: &'static str) -> Self {
        let label = if name.trim().is_empty() { id.0.to_string() } else { format!("`{}`", shown(name)) };
        Self { label, why }
    }
}

impl ManifestError {
    /// Whether a merge by git may be the cause, so that a repair may help.
    pub fn is_of_merge(&self) -> bool {
        matches!(self, Self::Unmerged | Self::Label(_))
    }
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label_config: Option<String>,
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

/// The base of a file that names none. Not the default of new projects, so that files keep their meaning.
fn mini() -> String {
    embedded_bases::MINI.to_owned()
}

fn seed() -> u64 {
    42
}

impl Manifest {
    /// Manifest with these labels, the natural grid and the default base.
    pub fn new(name: impl Into<String>, labels: LabelSet) -> Self {
        Self {
            name: name.into(),
            labels,
            grid: Grid::default(),
            base: embedded_bases::DEFAULT.to_owned(),
            split_seed: seed(),
            provenance: Provenance::default(),
            sample: false,
            label_config: None,
            rest: Map::new(),
            label_rest: BTreeMap::new(),
        }
    }

    /// Parses the bytes of `project.json`.
    ///
    /// # Errors
    /// They are not JSON, not of a project, of a later version, or have labels that contradict each other.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ManifestError> {
        let manifest = Self::parse(bytes)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Parses the bytes of `project.json`. Its labels may contradict each other.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        let bytes = without_mark(bytes);
        if is_unmerged(bytes) {
            return Err(ManifestError::Unmerged);
        }
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
            let tag = match label.tag.is_empty() {
                true => label.name.chars().filter(|c| c.is_alphanumeric()).take(2).collect(),
                false => label.tag,
            };
            let color = label.color.unwrap_or_else(|| u8::try_from(at % 8).unwrap_or_default());
            labels.push(Label { id: label.id, name: label.name, key: label.key, tag, color, guide: label.guide });
        }
        Ok(Self {
            name: raw.name,
            labels: labels.with_retired(raw.gone),
            grid: raw.grid,
            base: raw.base,
            split_seed: raw.split_seed,
            provenance: raw.provenance,
            sample: raw.sample,
            label_config: raw.label_config,
            rest: raw.rest,
            label_rest,
        })
    }

    /// Takes over what another version of the file has.
    /// Returns what was decided, one sentence each.
    ///
    /// Labels are merged by the rule of [`LabelSet::merge`]. Of other fields that differ, this version's stay.
    ///
    /// # Errors
    /// Two different labels have the same id.
    pub(super) fn merge(&mut self, theirs: &Self, draw: impl FnMut() -> u32) -> Result<Vec<String>, SameId> {
        let mut decisions = self.labels.merge(&theirs.labels, draw)?;
        let fields = [
            ("name", self.name == theirs.name),
            ("grid", self.grid == theirs.grid),
            ("base", self.base == theirs.base),
            ("split_seed", self.split_seed == theirs.split_seed),
            ("sample", self.sample == theirs.sample),
            ("provenance", theirs.provenance.is_empty() || self.provenance == theirs.provenance),
            ("label_config", theirs.label_config.is_none() || self.label_config == theirs.label_config),
        ];
        let kept = fields.into_iter().filter(|(_, is_same)| !is_same);
        decisions.extend(kept.map(|(field, _)| format!("`{field}` differs; this side's stays")));
        if self.provenance.is_empty() {
            self.provenance = theirs.provenance.clone();
        }
        if self.label_config.is_none() {
            self.label_config = theirs.label_config.clone();
        }
        for (field, value) in &theirs.rest {
            self.rest.entry(field).or_insert_with(|| value.clone());
        }
        for (label, rest) in &theirs.label_rest {
            self.label_rest.entry(*label).or_insert_with(|| rest.clone());
        }
        Ok(decisions)
    }

    /// The labelling configuration, for its names of controls and fields. `None` if there is none, or it is no longer one.
    ///
    /// It has no labels: those of the project count, which may have been renamed since.
    pub fn label_config(&self) -> Option<LabelConfig> {
        let config = label_config::read(self.label_config.as_ref()?.as_bytes()).0?;
        Some(LabelConfig { labels: LabelSet::default(), ..config })
    }

    /// Bytes of `project.json`: indented, with a line feed at the end.
    pub(super) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let raw = Raw {
            format: FORMAT,
            name: self.name.clone(),
            labels: self.labels.iter().map(|label| self.raw_label(label)).collect(),
            gone: self.labels.retired().to_vec(),
            grid: self.grid,
            base: self.base.clone(),
            split_seed: self.split_seed,
            provenance: self.provenance.clone(),
            sample: self.sample,
            label_config: self.label_config.clone(),
            rest: self.rest.clone(),
        };
        let mut bytes = serde_json::to_vec_pretty(&raw)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    fn raw_label(&self, label: &Label) -> RawLabel {
        RawLabel {
            id: label.id,
            name: label.name.clone(),
            key: label.key,
            tag: label.tag.clone(),
            color: Some(label.color),
            guide: label.guide.clone(),
            rest: self.label_rest.get(&label.id.0).cloned().unwrap_or_default(),
        }
    }

    /// Checks the labels; see [`check_labels`].
    ///
    /// # Errors
    /// The first label that breaks a rule.
    pub fn check(&self) -> Result<(), LabelFault> {
        check_labels(&self.labels)
    }
}

/// Checks that ids, names and keys of labels are each used once.
/// Every name must be such that it can be shown and written.
///
/// # Errors
/// The first label that breaks a rule.
pub fn check_labels(labels: &LabelSet) -> Result<(), LabelFault> {
    let (mut ids, mut names, mut keys) = (HashSet::new(), HashSet::new(), HashSet::new());
    for gone in labels.retired() {
        if !ids.insert(gone.id) {
            return Err(LabelFault::of(&gone.name, gone.id, "another label has the same id"));
        }
    }
    for label in labels {
        check_text(label)?;
        let why = if !ids.insert(label.id) {
            "another label has the same id"
        } else if !names.insert(&label.name) {
            "another label has the same name"
        } else if label.key.is_some_and(|key| !keys.insert(key)) {
            "another label has the same key"
        } else {
            continue;
        };
        return Err(LabelFault::of(&label.name, label.id, why));
    }
    Ok(())
}

/// Checks that name, tag and key of a label can be shown and written.
///
/// # Errors
/// The rule that the label breaks.
pub(super) fn check_text(label: &Label) -> Result<(), LabelFault> {
    let why = if label.name.trim().is_empty() {
        "it has no name"
    } else if label.name.chars().chain(label.tag.chars()).chain(label.key).any(char::is_control) {
        "its name, tag or key contains a control character"
    } else {
        return Ok(());
    };
    Err(LabelFault::of(&label.name, label.id, why))
}

/// The bytes without the byte order mark that some editors write.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Whether the bytes have a conflict marker of an unfinished git merge.
pub(super) fn is_unmerged(bytes: &[u8]) -> bool {
    without_mark(bytes)
        .split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(b"<<<<<<<") || line.starts_with(b">>>>>>>"))
}

fn json(error: serde_json::Error) -> ManifestError {
    ManifestError::Json { line: error.line(), column: error.column(), why: parser_message(&error) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_manifest_reads_as_it_was_written() {
        let mut manifest = Manifest::new("reviews", LabelSet::restaurant());
        manifest.provenance = Provenance {
            source: "https://example.org".into(),
            citation: "A. Author, 2014".into(),
            licence: "CC-BY-4.0".into(),
            ..Provenance::default()
        };
        let bytes = manifest.to_json().unwrap();
        assert!(bytes.starts_with(b"{\n  \"format\": 1,\n  \"name\": \"reviews\",\n  \"labels\": [\n"));
        assert_eq!(Manifest::from_json(&bytes).unwrap(), manifest);
    }

    #[test]
    fn a_labelling_config_is_kept_as_it_is_and_lends_its_names_only() {
        let xml =
            "<View>\n<Labels name='who' toName='t'><Label value='PER'/></Labels><Text name='t' value='$r'/></View>";
        let mut manifest = Manifest::new("p", LabelSet::restaurant());
        assert!(!String::from_utf8(manifest.to_json().unwrap()).unwrap().contains("label_config"));
        manifest.label_config = Some(xml.to_owned());
        let again = Manifest::from_json(&manifest.to_json().unwrap()).unwrap();
        assert_eq!(again.label_config.as_deref(), Some(xml));
        let config = again.label_config().unwrap();
        assert_eq!((config.text_field.as_str(), config.control_of("PER"), config.labels.len()), ("r", Some("who"), 0));
        manifest.label_config = Some("<View".to_owned());
        assert_eq!(manifest.label_config(), None);
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
        assert!(error(two).starts_with("label `B`: another label has the same key; correct it with an editor, or"));
        assert!(error("<<<<<<< HEAD\n").starts_with("it has conflict markers of an unfinished git merge"));
    }

    #[test]
    fn a_byte_order_mark_hides_neither_the_contents_nor_a_conflict() {
        let text = r#"{"format":1,"name":"x"}"#;
        assert_eq!(Manifest::from_json(format!("\u{feff}{text}").as_bytes()).unwrap().name, "x");
        let conflict = format!("\u{feff}<<<<<<< HEAD\n{text}\n=======\n{text}\n>>>>>>> b\n");
        let error = Manifest::from_json(conflict.as_bytes()).unwrap_err();
        assert!(matches!(error, ManifestError::Unmerged), "{error}");
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            Manifest::from_json(&bytes).ok();
        }
    }
}
