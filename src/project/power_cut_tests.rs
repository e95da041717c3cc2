//! What was shown as saved survives a power cut at every moment, and every failure of the disk.

#![cfg(test)]

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use super::{
    corrections::NewText,
    output::Existing,
    run_folder::{HeldRun, RunConfig},
    storage::{Fault, Recorder, folder_in_memory},
    *,
};
use crate::{
    runs::{FolderSink, Phase, Point, RunSink, Settings, Status as RunStatus},
    spans::{
        Action, ActionId, Annotation, Document, Edit, LabelSet, Span, SpanSource, Status, adjudication::ADJUDICATOR,
        journal::JournalOp,
    },
    text::{Grid, TextRange},
};

/// Random states of the disk that are tried at each moment, beside the extreme ones.
const RANDOM: usize = 6;

/// Everything that a person sees of a project.
#[derive(Clone, Debug, PartialEq)]
struct Contents {
    name: String,
    labels: Vec<String>,
    documents: Vec<(String, String)>,
    annotations: BTreeMap<(String, String), Annotation>,
}

impl Contents {
    fn of(project: &Project, journals: &[&Annotator]) -> Self {
        let documents: Vec<(String, String)> =
            project.documents.iter().map(|document| (document.id.clone(), document.text.to_string())).collect();
        let annotations = journals.iter().flat_map(|annotator| {
            documents
                .iter()
                .map(|(id, _)| ((annotator.name().to_string(), id.clone()), annotator.journal.annotation(id).clone()))
        });
        Self {
            name: project.manifest.name.clone(),
            labels: project.manifest.labels.iter().map(|label| label.name.clone()).collect(),
            annotations: annotations.filter(|(_, annotation)| *annotation != Annotation::untouched()).collect(),
            documents,
        }
    }

    /// Whether the batch was written in part, after these contents.
    /// Of lines that share a sync, which are not yet shown as saved, the first ones may be there.
    fn is_part_of_batch(&self, before: &Self) -> bool {
        let mut rest = self.clone();
        let mut expected = before.clone();
        let key = (anna().to_string(), "d2".to_owned());
        let [now, before] = [&mut rest, &mut expected].map(|contents| contents.annotations.remove(&key));
        let status = now.map(|annotation| annotation.status);
        let possible = [before.map(|annotation| annotation.status), Some(Status::Flagged), Some(Status::Skipped)];
        rest == expected && possible.contains(&status)
    }

    /// Reads a project as another process does that finds it after the power cut: for writing.
    fn read(dir: &Path) -> Result<Self, ProjectError> {
        let project = Project::open(dir)?;
        let anna = project.annotator(&anna(), 0)?;
        let gold = project.annotator(&gold(), 0)?;
        Ok(Self::of(&project, &[&anna, &gold]))
    }
}

fn anna() -> AnnotatorName {
    "anna".parse().unwrap()
}

fn gold() -> AnnotatorName {
    ADJUDICATOR.parse().unwrap()
}

/// A project with two annotators, in which a script works.
struct Session {
    project: Project,
    anna: Annotator,
    gold: Annotator,
}

/// Steps of the script, each of which is shown as saved when it returns.
const STEPS: usize = 17;
/// Step that writes many lines at once.
const BATCH: usize = 10;
/// Text of `d0` after its correction.
const CORRECTED: &str = "caf\u{e9} \u{1f355} is open";

impl Session {
    fn create(dir: &Path) -> Self {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let texts = ["caf\u{e9} \u{1f355} open", "plain text here", "\u{4e2d}\u{6587} r\u{e9}sum\u{e9}"];
        let documents =
            texts.iter().enumerate().map(|(at, text)| Document::new(format!("d{at}"), *text, Grid::Natural));
        let items = documents.map(|document| ImportItem { document, spans: Vec::new(), status: Status::Todo });
        project.import(None, 0, items.collect()).unwrap();
        let anna = project.annotator(&anna(), 0).unwrap();
        let gold = project.annotator(&gold(), 0).unwrap();
        Self { project, anna, gold }
    }

    fn contents(&self) -> Contents {
        Contents::of(&self.project, &[&self.anna, &self.gold])
    }

    fn record(&mut self, op: JournalOp) -> Result<ActionId, ProjectError> {
        self.anna.record(&self.project.documents, 7, op)
    }

    fn edit(&mut self, document: &str, edit: Edit) -> Result<(), ProjectError> {
        self.record(JournalOp::Do(Action { document: document.into(), edits: vec![edit] })).map(drop)
    }

    fn add(&mut self, document: &str, range: TextRange, label: u32) -> Result<(), ProjectError> {
        let id = self.anna.next_span();
        self.edit(document, Edit::Add(Span { id, range, label: LabelId(label), source: SpanSource::Human }))
    }

    fn import(&mut self, id: &str, text: &str) -> Result<(), ProjectError> {
        let spans = vec![(TextRange::new(0, 3), LabelId(1))];
        let item = ImportItem { document: Document::new(id, text, Grid::Natural), spans, status: Status::Done };
        self.project.import(Some(&mut self.anna), 8, vec![item]).map(drop)
    }

