//! The prepared network against the one that is trained, and in any company.

#![cfg(test)]

use proptest::prelude::*;

use super::{
    super::{Precision, PreparedNetwork, Shape, ShapeError, Workspace, logits},
    Case, SEVERAL, TINY, on_threads, parameters,
};

fn largest_difference(shape: Shape, case: &Case, precision: Precision) -> f32 {
    let parameters = parameters(shape, 4);
    let mut workspace = Workspace::new();
    let wanted = logits(&parameters, case.pieces(), None, &mut workspace).unwrap();
    let found =
        PreparedNetwork::new(parameters.clone(), &[precision]).unwrap().logits(case.pieces(), precision).unwrap();
    assert_eq!(found.len(), wanted.len());
    found.iter().zip(wanted).map(|(found, wanted)| (found - wanted).abs()).fold(0.0, f32::max)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn exact_logits_are_those_of_the_trained_network(
        lengths in prop::collection::vec(0usize..30, 0..12),
        layers in 0usize..3,
        seed in any::<u64>(),
    ) {
        for shape in [Shape { layers, ..TINY }, Shape { layers, ..SEVERAL }] {
            let case = Case::new(&shape, &lengths, 0, seed);
            prop_assert!(largest_difference(shape, &case, Precision::Exact) < 2e-4);
        }
    }
}

#[test]
fn eight_bits_change_logits_little() {
    let case = Case::new(&SEVERAL, &[12, 5, 70, 0, 1, 33], 0, 4);
    let difference = largest_difference(SEVERAL, &case, Precision::Int8);
    assert!(difference > 0.0 && difference < 0.4, "{difference}");
}

#[test]
fn a_sentence_has_the_same_logits_in_any_company_and_on_any_number_of_threads() {
    let case = Case::new(&SEVERAL, &[12, 5, 70, 1, 33, 0, 8, 21, 64, 40, 40], 0, 4);
    for precision in [Precision::Exact, Precision::Int8] {
        let network = PreparedNetwork::new(parameters(SEVERAL, 3), &[precision]).unwrap();
        let together = network.logits(case.pieces(), precision).unwrap();
        for threads in [1, 3, 8] {
            assert!(on_threads(threads, || network.logits(case.pieces(), precision)).unwrap() == together);
        }
        for range in &case.sentences {
            let alone = Case {
                words: case.words[range.clone()].to_vec(),
                positions: case.positions[range.clone()].to_vec(),
                sentences: std::iter::once(0..range.len()).collect(),
                labels: Vec::new(),
            };
            let found = network.logits(alone.pieces(), precision).unwrap();
            let wanted = &together[range.start * SEVERAL.tags..range.end * SEVERAL.tags];
            assert_eq!(found, wanted);
        }
    }
}

#[test]
fn sums_that_could_wrap_are_refused() {
    let wide =
        Shape { dim: 1, heads: 1, hidden: 70_000, layers: 1, tags: 1, word_rows: 1, position_rows: 1, epsilon: 0.0 };
    let refused = PreparedNetwork::new(parameters(wide, 1), &[Precision::Exact, Precision::Int8]);
    assert!(matches!(refused, Err(ShapeError::TooWide { .. })));
    assert!(PreparedNetwork::new(parameters(wide, 1), &[Precision::Exact]).is_ok());
}
