//! Soft targets against the naive network.

#![cfg(test)]

use super::{super::InputError, naive::Naive, *};

/// Random probabilities for every second piece of a case.
fn soft_targets(case: &Case, tags: usize, seed: u64) -> (Vec<usize>, Vec<f32>) {
    let mut numbers = Numbers(seed);
    let pieces: Vec<usize> = (0..case.words.len()).filter(|piece| piece % 2 == 0).collect();
    let rows = pieces.iter().flat_map(|piece| {
        let mut row: Vec<f64> = (0..tags).map(|_| 1.01 + numbers.unit()).collect();
        if piece % 4 == 0 {
            row[0] = 0.0;
        }
        let sum: f64 = row.iter().sum();
        row.into_iter().map(move |value| (value / sum) as f32)
    });
    (pieces.clone(), rows.collect())
}

/// The loss by its definition, in f64.
fn naive_loss(naive: &Naive, case: &Case, soft: &SoftTargets<'_>, dropout: Option<&Dropout>) -> f64 {
    let all: Vec<usize> = (0..case.words.len()).collect();
    // The last layer draws its dropout for the rows that have a target.
    let has_target = |piece: &usize| soft.pieces.contains(piece) || case.labels.iter().any(|label| label.0 == *piece);
    let wanted: Vec<usize> = all.into_iter().filter(has_target).collect();
    let logits = naive.logits(&case.pieces(), &wanted, dropout);
    let log_softmax = |row: &[f64], temperature: f64| -> Vec<f64> {
        let sum: f64 = row.iter().map(|value| (value / temperature).exp()).sum();
        row.iter().map(|value| value / temperature - sum.ln()).collect()
    };
    let mut loss = 0.0;
    for (row, piece) in logits.iter().zip(&wanted) {
        let labels: Vec<usize> = case.labels.iter().filter(|label| label.0 == *piece).map(|label| label.1).collect();
        let teacher = soft.pieces.iter().position(|at| at == piece);
        let share = match (teacher, labels.is_empty()) {
            (None, _) => 0.0,
            (Some(_), true) => 1.0,
            (Some(_), false) => f64::from(soft.share),
        };
        let hard: f64 = labels.iter().map(|tag| -log_softmax(row, 1.0)[*tag]).sum();
        let temperature = f64::from(soft.temperature);
        let student = log_softmax(row, temperature);
        let divergence: f64 = teacher.map_or(0.0, |at| {
            let wanted = soft.probabilities.chunks(row.len()).nth(at).unwrap();
            let terms = wanted.iter().zip(&student).filter(|(wanted, _)| **wanted > 0.0);
            terms.map(|(wanted, log)| f64::from(*wanted) * (f64::from(*wanted).ln() - log)).sum()
        });
        loss += (1.0 - share) * hard + share * temperature * temperature * divergence;
    }
    loss
}

#[test]
fn each_value_of_the_gradient_is_that_of_finite_differences() {
    let parameters = parameters(TINY, 5);
    let case = Case::new(&TINY, &[3, 1, 0, 5], 3, 8);
    let (pieces, probabilities) = soft_targets(&case, TINY.tags, 4);
    assert!(pieces.iter().any(|piece| !case.labels.iter().any(|label| label.0 == *piece)), "a piece without a label");
    assert!(pieces.iter().any(|piece| case.labels.iter().any(|label| label.0 == *piece)), "a piece with both");
    let naive = Naive::new(&parameters);
    for (share, temperature, dropout) in
        [(0.5, 2.0, None), (1.0, 1.0, None), (0.0, 3.0, None), (0.3, 2.0, Some(Dropout::new(0.2, 0.3, 1, 2)))]
    {
        let soft = SoftTargets { pieces: &pieces, probabilities: &probabilities, share, temperature };
        let objective = Objective { soft: Some(soft), ..case.objective(dropout) };
        let (loss, gradients) = fresh(&parameters, &objective);
        let at = |naive: &Naive| naive_loss(naive, &case, &soft, dropout.as_ref());
        assert!((loss - at(&naive)).abs() <= 2e-5 * loss.max(1.0), "loss {loss}, wanted {}", at(&naive));
        let norm = gradients.squares().sqrt();
        for (parameter, values) in gradients.values().into_iter().enumerate() {
            for (place, value) in values.iter().enumerate() {
                let mut direction: Vec<Vec<f64>> =
                    parameters.values().iter().map(|values| vec![0.0; values.len()]).collect();
                direction[parameter][place] = 1.0;
                let size = 1e-5;
                let slope = (at(&naive.moved(&direction, size)) - at(&naive.moved(&direction, -size))) / (2.0 * size);
                let wanted = slope * f64::from(objective.scale);
                let error = (f64::from(*value) - wanted).abs();
                assert!(error <= 2e-5 * norm, "parameter {parameter}, value {place}: {value}, wanted {wanted}");
            }
        }
    }
}

