mod architecture;
mod devices;
mod outcome;
mod resumed;
mod teachers;
mod untagged;

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, LazyLock, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use crossbeam_channel::unbounded;

use super::*;
use crate::{
    model::{BaseModel, ModelConfig, folder, weights},
    runs::{FolderSink, LabelMode, Settings, Status},
    spans::{Dataset, Sentence},
    training::worker,
};

/// Everything that a run wrote.
#[derive(Default)]
struct Written {
    /// `point`, `reported` (the callback) and phases, in order.
    order: Vec<String>,
    points: Vec<Point>,
    statuses: Vec<Status>,
    files: BTreeMap<String, Vec<u8>>,
    finished: bool,
    /// Command of another process.
    left: Option<Control>,
    /// Number of models that cannot be written; later ones can.
    refused_models: usize,
    /// The files of the last whole checkpoint.
    checkpoint: Option<BTreeMap<String, Vec<u8>>>,
    /// Number of points after which the sink fails.
    full_after: Option<usize>,
}

/// A sink in memory; its clones write to the same.
#[derive(Clone, Default)]
struct Memory {
    written: Arc<Mutex<Written>>,
    /// The call that fails, or panics.
    broken: Option<&'static str>,
}

impl Memory {
    fn get(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap()
    }

    fn check(&self, call: &str) -> io::Result<()> {
        match self.broken {
            Some("panic") if call == "point" => panic!("the disk is on fire"),
            Some(broken) if broken == call => Err(io::Error::other("the disk is full")),
            _ => Ok(()),
        }
    }
}

impl RunSink for Memory {
    fn point(&mut self, point: &Point) -> io::Result<()> {
        self.check("point")?;
        let full = |written: &Written| written.full_after.is_some_and(|most| written.points.len() >= most);
        if full(&self.get()) {
            return Err(io::Error::other("killed"));
        }
        self.get().order.push("point".into());
        self.get().points.push(point.clone());
        Ok(())
    }

    fn status(&mut self, status: &Status) -> io::Result<()> {
        self.check("status")?;
        self.get().order.push(status.phase.name().into());
        self.get().statuses.push(status.clone());
        Ok(())
    }

    fn log(&mut self, _: &str) -> io::Result<()> {
        self.check("log")
    }

    fn control(&mut self) -> Option<Control> {
        self.get().left.take()
    }

    fn model(&mut self) -> io::Result<Box<dyn FolderSink>> {
        self.check("model")?;
        if self.get().refused_models > 0 {
            self.get().refused_models -= 1;
            return Err(io::Error::other("the disk is full"));
        }
        Ok(Box::new(self.clone()))
    }

    fn checkpoint(&mut self) -> io::Result<Option<Box<dyn FolderSink>>> {
        self.check("checkpoint")?;
        Ok(Some(Box::new(Checkpoint { to: self.clone(), files: BTreeMap::new() })))
    }

    fn drop_checkpoint(&mut self) {
        self.get().checkpoint = None;
    }
}

/// A checkpoint in the making.
struct Checkpoint {
    to: Memory,
    files: BTreeMap<String, Vec<u8>>,
}

impl FolderSink for Checkpoint {
    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.to.check("checkpoint-file")?;
        self.files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.to.get().checkpoint = Some(self.files);
        Ok(())
    }
}

impl FolderSink for Memory {
    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.get().files.insert(name.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.get().finished = true;
        Ok(())
    }
}

fn sentences() -> Vec<Sentence> {
    let lines = [
        "cheap/B-Price tacos/B-Dish near/B-Location me/I-Location",
        "any sushi/B-Dish bars/O open/B-Hours late/I-Hours",
        "find tagliatelle/B-Dish al/I-Dish ragu/I-Dish",
        "a five/B-Rating star/I-Rating place/O downtown/B-Location",
        "is there parking/B-Amenity at/O dennys/B-Restaurant_Name",
        "italian/B-Cuisine food/O under/B-Price ten/I-Price dollars/I-Price",
        "best/B-Rating ramen/B-Dish in/B-Location town/I-Location",
        "thai/B-Cuisine with/O outdoor/B-Amenity seating/I-Amenity",
    ];
    let word =
        |item: &str| item.split_once('/').map_or((item.to_owned(), "O".to_owned()), |(w, t)| (w.into(), t.into()));
    let sentence = |(at, line): (usize, &str)| {
        let (words, tags) = line.split(' ').map(word).unzip();
        Sentence { id: format!("s{at}"), words, tags }
    };
    lines.into_iter().enumerate().map(sentence).collect()
}

/// A small network of random weights with the tokenizer of the embedded bases.
/// It learns in a moment.
fn base() -> BaseModel {
    static BASE: LazyLock<BaseModel> = LazyLock::new(new_base);
    BASE.clone()
}

