//! `tagli train`: fine-tunes without a screen, on a project's documents or on tagged files.

use std::{io, path::Path};

use crossbeam_channel::{Receiver, unbounded};
use serde_json::{Value, json};
use signal_hook::{consts::SIGINT, consts::SIGTERM, iterator::Signals};

use super::{
    args, data,
    error::CliError,
    models,
    new::failed,
    open,
    output::{self, Output},
    runs,
};
use crate::{
    project::{
        PlainRun, Project, RunView,
        run_folder::{self, RunConfig, RunFolder},
        training_data,
    },
    runs::{Control, FolderSink, Point, Recipe, RunSink, Settings, Status},
    services,
    spans::{Dataset, HalfWords},
    text::number::with_noun,
    training::{self, Job, TrainError, checkpoint},
};

/// Runs the command.
///
/// # Errors
/// No data, an unknown base or setting, a device that is not there, a disk that is full, or a loss that is no number.
pub(super) fn run(args: &args::Train, output: Output) -> Result<(), CliError> {
    not_built(args)?;
    if args.resume {
        return resume(args, output);
    }
    let project = args.dir.as_deref().map(Project::open).transpose().map_err(failed)?;
    let (data, about) = match &project {
        Some(project) => of_project(project, args, output)?,
        None => of_files(args, output)?,
    };
    if data.train.is_empty() {
        return Err(CliError::data("there is nothing to learn from: no document of the training part is done")
            .hint("documents are done when `enter` or `space` left them on the Tag screen"));
    }
    let base_name =
        args.base.as_deref().or(project.as_ref().map(|project| project.manifest.base.as_str())).unwrap_or("mini");
    let base = models::open_base(base_name, output)?;
    for note in &base.notes {
        output.say(format!("{}: {note}", base.name));
    }
    let settings = settings(args, data.train.len(), base_name, output)?;
    output.say(describe(args.recipe, &settings, &data));
    let config = RunConfig::new(services::now(), settings.clone(), about);
    let (mut sink, out): (Box<dyn RunSink>, Option<String>) = match (&args.out, &project) {
        (Some(dir), _) => {
            let run = PlainRun::create(dir, &config).map_err(failed)?;
            (Box::new(run), Some(dir.display().to_string()))
        }
        (None, Some(project)) => {
            for other in project.runs().list().iter().filter(|run| run.is_live()) {
                output.say(format!("note: {} is training, too; both will be slower", other.id));
            }
            let (id, run) = project.runs().create(&config).map_err(failed)?;
            output.say(format!("run {id}"));
            (Box::new(run), Some(project.runs().get(id.as_str()).map_err(failed)?.path.display().to_string()))
        }
        (None, None) => {
            output.say("note: without --out the trained model is not kept, only its scores are told");
            (Box::new(Nowhere), None)
        }
    };
    complete(Job { data, settings, base, resume: None }, sink.as_mut(), out, output)
}

/// Trains to the end and says what came of it. `out`: the run's folder, if it has one.
fn complete(job: Job, sink: &mut dyn RunSink, out: Option<String>, output: Output) -> Result<(), CliError> {
    let controls = interrupts()?;
    let mut tell = |point: &Point| output.say(runs::line(point));
    let report = training::run(job, sink, &controls, &mut tell).map_err(train_failed)?;
    let mut value = serde_json::to_value(&report).map_err(CliError::environment)?;
    if let Some(out) = &out {
        value["run"] = json!(out);
        value["model"] = json!(Path::new(out).join("model"));
    }
    output.result(&value, &summary(&value))
}

