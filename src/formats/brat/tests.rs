use std::io::{Cursor, Read as _, Write as _};

use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::FORMAT;
use crate::{
    formats::{OnLoss, Read, ReadOptions, Severity, WriteOptions, check_round_trip, detect},
    spans::{Annotation, Status},
    text::TextRange,
};

fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn unzip(bytes: &[u8]) -> Vec<(String, String)> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let of = |index| {
        let mut file = archive.by_index(index).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        (file.name().unwrap().into_owned(), text)
    };
    (0..ZipArchive::new(Cursor::new(bytes)).unwrap().len()).map(of).collect()
}

fn read(files: &[(&str, &str)]) -> Read {
    let bytes = zip(files);
    assert_eq!(detect("a.zip", &bytes).format.name, "brat");
    FORMAT.read(&bytes, &ReadOptions::default())
}

fn spans(read: &Read) -> Vec<(String, String)> {
    let of = |(document, annotation): (&crate::spans::Document, &Annotation)| {
        let shown = |span: &crate::spans::Span| {
            (span.range.of(&document.text).to_owned(), read.corpus.labels.name(span.label).to_owned())
        };
        annotation.spans().iter().map(shown).collect::<Vec<_>>()
    };
    read.corpus.pairs().flat_map(of).collect()
}

const TEXT: &str = "\u{1f32e} Fish tacos and soft\nshell crab, please.";
const LINES: &str = "T1\tDish 2 12\tFish tacos\nT2\tDish 17 21;22 32\tsoft shell crab\nT3\tDish 2 6;17 21\tFish soft\n\
    E1\tOrder:T1 Thing:T2\nR1\tBeside Arg1:T1 Arg2:T3\nA1\tFresh E1\n#1\tAnnotatorNotes T3\tcheck\twith Ann\n*\tEquiv T1 T3\n";

#[test]
fn pairs_are_read_with_labels_from_the_settings() {
    let read = read(&[
        (
            "annotation.conf",
            "[entities]\n!Food\n\tDish\n\tPrice # dollars\n-----\n[relations]\nBeside Arg1:Dish, Arg2:Dish\n",
        ),
        ("in/a.txt", TEXT),
        ("in/a.ann", LINES),
        ("b.txt", "no one looked"),
        ("c.txt", "empty"),
        ("c.ann", ""),
    ]);
    let texts: Vec<_> = spans(&read).into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts, ["Fish tacos and soft", "Fish tacos", "soft\nshell crab"]);
    let statuses: Vec<_> = (0..3).map(|at| read.corpus.annotation(at).status).collect();
    assert_eq!(statuses, [Status::Done, Status::Todo, Status::Todo]);
    let labels: Vec<_> = read.corpus.labels.iter().map(|label| label.name.as_str()).collect();
    assert_eq!((labels, read.corpus.documents[0].id.as_str()), (vec!["Dish", "Price"], "in/a"));
    let shown: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert!(shown[0].starts_with("in/a.ann, line 3: `Fish soft` (`Dish`) has 2 parts"), "{shown:?}");
    assert!(shown[1].starts_with("1 relation, 1 event, 1 attribute, 1 note, 1 other line: kept"), "{shown:?}");
    assert!(shown[2].starts_with("1 document with annotations that have no span: to do"), "{shown:?}");
}