fn new_base() -> BaseModel {
    let tokenizer = folder::open("mini").unwrap();
    let config = ModelConfig {
        max_positions: 32,
        dim: 32,
        layers: 1,
        heads: 2,
        hidden_dim: 64,
        dropout: 0.0,
        attention_dropout: 0.0,
        tags: Vec::new(),
        ..tokenizer.config
    };
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (mixed(state) >> 40) as f32 / (1u64 << 24) as f32 - 0.5
    };
    let array = |(name, shape): (String, Vec<usize>), random: &mut dyn FnMut() -> f32| {
        let norm = if name.contains("orm.weight") { 1.0 } else { 0.0 };
        let data = (0..shape.iter().product()).map(|_| norm + 0.3 * random()).collect();
        (name, weights::Array { shape, data })
    };
    let weights = config.tensors().into_iter().map(|tensor| array(tensor, &mut random)).collect();
    BaseModel { config, weights, ..tokenizer }
}

fn job(change: impl Fn(&mut Settings)) -> Job {
    let mut settings = Settings { device: "cpu".into(), ..Settings::lesson("tiny") };
    (settings.learning_rate, settings.batch, settings.epochs) = (1e-2, 4, 2.0);
    settings.label_mode = LabelMode::First;
    change(&mut settings);
    Job::new(Dataset { train: sentences(), valid: sentences(), test: Vec::new() }, settings, base())
}

/// Runs with these controls waiting.
fn run_with(job: Job, sink: &Memory, controls: &[Control]) -> Result<Report, TrainError> {
    let (sender, received) = unbounded();
    controls.iter().for_each(|control| sender.send(*control).unwrap());
    drop(sender);
    let listener = sink.clone();
    run(job, &mut sink.clone(), &received, &mut |_| listener.get().order.push("reported".into()))
}

#[test]
fn eight_sentences_are_learned_by_heart() {
    let sink = Memory::default();
    let report = run_with(job(|s| (s.epochs, s.evaluations, s.keep_best) = (40.0, 4, true)), &sink, &[]).unwrap();
    assert_eq!(report.steps, 80);
    let valid = report.valid.unwrap();
    assert_eq!((valid.word.f1, valid.piece.f1, report.test), (1.0, 1.0, None));
    let written = sink.get();
    assert!(written.finished);
    let files: Vec<&str> = written.files.keys().map(String::as_str).collect();
    assert!(
        ["config.json", "model.safetensors", "tokenizer.json"].iter().all(|name| files.contains(name)),
        "{files:?}"
    );
    let last = written.statuses.last().unwrap();
    assert_eq!((last.phase, last.step, last.steps, last.eta), (Phase::Done, 80, 80, None));
    assert_eq!(written.points.iter().filter(|point| matches!(point, Point::Eval { .. })).count(), 4);
    let losses: Vec<f64> = written
        .points
        .iter()
        .filter_map(|p| if let Point::Step { loss, .. } = p { Some(*loss) } else { None })
        .collect();
    assert!(losses.len() == 80 && losses[79] < 0.1 * losses[0], "{losses:?}");
}

#[test]
fn a_point_is_written_before_it_is_announced() {
    let sink = Memory::default();
    run_with(job(|_| ()), &sink, &[]).unwrap();
    let order = &sink.get().order;
    let points = order.iter().enumerate().filter(|(_, what)| *what == "point");
    assert!(points.clone().count() > 4);
    assert!(points.clone().all(|(at, _)| order[at + 1] == "reported"));
    assert_eq!(order.first().map(String::as_str), Some("starting"));
    let ends: Vec<&str> = order.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(ends, ["done", "saving"]);
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let points = |seed: u64| {
        let sink = Memory::default();
        run_with(job(|s| (s.seed, s.dropout) = (seed, Some(0.2))), &sink, &[]).unwrap();
        let losses = |point: &Point| match point {
            Point::Step { loss, .. } | Point::Eval { loss, .. } => *loss,
            Point::Stage { .. } => 0.0,
        };
        let written = sink.get();
        written.points.iter().map(losses).collect::<Vec<f64>>()
    };
    assert_eq!(points(1), points(1));
    assert_ne!(points(1), points(2));
}

#[test]
fn stop_now_scores_and_keeps_what_there_is() {
    let (sink, (say, heard)) = (Memory::default(), unbounded());
    let mut stop = |_: &Point| say.send(Control::StopNow).unwrap();
    let report = run(job(|s| s.log_every = 1), &mut sink.clone(), &heard, &mut stop).unwrap();
    assert_eq!(report.steps, 1);
    assert!(report.valid.is_some() && sink.get().finished);
    assert_eq!(sink.get().statuses.last().unwrap().phase, Phase::Stopped);
}

