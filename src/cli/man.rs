//! `tagli man`: the manual page.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_mangen::Man;

use super::{args::Cli, error::CliError, output::Output};

/// Writes the manual page to standard output.
///
/// # Errors
/// `--json` was given, or standard output is closed.
pub(super) fn run(output: Output) -> Result<(), CliError> {
    output.without_json("the manual page")?;
    output.bytes(&page().map_err(CliError::environment)?)
}

/// The manual page: the program, then a section for each of its commands.
fn page() -> io::Result<Vec<u8>> {
    let mut root = Cli::command();
    root.build();
    let page = Man::new(root.clone());
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    sections(&root, "tagli", &mut text)?;
    text.write_all(b".SH EXIT STATUS\n0 done, 1 the input or the data, 2 the command line, 3 the machine.\n")?;
    page.render_version_section(&mut text)?;
    Ok(text)
}

/// Writes a section for each visible subcommand of `parent`, and for theirs.
fn sections(parent: &clap::Command, name: &str, text: &mut Vec<u8>) -> io::Result<()> {
    for command in parent.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("{name} {}", command.get_name());
        let page = Man::new(command.clone().bin_name(name.clone()));
        let mut section = Vec::new();
        page.render_synopsis_section(&mut section)?;
        page.render_description_section(&mut section)?;
        page.render_options_section(&mut section)?;
        // The headings of a page become subheadings of the section.
        let section = String::from_utf8_lossy(&section).replace("\n.SH ", "\n.SS ");
        let section = section.strip_prefix(".SH ").map_or(section.clone(), |rest| format!(".SS {rest}"));
        writeln!(text, ".SH {}", name.to_uppercase())?;
        text.write_all(section.as_bytes())?;
        sections(command, &name, text)?;
    }
    Ok(())
}
