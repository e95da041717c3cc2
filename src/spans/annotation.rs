//! Annotation of one document by one annotator.
//! Spans, a status, and the edits that change them.
//!
//! Applying an edit never fails: an edit that no longer fits changes nothing, for example if its span is missing after
//! two journals were merged. This makes replaying a merged journal safe.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt, iter,
    str::FromStr,
};

use serde::{Deserialize, Serialize, de::Error as _};
use strum::{IntoStaticStr, VariantArray};

use super::label::LabelId;
use crate::text::{TextRange, max_tree::MaxTree};

/// Identity of a span, unique over all writers. Text form: `1f-7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId {
    /// Random number of the program run that created the span.
    pub writer: u32,
    /// Sequence number of that writer.
    pub sequence: u32,
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{}", self.writer, self.sequence)
    }
}

impl FromStr for SpanId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = text.split_once('-').and_then(|(writer, sequence)| {
            Some(Self { writer: u32::from_str_radix(writer, 16).ok()?, sequence: sequence.parse().ok()? })
        });
        parsed.ok_or_else(|| format!("invalid id `{text}`; ids have the form 1f-7"))
    }
}

impl Serialize for SpanId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SpanId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// Origin of a span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanSource {
    /// Tagged by hand.
    #[default]
    Human,
    /// Imported from a file.
    Import,
    /// Accepted suggestion of a run's model.
    Model {
        /// Folder name of the run.
        run: String,
        /// Probability that the model gave the span, from 0 to 1.
        score: f32,
    },
    /// Accepted suggestion of a pattern of the project.
    Pattern,
    /// Accepted suggestion of the gazetteer.
    /// The same words were tagged elsewhere in the project.
    Gazetteer,
}

impl SpanSource {
    /// Whether the span was suggested and accepted.
    pub fn is_suggested(&self) -> bool {
        matches!(self, Self::Model { .. } | Self::Pattern | Self::Gazetteer)
    }
}

/// Text range with a label.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Identity; stays the same when the span is relabelled or resized.
    pub id: SpanId,
    /// Its bytes.
    pub range: TextRange,
    /// Its label.
    pub label: LabelId,
    /// Its origin.
    pub source: SpanSource,
}

/// Progress of an annotator on a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Status {
    /// Not begun.
    #[default]
    Todo,
    /// Begun; not yet used for training.
    Partial,
    /// Complete: everything without a span is "O".
    /// Only done documents are used for training.
    Done,
    /// Excluded by the annotator.
    Skipped,
    /// Marked for discussion.
    Flagged,
}

impl Status {
    /// All statuses in their usual order.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// Name in files and on the screen.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Change of an annotation.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Adds a span; replaces one that has the same id.
    Add(Span),
    /// Removes a span.
    Remove(SpanId),
    /// Gives a span another label.
    Relabel(SpanId, LabelId),
    /// Gives a span other ends.
    Resize(SpanId, TextRange),
    /// Sets the status.
    Status(Status),
    /// Rejects a suggestion: the label must not be suggested on this range again.
    Reject(TextRange, LabelId),
    /// Reverts a rejection.
    Readmit(TextRange, LabelId),
    /// Sets the note; empty for none.
    Note(String),
    /// Removes a span from the text but keeps its label: its place is not known.
    ///
    /// Read from a line that was recorded against another text; never recorded. Without a label, the span keeps its own.
    Lose(SpanId, Option<LabelId>),
    /// Sets the status done in doubt: it was set without spans, and the text was replaced since. Never recorded.
    Doubt,
}

impl Edit {
    /// The span that it adds or changes.
    pub fn span(&self) -> Option<SpanId> {
        match self {
            Self::Add(span) => Some(span.id),
            Self::Remove(id) | Self::Relabel(id, _) | Self::Resize(id, _) | Self::Lose(id, _) => Some(*id),
            Self::Status(_) | Self::Reject(..) | Self::Readmit(..) | Self::Note(_) | Self::Doubt => None,
        }
    }
}

