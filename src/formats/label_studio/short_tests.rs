//! Records of JSON_MIN, CSV and TSV, both ways, and what of a task is not spans.

use serde_json::{Value, json};

use super::{CSV, FORMAT, JSON_MIN, TSV};
use crate::{
    formats::{Format, LabelConfig, OnLoss, Read, ReadOptions, Severity, WriteOptions, check_round_trip, label_config},
    spans::{Edit, Status},
    text::{TextRange, growth::assert_linear},
};

const XML: &str = "<View><Choices name='topic' toName='t'><Choice value='news'/></Choices>
    <Labels name='who' toName='t'><Label value='PER'/></Labels><Labels name='where' toName='t'><Label value='LOC'/></Labels>
    <Text name='t' value='$review'/></View>";

fn config() -> Option<LabelConfig> {
    label_config::read(XML.as_bytes()).0
}

fn read(format: &Format, text: &str, config: Option<LabelConfig>) -> Read {
    format.read(text.as_bytes(), &ReadOptions { config, ..ReadOptions::default() })
}

fn write(format: &Format, read: &Read, config: Option<LabelConfig>) -> String {
    let options = WriteOptions { config, on_loss: OnLoss::Skip, ..WriteOptions::default() };
    let written = format.write(&read.corpus, &options).unwrap();
    let proof = check_round_trip(format, &read.corpus, &written, &options);
    assert!(proof.holds(), "{} {proof:?}", format.name);
    String::from_utf8(written.bytes).unwrap()
}

fn span(control: &str, start: usize, end: usize, text: &str, label: &str) -> Value {
    json!({"value": {"start": start, "end": end, "text": text, "labels": [label]}, "id": text, "from_name": control,
        "to_name": "t", "type": "labels", "origin": "prediction"})
}

/// Two tasks, the first with annotations of two people.
fn tasks() -> Value {
    json!([
        {"id": 4, "data": {"review": "Ann, in/near Bari", "stars": 5, "tags": ["a/b"]}, "annotations": [
            {"id": 1, "completed_by": 3, "created_at": "2024-01-01", "lead_time": 1.5, "result": [
                {"value": {"choices": ["news"]}, "id": "c", "from_name": "topic", "to_name": "t", "type": "choices"},
                span("who", 0, 3, "Ann", "PER")]},
            {"id": 2, "completed_by": {"id": 9, "email": "b@c.de"}, "created_at": "2024-02-01", "result": [
                span("where", 13, 17, "Bari", "LOC")]}]},
        {"id": 5, "data": {"review": "a \"b\"\nc"}, "annotations": []}
    ])
}

