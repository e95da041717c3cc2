//! The program's settings in layers: embedded default, the user's file, the project's file; flags come on top.

use std::{fs, io, path::Path};

use directories::ProjectDirs;

use super::error::CliError;
use crate::{
    config::{Config, Layer},
    model::hub,
};

/// The settings in force for the project in `dir`, if there is one.
///
/// # Errors
/// A file cannot be read, or says something that no setting takes: with file and line.
pub(super) fn load(dir: Option<&Path>) -> Result<Config, CliError> {
    let dirs = hub::has_home().then(|| ProjectDirs::from("", "", "tagliatelle")).flatten();
    let user = dirs.map(|dirs| dirs.config_dir().join("config.toml"));
    let project = dir.map(|dir| dir.join("tagli.toml"));
    let mut texts = Vec::new();
    for path in [user, project].into_iter().flatten() {
        match fs::read_to_string(&path) {
            Ok(text) => texts.push((path.display().to_string(), text)),
            // A home that is no folder (`/dev/null`, as services have it) holds no settings.
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {}
            Err(error) => return Err(CliError::reading(&path, &error)),
        }
    }
    let layers: Vec<Layer<'_>> = texts.iter().map(|(name, text)| Layer { name, text }).collect();
    Config::layered(&layers).map_err(CliError::data)
}
