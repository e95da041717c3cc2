//! What one annotator says about one document: spans and a status, and the edits that change them.
//!
//! Applying an edit is total: an edit that no longer fits (its span is gone, say, after two journals were merged)
//! changes nothing. That is what makes replaying a merged journal safe.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeSet, HashMap},
    fmt,
    str::FromStr,
};

use serde::{Deserialize, Serialize, de::Error as _};

use super::label::LabelId;
use crate::text::TextRange;

/// Identity of a span, unique over all writers: the writer's number and the writer's own count. Text form: `1f-7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SpanId {
    /// A random number chosen by the program run that made the span.
    pub writer: u32,
    /// Counts the spans of that writer.
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
        parsed.ok_or_else(|| format!("`{text}` is no id of the form 1f-7"))
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

/// Who or what a span comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpanSource {
    /// Tagged by hand.
    #[default]
    Human,
    /// Stood in an imported file.
    Import,
    /// A suggestion of this run's model, with its score from 0 to 1, that a person took.
    Model {
        /// The run's folder name.
        run: String,
        /// The model's probability for the span.
        score: f32,
    },
    /// A suggestion that a person took: a pattern of the project found it.
    Pattern,
    /// A suggestion that a person took: the same words were tagged elsewhere in the project.
    Gazetteer,
}

impl SpanSource {
    /// Whether a person took what was suggested.
    pub fn is_suggested(&self) -> bool {
        matches!(self, Self::Model { .. } | Self::Pattern | Self::Gazetteer)
    }
}

/// A labelled stretch of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Identity; survives relabelling and resizing.
    pub id: SpanId,
    /// Where, in bytes.
    pub range: TextRange,
    /// What.
    pub label: LabelId,
    /// Whence.
    pub source: SpanSource,
}

/// How far a document is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nobody has said anything.
    #[default]
    Todo,
    /// Begun; teaches nothing yet.
    Partial,
    /// Every span is there; everything else is "O". The only status that trains.
    Done,
    /// Left out on purpose.
    Skipped,
    /// To be talked about.
    Flagged,
}

impl Status {
    /// All states in their usual order.
    pub const ALL: [Self; 5] = [Self::Todo, Self::Partial, Self::Done, Self::Skipped, Self::Flagged];

    /// The word shown for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Todo => "todo",
            Self::Partial => "partial",
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Flagged => "flagged",
        }
    }
}

/// One change to one annotation.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Adds a span; replaces one that has the same id.
    Add(Span),
    /// Takes a span away.
    Remove(SpanId),
    /// Gives a span another label.
    Relabel(SpanId, LabelId),
    /// Gives a span other ends.
    Resize(SpanId, TextRange),
    /// Sets the status.
    Status(Status),
    /// This label is not to be suggested on this range again.
    Reject(TextRange, LabelId),
    /// It may be suggested again.
    Readmit(TextRange, LabelId),
    /// Sets the note, which is empty for none.
    Note(String),
}

/// From so many edits on, all of them are made before the spans are put in order.
const MANY: usize = 16;

/// The spans (ascending by start, longer first, then by id) and the status of one document by one annotator.
#[derive(Clone, Debug, Default)]
pub struct Annotation {
    spans: Vec<Span>,
    /// No span is longer; what is over a place begins at most so many bytes before it.
    longest: usize,
    /// How far the document is.
    pub status: Status,
    /// Suggestions that were turned down.
    rejected: BTreeSet<(TextRange, LabelId)>,
    note: String,
}

/// What is said, not how it is kept.
impl PartialEq for Annotation {
    fn eq(&self, other: &Self) -> bool {
        let alike = self.status == other.status && self.note == other.note;
        alike && self.spans == other.spans && self.rejected == other.rejected
    }
}

impl Annotation {
    /// An annotation with these spans in any order.
    pub fn new(spans: Vec<Span>, status: Status) -> Self {
        let mut annotation = Self { status, ..Self::untouched() };
        annotation.put_in_order(spans);
        annotation
    }

    /// What is true of a document that nobody has touched.
    pub const fn untouched() -> Self {
        Self { spans: Vec::new(), longest: 0, status: Status::Todo, rejected: BTreeSet::new(), note: String::new() }
    }

    /// The spans in reading order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// What the annotator noted about the document; empty for nothing.
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Whether this label was turned down for this range.
    pub fn is_rejected(&self, range: TextRange, label: LabelId) -> bool {
        self.rejected.contains(&(range, label))
    }

