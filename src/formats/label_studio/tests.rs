//! Tasks as Label Studio and people write them, and their round trips.

use serde_json::{Value, json};

use super::FORMAT;
use crate::{
    formats::{LabelConfig, Read, ReadOptions, Severity, WriteOptions, label_config},
    spans::{Edit, LabelSet, Span, SpanId, SpanSource, Status},
    text::{TextRange, growth::assert_linear},
};

fn of(tasks: &Value) -> Read {
    read(tasks.to_string().as_bytes(), &ReadOptions::default())
}

fn region(id: &str, start: usize, end: usize, text: &str, labels: &[&str]) -> Value {
    json!({"value": {"start": start, "end": end, "text": text, "labels": labels}, "id": id, "from_name": "ner",
        "to_name": "text", "type": "labels", "origin": "prediction"})
}

fn texts(read: &Read) -> Vec<(String, String)> {
    let spans = read.corpus.pairs().flat_map(|(document, annotation)| {
        annotation
            .spans()
            .iter()
            .map(|span| (span.range.of(&document.text).to_owned(), read.corpus.labels.name(span.label).to_owned()))
    });
    spans.collect()
}

fn rewritten(read: &Read) -> Value {
    let bytes = FORMAT.write(&read.corpus, &WriteOptions::default()).unwrap().bytes;
    serde_json::from_slice(&bytes).unwrap()
}

