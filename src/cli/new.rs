//! `tagli new`: creates a project.

use serde_json::json;

use super::{
    args, data,
    error::CliError,
    output::{self, Output},
    settings,
};
use crate::{
    services,
    text::number::with_noun,
    work::create::{self, NewProject},
};

/// Creates the project.
///
/// # Errors
/// The folder is a project already, the labels cannot be used, or the file system refuses.
pub(super) fn run(args: &args::New, output: Output) -> Result<(), CliError> {
    let grid = match args.grid {
        Some(grid) => grid,
        None => settings::load(Some(&args.dir))?.grid,
    };
    let request =
        NewProject { dir: args.dir.clone(), labels: args.labels.clone(), grid, texts: None, in_used_folder: true };
    let created = create::create(&request, services::now())?;
    data::report(args.labels.as_deref().unwrap_or_default().as_ref(), &created.notes, output);
    if let Some(around) = &created.around {
        output.say(format!(
            "warning: this is inside the project {}; did you mean to open that one, or to choose another folder?",
            around.display()
        ));
    }
    let names: Vec<&str> = created.project.manifest.labels.iter().map(|label| label.name.as_str()).collect();
    let shown = args.dir.display();
    let text = format!(
        "{shown}: a new project with {}: {}\nnext: tagli import {shown} FILE..., then tagli {shown}",
        with_noun(names.len(), "label"),
        names.join(", ")
    );
    output.result(&json!({ "dir": output::path(&args.dir), "labels": names, "grid": grid }), &text)
}
