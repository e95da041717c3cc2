//! Loops compiled for each instruction set, the best chosen at run time.

use pulp::{Arch, NullaryFnOnce};

/// Values that sums and maxima run side by side: as many as the widest vectors have, so that sums are the same bits
/// whatever the instruction set.
pub(super) const LANES: usize = 16;

/// A loop with what it works on.
pub(super) trait Kernel {
    /// What it gives.
    type Outcome;

    /// Does it. Implementations are `#[inline(always)]`, and so are the functions that they call: what is not inlined
    /// stays compiled for the baseline. (A closure could not be held to it.)
    fn run(self) -> Self::Outcome;
}

/// Runs a kernel compiled for the best instruction set that the processor has: on x86-64 AVX-512, AVX2 with FMA, or the
/// baseline.
pub(super) fn vectorised<K: Kernel>(kernel: K) -> K::Outcome {
    Arch::new().dispatch(Call(kernel))
}

struct Call<K>(K);

impl<K: Kernel> NullaryFnOnce for Call<K> {
    type Output = K::Outcome;

    #[inline(always)]
    fn call(self) -> K::Outcome {
        self.0.run()
    }
}

/// The sum of `term` over the places of two rows of the same length, in a fixed order.
#[inline(always)]
pub(super) fn sum_over(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [0.0f32; LANES];
    let (a_blocks, a_rest) = a.as_chunks::<LANES>();
    let (b_blocks, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += term(*a, *b);
        }
    }
    for ((lane, a), b) in lanes.iter_mut().zip(a_rest).zip(b_rest) {
        *lane += term(*a, *b);
    }
    fold(lanes)
}

/// The sum of the lanes, as a tree.
#[inline(always)]
fn fold(lanes: [f32; LANES]) -> f32 {
    let mut sums = lanes;
    let mut half = LANES / 2;
    while half > 0 {
        let (low, high) = sums.split_at_mut(half);
        low.iter_mut().zip(high).for_each(|(low, high)| *low += *high);
        half /= 2;
    }
    sums[0]
}
