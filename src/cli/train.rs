//! `tagli train`: trains without a screen.
//! The data are a project's documents or tagged files.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    annotator,
    args::{self, NewRun},
    data,
    error::CliError,
    interrupts, models,
    output::{self, Output},
    project_dir::{self, Access},
    settings,
    studies::Study,
    training_progress::ProgressSink,
    training_settings::SourcedSettings,
};
use crate::{
    project::{PlainRun, Project, ProjectError, RunFolder, TRAINING_SETTINGS, run_folder, storage},
    runs::{Precision, Recipe, RunSink, Settings, embedded_bases},
    services,
    spans::Dataset,
    text::number::{grouped, with_noun},
    training,
    work::{
        inspect::Leak,
        resume::{InterruptedRun, ResumeError},
        teachers::{self, TeacherError},
        train::{StartedRun, TaggedFile, TrainRequest, TrainRequestError, TrainingData},
        untagged::UntaggedSentences,
    },
};

/// Value of `--set` that shows all settings instead of a training.
const LIST: &str = "list";
/// Numbers of folds and of draws that can be asked for.
const FOLDS: RangeInclusive<usize> = 2..=50;
const DRAWS: RangeInclusive<usize> = 1..=50;

/// Trains, or resumes an interrupted training.
///
/// # Errors
/// There is no data, a base or a setting is unknown, a device is missing, the disk is full, or the loss is not finite.
pub(super) fn run(args: &args::Train, output: Output) -> Result<(), CliError> {
    if args.resume {
        return resume(args, output);
    }
    let new = &args.new_run;
    check_study(new)?;
    first_dir_then_lists(args)?;
    let is_list_wanted = new.set.iter().any(|pair| pair == LIST);
    if let Some(out) = args.out.as_ref().filter(|_| !is_list_wanted) {
        PlainRun::check(out, args.force)?;
    }
    // With --out nothing is written into the project.
    let access = if args.out.is_some() || is_list_wanted { Access::Read } else { Access::Write };
    let annotator = new.annotator.as_deref();
    let project = args.dir.as_deref().map(|dir| project_dir::open(dir, access, annotator, output)).transpose()?;
    let mut data = match &project {
        Some(project) => project_data(project, new, output)?,
        None => file_data(args, output)?,
    };
    let default_base = project.as_ref().map_or(embedded_bases::DEFAULT, |project| project.manifest.base.as_str());
    let base_name = new.base.as_deref().unwrap_or(default_base);
    let dir = project.as_ref().map(|project| project.root.as_path());
    let settings = run_settings(args, dir, data.sentences.train.len(), base_name, &|note| output.say(note))?;
    if is_list_wanted {
        let (value, text) = settings.list();
        return output.result(&value, &text);
    }
    let settings = settings.settings;
    if is_study(new) {
        return study(args, project.as_ref(), base_name, data, output);
    }
    if settings.untagged {
        add_untagged(&mut data, project.as_ref(), args, output)?;
    }
    train(args, project.as_ref(), data, settings, base_name, output)
}

/// Trains on these data with these settings, in the folder or project that was asked for.
fn train(
    args: &args::Train,
    project: Option<&Project>,
    data: TrainingData,
    settings: Settings,
    base_name: &str,
    output: Output,
) -> Result<(), CliError> {
    let new = &args.new_run;
    let description = describe(new.recipe, &settings, &data.sentences);
    let names: Vec<String> = settings.teachers().into_iter().map(str::to_owned).collect();
    let labels = data.sentences.label_names();
    let request = TrainRequest::new(data, settings).map_err(refused)?;
    let teachers = teachers::open(project, &names, &labels).map_err(teacher_refused)?;
    if !teachers.is_empty() {
        output.say(format!("teachers: {}", names.join(", ")));
    }
    let request = request.with_teachers(teachers);
    // Whoever types the name of a base wants it; a project may come from a stranger.
    let base = models::open_base(base_name, args.fetch || new.base.is_some(), output)?;
    for note in &base.notes {
        output.say(format!("{}: {note}", base.name));
    }
    output.say(description);
    let now = services::now();
    match (&args.out, project) {
        (Some(dir), _) => {
            let run = request.start_in_folder(base, dir, args.force, now)?;
            if let Some(old) = run.sink.replaces() {
                let [old, new] = [old, run.sink.path()].map(output::path);
                output.say(format!("the new run is in {new}; it replaces the one in {old} when it is complete"));
            }
            complete(run, put_in_place, output)
        }
        (None, Some(project)) => {
            note_live_runs(project, output);
            let started = request.start_in_project(base, project, now);
            let (id, run) =
                started.map_err(|error| CliError::from(error).hint("--out DIR keeps the run in another folder"))?;
            output.say(format!("run {id}"));
            complete(run, put_in_place, output)
        }
        (None, None) => {
            output.say("note: without --out the trained model is not kept, only its scores are shown");
            complete(request.start_unrecorded(base), |_, _| Ok(None), output)
        }
    }
}

