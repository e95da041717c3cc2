//! What the form does: a row is changed, a recipe is taken, the documents are counted.

use crate::runs::{DataSummary, Recipe, Settings};

use super::{
    super::{effect::Effect, field::Field, state::State},
    Train, form,
};

impl Train {
    /// What a recipe gives for the documents and the base there are; unknown before they are counted.
    pub(super) fn recipe_settings(&self, recipe: Recipe) -> Option<&Settings> {
        let summary = self.summary.as_ref().filter(|summary| summary.base == self.settings.base)?;
        summary.recipes.iter().find(|(kind, _)| *kind == recipe).map(|(_, settings)| settings)
    }

    /// Takes over what the chosen recipe gives. The device is the person's.
    fn apply(&mut self) {
        let Some(settings) = self.recipe.and_then(|recipe| self.recipe_settings(recipe)) else { return };
        self.settings = Settings { device: self.settings.device.clone(), ..settings.clone() };
    }

    /// Looks whose settings these are now that the person has changed one.
    fn find_recipe(&mut self) {
        let same = |recipe: &Recipe| {
            let device = self.settings.device.clone();
            self.recipe_settings(*recipe).is_some_and(|own| Settings { device, ..own.clone() } == self.settings)
        };
        self.recipe = Recipe::ALL.iter().copied().find(same);
        if self.recipe.is_none() {
            self.own = Some(self.settings.clone());
        }
    }

    /// The recipe after this one; the person's own comes last, if there are such settings.
    fn next_recipe(&mut self) {
        let after = |this: Recipe| Recipe::ALL.iter().copied().skip_while(move |recipe| *recipe != this).nth(1);
        match (self.recipe.and_then(after), self.recipe, self.own.clone()) {
            (Some(next), ..) => self.recipe = Some(next),
            (None, Some(_), Some(own)) => {
                let (base, device) = (self.settings.base.clone(), self.settings.device.clone());
                (self.settings, self.recipe) = (Settings { base, device, ..own }, None);
            }
            (None, this, _) => {
                if this.is_none() {
                    self.own = Some(self.settings.clone());
                }
                self.recipe = Some(Recipe::Auto);
            }
        }
        self.apply();
    }
}

/// Asks what would train.
pub(super) fn count(state: &mut State) -> Vec<Effect> {
    let generation = state.next_generation();
    state.train.counting = generation;
    vec![Effect::Summarise { generation, base: state.train.settings.base.clone() }]
}

pub(in super::super) fn counted(state: &mut State, generation: u64, summary: DataSummary) {
    let train = &mut state.train;
    if train.counting == generation {
        train.summary = Some(summary);
        // More documents since the last time: the recipe may say something else. Not under a hand that types.
        if train.field.is_none() {
            train.apply();
        }
    }
}

/// Changes the setting under the cursor: the next of few choices, or a field to type in.
pub(super) fn open_row(state: &mut State) -> Vec<Effect> {
    let train = &mut state.train;
    train.problem = None;
    let Some(row) = form::ROWS.get(train.row) else { return Vec::new() };
    if train.row == form::RECIPE {
        train.next_recipe();
        return Vec::new();
    }
    let now = row.get(&train.settings);
    if row.choices.is_empty() {
        train.field = Some(Field::new(now));
        return Vec::new();
    }
    let at = row.choices.iter().position(|choice| *choice == now).map_or(0, |at| (at + 1) % row.choices.len());
    match row.choices.get(at) {
        Some(choice) => set(state, row, choice),
        None => Vec::new(),
    }
}

/// Takes what was typed.
pub(super) fn accept(state: &mut State) -> Vec<Effect> {
    let (Some(field), Some(row)) = (&state.train.field, form::ROWS.get(state.train.row)) else { return Vec::new() };
    let text = field.text().trim().to_owned();
    set(state, row, &text)
}

fn set(state: &mut State, row: &form::Row, text: &str) -> Vec<Effect> {
    let train = &mut state.train;
    let base = train.settings.base.clone();
    if let Err(problem) = row.set(&mut train.settings, text) {
        train.problem = Some(problem);
        return Vec::new();
    }
    (train.field, train.problem) = (None, None);
    if row.is_of_recipe() {
        train.find_recipe();
    }
    // A recipe knows the base.
    if train.settings.base == base { Vec::new() } else { count(state) }
}
