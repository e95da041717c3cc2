//! Loss and gradient of one batch, computed twice.

use std::fmt;

/// Largest relative difference on the processor.
/// It computes in `f32` throughout.
pub(super) const TOLERANCE: f64 = 1e-3;
/// Largest relative difference on a GPU.
/// Its matrix products may round their factors to fewer bits.
pub(super) const GPU_TOLERANCE: f64 = 1e-2;
/// Largest relative difference of a training in bf16, whose products round their factors to 8 significant bits.
pub(super) const BF16_TOLERANCE: f64 = 3e-2;
/// Numbers below this one differ by at most what is allowed at this size.
const SMALL: f64 = 1e-3;
/// Mean loss below which the tolerance of the gradient's norm grows.
/// The gradient then consists of differences of nearly equal numbers: probabilities close to 1, which `f32` rounds by
/// 6e-8. The tolerance grows as the loss falls further.
const SMALL_LOSS: f64 = 1e-4;
/// Lower bound of the loss in that tolerance.
const SMALLEST_LOSS: f64 = 1e-8;

/// Loss and gradient norm of one batch on a device and on its reference.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// On the device.
    pub device: Computed,
    /// On the reference.
    pub reference: Computed,
    /// Largest relative difference.
    pub(super) tolerance: f64,
}

/// Loss and gradient norm of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct Computed {
    /// Name of the device.
    pub name: String,
    /// Mean loss per labelled piece, without dropout.
    pub loss: f64,
    /// Global norm of the gradient.
    pub norm: f64,
}

impl Computed {
    fn is_finite(&self) -> bool {
        self.loss.is_finite() && self.norm.is_finite()
    }
}

impl Comparison {
    /// Whether both found the same numbers, except for rounding.
    /// If neither found finite numbers, the weights are to blame, which the first step reports.
    pub fn agrees(&self) -> bool {
        let Self { device, reference, tolerance } = self;
        if !(device.is_finite() && reference.is_finite()) {
            return device.is_finite() == reference.is_finite();
        }
        let rounding = (SMALL_LOSS / reference.loss.max(SMALLEST_LOSS)).max(1.0);
        is_close(device.loss, reference.loss, *tolerance) && is_close(device.norm, reference.norm, tolerance * rounding)
    }

    /// Advice to the user about a difference.
    fn advice(&self) -> &'static str {
        match self.device.name.as_str() {
            "cpu" => "use --device flex, and report this with the output of `tagli doctor`",
            "flex" | "ndarray" => "use --device cpu, and report this with the output of `tagli doctor`",
            _ => "use --device cpu, or update its driver",
        }
    }
}

fn is_close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(SMALL)
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { device, reference, .. } = self;
        let [ours, theirs] = [&device.name, &reference.name];
        let (loss, expected) = (device.loss, reference.loss);
        write!(f, "{ours} and {theirs} compute different numbers for the first batch: loss {loss} and {expected}, ")?;
        write!(f, "gradient norm {} and {}; {}", device.norm, reference.norm, self.advice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(device: [f64; 2], reference: [f64; 2]) -> Comparison {
        let computed = |name: &str, [loss, norm]: [f64; 2]| Computed { name: name.to_owned(), loss, norm };
        Comparison { device: computed("cpu", device), reference: computed("flex", reference), tolerance: TOLERANCE }
    }

    #[test]
    fn rounding_is_no_difference_and_anything_else_is() {
        assert!(comparison([2.0, 5.0], [2.0001, 5.001]).agrees());
        assert!(!comparison([2.0, 5.0], [2.01, 5.0]).agrees());
        assert!(!comparison([2.0, 5.0], [2.0, 5.1]).agrees());
        assert!(!comparison([f64::NAN, 5.0], [2.0, 5.0]).agrees());
        assert!(!comparison([2.0, 5.0], [2.0, f64::INFINITY]).agrees());
        assert!(comparison([f64::NAN, f64::NAN], [f64::INFINITY, f64::NAN]).agrees());
        assert!(comparison([0.0, 0.0], [0.0, 0.0]).agrees());
    }

    #[test]
    fn probabilities_close_to_one_may_be_rounded() {
        assert!(comparison([1e-6, 1e-2], [1.05e-6, 1.05e-2]).agrees());
        assert!(!comparison([1e-3, 1e-2], [1e-3, 1.05e-2]).agrees());
    }
}
