//! Whether a training can use the precision that its settings ask for.

use thiserror::Error;

use crate::{
    model::{
        device::{self, Chosen, Compute},
        kernels,
    },
    runs::{Precision, Settings},
};

/// Reason why a training cannot use bf16 here.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum PrecisionError {
    /// The device is not the processor with the kernels.
    #[error(
        "bf16 works on the device cpu only, and this training would use {0}; use --device cpu, or --precision fp32"
    )]
    Device(String),
    /// The processor lacks the instructions.
    #[error(
        "this processor has no instructions for bf16 (AVX-512 BF16, called avx512_bf16 in Linux), and without them bf16 \
         is slower than fp32; use --precision fp32"
    )]
    Processor,
}

/// Checks that a training with these settings can use its precision on this machine.
/// An unknown or missing device is not an error here: the start of the training reports it.
///
/// # Errors
/// The precision is bf16, and the device or the processor does not have it.
pub fn check_precision(settings: &Settings) -> Result<(), PrecisionError> {
    match (settings.precision, device::choose(&settings.device)) {
        (Precision::Fp32, _) | (_, Err(_)) => Ok(()),
        (Precision::Bf16, Ok(chosen)) => check_bf16(&chosen, kernels::bf16_is_fast()),
    }
}

/// Checks whether bf16 works on a device of a machine whose processor has the instructions, or not.
fn check_bf16(chosen: &Chosen, has_instructions: bool) -> Result<(), PrecisionError> {
    match (&chosen.compute, has_instructions) {
        (Compute::Tensors(_), _) => Err(PrecisionError::Device(chosen.name.clone())),
        (Compute::Kernels, false) => Err(PrecisionError::Processor),
        (Compute::Kernels, true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bf16_needs_the_kernels_and_the_instructions() {
        let [cpu, flex] = ["cpu", "flex"].map(|name| device::choose(name).unwrap());
        assert_eq!(check_bf16(&cpu, true), Ok(()));
        assert_eq!(check_bf16(&cpu, false), Err(PrecisionError::Processor));
        assert!(PrecisionError::Processor.to_string().contains("avx512_bf16"));
        for has_instructions in [false, true] {
            assert_eq!(check_bf16(&flex, has_instructions), Err(PrecisionError::Device("flex".to_owned())));
        }
    }

    #[test]
    fn fp32_works_everywhere() {
        let settings =
            |device: &str, precision| Settings { device: device.into(), precision, ..Settings::lesson("mini") };
        assert_eq!(check_precision(&settings("flex", Precision::Fp32)), Ok(()));
        assert!(check_precision(&settings("flex", Precision::Bf16)).is_err());
        assert_eq!(check_precision(&settings("no such device", Precision::Bf16)), Ok(()));
    }
}
