//! Starts a training, on a thread of its own: opening a base model reads files of strangers and may take long.

use std::sync::Weak;

use crossbeam_channel::Sender;

use super::{
    base_download::Download, cancelled::Cancelled, clock::now, events::Events, journal_writer::Flusher, task::Task,
    thread::Thread, trainer::Starter,
};
use crate::{
    app::{Effect, Event, screens::train::form::recipe_name},
    model::BaseModel,
    project::{AnnotatorName, Project},
    runs::{Recipe, Settings},
    work::{
        base::BaseError,
        resume::{InterruptedRun, ResumeError},
        teachers,
        train::{TrainRequest, TrainRequestError, TrainingData, apply_recipe, repeated_run},
    },
};

/// Opens a base model; `None` if it must be downloaded first.
pub(super) type OpenBase = fn(&str) -> Result<Option<BaseModel>, BaseError>;

/// What follows if a base model must be downloaded.
enum AfterFetch {
    /// It may be: afterwards this task is sent.
    Task(Task),
    /// The user is asked: this effect is the answer yes.
    Offer(Effect),
}

/// Everything that the start of a training needs.
#[derive(Clone)]
pub(super) struct TrainingStart {
    pub(super) project: Project,
    pub(super) annotator: AnnotatorName,
    pub(super) journal: Flusher,
    pub(super) trainer: Starter,
    pub(super) open_base: OpenBase,
    pub(super) events: Events,
    /// Channel for the request that waits for the download of a base model.
    pub(super) tasks: Weak<Sender<Task>>,
    pub(super) cancelled: Cancelled,
}

impl TrainingStart {
    /// Starts the training of a task on a thread, which ends when the training has begun; the answer is sent as an event.
    pub(super) fn spawn(self, task: Task) -> Option<Thread> {
        let events = self.events.clone();
        let own_events = events.clone();
        let panicked = task.failure();
        let refused = task.failure();
        let work = move || {
            let (generation, outcome) = match task {
                Task::Train { generation, settings, recipe, fetch, repeat } => {
                    (generation, self.train(generation, *settings, recipe, [fetch, repeat]))
                }
                Task::Resume { generation, run, fetch } => (generation, self.resume(generation, run, fetch)),
                _ => return,
            };
            match outcome {
                Ok(Some(run)) => self.events.send(Event::TrainingStarted { generation, run }),
                // The training starts after a download, or was cancelled.
                Ok(None) => {}
                Err(message) => self.events.send(Event::TrainingRefused { generation, message }),
            }
        };
        let started = Thread::start("start-training", work, move |cause| events.send(panicked(cause.to_string())));
        started.map_err(|error| own_events.send(refused(format!("a thread cannot be started: {error}")))).ok()
    }

    /// Starts a run; `None` if its base model must be downloaded first.
    /// The download needs the permission `fetch`, and what would repeat the newest run the permission `repeat`.
    fn train(
        &self,
        generation: u64,
        settings: Settings,
        recipe: Option<Recipe>,
        [fetch, repeat]: [bool; 2],
    ) -> Result<Option<String>, String> {
        self.journal.flush()?;
        let annotator = self.project.read_annotator(&self.annotator).map_err(|error| error.to_string())?;
        let mut data = TrainingData::of_project(&self.project, &self.annotator, &annotator.journal);
        data.record_recipe(recipe_name(recipe));
        // The recipe is for the documents that are done now, not for those that the screen counted earlier.
        let effective = apply_recipe(recipe, data.sentences.train.len(), settings.clone());
        if effective.untagged {
            data.add_untagged_of_project(&self.project, &annotator.journal);
        }
        let repeated = if repeat { None } else { repeated_run(&self.project, &data, &effective) };
        if let Some(run) = repeated {
            self.events.send(Event::TrainingUnchanged { generation, run });
            return Ok(None);
        }
        let labels = data.sentences.label_names();
        let request = TrainRequest::new(data, effective).map_err(refusal)?;
        // Teachers and base may be large.
        self.trainer.check_free()?;
        let names = request.settings().teachers();
        let teachers = teachers::open(Some(&self.project), &names, &labels).map_err(|error| error.to_string())?;
        let request = request.with_teachers(teachers);
        let settings = Box::new(settings);
        let again = match fetch {
            true => AfterFetch::Task(Task::Train { generation, settings, recipe, fetch, repeat: true }),
            false => {
                AfterFetch::Offer(Effect::StartTraining { generation, settings, recipe, fetch: true, repeat: true })
            }
        };
        let Some(base) = self.base(&request.settings().base, generation, again)? else { return Ok(None) };
        // Opening the base may have taken long.
        self.trainer.check_free()?;
        if self.cancelled.has(generation) {
            return Ok(None);
        }
        let (id, run) = request.start_in_project(base, &self.project, now()).map_err(|error| error.to_string())?;
        if let Err(message) = self.trainer.start(id.to_string(), run.job, run.sink) {
            // The list would keep an empty run. Its lock was freed with its folder's handle.
            let _ = self.project.runs().remove(&id);
            return Err(message);
        }
        Ok(Some(id.to_string()))
    }

    /// Resumes a run from its checkpoint; `None` if its base model must be downloaded first.
    fn resume(&self, generation: u64, run: String, fetch: bool) -> Result<Option<String>, String> {
        self.trainer.check_free()?;
        let path = self.project.runs().get(&run).map_err(|error| error.to_string())?.path;
        let interrupted = InterruptedRun::open(&path, now()).map_err(|error| match error {
            ResumeError::NoCheckpoint(_) => format!("{run} has no checkpoint to continue from"),
            other => other.to_string(),
        })?;
        let again = match fetch {
            true => AfterFetch::Task(Task::Resume { generation, run: run.clone(), fetch }),
            false => AfterFetch::Offer(Effect::ResumeTraining { generation, run: run.clone(), fetch: true }),
        };
        let Some(base) = self.base(interrupted.base(), generation, again)? else { return Ok(None) };
        if self.cancelled.has(generation) {
            return Ok(None);
        }
        let resumed = interrupted.resume(base).map_err(|error| error.to_string())?;
        self.trainer.start(run.clone(), resumed.job, resumed.sink)?;
        Ok(Some(run))
    }

    /// Opens a base model; `None` if it must be downloaded.
    /// Then it is, or it is offered to the user.
    fn base(&self, name: &str, generation: u64, again: AfterFetch) -> Result<Option<BaseModel>, String> {
        let base = (self.open_base)(name).map_err(|error| error.to_string())?;
        if base.is_none() {
            let (events, cancelled) = (self.events.clone(), self.cancelled.clone());
            let download = Download { base: name.to_owned(), generation, events, cancelled };
            match again {
                AfterFetch::Task(task) => download.fetch(task, Weak::clone(&self.tasks)),
                AfterFetch::Offer(accepted) => download.offer(accepted),
            }
        }
        Ok(base)
    }
}

fn refusal(error: TrainRequestError) -> String {
    match error {
        TrainRequestError::NothingToLearn => {
            "no document of the training split is done yet: tag some and leave them with enter".to_owned()
        }
        TrainRequestError::Settings(message) => message,
        other @ TrainRequestError::NothingUntagged(_) => other.to_string(),
        TrainRequestError::Precision(error) => error.to_string(),
    }
}
