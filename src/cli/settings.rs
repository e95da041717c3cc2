//! Settings of the program in layers.
//! Embedded defaults, the user's file, the project's file. Also the user's keys.

use std::{
    fs, io,
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
    model::hub,
};

/// Effective settings for the project in `dir`.
/// Without a project those of the user.
///
/// # Errors
/// A file cannot be read, or has an invalid setting; the error names file and line.
pub(super) fn load(dir: Option<&Path>) -> Result<Config, CliError> {
    let project = dir.map(|dir| dir.join("tagli.toml"));
    let mut texts = Vec::new();
    for path in [of_user("config.toml"), project].into_iter().flatten() {
        texts.extend(text_of(&path)?.map(|text| (path.display().to_string(), text)));
    }
    let layers: Vec<Layer<'_>> = texts.iter().map(|(name, text)| Layer { name, text }).collect();
    Config::layered(&layers).map_err(CliError::data)
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
    let Some(path) = of_user("keys.toml") else { return Ok(default_keymap()) };
    let Some(text) = text_of(&path)? else { return Ok(default_keymap()) };
    let name = path.display().to_string();
    let file = keys::read(Layer { name: &name, text: &text }).map_err(CliError::data)?;
    presets::keymap(default_keymap(), Some((&name, &file))).map_err(CliError::data)
}

/// Path of one of the user's settings files.
fn of_user(name: &str) -> Option<PathBuf> {
    let dirs = hub::has_home().then(|| ProjectDirs::from("", "", "tagliatelle")).flatten();
    dirs.map(|dirs| dirs.config_dir().join(name))
}

/// Reads a settings file; `None` if there is none.
fn text_of(path: &Path) -> Result<Option<String>, CliError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        // A home that is not a folder (`/dev/null`, as for system services) has no settings.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(CliError::reading(path, &error)),
    }
}
