//! Preparation of a training.
//! Checks the settings, encodes the data, makes the network.

use std::collections::BTreeSet;

use super::{
    TrainError,
    engine::{self, Engine},
    examples::{Coder, EncodedSplit, Example},
    job::Job,
    mixture,
    stage::Learned,
    teacher::{self, Answers, Student, Teacher},
    torch,
};
use crate::{
    model::{
        BaseModel, ModelConfig,
        arch::{Affine, Parameter},
        device::Chosen,
        network::Rows,
        weights::{Array, Weights, little_endian},
    },
    runs::{Plan, Settings},
    spans::{Dataset, Sentence, dataset::tag_names},
    text::number::{bytes, with_noun},
};

/// Everything that the training loop needs.
pub(super) struct Prepared {
    pub(super) settings: Settings,
    pub(super) plan: Plan,
    pub(super) train: EncodedSplit,
    pub(super) valid: EncodedSplit,
    pub(super) test: EncodedSplit,
    /// Untagged sentences for which tags are predicted when this stage is over.
    pub(super) candidates: EncodedSplit,
    /// Number of sentences in an epoch, repetitions included.
    pub(super) sentences: usize,
    pub(super) engine: Box<dyn Engine>,
    pub(super) tokenizer_json: Vec<u8>,
    /// Piece that replaces hidden ones, if some must be hidden.
    pub(super) mask_piece: Option<u32>,
    /// Training data as given.
    pub(super) data: Dataset,
    /// Untagged sentences as given; in the second stage with the predicted tags.
    pub(super) untagged: Vec<Sentence>,
    pub(super) learned: Learned,
    /// Checksum of data, settings and base.
    pub(super) fingerprint: u32,
    /// Lines for the log.
    pub(super) notes: Vec<String>,
}

/// Prepares a training, on the threads of the caller's pool.
/// `learned` is what a resumed run or a second stage begins with.
pub(super) fn prepare(job: Job, learned: Learned, chosen: &Chosen) -> Result<Prepared, TrainError> {
    let Job { data, untagged, teachers, mut settings, mut base, .. } = job;
    let mut learned = learned;
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
    if !teachers.is_empty() {
        let sentences: Vec<&Sentence> = data.train.iter().chain(&untagged).collect();
        let (answers, note) = ask(teachers, &sentences, &settings, (&base, &tags), chosen)?;
        notes.push(note);
        learned.answers = Some(answers);
    }
    let fingerprint = fingerprint(&data, (&untagged, learned.answers.as_ref()), &settings, &base);
    let Encoded { train, valid, test, candidates } = encode((&data, &untagged), &settings, &base, &tags, &learned)?;
    let tagged = data.train.iter().filter(|sentence| !sentence.words.is_empty()).count();
    let extra = train.gold.len() - tagged;
    let sentences = tagged * mixture::repeats(tagged, extra) + extra;
    if extra > 0 {
        settings.epochs = mixture::epochs(settings.epochs, tagged, sentences);
        let (repeats, epochs) = (mixture::repeats(tagged, extra), settings.epochs);
        notes.push(format!("{extra} untagged sentences, each tagged one {repeats} times an epoch, {epochs:.2} epochs"));
    }
    for (split, name) in [(&train, "train"), (&valid, "valid"), (&test, "test")] {
        notes.push(size_note(name, split));
    }
    notes.push(head(&mut base, &tags, settings.seed));
    base.config.tags = tags;
    base.config.label_mode = Some(settings.label_mode);
    base.config.constrained = settings.constrained;
    base.config.scale = None;
    if let Some(rate) = settings.dropout {
        base.config.dropout = rate;
        base.config.attention_dropout = rate;
    }
    let mask_piece = mask_piece(&base, &settings)?;
    let (words, positions) = rows([&train, &valid, &test, &candidates], mask_piece);
    notes.push(format!("{} of {} word pieces occur and are trained", count(&words), base.config.vocab_size));
    let engine = engine::make((&base.config, base.weights), &settings, chosen, (&words, &positions))?;
    let plan = Plan::new(&settings, train.examples.len());
    let tokenizer_json = base.tokenizer_json;
    Ok(Prepared {
        settings,
        plan,
        train,
        valid,
        test,
        candidates,
        sentences,
        engine,
        data,
        untagged,
        learned,
        fingerprint,
        tokenizer_json,
        mask_piece,
        notes,
    })
}

fn size_note(name: &str, split: &EncodedSplit) -> String {
    format!("{name}: {}, {}", with_noun(split.gold.len(), "sentence"), with_noun(split.pieces(), "piece"))
}

