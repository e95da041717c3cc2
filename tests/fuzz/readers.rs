//! The readers of files that a stranger may have written, each as a function of bytes, with valid inputs to begin from.
//!
//! `main.rs` changes these inputs for some seconds within the tests; `libfuzzer/` does it for hours, guided by coverage.

use std::{
    fs,
    io::{Cursor, Read as _, Write as _},
    path::{Path, PathBuf},
    sync::LazyLock,
};

use tagliatelle::{
    app::{keymap::presets, state::default_keymap},
    config::{self, Config, Layer, keys},
    formats::{self, Corpus, OnLoss, ReadOptions, WriteOptions, label_config, patterns},
    model,
    project::{AnnotatorName, Documents, Manifest, MetricsTail, Project, check, run_folder},
    text::Grid,
};

/// Reads bytes and throws the result away.
type Read = Box<dyn Fn(&[u8])>;

/// A reader with its valid inputs.
pub(crate) struct Reader {
    pub(crate) name: String,
    pub(crate) read: Read,
    pub(crate) inputs: Vec<Vec<u8>>,
}

impl Reader {
    fn new(name: &str, inputs: Vec<Vec<u8>>, read: impl Fn(&[u8]) + 'static) -> Self {
        Self { name: name.to_owned(), read: Box::new(read), inputs }
    }
}

/// Folder of this process for readers that open files.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

/// All readers. Those that open files need a folder of their own, so two of a name must not run at once.
pub(crate) fn readers() -> Vec<Reader> {
    let mut readers = vec![journal(), documents(), manifest(), settings(), keys(), metrics(), status()];
    readers.extend([model_file("tokenizer.json"), model_file("config.json"), model_file("vocab.txt")]);
    readers.extend([weights(), labels(), pattern_file()]);
    readers.extend(formats::FORMATS.iter().copied().map(format));
    readers.extend([packed(), standoff(), docbin(), numbered_tags()]);
    readers
}

/// A file of the checkout.
fn file(name: &str) -> Vec<u8> {
    fs::read(checkout().join(name)).unwrap()
}

fn checkout() -> &'static Path {
    let folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    folders.into_iter().find(|folder| folder.join(SAMPLE).is_dir()).unwrap()
}

/// The first lines of a file.
fn lines(name: &str, count: usize) -> Vec<u8> {
    let bytes = file(name);
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').take(count).collect();
    lines.concat()
}

const SAMPLE: &str = "sample-projects/restaurants";

/// A folder with the sample's documents and manifest.
fn project(name: &str) -> PathBuf {
    let dir = FOLDER.path().join(name);
    fs::create_dir_all(dir.join("annotations")).unwrap();
    fs::write(dir.join("project.json"), file(&format!("{SAMPLE}/project.json"))).unwrap();
    fs::write(dir.join("documents.jsonl"), lines(&format!("{SAMPLE}/documents.jsonl"), 20)).unwrap();
    dir
}

/// Lines of a journal. A changed line gets the checksum of its new contents, which would otherwise hide all of them.
fn journal() -> Reader {
    let dir = project("journal");
    let path = dir.join("annotations/ada.jsonl");
    let name: AnnotatorName = "ada".parse().unwrap();
    let edits = [
        r#"{"relabel":["1-0",3]}"#,
        r#"{"resize":["1-0",[0,4]]}"#,
        r#"{"remove":"1-0"}"#,
        r#"{"reject":[[0,4],1]}"#,
        r#"{"readmit":[[0,4],1]}"#,
        r#"{"note":"a \u001b note"}"#,
        r#"{"add":{"id":"1-9","range":[0,2],"label":0,"source":{"model":{"run":"0001-mini","score":0.9}}}}"#,
    ];
    let mut all = String::new();
    for (at, edit) in edits.iter().enumerate() {
        all += &format!("{{\"id\":\"1-{at}\",\"at\":{at},\"doc\":\"r001\",\"edits\":[{edit}],\"crc\":\"00000000\"}}\n");
        all += &format!("{{\"id\":\"1-{}\",\"at\":1,\"undo\":\"1-{at}\",\"crc\":\"00000000\"}}\n", at + 100);
        all += &format!("{{\"id\":\"1-{}\",\"at\":1,\"redo\":\"1-{at}\",\"crc\":\"00000000\"}}\n", at + 200);
    }
    all += "{\"id\":\"1-300\",\"at\":4,\"docs\":[{\"doc\":\"r001\",\"edits\":[]},{\"doc\":\"r002\",\"edits\":[]}],\"crc\":\"00000000\"}\n";
    let inputs = vec![lines(&format!("{SAMPLE}/annotations/sample.jsonl"), 8), all.into_bytes()];
    Reader::new("journal", inputs, move |bytes| {
        fs::write(&path, with_checksums(bytes)).unwrap();
        let project = Project::open(&dir).unwrap();
        if let Ok(annotator) = project.read_annotator(&name) {
            let _ = annotator.problems.iter().map(ToString::to_string).collect::<Vec<_>>();
        }
    })
}

