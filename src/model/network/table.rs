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
    pub(super) fn new(full: &Array, width: usize, keep: &Rows) -> Self {
        let height = full.data.len() / width.max(1);
        let compact = match keep {
            Rows::All => None,
            Rows::Only(ids) => {
                let mut ids: Vec<u32> = ids.iter().copied().filter(|id| (*id as usize) < height).collect();
                if ids.is_empty() {
                    ids.push(0);
                }
                Some(Compact { full: full.data.clone().into(), ids: ids.into() })
            }
        };
        Self { absent_factor: 1.0, compact, width, height }
    }

    /// Returns the rows in use of the full table.
    pub(super) fn gather(&self, full: &Array) -> Vec<f32> {
        let Some(compact) = &self.compact else { return full.data.clone() };
        let rows = compact.ids.iter().filter_map(|id| full.data.chunks_exact(self.width).nth(*id as usize));
        rows.flatten().copied().collect()
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
                // The factor differs from 1 by less than f32 resolves: it is kept in f64 until it is applied.
                let mut full: Vec<f32> =
                    compact.full.iter().map(|value| (f64::from(*value) * self.absent_factor) as f32).collect();
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
