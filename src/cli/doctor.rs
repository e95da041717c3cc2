//! `tagli doctor`: shows and checks properties of this machine and of a project.

use std::{
    env,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    args,
    error::CliError,
    output::{self, Output},
    project_dir::{self, Access},
    repair::repair,
    settings,
};
use crate::{
    model::{
        self, BaseModel,
        device::{self, Chosen, Instructions},
        hub,
    },
    project::check,
    runs::embedded_bases,
    services::UserFolders,
    terminal::Capabilities,
    text::number::{bytes, with_noun},
    training::{self, Computed},
};

/// Checks machine and project.
///
/// # Errors
/// The project or the program is damaged, a settings file has a mistake, or the two computations on the processor disagree; every finding is listed.
pub(super) fn run(args: &args::Doctor, output: Output) -> Result<(), CliError> {
    let access = if args.repair { Access::Write } else { Access::Read };
    let dir = args.dir.as_deref().map(|dir| project_dir::resolve(dir, access, None, output)).transpose()?;
    // Damage is a finding; a folder that is no project is a mistake in the arguments.
    dir.as_deref().map(check::refuse_other_folder).transpose()?;
    let repaired = dir.as_deref().filter(|_| args.repair).map(|dir| repair(dir, args.yes, output)).transpose()?;
    let base = model::open(embedded_bases::MINI).map_err(|error| error.to_string());
    let comparison = base.clone().and_then(compare);
    let mut value = json!({
        "program": program(&base),
        "terminal": terminal(),
        "processor": processor(&comparison),
        "devices": devices(),
        "paths": paths(dir.as_deref()),
    });
    let mut text = String::new();
    for (area, facts) in value.as_object().into_iter().flatten() {
        text += &format!("{area}\n");
        for (name, fact) in facts.as_object().into_iter().flatten() {
            text += &format!("  {name}: {}\n", words(fact));
        }
    }
    let mut report = dir.as_deref().map(check::check);
    if let (Some(report), Some((_, left))) = (&mut report, &repaired) {
        report.leave_to_person(left);
    }
    if let Some(report) = &report {
        text += &project(report);
        value["project"] =
            json!({ "path": dir.as_deref().map(output::path), "report": report, "sound": report.is_sound() });
    }
    if let Some((repaired, _)) = repaired {
        value["repair"] = repaired;
    }
    output.result(&value, &text)?;
    if let Err(error) = base {
        return Err(CliError::environment(error));
    }
    // Every other command would stop at this.
    settings::load(dir.as_deref())?;
    settings::keymap()?;
    if let Ok(Some(comparison)) = comparison
        && !comparison.agrees()
    {
        return Err(CliError::environment(comparison));
    }
    match report {
        Some(report) if !report.is_sound() => Err(faults(args.repair)),
        _ => Ok(()),
    }
}

/// Error of a project with faults.
fn faults(after_repair: bool) -> CliError {
    let error = CliError::data("the project has faults, listed above").reported();
    if after_repair {
        return error.hint("what is left needs a decision of yours, as each line above says");
    }
    let hint =
        "tagli doctor DIR --repair repairs what needs no decision of yours; it shows that first, and keeps copies";
    error.hint(hint)
}

/// Kernels and burn's network on one batch, or why they cannot be compared here.
type Compared = Result<Option<training::Comparison>, String>;

fn compare(base: BaseModel) -> Compared {
    training::compare_on_processor(base).map_err(|error| error.to_string())
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
        text += "  no problems found\n";
    }
    text
}

/// A fact as words.
fn words(fact: &Value) -> String {
    match fact {
        Value::String(text) => text.clone(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join("; "),
        Value::Object(facts) => {
            facts.iter().map(|(name, fact)| format!("{name} {}", words(fact))).collect::<Vec<_>>().join(", ")
        }
        // The digits beyond these are noise of the order in which the numbers are added up.
        Value::Number(number) if number.is_f64() => significant(number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}

/// A number with four significant digits.
fn significant(number: f64) -> String {
    let bounds = [10.0, 100.0, 1000.0];
    let decimals = 3 - bounds.iter().filter(|bound| number.abs() >= **bound).count();
    format!("{number:.decimals$}")
}

fn program(base: &Result<BaseModel, String>) -> Value {
    let base = match base {
        Ok(BaseModel { config, .. }) => {
            let names = embedded_bases::ALL.join(" and ");
            format!("{names} are sound: {} wide, {} word pieces", config.dim, config.vocab_size)
        }
        Err(error) => error.clone(),
    };
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "features": features(),
        "embedded bases": base,
    })
}

fn features() -> Vec<&'static str> {
    let all =
        [("cuda", cfg!(feature = "cuda")), ("wgpu", cfg!(feature = "wgpu")), ("ndarray", cfg!(feature = "ndarray"))];
    std::iter::once("flex").chain(all.into_iter().filter(|(_, on)| *on).map(|(name, _)| name)).collect()
}

fn terminal() -> Value {
    let capabilities = Capabilities::from_environment();
    let size = match crossterm::terminal::size() {
        Ok((columns, rows)) => format!("{columns}x{rows}"),
        Err(_) => "unknown".to_owned(),
    };
    json!({
        "standard output is a terminal": io::stdout().is_terminal(),
        "TERM": env::var("TERM").unwrap_or_else(|_| "not set".to_owned()),
        "size": size,
        "Unicode": capabilities.unicode,
        "colour": capabilities.color,
        "over SSH": capabilities.remote,
        "tmux": capabilities.tmux,
    })
}

/// Instruction sets in use, and the comparison of the two ways to compute.
/// The comparison has loss and gradient norm of one batch, by both ways.
fn processor(comparison: &Compared) -> Value {
    let Instructions { products, loops, bf16 } = device::instructions();
    let bf16 = bf16.unwrap_or("none, --precision bf16 is refused");
    let mut facts = json!({
        "instructions": { "of matrix products": products, "of loops": loops, "of training in bf16": bf16 },
    });
    match comparison {
        Ok(Some(comparison)) => {
            for Computed { name, loss, norm } in [&comparison.device, &comparison.reference] {
                facts[name] = json!({ "loss": loss, "gradient norm": norm });
            }
            facts["cpu and flex agree"] = json!(comparison.agrees());
        }
        Ok(None) => {}
        Err(error) => facts["cpu and flex"] = json!(error),
    }
    facts
}

fn devices() -> Value {
    let found: Vec<String> = device::available().iter().map(Chosen::describe).collect();
    let auto = match device::choose("auto") {
        Ok(chosen) => format!("{} ({})", chosen.name, chosen.why),
        Err(error) => error.to_string(),
    };
    json!({
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "found": found,
        "auto takes": auto,
    })
}

fn paths(dir: Option<&Path>) -> Value {
    let mut paths = json!({
        "user data": path_or_none(UserFolders::of_user().data),
        "Hugging Face cache": path_or_none(hub::cache_folder()),
    });
    for (name, path) in settings::files(dir) {
        let is_missing = path.as_deref().is_some_and(|path| !path.exists());
        let remark = if is_missing { " (there is none; it is read if you make it)" } else { "" };
        paths[name] = json!(format!("{}{remark}", path_or_none(path)));
    }
    paths
}

fn path_or_none(path: Option<PathBuf>) -> String {
    path.map_or_else(|| "none".to_owned(), |path| path.display().to_string())
}
