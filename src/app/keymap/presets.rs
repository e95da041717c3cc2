//! The keymap in use.
//! It is the default keys, changed by a preset, changed by the user's `keys.toml`.
//!
//! A line that would be a trap is refused with file and line: a key that never arrives or is given twice, a command where it
//! does not belong, a digit that no longer gives its label, a screen without a way out.
//! Digits stay with the labels because the label bar shows them; other keys may give labels as well (`label-3`).

use crate::{
    app::{
        command::{Command, CommandInfo, Context},
        key::{Code, Key},
    },
    config::{
        Layer,
        keys::{self, KeyFile, KeyFileError, KeyLine},
    },
    text::{names::nearest_name, width::clean},
};

use super::{Binding, Keymap};

/// Presets: the name given by `preset`, and the file.
/// The files are written as users write theirs.
pub const PRESETS: &[(&str, &str)] = &[("vim", include_str!("vim.toml")), ("arrows", include_str!("arrows.toml"))];

/// Written in place of a command, takes the meaning of a key away.
const NONE: &str = "none";

/// Maximum number of lines of a file: more than there are keys on any keyboard. Each line is compared with all others.
const MOST_LINES: usize = 1_000;

/// Commands for which every screen must have a key, and why.
const NEEDED: [(Command, &str); 4] = [
    (Command::Back, "what is in front could not be closed"),
    (Command::Help, "nobody could look up the keys"),
    (Command::Palette, "what has no key is found there"),
    (Command::Quit, "nobody could leave"),
];

/// Characters that terminals send with control as another key.
const SENT_AS: [(char, &str); 3] = [('i', "tab"), ('m', "enter"), ('[', "esc")];

/// Reason why keys are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// A line that cannot be carried out.
    #[error("{file}:{line}: {problem}")]
    Line {
        /// Name of the file.
        file: String,
        /// The line, counted from 1.
        line: usize,
        /// The problem, with a remedy if there is one.
        problem: String,
    },
    /// An embedded preset is no file of keys.
    #[error(transparent)]
    Preset(#[from] KeyFileError),
}

/// A line whose names are known.
#[derive(Clone, Copy)]
struct Known {
    line: usize,
    context: Context,
    key: Key,
    command: Option<Command>,
}

/// A command that needs a key in a context.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Need {
    context: Context,
    command: Command,
    why: &'static str,
}

/// Returns the keymap that results from default keys, preset and file.
/// `file` names the preset and comes with its own name, which errors show.
///
/// # Errors
/// The first line that names something unknown or would be a trap.
pub fn keymap(defaults: Keymap, file: Option<(&str, &KeyFile)>) -> Result<Keymap, KeysError> {
    let mut keymap = defaults;
    let Some((name, file)) = file else { return Ok(keymap) };
    if let Some((preset, line)) = &file.preset {
        let known = PRESETS.iter().find(|(known, _)| known == preset);
        let (known, text) = known.ok_or_else(|| at(name, *line, no_preset(preset)))?;
        let title = format!("preset {known}");
        let lines = keys::read(Layer { name: &title, text })?.bindings;
        lay(&mut keymap, &title, &lines)?;
    }
    lay(&mut keymap, name, &file.bindings)?;
    Ok(keymap)
}

fn at(file: &str, line: usize, problem: String) -> KeysError {
    KeysError::Line { file: clean(file).into_owned(), line, problem }
}

