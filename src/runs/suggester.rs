//! The rule by which one of a project's models makes the suggestions and stands for the project.

use super::RunSummary;

/// Minimum number of spans of a validation split to compare models.
/// With fewer, its F1 does not decide between two models.
pub const MIN_VALIDATION_SPANS: usize = 20;

/// Returns the best of `models`, newest first; of equal ones the newer.
///
/// It is the newest. Where older ones were scored on the same validation documents, it is the best of these: a worse run
/// must not make the suggestions worse.
pub fn suggester<'a>(mut models: impl Iterator<Item = &'a RunSummary>) -> Option<&'a RunSummary> {
    let newest = models.next()?;
    let comparable = models.filter(|run| is_same_validation(run, newest));
    Some(comparable.fold(newest, |best, run| if is_better(run, best) { run } else { best }))
}

/// Whether the model of a run has a higher F1 per word on the validation split than the model of another run.
pub fn is_better(run: &RunSummary, than: &RunSummary) -> bool {
    run.model_f1.zip(than.model_f1).is_some_and(|(run, than)| run > than)
}

/// Whether two runs can be compared by their F1.
///
/// They were scored on the same documents with the same tags, and on enough spans to distinguish them.
pub fn is_same_validation(a: &RunSummary, b: &RunSummary) -> bool {
    let Some((a, b)) = a.data.as_ref().zip(b.data.as_ref()) else { return false };
    let same_tags = a.validated.is_some() && a.validated == b.validated;
    same_tags && a.annotator == b.annotator && a.spans[1] >= MIN_VALIDATION_SPANS
}
