//! Short trainings, one after the other: each continues the model of the one before, in memory.
//!
//! The live model learns with them. Nothing is written or evaluated, and the first batch is not computed twice: the
//! kernels are those of every training, and a round of a second must not wait for burn's network.

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{
    TrainError, calibrate,
    engine::{self, Draws},
    examples::{Coder, EncodedSplit, Example, masked},
    order,
    prepare::{fresh_head, mask_piece, rows},
};
use crate::{
    model::{
        BaseModel, ModelConfig, Weights,
        arch::Affine,
        device::{self, Chosen},
        weights::Array,
    },
    runs::{Plan, Settings},
    spans::{Sentence, dataset::tag_names, scheme::Tag},
};

/// Niceness above which Linux has none.
#[cfg(target_os = "linux")]
const LOWEST: i32 = 19;

/// Present name of a label of a model; `None` if the label no longer exists.
pub type PresentName<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// What a short training learns.
#[derive(Clone, Copy)]
pub struct Lesson<'a> {
    /// Sentences to learn.
    pub sentences: &'a [Sentence],
    /// Sentences to which the scores are fitted; the scores stay as they are without any.
    pub valid: &'a [Sentence],
    /// Labels of the model afterwards, sorted.
    pub labels: &'a [String],
    /// Present names of the labels that the model had before.
    pub present: PresentName<'a>,
    /// Settings of the training; its base, device and evaluations are not used.
    pub settings: &'a Settings,
    /// Most optimiser steps. The learning rate falls to 0 with the last one.
    pub most_steps: usize,
    /// Model of the training before with which the result is averaged, and its share of the average. It is not used if it
    /// has other tags.
    pub average: Option<(&'a BaseModel, f32)>,
}

/// What a short training made.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The model, which is an average if one was asked for.
    pub model: BaseModel,
    /// The weights after the last step, with which the next training goes on; `None` if they are those of the model.
    pub last: Option<Weights>,
}

/// Place where short trainings are computed: the processor, with threads of their own. Clones share them.
#[derive(Clone, Debug)]
pub struct ShortTrainings {
    chosen: Chosen,
    pool: Arc<ThreadPool>,
}

impl ShortTrainings {
    /// Starts the threads. On Linux they inherit the priority of the calling thread.
    ///
    /// Other systems have no priorities for single threads; there only half of the cores are used.
    ///
    /// # Errors
    /// The processor cannot compute, or no threads can be started.
    pub fn new() -> Result<Self, TrainError> {
        let chosen = device::choose("cpu")?;
        let pool = ThreadPoolBuilder::new().thread_name(|at| format!("learn-{at}")).num_threads(threads()).build();
        let pool = pool.map_err(|error| TrainError::Threads(error.to_string()))?;
        Ok(Self { chosen, pool: Arc::new(pool) })
    }

