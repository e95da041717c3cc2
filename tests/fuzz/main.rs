//! Valid files, changed at random, in front of their readers: no panic, no endless work, no memory out of proportion.
//!
//! A run takes some seconds and always makes the same changes, as many as the time allows. `FUZZ_SECONDS=600` gives each
//! reader that many seconds, `FUZZ_SEED=7` makes other changes, `FUZZ_READER=journal` chooses a reader:
//!
//!     FUZZ_SECONDS=600 FUZZ_SEED=7 cargo test --test fuzz -- --nocapture

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a failure here is a failed test")]

mod readers;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use peak_alloc::PeakAlloc;
use readers::{Reader, readers};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Time for each reader.
const TIME: Duration = Duration::from_millis(250);
/// Longest time of a reader for one input.
const LONGEST: Duration = Duration::from_secs(20);
/// Largest input.
const LARGEST: usize = 64 << 10;
/// Memory that a reader may need besides ten times its input.
const ALLOWANCE: usize = 64 << 20;

/// Texts that are special somewhere.
const SPECIAL: [&str; 34] = [
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{1b}[2J",
    "\u{feff}",
    "\u{202e}",
    "\u{1f32e}",
    "\u{300}",
    "-1",
    "0",
    "4294967296",
    "18446744073709551616",
    "1e999",
    "-0.0",
    "NaN",
    "null",
    "true",
    "\\ud800",
    "\\u0000",
    "B-",
    "I-Dish",
    "<Label>",
    "&amp;",
    "_-_",
];

/// A small random generator (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// A place of an input, and a later one near it.
    fn range(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        let longest = if self.below(4) == 0 { bytes.len() } else { 16 };
        start..(start + self.below(longest + 1)).min(bytes.len())
    }
}

/// Changes an input in one to eight places.
fn change(input: &[u8], others: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = input.to_vec();
    for _ in 0..=random.below(8) {
        let range = random.range(&bytes);
        match random.below(9) {
            0 => bytes.get_mut(range.start).into_iter().for_each(|byte| *byte ^= 1 << random.below(8)),
            1 => bytes.insert(range.start, random.next() as u8),
            2 => drop(bytes.drain(range)),
            3 => {
                let piece = bytes[range.clone()].repeat(1 + random.below(3));
                bytes.splice(range.end..range.end, piece);
            }
            4 | 5 => drop(bytes.splice(range, SPECIAL[random.below(SPECIAL.len())].bytes())),
            6 => {
                let other = &others[random.below(others.len())];
                let piece = other[random.range(other)].to_vec();
                bytes.splice(range, piece);
            }
            7 => {
                // Nesting and long runs.
                let piece = SPECIAL[random.below(8)].repeat(1 << random.below(13));
                bytes.splice(range, piece.bytes());
            }
            _ => bytes.truncate(range.start),
        }
        bytes.truncate(LARGEST);
    }
    bytes
}

/// What a reader does with inputs until its time is over.
fn fuzz(reader: &Reader, seed: u64, time: Duration, current: &Current) -> Result<usize, String> {
    let mut random = Random(seed);
    let until = Instant::now() + time;
    let mut count = 0;
    while Instant::now() < until {
        let input = match reader.inputs.get(count) {
            Some(valid) => valid.clone(),
            None => change(&reader.inputs[random.below(reader.inputs.len())], &reader.inputs, &mut random),
        };
        current.set(&reader.name, &input);
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let outcome = catch_unwind(AssertUnwindSafe(|| (reader.read)(&input)));
        let peak = MEMORY.peak_usage().saturating_sub(before);
        current.clear();
        let described = || format!("{}, input {count} of seed {seed}:\n{}", reader.name, input.escape_ascii());
        if outcome.is_err() {
            return Err(format!("a panic by {}", described()));
        }
        if peak > 10 * input.len() + ALLOWANCE {
            return Err(format!("{peak} bytes of memory for {} by {}", input.len(), described()));
        }
        count += 1;
    }
    Ok(count)
}

/// The input that is being read, with the time at which it began.
#[derive(Clone, Default)]
struct Current(Arc<Mutex<Option<(Instant, String)>>>);

impl Current {
    fn set(&self, reader: &str, input: &[u8]) {
        *self.0.lock().unwrap() = Some((Instant::now(), format!("{reader}: {}", input.escape_ascii())));
    }

    fn clear(&self) {
        *self.0.lock().unwrap() = None;
    }

    /// Ends the process when an input takes too long, since nothing can stop its reader.
    fn watch(&self) {
        let current = self.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                if let Some((since, input)) = current.0.lock().unwrap().as_ref()
                    && since.elapsed() > LONGEST
                {
                    use std::io::Write;
                    let _ = writeln!(std::io::stderr(), "read for more than {} s by {input}", LONGEST.as_secs());
                    std::process::abort();
                }
            }
        });
    }
}

/// Whether the memory that a reader takes would be seen.
fn memory_is_measured() -> bool {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    drop(std::hint::black_box(vec![1_u8; ALLOWANCE]));
    MEMORY.peak_usage() - before >= ALLOWANCE
}

/// One test, because memory is measured for the process.
#[test]
fn changed_files_do_readers_no_harm() {
    let number = |name: &str| std::env::var(name).ok().map(|value| value.parse::<u64>().unwrap());
    let time = number("FUZZ_SECONDS").map_or(TIME, Duration::from_secs);
    let seed = number("FUZZ_SEED").unwrap_or(1);
    let wanted = std::env::var("FUZZ_READER").ok();
    assert!(memory_is_measured(), "the limit of memory would not be seen");
    let current = Current::default();
    current.watch();
    let mut problems = Vec::new();
    for reader in readers().iter().filter(|reader| wanted.as_ref().is_none_or(|wanted| *wanted == reader.name)) {
        assert!(!reader.inputs.is_empty(), "{} has no valid input", reader.name);
        match fuzz(reader, seed, time, &current) {
            Ok(count) => println!("{:>20} {count:>9} inputs", reader.name),
            Err(problem) => problems.push(problem),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
