//! Exponential and error-function GELU, in arithmetic that compilers vectorise.

/// 1.5 x 2^23.
/// Adding it to a small number leaves the nearest integer in the low bits.
pub(super) const ROUND: f32 = 12_582_912.0;
/// ln 2 as a sum of two numbers.
/// The first has few enough bits for its products with exponents to be exact.
const LN2_HIGH: f32 = 355.0 / 512.0;
const LN2_LOW: f32 = -2.121_944_4e-4;
/// Lowest argument of `exp`: the result is still a normal number.
const LOWEST: f32 = -87.0;
/// Highest argument of `exp`: the result is still finite.
const HIGHEST: f32 = 88.0;
/// `(e^r - 1 - r) / r^2` for `|r| <= ln 2 / 2`.
/// Chebyshev fit; relative error of `e^r` 1e-8.
const EXP: [f32; 5] = [0.001_392_625_1, 0.008_363_233, 0.041_666_556, 0.166_665_77, 0.5];

/// Mills' ratio `Q(x) / phi(x)` for `x >= 0`, as a quotient of polynomials.
/// Q is the upper tail and phi the density of the standard normal distribution. The polynomials are fitted by iterated
/// least squares so that Q has an error of 3e-10. All coefficients are positive, so that nothing cancels.
const UPPER: [f32; 4] = [0.024_888_683, 0.216_645_12, 0.746_233_1, 1.253_314_1];
const LOWER: [f32; 5] = [0.024_970_2, 0.215_143_95, 0.784_545_2, 1.393_292_4, 1.0];
/// Argument from which the tail is 0. Powers of larger numbers would overflow.
const FAR: f32 = 20.0;
/// `1 / sqrt(2 pi)`.
const DENSITY: f32 = 0.398_942_3;

/// Computes `e^x` with a relative error below 2e-7.
/// Arguments outside -87 to 88 give the value at that end, NaN gives NaN.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let x = x.clamp(LOWEST, HIGHEST);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let exponent = shifted - ROUND;
    let r = (x - exponent * LN2_HIGH) - exponent * LN2_LOW;
    let value = 1.0 + (r + r * r * polynomial(&EXP, r));
    value * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()))
}

/// Computes `x Phi(x)` and its derivative `Phi(x) + x phi(x)`.
/// Absolute error below 2e-7 (relative where `|x| > 1`).
#[inline(always)]
pub(super) fn gelu(x: f32) -> (f32, f32) {
    let size = x.abs();
    let density = DENSITY * exp(-0.5 * x * x);
    let near = size.min(FAR);
    let tail = density * (polynomial(&UPPER, near) / polynomial(&LOWER, near));
    let below = if x < 0.0 { tail } else { 1.0 - tail };
    // Not x * below: for x > 0 this avoids the rounding of 1 - tail.
    (x.max(0.0) - size * tail, below + x * density)
}

/// Evaluates a polynomial, coefficient of the highest power first.
#[inline(always)]
fn polynomial<const N: usize>(coefficients: &[f32; N], x: f32) -> f32 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::naive::erfc, *};

    fn grid() -> impl Iterator<Item = f32> {
        (-120_000..=120_000).map(|at| at as f32 * 1e-4)
    }

    #[test]
    fn exp_is_exact_up_to_rounding() {
        for x in grid().map(|x| x * 7.0) {
            let wanted = f64::from(x).exp();
            assert!((f64::from(exp(x)) - wanted).abs() <= 2e-7 * wanted, "{x}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NEG_INFINITY) < 2e-38 && exp(f32::INFINITY) > 1e38 && exp(f32::NAN).is_nan());
    }

    #[test]
    fn gelu_and_its_slope_are_exact_up_to_rounding() {
        for x in grid() {
            let wide = f64::from(x);
            let below = 0.5 * erfc(-wide / std::f64::consts::SQRT_2);
            let density = (-0.5 * wide * wide).exp() / (2.0 * std::f64::consts::PI).sqrt();
            let (value, slope) = gelu(x);
            let error = (f64::from(value) - wide * below).abs();
            assert!(error <= 2e-7 * wide.abs().max(1.0), "{x}: {error}");
            let error = (f64::from(slope) - below - wide * density).abs();
            assert!(error <= 2e-7, "slope at {x}: {error}");
        }
        assert_eq!(gelu(0.0).0, 0.0);
        assert_eq!(gelu(1e30).0, 1e30);
        assert!(gelu(-1e30).0.abs() < 1e-7 && gelu(f32::NAN).0.is_nan());
    }
}
