//! Floor 9: the program without the outside world.
//! [`Event`]s come in, [`update()`] changes the [`State`] and returns [`Effect`]s. No files, no clock, no terminal, no
//! threads: everything follows from the events alone.

#![allow(clippy::unit_arg, reason = "what has no outcome becomes an empty one by `From<()> for Outcome`")]

mod added_sentence;
mod carried;
pub mod command;
mod conditions;
pub mod context;
mod document_order;
mod drafts;
pub mod effect;
pub mod evaluation;
pub mod event;
mod everywhere;
pub mod exchange;
pub mod field;
pub mod finished;
mod hold_back;
mod importing;
pub mod key;
pub mod keymap;
pub mod learning;
mod left_drafts;
mod list;
pub mod model_view;
mod moves;
pub mod next_choice;
pub mod overlays;
mod pace;
pub mod pages;
pub mod panel;
pub mod pointer;
pub mod project;
pub mod project_runs;
pub mod prompts;
pub mod review;
pub mod run_view;
pub mod scope;
pub mod screen;
pub mod screens;
mod sentence_sources;
pub mod session;
pub mod state;
pub mod suggestions;
mod switch;
pub mod tagging;
pub mod update;

#[cfg(test)]
mod command_tests;
#[cfg(test)]
mod explore_tests;
#[cfg(test)]
mod prompt_tests;
#[cfg(test)]
mod reload_tests;
#[cfg(test)]
mod screen_tests;
#[cfg(test)]
mod sentence_tests;
#[cfg(test)]
mod tests;

pub use effect::{Effect, Leave};
pub use event::Event;
pub use key::Key;
pub use screen::Screen;
pub use state::State;
pub use update::update;