/// Applies the lines of a file to `keymap`.
fn lay(keymap: &mut Keymap, file: &str, lines: &[KeyLine]) -> Result<(), KeysError> {
    if let Some(line) = lines.get(MOST_LINES) {
        return Err(at(file, line.line, format!("a file has at most {MOST_LINES} keys; remove some")));
    }
    let mut known: Vec<Known> = Vec::new();
    for line in lines {
        let next = resolve(keymap.rows(), line).map_err(|problem| at(file, line.line, problem))?;
        if let Some(first) = known.iter().find(|first| (first.context, first.key) == (next.context, next.key)) {
            let (again, first) = (clean(&line.key), first.line);
            let problem = format!("`{again}` is the key of line {first} in another spelling; a key gives one command");
            return Err(at(file, line.line, problem));
        }
        known.push(next);
    }
    // Commands without a key, and since which line: a later line may give them one again.
    let mut lost: Vec<(Need, usize)> = Vec::new();
    for line in &known {
        put(keymap, line);
        lost.retain(|(need, _)| !need.is_met(keymap));
        let news = needs().filter(|need| !need.is_met(keymap) && lost.iter().all(|(known, _)| known != need));
        let news: Vec<_> = news.map(|need| (need, line.line)).collect();
        lost.extend(news);
    }
    if let Some((Need { context, command, why }, line)) = lost.first() {
        let command = keymap.info(*context, *command).map_or("", |row| row.name);
        let problem = format!("this leaves no key for `{command}` in `{}`, and {why}", context.name());
        return Err(at(file, *line, problem));
    }
    known.iter().try_for_each(|line| stays_away(keymap, line).map_err(|problem| at(file, line.line, problem)))
}

/// Finds what a line names, and checks that it can be so.
fn resolve(rows: &[CommandInfo], line: &KeyLine) -> Result<Known, String> {
    let context: Context = line.context.parse().map_err(|_| no_context(&line.context))?;
    let key: Key = line.key.parse().map_err(|_| no_key(rows, &line.key))?;
    let command = match line.command.as_str() {
        NONE => None,
        name => Some(rows.iter().find(|row| row.name == name).ok_or_else(|| no_command(rows, name))?.command),
    };
    let place = context.name();
    if !arrives(key, context) {
        return Err(format!(
            "`{key}` never arrives in `{place}`: there it is text or a label; `ctrl-` and `alt-` keys do"
        ));
    }
    if let Some((_, sent)) = SENT_AS.iter().find(|(c, _)| key.ctrl && key.code == Code::Char(*c)) {
        return Err(format!("`{key}` never arrives: terminals send the same for it as for {sent}"));
    }
    if context == Context::Tag && matches!(key.code, Code::Char('0'..='9')) && key == Key::plain(key.code) {
        return Err(format!("`{key}` cannot be a command in `{place}`: digits give labels, as the label bar says"));
    }
    // In `everywhere` belongs only what can be done everywhere: some menus take any other command for their answer.
    let of_command = rows.iter().filter(|row| Some(row.command) == command);
    if command.is_some() && !of_command.clone().any(|row| row.fits(context)) {
        let places: Vec<String> =
            of_command.flat_map(CommandInfo::contexts).map(|place| format!("`{}`", place.name())).collect();
        return Err(format!("`{}` cannot be given in `{place}`, but in {}", line.command, places.join(", ")));
    }
    Ok(Known { line: line.line, context, key, command })
}

/// Whether the key can be a command there.
/// It is not text, nor the letter of a label.
fn arrives(key: Key, context: Context) -> bool {
    let letters = context.is_typing() || context == Context::Labels;
    !letters || key.typed().is_none()
}

/// Gives a key its meaning, or none.
fn put(keymap: &mut Keymap, line: &Known) {
    let Known { context, key, command, .. } = *line;
    keymap.bindings.retain(|binding| (binding.context, binding.key) != (context, key));
    let Some(command) = command else { return };
    keymap.bindings.push(Binding { context, key, command });
}

/// Whether a key whose meaning was taken away in a context has none there now.
fn stays_away(keymap: &Keymap, line: &Known) -> Result<(), String> {
    let common = |binding: &Binding| binding.context == Context::Everywhere && binding.key == line.key;
    if line.command.is_some() || !keymap.bindings.iter().any(common) {
        return Ok(());
    }
    let (key, place) = (line.key, line.context.name());
    Err(format!("`{key}` has its meaning in `{place}` from `everywhere`, and only there it can be taken away"))
}

