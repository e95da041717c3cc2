//! For tests: the tiny model and the golden numbers of `tests/reference/training_tiny.py`.

use std::collections::BTreeSet;

use burn::tensor::Device;
use safetensors::SafeTensors;
use serde::Deserialize;

use super::{optimizer::AdamW, step::Shard};
use crate::model::{
    config::ModelConfig,
    network::{Network, Packed, Rows},
    weights::{Array, Weights},
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
        vocab_size: 60,
        max_positions: 24,
        dim: 16,
        layers: 2,
        heads: 2,
        hidden_dim: 32,
        dropout: 0.0,
        attention_dropout: 0.0,
        tags: ["O", "B-Dish", "I-Dish", "B-Price", "I-Price"].map(str::to_owned).to_vec(),
        label_mode: None,
    }
}

pub(crate) fn before() -> Weights {
    read(BEFORE)
}

pub(crate) fn after() -> Weights {
    read(AFTER)
}

fn read(bytes: &[u8]) -> Weights {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let floats = |bytes: &[u8]| bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    let array = |tensor: safetensors::tensor::TensorView<'_>| Array {
        shape: tensor.shape().to_vec(),
        data: floats(tensor.data()),
    };
    file.tensors().into_iter().map(|(name, tensor)| (name, array(tensor))).collect()
}

impl Tiny {
    pub(crate) fn network(&self) -> Network {
        Network::new(&config(), &before(), &Device::flex()).unwrap()
    }

    /// With only the rows that the five steps use.
    pub(crate) fn compact_network(&self) -> Network {
        let all = self.steps.iter().flat_map(|step| &step.inputs);
        let words: BTreeSet<u32> = all.clone().flatten().copied().collect();
        assert!(words.len() < 50, "some rows must stay out");
        let longest = all.map(Vec::len).max().unwrap() as u32;
        let (words, positions) = (Rows::Only(words), Rows::Only((0..longest).collect()));
        Network::build(&config(), &before(), &Device::flex(), &words, &positions).unwrap()
    }
}

/// One step without dropout, the batch cut into shards: loss and gradient norm.
pub(crate) fn step(network: &mut Network, optimiser: &mut AdamW, step: &Step, shards: usize) -> (f64, f64) {
    let size = step.inputs.len().div_ceil(shards);
    let shard = |(inputs, labels): (&[Vec<u32>], &[Vec<i64>])| {
        let inputs: Vec<&[u32]> = inputs.iter().map(Vec::as_slice).collect();
        let labels = labels.iter().flatten().enumerate();
        let labels = labels.filter_map(|(at, label)| Some((at, usize::try_from(*label).ok()?))).collect();
        Shard { packed: Packed::new(network, &inputs), labels, dropout: None }
    };
    let shards: Vec<Shard> = step.inputs.chunks(size).zip(step.labels.chunks(size)).map(shard).collect();
    super::step::train(network, optimiser, &shards, step.lr)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let network = tiny.network();
        let alone = inputs.iter().map(|input| network.logits(&[input]).remove(0)).collect();
        for ours in [network.logits(&inputs), alone] {
            assert_close(&ours, &tiny.logits);
        }
    }

    #[test]
    fn a_folded_bert_gives_the_logits_of_transformers() {
        #[derive(Deserialize)]
        struct Bert {
            config: serde_json::Value,
            inputs: Vec<Vec<u32>>,
            logits: Vec<Vec<Vec<f32>>>,
        }
        let bert: Bert = serde_json::from_str(include_str!("../../tests/reference/training_tiny_bert.json")).unwrap();
        let weights = include_bytes!("../../tests/reference/training_tiny_bert.safetensors");
        let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned);
        let vocabulary: Vec<String> = special.into_iter().chain((5..60).map(|at| format!("w{at}"))).collect();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("config.json"), bert.config.to_string()).unwrap();
        std::fs::write(folder.path().join("model.safetensors"), weights).unwrap();
        std::fs::write(folder.path().join("vocab.txt"), vocabulary.join("\n")).unwrap();
        let base = crate::model::open(folder.path().to_str().unwrap()).unwrap();
        let network = Network::new(&base.config, &base.weights, &Device::flex()).unwrap();
        let inputs: Vec<&[u32]> = bert.inputs.iter().map(Vec::as_slice).collect();
        assert_close(&network.logits(&inputs), &bert.logits);
    }

    #[test]
    fn weights_come_out_as_they_went_in() {
        assert_eq!(tiny().network().weights(), before());
        assert_eq!(tiny().compact_network().weights(), before());
    }

    #[test]
    fn nothing_in_gives_nothing_out() {
        let network = tiny().network();
        assert!(network.logits(&[]).is_empty());
        assert_eq!(network.logits(&[&[]]), [Vec::<Vec<f32>>::new()]);
        let out = network.logits(&[&[], &[2, 9, 3], &[]]);
        assert_eq!(out.iter().map(Vec::len).collect::<Vec<_>>(), [0, 3, 0]);
        assert_eq!(network.logits(&[&[9999; 40]])[0].len(), 40);
    }
}
