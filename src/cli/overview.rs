//! The overview of a corpus: splits, counts, labels, lengths, and what a person should look at before a training.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{
    error::CliError,
    output::{self, table},
};
use crate::{
    formats::{Corpus, TagViolation, TagViolations},
    model,
    text::{number::grouped, width::clean},
    work::{
        base,
        inspect::{self, Findings, Leak, Unsteady},
    },
};

/// Number of documents, spans and texts that are named of each kind; all of them are counted.
const NAMED: usize = 10;
/// Largest number of words of which the word pieces are counted; more would take minutes.
const MOST_WORDS: usize = 5_000_000;
/// Widest bar of the lengths, in characters.
const BAR: usize = 40;

/// Examines a corpus. `base` is the model that cuts words into pieces.
///
/// # Errors
/// The base cannot be opened.
pub(super) fn value(corpus: &Corpus, base: &str) -> Result<Value, CliError> {
    let mut splits: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    let mut labels: BTreeMap<&str, usize> = corpus.labels.iter().map(|label| (label.name.as_str(), 0)).collect();
    let mut lengths: Vec<usize> = Vec::new();
    for (document, annotation) in corpus.pairs() {
        let split = splits.entry(document.split.map_or("none", |split| split.name())).or_default();
        split[0] += 1;
        let words = document.words.count();
        split[1] += words;
        split[2] += annotation.spans().len();
        *statuses.entry(annotation.status.name()).or_default() += 1;
        lengths.push(words);
        for span in annotation.spans() {
            *labels.entry(corpus.labels.name(span.label)).or_default() += 1;
        }
    }
    lengths.sort_unstable();
    let splits: BTreeMap<_, _> =
        splits.into_iter().map(|(name, [d, w, s])| (name, json!({ "documents": d, "words": w, "spans": s }))).collect();
    let words = lengths.iter().sum::<usize>();
    let mut value = json!({
        "documents": corpus.documents.len(),
        "words": words,
        "pieces": if words <= MOST_WORDS { pieces(corpus, base)? } else { Value::Null },
        "spans": corpus.span_count(),
        "splits": splits,
        "statuses": statuses,
        "labels": labels,
        "length": {
            "shortest": lengths.first(),
            "median": lengths.get(lengths.len() / 2),
            "longest": lengths.last(),
        },
    });
    add_findings(&mut value, corpus, &inspect::findings(corpus));
    Ok(value)
}

/// Counts word pieces, and the documents that are longer than the base reads at once.
fn pieces(corpus: &Corpus, base: &str) -> Result<Value, CliError> {
    base::refuse_other_folder(base)?;
    let model = model::open(base).map_err(CliError::data)?;
    // The first and the last piece of an input are not words.
    let most = model.config.max_positions.saturating_sub(2);
    let (mut total, mut longest, mut too_long) = (0, 0, 0);
    for document in &corpus.documents {
        let words: Vec<&str> = document.word_texts().collect();
        let pieces = model.tokenizer.words(&words).map_err(CliError::data)?.tokens.len();
        total += pieces;
        longest = longest.max(pieces);
        too_long += usize::from(pieces > most);
    }
    Ok(json!({ "base": base, "total": total, "longest": longest, "most": most, "documents_with_more": too_long }))
}

fn add_findings(value: &mut Value, corpus: &Corpus, found: &Findings) {
    let lengths = found.lengths.iter();
    value["length"]["histogram"] =
        lengths.map(|(from, to, count)| json!({ "from": from, "to": to, "documents": count })).collect();
    let examples = found.examples.iter().map(|(label, texts)| {
        let texts: Vec<Value> = texts.iter().map(|(text, count)| json!({ "text": text, "spans": count })).collect();
        (corpus.labels.name(*label).to_owned(), Value::Array(texts))
    });
    value["examples"] = Value::Object(examples.collect());
    let ids = |places: &[usize]| -> Vec<&str> {
        places.iter().filter_map(|at| corpus.documents.get(*at)).map(|document| document.id.as_str()).collect()
    };
    value["duplicates"] = json!({
        "same": found.repeated,
        "nearly": found.nearly_repeated,
        "groups": found.groups.iter().take(NAMED).map(|group| ids(group)).collect::<Vec<_>>(),
    });
    value["leaks"] = found.leaks.iter().map(leak).collect();
    value["contradictions"] = json!({
        "count": found.contradictions.len(),
        "documents": found.contradictions.iter().take(NAMED).map(|(a, b)| ids(&[*a, *b])).collect::<Vec<_>>(),
    });
    let edges = found.edges.iter().take(NAMED).filter_map(|(at, range, label)| {
        let document = corpus.documents.get(*at)?;
        let text = range.of(&document.text);
        Some(json!({ "document": document.id, "text": text, "label": corpus.labels.name(*label) }))
    });
    value["marks_at_edges"] = json!({ "count": found.edges.len(), "spans": edges.collect::<Vec<_>>() });
    let several: Vec<Value> = found.unsteady.iter().take(NAMED).map(|one| unsteady(one, corpus)).collect();
    value["several_labels"] = json!({ "count": found.unsteady.len(), "texts": several });
}

