//! The part of the horizontal axis that is drawn, and the samples in it.
//! Zooming, moving, reduction to columns without losing spikes, and clipping. Pure.

use super::{
    Across,
    scale::{self, Tick},
    series::Sample,
};

/// Smallest window, as a share of the whole axis.
const SMALLEST: f64 = 1.0 / 4096.0;
/// Maximum magnitude of its ends: greater numbers are no measurements of a training.
const LARGEST: f64 = 1e150;

/// Part of the horizontal axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Left end.
    pub from: f64,
    /// Right end, above the left one.
    pub to: f64,
}

impl Window {
    /// Creates a window.
    /// Bounds that are not finite or enclose nothing give one from 0 to 1, or from the left end on.
    pub fn new(from: f64, to: f64) -> Self {
        match (from.abs() < LARGEST, to.abs() < LARGEST && to > from) {
            (true, true) => Self { from, to },
            (true, false) => Self { from, to: from + from.abs().max(1.0) },
            (false, _) => Self { from: 0.0, to: 1.0 },
        }
    }

    /// Width.
    pub fn width(self) -> f64 {
        self.to - self.from
    }

    /// Whether it contains a number.
    pub fn contains(self, x: f64) -> bool {
        x >= self.from && x <= self.to
    }

    /// Returns the position of `x`: 0 at the left end, 1 at the right end, outside below 0 or above 1.
    /// `None` if it is not finite.
    pub fn place(self, x: f64) -> Option<f64> {
        Some((x - self.from) / self.width()).filter(|place| place.is_finite())
    }

    /// The window that is `factor` times as wide, in which `around` keeps its place.
    /// It stays within `whole` and does not become smaller than a small part of it.
    pub fn zoomed(self, whole: Self, around: f64, factor: f64) -> Self {
        let around = if self.contains(around) { around } else { self.from + self.width() / 2.0 };
        let width = (self.width() * factor).clamp(whole.width() * SMALLEST, whole.width());
        let share = (around - self.from) / self.width();
        Self::new(around - share * width, around + (1.0 - share) * width).within(whole)
    }

    /// The window moved by a share of its width, within `whole`.
    pub fn moved(self, whole: Self, share: f64) -> Self {
        let by = self.width() * share;
        Self::new(self.from + by, self.to + by).within(whole)
    }

    /// The window moved into `whole`, and `whole` itself where it would be wider.
    pub fn within(self, whole: Self) -> Self {
        if self.width() >= whole.width() {
            return whole;
        }
        let from = self.from.min(whole.to - self.width()).max(whole.from);
        Self::new(from, (from + self.width()).min(whole.to))
    }

    /// Ticks at round numbers inside, at most about `most`.
    pub fn ticks(self, across: Across, most: usize) -> Vec<Tick> {
        scale::across_ticks(self.from, self.to, across, most)
    }

    /// Column of a number among equal ones; `None` outside.
    pub(super) fn column(self, x: f64, columns: usize) -> Option<usize> {
        self.contains(x).then(|| floor(self.place(x).unwrap_or(0.0) * real(columns)).min(columns.saturating_sub(1)))
    }
}

/// Samples of one column of a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// First sample, in the order of the series.
    pub first: Sample,
    /// Lowest sample.
    pub low: Sample,
    /// Highest sample.
    pub high: Sample,
    /// Last sample.
    pub last: Sample,
    /// Whether the lowest sample comes before the highest.
    rises: bool,
    /// Number of samples.
    pub count: usize,
}

impl Column {
    fn of(sample: Sample) -> Self {
        Self { first: sample, low: sample, high: sample, last: sample, rises: true, count: 1 }
    }

    fn add(&mut self, sample: Sample) {
        if sample.1 < self.low.1 {
            self.low = sample;
            self.rises = false;
        }
        if sample.1 > self.high.1 {
            self.high = sample;
            self.rises = true;
        }
        self.last = sample;
        self.count += 1;
    }

    /// Its at most four samples, in the order of the series.
    fn samples(&self) -> [Sample; 4] {
        let [early, late] = if self.rises { [self.low, self.high] } else { [self.high, self.low] };
        [self.first, early, late, self.last]
    }
}

/// The part of a series in a window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// Samples to be connected, with the neighbour on each side of the window.
    pub samples: Vec<Sample>,
    /// The columns, where the samples were reduced to them: the envelope of the series.
    pub columns: Vec<Column>,
    /// Number of samples that are left out because they are not finite.
    pub skipped: usize,
}