/// Notes the runs of a project that another process trains.
fn note_live_runs(project: &Project, output: Output) {
    for other in project.runs().list().iter().filter(|run| run.is_live()) {
        output.say(format!("note: {} is training, too; both will be slower", other.id));
    }
}

/// Trains to the end, lets `place` give the run its final folder, and reports the scores.
fn complete<S: RunSink>(
    mut run: StartedRun<S>,
    place: impl FnOnce(S, Output) -> Result<Option<PathBuf>, CliError>,
    output: Output,
) -> Result<(), CliError> {
    let controls = interrupts::controls(output)?;
    let mut sink = ProgressSink::new(&mut run.sink, output);
    let report = training::run(run.job, &mut sink, &controls, &mut |_| ())?;
    let mut value = serde_json::to_value(&report).map_err(CliError::environment)?;
    if let Some(path) = &place(run.sink, output)? {
        if run_folder::read_status(path).is_ok_and(|status| run_folder::can_resume(path, status.phase)) {
            output.say(format!("interrupted; continue it with: tagli train --resume --out {}", output::path(path)));
        }
        value["run"] = json!(output::path(path));
        value["model"] = json!(path.join("model"));
    }
    output.result(&value, &summary(&value))
}

/// Puts a complete run in the place of the one that it replaces. Returns its folder.
fn put_in_place(run: RunFolder, output: Output) -> Result<Option<PathBuf>, CliError> {
    run.messages().iter().for_each(|message| output.say(message));
    let replaced = run.replaces().map(Path::to_owned);
    let (path, messages) = run.put_in_place()?;
    messages.iter().for_each(|message| output.say(message));
    if let Some(old) = replaced.filter(|old| *old != path) {
        let [old, new] = [old.as_path(), &path].map(output::path);
        output.say(format!("the run ended early, so the one in {old} stays; the new one is in {new}"));
    }
    Ok(Some(path))
}

/// Resumes the run in `--out`, or else the newest interrupted one of the project that has a checkpoint.
fn resume(args: &args::Train, output: Output) -> Result<(), CliError> {
    let run = match (&args.out, &args.dir) {
        (Some(out), _) => InterruptedRun::open(out, services::now()),
        (None, Some(dir)) => {
            InterruptedRun::newest(&project_dir::open(dir, Access::Read, None, output)?, services::now())
        }
        (None, None) => {
            return Err(CliError::usage("--resume continues a run of a project (DIR) or of a folder (--out)"));
        }
    };
    let run = run.map_err(not_resumable)?;
    let base = models::open_base(run.base(), args.fetch, output)?;
    let run = run.resume(base)?;
    output.say(format!("continues {}", run.path.as_deref().map(output::path).unwrap_or_default()));
    complete(run, put_in_place, output)
}

fn not_resumable(error: ResumeError) -> CliError {
    match error {
        ResumeError::NoCheckpoint(_) => CliError::data(error).hint(
            "checkpoints are written every five minutes; --set checkpoint_minutes=1 or checkpoint_every=100 writes more",
        ),
        ResumeError::ForeignBase { .. } => CliError::data(error),
        ResumeError::Precision { .. } => CliError::environment(error),
        ResumeError::Project(error) => error.into(),
        ResumeError::Checkpoint(error) => error.into(),
    }
}

