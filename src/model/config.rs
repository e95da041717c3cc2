//! `config.json` of a Hugging Face folder.
//! It is read and written with the keys of its architecture.
//!
//! A model that the network does not compute exactly is refused here, so that every model that opens gives the numbers
//! of the reference implementation.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    ModelError,
    arch::{self, Architecture, Constant, Only, Parameter, PerParameter, Shape, Size},
};
use crate::{
    runs::LabelMode,
    spans::{
        ScoreScale, Temperature,
        calibration::{FARTHEST, HIGHEST, LOWEST},
    },
};

/// The key of [`ModelConfig::label_mode`].
const LABEL_MODE: &str = "tagli_label_mode";
/// The key of [`ModelConfig::constrained`].
const CONSTRAINED: &str = "tagli_constrained";
/// The key of the temperature in [`ModelConfig::scale`].
const TEMPERATURE: &str = "tagli_temperature";
/// The key of the shift in [`ModelConfig::scale`].
const SPAN_SHIFT: &str = "tagli_span_shift";

/// The only activation function that is computed: the exact gelu.
const ACTIVATION: &str = "gelu";

/// Settings of every architecture for which only these values are computed.
const ONLY: [Only; 3] = [
    Only {
        key: "pruned_heads",
        values: &[Constant::EmptyObject, Constant::EmptyList],
        why: "pruned attention heads are not built in",
    },
    Only {
        key: "chunk_size_feed_forward",
        values: &[Constant::Whole(0)],
        why: "chunking only saves memory: set it to 0",
    },
    Only {
        key: "quantization_config",
        values: &[],
        why: "quantised models are not built in: give the folder it was made from",
    },
];

/// Architecture, sizes, dropout rates and tags of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
    /// Architecture; never one that is opened as another.
    pub arch: &'static Architecture,
    /// Rows of the word table.
    pub vocab_size: usize,
    /// Rows of the position table: the longest input, the two special pieces included.
    pub max_positions: usize,
    /// Width of the hidden states.
    pub dim: usize,
    /// Transformer layers.
    pub layers: usize,
    /// Attention heads; divides `dim`.
    pub heads: usize,
    /// Width inside the feed-forward part.
    pub hidden_dim: usize,
    /// Dropout on embeddings, feed-forward output and the last hidden state.
    /// At least 0, below 1.
    pub dropout: f64,
    /// Dropout on attention probabilities; at least 0, below 1.
    pub attention_dropout: f64,
    /// Tags by id (`id2label`); empty for a base without a head.
    pub tags: Vec<String>,
    /// Padding piece, whose row of the word table is never trained.
    /// torch's name for it is `padding_idx`.
    pub pad: Option<u32>,
    /// Pieces of a word that carried its tag when the head was trained.
    /// `None` if unknown. This program's own key, which transformers ignores.
    pub label_mode: Option<LabelMode>,
    /// Whether tags are chosen as a sequence that follows IOB2.
    /// See [`crate::spans::Grammar`]. This program's own key.
    pub constrained: bool,
    /// Scale with which scores are shares of right spans; `None` if it was never measured.
    /// This program's own keys: other programs read the same logits without them.
    pub scale: Option<ScoreScale>,
}

/// Contents of a `config.json`.
#[derive(Debug)]
pub(super) struct Parsed {
    pub config: ModelConfig,
    /// Architecture of the folder, which may be opened as another one.
    pub stored: &'static Architecture,
    /// The first of `architectures`, such as `DistilBertForTokenClassification`.
    pub class: Option<String>,
}

impl ModelConfig {
    /// Returns the sizes of a network with these numbers of rows in the two tables.
    pub(crate) fn shape(&self, word_rows: usize, position_rows: usize) -> Shape {
        Shape {
            dim: self.dim,
            heads: self.heads,
            hidden: self.hidden_dim,
            layers: self.layers,
            tags: self.tags.len(),
            word_rows,
            position_rows,
            epsilon: self.arch.epsilon as f32,
        }
    }

    /// Returns the parameters of the whole network.
    pub(crate) fn parameters(&self) -> PerParameter<Parameter> {
        self.arch.parameters(&self.shape(self.vocab_size, self.max_positions))
    }

    /// Returns name and shape of every tensor in the model's folder.
    /// The classifier is among them if there are tags.
    pub(crate) fn tensors(&self) -> Vec<(String, Vec<usize>)> {
        let mut all = Vec::new();
        for Parameter { tensors, slot, .. } in self.parameters().into_vec() {
            if slot.count() > 0 {
                all.extend(tensors.into_iter().map(|name| (name, slot.stored_shape())));
            }
        }
        all
    }

