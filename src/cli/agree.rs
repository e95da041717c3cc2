//! `tagli agree`: shows how far annotators agree, and where they do not.

use serde_json::{Value, json};

use super::{
    annotator, args,
    error::CliError,
    output::{self, Output, table},
    project_dir::{self, Access},
};
use crate::{
    project::{AnnotatorName, AnnotatorWork, Project},
    spans::{
        Annotation, Document, LabelId, LabelSet, Span,
        adjudication::ADJUDICATOR,
        agreement::{self, Agreement, Difference, GroupAgreement, Measure, Panel, SpanAgreement},
    },
    text::number::with_noun,
};

/// Characters of a span that are shown.
const SHOWN: usize = 200;

/// Compares the annotators.
///
/// # Errors
/// The folder is not a project, an annotator is unknown, or there are fewer than two.
pub(super) fn run(args: &args::Agree, output: Output) -> Result<(), CliError> {
    let project = project_dir::open(&args.dir, Access::Read, None, output)?;
    let work = chosen_work(&project, &args.annotators)?;
    let names: Vec<&str> = work.iter().map(|work| work.name.as_str()).collect();
    let panels: Vec<Panel<'_>> = project.panels(&work).into_iter().map(|(_, panel)| panel).collect();
    if panels.is_empty() {
        return Err(CliError::data("no document was marked done by two of them")
            .hint("agreement is computed on documents that both have finished"));
    }
    let group = agreement::agreement_of_all(&panels);
    let labels = &project.manifest.labels;
    let pairs = pairs(&group, &names, labels);
    let differences = if args.differences { differences(&panels, &names, labels) } else { Vec::new() };
    let mut value = json!({
        "project": output::path(&project.root),
        "documents": panels.len(),
        "pairs": pairs.iter().map(Pair::value).collect::<Vec<_>>(),
        "mean_exact_f1": measure(group.exact_f1),
        "mean_overlap_f1": measure(group.overlap_f1),
        "alpha": measure(group.alpha),
    });
    if args.differences {
        value["differences"] = json!(differences);
    }
    let mut text: String = pairs.iter().map(Pair::text).collect();
    if names.len() > 2 {
        text += &group_text(&group);
    }
    for line in &differences {
        let [document, difference] = ["document", "text"].map(|key| line[key].as_str().unwrap_or_default());
        text += &format!("\n{document}: {difference}");
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

/// Agreement of two annotators, with their names and the labels of the project.
struct Pair<'a> {
    names: [&'a str; 2],
    agreement: &'a Agreement,
    labels: &'a LabelSet,
}

fn pairs<'a>(group: &'a GroupAgreement, names: &[&'a str], labels: &'a LabelSet) -> Vec<Pair<'a>> {
    let pairs = group.pairs.iter();
    pairs
        .map(|(a, b, agreement)| {
            let names = [*a, *b].map(|at| names.get(at).copied().unwrap_or_default());
            Pair { names, agreement, labels }
        })
        .collect()
}

impl Pair<'_> {
    fn value(&self) -> Value {
        let Agreement { documents, words, tagged_words, .. } = self.agreement;
        let mut labels = serde_json::Map::new();
        for (id, label) in &self.agreement.labels {
            let value = json!({ "exact": spans_value(label.exact), "overlap": spans_value(label.overlap) });
            labels.insert(self.labels.name(*id).to_owned(), value);
        }
        let confusion = self.agreement.confusion.iter().map(|((a, b), n)| json!([self.tag(*a), self.tag(*b), n]));
        json!({
            "a": self.names[0],
            "b": self.names[1],
            "documents": documents,
            "words": words,
            "tagged_words": tagged_words,
            "exact": spans_value(self.agreement.exact),
            "overlap": spans_value(self.agreement.overlap),
            "kappa_all": measure(self.agreement.kappa_all),
            "kappa_tagged": measure(self.agreement.kappa_tagged),
            "alpha": measure(self.agreement.alpha),
            "labels": labels,
            "confusion": confusion.collect::<Vec<_>>(),
        })
    }

    fn tag(&self, label: Option<LabelId>) -> &str {
        label.map_or("O", |id| self.labels.name(id))
    }

    fn text(&self) -> String {
        let Self { names: [a, b], agreement, labels } = self;
        let mut rows = vec![["label", "F1 exact", "F1 overlap", "both", a, b].map(str::to_owned).to_vec()];
        rows.extend(agreement.labels.iter().map(|(id, of)| spans_row(labels.name(*id), of.exact, of.overlap)));
        rows.push(spans_row("all", agreement.exact, agreement.overlap));
        format!(
            "{a} and {b}: {}, {}\n{}kappa over all words {}, over words that one of them tagged {}; alpha {}\n\n",
            with_noun(agreement.documents, "document"),
            with_noun(agreement.words, "word"),
            table(&rows),
            shown(agreement.kappa_all),
            shown(agreement.kappa_tagged),
            shown(agreement.alpha)
        )
    }
}

