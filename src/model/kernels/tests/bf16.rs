//! Products of bfloat16 numbers: the same on all instruction sets, as torch rounds, and close to the exact ones.

#![cfg(test)]

use proptest::prelude::*;

use super::{
    super::{
        Dropout, Gradients, Objective, TrainingPrecision, Workspace,
        bf16::{Factors, Matrix},
        bf16_tile::{Instructions, Line, Sums, pair},
        tile::{COLUMNS, ROWS, Tile},
        train,
    },
    Case, Numbers, SEVERAL, bits as gradient_bits, fresh, on_threads, parameters,
};

/// Numbers that the script of the same name in `tests/reference` has computed.
const REFERENCE: &str = include_str!("../../../../tests/reference/bf16_product.txt");

fn reference(name: &str) -> Vec<f32> {
    let line = REFERENCE.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().map(|bits| f32::from_bits(u32::from_str_radix(bits, 16).unwrap())).collect()
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn some(numbers: &mut Numbers, count: usize) -> Vec<f32> {
    (0..count).map(|_| numbers.unit() as f32).collect()
}

#[test]
fn rounding_is_that_of_torch() {
    let (values, wanted) = (reference("values"), reference("rounded"));
    assert!(values.len() > 1000);
    for (value, wanted) in values.into_iter().zip(wanted) {
        let [low, high] = [pair(value, 0.0) << 16, pair(0.0, value)];
        assert_eq!((low, high), (wanted.to_bits(), wanted.to_bits()), "{value}");
    }
    for bad in [f32::NAN, -f32::NAN, f32::from_bits(0x7fff_ffff), f32::from_bits(0x7f80_0001)] {
        assert!(f32::from_bits(pair(bad, 0.0) << 16).is_nan() && f32::from_bits(pair(0.0, bad)).is_nan());
    }
}

#[test]
fn products_are_those_of_torch_on_every_instruction_set() {
    let (x, w, wanted) = (reference("rows"), reference("weights"), reference("outputs"));
    let [inputs, outputs] = [11, 66];
    for instructions in Instructions::available() {
        let mut found = vec![f32::NAN; wanted.len()];
        Factors::default().outputs(&mut found, Matrix::new(&x, inputs), Matrix::new(&w, outputs), instructions);
        assert_eq!(bits(&found), bits(&wanted), "{instructions:?}");
    }
}

/// Sum of products of rounded numbers in `f64`, and the sum of their sizes.
fn exact(pairs: impl Iterator<Item = (f32, f32)>) -> (f64, f64) {
    pairs.fold((0.0, 0.0), |(sum, size), numbers| {
        let [a, b] = [numbers.0, numbers.1].map(|value| f64::from(f32::from_bits(pair(0.0, value))));
        (sum + a * b, size + (a * b).abs())
    })
}

fn close(found: f32, (wanted, size): (f64, f64)) -> bool {
    (f64::from(found) - wanted).abs() <= 4e-6 * size + 1e-30
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn tiles_have_the_same_bits_on_every_instruction_set(count in 1usize..=ROWS, depth in 0usize..40, seed in any::<u64>()) {
        let mut numbers = Numbers(seed);
        // Sizes from 2^-20 to 2^20, so that the order of the sums matters.
        let mut number = || numbers.unit() as f32 * 2.0f32.powi(numbers.below(41) as i32 - 20);
        let rows: Vec<u32> = (0..count * depth).map(|_| pair(number(), number())).collect();
        let mut panel = vec![Line::of(0); depth];
        panel.iter_mut().flat_map(|line| line.0.as_flattened_mut()).for_each(|to| *to = pair(number(), number()));
        let computed = |instructions: Instructions| {
            let mut sums: Sums = [[7.0; COLUMNS]; ROWS];
            instructions.tile(&mut sums, count, &rows, &panel);
            sums.iter().take(count).flat_map(|row| bits(row)).collect::<Vec<_>>()
        };
        let wanted = computed(Instructions::ANY);
        for instructions in Instructions::available() {
            prop_assert_eq!(computed(instructions), wanted.clone(), "{:?}", instructions);
        }
    }

    #[test]
    fn products_are_products(m in 1usize..60, k in 1usize..80, n in 1usize..150, seed in any::<u64>()) {
        let mut numbers = Numbers(seed);
        let [x, w, dy] = [m * k, k * n, m * n].map(|count| some(&mut numbers, count));
        let [x_matrix, w_matrix, dy_matrix] = [(&x, k), (&w, n), (&dy, n)].map(|(values, width)| Matrix::new(values, width));
        let mut factors = Factors::default();
        for instructions in Instructions::available() {
            let mut y = vec![f32::NAN; m * n];
            factors.outputs(&mut y, x_matrix, w_matrix, instructions);
            let mut dx = vec![1.0; m * k];
            factors.input_gradient(&mut dx, dy_matrix, w_matrix, instructions, |to, sum| *to = 2.0 * *to + sum);
            let mut dw = vec![f32::NAN; k * n];
            let squares = factors.weight_gradient(&mut dw, x_matrix, dy_matrix, instructions, false);
            let once = dw.clone();
            factors.weight_gradient(&mut dw, x_matrix, dy_matrix, instructions, true);
            for (row, column) in (0..m).flat_map(|row| (0..n).map(move |column| (row, column))) {
                let wanted = exact((0..k).map(|at| (x[row * k + at], w[at * n + column])));
                prop_assert!(close(y[row * n + column], wanted), "{} {wanted:?}", y[row * n + column]);
            }
            for (row, column) in (0..m).flat_map(|row| (0..k).map(move |column| (row, column))) {
                let (sum, size) = exact((0..n).map(|at| (dy[row * n + at], w[column * n + at])));
                prop_assert!(close(dx[row * k + column], (sum + 2.0, size + 2.0)));
            }
            for (row, column) in (0..k).flat_map(|row| (0..n).map(move |column| (row, column))) {
                let wanted = exact((0..m).map(|at| (x[at * k + row], dy[at * n + column])));
                prop_assert!(close(once[row * n + column], wanted));
                prop_assert_eq!(dw[row * n + column], 2.0 * once[row * n + column]);
            }
            let sum: f64 = once.iter().map(|value| f64::from(*value).powi(2)).sum();
            prop_assert!((squares - sum).abs() <= 1e-5 * sum);
        }
    }
}

fn in_bf16<'a>(case: &'a Case, dropout: Option<Dropout>) -> Objective<'a> {
    Objective { precision: TrainingPrecision::Bf16, ..case.objective(dropout) }
}

