//! The training lines of a run as columns of numbers, with summaries of blocks.
//!
//! A run may have very many lines, and a frame is drawn at every key: where a whole block is in one column of the screen, only
//! its first, lowest, highest and last number are looked at. What is drawn is the same.

use super::{
    Across,
    series::{LEAST_REACH, REACH, Sample, reach, smoothed},
    window::Window,
};

/// Lines of a block.
const BLOCK: usize = 64;
/// Blocks for each column from which blocks are looked at instead of lines.
const BLOCKS_PER_COLUMN: usize = 2;

/// Number of a training line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Loss,
    Rate,
    Norm,
    /// The loss without its noise.
    SmoothLoss,
    /// The norm without its noise.
    SmoothNorm,
}

impl Field {
    /// The field of which this one is the smoothed form.
    fn raw(self) -> Option<Self> {
        match self {
            Self::SmoothLoss => Some(Self::Loss),
            Self::SmoothNorm => Some(Self::Norm),
            _ => None,
        }
    }
}

/// Number of fields.
const FIELDS: usize = 5;

/// A line about training steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) step: f64,
    pub(super) epoch: f64,
    /// Not a number where the line has none.
    pub(super) seconds: f64,
    /// By [`Field`].
    values: [f64; FIELDS],
}

impl Line {
    const ORIGIN: Self = Self { step: 0.0, epoch: 0.0, seconds: 0.0, values: [0.0; FIELDS] };

    pub(super) fn x(&self, across: Across) -> f64 {
        match across {
            Across::Epoch => self.epoch,
            Across::Step => self.step,
            Across::Time => self.seconds,
        }
    }

    pub(super) fn value(&self, field: Field) -> f64 {
        self.values[field as usize]
    }

    /// Whether its place on an axis is finite, and a field.
    fn is_known(&self, across: Across, field: Option<Field>) -> bool {
        self.x(across).is_finite() && field.is_none_or(|field| self.value(field).is_finite())
    }

    /// Whether a field can be drawn.
    fn is_shown(&self, field: Field, log: bool) -> bool {
        self.value(field).is_finite() && !(log && self.value(field) <= 0.0)
    }
}

/// The part of a horizontal axis for which samples are wanted.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// Horizontal axis.
    pub across: Across,
    /// Part of it.
    pub window: Window,
    /// Columns in it: of very many samples those are left that decide what is seen.
    pub columns: usize,
    /// Whether samples at zero or below are left out, because the vertical scale is logarithmic.
    pub log: bool,
}

/// Finite samples of a series in their order, and what was left out of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The samples; of very many those that decide what is seen.
    pub samples: Vec<Sample>,
    /// Number of samples that are not finite.
    pub skipped: usize,
    /// Number of samples at zero or below, which a logarithmic scale has no place for.
    pub below: usize,
}

impl Series {
    /// Takes samples; on a logarithmic scale only those above zero.
    pub fn of(samples: impl IntoIterator<Item = Sample>, log: bool) -> Self {
        let mut series = Self::default();
        samples.into_iter().for_each(|sample| series.take(sample, log));
        series
    }

    /// Takes a sample; on a logarithmic scale only one above zero.
    pub(super) fn take(&mut self, (x, y): Sample, log: bool) {
        if !(x.is_finite() && y.is_finite()) {
            self.skipped += 1;
        } else if log && y <= 0.0 {
            self.below += 1;
        } else {
            self.samples.push((x, y));
        }
    }
}

/// Summary of a field in a block: places of lines in it.
#[derive(Clone, Copy, Debug, Default)]
struct Extremes {
    low: Option<u8>,
    high: Option<u8>,
    /// The lowest above zero.
    above: Option<u8>,
    skipped: u8,
    below: u8,
}

/// A full block.
#[derive(Clone, Debug)]
struct Block {
    /// Least and greatest place on each axis; not finite if one is.
    ends: [(f64, f64); 3],
    fields: [Extremes; FIELDS],
}

