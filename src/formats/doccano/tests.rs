use super::*;
use crate::{
    formats::{OnLoss, Read, ReadOptions, Severity, WriteOptions, table::guesses},
    spans::Status,
    text::TextRange,
};

fn read(text: &str) -> Read {
    FORMAT.read(text.as_bytes(), &ReadOptions::default())
}

fn written(read: &Read) -> String {
    String::from_utf8(FORMAT.write(&read.corpus, &WriteOptions::default()).unwrap().bytes).unwrap()
}

/// Texts of the spans of a document, with their labels.
fn spans(read: &Read, at: usize) -> Vec<(String, String)> {
    let (document, annotation) = read.corpus.pairs().nth(at).unwrap();
    let of = annotation.spans().iter();
    of.map(|span| (span.range.of(&document.text).to_owned(), read.corpus.labels.name(span.label).to_owned())).collect()
}

/// Records of all generations: two spans in each.
const GENERATIONS: [&str; 6] = [
    r#"{"id":1,"text":"EU rejects German lamb","label":[[0,2,"ORG"],[11,17,"MISC"]],"Comments":[],"city":"Bari"}"#,
    r#"{"id":1,"text":"EU rejects German lamb","labels":[[0,2,"ORG"],[11,17,"MISC"]]}"#,
    r#"{"text":"EU rejects German lamb","meta":{"city":"Bari"},"annotation_approver":null,"annotations":[{"label":3,"start_offset":0,"end_offset":2,"user":1},{"label":4,"start_offset":11,"end_offset":17,"user":1}]}"#,
    r#"{"id":1,"text":"EU rejects German lamb","entities":[{"id":7,"label":"ORG","start_offset":0,"end_offset":2},{"id":9,"label":"MISC","start_offset":11,"end_offset":17}],"relations":[{"id":1,"from_id":7,"to_id":9,"type":"rejects"}],"Comments":["see above"]}"#,
    r#"{"column_data":"EU rejects German lamb","column_label":[[0,2,"ORG"],[11,17,"MISC"]]}"#,
    r#"{"text":"EU rejects German lamb","entities":[[0,2,"ORG"],[11,17,"MISC"]],"cats":["news"]}"#,
];

#[test]
fn all_generations_are_recognised_read_and_written_back_unchanged() {
    for record in GENERATIONS {
        assert_eq!(guesses("a.jsonl", record.as_bytes())[0].format.name, "doccano", "{record}");
        let read = read(record);
        let texts: Vec<_> = spans(&read, 0).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, ["EU", "German"], "{record}");
        assert!(!read.has_errors() && read.corpus.annotation(0).status == Status::Done);
        assert_eq!(written(&read), format!("{record}\n"));
    }
    let first = read(GENERATIONS[0]);
    assert_eq!(first.corpus.documents[0].meta.get("city"), Some(&serde_json::json!("Bari")));
    assert_eq!(first.corpus.documents[0].meta.len(), 1);
    let numbered = read(GENERATIONS[2]);
    assert_eq!(spans(&numbered, 0)[0].1, "3");
    assert!(
        numbered.problems[0].message.starts_with("2 spans whose label is doccano's number"),
        "{:?}",
        numbered.problems
    );
    assert_eq!(numbered.corpus.documents[0].meta.get("city"), Some(&serde_json::json!("Bari")));
    let related = read(GENERATIONS[3]);
    let notes: Vec<_> = related.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert!(notes[0].starts_with("1 relation kept") && notes[1].starts_with("1 comment kept"), "{notes:?}");
    // A list, and records over several lines, are read as well.
    let pretty = GENERATIONS.map(|record| record.replace(',', ",\n  ")).join("\n");
    assert_eq!(read_count(&pretty), 6);
    assert_eq!(read_count(&format!("[{}]", GENERATIONS.join(",\n"))), 6);
}

fn read_count(text: &str) -> usize {
    let read = read(text);
    assert!(!read.has_errors(), "{:?}", read.problems);
    read.corpus.documents.len()
}

#[test]
fn offsets_count_utf_16_units_both_ways() {
    let record =
        "{\"id\":1,\"text\":\"\u{1f355}\u{1f355} in Bari, Luigi\",\"label\":[[8,12,\"LOC\"],[14,19,\"PER\"]]}\n";
    let first = read(record);
    assert_eq!(spans(&first, 0), [("Bari".to_owned(), "LOC".to_owned()), ("Luigi".to_owned(), "PER".to_owned())]);
    assert!(first.detected.contains(&"offsets in UTF-16 units".to_owned()), "{:?}", first.detected);
    assert_eq!(written(&first), record);
    // Programs that count as Python does are found out, and what is written counts as doccano does.
    let python = record.replace("8,12", "6,10").replace("14,19", "12,17");
    let second = read(&python);
    assert_eq!(spans(&second, 0), spans(&first, 0));
    assert!(second.problems.iter().any(|problem| problem.message.contains("code points")), "{:?}", second.problems);
    assert_eq!(written(&second), record);
}

