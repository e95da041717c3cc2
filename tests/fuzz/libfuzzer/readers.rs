//! The reader that the variable `FUZZ_READER` names, in front of libFuzzer.

#![no_main]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failure here is what the fuzzer looks for")]

#[path = "../readers.rs"]
mod readers;

use std::{cell::LazyCell, env};

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

fuzz_target!(|bytes: &[u8]| READER.with(|reader| (reader.read)(bytes)));
