//! Files of a run: their names, the proof that they are ours, removing a run, and replacing one by another.
//!
//! A run is replaced only when the new one is complete. Until then that one is in the subfolder `replacement`. Then its
//! model takes the place of the old one, its files follow one by one, and `config.json`, which carries the marker, is
//! the last. A record says beforehand that all this is to be done, so that the next start finishes what a crash
//! interrupts.

use std::{ffi::OsStr, io, path::Path};

use super::storage::{
    self, Dir, Id, Own, Published, Record, SMALL, Stage, Subject, begin_record, folder_of, is_not_ours, not_ours,
    recover, remove_announced, remove_record, shown_path,
};
use crate::runs::{Phase, Status};

pub(super) const CONFIG: &str = "config.json";
pub(super) const METRICS: &str = "metrics.jsonl";
pub(super) const STATUS: &str = "status.json";
pub(super) const LOG: &str = "log.txt";
pub(super) const CONTROL: &str = "control.json";
pub(super) const RUN_LOCK: &str = "run.lock";
pub(super) const MODEL: &str = "model";
pub(super) const CHECKPOINT: &str = "checkpoint";
/// Subfolder of a run that replaces the one in the folder when it is complete.
pub(super) const REPLACEMENT: &str = "replacement";

/// Files of a run, in the order in which they are removed. The last one carries the marker.
const FILES: [&str; 6] = [METRICS, LOG, CONTROL, STATUS, RUN_LOCK, CONFIG];
const FOLDERS: [&str; 2] = [MODEL, CHECKPOINT];

/// The first name of a run that something in a folder has, as the folder cannot be used for a run then.
pub(super) fn first_taken(dir: &Dir) -> Option<&'static str> {
    FILES.into_iter().chain(FOLDERS).chain([REPLACEMENT]).find(|name| dir.has(name))
}

/// Whether a folder belongs to a run.
pub fn is_run(folder: &Path) -> bool {
    storage::read(&folder.join(CONFIG), SMALL).is_ok_and(|bytes| is_run_config(&bytes))
}

/// Whether a `config.json` is of a run.
pub(super) fn is_run_config(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|value| value.get("tagli_run").is_some())
}

/// Whether a name is one of a run's files or folders.
pub(super) fn is_run_name(name: &str) -> bool {
    FILES.iter().chain(&FOLDERS).chain([&REPLACEMENT]).any(|known| known.eq_ignore_ascii_case(name))
}

/// Writes the record of a run into its folder, and then `config.json`, which claims the folder.
///
/// # Errors
/// Another process was faster (kind `AlreadyExists`), or the file system refuses.
pub(super) fn begin(dir: &Dir, id: &Id, made: bool, config: &[u8]) -> io::Result<()> {
    let record = begin_record(dir, id, &Subject::Run { made, replaces: None }, &FILES)?;
    let written = storage::create_new(&dir.path().join(CONFIG), config);
    written.map_err(|error| {
        remove_record(dir, &record).ok();
        error.cause
    })
}

/// Removes the files of a run that was not started, by its id.
/// The folder goes, too, if it was made for the run.
///
/// # Errors
/// The run in the folder is another one, or not ours, or the file system refuses.
pub(super) fn withdraw(path: &Path, id: &Id) -> io::Result<()> {
    let name = path.file_name().and_then(OsStr::to_str).ok_or(io::ErrorKind::InvalidInput)?;
    let parent = Dir::open_linked(folder_of(path))?;
    let Some(dir) = parent.sub(name)? else { return Ok(()) };
    match prove_run(&dir)?.record.id == *id {
        true => remove(&parent, name),
        false => Err(not_ours("another run was started in the folder")),
    }
}

/// Proves that the run in a folder is ours.
pub(super) fn prove_run(dir: &Dir) -> io::Result<Own> {
    Own::run(dir.try_clone()?, CONFIG, &FILES)
}

/// Proves that a run and its folders are ours, as far as they exist. What a crash left must be settled before.
fn prove(dir: &Dir) -> io::Result<Own> {
    prove_folders(dir)?;
    prove_run(dir)
}

/// Proves that the folders of a run are ours, so that new ones can take their place.
pub(super) fn prove_folders(dir: &Dir) -> io::Result<()> {
    FOLDERS.iter().try_for_each(|name| Published::find_only(dir, name).map(drop))
}

/// Removes the checkpoint of a run, if there is one.
pub(super) fn remove_checkpoint(dir: &Dir) -> io::Result<()> {
    Published::find_only(dir, CHECKPOINT)?.map_or(Ok(()), |checkpoint| checkpoint.remove(dir))
}

