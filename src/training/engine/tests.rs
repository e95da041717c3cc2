//! Both engines held against the real Hugging Face Trainer.
//! Losses, gradient norms and weights of whole runs.
//!
//! The numbers come from `tests/reference/trainer_*.py`, which say what each field is and how far two correct
//! computations are apart.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::{
    model::{
        arch::{DISTILBERT, Kind, Parameter, Slot},
        device,
    },
    runs::Precision,
    training::{
        examples::{Example, SoftLabels},
        golden::{self, read},
    },
};

const STEPS: &str = include_str!("../../../tests/reference/trainer_steps.json");
const WEIGHTS: &[u8] = include_bytes!("../../../tests/reference/trainer_steps.safetensors");

#[derive(Clone, Deserialize)]
struct Sentence {
    input_ids: Vec<u32>,
    labels: Vec<i64>,
}

#[derive(Clone, Deserialize)]
struct Step {
    #[serde(default)]
    batch: Vec<usize>,
    loss: serde_json::Value,
    grad_norm: f64,
    learning_rate: f64,
}

#[derive(Deserialize)]
struct Run {
    config: serde_json::Value,
    examples: Vec<Sentence>,
    decayed: Vec<String>,
    steps: Vec<Step>,
    evaluation: BTreeMap<String, f64>,
}

fn trainer() -> Run {
    serde_json::from_str(STEPS).unwrap()
}

fn examples(sentences: &[Sentence]) -> Vec<Example> {
    let example = |(at, sentence): (usize, &Sentence)| {
        let labels = sentence.labels.iter().enumerate();
        let labels = labels.filter_map(|(at, label)| Some((at, usize::try_from(*label).ok()?))).collect();
        let keep = 0..sentence.input_ids.len();
        Example { sentence: at, ids: sentence.input_ids.clone(), labels, soft: None, keep, offset: 0 }
    };
    sentences.iter().enumerate().map(example).collect()
}

fn config(json: &serde_json::Value) -> ModelConfig {
    let size = |name: &str| usize::try_from(json[name].as_u64().unwrap()).unwrap();
    ModelConfig {
        arch: &DISTILBERT,
        vocab_size: size("vocab_size"),
        max_positions: size("max_position_embeddings"),
        dim: size("dim"),
        layers: size("n_layers"),
        heads: size("n_heads"),
        hidden_dim: size("hidden_dim"),
        dropout: 0.0,
        attention_dropout: 0.0,
        tags: (0..json["id2label"].as_object().unwrap().len()).map(|at| format!("T{at}")).collect(),
        pad: Some(0),
        label_mode: None,
        constrained: false,
        scale: None,
    }
}

/// The weights before or after the run.
fn weights(when: &str) -> Weights {
    let all = read(WEIGHTS).into_iter();
    all.filter_map(|(name, array)| Some((name.strip_prefix(when)?.to_owned(), array))).collect()
}

fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings { learning_rate: 1.5e-3, batch: 8, dropout: Some(0.0), ..Settings::lesson("tiny") };
    change(&mut settings);
    settings
}

fn state(engine: &dyn Engine) -> State {
    let arrays = Arrays::ALL.map(|of| (of, engine.arrays(of)));
    State { counters: engine.counters(), arrays: arrays.into() }
}

/// The devices that are tried, by the names of `--device`.
fn devices() -> Vec<&'static str> {
    let compiled = [("ndarray", cfg!(feature = "ndarray")), ("wgpu", cfg!(feature = "wgpu"))];
    let compiled = compiled.into_iter().filter_map(|(name, is_in)| is_in.then_some(name));
    ["cpu", "flex"].into_iter().chain(compiled).collect()
}

