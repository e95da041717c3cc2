//! `tagli eval`: evaluates a model on a split of a project or a tagged file, down to single mistakes.

use std::{collections::BTreeMap, path::Path};

use serde_json::{Value, json};

use super::{
    args::{self, Counts},
    calibration, comparison,
    error::CliError,
    listing::Listing,
    output::{Output, table},
    project_dir::{self, Access},
    score_table,
    tested::{self, Sentences, limit, mistake_text, mistake_value, warn_of_unknown},
};
use crate::{
    inference::{Evaluation, eval::Measured},
    project::Project,
    runs::{
        LabelMode, embedded_bases,
        published::{PublishedResult, PublishedTest, published_test},
    },
    spans::{
        Counting, MistakeKind,
        bootstrap::Resampled,
        score::{as_evaluate, averages},
    },
    text::number::with_noun,
    work::{
        evaluate,
        tested_model::{TestedModel, run_of_project},
    },
};

/// Evaluates the model.
///
/// # Errors
/// There is no such model, or the sentences cannot be read.
pub(super) fn run(args: &args::Eval, output: Output) -> Result<(), CliError> {
    let (project, model) = tested_model(args, output)?;
    if let Some(other) = &args.against {
        let other = TestedModel::named(project.as_ref(), other)?;
        let request = comparison::Request {
            project: project.as_ref(),
            models: [&model, &other],
            test: &args.test,
            counts: &args.shown.counts,
            mistakes: args.shown.mistakes,
            compute: &args.compute,
        };
        return comparison::run(&request, output);
    }
    // A wrong path of the model is reported before a large file is read.
    let predictor = tested::open(&model, &args.compute, output)?;
    let sentences = Sentences::find(project.as_ref(), &args.test, &[&model], output)?;
    let mut mistakes = Listing::new(limit(args.shown.mistakes, output), output);
    let found = sentences.with(&args.test, output, |data| {
        mistakes.fill(|list| {
            evaluate::evaluate(&predictor, data, &mut |sentence, found| {
                found.iter().try_for_each(|mistake| {
                    list.add(|| mistake_value(sentence, mistake), || mistake_text(sentence, mistake))
                })
            })
        })
    })?;
    warn_of_unknown(&found, &model.name, output);
    let is_fitted_here = model.is_fitted_to(sentences.validated().as_deref());
    let scored = Scored { resampled: found.counts.resample(), found, is_fitted_here };
    if output.json {
        let mut value = scored.value();
        value["model"] = json!(model.folder);
        value["run"] = json!(model.run);
        value["data"] = sentences.value();
        return output.json_with_lists(&value, &mut [("mistakes", mistakes.contents()?)]);
    }
    output.text(&scored.text(&model.name, &sentences, &args.shown.counts))?;
    output.text(&mistakes.title(&with_noun(mistakes.all, "mistake")))?;
    output.copy(&mut *mistakes.contents()?)
}

/// Finds the model, and the project that it belongs to.
fn tested_model(args: &args::Eval, output: Output) -> Result<(Option<Project>, TestedModel), CliError> {
    let path = Path::new(&args.model);
    let is_embedded = embedded_bases::is_embedded(&args.model);
    if !is_embedded && Project::is_project(path) {
        let project = project_dir::open(path, Access::Read, args.test.annotator.as_deref(), output)?;
        let model = match &args.run {
            Some(run) => TestedModel::named(Some(&project), run)?,
            None => of_project(&project, output)?,
        };
        return Ok((Some(project), model));
    }
    if args.run.is_some() {
        return Err(CliError::usage(format!("{} is no project, so it has no runs to choose from", path.display()))
            .hint("tagli eval DIR RUN, with the folder of a project"));
    }
    if let Some((root, id)) = run_of_project(path).filter(|_| args.test.data.is_none()) {
        let project = project_dir::open(&root, Access::Read, args.test.annotator.as_deref(), output)?;
        let model = TestedModel::named(Some(&project), &id)?;
        return Ok((Some(project), model));
    }
    if args.test.split.is_some() {
        return Err(CliError::usage(format!("--split needs a project, and {} is none", path.display()))
            .hint("--data FILE scores a model on a tagged file"));
    }
    Ok((None, TestedModel::named(None, &args.model)?))
}

/// The model that stands for a project; a note names one that scored higher.
fn of_project(project: &Project, output: Output) -> Result<TestedModel, CliError> {
    let model = TestedModel::of_project(project)?;
    if let Some(note) = model.note_of_higher(project) {
        output.say(format!("note: {note}"));
    }
    Ok(model)
}

/// An evaluation with its resamples.
pub(super) struct Scored {
    /// The evaluation.
    pub(super) found: Evaluation,
    /// Resamples of each way of counting.
    pub(super) resampled: Vec<Resampled>,
    /// Whether the scores of spans were fitted to these sentences.
    pub(super) is_fitted_here: bool,
}

