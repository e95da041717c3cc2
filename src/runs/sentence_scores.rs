//! Counts of each validation sentence by a run's model, in a file beside its weights.
//!
//! With them two runs can be compared sentence by sentence, without opening their models. The file has no text.

use std::{collections::HashSet, io};

use serde::{Deserialize, Serialize};

use crate::spans::{Differences, SentenceCounts, score::EntityCounts};

/// Name of the file in a model folder.
pub const SENTENCE_SCORES: &str = "sentence_scores.json";
/// Version of the format.
const FORMAT: u64 = 1;
/// Labels and sentences of a file that is compared. Resamples of more would keep the screen waiting.
const MOST_LABELS: usize = 2_000;
const MOST_SENTENCES: usize = 200_000;

/// Contents of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentenceScores {
    #[serde(rename = "tagli_sentence_scores")]
    format: u64,
    /// Step of the weights.
    pub step: usize,
    /// Fingerprint of the validation split, as in the run's `config.json`.
    pub validated: String,
    labels: Vec<String>,
    /// For each sentence, each label with an entity: number of the label, right, predicted and gold entities.
    /// Per word, lenient.
    sentences: Vec<Vec<[u32; 4]>>,
}

/// Two models on the same sentences.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreComparison {
    /// Differences of F1, the first model minus the second.
    pub differences: Differences,
    /// Number of sentences that only the first model has right, and only the second.
    pub only_right: [usize; 2],
}

impl SentenceScores {
    /// Makes the contents from the counts of each sentence by label.
    pub fn new<S: AsRef<str>>(step: usize, validated: String, sentences: &[Vec<(S, EntityCounts)>]) -> Self {
        let mut labels: Vec<String> = sentences.iter().flatten().map(|(label, _)| label.as_ref().to_owned()).collect();
        labels.sort_unstable();
        labels.dedup();
        let rows = sentences.iter().map(|counts| {
            let cells = counts.iter().map(|(label, counts)| {
                let number = labels.partition_point(|known| known.as_str() < label.as_ref());
                let numbers = [number, counts.true_positives, counts.predicted(), counts.support()];
                numbers.map(|number| u32::try_from(number).unwrap_or(u32::MAX))
            });
            cells.collect()
        });
        let sentences = rows.collect();
        Self { format: FORMAT, step, validated, labels, sentences }
    }

    /// Reads the bytes of the file.
    ///
    /// # Errors
    /// They are not such a file, or the counts contradict each other.
    pub fn from_json(bytes: &[u8]) -> io::Result<Self> {
        let found: Self = serde_json::from_slice(bytes)?;
        let is_sound = |[label, right, predicted, gold]: &[u32; 4]| {
            (*label as usize) < found.labels.len() && right <= predicted && right <= gold
        };
        if found.labels.len() > MOST_LABELS || found.sentences.len() > MOST_SENTENCES {
            let text = format!("it has more than {MOST_LABELS} labels or {MOST_SENTENCES} sentences");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
        let is_single = |sentence: &Vec<[u32; 4]>| {
            let labels: HashSet<u32> = sentence.iter().map(|[label, ..]| *label).collect();
            labels.len() == sentence.len()
        };
        let is_whole = found.sentences.iter().all(|sentence| sentence.iter().all(is_sound) && is_single(sentence));
        match found.format == FORMAT && is_whole {
            true => Ok(found),
            false => Err(io::Error::new(io::ErrorKind::InvalidData, "it is of another version, or damaged")),
        }
    }

    /// Bytes of the file.
    ///
    /// # Errors
    /// None that can occur: it has only numbers and texts.
    pub fn to_json(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// F1 of all sentences, per word, lenient.
    pub fn f1(&self) -> f64 {
        let mut all = EntityCounts::default();
        self.sentences.iter().flat_map(|sentence| self.cells(sentence, 0)).for_each(|(_, _, counts)| all.add(counts));
        all.rates().f1
    }

    /// Compares two models on the same sentences.
    ///
    /// # Errors
    /// They were scored on other sentences.
    pub fn compare(&self, other: &Self) -> Result<ScoreComparison, &'static str> {
        if self.validated != other.validated || self.sentences.len() != other.sentences.len() {
            return Err("the two runs were scored on different validation documents or tags");
        }
        let mut counts = SentenceCounts::new(2);
        let mut only_right = [0; 2];
        for (one, two) in self.sentences.iter().zip(&other.sentences) {
            counts.add(self.cells(one, 0).chain(other.cells(two, 1)));
            match [one, two].map(|sentence| is_right(sentence)) {
                [true, false] => only_right[0] += 1,
                [false, true] => only_right[1] += 1,
                _ => {}
            }
        }
        Ok(ScoreComparison { differences: Differences::new(&counts, &counts.resample(), [0, 1]), only_right })
    }

    fn cells<'a>(
        &'a self,
        sentence: &'a [[u32; 4]],
        way: usize,
    ) -> impl Iterator<Item = (usize, &'a str, EntityCounts)> {
        sentence.iter().filter_map(move |[label, right, predicted, gold]| {
            let label = self.labels.get(*label as usize)?;
            let [true_positives, false_positives, false_negatives] =
                [*right, predicted.saturating_sub(*right), gold.saturating_sub(*right)].map(|count| count as usize);
            Some((way, label.as_str(), EntityCounts { true_positives, false_positives, false_negatives }))
        })
    }
}

