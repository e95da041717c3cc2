//! For tests: the tiny model and its golden numbers.
//! They come from `tests/reference/training_tiny.py`.

use burn::tensor::Device;
use serde::Deserialize;

use crate::model::{
    arch::DISTILBERT,
    config::ModelConfig,
    network::{CpuNetwork, TensorNetwork},
    weights::{self, Weights},
};

const BEFORE: &[u8] = include_bytes!("../../tests/reference/training_tiny.safetensors");
const AFTER: &[u8] = include_bytes!("../../tests/reference/training_tiny_after.safetensors");
const NUMBERS: &str = include_str!("../../tests/reference/training_tiny.json");

#[derive(Deserialize)]
pub(crate) struct Tiny {
    pub(crate) inputs: Vec<Vec<u32>>,
    pub(crate) logits: Vec<Vec<Vec<f32>>>,
    pub(crate) steps: Vec<Step>,
    pub(crate) orders: Vec<OrderCase>,
}

#[derive(Deserialize)]
pub(crate) struct Step {
    pub(crate) inputs: Vec<Vec<u32>>,
    pub(crate) labels: Vec<Vec<i64>>,
    pub(crate) loss: f64,
    pub(crate) grad_norm: f64,
    pub(crate) lr: f64,
}

#[derive(Deserialize)]
pub(crate) struct OrderCase {
    pub(crate) n: usize,
    pub(crate) seed: u64,
    pub(crate) epoch: usize,
    pub(crate) order: Vec<usize>,
}

pub(crate) fn tiny() -> Tiny {
    serde_json::from_str(NUMBERS).unwrap()
}

pub(crate) fn config() -> ModelConfig {
    ModelConfig {
        arch: &DISTILBERT,
        vocab_size: 60,
        max_positions: 24,
        dim: 16,
        layers: 2,
        heads: 2,
        hidden_dim: 32,
        dropout: 0.0,
        attention_dropout: 0.0,
        tags: ["O", "B-Dish", "I-Dish", "B-Price", "I-Price"].map(str::to_owned).to_vec(),
        pad: Some(0),
        label_mode: None,
        constrained: false,
        scale: None,
    }
}

pub(crate) fn before() -> Weights {
    read(BEFORE)
}

pub(crate) fn after() -> Weights {
    read(AFTER)
}

pub(crate) fn read(bytes: &[u8]) -> Weights {
    weights::from_safetensors(bytes).unwrap()
}

/// Logits of each piece of each input.
type Logits = Vec<Vec<Vec<f32>>>;

#[cfg(test)]
mod tests {
    use super::*;

    /// Function that computes the logits of some inputs.
    type Says = Box<dyn Fn(&[&[u32]]) -> Logits>;

    /// Both networks.
    fn networks(config: &ModelConfig, weights: &Weights) -> [Says; 2] {
        let host = CpuNetwork::new(config, weights.clone()).unwrap();
        let composed = TensorNetwork::new(config, weights.clone(), &Device::flex()).unwrap();
        [Box::new(move |inputs| host.logits(inputs)), Box::new(move |inputs| composed.logits(inputs))]
    }

    fn assert_close(ours: &[Vec<Vec<f32>>], theirs: &[Vec<Vec<f32>>]) {
        let lengths = |logits: &[Vec<Vec<f32>>]| logits.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(ours), lengths(theirs));
        for (ours, theirs) in ours.iter().flatten().flatten().zip(theirs.iter().flatten().flatten()) {
            assert!((ours - theirs).abs() < 1e-4, "{ours} {theirs}");
        }
    }

    #[test]
    fn logits_are_those_of_transformers() {
        let tiny = tiny();
        let inputs: Vec<&[u32]> = tiny.inputs.iter().map(Vec::as_slice).collect();
        for logits in networks(&config(), &before()) {
            let alone: Logits = inputs.iter().map(|input| logits(&[input]).remove(0)).collect();
            for ours in [logits(&inputs), alone] {
                assert_close(&ours, &tiny.logits);
            }
        }
    }

    /// A Hugging Face folder with these weights.
    fn folder(config: &serde_json::Value, weights: &[u8], words: usize) -> crate::model::BaseModel {
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned);
        let vocabulary: Vec<String> = special.into_iter().chain((5..words).map(|at| format!("w{at}"))).collect();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        std::fs::write(folder.path().join("model.safetensors"), weights).unwrap();
        std::fs::write(folder.path().join("vocab.txt"), vocabulary.join("\n")).unwrap();
        crate::model::open(folder.path().to_str().unwrap()).unwrap()
    }

    #[test]
    fn a_folded_bert_gives_the_logits_of_transformers() {
        #[derive(Deserialize)]
        struct Bert {
            config: serde_json::Value,
            inputs: Vec<Vec<u32>>,
            logits: Logits,
        }
        let bert: Bert = serde_json::from_str(include_str!("../../tests/reference/training_tiny_bert.json")).unwrap();
        let weights = include_bytes!("../../tests/reference/training_tiny_bert.safetensors");
        let base = folder(&bert.config, weights, 60);
        let inputs: Vec<&[u32]> = bert.inputs.iter().map(Vec::as_slice).collect();
        for logits in networks(&base.config, &base.weights) {
            assert_close(&logits(&inputs), &bert.logits);
        }
    }

    #[test]
    fn logits_of_one_to_512_pieces_are_those_of_transformers() {
        #[derive(Deserialize)]
        struct Long {
            inputs: Vec<Vec<u32>>,
            rows: Vec<Vec<usize>>,
            models: Vec<Model>,
        }
        #[derive(Deserialize)]
        struct Model {
            name: String,
            config: serde_json::Value,
            alone: Logits,
            together: Logits,
        }
        let long: Long = serde_json::from_str(include_str!("../../tests/reference/logits_long.json")).unwrap();
        let weights: [&[u8]; 2] = [
            include_bytes!("../../tests/reference/logits_long_distilbert.safetensors"),
            include_bytes!("../../tests/reference/logits_long_bert.safetensors"),
        ];
        let inputs: Vec<&[u32]> = long.inputs.iter().map(Vec::as_slice).collect();
        let kept = |all: Logits| -> Logits {
            let row =
                |(logits, rows): (Vec<Vec<f32>>, &Vec<usize>)| rows.iter().map(|at| logits[*at].clone()).collect();
            all.into_iter().zip(&long.rows).map(row).collect()
        };
        for (model, weights) in long.models.iter().zip(weights) {
            let base = folder(&model.config, weights, 100);
            assert!(model.config["model_type"] == model.name.as_str());
            for logits in networks(&base.config, &base.weights) {
                let alone = inputs.iter().map(|input| logits(&[input]).remove(0)).collect();
                assert_close(&kept(alone), &model.alone);
                assert_close(&kept(logits(&inputs)), &model.together);
            }
        }
    }

    #[test]
    fn weights_come_out_as_they_went_in() {
        assert_eq!(CpuNetwork::new(&config(), before()).unwrap().weights(), before());
        assert_eq!(TensorNetwork::new(&config(), before(), &Device::flex()).unwrap().weights(), before());
    }

    #[test]
    fn nothing_in_gives_nothing_out() {
        for logits in networks(&config(), &before()) {
            assert!(logits(&[]).is_empty());
            assert_eq!(logits(&[&[]]), [Vec::<Vec<f32>>::new()]);
            let out = logits(&[&[], &[2, 9, 3], &[]]);
            assert_eq!(out.iter().map(Vec::len).collect::<Vec<_>>(), [0, 3, 0]);
            assert_eq!(logits(&[&[9999; 40]])[0].len(), 40);
        }
    }
}
