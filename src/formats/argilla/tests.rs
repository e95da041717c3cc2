use super::*;
use crate::formats::{Read, ReadOptions, table::guesses};

fn read(text: &str) -> Read {
    FORMAT.read(text.as_bytes(), &ReadOptions::default())
}

/// Status and spans with labels of each document.
fn contents(read: &Read) -> Vec<(Status, Vec<String>)> {
    let spans = read.corpus.pairs().map(|(document, annotation)| {
        let spans = annotation.spans().iter();
        let spans =
            spans.map(|span| format!("{}/{}", span.range.of(&document.text), read.corpus.labels.name(span.label)));
        (annotation.status, spans.collect())
    });
    spans.collect()
}

#[test]
fn records_of_version_1_are_read_with_their_tokens() {
    let lines = [
        r#"{"text":"Luigi's cafe","tokens":["Luigi","'s","cafe"],"prediction":[["ORG",0,5,0.4]],"prediction_agent":"m","annotation":[["PER",0,5]],"annotation_agent":"ada","id":"r1","metadata":{"city":"Bari"},"status":"Validated","vectors":null}"#,
        r#"{"text":"Bari","tokens":["Bari"],"prediction":[["LOC",0,4,0.9]],"annotation":null,"id":"r2","metadata":{},"status":"Default"}"#,
        r#"{"text":"Bari","tokens":["Bari"],"prediction":null,"annotation":{"agent":"ada","entities":[{"label":"LOC","start":0,"end":4,"score":1.0}]},"status":"Discarded"}"#,
        r#"{"text":"Bari","tokens":["Bari"],"annotation":[["LOC",0,4]],"status":"Edited"}"#,
    ];
    let read = read(&lines.join("\n"));
    assert_eq!(guesses("a.jsonl", lines[0].as_bytes())[0].format.name, "argilla");
    let list = |spans: &[&str]| spans.iter().map(|span| (*span).to_owned()).collect::<Vec<_>>();
    let expected = [
        (Status::Done, list(&["Luigi/PER"])),
        (Status::Todo, Vec::new()),
        (Status::Skipped, list(&["Bari/LOC"])),
        (Status::Partial, list(&["Bari/LOC"])),
    ];
    assert_eq!(contents(&read), expected);
    assert_eq!(read.corpus.documents[0].word_texts().collect::<Vec<_>>(), ["Luigi", "'s", "cafe"]);
    assert_eq!(read.corpus.documents[0].meta.get("city"), Some(&serde_json::json!("Bari")));
    assert!(read.problems[0].message.starts_with("2 records with predictions"), "{:?}", read.problems);
}

#[test]
fn records_of_version_2_have_responses_by_question() {
    let span = |label: &str| format!(r#"{{"label":"{label}","start":0,"end":5}}"#);
    let lines = [
        format!(r#"{{"id":"a","status":"completed","fields":{{"text":"Luigi cooks"}},"metadata":{{}},"suggestions":{{"ner":{{"value":[{}],"score":0.5,"agent":"m"}}}},"responses":{{"ner":[{{"value":[{}],"user_id":"u1"}}]}},"vectors":{{}}}}"#, span("ORG"), span("PER")),
        format!(r#"{{"id":"b","fields":{{"text":"Luigi cooks"}},"suggestions":[],"responses":[{{"values":{{"topic":{{"value":"food"}},"ner":{{"value":[{}]}}}},"user_id":"u1","status":"submitted"}},{{"values":{{"ner":{{"value":[{}]}}}},"user_id":"u2","status":"submitted"}}]}}"#, span("PER"), span("ORG")),
        r#"{"id":"c","fields":{"review":"Luigi"},"suggestions":{},"responses":{"ner":[{"value":[],"user_id":"u1","status":"draft"}]}}"#.to_owned(),
        r#"{"id":"d","fields":{"review":"Luigi"},"suggestions":{},"responses":{"ner":[{"value":[],"user_id":"u1","status":"discarded"}]}}"#.to_owned(),
        r#"{"id":"e","fields":{"image":null},"suggestions":{},"responses":{}}"#.to_owned(),
    ];
    assert_eq!(guesses("a.json", lines[0].as_bytes())[0].format.name, "argilla");
    for text in [lines.join("\n"), format!("[{}]", lines.join(",\n"))] {
        let read = read(&text);
        let person = vec!["Luigi/PER".to_owned()];
        let expected =
            [(Status::Done, person.clone()), (Status::Done, person), (Status::Todo, vec![]), (Status::Skipped, vec![])];
        assert_eq!(contents(&read), expected);
        let messages: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
        assert!(messages[0].contains("the record has no field with a text"), "{messages:?}");
        assert!(
            messages.iter().any(|message| message.contains("1 record with responses of several annotators")),
            "{messages:?}"
        );
    }
}
