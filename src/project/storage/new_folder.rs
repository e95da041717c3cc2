//! Folders that appear complete or not at all: the model and the checkpoint of a run.
//!
//! A folder is filled under a temporary name and renamed. To replace a folder, the two are exchanged in one step. Where
//! the file system cannot do that, the old one is renamed first. What a crash leaves is finished or removed by
//! [`recover`](super::recover::recover).

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    dir::Dir,
    error::{StorageError, not_ours, shown_path},
    faults::sync_file,
    open::folder_of,
    own::{OwnFolder, begin_record, remove_record},
    record::{Contents, Id, Record, Stage, Subject},
    refusals::may_create,
};
use crate::{project::file_names, runs::FolderSink};

/// A folder under construction, which appears complete under its name once it is finished.
///
/// Only the process that holds the lock of the run in the parent folder may have one.
#[derive(Debug)]
pub(in crate::project) struct NewFolder {
    parent: Dir,
    target: PathBuf,
    /// `None` once the folder is handed over to be published.
    made: Option<(Record, OwnFolder)>,
    /// Whether the complete folder stays under its temporary name if its name is taken by something else.
    is_kept: bool,
}

impl NewFolder {
    /// Starts the folder `target`, which appears only with [`FolderSink::finish`].
    ///
    /// # Errors
    /// No folder can be created beside it.
    pub(in crate::project) fn begin(target: &Path) -> Result<Self, StorageError> {
        let begun = || {
            may_create(target)?;
            let parent = Dir::open(folder_of(target))?;
            let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
            let record = begin_record(&parent, &Id::random(), &Subject::Folder(name), &[])?;
            let folder = OwnFolder::make(&parent, &record)?;
            Ok(Self { parent, target: target.to_owned(), made: Some((record, folder)), is_kept: true })
        };
        begun().map_err(|cause| StorageError::new("make the folder", target, cause))
    }

    /// Makes a folder that is removed if something else has its name when it is complete.
    ///
    /// For a checkpoint: the next one follows soon, and each that is kept would take as much space.
    pub(in crate::project) fn not_kept(mut self) -> Self {
        self.is_kept = false;
        self
    }

    fn put(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        file_names::check_file_name(name).map_err(io::Error::other)?;
        let (record, folder) = self.made.as_mut().ok_or(io::ErrorKind::NotFound)?;
        record.add_file(name, Contents::of(bytes))?;
        let mut file = folder.create_file(name)?;
        file.write_all(bytes)?;
        sync_file(&file)
    }

    fn publish(&mut self) -> io::Result<()> {
        let (record, folder) = self.made.as_mut().ok_or(io::ErrorKind::NotFound)?;
        folder.sync()?;
        if !self.is_kept {
            Published::find(&self.parent, record.target().unwrap_or_default(), &record.id)?;
        }
        record.complete()?;
        // From here on the folder is not removed, even if it cannot be published.
        let Some((record, folder)) = self.made.take() else { return Ok(()) };
        let old = Published::find(&self.parent, record.target().unwrap_or_default(), &record.id);
        let old = old.map_err(|error| kept(&self.parent, &record, &error))?;
        publish(&self.parent, record, folder, old)
    }
}

fn kept(parent: &Dir, record: &Record, error: &io::Error) -> io::Error {
    let kept = shown_path(&parent.path().join(record.id.temporary()));
    not_ours(format!("{error}; the new folder is complete and is kept as {kept}"))
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        if let Some((record, folder)) = self.made.take()
            && folder.remove(&self.parent).is_ok()
        {
            // If this fails, the next `recover` does it.
            remove_record(&self.parent, &record).ok();
        }
    }
}

impl FolderSink for NewFolder {
    fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.put(name, bytes).map_err(|cause| StorageError::new("write", &self.target.join(name), cause).into())
    }

    fn finish(mut self: Box<Self>) -> io::Result<()> {
        let target = self.target.clone();
        self.publish().map_err(|cause| StorageError::new("finish", &target, cause).into())
    }
}

/// A published folder with its record.
#[derive(Debug)]
pub(in crate::project) struct Published {
    record: Record,
    folder: OwnFolder,
}

impl Published {
    /// Finds the folder of this name and proves that it is ours; `None` if there is nothing of that name.
    ///
    /// It may be announced already that the folder `by` replaces it.
    ///
    /// # Errors
    /// It is not ours, or it cannot be read.
    fn find(parent: &Dir, name: &str, by: &Id) -> io::Result<Option<Self>> {
        if parent.stat(name)?.is_none() {
            return Ok(None);
        }
        let stages = [Stage::Published, Stage::Retired(Some(by.clone()))];
        let mut why = None;
        for record in Record::all(parent)? {
            if record.target() == Some(name) && record.id != *by && stages.contains(&record.stage) {
                match OwnFolder::listed(parent, name, &record, true) {
                    Ok(Some(folder)) => return Ok(Some(Self { record, folder })),
                    Ok(None) => {}
                    Err(error) => why = Some(error),
                }
            }
        }
        Err(why.unwrap_or_else(|| {
            let path = shown_path(&parent.path().join(name));
            not_ours(format!("no record says that tagli made {path}; it stays as it is: move it elsewhere"))
        }))
    }