#[test]
fn records_are_written_as_the_converter_writes_them() {
    let tasks = read(&FORMAT, &tasks().to_string(), config());
    let min = "[\n{\n  \"review\": \"Ann, in\\/near Bari\",\n  \"stars\": 5,\n  \"tags\": [\n    \"a\\/b\"\n  ],\n  \"id\": 4,\n  \
        \"where\": [\n    {\n      \"start\": 13,\n      \"end\": 17,\n      \"text\": \"Bari\",\n      \"labels\": [\n        \
        \"LOC\"\n      ]\n    }\n  ],\n  \"annotator\": \"b@c.de\",\n  \"annotation_id\": 2,\n  \"created_at\": \"2024-02-01\",\
        \n  \"updated_at\": null,\n  \"lead_time\": null\n},\n{\n  \"review\": \"Ann, in\\/near Bari\",\n  \"stars\": 5,\n  \
        \"tags\": [\n    \"a\\/b\"\n  ],\n  \"id\": 4,\n  \"topic\": \"news\",\n  \"who\": [\n    {\n      \"start\": 0,\n      \
        \"end\": 3,\n      \"text\": \"Ann\",\n      \"labels\": [\n        \"PER\"\n      ]\n    }\n  ],\n  \"annotator\": 3,\n  \
        \"annotation_id\": 1,\n  \"created_at\": \"2024-01-01\",\n  \"updated_at\": null,\n  \"lead_time\": 1.5\n},\n{\n  \
        \"review\": \"a \\\"b\\\"\\nc\",\n  \"id\": 5,\n  \"annotator\": null,\n  \"annotation_id\": null,\n  \"created_at\": null,\n  \
        \"updated_at\": null,\n  \"lead_time\": null\n}\n]";
    assert_eq!(write(&JSON_MIN, &tasks, config()), min);
    let lines = [
        "\"annotation_id\",\"annotator\",\"created_at\",\"id\",\"lead_time\",\"review\",\"stars\",\"tags\",\"topic\",\
            \"updated_at\",\"where\",\"who\"",
        "2,\"b@c.de\",\"2024-02-01\",4,\"\",\"Ann, in/near Bari\",5,\"[\"\"a\\/b\"\"]\",\"\",\"\",\
            \"[{\"\"start\"\":13,\"\"end\"\":17,\"\"text\"\":\"\"Bari\"\",\"\"labels\"\":[\"\"LOC\"\"]}]\",\"\"",
        "1,\"3\",\"2024-01-01\",4,1.5,\"Ann, in/near Bari\",5,\"[\"\"a\\/b\"\"]\",\"news\",\"\",\"\",\
            \"[{\"\"start\"\":0,\"\"end\"\":3,\"\"text\"\":\"\"Ann\"\",\"\"labels\"\":[\"\"PER\"\"]}]\"",
        "\"\",\"\",\"\",5,\"\",\"a \"\"b\"\"\nc\",\"\",\"\",\"\",\"\",\"\",\"\"",
    ];
    let csv = lines.map(|line| format!("{line}\r\n")).concat();
    assert_eq!(write(&CSV, &tasks, config()), csv);
    // Commas inside of quotes are the same in both.
    assert_eq!(write(&TSV, &tasks, config()).lines().next(), lines[0].replace(',', "\t").lines().next());

    let again = read(&JSON_MIN, min, config());
    assert_eq!(write(&JSON_MIN, &again, config()), min, "{:?}", again.problems);
    for read in [again, read(&CSV, &csv, config()), read(&TSV, &write(&TSV, &tasks, config()), config())] {
        let found: Vec<_> = read.corpus.documents.iter().map(|one| (one.id.as_str(), &*one.text)).collect();
        assert_eq!(found, [("4", "Ann, in/near Bari"), ("5", "a \"b\"\nc")]);
        let statuses = [0, 1].map(|at| read.corpus.annotation(at).status);
        assert_eq!((read.corpus.span_count(), statuses), (1, [Status::Done, Status::Todo]));
        assert_eq!(read.corpus.annotation(0).spans()[0].range, TextRange::new(0, 3), "the oldest annotation counts");
    }
}

#[test]
fn records_with_the_id_first_and_without_the_id_of_the_annotation_are_read() {
    let spans = r#"[{"start":0,"end":3,"text":"Ann","labels":["PER"]}]"#;
    let texts = [
        format!(
            r#"[{{"id":1,"text":"Ann ate","stars":5,"ner":{spans},"annotator":1,"annotation_id":5,"lead_time":3.2}}]"#
        ),
        format!(r#"[{{"id":1,"text":"Ann ate","stars":5,"ner":{spans},"annotator":1}}]"#),
        format!(r#"[{{"text":"Ann ate","ner":{spans}}}]"#),
    ];
    for text in texts {
        assert_eq!(crate::formats::detect("a.json", text.as_bytes()).format.name, "label-studio-min", "{text}");
        let found = read(&JSON_MIN, &text, None);
        assert!(found.problems.iter().all(|problem| problem.severity != Severity::Error), "{:?}", found.problems);
        assert_eq!((&*found.corpus.documents[0].text, found.corpus.span_count()), ("Ann ate", 1), "{text}");
    }
}

#[test]
fn without_a_configuration_the_lists_of_spans_are_found() {
    let text = r#"[{"text":"Ann in Bari","stars":"5","id":1,"ner":[{"start":7,"end":11,"text":"Bari","labels":["LOC"]}],
        "annotator":1,"annotation_id":3,"created_at":null,"updated_at":null,"lead_time":2.0}, 7]"#;
    let found = read(&JSON_MIN, text, None);
    assert_eq!((found.corpus.span_count(), found.corpus.documents[0].meta.len()), (1, 1));
    assert!(found.problems[0].message.contains("record 2 of the list is not an object"), "{:?}", found.problems);
    let csv = "annotation_id,annotator,id,lead_time,ner,text\n3,1,1,,\"[{\"\"start\"\":0,\"\"end\"\":3,\"\"labels\"\":[\"\"PER\"\"]}]\",Ann\n4,1\n";
    let found = read(&CSV, csv, None);
    assert_eq!(found.corpus.span_count(), 1);
    assert_eq!(
        (found.problems[0].line, found.problems[0].message.as_str()),
        (Some(3), "2 cells where the header names 6")
    );
    assert!(
        read(&CSV, "a,b\n\u{ff}", None).problems.iter().all(|problem| problem.hint.is_some() || problem.line.is_some())
    );
}

