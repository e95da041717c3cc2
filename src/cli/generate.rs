//! `tagli generate`: what the documentation and the assets are made from.

use std::{collections::BTreeMap, fs, path::Path};

use clap::CommandFactory;
use serde_json::json;

use super::{
    args::{Cli, GenerateWhat},
    error::CliError,
    output::{self, Output},
};
use crate::{
    app::{command::Context, keymap::Keymap},
    model::encoder,
    project::storage,
};

/// Runs the command.
///
/// # Errors
/// The thing is not built yet, or files cannot be read or written.
pub(super) fn run(what: &GenerateWhat, output: Output) -> Result<(), CliError> {
    match what {
        GenerateWhat::Man => {
            output.without_json("the manual page")?;
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command()).render(&mut page).map_err(CliError::environment)?;
            output.bytes(&page)
        }
        GenerateWhat::Completions { shell } => {
            output.without_json("the completions")?;
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "tagli", &mut script);
            output.bytes(&script)
        }
        GenerateWhat::Keys => {
            output.without_json("the table of keys")?;
            output.raw(&keys())
        }
        GenerateWhat::Encoder { from, out } => encode(from, out, output),
        GenerateWhat::Screens => Err(CliError::not_built("drawing pictures of the screens")),
    }
}

/// All keys by context, as a Markdown table each.
fn keys() -> String {
    let keymap = Keymap::default();
    let mut text = String::new();
    for context in Context::ALL {
        let lines = keymap.help(context);
        if lines.is_empty() {
            continue;
        }
        text += &format!("## {}\n\n| keys | |\n| --- | --- |\n", context.name());
        for (keys, about) in lines {
            text += &format!("| `{keys}` | {about} |\n");
        }
        text.push('\n');
    }
    text
}

/// Makes the embedded base. The same input gives the same bytes.
fn encode(from: &Path, out: &Path, output: Output) -> Result<(), CliError> {
    let read = |name: &str| {
        let path = from.join(name);
        fs::read(&path).map_err(|error| {
            CliError::reading(&path, &error)
                .hint("the folder is the one that holds config.json, model.safetensors and tokenizer.json of all-MiniLM-L6-v2")
        })
    };
    let source = encoder::SOURCES.into_iter().map(|name| Ok((name.to_owned(), read(name)?)));
    let source = source.collect::<Result<BTreeMap<_, _>, CliError>>()?;
    let files = encoder::make(&source).map_err(CliError::data)?;
    storage::make_folder(out).map_err(CliError::environment)?;
    let mut total = 0;
    for (name, bytes) in &files {
        storage::replace(&out.join(name), bytes).map_err(CliError::environment)?;
        total += bytes.len();
    }
    let names: Vec<&String> = files.iter().map(|(name, _)| name).collect();
    let value = json!({ "out": output::path(out), "files": names, "bytes": total });
    output.result(&value, &format!("{}: {total} bytes", out.display()))
}
