//! `tagli agree`: how far the annotators of a project agree, and where they do not.

use serde_json::{Value, json};

use super::{
    annotator, args,
    error::CliError,
    output::{Output, table},
};
use crate::{
    project::{AnnotatorName, AnnotatorWork, Project},
    spans::{
        Annotation, Document, LabelId, LabelSet,
        adjudication::ADJUDICATOR,
        agreement::{self, Agreement, Difference, LabelAgreement, Measure, Panel, SpanAgreement},
    },
    text::{TextRange, number::with_noun},
};

/// Runs the command.
///
/// # Errors
/// The folder is no project, an annotator is nobody, or there are fewer than two.
pub(super) fn run(args: &args::Agree, output: Output) -> Result<(), CliError> {
    let project = Project::open(&args.dir)?;
    let readers = chosen_work(&project, &args.annotators)?;
    let panels: Vec<Panel<'_>> = project.panels(&readers).into_iter().map(|(_, panel)| panel).collect();
    if panels.is_empty() {
        return Err(CliError::data("no document was marked done by two of them")
            .hint("agreement is counted on documents that both have finished"));
    }
    let group = agreement::agreement_of_all(&panels);
    let labels = &project.manifest.labels;
    let differences = if args.differences { differences(&panels, &readers, labels) } else { Vec::new() };
    let names = |(a, b): (usize, usize)| [a, b].map(|at| readers.get(at).map_or("", |reader| reader.name.as_str()));
    let pairs: Vec<Value> = group.pairs.iter().map(|(a, b, pair)| pair_value(names((*a, *b)), pair, labels)).collect();
    let mut value = json!({
        "documents": panels.len(),
        "pairs": pairs,
        "mean_exact_f1": measure(group.exact_f1),
        "mean_overlap_f1": measure(group.overlap_f1),
        "alpha": measure(group.alpha),
    });
    if args.differences {
        value["differences"] = json!(differences);
    }
    let mut text = String::new();
    for (a, b, pair) in &group.pairs {
        text += &pair_text(names((*a, *b)), pair, labels);
    }
    if readers.len() > 2 {
        let row = |name: &str, of: Measure| vec![name.to_owned(), shown(of)];
        text += &table(&[
            row("all together", Measure::Undefined("")),
            row("mean F1, exact", group.exact_f1),
            row("mean F1, overlap", group.overlap_f1),
            row("alpha", group.alpha),
        ]);
    }
    for line in &differences {
        text += &format!(
            "\n{}: {}",
            line["document"].as_str().unwrap_or_default(),
            line["text"].as_str().unwrap_or_default()
        );
    }
    output.result(&value, &text)
}

/// Reads the work of the given annotators, or of all except the adjudicator.
fn chosen_work(project: &Project, given: &[String]) -> Result<Vec<AnnotatorWork>, CliError> {
    let all = project.contributors();
    let mut names: Vec<AnnotatorName> = if given.is_empty() {
        all.iter().filter(|name| name.as_str() != ADJUDICATOR).cloned().collect()
    } else {
        given.iter().map(|name| find(&all, name.trim())).collect::<Result<_, _>>()?
    };
    names.sort_by_key(|name| all.iter().position(|known| known == name));
    names.dedup();
    if names.len() < 2 {
        let listed = annotator::listed(&all);
        return Err(CliError::data("agreement needs two annotators").hint(match all.len() {
            0 => "no annotator has worked on this project".to_owned(),
            1 => format!("only {listed} has; another one tags the same documents with: tagli DIR --as NAME"),
            _ => format!("choose two of: {listed}"),
        }));
    }
    Ok(project.annotator_work(names)?)
}

fn find(all: &[AnnotatorName], name: &str) -> Result<AnnotatorName, CliError> {
    let found = all.iter().find(|known| known.as_str() == name).cloned();
    found.ok_or_else(|| annotator::has_done_nothing(name, all))
}

fn measure(of: Measure) -> Value {
    match of {
        Measure::Value(value) => json!({ "value": value }),
        Measure::Undefined(why) => json!({ "value": null, "why": why }),
    }
}

fn shown(of: Measure) -> String {
    match of {
        Measure::Value(value) => format!("{value:.3}"),
        Measure::Undefined(why) => why.to_owned(),
    }
}