/// Removes a run with its folder. Its lock is held.
///
/// # Errors
/// Something in the folder is not ours; then nothing is removed. Or the file system refuses.
pub(super) fn remove(parent: &Dir, name: &str) -> io::Result<()> {
    let Some(dir) = parent.sub(name)? else { return Ok(()) };
    recover(&dir)?;
    let own = prove(&dir)?;
    check_all_ours(&dir, &own)?;
    for folder in FOLDERS {
        Published::find_only(&dir, folder)?.map_or(Ok(()), |folder| folder.remove(&dir))?;
    }
    for name in dir.names()?.iter().filter(|name| **name != CONFIG && **name != *own.record.name()) {
        own.remove(name)?;
    }
    for record in Record::all(&dir)?.iter().filter(|record| record.id != own.record.id) {
        remove_record(&dir, record)?;
    }
    own.remove(CONFIG.as_ref())?;
    remove_record(&dir, &own.record)?;
    own.remove_folder(parent, name.as_ref())?;
    parent.sync()
}

/// Refuses the folder of a run that contains something else than the run.
fn check_all_ours(dir: &Dir, own: &Own) -> io::Result<()> {
    let records = Record::all(dir)?;
    let is_ours = |name: &OsStr| {
        let is_record = records.iter().any(|record| *name == *record.name());
        own.has(name) || is_record || FOLDERS.iter().any(|folder| name == *folder)
    };
    let foreign: Vec<String> =
        dir.names()?.iter().filter(|name| !is_ours(name)).map(|name| shown_path(name.as_ref())).collect();
    if foreign.is_empty() {
        return Ok(());
    }
    Err(not_ours(format!(
        "{} contains {}, which tagli did not write; nothing was removed: move it elsewhere and try again",
        shown_path(dir.path()),
        foreign.join(", ")
    )))
}

/// Prepares the replacement of the run in a folder, whose lock is held. Returns the id of the new run.
///
/// # Errors
/// The run is not ours, an unfinished replacement has something to lose, or the file system refuses.
pub(super) fn begin_replacement(dir: &Dir) -> io::Result<Id> {
    let own = prove(dir)?;
    discard_attempt(dir)?;
    let Subject::Run { made, .. } = own.record.subject else { return Err(io::ErrorKind::InvalidData.into()) };
    let id = Id::random();
    let replaces = Some(own.record.id);
    begin_record(dir, &id, &Subject::Run { made, replaces }, &FILES)?;
    storage::make_new_folder(&dir.path().join(REPLACEMENT)).map_err(|error| error.cause)?;
    Ok(id)
}

/// Removes an earlier replacement that ended before it had anything to lose.
fn discard_attempt(dir: &Dir) -> io::Result<()> {
    if let Some(attempt) = dir.sub(REPLACEMENT)? {
        if FOLDERS.iter().any(|name| attempt.has(name)) {
            let path = shown_path(attempt.path());
            return Err(not_ours(format!(
                "{path} is a replacement that ended before it was complete; if it was interrupted, continue it with --resume, \
                 otherwise move or remove that folder and try again"
            )));
        }
        remove_subfolder(dir, &attempt)?;
    }
    for record in replacements(dir)?.iter().filter(|record| record.stage == Stage::Begun) {
        remove_record(dir, record)?;
    }
    Ok(())
}

/// Removes the subfolder of a replacement, also if a crash left it without its own record.
fn remove_subfolder(dir: &Dir, replacement: &Dir) -> io::Result<()> {
    match replacements(dir)?.pop() {
        Some(record) if !replacement.has(CONFIG) && Record::all(replacement)?.is_empty() => {
            remove_announced(dir, REPLACEMENT, replacement, &record)
        }
        _ => remove(dir, REPLACEMENT),
    }
}

/// Records of runs that replace another one.
fn replacements(dir: &Dir) -> io::Result<Vec<Record>> {
    let mut records = Record::all(dir)?;
    records.retain(|record| matches!(record.subject, Subject::Run { replaces: Some(_), .. }));
    Ok(records)
}

/// Whether the run with this id in the subfolder `replacement` of `dir` replaces the run in `dir`.
pub(super) fn is_replacement(dir: &Dir, id: &Id) -> bool {
    replacements(dir).is_ok_and(|records| records.iter().any(|record| record.id == *id))
}

