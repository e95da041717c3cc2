use std::io::Write as _;

use flate2::{Compression, write::ZlibEncoder};
use serde_json::json;

use super::{FORMAT, write::tokens};
use crate::{
    formats::{Corpus, Read, ReadOptions, Severity, WriteOptions, check_round_trip, detect, tests::corpus},
    spans::{Annotation, Document, Span, SpanId, SpanSource, Split, Status},
    text::{Grid, TextRange},
};

fn with_spans(text: &str, spans: &[(usize, usize, &str)]) -> Corpus {
    let mut corpus = Corpus { documents: vec![Document::new("7", text, Grid::Natural)], ..Corpus::default() };
    let spans = spans.iter().zip(0..).map(|((start, end, label), sequence)| Span {
        id: SpanId { writer: 0, sequence },
        range: TextRange::new(*start, *end),
        label: corpus.labels.intern(label),
        source: SpanSource::Human,
    });
    corpus.annotations = vec![Annotation::new(spans.collect(), Status::Done)];
    corpus
}

fn back(corpus: &Corpus, options: &WriteOptions) -> Read {
    let written = FORMAT.write(corpus, options).unwrap();
    let proof = check_round_trip(&FORMAT, corpus, &written, options);
    assert!(proof.holds(), "{proof} {:?}", proof.errors);
    assert_eq!(detect("a", &written.bytes).format.name, "spacy");
    FORMAT.read(&written.bytes, &ReadOptions::default())
}

fn spans(read: &Read) -> Vec<(&str, &str)> {
    let (document, annotation) = read.corpus.pairs().next().unwrap();
    annotation.spans().iter().map(|s| (s.range.of(&document.text), read.corpus.labels.name(s.label))).collect()
}

#[test]
fn texts_come_back_with_their_white_space_and_spans_that_cut_words_or_overlap() {
    let text = " The  sushis\tin New York\n\n(cheap!) \u{1f363} ";
    let corpus = with_spans(
        text,
        &[(6, 11, "Dish"), (16, 24, "LOC"), (20, 24, "City"), (6, 24, "Phrase"), (27, 32, "Price"), (35, 39, "Dish")],
    );
    let read = back(&corpus, &WriteOptions::default());
    assert_eq!(&*read.corpus.documents[0].text, text);
    let mut found = spans(&read);
    found.sort_unstable();
    let expected = [
        ("New York", "LOC"),
        ("York", "City"),
        ("cheap", "Price"),
        ("sushi", "Dish"),
        ("sushis\tin New York", "Phrase"),
        ("\u{1f363}", "Dish"),
    ];
    assert_eq!(found, expected);
    assert!(read.problems[0].message.contains("span groups `sc`"), "{:?}", read.problems);
    let words: Vec<&str> = read.corpus.documents[0].word_texts().collect();
    assert_eq!(words, ["The", "sushi", "s", "in", "New", "York", "(", "cheap", "!", ")", "\u{1f363}"]);
}

#[test]
fn tokens_make_up_the_text() {
    for text in ["", " ", "a", "a b", "a  b", "  a ", "a \n b", "\u{a0}a\u{3000} b", "a\r\n", "(a b),c  "] {
        let document = Document::new("1", text, Grid::Natural);
        let spans = [TextRange::new(0, 1)];
        let tokens = tokens(&document, if text.len() > 1 && text.is_ascii() { &spans } else { &[] });
        let mut whole = String::new();
        for token in &tokens {
            assert!(!token.range.is_empty(), "{text:?}: {tokens:?}");
            whole += token.range.of(text);
            whole += if token.space { " " } else { "" };
        }
        assert_eq!(whole, text, "{tokens:?}");
    }
}

