//! Settings of the program in layers of TOML.
//! Embedded defaults, user, project, command line. Later layers win.
//!
//! No I/O: the caller passes the texts and their names. Every mistake is an error with file and line; an unknown key is
//! never ignored, because it is usually a misspelt one.

mod explain;
pub mod keys;
mod live;

pub use explain::{Explained, explain};
pub use live::LiveSettings;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::text::{Grid, lines::LineIndex, names::nearest_name, width::clean};

/// The embedded defaults, with a comment on every key.
pub const DEFAULTS: &str = include_str!("default.toml");

/// Source of settings.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'t> {
    /// Name in error messages: a path, or `command line`.
    pub name: &'t str,
    /// TOML text.
    pub text: &'t str,
}

/// Effective settings.
///
/// The compiler refuses a setting that the program does not read: it is an unused field.
#[deny(dead_code)]
#[derive(Clone, Debug)]
pub struct Config {
    /// Name of the theme.
    pub(crate) theme: String,
    /// Whether to draw with ASCII only.
    pub(crate) ascii: bool,
    /// Whether to draw for a screen reader.
    pub(crate) plain: bool,
    /// Whether to handle the mouse.
    pub(crate) mouse: bool,
    /// Name of the annotator; `None` for the login name.
    pub(crate) annotator: Option<String>,
    /// Rule by which new texts are cut into words.
    pub(crate) grid: Grid,
    /// Frames per second for running jobs over SSH, 1 to 30.
    pub(crate) frames_over_ssh: u32,
    /// Device for trainings and predictions: `auto` or the name of a device.
    pub(crate) device: String,
    /// Settings of the live model.
    pub(crate) live: LiveSettings,
}

/// Reason why settings cannot be read, with layer and line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The text is not TOML.
    #[error("{file}:{line}: invalid TOML: {message}")]
    Syntax {
        /// Name of the layer.
        file: String,
        /// Line of the mistake.
        line: usize,
        /// Message of the TOML parser.
        message: String,
    },
    /// The key is unknown.
    #[error("{file}:{line}: unknown setting `{key}`; {hint}")]
    UnknownKey {
        /// Name of the layer.
        file: String,
        /// Line of the key.
        line: usize,
        /// Key, as in the file.
        key: String,
        /// Suggestion: the nearest setting, or all of them.
        hint: String,
    },
    /// The value is invalid for its key.
    #[error("{file}:{line}: `{key}` must be {expected}, not {found}")]
    Value {
        /// Name of the layer.
        file: String,
        /// Line of the value.
        line: usize,
        /// The key.
        key: &'static str,
        /// Description of valid values.
        expected: &'static str,
        /// Value in the file.
        found: String,
    },
}

/// Settings while layers are applied.
/// Assigning a field counts as using it, so this is not [`Config`] itself.
#[derive(Default)]
struct Draft {
    theme: String,
    ascii: bool,
    plain: bool,
    mouse: bool,
    annotator: Option<String>,
    grid: Grid,
    frames_over_ssh: u32,
    device: String,
    live: LiveSettings,
}

impl Config {
    /// Applies layers, lowest first, to the defaults.
    ///
    /// # Errors
    /// The first mistake of the lowest layer with a mistake.
    pub fn layered(layers: &[Layer<'_>]) -> Result<Self, ConfigError> {
        let mut draft = Draft::default();
        draft.apply(Layer { name: "default.toml", text: DEFAULTS })?;
        for layer in layers {
            draft.apply(*layer)?;
        }
        let Draft { theme, ascii, plain, mouse, annotator, grid, frames_over_ssh, device, live } = draft;
        Ok(Self { theme, ascii, plain, mouse, annotator, grid, frames_over_ssh, device, live })
    }
}

impl Draft {
    fn apply(&mut self, layer: Layer<'_>) -> Result<(), ConfigError> {
        let table = DeTable::parse(layer.text).map_err(|error| ConfigError::Syntax {
            file: clean(layer.name).into_owned(),
            line: line(layer.text, error.span().map_or(0, |span| span.start)),
            message: clean(error.message()).into_owned(),
        })?;
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            self.set(layer, key.get_ref(), key.span().start, value)?;
        }
        Ok(())
    }

