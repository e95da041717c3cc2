//! Tags that the scheme of their file would write otherwise, each with its place.

use std::io;

use super::{
    layout::{ColumnLayout, Prefer},
    sentences::{Sentence, Sentences},
    tag_numbers::NamedTags,
};
use crate::{
    formats::{Format, ReadOptions, Source, container::Container, problem::Problems, source::Unreadable},
    spans::{
        Scheme,
        scheme::{SchemeDetector, Tag, decode_tags},
        tag_form::{TagForm, TagRule},
    },
};

/// Violations that are named; all of them are counted.
const NAMED: usize = 10;

/// Tags of a file that do not follow its scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagViolations {
    /// Scheme of the file: the user's, or the one that most tags follow.
    pub scheme: Scheme,
    /// Number of tags that the scheme would write otherwise.
    pub count: usize,
    /// The first of them.
    pub first: Vec<TagViolation>,
}

/// A tag that does not follow the scheme of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagViolation {
    /// Line of the word, from 1.
    pub line: usize,
    /// The word.
    pub word: String,
    /// The tag in the file.
    pub tag: String,
    /// The tag of the same span in the scheme.
    pub expected: String,
}

/// Finds the violations of a file of tagged words; `None` for a file of another format, or without letters in its tags.
///
/// # Errors
/// The source cannot be read.
pub fn tag_violations(
    format: &Format,
    source: &dyn Source,
    options: &ReadOptions,
) -> io::Result<Option<TagViolations>> {
    let prefer = match format.name {
        "conll2003" | "conll2002" => Prefer::AfterWord,
        "tag-first" => Prefer::BeforeWord,
        _ => return Ok(None),
    };
    let container = Container::open(source)?;
    let contents = container.contents();
    if contents.files().is_some() {
        return Ok(None);
    }
    let named = NamedTags::of(contents, options)?;
    match find(named.as_ref().map_or(contents, |named| named as &dyn Source), prefer, options) {
        Ok(found) => Ok(found),
        Err(Unreadable::Io(error)) => Err(error),
        // The reader of the format reports that.
        Err(Unreadable::Encoding(_)) => Ok(None),
    }
}

fn find(source: &dyn Source, prefer: Prefer, options: &ReadOptions) -> Result<Option<TagViolations>, Unreadable> {
    let Ok(layout) = ColumnLayout::sniff(source, prefer, &options.tags)? else { return Ok(None) };
    if layout.is_brackets || layout.form == TagForm::Label {
        return Ok(None);
    }
    let mut detector = SchemeDetector::default();
    each_sentence(source, layout, &mut |sentence| detector.add(sentence.tags_read()))?;
    let scheme = options.tags.rule.and_then(TagRule::scheme).unwrap_or_else(|| detector.scheme());
    let mut found = TagViolations { scheme, count: 0, first: Vec::new() };
    each_sentence(source, layout, &mut |sentence| found.add(sentence, layout.form))?;
    Ok(Some(found))
}

/// Calls `with` with each sentence whose words have one tag each.
fn each_sentence(source: &dyn Source, layout: ColumnLayout, with: &mut dyn FnMut(&Sentence)) -> Result<(), Unreadable> {
    // The reader of the format reports the lines that are no rows.
    let mut reported = Problems::default();
    let mut sentence = Sentence::of(&layout);
    let mut sentences = Sentences::of(source, layout)?;
    while sentences.next_into(&mut sentence, &mut reported)? {
        if sentence.is_tagged && !sentence.has_parts() {
            with(&sentence);
        }
    }
    Ok(())
}

impl TagViolations {
    fn add(&mut self, sentence: &Sentence, form: TagForm) {
        let spans = decode_tags(sentence.tags_read());
        let expected = self.scheme.encode(&spans, sentence.words().len());
        let rows = sentence.words().zip(sentence.tags()).zip(&sentence.lines).zip(expected);
        for (((word, tag), line), expected) in rows {
            if form.read(tag) == Some(Tag::read(&expected)) || tag == expected {
                continue;
            }
            self.count += 1;
            if self.first.len() < NAMED {
                self.first.push(TagViolation { line: *line, word: word.to_owned(), tag: tag.to_owned(), expected });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{TagOptions, conll::CONLL2002, detect};

    fn violations(text: &str, rule: Option<TagRule>) -> Option<TagViolations> {
        let options = ReadOptions { tags: TagOptions { rule, ..TagOptions::default() }, ..ReadOptions::default() };
        tag_violations(&CONLL2002, &text.as_bytes(), &options).unwrap()
    }

    /// Line, tag and expected tag of each.
    fn shown(found: &TagViolations) -> Vec<String> {
        found.first.iter().map(|one| format!("{} {} {} {}", one.line, one.word, one.tag, one.expected)).collect()
    }

    #[test]
    fn each_tag_that_the_scheme_writes_otherwise_has_its_line() {
        let rows = "good O\npad B-Dish\nthai I-Dish\n\n".repeat(5);
        let odd = format!("{rows}# a comment\nfish I-Dish\nbar I-Place\n\nsoup B-Dish\n");
        let found = violations(&odd, None).unwrap();
        assert_eq!((found.scheme, found.count), (Scheme::Bio, 2));
        assert_eq!(shown(&found), ["22 fish I-Dish B-Dish", "23 bar I-Place B-Place"]);
        assert_eq!(violations(&rows, None).unwrap().count, 0);
        // The scheme is the one of most tags, or the user's.
        assert_eq!(violations(&rows.replace("B-Dish", "I-Dish"), None).unwrap().scheme, Scheme::Iob1);
        assert_eq!(violations(&rows, Some(TagRule::Bioes)).unwrap().count, 5);
        assert_eq!(violations(&odd.replace("I-", "I_").replace("B-", "B_"), None).unwrap().count, 2, "other spellings");
        assert_eq!(violations(&odd.repeat(9), None).unwrap().first.len(), NAMED);
    }

    #[test]
    fn files_without_letters_in_their_tags_have_none() {
        assert_eq!(violations("good O\npad Dish\nthai Dish\n", None), None);
        assert_eq!(violations("good O\npad Dish\nthai Dish\n", Some(TagRule::Labels)), None);
        let line = br#"{"tokens":["a"],"ner_tags":["I-X"]}"#;
        let format = detect("a.jsonl", line).format;
        assert_eq!(tag_violations(format, &line.as_slice(), &ReadOptions::default()).unwrap(), None);
    }
}