/// Makes an engine for each device, with all rows of the tables or only some.
/// Some are the rows of these examples.
fn engines(settings: &Settings, examples: &[Example]) -> Vec<(String, Box<dyn Engine>)> {
    let (config, weights) = (config(&trainer().config), weights("start."));
    let ids = examples.iter().flat_map(|example| example.ids.iter().copied()).collect();
    let longest = examples.iter().map(|example| example.ids.len()).max().unwrap();
    let all = ("all rows", Rows::All, Rows::All);
    let in_use = ("rows in use", Rows::Only(ids), Rows::Only((0u32..).take(longest).collect()));
    let mut engines = Vec::new();
    for name in devices() {
        let chosen = device::choose(name).unwrap();
        for (rows, words, positions) in [&all, &in_use] {
            let engine = make((&config, weights.clone()), settings, &chosen, (words, positions)).unwrap();
            engines.push((format!("{name}, {rows}"), engine));
        }
    }
    engines
}

fn near(ours: f64, theirs: f64, share: f64) -> bool {
    (ours - theirs).abs() <= share * theirs.abs().max(1e-3)
}

#[track_caller]
fn assert_step(who: &str, at: usize, ours: Outcome, theirs: &Step) {
    let loss = theirs.loss.as_f64().unwrap();
    assert!(near(ours.loss, loss, 1e-4), "{who}, step {at}: loss {} is not {loss}", ours.loss);
    assert!(
        near(ours.norm, theirs.grad_norm, 1e-3),
        "{who}, step {at}: norm {} is not {}",
        ours.norm,
        theirs.grad_norm
    );
}

fn norm(values: impl Iterator<Item = f32>) -> f64 {
    values.map(|value| f64::from(value) * f64::from(value)).sum::<f64>().sqrt()
}

/// Each tensor within 1e-4 of its own norm.
/// The bias of the keys has a true gradient of 0 (one value added to all scores of a query changes no probability);
/// what there is is rounding, of which Adam makes steps of full size.
#[track_caller]
fn assert_weights(who: &str, ours: &Weights, theirs: &Weights) {
    assert_eq!(ours.keys().collect::<Vec<_>>(), theirs.keys().collect::<Vec<_>>());
    for (name, theirs) in theirs.iter().filter(|(name, _)| !name.ends_with("k_lin.bias")) {
        let far = norm(ours[name].data.iter().zip(&theirs.data).map(|(a, b)| a - b));
        let size = norm(theirs.data.iter().copied());
        assert!(far <= 1e-4 * size, "{who}: {name} differs by {far:e} of {size}");
    }
}

/// Trains on the batches that the steps name, or else in order.
fn train(engine: &mut dyn Engine, examples: &[Example], steps: &[Step], who: &str) {
    for (at, step) in steps.iter().enumerate() {
        let batch: Vec<&Example> = step.batch.iter().map(|place| &examples[*place]).collect();
        let ours = engine.train(&[&batch], None, step.learning_rate);
        assert_step(who, at + 1, ours, step);
    }
}

#[test]
fn fifty_steps_are_the_trainers() {
    let run = trainer();
    let examples = examples(&run.examples);
    assert_eq!(run.steps.len(), 50);
    for (who, mut engine) in engines(&settings(|_| ()), &examples) {
        train(engine.as_mut(), &examples, &run.steps, &who);
        assert_weights(&who, &engine.weights(), &weights("end."));
        let all: Vec<&Example> = examples.iter().collect();
        let said = engine.predict(&all);
        let mean = said.loss / said.labelled as f64;
        assert!(near(mean, run.evaluation["token_mean"], 1e-4), "{who}: {mean}");
    }
}

