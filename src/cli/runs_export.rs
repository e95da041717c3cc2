//! `tagli runs export`: writes the curves of runs as a table, a picture, or event files of TensorBoard.

use std::{
    borrow::Cow,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use serde_json::json;

use super::{
    args::{CurveFormat, ExportRuns},
    error::CliError,
    output::{self, Output},
    run_place,
};
use crate::{
    project::{
        RunView,
        output::{Existing, refuse_existing, refuse_own_file, write_output, write_output_in_folder},
        run_folder::RunConfig,
    },
    runs::{
        Point,
        across::Across,
        curves::Curves,
        plot::{self, Style, Subject},
        raster, tensorboard,
    },
    text::number::with_noun,
};

/// A run with its points.
struct ReadRun {
    run: RunView,
    /// Name in legends and tables.
    name: String,
    points: Vec<Point>,
}

/// Exports runs.
///
/// # Errors
/// There is no such run, an option does not fit the format, or a file exists or cannot be written.
pub(super) fn run(args: &ExportRuns, output: Output) -> Result<(), CliError> {
    let runs = run_place::find_all(&args.dir, &args.ids, output)?;
    if args.name.len() > runs.len() {
        return Err(CliError::usage(format!(
            "--name is given {}, for {}",
            with_noun(args.name.len(), "time"),
            with_noun(runs.len(), "run")
        )));
    }
    let format = args.to.or_else(|| by_extension(args.out.as_deref()?)).unwrap_or(CurveFormat::Csv);
    let runs = runs.into_iter().enumerate().map(|(at, run)| read(run, args.name.get(at), output));
    let runs: Vec<ReadRun> = runs.collect::<Result<_, CliError>>()?;
    let existing = Existing::with_force(args.force);
    let bytes = match format {
        CurveFormat::Csv => csv(&runs).into_bytes(),
        CurveFormat::Svg => picture(&runs, args)?.svg().into_bytes(),
        CurveFormat::Png => {
            let picture = picture(&runs, args)?;
            raster::png(&picture).ok_or_else(|| CliError::environment("there is no memory for the picture"))?
        }
        CurveFormat::TensorBoard => return event_files(&runs, args.out.as_deref(), existing, output),
    };
    let points: usize = runs.iter().map(|run| run.points.len()).sum();
    match &args.out {
        Some(path) => {
            write_output(path, &bytes, existing)?;
            let text = format!("{}: {}", path.display(), with_noun(points, "point"));
            output.result(&json!({ "out": output::path(path), "points": points }), &text)
        }
        None if output.json && format == CurveFormat::Csv => points_as_json(&runs, output),
        None if output.json => output.without_json("curves as a picture"),
        None if format == CurveFormat::Png && io::stdout().is_terminal() => {
            Err(CliError::usage("a PNG picture is not written to a terminal")
                .hint("--out FILE.png writes it to a file"))
        }
        None if format == CurveFormat::Png => output.bytes(&bytes),
        None => output.contents(&bytes),
    }
}

/// The format that the name of a file tells.
fn by_extension(path: &Path) -> Option<CurveFormat> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "csv" => Some(CurveFormat::Csv),
        "svg" => Some(CurveFormat::Svg),
        "png" => Some(CurveFormat::Png),
        _ => None,
    }
}

/// Reads the points of a run, with a note about lines that are none.
fn read(run: RunView, name: Option<&String>, output: Output) -> Result<ReadRun, CliError> {
    let (points, skipped) = run.points().map_err(CliError::environment)?;
    if skipped > 0 {
        output.say(format!(
            "note: {} in the metrics of {} left out: damaged, not finite, with a score outside 0 to 1, or of a newer version",
            with_noun(skipped, "line"),
            run.id
        ));
    }
    Ok(ReadRun { name: name.map_or_else(|| run.id.to_string(), Clone::clone), run, points })
}

fn picture(runs: &[ReadRun], args: &ExportRuns) -> Result<crate::runs::picture::Picture, CliError> {
    let curves: Vec<Curves> = runs.iter().map(|run| Curves::of(&run.points)).collect();
    if args.x == Across::Time {
        let timeless = runs.iter().zip(&curves).find(|(_, curves)| !curves.is_empty() && !curves.has_time());
        if let Some((run, _)) = timeless {
            return Err(CliError::data(format!("{}: an earlier version trained it, and kept no times", run.name))
                .hint("--x step or --x epoch"));
        }
    }
    let subjects = runs.iter().zip(&curves).map(|(run, curves)| Subject { title: run.name.clone(), curves });
    let subjects: Vec<Subject<'_>> = subjects.collect();
    Ok(plot::picture(&subjects, &Style { across: args.x, log: args.log_y, title: args.title.clone() }))
}

