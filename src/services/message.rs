//! Messages to the user as events.

use crate::app::{
    Event,
    event::{Level, Message},
};

/// Returns the event that shows a message.
pub(super) fn message(level: Level, text: impl Into<String>) -> Event {
    Event::Message(Message { level, text: text.into() })
}