impl Block {
    fn of(lines: &[Line]) -> Self {
        let ends = [Across::Epoch, Across::Step, Across::Time].map(|across| {
            lines.iter().map(|line| line.x(across)).fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
                if x.is_finite() { (low.min(x), high.max(x)) } else { (f64::NAN, f64::NAN) }
            })
        });
        let fields = [0, 1, 2, 3, 4].map(|field: usize| Extremes::of(lines, field));
        Self { ends, fields }
    }

    /// Whether all its lines are in one column of a window, or on one side of it.
    fn is_in_one_column(&self, Cut { across, window, columns, .. }: Cut) -> bool {
        let (low, high) = self.ends[across as usize];
        if !(low.is_finite() && high.is_finite()) {
            return false;
        }
        let column = window.column(low, columns);
        high < window.from || low > window.to || column.is_some() && column == window.column(high, columns)
    }
}

impl Extremes {
    fn of(lines: &[Line], field: usize) -> Self {
        let mut found = Self::default();
        for (line, at) in lines.iter().zip(0_u8..) {
            let y = line.values[field];
            if !y.is_finite() {
                found.skipped += 1;
                continue;
            }
            if number(lines, found.low, field).is_none_or(|low| y < low) {
                found.low = Some(at);
            }
            if number(lines, found.high, field).is_none_or(|high| y > high) {
                found.high = Some(at);
            }
            if y <= 0.0 {
                found.below += 1;
            } else if number(lines, found.above, field).is_none_or(|above| y < above) {
                found.above = Some(at);
            }
        }
        found
    }
}

/// The number of a field in a line of a block.
fn number(lines: &[Line], at: Option<u8>, field: usize) -> Option<f64> {
    lines.get(usize::from(at?)).map(|line| line.values[field])
}

/// The training lines of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct TrainingLines {
    lines: Vec<Line>,
    blocks: Vec<Block>,
    /// Whether some line is before the one above it on an axis.
    is_unsorted: bool,
    /// The greatest place on each axis.
    ends: [Option<f64>; 3],
}

impl TrainingLines {
    /// Adds a line; numbers that are not known are not finite.
    pub(super) fn push(&mut self, [step, epoch, seconds]: [f64; 3], [loss, rate, norm]: [f64; 3]) {
        let line = Line { step, epoch, seconds, values: [loss, rate, norm, f64::NAN, f64::NAN] };
        for across in [Across::Epoch, Across::Step, Across::Time] {
            let x = line.x(across);
            self.is_unsorted |= self.lines.last().is_some_and(|last| x < last.x(across));
            let end = &mut self.ends[across as usize];
            *end = end.filter(|end| *end >= x).or(Some(x).filter(|x| x.is_finite())).or(*end);
        }
        self.lines.push(line);
        self.smooth();
        // The last lines of a block are smoothed again when later ones are there.
        let start = self.blocks.len() * BLOCK;
        if let Some(lines) = self.lines.get(start..start + BLOCK).filter(|_| self.lines.len() >= start + BLOCK + REACH)
        {
            self.blocks.push(Block::of(lines));
        }
    }

    /// Smooths the newest line, and the one for which all lines around are there now.
    fn smooth(&mut self) {
        let Some(last) = self.lines.len().checked_sub(1) else { return };
        self.smooth_line(last);
        let complete = (LEAST_REACH..=REACH).find_map(|by| last.checked_sub(by).filter(|at| reach(*at) == by));
        if let Some(at) = complete {
            self.smooth_line(at);
        }
    }

