//! Repair of a project: what a crash, an unfinished merge or another program left in its files.
//!
//! [`Repair::of`] reads everything and changes nothing. It lists what it would do, and what only a person can decide. Nothing
//! is guessed, and nothing is discarded: lines that cannot be used are moved to a file beside, and of each file that is
//! changed a copy is kept.
//!
//! [`Repair::carry_out`] takes all locks, keeps the copies, and then changes one file after the other, each in one step. So
//! a crash leaves each file as it was or repaired, and the next repair does the rest.

mod documents;
mod journals;
mod labels;
mod lines;
mod manifest;
mod runs;
mod sentences;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Serialize;

use self::{documents::DocumentsRepair, journals::JournalRepair, lines::LineChanges, runs::RunRepair};
use super::{
    ANNOTATIONS, AnnotatorName, DOCUMENTS, Finding, LOCK, LabelFault, LockError, MANIFEST, Manifest, ManifestError,
    Project, ProjectError, Runs, Stamp, StorageError, annotators_in,
    check::refuse_other_folder,
    file_names::BEFORE_REPAIR,
    journal_appender::Files,
    lock::{Holder, Lock},
    stamp, stamp_of,
    storage::{self, Dir, SMALL},
};
use crate::{formats::Severity, spans::LabelSet, text::Grid};

/// Something that a repair does or has done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RepairStep {
    /// Path of the file in the folder of the project, safe to show.
    pub file: String,
    /// What is done, safe to show.
    pub what: String,
}

/// Repair of a project, which is not carried out yet.
#[derive(Debug)]
pub struct Repair {
    dir: PathBuf,
    /// What would be done, in this order.
    pub steps: Vec<RepairStep>,
    /// What is left to a person.
    pub left: Vec<Finding>,
    /// The first error of the file system: what it says need not be true of the project.
    pub refusal: Option<String>,
    /// Files that are repaired and in which git left conflict markers: their paths in the folder of the project.
    unmerged: Vec<String>,
    /// Files that were read, with their contents then; `None` for a file that is not read before it is changed.
    seen: Vec<(PathBuf, Stamp)>,
    /// Changes of `documents.jsonl` with the stamp of the file for which they are, if there are any.
    documents: Option<(LineChanges, Stamp)>,
    /// The repaired `project.json`, if it needs that.
    manifest: Option<Manifest>,
    journals: Vec<JournalRepair>,
    runs: Vec<RunRepair>,
}

impl Repair {
    /// Reads the project in `dir`. Changes nothing.
    ///
    /// # Errors
    /// There is nothing of a project, or its folder cannot be read. Files in it that cannot be read are left to a person.
    pub fn of(dir: &Path) -> Result<Self, ProjectError> {
        refuse_other_folder(dir)?;
        let mut repair = Self {
            dir: dir.to_owned(),
            steps: Vec::new(),
            left: Vec::new(),
            refusal: None,
            unmerged: Vec::new(),
            seen: Vec::new(),
            documents: None,
            manifest: None,
            journals: Vec::new(),
            runs: RunRepair::all(&Runs::of(dir)),
        };
        let found = repair.read_manifest();
        let is_manifest = found.is_some();
        let (manifest, decisions) = found.unwrap_or_else(|| (no_manifest(), None));
        let grid = manifest.grid;
        let mut project = Project::without_documents(dir, manifest);
        let is_readable = repair.read_documents(&mut project, grid) && is_manifest;
        for name in annotators_in(&project.annotations()) {
            repair.read_journal(&project, &name, is_readable);
        }
        if is_manifest {
            repair.repair_labels(&mut project, decisions)?;
        }
        for journal in &repair.journals {
            add_steps(&mut repair.steps, &journal.file(), &journal.sentences);
        }
        repair.unmerged.extend(repair.journals.iter().filter(|one| one.is_unmerged).map(JournalRepair::file));
        for run in &repair.runs {
            add_steps(&mut repair.steps, &run.file(), &[run.sentence().to_owned()]);
        }
        Ok(repair)
    }

