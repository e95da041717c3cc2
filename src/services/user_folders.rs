//! Folders of the user: the home folder, and the folder for the program's data.

use std::path::{Path, PathBuf};

use directories::{BaseDirs, ProjectDirs};

use crate::model::hub;

/// Folders of the user, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct UserFolders {
    /// Folder for the program's data.
    pub data: Option<PathBuf>,
    home: Option<PathBuf>,
}

/// A path begins with `~`, and the home folder is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the home folder is unknown: write the whole path, or set HOME")]
pub struct UnknownHome;

impl UserFolders {
    /// Folders of the user who runs the program.
    pub fn of_user() -> Self {
        let is_known = hub::has_home();
        let own = is_known.then(|| ProjectDirs::from("", "", "tagliatelle")).flatten();
        let base = is_known.then(BaseDirs::new).flatten();
        Self::new(own.map(|dirs| dirs.data_dir().to_owned()), base.map(|dirs| dirs.home_dir().to_owned()))
    }

    /// Folder for the program's data, and home folder.
    pub(super) fn new(data: Option<PathBuf>, home: Option<PathBuf>) -> Self {
        Self { data, home }
    }

    /// Parses a path as typed: quotes are removed, and `~` stands for the home folder.
    ///
    /// # Errors
    /// The home folder is unknown.
    pub(super) fn resolve(&self, text: &str) -> Result<PathBuf, UnknownHome> {
        let text = text.trim();
        let bare = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
        self.expand_home(bare.unwrap_or(text))
    }

    /// Parses a path in which `~` stands for the home folder.
    ///
    /// # Errors
    /// The home folder is unknown.
    pub(super) fn expand_home(&self, text: &str) -> Result<PathBuf, UnknownHome> {
        let below = if text == "~" { Some("") } else { text.strip_prefix("~/") };
        match (below, &self.home) {
            (None, _) => Ok(PathBuf::from(text)),
            (Some(below), Some(home)) => Ok(home.join(below)),
            (Some(_), None) => Err(UnknownHome),
        }
    }

    /// Formats a path, with `~` for the home folder.
    pub(super) fn abbreviate(&self, path: &Path) -> String {
        let below = self.home.as_ref().and_then(|home| path.strip_prefix(home).ok());
        below.map_or_else(|| path.display().to_string(), |below| format!("~/{}", below.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_paths_lose_their_quotes_and_their_tilde() {
        let folders = UserFolders::new(None, Some("/home/ada".into()));
        let typed = |text: &str| folders.resolve(text).unwrap().to_string_lossy().into_owned();
        assert_eq!(typed(" ~/food "), "/home/ada/food");
        assert_eq!(typed("'/tmp/my food'"), "/tmp/my food");
        assert_eq!(typed("~"), "/home/ada/");
        assert_eq!(typed("~food"), "~food");
        assert_eq!(typed("it's"), "it's");
        assert_eq!(folders.abbreviate(Path::new("/home/ada/food")), "~/food");
        assert!(UserFolders::default().resolve("~/reviews").unwrap_err().to_string().contains("set HOME"));
    }
}
