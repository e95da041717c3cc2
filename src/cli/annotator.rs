//! Annotators of the commands.
//! The user's own name, and the annotator whose work a command uses.

use std::{env, path::Path};

use super::{error::CliError, settings};
use crate::{
    project::{AnnotatorName, Project},
    services::{UserFolders, remembered_annotator},
};

/// The user's name as annotator.
/// The given one, the setting `annotator`, the one as whom the user goes on in this project, the login name, or `me`.
///
/// # Errors
/// The name is not valid for an annotator, or the settings for the project in `dir` cannot be read.
pub(super) fn own_name(given: Option<&str>, dir: Option<&Path>) -> Result<AnnotatorName, CliError> {
    if let Some(name) = chosen_name(given, dir)? {
        return Ok(name);
    }
    if let Some(name) = dir.and_then(|dir| remembered_annotator(&UserFolders::of_user(), dir)) {
        return Ok(name);
    }
    let mut logins = ["USER", "LOGNAME"].into_iter().filter_map(|name| env::var(name).ok());
    match logins.find_map(|name| name.parse().ok()) {
        Some(name) => Ok(name),
        None => "me".parse().map_err(CliError::usage),
    }
}

/// The name that the user has chosen: the given one, or the setting `annotator`.
///
/// # Errors
/// As [`own_name`].
pub(super) fn chosen_name(given: Option<&str>, dir: Option<&Path>) -> Result<Option<AnnotatorName>, CliError> {
    if let Some(name) = given {
        return name.parse().map(Some).map_err(CliError::usage);
    }
    let name = settings::load(dir)?.annotator.map(|name| name.parse());
    name.transpose().map_err(|error| CliError::data(format!("setting `annotator`: {error}")))
}

/// The annotator whose work is used.
/// The given one, or the user, or the only annotator of the project.
///
/// # Errors
/// As [`own_name`]; the given annotator has done nothing, or several annotators could be meant.
pub(super) fn choose(project: &Project, given: Option<&str>) -> Result<AnnotatorName, CliError> {
    let all = project.contributors();
    let own = own_name(given, Some(&project.root))?;
    if all.contains(&own) || (given.is_none() && all.is_empty()) {
        return Ok(own);
    }
    match (given, all.as_slice()) {
        (None, [only]) => Ok(only.clone()),
        (None, _) => Err(CliError::usage(format!("several annotators worked on this project: {}", listed(&all)))
            .hint("choose one: --annotator NAME (train: --as NAME)")),
        (Some(name), _) => Err(has_done_nothing(name, &all)),
    }
}

/// The error for an annotator without work in a project of the annotators `all`.
pub(super) fn has_done_nothing(name: &str, all: &[AnnotatorName]) -> CliError {
    let who = match all {
        [] => "nobody has worked on it yet".to_owned(),
        [only] => format!("only {only} has worked on it"),
        _ => format!("those who have worked on it are {}", listed(all)),
    };
    CliError::data(format!("annotator {name} has no work in this project; {who}"))
}

/// Names separated by commas.
pub(super) fn listed(names: &[AnnotatorName]) -> String {
    names.iter().map(AnnotatorName::as_str).collect::<Vec<_>>().join(", ")
}