fn refused(error: TrainRequestError) -> CliError {
    match error {
        TrainRequestError::NothingToLearn => {
            CliError::data(error).hint("documents are done when `enter` or `space` left them on the Tag screen")
        }
        TrainRequestError::Settings(_) => CliError::usage(error),
        TrainRequestError::NothingUntagged(_) => CliError::data(error).hint(
            "untagged are documents of the training split that the annotator has not begun; `tagli import` adds some, and \
             without --untagged the tagged ones are learned",
        ),
        TrainRequestError::Precision(_) => CliError::environment(error),
    }
}

fn teacher_refused(error: TeacherError) -> CliError {
    let hint = match &error {
        TeacherError::Missing(_) => "`tagli runs list DIR` lists the runs of a project",
        TeacherError::Unfinished { .. } => "let it come to its end, or continue it with `tagli train --resume`",
        TeacherError::NoModel { .. } | TeacherError::Damaged { .. } => "train it again, or name another teacher",
        TeacherError::Labels { .. } | TeacherError::Tags { .. } => {
            "a teacher must have been trained on the labels that the training data have, all of them and no others"
        }
    };
    CliError::data(error).hint(hint)
}

/// Adds the untagged documents of the project, or the texts of the files.
fn add_untagged(
    data: &mut TrainingData,
    project: Option<&Project>,
    args: &args::Train,
    output: Output,
) -> Result<(), CliError> {
    let new = &args.new_run;
    let files = new.untagged.as_deref().unwrap_or_default();
    match (project, files) {
        (Some(project), []) => {
            let name = annotator::choose(project, new.annotator.as_deref())?;
            data.add_untagged_of_project(project, &project.read_annotator(&name)?.journal);
        }
        (Some(_), _) => {
            return Err(CliError::usage("--untagged takes files only with --train")
                .hint("the untagged documents of a project are its own; `tagli import DIR FILE` adds more"));
        }
        (None, []) => {
            return Err(CliError::usage("--untagged needs files here").hint("for example --untagged reviews.txt"));
        }
        (None, files) => {
            let mut sentences = UntaggedSentences::default();
            for path in files {
                let corpus = data::read(path, None, &data::read_options(&args.tags)?, output)?.into_corpus();
                sentences.add(&output::path(path), &corpus);
            }
            data.add_untagged(sentences);
        }
    }
    data.untagged.iter().flat_map(|(_, report)| report.lines()).for_each(|line| output.say(line));
    Ok(())
}

/// Explains how a project is given beside options that take several values: the last of these would swallow it.
fn first_dir_then_lists(args: &args::Train) -> Result<(), CliError> {
    if args.dir.is_some() || args.new_run.train.is_some() {
        return Ok(());
    }
    Err(CliError::usage("there is no project and no --train file").hint(
        "write the project before options with several values: tagli train DIR --untagged, tagli train DIR --teacher RUN",
    ))
}

/// Whether many trainings are asked for, of which none is kept.
fn is_study(new: &NewRun) -> bool {
    new.folds.is_some() || new.curve
}

/// Refuses numbers of folds and draws with which nothing can be measured.
fn check_study(new: &NewRun) -> Result<(), CliError> {
    match (new.folds, new.draws) {
        (Some(folds), _) if !FOLDS.contains(&folds) => {
            Err(CliError::usage(format!("--folds {folds}: give a number from {} to {}", FOLDS.start(), FOLDS.end())))
        }
        (_, draws) if !DRAWS.contains(&draws) => {
            Err(CliError::usage(format!("--draws {draws}: give a number from {} to {}", DRAWS.start(), DRAWS.end())))
        }
        _ => Ok(()),
    }
}

/// Runs a cross-validation or measures a learning curve.
fn study(
    args: &args::Train,
    project: Option<&Project>,
    base: &str,
    data: TrainingData,
    output: Output,
) -> Result<(), CliError> {
    let new = &args.new_run;
    let base = models::open_base(base, args.fetch || new.base.is_some(), output)?;
    let annotator = match project {
        Some(project) => annotator::choose(project, new.annotator.as_deref())?.to_string(),
        None => String::new(),
    };
    let dir = project.map(|project| project.root.as_path());
    let name = base.name.clone();
    let settings = |sentences: usize| {
        let settings = run_settings(args, dir, sentences, &name, &|_| ())?.settings;
        match settings.untagged || !settings.teachers().is_empty() {
            true => Err(CliError::usage(
                "--folds and --curve learn from tagged documents alone; set neither untagged nor teacher",
            )),
            false => Ok(settings),
        }
    };
    let study = Study {
        project,
        annotator,
        settings: &settings,
        base,
        recipe: new.recipe.name(),
        started: services::now(),
        output,
    };
    let validated = data.report.map(|report| report.validated).unwrap_or_default();
    match new.folds {
        Some(folds) => study.folds(data.sentences, folds),
        None => study.curve(data.sentences, new.draws, validated),
    }
}

