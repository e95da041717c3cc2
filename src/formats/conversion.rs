//! Files in one format to a file in another, one document at a time: nothing of them is kept in memory.
//!
//! A writer needs all labels before the first document. They are taken from the beginning of the files. If a document further
//! on has another one, all labels are looked for, and the writing begins again.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
};

use super::{
    Format, Problem, ReadOptions, RoundTrip, Severity, Source, WriteOptions,
    format::Streamed,
    round_trip::{self, Expected, Print},
    sink::{Found, LabelNames, Sink},
    writer::{Account, Output, Writer},
};
use crate::{
    spans::{Annotation, Document, LabelId, LabelSet, Span, SpanId, SpanSource, UniqueIds},
    text::{number::with_noun, width::clean},
};

/// Documents at the beginning of a file that are looked at for labels.
const FIRST_DOCUMENTS: usize = 20_000;
/// Changed ids that a note names.
const MOST_IDS: usize = 5;
/// Bytes that a writer has made before they are written.
const WRITTEN_AT_ONCE: usize = 1 << 18;

/// A file that is read.
pub struct Input<'a> {
    /// Its bytes.
    pub source: &'a dyn Source,
    /// Its format.
    pub format: &'static Format,
    /// Options of the reader.
    pub options: ReadOptions,
}

/// What a reader found in a file.
#[derive(Clone, Debug, Default)]
pub struct InputReport {
    /// Properties of the file for the user; see [`super::Read::detected`].
    pub detected: Vec<String>,
    /// Problems in the order in which they were found.
    pub problems: Vec<Problem>,
    /// Number of documents.
    pub documents: usize,
}

impl InputReport {
    /// Whether something in the file could not be read.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Files that are to be written as one file of another format.
pub struct Conversion<'a> {
    /// The files, in order.
    pub inputs: &'a [Input<'a>],
    /// Format of the new file.
    pub format: &'static Format,
    /// Options of the writer.
    pub options: &'a WriteOptions,
}

/// A file that was written and read again.
#[derive(Clone, Debug, Default)]
pub struct Converted {
    /// What was found in each input.
    pub inputs: Vec<InputReport>,
    /// Changes, omissions and notes of the writer.
    pub notes: Vec<Problem>,
    /// Number of documents in the file.
    pub documents: usize,
    /// Result of reading the file again.
    pub round_trip: RoundTrip,
}

/// A conversion has no result.
#[derive(Debug)]
pub enum NotConverted {
    /// An input has errors or no document, as its report says.
    Input(Vec<InputReport>),
    /// The format cannot hold the documents; what was found in each input, and the losses.
    Losses(Vec<InputReport>, Vec<Problem>),
    /// A file cannot be read or written.
    Io(io::Error),
}

impl From<io::Error> for NotConverted {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A place for bytes that are written, and read again afterwards.
pub trait Place {
    /// Drops the contents and returns a writer for new ones. It is flushed before they are read.
    ///
    /// # Errors
    /// The contents cannot be dropped.
    fn begin(&mut self) -> io::Result<Box<dyn Write + '_>>;

    /// The contents.
    fn contents(&self) -> &dyn Source;
}

impl Conversion<'_> {
    /// Writes the new file to `file`, reads it again, and compares it with what was read. `prints` is a place for hashes of
    /// the documents meanwhile.
    ///
    /// # Errors
    /// See [`NotConverted`].
    pub fn run(&self, file: &mut dyn Place, prints: &mut dyn Place) -> Result<Converted, NotConverted> {
        let mut labels = self.labels(Some(FIRST_DOCUMENTS))?;
        let first = self.write(&labels, false, file, prints)?;
        let FirstWriting { inputs, account, notes } = match first {
            Some(written) => written,
            None => {
                labels = self.labels(None)?;
                self.write(&labels, true, file, prints)?.ok_or_else(changed)?
            }
        };
        let expected = Expected {
            documents: account.documents,
            spans: account.spans,
            spans_changed: account.spans_changed,
            texts_changed: account.texts_changed,
        };
        let mut reader = io::BufReader::new(prints.contents().bytes()?);
        let config = self.options.config.clone();
        let options = ReadOptions { config, labels, tags: account.tags, ..ReadOptions::default() };
        let round_trip = round_trip::compare(self.format, file.contents(), &mut reader, &expected, &options)?;
        Ok(Converted { inputs, notes, documents: account.documents, round_trip })
    }

