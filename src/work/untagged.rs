//! Untagged sentences that help a training, and the reasons why others do not.

use std::collections::HashSet;

use serde::Serialize;

use crate::{
    formats::Corpus,
    project::UntaggedDocuments,
    spans::{Dataset, Sentence},
    text::number::with_noun,
};

/// Untagged sentences that were read, used and left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct UntaggedReport {
    /// Sentences or documents that were read.
    pub read: usize,
    /// Those that are used.
    pub used: usize,
    /// Left out: they have no word.
    pub without_words: usize,
    /// Left out: their document belongs to the validation or test split.
    pub held_out: usize,
    /// Left out: a sentence of the validation or test split has the same text.
    pub same_as_held_out: usize,
    /// Left out: a tagged sentence of the training split has the same text.
    pub same_as_tagged: usize,
    /// Left out: an earlier untagged one has the same text.
    pub repeated: usize,
    /// Spans of the files that are ignored.
    pub ignored_spans: usize,
}

impl UntaggedReport {
    /// The whole report, one statement per line.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!("untagged: {} read, {} used", with_noun(self.read, "document"), self.used)];
        let left_out = [
            (self.without_words, "document", "without a word"),
            (self.held_out, "document", "of the validation or test split"),
            (self.same_as_held_out, "document", "with a text of the validation or test split"),
            (self.same_as_tagged, "document", "with a text that is tagged"),
            (self.repeated, "document", "with a text that came before"),
        ];
        let left_out = left_out.into_iter().filter(|(count, ..)| *count > 0);
        lines.extend(left_out.map(|(count, noun, why)| format!("untagged: {} {why} left out", with_noun(count, noun))));
        if self.ignored_spans > 0 {
            lines.push(format!("untagged: {} of the files ignored", with_noun(self.ignored_spans, "span")));
        }
        lines
    }
}

/// Untagged sentences before those are left out that must not or need not be learned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UntaggedSentences {
    sentences: Vec<Sentence>,
    held_out: usize,
    ignored_spans: usize,
}

impl UntaggedSentences {
    /// The untagged documents of a project.
    pub fn of_documents(documents: UntaggedDocuments) -> Self {
        Self { sentences: documents.sentences, held_out: documents.held_out, ignored_spans: 0 }
    }

    /// Adds the texts of a file, which is named `name`. Its spans are ignored and counted.
    pub fn add(&mut self, name: &str, corpus: &Corpus) {
        for (at, (document, annotation)) in corpus.pairs().enumerate() {
            self.ignored_spans += annotation.spans().len();
            let words: Vec<String> = document.word_texts().map(str::to_owned).collect();
            let tags = vec!["O".to_owned(); words.len()];
            self.sentences.push(Sentence { id: format!("{name}, text {}", at + 1), words, tags });
        }
    }

    /// Leaves out sentences without words, and those whose text is in the data or came before.
    pub fn select(self, data: &Dataset) -> (Vec<Sentence>, UntaggedReport) {
        let held_out: HashSet<String> = data.valid.iter().chain(&data.test).map(text).collect();
        let tagged: HashSet<String> = data.train.iter().map(text).collect();
        let mut seen = HashSet::new();
        let mut report = UntaggedReport {
            read: self.sentences.len() + self.held_out,
            held_out: self.held_out,
            ignored_spans: self.ignored_spans,
            ..UntaggedReport::default()
        };
        let mut kept = self.sentences;
        kept.retain(|sentence| {
            let text = text(sentence);
            let (count, is_used) = if sentence.words.is_empty() {
                (&mut report.without_words, false)
            } else if held_out.contains(&text) {
                (&mut report.same_as_held_out, false)
            } else if tagged.contains(&text) {
                (&mut report.same_as_tagged, false)
            } else if seen.insert(text) {
                (&mut report.used, true)
            } else {
                (&mut report.repeated, false)
            };
            *count += 1;
            is_used
        });
        (kept, report)
    }
}

/// Text by which sentences are compared: the words without their case, which most bases do not see.
/// White space does not count either, because files of one text may cut it into other words.
fn text(sentence: &Sentence) -> String {
    sentence.words.concat().to_lowercase().split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(text: &str) -> Sentence {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        Sentence { id: text.into(), tags: vec!["O".into(); words.len()], words }
    }

    #[test]
    fn texts_of_the_other_splits_and_copies_are_left_out_and_counted() {
        let data = Dataset {
            train: vec![sentence("cheap tacos")],
            valid: vec![sentence("good ramen")],
            test: vec![sentence("late sushi")],
        };
        let texts = ["Good Ramen", "late sushi", "cheap tacos", "", "new place", "new place", "fine"];
        let found = UntaggedSentences { sentences: texts.map(sentence).into(), held_out: 3, ignored_spans: 2 };
        let (kept, report) = found.select(&data);
        let kept: Vec<&str> = kept.iter().map(|sentence| sentence.id.as_str()).collect();
        assert_eq!(kept, ["new place", "fine"]);
        let expected = UntaggedReport {
            read: 10,
            used: 2,
            without_words: 1,
            held_out: 3,
            same_as_held_out: 2,
            same_as_tagged: 1,
            repeated: 1,
            ignored_spans: 2,
        };
        assert_eq!(report, expected);
        let lines = report.lines();
        assert_eq!(lines[0], "untagged: 10 documents read, 2 used");
        assert_eq!(lines[1], "untagged: 1 document without a word left out");
        assert_eq!((lines.len(), lines[6].as_str()), (7, "untagged: 2 spans of the files ignored"));
        let plain = UntaggedSentences { sentences: vec![sentence("fine")], ..Default::default() }.select(&data).1;
        assert_eq!(plain.lines(), ["untagged: 1 document read, 1 used"]);
    }

    #[test]
    fn a_text_that_is_cut_into_other_words_is_the_same_text() {
        let data = Dataset { valid: vec![sentence("the chef 's ramen , please")], ..Dataset::default() };
        let texts = ["The chef's ramen, please", "the chef's\u{a0}ramen ,please", "the chef's ramen"];
        let untagged = UntaggedSentences { sentences: texts.map(sentence).into(), ..Default::default() };
        let (kept, report) = untagged.select(&data);
        assert_eq!((kept.len(), kept[0].id.as_str(), report.same_as_held_out), (1, "the chef's ramen", 2));
    }
}
