//! `tagli runs`: lists, follows, controls, exports and removes runs.

use std::{path::Path, thread, time::Duration};

use serde_json::{Value, json};

use super::{
    args::RunsAction,
    comparison,
    error::CliError,
    output::{self, Output, table},
    run_place::{find, open},
    runs_export,
};
use crate::{
    project::{LiveFolder, RunView, run_folder::RunConfig},
    runs::{Control, Phase, Point, Status, UntaggedCounts},
    text::number::{bytes as size, with_noun},
};

/// Time between two readings of a followed run.
const POLL: Duration = Duration::from_millis(250);

/// Runs an action.
///
/// # Errors
/// The folder has no runs, there is no such run, or the run refuses the action.
pub(super) fn run(action: &RunsAction, output: Output) -> Result<(), CliError> {
    match action {
        RunsAction::List { dir } => list(dir, output),
        RunsAction::Watch { dir, id } => watch(dir, id.as_deref(), output),
        RunsAction::Tell { dir, command, id } => tell(dir, *command, id.as_deref(), output),
        RunsAction::Compare(args) => comparison::run_of_runs(args, output),
        RunsAction::Export(args) => runs_export::run(args, output),
        RunsAction::Remove { dir, id } => {
            let runs = open(dir, output)?;
            let run = runs.get(id)?;
            let bytes = run.size();
            runs.remove(&run.id)?;
            let text = format!("{} is removed, {} freed", run.id, size(bytes));
            output.result(&json!({ "removed": run.id.as_str(), "bytes": bytes }), &text)
        }
    }
}

fn list(dir: &Path, output: Output) -> Result<(), CliError> {
    let place = open(dir, output)?;
    let live = place.live_models();
    let runs = place.list();
    let mut rows = vec![["run", "state", "base", "steps", "word F1", "size"].map(str::to_owned).to_vec()];
    rows.extend(runs.iter().map(row));
    let value: Vec<Value> = runs.iter().map(value).chain(live.iter().filter_map(live_value)).collect();
    let failed = runs.iter().filter_map(failure);
    let text = if runs.is_empty() { "no run yet\n".to_owned() } else { table(&rows) + &failed.collect::<String>() };
    let text = text + &live.iter().filter_map(live_line).collect::<String>();
    output.result(&value, text.trim_end())
}

/// A line about the live model of an annotator, which learns while that one tags.
fn live_line(folder: &LiveFolder) -> Option<String> {
    let annotator = folder.annotator();
    Some(match folder.record() {
        Ok(record) => {
            let record = record?;
            let learned = with_noun(record.learned.len(), "document");
            let kept = size(folder.size());
            format!("{}: the live model of {annotator}, which has learned {learned}, {kept}\n", record.version)
        }
        Err(error) => format!("the live model of {annotator} cannot be used: {error}\n"),
    })
}

/// The same with the fields of a run.
fn live_value(folder: &LiveFolder) -> Option<Value> {
    let record = folder.record().ok()??;
    Some(json!({
        "id": record.version.to_string(),
        "state": "live",
        "path": output::path(&folder.path()),
        "bytes": folder.size(),
        "model": true,
        "settings": null,
        "status": null,
        "word_f1": null,
        "annotator": folder.annotator().as_str(),
        "learned": record.learned.len(),
    }))
}

/// A line that says why a run failed.
fn failure(run: &RunView) -> Option<String> {
    let status = run.status.as_ref().filter(|status| status.phase == Phase::Failed)?;
    Some(format!("{} failed: {}\n", run.id, status.message))
}

fn row(run: &RunView) -> Vec<String> {
    let status = run.status.clone().unwrap_or_default();
    let base = run.config.as_ref().map_or_else(|| "?".to_owned(), RunConfig::shown_base);
    vec![
        run.id.to_string(),
        run.state().to_owned(),
        base,
        format!("{}/{}", status.step, status.steps),
        run.kept_f1().map_or_else(|| "-".to_owned(), |f1| format!("{f1:.3}")),
        size(run.size()),
    ]
}

