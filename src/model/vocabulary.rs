//! `tokenizer.json` as data, and the files that transformers needs beside it.
//!
//! It is made from a `vocab.txt`, or freed of length limits.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{ModelConfig, arch::SpecialPieces};

/// Piece that was added to a vocabulary. It is found in the text before the text is cut into pieces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct AddedPiece {
    /// Row of the table of word pieces.
    #[serde(default)]
    id: u32,
    content: String,
    #[serde(default)]
    single_word: bool,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    normalized: bool,
    #[serde(default)]
    special: bool,
}

impl AddedPiece {
    /// A piece as files without further properties have it.
    fn new(id: u32, content: &str, special: bool) -> Self {
        let content = content.to_owned();
        Self { id, content, single_word: false, lstrip: false, rstrip: false, normalized: !special, special }
    }
}

/// Reads `added_tokens_decoder` of a `tokenizer_config.json`: an object from ids to pieces.
pub(super) fn added_by_id(list: &Value) -> Result<Vec<AddedPiece>, String> {
    let list: BTreeMap<u32, AddedPiece> = BTreeMap::deserialize(list)
        .map_err(|error| format!("\"added_tokens_decoder\" is not an object from ids to pieces: {error}"))?;
    Ok(list.into_iter().map(|(id, piece)| AddedPiece { id, ..piece }).collect())
}

/// Returns the pieces of an `added_tokens.json`, which maps pieces to ids, in the order of the ids.
/// Those that `special` (`special_tokens_map.json`) names are special.
pub(super) fn added_by_name(ids: BTreeMap<String, u32>, special: &Map<String, Value>) -> Vec<AddedPiece> {
    let mut names = HashSet::new();
    for value in special.values() {
        let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        names.extend(list.iter().filter_map(|item| item.as_str().or_else(|| item.get("content")?.as_str())));
    }
    let mut pieces: Vec<AddedPiece> =
        ids.into_iter().map(|(piece, id)| AddedPiece::new(id, &piece, names.contains(piece.as_str()))).collect();
    pieces.sort_by_key(|piece| piece.id);
    pieces
}

/// Makes the `tokenizer.json` for a `vocab.txt`.
/// It uses the settings in `tokenizer_config.json`, and the pieces `added` to the vocabulary.
///
/// Each line of the vocabulary is a piece, its line number is the id. The result equals transformers'
/// `BertTokenizerFast`. The error states what the vocabulary lacks.
pub(super) fn from_vocab(
    vocab: &str,
    settings: &Map<String, Value>,
    special: &SpecialPieces,
    added: &[AddedPiece],
) -> Result<Vec<u8>, String> {
    let lines =
        vocab.strip_suffix('\n').unwrap_or(vocab).split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let ids: Map<String, Value> = lines.zip(0_u32..).map(|(piece, id)| (piece.to_owned(), json!(id))).collect();
    let special = special.named_in(settings);
    let [_, unk, cls, sep, _] = &special;
    let template = template(cls, sep, &ids)?;
    id_of(unk, &ids)?;
    check_ids(added, &ids)?;
    let own = special.iter().filter(|piece| !added.iter().any(|added| added.content == **piece));
    let own = own.filter_map(|piece| {
        let id = u32::try_from(ids.get(piece)?.as_u64()?).ok()?;
        Some(AddedPiece::new(id, piece, true))
    });
    let mut added: Vec<AddedPiece> = own.chain(added.iter().cloned()).collect();
    added.sort_by_key(|piece| piece.id);
    let json = json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": true,
            "handle_chinese_chars": is_on(settings, "tokenize_chinese_chars"),
            "strip_accents": settings.get("strip_accents").and_then(Value::as_bool),
            "lowercase": is_on(settings, "do_lower_case"),
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": template,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": true},
        "model": {
            "type": "WordPiece",
            "unk_token": unk,
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": ids,
        },
    });
    Ok(json.to_string().into_bytes())
}