#[test]
fn an_unchanged_document_is_written_back_line_for_line() {
    let mut read = read(&[("a.txt", TEXT), ("a.ann", LINES)]);
    let written = FORMAT.write(&read.corpus, &WriteOptions::default()).unwrap();
    let files = unzip(&written.bytes);
    assert_eq!(files[..2], [("a.txt".to_owned(), TEXT.to_owned()), ("a.ann".to_owned(), LINES.to_owned())]);
    assert_eq!(
        files[2].1,
        "[entities]\nDish\n\n[relations]\nBeside\tArg1:<ANY>, Arg2:<ANY>\n\n[events]\nOrder\tThing:<ANY>\n\n[attributes]\n\
         Fresh\tArg:<ANY>\n"
    );
    assert!(check_round_trip(&FORMAT, &read.corpus, &written, &WriteOptions::default()).holds());
    // Without its first span, the event, its attribute and the relation have nothing to refer to.
    let left: Vec<_> =
        read.corpus.annotation(0).spans().iter().filter(|span| span.range.len() != 10).cloned().collect();
    assert_eq!(left.len(), 2);
    read.corpus.annotations[0] = Annotation::new(left, Status::Done);
    let written = FORMAT.write(&read.corpus, &WriteOptions::default()).unwrap();
    assert_eq!(
        unzip(&written.bytes)[1].1,
        "T2\tDish 17 21;22 32\tsoft shell crab\nT3\tDish 2 6;17 21\tFish soft\n#1\tAnnotatorNotes T3\tcheck\twith Ann\n"
    );
    assert!(written.problems[0].message.contains("4 lines of relations, events or notes left out"));
}

#[test]
fn spans_are_checked_against_their_text() {
    let lines =
        "T1\tDish 0 5\ttacos\nT2\tDish 0 5\tsalsa\nT3\tDish 0 4\tthe\nT4\tDish 9 99\tpie\nT5\tDish x 4\ta\nT6 Dish\n";
    let read = read(&[("a.txt", "tacos the, the end"), ("a.ann", lines)]);
    assert_eq!(spans(&read).len(), 1);
    let shown: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert_eq!(shown.len(), 5, "{shown:?}");
    assert!(shown[0].starts_with("a.ann: document `a`: the span 0-5 (`salsa`) fits nowhere in the text"), "{shown:?}");
    assert!(shown[1].contains("the span 0-4 (`the`) fits nowhere"), "{shown:?}");
    assert!(shown[3].starts_with("a.ann, line 5: offsets that are no numbers"), "{shown:?}");
    assert!(read.problems[3..].iter().all(|problem| problem.severity == Severity::Error), "{shown:?}");
}

#[test]
fn offsets_in_utf_16_units_are_converted_and_parts_kept() {
    let lines = "T1\tDish 3 13\tFish tacos\nT2\tDish 18 22;29 33\tsoft crab\nR1\tOf Arg1:T1 Arg2:T2\n";
    let read = read(&[("a.txt", TEXT), ("a.ann", lines)]);
    assert_eq!(
        spans(&read).iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(),
        ["Fish tacos", "soft\nshell crab"]
    );
    assert!(read.problems.iter().any(|problem| problem.message.contains("UTF-16 units")), "{:?}", read.problems);
    let written = FORMAT.write(&read.corpus, &WriteOptions::default()).unwrap();
    assert_eq!(
        unzip(&written.bytes)[1].1,
        "T1\tDish 2 12\tFish tacos\nT2\tDish 17 21;28 32\tsoft crab\nR1\tOf Arg1:T1 Arg2:T2\n"
    );
}

#[test]
fn the_two_files_of_shared_tasks_are_one() {
    let read = read(&[
        ("a.a1", "T1\tProtein 0 3\tp53\n"),
        ("a.txt", "p53 binds"),
        ("a.a2", "T2\tBinding 4 9\tbinds\nE1\tBinding:T2 Theme:T1\n"),
    ]);
    assert_eq!(spans(&read).len(), 2);
    assert!(read.corpus.documents[0].foreign.as_ref().unwrap()["brat"].as_str().unwrap().ends_with("Theme:T1\n"));
}

