use super::*;
use crate::{
    formats::{Read, ReadOptions, WriteOptions, table::guesses},
    spans::Status,
};

fn read(text: &str) -> Read {
    FORMAT.read(text.as_bytes(), &ReadOptions::default())
}

/// Status, spans with labels, and words of a document.
type Contents = (Status, Vec<(String, String)>, Vec<String>);

fn contents(read: &Read) -> Vec<Contents> {
    let spans = read.corpus.pairs().map(|(document, annotation)| {
        let spans = annotation
            .spans()
            .iter()
            .map(|span| (span.range.of(&document.text).to_owned(), read.corpus.labels.name(span.label).to_owned()));
        (annotation.status, spans.collect(), document.word_texts().map(str::to_owned).collect())
    });
    spans.collect()
}

const DOC: &str = r#"{"text":"Luigi's  caf\u00e9 \ud83c\udf55 Bari","ents":[{"start":0,"end":5,"label":"PER"},{"start":16,"end":20,"label":"LOC"}],"sents":[{"start":0,"end":20}],"tokens":[{"id":0,"start":0,"end":5},{"id":1,"start":5,"end":7},{"id":2,"start":8,"end":9},{"id":3,"start":9,"end":13},{"id":4,"start":14,"end":15},{"id":5,"start":16,"end":20}],"cats":{"A":1.0}}"#;

const PARAGRAPHS: &str = r#"[{"id":3,"paragraphs":[{"raw":"Luigi's caf\u00e9 in Bari.","sentences":[{"tokens":[
{"id":0,"orth":"Luigi","ner":"U-PER"},{"id":1,"orth":"'s","ner":"O"},{"id":2,"orth":"caf\u00e9","ner":"O"},{"id":3,"orth":"in","ner":"O"},
{"id":4,"orth":"Bari","ner":"U-LOC"},{"id":5,"orth":".","ner":"O"}]}]},
{"sentences":[{"tokens":[{"orth":"New","ner":"B-LOC"},{"orth":"York","ner":"L-LOC"},{"orth":"?","ner":"-"}]}]}]}]"#;

#[test]
fn examples_docs_and_training_data_are_recognised_and_read() {
    let examples = [
        r#"[["Luigi in Bari",{"entities":[[0,5,"PER"],[9,13,"LOC"]]}]]"#,
        r#"["Luigi in Bari",{"entities":[[0,5,"PER"],[9,13,"LOC"]]}]"#,
        "[\n[\"Luigi in Bari\", {\"entities\": [[0, 5, \"PER\"], [9, 13, \"LOC\"]]}]\n]",
        r#"{"text":"Luigi in Bari","ents":[{"start":0,"end":5,"label":"PER"},{"start":9,"end":13,"label":"LOC"}]}"#,
        r#"["Luigi in Bari",{"entities":["U-PER","O","U-LOC"]}]"#,
        r#"["Luigi in Bari",{"spans":{"sc":[[0,5,"PER"],[9,13,"LOC"]]}}]"#,
        r#"{"classes":["PER","LOC"],"annotations":[["Luigi in Bari",{"entities":[[0,5,"PER"],[9,13,"LOC"]]}],null]}"#,
    ];
    for text in examples {
        assert_eq!(guesses("a.json", text.as_bytes())[0].format.name, "spacy-json", "{text}");
        let read = read(text);
        assert!(read.problems.is_empty(), "{text}: {:?}", read.problems);
        let [(status, spans, _)] = &contents(&read)[..] else { panic!("{text}") };
        let expected = [("Luigi", "PER"), ("Bari", "LOC")].map(|(text, label)| (text.to_owned(), label.to_owned()));
        assert_eq!((*status, spans.as_slice()), (Status::Done, &expected[..]), "{text}");
    }
    let doc = read(DOC);
    assert_eq!(guesses("a.json", DOC.as_bytes())[0].format.name, "spacy-json");
    let [(_, spans, words)] = &contents(&doc)[..] else { panic!() };
    assert_eq!(spans[1].0, "Bari");
    assert_eq!(words, &["Luigi", "'s", "caf\u{e9}", "\u{1f355}", "Bari"]);
    assert_eq!(doc.corpus.documents[0].meta.get("cats"), Some(&serde_json::json!({"A": 1.0})));
}

