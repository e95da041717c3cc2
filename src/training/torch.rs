//! torch's random numbers on the processor.
//! The Mersenne Twister (mt19937), `randperm` and `normal_`.
//!
//! With them a run has the batches and the initial classifier of the reference.
//!
//! Source: ATen's `CPUGeneratorImpl`, `randperm_cpu` and `normal_fill` (torch 2.15).

use rand_mt::Mt;

/// Returns `torch.Generator().manual_seed(seed)`.
/// Like torch, it uses the low half of the seed.
fn generator(seed: u64) -> Mt {
    Mt::new((seed & u64::from(u32::MAX)) as u32)
}

/// Returns `torch.randperm(count)` after `torch.manual_seed(seed)`.
/// `drawn` other draws of 32 bits precede it.
pub(super) fn permutation(seed: u64, count: usize, drawn: usize) -> Vec<usize> {
    let mut generator = generator(seed);
    (0..drawn).for_each(|_| _ = generator.next_u32());
    let mut all: Vec<usize> = (0..count).collect();
    for at in 0..count.saturating_sub(1) {
        let left = count - at;
        all.swap(at, at + generator.next_u32() as usize % left);
    }
    all
}

/// Number of values that are computed together.
const BLOCK: usize = 16;

/// Returns `torch.empty(count).normal_(0, spread)`, up to rounding.
/// It follows `torch.manual_seed(seed)`.
pub(super) fn normals(seed: u64, count: usize, spread: f32) -> Vec<f32> {
    let mut generator = generator(seed);
    if count < BLOCK {
        let pairs = std::iter::repeat_with(|| pair(&mut generator)).flatten();
        return pairs.take(count).map(|value| (value * f64::from(spread)) as f32).collect();
    }
    let mut values: Vec<f32> = (0..count).map(|_| uniform(&mut generator)).collect();
    for block in values.chunks_exact_mut(BLOCK) {
        box_muller(block, spread);
    }
    if !values.len().is_multiple_of(BLOCK) {
        // The last block is drawn again and overlaps the one before.
        let start = values.len() - BLOCK;
        values[start..].iter_mut().for_each(|value| *value = uniform(&mut generator));
        box_muller(&mut values[start..], spread);
    }
    values
}

/// Draws a uniform value below 1 with 24 bits, the precision of an `f32`.
fn uniform(generator: &mut Mt) -> f32 {
    (generator.next_u32() & 0xff_ffff) as f32 / 16_777_216.0
}

/// Draws a uniform value below 1 with 53 bits.
fn uniform_double(generator: &mut Mt) -> f64 {
    let wide = u64::from(generator.next_u32()) << 32 | u64::from(generator.next_u32());
    (wide & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
}

/// Draws two normal values in double precision.
/// torch does so for fewer than a block.
fn pair(generator: &mut Mt) -> [f64; 2] {
    let angle = std::f64::consts::TAU * uniform_double(generator);
    let radius = (-2.0 * (1.0 - uniform_double(generator)).ln()).sqrt();
    [radius * angle.cos(), radius * angle.sin()]
}

/// Turns uniform values into normal ones in place.
/// The first half by cosine and the second by sine.
fn box_muller(block: &mut [f32], spread: f32) {
    let (first, second) = block.split_at_mut(BLOCK / 2);
    for (a, b) in first.iter_mut().zip(second) {
        let (radius, angle) = ((-2.0 * (1.0 - *a).ln()).sqrt(), std::f32::consts::TAU * *b);
        *a = radius * angle.cos() * spread;
        *b = radius * angle.sin() * spread;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Made with torch 2.15.0.
    /// `torch.manual_seed(7); torch.empty(n).normal_(0, 0.02)`, the first and last three.
    const NORMALS: [(usize, [f32; 3], [f32; 3]); 3] = [
        (17, [-0.016_402_69, -0.006_491_333, 0.038_527_362], [-0.026_466_915, -0.027_195_38, -0.017_334_03]),
        (35, [-0.016_402_69, 0.007_912_623, 0.017_978_169], [-0.032_740_425, 0.003_154_238, 0.007_914_808]),
        (6528, [-0.016_402_69, 0.007_912_623, 0.017_978_169], [0.000_812_051_1, 0.003_016_997, -0.002_999_836_3]),
    ];

    #[test]
    fn a_new_classifier_is_the_references() {
        for (count, first, last) in NORMALS {
            let values = normals(7, count, 0.02);
            let expected = first.iter().chain(&last);
            let found = values[..3].iter().chain(&values[count - 3..]);
            assert!(found.zip(expected).all(|(a, b)| (a - b).abs() < 1e-7), "{count}: {values:?}");
        }
        assert!(normals(7, 0, 0.02).is_empty());
    }

    /// Made by `tests/reference/seeds.py`, which says what each field is.
    #[derive(serde::Deserialize)]
    struct Golden {
        cases: Vec<Case>,
        epochs: Vec<Epoch>,
    }

    #[derive(serde::Deserialize)]
    struct Case {
        text: String,
        unsigned: u64,
        permutations: BTreeMap<usize, Vec<usize>>,
        normals: BTreeMap<usize, Vec<f32>>,
    }

    #[derive(serde::Deserialize)]
    struct Epoch {
        seed: u64,
        epoch: u64,
        n: usize,
        order: Option<Vec<usize>>,
    }

    #[test]
    fn large_and_wrapping_seeds_draw_what_torch_draws() {
        let golden: Golden = serde_json::from_str(include_str!("../../tests/reference/seeds.json")).unwrap();
        for case in &golden.cases {
            for (n, theirs) in &case.permutations {
                let ours = permutation(case.unsigned, *n, 0);
                let ends = ours.iter().take(20).chain(ours.iter().skip(n.saturating_sub(3)).filter(|_| *n == 1000));
                assert!(ends.eq(theirs), "{n} from {}", case.text);
            }
            for (n, theirs) in &case.normals {
                let ours = normals(case.unsigned, *n, 0.02);
                let ends = ours.iter().take(8).chain(ours.iter().skip(n - 3).filter(|_| *n > 8));
                assert!(ends.zip(theirs).all(|(a, b)| (a - b).abs() < 1e-7), "{n} from {}: {ours:?}", case.text);
            }
        }
        for case in golden.epochs {
            // Beyond the last seed torch gives up, and here it begins again.
            let Some(order) = case.order else { continue };
            let ours = permutation(case.seed.wrapping_add(case.epoch), case.n, 0);
            assert_eq!(ours[..order.len()], order, "{} epoch {}", case.seed, case.epoch);
        }
    }
}
