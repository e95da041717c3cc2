//! Floor 13: the command line.
//! Parses the arguments, runs one command, and reports its error with an exit code.

mod agree;
mod annotator;
pub mod args;
mod calibration;
mod comparison;
mod completions;
mod config;
mod convert;
mod data;
mod doctor;
mod documents;
mod error;
mod eval;
mod export;
mod help;
mod import;
mod inspect;
mod interrupts;
mod listing;
mod log;
mod man;
mod misspelt;
mod models;
mod new;
mod open;
mod output;
mod overview;
mod predict;
mod progress_report;
mod project_dir;
mod repair;
mod run_place;
mod runs;
mod runs_export;
mod score;
mod score_table;
mod settings;
mod studies;
mod suspects;
mod tested;
mod train;
mod training_progress;
mod training_settings;

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    env,
    process::ExitCode,
};

use clap::Parser;

use args::{Cli, Command};
use error::{CliError, Kind};
use output::Output;

use crate::guard;

/// Runs the program with the arguments of the process.
///
/// Exit codes: 0 done, 1 the user's data, 2 the arguments, 3 the machine.
pub fn main() -> ExitCode {
    let words = || env::args_os().skip(1);
    if let Some(error) = misspelt::command(words()) {
        return report(&error, Output { json: wants_json() });
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(mut error) => {
            misspelt::propose(&mut error, words());
            return not_parsed(&error);
        }
    };
    let output = Output { json: cli.json };
    install_panic_hook(output);
    let Err(error) = guarded(|| log::start(cli.log.as_deref(), output).and_then(|()| run(cli, output))) else {
        return ExitCode::SUCCESS;
    };
    report(&error, output)
}

/// Reports the error of a command; returns its exit code.
fn report(error: &CliError, output: Output) -> ExitCode {
    if error.kind == Kind::ReaderGone {
        return ExitCode::SUCCESS;
    }
    if output.json && !error.reported {
        // Standard output has one JSON document, also after an error.
        let _ = output.json_line(&error.to_json());
    }
    output.say(error.to_string().trim_end());
    ExitCode::from(error.kind.code())
}

/// Whether the arguments ask for JSON, for errors before they are parsed.
fn wants_json() -> bool {
    env::args_os().take_while(|arg| arg != "--").any(|arg| arg == "--json")
}

/// Prints help and version as clap gives them.
/// Other errors of clap are reported like those of a command.
fn not_parsed(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let output = Output { json: wants_json() };
    // The error quotes arguments, which may be file names. So it is cleaned, and loses clap's colours.
    let text = error.render().to_string();
    let text = text.trim_end();
    let usage = CliError::usage(text.strip_prefix("error: ").unwrap_or(text));
    if output.json {
        let _ = output.json_line(&usage.to_json());
    }
    output.say(text);
    ExitCode::from(usage.kind.code())
}

/// Makes the message of a panic safe to show, because it may quote a file.
fn install_panic_hook(output: Output) {
    std::panic::set_hook(Box::new(move |panic| {
        output.say(panic);
        let trace = Backtrace::capture();
        if trace.status() == BacktraceStatus::Captured {
            output.say(trace);
        }
    }));
}

/// Runs `work` and converts a panic into an error.
/// Nothing that `work` changed is used afterwards.
fn guarded(work: impl FnOnce() -> Result<(), CliError>) -> Result<(), CliError> {
    guard::catch(work).unwrap_or_else(|panicked| Err(CliError::environment(panicked)))
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
        Some(Command::Agree(args)) => agree::run(&args, output),
        Some(Command::Suspects(args)) => suspects::run(&args, output),
        Some(Command::Predict(args)) => predict::run(&args, output),
        Some(Command::Models(args)) => models::run(&args.action, output),
        Some(Command::Documents(args)) => documents::run(&args.action, output),
        Some(Command::Runs(args)) => runs::run(&args.action, output),
        Some(Command::Config(args)) => config::run(&args, output),
        Some(Command::Doctor(args)) => doctor::run(&args, output),
        Some(Command::Help(args)) => help::run(&args, output),
        Some(Command::Completions(args)) => completions::run(&args, output),
        Some(Command::Man) => man::run(output),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_error_of_the_machine() {
        let error = guarded(|| panic!("word {}", 7)).unwrap_err();
        assert_eq!((error.kind, error.kind.code()), (Kind::Environment, 3));
        assert_eq!(error.message, "a defect of this program: word 7; please report it");
    }
}
