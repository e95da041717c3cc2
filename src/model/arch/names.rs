//! The names of an architecture's parameters in a model folder.

use super::{Affine, Layer, PerParameter};

/// Names of the parameters, without `.weight` and `.bias`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// First part of every name except the classifier's.
    /// Files of a model without a head lack it.
    pub(crate) prefix: &'static str,
    pub(crate) words: &'static str,
    pub(crate) positions: &'static str,
    /// Layer norm of the embeddings.
    pub(crate) norm: &'static str,
    /// Start of the names in a layer; its number follows.
    pub(crate) layer: &'static str,
    /// Query, key and value, below a layer.
    pub(crate) qkv: [&'static str; 3],
    pub(crate) out: &'static str,
    pub(crate) attention_norm: &'static str,
    pub(crate) expand: &'static str,
    pub(crate) contract: &'static str,
    pub(crate) output_norm: &'static str,
    /// The classifier.
    pub(crate) head: &'static str,
}

impl Names {
    /// Returns the names of the tensors that each parameter consists of.
    /// Three for query, key and value, else one.
    pub(crate) fn tensors(&self, layers: usize) -> PerParameter<Vec<String>> {
        PerParameter {
            words: vec![weight(&self.full(self.words))],
            positions: vec![weight(&self.full(self.positions))],
            norm: affine(&[self.full(self.norm)]),
            layers: (0..layers).map(|at| self.layer(at)).collect(),
            head: affine(&[self.head.to_owned()]),
        }
    }

    fn layer(&self, at: usize) -> Layer<Vec<String>> {
        let full = |part: &str| format!("{}.{}.{at}.{part}", self.prefix, self.layer);
        Layer {
            qkv: affine(&self.qkv.map(full)),
            out: affine(&[full(self.out)]),
            expand: affine(&[full(self.expand)]),
            contract: affine(&[full(self.contract)]),
            attention_norm: affine(&[full(self.attention_norm)]),
            output_norm: affine(&[full(self.output_norm)]),
        }
    }

    fn full(&self, part: &str) -> String {
        format!("{}.{part}", self.prefix)
    }

    /// Returns the name of a tensor in a form common to all files of an architecture.
    /// The prefix, and the names that TensorFlow gives the parameters of a layer norm, differ between files.
    pub(crate) fn plain(&self, name: &str) -> String {
        let name = name.strip_prefix(self.prefix).and_then(|name| name.strip_prefix('.')).unwrap_or(name);
        match name.rsplit_once('.') {
            Some((start, "gamma")) => weight(start),
            Some((start, "beta")) => bias(start),
            _ => name.to_owned(),
        }
    }
}

fn affine(names: &[String]) -> Affine<Vec<String>> {
    Affine {
        weight: names.iter().map(|name| weight(name)).collect(),
        bias: names.iter().map(|name| bias(name)).collect(),
    }
}

fn weight(name: &str) -> String {
    format!("{name}.weight")
}

fn bias(name: &str) -> String {
    format!("{name}.bias")
}
