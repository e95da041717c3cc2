//! Opens a base model by name, and writes a trained one.
//! Both are Hugging Face folders.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::base::{BaseModel, assemble, is_whole};
use super::files::{Files, Folder};
use super::{ModelConfig, ModelError, Weights, embedded, hub, vocabulary, weights};
use crate::runs::{FolderSink, embedded_bases::is_embedded};

/// Whether a base must be downloaded first.
/// A valid name of the hub, and neither a path nor complete in the cache.
pub fn needs_download(base: &str) -> bool {
    if is_embedded(base) || !hub::is_id(base) || Path::new(base).exists() {
        return false;
    }
    let cached = hub::cache_folder().and_then(|cache| hub::cached(&cache, base));
    !cached.is_some_and(|folder| is_whole(&folder))
}

/// Opens an embedded base, a folder, or a model in the local Hugging Face cache.
///
/// # Errors
/// There is no such model, its files or the program's are broken, or its kind is not supported.
pub fn open(base: &str) -> Result<BaseModel, ModelError> {
    if let Some(opened) = embedded::open(base) {
        return opened;
    }
    if Path::new(base).is_dir() {
        return assemble(&Folder(base.into()), base);
    }
    let folder = find_cached(base).map_err(|looked| ModelError::NotFound { base: base.to_owned(), looked })?;
    if !is_whole(&folder) {
        let hint = format!("the cache holds a part of {base} only; `tagli models pull {base}` fetches the rest");
        return Err(ModelError::Missing { path: format!("a file of {}", folder.display()), hint });
    }
    assemble(&Folder(folder), base)
}

/// Opens a folder with a model that has at most the size of another one and any tags, as [`write()`] has written it. Of its
/// files only as much is read as such a model needs.
///
/// # Errors
/// There is no such model, a file is larger or of another kind, or its contents are broken.
pub fn open_like(folder: &Path, other: &BaseModel) -> Result<BaseModel, ModelError> {
    let numbers: usize = other.weights.values().map(|array| array.data.len()).sum();
    let head = (other.config.dim + 1) * MOST_TAGS;
    let most_weights = HEADER + NUMBER * (numbers + head) as u64;
    assemble(&Small { folder: Folder(folder.into()), most_weights }, &folder.to_string_lossy())
}

/// Bytes of a number of the weights.
const NUMBER: u64 = 4;
/// Most bytes of the list of weights, at the beginning of their file.
const HEADER: u64 = 1 << 20;
/// Most tags of a model that is opened as small as another one.
const MOST_TAGS: usize = 4096;

/// A folder that may come from a stranger, of which only what is expected is read.
struct Small {
    folder: Folder,
    /// Most bytes of the weights.
    most_weights: u64,
}

impl Files for Small {
    fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError> {
        match name {
            "config.json" | "tokenizer.json" => self.folder.read(name),
            "model.safetensors" => self.folder.read_up_to(name, self.most_weights),
            _ => Ok(None),
        }
    }

    fn place(&self, name: &str) -> String {
        self.folder.place(name)
    }
}

/// Returns the folder of a model in the cache, or the reason why there is none.
fn find_cached(base: &str) -> Result<PathBuf, String> {
    if !hub::is_id(base) {
        return Err("it is no name of a model on the hub".to_owned());
    }
    let cache = hub::cache_folder().ok_or("there is no home folder with a Hugging Face cache")?;
    hub::cached(&cache, base)
        .ok_or_else(|| format!("the Hugging Face cache in {} does not contain it", cache.display()))
}

/// Writes a model into a folder that [`open`] and transformers read.
/// Does not finish the sink.
///
/// # Errors
/// A file cannot be written, or the weights do not match the configuration.
pub fn write(
    sink: &mut dyn FolderSink,
    config: &ModelConfig,
    weights: &Weights,
    tokenizer_json: &[u8],
) -> Result<(), ModelError> {
    check(config, weights)?;
    let beside = vocabulary::companions(tokenizer_json, config)
        .map_err(|error| ModelError::broken("tokenizer.json", error.to_string()))?;
    let stored = weights::to_safetensors(weights);
    let stored = stored.map_err(|error| ModelError::broken("model.safetensors", error.to_string()))?;
    let config = config.to_json(beside.pad);
    let files: [(&str, &[u8]); 3] =
        [("config.json", &config), ("model.safetensors", &stored), ("tokenizer.json", tokenizer_json)];
    let beside = beside.files.iter().map(|(name, bytes)| (*name, bytes.as_slice()));
    for (name, bytes) in files.into_iter().chain(beside) {
        sink.file(name, bytes).map_err(|source| ModelError::Write { name: name.to_owned(), source })?;
    }
    Ok(())
}

