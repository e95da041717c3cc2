//! Layouts of real corpora, each in a few lines of our own.

use crate::formats::{Read, ReadOptions, Severity, TagOptions, detect};

fn read_with(name: &str, file: &str, tags: TagOptions) -> Read {
    let options = ReadOptions { tags, ..ReadOptions::default() };
    detect(name, file.as_bytes()).format.read(file.as_bytes(), &options)
}

/// Texts of the documents, and spans as `label:text`.
fn found(read: &Read) -> (Vec<&str>, Vec<String>) {
    assert!(!read.has_errors(), "{:?}", read.problems);
    let spans = read.corpus.pairs().flat_map(|(document, annotation)| {
        let labels = &read.corpus.labels;
        annotation.spans().iter().map(|span| format!("{}:{}", labels.name(span.label), span.range.of(&document.text)))
    });
    (read.corpus.documents.iter().map(|document| &*document.text).collect(), spans.collect())
}

#[track_caller]
fn reads(file: &str, texts: &[&str], spans: &[&str]) -> Read {
    let read = read_with("file.txt", file, TagOptions::default());
    assert_eq!(found(&read), (texts.to_vec(), spans.iter().map(|span| (*span).to_owned()).collect()), "{file}");
    read
}

fn has_problem(read: &Read, severity: Severity, part: &str) -> bool {
    let says = |text: &str| text.contains(part);
    read.problems.iter().any(|problem| {
        problem.severity == severity && (says(&problem.message) || problem.hint.as_deref().is_some_and(says))
    })
}

#[test]
fn numbers_of_words_are_not_their_text() {
    let universal = "# newdoc id = 1\n# text = Anna eats.\n1\tAnna\tB-PER\t-\tann1\n2\teats\tO\t-\t-\n3\t.\tO\t-\t-\n\n\
                     # text = Oslo!\n1\tOslo\tB-LOC\t-\tann1\n2\t!\tO\t-\t-\n";
    reads(universal, &["Anna eats .", "Oslo !"], &["PER:Anna", "LOC:Oslo"]);
    let from_zero = "0\t-DOCSTART-\tO\n\n0\tIm\tO\n1\tKTH\tB-ORG\n2\tlehrt\tO\n3\tAnna\tB-PER\n4\tBerg\tI-PER\n";
    reads(from_zero, &["Im KTH lehrt Anna Berg"], &["ORG:KTH", "PER:Anna Berg"]);
}

#[test]
fn a_word_that_is_a_hash_is_no_comment_where_tags_are_labels() {
    let file = "the O\n# O\npad Dish\nthai Dish\n# checked\nis O\ngood O\n";
    reads(file, &["the # pad thai is good"], &["Dish:pad thai"]);
}

#[test]
fn of_two_columns_with_tags_the_first_is_read_and_the_other_is_named() {
    let nested = "Anna\tB-PER\tO\nruft\tO\tO\nStadt\tB-ORG\tO\nBonn\tI-ORG\tB-LOC\nan\tO\tO\n";
    let read = reads(nested, &["Anna ruft Stadt Bonn an"], &["PER:Anna", "ORG:Stadt Bonn"]);
    assert!(has_problem(&read, Severity::Note, "columns 2 and 3 both hold tags"));
    assert!(has_problem(&read, Severity::Note, "--tag-column 3"));
    let other = read_with("a.tsv", nested, TagOptions { tag_column: Some(2), ..TagOptions::default() });
    assert_eq!(found(&other).1, ["LOC:Bonn"]);
    assert!(!has_problem(&other, Severity::Note, "both hold tags"));
}

#[test]
fn json_and_columns_without_tags_are_no_reviews() {
    for file in [
        "[{\"id\": 1, \"note\": \"soup\", \"stars\": []}]",
        "[\n {\n  \"id\": 1,\n  \"text\": \"soup\"\n }\n]\n",
        "{\"id\":\"0\",\"tokens\":[\"Anna\",\"eats\"],\"tags\":[3,0]}\n",
        "B-PER O\nB-LOC O O\n",
        "Anna\tperson\nBerg\tperson\nKTH\torganization\n\nMonday\ttime\n",
    ] {
        let read = read_with("file.txt", file, TagOptions::default());
        assert!(read.has_errors() && read.corpus.documents.is_empty(), "{file}: {:?}", read.problems);
    }
    for review in [
        "[sarcasm] great soup\n",
        "[1] Great tacos\n[2] Bad soup\n",
        "{} nothing\n",
        "sweet|sour\n",
        "Great soup\nBad fish\nNice place\n\n",
        "\tGood soup\n\tBad fish\n\tNice place\n",
        "great | soup\n",
        "good soup\nbad fish\nfine\n",
        "a\tb\nlong review with a\ttab\n",
    ] {
        assert_eq!(detect("file.txt", review.as_bytes()).format.name, "text", "{review}");
    }
}

