//! BERT as DistilBERT, exactly: the same blocks under other names, and one token type for the whole input, so that its
//! row can be added to every position.
//!
//! The pooler has no place in token classification. In training one thing differs: BERT also drops out the output
//! projection of the attention, DistilBERT does not.

use super::config::Family;
use super::weights::Array;

/// Parts of a layer: DistilBERT's name, BERT's name.
const LAYER: [(&str, &str); 8] = [
    ("attention.q_lin", "attention.self.query"),
    ("attention.k_lin", "attention.self.key"),
    ("attention.v_lin", "attention.self.value"),
    ("attention.out_lin", "attention.output.dense"),
    ("sa_layer_norm", "attention.output.LayerNorm"),
    ("ffn.lin1", "intermediate.dense"),
    ("ffn.lin2", "output.dense"),
    ("output_layer_norm", "output.LayerNorm"),
];

/// BERT's table of token types, without prefix.
pub(super) const TOKEN_TYPES: &str = "embeddings.token_type_embeddings.weight";
/// DistilBERT's table of positions.
pub(super) const POSITIONS: &str = "distilbert.embeddings.position_embeddings.weight";

/// A name of a weight file without what differs between writers: the model's prefix, and the names of layer norm
/// parameters that came from TensorFlow.
pub(super) fn plain_name(name: &str) -> String {
    let name = name.strip_prefix("distilbert.").or_else(|| name.strip_prefix("bert.")).unwrap_or(name);
    if let Some(start) = name.strip_suffix(".gamma") {
        return format!("{start}.weight");
    }
    name.strip_suffix(".beta").map_or_else(|| name.to_owned(), |start| format!("{start}.bias"))
}

/// The plain name under which a family stores a parameter of ours.
pub(super) fn stored_name(family: Family, ours: &str) -> String {
    let name = plain_name(ours);
    if family == Family::DistilBert {
        return name;
    }
    let theirs = || {
        let (number, part) = name.strip_prefix("transformer.layer.")?.split_once('.')?;
        let (part, kind) = part.rsplit_once('.')?;
        let (_, theirs) = LAYER.iter().find(|(ours, _)| *ours == part)?;
        Some(format!("encoder.layer.{number}.{theirs}.{kind}"))
    };
    theirs().unwrap_or(name)
}

/// Adds token type 0 to every position.
pub(super) fn fold_token_types(positions: &mut Array, types: &Array) {
    let width = positions.width().max(1);
    for row in positions.data.chunks_exact_mut(width) {
        for (value, of_type) in row.iter_mut().zip(&types.data) {
            *value += of_type;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_families_and_of_old_files_are_understood() {
        let ours = "distilbert.transformer.layer.11.sa_layer_norm.bias";
        assert_eq!(stored_name(Family::DistilBert, ours), "transformer.layer.11.sa_layer_norm.bias");
        assert_eq!(stored_name(Family::Bert, ours), "encoder.layer.11.attention.output.LayerNorm.bias");
        assert_eq!(
            plain_name("bert.encoder.layer.11.attention.output.LayerNorm.beta"),
            stored_name(Family::Bert, ours)
        );
        assert_eq!(plain_name("embeddings.LayerNorm.gamma"), "embeddings.LayerNorm.weight");
        assert_eq!(stored_name(Family::Bert, "classifier.weight"), "classifier.weight");
    }

    #[test]
    fn token_type_0_is_added_to_every_position() {
        let mut positions = Array { shape: vec![2, 2], data: vec![1.0, 2.0, 3.0, 4.0] };
        fold_token_types(&mut positions, &Array { shape: vec![2, 2], data: vec![10.0, 20.0, 7.0, 7.0] });
        assert_eq!(positions.data, [11.0, 22.0, 13.0, 24.0]);
    }
}
