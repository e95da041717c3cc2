//! Loops compiled for several instruction sets.
//! The best one is selected at run time.

use pulp::{Arch, NullaryFnOnce};

/// Number of partial sums and maxima that are computed at the same time.
/// The widest vectors have this many values, and all instruction sets use the same number: sums are the same bits on
/// each of them.
pub(super) const LANES: usize = 16;

/// Loop with its operands, compiled once for each instruction set.
pub(super) trait Kernel {
    /// Result of the loop.
    type Outcome;

    /// Runs the loop.
    /// Implementations are `#[inline(always)]`, and so are the functions that they call: a function that is not inlined
    /// stays compiled for the baseline. (A trait, since a closure cannot be forced inline.)
    fn run(self) -> Self::Outcome;
}

/// Runs a kernel compiled for the best instruction set of this processor.
/// On x86-64 this is AVX-512, AVX2 with FMA, or the baseline.
pub(super) fn vectorised<K: Kernel>(kernel: K) -> K::Outcome {
    Arch::new().dispatch(Call(kernel))
}

/// Name of the instruction set that `vectorised` selects on this processor.
pub fn instruction_set() -> &'static str {
    match Arch::new() {
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Arch::V4(_) => "AVX-512",
        #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
        Arch::V3(_) => "AVX2 and FMA",
        #[cfg(target_arch = "aarch64")]
        Arch::Neon(_) => "NEON",
        _ => "none beyond the baseline",
    }
}

struct Call<K>(K);

impl<K: Kernel> NullaryFnOnce for Call<K> {
    type Output = K::Outcome;

    #[inline(always)]
    fn call(self) -> K::Outcome {
        self.0.run()
    }
}

/// Sums `term` over the elements of two rows of the same length, in a fixed order.
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

/// Returns the highest value, negative infinity if there is none. NaN is passed over.
#[inline(always)]
pub(super) fn highest(values: &[f32]) -> f32 {
    extreme(values, f32::NEG_INFINITY, |a, b| if b > a { b } else { a })
}

/// Returns the lowest value, infinity if there is none. NaN is passed over.
#[inline(always)]
pub(super) fn lowest(values: &[f32]) -> f32 {
    extreme(values, f32::INFINITY, |a, b| if b < a { b } else { a })
}

#[inline(always)]
fn extreme(values: &[f32], start: f32, pick: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [start; LANES];
    let (blocks, rest) = values.as_chunks::<LANES>();
    for block in blocks {
        lanes.iter_mut().zip(block).for_each(|(lane, value)| *lane = pick(*lane, *value));
    }
    lanes.iter_mut().zip(rest).for_each(|(lane, value)| *lane = pick(*lane, *value));
    let mut half = LANES / 2;
    while half > 0 {
        let (low, high) = lanes.split_at_mut(half);
        low.iter_mut().zip(high).for_each(|(low, high)| *low = pick(*low, *high));
        half /= 2;
    }
    lanes[0]
}

/// Sums the lanes as a binary tree.
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
