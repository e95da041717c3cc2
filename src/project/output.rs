//! Paths of output that the user names, checked so that none of them is a file of a project or a run.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Write as _},
    path::{Component, Path, PathBuf},
};

use super::{
    ANNOTATIONS, DOCUMENTS, GUIDE, LOCK, MANIFEST, PATTERNS, Project, ProjectError, RUNS, StorageError,
    TRAINING_SETTINGS,
    decisions::REVIEWED,
    file_names::{BAD, BEFORE_MERGE, BEFORE_REPAIR, EXPORT_LOCK, EXPORT_RECORD},
    import_record::IMPORTS,
    label_records::LABEL_CHANGES,
    run_files::{is_run, is_run_name},
    storage::{self, Leftover, MadeFolder, NewTree},
};

/// Files in the folder of a project that belong to it.
const FILES: [&str; 11] = [
    MANIFEST,
    DOCUMENTS,
    IMPORTS,
    REVIEWED,
    LABEL_CHANGES,
    PATTERNS,
    GUIDE,
    TRAINING_SETTINGS,
    LOCK,
    ".gitattributes",
    ".gitignore",
];
/// Subfolders of a project in which everything belongs to it.
const FOLDERS: [&str; 2] = [ANNOTATIONS, RUNS];

/// Treatment of a file that exists in the place of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is written.
    Keep,
    /// It is replaced.
    Replace,
}

impl Existing {
    /// Treatment for a flag that allows to replace files.
    pub fn with_force(force: bool) -> Self {
        if force { Self::Replace } else { Self::Keep }
    }
}

/// Writes a file that the user named, whole or not at all.
///
/// # Errors
/// It is one of a project's or of a run's own files, or it exists and is kept, or the file system refuses.
pub fn write_output(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), ProjectError> {
    write_output_file(path, existing, &|mut file| file.write_all(bytes))
}

/// As [`write_output`], in a folder that is made if it does not exist. After an error no empty folder stays.
///
/// # Errors
/// As [`write_output`], or the folder cannot be made.
pub fn write_output_in_folder(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), ProjectError> {
    refuse_own_file(path)?;
    let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| !is_there(folder)).collect();
    let mut made = Vec::new();
    let folders = missing.iter().rev().try_for_each(|folder| -> Result<(), ProjectError> {
        made.push(MadeFolder::make(folder)?);
        Ok(())
    });
    let written = folders.and_then(|()| write_output(path, bytes, existing));
    if written.is_err() {
        made.iter().rev().for_each(|folder| drop(folder.remove_if_empty()));
    }
    written
}

/// Receiver of the files of a folder: the path of each in the folder, with `/`, and its contents.
pub type AddFile<'a> = dyn FnMut(&str, &[u8]) -> io::Result<()> + 'a;

/// Writes a folder that the user named, with the files that `contents` adds, whole or not at all. It replaces nothing.
///
/// # Errors
/// It is one of a project's or of a run's own, or it exists, or the file system refuses; and those of `contents`.
pub fn write_output_folder(
    path: &Path,
    contents: &dyn Fn(&mut AddFile<'_>) -> io::Result<()>,
) -> Result<(), ProjectError> {
    // Without the slash at its end, which would follow a link.
    let path = path.components().as_path();
    let failed = |error: StorageError| match error.cause.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => error.into(),
    };
    refuse_own_file(path)?;
    let mut tree = NewTree::begin(path).map_err(failed)?;
    let mut failure = None;
    let added = contents(&mut |name, bytes| {
        tree.add(name, bytes).map_err(|error| {
            let kind = error.cause.kind();
            failure = Some(error);
            kind.into()
        })
    });
    if let Err(cause) = added {
        let error = failure.unwrap_or_else(|| StorageError::new("write", path, cause));
        return Err(tree.discard(error).into());
    }
    tree.finish().map_err(failed)
}

