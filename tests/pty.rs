//! The program on a real terminal: a pseudo-terminal that a small emulator reads. Nothing here sleeps; everything waits
//! for text on the screen.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is a failed test")]

mod support;

use std::{
    io::{Read, Write},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use support::{
    Place,
    hostile::{Hostile, hostile, steering},
    hub::{self, Fault, Hub},
};

/// Longest wait for anything. Generous: the machine that runs the tests may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program in its terminal.
struct Screen {
    parser: Arc<(Mutex<vt100::Parser>, Condvar)>,
    /// Every byte that the program sent.
    sent: Arc<Mutex<Vec<u8>>>,
    /// Ends when the program has closed the terminal.
    reader: std::thread::JoinHandle<()>,
    writer: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

impl Screen {
    fn open(place: &Place, words: &[&str], columns: u16, rows: u16) -> Self {
        Self::open_by(&[], place, words, (columns, rows), (columns, rows))
    }

    /// Opens it by another program, given by its first words, in a terminal of one size that is watched in another.
    fn open_by(by: &[&str], place: &Place, words: &[&str], size: (u16, u16), watched: (u16, u16)) -> Self {
        let (columns, rows) = watched;
        let size = PtySize { rows: size.1, cols: size.0, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).unwrap();
        let program = [by, &[env!("CARGO_BIN_EXE_tagli")], words].concat();
        let mut command = CommandBuilder::new(program[0]);
        command.args(&program[1..]);
        command.cwd(place.path(""));
        command.env_clear();
        for (name, value) in place.environment() {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = Arc::new((Mutex::new(vt100::Parser::new(rows, columns, 0)), Condvar::new()));
        let sent = Arc::new(Mutex::new(Vec::new()));
        let (inside, bytes) = (Arc::clone(&parser), Arc::clone(&sent));
        let mut output = pair.master.try_clone_reader().unwrap();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                bytes.lock().unwrap().extend_from_slice(&buffer[..read]);
                inside.0.lock().unwrap().process(&buffer[..read]);
                inside.1.notify_all();
            }
        });
        let writer = pair.master.take_writer().unwrap();
        Self { parser, sent, reader, writer, child, master: pair.master }
    }

    fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    fn text(&self) -> String {
        self.parser.0.lock().unwrap().screen().contents()
    }

    /// Waits until the screen holds this text.
    #[track_caller]
    fn shows(&self, text: &str) -> String {
        self.waits(|contents| contents.contains(text), &format!("`{text}` never came"))
    }

    /// Waits until the screen no longer holds this text.
    #[track_caller]
    fn hides(&self, text: &str) -> String {
        self.waits(|contents| !contents.contains(text), &format!("`{text}` never went"))
    }

    #[track_caller]
    fn waits(&self, until: impl Fn(&str) -> bool, otherwise: &str) -> String {
        let end = Instant::now() + PATIENCE;
        let mut parser = self.parser.0.lock().unwrap();
        loop {
            let contents = parser.screen().contents();
            if until(&contents) {
                return contents;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{otherwise}:\n{contents}");
            parser = self.parser.1.wait_timeout(parser, left).unwrap().0;
        }
    }

    /// Sends a signal such as `TERM` to the program.
    fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits until the program has sent this text, wherever it stands.
    #[track_caller]
    fn sends(&self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !String::from_utf8_lossy(&self.sent.lock().unwrap()).contains(text) {
            assert!(Instant::now() < until, "`{text}` never came");
            let parser = self.parser.0.lock().unwrap();
            drop(self.parser.1.wait_timeout(parser, Duration::from_millis(100)).unwrap());
        }
    }

    /// Waits for the end of the program, and until all that it sent is read; its exit code.
    #[track_caller]
    fn ends(mut self) -> u32 {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.reader.join().unwrap();
                return status.exit_code();
            }
            assert!(Instant::now() < until, "the program goes on:\n{}", self.text());
            std::thread::yield_now();
        }
    }
}

