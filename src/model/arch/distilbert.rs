//! DistilBERT: transformers' `DistilBertForTokenClassification`.

use super::{Architecture, ConfigKeys, Constant, Names, Size, SpecialPieces};

/// DistilBERT.
pub static DISTILBERT: Architecture = Architecture {
    model_type: "distilbert",
    title: "DistilBERT",
    base_class: "DistilBertModel",
    word_class: "DistilBertForTokenClassification",
    tokenizer_class: "DistilBertTokenizer",
    config: ConfigKeys {
        vocab_size: Size { key: "vocab_size", default: 30_522 },
        max_positions: Size { key: "max_position_embeddings", default: 512 },
        dim: Size { key: "dim", default: 768 },
        layers: Size { key: "n_layers", default: 6 },
        heads: Size { key: "n_heads", default: 12 },
        hidden_dim: Size { key: "hidden_dim", default: 3_072 },
        dropout: "dropout",
        attention_dropout: "attention_dropout",
        activation: "activation",
        epsilon: None,
        only: &[],
        constants: &[
            ("qa_dropout", Constant::Number(0.1)),
            ("seq_classif_dropout", Constant::Number(0.2)),
            ("sinusoidal_pos_embds", Constant::Flag(false)),
        ],
    },
    names: Names {
        prefix: "distilbert",
        words: "embeddings.word_embeddings",
        positions: "embeddings.position_embeddings",
        norm: "embeddings.LayerNorm",
        layer: "transformer.layer",
        qkv: ["attention.q_lin", "attention.k_lin", "attention.v_lin"],
        out: "attention.out_lin",
        attention_norm: "sa_layer_norm",
        expand: "ffn.lin1",
        contract: "ffn.lin2",
        output_norm: "output_layer_norm",
        head: "classifier",
    },
    special: SpecialPieces { pad: "[PAD]", unk: "[UNK]", cls: "[CLS]", sep: "[SEP]", mask: "[MASK]" },
    epsilon: 1e-12,
    initializer_range: 0.02,
    token_types: None,
    unused: &[
        ("vocab_", "the masked-word head"),
        ("qa_outputs.", "the question-answering head"),
        ("pre_classifier.", "the head for whole texts"),
        ("classifier.", "the head for whole texts"),
    ],
    text_head: &["pre_classifier.weight"],
    opened_as: None,
};