/// The same lines, those that end like a line of a journal with a correct checksum.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    const TAIL: usize = 18;
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let body = line.strip_suffix(b"\n").unwrap_or(line);
        match body.len().checked_sub(TAIL) {
            Some(end) if body[end..].starts_with(b",\"crc\":\"") && body.ends_with(b"\"}") => {
                let crc = crc32fast::hash(&[&body[..end], b"}"].concat());
                out.extend_from_slice(&body[..end]);
                out.extend_from_slice(format!(",\"crc\":\"{crc:08x}\"}}").as_bytes());
                out.extend_from_slice(&line[body.len()..]);
            }
            _ => out.extend_from_slice(line),
        }
    }
    out
}

fn documents() -> Reader {
    let inputs = vec![
        lines(&format!("{SAMPLE}/documents.jsonl"), 8),
        lines("sample-projects/bilingual-menu/documents.jsonl", 4),
    ];
    Reader::new("documents.jsonl", inputs, |bytes| {
        for grid in [Grid::Natural, Grid::Bert] {
            if let Err(errors) = Documents::from_jsonl(bytes, grid) {
                let _ = errors.iter().map(ToString::to_string).collect::<Vec<_>>();
            }
        }
    })
}

fn manifest() -> Reader {
    let dir = project("manifest");
    let inputs = vec![file(&format!("{SAMPLE}/project.json"))];
    Reader::new("project.json", inputs, move |bytes| {
        let direct = Manifest::from_json(bytes).is_ok();
        fs::write(dir.join("project.json"), bytes).unwrap();
        assert!(direct || Project::open(&dir).is_err(), "a manifest that is refused opens no project");
        let _ = check::check(&dir);
    })
}

fn settings() -> Reader {
    Reader::new("tagli.toml", vec![config::DEFAULTS.as_bytes().to_vec()], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Err(error) = Config::layered(&[Layer { name: "tagli.toml", text: &text }]) {
            let _ = error.to_string();
        }
    })
}

fn keys() -> Reader {
    let inputs = presets::PRESETS.iter().map(|(_, text)| text.as_bytes().to_vec()).collect();
    Reader::new("keys.toml", inputs, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        match keys::read(Layer { name: "keys.toml", text: &text }) {
            Ok(file) => {
                _ = presets::keymap(default_keymap(), Some(("keys.toml", &file))).map_err(|error| error.to_string())
            }
            Err(error) => _ = error.to_string(),
        }
    })
}