#[test]
fn half_words_say_their_unit_so_that_they_come_back() {
    let mut first = read("{\"text\":\"\u{1f355}\u{1f355} sushis x\",\"label\":[[5,11,\"A\"]]}");
    let span = first.corpus.annotations[0].spans()[0].clone();
    let half = crate::spans::Span { range: TextRange::new(span.range.start, span.range.end - 1), ..span };
    first.corpus.annotations[0] = crate::spans::Annotation::new(vec![half], Status::Done);
    let text = written(&first);
    assert!(text.contains("\"label\":[[5,10,\"A\"]],\"offset_unit\":\"utf-16\""), "{text}");
    let again = read(&text);
    assert_eq!(spans(&again, 0)[0].0, "sushi");
    assert!(again.corpus.documents[0].meta.is_empty());
}

#[test]
fn changes_touch_only_what_changed() {
    let mut first = read(GENERATIONS[3]);
    let dish = first.corpus.labels.intern("Dish");
    let mut list = first.corpus.annotations[0].spans().to_vec();
    list[1].range = TextRange::new(18, 22);
    list[1].label = dish;
    first.corpus.annotations[0] = crate::spans::Annotation::new(list, Status::Done);
    let outcome = FORMAT.write(&first.corpus, &WriteOptions::default()).unwrap();
    let text = String::from_utf8(outcome.bytes).unwrap();
    assert!(text.contains(r#"{"id":7,"label":"ORG","start_offset":0,"end_offset":2},{"id":10,"label":"Dish","start_offset":18,"end_offset":22}"#), "{text}");
    assert!(text.contains("\"relations\":[]") && text.contains("see above"), "{text}");
    assert!(outcome.problems[0].message.contains("1 relation left out"), "{:?}", outcome.problems);
}

#[test]
fn bad_spans_are_left_out_by_name_and_the_document_is_not_done() {
    let first = read(
        r#"{"id":4,"text":"abc def","label":[[0,3,"A"],[4,99,"B"],["x",1,"C"],[3,3,"D"]]}
        {"label":[[0,1,"PER"]]}
        {"text":"exampleB","label":[]}
        {"text":"x","label":[[0,1,"A"]],"text":"y"}"#,
    );
    assert_eq!(spans(&first, 0), [("abc".to_owned(), "A".to_owned())]);
    let statuses: Vec<_> = first.corpus.annotations.iter().map(|annotation| annotation.status).collect();
    assert_eq!(statuses, [Status::Partial, Status::Todo, Status::Done]);
    let messages: Vec<String> = first.problems.iter().map(ToString::to_string).collect();
    assert!(messages[0].starts_with("line 1: document `4`: the span 4-99 fits nowhere"), "{messages:?}");
    assert!(
        messages.iter().any(|message| message.contains("number 3: its start or end is not an offset")),
        "{messages:?}"
    );
    assert!(messages.iter().any(|message| message.starts_with("line 2: `text` is missing")), "{messages:?}");
    assert!(messages.iter().any(|message| message.starts_with("line 4: 1 key twice in one object, such as `text`")));
    assert_eq!(first.problems.iter().filter(|problem| problem.severity == Severity::Error).count(), 1);
}

#[test]
fn records_with_faults_do_not_hide_the_format() {
    let good = r#"{"text":"a","label":[[0,1,"X"]]}"#;
    for bad in [r#"{"label":[[0,1,"X"]]}"#, r#"{"text":"a","score":NaN}"#, "nonsense"] {
        for text in [format!("{good}\n{bad}\n"), format!("{bad}\n{good}\n")] {
            assert_eq!(guesses("a.jsonl", text.as_bytes())[0].format.name, "doccano", "{text}");
        }
    }
}

#[test]
fn texts_with_labels_are_no_spans() {
    let first = read(r#"{"text":"good","label":["positive"]}"#);
    assert_eq!((first.corpus.span_count(), first.corpus.annotation(0).status), (0, Status::Todo));
    assert_eq!(first.corpus.documents[0].meta.get("label"), Some(&serde_json::json!(["positive"])));
}

#[test]
fn a_new_document_gets_a_record_of_its_own() {
    let jsonl = r#"{"id":"r7","text":"pad thai","spans":[{"start":0,"end":8,"label":"Dish"}],"meta":{"stars":4}}"#;
    let corpus = crate::formats::find("jsonl").unwrap().read(jsonl.as_bytes(), &ReadOptions::default()).corpus;
    let options = WriteOptions { on_loss: OnLoss::Fail, ..WriteOptions::default() };
    let bytes = FORMAT.write(&corpus, &options).unwrap().bytes;
    assert_eq!(bytes, b"{\"id\":\"r7\",\"text\":\"pad thai\",\"label\":[[0,8,\"Dish\"]],\"stars\":4}\n");
}

#[test]
fn one_faulty_span_does_not_hide_the_others() {
    let first = read(r#"{"text":"pad thai","label":[[0,3,null],[4,8,"B"]]}"#);
    assert_eq!(spans(&first, 0), [("thai".to_owned(), "B".to_owned())]);
    assert_eq!(first.corpus.annotation(0).status, Status::Partial);
    let related = r#"{"text":"pad thai","entities":[{"id":1},{"id":2,"label":"B","start_offset":4,"end_offset":8}],"relations":[]}"#;
    assert_eq!(spans(&read(related), 0).len(), 1);
}

#[test]
fn lists_of_numbers_under_other_keys_are_no_spans() {
    let boxes = r#"{"text":"pad thai","bbox":[[0,0,12],[12,0,30]]}"#;
    assert!(guesses("a.jsonl", boxes.as_bytes()).iter().all(|guess| guess.format.name != "doccano"));
    assert_eq!(read(boxes).corpus.span_count(), 0);
}

#[test]
fn labels_of_the_whole_text_are_written_back() {
    let record = r#"{"id":1,"text":"good tacos","label":["positive"],"city":"Bari"}"#;
    let mut first = read(record);
    assert_eq!(written(&first), format!("{record}\n"));
    let label = first.corpus.labels.intern("Dish");
    let span = crate::spans::Span {
        id: crate::spans::SpanId { writer: 0, sequence: 0 },
        range: TextRange::new(5, 10),
        label,
        source: crate::spans::SpanSource::Human,
    };
    first.corpus.annotations[0] = crate::spans::Annotation::new(vec![span], Status::Done);
    let text = written(&first);
    assert!(text.contains(r#""label":["positive"],"city":"Bari","labels":[[5,10,"Dish"]]"#), "{text}");
    let again = read(&text);
    assert_eq!(spans(&again, 0), [("tacos".to_owned(), "Dish".to_owned())]);
    // A document of another tool has them in its fields.
    let jsonl =
        r#"{"id":"a","text":"good tacos","spans":[{"start":5,"end":10,"label":"Dish"}],"meta":{"label":["positive"]}}"#;
    let corpus = crate::formats::find("jsonl").unwrap().read(jsonl.as_bytes(), &ReadOptions::default()).corpus;
    let bytes = FORMAT.write(&corpus, &WriteOptions::default()).unwrap().bytes;
    assert_eq!(
        bytes,
        b"{\"id\":\"a\",\"text\":\"good tacos\",\"label\":[\"positive\"],\"labels\":[[5,10,\"Dish\"]]}\n"
    );
    let taken = jsonl.replace("\"label\":[\"positive\"]", "\"text\":\"x\"");
    let corpus = crate::formats::find("jsonl").unwrap().read(taken.as_bytes(), &ReadOptions::default()).corpus;
    let losses = FORMAT.write(&corpus, &WriteOptions::default()).unwrap_err();
    assert!(losses[0].message.contains("the field `text`"), "{losses:?}");
}

#[test]
fn relations_stay_whatever_unit_the_file_counts() {
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
    let record = format!(
        "{{\"id\":1,\"text\":\"{family} EU rejects German lamb\",\"entities\":[{{\"id\":7,\"label\":\"ORG\",\"start_offset\":2,\"end_offset\":4}},\
         {{\"id\":9,\"label\":\"MISC\",\"start_offset\":13,\"end_offset\":19}}],\"relations\":[{{\"id\":1,\"from_id\":7,\"to_id\":9}}]}}"
    );
    let first = read(&record);
    assert_eq!(spans(&first, 0), [("EU".to_owned(), "ORG".to_owned()), ("German".to_owned(), "MISC".to_owned())]);
    let outcome = FORMAT.write(&first.corpus, &WriteOptions::default()).unwrap();
    let text = String::from_utf8(outcome.bytes).unwrap();
    assert!(text.contains(r#""relations":[{"id":1,"from_id":7,"to_id":9}]"#), "{text}");
    assert!(text.contains(r#""id":7,"label":"ORG","start_offset":9,"end_offset":11"#), "{text}");
    assert_eq!(spans(&read(&text), 0), spans(&first, 0));
}
