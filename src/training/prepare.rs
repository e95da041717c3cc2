//! Preparation of a training.
//! Checks the settings, encodes the data, makes the network.

use std::collections::BTreeSet;

use super::{
    TrainError,
    engine::{self, Engine},
    examples::{Coder, EncodedSplit, Example},
    job::Job,
    torch,
};
use crate::{
    model::{
        BaseModel, ModelConfig,
        arch::{Affine, Parameter},
        device::Chosen,
        network::Rows,
        weights::{Array, Weights},
    },
    runs::{Plan, Settings},
    spans::{Dataset, dataset::tag_names},
};

/// Everything that the training loop needs.
pub(super) struct Prepared {
    pub(super) settings: Settings,
    pub(super) plan: Plan,
    pub(super) train: EncodedSplit,
    pub(super) valid: EncodedSplit,
    pub(super) test: EncodedSplit,
    pub(super) engine: Box<dyn Engine>,
    pub(super) tokenizer_json: Vec<u8>,
    /// Piece that replaces hidden ones, if some must be hidden.
    pub(super) mask_piece: Option<u32>,
    /// Training data as given.
    pub(super) data: Dataset,
    /// Checksum of data, settings and base.
    pub(super) fingerprint: u32,
    /// Lines for the log.
    pub(super) notes: Vec<String>,
}

/// Prepares a training, on the threads of the caller's pool.
pub(super) fn prepare(job: Job, chosen: &Chosen) -> Result<Prepared, TrainError> {
    let Job { data, settings, mut base, .. } = job;
    let fingerprint = fingerprint(&data, &settings, &base);
    settings.check().map_err(TrainError::Setting)?;
    let labels = data.label_names();
    if data.train.iter().all(|sentence| sentence.words.is_empty()) {
        return Err(TrainError::NoData);
    }
    if labels.is_empty() {
        return Err(TrainError::NoLabels);
    }
    let tags = tag_names(&labels);
    let mut notes = std::mem::take(&mut base.notes);
    let [train, valid, test] = encode(&data, &settings, &base, &tags)?;
    for (split, name) in [(&train, "train"), (&valid, "valid"), (&test, "test")] {
        notes.push(format!("{name}: {} sentences, {} pieces", split.gold.len(), split.pieces()));
    }
    notes.push(head(&mut base, &tags, settings.seed));
    base.config.tags = tags;
    base.config.label_mode = Some(settings.label_mode);
    base.config.constrained = settings.constrained;
    if let Some(rate) = settings.dropout {
        base.config.dropout = rate;
        base.config.attention_dropout = rate;
    }
    let mask_piece = match settings.mask > 0.0 {
        true => Some(base.tokenizer.mask().ok_or_else(|| no_mask_piece(&base))?),
        false => None,
    };
    let (words, positions) = rows([&train, &valid, &test], mask_piece);
    notes.push(format!("{} of {} word pieces occur and are trained", count(&words), base.config.vocab_size));
    let engine = engine::make((&base.config, base.weights), &settings, chosen, (&words, &positions))?;
    let plan = Plan::new(&settings, train.examples.len());
    let tokenizer_json = base.tokenizer_json;
    Ok(Prepared { settings, plan, train, valid, test, engine, data, fingerprint, tokenizer_json, mask_piece, notes })
}

fn encode(
    data: &Dataset,
    settings: &Settings,
    base: &BaseModel,
    tags: &[String],
) -> Result<[EncodedSplit; 3], TrainError> {
    let longest = settings.max_pieces.min(base.config.max_positions);
    // The longest input of the base may be shorter than the settings allow.
    Settings { max_pieces: longest, ..settings.clone() }.check().map_err(TrainError::Setting)?;
    let coder = Coder { tokenizer: &base.tokenizer, tags, mode: settings.label_mode, longest, stride: settings.stride };
    Ok([coder.encode(&data.train)?, coder.encode(&data.valid)?, coder.encode(&data.test)?])
}

fn no_mask_piece(base: &BaseModel) -> TrainError {
    TrainError::Setting(format!("the base has no {} piece: set mask=0", base.config.arch.special.mask))
}

/// Gives the base a classifier for these tags.
/// Its own if it has exactly these, else a new one. Returns a note.
fn head(base: &mut BaseModel, tags: &[String], seed: u64) -> String {
    let wanted = ModelConfig { tags: tags.to_vec(), ..base.config.clone() };
    let Affine { weight, bias } = wanted.parameters().head;
    let fits = [&weight, &bias].into_iter().all(|parameter| has(&base.weights, parameter));
    if base.config.tags == tags && fits {
        return "the base already has these labels: training continues with its classifier".into();
    }
    let data = torch::normals(seed, weight.slot.count(), base.config.arch.initializer_range as f32);
    base.weights.insert(weight.name, Array { shape: weight.slot.stored_shape(), data });
    base.weights.insert(bias.name, Array { shape: bias.slot.stored_shape(), data: vec![0.0; bias.slot.count()] });
    format!("new classifier for {} tags, from seed {seed}", tags.len())
}

fn has(weights: &Weights, parameter: &Parameter) -> bool {
    weights.get(&parameter.name).is_some_and(|array| array.shape == parameter.slot.stored_shape())
}

/// Returns a checksum of everything that determines the result of a training.
fn fingerprint(data: &Dataset, settings: &Settings, base: &BaseModel) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    // Writing plain values as JSON cannot fail.
    sum.update(&serde_json::to_vec(data).unwrap_or_default());
    // Settings with their default value are left out, so that a new setting does not prevent an older run from resuming.
    let mut set = serde_json::to_value(settings).unwrap_or_default();
    let defaults = serde_json::to_value(Settings::lesson("")).unwrap_or_default();
    if let Some(set) = set.as_object_mut() {
        set.retain(|name, value| defaults.get(name) != Some(value));
    }
    sum.update(set.to_string().as_bytes());
    sum.update(&base.tokenizer_json);
    for (name, array) in &base.weights {
        sum.update(name.as_bytes());
        array.data.chunks(1024).for_each(|values| {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            sum.update(&bytes);
        });
    }
    sum.finalize()
}

/// Returns the rows of the word and position tables that occur in the data.
fn rows(splits: [&EncodedSplit; 3], mask: Option<u32>) -> (Rows, Rows) {
    let examples: Vec<&Example> = splits.into_iter().flat_map(|split| &split.examples).collect();
    let words: BTreeSet<u32> = examples.iter().flat_map(|example| example.ids.iter().copied()).chain(mask).collect();
    let longest = examples.iter().map(|example| example.ids.len()).max().unwrap_or(1);
    (Rows::Only(words), Rows::Only((0u32..).take(longest).collect()))
}

fn count(rows: &Rows) -> usize {
    match rows {
        Rows::All => 0,
        Rows::Only(ids) => ids.len(),
    }
}
