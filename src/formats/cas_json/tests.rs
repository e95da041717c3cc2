use serde_json::{Value, json};

use super::FORMAT;
use crate::{
    formats::{Corpus, Read, ReadOptions, WriteOptions, check_round_trip, detect, tests::corpus},
    spans::{Annotation, SpanSource, Status},
    text::TextRange,
};

fn read(tree: &Value) -> Read {
    let text = serde_json::to_string_pretty(tree).unwrap();
    assert_eq!(detect("a.json", text.as_bytes()).format.name, "cas-json");
    FORMAT.read(text.as_bytes(), &ReadOptions::default())
}

fn spans(read: &Read) -> Vec<(&str, &str)> {
    let of = |(document, annotation): (&'_ crate::spans::Document, &'_ Annotation)| {
        annotation
            .spans()
            .iter()
            .map(|s| (s.range, s.label))
            .map(|(range, label)| (document.id.clone(), range, label))
            .collect::<Vec<_>>()
    };
    let all: Vec<_> = read.corpus.pairs().flat_map(of).collect();
    all.into_iter()
        .map(|(id, range, label)| {
            let document = read.corpus.documents.iter().find(|one| one.id == id).unwrap();
            (range.of(&document.text), read.corpus.labels.name(label))
        })
        .collect()
}

const ENTITY: &str = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity";
const TOKEN: &str = "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token";

fn tree(structures: Value) -> Value {
    json!({"%TYPES": {}, "%FEATURE_STRUCTURES": structures, "%VIEWS": {"_InitialView": {"%SOFA": 1, "%MEMBERS": [2, 3, 4, 5]}}})
}

fn sofa() -> Value {
    json!({"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaNum": 1, "sofaID": "_InitialView", "sofaString": "\u{1f32e} Fish tacos!"})
}

#[test]
fn offsets_are_utf_16_and_tokens_are_words() {
    let read = read(&tree(json!([
        sofa(),
        {"%ID": 2, "%TYPE": ENTITY, "@sofa": 1, "begin": 3, "end": 13, "value": "Dish"},
        {"%ID": 3, "%TYPE": TOKEN, "@sofa": 1, "begin": 8, "end": 14},
        {"%ID": 4, "%TYPE": TOKEN, "@sofa": 1, "begin": 3, "end": 7},
        {"%ID": 5, "%TYPE": ENTITY, "@sofa": 1, "begin": 1, "end": 2, "value": "Half"},
        {"%ID": 6, "%TYPE": ENTITY, "@sofa": 1, "begin": 3, "end": 7},
    ])));
    assert_eq!(spans(&read), [("Fish tacos", "Dish"), ("Fish", "NamedEntity")]);
    assert_eq!(read.corpus.documents[0].word_texts().collect::<Vec<_>>(), ["Fish", "tacos!"]);
    let shown: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert!(shown[0].starts_with("document `1`: a span of `Half` has wrong offsets"), "{shown:?}");
    assert!(shown[1].starts_with("document `1`: 1 span without a value"), "{shown:?}");
    assert!(read.corpus.documents[0].foreign.is_none(), "nothing but entities and tokens");
}

#[test]
fn other_layers_are_kept_and_follow_their_spans() {
    let mut read = read(&tree(json!({
        "1": sofa(),
        "2": {"%TYPE": ENTITY, "@sofa": 1, "begin": 3, "end": 7, "value": "Fish", "identifier": "Q152"},
        "3": {"%TYPE": ENTITY, "@sofa": 1, "begin": 8, "end": 13, "value": "Dish"},
        "4": {"%TYPE": "webanno.custom.Of", "@sofa": 1, "begin": 3, "end": 7, "@Governor": 2, "@Dependent": 3},
        "5": {"%TYPE": "uima.cas.FSArray", "%ELEMENTS": [2, 3]},
    })));
    assert_eq!(spans(&read), [("Fish", "Fish"), ("tacos", "Dish")]);
    assert!(read.problems[0].message.contains("`Of` (1)"), "{:?}", read.problems);
    let write = |corpus: &Corpus| -> Value {
        let written = FORMAT.write(corpus, &WriteOptions::default()).unwrap();
        assert!(check_round_trip(&FORMAT, corpus, &written, &WriteOptions::default()).holds());
        serde_json::from_slice(&written.bytes).unwrap()
    };
    let kept = write(&read.corpus);
    assert_eq!(kept["%FEATURE_STRUCTURES"].as_array().unwrap().len(), 5);
    assert_eq!(kept["%FEATURE_STRUCTURES"][1]["identifier"], "Q152");
    // The second entity becomes another one, and the relation to it goes.
    let mut list = read.corpus.annotation(0).spans().to_vec();
    list[1].range = TextRange::new(10, 16);
    list[1].source = SpanSource::Human;
    read.corpus.annotations[0] = Annotation::new(list, Status::Done);
    let changed = write(&read.corpus);
    let structures = changed["%FEATURE_STRUCTURES"].as_array().unwrap();
    let ids: Vec<_> = structures.iter().map(|one| one["%ID"].as_u64().unwrap()).collect();
    assert_eq!(ids, [1, 2, 5, 6]);
    assert_eq!(structures[2]["%ELEMENTS"], json!([2]));
    assert_eq!(structures[3], json!({"%ID": 6, "%TYPE": ENTITY, "@sofa": 1, "begin": 8, "end": 14, "value": "Dish"}));
    assert_eq!(changed["%VIEWS"]["_InitialView"]["%MEMBERS"], json!([2, 5, 6]));
}