#[test]
fn labels_without_letters_are_read() {
    let file = "Anna\tO\nacted\tO\nwell\tO\n.\tO\n\nIt\tO\nshows\tO\nBonn\tperson-actor\nand\tO\nOslo\tplace\n";
    let read = reads(file, &["Anna acted well .", "It shows Bonn and Oslo"], &["person-actor:Bonn", "place:Oslo"]);
    assert!(has_problem(&read, Severity::Note, "adjacent words with the same label"));
}

#[test]
fn letters_without_labels_are_spans_of_one_label() {
    let read = reads(
        "with\tO\nsevere\tO\nataxia\tB\ntelangiectasia\tI\nwere\tO\n",
        &["with severe ataxia telangiectasia were"],
        &["Entity:ataxia telangiectasia"],
    );
    assert!(has_problem(&read, Severity::Note, "all spans get the label `Entity`"));
}

#[test]
fn other_joins_and_orders_are_the_same_tags() {
    for file in [
        "Anna B_PER\nBerg I_PER\nin O\nOslo B_LOC\n",
        "Anna B:PER\nBerg I:PER\nin O\nOslo B:LOC\n",
        "Anna PER-B\nBerg PER-I\nin O\nOslo LOC-B\n",
        "Anna B-PER\nBerg E-PER\nin O\nOslo S-LOC\n",
        "Anna I-PER\nBerg I-PER\nin O\nOslo I-LOC\n",
    ] {
        let read = reads(file, &["Anna Berg in Oslo"], &["PER:Anna Berg", "LOC:Oslo"]);
        assert!(!has_problem(&read, Severity::Warning, ""), "{:?}", read.problems);
    }
}

#[test]
fn bmes_is_read_without_warnings() {
    let read = reads("A B-NAME\nb M-NAME\nc E-NAME\nin O\nX S-LOC\n", &["A b c in X"], &["NAME:A b c", "LOC:X"]);
    assert!(read.problems.is_empty(), "{:?}", read.problems);
    assert!(read.detected.contains(&"BMES tags".to_owned()));
}

#[test]
fn comments_have_many_shapes() {
    reads(
        "###MEDLINE:1\n\nIL-7\tB-protein\ngene\tO\n\n###MEDLINE:2\n\nin\tO\n",
        &["IL-7 gene", "in"],
        &["protein:IL-7"],
    );
    reads("#\thttp://example.org [2010]\n1\tAnna\tB-PER\tO\n2\tlacht\tO\tO\n", &["Anna lacht"], &["PER:Anna"]);
    reads("; from a list\nEU NNP B-ORG\nsays VBZ O\n", &["EU says"], &["ORG:EU"]);
    let faulty = read_with("a.txt", "in\tO\n#NYC\tX-LOC\nBonn\tB-LOC\nBerg\tI-LOC\n", TagOptions::default());
    assert!(has_problem(&faulty, Severity::Error, "`X-LOC` is not a tag"), "{:?}", faulty.problems);
    reads("; from a list\nAnna B-PER\n# O\n\n$ one or two\nlacht O\n", &["Anna #", "lacht"], &["PER:Anna"]);
}

#[test]
fn a_header_of_any_names_is_no_word() {
    let file =
        "TOKEN\tNE-COARSE-LIT\tNE-COARSE-METO\tMISC\n# language = en\nThe\tO\tO\t_\nDoor\tB-org\tO\tNoSpaceAfter\n";
    let read = reads(file, &["The Door"], &["org:Door"]);
    assert!(read.detected.contains(&"one header line".to_owned()));
    assert!(has_problem(&read, Severity::Note, "--no-header"));
    let kept = read_with(
        "a.tsv",
        "Word\tTag\nDoor\tB-org\nin\tO\n",
        TagOptions { header: Some(false), ..TagOptions::default() },
    );
    assert!(has_problem(&kept, Severity::Error, "`Tag` is not a tag"));
}

