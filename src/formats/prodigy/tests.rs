use super::*;
use crate::{
    formats::{Read, ReadOptions, WriteOptions, table::guesses},
    spans::{Annotation, Status},
    text::TextRange,
};

fn read(text: &str) -> Read {
    FORMAT.read(text.as_bytes(), &ReadOptions::default())
}

fn written(read: &Read) -> String {
    String::from_utf8(FORMAT.write(&read.corpus, &WriteOptions::default()).unwrap().bytes).unwrap()
}

/// Status and texts of the spans of each document.
fn contents(read: &Read) -> Vec<(Status, Vec<String>)> {
    let spans = read.corpus.pairs().map(|(document, annotation)| {
        let texts = annotation.spans().iter().map(|span| span.range.of(&document.text).to_owned());
        (annotation.status, texts.collect())
    });
    spans.collect()
}

const MANUAL: &str = r#"{"text":"First look at Luigi's  place","meta":{"source":"x"},"_input_hash":-1886699658,"_task_hash":19525,"tokens":[{"text":"First","start":0,"end":5,"id":0,"ws":true},{"text":"look","start":6,"end":10,"id":1,"ws":true},{"text":"at","start":11,"end":13,"id":2,"ws":true},{"text":"Luigi","start":14,"end":19,"id":3,"ws":false},{"text":"'s","start":19,"end":21,"id":4,"ws":true},{"text":" ","start":22,"end":23,"id":5,"ws":false},{"text":"place","start":23,"end":28,"id":6,"ws":false}],"_session_id":null,"_view_id":"ner_manual","spans":[{"start":14,"end":21,"token_start":3,"token_end":4,"label":"PER"}],"answer":"accept"}"#;

