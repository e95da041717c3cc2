//! Screens: the panels that fill the terminal, one in front.

pub mod documents;
pub mod evaluate;
pub mod explore;
pub mod tag;
pub mod train;
pub mod welcome;
