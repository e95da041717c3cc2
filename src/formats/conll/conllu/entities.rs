//! Mentions of entities in the key `Entity` of MISC, as GUM and CorefUD write them.
//!
//! A mention is opened by `(` with values between hyphens, and closed by `)`, if it is longer than one word after its id.
//! A comment of the file, `# global.Entity = eid-etype-...`, names the values; without it nobody knows which is the type.

use super::rows::{Sentence, Token};
use crate::spans::WordSpan;

/// Key of the mentions.
pub(super) const KEY: &str = "Entity";
/// Comment with the names of the values.
pub(super) const NAMES: &str = "global.Entity";

/// Places of the type and of the id among the values of a mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntityValues {
    kind: usize,
    id: Option<usize>,
}

impl EntityValues {
    /// Reads the names of the values: `eid-etype-head-other`, `GRP-etype-infstat-...`.
    pub(super) fn read(names: &str) -> Option<Self> {
        let mut names = names.trim().split('-');
        let kind = names.clone().position(|name| matches!(name, "etype" | "entity"))?;
        Some(Self { kind, id: names.position(|name| matches!(name, "eid" | "GRP" | "id")) })
    }

    /// Returns the mentions of a sentence, and the number of those that begin or end outside of it.
    pub(super) fn spans(self, sentence: &Sentence, tokens: &[Token]) -> (Vec<WordSpan>, usize) {
        let mut open: Vec<(usize, Vec<&str>)> = Vec::new();
        let mut spans = Vec::new();
        let mut cut = 0;
        for (at, token) in tokens.iter().enumerate() {
            let rows = sentence.rows.get(token.row..token.end).unwrap_or_default();
            for value in rows.iter().filter_map(|row| row.value(KEY)) {
                for mark in marks(value) {
                    match mark {
                        Mark::Open(values) => open.push((at, values)),
                        Mark::Word(values) => spans.extend(self.span(at, at + 1, &values)),
                        Mark::Close(values) => {
                            let found = open.iter().rposition(|(_, opened)| self.closes(opened, &values));
                            match found.map(|found| open.remove(found)) {
                                Some((start, opened)) => spans.extend(self.span(start, at + 1, &opened)),
                                None => cut += 1,
                            }
                        }
                    }
                }
            }
        }
        spans.sort();
        (spans, cut + open.len())
    }

    fn span(self, start: usize, end: usize, values: &[&str]) -> Option<WordSpan> {
        let kind = values.get(self.kind).filter(|kind| !kind.is_empty() && **kind != "_")?;
        Some(WordSpan::new(start..end, *kind))
    }

    /// Whether a closing mark with these values, often only the id, belongs to an opened mention.
    fn closes(self, opened: &[&str], values: &[&str]) -> bool {
        match (values, self.id) {
            ([id], Some(place)) => opened.get(place) == Some(id),
            _ => values.iter().all(|value| opened.contains(value)),
        }
    }
}

enum Mark<'v> {
    Open(Vec<&'v str>),
    Word(Vec<&'v str>),
    Close(Vec<&'v str>),
}

/// Splits a value such as `(e1-person(e2-place)e3)`.
fn marks(value: &str) -> Vec<Mark<'_>> {
    let mut marks = Vec::new();
    let mut rest = value;
    while !rest.is_empty() {
        let is_open = rest.starts_with('(');
        let inside = rest.strip_prefix('(').unwrap_or(rest);
        let end = inside.find(['(', ')']).unwrap_or(inside.len());
        let (values, after) = inside.split_at(end);
        // Parts of a mention with gaps have numbers in brackets.
        let values: Vec<&str> = values.split('-').map(|value| value.split('[').next().unwrap_or(value)).collect();
        rest = after;
        if let Some(closed) = after.strip_prefix(')') {
            rest = closed;
            marks.push(if is_open { Mark::Word(values) } else { Mark::Close(values) });
        } else if is_open {
            marks.push(Mark::Open(values));
        }
    }
    marks
}
