//! The Hugging Face names of DistilBERT's parameters.

pub(super) const WORDS: &str = "distilbert.embeddings.word_embeddings";
pub(super) const POSITIONS: &str = "distilbert.embeddings.position_embeddings";
pub(super) const EMBEDDING_NORM: &str = "distilbert.embeddings.LayerNorm";
pub(super) const QKV: [&str; 3] = ["attention.q_lin", "attention.k_lin", "attention.v_lin"];
/// The three side by side, as they are held here.
pub(super) const TOGETHER: &str = "attention.qkv";
pub(super) const OUT: &str = "attention.out_lin";
pub(super) const ATTENTION_NORM: &str = "sa_layer_norm";
pub(super) const EXPAND: &str = "ffn.lin1";
pub(super) const CONTRACT: &str = "ffn.lin2";
pub(super) const OUTPUT_NORM: &str = "output_layer_norm";
pub(super) const HEAD: &str = "classifier";

/// The full name of a part of encoder block `at`.
pub(super) fn layer(at: usize, part: &str) -> String {
    format!("distilbert.transformer.layer.{at}.{part}")
}

pub(super) fn weight(name: &str) -> String {
    format!("{name}.weight")
}

pub(super) fn bias(name: &str) -> String {
    format!("{name}.bias")
}