fn metrics() -> Reader {
    let path = FOLDER.path().join("metrics.jsonl");
    let scores = r#"{"precision":0.5,"recall":0.5,"f1":0.5,"accuracy":0.9}"#;
    let input = format!(
        "{{\"kind\":\"step\",\"step\":50,\"epoch\":0.1,\"loss\":1.5,\"lr\":2e-5,\"grad_norm\":0.7,\"tokens_per_second\":900.0}}\n\
         {{\"kind\":\"eval\",\"step\":50,\"epoch\":0.1,\"split\":\"valid\",\"loss\":1.0,\"piece\":{scores},\"word\":{scores},\
         \"labels\":{{\"Dish\":{{\"precision\":0.5,\"recall\":0.5,\"f1\":0.5,\"support\":3}}}}}}\n"
    );
    Reader::new("metrics.jsonl", vec![input.into_bytes()], move |bytes| {
        fs::write(&path, bytes).unwrap();
        let mut tail = MetricsTail::new(&path);
        while tail.poll().is_ok_and(|points| !points.is_empty()) {}
    })
}

/// The status and the config of a run, which have one reader each.
fn status() -> Reader {
    let dir = FOLDER.path().join("run");
    fs::create_dir_all(&dir).unwrap();
    let status = br#"{"phase":"training","step":3,"steps":9,"epoch":0.5,"epochs":3.0,"seconds":1.5,"eta":null,"device":"cpu","pid":7}"#;
    let config =
        br#"{"tagli_run":1,"id":"00000000000000000000000000000001","started":7,"settings":{"base":"mini"},"data":{}}"#;
    Reader::new("status.json", vec![status.to_vec(), config.to_vec()], move |bytes| {
        fs::write(dir.join("status.json"), bytes).unwrap();
        fs::write(dir.join("config.json"), bytes).unwrap();
        let _ = run_folder::read_status(&dir).map_err(|error| error.to_string());
        let _ = run_folder::read_config(&dir).map_err(|error| error.to_string());
    })
}

/// A model folder in which one file is read from the input.
fn model_file(name: &'static str) -> Reader {
    let (dir, texts) = model_folder(name);
    let input = fs::read(dir.join(name)).unwrap();
    Reader::new(name, vec![input], move |bytes| {
        fs::write(dir.join(name), bytes).unwrap();
        if let Ok(base) = model::open(&texts) {
            let _ = base.tokenizer.words(&["tacos", "\u{1f32e}", ""]);
            let _ = base.tokenizer.text("Tacos for $10, caf\u{e9}");
        }
    })
}

fn weights() -> Reader {
    let (dir, texts) = model_folder("model.safetensors");
    let input = fs::read(dir.join("model.safetensors")).unwrap();
    Reader::new("model.safetensors", vec![input], move |bytes| {
        fs::write(dir.join("model.safetensors"), bytes).unwrap();
        let _ = model::open(&texts).map_err(|error| error.to_string());
    })
}

/// A folder with a tiny model. Returns its path twice.
fn model_folder(name: &str) -> (PathBuf, String) {
    let dir = FOLDER.path().join(format!("model-{name}"));
    fs::create_dir_all(&dir).unwrap();
    let tags = r#"{"0":"O","1":"B-Dish","2":"I-Dish","3":"B-Price","4":"I-Price"}"#;
    let config = format!(
        r#"{{"model_type":"distilbert","vocab_size":60,"dim":16,"max_position_embeddings":24,"n_layers":2,"n_heads":2,
        "hidden_dim":32,"dropout":0.1,"attention_dropout":0.1,"activation":"gelu","id2label":{tags}}}"#
    );
    let letters = ('a'..='z').flat_map(|c| [c.to_string(), format!("##{c}")]);
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned);
    let pieces: Vec<String> = special.into_iter().chain(letters).collect();
    fs::write(dir.join("config.json"), config).unwrap();
    fs::write(dir.join("model.safetensors"), file("tests/reference/training_tiny.safetensors")).unwrap();
    if name == "vocab.txt" {
        fs::write(dir.join("vocab.txt"), pieces.join("\n")).unwrap();
    } else {
        fs::write(dir.join("tokenizer.json"), tokenizer(&pieces)).unwrap();
    }
    let text = dir.to_str().unwrap().to_owned();
    (dir, text)
}

