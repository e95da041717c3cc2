//! Scales of a chart: linear and logarithmic, and ticks of epochs, steps and times.
//!
//! A logarithmic scale has no place for zero and negative numbers: they are left out and counted, not drawn. Pure.

use super::{
    Across,
    across::clock,
    series::{Axis, bounds},
};

/// A tick: its number and its text.
pub type Tick = (f64, String);

/// Vertical scale.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// Equal differences are equally long.
    Linear(Axis),
    /// Equal ratios are equally long.
    Log(LogAxis),
}

impl Scale {
    /// Creates a logarithmic scale for these values.
    /// It covers those above zero, with at most about `most` ticks.
    pub fn log(values: impl IntoIterator<Item = f64>, most: usize) -> Self {
        let (low, high) = bounds(values.into_iter().filter(|value| *value > 0.0)).unwrap_or((1.0, 10.0));
        Self::Log(LogAxis::covering(low, high, most))
    }

    /// Returns the position of a number: 0 at the low end, 1 at the high end, outside below 0 or above 1.
    /// `None` if it has none: it is not finite, or not above zero on a logarithmic scale.
    pub fn place(&self, value: f64) -> Option<f64> {
        let share = match self {
            Self::Linear(axis) => (value - axis.low()) / (axis.high() - axis.low()),
            Self::Log(_) if value <= 0.0 => return None,
            Self::Log(axis) => (value / axis.low).ln() / (axis.high / axis.low).ln(),
        };
        Some(share).filter(|share| share.is_finite())
    }

    /// Its ticks, from low to high.
    pub fn ticks(&self) -> Vec<Tick> {
        match self {
            Self::Linear(axis) => axis.ticks().into_iter().map(|tick| (tick, axis.label(tick))).collect(),
            Self::Log(axis) => axis.ticks.iter().map(|tick| (*tick, log_label(*tick))).collect(),
        }
    }
}

/// Logarithmic axis with ticks at round numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct LogAxis {
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

/// Extremes of a logarithmic axis.
const RANGE: (f64, f64) = (1e-150, 1e150);
/// Ratio of the ends below which an axis has evenly spaced ticks, as there is at most one power of ten on it.
const NARROW: f64 = 10.0;
/// Ticks in each power of ten, from many to few.
const MANTISSAS: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];

impl LogAxis {
    /// Creates an axis from below `low` to above `high` with at most `most` ticks, at least 3.
    fn covering(low: f64, high: f64, most: usize) -> Self {
        let most = most.max(3);
        let low = low.clamp(RANGE.0, RANGE.1);
        let high = high.clamp(RANGE.0, RANGE.1);
        let is_flat = high / low < 1.0 + 1e-9;
        let (low, high) = if is_flat { (low / 1.1, high * 1.1) } else { (low, high) };
        if high / low < NARROW {
            let axis = Axis::covering(low, high, most);
            if axis.low() > 0.0 {
                return Self { low: axis.low(), high: axis.high(), ticks: axis.ticks() };
            }
        }
        let grids = MANTISSAS.iter().filter_map(|mantissas| grid(low, high, mantissas, most));
        let ticks = grids.into_iter().next().unwrap_or_else(|| decades(low, high, most));
        let [first, .., last] = ticks.as_slice() else { return Self { low, high, ticks } };
        Self { low: *first, high: *last, ticks }
    }
}

/// The numbers with these mantissas from below `low` to above `high`; `None` if they are more than `most`.
fn grid(low: f64, high: f64, mantissas: &[f64], most: usize) -> Option<Vec<f64>> {
    let all: Vec<f64> = (power_below(low)..=power_below(high) + 1)
        .flat_map(|power| mantissas.iter().map(move |mantissa| number(*mantissa, power)))
        .collect();
    let first = all.iter().rposition(|tick| *tick <= low * (1.0 + 1e-12))?;
    let last = all.iter().position(|tick| *tick >= high * (1.0 - 1e-12))?;
    let ticks = all.get(first..=last)?;
    (ticks.len() <= most).then(|| ticks.to_vec())
}

/// Powers of ten at equal distances, at most `most`, from below `low` to above `high`.
fn decades(low: f64, high: f64, most: usize) -> Vec<f64> {
    let first = power_below(low);
    let last = power_below(high) + i32::from(number(1.0, power_below(high)) < high * (1.0 - 1e-12));
    let gaps = i32::try_from(most.saturating_sub(1)).unwrap_or(2).max(1);
    let apart = (last - first).max(1).div_euclid(gaps) + i32::from((last - first).max(1).rem_euclid(gaps) > 0);
    let mut ticks = Vec::new();
    let mut power = first;
    while ticks.len() < 2 || power < last + apart {
        ticks.push(number(1.0, power));
        power += apart;
    }
    ticks
}

/// The nearest float to `mantissa` times ten to the power of `power`.
fn number(mantissa: f64, power: i32) -> f64 {
    if power < 0 { mantissa / 10f64.powi(-power) } else { mantissa * 10f64.powi(power) }
}

/// Exponent of the largest power of ten that is not above a positive number.
#[expect(clippy::cast_possible_truncation, reason = "a logarithm of a float is below 400")]
fn power_below(value: f64) -> i32 {
    let power = value.log10().floor() as i32;
    // The logarithm of a power of ten may be rounded to either side.
    if number(1.0, power + 1) <= value { power + 1 } else { power }
}

/// Formats a tick of a logarithmic axis: `0.03`, `1e-5`.
fn log_label(tick: f64) -> String {
    if (1e-3..1e5).contains(&tick) { format!("{tick}") } else { format!("{tick:e}") }
}

/// Steps between ticks of a time axis, in seconds.
const TIMES: [f64; 18] = [
    1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0,
    43_200.0, 86_400.0,
];