#[test]
fn skipped_documents_and_doubtful_annotations_are_losses() {
    let mut tasks = tasks();
    tasks[0]["annotations"][1]["ground_truth"] = json!(true);
    tasks[1]["annotations"] = json!([{"id": 8, "was_cancelled": true, "result": []}]);
    let read = read(&FORMAT, &tasks.to_string(), config());
    let options = WriteOptions { config: config(), ..WriteOptions::default() };
    let losses = JSON_MIN.write(&read.corpus, &options).unwrap_err();
    assert!(losses[0].message.contains("1 other annotation could be taken"), "{losses:?}");
    assert!(losses[1].message.contains("it is skipped"), "{losses:?}");
    let records: Value = serde_json::from_str(&write(&JSON_MIN, &read, config())).unwrap();
    assert_eq!((records.as_array().unwrap().len(), &records[0]["annotation_id"]), (1, &json!(2)));
}

#[test]
fn the_annotator_who_is_asked_for_is_read_and_written() {
    let text = tasks().to_string();
    let annotator = Some("b@c.de".to_owned());
    let options = ReadOptions { config: config(), annotator: annotator.clone(), ..ReadOptions::default() };
    let read = FORMAT.read(text.as_bytes(), &options);
    assert_eq!(read.corpus.annotation(0).spans()[0].range.of(&read.corpus.documents[0].text), "Bari");
    let options = WriteOptions { config: config(), annotator, ..WriteOptions::default() };
    let written = FORMAT.write(&read.corpus, &options).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&written.bytes).unwrap(), tasks());
    assert!(check_round_trip(&FORMAT, &read.corpus, &written, &options).holds());
    let file = FORMAT.read_file(&text.as_bytes(), &ReadOptions { config: config(), ..ReadOptions::default() });
    assert_eq!(file.unwrap().found.other_annotators(), ["b@c.de"]);
}

#[test]
fn a_changed_span_keeps_its_region_and_a_new_one_gets_the_control_of_its_label() {
    let mut tasks = tasks();
    let relation = json!({"type": "relation", "from_id": "Ann", "to_id": "gone", "direction": "right"});
    tasks[0]["annotations"][0]["result"].as_array_mut().unwrap().push(relation.clone());
    let mut found = read(&FORMAT, &tasks.to_string(), config());
    let place = found.corpus.labels.find("LOC").unwrap().id;
    let annotation = &mut found.corpus.annotations[0];
    let ann = annotation.spans()[0].clone();
    annotation.apply(&Edit::Resize(ann.id, TextRange::new(0, 4)));
    annotation.apply(&Edit::Add(crate::spans::Span {
        id: crate::spans::SpanId { writer: 7, sequence: 1 },
        range: TextRange::new(13, 17),
        label: place,
        source: crate::spans::SpanSource::Human,
    }));
    let written: Value = serde_json::from_str(&write(&FORMAT, &found, config())).unwrap();
    let result = &written[0]["annotations"][0]["result"];
    assert_eq!((&result[1]["id"], &result[1]["origin"]), (&json!("Ann"), &json!("prediction-changed")));
    assert_eq!(result[1]["value"], json!({"start": 0, "end": 4, "text": "Ann,", "labels": ["PER"]}));
    assert_eq!((&result[2], &result[3]["from_name"], &result[3]["to_name"]), (&relation, &json!("where"), &json!("t")));
    let annotation = &mut found.corpus.annotations[0];
    annotation.apply(&Edit::Remove(ann.id));
    let options = WriteOptions { config: config(), ..WriteOptions::default() };
    let notes = FORMAT.write(&found.corpus, &options).unwrap().problems;
    assert!(notes.iter().any(|note| note.message.contains("1 relation with a span that was removed")), "{notes:?}");
}