#[test]
fn certain_targets_are_labels() {
    let parameters = parameters(SEVERAL, 3);
    let mut case = Case::new(&SEVERAL, &[12, 30], 5, 2);
    case.labels.sort_unstable();
    case.labels.dedup_by_key(|label| label.0);
    let (loss, gradients) = fresh(&parameters, &case.objective(None));
    let pieces: Vec<usize> = case.labels.iter().map(|label| label.0).collect();
    let mut probabilities = vec![0.0; pieces.len() * SEVERAL.tags];
    for (row, (_, tag)) in probabilities.chunks_mut(SEVERAL.tags).zip(&case.labels) {
        row[*tag] = 1.0;
    }
    let soft = Some(SoftTargets { pieces: &pieces, probabilities: &probabilities, share: 0.5, temperature: 1.0 });
    for labels in [&[][..], &case.labels] {
        let (soft_loss, soft_gradients) = fresh(&parameters, &Objective { labels, soft, ..case.objective(None) });
        assert!((soft_loss - loss).abs() <= 1e-6 * loss, "{soft_loss} {loss}");
        let norm = gradients.squares().sqrt();
        for (found, wanted) in
            soft_gradients.values().into_iter().flatten().zip(gradients.values().into_iter().flatten())
        {
            assert!(f64::from((found - wanted).abs()) <= 1e-6 * norm, "{found} {wanted}");
        }
    }
}

#[test]
fn soft_targets_that_do_not_fit_are_refused() {
    let parameters = parameters(TINY, 1);
    let case = Case::new(&TINY, &[7, 3], 7, 2);
    let good = SoftTargets { pieces: &[1, 4], probabilities: &[0.25; 8], share: 0.5, temperature: 2.0 };
    let run = |soft| {
        let objective = Objective { soft: Some(soft), ..case.objective(None) };
        train(&parameters, &objective, false, &mut Gradients::new(TINY).unwrap(), &mut Workspace::new())
    };
    assert!(run(good).is_ok());
    for soft in [
        SoftTargets { pieces: &[4, 1], ..good },
        SoftTargets { pieces: &[1, 10], ..good },
        SoftTargets { probabilities: &[0.25; 7], ..good },
        SoftTargets { temperature: 0.0, ..good },
        SoftTargets { share: 1.5, ..good },
    ] {
        assert!(matches!(run(soft), Err(InputError::Mismatch(_))), "{soft:?}");
    }
}

#[test]
fn without_labels_and_soft_targets_nothing_is_learned() {
    let parameters = parameters(TINY, 1);
    let case = Case::new(&TINY, &[7], 7, 2);
    let soft = SoftTargets { pieces: &[], probabilities: &[], share: 0.5, temperature: 2.0 };
    let (loss, gradients) = fresh(&parameters, &Objective { labels: &[], soft: Some(soft), ..case.objective(None) });
    assert_eq!((loss, gradients.squares()), (0.0, 0.0));
}
