//! Labels of a project that are probably wrong: a queue in which each is decided once.
//!
//! The models of the last cross-validation say what they would label otherwise in documents that they had not learned
//! (`spans/suspects.rs`); the other labels of the project say what is labelled otherwise elsewhere (`spans/consistency.rs`).
//! The labels are those that the documents have now: the probabilities depend on the words alone.

use std::{collections::HashMap, ops::Range};

use super::mistakes::MOST_LISTED;
use crate::{
    project::{
        Annotator, AnnotatorName, Project, ProjectError,
        decisions::{AskedText, Question},
        studies::{StoredAnswer, StoredFolds},
    },
    runs::cross_validation::CrossValidation,
    spans::{
        Action, Annotation, Document, HalfWords, Journal, LabelId, MistakeKind, ReviewItem, ReviewList, Scheme, Span,
        SpanId, SpanSource, Status, Suspicion, WordSpan,
        adjudication::ADJUDICATOR,
        consistency::{Habits, LabelledWords},
        dataset::word_spans,
        journal::JournalOp,
        mistakes::compare,
        replacement::replacement,
        review::LabelledRange,
        suspects::{Answer, Reason, Suspect, by_model, combined, joined},
    },
    text::TextRange,
};

/// Name under which spans of a cross-validation are recorded in the journal.
const SOURCE: &str = "folds";

/// Score below which a label on which a model disagrees is probably wrong.
/// Above it the model may as well be wrong: a weak one disagrees with every second label.
const PROBABLY_WRONG: f32 = 0.05;

/// Range of a document with a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// Bytes of the text.
    pub range: TextRange,
    /// The label.
    pub label: LabelId,
}

/// A label, or words without one, that may be wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Eight hexadecimal digits by which a user names it; they depend on the document, its text and the labels.
    pub key: String,
    /// Id of the document.
    pub document: String,
    /// Span in the journal, as it is labelled; `None` for words without a label.
    pub given: Option<(SpanId, Marked)>,
    /// Label that is suggested instead; `None` if the words should have none.
    pub other: Option<Marked>,
    /// Kind of the difference.
    pub kind: MistakeKind,
    /// Words of both.
    pub words: Range<usize>,
    /// Estimated probability that it is right, from 0 to 1.
    pub score: f32,
    /// Probability of the suggestion, by the model that makes it; `None` if no model does.
    pub model_probability: Option<f32>,
    /// Reasons, the first one for the score.
    pub reasons: Vec<Reason>,
}

/// Labels that may be wrong, those that probably are before the others, and each of these the least probable first.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    /// Items that are not decided.
    pub items: Vec<Item>,
    /// Items that the annotator has decided to keep.
    pub kept: Vec<Item>,
    /// Number of done documents that were looked at.
    pub documents: usize,
    /// Number of those with an answer of a model.
    pub answered: usize,
    /// The cross-validation that answered; `None` if there was none.
    pub result: Option<CrossValidation>,
    /// Number of lines of decisions and answers that could not be read.
    pub skipped: usize,
}

/// Decision on an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The label is right.
    Keep,
    /// The suggestion is right.
    Take,
    /// The decision to keep is taken back.
    Reopen,
}

impl Queue {
    /// Number of undecided items that are probably wrong; they are the first ones.
    pub fn probably_wrong(&self) -> usize {
        self.items.iter().filter(|item| item.is_probably_wrong()).count()
    }
}

impl Item {
    /// Whether the label is probably wrong, rather than one on which a model also disagrees.
    /// What the same words are elsewhere has a bar of its own, without which it is no item.
    pub fn is_probably_wrong(&self) -> bool {
        self.score < PROBABLY_WRONG || !self.reasons.contains(&Reason::Model)
    }

    /// The item as the file of decisions names it.
    fn question<'d>(&self, about: &'d AskedText<'d>) -> Question<'d> {
        let given = self.given.map(|(_, given)| whole(about.document, given));
        let [given, other] = [given, self.other].map(|side| side.map(|marked| (marked.range, marked.label)));
        Question { about, given, other }
    }

