//! `tagli documents`: corrects, removes, restores and erases documents, and puts them into splits.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{
    annotator,
    args::{Correct, DocumentsAction, Remove, SplitDocuments},
    data,
    error::CliError,
    export,
    output::{self, Output},
    overview,
    project_dir::{self, Access},
};
use crate::{
    project::{
        Project,
        corrections::NewText,
        erasure::{self, Erasure, Trace},
        storage,
    },
    services::{UserFolders, erase_drafts, now},
    spans::{SpanChange, Split},
    text::number::with_noun,
    work::{
        correct::{SpansAfter, SpansBefore},
        inspect::Leak,
        split::{self, SplitRequest},
    },
};

/// Carries out an action.
///
/// # Errors
/// The folder is not a project, there is no such document, or the document cannot be changed so.
pub(super) fn run(action: &DocumentsAction, output: Output) -> Result<(), CliError> {
    match action {
        DocumentsAction::Correct(args) => correct(args, output),
        DocumentsAction::Remove(args) => remove(args, output),
        DocumentsAction::Restore { dir, id } => {
            let mut project = project_dir::open(dir, Access::Write, None, output)?;
            project.restore_document(id)?;
            report(&project, "restored", id, Found::default(), output)
        }
        DocumentsAction::Split(args) => share_out(args, output),
    }
}

/// Puts documents into splits, and says what each has then.
fn share_out(args: &SplitDocuments, output: Output) -> Result<(), CliError> {
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let mut project = project_dir::open(&args.dir, access, args.annotator.as_deref(), output)?;
    let name = annotator::choose(&project, args.annotator.as_deref())?;
    let journal = project.read_annotator(&name)?.journal;
    let plan = match (&args.query, args.to) {
        (Some(query), Some(target)) => {
            let query = export::search(query, &project)?;
            let plan = split::plan_move(&project, &journal, &query, target.0);
            plan.ok_or_else(|| CliError::data(format!("{}: the search finds no document", project.root.display())))?
        }
        _ => split::plan(&project, &journal, &SplitRequest { shares: args.shares, seed: args.seed, again: args.again }),
    };
    let moved = plan.splits.len();
    if !args.dry_run {
        project.set_splits(&plan.splits.iter().map(|(id, split)| (id.as_str(), *split)).collect())?;
    }
    let mut rows = vec![["split", "documents", "spans"].map(str::to_owned).to_vec()];
    let mut splits = Map::new();
    for ((split, documents), spans) in Split::ALL.iter().zip(plan.documents).zip(plan.spans) {
        rows.push(vec![split.name().to_owned(), documents.to_string(), spans.to_string()]);
        splits.insert(split.name().to_owned(), json!({ "documents": documents, "spans": spans }));
    }
    let mut text = output::table(&rows);
    let verb = if args.dry_run { "would be moved; nothing was changed" } else { "moved" };
    text += &format!("\n{} {verb}\n", with_noun(moved, "document"));
    if plan.together > 0 {
        text += &format!("{} the same as another or nearly so, kept together\n", with_noun(plan.together, "document"));
    }
    for Leak { from, to, same, nearly } in &plan.leaks {
        let known = with_noun(same + nearly, "document");
        output.say(format!(
            "warning: {known} of {} known from {}: {same} the same, {nearly} nearly the same",
            to.name(),
            from.name()
        ));
    }
    let leaks: Vec<Value> = plan.leaks.iter().map(overview::leak).collect();
    let value = json!({
        "moved": moved, "splits": splits, "together": plan.together, "leaks": leaks, "dry_run": args.dry_run,
    });
    output.result(&value, &text)
}