#[test]
fn loss_and_gradient_are_close_to_those_of_fp32_and_not_the_same() {
    let parameters = parameters(SEVERAL, 3);
    let case = Case::new(&SEVERAL, &[12, 5, 33, 1, 8], 7, 4);
    let dropout = Some(Dropout::new(0.1, 0.1, 42, 0));
    let (loss, gradients) = fresh(&parameters, &case.objective(dropout));
    let (rounded_loss, rounded) = fresh(&parameters, &in_bf16(&case, dropout));
    assert!(loss != rounded_loss && (loss - rounded_loss).abs() < 0.02 * loss, "{loss} {rounded_loss}");
    let values = gradients.values().into_iter().flatten().zip(rounded.values().into_iter().flatten());
    let difference: f64 = values.map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let share = (difference / gradients.squares()).sqrt();
    assert!(share > 1e-5 && share < 0.05, "{share}");
}

#[test]
fn the_number_of_threads_changes_no_bit_and_gradients_are_added_up() {
    let parameters = parameters(SEVERAL, 3);
    let case = Case::new(&SEVERAL, &[12, 5, 70, 1, 33, 8, 21, 64], 7, 4);
    let objective = in_bf16(&case, Some(Dropout::new(0.1, 0.1, 42, 0)));
    let on = |threads| on_threads(threads, || fresh(&parameters, &objective));
    let (loss, gradients) = on(1);
    for threads in [2, 3, 8] {
        let (other_loss, other) = on(threads);
        assert_eq!(other_loss.to_bits(), loss.to_bits());
        assert!(gradient_bits(&other) == gradient_bits(&gradients), "{threads} threads");
    }
    let mut twice: Gradients = gradients.clone();
    train(&parameters, &objective, true, &mut twice, &mut Workspace::new()).unwrap();
    let close = |twice: &f32, once: &f32| (twice - 2.0 * once).abs() <= 1e-5 * once.abs() + 1e-9;
    let values = twice.values().into_iter().flatten().zip(gradients.values().into_iter().flatten());
    assert!(values.into_iter().all(|(twice, once)| close(twice, once)));
}