/// Goes on with a run that was interrupted: the one in `--out`, else the newest of the project that has a checkpoint.
/// Data and settings are those that it was begun with.
fn resume(args: &args::Train, output: Output) -> Result<(), CliError> {
    let path = match (&args.out, &args.dir) {
        (Some(out), _) => out.clone(),
        (None, Some(dir)) => {
            let project = Project::open(dir).map_err(failed)?;
            let mut interrupted = project.runs().list().into_iter().rev().filter(RunView::is_interrupted);
            let found =
                interrupted.find(|run| run_folder::read_checkpoint(&run.path).is_ok_and(|files| files.is_some()));
            found.map(|run| run.path).ok_or_else(|| nothing_to_resume(dir))?
        }
        (None, None) => {
            return Err(CliError::usage("--resume goes on with a run of a project (DIR) or of a folder (--out)"));
        }
    };
    let saved = run_folder::read_checkpoint(&path).map_err(|error| failed(error.into()))?;
    let saved = saved.ok_or_else(|| nothing_to_resume(&path))?;
    let config = run_folder::read_config(&path).map_err(failed)?;
    let (data, points) = checkpoint::data(&saved).map_err(train_failed)?;
    let base = models::open_base(&config.settings.base, output)?;
    let mut run = RunFolder::resume(&path, services::now(), points).map_err(failed)?;
    output.say(format!("goes on with {}", output::path(&path)));
    let job = Job { data, settings: config.settings, base, resume: Some(saved) };
    complete(job, &mut run, Some(path.display().to_string()), output)
}

fn nothing_to_resume(place: &Path) -> CliError {
    CliError::data(format!("{}: there is no interrupted run with a checkpoint to go on from", output::path(place)))
        .hint("checkpoints are written every five minutes; --set checkpoint_minutes=1 or checkpoint_every=100 writes more")
}

/// Parts of the contract that later work brings.
fn not_built(args: &args::Train) -> Result<(), CliError> {
    let later = [(args.folds.is_some(), "cross-validation (--folds)"), (args.curve, "the learning curve (--curve)")];
    later.into_iter().find(|(asked, _)| *asked).map_or(Ok(()), |(_, what)| Err(CliError::not_built(what)))
}

fn of_project(project: &Project, args: &args::Train, output: Output) -> Result<(Dataset, Value), CliError> {
    let name = open::annotator_of(project, args.annotator.as_deref())?;
    let annotator = project.read_annotator(&name).map_err(failed)?;
    let (data, account) = training_data(project, &annotator.journal, HalfWords::Snap);
    for line in account.lines() {
        output.say(line);
    }
    let about = json!({ "project": project.manifest.name, "annotator": name.as_str(), "account": account });
    Ok((data, about))
}

fn of_files(args: &args::Train, output: Output) -> Result<(Dataset, Value), CliError> {
    let read = |path: &Option<std::path::PathBuf>| match path {
        Some(path) => data::sentences(path, output),
        None => Ok(Vec::new()),
    };
    let data = Dataset { train: read(&args.train)?, valid: read(&args.valid)?, test: read(&args.test)? };
    let [train, valid, test] = [&args.train, &args.valid, &args.test].map(|path| path.as_deref().map(output::path));
    Ok((data, json!({ "train": train, "valid": valid, "test": test })))
}

/// A project's own settings file, in its folder.
const OWN_SETTINGS: &str = "training.json";

/// The recipe's settings; over them those of the project's `training.json`, of the file that was named, and what was
/// given on the command line.
fn settings(args: &args::Train, sentences: usize, base: &str, output: Output) -> Result<Settings, CliError> {
    let mut settings = training::recipe(args.recipe, sentences, base);
    let own = args.dir.as_ref().map(|dir| dir.join(OWN_SETTINGS)).filter(|file| file.is_file());
    for file in own.iter().chain(&args.settings) {
        settings_file(&mut settings, file, output)?;
    }
    // The base decides the recipe, and is opened before: it has a flag of its own.
    settings.base = base.to_owned();
    let set = |target: &mut f64, given: Option<f64>| *target = given.unwrap_or(*target);
    set(&mut settings.learning_rate, args.lr);
    set(&mut settings.epochs, args.epochs);
    set(&mut settings.weight_decay, args.weight_decay);
    set(&mut settings.warmup, args.warmup);
    settings.batch = args.batch.unwrap_or(settings.batch);
    settings.seed = args.seed.unwrap_or(settings.seed);
    settings.order = args.order.unwrap_or(settings.order);
    settings.label_mode = args.label_mode.unwrap_or(settings.label_mode);
    if let Some(device) = &args.device {
        settings.device.clone_from(device);
    }
    for pair in &args.set {
        let (setting, value) =
            pair.split_once('=').ok_or_else(|| CliError::usage(format!("--set {pair}: the form is NAME=VALUE")))?;
        let note = settings.set(setting.trim(), value.trim()).map_err(CliError::usage)?;
        note.into_iter().for_each(|note| output.say(note));
    }
    if settings.base != base {
        return Err(CliError::usage(format!("the base `{}` is given by --base", settings.base)));
    }
    settings.check().map_err(CliError::usage)?;
    Ok(settings)
}

