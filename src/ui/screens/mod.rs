//! Screens, each drawn below the status line.

mod documents;
mod evaluate;
mod explore;
mod tag;
mod train;
mod welcome;