    /// Changes the documents, unless a try that failed has done so.
    fn change_documents(
        &mut self,
        is_done: impl FnOnce(&Documents) -> bool,
        change: impl FnOnce(&mut Project) -> Result<(), ProjectError>,
    ) -> Result<(), ProjectError> {
        self.project.reload()?;
        if !is_done(&self.project.documents) {
            change(&mut self.project)?;
        }
        self.anna.reread(&self.project.documents)?;
        self.gold.reread(&self.project.documents)
    }

    /// Does one step of the script.
    fn step(&mut self, step: usize) -> Result<(), ProjectError> {
        match step {
            0 => self.add("d0", TextRange::new(0, 5), 2),
            1 => self.edit("d0", Edit::Status(Status::Done)),
            2 => {
                let (target, _) = self.anna.journal.undo_target().unwrap();
                self.record(JournalOp::Undo(target)).map(drop)
            }
            3 => {
                let (target, _) = self.anna.journal.redo_target().unwrap();
                self.record(JournalOp::Redo(target)).map(drop)
            }
            4 => self.import("new", "the fish tacos"),
            5 => self.project.change_manifest(|manifest| manifest.name = "second".into()),
            6 => self.edit("d1", Edit::Note("look again\n\u{1b}[2J".into())),
            7 => {
                let before = self.project.manifest.labels.clone();
                self.project.intern_labels(&["Drink".into()])?;
                self.project.record_labels(&before, self.anna.name(), 9).map(drop)
            }
            8 => {
                let action = Action { document: "d0".into(), edits: vec![Edit::Status(Status::Done)] };
                self.gold.record(&self.project.documents, 9, JournalOp::Do(action)).map(drop)
            }
            9 => self.import("d0", "another text of that name"),
            BATCH => {
                // Many lines that share one write and one sync.
                let ops = (0..40).map(|at| {
                    let status = [Status::Flagged, Status::Skipped][at % 2];
                    JournalOp::Do(Action { document: "d2".into(), edits: vec![Edit::Status(status)] })
                });
                self.anna.record_all(&self.project.documents, 9, ops.collect()).map(drop)
            }
            11 => self.edit("d2", Edit::Reject(TextRange::new(0, 3), LabelId(3))),
            12 => self.project.export_file("all.conll", b"tacos O\n", Existing::Keep).map(drop),
            13 => self.change_documents(
                |documents| &*documents.get("d0").unwrap().text == CORRECTED,
                |project| project.correct_document("d0", NewText::Text(CORRECTED), 10, false),
            ),
            14 => self
                .change_documents(|documents| documents.is_removed("d2"), |project| project.remove_document("d2", 10)),
            15 => {
                self.change_documents(|documents| !documents.is_removed("d2"), |project| project.restore_document("d2"))
            }
            _ => self.add("d1", TextRange::new(0, 5), 0),
        }
    }
}

/// Moments of the log at which a step began and had succeeded, and the contents after it.
struct Saved {
    begun: usize,
    saved: usize,
    contents: Contents,
}

#[test]
fn what_was_shown_as_saved_survives_a_power_cut_at_every_moment() {
    let dir = folder_in_memory();
    let mut session = Session::create(dir.path());
    let recorder = Recorder::start(dir.path());
    let mut history = vec![Saved { begun: 0, saved: 0, contents: session.contents() }];
    for step in 0..STEPS {
        let begun = recorder.mark();
        session.step(step).unwrap();
        history.push(Saved { begun, saved: recorder.mark(), contents: session.contents() });
    }
    let mut states = 0;
    for moment in recorder.moments() {
        let first = history.iter().rposition(|step| step.saved <= moment).unwrap();
        let last = history.iter().rposition(|step| step.begun <= moment).unwrap();
        recorder.states_at(moment, RANDOM, |dir, state| {
            let found = Contents::read(dir).unwrap_or_else(|error| panic!("moment {moment}, {state}: {error}"));
            let possible: Vec<&Contents> = history[first..=last].iter().map(|step| &step.contents).collect();
            let is_batch = (first, last) == (BATCH, BATCH + 1);
            assert!(
                possible.contains(&&found) || is_batch && found.is_part_of_batch(possible[0]),
                "moment {moment}, {state}: {found:#?} is none of {possible:#?}"
            );
            let report = check::check(dir);
            assert!(report.is_sound(), "moment {moment}, {state}: {:?}", report.findings);
            assert_eq!(Contents::read(dir).unwrap(), found, "moment {moment}, {state}: it stays so");
            states += 1;
        });
    }
    // Guards against a recorder that sees nothing.
    let moments = recorder.moments().count();
    assert!(moments > 80 && states > 400, "{moments} moments, {states} states");
}

