//! The base models inside the program, so that the first run needs no network.
//!
//! `mini` and `small` are one encoder, `assets/encoder/`: a DistilBERT of six layers in the layout of Hugging Face, except
//! that its matrices are rounded. `mini` leaves out the upper three layers. `just encoder` makes it (`encoder.rs`);
//! `assets/encoder/NOTICE` states its origin and licence.
//!
//! In `model.safetensors` a matrix is `i8` with one `f32` factor for each row, in a tensor `NAME.scale` (`weights.rs`).
//! The word table has 4 bits for each weight (`four_bits.rs`). Vectors are `f32`. The folder opens like any other model
//! folder. `checksum` is the CRC-32 of `config.json`, `model.safetensors` and `tokenizer.json`, one after the other, as
//! eight hexadecimal digits.

use std::borrow::Cow;
use std::sync::OnceLock;

use safetensors::SafeTensors;

use super::base::{self, BaseModel};
use super::files::Files;
use super::{ModelConfig, ModelError, Weights, config, four_bits};
use crate::runs::embedded_bases::{MINI, SMALL};

/// Id on the hub of the model that they were made from.
pub const SOURCE: &str = "sentence-transformers/all-MiniLM-L6-v2";

/// The bases with the number of their layers.
const LAYERS: [(&str, usize); 2] = [(MINI, 3), (SMALL, 6)];

/// Name of the encoder in errors.
const PLACE: &str = "the base model inside this program";

/// The files of `assets/encoder/`.
struct Encoder {
    config: &'static [u8],
    weights: &'static [u8],
    tokenizer: &'static [u8],
    checksum: &'static str,
}

static ENCODER: Encoder = Encoder {
    config: include_bytes!("../../assets/encoder/config.json"),
    weights: include_bytes!("../../assets/encoder/model.safetensors"),
    tokenizer: include_bytes!("../../assets/encoder/tokenizer.json"),
    checksum: include_str!("../../assets/encoder/checksum"),
};

/// Opens the embedded base of this name.
/// `None` if there is none. Its weights are `f32`.
///
/// # Errors
/// The program file is damaged, or the program was built with other files than its own.
pub fn open(name: &str) -> Option<Result<BaseModel, ModelError>> {
    let layers = layers(name)?;
    Some(check_once().and_then(|()| ENCODER.open(name, layers)))
}

/// Returns the configuration of the embedded base of this name, `None` if there is none.
pub(super) fn config(name: &str) -> Option<ModelConfig> {
    ENCODER.config(layers(name)?).ok()
}

fn layers(name: &str) -> Option<usize> {
    LAYERS.into_iter().find(|(known, _)| *known == name).map(|(_, layers)| layers)
}

/// Compares the encoder with its checksum when it is first needed.
fn check_once() -> Result<(), ModelError> {
    static FOUND: OnceLock<u32> = OnceLock::new();
    ENCODER.check(*FOUND.get_or_init(|| ENCODER.computed()))
}

impl Files for Encoder {
    fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError> {
        Ok((name == "tokenizer.json").then_some(self.tokenizer.into()))
    }

    fn place(&self, name: &str) -> String {
        format!("{name} of {PLACE}")
    }
}

impl Encoder {
    /// Computes the checksum.
    fn computed(&self) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        [self.config, self.weights, self.tokenizer].into_iter().for_each(|bytes| sum.update(bytes));
        sum.finalize()
    }

    /// Checks that a computed checksum is the right one.
    fn check(&self, computed: u32) -> Result<(), ModelError> {
        let (found, right) = (format!("{computed:08x}"), self.checksum.trim_ascii());
        if found == right {
            return Ok(());
        }
        let why = format!(
            "it is damaged or not the one of this version: its checksum is {found} and should be {right}. Install tagli \
             again, or use another base (--base with a folder or the id of a model on the hub)"
        );
        Err(ModelError::Damaged { place: PLACE.to_owned(), why })
    }

    /// Reads the configuration for this number of layers.
    fn config(&self, layers: usize) -> Result<ModelConfig, ModelError> {
        let whole = config::parse(self.config, &self.place("config.json"))?.config;
        if whole.layers < layers {
            let why = format!("it has {} layers, and {layers} are needed", whole.layers);
            return Err(ModelError::broken(&self.place("config.json"), why));
        }
        // There is no head: without names of tags, Hugging Face's default is two of them.
        Ok(ModelConfig { layers, tags: Vec::new(), ..whole })
    }

    /// Opens the base with this number of layers.
    fn open(&self, name: &str, layers: usize) -> Result<BaseModel, ModelError> {
        let config = self.config(layers)?;
        // Not at the same time: both wait for new memory, of which the system gives a process one piece at a time.
        let weights = self.read_weights(&config)?;
        let (tokenizer, tokenizer_json) = base::tokenizer(self, &config.arch.special)?;
        let notes = vec!["new: the classification head".to_owned()];
        Ok(BaseModel { config, weights, tokenizer, tokenizer_json, name: name.to_owned(), notes })
    }

    /// Computes the weights of the layers that the configuration names.
    fn read_weights(&self, config: &ModelConfig) -> Result<Weights, ModelError> {
        let place = self.place("model.safetensors");
        let file = SafeTensors::deserialize(self.weights)
            .map_err(|error| ModelError::broken(&place, format!("not a whole safetensors file ({error})")))?;
        let tensors = config.tensors().into_iter();
        let tensors = tensors.map(|(name, shape)| {
            let array = four_bits::any_tensor(&file, &name, &shape, &place)?;
            Ok((name, array))
        });
        tensors.collect()
    }
}