#[test]
fn training_data_of_version_2_keeps_its_text_and_its_gaps() {
    assert_eq!(guesses("a.json", PARAGRAPHS.as_bytes())[0].format.name, "spacy-json");
    let read = read(PARAGRAPHS);
    let ids: Vec<_> = read.corpus.documents.iter().map(|document| (document.id.as_str(), &*document.text)).collect();
    assert_eq!(ids, [("3.1", "Luigi's caf\u{e9} in Bari."), ("3.2", "New York ?")]);
    let found = contents(&read);
    assert_eq!(found[0].1.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), ["Luigi", "Bari"]);
    assert_eq!((found[0].0, found[1].0, found[1].1[0].0.as_str()), (Status::Done, Status::Partial, "New York"));
    assert_eq!(found[0].2, ["Luigi", "'s", "caf\u{e9}", "in", "Bari", "."]);
    let messages: Vec<_> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert!(messages[0].starts_with("1 document in which the tag of a token is missing"), "{messages:?}");
    assert!(messages[1].starts_with("1 text not in the file"), "{messages:?}");
}

#[test]
fn misaligned_and_bad_spans_are_reported() {
    let half = read(&DOC.replace("\"start\":0,\"end\":5,\"label\"", "\"start\":0,\"end\":4,\"label\""));
    assert!(
        half.problems[0].message.starts_with("1 span inside tokens of the file, such as `Luig`"),
        "{:?}",
        half.problems
    );
    let bad = read("[\"Luigi\",{\"entities\":[[0,5,\"PER\"],[0,99,\"PER\"],[0]]}]\n[\"x\"]\n{\"a\":1}");
    let messages: Vec<String> = bad.problems.iter().map(ToString::to_string).collect();
    assert_eq!(messages.len(), 4, "{messages:?}");
    assert!(messages[0].starts_with("line 1: document `1`: the span 0-99 fits nowhere"), "{messages:?}");
    assert!(messages[1].contains("it is not [start, end, label]"), "{messages:?}");
    assert!(messages[2].starts_with("line 2: not an example of spaCy"), "{messages:?}");
    assert_eq!(contents(&bad)[0].0, Status::Partial);
}

#[test]
fn overlapping_spans_are_written_as_a_group() {
    let text = r#"{"text":"New York pizza \ud83c\udf55 ok","spans":[{"start":0,"end":14,"label":"Dish"},{"start":0,"end":8,"label":"LOC"},{"start":17,"end":19,"label":"X"},{"start":17,"end":19,"label":"X"}]}"#;
    let corpus = crate::formats::find("jsonl").unwrap().read(text.as_bytes(), &ReadOptions::default()).corpus;
    let outcome = FORMAT.write(&corpus, &WriteOptions::default()).unwrap();
    let written = String::from_utf8(outcome.bytes).unwrap();
    assert_eq!(
        written,
        "[\n[\"New York pizza \u{1f355} ok\",{\"entities\":[[0,14,\"Dish\"],[17,19,\"X\"]],\"spans\":{\"sc\":[[0,8,\"LOC\"]]}}]\n]\n"
    );
    assert_eq!(outcome.problems.len(), 2, "{:?}", outcome.problems);
    assert_eq!((outcome.spans_written, outcome.spans_left_out), (3, 1));
    assert_eq!(read(&written).corpus.span_count(), 3);
}

#[test]
fn ids_and_fields_of_docs_are_kept_and_attributes_of_tokens_are_named() {
    let doc = DOC
        .replace("{\"text\"", "{\"id\":\"r7\",\"stars\":4,\"text\"")
        .replace("{\"id\":0,", "{\"id\":0,\"pos\":\"NOUN\",");
    let read = read(&doc);
    let document = &read.corpus.documents[0];
    assert_eq!((document.id.as_str(), document.meta.len()), ("r7", 2));
    assert_eq!(document.meta.get("stars"), Some(&serde_json::json!(4)));
    let said = "1 document with attributes of tokens, such as `pos`: not kept";
    assert!(read.problems.iter().any(|problem| problem.message == said), "{:?}", read.problems);
    let example = self::read(r#"["Bari",{"entities":[],"source":"menu"}]"#);
    assert_eq!(example.corpus.documents[0].meta.get("source"), Some(&serde_json::json!("menu")));
}

#[test]
fn an_example_with_a_word_without_tag_is_partial() {
    let read = read(r#"["Luigi in Bari",{"entities":["U-PER","-","U-LOC"]}]"#);
    assert_eq!(contents(&read)[0].0, Status::Partial);
    let emoji = self::read("[\"\u{1f355} in New York\",{\"entities\":[\"O\",\"O\",\"B-LOC\",\"L-LOC\"]}]");
    assert_eq!(contents(&emoji)[0].1, [("New York".to_owned(), "LOC".to_owned())]);
    assert_eq!(contents(&emoji)[0].2, ["\u{1f355}", "in", "New", "York"]);
}

#[test]
fn words_that_do_not_fit_are_named() {
    let read = read(r#"{"text":"Bari","ents":[],"tokens":[{"start":0,"end":2},{"start":1,"end":4}]}"#);
    assert!(read.problems[0].message.contains("its words do not fit its text"), "{:?}", read.problems);
    assert_eq!(contents(&read)[0].2, ["Bari"]);
}
