//! A project as the screens see it.
//! Its documents, settings to train with, and counts of the training data.

use std::sync::Arc;

use serde_json::Value;

use super::{clock::midnight, run_list::RunList};
use crate::{
    app::{event::Opened, exchange::FormatInfo, screens::train::form::recipe_name},
    config::LiveSettings,
    formats,
    model::device,
    project::{Annotator, Project, ProjectError, TrainingDataReport, training_data},
    runs::{DataSummary, Recipe, Settings, live::Exposure},
    spans::{Document, Entity, Gazetteer, HalfWords, Patterns, Status, adjudication::ADJUDICATOR},
    text::number::{grouped, with_noun},
    training,
    work::train::apply_recipe,
};

/// Last line of a guide that is too long to be shown completely.
const GUIDE_CUT: &str = "\n\nGUIDE.md is longer; only its first 64 KiB are shown.";

/// Returns the contents of a project for an annotator.
/// `device`: the user's choice for trainings.
/// `refusal`: why the journal could not be opened for writing.
pub(super) fn opened(
    project: &Project,
    annotator: &Annotator,
    run_list: &RunList,
    device: &str,
    refusal: Option<&ProjectError>,
) -> Opened {
    for problem in &annotator.problems {
        tracing::warn!(line = problem.line, fault = %problem.fault, "a journal line was skipped");
    }
    let (settings, recipe) = first_settings(project, annotator, device);
    let device = device::choose(&settings.device);
    let device = device.map_or_else(|error| error.to_string(), |chosen| chosen.describe());
    let (patterns, patterns_warning) = patterns(project);
    let (guide, guide_warning) = match project.guide() {
        Ok(Some((text, true))) => (text + GUIDE_CUT, None),
        Ok(guide) => (guide.map(|(text, _)| text).unwrap_or_default(), None),
        Err(error) => (String::new(), Some(error.to_string())),
    };
    let (label_records, records_warning) = or_warning(project.label_records(), Vec::new);
    let (read_only, unsaved) = match refusal {
        Some(why) if annotator.is_read_only() => (Some(why.to_string()), None),
        // Tagging shows what is not saved, and saves it as soon as that works.
        Some(why) => (None, Some(format!("Nothing can be saved now: {why}"))),
        None => (None, None),
    };
    let changed = changed_texts(&project.documents, annotator);
    let exposure = project.live_folder(annotator.name()).exposure();
    let (exposure, exposure_warning) = or_warning(exposure, Exposure::unknown);
    let warnings = [unsaved, changed, patterns_warning, guide_warning, records_warning, exposure_warning];
    let warnings: Vec<String> = warnings.into_iter().flatten().collect();
    let mut journal = annotator.journal.clone();
    journal.resolve(&project.manifest.labels);
    journal.forget_redo(|id| project.documents.get(id).is_some());
    let done_today = annotator.journal.with_status_since(Status::Done, midnight());
    Opened {
        name: project.manifest.name.clone(),
        folder: project.root.to_string_lossy().into_owned(),
        annotator: annotator.name().to_string(),
        documents: project.documents.list(),
        labels: project.manifest.labels.clone(),
        label_records,
        done_today: done_today.into_iter().map(str::to_owned).collect(),
        writer: annotator.writer(),
        settings,
        recipe,
        runs: run_list.list().0,
        device,
        read_only,
        step: None,
        place: None,
        drafts: Vec::new(),
        others: Vec::new(),
        has_others: project.contributors().iter().any(|name| name != annotator.name()),
        gazetteer: Gazetteer::of(&project.documents, |id| journal.annotation(id)),
        journal,
        patterns,
        predicted: project.documents.iter().filter_map(predicted).collect(),
        guide,
        warning: (!warnings.is_empty()).then(|| warnings.join("; ")),
        only_runs: false,
        live: LiveSettings::default(),
        exposure: Arc::new(exposure),
        erased: Arc::new(project.documents.erased().clone()),
    }
}

/// What was read; otherwise what is taken instead, and a warning.
fn or_warning<T, E: ToString>(read: Result<T, E>, instead: impl FnOnce() -> T) -> (T, Option<String>) {
    match read {
        Ok(read) => (read, None),
        Err(error) => (instead(), Some(error.to_string())),
    }
}

/// The predictions that were imported with a document, by its id.
fn predicted(document: &Document) -> Option<(String, (String, Vec<Entity>))> {
    Some((document.id.clone(), formats::predictions(document)?))
}

/// Reports texts that were changed since the annotator tagged them.
/// `None` if there are none.
fn changed_texts(documents: &[Document], annotator: &Annotator) -> Option<String> {
    let state = |id: &str| annotator.journal.annotation(id);
    let to_review = documents.iter().filter(|document| state(&document.id).needs_review()).count();
    let moved = annotator.changed.iter().map(|id| state(id));
    let moved = moved.filter(|state| !state.needs_review() && !state.spans().is_empty()).count();
    let look = format!(
        "{} must be looked at, because the text was changed (Documents: status:review)",
        with_noun(to_review, "document")
    );
    let followed =
        format!("{} changed since you tagged them; the spans moved with their words", with_noun(moved, "text"));
    match (to_review, moved) {
        (0, 0) => None,
        (0, _) => Some(followed),
        (_, 0) => Some(look),
        _ => Some(format!("{look}. {followed}")),
    }
}

