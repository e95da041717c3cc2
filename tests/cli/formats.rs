//! Conversions, imports and exports of files.

use std::fs;

use serde_json::json;

use super::{TAGGED, support::Place};

#[test]
fn several_files_become_one() {
    let place = Place::new();
    place.file("a.txt", TAGGED);
    place.file("b.txt", "late lunch\n");
    let answer = place.tagli("convert a.txt b.txt c.jsonl --json").fine();
    assert_eq!(answer.json()["proof"]["documents_back"], 4);
    assert!(answer.err.contains("a.txt: tag-first (") && answer.err.contains("b.txt: text ("), "{}", answer.err);
    let ids: Vec<String> =
        place.read("c.jsonl").lines().map(|line| line.split('"').nth(3).unwrap().to_owned()).collect();
    assert_eq!(ids, ["a-1", "a-2", "a-3", "b-1"]);
    place.tagli("convert a.txt b.txt b.txt --to text --force").fails(2, &["same file"]);
    // A label that occurs only far from the beginning.
    let many = format!("{}tacos B-Dish\n\nRome B-City\n\n", "soup O\n\n".repeat(25_000));
    place.file("many.conll", &many);
    place.tagli("convert many.conll many.bio --to conll2002").fine();
    assert_eq!(place.read("many.bio"), many);
}

#[test]
fn an_id_that_is_in_use_is_asked_about_and_an_import_can_be_undone() {
    let place = Place::new();
    place.tagli("new food").fine();
    place.file("a.txt", "great soup\nopen late\n");
    place.tagli("import food a.txt").fine();
    let before = place.read("food/documents.jsonl");
    place.file("a.txt", "great stew\nopen late\nnew\n");
    place.tagli("import food a.txt").fails(1, &["1 document with an id", "a-1", "--on-duplicate skip"]);
    let planned = place.tagli("import food a.txt --dry-run --on-duplicate copy --json").fine().json();
    assert_eq!(planned["files"][0]["renamed"], json!([["a-1", "a-1-2"]]));
    assert_eq!(place.read("food/documents.jsonl"), before);
    place.file(
        "more.jsonl",
        "{\"id\":\"x\",\"text\":\"tacos\",\"spans\":[{\"start\":0,\"end\":5,\"label\":\"Dish\"}]}\n",
    );
    let done = place.tagli("import food a.txt more.jsonl --on-duplicate update --as ada").fine();
    assert!(done.out.contains("1 document updated"), "{}", done.out);
    assert!(place.read("food/documents.jsonl").contains("great stew"));
    let undone = place.tagli("import food --undo").fine();
    assert!(
        undone.out.contains("the import of a.txt, more.jsonl: 2 documents gone again, 1 document with"),
        "{}",
        undone.out
    );
    let texts = place.read("food/documents.jsonl");
    assert!(texts.lines().count() == 2 && texts.contains("great soup"), "{texts}");
    place.tagli("doctor food").fine();
    place.tagli("import food --undo").fine();
    assert_eq!(place.read("food/documents.jsonl"), "");
    place.tagli("import food --undo").fails(1, &["no import"]);
    place.tagli("import food --undo a.txt").fails(2, &["--undo"]);
    place.tagli("import food --undo --config labels.xml").fails(2, &["--undo"]);
    place.tagli("import food a.txt missing.txt").fails(1, &["missing.txt"]);
    assert_eq!(place.read("food/documents.jsonl"), "");
}

