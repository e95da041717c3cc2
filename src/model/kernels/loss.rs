//! Cross-entropy of the labels, and its gradient.

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
