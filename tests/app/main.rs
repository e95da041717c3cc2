//! Tests that drive the library: plans of few keys, and the files that the program generates.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failure here is a failed test")]

#[path = "../support/planner.rs"]
mod support;

#[path = "../support/generated.rs"]
mod compare;
mod generated;
mod planner;
