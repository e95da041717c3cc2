//! Long work in one session: a model of a user tags, looks around and trains, without a pause for thought.
//!
//! Nothing that the program holds may grow with the hours except its memory of the user's own actions, and no key may wait
//! for its frame. The time for which a thread between key and frame was ready and other programs had the processors does not
//! count (`/proc/PID/task/TID/schedstat`), so that the test says the same on a busy machine. Threads may wait at the same time,
//! so only the longest wait is taken off, and the wall time has a wide limit of its own. The short run is part of the suite;
//! the long one is eight working hours of 12,500 actions each, or of as many as `ENDURANCE_ACTIONS` says:
//!
//!     cargo test --release --test endurance -- --ignored --nocapture

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a failure here is a failed test")]

mod support;

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{
    Place,
    screen::{PATIENCE, READER, Screen, restaurants},
};

/// Longest time from a key to its frame, without the waiting for a processor.
const FRAME: Duration = Duration::from_millis(50);
/// Share of keys that may be later in the short run, which other tests and an unoptimised build slow down.
const LATE: f64 = 0.02;
/// Share of keys that may be later by the wall clock, on however busy a machine.
const LATE_BY_THE_WALL: f64 = 0.5;
/// Bytes of memory that an action of the user may add: the program keeps all of them, to undo them.
const ACTION: u64 = 2_048;
/// Bytes by which memory may grow besides, between the second hour and the last.
const GROWTH: u64 = 8 << 20;
/// Setting of glibc that gives every large block a mapping of its own, which is returned when the block is freed.
///
/// By default glibc stops doing so once it has freed a large block. Afterwards each of its arenas keeps up to 64 MiB that
/// nothing uses, and the number of arenas in use differs from session to session: resident memory would say
/// nothing about what the program holds.
const MALLOC: (&str, &str) = ("GLIBC_TUNABLES", "glibc.malloc.mmap_threshold=131072");

/// Keys of one action, and how often it comes. Each begins and ends in a document on the Tag screen.
///
/// `#` is a digit of a label.
const ACTIONS: [(&[&str], usize); 20] = [
    (&["w", "#"], 300),
    (&["l", "#"], 120),
    (&["]"], 60),
    (&["["], 40),
    (&["\x1b[C"], 60),
    (&["\x1b[B"], 40),
    (&["b"], 30),
    (&["v", "l", "#"], 60),
    (&["x"], 40),
    (&["u"], 50),
    (&["\x12"], 20),
    (&["\r"], 80),
    (&["n"], 30),
    (&["p"], 25),
    (&["H", "\x1b"], 6),
    (&[":", "a", "\x1b"], 6),
    (&["?", "\x1b"], 6),
    (&["\t", "/", "t", "a", "\r", "\x1b", "\x1b[Z"], 6),
    (&["\t", "\t", "\t", "\x1b[Z", "\x1b[Z", "\x1b[Z"], 4),
    (&["\x1b[6~", "\x1b[5~"], 10),
];

#[test]
fn a_short_session_stays_as_it_began() {
    let session = Session::run(Plan { hours: 3, actions: 120 });
    let late = session.late.len() as f64 / session.keys as f64;
    assert!(late <= LATE, "{:.1} % of the keys waited longer than {FRAME:?}: {:?}", late * 100.0, session.late);
    let late = session.late_by_the_wall as f64 / session.keys as f64;
    assert!(late <= LATE_BY_THE_WALL, "{:.1} % of the keys were late by the wall clock", late * 100.0);
}

#[test]
#[ignore = "takes minutes, on an otherwise idle machine: `just endurance` runs it"]
fn eight_hours_stay_as_they_began() {
    let actions = std::env::var("ENDURANCE_ACTIONS").map_or(12_500, |actions| actions.parse().unwrap());
    let session = Session::run(Plan { hours: 8, actions });
    assert!(session.late.is_empty(), "keys that waited longer than {FRAME:?}: {:?}", session.late);
}

#[derive(Clone, Copy)]
struct Plan {
    hours: usize,
    /// Actions in an hour.
    actions: usize,
}

/// What the program holds at the end of an hour.
#[derive(Clone, Copy, Debug)]
struct Held {
    threads: u64,
    descriptors: usize,
    /// Resident memory in bytes.
    memory: u64,
    /// Lines of the journal.
    lines: usize,
}