#[test]
fn the_project_keeps_a_config_only_if_the_files_are_imported() {
    let place = Place::new();
    place.tagli("new food").fine();
    let xml = "<View><Labels name='l' toName='t'><Label value='Dish'/></Labels><Text name='t' value='$review'/></View>";
    place.file("labels.xml", xml);
    let region = r#"{"type":"labels","value":{"start":0,"end":5,"labels":["Dish"]}}"#;
    let task = format!(r#"[{{"id":1,"data":{{"review":"tacos"}},"annotations":[{{"result":[{region}]}}]}}]"#);
    place.file("a.json", task);
    let before = place.read("food/project.json");
    // The journal cannot be opened: there is a folder with its name.
    std::fs::create_dir_all(place.path("food/annotations/ada.jsonl")).unwrap();
    place.tagli("import food a.json --config labels.xml --as ada").fails(3, &["ada.jsonl"]);
    assert_eq!(place.read("food/project.json"), before);
    std::fs::remove_dir(place.path("food/annotations/ada.jsonl")).unwrap();
    place.tagli("import food a.json --config labels.xml --as ada").fine();
    assert!(place.read("food/project.json").contains("$review"));
}

#[test]
fn a_folder_of_files_is_inspected_as_a_project_is() {
    let place = Place::new();
    std::fs::create_dir(place.path("texts")).unwrap();
    place.file("texts/a.txt", "great soup\n");
    place.file("texts/b.txt", "open late\n");
    assert_eq!(place.tagli("inspect texts --json").fine().json()["documents"], 2);
    place.tagli("new food").fine();
    assert_eq!(place.tagli("inspect food --json").fine().json()["documents"], 0);
    std::fs::create_dir(place.path("empty")).unwrap();
    place.tagli("inspect empty").fails(1, &["empty"]);
}

#[test]
fn sentences_that_are_known_from_the_training_are_reported() {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    place.file("test.txt", TAGGED);
    place.file("valid.txt", "tea B-Dish\n\n");
    // The device comes last, so that nothing is trained.
    let answer = place.tagli("train --train train.txt --valid valid.txt --test test.txt --device sundial");
    let answer = answer.fails(3, &["unknown device"]);
    assert!(answer.err.contains("known from train"), "{}", answer.err);
}

#[test]
fn an_export_of_a_search_has_what_the_search_finds() {
    let place = Place::new();
    place.tagli("new food").fine();
    place.file("a.txt", TAGGED);
    place.file("b.txt", "late lunch\n");
    place.tagli("import food a.txt b.txt --as ada").fine();
    let found = |query: &str| {
        let words = ["export", "food", "--format", "jsonl", "--out", "-", "--as", "ada", "--query", query];
        let answer = place.run(&words).fine();
        answer.out.lines().map(|line| line.split('"').nth(3).unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("label:Dish status:done"), ["a-2"]);
    assert_eq!(found("status:todo"), ["b-1"]);
    assert_eq!(found("-label:Dish"), ["a-1", "a-3", "b-1"]);
    let export = "export food --format jsonl --out - --as ada --query";
    place.tagli(&format!("{export} pizza")).fails(1, &["finds no document"]);
    place.tagli(&format!("{export} lable:Dish")).fails(2, &["did you mean `label:`"]);
    place.tagli(&format!("{export} mismatch")).fails(2, &["needs the suggestions of a model"]);
}

/// Inputs that a person may have, and what the message must name.
#[test]
fn bad_input_is_named_by_every_command_that_reads() {
    let place = Place::new();
    place.tagli("new food").fine();
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><View>&b;</View>";
    place.file("bomb.xml", bomb);
    let labels: String = (0..10_000).map(|n| format!("w B-L{n}\n\n")).collect();
    let utf16: Vec<u8> = "great tacos\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, Vec<u8>, &[&str]); 7] = [
        ("cut.json", b"[{\"data\": {\"text\": \"a\"}},\n {\"data\": {\"te".to_vec(), &["cut.json:2"]),
        ("cut.jsonl", b"{\"text\":\"a\"}\n{\"text\":\"b".to_vec(), &["cut.jsonl:2", "cut off"]),
        ("utf16.txt", [b"\xff\xfe".to_vec(), utf16].concat(), &["UTF-16", "iconv"]),
        ("latin.txt", b"caf\xe9\n".to_vec(), &["latin.txt:1", "ISO-8859-1"]),
        ("cesu.txt", b"a\n\xed\xa0\xbd\xed\xb8\x8a\n".to_vec(), &["cesu.txt:2", "CESU-8"]),
        ("labels.conll", labels.into_bytes(), &["10,000 different labels", "2,000"]),
        ("nan.jsonl", b"{\"text\":\"a\",\"spans\":[{\"start\":NaN}]}\n".to_vec(), &["nan.jsonl:1"]),
    ];
    for (name, bytes, parts) in cases {
        fs::write(place.path(name), bytes).unwrap();
        for command in ["import food NAME", "convert NAME out.jsonl", "inspect NAME", "import food NAME --dry-run"] {
            place.tagli(&command.replace("NAME", name)).fails(1, parts);
        }
    }
    place.tagli("convert cut.jsonl out.jsonl --config bomb.xml").fails(1, &["bomb.xml:1"]);
    assert!(!place.path("out.jsonl").exists());
    assert_eq!(place.read("food/documents.jsonl"), "");
}

#[test]
fn unusual_text_goes_through_unchanged() {
    let place = Place::new();
    // U+0085 is white space and ends no line; a word may be the one that separates documents.
    let text =
        "{\"id\":\"1\",\"text\":\"one\u{85}two \u{2028}three\",\"spans\":[{\"start\":0,\"end\":3,\"label\":\"N\"}]}\n";
    place.file("a.jsonl", text);
    place.tagli("convert a.jsonl b.jsonl").fine();
    assert!(place.read("b.jsonl").contains("one\u{85}two \u{2028}three"));
    place.file("reserved.jsonl", "{\"id\":\"1\",\"text\":\"a -DOCSTART- b\",\"words\":[[0,1],[2,12],[13,14]]}\n");
    place.tagli("convert reserved.jsonl c.conll").fails(1, &["document `1`", "-DOCSTART-", "--on-loss"]);
    place.tagli("convert reserved.jsonl c.bio --to tag-first").fine();
    assert_eq!(place.read("c.bio"), "O\ta\nO\t-DOCSTART-\nO\tb\n\n");
}

#[test]
fn a_device_is_refused_before_it_fills_the_disk() {
    let place = Place::new();
    let message = "it is a device, which may have no end";
    for command in ["convert /dev/zero out.jsonl --from text", "inspect /dev/urandom"] {
        place.tagli(command).fails(1, &[message]);
    }
    let mut command = place.command();
    command.args(["convert", "-", "out.jsonl", "--from", "text"]).stdin(fs::File::open("/dev/zero").unwrap());
    let output = command.output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains(message), "{output:?}");
}

