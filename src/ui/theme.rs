//! Styles by role.
//! A theme is a TOML file that a user could have written; four come with the program.

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

/// A style for every role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Theme {
    /// Plain text.
    pub text: Style,
    /// Less important text.
    pub muted: Style,
    /// Headings and the current choice.
    pub accent: Style,
    /// Good state.
    pub ok: Style,
    /// Warnings.
    pub warn: Style,
    /// Errors.
    pub bad: Style,
    /// Selected words and rows.
    pub selection: Style,
    /// The word under the cursor.
    pub cursor: Style,
    /// Hairlines.
    pub border: Style,
    /// What suggestions have beside the style of their label.
    suggestion: Style,
    labels: Vec<Style>,
    series: Vec<Style>,
}

/// Mistake in a theme file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// The file is not TOML, or a key is unknown or missing.
    #[error("the theme cannot be read: {0}")]
    Toml(String),
    /// A word of a style is unknown.
    #[error(
        "`{word}` in `{style}` is neither a colour (such as red, light-blue, #ffcc00) nor one of bold, dim, \
         italic, underlined and reversed"
    )]
    Word {
        /// Unknown word.
        word: String,
        /// Style that contains it.
        style: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    text: String,
    muted: String,
    accent: String,
    ok: String,
    warn: String,
    bad: String,
    selection: String,
    cursor: String,
    border: String,
    suggestion: String,
    labels: Vec<String>,
    series: Vec<String>,
}

/// The themes that come with the program: name and file.
pub const BUILT_IN: [(&str, &str); 4] = [
    ("ansi", include_str!("themes/ansi.toml")),
    ("mono", include_str!("themes/mono.toml")),
    ("truecolor-dark", include_str!("themes/truecolor-dark.toml")),
    ("truecolor-light", include_str!("themes/truecolor-light.toml")),
];

impl Theme {
    /// Returns a theme that comes with the program.
    pub fn named(name: &str) -> Option<Self> {
        let (_, file) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        Self::parse(file).ok()
    }

    /// Reads a theme.
    ///
    /// # Errors
    /// It is no TOML, a role is missing or unknown, or a style has an unknown word.
    pub fn parse(toml: &str) -> Result<Self, ThemeError> {
        let file: File = toml::from_str(toml).map_err(|error| ThemeError::Toml(error.to_string()))?;
        let list = |styles: &[String]| styles.iter().map(|text| style(text)).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            text: style(&file.text)?,
            muted: style(&file.muted)?,
            accent: style(&file.accent)?,
            ok: style(&file.ok)?,
            warn: style(&file.warn)?,
            bad: style(&file.bad)?,
            selection: style(&file.selection)?,
            cursor: style(&file.cursor)?,
            border: style(&file.border)?,
            suggestion: style(&file.suggestion)?,
            labels: list(&file.labels)?,
            series: list(&file.series)?,
        })
    }

    /// The style of the label with this colour role.
    pub fn label(&self, color: u8) -> Style {
        round(&self.labels, usize::from(color))
    }

    /// The style of a suggestion of the label with this colour role: as visible as a span, and told from it by more than
    /// the colour.
    pub fn suggestion(&self, color: u8) -> Style {
        self.label(color).patch(self.suggestion)
    }

    /// The style of the curve with this number.
    pub fn series(&self, number: usize) -> Style {
        round(&self.series, number)
    }
}

fn round(styles: &[Style], at: usize) -> Style {
    styles.get(at % styles.len().max(1)).copied().unwrap_or_default()
}

fn style(text: &str) -> Result<Style, ThemeError> {
    let mut style = Style::new();
    let mut ground = false;
    for word in text.split_whitespace() {
        style = match (word, color(word)) {
            ("on", _) => {
                ground = true;
                continue;
            }
            (_, Some(color)) if ground => style.bg(color),
            (_, Some(color)) => style.fg(color),
            ("bold", _) => style.add_modifier(Modifier::BOLD),
            ("dim", _) => style.add_modifier(Modifier::DIM),
            ("italic", _) => style.add_modifier(Modifier::ITALIC),
            ("underlined", _) => style.add_modifier(Modifier::UNDERLINED),
            ("reversed", _) => style.add_modifier(Modifier::REVERSED),
            _ => return Err(ThemeError::Word { word: word.to_owned(), style: text.to_owned() }),
        };
        ground = false;
    }
    Ok(style)
}

fn color(word: &str) -> Option<Color> {
    let names = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "gray"];
    let (plain, light) = (word.strip_prefix("light-").unwrap_or(word), word.starts_with("light-"));
    if names.contains(&plain) || word.starts_with('#') && word.len() == 7 {
        return if light { format!("light{plain}").parse().ok() } else { word.parse().ok() };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_themes_that_come_along_are_whole() {
        for (name, file) in BUILT_IN {
            let theme = Theme::parse(file).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(theme.labels.len() >= 12 && theme.series.len() >= 4, "{name}");
            for (at, label) in theme.labels.iter().enumerate() {
                assert!(name == "mono" || !theme.labels[..at].contains(label), "{name}: label {at} looks like another");
                let suggestion = theme.suggestion(u8::try_from(at).unwrap());
                assert!(suggestion != *label && suggestion.fg == label.fg, "{name}: label {at}");
                assert!(!suggestion.add_modifier.contains(Modifier::DIM), "{name}: label {at}");
            }
        }
    }

    #[test]
    fn mono_has_no_colour() {
        let theme = Theme::named("mono").unwrap();
        let styles = [theme.text, theme.bad, theme.warn, theme.accent, theme.selection].into_iter();
        for style in styles.chain(theme.labels).chain(theme.series) {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }

    #[test]
    fn an_unknown_word_is_named() {
        assert_eq!(style("bold on light-blue #0a0b0c").unwrap().fg, Some(Color::Rgb(10, 11, 12)));
        assert!(style("bold pink").unwrap_err().to_string().contains("`pink`"));
        assert!(Theme::parse("text = 1").is_err());
    }
}
