//! Offers a base model of the hub before a training from the screen, and downloads it, on a thread of its own: keys and
//! journal do not wait for the network.

use std::{
    sync::Weak,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;

use super::{cancelled::Cancelled, events::Events, message::message, thread::Thread};
use crate::{
    app::{
        Effect, Event,
        event::{FetchOffer, Level},
    },
    guard::Panicked,
    model::hub::{Hub, HubError, Progress},
    text::number::bytes,
    work::base::{self, Offer},
};

/// Time between two messages about the same file.
const MESSAGE_INTERVAL: Duration = Duration::from_secs(1);

/// A base model that a training needs and this machine does not have.
#[derive(Clone)]
pub(super) struct Download {
    pub(super) base: String,
    /// Generation of the request to train, which a failure answers.
    pub(super) generation: u64,
    pub(super) events: Events,
    pub(super) cancelled: Cancelled,
}

impl Download {
    /// Asks the hub how large the base is, then the user whether it may be downloaded; `accepted` is the answer yes.
    pub(super) fn offer(self, accepted: Effect) {
        self.spawn(move |download| {
            let offer = FetchOffer {
                generation: download.generation,
                base: download.base.clone(),
                question: Offer::new(&Hub::from_environment()?, &download.base)?.to_string(),
                accepted,
            };
            download.events.send(Event::FetchOffered(offer));
            Ok(())
        });
    }

    /// Downloads the base, then sends `task` if its receiver still exists.
    pub(super) fn fetch<T: Send + 'static>(self, task: T, tasks: Weak<Sender<T>>) {
        self.spawn(move |download| {
            download.pull()?;
            if download.cancelled.has(download.generation) {
                return Ok(());
            }
            // The project may have been closed meanwhile.
            if let Some(tasks) = tasks.upgrade() {
                download.report(Level::Info, format!("{} is here; the training begins", download.base));
                let _ = tasks.send(task);
            }
            Ok(())
        });
    }

    /// Works on a thread of its own. A failure is the answer to the request to train.
    fn spawn(self, work: impl FnOnce(&Self) -> Result<(), HubError> + Send + 'static) {
        let not_started = self.clone();
        let panicked = self.clone();
        let work = move || {
            if let Err(error) = work(&self) {
                self.refuse(&error.to_string());
            }
        };
        // Not waited for: if the program ends, the next download continues after the bytes that have arrived.
        let started = Thread::start("hub", work, move |cause: Panicked| panicked.refuse(&cause.to_string()));
        if let Err(error) = started {
            not_started.refuse(&format!("a thread cannot be started: {error}"));
        }
    }

    fn pull(&self) -> Result<(), HubError> {
        let (cancelled, generation) = (self.cancelled.clone(), self.generation);
        let hub = Hub::from_environment()?.until(move || cancelled.has(generation));
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
        // The user knows that a cancelled training does not begin.
        if self.cancelled.has(self.generation) {
            return;
        }
        let message = format!("No training was started: {} cannot be downloaded: {cause}", self.base);
        self.events.send(Event::TrainingRefused { generation: self.generation, message });
    }
}