/// Names what an output that was killed may have left beside a path: files and folders with names of ours, without a record of
/// whose they are. They stay: another program may be writing them now.
pub fn leftovers_beside(path: &Path) -> Vec<String> {
    let folder = storage::folder_of(path.components().as_path());
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut left: Vec<String> = names
        .filter(|name| storage::is_temporary(name))
        .filter_map(|name| match storage::leftover(folder, &name, false)? {
            Leftover::Recorded(_) => None,
            Leftover::Unknown(what) => Some(format!("{} {what}", storage::shown_path(&folder.join(name)))),
        })
        .collect();
    left.sort();
    left
}

/// Whether a path for output names a folder: it ends with a slash.
pub fn is_folder_name(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// Whether a folder exists. The folder of a plain file name always does.
fn is_there(folder: &Path) -> bool {
    folder.as_os_str().is_empty() || folder.symlink_metadata().is_ok()
}

/// As [`write_output`], with contents that are not in memory. Only if `contents` returns without an error, the file gets its
/// name. It may be called twice.
///
/// # Errors
/// As [`write_output`], and those of `contents`.
pub fn write_output_file(
    path: &Path,
    existing: Existing,
    contents: &dyn Fn(&File) -> io::Result<()>,
) -> Result<(), ProjectError> {
    refuse_own_file(path)?;
    match existing {
        Existing::Replace => Ok(storage::replace_file(path, contents)?),
        Existing::Keep => storage::create_new_file(path, contents).map_err(|error| match error.cause.kind() {
            ErrorKind::AlreadyExists => exists(path),
            _ => error.into(),
        }),
    }
}

/// Refuses a path for output that exists, before the work for it begins. [`write_output`] decides.
///
/// # Errors
/// It exists and is kept.
pub fn refuse_existing(path: &Path, existing: Existing) -> Result<(), ProjectError> {
    match existing {
        Existing::Keep if path.symlink_metadata().is_ok() => Err(exists(path)),
        _ => Ok(()),
    }
}

pub(super) fn exists(path: &Path) -> ProjectError {
    let is_file = path.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
    ProjectError::OutputExists { path: path.to_owned(), is_file }
}

/// Refuses a path for output if it is one of a project's or of a run's own files, also through links.
///
/// # Errors
/// It is; the error names the project or the run.
pub fn refuse_own_file(path: &Path) -> Result<(), ProjectError> {
    refuse_project_path(path)?;
    for path in [unlinked(path), resolved(path)] {
        let in_run = path.parent().filter(|folder| is_run(folder));
        let in_subfolder = path.parent().and_then(Path::parent).filter(|folder| is_run(folder));
        let name = |depth| path.iter().rev().nth(depth).is_some_and(|name| is_run_name(&name.to_string_lossy()));
        if let Some(run) = in_run.filter(|_| name(0)).or(in_subfolder.filter(|_| name(1))) {
            return Err(ProjectError::OwnFile { path: path.clone(), owner: "run", folder: run.to_owned() });
        }
    }
    Ok(())
}

/// Refuses a path for output if it is one of a project's own files or in one of its folders, also through links.
///
/// # Errors
/// It is; the error names the project.
pub(super) fn refuse_project_path(path: &Path) -> Result<(), ProjectError> {
    let name = path.file_name().unwrap_or_default();
    if [EXPORT_RECORD, EXPORT_LOCK].iter().any(|own| name.eq_ignore_ascii_case(own)) {
        let folder = storage::folder_of(path).to_owned();
        return Err(ProjectError::OwnFile { path: path.to_owned(), owner: "list of exports", folder });
    }
    for path in [unlinked(path), resolved(path)] {
        let projects = path.ancestors().skip(1).filter(|folder| Project::is_project(folder));
        for folder in projects {
            let mut inside = path.strip_prefix(folder).unwrap_or(&path).iter();
            let first = inside.next().unwrap_or_default().to_string_lossy();
            let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(&first));
            let is_kept = is_kept_by_repair(&first);
            if is(&FOLDERS) || ((is(&FILES) || is_kept) && inside.next().is_none()) {
                return Err(ProjectError::OwnFile { path: path.clone(), owner: "project", folder: folder.to_owned() });
            }
        }
    }
    Ok(())
}

