//! A model of an architecture that only `model/arch/fake.rs` describes.
//! It is opened, trained, written and opened again.

#![cfg(test)]

use std::{fs, path::Path};

use burn::tensor::Device;

use super::*;
use crate::model::{
    self, Array, Weights,
    arch::{Architecture, fake::FAKE},
    network::{CpuNetwork, TensorNetwork},
};

const PIECES: [&str; 20] = [
    "<pad>", "<unk>", "<s>", "</s>", "<hide>", "cheap", "tacos", "near", "me", "any", "sushi", "bars", "open", "late",
    "find", "a", "five", "star", "place", "##s",
];

/// Writes a base of the architecture, as another program would have written it.
fn write_base(folder: &Path) {
    let config = r#"{"model_type": "fake", "architectures": ["FakeModel"], "pieces": 20, "norm_floor": 1e-3}"#;
    let mut state = 3u64;
    let mut random = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mixed(state) >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let model = ModelConfig { arch: &FAKE, vocab_size: 20, ..sizes() };
    let mut weights: Weights = model
        .tensors()
        .into_iter()
        .map(|(name, shape)| {
            let middle = if name.ends_with("scale.weight") { 1.0 } else { 0.0 };
            let data = (0..shape.iter().product()).map(|_| middle + 0.3 * random()).collect();
            (name, Array { shape, data })
        })
        .collect();
    weights.insert("guess.weight".into(), Array { shape: vec![1], data: vec![0.0] });
    fs::write(folder.join("config.json"), config).unwrap();
    fs::write(folder.join("model.safetensors"), weights::to_safetensors(&weights).unwrap()).unwrap();
    fs::write(folder.join("vocab.txt"), PIECES.join("\n")).unwrap();
}

/// The defaults of the architecture.
fn sizes() -> ModelConfig {
    let keys = &FAKE.config;
    ModelConfig {
        max_positions: keys.max_positions.default,
        dim: keys.dim.default,
        layers: keys.layers.default,
        heads: keys.heads.default,
        hidden_dim: keys.hidden_dim.default,
        ..base().config
    }
}

fn open(folder: &Path) -> BaseModel {
    model::open(folder.to_str().unwrap()).unwrap()
}

/// Logits of both networks.
fn logits(base: &BaseModel, arch: &'static Architecture) -> [Vec<f32>; 2] {
    let config = ModelConfig { arch, ..base.config.clone() };
    let input: &[u32] = &[2, 5, 6, 3];
    let cpu = CpuNetwork::new(&config, base.weights.clone()).unwrap().logits(&[input]);
    let tensors = TensorNetwork::new(&config, base.weights.clone(), &Device::flex()).unwrap().logits(&[input]);
    [cpu, tensors].map(|logits| logits.into_iter().flatten().flatten().collect())
}

fn furthest(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn one_file_is_enough_for_an_architecture() {
    let (before, after) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_base(before.path());
    let base = open(before.path());
    assert_eq!(base.notes, ["not used: 1 tensor of the guessing head", "new: the classification head"]);
    assert_eq!((base.tokenizer.cls(), base.tokenizer.sep(), base.tokenizer.mask()), (2, 3, Some(4)));
    assert!(base.weights.contains_key("trunk.floors.1.look.ask.weight"));

    let sink = Memory::default();
    let job = Job { base: base.clone(), ..job(|s| (s.mask, s.epochs) = (0.1, 1.0)) };
    let report = run_with(job, &sink, &[]).unwrap();
    assert_eq!(report.steps, 2);
    for (name, bytes) in &sink.get().files {
        fs::write(after.path().join(name), bytes).unwrap();
    }

    let config: serde_json::Value = serde_json::from_slice(&sink.get().files["config.json"]).unwrap();
    assert_eq!(
        (&config["model_type"], &config["pieces"], &config["norm_floor"]),
        (&"fake".into(), &20.into(), &1e-3.into())
    );
    assert_eq!(
        (&config["architectures"][0], &config["direction"]),
        (&"FakeForTokenClassification".into(), &"both".into())
    );
    let tokenizer: serde_json::Value = serde_json::from_slice(&sink.get().files["tokenizer_config.json"]).unwrap();
    assert_eq!((&tokenizer["tokenizer_class"], &tokenizer["mask_token"]), (&"FakeTokenizer".into(), &"<hide>".into()));

    let trained = open(after.path());
    assert!(trained.notes.is_empty(), "{:?}", trained.notes);
    assert_eq!(trained.tokenizer_json, base.tokenizer_json);
    let names = |base: &BaseModel| base.weights.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&trained)[..2], ["answer.bias", "answer.weight"]);
    assert_eq!(names(&trained)[2..], names(&base));
    assert_ne!(trained.weights["trunk.lookup.places.weight"], base.weights["trunk.lookup.places.weight"]);

    let [cpu, tensors] = logits(&trained, &FAKE);
    assert!(furthest(&cpu, &tensors) < 1e-5, "{cpu:?} {tensors:?}");
    let other: &'static Architecture = Box::leak(Box::new(Architecture { epsilon: 1e-12, ..FAKE }));
    for other in logits(&trained, other) {
        assert!(furthest(&cpu, &other) > 1e-4, "the epsilon has an effect: {cpu:?} {other:?}");
    }
}
