//! Reader of a DocBin.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet, HashSet},
    io,
    rc::Rc,
};

use flate2::read::ZlibDecoder;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value};

use super::{
    parts::{BEGIN, ENT_IOB, ENT_TYPE, INSIDE, MISSING, ORTH, ReadGroup, unpack_span},
    strings::StringTable,
    values::{Elements, fields},
};
use crate::{
    formats::{
        Problem,
        container::limits::{Counted, Limited},
        drafts::{status_without_all, take_id, trimmed_words},
        json_room::object_in_room,
        problem::{first_names, quoted, with_noun},
        sink::{Found, NameIndex, Reading},
        source::{Source, Unreadable, keep_all},
    },
    spans::{Document, Split, Status},
    text::TextRange,
};

/// Texts may have this many bytes for each byte of the unpacked file, and [`SMALL`] in any case. A long word that is named
/// again and again would otherwise fill the memory.
const MOST_TEXT: usize = 10;
const SMALL: usize = 16 << 20;

/// Names of spaCy's columns that a user may miss.
const NAMES: [(u64, &str); 8] = [
    (67, "norms"),
    (73, "lemmas"),
    (74, "parts of speech"),
    (75, "tags"),
    (76, "dependencies"),
    (453, "morphology"),
    (452, "knowledge base ids"),
    (454, "entity ids"),
];

/// Most columns of the table of tokens.
const MOST_COLUMNS: usize = 1_000;

/// The unpacked file, as far as it is checked before it is read.
#[derive(Deserialize)]
struct Checked<'a> {
    #[serde(rename = "attrs")]
    _attrs: IgnoredAny,
    #[serde(borrow)]
    tokens: &'a [u8],
    spaces: &'a [u8],
    lengths: &'a [u8],
    #[serde(rename = "strings")]
    _strings: IgnoredAny,
}

/// The unpacked file. Its lists stay packed, as their elements would take many times their bytes.
struct DocBin<'a> {
    attrs: Vec<u64>,
    tokens: &'a [u8],
    spaces: &'a [u8],
    lengths: &'a [u8],
    strings: Elements<'a>,
    lists: Lists<'a>,
}

/// Lists with an element for each document. Some of them may be missing.
#[derive(Clone, Copy, Default)]
struct Lists<'a> {
    cats: Elements<'a>,
    flags: Elements<'a>,
    span_groups: Elements<'a>,
    user_data: Elements<'a>,
}

/// Elements of a document in these lists.
struct Parts<'a> {
    cats: Option<&'a [u8]>,
    flags: Option<&'a [u8]>,
    span_groups: Option<&'a [u8]>,
    user_data: Option<&'a [u8]>,
}

impl<'a> Lists<'a> {
    fn next(&mut self) -> Parts<'a> {
        let Self { cats, flags, span_groups, user_data } = self;
        Parts { cats: cats.next(), flags: flags.next(), span_groups: span_groups.next(), user_data: user_data.next() }
    }
}

