//! Files that other programs have written (`tests/reference/format_files.py`): we read in them what they hold.

use serde_json::Value;

use super::{Read, ReadOptions, detect};
use crate::spans::Status;

type Spans = Vec<(String, usize, usize, String)>;

/// Texts with their spans in code points, as the script describes them.
fn expected() -> Vec<(String, Spans)> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../../tests/reference/format_files.json")).unwrap();
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let of = |one: &Value| {
        let text = one["text"].as_str().unwrap().to_owned();
        let mut spans: Spans = Vec::new();
        for span in one["spans"].as_array().unwrap() {
            let (start, end) = (number(&span[0]), number(&span[1]));
            let covered = text.chars().skip(start).take(end - start).collect();
            spans.push((covered, start, end, span[2].as_str().unwrap().to_owned()));
        }
        spans.sort();
        (text, spans)
    };
    all.iter().map(of).collect()
}

fn found(read: &Read) -> Vec<(String, Spans)> {
    let of = |(document, annotation): (&crate::spans::Document, &crate::spans::Annotation)| {
        let map = crate::text::OffsetMap::new(&document.text);
        let mut spans: Spans = Vec::new();
        for span in annotation.spans() {
            let chars = map.to_chars(span.range);
            let covered = span.range.of(&document.text).to_owned();
            spans.push((covered, chars.start, chars.end, read.corpus.labels.name(span.label).to_owned()));
        }
        spans.sort();
        (document.text.to_string(), spans)
    };
    read.corpus.pairs().map(of).collect()
}

#[test]
fn files_of_other_programs_hold_what_they_say() {
    let files: [(&str, &[u8], &str); 3] = [
        ("docbin.spacy", include_bytes!("../../tests/reference/docbin.spacy"), "spacy"),
        ("table.parquet", include_bytes!("../../tests/reference/table.parquet"), "parquet"),
        ("cas.json", include_bytes!("../../tests/reference/cas.json"), "cas-json"),
    ];
    for (name, bytes, format) in files {
        assert_eq!(detect(name, bytes).format.name, format);
        assert_eq!(detect("file", bytes).format.name, format, "without a name");
        let read = detect(name, bytes).format.read(bytes, &ReadOptions::default());
        assert!(!read.has_errors(), "{name}: {:?}", read.problems);
        let wanted = if name == "cas.json" { expected().drain(1..2).collect() } else { expected() };
        assert_eq!(found(&read), wanted, "{name}");
        assert_eq!(read.corpus.annotation(0).status, Status::Done);
        if name != "cas.json" {
            assert_eq!(read.corpus.documents[2].id, "r2");
        }
    }
}
