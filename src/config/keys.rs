//! Parses the user's key bindings, `keys.toml`, with the line of each entry.
//!
//! No I/O. The names of contexts, keys and commands are not checked here: a higher floor knows them and reports mistakes
//! with the lines that are kept here.

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::text::{lines::LineIndex, names::nearest_name, width::clean};

use super::{ConfigError, Layer, describe, line};

/// Content of a file of key bindings, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyFile {
    /// Name of the preset that it extends, with its line.
    pub preset: Option<(String, usize)>,
    /// One entry per key.
    pub bindings: Vec<KeyLine>,
}

/// Key binding: in `context`, `key` runs `command`. The names are as in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyLine {
    /// Line of the key, counted from 1.
    pub line: usize,
    /// Name of its table.
    pub context: String,
    /// Key.
    pub key: String,
    /// Command.
    pub command: String,
}

/// Reason why a file of key bindings cannot be read, with file and line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// A mistake that any file of settings can have.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The command of a key is not a text.
    #[error("{file}:{line}: `{key}` must be the name of one command in quotes, not {found}")]
    Command {
        /// Name of the file.
        file: String,
        /// Line of the value.
        line: usize,
        /// The key.
        key: String,
        /// Value in the file.
        found: String,
    },
}

/// Parses a file of key bindings.
///
/// # Errors
/// The first mistake: the text is not TOML, or contains something other than a preset and tables of keys.
pub fn read(layer: Layer<'_>) -> Result<KeyFile, KeyFileError> {
    let table = DeTable::parse(layer.text).map_err(|error| ConfigError::Syntax {
        file: clean(layer.name).into_owned(),
        line: line(layer.text, error.span().map_or(0, |span| span.start)),
        message: clean(error.message()).into_owned(),
    })?;
    let mut file = KeyFile::default();
    let lines = LineIndex::new(layer.text);
    for (name, at, value) in in_order(table.get_ref()) {
        match value.get_ref() {
            DeValue::Table(keys) => bindings(layer, &lines, name, keys, &mut file.bindings)?,
            _ if name == "preset" => file.preset = Some(preset(layer, value)?),
            _ => {
                let (file, line) = (clean(layer.name).into_owned(), line(layer.text, at));
                let key = clean(name).into_owned();
                return Err(ConfigError::UnknownKey { file, line, key, hint: hint(name) }.into());
            }
        }
    }
    // Entries of a table may be mixed with those of others (`tag.x = ..`, `help.x = ..`, `tag.y = ..`).
    file.bindings.sort_by_key(|binding| binding.line);
    Ok(file)
}

/// Returns the entries of a table in file order: name, position, value.
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t str, usize, &'t Spanned<DeValue<'i>>)> {
    let entries = table.iter().map(|(key, value)| (&**key.get_ref(), key.span().start, value));
    let mut entries: Vec<_> = entries.collect();
    entries.sort_by_key(|(_, at, _)| *at);
    entries
}

fn preset(layer: Layer<'_>, value: &Spanned<DeValue<'_>>) -> Result<(String, usize), ConfigError> {
    let line = line(layer.text, value.span().start);
    let name = value.get_ref().as_str().map(|name| (name.trim().to_owned(), line));
    name.ok_or_else(|| ConfigError::Value {
        file: clean(layer.name).into_owned(),
        line,
        key: "preset",
        expected: "the name of a preset in quotes",
        found: describe(value.get_ref()),
    })
}

fn bindings(
    layer: Layer<'_>,
    lines: &LineIndex,
    context: &str,
    keys: &DeTable<'_>,
    found: &mut Vec<KeyLine>,
) -> Result<(), KeyFileError> {
    for (key, at, value) in in_order(keys) {
        let command = value.get_ref().as_str().ok_or_else(|| KeyFileError::Command {
            file: clean(layer.name).into_owned(),
            line: lines.line(value.span().start),
            key: clean(key).into_owned(),
            found: describe(value.get_ref()),
        })?;
        let (context, key, command) = (context.to_owned(), key.to_owned(), command.trim().to_owned());
        found.push(KeyLine { line: lines.line(at), context, key, command });
    }
    Ok(())
}

