//! The program in a pseudo-terminal that a small emulator reads.

use std::{
    io::{Read, Write},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{Place, checkout, hub};

/// Name of the thread that reads what the program draws.
pub(crate) const READER: &str = "reader";

/// Longest wait for anything. Generous: the machine that runs the tests may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// End of a frame: the end of a synchronised update.
pub(crate) const FRAME_END: &[u8] = b"\x1b[?2026l";

/// The program in its terminal.
pub(crate) struct Screen {
    pub(crate) parser: Arc<(Mutex<vt100::Parser>, Condvar)>,
    /// Every byte that the program sent.
    pub(crate) sent: Arc<Mutex<Vec<u8>>>,
    /// When it sent them: times, each with the number of bytes until then.
    pub(crate) times: Arc<Mutex<Vec<(Instant, usize)>>>,
    /// Ends when the program has closed the terminal.
    reader: std::thread::JoinHandle<()>,
    writer: Box<dyn Write + Send>,
    pub(crate) child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
}

impl Screen {
    pub(crate) fn open(place: &Place, words: &[&str], columns: u16, rows: u16) -> Self {
        Self::open_by(&[], place, words, (columns, rows), (columns, rows))
    }

    /// Opens it by another program, given by its first words, in a terminal of one size that is watched in another.
    pub(crate) fn open_by(by: &[&str], place: &Place, words: &[&str], size: (u16, u16), watched: (u16, u16)) -> Self {
        let program = [by, &[env!("CARGO_BIN_EXE_tagli")], words].concat();
        Self::run(&program, place, size, watched)
    }

    /// Runs any program with the environment of a place.
    pub(crate) fn run(program: &[&str], place: &Place, size: (u16, u16), watched: (u16, u16)) -> Self {
        let pair = native_pty_system().openpty(cells(size)).unwrap();
        let mut command = CommandBuilder::new(program[0]);
        command.args(&program[1..]);
        command.cwd(place.path(""));
        command.env_clear();
        for (name, value) in place.environment() {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = Arc::new((Mutex::new(vt100::Parser::new(watched.1, watched.0, 0)), Condvar::new()));
        let sent = Arc::new(Mutex::new(Vec::new()));
        let times = Arc::new(Mutex::new(Vec::new()));
        let (inside, bytes, clock) = (Arc::clone(&parser), Arc::clone(&sent), Arc::clone(&times));
        let mut output = pair.master.try_clone_reader().unwrap();
        let reader = std::thread::Builder::new().name(READER.to_owned()).spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut buffer) {
                let mut bytes = bytes.lock().unwrap();
                bytes.extend_from_slice(&buffer[..read]);
                clock.lock().unwrap().push((Instant::now(), bytes.len()));
                drop(bytes);
                inside.0.lock().unwrap().process(&buffer[..read]);
                inside.1.notify_all();
            }
        });
        let reader = reader.unwrap();
        let writer = pair.master.take_writer().unwrap();
        Self { parser, sent, times, reader, writer, child, master: pair.master }
    }

    /// Gives the terminal another size, in columns and rows.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.master.resize(cells((columns, rows))).unwrap();
    }

    pub(crate) fn keys(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Sends a key and waits for the next end of a frame. Returns the time that it took, and the number of all bytes until now.
    #[track_caller]
    pub(crate) fn answer(&mut self, key: &str) -> (Duration, usize) {
        let before = self.sent.lock().unwrap().len();
        let since = Instant::now();
        self.keys(key);
        let mut parser = self.parser.0.lock().unwrap();
        loop {
            let sent = self.sent.lock().unwrap();
            if let Some(end) = sent[before..].windows(FRAME_END.len()).position(|bytes| bytes == FRAME_END) {
                let end = before + end + FRAME_END.len();
                let times = self.times.lock().unwrap();
                let came = times.iter().rev().take_while(|(_, count)| *count >= end).last().map(|(time, _)| *time);
                return (came.unwrap().saturating_duration_since(since), sent.len());
            }
            drop(sent);
            assert!(since.elapsed() < PATIENCE, "`{}` has no answer", key.escape_debug());
            parser = self.parser.1.wait_timeout(parser, Duration::from_millis(50)).unwrap().0;
        }
    }

    pub(crate) fn text(&self) -> String {
        self.parser.0.lock().unwrap().screen().contents()
    }

    /// Waits until the screen holds this text.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) -> String {
        self.waits(|contents| contents.contains(text), &format!("`{text}` never came"))
    }

    /// Waits until the screen no longer holds this text.
    #[track_caller]
    pub(crate) fn hides(&self, text: &str) -> String {
        self.waits(|contents| !contents.contains(text), &format!("`{text}` never went"))
    }

    #[track_caller]
    pub(crate) fn waits(&self, until: impl Fn(&str) -> bool, otherwise: &str) -> String {
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
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.process_id().unwrap().to_string();
        assert!(std::process::Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Waits until the program has sent this text, wherever it stands.
    #[track_caller]
    pub(crate) fn sends(&self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !String::from_utf8_lossy(&self.sent.lock().unwrap()).contains(text) {
            assert!(Instant::now() < until, "`{text}` never came");
            let parser = self.parser.0.lock().unwrap();
            drop(self.parser.1.wait_timeout(parser, Duration::from_millis(100)).unwrap());
        }
    }

    /// Waits for the end of the program, and until all that it sent is read; its exit code.
    #[track_caller]
    pub(crate) fn ends(mut self) -> u32 {
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

/// A size of a terminal, from columns and rows.
fn cells((cols, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols, pixel_width: 0, pixel_height: 0 }
}

pub(crate) const REVIEWS: &str = "The tacos at El Camino were cheap\nopen till 2 am\ngreat pho near the harbour\n";

/// A project with the three reviews, none of them tagged.
pub(crate) fn project(place: &Place) {
    place.file("reviews.txt", REVIEWS);
    let _ = place.tagli("new food").fine();
    let _ = place.tagli("import food reviews.txt").fine();
}

/// A project whose twelve documents are done.
pub(crate) fn done(place: &Place) {
    done_documents(place, 12);
}

/// A project of this many documents, all done.
pub(crate) fn done_documents(place: &Place, count: usize) {
    let line = |id: usize| {
        format!(
            "{{\"id\":\"{id}\",\"text\":\"cheap tacos near me\",\"spans\":[{{\"start\":6,\"end\":11,\"label\":\"Dish\"}}]}}\n"
        )
    };
    place.file("done.jsonl", (0..count).map(line).collect::<String>());
    let _ = place.tagli("new food").fine();
    let _ = place.tagli("import food done.jsonl").fine();
    quicker_base(place);
}

/// Gives the project the quicker base inside the program.
fn quicker_base(place: &Place) {
    let manifest = place.read("food/project.json");
    assert!(manifest.contains("\"base\": \"small\""), "{manifest}");
    place.file("food/project.json", manifest.replace("\"base\": \"small\"", "\"base\": \"mini\""));
}

/// A project of the sample's documents, done by ada, and the same texts again, which she has not touched.
pub(crate) fn restaurants(place: &Place) {
    let sample = checkout().join("sample-projects/restaurants");
    let words =
        ["export", sample.to_str().unwrap(), "--annotator", "sample", "--format", "jsonl", "--out", "all.jsonl"];
    let _ = place.run(&words).fine();
    let mut again = String::new();
    for line in place.read("all.jsonl").lines() {
        let document: serde_json::Value = serde_json::from_str(line).unwrap();
        again += &format!("Again {}\n", document["text"].as_str().unwrap().replace('\n', " "));
    }
    place.file("again.txt", again);
    let _ = place.tagli("new food").fine();
    let _ = place.tagli("import food all.jsonl --as ada").fine();
    let _ = place.tagli("import food again.txt").fine();
    quicker_base(place);
}

/// Words of a training on [`done`] that reports every step and writes no checkpoint by itself.
///
/// Its base is a tiny model, which [`tiny_base`] writes: an epoch takes some milliseconds.
pub(crate) fn training(epochs: &str) -> Vec<&str> {
    let settings = ["--base", "./base", "--batch", "2", "--set", "log_every=1", "--set", "checkpoint_minutes=0"];
    [&["train", "food", "--epochs", epochs], &settings[..]].concat()
}

/// Writes a tiny model to the folder `base`.
pub(crate) fn tiny_base(place: &Place) {
    std::fs::create_dir(place.path("base")).unwrap();
    for (name, bytes) in hub::tiny() {
        place.file(&format!("base/{name}"), bytes);
    }
}

/// A project of this many documents, all done, whose base is the tiny model.
pub(crate) fn tiny_project(place: &Place, count: usize) {
    done_documents(place, count);
    tiny_base(place);
    let manifest = place.read("food/project.json");
    assert!(manifest.contains("\"base\": \"mini\""), "{manifest}");
    place.file("food/project.json", manifest.replace("\"base\": \"mini\"", "\"base\": \"./base\""));
}
