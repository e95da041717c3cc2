//! Memory of an import and of an opening, as the allocator counts it. One test, because all of the process is counted.

#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::fs;

use peak_alloc::PeakAlloc;
use tagliatelle::{
    project::{Manifest, OnDuplicate, Project, import_source},
    spans::LabelSet,
    work::{import::import, source::SourceFile},
};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

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
