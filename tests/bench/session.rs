//! What a person feels of a training, measured on the program as it is built:
//!
//!     cargo bench --bench session [-- open|start|echo|explore|learning|memory|tagging] [TRAIN.txt VALID.txt]
//!
//! `open`: opening each base inside the program, the first time with its checksum. `start`: from the start of `tagli train`
//! with each of them until its first step is written. `echo`: from a key in a terminal of
//! 80x24 to the end of the frame that answers it, before and while a training uses all cores. `learning`: the same while the
//! live model learns after each document, with the processor time and the memory of the program. `memory`: resident memory of a
//! training at a quarter, the half and the end of a long run (Linux). `tagging`: a project of 50,000 documents: how long it
//! takes to open, from key to frame, bytes sent to the terminal for a key, for a change of the document and for nothing.
//! `explore`: from a key in a sentence of 40 words on the Explore screen to the end of the frame with the new result, by a
//! model that was trained from `mini` for one epoch.
//! Without files the sample's texts are taken.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a bench prints, and a failure ends it"
)]

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use portable_pty::{CommandBuilder, PtySize, native_pty_system};

const TAGLI: &str = env!("CARGO_BIN_EXE_tagli");
/// The end of a frame: the end of a synchronised update.
const FRAME_END: &[u8] = b"\x1b[?2026l";
/// A key that has no answer after this is lost.
const LOST: Duration = Duration::from_secs(5);
/// Time between two keys: a fast hand.
const BETWEEN: Duration = Duration::from_millis(60);
const KEYS: usize = 300;
/// The bases inside the program.
const BASES: [&str; 2] = ["mini", "small"];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let (which, files) = match words.first().map(String::as_str) {
        Some("open" | "start" | "echo" | "explore" | "learning" | "memory" | "tagging") => {
            (Some(words[0].clone()), &words[1..])
        }
        _ => (None, &words[..]),
    };
    let place = tempfile::tempdir().unwrap();
    let project = sample(place.path());
    let data = match files {
        [train, valid] => [PathBuf::from(train), PathBuf::from(valid)],
        _ => exported(&project, place.path()),
    };
    let wants = |name: &str| which.as_deref().is_none_or(|which| which == name);
    if wants("open") {
        open();
    }
    if wants("start") {
        BASES.into_iter().for_each(|base| start(base, &data, place.path()));
    }
    if wants("memory") {
        memory(&data, place.path());
    }
    if wants("tagging") {
        tagging(&data, place.path());
    }
    if wants("learning") {
        learning(&data, place.path());
    }
    if wants("echo") {
        echo(&project, place.path());
    }
    // It adds a run to the project, so it comes last.
    if wants("explore") {
        explore(&project, place.path());
    }
}

fn tagli(words: &[&str], place: &Path) -> Command {
    let mut command = Command::new(TAGLI);
    command.args(words).current_dir(place).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("HOME", place).env("USER", "ada");
    command
}

/// A copy of the sample project, to be worked on.
fn sample(place: &Path) -> PathBuf {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-projects/restaurants");
    let to = place.join("restaurants");
    let copied = Command::new("cp").arg("-R").arg(from).arg(&to).status().unwrap();
    assert!(copied.success());
    let manifest = to.join("project.json");
    let text = fs::read_to_string(&manifest).unwrap().replace("\"sample\": true", "\"sample\": false");
    fs::write(manifest, text).unwrap();
    to
}

/// The sample's training and validation split as tagged files.
fn exported(project: &Path, place: &Path) -> [PathBuf; 2] {
    ["train", "valid"].map(|split| {
        let out = place.join(format!("{split}.txt"));
        let words =
            ["export", project.to_str().unwrap(), "--format", "tag-first", "--split", split, "--annotator", "sample"];
        let words = [&words[..], &["--out", out.to_str().unwrap()]].concat();
        assert!(tagli(&words, place).status().unwrap().success(), "{words:?}");
        out
    })
}

