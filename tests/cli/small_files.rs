//! Small files that a person names: each is read up to a limit, whatever is in its place.

use std::{fs, process::Stdio};

use super::{TAGGED, support::Place};

/// Settings, a labelling config and a text that never end. The shell limits the memory, so that a program without a limit of
/// its own ends early.
#[cfg(target_os = "linux")]
#[test]
fn an_endless_file_is_refused_with_its_name_and_the_limit() {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    place.tagli("new food").fine();
    place.tagli("import food train.txt --as ada").fine();
    let before = place.read("food/documents.jsonl");
    for words in [
        "train --train train.txt --valid train.txt --out run --settings /dev/zero",
        "convert train.txt out.jsonl --config /dev/zero",
        "documents correct food train-1 --file /dev/zero",
    ] {
        let mut command = std::process::Command::new("sh");
        let line = format!("ulimit -v 3000000; exec '{}' {words}", env!("CARGO_BIN_EXE_tagli"));
        command.args(["-c", &line]).current_dir(place.path("")).env_clear().envs(place.environment());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}: {err}");
        assert!(err.contains("/dev/zero: it has more than 67.1 MB, the most that can be read"), "{words}: {err}");
    }
    assert_eq!(place.read("food/documents.jsonl"), before);
    assert!(!place.path("run").exists() && !place.path("out.jsonl").exists());
}

#[test]
fn a_large_file_is_refused_and_a_pipe_is_read() {
    let place = Place::new();
    place.file("train.txt", TAGGED);
    fs::File::create(place.path("large.json")).unwrap().set_len(65 << 20).unwrap();
    let words = "train --train train.txt --valid train.txt --out run --settings";
    place.tagli(&format!("{words} large.json")).fails(1, &["large.json", "the most that can be read"]);
    assert!(std::process::Command::new("mkfifo").arg(place.path("pipe")).status().unwrap().success());
    let pipe = place.path("pipe");
    let writer = std::thread::spawn(move || fs::write(pipe, "{\"epochs\": -1}"));
    place.tagli(&format!("{words} pipe")).fails(2, &["settings from pipe", "epochs of -1"]);
    writer.join().unwrap().unwrap();
}
