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

#[test]
fn a_quote_inside_a_cell_is_not_one_that_is_open() {
    let table = "id,text\n1,5\" pizza\n2,\"good,\nbut\"\n";
    for table in [table, table.trim_end()] {
        let read = read(table);
        assert!(!read.has_errors(), "{:?}", read.problems);
        let texts: Vec<&str> = read.corpus.documents.iter().map(|document| &*document.text).collect();
        assert_eq!(texts, ["5\" pizza", "good,\nbut"]);
    }
    for (open, text) in [
        ("id,text\n1,5\" \"pizza\n2,\"good\n\n", "good\n\n"),
        ("id,text\n2,\"good", "good"),
        ("id,text\n2,\"a\"\"", "a\""),
    ] {
        let read = read(open);
        assert!(read.problems[0].to_string().contains("a quote is not closed"), "{open}: {:?}", read.problems);
        assert_eq!(&*read.corpus.documents.last().unwrap().text, text);
    }
    let zero = read("id,text\n1,\"a\n\0\"\n2,\"b\n\0\"");
    assert!(!zero.has_errors() && zero.corpus.documents.len() == 2, "{:?}", zero.problems);
}

#[test]
fn values_that_are_none_of_ours_are_kept_and_named() {
    let table = "doc_id,start,end,label,text,split,status,stars\n1,0,3,A,abc def,nightly,odd,4\n1,4,7,B,,nightly,,5\n\
                 2,0,3,A,abc,,,\n2,0,3,B,,test,partial,3\n2,0,3,C,,train,partial,3\n";
    let read = read(table);
    let [one, two] = &read.corpus.documents[..] else { panic!("{:?}", read.problems) };
    let meta = |document: &crate::spans::Document| serde_json::Value::Object((*document.meta).clone());
    assert_eq!(meta(one), serde_json::json!({"status": "odd", "split": "nightly", "stars": "4"}));
    assert_eq!((meta(two), two.split), (serde_json::json!({"stars": "3"}), Some(crate::spans::Split::Test)));
    assert_eq!(read.corpus.annotation(1).status, Status::Partial);
    let messages: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert_eq!(messages.len(), 3, "{messages:?}");
    assert!(messages[0].starts_with("line 2: unknown status `odd`: read as todo, and kept in meta"), "{messages:?}");
    assert!(messages[1].starts_with("1 document with an unknown split, such as `nightly`"), "{messages:?}");
    assert!(messages[2].starts_with("2 cells with another value than an earlier row"), "{messages:?}");
    assert!(messages[2].contains("the column `stars`"), "{messages:?}");
}

#[test]
fn tables_with_one_row_for_each_word_are_read() {
    let tables = [
        "Sentence #,Word,POS,Tag\nSentence: 1,Luigi,NNP,B-PER\n,\"cooks, \",VBZ,O\nSentence: 2,Bari,NNP,B-LOC\n",
        "sentence_id;token;pos;ner_tag\nSentence: 1;Luigi;NNP;B-PER\nSentence: 1;cooks, ;VBZ;O\nSentence: 2;Bari;NNP;B-LOC\n",
    ];
    for table in tables {
        let guess = &guesses("words.csv", table.as_bytes())[0];
        assert_eq!(guess.format.name, "csv", "{table}");
        let read = read(table);
        assert!(!read.has_errors(), "{:?}", read.problems);
        let expected = [("Sentence: 1", "Luigi/PER"), ("Sentence: 2", "Bari/LOC")];
        let expected = expected.map(|(id, span)| (id.to_owned(), Status::Done, vec![span.to_owned()]));
        assert_eq!(contents(&read), expected, "{table}");
        assert_eq!(read.corpus.documents[0].word_texts().collect::<Vec<_>>(), ["Luigi", "cooks, "]);
        let [word, tag] = if table.contains(';') { ["token", "ner_tag"] } else { ["Word", "Tag"] };
        assert_eq!(read.detected[2..4], [format!("words in `{word}`"), format!("tags in `{tag}`")]);
        let pos = read.corpus.documents[0].meta.iter().next().unwrap();
        assert_eq!((pos.0.to_lowercase(), pos.1), ("pos".to_owned(), &serde_json::json!(["NNP", "VBZ"])));
    }
    let lines = "id,word,tag\n1,Luigi,B-PER\n2,cooks,O\n\n3,Bari,B-LOC\n,,\n4,Rome,B-LOC\n5,too,O";
    for lines in [lines.to_owned(), lines.replace('\n', "\r\n"), format!("{lines}\r\n")] {
        let read = read(&lines);
        let texts: Vec<&str> = read.corpus.documents.iter().map(|document| &*document.text).collect();
        assert_eq!(texts, ["Luigi cooks", "Bari", "Rome too"], "{lines:?}: {:?}", read.problems);
        assert!(read.problems[0].message.contains("empty lines are taken for their borders"), "{:?}", read.problems);
    }
    let open = read("sentence,word,tag\n1,Luigi,B-PER\n1,\"cooks,O\n");
    assert!(open.problems[0].to_string().starts_with("line 3: a quote is not closed"), "{:?}", open.problems);
}

