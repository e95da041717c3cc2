//! Downloads a base model from the hub before a training from the screen, on a thread of its own: keys and journal do not
//! wait for the network.

use std::{
    sync::Weak,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;

use super::{events::Events, message::message, thread::Thread};
use crate::{
    app::{Event, event::Level},
    guard::Panicked,
    model::hub::{Hub, HubError, Progress},
    text::number::bytes,
    work::base,
};

/// Time between two messages about the same file.
const MESSAGE_INTERVAL: Duration = Duration::from_secs(1);

/// A base model that a training needs.
#[derive(Clone)]
struct Download {
    base: String,
    /// Generation of the request to train, which a failure answers.
    generation: u64,
    events: Events,
}

/// Downloads `base`, then sends `task` if its receiver still exists. A failure is the answer to the request to train.
pub(super) fn fetch<T: Send + 'static>(base: String, generation: u64, task: T, tasks: Weak<Sender<T>>, events: Events) {
    let download = Download { base, generation, events };
    let not_started = download.clone();
    let panicked = download.clone();
    let work = move || match download.pull() {
        Ok(()) => {
            // The project may have been closed meanwhile.
            if let Some(tasks) = tasks.upgrade() {
                download.report(Level::Info, format!("{} is here; the training begins", download.base));
                let _ = tasks.send(task);
            }
        }
        Err(error) => download.refuse(&error.to_string()),
    };
    // Not waited for: if the program ends, the next download continues after the bytes that have arrived.
    let started = Thread::start("hub", work, move |cause: Panicked| panicked.refuse(&cause.to_string()));
    if let Err(error) = started {
        not_started.refuse(&format!("a thread cannot be started: {error}"));
    }
}

impl Download {
    fn pull(&self) -> Result<(), HubError> {
        let hub = Hub::from_environment()?;
        let base = &self.base;
        self.report(Level::Info, format!("Asking {} for {base}", hub.endpoint()));
        let mut reported: Option<Instant> = None;
        base::download(&hub, base, &mut |progress| match progress {
            Progress::Bytes { done, size, .. } if done < size => {
                if reported.is_none_or(|reported| reported.elapsed() >= MESSAGE_INTERVAL) {
                    reported = Some(Instant::now());
                    self.report(Level::Info, format!("Downloading {base}: {} of {}", bytes(done), bytes(size)));
                }
            }
            Progress::Bytes { .. } => {}
            Progress::Waiting { file } => {
                self.report(Level::Info, format!("{base}: another program downloads {file}; waiting"));
            }
            Progress::Retry { why, .. } => self.report(Level::Warn, format!("{base}: {why}; trying again")),
        })?;
        Ok(())
    }

    fn report(&self, level: Level, text: String) {
        self.events.send(message(level, text));
    }

    fn refuse(&self, cause: &str) {
        let message = format!("No training was started: {} cannot be downloaded: {cause}", self.base);
        self.events.send(Event::TrainingRefused { generation: self.generation, message });
    }
}
