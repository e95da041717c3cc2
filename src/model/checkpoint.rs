//! The weight files of a folder: one `model.safetensors`, or several with an index, or else PyTorch's `.bin`. Finds every parameter of the
//! network under the names that writers have used for it, and says in plain words what it leaves aside.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use safetensors::SafeTensors;
use serde_json::{Map, Value};

use super::config::{Family, Parsed};
use super::folder::Files;
use super::weights::{self, Array, Weights};
use super::{ModelConfig, ModelError, fold};

/// The weight file and the index of several, by preference.
const CONTAINERS: [(&str, &str); 2] =
    [("model.safetensors", "model.safetensors.index.json"), ("pytorch_model.bin", "pytorch_model.bin.index.json")];

/// What the weight files hold.
#[derive(Debug)]
pub(super) struct Checkpoint {
    /// As in config.json; without tags where there is no head for words.
    pub config: ModelConfig,
    pub weights: Weights,
    pub notes: Vec<String>,
}

/// Reads every parameter.
pub(super) fn load(files: &dyn Files, parsed: &Parsed) -> Result<Checkpoint, ModelError> {
    let (shards, place) = read_shards(files)?;
    let mut store = Store::new(&shards, place)?;
    let has_head = store.has_word_head(parsed.architecture.as_deref());
    let mut config = parsed.config.clone();
    if !has_head {
        config.tags.clear();
    }
    let mut weights = Weights::new();
    for (ours, shape) in weights::parameters(&config) {
        let array = store.take(&fold::stored_name(parsed.family, &ours), &shape)?;
        weights.insert(ours, array);
    }
    let mut notes = Vec::new();
    if parsed.family == Family::Bert {
        let types = store.take_rows(fold::TOKEN_TYPES, config.dim)?;
        if let Some(positions) = weights.get_mut(fold::POSITIONS) {
            fold::fold_token_types(positions, &types);
        }
        notes.push("folded: BERT to DistilBERT, token type 0 added to the positions".to_owned());
    }
    notes.extend(store.unused());
    if !has_head {
        notes.push("new: the classification head".to_owned());
    }
    Ok(Checkpoint { config, weights, notes })
}

/// Whether a folder holds weights, all files of them.
pub(super) fn is_whole(folder: &Path) -> bool {
    let has = |name: &str| folder.join(name).is_file();
    CONTAINERS.into_iter().any(|(single, index)| {
        let shards = || shard_names(&fs::read(folder.join(index)).ok()?, index).ok();
        has(single) || shards().is_some_and(|shards| !shards.is_empty() && shards.iter().all(|name| has(name)))
    })
}

struct Shard<'a> {
    place: String,
    bytes: Cow<'a, [u8]>,
}

/// The weight files, and what is named when a tensor is in none of them.
fn read_shards(files: &dyn Files) -> Result<(Vec<Shard<'_>>, String), ModelError> {
    for (single, index) in CONTAINERS {
        let place = files.place(single);
        if let Some(bytes) = read_shard(files, single)? {
            return Ok((vec![Shard { place: place.clone(), bytes }], place));
        }
        let place = files.place(index);
        let Some(listed) = files.read(index)? else { continue };
        let shard = |name: String| {
            let missing = || ModelError::Missing { path: files.place(&name), hint: format!("{place} names it") };
            Ok(Shard { place: files.place(&name), bytes: read_shard(files, &name)?.ok_or_else(missing)? })
        };
        let shards = shard_names(&listed, &place)?.into_iter().map(shard).collect::<Result<_, ModelError>>()?;
        return Ok((shards, place));
    }
    let [(wanted, _), (other, _)] = CONTAINERS;
    let hint = format!("give a folder that holds it, or {other}");
    Err(ModelError::Missing { path: files.place(wanted), hint })
}

/// One weight file as a safetensors file.
fn read_shard<'a>(files: &'a dyn Files, name: &str) -> Result<Option<Cow<'a, [u8]>>, ModelError> {
    match name.ends_with(".bin") {
        true => Ok(files.read_pytorch(name)?.map(Cow::from)),
        false => files.read(name),
    }
}

