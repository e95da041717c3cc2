//! Models and sentences of `tagli eval` and `tagli runs compare`.

use std::{
    cell::RefCell,
    io,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use super::{
    annotator,
    args::{AtMost, Compute, TestSet},
    data,
    error::CliError,
    output::{self, Output},
    progress_report::ReadingBar,
    settings,
};
use crate::{
    formats::{Severity, TakeBlock},
    inference::{EvalError, Evaluation, Predictor, predictor::Threads},
    project::Project,
    spans::{Mistake, Sentence, Split, WordSpan, dataset::fingerprint},
    text::{number::with_noun, width::clean},
    work::{
        evaluate::{self, EvaluateError, TaggedFile, TestData},
        source::Watched,
        tested_model::{self, TestedModel, TestedModelError},
    },
};

/// Opens a model for an evaluation, with the windows of its training, and reports a fault of its files.
///
/// # Errors
/// It cannot be opened.
pub(super) fn open(model: &TestedModel, compute: &Compute, output: Output) -> Result<Predictor, CliError> {
    let device = settings::device(compute.device.as_deref(), None)?;
    let opened = evaluate::open_model(&model.folder, &device, Threads::All, compute.precision)?;
    if let Some(note) = opened.note() {
        output.say(format!("note: {note}"));
    }
    Ok(match &model.settings {
        Some(settings) => opened.with_windows_of(settings),
        None => opened,
    })
}

/// Sentences that are scored.
pub(super) enum Sentences {
    /// A tagged file.
    File {
        /// Its path.
        path: PathBuf,
    },
    /// A split of a project.
    Split {
        /// The project's folder.
        project: PathBuf,
        /// The split.
        split: Split,
        /// The annotator.
        annotator: String,
        /// Its sentences.
        sentences: Vec<Sentence>,
    },
}

impl Sentences {
    /// Finds the sentences for the evaluation of `models`.
    ///
    /// # Errors
    /// Neither a file nor a project is given, or they cannot be read.
    pub(super) fn find(
        project: Option<&Project>,
        test: &TestSet,
        models: &[&TestedModel],
        output: Output,
    ) -> Result<Self, CliError> {
        match (&test.data, project) {
            (Some(path), _) => Ok(Self::File { path: path.clone() }),
            (None, Some(project)) => Self::of_split(project, test, models, output),
            (None, None) => Err(CliError::usage("no sentences are given; use --data FILE").hint(
                "tagli eval DIR scores the model that suggests in a project, the newest, on its validation split",
            )),
        }
    }

    fn of_split(project: &Project, test: &TestSet, models: &[&TestedModel], output: Output) -> Result<Self, CliError> {
        let learned = models.iter().find_map(|model| model.annotator());
        let known = learned.filter(|name| test.annotator.is_none() && project.contributors().contains(name));
        let name = match known {
            Some(name) => name,
            None => annotator::choose(project, test.annotator.as_deref())?,
        };
        let split = test.split.unwrap_or(Split::Valid);
        let journal = project.read_annotator(&name)?.journal;
        let (sentences, report) = tested_model::split_sentences(project, &journal, split);
        if sentences.is_empty() {
            let name = split.name();
            return Err(CliError::data(format!("no document of the split {name} is done"))
                .hint("--split chooses another one, --data FILE a tagged file"));
        }
        report.notes().iter().for_each(|note| output.say(format!("note: {note}")));
        for warning in models.iter().filter_map(|model| model.warning(split, &report)) {
            output.say(format!("warning: {warning}"));
        }
        let (project, annotator) = (project.root.clone(), name.to_string());
        Ok(Self::Split { project, split, annotator, sentences })
    }

    /// Lets `work` use the sentences. A file is read once before, to report what is wrong with it.
    ///
    /// # Errors
    /// The file cannot be read or has errors, or `work` fails.
    pub(super) fn with<T>(
        &self,
        test: &TestSet,
        output: Output,
        work: impl FnOnce(&dyn TestData) -> Result<T, EvaluateError>,
    ) -> Result<T, CliError> {
        match self {
            Self::Split { sentences, project, .. } => {
                let bar = RefCell::new(ReadingBar::new(output, 0, ""));
                let slice = Slice(sentences);
                let done = work(&Shown { data: &slice, sentences: sentences.len(), bar: &bar });
                bar.borrow_mut().close();
                done.map_err(|error| failed(project, error))
            }
            Self::File { path } => {
                let options = data::read_options(&test.tags)?;
                let source = data::input(path)?;
                let bar = RefCell::new(ReadingBar::new(output, source.size(), "predicting"));
                let watched = Watched { source, watcher: &bar };
                let file = TaggedFile::open(path, &watched, test.format, options);
                bar.borrow_mut().close();
                let file = file.map_err(|error| CliError::reading(path, &error))?;
                output.say(format!("{}: {} ({})", path.display(), file.format.name, file.why));
                let notes = file.read.problems.iter().filter(|problem| problem.severity != Severity::Error);
                data::report(path, notes, output);
                let file = file.check()?;
                if file.read.losses.total() > 0 {
                    let changed = with_noun(file.read.losses.total(), "span");
                    output.say(format!("warning: {}: {changed} widened to whole words or left out", path.display()));
                }
                let done = work(&Shown { data: &file, sentences: file.read.sentences, bar: &bar });
                bar.borrow_mut().close();
                done.map_err(|error| failed(path, error))
            }
        }
    }

    /// Fingerprint of the sentences if they are a validation split.
    pub(super) fn validated(&self) -> Option<String> {
        match self {
            Self::Split { split: Split::Valid, sentences, .. } => Some(fingerprint(sentences)),
            Self::Split { .. } | Self::File { .. } => None,
        }
    }

    /// Description for JSON.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::File { path } => json!({ "file": output::path(path) }),
            Self::Split { project, split, annotator, .. } => {
                json!({ "project": output::path(project), "split": split.name(), "annotator": annotator })
            }
        }
    }

    /// Description for people.
    pub(super) fn text(&self) -> String {
        match self {
            Self::File { path } => path.display().to_string(),
            Self::Split { project, split, annotator, .. } => {
                format!("split {} of {}, annotator {annotator}", split.name(), project.display())
            }
        }
    }
}

