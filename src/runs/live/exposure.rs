//! Documents that were shown with suggestions in earlier sessions: their labels are not unaided.

use std::collections::{BTreeSet, HashSet};

use serde::{Deserialize, Serialize};

use super::id_hash;
use crate::spans::choice::is_held_back;

/// What earlier sessions of an annotator have noted.
///
/// A session notes documents only of those that it would have held back. So those of another rate are known only if they
/// were among these, too. A session without a rate notes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    shown: HashSet<u64>,
    rates: BTreeSet<usize>,
}

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ExposureLine {
    /// In a session one document in this many was held back.
    Every(usize),
    /// Hash of the id of a document that was shown with suggestions, as 16 hexadecimal digits.
    Shown(String),
}

impl ExposureLine {
    /// Line for the document with this id.
    pub fn shown(id: &str) -> Self {
        Self::Shown(format!("{:016x}", id_hash(id)))
    }
}

impl Exposure {
    /// Nothing is known of earlier sessions, so that every document may have been shown.
    pub fn unknown() -> Self {
        Self { rates: [0].into(), ..Self::default() }
    }

    /// Takes a line into account. Returns whether it was new.
    pub fn add(&mut self, line: &ExposureLine) -> bool {
        match line {
            ExposureLine::Every(rate) => self.rates.insert(*rate),
            ExposureLine::Shown(hash) => u64::from_str_radix(hash, 16).is_ok_and(|hash| self.shown.insert(hash)),
        }
    }

    /// Whether it is known that no earlier session has shown the document with this id with suggestions.
    pub fn is_unseen(&self, id: &str) -> bool {
        self.rates.iter().all(|rate| is_held_back(id, *rate)) && !self.shown.contains(&id_hash(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_unseen_if_every_session_would_have_noted_it() {
        let ids: Vec<String> = (0..400).map(|at| format!("r{at}")).collect();
        let of_rate = |rate: usize| ids.iter().filter(move |id| is_held_back(id, rate)).collect::<Vec<_>>();
        let unseen = |exposure: &Exposure, of: &[&String]| of.iter().filter(|id| exposure.is_unseen(id)).count();
        let (tenth, twentieth) = (of_rate(10), of_rate(20));
        assert!(twentieth.len() > 5 && tenth.len() > twentieth.len());
        let mut exposure = Exposure::default();
        assert_eq!(unseen(&exposure, &tenth), tenth.len());
        assert!(exposure.add(&ExposureLine::Every(20)) && !exposure.add(&ExposureLine::Every(20)));
        assert_eq!((unseen(&exposure, &tenth), unseen(&exposure, &twentieth)), (twentieth.len(), twentieth.len()));
        assert!(exposure.add(&ExposureLine::shown(twentieth[0])) && !exposure.is_unseen(twentieth[0]));
        assert!(!exposure.add(&ExposureLine::Shown("no hash".to_owned())));
        assert_eq!(unseen(&Exposure::unknown(), &tenth), 0);
    }

    #[test]
    fn lines_have_no_id() {
        let lines = [ExposureLine::Every(20), ExposureLine::shown("anna's review")];
        let texts = lines.clone().map(|line| serde_json::to_string(&line).unwrap());
        assert_eq!(texts[0], r#"{"every":20}"#);
        assert!(texts[1].starts_with(r#"{"shown":""#) && !texts[1].contains("anna"), "{}", texts[1]);
        assert_eq!(texts.map(|text| serde_json::from_str::<ExposureLine>(&text).unwrap()), lines);
    }
}
