//! Floor 11: the services that carry out effects.
//! Each works on a thread of its own and answers with events.
//!
//! A service that fails or hangs never stops another one, nor the loop that reads keys. The journal has a thread that does
//! nothing else. Every other job reports a panic with its cause, and nothing waits for it without a limit.

mod annotator_comparison;
mod base_download;
mod cancelled;
mod clock;
mod dispatch;
mod drafts;
mod events;
mod exchange;
mod file_watcher;
mod journal_writer;
mod leaving;
mod live_learner;
mod machine_load;
mod message;
mod mistake_search;
mod model_service;
mod model_thread;
mod open_project;
mod preferences;
mod project_repair;
mod project_view;
mod project_worker;
mod recent_projects;
mod run_list;
mod run_watcher;
mod sample_copies;
mod suspect_search;
mod task;
mod thread;
mod trainer;
mod training_start;
mod typed_paths;
mod user_folders;

pub use clock::now;
pub use drafts::erase_drafts;
pub use open_project::OpenError;
pub use preferences::{Preferences, PreferencesOf};
pub use recent_projects::remembered_annotator;
pub use sample_copies::{CopyError, own_copy, sample_copy};
pub use user_folders::{UnknownHome, UserFolders};

pub(crate) use crate::project::ReadingProgress;
pub(crate) use dispatch::Services;
pub(crate) use leaving::{End, Wait};
pub(crate) use open_project::Outcome;
pub(crate) use project_view::format_infos;