fn project_data(project: &Project, new: &NewRun, output: Output) -> Result<TrainingData, CliError> {
    let name = annotator::choose(project, new.annotator.as_deref())?;
    let annotator = project.read_annotator(&name)?;
    let data = TrainingData::of_project(project, &name, &annotator.journal);
    for line in data.report.iter().flat_map(|report| report.lines()) {
        output.say(line);
    }
    Ok(data)
}

fn file_data(args: &args::Train, output: Output) -> Result<TrainingData, CliError> {
    let new = &args.new_run;
    let [train, valid, test] =
        [&new.train, &new.valid, &new.test].map(|path| tagged_file(path.as_deref(), args, output));
    let data = TrainingData::of_files(train?, valid?, test?);
    for Leak { from, to, same, nearly } in data.leaks() {
        let known = with_noun(same + nearly, "sentence");
        output.say(format!(
            "warning: {known} of {} known from {}: {} the same, {} nearly the same; scores on them say little",
            to.name(),
            from.name(),
            grouped(same),
            grouped(nearly)
        ));
    }
    Ok(data)
}

fn tagged_file(path: Option<&Path>, args: &args::Train, output: Output) -> Result<TaggedFile, CliError> {
    let Some(path) = path else { return Ok(TaggedFile::default()) };
    Ok(TaggedFile {
        path: Some(output::path(path)),
        sentences: data::sentences(path, args.new_run.format, &args.tags, output)?,
    })
}

/// Settings of the recipe, overridden by those of the user, of the project's `training.json`, of `--settings`, of the
/// flags and of `--set`, in this order.
fn run_settings(
    args: &args::Train,
    dir: Option<&Path>,
    sentences: usize,
    base: &str,
    say: &dyn Fn(String),
) -> Result<SourcedSettings, CliError> {
    let new = &args.new_run;
    let recipe = training::recipe(new.recipe, sentences, base);
    let mut settings = SourcedSettings::new(recipe, format!("the recipe {}", new.recipe.name()));
    let device = settings::device(None, dir)?;
    settings.apply("the settings of the program", |settings| {
        settings.device = device;
        Ok(())
    })?;
    if let Some(file) = dir.map(|dir| dir.join(TRAINING_SETTINGS)) {
        // It comes with the project, in contrast to a file that the user names.
        let bytes = storage::read_if_there(&file, storage::SMALL).map_err(ProjectError::from)?;
        if let Some(bytes) = bytes {
            settings.apply(&output::path(&file), |settings| settings_file(settings, &file, &bytes, say))?;
        }
    }
    if let Some(file) = &new.settings {
        let bytes = data::bytes(file, storage::SMALL)?;
        settings.apply(&output::path(file), |settings| settings_file(settings, file, &bytes, say))?;
    }
    settings.apply("the command line", |settings| set_by_flags(settings, new, base, say))?;
    Ok(settings)
}