/// Tags of a file that do not follow its scheme.
pub(super) fn violations(found: &TagViolations) -> Value {
    let first = found.first.iter();
    let first = first.map(|TagViolation { line, word, tag, expected }| {
        json!({ "line": line, "word": word, "tag": tag, "expected": expected })
    });
    json!({ "scheme": found.scheme.name(), "count": found.count, "first": first.collect::<Vec<_>>() })
}

/// Documents of a split that are known from another one.
pub(super) fn leak(leak: &Leak) -> Value {
    json!({ "from": leak.from, "to": leak.to, "same": leak.same, "nearly": leak.nearly })
}

fn unsteady(one: &Unsteady, corpus: &Corpus) -> Value {
    let labels: Map<String, Value> =
        one.labels.iter().map(|(label, count)| (corpus.labels.name(*label).to_owned(), json!(count))).collect();
    json!({ "text": one.text, "labels": labels })
}

/// The overview as text.
pub(super) fn text(value: &Value) -> String {
    let size = ["document", "word", "span"].map(|noun| output::with_noun(&value[format!("{noun}s")], noun));
    let mut text = format!("{}\n", size.join(", "));
    let length = &value["length"];
    let [shortest, median, longest] = ["shortest", "median", "longest"].map(|name| number(&length[name]));
    text += &format!("words per document: shortest {shortest}, median {median}, longest {longest}\n");
    text += &pieces_text(&value["pieces"]);
    text += &histogram(&length["histogram"]);
    let mut rows = vec![["split", "documents", "words", "spans"].map(str::to_owned).to_vec()];
    for (name, split) in value["splits"].as_object().into_iter().flatten() {
        let name = if name == "none" { "(no split)" } else { name };
        rows.push(vec![name.to_owned(), number(&split["documents"]), number(&split["words"]), number(&split["spans"])]);
    }
    text += &format!("\n{}", table(&rows));
    let mut rows = vec![["label", "spans", "most frequent"].map(str::to_owned).to_vec()];
    for (name, count) in value["labels"].as_object().into_iter().flatten() {
        rows.push(vec![name.clone(), number(count), examples(&value["examples"][name])]);
    }
    text += &format!("\n{}", table(&rows));
    let mut rows = vec![["status", "documents"].map(str::to_owned).to_vec()];
    rows.extend(value["statuses"].as_object().into_iter().flatten().map(|(name, n)| vec![name.clone(), number(n)]));
    text += &format!("\n{}", table(&rows));
    let worth_a_look = to_look_at(value);
    if !worth_a_look.is_empty() {
        text += &format!("\nworth a look:\n{worth_a_look}");
    }
    text
}

fn pieces_text(pieces: &Value) -> String {
    if pieces.is_null() {
        return format!("word pieces: not counted, the corpus has more than {} words\n", grouped(MOST_WORDS));
    }
    let [total, longest, most] = ["total", "longest", "most"].map(|name| number(&pieces[name]));
    let mut text = format!("word pieces of {}: {total}, the longest document {longest}", plain(&pieces["base"]));
    if pieces["documents_with_more"] != 0 {
        let longer = output::with_noun(&pieces["documents_with_more"], "document");
        text += &format!("; {longer} longer than the {most} that the model reads at once");
    }
    text + "\n"
}

