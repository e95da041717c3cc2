//! `config.json` of a Hugging Face folder: read for DistilBERT and BERT, written for DistilBERT.
//!
//! Names and defaults are those of transformers' `DistilBertConfig` and `BertConfig`. What the network does not compute
//! is refused here, so that a model that opens is a model that gives the reference's numbers.

use serde_json::{Map, Value, json};

use super::ModelError;
use crate::runs::LabelMode;

/// The key of [`ModelConfig::label_mode`].
const LABEL_MODE: &str = "tagli_label_mode";
/// The key of [`ModelConfig::constrained`].
const CONSTRAINED: &str = "tagli_constrained";

/// The sizes of a DistilBERT, its dropout rates and its tags.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelConfig {
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
    /// Dropout on embeddings, feed-forward output and the last hidden state; at least 0, below 1.
    pub dropout: f64,
    /// Dropout on attention probabilities; at least 0, below 1.
    pub attention_dropout: f64,
    /// Tags by id (`id2label`); empty for a base without a head.
    pub tags: Vec<String>,
    /// The padding piece, whose row of the word table is never trained (torch's `padding_idx`).
    pub pad: Option<u32>,
    /// Which pieces of a word carried its tag when the head was trained here; `None` if that is not told. A key of our
    /// own, which transformers passes over.
    pub label_mode: Option<LabelMode>,
    /// Whether its tags are to be chosen as a sequence that keeps to IOB2 ([`crate::spans::Grammar`]). Likewise a key of our own.
    pub constrained: bool,
}

/// The architectures that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// As it is.
    DistilBert,
    /// Folded, see [`super::fold`].
    Bert,
}

/// What `config.json` says.
#[derive(Debug)]
pub(super) struct Parsed {
    pub config: ModelConfig,
    pub family: Family,
    /// The first of `architectures`, such as `DistilBertForTokenClassification`.
    pub architecture: Option<String>,
}

impl ModelConfig {
    /// `config.json` as transformers reads it. `pad` is the id of the padding piece.
    pub fn to_json(&self, pad: u32) -> Vec<u8> {
        let class = if self.tags.is_empty() { "DistilBertModel" } else { "DistilBertForTokenClassification" };
        let mut config = json!({
            "activation": "gelu",
            "architectures": [class],
            "attention_dropout": self.attention_dropout,
            "dim": self.dim,
            "dropout": self.dropout,
            "dtype": "float32",
            "hidden_dim": self.hidden_dim,
            "initializer_range": 0.02,
            "max_position_embeddings": self.max_positions,
            "model_type": "distilbert",
            "n_heads": self.heads,
            "n_layers": self.layers,
            "pad_token_id": pad,
            "qa_dropout": 0.1,
            "seq_classif_dropout": 0.2,
            "sinusoidal_pos_embds": false,
            "vocab_size": self.vocab_size,
        });
        if !self.tags.is_empty() {
            let tags = || self.tags.iter().enumerate();
            let names: Map<_, _> = tags().map(|(id, tag)| (id.to_string(), json!(tag))).collect();
            let ids: Map<_, _> = tags().map(|(id, tag)| (tag.clone(), json!(id))).collect();
            config["id2label"] = names.into();
            config["label2id"] = ids.into();
        }
        if let Some(mode) = self.label_mode {
            config[LABEL_MODE] = json!(mode);
        }
        if self.constrained {
            config[CONSTRAINED] = json!(true);
        }
        format!("{config:#}\n").into_bytes()
    }
}

/// Reads `config.json`. `place` names the file in errors.
pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Parsed, ModelError> {
    let json: Map<String, Value> = serde_json::from_slice(bytes)
        .map_err(|error| ModelError::broken(place, format!("not a JSON object: {error}")))?;
    let fields = Fields { json: &json, place };
    let family = match fields.text("model_type", "")? {
        "distilbert" => Family::DistilBert,
        "bert" => Family::Bert,
        "" => return Err(ModelError::broken(place, "\"model_type\" is missing; `distilbert` and `bert` can be read")),
        other => {
            let what = format!("a model of type {other:?} cannot be read; `distilbert` and `bert` can");
            return Err(ModelError::unsupported(place, what));
        }
    };
    fields.refuse_what_is_not_computed(family)?;
    let config = fields.sizes(family)?;
    let first = json.get("architectures").and_then(|list| list.get(0)).and_then(Value::as_str);
    Ok(Parsed { config, family, architecture: first.map(str::to_owned) })
}

