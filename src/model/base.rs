//! Reads a model from its files: configuration, tokenizer, weights.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::arch::SpecialPieces;
use super::files::Files;
use super::tokenizer::PieceTokenizer;
use super::vocabulary::AddedPiece;
use super::{ModelConfig, ModelError, Weights, config, vocabulary, weight_files};
use crate::text::number::with_noun;

/// A model that was opened and checked: every parameter exists and has its shape.
#[derive(Clone, Debug)]
pub struct BaseModel {
    /// Sizes, and tags if it has a head for words.
    pub config: ModelConfig,
    /// Every tensor of the configuration.
    pub weights: Weights,
    /// Tokenizer.
    pub tokenizer: PieceTokenizer,
    /// `tokenizer.json`, without length limits.
    pub tokenizer_json: Vec<u8>,
    /// Name under which it was opened.
    pub name: String,
    /// Sentences about unused tensors, a change of architecture, and a new head.
    pub notes: Vec<String>,
}

/// Rows that programs add at most so that the number of word pieces is round.
const ROUND: usize = 128;

impl BaseModel {
    /// Reports rows of the table of word pieces that no piece has. A few that make their number round are not reported.
    pub fn unused_rows(&self) -> Option<String> {
        let rows = self.config.vocab_size;
        let unused = rows.saturating_sub(self.tokenizer.vocab_size());
        if unused == 0 || unused < ROUND && rows.is_multiple_of(8) {
            return None;
        }
        let rows = with_noun(unused, "row");
        Some(format!(
            "not used: {rows} of the table of word pieces, which no piece has; if pieces were added to the vocabulary, the \
             file that lists them (added_tokens.json) is missing"
        ))
    }
}

/// Whether a folder contains all files of a model.
/// Other programs download single ones into the cache.
pub(super) fn is_whole(folder: &Path) -> bool {
    let [config, tokenizer, vocabulary] =
        ["config.json", "tokenizer.json", "vocab.txt"].map(|name| folder.join(name).is_file());
    config && (tokenizer || vocabulary) && weight_files::is_whole(folder)
}

/// Reads a model from its files.
pub(super) fn assemble(files: &dyn Files, name: &str) -> Result<BaseModel, ModelError> {
    let place = files.place("config.json");
    let Some(json) = files.read("config.json")? else {
        let hint = "a model folder has one beside its weights".to_owned();
        return Err(ModelError::Missing { path: place, hint });
    };
    let parsed = config::parse(&json, &place)?;
    let (tokenizer, tokenizer_json) = tokenizer(files, &parsed.stored.special)?;
    if tokenizer.vocab_size() > parsed.config.vocab_size {
        let (ids, rows) = (tokenizer.vocab_size(), parsed.config.vocab_size);
        let why = format!("\"vocab_size\" is {rows}, but the tokenizer needs {ids}: they are not of one model");
        return Err(ModelError::broken(&place, why));
    }
    let weight_files::Loaded { config, weights, notes } = weight_files::load(files, &parsed)?;
    let mut base = BaseModel { config, weights, tokenizer, tokenizer_json, name: name.to_owned(), notes };
    base.notes.extend(base.unused_rows());
    Ok(base)
}

/// Opens the tokenizer of a folder.
/// Also returns its `tokenizer.json`, which may be made from `vocab.txt`.
pub(super) fn tokenizer(
    files: &dyn Files,
    special: &'static SpecialPieces,
) -> Result<(PieceTokenizer, Vec<u8>), ModelError> {
    let (place, json) = match files.read("tokenizer.json")? {
        Some(json) => {
            let place = files.place("tokenizer.json");
            let json = vocabulary::without_limits(&json);
            (place.clone(), json.map_err(|error| ModelError::broken(&place, error.to_string()))?.into_owned())
        }
        None => (files.place("vocab.txt"), tokenizer_from_vocab(files, special)?),
    };
    let tokenizer = PieceTokenizer::from_json(&json, special);
    let tokenizer = tokenizer.map_err(|source| ModelError::Tokenizer { path: place, source })?;
    Ok((tokenizer, json))
}

fn tokenizer_from_vocab(files: &dyn Files, special: &SpecialPieces) -> Result<Vec<u8>, ModelError> {
    let place = files.place("vocab.txt");
    let Some(vocab) = files.read("vocab.txt")? else {
        let hint = "a model folder has it, or a vocab.txt".to_owned();
        return Err(ModelError::Missing { path: files.place("tokenizer.json"), hint });
    };
    let vocab = str::from_utf8(&vocab).map_err(|error| ModelError::broken(&place, error.to_string()))?;
    let settings = match files.read("tokenizer_config.json")? {
        Some(json) => serde_json::from_slice(&json)
            .map_err(|error| ModelError::broken(&files.place("tokenizer_config.json"), error.to_string()))?,
        None => Map::<String, Value>::new(),
    };
    let added = added_pieces(files, &settings)?;
    vocabulary::from_vocab(vocab, &settings, special, &added).map_err(|why| ModelError::broken(&place, why))
}

/// Reads the pieces that were added to a vocabulary: from the settings of the tokenizer, or from the file of early versions.
fn added_pieces(files: &dyn Files, settings: &Map<String, Value>) -> Result<Vec<AddedPiece>, ModelError> {
    if let Some(list) = settings.get("added_tokens_decoder") {
        let place = files.place("tokenizer_config.json");
        return vocabulary::added_by_id(list).map_err(|why| ModelError::broken(&place, why));
    }
    let Some(json) = files.read("added_tokens.json")? else { return Ok(Vec::new()) };
    let place = files.place("added_tokens.json");
    let ids: BTreeMap<String, u32> =
        serde_json::from_slice(&json).map_err(|error| ModelError::broken(&place, error.to_string()))?;
    let special = match files.read("special_tokens_map.json")? {
        Some(json) => serde_json::from_slice(&json)
            .map_err(|error| ModelError::broken(&files.place("special_tokens_map.json"), error.to_string()))?,
        None => Map::new(),
    };
    Ok(vocabulary::added_by_name(ids, &special))
}
