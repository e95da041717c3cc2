//! Answers by word: spans on the words that the user tags, with scores that mean something.
//!
//! Suggestions, the Explore screen and `tagli predict --to` use them. The tags of a model that this program trained are a
//! sequence that follows its grammar. If the model is calibrated, the score of a span is its probability
//! ([`SpanOdds`](crate::spans::SpanOdds)) on the model's scale: of spans at .9, nine in ten are right. Else it is the mean of
//! its words' probabilities, as it was before models had scales. Evaluations and the pipeline use neither.

use super::{
    PredictError, Predictor, Scorer, decode,
    decode::{guesses, scored_entities, sureness, tags_of_rows},
    scores::mean,
};
use crate::{
    spans::{ModelAnswer, SpanInfluence, Temperature, WordSpan, first_rows, scheme::Tag, scheme::decode as spans_of},
    text::TextRange,
};

/// Words on each side of a span that are left out, one after the other, to explain its score.
pub const AROUND: usize = 32;
/// Maximum number of words that are left out, for a very long span.
const MOST_LEFT_OUT: usize = 128;
/// Sentences with a word left out that are read together.
const BLOCK: usize = 16;

/// Text with its words.
pub type TextWords<'a> = (&'a str, &'a [TextRange]);

impl Predictor {
    /// Finds the entities of a text, and the most likely labels of each word.
    ///
    /// # Errors
    /// The tokenizer refuses the text.
    pub fn answer(&self, text: &str, words: &[TextRange]) -> Result<ModelAnswer, PredictError> {
        Ok(self.answers(&[(text, words)])?.pop().unwrap_or_default())
    }

    /// As [`Predictor::answer`], for suggestions: quick if the model was opened for the screen.
    ///
    /// # Errors
    /// The tokenizer refuses the text.
    pub fn suggest(&self, text: &str, words: &[TextRange]) -> Result<ModelAnswer, PredictError> {
        let scorer = self.quick.as_deref().unwrap_or(&*self.scorer);
        Ok(self.answers_by(scorer, &[(text, words)])?.pop().unwrap_or_default())
    }