/// Whether a model has every entity of a sentence, and no other.
fn is_right(sentence: &[[u32; 4]]) -> bool {
    sentence.iter().all(|[_, right, predicted, gold]| right == predicted && right == gold)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(validated: &str, right: usize) -> SentenceScores {
        let counts = EntityCounts { true_positives: right, false_positives: 2 - right, false_negatives: 2 - right };
        let price = EntityCounts { true_positives: 0, false_positives: 1, false_negatives: 0 };
        let sentences = vec![vec![("Price", price), ("Dish", counts)], vec![], vec![("Dish", counts)]];
        SentenceScores::new(40, validated.into(), &sentences)
    }

    #[test]
    fn the_file_keeps_the_counts_of_each_sentence() {
        let written = scores("ab", 1);
        let text = String::from_utf8(written.to_json().unwrap()).unwrap();
        assert_eq!(
            text,
            "{\"tagli_sentence_scores\":1,\"step\":40,\"validated\":\"ab\",\"labels\":[\"Dish\",\"Price\"],\
             \"sentences\":[[[1,0,1,0],[0,1,2,2]],[],[[0,1,2,2]]]}\n"
        );
        assert_eq!(SentenceScores::from_json(text.as_bytes()).unwrap(), written);
        // Two of five predicted and of four gold entities are right.
        assert!((written.f1() - 4.0 / 9.0).abs() < 1e-12, "{}", written.f1());
        let found = scores("ab", 2).compare(&written).unwrap();
        let differences = &found.differences;
        assert!((differences.labels["Dish"].observed() - 0.5).abs() < 1e-12 && differences.sentences == 3, "{found:?}");
        // In the first sentence both find a price that is not there, the second has no entity.
        assert_eq!(found.only_right, [1, 0]);
        assert_eq!(written.compare(&scores("ab", 2)).unwrap().only_right, [0, 1]);
        assert!(scores("cd", 2).compare(&written).is_err());
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let good = String::from_utf8(scores("ab", 1).to_json().unwrap()).unwrap();
        for (from, to) in [("[1,0,1,0]", "[2,0,1,0]"), ("[0,1,2,2]", "[0,3,2,2]"), (":1,", ":2,"), ("[1,0", "[-1,0")] {
            assert!(SentenceScores::from_json(good.replacen(from, to, 1).as_bytes()).is_err(), "{to}");
        }
        assert!(SentenceScores::from_json(good.replace("[1,0,1,0]", "[0,0,1,0]").as_bytes()).is_err(), "a label twice");
        assert!(SentenceScores::from_json(b"[]").is_err());
        let many = good.replace("[\"Dish\"", &format!("[{}\"Dish\"", "\"A\",".repeat(MOST_LABELS)));
        assert!(SentenceScores::from_json(many.as_bytes()).unwrap_err().to_string().contains("more than 2000 labels"));
        let many = good.replace("[[[", &format!("[{}[[", "[],".repeat(MOST_SENTENCES)));
        assert!(SentenceScores::from_json(many.as_bytes()).unwrap_err().to_string().contains("sentences"));
    }
}
