//! Self check of the processor.
//! The kernels against burn's network, on a batch of the program's own.

use super::{
    Job, TrainError,
    comparison::Comparison,
    engine::reference,
    prepare::{Prepared, prepare},
    stage::Learned,
};
use crate::{
    model::{BaseModel, device},
    runs::Settings,
    spans::{Dataset, Sentence},
};

/// Words and tags of the batch.
const SENTENCES: [&[(&str, &str)]; 2] = [
    &[
        ("cheap", "B-Price"),
        ("thai", "B-Cuisine"),
        ("food", "O"),
        ("near", "O"),
        ("the", "O"),
        ("station", "B-Location"),
    ],
    &[("crème", "B-Dish"), ("brûlée", "I-Dish"), ("after", "B-Hours"), ("ten", "I-Hours"), (",", "O"), ("please", "O")],
];

/// Computes one batch of this base model on the processor in both ways.
/// With the kernels (`cpu`) and with burn's network (`flex`).
///
/// # Errors
/// A processor on which neither can compute, or a broken base.
pub fn compare_on_processor(base: BaseModel) -> Result<Option<Comparison>, TrainError> {
    let chosen = device::choose("cpu")?;
    let train = SENTENCES.iter().zip(1..).map(|(words, at)| sentence(at, words)).collect();
    let data = Dataset { train, ..Dataset::default() };
    let job = Job::new(data, Settings::lesson(&base.name), base);
    let Prepared { engine, settings, train, .. } = prepare(job, Learned::default(), &chosen)?;
    Ok(reference::compare(engine.as_ref(), &settings, &chosen, &train.examples)?)
}

fn sentence(at: usize, tagged: &[(&str, &str)]) -> Sentence {
    Sentence {
        id: at.to_string(),
        words: tagged.iter().map(|(word, _)| (*word).to_owned()).collect(),
        tags: tagged.iter().map(|(_, tag)| (*tag).to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_and_burn_compute_the_same() {
        let comparison = compare_on_processor(crate::model::open("mini").unwrap()).unwrap().unwrap();
        assert_eq!([comparison.device.name.as_str(), &comparison.reference.name], ["cpu", "flex"]);
        assert!(comparison.agrees(), "{comparison}");
        assert_ne!(comparison.device.loss, 0.0);
    }
}