/// Opens the tokenizer of the embedded bases alone, for all tests once.
#[cfg(test)]
pub(crate) fn tokenizer() -> super::PieceTokenizer {
    static TOKENIZER: OnceLock<super::PieceTokenizer> = OnceLock::new();
    let open = || base::tokenizer(&ENCODER, &super::arch::DISTILBERT.special).unwrap().0;
    TOKENIZER.get_or_init(open).clone()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::LazyLock};

    use serde::Deserialize;

    use super::*;
    use crate::model::{Array, network::CpuNetwork};
    use crate::runs::embedded_bases;

    /// `tests/reference/model_encoder.json`.
    #[derive(Deserialize)]
    struct Reference {
        /// Sum, sum of squares, first and last value of each tensor.
        tensors: BTreeMap<String, [f64; 4]>,
        /// Sentences by the base that read them.
        hidden: BTreeMap<String, Vec<Read>>,
    }

    #[derive(Deserialize)]
    struct Read {
        sentence: String,
        ids: Vec<u32>,
        /// The first numbers of the hidden state of each piece.
        hidden: Vec<[f32; KEPT]>,
    }

    const KEPT: usize = 8;

    fn reference() -> Reference {
        serde_json::from_str(include_str!("../../tests/reference/model_encoder.json")).unwrap()
    }

    /// Both bases, opened once.
    fn opened(name: &str) -> &'static BaseModel {
        static BASES: LazyLock<[BaseModel; 2]> = LazyLock::new(|| LAYERS.map(|(name, _)| open(name).unwrap().unwrap()));
        BASES.iter().find(|base| base.name == name).unwrap()
    }

    #[test]
    fn every_embedded_base_is_whole() {
        for (name, layers) in [("mini", 3), ("small", 6)] {
            let base = opened(name);
            let config = &base.config;
            assert_eq!((config.layers, config.dim, config.heads, config.hidden_dim), (layers, 384, 12, 1_536));
            assert_eq!((config.vocab_size, config.max_positions), (30_522, 512));
            assert_eq!(base.tokenizer.vocab_size(), config.vocab_size);
            assert!(config.tags.is_empty());
            assert_eq!(
                (base.name.as_str(), base.notes.as_slice()),
                (name, &["new: the classification head".into()][..])
            );
            assert_eq!(base.weights.len(), config.tensors().len());
            for (name, shape) in config.tensors() {
                let array = &base.weights[&name];
                assert_eq!(array.data.len(), shape.iter().product::<usize>());
                assert!(array.data.iter().all(|x| x.is_finite()), "{name}");
            }
        }
        assert!(open("tiny").is_none() && config("tiny").is_none());
        assert_eq!(LAYERS.map(|(name, _)| name), embedded_bases::ALL);
    }

    #[test]
    fn mini_is_the_lower_half_of_small() {
        let (mini, small) = (opened("mini"), opened("small"));
        assert!(mini.weights.iter().all(|(name, array)| small.weights[name] == *array));
        assert_eq!(mini.tokenizer_json, small.tokenizer_json);
    }

    #[test]
    fn the_rounded_weights_are_the_numbers_that_numpy_makes_of_them() {
        let (expected, base) = (reference().tensors, opened("small"));
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
    fn both_bases_compute_the_hidden_states_of_transformers() {
        for (name, sentences) in reference().hidden {
            let BaseModel { mut config, mut weights, tokenizer, .. } = opened(&name).clone();
            // This classifier copies the first numbers of the hidden state.
            config.tags = (0..KEPT).map(|tag| tag.to_string()).collect();
            let data = (0..KEPT).flat_map(|tag| (0..config.dim).map(move |at| if at == tag { 1.0 } else { 0.0 }));
            let weight = Array { shape: vec![KEPT, config.dim], data: data.collect() };
            weights.insert("classifier.weight".to_owned(), weight);
            weights.insert("classifier.bias".to_owned(), Array { shape: vec![KEPT], data: vec![0.0; KEPT] });
            let network = CpuNetwork::new(&config, weights).unwrap();
            for Read { sentence, ids, hidden } in sentences {
                let pieces = tokenizer.text(&sentence).unwrap().ids;
                assert_eq!([&[tokenizer.cls()], pieces.as_slice(), &[tokenizer.sep()]].concat(), ids);
                let found = network.logits(&[&ids]).remove(0);
                assert_eq!(found.len(), hidden.len());
                for (found, expected) in found.iter().flatten().zip(hidden.iter().flatten()) {
                    assert!((found - expected).abs() < 1e-4, "{name}: {sentence}: {found} {expected}");
                }
            }
        }
    }

    #[test]
    fn another_encoder_needs_another_edition() {
        let edition = (embedded_bases::EDITION, ENCODER.checksum.trim_ascii());
        assert_eq!(edition, (2, "578aff9c"), "runs that began from the former encoder cannot continue: raise EDITION");
    }

    #[test]
    fn a_damaged_or_foreign_encoder_is_refused_and_the_message_says_what_to_do() {
        let check = |encoder: &Encoder| encoder.check(encoder.computed()).map_err(|error| error.to_string());
        check(&ENCODER).unwrap();
        let damaged = |bytes: &'static [u8], at: usize| -> &'static [u8] {
            let mut bytes = bytes.to_vec();
            bytes[at] ^= 1;
            bytes.leak()
        };
        let last = ENCODER.weights.len() - 1;
        for encoder in [
            Encoder { config: damaged(ENCODER.config, 0), ..ENCODER },
            Encoder { weights: damaged(ENCODER.weights, last), ..ENCODER },
            Encoder { weights: &ENCODER.weights[..last], ..ENCODER },
            Encoder { tokenizer: damaged(ENCODER.tokenizer, 7), ..ENCODER },
            Encoder { checksum: "12345678\n", ..ENCODER },
        ] {
            let message = check(&encoder).unwrap_err();
            assert!(message.starts_with("the base model inside this program: it is damaged"), "{message}");
            assert!(message.contains(&format!("should be {}", encoder.checksum.trim())), "{message}");
            assert!(message.contains("Install tagli again"), "{message}");
        }
    }

    #[test]
    fn an_encoder_of_another_shape_is_an_error_and_no_panic() {
        let error = |encoder: Encoder| encoder.open("small", 6).unwrap_err().to_string();
        let config = String::from_utf8(ENCODER.config.to_vec()).unwrap();
        let with = |from: &str, to: &str| -> &'static [u8] { config.replace(from, to).into_bytes().leak() };
        let few = with("\"n_layers\": 6", "\"n_layers\": 3");
        assert!(error(Encoder { config: few, ..ENCODER }).ends_with("it has 3 layers, and 6 are needed"));
        let wide = with("\"dim\": 384", "\"dim\": 768");
        assert!(error(Encoder { config: wide, ..ENCODER }).contains("but config.json asks for"));
        let cut = &ENCODER.weights[..ENCODER.weights.len() / 2];
        assert!(error(Encoder { weights: cut, ..ENCODER }).contains("not a whole safetensors file"));
        assert!(error(Encoder { tokenizer: b"{}", ..ENCODER }).contains("tokenizer.json of the base model inside"));
    }

    #[test]
    fn the_encoder_is_small_and_names_its_licence() {
        const NOTICE: &str = include_str!("../../assets/encoder/NOTICE");
        let Encoder { config, weights, tokenizer, checksum } = ENCODER;
        assert!(config.len() + weights.len() + tokenizer.len() + checksum.len() + NOTICE.len() <= 18_200_000);
        assert!(NOTICE.contains("Apache") && NOTICE.contains("all-MiniLM-L6-v2"));
    }

    #[test]
    fn no_script_of_the_source_becomes_unknown_whole() {
        let tokenizer = tokenizer();
        for word in
            ["caf\u{e9}", "\u{6771}\u{4eac}", "\u{43f}\u{438}\u{446}\u{446}\u{430}", "\u{3c0}\u{3af}\u{3c4}\u{3b1}"]
        {
            let pieces = tokenizer.words(&[word]).unwrap();
            assert!(!pieces.tokens.is_empty() && !pieces.tokens.contains(&"[UNK]".to_owned()), "{pieces:?}");
        }
    }
}
