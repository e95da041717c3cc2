//! Answers of a model as documents with spans, for every format.

use crate::{
    formats::Corpus,
    inference::{Answer, PredictError, Predictor},
    spans::{Annotation, Document, Entity, LabelId, LabelSet, Span, SpanId, SpanSource, Status},
    text::{Grid, OffsetMap, TextRange},
};

/// Texts with the answers of a model.
#[derive(Debug, Default)]
pub struct Predictions {
    documents: Vec<Document>,
    answers: Vec<Vec<(TextRange, String, f32)>>,
}

impl Predictions {
    /// Adds a text and its answers, which are spans.
    pub fn add(&mut self, id: String, text: &str, grid: Grid, answers: &[Answer]) {
        let map = OffsetMap::new(text);
        let spans = answers.iter().filter_map(|answer| {
            let range = map.from_chars(answer.chars).ok().filter(|range| !range.is_empty())?;
            Some((range, answer.label.clone(), answer.score))
        });
        self.answers.push(spans.collect());
        self.documents.push(Document::new(id, text, grid));
    }

    /// Adds documents with what the model finds on their words, except the labels in `ignored`.
    ///
    /// # Errors
    /// The model refuses a text.
    pub fn add_by_word(
        &mut self,
        model: &Predictor,
        documents: Vec<Document>,
        ignored: &[String],
    ) -> Result<(), PredictError> {
        let words: Vec<Vec<TextRange>> = documents.iter().map(|document| document.words.to_vec()).collect();
        let texts: Vec<_> =
            documents.iter().zip(&words).map(|(document, words)| (&*document.text, words.as_slice())).collect();
        for answer in model.answers(&texts)? {
            let wanted = answer.entities.into_iter().filter(|entity| !ignored.contains(&entity.label));
            self.answers.push(wanted.map(|Entity { range, label, score }| (range, label, score)).collect());
        }
        self.documents.extend(documents);
        Ok(())
    }

    /// The texts as documents that are begun: what a model has found was not looked at. `model` names it in the source of each
    /// span.
    pub fn into_corpus(self, model: &str) -> Corpus {
        let mut names: Vec<&str> = self.answers.iter().flatten().map(|(_, label, _)| label.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let labels = LabelSet::from_names(names);
        let mut corpus = Corpus { documents: self.documents, ..Corpus::default() };
        let mut sequence = 0_u32;
        for answers in self.answers {
            let spans = answers.into_iter().map(|(range, label, score)| {
                let id = SpanId { writer: 0, sequence };
                sequence = sequence.wrapping_add(1);
                let label = labels.find(&label).map_or(LabelId(0), |label| label.id);
                Span { id, range, label, source: SpanSource::Model { run: model.to_owned(), score } }
            });
            corpus.annotations.push(Annotation::new(spans.collect(), Status::Partial));
        }
        corpus.labels = labels;
        corpus
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        formats::{OnLoss, WriteOptions, find},
        text::CharRange,
        work::export,
    };

    fn answer(label: &str, start: usize, end: usize) -> Answer {
        let chars = CharRange { start, end };
        Answer { label: label.to_owned(), score: 0.75, index: None, word: String::new(), chars }
    }

    #[test]
    fn answers_are_written_with_their_places_and_scores_and_are_no_truth() {
        let mut predictions = Predictions::default();
        let text = "\u{1f355} fish tacos";
        predictions.add("a-1".to_owned(), text, Grid::Natural, &[answer("Dish", 2, 12), answer("City", 0, 1)]);
        predictions.add("a-2".to_owned(), "cheap", Grid::Natural, &[]);
        let corpus = predictions.into_corpus("mini");
        let options = WriteOptions { scores: true, ..WriteOptions::default() };
        let lines = export::write(find("jsonl").unwrap(), &corpus, &options).unwrap();
        let text = String::from_utf8(lines.bytes).unwrap();
        assert!(text.contains(r#"{"start":2,"end":12,"label":"Dish","score":0.75}"#), "{text}");
        assert!(text.contains(r#""status":"partial""#) && text.lines().count() == 2, "{text}");
        let tasks = export::write(find("label-studio").unwrap(), &corpus, &options).unwrap();
        assert!(String::from_utf8(tasks.bytes).unwrap().contains("\"score\": 0.75"));
        let words = export::write(find("conll2002").unwrap(), &corpus, &options).unwrap();
        assert_eq!(
            String::from_utf8(words.bytes).unwrap(),
            "\u{1f355} B-City\nfish B-Dish\ntacos I-Dish\n\ncheap O\n\n"
        );
        let silent = WriteOptions { on_loss: OnLoss::Fail, ..WriteOptions::default() };
        let plain = export::write(find("jsonl").unwrap(), &corpus, &silent).unwrap();
        assert!(!String::from_utf8(plain.bytes).unwrap().contains("score"));
    }
}
