//! The parts of a `tokenizer.json` that are accepted, and the tokenizer made of them.
//!
//! The file may come from a stranger, and parts of the crate `tokenizers` panic, loop or fill the memory if their
//! parameters are hostile. So the file is read here. Accepted are the parts that models of word pieces use, with bounded
//! parameters, and the crate gets nothing else. It does not get the rule that frames an input (its ids are read here), the
//! decoder, or limits of length, because none of them is used.

use std::collections::HashMap;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokenizers::{
    AddedToken, Tokenizer,
    models::wordpiece::WordPiece,
    normalizers::{self, BertNormalizer, Lowercase, NFC, NFD, NFKC, NFKD, Nmt, NormalizerWrapper, Strip, StripAccents},
    pre_tokenizers::{
        self, PreTokenizerWrapper,
        bert::BertPreTokenizer,
        digits::Digits,
        punctuation::Punctuation,
        whitespace::{Whitespace, WhitespaceSplit},
    },
};

/// Parts that a tokenizer may have. Some lengthen the text, so a chain of them must be short.
const MOST_PARTS: usize = 16;
/// Characters of the longest word that is cut into pieces. The time grows with its square.
const MOST_CHARACTERS: usize = 1_000;
/// Bytes of a name or prefix, and number of the pieces beside the vocabulary.
const MOST_BYTES: usize = 256;
const MOST_ADDED: usize = 10_000;
/// Bound of the ids, as for `vocab_size` in `config.json`.
const MOST_IDS: u32 = 100_000_000;

const NORMALIZERS: &str = "BertNormalizer, NFC, NFD, NFKC, NFKD, Nmt, Lowercase, Strip, StripAccents, Sequence";
const PRE_TOKENIZERS: &str = "BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, Digits, Sequence";
const FRAMES: &str = "TemplateProcessing, BertProcessing";

/// A `tokenizer.json` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// Not a `tokenizer.json`.
    #[error("not a readable tokenizer: {0}")]
    Json(#[from] serde_json::Error),
    /// It has a part or a parameter that is not supported.
    #[error("this tokenizer is not supported: {0}")]
    Refused(String),
}

/// A tokenizer with what its file says about ids.
pub(super) struct Parts {
    pub(super) tokenizer: Tokenizer,
    /// Ids of the pieces before and after an input, if the file names them.
    pub(super) frame: Option<(u32, u32)>,
    /// Highest id of the vocabulary; 0 if it is empty.
    pub(super) highest: u32,
}

/// Makes the tokenizer of a `tokenizer.json`.
pub(super) fn read(json: &[u8]) -> Result<Parts, PartsError> {
    // Models of another kind have other fields.
    let kind = serde_json::from_slice::<Outline>(json)?.model.kind;
    if let Some(kind) = kind.filter(|kind| kind != "WordPiece") {
        return Err(PartsError::Refused(format!(
            "its model {kind:?} is not the one of bert and distilbert models, which are the only ones that tagli trains; use a \
             model whose tokenizer has the model WordPiece"
        )));
    }
    let file: File = serde_json::from_slice(json)?;
    make(file).map_err(PartsError::Refused)
}

#[derive(Deserialize)]
struct Outline {
    model: OutlineModel,
}

#[derive(Deserialize)]
struct OutlineModel {
    /// Absent in files of early versions.
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    added_tokens: Vec<Added>,
    #[serde(default)]
    normalizer: Option<Value>,
    #[serde(default)]
    pre_tokenizer: Option<Value>,
    #[serde(default)]
    post_processor: Option<Value>,
    model: Model,
}

#[derive(Deserialize)]
struct Added {
    #[serde(default)]
    id: Option<u32>,
    #[serde(flatten)]
    token: AddedToken,
}

#[derive(Deserialize)]
struct Model {
    unk_token: String,
    continuing_subword_prefix: String,
    max_input_chars_per_word: usize,
    vocab: HashMap<String, u32>,
}