#[test]
fn what_is_missing_is_named() {
    let orphan = FORMAT.read(&zip(&[("a.ann", LINES), ("b.txt", "x"), ("c.png", "x")]), &ReadOptions::default());
    let error = orphan.problems.iter().find(|problem| problem.severity == Severity::Error).unwrap();
    assert_eq!(error.to_string(), "a.ann: its text, `a.txt`, is missing (both files must be in the same folder)");
    assert!(orphan.problems.iter().any(|problem| problem.message.starts_with("1 file of other kinds")));
    assert_eq!(detect("a.ann", LINES.as_bytes()).format.name, "brat");
    let alone = FORMAT.read(LINES.as_bytes(), &ReadOptions::default());
    assert!(alone.problems[0].message.contains("two files for each document"), "{:?}", alone.problems);
}

#[test]
fn names_and_labels_that_files_cannot_have_are_changed() {
    let mut corpus = crate::formats::tests::corpus(&[
        ("../etc/a:b", &["new", "york"], &[(0, 2, "Place Name")]),
        ("../etc/a_b", &["ok"], &[]),
        (".hidden", &["ok"], &[]),
    ]);
    assert!(FORMAT.write(&corpus, &WriteOptions::default()).is_err());
    let options = WriteOptions { on_loss: OnLoss::Snap, ..WriteOptions::default() };
    let written = FORMAT.write(&corpus, &options).unwrap();
    let files = unzip(&written.bytes);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names[..5],
        ["_../etc/a_b.txt", "_../etc/a_b.ann", "_../etc/a_b-2.txt", "_../etc/a_b-2.ann", "_.hidden.txt"]
    );
    assert_eq!(files[1].1, "T1\tPlace_Name 0 8\tnew york\n");
    assert!(check_round_trip(&FORMAT, &corpus, &written, &options).holds());
    // A line break at the end of a span, and one inside.
    corpus.documents[0].text = "new\nyork\n".into();
    let mut span = corpus.annotation(0).spans()[0].clone();
    span.range = TextRange::new(0, 9);
    corpus.annotations[0] = Annotation::new(vec![span], Status::Done);
    let written = FORMAT.write(&corpus, &options).unwrap();
    assert_eq!(unzip(&written.bytes)[1].1, "T1\tPlace_Name 0 3;4 8\tnew york\n");
    assert_eq!(written.spans_changed, 1);
}

#[test]
fn each_file_of_a_document_has_lines_of_its_own() {
    let read = read(&[
        ("a.txt", "p53 binds"),
        ("a.a1", "T1\tProtein 0 3\tp53"),
        ("a.a2", "T2\tBinding 4 9\tbinds\nT3\tBinding x 9\tbinds"),
    ]);
    let expected = [("p53", "Protein"), ("binds", "Binding")].map(|(text, label)| (text.to_owned(), label.to_owned()));
    assert_eq!(spans(&read), expected);
    assert!(
        read.problems[0].to_string().starts_with("a.a2, line 2: offsets that are no numbers"),
        "{:?}",
        read.problems
    );
}

#[test]
fn a_document_without_one_of_its_spans_is_not_done() {
    let read = read(&[("a.txt", "tacos, please"), ("a.ann", "T1\tDish 0 5\ttacos\nT2\tDish 0 5\tsalsa\n")]);
    assert_eq!((spans(&read).len(), read.corpus.annotation(0).status), (1, Status::Partial));
}

#[test]
fn labels_that_would_become_one_are_not_merged() {
    let corpus = crate::formats::tests::corpus(&[("1", &["new", "york"], &[(0, 1, "A B"), (1, 2, "A\u{a0}B")])]);
    let options = WriteOptions { on_loss: OnLoss::Snap, ..WriteOptions::default() };
    let written = FORMAT.write(&corpus, &options).unwrap();
    let files = unzip(&written.bytes);
    assert_eq!(files[1].1, "T1\tA_B 0 3\tnew\n");
    assert!(files[2].1.starts_with("[entities]\nA_B\n\n"), "{}", files[2].1);
    let problem = written.problems.iter().find(|problem| problem.message.ends_with("left out")).unwrap();
    assert_eq!(problem.place.as_ref().unwrap().range, Some(TextRange::new(4, 8)), "the screen can go there");
}
