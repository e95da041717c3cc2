//! Texts that occur again and again, such as tags, each kept once and known by a number.

use std::collections::HashMap;

use foldhash::fast::RandomState;

/// Slots for the texts that were found last; a power of two.
const SLOTS: usize = 1 << 10;

/// Different texts, numbered from 0 in the order in which they were added.
#[derive(Default)]
pub(super) struct NumberedTexts {
    list: Vec<String>,
    numbers: HashMap<String, u32, RandomState>,
    /// The last text that was found of those with one slot. It saves a hash of the text for nearly all of them.
    slots: Vec<Slot>,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    length: usize,
    number: u32,
}

impl NumberedTexts {
    /// Number of a text, if it is known.
    pub(super) fn find(&mut self, text: &str) -> Option<u32> {
        let key = key(text.as_bytes());
        let slot = self.slots.get(place(key))?;
        if slot.key == key && slot.length == text.len() && (text.len() <= 8 || self.text(slot.number) == text) {
            return Some(slot.number);
        }
        let number = self.numbers.get(text).copied()?;
        self.put(key, text.len(), number);
        Some(number)
    }

    /// Number of a text, which is added if it is new.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.find(text) {
            return number;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        self.list.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        // No text has the length of a free slot.
        if self.slots.is_empty() {
            self.slots = vec![Slot { length: usize::MAX, ..Slot::default() }; SLOTS];
        }
        self.put(key(text.as_bytes()), text.len(), number);
        number
    }

    fn put(&mut self, key: u64, length: usize, number: u32) {
        self.slots.get_mut(place(key)).into_iter().for_each(|slot| *slot = Slot { key, length, number });
    }

    /// The text with a number.
    pub(super) fn text(&self, number: u32) -> &str {
        usize::try_from(number).ok().and_then(|at| self.list.get(at)).map_or("", String::as_str)
    }

    /// All texts, in the order of their numbers.
    pub(super) fn texts(&self) -> &[String] {
        &self.list
    }

    /// Forgets all texts.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The first and the last four bytes of a text, which are all of it if it has at most eight.
fn key(text: &[u8]) -> u64 {
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        return u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32;
    }
    text.iter().fold(0, |key, byte| key << 8 | u64::from(*byte))
}

fn place(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equal_texts_and_no_others_have_one_number(texts in prop::collection::vec("[ab\\u{e9}]{0,10}", 0..200)) {
            let mut numbered = NumberedTexts::default();
            let mut different: Vec<&String> = Vec::new();
            for text in &texts {
                let known = different.iter().position(|other| *other == text);
                prop_assert_eq!(numbered.find(text), known.map(|at| at as u32));
                let number = numbered.number(text);
                prop_assert_eq!((number as usize, numbered.text(number)), (known.unwrap_or(different.len()), text.as_str()));
                if known.is_none() {
                    different.push(text);
                }
            }
            prop_assert!(numbered.texts().iter().eq(different));
            numbered.clear();
            prop_assert_eq!(numbered.find(""), None);
        }
    }
}
