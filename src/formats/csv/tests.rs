use super::*;
use crate::{
    formats::{Read, ReadOptions, Severity, WriteOptions, table::guesses},
    spans::Status,
};

fn read(text: &str) -> Read {
    FORMAT.read(text.as_bytes(), &ReadOptions::default())
}

/// Id, status, and spans with labels of each document.
fn contents(read: &Read) -> Vec<(String, Status, Vec<String>)> {
    let spans = read.corpus.pairs().map(|(document, annotation)| {
        let spans = annotation.spans().iter();
        let spans =
            spans.map(|span| format!("{}/{}", span.range.of(&document.text), read.corpus.labels.name(span.label)));
        (document.id.clone(), annotation.status, spans.collect())
    });
    spans.collect()
}

#[test]
fn columns_are_known_by_name_or_by_what_they_hold() {
    let tables = [
        "doc_id,start,end,label,text\n7,0,8,Dish,\"pad thai, please\"\n7,10,16,Word,\"pad thai, please\"\n",
        "\u{feff}doc_id;start;end;label;text;document\r\n7;0;8;Dish;pad thai;pad thai, please\r\n7;10;16;Word;please;\r\n",
        "label\tbegin\tstop\tsentence\tid\nDish\t0\t8\tpad thai, please\t7\nWord\t10\t16\tpad thai, please\t7\n",
        "Text,Entity Type,Start Offset,End.Offset,mention,ID\n\"pad thai, please\",Dish,0.0,8.0,pad thai,7\n,Word,10.0,16.0,please,7\n",
        "7,0,8,Dish,pad thai,\"pad thai, please\"\n7,10,16,Word,please,\"pad thai, please\"\n",
    ];
    for table in tables {
        assert_eq!(guesses("spans", table.as_bytes())[0].format.name, "csv", "{table}");
        let read = read(table);
        assert!(!read.has_errors(), "{table}: {:?}", read.problems);
        let spans = ["pad thai/Dish", "please/Word"].map(str::to_owned).into();
        assert_eq!(contents(&read), [("7".to_owned(), Status::Done, spans)], "{table}");
        assert_eq!(&*read.corpus.documents[0].text, "pad thai, please");
    }
}

#[test]
fn rows_of_a_document_may_be_apart() {
    let table = "doc_id,start,end,label,text\na,0,1,X,x one\nb,0,1,X,y two\na,2,5,N,\nb,2,5,N,y two\n";
    let read = read(table);
    let expected = [("a", ["x/X", "one/N"]), ("b", ["y/X", "two/N"])];
    let expected = expected.map(|(id, spans)| (id.to_owned(), Status::Done, spans.map(str::to_owned).to_vec()));
    assert_eq!(contents(&read), expected);
}

#[test]
fn tables_of_texts_are_read_with_their_other_columns() {
    let read = read("id,review,stars\nr1,\"good,\nbut dear\",4\nr2,bad,1\n");
    let texts: Vec<_> = read.corpus.documents.iter().map(|document| (document.id.as_str(), &*document.text)).collect();
    assert_eq!(texts, [("r1", "good,\nbut dear"), ("r2", "bad")]);
    assert_eq!(read.corpus.documents[0].meta.get("stars"), Some(&serde_json::json!("4")));
    assert_eq!(read.corpus.annotation(0).status, Status::Todo);
    assert_eq!(guesses("a.csv", b"id,review,stars\nr1,good,4\n")[0].format.name, "csv");
}

#[test]
fn tables_that_cannot_be_read_say_why() {
    let message = |table: &str| {
        let read = read(table);
        assert!(read.corpus.documents.is_empty(), "{table}");
        read.problems.iter().find(|problem| problem.severity == Severity::Error).unwrap().to_string()
    };
    assert!(message("doc_id,start,end,label,text\n1,4,9,Dish,tacos\n").contains("not those of documents"));
    assert!(message("Sentence #,Word,POS,Tag\n1,Luigi,NNP,B-PER\n,cooks,VBZ,O\n").contains("one row for each word"));
    assert!(message("a,b\n1,2\n").contains("no column has the texts of documents: `column 1`, `column 2`"));
    assert!(message("doc_id,start,end,label,span,text\n1,0,1,X,a,\n").contains("no row has its text"));
}

#[test]
fn bad_rows_are_named_and_the_document_is_not_done() {
    let table = "doc_id,start,end,label,text\n1,0,3,A,abc def\n1,x,3,B,\n1,4,99,C,\n1,4,7,,\n2,0,1,A,x,y,z\n";
    let read = read(table);
    assert_eq!(contents(&read), [("1".to_owned(), Status::Partial, vec!["abc/A".to_owned()])]);
    let lines: Vec<_> = read.problems.iter().filter_map(|problem| problem.line).collect();
    assert_eq!(lines, [3, 5, 6, 2], "{:?}", read.problems);
    assert!(read.problems[2].message.contains("7 columns instead of 5"), "{}", read.problems[2]);
}

#[test]
fn offsets_are_tried_against_the_texts_of_spans() {
    let table = "doc_id,start,end,label,text,document\n1,8,12,LOC,Bari,\u{1f355}\u{1f355} in Bari\n";
    let read = read(table);
    assert_eq!(contents(&read)[0].2, ["Bari/LOC"]);
    assert!(read.problems.iter().any(|problem| problem.message.contains("UTF-16 units")), "{:?}", read.problems);
}

#[test]
fn a_table_is_written_with_the_text_of_a_document_once() {
    let lines = "{\"id\":\"a\",\"text\":\"pad \\\"thai\\\", ok\",\"spans\":[{\"start\":0,\"end\":10,\"label\":\"Dish\"},{\"start\":12,\"end\":14,\"label\":\"X\"}],\"split\":\"test\"}\n\
                 {\"id\":\"b\",\"text\":\"\",\"status\":\"skipped\"}\n";
    let corpus = crate::formats::find("jsonl").unwrap().read(lines.as_bytes(), &ReadOptions::default()).corpus;
    let text = String::from_utf8(FORMAT.write(&corpus, &WriteOptions::default()).unwrap().bytes).unwrap();
    assert_eq!(
        text,
        "doc_id,start,end,label,text,document,status,split\na,0,10,Dish,\"pad \"\"thai\"\"\",\"pad \"\"thai\"\", ok\",done,test\n\
         a,12,14,X,ok,,,\nb,,,,,,skipped,\n"
    );
    let back = read(&text);
    assert_eq!(back.corpus.documents, corpus.documents);
    assert_eq!(back.corpus.annotation(1).status, Status::Skipped);
}

#[test]
fn a_quote_that_is_not_closed_and_other_encodings_are_named() {
    let open = read("doc_id,start,end,label,text\n1,0,1,A,\"abc\n2,0,1,B,d\n");
    assert_eq!(open.corpus.documents.len(), 1);
    assert!(open.problems[0].to_string().starts_with("line 2: a quote is not closed"), "{:?}", open.problems);
    assert!(!read("doc_id,start,end,label,text\n1,0,1,A,\"a\n\"\"c\"\n").has_errors());
    let latin = FORMAT.read(b"doc_id,text\n1,caf\xe9\n", &ReadOptions::default());
    assert!(latin.problems[0].message.contains("is not UTF-8") && latin.corpus.documents.is_empty());
}