/// Annotators with work in a project and how many documents each has done, most first.
/// Empty if `own` has work there. The adjudicator is left out.
pub(super) fn others(project: &Project, own: &Annotator) -> Vec<(String, usize)> {
    if own.journal.history().next().is_some() {
        return Vec::new();
    }
    let names = project.contributors().into_iter().filter(|name| name != own.name() && name.as_str() != ADJUDICATOR);
    let counted = names.filter_map(|name| {
        let journal = project.read_annotator(&name).ok()?.journal;
        let states = project.documents.iter().map(|document| journal.annotation(&document.id).status);
        Some((name.to_string(), states.filter(|status| *status == Status::Done).count()))
    });
    let mut others: Vec<(String, usize)> = counted.collect();
    others.sort_by_key(|(_, done)| std::cmp::Reverse(*done));
    others
}

/// Formats that can be imported or exported.
pub(crate) fn format_infos() -> Vec<FormatInfo> {
    let formats = formats::FORMATS.iter();
    formats
        .map(|format| FormatInfo {
            name: format.name,
            about: format.about,
            cannot_hold: format.cannot_hold,
            reads: format.can_read(),
            writes: format.can_write(),
        })
        .collect()
}

/// Reads the patterns of a project.
/// The text reports the first problem of their file.
fn patterns(project: &Project) -> (Patterns, Option<String>) {
    let (patterns, problems) = match project.patterns() {
        Ok(Some(bytes)) => formats::patterns::read(&bytes),
        Ok(None) => return (Patterns::default(), None),
        Err(error) => return (Patterns::default(), Some(error.to_string())),
    };
    let labels = &project.manifest.labels;
    let unknown = patterns.labels().filter(|(name, _)| labels.named(name).is_none());
    let unknown = unknown.map(|(name, line)| format!("line {line}: there is no label `{name}`"));
    let all: Vec<String> = problems.iter().map(ToString::to_string).chain(unknown).collect();
    all.iter().for_each(|problem| tracing::warn!(%problem, "patterns.jsonl"));
    let report = all.first().map(|first| match all.len() {
        1 => format!("patterns.jsonl: {first}"),
        n => format!("patterns.jsonl: {first} (and {} more; --log FILE has all)", n - 1),
    });
    (patterns, report)
}

/// Returns the settings with which the Train screen begins, and their recipe.
///
/// They are those of the annotator's last training on the screen; a recipe is computed again for the documents that are
/// done now. The user's choice of a device applies where that training left it at `auto`.
fn first_settings(project: &Project, annotator: &Annotator, device: &str) -> (Settings, Option<Recipe>) {
    let (mut settings, recipe) = last_settings(project, annotator.name().as_str())
        .unwrap_or_else(|| (Settings::lesson(&project.manifest.base), String::new()));
    if settings.device == "auto" {
        device.clone_into(&mut settings.device);
    }
    if recipe == recipe_name(None) {
        return (settings, None);
    }
    let recipe = recipe.parse().unwrap_or_default();
    let (data, _) = training_data(project, &annotator.journal, HalfWords::Snap);
    (apply_recipe(Some(recipe), data.train.len(), settings), Some(recipe))
}

/// Settings and name of the recipe of the annotator's last training on the screen.
fn last_settings(project: &Project, annotator: &str) -> Option<(Settings, String)> {
    project.runs().list().into_iter().rev().find_map(|run| {
        let config = run.config?;
        if config.data.get("annotator").and_then(Value::as_str) != Some(annotator) {
            return None;
        }
        let recipe = config.data.get("recipe").and_then(Value::as_str)?.to_owned();
        Some((config.settings, recipe))
    })
}

/// Counts the training data and computes the settings of each recipe for it.
pub(super) fn summary(project: &Project, report: &TrainingDataReport, base: String) -> DataSummary {
    let splits = [report.train, report.valid, report.test];
    let labels = project.manifest.labels.iter().map(|label| {
        let spans = report.labels.get(&label.name).copied().unwrap_or_default();
        (label.name.clone(), spans)
    });
    let recipes = Recipe::ALL.iter().map(|kind| (*kind, training::recipe(*kind, report.train.documents, &base)));
    DataSummary {
        train: report.train.documents,
        valid: report.valid.documents,
        test: report.test.documents,
        words: splits.map(|split| split.words),
        spans: splits.map(|split| split.spans),
        labels: labels.collect(),
        out: report
            .not_done
            .iter()
            .map(|(status, count)| ((*status).to_owned(), *count))
            .chain((report.to_review > 0).then(|| ("to review".to_owned(), report.to_review)))
            .collect(),
        notes: report.notes(),
        more: more(project),
        recipes: recipes.collect(),
        base,
    }
}

