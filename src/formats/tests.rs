//! All formats together.
//! Written files are read back, losses are reported, and no bytes make a reader panic.

#![allow(clippy::type_complexity, reason = "cases are written as plain tuples")]

use proptest::prelude::*;

use super::*;
use crate::{
    spans::{Annotation, Document, Span, SpanId, SpanSource, Status},
    text::TextRange,
};

/// A corpus from words and spans of words.
pub(crate) fn corpus(documents: &[(&str, &[&str], &[(usize, usize, &str)])]) -> Corpus {
    let mut labels = LabelSet::default();
    let mut out = Corpus::default();
    let mut sequence = 0;
    for (id, words, spans) in documents {
        let document = Document::from_words(*id, *words);
        let spans = spans.iter().map(|(start, end, label)| {
            sequence += 1;
            let range = document.range_of_words(*start..*end).unwrap();
            Span { id: SpanId { writer: 0, sequence }, range, label: labels.intern(label), source: SpanSource::Import }
        });
        out.annotations.push(Annotation::new(spans.collect(), Status::Done));
        out.documents.push(document);
    }
    out.labels = labels;
    out
}

fn written(format: &str, corpus: &Corpus, on_loss: OnLoss) -> Result<Written, Vec<Problem>> {
    find(format).unwrap().write(corpus, &WriteOptions { on_loss, ..WriteOptions::default() })
}

fn text(written: &Written) -> &str {
    std::str::from_utf8(&written.bytes).unwrap()
}

fn read(format: &str, text: &str) -> Read {
    find(format).unwrap().read(text.as_bytes(), &ReadOptions::default())
}

/// A corpus with half words: one word `sushis` with a span on `sushi`, and so on.
fn spans_on(words: &[&str], spans: &[(usize, usize, &str)]) -> Corpus {
    let mut corpus = corpus(&[("7", words, &[])]);
    let spans = spans.iter().zip(0..).map(|((start, end, label), sequence)| Span {
        id: SpanId { writer: 0, sequence },
        range: TextRange::new(*start, *end),
        label: corpus.labels.intern(label),
        source: SpanSource::Human,
    });
    corpus.annotations = vec![Annotation::new(spans.collect(), Status::Done)];
    corpus
}

