//! `tagli models`: lists, downloads and uploads models.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    args::{self, ModelsAction},
    error::CliError,
    output::{self, Output, table},
    progress_report::ProgressReport,
};
use crate::{
    model::{
        self, Architecture, BaseModel,
        hub::{self, Hub, HubError, Upload},
    },
    project::{Manifest, Project, run_folder},
    runs::{
        Point, Settings, Status,
        card::{CURVES, Card},
        embedded_bases::is_embedded,
        plot,
    },
    spans::scheme::Tag,
    text::number::bytes,
    work::base::{self, Offer},
};

const CARD: &str = "README.md";

/// Runs an action.
///
/// # Errors
/// There is no such model, it cannot be read, or the network or the file system refuses.
pub(super) fn run(action: &ModelsAction, output: Output) -> Result<(), CliError> {
    match action {
        ModelsAction::List => list(output),
        ModelsAction::Pull { id } if is_embedded(id) => {
            Err(CliError::data(format!("`{id}` is inside the program: there is nothing to download")))
        }
        ModelsAction::Pull { id } => {
            let pulled = download(&Hub::from_environment()?, id, output)?;
            let files: Vec<_> =
                pulled.files.iter().map(|(name, size)| json!({ "name": name, "bytes": size })).collect();
            let value = json!({
                "id": id, "folder": output::path(&pulled.folder), "commit": pulled.commit, "files": files,
                "fetched_bytes": pulled.fetched,
            });
            let came = if pulled.fetched == 0 {
                "nothing was missing".to_owned()
            } else {
                format!("{} downloaded", bytes(pulled.fetched))
            };
            output.result(&value, &format!("{id}: {came}\n{}", pulled.folder.display()))
        }
        ModelsAction::Push(args) => push(args, output),
    }
}

fn list(output: Output) -> Result<(), CliError> {
    let bases = hub::bases();
    let rows: Vec<Vec<String>> = bases.iter().map(|base| vec![base.name.clone(), base.about.clone()]).collect();
    let value: Vec<_> = bases.iter().map(|b| json!({ "name": b.name, "kind": b.kind, "about": b.about })).collect();
    output.result(&value, &table(&rows))
}

/// Opens a base model.
/// It is downloaded from the hub first if it is not on this machine.
///
/// Unless `may_fetch`, because the arguments name the base or allow it, the user is asked before the download.
///
/// # Errors
/// There is none of this name, or it cannot be read or downloaded, or the user did not allow the download.
pub(super) fn open_base(name: &str, may_fetch: bool, output: Output) -> Result<BaseModel, CliError> {
    if let Some(base) = base::open(name)? {
        return Ok(base);
    }
    let hub = Hub::from_environment()?;
    let asked = hub.endpoint();
    if !may_fetch {
        confirm_download(&hub, name, output)?;
    }
    output.say(format!("there is no folder {name}, and the cache does not hold such a model: asking {asked}"));
    let pulled = download(&hub, name, output)?;
    output.say(format!("{name} is in {}", pulled.folder.display()));
    model::open(name).map_err(CliError::data)
}

/// Asks at a terminal whether a base that a project or a run names may be downloaded.
///
/// # Errors
/// There is no terminal, or the answer is no.
fn confirm_download(hub: &Hub, name: &str, output: Output) -> Result<(), CliError> {
    if Output::can_ask() && output.confirm(&Offer::new(hub, name)?.to_string()) {
        return Ok(());
    }
    let why = "it is named by the project, not by the command, and is not on this machine";
    Err(CliError::usage(format!("the base {name} is not fetched from {}: {why}", hub.endpoint()))
        .hint(format!("--fetch allows it; tagli models pull {name} fetches it alone")))
}

fn download(hub: &Hub, id: &str, output: Output) -> Result<hub::Pulled, CliError> {
    let mut progress = ProgressReport::new(output);
    Ok(base::download(hub, id, &mut |step| progress.show(step))?)
}

fn push(args: &args::Push, output: Output) -> Result<(), CliError> {
    if !hub::is_id(&args.id) {
        return Err(HubError::Name(args.id.clone()).into());
    }
    let source = Source::find(&args.folder)?;
    let base = source.open()?;
    if base.config.tags.is_empty() {
        return Err(CliError::data(format!("{}: it has no classifier for words", source.model.display()))
            .hint("a base as it is has no labels; train it first"));
    }
    let files = source.files(args, &base)?;
    let rows: Vec<Vec<String>> =
        files.iter().map(|file| vec![file.name.clone(), bytes(file.bytes.len() as u64)]).collect();
    let card =
        files.iter().find(|file| file.name == CARD).map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
    if args.dry_run {
        let names: Vec<_> = files.iter().map(|file| json!({ "name": file.name, "bytes": file.bytes.len() })).collect();
        let value = json!({ "id": args.id, "files": names, "card": card });
        return output.result(&value, &format!("{}\n{}", card.unwrap_or_default(), table(&rows)));
    }
    let hub = Hub::from_environment()?;
    let mut progress = ProgressReport::new(output);
    let pushed = hub::push(&hub, &args.id, args.private, &args.message, &files, &mut |step| progress.show(step));
    drop(progress);
    let pushed = pushed?;
    let value = json!({ "id": pushed.id, "url": pushed.url, "commit": pushed.commit, "sent_bytes": pushed.sent });
    output.result(&value, &format!("{}: {} sent\n{}", pushed.id, bytes(pushed.sent), pushed.url))
}

/// A model folder, and the run that it belongs to, if any.
struct Source {
    model: PathBuf,
    run: Option<PathBuf>,
}

