//! Matrices in memory, seen through strides.

/// Matrix in memory, a block of one, or its transpose.
/// All its elements are inside `values`: the constructors ensure it.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    pub(super) values: &'a [f32],
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) row_stride: usize,
    pub(super) column_stride: usize,
}

impl<'a> View<'a> {
    /// Row-major matrix of all whole rows in `values`.
    #[inline]
    pub(super) fn new(values: &'a [f32], columns: usize) -> Self {
        Self { values, rows: values.len() / columns.max(1), columns, row_stride: columns, column_stride: 1 }
    }

    /// Matrix whose rows begin `row_stride` values apart.
    /// A matrix that would reach beyond `values`, which is a mistake of the caller, has no rows.
    #[inline]
    pub(super) fn strided(values: &'a [f32], rows: usize, columns: usize, row_stride: usize) -> Self {
        let ends = rows.saturating_sub(1) * row_stride + columns;
        debug_assert!(ends <= values.len(), "{rows} rows of {columns}, {row_stride} apart, in {}", values.len());
        let rows = if ends <= values.len() { rows } else { 0 };
        Self { values, rows, columns, row_stride, column_stride: 1 }
    }

    /// The transpose, without copying.
    #[inline]
    pub(super) fn transposed(self) -> Self {
        Self {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// At most `count` rows, beginning with row `from`.
    #[inline(always)]
    pub(super) fn some_rows(self, from: usize, count: usize) -> Self {
        let from = from.min(self.rows);
        let values = self.values.get(from * self.row_stride..).unwrap_or_default();
        Self { values, rows: count.min(self.rows - from), ..self }
    }

    /// At most `count` columns, beginning with column `from`.
    #[inline]
    pub(super) fn some_columns(self, from: usize, count: usize) -> Self {
        self.transposed().some_rows(from, count).transposed()
    }
}