    /// Does other work on these threads, too, so that it has their priority.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        self.pool.install(work)
    }

    /// Trains a model further; `None` if `goes_on` ended that between two steps.
    ///
    /// # Errors
    /// Nothing to learn, invalid settings, a sentence that the tokenizer refuses, or numbers that are no longer finite.
    pub fn train(
        &self,
        base: BaseModel,
        lesson: &Lesson<'_>,
        goes_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Trained>, TrainError> {
        self.pool.install(|| self.learn(base, lesson, goes_on))
    }

    fn learn(
        &self,
        mut base: BaseModel,
        lesson: &Lesson<'_>,
        goes_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Option<Trained>, TrainError> {
        let settings = lesson.settings;
        settings.check().map_err(TrainError::Setting)?;
        if lesson.labels.is_empty() {
            return Err(TrainError::NoLabels);
        }
        let tags = tag_names(lesson.labels);
        let longest = settings.max_pieces.min(base.config.max_positions);
        let coder = Coder { tokenizer: &base.tokenizer, tags: &tags, mode: settings.label_mode, longest, stride: None };
        let train = coder.encode(lesson.sentences)?;
        let valid = coder.encode(lesson.valid)?;
        if train.examples.is_empty() {
            return Err(TrainError::NoData);
        }
        keep_head(&mut base, &tags, lesson.present, settings.seed);
        base.config.tags = tags;
        base.config.label_mode = Some(settings.label_mode);
        base.config.constrained = settings.constrained;
        let nothing = EncodedSplit::default();
        let mask = mask_piece(&base, settings)?;
        let (words, positions) = rows([&train, &valid, &nothing, &nothing], mask);
        let used = (&words, &positions);
        let mut engine = engine::make((&base.config, base.weights), settings, &self.chosen, used)?;
        if !steps(engine.as_mut(), (&train, mask), settings, lesson.most_steps, goes_on)? {
            return Ok(None);
        }
        engine.drop_optimizer();
        base.weights = engine.weights();
        let before = lesson.average.filter(|(before, share)| *share > 0.0 && before.config.tags == base.config.tags);
        let last = before.map(|(before, share)| {
            let last = base.weights.clone();
            average(&mut base.weights, &before.weights, share);
            last
        });
        if !valid.gold.is_empty() {
            if last.is_some() {
                engine = engine::make((&base.config, base.weights.clone()), settings, &self.chosen, used)?;
            }
            base.config.scale = calibrate::fit(engine.as_ref(), &valid).scale;
        }
        Ok(Some(Trained { model: base, last }))
    }
}

/// Gives this thread, and those that it starts, the lowest priority: it computes when nobody else does.
/// Only Linux has priorities for threads.
pub fn lowest_priority() {
    // The threads that all parts of the program share must not be started by this one.
    rayon::current_num_threads();
    #[cfg(target_os = "linux")]
    if let Err(error) = run_when_idle() {
        tracing::debug!("the learning threads keep their priority: {error}");
    }
}

/// Chooses the policy `SCHED_IDLE`: unlike a thread that is only nice, one of these leaves its core as soon as another thread
/// wakes. The niceness counts where the policy is refused, and among threads with the same policy.
#[cfg(target_os = "linux")]
fn run_when_idle() -> Result<(), String> {
    use thread_priority::{
        NormalThreadSchedulePolicy::Idle, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
        thread_native_id,
    };
    let policy = ThreadSchedulePolicy::Normal(Idle);
    let chosen = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
    rustix::process::nice(LOWEST).map_err(|error| error.to_string())?;
    chosen.map_err(|error| error.to_string())
}

/// Number of threads; 0 for one on each core.
fn threads() -> usize {
    if cfg!(target_os = "linux") {
        return 0;
    }
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// Does the steps of a training, with the piece that hides others; false if `goes_on` ended it.
fn steps(
    engine: &mut dyn engine::Engine,
    (train, mask): (&EncodedSplit, Option<u32>),
    settings: &Settings,
    most: usize,
    goes_on: &(dyn Fn() -> bool + Sync),
) -> Result<bool, TrainError> {
    let plan = plan(settings, train.examples.len(), most);
    let lengths: Vec<usize> = train.examples.iter().map(|example| example.ids.len()).collect();
    let mut order = Vec::new();
    for done in 0..plan.steps {
        if !goes_on() {
            return Ok(false);
        }
        let within = done % plan.per_epoch;
        if within == 0 {
            let epoch = done / plan.per_epoch;
            order = order::of_epoch(settings.order, settings.seed, epoch, &lengths, settings.batch);
        }
        let chosen = order.iter().skip(within * settings.batch).take(settings.batch);
        let batch: Vec<&Example> = chosen.filter_map(|at| train.examples.get(*at)).collect();
        let hidden = mask.map(|piece| masked(&batch, piece, settings, done));
        let batch = hidden.as_ref().map_or(batch, |hidden| hidden.iter().collect());
        let rate = plan.learning_rate(done);
        let outcome = engine.train(&[&batch], Some(Draws { seed: settings.seed, step: done }), rate);
        if !outcome.is_finite() {
            let what = if outcome.loss.is_finite() { "gradient" } else { "loss" };
            return Err(TrainError::Diverged { step: done + 1, what, rate, ids: ids(&batch, train) });
        }
    }
    Ok(true)
}

/// Plan of a training of at most this many steps, whatever its epochs.
#[allow(clippy::cast_precision_loss, reason = "numbers of steps stay far below 2^52")]
fn plan(settings: &Settings, examples: usize, most: usize) -> Plan {
    let plan = Plan::new(&Settings { accumulation: 1, ..settings.clone() }, examples);
    if plan.steps <= most.max(1) {
        return plan;
    }
    let epochs = most.max(1) as f64 / plan.per_epoch as f64;
    Plan::new(&Settings { accumulation: 1, epochs, ..settings.clone() }, examples)
}

fn ids(batch: &[&Example], train: &EncodedSplit) -> String {
    let gold = batch.iter().filter_map(|example| train.gold.get(example.sentence));
    gold.map(|gold| gold.id.as_str()).collect::<Vec<_>>().join(", ")
}

/// Gives the model a classifier for these tags.
///
/// A tag keeps the row of its label, also under a former name; of labels that are one now, the row of the present name, or
/// else of the first. Tags of new labels get rows of a new classifier from `seed`.
fn keep_head(base: &mut BaseModel, tags: &[String], present: PresentName<'_>, seed: u64) {
    let before = std::mem::take(&mut base.config.tags);
    let wanted = ModelConfig { tags: tags.to_vec(), ..base.config.clone() };
    let Affine { weight, bias } = wanted.parameters().head;
    let known = [&weight.name, &bias.name].map(|name| base.weights.get(name).map(|array| array.data.clone()));
    fresh_head(base, &wanted, seed);
    let [Some(old_weights), Some(old_biases)] = known else { return };
    let width = weight.slot.count() / tags.len().max(1);
    for (row, tag) in tags.iter().enumerate() {
        let Some(old) = old_row(&before, tag, present) else { continue };
        copy(base.weights.get_mut(&weight.name), row * width, old_weights.get(old * width..(old + 1) * width));
        copy(base.weights.get_mut(&bias.name), row, old_biases.get(old..=old));
    }
}

/// Moves weights towards those before: by this share of the way.
fn average(weights: &mut Weights, before: &Weights, share: f32) {
    for (name, array) in weights {
        let Some(before) = before.get(name).filter(|before| before.shape == array.shape) else { continue };
        array.data.iter_mut().zip(&before.data).for_each(|(now, before)| *now += (before - *now) * share);
    }
}

/// Copies values into an array, from this place on.
fn copy(array: Option<&mut Array>, at: usize, values: Option<&[f32]>) {
    let Some((array, values)) = array.zip(values) else { return };
    if let Some(place) = array.data.get_mut(at..at + values.len()) {
        place.copy_from_slice(values);
    }
}

/// The row of the classifier before that a tag keeps.
fn old_row(before: &[String], tag: &str, present: PresentName<'_>) -> Option<usize> {
    before.iter().position(|old| old == tag).or_else(|| {
        before.iter().position(|old| match (Tag::read(old), Tag::read(tag)) {
            (Tag::Inside { prefix, label }, Tag::Inside { prefix: wanted, label: name }) => {
                prefix == wanted && present(label).as_deref() == Some(name)
            }
            _ => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;

    fn sentence(id: &str, words: &[(&str, &str)]) -> Sentence {
        let column = |of: fn(&(&str, &str)) -> String| words.iter().map(of).collect();
        Sentence { id: id.into(), words: column(|(word, _)| (*word).into()), tags: column(|(_, tag)| (*tag).into()) }
    }

    fn settings() -> Settings {
        Settings { learning_rate: 1e-3, epochs: 2.0, batch: 4, ..Settings::lesson("mini") }
    }

    fn names(labels: &[&str]) -> Vec<String> {
        labels.iter().map(|label| (*label).to_owned()).collect()
    }

    fn same(name: &str) -> Option<String> {
        Some(name.to_owned())
    }

    fn head(model: &BaseModel) -> Vec<(String, Vec<f32>, f32)> {
        let Affine { weight, bias } = model.config.parameters().head;
        let (weights, biases) = (&model.weights[&weight.name].data, &model.weights[&bias.name].data);
        let rows = weights.chunks(weights.len() / model.config.tags.len());
        let rows = model.config.tags.iter().zip(rows).zip(biases);
        rows.map(|((tag, row), bias)| (tag.clone(), row.to_vec(), *bias)).collect()
    }

    /// A model with these tags and numbered rows in its classifier.
    fn with_head(labels: &[&str]) -> BaseModel {
        let mut base = model::open("mini").unwrap();
        let tags = tag_names(&names(labels));
        let wanted = ModelConfig { tags: tags.clone(), ..base.config.clone() };
        fresh_head(&mut base, &wanted, 7);
        base.config.tags = tags;
        base
    }

    #[test]
    fn rows_of_known_labels_stay_and_new_labels_get_new_ones() {
        let before = with_head(&["Dish", "Price"]);
        let old = head(&before);
        let mut base = before.clone();
        let tags = tag_names(&names(&["Amenity", "Dish", "Price"]));
        keep_head(&mut base, &tags, &same, 3);
        base.config.tags = tags;
        let new = head(&base);
        assert_eq!((&new[0], &new[3..]), (&old[0], &old[1..]), "O, Dish and Price are as they were");
        assert!(new[1].0 == "B-Amenity" && new[1].1.iter().any(|value| *value != 0.0));
        assert!(old.iter().all(|row| row.1 != new[1].1 && row.1 != new[2].1));
    }

    #[test]
    fn rows_follow_renamed_and_merged_labels_and_removed_ones_go() {
        let before = with_head(&["Dish", "Drink", "Price", "Gone"]);
        let old = head(&before);
        let present = |name: &str| match name {
            "Price" => Some("Cost".to_owned()),
            "Drink" => Some("Dish".to_owned()),
            "Gone" => None,
            other => Some(other.to_owned()),
        };
        let mut base = before.clone();
        let tags = tag_names(&names(&["Cost", "Dish"]));
        keep_head(&mut base, &tags, &present, 3);
        base.config.tags = tags;
        let rows = |row: &(String, Vec<f32>, f32)| (row.1.clone(), row.2);
        let new: Vec<_> = head(&base).iter().map(rows).collect();
        let kept: Vec<_> = [0, 5, 6, 1, 2].map(|at| rows(&old[at])).into();
        assert_eq!(new, kept, "O, the row of Price under its new name, and the row of Dish before the row of Drink");
        // Without the label that both are now, the first of the two gives its row.
        let mut base = with_head(&["Drink", "Wine"]);
        let old = head(&base);
        let tags = tag_names(&names(&["Dish"]));
        keep_head(&mut base, &tags, &|_| Some("Dish".to_owned()), 3);
        base.config.tags = tags;
        assert_eq!(head(&base)[1].1, old[1].1);
    }

    #[test]
    fn a_training_continues_the_model_before_and_can_be_ended_between_two_steps() {
        let place = ShortTrainings::new().unwrap();
        let sentences: Vec<Sentence> = ["tacos", "soup", "salad", "pizza", "rice"]
            .map(|dish| sentence(dish, &[("cheap", "B-Price"), (dish, "B-Dish"), ("please", "O")]))
            .into();
        let labels = names(&["Dish", "Price"]);
        let settings = settings();
        let lesson = Lesson {
            sentences: &sentences,
            valid: &[],
            labels: &labels,
            present: &same,
            settings: &settings,
            most_steps: 30,
            average: None,
        };
        let steps = std::sync::atomic::AtomicUsize::new(0);
        let count = |most: usize| {
            let steps = &steps;
            move || steps.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < most
        };
        let base = model::open("mini").unwrap();
        let train = |base, lesson: &Lesson<'_>| place.train(base, lesson, &count(99)).unwrap().unwrap().model;
        let first = train(base, &lesson);
        assert_eq!(steps.swap(0, std::sync::atomic::Ordering::Relaxed), 4, "two epochs of two batches");
        let short = Lesson { most_steps: 3, ..lesson };
        let second = train(first.clone(), &short);
        assert_eq!(steps.swap(0, std::sync::atomic::Ordering::Relaxed), 3);
        assert!(second.weights != first.weights && first.config.tags == second.config.tags);
        let again = train(first.clone(), &short);
        assert!(again.weights == second.weights, "the same steps give the same weights");
        steps.store(0, std::sync::atomic::Ordering::Relaxed);
        assert!(place.train(first, &lesson, &count(2)).unwrap().is_none());
    }

    #[test]
    fn the_result_is_averaged_with_the_model_before_and_the_last_weights_stay() {
        let place = ShortTrainings::new().unwrap();
        let sentences: Vec<Sentence> = (0..60)
            .map(|at| sentence(&at.to_string(), &[("cheap", "B-Price"), ("soup", "B-Dish"), ("please", "O")]))
            .collect();
        let labels = names(&["Dish", "Price"]);
        let settings = settings();
        let lesson = Lesson {
            sentences: &sentences,
            valid: &[],
            labels: &labels,
            present: &same,
            settings: &settings,
            most_steps: 2,
            average: None,
        };
        let train =
            |base: &BaseModel, lesson: &Lesson<'_>| place.train(base.clone(), lesson, &|| true).unwrap().unwrap();
        let first = train(&model::open("mini").unwrap(), &lesson);
        assert!(first.last.is_none());
        let alone = train(&first.model, &lesson).model;
        let averaged = train(&first.model, &Lesson { average: Some((&first.model, 0.25)), ..lesson });
        assert!(averaged.last.as_ref() == Some(&alone.weights), "the steps are the same");
        let name = first.model.config.parameters().head.weight.name;
        let rows = [&first.model, &alone, &averaged.model].map(|model| model.weights[&name].data.clone());
        for ((before, after), between) in rows[0].iter().zip(&rows[1]).zip(&rows[2]) {
            assert!((between - (0.25 * before + 0.75 * after)).abs() < 1e-6);
        }
        let other = with_head(&["Dish", "Wine"]);
        assert!(train(&first.model, &Lesson { average: Some((&other, 0.25)), ..lesson }).last.is_none(), "other tags");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn threads_of_the_lowest_priority_pass_it_on() {
        let stat = std::thread::spawn(|| {
            lowest_priority();
            let place = ShortTrainings::new().unwrap();
            place.run(|| std::fs::read_to_string("/proc/thread-self/stat").unwrap())
        });
        let stat = stat.join().unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // Fields 19 and 41 of proc(5), niceness and policy; the first one here is the third. 5 is SCHED_IDLE.
        assert_eq!((fields[19 - 3], fields[41 - 3]), ("19", "5"));
    }

    #[test]
    fn nothing_to_learn_is_refused() {
        let place = ShortTrainings::new().unwrap();
        let settings = settings();
        let lesson = Lesson {
            sentences: &[],
            valid: &[],
            labels: &[],
            present: &same,
            settings: &settings,
            most_steps: 3,
            average: None,
        };
        let train = |lesson: &Lesson<'_>| place.train(model::open("mini").unwrap(), lesson, &|| true).unwrap_err();
        assert!(matches!(train(&lesson), TrainError::NoLabels));
        assert!(matches!(train(&Lesson { labels: &names(&["Dish"]), ..lesson }), TrainError::NoData));
    }
}
