//! The bases at hand: the embedded one, and those that the Hugging Face cache of this machine already holds. Nothing
//! here reaches for the network.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use directories::BaseDirs;
use hf_hub::Cache;
use serde::Serialize;

use super::{config, embedded};

/// A base that can be opened by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// What [`super::open`] takes.
    pub name: String,
    /// Where it is.
    pub kind: BaseKind,
    /// Its sizes, for people.
    pub about: String,
}

/// Where a base is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BaseKind {
    /// In the program.
    Embedded,
    /// In the Hugging Face cache.
    Cached,
}

/// The embedded base, then the models of the cache whose `config.json` is of a kind that can be read, by name. Whether
/// their weights are whole is not looked at.
pub fn bases() -> Vec<Base> {
    let mini =
        about(embedded::CONFIG).map(|about| Base { name: embedded::NAME.to_owned(), kind: BaseKind::Embedded, about });
    let cached = cache_folder().map(|folder| cached_bases(&folder)).unwrap_or_default();
    mini.into_iter().chain(cached).collect()
}

fn cached_bases(folder: &Path) -> Vec<Base> {
    let base = |folder_name: &str| {
        let name = folder_name.strip_prefix("models--")?.replace("--", "/");
        let about = about(&fs::read(cached(folder.to_owned(), &name)?.join("config.json")).ok()?)?;
        Some(Base { name, kind: BaseKind::Cached, about })
    };
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut bases: Vec<Base> = entries.filter_map(|entry| base(entry.file_name().to_str()?)).collect();
    bases.sort_by(|a, b| a.name.cmp(&b.name));
    bases
}

fn about(config: &[u8]) -> Option<String> {
    let config = config::parse(config, "config.json").ok()?.config;
    Some(format!("{} layers, {} wide, {} word pieces", config.layers, config.dim, config.vocab_size))
}

/// The folder in which huggingface_hub keeps repositories: `HF_HUB_CACHE`, else `HF_HOME`/hub, else
/// `XDG_CACHE_HOME`/huggingface/hub, else ~/.cache/huggingface/hub. `None` without a home folder.
pub fn cache_folder() -> Option<PathBuf> {
    let home = || has_home().then(BaseDirs::new)?.map(|dirs| dirs.home_dir().to_owned());
    cache_folder_by(|name| env::var_os(name), home)
}

/// Whether the environment names a home folder. Without it `directories` asks the user database, for which a static
/// program loads modules of the machine, and crashes where these belong to another C library than its own.
pub fn has_home() -> bool {
    !cfg!(unix) || env::var_os("HOME").is_some_and(|home| !home.is_empty())
}

/// hf-hub's own search knows only `HF_HOME` and panics without a home folder.
fn cache_folder_by(variable: impl Fn(&str) -> Option<OsString>, home: impl Fn() -> Option<PathBuf>) -> Option<PathBuf> {
    let folder = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let of_home = |path: PathBuf| path.join("huggingface").join("hub");
    (folder("HF_HUB_CACHE").or_else(|| folder("HUGGINGFACE_HUB_CACHE")))
        .or_else(|| folder("HF_HOME").map(|path| path.join("hub")))
        .or_else(|| folder("XDG_CACHE_HOME").map(of_home))
        .or_else(|| home().map(|path| of_home(path.join(".cache"))))
}

/// Whether a name could be that of a model on the hub: `name` or `owner/name`.
pub fn is_id(name: &str) -> bool {
    let part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        !part.is_empty() && part.len() <= 96 && !part.starts_with(['.', '-']) && part.chars().all(plain)
    };
    let parts: Vec<&str> = name.split('/').collect();
    parts.len() <= 2 && parts.into_iter().all(part)
}

/// The folder of the cached snapshot of a model's main branch, if the cache at `folder` has one with a `config.json`.
pub fn cached(folder: PathBuf, id: &str) -> Option<PathBuf> {
    if !is_id(id) {
        return None;
    }
    let config = Cache::new(folder).model(id.to_owned()).get("config.json")?;
    config.parent().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_are_honoured_in_huggingface_hubs_order() {
        let with = |names: &'static [&str]| {
            let variable = move |name: &str| names.contains(&name).then(|| OsString::from(format!("/{name}")));
            cache_folder_by(variable, || Some("/HOME".into())).unwrap()
        };
        assert_eq!(with(&["HF_HUB_CACHE", "HF_HOME"]), PathBuf::from("/HF_HUB_CACHE"));
        assert_eq!(with(&["HF_HOME", "XDG_CACHE_HOME"]), PathBuf::from("/HF_HOME/hub"));
        assert_eq!(with(&["XDG_CACHE_HOME"]), PathBuf::from("/XDG_CACHE_HOME/huggingface/hub"));
        assert_eq!(with(&[]), PathBuf::from("/HOME/.cache/huggingface/hub"));
        assert_eq!(cache_folder_by(|_| None, || None), None);
    }

    #[test]
    fn only_plain_names_are_ids() {
        for name in ["distilbert-base-uncased", "distilbert/distilbert-base-uncased", "a/b_c.d"] {
            assert!(is_id(name), "{name}");
        }
        for name in ["", "/", "a/b/c", "../up", "./here", "a/", "~/x", "a b", "C:\\x", "a/..", "-x"] {
            assert!(!is_id(name), "{name}");
        }
    }

    #[test]
    fn a_cached_snapshot_is_found_by_its_reference() {
        let folder = tempfile::tempdir().unwrap();
        let repo = folder.path().join("models--owner--name");
        let snapshot = repo.join("snapshots").join("abc");
        fs::create_dir_all(&snapshot).unwrap();
        fs::create_dir_all(repo.join("refs")).unwrap();
        fs::write(repo.join("refs").join("main"), "abc").unwrap();
        assert_eq!(cached(folder.path().into(), "owner/name"), None);
        fs::write(snapshot.join("config.json"), "{}").unwrap();
        assert_eq!(cached(folder.path().into(), "owner/name"), Some(snapshot.clone()));
        assert_eq!(cached(folder.path().into(), "owner/other"), None);
        assert_eq!(cached_bases(folder.path()), []);
        fs::write(snapshot.join("config.json"), r#"{"model_type": "distilbert", "n_layers": 2}"#).unwrap();
        let about = "2 layers, 768 wide, 30522 word pieces".to_owned();
        assert_eq!(cached_bases(folder.path()), [Base { name: "owner/name".into(), kind: BaseKind::Cached, about }]);
    }

    #[test]
    fn the_embedded_base_is_always_at_hand() {
        let about = "3 layers, 384 wide, 15500 word pieces".to_owned();
        assert_eq!(bases().first(), Some(&Base { name: "mini".into(), kind: BaseKind::Embedded, about }));
    }
}
