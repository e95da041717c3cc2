//! Writer of a DocBin.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    io::Write,
};

use flate2::{Compression, write::ZlibEncoder};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    parts::{BEGIN, Bin, ENT_IOB, ENT_TYPE, Group, INSIDE, MISSING, ORTH, OUTSIDE, OVERLAPPING, pack_span},
    strings::id_of,
};
use crate::{
    formats::{
        Problem, WriteOptions,
        disjoint::{Disjoint, longest_first},
        held_spans::{NamedSpan, named_spans},
        problem::{quoted, with_noun},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet, Status},
    text::{CharRange, OffsetMap, TextRange},
};

/// Makes a writer. Strings follow the tokens that have them, and everything is packed together, so that the file is kept in
/// memory until its end.
pub(super) fn write<'a>(labels: &'a LabelSet, _: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(BinWriter {
        labels,
        bin: DocBin { version: "0.1", attrs: [ORTH, ENT_IOB, ENT_TYPE], ..DocBin::default() },
        strings: BTreeSet::new(),
        padded: 0,
    })
}

#[derive(Default, Serialize)]
struct DocBin {
    version: &'static str,
    attrs: [u64; 3],
    tokens: BinVec,
    spaces: BinVec,
    lengths: BinVec,
    strings: Vec<String>,
    cats: Vec<Map<String, Value>>,
    flags: Vec<Map<String, Value>>,
    span_groups: Vec<Bin<Vec<u8>>>,
    user_data: Vec<Bin<Vec<u8>>>,
}

type BinVec = Bin<Vec<u8>>;

impl Default for BinVec {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct BinWriter<'a> {
    labels: &'a LabelSet,
    bin: DocBin,
    strings: BTreeSet<String>,
    /// Number of spans with white space at an end.
    padded: usize,
}

/// A token: its bytes, and whether a blank follows that belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) range: TextRange,
    pub(super) space: bool,
}

impl Writer for BinWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let mut seen = HashSet::new();
        let mut spans: Vec<NamedSpan<'_>> = Vec::new();
        for (range, label) in named_spans(document, annotation, self.labels, &mut out.losses) {
            let text = range.of(&document.text);
            if !seen.insert((range, label)) {
                let [text, label] = [text, label].map(quoted);
                out.losses
                    .note(format!("document {}: {text} ({label}) occurs twice; written once", quoted(&document.id)));
                continue;
            }
            self.padded += usize::from(text.trim().len() < text.len());
            spans.push((range, label));
        }
        let count = spans.len();
        let tokens = tokens(document, &spans.iter().map(|(range, _)| *range).collect::<Vec<_>>());
        let Disjoint { kept: entities, others } = longest_first(spans, |(range, _)| (*range).into());
        let mut rest: Vec<NamedSpan<'_>> = others.into_iter().map(|(span, _)| span).collect();
        rest.sort_by_key(|(range, _)| *range);
        let unknown = if annotation.status == Status::Done { OUTSIDE } else { MISSING };
        let mut next = entities.values().peekable();
        for token in &tokens {
            while next.peek().is_some_and(|(range, _)| range.end <= token.range.start) {
                next.next();
            }
            let (iob, label) = match next.peek().filter(|(range, _)| range.covers(token.range)) {
                Some((range, label)) if range.start == token.range.start => (BEGIN, self.string(label)),
                Some((_, label)) => (INSIDE, self.string(label)),
                None => (unknown, 0),
            };
            let orth = self.string(token.range.of(&document.text));
            [orth, iob, label].iter().for_each(|number| self.bin.tokens.0.extend(number.to_le_bytes()));
            self.bin.spaces.0.push(u8::from(token.space));
        }
        let length = i32::try_from(tokens.len()).unwrap_or(i32::MAX);
        self.bin.lengths.0.extend(length.to_le_bytes());
        let groups = self.groups(&document.text, &tokens, &rest);
        self.bin.span_groups.push(Bin(groups));
        let mut flags = Map::new();
        flags.insert("has_unknown_spaces".to_owned(), json!(false));
        self.bin.flags.push(flags);
        self.add_fields(document);
        out.count(count, 0);
    }

    fn finish(&mut self, out: &mut Output) {
        if self.padded > 0 {
            let spans = with_noun(self.padded, "span");
            out.losses.note(format!("{spans} with white space at an end: spaCy reads them, but cannot train on them"));
        }
        let bin = std::mem::take(&mut self.bin);
        let bin = DocBin { strings: std::mem::take(&mut self.strings).into_iter().collect(), ..bin };
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
        let written = packed.write_all(&packed_map(&bin)).and_then(|()| packed.finish());
        match written {
            Ok(bytes) => out.bytes.extend(bytes),
            Err(error) => out.losses.fault(Problem::error(format!("the file cannot be packed: {error}"))),
        }
    }
}

