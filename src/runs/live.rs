//! The live model, which learns while documents are tagged: its versions and what is known about it.

mod contest;
mod exposure;
mod record;
mod scores;

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::spans::{Interval, WordSpan};

pub use contest::{Contest, Evidence, Pair, takes_over};
pub use exposure::{Exposure, ExposureLine};
pub use record::{LiveRecord, RecordError, id_hash};
pub use scores::{DocumentScore, Estimates, Scores};

/// Start of the name of a version.
const PREFIX: &str = "live-";

/// Number of a version of an annotator's live model, from 1.
///
/// Journals name it as `live-7` where they name the run of a model's suggestion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version(pub u64);

impl Version {
    /// Highest number. A file from elsewhere may name any.
    pub const MOST: u64 = 1 << 53;
    /// Highest number that is believed of a journal, which no annotator reaches: above it there is room for as many again.
    pub const BELIEVED: u64 = 1 << 40;
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

impl FromStr for Version {
    type Err = ();

    /// Reads the name of a version; any other name of a model is an error.
    fn from_str(name: &str) -> Result<Self, ()> {
        let digits = name.strip_prefix(PREFIX).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits
            .and_then(|digits| digits.parse().ok())
            .filter(|number| (1..=Self::MOST).contains(number))
            .map(Self)
            .ok_or(())
    }
}

/// A document that was finished, with what was predicted before.
#[derive(Clone, Debug, PartialEq)]
pub struct FinishedDocument {
    /// Id of the document.
    pub id: String,
    /// Prediction of the model that makes the suggestions, computed before the document was finished; `None` if there
    /// was none.
    pub predicted: Option<Predicted>,
    /// Whether it was shown without suggestions, so that they could not have influenced the labels.
    pub held_back: bool,
}

/// What a model predicted for a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// Name of the run or of the version.
    pub model: String,
    /// Predicted spans, with the present names of their labels.
    pub spans: Vec<WordSpan>,
}

/// F1 per word of the live model, measured on documents before they were learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Documents that the model had learned, on average.
    pub learned: usize,
    /// Documents on which it was measured.
    pub documents: usize,
    /// F1, from 0 to 1.
    pub f1: f64,
    /// Bootstrap interval over documents; `None` if there are too few.
    pub interval: Option<Interval>,
}

/// What the live model is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum LiveState {
    /// It is switched off.
    #[default]
    Off,
    /// It waits for finished documents; how many are missing.
    Waiting(usize),
    /// It learns.
    Learning,
    /// It could learn and does not; the reason, as shown to the user.
    Paused(String),
    /// It cannot learn; the reason, as shown to the user.
    Failed(String),
}

/// What is known about the live model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveReport {
    /// What it is doing.
    pub state: LiveState,
    /// Its newest version that was better than the other models of the project and not clearly worse than its predecessor;
    /// it makes the suggestions. `None` if another model does.
    pub suggester: Option<Version>,
    /// The newest run with a model when the suggester took over: only a newer run takes its place unasked.
    pub over: Option<RunStart>,
    /// Its newest version, whether it makes suggestions or not.
    pub newest: Option<Version>,
    /// Documents that the newest version has learned.
    pub learned: usize,
    /// Time when it was trained, in seconds since 1970, UTC.
    pub at: u64,
    /// F1 on the last documents of what had been learned by then, whatever model made the suggestions.
    pub recent: Option<Estimate>,
    /// The same on the documents without suggestions.
    pub unaided: Option<Estimate>,
    /// Course of `recent`: F1 on stretches of successive documents, oldest first.
    pub course: Vec<Estimate>,
}

/// A run by name and start. The name alone is not enough: the number of a run that was removed is given again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunStart {
    /// Name of the run, such as `0007-mini`.
    pub id: String,
    /// Start in seconds since 1970, UTC; 0 if it is not known.
    pub started: u64,
}

impl RunStart {
    /// Whether a run is newer, by its number or its start: a clock that was set back makes no run older.
    fn is_before(&self, id: &str, started: u64) -> bool {
        number(id) > number(&self.id) || (self.started > 0 && started > self.started)
    }
}

/// Whether the live model makes the suggestions, not the run that does without it, given by its name and its start.
///
/// A run that has got a model after the live model took over does, since the user asked for it. The live model takes its
/// place once it is better.
pub fn suggests(live: &LiveReport, run: Option<(&str, u64)>) -> bool {
    let over = live.over.as_ref();
    live.suggester.is_some() && run.is_none_or(|(id, started)| over.is_some_and(|over| !over.is_before(id, started)))
}

/// Number of a run of a project, such as `0007-mini`.
fn number(run: &str) -> u64 {
    let digits = run.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_is_newer_than_the_takeover_suggests() {
        let live = |suggester: Option<u64>, over: Option<(&str, u64)>| LiveReport {
            suggester: suggester.map(Version),
            over: over.map(|(id, started)| RunStart { id: id.to_owned(), started }),
            ..LiveReport::default()
        };
        assert!(!suggests(&live(None, None), None) && !suggests(&live(None, None), Some(("0001-mini", 5))));
        assert!(suggests(&live(Some(7), None), None));
        assert!(!suggests(&live(Some(7), None), Some(("0001-mini", 5))));
        for started in [0, 50] {
            let over = live(Some(7), Some(("0012-mini", started)));
            assert!(suggests(&over, None) && suggests(&over, Some(("0003-small", 20))));
            assert!(suggests(&over, Some(("0012-mini", 50))));
            assert!(!suggests(&over, Some(("0013-mini", 60))) && !suggests(&over, Some(("0013-mini", 40))));
        }
    }

    #[test]
    fn a_run_with_the_number_of_one_that_was_removed_is_newer() {
        let over = RunStart { id: "0012-mini".to_owned(), started: 50 };
        let live = LiveReport { suggester: Some(Version(7)), over: Some(over), ..LiveReport::default() };
        assert!(!suggests(&live, Some(("0012-mini", 60))));
        assert!(!suggests(&live, Some(("0011-mini", 60))), "two were removed");
        assert!(suggests(&live, Some(("0011-mini", 40))), "it was there before");
    }

    #[test]
    fn versions_have_names() {
        assert_eq!(Version(7).to_string(), "live-7");
        assert_eq!("live-7".parse(), Ok(Version(7)));
        for other in [
            "0001-mini",
            "live-",
            "live-0",
            "live-+7",
            "live-7b",
            "live",
            "live-99999999999999999999999",
            "live-9007199254740993",
        ] {
            assert_eq!(other.parse::<Version>(), Err(()), "{other}");
        }
    }
}