fn make(file: File) -> Result<Parts, String> {
    let (named, added): (Vec<Option<u32>>, Vec<AddedToken>) =
        file.added_tokens.into_iter().map(|added| (added.id, added.token)).unzip();
    check_added(&added)?;
    let frame = file.post_processor.as_ref().map(frame).transpose()?;
    let mut left = MOST_PARTS;
    let normalizer = file.normalizer.map(|part| normalizer(&part, &mut left)).transpose()?;
    let pre_tokenizer = file.pre_tokenizer.map(|part| pre_tokenizer(&part, &mut left)).transpose()?;
    let mut vocabulary = file.model;
    keep_ids(&mut vocabulary.vocab, &named, &added)?;
    let highest = vocabulary.vocab.values().copied().max().unwrap_or_default();
    let mut tokenizer = Tokenizer::new(model(vocabulary)?);
    tokenizer.with_normalizer(normalizer).with_pre_tokenizer(pre_tokenizer);
    tokenizer.add_tokens(&added);
    Ok(Parts { tokenizer, frame, highest })
}

/// Puts added pieces into the vocabulary to which the crate would give other ids than their file: it takes the next free
/// ones, so that a gap would move all pieces after it to rows of others.
fn keep_ids(vocab: &mut HashMap<String, u32>, named: &[Option<u32>], added: &[AddedToken]) -> Result<(), String> {
    let size = vocab.len();
    let is_next = |at: usize, id: &u32| usize::try_from(*id).is_ok_and(|id| id == size + at);
    let new = named.iter().zip(added).filter(|(_, token)| !vocab.contains_key(&token.content));
    let new: Vec<(u32, &String)> = new.filter_map(|(id, token)| Some(((*id)?, &token.content))).collect();
    if new.iter().enumerate().all(|(at, (id, _))| is_next(at, id)) {
        return Ok(());
    }
    let mut taken: HashMap<u32, &str> = vocab.iter().map(|(piece, id)| (*id, piece.as_str())).collect();
    for (id, piece) in &new {
        if let Some(other) = taken.insert(*id, piece.as_str()).filter(|other| *other != piece.as_str()) {
            return Err(format!("the added token {piece:?} has the id {id} of {other:?}"));
        }
    }
    vocab.extend(new.into_iter().map(|(id, piece)| (piece.clone(), id)));
    Ok(())
}

fn model(model: Model) -> Result<WordPiece, String> {
    let Model { unk_token, continuing_subword_prefix, max_input_chars_per_word, vocab } = model;
    if max_input_chars_per_word > MOST_CHARACTERS {
        let key = "max_input_chars_per_word";
        return Err(format!("\"{key}\" is {max_input_chars_per_word}, and at most {MOST_CHARACTERS} are allowed"));
    }
    if unk_token.len() > MOST_BYTES || continuing_subword_prefix.len() > MOST_BYTES {
        let keys = "\"unk_token\" or \"continuing_subword_prefix\"";
        return Err(format!("{keys} has more than {MOST_BYTES} bytes"));
    }
    if let Some((piece, id)) = vocab.iter().find(|(_, id)| **id >= MOST_IDS) {
        return Err(format!("the id of the piece {piece:?} is {id}, and all must be below {MOST_IDS}"));
    }
    // The crate's type of a vocabulary has no other public constructor.
    let mut ids = WordPiece::read_bytes(b"").map_err(|error| error.to_string())?;
    ids.extend(vocab);
    let builder = WordPiece::builder().vocab(ids).unk_token(unk_token);
    let builder = builder.continuing_subword_prefix(continuing_subword_prefix);
    builder.max_input_chars_per_word(max_input_chars_per_word).build().map_err(|error| error.to_string())
}