/// A session with its measurements.
struct Session {
    place: Place,
    screen: Screen,
    random: u64,
    keys: usize,
    /// Keys that waited too long, each with the time and whether a training ran.
    late: Vec<(String, Duration, bool)>,
    slowest: Duration,
    /// Number of keys that waited too long by the wall clock.
    late_by_the_wall: usize,
    slowest_by_the_wall: Duration,
}

impl Session {
    fn run(plan: Plan) -> Self {
        let mut place = Place::new();
        restaurants(&place);
        place.more.push((MALLOC.0, MALLOC.1.to_owned()));
        let screen = Screen::open(&place, &["food"], 120, 40);
        screen.shows("Again");
        let mut session = Self {
            place,
            screen,
            random: 11,
            keys: 0,
            late: Vec::new(),
            slowest: Duration::ZERO,
            late_by_the_wall: 0,
            slowest_by_the_wall: Duration::ZERO,
        };
        let mut held = Vec::new();
        let began = Instant::now();
        for hour in 1..=plan.hours {
            session.hour(plan.actions);
            held.push(session.held());
            println!("hour {hour} at {:.0} s: {:?}", began.elapsed().as_secs_f64(), held[hour - 1]);
        }
        println!(
            "{} keys, {} later than {FRAME:?}, {} of them during a training; the slowest {:?}; by the wall clock {} and {:?}",
            session.keys,
            session.late.len(),
            session.late.iter().filter(|(.., training)| *training).count(),
            session.slowest,
            session.late_by_the_wall,
            session.slowest_by_the_wall
        );
        let mut latest = session.late.clone();
        latest.sort_by_key(|(_, time, _)| std::cmp::Reverse(*time));
        println!(
            "the latest keys, with their times and whether a training ran: {:?}",
            latest.iter().take(20).collect::<Vec<_>>()
        );
        compare(&held, plan);
        session.key("\x03", false);
        let place = &session.place;
        let checked = place.tagli("doctor food --json").fine().json();
        assert_eq!(checked["project"]["sound"], true, "{checked}");
        let runs = place.tagli("runs list food --json").fine().json();
        let models = runs.as_array().unwrap().iter().filter(|run| run["model"] == true).count();
        assert_eq!(models, plan.hours, "every training left a model: {runs}");
        session
    }

    /// Works for an hour, with a training in its first half.
    fn hour(&mut self, actions: usize) {
        let runs = self.runs();
        self.key("T", true);
        for at in 0..actions {
            let training = at < actions / 2;
            if at == actions / 2 {
                self.stop_training(runs + 1);
            }
            for key in self.choose() {
                let digit = (1 + self.below(8)).to_string();
                self.key(if *key == "#" { &digit } else { key }, training);
            }
        }
        self.screen.shows(" saved");
        let shown = self.screen.text();
        assert!(shown.contains("document "), "the user is lost:\n{shown}");
    }

    /// Ends the training if it has not ended, and waits until it is over.
    ///
    /// It has made a step before: without one there is no model, and the hour would load none.
    fn stop_training(&mut self, run: usize) {
        self.await_run(run, |listed| listed["status"]["step"].as_u64().is_some_and(|step| step > 0));
        for key in ["\t", "\t", "S", "n", "\x1b[Z", "\x1b[Z"] {
            self.key(key, true);
        }
        self.await_run(run, |listed| matches!(listed["state"].as_str(), Some("done" | "stopped")));
    }

    /// Waits until a run is as wanted, from its entry in the list of runs.
    fn await_run(&self, run: usize, is_wanted: impl Fn(&Value) -> bool) {
        let until = Instant::now() + PATIENCE;
        loop {
            let list = self.place.tagli("runs list food --json").fine().json();
            if list.get(run - 1).is_some_and(&is_wanted) {
                return;
            }
            assert!(Instant::now() < until, "run {run} is not as wanted: {list}\n{}", self.screen.text());
        }
    }

    fn runs(&self) -> usize {
        let list = self.place.tagli("runs list food --json").fine().json();
        list.as_array().unwrap().len()
    }