    /// Sentence about what git still needs after this repair, because only the user ends a merge.
    /// `None` if git left no conflict in the files that are repaired.
    pub fn left_to_git(&self) -> Option<String> {
        let files = self.unmerged.join(" ");
        (!files.is_empty()).then(|| {
            format!(
                "To end the merge, in the folder of the project: git add {files}, then git commit. \
                 The copies (*.{BEFORE_REPAIR}) are for you; leave them out of git."
            )
        })
    }

    /// Reads `project.json`, and returns it as it would be, with what was decided if it needs a repair.
    /// `None` if it cannot be read or repaired.
    fn read_manifest(&mut self) -> Option<(Manifest, Option<Vec<String>>)> {
        let path = self.dir.join(MANIFEST);
        let bytes = match storage::read(&path, SMALL) {
            Ok(bytes) => bytes,
            Err(error) => return self.leave_unread(MANIFEST, &error),
        };
        self.seen.push((path, stamp(&bytes)));
        match manifest::repaired(&bytes) {
            Ok(Some((manifest, decisions))) => Some((manifest, Some(decisions))),
            Ok(None) => Manifest::from_json(&bytes).ok().map(|manifest| (manifest, None)),
            Err(ManifestError::Unmerged) => {
                self.leave(MANIFEST, "the conflict markers of git are not in order; finish the merge with an editor")
            }
            Err(ManifestError::Label(fault)) => self.leave(MANIFEST, correct_label(&fault)),
            Err(error) => self.leave(MANIFEST, error.to_string()),
        }
    }

    /// Reads the documents into `project` as they would be. Returns whether those are all of them.
    fn read_documents(&mut self, project: &mut Project, grid: Grid) -> bool {
        let path = self.dir.join(DOCUMENTS);
        let repair = match DocumentsRepair::of(&path, grid) {
            Ok(repair) => repair,
            Err(error) => {
                self.leave_unread::<()>(DOCUMENTS, &error);
                return false;
            }
        };
        let DocumentsRepair { documents, changes, sentences, left, is_unmerged, stamp } = repair;
        self.unmerged.extend((is_unmerged && !changes.is_empty()).then(|| DOCUMENTS.to_owned()));
        project.documents = documents;
        self.seen.push((path, stamp));
        add_steps(&mut self.steps, DOCUMENTS, &sentences);
        self.documents = (!changes.is_empty()).then_some((changes, stamp));
        let is_readable = left.is_empty();
        self.left.extend(left);
        is_readable
    }

    fn read_journal(&mut self, project: &Project, name: &AnnotatorName, is_readable: bool) {
        match JournalRepair::of(project, name, is_readable) {
            Ok(mut journal) => {
                let files = Files::of(project, name);
                let stamps = [files.journal, files.import].into_iter().zip(journal.stamps);
                self.seen.extend(stamps.filter_map(|(path, stamp)| Some((path, stamp?))));
                self.left.append(&mut journal.left);
                self.journals.push(journal);
            }
            Err(error) => _ = self.leave_unread::<()>(&format!("{ANNOTATIONS}/{name}.jsonl"), &error),
        }
    }

    /// Defines labels again that spans have. `decisions`: those of a repair of `project.json` that is needed anyway.
    fn repair_labels(&mut self, project: &mut Project, decisions: Option<Vec<String>>) -> Result<(), ProjectError> {
        let undefined = labels::undefined(project, &self.journals);
        let manifest = &mut project.manifest;
        let (defined, left) = labels::define_again(&self.dir, manifest, &undefined)?;
        self.left.extend(left);
        if decisions.is_none() && defined.is_empty() {
            return Ok(());
        }
        if let Err(why) = manifest.check() {
            self.leave::<()>(MANIFEST, correct_label(&why));
            return Ok(());
        }
        if let Some(decisions) = decisions {
            self.unmerged.insert(0, MANIFEST.to_owned());
            add_steps(&mut self.steps, MANIFEST, &["the labels of both sides of a git merge are merged".to_owned()]);
            add_steps(&mut self.steps, MANIFEST, &decisions);
        }
        add_steps(&mut self.steps, MANIFEST, &defined);
        self.manifest = Some(manifest.clone());
        Ok(())
    }