impl<'a> DocBin<'a> {
    /// Finds the parts of a file.
    ///
    /// # Errors
    /// One is missing or of another kind.
    fn of(unpacked: &'a [u8]) -> Result<Self, String> {
        let Checked { tokens, spaces, lengths, .. } =
            rmp_serde::from_slice(unpacked).map_err(|error| quoted(&error.to_string()))?;
        let [mut attrs, mut strings] = [Elements::default(); 2];
        let mut lists = Lists::default();
        for (name, value) in fields(unpacked).ok_or("it is no map")? {
            let list = match name {
                "attrs" => &mut attrs,
                "strings" => &mut strings,
                "cats" => &mut lists.cats,
                "flags" => &mut lists.flags,
                "span_groups" => &mut lists.span_groups,
                "user_data" => &mut lists.user_data,
                _ => continue,
            };
            *list = Elements::of(value).ok_or_else(|| format!("{name} is no list"))?;
        }
        let attrs = attrs.take(MOST_COLUMNS + 1).map(rmp_serde::from_slice).collect::<Result<Vec<u64>, _>>();
        let attrs = attrs.map_err(|_| "a column has no number")?;
        if attrs.len() > MOST_COLUMNS {
            return Err("it has too many columns".to_owned());
        }
        Ok(Self { attrs, tokens, spaces, lengths, strings, lists })
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Flags {
    has_unknown_spaces: bool,
}

/// Reads a DocBin. It is unpacked in memory, because its strings come after the tokens.
pub(super) fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let packed = Rc::new(Cell::new(0));
    let input = Counted::new(source.bytes()?, &packed);
    let unpacked = Limited::new(ZlibDecoder::new(input), packed);
    let unpacked = match keep_all(unpacked, "must be in memory as a whole; write its documents to several files") {
        Ok(unpacked) => unpacked,
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => return Err(error.into()),
        Err(error) => {
            let message = format!("not a DocBin of spaCy: it cannot be unpacked ({error})");
            reading.problems.push(Problem::error(message).hint("the file may be damaged or cut off"));
            return Ok(Vec::new());
        }
    };
    let bin = match DocBin::of(&unpacked) {
        Ok(bin) => bin,
        Err(why) => {
            let message = format!("not a DocBin of spaCy: {why}");
            reading.problems.push(Problem::error(message).hint("files of spaCy 2.2 and later are read"));
            return Ok(Vec::new());
        }
    };
    match BinReader::new(&bin, unpacked.len(), reading) {
        Ok(reader) => reader.read(),
        Err((why, reading)) => {
            reading.problems.push(Problem::error(format!("not a DocBin of spaCy: {why}")));
            Ok(Vec::new())
        }
    }
}

struct BinReader<'r, 'a, 'b> {
    reading: &'r mut Reading<'b>,
    bin: &'a DocBin<'a>,
    strings: StringTable<'a>,
    columns: Columns,
    /// Bytes of text that may still come.
    room: usize,
    /// Names of columns with contents that are not kept.
    others: BTreeSet<&'static str>,
    /// Number of documents whose data are of another program.
    data: usize,
    /// Names of the span groups.
    groups: BTreeSet<String>,
    /// Number of spans of groups that have no label.
    unlabelled: usize,
}

/// Spans of a document.
struct Spans {
    list: Vec<(TextRange, NameIndex)>,
    /// Whether none was left out.
    are_all: bool,
}

/// Places of the columns in a row.
#[derive(Clone, Copy)]
struct Columns {
    width: usize,
    orth: usize,
    iob: Option<usize>,
    label: Option<usize>,
}

/// A token: its text, its numbers, and its place in the document.
struct Token {
    range: TextRange,
    iob: u64,
    label: u64,
}

impl<'r, 'a, 'b> BinReader<'r, 'a, 'b> {
    /// Checks that the parts fit each other. Returns the reading with the reason if they do not.
    fn new(
        bin: &'a DocBin<'a>,
        size: usize,
        reading: &'r mut Reading<'b>,
    ) -> Result<Self, (&'static str, &'r mut Reading<'b>)> {
        let [orth, iob, label] = [ORTH, ENT_IOB, ENT_TYPE].map(|attr| bin.attrs.iter().position(|one| *one == attr));
        let Some(orth) = orth else { return Err(("it has no words", reading)) };
        let columns = Columns { width: bin.attrs.len(), orth, iob, label };
        let count = bin
            .lengths
            .as_chunks::<4>()
            .0
            .iter()
            .try_fold(0_usize, |sum, length| sum.checked_add(usize::try_from(i32::from_le_bytes(*length)).ok()?));
        let bytes = count.and_then(|count| count.checked_mul(8 * columns.width));
        if bytes != Some(bin.tokens.len()) || count != Some(bin.spaces.len()) {
            return Err(("its tables have different lengths", reading));
        }
        let room = size.saturating_mul(MOST_TEXT).saturating_add(SMALL);
        let Some(strings) = StringTable::new(bin.strings) else { return Err(("a string of it is none", reading)) };
        let others = BTreeSet::new();
        let groups = BTreeSet::new();
        Ok(Self { reading, bin, strings, columns, room, others, data: 0, groups, unlabelled: 0 })
    }

    fn read(mut self) -> Result<Vec<String>, Unreadable> {
        let (lengths, _) = self.bin.lengths.as_chunks::<4>();
        let (mut lists, mut at) = (self.bin.lists, 0);
        for (number, length) in lengths.iter().enumerate() {
            let length = usize::try_from(i32::from_le_bytes(*length)).unwrap_or_default();
            let document = self.document(number, &lists.next(), at..at + length);
            at += length;
            match document {
                Ok(found) => self.reading.push(found)?,
                Err(why) => self.reading.problems.push(Problem::error(format!("document {}: {why}", number + 1))),
            }
        }
        Ok(self.finish())
    }

