//! `conll2012`: the layout of CoNLL-2011, CoNLL-2012 and OntoNotes 5, which is only read.
//!
//! A row has the number of the word in its third column, the word in the fourth, the entities as brackets in the eleventh,
//! and as many columns behind as the sentence has predicates.

use serde_json::{Map, Value};

use super::{
    super::format::{Format, Sample},
    brackets,
};
use crate::{
    formats::{
        Problem, Source,
        decode::{self, Lines},
        drafts::status_without_all,
        problem::{quoted, with_noun},
        sink::{Found, Reading},
        source::{Takes, Unreadable},
    },
    spans::{Document, Status},
};

/// Row of the table of formats.
pub(in crate::formats) const FORMAT: Format = Format {
    name: "conll2012",
    about: "CoNLL-2012, OntoNotes: entities as brackets (read only)",
    extensions: &["gold_conll", "v4_gold_conll", "conll2012"],
    cannot_hold: "everything: this format is only read",
    keeps_text: false,
    takes: Takes::OneFile,
    detect,
    read: Some(read),
    write: None,
};

/// Begins the line before the first sentence of a document.
const BEGIN: &str = "#begin document";
/// Columns of number, word and entities, from 0.
const NUMBER: usize = 2;
const WORD: usize = 3;
const ENTITIES: usize = 10;
/// Columns of a row without predicates; the last one has coreferences.
const FEWEST: usize = 12;
/// Stands for words that may not be distributed with the annotation.
const HIDDEN: &str = "[WORD]";

/// Accepts the line before the first sentence, or rows of this layout.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let begins = decode::lines(sample.text).any(|(_, line)| line.starts_with(BEGIN));
    let rows = decode::lines(sample.text)
        .map(|(_, line)| line)
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let mut all = 0;
    let mut fitting = 0;
    for line in rows {
        all += 1;
        fitting += usize::from(Row::read(line).is_ok());
    }
    let is_most = fitting > 0 && fitting * 10 >= all * 9;
    (is_most && (begins || fitting > 2)).then(|| (91, "rows with word numbers and entities in brackets".to_owned()))
}

/// The columns that are read.
struct Row<'l> {
    word: &'l str,
    entities: &'l str,
}

impl<'l> Row<'l> {
    /// Reads a line; the reason if it is no row.
    fn read(line: &'l str) -> Result<Self, String> {
        let mut cells = line.split([' ', '\t']).filter(|cell| !cell.is_empty());
        let columns = cells.clone().count();
        if columns < FEWEST {
            return Err(format!("{} instead of {FEWEST} or more: {}", with_noun(columns, "column"), quoted(line)));
        }
        let number = cells.nth(NUMBER).unwrap_or_default();
        if number.parse::<u32>().is_err() {
            return Err(format!("{} is no word number: {}", quoted(number), quoted(line)));
        }
        let word = cells.next().unwrap_or_default();
        let entities = cells.nth(ENTITIES - WORD - 1).unwrap_or_default();
        if entities != "-" && !brackets::is_cell(entities) {
            return Err(format!("{} is no entity such as (PERSON*: {}", quoted(entities), quoted(line)));
        }
        Ok(Self { word, entities })
    }
}

/// A sentence, and what is said of its document.
#[derive(Default)]
struct Sentence {
    words: Vec<String>,
    entities: Vec<String>,
    /// Whether a row could not be read, which may have had a bracket.
    has_faults: bool,
    document: String,
    part: String,
}

/// Reads a sentence as a document.
fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let mut sentence = Sentence::default();
    let mut words = 0;
    let mut hidden = 0;
    let mut faults = 0;
    let mut lines = Lines::of(source)?;
    while let Some((number, line)) = lines.next_line()? {
        if line.starts_with('#') || line.trim().is_empty() {
            faults += push(&mut sentence, reading)?;
            if let Some(rest) = line.strip_prefix(BEGIN) {
                let (document, part) = rest.split_once(';').unwrap_or((rest, ""));
                sentence.document = document.trim().trim_start_matches('(').trim_end_matches(')').to_owned();
                sentence.part = part.trim().trim_start_matches("part").trim().to_owned();
            }
            continue;
        }
        match Row::read(line) {
            Ok(row) => {
                words += 1;
                hidden += usize::from(row.word == HIDDEN);
                sentence.words.push(row.word.to_owned());
                sentence.entities.push(row.entities.to_owned());
            }
            Err(message) => {
                sentence.has_faults = true;
                reading.problems.push(Problem::error(message).at(number));
            }
        }
    }
    faults += push(&mut sentence, reading)?;
    if hidden > 0 {
        let message = format!("{} hidden: the file has {HIDDEN} in their place", with_noun(hidden, "word"));
        reading.problems.push(Problem::warning(message).hint("the scripts of OntoNotes put the words in"));
    }
    if faults > 0 {
        let message = format!("{} without a counterpart in the sentence: left out", with_noun(faults, "bracket"));
        reading.problems.push(Problem::warning(message));
    }
    let sentences = with_noun(reading.documents(), "sentence");
    Ok(vec!["CoNLL-2012".to_owned(), sentences, with_noun(words, "word"), reading.spans_text()])
}

