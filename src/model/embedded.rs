//! The base model inside the program, so that the first run needs no network.
//!
//! `just encoder` makes it (`encoder.rs`); `assets/encoder/NOTICE` states its origin and licence.

use std::borrow::Cow;

use super::ModelError;
use super::base::{self, BaseModel};
use super::files::Files;

/// Name of the embedded base.
pub const NAME: &str = "mini";

/// Id on the hub of the model that it was made from.
pub const SOURCE: &str = "sentence-transformers/all-MiniLM-L6-v2";

pub(super) const CONFIG: &[u8] = include_bytes!("../../assets/encoder/config.json");
const WEIGHTS: &[u8] = include_bytes!("../../assets/encoder/model.safetensors");
const TOKENIZER: &[u8] = include_bytes!("../../assets/encoder/tokenizer.json");

struct Embedded;

impl Files for Embedded {
    fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError> {
        let bytes = match name {
            "config.json" => CONFIG,
            "model.safetensors" => WEIGHTS,
            "tokenizer.json" => TOKENIZER,
            _ => return Ok(None),
        };
        Ok(Some(bytes.into()))
    }

    fn place(&self, name: &str) -> String {
        format!("{name} of the embedded base")
    }
}

/// Opens the embedded base.
/// DistilBERT of 3 layers, 384 wide, with 15,500 word pieces, as `f32`.
///
/// # Errors
/// The program was built with a broken asset.
pub fn mini() -> Result<BaseModel, ModelError> {
    base::assemble(&Embedded, NAME)
}

/// Opens the tokenizer of [`mini`] alone.
#[cfg(test)]
pub(crate) fn tokenizer() -> Result<super::PieceTokenizer, ModelError> {
    Ok(base::tokenizer(&Embedded, &super::arch::DISTILBERT.special)?.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_embedded_base_is_whole() {
        let base = mini().unwrap();
        let config = &base.config;
        assert_eq!((config.layers, config.dim, config.heads, config.hidden_dim), (3, 384, 12, 1_536));
        assert_eq!((config.vocab_size, config.max_positions), (15_500, 512));
        assert_eq!(base.tokenizer.vocab_size(), config.vocab_size);
        assert!(config.tags.is_empty());
        assert_eq!(base.notes, ["new: the classification head"]);
        for (name, shape) in config.tensors() {
            let array = &base.weights[&name];
            assert_eq!(array.data.len(), shape.iter().product::<usize>());
            assert!(array.data.iter().all(|x| x.is_finite()), "{name}");
        }
    }

    #[test]
    fn the_8_bit_matrices_open_as_the_numbers_that_numpy_makes_of_them() {
        // Sum, sum of squares, first and last value of each tensor.
        let expected: BTreeMap<String, [f64; 4]> =
            serde_json::from_str(include_str!("../../tests/reference/model_mini.json")).unwrap();
        let base = mini().unwrap();
        assert_eq!(expected.len(), base.weights.len());
        for (name, [sum, squares, first, last]) in expected {
            let data = &base.weights[&name].data;
            let wide = || data.iter().map(|&x| f64::from(x));
            assert!((wide().sum::<f64>() - sum).abs() < 1e-6, "{name}");
            assert!((wide().map(|x| x * x).sum::<f64>() / squares - 1.0).abs() < 1e-9, "{name}");
            let near = |value: Option<f64>, expected: f64| (value.unwrap() - expected).abs() < 1e-12;
            assert!(near(wide().next(), first) && near(wide().next_back(), last), "{name}");
        }
    }

    #[test]
    fn the_asset_is_small_and_names_its_licence() {
        const NOTICE: &str = include_str!("../../assets/encoder/NOTICE");
        assert!(CONFIG.len() + WEIGHTS.len() + TOKENIZER.len() + NOTICE.len() <= 12_000_000);
        assert!(NOTICE.contains("Apache") && NOTICE.contains("all-MiniLM-L6-v2"));
    }

    #[test]
    fn no_script_of_the_source_becomes_unknown_whole() {
        let tokenizer = tokenizer().unwrap();
        for word in
            ["caf\u{e9}", "\u{6771}\u{4eac}", "\u{43f}\u{438}\u{446}\u{446}\u{430}", "\u{3c0}\u{3af}\u{3c4}\u{3b1}"]
        {
            let pieces = tokenizer.words(&[word]).unwrap();
            assert!(!pieces.tokens.is_empty() && !pieces.tokens.contains(&"[UNK]".to_owned()), "{pieces:?}");
        }
    }
}