fn correct(args: &Correct, output: Output) -> Result<(), CliError> {
    let mut project = project_dir::open(&args.dir, Access::Write, None, output)?;
    let text = match (&args.text, &args.file) {
        (Some(text), _) => Some(text.clone()),
        (None, Some(path)) => Some(read_text(path)?),
        (None, None) => None,
    };
    let new = text.as_deref().map_or(NewText::Previous, NewText::Text);
    if args.erase {
        agree(args.yes, output)?;
        let traces = erase(&mut project, &args.id, Erasure::EarlierTexts(new))?;
        return report(&project, "corrected", &args.id, Found { traces, ..Found::default() }, output);
    }
    let before = SpansBefore::read(&project, &args.id);
    project.correct_document(&args.id, new, now(), false)?;
    let done = if args.undo { "text brought back" } else { "corrected" };
    report(&project, done, &args.id, Found { spans: Some(before.compare(&project)), ..Found::default() }, output)
}

fn remove(args: &Remove, output: Output) -> Result<(), CliError> {
    let mut project = project_dir::open(&args.dir, Access::Write, None, output)?;
    if !args.erase {
        project.remove_document(&args.id, now())?;
        return report(&project, "removed", &args.id, Found::default(), output);
    }
    agree(args.yes, output)?;
    let traces = erase(&mut project, &args.id, Erasure::Document)?;
    report(&project, "erased", &args.id, Found { traces, ..Found::default() }, output)
}

/// Erases words, also from texts that the user was typing about them.
///
/// From those first: as long as the document has the words, a repetition after a crash knows them.
fn erase(project: &mut Project, id: &str, what: Erasure<'_>) -> Result<Vec<Trace>, CliError> {
    let words = erasure::words_of(project, id, what)?;
    let drafts = erase_drafts(&UserFolders::of_user(), &project.root, id, &words);
    let mut traces = erasure::erase(project, id, what, now())?;
    traces.extend(drafts);
    Ok(traces)
}

/// Asks whether words are to be erased for good.
fn agree(agreed: bool, output: Output) -> Result<(), CliError> {
    if agreed || Output::can_ask() && output.confirm("What is erased cannot be restored. Erase it?") {
        return Ok(());
    }
    let hint = "--yes erases without a question; without --erase it can be undone";
    Err(CliError::data("nothing was erased: the question was not answered with yes").hint(hint))
}

/// Reads the new text of a document from a file.
/// The line end after its last line does not belong to it.
fn read_text(path: &Path) -> Result<String, CliError> {
    let text = String::from_utf8(data::bytes(path, storage::SMALL)?)
        .map_err(|_| CliError::data(format!("{}: the text is not UTF-8; convert it first", path.display())))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

/// What a change of a document has changed besides.
#[derive(Default)]
struct Found {
    /// Spans with other words, and numbers of those to be reviewed. `None` if they were not compared: words that were erased
    /// are not shown again.
    spans: Option<SpansAfter>,
    /// Files that hold copies.
    traces: Vec<Trace>,
}

/// Reports a change, with the spans that it changed and with files that hold copies.
fn report(project: &Project, done: &str, id: &str, found: Found, output: Output) -> Result<(), CliError> {
    let spans = found.spans.unwrap_or_else(|| SpansBefore::read(project, id).compare(project));
    let mut text = format!("document {id}: {done}\n");
    for change in &spans.changes {
        text += &format!("  {}: {change}\n", change.annotator);
    }
    let mut to_review: Vec<Value> = Vec::new();
    for (name, lost) in &spans.to_review {
        text += &format!("  {name}: {} to be reviewed, because the words were changed\n", with_noun(*lost, "span"));
        to_review.push(json!({ "annotator": name.as_str(), "spans": lost }));
    }
    for trace in &found.traces {
        text += &format!("  {trace}\n");
    }
    let files: Vec<Value> = found
        .traces
        .iter()
        .map(|trace| json!({ "path": output::path(&trace.path), "state": trace.state.name(), "why": trace.why }))
        .collect();
    let changed: Vec<Value> = spans
        .changes
        .iter()
        .map(|SpanChange { annotator, label, old, new }| {
            json!({ "annotator": annotator, "label": label, "old": old, "new": new })
        })
        .collect();
    let value = json!({ "document": id, "done": done, "changed": changed, "to_review": to_review, "files": files });
    output.result(&value, &text)
}
