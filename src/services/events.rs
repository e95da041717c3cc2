//! Events of the services of one project. After the project was closed, only messages are sent.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::Sender;

use crate::app::Event;

/// Sender of the events of one project. Clones belong to the same project.
#[derive(Clone)]
pub(super) struct Events {
    sender: Sender<Event>,
    /// Locked while an event is sent, so that none about this project follows the events about the next one.
    is_closed: Arc<Mutex<bool>>,
}

impl Events {
    pub(super) fn new(sender: Sender<Event>) -> Self {
        Self { sender, is_closed: Arc::default() }
    }

    /// Sends an event. If the project is closed, only outcomes that the user still wants to know are sent.
    pub(super) fn send(&self, event: Event) {
        let is_closed = self.is_closed();
        if !*is_closed || matches!(event, Event::Message(_) | Event::Exported { .. }) {
            // No receiver is left if the program ends.
            let _ = self.sender.send(event);
        }
    }

    /// Ends the events of the project, except messages.
    pub(super) fn close(&self) {
        *self.is_closed() = true;
    }

    fn is_closed(&self) -> MutexGuard<'_, bool> {
        self.is_closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;
    use crate::{app::event::Level, services::message::message};

    #[test]
    fn a_closed_project_sends_messages_only() {
        let (sender, received) = unbounded();
        let events = Events::new(sender);
        let of_a_thread = events.clone();
        of_a_thread.send(Event::Runs(Vec::new()));
        events.close();
        of_a_thread.send(Event::Runs(Vec::new()));
        of_a_thread.send(message(Level::Warn, "late"));
        let received: Vec<Event> = received.try_iter().collect();
        assert!(matches!(received.as_slice(), [Event::Runs(_), Event::Message(_)]), "{received:?}");
    }
}