const REVIEWS: &str = "The tacos at El Camino were cheap\nopen till 2 am\ngreat pho near the harbour\n";

fn project(place: &Place) {
    place.file("reviews.txt", REVIEWS);
    let _ = place.tagli("new food").fine();
    let _ = place.tagli("import food reviews.txt").fine();
}

#[test]
fn tagged_reviews_are_saved_and_shown_after_a_restart() {
    let place = Place::new();
    project(&place);
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    screen.shows("1/3");
    // The second word is a dish; `w` skips `The`.
    screen.keys("l3");
    screen.shows("1 span");
    screen.keys("\r");
    screen.shows("2/3");
    screen.shows("saved");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    let written = place.tagli("export food --format tag-first --out -").fine();
    assert!(written.out.contains("B-Dish\ttacos"), "{}", written.out);
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    screen.shows("2/3");
    // Undo works after the restart and goes back over `enter`.
    screen.keys("uu");
    screen.shows("1/3");
    screen.shows("0 spans");
    screen.shows("saved");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
}

#[test]
fn a_double_press_finishes_one_document_and_the_next_start_goes_on_there() {
    let place = Place::new();
    project(&place);
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    screen.shows("1/3");
    screen.keys("\r\r");
    screen.shows("2/3");
    screen.shows("This is the next document");
    screen.keys("\t");
    screen.shows(" Documents  food");
    screen.keys("q");
    screen.sends("left at document 2 of 3; tagli food goes on there");
    assert_eq!(screen.ends(), 0);
    let statuses = place.tagli("inspect food --json").fine().json()["statuses"].clone();
    assert_eq!((&statuses["done"], &statuses["todo"]), (&1.into(), &2.into()));
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    screen.shows(" Documents  food");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
}

#[test]
fn under_another_login_name_the_work_is_found_again() {
    let mut place = Place::new();
    project(&place);
    place.file("a.conll", "tacos B-Dish\n\n");
    let _ = place.tagli("import food a.conll").fine();
    place.more.push(("USER", "root".into()));
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    screen.shows("ada has done 1 document");
    screen.keys("g");
    screen.shows("by ada");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    // The answer is kept, and the name is there on a small screen, too.
    let mut screen = Screen::open(&place, &["food"], 60, 16);
    assert!(!screen.shows("by ada").contains("has done"));
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    let mut screen = Screen::open(&place, &["food", "--as", "root"], 60, 16);
    assert!(!screen.shows("by root").contains("has done"));
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
}

#[test]
fn all_screens_are_reached_and_help_explains_keys() {
    let place = Place::new();
    project(&place);
    let mut screen = Screen::open(&place, &["food"], 120, 40);
    for name in [" Tag ", " Documents ", " Train ", " Evaluate ", " Explore "] {
        screen.shows(name);
        screen.keys("\t");
    }
    screen.shows(" Tag ");
    screen.keys("?");
    screen.shows("keys of the");
    screen.keys("?q");
    assert_eq!(screen.ends(), 0);
}

#[test]
fn a_tiny_terminal_shows_one_line() {
    let place = Place::new();
    project(&place);
    for (columns, rows) in [(20, 5), (10, 3), (1, 1)] {
        let mut screen = Screen::open(&place, &["food"], columns, rows);
        if columns > 6 {
            screen.shows("Please");
        }
        screen.keys("q");
        assert_eq!(screen.ends(), 0);
    }
}

