//! The settings of the next training.
//! Recipes, changes of a row, what a row means for the present documents.

use crate::{
    app::{effect::Effect, panel::Outcome, prompts::Prompt, session::Session},
    runs::{DataSummary, Plan, Recipe, Settings},
    text::number::with_noun,
};

use super::{
    Train,
    form::{self, RECIPE, ROWS, SettingRow},
};

/// Recipes.
impl Train {
    /// The settings that a recipe gives for the present documents and base.
    /// `None` before the documents are counted.
    pub(super) fn recipe_settings(&self, recipe: Recipe) -> Option<&Settings> {
        let summary = self.summary.as_ref().filter(|summary| summary.base == self.settings.base)?;
        summary.recipes.iter().find(|(kind, _)| *kind == recipe).map(|(_, settings)| settings)
    }

    /// Takes over the settings of the chosen recipe.
    /// The device, the precision, untagged documents and teachers are excepted, because the user chooses them.
    fn apply_recipe(&mut self) {
        let Some(settings) = self.recipe.and_then(|recipe| self.recipe_settings(recipe)) else { return };
        self.settings = settings.clone().with_choices_of(&self.settings);
    }

    /// Finds the recipe that gives the present settings.
    /// It is needed after the user changed one of them.
    fn find_recipe(&mut self) {
        self.recipe = Recipe::ALL.iter().copied().find(|recipe| self.is_recipe(*recipe));
        if self.recipe.is_none() {
            self.own = Some(self.settings.clone());
        }
    }

    /// Lets the rows that the user did not change follow the recipe `auto` of another base, once it is known.
    fn follow_base(&mut self) {
        let Some(auto) = self.recipe_settings(Recipe::Auto).filter(|_| self.awaits_recipe && self.recipe.is_none())
        else {
            return;
        };
        let mut settings = self.settings.clone();
        for row in ROWS.iter().filter(|row| row.is_of_recipe() && !self.kept.contains(&row.key)) {
            // A value of a recipe that does not fit a kept one is left out.
            _ = row.set(&mut settings, &row.get(auto));
        }
        self.settings = settings;
        self.awaits_recipe = false;
        self.find_recipe();
    }

    /// Remembers the rows in which the user's own settings differ from the recipe `auto`.
    fn keep_differences(&mut self) {
        let differing = (0..ROWS.len()).filter(|row| self.differs(*row)).filter_map(|row| ROWS.get(row));
        let new: Vec<&str> = differing.map(|row| row.key).filter(|key| !self.kept.contains(key)).collect();
        self.kept.extend(new);
    }

    /// Whether the settings are those of a recipe, whatever the user's other choices.
    fn is_recipe(&self, recipe: Recipe) -> bool {
        let own = self.recipe_settings(recipe).cloned();
        own.is_some_and(|own| own.with_choices_of(&self.settings) == self.settings)
    }

    /// Takes the recipe after this one.
    /// The user's own settings come last, if there are any.
    fn next_recipe(&mut self) {
        let Some(now) = self.recipe else {
            self.own = Some(self.settings.clone());
            self.recipe = Some(Recipe::Auto);
            return self.apply_recipe();
        };
        let next = Recipe::ALL.iter().copied().skip_while(|recipe| *recipe != now).nth(1);
        match (next, &self.own) {
            (None, Some(own)) => {
                let base = self.settings.base.clone();
                self.awaits_recipe |= own.base != base;
                self.settings = Settings { base, ..own.clone().with_choices_of(&self.settings) };
                self.recipe = None;
                self.follow_base();
            }
            _ => {
                self.recipe = Some(next.unwrap_or(Recipe::Auto));
                self.apply_recipe();
            }
        }
    }
}

/// Changes.
impl Train {
    /// Asks for the data that would train now.
    pub(super) fn count_data(&mut self, session: &mut Session) -> Effect {
        let generation = session.next_generation();
        self.counting = generation;
        Effect::Summarise { generation, base: self.settings.base.clone() }
    }

    /// Takes the data that would train now; late answers are dropped.
    pub(in crate::app) fn summary_arrived(&mut self, generation: u64, summary: DataSummary) {
        if self.counting != generation {
            return;
        }
        self.summary = Some(summary);
        // The recipe may give other settings for more documents. While the user types, the settings stay.
        if !self.typing {
            self.apply_recipe();
            self.follow_base();
        }
    }

    /// Changes the setting under the cursor.
    /// Takes the next of few choices, or opens a text field.
    pub(super) fn change_setting(&mut self, session: &mut Session) -> Outcome {
        self.problem = None;
        let Some(row) = ROWS.get(self.row) else { return Outcome::none() };
        if self.row == RECIPE {
            self.next_recipe();
            return Outcome::none();
        }
        let now = row.get(&self.settings);
        let after = row.choices.iter().skip_while(|choice| **choice != now).nth(1);
        match after.or(row.choices.first()) {
            Some(choice) => self.set(row, choice, session),
            None => {
                session.ask(&Prompt::Setting(row.key), &now);
                self.typing = true;
                Outcome::none()
            }
        }
    }

