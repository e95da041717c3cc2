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
        let end = format!("{}Settings of a training: tagli train DIR --set list.\n", how_to_change());
        return output.result(&settings.iter().map(value).collect::<Vec<_>>(), &(shown + &end));
    };
    if let Some((left, right)) = name.split_once('=') {
        return Err(assignment(&settings, name, [left, right].map(str::trim)));
    }
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

/// Says where a setting is changed, with a line as an example.
fn how_to_change() -> String {
    let place = match settings::user_file() {
        Some(path) => format!("{}, or for one project in its tagli.toml", path.display()),
        None => "the tagli.toml of a project (there is no home folder)".to_owned(),
    };
    format!("To change a setting, write a line such as `theme = \"mono\"` in {place}.\n")
}

/// Refuses `NAME=VALUE`: this command shows settings, and the hint says how to change one.
fn assignment(settings: &[Explained<'_>], given: &str, [name, wanted]: [&str; 2]) -> CliError {
    let known = settings.iter().find(|setting| setting.name == name.replace('_', "-"));
    let error = CliError::usage(format!("tagli config shows settings and changes none; found `{}`", clean(given)));
    let Some(setting) = known else { return error.hint(how_to_change().trim_end()) };
    // A text is quoted in TOML; numbers and true or false are not.
    let is_text = setting.default.starts_with('"');
    let wanted = clean(wanted.trim_matches('"'));
    let line =
        if is_text { format!("{} = \"{wanted}\"", setting.name) } else { format!("{} = {wanted}", setting.name) };
    match settings::user_file() {
        Some(path) => error.hint(format!("write `{line}` in {}", path.display())),
        None => error.hint(format!("write `{line}` in the tagli.toml of a project")),
    }
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