    /// The span with this id.
    pub fn get(&self, id: SpanId) -> Option<&Span> {
        self.spans.iter().find(|span| span.id == id)
    }

    /// The spans that share a byte with `range`, in reading order.
    pub fn over(&self, range: TextRange) -> impl Iterator<Item = &Span> {
        let first = self.spans.partition_point(|span| span.range.start + self.longest < range.start);
        let near = self.spans.iter().skip(first).take_while(move |span| span.range.start < range.end);
        near.filter(move |span| span.range.overlaps(range))
    }

    /// The innermost span over the byte at `offset`.
    pub fn at(&self, offset: usize) -> Option<&Span> {
        self.over(TextRange::new(offset, offset + 1)).min_by_key(|span| span.range.len())
    }

    /// The spans that stand here and not in `after`, and those that stand there alone, in reading order.
    pub fn changes<'a>(&'a self, after: &'a Self) -> (Vec<&'a Span>, Vec<&'a Span>) {
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        let (mut old, mut new) = (self.spans.iter().peekable(), after.spans.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(a), Some(b)) => place(a).cmp(&place(b)),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return (gone, come),
            };
            let (a, b) = (old.next_if(|_| order.is_le()), new.next_if(|_| order.is_ge()));
            if a != b {
                gone.extend(a);
                come.extend(b);
            }
        }
    }

    /// Applies `edit` and returns what takes it back; `None` if it changed nothing.
    pub fn apply(&mut self, edit: &Edit) -> Option<Edit> {
        match edit {
            Edit::Add(span) => match self.take(span.id) {
                None => {
                    self.put(span.clone());
                    Some(Edit::Remove(span.id))
                }
                Some(before) => {
                    self.put(span.clone());
                    (before != *span).then_some(Edit::Add(before))
                }
            },
            Edit::Remove(id) => self.take(*id).map(Edit::Add),
            Edit::Relabel(id, label) => {
                let at = self.position(*id)?;
                let before = std::mem::replace(&mut self.spans.get_mut(at)?.label, *label);
                (before != *label).then_some(Edit::Relabel(*id, before))
            }
            Edit::Resize(id, range) => {
                let span = self.take(*id)?;
                let before = span.range;
                self.put(Span { range: *range, ..span });
                (before != *range).then_some(Edit::Resize(*id, before))
            }
            Edit::Status(_) | Edit::Reject(..) | Edit::Readmit(..) | Edit::Note(_) => self.say(edit),
        }
    }

    /// Applies these edits in their order.
    pub fn apply_all<'e>(&mut self, edits: impl IntoIterator<Item = &'e Edit>) {
        let mut edits = edits.into_iter();
        for edit in edits.by_ref().take(MANY) {
            self.apply(edit);
        }
        // One after the other, each would look for its span among all and move those behind it.
        let mut edits = edits.peekable();
        if edits.peek().is_none() {
            return;
        }
        let mut spans: HashMap<SpanId, Span> = self.spans.drain(..).map(|span| (span.id, span)).collect();
        for edit in edits {
            match edit {
                Edit::Add(span) => _ = spans.insert(span.id, span.clone()),
                Edit::Remove(id) => _ = spans.remove(id),
                Edit::Relabel(id, label) => _ = spans.get_mut(id).map(|span| span.label = *label),
                Edit::Resize(id, range) => _ = spans.get_mut(id).map(|span| span.range = *range),
                Edit::Status(_) | Edit::Reject(..) | Edit::Readmit(..) | Edit::Note(_) => _ = self.say(edit),
            }
        }
        self.put_in_order(spans.into_values().collect());
    }

    /// Applies an edit that is about no span.
    fn say(&mut self, edit: &Edit) -> Option<Edit> {
        match edit {
            Edit::Status(status) => {
                let before = std::mem::replace(&mut self.status, *status);
                (before != *status).then_some(Edit::Status(before))
            }
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
            Edit::Add(_) | Edit::Remove(_) | Edit::Relabel(..) | Edit::Resize(..) => None,
        }
    }

    fn position(&self, id: SpanId) -> Option<usize> {
        self.spans.iter().position(|span| span.id == id)
    }

    fn take(&mut self, id: SpanId) -> Option<Span> {
        self.position(id).map(|at| self.spans.remove(at))
    }

    fn put(&mut self, span: Span) {
        self.longest = self.longest.max(span.range.len());
        let at = self.spans.partition_point(|other| place(other) < place(&span));
        self.spans.insert(at, span);
    }

    fn put_in_order(&mut self, mut spans: Vec<Span>) {
        spans.sort_unstable_by_key(place);
        self.longest = spans.iter().map(|span| span.range.len()).max().unwrap_or(0);
        self.spans = spans;
    }
}

