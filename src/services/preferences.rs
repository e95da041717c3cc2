//! Settings of the user that apply to one project.

use std::{path::Path, sync::Arc};

use crate::{config::LiveSettings, project::AnnotatorName, text::Grid};

/// Settings of the user for a project.
#[derive(Clone, Debug, PartialEq)]
pub struct Preferences {
    /// Name of the annotator.
    pub annotator: AnnotatorName,
    /// Whether the user has chosen this name; otherwise it is the login name.
    pub is_chosen: bool,
    /// Device for trainings and predictions.
    pub device: String,
    /// Rule by which texts of a new project are cut into words.
    pub grid: Grid,
    /// Settings of the live model.
    pub live: LiveSettings,
}

/// Finds the preferences for the project in a folder.
/// An error explains why there are none.
pub type PreferencesOf = Arc<dyn Fn(&Path) -> Result<Preferences, String> + Send + Sync>;
