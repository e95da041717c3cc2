//! The memory of what was tagged, as the rival of a model where no other model makes suggestions.

use crate::spans::{
    Annotation, Document, Gazetteer, LabelSet, Scheme, Sentence, Span, SpanId, SpanSource, Status, WordSpan,
    scheme::decode,
};

/// Predicts the tags of sentences from earlier ones, as the gazetteer suggests them.
pub(super) struct Memory<'l> {
    gazetteer: Gazetteer,
    labels: &'l LabelSet,
}

impl<'l> Memory<'l> {
    /// Learns sentences.
    pub(super) fn of<'s>(sentences: impl Iterator<Item = &'s Sentence>, labels: &'l LabelSet) -> Self {
        let mut gazetteer = Gazetteer::default();
        for sentence in sentences {
            let document = Document::from_words(&*sentence.id, &sentence.words);
            let annotation = annotation(&document, &sentence.tags, labels);
            gazetteer.learn(&document, &annotation);
        }
        Self { gazetteer, labels }
    }

    /// Predicts the tags of a sentence.
    pub(super) fn tags(&self, sentence: &Sentence) -> Vec<String> {
        let document = Document::from_words(&*sentence.id, &sentence.words);
        let hits = self.gazetteer.find(&document).into_iter().filter_map(|hit| {
            let words = document.words_touching(hit.range)?;
            Some(WordSpan::new(words, &self.labels.get(hit.label)?.name))
        });
        Scheme::Bio.encode(&hits.collect::<Vec<_>>(), sentence.words.len())
    }
}

fn annotation(document: &Document, tags: &[String], labels: &LabelSet) -> Annotation {
    let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
    let spans = decode(&tags).into_iter().zip(0..).filter_map(|(span, sequence)| {
        let id = SpanId { writer: 0, sequence };
        let label = labels.named(&span.label)?.id;
        let range = document.range_of_words(span.start..span.end)?;
        Some(Span { id, range, label, source: SpanSource::Human })
    });
    Annotation::new(spans.collect(), Status::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_tagged_is_found_again() {
        let sentence = |words: &[&str], tags: &[&str]| {
            let [words, tags] = [words, tags].map(|texts| texts.iter().map(|text| (*text).to_owned()).collect());
            Sentence { id: "r".into(), words, tags }
        };
        let labels = LabelSet::restaurant();
        let known = [sentence(&["fish", "tacos", "here"], &["B-Dish", "I-Dish", "O"])];
        let memory = Memory::of(known.iter(), &labels);
        let found = memory.tags(&sentence(&["good", "Fish", "tacos"], &["O", "O", "O"]));
        assert_eq!(found, ["O", "B-Dish", "I-Dish"]);
        assert_eq!(Memory::of([].iter(), &labels).tags(&known[0]), ["O", "O", "O"]);
    }
}
