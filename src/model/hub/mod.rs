//! Models of the Hugging Face hub.
//! Those in the cache of this machine, downloads into it, and uploads of trained models.
//!
//! The cache is huggingface_hub's, so a model that one program has downloaded is available to the others.

mod address;
mod cache;
mod client;
mod error;
mod id;
mod pull;
mod push;
mod retry;
#[cfg(test)]
mod slow_tests;

use std::{fs, path::Path};

use serde::Serialize;

pub use cache::{folder as cache_folder, has_home, snapshot as cached};
pub use client::Hub;
pub use error::HubError;
pub use id::is_id;
pub use pull::{Pulled, missing_bytes, pull};
pub use push::{Pushed, Upload, push};
pub use retry::Progress;

use super::{ModelConfig, config, embedded, files::read_file};
use crate::runs::embedded_bases;

/// A base that can be opened by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Name that [`super::open`] accepts.
    pub name: String,
    /// Location.
    pub kind: BaseKind,
    /// Sizes, as text.
    pub about: String,
}

/// Location of a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BaseKind {
    /// In the program.
    Embedded,
    /// In the Hugging Face cache.
    Cached,
}

/// Lists the embedded bases, then the cached models of a known architecture by name.
///
/// Whether their weights are complete is not checked.
pub fn bases() -> Vec<Base> {
    let embedded = embedded_bases::ALL.into_iter().filter_map(|name| {
        let about = about(&embedded::config(name)?);
        Some(Base { name: name.to_owned(), kind: BaseKind::Embedded, about })
    });
    let cached = cache_folder().map(|folder| cached_bases(&folder)).unwrap_or_default();
    embedded.chain(cached).collect()
}

fn cached_bases(folder: &Path) -> Vec<Base> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut bases: Vec<Base> = entries.filter_map(|entry| cached_base(folder, entry.file_name().to_str()?)).collect();
    bases.sort_by(|a, b| a.name.cmp(&b.name));
    bases
}

fn cached_base(folder: &Path, entry: &str) -> Option<Base> {
    let name = entry.strip_prefix("models--")?.replace("--", "/");
    let config = read_file(&cached(folder, &name)?, "config.json").ok()??;
    let about = about(&config::parse(&config, "config.json").ok()?.config);
    Some(Base { name, kind: BaseKind::Cached, about })
}

fn about(config: &ModelConfig) -> String {
    format!("{} layers, {} wide, {} word pieces", config.layers, config.dim, config.vocab_size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_models_of_a_kind_that_can_be_read_are_bases() {
        let folder = tempfile::tempdir().unwrap();
        let repo = folder.path().join("models--owner--name");
        let snapshot = repo.join("snapshots").join("abc");
        fs::create_dir_all(&snapshot).unwrap();
        fs::create_dir_all(repo.join("refs")).unwrap();
        fs::write(repo.join("refs").join("main"), "abc").unwrap();
        fs::write(snapshot.join("config.json"), "{}").unwrap();
        assert_eq!(cached_bases(folder.path()), []);
        fs::write(snapshot.join("config.json"), r#"{"model_type": "distilbert", "n_layers": 2}"#).unwrap();
        let about = "2 layers, 768 wide, 30522 word pieces".to_owned();
        assert_eq!(cached_bases(folder.path()), [Base { name: "owner/name".into(), kind: BaseKind::Cached, about }]);
    }

    #[test]
    fn the_embedded_bases_are_always_at_hand() {
        let first: Vec<String> =
            bases().into_iter().take(2).map(|base| format!("{}: {}", base.name, base.about)).collect();
        assert_eq!(
            first,
            ["mini: 3 layers, 384 wide, 30522 word pieces", "small: 6 layers, 384 wide, 30522 word pieces"]
        );
        assert!(bases().iter().take(2).all(|base| base.kind == BaseKind::Embedded));
    }
}