fn check_added(added: &[AddedToken]) -> Result<(), String> {
    if added.len() > MOST_ADDED {
        return Err(format!("it has {} added tokens, and at most {MOST_ADDED} are allowed", added.len()));
    }
    match added.iter().find(|token| token.content.len() > MOST_BYTES || token.content.trim().is_empty()) {
        Some(token) if token.content.len() > MOST_BYTES => {
            Err(format!("an added token has more than {MOST_BYTES} bytes"))
        }
        Some(token) => Err(format!("the added token {:?} is blank", token.content)),
        None => Ok(()),
    }
}

fn normalizer(part: &Value, left: &mut usize) -> Result<NormalizerWrapper, String> {
    Ok(match kind(part, left)? {
        "BertNormalizer" => parameters::<BertNormalizer>(part)?.into(),
        "NFC" => NFC.into(),
        "NFD" => NFD.into(),
        "NFKC" => NFKC.into(),
        "NFKD" => NFKD.into(),
        "Nmt" => Nmt.into(),
        "Lowercase" => Lowercase.into(),
        "Strip" => parameters::<Strip>(part)?.into(),
        "StripAccents" => StripAccents.into(),
        "Sequence" => {
            let parts = list(part, "normalizers")?.iter().map(|part| normalizer(part, left));
            normalizers::Sequence::new(parts.collect::<Result<_, _>>()?).into()
        }
        other => return Err(unknown("normalizer", other, NORMALIZERS)),
    })
}

fn pre_tokenizer(part: &Value, left: &mut usize) -> Result<PreTokenizerWrapper, String> {
    Ok(match kind(part, left)? {
        "BertPreTokenizer" => BertPreTokenizer.into(),
        "Whitespace" => Whitespace.into(),
        "WhitespaceSplit" => WhitespaceSplit.into(),
        "Punctuation" => parameters::<Punctuation>(part)?.into(),
        "Digits" => parameters::<Digits>(part)?.into(),
        "Sequence" => {
            let parts = list(part, "pretokenizers")?.iter().map(|part| pre_tokenizer(part, left));
            pre_tokenizers::sequence::Sequence::new(parts.collect::<Result<_, _>>()?).into()
        }
        other => return Err(unknown("pre-tokenizer", other, PRE_TOKENIZERS)),
    })
}

/// Returns the kind of a part, and counts the part.
fn kind<'a>(part: &'a Value, left: &mut usize) -> Result<&'a str, String> {
    *left = left.checked_sub(1).ok_or_else(|| format!("it has more than {MOST_PARTS} parts"))?;
    part.get("type").and_then(Value::as_str).ok_or_else(|| "a part of it has no \"type\"".to_owned())
}

fn unknown(what: &str, kind: &str, known: &str) -> String {
    format!(
        "its {what} {kind:?} is not one of the tokenizers of bert and distilbert models, and other parts can hang or fill the \
         memory; use one of {known}"
    )
}

fn list<'a>(part: &'a Value, key: &str) -> Result<&'a [Value], String> {
    part.get(key).and_then(Value::as_array).map(Vec::as_slice).ok_or_else(|| format!("\"{key}\" is not a list"))
}

/// Reads the parameters of a part whose kind is known.
fn parameters<T: DeserializeOwned>(part: &Value) -> Result<T, String> {
    serde_json::from_value(part.clone()).map_err(|error| error.to_string())
}

/// Returns the ids of the pieces before and after an input.
fn frame(rule: &Value) -> Result<(u32, u32), String> {
    #[derive(Deserialize)]
    struct BertProcessing {
        cls: (String, u32),
        sep: (String, u32),
    }
    match kind(rule, &mut 1)? {
        "BertProcessing" => parameters(rule).map(|BertProcessing { cls, sep }| (cls.1, sep.1)),
        "TemplateProcessing" => parameters::<Template>(rule)?.frame(),
        other => Err(unknown("post-processor", other, FRAMES)),
    }
}

#[derive(Deserialize)]
struct Template {
    single: Vec<Item>,
    special_tokens: HashMap<String, Special>,
}