/// In bf16, 8 significant bits instead of 24: each loss is near the Trainer's, and so is the mean at the end.
#[test]
fn fifty_steps_in_bf16_reach_the_trainers_loss() {
    let run = trainer();
    let examples = examples(&run.examples);
    let settings = settings(|settings| settings.precision = Precision::Bf16);
    let chosen = device::choose("cpu").unwrap();
    let (config, start) = (config(&run.config), weights("start."));
    let mut engine = make((&config, start.clone()), &settings, &chosen, (&Rows::All, &Rows::All)).unwrap();
    let comparison = reference::compare(engine.as_ref(), &settings, &chosen, &examples).unwrap().unwrap();
    assert!(comparison.agrees() && comparison.device.norm != comparison.reference.norm, "{comparison:?}");
    let all: Vec<&Example> = examples.iter().collect();
    let fp32 =
        make((&config, start), &Settings { precision: Precision::Fp32, ..settings }, &chosen, (&Rows::All, &Rows::All));
    assert_eq!(engine.logits(&all).pieces, fp32.unwrap().logits(&all).pieces, "predictions are computed in fp32");
    let mut rounded = false;
    for (at, step) in run.steps.iter().enumerate() {
        let batch: Vec<&Example> = step.batch.iter().map(|place| &examples[*place]).collect();
        let ours = engine.train(&[&batch], None, step.learning_rate);
        let loss = step.loss.as_f64().unwrap();
        // At most .0051 and .0085 were measured.
        assert!(near(ours.loss, loss, 0.01), "step {at}: loss {} is not near {loss}", ours.loss);
        assert!(near(ours.norm, step.grad_norm, 0.02), "step {at}: norm {} is not near {}", ours.norm, step.grad_norm);
        rounded |= !near(ours.loss, loss, 1e-4);
    }
    let said = engine.predict(&all);
    let mean = said.loss / said.labelled as f64;
    assert!(near(mean, run.evaluation["token_mean"], 0.005), "{mean}");
    assert!(rounded, "the losses are those of fp32");
}

#[test]
fn what_decays_is_what_decays_in_the_trainer() {
    let run = trainer();
    let network = crate::model::network::CpuNetwork::new(&config(&run.config), weights("start.")).unwrap();
    let decays = network.layout().parameters().filter(|parameter| parameter.slot.decays());
    let ours: std::collections::BTreeSet<String> = decays.flat_map(|parameter| parameter.tensors.clone()).collect();
    assert_eq!(ours.into_iter().collect::<Vec<_>>(), run.decayed);
}

#[test]
fn accumulated_batches_weigh_every_labelled_piece_the_same() {
    #[derive(Deserialize)]
    struct Accumulated {
        groups: Vec<Group>,
        right: Vec<Step>,
        right_norms: BTreeMap<String, f64>,
    }
    #[derive(Deserialize)]
    struct Group {
        micro_batches: Vec<Vec<usize>>,
    }
    let text = include_str!("../../../tests/reference/trainer_accumulation.json");
    let golden: Accumulated = serde_json::from_str(text).unwrap();
    let examples = examples(&trainer().examples);
    for (who, mut engine) in engines(&settings(|s| s.accumulation = 3), &examples) {
        for (at, (group, step)) in golden.groups.iter().zip(&golden.right).enumerate() {
            let of = |places: &Vec<usize>| places.iter().map(|place| &examples[*place]).collect::<Vec<&Example>>();
            let batches: Vec<Vec<&Example>> = group.micro_batches.iter().map(of).collect();
            let batches: Vec<&[&Example]> = batches.iter().map(Vec::as_slice).collect();
            assert_step(&who, at + 1, engine.train(&batches, None, step.learning_rate), step);
        }
        assert_norms(&who, &engine.weights(), &golden.right_norms);
    }
}

#[track_caller]
fn assert_norms(who: &str, ours: &Weights, theirs: &BTreeMap<String, f64>) {
    for (name, theirs) in theirs.iter().filter(|(name, _)| !name.ends_with("k_lin.bias")) {
        let ours = norm(ours[name].data.iter().copied());
        assert!(near(ours, *theirs, 1e-4), "{who}: {name} has norm {ours}, not {theirs}");
    }
}

/// Steps in the order of the examples, in batches of eight.
/// `trainer_steps.json` has them in this form.
fn in_order(steps: Vec<Step>) -> Vec<Step> {
    let batches = trainer().steps.into_iter().map(|step| step.batch);
    steps.into_iter().zip(batches).map(|(step, batch)| Step { batch, ..step }).collect()
}

