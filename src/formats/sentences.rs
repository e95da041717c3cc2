//! Sentences of a tagged file in blocks, for whoever does not need all of them at once.

use std::io;

use super::{
    Format, Problem, ReadOptions, Severity, Source,
    format::Streamed,
    sink::{Found, LabelNames, Sink},
};
use crate::spans::{
    Annotation, HalfWords, LabelId, LabelSet, Scheme, Sentence, Span, SpanId, SpanSource,
    dataset::{Losses, word_spans},
};

/// What was found in a file while its sentences were handed over.
#[derive(Clone, Debug, Default)]
pub struct SentencesRead {
    /// Properties of the file for the user; see [`super::Read::detected`].
    pub detected: Vec<String>,
    /// Problems in the order in which they were found.
    pub problems: Vec<Problem>,
    /// Number of sentences.
    pub sentences: usize,
    /// Spans that words cannot represent as they are: widened to whole words or left out.
    pub losses: Losses,
}

impl SentencesRead {
    /// Whether something in the file could not be read.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Receiver of blocks of sentences. An error ends the reading.
pub type TakeBlock<'a> = dyn FnMut(&[Sentence]) -> io::Result<()> + 'a;

impl Format {
    /// Reads a file and hands over its sentences in blocks of at most `block`, with IOB2 tags.
    /// A sentence is named `FILE, sentence NUMBER`: files of many formats have no line for it.
    ///
    /// # Errors
    /// The source cannot be read, or `take` refuses a block.
    pub fn read_sentences(
        &self,
        file: &str,
        source: &dyn Source,
        options: &ReadOptions,
        block: usize,
        take: &mut TakeBlock<'_>,
    ) -> io::Result<SentencesRead> {
        let mut sink = SentenceSink {
            file,
            labels: LabelSet::default(),
            ids: Vec::new(),
            block: Vec::new(),
            size: block.max(1),
            take,
            sentences: 0,
            losses: Losses::default(),
        };
        let Streamed { detected, problems, .. } = self.read_into(source, options, &mut sink)?;
        sink.hand_over()?;
        let SentenceSink { sentences, losses, .. } = sink;
        Ok(SentencesRead { detected: detected.unwrap_or_default(), problems, sentences, losses })
    }
}

struct SentenceSink<'a, 'b> {
    file: &'a str,
    labels: LabelSet,
    /// Labels by the index of their name in the file.
    ids: Vec<Option<LabelId>>,
    block: Vec<Sentence>,
    size: usize,
    take: &'a mut TakeBlock<'b>,
    sentences: usize,
    losses: Losses,
}

impl SentenceSink<'_, '_> {
    fn hand_over(&mut self) -> io::Result<()> {
        if !self.block.is_empty() {
            (self.take)(&self.block)?;
            self.block.clear();
        }
        Ok(())
    }
}

impl Sink for SentenceSink<'_, '_> {
    fn wants_fields(&self) -> bool {
        false
    }

    fn take(&mut self, found: Found, names: &LabelNames) -> io::Result<()> {
        for name in names.from(self.ids.len()) {
            // Beyond the limit of labels, the reader reports an error at the end.
            self.labels.intern(name);
            self.ids.push(self.labels.find(name).map(|label| label.id));
        }
        let Found { document, spans, status } = found;
        let spans = (0..).zip(&spans).filter_map(|(sequence, (range, name))| {
            let label = self.ids.get(name.at()).copied().flatten()?;
            let id = SpanId { writer: 0, sequence };
            Some(Span { id, range: *range, label, source: SpanSource::Import })
        });
        let annotation = Annotation::new(spans.collect(), status);
        let (spans, losses) = word_spans(&document, &annotation, &self.labels, HalfWords::Snap);
        self.losses.add(losses);
        self.sentences += 1;
        self.block.push(Sentence {
            id: format!("{}, sentence {}", self.file, self.sentences),
            words: document.word_texts().map(str::to_owned).collect(),
            tags: Scheme::Bio.encode(&spans, document.words.len()),
        });
        if self.block.len() >= self.size { self.hand_over() } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::find;

    const TAGGED: &[u8] = b"great\tO\ntacos\tB-Dish\n\nnear\tB-Location\nme\tI-Location\n\ncheap\tB-Price\n";

    fn read(take: &mut TakeBlock<'_>) -> io::Result<SentencesRead> {
        find("conll2003").unwrap().read_sentences("a.txt", &TAGGED, &ReadOptions::default(), 2, take)
    }

    #[test]
    fn sentences_come_in_blocks_with_the_tags_of_the_file() {
        let mut blocks: Vec<Vec<Sentence>> = Vec::new();
        let found = read(&mut |block| {
            blocks.push(block.to_vec());
            Ok(())
        })
        .unwrap();
        assert_eq!((found.sentences, found.losses.total(), found.has_errors()), (3, 0, false));
        assert_eq!(blocks.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(blocks[0][1].tags, ["B-Location", "I-Location"]);
        assert_eq!((blocks[1][0].id.as_str(), &blocks[1][0].words), ("a.txt, sentence 3", &vec!["cheap".to_owned()]));
    }

    #[test]
    fn a_refused_block_ends_the_reading() {
        let mut blocks = 0;
        let error = read(&mut |_| {
            blocks += 1;
            Err(io::Error::other("enough"))
        })
        .unwrap_err();
        assert_eq!((error.to_string().as_str(), blocks), ("enough", 1));
    }
}