    fn below(&mut self, end: usize) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as usize % end
    }

    fn choose(&mut self) -> &'static [&'static str] {
        let all: usize = ACTIONS.iter().map(|(_, often)| often).sum();
        let mut at = self.below(all);
        for (keys, often) in ACTIONS {
            match at.checked_sub(often) {
                Some(rest) => at = rest,
                None => return keys,
            }
        }
        ACTIONS[0].0
    }

    /// Presses a key, and waits for the end of the frame that follows.
    fn key(&mut self, key: &str, training: bool) {
        let before = self.waits();
        let wall = self.screen.answer(key).0;
        let time = wall.saturating_sub(longest_wait(&before, &self.waits()));
        self.keys += 1;
        self.late_by_the_wall += usize::from(wall > FRAME);
        self.slowest_by_the_wall = self.slowest_by_the_wall.max(wall);
        self.slowest = self.slowest.max(time);
        if time > FRAME {
            self.late.push((key.escape_debug().to_string(), time, training));
        }
    }

    /// For how long each thread between key and frame has been ready while others had the processors: the program's first
    /// thread, the one that reads its keys, the one of this test that reads its frames, and the one that presses keys.
    fn waits(&self) -> HashMap<PathBuf, Duration> {
        let program = self.screen.child.process_id().unwrap();
        let threads =
            |process: u32| fs::read_dir(format!("/proc/{process}/task")).unwrap().map(|task| task.unwrap().path());
        let name = |task: &PathBuf| fs::read_to_string(task.join("comm")).unwrap_or_default().trim_end().to_owned();
        let of_program = threads(program).filter(|task| name(task) == "input" || task.ends_with(program.to_string()));
        let of_test = threads(std::process::id()).filter(|task| name(task) == READER);
        let own = Path::new("/proc").join(fs::read_link("/proc/thread-self").unwrap());
        let waits = of_program.chain(of_test).chain([own]).filter_map(|task| {
            let times = fs::read_to_string(task.join("schedstat")).ok()?;
            let nanoseconds = times.split_whitespace().nth(1)?.parse::<u64>().ok()?;
            Some((task, Duration::from_nanos(nanoseconds)))
        });
        waits.collect()
    }

    /// What the program holds once nothing is going on.
    fn held(&self) -> Held {
        // Suggestions and lists are still computed for the last key.
        std::thread::sleep(Duration::from_secs(2));
        let process = format!("/proc/{}", self.screen.child.process_id().unwrap());
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        let number = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        Held {
            threads: number("Threads:"),
            descriptors: fs::read_dir(format!("{process}/fd")).unwrap().count(),
            memory: number("VmRSS:") << 10,
            lines: self.place.read("food/annotations/ada.jsonl").lines().count(),
        }
    }
}

/// The longest wait of a thread between two looks. The sum would count waits at the same time more than once.
fn longest_wait(before: &HashMap<PathBuf, Duration>, after: &HashMap<PathBuf, Duration>) -> Duration {
    let waits = after.iter().map(|(thread, wait)| wait.saturating_sub(before.get(thread).copied().unwrap_or_default()));
    waits.max().unwrap_or_default()
}

#[test]
fn waits_at_the_same_time_are_taken_off_once() {
    let times = |times: [u64; 3]| -> HashMap<PathBuf, Duration> {
        let threads = ["a", "b", "c"].map(PathBuf::from).into_iter();
        threads.zip(times.map(Duration::from_millis)).collect()
    };
    let waited = longest_wait(&times([10, 0, 5]), &times([50, 30, 5]));
    assert_eq!(waited, Duration::from_millis(40));
}

/// Compares the last hour with the second, when everything that is made once has been made.
fn compare(held: &[Held], plan: Plan) {
    let (second, last) = (held[1], held[held.len() - 1]);
    // Later, most words have a label already, and a digit changes fewer of them.
    assert!(last.lines > held[0].lines + plan.actions * (plan.hours - 1) / 8, "the user tagged: {held:?}");
    assert!(last.threads <= second.threads, "{held:?}");
    assert!(last.descriptors <= second.descriptors, "{held:?}");
    let limit = second.memory + GROWTH + ACTION * (last.lines - second.lines) as u64;
    assert!(last.memory <= limit, "{held:?}");
}
