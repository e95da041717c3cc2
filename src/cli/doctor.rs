//! `tagli doctor`: what this machine and this project are like, and what is wrong with them.

use std::{
    env,
    io::{self, IsTerminal},
};

use serde_json::{Value, json};

use super::{args, error::CliError, output::Output};
use crate::{
    model::{self, device, hub},
    project::check,
    services::UserFolders,
    terminal::Capabilities,
    text::number::{bytes, with_noun},
};

/// Runs the command.
///
/// # Errors
/// The project is damaged: every finding is listed.
pub(super) fn run(args: &args::Doctor, output: Output) -> Result<(), CliError> {
    let machine = machine();
    let report = args.dir.as_deref().map(check::check);
    let mut value = machine.clone();
    if let Some(report) = &report {
        value["project"] = json!({ "report": report, "sound": report.is_sound() });
    }
    let mut text = String::new();
    for (area, facts) in machine.as_object().into_iter().flatten() {
        text += &format!("{area}\n");
        for (name, fact) in facts.as_object().into_iter().flatten() {
            text += &format!("  {name}: {}\n", words(fact));
        }
    }
    if let Some(report) = &report {
        text += &project(report);
    }
    output.result(&value, &text)?;
    match report {
        Some(report) if !report.is_sound() => Err(CliError::data("the project has faults, listed above").reported()),
        _ => Ok(()),
    }
}

fn project(report: &check::CheckReport) -> String {
    let size = bytes(report.bytes);
    let mut text = format!("project\n  documents: {}\n  runs: {}\n  size: {size}\n", report.documents, report.runs);
    for journal in &report.annotators {
        let check::JournalCount { name, lines, spans, done } = journal;
        let [done, spans] = [(done, "document"), (spans, "span")].map(|(count, noun)| with_noun(*count, noun));
        let lines = with_noun(*lines, "journal line");
        text += &format!("  annotator {name}: {done} done, {spans}, {lines}\n");
    }
    for finding in &report.findings {
        text += &format!("  {}: {finding}\n", finding.severity);
    }
    if report.findings.is_empty() {
        text += "  sound: nothing to say\n";
    }
    text
}

fn words(fact: &Value) -> String {
    match fact {
        Value::String(text) => text.clone(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join("; "),
        other => other.to_string(),
    }
}

fn machine() -> Value {
    let capabilities = Capabilities::from_environment();
    let variable = |name: &str| env::var(name).unwrap_or_else(|_| "not set".to_owned());
    let devices: Vec<String> = device::available().iter().map(device::Chosen::describe).collect();
    let auto = match device::choose("auto") {
        Ok(chosen) => format!("{} ({})", chosen.name, chosen.why),
        Err(error) => error.to_string(),
    };
    let base = match model::open("mini") {
        Ok(base) => format!(
            "sound: {} layers, {} wide, {} word pieces",
            base.config.layers, base.config.dim, base.config.vocab_size
        ),
        Err(error) => error.to_string(),
    };
    let path =
        |path: Option<std::path::PathBuf>| path.map_or_else(|| "none".to_owned(), |path| path.display().to_string());
    json!({
        "program": {
            "version": env!("CARGO_PKG_VERSION"),
            "features": features(),
            "embedded base": base,
        },
        "terminal": {
            "standard output is a terminal": io::stdout().is_terminal(),
            "TERM": variable("TERM"),
            "size": crossterm::terminal::size().map_or_else(|_| "unknown".to_owned(), |(columns, rows)| format!("{columns}x{rows}")),
            "Unicode": capabilities.unicode,
            "colour": capabilities.color,
            "over SSH": capabilities.remote,
            "tmux": capabilities.tmux,
        },
        "devices": {
            "cores": std::thread::available_parallelism().map_or(1, usize::from),
            "found": devices,
            "auto takes": auto,
        },
        "paths": {
            "user data": path(UserFolders::of_user().data),
            "Hugging Face cache": path(hub::cache_folder()),
        },
    })
}

fn features() -> Vec<&'static str> {
    let all =
        [("cuda", cfg!(feature = "cuda")), ("wgpu", cfg!(feature = "wgpu")), ("ndarray", cfg!(feature = "ndarray"))];
    std::iter::once("flex").chain(all.into_iter().filter(|(_, on)| *on).map(|(name, _)| name)).collect()
}
