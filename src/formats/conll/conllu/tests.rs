//! Tests of CoNLL-U with sentences of our own.

use serde_json::Value;

use super::FORMAT;
use crate::{
    formats::{
        Corpus, OnLoss, Read, ReadOptions, Severity, WriteOptions, Written, check_round_trip, detect, tests::corpus,
    },
    spans::{Annotation, Document, Scheme, Span, Status},
    text::TextRange,
};

fn read(text: &str) -> Read {
    FORMAT.read(text.as_bytes(), &ReadOptions::default())
}

fn spans(read: &Read) -> Vec<String> {
    let of = |(document, annotation): (&Document, &Annotation)| {
        let name = |span: &Span| format!("{}:{}", read.corpus.labels.name(span.label), span.range.of(&document.text));
        annotation.spans().iter().map(name).collect::<Vec<_>>()
    };
    read.corpus.pairs().flat_map(of).collect()
}

fn texts(read: &Read) -> Vec<&str> {
    read.corpus.documents.iter().map(|document| &*document.text).collect()
}

fn write(corpus: &Corpus, scheme: Scheme) -> Written {
    FORMAT.write(corpus, &WriteOptions { scheme, ..WriteOptions::default() }).unwrap()
}

fn text(written: &Written) -> &str {
    std::str::from_utf8(&written.bytes).unwrap()
}

/// A sentence with a token of two words, a word that is not in the text, a comment, and columns that no span needs.
const SPANISH: &str = "# newdoc id = d1\n# sent_id = s-1\n# text = Voy al Casa Rosa, hoy.\n# checked\n\
    1\tVoy\tir\tVERB\t_\t_\t0\troot\t_\t_\n\
    2-3\tal\t_\t_\t_\t_\t_\t_\t_\t_\n\
    2\ta\ta\tADP\t_\t_\t5\tcase\t_\t_\n\
    3\tel\tel\tDET\t_\t_\t5\tdet\t_\tname=B-LOC\n\
    4\tCasa\tcasa\tPROPN\t_\t_\t1\tobl\t_\tGloss=house|name=I-LOC\n\
    5\tRosa\trosa\tPROPN\t_\t_\t4\tflat\t_\tname=I-LOC|SpaceAfter=No\n\
    5.1\tvamos\tir\tVERB\t_\t_\t_\t_\t_\t_\n\
    6\t,\t,\tPUNCT\t_\t_\t7\tpunct\t_\t_\n\
    7\thoy\thoy\tADV\t_\t_\t1\tadvmod\t_\tSpaceAfter=No\n\
    8\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\t_\n\n";

#[test]
fn tokens_of_several_words_are_words_and_empty_words_are_not() {
    let found = detect("x.txt", SPANISH.as_bytes());
    assert_eq!(found.format.name, "conllu");
    let read = read(SPANISH);
    assert!(!read.has_errors(), "{:?}", read.problems);
    assert_eq!(texts(&read), ["Voy al Casa Rosa, hoy."]);
    let document = &read.corpus.documents[0];
    assert_eq!(document.word_texts().collect::<Vec<_>>(), ["Voy", "al", "Casa", "Rosa", ",", "hoy", "."]);
    assert_eq!(document.id, "s-1");
    assert_eq!(spans(&read), ["LOC:al Casa Rosa"]);
    assert_eq!(document.meta.get("newdoc id").and_then(Value::as_str), Some("d1"));
    for part in ["1 token of several words", "1 empty word"] {
        assert!(read.problems.iter().any(|problem| problem.message.starts_with(part)), "{:?}", read.problems);
    }
}

#[test]
fn an_unchanged_sentence_is_written_as_it_was() {
    let read = read(SPANISH);
    assert_eq!(text(&write(&read.corpus, Scheme::Bio)), SPANISH);
}

#[test]
fn a_change_of_spans_changes_only_their_tags() {
    let mut read = read(SPANISH);
    let span = read.corpus.annotations[0].spans()[0].clone();
    read.corpus.annotations[0] = Annotation::new(vec![Span { range: TextRange::new(7, 16), ..span }], Status::Done);
    let written = write(&read.corpus, Scheme::Bioes);
    let expected = SPANISH
        .replace("_\tname=B-LOC\n", "_\tname=O\n")
        .replace("Gloss=house|name=I-LOC", "Gloss=house|name=B-LOC")
        .replace("name=I-LOC|SpaceAfter", "name=E-LOC|SpaceAfter");
    assert_eq!(text(&written), expected);
    let proof = check_round_trip(&FORMAT, &read.corpus, &written, &WriteOptions::default());
    assert!(proof.holds(), "{proof}");
}

