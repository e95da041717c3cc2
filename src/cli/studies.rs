//! `tagli train --folds` and `--curve`: many trainings, of which none is kept.

use std::{path::PathBuf, time::Instant};

use crossbeam_channel::Receiver;
use serde_json::{Value, json};

use super::{
    error::CliError,
    interrupts,
    output::{Output, table},
};
use crate::{
    model::BaseModel,
    project::{
        Project, ProjectError,
        studies::{StoredAnswer, StoredFolds},
    },
    runs::{
        Control, Settings,
        cross_validation::{CrossValidation, FoldScores},
        learning_curve::{Expected, FORMAT, LearningCurve},
    },
    spans::{Dataset, Sentence},
    text::number::{grouped, with_noun},
    work::{
        curve::{Curve, CurveError},
        folds::{Fold, Folds, FoldsError, OutOfFold},
        trial::TrialError,
    },
};

/// What every training of a study needs.
pub(super) struct Study<'a> {
    /// Project whose documents are used; `None` for files.
    pub(super) project: Option<&'a Project>,
    /// Annotator of the documents; empty for files.
    pub(super) annotator: String,
    /// Settings for a number of training sentences.
    pub(super) settings: &'a dyn Fn(usize) -> Result<Settings, CliError>,
    /// Base model.
    pub(super) base: BaseModel,
    /// Name of the recipe.
    pub(super) recipe: &'static str,
    /// Start, in seconds since 1970, UTC.
    pub(super) started: u64,
    /// Form of the output.
    pub(super) output: Output,
}

impl Study<'_> {
    /// Validates on `folds` parts of the training and validation splits in turn.
    ///
    /// # Errors
    /// There are too few sentences, a training fails, or the result cannot be written.
    pub(super) fn folds(&self, data: Dataset, folds: usize) -> Result<(), CliError> {
        let sentences: Vec<Sentence> = data.train.into_iter().chain(data.valid).collect();
        let settings = (self.settings)(sentences.len())?;
        let chooses = settings.keep_best || settings.patience > 0;
        let folds = Folds::new(sentences, folds, settings.seed, chooses).map_err(folds_refused)?;
        let about = CrossValidation {
            started: self.started,
            annotator: self.annotator.clone(),
            base: self.base.name.clone(),
            recipe: self.recipe.to_owned(),
            ..CrossValidation::default()
        };
        let count = with_noun(folds.sentences.len(), "sentence");
        self.output.say(format!(
            "{} on {count} of train and valid; the test split stays out",
            with_noun(folds.plan.len(), "training")
        ));
        let mut progress = Progress::new(folds.plan.iter().map(|fold| cost(fold.train.len())), self.output)?;
        let mut kept = self.kept(Project::check_folds)?;
        let mut finished: Vec<FoldScores> = Vec::new();
        let mut predicted: Vec<OutOfFold> = Vec::new();
        for fold in &folds.plan {
            if progress.is_stopped() {
                break;
            }
            let (scores, answers) = self.fold(&folds, fold)?;
            finished.push(scores);
            predicted.extend(answers);
            let (of, f1) = (folds.plan.len(), scores.f1);
            progress.finished(&format!(
                "fold {} of {of}: F1 {f1:.4} on {}",
                fold.number,
                with_noun(scores.held_out, "sentence")
            ));
            if let Some(project) = self.project {
                // What is finished must not be lost by a later training.
                let result = folds.score(&finished, &predicted, &about);
                kept.note(project.set_folds(&stored(project, &folds, &predicted, result)), self.output);
            }
        }
        if finished.is_empty() {
            return Err(stopped());
        }
        let result = folds.score(&finished, &predicted, &about);
        self.output.result(&folds_value(&result), &folds_text(&result, kept.is_whole()))
    }

    /// Whether the results are kept in the project.
    ///
    /// # Errors
    /// The project cannot be written.
    fn kept(&self, check: impl Fn(&Project) -> Result<(), ProjectError>) -> Result<Kept, CliError> {
        self.project.map_or(Ok(()), check)?;
        Ok(Kept { is_wanted: self.project.is_some(), failure: None })
    }

    fn fold(&self, folds: &Folds, fold: &Fold) -> Result<(FoldScores, Vec<OutOfFold>), CliError> {
        let settings = (self.settings)(fold.train.len())?;
        folds.run(fold, settings, self.base.clone()).map_err(folds_refused)
    }

    /// Trains on growing parts of the training split, `draws` times on each size.
    ///
    /// # Errors
    /// There are too few sentences, a training fails, or the result cannot be written.
    pub(super) fn curve(&self, data: Dataset, draws: usize, validated: String) -> Result<(), CliError> {
        let settings = (self.settings)(data.train.len())?;
        let mut found = LearningCurve {
            format: FORMAT,
            started: self.started,
            annotator: self.annotator.clone(),
            base: self.base.name.clone(),
            recipe: self.recipe.to_owned(),
            epochs: settings.epochs,
            learning_rate: settings.learning_rate,
            seed: settings.seed,
            sentences: data.train.len(),
            valid: data.valid.len(),
            validated,
            ..LearningCurve::default()
        };
        let curve = Curve::new(data, draws, settings.seed).map_err(curve_refused)?;
        found.planned = curve.plan.len();
        let mut progress = Progress::new(curve.plan.iter().map(|draw| cost(draw.sentences)), self.output)?;
        let mut kept = self.kept(Project::check_curve)?;
        for (at, draw) in curve.plan.iter().enumerate() {
            if progress.is_stopped() {
                break;
            }
            let settings = (self.settings)(draw.sentences)?;
            let (f1, _) = curve.run(draw, settings, self.base.clone()).map_err(curve_refused)?;
            found.add(draw.sentences, f1);
            found = found.with_forecast();
            let (number, of) = (at + 1, curve.plan.len());
            progress.finished(&format!(
                "training {number} of {of}: F1 {f1:.4} with {}",
                with_noun(draw.sentences, "sentence")
            ));
            if let Some(project) = self.project {
                kept.note(project.set_curve(&found), self.output);
            }
        }
        if found.finished() == 0 {
            return Err(stopped());
        }
        self.output.result(&found, &curve_text(&found))
    }
}

