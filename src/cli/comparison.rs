//! Two models on the same sentences: `tagli runs compare`, and `tagli eval --against`.

use serde_json::{Map, Value, json};

use super::{
    args::{self, AtMost, Compute, Counts, TestSet},
    error::CliError,
    listing::Listing,
    output::{Output, table},
    project_dir::{self, Access},
    score_table,
    tested::{self, Sentences, limit, mistake_text, mistake_value, warn_of_unknown},
};
use crate::{
    project::Project,
    runs::{RunSummary, SeedSpread, SeedVerdict, seed_verdict},
    spans::{Counting, Difference, Differences, Mistake},
    text::number::with_noun,
    work::{
        evaluate::{self, Change, Comparison},
        tested_model::TestedModel,
    },
};

/// Number of runs below which the spread between seeds is only a lower bound.
const FEW_SEEDS: usize = 5;

/// What is compared, and how.
pub(super) struct Request<'a> {
    /// Project of the models, if they belong to one.
    pub(super) project: Option<&'a Project>,
    /// The two models.
    pub(super) models: [&'a TestedModel; 2],
    /// Sentences.
    pub(super) test: &'a TestSet,
    /// Ways of counting that are shown.
    pub(super) counts: &'a [Counts],
    /// Number of sentences that are listed.
    pub(super) mistakes: Option<AtMost>,
    /// How to compute.
    pub(super) compute: &'a Compute,
}

/// `tagli runs compare`.
///
/// # Errors
/// There is no such project or run, or the sentences cannot be read.
pub(super) fn run_of_runs(args: &args::CompareRuns, output: Output) -> Result<(), CliError> {
    let project = project_dir::open(&args.dir, Access::Read, args.test.annotator.as_deref(), output)?;
    let [a, b] = [TestedModel::named(Some(&project), &args.a)?, TestedModel::named(Some(&project), &args.b)?];
    let request = Request {
        project: Some(&project),
        models: [&a, &b],
        test: &args.test,
        counts: &args.shown.counts,
        mistakes: args.shown.mistakes,
        compute: &args.compute,
    };
    run(&request, output)
}

/// Compares the models.
///
/// # Errors
/// A model cannot be opened, or the sentences cannot be read.
pub(super) fn run(request: &Request<'_>, output: Output) -> Result<(), CliError> {
    let [a, b] = request.models;
    let predictors = [tested::open(a, request.compute, output)?, tested::open(b, request.compute, output)?];
    let sentences = Sentences::find(request.project, request.test, &[a, b], output)?;
    let most = limit(request.mistakes, output);
    let [mut only_a, mut only_b] = [Listing::new(most, output), Listing::new(most, output)];
    let found = sentences.with(request.test, output, |data| {
        only_a.fill(|only_a| {
            only_b.fill(|only_b| {
                evaluate::compare([&predictors[0], &predictors[1]], data, &mut |change| match change.only_first {
                    true => only_a.add(|| change_value(change), || change_text(change)),
                    false => only_b.add(|| change_value(change), || change_text(change)),
                })
            })
        })
    })?;
    for (model, evaluation) in request.models.iter().zip(&found.evaluations) {
        warn_of_unknown(evaluation, &model.name, output);
    }
    let validated = sentences.validated();
    let runs = request.project.map_or_else(Default::default, |project| runs_of(project, [a, b], validated.as_deref()));
    if output.json {
        let mut value = value(&found, request.models, &runs);
        value["data"] = sentences.value();
        let mut lists = [("only_a_right", only_a.contents()?), ("only_b_right", only_b.contents()?)];
        return output.json_with_lists(&value, &mut lists);
    }
    let mut text = format!("A: {}\nB: {}\non {}: ", a.name, b.name, sentences.text());
    text += &text_of(&found, request.counts, &runs);
    output.text(&text)?;
    output.text(&only_a.title(&format!("only A is right: {}", with_noun(only_a.all, "sentence"))))?;
    output.copy(&mut *only_a.contents()?)?;
    output.text(&only_b.title(&format!("only B is right: {}", with_noun(only_b.all, "sentence"))))?;
    output.copy(&mut *only_b.contents()?)
}

fn change_text(change: &Change<'_>) -> String {
    let texts: Vec<String> = change.mistakes.iter().map(|mistake| mistake_text(change.sentence, mistake)).collect();
    // The name of the sentence is in the first.
    let prefix = format!("{}: ", change.sentence.id);
    let rest = texts.iter().skip(1).map(|text| text.strip_prefix(&prefix).unwrap_or(text));
    texts.first().map(String::as_str).into_iter().chain(rest).collect::<Vec<_>>().join("; ")
}