#[test]
fn line_ends_of_every_kind_end_lines() {
    for end in ["\r", "\r\n", "\n"] {
        let file = ["Anna B-PER", "eats O", "", "Oslo B-LOC", ""].join(end);
        reads(&file, &["Anna eats", "Oslo"], &["PER:Anna", "LOC:Oslo"]);
    }
    let mixed = detect("a.txt", b"one\r\ntwo\rthree\n").format.read(b"one\r\ntwo\rthree\n", &ReadOptions::default());
    assert_eq!(found(&mixed).0, ["one", "two", "three"]);
}

#[test]
fn the_majority_decides_on_the_scheme_and_exceptions_are_counted() {
    let file = "Anna I-PER\nin O\n\n".repeat(20) + "Bonn I-LOC\nOslo B-LOC\nRom O\n\nKiel B-LOC\n";
    let read = read_with("a.txt", &file, TagOptions::default());
    assert!(read.detected.contains(&"IOB1 tags".to_owned()), "{:?}", read.detected);
    assert!(has_problem(&read, Severity::Note, "1 tag not as IOB1 would write"), "{:?}", read.problems);
    assert!(!has_problem(&read, Severity::Warning, ""));
}

#[test]
fn several_labels_on_a_word_are_several_spans() {
    let read = reads("Bonn B-PER|B-LOC\nBerg I-PER\nin O\n", &["Bonn Berg in"], &["PER:Bonn Berg", "LOC:Bonn"]);
    assert!(has_problem(&read, Severity::Note, "several labels"));
    assert!(!has_problem(&read, Severity::Warning, ""), "{:?}", read.problems);
    let inherited = reads("a O\nBonn B-PER|LOC\n", &["a Bonn"], &["LOC:Bonn", "PER:Bonn"]);
    assert!(!inherited.problems.is_empty());
}

#[test]
fn labels_of_a_project_may_contain_the_bar() {
    let labels = crate::spans::LabelSet::from_names(["Dish|Drink", "Price"]);
    let options = ReadOptions { labels, ..ReadOptions::default() };
    let read = super::CONLL2002.read(b"hot B-Dish|Drink\ntea I-Dish|Drink\nfor O\n", &options);
    assert_eq!(found(&read).1, ["Dish|Drink:hot tea"]);
    assert!(read.problems.is_empty(), "{:?}", read.problems);
}

#[test]
fn scores_count_what_readers_read() {
    let tags = |file: &str| {
        let (sentences, _) =
            super::tag_numbers::read_tags(&file.as_bytes(), &super::CONLL2002, &ReadOptions::default());
        sentences.into_iter().flat_map(|sentence| sentence.tags).collect::<Vec<_>>()
    };
    assert_eq!(tags("Anna I-PER\neats O\n"), ["I-PER", "O"], "unchanged");
    assert_eq!(tags("Anna B-PER\neats _\n"), ["B-PER", "O"]);
    assert_eq!(tags("Anna W-PER\neats O\n"), ["B-PER", "O"]);
    assert_eq!(tags("Bonn B-PER|B-LOC\nin O\n"), ["B-LOC", "O"], "the first by name");
}

#[test]
fn files_that_are_faulty_as_a_whole_say_so() {
    let long = "Wien I-LOC\n".to_owned() + &"wort O\n".repeat(600);
    assert!(has_problem(&read_with("a.txt", &long, TagOptions::default()), Severity::Warning, "no empty line"));
    let tags = super::CONLL2003.read(b"B-PER O\nB-LOC O O\n", &ReadOptions::default());
    assert!(has_problem(&tags, Severity::Error, "tags and no words"));
    let beyond = read_with("a.txt", "Anna B-PER\nin O\n", TagOptions { tag_column: Some(4), ..TagOptions::default() });
    assert!(has_problem(&beyond, Severity::Error, "there is no column 5"));
}