#[test]
fn smoothed_labels_are_the_trainers() {
    #[derive(Deserialize)]
    struct Smoothed {
        steps: Vec<Step>,
        norms: BTreeMap<String, f64>,
    }
    let text = include_str!("../../../tests/reference/trainer_smoothing.json");
    let golden: Smoothed = serde_json::from_str(text).unwrap();
    let (examples, steps) = (examples(&trainer().examples), in_order(golden.steps));
    for (who, mut engine) in engines(&settings(|s| s.label_smoothing = 0.1), &examples) {
        train(engine.as_mut(), &examples, &steps, &who);
        assert_norms(&who, &engine.weights(), &golden.norms);
    }
}

#[test]
fn soft_targets_are_those_of_torch() {
    #[derive(Deserialize)]
    struct Distilled {
        share: f64,
        temperature: f64,
        soft: Vec<Vec<(usize, Vec<f32>)>>,
        steps: Vec<Step>,
        norms: BTreeMap<String, f64>,
    }
    let text = include_str!("../../../tests/reference/trainer_distillation.json");
    let golden: Distilled = serde_json::from_str(text).unwrap();
    let table: Vec<f32> = golden.soft.iter().flatten().flat_map(|(_, row)| row.iter().copied()).collect();
    let (table, mut rows) = (std::sync::Arc::new(table), 0..);
    let mut examples = examples(&trainer().examples);
    for (example, soft) in examples.iter_mut().zip(&golden.soft) {
        let at = soft.iter().map(|(place, _)| (*place, rows.next().unwrap())).collect();
        example.soft = Some(SoftLabels { table: table.clone(), at });
    }
    let steps = in_order(golden.steps);
    let change = |s: &mut Settings| (s.teacher_share, s.teacher_temperature) = (golden.share, golden.temperature);
    for (who, mut engine) in engines(&settings(change), &examples) {
        train(engine.as_mut(), &examples, &steps, &who);
        assert_norms(&who, &engine.weights(), &golden.norms);
    }
}

#[test]
fn what_is_frozen_stays_and_the_rest_is_the_trainers() {
    #[derive(Deserialize)]
    struct Frozen {
        cases: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        name: String,
        frozen: Vec<String>,
        steps: Vec<Step>,
        norms: BTreeMap<String, f64>,
    }
    let text = include_str!("../../../tests/reference/trainer_frozen.json");
    let golden: Frozen = serde_json::from_str(text).unwrap();
    let (examples, start) = (examples(&trainer().examples), weights("start."));
    for case in golden.cases {
        let freeze = |s: &mut Settings| match case.name.as_str() {
            "embeddings" => s.freeze_embeddings = true,
            "embeddings and layer 0" => s.freeze_layers = 1,
            "all but the classifier" => s.freeze_layers = 99,
            other => panic!("{other}"),
        };
        let (settings, steps) = (settings(freeze), in_order(case.steps));
        for (who, mut engine) in engines(&settings, &examples) {
            let who = format!("{who}, {}", case.name);
            train(engine.as_mut(), &examples, &steps, &who);
            let end = engine.weights();
            assert_norms(&who, &end, &case.norms);
            for name in &case.frozen {
                assert_eq!(end[name], start[name], "{who}: {name}");
            }
        }
    }
}

#[test]
fn odd_batches_do_what_they_do_in_the_trainer() {
    #[derive(Deserialize)]
    struct Odd {
        cases: Vec<Case>,
    }
    #[derive(Deserialize)]
    struct Case {
        name: String,
        examples: Vec<Sentence>,
        batch: usize,
        steps: Vec<Step>,
        changes: BTreeMap<String, f64>,
    }
    let golden: Odd = serde_json::from_str(include_str!("../../../tests/reference/trainer_odd.json")).unwrap();
    let start = weights("start.");
    for case in golden.cases {
        let examples = examples(&case.examples);
        for (who, mut engine) in engines(&settings(|_| ()), &examples) {
            let who = format!("{who}, {}", case.name);
            for (at, (batch, step)) in examples.chunks(case.batch).zip(&case.steps).enumerate() {
                let batch: Vec<&Example> = batch.iter().collect();
                let ours = engine.train(&[&batch], None, step.learning_rate);
                match step.loss.as_f64() {
                    Some(_) => assert_step(&who, at + 1, ours, step),
                    // A batch without a label: the reference's loss is no number, ours is 0; both make the step.
                    None => assert_eq!((ours.loss, ours.norm), (0.0, 0.0), "{who}, step {}", at + 1),
                }
            }
            let end = engine.weights();
            for (name, change) in case.changes.iter().filter(|(name, _)| !name.ends_with("k_lin.bias")) {
                let ours = norm(end[name].data.iter().zip(&start[name].data).map(|(a, b)| a - b));
                assert!(near(ours, *change, 1e-3), "{who}: {name} changed by {ours}, not {change}");
            }
        }
    }
}

