//! Early stopping: transformers' `EarlyStoppingCallback` with threshold 0.

use serde::{Deserialize, Serialize};

use super::exact;
use crate::runs::metrics;

/// Best F1 so far, and the number of evaluations in a row that were not better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Patience {
    #[serde(with = "exact")]
    best: Option<f64>,
    waited: usize,
    /// Number of evaluations so far.
    seen: usize,
}

impl Patience {
    /// Records an evaluation.
    /// Returns whether it is the best so far; an equal one or NaN is not.
    pub(super) fn take(&mut self, f1: f64) -> bool {
        let better = !f1.is_nan() && self.best.is_none_or(|best| metrics::replaces_best(f1, best));
        if better {
            self.best = Some(f1);
        }
        // The first evaluation never counts as waiting.
        self.waited = if better || self.seen == 0 { 0 } else { self.waited + 1 };
        self.seen += 1;
        better
    }

    /// Whether the training should stop; never with a patience of 0.
    pub(super) fn is_out(self, patience: usize) -> bool {
        patience > 0 && self.waited >= patience
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    /// Made by `tests/reference/evaluate_steps.py`, which says what each field is.
    #[derive(Deserialize)]
    struct Golden {
        cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    struct Case {
        name: String,
        values: Vec<serde_json::Value>,
        greater: bool,
        patience: Option<usize>,
        threshold: f64,
        evaluations: usize,
        stopped: bool,
        best: Option<usize>,
    }

    #[test]
    fn a_run_stops_where_the_trainer_stops_and_keeps_what_it_keeps() {
        let golden: Golden = serde_json::from_str(include_str!("../../tests/reference/evaluate_steps.json")).unwrap();
        let ours = golden.cases.iter().filter(|case| case.greater && case.threshold == 0.0);
        let mut seen = 0;
        for case in ours {
            let (mut patience, mut best, mut done) = (Patience::default(), None, 0);
            for value in &case.values {
                done += 1;
                if patience.take(value.as_f64().unwrap_or(f64::NAN)) {
                    best = Some(done);
                }
                if patience.is_out(case.patience.unwrap_or(0)) {
                    break;
                }
            }
            let stopped = patience.is_out(case.patience.unwrap_or(0));
            assert_eq!((done, stopped, best), (case.evaluations, case.stopped, case.best), "{}", case.name);
            seen += 1;
        }
        assert!(seen > 8, "{seen}");
    }
}
