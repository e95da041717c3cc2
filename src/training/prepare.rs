//! Before the first step: settings checked, data encoded, network made.

use std::collections::BTreeSet;

use super::{
    Job, TrainError,
    engine::{self, Engine},
    examples::{Coder, Part},
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

/// Everything that the loop needs.
pub(super) struct Prepared {
    pub(super) settings: Settings,
    pub(super) plan: Plan,
    pub(super) train: Part,
    pub(super) valid: Part,
    pub(super) test: Part,
    pub(super) engine: Box<dyn Engine>,
    pub(super) tokenizer_json: Vec<u8>,
    /// What hides a piece, where some are to be hidden.
    pub(super) mask_piece: Option<u32>,
    /// What is learnt from, as it came.
    pub(super) data: Dataset,
    /// Of data, settings and base.
    pub(super) mark: u32,
    /// For the log.
    pub(super) notes: Vec<String>,
}

/// Makes ready. Runs on the threads of the pool that the caller is in.
pub(super) fn prepare(job: Job, chosen: &Chosen) -> Result<Prepared, TrainError> {
    let Job { data, settings, mut base, .. } = job;
    let mark = mark(&data, &settings, &base);
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
    for (part, name) in [(&train, "train"), (&valid, "valid"), (&test, "test")] {
        notes.push(format!("{name}: {} sentences, {} pieces", part.gold.len(), part.pieces()));
    }
    notes.push(head(&mut base, &tags, settings.seed));
    (base.config.tags, base.config.label_mode) = (tags, Some(settings.label_mode));
    base.config.constrained = settings.constrained;
    if let Some(rate) = settings.dropout {
        (base.config.dropout, base.config.attention_dropout) = (rate, rate);
    }
    let mask_piece = match settings.mask > 0.0 {
        true => Some(base.tokenizer.mask().ok_or_else(|| no_mask_piece(&base))?),
        false => None,
    };
    let (words, positions) = rows([&train, &valid, &test], mask_piece);
    notes.push(format!("{} of {} word pieces occur and are trained", count(&words), base.config.vocab_size));
    let engine = engine::make((&base.config, &base.weights), &settings, chosen, (&words, &positions))?;
    let plan = Plan::new(&settings, train.examples.len());
    let tokenizer_json = base.tokenizer_json;
    Ok(Prepared { settings, plan, train, valid, test, engine, data, mark, tokenizer_json, mask_piece, notes })
}

fn encode(data: &Dataset, settings: &Settings, base: &BaseModel, tags: &[String]) -> Result<[Part; 3], TrainError> {
    let longest = settings.max_pieces.min(base.config.max_positions);
    // A base may read less than the settings allow.
    Settings { max_pieces: longest, ..settings.clone() }.check().map_err(TrainError::Setting)?;
    let coder = Coder { tokenizer: &base.tokenizer, tags, mode: settings.label_mode, longest, stride: settings.stride };
    Ok([coder.part(&data.train)?, coder.part(&data.valid)?, coder.part(&data.test)?])
}

fn no_mask_piece(base: &BaseModel) -> TrainError {
    TrainError::Setting(format!("the base has no {} piece: set mask=0", base.config.arch.special.mask))
}

/// Gives the base a classifier for these tags: its own if it has exactly these, else a new one. Returns a note.
fn head(base: &mut BaseModel, tags: &[String], seed: u64) -> String {
    let wanted = ModelConfig { tags: tags.to_vec(), ..base.config.clone() };
    let Affine { weight, bias } = wanted.parameters().head;
    let fits = [&weight, &bias].into_iter().all(|parameter| has(&base.weights, parameter));
    if base.config.tags == tags && fits {
        return "the base already tells these labels apart: its classifier is trained on".into();
    }
    let data = torch::normals(seed, weight.slot.count(), base.config.arch.initializer_range as f32);
    base.weights.insert(weight.name, Array { shape: weight.slot.stored_shape(), data });
    base.weights.insert(bias.name, Array { shape: bias.slot.stored_shape(), data: vec![0.0; bias.slot.count()] });
    format!("new classifier for {} tags, from seed {seed}", tags.len())
}

fn has(weights: &Weights, parameter: &Parameter) -> bool {
    weights.get(&parameter.name).is_some_and(|array| array.shape == parameter.slot.stored_shape())
}

/// A checksum of everything that decides the outcome.
fn mark(data: &Dataset, settings: &Settings, base: &BaseModel) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    // A dataset and settings are plain values: there is no reason why they could not be written.
    sum.update(&serde_json::to_vec(data).unwrap_or_default());
    // A setting that does nothing is left out: one that a later version adds must not keep an older run from going on.
    let mut set = serde_json::to_value(settings).unwrap_or_default();
    let plain = serde_json::to_value(Settings::lesson("")).unwrap_or_default();
    if let Some(set) = set.as_object_mut() {
        set.retain(|name, value| plain.get(name) != Some(value));
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

/// The rows of the word and position tables that occur anywhere.
fn rows(parts: [&Part; 3], mask: Option<u32>) -> (Rows, Rows) {
    let examples = || parts.into_iter().flat_map(|part| &part.examples);
    let words: BTreeSet<u32> = examples().flat_map(|example| example.ids.iter().copied()).chain(mask).collect();
    let longest = examples().map(|example| example.ids.len()).max().unwrap_or(1);
    (Rows::Only(words), Rows::Only((0u32..).take(longest).collect()))
}

fn count(rows: &Rows) -> usize {
    match rows {
        Rows::All => 0,
        Rows::Only(ids) => ids.len(),
    }
}
