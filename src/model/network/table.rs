//! An embedding table of which only some rows are on the device.

use std::collections::BTreeSet;

use burn::tensor::{Device, Tensor, TensorData};

use super::{Parameter, values};
use crate::model::weights::Array;

/// Which rows of a table are needed.
#[derive(Clone, Debug)]
pub(crate) enum Rows {
    /// Every row.
    All,
    /// These; others stay off the device. Rows that the table does not have are passed over.
    Only(BTreeSet<u32>),
}

/// A table: the rows in use as a parameter, the others kept as they were.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// `[rows in use, width]`.
    pub(super) rows: Parameter,
    /// What the absent rows are to be multiplied by.
    pub(super) absent_factor: f64,
    /// `None` if all rows are in use.
    compact: Option<Compact>,
    width: usize,
    height: usize,
}

#[derive(Clone, Debug)]
struct Compact {
    /// The full table as it was in the beginning; its rows in use are out of date.
    full: std::sync::Arc<Vec<f32>>,
    /// The row ids in use, ascending: position is the row on the device.
    ids: std::sync::Arc<Vec<u32>>,
}

impl Table {
    pub(super) fn new(full: &Array, width: usize, keep: &Rows, device: &Device) -> Self {
        let height = full.data.len() / width.max(1);
        let (data, compact) = match keep {
            Rows::All => (full.data.clone(), None),
            Rows::Only(ids) => {
                let mut ids: Vec<u32> = ids.iter().copied().filter(|id| (*id as usize) < height).collect();
                if ids.is_empty() {
                    ids.push(0);
                }
                let rows = ids.iter().filter_map(|id| full.data.chunks_exact(width).nth(*id as usize));
                let data = rows.flatten().copied().collect();
                (data, Some(Compact { full: full.data.clone().into(), ids: ids.into() }))
            }
        };
        let value = Tensor::from_data(TensorData::new::<f32, _>(data, [count(&compact, height), width]), device);
        Self { rows: Parameter { decays: true, value }, absent_factor: 1.0, compact, width, height }
    }

    /// The row on the device for `id`. A row that the table does not have is its last; one that is not on the device
    /// is the nearest that is: neither happens to ids that the tokenizer gave and the caller announced.
    pub(super) fn row(&self, id: u32) -> i32 {
        let row = match &self.compact {
            None => (id as usize).min(self.height.saturating_sub(1)),
            Some(compact) => compact.ids.partition_point(|have| *have < id).min(compact.ids.len().saturating_sub(1)),
        };
        i32::try_from(row).unwrap_or(i32::MAX)
    }

    /// The full table.
    pub(super) fn array(&self) -> Array {
        let present = values(&self.rows.value);
        let data = match &self.compact {
            None => present,
            Some(compact) => {
                // The factor lies within rounding of 1: in f64 until it meets the values.
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

fn count(compact: &Option<Compact>, height: usize) -> usize {
    compact.as_ref().map_or(height, |compact| compact.ids.len())
}