/// Hands a sentence over, if there is one. Returns the number of faulty brackets.
fn push(sentence: &mut Sentence, reading: &mut Reading<'_>) -> Result<usize, Unreadable> {
    let words = std::mem::take(&mut sentence.words);
    let entities = std::mem::take(&mut sentence.entities);
    let has_faults = std::mem::take(&mut sentence.has_faults);
    if words.is_empty() {
        return Ok(0);
    }
    let mut document = Document::from_words(reading.next_id(), &words);
    document.split = reading.options.split;
    let mut meta = Map::new();
    for (key, value) in [("document", &sentence.document), ("part", &sentence.part)] {
        if !value.is_empty() {
            meta.insert(key.to_owned(), Value::from(value.as_str()));
        }
    }
    document.meta = meta.into();
    let (found, faults) = brackets::spans(entities.iter().map(String::as_str));
    let count = found.len();
    let mut spans = Vec::with_capacity(count);
    for span in found {
        if let Some(range) = document.range_of_words(span.start..span.end) {
            spans.push((range, reading.label(&span.label)));
        }
    }
    let status = status_without_all(Status::Done, faults == 0 && !has_faults && spans.len() == count);
    reading.push(Found { document, spans, status })?;
    Ok(faults)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{ReadOptions, Severity, detect as detect_format};

    const FILE: &str = "#begin document (bc/x/00/x_0000); part 000\n\
        bc/x/00/x_0000   0   0   Anna   NNP  (TOP(S(NP*   -   -   -   Speaker#1   (PERSON*  (ARG0*  (0\n\
        bc/x/00/x_0000   0   1   Berg   NNP           *)  -   -   -   Speaker#1          *)      *)  0)\n\
        bc/x/00/x_0000   0   2   eats   VBZ        (VP*  eat  01  1   Speaker#1          *     (V*)  -\n\
        bc/x/00/x_0000   0   3   Bari   NNP     (NP*))))  -   -   -   Speaker#1      (GPE)   (ARG1*)  -\n\n\
        bc/x/00/x_0000   0   0   Bye    UH    (TOP(S*))   -   -   -   Speaker#2          *   -\n\n#end document\n";

    #[test]
    fn brackets_are_spans_and_rows_may_differ_in_length() {
        let found = detect_format("x.v4_gold_conll", FILE.as_bytes());
        assert_eq!(found.format.name, "conll2012");
        let read = found.format.read(FILE.as_bytes(), &ReadOptions::default());
        assert!(read.problems.is_empty(), "{:?}", read.problems);
        let [first, second] = &read.corpus.documents[..] else { panic!("{:?}", read.corpus.documents) };
        assert_eq!((&*first.text, &*second.text), ("Anna Berg eats Bari", "Bye"));
        let spans: Vec<_> = read.corpus.annotation(0).spans().iter().map(|s| s.range.of(&first.text)).collect();
        assert_eq!(spans, ["Anna Berg", "Bari"]);
        assert_eq!(first.meta.get("document").and_then(Value::as_str), Some("bc/x/00/x_0000"));
        let hidden = FORMAT.read(FILE.replace(" Bye ", " [WORD] ").as_bytes(), &ReadOptions::default());
        assert!(hidden.problems[0].message.contains("1 word hidden"));
        let faulty = FORMAT.read(FILE.replace("(GPE)", "GPE").as_bytes(), &ReadOptions::default());
        assert_eq!((faulty.problems[0].severity, faulty.problems[0].line), (Severity::Error, Some(5)));
    }
}
