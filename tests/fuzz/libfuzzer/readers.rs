//! The reader that the variable `FUZZ_READER` names, in front of libFuzzer.
//!
//! Its valid inputs are written into the folder that `FUZZ_SEEDS` names, which libFuzzer then reads as its corpus.

#![no_main]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is what the fuzzer looks for")]

#[path = "../readers.rs"]
mod readers;

use std::{cell::LazyCell, env, fs, panic, path::Path};

use libfuzzer_sys::fuzz_target;
use readers::{Reader, readers};

thread_local! {
    static READER: LazyCell<Reader> = LazyCell::new(|| {
        let wanted = env::var("FUZZ_READER").unwrap_or_default();
        let mut all = readers();
        let names: Vec<String> = all.iter().map(|reader| reader.name.clone()).collect();
        let at = names.iter().position(|name| *name == wanted);
        let at = at.unwrap_or_else(|| panic!("FUZZ_READER is `{wanted}`; use one of {}", names.join(", ")));
        all.swap_remove(at)
    });
}

/// Prepares the process before libFuzzer reads its corpus.
fn prepare() {
    // libFuzzer's hook ends the process at every panic, also at one that the program catches where foreign code may panic.
    // One that is not caught ends it without the hook, too.
    drop(panic::take_hook());
    if let Ok(folder) = env::var("FUZZ_SEEDS") {
        fs::create_dir_all(&folder).unwrap();
        READER.with(|reader| {
            for (at, input) in reader.inputs.iter().enumerate() {
                fs::write(Path::new(&folder).join(format!("valid-{at}")), input).unwrap();
            }
        });
    }
}

fuzz_target!(
    init: prepare(),
    |bytes: &[u8]| READER.with(|reader| (reader.read)(bytes))
);
