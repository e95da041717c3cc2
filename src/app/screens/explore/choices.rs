//! Choices of strategy, bar and models.

use super::{Beside, Explore};
use crate::{
    app::{panel::Outcome, session::Session},
    spans::Strategy,
    text::number::score,
};

/// Highest bar that can be set.
const HIGHEST_BAR: f32 = 0.9;
/// Change of the bar by one key.
const BAR_STEP: f32 = 0.1;

/// Choices of strategy, bar and models.
impl Explore {
    /// Shows the entities of the next strategy of the pipeline; after the last one those by word.
    pub(super) fn next_strategy(&mut self, session: &mut Session) -> Outcome {
        let all = Strategy::ALL;
        let next = self.strategy.map_or(0, |now| all.iter().position(|one| *one == now).map_or(0, |at| at + 1));
        self.strategy = all.get(next).copied();
        session.inform(match self.strategy {
            None => "By word: spans on your words, as suggestions are".to_owned(),
            Some(Strategy::None) => "Pipeline, strategy none: every word piece with its tag".to_owned(),
            Some(strategy) => format!("Pipeline, strategy {}: as transformers finds them", strategy.name()),
        });
        self.ask(session).into()
    }

    /// Raises or lowers the bar by a step.
    pub(super) fn move_bar(&mut self, up: bool, session: &mut Session) -> Outcome {
        let moved = if up { self.bar + BAR_STEP } else { self.bar - BAR_STEP };
        // Rounded, since sums of tenths are not exact.
        self.bar = ((moved * 10.0).round() / 10.0).clamp(0.0, HIGHEST_BAR);
        session.inform(match self.bar > 0.0 {
            true => format!("Spans with a score of {} and more", score(f64::from(self.bar), 1)),
            false => "Spans with any score".to_owned(),
        });
        Outcome::none()
    }

    /// Shows the next other model beside this one; after the last one none.
    pub(super) fn next_beside(&mut self, session: &mut Session) -> Outcome {
        let asked = self.model_asked(session);
        let others: Vec<String> = session.model_names().into_iter().filter(|run| Some(run) != asked.as_ref()).collect();
        if others.is_empty() {
            session.inform("There is no second model to show beside this one; each training makes one");
            return Outcome::none();
        }
        let now = self.beside.as_ref().and_then(|beside| others.iter().position(|run| *run == beside.run));
        let next = if self.beside.is_some() { now.map_or(0, |at| at + 1) } else { 0 };
        self.beside = others.get(next).cloned().map(Beside::new);
        self.ask(session).into()
    }

    /// Takes the next older model, after the oldest one the newest. The live model, where it suggests, is newer than all.
    ///
    /// On the model that suggests, none is chosen: then the model that suggests is asked, whichever that becomes.
    pub(super) fn next_model(&mut self, session: &mut Session) -> Outcome {
        let models = session.model_names();
        if models.len() < 2 {
            let none = models.is_empty();
            session.inform(if none { "There is no model yet" } else { "There is one model; each training makes one" });
            return Outcome::none();
        }
        let asked = self.model_asked(session);
        let now = models.iter().position(|model| Some(model) == asked.as_ref()).unwrap_or(0);
        let next = models.get(now + 1).or(models.first()).cloned();
        self.chosen = next.filter(|next| session.suggesting().as_ref() != Some(next));
        self.goal = None;
        self.forget_answer();
        self.ask(session).into()
    }
}
