//! Reader of the CoNLL family.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::{
    layout::{ColumnLayout, DOCSTART, Prefer, Separator, is_blank, is_docstart, is_tag, looks_like_comment},
    meta::{META_COLUMNS, META_COMMENTS, META_DOCSTART},
};
use crate::{
    formats::{
        Problem, Read, ReadOptions,
        corpus::CorpusBuilder,
        decode,
        problem::{Problems, Severity, quoted, with_noun},
    },
    spans::{
        Document, Scheme, Status,
        scheme::{self, Tag},
    },
};

/// Reads any layout. If several columns have tags, the last one is the tag.
pub(super) fn read_token_first(bytes: &[u8], options: &ReadOptions) -> Read {
    read(bytes, options, Prefer::Last)
}

/// Reads any layout. If several columns have tags, the first one is the tag.
pub(super) fn read_tag_first(bytes: &[u8], options: &ReadOptions) -> Read {
    read(bytes, options, Prefer::First)
}

fn read(bytes: &[u8], options: &ReadOptions, prefer: Prefer) -> Read {
    let mut problems = Problems::default();
    match rows(bytes, prefer, &mut problems) {
        Some(rows) => rows.into_read(options, problems),
        None => Read { problems: problems.finish(), ..Read::default() },
    }
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
    let rows = rows(bytes, Prefer::Last, &mut problems);
    let sentences: Vec<TagSentence> = rows.iter().flat_map(Rows::tag_sentences).collect();
    if sentences.is_empty() && problems.count(Severity::Error) == 0 {
        problems.push(Problem::error("the file has no sentence"));
    }
    (sentences, problems.finish())
}

fn rows<'a>(bytes: &'a [u8], prefer: Prefer, problems: &mut Problems) -> Option<Rows<'a>> {
    let text = decode::text(bytes, problems)?;
    let Some(layout) = ColumnLayout::sniff(text, prefer) else {
        if !text.lines().all(is_blank) {
            problems.push(Problem::error("no column holds tags such as O, B-Dish and I-Dish").hint(
                "a CoNLL file has one word per line with its tag before or after it, separated by a tab or a space",
            ));
        }
        return None;
    };
    let mut rows = Rows::new(layout);
    for (number, line) in decode::lines(text) {
        rows.line(number, line, problems);
    }
    rows.end_sentence();
    Some(rows)
}

/// Rows of a sentence, as indices into [`Rows`].
#[derive(Default)]
struct Sentence {
    first: usize,
    end: usize,
    docstart: usize,
    meta: Map<String, Value>,
}

/// Columns of a file, borrowed from its text.
struct Rows<'a> {
    layout: ColumnLayout,
    words: Vec<&'a str>,
    tags: Vec<&'a str>,
    lines: Vec<usize>,
    /// Columns that are neither word nor tag, row by row.
    others: Vec<&'a str>,
    sentences: Vec<Sentence>,
    docstarts: usize,
    /// Comments since the last sentence.
    meta: Map<String, Value>,
    /// Whether the header line is still to come.
    header_due: bool,
    /// Columns of the current row; reused to save an allocation per line.
    columns: Vec<&'a str>,
}

impl<'a> Rows<'a> {
    fn new(layout: ColumnLayout) -> Self {
        Self {
            layout,
            words: Vec::new(),
            tags: Vec::new(),
            lines: Vec::new(),
            others: Vec::new(),
            sentences: Vec::new(),
            docstarts: 0,
            meta: Map::new(),
            header_due: layout.header,
            columns: Vec::new(),
        }
    }

    fn tag_sentences(&self) -> impl Iterator<Item = TagSentence> {
        self.sentences.iter().map(move |sentence| TagSentence {
            line: self.lines.get(sentence.first).copied().unwrap_or_default(),
            words: owned(self.words.get(sentence.first..sentence.end)),
            tags: owned(self.tags.get(sentence.first..sentence.end)),
        })
    }

