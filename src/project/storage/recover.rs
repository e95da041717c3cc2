//! Recovery after a crash: finishes or removes what the records of a folder prove to be ours, and reports the rest.

use std::{io, path::Path};

use super::{
    dir::Dir,
    error::{StorageError, is_not_ours, shown_path},
    new_folder::settle,
    record::{Id, PREFIX, Record, Stage},
};

/// Folders that earlier versions may have left in a run, and what they are.
const EARLIER: [(&str, &str); 2] = [(".model.old", "model"), (".checkpoint.old", "checkpoint")];

/// Finishes or removes the rest of an interrupted run in a folder, and returns a message for each thing that stays.
///
/// The caller holds the lock of the run in the folder, so that everything unfinished there is the rest of a crash.
///
/// # Errors
/// The file system refuses.
pub(in crate::project) fn recover(dir: &Dir) -> Result<Vec<String>, StorageError> {
    try_recover(dir).map_err(|cause| StorageError::new("tidy up", dir.path(), cause))
}

fn try_recover(dir: &Dir) -> io::Result<Vec<String>> {
    let mut messages = Vec::new();
    let mut records = Record::all(dir)?;
    // A folder that takes the place of another one is settled first.
    records.sort_by_key(|record| matches!(record.stage, Stage::Retired(_)));
    let settled: Vec<_> = records.into_iter().map(|record| settle(dir, record)).collect();
    for outcome in settled {
        match outcome {
            Err(error) if is_not_ours(&error) => messages.push(error.to_string()),
            outcome => outcome?,
        }
    }
    dir.sync()?;
    for name in dir.names()? {
        let name = name.to_string_lossy();
        if let (Ok(Some(folder)), Some(Leftover::Unknown(what))) = (dir.sub(&*name), leftover(dir.path(), &name, true))
        {
            messages.push(format!("{} {what}", shown_path(folder.path())));
        }
    }
    Ok(messages)
}

/// Rest of a crash.
pub(in crate::project) enum Leftover {
    /// A record names it: it is finished or removed when something is next written in the folder.
    Recorded(&'static str),
    /// It stays; what the user may do.
    Unknown(String),
}

/// Describes an entry that looks like the rest of a crash. Reads no record.
pub(in crate::project) fn leftover(folder: &Path, name: &str, in_run: bool) -> Option<Leftover> {
    if let Some((_, kind)) = EARLIER.iter().find(|(old, _)| in_run && *old == name) {
        return Some(Leftover::Unknown(format!(
            "may be the {kind} that an earlier version of tagli was replacing when it crashed; it stays as it is: rename it \
             to {kind} or remove it"
        )));
    }
    let rest = name.strip_prefix(PREFIX)?;
    let id = Id::try_from(rest.split('.').next().unwrap_or_default().to_owned());
    match id.is_ok_and(|id| folder.join(id.record()).is_file()) {
        true if rest.ends_with(".json") => None,
        true => Some(Leftover::Recorded(
            "is work in progress, or left by a crash; then it is finished or removed when the run goes on",
        )),
        false => Some(Leftover::Unknown(
            "is work in progress, or left by a crash or an earlier version of tagli; no record names it, so it stays as it \
             is: remove it if no tagli is at work here"
                .to_owned(),
        )),
    }
}