    /// Whether the new file has the ids of the documents.
    fn holds_ids(&self) -> bool {
        !self.format.cannot_hold.split(", ").any(|thing| thing == "ids")
    }

    /// Labels of the files, or of their first documents. Names are numbered in alphabetical order after the known ones.
    fn labels(&self, most: Option<usize>) -> io::Result<LabelSet> {
        let mut labels = LabelSet::default();
        for input in self.inputs {
            for label in &input.options.known_labels() {
                labels.intern(&label.name);
            }
            let mut sink = LabelSink { left: most, names: Vec::new() };
            match input.format.read_into(input.source, &input.options, &mut sink) {
                Ok(Streamed { names, .. }) => sink.names = names.sorted().map(|(_, name)| name.to_owned()).collect(),
                Err(error) if sink.left != Some(0) => return Err(error),
                // The sink has ended the reading.
                Err(_) => {}
            }
            for name in sink.names {
                labels.intern(&name);
            }
        }
        Ok(labels)
    }

    /// Writes all documents; `None` if one has a label that is not among `labels`.
    ///
    /// With `has_all`, spans with such labels are left out: they are above the limit that the reader reports.
    fn write(
        &self,
        labels: &LabelSet,
        has_all: bool,
        file: &mut dyn Place,
        prints: &mut dyn Place,
    ) -> Result<Option<FirstWriting>, NotConverted> {
        let writer = self
            .format
            .writer(labels, self.options)
            .map_err(|problem| NotConverted::Losses(Vec::new(), vec![problem]))?;
        let mut sink = WriteSink {
            format: self.format,
            labels,
            ids: Vec::new(),
            writer,
            out: Output::new(self.options),
            to: file.begin()?,
            prints: prints.begin()?,
            print: Print::default(),
            sequence: 0,
            documents: 0,
            has_all,
            has_new_label: false,
            ids_in_use: (self.inputs.len() > 1).then(IdsInUse::default),
        };
        let mut inputs = Vec::new();
        for input in self.inputs {
            sink.ids.clear();
            sink.documents = 0;
            let read = input.format.read_into(input.source, &input.options, &mut sink);
            if sink.has_new_label {
                return Ok(None);
            }
            let Streamed { detected, problems, .. } = read?;
            inputs.push(InputReport { detected: detected.unwrap_or_default(), problems, documents: sink.documents });
        }
        if inputs.iter().any(|input| input.has_errors() || input.documents == 0) {
            return Err(NotConverted::Input(inputs));
        }
        sink.finish()?;
        let renamed = sink.ids_in_use.as_ref().and_then(IdsInUse::note).filter(|_| self.holds_ids());
        match sink.out.finish() {
            Ok((account, mut notes)) => {
                notes.extend(renamed);
                Ok(Some(FirstWriting { inputs, account, notes }))
            }
            Err(losses) => Err(NotConverted::Losses(inputs, losses)),
        }
    }
}

/// Ids of the documents of several files, which are documents of one file afterwards.
#[derive(Default)]
struct IdsInUse {
    /// Hashes of the ids, which take less memory. If two ids had one hash, one of them would only get another id.
    hashes: HashSet<u64>,
    unique: UniqueIds,
    /// Number of ids that were changed, and the first of them.
    changed: usize,
    first: Vec<String>,
}

impl IdsInUse {
    /// Gives a document an id that none before it has.
    fn make_unique(&mut self, document: &mut Document) {
        let id = self.unique.make(&document.id, |id| self.hashes.contains(&hash_of(id)));
        self.hashes.insert(hash_of(&id));
        if id == document.id {
            return;
        }
        self.changed += 1;
        if self.first.len() < MOST_IDS {
            self.first.push(format!("{} is {}", clean(&document.id), clean(&id)));
        }
        // A writer may take the id from the object that was read.
        let kept = document.foreign.as_mut().and_then(|kept| kept.get_mut("id"));
        if let Some(kept) =
            kept.filter(|kept| kept.as_str().map_or(kept.to_string() == document.id, |id| id == document.id))
        {
            *kept = id.as_str().into();
        }
        document.id = id;
    }

