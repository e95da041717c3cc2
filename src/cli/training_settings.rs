//! The settings of a training while they are put together, and the list that `tagli train --set list` shows.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{error::CliError, output::paragraph};
use crate::{runs::Settings, text::width::clean};

/// Settings with the source of each.
pub(super) struct SourcedSettings {
    pub(super) settings: Settings,
    /// Source of each setting that another one than the first has set.
    sources: BTreeMap<String, String>,
    first: String,
}

impl SourcedSettings {
    /// Begins with settings that all have one source.
    pub(super) fn new(settings: Settings, source: impl Into<String>) -> Self {
        Self { settings, sources: BTreeMap::new(), first: source.into() }
    }

    /// Lets a source change the settings.
    ///
    /// # Errors
    /// As `change`.
    pub(super) fn apply(
        &mut self,
        source: &str,
        change: impl FnOnce(&mut Settings) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let before = fields(&self.settings);
        change(&mut self.settings)?;
        for (name, value) in fields(&self.settings) {
            if before.get(&name) != Some(&value) {
                self.sources.insert(name, source.to_owned());
            }
        }
        Ok(())
    }

    /// All settings as JSON and as text: name, value, source, default and meaning.
    pub(super) fn list(&self) -> (Value, String) {
        let values = fields(&self.settings);
        let defaults = fields(&Settings::default());
        let mut list = Vec::new();
        let mut text = String::new();
        for (name, meaning) in Settings::meanings() {
            let meaning = one_line(meaning);
            let [value, default] = [&values, &defaults].map(|fields| fields.get(name).cloned().unwrap_or_default());
            let source = self.sources.get(name).unwrap_or(&self.first);
            text += &format!("{name} = {}  (from {}; default {default})\n", clean(&value.to_string()), clean(source));
            text += &paragraph(&meaning);
            let names = Settings::names_in_trainer(name);
            list.push(json!({
                "name": name, "value": value, "source": source, "default": default, "meaning": meaning, "trainer": names,
            }));
        }
        (Value::Array(list), text)
    }
}

/// Explains one setting of a training, by its name or by its name in the Hugging Face Trainer.
pub(super) fn explain(name: &str) -> Option<(Value, String)> {
    let (own, meaning) =
        Settings::meanings().find(|(own, _)| *own == name || Settings::names_in_trainer(own).contains(&name))?;
    let default = fields(&Settings::default()).get(own).cloned().unwrap_or_default();
    let meaning = one_line(meaning);
    let trainer = Settings::names_in_trainer(own);
    let also = match trainer.as_slice() {
        [] => String::new(),
        names => format!(" Other names: {}.", names.join(", ")),
    };
    let text = format!(
        "{own} = {default}  (default; a setting of a training: tagli train DIR --set {own}=VALUE)\n{}",
        paragraph(&format!("{meaning}{also}"))
    );
    Some((json!({ "name": own, "default": default, "meaning": meaning, "trainer": trainer }), text))
}

fn fields(settings: &Settings) -> Map<String, Value> {
    match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

/// A meaning without line ends and without the marks of the documentation.
fn one_line(meaning: &str) -> String {
    meaning.split_whitespace().collect::<Vec<_>>().join(" ").replace(['`', '[', ']'], "").replace("Settings::", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_the_source_that_set_it_last() {
        let mut sourced = SourcedSettings::new(Settings::lesson("mini"), "the recipe lesson");
        let file = |settings: &mut Settings| {
            settings.epochs = 5.0;
            settings.batch = 8;
            Ok(())
        };
        sourced.apply("training.json", file).unwrap();
        let flags = |settings: &mut Settings| {
            settings.batch = 4;
            Ok(())
        };
        sourced.apply("the command line", flags).unwrap();
        let (list, text) = sourced.list();
        let sources: BTreeMap<&str, &str> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|setting| (setting["name"].as_str().unwrap(), setting["source"].as_str().unwrap()))
            .collect();
        assert_eq!(sources.len(), fields(&Settings::default()).len(), "every setting is in the list");
        let of = |name: &str| sources[name];
        assert_eq!([of("epochs"), of("batch"), of("seed")], ["training.json", "the command line", "the recipe lesson"]);
        assert!(text.contains("batch = 4  (from the command line; default 16)\n    Sentences that"), "{text}");
    }

    #[test]
    fn every_setting_is_explained_by_each_of_its_names() {
        for (name, meaning) in Settings::meanings() {
            assert!(!meaning.is_empty(), "{name}");
            assert!(explain(name).unwrap().1.starts_with(&format!("{name} = ")));
        }
        assert_eq!(explain("lr").unwrap().0["name"], "learning_rate");
        assert!(explain("warmup_steps").unwrap().1.contains("warmup = 0.0"));
        assert!(explain("wallpaper").is_none());
    }
}
