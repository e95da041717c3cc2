//! Tag schemes: encode spans over words as one tag per word, and decode them.
//!
//! Decoding is lenient, as in conlleval and seqeval's default mode: an `I-X` that follows no tag of its type begins a
//! span. [`SchemeDetector`] finds the scheme of a file.

use std::ops::Range;

use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::text::names::unknown_name;

/// Span over words: half-open range of word indices and the name of the label.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WordSpan {
    /// First word.
    pub start: usize,
    /// One past the last word.
    pub end: usize,
    /// Name of the label.
    pub label: String,
}

impl WordSpan {
    /// Creates a span over a range of words.
    pub fn new(words: Range<usize>, label: impl Into<String>) -> Self {
        Self { start: words.start, end: words.end, label: label.into() }
    }
}

/// Rule by which spans are written as tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive, parse_err_ty = String, parse_err_fn = unknown_scheme)]
pub enum Scheme {
    /// IOB2: every span begins with `B-`. The default everywhere.
    #[strum(to_string = "bio", serialize = "iob2", serialize = "iob")]
    Bio,
    /// IOB1, as in the original CoNLL-2003 files.
    /// `B-` only between two adjacent spans of one label.
    Iob1,
    /// `S-` for single words, `E-` for the last of several.
    #[strum(to_string = "bioes", serialize = "iobes")]
    Bioes,
    /// `U-` for single words, `L-` for the last of several.
    Bilou,
}

impl Scheme {
    /// All schemes.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Encodes spans as one tag for each of `words` words.
    ///
    /// Spans must be disjoint; of two that overlap, only the earlier one is written.
    pub fn encode(self, spans: &[WordSpan], words: usize) -> Vec<String> {
        let mut tags = vec!["O".to_owned(); words];
        let mut order: Vec<&WordSpan> =
            spans.iter().filter(|span| span.start < span.end && span.end <= words).collect();
        order.sort();
        let mut previous: Option<&WordSpan> = None;
        for span in order {
            if previous.is_some_and(|before| before.end > span.start) {
                continue;
            }
            let is_adjacent = previous.is_some_and(|before| before.end == span.start && before.label == span.label);
            for (at, tag) in tags.iter_mut().enumerate().take(span.end).skip(span.start) {
                *tag = format!("{}-{}", self.prefix(at == span.start, at + 1 == span.end, is_adjacent), span.label);
            }
            previous = Some(span);
        }
        tags
    }

    /// Prefix of a word's tag.
    /// `is_adjacent`: whether a span of the same label ends just before this one.
    fn prefix(self, first: bool, last: bool, is_adjacent: bool) -> char {
        match (self, first, last) {
            (Self::Iob1, true, _) if !is_adjacent => 'I',
            (Self::Bioes, true, true) => 'S',
            (Self::Bilou, true, true) => 'U',
            (_, true, _) => 'B',
            (Self::Bioes, false, true) => 'E',
            (Self::Bilou, false, true) => 'L',
            _ => 'I',
        }
    }
}

/// Finds the scheme of a file by the prefixes of its tags, sentence by sentence.
///
/// It is IOB1 if a span begins with `I-` and every `B-` is where IOB1 needs one.
#[derive(Debug, Default)]
pub struct SchemeDetector {
    /// Scheme of the first prefix that only one scheme has.
    certain: Option<Scheme>,
    opened_by_i: bool,
    needless_b: bool,
}

impl SchemeDetector {
    /// Adds the tags of a sentence.
    pub fn add<'a>(&mut self, tags: impl IntoIterator<Item = &'a str>) {
        if self.certain.is_some() {
            return;
        }
        let mut before = Tag::Outside;
        for tag in tags {
            let tag = Tag::read(tag);
            match tag {
                Tag::Inside { prefix: 'S' | 'E', .. } => return self.certain = Some(Scheme::Bioes),
                Tag::Inside { prefix: 'U' | 'L', .. } => return self.certain = Some(Scheme::Bilou),
                Tag::Inside { prefix: 'B', label } => self.needless_b |= before.label() != Some(label),
                Tag::Inside { label, .. } => self.opened_by_i |= before.label() != Some(label),
                Tag::Outside => {}
            }
            before = tag;
        }
    }

    /// Scheme of the tags so far.
    pub fn scheme(&self) -> Scheme {
        let iob1 = self.opened_by_i && !self.needless_b;
        self.certain.unwrap_or(if iob1 { Scheme::Iob1 } else { Scheme::Bio })
    }
}

