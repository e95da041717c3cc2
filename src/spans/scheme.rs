//! Tag schemes: encode spans over words as one tag per word, and decode them.
//!
//! Decoding is lenient, as in conlleval and seqeval's default mode: an `I-X` that follows no tag of its type begins a
//! span. [`SchemeDetector`] finds the scheme of a file.

use std::{fmt, iter, ops::Range};

use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::text::names::unknown_name;

/// Span over words: half-open range of word indices and the name of the label, which may be borrowed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WordSpan<L = String> {
    /// First word.
    pub start: usize,
    /// One past the last word.
    pub end: usize,
    /// Name of the label.
    pub label: L,
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
    pub fn encode<L: AsRef<str> + Ord>(self, spans: &[WordSpan<L>], words: usize) -> Vec<String> {
        self.tags(spans, words).iter().map(Tag::to_string).collect()
    }

    /// As [`Self::encode`], without the text of the tags.
    pub fn tags<L: AsRef<str> + Ord>(self, spans: &[WordSpan<L>], words: usize) -> Vec<Tag<'_>> {
        let mut tags = vec![Tag::Outside; words];
        let are_in_order =
            |pair: &[WordSpan<L>]| matches!(pair, [one, other] if one.start < one.end && one.end <= other.start);
        if spans.windows(2).all(are_in_order) {
            self.put_tags(spans.iter(), &mut tags);
            return tags;
        }
        let mut order: Vec<&WordSpan<L>> = spans.iter().collect();
        order.sort();
        self.put_tags(order.into_iter(), &mut tags);
        tags
    }

    /// Puts the tags of spans in their order among those of the words.
    fn put_tags<'s, L: AsRef<str> + Ord + 's>(
        self,
        spans: impl Iterator<Item = &'s WordSpan<L>>,
        tags: &mut [Tag<'s>],
    ) {
        let mut previous: Option<&WordSpan<L>> = None;
        for span in spans {
            let is_free = previous.is_none_or(|before| before.end <= span.start);
            let Some(own) = tags.get_mut(span.start..span.end).filter(|own| is_free && !own.is_empty()) else {
                continue;
            };
            let is_adjacent = previous.is_some_and(|before| before.end == span.start && before.label == span.label);
            let last = own.len() - 1;
            for (at, tag) in own.iter_mut().enumerate() {
                let prefix = self.prefix(at == 0, at == last, is_adjacent);
                *tag = Tag::Inside { prefix, label: span.label.as_ref() };
            }
            previous = Some(span);
        }
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
/// The majority decides: a few exceptions in a large file are faults of the file and no other scheme.
#[derive(Clone, Debug, Default)]
pub struct SchemeDetector {
    /// `S-` and `E-`.
    bioes: usize,
    /// `U-` and `L-`.
    bilou: usize,
    /// Ends of spans without one of these.
    plain_ends: usize,
    /// `I-` that begin a span.
    opened_by_i: usize,
    /// `B-` where IOB1 has `I-`.
    needless_b: usize,
}

impl SchemeDetector {
    /// Adds the tags of a sentence.
    pub fn add<'a>(&mut self, tags: impl IntoIterator<Item = Tag<'a>>) {
        let mut before = Tag::Outside;
        for tag in tags.into_iter().chain([Tag::Outside]) {
            self.add_pair(before, tag, 1);
            before = tag;
        }
    }

    /// Adds `count` words with a tag after words with the tag `before`. [`Tag::Outside`] is before and after a sentence.
    pub fn add_pair(&mut self, before: Tag<'_>, tag: Tag<'_>, count: usize) {
        let continues = before.label().is_some() && before.label() == tag.label();
        let is_open = matches!(before, Tag::Inside { prefix: 'B' | 'I', .. });
        if is_open && (!continues || matches!(tag, Tag::Inside { prefix: 'B', .. })) {
            self.plain_ends += count;
        }
        let seen = match tag {
            Tag::Inside { prefix: 'S' | 'E', .. } => &mut self.bioes,
            Tag::Inside { prefix: 'U' | 'L', .. } => &mut self.bilou,
            Tag::Inside { prefix: 'B', .. } if !continues => &mut self.needless_b,
            Tag::Inside { prefix, .. } if prefix != 'B' && !continues => &mut self.opened_by_i,
            Tag::Inside { .. } | Tag::Outside => return,
        };
        *seen += count;
    }

    /// Scheme of the tags so far.
    pub fn scheme(&self) -> Scheme {
        let ends = self.bioes.max(self.bilou);
        match (ends > self.plain_ends, self.bioes >= self.bilou) {
            (true, true) => Scheme::Bioes,
            (true, false) => Scheme::Bilou,
            (false, _) if self.opened_by_i > self.needless_b => Scheme::Iob1,
            (false, _) => Scheme::Bio,
        }
    }

    /// Number of tags that `scheme` would write otherwise.
    pub fn exceptions(&self, scheme: Scheme) -> usize {
        match scheme {
            Scheme::Bio => self.opened_by_i + self.bioes + self.bilou,
            Scheme::Iob1 => self.needless_b + self.bioes + self.bilou,
            Scheme::Bioes => self.plain_ends + self.bilou + self.opened_by_i,
            Scheme::Bilou => self.plain_ends + self.bioes + self.opened_by_i,
        }
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

impl fmt::Display for Tag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outside => f.write_str("O"),
            Self::Inside { prefix, label } => write!(f, "{prefix}-{label}"),
        }
    }
}