#[test]
fn layers_of_users_are_read_where_there_are_no_entities() {
    let read = read(&tree(json!([
        sofa(),
        {"%ID": 2, "%TYPE": "webanno.custom.Menu", "@sofa": 1, "begin": 3, "end": 7, "Kind": "Fish"},
        {"%ID": 3, "%TYPE": "webanno.custom.Mark", "@sofa": 1, "begin": 8, "end": 13},
        {"%ID": 4, "%TYPE": "de.tudarmstadt.ukp.dkpro.core.api.metadata.type.DocumentMetaData", "@sofa": 1, "begin": 0, "end": 14, "documentTitle": "menu.txt"},
    ])));
    assert_eq!(spans(&read), [("Fish", "Fish"), ("tacos", "Mark")]);
    assert_eq!(read.corpus.documents[0].id, "menu.txt");
    assert!(
        read.problems.iter().any(|problem| problem.message.contains("`webanno.custom.Menu`")),
        "{:?}",
        read.problems
    );
}

#[test]
fn several_documents_are_an_archive_and_none_is_a_file() {
    let two = corpus(&[
        ("a/1", &["good", "pad", "thai"], &[(1, 3, "Dish")]),
        ("a/1", &["\u{1f355}", "ok"], &[(1, 2, "A b")]),
    ]);
    let written = FORMAT.write(&two, &WriteOptions::default()).unwrap();
    assert!(written.bytes.starts_with(b"PK"));
    assert!(check_round_trip(&FORMAT, &two, &written, &WriteOptions::default()).holds());
    assert_eq!(detect("a.zip", &written.bytes).format.name, "cas-json");
    let back = detect("a.zip", &written.bytes).format.read(&written.bytes, &ReadOptions::default());
    assert_eq!((back.corpus.span_count(), back.detected[1].as_str()), (2, "cas-json"));
    let none = FORMAT.write(&Corpus::default(), &WriteOptions::default()).unwrap();
    assert!(check_round_trip(&FORMAT, &Corpus::default(), &none, &WriteOptions::default()).holds());
}

#[test]
fn what_is_no_cas_is_an_error_with_its_line() {
    let read = |text: &str| FORMAT.read(text.as_bytes(), &ReadOptions::default());
    let cut = read("{\n\"%TYPES\": {");
    assert!(cut.problems[0].to_string().starts_with("line 2: invalid JSON"), "{:?}", cut.problems);
    assert!(read("{\"%TYPES\":{}}").problems[0].message.contains("`%FEATURE_STRUCTURES` is missing"));
    assert!(read(&"{\"%TYPES\":".repeat(9_999)).has_errors());
    let odd = r#"{"%FEATURE_STRUCTURES":[7,{"%TYPE":"uima.cas.Sofa","sofaString":"a"},{"%TYPE":"x.Y","begin":0,"end":9,"value":"V"},
        {"%TYPE":"x.Y","begin":0,"end":1,"value":"V"},{"%TYPE":"x.Y","begin":0.5,"end":1}]}"#;
    assert_eq!(spans(&read(odd)), [("a", "V")]);
}

#[test]
fn a_document_without_one_of_its_spans_is_not_done() {
    let read = read(&tree(json!([
        sofa(),
        {"%ID": 2, "%TYPE": ENTITY, "@sofa": 1, "begin": 3, "end": 7, "value": "Fish"},
        {"%ID": 3, "%TYPE": ENTITY, "@sofa": 1, "begin": 3, "end": 99, "value": "Dish"},
    ])));
    assert_eq!((spans(&read), read.corpus.annotation(0).status), (vec![("Fish", "Fish")], Status::Partial));
}

#[test]
fn words_that_overlap_are_named() {
    let read = read(&tree(json!([
        sofa(),
        {"%ID": 3, "%TYPE": TOKEN, "@sofa": 1, "begin": 3, "end": 10},
        {"%ID": 4, "%TYPE": TOKEN, "@sofa": 1, "begin": 8, "end": 13},
    ])));
    assert!(!read.corpus.documents[0].words_given);
    assert!(read.problems[0].message.contains("its words overlap"), "{:?}", read.problems);
}

