//! Earlier texts of a document, as differences in its line of `documents.jsonl`.
//!
//! So lines of journals that were recorded against an earlier text are read exactly, whoever wrote them and on whichever
//! branch, and a correction changes one file.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::text_anchor::Fingerprint;
use crate::text::{
    CharRange,
    diff::{Difference, differences, kept},
};

/// Corrections of a document that are looked at for words that were replaced, the latest ones.
const MOST_LOOKED_AT: usize = 100;

/// Change of a document's text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Correction {
    /// Seconds since 1970, UTC.
    at: u64,
    /// Text before.
    from: Fingerprint,
    /// Text after.
    to: Fingerprint,
    edits: Vec<Replaced>,
    /// Indices of the edits that replaced, added or took out words; spans with these words are to be reviewed.
    /// Earlier versions did not tell them from other edits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    replaced: Vec<usize>,
    /// Whether it takes back the last correction that was not taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    undo: bool,
    /// Unknown fields, from other versions.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Start and end of a piece of the text after, and the piece of the text before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Replaced(usize, usize, OldPiece);

/// A piece of the text before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum OldPiece {
    Text(String),
    /// Number of its code points, after it was erased.
    Erased(usize),
}

impl Correction {
    /// The correction that makes one text of another.
    pub(super) fn new(old: &str, new: &str, at: u64) -> Self {
        let mut before = old.chars();
        let mut place = 0;
        let mut edits = Vec::new();
        let mut replaced = Vec::new();
        for Difference { new: range, old_length, is_replaced } in differences(old, new) {
            replaced.extend(is_replaced.then_some(edits.len()));
            let same = range.start.saturating_sub(place);
            before.by_ref().take(same).for_each(drop);
            let piece: String = before.by_ref().take(old_length).collect();
            place = range.end;
            edits.push(Replaced(range.start, range.end, OldPiece::Text(piece)));
        }
        let (from, to) = (Fingerprint::of(old), Fingerprint::of(new));
        Self { at, from, to, edits, replaced, undo: false, rest: Map::new() }
    }

    /// The correction that takes back the last one and brings an earlier text back.
    pub(super) fn undo(now: &str, earlier: &str, at: u64) -> Self {
        Self { undo: true, ..Self::new(now, earlier, at) }
    }

    /// The text before, from the text after.
    /// `None` if a piece of it was erased, or if `new` is another text.
    pub(super) fn old_text(&self, new: &str) -> Option<String> {
        let mut after = new.chars();
        let mut place = 0;
        let mut old = String::new();
        for Replaced(start, end, piece) in &self.edits {
            old.extend(after.by_ref().take(start.checked_sub(place)?));
            let length = end.checked_sub(*start)?;
            if after.by_ref().take(length).count() != length {
                return None;
            }
            let OldPiece::Text(piece) = piece else { return None };
            old.push_str(piece);
            place = *end;
        }
        old.extend(after);
        (Fingerprint::of(&old) == self.from).then_some(old)
    }

    /// Erases the words of the text before, and unknown fields, which may hold some.
    pub(super) fn erase(&mut self) {
        self.rest.clear();
        for Replaced(_, _, piece) in &mut self.edits {
            if let OldPiece::Text(text) = piece {
                *piece = OldPiece::Erased(text.chars().count());
            }
        }
    }

    /// Whether words of the text before were erased.
    pub(super) fn is_erased(&self) -> bool {
        self.edits.iter().any(|Replaced(.., old)| matches!(old, OldPiece::Erased(_)))
    }

    /// Time of the correction, in seconds since 1970, UTC.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Whether the correction led to this text.
    pub(super) fn leads_to(&self, text: Fingerprint) -> bool {
        self.to == text
    }

    fn differences(&self) -> Vec<Difference> {
        let mut replaced = self.replaced.iter().peekable();
        let edits = self.edits.iter().enumerate();
        edits.map(|(at, edit)| edit.difference(replaced.next_if(|next| **next == at).is_some())).collect()
    }
}

impl Replaced {
    fn difference(&self, is_replaced: bool) -> Difference {
        let Self(start, end, old) = self;
        let old_length = match old {
            OldPiece::Text(text) => text.chars().count(),
            OldPiece::Erased(length) => *length,
        };
        Difference { new: CharRange { start: *start, end: *end }, old_length, is_replaced }
    }
}

/// Way of ranges from an earlier text to the present one.
#[derive(Debug)]
pub(super) struct Way(Vec<Vec<Difference>>);

impl Way {
    /// The way between two texts.
    /// `None` if the corrections do not lead from the one to the other, as after a change with an editor.
    pub(super) fn between(from: Fingerprint, to: Fingerprint, corrections: &[Correction]) -> Option<Self> {
        // Backwards, so that what was taken back and done again is not gone through.
        let mut text = to;
        let mut steps = Vec::new();
        for correction in corrections.iter().rev() {
            if text == from {
                break;
            }
            if correction.to == text {
                steps.push(correction.differences());
                text = correction.from;
            }
        }
        steps.reverse();
        (text == from).then_some(Self(steps))
    }