#[test]
fn keys_are_found_by_their_values() {
    let row = |misc: &str| format!("1\tBari\t_\t_\t_\t_\t_\t_\t_\t{misc}\n2\tis\t_\t_\t_\t_\t_\t_\t_\t_\n\n");
    for (misc, span) in [
        ("NER=B-loc|SpaceAfter=No", "loc:Bari"),
        ("start_char=0|end_char=4|ner=S-GPE", "GPE:Bari"),
        ("NE=LOC", "LOC:Bari"),
        ("Tagged=B_LOC", "LOC:Bari"),
    ] {
        let read = read(&row(misc));
        assert_eq!(spans(&read), [span], "{misc}: {:?}", read.problems);
        assert_eq!(read.corpus.annotation(0).status, Status::Done);
    }
    for misc in ["name=Bari", "Entity=(e1-place)", "Case=S", "_"] {
        let read = read(&row(misc));
        assert_eq!((spans(&read).len(), read.corpus.annotation(0).status), (0, Status::Todo), "{misc}");
        assert!(!read.problems.is_empty());
    }
    let both = read(&row("NER=B-A|name=B-B"));
    assert_eq!(spans(&both), ["B:Bari"]);
    assert!(both.problems.iter().any(|problem| problem.message.contains("under `NER` there are tags, too")));
}

#[test]
fn mentions_are_read_if_a_comment_names_their_values() {
    let file = "# global.Entity = eid-etype-head-other\n# sent_id = 1\n\
        1\tThe\t_\t_\t_\t_\t_\t_\t_\tEntity=(e1-organization-2-\n\
        2\tclub\t_\t_\t_\t_\t_\t_\t_\t_\n\
        3\tof\t_\t_\t_\t_\t_\t_\t_\t_\n\
        4\tBari\t_\t_\t_\t_\t_\t_\t_\tEntity=(e2-place-1-)e1)|SpaceAfter=No\n\
        5\t.\t_\t_\t_\t_\t_\t_\t_\tEntity=e9)\n\n";
    let read = read(file);
    assert_eq!(spans(&read), ["organization:The club of Bari", "place:Bari"]);
    assert!(read.problems.iter().any(|problem| problem.message.starts_with("1 mention")), "{:?}", read.problems);
    assert_eq!(texts(&read), ["The club of Bari."]);
    // Nested mentions do not fit into tags.
    assert!(FORMAT.write(&read.corpus, &WriteOptions::default()).is_err());
    let written =
        FORMAT.write(&read.corpus, &WriteOptions { on_loss: OnLoss::Skip, ..WriteOptions::default() }).unwrap();
    assert!(text(&written).contains("Entity=(e1-organization-2-|name=B-organization"), "{}", text(&written));
}

#[test]
fn new_documents_keep_their_white_space() {
    let mut corpus = corpus(&[("id 1", &["good", "tacos"], &[(1, 2, "Dish")]), ("2", &["ok"], &[])]);
    corpus.documents[0] = Document {
        words: vec![TextRange::new(1, 5), TextRange::new(7, 12), TextRange::new(12, 13)].into(),
        text: "\tgood\n tacos! ".into(),
        ..corpus.documents[0].clone()
    };
    let span = corpus.annotations[0].spans()[0].clone();
    corpus.annotations[0] = Annotation::new(vec![Span { range: TextRange::new(7, 12), ..span }], Status::Done);
    let written = write(&corpus, Scheme::Bio);
    let expected = "# sent_id = id 1\n# text = \tgood  tacos! \n\
        1\tgood\t_\t_\t_\t_\t_\t_\t_\tSpacesBefore=\\t|SpacesAfter=\\n\\s\n\
        2\ttacos\t_\t_\t_\t_\t_\t_\t_\tname=B-Dish|SpaceAfter=No\n\
        3\t!\t_\t_\t_\t_\t_\t_\t_\tSpacesAfter=\\s\n\n\
        # sent_id = 2\n# text = ok\n1\tok\t_\t_\t_\t_\t_\t_\t_\t_\n\n";
    assert_eq!(text(&written), expected);
    let back = FORMAT.read(&written.bytes, &ReadOptions::default());
    assert_eq!(texts(&back), ["\tgood\n tacos! ", "ok"]);
    assert!(back.corpus.documents.iter().all(|document| document.foreign.is_none()));
    assert_eq!(back.corpus.documents[0].id, "id 1");
}

