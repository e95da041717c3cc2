//! Settings of the program in layers.
//! Embedded defaults, the user's file, the project's file. Also the user's keys.

use std::{
    io,
    path::{Path, PathBuf},
};

use directories::ProjectDirs;

use super::error::CliError;
use crate::{
    app::{
        keymap::{Keymap, presets},
        state::default_keymap,
    },
    config::{Config, Layer, keys},
    guard::{self, Links},
    model::hub,
};

/// Largest settings file that is read, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Name of the user's settings file.
const SETTINGS: &str = "config.toml";
/// Name of the file with the user's keys.
const KEYS: &str = "keys.toml";
/// Name of the settings file of a project.
const PROJECT_SETTINGS: &str = "tagli.toml";

/// Effective settings for the project in `dir`; without a project those of the user.
///
/// # Errors
/// A file cannot be read, or has an invalid setting; the error names file and line.
pub(super) fn load(dir: Option<&Path>) -> Result<Config, CliError> {
    Config::layered(&layers(&texts(dir)?)).map_err(CliError::data)
}

/// Settings files that exist, with their texts: the user's, then the one of the project in `dir`.
///
/// # Errors
/// A file cannot be read.
pub(super) fn texts(dir: Option<&Path>) -> Result<Vec<(String, String)>, CliError> {
    let user = of_user(SETTINGS).map(|path| (path, Links::Follow));
    let project = dir.map(|dir| (dir.join(PROJECT_SETTINGS), Links::Refuse));
    let mut texts = Vec::new();
    for (path, links) in [user, project].into_iter().flatten() {
        texts.extend(text_of(&path, links)?.map(|text| (path.display().to_string(), text)));
    }
    Ok(texts)
}

/// The layers of settings files.
pub(super) fn layers(texts: &[(String, String)]) -> Vec<Layer<'_>> {
    texts.iter().map(|(name, text)| Layer { name, text }).collect()
}

/// Device for trainings and predictions: the given one, or the one of the settings.
///
/// # Errors
/// As [`load`].
pub(super) fn device(given: Option<&str>, dir: Option<&Path>) -> Result<String, CliError> {
    match given {
        Some(device) => Ok(device.to_owned()),
        None => Ok(load(dir)?.device),
    }
}

/// Effective keys: those of the program, changed by the user's `keys.toml`.
///
/// # Errors
/// The file cannot be read, or has an invalid line; the error names file and line.
pub(super) fn keymap() -> Result<Keymap, CliError> {
    let Some(path) = of_user(KEYS) else { return Ok(default_keymap()) };
    let Some(text) = text_of(&path, Links::Follow)? else { return Ok(default_keymap()) };
    let name = path.display().to_string();
    let file = keys::read(Layer { name: &name, text: &text }).map_err(CliError::data)?;
    presets::keymap(default_keymap(), Some((&name, &file))).map_err(CliError::data)
}

/// Files that settings and keys are read from, in their order, with what they are for.
/// The user's are `None` without a home folder; the project's is there if `dir` is.
pub(super) fn files(dir: Option<&Path>) -> Vec<(&'static str, Option<PathBuf>)> {
    let project = dir.map(|dir| ("settings of the project", Some(dir.join(PROJECT_SETTINGS))));
    [("settings", of_user(SETTINGS)), ("keys", of_user(KEYS))].into_iter().chain(project).collect()
}

/// Path of the user's settings file, whether it exists or not; `None` without a home folder.
pub(super) fn user_file() -> Option<PathBuf> {
    of_user(SETTINGS)
}

/// Path of one of the user's settings files.
fn of_user(name: &str) -> Option<PathBuf> {
    let dirs = hub::has_home().then(|| ProjectDirs::from("", "", "tagliatelle")).flatten();
    dirs.map(|dirs| dirs.config_dir().join(name))
}

/// Reads a settings file; `None` if there is none. The one of a project may come from a stranger.
fn text_of(path: &Path, links: Links) -> Result<Option<String>, CliError> {
    let text = guard::read(path, links, MOST_BYTES).and_then(|bytes| {
        String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
    });
    match text {
        Ok(text) => Ok(Some(text)),
        // A home that is not a folder (`/dev/null`, as for system services) has no settings.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(CliError::reading(path, &error)),
    }
}
