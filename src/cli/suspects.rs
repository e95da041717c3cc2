//! `tagli suspects`: lists labels that are probably wrong, and records decisions on them.

use serde_json::{Value, json};

use super::{
    annotator, args,
    error::CliError,
    output::{Output, table},
    project_dir::{self, Access},
};
use crate::{
    project::Project,
    services::now,
    spans::{Split, suspects::Reason},
    text::{
        OffsetMap,
        number::{grouped, with_noun},
        width::clean,
    },
    work::suspects::{self, Choice, Item, Marked, Queue},
};

/// Words shown before and after the words of an item.
const AROUND: usize = 4;

/// Lists the suspects, or carries out decisions.
///
/// # Errors
/// The folder is not a project, an item is not in the list, or a file cannot be read or written.
pub(super) fn run(args: &args::Suspects, output: Output) -> Result<(), CliError> {
    let decides = [&args.keep, &args.take, &args.reopen].iter().any(|keys| !keys.is_empty());
    let access = if decides { Access::Write } else { Access::Read };
    let project = project_dir::open(&args.dir, access, args.annotator.as_deref(), output)?;
    let name = annotator::choose(&project, args.annotator.as_deref())?;
    if !decides {
        let queue = suspects::queue(&project, &name, project.read_annotator(&name)?.journal)?;
        return list(args, &project, &queue, output);
    }
    let mut annotator = project.annotator(&name, now())?;
    let queue = suspects::queue(&project, &name, annotator.journal.clone())?;
    let chosen = [
        (Choice::Keep, find(&queue.items, &args.keep)?),
        (Choice::Take, find(&queue.items, &args.take)?),
        (Choice::Reopen, find(&queue.kept, &args.reopen)?),
    ];
    refuse_tests(&project, &chosen[1].1)?;
    for (choice, items) in &chosen {
        if !items.is_empty() {
            suspects::decide(&project, &mut annotator, items, *choice, now())?;
        }
    }
    let counts = chosen.map(|(_, items)| items.len());
    let left = suspects::queue(&project, &name, annotator.journal)?.items.len();
    let [kept, taken, reopened] = counts;
    let value = json!({ "kept": kept, "taken": taken, "reopened": reopened, "left": left });
    let text = format!("{kept} kept, {taken} taken, {reopened} reopened; {} left\n", with_noun(left, "suspect"));
    output.result(&value, &text)
}

/// Refuses suggestions on the test split.
fn refuse_tests(project: &Project, items: &[&Item]) -> Result<(), CliError> {
    let mut tests = items.iter().filter(|item| {
        project.documents.get(&item.document).is_some_and(|document| document.split == Some(Split::Test))
    });
    tests.next().map_or(Ok(()), |item| {
        Err(CliError::data(format!("{}: suggestions are not taken on the test split", item.key))
            .hint("gold that is corrected towards a model flatters that model; edit it by hand on the Tag screen"))
    })
}

/// Finds items by their keys.
fn find<'q>(items: &'q [Item], keys: &[String]) -> Result<Vec<&'q Item>, CliError> {
    let mut found: Vec<&Item> = Vec::new();
    for key in keys {
        let item = items.iter().find(|item| item.key == key.to_lowercase());
        let item = item.ok_or_else(|| {
            CliError::data(format!("there is no suspect {key} in the list")).hint(
                "it may be decided, or its text or label may have changed; `tagli suspects DIR` lists what is there",
            )
        })?;
        if found.iter().any(|other| other.given.is_some() && other.given == item.given || other.key == item.key) {
            return Err(CliError::usage(format!("{key} is the same label as another one of these; decide once")));
        }
        found.push(item);
    }
    Ok(found)
}

fn list(args: &args::Suspects, project: &Project, queue: &Queue, output: Output) -> Result<(), CliError> {
    if queue.skipped > 0 {
        let lines = with_noun(queue.skipped, "line");
        output.say(format!("note: {lines} of runs/folds.jsonl or reviewed.jsonl cannot be read and are left out"));
    }
    let chosen = queue.items.iter().filter(|item| args.kind.is_none_or(|kind| kind == item.kind));
    let shown: Vec<&Item> = chosen.clone().take(args.most.0).collect();
    let more = chosen.count() - shown.len();
    let kept: Vec<&Item> = queue.kept.iter().filter(|_| args.kept).collect();
    let value = json!({
        "documents": queue.documents,
        "answered": queue.answered,
        "open": queue.items.len(),
        "probably_wrong": queue.probably_wrong(),
        "also_disagree": queue.items.len() - queue.probably_wrong(),
        "kept": queue.kept.len(),
        "word_f1": queue.result.as_ref().map(|result| result.word.f1),
        "suspects": shown.iter().map(|item| item_value(project, item)).collect::<Vec<_>>(),
        "kept_items": kept.iter().map(|item| item_value(project, item)).collect::<Vec<_>>(),
    });
    output.result(&value, &text(project, queue, [&shown, &kept], more))
}

