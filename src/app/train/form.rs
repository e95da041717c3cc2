//! The settings of a training as rows that can be read and typed.

use crate::runs::Settings;

/// One setting.
#[derive(Debug)]
pub struct Row {
    /// Its name on the screen.
    pub name: &'static str,
    /// Its name in [`Settings`].
    key: &'static str,
    /// What it means, in a few words.
    pub doc: &'static str,
    /// Its values, where there are few: enter takes the next.
    pub choices: &'static [&'static str],
}

const fn row(name: &'static str, key: &'static str, doc: &'static str) -> Row {
    Row { name, key, doc, choices: &[] }
}

/// The settings that the screen shows, in order.
pub static ROWS: [Row; 10] = [
    row("base", "base", "mini, a folder, or a hub id such as distilbert-base-uncased"),
    row("learning rate", "learning_rate", "peak of the schedule, such as 5e-5"),
    row("epochs", "epochs", "passes over the documents"),
    row("batch", "batch", "sentences a step"),
    Row {
        choices: &["first", "all-b", "all-i"],
        ..row("label mode", "label_mode", "which pieces of a word carry its tag")
    },
    row("device", "device", "auto, cpu, ndarray, cuda:N, wgpu:N"),
    row("weight decay", "weight_decay", "decoupled, none on biases and layer norms"),
    row("warm-up", "warmup", "below 1 a share of all steps, from 1 steps"),
    row("evaluations", "evaluations", "over the whole run; 0 for one after each epoch"),
    row("seed", "seed", "of the new head, the order and dropout"),
];

impl Row {
    /// The setting's value as text.
    pub fn get(&self, settings: &Settings) -> String {
        let form = serde_json::to_value(settings).unwrap_or_default();
        match form.get(self.key) {
            Some(serde_json::Value::String(text)) => text.clone(),
            Some(serde_json::Value::Number(number)) => {
                let plain = number.to_string();
                let short = number.as_f64().map(|x| format!("{x:e}")).filter(|_| number.is_f64());
                // 0.00002 is read more easily as 2e-5, and 3.0 as 3.
                let plain = plain.strip_suffix(".0").unwrap_or(&plain);
                short.filter(|short| short.len() < plain.len()).unwrap_or_else(|| plain.to_owned())
            }
            _ => String::new(),
        }
    }

    /// Takes a text as the setting's value.
    ///
    /// # Errors
    /// What is wrong with it; the settings stay as they were.
    pub fn set(&self, settings: &mut Settings, text: &str) -> Result<(), String> {
        if text.is_empty() {
            return Err(format!("{} is empty; {}", self.name, self.doc));
        }
        // JSON, in which settings are read, wants a digit before the point.
        let text = if text.starts_with('.') { format!("0{text}") } else { text.to_owned() };
        let mut changed = settings.clone();
        changed.set(self.key, &text).map_err(|_| format!("`{text}` is no {}; {}", self.name, self.doc))?;
        changed.check()?;
        *settings = changed;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_reads_back_what_it_shows() {
        let settings = Settings::lesson("mini");
        for row in &ROWS {
            let mut copy = settings.clone();
            assert!(!row.get(&settings).is_empty(), "{}", row.name);
            row.set(&mut copy, &row.get(&settings)).unwrap();
            assert_eq!(copy, settings, "{}", row.name);
        }
        let shown: Vec<String> = ROWS.iter().map(|row| row.get(&settings)).collect();
        assert_eq!(shown, ["mini", "2e-5", "3", "16", "all-b", "auto", "0.01", "0", "0", "42"]);
    }

    #[test]
    fn what_makes_no_sense_is_not_taken() {
        let mut settings = Settings::lesson("mini");
        for (row, text) in [(1, "0"), (1, "NaN"), (2, "-1"), (3, "0"), (3, "1.5"), (4, "some"), (5, ""), (6, "inf")] {
            assert!(ROWS[row].set(&mut settings, text).is_err(), "{} {text}", ROWS[row].name);
        }
        assert_eq!(settings, Settings::lesson("mini"));
        ROWS[6].set(&mut settings, ".1").unwrap();
        assert_eq!(settings.weight_decay, 0.1);
    }
}
