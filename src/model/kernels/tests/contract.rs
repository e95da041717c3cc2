//! Properties that callers rely on besides the numbers.

#![cfg(test)]

use proptest::prelude::*;

use super::{
    super::{
        Adam, Dropout, Frozen, Gradients, InputError, Objective, Parameters, Part, Pieces, Shape, ShapeError,
        Workspace, logits, sweep, train,
    },
    Case, Numbers, SEVERAL, TINY, bits, fresh, on_threads, parameters,
};

/// Trains two steps on sentences of these lengths and computes logits.
/// Returns everything as bits.
fn trained(threads: usize, lengths: &[usize]) -> (Vec<u64>, Vec<u32>, Vec<u32>) {
    on_threads(threads, || {
        let mut parameters = parameters(SEVERAL, 3);
        let mut gradients = Gradients::new(SEVERAL).unwrap();
        let mut workspace = Workspace::new();
        let zeros = || SEVERAL.plan().map(|slot| vec![0.0; slot.count()]).into_vec();
        let (mut first, mut second) = (zeros(), zeros());
        let mut sums = Vec::new();
        let case = Case::new(&SEVERAL, lengths, 7, 4);
        for step in 0..2 {
            let objective = case.objective(Some(Dropout::new(0.1, 0.1, 42, step)));
            let loss = train(&parameters, &objective, false, &mut gradients, &mut workspace).unwrap();
            sums.extend([loss.to_bits(), gradients.squares().to_bits()]);
            let moments = first.iter_mut().zip(&mut second).zip(SEVERAL.plan().into_vec());
            let parts = parameters.values_mut().into_iter().zip(gradients.values()).zip(moments);
            let parts = parts.map(|((values, gradient), ((first, second), slot))| {
                let keep = if slot.decays() { 0.999 } else { 1.0 };
                Part { values, gradient, first, second, keep, rate: 1e-2 }
            });
            sweep(parts.collect(), &Adam { clip: 0.7, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, correction: 0.03 });
        }
        let values = parameters.values().into_iter().flatten().map(|value| value.to_bits()).collect();
        let logits = logits(&parameters, case.pieces(), None, &mut workspace).unwrap();
        (sums, values, logits.iter().map(|value| value.to_bits()).collect())
    })
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for lengths in [[12, 5, 70, 1, 33, 8, 21, 64].as_slice(), &[12, 9], &[1]] {
        let one = trained(1, lengths);
        assert_eq!(trained(1, lengths), one);
        for threads in [2, 3, 8] {
            assert!(trained(threads, lengths) == one, "{threads} threads, sentences {lengths:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_used_workspace_is_as_good_as_a_new_one(
        batches in prop::collection::vec(prop::collection::vec(0usize..40, 1..5), 2..5),
        seed in any::<u64>(),
    ) {
        let parameters = parameters(TINY, seed);
        let mut workspace = Workspace::new();
        let mut gradients = Gradients::new(TINY).unwrap();
        for (at, lengths) in batches.iter().enumerate() {
            let case = Case::new(&TINY, lengths, 6, seed.wrapping_add(at as u64));
            let objective = case.objective(Some(Dropout::new(0.1, 0.1, seed, at)));
            let loss = train(&parameters, &objective, false, &mut gradients, &mut workspace).unwrap();
            let (wanted, clean) = fresh(&parameters, &objective);
            prop_assert_eq!(loss.to_bits(), wanted.to_bits());
            prop_assert_eq!(bits(&gradients), bits(&clean));
            prop_assert_eq!(gradients.word_rows(), clean.word_rows());
            prop_assert_eq!(gradients.squares().to_bits(), clean.squares().to_bits());
            let mut other = Workspace::new();
            let wanted = logits(&parameters, case.pieces(), None, &mut other).unwrap();
            prop_assert_eq!(logits(&parameters, case.pieces(), None, &mut workspace).unwrap(), wanted);
        }
    }

    #[test]
    fn two_halves_make_one_batch(lengths in prop::collection::vec(0usize..20, 2..7), seed in any::<u64>()) {
        let parameters = parameters(TINY, seed);
        let case = Case::new(&TINY, &lengths, 6, seed);
        let whole = case.objective(None);
        let (loss, gradients) = fresh(&parameters, &whole);
        let cut = case.sentences[lengths.len() / 2].start;
        let (left, right) = case.sentences.split_at(lengths.len() / 2);
        let right: Vec<_> = right.iter().map(|range| range.start - cut..range.end - cut).collect();
        let (mut left_labels, mut right_labels) = (case.labels.clone(), case.labels.clone());
        left_labels.retain(|(piece, _)| *piece < cut);
        right_labels.retain(|(piece, _)| *piece >= cut);
        right_labels.iter_mut().for_each(|(piece, _)| *piece -= cut);
        let pieces = whole.pieces;
        let first = Pieces { words: &pieces.words[..cut], positions: &pieces.positions[..cut], sentences: left };
        let second = Pieces { words: &pieces.words[cut..], positions: &pieces.positions[cut..], sentences: &right };
        let mut sum = Gradients::new(TINY).unwrap();
        let mut workspace = Workspace::new();
        let mut total = 0.0;
        for (pieces, labels, add) in [(first, &left_labels, false), (second, &right_labels, true)] {
            let part = Objective { pieces, labels, ..whole };
            total += train(&parameters, &part, add, &mut sum, &mut workspace).unwrap();
        }
        prop_assert!((total - loss).abs() <= 1e-6 * loss.max(1.0));
        let scale = gradients.squares().sqrt().max(1e-9);
        for (found, wanted) in sum.values().into_iter().flatten().zip(gradients.values().into_iter().flatten()) {
            prop_assert!(f64::from((found - wanted).abs()) <= 1e-5 * scale);
        }
        prop_assert!((sum.squares() - gradients.squares()).abs() <= 1e-5 * gradients.squares());
    }
}

#[test]
fn no_dropout_and_a_share_of_zero_are_the_same() {
    let parameters = parameters(TINY, 1);
    let case = Case::new(&TINY, &[7, 3, 9], 7, 2);
    let (loss, gradients) = fresh(&parameters, &case.objective(None));
    let (same, others) = fresh(&parameters, &case.objective(Some(Dropout::new(0.0, 0.0, 9, 9))));
    assert_eq!((loss.to_bits(), bits(&gradients)), (same.to_bits(), bits(&others)));
    let (other, _) = fresh(&parameters, &case.objective(Some(Dropout::new(0.1, 0.0, 9, 9))));
    assert_ne!(loss, other);
}

#[test]
fn a_batch_without_labels_teaches_nothing() {
    let parameters = parameters(TINY, 1);
    let case = Case::new(&TINY, &[7, 3, 9], 7, 2);
    let (_, mut gradients) = fresh(&parameters, &case.objective(None));
    let before = bits(&gradients);
    let squares = gradients.squares();
    let nothing = Objective { labels: &[], ..case.objective(None) };
    let mut workspace = Workspace::new();
    assert_eq!(train(&parameters, &nothing, true, &mut gradients, &mut workspace), Ok(0.0));
    assert_eq!((bits(&gradients), gradients.squares()), (before, squares));
    assert_eq!(train(&parameters, &nothing, false, &mut gradients, &mut workspace), Ok(0.0));
    assert!(gradients.values().into_iter().flatten().all(|value| *value == 0.0));
    assert_eq!((gradients.squares(), gradients.word_rows()), (0.0, [].as_slice()));
}

#[test]
fn only_rows_in_use_have_a_gradient() {
    let parameters = parameters(SEVERAL, 1);
    let case = Case::new(&SEVERAL, &[12, 30], 5, 2);
    let (_, gradients) = fresh(&parameters, &case.objective(None));
    let used: std::collections::BTreeSet<u32> = case.words.iter().copied().collect();
    assert!(gradients.word_rows().iter().eq(&used));
    assert!(gradients.position_rows().iter().copied().eq(0..30));
    for (row, values) in (0u32..).zip(gradients.values()[0].chunks(SEVERAL.dim)) {
        assert_eq!(values.iter().any(|value| *value != 0.0), used.contains(&row));
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let parameters = parameters(TINY, 1);
    let mut gradients = Gradients::new(TINY).unwrap();
    let mut workspace = Workspace::new();
    let case = Case::new(&TINY, &[7, 3], 7, 2);
    let mut run = |objective: &Objective<'_>| train(&parameters, objective, false, &mut gradients, &mut workspace);
    let good = case.objective(None);
    for (piece, tag) in [(10, 0), (0, 4)] {
        let labels = [(piece, tag)];
        assert_eq!(run(&Objective { labels: &labels, ..good }), Err(InputError::Label { piece, tag }));
    }
    let refused = |words: &[u32], sentences: &[std::ops::Range<usize>]| {
        let pieces = Pieces { words, positions: &case.positions, sentences };
        logits(&parameters, pieces, None, &mut Workspace::new()).map(<[f32]>::to_vec).unwrap_err()
    };
    let many = [9; 10];
    assert_eq!(refused(&many, &case.sentences), InputError::Row { piece: 0, table: "word", row: 9, rows: 9 });
    assert!(matches!(refused(&case.words[1..], &case.sentences), InputError::Count { .. }));
    for sentences in [[0..7, 8..10], [0..7, 7..9], [0..7, 6..10], [1..7, 7..10]] {
        assert!(matches!(refused(&case.words, &sentences), InputError::Count { words: 10, .. }));
    }
    for rows in [[3, 2], [2, 2], [2, 10]] {
        let found = logits(&parameters, case.pieces(), Some(&rows), &mut Workspace::new()).map(<[f32]>::len);
        assert!(matches!(found, Err(InputError::Mismatch(_))));
    }
    let other = Shape { tags: 5, ..TINY };
    let mut others = Gradients::new(other).unwrap();
    let found = train(&parameters, &good, false, &mut others, &mut Workspace::new());
    assert!(matches!(found, Err(InputError::Mismatch(_))));
    assert_eq!(Parameters::new(TINY, vec![]), Err(ShapeError::Count { found: 0, wanted: 30 }));
    let mut values: Vec<Vec<f32>> = parameters.values().into_iter().map(<[f32]>::to_vec).collect();
    assert_eq!(Parameters::new(TINY, values.clone()), Ok(parameters.clone()));
    values[4].pop();
    assert_eq!(Parameters::new(TINY, values), Err(ShapeError::Length { at: 4, found: 299, wanted: 300 }));
    assert!(Parameters::zeros(Shape { heads: 3, ..TINY }).is_err());
}

#[test]
fn the_sweep_is_adamw() {
    let mut numbers = Numbers(4);
    let mut some = || (0..40_001).map(|_| numbers.unit() as f32).collect::<Vec<f32>>();
    let (before, gradient, first_before, second_before) = (some(), some(), some(), some());
    let second_before: Vec<f32> = second_before.iter().map(|value| value.abs()).collect();
    let adam = Adam { clip: 0.5, beta1: 0.8, beta2: 0.99, epsilon: 1e-7, correction: 0.7 };
    for (keep, rate) in [(0.99, 0.01), (1.0, 0.02)] {
        let (mut values, mut first, mut second) = (before.clone(), first_before.clone(), second_before.clone());
        let part =
            Part { values: &mut values, gradient: &gradient, first: &mut first, second: &mut second, keep, rate };
        sweep(vec![part], &adam);
        for at in 0..before.len() {
            let gradient = f64::from(gradient[at]) * adam.clip;
            let m = adam.beta1 * f64::from(first_before[at]) + (1.0 - adam.beta1) * gradient;
            let v = adam.beta2 * f64::from(second_before[at]) + (1.0 - adam.beta2) * gradient * gradient;
            let change = rate * m / (v.sqrt() / adam.correction + adam.epsilon);
            let wanted = f64::from(before[at]) * keep - change;
            assert!((f64::from(values[at]) - wanted).abs() < 1e-6 + 1e-5 * change.abs());
            assert!((f64::from(first[at]) - m).abs() < 1e-6 && (f64::from(second[at]) - v).abs() < 1e-6);
        }
    }
}

#[test]
fn what_is_frozen_has_no_gradient_and_changes_no_other() {
    let case = Case::new(&SEVERAL, &[12, 5, 9], 7, 4);
    let parameters = parameters(SEVERAL, 3);
    let run = |frozen: Frozen| {
        let mut gradients = Gradients::new(SEVERAL).unwrap();
        let objective = Objective { frozen, ..case.objective(None) };
        train(&parameters, &objective, false, &mut gradients, &mut Workspace::new()).unwrap();
        let values: Vec<Vec<f32>> = gradients.values().into_iter().map(<[f32]>::to_vec).collect();
        (gradients.squares(), values)
    };
    let squares = |values: &[Vec<f32>]| values.iter().flatten().map(|value| f64::from(*value).powi(2)).sum::<f64>();
    let (_, whole) = run(Frozen::default());
    for (frozen, first) in
        [(Frozen { embeddings: true, ..Frozen::default() }, 4), (Frozen { layers: 1, ..Frozen::default() }, 16)]
    {
        let (sum, values) = run(frozen);
        assert!(values[..first].iter().flatten().all(|value| *value == 0.0), "{frozen:?}");
        assert_eq!(values[first..], whole[first..], "{frozen:?}");
        assert!((sum - squares(&values)).abs() < 1e-5 * sum, "{frozen:?}");
    }
    let word = case.words[0];
    let (sum, values) = run(Frozen { word: Some(word), ..Frozen::default() });
    let row = word as usize * SEVERAL.dim..(word as usize + 1) * SEVERAL.dim;
    assert!(whole[0][row.clone()].iter().any(|value| *value != 0.0));
    assert!(values[0][row].iter().all(|value| *value == 0.0) && values[1..] == whole[1..]);
    assert!((sum - squares(&values)).abs() < 1e-5 * sum);
}
