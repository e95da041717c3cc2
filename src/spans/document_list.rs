//! Documents in order, found by their id. There may be millions of them, so the index costs a few bytes for each.

use std::{collections::hash_map::RandomState, hash::BuildHasher, ops::Deref, sync::Arc};

use super::Document;

/// Documents in order, found by id in constant time.
/// No two have the same id. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct DocumentList(Arc<Contents>);

#[derive(Clone, Debug, Default)]
struct Contents {
    list: Vec<Document>,
    /// Hash table with a power of two of slots, at least twice as many as documents.
    /// A slot is 0 if it is free, else the position of a document, from 1.
    slots: Vec<u32>,
    hasher: RandomState,
}

impl DocumentList {
    /// Adds a document at the end.
    ///
    /// # Errors
    /// There is one with its id; the document is returned.
    pub fn push(&mut self, document: Document) -> Result<(), Box<Document>> {
        Arc::make_mut(&mut self.0).push(document)
    }

    /// Position of the document with this id.
    pub fn position(&self, id: &str) -> Option<usize> {
        let Contents { slots, .. } = &*self.0;
        (*slots.get(self.0.slot(id))? as usize).checked_sub(1)
    }

    /// The document with this id.
    pub fn find(&self, id: &str) -> Option<&Document> {
        self.get(self.position(id)?)
    }
}

impl Contents {
    fn push(&mut self, document: Document) -> Result<(), Box<Document>> {
        if self.slots.len() < 2 * (self.list.len() + 1) {
            self.grow();
        }
        let slot = self.slot(&document.id);
        match (self.slots.get_mut(slot), u32::try_from(self.list.len() + 1)) {
            (Some(free @ 0), Ok(position)) => *free = position,
            _ => return Err(Box::new(document)),
        }
        self.list.push(document);
        Ok(())
    }

    /// Slot of the document with this id, or the free one in which it belongs.
    fn slot(&self, id: &str) -> usize {
        let mask = self.slots.len().wrapping_sub(1);
        #[allow(clippy::cast_possible_truncation, reason = "only the low bits of the hash are used")]
        let mut slot = self.hasher.hash_one(id) as usize & mask;
        while let Some(position @ 1..) = self.slots.get(slot)
            && self.list.get(*position as usize - 1).is_none_or(|document| document.id != id)
        {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// Doubles the number of slots.
    fn grow(&mut self) {
        self.slots = vec![0; (4 * (self.list.len() + 1)).next_power_of_two()];
        for at in 0..self.list.len() {
            let slot = self.list.get(at).map_or(0, |document| self.slot(&document.id));
            if let (Some(free), Ok(position)) = (self.slots.get_mut(slot), u32::try_from(at + 1)) {
                *free = position;
            }
        }
    }
}

impl Deref for DocumentList {
    type Target = [Document];

    fn deref(&self) -> &[Document] {
        &self.0.list
    }
}

/// Of documents with the same id the first one is kept.
impl FromIterator<Document> for DocumentList {
    fn from_iter<I: IntoIterator<Item = Document>>(documents: I) -> Self {
        let mut list = Self::default();
        for document in documents {
            // An id that occurs twice is a mistake of the caller.
            let _ = list.push(document);
        }
        list
    }
}

/// As [`FromIterator`].
impl From<Vec<Document>> for DocumentList {
    fn from(documents: Vec<Document>) -> Self {
        documents.into_iter().collect()
    }
}

impl<'a> IntoIterator for &'a DocumentList {
    type Item = &'a Document;
    type IntoIter = std::slice::Iter<'a, Document>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Grid;

    #[test]
    fn documents_are_found_by_id_and_an_id_is_used_once() {
        let document = |at: usize| Document::new(format!("d{at}"), at.to_string(), Grid::Natural);
        let mut list = DocumentList::default();
        assert_eq!((list.position("d0"), list.find("d0")), (None, None));
        for at in 0..5_000 {
            list.push(document(at)).unwrap();
            assert!(list.0.slots.len() >= 2 * list.len());
        }
        assert_eq!(*list.push(document(4_000)).unwrap_err(), document(4_000));
        for at in 0..5_000 {
            assert_eq!(list.position(&format!("d{at}")), Some(at));
        }
        assert_eq!((list.len(), list.position("d5000"), list.position("")), (5_000, None, None));
    }
}
