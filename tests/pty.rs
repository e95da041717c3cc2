//! The program on a real terminal: a pseudo-terminal that a small emulator reads. Nothing here sleeps; everything waits
//! for text on the screen.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is a failed test")]

mod support;

use std::{
    io::Write,
    os::unix::fs::PermissionsExt,
    sync::Arc,
    time::{Duration, Instant},
};

use support::{
    Place,
    hostile::{Hostile, hostile, steering},
    hub::{self, Fault, Hub},
    screen::{PATIENCE, REVIEWS, Screen, done, project, tiny_base, tiny_project, training},
};

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
    // The emulator of this test cannot wrap a line on a screen of one row, as the line printed at the end needs.
    for (columns, rows) in [(20, 5), (10, 3), (1, 2)] {
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
    screen.resize(80, 24);
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
fn a_note_that_is_being_typed_is_offered_again_after_a_signal() {
    for signal in ["HUP", "TERM"] {
        let place = Place::new();
        project(&place);
        let mut screen = Screen::open(&place, &["food"], 100, 24);
        screen.shows("1/3");
        screen.keys("iask the cook");
        screen.shows("ask the cook");
        screen.signal(signal);
        assert_eq!(screen.ends(), 0);
        assert!(
            !place.path("food/annotations/ada.jsonl").exists()
                || !place.read("food/annotations/ada.jsonl").contains("cook")
        );
        assert!(place.read("home/.local/share/tagliatelle/drafts.json").contains("ask the cook"));
        let mut screen = Screen::open(&place, &["food"], 100, 24);
        screen.shows("its field offers it again");
        screen.keys("i");
        screen.shows("typed here before");
        screen.keys("\r");
        screen.shows("saved");
        screen.keys("q");
        assert_eq!(screen.ends(), 0);
        assert!(place.read("food/annotations/ada.jsonl").contains("ask the cook"));
        assert!(!place.read("home/.local/share/tagliatelle/drafts.json").contains("cook"));
    }
}

#[test]
fn what_was_typed_is_offered_again_after_the_program_was_killed() {
    let place = Place::new();
    project(&place);
    let drafts = place.path("home/.local/share/tagliatelle/drafts.json");
    let has = |wanted: bool, words: &str| {
        let until = Instant::now() + PATIENCE;
        while std::fs::read_to_string(&drafts).unwrap_or_default().contains(words) != wanted {
            assert!(Instant::now() < until, "{words}");
            std::thread::yield_now();
        }
    };
    let mut screen = Screen::open(&place, &["food"], 100, 24);
    screen.shows("1/3");
    screen.keys("iask the cook");
    has(true, "ask the cook");
    screen.signal("KILL");
    assert_ne!(screen.ends(), 0);
    assert_eq!(std::fs::metadata(&drafts).unwrap().permissions().mode() & 0o777, 0o600);
    let screen = Screen::open(&place, &["food"], 100, 24);
    screen.shows("its field offers it again");
    // A text that is only looked at stays, also if the program is killed once more.
    screen.signal("KILL");
    assert_ne!(screen.ends(), 0);
    let mut screen = Screen::open(&place, &["food"], 100, 24);
    screen.shows("its field offers it again");
    screen.keys("i");
    screen.shows("typed here before");
    screen.keys("\r");
    screen.shows("saved");
    has(false, "cook");
    screen.keys("i, twice");
    has(true, "ask the cook, twice");
    // Whoever leaves without it has given it up.
    screen.keys("\u{3}");
    screen.shows("not saved");
    screen.keys("\u{3}");
    assert_eq!(screen.ends(), 0);
    assert!(!std::fs::read_to_string(&drafts).unwrap().contains("twice"));
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
    screen.shows("its normalizer \"Precompiled\" is not one of");
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
    screen.sends("document");
    screen.keys("l3");
    screen.resize(80, 24);
    screen.keys("?");
    screen.shows("keys of the");
    screen.resize(u16::MAX, u16::MAX);
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

#[test]
fn texts_and_labels_that_another_program_changes_are_read_again_and_spans_go_with_their_words() {
    let place = Place::new();
    project(&place);
    let mut screen = Screen::open(&place, &["food"], 100, 30);
    screen.shows("The tacos at El Camino");
    // The second word is a dish.
    screen.keys("l3");
    screen.shows("1 span");
    screen.shows("saved");
    let path = place.path("food/documents.jsonl");
    let edit = |from: &str, to: &str| {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from));
        std::fs::write(&path, text.replace(from, to)).unwrap();
    };
    edit("The tacos at", "All of the tacos at");
    screen.shows("documents.jsonl changed");
    let text = screen.shows("All of the tacos at");
    assert!(text.contains("1 span"), "{text}");
    // The words of the span themselves are changed: it has no certain place.
    edit("tacos", "burritos");
    screen.shows("review");
    let text = screen.shows("All of the burritos at");
    assert!(text.contains("0 spans"), "{text}");
    let doctor = place.tagli("doctor food").fine();
    assert!(doctor.out.contains("warning:") && doctor.out.contains("status:review"), "{}", doctor.out);
    screen.keys("\r");
    screen.shows("2/3");
    screen.shows("saved");
    place.tagli("doctor food").fine();
    let labels = place.read("food/project.json").replace("\"Dish\"", "\"Meal\"");
    place.file("food/project.json", labels);
    screen.shows("Meal");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
}