    /// Leaves a fault to a person. Returns nothing, for callers that need a value.
    fn leave<T>(&mut self, file: &str, what: impl Into<String>) -> Option<T> {
        self.left.push(Finding { severity: Severity::Error, file: file.to_owned(), line: None, what: what.into() });
        None
    }

    /// Leaves a file that cannot be read to a person. Returns nothing, for callers that need a value.
    fn leave_unread<T>(&mut self, file: &str, error: &StorageError) -> Option<T> {
        self.refusal.get_or_insert_with(|| error.to_string());
        self.leave(file, error.to_string())
    }

    /// Carries everything out, and returns the paths of the copies that are kept. `now` in seconds since 1970, UTC.
    ///
    /// # Errors
    /// The project is open in another process, a file was changed since it was read, a file or folder may not be written, or
    /// there is no room for the copies: then nothing is repaired. Or the file system refuses later on
    /// ([`ProjectError::RepairStopped`]): then it can be done again.
    pub fn carry_out(self, now: u64) -> Result<Vec<PathBuf>, ProjectError> {
        let _lock = Lock::wait(&self.dir.join(LOCK), "the project")?;
        let mut locks = self.lock_annotators(now)?;
        self.check_unchanged()?;
        let runs = Runs::of(&self.dir);
        self.check_targets(&runs)?;
        let copies = self.keep_copies()?;
        let mut done = Vec::new();
        let changed = self.change_files(&mut locks, &runs, now, &mut done);
        changed.map(|()| copies.clone()).map_err(|why| self.stopped(done, &copies, why))
    }

    /// Changes one file after the other, and adds the path of each that is repaired to `done`.
    fn change_files(
        &self,
        locks: &mut BTreeMap<AnnotatorName, Lock>,
        runs: &Runs,
        now: u64,
        done: &mut Vec<String>,
    ) -> Result<(), ProjectError> {
        if let Some((changes, known)) = &self.documents {
            changes.carry_out(&self.dir.join(DOCUMENTS), *known)?;
            done.push(DOCUMENTS.to_owned());
        }
        if let Some(manifest) = &self.manifest {
            let path = self.dir.join(MANIFEST);
            // The copies and the documents may have taken a while.
            self.check_file_unchanged(&path)?;
            storage::replace(&path, &manifest.to_json().map_err(ProjectError::Unwritable)?)?;
            done.push(MANIFEST.to_owned());
        }
        self.repair_journals(locks, done)?;
        for run in &self.runs {
            run.carry_out(runs, now)?;
            done.push(run.file());
        }
        Ok(())
    }

    /// Error of a repair that stopped after the copies were made.
    fn stopped(&self, done: Vec<String>, copies: &[PathBuf], why: ProjectError) -> ProjectError {
        let mut left: Vec<String> = Vec::new();
        for step in self.steps.iter().filter(|step| !done.contains(&step.file)) {
            if !left.contains(&step.file) {
                left.push(step.file.clone());
            }
        }
        ProjectError::RepairStopped { why: Box::new(why), done, copies: copies.to_vec(), left }
    }

    /// Takes the locks of all annotators, also of those whose journal is missing.
    fn lock_annotators(&self, now: u64) -> Result<BTreeMap<AnnotatorName, Lock>, LockError> {
        let folder = self.dir.join(ANNOTATIONS);
        let mut names = annotators_in(&folder);
        let files = Dir::open(&folder).and_then(|folder| folder.names()).unwrap_or_default();
        let locked =
            files.iter().filter_map(|name| name.to_str()?.strip_prefix('.')?.strip_suffix(".lock")?.parse().ok());
        names.extend(locked);
        names.sort();
        names.dedup();
        let mut locks = BTreeMap::new();
        for name in names {
            let what = format!("annotator `{name}`");
            let lock = Lock::take(&folder.join(format!(".{name}.lock")), &what, &Holder::this(now))?;
            locks.insert(name, lock);
        }
        Ok(locks)
    }