fn text(project: &Project, queue: &Queue, [shown, kept]: [&[&Item]; 2], more: usize) -> String {
    let mut text = match (queue.answered, queue.documents) {
        (0, _) => "without a model: `tagli train DIR --folds 5` lets models look for more\n\n".to_owned(),
        (answered, documents) if answered < documents => {
            let rest = with_noun(documents - answered, "done document");
            format!("no model has looked at {rest} (new, changed or of the test split)\n\n")
        }
        _ => String::new(),
    };
    let (probable, others) = shown.split_at(shown.partition_point(|item| item.is_probably_wrong()));
    let lists = [
        (probable, "probably wrong, the least probable label first"),
        (others, "the model also disagrees with these; many are right, and hard for it"),
        (kept, "kept"),
    ];
    for (items, title) in lists {
        if !items.is_empty() {
            text += &format!("{title}\n");
            let head = ["key", "right", "label", "suggested", "why", "words"].map(str::to_owned).to_vec();
            let rows = items.iter().map(|item| row(project, item));
            text += &table(&std::iter::once(head).chain(rows).collect::<Vec<_>>());
            text.push('\n');
        }
    }
    if more > 0 {
        text += &format!("and {more} more (--most all)\n");
    }
    let probable = queue.probably_wrong();
    let [others, kept] = [queue.items.len() - probable, queue.kept.len()].map(grouped);
    let labels = with_noun(probable, "label");
    text += &format!("{labels} probably wrong; the model also disagrees with {others}; {kept} kept\n");
    if !shown.is_empty() {
        text += "--keep KEY leaves a label and does not ask again, --take KEY takes the suggestion; others are edited on the Tag \
                 screen\n";
    }
    text
}

fn row(project: &Project, item: &Item) -> Vec<String> {
    let name = |marked: Option<Marked>| {
        marked.map_or("none".to_owned(), |marked| project.manifest.labels.name(marked.label).to_owned())
    };
    let given = item.given.map(|(_, given)| given);
    // With the same label, the words differ.
    let other = match (given, item.other) {
        (Some(given), Some(other)) if given.label == other.label => words_of(project, item, other),
        (_, other) => name(other),
    };
    let reasons: Vec<&str> = item.reasons.iter().map(|reason| reason.meaning()).collect();
    vec![
        item.key.clone(),
        score_text(item.score),
        name(given),
        clean(&other).into_owned(),
        reasons.join(", "),
        clean(&context(project, item)).into_owned(),
    ]
}

/// A probability in two digits, such as `.02`; one that is smaller is not said to be zero.
fn score_text(score: f32) -> String {
    if score < 0.01 {
        return "<.01".to_owned();
    }
    format!("{score:.2}").replacen("0.", ".", 1)
}

fn words_of(project: &Project, item: &Item, marked: Marked) -> String {
    let text = project.documents.get(&item.document).map(|document| marked.range.of(&document.text).to_owned());
    format!("\u{201c}{}\u{201d}", text.unwrap_or_default())
}

/// The words of an item in brackets, with some around them.
fn context(project: &Project, item: &Item) -> String {
    let Some(document) = project.documents.get(&item.document) else { return String::new() };
    let range = item.given.map(|(_, given)| given.range).or(item.other.map(|other| other.range)).unwrap_or_default();
    let Some(words) = document.words_touching(range) else { return String::new() };
    let start = words.start.saturating_sub(AROUND);
    let end = (words.end + AROUND).min(document.words.count());
    let [before, own, after] = [start..words.start, words.clone(), words.end..end]
        .map(|words| document.range_of_words(words).map(|range| range.of(&document.text)).unwrap_or_default());
    format!("{before} [{own}] {after}").trim().replace('\n', " ")
}

fn item_value(project: &Project, item: &Item) -> Value {
    let document = project.documents.get(&item.document);
    let map = OffsetMap::new(document.map(|document| &*document.text).unwrap_or_default());
    let marked = |marked: Marked| {
        let chars = map.to_chars(marked.range);
        json!({
            "start": chars.start,
            "end": chars.end,
            "label": project.manifest.labels.name(marked.label),
            "text": document.map(|document| marked.range.of(&document.text)),
        })
    };
    json!({
        "key": item.key,
        "document": item.document,
        "split": document.and_then(|document| document.split),
        "score": item.score,
        "model_probability": item.model_probability,
        "kind": item.kind.name(),
        "probably_wrong": item.is_probably_wrong(),
        "reasons": item.reasons.iter().map(|reason: &Reason| reason.name()).collect::<Vec<_>>(),
        "words": [item.words.start, item.words.end],
        "given": item.given.map(|(_, given)| marked(given)),
        "suggested": item.other.map(marked),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_probability_is_not_shown_as_zero() {
        assert_eq!([0.0, 0.004, 0.0151, 0.3, 1.0].map(score_text), ["<.01", "<.01", ".02", ".30", "1.00"]);
    }
}