/// Records that the replacement with this id is complete, and puts it in the place of the run in `dir`.
///
/// Returns a message for each thing that stays.
///
/// # Errors
/// Something is not ours, or the file system refuses. What was not done is done by the next [`settle_replacement`].
pub(super) fn put_in_place(dir: &Dir, id: &Id) -> io::Result<Vec<String>> {
    if let Some(mut record) = Record::read(dir, id)? {
        record.complete()?;
    }
    let messages = settle_replacement(dir)?;
    match prove_run(dir)?.record.id == *id {
        true => Ok(messages),
        false => Err(not_ours("the new run was removed or moved away before it could take the place of the old one")),
    }
}

/// Removes the temporary files that a crash left in the folder of a run, whose lock is held.
pub(super) fn remove_temporary_files(dir: &Dir) -> io::Result<()> {
    // A run that is not ours keeps them.
    let Ok(own) = prove_run(dir) else { return Ok(()) };
    dir.names()?.iter().filter(|name| is_temporary(name)).try_for_each(|name| own.remove(name))
}

fn is_temporary(name: &OsStr) -> bool {
    name.to_str().is_some_and(storage::is_temporary)
}

/// Finishes the replacement of the run in a folder, whose lock is held, if a complete one is waiting.
///
/// Returns a message for each thing that stays.
///
/// # Errors
/// The old run is not ours, or the file system refuses.
pub(super) fn settle_replacement(dir: &Dir) -> io::Result<Vec<String>> {
    let mut messages = Vec::new();
    for mut record in replacements(dir)? {
        if record.stage == Stage::Begun && is_done(dir, &record.id)? {
            // It ended a moment before that was recorded.
            record.complete()?;
        }
        if record.stage == Stage::Complete {
            match dir.sub(REPLACEMENT)? {
                Some(new) => replace(dir, new, &record.id).and_then(|()| record.publish())?,
                None => remove_record(dir, &record)?,
            }
        }
        if record.stage == Stage::Published {
            match remove_replaced(dir, &record) {
                Err(error) if is_not_ours(&error) => messages.push(error.to_string()),
                removed => removed?,
            }
        }
    }
    Ok(messages)
}

/// Whether the run with this id is in the subfolder `replacement` and complete.
/// Then it has ended as planned, with a model.
fn is_done(dir: &Dir, id: &Id) -> io::Result<bool> {
    let Some(new) = dir.sub(REPLACEMENT)? else { return Ok(false) };
    // A person may have put another run there; then the record stays as it is.
    if !prove_run(&new).is_ok_and(|run| run.record.id == *id) {
        return Ok(false);
    }
    let status = new.read(STATUS, SMALL)?.and_then(|bytes| serde_json::from_slice::<Status>(&bytes).ok());
    Ok(status.is_some_and(|status| status.phase == Phase::Done) && Published::find_only(&new, MODEL)?.is_some())
}

fn replace(dir: &Dir, new: Dir, id: &Id) -> io::Result<()> {
    recover(&new)?;
    recover(dir)?;
    let (new, old) = (prove(&new)?, prove(dir)?);
    if new.record.id != *id {
        let path = shown_path(new.dir().path());
        return Err(not_ours(format!("{path} is not the run that was to replace this one; it stays as it is")));
    }
    // The replacement is complete, so it has a model; after a crash that may be in its place already.
    if let Some(model) = Published::find_only(new.dir(), MODEL)? {
        model.move_to(new.dir(), dir)?;
    }
    remove_checkpoint(dir)?;
    for name in [METRICS, LOG, STATUS] {
        new.move_over(name, &old)?;
    }
    old.remove(CONTROL.as_ref())?;
    dir.sync()?;
    let config = new.dir().read(CONFIG, SMALL)?.unwrap_or_default();
    storage::replace(&dir.path().join(CONFIG), &config).map_err(|error| error.cause)
}

/// Removes what is left of a replaced run: the subfolder and the record.
fn remove_replaced(dir: &Dir, record: &Record) -> io::Result<()> {
    let Subject::Run { replaces: Some(old), .. } = &record.subject else { return Ok(()) };
    if let Some(new) = dir.sub(REPLACEMENT)?
        // The subfolder may be of another run already, which replaces this one.
        && replacements(dir)?.iter().all(|other| other.stage == Stage::Published)
        // A run with another id was put there by the user.
        && !prove_run(&new).is_ok_and(|run| run.record.id != record.id)
    {
        remove_subfolder(dir, &new)?;
    }
    match Record::read(dir, old)? {
        Some(old) => remove_record(dir, &old),
        None => Ok(()),
    }
}
