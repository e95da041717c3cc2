//! `tagli [DIR]`: opens a project in the screen; and who somebody is, for the other commands.

use std::{
    env,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{args, error::CliError, new::failed, output::Output, settings};
use crate::{
    project::{AnnotatorName, Project},
    services::{CopyError, OpenError, RecentProjects},
    terminal::{self, Capabilities, Session, TerminalError},
    ui::{self, Theme},
};

/// Frames a second for what jobs report, where the terminal is near.
const LOCAL_FRAMES: u32 = 4;

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
    let dir = args.dir.clone().or_else(|| Project::is_project(here).then(|| here.to_owned()));
    let config = settings::load(dir.as_deref())?;
    let annotator = annotator_name(args.annotator.as_deref().or(config.annotator.as_deref()))?;
    let recent_projects = RecentProjects::of_user();
    let dir = dir.map(|dir| own_copy(&recent_projects, dir, &annotator, output)).transpose()?;
    let mut capabilities = Capabilities::from_environment();
    capabilities.unicode &= !(args.ascii || config.ascii);
    let theme = theme(args.theme.as_deref().unwrap_or(&config.theme), args.theme.is_some(), capabilities.color)?;
    let keymap = settings::keymap()?;
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(CliError::environment("the screen needs a terminal, and there is none here").hint(
            "without a screen: tagli inspect DIR, tagli train DIR, tagli export DIR --format conll2003 (tagli --help)",
        ));
    }
    let frames = if capabilities.remote { config.frames_over_ssh } else { LOCAL_FRAMES };
    let asked = args.annotator.clone();
    let who = move |dir: &Path| who(asked.as_deref(), dir).map_err(|error| error.message);
    let (mouse, plain) = (config.mouse, args.plain || config.plain);
    let session =
        Session { open: dir, who: Arc::new(who), recent_projects, theme, capabilities, frames, keymap, mouse, plain };
    terminal::run(session).map_err(|error| match error {
        TerminalError::Terminal(_) => CliError::environment(error),
        TerminalError::Open(OpenError::Project(error)) => failed(error),
        TerminalError::Open(error @ (OpenError::Who(_) | OpenError::Intake(_))) => CliError::data(error),
        TerminalError::Open(error) => CliError::environment(error),
    })
}

/// Who tags in the project in `dir`: as asked for, else as its settings or the user's say.
fn who(asked: Option<&str>, dir: &Path) -> Result<AnnotatorName, CliError> {
    if asked.is_some() {
        return annotator_name(asked);
    }
    annotator_name(settings::load(Some(dir))?.annotator.as_deref())
}

/// A sample is not worked on where it lies (a checkout stays clean): it is copied to a place of the user's once.
fn own_copy(
    recent_projects: &RecentProjects,
    dir: PathBuf,
    owner: &AnnotatorName,
    output: Output,
) -> Result<PathBuf, CliError> {
    if !Project::is_sample(&dir).map_err(failed)? {
        return Ok(dir);
    }
    let (folder, new) = recent_projects.own_copy(&dir, owner).map_err(|error| match error {
        CopyError::Project(error) => failed(error),
        CopyError::NoHome => {
            CliError::environment(error).hint("or copy the folder yourself and take `sample` out of its project.json")
        }
        other => CliError::environment(other),
    })?;
    if new {
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
    RecentProjects::of_user().data
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
    let all = project.contributors();
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
