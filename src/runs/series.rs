//! Prepares series of numbers for drawing.
//! Smoothing, reduction to columns without losing spikes, and axes with round and stable ticks. Pure.
//!
//! Numbers that are not finite (a diverged loss) are skipped and counted, so that the chart can report them.

/// Point of a series: x (steps, epochs, seconds) and y.
pub type Sample = (f64, f64);

/// Values on either side of one that its smoothed form depends on at most.
pub const REACH: usize = 15;
/// The same for values near the start.
pub const LEAST_REACH: usize = 2;
/// Number of values after which the reach grows by one.
const GROWTH: usize = 300;

/// Number of values on either side of value `at` that its smoothed form depends on.
/// It depends on the place alone: what comes later does not change it.
pub fn reach(at: usize) -> usize {
    (at / GROWTH).clamp(LEAST_REACH, REACH)
}

/// The value `at` without its noise: the straight line that fits the values around it best, at its place.
/// Unlike a mean of the values before it, this does not lag behind a series that falls or rises.
///
/// Values that are not finite are left out; `None` if the value itself is not finite or there is none.
pub fn smoothed(at: usize, value: impl Fn(usize) -> Option<f64>) -> Option<f64> {
    value(at).filter(|y| y.is_finite())?;
    let reach = reach(at);
    let around = (at.saturating_sub(reach)..=at + reach).filter_map(|near| Some((real(near) - real(at), value(near)?)));
    let around: Vec<Sample> = around.filter(|(_, y)| y.is_finite()).collect();
    let count = real(around.len());
    let x = around.iter().map(|(x, _)| x).sum::<f64>() / count;
    let y = around.iter().map(|(_, y)| y / count).sum::<f64>();
    let spread = around.iter().map(|(near, _)| (near - x).powi(2)).sum::<f64>();
    let rise = around.iter().map(|(near, height)| (near - x) * (height - y)).sum::<f64>();
    let slope = if spread > 0.0 { rise / spread } else { 0.0 };
    let (low, high) = bounds(around.iter().map(|(_, y)| *y))?;
    Some((y - slope * x).clamp(low, high)).filter(|y| y.is_finite())
}

/// Returns the smallest and the largest finite number; `None` if there is none.
pub fn bounds(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|value| value.is_finite()).fold(None, |bounds, value| {
        let (low, high) = bounds.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

#[expect(clippy::cast_precision_loss, reason = "ticks and lines are fewer than 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a float cast saturates, and callers bound it"
)]
fn whole(value: f64) -> usize {
    value as usize
}

/// Axis with ticks at round numbers: multiples of 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// First and last tick, counted in steps from zero: whole numbers.
    first: f64,
    last: f64,
    /// The step is `mantissa` times ten to the power of `exponent`.
    mantissa: f64,
    exponent: i32,
}

/// Maximum magnitude of an axis.
/// Greater numbers are no measurements of a training, and arithmetic would overflow.
const LARGEST: f64 = 1e150;

impl Axis {
    /// Creates an axis from below `low` to above `high` with at most `most` ticks.
    ///
    /// `most` is raised to 3, which data around zero need. Without data (not finite) the axis goes from 0 to 1.
    pub fn covering(low: f64, high: f64, most: usize) -> Self {
        let most = most.max(3);
        let (low, high) = widened(low, high);
        let raw = (high - low) / real(most - 1);
        let mut exponent = power_below(raw);
        loop {
            for mantissa in [1.0, 2.0, 5.0] {
                let axis = Self { first: 0.0, last: 0.0, mantissa, exponent };
                // Adding 0 makes -0 plain.
                let (first, last) = (axis.steps(low).floor() + 0.0, axis.steps(high).ceil() + 0.0);
                if last - first <= real(most - 1) {
                    return Self { first, last, ..axis };
                }
            }
            exponent += 1;
        }
    }

    /// Smallest number on the axis, its first tick.
    pub fn low(&self) -> f64 {
        self.value(self.first)
    }

    /// Largest number on the axis, its last tick.
    pub fn high(&self) -> f64 {
        self.value(self.last)
    }

    /// Ticks from low to high, each the nearest float to its decimal number.
    pub fn ticks(&self) -> Vec<f64> {
        (0..=whole(self.last - self.first)).map(|at| self.value(self.first + real(at))).collect()
    }

    /// Returns the position of `value`: 0 at the low end, 1 at the high end, clamped.
    /// `None` if it is not finite.
    pub fn place(&self, value: f64) -> Option<f64> {
        let share = (value - self.low()) / (self.high() - self.low());
        value.is_finite().then(|| share.clamp(0.0, 1.0))
    }

    /// Formats a tick with as many decimals as the step needs.
    /// So all ticks of an axis look alike.
    pub fn label(&self, tick: f64) -> String {
        let decimals = usize::try_from(-self.exponent).unwrap_or(0);
        if decimals > 4 || self.low().abs().max(self.high().abs()) >= 1e7 {
            return format!("{tick:e}");
        }
        format!("{tick:.decimals$}")
    }

    /// Converts `value` to steps.
    fn steps(&self, value: f64) -> f64 {
        // Rounding errors must not push a multiple of the step beyond it.
        let steps = scaled(value, -self.exponent) / self.mantissa;
        let near = steps.round();
        if (steps - near).abs() < 1e-9 { near } else { steps }
    }