    /// A note about ids that were changed, if there are any.
    fn note(&self) -> Option<Problem> {
        let more = if self.changed > self.first.len() { ", ..." } else { "" };
        let documents = with_noun(self.changed, "document");
        let first = self.first.join(", ");
        (self.changed > 0).then(|| {
            Problem::warning(format!("{documents} with an id that another document has got a new one: {first}{more}"))
        })
    }
}

fn hash_of(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// A file that was written and not read again.
struct FirstWriting {
    inputs: Vec<InputReport>,
    account: Account,
    notes: Vec<Problem>,
}

fn changed() -> NotConverted {
    NotConverted::Io(io::Error::other("it was changed while it was read; try again when no other program writes it"))
}

/// Receiver that wants the labels only.
struct LabelSink {
    /// Number of documents that are still wanted; `None` for all.
    left: Option<usize>,
    /// Labels of the documents, if there are more of them.
    names: Vec<String>,
}

impl Sink for LabelSink {
    fn wants_fields(&self) -> bool {
        false
    }

    fn take(&mut self, _: Found, names: &LabelNames) -> io::Result<()> {
        let Some(left) = &mut self.left else { return Ok(()) };
        *left = left.saturating_sub(1);
        if *left > 0 {
            return Ok(());
        }
        self.names = names.sorted().map(|(_, name)| name.to_owned()).collect();
        Err(io::Error::other("enough"))
    }
}

/// Receiver that writes each document, and its print.
struct WriteSink<'a> {
    format: &'static Format,
    labels: &'a LabelSet,
    /// Labels by the index of their name in the file that is read; `None` for those that are not known.
    ids: Vec<Option<LabelId>>,
    writer: Box<dyn Writer + 'a>,
    out: Output,
    to: Box<dyn Write + 'a>,
    prints: Box<dyn Write + 'a>,
    /// Print of the last document, in memory that is used again.
    print: Print,
    sequence: u32,
    /// Documents of the file that is read.
    documents: usize,
    /// Whether there are no other labels.
    has_all: bool,
    /// Whether a document had a label that is not known.
    has_new_label: bool,
    /// Ids that were written; `None` for one file, whose ids stay as they are.
    ids_in_use: Option<IdsInUse>,
}

impl WriteSink<'_> {
    /// Writes what was made so far. After a loss that is not allowed the file is not wanted.
    fn flush(&mut self) -> io::Result<()> {
        if !self.out.losses.is_refused() {
            self.to.write_all(&self.out.bytes)?;
        }
        self.out.bytes.clear();
        Ok(())
    }

    /// Writes the rest.
    fn finish(&mut self) -> io::Result<()> {
        self.writer.finish(&mut self.out);
        self.flush()?;
        self.to.flush()?;
        self.prints.flush()
    }
}

impl Sink for WriteSink<'_> {
    fn take(&mut self, found: Found, names: &LabelNames) -> io::Result<()> {
        self.documents += 1;
        for name in names.from(self.ids.len()) {
            self.ids.push(self.labels.find(name).map(|label| label.id));
        }
        let Found { mut document, spans, status } = found;
        if let Some(ids) = &mut self.ids_in_use {
            ids.make_unique(&mut document);
        }
        let mut list = Vec::with_capacity(spans.len());
        for (range, name) in &spans {
            let Some(label) = self.ids.get(name.at()).copied().flatten() else {
                if self.has_all {
                    continue;
                }
                self.has_new_label = true;
                return Err(io::Error::other("a new label"));
            };
            let id = SpanId { writer: 0, sequence: self.sequence };
            self.sequence = self.sequence.wrapping_add(1);
            list.push(Span { id, range: *range, label, source: SpanSource::Import });
        }
        let annotation = Annotation::new(list, status);
        let copies = self.out.write(&mut *self.writer, &document, &annotation);
        if copies > 0 && !self.out.losses.is_refused() {
            let spans = spans.iter().map(|(range, name)| (*range, names.name(*name)));
            self.print.take(self.format, &document, spans);
            (0..copies).try_for_each(|_| self.print.write(&mut *self.prints))?;
        }
        if self.out.bytes.len() >= WRITTEN_AT_ONCE {
            self.flush()?;
        }
        Ok(())
    }
}