impl Part {
    /// The numbers that are seen in the window, also where a line between two samples enters or leaves it.
    pub fn seen(&self, window: Window) -> impl Iterator<Item = f64> {
        let inside = self.samples.iter().filter(move |(x, _)| window.contains(*x)).map(|(_, y)| *y);
        let crossings = self.samples.windows(2).flat_map(move |pair| {
            [window.from, window.to].into_iter().filter_map(move |edge| crossing(pair[0], pair[1], edge))
        });
        inside.chain(crossings)
    }

    /// The last sample in the window.
    pub fn last(&self, window: Window) -> Option<Sample> {
        self.samples.iter().rfind(|(x, _)| window.contains(*x)).copied()
    }
}

/// The number at which a line between two samples crosses an edge of the window.
fn crossing(from: Sample, to: Sample, edge: f64) -> Option<f64> {
    let crosses = from.0 < edge && to.0 > edge;
    crosses.then(|| from.1 + (to.1 - from.1) * (edge - from.0) / (to.0 - from.0))
}

/// Returns the samples in a window; where there are more than columns, the envelope of each column.
///
/// Of each column the first, the lowest, the highest and the last sample stay, so that the same cells
/// are covered as by all samples. The order of the samples does not matter for the envelope.
pub fn part(samples: impl Iterator<Item = Sample> + Clone, window: Window, columns: usize) -> Part {
    let columns = columns.max(1);
    let mut part = Part::default();
    let mut before: Option<Sample> = None;
    let mut after: Option<Sample> = None;
    let mut inside = 0;
    for (x, y) in samples.clone() {
        if !(x.is_finite() && y.is_finite()) {
            part.skipped += 1;
        } else if x < window.from {
            before = before.filter(|(known, _)| *known > x).or(Some((x, y)));
        } else if x > window.to {
            after = after.filter(|(known, _)| *known <= x).or(Some((x, y)));
        } else {
            inside += 1;
        }
    }
    let finite = samples.filter(|(x, y)| window.contains(*x) && y.is_finite());
    part.samples.extend(before);
    if inside <= columns {
        part.samples.extend(finite);
    } else {
        part.columns = envelope(finite, window, columns);
        for column in &part.columns {
            part.samples.extend(column.samples());
        }
        part.samples.dedup();
    }
    part.samples.extend(after);
    part
}

/// The columns that contain samples, from left to right.
fn envelope(samples: impl Iterator<Item = Sample>, window: Window, columns: usize) -> Vec<Column> {
    let mut found: Vec<Option<Column>> = vec![None; columns];
    for sample in samples {
        let Some(column) = window.column(sample.0, columns).and_then(|at| found.get_mut(at)) else { continue };
        match column {
            Some(column) => column.add(sample),
            None => *column = Some(Column::of(sample)),
        }
    }
    found.into_iter().flatten().collect()
}

/// The part of a segment in the square from 0 to 1 on both axes (Liang and Barsky); `None` if it does not touch it.
pub fn clip(from: Sample, to: Sample) -> Option<(Sample, Sample)> {
    let delta = (to.0 - from.0, to.1 - from.1);
    if !(from.0.is_finite() && from.1.is_finite() && delta.0.is_finite() && delta.1.is_finite()) {
        return None;
    }
    let mut range = (0.0_f64, 1.0_f64);
    let edges = [(-delta.0, from.0), (delta.0, 1.0 - from.0), (-delta.1, from.1), (delta.1, 1.0 - from.1)];
    for (step, room) in edges {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            range.0 = range.0.max(room / step);
        } else {
            range.1 = range.1.min(room / step);
        }
    }
    let end = if range.1 == 1.0 { to } else { along(from, delta, range.1) };
    (range.0 <= range.1).then(|| (along(from, delta, range.0), end))
}

fn along(from: Sample, delta: (f64, f64), share: f64) -> Sample {
    ((from.0 + share * delta.0).clamp(0.0, 1.0), (from.1 + share * delta.1).clamp(0.0, 1.0))
}

