//! Folder of the project that a command works on.
//!
//! All commands resolve their argument here, so that each works on the project that `tagli DIR` opens: the user's copy, if
//! DIR is a sample.

use std::path::{Path, PathBuf};

use super::{annotator, error::CliError, output::Output};
use crate::{
    project::Project,
    services::{CopyError, UserFolders, own_copy, sample_copy},
};

/// How a command uses a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// It only reads: a sample that was never copied is read itself.
    Read,
    /// It writes into the project's folder: a sample is copied first.
    Write,
}

/// The folder for `dir`, which is the user's copy if `dir` is a sample.
/// `annotator` is the given name; a new copy belongs to that annotator, or to the user.
///
/// A note names the folder that is used in place of `dir`. A folder without a readable `project.json` is returned as it
/// is, because the error of opening it says more.
///
/// # Errors
/// The sample cannot be read or copied, or the annotator's name is not valid.
pub(super) fn resolve(
    dir: &Path,
    access: Access,
    annotator: Option<&str>,
    output: Output,
) -> Result<PathBuf, CliError> {
    if !Project::is_sample(dir).unwrap_or(false) {
        return Ok(dir.to_owned());
    }
    let folders = UserFolders::of_user();
    let shown = dir.display();
    match sample_copy(&folders, dir) {
        Ok(Some(copy)) => {
            output.say(format!("note: {shown} is a sample; this command uses your copy of it, {}", copy.display()));
            Ok(copy)
        }
        Ok(None) | Err(CopyError::NoHome) if access == Access::Read => {
            output.say(format!(
                "note: {shown} is a sample of which you have no copy, and is read itself; tagli {shown} makes a copy"
            ));
            Ok(dir.to_owned())
        }
        Ok(_) => copy_of_sample(&folders, dir, annotator, output),
        Err(error) => Err(not_copied(error)),
    }
}

/// The folder to open on the screen for `dir`; like [`resolve`], without a note if the copy exists.
///
/// # Errors
/// `dir` is not a project, or is a sample that cannot be copied.
pub(super) fn resolve_to_open(
    folders: &UserFolders,
    dir: PathBuf,
    annotator: Option<&str>,
    output: Output,
) -> Result<PathBuf, CliError> {
    if Project::is_sample(&dir)? { copy_of_sample(folders, &dir, annotator, output) } else { Ok(dir) }
}

fn copy_of_sample(
    folders: &UserFolders,
    dir: &Path,
    annotator: Option<&str>,
    output: Output,
) -> Result<PathBuf, CliError> {
    let owner = annotator::own_name(annotator, Some(dir))?;
    let (copy, is_new) = own_copy(folders, dir, &owner).map_err(not_copied)?;
    if is_new {
        output.say(format!("the sample is copied to {}", copy.display()));
    }
    Ok(copy)
}

fn not_copied(error: CopyError) -> CliError {
    match error {
        CopyError::Project(error) => error.into(),
        CopyError::NoHome => {
            CliError::environment(error).hint("or copy the folder yourself and remove `sample` from its project.json")
        }
        other => CliError::environment(other),
    }
}

/// Opens the project for `dir`; see [`resolve`].
///
/// # Errors
/// As [`resolve`]; or the folder is not a project.
pub(super) fn open(dir: &Path, access: Access, annotator: Option<&str>, output: Output) -> Result<Project, CliError> {
    let folder = resolve(dir, access, annotator, output)?;
    Ok(Project::open(&folder)?)
}