    /// The suggested label as a span.
    fn suggestion(&self, new_span: impl FnOnce() -> SpanId) -> Option<Span> {
        let Marked { range, label } = self.other?;
        let source = SpanSource::Model { run: SOURCE.to_owned(), score: 1.0 - self.score };
        Some(Span { id: new_span(), range, label, source })
    }
}

/// The whole words of a range, by which decisions name it.
fn whole(document: &Document, marked: Marked) -> Marked {
    let words = document.words_touching(marked.range).and_then(|words| document.range_of_words(words));
    Marked { range: words.unwrap_or(marked.range), ..marked }
}

/// A done document with its spans on words.
struct Labelled<'a> {
    document: &'a Document,
    words: LabelledWords,
}

/// Collects the suspects in the documents that an annotator has done. Merged labels count as those that they are now.
///
/// # Errors
/// The cross-validation or the decisions exist and cannot be read.
pub fn queue(project: &Project, name: &AnnotatorName, mut journal: Journal) -> Result<Queue, ProjectError> {
    journal.resolve(&project.manifest.labels);
    // Models that learned the labels of another annotator say nothing about these.
    let folds = project.folds()?.filter(|folds| folds.result.annotator == name.as_str()).unwrap_or_default();
    let decisions = project.decisions(name)?;
    let answers: HashMap<&str, &StoredAnswer> =
        folds.documents.iter().map(|answer| (answer.id.as_str(), answer)).collect();
    let labelled = labelled(project, &journal);
    let words: Vec<LabelledWords> = labelled.iter().map(|one| one.words.clone()).collect();
    let habits = Habits::of(&words);
    let mut queue = Queue { documents: labelled.len(), skipped: folds.skipped + decisions.skipped, ..Queue::default() };
    for Labelled { document, words } in &labelled {
        let answer = answers.get(document.id.as_str()).filter(|answer| answer.is_of(document));
        queue.answered += usize::from(answer.is_some());
        let annotation = journal.annotation(&document.id);
        let about = AskedText::of(document);
        for suspect in suspects_of(words, &habits, answer.map(|answer| (&folds, *answer))) {
            let Some(item) = item(project, annotation, &about, suspect) else { continue };
            let list = if decisions.keeps(&item.question(&about)) { &mut queue.kept } else { &mut queue.items };
            list.push(item);
        }
    }
    for list in [&mut queue.items, &mut queue.kept] {
        list.sort_by(|a, b| b.is_probably_wrong().cmp(&a.is_probably_wrong()).then(a.score.total_cmp(&b.score)));
    }
    queue.result = (!folds.documents.is_empty()).then_some(folds.result);
    Ok(queue)
}

/// Documents that are done, as they train.
fn labelled<'a>(project: &'a Project, journal: &Journal) -> Vec<Labelled<'a>> {
    let done = project.documents.iter().filter_map(|document| {
        let annotation = journal.annotation(&document.id);
        if annotation.status != Status::Done || annotation.needs_review() || document.words.is_empty() {
            return None;
        }
        let (mut spans, _) = word_spans(document, annotation, &project.manifest.labels, HalfWords::Snap);
        spans.sort();
        let words = document.word_texts().map(str::to_lowercase).collect();
        Some(Labelled { document, words: LabelledWords { words, spans } })
    });
    done.collect()
}

/// Suspects of a document. Where there are two opinions, of a model and of the same words elsewhere, both count.
fn suspects_of(words: &LabelledWords, habits: &Habits, answer: Option<(&StoredFolds, &StoredAnswer)>) -> Vec<Suspect> {
    let unusual = habits.suspects(words);
    let Some((folds, answer)) = answer else { return joined([unusual]) };
    let given = Scheme::Bio.encode(&words.spans, words.words.len());
    let answer = Answer { tags: &folds.tags, predicted: &answer.predicted, rows: &answer.rows };
    let doubted = by_model(&given, &answer).into_iter().map(|suspect| {
        let score =
            habits.share_elsewhere(words, &suspect).map_or(suspect.score, |share| combined(suspect.score, share));
        Suspect { score, ..suspect }
    });
    let unusual = unusual.into_iter().map(|suspect| {
        let score = combined(suspect.score, answer.mean_probability(&given, suspect.words()));
        Suspect { score, ..suspect }
    });
    joined([doubted.collect(), unusual.collect()])
}