/// Ticks of a horizontal axis from `from` to `to`, at most about `most`, inside it.
pub fn across_ticks(from: f64, to: f64, across: Across, most: usize) -> Vec<Tick> {
    let most = most.max(2);
    let wide = to - from;
    if across == Across::Time && wide > 2.0 {
        let gaps = most as f64;
        let step = TIMES.into_iter().find(|step| wide / step < gaps);
        // Whole days at round numbers.
        let step = step.unwrap_or_else(|| 86_400.0 * round_above(wide / 86_400.0 / gaps));
        let first = (from / step).ceil();
        let ticks = (0..=most).map(|at| (first + at as f64) * step).filter(|tick| *tick <= to);
        return ticks.map(|tick| (tick, clock(tick))).collect();
    }
    let axis = Axis::covering(from, to, most);
    // A part of a step was never done.
    let ticks = axis.ticks().into_iter().filter(|tick| across != Across::Step || tick.fract() == 0.0);
    let ticks = ticks.filter(|tick| *tick >= from && *tick <= to);
    ticks.map(|tick| (tick, axis.label(tick))).collect()
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below a number.
fn round_above(value: f64) -> f64 {
    let power = power_below(value.clamp(1.0, 1e100));
    let all = [1.0, 2.0, 5.0, 10.0].map(|mantissa| number(mantissa, power));
    all.into_iter().find(|round| *round >= value).unwrap_or(all[3])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ticks(low: f64, high: f64, most: usize) -> Vec<String> {
        Scale::log([low, high], most).ticks().into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn logarithmic_ticks_are_round() {
        assert_eq!(ticks(0.03, 1.7, 8), ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"]);
        assert_eq!(ticks(0.03, 1.7, 6), ["0.03", "0.1", "0.3", "1", "3"]);
        assert_eq!(ticks(0.001, 100.0, 6), ["0.001", "0.01", "0.1", "1", "10", "100"]);
        assert_eq!(ticks(2e-9, 0.5, 4), ["1e-9", "1e-6", "0.001", "1"]);
        assert_eq!(ticks(0.21, 0.33, 4), ["0.2", "0.25", "0.3", "0.35"]);
        assert_eq!(ticks(1.0, 1.0, 5), ["0.9", "0.95", "1", "1.05", "1.1"]);
    }

    #[test]
    fn zero_and_negative_numbers_have_no_place_on_a_logarithmic_scale() {
        let scale = Scale::log([-3.0, 0.0, f64::NAN, 0.1, 10.0], 5);
        assert_eq!([-3.0, 0.0, f64::NAN, f64::INFINITY].map(|value| scale.place(value)), [None; 4]);
        let near = |value: f64, place: f64| scale.place(value).is_some_and(|found| (found - place).abs() < 1e-12);
        assert!(near(0.1, 0.0) && near(1.0, 0.5) && near(10.0, 1.0) && near(0.01, -0.5));
        assert_eq!(Scale::log([0.0, -1.0], 5).ticks().len(), 4, "without any there is a scale, too");
    }

    #[test]
    fn times_have_ticks_at_round_minutes() {
        let texts = |from, to, most| {
            across_ticks(from, to, Across::Time, most).into_iter().map(|tick| tick.1).collect::<Vec<_>>()
        };
        assert_eq!(texts(0.0, 95.0, 5), ["0:00", "0:30", "1:00", "1:30"]);
        assert_eq!(texts(3000.0, 9000.0, 4), ["1:00:00", "1:30:00", "2:00:00", "2:30:00"]);
        assert_eq!(texts(0.0, 1e6, 4), ["0:00", "120:00:00", "240:00:00"]);
        assert_eq!(texts(0.0, 1.0, 3), ["0.0", "0.5", "1.0"]);
        assert_eq!(
            across_ticks(0.0, 2.0, Across::Step, 9).iter().map(|tick| tick.0).collect::<Vec<_>>(),
            [0.0, 1.0, 2.0]
        );
        assert_eq!([7.4, 754.0, 3723.0].map(clock), ["0:07", "12:34", "1:02:03"]);
    }

    proptest! {
        #[test]
        fn a_logarithmic_axis_covers_its_values_with_few_ticks(
            a in 1e-140f64..1e140,
            power in -12i32..12,
            mantissa in 1f64..10.0,
            most in 0usize..12,
        ) {
            let b = mantissa * 10f64.powi(power);
            for (a, b) in [(a, b), (b, b * mantissa), (b, b * 1e3), (b, b)] {
                let scale = Scale::log([a, b], most);
                let ticks = scale.ticks();
                prop_assert!(ticks.len() >= 2 && ticks.len() <= most.max(3), "{:?}", ticks);
                prop_assert!(ticks.is_sorted_by(|one, next| one.0 < next.0 && one.0 > 0.0), "{:?}", ticks);
                for value in [a, b, (a * b).sqrt()].into_iter().filter(|value| value.is_finite() && *value > 0.0) {
                    let place = scale.place(value).unwrap();
                    prop_assert!((-1e-9..=1.0 + 1e-9).contains(&place), "{} at {}", value, place);
                }
                let places: Vec<f64> = ticks.iter().map(|tick| scale.place(tick.0).unwrap()).collect();
                prop_assert!(places.is_sorted());
            }
        }

        #[test]
        fn ticks_of_the_horizontal_axis_are_inside_and_few(
            from in 0f64..1e6,
            wide in 1e-3f64..1e8,
            most in 0usize..20,
        ) {
            for across in [Across::Epoch, Across::Step, Across::Time] {
                let ticks = across_ticks(from, from + wide, across, most);
                prop_assert!(ticks.len() <= most.max(3) + 1);
                prop_assert!(ticks.iter().all(|tick| tick.0 >= from && tick.0 <= from + wide));
            }
        }
    }
}
