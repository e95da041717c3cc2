//! The program at the other end of an SSH line: what it sends over a slow one, and what is left when the line drops.
//!
//! A server of the test's own listens on this machine. Without one (`openssh-server`) nothing is tested here, and a line
//! on standard error says so; with `TAGLI_REQUIRE_SSHD` set that is a failure. The line takes 200 ms there and back and
//! carries 56 kbit/s.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a failure here is a failed test")]

mod support;

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use support::{
    Place,
    line::Line,
    screen::{PATIENCE, Screen, done, project, restaurants, tiny_base, tiny_project, training},
    sshd::Sshd,
};

/// Size of the terminal in columns and rows.
const SIZE: (u16, u16) = (120, 40);

/// Most bytes for a key that stays in its document: the median, and the 99th of 100.
const KEY: (usize, usize) = (300, 800);
/// Most bytes for a key that shows another document.
const DOCUMENT: usize = 3_000;
/// Most bytes of a frame with the curves of a training.
const CURVES: usize = 4_096;
/// Most frames per second for a training.
const FRAMES: usize = 2;

/// What a hand does inside a document, and then to the next one. Every key is answered.
const KEYS: [&str; 15] = ["w", "3", "]", "[", "u", "w", "2", "e", "h", "l", "x", "v", "l", "\x1b", "\r"];

#[test]
fn tagging_is_frugal_with_every_terminal() {
    tagging_with_every_terminal(2);
}

#[test]
#[ignore = "takes minutes; `just line` runs it"]
fn three_hundred_keys_are_frugal_with_every_terminal() {
    tagging_with_every_terminal(20);
}

/// The sessions run side by side, since they wait for the line more than they compute.
fn tagging_with_every_terminal(rounds: usize) {
    let terms = ["xterm-256color", "screen-256color", "tmux-256color", "linux", "vt100", "dumb"];
    std::thread::scope(|scope| {
        terms.map(|term| scope.spawn(move || tagging(term, rounds))).map(|tagged| tagged.join().unwrap())
    });
}

#[test]
fn a_training_that_is_watched_is_frugal() {
    watching("xterm-256color", Duration::from_secs(8));
}

#[test]
#[ignore = "takes minutes; `just line` runs it"]
fn a_training_that_is_watched_for_a_minute_is_frugal() {
    for term in ["xterm-256color", "linux", "dumb"] {
        watching(term, Duration::from_secs(60));
    }
}

/// Tags over the slow line, and compares what comes with the limits.
fn tagging(term: &str, rounds: usize) {
    let mut place = Place::new();
    let Some(server) = Sshd::start(&place) else { return };
    restaurants(&place);
    let line = Line::to(server.port);
    let mut screen = server.session(line.port, term, &mut place, &["food"], SIZE);
    screen.shows("Again");
    quiet(&screen, Duration::from_secs(1));
    let mut counted = screen.sent.lock().unwrap().len();
    let (mut keys, mut documents) = (Vec::new(), Vec::new());
    for key in KEYS.into_iter().cycle().take(rounds * KEYS.len()) {
        let total = screen.answer(key).1;
        // With what jobs sent since the last answer, for example that it is saved.
        let bytes = total - counted;
        counted = total;
        if key == "\r" { &mut documents } else { &mut keys }.push((bytes, key.escape_debug().to_string()));
    }
    screen.shows(" saved");
    // What belongs to the last key has come when nothing came for a while.
    while quiet(&screen, Duration::from_secs(1)) > 0 {}
    let still = quiet(&screen, Duration::from_secs(3));
    let sent = screen.sent.lock().unwrap().clone();
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    keys.sort();
    let median = keys[keys.len() / 2].0;
    let (high, slowest) = keys[(keys.len() - 1) * 99 / 100].clone();
    let most = documents.iter().max().unwrap().0;
    let summary = format!(
        "{term}: bytes for a key {median} in the median, {high} at the 99th percentile (`{slowest}`), for a document \
         {most}, in 3 s of nothing {still}; encrypted {} for {} of the terminal\n{keys:?}",
        line.received(),
        sent.len()
    );
    println!("{}", summary.lines().next().unwrap());
    assert!(median <= KEY.0 && high <= KEY.1 && most <= DOCUMENT && still == 0, "{summary}");
    let text = String::from_utf8_lossy(&sent);
    assert_eq!(text.is_ascii(), term == "linux", "{term}");
    let colours = text.split("\x1b[").any(sets_color);
    assert_eq!(colours, !matches!(term, "vt100" | "dumb"), "{term}");
}

