//! What a model saw in the document in front, beside the spans that are there.
//! It is shown on demand and computed exactly, unlike suggestions.

use crate::{
    spans::{
        Document, Entity, HalfWords, ModelAnswer, Prediction, ReviewItem, Span, dataset::word_spans, mistakes::compare,
        review::LabelledRange,
    },
    text::TextRange,
};

use super::{effect::Effect, project::Project, suggestions::entity_spans};

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
    /// That answer beside the spans.
    compared: Option<Compared>,
}

/// The last answer beside the spans of its document.
#[derive(Clone, Debug)]
struct Compared {
    /// Spans with which it was compared, and the names of the labels then.
    spans: Vec<Span>,
    names: Vec<String>,
    /// The places at which they differ, in reading order.
    items: Vec<ReviewItem>,
}

impl Compared {
    /// Whether this is still what the project says.
    fn is_of(&self, project: &Project, at: usize) -> bool {
        let names = project.labels.iter().map(|label| &label.name);
        self.spans == project.annotation(at).spans() && self.names.iter().eq(names)
    }
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
                self.compared = None;
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

    /// Forgets the question, because another one takes its place before the model; a late answer is dropped.
    pub(super) fn forget_question(&mut self) {
        self.asked = None;
    }

    /// Whether a subject is asked or answered.
    fn knows(&self, subject: &Subject) -> bool {
        match &self.asked {
            Some((_, asked)) => asked == subject,
            None => self.answer.as_ref().is_some_and(|(answered, _)| answered == subject),
        }
    }

    /// Compares the answer about document `at` with its spans, unless neither has changed since the last time.
    pub(super) fn compare(&mut self, project: &Project, at: usize) {
        let Some(document) = project.documents.get(at) else { return };
        let Some((subject, Ok(answer))) = &self.answer else { return };
        if subject.document != document.id || self.compared.as_ref().is_some_and(|done| done.is_of(project, at)) {
            return;
        }
        self.compared = Some(Compared {
            spans: project.annotation(at).spans().to_vec(),
            names: project.labels.iter().map(|label| label.name.clone()).collect(),
            items: differences(project, at, document, answer),
        });
    }

    /// The places at which the model differs from the spans of a document, in reading order.
    /// `None` while there is no answer about it.
    ///
    /// # Errors
    /// The reason why the model gave no answer.
    pub fn differences(&self, document: &str) -> Option<Result<&[ReviewItem], &str>> {
        match &self.answer {
            Some((subject, answer)) if subject.document == document => match answer {
                Ok(_) => self.compared.as_ref().map(|compared| Ok(compared.items.as_slice())),
                Err(why) => Some(Err(why)),
            },
            _ => None,
        }
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
        let span_score = match &model {
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
            model_probability: None,
            span_score,
            suspicion: None,
            change: None,
        }
    });
    items.collect()
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
        let document = &project.documents[state.session.tagging.document];
        let items = state.session.model_view.differences(&document.id).unwrap().unwrap();
        items.iter().map(|item| (item.kind, item.range(), item.span_score)).collect()
    }

    #[test]
    fn a_done_document_shows_where_the_model_differs() {
        let mut state = with_model();
        press(&mut state, "1 enter p");
        let effects = press(&mut state, "M");
        answer(&mut state, &effects, &[(0, 9, "Label1", 0.9)]);
        assert_eq!(seen(&state), [(MistakeKind::TooLong, TextRange::new(0, 9), Some(0.9))]);
        press(&mut state, "u u");
        assert_eq!(seen(&state), [(MistakeKind::Spurious, TextRange::new(0, 9), Some(0.9))], "the span is gone");
        press(&mut state, "ctrl-r ctrl-r");
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
            state.session.model_view.differences(&project.documents[1].id).map(|found| found.is_err())
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
    fn a_question_that_another_screen_replaces_is_asked_again() {
        let mut state = with_model();
        let generation = |effects: &[Effect]| match effects {
            [.., Effect::PredictDocument { generation, .. }] => *generation,
            _ => panic!("{effects:?}"),
        };
        let first = generation(&press(&mut state, "M"));
        let sentence = press(&mut state, "f5 x");
        let Some(Effect::Predict { generation: asked, .. }) = sentence.last() else { panic!("{sentence:?}") };
        let again = press(&mut state, "f1");
        assert!(generation(&again) > *asked, "the sentence has taken its place");
        answer(
            &mut state,
            &[Effect::PredictDocument { generation: first, run: String::new(), document: String::new() }],
            &[],
        );
        assert!(state.session.model_view.answer.is_none(), "a late answer is dropped");
        answer(&mut state, &again, &[]);
        assert!(state.session.model_view.answer.is_some());
        // The document has taken the place of the sentence.
        let sentence = press(&mut state, "f5");
        let Some(Effect::Predict { generation, .. }) = sentence.last() else { panic!("{sentence:?}") };
        let prediction = Prediction { model: "0001-mini".into(), answer: ModelAnswer::default(), pipeline: None };
        update(&mut state, Event::Prediction { generation: *generation, prediction });
        assert!(!state.explore.is_waiting());
        assert!(press(&mut state, "f1 f5").iter().all(|effect| !matches!(effect, Effect::Predict { .. })));
    }

    #[test]
    fn without_a_model_there_is_nothing_to_show() {
        let mut state = start();
        assert_eq!(press(&mut state, "M"), []);
        assert!(message(&state).contains("no model"), "{}", message(&state));
    }
}