    fn document(&mut self, number: usize, parts: &Parts<'_>, tokens: std::ops::Range<usize>) -> Result<Found, String> {
        let flags = parts.flags.map(rmp_serde::from_slice::<Flags>).transpose();
        let flags = flags.map_err(|_| "its flags cannot be read")?.unwrap_or_default();
        let cats = parts.cats.map(object).transpose();
        let cats = cats.map_err(|_| "its categories cannot be read")?.unwrap_or_default();
        let has_spaces = !flags.has_unknown_spaces;
        let mut text = String::new();
        let mut list = Vec::new();
        let last = tokens.end;
        for at in tokens {
            let row = self.row(at);
            let word = self.strings.get(row.orth).ok_or("a word has a number without a string")?;
            let space = if has_spaces { self.bin.spaces.get(at) == Some(&1) } else { at + 1 < last };
            self.room = self.room.checked_sub(word.len() + 1).ok_or("the texts are much longer than the file")?;
            let start = text.len();
            text.push_str(word);
            list.push(Token { range: TextRange::new(start, text.len()), iob: row.iob, label: row.label });
            if space {
                text.push(' ');
            }
        }
        let (id, split, meta) = self.user_data(parts.user_data);
        let id = id.unwrap_or_else(|| self.reading.next_id());
        let mut spans = self.entities(&list, number)?;
        self.group_spans(&list, parts.span_groups, &mut spans)?;
        let words = trimmed_words(&text, list.iter().map(|token| token.range));
        // What is not known of a document that has no entity at all is everything.
        let is_known = self.columns.iob.is_some() && list.iter().all(|token| token.iob != MISSING);
        let status = match (is_known && !list.is_empty(), spans.list.is_empty()) {
            (true, _) => Status::Done,
            (false, false) => Status::Partial,
            (false, true) => Status::Todo,
        };
        let status = status_without_all(status, spans.are_all);
        let mut document = Document::new(id, text, self.reading.options.grid).with_words(words);
        document.split = split.or(self.reading.options.split);
        document.meta = meta.into();
        if !cats.is_empty() {
            document.meta.insert("cats".to_owned(), Value::Object(cats));
        }
        Ok(Found { document, spans: spans.list, status })
    }

    fn row(&mut self, at: usize) -> Row {
        let start = at * self.columns.width;
        let (numbers, _) = self.bin.tokens.as_chunks::<8>();
        let row = numbers.get(start..start + self.columns.width).unwrap_or_default();
        for (attr, value) in self.bin.attrs.iter().zip(row) {
            if *value != [0; 8]
                && let Some((_, name)) = NAMES.iter().find(|(id, _)| id == attr)
            {
                self.others.insert(name);
            }
        }
        let Columns { orth, iob, label, .. } = self.columns;
        let [orth, iob, label] = [Some(orth), iob, label].map(|place| {
            let bytes = place.and_then(|place| row.get(place)).copied();
            bytes.map(u64::from_le_bytes).unwrap_or_default()
        });
        Row { orth, iob, label }
    }

    fn entities(&mut self, tokens: &[Token], number: usize) -> Result<Spans, String> {
        let mut spans: Vec<(TextRange, NameIndex)> = Vec::new();
        let mut open = None;
        let mut unlabelled = 0;
        for token in tokens {
            let goes_on = token.iob == INSIDE && open == Some(token.label);
            if goes_on {
                if let Some((range, _)) = spans.last_mut() {
                    range.end = token.range.end;
                }
                continue;
            }
            open = None;
            if !matches!(token.iob, BEGIN | INSIDE) {
                continue;
            }
            // spaCy marks a token that is in no entity as the beginning of one without label.
            if token.label == 0 {
                unlabelled += 1;
                continue;
            }
            let label = self.strings.get(token.label).ok_or("a label has a number without a string")?;
            spans.push((token.range, self.reading.label(label)));
            open = Some(token.label);
        }
        if unlabelled > 0 {
            let message =
                format!("document {}: {} without a label: left out", number + 1, with_noun(unlabelled, "entity"));
            self.reading.problems.push(Problem::warning(message));
        }
        let all = spans.len() + unlabelled;
        spans.retain(|(range, _)| !range.is_empty());
        Ok(Spans { are_all: spans.len() == all, list: spans })
    }