/// Whether a project keeps the result of a study. A disk that becomes full must not cost the trainings.
#[derive(Default)]
struct Kept {
    /// Whether there is a project.
    is_wanted: bool,
    /// Why the last result is not in it.
    failure: Option<String>,
}

impl Kept {
    /// Notes whether a result was written, and warns if it was not.
    fn note(&mut self, written: Result<PathBuf, ProjectError>, output: Output) {
        let failure = written.err().map(|error| error.to_string());
        if let Some(why) = failure.as_ref().filter(|_| self.failure != failure) {
            output.say(format!("warning: the result is not kept in the project: {why}"));
        }
        self.failure = failure;
    }

    /// Whether the project has the last result.
    fn is_whole(&self) -> bool {
        self.is_wanted && self.failure.is_none()
    }
}

/// Trainings of a study: stops between them, and estimates the time that is left.
struct Progress {
    stops: Receiver<Control>,
    /// Costs of the trainings in relation to each other.
    costs: Vec<f64>,
    done: usize,
    since: Instant,
    output: Output,
}

impl Progress {
    fn new(costs: impl Iterator<Item = f64>, output: Output) -> Result<Self, CliError> {
        let stops = interrupts::stops(output)?;
        Ok(Self { stops, costs: costs.collect(), done: 0, since: Instant::now(), output })
    }

    fn is_stopped(&self) -> bool {
        self.stops.try_recv().is_ok()
    }

    fn finished(&mut self, what: &str) {
        self.done += 1;
        let (done, left) = self.costs.split_at_checked(self.done).unwrap_or_default();
        let [before, after] = [done, left].map(|costs| costs.iter().sum::<f64>());
        let seconds = self.since.elapsed().as_secs_f64() / before.max(f64::MIN_POSITIVE) * after;
        let left = if left.is_empty() { String::new() } else { format!("; about {} left", duration(seconds)) };
        self.output.say(format!("{what}{left}"));
    }
}

/// Steps of a training in relation to those of another one: the recipes' epochs fall with the root of the sentences.
fn cost(sentences: usize) -> f64 {
    (sentences.max(1) as f64).sqrt()
}

fn duration(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("{seconds:.0} s"),
        ..5400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} h", seconds / 3600.0),
    }
}

/// Predictions for the documents of the project.
fn stored(project: &Project, folds: &Folds, predicted: &[OutOfFold], result: CrossValidation) -> StoredFolds {
    let documents = predicted.iter().filter_map(|one| {
        let document = project.documents.get(&folds.sentences.get(one.sentence)?.id)?;
        Some(StoredAnswer::new(document, one.fold, one.predicted.clone(), one.rows.clone()))
    });
    StoredFolds { tags: folds.tags.clone(), documents: documents.collect(), skipped: 0, result }
}

fn stopped() -> CliError {
    CliError::data("stopped before the first training was finished: there is nothing to report")
}

fn folds_refused(error: FoldsError) -> CliError {
    match error {
        FoldsError::TooFew { .. } | FoldsError::Request(_) => CliError::data(error),
        FoldsError::Trial(error) => trial_failed(error),
        FoldsError::Predict(error) => error.into(),
    }
}

fn curve_refused(error: CurveError) -> CliError {
    match error {
        CurveError::Trial(error) => trial_failed(error),
        CurveError::TooFew { .. } => CliError::data(error).hint("mark more documents as done, or use --folds"),
        CurveError::NoValidation => {
            CliError::data(error).hint("`tagli documents split DIR` puts documents into splits")
        }
        CurveError::Request(_) => CliError::data(error),
    }
}

