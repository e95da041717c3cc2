//! Floor 12: the terminal.
//! Guard, painter, capabilities, input, keys, signals, frame pacing, clipboard, the event loop.
//!
//! Plain threads and channels. Input, signals and answers of the [`services`](crate::services) become
//! [`Event`](crate::app::event::Event)s; only the loop in [`run`] changes the state and draws.

mod capabilities;
mod clipboard;
mod draft_pacing;
mod event_loop;
mod frame_pacing;
mod guard;
mod input;
mod keys;
mod opening_screen;
mod painter;
mod signals;

pub use capabilities::Capabilities;
pub use event_loop::{ScreenOptions, TerminalError, run};
