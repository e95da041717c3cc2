//! Values and gradients against the naive network.

#![cfg(test)]

use proptest::prelude::*;

use super::{
    super::{Dropout, Gradients, Parameters, Shape, Workspace, logits},
    Case, Numbers, TINY, fresh,
    naive::Naive,
    parameters,
};

/// The gradient of the mean loss along `direction`, by central differences.
fn slope(naive: &Naive, case: &Case, dropout: Option<&Dropout>, direction: &[Vec<f64>]) -> f64 {
    let size = 1e-5;
    let at = |size: f64| naive.moved(direction, size).loss(&case.pieces(), &case.labels, dropout);
    (at(size) - at(-size)) / (2.0 * size * case.labels.len().max(1) as f64)
}

fn along(gradients: &Gradients, direction: &[Vec<f64>]) -> f64 {
    let parts = gradients.values().into_iter().zip(direction);
    parts.flat_map(|(values, along)| values.iter().zip(along)).map(|(value, along)| f64::from(*value) * along).sum()
}

fn zeros(parameters: &Parameters) -> Vec<Vec<f64>> {
    parameters.values().iter().map(|values| vec![0.0; values.len()]).collect()
}

/// Checks loss and gradient along random directions.
/// One parameter at a time, and all together.
fn check(shape: Shape, case: &Case, dropout: Option<Dropout>) {
    let parameters = parameters(shape, 5);
    let naive = Naive::new(&parameters);
    let (loss, gradients) = fresh(&parameters, &case.objective(dropout));
    let wanted = naive.loss(&case.pieces(), &case.labels, dropout.as_ref());
    assert!((loss - wanted).abs() <= 2e-5 * wanted.max(1.0), "loss {loss}, wanted {wanted}");
    let squares: f64 = gradients.values().into_iter().flatten().map(|value| f64::from(*value).powi(2)).sum();
    assert!((gradients.squares() - squares).abs() <= 1e-5 * squares);
    let mut numbers = Numbers(99);
    let count = parameters.values().len();
    for chosen in (0..count).map(|at| at..at + 1).chain(std::iter::once(0..count)) {
        let mut direction = zeros(&parameters);
        for values in direction.iter_mut().take(chosen.end).skip(chosen.start) {
            values.iter_mut().for_each(|value| *value = numbers.unit());
        }
        let (found, wanted) = (along(&gradients, &direction), slope(&naive, case, dropout.as_ref(), &direction));
        let tolerance = 2e-4 * (wanted.abs() + squares.sqrt()) + 1e-9;
        assert!((found - wanted).abs() <= tolerance, "parameters {chosen:?}: {found}, wanted {wanted}");
    }
}

#[test]
fn each_value_of_the_gradient_is_that_of_finite_differences() {
    let parameters = parameters(TINY, 5);
    let case = Case::new(&TINY, &[3, 1, 0, 5], 6, 8);
    let dropout = Dropout::new(0.2, 0.3, 1, 2);
    let naive = Naive::new(&parameters);
    for dropout in [None, Some(dropout)] {
        let (_, gradients) = fresh(&parameters, &case.objective(dropout));
        let norm = gradients.squares().sqrt();
        for (at, values) in gradients.values().into_iter().enumerate() {
            for (place, value) in values.iter().enumerate() {
                let mut direction = zeros(&parameters);
                direction[at][place] = 1.0;
                let wanted = slope(&naive, &case, dropout.as_ref(), &direction);
                let error = (f64::from(*value) - wanted).abs();
                assert!(error <= 2e-5 * norm, "parameter {at}, value {place}: {value}, wanted {wanted}");
            }
        }
    }
}

fn shapes() -> impl Strategy<Value = Shape> {
    let epsilon = prop_oneof![Just(1e-12), Just(1e-5)];
    let sizes = (1usize..5, 1usize..9, 1usize..40, 0usize..4, 1usize..20, epsilon);
    sizes.prop_map(|(heads, width, hidden, layers, tags, epsilon)| Shape {
        // A row of one value has no variance: its norm is not to be differentiated.
        dim: heads * width.max(if heads == 1 { 3 } else { 2 }),
        heads,
        hidden,
        layers,
        tags,
        word_rows: 23,
        position_rows: 70,
        epsilon,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn any_shape_and_batch_agrees(
        shape in shapes(),
        lengths in prop::collection::vec(prop_oneof![4 => 0usize..9, 1 => 9usize..30], 1..5),
        share in 0usize..10,
        dropped in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let dropout = dropped.then(|| Dropout::new(0.1, 0.2, seed, 3));
        check(shape, &Case::new(&shape, &lengths, share, seed), dropout);
    }

    #[test]
    fn logits_agree(
        shape in shapes(),
        lengths in prop::collection::vec(0usize..30, 0..5),
        seed in any::<u64>(),
        some in any::<bool>(),
    ) {
        let parameters = parameters(shape, 6);
        let case = Case::new(&shape, &lengths, 5, seed);
        let all: Vec<usize> = (0..case.words.len()).collect();
        let rows: Vec<usize> = all.iter().copied().filter(|row| row % 3 == 1).collect();
        let wanted = if some { &rows } else { &all };
        let wanted = Naive::new(&parameters).logits(&case.pieces(), wanted, None);
        let mut workspace = Workspace::new();
        let found = logits(&parameters, case.pieces(), some.then_some(rows.as_slice()), &mut workspace).unwrap();
        prop_assert_eq!(found.len(), wanted.iter().flatten().count());
        for (found, wanted) in found.iter().zip(wanted.iter().flatten()) {
            prop_assert!((f64::from(*found) - wanted).abs() < 1e-4 * wanted.abs().max(1.0), "{} {}", found, wanted);
        }
    }
}

#[test]
fn long_sentences_agree() {
    // More queries than one block of attention, and odd numbers everywhere.
    let shape =
        Shape { dim: 15, heads: 3, hidden: 33, layers: 2, tags: 5, word_rows: 50, position_rows: 150, epsilon: 1e-12 };
    check(shape, &Case::new(&shape, &[70, 1, 131], 7, 1), Some(Dropout::new(0.1, 0.1, 7, 7)));
    let shape = Shape { dim: 64, heads: 2, ..shape };
    check(shape, &Case::new(&shape, &[67, 66], 9, 1), None);
}
