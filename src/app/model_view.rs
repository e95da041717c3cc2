//! What a model saw in the document in front, beside the spans that are there.
//! It is shown on demand and computed exactly, unlike suggestions.

use crate::{
    spans::{
        Document, Entity, HalfWords, LabelSet, ModelAnswer, Prediction, ReviewItem, WordSpan, dataset::word_spans,
        mistakes::compare, review::LabelledRange,
    },
    text::TextRange,
};

use super::{effect::Effect, project::Project};

/// Tag that a model gives to words outside every span.
const OUTSIDE: &str = "O";

/// View of a model's answer on the Tag screen.
#[derive(Clone, Debug, Default)]
pub struct ModelView {
    /// Whether it is shown.
    pub(super) is_on: bool,
    /// Generation of the question that is not answered yet, and its subject.
    asked: Option<(u64, Subject)>,
    /// The last answer, or the reason why there is none.
    answer: Option<(Subject, Result<ModelAnswer, String>)>,
}

/// Subject of a question: a run and the id of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subject {
    run: String,
    document: String,
}

impl ModelView {
    /// Whether the view is shown.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// Takes an answer to the question of this view; gives one to another question back.
    pub(super) fn take(
        &mut self,
        generation: u64,
        answer: Result<Prediction, String>,
    ) -> Option<Result<Prediction, String>> {
        match self.asked.take_if(|(asked, _)| *asked == generation) {
            Some((_, subject)) => {
                self.answer = Some((subject, answer.map(|prediction| prediction.answer)));
                None
            }
            None => Some(answer),
        }
    }

    /// Asks for the view of a document by the model of a run, unless it is asked or known.
    pub(super) fn ask(&mut self, generation: u64, run: &str, document: &str) -> Option<Effect> {
        let subject = Subject { run: run.to_owned(), document: document.to_owned() };
        if self.knows(&subject) {
            return None;
        }
        let Subject { run, document } = subject.clone();
        self.asked = Some((generation, subject));
        Some(Effect::PredictDocument { generation, run, document })
    }

    /// Whether a subject is asked or answered.
    fn knows(&self, subject: &Subject) -> bool {
        match &self.asked {
            Some((_, asked)) => asked == subject,
            None => self.answer.as_ref().is_some_and(|(answered, _)| answered == subject),
        }
    }

    /// The places at which the model differs from the spans of document `at`, in reading order.
    /// `None` while there is no answer about it.
    ///
    /// # Errors
    /// The reason why the model gave no answer.
    pub fn differences(&self, project: &Project, at: usize) -> Option<Result<Vec<ReviewItem>, &str>> {
        let document = project.documents.get(at)?;
        let (subject, answer) = self.answer.as_ref()?;
        if subject.document != document.id {
            return None;
        }
        Some(match answer {
            Ok(answer) => Ok(differences(project, at, document, answer)),
            Err(why) => Err(why),
        })
    }
}

/// Compares the spans of a document with a model's answer.
fn differences(project: &Project, at: usize, document: &Document, answer: &ModelAnswer) -> Vec<ReviewItem> {
    let labels = &project.labels;
    let (gold, _) = word_spans(document, project.annotation(at), labels, HalfWords::Snap);
    let model = entity_spans(document, labels, &answer.entities);
    let mistakes = compare(&gold, &model).into_iter();
    let items = mistakes.map(|mistake| {
        let [gold, model] = [&mistake.gold, &mistake.predicted]
            .map(|span| span.as_ref().and_then(|span| LabelledRange::of_words(document, span)));
        let model_probability = match &model {
            Some(model) => score_at(&answer.entities, model.range),
            None => gold.as_ref().and_then(|gold| probability_of_nothing(answer, gold.range)),
        };
        ReviewItem {
            document: document.id.as_str().into(),
            text: document.text.clone(),
            kind: mistake.kind,
            gold,
            model,
            gold_probability: None,
            model_probability,
            reason: None,
        }
    });
    items.collect()
}

/// A model's entities as spans over the words of a document, with the present names of their labels.
fn entity_spans(document: &Document, labels: &LabelSet, entities: &[Entity]) -> Vec<WordSpan> {
    let mut spans: Vec<WordSpan> = Vec::with_capacity(entities.len());
    for Entity { range, label, .. } in entities {
        let label = labels.named(label).map_or(label, |label| &label.name);
        let words = document.words_touching(*range);
        // Entities are on the words of the document, so that no two have a word in common.
        if let Some(words) = words.filter(|words| spans.last().is_none_or(|last| last.end <= words.start)) {
            spans.push(WordSpan::new(words, label));
        }
    }
    spans
}