fn trial_failed(error: TrialError) -> CliError {
    match error {
        TrialError::Training(error) => error.into(),
        TrialError::Model(error) => CliError::environment(error),
    }
}

fn folds_value(result: &CrossValidation) -> Value {
    let mut value = serde_json::to_value(result).unwrap_or_default();
    value["complete"] = json!(result.is_complete());
    value
}

fn folds_text(result: &CrossValidation, is_kept: bool) -> String {
    let scored = with_noun(result.scored, "sentence");
    let interval = match result.word.interval().as_str() {
        "-" => String::new(),
        interval => format!(" ({interval}, 95 %)"),
    };
    let f1 = result.word.f1;
    let mut text = format!("F1 per word {f1:.3}{interval}, lenient, on {scored} that were not learned\n\n");
    let mut rows = vec![["label", "precision", "recall", "F1", "95 %", "spans"].map(str::to_owned).to_vec()];
    for (label, one) in &result.labels {
        let numbers = [one.precision, one.recall, one.f1].map(|number| format!("{number:.3}"));
        let [precision, recall, f1] = numbers;
        rows.push(vec![label.clone(), precision, recall, f1, one.interval(), one.support.to_string()]);
    }
    text += &table(&rows);
    if !result.is_complete() {
        text +=
            &format!("\nstopped after {} of {} folds; the scores are of these\n", result.finished.len(), result.folds);
    }
    if is_kept {
        text += "\nlabels that the models find improbable: tagli suspects DIR\n";
    }
    text
}

fn curve_text(curve: &LearningCurve) -> String {
    let mut rows = vec![["sentences", "F1 on valid", "95 % of draws", "draws"].map(str::to_owned).to_vec()];
    for (expected, point) in curve.measured().iter().zip(&curve.points) {
        rows.push(expected_row(expected, point.f1.len().to_string()));
    }
    for expected in &curve.forecast {
        rows.push(expected_row(expected, "forecast".to_owned()));
    }
    let mut text = table(&rows);
    if curve.finished() < curve.planned {
        text += &format!("\nstopped after {} of {} trainings\n", curve.finished(), curve.planned);
    }
    text += &match curve.statement() {
        Some(statement) => format!("\n{statement}\nwith {}\n", curve.settings_text()),
        None => "\nno forecast: three sizes are needed\n".to_owned(),
    };
    text += "the intervals are of other draws, scored on these validation sentences; with others, scores differ more\n";
    text
}

fn expected_row(expected: &Expected, last: String) -> Vec<String> {
    let Expected { sentences, f1, low, high } = expected;
    vec![grouped(*sentences), format!("{f1:.3}"), format!("{low:.3} to {high:.3}"), last]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{
            Manifest,
            storage::refusals::{Refused, refuse},
        },
        spans::LabelSet,
    };

    #[test]
    fn durations_have_the_unit_that_fits() {
        assert_eq!([12.4, 89.0, 600.0, 9000.0].map(duration), ["12 s", "89 s", "10 min", "2.5 h"]);
    }

    #[test]
    fn a_disk_that_becomes_full_costs_no_training_and_is_tried_again() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("food");
        let project = Project::create(&root, Manifest::new("food", LabelSet::restaurant())).unwrap();
        let mut kept = Kept { is_wanted: true, failure: None };
        let write = || project.set_curve(&LearningCurve::default());
        let full = refuse(&root, Refused::Bytes, std::io::ErrorKind::StorageFull);
        kept.note(write(), Output { json: false });
        assert!(
            !kept.is_whole() && kept.failure.as_ref().is_some_and(|why| why.contains("full")),
            "{:?}",
            kept.failure
        );
        drop(full);
        kept.note(write(), Output { json: false });
        assert!(kept.is_whole() && !Kept::default().is_whole());
    }

    #[test]
    fn texts_say_what_was_stopped_and_what_more_brings() {
        let mut curve = LearningCurve { planned: 4, ..LearningCurve::default() };
        [(40, 0.4), (80, 0.5), (160, 0.57)].iter().for_each(|(sentences, f1)| curve.add(*sentences, *f1));
        let text = curve_text(&curve.with_forecast());
        assert!(
            text.contains("stopped after 3 of 4 trainings")
                && text.contains("10 more documents: about +.")
                && text.contains("95 % of draws")
                && text.contains("scored on these validation sentences"),
            "{text}"
        );
        assert!(text.lines().any(|line| line.starts_with("320") && line.ends_with("forecast")), "{text}");
        let fold = FoldScores { fold: 1, ..FoldScores::default() };
        let result = CrossValidation { folds: 5, finished: vec![fold], ..CrossValidation::default() };
        let text = folds_text(&result, false);
        assert!(text.contains("stopped after 1 of 5 folds"));
        assert!(text.starts_with("F1 per word 0.000, lenient"), "no interval without a hit: {text}");
        assert!(!folds_value(&result)["complete"].as_bool().unwrap());
    }
}