/// Whether a control sequence, without its beginning, sets a colour other than the terminal's own.
fn sets_color(sequence: &str) -> bool {
    let end = sequence.find(|c: char| !(c.is_ascii_digit() || c == ';')).unwrap_or(sequence.len());
    let codes = sequence[..end].split(';').filter_map(|code| code.parse::<u8>().ok());
    sequence[end..].starts_with('m') && codes.into_iter().any(|code| matches!(code, 30..=38 | 40..=48 | 90..=107))
}

/// Number of bytes that come in this time without a key.
fn quiet(screen: &Screen, time: Duration) -> usize {
    let before = screen.sent.lock().unwrap().len();
    std::thread::sleep(time);
    screen.sent.lock().unwrap().len() - before
}

/// Watches a training over the slow line, and compares what comes with the limits.
fn watching(term: &str, time: Duration) {
    let mut place = Place::new();
    let Some(server) = Sshd::start(&place) else { return };
    restaurants(&place);
    tiny_base(&place);
    let training = Training::start(&place);
    let line = Line::to(server.port);
    let mut screen = server.session(line.port, term, &mut place, &["food"], SIZE);
    screen.shows("Again");
    screen.keys("\t\t");
    screen.shows("0001-base");
    screen.shows("loss");
    // The frames that answer the keys are not those of the training.
    std::thread::sleep(Duration::from_secs(3));
    let from = screen.sent.lock().unwrap().len();
    std::thread::sleep(time);
    let sent = screen.sent.lock().unwrap().clone();
    let shown = screen.text();
    drop(training);
    screen.keys("\x03");
    assert_eq!(screen.ends(), 0);
    let text = String::from_utf8_lossy(&sent[from..]).into_owned();
    let frames: Vec<usize> = text.split("\x1b[?2026l").map(str::len).collect();
    let (count, most) = (frames.len() - 1, frames.iter().max().unwrap());
    let seconds = time.as_secs() as usize;
    println!(
        "{term}: {count} frames of a training in {seconds} s, {most} bytes at most, {} a second",
        text.len() / seconds
    );
    assert!(count > seconds / 2, "the training is followed: {count} frames\n{shown}");
    assert!(count <= FRAMES * seconds + 1, "{count} frames in {seconds} s");
    assert!(*most <= CURVES, "{term}: a frame of {most} bytes: {frames:?}");
}

/// A long training in another process, which is killed in the end.
struct Training(Child);