#[test]
fn five_steps_give_torchs_weights() {
    let tiny = golden::tiny();
    let settings = Settings::lesson("tiny");
    for name in devices() {
        let (config, weights) = (golden::config(), golden::before());
        let words = tiny.steps.iter().flat_map(|step| step.inputs.iter().flatten().copied()).collect();
        let rows = (&Rows::Only(words), &Rows::All);
        let mut engine = make((&config, weights.clone()), &settings, &device::choose(name).unwrap(), rows).unwrap();
        for step in &tiny.steps {
            let sentence = |(input_ids, labels): (&Vec<u32>, &Vec<i64>)| Sentence {
                input_ids: input_ids.clone(),
                labels: labels.clone(),
            };
            let examples = examples(&step.inputs.iter().zip(&step.labels).map(sentence).collect::<Vec<_>>());
            let batch: Vec<&Example> = examples.iter().collect();
            let ours = engine.train(&[&batch], None, step.lr);
            assert!(near(ours.loss, step.loss, 1e-5) && near(ours.norm, step.grad_norm, 1e-4), "{ours:?}");
        }
        assert_weights(name, &engine.weights(), &golden::after());
    }
}

#[test]
fn a_gradient_that_is_no_number_changes_nothing() {
    let run = trainer();
    let examples = examples(&run.examples);
    let batch: Vec<&Example> = examples.iter().take(8).collect();
    for (who, mut engine) in engines(&settings(|_| ()), &examples) {
        let mut saved = state(engine.as_ref());
        let head = saved.arrays.get_mut(&Arrays::Values).unwrap().get_mut("classifier.weight").unwrap();
        head[0] = f32::NAN;
        engine.load_state(saved).unwrap();
        let before = state(engine.as_ref());
        assert!(!engine.train(&[&batch], None, 1e-3).is_finite(), "{who}");
        // NaN is not equal to itself.
        assert_eq!(format!("{:?}", state(engine.as_ref())), format!("{before:?}"), "{who}");
    }
}

#[test]
fn a_run_that_is_taken_up_goes_on_bit_for_bit() {
    let run = trainer();
    let examples = examples(&run.examples);
    let dropping = |engine: &mut dyn Engine, at: usize| {
        let step = &run.steps[at];
        let batch: Vec<&Example> = step.batch.iter().map(|place| &examples[*place]).collect();
        engine.train(&[&batch], Some(Draws { seed: 7, step: at }), step.learning_rate)
    };
    for ((who, mut whole), (_, mut fresh)) in
        engines(&settings(|_| ()), &examples).into_iter().zip(engines(&settings(|_| ()), &examples))
    {
        for at in 0..6 {
            dropping(whole.as_mut(), at);
            whole.update_average();
        }
        whole.save_best();
        dropping(whole.as_mut(), 6);
        fresh.load_state(state(whole.as_ref())).unwrap();
        assert_eq!(state(fresh.as_ref()), state(whole.as_ref()), "{who}");
        for at in 7..12 {
            assert_eq!(dropping(fresh.as_mut(), at), dropping(whole.as_mut(), at), "{who}, step {at}");
        }
        fresh.update_average();
        whole.update_average();
        assert!(fresh.swap_average() && whole.swap_average());
        assert_eq!(fresh.weights(), whole.weights(), "{who}: the mean");
        assert!(fresh.swap_average() && whole.swap_average());
        assert_eq!(fresh.weights(), whole.weights(), "{who}");
        assert!(fresh.restore_best() && whole.restore_best() && !whole.restore_best());
        assert_eq!(fresh.weights(), whole.weights(), "{who}: what was kept");
    }
}

