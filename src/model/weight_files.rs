//! The weight files of a folder.
//! One `model.safetensors`, or several with an index, or PyTorch's `.bin`.
//!
//! Finds every parameter of the network under the names that writers have used for it, and reports what is not used.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use safetensors::SafeTensors;
use serde_json::{Map, Value};

use super::arch::Architecture;
use super::config::Parsed;
use super::files::{Files, read_file};
use super::weights::{self, Array, Weights};
use super::{ModelConfig, ModelError, four_bits};

/// Names of a single weight file and of the index of several.
/// They are in order of preference.
const CONTAINERS: [(&str, &str); 2] =
    [("model.safetensors", "model.safetensors.index.json"), ("pytorch_model.bin", "pytorch_model.bin.index.json")];

/// Tensors without trained values that some writers add.
const BUFFERS: [&str; 2] = ["embeddings.position_ids", "embeddings.token_type_ids"];

/// Part of a tensor that no architecture knows.
const UNKNOWN: &str = "unknown parts";

/// The parameters of a model.
#[derive(Debug)]
pub(super) struct Loaded {
    /// As in config.json; without tags where there is no head for words.
    pub config: ModelConfig,
    pub weights: Weights,
    /// Sentences about unused tensors, a change of architecture, and a new head.
    pub notes: Vec<String>,
}

/// Reads every parameter under the name that the architecture gives it.
/// It is the architecture as which the model is opened.
pub(super) fn load(files: &dyn Files, parsed: &Parsed) -> Result<Loaded, ModelError> {
    let stored = parsed.stored;
    let (shards, place) = read_shards(files)?;
    let mut store = Store::new(stored, &shards, place)?;
    let has_head = store.has_word_head(parsed.class.as_deref());
    let mut config = parsed.config.clone();
    if !has_head {
        config.tags.clear();
    }
    let mut weights = Weights::new();
    let parameters = config.parameters();
    let positions = parameters.positions.name.clone();
    for (parameter, names) in parameters.zip(stored.names.tensors(config.layers)).into_vec() {
        if parameter.slot.count() == 0 {
            continue;
        }
        for (ours, theirs) in parameter.tensors.into_iter().zip(names) {
            let array = store.take(&stored.names.plain(&theirs), &parameter.slot.stored_shape())?;
            weights.insert(ours, array);
        }
    }
    let mut notes = Vec::new();
    if let Some(name) = stored.token_types {
        let types = store.take_rows(name, config.dim)?;
        if let Some(positions) = weights.get_mut(&positions) {
            add_token_type(positions, &types);
        }
    }
    if let Some(opened) = stored.opened_as {
        let (from, to) = (stored.title, opened.title);
        notes.push(format!("folded: {from} to {to}, token type 0 added to the positions"));
    }
    notes.extend(store.unused());
    if !has_head {
        notes.push("new: the classification head".to_owned());
    }
    Ok(Loaded { config, weights, notes })
}

/// Adds token type 0 to every position.
fn add_token_type(positions: &mut Array, types: &Array) {
    let width = positions.width().max(1);
    for row in positions.data.chunks_exact_mut(width) {
        for (value, of_type) in row.iter_mut().zip(&types.data) {
            *value += of_type;
        }
    }
}

/// Whether a folder contains all files of its weights.
pub(super) fn is_whole(folder: &Path) -> bool {
    CONTAINERS.into_iter().any(|(single, index)| folder.join(single).is_file() || has_shards(folder, index))
}

/// Whether a folder contains this index, and every file that it names.
fn has_shards(folder: &Path, index: &str) -> bool {
    let Ok(Some(bytes)) = read_file(folder, index) else { return false };
    let shards = shard_names(&bytes, index).unwrap_or_default();
    !shards.is_empty() && shards.iter().all(|name| folder.join(name).is_file())
}

struct Shard<'a> {
    place: String,
    bytes: Cow<'a, [u8]>,
}

/// Reads the weight files.
/// Also returns the file that is named if a tensor is in none of them.
fn read_shards(files: &dyn Files) -> Result<(Vec<Shard<'_>>, String), ModelError> {
    for (single, index) in CONTAINERS {
        let place = files.place(single);
        if let Some(bytes) = read_shard(files, single)? {
            return Ok((vec![Shard { place: place.clone(), bytes }], place));
        }
        let place = files.place(index);
        let Some(listed) = files.read(index)? else { continue };
        let mut shards = Vec::new();
        for name in shard_names(&listed, &place)? {
            let Some(bytes) = read_shard(files, &name)? else {
                return Err(ModelError::Missing { path: files.place(&name), hint: format!("{place} names it") });
            };
            shards.push(Shard { place: files.place(&name), bytes });
        }
        return Ok((shards, place));
    }
    let [(wanted, _), (other, _)] = CONTAINERS;
    let hint = format!("give a folder that holds it, or {other}");
    Err(ModelError::Missing { path: files.place(wanted), hint })
}