impl Scored {
    /// The evaluation as JSON, without mistakes.
    pub(super) fn value(&self) -> Value {
        let found = &self.found;
        let intervals = |lenient: Counting, strict: Counting| json!({ "lenient": self.intervals(lenient), "strict": self.intervals(strict) });
        json!({
            "sentences": found.sentences,
            "words": found.words,
            "pieces": found.pieces,
            "word": measured(&found.word),
            "piece": measured(&found.piece),
            "averages": { "word": measured_averages(&found.word), "piece": measured_averages(&found.piece) },
            "intervals": {
                "method": score_table::method(found.sentences),
                "word": intervals(Counting::Word, Counting::WordStrict),
                "piece": intervals(Counting::Piece, Counting::PieceStrict),
            },
            "label_mode": found.label_mode.name(),
            "confusion": { "labels": found.confusion.labels, "counts": found.confusion.counts },
            "buckets": buckets(found),
            "unknown_labels": found.unknown,
            "calibration": calibration::value(&found.calibration, self.is_fitted_here),
            "published": published(found).map(|(test, results)| json!({
                "test": test.name,
                "results": results.iter().map(|result| json!({
                    "model": result.model,
                    "f1": result.f1,
                    "counting": result.counting.name(),
                    "source": result.source,
                })).collect::<Vec<_>>(),
            })),
        })
    }

    fn intervals(&self, counting: Counting) -> Option<Value> {
        let resampled = self.resampled.get(counting as usize)?;
        self.found.report(counting).ok().map(|report| score_table::intervals(report, resampled))
    }

    fn text(&self, name: &str, sentences: &Sentences, counts: &[Counts]) -> String {
        let found = &self.found;
        let size = [(found.sentences, "sentence"), (found.words, "word"), (found.pieces, "piece")];
        let size = size.map(|(count, noun)| with_noun(count, noun)).join(", ");
        let mut text = format!("{name} on {}: {size}\n\n", sentences.text());
        for counting in Counting::ALL.iter().filter(|counting| Counts::include(counts, **counting)) {
            text += &self.table(*counting);
        }
        text += &score_table::explanation(found.sentences);
        if !counts.contains(&Counts::All) {
            text += "other ways to count, strict or per word piece: --counts all\n";
        }
        text += &self.published_text(counts);
        text += &calibration::text(&found.calibration, self.is_fitted_here);
        text += "\nmistakes per word, lenient:\n";
        let rows = MistakeKind::ALL
            .iter()
            .map(|kind| vec![format!("{}: {}", kind.name(), kind.meaning()), count(found, *kind).to_string()]);
        text += &table(&rows.collect::<Vec<_>>());
        text + &format!("\n{}", confusion(found))
    }

    fn table(&self, counting: Counting) -> String {
        let unit = match counting.unit() {
            "piece" => format!("per piece ({})", self.found.label_mode.name()),
            unit => format!("per {unit}"),
        };
        let title = format!("{unit}, {}", counting.rules());
        match (self.found.report(counting), self.resampled.get(counting as usize)) {
            (Ok(report), Some(resampled)) => format!("{}\n", score_table::text(&title, report, resampled)),
            (Ok(_), None) => String::new(),
            (Err(error), _) => format!("{title}: {error}\n\n"),
        }
    }

    /// Published results on the same sentences, counted in a way that is shown.
    fn published_text(&self, counts: &[Counts]) -> String {
        let Some((test, results)) = published(&self.found) else { return String::new() };
        let mut text = String::new();
        for counting in Counting::ALL.iter().filter(|counting| Counts::include(counts, **counting)) {
            let shown: Vec<&PublishedResult> =
                results.iter().copied().filter(|result| result.counting == *counting).collect();
            let Ok(report) = self.found.report(*counting) else { continue };
            if shown.is_empty() {
                continue;
            }
            text += &format!("\npublished, F1 per {}, {}, on {}:\n", counting.unit(), counting.rules(), test.name);
            let mut rows: Vec<Vec<String>> = shown
                .iter()
                .map(|result| vec![format!("{} ({})", result.model, result.source), format!("{:.4}", result.f1)])
                .collect();
            rows.push(vec!["this model".to_owned(), format!("{:.4}", report.micro().f1)]);
            text += &table(&rows);
        }
        text
    }
}

/// Published results on the same sentences with the same labels. Per piece only where pieces are labelled as the lesson does.
fn published(found: &Evaluation) -> Option<(&'static PublishedTest, Vec<&'static PublishedResult>)> {
    let test = published_test(found.fingerprint, found.gold_labels())?;
    let comparable =
        |result: &&PublishedResult| result.counting.unit() == "word" || found.label_mode == LabelMode::AllB;
    Some((test, test.results.iter().filter(comparable).collect()))
}

/// Lenient and strict scores as seqeval returns them.
/// Strict is null for tags that are not IOB2.
fn measured(measured: &Measured) -> Value {
    json!({ "lenient": as_evaluate(&measured.lenient), "strict": measured.strict.as_ref().ok().map(as_evaluate) })
}

fn measured_averages(measured: &Measured) -> Value {
    json!({ "lenient": averages(&measured.lenient), "strict": measured.strict.as_ref().ok().map(averages) })
}

fn buckets(found: &Evaluation) -> BTreeMap<&'static str, usize> {
    MistakeKind::ALL.iter().map(|kind| (kind.name(), count(found, *kind))).collect()
}

fn count(found: &Evaluation, kind: MistakeKind) -> usize {
    found.kinds.get(&kind).copied().unwrap_or_default()
}

/// Confusion matrix in words.
/// Rows: labels of the data; columns: labels of the model.
fn confusion(found: &Evaluation) -> String {
    let names: Vec<&str> = found.confusion.labels.iter().map(String::as_str).chain(["O"]).collect();
    let mut head = vec!["confusion in words".to_owned()];
    head.extend(names.iter().map(|name| name.chars().take(8).collect::<String>()));
    let mut rows = vec![head];
    for (name, counts) in names.iter().zip(&found.confusion.counts) {
        let mut row = vec![(*name).to_owned()];
        row.extend(counts.iter().map(ToString::to_string));
        rows.push(row);
    }
    table(&rows)
}
