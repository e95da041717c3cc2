//! Reader of the CoNLL family.
//!
//! Which tag scheme a file has, and which columns are worth keeping, shows only at its end. So it is read twice: a
//! [`Survey`] first, then the documents.

use std::borrow::Cow;

use serde_json::Value;

use super::{
    layout::{ColumnLayout, DOCSTART, Prefer, Separator},
    meta::{META_COLUMNS, META_DOCSTART},
    sentences::{Sentence, Sentences},
};
use crate::{
    formats::{
        Problem, Source,
        problem::{Problems, Severity, with_noun},
        sink::{Found, Reading},
        source::Unreadable,
    },
    spans::{
        Document, Scheme, Status,
        scheme::{self, SchemeDetector, Tag},
    },
};

/// Reads any layout. If several columns have tags, the last one is the tag.
pub(super) fn read_token_first(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    read(source, reading, Prefer::Last)
}

/// Reads any layout. If several columns have tags, the first one is the tag.
pub(super) fn read_tag_first(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    read(source, reading, Prefer::First)
}

fn read(source: &dyn Source, reading: &mut Reading<'_>, prefer: Prefer) -> Result<Vec<String>, Unreadable> {
    let Some(layout) = sniff(source, prefer, &mut reading.problems)? else { return Ok(Vec::new()) };
    let survey = Survey::of(source, layout, &mut reading.problems)?;
    survey.report_oddities(&mut reading.problems);
    let mut sentences = Sentences::of(source, layout)?;
    let (mut sentence, mut lost) = (Sentence::default(), 0);
    // The survey has reported the lines that are no rows.
    let mut reported = Problems::default();
    while sentences.next_into(&mut sentence, &mut reported)? {
        lost += survey.push(&mut sentence, reading)?;
    }
    if lost > 0 {
        let message = format!("{} left out, on empty words only", with_noun(lost, "span"));
        reading.problems.push(Problem::warning(message));
    }
    Ok(survey.detected(reading))
}

/// Detects the layout of a file. Without one, adds an error unless the file is blank.
fn sniff(source: &dyn Source, prefer: Prefer, problems: &mut Problems) -> Result<Option<ColumnLayout>, Unreadable> {
    let (layout, is_blank) = ColumnLayout::sniff_source(source, prefer)?;
    if layout.is_none() && !is_blank {
        problems.push(
            Problem::error("no column holds tags such as O, B-Dish and I-Dish").hint(
                "a CoNLL file has one word per line with its tag before or after it, separated by a tab or a space",
            ),
        );
    }
    Ok(layout)
}

/// A sentence of a tag file with its tags unchanged and uninterpreted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagSentence {
    /// Line of its first word, from 1.
    pub line: usize,
    /// The words.
    pub words: Vec<String>,
    /// The tags.
    pub tags: Vec<String>,
}

/// Reads the unchanged tags of a file of any CoNLL layout.
/// Also returns the problems of the file.
pub fn read_tags(bytes: &[u8]) -> (Vec<TagSentence>, Vec<Problem>) {
    let mut problems = Problems::default();
    let sentences = tag_sentences(&bytes, &mut problems).unwrap_or_else(|failure| {
        problems.push(match failure {
            Unreadable::Encoding(problem) => problem,
            // Bytes in memory can always be read.
            Unreadable::Io(error) => Problem::error(error.to_string()),
        });
        Vec::new()
    });
    if sentences.is_empty() && problems.count(Severity::Error) == 0 {
        problems.push(Problem::error("the file has no sentence"));
    }
    (sentences, problems.finish())
}

fn tag_sentences(source: &dyn Source, problems: &mut Problems) -> Result<Vec<TagSentence>, Unreadable> {
    let Some(layout) = sniff(source, Prefer::Last, problems)? else { return Ok(Vec::new()) };
    let (mut sentences, mut sentence) = (Sentences::of(source, layout)?, Sentence::default());
    let mut list = Vec::new();
    while sentences.next_into(&mut sentence, problems)? {
        list.push(TagSentence {
            line: sentence.lines.first().copied().unwrap_or_default(),
            words: sentence.words().map(str::to_owned).collect(),
            tags: sentence.tags().map(str::to_owned).collect(),
        });
    }
    Ok(list)
}

/// What a file as a whole shows.
struct Survey {
    layout: ColumnLayout,
    scheme: Scheme,
    /// Whether a tag is `M-`: BMES, as YEDDA writes it, is BIOES with M in place of I.
    has_middle: bool,
    /// Whether a column beside word and tag has a value that is no filler.
    keeps_others: bool,
    docstarts: usize,
    words: usize,
    /// `I-` tags that begin a span, and the line of the first.
    orphans: Count,
    empty_words: Count,
}

/// Number of occurrences, and the line of the first.
#[derive(Default)]
struct Count {
    number: usize,
    first: usize,
}

impl Count {
    fn add(&mut self, line: usize) {
        if self.number == 0 {
            self.first = line;
        }
        self.number += 1;
    }
}