fn value(run: &RunView) -> Value {
    json!({
        "id": run.id.as_str(),
        "state": run.state(),
        "path": output::path(&run.path),
        "bytes": run.size(),
        "model": run.has_model,
        "settings": run.config.as_ref().map(|config| &config.settings),
        "status": run.status,
        "word_f1": run.kept_f1(),
    })
}

/// Leaves a command in the run's folder.
/// The run reads it several times per second.
fn tell(dir: &Path, command: Control, id: Option<&str>, output: Output) -> Result<(), CliError> {
    let (_, run) = find(dir, id, output)?;
    let state = run.state();
    run.send(command)?;
    let value = json!({ "run": run.id.as_str(), "state": state, "told": command });
    let name: &str = command.into();
    output.result(&value, &format!("sent `{name}` to {}, which is {state}", run.id))
}

/// Follows a run until it is no longer live.
fn watch(dir: &Path, id: Option<&str>, output: Output) -> Result<(), CliError> {
    let (runs, run) = find(dir, id, output)?;
    let mut metrics = run.metrics();
    let mut last: Option<Status> = None;
    loop {
        // Read before the points, so that no point before the end of the run is missed.
        let now = runs.get(run.id.as_str())?;
        for point in metrics.poll_all().map_err(CliError::environment)? {
            output.result(&point, &line(&point))?;
        }
        if now.status != last {
            if let (Some(status), None, false) = (&now.status, failure(&now), output.json) {
                output.say(format!("{} step {}/{} {}", status.phase.name(), status.step, status.steps, status.message));
            }
            last.clone_from(&now.status);
        }
        if !now.is_live() {
            let end = failure(&now).unwrap_or_else(|| format!("{}: {}", now.id, now.state()));
            output.say(end.trim_end());
            return Ok(());
        }
        thread::sleep(POLL);
    }
}

/// Formats a point as one line.
pub(super) fn line(point: &Point) -> String {
    match point {
        Point::Step { step, epoch, loss, lr, grad_norm, tokens_per_second, .. } => format!(
            "step {step:>6}  epoch {epoch:.2}  loss {loss:.4}  lr {lr:.2e}  gradient {grad_norm:.2}  {tokens_per_second:.0} pieces/s"
        ),
        Point::Eval { step, epoch, split, loss, piece, word, .. } => format!(
            "step {step:>6}  epoch {epoch:.2}  {split} loss {loss:.4}  F1 per word {:.4}, per piece {:.4} (lenient)",
            word.f1, piece.f1
        ),
        Point::Stage { step, epoch, stage, untagged } => {
            let UntaggedCounts { read, kept, unsure, without_span, repeats } = untagged;
            format!(
                "step {step:>6}  epoch {epoch:.2}  stage {stage}: {kept} of {} learned, left out {unsure} unsure and \
                 {without_span} without a span; each tagged sentence {}",
                with_noun(*read, "untagged sentence"),
                with_noun(*repeats, "time")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{Manifest, Project},
        runs::live::{LiveRecord, Version, id_hash},
        spans::LabelSet,
    };

    #[test]
    fn live_models_are_listed_with_what_they_have_learned() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let folder = project.live_folder(&"anna".parse().unwrap());
        assert!(live_line(&folder).is_none() && live_value(&folder).is_none());
        let mut record = LiveRecord::new(Version(7), 1);
        record.learned.insert(id_hash("r1"), 1);
        folder.save(&record, |sink| sink.file("model.safetensors", &[0; 2000])).unwrap();
        let line = live_line(&folder).unwrap();
        let begin = "live-7: the live model of anna, which has learned 1 document, ";
        assert!(line.starts_with(begin) && line.ends_with(" kB\n"), "{line}");
        let value = live_value(&folder).unwrap();
        assert_eq!((&value["id"], &value["state"], &value["learned"]), (&json!("live-7"), &json!("live"), &json!(1)));
        std::fs::write(folder.model().join("live.json"), "{}").unwrap();
        assert!(live_line(&folder).unwrap().contains("cannot be used") && live_value(&folder).is_none());
    }
}
