//! What is kept about a live model beside its weights: `live.json`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Contest, Scores, Version};
use crate::{
    runs::embedded_bases::EDITION,
    text::hash::{FNV_BEGIN, fnv, mixed},
};

/// Version of the format.
const FORMAT: u64 = 1;

/// Contents of `live.json`. They have no word of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveRecord {
    #[serde(rename = "tagli_live")]
    format: u64,
    /// Edition of the embedded bases, from one of which it was trained.
    edition: u32,
    /// Version of the weights.
    pub version: Version,
    /// Highest number that a version has got; none is given twice.
    pub newest: Version,
    /// Time when the weights were trained, in seconds since 1970, UTC.
    pub at: u64,
    /// Whether it made the suggestions when it took over last; otherwise it has only learned so far.
    pub suggests: bool,
    /// The newest run with a model when this version took over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<String>,
    /// Start of that run in seconds since 1970, UTC; 0 if it is not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub over_started: u64,
    /// Learned documents: hash of the id, and hash of words and tags.
    #[serde(with = "hexadecimal")]
    pub learned: BTreeMap<u64, u64>,
    /// Comparison with the model that makes the suggestions.
    pub contest: Contest,
    /// Scores of the suggestions so far.
    pub scores: Scores,
}

/// A record cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is no record.
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    /// It is of another version of this program.
    #[error("it is of another version of tagli")]
    Format,
    /// It was trained from a base that this version does not contain.
    #[error("it was trained from the base of edition {0}, and this version of tagli contains edition {EDITION}")]
    Edition(u32),
    /// It names no document.
    #[error("it has learned no document")]
    Nothing,
    /// Its numbers contradict each other, or are too large.
    #[error("its numbers contradict each other, or are too large")]
    Numbers,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// Hash of the id of a document, by which a record names it.
pub fn id_hash(id: &str) -> u64 {
    mixed(fnv(FNV_BEGIN, id.bytes()))
}

impl LiveRecord {
    /// Record of a version that was trained at a time, without documents.
    pub fn new(version: Version, at: u64) -> Self {
        Self {
            format: FORMAT,
            edition: EDITION,
            version,
            newest: version,
            at,
            suggests: true,
            over: None,
            over_started: 0,
            learned: BTreeMap::new(),
            contest: Contest::default(),
            scores: Scores::default(),
        }
    }

    /// Parses the bytes of a `live.json`.
    ///
    /// # Errors
    /// They are no record, or one that this version cannot continue.
    pub fn from_json(bytes: &[u8]) -> Result<Self, RecordError> {
        let record: Self = serde_json::from_slice(bytes).map_err(|error| RecordError::Unreadable(error.to_string()))?;
        if record.format != FORMAT {
            return Err(RecordError::Format);
        }
        if record.edition != EDITION {
            return Err(RecordError::Edition(record.edition));
        }
        // No round leaves such a record: someone else made it, whose model must not suggest.
        if record.learned.is_empty() {
            return Err(RecordError::Nothing);
        }
        let versions = 1..=Version::MOST;
        let are_versions = [record.version, record.newest].iter().all(|version| versions.contains(&version.0));
        let is_sound = are_versions && record.version <= record.newest;
        match is_sound && record.contest.is_sound() && record.scores.are_sound() {
            true => Ok(record),
            false => Err(RecordError::Numbers),
        }
    }

    /// Writes it as JSON.
    ///
    /// # Errors
    /// A number that JSON does not have; no record has one.
    pub fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(self)
    }
}

/// Hashes as 16 hexadecimal digits: many programs read numbers of JSON with 53 bits.
mod hexadecimal {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(learned: &BTreeMap<u64, u64>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(learned.iter().map(|(id, contents)| (format!("{id:016x}"), format!("{contents:016x}"))))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<u64, u64>, D::Error> {
        let texts = BTreeMap::<String, String>::deserialize(from)?;
        let read = |text: &str| u64::from_str_radix(text, 16).map_err(D::Error::custom);
        texts.iter().map(|(id, contents)| Ok((read(id)?, read(contents)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        runs::live::{DocumentScore, Pair},
        spans::score::EntityCounts,
    };

    fn record() -> LiveRecord {
        let counts = EntityCounts { true_positives: 3, false_positives: 2, false_negatives: 1 };
        let mut record = LiveRecord::new(Version(7), 1_800_000_000);
        record.newest = Version(9);
        record.over = Some("0002-mini".into());
        record.over_started = 1_700_000_000;
        record.learned = [(u64::MAX, 1), (2, 0xfeed_0000_0000_0001)].into();
        record.contest = Contest::against(Some("live-7".into()));
        record.contest.add(Pair { learner: counts, rival: counts });
        record.scores.add(DocumentScore { learned: 40, counts, held_back: true });
        record
    }

    #[test]
    fn what_is_written_is_read() {
        let json = record().to_json().unwrap();
        assert_eq!(LiveRecord::from_json(&json), Ok(record()));
        let text = String::from_utf8(json).unwrap();
        assert!(text.contains(r#""ffffffffffffffff":"0000000000000001""#), "{text}");
    }

    #[test]
    fn what_cannot_be_continued_is_refused() {
        let with = |change: fn(&mut LiveRecord)| {
            let mut record = record();
            change(&mut record);
            LiveRecord::from_json(&record.to_json().unwrap()).unwrap_err()
        };
        assert_eq!(with(|record| record.format = 2), RecordError::Format);
        assert_eq!(with(|record| record.edition = 1), RecordError::Edition(1));
        assert_eq!(with(|record| record.newest = Version(6)), RecordError::Numbers);
        assert_eq!(with(|record| record.learned.clear()), RecordError::Nothing);
        assert_eq!(with(|record| record.version = Version(0)), RecordError::Numbers);
        assert_eq!(with(|record| record.newest = Version(u64::MAX)), RecordError::Numbers);
        assert_eq!(with(|record| record.contest.documents = usize::MAX), RecordError::Numbers);
        assert_eq!(with(|record| record.contest.counts.rival.false_negatives = usize::MAX), RecordError::Numbers);
        let score = |learned| DocumentScore { learned, counts: EntityCounts::default(), held_back: false };
        let mut many = record();
        many.scores.add(score(usize::MAX));
        assert_eq!(LiveRecord::from_json(&many.to_json().unwrap()), Err(RecordError::Numbers));
        for bytes in [&b"{}"[..], b"", br#"{"tagli_live":1}"#, b"\xff"] {
            assert!(matches!(LiveRecord::from_json(bytes), Err(RecordError::Unreadable(_))));
        }
    }
}
