//! The cache that huggingface_hub shares with other programs.
//! It has that library's layout.
//!
//! It contains blobs by checksum, snapshots of a commit that link to them, and references that name a commit. Besides
//! the project's storage and the log, this is the only code that writes files.

use std::{
    env,
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use directories::BaseDirs;
use hf_hub::Repo;

use super::{HubError, id::is_id};
use crate::guard::{self, Links};

/// Longest file that names a commit, in bytes.
const LONGEST_COMMIT: u64 = 1 << 10;

/// Returns the folder in which huggingface_hub keeps repositories.
///
/// It is `HF_HUB_CACHE`, else `HF_HOME`/hub, else `XDG_CACHE_HOME`/huggingface/hub, else ~/.cache/huggingface/hub.
/// `None` without a home folder.
pub fn folder() -> Option<PathBuf> {
    folder_by(|name| env::var_os(name), home_folder)
}

/// Returns the folder of huggingface_hub's own files, such as the token.
///
/// It is `HF_HOME`, else `XDG_CACHE_HOME`/huggingface, else ~/.cache/huggingface.
pub(super) fn home() -> Option<PathBuf> {
    home_by(&|name| env::var_os(name), &home_folder)
}

/// Returns the path in a variable of the environment.
pub(super) fn variable(name: &str) -> Option<PathBuf> {
    named(&|name| env::var_os(name), name, &home_folder)
}

/// As [`variable`], for any environment.
/// `~` is the home folder, as in huggingface_hub.
fn named(
    variable: &dyn Fn(&str) -> Option<OsString>,
    name: &str,
    home: &dyn Fn() -> Option<PathBuf>,
) -> Option<PathBuf> {
    let path = variable(name).filter(|value| !value.is_empty()).map(PathBuf::from)?;
    match path.strip_prefix("~") {
        Ok(rest) => home().map(|home| home.join(rest)),
        Err(_) => Some(path),
    }
}

fn home_folder() -> Option<PathBuf> {
    has_home().then(BaseDirs::new)?.map(|dirs| dirs.home_dir().to_owned())
}

/// Whether the environment names a home folder.
///
/// Without it `directories` asks the user database, for which a static program loads modules of the machine; it crashes
/// if these belong to another C library than its own.
pub fn has_home() -> bool {
    !cfg!(unix) || env::var_os("HOME").is_some_and(|home| !home.is_empty())
}

/// As [`folder`], for any environment.
fn folder_by(variable: impl Fn(&str) -> Option<OsString>, home: impl Fn() -> Option<PathBuf>) -> Option<PathBuf> {
    let own = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"].into_iter().find_map(|name| named(&variable, name, &home));
    own.or_else(|| home_by(&variable, &home).map(|home| home.join("hub")))
}

fn home_by(variable: &dyn Fn(&str) -> Option<OsString>, home: &dyn Fn() -> Option<PathBuf>) -> Option<PathBuf> {
    named(variable, "HF_HOME", home).or_else(|| {
        let caches = named(variable, "XDG_CACHE_HOME", home).or_else(|| home().map(|path| path.join(".cache")));
        caches.map(|path| path.join("huggingface"))
    })
}

/// Returns the snapshot folder of a model's main branch, if the cache at `folder` has one with a `config.json`.
pub fn snapshot(folder: &Path, id: &str) -> Option<PathBuf> {
    if !is_id(id) {
        return None;
    }
    let repo = CachedRepo::new(folder, id);
    let snapshot = repo.snapshot(&repo.main()?);
    snapshot.join("config.json").is_file().then_some(snapshot)
}

/// The repository of one model in the cache.
pub(super) struct CachedRepo {
    /// `models--owner--name`.
    repository: PathBuf,
    locks: PathBuf,
}

/// A blob that is being downloaded. Other programs wait while this value exists.
pub(super) struct Download {
    whole: PathBuf,
    /// The file with the bytes received so far.
    pub(super) part: PathBuf,
    _lock: File,
}

impl CachedRepo {
    /// Returns the repository of a model in the cache at `folder`.
    pub(super) fn new(folder: &Path, id: &str) -> Self {
        let name = Repo::model(id.to_owned()).folder_name();
        Self { repository: folder.join(&name), locks: folder.join(".locks").join(name) }
    }

    /// Returns the folder of a commit's files.
    pub(super) fn snapshot(&self, commit: &str) -> PathBuf {
        self.repository.join("snapshots").join(commit)
    }

    fn blobs(&self) -> PathBuf {
        self.repository.join("blobs")
    }

    /// Returns the blob with this checksum, if it is complete.
    pub(super) fn blob(&self, sum: &str, size: u64) -> Option<PathBuf> {
        let path = self.blobs().join(sum);
        fs::metadata(&path).is_ok_and(|meta| meta.is_file() && meta.len() == size).then_some(path)
    }

    /// Begins the download of a blob, or continues an interrupted one.
    ///
    /// Waits while another program downloads it, after a call of `on_wait`.
    pub(super) fn download(&self, sum: &str, on_wait: &mut dyn FnMut()) -> Result<Download, HubError> {
        for folder in [&self.blobs(), &self.locks] {
            make(folder)?;
        }
        let path = self.locks.join(format!("{sum}.lock"));
        let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let lock = opened.map_err(|error| HubError::disk(&path, error))?;
        if lock.try_lock().is_err() {
            on_wait();
            lock.lock().map_err(|error| HubError::disk(&path, error))?;
        }
        let part = self.blobs().join(format!("{sum}.incomplete"));
        Ok(Download { whole: self.blobs().join(sum), part, _lock: lock })
    }

    /// Links a blob into the snapshot of a commit under its file name.
    pub(super) fn link(&self, commit: &str, name: &str, sum: &str) -> Result<(), HubError> {
        let folder = self.snapshot(commit);
        make(&folder)?;
        let path = folder.join(name);
        let to = Path::new("..").join("..").join("blobs").join(sum);
        if fs::read_link(&path).is_ok_and(|there| there == to) {
            return Ok(());
        }
        let new = folder.join(unused_name(name));
        let linked = make_link(&to, &self.blobs().join(sum), &new).and_then(|()| fs::rename(&new, &path));
        linked.map_err(|error| HubError::disk(&path, error))
    }

    /// Returns the commit of the main branch, whose name becomes part of a path.
    fn main(&self) -> Option<String> {
        let bytes = guard::read(&self.repository.join("refs").join("main"), Links::Follow, LONGEST_COMMIT).ok()?;
        let commit = String::from_utf8(bytes).ok()?.trim().to_owned();
        (!commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(commit)
    }

    /// Makes a commit the main branch, once all of its files are there.
    pub(super) fn set_main(&self, commit: &str) -> Result<(), HubError> {
        if self.main().is_some_and(|there| there == commit) {
            return Ok(());
        }
        let folder = self.repository.join("refs");
        make(&folder)?;
        let path = folder.join("main");
        let new = folder.join(unused_name("main"));
        let file = OpenOptions::new().write(true).create_new(true).open(&new);
        let written =
            file.and_then(|mut file| file.write_all(commit.as_bytes())).and_then(|()| fs::rename(&new, &path));
        written.map_err(|error| HubError::disk(&path, error))
    }

    /// Bytes that this user may still write to the blobs' file system.
    /// `None` if unknown.
    pub(super) fn free_bytes(&self) -> Option<u64> {
        make(&self.blobs()).ok()?;
        let room = rustix::fs::statvfs(self.blobs()).ok()?;
        Some(room.f_bavail.saturating_mul(room.f_frsize))
    }

    /// The folder of the blobs, as text.
    pub(super) fn display(&self) -> String {
        self.blobs().display().to_string()
    }
}

impl Download {
    /// Bytes received so far.
    pub(super) fn received(&self) -> u64 {
        fs::metadata(&self.part).map_or(0, |meta| meta.len())
    }

    /// Opens the file for writing after its first `keep` bytes.
    pub(super) fn open(&self, keep: u64) -> io::Result<File> {
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&self.part)?;
        file.set_len(keep)?;
        file.seek(SeekFrom::Start(keep))?;
        Ok(file)
    }

    /// Stores the complete file, whose checksum was verified.
    pub(super) fn finish(self) -> Result<(), HubError> {
        let synced = File::open(&self.part).and_then(|file| file.sync_all());
        let moved = synced.and_then(|()| fs::rename(&self.part, &self.whole));
        moved.map_err(|error| HubError::disk(&self.whole, error))
    }

    /// Deletes what was received, because its checksum is wrong.
    pub(super) fn discard(&self) {
        let _ = fs::remove_file(&self.part);
    }
}

/// A name that nothing in the cache has, so that a temporary file never takes the place of another one.
fn unused_name(name: &str) -> String {
    format!(".{name}.{}", uuid::Uuid::new_v4().simple())
}

fn make(folder: &Path) -> Result<(), HubError> {
    fs::create_dir_all(folder).map_err(|error| HubError::disk(folder, error))
}

#[cfg(unix)]
fn make_link(to: &Path, _: &Path, new: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(to, new)
}

/// Copies the file, where links need rights that users do not have.
#[cfg(not(unix))]
fn make_link(_: &Path, blob: &Path, new: &Path) -> io::Result<()> {
    fs::copy(blob, new).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_are_honoured_in_huggingface_hubs_order() {
        let with = |names: &'static [&str]| {
            let variable = move |name: &str| names.contains(&name).then(|| OsString::from(format!("/{name}")));
            folder_by(variable, || Some("/HOME".into())).unwrap()
        };
        assert_eq!(with(&["HF_HUB_CACHE", "HF_HOME"]), PathBuf::from("/HF_HUB_CACHE"));
        assert_eq!(with(&["HF_HOME", "XDG_CACHE_HOME"]), PathBuf::from("/HF_HOME/hub"));
        assert_eq!(with(&["XDG_CACHE_HOME"]), PathBuf::from("/XDG_CACHE_HOME/huggingface/hub"));
        assert_eq!(with(&[]), PathBuf::from("/HOME/.cache/huggingface/hub"));
        assert_eq!(folder_by(|_| None, || None), None);
        let tilde = |name: &str| (name == "HF_HOME").then(|| OsString::from("~/hf"));
        assert_eq!(folder_by(tilde, || Some("/HOME".into())), Some(PathBuf::from("/HOME/hf/hub")));
    }

    #[test]
    fn a_cached_snapshot_is_found_by_its_reference() {
        let folder = tempfile::tempdir().unwrap();
        let repo = CachedRepo::new(folder.path(), "owner/name");
        assert_eq!(snapshot(folder.path(), "owner/name"), None);
        let download = repo.download("abc", &mut || ()).unwrap();
        fs::write(&download.part, "{}").unwrap();
        assert_eq!((download.received(), repo.blob("abc", 2)), (2, None));
        download.finish().unwrap();
        assert!(repo.blob("abc", 2).is_some() && repo.blob("abc", 3).is_none());
        repo.link("c0ffee", "config.json", "abc").unwrap();
        repo.link("c0ffee", "config.json", "abc").unwrap();
        assert_eq!(snapshot(folder.path(), "owner/name"), None, "nothing names the commit yet");
        repo.set_main("c0ffee").unwrap();
        assert_eq!(snapshot(folder.path(), "owner/name"), Some(repo.snapshot("c0ffee")));
        assert_eq!(fs::read(repo.snapshot("c0ffee").join("config.json")).unwrap(), b"{}");
        assert_eq!(snapshot(folder.path(), "owner/other"), None);
    }

    #[test]
    fn what_was_interrupted_goes_on_behind_what_has_come() {
        let folder = tempfile::tempdir().unwrap();
        let download = CachedRepo::new(folder.path(), "name").download("abc", &mut || ()).unwrap();
        fs::write(&download.part, "12345").unwrap();
        io::Write::write_all(&mut download.open(3).unwrap(), b"x").unwrap();
        assert_eq!(fs::read(&download.part).unwrap(), b"123x");
        download.discard();
        assert_eq!(download.received(), 0);
    }
}