/// Checks that no parameter is missing: such a folder could not be opened.
fn check(config: &ModelConfig, weights: &Weights) -> Result<(), ModelError> {
    let path = "model.safetensors".to_owned();
    for (name, expected) in config.tensors() {
        match weights.get(&name) {
            None => return Err(ModelError::MissingTensor { path, name, expected }),
            Some(array) if array.shape != expected => {
                return Err(ModelError::WrongShape { path, name, expected, found: array.shape.clone() });
            }
            Some(_) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;
    use std::{fs, io};

    use serde_json::{Map, Value};

    use super::*;
    use crate::model::Array;
    use crate::model::arch::{Architecture, DISTILBERT};

    const VOCAB: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nx\nthe\nbar\n##a\n##x\n##s\ntapas\n";

    pub(crate) fn tiny_tokenizer() -> Vec<u8> {
        vocabulary::from_vocab(VOCAB, &Map::new(), &DISTILBERT.special, &[]).unwrap()
    }

    /// Files of a model in memory; also a sink.
    #[derive(Clone, Default)]
    struct Memory(BTreeMap<String, Vec<u8>>);

    impl Files for Memory {
        fn read(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, ModelError> {
            Ok(self.0.get(name).map(Cow::from))
        }

        fn place(&self, name: &str) -> String {
            format!("here/{name}")
        }
    }

    impl FolderSink for Memory {
        fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
            self.0.insert(name.to_owned(), bytes.to_vec());
            Ok(())
        }

        fn finish(self: Box<Self>) -> io::Result<()> {
            Ok(())
        }
    }

    fn config(tags: &[&str]) -> ModelConfig {
        ModelConfig {
            arch: &DISTILBERT,
            vocab_size: 13,
            max_positions: 8,
            dim: 4,
            layers: 2,
            heads: 2,
            hidden_dim: 6,
            dropout: 0.1,
            attention_dropout: 0.2,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            pad: Some(0),
            label_mode: Some(crate::runs::LabelMode::AllI),
            constrained: true,
            scale: crate::spans::Temperature::new(1.75).and_then(|found| crate::spans::ScoreScale::new(found, -0.5)),
        }
    }

    /// Some number for every parameter, all different.
    fn fill(shapes: impl IntoIterator<Item = (String, Vec<usize>)>) -> Weights {
        let mut next = 0.0_f32;
        let mut array = |shape: Vec<usize>| {
            let data = std::iter::repeat_with(|| {
                next += 1.0;
                (next * 0.7).sin()
            });
            Array { data: data.take(shape.iter().product()).collect(), shape }
        };
        shapes.into_iter().map(|(name, shape)| (name, array(shape))).collect()
    }

    fn written(tags: &[&str]) -> (Memory, Weights) {
        let config = config(tags);
        let weights = fill(config.tensors());
        let mut folder = Memory::default();
        write(&mut folder, &config, &weights, &tiny_tokenizer()).unwrap();
        (folder, weights)
    }

    /// A BERT of two layers with old layer norm names, a pooler and a masked-word head.
    pub(crate) fn bert_files() -> BTreeMap<String, Vec<u8>> {
        let config = config(&[]);
        let bert = Architecture::find("bert").unwrap();
        let config = ModelConfig { arch: bert, ..config };
        let theirs = |(name, shape): (String, Vec<usize>)| {
            let name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
            (name, shape)
        };
        let more = [
            ("bert.embeddings.token_type_embeddings.weight", vec![2, 4]),
            ("bert.pooler.dense.weight", vec![4, 4]),
            ("bert.pooler.dense.bias", vec![4]),
            ("cls.predictions.bias", vec![13]),
        ];
        let more = more.map(|(name, shape)| (name.to_owned(), shape));
        let weights = fill(config.tensors().into_iter().map(theirs).chain(more));
        let config = r#"{"model_type": "bert", "architectures": ["BertForMaskedLM"], "vocab_size": 13, "hidden_size": 4,
            "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 6, "max_position_embeddings": 8,
            "hidden_act": "gelu", "layer_norm_eps": 1e-12, "position_embedding_type": "absolute"}"#;
        [
            ("config.json", config.as_bytes().to_vec()),
            ("model.safetensors", weights::to_safetensors(&weights).unwrap()),
            ("tokenizer.json", tiny_tokenizer()),
        ]
        .map(|(name, bytes)| (name.to_owned(), bytes))
        .into()
    }

    fn error(folder: &Memory) -> String {
        assemble(folder, "x").unwrap_err().to_string()
    }

    #[test]
    fn what_is_written_opens_the_same() {
        for tags in [&[][..], &["O", "B-Dish", "I-Dish"]] {
            let (folder, weights) = written(tags);
            let base = assemble(&folder, "mine").unwrap();
            assert_eq!((base.config, base.weights, base.name), (config(tags), weights, "mine".to_owned()));
            assert_eq!(base.tokenizer_json, tiny_tokenizer());
            assert_eq!(base.notes.is_empty(), !tags.is_empty());
        }
    }

    #[test]
    fn a_bert_folder_is_folded_and_says_what_it_leaves_aside() {
        let base = assemble(&Memory(bert_files()), "bert").unwrap();
        assert_eq!(base.weights.len(), config(&[]).tensors().len());
        let notes = [
            "folded: BERT to DistilBERT, token type 0 added to the positions",
            "not used: 1 tensor of the masked-word head",
            "not used: 2 tensors of the pooler",
            "new: the classification head",
        ];
        assert_eq!(base.notes, notes);
    }

    #[test]
    fn a_vocabulary_stands_in_for_the_tokenizer() {
        let (mut folder, _) = written(&[]);
        folder.0.remove("tokenizer.json");
        assert_eq!(assemble(&folder, "x").unwrap().tokenizer_json, tiny_tokenizer());
        folder.0.remove("vocab.txt");
        assert!(error(&folder).starts_with("here/tokenizer.json is missing"));
    }

    #[test]
    fn several_weight_files_are_one_model() {
        let (mut folder, weights) = written(&["O"]);
        folder.0.remove("model.safetensors");
        let (mut one, mut two) = (weights.clone(), weights.clone());
        one.retain(|name, _| name < &"distilbert.transformer".to_owned());
        two.retain(|name, _| !one.contains_key(name));
        let index: Map<String, Value> = (one.keys().map(|name| (name.clone(), "one".into())))
            .chain(two.keys().map(|name| (name.clone(), "two".into())))
            .collect();
        folder.0.insert("one".into(), weights::to_safetensors(&one).unwrap());
        folder
            .0
            .insert("model.safetensors.index.json".into(), serde_json::json!({"weight_map": index}).to_string().into());
        assert!(error(&folder).contains("here/two is missing"));
        folder.0.insert("two".into(), weights::to_safetensors(&two).unwrap());
        assert_eq!(assemble(&folder, "x").unwrap().weights, weights);
        folder.0.insert("model.safetensors.index.json".into(), br#"{"weight_map": {"a": "../../secret"}}"#.to_vec());
        assert!(error(&folder).contains("no file name of this folder"));
    }

    #[test]
    fn errors_name_the_file_and_the_tensor() {
        let (good, mut weights) = written(&["O"]);
        let with = |name: &str, bytes: Vec<u8>| {
            let mut folder = good.clone();
            folder.0.insert(name.to_owned(), bytes);
            error(&folder)
        };
        assert!(with("config.json", b"{".to_vec()).starts_with("here/config.json: not a JSON object"));
        assert!(with("tokenizer.json", b"[1]".to_vec()).starts_with("here/tokenizer.json: "));
        let whole = good.0["model.safetensors"].clone();
        assert!(with("model.safetensors", whole[..whole.len() - 1].to_vec()).contains("is it cut short?"));
        let removed = weights.remove("distilbert.transformer.layer.1.ffn.lin2.weight").unwrap();
        let message = with("model.safetensors", weights::to_safetensors(&weights).unwrap());
        assert_eq!(
            message,
            "here/model.safetensors: tensor \"transformer.layer.1.ffn.lin2.weight\" is missing; \
             it should have shape [4, 6]"
        );
        let turned = Array { shape: vec![6, 4], ..removed };
        weights.insert("distilbert.transformer.layer.1.ffn.lin2.weight".into(), turned);
        let message = with("model.safetensors", weights::to_safetensors(&weights).unwrap());
        assert!(message.ends_with("has shape [6, 4], but config.json asks for [4, 6]"), "{message}");
        let mut none = good.clone();
        none.0.remove("model.safetensors");
        assert!(error(&none).ends_with("give a folder that holds it, or pytorch_model.bin"));
    }

    #[test]
    fn pytorchs_container_stands_in_for_safetensors() {
        let (model, weights) = written(&["O"]);
        let folder = tempfile::tempdir().unwrap();
        let files = model.0.iter().filter(|(name, _)| *name != "model.safetensors");
        files.for_each(|(name, bytes)| fs::write(folder.path().join(name), bytes).unwrap());
        let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/pytorch_bin_zip.bin");
        fs::copy(bin, folder.path().join("pytorch_model.bin")).unwrap();
        // Weights of another model are found, and the error names the file.
        let message = open(folder.path().to_str().unwrap()).unwrap_err().to_string();
        assert!(message.contains("pytorch_model.bin: tensor") && message.contains("has shape [60, 16]"), "{message}");
        let config = String::from_utf8(model.0["config.json"].clone()).unwrap();
        let config = [("13", "60"), ("\"dim\": 4", "\"dim\": 16"), ("\"hidden_dim\": 6", "\"hidden_dim\": 32")]
            .into_iter()
            .fold(config, |config, (from, to)| config.replace(from, to))
            .replace("\"max_position_embeddings\": 8", "\"max_position_embeddings\": 24");
        fs::write(folder.path().join("config.json"), config.replace("TokenClassification", "MaskedLM")).unwrap();
        let base = open(folder.path().to_str().unwrap()).unwrap();
        assert_eq!(base.weights.len(), weights.len() - 2);
        assert!(
            base.notes.iter().any(|note| note.contains("not used: 2 tensors of the head for whole texts")),
            "{:?}",
            base.notes
        );
    }

    #[test]
    fn what_is_not_computed_is_refused_by_name() {
        let (good, _) = written(&[]);
        let text = String::from_utf8(good.0["config.json"].clone()).unwrap();
        let with = |from: &str, to: &str| {
            assert!(text.contains(from));
            let mut folder = good.clone();
            folder.0.insert("config.json".into(), text.replace(from, to).into_bytes());
            error(&folder)
        };
        assert!(with("\"distilbert\"", "\"roberta\"").contains("a model of type \"roberta\" cannot be read"));
        assert!(with("\"gelu\"", "\"relu\"").contains("\"activation\" is \"relu\""));
        assert!(with("\"dim\": 4", "\"dim\": 5").contains("a divisor of \"dim\""));
        assert!(with("\"dim\": 4", "\"dim\": 99999999999999999999").contains("whole number"));
        assert!(with("\"vocab_size\": 13", "\"vocab_size\": 12").contains("not of one model"));
        for wrong in ["0.04", "21", "-1", "1e999", "\"1\"", "[]"] {
            let message = with("\"tagli_temperature\": 1.75", &format!("\"tagli_temperature\": {wrong}"));
            assert!(message.contains("a number from 0.05 to 20") || message.contains("not a JSON object"), "{message}");
        }
        assert!(with("\"tagli_span_shift\": -0.5", "\"tagli_span_shift\": 9").contains("a number from -8 to 8"));
    }

    #[test]
    fn a_model_that_lacks_a_parameter_is_not_written() {
        let (_, mut weights) = written(&["O"]);
        weights.remove("classifier.bias");
        let error = write(&mut Memory::default(), &config(&["O"]), &weights, &tiny_tokenizer()).unwrap_err();
        assert!(error.to_string().contains("classifier.bias"));
    }

    #[test]
    fn a_name_that_is_nowhere_says_where_it_was_looked_for() {
        assert!(open("./no/such/folder").unwrap_err().to_string().contains("no such folder"));
        assert!(open("no-such-owner/no-such-model").unwrap_err().to_string().contains("tagli models pull"));
    }
}