/// Reads one weight file as a safetensors file.
fn read_shard<'a>(files: &'a dyn Files, name: &str) -> Result<Option<Cow<'a, [u8]>>, ModelError> {
    match name.ends_with(".bin") {
        true => Ok(files.read_pytorch(name)?.map(Cow::from)),
        false => files.read(name),
    }
}

/// Returns the distinct file names in an index.
/// A name that leads out of the folder is refused.
fn shard_names(index: &[u8], place: &str) -> Result<BTreeSet<String>, ModelError> {
    let json: Value =
        serde_json::from_slice(index).map_err(|error| ModelError::broken(place, format!("not JSON: {error}")))?;
    let map = json.get("weight_map").and_then(Value::as_object);
    let map: &Map<String, Value> = map.ok_or_else(|| ModelError::broken(place, "\"weight_map\" is missing"))?;
    map.values()
        .map(|file| match file.as_str() {
            Some(name) if !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\', ':']) => {
                Ok(name.to_owned())
            }
            _ => {
                let why = format!("\"weight_map\" names {file}, which is no file name of this folder");
                Err(ModelError::broken(place, why))
            }
        })
        .collect()
}

/// The tensors of all shards by plain name.
struct Store<'a> {
    architecture: &'a Architecture,
    files: Vec<(SafeTensors<'a>, &'a str)>,
    /// Tensors that were not taken: plain name to shard and name in the file.
    names: BTreeMap<String, (usize, String)>,
    /// File named in the error when a tensor is missing.
    place: String,
}

impl<'a> Store<'a> {
    fn new(architecture: &'a Architecture, shards: &'a [Shard<'a>], place: String) -> Result<Self, ModelError> {
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
            for name in file.names() {
                names.insert(architecture.names.plain(name), (number, name.to_owned()));
            }
            files.push((file, shard.place.as_str()));
        }
        Ok(Self { architecture, files, names, place })
    }

    /// Whether the classifier tags words.
    /// A classifier of the same name for whole texts does not count.
    fn has_word_head(&self, class: Option<&str>) -> bool {
        match class {
            Some(name) => name.ends_with("ForTokenClassification"),
            None => {
                let head = format!("{}.weight", self.architecture.names.head);
                let of_texts = self.architecture.text_head;
                self.names.contains_key(&head) && !of_texts.iter().any(|name| self.names.contains_key(*name))
            }
        }
    }

    fn take(&mut self, plain: &str, shape: &[usize]) -> Result<Array, ModelError> {
        let missing =
            || ModelError::MissingTensor { path: self.place.clone(), name: plain.to_owned(), expected: shape.to_vec() };
        let (number, name) = self.names.get(plain).ok_or_else(missing)?;
        let (file, place) = self.files.get(*number).ok_or_else(missing)?;
        let array = four_bits::any_tensor(file, name, shape, place)?;
        self.names.remove(plain);
        self.names.remove(&weights::scale_name(plain));
        Ok(array)
    }

    /// Takes a table with any number of rows, at least one.
    fn take_rows(&mut self, plain: &str, width: usize) -> Result<Array, ModelError> {
        let view = self.names.get(plain).and_then(|(number, name)| self.files.get(*number)?.0.tensor(name).ok());
        let rows = view.and_then(|view| view.shape().first().copied()).unwrap_or(1).max(1);
        self.take(plain, &[rows, width])
    }

    /// Returns one sentence for each part of the files that was not taken.
    fn unused(&self) -> Vec<String> {
        let mut parts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for name in self.names.keys().filter(|name| !BUFFERS.contains(&name.as_str())) {
            parts.entry(self.architecture.unused_part(name).unwrap_or(UNKNOWN)).or_default().push(name);
        }
        parts.into_iter().map(|(part, names)| unused_note(part, &names)).collect()
    }
}

fn unused_note(part: &str, names: &[&str]) -> String {
    let (count, tensors) = (names.len(), if names.len() == 1 { "tensor" } else { "tensors" });
    match names.first() {
        Some(name) if part == UNKNOWN => format!("not used: {count} {tensors} of {part}, such as {name:?}"),
        _ => format!("not used: {count} {tensors} of {part}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_type_0_is_added_to_every_position() {
        let mut positions = Array { shape: vec![2, 2], data: vec![1.0, 2.0, 3.0, 4.0] };
        add_token_type(&mut positions, &Array { shape: vec![2, 2], data: vec![10.0, 20.0, 7.0, 7.0] });
        assert_eq!(positions.data, [11.0, 22.0, 13.0, 24.0]);
    }
}
