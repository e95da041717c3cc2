//! Runs that a command works on: those of a project, of a folder of runs, or the run in a folder.

use std::path::Path;

use super::{
    error::CliError,
    output::Output,
    project_dir::{self, Access},
};
use crate::project::{Project, RunView, Runs, RunsPlace};

/// Opens the runs in a folder; for a sample, those of the user's copy, because runs are there.
///
/// # Errors
/// The folder is neither a project nor a run, and contains no runs.
pub(super) fn open(dir: &Path, output: Output) -> Result<Runs, CliError> {
    if !Project::is_project(dir)
        && let Some(runs) = Runs::at(dir)
    {
        return Ok(runs);
    }
    match project_dir::open(dir, Access::Read, None, output) {
        Ok(project) => Ok(project.runs()),
        Err(error) if Project::is_project(dir) => Err(error),
        Err(error) => {
            Err(error.hint("the folder of a run (tagli train --out), or a folder of such folders, works here, too"))
        }
    }
}

/// Finds a run by its name or number; without one, the newest.
///
/// # Errors
/// There is no such run, or none at all.
pub(super) fn find(dir: &Path, id: Option<&str>, output: Output) -> Result<(Runs, RunView), CliError> {
    let runs = open(dir, output)?;
    let run = match id {
        Some(id) => runs.get(id)?,
        None => runs.list().pop().ok_or_else(|| {
            CliError::data(format!("{}: there is no run yet", dir.display()))
                .hint(format!("tagli train {}", dir.display()))
        })?,
    };
    Ok((runs, run))
}

/// Finds several runs: the run in `dir` itself, and those with these names, numbers or folders.
/// Without names, the newest.
///
/// # Errors
/// There is no such run, or none at all.
pub(super) fn find_all(dir: &Path, ids: &[String], output: Output) -> Result<Vec<RunView>, CliError> {
    if ids.is_empty() {
        return find(dir, None, output).map(|(_, run)| vec![run]);
    }
    let runs = open(dir, output)?;
    let own = if runs.place() == RunsPlace::Run { runs.list() } else { Vec::new() };
    let named = ids.iter().map(|id| match (runs.get(id), Runs::at(Path::new(id))) {
        (Err(_), Some(other)) => other.list().pop().ok_or_else(|| CliError::data(format!("{id}: there is no run"))),
        (found, _) => Ok(found?),
    });
    let named: Vec<RunView> = named.collect::<Result<_, CliError>>()?;
    Ok(own.into_iter().chain(named).collect())
}