#[test]
fn the_columns_are_chosen_once() {
    use std::{cell::Cell, io};

    use crate::formats::Source;

    struct Counting<'a>(&'a str, Cell<usize>);
    impl Source for Counting<'_> {
        fn bytes(&self) -> io::Result<Box<dyn io::Read + '_>> {
            self.1.set(self.1.get() + 1);
            Ok(Box::new(self.0.as_bytes()))
        }
    }
    let opened = |text: &str| {
        let source = Counting(text, Cell::new(0));
        let mut found = crate::formats::FoundDocuments::default();
        let options = ReadOptions::default();
        let mut reading = crate::formats::sink::Reading::new(&options, &mut found);
        read::read(&source, &mut reading).unwrap();
        source.1.get()
    };
    let plain = "doc_id,start,end,label,text\n1,0,3,A,abc\n";
    assert_eq!(opened(&plain.replace("abc", "\u{e9}bc")), opened(plain) + 1, "only the rows are read twice");
}

#[test]
fn a_table_of_spans_is_one_even_if_none_of_them_fits() {
    for rows in ["a,-1,4,Dish,fish tacos\na,8,-2,Dish,\n", "a,x,y,Dish,fish tacos\na,1.5,1e3,Dish,\n"] {
        let read = read(&format!("doc_id,start,end,label,document\n{rows}b,,,,open late\n"));
        let expected =
            [("a", Status::Partial), ("b", Status::Todo)].map(|(id, status)| (id.to_owned(), status, Vec::new()));
        assert_eq!(contents(&read), expected, "{:?}", read.problems);
        let shown: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
        assert!(
            shown.len() == 2 && shown.iter().all(|text| text.contains("not the start, end and label")),
            "{shown:?}"
        );
        assert!(read.corpus.documents.iter().all(|document| document.meta.is_empty()));
    }
    let times = "id,start,end,label,text\n1,2024-05-01,2024-05-02,Party,fish tacos\n2,10:30,12:00,Lunch,open late\n";
    let times = read(times);
    assert_eq!(times.corpus.documents.len(), 2, "{:?}", times.problems);
    assert_eq!(times.corpus.documents[1].meta["start"], "10:30");
}

#[test]
fn only_documents_that_are_done_are_said_to_be() {
    let read = read(
        "doc_id,start,end,label,document\na,0,4,Dish,fish tacos\nb,0,4,Dish,open late\nb,0,99,Dish,\nc,1,x,Dish,Bari\n",
    );
    let statuses: Vec<Status> = contents(&read).into_iter().map(|(_, status, _)| status).collect();
    assert_eq!(statuses, [Status::Done, Status::Partial, Status::Partial]);
    let note = read.problems.iter().find(|problem| problem.message.contains("no status")).unwrap();
    assert!(note.message.starts_with("1 document with spans and no status: done"), "{}", note.message);
}

#[test]
fn a_flood_of_columns_is_not_named_in_full() {
    let header = |n: usize| (0..n).map(|at| format!("c{at}")).collect::<Vec<_>>().join(",") + "\n";
    let wide = FORMAT.read(header(500_000).as_bytes(), &ReadOptions::default());
    assert!(wide.problems[0].message.contains("500,000 columns; at most 10,000"), "{}", wide.problems[0]);
    let options =
        ReadOptions { tags: TagOptions { header: Some(true), ..TagOptions::default() }, ..ReadOptions::default() };
    let many = FORMAT.read(format!("{}1,2\n", header(3_000)).as_bytes(), &options);
    assert!(many.problems[0].message.ends_with("`c6`, `c7` and 2,992 more"), "{}", many.problems[0]);
}