    fn set(&mut self, layer: Layer<'_>, key: &str, at: usize, value: &Spanned<DeValue<'_>>) -> Result<(), ConfigError> {
        let Some(known) = KEYS.iter().find(|known| known.name == key) else {
            let (file, line) = (clean(layer.name).into_owned(), line(layer.text, at));
            return Err(ConfigError::UnknownKey { file, line, key: clean(key).into_owned(), hint: hint(key) });
        };
        (known.set)(self, value.get_ref()).ok_or_else(|| ConfigError::Value {
            file: clean(layer.name).into_owned(),
            line: line(layer.text, value.span().start),
            key: known.name,
            expected: known.expected,
            found: describe(value.get_ref()),
        })
    }
}

/// Setting: its key, a description of valid values, and a function that sets it.
/// The function returns `None` for an invalid value.
struct Key {
    name: &'static str,
    expected: &'static str,
    set: fn(&mut Draft, &DeValue<'_>) -> Option<()>,
}

const KEYS: [Key; 15] = [
    Key { name: "theme", expected: "the name of a theme", set: |draft, value| put(&mut draft.theme, name(value)) },
    Key { name: "ascii", expected: "true or false", set: |draft, value| put(&mut draft.ascii, value.as_bool()) },
    Key { name: "plain", expected: "true or false", set: |draft, value| put(&mut draft.plain, value.as_bool()) },
    Key { name: "mouse", expected: "true or false", set: |draft, value| put(&mut draft.mouse, value.as_bool()) },
    Key {
        name: "annotator",
        expected: "a name in quotes",
        set: |draft, value| {
            let text = value.as_str()?.trim();
            put(&mut draft.annotator, Some((!text.is_empty()).then(|| text.to_owned())))
        },
    },
    Key {
        name: "grid",
        expected: "natural, space, treebank or bert",
        set: |draft, value| put(&mut draft.grid, value.as_str().and_then(|text| text.parse().ok())),
    },
    Key {
        name: "frames-over-ssh",
        expected: "a whole number from 1 to 30",
        set: |draft, value| {
            let frames = whole(value).and_then(|number| u32::try_from(number).ok());
            put(&mut draft.frames_over_ssh, frames.filter(|frames| (1..=30).contains(frames)))
        },
    },
    Key { name: "device", expected: "the name of a device", set: |draft, value| put(&mut draft.device, name(value)) },
    Key { name: "learn", expected: "true or false", set: |draft, value| put(&mut draft.live.learns, value.as_bool()) },
    Key {
        name: "learn-every",
        expected: "a whole number from 1 to 1000",
        set: |draft, value| put(&mut draft.live.every, count(value, 1..=1000)),
    },
    Key {
        name: "learn-below-load",
        expected: "a number from 0 to 100",
        set: |draft, value| put(&mut draft.live.max_load, number(value, 100.0)),
    },
    Key {
        name: "learn-on-battery",
        expected: "true or false",
        set: |draft, value| put(&mut draft.live.on_battery, value.as_bool()),
    },
    Key {
        name: "hold-back",
        expected: "a whole number from 0 to 1000",
        set: |draft, value| put(&mut draft.live.held_back, count(value, 0..=1000)),
    },
    Key {
        name: "take-above",
        expected: "a number from 0 to 1",
        set: |draft, value| {
            #[allow(clippy::cast_possible_truncation, reason = "a score from 0 to 1")]
            put(&mut draft.live.take_above, number(value, 1.0).map(|score| score as f32))
        },
    },
    Key {
        name: "next-document",
        expected: "in-order, random, least-sure, informative or disagreement",
        set: |draft, value| put(&mut draft.live.next, value.as_str().and_then(|text| text.parse().ok())),
    },
];

fn put<T>(field: &mut T, value: Option<T>) -> Option<()> {
    *field = value?;
    Some(())
}

fn name(value: &DeValue<'_>) -> Option<String> {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn whole(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn count(value: &DeValue<'_>, allowed: std::ops::RangeInclusive<usize>) -> Option<usize> {
    whole(value).and_then(|number| usize::try_from(number).ok()).filter(|number| allowed.contains(number))
}

/// A number from 0 to `most`, with or without fraction.
fn number(value: &DeValue<'_>, most: f64) -> Option<f64> {
    let float = value.as_float().and_then(|float| float.as_str().parse().ok());
    #[allow(clippy::cast_precision_loss, reason = "larger numbers are refused")]
    let number = float.or_else(|| whole(value).map(|number| number as f64));
    number.filter(|number| (0.0..=most).contains(number))
}

/// Describes a value for an error message.
fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("`{}`", clean(text)),
        DeValue::Integer(number) => format!("`{}`", clean(number.as_str())),
        DeValue::Float(number) => format!("`{}`", clean(number.as_str())),
        DeValue::Boolean(truth) => format!("`{truth}`"),
        other => format!("a value of type {}", other.type_str()),
    }
}

