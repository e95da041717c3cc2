//! Reference for a device: another computation of the same batch on this processor.
//!
//! The kernels are compared with burn's network on burn-flex, every other device with the kernels. A device, driver or
//! instruction set that computes wrong numbers is found before it trains a model.

use super::{Arrays, CpuEngine, Engine, Optimisation, Outcome, TensorEngine};
use crate::{
    model::{
        arch::Parameter,
        device::{self, Chosen, Compute},
        network::NetworkError,
    },
    runs::{Precision, Settings},
    training::{
        comparison::{BF16_TOLERANCE, Comparison, Computed, GPU_TOLERANCE, TOLERANCE},
        examples::Example,
    },
};

/// Pieces that are compared.
/// A batch of short sentences has fewer; of long ones, a part says enough and takes less time.
const MOST_PIECES: usize = 256;
/// Computes a batch of these examples with the engine and its reference.
/// Without dropout.
///
/// Returns `None` on a processor that cannot compute the reference.
///
/// # Errors
/// Weights that do not make a network.
pub(in crate::training) fn compare(
    engine: &dyn Engine,
    settings: &Settings,
    chosen: &Chosen,
    examples: &[Example],
) -> Result<Option<Comparison>, NetworkError> {
    let reference = match chosen.compute {
        Compute::Kernels => device::choose("flex"),
        Compute::Tensors(_) => device::choose("cpu"),
    };
    let Ok(reference) = reference else { return Ok(None) };
    let batch = first_batch(examples, settings.batch);
    let found = engine.measure(&batch);
    let expected = measure_on(&reference.compute, engine, settings, &batch)?;
    Ok(Some(Comparison {
        device: computed(chosen, found),
        reference: computed(&reference, expected),
        tolerance: match settings.precision {
            Precision::Bf16 => BF16_TOLERANCE,
            Precision::Fp32 if chosen.is_processor() => TOLERANCE,
            Precision::Fp32 => GPU_TOLERANCE,
        },
    }))
}

fn computed(chosen: &Chosen, Outcome { loss, norm }: Outcome) -> Computed {
    Computed { name: chosen.name.clone(), loss, norm }
}

/// Returns the examples of the first batch, at least one.
/// Together they have at most the pieces to compare.
fn first_batch(examples: &[Example], size: usize) -> Vec<&Example> {
    let mut pieces = 0;
    let batch = examples.iter().take(size).enumerate().take_while(|(at, example)| {
        pieces += example.ids.len();
        *at == 0 || pieces <= MOST_PIECES
    });
    batch.map(|(_, example)| example).collect()
}

/// Measures a batch with the weights of `engine`, computed in another way.
fn measure_on(
    compute: &Compute,
    engine: &dyn Engine,
    settings: &Settings,
    batch: &[&Example],
) -> Result<Outcome, NetworkError> {
    let optimisation = Optimisation::new(settings);
    let layout = engine.layout().clone();
    let mut arrays = engine.arrays(Arrays::Values);
    let values = layout.by_parameter().map(|Parameter { name, .. }| arrays.remove(name).unwrap_or_default());
    Ok(match compute {
        Compute::Kernels => CpuEngine::for_measuring(layout, values, optimisation)?.measure(batch),
        Compute::Tensors(device) => TensorEngine::for_measuring(layout, values, device, optimisation).measure(batch),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_compared_in_part() {
        let example = |length: usize| Example {
            sentence: 0,
            ids: vec![1; length],
            labels: Vec::new(),
            soft: None,
            keep: 0..length,
            offset: 0,
        };
        assert_eq!(first_batch(&[example(512), example(9)], 16).len(), 1);
        assert_eq!(first_batch(&vec![example(100); 9], 16).len(), 2);
        assert_eq!(first_batch(&vec![example(9); 99], 16).len(), 16);
    }
}