fn change_value(change: &Change<'_>) -> Value {
    let mistakes: Vec<Value> =
        change.mistakes.iter().map(|mistake: &Mistake| mistake_value(change.sentence, mistake)).collect();
    json!({ "sentence": change.index, "id": change.sentence.id, "mistakes": mistakes })
}

/// Facts about the runs of the two models.
#[derive(Default)]
struct Runs {
    /// Verdict by the seeds of the runs of the project.
    seeds: Option<SeedVerdict>,
    /// The model whose run began later: `a` or `b`; `None` if that is not known.
    newer: Option<Newer>,
}

/// The model whose run began later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Newer {
    /// The first one.
    A,
    /// The second one.
    B,
}

impl Newer {
    /// `None` if that is not known.
    fn of([a, b]: [&RunSummary; 2]) -> Option<Self> {
        Some(if a.began_after(b)? { Self::A } else { Self::B })
    }

    /// Sentences that the newer run mends, and those that it breaks.
    fn mended_and_broken(self, found: &Comparison) -> [usize; 2] {
        match self {
            Self::A => [found.only_first, found.only_second],
            Self::B => [found.only_second, found.only_first],
        }
    }
}

/// Facts about the runs of two models of a project. `validated`: fingerprint of the validation split, if it is scored.
fn runs_of(project: &Project, models: [&TestedModel; 2], validated: Option<&str>) -> Runs {
    let runs: Vec<RunSummary> = project.runs().list().iter().map(crate::project::RunView::compared_summary).collect();
    let [a, b] = models.map(|model| {
        let run = model.run.as_ref().and_then(|id| runs.iter().find(|run| run.id == *id));
        run.cloned().unwrap_or_default()
    });
    Runs { seeds: seed_verdict(&runs, &a, &b, validated), newer: Newer::of([&a, &b]) }
}

/// Numbers of sentences for JSON; what the newer run fixed and broke only if its start is known.
fn sentences_value(found: &Comparison, newer: Option<Newer>) -> Value {
    let mut value = json!({
        "all": found.evaluations[0].sentences,
        "both_right": found.both_right,
        "only_a_right": found.only_first,
        "only_b_right": found.only_second,
        "both_wrong": both_wrong(found),
    });
    if let Some(newer) = newer {
        let [fixed, broken] = newer.mended_and_broken(found);
        value["newer"] = json!(if newer == Newer::A { "a" } else { "b" });
        value["fixed_by_newer"] = json!(fixed);
        value["broken_by_newer"] = json!(broken);
    }
    value
}

/// Numbers of sentences for people.
fn sentences_text(found: &Comparison, newer: Option<Newer>) -> String {
    let mut text = format!(
        "sentences: {} both right, {} only A right, {} only B right, {} both wrong\n",
        found.both_right,
        found.only_first,
        found.only_second,
        both_wrong(found)
    );
    if let Some(newer) = newer {
        let [fixed, broken] = newer.mended_and_broken(found);
        text += &format!("{newer:?} is the newer run: it fixed {fixed} and broke {broken}\n");
    }
    text
}

fn value(found: &Comparison, [a, b]: [&TestedModel; 2], runs: &Runs) -> Value {
    let [first, second] = &found.evaluations;
    let seeds = runs.seeds.as_ref();
    let differences = found.differences.iter().map(|(counting, differences)| {
        (counting.name().to_owned(), differences.as_ref().map_or(Value::Null, differences_value))
    });
    json!({
        "a": { "name": a.name, "model": a.folder, "run": a.run, "word_f1": first.word.lenient.micro().f1 },
        "b": { "name": b.name, "model": b.folder, "run": b.run, "word_f1": second.word.lenient.micro().f1 },
        "sentences": sentences_value(found, runs.newer),
        "method": score_table::method(first.sentences),
        "differences": Value::Object(differences.collect::<Map<_, _>>()),
        "seeds": seeds.map(|seeds| seeds_value(found, seeds)),
    })
}

/// The verdict of the seeds. The spread is one of F1 on the validation split.
fn seeds_value(found: &Comparison, seeds: &SeedVerdict) -> Value {
    match seeds {
        SeedVerdict::SeedAlone => json!({ "seed_alone": true, "runs": [], "spread": null, "within": null }),
        SeedVerdict::Spread(seeds) => json!({
            "seed_alone": false,
            "runs": seeds.runs,
            "spread": seeds.spread,
            "within": is_within(found, seeds),
        }),
    }
}

fn differences_value(differences: &Differences) -> Value {
    let labels = differences.labels.iter().map(|(label, difference)| (label.clone(), difference_value(difference)));
    json!({
        "overall": difference_value(&differences.overall),
        "macro": difference_value(&differences.plain),
        "weighted": difference_value(&differences.weighted),
        "labels": Value::Object(labels.collect::<Map<_, _>>()),
    })
}