    fn line(&mut self, number: usize, line: &'a str, problems: &mut Problems) {
        if is_blank(line) {
            return self.end_sentence();
        }
        if is_docstart(line) {
            self.end_sentence();
            self.docstarts += 1;
            return;
        }
        let width = self.layout.split(line, &mut self.columns);
        let tag = self.columns.get(self.layout.tag).map_or("", |tag| tag.trim_matches(' '));
        let good = width.is_ok() && (is_tag(tag) || self.layout.bare);
        if looks_like_comment(line) && !good {
            self.comment(line);
        } else if std::mem::take(&mut self.header_due) {
            // The header has the names of the columns.
        } else if good {
            self.row(number, tag);
        } else {
            problems.push(self.row_error(line, width.err(), tag).at(number));
        }
    }

    fn row(&mut self, number: usize, tag: &'a str) {
        let word = self.layout.word();
        for (at, column) in self.columns.iter().enumerate() {
            if at == word {
                self.words.push(column);
            } else if at != self.layout.tag {
                self.others.push(column);
            }
        }
        self.tags.push(tag);
        self.lines.push(number);
    }

    fn row_error(&self, line: &str, width: Option<usize>, tag: &str) -> Problem {
        let hint = format!("lines of this file have the form {}; an empty line ends a sentence", self.layout.example());
        match width {
            Some(width) => {
                let expected = self.layout.columns;
                let message = format!("{} instead of {expected}: {}", with_noun(width, "column"), quoted(line));
                let lone = self.layout.tag_first() && width == 1 && is_tag(line.trim());
                Problem::error(if lone { format!("a tag without a word: {}", quoted(line)) } else { message })
                    .hint(hint)
            }
            None if tag.is_empty() => Problem::error(format!("a word without a tag: {}", quoted(line))).hint(hint),
            None => Problem::error(format!("{} is not a tag: {}", quoted(tag), quoted(line)))
                .hint("a tag is O, or a letter of B I E L S U M, a hyphen and a label"),
        }
    }