/// A `tokenizer.json` with the parts of BERT's.
fn tokenizer(pieces: &[String]) -> String {
    let vocab: Vec<String> = pieces.iter().enumerate().map(|(id, piece)| format!("{piece:?}:{id}")).collect();
    let added: Vec<String> = pieces[..5]
        .iter()
        .enumerate()
        .map(|(id, piece)| {
            format!(r#"{{"id":{id},"content":"{piece}","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}}"#)
        })
        .collect();
    let normalizer = r#"{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true}"#;
    let post = r#"{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},
        {"SpecialToken":{"id":"[SEP]","type_id":0}}],"pair":[{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
        "special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},"[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}}"#;
    format!(
        r###"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[{}],"normalizer":{normalizer},"pre_tokenizer":{{"type":"BertPreTokenizer"}},
        "post_processor":{post},"decoder":{{"type":"WordPiece","prefix":"##","cleanup":true}},
        "model":{{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{{{}}}}}}}"###,
        added.join(","),
        vocab.join(",")
    )
}

fn labels() -> Reader {
    let input = br#"<View><Labels name="l" toName="t"><Label value="Dish" background="red" hotkey="3"/><Label value="Price"/></Labels><Text name="t" value="$text"/></View>"#;
    Reader::new("labels.xml", vec![input.to_vec()], |bytes| _ = label_config::read(bytes))
}

fn pattern_file() -> Reader {
    let input = b"{\"label\":\"Dish\",\"pattern\":\"fish tacos\"}\n{\"label\":\"Price\",\"pattern\":[{\"LOWER\":\"cheap\"},{\"TEXT\":{\"REGEX\":\"^ea\"},\"OP\":\"?\"}],\"id\":\"x\"}\n";
    Reader::new("patterns.jsonl", vec![input.to_vec()], |bytes| _ = patterns::read(bytes))
}