    /// Adds the spans of the groups that are not there yet.
    fn group_spans(&mut self, tokens: &[Token], groups: Option<&[u8]>, spans: &mut Spans) -> Result<(), String> {
        let packed = groups.map_or(Ok(&[][..]), rmp_serde::from_slice::<&[u8]>);
        let packed = packed.map_err(|_| "its span groups cannot be read")?;
        // `0x90`: an empty list.
        if packed.is_empty() || packed == [0x90] {
            return Ok(());
        }
        let by_bytes: Result<BTreeMap<&[u8], Vec<&str>>, _> = rmp_serde::from_slice(packed);
        let groups: Vec<(&[u8], String)> = match by_bytes {
            Ok(groups) => groups.into_iter().map(|(bytes, names)| (bytes, names.join(", "))).collect(),
            Err(_) => match rmp_serde::from_slice::<Vec<&[u8]>>(packed) {
                Ok(groups) => groups.into_iter().map(|bytes| (bytes, "unnamed".to_owned())).collect(),
                Err(_) => return Err("its span groups cannot be read".to_owned()),
            },
        };
        let mut seen: HashSet<(TextRange, usize)> =
            spans.list.iter().map(|(range, name)| (*range, name.at())).collect();
        for (bytes, name) in groups {
            let group: ReadGroup<'_> =
                rmp_serde::from_slice(bytes).map_err(|_| format!("its span group {} cannot be read", quoted(&name)))?;
            for packed in group.spans {
                let (label, [start, end]) = unpack_span(packed).ok_or("a span of a group cannot be read")?;
                let place =
                    tokens.get(start..end).and_then(|tokens| Some((tokens.first()?.range, tokens.last()?.range)));
                let (first, last) = place.ok_or("a span of a group has no tokens")?;
                if label == 0 {
                    self.unlabelled += 1;
                    spans.are_all = false;
                    continue;
                }
                let label = self.strings.get(label).ok_or("a label has a number without a string")?;
                let range = first.join(last);
                let index = self.reading.label(label);
                if !range.is_empty() && seen.insert((range, index.at())) {
                    spans.list.push((range, index));
                }
            }
            self.groups.insert(name);
        }
        Ok(())
    }

    /// Id, split and further fields, if this program has written them.
    fn user_data(&mut self, packed: Option<&[u8]>) -> (Option<String>, Option<Split>, Map<String, Value>) {
        let none = (None, None, Map::new());
        let packed = packed.map_or(Ok(None), rmp_serde::from_slice::<Option<&[u8]>>);
        let Some(packed) = packed.transpose() else { return none };
        let Ok(mut fields) = packed.and_then(object) else {
            self.data += 1;
            return none;
        };
        let id = take_id(&mut fields, "id");
        let split = fields.get("split").and_then(Value::as_str).and_then(|name| name.parse().ok());
        if split.is_some() {
            fields.shift_remove("split");
        }
        (id, split, fields)
    }

    /// Reports what is not kept and returns the properties of the file.
    fn finish(self) -> Vec<String> {
        let Self { reading, others, data, groups, bin, unlabelled, .. } = self;
        if unlabelled > 0 {
            let spans = with_noun(unlabelled, "span");
            reading.problems.push(Problem::warning(format!("{spans} of span groups without a label: left out")));
        }
        if !others.is_empty() {
            let list = first_names(others.into_iter().map(str::to_owned));
            reading.problems.push(Problem::note(format!("not kept: {list}")));
        }
        if data > 0 {
            let documents = with_noun(data, "document");
            reading
                .problems
                .push(Problem::note(format!("{documents} with user data that only Python can read: not kept")));
        }
        if !groups.is_empty() {
            let list = first_names(groups.iter().map(|name| quoted(name)));
            reading
                .problems
                .push(Problem::note(format!("spans are those of the entities and of the span groups {list}")));
        }
        let tokens = with_noun(bin.spaces.len(), "token");
        vec!["DocBin".to_owned(), with_noun(reading.documents(), "document"), tokens, reading.spans_text()]
    }
}

/// Reads a packed map.
fn object(packed: &[u8]) -> Result<Map<String, Value>, rmp_serde::decode::Error> {
    object_in_room(&mut rmp_serde::Deserializer::from_read_ref(packed), packed.len())
}

struct Row {
    orth: u64,
    iob: u64,
    label: u64,
}
