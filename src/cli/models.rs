//! `tagli models`: the bases at hand.

use serde_json::json;

use super::{
    args::ModelsAction,
    error::CliError,
    output::{Output, table},
};
use crate::model::hub;

/// Runs the command.
///
/// # Errors
/// The action is not built yet.
pub(super) fn run(action: &ModelsAction, output: Output) -> Result<(), CliError> {
    match action {
        ModelsAction::List => list(output),
        ModelsAction::Pull { id } => Err(CliError::not_built(format!("fetching {id} from the hub")).hint(
            "a folder in Hugging Face layout works as --base now, and so does a model in the local Hugging Face cache",
        )),
        ModelsAction::Push { .. } => Err(CliError::not_built("sending a model to the hub").hint(
            "the folder that training wrote is in Hugging Face layout; `huggingface-cli upload` takes it as it is",
        )),
    }
}

fn list(output: Output) -> Result<(), CliError> {
    let bases = hub::bases();
    let rows: Vec<Vec<String>> = bases.iter().map(|base| vec![base.name.clone(), base.about.clone()]).collect();
    let value: Vec<_> = bases.iter().map(|b| json!({ "name": b.name, "kind": b.kind, "about": b.about })).collect();
    output.result(&value, &table(&rows))
}
