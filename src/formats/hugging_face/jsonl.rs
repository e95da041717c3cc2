//! `hf-jsonl`: JSON lines of the library `datasets`, each with a list of tokens and one of tags.

use serde_json::{Value, json};

use super::rows::Survey;
use crate::{
    formats::{
        WriteOptions,
        fit::{Fitted, Fitter, WordRules},
        format::{Format, Sample},
        json_items::{FirstLines, JsonItems, JsonNotes},
        sink::Reading,
        source::{Source, Takes, Unreadable},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet},
};

/// Row of the table of formats.
pub(in crate::formats) const FORMAT: Format = Format {
    name: "hf-jsonl",
    about: "Hugging Face's JSON lines: tokens and ner_tags",
    extensions: &["jsonl", "json"],
    cannot_hold: "half-word, nested and overlapping spans, statuses, splits, the white space between words, further fields",
    keeps_text: false,
    takes: Takes::OneFile,
    detect,
    read: Some(read),
    write: Some(write),
};

/// Accepts objects with a list of words and a list of tags.
fn detect(sample: &Sample<'_>) -> Option<(u8, String)> {
    let source = sample.text.as_bytes();
    let mut items = JsonItems::of(&source).ok()?;
    let mut survey = Survey::default();
    let mut notes = JsonNotes::default();
    for _ in 0..20 {
        let Some(item) = items.next_item().ok()? else { break };
        let Ok(row) = item.object(&mut notes) else { continue };
        // A text with tokens is of another format.
        if row.get("text").is_some_and(Value::is_string) {
            return None;
        }
        survey.add(&row);
    }
    survey.is_tagged().then(|| (92, "JSON objects with lists of words and of tags".to_owned()))
}

/// Reads the rows twice: which fields they have, and how tags are spelt, shows only at the end.
fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let mut survey = Survey::default();
    let mut items = JsonItems::of(source)?;
    let mut notes = JsonNotes::default();
    let mut is_empty = true;
    while let Some(item) = items.next_item()? {
        is_empty = false;
        match item.object(&mut notes) {
            Ok(row) => survey.add(&row),
            Err(problem) => reading.problems.push(problem),
        }
    }
    notes.report(&mut reading.problems);
    if is_empty {
        return Ok(Vec::new());
    }
    let mut rows = match survey.choose(source, reading) {
        Ok(rows) => rows,
        Err(problem) => {
            reading.problems.push(problem);
            return Ok(Vec::new());
        }
    };
    let mut ids = FirstLines::default();
    let mut items = JsonItems::of(source)?;
    // The first reading has reported what is no row.
    let mut reported = JsonNotes::default();
    while let Some(item) = items.next_item()? {
        let line = item.line;
        let Ok(row) = item.object(&mut reported) else { continue };
        match rows.read(row, reading) {
            Ok(found) => {
                reading.problems.extend(ids.insert(&found.document.id, line));
                reading.push(found)?;
            }
            Err(problem) => reading.problems.push(problem.at(line)),
        }
    }
    Ok(rows.finish("Hugging Face rows", reading))
}

/// Any word and any label can be a string.
pub(super) const STRINGS: WordRules = WordRules { separators: &[], in_labels: &[], empty_words: true, reserved: None };

/// Writes one row on each line, with tags as strings, so that no list of names is needed beside the file.
fn write<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(RowWriter { fitter: Fitter::new(&STRINGS, labels), options })
}

struct RowWriter<'a> {
    fitter: Fitter<'a>,
    options: &'a WriteOptions,
}

