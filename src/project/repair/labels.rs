//! Labels that spans have and `project.json` no longer defines.
//!
//! Journals hold only ids, so the name is taken from copies of `project.json` that earlier repairs kept. If they disagree,
//! or none has the label, a person decides.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{Finding, journals::JournalRepair};
use crate::{
    formats::Severity,
    project::{
        MANIFEST, Manifest, Project,
        file_names::shown,
        journal,
        manifest::check_text,
        merge_sides::sides,
        storage::{Dir, SMALL, StorageError},
    },
    spans::{Journal, Label, LabelId, LabelSet, label::RetiredLabel},
    text::number::with_noun,
};

/// Copies of `project.json` that are read.
const MOST_COPIES: usize = 100;

/// Numbers of spans whose label the project would not define, by label.
pub(super) fn undefined(project: &Project, journals: &[JournalRepair]) -> BTreeMap<LabelId, usize> {
    let labels = &project.manifest.labels;
    let retired: BTreeSet<LabelId> = labels.retired().iter().map(|retired| retired.id).collect();
    let mut undefined = BTreeMap::new();
    for repair in journals {
        let journal = Journal::replay(journal::load(&repair.bytes, &project.documents).entries);
        let spans = project.documents.iter().flat_map(|document| journal.annotation(&document.id).spans());
        for span in spans.filter(|span| labels.get(span.label).is_none() && !retired.contains(&span.label)) {
            *undefined.entry(span.label).or_default() += 1;
        }
    }
    undefined
}

/// Defines labels again, and returns what was decided, one sentence each, and what is left to a person.
///
/// # Errors
/// The folder of the project cannot be read.
pub(super) fn define_again(
    dir: &Path,
    manifest: &mut Manifest,
    undefined: &BTreeMap<LabelId, usize>,
) -> Result<(Vec<String>, Vec<Finding>), StorageError> {
    let (mut sentences, mut left) = (Vec::new(), Vec::new());
    if undefined.is_empty() {
        return Ok((sentences, left));
    }
    let known = former_labels(dir).map_err(|cause| StorageError::new("read", dir, cause))?;
    let mut retired = manifest.labels.retired().to_vec();
    for (id, spans) in undefined {
        let (versions, bad): (Vec<_>, Vec<_>) =
            known.get(id).into_iter().flatten().partition(|one| check_text(&one.label).is_ok());
        left.extend(bad.into_iter().filter_map(FormerLabel::finding));
        let versions: Vec<&Label> = versions.into_iter().map(|one| &one.label).collect();
        let names: BTreeSet<&str> = versions.iter().map(|label| label.name.as_str()).collect();
        let spans = with_noun(*spans, "span");
        match (versions.last(), names.len()) {
            (Some(label), 1) => sentences.push(define(&mut manifest.labels, &mut retired, label, &spans)),
            (_, 0) => left.push(undecided(format!(
                "{spans} of label number {}, which nothing here defines: restore {MANIFEST} from git or a copy, or add a label \
                 with this id there",
                id.0
            ))),
            _ => {
                let names: Vec<String> = names.into_iter().map(|name| format!("`{}`", shown(name))).collect();
                left.push(undecided(format!(
                    "{spans} of label number {}, which was called {}: add a label with this id and the right name",
                    id.0,
                    names.join(" or ")
                )));
            }
        }
    }
    manifest.labels = std::mem::take(&mut manifest.labels).with_retired(retired);
    Ok((sentences, left))
}

fn undecided(what: String) -> Finding {
    Finding { severity: Severity::Warning, file: MANIFEST.to_owned(), line: None, what }
}

/// Defines a label as it was. If another label has its name now, it becomes a former id of that one.
fn define(labels: &mut LabelSet, retired: &mut Vec<RetiredLabel>, label: &Label, spans: &str) -> String {
    let name = shown(&label.name);
    if let Some(same) = labels.find(&label.name).map(|same| same.id) {
        retired.push(RetiredLabel { id: label.id, name: label.name.clone(), into: Some(same) });
        return format!(
            "label number {}, the one of {spans}, is `{name}`, as in a copy from before a repair",
            label.id.0
        );
    }
    let key = label.key.filter(|key| labels.by_key(*key).is_none());
    labels.push(Label { key, ..label.clone() });
    format!("label `{name}`, the label of {spans}, is defined again, as in a copy from before a repair")
}

/// Label in a copy of `project.json`.
struct FormerLabel {
    /// Name of the copy, safe to show.
    file: String,
    label: Label,
}

impl FormerLabel {
    /// What is wrong with the label, if it breaks a rule.
    fn finding(&self) -> Option<Finding> {
        let fault = check_text(&self.label).err()?;
        let what = format!("{fault}, so that this copy cannot define the label again");
        Some(Finding { severity: Severity::Warning, file: self.file.clone(), line: None, what })
    }
}

/// Labels in the copies of `project.json`, by id, in the order of the copies.
fn former_labels(dir: &Path) -> std::io::Result<BTreeMap<LabelId, Vec<FormerLabel>>> {
    let folder = Dir::open_linked(dir)?;
    let names = folder.names()?;
    let prefix = format!("{MANIFEST}.before-");
    let copies = names.iter().filter(|name| name.to_string_lossy().starts_with(&prefix));
    let mut found: BTreeMap<LabelId, Vec<FormerLabel>> = BTreeMap::new();
    for name in copies.take(MOST_COPIES) {
        // A copy that cannot be read says nothing.
        let Some(bytes) = folder.read(name, SMALL).ok().flatten() else { continue };
        let file = shown(&name.to_string_lossy());
        let versions = sides(&bytes).map(Vec::from).unwrap_or_default();
        for manifest in versions.iter().filter_map(|bytes| Manifest::parse(bytes).ok()) {
            for label in &manifest.labels {
                let known = found.entry(label.id).or_default();
                if known.last().is_none_or(|last| last.label != *label) {
                    known.push(FormerLabel { file: file.clone(), label: label.clone() });
                }
            }
        }
    }
    Ok(found)
}