    /// As [`Published::find`], for a folder that is not being replaced.
    pub(in crate::project) fn find_only(parent: &Dir, name: &str) -> io::Result<Option<Self>> {
        Self::find(parent, name, &Id::random())
    }

    /// Removes the folder: it disappears at once, and a crash leaves a rest that [`recover`](super::recover::recover) removes.
    pub(in crate::project) fn remove(mut self, parent: &Dir) -> io::Result<()> {
        self.record.retire(None)?;
        self.folder.rename(parent, parent, &self.record.id.retired())?;
        parent.sync()?;
        self.remove_retired(parent)
    }

    fn remove_retired(self, parent: &Dir) -> io::Result<()> {
        self.folder.remove(parent)?;
        remove_record(parent, &self.record)
    }

    /// Publishes the folder again, under the same name in another folder, where it replaces what a run published there.
    pub(in crate::project) fn move_to(mut self, from: &Dir, to: &Dir) -> io::Result<()> {
        let Some(target) = self.record.target().map(str::to_owned) else { return Ok(()) };
        let mut record = begin_record(to, &Id::random(), &Subject::Folder(target.clone()), &[])?;
        for (name, contents) in &self.record.files {
            record.add_file(name, *contents)?;
        }
        let published = Self::find(to, &target, &record.id)?;
        record.complete()?;
        self.folder.rename(from, to, &record.id.temporary())?;
        self.folder.mark(&record)?;
        publish(to, record, self.folder, published)?;
        remove_record(from, &self.record)
    }
}

/// Gives a complete and marked folder its name.
/// The folder that has that name now, `old`, is removed afterwards.
fn publish(parent: &Dir, mut record: Record, mut new: OwnFolder, old: Option<Published>) -> io::Result<()> {
    let Some(target) = record.target().map(str::to_owned) else { return Ok(()) };
    let replaced = match old {
        None => {
            new.rename(parent, parent, &target)?;
            remove_stale_records(parent, &target, &record.id)?;
            None
        }
        Some(mut old) => {
            old.record.retire(Some(&record.id))?;
            let retired = old.record.id.retired();
            let exchanged = new.exchange(parent, &mut old.folder)?;
            old.folder.rename(parent, parent, &retired)?;
            if !exchanged && let Err(error) = new.rename(parent, parent, &target) {
                old.folder.rename(parent, parent, &target)?;
                old.record.publish()?;
                return Err(error);
            }
            Some(old)
        }
    };
    parent.sync()?;
    record.publish()?;
    new.unmark()?;
    if let Some(old) = replaced {
        // The new folder is there. What stays of the old one is removed by the next `recover`.
        old.remove_retired(parent).ok();
    }
    parent.sync()
}

/// Removes the records of folders of this name that a user has removed or moved away.
fn remove_stale_records(parent: &Dir, target: &str, except: &Id) -> io::Result<()> {
    for record in Record::all(parent)? {
        if record.target() == Some(target) && record.id != *except && record.stage == Stage::Published {
            remove_record(parent, &record)?;
        }
    }
    Ok(())
}

/// Finishes what a crash interrupted for the folder of one record.
///
/// # Errors
/// The folder is not ours, so it stays as it is; or the file system refuses.
pub(super) fn settle(parent: &Dir, record: Record) -> io::Result<()> {
    let Some(target) = record.target().map(str::to_owned) else { return Ok(()) };
    let temporary = record.id.temporary();
    match &record.stage {
        Stage::Begun => match OwnFolder::marked(parent, &temporary, &record)? {
            Some(folder) => folder.remove(parent).and_then(|()| remove_record(parent, &record)),
            None if parent.stat(&temporary)?.is_none() => remove_record(parent, &record),
            None => Err(not_marked(parent, &temporary)),
        },
        Stage::Complete => settle_complete(parent, record, &target, &temporary),
        // A user may have changed the published folder.
        Stage::Published => OwnFolder::unmark_changed(parent, &target, &record).map(drop),
        Stage::Retired(by) => {
            let by = by.clone();
            settle_retired(parent, record, &target, by.as_ref())
        }
    }
}

fn settle_complete(parent: &Dir, mut record: Record, target: &str, temporary: &str) -> io::Result<()> {
    if OwnFolder::has_marker(parent, target, &record) {
        // Only the last steps are missing. A user may have changed the folder since; it keeps its record.
        record.publish()?;
        return OwnFolder::unmark_changed(parent, target, &record).map(drop);
    }
    let folder = match OwnFolder::marked(parent, temporary, &record)? {
        Some(folder) => Some(folder),
        // The moment between the renaming of a folder that was published elsewhere, and its marker.
        None => OwnFolder::listed(parent, temporary, &record, true)?,
    };
    let Some(mut folder) = folder else { return remove_record(parent, &record) };
    folder.mark(&record)?;
    let old = Published::find(parent, target, &record.id).map_err(|error| kept(parent, &record, &error))?;
    publish(parent, record, folder, old)
}