impl Training {
    fn start(place: &Place) -> Self {
        let words = ["train", "food", "--base", "./base", "--epochs", "500", "--set", "log_every=1"];
        let mut command = place.command();
        command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Training {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Ways in which a line drops.
#[derive(Clone, Copy, Debug)]
enum Drops {
    /// The client is killed.
    Client,
    /// The process of the server that serves the session is killed.
    Server,
    /// Both ends see a closed connection.
    Cut,
    /// No end sees anything any more.
    Silence,
}

impl Drops {
    const ALL: [Self; 4] = [Self::Client, Self::Server, Self::Cut, Self::Silence];
}

/// The ways are tried side by side, since a silent line takes the server long to notice.
#[test]
fn a_line_that_drops_in_any_way_loses_nothing_and_leaves_no_process() {
    std::thread::scope(|scope| {
        Drops::ALL.map(|how| scope.spawn(move || dropped(how))).map(|dropped| dropped.join().unwrap())
    });
}

/// Drops the line after some words were shown as saved.
fn dropped(how: Drops) {
    let mut place = Place::new();
    let Some(server) = Sshd::start(&place) else { return };
    project(&place);
    let line = Line::to(server.port);
    let mut screen = server.session(line.port, "xterm-256color", &mut place, &["food"], (80, 24));
    screen.shows("1/3");
    screen.keys("l3");
    screen.shows("1 span");
    screen.shows("saved");
    // Keys that are on their way when the line drops may come or not.
    screen.keys("w5w2");
    let program = Process::of(&place);
    let session = program.parent();
    drop_line(how, &mut screen, &line, &session);
    program.ends(&server);
    session.ends(&server);
    let seen = place.tagli("inspect food --json").fine().json();
    assert!(seen["spans"].as_u64() >= Some(1), "{how:?}: {seen}");
    let journal = place.read("food/annotations/ada.jsonl");
    assert!(journal.ends_with('\n') && journal.contains("\"label\":2"), "{how:?}: {journal}");
    // Nothing holds the annotator's lock.
    let mut screen = server.session(server.port, "xterm-256color", &mut place, &["food"], (80, 24));
    let shown = screen.shows("1/3");
    assert!(!shown.contains("read only"), "{shown}");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    let checked = place.tagli("doctor food --json").fine().json();
    assert_eq!(checked["project"]["sound"], true, "{checked}");
}

fn drop_line(how: Drops, screen: &mut Screen, line: &Line, session: &Process) {
    match how {
        Drops::Client => screen.child.kill().unwrap(),
        Drops::Server => session.kill(),
        Drops::Cut => line.cut(),
        Drops::Silence => line.fall_silent(),
    }
}

#[test]
fn a_training_of_the_screen_outlives_the_line_and_then_leaves_no_process() {
    let mut place = Place::new();
    let Some(server) = Sshd::start(&place) else { return };
    tiny_project(&place, 2_000);
    let mut screen = server.session(server.port, "xterm-256color", &mut place, &["food"], SIZE);
    screen.shows("saved");
    screen.keys("\t\ts");
    screen.shows("pieces/s");
    // A paused run would wait for ever, since no screen can resume it.
    screen.keys(" ");
    screen.shows("paused");
    let program = Process::of(&place);
    let session = program.parent();
    screen.child.kill().unwrap();
    program.ends(&server);
    session.ends(&server);
    let list = place.tagli("runs list food --json").fine().json();
    assert_eq!((&list[0]["state"], &list[0]["model"]), (&"done".into(), &true.into()), "{list}");
}

#[test]
fn a_training_of_the_shell_is_continued_after_the_line_dropped() {
    let mut place = Place::new();
    let Some(server) = Sshd::start(&place) else { return };
    done(&place);
    let line = Line::to(server.port);
    tiny_base(&place);
    // Longer than the news of the cut takes.
    let words = training("2000");
    let screen = server.session(line.port, "xterm-256color", &mut place, &words, SIZE);
    screen.shows("  loss ");
    let program = Process::of(&place);
    let session = program.parent();
    line.cut();
    program.ends(&server);
    session.ends(&server);
    let list = place.tagli("runs list food --json").fine().json();
    assert_eq!(list[0]["state"], "stopped", "{list}");
    let steps = list[0]["status"]["steps"].clone();
    assert!(list[0]["status"]["step"].as_u64() < steps.as_u64(), "{list}");
    let mut resumed = place.command().args(["train", "food", "--resume"]).stderr(Stdio::piped()).spawn().unwrap();
    let messages = BufReader::new(resumed.stderr.take().unwrap());
    let first = messages.lines().map_while(Result::ok).find(|line| line.starts_with("step"));
    let _ = resumed.kill();
    let _ = resumed.wait();
    // The step after the checkpoint.
    let next = list[0]["status"]["step"].as_u64().unwrap() + 1;
    assert!(first.as_ref().is_some_and(|line| line.contains(&format!("step {next}/"))), "{first:?}, {list}");
}

/// A process at the far end.
struct Process(u32);

impl Process {
    /// The program, which wrote its id before it began.
    fn of(place: &Place) -> Self {
        Self(place.read("pid").trim().parse().unwrap())
    }

    /// A field of `ps`; empty if the process is gone.
    fn field(&self, name: &str) -> String {
        let output = Command::new("ps").args(["-o", &format!("{name}="), "-p", &self.0.to_string()]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn parent(&self) -> Self {
        Self(self.field("ppid").parse().unwrap())
    }

    fn kill(&self) {
        assert!(Command::new("kill").args(["-s", "KILL", &self.0.to_string()]).status().unwrap().success());
    }

    /// Waits until the process has ended.
    #[track_caller]
    fn ends(&self, server: &Sshd) {
        let until = Instant::now() + PATIENCE;
        // A process that ended waits for its parent, which may be gone.
        while !matches!(self.field("stat").chars().next(), None | Some('Z')) {
            assert!(Instant::now() < until, "it goes on: {}\n{}", self.field("args"), server.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