#[test]
fn sentences_with_a_line_each_are_read() {
    let read = reads(
        "Anna|NNP|B-PER eats|VBZ|O in|IN|O Bari|NNP|B-LOC\nThe|DT|O Blue|NNP|B-ORG Door|NNP|I-ORG a|b|NN|O\n",
        &["Anna eats in Bari", "The Blue Door a|b"],
        &["PER:Anna", "LOC:Bari", "ORG:Blue Door"],
    );
    assert!(read.detected.contains(&"columns joined by |, a sentence on each line".to_owned()), "{:?}", read.detected);
    reads(
        "\u{5f53}/o \u{5e0c}\u{671b}/o \u{5317}\u{4eac}/ns \u{3002}/o\n\u{5f53}/o \u{3002}/o\n",
        &["\u{5f53} \u{5e0c}\u{671b} \u{5317}\u{4eac} \u{3002}", "\u{5f53} \u{3002}"],
        &["ns:\u{5317}\u{4eac}"],
    );
    reads("Anna|B-PER\nBerg|I-PER\n\nin|O\nBari|B-LOC\n", &["Anna Berg", "in Bari"], &["PER:Anna Berg", "LOC:Bari"]);
    for text in ["and/or either/or\nyes/no maybe/not\n", "a|b c|d e|f g|h\n", "http://a/O and http://b/O\n"] {
        assert_eq!(detect("a.txt", text.as_bytes()).format.name == "text", !text.contains('|'), "{text}");
    }
}

#[test]
fn brackets_are_spans() {
    let file = "Anna NNP (PERSON*\nBerg NNP *)\nin IN *\nBari NNP (GPE)\n\nOslo NNP (GPE*)\nis VBZ *)\n";
    let read = reads(file, &["Anna Berg in Bari", "Oslo is"], &["PERSON:Anna Berg", "GPE:Bari", "GPE:Oslo"]);
    assert!(has_problem(&read, Severity::Warning, "1 bracket without"));
    assert!(read.detected.contains(&"brackets".to_owned()));
    let (sentences, _) = super::tag_numbers::read_tags(&file.as_bytes(), &super::CONLL2002, &ReadOptions::default());
    assert_eq!(sentences[0].tags, ["B-PERSON", "I-PERSON", "O", "B-GPE"]);
    let faulty = read_with("a.txt", &(file.replace("(GPE)", "GPE") + &"x X *\n".repeat(9)), TagOptions::default());
    assert!(has_problem(&faulty, Severity::Error, "`GPE` is no bracket"));
}

#[test]
fn tokens_of_several_words_have_the_tags_of_their_words() {
    let file = "# text = Voy al mar\n1\tVoy\tO\n2-3\tal\t_\n2\ta\tO\n3\tel\tB-LOC\n4\tmar\tI-LOC\n4.1\tvamos\t_\n";
    let read = reads(file, &["Voy al mar"], &["LOC:al mar"]);
    assert!(has_problem(&read, Severity::Note, "2 rows of words that a token of several words has"));
    assert!(has_problem(&read, Severity::Note, "1 word that is not in the text"));
    let (sentences, _) = super::tag_numbers::read_tags(&file.as_bytes(), &super::CONLL2002, &ReadOptions::default());
    assert_eq!(sentences[0].words, ["Voy", "al", "mar"]);
}

#[test]
fn offsets_names_and_probabilities_are_no_words() {
    let offsets =
        "0\t4\tAnna\tB-PER\n5\t9\teats\tO\n10\t14\tsoup\tO\n14\t15\t.\tO\n\n16\t20\tBari\tB-LOC\n20\t21\t!\tO\n";
    reads(offsets, &["Anna eats soup.", "Bari!"], &["PER:Anna", "LOC:Bari"]);
    let ranges = "Anna 0-4 B-PER 0.98\neats 5-9 O 0.5\n. 9-10 O 1\n\nBari 11-15 B-LOC 0.9\n! 15-16 O 1.0\n";
    reads(ranges, &["Anna eats.", "Bari!"], &["PER:Anna", "LOC:Bari"]);
    let named: String = ["Anna\tB-PER", "eats\tO", "soup\tO", "in\tO", "Bari\tB-LOC"]
        .iter()
        .chain(&["and\tO", "she\tO", "likes\tO", "it\tO", "much\tO"])
        .map(|row| format!("doc-7\t{row}\n"))
        .collect();
    reads(&named, &["Anna eats soup in Bari and she likes it much"], &["PER:Anna", "LOC:Bari"]);
    reads("0.98 Anna B-PER\n0.5 eats O\n1 soup O\n", &["Anna eats soup"], &["PER:Anna"]);
}