fn spans_row(name: &str, exact: SpanAgreement, overlap: SpanAgreement) -> Vec<String> {
    vec![
        name.to_owned(),
        shown(exact.f1()),
        shown(overlap.f1()),
        exact.both.to_string(),
        (exact.both + exact.only_a).to_string(),
        (exact.both + exact.only_b).to_string(),
    ]
}

fn group_text(group: &GroupAgreement) -> String {
    let rows = [
        ("all together", String::new()),
        ("mean F1, exact", shown(group.exact_f1)),
        ("mean F1, overlap", shown(group.overlap_f1)),
        ("alpha", shown(group.alpha)),
    ];
    table(&rows.map(|(name, value)| vec![name.to_owned(), value]))
}

/// Every place where two annotators differ.
fn differences(panels: &[Panel<'_>], names: &[&str], labels: &LabelSet) -> Vec<Value> {
    let mut lines = Vec::new();
    for panel in panels {
        let annotations = names.iter().zip(&panel.annotations);
        let work: Vec<(&str, &Annotation)> =
            annotations.filter_map(|(name, annotation)| Some((*name, (*annotation)?))).collect();
        for (at, (a, one)) in work.iter().enumerate() {
            for (b, other) in work.iter().skip(at + 1) {
                let place = Place { document: panel.document, names: [a, b], labels };
                lines.extend(agreement::differences(one, other).iter().map(|difference| place.value(difference)));
            }
        }
    }
    lines
}

/// Document and annotators of a difference.
struct Place<'a> {
    document: &'a Document,
    names: [&'a str; 2],
    labels: &'a LabelSet,
}

impl Place<'_> {
    fn value(&self, difference: &Difference) -> Value {
        let [a, b] = self.names;
        let (kind, text) = match difference {
            Difference::OnlyA(span) => ("only", format!("{a}: {}, {b}: nothing", self.quoted(span))),
            Difference::OnlyB(span) => ("only", format!("{a}: nothing, {b}: {}", self.quoted(span))),
            Difference::Label { a: one, b: other } => ("label", self.both(one, other)),
            Difference::Range { a: one, b: other } => ("range", self.both(one, other)),
        };
        json!({ "document": self.document.id, "a": a, "b": b, "kind": kind, "text": text })
    }

    fn both(&self, one: &Span, other: &Span) -> String {
        let [a, b] = self.names;
        format!("{a}: {}, {b}: {}", self.quoted(one), self.quoted(other))
    }

    /// Label and words of a span.
    fn quoted(&self, span: &Span) -> String {
        let words = span.range.of(&self.document.text);
        // Many spans may be over the same long text.
        let (end, more) = words.char_indices().nth(SHOWN).map_or((words.len(), ""), |(end, _)| (end, "\u{2026}"));
        let words = words.get(..end).unwrap_or_default();
        format!("{} \u{ab}{words}{more}\u{bb}", self.labels.name(span.label))
    }
}