    /// As [`Predictor::answer`], for many texts together.
    ///
    /// # Errors
    /// The tokenizer refuses a text.
    pub fn answers(&self, texts: &[TextWords<'_>]) -> Result<Vec<ModelAnswer>, PredictError> {
        self.answers_by(&*self.scorer, texts)
    }

    fn answers_by(&self, scorer: &dyn Scorer, texts: &[TextWords<'_>]) -> Result<Vec<ModelAnswer>, PredictError> {
        let sentences: Vec<Vec<&str>> =
            texts.iter().map(|(text, words)| words.iter().map(|word| word.of(text)).collect()).collect();
        let sentences: Vec<&[&str]> = sentences.iter().map(Vec::as_slice).collect();
        let found = self.pieces_by(scorer, &sentences)?;
        let answers = texts.iter().zip(&found).map(|((_, words), (pieces, rows))| {
            let rows = first_rows(words.len(), &pieces.words, rows);
            ModelAnswer {
                entities: scored_entities(words, self.scored_spans(&rows)),
                words: guesses(words, &rows, self.tags(), self.scale().map(|scale| scale.temperature)),
                scale: self.scale(),
            }
        });
        Ok(answers.collect())
    }

    /// Returns the spans of a sentence with their scores: one row of logits for each word.
    pub(super) fn scored_spans(&self, rows: &[Option<&[f32]>]) -> Vec<(WordSpan, f32)> {
        match (self.spans(), self.scale()) {
            (Some(spans), Some(scale)) => spans.find(rows, scale),
            (spans, _) => {
                let grammar = spans.map(|spans| spans.grammar()).or(self.grammar());
                let choices = tags_of_rows(rows, grammar);
                let spans = spans_of(&decode::names(&choices, self.tags()));
                spans.into_iter().map(|span| (span.clone(), sureness(&choices, span.start..span.end))).collect()
            }
        }
    }

    /// Returns how the score of a span changes without each of the other words of its sentence. `None` if `goes_on` ended
    /// the work; it is asked again and again.
    ///
    /// Words of the span are left out, too, unless it has no other. The span is one of `words`. Of a long text only the words
    /// around the span are read, so that the time does not grow with the text.
    ///
    /// # Errors
    /// The tokenizer refuses a word.
    pub fn influences(
        &self,
        (text, words): TextWords<'_>,
        span: &WordSpan,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Option<Vec<SpanInfluence>>, PredictError> {
        let first = span.start.saturating_sub(AROUND);
        let words = words.get(first..words.len().min(span.end + AROUND)).unwrap_or_default();
        let span = WordSpan::new(span.start - first..span.end - first, span.label.as_str());
        let all: Vec<&str> = words.iter().map(|word| word.of(text)).collect();
        let others = (0..words.len()).filter(|word| span.start != *word || span.end != word + 1).take(MOST_LEFT_OUT);
        let left_out: Vec<Option<usize>> = std::iter::once(None).chain(others.map(Some)).collect();
        let mut scores = Vec::with_capacity(left_out.len());
        for block in left_out.chunks(BLOCK) {
            if !goes_on() {
                return Ok(None);
            }
            scores.extend(self.scores_without(&all, block, &span)?);
        }
        let whole = scores.first().copied().unwrap_or_default();
        let influences = left_out.iter().zip(scores).filter_map(|(word, score)| {
            Some(SpanInfluence { word: *words.get((*word)?)?, without: score, change: score - whole })
        });
        Ok(Some(influences.collect()))
    }

    /// Returns the score of a span of a sentence, without each of these words, all read together.
    fn scores_without(
        &self,
        words: &[&str],
        left_out: &[Option<usize>],
        span: &WordSpan,
    ) -> Result<Vec<f32>, PredictError> {
        let sentences: Vec<Vec<&str>> = left_out.iter().map(|gone| without(words, *gone)).collect();
        let sentences: Vec<&[&str]> = sentences.iter().map(Vec::as_slice).collect();
        let found = self.pieces(&sentences)?;
        let scores = sentences.iter().zip(&found).zip(left_out).map(|((words, (pieces, rows)), gone)| {
            self.score_of(&first_rows(words.len(), &pieces.words, rows), &moved(span, *gone))
        });
        Ok(scores.collect())
    }

    /// Returns the score of any span of a sentence, found or not.
    fn score_of(&self, rows: &[Option<&[f32]>], span: &WordSpan) -> f32 {
        if let (Some(spans), Some(scale)) = (self.spans(), self.scale()) {
            return scale.score(spans.odds(rows, scale.temperature).of(span.start..span.end, &span.label));
        }
        // As for the spans that are found: the mean of the words, here of the likelier of the label's tags.
        let inside = rows.get(span.start..span.end).unwrap_or_default().iter().flatten();
        mean(inside.map(|row| {
            let shares = Temperature::NONE.probabilities(row);
            let own = self.tags().iter().zip(shares).filter(|(tag, _)| Tag::read(tag).label() == Some(&span.label));
            own.map(|(_, share)| share as f32).fold(0.0, f32::max)
        }))
    }
}

/// The sentence without one of its words, if one has gone.
fn without<'a>(words: &[&'a str], gone: Option<usize>) -> Vec<&'a str> {
    words.iter().enumerate().filter(|(at, _)| Some(*at) != gone).map(|(_, word)| *word).collect()
}

/// The span after a word of its sentence has gone.
fn moved(span: &WordSpan, gone: Option<usize>) -> WordSpan {
    WordSpan::new(place_after(span.start, gone)..place_after(span.end, gone), span.label.clone())
}