#[derive(Deserialize)]
enum Item {
    Sequence { id: String },
    SpecialToken { id: String },
}

#[derive(Deserialize)]
struct Special {
    ids: Vec<u32>,
}

impl Template {
    fn frame(&self) -> Result<(u32, u32), String> {
        match self.single.as_slice() {
            [Item::SpecialToken { id: first }, Item::Sequence { id }, Item::SpecialToken { id: last }] if id == "A" => {
                Ok((self.id(first)?, self.id(last)?))
            }
            _ => Err("its post-processor does not put one piece before an input and one after it".to_owned()),
        }
    }

    fn id(&self, name: &str) -> Result<u32, String> {
        match self.special_tokens.get(name).map(|special| special.ids.as_slice()) {
            Some([id]) => Ok(*id),
            _ => Err(format!("its post-processor names {name:?} without one id for it")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::model::{arch::DISTILBERT, vocabulary};

    const VOCAB: &str = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ncreme\nbrul\n##ee\ntaco\n##s\n,\n";

    /// A tokenizer with another value at a path such as `model.type`.
    fn with(path: &str, value: Value) -> Vec<u8> {
        let made = vocabulary::from_vocab(VOCAB, &Map::new(), &DISTILBERT.special, &[]).unwrap();
        let mut json: Value = serde_json::from_slice(&made).unwrap();
        let pointer = format!("/{}", path.replace('.', "/"));
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        json.pointer_mut(parent).unwrap()[key] = value;
        serde_json::to_vec(&json).unwrap()
    }

    fn refused(path: &str, value: Value) -> String {
        read(&with(path, value)).err().expect(path).to_string()
    }

    #[test]
    fn parts_that_panic_loop_or_fill_the_memory_are_refused_by_name() {
        let replace = json!({"type": "Replace", "pattern": {"String": "a"}, "content": "aaaaaaaaaaaaaaaaaaaaaaaa"});
        let chain = json!({"type": "Sequence", "normalizers": vec![replace; 7]});
        let precompiled = json!({"type": "Precompiled", "precompiled_charsmap": ""});
        let fixed = json!({"type": "FixedLength", "length": 0});
        let split = json!({"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": false});
        let byte_level = json!({"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true});
        for (path, part, name) in [
            ("normalizer", precompiled, "\"Precompiled\""),
            ("normalizer", chain, "\"Replace\""),
            ("normalizer", json!({"type": "Prepend", "prepend": "x"}), "\"Prepend\""),
            ("pre_tokenizer", fixed, "\"FixedLength\""),
            ("pre_tokenizer", split, "\"Split\""),
            ("post_processor", byte_level, "\"ByteLevel\""),
            ("model.type", json!("BPE"), "\"BPE\""),
            ("model", json!({"type": "Unigram", "unk_id": 7, "vocab": [["a", null]]}), "\"Unigram\""),
        ] {
            let error = refused(path, part);
            assert!(error.contains(name) && error.contains("bert and distilbert models"), "{path}: {error}");
        }
    }

    #[test]
    fn a_template_must_frame_an_input_with_pieces_that_it_knows() {
        let made: Value = serde_json::from_slice(&with("version", json!("1.0"))).unwrap();
        let change = |key: &str, value: Value| {
            let mut template = made["post_processor"].clone();
            template[key] = value;
            refused("post_processor", template)
        };
        let input = json!({"Sequence": {"id": "A", "type_id": 0}});
        let special = |name: &str| json!({"SpecialToken": {"id": name, "type_id": 0}});
        let error = change("single", json!([special("[CLS]"), input, special("[X]")]));
        assert!(error.contains("names \"[X]\" without one id"), "{error}");
        assert!(change("special_tokens", json!({})).contains("names \"[CLS]\""));
        for single in [json!([]), json!([input]), json!([special("[CLS]"), input, input, special("[SEP]")])] {
            assert!(change("single", single).contains("one piece before an input and one after it"));
        }
    }

    #[test]
    fn parameters_are_bounded() {
        let lower = json!({"type": "Lowercase"});
        let many = json!({"type": "Sequence", "normalizers": vec![lower.clone(); MOST_PARTS]});
        let token = |content: String| {
            json!({"id": 0, "content": content, "single_word": false, "lstrip": false, "rstrip": false,
                "normalized": true, "special": false})
        };
        let added: Vec<Value> = (0..=MOST_ADDED).map(|n| token(n.to_string())).collect();
        for (path, value, why) in [
            ("normalizer", many, "more than 16 parts"),
            ("normalizer", json!({"type": "Sequence"}), "not a list"),
            ("normalizer", json!({"type": "Strip"}), "missing field"),
            ("normalizer", json!({"strip_left": true}), "no \"type\""),
            ("model.max_input_chars_per_word", json!(1_000_000_000), "at most 1000"),
            ("model.continuing_subword_prefix", json!("#".repeat(1 << 20)), "more than 256 bytes"),
            ("model.vocab", json!({"a": u32::MAX}), "all must be below"),
            ("added_tokens", json!(added), "at most 10000"),
            ("added_tokens", json!([token("x".repeat(257))]), "more than 256 bytes"),
            ("added_tokens", json!([token(" ".to_owned())]), "is blank"),
        ] {
            let error = refused(path, value);
            assert!(error.contains(why), "{path}: {error}");
        }
        let deep = (0..20).fold(lower, |part, _| json!({"type": "Sequence", "normalizers": [part]}));
        assert!(refused("normalizer", deep).contains("more than 16 parts"));
        let sequences = "[".repeat(200) + &"]".repeat(200);
        let deeper = format!("{{\"normalizer\": {sequences}, \"model\": {{}}}}");
        assert!(matches!(read(deeper.as_bytes()), Err(PartsError::Json(_))));
    }

    #[test]
    fn accepted_parts_give_the_pieces_that_the_crate_gives() {
        let normalizers = json!({"type": "Sequence", "normalizers": [
            {"type": "NFD"}, {"type": "Lowercase"}, {"type": "StripAccents"}, {"type": "Strip", "strip_left": true, "strip_right": true},
        ]});
        let pre_tokenizers = json!({"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"}, {"type": "Punctuation"}, {"type": "Digits", "individual_digits": true},
        ]});
        let bert = json!({"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]});
        for json in [
            with("version", json!("1.0")),
            with("normalizer", normalizers),
            with("normalizer", Value::Null),
            with("pre_tokenizer", pre_tokenizers),
            with("pre_tokenizer", json!({"type": "Whitespace"})),
            with("post_processor", bert),
        ] {
            let theirs = Tokenizer::from_bytes(&json).unwrap();
            let Parts { tokenizer, frame, .. } = read(&json).unwrap();
            assert_eq!(frame, Some((2, 3)));
            for text in ["Crème brûlée, 12 tacos", " [MASK] creme  ", ""] {
                let encode = |tokenizer: &Tokenizer| tokenizer.encode(text, false).unwrap();
                let (ours, theirs) = (encode(&tokenizer), encode(&theirs));
                assert_eq!((ours.get_ids(), ours.get_offsets()), (theirs.get_ids(), theirs.get_offsets()), "{text}");
            }
        }
    }

    #[test]
    fn early_files_without_the_kind_of_the_model_are_read() {
        let mut json: Value = serde_json::from_slice(&with("post_processor", Value::Null)).unwrap();
        json["model"].as_object_mut().unwrap().shift_remove("type");
        let Parts { tokenizer, frame, .. } = read(&serde_json::to_vec(&json).unwrap()).unwrap();
        assert_eq!((tokenizer.token_to_id("taco"), frame), (Some(8), None));
    }
}
