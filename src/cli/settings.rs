//! The program's settings in layers: embedded default, the user's file, the project's file; flags come on top. And the
//! user's keys.

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

/// The settings in force for the project in `dir`, if there is one.
///
/// # Errors
/// A file cannot be read, or says something that no setting takes: with file and line.
pub(super) fn load(dir: Option<&Path>) -> Result<Config, CliError> {
    let project = dir.map(|dir| dir.join("tagli.toml"));
    let mut texts = Vec::new();
    for path in [of_user("config.toml"), project].into_iter().flatten() {
        texts.extend(text_of(&path)?.map(|text| (path.display().to_string(), text)));
    }
    let layers: Vec<Layer<'_>> = texts.iter().map(|(name, text)| Layer { name, text }).collect();
    Config::layered(&layers).map_err(CliError::data)
}

/// The keys in force: the program's own, and on them what the user's `keys.toml` says.
///
/// # Errors
/// The file cannot be read, or says something that cannot be: with file and line.
pub(super) fn keymap() -> Result<Keymap, CliError> {
    let Some(path) = of_user("keys.toml") else { return Ok(default_keymap()) };
    let Some(text) = text_of(&path)? else { return Ok(default_keymap()) };
    let name = path.display().to_string();
    let file = keys::read(Layer { name: &name, text: &text }).map_err(CliError::data)?;
    presets::keymap(default_keymap(), Some((&name, &file))).map_err(CliError::data)
}

/// Where a file of the user's own settings is looked for.
fn of_user(name: &str) -> Option<PathBuf> {
    let dirs = hub::has_home().then(|| ProjectDirs::from("", "", "tagliatelle")).flatten();
    dirs.map(|dirs| dirs.config_dir().join(name))
}

/// What a file of settings says; `None` if there is none.
fn text_of(path: &Path) -> Result<Option<String>, CliError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        // A home that is no folder (`/dev/null`, as services have it) holds no settings.
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(CliError::reading(path, &error)),
    }
}
