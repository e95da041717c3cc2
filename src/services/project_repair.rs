//! Repair of a project from the welcome screen: what it would do, and doing exactly that.

use std::path::{Path, PathBuf};

use super::{clock::now, message::message};
use crate::{
    app::{
        Event,
        event::{Damage, Level},
    },
    project::{Project, ProjectError, Repair, storage},
};

/// Damage of the project in a folder, if the project cannot be read because git left its `project.json` unmerged.
/// `None` for damage of another kind, which is reported when the project is opened.
pub(super) fn damage(dir: &Path) -> Option<Damage> {
    match Project::read_manifest_of(dir) {
        Err(ProjectError::Manifest { why, .. }) if why.is_of_merge() => {}
        _ => return None,
    }
    let repair = match Plan::of(dir) {
        Ok(plan) => Ok(plan?.steps),
        Err(why) => Err(why.to_string()),
    };
    Some(Damage { name: "git conflict", repair })
}

/// Repairs a project if that takes these steps, which the user has read.
/// Returns the message about the outcome.
pub(super) fn repair(dir: &Path, steps: &[String]) -> Event {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let plan = match Plan::of(dir) {
        Ok(Some(plan)) if plan.steps == steps => plan,
        Ok(Some(_)) => return message(Level::Warn, format!("{name} was changed meanwhile: look at its repair again")),
        Ok(None) => return message(Level::Info, format!("{name} needs no repair now")),
        Err(why) => return message(Level::Error, why.to_string()),
    };
    let left = plan.left();
    let left_to_git = plan.repair.left_to_git().map(|sentence| format!(". {sentence}")).unwrap_or_default();
    match plan.carry_out() {
        Ok(copies) => {
            if let Some(left) = left {
                return message(Level::Warn, format!("{name} is repaired in part: {left}"));
            }
            let copies: Vec<String> = copies.iter().map(|copy| storage::shown_path(copy)).collect();
            message(Level::Info, format!("{name} is repaired; as it was before: {}{left_to_git}", copies.join(", ")))
        }
        Err(error) if error.is_environment() => message(Level::Error, Left::System(error.to_string()).to_string()),
        Err(error) => message(Level::Error, error.to_string()),
    }
}

/// What a repair leaves.
#[derive(Debug, thiserror::Error)]
enum Left {
    /// A person must decide.
    #[error("{0}; only you can solve that, with an editor")]
    Decision(String),
    /// The system refuses, which says nothing about the project.
    #[error(
        "{0}; that is no damage of the project: check its permissions, its disk and other programs that have it open, then try again"
    )]
    System(String),
}

/// A repair that is not carried out yet.
struct Plan {
    /// What would be done, one sentence each.
    steps: Vec<String>,
    repair: Repair,
}

impl Plan {
    /// Reads the project in `dir`. `None` if it needs no repair.
    ///
    /// # Errors
    /// It cannot be read, or only a person can decide; the cause for people.
    fn of(dir: &Path) -> Result<Option<Self>, Left> {
        let repair = Repair::of(dir).map_err(|error| match error.is_environment() {
            true => Left::System(error.to_string()),
            false => Left::Decision(error.to_string()),
        })?;
        let steps = repair.steps.iter().map(|step| format!("{}: {}", step.file, step.what)).collect();
        let plan = Self { steps, repair };
        match plan.left().filter(|_| plan.steps.is_empty()) {
            Some(left) => Err(left),
            None => Ok((!plan.steps.is_empty()).then_some(plan)),
        }
    }

    /// What the repair leaves, if it leaves something.
    fn left(&self) -> Option<Left> {
        let refusal = self.repair.refusal.clone().map(Left::System);
        refusal.or_else(|| Some(Left::Decision(self.repair.left.first()?.to_string())))
    }

    /// Carries it out, and returns the copies that are kept.
    fn carry_out(self) -> Result<Vec<PathBuf>, ProjectError> {
        self.repair.carry_out(now())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{project::Manifest, spans::LabelSet};

    fn text(event: Event) -> String {
        match event {
            Event::Message(message) => message.text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_project_that_git_left_in_conflict_is_repaired_as_the_user_has_read() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("food");
        Project::create(&dir, Manifest::new("food", LabelSet::restaurant())).unwrap();
        assert!(damage(&dir).is_none());
        let file = dir.join("project.json");
        let whole = fs::read_to_string(&file).unwrap();
        let name = whole.lines().find(|line| line.contains("\"name\": \"food\"")).unwrap();
        let conflict = format!("<<<<<<< HEAD\n{name}\n=======\n{}\n>>>>>>> ben", name.replace("food", "drinks"));
        fs::write(&file, whole.replacen(name, &conflict, 1)).unwrap();
        let Some(Damage { repair: Ok(steps), .. }) = damage(&dir) else { panic!("{:?}", damage(&dir)) };
        // Nothing is done that the user has not read.
        assert!(text(repair(&dir, &["something else".to_owned()])).contains("changed meanwhile"));
        assert!(Project::open(&dir).is_err());
        let repaired = text(repair(&dir, &steps));
        assert!(repaired.contains("git add project.json, then git commit"), "{repaired}");
        assert!(repaired.contains("is repaired") && repaired.contains("project.json.before-"), "{repaired}");
        assert!(Project::open(&dir).is_ok() && damage(&dir).is_none());
        assert!(text(repair(&dir, &steps)).contains("needs no repair"));
    }

    #[test]
    fn a_conflict_without_a_repair_says_why_and_other_damage_is_left_to_the_opening() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("project.json");
        fs::write(&file, "<<<<<<< a\n{\n").unwrap();
        let Some(Damage { repair: Err(why), .. }) = damage(folder.path()) else {
            panic!("{:?}", damage(folder.path()))
        };
        assert!(why.contains("not in order") && !why.contains("--repair"), "{why}");
        fs::write(&file, "{").unwrap();
        assert!(damage(folder.path()).is_none());
    }

    #[test]
    fn an_error_of_the_system_is_not_left_to_an_editor() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("project.json");
        fs::write(&file, "<<<<<<< a\n{\n").unwrap();
        let why = |dir: &Path| damage(dir).unwrap().repair.unwrap_err();
        assert!(why(folder.path()).contains("only you can solve that, with an editor"));
        // A folder in place of the file cannot be read, whatever is in it.
        fs::create_dir(folder.path().join("documents.jsonl")).unwrap();
        let why = why(folder.path());
        assert!(why.contains("documents.jsonl") && why.contains("check its permissions"), "{why}");
        assert!(!why.contains("editor"), "{why}");
    }
}