/// What other programs write, where it differs from what this one writes, by the name of the format.
const SAMPLES: [(&str, &str); 9] = [
    (
        "argilla",
        r#"{"text":"a b","tokens":["a","b"],"prediction":[["X",0,1,0.5]],"annotation":[["Y",2,3]],"status":"Validated"}"#,
    ),
    (
        "argilla",
        r#"[{"id":"a","fields":{"text":"a b"},"suggestions":{"q":{"value":[]}},"responses":{"q":[{"value":[{"label":"Y","start":2,"end":3}]}]}}]"#,
    ),
    ("csv", "label;begin;stop;sentence\r\nDish;0;8;\"pad thai, \"\"x\"\"\"\r\n"),
    ("doccano", r#"{"text":"a b","annotations":[{"label":3,"start_offset":0,"end_offset":1,"user":1}]}"#),
    (
        "doccano",
        r#"{"text":"a b","entities":[{"id":7,"label":"X","start_offset":0,"end_offset":1}],"relations":[{"from_id":7,"to_id":7}]}"#,
    ),
    ("hf-jsonl", r#"{"id":"0","tokens":["a","b"],"pos_tags":[1,2],"tags":["O","B-X"]}"#),
    (
        "prodigy",
        r#"{"text":"a b","_task_hash":-3,"tokens":[{"text":"a","start":0,"end":1,"id":0,"ws":true}],"spans":[{"start":0,"end":1,"token_start":0,"token_end":0,"label":"X","answer":"reject"}],"_is_binary":true,"answer":"accept"}"#,
    ),
    ("spacy-json", r#"{"text":"a b","ents":[{"start":0,"end":1,"label":"X"}],"tokens":[{"id":0,"start":0,"end":1}]}"#),
    (
        "spacy-json",
        r#"[{"id":0,"paragraphs":[{"raw":"a b","sentences":[{"tokens":[{"orth":"a","ner":"U-X"},{"orth":"b","ner":"-"}]}]}]}]"#,
    ),
];
/// Inputs that the program does not write: parts of a format that are only read.
fn others(format: &str) -> Vec<Vec<u8>> {
    let texts: &[&str] = match format {
        "conll2003" => &[
            "1-2\tal\t_\n1\ta\tO\n2\tel\tB-X\n2.1\tb\tO\n3\tc\tI-X\n",
            "Anna|NNP|B-PER eats|VBZ|O\nin|IN|O Bari|NNP|B-LOC\n",
            "a X (PER*\nb X *)\nc X *\nd X (LOC)\n",
            "0\t4\tAnna\tB-X\n5\t9\teats\tO\n9\t10\t.\tO\n11\t12\ta\tO\n12\t13\tb\tO\n",
            "en:a\tB-X\nen:b\tO\nen:c\tO\nen:d\tO\nen:e\tO\n",
        ],
        "conllu" => &[
            "# global.Entity = eid-etype-head-other\n# text = al mar.\n1-2\tal\t_\t_\t_\t_\t_\t_\t_\tEntity=(e1-place-1-\n\
             1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n2\tel\t_\t_\t_\t_\t_\t_\t_\t_\n2.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n\
             3\tmar\t_\t_\t_\t_\t_\t_\t_\tEntity=(e2-place-1-)e1)|SpaceAfter=No\n4\t.\t_\t_\t_\t_\t_\t_\t_\tSpacesAfter=\\n\n",
        ],
        "conll2012" => &[
            "#begin document (a/b); part 000\na/b 0 0 Anna NNP (S* - - - A (PERSON* (ARG0* (0\na/b 0 1 Berg NNP *) - - - A *) *) 0)\n\n#end document\n",
        ],
        "webanno-tsv" => &[
            "#FORMAT=WebAnno TSV 3.3\n#T_SP=x.POS|p\n#T_SP=x.NamedEntity|identifier|value\n#T_RL=y.Z|a|BT_x\n\n\n#Text=a \\[b\\] c\n\
             1-1\t0-1\ta\tX\t*[1]|*[2]\tA[1]|B\\|C[2]\t_\t_\t\n1-2\t2-5\t[b]\tX\t*[1]\tA[1]\t_\t_\t\n1-2.1\t3-4\tb\tX\t*\t*\t_\t_\t\n",
        ],
        "yedda" => &["a [@b [@c#X*] [$d#Y*] e#*]# [@f#g#Z*]\n"],
        _ => &[],
    };
    let archive = (format == "slate").then(slate_archive);
    texts.iter().map(|text| text.as_bytes().to_vec()).chain(archive).collect()
}

/// A text with its annotations beside it.
fn slate_archive() -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, contents) in
        [("a.txt", "good fish tacos\nin Rome\n"), ("a.txt.annotations", "((0, 1), (0, 2)) - Dish\n(1, 1) - Place\n")]
    {
        archive.start_file(name, stored).unwrap();
        std::io::Write::write_all(&mut archive, contents.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A format of import, with what the program itself writes in it. What is read is written again, too.
fn format(format: &'static formats::Format) -> Reader {
    let bytes = lines(&format!("{SAMPLE}/documents.jsonl"), 4);
    let corpus = formats::find("jsonl").unwrap().read(&bytes, &ReadOptions::default()).corpus;
    let tagged = b"{\"text\":\"cheap fish tacos\",\"spans\":[{\"start\":0,\"end\":5,\"label\":\"Price\"},{\"start\":6,\"end\":16,\"label\":\"Dish\"}]}\n\n";
    let tagged = formats::find("jsonl").unwrap().read(tagged, &ReadOptions::default()).corpus;
    let options = WriteOptions { on_loss: OnLoss::Snap, ..WriteOptions::default() };
    let write = |corpus: &Corpus| format.write(corpus, &options).map(|written| written.bytes).ok();
    let samples = SAMPLES.iter().filter(|(name, _)| *name == format.name).map(|(_, text)| text.as_bytes().to_vec());
    let mut inputs: Vec<Vec<u8>> = [corpus, tagged].iter().filter_map(write).chain(samples).collect();
    inputs.extend(others(format.name));
    Reader::new(format.name, inputs, move |bytes| {
        let _ = formats::detect("file", bytes);
        let read = format.read(bytes, &ReadOptions::default());
        let _ = format.write(&read.corpus, &WriteOptions { on_loss: OnLoss::Snap, ..WriteOptions::default() });
    })
}

/// Files that hold others.
fn packed() -> Reader {
    let text = "cheap O\nfish B-Dish\n\n".repeat(9);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(text.as_bytes()).unwrap();
    let zstandard = ruzstd::encoding::compress_to_vec(text.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
    let archive = archive(&[("a.conll", text.as_bytes()), ("b/c.txt", b"texts"), ("d.jsonl", b"{\"text\":\"a\"}")]);
    Reader::new("packed", vec![gzip.finish().unwrap(), zstandard, archive], |bytes| {
        let guess = formats::detect("file", bytes);
        let _ = guess.format.read(bytes, &ReadOptions::default());
    })
}

/// Tagged words whose tags are numbers or do not follow their scheme, as `score` and `inspect` read them.
fn numbered_tags() -> Reader {
    let tag_names = ["O", "B-Dish", "I-Dish"].map(str::to_owned).into();
    let options = ReadOptions { tag_names, ..ReadOptions::default() };
    let inputs = [
        "1\tfish\t1\n2\ttacos\t2\n\n1\tok\t-100\n",
        "fish 1\rtacos 2\r\rok 0\r",
        "fish I-Dish\ntacos B-Dish\n\nok O\n",
        "{\"tokens\":[\"fish\",\"ok\"],\"ner_tags\":[1,0]}\n",
        "sentence,word,tag\n1,fish,1\n1,ok,0\n",
    ];
    let inputs = inputs.map(|text| text.as_bytes().to_vec()).into();
    Reader::new("tag numbers", inputs, move |bytes| {
        if let Ok(guess) = formats::detect_with("file", &bytes, &options) {
            let _ = guess.format.read(bytes, &options);
            let _ = formats::tag_violations(guess.format, &bytes, &options);
        }
        let tags = formats::find("conll2002").unwrap();
        let _ = formats::read_tags(&bytes, tags, &options);
    })
}

/// An archive that is not compressed.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in files {
        archive.start_file(*name, options).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Annotations of brat, whose archive would hide all changes behind its checksums.
fn standoff() -> Reader {
    let lines = "T1\tDish 0 4\tFish\nT2\tDish 5 10;15 19\ttacos soft\nE1\tOrder:T1 Thing:T2\nA1\tFresh E1\n#1\tAnnotatorNotes T1\ta note\n*\tEquiv T1 T2\n";
    Reader::new("brat.ann", vec![lines.as_bytes().to_vec()], |bytes| {
        let files = archive(&[
            ("a.txt", "Fish tacos and soft \u{1f32e}\nshells".as_bytes()),
            ("a.ann", bytes),
            ("annotation.conf", bytes),
        ]);
        let format = formats::find("brat").unwrap();
        let read = format.read(&files, &ReadOptions::default());
        let _ = format.write(&read.corpus, &WriteOptions { on_loss: OnLoss::Snap, ..WriteOptions::default() });
    })
}

/// What a DocBin unpacks to, for the same reason.
fn docbin() -> Reader {
    let format = formats::find("spacy").unwrap();
    let tagged = b"{\"text\":\"cheap fish tacos\",\"spans\":[{\"start\":0,\"end\":5,\"label\":\"Price\"},{\"start\":2,\"end\":16,\"label\":\"Dish\"}]}\n";
    let corpus = formats::find("jsonl").unwrap().read(tagged, &ReadOptions::default()).corpus;
    let written = format.write(&corpus, &WriteOptions::default()).unwrap().bytes;
    let mut unpacked = Vec::new();
    flate2::read::ZlibDecoder::new(written.as_slice()).read_to_end(&mut unpacked).unwrap();
    Reader::new("spacy.msgpack", vec![unpacked], move |bytes| {
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::none());
        packed.write_all(bytes).unwrap();
        let read = format.read(&packed.finish().unwrap(), &ReadOptions::default());
        let _ = format.write(&read.corpus, &WriteOptions { on_loss: OnLoss::Snap, ..WriteOptions::default() });
    })
}