fn place_after(place: usize, gone: Option<usize>) -> usize {
    place - usize::from(gone.is_some_and(|gone| gone < place))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::{super::fake, *};
    use crate::{
        spans::ScoreScale,
        text::{Grid, words},
    };

    fn flat() -> Predictor {
        let temperature = Temperature::new(4.0).unwrap();
        fake::predictor(512).calibrated(ScoreScale::new(temperature, -1.0))
    }

    fn split(text: &str) -> Vec<TextRange> {
        words::split(text, Grid::Natural)
    }

    #[test]
    fn a_model_of_this_program_follows_the_grammar_and_is_scored_on_its_scale() {
        // `verde` alone would be a span that begins inside.
        let text = "near verde, lasagne";
        let words = split(text);
        let plain = fake::predictor(512).answer(text, &words).unwrap();
        assert_eq!((plain.entities.len(), plain.scale), (2, None));
        let found = flat().answer(text, &words).unwrap();
        let [entity] = found.entities.as_slice() else { panic!("{found:?}") };
        assert_eq!((entity.range.of(text), entity.label.as_str()), ("lasagne", "Dish"));
        assert!(entity.score < 0.7 && plain.entities[1].score > 0.99, "{entity:?}");
        assert!(found.words[0].labels[0].1 < 0.8, "the labels of words are on the scale, too");
        // Without a scale the grammar stays, and the score is the mean.
        let old = fake::predictor(512).calibrated(None).answer(text, &words).unwrap();
        assert_eq!((old.entities.len(), old.entities[0].score.to_bits()), (1, plain.entities[1].score.to_bits()));
    }

    #[test]
    fn texts_together_are_the_texts_alone() {
        let texts = ["cheap lasagne verde", "", "near pozole"];
        let words: Vec<Vec<TextRange>> = texts.iter().map(|text| split(text)).collect();
        let pairs: Vec<TextWords<'_>> =
            texts.iter().zip(&words).map(|(text, words)| (*text, words.as_slice())).collect();
        let together = flat().answers(&pairs).unwrap();
        for (answer, (text, words)) in together.iter().zip(pairs) {
            assert_eq!(*answer, flat().answer(text, words).unwrap());
        }
    }

    #[test]
    fn each_other_word_is_left_out_once() {
        let text = "cheap lasagne verde now";
        let words = split(text);
        let found = flat().influences((text, &words), &WordSpan::new(1..3, "Dish"), &|| true).unwrap().unwrap();
        let without: Vec<&str> = found.iter().map(|influence| influence.word.of(text)).collect();
        assert_eq!(without, ["cheap", "lasagne", "verde", "now"]);
        let score = |at: usize| found[at].without;
        // This model reads each word by itself: only the words of the span matter, and others as places where spans may end.
        assert!(found[0].change.abs() < 0.05 && found[3].change.abs() < 0.1, "{found:?}");
        assert!(score(1) < 0.1, "without its first word nothing begins the span: {found:?}");
        assert!((found[2].without - found[2].change - (found[0].without - found[0].change)).abs() < 1e-6, "{found:?}");
        let alone = flat().influences((text, &words), &WordSpan::new(0..1, "Price"), &|| true).unwrap().unwrap();
        assert_eq!(alone.len(), 3, "the only word of a span is not left out");
        let plain = fake::predictor(512).influences((text, &words), &WordSpan::new(1..3, "Dish"), &|| true);
        let plain = plain.unwrap().unwrap();
        assert!(plain.len() == 4 && plain.iter().all(|influence| influence.without > 0.9), "{plain:?}");
    }

    #[test]
    fn of_a_long_text_the_words_around_the_span_are_left_out() {
        let text = format!("{}cheap lasagne verde{}", "far ".repeat(400), " near".repeat(400));
        let words = split(&text);
        let span = WordSpan::new(401..403, "Dish");
        let found = flat().influences((&text, &words), &span, &|| true).unwrap().unwrap();
        let expected: Vec<TextRange> = words[401 - AROUND..403 + AROUND].to_vec();
        assert_eq!(found.iter().map(|influence| influence.word).collect::<Vec<_>>(), expected);
        // The span is the same words as in the whole text.
        let without_first = found[AROUND].without;
        assert!(without_first < 0.1 && found[AROUND - 1].change.abs() < 0.05, "{found:?}");
        let asked = Cell::new(0);
        let ended = flat().influences((&text, &words), &span, &|| asked.replace(asked.get() + 1) < 2).unwrap();
        assert_eq!((ended, asked.get()), (None, 3), "between blocks");
        let endless = WordSpan::new(0..words.len(), "Dish");
        let found = flat().influences((&text, &words), &endless, &|| true).unwrap().unwrap();
        assert_eq!(found.len(), MOST_LEFT_OUT);
    }
}
