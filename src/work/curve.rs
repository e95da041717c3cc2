//! Learning curve: trainings on growing parts of the training split, each scored on the whole validation split.
//!
//! The sizes double up to all sentences. In a draw, a smaller part is contained in the larger ones; another draw takes other
//! sentences in another order, and trains with another seed.

use super::{
    train::{TrainRequest, TrainRequestError, TrainingData},
    trial::{self, TrialError},
};
use crate::{
    model::BaseModel,
    runs::Settings,
    spans::{Dataset, Sentence},
    text::hash::mixed,
};

/// Number of sizes.
const SIZES: u32 = 4;
/// Least number of sentences of the smallest size.
const FEWEST: usize = 10;

/// A learning curve cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum CurveError {
    /// There are too few sentences for three sizes.
    #[error("a learning curve needs at least {least} sentences in the training split, and there are {sentences}")]
    TooFew {
        /// Sentences that are needed.
        least: usize,
        /// Sentences of the training split.
        sentences: usize,
    },
    /// There is nothing to score on.
    #[error("a learning curve needs a validation split with spans, and there is none")]
    NoValidation,
    /// A training cannot start.
    #[error(transparent)]
    Request(#[from] TrainRequestError),
    /// A training failed.
    #[error(transparent)]
    Trial(#[from] TrialError),
}

/// One training of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    /// Number of the draw, from 1.
    pub number: usize,
    /// Sentences that are learned.
    pub sentences: usize,
}

/// Sentences of a curve, and its trainings in the order in which they are worth the most: a whole draw before the next one.
#[derive(Clone, Debug)]
pub struct Curve {
    data: Dataset,
    /// The trainings.
    pub plan: Vec<Draw>,
    seed: u64,
}

impl Curve {
    /// Plans a curve. The test split is not used.
    ///
    /// # Errors
    /// The splits are too small.
    pub fn new(data: Dataset, draws: usize, seed: u64) -> Result<Self, CurveError> {
        let all = data.train.len();
        if all < FEWEST << 2 {
            return Err(CurveError::TooFew { least: FEWEST << 2, sentences: all });
        }
        if data.valid.iter().all(|sentence| sentence.tags.iter().all(|tag| tag == "O")) {
            return Err(CurveError::NoValidation);
        }
        let sizes: Vec<usize> = (0..SIZES).rev().map(|halved| all >> halved).filter(|size| *size >= FEWEST).collect();
        let plan =
            (1..=draws).flat_map(|number| sizes.iter().map(move |sentences| Draw { number, sentences: *sentences }));
        Ok(Self { data: Dataset { test: Vec::new(), ..data }, plan: plan.collect(), seed })
    }

    /// Trains, and returns F1 per word on the validation split, and the seconds of the training.
    ///
    /// # Errors
    /// The training cannot start or fails.
    pub fn run(&self, draw: &Draw, settings: Settings, base: BaseModel) -> Result<(f64, f64), CurveError> {
        let seed = settings.seed.wrapping_add(draw.number as u64 - 1);
        let data = Dataset { train: self.part(draw), ..self.data.clone() };
        let request = TrainRequest::new(TrainingData::of_sentences(data), Settings { seed, ..settings })?;
        let (report, _) = trial::train(request, base)?;
        Ok((report.valid.map_or(0.0, |valid| valid.word.f1), report.seconds))
    }

    /// Sentences of a draw, in the order of the split.
    fn part(&self, draw: &Draw) -> Vec<Sentence> {
        let draw_seed = mixed(self.seed.wrapping_add(draw.number as u64));
        let mut places: Vec<usize> = (0..self.data.train.len()).collect();
        places.sort_by_cached_key(|at| mixed(draw_seed ^ *at as u64));
        places.truncate(draw.sentences);
        places.sort_unstable();
        places.into_iter().filter_map(|at| self.data.train.get(at).cloned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model;

    fn data(train: usize) -> Dataset {
        let sentence = |at: usize| Sentence {
            id: format!("s{at}"),
            words: ["any", "tacos", ["here", "now", "soon"][at % 3]].map(str::to_owned).into(),
            tags: ["O", "B-Dish", "O"].map(str::to_owned).into(),
        };
        Dataset { train: (0..train).map(sentence).collect(), valid: (0..4).map(sentence).collect(), test: Vec::new() }
    }

    #[test]
    fn sizes_double_and_smaller_parts_are_in_the_larger_ones() {
        let curve = Curve::new(data(100), 2, 1).unwrap();
        let sizes: Vec<(usize, usize)> = curve.plan.iter().map(|draw| (draw.number, draw.sentences)).collect();
        assert_eq!(sizes, [(1, 12), (1, 25), (1, 50), (1, 100), (2, 12), (2, 25), (2, 50), (2, 100)]);
        let ids = |draw: &Draw| curve.part(draw).into_iter().map(|sentence| sentence.id).collect::<Vec<_>>();
        let parts: Vec<Vec<String>> = curve.plan.iter().map(ids).collect();
        assert!(parts[0].iter().all(|id| parts[1].contains(id)) && parts[0] != parts[4]);
        assert_eq!((parts[3].len(), &parts[3]), (100, &parts[7]));
        let three = Curve::new(data(40), 1, 1).unwrap();
        assert_eq!(three.plan.iter().map(|draw| draw.sentences).collect::<Vec<_>>(), [10, 20, 40]);
    }

    #[test]
    fn too_few_sentences_and_no_validation_are_refused() {
        let error = Curve::new(data(39), 3, 1).unwrap_err().to_string();
        assert!(error.contains("at least 40") && error.contains("there are 39"), "{error}");
        let unscored = Dataset { valid: Vec::new(), ..data(80) };
        assert!(matches!(Curve::new(unscored, 3, 1), Err(CurveError::NoValidation)));
    }

    #[test]
    fn a_draw_is_trained_and_scored() {
        let curve = Curve::new(data(40), 1, 1).unwrap();
        let settings = Settings { epochs: 8.0, learning_rate: 1e-3, device: "cpu".into(), ..Settings::lesson("mini") };
        let (f1, seconds) = curve.run(&curve.plan[2], settings, model::open("mini").unwrap()).unwrap();
        assert!(f1 > 0.9 && seconds > 0.0, "{f1}");
    }
}
