//! The runs of a project as the screens list them, newest first. What is costly to know of a run that is over (its size,
//! its best F1) is found once: the list is made every second.

use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use super::clock::date_and_time;
use crate::{
    project::{RunView, Runs},
    runs::{RunData, RunSummary},
};

/// The model of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// The run's name.
    pub(super) run: String,
    /// The model's folder.
    pub(super) folder: PathBuf,
    /// When it was written: a run that goes on may write several.
    pub(super) written: Option<SystemTime>,
}

/// Makes the list. Clones share what they know.
#[derive(Clone)]
pub(super) struct RunList {
    runs: Runs,
    known: Arc<Mutex<HashMap<String, RunSummary>>>,
}

impl RunList {
    /// Nothing known yet.
    pub(super) fn new(runs: Runs) -> Self {
        Self { runs, known: Arc::default() }
    }

    /// The runs.
    pub(super) fn runs(&self) -> &Runs {
        &self.runs
    }

    /// The models that are there, newest run first. Cheaper than the list.
    pub(super) fn models(&self) -> Vec<Model> {
        models(&self.runs.list())
    }

    /// All runs and the models that are there, newest run first.
    pub(super) fn list(&self) -> (Vec<RunSummary>, Vec<Model>) {
        let views = self.runs.list();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let infos: Vec<RunSummary> = views.iter().rev().map(|view| of(view, known.get(view.id.as_str()))).collect();
        *known = infos.iter().map(|info| (info.id.clone(), info.clone())).collect();
        (infos, models(&views))
    }
}

fn models(views: &[RunView]) -> Vec<Model> {
    let with_model = views.iter().rev().filter(|view| view.has_model);
    with_model
        .map(|view| {
            let folder = view.model();
            let written = fs::metadata(&folder).and_then(|about| about.modified()).ok();
            Model { run: view.id.to_string(), folder, written }
        })
        .collect()
}

/// What the list says of a run. `before`: what it said last.
fn of(view: &RunView, before: Option<&RunSummary>) -> RunSummary {
    let status = view.shown_status();
    let same = |info: &&RunSummary| info.status == status && info.has_model == view.has_model;
    if let Some(info) = before.filter(same).filter(|info| info.status.phase.is_over()) {
        return info.clone();
    }
    let config = view.config.as_ref();
    let (word_f1, model_f1) = view.f1();
    let started = config.map_or(0, |config| config.started);
    RunSummary {
        id: view.id.to_string(),
        base: config.map(|config| config.settings.base.clone()).unwrap_or_default(),
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
    use crate::{
        project::run_folder::RunConfig,
        runs::{Phase, RunSink, Settings, Status},
    };

    #[test]
    fn a_run_that_is_over_is_looked_at_once() {
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
        // While it goes on, its size is what it is now.
        folder.log(&"x".repeat(5000)).unwrap();
        assert!(run_list.list().0[0].bytes >= first.bytes + 5000);
        folder.status(&Status { phase: Phase::Done, ..Status::default() }).unwrap();
        drop(folder);
        let over = run_list.list().0.remove(0);
        std::fs::write(run_list.runs().get(id.as_str()).unwrap().path.join("note.txt"), "more").unwrap();
        assert_eq!(run_list.list().0, [over]);
        run_list.runs().remove(&id).unwrap();
        assert!(run_list.list().0.is_empty() && run_list.known.lock().unwrap().is_empty());
    }
}
