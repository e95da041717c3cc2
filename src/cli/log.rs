//! Log of the program: written to a file, never to the screen.

use std::{fs::File, io, path::Path, sync::Mutex};

use tracing_subscriber::EnvFilter;

use super::{error::CliError, output::Output};
use crate::project::output::refuse_own_file;

/// Starts logging to `path`, if given. `TAGLI_LOG` sets the level (default `info`).
///
/// Where the disk is full, the program works without a log.
///
/// # Errors
/// The file cannot be created, or belongs to a project or a run.
pub(super) fn start(path: Option<&Path>, output: Output) -> Result<(), CliError> {
    let Some(path) = path else { return Ok(()) };
    refuse_own_file(path)?;
    let file = match File::options().append(true).create(true).open(path) {
        Ok(file) => file,
        Err(error) if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
            output.say(format!("warning: no log is written: {}", CliError::reading(path, &error).message));
            return Ok(());
        }
        Err(error) => return Err(CliError::reading(path, &error)),
    };
    let filter = EnvFilter::try_from_env("TAGLI_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Mutex::new(file));
    // A full disk must not print errors over the screen.
    let subscriber = subscriber.log_internal_errors(false);
    subscriber.try_init().map_err(CliError::environment)
}
