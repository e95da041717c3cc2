//! Tables of scores with intervals, as text and as JSON.

use serde_json::{Map, Value, json};

use super::output::table;
use crate::{
    spans::{
        Interval,
        bootstrap::{RESAMPLES, Resampled, SEED, Values},
        score::{EntityCounts, Rates, Report},
    },
    text::number::{grouped, with_noun},
};

/// Formats a report as a table with the interval of each F1.
pub(super) fn text(title: &str, report: &Report, resampled: &Resampled) -> String {
    let mut rows = vec![[title, "precision", "recall", "F1", "95 % interval", "entities"].map(str::to_owned).to_vec()];
    for (label, counts) in &report.labels {
        rows.push(row(label, counts.rates(), resampled.labels.get(label), Some(*counts)));
    }
    rows.push(row("all", report.micro(), Some(&resampled.overall), Some(report.overall)));
    rows.push(row("macro average", report.macro_average(), Some(&resampled.plain), None));
    rows.push(row("weighted average", report.weighted_average(), Some(&resampled.weighted), None));
    format!("{}accuracy over tags, O included: {:.4}\n", table(&rows), report.accuracy())
}

fn row(name: &str, rates: Rates, values: Option<&Values>, counts: Option<EntityCounts>) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    row.extend([rates.precision, rates.recall, rates.f1].map(|rate| format!("{rate:.4}")));
    row.push(values.and_then(Values::interval).map_or_else(|| "-".to_owned(), ends));
    row.push(counts.map(|counts| counts.support().to_string()).unwrap_or_default());
    row
}

fn ends(Interval { low, high }: Interval) -> String {
    format!("{low:.3} to {high:.3}")
}

/// Explains the intervals of a table.
pub(super) fn explanation(sentences: usize) -> String {
    format!(
        "95 % intervals of F1: bootstrap over the {}, {} resamples, seed {SEED}\n",
        with_noun(sentences, "sentence"),
        grouped(RESAMPLES)
    )
}

/// Intervals of every F1 of a report: `overall`, `macro`, `weighted`, and each label in `labels`.
pub(super) fn intervals(report: &Report, resampled: &Resampled) -> Value {
    let labels = report.labels.keys().map(|label| {
        let values = resampled.labels.get(label);
        (label.clone(), values.map_or(Value::Null, interval))
    });
    json!({
        "overall": interval(&resampled.overall),
        "macro": interval(&resampled.plain),
        "weighted": interval(&resampled.weighted),
        "labels": Value::Object(labels.collect::<Map<_, _>>()),
    })
}

/// An interval as `[low, high]`; null if there is none.
pub(super) fn interval(values: &Values) -> Value {
    pair(values.interval())
}

/// An interval as `[low, high]`; null if there is none.
pub(super) fn pair(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |Interval { low, high }| json!([low, high]))
}

/// How intervals are computed, for JSON.
pub(super) fn method(sentences: usize) -> Value {
    json!({ "method": "bootstrap over sentences, percentiles", "level": 0.95, "resamples": RESAMPLES, "seed": SEED,
        "sentences": sentences })
}