/// The suspect in the units of the project; `None` if its label or span is not in the project.
fn item(project: &Project, annotation: &Annotation, about: &AskedText<'_>, suspect: Suspect) -> Option<Item> {
    let document = about.document;
    let marked = |span: &WordSpan| {
        let label = project.manifest.labels.find(&span.label)?.id;
        Some(Marked { range: document.range_of_words(span.start..span.end)?, label })
    };
    let given = match &suspect.given {
        Some(span) => {
            let on_words = marked(span)?;
            let found = annotation.over(on_words.range).find(|own| {
                own.label == on_words.label && document.words_touching(own.range) == Some(span.start..span.end)
            })?;
            Some((found.id, Marked { range: found.range, label: found.label }))
        }
        None => None,
    };
    let other = match &suspect.other {
        Some(span) => Some(marked(span)?),
        None => None,
    };
    let words = suspect.words();
    let kind = kind(&suspect)?;
    let Suspect { score, model_probability, reasons, .. } = suspect;
    let [key, document] = [String::new(), document.id.clone()];
    let item = Item { key, document, given, other, kind, words, score, model_probability, reasons };
    Some(Item { key: item.question(about).key(), ..item })
}

fn kind(suspect: &Suspect) -> Option<MistakeKind> {
    let [given, other] = [&suspect.given, &suspect.other].map(|span| span.iter().cloned().collect::<Vec<_>>());
    compare(&given, &other).first().map(|mistake| mistake.kind)
}

/// The queue as a list of places for the screen, document by document.
///
/// The probability of the suggestion is the model's, if it was asked.
pub fn review_list(project: &Project, name: &AnnotatorName, queue: &Queue) -> ReviewList {
    let places: HashMap<&str, usize> =
        project.documents.iter().enumerate().map(|(at, document)| (document.id.as_str(), at)).collect();
    let mut items: Vec<&Item> = queue.items.iter().collect();
    items.sort_by_key(|item| (places.get(item.document.as_str()), item.words.start));
    let mut list = ReviewList {
        run: SOURCE.to_owned(),
        annotator: name.to_string(),
        documents: queue.documents,
        changed: queue.documents - queue.answered,
        probably_wrong: queue.probably_wrong(),
        ..ReviewList::default()
    };
    for item in items {
        let Some(document) = project.documents.get(&item.document) else { continue };
        let reasons: Vec<&str> = item.reasons.iter().map(|reason| reason.meaning()).collect();
        let place = ReviewItem {
            document: item.document.as_str().into(),
            text: document.text.clone(),
            kind: item.kind,
            gold: item.given.and_then(|(_, given)| labelled_range(project, document, given)),
            model: item.other.and_then(|other| labelled_range(project, document, other)),
            gold_probability: None,
            model_probability: item.model_probability,
            span_score: None,
            suspicion: Some(Suspicion { reason: reasons.join(", ").into(), right: item.score }),
            change: None,
        };
        list.add(place, MOST_LISTED);
    }
    list
}

fn labelled_range(project: &Project, document: &Document, marked: Marked) -> Option<LabelledRange> {
    let words = document.words_touching(marked.range)?;
    LabelledRange::of_words(document, &WordSpan::new(words, project.manifest.labels.name(marked.label)))
}