impl Survey {
    /// Reads the whole file. Lines that are no rows are added to `problems`.
    fn of(source: &dyn Source, layout: ColumnLayout, problems: &mut Problems) -> Result<Self, Unreadable> {
        let mut survey = Self {
            layout,
            scheme: Scheme::Bio,
            has_middle: false,
            keeps_others: false,
            docstarts: 0,
            words: 0,
            orphans: Count::default(),
            empty_words: Count::default(),
        };
        let mut detector = SchemeDetector::default();
        let (mut sentences, mut sentence) = (Sentences::of(source, layout)?, Sentence::default());
        while sentences.next_into(&mut sentence, problems)? {
            detector.add(sentence.tags());
            survey.add(&sentence);
        }
        survey.docstarts = sentences.docstarts();
        survey.scheme = detector.scheme();
        survey.has_middle &= survey.scheme == Scheme::Bioes;
        Ok(survey)
    }

    fn add(&mut self, sentence: &Sentence) {
        self.words += sentence.words().len();
        self.has_middle |= sentence.tags().any(|tag| tag.starts_with("M-"));
        self.keeps_others |= sentence.others().any(|value| !matches!(value, "_" | "-X-" | "-" | ""));
        let mut before = Tag::Outside;
        for (tag, line) in sentence.tags().map(Tag::read).zip(&sentence.lines) {
            if begins_without_b(before, tag) {
                self.orphans.add(*line);
            }
            before = tag;
        }
        for (_, line) in sentence.words().zip(&sentence.lines).filter(|(word, _)| word.is_empty()) {
            self.empty_words.add(*line);
        }
    }

    /// Reports readable oddities.
    /// `I-` tags that begin a span, empty words, and tags without prefixes.
    fn report_oddities(&self, problems: &mut Problems) {
        let Count { number, first } = self.orphans;
        if number > 0 && self.scheme != Scheme::Iob1 && !self.layout.bare {
            let message =
                format!("{} without a B- before: each begins a span, as in conlleval", with_noun(number, "I- tag"));
            problems.push(Problem::warning(message).at(first).hint("this is the first"));
        }
        let Count { number, first } = self.empty_words;
        if number > 0 {
            let message = format!("{}, kept as it is", with_noun(number, "empty word"));
            problems.push(Problem::note(message).at(first).hint("this is the first"));
        }
        if self.layout.bare {
            problems
                .push(Problem::note("tags have no B- and I-: adjacent words with the same label are read as one span"));
        }
    }

    /// Hands a sentence over as a document. Returns the number of spans that have only empty words.
    fn push(&self, sentence: &mut Sentence, reading: &mut Reading<'_>) -> Result<usize, Unreadable> {
        let tags: Vec<&str> = sentence.tags().collect();
        let spans = if self.has_middle {
            scheme::decode(&tags.iter().map(|tag| inside(tag)).collect::<Vec<_>>())
        } else {
            scheme::decode(&tags)
        };
        let mut document = Document::from_words(reading.next_id(), sentence.words());
        document.split = reading.options.split;
        let (mut placed, mut lost) = (Vec::with_capacity(spans.len()), 0);
        for span in spans {
            match document.range_of_words(span.start..span.end).filter(|range| !range.is_empty()) {
                Some(range) => placed.push((range, reading.label(&span.label))),
                None => lost += 1,
            }
        }
        document.meta = std::mem::take(&mut sentence.meta).into();
        if self.keeps_others {
            document.meta.insert(META_COLUMNS.to_owned(), self.others_of(sentence));
        }
        if self.docstarts > 1 {
            document.meta.insert(META_DOCSTART.to_owned(), Value::from(sentence.docstart));
        }
        reading.push(Found { document, spans: placed, status: Status::Done })?;
        Ok(lost)
    }

    fn others_of(&self, sentence: &Sentence) -> Value {
        let width = self.layout.columns.saturating_sub(2);
        let columns = (0..width).map(|at| sentence.others().skip(at).step_by(width).map(Value::from).collect());
        Value::Array(columns.collect())
    }

    /// Describes the properties of the file.
    fn detected(&self, reading: &Reading<'_>) -> Vec<String> {
        let layout = &self.layout;
        let mut list = vec![format!("tag {}", layout.tag_text())];
        if layout.columns > 2 {
            list.push(layout.columns_text());
        }
        list.push(if layout.separator == Separator::Tab { "tab" } else { "spaces" }.to_owned());
        let scheme = if self.has_middle { "BMES" } else { scheme_name(self.scheme) };
        list.push(if layout.bare { "labels without B- and I-".to_owned() } else { format!("{scheme} tags") });
        list.push(if layout.header { "one header line" } else { "no header" }.to_owned());
        if self.docstarts > 0 {
            list.push(with_noun(self.docstarts, &format!("{DOCSTART} line")));
        }
        list.push(with_noun(reading.documents(), "sentence"));
        list.push(with_noun(self.words, "word"));
        list.push(reading.spans_text());
        list
    }
}

/// Whether `tag` continues a span that no tag has begun.
/// The tag `before` belongs to no span of the same label.
fn begins_without_b(before: Tag<'_>, tag: Tag<'_>) -> bool {
    match tag {
        Tag::Inside { prefix: 'I' | 'E' | 'L', label } => match before {
            Tag::Inside { prefix: 'B' | 'I', label: other } => other != label,
            _ => true,
        },
        _ => false,
    }
}

/// The tag with the prefix `I-` in place of `M-`.
fn inside(tag: &str) -> Cow<'_, str> {
    tag.strip_prefix("M-").map_or(Cow::Borrowed(tag), |label| Cow::Owned(format!("I-{label}")))
}

fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Bio => "IOB2",
        Scheme::Iob1 => "IOB1",
        Scheme::Bioes => "BIOES",
        Scheme::Bilou => "BILOU",
    }
}
