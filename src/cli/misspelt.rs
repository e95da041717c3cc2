//! Misspelt commands, actions and values: names what was probably meant.
//!
//! A folder is opened by its name alone, so clap takes a misspelt command for a folder. And of the similar names that
//! clap proposes, some are far from what was typed: `tagli runs my-reviews` must not propose `remove`.

use std::{ffi::OsString, path::Path};

use clap::{
    CommandFactory,
    builder::StyledStr,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::{args::Cli, error::CliError};
use crate::text::names::nearest_name;

/// The error for a first word that is neither a command nor a path, but nearly the name of a command.
pub(super) fn command(mut words: impl Iterator<Item = OsString>) -> Option<CliError> {
    let first = words.find(|word| word != "--json")?;
    let word = first.to_str().filter(|word| !word.starts_with('-') && !word.contains('/'))?;
    let cli = Cli::command();
    if cli.find_subcommand(word).is_some() || Path::new(word).symlink_metadata().is_ok() {
        return None;
    }
    let near = nearest_name(word, names(&cli))?;
    let error = CliError::usage(format!("there is no command and no folder `{word}`; did you mean `tagli {near}`?"));
    Some(error.hint(format!("to make a project in that folder: tagli new {word}")))
}

fn names(command: &clap::Command) -> impl Iterator<Item = &str> {
    command.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name)
}

/// Replaces the names that clap proposes by those that were probably meant.
/// `words`: the arguments of the program.
pub(super) fn propose(error: &mut clap::Error, words: impl Iterator<Item = OsString>) {
    match error.kind() {
        ErrorKind::InvalidSubcommand => propose_action(error, words),
        ErrorKind::InvalidValue => propose_value(error),
        _ => {}
    }
}

/// Proposes an action of a command such as `runs`.
fn propose_action(error: &mut clap::Error, words: impl Iterator<Item = OsString>) {
    let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand).cloned() else { return };
    let cli = Cli::command();
    let mut parents = words.filter_map(|word| cli.find_subcommand(word));
    let Some(parent) = parents.next() else { return };
    error.remove(ContextKind::SuggestedSubcommand);
    if let Some(near) = nearest_name(&word, names(parent)) {
        error.insert(ContextKind::SuggestedSubcommand, ContextValue::String(near.to_owned()));
    } else if Path::new(&word).is_dir() {
        let parent = parent.get_name();
        let tip = match parent {
            "runs" => format!("an action comes before the folder: tagli runs list {word}, tagli runs watch {word}"),
            _ => format!("an action comes before the folder; tagli help {parent} lists the actions"),
        };
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![StyledStr::from(tip)]));
    }
}

/// Proposes every value that begins with what was typed, such as the layouts of CoNLL for `conll`.
fn propose_value(error: &mut clap::Error) {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidValue) else { return };
    let Some(ContextValue::Strings(valid)) = error.get(ContextKind::ValidValue) else { return };
    let lower = typed.to_lowercase();
    let begun: Vec<String> =
        valid.iter().filter(|value| lower.len() > 1 && value.starts_with(&lower)).cloned().collect();
    if !begun.is_empty() {
        error.insert(ContextKind::SuggestedValue, ContextValue::Strings(begun));
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn words(line: &str) -> impl Iterator<Item = OsString> {
        line.split_whitespace().map(OsString::from)
    }

    fn proposed(line: &str) -> String {
        let mut error = Cli::try_parse_from(words(line)).unwrap_err();
        propose(&mut error, words(line).skip(1));
        error.render().to_string()
    }

    #[test]
    fn a_misspelt_command_is_no_folder() {
        for (typed, meant) in [("exprot", "tagli export"), ("trian food", "tagli train"), ("--json evla", "tagli eval")]
        {
            let error = command(words(typed)).unwrap();
            assert!(error.message.contains(&format!("did you mean `{meant}`?")), "{}", error.message);
        }
        // Commands, existing folders, and names that are like no command.
        for fine in ["export food", "src", "./exprot", "my-reviews", "--as ada exprot", ""] {
            assert!(command(words(fine)).is_none(), "{fine}");
        }
    }

    #[test]
    fn only_an_action_that_was_nearly_typed_is_proposed() {
        assert!(proposed("tagli runs remvoe src").contains("'remove'"));
        let folder = proposed("tagli runs src");
        assert!(folder.contains("tagli runs list src") && !folder.contains("remove"), "{folder}");
        let reviews = proposed("tagli runs my-reviews");
        assert!(!reviews.contains("remove"), "{reviews}");
    }

    #[test]
    fn all_values_that_begin_as_typed_are_proposed() {
        let text = proposed("tagli export food --format conll");
        assert!(text.contains("'conll2003', 'conll2002'"), "{text}");
        assert!(proposed("tagli export food --format jsnol").contains("'jsonl'"));
    }
}