/// One line for each class of lengths, with a bar.
fn histogram(classes: &Value) -> String {
    let count = |class: &Value| class["documents"].as_u64().unwrap_or(0) as usize;
    let classes = classes.as_array().map_or(&[][..], Vec::as_slice);
    let largest = classes.iter().map(count).max().unwrap_or(0).max(1);
    classes.iter().fold(String::new(), |text, class| {
        let [from, to] = ["from", "to"].map(|name| number(&class[name]));
        let range = if from == to { from } else { format!("{from} to {to}") };
        let bar = "#".repeat((count(class) * BAR).div_ceil(largest));
        text + &format!("  {range:>14}  {:>8}  {bar}\n", number(&class["documents"]))
    })
}

fn examples(texts: &Value) -> String {
    let list = texts.as_array().into_iter().flatten();
    list.map(|one| format!("{} ({})", plain(&one["text"]), number(&one["spans"]))).collect::<Vec<_>>().join(", ")
}

/// What may be wrong, one line for each kind, with examples.
fn to_look_at(value: &Value) -> String {
    let mut text = violations_text(&value["violations"]);
    let duplicates = &value["duplicates"];
    for (name, words) in [("same", "the same as an earlier one"), ("nearly", "nearly the same as an earlier one")] {
        if duplicates[name] != 0 {
            text += &format!("  {} {words}\n", output::with_noun(&duplicates[name], "document"));
        }
    }
    for group in duplicates["groups"].as_array().into_iter().flatten().take(3) {
        text += &format!("    {}\n", list(group));
    }
    for leak in value["leaks"].as_array().into_iter().flatten() {
        let [from, to] = ["from", "to"].map(|name| plain(&leak[name]));
        let [same, nearly] = ["same", "nearly"].map(|name| number(&leak[name]));
        text += &format!("  {to} is partly known from {from}: {same} the same, {nearly} nearly the same\n");
    }
    if !value["leaks"].as_array().is_none_or(Vec::is_empty) {
        text += "    tagli documents split DIR --again keeps them together\n";
    }
    let contradictions = &value["contradictions"];
    if contradictions["count"] != 0 {
        let count = output::with_noun(&contradictions["count"], "document");
        text += &format!("  {count} with the words of an earlier one and other labels\n");
        for pair in contradictions["documents"].as_array().into_iter().flatten().take(3) {
            text += &format!("    {}\n", list(pair));
        }
    }
    let edges = &value["marks_at_edges"];
    if edges["count"] != 0 {
        text += &format!("  {} with a mark at an end\n", output::with_noun(&edges["count"], "span"));
        for span in edges["spans"].as_array().into_iter().flatten().take(3) {
            let [text_of, label, id] = ["text", "label", "document"].map(|name| plain(&span[name]));
            text += &format!("    {text_of} ({label}), document {id}\n");
        }
    }
    let several = &value["several_labels"];
    if several["count"] != 0 {
        text += &format!("  {} with more than one label\n", output::with_noun(&several["count"], "text"));
        for one in several["texts"].as_array().into_iter().flatten().take(3) {
            let labels = one["labels"].as_object().into_iter().flatten();
            let labels: Vec<String> =
                labels.map(|(name, count)| format!("{} {}", clean(name), number(count))).collect();
            text += &format!("    {}: {}\n", plain(&one["text"]), labels.join(", "));
        }
    }
    text
}

fn violations_text(found: &Value) -> String {
    if found["count"].as_u64().is_none_or(|count| count == 0) {
        return String::new();
    }
    let scheme = plain(&found["scheme"]);
    let mut text = format!("  {} not as {scheme} has them\n", output::with_noun(&found["count"], "tag"));
    for one in found["first"].as_array().into_iter().flatten().take(3) {
        let [word, tag, expected] = ["word", "tag", "expected"].map(|name| plain(&one[name]));
        text += &format!("    line {}: {word} has {tag}, {scheme} has {expected}\n", number(&one["line"]));
    }
    text
}

fn list(ids: &Value) -> String {
    ids.as_array().into_iter().flatten().map(plain).collect::<Vec<_>>().join(", ")
}

/// A text as a terminal may show it.
fn plain(value: &Value) -> String {
    clean(value.as_str().unwrap_or_default()).into_owned()
}

fn number(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), |n| n.to_string())
}