/// Checks a folder of a project that may be a link (`runs`, `exports`) before something is written into it.
///
/// # Errors
/// There is a file or a link without a folder in its place, or it leads to a project's own files or to a run.
pub(super) fn check_linked_folder(folder: &Path) -> Result<(), ProjectError> {
    let Ok(found) = folder.symlink_metadata() else { return Ok(()) };
    if !folder.is_dir() {
        let why = match found.is_symlink() {
            true => "it is a link to a folder that does not exist; make that folder, or remove the link",
            false => "it is a file, and a folder is needed there; move the file elsewhere",
        };
        return Err(StorageError::new("write into", folder, storage::not_ours(why)).into());
    }
    if !found.is_symlink() {
        return Ok(());
    }
    let real = resolved(folder);
    for project in real.ancestors().filter(|folder| Project::is_project(folder)) {
        let first = real.strip_prefix(project).ok().and_then(|inside| inside.iter().next());
        if first.is_none_or(|first| first.eq_ignore_ascii_case(ANNOTATIONS)) {
            return Err(ProjectError::OwnFile {
                path: folder.to_owned(),
                owner: "project",
                folder: project.to_owned(),
            });
        }
    }
    match real.ancestors().find(|folder| is_run(folder)) {
        Some(run) => Err(ProjectError::OwnFile { path: folder.to_owned(), owner: "run", folder: run.to_owned() }),
        None => Ok(()),
    }
}

/// Whether a name is one of a copy or of bad lines that a repair keeps beside a file.
fn is_kept_by_repair(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let end = [MANIFEST, DOCUMENTS].iter().find_map(|file| name.strip_prefix(file)?.strip_prefix('.'));
    end.is_some_and(|end| end == BAD || end.starts_with(BEFORE_REPAIR) || end.starts_with(BEFORE_MERGE))
}

/// The path with its folder resolved; a link in the last place stays.
fn unlinked(path: &Path) -> PathBuf {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => resolved(folder).join(name),
        _ => resolved(path),
    }
}