    fn value(&self, steps: f64) -> f64 {
        scaled(steps * self.mantissa, self.exponent)
    }
}

/// Multiplies `value` by ten to the power of `exponent`.
///
/// Divides for negative exponents, because only that gives the nearest float to the decimal number.
fn scaled(value: f64, exponent: i32) -> f64 {
    if exponent < 0 { value / 10f64.powi(-exponent) } else { value * 10f64.powi(exponent) }
}

/// Exponent of the largest power of ten that is not above `value`.
#[expect(clippy::cast_possible_truncation, reason = "a logarithm of a float is below 400")]
fn power_below(value: f64) -> i32 {
    value.log10().floor() as i32
}

/// Makes bounds finite, ordered and distinct.
fn widened(low: f64, high: f64) -> (f64, f64) {
    if !(low.is_finite() && high.is_finite()) {
        return (0.0, 1.0);
    }
    let (low, high) = (low.min(high).clamp(-LARGEST, LARGEST), low.max(high).clamp(-LARGEST, LARGEST));
    let size = low.abs().max(high.abs());
    if high - low > size * 1e-9 && size > 1e-150 {
        return (low, high);
    }
    if size > 1e-150 { (low - size / 10.0, high + size / 10.0) } else { (0.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all_smoothed(values: &[f64]) -> Vec<Option<f64>> {
        (0..values.len()).map(|at| smoothed(at, |at| values.get(at).copied())).collect()
    }

    #[test]
    fn smoothing_takes_the_line_through_the_values_around() {
        let found: Vec<f64> = all_smoothed(&[1.0, 0.0, 5.0, 3.0, 1.0]).into_iter().flatten().collect();
        // By hand: 1, 0, 5 rise by 2 from 0; the line through 1, 0, 5, 3 rises by 1.1 and is 1.7 at the 0; all five have mean 2.
        let expected = [0.0, 1.7, 2.0, 2.3, 1.0];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        assert_eq!(all_smoothed(&[f64::NAN, 2.0, f64::INFINITY, 4.0]), [None, Some(2.0), None, Some(4.0)]);
        assert!(all_smoothed(&[1e300; 3]).iter().all(Option::is_some));
    }

    #[test]
    fn smoothing_does_not_lag_behind_a_loss_that_falls_fast() {
        let losses: Vec<f64> = (0..60).map(|at| 2.0 * (-f64::from(at) / 6.0).exp()).collect();
        let found = all_smoothed(&losses);
        let worst = found.iter().zip(&losses).map(|(found, loss)| (found.unwrap() / loss).max(loss / found.unwrap()));
        assert!(worst.fold(1.0, f64::max) < 1.1, "a mean over the lines before it is off by a factor of 3");
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(Axis::covering(0.03, 1.47, 5).ticks(), [0.0, 0.5, 1.0, 1.5]);
        assert_eq!(Axis::covering(0.1, 0.3, 3).ticks(), [0.1, 0.2, 0.3]);
        assert_eq!(Axis::covering(0.0, 1437.0, 4).ticks(), [0.0, 500.0, 1000.0, 1500.0]);
        assert_eq!(Axis::covering(-3.0, 4.0, 5).ticks(), [-4.0, -2.0, 0.0, 2.0, 4.0]);
        assert_eq!(Axis::covering(f64::NAN, 1.0, 3).ticks(), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn labels_have_the_decimals_of_the_step() {
        let labels = |axis: Axis| axis.ticks().into_iter().map(|tick| axis.label(tick)).collect::<Vec<_>>();
        assert_eq!(labels(Axis::covering(0.6, 0.8, 3)), ["0.6", "0.7", "0.8"]);
        assert_eq!(labels(Axis::covering(0.0, 2e-5, 3)), ["0e0", "1e-5", "2e-5"]);
        assert_eq!(labels(Axis::covering(0.0, 1000.0, 3)), ["0", "500", "1000"]);
    }

    proptest! {
        #[test]
        fn an_axis_covers_its_data_with_few_ticks(
            a in any::<f64>(),
            b in -1e9f64..1e9,
            c in -1e9f64..1e9,
            most in 0usize..12,
        ) {
            for (a, b) in [(a, b), (b, c), (b, b + c * 1e-9)] {
                let axis = Axis::covering(a, b, most);
                let ticks = axis.ticks();
                prop_assert!(ticks.len() >= 2 && ticks.len() <= most.max(3), "{:?} {:?}", axis, ticks);
                prop_assert!(ticks.is_sorted() && ticks.iter().all(|tick| tick.is_finite()));
                if a.is_finite() && a.abs() < LARGEST {
                    let slack = 1e-8 * (axis.high() - axis.low());
                    prop_assert!(axis.low() <= a.min(b) + slack && axis.high() >= a.max(b) - slack);
                }
            }
        }

        #[test]
        fn smoothed_values_stay_between_the_smallest_and_the_largest(
            values in prop::collection::vec(-1e6f64..1e6, 1..60),
        ) {
            let (low, high) = bounds(values.iter().copied()).unwrap();
            prop_assert!(all_smoothed(&values).into_iter().flatten().all(|y| low <= y && y <= high));
        }
    }
}