/// Carries out decisions. `now` in seconds since 1970, UTC.
///
/// # Errors
/// The file system refuses. Of suggestions that are taken all are recorded or none.
pub fn decide(
    project: &Project,
    annotator: &mut Annotator,
    items: &[&Item],
    choice: Choice,
    now: u64,
) -> Result<(), ProjectError> {
    if choice == Choice::Take {
        return take(project, annotator, items, now);
    }
    let found = items.iter().filter_map(|item| Some((item, AskedText::of(project.documents.get(&item.document)?))));
    let asked: Vec<(&&Item, AskedText<'_>)> = found.collect();
    let questions: Vec<Question<'_>> = asked.iter().map(|(item, about)| item.question(about)).collect();
    project.decide(annotator.name(), &questions, choice == Choice::Keep, now)
}

fn take(project: &Project, annotator: &mut Annotator, items: &[&Item], now: u64) -> Result<(), ProjectError> {
    let rejects = annotator.name().as_str() == ADJUDICATOR;
    // Of two items of a document, the second finds what the first leaves.
    let mut annotations: HashMap<&str, Annotation> = HashMap::new();
    let mut ops = Vec::new();
    for item in items {
        let new = item.suggestion(|| annotator.next_span());
        let before = annotations.entry(&item.document);
        let annotation = before.or_insert_with(|| annotator.journal.annotation(&item.document).clone());
        let edits = replacement(annotation, item.given.map(|(id, _)| id), new, rejects);
        annotation.apply_all(&edits);
        ops.push(JournalOp::Do(Action { document: item.document.clone(), edits }));
    }
    annotator.record_all(&project.documents, now, ops).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        project::{ImportItem, Manifest},
        spans::{Edit, LabelChange, LabelSet},
        text::growth::assert_linear,
    };

    const DISH: u32 = 2;
    const LOCATION: u32 = 4;

    struct Setting {
        _dir: tempfile::TempDir,
        project: Project,
        anna: Annotator,
    }

    impl Setting {
        fn queue(&self) -> Queue {
            queue(&self.project, self.anna.name(), self.anna.journal.clone()).unwrap()
        }

        fn decide(&mut self, place: usize, choice: Choice) {
            let item = self.queue().items[place].clone();
            decide(&self.project, &mut self.anna, &[&item], choice, 9).unwrap();
        }
    }

    /// Three documents of the words `fish tacos here`; `a` has a dish, `b` a location on the same words, `c` nothing.
    /// The model would label all of them as dishes, with falling certainty.
    fn setting() -> Setting {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut anna = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
        let item = |id: &str, spans: &[u32], status| ImportItem {
            document: Document::from_words(id, ["fish", "tacos", "here"]),
            spans: spans.iter().map(|label| (TextRange::new(0, 10), LabelId(*label))).collect(),
            status,
        };
        let items = vec![
            item("a", &[DISH], Status::Done),
            item("b", &[LOCATION], Status::Done),
            item("c", &[], Status::Done),
            item("d", &[LOCATION], Status::Partial),
        ];
        project.import(Some(&mut anna), 0, items).unwrap();
        let answers = [("a", 0.9), ("b", 0.8), ("c", 0.7)].map(|(id, dish)| {
            let document = project.documents.get(id).unwrap();
            let rest = 1.0 - dish;
            let rows =
                vec![vec![rest, dish, 0.0, 0.01, 0.0], vec![rest, 0.0, dish, 0.0, 0.02], vec![1.0, 0.0, 0.0, 0.0, 0.0]];
            StoredAnswer::new(document, 1, vec![1, 2, 0], rows)
        });
        let tags = ["O", "B-Dish", "I-Dish", "B-Location", "I-Location"].map(str::to_owned).into();
        let result = CrossValidation { annotator: "anna".into(), ..CrossValidation::default() };
        project.set_folds(&StoredFolds { result, tags, documents: answers.into(), skipped: 0 }).unwrap();
        Setting { _dir: dir, project, anna }
    }

    fn shown(items: &[Item]) -> Vec<(&str, Option<u32>, Option<u32>)> {
        let label = |marked: Marked| marked.label.0;
        items
            .iter()
            .map(|item| (item.document.as_str(), item.given.map(|(_, one)| label(one)), item.other.map(label)))
            .collect()
    }

    #[test]
    fn the_least_probable_label_of_a_done_document_comes_first() {
        let queue = setting().queue();
        assert_eq!(shown(&queue.items), [("b", Some(LOCATION), Some(DISH)), ("c", None, Some(DISH))]);
        assert_eq!((queue.documents, queue.answered), (3, 3));
        let probable: Vec<bool> = queue.items.iter().map(Item::is_probably_wrong).collect();
        assert_eq!(
            (probable, queue.probably_wrong()),
            (vec![true, false], 1),
            "the model is not sure of the second one"
        );
        let by_habit = Item { reasons: vec![Reason::UsuallyLabelled], score: 0.12, ..queue.items[1].clone() };
        assert!(by_habit.is_probably_wrong(), "no model was asked");
        // The mean of the two words, of B- and I- together.
        assert!((queue.items[0].score - 0.015).abs() < 1e-6 && (queue.items[1].score - 0.3).abs() < 1e-6);
        assert_eq!((queue.items[0].words.clone(), queue.items[0].key.len()), (0..2, 8));
    }

    #[test]
    fn the_screen_gets_the_places_document_by_document() {
        let setting = setting();
        let list = review_list(&setting.project, setting.anna.name(), &setting.queue());
        let shown: Vec<_> = list.items.iter().map(|item| (&*item.document, item.labels(), item.kind)).collect();
        let dish = Some("Dish");
        assert_eq!(
            shown,
            [("b", [Some("Location"), dish], MistakeKind::Label), ("c", [None, dish], MistakeKind::Spurious)]
        );
        assert_eq!((list.split, list.documents, list.changed, list.annotator.as_str()), (None, 3, 0, "anna"));
        assert!((list.items[0].sureness().unwrap() - 0.985).abs() < 1e-6);
        // The model's own probability of a dish on both words, which is not what the label lacks.
        assert!((list.items[0].model_probability.unwrap() - 0.9 + 0.1).abs() < 1e-6, "{:?}", list.items[0]);
        assert_eq!(list.items[0].reason(), "the model disagrees");
        assert_eq!(list.probably_wrong, 1);
    }

    #[test]
    fn what_is_usual_elsewhere_is_not_said_to_be_a_probability_of_a_model() {
        let mut setting = setting();
        setting.project.set_folds(&StoredFolds::default()).unwrap();
        let item = |id: usize| ImportItem {
            document: Document::from_words(format!("e{id}"), ["fish", "tacos", "here"]),
            spans: vec![(TextRange::new(0, 10), LabelId(DISH))],
            status: Status::Done,
        };
        setting.project.import(Some(&mut setting.anna), 0, (0..20).map(item).collect()).unwrap();
        let list = review_list(&setting.project, setting.anna.name(), &setting.queue());
        let usual = list.items.iter().find(|item| item.kind == MistakeKind::Label).unwrap();
        assert_eq!((usual.model_probability, usual.reason()), (None, "usually another label"));
        assert!(usual.sureness().is_some_and(|sure| sure > 0.85), "{usual:?}");
    }

    #[test]
    fn each_is_decided_once() {
        let mut setting = setting();
        setting.decide(0, Choice::Keep);
        let queue = setting.queue();
        assert_eq!((shown(&queue.items).len(), shown(&queue.kept)), (1, vec![("b", Some(LOCATION), Some(DISH))]));
        setting.decide(0, Choice::Take);
        let spans = setting.anna.journal.annotation("c").spans();
        assert_eq!((spans.len(), spans[0].range, spans[0].label), (1, TextRange::new(0, 10), LabelId(DISH)));
        assert!(matches!(&spans[0].source, SpanSource::Model { run, .. } if run == "folds"));
        assert_eq!(setting.anna.journal.annotation("c").status, Status::Done);
        assert!(setting.queue().items.is_empty());
        let kept = setting.queue().kept[0].clone();
        decide(&setting.project, &mut setting.anna, &[&kept], Choice::Reopen, 10).unwrap();
        setting.decide(0, Choice::Take);
        let spans = setting.anna.journal.annotation("b").spans();
        assert_eq!((spans.len(), spans[0].label), (1, LabelId(DISH)));
    }

    #[test]
    fn what_is_kept_of_a_check_without_a_model_is_not_shown_again() {
        let mut setting = setting();
        setting.project.set_folds(&StoredFolds::default()).unwrap();
        let item = |id: &str, words: &[&str], (start, end): (usize, usize), label: u32| ImportItem {
            document: Document::from_words(id, words.iter()),
            spans: vec![(TextRange::new(start, end), LabelId(label))],
            status: Status::Done,
        };
        let usual = ["fish", "tacos", "here"];
        let mut items: Vec<ImportItem> = (0..20).map(|n| item(&format!("e{n}"), &usual, (0, 10), DISH)).collect();
        items.push(item("x", &["fish", "tacos", ",", "here"], (0, 12), DISH));
        items.push(item("y", &["here"], (0, 4), LOCATION));
        setting.project.import(Some(&mut setting.anna), 0, items).unwrap();
        let queue = setting.queue();
        let mut found: Vec<_> = queue.items.iter().map(|item| (item.document.as_str(), item.reasons[0])).collect();
        found.sort_by_key(|(document, _)| *document);
        let expected = [
            ("b", Reason::OtherLabel),
            ("c", Reason::UsuallyLabelled),
            ("x", Reason::MarkAtEdge),
            ("y", Reason::UsuallyBare),
        ];
        assert_eq!((found.as_slice(), queue.result), (expected.as_slice(), None));
        let all: Vec<&Item> = queue.items.iter().collect();
        decide(&setting.project, &mut setting.anna, &all, Choice::Keep, 9).unwrap();
        let queue = setting.queue();
        assert_eq!((queue.items.len(), queue.kept.len()), (0, 4), "the decisions are read from the disk");
    }

    #[test]
    fn the_time_grows_with_the_length_of_a_document() {
        assert_linear(300, of_one_document, |(_dir, project, anna)| {
            let found = queue(project, anna.name(), anna.journal.clone()).unwrap();
            assert_eq!(found.items.len(), anna.journal.annotation("a").spans().len() / 10);
        });
    }

    /// A project with one document, in which one in ten of `10 * n` spans on the same word has another label.
    fn of_one_document(n: usize) -> (tempfile::TempDir, Project, Annotator) {
        let dir = tempfile::tempdir().unwrap();
        let mut project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let mut anna = project.annotator(&"anna".parse().unwrap(), 0).unwrap();
        let document = Document::from_words("a", vec!["tacos"; 10 * n]);
        let label = |at: usize| LabelId(if at.is_multiple_of(10) { LOCATION } else { DISH });
        let spans = document.words.iter().enumerate().map(|(at, word)| (*word, label(at))).collect();
        project.import(Some(&mut anna), 0, vec![ImportItem { document, spans, status: Status::Done }]).unwrap();
        (dir, project, anna)
    }

    #[test]
    fn a_label_that_was_merged_is_suspected_as_the_one_that_it_is_now() {
        let mut setting = setting();
        let before = shown(&setting.queue().items).len();
        let (from, to) = (LabelId(LOCATION), LabelId(5));
        setting.project.manifest.labels.change(&LabelChange::Merge(from, to), || 77).unwrap();
        let queue = setting.queue();
        assert_eq!((queue.items.len(), shown(&queue.items)[0]), (before, ("b", Some(to.0), Some(DISH))));
        setting.decide(0, Choice::Take);
        assert_eq!(setting.anna.journal.annotation("b").spans()[0].label, LabelId(DISH));
    }

    #[test]
    fn a_suggestion_takes_the_place_of_every_span_that_it_covers() {
        let mut setting = setting();
        let here = Span {
            id: setting.anna.next_span(),
            range: TextRange::new(5, 15),
            label: LabelId(DISH),
            source: SpanSource::Human,
        };
        let op = JournalOp::Do(Action { document: "b".into(), edits: vec![Edit::Add(here)] });
        setting.anna.record_all(&setting.project.documents, 8, vec![op]).unwrap();
        let queue = setting.queue();
        let item = queue.items.iter().find(|item| item.document == "b").unwrap();
        decide(&setting.project, &mut setting.anna, &[item], Choice::Take, 9).unwrap();
        let spans = setting.anna.journal.annotation("b").spans();
        assert_eq!((spans.len(), spans[0].range, spans[0].label), (1, TextRange::new(0, 10), LabelId(DISH)));
        assert!(matches!(&spans[0].source, SpanSource::Model { run, .. } if run == "folds"), "as on the screen");
    }

    #[test]
    fn an_answer_for_another_text_or_annotator_is_not_used() {
        let setting = setting();
        let mut folds = setting.project.folds().unwrap().unwrap();
        folds.documents.retain(|answer| answer.id != "b");
        setting.project.set_folds(&folds).unwrap();
        assert_eq!((shown(&setting.queue().items).len(), setting.queue().answered), (1, 2));
        folds.result.annotator = "ben".into();
        setting.project.set_folds(&folds).unwrap();
        let queue = setting.queue();
        assert_eq!((queue.items.len(), queue.answered, queue.result), (0, 0, None));
    }
}
