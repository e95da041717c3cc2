//! Commands of the keys, by context.
//! Whether the command works now is a condition of its row.

pub mod presets;

use std::collections::HashSet;

use super::{
    command::{Command, CommandInfo, Context},
    key::Key,
};

/// One key of one context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Context of the key.
    pub context: Context,
    /// The key.
    pub key: Key,
    /// Command of the key.
    pub command: Command,
}

/// The command table and all keys.
#[derive(Clone, Debug)]
pub struct Keymap {
    rows: Vec<CommandInfo>,
    bindings: Vec<Binding>,
}

/// An entry of the key line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The keys' names, joined by a blank.
    pub keys: String,
    /// The word.
    pub word: &'static str,
}

impl Keymap {
    /// The default keys of a command table.
    pub fn new(rows: Vec<CommandInfo>) -> Self {
        let mut bindings = Vec::new();
        for row in &rows {
            for (context, keys) in &row.keys {
                let keys = keys.split(' ').filter_map(|key| key.parse().ok());
                bindings.extend(keys.map(|key| Binding { context: *context, key, command: row.command }));
            }
        }
        Self { rows, bindings }
    }

    /// The command table, most used commands of a panel first.
    pub fn rows(&self) -> &[CommandInfo] {
        &self.rows
    }

    /// All bindings.
    #[cfg(test)]
    pub fn bindings(&self) -> &[Binding] {
        &self.bindings
    }

    /// The row of a command that can be given in `context`.
    pub fn info(&self, context: Context, command: Command) -> Option<&CommandInfo> {
        let mut rows = self.rows.iter().filter(|row| row.command == command);
        rows.clone().find(|row| row.fits(context)).or_else(|| rows.next())
    }

    /// The commands of `key` in exactly this context, in order of the table.
    pub fn commands(&self, context: Context, key: Key) -> impl Iterator<Item = Command> {
        let here = self.bindings.iter().filter(move |binding| binding.context == context && binding.key == key);
        here.map(|binding| binding.command)
    }

    /// The keys that give `command` in `context`.
    pub fn keys(&self, context: Context, command: Command) -> impl Iterator<Item = &Binding> {
        self.bindings.iter().filter(move |binding| {
            let here = binding.context == context || binding.context == Context::Everywhere;
            here && binding.command == command
        })
    }

    /// All keys of `context` with what they do, for the help; those of the panel itself first.
    /// The keys' names and a sentence. Rows with the same sentence, one for each digit, become one line.
    pub fn help(&self, context: Context) -> Vec<(String, &'static str)> {
        let mut lines: Vec<(String, &'static str)> = Vec::new();
        let mut rows: Vec<&CommandInfo> = self.rows.iter().filter(|row| row.fits(context)).collect();
        rows.sort_by_key(|row| !row.keys.iter().any(|(of, _)| *of == context));
        // Several panels may have the same move in a text field.
        let mut known = HashSet::new();
        rows.retain(|row| known.insert((row.command, row.doc)));
        for row in rows {
            let keys: Vec<String> = self.keys(context, row.command).map(|binding| binding.key.to_string()).collect();
            let Some(last) = keys.last() else { continue };
            match lines.last_mut() {
                Some((range, doc)) if *doc == row.doc => {
                    let first = range.split_once("..").map_or(range.as_str(), |(first, _)| first);
                    let first = first.rsplit(' ').next().unwrap_or_default();
                    *range = format!("{first}..{}", last.rsplit('-').next().unwrap_or_default());
                }
                _ => lines.push((keys.join(" "), row.doc)),
            }
        }
        lines
    }
}
