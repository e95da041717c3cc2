//! BERT: transformers' `BertForTokenClassification`, opened as DistilBERT.
//!
//! The two compute the same: the blocks have other names, and since the whole input has token type 0, that row of the
//! table of token types can be added to every position. The pooler is not used for tagging words. Training differs in
//! one respect: BERT also applies dropout to the output projection of the attention, DistilBERT does not.

use super::{Architecture, ConfigKeys, Constant, DISTILBERT, Names, Only, Size, SpecialPieces};

/// BERT.
pub(super) static BERT: Architecture = Architecture {
    model_type: "bert",
    title: "BERT",
    base_class: "BertModel",
    word_class: "BertForTokenClassification",
    tokenizer_class: "BertTokenizer",
    config: ConfigKeys {
        vocab_size: Size { key: "vocab_size", default: 30_522 },
        max_positions: Size { key: "max_position_embeddings", default: 512 },
        dim: Size { key: "hidden_size", default: 768 },
        layers: Size { key: "num_hidden_layers", default: 12 },
        heads: Size { key: "num_attention_heads", default: 12 },
        hidden_dim: Size { key: "intermediate_size", default: 3_072 },
        dropout: "hidden_dropout_prob",
        attention_dropout: "attention_probs_dropout_prob",
        activation: "hidden_act",
        epsilon: Some("layer_norm_eps"),
        only: &[
            Only {
                key: "position_embedding_type",
                values: &[Constant::Text("absolute")],
                why: "only absolute positions are built in",
            },
            Only { key: "is_decoder", values: &[Constant::Flag(false)], why: "only encoders are built in" },
            Only { key: "add_cross_attention", values: &[Constant::Flag(false)], why: "only encoders are built in" },
        ],
        constants: &[],
    },
    names: Names {
        prefix: "bert",
        words: "embeddings.word_embeddings",
        positions: "embeddings.position_embeddings",
        norm: "embeddings.LayerNorm",
        layer: "encoder.layer",
        qkv: ["attention.self.query", "attention.self.key", "attention.self.value"],
        out: "attention.output.dense",
        attention_norm: "attention.output.LayerNorm",
        expand: "intermediate.dense",
        contract: "output.dense",
        output_norm: "output.LayerNorm",
        head: "classifier",
    },
    special: SpecialPieces { pad: "[PAD]", unk: "[UNK]", cls: "[CLS]", sep: "[SEP]", mask: "[MASK]" },
    epsilon: 1e-12,
    initializer_range: 0.02,
    token_types: Some("embeddings.token_type_embeddings.weight"),
    unused: &[
        ("cls.predictions.", "the masked-word head"),
        ("cls.seq_relationship.", "the next-sentence head"),
        ("pooler.", "the pooler"),
        ("qa_outputs.", "the question-answering head"),
        ("classifier.", "the head for whole texts"),
    ],
    text_head: &["pooler.dense.weight"],
    opened_as: Some(&DISTILBERT),
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::arch::Shape;

    #[test]
    fn every_tensor_has_a_place_in_distilbert() {
        let shape =
            Shape { dim: 4, heads: 2, hidden: 6, layers: 12, tags: 3, word_rows: 9, position_rows: 8, epsilon: 1e-12 };
        let pairs = BERT.parameters(&shape).zip(DISTILBERT.parameters(&shape)).into_vec();
        assert!(pairs.iter().all(|(theirs, ours)| theirs.slot == ours.slot));
        let names = pairs.iter().flat_map(|(theirs, ours)| theirs.tensors.iter().zip(&ours.tensors));
        let found = |ours: &str| names.clone().find(|(_, name)| *name == ours).map(|(theirs, _)| theirs.as_str());
        assert_eq!(
            found("distilbert.transformer.layer.11.sa_layer_norm.bias"),
            Some("bert.encoder.layer.11.attention.output.LayerNorm.bias")
        );
        assert_eq!(
            found("distilbert.transformer.layer.0.attention.k_lin.weight"),
            Some("bert.encoder.layer.0.attention.self.key.weight")
        );
        assert_eq!(found("classifier.weight"), Some("classifier.weight"));
    }

    #[test]
    fn names_of_old_files_are_understood() {
        let plain = |name| BERT.names.plain(name);
        let modern = "encoder.layer.11.attention.output.LayerNorm.bias";
        assert_eq!(plain("bert.encoder.layer.11.attention.output.LayerNorm.beta"), modern);
        assert_eq!(plain(modern), modern);
        assert_eq!(plain("embeddings.LayerNorm.gamma"), "embeddings.LayerNorm.weight");
    }
}
