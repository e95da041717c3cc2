//! Repair of a `project.json` that git merged or stopped merging.
//!
//! Both sides are read, and their labels merged by the rule of [`LabelSet::merge`].

use crate::project::{Manifest, ManifestError, manifest::is_unmerged, merge_sides::sides, random_number};

/// Returns the repaired manifest with the decisions. `None` if the bytes need no repair.
///
/// # Errors
/// They cannot be read or repaired; the error says why.
pub(super) fn repaired(bytes: &[u8]) -> Result<Option<(Manifest, Vec<String>)>, ManifestError> {
    if !is_unmerged(bytes) {
        return match Manifest::from_json(bytes) {
            Ok(_) => Ok(None),
            Err(ManifestError::Label(_)) => settled(bytes).map(Some),
            Err(error) => Err(error),
        };
    }
    let [ours, theirs] = sides(bytes).ok_or(ManifestError::Unmerged)?;
    let (mut manifest, mut decisions) = settled(&ours)?;
    let (theirs, more) = settled(&theirs)?;
    decisions.extend(more);
    decisions.extend(manifest.merge(&theirs, random_number)?);
    manifest.check()?;
    Ok(Some((manifest, decisions)))
}

/// Parses one side, and settles labels in it that contradict each other.
fn settled(bytes: &[u8]) -> Result<(Manifest, Vec<String>), ManifestError> {
    let mut manifest = Manifest::parse(bytes)?;
    let mut decisions = Vec::new();
    if manifest.check().is_err() {
        (manifest.labels, decisions) = manifest.labels.without_doubles(random_number)?;
        manifest.check()?;
    }
    Ok((manifest, decisions))
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    use super::*;
    use crate::{
        project::{MANIFEST, Project, ProjectError, Repair},
        spans::{LabelChange, LabelId, LabelSet},
    };

    /// A project whose file is as git leaves it after a label was added on two branches.
    fn conflict(dir: &Path, ours: &[(&str, u32)], theirs: &[(&str, u32)]) -> PathBuf {
        Project::create(dir, Manifest::new("p", LabelSet::from_names(["Dish", "Price"]))).unwrap();
        let path = dir.join(MANIFEST);
        let start = Manifest::from_json(&fs::read(&path).unwrap()).unwrap();
        let [ours, theirs] = [ours, theirs].map(|added| {
            let mut manifest = start.clone();
            for (name, id) in added {
                manifest.labels.change(&LabelChange::Add((*name).to_owned()), || *id).unwrap();
            }
            String::from_utf8(manifest.to_json().unwrap()).unwrap()
        });
        let common = ours.lines().zip(theirs.lines()).take_while(|(a, b)| a == b).count();
        let end = ours.lines().rev().zip(theirs.lines().rev()).take_while(|(a, b)| a == b).count();
        let part = |text: &str| {
            let lines: Vec<&str> = text.lines().collect();
            lines[common..lines.len() - end].join("\n")
        };
        let lines: Vec<&str> = ours.lines().collect();
        let (head, tail) = (lines[..common].join("\n"), lines[lines.len() - end..].join("\n"));
        let text = format!("{head}\n<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> ben\n{tail}\n", part(&ours), part(&theirs));
        fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_file_with_conflict_markers_is_merged_and_a_copy_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = conflict(dir.path(), &[("Wine", 70)], &[("Beer", 80), ("Wine", 90)]);
        let before = fs::read(&path).unwrap();
        let error = Project::open(dir.path()).unwrap_err().to_string();
        assert!(error.contains("conflict markers") && error.contains("--repair"), "{error}");
        let repair = Repair::of(dir.path()).unwrap();
        assert_eq!(fs::read(&path).unwrap(), before, "nothing is written before the answer");
        let steps: Vec<&str> = repair.steps.iter().map(|step| step.what.as_str()).collect();
        assert_eq!(
            steps,
            [
                "the labels of both sides of a git merge are merged",
                "`Beer` loses its key 3, which `Wine` has",
                "`Wine` was added on both sides; the two are one label now"
            ]
        );
        let copies = repair.carry_out(0).unwrap();
        let [copy] = copies.as_slice() else { panic!("{copies:?}") };
        assert!(copy.ends_with("project.json.before-repair") && fs::read(copy).unwrap() == before);
        let labels = Project::open(dir.path()).unwrap().manifest.labels;
        assert_eq!([70, 80, 90].map(|id| labels.name(LabelId(id))), ["Wine", "Beer", "Wine"]);
        assert!(Repair::of(dir.path()).unwrap().steps.is_empty());
    }

    #[test]
    fn a_copy_never_replaces_another_and_a_changed_file_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = conflict(dir.path(), &[("Wine", 70)], &[("Beer", 80)]);
        let copy = dir.path().join("project.json.before-repair");
        fs::write(&copy, "mine").unwrap();
        let [repair, other] = [(), ()].map(|()| Repair::of(dir.path()).unwrap());
        assert!(repair.carry_out(0).unwrap()[0].ends_with("project.json.before-repair-2"));
        assert_eq!(fs::read_to_string(&copy).unwrap(), "mine");
        let repaired = fs::read(&path).unwrap();
        assert!(matches!(other.carry_out(0), Err(ProjectError::Changed(_))));
        assert_eq!(fs::read(&path).unwrap(), repaired);
    }

    #[test]
    fn two_labels_with_one_id_are_left_to_a_person_with_both_names() {
        let dir = tempfile::tempdir().unwrap();
        conflict(dir.path(), &[("Wine", 2)], &[("Beer", 2)]);
        let repair = Repair::of(dir.path()).unwrap();
        assert!(repair.steps.is_empty());
        assert!(repair.left[0].what.contains("`Wine` and `Beer` have the same id 2"), "{:?}", repair.left);
    }

    #[test]
    fn what_git_merged_without_a_conflict_is_settled_by_the_same_rule() {
        let text = r#"{"format":1,"labels":[{"id":0,"name":"A","key":"1"},{"id":7,"name":"B","key":"1"},{"id":9,"name":"A"}],
            "gone":[{"id":5,"name":"X","into":0},{"id":5,"name":"Y","into":7},{"id":5,"name":"X","into":0}]}"#;
        let (manifest, decisions) = repaired(text.as_bytes()).unwrap().unwrap();
        assert_eq!(decisions.len(), 2, "{decisions:?}");
        let labels = &manifest.labels;
        assert_eq!(labels.iter().map(|label| label.key).collect::<Vec<_>>(), [Some('1'), None]);
        assert_eq!((labels.name(LabelId(9)), labels.name(LabelId(5))), ("A", "A"));
        assert_eq!(labels.named("Y").map(|label| label.name.as_str()), Some("B"));
    }

    #[test]
    fn markers_out_of_order_and_a_side_that_is_no_project_are_refused() {
        for text in [
            "{\n=======\n}\n>>>>>>> x\n",
            "<<<<<<< a\n<<<<<<< b\n=======\n>>>>>>> c\n",
            "<<<<<<< a\n{\"format\":1}\n=======\n{\"format\":1\n>>>>>>> b\n",
            "<<<<<<< a\n{\"format\":1}\n=======\n",
        ] {
            assert!(repaired(text.as_bytes()).is_err(), "{text}");
        }
        let marked = "\u{feff}<<<<<<< a\n{\"format\":1}\n=======\n{\"format\":1}\n>>>>>>> b\n";
        assert!(repaired(marked.as_bytes()).unwrap().is_some(), "a byte order mark is before the first marker");
        let diff3 = "{\"format\":1,\n<<<<<<< a\n\"name\":\"x\"\n||||||| base\n\"name\":\"\"\n=======\n\"name\":\"y\"\n>>>>>>> b\n}\n";
        let (manifest, decisions) = repaired(diff3.as_bytes()).unwrap().unwrap();
        assert_eq!(
            (manifest.name.as_str(), decisions.as_slice()),
            ("x", &["`name` differs; this side's stays".to_owned()][..])
        );
    }
}