#[test]
fn marks_of_other_programs_are_no_part_of_words() {
    let wikiann = "en:Anna\tB-PER\nen:eats\tO\nen:in\tO\nen:Bari\tB-LOC\nen:.\tO\n";
    let read = reads(wikiann, &["Anna eats in Bari ."], &["PER:Anna", "LOC:Bari"]);
    assert!(has_problem(&read, Severity::Note, "all words begin with `en:`"));
    let weibo = "\u{5317}0\tB-LOC\n\u{4eac}1\tI-LOC\n\u{5929}0\tO\n\u{6c14}1\tO\n!0\tO\n";
    let read = reads(weibo, &["\u{5317} \u{4eac} \u{5929} \u{6c14} !"], &["LOC:\u{5317} \u{4eac}"]);
    assert!(has_problem(&read, Severity::Note, "the digits are left out"));
    let klue = "## klue-ner-v1_x\t<\u{d55c}:LC> \u{c740}\n\u{d55c}\tB-LC\n\u{ad6d}\tI-LC\n \tO\n\u{c740}\tO\n.\tO\n";
    let read = reads(klue, &["\u{d55c}\u{ad6d} \u{c740}."], &["LC:\u{d55c}\u{ad6d}"]);
    assert_eq!(read.corpus.documents[0].words.len(), 4);
    reads("en:Anna O\neats B-X\nen:a O\nen:b O\nen:c O\n", &["en:Anna eats en:a en:b en:c"], &["X:eats"]);
}

#[test]
fn layouts_of_further_corpora_are_read() {
    for (file, text, spans) in [
        // MultiCoNER
        ("# id 5cb-1\tdomain=train\nthe _ _ O\nriver _ _ B-LOC\npo _ _ I-LOC\n", "the river po", &["LOC:river po"][..]),
        // MIT Movie
        ("O\tshow\nB-TITLE\tbig\nI-TITLE\tfish\n", "show big fish", &["TITLE:big fish"]),
        // WNUT, BroadTwitter
        (
            "@anna\tO\nloves\tO\n#bari\tB-location\n:)\tO\nBob\tB-person\n",
            "@anna loves #bari :) Bob",
            &["location:#bari", "person:Bob"],
        ),
        // NCBI, BC5CDR
        (
            "Ataxia\tB-Disease\n-\tI-Disease\ntelangiectasia\tI-Disease\nis\tO\n",
            "Ataxia - telangiectasia is",
            &["Disease:Ataxia - telangiectasia"],
        ),
        // CrossNER with an underscore in labels, MasakhaNER with dates
        ("a\tB-programlang\nb\tI-programlang\nc\tB-DATE\n", "a b c", &["programlang:a b", "DATE:c"]),
        // CoNLL-2002 of Spanish, three columns
        ("El DA O\nAbogado NC B-PER\nGeneral AQ I-PER\n", "El Abogado General", &["PER:Abogado General"]),
        // conlleval: gold and predicted tags
        ("EU NNP B-ORG B-ORG\nsays VBZ O O\nrugby NN O B-MISC\n", "EU says rugby", &["ORG:EU"]),
        // Emerging entities with blanks as separators and trailing blanks
        ("EU B-ORG \nsays O \n", "EU says", &["ORG:EU"]),
    ] {
        reads(file, &[text], spans);
    }
}

#[test]
fn labels_alone_are_read_if_the_user_says_so() {
    let gum = "Texas\tperson\nstudent\tperson\nAli\tperson\ninspires\tO\nsocial\torganization\n";
    let tags = TagOptions { rule: Some(crate::spans::tag_form::TagRule::Labels), ..TagOptions::default() };
    let read = super::CONLL2002.read(gum.as_bytes(), &ReadOptions { tags, ..ReadOptions::default() });
    assert_eq!(found(&read).1, ["person:Texas student Ali", "organization:social"]);
}