/// Number of edits that are applied one by one.
/// Any further ones are applied together, followed by one sort.
const MAX_SINGLE_EDITS: usize = 16;

/// Spans and status of one document by one annotator.
///
/// The spans ascend by start, longer first, then by id.
#[derive(Clone, Debug, Default)]
pub struct Annotation {
    spans: Vec<Span>,
    /// Ends of the spans, by which those over a byte are found.
    ends: MaxTree,
    /// Spans whose place is not known since the text was changed, with their labels.
    /// None of them is among `spans`.
    lost: BTreeMap<SpanId, LabelId>,
    /// Progress on the document.
    /// Partial instead of done while the place of a span is not known or the status is in doubt, so that words that
    /// nobody has looked at are not taken for unlabelled.
    pub status: Status,
    /// Status that the annotator set.
    set: Status,
    /// Whether it is in doubt, because it was set without spans before the text was replaced.
    is_doubtful: bool,
    /// Rejected suggestions.
    rejected: BTreeSet<(TextRange, LabelId)>,
    note: String,
}

/// Compares the content, from which `ends` follows.
impl PartialEq for Annotation {
    fn eq(&self, other: &Self) -> bool {
        let Self { spans, ends: _, lost, status: _, set, is_doubtful, rejected, note } = self;
        *set == other.set
            && *is_doubtful == other.is_doubtful
            && *note == other.note
            && *spans == other.spans
            && *lost == other.lost
            && *rejected == other.rejected
    }
}

impl Annotation {
    /// Creates an annotation from spans in any order.
    pub fn new(spans: Vec<Span>, status: Status) -> Self {
        let mut annotation = Self { status, set: status, ..Self::untouched() };
        annotation.put_in_order(spans);
        annotation
    }

    /// Annotation of a document that was never edited.
    pub const fn untouched() -> Self {
        Self {
            spans: Vec::new(),
            ends: MaxTree::empty(),
            lost: BTreeMap::new(),
            status: Status::Todo,
            set: Status::Todo,
            is_doubtful: false,
            rejected: BTreeSet::new(),
            note: String::new(),
        }
    }

    /// Spans in reading order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Spans whose place is not known since the text was changed: ids with labels.
    pub fn lost(&self) -> impl ExactSizeIterator<Item = (SpanId, LabelId)> {
        self.lost.iter().map(|(id, label)| (*id, *label))
    }

    /// Whether the annotator marked the document done without spans, and its text was replaced since.
    pub fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// Whether the text was changed, so that spans have lost their place or the status is in doubt.
    pub fn needs_review(&self) -> bool {
        self.is_doubtful || !self.lost.is_empty()
    }

    /// Note of the annotator; empty for none.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Whether any label was rejected.
    pub fn has_rejections(&self) -> bool {
        !self.rejected.is_empty()
    }

    /// Whether the label was rejected for the range.
    pub fn is_rejected(&self, range: TextRange, label: LabelId) -> bool {
        self.rejected.contains(&(range, label))
    }

    /// Finds a span by its id.
    pub fn get(&self, id: SpanId) -> Option<&Span> {
        self.spans.iter().find(|span| span.id == id)
    }

    /// Iterates over the spans that overlap `range`, in reading order. Takes logarithmic time for each.
    pub fn over(&self, range: TextRange) -> impl Iterator<Item = &Span> {
        let mut next = 0;
        iter::from_fn(move || {
            let at = self.ends.next_above(next, range.start)?;
            next = at + 1;
            self.spans.get(at).filter(|span| span.range.start < range.end)
        })
    }

    /// Finds the innermost span over the byte at `offset`.
    pub fn at(&self, offset: usize) -> Option<&Span> {
        self.over(TextRange::new(offset, offset + 1)).min_by_key(|span| span.range.len())
    }

