//! `tagli generate`: what the documentation and the assets are made from.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::Path,
};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;
use serde_json::json;

use super::{
    args::{Cli, GenerateWhat},
    error::CliError,
    output::{self, Output},
    screens,
};
use crate::{
    app::{command::Context, state::default_keymap},
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
            output.bytes(&man().map_err(CliError::environment)?)
        }
        GenerateWhat::Completions { shell } => {
            output.without_json("the completions")?;
            output.bytes(&completions(*shell))
        }
        GenerateWhat::Keys => {
            output.without_json("the table of keys")?;
            output.raw(&keys())
        }
        GenerateWhat::Docs { out } => docs(out, output),
        GenerateWhat::Encoder { from, out } => encode(from, out, output),
        GenerateWhat::Screens(args) => screens::run(args, output),
    }
}

/// The manual page: the program, then each of its commands as a section.
fn man() -> io::Result<Vec<u8>> {
    let mut root = Cli::command();
    root.build();
    let page = Man::new(root.clone());
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    commands(&root, "tagli", &mut text)?;
    text.write_all(b".SH EXIT STATUS\n0 done, 1 the input or the data, 2 the command line, 3 the machine.\n")?;
    page.render_version_section(&mut text)?;
    Ok(text)
}

/// A section for each command that is shown, however deep it lies; what a command has of its own stands below it.
fn commands(of: &clap::Command, name: &str, text: &mut Vec<u8>) -> io::Result<()> {
    for command in of.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("{name} {}", command.get_name());
        let page = Man::new(command.clone().bin_name(name.clone()));
        let mut own = Vec::new();
        page.render_synopsis_section(&mut own)?;
        page.render_description_section(&mut own)?;
        page.render_options_section(&mut own)?;
        // The headings of a page become those of a section.
        let own = String::from_utf8_lossy(&own).replace("\n.SH ", "\n.SS ");
        let own = own.strip_prefix(".SH ").map_or(own.clone(), |rest| format!(".SS {rest}"));
        writeln!(text, ".SH {}", name.to_uppercase())?;
        text.write_all(own.as_bytes())?;
        commands(command, &name, text)?;
    }
    Ok(())
}

fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tagli", &mut script);
    script
}

/// Writes manual page, completions and key table as files.
fn docs(out: &Path, output: Output) -> Result<(), CliError> {
    let files = [
        ("tagli.1", man().map_err(CliError::environment)?),
        ("tagli.bash", completions(Shell::Bash)),
        ("_tagli", completions(Shell::Zsh)),
        ("tagli.fish", completions(Shell::Fish)),
        ("keys.md", keys().into_bytes()),
    ];
    storage::make_folder(out).map_err(CliError::environment)?;
    for (name, bytes) in &files {
        storage::replace(&out.join(name), bytes).map_err(CliError::environment)?;
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    output.result(
        &json!({ "out": output::path(out), "files": names }),
        &format!("{}: {}", out.display(), names.join(", ")),
    )
}

/// All keys by context, as a Markdown table each.
fn keys() -> String {
    let keymap = default_keymap();
    let mut text = "# Keys\n\nMade from the command table of all panels in `src/app`.\n\n".to_owned();
    for context in Context::ALL.iter().copied() {
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
