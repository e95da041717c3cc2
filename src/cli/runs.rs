//! `tagli runs`: lists, follows, controls, exports and removes runs.

use std::{borrow::Cow, path::Path, thread, time::Duration};

use serde_json::{Value, json};

use super::{
    args::{CurveFormat, RunsAction},
    comparison,
    error::CliError,
    output::{self, Output, table},
    project_dir::{self, Access},
};
use crate::{
    project::{
        Project, RunView,
        output::{Existing, write_output},
        run_folder::RunConfig,
    },
    runs::{Control, Point, Status, UntaggedCounts, plot},
    text::number::{bytes as size, with_noun},
};

/// Time between two readings of a followed run.
const POLL: Duration = Duration::from_millis(250);

/// Runs an action.
///
/// # Errors
/// The folder is not a project, there is no such run, or the run refuses the action.
pub(super) fn run(action: &RunsAction, output: Output) -> Result<(), CliError> {
    match action {
        RunsAction::List { dir } => list(dir, output),
        RunsAction::Watch { dir, id } => watch(dir, id.as_deref(), output),
        RunsAction::Tell { dir, command, id } => tell(dir, *command, id.as_deref(), output),
        RunsAction::Compare(args) => comparison::run_of_runs(args, output),
        RunsAction::Export { dir, id, format, out, force } => {
            let out = out.as_deref().map(|path| (path, Existing::with_force(*force)));
            export(dir, id.as_deref(), *format, out, output)
        }
        RunsAction::Remove { dir, id } => {
            let project = open(dir, output)?;
            let run = project.runs().get(id)?;
            let bytes = run.size();
            project.runs().remove(&run.id)?;
            let text = format!("{} is removed, {} freed", run.id, size(bytes));
            output.result(&json!({ "removed": run.id.as_str(), "bytes": bytes }), &text)
        }
    }
}

/// Opens the project; for a sample, the user's copy, because runs are there.
fn open(dir: &Path, output: Output) -> Result<Project, CliError> {
    project_dir::open(dir, Access::Read, None, output)
}

fn list(dir: &Path, output: Output) -> Result<(), CliError> {
    let project = open(dir, output)?;
    let runs = project.runs().list();
    let mut rows = vec![["run", "state", "base", "steps", "word F1", "size"].map(str::to_owned).to_vec()];
    rows.extend(runs.iter().map(row));
    let value: Vec<Value> = runs.iter().map(value).collect();
    let text = if runs.is_empty() { "no run yet".to_owned() } else { table(&rows) };
    output.result(&value, &text)
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

/// Finds a run by its id; without one, the newest.
fn find(dir: &Path, id: Option<&str>, output: Output) -> Result<(Project, RunView), CliError> {
    let project = open(dir, output)?;
    let run = match id {
        Some(id) => project.runs().get(id)?,
        None => project.runs().list().pop().ok_or_else(|| {
            CliError::data(format!("{}: there is no run yet", dir.display()))
                .hint(format!("tagli train {}", dir.display()))
        })?,
    };
    Ok((project, run))
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
    let (project, run) = find(dir, id, output)?;
    let mut metrics = run.metrics();
    let mut last: Option<Status> = None;
    loop {
        // Read before the points, so that no point before the end of the run is missed.
        let now = project.runs().get(run.id.as_str())?;
        for point in metrics.poll().map_err(CliError::environment)? {
            output.result(&point, &line(&point))?;
        }
        if now.status != last {
            if let (Some(status), false) = (&now.status, output.json) {
                output.say(format!("{} step {}/{} {}", status.phase.name(), status.step, status.steps, status.message));
            }
            last.clone_from(&now.status);
        }
        if !now.is_live() {
            output.say(format!("{}: {}", now.id, now.state()));
            return Ok(());
        }
        thread::sleep(POLL);
    }
}

/// Formats a point as one line.
pub(super) fn line(point: &Point) -> String {
    match point {
        Point::Step { step, epoch, loss, lr, grad_norm, tokens_per_second } => format!(
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

fn export(
    dir: &Path,
    id: Option<&str>,
    format: CurveFormat,
    out: Option<(&Path, Existing)>,
    output: Output,
) -> Result<(), CliError> {
    let (_, run) = find(dir, id, output)?;
    let points = run.metrics().poll().map_err(CliError::environment)?;
    let text = match format {
        CurveFormat::Csv => csv(&points),
        CurveFormat::Svg => plot::svg(&points),
    };
    match out {
        Some((path, existing)) => {
            write_output(path, text.as_bytes(), existing)?;
            let text = format!("{}: {}", path.display(), with_noun(points.len(), "point"));
            output.result(&json!({ "out": output::path(path), "points": points.len() }), &text)
        }
        None if output.json && format == CurveFormat::Csv => output.json_line(&points),
        None if output.json => output.without_json("curves as a picture"),
        None => output.contents(text.as_bytes()),
    }
}

/// Formats points as CSV, one row each.
/// Columns that a kind of point lacks are empty.
fn csv(points: &[Point]) -> String {
    let mut text =
        "kind,step,epoch,split,loss,lr,grad_norm,tokens_per_second,piece_f1,word_precision,word_recall,word_f1\n"
            .to_owned();
    for point in points {
        text += &match point {
            Point::Step { step, epoch, loss, lr, grad_norm, tokens_per_second } => {
                format!("step,{step},{epoch},train,{loss},{lr},{grad_norm},{tokens_per_second},,,,\n")
            }
            Point::Eval { step, epoch, split, loss, piece, word, .. } => {
                let split = csv_field(split);
                format!(
                    "eval,{step},{epoch},{split},{loss},,,,{},{},{},{}\n",
                    piece.f1, word.precision, word.recall, word.f1
                )
            }
            // Its counts have no columns; the steps after it have epochs that go on.
            Point::Stage { step, epoch, .. } => format!("stage,{step},{epoch},,,,,,,,,\n"),
        };
    }
    text
}

/// Quotes text for a CSV field where it needs it.
fn csv_field(text: &str) -> Cow<'_, str> {
    match text.contains(['"', ',', '\n', '\r']) {
        true => Cow::Owned(format!("\"{}\"", text.replace('"', "\"\""))),
        false => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_csv_row_has_all_columns() {
        let step = Point::Step { step: 1, epoch: 0.1, loss: 2.0, lr: 1e-4, grad_norm: 1.0, tokens_per_second: 9.0 };
        let eval = Point::Eval {
            step: 1,
            epoch: 0.1,
            split: "valid".into(),
            loss: 2.0,
            piece: Default::default(),
            word: Default::default(),
            labels: Default::default(),
            tables: None,
        };
        let stage = Point::Stage { step: 1, epoch: 0.1, stage: 2, untagged: UntaggedCounts::default() };
        let text = csv(&[step, eval, stage]);
        let columns: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(columns, [12, 12, 12, 12]);
        assert_eq!((csv_field("valid"), csv_field("a,\"b\"")), ("valid".into(), "\"a,\"\"b\"\"\"".into()));
    }
}
