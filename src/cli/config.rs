//! `tagli config [NAME]`: shows the settings with their meanings, defaults, values and sources.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{
    args,
    error::CliError,
    output::{Output, paragraph},
    settings, training_settings,
};
use crate::{
    config::{Explained, explain},
    project::Project,
    runs::Settings,
    text::{names::nearest_name, width::clean},
};

/// Shows all settings of the program, or one setting of the program or of a training.
///
/// # Errors
/// A settings file cannot be read or has a mistake, or there is no setting of that name.
pub(super) fn run(args: &args::Config, output: Output) -> Result<(), CliError> {
    let dir = args.project.clone().or_else(current_project);
    let texts = settings::texts(dir.as_deref())?;
    let settings = explain(&settings::layers(&texts)).map_err(CliError::data)?;
    let Some(name) = &args.name else {
        let shown: String = settings.iter().map(text).collect();
        let end = "Settings of a training: tagli train DIR --set list. Files: tagli doctor lists their paths.\n";
        return output.result(&settings.iter().map(value).collect::<Vec<_>>(), &(shown + end));
    };
    if let Some(setting) = settings.iter().find(|setting| setting.name == name.replace('_', "-")) {
        return output.result(&value(setting), &text(setting));
    }
    if let Some((value, text)) = training_settings::explain(name) {
        return output.result(&value, &text);
    }
    let names = settings.iter().map(|setting| setting.name).chain(Settings::meanings().map(|(name, _)| name));
    let error = CliError::usage(format!("unknown setting `{}`", clean(name)));
    Err(match nearest_name(name, names) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => {
            error.hint("tagli config lists the settings of the program, tagli train DIR --set list those of a training")
        }
    })
}

/// The current folder, if it is a project.
fn current_project() -> Option<PathBuf> {
    let here = Path::new(".");
    Project::is_project(here).then(|| here.to_owned())
}

fn value(setting: &Explained<'_>) -> Value {
    let Explained { name, meaning, expected, default, value, source } = setting;
    json!({ "name": name, "meaning": meaning, "expected": expected, "default": default, "value": value, "source": source })
}

fn text(setting: &Explained<'_>) -> String {
    let Explained { name, meaning, expected, default, value, source } = setting;
    let source = match source {
        Some(source) => format!("(from {}; default {default})", clean(source)),
        None => "(default)".to_owned(),
    };
    format!("{name} = {}  {source}\n{}", clean(value), paragraph(&format!("{meaning} Use {expected}.")))
}