#[test]
fn what_is_no_text_is_not_done_and_named() {
    let html = json!([
        {"id": 1, "data": {"text": "<p>Ann cooks</p>"}, "drafts": [{"result": []}], "annotations": [{"result": [
            {"type": "hypertextlabels", "to_name": "text", "from_name": "ner", "value":
                {"start": "/p[1]/text()[1]", "startOffset": 0, "endOffset": 3, "hypertextlabels": ["PER"]}}]}]},
        {"id": 2, "data": {"audio": "https://a.b/c.wav"}, "annotations": []},
        {"id": 3, "data": {"review": "Ann", "source": "web"}, "annotations": []}
    ]);
    let found = read(&FORMAT, &html.to_string(), None);
    assert_eq!(found.corpus.annotation(0).status, Status::Partial);
    let said: Vec<&str> = found.problems.iter().map(|problem| problem.message.as_str()).collect();
    for part in ["`audio` is the address of a file", "--config FILE.xml", "1 region of HTML", "1 task with drafts"] {
        assert!(said.iter().any(|message| message.contains(part)), "{part}: {said:?}");
    }
}

#[test]
fn offsets_of_another_unit_are_code_points_from_then_on() {
    // Without copies of the texts, the words at the ends of the spans show the unit.
    let tasks = |starts: [usize; 2]| {
        let spans = starts.map(|start| {
            json!({"type": "labels", "from_name": "label", "to_name": "text",
            "value": {"start": start, "end": start + 4, "labels": ["LOC"]}})
        });
        json!([{"data": {"text": "\u{1f355}\u{1f355} Bari, Rome."}, "annotations": [{"result": spans}]}])
    };
    let found = read(&FORMAT, &tasks([5, 11]).to_string(), None);
    assert_eq!(found.detected.last().unwrap(), "offsets in UTF-16 units");
    let text = &*found.corpus.documents[0].text;
    let places: Vec<_> = found.corpus.annotation(0).spans().iter().map(|span| span.range.of(text)).collect();
    assert_eq!(places, ["Bari", "Rome"]);
    let written: Value = serde_json::from_str(&write(&FORMAT, &found, None)).unwrap();
    assert_eq!(written[0]["annotations"], tasks([3, 9])[0]["annotations"]);
}

const SPANS: &str = r#"[{"start":0,"end":3,"text":"Ann","labels":["PER"]}]"#;