/// Where a span comes in reading order.
fn place(span: &Span) -> (usize, Reverse<usize>, SpanId) {
    (span.range.start, Reverse(span.range.end), span.id)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(sequence: u32) -> SpanId {
        SpanId { writer: 0x1f, sequence }
    }

    fn edits() -> impl Strategy<Value = Edit> {
        let range = (0usize..20, 1usize..5).prop_map(|(start, len)| TextRange::new(start, start + len));
        prop_oneof![
            (0u32..6, range.clone(), 0u32..3).prop_map(|(n, range, label)| Edit::Add(Span {
                id: id(n),
                range,
                label: LabelId(label),
                source: SpanSource::Human
            })),
            (0u32..6).prop_map(|n| Edit::Remove(id(n))),
            (0u32..6, 0u32..3).prop_map(|(n, label)| Edit::Relabel(id(n), LabelId(label))),
            (0u32..6, range.clone()).prop_map(|(n, range)| Edit::Resize(id(n), range)),
            (0usize..5).prop_map(|n| Edit::Status(Status::ALL[n])),
            (range.clone(), 0u32..3).prop_map(|(range, label)| Edit::Reject(range, LabelId(label))),
            (range.clone(), 0u32..3).prop_map(|(range, label)| Edit::Readmit(range, LabelId(label))),
            "[ab]{0,2}".prop_map(Edit::Note),
        ]
    }

    proptest! {
        #[test]
        fn undoing_every_edit_returns_the_start(list in prop::collection::vec(edits(), 0..30)) {
            let mut annotation = Annotation::default();
            let mut back = Vec::new();
            for edit in &list {
                let before = annotation.clone();
                match annotation.apply(edit) {
                    Some(inverse) => back.push(inverse),
                    None => prop_assert_eq!(&before, &annotation),
                }
            }
            for inverse in back.iter().rev() {
                prop_assert!(annotation.apply(inverse).is_some());
            }
            prop_assert_eq!(annotation, Annotation::default());
        }

        #[test]
        fn many_edits_at_once_do_what_they_do_one_by_one(list in prop::collection::vec(edits(), 0..60)) {
            let (mut one_by_one, mut at_once) = (Annotation::default(), Annotation::default());
            for edit in &list {
                one_by_one.apply(edit);
            }
            at_once.apply_all(&list);
            prop_assert_eq!(&one_by_one, &at_once);
            let spans = at_once.spans();
            prop_assert!(spans.is_sorted_by_key(place));
            // What has changed since the first half of it.
            let mut half = Annotation::default();
            half.apply_all(&list[..list.len() / 2]);
            let (gone, come) = half.changes(&at_once);
            prop_assert_eq!(gone, half.spans().iter().filter(|span| !spans.contains(span)).collect::<Vec<_>>());
            prop_assert_eq!(come, spans.iter().filter(|span| !half.spans().contains(span)).collect::<Vec<_>>());
            for (start, len) in (0..26).flat_map(|start| (0..6).map(move |len| (start, len))) {
                let range = TextRange::new(start, start + len);
                let all: Vec<&Span> = spans.iter().filter(|span| span.range.overlaps(range)).collect();
                prop_assert_eq!(one_by_one.over(range).collect::<Vec<_>>(), all);
            }
        }

        #[test]
        fn ids_survive_their_text_form(writer: u32, sequence: u32) {
            let id = SpanId { writer, sequence };
            prop_assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn the_innermost_span_is_under_the_cursor() {
        let span = |n, start, end| Span {
            id: id(n),
            range: TextRange::new(start, end),
            label: LabelId(0),
            source: SpanSource::Human,
        };
        let annotation = Annotation::new(vec![span(1, 4, 8), span(0, 0, 20)], Status::Todo);
        assert_eq!(annotation.at(5).map(|span| span.id), Some(id(1)));
        assert_eq!(annotation.at(9).map(|span| span.id), Some(id(0)));
        assert_eq!(annotation.at(20), None);
    }
}
