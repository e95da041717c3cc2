//! Cross-entropy of the labels, the distance from given probabilities, and their gradients.

/// Probabilities that pieces should get, such as those of another model.
#[derive(Clone, Copy, Debug)]
pub struct SoftTargets<'a> {
    /// The pieces, strictly ascending.
    pub pieces: &'a [usize],
    /// `[pieces, tags]`, the probabilities of each piece at `temperature`.
    pub probabilities: &'a [f32],
    /// Share of the loss of a piece that has a label, too, from 0 to 1; the label has the rest.
    /// A piece without a label has nothing else, so its share is 1.
    pub share: f32,
    /// Number by which the logits are divided before the softmax.
    pub temperature: f32,
}

/// Replaces logits `[rows, tags]` by their gradient of the cross-entropy.
/// It is the gradient of `scale` times the summed cross-entropy (natural logarithm) of these `(row, tag)` pairs,
/// which ascend by row and contain every row. Returns the sum. A share `smoothing` of the target probability is spread
/// over all tags.
pub(super) fn cross_entropy(
    logits: &mut [f32],
    tags: usize,
    labels: &[(usize, usize)],
    (scale, smoothing): (f32, f32),
) -> f64 {
    let mut loss = 0.0;
    let spread = f64::from(smoothing) / tags as f64;
    let wanted = 1.0 - f64::from(smoothing);
    let rows = logits.chunks_exact_mut(tags);
    for (row, labels) in rows.zip(labels.chunk_by(|a, b| a.0 == b.0)) {
        let highest = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let sum: f64 = row.iter().map(|value| (f64::from(*value) - highest).exp()).sum();
        let log_sum = sum.ln() + highest;
        let all = log_sum * tags as f64 - row.iter().map(|value| f64::from(*value)).sum::<f64>();
        for (_, tag) in labels {
            loss += wanted * (log_sum - row.get(*tag).map_or(f64::NAN, |value| f64::from(*value)));
            loss += if smoothing > 0.0 { spread * all } else { 0.0 };
        }
        let times = labels.len() as f64;
        row.iter_mut().for_each(|value| *value = (times * ((f64::from(*value) - log_sum).exp() - spread)) as f32);
        for (_, tag) in labels {
            row.iter_mut().skip(*tag).take(1).for_each(|value| *value -= wanted as f32);
        }
        row.iter_mut().for_each(|value| *value *= scale);
    }
    loss
}

/// As [`cross_entropy`], with soft targets for some rows.
/// `rows` has the piece of each row of logits; `labels` are `(piece, tag)` pairs, sorted.
///
/// The loss of soft targets is the Kullback-Leibler divergence of the softmax of `logits / temperature` from them, times
/// the temperature squared, so that its gradient is as large as a label's (Hinton et al. 2015, section 2).
pub(super) fn distillation(
    logits: &mut [f32],
    (tags, rows): (usize, &[usize]),
    mut labels: &[(usize, usize)],
    targets: &SoftTargets<'_>,
    (scale, smoothing): (f32, f32),
) -> f64 {
    let mut loss = 0.0;
    let mut student = vec![0.0; tags];
    let mut soft = targets.pieces.iter().zip(targets.probabilities.chunks_exact(tags)).peekable();
    for (logits, piece) in logits.chunks_exact_mut(tags).zip(rows) {
        let (own, later) = labels.split_at(labels.partition_point(|(labelled, _)| labelled <= piece));
        labels = later;
        let soft = soft.next_if(|(at, _)| *at == piece);
        student.copy_from_slice(logits);
        let share = match (soft, own) {
            (None, _) => 0.0,
            (Some(_), []) => 1.0,
            (Some(_), _) => targets.share,
        };
        if own.is_empty() {
            logits.fill(0.0);
        } else {
            loss += f64::from(1.0 - share) * cross_entropy(logits, tags, own, (scale * (1.0 - share), smoothing));
        }
        if let Some((_, wanted)) = soft {
            loss += f64::from(share) * divergence(logits, &student, wanted, (scale * share, targets.temperature));
        }
    }
    loss
}

/// Adds the gradient of `scale` times the divergence of one row to `gradient`. Returns the divergence.
fn divergence(gradient: &mut [f32], logits: &[f32], wanted: &[f32], (scale, temperature): (f32, f32)) -> f64 {
    let (scale, temperature) = (f64::from(scale), f64::from(temperature));
    let scaled = logits.iter().map(|value| f64::from(*value) / temperature);
    let highest = scaled.clone().fold(f64::NEG_INFINITY, f64::max);
    let log_sum = scaled.clone().map(|value| (value - highest).exp()).sum::<f64>().ln() + highest;
    let mut loss = 0.0;
    for ((gradient, value), wanted) in gradient.iter_mut().zip(scaled).zip(wanted) {
        let (log, wanted) = (value - log_sum, f64::from(*wanted));
        // The limit of p ln p at 0 is 0.
        loss += if wanted > 0.0 { wanted * (wanted.ln() - log) } else { 0.0 };
        *gradient += (scale * temperature * (log.exp() - wanted)) as f32;
    }
    loss * temperature * temperature
}
