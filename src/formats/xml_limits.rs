//! Limits of XML files, checked before they are parsed.
//!
//! The parser compares each attribute with all others of its element, and each element repeats the namespaces of those
//! around it. A file of a few megabytes could keep it busy for hours.

use super::problem::{Problem, grouped};
use crate::text::lines::LineIndex;

/// Maximum number of attributes of an element.
const ATTRIBUTES: usize = 200;
/// Maximum number of declarations of namespaces in a file.
const NAMESPACES: usize = 20;

/// Stretches of XML that contain no tags: how they begin and end.
const OPAQUE: [(&str, &str); 3] = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")];

/// Checks that a file keeps the limits. Whether it is XML is for the parser to say.
///
/// # Errors
/// The limit that it breaks, with the line.
pub(super) fn check(text: &str) -> Result<(), Problem> {
    if let Some((at, _)) = text.match_indices("xmlns").nth(NAMESPACES) {
        return Err(broken("the file", NAMESPACES, "namespaces", text, at));
    }
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find('<')) {
        at += start;
        let rest = text.get(at..).unwrap_or_default();
        let length = match OPAQUE.iter().find(|(open, _)| rest.starts_with(open)) {
            Some((open, close)) => rest.find(close).map(|end| end.max(open.len()) + close.len()),
            None => {
                let tag = Tag::at_start_of(rest);
                if tag.attributes > ATTRIBUTES {
                    return Err(broken("an element", ATTRIBUTES, "attributes", text, at));
                }
                tag.length
            }
        };
        let Some(length) = length else { return Ok(()) };
        at += length;
    }
    Ok(())
}

/// Size of a tag.
#[derive(Default)]
struct Tag {
    /// Length in bytes; `None` for a tag without end, or with too many attributes.
    length: Option<usize>,
    attributes: usize,
}

impl Tag {
    fn at_start_of(text: &str) -> Self {
        let mut tag = Self::default();
        let mut quote = None;
        for (at, byte) in text.bytes().enumerate() {
            match (quote, byte) {
                (None, b'>') => return Self { length: Some(at + 1), ..tag },
                (None, b'=') => tag.attributes += 1,
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), close) if open == close => quote = None,
                _ => {}
            }
            if tag.attributes > ATTRIBUTES {
                break;
            }
        }
        tag
    }
}

fn broken(what: &str, most: usize, things: &str, text: &str, at: usize) -> Problem {
    Problem::error(format!("{what} has more than {} {things}", grouped(most)))
        .at(LineIndex::new(text).line(at))
        .hint("a labelling configuration needs only a few; check that this is one")
}