/// Takes the settings of a JSON file.
fn settings_file(settings: &mut Settings, file: &Path, output: Output) -> Result<(), CliError> {
    let name = output::path(file);
    let bytes = std::fs::read(file).map_err(|error| CliError::reading(file, &error))?;
    let json = serde_json::from_slice(&bytes).map_err(|error| CliError::data(format!("{name}: {error}")))?;
    let notes = settings.set_all(&json).map_err(|error| CliError::data(format!("{name}: {error}")))?;
    output.say(format!("settings from {name}"));
    notes.into_iter().for_each(|note| output.say(format!("{name}: {note}")));
    Ok(())
}

fn describe(recipe: Recipe, settings: &Settings, data: &Dataset) -> String {
    let mut text = format!(
        "{} to learn from, {} to validate on, {} to test on; recipe {}, base {}, learning rate {:e}, epochs {}, batch {}, seed {}",
        with_noun(data.train.len(), "sentence"),
        data.valid.len(),
        data.test.len(),
        recipe.name(),
        settings.base,
        settings.learning_rate,
        settings.epochs,
        settings.batch,
        settings.seed
    );
    // What does nothing in most runs is told where it does something.
    let more = [("mask", settings.mask), ("average", settings.average), ("label_smoothing", settings.label_smoothing)];
    more.iter().filter(|(_, value)| *value > 0.0).for_each(|(name, value)| text += &format!(", {name} {value}"));
    if let Some(stride) = settings.stride {
        text += &format!(", stride {stride}");
    }
    if settings.constrained {
        text += ", tags chosen in sequence";
    }
    text
}

/// The first interrupt ends the run after the step at hand and keeps the model so far; the second ends the process.
fn interrupts() -> Result<Receiver<Control>, CliError> {
    let (sender, receiver) = unbounded();
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(CliError::environment)?;
    let wait = move || {
        for (count, signal) in signals.forever().enumerate() {
            if count > 0 {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
            let _ = sender.send(Control::StopNow);
        }
    };
    std::thread::Builder::new().name("interrupts".into()).spawn(wait).map_err(CliError::environment)?;
    Ok(receiver)
}

/// A training's error by whose fault it is.
pub(super) fn train_failed(error: TrainError) -> CliError {
    if error.is_environment() { CliError::environment(error) } else { CliError::data(error) }
}

fn summary(value: &Value) -> String {
    let number = |value: &Value| value.as_f64().map_or_else(|| "-".to_owned(), |n| format!("{n:.4}"));
    let seconds = value["seconds"].as_f64().unwrap_or_default();
    let speed = value["samples_per_second"].as_f64().unwrap_or_default();
    let steps = output::with_noun(&value["steps"], "step");
    let mut text = format!("{steps} in {seconds:.1} s, {speed:.0} sentences a second\n");
    for split in ["valid", "test"] {
        if value[split].is_object() {
            let [word, piece] = ["word", "piece"].map(|count| number(&value[split][count]["f1"]));
            text += &format!("{split}: F1 per word {word}, per piece {piece} (lenient)\n");
        }
    }
    if let Some(model) = value["model"].as_str() {
        text += &format!("model: {model}\n");
    }
    text
}

/// Takes everything and keeps nothing.
struct Nowhere;

impl RunSink for Nowhere {
    fn point(&mut self, _: &Point) -> io::Result<()> {
        Ok(())
    }

    fn status(&mut self, _: &Status) -> io::Result<()> {
        Ok(())
    }

    fn log(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn model(&mut self) -> io::Result<Box<dyn FolderSink>> {
        Ok(Box::new(Self))
    }
}

impl FolderSink for Nowhere {
    fn file(&mut self, _: &str, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        Ok(())
    }
}