#[test]
fn stopped_before_the_first_step_there_is_no_model() {
    let sink = Memory::default();
    let report = run_with(job(|_| ()), &sink, &[Control::StopNow]).unwrap();
    assert_eq!((report.steps, report.valid), (0, None));
    assert!(!sink.get().finished);
    assert_eq!(sink.get().statuses.last().unwrap().phase, Phase::Stopped);
}

#[test]
fn commands_left_where_the_run_is_written_are_heard() {
    let sink = Memory::default();
    sink.get().left = Some(Control::StopNow);
    assert_eq!(run_with(job(|_| ()), &sink, &[]).unwrap().steps, 0);
    assert_eq!(sink.get().left, None);
}

#[test]
fn stop_after_epoch_finishes_it() {
    let sink = Memory::default();
    let report = run_with(job(|s| s.epochs = 9.0), &sink, &[Control::StopAfterEpoch]).unwrap();
    assert_eq!(report.steps, 2);
    assert_eq!(sink.get().statuses.last().unwrap().phase, Phase::Stopped);
}

#[test]
fn a_checkpoint_is_scored_and_written_while_the_run_goes_on() {
    let (sink, (say, heard)) = (Memory::default(), unbounded());
    let mut first = true;
    let mut ask = |_: &Point| {
        if std::mem::take(&mut first) {
            say.send(Control::Checkpoint).unwrap();
        }
    };
    let report = run(job(|s| s.log_every = 1), &mut sink.clone(), &heard, &mut ask).unwrap();
    let written = sink.get();
    assert_eq!(report.steps, 4);
    assert_eq!(written.order.iter().filter(|what| *what == "saving").count(), 2);
    let kept: Vec<Option<usize>> = written.statuses.iter().map(|status| status.checkpoint).collect();
    let mut kept: Vec<usize> = kept.into_iter().flatten().collect();
    kept.dedup();
    assert_eq!(kept, [1, 4], "in between, and in the end");
    assert!(written.points.iter().any(|point| matches!(point, Point::Eval { step: 1, .. })));
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_reported_and_the_run_goes_on() {
    let (sink, (say, heard)) = (Memory::default(), unbounded());
    sink.get().refused_models = 1;
    let mut ask = |point: &Point| {
        if point.step() == 1 {
            say.send(Control::Checkpoint).unwrap();
        }
    };
    let report = run(job(|s| s.log_every = 1), &mut sink.clone(), &heard, &mut ask).unwrap();
    let written = sink.get();
    let last = written.statuses.last().unwrap();
    assert_eq!((report.steps, last.phase, written.finished), (4, Phase::Done, true));
    assert!(last.message.contains("no checkpoint at step 1"), "{}", last.message);
}

#[test]
fn a_diverged_run_keeps_the_best_weights_before() {
    let sink = Memory::default();
    let wild = |s: &mut Settings| {
        (s.learning_rate, s.weight_decay, s.epochs) = (0.5, 1e38, 9.0);
        (s.keep_best, s.evaluations) = (true, 18);
    };
    let error = run_with(job(wild), &sink, &[]).unwrap_err();
    assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
    let written = sink.get();
    let last = written.statuses.last().unwrap();
    assert!(written.finished && last.checkpoint.is_some());
    assert_eq!((last.phase, &last.message), (Phase::Failed, &error.to_string()));
}

#[test]
fn a_checkpoint_before_the_first_step_writes_nothing() {
    let sink = Memory::default();
    run_with(job(|_| ()), &sink, &[Control::Checkpoint]).unwrap();
    assert_eq!(sink.get().order.iter().filter(|what| *what == "saving").count(), 1);
    let in_between = |status: &&Status| !status.phase.is_over();
    assert!(sink.get().statuses.iter().filter(in_between).all(|status| status.checkpoint.is_none()));
}

#[test]
fn a_paused_run_waits_and_goes_on() {
    let sink = Memory::default();
    let report =
        run_with(job(|_| ()), &sink, &[Control::Pause, Control::Pause, Control::Resume, Control::Resume]).unwrap();
    assert_eq!(report.steps, 4);
    let order = sink.get().order.clone();
    let paused = order.iter().position(|what| what == "paused").unwrap();
    assert_eq!(order[paused + 1], "training");
    assert_eq!(order.iter().filter(|what| *what == "paused").count(), 1);
}

#[test]
fn a_diverged_run_names_the_step_and_the_sentences() {
    let sink = Memory::default();
    let error =
        run_with(job(|s| (s.learning_rate, s.weight_decay, s.epochs) = (0.5, 1e38, 9.0)), &sink, &[]).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, TrainError::Diverged { step: 2.., .. }), "{text}");
    assert!(text.contains("s0") || text.contains("s1") || text.contains("s2"), "{text}");
    let written = sink.get();
    let last = written.statuses.last().unwrap();
    assert_eq!((last.phase, &last.message), (Phase::Failed, &text));
    assert!(!written.finished);
}

