//! Log of the program: written to a file, never to the screen.

use std::{fs::File, path::Path, sync::Mutex};

use tracing_subscriber::EnvFilter;

use super::error::CliError;
use crate::project::output::refuse_own_file;

/// Starts logging to `path`, if given. `TAGLI_LOG` sets the level (default `info`).
///
/// # Errors
/// The file cannot be created, or belongs to a project or a run.
pub(super) fn start(path: Option<&Path>) -> Result<(), CliError> {
    let Some(path) = path else { return Ok(()) };
    refuse_own_file(path)?;
    let file = File::create(path).map_err(|error| CliError::reading(path, &error))?;
    let filter = EnvFilter::try_from_env("TAGLI_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file));
    subscriber.try_init().map_err(CliError::environment)
}