    /// Returns the `config.json` that transformers reads.
    /// `pad` is the id of the padding piece.
    pub fn to_json(&self, pad: u32) -> Vec<u8> {
        let (arch, keys) = (self.arch, &self.arch.config);
        let class = if self.tags.is_empty() { arch.base_class } else { arch.word_class };
        let sizes = [
            (keys.vocab_size, self.vocab_size),
            (keys.max_positions, self.max_positions),
            (keys.dim, self.dim),
            (keys.layers, self.layers),
            (keys.heads, self.heads),
            (keys.hidden_dim, self.hidden_dim),
        ];
        let mut config: BTreeMap<&str, Value> = [
            (keys.activation, json!(ACTIVATION)),
            ("architectures", json!([class])),
            (keys.attention_dropout, json!(self.attention_dropout)),
            (keys.dropout, json!(self.dropout)),
            ("dtype", json!("float32")),
            ("initializer_range", json!(arch.initializer_range)),
            ("model_type", json!(arch.model_type)),
            ("pad_token_id", json!(pad)),
        ]
        .into();
        config.extend(sizes.map(|(size, value)| (size.key, json!(value))));
        config.extend(keys.constants.iter().map(|(key, constant)| (*key, constant.value())));
        config.extend(keys.epsilon.map(|key| (key, json!(arch.epsilon))));
        let mut config: Map<String, Value> = config.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        self.add_tags(&mut config);
        format!("{:#}\n", Value::Object(config)).into_bytes()
    }

    /// Adds the keys about tags, after those of the network.
    fn add_tags(&self, config: &mut Map<String, Value>) {
        if !self.tags.is_empty() {
            let mut names = Map::new();
            let mut ids = Map::new();
            for (id, tag) in self.tags.iter().enumerate() {
                names.insert(id.to_string(), json!(tag));
                ids.insert(tag.clone(), json!(id));
            }
            config.insert("id2label".to_owned(), names.into());
            config.insert("label2id".to_owned(), ids.into());
        }
        if let Some(mode) = self.label_mode {
            config.insert(LABEL_MODE.to_owned(), json!(mode));
        }
        if self.constrained {
            config.insert(CONSTRAINED.to_owned(), json!(true));
        }
        if let Some(scale) = self.scale {
            config.insert(TEMPERATURE.to_owned(), json!(scale.temperature.value()));
            config.insert(SPAN_SHIFT.to_owned(), json!(scale.shift()));
        }
    }
}

/// Reads `config.json`. `place` names the file in errors.
pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Parsed, ModelError> {
    let json: Map<String, Value> = serde_json::from_slice(bytes)
        .map_err(|error| ModelError::broken(place, format!("not a JSON object: {error}")))?;
    let fields = Fields { json: &json, place };
    let model_type = fields.text("model_type", "")?;
    let stored = Architecture::find(model_type).ok_or_else(|| match model_type {
        "" => ModelError::broken(place, format!("\"model_type\" is missing; {} can be read", arch::names())),
        other => {
            let what = format!("a model of type {other:?} cannot be read; {} can", arch::names());
            ModelError::unsupported(place, what)
        }
    })?;
    fields.refuse_what_is_not_computed(stored)?;
    let config = fields.config(stored)?;
    let class = json.get("architectures").and_then(|list| list.get(0)).and_then(Value::as_str);
    Ok(Parsed { config, stored, class: class.map(str::to_owned) })
}

/// Typed access to the fields, with the file's name in the errors.
struct Fields<'a> {
    json: &'a Map<String, Value>,
    place: &'a str,
}