/// Score of the entity on these words.
fn score_at(entities: &[Entity], range: TextRange) -> Option<f32> {
    entities.iter().find(|entity| entity.range.overlaps(range)).map(|entity| entity.score)
}

/// Mean probability of "no label" for the words of a range; of a word for which it is not among the likeliest, 0.
fn probability_of_nothing(answer: &ModelAnswer, range: TextRange) -> Option<f32> {
    let words = answer.words.iter().filter(|word| word.range.overlaps(range));
    let (mut sum, mut count) = (0.0, 0.0);
    for word in words {
        sum += word.labels.iter().find(|(label, _)| label == OUTSIDE).map_or(0.0, |(_, probability)| *probability);
        count += 1.0;
    }
    (count > 0.0).then(|| sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{
            Event, State,
            tests::{message, press, run, start},
            update,
        },
        runs::{Phase, RunSummary},
        spans::{MistakeKind, WordGuess},
    };

    fn with_model() -> State {
        let mut state = start();
        update(&mut state, Event::Runs(vec![RunSummary { has_model: true, ..run("0001-mini", Phase::Done, false) }]));
        state
    }

    fn answer(state: &mut State, effects: &[Effect], entities: &[(usize, usize, &str, f32)]) {
        let [.., Effect::PredictDocument { generation, run, .. }] = effects else { panic!("{effects:?}") };
        let entity = |(start, end, label, score): &(usize, usize, &str, f32)| Entity {
            range: TextRange::new(*start, *end),
            label: (*label).to_owned(),
            score: *score,
        };
        let words = vec![WordGuess { range: TextRange::new(0, 4), labels: vec![("O".into(), 0.75)] }];
        let answer = ModelAnswer { entities: entities.iter().map(entity).collect(), words, scale: None };
        let prediction = Prediction { model: run.clone(), answer, pipeline: None };
        update(state, Event::Prediction { generation: *generation, prediction });
    }

    fn seen(state: &State) -> Vec<(MistakeKind, TextRange, Option<f32>)> {
        let project = state.session.project.as_ref().unwrap();
        let found = state.session.model_view.differences(project, state.session.tagging.document);
        let items = found.unwrap().unwrap().into_iter();
        items.map(|item| (item.kind, item.range(), item.model_probability)).collect()
    }

    #[test]
    fn a_done_document_shows_where_the_model_differs() {
        let mut state = with_model();
        press(&mut state, "1 enter p");
        let effects = press(&mut state, "M");
        answer(&mut state, &effects, &[(0, 9, "Label1", 0.9)]);
        assert_eq!(seen(&state), [(MistakeKind::TooLong, TextRange::new(0, 9), Some(0.9))]);
        // The same document is not asked about again, the next one is.
        assert!(!press(&mut state, "l h").iter().any(|effect| matches!(effect, Effect::PredictDocument { .. })));
        let effects = press(&mut state, "p n");
        answer(&mut state, &effects, &[]);
        assert_eq!(seen(&state), []);
        press(&mut state, "p");
        let effects = press(&mut state, "n p");
        answer(&mut state, &effects, &[(5, 9, "Label1", 0.6)]);
        let nothing = (MistakeKind::Missed, TextRange::new(0, 4), Some(0.75));
        assert_eq!(seen(&state), [nothing, (MistakeKind::Spurious, TextRange::new(5, 9), Some(0.6))]);
    }

    #[test]
    fn a_late_answer_is_not_shown_for_another_document_and_a_failure_is_not_asked_again() {
        let mut state = with_model();
        let first = press(&mut state, "M");
        let second = press(&mut state, "n");
        answer(&mut state, &first, &[(0, 4, "Label1", 0.9)]);
        let differences = |state: &State| {
            let project = state.session.project.as_ref().unwrap();
            state.session.model_view.differences(project, 1).map(|found| found.is_err())
        };
        assert_eq!(differences(&state), None);
        let [.., Effect::PredictDocument { generation, .. }] = second[..] else { panic!("{second:?}") };
        let message = "the model of 0001-mini cannot be used".to_owned();
        assert_eq!(update(&mut state, Event::PredictionFailed { generation, message }), []);
        assert_eq!(differences(&state), Some(true));
        assert!(!press(&mut state, "l").iter().any(|effect| matches!(effect, Effect::PredictDocument { .. })));
        press(&mut state, "M");
        assert!(!state.session.model_view.is_on() && press(&mut state, "n").len() < 2);
    }

    #[test]
    fn without_a_model_there_is_nothing_to_show() {
        let mut state = start();
        assert_eq!(press(&mut state, "M"), []);
        assert!(message(&state).contains("no model"), "{}", message(&state));
    }
}
