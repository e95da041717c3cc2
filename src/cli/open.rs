//! `tagli [DIR]`: opens a project in the screen; and who somebody is, for the other commands.

use std::{
    env,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use directories::ProjectDirs;

use super::{args, error::CliError, new::failed, output::Output, settings};
use crate::{
    app::event::Place,
    project::{AnnotatorName, Project, storage},
    shell::{self, Capabilities, OpenError, Session, ShellError},
    ui::{self, Theme},
};

/// Frames a second for what jobs report, where the terminal is near.
const LOCAL_FRAMES: u32 = 4;

/// Projects that the welcome screen remembers.
const RECENT: usize = 9;

/// Runs the command.
///
/// # Errors
/// There is no terminal, the folder is no project, or somebody else works on it under the same name.
pub(super) fn run(args: &args::Open, output: Output) -> Result<(), CliError> {
    if output.json {
        return Err(
            CliError::usage("--json goes with a command; the screen has no JSON").hint("tagli inspect DIR --json")
        );
    }
    let here = Path::new(".");
    let dir = match &args.dir {
        Some(dir) => Some(dir.clone()),
        None => Project::open(here).is_ok().then(|| here.to_owned()),
    };
    let config = settings::load(dir.as_deref())?;
    let annotator = annotator_name(args.annotator.as_deref().or(config.annotator.as_deref()))?;
    let dir = dir.map(|dir| own_copy(&dir, &annotator, output)).transpose()?;
    let mut capabilities = Capabilities::from_environment();
    capabilities.unicode &= !(args.ascii || config.ascii);
    let theme = theme(args.theme.as_deref().unwrap_or(&config.theme), args.theme.is_some(), capabilities.color)?;
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(CliError::environment("the screen needs a terminal, and there is none here").hint(
            "without a screen: tagli inspect DIR, tagli train DIR, tagli export DIR --format conll2003 (tagli --help)",
        ));
    }
    if let Some(dir) = &dir {
        remember(dir);
    }
    let frames = if capabilities.remote { config.frames_over_ssh } else { LOCAL_FRAMES };
    let session =
        Session { open: dir, annotator: annotator.as_str().to_owned(), places: recent(), theme, capabilities, frames };
    shell::run(session).map_err(|error| match error {
        ShellError::Terminal(_) => CliError::environment(error),
        ShellError::Open(OpenError::Project(error)) => failed(error),
        ShellError::Open(error) => CliError::environment(error),
    })
}

/// A sample is not worked on where it lies (a checkout stays clean): it is copied to a place of the user's once.
fn own_copy(dir: &Path, owner: &AnnotatorName, output: Output) -> Result<PathBuf, CliError> {
    let project = Project::open(dir).map_err(failed)?;
    if !project.manifest.sample {
        return Ok(dir.to_owned());
    }
    let name = project.manifest.name.clone();
    let folder = data_folder().map(|folder| folder.join("samples").join(&name)).ok_or_else(|| {
        CliError::environment("there is no home folder to copy the sample to")
            .hint("set HOME, or copy the folder yourself and take `sample` out of its project.json")
    })?;
    if Project::open(&folder).is_err() {
        project.copy_to(&folder, owner).map_err(failed)?;
        output.say(format!("the sample is copied to {}", folder.display()));
    }
    Ok(folder)
}

/// The theme of this name; without colours `mono`, unless a theme was asked for on the command line.
fn theme(name: &str, asked: bool, color: bool) -> Result<Theme, CliError> {
    let name = if color || asked { name } else { "mono" };
    Theme::named(name).ok_or_else(|| {
        CliError::usage(format!("there is no theme `{name}`"))
            .hint(format!("themes: {}", ui::theme::BUILT_IN.map(|(name, _)| name).join(", ")))
    })
}

/// Where the program keeps what is the user's own.
pub(super) fn data_folder() -> Option<PathBuf> {
    Some(ProjectDirs::from("", "", "tagliatelle")?.data_dir().to_owned())
}

fn recent_file() -> Option<PathBuf> {
    Some(data_folder()?.join("recent.json"))
}

fn recent_paths() -> Vec<PathBuf> {
    let bytes = recent_file().and_then(|path| std::fs::read(path).ok()).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Puts a project in front of the recent ones. Not being able to is no reason not to open it.
fn remember(dir: &Path) {
    let (Some(file), Ok(dir)) = (recent_file(), dir.canonicalize()) else { return };
    let mut paths = recent_paths();
    paths.retain(|path| *path != dir);
    paths.insert(0, dir);
    paths.truncate(RECENT);
    let write = || -> Option<()> {
        storage::make_folder(file.parent()?).ok()?;
        storage::replace(&file, &serde_json::to_vec(&paths).ok()?).ok()
    };
    if write().is_none() {
        tracing::warn!(file = %file.display(), "the list of recent projects was not written");
    }
}

fn recent() -> Vec<Place> {
    let place = |path: PathBuf| {
        let name = path.file_name()?.to_string_lossy().into_owned();
        path.join("project.json").is_file().then(|| Place {
            path: path.to_string_lossy().into_owned(),
            name,
            sample: false,
        })
    };
    recent_paths().into_iter().filter_map(place).collect()
}

/// The annotator's name: as given, else the user's login name, else `me`.
///
/// # Errors
/// The given name cannot be a file's.
pub(super) fn annotator_name(given: Option<&str>) -> Result<AnnotatorName, CliError> {
    if let Some(name) = given {
        return name.parse().map_err(CliError::usage);
    }
    let login =
        ["USER", "LOGNAME"].into_iter().filter_map(|name| env::var(name).ok()).find_map(|name| name.parse().ok());
    login.map_or_else(|| "me".parse().map_err(CliError::usage), Ok)
}

/// Whose annotations are meant: as given, else one's own if there are any, else the only ones there are.
///
/// # Errors
/// The name is nobody's, or it is not clear whose.
pub(super) fn annotator_of(project: &Project, given: Option<&str>) -> Result<AnnotatorName, CliError> {
    let all = project.annotators();
    let names = || all.iter().map(AnnotatorName::as_str).collect::<Vec<_>>().join(", ");
    let own = annotator_name(given)?;
    if all.contains(&own) || (given.is_none() && all.is_empty()) {
        return Ok(own);
    }
    match (given, all.as_slice()) {
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(CliError::usage(format!("several people annotated this project: {}", names()))
            .hint("say whose work: --annotator NAME (train: --as NAME)")),
        (Some(name), _) => Err(CliError::data(format!("annotator {name} has done nothing in this project"))
            .hint(if all.is_empty() { "nobody has".to_owned() } else { format!("there are: {}", names()) })),
    }
}