    /// Returns the spans that are only in `self`, and those only in `after`.
    /// Both are in reading order.
    pub fn changes<'a>(&'a self, after: &'a Self) -> (Vec<&'a Span>, Vec<&'a Span>) {
        changes(&self.spans, &after.spans)
    }

    /// Applies `edit` and returns its inverse; `None` if it changed nothing.
    pub fn apply(&mut self, edit: &Edit) -> Option<Edit> {
        match edit {
            Edit::Add(span) => {
                let lost = self.find_lost(span.id);
                let before = self.take(span.id);
                self.put(span.clone());
                match (lost, before) {
                    (Some(label), _) => Some(Edit::Lose(span.id, Some(label))),
                    (None, None) => Some(Edit::Remove(span.id)),
                    (None, Some(before)) => (before != *span).then_some(Edit::Add(before)),
                }
            }
            Edit::Remove(id) => match self.find_lost(*id) {
                Some(label) => Some(Edit::Lose(*id, Some(label))),
                None => self.take(*id).map(Edit::Add),
            },
            Edit::Relabel(id, label) => {
                let at = self.position(*id);
                let current = match self.lost.get_mut(id) {
                    Some(lost) => lost,
                    None => &mut self.spans.get_mut(at?)?.label,
                };
                let before = std::mem::replace(current, *label);
                (before != *label).then_some(Edit::Relabel(*id, before))
            }
            Edit::Resize(id, range) => {
                if let Some(label) = self.find_lost(*id) {
                    self.put(Span { id: *id, range: *range, label, source: SpanSource::Human });
                    return Some(Edit::Lose(*id, Some(label)));
                }
                let span = self.take(*id)?;
                let before = span.range;
                self.put(Span { range: *range, ..span });
                (before != *range).then_some(Edit::Resize(*id, before))
            }
            Edit::Lose(id, label) => {
                let span = self.take(*id);
                let before = self.lose(*id, *label, span.as_ref());
                match (span, before) {
                    (Some(span), _) => Some(Edit::Add(span)),
                    (None, Some(before)) => {
                        (self.lost.get(id) != Some(&before)).then_some(Edit::Lose(*id, Some(before)))
                    }
                    (None, None) => self.lost.contains_key(id).then_some(Edit::Remove(*id)),
                }
            }
            other => self.apply_other(other),
        }
    }

    /// Applies edits in their order.
    pub fn apply_all<'e>(&mut self, edits: impl IntoIterator<Item = &'e Edit>) {
        let mut edits = edits.into_iter();
        for edit in edits.by_ref().take(MAX_SINGLE_EDITS) {
            self.apply(edit);
        }
        // One by one, each edit would search all spans and move those behind it.
        let mut edits = edits.peekable();
        if edits.peek().is_none() {
            return;
        }
        let mut spans: HashMap<SpanId, Span> = self.spans.drain(..).map(|span| (span.id, span)).collect();
        for edit in edits {
            match edit {
                Edit::Add(span) => {
                    self.lost.remove(&span.id);
                    spans.insert(span.id, span.clone());
                }
                Edit::Remove(id) => {
                    self.lost.remove(id);
                    spans.remove(id);
                }
                Edit::Relabel(id, label) => {
                    let lost = self.lost.get_mut(id);
                    _ = lost.or_else(|| spans.get_mut(id).map(|span| &mut span.label)).map(|old| *old = *label);
                }
                Edit::Resize(id, range) => {
                    if let Some(label) = self.lost.remove(id) {
                        spans.insert(*id, Span { id: *id, range: *range, label, source: SpanSource::Human });
                    } else if let Some(span) = spans.get_mut(id) {
                        span.range = *range;
                    }
                }
                Edit::Lose(id, label) => _ = self.lose(*id, *label, spans.remove(id).as_ref()),
                other => _ = self.apply_other(other),
            }
        }
        self.find_status();
        self.put_in_order(spans.into_values().collect());
    }

    /// Applies an edit that concerns no span.
    fn apply_other(&mut self, edit: &Edit) -> Option<Edit> {
        match edit {
            Edit::Status(status) => self.set_status(*status, false),
            Edit::Doubt => self.set_status(Status::Done, true),
            Edit::Reject(range, label) => {
                self.rejected.insert((*range, *label)).then_some(Edit::Readmit(*range, *label))
            }
            Edit::Readmit(range, label) => {
                self.rejected.remove(&(*range, *label)).then_some(Edit::Reject(*range, *label))
            }
            Edit::Note(note) => {
                let before = std::mem::replace(&mut self.note, note.clone());
                (before != *note).then_some(Edit::Note(before))
            }
            Edit::Add(_) | Edit::Remove(_) | Edit::Relabel(..) | Edit::Resize(..) | Edit::Lose(..) => None,
        }
    }

    /// Sets the status, and returns the edit that sets the one before; `None` if it was the same.
    fn set_status(&mut self, status: Status, is_doubtful: bool) -> Option<Edit> {
        let before = std::mem::replace(&mut self.set, status);
        let was_doubtful = std::mem::replace(&mut self.is_doubtful, is_doubtful);
        self.find_status();
        let inverse = if was_doubtful { Edit::Doubt } else { Edit::Status(before) };
        ((before, was_doubtful) != (status, is_doubtful)).then_some(inverse)
    }

    /// Notes that the place of a span is not known.
    /// Returns its label if that was so before.
    /// `span` is the span as it was in the text.
    fn lose(&mut self, id: SpanId, label: Option<LabelId>, span: Option<&Span>) -> Option<LabelId> {
        let before = self.lost.get(&id).copied();
        if let Some(label) = label.or(span.map(|span| span.label)).or(before) {
            self.lost.insert(id, label);
        }
        self.find_status();
        before
    }

    /// Takes a span out of those whose place is not known; returns its label.
    fn find_lost(&mut self, id: SpanId) -> Option<LabelId> {
        let label = self.lost.remove(&id);
        self.find_status();
        label
    }

    fn find_status(&mut self) {
        self.status = match self.set {
            Status::Done if self.needs_review() => Status::Partial,
            set => set,
        };
    }

    fn position(&self, id: SpanId) -> Option<usize> {
        self.spans.iter().position(|span| span.id == id)
    }

    fn take(&mut self, id: SpanId) -> Option<Span> {
        let at = self.position(id)?;
        let span = self.spans.remove(at);
        self.find_ends();
        Some(span)
    }

    fn put(&mut self, span: Span) {
        let at = self.spans.partition_point(|other| reading_order(other) < reading_order(&span));
        self.spans.insert(at, span);
        self.find_ends();
    }

    fn put_in_order(&mut self, mut spans: Vec<Span>) {
        spans.sort_unstable_by_key(reading_order);
        self.spans = spans;
        self.find_ends();
    }

    fn find_ends(&mut self) {
        self.ends.fill(self.spans.iter().map(|span| span.range.end));
    }
}

/// Returns the spans that are only in `before`, and those only in `after`.
/// All are in reading order.
pub(super) fn changes<'a>(before: &'a [Span], after: &'a [Span]) -> (Vec<&'a Span>, Vec<&'a Span>) {
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    let (mut old, mut new) = (before.iter().peekable(), after.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (Some(a), Some(b)) => reading_order(a).cmp(&reading_order(b)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return (removed, added),
        };
        let (a, b) = (old.next_if(|_| order.is_le()), new.next_if(|_| order.is_ge()));
        if a != b {
            removed.extend(a);
            added.extend(b);
        }
    }
}

/// Sort key of reading order.
fn reading_order(span: &Span) -> (usize, Reverse<usize>, SpanId) {
    (span.range.start, Reverse(span.range.end), span.id)
}

#[cfg(test)]
mod tests;