#[test]
fn a_file_that_its_reader_refuses_is_not_a_defect_to_report() {
    let place = Place::new();
    let rows = "a,0,4,Dish,\n".repeat(250_000);
    place.file("spans.csv", format!("doc_id,start,end,label,document\na,0,4,Dish,fish tacos\n{rows}"));
    let refused = place.tagli("convert spans.csv out.jsonl");
    refused.fails(1, &["too many values for one document", "divide the document"]);
    assert!(!place.path("out.jsonl").exists());
}

#[test]
fn a_format_with_files_for_each_document_is_a_folder_both_ways() {
    let place = Place::new();
    let lines = concat!(
        r#"{"id":"menus/one","text":"fish tacos","spans":[{"start":0,"end":10,"label":"Dish"}],"status":"done"}"#,
        "\n",
        r#"{"id":"two","text":"cheap","spans":[{"start":0,"end":5,"label":"Price"}],"status":"done"}"#,
        "\n"
    );
    place.file("a.jsonl", lines);
    let made = place.tagli("convert a.jsonl corpus/ --to brat --json").fine().json();
    assert_eq!(made["proof"]["spans_back"], 2);
    assert_eq!(place.read("corpus/menus/one.ann"), "T1\tDish 0 10\tfish tacos\n");
    assert!(place.read("corpus/annotation.conf").starts_with("[entities]\nDish\nPrice\n"));
    // Nothing that is there is replaced, by no flag, and no other format is a folder.
    place.file("corpus/two.ann", "mine");
    place.tagli("convert a.jsonl corpus/ --to brat --force").fails(1, &["corpus exists", "choose another name"]);
    assert_eq!(place.read("corpus/two.ann"), "mine");
    place.tagli("convert a.jsonl other/ --to conll2003").fails(2, &["conll2003 is one file"]);
    place.tagli("convert a.jsonl other/").fails(2, &["--to NAME"]);
    std::fs::remove_file(place.path("corpus/two.ann")).unwrap();
    place.tagli("new food").fine();
    place.tagli("import food corpus --as ada").fine();
    let out = place.tagli("export food --format brat --out again/ --as ada --json").fine().json();
    assert_eq!((&out["documents"], &out["proof"]["spans_back"]), (&1.into(), &1.into()), "the other has no spans");
    assert_eq!(place.read("again/menus/one.ann"), place.read("corpus/menus/one.ann"));
    place.tagli("export food --format brat --out again/ --as ada").fails(1, &["again exists"]);
    place.tagli("export food --format csv --out more/ --as ada").fails(2, &["csv is one file"]);
    place.tagli("export food --format brat --out food/annotations/x/ --as ada").fails(2, &["own files"]);
    // A loss leaves no folder.
    place.file("b.jsonl", r#"{"text":"a","spans":[{"start":0,"end":1,"label":"New York"}]}"#);
    place.tagli("convert b.jsonl lossy/ --to brat").fails(1, &["white space"]);
    assert!(!place.path("lossy").exists());
}

#[test]
fn tags_that_are_numbers_are_read_wherever_tagged_words_are() {
    let place = Place::new();
    place.file("a.tsv", "fish\t1\ntacos\t2\nnear\t0\n\nme\t0\n");
    place.file(
        "a.jsonl",
        "{\"tokens\":[\"fish\",\"tacos\",\"near\"],\"ner_tags\":[1,2,0]}\n{\"tokens\":[\"me\"],\"ner_tags\":[0]}\n",
    );
    place.file("a.csv", "sentence,word,tag\n1,fish,1\n1,tacos,2\n1,near,0\n2,me,0\n");
    place.file("names.txt", "O\nB-Dish\nI-Dish\n");
    place.file("gold.txt", "B-Dish\tfish\nI-Dish\ttacos\nO\tnear\n\nO\tme\n");
    place.tagli("new food").fine();
    for file in ["a.tsv", "a.jsonl", "a.csv"] {
        for command in [format!("inspect {file}"), format!("convert {file} x.conll"), format!("import food {file}")] {
            place.tagli(&command).fails(1, &["numbers", "--tag-names"]);
        }
        for names in ["names.txt", "O,B-Dish,I-Dish"] {
            let seen = place.tagli(&format!("inspect {file} --tag-names {names} --json")).fine().json();
            assert_eq!(seen["labels"], json!({ "Dish": 1 }), "{file}");
        }
        let scores = place.tagli(&format!("score gold.txt {file} --tag-names names.txt --json")).fine().json();
        assert_eq!(scores["strict"]["overall_f1"], 1.0, "{file}");
        place.tagli(&format!("convert {file} out.bio --force --tag-names names.txt")).fine();
        assert_eq!(place.read("out.bio"), place.read("gold.txt") + "\n");
        place.tagli(&format!("inspect {file} --tag-names O,B-Dish")).fails(1, &["--tag-names"]);
        place.tagli(&format!("import food {file} --tag-names names.txt --dry-run")).fine();
    }
    place.tagli("inspect a.tsv --tag-names missing.txt").fails(1, &["missing.txt"]);
    place.tagli("inspect a.tsv --tag-names O,,B-Dish").fails(2, &["no name for number 1"]);
}

#[test]
fn any_tagged_format_is_scored() {
    let place = Place::new();
    let conllu = "# sent_id = 1\n1\tfish\t_\tNOUN\t_\t_\t0\troot\t_\tname=B-Dish\n2\ttacos\t_\tNOUN\t_\t_\t1\tdep\t_\tname=I-Dish\n\n";
    place.file("gold.conllu", conllu);
    place.file("pred.txt", "fish B-Dish\ntacos O\n\n");
    place.file("same.txt", "fish B-Dish\ntacos I-Dish\n\n");
    let scores = place.tagli("score gold.conllu same.txt --json").fine().json();
    assert_eq!((&scores["strict"]["overall_f1"], &scores["strict"]["Dish"]["number"]), (&1.0.into(), &1.into()));
    assert_eq!(place.tagli("score gold.conllu pred.txt --json").fine().json()["default"]["overall_f1"], 0.0);
    place.file("more.txt", "fish B-Dish\ntacos I-Dish\nnow O\n");
    place.tagli("score gold.conllu more.txt").fails(1, &["sentence 1 has 2 words", "more.txt (line 1)"]);
    place.file("plain.txt", "good tacos\n");
    place.tagli("score gold.conllu plain.txt").fails(1, &["plain.txt"]);
}

#[test]
fn tag_files_are_scored_packed_and_in_folders_and_in_the_format_that_is_named() {
    use std::io::Write;
    let place = Place::new();
    let (one, two) = ("fish B-Dish\ntacos I-Dish\n\n", "beer B-Drink\nnow O\n\n");
    place.file("gold.txt", format!("{one}{two}"));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(format!("{one}{two}").as_bytes()).unwrap();
    fs::write(place.path("pred.conll.gz"), packed.finish().unwrap()).unwrap();
    fs::create_dir(place.path("folder")).unwrap();
    place.file("folder/a.conll", one);
    place.file("folder/b.conll", two);
    let mut archive = zip::ZipWriter::new(fs::File::create(place.path("pred.zip")).unwrap());
    for (name, text) in [("a.conll", one), ("b.conll", two)] {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
    for pred in ["pred.conll.gz", "folder", "pred.zip"] {
        let scores = place.tagli(&format!("score gold.txt {pred} --json")).fine().json();
        assert_eq!((&scores["strict"]["overall_f1"], &scores["strict"]["Drink"]["number"]), (&json!(1.0), &json!(1)));
    }
    place.file("folder/b.conll", "beer B-Drink\nnow\n\n");
    let left_out =
        ["folder/b.conll: plain text among files of other formats", "gold.txt has 2 sentences and folder has 1"];
    place.tagli("score gold.txt folder").fails(1, &left_out);
    // Two columns of tags: which of them is read depends on the format.
    place.file("both.tsv", "B-Dish\tfish\tO\nO\tnow\tO\nB-Dish\tsoup\tB-Dish\n\n");
    let number = |format: &str| {
        let scores = place.tagli(&format!("score both.tsv both.tsv --format {format} --json")).fine().json();
        scores["default"]["Dish"]["number"].clone()
    };
    assert_eq!((number("tag-first"), number("conll2003")), (json!(2), json!(1)));
    // A format that the file does not have is refused, as an import refuses it.
    place.tagli("score gold.txt gold.txt --format jsonl").fails(1, &["gold.txt:1"]);
    // Numbers as tags, in a packed file.
    place.file("numbers.txt", "fish 1\ntacos 2\n\nbeer 3\nnow 0\n\n");
    let names = "--tag-names O,B-Dish,I-Dish,B-Drink";
    let scores = place.tagli(&format!("score numbers.txt pred.conll.gz {names} --json")).fine().json();
    assert_eq!(scores["strict"]["overall_f1"], 1.0);
    place.tagli("score numbers.txt pred.zip --tag-names O,B-Dish,I-Dish").fails(1, &["tag number 3 has no name"]);
}

#[test]
fn documents_whose_files_would_have_one_name_are_all_written() {
    let place = Place::new();
    let ids = ["a", "A", "a.txt/b", "a.json/b", "a/", "annotation.conf/c"];
    let lines: String = ids.iter().map(|id| format!("{{\"id\":\"{id}\",\"text\":\"tea {id}\"}}\n")).collect();
    place.file("in.jsonl", lines);
    for format in ["brat", "cas-json"] {
        let done = place.tagli(&format!("convert in.jsonl {format}/ --to {format} --json")).fine();
        assert_eq!(done.json()["proof"]["documents_back"], ids.len(), "{format}");
        let back = place.tagli(&format!("convert {format} {format}.jsonl --json")).fine();
        assert_eq!(back.json()["proof"]["documents_back"], ids.len(), "{format}");
        let text = place.read(&format!("{format}.jsonl"));
        assert!(ids.iter().all(|id| text.contains(&format!("tea {id}\""))), "{format}: {text}");
        assert_eq!(done.err.contains("another name than"), format == "brat", "{}", done.err);
    }
}

#[test]
fn what_a_killed_export_left_is_named_by_the_next_one_and_stays() {
    let place = Place::new();
    place.file("in.jsonl", "{\"id\":\"a\",\"text\":\"tea\"}\n");
    let left = ".tagli-0123456789abcdef0123456789abcdef.tmp";
    fs::create_dir(place.path("out")).unwrap();
    place.file(&format!("out/{left}"), "half");
    for target in ["out/a.txt", "out/b/ --to brat"] {
        let done = place.tagli(&format!("convert in.jsonl {target}")).fine();
        assert!(done.err.contains(left) && done.err.contains("remove it if no tagli is at work"), "{}", done.err);
    }
    assert_eq!(place.read(&format!("out/{left}")), "half");
    assert!(!place.tagli("convert in.jsonl other.txt").fine().err.contains(".tagli-"));
    place.tagli("new food").fine();
    place.tagli("import food in.jsonl").fine();
    place.file(&format!("food/exports/{left}"), "half");
    let done = place.tagli("export food --format jsonl --all").fine();
    assert!(done.err.contains(left), "{}", done.err);
    assert!(place.tagli("doctor food").fine().out.contains(left));
}
