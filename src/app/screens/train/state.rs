//! State of the Train screen.
//! The settings of the next training, and the page in front.

use strum::VariantArray;

use crate::runs::{DataSummary, Recipe, Settings};

use super::{compare::OtherRun, log::Log, view::ChartView};

/// A page of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Page {
    /// The settings and the data.
    #[default]
    Form,
    /// The list of runs.
    Runs,
    /// The run that is followed.
    Run,
    /// The log of the followed run.
    Log,
    /// The followed run and another one, side by side.
    Compare,
}

/// Curves that are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, VariantArray)]
pub enum Chart {
    /// Loss above, F1 below.
    #[default]
    Both,
    /// The loss alone.
    Loss,
    /// F1 alone.
    F1,
    /// Learning rate above, norm of the gradient below.
    Rate,
    /// F1 of each label.
    Labels,
}

impl Chart {
    /// The curves after these; after the last, the first.
    pub(super) fn next(self) -> Self {
        Self::VARIANTS.iter().copied().cycle().skip_while(|chart| *chart != self).nth(1).unwrap_or_default()
    }
}

/// State of the Train screen.
#[derive(Clone, Debug)]
pub struct Train {
    /// Settings of the next training.
    pub settings: Settings,
    /// The recipe that they come from; `None` if the user changed some.
    pub recipe: Option<Recipe>,
    /// The page in front.
    pub page: Page,
    /// Row of the cursor among the settings.
    pub row: usize,
    /// Row of the cursor among the runs.
    pub run_row: usize,
    /// Curves that are drawn.
    pub chart: Chart,
    /// The label whose curve is drawn alone, by its place in the order of names.
    pub label: Option<usize>,
    /// Whether the setting under the cursor is being typed.
    pub typing: bool,
    /// Reason why the typed setting was refused.
    pub problem: Option<String>,
    /// The data that would train now.
    pub summary: Option<DataSummary>,
    /// The runs beside the followed one.
    pub others: Vec<OtherRun>,
    /// How curves are drawn.
    pub view: ChartView,
    /// First line shown of the differences between the two.
    pub scrolled: usize,
    /// The log that is shown.
    pub log: Log,
    /// The user's own settings, while a recipe is chosen.
    pub(super) own: Option<Settings>,
    /// Rows that differ in the user's own settings or were typed, by their keys: no other base changes them.
    pub(super) kept: Vec<&'static str>,
    /// Whether the other rows wait for the recipe `auto` of another base.
    pub(super) awaits_recipe: bool,
    /// Settings of a training that would repeat the newest run; asked for again, it starts.
    pub(super) repeats: Option<Settings>,
    /// Generation of the newest request for [`Self::summary`].
    pub(super) counting: u64,
}

impl Default for Train {
    fn default() -> Self {
        Self::new(Settings::default(), None)
    }
}

impl Train {
    /// The screen as it is when a project was opened.
    pub(in crate::app) fn new(settings: Settings, recipe: Option<Recipe>) -> Self {
        Self {
            settings,
            recipe,
            page: Page::Form,
            row: 0,
            run_row: 0,
            chart: Chart::Both,
            label: None,
            typing: false,
            problem: None,
            summary: None,
            others: Vec::new(),
            view: ChartView::default(),
            scrolled: 0,
            log: Log::default(),
            own: None,
            kept: Vec::new(),
            awaits_recipe: false,
            repeats: None,
            counting: 0,
        }
    }

    /// The screen for a project that is opened again: what was read of runs is read again.
    pub(in crate::app) fn reopened(self) -> Self {
        let new = Self::new(self.settings, self.recipe);
        let page = match self.page {
            Page::Form => Page::Form,
            Page::Runs | Page::Compare => Page::Runs,
            Page::Run | Page::Log => Page::Run,
        };
        Self {
            chart: self.chart,
            view: self.view,
            own: self.own,
            kept: self.kept,
            awaits_recipe: self.awaits_recipe,
            row: self.row,
            run_row: self.run_row,
            label: self.label,
            page,
            ..new
        }
    }
}