#[test]
fn ids_splits_fields_and_statuses_come_back() {
    let mut corpus =
        corpus(&[("r 1", &["great", "tacos"], &[(1, 2, "Dish")]), ("2", &["ok"], &[]), ("3", &["no"], &[])]);
    corpus.documents[0].split = Some(Split::Test);
    corpus.documents[0].meta =
        [("stars".to_owned(), json!(4)), ("cats".to_owned(), json!({"GOOD": 1.0}))].into_iter().collect();
    corpus.annotations[1].status = Status::Todo;
    corpus.annotations[0] = Annotation::new(corpus.annotations[0].spans().to_vec(), Status::Partial);
    let read = back(&corpus, &WriteOptions::default());
    let documents = &read.corpus.documents;
    let statuses: Vec<Status> = (0..3).map(|at| read.corpus.annotation(at).status).collect();
    assert_eq!(statuses, [Status::Partial, Status::Todo, Status::Done]);
    assert_eq!(
        (documents[0].id.as_str(), documents[0].split, &documents[0].meta),
        ("r 1", Some(Split::Test), &corpus.documents[0].meta)
    );
}

#[test]
fn white_space_at_the_ends_of_a_span_is_kept_with_a_note() {
    let corpus =
        with_spans("good tacos , ok  ", &[(4, 11, "Dish"), (10, 11, "Gap"), (13, 16, "Other"), (16, 17, "End")]);
    let read = back(&corpus, &WriteOptions::default());
    let found: Vec<&str> = spans(&read).into_iter().map(|(text, _)| text).collect();
    assert_eq!(found, [" tacos ", " ", "ok ", " "]);
    let notes = FORMAT.write(&corpus, &WriteOptions::default()).unwrap().problems;
    assert!(notes[0].message.starts_with("4 spans with white space at an end: spaCy reads them"), "{notes:?}");
}

#[test]
fn damaged_files_are_errors() {
    let corpus = corpus(&[("1", &["great", "tacos"], &[(1, 2, "Dish")])]);
    let bytes = FORMAT.write(&corpus, &WriteOptions::default()).unwrap().bytes;
    for cut in [0, 1, 20, bytes.len() - 1] {
        let read = FORMAT.read(&bytes[..cut], &ReadOptions::default());
        assert!(read.has_errors() && read.corpus.documents.is_empty(), "{cut}");
    }
    let mut unpacked = Vec::new();
    std::io::copy(&mut flate2::read::ZlibDecoder::new(bytes.as_slice()), &mut unpacked).unwrap();
    for at in 0..unpacked.len() {
        for bit in [1, 0x90] {
            let mut changed = unpacked.clone();
            changed[at] ^= bit;
            let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&changed).unwrap();
            let read = FORMAT.read(&packed.finish().unwrap(), &ReadOptions::default());
            let is_error = read.problems.iter().any(|problem| problem.severity == Severity::Error);
            assert!(is_error || read.corpus.documents.len() == 1);
        }
    }
}

#[test]
fn categories_may_be_truth_values() {
    let mut corpus = corpus(&[("1", &["great", "tacos"], &[(1, 2, "Dish")])]);
    let cats = json!({"GOOD": true, "DEAR": 0.25});
    corpus.documents[0].meta = [("cats".to_owned(), cats.clone())].into_iter().collect();
    let read = back(&corpus, &WriteOptions::default());
    assert_eq!(read.corpus.documents[0].meta.get("cats"), Some(&cats));
}

#[test]
fn a_span_of_a_group_without_a_label_is_left_out_and_the_document_not_done() {
    let corpus = with_spans("New York", &[(0, 8, "LOC"), (4, 8, "City")]);
    let bytes = FORMAT.write(&corpus, &WriteOptions::default()).unwrap().bytes;
    let mut unpacked = Vec::new();
    std::io::copy(&mut flate2::read::ZlibDecoder::new(bytes.as_slice()), &mut unpacked).unwrap();
    let label = super::strings::id_of("City").to_be_bytes();
    let at = unpacked.windows(8).position(|bytes| bytes == label).unwrap();
    unpacked[at..at + 8].fill(0);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&unpacked).unwrap();
    let read = FORMAT.read(&packed.finish().unwrap(), &ReadOptions::default());
    assert_eq!((spans(&read), read.corpus.annotation(0).status), (vec![("New York", "LOC")], Status::Partial));
    assert!(!read.has_errors(), "{:?}", read.problems);
    assert!(read.problems[0].message.starts_with("1 span of span groups without a label"), "{:?}", read.problems);
}