fn open() {
    for base in BASES {
        let times = sorted((0..7).map(|_| {
            let began = Instant::now();
            let opened = tagliatelle::model::open(base).unwrap();
            let time = began.elapsed().as_secs_f64();
            assert_eq!(opened.name, base);
            time
        }));
        let [median, least, most] = [times[3], times[0], times[6]].map(|time| time * 1e3);
        println!("opening {base}: median {median:.1} ms of 7 ({least:.1} to {most:.1})");
    }
}

fn sorted(times: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut times: Vec<f64> = times.collect();
    times.sort_by(f64::total_cmp);
    times
}

fn training<'a>(base: &'a str, [train, valid]: &'a [PathBuf; 2], out: &'a str) -> Vec<&'a str> {
    let path = |path: &'a PathBuf| path.to_str().unwrap();
    vec!["train", "--train", path(train), "--valid", path(valid), "--base", base, "--set", "log_every=1", "--out", out]
}

fn start(base: &str, data: &[PathBuf; 2], place: &Path) {
    let times = sorted((0..7).map(|at| {
        let out = format!("start-{base}-{at}");
        let metrics = place.join(&out).join("metrics.jsonl");
        let began = Instant::now();
        let mut child = tagli(&training(base, data, &out), place).spawn().unwrap();
        while fs::metadata(&metrics).map_or(0, |meta| meta.len()) == 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "no step came");
            thread::sleep(Duration::from_millis(2));
        }
        let time = began.elapsed().as_secs_f64();
        child.kill().unwrap();
        child.wait().unwrap();
        time
    }));
    println!("start to first step, {base}: median {:.3} s of 7 ({:.3} to {:.3})", times[3], times[0], times[6]);
}

fn memory(data: &[PathBuf; 2], place: &Path) {
    let words = [
        training(BASES[0], data, "long"),
        vec!["--epochs", "40", "--set", "evaluations=40", "--set", "keep_best=true"],
    ]
    .concat();
    let mut child = tagli(&words, place).spawn().unwrap();
    let status = place.join("long/status.json");
    let mut seen: Vec<(f64, u64)> = Vec::new();
    while child.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(100));
        let Ok(json) = fs::read(&status) else { continue };
        let Ok(json) = serde_json::from_slice::<serde_json::Value>(&json) else { continue };
        let (step, steps) = (json["step"].as_f64().unwrap(), json["steps"].as_f64().unwrap());
        if json["phase"] == "training" && step > 0.0 {
            seen.push((step / steps, resident(child.id())));
        }
    }
    // The middle of what was seen around each place: one reading may fall into an evaluation.
    let around = |share: f64| {
        let mut near: Vec<u64> =
            seen.iter().filter(|(at, _)| (at - share).abs() < 0.05).map(|(_, bytes)| *bytes).collect();
        near.sort_unstable();
        near.get(near.len() / 2).copied().unwrap_or(0) / 1024
    };
    let places = [0.1, 0.25, 0.5, 0.75, 0.95].map(|share| format!("{} % {} MiB", share * 100.0, around(share)));
    println!("resident memory of a run of 40 epochs, mini: {}", places.join(", "));
}