fn difference_value(difference: &Difference) -> Value {
    json!({
        "a": difference.scores[0],
        "b": difference.scores[1],
        "difference": difference.observed(),
        "interval": score_table::pair(difference.interval),
        "against": difference.against,
    })
}

fn both_wrong(found: &Comparison) -> usize {
    found.evaluations[0].sentences.saturating_sub(found.both_right + found.only_first + found.only_second)
}

/// Difference of F1 of all labels together, per word, lenient.
fn main_difference(found: &Comparison) -> Option<Difference> {
    let word = found.differences.iter().find(|(counting, _)| *counting == Counting::Word);
    word.and_then(|(_, differences)| differences.as_ref()).map(|differences| differences.overall)
}

fn is_within(found: &Comparison, seeds: &SeedSpread) -> bool {
    main_difference(found).is_some_and(|difference| difference.observed().abs() <= seeds.spread)
}

fn text_of(found: &Comparison, counts: &[Counts], runs: &Runs) -> String {
    let sentences = found.evaluations[0].sentences;
    let mut text = format!("{}\n\n", with_noun(sentences, "sentence"));
    for (counting, differences) in &found.differences {
        if !Counts::include(counts, *counting) {
            continue;
        }
        let title = format!("F1 per {}, {}", counting.unit(), counting.rules());
        text += &match differences {
            Some(differences) => format!("{}\n", differences_table(&title, differences)),
            None => format!("{title}: a tag of one of them is not IOB2\n\n"),
        };
    }
    text += &score_table::explanation(sentences);
    text += "\"not so\": share of the resamples in which the difference is zero or has the other sign\n\n";
    text += &verdict(found, runs.seeds.as_ref());
    text + &sentences_text(found, runs.newer)
}

fn differences_table(title: &str, differences: &Differences) -> String {
    let mut rows = vec![[title, "A", "B", "A-B", "95 % interval", "not so"].map(str::to_owned).to_vec()];
    rows.extend(differences.labels.iter().map(|(label, difference)| row(label, difference)));
    rows.push(row("all", &differences.overall));
    rows.push(row("macro average", &differences.plain));
    rows.push(row("weighted average", &differences.weighted));
    table(&rows)
}

fn row(name: &str, difference: &Difference) -> Vec<String> {
    let [a, b] = difference.scores;
    let interval = difference.interval;
    vec![
        name.to_owned(),
        format!("{a:.4}"),
        format!("{b:.4}"),
        format!("{:+.4}", difference.observed()),
        interval.map_or_else(|| "-".to_owned(), |ends| format!("{:+.3} to {:+.3}", ends.low, ends.high)),
        difference.against.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", 100.0 * share)),
    ]
}

/// What the difference means: whether the sentences decide, and whether it is within the spread between seeds.
fn verdict(found: &Comparison, seeds: Option<&SeedVerdict>) -> String {
    let Some(difference) = main_difference(found) else { return String::new() };
    let mut text = match difference.is_clear() {
        true => "zero is outside of the interval: other sentences of this kind would hardly turn the order round\n",
        false => "zero is in the interval: these sentences do not decide which of the two is better\n",
    }
    .to_owned();
    text += &seeds.map(|seeds| seeds_text(found, difference, seeds)).unwrap_or_default();
    text
}

fn seeds_text(found: &Comparison, difference: Difference, seeds: &SeedVerdict) -> String {
    let SeedVerdict::Spread(seeds) = seeds else {
        return "A and B differ by their seed alone: chance makes their difference\n".to_owned();
    };
    let size = difference.observed().abs();
    let is_within = is_within(found, seeds);
    let mut text = format!(
        "{}the difference of {size:.4} is {} the spread between seeds on validation: {} that differ by their seed alone \
         ({}) differ by up to {:.4}\n",
        if is_within { "warning: " } else { "" },
        if is_within { "within" } else { "larger than" },
        with_noun(seeds.runs.len(), "other run"),
        seeds.runs.join(", "),
        seeds.spread
    );
    if seeds.runs.len() < FEW_SEEDS {
        text += &format!("with fewer than {FEW_SEEDS} seeds the spread is probably larger than that\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_that_began_later_is_the_newer_one_in_either_order() {
        let run = |id: &str, started| RunSummary { id: id.to_owned(), started, ..RunSummary::default() };
        let [old, new, same] = [run("0001-mini", 5), run("0002-mini", 9), run("0003-mini", 9)];
        assert_eq!(Newer::of([&old, &new]), Some(Newer::B));
        assert_eq!(Newer::of([&new, &old]), Some(Newer::A));
        assert_eq!(Newer::of([&new, &same]), Some(Newer::B), "of the same second the one with the higher number");
        assert_eq!((Newer::of([&old, &old]), Newer::of([&old, &run("", 0)])), (None, None));
    }
}