    /// Takes the setting that was typed.
    pub(super) fn take_typed_setting(&mut self, session: &mut Session) -> Outcome {
        let Some(row) = ROWS.get(self.row) else { return Outcome::none() };
        let text = session.prompts.text(&Prompt::Setting(row.key)).trim().to_owned();
        self.set(row, &text, session)
    }

    fn set(&mut self, row: &SettingRow, text: &str, session: &mut Session) -> Outcome {
        self.follow_base();
        self.keep_differences();
        let base = self.settings.base.clone();
        let is_counted = self.recipe_settings(Recipe::Auto).is_some();
        if let Err(problem) = row.set(&mut self.settings, text) {
            self.problem = Some(problem);
            return Outcome::none();
        }
        self.close_field();
        if row.is_of_recipe() {
            self.keep_typed(row);
        }
        // Recipes depend on the base.
        if self.settings.base == base {
            return Outcome::none();
        }
        // Which rows the user changed is known only if they could be compared with the recipe.
        self.awaits_recipe |= self.recipe.is_none() && is_counted;
        self.count_data(session).into()
    }

    /// Takes note of a row that the user has set.
    fn keep_typed(&mut self, row: &SettingRow) {
        if self.recipe.is_some() {
            self.kept.clear();
            self.awaits_recipe = false;
        }
        self.kept.push(row.key);
        self.find_recipe();
        self.keep_differences();
    }

    /// Closes the text field without taking its text.
    pub(super) fn close_field(&mut self) {
        self.typing = false;
        self.problem = None;
    }
}

/// Views of a row for drawing.
impl Train {
    /// The value of a row.
    pub fn value(&self, row: usize) -> String {
        match ROWS.get(row) {
            Some(_) if row == RECIPE => form::recipe_name(self.recipe).to_owned(),
            Some(row) => row.get(&self.settings),
            None => String::new(),
        }
    }

    /// Whether the user's own settings differ from the recipe `auto` in this row.
    pub fn differs(&self, row: usize) -> bool {
        let auto = self.recipe_settings(Recipe::Auto).filter(|_| self.recipe.is_none());
        let row = ROWS.get(row).filter(|row| row.is_of_recipe());
        row.zip(auto).is_some_and(|(row, auto)| row.get(&self.settings) != row.get(auto))
    }

    /// Explains the row under the cursor, and what it means for this project.
    /// `device` is what `auto` would take.
    pub fn explanation(&self, device: &str) -> String {
        let Some(row) = ROWS.get(self.row) else { return String::new() };
        let here = self.meaning_here(row, device);
        if here.is_empty() { row.about.to_owned() } else { format!("{} Here: {here}.", row.about) }
    }

    /// Meaning of a row for the present documents; may be empty.
    fn meaning_here(&self, row: &SettingRow, device: &str) -> String {
        if row.key == "device" {
            return if self.settings.device == "auto" { device.to_owned() } else { String::new() };
        }
        if row.key == "untagged" {
            let out = self.summary.iter().flat_map(|summary| &summary.out);
            let todo = out.filter(|(status, _)| status == "todo").map(|(_, count)| *count).sum::<usize>();
            return format!("{} not begun", with_noun(todo, "document"));
        }
        let Some(plan) = self.plan() else { return String::new() };
        let Plan { per_epoch, steps, warmup, evaluations, .. } = &plan;
        match row.key {
            "warmup" => with_noun(*warmup, "step"),
            "epochs" | "batch" => {
                format!("{} an epoch, {} in all", with_noun(*per_epoch, "step"), with_noun(*steps, "step"))
            }
            "evaluations" => {
                let number = with_noun(evaluations.len(), "evaluation");
                format!("{number}, one every {}", with_noun(plan.between(), "step"))
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{width::Glyphs, wrap::TextLayout};

    #[test]
    fn every_explanation_fits_four_lines_of_the_smallest_whole_screen() {
        let mut train = Train::default();
        train.settings.warmup = 0.1;
        train.summary = Some(DataSummary { train: 7660, ..Default::default() });
        for (at, row) in ROWS.iter().enumerate() {
            train.row = at;
            let text = train.explanation("flex: this build has no GPU backend; 64 processor cores");
            let lines = TextLayout::new(&text, 78, Glyphs::Unicode).lines().len();
            assert!((2..=4).contains(&lines) && text.ends_with('.'), "{}: {lines} lines", row.name);
        }
        train.row = ROWS.iter().position(|row| row.key == "untagged").unwrap();
        train.summary.as_mut().unwrap().out = vec![("skipped".to_owned(), 5), ("todo".to_owned(), 1200)];
        assert!(train.explanation("").ends_with("Here: 1,200 documents not begun."));
        train.row = 4;
        assert!(train.explanation("").ends_with("Here: 479 steps an epoch, 1,437 steps in all."));
    }
}