/// Suggestion for a name outside all tables.
/// A misspelt `preset`, or a key without its context.
fn hint(name: &str) -> String {
    match nearest_name(name, ["preset"]) {
        Some(known) => format!("did you mean `{known}`?"),
        None => "put keys below the name of their context, as in `[tag]`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::growth::assert_linear;

    fn with(text: &str) -> Result<KeyFile, KeyFileError> {
        read(Layer { name: "keys.toml", text })
    }

    fn message(text: &str) -> String {
        with(text).unwrap_err().to_string()
    }

    fn shown(text: &str) -> Vec<String> {
        let shown = |KeyLine { line, context, key, command }: KeyLine| format!("{line} {context} {key} {command}");
        with(text).unwrap().bindings.into_iter().map(shown).collect()
    }

    #[test]
    fn a_file_is_read_in_its_order_with_its_lines() {
        let text = "preset = 'vim' # mine\n\n[tag]\n\"alt-d\" = \"done\"\ne = 'none'\n\n[help]\nctrl-d = 'page-down'\n";
        assert_eq!(with(text).unwrap().preset, Some(("vim".to_owned(), 1)));
        assert_eq!(shown(text), ["4 tag alt-d done", "5 tag e none", "8 help ctrl-d page-down"]);
        assert_eq!(
            shown("tag.z = 'done'\nhelp.a = 'none'\ntag.\"]\" = 'none'"),
            ["1 tag z done", "2 help a none", "3 tag ] none"]
        );
        assert_eq!(with("# nothing yet\n[tag]\n").unwrap(), KeyFile::default());
    }

    #[test]
    fn windows_line_ends_and_unfinished_last_lines_are_read() {
        assert_eq!(shown("[tag]\r\n'\u{e9}' = 'done'\r\n\"\\\"\" = 'undo'"), ["2 tag \u{e9} done", "3 tag \" undo"]);
    }

    #[test]
    fn mistakes_are_reported_with_file_and_line() {
        assert!(message("[tag]\ne =").starts_with("keys.toml:2: invalid TOML: "));
        assert!(message("[tag]\ne = 'done'\ne = 'undo'").starts_with("keys.toml:3: invalid TOML: "));
        assert_eq!(message("\npresetz = 'vim'"), "keys.toml:2: unknown setting `presetz`; did you mean `preset`?");
        assert_eq!(
            message("alt-d = 'done'"),
            "keys.toml:1: unknown setting `alt-d`; put keys below the name of their context, as in `[tag]`"
        );
        assert_eq!(message("preset = 1"), "keys.toml:1: `preset` must be the name of a preset in quotes, not `1`");
        assert_eq!(
            message("[tag]\n\"ctrl-k\" = [\n'lengthen']"),
            "keys.toml:2: `ctrl-k` must be the name of one command in quotes, not a value of type array"
        );
        assert!(message("[tag.more]\nx = 'done'").starts_with("keys.toml:1: `more` must be the name of one command"));
    }

    #[test]
    fn a_long_file_is_read_in_linear_time() {
        let file = |n: usize| format!("[tag]\n{}", (0..n).map(|at| format!("k{at} = 'done'\n")).collect::<String>());
        assert_linear(2_000, file, |text| with(text));
    }

    #[test]
    fn messages_are_safe_to_show() {
        for text in ["\"\\u001b[2J\" = 1", "[tag]\n\"\\u001b[2J\" = 1", "preset = [\"\\u001b\"]"] {
            assert!(!message(text).contains('\u{1b}'), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}", near in "(preset|\\[tag\\]|a|\"[\\\\x]\"|=|'b'|\\[|\\{|\\.|\n){0,12}") {
            let _ = with(&text);
            let _ = with(&near);
        }
    }
}
