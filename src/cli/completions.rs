//! `tagli completions SHELL`: the completions of a shell.

use clap::CommandFactory;

use super::{
    args::{self, Cli},
    error::CliError,
    output::Output,
};

/// Writes the completions to standard output.
///
/// # Errors
/// `--json` was given, or standard output is closed.
pub(super) fn run(args: &args::Completions, output: Output) -> Result<(), CliError> {
    output.without_json("the completions")?;
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "tagli", &mut script);
    output.bytes(&script)
}
