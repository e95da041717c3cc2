//! An architecture that exists in tests only.
//! It differs from the real ones in everything that may differ, and shows that one file is enough for a new one.

#![cfg(test)]

use super::{Architecture, ConfigKeys, Constant, Names, Only, Size, SpecialPieces};

/// The architecture.
pub(crate) static FAKE: Architecture = Architecture {
    model_type: "fake",
    title: "Fake",
    base_class: "FakeModel",
    word_class: "FakeForTokenClassification",
    tokenizer_class: "FakeTokenizer",
    config: ConfigKeys {
        vocab_size: Size { key: "pieces", default: 1 },
        max_positions: Size { key: "reach", default: 16 },
        dim: Size { key: "width", default: 8 },
        layers: Size { key: "depth", default: 2 },
        heads: Size { key: "views", default: 2 },
        hidden_dim: Size { key: "inner_width", default: 12 },
        dropout: "forgetting",
        attention_dropout: "attention_forgetting",
        activation: "bend",
        epsilon: Some("norm_floor"),
        only: &[Only { key: "direction", values: &[Constant::Text("both")], why: "it reads both ways" }],
        constants: &[("direction", Constant::Text("both"))],
    },
    names: Names {
        prefix: "trunk",
        words: "lookup.pieces",
        positions: "lookup.places",
        norm: "lookup.scale",
        layer: "floors",
        qkv: ["look.ask", "look.offer", "look.give"],
        out: "look.mix",
        attention_norm: "look_scale",
        expand: "think.up",
        contract: "think.down",
        output_norm: "think_scale",
        head: "answer",
    },
    special: SpecialPieces { pad: "<pad>", unk: "<unk>", cls: "<s>", sep: "</s>", mask: "<hide>" },
    epsilon: 1e-3,
    initializer_range: 0.05,
    token_types: None,
    unused: &[("guess.", "the guessing head")],
    text_head: &["summary.weight"],
    opened_as: None,
};