/// Decodes tags of any scheme, leniently.
pub fn decode<S: AsRef<str>>(tags: &[S]) -> Vec<WordSpan> {
    decode_tags(tags.iter().map(|tag| Tag::read(tag.as_ref())))
}

/// As [`decode`], of parsed tags.
pub fn decode_tags<'a>(tags: impl IntoIterator<Item = Tag<'a>>) -> Vec<WordSpan> {
    decode_each(tags).map(|span| WordSpan::new(span.start..span.end, span.label)).collect()
}

/// As [`decode_tags`], one span at a time and without a copy of its label.
pub fn decode_each<'a>(tags: impl IntoIterator<Item = Tag<'a>>) -> impl Iterator<Item = WordSpan<&'a str>> {
    let mut tags = tags.into_iter().enumerate();
    let mut last: Option<WordSpan<&str>> = None;
    let mut open = false;
    iter::from_fn(move || {
        for (at, tag) in tags.by_ref() {
            let Tag::Inside { prefix, label } = tag else {
                open = false;
                continue;
            };
            let continues = open && !matches!(prefix, 'B' | 'S' | 'U');
            open = !matches!(prefix, 'E' | 'L' | 'S' | 'U');
            match &mut last {
                Some(last) if continues && last.label == label => last.end = at + 1,
                _ => {
                    let before = last.replace(WordSpan { start: at, end: at + 1, label });
                    if before.is_some() {
                        return before;
                    }
                }
            }
        }
        last.take()
    })
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

    fn detector(tags: &[&str]) -> SchemeDetector {
        let mut detector = SchemeDetector::default();
        detector.add(tags.iter().map(|tag| Tag::read(tag)));
        detector
    }

    #[test]
    fn schemes_are_distinguished() {
        let detect = |tags: &[&str]| detector(tags).scheme();
        assert_eq!(detect(&["B-X", "I-X", "O"]), Scheme::Bio);
        assert_eq!(detect(&["I-X", "B-X", "O"]), Scheme::Iob1);
        assert_eq!(detect(&["I-X", "O", "B-X"]), Scheme::Bio);
        assert_eq!(detect(&["B-X", "E-X", "O"]), Scheme::Bioes);
        assert_eq!(detect(&["B-X", "I-X", "E-X", "S-Y"]), Scheme::Bioes);
        assert_eq!(detect(&["U-X", "O"]), Scheme::Bilou);
        assert_eq!(detect(&["O", "O"]), Scheme::Bio);
    }

    #[test]
    fn one_exception_decides_nothing() {
        let mostly_iob1 = [&["I-X", "O"][..]; 9].concat();
        let with_b = detector(&[&mostly_iob1[..], &["B-X"]].concat());
        assert_eq!((with_b.scheme(), with_b.exceptions(Scheme::Iob1)), (Scheme::Iob1, 1));
        let mostly_bio = [&["B-X", "I-X", "O"][..]; 9].concat();
        let with_e = detector(&[&mostly_bio[..], &["B-X", "E-X"]].concat());
        assert_eq!((with_e.scheme(), with_e.exceptions(Scheme::Bio)), (Scheme::Bio, 1));
        assert_eq!(with_e.exceptions(Scheme::Bioes), 9);
    }

    #[test]
    fn an_orphan_inside_tag_opens_a_span() {
        assert_eq!(decode(&["O", "I-Dish", "I-Price"]), [WordSpan::new(1..2, "Dish"), WordSpan::new(2..3, "Price")]);
        assert_eq!(decode(&["Dish", "Dish"]), [WordSpan::new(0..2, "Dish")]);
    }
}
