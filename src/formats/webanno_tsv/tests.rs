//! Tests of WebAnno TSV 3 with files of our own.

use super::FORMAT;
use crate::{
    formats::{
        Corpus, OnLoss, Read, ReadOptions, Severity, TagOptions, WriteOptions, check_round_trip, detect, tests::corpus,
    },
    spans::{Annotation, Span, SpanId, SpanSource, Status},
    text::{TextRange, growth::assert_linear},
};

const FILE: &str = "#FORMAT=WebAnno TSV 3.3\n\
    #T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue|coarseValue\n\
    #T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n\
    #T_RL=de.tudarmstadt.ukp.dkpro.core.api.syntax.type.dependency.Dependency|DependencyType|flavor|BT_x\n\n\n\
    #Text=\u{1f355} at Casa Rosa, Bari\\nnow\n\
    1-1\t0-2\t\u{1f355}\tNN\t_\t*\tDish\\_raw\t_\t_\t_\t\n\
    1-2\t3-5\tat\tIN\t_\t_\t_\t_\t_\t_\t\n\
    1-3\t6-10\tCasa\tNN\t_\t*[1]|*[2]\tORG[1]|LOC[2]\t_\t_\t_\t\n\
    1-4\t11-15\tRosa\tNN\t_\t*[1]\tORG[1]\t_\t_\t_\t\n\
    1-5\t15-16\t,\t,\t_\t_\t_\t_\t_\t_\t\n\
    1-6\t17-21\tBari\tNN\t_\t_\t_\t_\t_\t_\t\n\
    1-6.1\t17-20\tBar\t_\t_\t*\t*\t_\t_\t_\t\n\
    1-7\t22-25\tnow\tRB\t_\t_\t_\t_\t_\t_\t\n\n\
    #Text=Bye\n\
    2-1\t26-29\tBye\tUH\t_\t_\t_\t_\t_\t_\t\n";

fn read(text: &str, options: &ReadOptions) -> Read {
    FORMAT.read(text.as_bytes(), options)
}

fn spans(corpus: &Corpus) -> Vec<(usize, String)> {
    let of = |(at, (document, annotation)): (usize, (&crate::spans::Document, &Annotation))| {
        let name = |span: &Span| format!("{}:{}", corpus.labels.name(span.label), span.range.of(&document.text));
        annotation.spans().iter().map(|span| (at, name(span))).collect::<Vec<_>>()
    };
    corpus.pairs().enumerate().flat_map(of).collect()
}

#[test]
fn stacked_long_and_partial_spans_are_read() {
    let found = detect("x.tsv", FILE.as_bytes()).format.read(FILE.as_bytes(), &ReadOptions::default());
    assert!(!found.has_errors(), "{:?}", found.problems);
    assert_eq!(&*found.corpus.documents[0].text, "\u{1f355} at Casa Rosa, Bari\nnow");
    let words: Vec<&str> = found.corpus.documents[0].word_texts().collect();
    assert_eq!(words, ["\u{1f355}", "at", "Casa", "Rosa", ",", "Bari", "now"]);
    let mut all = spans(&found.corpus);
    all.sort();
    let expected = ["Dish_raw:\u{1f355}", "Entity:Bar", "LOC:Casa", "ORG:Casa Rosa"];
    assert_eq!(all, expected.map(|name| (0, name.to_owned())));
    assert_eq!(found.corpus.annotation(1).status, Status::Done);
    assert!(found.problems.iter().any(|problem| problem.message.contains("relations and chains are not read")));
}

#[test]
fn another_layer_is_chosen_by_its_column() {
    let tags = TagOptions { tag_column: Some(3), ..TagOptions::default() };
    let pos = read(FILE, &ReadOptions { tags, ..ReadOptions::default() });
    assert_eq!(spans(&pos.corpus).len(), 8);
    let tags = TagOptions { tag_column: Some(20), ..TagOptions::default() };
    assert!(read(FILE, &ReadOptions { tags, ..ReadOptions::default() }).has_errors());
    let plain = FILE.replace("ner.type.NamedEntity", "custom.Dish");
    assert_eq!(spans(&read(&plain, &ReadOptions::default()).corpus).len(), 4);
    let none = "#FORMAT=WebAnno TSV 3.2\n\n#Text=Hi\n1-1\t0-2\tHi\t\n";
    assert_eq!(read(none, &ReadOptions::default()).corpus.annotation(0).status, Status::Todo);
}

#[test]
fn faulty_rows_are_errors_with_their_line() {
    let file = "#FORMAT=WebAnno TSV 3.3\n#T_SP=x.NamedEntity|value\n\n\n#Text=ab cd\n1-1\t0-2\tab\tX\n1-2\tx\tcd\tX\nnonsense\n1-3\t3-5\tzz\tX\n1-4\t3-5\tcd\n";
    let found = read(file, &ReadOptions::default());
    let lines: Vec<_> = found.problems.iter().filter(|p| p.severity == Severity::Error).map(|p| p.line).collect();
    assert_eq!(lines, [Some(7), Some(8), Some(10), None], "{:?}", found.problems);
    assert_eq!(spans(&found.corpus), [(0, "X:ab".to_owned())]);
}

