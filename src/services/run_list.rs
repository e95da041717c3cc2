//! List of a project's runs for the screens, newest first.
//!
//! The list is made every second, so the summary of a run that is over (its size, its best F1) is computed once and kept.

use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use super::clock::date_and_time;
use crate::{
    project::{RunView, Runs, run_folder::RunConfig},
    runs::{RunData, RunSummary},
};

/// Model of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// Name of the run.
    pub(super) run: String,
    /// Folder of the model.
    pub(super) folder: PathBuf,
    /// Time when it was written: a live run may write several.
    pub(super) written: Option<SystemTime>,
}

/// Maker of the list. Clones share the summaries that are kept.
#[derive(Clone)]
pub(super) struct RunList {
    runs: Runs,
    /// Summaries of the last list, by run.
    kept: Arc<Mutex<HashMap<String, RunSummary>>>,
}

impl RunList {
    pub(super) fn new(runs: Runs) -> Self {
        Self { runs, kept: Arc::default() }
    }

    /// Runs of the project.
    pub(super) fn runs(&self) -> &Runs {
        &self.runs
    }

    /// Existing models, newest run first. Cheaper than the list.
    pub(super) fn models(&self) -> Vec<Model> {
        models(&self.runs.list())
    }

    /// All runs and the existing models, newest run first.
    pub(super) fn list(&self) -> (Vec<RunSummary>, Vec<Model>) {
        let views = self.runs.list();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let summaries: Vec<RunSummary> =
            views.iter().rev().map(|view| summary(view, kept.get(view.id.as_str()))).collect();
        *kept = summaries.iter().map(|summary| (summary.id.clone(), summary.clone())).collect();
        (summaries, models(&views))
    }
}

fn models(views: &[RunView]) -> Vec<Model> {
    views.iter().rev().filter(|view| view.has_model).map(model).collect()
}

fn model(view: &RunView) -> Model {
    let folder = view.model();
    let written = fs::metadata(&folder).and_then(|metadata| metadata.modified()).ok();
    Model { run: view.id.to_string(), folder, written }
}

/// Summarises a run.
/// `before`: its summary in the last list, which is kept if the run is over.
fn summary(view: &RunView, before: Option<&RunSummary>) -> RunSummary {
    let status = view.shown_status();
    if let Some(before) = before
        && before.status.phase.is_over()
        && before.status == status
        && before.has_model == view.has_model
    {
        return before.clone();
    }
    let config = view.config.as_ref();
    let (word_f1, model_f1) = view.f1();
    let started = config.map_or(0, |config| config.started);
    RunSummary {
        id: view.id.to_string(),
        base: config.map(RunConfig::shown_base).unwrap_or_default(),
        started,
        status,
        word_f1,
        model_f1,
        ours: false,
        has_model: view.has_model,
        bytes: view.size(),
        resumable: view.is_resumable(),
        settings: config.map(|config| config.settings.clone()),
        when: date_and_time(started),
        data: config.and_then(|config| RunData::read(&config.data)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::runs::{Phase, RunSink, Settings, Status};

    #[test]
    fn a_run_that_is_over_is_summarised_once() {
        let dir = tempfile::tempdir().unwrap();
        let run_list = RunList::new(Runs::of(dir.path()));
        let account = json!({"train": {"documents": 3, "words": 9, "spans": 2}});
        let about = json!({"annotator": "ada", "account": account});
        let config = RunConfig::new(1_790_000_000, Settings::lesson("mini"), about);
        let (id, mut folder) = run_list.runs().create(&config).unwrap();
        folder.status(&Status { phase: Phase::Training, ..Status::default() }).unwrap();
        let first = run_list.list().0.remove(0);
        assert_eq!((first.id.as_str(), first.data.clone().unwrap().documents), ("0001-mini", [3, 0, 0]));
        assert_eq!((first.when.len(), first.has_model), ("2026-09-21 13:33".len(), false));
        // The size of a live run is the current one.
        folder.log(&"x".repeat(5000)).unwrap();
        assert!(run_list.list().0[0].bytes >= first.bytes + 5000);
        folder.status(&Status { phase: Phase::Done, ..Status::default() }).unwrap();
        drop(folder);
        let over = run_list.list().0.remove(0);
        let note = run_list.runs().get(id.as_str()).unwrap().path.join("note.txt");
        std::fs::write(&note, "more").unwrap();
        assert_eq!(run_list.list().0, [over]);
        std::fs::remove_file(note).unwrap();
        run_list.runs().remove(&id).unwrap();
        assert!(run_list.list().0.is_empty() && run_list.kept.lock().unwrap().is_empty());
    }
}
