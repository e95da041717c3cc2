//! Base models: opened from this machine, or downloaded first.

use std::path::PathBuf;

use crate::{
    model::{
        self, BaseModel, ModelError,
        hub::{self, Hub, HubError, Progress, Pulled},
    },
    project::{ProjectError, run_folder},
};

/// A base model cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum BaseError {
    /// The name is the folder of a run; the error names its model folder.
    #[error(transparent)]
    Run(#[from] ProjectError),
    /// There is none, or it cannot be read.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// Opens a base model: `mini`, a folder, or a model in the local cache.
/// `None` if it must be downloaded first.
///
/// # Errors
/// There is none of this name, or it cannot be read.
pub fn open(name: &str) -> Result<Option<BaseModel>, BaseError> {
    run_folder::refuse_run(name)?;
    if model::needs_download(name) {
        return Ok(None);
    }
    Ok(Some(model::open(name)?))
}

/// Downloads a model to the cache that programs of the hub share.
///
/// # Errors
/// There is no cache folder, or the hub or the network refuses.
pub fn download(hub: &Hub, id: &str, progress: &mut dyn FnMut(Progress)) -> Result<Pulled, HubError> {
    let cache: PathBuf = hub::cache_folder().ok_or(HubError::NoCache)?;
    hub::pull(hub, &cache, id, progress)
}