#[test]
fn the_text_in_front_is_corrected_and_taken_back_and_the_document_removed_and_restored() {
    let place = Place::new();
    project(&place);
    let mut screen = Screen::open(&place, &["food"], 100, 30);
    screen.shows("The tacos at El Camino");
    screen.keys("l3");
    screen.shows("saved");
    screen.keys(":correct-text\r");
    screen.shows("spans go with their words");
    screen.keys("!\r");
    let text = screen.shows("were cheap!");
    assert!(text.contains("1 span"), "{text}");
    screen.keys(":revert-text\r");
    screen.hides("were cheap!");
    screen.shows("1/3");
    screen.keys(":remove-document\r");
    screen.shows("/2");
    screen.keys(":restore-document\r");
    screen.shows("/3");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    assert!(place.tagli("inspect food --json").fine().json()["spans"] == 1);
}

#[test]
fn a_project_with_conflict_markers_is_opened_after_a_question() {
    let place = Place::new();
    project(&place);
    let text = place.read("food/project.json");
    let name = text.lines().find(|line| line.contains("\"name\": \"food\"")).unwrap();
    let other = name.replace("food", "ours");
    let unmerged = text.replacen(name, &format!("<<<<<<< HEAD\n{name}\n=======\n{other}\n>>>>>>> ben"), 1);
    place.file("food/project.json", &unmerged);
    let mut screen = Screen::open(&place, &["food"], 100, 30);
    screen.shows("Repair it?");
    screen.keys("n\r");
    assert_eq!(screen.ends(), 1);
    assert_eq!(place.read("food/project.json"), unmerged);
    let mut screen = Screen::open(&place, &["food"], 100, 30);
    screen.shows("Repair it?");
    screen.keys("y\r");
    screen.shows("The tacos at El Camino");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    assert_eq!(place.read("food/project.json.before-repair"), unmerged);
}

/// Epochs of a training that is interrupted: seconds on the fastest machine, so that it never ends by itself before.
const LONG: &str = "300";

/// Bytes of the weights of a run.
fn weights(place: &Place, run: &str) -> Vec<u8> {
    std::fs::read(place.path(run).join("model/model.safetensors")).unwrap()
}

#[test]
fn a_training_in_a_shell_is_continued_after_ctrl_c() {
    let place = Place::new();
    done(&place);
    tiny_base(&place);
    let _ = place.run(&[&training(LONG)[..], &["--out", "whole"]].concat()).fine();
    let mut screen = Screen::open(&place, &[&training(LONG)[..], &["--out", "cut"]].concat(), 120, 40);
    screen.shows("  loss ");
    screen.keys("\x03");
    screen.shows("ctrl-c again ends at once");
    screen.shows("continue it with: tagli train --resume --out cut");
    assert_eq!(screen.ends(), 0);
    // It has the model of its last step meanwhile.
    assert!(weights(&place, "cut") != weights(&place, "whole"));
    let _ = place.tagli("train food --out cut").fails(1, &["interrupted run", "--resume"]);
    let _ = place.tagli("train --resume --out cut").fine();
    assert!(weights(&place, "cut") == weights(&place, "whole"), "bit for bit");
    assert!(!place.path("cut/checkpoint").exists());
    let _ = place.tagli("train --resume --out cut").fails(1, &["no interrupted run"]);
}

