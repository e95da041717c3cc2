//! Detection of the format of a file.

use std::io;

use super::{
    Guess, ReadOptions, Source,
    conll::{CONLL2002, tag_numbers::NamedTags},
    container::Container,
    format::Format,
    several,
    table::NUMBERED,
};

/// The format for any text; its reader names the first byte that is none.
const FALLBACK: &Format = &super::plain::FORMAT;

/// The likeliest format of a file: by its content, then by its name.
pub fn detect(name: &str, bytes: &[u8]) -> Guess {
    detect_source(name, &bytes).unwrap_or_else(|_| fallback())
}

/// As [`detect`], for a file that is not in memory; only its beginning is read. A packed file has the format of its contents.
///
/// # Errors
/// The source cannot be read or unpacked.
pub fn detect_source(name: &str, source: &dyn Source) -> io::Result<Guess> {
    let container = Container::open(source)?;
    let guesses = several::guess_contents(container.name_inside(name), container.contents())?;
    let mut guess = guesses.into_iter().next().unwrap_or_else(fallback);
    if let Some(packing) = container.packing() {
        guess.why = format!("{packing}: {}", guess.why);
    }
    Ok(guess)
}

/// As [`detect_source`], for a file that is read with these options: tags that are numbers are seen by their names.
///
/// # Errors
/// As [`detect_source`].
pub fn detect_with(name: &str, source: &dyn Source, options: &ReadOptions) -> io::Result<Guess> {
    if options.tag_names.is_empty() || source.files().is_some() {
        return detect_source(name, source);
    }
    let container = Container::open(source)?;
    let named = NamedTags::of(container.contents(), options)?;
    if let Some(named) = named.as_ref().filter(|named| named.has_names()) {
        return detect_source(container.name_inside(name), named);
    }
    let guess = detect_source(name, source)?;
    // With too few names, their reader says which number has none.
    let lacks_names = named.is_some() && guess.format.name == NUMBERED;
    Ok(if lacks_names { Guess { format: &CONLL2002, ..guess } } else { guess })
}

fn fallback() -> Guess {
    Guess { format: FALLBACK, confidence: 0, why: "nothing else fits".to_owned() }
}