/// Resident memory of a process, in KiB.
fn resident(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// The program on a terminal.
struct Screen {
    writer: Box<dyn Write + Send>,
    frames: Receiver<Instant>,
    /// Bytes that came so far.
    bytes: std::sync::Arc<std::sync::atomic::AtomicU64>,
    shown: std::sync::Arc<std::sync::Mutex<vt100::Parser>>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
    _master: Box<dyn portable_pty::MasterPty + Send>,
}

impl Screen {
    fn open(project: &Path, place: &Path) -> Self {
        let pair =
            native_pty_system().openpty(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(TAGLI);
        command.args([project.to_str().unwrap(), "--as", "sample"]);
        command.cwd(place);
        for (name, value) in [("HOME", place.to_str().unwrap()), ("TERM", "xterm-256color"), ("LANG", "C.UTF-8")] {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, frames) = channel();
        let shown = std::sync::Arc::new(std::sync::Mutex::new(vt100::Parser::new(24, 80, 0)));
        let inside = std::sync::Arc::clone(&shown);
        let bytes = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
        let counted = std::sync::Arc::clone(&bytes);
        thread::spawn(move || {
            let (mut buffer, mut tail) = ([0; 4096], Vec::new());
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                let now = Instant::now();
                counted.fetch_add(count as u64, std::sync::atomic::Ordering::SeqCst);
                // Whoever gets a frame finds it in the screen.
                inside.lock().unwrap().process(&buffer[..count]);
                tail.extend_from_slice(&buffer[..count]);
                while let Some(at) = tail.windows(FRAME_END.len()).position(|bytes| bytes == FRAME_END) {
                    tail.drain(..at + FRAME_END.len());
                    let _ = sender.send(now);
                }
            }
        });
        Self { writer: pair.master.take_writer().unwrap(), frames, bytes, shown, child, _master: pair.master }
    }

    fn waits_for(&self, text: &str) {
        let began = Instant::now();
        while !self.shown.lock().unwrap().screen().contents().contains(text) {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "`{text}`:\n{}",
                self.shown.lock().unwrap().screen().contents()
            );
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn key(&mut self, key: &str) {
        self.writer.write_all(key.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Milliseconds from each of many keys to the end of the frame that answers it, sorted.
    fn echoes(&mut self) -> Vec<f64> {
        let mut times: Vec<f64> = (0..KEYS)
            .map(|at| {
                thread::sleep(BETWEEN);
                while self.frames.try_recv().is_ok() {}
                let sent = Instant::now();
                // To the right and back: each moves the cursor, so each is answered.
                self.key(if at % 2 == 0 { "\x1b[C" } else { "\x1b[D" });
                let frame = self.frames.recv_timeout(LOST).expect("a key without an answer");
                frame.duration_since(sent).as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times
    }
}

impl Screen {
    /// Milliseconds from each of many keys on the Explore screen to the end of the frame with the result, sorted.
    fn results(&mut self, key: impl Fn(usize) -> &'static str) -> Vec<f64> {
        let times = (0..KEYS).map(|at| {
            thread::sleep(BETWEEN);
            while self.frames.try_recv().is_ok() {}
            let sent = Instant::now();
            self.key(key(at));
            loop {
                let frame = self.frames.recv_timeout(LOST).expect("a key without a result");
                if !self.shown.lock().unwrap().screen().contents().contains(OLD) {
                    break frame.duration_since(sent).as_secs_f64() * 1e3;
                }
            }
        });
        sorted(times)
    }
}

fn print_times(what: &str, times: &[f64]) {
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{what}: median {:.2}, 99th percentile {:.2}, most {:.2} (of {})",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len()
    );
}

/// What a hand does inside a document of some words, and to the next one. No key is for nothing.
const INSIDE: [&str; 14] = ["w", "3", "]", "[", "u", "w", "2", "e", "h", "l", "x", "v", "l", "\x1b"];
const LINES: [&str; 4] = ["\x1b[B", "\x1b[6~", "\x1b[A", "\x1b[5~"];
const ACROSS: [&str; 2] = ["\r", "n"];
/// What looks at everything: the same words elsewhere, tagged and taken back; the history; commands; help.
const LISTS: [&str; 14] = ["w", "3", "m", "s", "\r", "u", "H", "\x1b", ":", "a", "\x1b", "?", "\x1b", "u"];
/// The list of documents: searched, sorted, filtered, and left.
const DOCUMENTS: [&str; 14] = ["\t", "/", "t", "a", "c", "\r", "\x1b", "o", "o", "f", "f", "f", "\x1b", "\x1b[Z"];

fn tagging(data: &[PathBuf; 2], place: &Path) {
    let project = crowd(data, place);
    let began = Instant::now();
    let mut screen = Screen::open(&project, place);
    screen.waits_for("50,000");
    println!("opening 50,000 documents: {:.2} s", began.elapsed().as_secs_f64());
    thread::sleep(Duration::from_secs(1));
    hand(&mut screen, "a document of ten words", true);
    screen.child.kill().unwrap();
    screen.child.wait().unwrap();
    let words = fs::read_to_string(&data[0]).unwrap();
    let words: Vec<(&str, &str)> = words.lines().filter_map(|line| line.split_once('\t')).collect();
    let many = || words.iter().cycle().take(190_000);
    let text: String = many().map(|(_, word)| format!("{word} ")).collect();
    println!("a document of {} bytes", text.len());
    fs::write(place.join("long.txt"), format!("{text}\nthe end\n")).unwrap();
    alone("long", &["import", "long", "long.txt"], place);
    // The same words in one sentence, as they are tagged.
    let tagged: String = many().map(|(tag, word)| format!("{tag}\t{word}\n")).collect();
    println!("the same with {} spans", tagged.lines().filter(|line| line.starts_with("B-")).count());
    fs::write(place.join("tagged.txt"), format!("{tagged}\nO\tend\n")).unwrap();
    alone("tagged", &["import", "tagged", "tagged.txt", "--as", "sample"], place);
}

/// A hand in the first document of a new project.
fn alone(name: &str, import: &[&str], place: &Path) {
    for words in [&["new", name], import] {
        assert!(tagli(words, place).status().unwrap().success(), "{words:?}");
    }
    let began = Instant::now();
    let mut screen = Screen::open(&place.join(name), place);
    screen.waits_for("Amenity");
    println!("{name}: opening it: {:.2} s", began.elapsed().as_secs_f64());
    // It is not the first document that is not done.
    screen.key("p");
    thread::sleep(Duration::from_secs(1));
    hand(&mut screen, name, false);
    screen.child.kill().unwrap();
    screen.child.wait().unwrap();
}

/// What a hand costs in the document in front, and across documents.
fn hand(screen: &mut Screen, what: &str, across: bool) {
    let mut measure = |keys: &[&str], rounds: usize| {
        let (mut times, mut bytes) = (Vec::new(), Vec::new());
        for key in keys.iter().cycle().take(keys.len() * rounds) {
            while screen.frames.try_recv().is_ok() {}
            let (before, sent) = (screen.bytes.load(std::sync::atomic::Ordering::SeqCst), Instant::now());
            screen.key(key);
            let frame = screen.frames.recv_timeout(LOST).expect("a key without an answer");
            times.push((frame.duration_since(sent).as_secs_f64() * 1e3, *key));
            // What follows belongs to the key, too: that it is saved.
            thread::sleep(BETWEEN);
            bytes.push((screen.bytes.load(std::sync::atomic::Ordering::SeqCst) - before) as f64);
        }
        times.sort_by(|a, b| a.0.total_cmp(&b.0));
        bytes.sort_by(f64::total_cmp);
        let slowest = times.last().map_or("", |(_, key)| *key).escape_debug().to_string();
        (times.into_iter().map(|(time, _)| time).collect::<Vec<_>>(), bytes, slowest)
    };
    let hands = [
        ("inside", &INSIDE[..], 30),
        ("down and up", &LINES[..], 30),
        ("lists", &LISTS[..], 10),
        ("to the next one", &ACROSS[..], 60),
        ("documents", &DOCUMENTS[..], 5),
    ];
    for (way, keys, rounds) in hands.into_iter().take(if across { 5 } else { 3 }) {
        let (times, bytes, slowest) = measure(keys, rounds);
        print_times(&format!("{what}, {way}: key to frame (slowest: {slowest}), ms"), &times);
        print_times(&format!("{what}, {way}: bytes for a key"), &bytes);
    }
    // Until everything is saved, and says so.
    thread::sleep(Duration::from_secs(2));
    let before = screen.bytes.load(std::sync::atomic::Ordering::SeqCst);
    thread::sleep(Duration::from_secs(10));
    println!("bytes in 10 s of nothing: {}", screen.bytes.load(std::sync::atomic::Ordering::SeqCst) - before);
}

/// A project of 50,000 documents: the sample's, again and again, each time with another word in front.
fn crowd([train, _]: &[PathBuf; 2], place: &Path) -> PathBuf {
    let text = fs::read_to_string(train).unwrap();
    let sentences: Vec<&str> = text.split("\n\n").filter(|sentence| !sentence.trim().is_empty()).collect();
    let all: Vec<String> =
        (0..50_000).map(|at| format!("O\tno{at}\n{}", sentences[at % sentences.len()].trim())).collect();
    let file = place.join("crowd.txt");
    fs::write(&file, all.join("\n\n")).unwrap();
    let project = place.join("crowd");
    for words in [vec!["new", "crowd"], vec!["import", "crowd", "crowd.txt", "--as", "somebody"]] {
        assert!(tagli(&words, place).status().unwrap().success(), "{words:?}");
    }
    project
}

fn echo(project: &Path, place: &Path) {
    let mut screen = Screen::open(project, place);
    screen.waits_for("Tag");
    let quiet = screen.echoes();
    print_times("key to frame, nothing else going on, ms", &quiet);
    screen.key("T");
    // A strip on the Tag screen shows the run.
    screen.waits_for("training");
    let training = screen.echoes();
    let over = screen.shown.lock().unwrap().screen().contents();
    print_times("key to frame, while a training goes on, ms", &training);
    println!("still training after the last key: {}", over.contains("training"));
    screen.child.kill().unwrap();
    screen.child.wait().unwrap();
}

/// A sentence of 40 words.
const SENTENCE: &str = "is there any good cheap thai place near the harbour that stays open after two in the morning and has \
                        fish tacos or a spicy soup with live music on the patio because we are hungry and tired \
                        tonight again";
/// Title of the spans while they belong to the sentence before.
const OLD: &str = "spans of the sentence before";

fn explore(project: &Path, place: &Path) {
    let words = ["train", project.to_str().unwrap(), "--as", "sample", "--base", BASES[0], "--epochs", "1"];
    assert!(tagli(&words, place).status().unwrap().success(), "{words:?}");
    let mut screen = Screen::open(project, place);
    screen.waits_for("Tag");
    screen.key("\x1b[15~");
    screen.waits_for("sentence");
    screen.key(&format!("\x1b[200~{SENTENCE}\x1b[201~"));
    screen.waits_for("spans, ");
    let count = SENTENCE.split_whitespace().count();
    let times = screen.results(|at| if at % 2 == 0 { "s" } else { "\x7f" });
    print_times(&format!("Explore, {count} words, from a key to the frame with the result, ms"), &times);
    screen.child.kill().unwrap();
    screen.child.wait().unwrap();
}

/// Documents that are finished while keys are measured.
const LEARNED: usize = 40;

/// Keys in documents that are finished, with learning on and off.
fn learning(data: &[PathBuf; 2], place: &Path) {
    for learns in [false, true] {
        let name = if learns { "learning" } else { "resting" };
        let project = place.join(name);
        fs::copy(&data[0], place.join("texts.txt")).unwrap();
        for words in [&["new", name][..], &["import", name, "texts.txt", "--as", "somebody"]] {
            assert!(tagli(words, place).status().unwrap().success(), "{words:?}");
        }
        let settings = "learn-every = 1\nlearn-below-load = 0\nlearn-on-battery = true\n";
        fs::write(project.join("tagli.toml"), format!("learn = {learns}\n{settings}")).unwrap();
        let mut screen = Screen::open(&project, place);
        screen.waits_for("Amenity");
        thread::sleep(Duration::from_secs(1));
        let process = screen.child.process_id().unwrap();
        let (began, before) = (Instant::now(), processor_seconds(process));
        let mut times = Vec::new();
        for _ in 0..LEARNED {
            // A label on the first word, some moves, and on to the next document.
            for key in ["3", "\x1b[C", "\x1b[C", "\x1b[D", "\x1b[C", "\x1b[D", "\r"] {
                thread::sleep(BETWEEN);
                while screen.frames.try_recv().is_ok() {}
                let sent = Instant::now();
                screen.key(key);
                let frame = screen.frames.recv_timeout(LOST).expect("a key without an answer");
                times.push(frame.duration_since(sent).as_secs_f64() * 1e3);
            }
        }
        let share = (processor_seconds(process) - before) / began.elapsed().as_secs_f64();
        times.sort_by(f64::total_cmp);
        print_times(&format!("key to frame, {name}, ms"), &times);
        println!("{name}: {share:.2} cores, {} MiB resident", resident(process) / 1024);
        screen.child.kill().unwrap();
        screen.child.wait().unwrap();
    }
}

/// Seconds of processor time that a process has used (Linux).
fn processor_seconds(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    // User and system time, in hundredths of a second.
    fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / 100.0
}
