//! Memory of readers, of an import and of an opening, as the allocator counts it. One test at a time, because all of the process
//! is counted.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a failure here is a failed test")]

use std::{
    fs,
    io::Write as _,
    sync::{Mutex, PoisonError},
};

use peak_alloc::PeakAlloc;
use tagliatelle::{
    formats::{self, ReadOptions},
    project::{Manifest, OnDuplicate, Project, import_source},
    spans::LabelSet,
    work::{import::import, source::SourceFile},
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Held by the test that counts.
static COUNTING: Mutex<()> = Mutex::new(());

/// Makes the line of a document from its number and its text.
type Line = fn(usize, &str) -> String;

/// Highest use of memory by `work`, in bytes beyond the use before.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let value = work();
    (value, MEMORY.peak_usage().saturating_sub(before))
}

#[test]
fn an_import_and_an_opening_keep_each_text_once_and_no_file() {
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = tempfile::tempdir().unwrap();
    let text = "good tacos and cheap beer ".repeat(160);
    let formats: [(&str, Line); 3] = [
        ("a.jsonl", |at, text| format!("{{\"id\":\"d{at}\",\"text\":\"{text}\"}}\n")),
        ("b.txt", |at, text| format!("{text}{at}\n")),
        ("c.json", |at, text| {
            // A task is kept as it was, with a copy of the text.
            let begin = if at == 0 { '[' } else { ',' };
            format!("{begin}{{\"id\":{at},\"data\":{{\"text\":\"{text}\"}},\"annotations\":[]}}\n")
        }),
    ];
    for (name, line) in formats {
        let path = folder.path().join(name);
        let lines: String = (0..8_000).map(|at| line(at, &text)).collect();
        let (end, copies) = if name.ends_with(".json") { ("]", 2) } else { ("", 1) };
        fs::write(&path, lines + end).unwrap();
        let texts = 8_000 * text.len() * copies;
        let mut project =
            Project::create(&folder.path().join("p").join(name), Manifest::new("p", LabelSet::restaurant())).unwrap();
        let options = import_source::read_options(&project.manifest, &path, None, &"ada".parse().unwrap());
        let (imported, most) = peak(|| {
            let file = SourceFile::open(&path, None, &options).unwrap().check().unwrap();
            import(&mut project, &"ada".parse().unwrap(), 0, OnDuplicate::Copy, vec![file], None).unwrap()
        });
        assert_eq!(imported[0].report.documents, 8_000, "{name}");
        // Blocks of the file, the list of documents and their ids.
        let allowed = texts + texts / 5;
        assert!(most < allowed, "importing {name}: {most} bytes for {texts} bytes of text");
        let root = project.root.clone();
        drop(project);
        let (project, most) = peak(|| Project::open(&root).unwrap());
        assert_eq!(project.documents.len(), 8_000);
        assert!(most < allowed + texts / 5, "opening {name}: {most} bytes for {texts} bytes of text");
    }
}

/// An archive with these files, not compressed.
fn archive(files: &[(&str, String)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, contents) in files {
        archive.start_file(*name, options).unwrap();
        archive.write_all(contents.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Makes lines from their numbers.
fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

/// An archive of SLATE with a text and its annotations.
fn slate(text: &str, annotations: &str) -> Vec<u8> {
    archive(&[("a.txt", text.to_owned()), ("a.txt.annotations", annotations.to_owned())])
}

/// A CAS with these types and a short text.
fn cas(types: impl Fn(usize) -> String) -> Vec<u8> {
    let types: Vec<String> = (0..50_000).map(types).collect();
    let text = r#"{"%ID":1,"%TYPE":"uima.cas.Sofa","sofaString":"good tacos"}"#;
    format!("{{\"%TYPES\":{{{}}},\"%FEATURE_STRUCTURES\":[{text}]}}", types.join(",")).into_bytes()
}

/// A DocBin of no document, with `count` times `element` in the field `name`.
fn docbin(name: &str, count: u32, element: &[u8]) -> Vec<u8> {
    let list = [&[0xdd][..], &count.to_be_bytes(), &element.repeat(count as usize)].concat();
    let empty: &[u8] = &[0xc4, 0];
    let fields = [
        ("attrs", &[0x91, 65][..]),
        ("tokens", empty),
        ("spaces", empty),
        ("lengths", empty),
        ("strings", &[0x90][..]),
    ];
    let others = fields.into_iter().filter(|(other, _)| *other != name);
    let fields: Vec<(&str, &[u8])> = others.chain([(name, list.as_slice())]).collect();
    let mut unpacked = vec![0x80 | fields.len() as u8];
    for (name, value) in fields {
        unpacked.push(0xa0 | name.len() as u8);
        unpacked.extend(name.bytes().chain(value.iter().copied()));
    }
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::none());
    packed.write_all(&unpacked).unwrap();
    packed.finish().unwrap()
}

/// Files whose parts are small and many, each with the name of its format.
fn files_of_small_parts() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    const COUNT: usize = 300_000;
    let words = lines(COUNT, |at| format!("{at} tacos\n"));
    let scattered = lines(COUNT, |at| format!("({at}, 0) - A\n"));
    vec![
        ("slate", "annotations of one line", slate("a b\n", &"(0, 0) - A\n".repeat(COUNT))),
        ("slate", "labels", slate("a b\n", &lines(COUNT, |at| format!("(0, 0) - L{at}\n")))),
        ("slate", "annotated lines", slate(&words, &scattered)),
        ("slate", "annotations without their lines", slate("a b\n", &scattered)),
        (
            "cas-json",
            "types",
            cas(|at| {
                format!(
                    r#""T{at}":{{"%NAME":"T{at}","%SUPER_TYPE":"uima.tcas.Annotation","value":{{"%NAME":"value","%RANGE":"uima.cas.String"}}}}"#
                )
            }),
        ),
        ("cas-json", "nested types", cas(|at| format!(r#""{at}":{{"a":{{"b":{{"c":{{}}}}}}}}"#))),
        ("spacy", "empty maps", docbin("cats", 5_000_000, &[0x80])),
        ("spacy", "maps of one entry", docbin("cats", 2_000_000, &[0x81, 0xa0, 0xc0])),
        ("spacy", "user data", docbin("user_data", 5_000_000, &[0xc0])),
        ("spacy", "span groups", docbin("span_groups", 3_000_000, &[0xc4, 0])),
        ("spacy", "empty strings", docbin("strings", 5_000_000, &[0xa0])),
        ("spacy", "columns", docbin("attrs", 5_000_000, &[0])),
    ]
}

#[test]
fn readers_take_little_memory_for_files_of_small_parts() {
    let _counting = COUNTING.lock().unwrap_or_else(PoisonError::into_inner);
    let mut problems = Vec::new();
    for (format, parts, bytes) in files_of_small_parts() {
        let format = formats::find(format).unwrap();
        let (read, most) = peak(|| format.read_file(&bytes.as_slice(), &ReadOptions::default()).unwrap());
        let allowed = 10 * bytes.len() + (64 << 20);
        let line = format!("{} of {parts}: {most} bytes of memory for {}, {allowed} allowed", format.name, bytes.len());
        println!("{line}; {} documents, {:?}", read.found.len(), read.problems.first());
        if most > allowed {
            problems.push(line);
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