    /// Adds a comment to `meta`.
    /// `# key = value` under its key, any other one to a list.
    fn comment(&mut self, line: &str) {
        let text = line.trim_start_matches('#').trim_start_matches(' ');
        match text.split_once(" = ").filter(|(key, _)| *key != META_COMMENTS) {
            Some((key, value)) => {
                self.meta.insert(key.to_owned(), Value::from(value));
            }
            None => {
                let list = self.meta.entry(META_COMMENTS).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.push(Value::from(text));
                }
            }
        }
    }

    fn end_sentence(&mut self) {
        let first = self.sentences.last().map_or(0, |sentence| sentence.end);
        if first == self.words.len() {
            return;
        }
        let meta = std::mem::take(&mut self.meta);
        self.sentences.push(Sentence { first, end: self.words.len(), docstart: self.docstarts, meta });
    }

    fn tags_of(&self, sentence: &Sentence) -> &[&'a str] {
        self.tags.get(sentence.first..sentence.end).unwrap_or_default()
    }

    fn into_read(mut self, options: &ReadOptions, mut problems: Problems) -> Read {
        let sentences = std::mem::take(&mut self.sentences);
        let found = Scheme::detect(sentences.iter().map(|sentence| self.tags_of(sentence)));
        // BMES, as YEDDA writes it, is BIOES with M in place of I.
        let middle = found == Scheme::Bioes && self.tags.iter().any(|tag| tag.starts_with("M-"));
        self.report_oddities(&sentences, found, &mut problems);
        let keep_others = self.others.iter().any(|value| !matches!(*value, "_" | "-X-" | "-" | ""));
        let mut builder = CorpusBuilder::new(options.labels.clone());
        let mut lost = 0;
        for sentence in sentences {
            let tags = self.tags_of(&sentence);
            let spans = if middle {
                scheme::decode(&tags.iter().map(|tag| inside(tag)).collect::<Vec<_>>())
            } else {
                scheme::decode(tags)
            };
            let id = format!("{}{}", options.id_prefix, builder.len() + 1);
            let words = self.words.get(sentence.first..sentence.end).unwrap_or_default();
            let mut document = Document::from_words(id, words);
            document.split = options.split;
            let mut placed = Vec::with_capacity(spans.len());
            for span in spans {
                match document.range_of_words(span.start..span.end).filter(|range| !range.is_empty()) {
                    Some(range) => placed.push((range, builder.label(&span.label))),
                    None => lost += 1,
                }
            }
            let others = keep_others.then(|| self.others_of(&sentence));
            document.meta = sentence.meta;
            document.meta.extend(others.map(|others| (META_COLUMNS.to_owned(), others)));
            if self.docstarts > 1 {
                document.meta.insert(META_DOCSTART.to_owned(), Value::from(sentence.docstart));
            }
            builder.push(document, placed, Status::Done);
        }
        if lost > 0 {
            problems.push(Problem::warning(format!("{} left out, on empty words only", with_noun(lost, "span"))));
        }
        let corpus = builder.finish(&mut problems);
        let detected = self.detected(if middle { "BMES" } else { scheme_name(found) }, &corpus);
        Read { corpus, detected, problems: problems.finish() }
    }

    fn others_of(&self, sentence: &Sentence) -> Value {
        let width = self.layout.columns.saturating_sub(2);
        let rows = self.others.get(sentence.first * width..sentence.end * width).unwrap_or_default();
        let columns =
            (0..width).map(|at| rows.iter().skip(at).step_by(width).map(|value| Value::from(*value)).collect());
        Value::Array(columns.collect())
    }

    /// Reports readable oddities.
    /// `I-` tags that begin a span, empty words, and tags without prefixes.
    fn report_oddities(&self, sentences: &[Sentence], found: Scheme, problems: &mut Problems) {
        let mut orphans = 0;
        let mut first_orphan = None;
        for sentence in sentences.iter().filter(|_| found != Scheme::Iob1 && !self.layout.bare) {
            let mut before = Tag::Outside;
            for (at, tag) in (sentence.first..).zip(self.tags_of(sentence)) {
                let tag = Tag::read(tag);
                if begins_without_b(before, tag) {
                    orphans += 1;
                    first_orphan = first_orphan.or(self.lines.get(at).copied());
                }
                before = tag;
            }
        }
        if let Some(line) = first_orphan {
            let message =
                format!("{} without a B- before: each begins a span, as in conlleval", with_noun(orphans, "I- tag"));
            problems.push(Problem::warning(message).at(line).hint("this is the first"));
        }
        let mut empty = self.words.iter().zip(&self.lines).filter(|(word, _)| word.is_empty());
        if let Some((_, line)) = empty.next() {
            let message = format!("{}, kept as it is", with_noun(empty.count() + 1, "empty word"));
            problems.push(Problem::note(message).at(*line).hint("this is the first"));
        }
        if self.layout.bare {
            problems
                .push(Problem::note("tags have no B- and I-: adjacent words with the same label are read as one span"));
        }
    }

    fn detected(&self, scheme: &str, corpus: &crate::formats::Corpus) -> Vec<String> {
        let layout = &self.layout;
        let mut list = vec![format!("tag {}", layout.tag_text())];
        if layout.columns > 2 {
            list.push(layout.columns_text());
        }
        list.push(if layout.separator == Separator::Tab { "tab" } else { "spaces" }.to_owned());
        list.push(if layout.bare { "labels without B- and I-".to_owned() } else { format!("{scheme} tags") });
        list.push(if layout.header { "one header line" } else { "no header" }.to_owned());
        if self.docstarts > 0 {
            list.push(with_noun(self.docstarts, &format!("{DOCSTART} line")));
        }
        list.push(with_noun(corpus.documents.len(), "sentence"));
        list.push(with_noun(self.words.len(), "word"));
        list.push(corpus.spans_text());
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

fn owned(texts: Option<&[&str]>) -> Vec<String> {
    texts.unwrap_or_default().iter().map(|text| (*text).to_owned()).collect()
}

/// The tag with the prefix `I-` in place of `M-`.
fn inside<'a>(tag: &&'a str) -> Cow<'a, str> {
    tag.strip_prefix("M-").map_or(Cow::Borrowed(*tag), |label| Cow::Owned(format!("I-{label}")))
}

fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Bio => "IOB2",
        Scheme::Iob1 => "IOB1",
        Scheme::Bioes => "BIOES",
        Scheme::Bilou => "BILOU",
    }
}
