//! `tagli doctor DIR --repair`: the list of what would be repaired, and the question before it is done.

use std::path::Path;

use serde_json::{Value, json};

use super::{
    error::CliError,
    output::{self, Output},
};
use crate::{
    project::{Finding, Repair, RepairStep},
    services::now,
};

/// Repairs a project if that is needed and the user agrees. Returns what was done, for `--json`,
/// and what is left to the user.
///
/// # Errors
/// There is nothing of a project, it is open elsewhere, the user does not agree, or the file system refuses.
pub(super) fn repair(dir: &Path, agreed: bool, output: Output) -> Result<(Value, Vec<Finding>), CliError> {
    let repair = Repair::of(dir)?;
    let (steps, left, left_to_git) = (repair.steps.clone(), repair.left.clone(), repair.left_to_git());
    show(dir, &steps, &left, output);
    let copies = match steps.is_empty() {
        true => Vec::new(),
        false => {
            agree(agreed, output)?;
            repair.carry_out(now())?
        }
    };
    if !copies.is_empty() {
        output.say("It is repaired. The files as they were:");
    } else if !steps.is_empty() {
        output.say("It is repaired.");
    }
    copies.iter().for_each(|copy| output.say(format!("  {}", copy.display())));
    left_to_git.iter().for_each(|sentence| output.say(sentence));
    let copies: Vec<String> = copies.iter().map(|copy| output::path(copy)).collect();
    let value = json!({ "done": steps, "copies": copies, "left": left, "left_to_git": left_to_git });
    Ok((value, left))
}

/// Lists what would be done, and what is left to the user.
fn show(dir: &Path, steps: &[RepairStep], left: &[Finding], output: Output) {
    let dir = dir.display();
    if steps.is_empty() {
        output.say(format!("{dir}: there is nothing that can be repaired without you"));
    } else {
        output.say(format!("{dir} can be repaired:"));
    }
    steps.iter().for_each(|step| output.say(format!("  {}: {}", step.file, step.what)));
    if !left.is_empty() {
        output.say("Only you can decide:");
    }
    left.iter().for_each(|finding| output.say(format!("  {finding}")));
}

/// Asks whether the repair is to be carried out.
fn agree(agreed: bool, output: Output) -> Result<(), CliError> {
    if !agreed && !Output::can_ask() {
        return Err(CliError::data("nothing was repaired, because there is no terminal for the question")
            .hint("tagli doctor DIR --repair --yes repairs without a question"));
    }
    if !agreed && !output.confirm("Repair it? A copy of each file that is changed is kept.") {
        return Err(CliError::data("nothing was repaired; no file was changed"));
    }
    Ok(())
}