/// Checks that each added piece has an id of its own.
fn check_ids(added: &[AddedPiece], ids: &Map<String, Value>) -> Result<(), String> {
    let taken: HashSet<u64> = ids.values().filter_map(Value::as_u64).collect();
    for AddedPiece { id, content, .. } in added {
        match ids.get(content).and_then(Value::as_u64) {
            Some(line) if line != u64::from(*id) => {
                return Err(format!(
                    "the added piece {content:?} has the id {id}, but in the vocabulary it has the id {line}"
                ));
            }
            None if taken.contains(&u64::from(*id)) => {
                return Err(format!(
                    "the added piece {content:?} has the id {id}, which a piece of the vocabulary has"
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a setting is on, which is the default.
fn is_on(settings: &Map<String, Value>, key: &str) -> bool {
    settings.get(key).and_then(Value::as_bool).unwrap_or(true)
}

fn id_of(piece: &str, ids: &Map<String, Value>) -> Result<Value, String> {
    ids.get(piece).cloned().ok_or_else(|| format!("the piece {piece:?} is missing"))
}

/// Makes the rule that frames inputs with the special pieces.
/// It is for one input or a pair.
fn template(cls: &str, sep: &str, ids: &Map<String, Value>) -> Result<Value, String> {
    let single = [item("SpecialToken", cls, 0), item("Sequence", "A", 0), item("SpecialToken", sep, 0)];
    let second = [item("Sequence", "B", 1), item("SpecialToken", sep, 1)];
    let pair: Vec<&Value> = single.iter().chain(&second).collect();
    let (first, last) = (id_of(cls, ids)?, id_of(sep, ids)?);
    Ok(json!({
        "type": "TemplateProcessing",
        "single": single,
        "pair": pair,
        "special_tokens": {
            (cls): {"id": cls, "ids": [first], "tokens": [cls]},
            (sep): {"id": sep, "ids": [last], "tokens": [sep]},
        },
    }))
}

/// Makes one item of the rule: a special piece, or an input.
fn item(kind: &str, name: &str, type_id: u8) -> Value {
    json!({(kind): {"id": name, "type_id": type_id}})
}

/// Removes truncation and padding from a `tokenizer.json`.
///
/// Sentence encoders have both, and they would shorten the inputs of a model that is trained from it.
pub(super) fn without_limits(json: &[u8]) -> serde_json::Result<Cow<'_, [u8]>> {
    #[derive(Deserialize)]
    struct Limits {
        truncation: Option<IgnoredAny>,
        padding: Option<IgnoredAny>,
    }
    let limits: Limits = serde_json::from_slice(json)?;
    if limits.truncation.is_none() && limits.padding.is_none() {
        return Ok(json.into());
    }
    let mut value: Map<String, Value> = serde_json::from_slice(json)?;
    value.insert("truncation".to_owned(), Value::Null);
    value.insert("padding".to_owned(), Value::Null);
    Ok(serde_json::to_vec(&value)?.into())
}

/// Parts of `tokenizer.json` that the files beside it repeat.
#[derive(Deserialize)]
struct Outline {
    #[serde(default)]
    normalizer: Option<Value>,
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    #[serde(default)]
    r#type: String,
    /// Pieces and ids. Lists with scores, of models other than WordPiece, are not read.
    #[serde(default)]
    vocab: Value,
}

fn pretty(map: Map<String, Value>) -> Vec<u8> {
    format!("{:#}\n", Value::Object(map)).into_bytes()
}

/// Files beside `tokenizer.json` in a folder.
pub(super) struct Companions {
    /// Names and bytes of the files beside `tokenizer.json`.
    /// They are `tokenizer_config.json`, `special_tokens_map.json`, and `vocab.txt` for word pieces.
    pub files: Vec<(&'static str, Vec<u8>)>,
    /// The id of the padding piece.
    pub pad: u32,
}

/// Makes the files beside the `tokenizer.json` of a model.
pub(super) fn companions(json: &[u8], model: &ModelConfig) -> serde_json::Result<Companions> {
    let outline: Outline = serde_json::from_slice(json)?;
    let empty = Map::new();
    let ids = outline.model.vocab.as_object().unwrap_or(&empty);
    let names = &model.arch.special;
    let pad = ids.get(names.pad).and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
    let special: Map<String, Value> = names
        .by_key()
        .into_iter()
        .filter(|(_, piece)| ids.contains_key(*piece))
        .map(|(key, piece)| (key.to_owned(), json!(piece)))
        .collect();
    let mut config = special.clone();
    let normalizer =
        outline.normalizer.as_ref().filter(|rule| rule.get("type").is_some_and(|kind| kind == "BertNormalizer"));
    let class = if normalizer.is_some() { model.arch.tokenizer_class } else { "PreTrainedTokenizerFast" };
    for (theirs, ours) in [
        ("do_lower_case", "lowercase"),
        ("strip_accents", "strip_accents"),
        ("tokenize_chinese_chars", "handle_chinese_chars"),
    ] {
        if let Some(rule) = normalizer {
            config.insert(theirs.to_owned(), rule.get(ours).cloned().unwrap_or_default());
        }
    }
    config.insert("model_max_length".to_owned(), json!(model.max_positions));
    config.insert("tokenizer_class".to_owned(), json!(class));
    let mut files = vec![("tokenizer_config.json", pretty(config)), ("special_tokens_map.json", pretty(special))];
    if outline.model.r#type == "WordPiece" {
        files.extend(vocab_txt(ids).map(|text| ("vocab.txt", text)));
    }
    Ok(Companions { files, pad: pad.unwrap_or_default() })
}

/// Lists the pieces in the order of their ids, one for each line.
/// `None` if the ids have gaps.
fn vocab_txt(ids: &Map<String, Value>) -> Option<Vec<u8>> {
    let mut pieces: Vec<(u64, &str)> =
        ids.iter().map(|(piece, id)| Some((id.as_u64()?, piece.as_str()))).collect::<Option<_>>()?;
    pieces.sort_unstable();
    if !pieces.iter().zip(0..).all(|(&(id, piece), line)| id == line && !piece.contains(['\n', '\r'])) {
        return None;
    }
    Some(pieces.iter().flat_map(|(_, piece)| [piece, "\n"]).collect::<String>().into_bytes())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{PieceTokenizer, TokenizerError, arch::DISTILBERT};

    const VOCAB: &str = "[PAD]\n[unused0]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nx\nthe\ntapas\nbar\n##a\n##x\n##pas\n##s\n";

    pub(in crate::model) fn made() -> Vec<u8> {
        from_vocab(VOCAB, &Map::new(), &DISTILBERT.special, &[]).unwrap()
    }

    pub(in crate::model) fn read(json: &[u8]) -> Result<PieceTokenizer, TokenizerError> {
        PieceTokenizer::from_json(json, &DISTILBERT.special)
    }

    #[test]
    fn a_vocabulary_becomes_a_tokenizer() {
        let tokenizer = read(&made()).unwrap();
        assert_eq!((tokenizer.cls(), tokenizer.sep(), tokenizer.vocab_size()), (3, 4, 15));
        assert_eq!(tokenizer.words(&["Tapas", "bars", "\u{e4}x", "?"]).unwrap().ids, [9, 10, 14, 6, 12, 2]);
    }

    #[test]
    fn settings_beside_a_vocabulary_are_honoured() {
        let cased = json!({"do_lower_case": false, "cls_token": {"content": "the"}});
        let made = from_vocab(VOCAB, cased.as_object().unwrap(), &DISTILBERT.special, &[]).unwrap();
        let tokenizer = read(&made).unwrap();
        assert_eq!(tokenizer.words(&["Tapas"]).unwrap().tokens, ["[UNK]"]);
        assert_eq!(tokenizer.cls(), 8);
    }

    #[test]
    fn added_pieces_keep_their_ids_even_with_gaps() {
        for ids in [[15, 16], [20, 31]] {
            let list = json!({
                "3": {"content": "[CLS]", "lstrip": false, "normalized": false, "rstrip": false, "special": true},
                (ids[0].to_string()): {"content": "e-mail", "lstrip": false, "normalized": true, "rstrip": false},
                (ids[1].to_string()): {"content": "[NUM]", "lstrip": false, "normalized": false, "rstrip": false,
                    "special": true},
            });
            let names = BTreeMap::from([("e-mail".to_owned(), ids[0]), ("[NUM]".to_owned(), ids[1])]);
            let special = json!({"cls_token": "[CLS]", "additional_special_tokens": ["[NUM]"]});
            for added in [added_by_id(&list).unwrap(), added_by_name(names, special.as_object().unwrap())] {
                let json = from_vocab(VOCAB, &Map::new(), &DISTILBERT.special, &added).unwrap();
                let tokenizer = read(&json).unwrap();
                let pieces = tokenizer.words(&["The", "E-Mail", "[NUM]", "bar"]).unwrap();
                assert_eq!(pieces.ids, [8, ids[0], ids[1], 10], "{added:?}");
                assert_eq!(tokenizer.vocab_size(), usize::try_from(ids[1]).unwrap() + 1);
            }
        }
    }

    #[test]
    fn an_added_piece_with_the_id_of_another_is_refused() {
        let refused = |id, content: &str| {
            let added = [AddedPiece::new(id, content, false)];
            from_vocab(VOCAB, &Map::new(), &DISTILBERT.special, &added).unwrap_err()
        };
        assert!(refused(9, "new").contains("the id 9, which a piece of the vocabulary"));
        assert!(refused(15, "bar").contains("in the vocabulary it has the id 10"));
    }

    #[test]
    fn a_vocabulary_without_special_pieces_is_refused_by_name() {
        assert!(from_vocab("a\nb\n", &Map::new(), &DISTILBERT.special, &[]).unwrap_err().contains("[CLS]"));
    }

    #[test]
    fn limits_go_and_the_rest_stays() {
        let plain = made();
        assert!(matches!(without_limits(&plain).unwrap(), Cow::Borrowed(_)));
        let mut limited: Value = serde_json::from_slice(&plain).unwrap();
        limited["truncation"] =
            json!({"max_length": 128, "strategy": "LongestFirst", "stride": 0, "direction": "Right"});
        assert_eq!(without_limits(limited.to_string().as_bytes()).unwrap().as_ref(), plain);
    }

    #[test]
    fn the_vocabulary_can_be_written_back() {
        let config = crate::model::embedded::config("mini").unwrap();
        let Companions { files, pad } = companions(&made(), &config).unwrap();
        assert_eq!(files.last().unwrap(), &("vocab.txt", VOCAB.as_bytes().to_vec()));
        assert_eq!(pad, 0);
    }
}