#[test]
fn a_project_that_a_power_cut_interrupts_at_its_creation_can_be_created_again() {
    let dir = folder_in_memory();
    let recorder = Recorder::start(dir.path());
    drop(Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap());
    let created = recorder.mark();
    for moment in recorder.moments() {
        recorder.states_at(moment, RANDOM, |dir, state| {
            let dir = dir.join("p");
            match Project::open(&dir) {
                Ok(project) => assert_eq!(project.manifest.labels.iter().count(), 8, "moment {moment}, {state}"),
                Err(error) => {
                    assert!(moment < created, "moment {moment}, {state}: {error}");
                    Project::create(&dir, Manifest::new("p", LabelSet::restaurant()))
                        .unwrap_or_else(|error| panic!("moment {moment}, {state}: {error}"));
                }
            }
        });
    }
}

/// Every fault of the disk is reported, and everything else goes on: the script tries a failed step again.
#[test]
fn after_every_fault_of_the_disk_the_files_hold_what_was_shown_as_saved() {
    for failures in 1..=3 {
        let mut at = 0;
        loop {
            let dir = folder_in_memory();
            let mut session = Session::create(dir.path());
            let fault = Fault::after(at, failures);
            let mut refused = 0;
            for step in 0..STEPS {
                let mut tries = 0;
                while let Err(error) = session.step(step) {
                    assert!(error.to_string().contains("the disk is full"), "{error}");
                    tries += 1;
                    assert!(tries <= failures, "step {step} is refused for ever: {error}");
                    refused += 1;
                }
            }
            let is_over = fault.is_over();
            drop(fault);
            let shown = session.contents();
            drop(session);
            assert_eq!(Contents::read(dir.path()).unwrap(), shown, "{failures} failures after {at} successes");
            assert!(check::check(dir.path()).is_sound());
            if !is_over {
                break;
            }
            assert!(refused <= failures);
            at += 1;
        }
        assert!(at > 60, "the script makes more changes than {at}");
    }
}

fn point(step: usize) -> Point {
    Point::Step { step, epoch: 0.1, loss: 1.0, lr: 1e-4, grad_norm: 1.0, tokens_per_second: 1.0, seconds: None }
}

fn fill(mut folder: Box<dyn FolderSink>, contents: &str) {
    folder.file("progress.json", contents.as_bytes()).unwrap();
    folder.file("values.safetensors", contents.repeat(30).as_bytes()).unwrap();
    folder.finish().unwrap();
}

#[test]
fn a_run_keeps_its_points_its_checkpoint_and_its_model_through_a_power_cut() {
    let dir = folder_in_memory();
    let session = Session::create(dir.path());
    let recorder = Recorder::start(dir.path());
    let config = RunConfig::new(1_700_000_000, Settings::lesson("mini"), Value::Null);
    let (_, mut run) = session.project.runs().create(&config).unwrap();
    let created = recorder.mark();
    run.point(&point(1)).unwrap();
    let first_point = recorder.mark();
    fill(run.checkpoint().unwrap().unwrap(), "first");
    let first = recorder.mark();
    run.status(&RunStatus { phase: Phase::Training, ..RunStatus::default() }).unwrap();
    run.point(&point(2)).unwrap();
    fill(run.checkpoint().unwrap().unwrap(), "second");
    let second = recorder.mark();
    fill(run.model().unwrap(), "model");
    let model = recorder.mark();
    run.status(&RunStatus { phase: Phase::Done, ..RunStatus::default() }).unwrap();
    let done = recorder.mark();
    run.drop_checkpoint();
    drop(run);
    for moment in recorder.moments() {
        recorder.states_at(moment, RANDOM, |dir, state| {
            let at = format!("moment {moment}, {state}");
            let runs = Project::open(dir).unwrap().runs();
            let Some(id) = runs.ids().first().cloned() else {
                assert!(moment < created, "{at}: the run is lost");
                return;
            };
            let folder = dir.join("runs").join(id.as_str());
            let held = HeldRun::take(&folder, 0).unwrap_or_else(|error| panic!("{at}: {error}"));
            let view = runs.get(id.as_str());
            assert!(view.is_ok() || moment < created, "{at}: {:?}", view.err());
            let points = view.map(|view| view.metrics().poll().unwrap().len()).unwrap_or_default();
            let expected = usize::from(moment >= first_point) + usize::from(moment >= second);
            assert!(points >= expected, "{at}: {points} of {expected} points");
            let checkpoint = held.as_ref().and_then(|run| run.checkpoint().unwrap());
            let checkpoint = checkpoint.map(|files| String::from_utf8(files["progress.json"].clone()).unwrap());
            match checkpoint.as_deref() {
                Some("first") => assert!(moment < second, "{at}: the old checkpoint came back"),
                Some("second") => {}
                None => assert!(!(first..done).contains(&moment), "{at}: no checkpoint"),
                Some(other) => panic!("{at}: {other}"),
            }
            if let Some(run) = held.filter(|_| moment >= first && moment < done) {
                run.resume(1).unwrap_or_else(|error| panic!("{at}: {error}"));
            }
            let is_model = folder.join("model/values.safetensors").is_file();
            assert!(is_model || moment < model, "{at}: no model");
            if moment >= done {
                assert_eq!(runs.get(id.as_str()).unwrap().state(), "done", "{at}");
            }
        });
    }
}
