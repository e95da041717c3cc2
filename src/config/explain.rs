//! Every setting with its meaning, its default, its value, and the layer that the value is from.

use toml::de::DeTable;

use super::{Config, ConfigError, DEFAULTS, KEYS, Layer};

/// A setting, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained<'t> {
    /// Key in a settings file.
    pub name: &'static str,
    /// Meaning: the comment in the embedded defaults.
    pub meaning: String,
    /// Description of valid values, such as `true or false`.
    pub expected: &'static str,
    /// Default, as in a settings file.
    pub default: String,
    /// Value, as in its settings file.
    pub value: String,
    /// Name of the layer that the value is from; `None` for the default.
    pub source: Option<&'t str>,
}

/// Explains all settings, in the order of the embedded defaults.
///
/// # Errors
/// A layer has a mistake, as for [`Config::layered`].
pub fn explain<'t>(layers: &[Layer<'t>]) -> Result<Vec<Explained<'t>>, ConfigError> {
    Config::layered(layers)?;
    let mut settings: Vec<Explained<'t>> = KEYS
        .iter()
        .map(|key| {
            let default = value_in(DEFAULTS, key.name).unwrap_or_default();
            Explained {
                name: key.name,
                meaning: comment_above(key.name),
                expected: key.expected,
                value: default.clone(),
                default,
                source: None,
            }
        })
        .collect();
    for layer in layers {
        for setting in &mut settings {
            if let Some(value) = value_in(layer.text, setting.name) {
                setting.value = value;
                setting.source = Some(layer.name);
            }
        }
    }
    Ok(settings)
}

/// Value of a key as it is written in a settings file.
fn value_in(text: &str, name: &str) -> Option<String> {
    let table = DeTable::parse(text).ok()?;
    let (_, value) = table.get_ref().iter().find(|(key, _)| key.get_ref() == name)?;
    text.get(value.span()).map(str::to_owned)
}

/// Comment above a key in the embedded defaults, in one line.
fn comment_above(name: &str) -> String {
    let mut comment = String::new();
    for line in DEFAULTS.lines() {
        if let Some(text) = line.strip_prefix("# ") {
            comment += if comment.is_empty() { "" } else { " " };
            comment += text;
        } else if line.split_once(" = ").is_some_and(|(key, _)| key == name) {
            return comment;
        } else {
            comment.clear();
        }
    }
    comment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_a_meaning_and_the_last_layer_is_its_source() {
        let user = Layer { name: "user.toml", text: "theme = 'mono'\nascii = true" };
        let project = Layer { name: "tagli.toml", text: "ascii = false" };
        let settings = explain(&[user, project]).unwrap();
        assert_eq!(settings.len(), KEYS.len());
        for setting in &settings {
            assert!(setting.meaning.ends_with('.') && !setting.default.is_empty(), "{setting:?}");
        }
        let find = |name: &str| settings.iter().find(|setting| setting.name == name).unwrap();
        assert_eq!((find("theme").value.as_str(), find("theme").source), ("'mono'", Some("user.toml")));
        assert_eq!((find("ascii").value.as_str(), find("ascii").source), ("false", Some("tagli.toml")));
        assert_eq!((find("grid").value.as_str(), find("grid").source), ("\"natural\"", None));
        assert!(find("device").meaning.contains("With auto, suggestions"), "{}", find("device").meaning);
        assert!(find("theme").meaning.starts_with("Colours"), "the head of the file belongs to no setting");
        assert!(explain(&[Layer { name: "tagli.toml", text: "ascii = 1" }]).is_err());
    }
}