#[test]
fn numbers_of_more_than_64_bits_keep_their_digits_on_the_way_through() {
    const NUMBER: &str = "123456789012345678901234567890";
    let line = format!(r#"{{"id":{NUMBER},"text":"a","meta":{{"order":{NUMBER}}}}}"#);
    let tasks = format!(r#"[{{"id":{NUMBER},"data":{{"text":"a","order":{NUMBER}}}}}]"#);
    for (format, input) in [("jsonl", &line), ("label-studio", &tasks)] {
        let read = read(format, input);
        assert!(read.problems.iter().any(|problem| problem.message.contains("2 numbers")), "{:?}", read.problems);
        assert_eq!(read.corpus.documents[0].id, NUMBER);
        for target in ["jsonl", "label-studio"] {
            let written = written(target, &read.corpus, OnLoss::Fail).unwrap();
            let text = text(&written).replace("\": ", "\":");
            assert!(text.contains(&format!("\"order\":\"{NUMBER}\"")), "{format} to {target}: {text}");
        }
    }
}

#[test]
fn lines_of_which_some_have_tags_are_no_reviews() {
    let file = "% corpus 1\n// a comment\nfish B-Dish\ntacos I-Dish\n\n// another\nBari B-Loc\nis O\n";
    let guess = detect("a.txt", file.as_bytes());
    let read = guess.format.read(file.as_bytes(), &ReadOptions::default());
    assert!(read.has_errors() && read.problems[0].message.contains("conll2002"), "{:?}", read.problems);
    let named = find("conll2002").unwrap().read(file.as_bytes(), &ReadOptions::default());
    assert_eq!(named.corpus.span_count(), 2);
    assert!(named.problems.iter().all(|problem| problem.message.contains("//")), "{:?}", named.problems);
    for reviews in ["we took the I-95\nthe tacos were good\ncheap\n\nand late\n", "good\nbad\n"] {
        assert_eq!(detect("a.txt", reviews.as_bytes()).format.name, "text", "{reviews}");
    }
}

/// Spreadsheets on a Mac end lines with CR.
#[test]
fn a_format_is_the_same_whatever_ends_its_lines() {
    for file in [
        "1\tfish\t_\tN\t_\t_\t0\troot\t_\tname=B-Dish\n2\tok\t_\tN\t_\t_\t0\troot\t_\t_\n\n",
        "fish\t1\ntacos\t2\nok\t0\nso\t0\n",
        "fish\tx\ty\ntacos\ty\tx\nok\tz\tz\nso\ta\tb\n",
        "pad thai\tB-Dish I-Dish\nso\tO\n",
        "(0, 1) - Dish\n(1, 1) - Place\n",
        "T1\tDish 0 4\tfish\nT2\tDish 5 9\tsoup\n",
        "good\nbad\nfish soup\n",
    ] {
        let names = ["\n", "\r\n", "\r"].map(|end| detect("a", file.replace('\n', end).as_bytes()).format.name);
        assert!(names.iter().all(|name| *name == names[0]), "{file:?}: {names:?}");
    }
}

/// The screen goes from each loss to its place.
#[test]
fn a_loss_of_a_span_has_the_place_of_the_span() {
    let spans =
        [(0, 2, "Dish"), (1, 4, "Dish"), (0, 10, "New York"), (2, 3, "a\n\"b]"), (4, 5, "Dish"), (9, 10, "x#y")];
    let corpus = spans_on(&["fish", "tacos"], &spans);
    let mut refused = Vec::new();
    for format in FORMATS.iter().filter(|format| format.can_write()) {
        let Err(problems) = written(format.name, &corpus, OnLoss::Fail) else { continue };
        refused.push(format.name);
        for problem in problems.iter().filter(|problem| problem.message.contains(" span")) {
            let place = problem.place.as_ref();
            assert!(place.is_none_or(|place| place.range.is_some()), "{}: {problem}", format.name);
        }
        let of_span = problems.iter().filter_map(|problem| problem.place.as_ref()?.range).count();
        assert!(of_span > 0, "{}: {problems:?}", format.name);
    }
    for name in ["text", "conll2003", "conllu", "yedda", "hf-jsonl", "parquet", "brat", "label-studio-conll"] {
        assert!(refused.contains(&name), "{name}: {refused:?}");
    }
}

#[test]
fn as_many_losses_are_listed_as_the_caller_wants() {
    let words = ["seafood"; 300];
    let spans: Vec<_> = (0..300).map(|at| (at * 8, at * 8 + 3, "Dish")).collect();
    let corpus = spans_on(&words, &spans);
    let listed = |listed_losses| {
        let options = WriteOptions { listed_losses, ..WriteOptions::default() };
        let problems = find("conll2002").unwrap().write(&corpus, &options).unwrap_err();
        problems.iter().filter(|problem| problem.place.is_some()).count()
    };
    assert_eq!((listed(WriteOptions::default().listed_losses), listed(1_000)), (50, 300));
}

#[test]
fn each_layout_is_written_as_its_readers_expect() {
    let corpus = corpus(&[("1", &["good", "pad", "thai"], &[(1, 3, "Dish")]), ("2", &["Rome"], &[(0, 1, "Location")])]);
    let write = |format| String::from_utf8(written(format, &corpus, OnLoss::Fail).unwrap().bytes).unwrap();
    assert_eq!(write("tag-first"), "O\tgood\nB-Dish\tpad\nI-Dish\tthai\n\nB-Location\tRome\n\n");
    assert_eq!(write("conll2002"), "good O\npad B-Dish\nthai I-Dish\n\nRome B-Location\n\n");
    let docstart = "-DOCSTART- -X- -X- O\n\n";
    assert_eq!(
        write("conll2003"),
        format!("{docstart}good -X- _ O\npad -X- _ B-Dish\nthai -X- _ I-Dish\n\nRome -X- _ B-Location\n\n")
    );
}

#[test]
fn conll2003_comes_back_byte_for_byte() {
    let file = "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n\
        -DOCSTART- -X- -X- O\n\n-DOCSTART- -X- -X- O\n\nPeter NNP B-NP B-PER\n\nsings VBZ B-VP O\n\n";
    let read = read("conll2003", file);
    assert_eq!(read.detected[..5], ["tag last", "4 columns", "spaces", "IOB2 tags", "no header"]);
    assert_eq!(text(&written("conll2003", &read.corpus, OnLoss::Fail).unwrap()), file);
}

#[test]
fn layouts_met_in_the_wild_read_alike() {
    let wild = [
        "B-Dish\ttacos\r\nO\tplease\r\n\r\nO\tok",
        "tacos B-Dish\nplease O\n\n\n\nok O\n",
        "-DOCSTART- -X- O\ntacos -X- _ B-Dish\nplease -X- _ O\n\nok -X- _ O\n\n",
        "-DOCSTART-\tO\n\ntacos\tB-Dish\nplease\tO\n\t\nok\tO\n",
        "# newdoc\n# sent_id = 4\ntacos   NN   U-Dish\nplease  UH   O\n\nok      UH   O\n",
        "Word\tTag\ntacos\tS-Dish\nplease\tO\n\nok\tO\n",
        "\u{feff}tacos B-Dish 0.9\nplease O 1\n\nok O 1\n",
    ];
    for file in wild {
        let read = read("conll2003", file);
        assert!(!read.has_errors(), "{file:?}: {:?}", read.problems);
        let words: Vec<Vec<&str>> = read.corpus.documents.iter().map(|d| d.word_texts().collect()).collect();
        assert_eq!(words, [vec!["tacos", "please"], vec!["ok"]], "{file:?}");
        let spans = read.corpus.annotation(0).spans();
        assert_eq!(
            spans.iter().map(|span| (span.range.start, span.range.end)).collect::<Vec<_>>(),
            [(0, 5)],
            "{file:?}"
        );
    }
}

#[test]
fn comments_stay_with_their_sentence_and_the_word_hash_is_a_word() {
    let read = read("conll2002", "# sent_id = 4\n# checked by Ann\n# O\n1 B-N\n\nok O\n");
    assert_eq!(read.corpus.documents[0].word_texts().collect::<Vec<_>>(), ["#", "1"]);
    let meta = serde_json::Value::Object((*read.corpus.documents[0].meta).clone());
    assert_eq!(meta, serde_json::json!({"sent_id": "4", "comments": ["checked by Ann"]}));
}

#[test]
fn bad_lines_are_errors_with_their_line() {
    let read = read("tag-first", "O\ta\nB-Dish\nX-Dish\tb\nO\tc\td\n\tf\nO\t\nB-Dish\tg\n");
    let errors: Vec<_> = read.problems.iter().filter(|p| p.severity == Severity::Error).map(|p| p.line).collect();
    assert_eq!(errors, [2, 3, 4, 5].map(Some), "{:?}", read.problems);
    assert!(read.problems[0].message.contains("a tag without a word: `B-Dish`"));
    assert!(read.problems[0].hint.as_ref().unwrap().contains("tag<TAB>word"));
    let note = read.problems.iter().find(|p| p.severity == Severity::Note).unwrap();
    assert_eq!((note.line, note.message.as_str()), (Some(6), "1 empty word, kept as it is"));
    assert_eq!(read.corpus.documents[0].word_texts().collect::<Vec<_>>(), ["a", "", "g"]);
}

#[test]
fn a_flood_of_bad_lines_is_counted() {
    let flood = read("conll2002", &format!("{}{}", "a O\n".repeat(301), "one\n".repeat(300)));
    assert!(flood.problems.len() < 60);
    assert!(flood.problems.last().unwrap().message.contains("and 250 more errors"));
}

#[test]
fn a_document_that_lost_a_span_is_not_done() {
    let brackets = "a O (X*\nb O *)\nc O *\n\nd O *)\ne O *\nf O (Y)\n";
    let row = |word: &str, entity: &str| format!("d 0 0 {word} NN * - - - S {entity} -\n");
    let ontonotes = ["#begin document (d); part 0\n", &row("a", "(X)"), "\n", &row("b", "(X*"), "\n"].concat();
    let mention = "# global.Entity = eid-etype\n1\ta\t_\t_\t_\t_\t_\t_\t_\tEntity=(e1-X)\n\n\
        1\tb\t_\t_\t_\t_\t_\t_\t_\tEntity=e2)\n\n";
    let row = "1\ta\t_\t_\t_\t_\t_\t_\t_\tname=B-X\n";
    let webanno = "#FORMAT=WebAnno TSV 3.3\n#T_SP=x.NamedEntity|value\n\n\n#Text=a\n1-1\t0-1\ta\tX\n\n\
        #Text=b\n2-1\t2-3\tc\tX\n";
    for (format, file) in [
        ("tag-first", "B-X\ta\n\nB-X\t\nO\tb\n"),
        ("conll2002", "a B-X\n\nb O\nc B-X d\n"),
        ("conll2003", brackets),
        ("conll2012", &ontonotes),
        ("conllu", mention),
        ("conllu", &format!("{row}\n{row}2\tb\n\n")),
        ("webanno-tsv", webanno),
    ] {
        let read = read(format, file);
        let statuses: Vec<_> = read.corpus.annotations.iter().map(|annotation| annotation.status).collect();
        assert_eq!(statuses, [Status::Done, Status::Partial], "{format}: {:?}", read.problems);
    }
}

#[test]
fn schemes_are_named_and_orphans_counted() {
    let detected = |text: &str| read("conll2002", text).detected[2].clone();
    assert_eq!(detected("a I-X\nb I-X\nc B-X\n"), "IOB1 tags");
    assert_eq!(detected("a B-X\nb E-X\n"), "BIOES tags");
    assert_eq!(detected("a B-X\nb L-X\n"), "BILOU tags");
    let yedda = read("conll2002", "a B-X\nb M-X\nc E-X\nd S-X\n");
    assert_eq!((yedda.detected[2].as_str(), yedda.corpus.span_count()), ("BMES tags", 2));
    let orphans = read("conll2002", "a B-X\nb O\nc I-X\nd I-Y\ne B-Z\n");
    assert_eq!(orphans.problems[0].line, Some(3));
    assert!(orphans.problems[0].message.starts_with("2 I- tags without a B-"), "{:?}", orphans.problems);
    assert_eq!(orphans.corpus.span_count(), 4);
}

#[test]
fn bare_labels_are_read_as_spans_and_said() {
    let read = read("conll2002", "the O\npad Dish\nthai Dish\nis O\ngood O\n");
    assert_eq!(read.corpus.span_count(), 1);
    assert_eq!(read.detected[2], "labels without B- and I-");
}

#[test]
fn half_words_are_listed_left_out_or_widened() {
    let corpus = spans_on(&["two", "sushis"], &[(4, 9, "Dish"), (0, 3, "N")]);
    let problems = written("conll2002", &corpus, OnLoss::Fail).unwrap_err();
    assert_eq!(problems[0].message, "document `7`: the span `sushi` (`Dish`) ends inside a word of `sushis`");
    assert!(problems[1].message.starts_with("1 loss: nothing was written"));
    let skipped = written("conll2002", &corpus, OnLoss::Skip).unwrap();
    assert_eq!((text(&skipped), skipped.spans_left_out), ("two B-N\nsushis O\n\n", 1));
    let snapped = written("conll2002", &corpus, OnLoss::Snap).unwrap();
    assert_eq!((text(&snapped), snapped.spans_changed), ("two B-N\nsushis B-Dish\n\n", 1));
    assert!(snapped.problems[0].message.ends_with("widened to `sushis`"));
    let options = WriteOptions { on_loss: OnLoss::Snap, ..WriteOptions::default() };
    let proof = check_round_trip(find("conll2002").unwrap(), &corpus, &snapped, &options);
    assert!(proof.holds());
    assert_eq!(proof.to_string(), "2 spans written and read back, 1 changed (1 as reported)");
}

#[test]
fn of_overlapping_spans_the_longer_stays() {
    let corpus = spans_on(
        &["cheap", "thai", "food"],
        &[(0, 5, "Price"), (0, 15, "Cuisine"), (6, 10, "Dish"), (0, 15, "Cuisine")],
    );
    assert_eq!(written("tag-first", &corpus, OnLoss::Fail).unwrap_err().len(), 4);
    let kept = written("tag-first", &corpus, OnLoss::Skip).unwrap();
    assert_eq!(text(&kept), "B-Cuisine\tcheap\nI-Cuisine\tthai\nI-Cuisine\tfood\n\n");
    assert_eq!((kept.spans_written, kept.spans_left_out), (1, 3));
}

#[test]
fn white_space_at_the_ends_of_a_span_is_no_loss() {
    let corpus = spans_on(&["pad", "thai", "please"], &[(0, 9, "Dish")]);
    assert_eq!(text(&written("conll2002", &corpus, OnLoss::Fail).unwrap()), "pad B-Dish\nthai I-Dish\nplease O\n\n");
}

#[test]
fn words_and_labels_with_spaces_are_losses_where_spaces_separate() {
    let corpus =
        corpus(&[("1", &["New York", "", "pizza"], &[(0, 1, "Place Name"), (2, 3, "Dish")]), ("2", &["ok"], &[])]);
    assert_eq!(written("conll2002", &corpus, OnLoss::Fail).unwrap_err().len(), 4);
    assert_eq!(text(&written("conll2002", &corpus, OnLoss::Skip).unwrap()), "ok O\n\n");
    let snapped = written("conll2002", &corpus, OnLoss::Snap).unwrap();
    assert_eq!(text(&snapped), "New B-Place_Name\nYork I-Place_Name\npizza B-Dish\n\nok O\n\n");
    let tabbed = written("tag-first", &corpus, OnLoss::Fail).unwrap();
    assert_eq!(text(&tabbed), "B-Place Name\tNew York\nO\t\nB-Dish\tpizza\n\nO\tok\n\n");
    assert_eq!(tabbed.problems.len(), 1);
}

#[test]
fn text_outside_of_words_and_reserved_words_are_losses() {
    let mut gap = corpus(&[("1", &["a", "b", "c"], &[])]);
    let mut words = gap.documents[0].words.to_vec();
    words.remove(1);
    gap.documents[0].words = words.into();
    assert!(written("conll2003", &gap, OnLoss::Fail).unwrap_err()[0].message.contains("`b` belongs to no word"));
    assert!(written("conll2003", &gap, OnLoss::Skip).unwrap().documents.is_empty());
    assert_eq!(text(&written("conll2002", &gap, OnLoss::Snap).unwrap()), "a O\nb O\nc O\n\n");
    let reserved = corpus(&[("1", &["-DOCSTART-"], &[])]);
    assert!(written("conll2002", &reserved, OnLoss::Fail).is_err());
    let hidden = corpus(&[("1", &["the -DOCSTART- line"], &[])]);
    assert!(written("conll2002", &hidden, OnLoss::Snap).unwrap().documents.is_empty());
    assert_eq!(text(&written("tag-first", &reserved, OnLoss::Fail).unwrap()), "O\t-DOCSTART-\n\n");
}

#[test]
fn files_are_recognised_by_content_then_by_name() {
    let best = |name: &str, text: &str| {
        let guesses = table::guesses(name, text.as_bytes());
        guesses.first().map(|guess| guess.format.name)
    };
    assert_eq!(best("a.txt", "B-Dish\ttacos\nO\tplease\n"), Some("tag-first"));
    assert_eq!(best("a.txt", "tacos B-Dish\n"), Some("conll2002"));
    assert_eq!(best("a", "tacos NN B-NP B-Dish\n"), Some("conll2003"));
    assert_eq!(best("a.txt", "The tacos were good.\nO well\n"), Some("text"));
    assert_eq!(best("a.json", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n"), Some("jsonl"));
    assert_eq!(best("a.jsonl", "[{\"data\":{\"text\":\"a\"},\"annotations\":[]}]"), Some("label-studio"));
    let min = "[{\"text\":\"a\",\"id\":1,\"annotator\":1,\"annotation_id\":2,\"lead_time\":1.5}]";
    assert_eq!(best("a.json", min), Some("label-studio-min"));
    let columns = "\"annotation_id\",\"annotator\",\"id\",\"lead_time\",\"text\"\r\n";
    assert_eq!(best("a.csv", columns), Some("label-studio-csv"));
    assert_eq!(best("a", &columns.replace(',', "\t")), Some("label-studio-tsv"));
    assert_eq!(best("a.jsonl", "{\"text\":\"a\",\"spans\":[],\"answer\":\"reject\"}"), Some("prodigy"));
    assert_eq!(best("a.jsonl", "{\"text\":\"a\",\"label\":[[0,1,\"X\"]]}"), Some("doccano"));
    assert_eq!(best("a.txt", "The winner is O"), Some("text"));
    assert_eq!(best("a.tsv", "text\ttags\npad thai rocks\tB-Dish I-Dish O\ncheap\tO\n"), Some("sentence-rows"));
    assert_eq!(best("a.txt", "1;The;DT;O\n2;tacos;NN;B-Dish\n3;!;.;O\n"), Some("marked-columns"));
    assert_eq!(best("a.txt", "Good food, nice staff\nCheap, but slow\nNever again, sorry\n"), Some("text"));
    assert_eq!(best("a.bin", "\u{0}"), Some("text"));
    assert!(table::guesses("a", &[0xff, 0xfe]).is_empty());
    assert_eq!(detect("a", &[0xff, 0xfe]).format.name, "text");
}

#[test]
fn every_format_recognises_what_it_writes() {
    let corpus = corpus(&[
        ("a", &["good", "pad", "thai", "in", "Rome"], &[(1, 3, "Dish"), (4, 5, "Location")]),
        ("b", &["cheap", "tacos", "please"], &[(1, 2, "Dish")]),
    ]);
    // Label Studio's CONLL2003 is read as the layout that it is.
    for format in FORMATS.iter().filter(|format| format.write.is_some() && !OTHERS.contains(&format.name)) {
        let written = format.write(&corpus, &WriteOptions::default()).unwrap();
        // The name says nothing, or the same as the contents.
        for name in ["file".to_owned(), format!("file.{}", format.extension())] {
            let guess = detect(&name, &written.bytes);
            assert_eq!(guess.format.name, format.name, "{name}: {}", guess.why);
        }
    }
}

#[test]
fn names_differ_and_formats_that_are_only_recognised_say_so() {
    let names: Vec<_> = FORMATS.iter().map(|format| format.name).collect();
    let mut unique = names.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
    let unknown = detect("a.json", b"{\"a\":1}").format;
    assert!(find(unknown.name).is_err());
    let read = unknown.read(b"", &ReadOptions::default());
    assert_eq!(read.problems[0].message, "the file is JSON of a kind that no reader knows");
    assert!(unknown.write(&Corpus::default(), &WriteOptions::default()).is_err());
}

const ODD: [&str; 11] =
    ["O", "#", "B-Dish", "-X-", "\u{1f468}\u{200d}\u{1f373}", "e\u{301}", "\u{a0}", "$10", "\"", "\u{feff}", "\u{b}"];

/// Words similar to real ones, never blank or empty.
/// They have marks, emoji, right-to-left letters and control characters.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z]{1,6}",
        1 => "[^ \\t\\n\\r]{1,3}",
        1 => prop::sample::select(ODD.to_vec()).prop_map(str::to_owned),
    ]
}

fn corpora() -> impl Strategy<Value = Corpus> {
    let label = prop::sample::select(vec!["Dish", "Restaurant_Name", "B-2", "O", "caf\u{e9}"]);
    let spans = prop::collection::vec((0usize..3, 1usize..3, label), 0..4);
    let document = (prop::collection::vec(word(), 1..8), spans);
    prop::collection::vec(document, 0..5).prop_map(|documents| {
        let mut built: Vec<(String, Vec<String>, Vec<(usize, usize, &str)>)> = Vec::new();
        for (at, (words, parts)) in documents.into_iter().enumerate() {
            let (mut from, mut spans) = (0, Vec::new());
            for (gap, length, label) in parts {
                let start = from + gap;
                from = start + length;
                if from <= words.len() {
                    spans.push((start, from, label));
                }
            }
            built.push((format!("id {at}"), words, spans));
        }
        let words: Vec<Vec<&str>> =
            built.iter().map(|(_, words, _)| words.iter().map(String::as_str).collect()).collect();
        let borrowed: Vec<_> = built
            .iter()
            .zip(&words)
            .map(|((id, _, spans), words)| (id.as_str(), words.as_slice(), spans.as_slice()))
            .collect();
        corpus(&borrowed)
    })
}

fn spans_by_name(corpus: &Corpus) -> Vec<Vec<(usize, usize, &str)>> {
    let of = |annotation: &Annotation| {
        annotation.spans().iter().map(|s| (s.range.start, s.range.end, corpus.labels.name(s.label))).collect()
    };
    corpus.pairs().map(|(_, annotation)| of(annotation)).collect()
}

#[test]
fn words_that_look_like_tags_are_read_back_from_their_column() {
    let corpus = corpus(&[("1", &["B-Dish", "O"], &[])]);
    for name in ["conll2003", "conll2002", "tag-first"] {
        let (format, options) = (find(name).unwrap(), WriteOptions::default());
        let written = format.write(&corpus, &options).unwrap();
        assert!(check_round_trip(format, &corpus, &written, &options).holds(), "{name}");
        let words = ReadOptions { tags: written.tags, ..ReadOptions::default() };
        assert_eq!(&*format.read(&written.bytes, &words).corpus.documents[0].text, "B-Dish O", "{name}");
    }
}

/// Formats that hold no spans, or cut words of their own.
const OTHERS: [&str; 2] = ["text", "label-studio-conll"];

#[test]
fn parts_between_words_are_no_sign_of_another_unit() {
    let corpus = spans_on(&["0A \u{bc6}", "a\n "], &[(0, 10, "Place"), (6, 10, "Place")]);
    let (brat, options) = (find("brat").unwrap(), WriteOptions { on_loss: OnLoss::Snap, ..WriteOptions::default() });
    let written = brat.write(&corpus, &options).unwrap();
    assert!(check_round_trip(brat, &corpus, &written, &options).holds());
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(corpus in corpora()) {
        for format in FORMATS.iter().filter(|format| !OTHERS.contains(&format.name) && format.write.is_some()) {
            for &scheme in Scheme::ALL {
                let options = WriteOptions { scheme, ..WriteOptions::default() };
                let reserved = corpus.documents.iter().flat_map(|d| d.word_texts()).any(|word| word == "-DOCSTART-");
                let Ok(written) = format.write(&corpus, &options) else {
                    prop_assert!(reserved);
                    continue;
                };
                let proof = check_round_trip(format, &corpus, &written, &options);
                prop_assert!(proof.holds() && proof.spans_changed == 0, "{}: {proof} {:?}", format.name, proof.errors);
                prop_assert_eq!(written.spans_written, corpus.span_count());
                let told = ReadOptions { tags: written.tags, ..ReadOptions::default() };
                let read = format.read(&written.bytes, &told);
                prop_assert_eq!(spans_by_name(&read.corpus), spans_by_name(&corpus), "{}", format.name);
                for (back, original) in read.corpus.documents.iter().zip(&corpus.documents) {
                    prop_assert_eq!(&back.text, &original.text);
                    if !format.keeps_text || format.name == "jsonl" {
                        prop_assert_eq!(&back.words, &original.words);
                    }
                }
            }
        }
    }

    #[test]
    fn anything_can_be_made_to_fit(
        words in prop::collection::vec("\\PC{0,4}|[ \\t\\n\\r\\x00a]{0,4}", 0..6),
        spans in prop::collection::vec((0usize..20, 0usize..20), 0..6),
        gap in any::<prop::sample::Index>(),
        snap: bool,
    ) {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let spans: Vec<_> = spans.iter().map(|(a, b)| (*a.min(b), *a.max(b), "Place Name")).collect();
        let mut corpus = spans_on(&words, &spans);
        if !words.is_empty() {
            let mut ranges = corpus.documents[0].words.to_vec();
            ranges.remove(gap.index(words.len()));
            corpus.documents[0].words = ranges.into();
        }
        let on_loss = if snap { OnLoss::Snap } else { OnLoss::Skip };
        let options = WriteOptions { on_loss, ..WriteOptions::default() };
        for format in FORMATS.iter().filter(|format| format.write.is_some()) {
            let written = format.write(&corpus, &options);
            prop_assert!(written.is_ok(), "{}: {:?}", format.name, written);
            let written = written.unwrap();
            prop_assert_eq!(written.spans_written + written.spans_left_out, spans.len());
            let proof = check_round_trip(format, &corpus, &written, &options);
            prop_assert!(proof.holds(), "{}: {proof} {:?}", format.name, String::from_utf8_lossy(&written.bytes));
        }
    }

    #[test]
    fn any_bytes_can_be_read(
        bytes in prop::collection::vec(any::<u8>(), 0..80),
        text in "[OBI\\- \\t\\n\\r#a{}\\[\\]\":,0-9\u{1f355}]{0,80}",
    ) {
        for bytes in [bytes.as_slice(), text.as_bytes()] {
            prop_assert!(table::guesses("x.conll", bytes).iter().all(|guess| guess.confidence <= 100));
            for format in FORMATS {
                let read = format.read(bytes, &ReadOptions::default());
                prop_assert_eq!(read.corpus.documents.len(), read.corpus.annotations.len());
                for (document, annotation) in read.corpus.pairs() {
                    prop_assert!(annotation.spans().iter().all(|span| !span.range.of(&document.text).is_empty()));
                }
            }
        }
    }
}

#[test]
fn a_first_record_that_is_longer_than_the_sample_is_no_text() {
    let long = |length: usize| "tacos ".repeat(length / 6);
    let text = long(200_000);
    for (format, file) in [
        ("spacy-json", format!("[[\"{text}\",{{\"entities\":[[0,5,\"Dish\"]]}}],[\"b\",{{\"entities\":[]}}]]")),
        ("spacy-json", format!("[\"{text}\",{{\"entities\":[[0,5,\"Dish\"]]}}]\n[\"b\",{{\"entities\":[]}}]\n")),
        ("doccano", format!("[{{\"text\":\"{text}\",\"label\":[[0,5,\"Dish\"]]}},{{\"text\":\"b\",\"label\":[]}}]")),
        (
            "jsonl",
            format!(
                "{{\"text\":\"{text}\",\"spans\":[{{\"start\":0,\"end\":5,\"label\":\"Dish\"}}]}}\n{{\"text\":\"b\"}}\n"
            ),
        ),
    ] {
        let guess = detect("reviews", file.as_bytes());
        assert_eq!(guess.format.name, format, "{}", &file[..30]);
        let read = guess.format.read(file.as_bytes(), &ReadOptions::default());
        assert_eq!((read.corpus.documents.len(), read.corpus.span_count()), (2, 1), "{format}: {:?}", read.problems);
    }
    for start in ["[[\"", "[{\"text\":\"", "{\"text\":\"", "[\""] {
        let file = format!("{start}{}", long(5 << 20));
        assert_eq!(detect("reviews", file.as_bytes()).format.name, "json", "{start}");
    }
    assert_eq!(detect("reviews", format!("[[Bari]] {text}").as_bytes()).format.name, "text");
}