fn line(text: &str, at: usize) -> usize {
    LineIndex::new(text).line(at)
}

/// Suggests the setting that was probably meant, or lists all.
fn hint(key: &str) -> String {
    match nearest_name(key, KEYS.iter().map(|known| known.name)) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("use one of {}", KEYS.map(|known| known.name).join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::spans::NextDocument;

    fn with(text: &str) -> Result<Config, ConfigError> {
        Config::layered(&[Layer { name: "user.toml", text }])
    }

    fn message(text: &str) -> String {
        with(text).unwrap_err().to_string()
    }

    #[test]
    fn the_default_file_has_every_setting() {
        let config = Config::layered(&[]).unwrap();
        assert_eq!((config.theme.as_str(), config.grid, config.frames_over_ssh), ("ansi", Grid::Natural, 2));
        assert_eq!((config.annotator, config.device.as_str()), (None, "auto"));
        assert_eq!(config.live, LiveSettings::default());
        let table = DeTable::parse(DEFAULTS).unwrap();
        for key in &KEYS {
            assert!(table.get_ref().keys().any(|name| name.get_ref() == key.name), "{}", key.name);
        }
    }

    #[test]
    fn later_layers_win() {
        let user = Layer { name: "user.toml", text: "theme = \"mono\"\nannotator = \"ana\"" };
        let flags = Layer { name: "command line", text: "theme = 'truecolor-dark'\nframes-over-ssh = 0x2" };
        let config = Config::layered(&[user, flags]).unwrap();
        assert_eq!(
            (config.theme.as_str(), config.annotator.as_deref(), config.frames_over_ssh),
            ("truecolor-dark", Some("ana"), 2)
        );
    }

    #[test]
    fn mistakes_are_reported_with_file_and_line() {
        assert_eq!(message("\n\nthme = 1"), "user.toml:3: unknown setting `thme`; did you mean `theme`?");
        assert_eq!(
            message("frames_over_shs = 1"),
            "user.toml:1: unknown setting `frames_over_shs`; did you mean `frames-over-ssh`?"
        );
        assert!(message("wallpaper = 1").ends_with(
            "use one of theme, ascii, plain, mouse, annotator, grid, frames-over-ssh, device, learn, \
                            learn-every, learn-below-load, learn-on-battery, hold-back, take-above, next-document"
        ));
        assert_eq!(message("ascii = 'yes'"), "user.toml:1: `ascii` must be true or false, not `yes`");
        assert_eq!(
            message("ascii = false\ngrid = 'words'"),
            "user.toml:2: `grid` must be natural, space, treebank or bert, not `words`"
        );
        assert_eq!(
            message("frames-over-ssh = 31"),
            "user.toml:1: `frames-over-ssh` must be a whole number from 1 to 30, not `31`"
        );
        assert_eq!(
            message("device = []"),
            "user.toml:1: `device` must be the name of a device, not a value of type array"
        );
        assert!(message("ascii = true\ntheme =").starts_with("user.toml:2: invalid TOML: "));
    }

    #[test]
    fn settings_of_the_live_model_are_read() {
        let text = "learn = false\nlearn-every = 8\nlearn-below-load = 2\nhold-back = 0\ntake-above = .5";
        assert!(message(text).starts_with("user.toml:5: invalid TOML"), "TOML wants a digit before the point");
        let live =
            with(&text.replace(".5", "0.5\nnext-document = 'least-sure'\nlearn-on-battery = true")).unwrap().live;
        let expected = LiveSettings {
            learns: false,
            every: 8,
            max_load: 2.0,
            on_battery: true,
            held_back: 0,
            take_above: 0.5,
            next: NextDocument::LeastSure,
        };
        assert_eq!(live, expected);
        for wrong in
            ["learn-every = 0", "hold-back = -1", "take-above = 1.5", "take-above = nan", "learn-below-load = inf"]
        {
            assert!(message(wrong).contains("must be"), "{wrong}");
        }
    }

    #[test]
    fn messages_are_safe_to_show() {
        let text = "\"\\u001b[2J\" = 1";
        assert!(!message(text).contains('\u{1b}'));
        assert!(!message("theme = \"\\u001b[2J\"\nascii = \"\\u001b\"").contains('\u{1b}'));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}", known in "(theme|device|ascii) = [\"a-z0-9\\[\n]{0,9}") {
            let _ = with(&text);
            let _ = with(&known);
        }
    }
}