/// The distinct file names of an index. A name that leads out of the folder is refused.
fn shard_names(index: &[u8], place: &str) -> Result<BTreeSet<String>, ModelError> {
    let wrong = |why: &str| ModelError::broken(place, why);
    let json: Value = serde_json::from_slice(index).map_err(|error| wrong(&format!("not JSON: {error}")))?;
    let map: &Map<String, Value> =
        json.get("weight_map").and_then(Value::as_object).ok_or_else(|| wrong("\"weight_map\" is missing"))?;
    map.values()
        .map(|file| match file.as_str() {
            Some(name) if !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':']) => {
                Ok(name.to_owned())
            }
            _ => Err(wrong(&format!("\"weight_map\" names {file}, which is no file name of this folder"))),
        })
        .collect()
}

/// The tensors of all shards by plain name.
struct Store<'a> {
    files: Vec<(SafeTensors<'a>, &'a str)>,
    /// Plain name to shard and name in the file; what nobody has taken yet.
    names: BTreeMap<String, (usize, String)>,
    /// What is named when a tensor is nowhere.
    place: String,
}

impl<'a> Store<'a> {
    fn new(shards: &'a [Shard<'a>], place: String) -> Result<Self, ModelError> {
        let mut files = Vec::with_capacity(shards.len());
        let mut names = BTreeMap::new();
        for (number, shard) in shards.iter().enumerate() {
            let file = SafeTensors::deserialize(&shard.bytes).map_err(|error| {
                let why = format!(
                    "not a whole safetensors file ({error}): is it cut short? {} bytes are there",
                    shard.bytes.len()
                );
                ModelError::broken(&shard.place, why)
            })?;
            names.extend(file.names().into_iter().map(|name| (fold::plain_name(name), (number, name.to_owned()))));
            files.push((file, shard.place.as_str()));
        }
        Ok(Self { files, names, place })
    }

    /// Whether `classifier` tags words. A head of the same name that classifies whole texts does not count.
    fn has_word_head(&self, architecture: Option<&str>) -> bool {
        match architecture {
            Some(name) => name.ends_with("ForTokenClassification"),
            None => {
                let has = |name: &str| self.names.contains_key(name);
                has("classifier.weight") && !has("pre_classifier.weight") && !has("pooler.dense.weight")
            }
        }
    }

    fn take(&mut self, plain: &str, shape: &[usize]) -> Result<Array, ModelError> {
        let missing =
            || ModelError::MissingTensor { path: self.place.clone(), name: plain.to_owned(), expected: shape.to_vec() };
        let (number, name) = self.names.get(plain).ok_or_else(missing)?;
        let (file, place) = self.files.get(*number).ok_or_else(missing)?;
        let array = weights::tensor(file, name, shape, place)?;
        self.names.remove(plain);
        self.names.remove(&weights::scale_name(plain));
        Ok(array)
    }

    /// Takes a table of any number of rows, at least one.
    fn take_rows(&mut self, plain: &str, width: usize) -> Result<Array, ModelError> {
        let view = self.names.get(plain).and_then(|(number, name)| self.files.get(*number)?.0.tensor(name).ok());
        let rows = view.and_then(|view| view.shape().first().copied()).unwrap_or(1).max(1);
        self.take(plain, &[rows, width])
    }

    /// One sentence for each part of the files that nobody took.
    fn unused(&self) -> Vec<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let buffers = ["embeddings.position_ids", "embeddings.token_type_ids"];
        for name in self.names.keys().filter(|name| !buffers.contains(&name.as_str())) {
            *counts.entry(part_of(name)).or_default() += 1;
        }
        let unknown = self.names.keys().find(|name| part_of(name) == UNKNOWN && !buffers.contains(&name.as_str()));
        let line = |(part, count)| {
            let tensors = if count == 1 { "tensor" } else { "tensors" };
            let example = unknown.filter(|_| part == UNKNOWN).map(|name| format!(", such as {name:?}"));
            format!("not used: {count} {tensors} of {part}{}", example.unwrap_or_default())
        };
        counts.into_iter().map(line).collect()
    }
}

const UNKNOWN: &str = "unknown parts";

/// What a tensor that the network has no place for belongs to.
fn part_of(name: &str) -> &'static str {
    let parts = [
        ("vocab_", "the masked-word head"),
        ("cls.predictions.", "the masked-word head"),
        ("cls.seq_relationship.", "the next-sentence head"),
        ("pooler.", "the pooler"),
        ("qa_outputs.", "the question-answering head"),
        ("pre_classifier.", "the head for whole texts"),
        ("classifier.", "the head for whole texts"),
    ];
    parts.iter().find(|(start, _)| name.starts_with(start)).map_or(UNKNOWN, |(_, part)| part)
}