    fn check_unchanged(&self) -> Result<(), ProjectError> {
        self.seen.iter().try_for_each(|(path, _)| self.check_file_unchanged(path))
    }

    /// Checks that a file that was read has the same contents.
    fn check_file_unchanged(&self, path: &Path) -> Result<(), ProjectError> {
        let known = self.seen.iter().find(|(seen, _)| seen == path).map(|(_, stamp)| *stamp);
        match known {
            Some(known) if stamp_of(path)? != known => Err(ProjectError::Changed(path.to_owned())),
            _ => Ok(()),
        }
    }

    /// Checks everything else that may refuse, so that a repair that cannot be done leaves no copies.
    fn check_targets(&self, runs: &Runs) -> Result<(), ProjectError> {
        if let Some((changes, _)) = &self.documents {
            storage::check_replaceable(&self.dir.join(DOCUMENTS))?;
            changes.check(&self.dir.join(DOCUMENTS))?;
        }
        if self.manifest.is_some() {
            storage::check_replaceable(&self.dir.join(MANIFEST))?;
        }
        let project = Project::without_documents(&self.dir, no_manifest());
        for journal in self.journals.iter().filter(|journal| !journal.sentences.is_empty()) {
            journal.check(&project)?;
        }
        self.runs.iter().try_for_each(|run| run.check(runs))
    }

    /// Copies each file that is changed, after a look at the room for copies and new files.
    fn keep_copies(&self) -> Result<Vec<PathBuf>, StorageError> {
        let mut files = Vec::new();
        files.extend(self.documents.is_some().then(|| self.dir.join(DOCUMENTS)));
        files.extend(self.manifest.is_some().then(|| self.dir.join(MANIFEST)));
        for journal in self.journals.iter().filter(|journal| !journal.sentences.is_empty()) {
            files.push(self.dir.join(journal.file()));
            files.extend(journal.has_import.then(|| self.dir.join(format!("{ANNOTATIONS}/.{}.import", journal.name))));
        }
        let bytes: u64 = files.iter().filter_map(|path| fs::symlink_metadata(path).ok()).map(|file| file.len()).sum();
        storage::check_room(&self.dir, bytes.saturating_mul(2))?;
        files.iter().map(|path| storage::keep_copy(path, BEFORE_REPAIR)).collect()
    }

    fn repair_journals(
        &self,
        locks: &mut BTreeMap<AnnotatorName, Lock>,
        done: &mut Vec<String>,
    ) -> Result<(), ProjectError> {
        // Only imports need the documents.
        let has_imports = self.journals.iter().any(|journal| journal.has_import);
        let opened = has_imports.then(|| Project::open(&self.dir)).transpose()?;
        let project = opened.unwrap_or_else(|| Project::without_documents(&self.dir, no_manifest()));
        for journal in self.journals.iter().filter(|journal| !journal.sentences.is_empty()) {
            if let Some(lock) = locks.remove(&journal.name) {
                journal.carry_out(&project, lock)?;
                done.push(journal.file());
            }
        }
        Ok(())
    }
}

/// Stands for a `project.json` that cannot be read.
fn no_manifest() -> Manifest {
    Manifest::new("", LabelSet::default())
}

/// What a person does about a label that breaks a rule.
fn correct_label(fault: &LabelFault) -> String {
    format!("{fault}; correct it with an editor")
}

fn add_steps(steps: &mut Vec<RepairStep>, file: &str, sentences: &[String]) {
    steps.extend(sentences.iter().map(|what| RepairStep { file: file.to_owned(), what: what.clone() }));
}