#[test]
fn of_several_texts_nothing_else_is_kept_and_that_is_said() {
    let second = json!({"%ID": 9, "%TYPE": "uima.cas.Sofa", "sofaID": "Second", "sofaString": "tacos"});
    let read = read(&tree(json!([
        sofa(),
        second,
        {"%ID": 2, "%TYPE": ENTITY, "@sofa": 9, "begin": 0, "end": 5, "value": "Dish"},
        {"%ID": 4, "%TYPE": "webanno.custom.Of", "@sofa": 1, "begin": 3, "end": 7},
    ])));
    assert_eq!(spans(&read), [("tacos", "Dish")]);
    assert!(read.corpus.documents.iter().all(|document| document.foreign.is_none()));
    let said: Vec<&str> = read.problems.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(said, ["layers that are neither read nor kept, as the file has several texts: `Of` (1)"]);
}

#[test]
fn many_texts_take_linear_time() {
    let file = |n: usize| {
        let sofas = (0..n).map(|id| json!({"%ID": id, "%TYPE": "uima.cas.Sofa", "sofaID": "", "sofaString": "a"}));
        let spans = (0..n).map(|id| json!({"%TYPE": ENTITY, "@sofa": id, "begin": 0, "end": 1, "value": "X"}));
        tree(sofas.chain(spans).collect()).to_string()
    };
    crate::text::growth::assert_linear(1_000, file, |file| {
        let read = FORMAT.read(file.as_bytes(), &ReadOptions::default());
        assert_eq!(read.corpus.span_count(), read.corpus.documents.len());
    });
}

#[test]
fn a_file_that_would_fill_the_memory_is_refused() {
    let zeros = format!("{{\"%FEATURE_STRUCTURES\":[{}0]}}", "0,".repeat(2_000_000));
    let read = FORMAT.read(zeros.as_bytes(), &ReadOptions::default());
    assert!(read.problems[0].message.contains("too many values"), "{}", read.problems[0]);
}

#[test]
fn a_span_that_belongs_nowhere_is_named_and_its_document_is_not_done() {
    let good = json!({"%ID": 2, "%TYPE": ENTITY, "@sofa": 1, "begin": 3, "end": 7, "value": "Fish"});
    let cases = [
        (json!(1), "-1", "no whole numbers from 0 on (`-1, 13`)"),
        (json!(1), "0.0", "no whole numbers from 0 on (`0.0, 13`)"),
        (json!(1), "1e18", "no whole numbers from 0 on"),
        (json!(1), "9223372036854775808", "wrong offsets"),
        (json!(1), "98765432109876543210", "no whole numbers from 0 on"),
        (json!(1), "null", "no whole numbers from 0 on (`null, 13`)"),
        (json!(7), "8", "1 span of no text of the file"),
        (json!("1"), "8", "1 span of no text of the file"),
        (json!(-1), "8", "1 span of no text of the file"),
    ];
    for (view, begin, message) in cases {
        let bad = json!({"%ID": 3, "%TYPE": ENTITY, "@sofa": view, "begin": "BEGIN", "end": 13, "value": "Dish"});
        let text = tree(json!([sofa(), good, bad])).to_string().replace("\"BEGIN\"", begin);
        let read = FORMAT.read(text.as_bytes(), &ReadOptions::default());
        assert_eq!(spans(&read), [("Fish", "Fish")], "{begin}");
        assert_eq!(read.corpus.annotation(0).status, Status::Partial, "{begin}, view {view}");
        assert!(
            read.problems.iter().any(|problem| problem.message.contains(message)),
            "{begin}, view {view}: {:?}",
            read.problems
        );
    }
    let second = json!({"%ID": 9, "%TYPE": "uima.cas.Sofa", "sofaID": "Second", "sofaString": "tacos"});
    let of_neither = json!({"%ID": 3, "%TYPE": ENTITY, "begin": 0, "end": 5, "value": "Dish"});
    let read = read(&tree(json!([sofa(), second, good, of_neither])));
    assert_eq!((spans(&read).len(), read.corpus.annotation(0).status), (1, Status::Partial));
    assert!(read.problems[0].message.contains("1 span of no text of the file"), "{:?}", read.problems);
}

#[test]
fn a_flood_of_layers_is_not_named_in_full() {
    let structures = (0..5_000)
        .map(|at| json!({"%TYPE": format!("x.Layer{at:04}"), "@sofa": 1, "begin": 3, "end": 7, "value": "V"}));
    let read = read(&tree(std::iter::once(sofa()).chain(structures).collect()));
    assert_eq!(read.corpus.span_count(), 5_000);
    let note = &read.problems.iter().find(|problem| problem.message.starts_with("spans are those of")).unwrap().message;
    assert!(note.ends_with("`x.Layer0007` and 4,992 more"), "{note}");
}
