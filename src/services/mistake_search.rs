//! Search for the mistakes of a run's model, on a thread of its own: opening a model and asking it about a whole split
//! may take minutes.

use std::path::Path;

use super::{
    cancelled::Cancelled, events::Events, journal_writer::Flusher, task::WantedMistakes, thread::Thread,
    training_start::TrainingStart,
};
use crate::{
    app::Event,
    inference::{Precision, Predictor, Threads},
    project::Project,
    spans::ReviewList,
    training::lower_priority,
    work::{changes::find_changes, mistakes::find_mistakes},
};

/// A search that is carried out.
pub(super) struct MistakeSearch {
    pub(super) wanted: WantedMistakes,
    /// Searches whose results are no longer wanted.
    pub(super) stale: Cancelled,
}

impl MistakeSearch {
    /// Searches on a new thread; progress and result are sent as events.
    ///
    /// Documents are shared with the screen. The model gets all cores, unless this process trains: then it gets one.
    pub(super) fn spawn(self, start: &TrainingStart) {
        let TrainingStart { project, journal, trainer, events, .. } = start.clone();
        let threads = if trainer.check_free().is_ok() { Threads::All } else { Threads::One };
        let generation = self.wanted.generation;
        let [found, panicked, not_started] = [events.clone(), events.clone(), events.clone()];
        let search = move || self.run(&project, &journal, threads, &found);
        let thread = Thread::start("mistakes", search, move |cause| {
            panicked.send(Event::MistakesFound { generation, found: Err(cause.to_string()) });
        });
        if let Err(error) = thread {
            let found = Err(format!("a thread cannot be started: {error}"));
            not_started.send(Event::MistakesFound { generation, found });
        }
    }

    fn run(&self, project: &Project, journal: &Flusher, threads: Threads, events: &Events) {
        lower_priority();
        // Without lines that cannot be saved, the mistakes are those of the spans on disk.
        if let Err(why) = journal.flush() {
            tracing::warn!("mistakes are searched without some lines: {why}");
        }
        match self.find(project, threads, events) {
            Ok(None) => {}
            Ok(Some(list)) => self.send(events, Ok(Box::new(list))),
            Err(why) => self.send(events, Err(why)),
        }
    }

    fn find(&self, project: &Project, threads: Threads, events: &Events) -> Result<Option<ReviewList>, String> {
        let open = |folder: &Path| {
            let model = Predictor::open(&folder.to_string_lossy(), "cpu", threads, Precision::Fp32);
            model.map_err(|error| error.to_string())
        };
        let WantedMistakes { generation, run, against, split } = &self.wanted;
        let mut progress = |done, all| {
            let goes_on = !self.stale.has(*generation);
            if goes_on {
                events.send(Event::MistakesProgress { generation: *generation, done, all });
            }
            goes_on
        };
        let found = match against {
            None => find_mistakes(project, run, *split, &open, &mut progress),
            Some(older) => find_changes(project, [older, run], *split, &open, &mut progress),
        };
        found.map_err(|error| error.to_string())
    }

    fn send(&self, events: &Events, found: Result<Box<ReviewList>, String>) {
        events.send(Event::MistakesFound { generation: self.wanted.generation, found });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossbeam_channel::unbounded;
    use serde_json::json;

    use super::*;
    use crate::{
        project::{Manifest, run_folder::RunConfig},
        runs::Settings,
        services::journal_writer::{AnnotatorFile, JournalWriter},
        spans::{LabelSet, Split},
    };

    #[test]
    fn a_run_without_a_model_is_answered_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::create(&folder.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        project.runs().create(&RunConfig::new(1, Settings::lesson("mini"), json!({}))).unwrap();
        let (sender, received) = unbounded();
        let events = Events::new(sender);
        let annotator = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let file = AnnotatorFile { file: annotator.into_appender(), documents: project.documents.clone() };
        let journal = JournalWriter::start(Box::new(file), events.clone()).unwrap();
        for (generation, run, against, why) in [
            (1, "0001-mini", None, "has no model yet"),
            (2, "0009-mini", None, "no such run"),
            (3, "0001-mini", Some("0009-mini"), "no such run"),
        ] {
            let wanted = WantedMistakes {
                generation,
                run: run.to_owned(),
                against: against.map(str::to_owned),
                split: Split::Valid,
            };
            let search = MistakeSearch { wanted, stale: Cancelled::default() };
            search.run(&project, &journal.flusher(), Threads::One, &events);
            match received.recv_timeout(Duration::from_secs(20)).unwrap() {
                Event::MistakesFound { generation: answered, found: Err(error) } => {
                    assert!(answered == generation && error.contains(why), "{error}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