#[test]
fn an_id_in_the_data_does_not_hide_the_text() {
    // The id of the task is in the place of the one in the data, at the front or in the middle.
    for data in [
        r#""id":5,"text":"Ann ate","a":"x""#,
        r#""a":"x","id":5,"text":"Ann ate""#,
        r#""a":"x","id":5,"stars":3,"text":"Ann ate""#,
        r#""stars":3,"id":5,"review":"Ann ate""#,
    ] {
        let text = format!(r#"[{{{data},"label":{SPANS},"annotator":1,"annotation_id":7,"lead_time":1.0}}]"#);
        let found = read(&JSON_MIN, &text, None);
        assert!(found.problems.iter().all(|problem| problem.severity != Severity::Error), "{:?}", found.problems);
        assert_eq!((&*found.corpus.documents[0].text, found.corpus.span_count()), ("Ann ate", 1), "{text}");
        assert_eq!(found.corpus.documents[0].id, "5");
    }
    let task = json!([{"id": 5, "data": {"a": "x", "id": 77, "text": "Ann ate"},
        "annotations": [{"id": 1, "result": [span("who", 0, 3, "Ann", "PER")]}]}]);
    let written = write(&JSON_MIN, &read(&FORMAT, &task.to_string(), None), None);
    assert!(written.contains("\"a\": \"x\",\n  \"id\": 5,\n  \"text\""), "as the converter: {written}");
    let text =
        format!(r#"[{{"review":"Ann ate","id":5,"topic":"news","label":{SPANS},"annotator":1,"annotation_id":7}}]"#);
    let found = read(&JSON_MIN, &text, None);
    assert_eq!((&*found.corpus.documents[0].text, found.corpus.documents[0].meta.len()), ("Ann ate", 0), "a choice");
}

#[test]
fn an_empty_cell_of_a_control_is_no_text() {
    let spans = SPANS.replace('"', "\"\"");
    let text = format!(
        "annotation_id,annotator,id,label,lead_time,note,review\n3,1,1,\"{spans}\",,,Ann ate\n4,1,2,,,,Bari\n,,3,,,,soup\n"
    );
    let found = read(&CSV, &text, None);
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    let texts: Vec<_> = found.corpus.documents.iter().map(|one| (&*one.text, one.meta.contains_key("label"))).collect();
    assert_eq!(texts, [("Ann ate", false), ("Bari", false), ("soup", false)]);
    let statuses = [0, 1, 2].map(|at| found.corpus.annotation(at).status);
    assert_eq!((found.corpus.span_count(), statuses), (1, [Status::Done, Status::Done, Status::Todo]));
    let blank = read(&CSV, "annotation_id,annotator,id,label,lead_time,text\n4,1,2,[],,Bari\n5,1,3,,,soup\n", None);
    assert!(blank.corpus.documents.iter().all(|one| one.meta.is_empty()), "a column of empty lists");
}

#[test]
fn fields_of_the_data_with_names_of_the_record_are_losses() {
    let mut tasks = json!([{"id": 4, "data": {"id": 4, "text": "Ann ate", "who": "x", "lead_time": 3, "history": "y"},
        "annotations": [{"id": 1, "result": [span("who", 0, 3, "Ann", "PER")]}]}]);
    let names = |format: &Format, tasks: &Value| -> Vec<String> {
        let found = read(&FORMAT, &tasks.to_string(), None);
        let losses = format.write(&found.corpus, &WriteOptions::default()).unwrap_err();
        losses
            .iter()
            .filter_map(|loss| Some(loss.message.split_once("the field `")?.1.split('`').next()?.into()))
            .collect()
    };
    assert_eq!(names(&JSON_MIN, &tasks), ["lead_time", "who"]);
    assert_eq!(names(&CSV, &tasks), ["history", "lead_time"], "controls with names of fields are renamed there");
    tasks[0]["data"]["id"] = json!(77);
    assert_eq!(names(&JSON_MIN, &tasks), ["id", "lead_time", "who"]);
    assert_eq!(names(&TSV, &tasks), ["history", "id", "lead_time"]);
}

#[test]
fn a_number_in_quotes_is_a_text_where_numbers_are_without() {
    let table = |id: &str, time: &str| {
        format!(
            "\"annotation_id\",\"annotator\",\"created_at\",\"id\",\"label\",\"lead_time\",\"text\",\"updated_at\"\r\n{id},\"3\",\
             \"\",\"1001\",\"[{{\"\"start\"\":0,\"\"end\"\":3,\"\"text\"\":\"\"Ann\"\",\"\"labels\"\":[\"\"PER\"\"]}}]\",{time},\"Ann\",\"\"\r\n"
        )
    };
    let written = table("7", "1.5");
    let found = read(&CSV, &written, None);
    assert_eq!(found.corpus.documents[0].id, "1001");
    assert_eq!(write(&CSV, &found, None), written);
    let tabs = write(&TSV, &found, None);
    assert_eq!(write(&TSV, &read(&TSV, &tabs, None), None), tabs);
    // Another program has put all cells in quotes: that says nothing about numbers.
    let found = read(&CSV, &table("\"7\"", "\"1.5\""), None);
    assert_eq!(write(&CSV, &found, None), written.replace("\"1001\"", "1001"));
}

#[test]
fn a_quote_that_is_not_closed_is_named() {
    let text = "annotation_id,annotator,id,lead_time,text\n1,1,1,,Ann\n2,1,2,,\"Bari\n3,1,3,,soup\n4,1,4,,tea\n";
    let found = read(&CSV, text, None);
    let error = found.problems.iter().find(|problem| problem.severity == Severity::Error).unwrap();
    assert_eq!((error.line, error.message.starts_with("a quote is not closed")), (Some(3), true), "{error}");
}

#[test]
fn many_annotations_of_a_task_are_read_in_linear_time() {
    let text = |n: usize| {
        let data = "a ".repeat(200);
        let record =
            |id: usize| format!(r#"{{"text":"{data}","id":1,"annotator":{id},"annotation_id":{id},"lead_time":1}}"#);
        format!("[{}]", (0..n).map(record).collect::<Vec<_>>().join(","))
    };
    assert_eq!(read(&JSON_MIN, &text(20), None).corpus.documents.len(), 1);
    assert_linear(300, text, |text| read(&JSON_MIN, text, None).corpus.documents.len());
}
