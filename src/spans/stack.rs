//! A stack of numbers, any of which can be removed quickly.

use std::collections::{BTreeMap, HashMap};

/// Different numbers in the order in which they were pushed.
#[derive(Clone, Debug, Default)]
pub(super) struct Stack {
    order: BTreeMap<u64, usize>,
    /// Key in `order` of each number.
    keys: HashMap<usize, u64>,
}

impl Stack {
    /// Puts a number on top, wherever it was before.
    pub(super) fn push(&mut self, number: usize) {
        self.remove(number);
        let key = self.order.last_key_value().map_or(0, |(last, _)| last + 1);
        self.order.insert(key, number);
        self.keys.insert(number, key);
    }

    /// Removes a number, if it is there.
    pub(super) fn remove(&mut self, number: usize) {
        if let Some(key) = self.keys.remove(&number) {
            self.order.remove(&key);
        }
    }

    pub(super) fn contains(&self, number: usize) -> bool {
        self.keys.contains_key(&number)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The number on top.
    pub(super) fn last(&self) -> Option<usize> {
        self.order.last_key_value().map(|(_, number)| *number)
    }

    /// Iterates over the numbers, the top one last.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = usize> {
        self.order.values().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_pushed_removed_and_pushed_again() {
        let mut stack = Stack::default();
        [3, 1, 2, 1].iter().for_each(|number| stack.push(*number));
        assert_eq!((stack.iter().collect::<Vec<_>>(), stack.last()), (vec![3, 2, 1], Some(1)));
        [1, 3, 9].iter().for_each(|number| stack.remove(*number));
        assert!(stack.contains(2) && !stack.contains(3) && stack.last() == Some(2));
        stack.remove(2);
        assert!(stack.is_empty() && stack.last().is_none());
    }
}