#[test]
fn gathered_weights_have_a_mean_that_changes_places_with_them() {
    let run = trainer();
    let examples = examples(&run.examples);
    // Decays much, so that rows that occur in no text move, too.
    let settings = settings(|s| s.weight_decay = 10.0);
    for (who, mut engine) in engines(&settings, &examples[..4]) {
        assert!(!engine.swap_average(), "{who}: nothing was gathered");
        let batch: Vec<&Example> = examples.iter().take(4).collect();
        let mut sum: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for _ in 0..3 {
            engine.train(&[&batch], None, 1e-2);
            engine.update_average();
            for (name, array) in engine.weights() {
                let sum = sum.entry(name).or_insert_with(|| vec![0.0; array.data.len()]);
                sum.iter_mut().zip(&array.data).for_each(|(sum, value)| *sum += f64::from(*value) / 3.0);
            }
        }
        let last = engine.weights();
        assert!(engine.swap_average());
        for (name, array) in engine.weights() {
            let far = array.data.iter().zip(&sum[&name]).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
            assert!(far < 1e-5, "{who}, {name}: {far}");
        }
        engine.save_best();
        assert!(engine.swap_average());
        assert_eq!(engine.weights(), last, "{who}: back again");
    }
}

#[test]
fn a_state_of_another_network_is_refused() {
    let run = trainer();
    let examples = examples(&run.examples);
    for (who, mut engine) in engines(&settings(|_| ()), &examples) {
        let mut saved = state(engine.as_ref());
        saved.arrays.get_mut(&Arrays::Values).unwrap().get_mut("classifier.bias").unwrap().push(0.0);
        let error = engine.load_state(saved).unwrap_err();
        assert!(error.contains("classifier.bias has 8 values, not 7"), "{who}: {error}");
    }
}

#[test]
fn lower_layers_may_learn_more_slowly() {
    let run = trainer();
    let examples = examples(&run.examples);
    let optimisation = Optimisation::new(&settings(|s| s.layer_decay = 0.5));
    let share = |depth| {
        let slot = Slot { kind: Kind::Matrix { parts: 1 }, shape: [1, 1], depth };
        optimisation.share(&Parameter::new(vec!["x".to_owned()], slot), 3)
    };
    assert_eq!([4, 3, 2, 1, 0].map(share), [1.0, 0.5, 0.25, 0.125, 0.0625]);
    // The first step of Adam is as long as the rate, whatever the gradient: it shows the rate.
    let batch: Vec<&Example> = examples.iter().take(8).collect();
    for (who, mut engine) in engines(&settings(|s| (s.layer_decay, s.weight_decay) = (0.5, 0.0)), &examples) {
        let before = engine.arrays(Arrays::Values);
        engine.train(&[&batch], None, 1e-3);
        let after = engine.arrays(Arrays::Values);
        let change = |name: &str| {
            let pairs = before[name].iter().zip(&after[name]);
            pairs.map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max)
        };
        for (name, rate) in [
            ("classifier.weight", 1e-3),
            ("distilbert.transformer.layer.2.ffn.lin1.weight", 5e-4),
            ("distilbert.transformer.layer.0.ffn.lin1.weight", 1.25e-4),
            ("distilbert.embeddings.word_embeddings.weight", 6.25e-5),
        ] {
            assert!(near(change(name), rate, 0.02), "{who}: {name} moved by {}", change(name));
        }
    }
}

#[test]
fn who_trains_no_more_still_has_its_weights() {
    let run = trainer();
    let examples = examples(&run.examples);
    let batch: Vec<&Example> = examples.iter().take(8).collect();
    for (who, mut engine) in engines(&settings(|_| ()), &examples) {
        engine.train(&[&batch], None, 1e-3);
        let (before, said) = (engine.weights(), engine.predict(&batch).pieces);
        engine.drop_optimizer();
        engine.train(&[&batch], None, 1e-3);
        assert_eq!((engine.weights(), engine.predict(&batch).pieces), (before, said), "{who}");
    }
}