/// Applies the flags of single settings, then those of `--set`.
fn set_by_flags(settings: &mut Settings, new: &NewRun, base: &str, say: &dyn Fn(String)) -> Result<(), CliError> {
    // The recipe depends on the base, so the base has a flag of its own.
    base.clone_into(&mut settings.base);
    settings.learning_rate = new.lr.unwrap_or(settings.learning_rate);
    settings.epochs = new.epochs.unwrap_or(settings.epochs);
    settings.weight_decay = new.weight_decay.unwrap_or(settings.weight_decay);
    settings.warmup = new.warmup.unwrap_or(settings.warmup);
    settings.batch = new.batch.unwrap_or(settings.batch);
    settings.seed = new.seed.unwrap_or(settings.seed);
    settings.order = new.order.unwrap_or(settings.order);
    settings.label_mode = new.label_mode.unwrap_or(settings.label_mode);
    settings.precision = new.precision.unwrap_or(settings.precision);
    if let Some(device) = &new.device {
        device.clone_into(&mut settings.device);
    }
    settings.untagged |= new.untagged.is_some();
    if let Some(name) = new.teacher.iter().find(|name| name.contains(',') || name.trim() != *name || name.is_empty()) {
        return Err(CliError::usage(format!("--teacher `{name}`: the name of a teacher has no comma and no space at its ends"))
            .hint("several teachers are separated by spaces: --teacher 3 5; a folder with a comma in its path must be renamed"));
    }
    if !new.teacher.is_empty() {
        settings.teacher = new.teacher.join(",");
    }
    for pair in new.set.iter().filter(|pair| *pair != LIST) {
        let (setting, value) =
            pair.split_once('=').ok_or_else(|| CliError::usage(format!("--set {pair}: the form is NAME=VALUE")))?;
        let note = settings.set(setting.trim(), value.trim()).map_err(CliError::usage)?;
        note.into_iter().for_each(say);
    }
    if settings.base != base {
        return Err(CliError::usage(format!("the base `{}` is given by --base", settings.base)));
    }
    if new.untagged.is_some() && !settings.untagged {
        return Err(CliError::usage(
            "--untagged and --set untagged=false contradict each other: leave one of them out",
        ));
    }
    if !new.teacher.is_empty() && settings.teachers() != new.teacher {
        let (flag, set) = (new.teacher.join(","), &settings.teacher);
        return Err(CliError::usage(format!("--teacher names {flag}, but --set teacher={set}: leave one of them out")));
    }
    Ok(())
}

/// Applies the settings of a JSON file with these contents.
fn settings_file(settings: &mut Settings, file: &Path, bytes: &[u8], say: &dyn Fn(String)) -> Result<(), CliError> {
    let name = output::path(file);
    let json = serde_json::from_slice(bytes).map_err(|error| CliError::data(format!("{name}: {error}")))?;
    let notes = settings.set_all(&json).map_err(|error| CliError::data(format!("{name}: {error}")))?;
    say(format!("settings from {name}"));
    notes.into_iter().for_each(|note| say(format!("{name}: {note}")));
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
    if settings.untagged && settings.teacher.is_empty() {
        text += &format!(", then untagged ones with spans scored {} or more", settings.untagged_threshold);
    }
    if !settings.teacher.is_empty() {
        let (share, temperature) = (settings.teacher_share, settings.teacher_temperature);
        text += &format!(", teachers with a share of {share} of the loss, temperature {temperature}");
    }
    // Settings that most runs leave at 0.
    let more = [("mask", settings.mask), ("average", settings.average), ("label_smoothing", settings.label_smoothing)];
    more.iter().filter(|(_, value)| *value > 0.0).for_each(|(name, value)| text += &format!(", {name} {value}"));
    if let Some(stride) = settings.stride {
        text += &format!(", stride {stride}");
    }
    if settings.precision == Precision::Bf16 {
        text += ", products in bf16";
    }
    if settings.constrained {
        text += ", tags decoded as a sequence";
    }
    text
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
    if let Some(kept) = value["untagged"]["kept"].as_u64() {
        let outcome = match (kept, &value["stage"]) {
            (0, _) => "learned; there was no second stage",
            (_, stage) if *stage == 2 => "learned; the model of the second stage is kept",
            // It was no better, or ended early.
            _ => "tried in a second stage; the model of the first is kept",
        };
        text +=
            &format!("{kept} of {} {outcome}\n", output::with_noun(&value["untagged"]["read"], "untagged document"));
        let left_out =
            [("unsure", "not sure enough of a span (untagged_threshold)"), ("without_span", "without a span")];
        for (count, why) in left_out {
            let count = &value["untagged"][count];
            if count.as_u64().is_some_and(|count| count > 0) {
                text += &format!("  left out: {}, {why}\n", output::with_noun(count, "document"));
            }
        }
    }
    if let Some(model) = value["model"].as_str() {
        text += &format!("model: {model}\n");
    }
    text
}