/// A way back from everything, and the rest on each screen.
fn needs() -> impl Iterator<Item = Need> {
    let places = Context::ALL.iter().copied().filter(|context| *context != Context::Everywhere);
    places.flat_map(|context| {
        let screen = !context.is_overlay() && !context.is_typing();
        let here = NEEDED.iter().filter(move |(command, _)| screen || *command == Command::Back);
        here.map(move |(command, why)| Need { context, command: *command, why })
    })
}

impl Need {
    /// Whether some key gives the command.
    /// One that arrives there and has no other meaning over it.
    fn is_met(&self, keymap: &Keymap) -> bool {
        let place = self.context;
        let own = |key| keymap.bindings.iter().any(|binding| (binding.context, binding.key) == (place, key));
        keymap
            .keys(place, self.command)
            .any(|binding| arrives(binding.key, place) && (binding.context == place || !own(binding.key)))
    }
}

fn no_preset(name: &str) -> String {
    let near = nearest_name(name, PRESETS.iter().map(|(name, _)| *name));
    let hint = meant(near, || all(PRESETS.iter().map(|(name, _)| *name)));
    format!("unknown preset `{}`; {hint}", clean(name))
}

fn no_context(name: &str) -> String {
    let near = nearest_name(name, Context::ALL.iter().copied().map(Context::name));
    let hint = meant(near, || all(Context::ALL.iter().copied().map(Context::name)));
    format!("unknown context `{}`; {hint}", clean(name))
}

fn no_command(rows: &[CommandInfo], name: &str) -> String {
    let near = nearest_name(name, rows.iter().map(|row| row.name).chain([NONE]));
    let hint = meant(near, || "the palette shows them by name".to_owned());
    format!("unknown command `{}`; {hint}", clean(name))
}

fn no_key(rows: &[CommandInfo], name: &str) -> String {
    let known = rows.iter().flat_map(|row| &row.keys).flat_map(|(_, keys)| keys.split(' '));
    let translated = translated(name).map(|key| key.to_string());
    let near = translated.as_deref().or_else(|| nearest_name(name, known));
    let written = "keys are written like `w`, `T`, `space`, `ctrl-r`, `shift-tab`, `alt-x`, `f1`";
    format!("unknown key `{}`; {}", clean(name), meant(near, || written.to_owned()))
}

fn meant(near: Option<&str>, otherwise: impl FnOnce() -> String) -> String {
    near.map_or_else(otherwise, |name| format!("did you mean `{name}`?"))
}

fn all(names: impl Iterator<Item = &'static str>) -> String {
    format!("use one of {}", names.collect::<Vec<_>>().join(", "))
}

/// The key that other programs write like this: `C-r`, `<C-r>`, `Ctrl+R`, `Escape`.
fn translated(name: &str) -> Option<Key> {
    let plain = name.trim().trim_start_matches('<').trim_end_matches('>').replace(['+', '_', ' '], "-");
    let (held, last) = plain.rsplit_once('-').unwrap_or(("", &plain));
    let (mut ctrl, mut alt, mut shift) = (false, false, false);
    for word in held.split('-').filter(|word| !word.is_empty()) {
        match word.to_lowercase().as_str() {
            "ctrl" | "control" | "c" => ctrl = true,
            "alt" | "meta" | "option" | "a" | "m" => alt = true,
            "shift" | "s" => shift = true,
            _ => return None,
        }
    }
    let word = last.to_lowercase();
    let word = match word.as_str() {
        "return" | "cr" | "ret" => "enter",
        "escape" => "esc",
        "del" => "delete",
        "ins" => "insert",
        "bs" => "backspace",
        "pgup" => "pageup",
        "pgdn" | "pgdown" => "pagedown",
        // A letter alone keeps its case.
        _ if last.chars().nth(1).is_none() => last,
        word => word,
    };
    Some(Key::new(word.parse::<Key>().ok()?.code, ctrl, alt, shift))
}

#[cfg(test)]
mod tests;