/// Typed access with the file's name in the errors.
struct Fields<'a> {
    json: &'a Map<String, Value>,
    place: &'a str,
}

impl<'a> Fields<'a> {
    /// The value, where it is there and not `null`.
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

    /// A size. The bound is far above any real model and keeps the arithmetic on shapes from overflowing.
    fn size(&self, key: &str, default: usize, most: usize) -> Result<usize, ModelError> {
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

    /// `pad_token_id`, by default 0.
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

    fn sizes(&self, family: Family) -> Result<ModelConfig, ModelError> {
        let [dim, layers, heads, hidden, dropout, attention_dropout] = match family {
            Family::DistilBert => ["dim", "n_layers", "n_heads", "hidden_dim", "dropout", "attention_dropout"],
            Family::Bert => [
                "hidden_size",
                "num_hidden_layers",
                "num_attention_heads",
                "intermediate_size",
                "hidden_dropout_prob",
                "attention_probs_dropout_prob",
            ],
        };
        let default_layers = if family == Family::Bert { 12 } else { 6 };
        let config = ModelConfig {
            vocab_size: self.size("vocab_size", 30_522, 100_000_000)?,
            max_positions: self.size("max_position_embeddings", 512, 10_000_000)?,
            dim: self.size(dim, 768, 1_000_000)?,
            layers: self.size(layers, default_layers, 1_000)?,
            heads: self.size(heads, 12, 100_000)?,
            hidden_dim: self.size(hidden, 3_072, 10_000_000)?,
            dropout: self.rate(dropout)?,
            attention_dropout: self.rate(attention_dropout)?,
            tags: self.tags()?,
            pad: self.pad()?,
            label_mode: self.json.get(LABEL_MODE).and_then(|mode| serde_json::from_value(mode.clone()).ok()),
            constrained: self.json.get(CONSTRAINED) == Some(&json!(true)),
        };
        if config.max_positions < 3 {
            return Err(self.wrong("max_position_embeddings", "at least 3: one piece between the two special ones"));
        }
        if !config.dim.is_multiple_of(config.heads) {
            return Err(self.wrong(heads, &format!("a divisor of \"{dim}\", which is {}", config.dim)));
        }
        Ok(config)
    }

    /// `id2label` in order of the ids. transformers leaves it out when it is its default of two unnamed labels.
    fn tags(&self) -> Result<Vec<String>, ModelError> {
        let Some(value) = self.get("id2label") else {
            let count = self.size("num_labels", 2, 100_000)?;
            return Ok((0..count).map(|id| format!("LABEL_{id}")).collect());
        };
        let wrong = || self.wrong("id2label", "an object from the numbers 0, 1, 2, ... to the names of the tags");
        let names = value.as_object().ok_or_else(wrong)?;
        (0..names.len())
            .map(|id| names.get(&id.to_string()).and_then(Value::as_str).map(str::to_owned).ok_or_else(wrong))
            .collect()
    }

    fn refuse_what_is_not_computed(&self, family: Family) -> Result<(), ModelError> {
        let activation = if family == Family::Bert { "hidden_act" } else { "activation" };
        self.only(activation, &[json!("gelu")], "the exact gelu is the only activation that is built in")?;
        let no_pruning = [json!({}), json!([])];
        self.only("pruned_heads", &no_pruning, "pruned attention heads are not built in")?;
        self.only("chunk_size_feed_forward", &[json!(0)], "chunking only saves memory: set it to 0")?;
        self.only("quantization_config", &[], "quantised models are not built in: give the folder it was made from")?;
        if family == Family::Bert {
            self.only("position_embedding_type", &[json!("absolute")], "only absolute positions are built in")?;
            self.only("layer_norm_eps", &[json!(1e-12)], "DistilBERT's is fixed at 1e-12")?;
            self.only("is_decoder", &[json!(false)], "only encoders are built in")?;
            self.only("add_cross_attention", &[json!(false)], "only encoders are built in")?;
        }
        Ok(())
    }

    /// Refuses any value of `key` but these, absent and `null`.
    fn only(&self, key: &str, allowed: &[Value], why: &str) -> Result<(), ModelError> {
        match self.get(key) {
            Some(value) if !allowed.contains(value) => {
                Err(ModelError::unsupported(self.place, format!("\"{key}\" is {value}: {why}")))
            }
            _ => Ok(()),
        }
    }
}
