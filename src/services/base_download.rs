//! Fetches a base from the hub before a training from the screen begins, on a thread of its own: keys and journal do not wait
//! for the line.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Weak,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::Sender;

use super::message::message;
use crate::{
    app::{Event, event::Level},
    model::hub::{self, Hub, HubError, Progress},
    text::number::bytes,
};

/// Time between two messages about the same file.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Fetches `base`, then sends `task` if its receiver still exists. A failure is the answer to the request to train.
pub(super) fn fetch<T: Send + 'static>(
    base: String,
    generation: u64,
    task: T,
    tasks: Weak<Sender<T>>,
    events: Sender<Event>,
) {
    let refuse = {
        let events = events.clone();
        move |message: String| drop(events.send(Event::TrainingRefused { generation, message }))
    };
    let refused = refuse.clone();
    let work = move || match catch_unwind(AssertUnwindSafe(|| pull(&base, &events))) {
        Ok(Ok(())) => {
            // The project may have been closed meanwhile.
            if let Some(tasks) = tasks.upgrade() {
                let text = format!("{base} is here; the training begins");
                let _ = events.send(message(Level::Info, text));
                let _ = tasks.send(task);
            }
        }
        Ok(Err(error)) => refuse(format!("No training was begun, for {base} cannot be fetched: {error}")),
        Err(_) => refuse(format!("a defect of this program while {base} was fetched; please report it")),
    };
    // Not joined: what has come when the program ends is kept, and the next try goes on from there.
    if let Err(error) = thread::Builder::new().name("hub".into()).spawn(work) {
        refused(format!("the base cannot be fetched: {error}"));
    }
}

fn pull(base: &str, events: &Sender<Event>) -> Result<(), HubError> {
    let cache = hub::cache_folder().ok_or(HubError::NoCache)?;
    let hub = Hub::from_environment()?;
    let tell = |level, text: String| drop(events.send(message(level, text)));
    tell(Level::Info, format!("Asking {} for {base}", hub.endpoint()));
    let mut last: Option<Instant> = None;
    hub::pull(&hub, &cache, base, &mut |progress| match progress {
        Progress::Bytes { done, size, .. } if done < size => {
            if last.is_none_or(|last| last.elapsed() >= TELL_EVERY) {
                last = Some(Instant::now());
                tell(Level::Info, format!("Fetching {base}: {} of {}", bytes(done), bytes(size)));
            }
        }
        Progress::Bytes { .. } => {}
        Progress::Waiting { file } => tell(Level::Info, format!("{base}: another program fetches {file}; waiting")),
        Progress::Retry { why, .. } => tell(Level::Warn, format!("{base}: {why}; trying again")),
    })?;
    Ok(())
}
