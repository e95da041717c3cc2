//! Products of 8-bit integers: the same on all instruction sets, as numpy computes them, and close to the exact ones.

#![cfg(test)]

use proptest::prelude::*;

use super::{
    super::{
        int8::{Int8Linear, RoundedRows},
        int8_tile::{DEPTH, Group, Instructions, Quad, Sums},
        parameters::Linear,
        tile::{COLUMNS, ROWS, Tile},
    },
    Numbers,
};

/// Numbers that the script of the same name in `tests/reference` has computed.
const REFERENCE: &str = include_str!("../../../../tests/reference/int8_product.txt");

fn reference(name: &str) -> Vec<f32> {
    let line = REFERENCE.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().map(|bits| f32::from_bits(u32::from_str_radix(bits, 16).unwrap())).collect()
}

fn outputs(linear: &Linear, input: &[f32], instructions: Instructions) -> Vec<f32> {
    let rows = input.len() * linear.bias.len() / linear.weight.len();
    let mut outcome = vec![f32::NAN; rows * linear.bias.len()];
    Int8Linear::new(linear, instructions).apply(input, &mut outcome, &mut RoundedRows::default());
    outcome
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn outputs_are_those_of_numpy_on_every_instruction_set() {
    let linear = Linear { weight: reference("weights"), bias: reference("bias") };
    let (input, wanted) = (reference("rows"), reference("outputs"));
    for instructions in Instructions::available() {
        let found = outputs(&linear, &input, instructions);
        assert_eq!(bits(&found), bits(&wanted), "{instructions:?}");
    }
}

/// Extreme values often, since those are what narrow sums lose.
fn byte(numbers: &mut Numbers) -> u8 {
    if numbers.below(3) == 0 { 255 } else { numbers.below(256) as u8 }
}

fn weight(numbers: &mut Numbers) -> i8 {
    match numbers.below(4) {
        0 => 127,
        1 => -128,
        _ => numbers.below(256) as u8 as i8,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn tiles_are_the_sums_of_products(count in 1usize..=ROWS, groups in 0usize..40, seed in any::<u64>()) {
        let mut numbers = Numbers(seed);
        let rows: Vec<Quad> = (0..count * groups).map(|_| [(); DEPTH].map(|()| byte(&mut numbers))).collect();
        let mut panel = vec![Group::ZERO; groups];
        let mut wanted = vec![[0i64; COLUMNS]; count];
        for (depth, group) in panel.iter_mut().enumerate() {
            for (input, output) in (0..DEPTH).flat_map(|input| (0..COLUMNS).map(move |output| (input, output))) {
                let weight = weight(&mut numbers);
                group.set(input, output, weight);
                for (row, wanted) in wanted.iter_mut().enumerate() {
                    wanted[output] += i64::from(rows[row * groups + depth][input]) * i64::from(weight);
                }
            }
        }
        for instructions in Instructions::available() {
            let mut sums: Sums = [[7; COLUMNS]; ROWS];
            instructions.tile(&mut sums, count, &rows, &panel);
            let found: Vec<_> = sums.iter().take(count).map(|row| row.map(i64::from)).collect();
            prop_assert_eq!(&found, &wanted, "{:?}", instructions);
        }
    }

    #[test]
    fn outputs_are_close_and_the_same_on_every_instruction_set(
        rows in 0usize..15,
        inputs in 1usize..50,
        columns in 1usize..140,
        seed in any::<u64>(),
    ) {
        let mut numbers = Numbers(seed);
        let mut some = |count: usize| (0..count).map(|_| numbers.unit() as f32).collect::<Vec<f32>>();
        let linear = Linear { weight: some(inputs * columns), bias: some(columns) };
        let input = some(rows * inputs);
        let found = outputs(&linear, &input, Instructions::ANY);
        for instructions in Instructions::available() {
            prop_assert_eq!(bits(&outputs(&linear, &input, instructions)), bits(&found), "{:?}", instructions);
        }
        for (row, found) in input.chunks(inputs).zip(found.chunks(columns)) {
            for (column, found) in found.iter().enumerate() {
                let weights = linear.weight.iter().skip(column).step_by(columns);
                let exact: f32 = row.iter().zip(weights).map(|(value, weight)| value * weight).sum();
                // Half a step of a weight is 1/254, half a step of an input 2/510; both are at most 1.
                let bound = inputs as f32 * (1.0 / 254.0 + 1.01 / 255.0) + 1e-4;
                prop_assert!((found - exact - linear.bias[column]).abs() <= bound, "{found} {exact}");
            }
        }
    }
}

#[test]
fn a_row_does_not_depend_on_the_others() {
    let mut numbers = Numbers(3);
    let mut some = |count: usize| (0..count).map(|_| numbers.unit() as f32).collect::<Vec<f32>>();
    let linear = Linear { weight: some(20 * 70), bias: some(70) };
    let input = some(13 * 20);
    let together = outputs(&linear, &input, Instructions::best());
    for (row, together) in input.chunks(20).zip(together.chunks(70)) {
        assert_eq!(bits(&outputs(&linear, row, Instructions::best())), bits(together));
    }
}

#[test]
fn what_is_not_finite_stays_so() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let linear = Linear { weight: vec![1.0, 2.0, -1.0, 0.5], bias: vec![0.0, 1.0] };
        let found = outputs(&linear, &[1.0, bad, 1.0, 2.0], Instructions::best());
        assert!(found[0].is_nan() && found[1].is_nan() && found[2].is_finite() && found[3].is_finite(), "{found:?}");
        let linear = Linear { weight: vec![1.0, bad, -1.0, 0.5], ..linear };
        let found = outputs(&linear, &[1.0, 2.0], Instructions::best());
        assert!(found[0].is_finite() && found[1].is_nan(), "{found:?}");
    }
}
