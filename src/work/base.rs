//! Base models: opened from this machine, or downloaded first.

use std::{fmt, path::PathBuf};

use crate::{
    model::{
        self, BaseModel, ModelError,
        hub::{self, Hub, HubError, Progress, Pulled},
    },
    project::{ProjectError, model_folder},
    runs::embedded_bases::is_embedded,
    text::number::bytes,
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

/// Refuses the folder of a run or of a project where a model is needed; the error names the model folder.
///
/// # Errors
/// It is one. (`mini` and `small` are always the embedded models, also where a folder has this name.)
pub fn refuse_other_folder(model: &str) -> Result<(), ProjectError> {
    if is_embedded(model) { Ok(()) } else { model_folder::refuse_run_or_project(model) }
}

/// Opens a base model: an embedded one, a folder, or a model in the local cache.
/// `None` if it must be downloaded first.
///
/// # Errors
/// There is none of this name, or it cannot be read.
pub fn open(name: &str) -> Result<Option<BaseModel>, BaseError> {
    refuse_other_folder(name)?;
    if model::needs_download(name) {
        return Ok(None);
    }
    Ok(Some(model::open(name)?))
}

/// Question whether a base that the user did not type may be downloaded.
///
/// A project may come from a stranger and name any model, so nothing is downloaded for it, and no token sent, unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Id of the model.
    base: String,
    /// Address of the hub.
    hub: String,
    /// Source of the token that would be sent.
    token: Option<String>,
    /// Bytes that would be downloaded; `None` if the hub answers this only to the owner of the token.
    bytes: Option<u64>,
}

impl Offer {
    /// Asks the hub how much would be downloaded. The token is not sent.
    ///
    /// # Errors
    /// There is no cache folder, no such model, or no connection.
    pub fn new(hub: &Hub, id: &str) -> Result<Self, HubError> {
        let cache = hub::cache_folder().ok_or(HubError::NoCache)?;
        Ok(Self {
            base: id.to_owned(),
            hub: hub.endpoint().to_owned(),
            token: hub.token_place().map(str::to_owned),
            bytes: hub::missing_bytes(hub, &cache, id)?,
        })
    }
}

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.bytes.map_or_else(|| "size unknown without the token".to_owned(), bytes);
        write!(f, "Fetch {} ({size}) from {} ", self.base, self.hub)?;
        match &self.token {
            Some(place) => write!(f, "with the token of {place}?"),
            None => f.write_str("without a token?"),
        }
    }
}

/// Downloads a model to the cache that programs of the hub share.
///
/// # Errors
/// There is no cache folder, or the hub or the network refuses.
pub fn download(hub: &Hub, id: &str, progress: &mut dyn FnMut(Progress)) -> Result<Pulled, HubError> {
    let cache: PathBuf = hub::cache_folder().ok_or(HubError::NoCache)?;
    hub::pull(hub, &cache, id, progress)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_names_hub_size_and_whose_token_is_sent() {
        let offer = Offer {
            base: "ada/tiny".into(),
            hub: "https://huggingface.co".into(),
            token: Some("HF_TOKEN".into()),
            bytes: Some(66_000_000),
        };
        let text = offer.to_string();
        assert_eq!(text, "Fetch ada/tiny (66.0 MB) from https://huggingface.co with the token of HF_TOKEN?");
        let text = Offer { token: None, bytes: None, ..offer }.to_string();
        assert!(text.contains("size unknown") && text.ends_with("without a token?"), "{text}");
    }
}
