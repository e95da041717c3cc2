#![doc = include_str!("ARCHITECTURE.md")]
#![forbid(unsafe_code)]

pub mod app;
pub mod cli;
pub mod config;
pub mod formats;
pub mod guard;
pub mod inference;
pub mod model;
pub mod project;
pub mod runs;
pub mod services;
pub mod spans;
pub mod terminal;
pub mod text;
pub mod training;
pub mod ui;
pub mod work;
