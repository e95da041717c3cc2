//! Differences between architectures, as data.
//!
//! All of them are post-norm transformer encoders with a linear classifier for each word piece; the kernels and the
//! tensor network compute exactly that.

use serde_json::{Map, Value, json};

use super::{Names, Parameter, PerParameter, Shape};

/// A transformer encoder that can be opened.
/// It describes how its model folder is read and written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Architecture {
    /// `model_type` in `config.json`.
    pub model_type: &'static str,
    /// Name for people, such as "DistilBERT".
    pub title: &'static str,
    /// Python class of a model without a head (`architectures` in `config.json`).
    pub(crate) base_class: &'static str,
    /// Python class of a model with a classifier for words.
    pub(crate) word_class: &'static str,
    /// Python class of its tokenizer.
    pub(crate) tokenizer_class: &'static str,
    /// Keys of `config.json`.
    pub(crate) config: ConfigKeys,
    /// Names of the parameters.
    pub(crate) names: Names,
    /// Pieces with a special meaning.
    pub(crate) special: SpecialPieces,
    /// Added to the variance in every layer norm.
    pub(crate) epsilon: f64,
    /// Standard deviation of the weights of a new classifier.
    pub(crate) initializer_range: f64,
    /// Table of token types.
    /// Its row 0 is added to every position when a model is opened.
    pub(crate) token_types: Option<&'static str>,
    /// Tensors that are not used.
    /// Start of the name without prefix, and the part that they belong to.
    pub(crate) unused: &'static [(&'static str, &'static str)],
    /// Tensors that exist only with a classifier for whole texts.
    pub(crate) text_head: &'static [&'static str],
    /// Architecture as which a model of this one is opened.
    /// The two compute the same.
    pub(crate) opened_as: Option<&'static Architecture>,
}

/// Keys of an architecture's `config.json`.
/// `model_type`, `id2label` and the like are the same for all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ConfigKeys {
    /// Rows of the word table.
    pub(crate) vocab_size: Size,
    /// Rows of the position table.
    pub(crate) max_positions: Size,
    /// Width of the hidden states.
    pub(crate) dim: Size,
    /// Transformer layers.
    pub(crate) layers: Size,
    /// Attention heads.
    pub(crate) heads: Size,
    /// Width of the feed-forward network.
    pub(crate) hidden_dim: Size,
    /// Dropout on hidden states.
    pub(crate) dropout: &'static str,
    /// Dropout on attention probabilities.
    pub(crate) attention_dropout: &'static str,
    /// Activation function; only "gelu" is computed.
    pub(crate) activation: &'static str,
    /// Layer-norm epsilon, where the file states it.
    pub(crate) epsilon: Option<&'static str>,
    /// Further keys for which only some values are computed.
    pub(crate) only: &'static [Only],
    /// Further keys that transformers writes, with the values that it writes.
    pub(crate) constants: &'static [(&'static str, Constant)],
}

/// A key whose value is a size.
/// transformers' configuration class has the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) key: &'static str,
    pub(crate) default: usize,
}

/// A key for which only these values are computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Only {
    pub(crate) key: &'static str,
    pub(crate) values: &'static [Constant],
    /// Reason for refusing any other value, for people.
    pub(crate) why: &'static str,
}

/// A JSON value that is known when the program is built.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Constant {
    Flag(bool),
    Whole(u64),
    Number(f64),
    Text(&'static str),
    EmptyList,
    EmptyObject,
}

impl Constant {
    pub(crate) fn value(self) -> Value {
        match self {
            Self::Flag(value) => json!(value),
            Self::Whole(value) => json!(value),
            Self::Number(value) => json!(value),
            Self::Text(value) => json!(value),
            Self::EmptyList => json!([]),
            Self::EmptyObject => json!({}),
        }
    }
}

/// Pieces with a special meaning, as the vocabulary spells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialPieces {
    /// Padding.
    pub pad: &'static str,
    /// Replaces unknown text.
    pub unk: &'static str,
    /// Before every input.
    pub cls: &'static str,
    /// After every input.
    pub sep: &'static str,
    /// Replaces a hidden piece.
    pub mask: &'static str,
}

impl SpecialPieces {
    /// The pieces with their keys in `tokenizer_config.json`.
    /// They are in the order in which transformers lists them.
    pub(crate) fn by_key(&self) -> [(&'static str, &'static str); 5] {
        [
            ("pad_token", self.pad),
            ("unk_token", self.unk),
            ("cls_token", self.cls),
            ("sep_token", self.sep),
            ("mask_token", self.mask),
        ]
    }

    /// The pieces, each replaced by the one that a `tokenizer_config.json` names.
    /// They are in the order of [`Self::by_key`].
    pub(crate) fn named_in(&self, settings: &Map<String, Value>) -> [String; 5] {
        self.by_key().map(|(key, default)| content_of(settings.get(key)).unwrap_or(default).to_owned())
    }
}

/// The spelling of a special piece: a string, or an object with `content`.
fn content_of(value: Option<&Value>) -> Option<&str> {
    let value = value?;
    value.as_str().or_else(|| value.get("content")?.as_str())
}

impl Architecture {
    /// Returns the architecture that a model of this one has once it is opened.
    pub(crate) fn opened(&'static self) -> &'static Self {
        self.opened_as.unwrap_or(self)
    }

    /// Returns the parameters of a network of these sizes, with their names.
    pub(crate) fn parameters(&self, shape: &Shape) -> PerParameter<Parameter> {
        let tensors = self.names.tensors(shape.layers);
        tensors.zip(shape.plan()).map(|(tensors, slot)| Parameter::new(tensors, slot))
    }

    /// Returns the part that a tensor belongs to which the network has no place for.
    pub(crate) fn unused_part(&self, plain: &str) -> Option<&'static str> {
        self.unused.iter().find(|(start, _)| plain.starts_with(start)).map(|(_, part)| *part)
    }
}