/// Asks the teachers about these sentences. Also returns a note.
fn ask(
    teachers: Vec<Teacher>,
    sentences: &[&Sentence],
    settings: &Settings,
    (base, tags): (&BaseModel, &[String]),
    chosen: &Chosen,
) -> Result<(Answers, String), TrainError> {
    let names: Vec<String> = teachers.iter().map(|teacher| teacher.name.clone()).collect();
    let (tokenizer, tokenizer_json) = (&base.tokenizer, base.tokenizer_json.as_slice());
    let student = Student { tokenizer, tokenizer_json, tags, mode: settings.label_mode };
    let answers = teacher::ask(teachers, sentences, &student, settings.teacher_temperature, chosen)?;
    let size = bytes(answers.bytes() as u64);
    let asked = with_noun(sentences.len(), "sentence");
    let note = format!("teachers ({}): answers for {asked}, {size} in memory", names.join(", "));
    Ok((answers, note))
}

/// Encoded splits.
struct Encoded {
    train: EncodedSplit,
    valid: EncodedSplit,
    test: EncodedSplit,
    /// Untagged sentences that are not trained on.
    candidates: EncodedSplit,
}

/// Encodes all sentences.
/// Untagged ones are in the training split if they have the answers of teachers or predicted tags.
fn encode(
    (data, untagged): (&Dataset, &[Sentence]),
    settings: &Settings,
    base: &BaseModel,
    tags: &[String],
    learned: &Learned,
) -> Result<Encoded, TrainError> {
    let longest = settings.max_pieces.min(base.config.max_positions);
    // The longest input of the base may be shorter than the settings allow.
    Settings { max_pieces: longest, ..settings.clone() }.check().map_err(TrainError::Setting)?;
    let coder = Coder { tokenizer: &base.tokenizer, tags, mode: settings.label_mode, longest, stride: settings.stride };
    let answers = learned.answers.as_ref();
    let tagged = coder.encode_with(&data.train, answers.map(|answers| (answers, 0)))?;
    let others = coder.encode_with(untagged, answers.map(|answers| (answers, data.train.len())))?;
    let repeats = mixture::repeats(tagged.gold.len(), others.gold.len());
    let (train, candidates) = match (&learned.answers, &learned.first) {
        (Some(_), _) => (tagged.mixed(repeats, others.without_labels()), EncodedSplit::default()),
        (None, Some(_)) => (tagged.mixed(repeats, others), EncodedSplit::default()),
        (None, None) => (tagged, others),
    };
    Ok(Encoded { train, valid: coder.encode(&data.valid)?, test: coder.encode(&data.test)?, candidates })
}

/// Returns the piece that hides others, if the settings mask any.
///
/// # Errors
/// The base has none.
pub(super) fn mask_piece(base: &BaseModel, settings: &Settings) -> Result<Option<u32>, TrainError> {
    if settings.mask <= 0.0 {
        return Ok(None);
    }
    let no_piece =
        || TrainError::Setting(format!("the base has no {} piece: set mask=0", base.config.arch.special.mask));
    base.tokenizer.mask().map(Some).ok_or_else(no_piece)
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
    fresh_head(base, &wanted, seed);
    format!("new classifier for {} tags, from seed {seed}", tags.len())
}

/// Gives the base a new classifier for the tags of `wanted`, from a seed.
pub(super) fn fresh_head(base: &mut BaseModel, wanted: &ModelConfig, seed: u64) {
    let Affine { weight, bias } = wanted.parameters().head;
    let data = torch::normals(seed, weight.slot.count(), base.config.arch.initializer_range as f32);
    base.weights.insert(weight.name, Array { shape: weight.slot.stored_shape(), data });
    base.weights.insert(bias.name, Array { shape: bias.slot.stored_shape(), data: vec![0.0; bias.slot.count()] });
}

fn has(weights: &Weights, parameter: &Parameter) -> bool {
    weights.get(&parameter.name).is_some_and(|array| array.shape == parameter.slot.stored_shape())
}

/// Returns a checksum of everything that determines the result of a training.
fn fingerprint(
    data: &Dataset,
    (untagged, answers): (&[Sentence], Option<&Answers>),
    settings: &Settings,
    base: &BaseModel,
) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    // Writing plain values as JSON cannot fail.
    sum.update(&serde_json::to_vec(data).unwrap_or_default());
    if !untagged.is_empty() {
        sum.update(&serde_json::to_vec(untagged).unwrap_or_default());
    }
    if let Some(answers) = answers {
        sum.update(&little_endian(&answers.table));
    }
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
        sum.update(&little_endian(&array.data));
    }
    sum.finalize()
}

/// Returns the rows of the word and position tables that occur in the data.
pub(super) fn rows(splits: [&EncodedSplit; 4], mask: Option<u32>) -> (Rows, Rows) {
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
