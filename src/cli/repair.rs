//! The question before a `project.json` that git left unmerged is merged.

use std::path::Path;

use super::{error::CliError, output::Output};
use crate::project::ManifestRepair;

/// Merges the `project.json` of a project if it needs that and the user agrees.
///
/// # Errors
/// It cannot be merged or written, or the user does not agree.
pub(super) fn repair(dir: &Path, agreed: bool, output: Output) -> Result<(), CliError> {
    let Some(repair) = ManifestRepair::of(dir)? else { return Ok(()) };
    output.say(format!("{}: git has not merged project.json completely. Merged, it would have:", dir.display()));
    for decision in &repair.decisions {
        output.say(format!("  {decision}"));
    }
    if repair.decisions.is_empty() {
        output.say("  the labels of both sides");
    }
    if !agreed && !Output::can_ask() {
        return Err(CliError::data("project.json was not merged, because there is no terminal for the question")
            .hint("tagli doctor DIR --repair --yes merges it without a question"));
    }
    if !agreed && !output.confirm("Merge it? A copy of the file is kept.") {
        return Err(CliError::data("project.json was not merged; nothing was changed"));
    }
    let copy = repair.carry_out()?;
    output.say(format!("project.json is merged; the file as it was: {}", copy.display()));
    Ok(())
}
