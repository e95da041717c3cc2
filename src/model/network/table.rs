//! An embedding table of which only some rows are parameters.

use std::{collections::BTreeSet, sync::Arc};

use crate::model::weights::Array;

/// Rows of a table that are needed.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    /// Every row.
    All,
    /// Some rows; others are not trained. Ids that the table does not have are ignored.
    Only(BTreeSet<u32>),
}

/// The rows of a table that are not parameters, and the places of those that are.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// Factor by which the absent rows must be multiplied.
    pub(crate) absent_factor: f64,
    /// `None` if all rows are in use.
    compact: Option<Compact>,
    width: usize,
    height: usize,
}

#[derive(Clone, Debug)]
struct Compact {
    /// The full table before training; its rows in use are out of date.
    full: Arc<Vec<f32>>,
    /// Ids of the rows in use, ascending.
    /// The position of an id is its row in the parameter.
    ids: Arc<Vec<u32>>,
}

impl Table {
    /// Returns the table, and the rows in use of the full table.
    ///
    /// The full table is kept or becomes the rows: it is the largest array of a model, and is not copied.
    pub(super) fn new(full: Array, width: usize, keep: &Rows) -> (Self, Vec<f32>) {
        let full = full.data;
        let height = full.len() / width.max(1);
        let table = |compact| Self { absent_factor: 1.0, compact, width, height };
        let Rows::Only(ids) = keep else { return (table(None), full) };
        let mut ids: Vec<u32> = ids.iter().copied().filter(|id| (*id as usize) < height).collect();
        if ids.is_empty() {
            ids.push(0);
        }
        let rows = ids.iter().filter_map(|id| full.chunks_exact(width.max(1)).nth(*id as usize));
        let present = rows.flatten().copied().collect();
        (table(Some(Compact { full: full.into(), ids: ids.into() })), present)
    }

    /// Number of rows in use.
    pub(super) fn rows(&self) -> usize {
        self.compact.as_ref().map_or(self.height, |compact| compact.ids.len())
    }

    /// Returns the row of the parameter for `id`, or the nearest row if it has none.
    ///
    /// The tokenizer gives only ids that have one, if the caller named them all.
    pub(super) fn row(&self, id: u32) -> u32 {
        let row = match &self.compact {
            None => (id as usize).min(self.height.saturating_sub(1)),
            Some(compact) => compact.ids.partition_point(|have| *have < id).min(compact.ids.len().saturating_sub(1)),
        };
        u32::try_from(row).unwrap_or(u32::MAX)
    }

    /// Returns the row of the parameter for exactly this `id`, if it is in use.
    pub(crate) fn exact(&self, id: u32) -> Option<u32> {
        let known = match &self.compact {
            None => (id as usize) < self.height,
            Some(compact) => compact.ids.binary_search(&id).is_ok(),
        };
        known.then(|| self.row(id))
    }

    /// Returns the full table, with `present` as the rows in use.
    pub(super) fn array(&self, present: &[f32]) -> Array {
        let data = match &self.compact {
            None => present.to_vec(),
            Some(compact) => {
                let mut full = compact.full.to_vec();
                if self.absent_factor != 1.0 {
                    // The factor differs from 1 by less than f32 resolves: it is kept in f64 until it is applied.
                    full.iter_mut().for_each(|value| *value = (f64::from(*value) * self.absent_factor) as f32);
                }
                for (id, row) in compact.ids.iter().zip(present.chunks_exact(self.width)) {
                    if let Some(to) = full.chunks_exact_mut(self.width).nth(*id as usize) {
                        to.copy_from_slice(row);
                    }
                }
                full
            }
        };
        Array { shape: vec![self.height, self.width], data }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table of three rows, and the place of its values in memory.
    fn full() -> (Array, *const f32) {
        let data = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let place = data.as_ptr();
        (Array { shape: vec![3, 2], data }, place)
    }

    #[test]
    fn the_full_table_is_not_copied() {
        let (array, place) = full();
        let (table, rows) = Table::new(array, 2, &Rows::All);
        assert!(table.compact.is_none());
        assert_eq!((rows.as_ptr(), rows), (place, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));

        let (array, place) = full();
        let (table, rows) = Table::new(array, 2, &Rows::Only([0, 2, 9].into()));
        assert_eq!(rows, [1.0, 2.0, 5.0, 6.0]);
        assert_eq!(table.compact.unwrap().full.as_ptr(), place);
    }
}