fn unknown_scheme(name: &str) -> String {
    unknown_name("tag scheme", name, Scheme::ALL)
}

/// Parsed tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag<'a> {
    /// `O`, or an empty tag.
    Outside,
    /// Prefix and label, as in `B-Dish`. A tag without a prefix counts as `I`.
    Inside {
        /// One of `B I E L S U`.
        prefix: char,
        /// Name of the label.
        label: &'a str,
    },
}

impl<'a> Tag<'a> {
    /// Parses a tag.
    pub fn read(tag: &'a str) -> Self {
        match tag.split_at_checked(2) {
            _ if tag.is_empty() || tag == "O" => Self::Outside,
            Some((head, label)) if head.ends_with('-') && "BIELSU".contains(&head[..1]) && !label.is_empty() => {
                Self::Inside { prefix: head.as_bytes()[0] as char, label }
            }
            _ => Self::Inside { prefix: 'I', label: tag },
        }
    }

    /// Returns the label, if the tag is inside a span.
    pub fn label(self) -> Option<&'a str> {
        match self {
            Self::Outside => None,
            Self::Inside { label, .. } => Some(label),
        }
    }
}

/// Decodes tags of any scheme, leniently.
pub fn decode<S: AsRef<str>>(tags: &[S]) -> Vec<WordSpan> {
    let mut spans: Vec<WordSpan> = Vec::new();
    let mut open = false;
    for (at, tag) in tags.iter().enumerate() {
        let Tag::Inside { prefix, label } = Tag::read(tag.as_ref()) else {
            open = false;
            continue;
        };
        let continues = open && !matches!(prefix, 'B' | 'S' | 'U');
        match spans.last_mut() {
            Some(last) if continues && last.label == label => last.end = at + 1,
            _ => spans.push(WordSpan::new(at..at + 1, label)),
        }
        open = !matches!(prefix, 'E' | 'L' | 'S' | 'U');
    }
    spans
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = (usize, Vec<WordSpan>)> {
        prop::collection::vec((0usize..3, 1usize..4, 0usize..3), 0..6).prop_map(|parts| {
            let mut at = 0;
            let mut spans = Vec::new();
            for (gap, length, label) in parts {
                at += gap;
                spans.push(WordSpan::new(at..at + length, ["Dish", "Price", "B-2"][label]));
                at += length;
            }
            (at + 1, spans)
        })
    }

    proptest! {
        #[test]
        fn every_scheme_reads_back_what_it_wrote((words, spans) in spans()) {
            for &scheme in Scheme::ALL {
                let tags = scheme.encode(&spans, words);
                prop_assert_eq!(decode(&tags), spans.clone(), "{}: {:?}", scheme, tags);
            }
        }

        #[test]
        fn any_tags_can_be_read(tags in prop::collection::vec("\\PC{0,5}", 0..8)) {
            let spans = decode(&tags);
            prop_assert!(spans.iter().all(|span| span.start < span.end && span.end <= tags.len()));
        }
    }

    #[test]
    fn schemes_are_distinguished() {
        let detect = |tags: &[&str]| {
            let mut detector = SchemeDetector::default();
            detector.add(tags.iter().copied());
            detector.scheme()
        };
        assert_eq!(detect(&["B-X", "I-X", "O"]), Scheme::Bio);
        assert_eq!(detect(&["I-X", "B-X", "O"]), Scheme::Iob1);
        assert_eq!(detect(&["I-X", "O", "B-X"]), Scheme::Bio);
        assert_eq!(detect(&["B-X", "E-X", "O"]), Scheme::Bioes);
        assert_eq!(detect(&["U-X", "O"]), Scheme::Bilou);
        assert_eq!(detect(&["O", "O"]), Scheme::Bio);
    }

    #[test]
    fn an_orphan_inside_tag_opens_a_span() {
        assert_eq!(decode(&["O", "I-Dish", "I-Price"]), [WordSpan::new(1..2, "Dish"), WordSpan::new(2..3, "Price")]);
        assert_eq!(decode(&["Dish", "Dish"]), [WordSpan::new(0..2, "Dish")]);
    }
}