impl BinWriter<'_> {
    /// Number of a string, which will be in the file.
    fn string(&mut self, string: &str) -> u64 {
        if !self.strings.contains(string) {
            self.strings.insert(string.to_owned());
        }
        id_of(string)
    }

    /// The span groups of a document in MessagePack.
    fn groups(&mut self, text: &str, tokens: &[Token], spans: &[NamedSpan<'_>]) -> Vec<u8> {
        if spans.is_empty() {
            return vec![0x90];
        }
        let map = OffsetMap::new(text);
        let mut group = Group { name: OVERLAPPING, attrs: BTreeMap::new(), spans: Vec::new() };
        for (range, label) in spans {
            let start = tokens.partition_point(|token| token.range.start < range.start);
            let end = tokens.partition_point(|token| token.range.end <= range.end);
            let CharRange { start: from, end: to } = map.to_chars(*range);
            group.spans.push(Bin(pack_span(self.string(label), [start, end], [from, to])));
        }
        // Names by groups, as spaCy has it: a group may have two.
        let mut packed = vec![0x81];
        packed.extend(packed_map(&Bin(packed_map(&group))));
        packed.extend(packed_map(&[OVERLAPPING]));
        packed
    }

    /// Adds id, split and further fields, which spaCy hands to the user as `Doc.user_data`.
    fn add_fields(&mut self, document: &Document) {
        let mut fields = (*document.meta).clone();
        let cats = match fields.get("cats") {
            Some(Value::Object(cats)) if cats.values().all(|value| value.is_number() || value.is_boolean()) => {
                cats.clone()
            }
            _ => Map::new(),
        };
        if !cats.is_empty() {
            fields.shift_remove("cats");
        }
        fields.insert("id".to_owned(), json!(document.id));
        if let Some(split) = document.split {
            fields.insert("split".to_owned(), json!(split));
        }
        self.bin.cats.push(cats);
        self.bin.user_data.push(Bin(packed_map(&fields)));
    }
}

/// A value in MessagePack, structures as maps.
fn packed_map(value: &impl Serialize) -> Vec<u8> {
    let mut packed = Vec::new();
    // Nothing that is written here can fail: neither the memory as target, nor a value of another kind than MessagePack has.
    let _ = value.serialize(&mut rmp_serde::Serializer::new(&mut packed).with_struct_map());
    packed
}

/// Places in a text where tokens are cut.
#[derive(Default)]
struct Cuts {
    starts: BTreeSet<usize>,
    ends: BTreeSet<usize>,
    all: BTreeSet<usize>,
}

/// Tokens that make up the whole text: words, and what is between them, cut where a span begins or ends.
pub(super) fn tokens(document: &Document, spans: &[TextRange]) -> Vec<Token> {
    let text = &*document.text;
    let starts: BTreeSet<usize> = spans.iter().map(|range| range.start).collect();
    let ends: BTreeSet<usize> = spans.iter().map(|range| range.end).collect();
    let all = starts.union(&ends).copied().collect();
    let cuts = Cuts { starts, ends, all };
    let mut tokens = Vec::new();
    let mut at = 0;
    for word in document.words.iter() {
        gap(text, TextRange::new(at, word.start), &cuts, &mut tokens);
        if word.start >= at {
            pieces(*word, &cuts, &mut tokens);
            at = word.end.max(at);
        }
    }
    gap(text, TextRange::new(at, text.len()), &cuts, &mut tokens);
    tokens
}

/// Adds the pieces of a range between cuts.
fn pieces(range: TextRange, cuts: &Cuts, tokens: &mut Vec<Token>) {
    let mut start = range.start;
    let ends = cuts.all.range(range.start..range.end.max(range.start)).copied().filter(|cut| *cut > range.start);
    for end in ends.chain([range.end]) {
        if end > start {
            tokens.push(Token { range: TextRange::new(start, end), space: false });
        }
        start = end;
    }
}

/// Adds tokens for a gap between words. A blank after a token belongs to it, unless a span begins or ends with the blank;
/// other white space is a token.
fn gap(text: &str, gap: TextRange, cuts: &Cuts, tokens: &mut Vec<Token>) {
    let mut start = gap.start;
    let mut before = None;
    for (at, c) in gap.of(text).char_indices() {
        let at = gap.start + at;
        let is_edge = before.is_none_or(|before: char| before.is_whitespace() != c.is_whitespace());
        if is_edge {
            pieces(TextRange::new(start, at), cuts, tokens);
            start = at;
            let last = tokens.last_mut().filter(|last| last.range.end == at && c == ' ');
            if let Some(last) = last.filter(|_| !cuts.starts.contains(&at) && !cuts.ends.contains(&(at + 1))) {
                last.space = true;
                start = at + 1;
            }
        }
        before = Some(c);
    }
    pieces(TextRange::new(start, gap.end.max(start)), cuts, tokens);
}
