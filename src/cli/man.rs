//! `tagli man`: the manual page.

use std::io::{self, Write};

use clap::{Arg, ArgAction, CommandFactory};
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
    write!(text, ".SH SYNOPSIS\n{}\n", synopsis(&root, "tagli"))?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    sections(&root, "tagli", &mut text)?;
    text.write_all(b".SH EXIT STATUS\n0 done, 1 the input or the data, 2 the command line, 3 the machine.\n")?;
    page.render_version_section(&mut text)?;
    Ok(text)
}

/// A command with its arguments and their values, which `clap_mangen` leaves out.
fn synopsis(command: &clap::Command, name: &str) -> String {
    let mut words = vec![format!("\\fB{}\\fR", escaped(name))];
    let (positional, options): (Vec<&Arg>, Vec<&Arg>) =
        command.get_arguments().filter(|arg| !arg.is_hide_set()).partition(|arg| arg.is_positional());
    words.extend(options.into_iter().chain(positional).map(argument));
    if command.has_subcommands() {
        words.push("\\fICOMMAND\\fR".to_owned());
    }
    words.join(" ")
}

/// An argument with its values, in brackets unless it is required.
fn argument(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let values = names.iter().map(|name| format!("\\fI{}\\fR", escaped(name))).collect::<Vec<_>>().join(" ");
    let repeats =
        arg.get_num_args().is_some_and(|count| count.max_values() > 1) || matches!(arg.get_action(), ArgAction::Append);
    let dots = if repeats { "..." } else { "" };
    let text = match arg.get_long() {
        Some(long) if arg.get_action().takes_values() => format!("\\fB\\-\\-{}\\fR {values}", escaped(long)),
        Some(long) => format!("\\fB\\-\\-{}\\fR", escaped(long)),
        None => values,
    };
    if arg.is_required_set() { format!("{text}{dots}") } else { format!("[{text}]{dots}") }
}

/// Text in which roff reads every hyphen as one.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

/// Writes a section for each visible subcommand of `parent`, and for theirs.
fn sections(parent: &clap::Command, name: &str, text: &mut Vec<u8>) -> io::Result<()> {
    for command in parent.get_subcommands().filter(|command| !command.is_hide_set()) {
        let name = format!("{name} {}", command.get_name());
        let page = Man::new(command.clone().bin_name(name.clone()));
        let mut section = format!(".SH SYNOPSIS\n{}\n", synopsis(command, &name)).into_bytes();
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