fn spans_value(spans: SpanAgreement) -> Value {
    json!({ "both": spans.both, "only_a": spans.only_a, "only_b": spans.only_b, "f1": measure(spans.f1()) })
}

fn pair_value([a, b]: [&str; 2], pair: &Agreement, labels: &LabelSet) -> Value {
    let label = |(id, of): (&LabelId, &LabelAgreement)| {
        let value = json!({ "exact": spans_value(of.exact), "overlap": spans_value(of.overlap) });
        (labels.name(*id).to_owned(), value)
    };
    let name = |id: Option<LabelId>| id.map_or("O", |id| labels.name(id));
    let cell = |((a, b), n): (&(Option<LabelId>, Option<LabelId>), &usize)| json!([name(*a), name(*b), n]);
    json!({
        "a": a,
        "b": b,
        "documents": pair.documents,
        "words": pair.words,
        "tagged_words": pair.tagged_words,
        "exact": spans_value(pair.exact),
        "overlap": spans_value(pair.overlap),
        "kappa_all": measure(pair.kappa_all),
        "kappa_tagged": measure(pair.kappa_tagged),
        "alpha": measure(pair.alpha),
        "labels": pair.labels.iter().map(label).collect::<serde_json::Map<_, _>>(),
        "confusion": pair.confusion.iter().map(cell).collect::<Vec<_>>(),
    })
}

fn pair_text([a, b]: [&str; 2], pair: &Agreement, labels: &LabelSet) -> String {
    let head = ["label", "F1 exact", "F1 overlap", "both", a, b].map(str::to_owned).to_vec();
    let row = |name: &str, exact: SpanAgreement, overlap: SpanAgreement| {
        vec![
            name.to_owned(),
            shown(exact.f1()),
            shown(overlap.f1()),
            exact.both.to_string(),
            (exact.both + exact.only_a).to_string(),
            (exact.both + exact.only_b).to_string(),
        ]
    };
    let mut rows = vec![head];
    rows.extend(pair.labels.iter().map(|(id, of)| row(labels.name(*id), of.exact, of.overlap)));
    rows.push(row("all", pair.exact, pair.overlap));
    format!(
        "{a} and {b}: {}, {}\n{}kappa over all words {}, over words that one of them tagged {}; alpha {}\n\n",
        with_noun(pair.documents, "document"),
        with_noun(pair.words, "word"),
        table(&rows),
        shown(pair.kappa_all),
        shown(pair.kappa_tagged),
        shown(pair.alpha)
    )
}

/// Every place where two of them differ.
fn differences(panels: &[Panel<'_>], readers: &[AnnotatorWork], labels: &LabelSet) -> Vec<Value> {
    let mut lines = Vec::new();
    for panel in panels {
        let said: Vec<(&str, &Annotation)> = readers
            .iter()
            .zip(&panel.annotations)
            .filter_map(|(reader, annotation)| Some((reader.name.as_str(), (*annotation)?)))
            .collect();
        for (at, (a, one)) in said.iter().enumerate() {
            for (b, other) in said.iter().skip(at + 1) {
                let found = agreement::differences(one, other);
                lines.extend(
                    found.iter().map(|difference| difference_value(panel.document, [a, b], difference, labels)),
                );
            }
        }
    }
    lines
}

fn difference_value(document: &Document, [a, b]: [&str; 2], difference: &Difference, labels: &LabelSet) -> Value {
    let words = |range: TextRange| range.of(&document.text);
    let name = |id: LabelId| labels.name(id);
    let (kind, text) = match difference {
        Difference::OnlyA(span) => {
            ("only", format!("{a}: {} \u{ab}{}\u{bb}, {b}: nothing", name(span.label), words(span.range)))
        }
        Difference::OnlyB(span) => {
            ("only", format!("{a}: nothing, {b}: {} \u{ab}{}\u{bb}", name(span.label), words(span.range)))
        }
        Difference::Label { a: one, b: other } | Difference::Range { a: one, b: other } => {
            let kind = if matches!(difference, Difference::Label { .. }) { "label" } else { "range" };
            let said = |who: &str, span: &crate::spans::Span| {
                format!("{who}: {} \u{ab}{}\u{bb}", name(span.label), words(span.range))
            };
            (kind, format!("{}, {}", said(a, one), said(b, other)))
        }
    };
    json!({ "document": document.id, "a": a, "b": b, "kind": kind, "text": text })
}