/// What more documents would bring, by the last learning curve, with its documents and settings: the form may have others.
fn more(project: &Project) -> Option<String> {
    let curve = match project.curve() {
        Ok(curve) => curve?,
        Err(error) => {
            tracing::warn!("the learning curve is not shown: {error}");
            return None;
        }
    };
    let settings = curve.settings_text();
    Some(format!("{} (learning curve of {} documents with {settings})", curve.statement()?, grouped(curve.sentences)))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::{
        project::{ImportItem, Manifest, run_folder::RunConfig},
        runs::embedded_bases,
        spans::{LabelId, LabelSet, Split},
        text::{Grid, TextRange},
    };

    fn project(dir: &Path) -> Project {
        let mut project = Project::create(dir, Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut ada = project.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let items = (0..20).map(|n| {
            let mut document = Document::from_words(format!("d{n}"), ["fish", "tacos"]);
            document.split = Some(Split::Train);
            ImportItem { document, spans: vec![(TextRange::new(0, 10), LabelId(2))], status: Status::Done }
        });
        project.import(Some(&mut ada), 0, items.collect()).unwrap();
        project
    }

    #[test]
    fn every_unreadable_file_is_reported_and_a_cut_guide_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let project = project(dir.path());
        let ada = project.read_annotator(&"ada".parse().unwrap()).unwrap();
        let opened = || opened(&project, &ada, &RunList::new(project.runs()), "auto", None);
        let guide = dir.path().join("GUIDE.md");
        std::fs::write(&guide, "shorter\n".repeat(20_000)).unwrap();
        assert_eq!(opened().warning, None);
        assert!(opened().guide.ends_with("shorter\n\n\nGUIDE.md is longer; only its first 64 KiB are shown."));
        std::fs::remove_file(&guide).unwrap();
        std::fs::create_dir(&guide).unwrap();
        std::fs::write(dir.path().join("patterns.jsonl"), "no pattern\n").unwrap();
        let warning = opened().warning.unwrap();
        assert!(
            warning.starts_with("patterns.jsonl: ") && warning.contains("; ") && warning.contains("GUIDE.md"),
            "{warning}"
        );
    }

    #[test]
    fn texts_to_review_are_not_counted_as_moved() {
        let dir = tempfile::tempdir().unwrap();
        let mut before = project(dir.path());
        let mut ada = before.annotator(&"ada".parse().unwrap(), 0).unwrap();
        let item = |id: &str, text: &str, spans| ImportItem {
            document: Document::new(id, text, Grid::Natural),
            spans,
            status: Status::Done,
        };
        let fish = vec![(TextRange::new(4, 14), LabelId(2))];
        let items = vec![item("empty", "a plain text", Vec::new()), item("long", "the fish tacos at this place", fish)];
        before.import(Some(&mut ada), 0, items).unwrap();
        drop(ada);
        let path = dir.path().join("documents.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace("plain text", "lovely dish").replace("the fish", "All the fish")).unwrap();
        let project = Project::open(dir.path()).unwrap();
        let ada = project.read_annotator(&"ada".parse().unwrap()).unwrap();
        let expected = "1 document must be looked at, because the text was changed (Documents: status:review). 1 text changed \
                        since you tagged them; the spans moved with their words";
        assert_eq!(changed_texts(&project.documents, &ada).as_deref(), Some(expected));
    }

    #[test]
    fn the_first_settings_are_those_of_the_last_training_or_of_the_recipe() {
        let dir = tempfile::tempdir().unwrap();
        let project = project(&dir.path().join("p"));
        let [ada, bob] = ["ada", "bob"].map(|name| project.read_annotator(&name.parse().unwrap()).unwrap());
        let settings = |annotator| first_settings(&project, annotator, "auto");
        let auto = training::recipe(Recipe::Auto, 20, embedded_bases::DEFAULT);
        assert_eq!(settings(&ada), (auto.clone(), Some(Recipe::Auto)));
        let started = |annotator: &str, recipe: &str, settings: Settings| {
            let about = json!({ "annotator": annotator, "recipe": recipe });
            project.runs().create(&RunConfig::new(1, settings, about)).unwrap();
        };
        let own = Settings { epochs: 7.0, ..Settings::lesson("mini") };
        started("ada", "own", own.clone());
        started("bob", "lesson", Settings { device: "cpu".into(), ..Settings::lesson("mini") });
        assert_eq!(settings(&ada), (own, None));
        let (lesson, recipe) = settings(&bob);
        assert_eq!((lesson.device.as_str(), recipe), ("cpu", Some(Recipe::Lesson)));
        // A recipe is computed again for the documents that are done now.
        started("ada", "auto", Settings { epochs: 1.0, ..auto.clone() });
        assert_eq!(settings(&ada), (auto, Some(Recipe::Auto)));
        // The user's device applies where a training left it open.
        let devices = [&ada, &bob].map(|annotator| first_settings(&project, annotator, "cuda:1").0.device);
        assert_eq!(devices, ["cuda:1", "cpu"]);
    }
}