    fn smooth_line(&mut self, at: usize) {
        for field in [Field::SmoothLoss, Field::SmoothNorm] {
            let raw = field.raw().unwrap_or(field);
            let value = smoothed(at, |at| self.lines.get(at).map(|line| line.value(raw)));
            if let Some(line) = self.lines.get_mut(at) {
                line.values[field as usize] = value.unwrap_or(f64::NAN);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The greatest place on an axis.
    pub(super) fn end(&self, across: Across) -> Option<f64> {
        self.ends[across as usize]
    }

    /// The samples of a field; of very many those that decide what is seen.
    pub(super) fn series(&self, field: Field, cut: Cut) -> Series {
        let Cut { across, columns, log, .. } = cut;
        let mut series = Series::default();
        let has_blocks = self.blocks.len() > BLOCKS_PER_COLUMN * columns;
        for (at, lines) in self.lines.chunks(BLOCK).enumerate() {
            match self.blocks.get(at).filter(|block| has_blocks && block.is_in_one_column(cut)) {
                Some(block) => take_block(&mut series, block, lines, field, cut),
                None => lines.iter().for_each(|line| series.take((line.x(across), line.value(field)), log)),
            }
        }
        if field.raw().is_some() {
            // Those of the raw series are counted.
            series.skipped = 0;
        }
        series
    }

    /// The finite sample of a field at the nearest place.
    pub(super) fn at(&self, field: Field, x: f64, across: Across) -> Option<Sample> {
        self.nearest(x, across, Some(field)).map(|line| (line.x(across), line.value(field)))
    }

    /// The line at the nearest place of those whose field is finite; of equally near ones the first.
    pub(super) fn nearest(&self, x: f64, across: Across, field: Option<Field>) -> Option<&Line> {
        let at = self.lines.partition_point(|line| line.x(across) < x);
        let around = self.lines.get(at.saturating_sub(1)..(at + 1).min(self.lines.len())).unwrap_or_default();
        let is_enough = !self.is_unsorted && around.iter().all(|line| line.is_known(across, field));
        let lines = if is_enough { around } else { self.lines.as_slice() };
        let known = lines.iter().filter(|line| line.is_known(across, field));
        known.min_by(|a, b| (a.x(across) - x).abs().total_cmp(&(b.x(across) - x).abs()))
    }

    /// The next place on one side of a number, at least `gap` away.
    pub(super) fn beside(&self, x: f64, gap: f64, later: bool, across: Across) -> Option<f64> {
        if self.is_unsorted || self.lines.iter().next_back().is_some_and(|line| line.x(across).is_nan()) {
            let places = self.lines.iter().map(|line| line.x(across)).filter(|x| x.is_finite());
            return next_of(places, x, gap, later);
        }
        let at = match later {
            true => self.lines.partition_point(|line| line.x(across) < x + gap),
            false => self.lines.partition_point(|line| line.x(across) <= x - gap).checked_sub(1)?,
        };
        self.lines.get(at).map(|line| line.x(across)).filter(|x| x.is_finite())
    }

    /// Converts a number of one axis to another by interpolation.
    /// Before the first line it begins at 0, after the last it goes on as before. `None` if it cannot be computed.
    pub(super) fn convert(&self, x: f64, from: Across, to: Across) -> Option<f64> {
        let at = self.lines.partition_point(|line| line.x(from) < x);
        let upper = at.min(self.lines.len().checked_sub(1)?);
        let lower = upper.checked_sub(1).map_or(Line::ORIGIN, |lower| self.lines[lower]);
        let upper = self.lines[upper];
        let share = (x - lower.x(from)) / (upper.x(from) - lower.x(from));
        let converted = lower.x(to) + share * (upper.x(to) - lower.x(to));
        converted.is_finite().then_some(converted)
    }
}

/// The next of some numbers on one side of `x`, at least `gap` away.
pub(super) fn next_of(places: impl Iterator<Item = f64>, x: f64, gap: f64, later: bool) -> Option<f64> {
    match later {
        true => places.filter(|place| *place >= x + gap).reduce(f64::min),
        false => places.filter(|place| *place <= x - gap).reduce(f64::max),
    }
}

/// Takes the samples of a block that decide what is seen, in their order; outside the window only the one next to it.
fn take_block(series: &mut Series, block: &Block, lines: &[Line], field: Field, cut: Cut) {
    let Cut { across, window, log, .. } = cut;
    let found = block.fields[field as usize];
    series.skipped += usize::from(found.skipped);
    series.below += if log { usize::from(found.below) } else { 0 };
    let first = lines.iter().position(|line| line.is_shown(field, log));
    let last = lines.iter().rposition(|line| line.is_shown(field, log));
    let low = if log { found.above } else { found.low };
    let (least, greatest) = block.ends[across as usize];
    let mut places = match (greatest < window.from, least > window.to) {
        (true, _) => [last, None, None, None],
        (_, true) => [first, None, None, None],
        _ => [first, low.map(usize::from), found.high.map(usize::from), last],
    };
    places.sort_unstable();
    let mut before = None;
    for at in places.into_iter().flatten().filter(|at| before.replace(*at) != Some(*at)) {
        if let Some(line) = lines.get(at).filter(|line| line.is_shown(field, log)) {
            series.samples.push((line.x(across), line.value(field)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runs::window::part;

    fn lines(losses: &[f64]) -> TrainingLines {
        let mut lines = TrainingLines::default();
        for (at, loss) in losses.iter().enumerate() {
            let step = at as f64 + 1.0;
            lines.push([step, step / 100.0, step * 0.5], [*loss, 1e-4, 1.0]);
        }
        lines
    }

    proptest! {
        #[test]
        fn blocks_change_nothing_that_is_seen(
            seed in prop::collection::vec(prop_oneof![9 => -1f64..20.0, 1 => Just(f64::NAN)], 97),
            from in 0f64..4000.0,
            width in 10f64..8000.0,
            log in any::<bool>(),
        ) {
            let losses: Vec<f64> = (0..6000).map(|at| seed[at * 31 % 97] + (at as f64).sin()).collect();
            let (lines, columns, window) = (lines(&losses), 20, Window::new(from, from + width));
            for field in [Field::Loss, Field::SmoothLoss] {
                let found = lines.series(field, Cut { across: Across::Step, window, columns, log });
                let mut all = Series::default();
                lines.lines.iter().for_each(|line| all.take((line.step, line.value(field)), log));
                if field == Field::Loss {
                    prop_assert_eq!((found.skipped, found.below), (all.skipped, all.below));
                }
                let [found, all] = [found, all].map(|series| part(series.samples.iter().copied(), window, columns));
                if all.columns.is_empty() {
                    continue;
                }
                prop_assert_eq!(found.columns.len(), all.columns.len());
                for (found, all) in found.columns.iter().zip(&all.columns) {
                    prop_assert_eq!((found.first, found.last), (all.first, all.last));
                    prop_assert_eq!((found.low.1, found.high.1), (all.low.1, all.high.1));
                }
            }
        }
    }

    #[test]
    fn later_lines_change_a_smoothed_loss_only_near_the_end() {
        let losses: Vec<f64> =
            (0..5000).map(|at| 1.0 / (1.0 + f64::from(at) / 50.0) + f64::from(at * 31 % 97)).collect();
        let all = lines(&losses);
        for count in [3, 64, 600, 601, 2400, 4999] {
            let before = lines(&losses[..count]);
            for at in 0..count {
                let [then, now] = [&before, &all].map(|lines| lines.lines[at].value(Field::SmoothLoss));
                let is_near = at + reach(at) >= count;
                assert!(is_near || then.to_bits() == now.to_bits(), "line {at} of {count}: {then} and {now}");
            }
        }
    }

    #[test]
    fn the_nearest_line_and_the_next_one_are_found_in_order_and_without_order() {
        let mut lines = lines(&[1.0, f64::NAN, 3.0, 4.0]);
        for _ in 0..2 {
            let nearest = |x, field| lines.nearest(x, Across::Step, field).map(|line| line.step);
            assert_eq!(
                (nearest(2.2, None), nearest(2.2, Some(Field::Loss)), nearest(9.0, None)),
                (Some(2.0), Some(3.0), Some(4.0))
            );
            let beside = |x, later| lines.beside(x, 0.5, later, Across::Step);
            assert_eq!(
                (beside(2.0, true), beside(2.0, false), beside(4.0, true), beside(1.0, false)),
                (Some(3.0), Some(1.0), None, None)
            );
            // A line that is out of order changes no answer.
            lines.push([1.5, 0.015, 0.75], [f64::NAN; 3]);
            lines.lines.pop();
            assert!(lines.is_unsorted);
        }
        assert_eq!(lines.end(Across::Step), Some(4.0));
    }
}
