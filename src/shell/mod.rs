//! Floor 10: the outside world of the screen: terminal, input, signals, frame pacing, clipboard, effects, the loop.
//!
//! Plain threads and channels. Whatever happens becomes an [`Event`](crate::app::event::Event) on one ordered channel
//! per source; only the loop in [`run`] changes the state and draws.

mod capabilities;
mod clipboard;
mod comparing;
mod desk;
mod effects;
mod fetching;
mod input;
mod keys;
mod listing;
mod looping;
mod opening;
mod oracle;
mod pace;
mod places;
mod signals;
mod terminal;
mod trainer;
mod watch;

pub use capabilities::Capabilities;
pub use desk::look_at;
pub use looping::{Session, ShellError, now, run};
pub use opening::OpenError;
pub use places::{CopyError, Places, Who};
