//! `tagli [DIR]`: opens a project on the screen.

use std::{
    io::{self, IsTerminal},
    path::Path,
    sync::Arc,
};

use super::{annotator, args, error::CliError, output::Output, project_dir, repair::repair, settings};
use crate::{
    project::{Project, ProjectError},
    services::{Preferences, UserFolders},
    terminal::{self, Capabilities, ScreenOptions, TerminalError},
    ui::{self, Theme},
};

/// Frames per second for reports of jobs, if the terminal is local.
const LOCAL_FRAMES: u32 = 4;

/// Opens the screen.
///
/// # Errors
/// There is no terminal, the folder is not a project, or another window has opened it under the same name.
pub(super) fn run(args: &args::Open, output: Output) -> Result<(), CliError> {
    if output.json {
        return Err(
            CliError::usage("--json goes with a command; the screen has no JSON").hint("tagli inspect DIR --json")
        );
    }
    let here = Path::new(".");
    let dir = args.dir.clone().or_else(|| Project::is_project(here).then(|| here.to_owned()));
    if let Some(dir) = dir.as_deref().filter(|dir| is_unmerged(dir)) {
        repair(dir, false, output)?;
    }
    let config = settings::load(dir.as_deref())?;
    let given = args.annotator.clone();
    annotator::own_name(given.as_deref(), dir.as_deref())?;
    let folders = UserFolders::of_user();
    let open = dir.map(|dir| match Project::of_runs(&dir) {
        Some(_) => Ok(dir),
        None => project_dir::resolve_to_open(&folders, dir, given.as_deref(), output),
    });
    let open = open.transpose()?;
    let mut capabilities = Capabilities::from_environment();
    capabilities.unicode &= !(args.ascii || config.ascii);
    let theme = theme(args.theme.as_deref().unwrap_or(&config.theme), args.theme.is_some(), capabilities.color)?;
    let keymap = settings::keymap()?;
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(CliError::environment("the screen needs a terminal, and there is none here").hint(
            "without a screen: tagli inspect DIR, tagli train DIR, tagli export DIR --format conll2003 (tagli --help)",
        ));
    }
    let options = ScreenOptions {
        open,
        preferences: Arc::new(move |dir| preferences(given.as_deref(), dir).map_err(|error| error.message)),
        folders,
        theme,
        capabilities,
        frames: if capabilities.remote { config.frames_over_ssh } else { LOCAL_FRAMES },
        keymap,
        mouse: config.mouse,
        plain: args.plain || config.plain,
    };
    terminal::run(options).map_err(|error| match error {
        TerminalError::Terminal(_) | TerminalError::Unsaved(_) => CliError::environment(error),
        TerminalError::Open(error) => error.into(),
    })
}

/// Whether git may have left the `project.json` of a project unmerged.
fn is_unmerged(dir: &Path) -> bool {
    matches!(Project::read_manifest_of(dir), Err(ProjectError::Manifest { why, .. }) if why.is_of_merge())
}

/// Preferences for the project in `dir`.
/// The given annotator, and the settings of the user and of the project.
fn preferences(given: Option<&str>, dir: &Path) -> Result<Preferences, CliError> {
    let config = settings::load(Some(dir))?;
    let annotator = annotator::own_name(given, Some(dir))?;
    let is_chosen = annotator::chosen_name(given, Some(dir))?.is_some();
    Ok(Preferences { annotator, is_chosen, device: config.device, grid: config.grid, live: config.live })
}

/// Finds a theme by its name.
/// Without colours the theme is `mono`, unless the arguments name one.
fn theme(name: &str, is_given: bool, color: bool) -> Result<Theme, CliError> {
    let name = if color || is_given { name } else { "mono" };
    Theme::named(name).ok_or_else(|| {
        let names = ui::theme::BUILT_IN.map(|(name, _)| name).join(", ");
        CliError::usage(format!("unknown theme `{name}`; use one of {names}"))
    })
}