fn settle_retired(parent: &Dir, mut record: Record, target: &str, by: Option<&Id>) -> io::Result<()> {
    let retired = record.id.retired();
    let has_target = parent.stat(target)?.is_some();
    let successor = by.map(|id| Record::read(parent, id)).transpose()?.flatten();
    let is_replaced = by.is_none() || successor.is_some_and(|record| record.stage == Stage::Published);
    if let Some(mut folder) = OwnFolder::listed(parent, &retired, &record, false)? {
        if !is_replaced && !has_target {
            folder.rename(parent, parent, target)?;
            return record.publish();
        }
        if !is_replaced {
            let (kept, target) = (parent.path().join(retired), parent.path().join(target));
            return Err(not_ours(format!(
                "{} is not the folder that was to replace {}; both stay as they are",
                shown_path(&target),
                shown_path(&kept)
            )));
        }
        return Published { record, folder }.remove_retired(parent);
    }
    // After an exchange the old folder has the temporary name of the new one.
    let exchanged = by.map(Id::temporary).filter(|_| is_replaced);
    if let Some(name) = exchanged
        && let Some(mut folder) = OwnFolder::listed(parent, &name, &record, false)?
    {
        folder.rename(parent, parent, &retired)?;
        return Published { record, folder }.remove_retired(parent);
    }
    if !(by.is_some() && is_replaced) && OwnFolder::listed(parent, target, &record, true).is_ok_and(|f| f.is_some()) {
        // It was announced and not begun.
        return record.publish();
    }
    remove_record(parent, &record)
}

fn not_marked(parent: &Dir, name: &str) -> io::Error {
    let path = shown_path(&parent.path().join(name));
    not_ours(format!("{path} has no marker of tagli; it stays as it is: remove it if you do not need it"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| !name.ends_with(".json")).collect();
        names.sort();
        names
    }

    fn made(target: &Path, content: &str) -> io::Result<()> {
        let mut sink = NewFolder::begin(target)?;
        sink.file("a.txt", content.as_bytes())?;
        Box::new(sink).finish()
    }

    #[test]
    fn a_refused_checkpoint_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("checkpoint");
        fs::create_dir(&target).unwrap();
        fs::write(target.join("of another program"), "x").unwrap();
        for is_kept in [false, true] {
            let folder = NewFolder::begin(&target).unwrap();
            let mut folder = Box::new(if is_kept { folder } else { folder.not_kept() });
            folder.file("values", b"1").unwrap();
            folder.finish().unwrap_err();
            let left = fs::read_dir(dir.path()).unwrap().count();
            assert_eq!(left > 1, is_kept, "{left} entries");
        }
        assert_eq!(fs::read(target.join("of another program")).unwrap(), b"x");
    }

    #[test]
    fn a_folder_appears_whole_and_replaces_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("model");
        made(&target, "one").unwrap();
        made(&target, "two").unwrap();
        assert_eq!(fs::read_to_string(target.join("a.txt")).unwrap(), "two");
        assert_eq!(names_in(dir.path()), ["model"]);
        assert_eq!(Record::all(&Dir::open(dir.path()).unwrap()).unwrap().len(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn while_a_folder_is_replaced_there_is_always_one() {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("model");
        made(&target, "0").unwrap();
        let other = dir.path().join("other");
        fs::create_dir(&other).unwrap();
        let swap = || renameat_with(CWD, &target, CWD, &other, RenameFlags::EXCHANGE);
        let known = swap().and_then(|()| swap());
        fs::remove_dir(&other).unwrap();
        if known.is_err() {
            eprintln!("this file system cannot exchange folders: what replaces them there is tested above");
            return;
        }
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| (1..50).for_each(|n| made(&target, &n.to_string()).unwrap()));
            while !writer.is_finished() {
                assert!(target.exists());
            }
        });
        assert_eq!(fs::read_to_string(target.join("a.txt")).unwrap(), "49");
        assert_eq!(names_in(dir.path()), ["model"]);
    }

    #[test]
    fn an_unfinished_folder_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut sink = NewFolder::begin(&dir.path().join("model")).unwrap();
        sink.file("a.txt", b"x").unwrap();
        assert!(sink.file("../b.txt", b"x").is_err());
        assert!(sink.file("a.txt", b"again").is_err());
        drop(sink);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_large_file_is_recognised_by_its_ends() {
        let dir = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
        for length in [0, 1, 65_536, 131_072, 131_073, 300_000] {
            let bytes = &bytes[..length];
            fs::write(dir.path().join("f"), bytes).unwrap();
            let read = Contents::read(&Dir::open(dir.path()).unwrap(), "f").unwrap();
            assert_eq!(read, Some(Contents::of(bytes)), "{length}");
        }
        let end = [&bytes[..299_999], b"x"].concat();
        assert_ne!(Contents::of(&end), Contents::of(&bytes));
    }
}