impl<'a> Fields<'a> {
    /// Returns a value unless it is absent or `null`.
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.json.get(key).filter(|value| !value.is_null())
    }

    fn wrong(&self, key: &str, wanted: &str) -> ModelError {
        let found = self.json.get(key).unwrap_or(&Value::Null);
        ModelError::broken(self.place, format!("\"{key}\" should be {wanted}, found {found}"))
    }

    fn text(&self, key: &str, default: &'a str) -> Result<&'a str, ModelError> {
        self.get(key).map_or(Ok(default), |value| value.as_str().ok_or_else(|| self.wrong(key, "a string")))
    }

    /// Returns a size.
    /// The bound is far above any real model, so that products of sizes cannot overflow.
    fn size(&self, Size { key, default }: Size, most: usize) -> Result<usize, ModelError> {
        let Some(value) = self.get(key) else { return Ok(default) };
        let size = value.as_u64().and_then(|size| usize::try_from(size).ok());
        size.filter(|size| (1..=most).contains(size))
            .ok_or_else(|| self.wrong(key, &format!("a whole number from 1 to {most}")))
    }

    fn rate(&self, key: &str) -> Result<f64, ModelError> {
        let Some(value) = self.get(key) else { return Ok(0.1) };
        let rate = value.as_f64().filter(|rate| (0.0..1.0).contains(rate));
        rate.ok_or_else(|| self.wrong(key, "a number from 0 up to, not including, 1"))
    }

    /// Returns `pad_token_id`, by default 0.
    fn pad(&self) -> Result<Option<u32>, ModelError> {
        match self.json.get("pad_token_id") {
            None => Ok(Some(0)),
            Some(Value::Null) => Ok(None),
            Some(value) => {
                let id = value.as_u64().and_then(|id| u32::try_from(id).ok());
                id.map(Some).ok_or_else(|| self.wrong("pad_token_id", "the number of a piece"))
            }
        }
    }

    fn config(&self, stored: &'static Architecture) -> Result<ModelConfig, ModelError> {
        let keys = &stored.config;
        let config = ModelConfig {
            arch: stored.opened(),
            vocab_size: self.size(keys.vocab_size, 100_000_000)?,
            max_positions: self.size(keys.max_positions, 10_000_000)?,
            dim: self.size(keys.dim, 1_000_000)?,
            layers: self.size(keys.layers, 1_000)?,
            heads: self.size(keys.heads, 100_000)?,
            hidden_dim: self.size(keys.hidden_dim, 10_000_000)?,
            dropout: self.rate(keys.dropout)?,
            attention_dropout: self.rate(keys.attention_dropout)?,
            tags: self.tags()?,
            pad: self.pad()?,
            label_mode: self.json.get(LABEL_MODE).and_then(|mode| serde_json::from_value(mode.clone()).ok()),
            constrained: self.json.get(CONSTRAINED) == Some(&json!(true)),
            scale: self.scale()?,
        };
        if config.max_positions < 3 {
            let wanted = "at least 3: one piece between the two special ones";
            return Err(self.wrong(keys.max_positions.key, wanted));
        }
        if !config.dim.is_multiple_of(config.heads) {
            let wanted = format!("a divisor of \"{}\", which is {}", keys.dim.key, config.dim);
            return Err(self.wrong(keys.heads.key, &wanted));
        }
        Ok(config)
    }

    fn scale(&self) -> Result<Option<ScoreScale>, ModelError> {
        let Some(value) = self.get(TEMPERATURE) else { return Ok(None) };
        let temperature = value.as_f64().and_then(Temperature::new);
        let temperature =
            temperature.ok_or_else(|| self.wrong(TEMPERATURE, &format!("a number from {LOWEST} to {HIGHEST}")))?;
        let shift = self.get(SPAN_SHIFT).map_or(Some(0.0), Value::as_f64);
        let scale = shift.and_then(|shift| ScoreScale::new(temperature, shift));
        scale.map(Some).ok_or_else(|| self.wrong(SPAN_SHIFT, &format!("a number from -{FARTHEST} to {FARTHEST}")))
    }

    /// Returns `id2label` in the order of the ids.
    /// transformers omits it for its default of two unnamed labels.
    fn tags(&self) -> Result<Vec<String>, ModelError> {
        let Some(value) = self.get("id2label") else {
            let count = self.size(Size { key: "num_labels", default: 2 }, 100_000)?;
            return Ok((0..count).map(|id| format!("LABEL_{id}")).collect());
        };
        let tags = value.as_object().and_then(|names| {
            (0..names.len()).map(|id| Some(names.get(&id.to_string())?.as_str()?.to_owned())).collect()
        });
        tags.ok_or_else(|| self.wrong("id2label", "an object from the numbers 0, 1, 2, ... to the names of the tags"))
    }

    fn refuse_what_is_not_computed(&self, stored: &Architecture) -> Result<(), ModelError> {
        let gelu = [Constant::Text(ACTIVATION)];
        self.only(stored.config.activation, &gelu, "the exact gelu is the only activation that is built in")?;
        for Only { key, values, why } in ONLY.iter().chain(stored.config.only) {
            self.only(key, values, why)?;
        }
        if let Some(key) = stored.config.epsilon {
            let opened = stored.opened_as.unwrap_or(stored);
            let why = format!("{}'s is fixed at {:e}", opened.title, opened.epsilon);
            self.only(key, &[Constant::Number(opened.epsilon)], &why)?;
        }
        Ok(())
    }

    /// Refuses any value of `key` except these, absent and `null`.
    fn only(&self, key: &str, allowed: &[Constant], why: &str) -> Result<(), ModelError> {
        match self.get(key) {
            Some(value) if !allowed.iter().any(|constant| constant.value() == *value) => {
                Err(ModelError::unsupported(self.place, format!("\"{key}\" is {value}: {why}")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::arch::DISTILBERT;

    #[test]
    fn parameters_are_those_of_transformers() {
        let config = ModelConfig {
            arch: &DISTILBERT,
            vocab_size: 30_522,
            max_positions: 512,
            dim: 768,
            layers: 6,
            heads: 12,
            hidden_dim: 3_072,
            dropout: 0.1,
            attention_dropout: 0.1,
            tags: Vec::new(),
            pad: Some(0),
            label_mode: None,
            constrained: false,
            scale: None,
        };
        let count =
            |config: &ModelConfig| config.tensors().iter().map(|(_, s)| s.iter().product::<usize>()).sum::<usize>();
        // distilbert-base-uncased, and its head for nine tags.
        assert_eq!(count(&config), 66_362_880);
        let tags = (0..9).map(|tag| tag.to_string()).collect();
        assert_eq!(count(&ModelConfig { tags, ..config }), 66_362_880 + 9 * 769);
    }
}
