//! Floor 10: the services that carry out effects. Each works on a thread of its own and answers with events.
//!
//! A service that fails or hangs never stops another one, nor the loop that reads keys.

mod annotator_comparison;
mod base_download;
mod clock;
mod dispatch;
mod message;
mod model_service;
mod open_project;
mod project_worker;
mod recent_projects;
mod run_list;
mod run_watcher;
mod trainer;

pub use clock::now;
pub use open_project::OpenError;
pub use recent_projects::{CopyError, RecentProjects, Who};

pub(crate) use dispatch::{End, Services};
pub(crate) use open_project::Outcome;
pub(crate) use project_worker::format_names;