#[test]
fn a_training_in_a_shell_is_continued_after_a_hangup() {
    let place = Place::new();
    done(&place);
    tiny_base(&place);
    let _ = place.run(&training(LONG)).fine();
    let screen = Screen::open(&place, &training(LONG), 120, 40);
    screen.shows("  loss ");
    // One from the system, one from the shell.
    screen.signal("HUP");
    screen.signal("HUP");
    assert_eq!(screen.ends(), 0);
    let list = place.tagli("runs list food --json").fine().json();
    assert_eq!((&list[1]["state"], &list[1]["model"]), (&"stopped".into(), &true.into()), "{list}");
    let _ = place.tagli("train food --resume").fine();
    let [whole, cut] = ["food/runs/0001-base", "food/runs/0002-base"];
    assert!(weights(&place, cut) == weights(&place, whole), "bit for bit");
    let _ = place.tagli("train food --resume").fails(1, &["no interrupted run"]);
}

#[test]
fn a_training_under_nohup_outlives_a_hangup() {
    let place = Place::new();
    done(&place);
    tiny_base(&place);
    let words = training(LONG);
    let screen = Screen::open_by(&["nohup"], &place, &words, (80, 24), (80, 24));
    let metrics = place.path("food/runs/0001-base/metrics.jsonl");
    let until = Instant::now() + PATIENCE;
    while std::fs::metadata(&metrics).map_or(0, |metrics| metrics.len()) == 0 {
        assert!(Instant::now() < until, "no step came:\n{}", screen.text());
        std::thread::yield_now();
    }
    screen.signal("HUP");
    assert_eq!(screen.ends(), 0);
    let list = place.tagli("runs list food --json").fine().json();
    assert_eq!(list[0]["state"], "done", "{list}");
}

#[test]
fn a_training_of_a_screen_that_is_asked_to_end_is_continued() {
    let place = Place::new();
    // As many documents as make the training last for seconds.
    tiny_project(&place, 5_000);
    let mut screen = Screen::open(&place, &["food"], 120, 40);
    screen.shows("saved");
    screen.keys("\t\ts");
    screen.shows("pieces/s");
    screen.signal("TERM");
    assert_eq!(screen.ends(), 0);
    let list = place.tagli("runs list food --json").fine().json();
    assert_eq!(list[0]["state"], "stopped", "{list}");
    let _ = place.tagli("train food --resume").fine();
    let list = place.tagli("runs list food --json").fine().json();
    assert_eq!(list[0]["state"], "done", "{list}");
}

#[test]
fn a_large_project_shows_how_far_its_opening_is_and_can_be_left_meanwhile() {
    let place = Place::new();
    project(&place);
    let line = |at: usize| format!("{{\"id\":\"d{at}\",\"text\":\"good tacos and cheap beer at {at}\"}}\n");
    place.file("food/documents.jsonl", (0..200_000).map(line).collect::<String>());
    for key in ["\x1b", "q", "\x03"] {
        let mut screen = Screen::open(&place, &["food"], 80, 24);
        screen.shows("Opening food");
        screen.shows("of documents.jsonl is read");
        screen.shows("esc leaves");
        screen.keys(key);
        assert_eq!(screen.ends(), 0, "{}", key.escape_debug());
    }
    let mut screen = Screen::open(&place, &["food"], 80, 24);
    screen.shows("esc leaves");
    // Neither an answer nor kept for the next screen.
    screen.keys("3");
    let tagging = screen.shows("1/200,000");
    assert!(!tagging.contains("1 span") && !tagging.contains("esc leaves"), "{tagging}");
    screen.keys("q");
    assert_eq!(screen.ends(), 0);
    // An error is printed after the screen.
    place.file("food/documents.jsonl", (0..200_000).map(|at| line(at.min(199_998))).collect::<String>());
    let screen = Screen::open(&place, &["food"], 80, 24);
    screen.sends("line 200000: there is already a document `d199998`");
    assert_eq!(screen.ends(), 1);
}
