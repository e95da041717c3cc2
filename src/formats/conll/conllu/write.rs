//! Writer of CoNLL-U.

use serde_json::Value;

use super::{
    entities::KEY,
    rows::{FOREIGN, MISC, Sentence, Token, escaped},
};
use crate::{
    formats::{
        WriteOptions,
        conll::{meta::META_COMMENTS, row_id::RowId},
        fit::{Fitted, Fitter, WordRules, in_one_line},
        problem::{quoted, with_noun},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet, scheme::Tag, tag_form::TagForm},
    text::TextRange,
};

/// Key of the tags that spaCy and several treebanks read.
const NAME: &str = "name";
/// Words may contain blanks, values no bar.
const RULES: WordRules =
    WordRules { separators: &['\t', '\n', '\r'], in_labels: &['|'], empty_words: false, reserved: None };

/// Writes a document as a sentence.
pub(super) fn write<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(SentenceWriter { fitter: Fitter::new(&RULES, labels), options, key: None, with_mentions: 0 })
}

struct SentenceWriter<'a> {
    fitter: Fitter<'a>,
    options: &'a WriteOptions,
    /// Key of all tags of the file: the one of the first document that has one.
    key: Option<String>,
    /// Number of sentences with mentions under [`KEY`].
    with_mentions: usize,
}

impl Writer for SentenceWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let Some(Fitted { words, spans, changed, .. }) = self.fitter.fit(document, annotation, &mut out.losses) else {
            return;
        };
        if words.is_empty() {
            out.losses.note(format!("document {} has no words and is left out", quoted(&document.id)));
            return;
        }
        let kept = Kept::of(document, &words);
        let own = kept.as_ref().map(|kept| kept.key.as_str()).filter(|key| *key != KEY);
        // Without a tag in the first sentence, its first word shows that the file has tags.
        let has_tag = !spans.is_empty() || own.is_some() && kept.as_ref().is_some_and(Kept::has_tag);
        self.with_mentions += usize::from(kept.as_ref().is_some_and(|kept| kept.key == KEY && kept.has_tag()));
        let shows_o = self.key.is_none() && !has_tag;
        let key = self.key.get_or_insert_with(|| own.unwrap_or(NAME).to_owned());
        let tags = self.options.scheme.encode(&spans, words.len());
        out.push(&match kept {
            Some(kept) => kept.lines(key, &tags, shows_o),
            None => new_lines(document, &words, (key, &tags), shows_o),
        });
        out.push("\n");
        out.count(spans.len(), changed);
    }

    fn finish(&mut self, out: &mut Output) {
        if self.with_mentions > 0 {
            let [entity, key] = [KEY, self.key.as_deref().unwrap_or(NAME)].map(quoted);
            let sentences = with_noun(self.with_mentions, "sentence");
            out.losses
                .note(format!("{sentences} with mentions under {entity}: left as they were; spans are under {key}"));
        }
    }
}

/// Lines of a document that was not read from CoNLL-U, or whose words have changed since.
/// `shows_o`: whether the first word has its tag in any case.
fn new_lines(document: &Document, words: &[TextRange], (key, tags): (&str, &[String]), shows_o: bool) -> String {
    let mut lines = String::new();
    push_comment(&mut lines, "sent_id", &document.id);
    push_comment(&mut lines, "text", &document.text);
    for (name, value) in document.meta.iter() {
        match value {
            Value::String(value) if !matches!(name.as_str(), "sent_id" | "text") => {
                push_comment(&mut lines, name, value)
            }
            Value::Array(list) if name == META_COMMENTS => {
                for text in list.iter().filter_map(Value::as_str) {
                    lines.push_str(&format!("# {}\n", in_one_line(text)));
                }
            }
            _ => {}
        }
    }
    let mut before = 0;
    for (at, (word, tag)) in words.iter().zip(tags).enumerate() {
        let after = words.get(at + 1).map_or(document.text.len(), |next| next.start);
        let mut misc = Vec::new();
        if tag != "O" || at == 0 && shows_o {
            misc.push(format!("{key}={tag}"));
        }
        let front = if at == 0 { TextRange::new(before, word.start).of(&document.text) } else { "" };
        if !front.is_empty() {
            misc.push(format!("SpacesBefore={}", escaped(front)));
        }
        let is_last = at + 1 == words.len();
        match (TextRange::new(word.end, after).of(&document.text), is_last) {
            ("", false) => misc.push("SpaceAfter=No".to_owned()),
            (" ", false) | ("", true) => {}
            (spaces, _) => misc.push(format!("SpacesAfter={}", escaped(spaces))),
        }
        let misc = if misc.is_empty() { "_".to_owned() } else { misc.join("|") };
        lines.push_str(&format!("{}\t{}\t_\t_\t_\t_\t_\t_\t_\t{misc}\n", at + 1, word.of(&document.text)));
        before = word.end;
    }
    lines
}

fn push_comment(lines: &mut String, key: &str, value: &str) {
    lines.push_str(&format!("# {} = {}\n", in_one_line(key), in_one_line(value)));
}