impl Writer for RowWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let Some(Fitted { words, spans, changed, .. }) = self.fitter.fit(document, annotation, &mut out.losses) else {
            return;
        };
        let tokens: Vec<&str> = words.iter().map(|word| word.of(&document.text)).collect();
        let tags = self.options.scheme.encode(&spans, words.len());
        out.push_json(document, &json!({"id": document.id, "tokens": tokens, "ner_tags": tags}));
        out.push("\n");
        out.count(spans.len(), changed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Read, ReadOptions, TagOptions, table::guesses};

    fn read_with(text: &str, options: &ReadOptions) -> Read {
        FORMAT.read(text.as_bytes(), options)
    }

    /// Reads rows beside which the names of tags are.
    fn read_beside(text: &str) -> Read {
        struct Named<'a>(&'a str);
        impl Source for Named<'_> {
            fn bytes(&self) -> std::io::Result<Box<dyn std::io::Read + '_>> {
                Ok(Box::new(self.0.as_bytes()))
            }

            fn beside(&self, name: &str) -> Option<Vec<u8>> {
                (name == "labels.txt").then(|| b"O\nB-Dish\nI-Dish\n".to_vec())
            }
        }
        let file = FORMAT.read_file(&Named(text), &ReadOptions::default()).unwrap();
        Read { corpus: file.found.into_corpus(), detected: file.detected, problems: file.problems }
    }

    /// Texts of the spans of the first document, with their labels.
    fn spans(read: &Read) -> Vec<(String, String)> {
        let (document, annotation) = read.corpus.pairs().next().unwrap();
        let of = annotation.spans().iter();
        of.map(|span| (span.range.of(&document.text).to_owned(), read.corpus.labels.name(span.label).to_owned()))
            .collect()
    }

    #[test]
    fn fields_are_found_by_name_or_by_what_they_hold() {
        for line in [
            r#"{"id":"0","tokens":["good","pad","thai"],"ner_tags":["O","B-Dish","I-Dish"]}"#,
            r#"{"tokens":["good","pad","thai"],"tags":["O","B-Dish","I-Dish"]}"#,
            r#"{"words":["good","pad","thai"],"labels":["O","B-Dish","I-Dish"]}"#,
            r#"{"lemma_tags":["O","O","O"],"NER":["O","B-Dish","I-Dish"],"Tokens":["good","pad","thai"]}"#,
            r#"{"sentence":["good","pad","thai"],"gold":["O","B_Dish","I_Dish"],"ner":["O","B_Dish","I_Dish"]}"#,
            r#"{"pieces":["good","pad","thai"],"gold":["O","B-Dish","I-Dish"]}"#,
            r#"[{"tokens":["good","pad","thai"],"pos_tags":[1,2,3],"ner_tags":["O","U-Dish","I-Dish"]}]"#,
        ] {
            assert_eq!(guesses("a.jsonl", line.as_bytes())[0].format.name, "hf-jsonl", "{line}");
            let read = read_with(line, &ReadOptions::default());
            assert!(!read.has_errors(), "{:?}", read.problems);
            let whole = vec![("pad thai".to_owned(), "Dish".to_owned())];
            let found = spans(&read);
            assert!(found == whole || line.contains("U-Dish") && found.len() == 2, "{line}: {found:?}");
        }
    }

    #[test]
    fn numbers_need_names() {
        let line = r#"{"tokens":["good","pad","thai",""],"ner_tags":[0,1,2,-100],"pos_tags":[7,8,9,0]}"#;
        let bare = read_with(line, &ReadOptions::default());
        assert!(bare.corpus.documents.is_empty());
        let problem = bare.problems.last().unwrap();
        assert_eq!(problem.message, "the tags in `ner_tags` are numbers, and their names are not known");
        assert!(problem.hint.as_ref().unwrap().contains("labels.txt"));
        let named = read_beside(line);
        assert!(
            named.problems[0].message.contains("those in labels.txt beside the file: `O`, `B-Dish`"),
            "{:?}",
            named.problems
        );
        assert_eq!(spans(&named), [("pad thai".to_owned(), "Dish".to_owned())]);
        assert_eq!(named.corpus.documents[0].meta.get("pos_tags"), Some(&serde_json::json!([7, 8, 9, 0])));
        let far = read_beside(&line.replace("[0,1", "[0,5"));
        assert!(far.problems[1].to_string().starts_with("line 1: the tag `5` has no name: there are 3 names"));
    }

    #[test]
    fn tags_that_continue_nothing_are_counted() {
        let text = r#"{"tokens":["a","b","c"],"ner_tags":["I-X","I-X","B-Y"]}
            {"tokens":["a","b"],"ner_tags":["B-Y","I-X"]}"#;
        let read = read_with(text, &ReadOptions::default());
        assert!(read.problems[0].message.starts_with("2 I- tags without a B- before"), "{:?}", read.problems);
    }

    #[test]
    fn faults_of_rows_are_named_and_the_others_read() {
        let text = r#"{"tokens":["a","b"],"ner_tags":["O","B-X"]}
            {"tokens":["a","b"],"ner_tags":["O"]}
            {"tokens":"a","ner_tags":["O"]}
            {"tokens":["a"],"ner_tags":["X"]}
            nonsense
            {"tokens":["a"]}"#;
        let read = read_with(text, &ReadOptions::default());
        assert_eq!(read.corpus.documents.len(), 3);
        let lines: Vec<_> = read.problems.iter().map(|problem| problem.line).collect();
        assert_eq!(lines, [Some(5), Some(2), Some(3), None], "{:?}", read.problems);
        assert!(read.problems[1].message.contains("2 tokens and 1 tag"));
        assert_eq!(read.corpus.annotation(2).status, crate::spans::Status::Todo, "a row without tags");
    }

    #[test]
    fn of_two_fields_with_tags_the_other_is_named_with_its_option() {
        let line = r#"{"tokens":["a","b"],"ner_tags":["O","B-X"],"fine_ner_tags":["O","B-Y"]}"#;
        let first = read_with(line, &ReadOptions::default());
        assert_eq!(spans(&first)[0].1, "X");
        assert_eq!(first.problems[0].hint.as_deref(), Some("--tag-column 3 reads the other"));
        let tags = TagOptions { tag_column: Some(2), ..TagOptions::default() };
        assert_eq!(spans(&read_with(line, &ReadOptions { tags, ..ReadOptions::default() }))[0].1, "Y");
    }

    #[test]
    fn rows_with_names_as_keys_take_linear_time_and_few_words() {
        let row = |n: usize| {
            let keys: String = (0..n).map(|key| format!("\"k{key}\":1,")).collect();
            format!("{{{keys}\"n\":0}}\n").repeat(2)
        };
        crate::text::growth::assert_linear(10_000, row, |text| {
            let read = read_with(text, &ReadOptions::default());
            let message = &read.problems.last().unwrap().message;
            assert!(message.ends_with("`k9`, \u{2026}"), "{message}");
        });
    }

    #[test]
    fn a_row_with_a_faulty_tag_is_not_done() {
        let tags = ["O", "B-X", "I-X"].repeat(40).iter().map(|tag| format!("\"{tag}\"")).collect::<Vec<_>>();
        let words = vec!["\"a\""; tags.len()].join(",");
        let good = format!("{{\"tokens\":[{words}],\"ner_tags\":[{}]}}", tags.join(","));
        let text = format!("{good}\n{}", good.replacen("\"O\"", "\"<none>\"", 1));
        let read = read_with(&text, &ReadOptions::default());
        let statuses = [0, 1].map(|at| read.corpus.annotation(at).status);
        assert_eq!(statuses, [crate::spans::Status::Done, crate::spans::Status::Partial], "{:?}", read.problems);
    }
}