#[test]
fn the_screen_follows_the_size_of_the_terminal() {
    let place = Place::new();
    project(&place);
    let mut screen = Screen::open(&place, &["food"], 20, 5);
    screen.parser.0.lock().unwrap().screen_mut().set_size(24, 80);
    screen.master.resize(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
    screen.shows("document 1/3");
    // The first key after the change acts at once, not with the one after it.
    screen.keys("?");
    screen.shows("keys of the");
    screen.keys("?q");
    assert_eq!(screen.ends(), 0);
}

#[test]
fn a_hangup_ends_the_program_without_loss() {
    let place = Place::new();
    project(&place);
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    screen.shows("1/3");
    screen.keys("l3");
    screen.shows("1 span");
    screen.signal("HUP");
    assert_eq!(screen.ends(), 0);
    let seen = place.tagli("inspect food --json").fine().json();
    assert_eq!(seen["spans"], 1);
}

#[test]
fn escape_sequences_in_a_review_are_shown_as_text() {
    let place = Place::new();
    place.file("evil.jsonl", "{\"text\":\"nice \\u001b[2J\\u001b]0;owned\\u0007 tacos\"}\n");
    let _ = place.tagli("new food").fine();
    let _ = place.tagli("import food evil.jsonl").fine();
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    let text = screen.shows("tacos");
    assert!(text.contains("nice") && text.contains("owned"), "{text}");
    let sent = screen.sent.lock().unwrap().clone();
    assert!(!sent.windows(4).any(|bytes| bytes == b"\x1b]0;"), "the title was set");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
}

#[test]
fn the_mouse_selects_and_labels_if_enabled_and_is_released() {
    let place = Place::new();
    project(&place);
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    screen.shows("tacos at El");
    screen.keys("q");
    let sent = Arc::clone(&screen.sent);
    assert_eq!(screen.ends(), 0);
    assert!(!String::from_utf8_lossy(&sent.lock().unwrap()).contains("\x1b[?1000h"), "nobody asked for it");

    place.file("food/tagli.toml", "mouse = true\n");
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    let shown = screen.shows("tacos at El");
    let cell = |text: &str| {
        let (row, line) = shown.lines().enumerate().find(|(_, line)| line.contains(text)).unwrap();
        (line.find(text).unwrap() + 1, row + 1)
    };
    let ((from, row), (to, _)) = (cell("El"), cell("Camino"));
    let (label, bar) = cell("3 Dish");
    // Pressed, drawn, let go; then the label on the bar, also the button that goes up there.
    screen.keys(&format!("\x1b[<0;{from};{row}M\x1b[<32;{to};{row}M\x1b[<0;{to};{row}m"));
    screen.shows("selecting");
    screen.keys(&format!("\x1b[<0;{label};{bar}M\x1b[<0;{label};{bar}m"));
    screen.shows("1 span");
    screen.keys("\r");
    screen.shows("1 today");
    screen.shows("saved");
    screen.keys("q");
    let sent = Arc::clone(&screen.sent);
    assert_eq!(screen.ends(), 0);
    let sent = String::from_utf8_lossy(&sent.lock().unwrap()).into_owned();
    assert!(sent.contains("\x1b[?1000h") && sent.contains("\x1b[?1000l") && !sent.contains("\x1b[?1003h"));
    let _ = place.tagli("export food --format jsonl --out out.jsonl").fine();
    assert!(place.read("out.jsonl").contains("\"Dish\""), "{}", place.read("out.jsonl"));
}

#[test]
fn a_second_window_of_the_same_annotator_only_reads() {
    let place = Place::new();
    project(&place);
    let mut first = Screen::open(&place, &["food"], 80, 24);
    first.shows("1/3");
    let mut second = Screen::open(&place, &["food"], 80, 24);
    second.shows("1/3");
    second.keys("l3");
    second.shows("0 spans");
    let mut third = Screen::open(&place, &["food", "--as", "bob"], 80, 24);
    third.shows("1/3");
    third.keys("l3");
    third.shows("1 span");
    for screen in [&mut first, &mut second, &mut third] {
        screen.keys("q");
    }
    assert_eq!([first.ends(), second.ends(), third.ends()], [0, 0, 0]);
}

/// A project whose twelve documents are done.
fn done(place: &Place) {
    let line = |id: usize| {
        format!(
            "{{\"id\":\"{id}\",\"text\":\"cheap tacos near me\",\"spans\":[{{\"start\":6,\"end\":11,\"label\":\"Dish\"}}]}}\n"
        )
    };
    place.file("done.jsonl", (0..12).map(line).collect::<String>());
    let _ = place.tagli("new food").fine();
    let _ = place.tagli("import food done.jsonl").fine();
}

/// Waits until the journal of ada has this number of lines, which the program does not know of.
#[track_caller]
fn journal_has(place: &Place, lines: usize) {
    let until = Instant::now() + PATIENCE;
    while place.read("food/annotations/ada.jsonl").lines().count() != lines {
        assert!(Instant::now() < until, "{}", place.read("food/annotations/ada.jsonl"));
        std::thread::yield_now();
    }
}

#[test]
fn another_process_that_holds_the_lock_of_the_project_keeps_nothing_from_being_saved() {
    let place = Place::new();
    project(&place);
    let mut lock = std::fs::File::options().write(true).open(place.path("food/.project.lock")).unwrap();
    lock.lock().unwrap();
    lock.write_all(br#"{"pid":4711,"host":"lab-3","since":0}"#).unwrap();
    let mut screen = Screen::open(&place, &["food"], 120, 40);
    screen.shows("1/3");
    // A change of the labels waits for the lock; the words that are tagged meanwhile do not.
    screen.keys("\x1b[17~");
    screen.shows("in the order of the label bar");
    screen.keys("c\x1b");
    screen.hides("in the order of the label bar");
    screen.keys("l3");
    screen.shows("1 span");
    journal_has(&place, 1);
    screen.shows("the project is being changed by process 4711 on lab-3");
    // Leaving waits for such a job for two seconds at most, and tells about it.
    screen.keys("\x1b[17~");
    screen.shows("in the order of the label bar");
    screen.keys("ca");
    screen.shows("A new label:");
    screen.signal("TERM");
    screen.shows("left without waiting for a change of the labels");
    assert_eq!(screen.ends(), 0);
    drop(lock);
    assert_eq!(place.tagli("inspect food --json").fine().json()["spans"], 1);
}

#[test]
fn a_base_of_hostile_files_keeps_nothing_from_being_saved() {
    let place = Place::new();
    done(&place);
    let manifest = place.read("food/project.json");
    place.file("food/project.json", manifest.replace("\"base\": \"mini\"", "\"base\": \"./base\""));
    std::fs::create_dir(place.path("base")).unwrap();
    let config = place.path("base/config.json");
    assert!(std::process::Command::new("mkfifo").arg(&config).status().unwrap().success());
    let lines = place.read("food/annotations/ada.jsonl").lines().count();
    let mut screen = Screen::open(&place, &["food"], 120, 40);
    screen.shows("saved");
    // A pipe without a writer, which would be waited for without end.
    screen.keys("T");
    screen.shows("./base/config.json: it is not a regular file");
    screen.keys("3");
    screen.shows("2 spans");
    journal_has(&place, lines + 1);
    // Rules that make the tokenizers crate panic.
    std::fs::remove_file(&config).unwrap();
    for (name, bytes) in hub::tiny() {
        place.file(&format!("base/{name}"), bytes);
    }
    let precompiled = r#"{"normalizer": {"type": "Precompiled", "precompiled_charsmap": ""}, "model": {"type": "WordPiece",
        "unk_token": "[UNK]", "continuing_subword_prefix": "\u0023#", "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0}}}"#;
    place.file("base/tokenizer.json", precompiled);
    screen.keys("T");
    screen.shows("its normalizer \"Precompiled\" is not built in");
    screen.keys("x");
    screen.shows("1 span ");
    journal_has(&place, lines + 2);
    screen.signal("TERM");
    assert_eq!(screen.ends(), 0);
}

#[test]
fn keys_are_answered_during_a_training_and_its_model_explores() {
    let place = Place::new();
    done(&place);
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    screen.shows("saved");
    screen.keys("T");
    screen.shows("training");
    // Keys work meanwhile: to the Train screen and on to Documents.
    screen.keys("\t\t");
    screen.shows("0001-mini");
    screen.keys("\x1b[Z");
    screen.shows(" Documents ");
    // Asked before there is a model; the answer comes when there is one.
    screen.keys("\t\t\t");
    screen.shows(" Explore ");
    screen.keys("cheap tacos");
    screen.shows("Dish");
    // Every printable key is text there; `ctrl-c` leaves.
    screen.keys("\x03");
    assert_eq!(screen.ends(), 0);
    assert!(place.path("food/runs/0001-mini/model/model.safetensors").exists());
}

/// A project whose base is a model of this hub, with a token in the environment.
fn with_base_of(server: &Hub) -> Place {
    let mut place = Place::new();
    place.more.push(("HF_ENDPOINT", server.endpoint.clone()));
    place.more.push(("HF_TOKEN", "hf_secret".into()));
    done(&place);
    let manifest = place.read("food/project.json");
    assert!(manifest.contains("\"base\": \"mini\""), "{manifest}");
    place.file("food/project.json", manifest.replace("\"base\": \"mini\"", "\"base\": \"ada/tiny\""));
    place
}

/// Paths of the requests since the last call, with whether a token came with them.
fn asked(server: &Hub) -> Vec<(String, bool)> {
    let requests = server.requests().into_iter();
    requests.map(|request| (request.path, request.headers.contains_key("authorization"))).collect()
}

#[test]
fn a_base_of_the_hub_is_fetched_after_a_yes_when_a_training_begins_on_the_screen() {
    let server = Hub::start();
    let place = with_base_of(&server);
    let mut screen = Screen::open(&place, &["food"], 120, 40);
    screen.shows("saved");
    // The hub has no such model for anyone in particular, so its size is not known.
    screen.keys("T");
    screen.shows("size unknown");
    screen.keys("y");
    screen.shows("does not let this user have");
    server.model("ada/tiny", &hub::tiny()).fault("/tiny/model.safetensors", Fault::Cut(9_000));
    asked(&server);
    screen.keys("T");
    let shown = screen.shows("y fetches it and trains");
    let size: usize = hub::tiny()[1..].iter().map(|(_, bytes)| bytes.len()).sum();
    let size = size.div_ceil(1000);
    let question = format!("Fetch ada/tiny ({size} kB) from {} with the token of HF_TOKEN?", server.endpoint);
    assert!(shown.contains(&question), "{shown}");
    screen.keys("\x1b");
    screen.hides("y fetches it and trains");
    let requests = asked(&server);
    assert!(requests.iter().all(|(path, token)| path.contains("/revision/main") && !token), "{requests:?}");
    screen.keys("T");
    screen.shows("y fetches it and trains");
    screen.keys("y");
    screen.keys("\t\t");
    screen.shows("0001-tiny");
    let requests = asked(&server);
    assert!(requests.iter().any(|(path, _)| path.starts_with("/store/ada/tiny/model.safetensors")), "{requests:?}");
    // While a training runs, leaving asks first.
    screen.shows("0001-tiny is done");
    screen.keys("\x03");
    assert_eq!(screen.ends(), 0);
}

#[test]
fn a_training_in_a_shell_asks_before_it_fetches_the_base_of_a_project() {
    let server = Hub::start();
    let place = with_base_of(&server);
    server.model("ada/tiny", &hub::tiny());
    for no in ["\r", "n\r", "\x04"] {
        let mut screen = Screen::open(&place, &["train", "food", "--epochs", "1"], 120, 40);
        screen.shows("with the token of HF_TOKEN? [y/N]");
        screen.keys(no);
        screen.shows("--fetch allows it");
        assert_eq!(screen.ends(), 2, "{no:?}");
        let requests = asked(&server);
        assert!(requests.iter().all(|(path, token)| path.contains("/revision/main") && !token), "{requests:?}");
    }
    let mut screen = Screen::open(&place, &["train", "food", "--epochs", "1"], 120, 40);
    screen.shows("[y/N]");
    screen.keys("y\r");
    screen.shows("F1 per word");
    assert_eq!(screen.ends(), 0);
    assert!(place.path("food/runs/0001-tiny/model/model.safetensors").exists());
}

#[test]
fn a_sample_is_opened_from_the_welcome_screen_and_tagged() {
    let place = Place::new();
    let mut screen = Screen::open(&place, &[], 80, 24);
    screen.shows("Samples");
    // From the tutorial, where a new user begins, two rows up.
    screen.keys("kk\r");
    screen.shows(" Tag  restaurants");
    screen.shows("0 spans");
    screen.keys("l3");
    screen.shows("1 span ");
    screen.shows("saved");
    screen.keys(":projects\r");
    // It is now among the recent ones, with what is done of it.
    let shown = screen.shows("opened");
    assert!(shown.contains("> restaurants") && shown.contains("samples/restaurants"), "{shown}");
    screen.shows("332/414");
    screen.keys("\r");
    screen.shows("1 span ");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    let copy = "home/.local/share/tagliatelle/samples/restaurants";
    assert!(place.read(&format!("{copy}/GUIDE.md")).contains("Restaurant"));
    let journal = place.read(&format!("{copy}/annotations/ada.jsonl"));
    assert!(journal.lines().last().unwrap().contains("\"label\":2"), "{journal}");
}

#[test]
fn a_project_is_created_on_the_screen_with_the_eight_labels() {
    let place = Place::new();
    place.file("reviews.txt", REVIEWS);
    let mut screen = Screen::open(&place, &[], 80, 24);
    screen.shows("a new project");
    screen.keys("n~/mine\r\rreview.txt\r");
    // What is wrong is said where it was typed, and nothing was made.
    screen.shows("no such file");
    assert!(!place.path("home/mine").exists());
    screen.keys("\x15reviews.txt\r");
    screen.shows("document 1/3");
    screen.shows("8 Restaurant_N");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    let seen = place.tagli("inspect home/mine --json").fine().json();
    assert_eq!(seen["documents"], 3);
}

#[test]
fn the_tutorial_works_on_its_own_copy() {
    let place = Place::new();
    let mut screen = Screen::open(&place, &[], 80, 24);
    screen.shows("> tutorial");
    screen.keys("\r");
    screen.shows("tutorial 0/10");
    screen.keys("l");
    screen.shows("tutorial 1/10");
    screen.keys("3");
    screen.shows("tutorial 2/10");
    // Away with it, and back to it.
    screen.keys("\x14");
    screen.shows("T trains a first model");
    screen.keys("\x14");
    screen.shows("> lengthen");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    assert!(place.path("home/.local/share/tagliatelle/samples/tutorial/project.json").exists());
    assert!(!place.path("home/.local/share/tagliatelle/samples/restaurants").exists());
}

#[test]
fn the_contents_of_a_file_are_shown_on_a_terminal_and_not_obeyed() {
    let place = Place::new();
    let Hostile { project, tagged, texts, model, .. } = hostile(&place);
    let [project, tagged, texts, model] = [&project, &tagged, &texts, &model].map(String::as_str);
    for (words, shown) in [
        (vec!["runs", "export", project], "\u{241b}]0;x"),
        (vec!["export", project, "--format", "jsonl", "--annotator", "ada", "--out", "-"], "\\u001b]0;x"),
        (vec!["convert", tagged, "-", "--to", "tag-first"], "\u{241b}]0;x"),
        (vec!["predict", model, "--file", texts], "\u{241b}]0;x"),
        (vec!["inspect", project, "--annotator", "ada", "--record", "1", "--json"], "\\u001b]0;x"),
    ] {
        let screen = Screen::open(&place, &words, 200, 50);
        screen.shows(shown);
        let sent = Arc::clone(&screen.sent);
        assert_eq!(screen.ends(), 0, "{words:?}");
        let sent = sent.lock().unwrap().clone();
        // Only the end may be missing.
        let whole = str::from_utf8(&sent).map_or_else(|error| error.valid_up_to(), str::len);
        assert!(sent.len() - whole < 4, "{words:?}: not UTF-8");
        // The terminal itself adds the carriage returns.
        let sent = String::from_utf8_lossy(&sent[..whole]).replace("\r\n", "\n");
        assert_eq!(steering(&sent), None, "{words:?}: {sent:?}");
    }
    // Into a file the same bytes come as they are.
    assert!(place.run(&["convert", tagged, "-", "--to", "tag-first"]).fine().out.contains('\u{1b}'));
}

#[test]
fn a_terminal_of_any_size_is_drawn_in_part() {
    let place = Place::new();
    project(&place);
    let mut screen = Screen::open_by(&[], &place, &["food"], (u16::MAX, u16::MAX), (120, 40));
    let resize = |screen: &Screen, columns, rows| {
        screen.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
    };
    screen.sends("document");
    screen.keys("l3");
    resize(&screen, 80, 24);
    screen.keys("?");
    screen.shows("keys of the");
    resize(&screen, u16::MAX, u16::MAX);
    screen.keys("?\rq");
    assert_eq!(screen.ends(), 0);
    let seen = place.tagli("inspect food --json").fine().json();
    assert_eq!((&seen["spans"], &seen["statuses"]["done"]), (&1.into(), &1.into()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_project_without_permission_to_write_is_looked_at() {
    let place = Place::new();
    done(&place);
    place.allow_writing("food", false);
    let mut screen = Screen::open_by(place.bound(), &place, &["food"], (120, 40), (120, 40));
    screen.shows("Read only: ");
    screen.shows("permission denied");
    screen.shows("  read only  ");
    screen.keys("3xu\r");
    screen.shows("Nothing can be changed here");
    screen.keys("\t");
    screen.shows(" Documents ");
    screen.keys("\t\t");
    screen.shows(" Evaluate ");
    screen.keys("\t");
    screen.shows(" Explore ");
    screen.keys("\x03");
    assert_eq!(screen.ends(), 0);
    place.allow_writing("food", true);
}

/// Words that mount something for the program alone, and then run it.
#[cfg(target_os = "linux")]
fn mounted(script: &str) -> Vec<String> {
    let script = format!("set -e; {script}; exec \"$@\"");
    ["unshare", "-m", "sh", "-c", &script, "sh"].map(str::to_owned).to_vec()
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "mounts file systems, which only root may"]
fn a_project_on_a_read_only_disk_is_looked_at() {
    let place = Place::new();
    project(&place);
    let by = mounted("mount --bind food food; mount -o remount,bind,ro food");
    let by: Vec<&str> = by.iter().map(String::as_str).collect();
    let mut screen = Screen::open_by(&by, &place, &["food"], (120, 40), (120, 40));
    screen.shows("mounted read-only");
    screen.keys("l3");
    screen.shows("Nothing can be changed here");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    for (words, code) in [
        ("inspect food", 0),
        ("doctor food", 0),
        ("export food --format jsonl --all --out o.jsonl", 0),
        ("export food --format jsonl --all", 3),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        assert_eq!(Screen::open_by(&by, &place, &words, (120, 40), (120, 40)).ends(), code, "{words:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "mounts file systems, which only root may"]
fn what_is_tagged_on_a_full_disk_is_saved_when_there_is_space() {
    let place = Place::new();
    project(&place);
    std::fs::create_dir(place.path("full")).unwrap();
    let free = "while ! test -e free; do sleep 0.1; done; rm full/fill; touch freed";
    let fill = "mount -t tmpfs -o size=1m none full; cp -r food full; cat /dev/zero > full/fill 2>/dev/null || true";
    let by = mounted(&format!("{fill}; {{ ({free}) > /dev/null 2>&1 & }}"));
    let by: Vec<&str> = by.iter().map(String::as_str).collect();
    let mut screen = Screen::open_by(&by, &place, &["full/food"], (120, 40), (120, 40));
    screen.shows("document 1/3");
    screen.keys("l3");
    screen.shows("NOT SAVED 1");
    screen.shows("the disk is full");
    place.file("free", "");
    while !place.path("freed").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
    screen.keys("\x13");
    screen.shows("saved");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
}