/// Writes one line of JSON: the points of a run, or of several, by name.
fn points_as_json(runs: &[ReadRun], output: Output) -> Result<(), CliError> {
    match runs {
        [run] => output.json_line(&run.points),
        _ => {
            let all = runs.iter().map(|run| json!({ "run": run.name, "points": run.points }));
            output.json_line(&all.collect::<Vec<_>>())
        }
    }
}

/// Writes one event file for each run, each in a folder of the run's name: TensorBoard shows folders as runs.
fn event_files(runs: &[ReadRun], out: Option<&Path>, existing: Existing, output: Output) -> Result<(), CliError> {
    let Some(out) = out else {
        return Err(CliError::usage("event files are written to a folder")
            .hint("--out FOLDER, for tensorboard --logdir FOLDER"));
    };
    let files: Vec<PathBuf> = (0..runs.len()).map(|at| event_path(runs, at, out)).collect();
    for file in &files {
        refuse_own_file(file)?;
        refuse_existing(file, existing)?;
    }
    for (file, ReadRun { run, points, .. }) in files.iter().zip(runs) {
        let timeless =
            points.iter().all(|point| matches!(point, Point::Step { seconds: None, .. } | Point::Eval { .. }));
        if timeless && !points.is_empty() {
            output.say(format!(
                "note: an earlier version trained {}, and kept no times: its wall times are all its start",
                run.id
            ));
        }
        write_output_in_folder(file, &tensorboard::event_file(points, started(run)), existing)?;
    }
    let shown: Vec<String> = files.iter().map(|file| output::path(file)).collect();
    let text = format!("{}\ntensorboard --logdir {}", shown.join("\n"), out.display());
    output.result(&json!({ "out": shown }), &text)
}

/// Path of the event file of a run; runs of the same name get numbers.
fn event_path(runs: &[ReadRun], at: usize, out: &Path) -> PathBuf {
    let run = &runs[at].run;
    let before = runs[..at].iter().filter(|other| other.run.id == run.id).count();
    let folder = if before == 0 { run.id.to_string() } else { format!("{}-{}", run.id, before + 1) };
    out.join(folder).join(format!("events.out.tfevents.{}.tagli", started(run)))
}

fn started(run: &RunView) -> u64 {
    run.config.as_ref().map_or(0, |config: &RunConfig| config.started)
}

/// Formats points as CSV, one row each; of several runs with their names in front.
/// Columns that a kind of point lacks are empty.
fn csv(runs: &[ReadRun]) -> String {
    let is_single = runs.len() == 1;
    let mut text = if is_single { String::new() } else { "run,".to_owned() };
    text += "kind,step,epoch,split,loss,lr,grad_norm,tokens_per_second,piece_f1,word_precision,word_recall,word_f1,seconds\n";
    for run in runs {
        let name = if is_single { String::new() } else { format!("{},", csv_field(&run.name)) };
        for point in &run.points {
            text += &name;
            text += &csv_row(point);
        }
    }
    text
}

fn csv_row(point: &Point) -> String {
    match point {
        Point::Step { step, epoch, loss, lr, grad_norm, tokens_per_second, seconds } => {
            let seconds = seconds.map(|seconds| seconds.to_string()).unwrap_or_default();
            format!("step,{step},{epoch},train,{loss},{lr},{grad_norm},{tokens_per_second},,,,,{seconds}\n")
        }
        Point::Eval { step, epoch, split, loss, piece, word, .. } => {
            let split = csv_field(split);
            format!(
                "eval,{step},{epoch},{split},{loss},,,,{},{},{},{},\n",
                piece.f1, word.precision, word.recall, word.f1
            )
        }
        // Its counts have no columns; the steps after it have epochs that go on.
        Point::Stage { step, epoch, .. } => format!("stage,{step},{epoch},,,,,,,,,,\n"),
    }
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
    use crate::runs::UntaggedCounts;

    #[test]
    fn every_csv_row_has_all_columns() {
        let (tokens_per_second, seconds) = (9.0, Some(1.5));
        let step = Point::Step { step: 1, epoch: 0.1, loss: 2.0, lr: 1e-4, grad_norm: 1.0, tokens_per_second, seconds };
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
        let rows = [step, eval, stage].map(|point| csv_row(&point));
        assert_eq!(rows.each_ref().map(|row| row.matches(',').count()), [12; 3]);
        assert!(rows[0].ends_with(",1.5\n"), "{}", rows[0]);
        assert_eq!((csv_field("valid"), csv_field("a,\"b\"")), ("valid".into(), "\"a,\"\"b\"\"\"".into()));
    }
}
