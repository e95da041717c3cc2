//! Floor 11: the command line. Parses the arguments, runs one command, and turns its error into words and an exit code.

pub mod args;
mod convert;
mod data;
mod doctor;
mod error;
mod eval;
mod export;
mod generate;
mod import;
mod inspect;
mod log;
mod models;
mod new;
mod open;
mod output;
mod predict;
mod runs;
mod score;
mod settings;
mod train;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use error::CliError;
use output::Output;

/// Runs the program on the process's own arguments: exit code 0 done, 1 the user's data, 2 usage, 3 the machine.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output { json: cli.json };
    let done = log::start(cli.log.as_deref()).and_then(|()| run(cli, output));
    let Err(error) = done else {
        return ExitCode::SUCCESS;
    };
    if output.json {
        // One JSON document on standard output, whatever happens.
        let _ = output.json_line(&error.to_json());
    }
    output.say(error.to_string().trim_end());
    ExitCode::from(error.kind.code())
}

fn run(cli: Cli, output: Output) -> Result<(), CliError> {
    match cli.command {
        None => open::run(&cli.open, output),
        Some(Command::New(args)) => new::run(&args, output),
        Some(Command::Import(args)) => import::run(&args, output),
        Some(Command::Export(args)) => export::run(&args, output),
        Some(Command::Convert(args)) => convert::run(&args, output),
        Some(Command::Inspect(args)) => inspect::run(&args, output),
        Some(Command::Train(args)) => train::run(&args, output),
        Some(Command::Eval(args)) => eval::run(&args, output),
        Some(Command::Score(args)) => score::run(&args, output),
        Some(Command::Predict(args)) => predict::run(&args, output),
        Some(Command::Models(args)) => models::run(&args.action, output),
        Some(Command::Runs(args)) => runs::run(&args.action, output),
        Some(Command::Doctor(args)) => doctor::run(&args, output),
        Some(Command::Generate(args)) => generate::run(&args.what, output),
    }
}
