//! Products with packed weights: those of plain sums, with each set of instructions.

#![cfg(test)]

use super::{
    super::{
        float::FloatLinear,
        float_tile::Instructions,
        parameters::Linear,
        tile::{COLUMNS, ROWS, Tile},
    },
    Numbers,
};

#[test]
fn all_instructions_compute_the_products() {
    let mut numbers = Numbers(7);
    let mut some = |count: usize| (0..count).map(|_| numbers.unit() as f32).collect::<Vec<f32>>();
    for rows in 0..=2 * ROWS + 1 {
        for (inputs, outputs) in [(1, 1), (3, COLUMNS - 1), (17, COLUMNS), (40, 2 * COLUMNS + 5)] {
            let linear = Linear { weight: some(inputs * outputs), bias: some(outputs) };
            let input = some(rows * inputs);
            for instructions in Instructions::available() {
                let mut found = vec![f32::NAN; rows * outputs];
                FloatLinear::new(&linear, instructions).apply(&input, &mut found);
                for (at, found) in found.iter().enumerate() {
                    let (row, column) = (at / outputs, at % outputs);
                    let products = (0..inputs).map(|depth| {
                        f64::from(input[row * inputs + depth]) * f64::from(linear.weight[depth * outputs + column])
                    });
                    let wanted = products.sum::<f64>() + f64::from(linear.bias[column]);
                    let difference = (f64::from(*found) - wanted).abs();
                    assert!(difference < 1e-5, "{instructions:?}, {rows}x{inputs}x{outputs}: {found} {wanted}");
                }
            }
        }
    }
}