#[allow(clippy::cast_precision_loss, reason = "columns are few")]
fn real(count: usize) -> f64 {
    count as f64
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates")]
fn floor(value: f64) -> usize {
    value as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_window_zooms_around_a_place_and_stays_inside() {
        let whole = Window::new(0.0, 100.0);
        let half = whole.zoomed(whole, 30.0, 0.5);
        assert_eq!(half, Window { from: 15.0, to: 65.0 });
        assert_eq!(half.moved(whole, 1.0), Window { from: 50.0, to: 100.0 });
        assert_eq!(half.moved(whole, -1.0), Window { from: 0.0, to: 50.0 });
        assert_eq!(half.zoomed(whole, 15.0, 4.0), whole);
        assert_eq!(Window::new(3.0, 3.0), Window { from: 3.0, to: 6.0 });
        assert_eq!(Window::new(f64::NAN, 1.0), Window { from: 0.0, to: 1.0 });
    }

    #[test]
    fn spikes_survive_the_reduction_and_neighbours_lead_into_the_window() {
        let samples = (0..1000).map(|n| (f64::from(n), if n == 617 { 50.0 } else { 1.0 }));
        let found = part(samples.clone(), Window::new(500.0, 700.0), 20);
        assert_eq!((found.samples.first(), found.samples.last()), (Some(&(499.0, 1.0)), Some(&(701.0, 1.0))));
        assert!(found.samples.contains(&(617.0, 50.0)) && found.samples.len() < 50);
        assert_eq!(found.columns.len(), 20);
        let few = part(samples, Window::new(10.0, 20.0), 20);
        assert_eq!((few.samples.len(), few.columns.len()), (13, 0), "as they are, with both neighbours");
    }

    proptest! {
        #[test]
        fn every_sample_lies_in_the_envelope_of_its_column(
            samples in prop::collection::vec((-10f64..110.0, prop::num::f64::ANY), 0..300),
            from in 0f64..50.0,
            width in 0.001f64..80.0,
            columns in 1usize..40,
        ) {
            let window = Window::new(from, from + width);
            let found = part(samples.iter().copied(), window, columns);
            let finite: Vec<Sample> = samples.iter().copied().filter(|(_, y)| y.is_finite()).collect();
            prop_assert_eq!(found.skipped, samples.len() - finite.len());
            let inside: Vec<Sample> = finite.into_iter().filter(|(x, _)| window.contains(*x)).collect();
            prop_assert!(found.samples.len() <= inside.len() + 2);
            if inside.len() <= columns {
                prop_assert!(inside.iter().all(|sample| found.samples.contains(sample)));
                return Ok(());
            }
            prop_assert!(found.samples.len() <= 4 * columns + 2);
            prop_assert_eq!(found.columns.iter().map(|column| column.count).sum::<usize>(), inside.len());
            for sample in inside {
                let at = window.column(sample.0, columns);
                let column = found.columns.iter().find(|column| window.column(column.first.0, columns) == at).unwrap();
                prop_assert!(column.low.1 <= sample.1 && sample.1 <= column.high.1);
                for end in [column.low, column.high] {
                    prop_assert!(window.column(end.0, columns) == at && samples.contains(&end));
                    prop_assert!(found.samples.contains(&end));
                }
            }
        }

        #[test]
        fn a_window_is_never_empty_nor_outside(
            steps in prop::collection::vec((any::<f64>(), 0f64..3.0, -2f64..2.0), 0..30),
            end in 1e-6f64..1e9,
        ) {
            let whole = Window::new(0.0, end);
            let mut window = whole;
            for (around, factor, share) in steps {
                window = window.zoomed(whole, around, factor).moved(whole, share);
                prop_assert!(window.width() > 0.0 && window.from >= 0.0 && window.to <= end, "{:?}", window);
            }
        }

        #[test]
        fn a_clipped_segment_lies_on_the_segment_and_in_the_square(
            a in (-3f64..3.0, -3f64..3.0),
            b in (-3f64..3.0, -3f64..3.0),
        ) {
            let (length, inside) = ((b.0 - a.0).hypot(b.1 - a.1), |p: Sample| (0.0..=1.0).contains(&p.0) && (0.0..=1.0).contains(&p.1));
            match clip(a, b) {
                Some((from, to)) => {
                    for point in [from, to] {
                        prop_assert!(inside(point));
                        let across = (b.0 - a.0) * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0);
                        prop_assert!(across.abs() <= 1e-9 * length.max(1.0));
                    }
                }
                // No place of the segment is inside then.
                None => for n in 0..=100 {
                    let share = f64::from(n) / 100.0;
                    let point = (a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1));
                    prop_assert!(!inside(point), "{:?}", point);
                },
            }
            if inside(a) && inside(b) {
                prop_assert_eq!(clip(a, b), Some((a, b)));
            }
        }
    }
}