fn awkward() -> Value {
    json!([{
        "id": 41, "inner_id": 1, "data": {"text": "Jane ate \u{1f32e} tacos", "text2": "Bob", "stars": 4},
        "annotations": [
            {"id": 7, "was_cancelled": true, "result": [region("x", 0, 4, "Jane", &["PER"])]},
            {"id": 8, "completed_by": {"email": "a@b.c"}, "lead_time": 1.5, "result": [
                {"value": {"choices": ["news"]}, "id": "c", "from_name": "topic", "to_name": "text", "type": "choices"},
                region("b", 11, 16, "tacos", &["Dish", "Food"]),
                region("a", 0, 4, "Jane", &["PER"]),
                {"value": {"start": 0, "end": 3, "labels": ["PER"]}, "id": "d", "to_name": "text2", "from_name": "n2",
                    "type": "labels"},
                {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right"}]}],
        "predictions": [3, 4], "drafts": [], "unheard_of": {"kept": true}}])
}

fn read(bytes: &[u8], options: &ReadOptions) -> Read {
    FORMAT.read(bytes, options)
}

#[test]
fn the_first_valid_annotation_is_read_and_the_rest_is_reported() {
    let read = of(&awkward());
    let expected = [("Jane", "PER"), ("tacos", "Dish"), ("tacos", "Food")].map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(texts(&read), expected);
    assert_eq!(read.corpus.documents[0].meta.get("stars"), Some(&json!(4)));
    assert!(read.problems.iter().all(|problem| problem.severity == Severity::Note), "{:?}", read.problems);
    let said: Vec<_> =
        read.problems.iter().map(|problem| problem.message.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(said, ["1 task", "1 task", "3 results"]);
}

#[test]
fn an_untouched_task_comes_back_as_it_was() {
    assert_eq!(rewritten(&of(&awkward())), awkward());
}

#[test]
fn an_edit_changes_its_region_and_nothing_else() {
    let mut read = of(&awkward());
    let annotation = &mut read.corpus.annotations[0];
    let dish = annotation.spans()[1].clone();
    annotation.apply(&Edit::Remove(dish.id));
    let id = SpanId { writer: 0x1f, sequence: 9 };
    annotation.apply(&Edit::Add(Span {
        id,
        range: TextRange::new(5, 8),
        label: dish.label,
        source: SpanSource::Human,
    }));
    let mut expected = awkward();
    let result = expected[0]["annotations"][1]["result"].as_array_mut().unwrap();
    result[1]["value"]["labels"] = json!(["Food"]);
    result[1]["origin"] = json!("prediction-changed");
    result.push(json!({"id": "1f-9", "from_name": "ner", "to_name": "text", "type": "labels", "origin": "manual",
        "value": {"start": 5, "end": 8, "text": "ate", "labels": ["Dish"]}}));
    assert_eq!(rewritten(&read), expected);
}

#[test]
fn utf16_offsets_are_seen_by_their_text_and_corrected() {
    let read = of(&json!([{"data": {"text": "\u{1f4a9} an annotation"},
        "completions": [{"result": [region("1", 6, 16, "annotation", &["X"])]}]}]));
    assert_eq!(texts(&read)[0].0, "annotation");
    assert!(read.problems[0].message.contains("UTF-16"));
    let back = rewritten(&read);
    assert_eq!(
        back[0]["completions"][0]["result"][0]["value"],
        json!({"start": 5, "end": 15, "text": "annotation", "labels": ["X"]})
    );
}

#[test]
fn bad_tasks_and_regions_are_errors_by_name() {
    let result = json!([
        region("1", 4, 99, "thai", &["X"]),
        region("2", 4, 4, "", &["X"]),
        {"type": "labels", "value": {"labels": ["X"]}},
        region("4", 4, 8, "other", &["X"]),
        region("5", 0, 3, "pad", &[])
    ]);
    let good = json!({"data": {"only": "pad thai"}, "annotations": [{"result": result}]});
    let read = of(&json!([3, {"id": 1}, {"data": {"a": "x", "b": "y"}}, good]));
    let severities: Vec<_> = read.problems.iter().map(|problem| problem.severity).collect();
    assert_eq!(severities.iter().filter(|s| **s == Severity::Error).count(), 3, "{:?}", read.problems);
    assert_eq!(severities.iter().filter(|s| **s == Severity::Warning).count(), 5, "{:?}", read.problems);
    assert_eq!(read.corpus.annotation(0).status, Status::Partial, "spans are missing");
    // The first region is where its text is.
    assert_eq!(texts(&read), [("thai".to_owned(), "X".to_owned())]);
}

#[test]
fn a_new_document_becomes_a_task_with_the_configured_names() {
    let xml =
        "<View><Labels name='ner' toName='t'><Label value='Dish'/></Labels><Text name='t' value='$review'/></View>";
    let config = label_config::read(xml.as_bytes()).0;
    let mut corpus = crate::formats::tests::corpus(&[("7", &["pad", "thai"], &[(0, 2, "Dish")]), ("b", &["no"], &[])]);
    corpus.annotations[1].status = Status::Todo;
    let options = WriteOptions { config: config.clone(), ..WriteOptions::default() };
    let written = FORMAT.write(&corpus, &options).unwrap();
    let tasks: Value = serde_json::from_slice(&written.bytes).unwrap();
    assert_eq!(tasks[0]["data"], json!({"review": "pad thai"}));
    assert_eq!(tasks[0]["annotations"][0]["result"][0]["from_name"], json!("ner"));
    assert_eq!(tasks[1], json!({"id": "b", "data": {"review": "no"}, "annotations": []}));
    let back = read(&written.bytes, &ReadOptions { config, ..ReadOptions::default() });
    assert_eq!((back.corpus.span_count(), back.corpus.annotation(1).status), (1, Status::Todo));
    let other = LabelConfig::new(LabelSet::default());
    assert!(read(&written.bytes, &ReadOptions { config: Some(other), ..ReadOptions::default() }).has_errors());
}

#[test]
fn regions_over_a_long_text_are_read_and_written_in_linear_time() {
    let tasks = |text: String, regions: Vec<Value>| {
        json!([{"data": {"text": text}, "annotations": [{"result": regions}]}]).to_string()
    };
    let read = |tasks: &String| read(tasks.as_bytes(), &ReadOptions::default());
    for part in ["a ", "  ", "ab"] {
        let long = |n: usize| {
            let regions = (0..n).map(|id| region(&id.to_string(), 0, 2 * n, "b", &["Dish"]));
            tasks(part.repeat(n), regions.collect())
        };
        assert_linear(1_500, long, read);
    }
    let same = |n: usize| {
        let regions = (0..n).map(|id| region(&id.to_string(), 0, 4, "Jane", &[["Dish", "Price"][id % 2]]));
        read(&tasks("Jane".to_owned(), regions.collect())).corpus
    };
    assert_linear(1_500, same, |corpus| FORMAT.write(corpus, &WriteOptions::default()).unwrap().bytes.len());
}

#[test]
fn nested_spans_over_a_long_text_are_written_without_all_their_copies() {
    let mut corpus = of(&json!([{"data": {"text": "abcd"}}])).corpus;
    let dish = corpus.labels.intern("Dish");
    let span = |sequence| Span {
        id: SpanId { writer: 0, sequence },
        range: TextRange::new(0, 4),
        label: dish,
        source: SpanSource::Human,
    };
    corpus.annotations[0] = crate::spans::Annotation::new((0..100).map(span).collect(), Status::Done);
    let bytes = FORMAT.write(&corpus, &WriteOptions::default()).unwrap().bytes;
    assert_eq!(String::from_utf8_lossy(&bytes).matches("\"text\": \"abcd\"").count(), 1 + 64);
    assert_eq!(read(&bytes, &ReadOptions::default()).corpus.span_count(), 100);
}

#[test]
fn offsets_of_every_annotation_of_a_task_are_corrected() {
    let task = |start: usize, cancelled: bool| {
        let result = json!([region("r", start, start + 10, "annotation", &["X"])]);
        json!([{"id": 1, "data": {"text": "\u{1f4a9} an annotation"},
            "annotations": [
                {"completed_by": 1, "was_cancelled": cancelled, "result": result},
                {"completed_by": 1, "was_cancelled": cancelled, "result": result},
                {"was_cancelled": cancelled, "result": result},
                {"completed_by": 2, "was_cancelled": true, "result": result},
                {"completed_by": 2, "was_cancelled": cancelled, "result": result}],
            "predictions": [{"result": result}],
            "drafts": [{"result": result}]}])
    };
    for cancelled in [false, true] {
        let read = of(&task(6, cancelled));
        assert_eq!(rewritten(&read), task(5, cancelled));
        assert!(read.problems.iter().all(|problem| problem.severity == Severity::Note), "{:?}", read.problems);
    }
    let conll = crate::formats::find("label-studio-conll").unwrap();
    let written = conll.write(&of(&task(6, false)).corpus, &WriteOptions::default()).unwrap().bytes;
    assert_eq!(String::from_utf8_lossy(&written).matches("annotation -X- _ B-X\n").count(), 4);
}

#[test]
fn a_region_without_a_place_in_an_annotation_that_is_kept_is_not_reported() {
    let tasks = json!([{"id": 1, "data": {"text": "two tacos"}, "annotations": [
        {"result": [region("a", 4, 9, "tacos", &["Dish"])]}, {"result": [region("b", 40, 99, "gone", &["Dish"])]}]}]);
    let read = of(&tasks);
    assert!(read.problems.iter().all(|problem| problem.severity == Severity::Note), "{:?}", read.problems);
    assert_eq!(rewritten(&read), tasks);
}

#[test]
fn a_cancelled_annotation_hides_no_other_by_the_same_annotator() {
    let result = json!([region("a", 4, 9, "tacos", &["Dish"])]);
    let tasks = json!([{"data": {"text": "two tacos"}, "annotations": [
        {"completed_by": 1, "result": result},
        {"completed_by": 2, "was_cancelled": true, "result": []},
        {"completed_by": 2, "result": result},
        {"completed_by": 3, "was_cancelled": true, "result": []}]}]);
    let mut found = FORMAT.read_file(&tasks.to_string().as_bytes(), &ReadOptions::default()).unwrap().found;
    let others: Vec<_> =
        found.take_others().into_iter().map(|one| (one.annotator, one.spans.len(), one.status)).collect();
    assert_eq!(others, [("user-2".to_owned(), 1, Status::Done), ("user-3".to_owned(), 0, Status::Skipped)]);
}

#[test]
fn the_tasks_after_a_fault_are_read() {
    let tasks = "[{\"data\": {\"text\": \"a\"}},\n{\"data\": nope},\n{\"id\": 9},\n{\"data\": {\"text\": \"b\"}}]";
    let read = read(tasks.as_bytes(), &ReadOptions::default());
    assert_eq!(read.corpus.documents.iter().map(|one| &*one.text).collect::<Vec<_>>(), ["a", "b"]);
    let shown: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert!(shown[0].starts_with("line 2: invalid JSON in column 11"), "{shown:?}");
    assert!(shown[1].starts_with("line 3: task 3 of the list: it has no `data`"), "{shown:?}");
}