#[test]
fn what_cannot_be_written_ends_the_run() {
    for broken in ["point", "status", "log", "model"] {
        let sink = Memory { broken: Some(broken), ..Memory::default() };
        let error = run_with(job(|_| ()), &sink, &[]).unwrap_err();
        assert!(error.to_string().contains("the disk is full"), "{broken}: {error}");
        assert!(!sink.get().finished);
    }
}

#[test]
fn settings_without_meaning_are_refused() {
    let error = run_with(job(|s| s.batch = 0), &Memory::default(), &[]).unwrap_err();
    assert!(matches!(error, TrainError::Setting(_)), "{error}");
}

#[test]
fn data_that_teaches_nothing_is_refused() {
    let fails = |change: fn(&mut Dataset)| {
        let mut job = job(|_| ());
        change(&mut job.data);
        run_with(job, &Memory::default(), &[]).unwrap_err()
    };
    assert!(matches!(fails(|data| data.train.clear()), TrainError::NoData));
    let nothing = fails(|data| data.train.iter_mut().for_each(|s| s.tags.fill("O".into())));
    assert!(matches!(nothing, TrainError::NoLabels));
}

#[test]
fn a_run_without_validation_keeps_the_last_weights() {
    let sink = Memory::default();
    let mut job = job(|s| s.keep_best = true);
    job.data.test = std::mem::take(&mut job.data.valid);
    let report = run_with(job, &sink, &[]).unwrap();
    assert!(report.valid.is_none() && report.test.is_some() && sink.get().finished);
}

/// Waits until something is true, for at most a minute.
fn wait_until(mut is_true: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_true() {
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_worker_takes_commands() {
    let sink = Memory::default();
    let handle = worker::spawn(job(|s| s.epochs = 1e4), sink.clone()).unwrap();
    wait_until(|| !sink.get().points.is_empty());
    handle.control(Control::StopNow);
    let report = handle.join().unwrap();
    assert!(report.steps > 0 && sink.get().finished);
}

#[test]
fn a_worker_writes_checkpoints_and_drops_them_at_the_end() {
    let sink = Memory::default();
    sink.get().full_after = Some(6);
    worker::spawn(long_job(), sink.clone()).unwrap().join().unwrap_err();
    assert!(sink.get().checkpoint.is_some(), "the run can be resumed");
    sink.get().full_after = None;
    worker::spawn(long_job(), sink.clone()).unwrap().join().unwrap();
    assert_eq!(sink.get().checkpoint, None);
}

#[test]
fn a_panic_in_a_worker_becomes_an_error() {
    let sink = Memory { broken: Some("panic"), ..Memory::default() };
    let handle = worker::spawn(job(|_| ()), sink.clone()).unwrap();
    let error = handle.join().unwrap_err();
    assert!(matches!(&error, TrainError::Panic(words) if words == "the disk is on fire"), "{error}");
    assert_eq!(sink.written.lock().unwrap_or_else(|e| e.into_inner()).statuses.last().unwrap().phase, Phase::Failed);
}

#[test]
fn a_finished_worker_ignores_commands() {
    let sink = Memory::default();
    let handle = worker::spawn(job(|s| s.epochs = 1.0), sink.clone()).unwrap();
    wait_until(|| handle.is_over());
    assert_eq!(sink.get().statuses.last().unwrap().phase, Phase::Done);
    handle.control(Control::Pause);
    assert_eq!(handle.join().unwrap().steps, 2);
}

/// SplitMix64's finaliser.
fn mixed(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A run with every option that a checkpoint must keep.
/// Dropout, hidden pieces, averaged weights, evaluations and best weights; its checkpoint is written every two steps.
fn long_job() -> Job {
    job(|s| {
        (s.epochs, s.evaluations, s.keep_best, s.log_every) = (5.0, 4, true, 1);
        (s.dropout, s.checkpoint_every, s.accumulation, s.batch) = (Some(0.1), 2, 2, 2);
        (s.average, s.mask) = (0.7, 0.1);
    })
}

#[test]
fn a_run_ends_when_evaluations_have_been_no_better_for_long_enough() {
    let sink = Memory::default();
    let stuck = |s: &mut Settings| (s.learning_rate, s.epochs, s.patience, s.keep_best) = (1e-12, 20.0, 3, true);
    let report = run_with(job(stuck), &sink, &[]).unwrap();
    let evaluations = sink.get().points.iter().filter(|point| point.valid_f1().is_some()).count();
    assert_eq!((evaluations, report.steps), (4, 8), "the first, and three that were no better");
    assert_eq!(sink.get().statuses.last().unwrap().phase, Phase::Done);
}