#[test]
fn labels_with_bars_are_losses_and_bad_rows_are_errors() {
    let corpus = corpus(&[("1", &["tea"], &[(0, 1, "Dish|Drink")])]);
    assert!(FORMAT.write(&corpus, &WriteOptions::default()).is_err());
    let snapped = FORMAT.write(&corpus, &WriteOptions { on_loss: OnLoss::Snap, ..WriteOptions::default() }).unwrap();
    assert!(text(&snapped).contains("name=B-Dish_Drink"));
    let bad = "1\ta\t_\t_\t_\t_\t_\t_\t_\tname=B-X\nx\tb\t_\t_\t_\t_\t_\t_\t_\t_\n2\tc\n3\t\t_\t_\t_\t_\t_\t_\t_\t_\n";
    let lines: Vec<_> =
        read(bad).problems.into_iter().filter(|p| p.severity == Severity::Error).map(|p| p.line).collect();
    assert_eq!(lines, [2, 3, 4].map(Some));
    let differing =
        read("# text = something else\n1\ta\t_\t_\t_\t_\t_\t_\t_\tname=B-X\n2\tb\t_\t_\t_\t_\t_\t_\t_\t_\n");
    assert_eq!(texts(&differing), ["a b"]);
    assert!(differing.problems.iter().any(|problem| problem.message.contains("not those of `# text`")));
}

#[test]
fn tags_of_tokens_with_several_words_are_those_of_the_scheme() {
    let mut read = read(SPANISH);
    let span = read.corpus.annotations[0].spans()[0].clone();
    for (range, scheme, tags) in [
        (TextRange::new(4, 6), Scheme::Bioes, ["B-LOC", "E-LOC"]),
        (TextRange::new(4, 6), Scheme::Bilou, ["B-LOC", "L-LOC"]),
        (TextRange::new(0, 6), Scheme::Bioes, ["I-LOC", "E-LOC"]),
        (TextRange::new(0, 6), Scheme::Bilou, ["I-LOC", "L-LOC"]),
        (TextRange::new(0, 11), Scheme::Bilou, ["I-LOC", "I-LOC"]),
    ] {
        read.corpus.annotations[0] = Annotation::new(vec![Span { range, ..span.clone() }], Status::Done);
        let written = write(&read.corpus, scheme);
        let rows: Vec<&str> = text(&written).lines().filter(|line| line.starts_with(['2', '3'])).skip(1).collect();
        let found: Vec<&str> = rows.iter().filter_map(|row| row.rsplit_once("name=")).map(|(_, tag)| tag).collect();
        assert_eq!(found, tags, "{range:?} {}", text(&written));
        let proof = check_round_trip(&FORMAT, &read.corpus, &written, &WriteOptions::default());
        assert!(proof.holds(), "{proof}");
    }
}

#[test]
fn deleted_mentions_do_not_come_back() {
    let file = "# global.Entity = eid-etype\n1\tBari\t_\t_\t_\t_\t_\t_\t_\tEntity=(e1-place)\n\n";
    let mut read = read(file);
    assert_eq!(spans(&read), ["place:Bari"]);
    read.corpus.annotations[0] = Annotation::new(Vec::new(), Status::Done);
    let written = write(&read.corpus, Scheme::Bio);
    assert!(text(&written).contains("Entity=(e1-place)|name=O"), "{}", text(&written));
    assert_eq!(
        written.problems[0].message,
        "1 sentence with mentions under `Entity`: left as they were; spans are under `name`"
    );
    let back = FORMAT.read(&written.bytes, &ReadOptions::default());
    assert_eq!((spans(&back).len(), back.corpus.annotation(0).status), (0, Status::Done));
}

#[test]
fn comments_of_a_sentence_that_cannot_be_read_are_not_those_of_the_next() {
    let row = "1\tBari\t_\t_\t_\t_\t_\t_\t_\tname=B-LOC\n\n";
    let read = read(&format!("# newdoc\n\n# sent_id = a\n1\tbroken\n\n# sent_id = b\n{row}"));
    assert_eq!((read.corpus.documents.len(), read.corpus.documents[0].id.as_str()), (1, "b"));
    let read = self::read(&format!("# newdoc id = n\n\n# sent_id = b\n{row}"));
    assert_eq!(read.corpus.documents[0].meta.get("newdoc id").and_then(Value::as_str), Some("n"));
}