    /// Place of a range in the present text; `None` if it is not certain.
    pub(super) fn follow(&self, range: CharRange) -> Option<CharRange> {
        self.0.iter().try_fold(range, |range, differences| kept(range, differences))
    }
}

/// The correction that is taken back next: the last one that was not.
/// `None` if all were, or if the text was changed with an editor after it.
pub(super) fn last_standing(corrections: &[Correction], now: Fingerprint) -> Option<&Correction> {
    let mut standing: Vec<&Correction> = Vec::new();
    for correction in corrections {
        if !correction.undo {
            standing.push(correction);
        } else if standing.last().is_some_and(|last| last.to == correction.from) {
            standing.pop();
        }
    }
    standing.into_iter().rev().find(|correction| correction.leads_to(now))
}

/// Whether an earlier version corrected the text without telling where words were replaced, so that spans on them are not
/// to be reviewed. Seen only as long as the words before are known.
pub(super) fn hides_replaced_words(corrections: &[Correction], now: &str) -> bool {
    let mut text = now.to_owned();
    for correction in corrections.iter().rev().take(MOST_LOOKED_AT) {
        if !correction.leads_to(Fingerprint::of(&text)) {
            continue;
        }
        let Some(old) = correction.old_text(&text) else { return false };
        if correction.replaced.is_empty() && differences(&old, &text).iter().any(|difference| difference.is_replaced) {
            return true;
        }
        text = old;
    }
    false
}

/// Text that lines of earlier versions, which have no fingerprint, refer to.
pub(super) fn first_text(corrections: &[Correction]) -> Option<Fingerprint> {
    corrections.first().map(|correction| correction.from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_go_through_several_corrections_and_back() {
        let texts = ["the fish tcaos", "the fish tacos", "The good fish tacos", "the fish tcaos"];
        let corrections: Vec<Correction> = texts.windows(2).map(|pair| Correction::new(pair[0], pair[1], 0)).collect();
        let way = |from: &str, to: &str| Way::between(Fingerprint::of(from), Fingerprint::of(to), &corrections[..2]);
        let follow = |from, to, range: [usize; 2]| way(from, to).unwrap().follow(range.into()).map(<[usize; 2]>::from);
        assert_eq!(follow(texts[0], texts[2], [4, 14]), Some([9, 19]));
        assert_eq!(follow(texts[1], texts[2], [9, 14]), Some([14, 19]));
        assert!(way("another", texts[2]).is_none() && way(texts[0], "another").is_none());
        // Taken back and done again: one step.
        let again = [corrections.clone(), vec![Correction::new(texts[0], texts[1], 0)]].concat();
        let way = Way::between(Fingerprint::of(texts[0]), Fingerprint::of(texts[1]), &again).unwrap();
        assert_eq!(way.0.len(), 1);
        assert_eq!(corrections[2].old_text(texts[3]).as_deref(), Some(texts[2]));
        assert_eq!(corrections[2].old_text("the fish"), None);
        let line = serde_json::to_string(&corrections[0]).unwrap();
        assert!(line.ends_with(r#""edits":[[9,14,"tcaos"]]}"#), "{line}");
        let mut erased = corrections[0].clone();
        erased.erase();
        assert!(serde_json::to_string(&erased).unwrap().ends_with(r#""edits":[[9,14,5]]}"#));
        assert_eq!((erased.old_text(texts[1]), erased.differences()), (None, corrections[0].differences()));
    }

    #[test]
    fn corrections_of_earlier_versions_that_replaced_words_are_recognised() {
        let texts = ["the fish tcaos", "the fish tacos", "the good soup"];
        let corrections: Vec<Correction> = texts.windows(2).map(|pair| Correction::new(pair[0], pair[1], 0)).collect();
        assert!(!corrections[1].replaced.is_empty() && !hides_replaced_words(&corrections, texts[2]));
        let earlier = |at: usize| {
            let mut corrections = corrections.clone();
            corrections[at].replaced.clear();
            corrections
        };
        assert!(hides_replaced_words(&earlier(1), texts[2]) && !hides_replaced_words(&earlier(0), texts[2]));
        // What was erased, or changed with an editor, tells nothing.
        let mut erased = earlier(1);
        erased[1].erase();
        assert!(!hides_replaced_words(&erased, texts[2]) && !hides_replaced_words(&earlier(1), "another"));
    }

    proptest! {
        #[test]
        fn every_correction_can_be_undone(old in "[ab ,\u{e9}]{0,20}", new in "[ab ,\u{e9}]{0,20}") {
            prop_assert_eq!(Correction::new(&old, &new, 0).old_text(&new), Some(old));
        }
    }
}
