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

#[test]
fn of_several_questions_one_is_read_and_the_rest_kept() {
    let lines = [
        r#"{"id":"a","fields":{"title":"Menu","text":"Luigi cooks"},"responses":{"pos":[{"value":[],"user_id":"u1"}],"ner":[{"value":[{"label":"PER","start":0,"end":5}],"user_id":"u1"}],"topic":[{"value":"food","user_id":"u1"}]},"suggestions":{},"external":7}"#,
        r#"{"id":"b","fields":{"text":"Luigi cooks"},"responses":[{"user_id":"u1","status":"discarded","values":{"ner":{"value":[]},"pos":{"value":[{"label":"VERB","start":6,"end":11}]}}},{"user_id":"u2","status":"submitted","values":{"ner":{"value":[{"label":"PER","start":0,"end":5}]}}}]}"#,
    ];
    let read = read(&lines.join("\n"));
    let person = vec!["Luigi/PER".to_owned()];
    assert_eq!(contents(&read), [(Status::Done, person.clone()), (Status::Done, person)]);
    let meta = serde_json::Value::Object((*read.corpus.documents[0].meta).clone());
    assert_eq!(meta, serde_json::json!({"external": 7, "title": "Menu", "topic": "food"}));
    assert!(read.corpus.documents[1].meta.contains_key("pos"));
    let messages: Vec<&str> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(messages, ["spans are those of the question `ner`; kept in meta: `pos`"]);
}

#[test]
fn flat_rows_have_their_annotators_and_statuses_beside_the_responses() {
    let span = |label: &str| format!(r#"[{{"label":"{label}","start":0,"end":5}}]"#);
    let rows = [
        format!(r#"{{"id":"a","status":"completed","review":"Luigi cooks","topic.responses":["food"],"topic.responses.users":["u1"],"topic.responses.status":["submitted"],"ner.responses":[{},{}],"ner.responses.users":["u1","u2"],"ner.responses.status":["draft","submitted"],"ner.suggestion":{}}}"#, span("ORG"), span("PER"), span("LOC")),
        r#"{"id":"b","review":"Bari","ner.responses":[[]],"ner.responses.users":["u1"],"ner.responses.status":["discarded"]}"#.to_owned(),
        r#"{"id":"c","review":"Bari","ner.responses":null,"ner.suggestion":null}"#.to_owned(),
    ];
    assert_eq!(guesses("a.jsonl", rows[0].as_bytes())[0].format.name, "argilla");
    let read = read(&rows.join("\n"));
    let expected = [(Status::Done, vec!["Luigi/PER".to_owned()]), (Status::Skipped, vec![]), (Status::Todo, vec![])];
    assert_eq!(contents(&read), expected, "{:?}", read.problems);
    assert_eq!(read.corpus.documents[0].meta.get("topic"), Some(&serde_json::json!("food")));
    assert!(read.problems.iter().any(|problem| problem.message.starts_with("1 record with predictions")));
}

#[test]
fn tokens_are_found_whatever_unit_the_spans_count() {
    let record = "{\"text\":\"\u{1f355}\u{1f355} in Bari\",\"tokens\":[\"\u{1f355}\",\"\u{1f355}\",\"in\",\"Bari\"],\"annotation\":[[\"LOC\",8,12]]}";
    let found = read(record);
    assert_eq!(contents(&found)[0].1, ["Bari/LOC"]);
    assert_eq!(found.corpus.documents[0].word_texts().collect::<Vec<_>>(), ["\u{1f355}", "\u{1f355}", "in", "Bari"]);
    let skipped = read(r#"{"text":"Luigi in Bari","tokens":["Luigi","Bari"],"annotation":[["LOC",9,13]]}"#);
    assert!(skipped.problems[0].message.contains("its words do not fit its text"), "{:?}", skipped.problems);
    assert_eq!(skipped.corpus.documents[0].word_texts().collect::<Vec<_>>(), ["Luigi", "in", "Bari"]);
}