struct Slice<'a>(&'a [Sentence]);

impl TestData for Slice<'_> {
    fn blocks(&self, take: &mut TakeBlock<'_>) -> io::Result<()> {
        self.0.blocks(take)
    }
}

/// Sentences of which a bar shows how many were used.
struct Shown<'a> {
    data: &'a dyn TestData,
    /// Their number.
    sentences: usize,
    bar: &'a RefCell<ReadingBar>,
}

/// Sentences that are used between two steps of the bar.
const STEP: usize = 128;

impl TestData for Shown<'_> {
    fn blocks(&self, take: &mut TakeBlock<'_>) -> io::Result<()> {
        // They may be gone through several times.
        self.bar.borrow_mut().begin_sentences(self.sentences);
        self.data.blocks(&mut |block| {
            block.chunks(STEP).try_for_each(|part| {
                take(part)?;
                self.bar.borrow_mut().add_sentences(part.len());
                Ok(())
            })
        })
    }
}

fn failed(path: &Path, error: EvaluateError) -> CliError {
    match error {
        EvaluateError::NoSpans => {
            CliError::data(format!("{}: there is no span in it, so there is nothing to score", path.display()))
        }
        EvaluateError::Evaluation(EvalError::Predict(error)) => error.into(),
        EvaluateError::Evaluation(other) => CliError::data(other),
        EvaluateError::Io(error) => CliError::reading(path, &error),
    }
}

impl From<TestedModelError> for CliError {
    fn from(error: TestedModelError) -> Self {
        match error {
            TestedModelError::Project(error) => error.into(),
            TestedModelError::NoRun(ref project) => {
                let hint = format!("tagli train {} trains one", project.display());
                Self::data(error).hint(hint)
            }
            other => Self::data(other),
        }
    }
}

/// Number of entries that are listed as text when none is given.
const LISTED: usize = 20;

/// Number of entries that are listed: all in JSON, some as text.
pub(super) fn limit(given: Option<AtMost>, output: Output) -> usize {
    given.map_or(if output.json { usize::MAX } else { LISTED }, |most| most.0)
}

/// Warns of labels that a model does not have.
pub(super) fn warn_of_unknown(found: &Evaluation, name: &str, output: Output) {
    for (label, count) in &found.unknown {
        let spans = with_noun(*count, "span");
        output.say(format!("warning: {name} does not know the label {label} and cannot find {spans}"));
    }
}

/// Formats a mistake: its sentence, what the model says, what it should say.
pub(super) fn mistake_text(sentence: &Sentence, mistake: &Mistake) -> String {
    let [predicted, gold] = [&mistake.predicted, &mistake.gold].map(|span| quoted(sentence, span.as_ref()));
    format!("{}: {}: {predicted} should be {gold}", sentence.id, mistake.kind.name())
}

/// Converts a mistake to JSON, with the id of its sentence.
pub(super) fn mistake_value(sentence: &Sentence, mistake: &Mistake) -> Value {
    let mut value = serde_json::to_value(mistake).unwrap_or_default();
    if let Some(object) = value.as_object_mut() {
        object.insert("id".into(), json!(sentence.id));
    }
    value
}

/// Label and words of a span.
fn quoted(sentence: &Sentence, span: Option<&WordSpan>) -> String {
    let Some(span) = span else { return "nothing".to_owned() };
    let words = sentence.words.get(span.start..span.end).unwrap_or_default().join(" ");
    format!("{} `{}`", span.label, clean(&words))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_handed_over_in_small_steps_and_each_is_counted_once() {
        let sentence = Sentence { id: "s".into(), words: vec!["tacos".into()], tags: vec!["O".into()] };
        let sentences = vec![sentence; 2 * STEP + 5];
        let bar = RefCell::new(ReadingBar::new(Output { json: false }, 0, ""));
        let slice = Slice(&sentences);
        let shown = Shown { data: &slice, sentences: sentences.len(), bar: &bar };
        // The first reading ends early, as that for the first span does.
        shown.blocks(&mut |_| Err(io::Error::other("enough"))).unwrap_err();
        let mut steps = Vec::new();
        shown
            .blocks(&mut |part| {
                steps.push((part.len(), bar.borrow().sentences()));
                Ok(())
            })
            .unwrap();
        assert_eq!(steps, [(STEP, 0), (STEP, STEP), (5, 2 * STEP)]);
        assert_eq!(bar.borrow().sentences(), sentences.len());
    }
}