#[test]
fn only_accepted_answers_about_a_whole_text_are_done() {
    let tasks = [
        (
            r#"{"text":"Luigi cooks","spans":[{"start":0,"end":5,"label":"PER","answer":"reject"}]}"#,
            Status::Todo,
            vec![],
        ),
        (r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC"}],"answer":"reject"}"#, Status::Skipped, vec![]),
        (
            r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC"}],"answer":"accept"}"#,
            Status::Done,
            vec!["Bari"],
        ),
        (r#"{"text":"Bari","answer":"accept"}"#, Status::Done, vec![]),
        (
            r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC"}],"answer":"ignore"}"#,
            Status::Skipped,
            vec!["Bari"],
        ),
        (
            r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC"}],"_is_binary":true,"answer":"accept"}"#,
            Status::Partial,
            vec!["Bari"],
        ),
        (
            r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC"}],"_is_binary":true,"answer":"reject"}"#,
            Status::Todo,
            vec![],
        ),
        (
            r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC","answer":"accept"}],"answer":"accept"}"#,
            Status::Partial,
            vec!["Bari"],
        ),
        (
            r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC"}],"_view_id":"ner","answer":"accept"}"#,
            Status::Partial,
            vec!["Bari"],
        ),
        (
            r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC"}],"_task_hash":1}"#,
            Status::Partial,
            vec!["Bari"],
        ),
        (r#"{"text":"Bari","_task_hash":1}"#, Status::Todo, vec![]),
        (r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC"}],"answer":"perhaps"}"#, Status::Todo, vec![]),
        (
            r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC"}],"answer":"accept","flagged":true}"#,
            Status::Flagged,
            vec!["Bari"],
        ),
    ];
    for (task, status, spans) in tasks {
        assert_eq!(guesses("a.jsonl", task.as_bytes())[0].format.name, "prodigy", "{task}");
        let read = read(task);
        let spans: Vec<String> = spans.into_iter().map(str::to_owned).collect();
        assert_eq!(contents(&read), [(status, spans)], "{task}");
        assert_eq!(written(&read), format!("{task}\n"), "what nobody changed stays");
    }
    let all = tasks_text();
    let messages: Vec<String> = read(&all).problems.iter().map(|problem| problem.message.clone()).collect();
    assert!(messages.iter().any(|message| message.starts_with("1 task rejected")), "{messages:?}");
    assert!(messages.iter().any(|message| message.starts_with("1 span rejected")), "{messages:?}");
}

fn tasks_text() -> String {
    let lines = [
        r#"{"text":"Luigi cooks","spans":[{"start":0,"end":5,"label":"PER","answer":"reject"}]}"#,
        r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC"}],"answer":"reject"}"#,
    ];
    lines.join("\n")
}

#[test]
fn a_manual_task_comes_back_with_its_tokens_and_hashes() {
    let read = read(MANUAL);
    assert_eq!(contents(&read), [(Status::Done, vec!["Luigi's".to_owned()])]);
    let document = &read.corpus.documents[0];
    assert_eq!(document.word_texts().collect::<Vec<_>>(), ["First", "look", "at", "Luigi", "'s", "place"]);
    assert_eq!(document.meta.get("source"), Some(&serde_json::json!("x")));
    assert_eq!(written(&read), format!("{MANUAL}\n"));
    // Tokens that are the words of the document are not kept twice.
    let plain =
        MANUAL.replace(r#"{"text":" ","start":22,"end":23,"id":5,"ws":false},"#, "").replace("\"id\":6", "\"id\":5");
    let read = super::tests::read(&plain);
    let kept = read.corpus.documents[0].foreign.as_ref().unwrap().get("tokens").cloned();
    assert_eq!(kept, Some(serde_json::json!(["text", "start", "end", "id", "ws"])));
    assert_eq!(written(&read), format!("{plain}\n"));
}

#[test]
fn new_spans_get_tokens_whose_end_is_inclusive() {
    let mut first = read(MANUAL);
    let label = first.corpus.labels.intern("PLACE");
    let mut list = first.corpus.annotations[0].spans().to_vec();
    list.push(crate::spans::Span { range: TextRange::new(14, 28), label, ..list[0].clone() });
    list.push(crate::spans::Span { range: TextRange::new(0, 3), label, ..list[0].clone() });
    first.corpus.annotations[0] = Annotation::new(list, Status::Partial);
    let outcome = FORMAT.write(&first.corpus, &WriteOptions::default()).unwrap();
    let text = String::from_utf8(outcome.bytes).unwrap();
    assert!(text.contains(r#"{"start":14,"end":28,"token_start":3,"token_end":6,"label":"PLACE"}"#), "{text}");
    assert!(text.contains(r#"{"start":0,"end":3,"label":"PLACE"}"#) && !text.contains("answer"), "{text}");
    assert!(text.contains(r#"{"start":14,"end":21,"token_start":3,"token_end":4,"label":"PER"}"#), "{text}");
    assert!(outcome.problems[0].message.starts_with("1 span inside tokens"), "{:?}", outcome.problems);
    let again = read(&text);
    assert_eq!((again.corpus.span_count(), again.corpus.annotation(0).status), (3, Status::Partial));
}

#[test]
fn an_answer_changes_with_the_status() {
    let task = r#"{"text":"Bari","spans":[{"start":0,"end":4,"label":"LOC","score":0.9525150387}],"_is_binary":true,"answer":"accept"}"#;
    for (status, answer) in [(Status::Done, "accept"), (Status::Skipped, "ignore")] {
        let mut first = read(task);
        first.corpus.annotations[0] = Annotation::new(first.corpus.annotations[0].spans().to_vec(), status);
        let text = written(&first);
        assert!(text.contains(&format!("\"answer\":\"{answer}\"")) && text.contains("0.9525150387"), "{text}");
        assert_eq!(contents(&read(&text)), [(status, vec!["Bari".to_owned()])], "{text}");
    }
}

#[test]
fn a_new_document_gets_id_tokens_and_answer() {
    let jsonl = r#"{"id":"r7","text":"pad thai","spans":[{"start":0,"end":8,"label":"Dish"}],"words":[[0,3],[4,8]],"meta":{"stars":4}}"#;
    let corpus = crate::formats::find("jsonl").unwrap().read(jsonl.as_bytes(), &ReadOptions::default()).corpus;
    let text = String::from_utf8(FORMAT.write(&corpus, &WriteOptions::default()).unwrap().bytes).unwrap();
    assert_eq!(
        text,
        "{\"id\":\"r7\",\"text\":\"pad thai\",\"meta\":{\"stars\":4},\"tokens\":[{\"text\":\"pad\",\"start\":0,\"end\":3,\"id\":0,\"ws\":true},\
         {\"text\":\"thai\",\"start\":4,\"end\":8,\"id\":1,\"ws\":false}],\"spans\":[{\"start\":0,\"end\":8,\"token_start\":0,\"token_end\":1,\
         \"label\":\"Dish\"}],\"answer\":\"accept\"}\n"
    );
    let again = read(&text);
    assert_eq!((again.corpus.documents[0].id.as_str(), again.corpus.documents[0].words.len()), ("r7", 2));
}

#[test]
fn records_of_other_tools_become_tasks_of_their_own() {
    let record = r#"{"id":7,"text":"pad thai","label":[[0,8,"Dish"]],"Comments":[]}"#;
    let corpus = crate::formats::find("doccano").unwrap().read(record.as_bytes(), &ReadOptions::default()).corpus;
    let text = String::from_utf8(FORMAT.write(&corpus, &WriteOptions::default()).unwrap().bytes).unwrap();
    let spans = r#""spans":[{"start":0,"end":8,"label":"Dish"}]"#;
    assert_eq!(text, format!("{{\"id\":\"7\",\"text\":\"pad thai\",{spans},\"answer\":\"accept\"}}\n"));
    let back = crate::formats::find("doccano").unwrap().write(&read(&text).corpus, &WriteOptions::default()).unwrap();
    assert_eq!(back.bytes, b"{\"id\":7,\"text\":\"pad thai\",\"label\":[[0,8,\"Dish\"]]}\n");
}

#[test]
fn tasks_without_text_are_named() {
    let image = read(r#"{"image":"a.png","_view_id":"image_manual","answer":"accept"}"#);
    assert!(image.problems[0].to_string().starts_with("line 1: `text` is missing"), "{}", image.problems[0]);
    assert!(image.problems[0].hint.as_ref().unwrap().contains("image_manual"));
}

#[test]
fn a_span_in_another_unit_keeps_everything_but_its_offsets() {
    let task = "{\"text\":\"\u{1f355}\u{1f355} in Bari\",\"spans\":[{\"start\":8,\"end\":12,\"label\":\"LOC\",\"score\":0.5,\"source\":\"m\"}],\"answer\":\"accept\"}";
    let text = written(&read(task));
    assert!(text.contains(r#"{"start":6,"end":10,"label":"LOC","score":0.5,"source":"m"}"#), "{text}");
}

#[test]
fn tokens_that_do_not_fit_are_named() {
    let task = r#"{"text":"Bari","tokens":[{"text":"Bari","start":0,"end":9,"id":0}],"answer":"accept"}"#;
    let first = read(task);
    assert!(first.problems[0].message.contains("its words do not fit its text"), "{:?}", first.problems);
    assert_eq!(written(&first), format!("{task}\n"));
}
