//! Floor 8: the program without the outside world. [`Event`]s come in, [`update()`] changes the [`State`] and returns
//! [`Effect`]s. No files, no clock, no terminal, no threads: what happens follows from the events alone.

pub mod annotators;
pub mod command;
pub mod context;
pub mod documents;
pub mod effect;
pub mod evaluate;
pub mod event;
pub mod explore;
pub mod field;
pub mod key;
pub mod keymap;
pub mod labels;
mod list;
pub mod next;
pub mod overlay;
mod pace;
pub mod pages;
pub mod pointer;
pub mod project;
mod queue;
pub mod state;
pub mod suggestions;
pub mod tag;
pub mod train;
pub mod tutorial;
pub mod update;
pub mod welcome;

#[cfg(test)]
mod screen_tests;
#[cfg(test)]
mod tests;

pub use effect::{Effect, Leave};
pub use event::Event;
pub use key::Key;
pub use state::{Screen, State};
pub use update::update;