/// The absolute path without links, as far as it exists.
///
/// It is followed part by part, so that `..` after a folder that does not exist yet leads to the folder above, and links
/// after it are followed, too.
fn resolved(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut real = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                real.pop();
            }
            part => real.push(part),
        }
        if let Ok(canonical) = real.canonicalize() {
            real = canonical;
        }
    }
    real
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{Manifest, Project, storage::refusals::Refused},
        spans::LabelSet,
    };

    #[test]
    fn a_projects_own_files_are_refused_by_whatever_path() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("food");
        Project::create(&root, Manifest::new("food", LabelSet::restaurant())).unwrap();
        std::os::unix::fs::symlink(&root, folder.path().join("link")).unwrap();
        std::os::unix::fs::symlink(root.join("project.json"), folder.path().join("m.json")).unwrap();
        for own in [
            "food/project.json",
            "food/PROJECT.json",
            "food/project.json.before-repair-2",
            "food/Documents.jsonl.bad",
            "food/documents.jsonl",
            "food/label-changes.jsonl",
            "food/annotations/ada.jsonl",
            "food/runs/0001-mini/model/config.json",
            "food/exports/../GUIDE.md",
            "food/none/../training.json",
            "food/none/../../food/project.json",
            "none/../food/annotations/ada.jsonl",
            "none/../link/project.json",
            "none/../m.json",
            "link/project.json",
            "m.json",
            "food/annotations/../../food/documents.jsonl",
        ] {
            let error = refuse_own_file(&folder.path().join(own)).unwrap_err().to_string();
            assert!(error.contains("belongs to the project in"), "{own}: {error}");
        }
        for own in ["food/exports/.exported.json", "food/exports/.Exported.lock"] {
            let error = refuse_own_file(&folder.path().join(own)).unwrap_err().to_string();
            assert!(error.contains("belongs to the list of exports in"), "{own}: {error}");
        }
        for other in ["food/exports/a.conll", "food/train.conll", "food/more/project.json", "project.json", "a.conll"] {
            refuse_own_file(&folder.path().join(other)).unwrap();
        }
    }

    #[test]
    fn an_existing_file_is_replaced_only_by_force() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conll");
        write_output(&path, b"one", Existing::Keep).unwrap();
        let refused = write_output(&path, b"two", Existing::Keep).unwrap_err();
        assert!(refused.to_string().contains("--force") && !refused.is_environment(), "{refused}");
        assert_eq!(refuse_existing(&path, Existing::Keep).unwrap_err().to_string(), refused.to_string());
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        refuse_existing(&path, Existing::Replace).unwrap();
        write_output(&path, b"two", Existing::Replace).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        // Force does not help where there is a folder.
        let folder = write_output(folder.path(), b"one", Existing::Keep).unwrap_err().to_string();
        assert!(folder.contains("choose another name") && !folder.contains("--force"), "{folder}");
    }

    #[test]
    fn a_folder_of_files_replaces_nothing_and_appears_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out/");
        assert!(is_folder_name(&path) && !is_folder_name(&folder.path().join("out")));
        let write = |path: &Path, fails: bool| {
            write_output_folder(path, &|add| {
                add("a/b.txt", b"one")?;
                if fails { Err(io::ErrorKind::StorageFull.into()) } else { add("c.txt", b"two") }
            })
        };
        assert!(write(&path, true).unwrap_err().is_environment() && !path.exists());
        write(&path, false).unwrap();
        assert_eq!(std::fs::read(path.join("a/b.txt")).unwrap(), b"one");
        let again = write(&path, false).unwrap_err().to_string();
        assert!(again.contains("exists") && !again.contains("--force"), "{again}");
        std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
        assert!(matches!(write(&folder.path().join("link/"), false), Err(ProjectError::OutputExists { .. })));
        let root = folder.path().join("food");
        Project::create(&root, Manifest::new("food", LabelSet::restaurant())).unwrap();
        assert!(matches!(write(&root.join("annotations/x/"), false), Err(ProjectError::OwnFile { .. })));
        let twice = write_output_folder(&folder.path().join("two"), &|add| {
            add("a", b"1")?;
            add("a", b"2")
        });
        assert!(twice.unwrap_err().to_string().contains("two/a"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn folders_of_an_output_are_made_and_go_again_if_it_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tensorboard/0001-mini/events");
        let refused = storage::refusals::refuse(folder.path(), Refused::Bytes, ErrorKind::StorageFull);
        assert!(write_output_in_folder(&path, b"one", Existing::Keep).unwrap_err().to_string().contains("full"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        drop(refused);
        write_output_in_folder(&path, b"one", Existing::Keep).unwrap();
        // What was there before stays, also an empty folder.
        let empty = folder.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        let _refused = storage::refusals::refuse(folder.path(), Refused::Bytes, ErrorKind::StorageFull);
        for path in [empty.join("new/events"), path.with_file_name("more")] {
            write_output_in_folder(&path, b"two", Existing::Keep).unwrap_err();
        }
        assert!(std::fs::read_dir(&empty).unwrap().next().is_none() && std::fs::read(&path).unwrap() == b"one");
    }

    #[test]
    fn a_runs_own_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("run")).unwrap();
        std::fs::write(folder.path().join("run/config.json"), r#"{"tagli_run":1}"#).unwrap();
        for own in ["run/config.json", "run/metrics.jsonl", "run/model/model.safetensors"] {
            let error = refuse_own_file(&folder.path().join(own)).unwrap_err().to_string();
            assert!(error.contains("belongs to the run in"), "{own}: {error}");
        }
        refuse_own_file(&folder.path().join("run/curves.csv")).unwrap();
    }
}