impl Source {
    /// Finds the model of a run, and the run of a model.
    fn find(given: &Path) -> Result<Self, CliError> {
        if !given.is_dir() {
            return Err(CliError::data(format!("{}: there is no such folder", given.display())));
        }
        let model = if run_folder::is_run(given) { run_folder::model_path(given) } else { given.to_owned() };
        if !model.is_dir() {
            return Err(CliError::data(format!("{}: the run has no model yet", given.display())));
        }
        let whole = fs::canonicalize(&model).map_err(|error| CliError::reading(&model, &error))?;
        let run = whole.parent().filter(|parent| run_folder::is_run(parent) && run_folder::model_path(parent) == whole);
        if run.is_none() && model != given {
            return Err(CliError::data(format!("{}: this is a link, not the run's own model", model.display())));
        }
        Ok(Self { run: run.map(Path::to_owned), model: whole })
    }

    fn open(&self) -> Result<BaseModel, CliError> {
        // As a path, so that the name of a model on the hub is not meant.
        model::open(&self.model.to_string_lossy()).map_err(CliError::data)
    }

    /// Reads a file of the model folder.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, CliError> {
        model::read_file(&self.model, name).map_err(|error| {
            let path = self.model.join(name);
            match error.kind() {
                io::ErrorKind::Other | io::ErrorKind::FileTooLarge => {
                    CliError::data(format!("{}: {error}", path.display()))
                }
                _ => CliError::reading(&path, &error),
            }
        })
    }

    /// Files to upload: those of the model that exist, its card and its curves.
    /// An existing card in the folder is used.
    fn files(&self, args: &args::Push, base: &BaseModel) -> Result<Vec<Upload>, CliError> {
        let mut files = Vec::new();
        for name in ["config.json", "model.safetensors"].into_iter().chain(model::TOKENIZER_FILES).chain([CARD]) {
            files.extend(self.read(name)?.map(|bytes| Upload { name: name.to_owned(), bytes }));
        }
        if !files.iter().any(|file| file.name == "model.safetensors") {
            return Err(CliError::data(format!("{}: it has no model.safetensors", self.model.display()))
                .hint("other forms of a model are not uploaded: train from it, or write it again with transformers"));
        }
        let points = self.run.as_deref().map(points).transpose()?.unwrap_or_default();
        if !files.iter().any(|file| file.name == CARD) {
            let config = files.iter().find(|file| file.name == "config.json").map(|file| file.bytes.as_slice());
            let stored = config.and_then(|json| {
                Architecture::find(serde_json::from_slice::<Value>(json).ok()?.get("model_type")?.as_str()?)
            });
            let card = self.card(args, base, stored.unwrap_or(base.config.arch), &points);
            files.push(Upload { name: CARD.to_owned(), bytes: card.into_bytes() });
        }
        if !points.is_empty() {
            files.push(Upload { name: CURVES.to_owned(), bytes: plot::svg(&points).into_bytes() });
        }
        Ok(files)
    }

    fn card(&self, args: &args::Push, base: &BaseModel, stored: &Architecture, points: &[Point]) -> String {
        let id = args.id.as_str();
        let config = self.run.as_deref().and_then(|run| run_folder::read_config(run).ok());
        let status: Option<Status> = self.run.as_deref().and_then(|run| run_folder::read_status(run).ok());
        let manifest = self.run.as_deref().and_then(project_of);
        let settings = config.as_ref().map(|config| {
            let teachers: Vec<String> = config.settings.teachers().into_iter().map(public_name).collect();
            let base = public_name(&config.settings.base);
            Settings { base, teacher: teachers.join(","), ..config.settings.clone() }
        });
        let trained_from = config.as_ref().map(|config| config.settings.base.as_str()).and_then(|name| match name {
            name if is_embedded(name) => Some(model::embedded::SOURCE),
            name => (hub::is_id(name) && !Path::new(name).exists()).then_some(name),
        });
        let mut labels: Vec<String> = Vec::new();
        for label in base.config.tags.iter().filter_map(|tag| Tag::read(tag).label()) {
            if !labels.iter().any(|have| have == label) {
                labels.push(label.to_owned());
            }
        }
        let day = config.as_ref().and_then(|config| day(config.started));
        let provenance = manifest.as_ref().map(|manifest| &manifest.provenance);
        let provenance = provenance.map(|from| {
            [("source", from.source.as_str()), ("citation", &from.citation), ("licence of the data", &from.licence)]
        });
        let card = Card {
            name: id.rsplit('/').next().unwrap_or(id),
            id,
            constrained: base.config.constrained,
            scale: base.config.scale,
            kind: stored.model_type,
            title: stored.title,
            base: trained_from,
            version: env!("CARGO_PKG_VERSION"),
            labels: &labels,
            settings: settings.as_ref(),
            data: config.as_ref().map(|config| &config.data),
            names_annotator: args.name_annotators,
            points,
            status: status.as_ref(),
            day: day.as_deref(),
            provenance: provenance.as_ref().map_or(&[], |from| from.as_slice()),
        };
        card.markdown()
    }
}

/// Name of a base model without its path on this machine, which is private.
fn public_name(base: &str) -> String {
    if hub::is_id(base) {
        return base.to_owned();
    }
    Path::new(base).file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Points of a run.
fn points(run: &Path) -> Result<Vec<Point>, CliError> {
    run_folder::metrics_tail(run).poll().map_err(CliError::environment)
}

/// Manifest of the project that a run belongs to.
fn project_of(run: &Path) -> Option<Manifest> {
    Project::read_manifest_of(fs::canonicalize(run).ok()?.parent()?.parent()?).ok()
}

/// Formats the day of a moment, in seconds since 1970, as 2026-11-26.
fn day(seconds: u64) -> Option<String> {
    let time = jiff::Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
    Some(time.strftime("%Y-%m-%d").to_string())
}