#[test]
fn offsets_in_code_points_and_texts_in_two_lines_are_understood() {
    let file = "#FORMAT=WebAnno TSV 3.0\n#T_SP=x.NamedEntity|value\n\n\n#Text=\u{1f355}\u{1f355} ab\n#Text=ab cd\n\
        1-1\t0-2\t\u{1f355}\u{1f355}\t_\n1-2\t3-5\tab\tX\n1-3\t6-8\tab\tY[4]\n1-4\t9-11\tcd\tY[4]\n";
    let found = read(file, &ReadOptions::default());
    assert!(!found.has_errors(), "{:?}", found.problems);
    assert_eq!(spans(&found.corpus), [(0, "X:ab".to_owned()), (0, "Y:ab cd".to_owned())]);
    let without =
        "#FORMAT=WebAnno TSV 3.0\n#T_SP=x.NamedEntity|value\n\n\n1-1\t5-7\tab\tX\n1-2\t7-8\t!\t_\n1-3\t9-10\tc\t_\n";
    assert_eq!(&*read(without, &ReadOptions::default()).corpus.documents[0].text, "ab! c");
}

#[test]
fn files_are_written_as_webanno_writes_them() {
    let mut corpus = corpus(&[("1", &["a", "\u{1f355}", "b|c"], &[(1, 3, "X_Y")]), ("2", &["d"], &[])]);
    let label = corpus.annotations[0].spans()[0].label;
    let mut all = corpus.annotations[0].spans().to_vec();
    let range = TextRange::new(0, 1);
    all.push(Span { id: SpanId { writer: 0, sequence: 9 }, range, label, source: SpanSource::Import });
    let range = TextRange::new(7, 8);
    all.push(Span { id: SpanId { writer: 0, sequence: 10 }, range, label, source: SpanSource::Import });
    corpus.annotations[0] = Annotation::new(all, Status::Done);
    let options = WriteOptions::default();
    let written = FORMAT.write(&corpus, &options).unwrap();
    let expected = "#FORMAT=WebAnno TSV 3.3\n\
        #T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n\n\n\
        #Text=a \u{1f355} b|c\n1-1\t0-1\ta\t*\tX\\_Y\t\n1-2\t2-4\t\u{1f355}\t*[1]\tX\\_Y[1]\t\n1-3\t5-8\tb|c\t*[1]\tX\\_Y[1]\t\n\
        1-3.1\t5-6\tb\t*\tX\\_Y\t\n\n#Text=d\n2-1\t9-10\td\t_\t_\t\n";
    assert_eq!(String::from_utf8(written.bytes.clone()).unwrap(), expected);
    assert!(check_round_trip(&FORMAT, &corpus, &written, &options).holds());
}

#[test]
fn white_space_at_the_ends_is_a_loss() {
    let mut corpus = corpus(&[("1", &["a", "b"], &[(0, 1, "X")])]);
    let span = Span { range: TextRange::new(0, 2), ..corpus.annotations[0].spans()[0].clone() };
    corpus.annotations[0] = Annotation::new(vec![span], Status::Done);
    let with = |on_loss| FORMAT.write(&corpus, &WriteOptions { on_loss, ..WriteOptions::default() });
    assert!(with(OnLoss::Fail).is_err());
    assert_eq!(with(OnLoss::Skip).unwrap().spans_left_out, 1);
    assert_eq!(with(OnLoss::Snap).unwrap().spans_changed, 1);
}

#[test]
fn a_first_token_whose_spelling_occurs_before_it_is_found_by_its_offsets() {
    let file = "#FORMAT=WebAnno TSV 3.3\n#T_SP=x.NamedEntity|value\n\n\n#Text=ab ab\n1-1\t3-5\tab\tX\n\n\
        #Text=cd cd\n2-1\t9-11\tcd\tY\n";
    let found = read(file, &ReadOptions::default());
    let starts: Vec<_> = found.corpus.annotations.iter().map(|annotation| annotation.spans()[0].range.start).collect();
    assert_eq!(starts, [3, 3], "{:?}", found.problems);
}

#[test]
fn tokens_that_are_not_in_their_text_take_linear_time() {
    let file = |n: usize| {
        let rows: String = (1..=n).map(|at| format!("1-{at}\t0-1\tzz\tX\n")).collect();
        format!("#FORMAT=WebAnno TSV 3.3\n#T_SP=x.NamedEntity|value\n\n\n#Text={}\n{rows}", "a ".repeat(20 * n))
    };
    assert_linear(4_000, file, |file| read(file, &ReadOptions::default()).problems.len());
}