/// The lines from which a document was read, if its text and words are still the same.
struct Kept {
    key: String,
    sentence: Sentence,
    tokens: Vec<Token>,
}

impl Kept {
    fn of(document: &Document, words: &[TextRange]) -> Option<Self> {
        let kept = document.foreign.as_deref()?.get(FOREIGN)?;
        let key = kept.get("key")?.as_str()?.to_owned();
        let sentence = Sentence::of(kept.get("lines")?.as_array()?.iter().filter_map(Value::as_str));
        let tokens = sentence.tokens();
        let (text, ranges, _) = sentence.text(&tokens);
        let is_same = *document.text == *text && ranges == words && !key.contains(['|', '=', '\t']);
        is_same.then_some(Self { key, sentence, tokens })
    }

    /// Whether a row has a value under the key.
    fn has_tag(&self) -> bool {
        self.sentence.rows.iter().any(|row| row.value(&self.key).is_some())
    }

    /// The lines with other tags; a row whose tag is the same stays as it is.
    /// `shows_o`: whether the first word has its tag in any case.
    fn lines(self, key: &str, tags: &[String], shows_o: bool) -> String {
        let values = self.sentence.rows.iter().filter_map(|row| row.value(&self.key));
        let form = TagForm::of(values.map(|value| (value, 1))).unwrap_or(TagForm::OURS);
        let keeps = self.key == key && form == TagForm::OURS;
        let mut rows: Vec<String> = self.sentence.rows.iter().map(|row| row.line.clone()).collect();
        for (at, (token, tag)) in self.tokens.iter().zip(tags).enumerate() {
            let shows_o = at == 0 && shows_o;
            let is_shown = self
                .sentence
                .rows
                .get(token.row..token.end)
                .unwrap_or_default()
                .iter()
                .any(|row| row.value(key).is_some());
            if keeps && (is_shown || !shows_o) && self.sentence.tag(*token, &self.key, form) == Tag::read(tag) {
                continue;
            }
            let tagged: Vec<usize> = self.sentence.tagged_rows(*token).map(|(row, _)| row).collect();
            for (part, row) in tagged.iter().enumerate() {
                let Some(line) = rows.get_mut(*row) else { continue };
                *line = with_tag(line, (&self.key, key), &part_of_tag(tag, part, tagged.len()), shows_o);
            }
            // The row of a token with several words has no tag beside theirs.
            let is_long = self.sentence.rows.get(token.row).is_some_and(|row| matches!(row.id, RowId::Token(..)));
            if is_long && let Some(line) = rows.get_mut(token.row) {
                *line = without_tag(line, &self.key);
            }
        }
        let mut lines = String::new();
        for line in self.sentence.comments.iter().chain(&rows) {
            lines.push_str(line);
            lines.push('\n');
        }
        lines
    }
}

/// Tag of the word `part`, from 0, of a token that consists of several words and has this tag.
fn part_of_tag(tag: &str, part: usize, words: usize) -> String {
    let Tag::Inside { prefix, label } = Tag::read(tag) else { return tag.to_owned() };
    let begins = part == 0 && matches!(prefix, 'B' | 'S' | 'U');
    let ends = part + 1 == words && matches!(prefix, 'E' | 'S' | 'L' | 'U');
    let letter = match (begins, ends) {
        (true, true) => prefix,
        (true, false) => 'B',
        (false, true) if matches!(prefix, 'L' | 'U') => 'L',
        (false, true) => 'E',
        (false, false) => 'I',
    };
    format!("{letter}-{label}")
}

/// Replaces the tag of a row, under another key. `O` is written only in place of another tag, or if `shows_o`.
fn with_tag(line: &str, (old, new): (&str, &str), tag: &str, shows_o: bool) -> String {
    let Some((front, misc)) = split_misc(line) else { return line.to_owned() };
    let value = format!("{new}={tag}");
    let mut parts: Vec<String> =
        misc.split('|').filter(|part| !part.is_empty() && *part != "_").map(str::to_owned).collect();
    let place = parts.iter().position(|part| is_of(part, old)).filter(|_| old != KEY);
    match place {
        Some(place) => {
            if let Some(part) = parts.get_mut(place) {
                *part = value;
            }
        }
        None if tag == "O" && !shows_o => {}
        None => parts.push(value),
    }
    format!("{front}{}", if parts.is_empty() { "_".to_owned() } else { parts.join("|") })
}

fn without_tag(line: &str, key: &str) -> String {
    let Some((front, misc)) = split_misc(line).filter(|_| key != KEY) else { return line.to_owned() };
    let parts: Vec<&str> = misc.split('|').filter(|part| !is_of(part, key)).collect();
    format!("{front}{}", if parts.is_empty() { "_".to_owned() } else { parts.join("|") })
}

fn is_of(part: &str, key: &str) -> bool {
    part.split_once('=').is_some_and(|(name, _)| name == key)
}

/// Splits a row before its last column.
fn split_misc(line: &str) -> Option<(&str, &str)> {
    let tab = line.match_indices('\t').nth(MISC - 1)?.0;
    line.split_at_checked(tab + 1)
}
