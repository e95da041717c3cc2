//! Sentences of the project with a label, one of which comes to the Explore screen.

use std::collections::HashSet;

use crate::{
    app::{
        command::{Command, Context},
        conditions::always,
        exchange::{SentenceRequest, Sentences},
        key::Key,
        list::ListCursor,
        panel::{Commands, Opens, Outcome, Panel, Request, Row, own_rows},
        project::Project,
        session::Session,
    },
    spans::LabelId,
    text::{TextRange, number::with_noun, width},
};

const HERE: Context = Context::Examples;

/// Largest number of sentences that are listed for a label.
const MOST: usize = 200;
/// Bytes up to which a line is taken whole.
const WHOLE: usize = 300;
/// Largest number of bytes on either side of a span in which its sentence is searched.
const FARTHEST: usize = 1000;

/// The sentences with a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Examples {
    /// The label.
    pub label: LabelId,
    /// Its sentences, each once, and with words that no earlier one has under that label.
    pub found: Vec<Example>,
    /// Number of spans with the label in the project.
    pub spans: usize,
    /// Row of the cursor.
    pub row: usize,
}

/// A sentence of a document, with a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// The document.
    pub document: usize,
    /// Bytes of the sentence.
    pub sentence: TextRange,
    /// Bytes of the span, in the document.
    pub span: TextRange,
}

impl Opens for Examples {}

impl Commands for Examples {
    const ROWS: &'static [Row<Self>] = &[
        Row {
            command: Command::Open,
            name: "open",
            hint: "explore it",
            doc: "Explore the sentence; the others follow it",
            keys: &[(HERE, "enter")],
            when: always,
            run: Self::explore,
        },
        Row {
            command: Command::Right,
            name: "right",
            hint: "label",
            doc: "Show the sentences of the next label",
            keys: &[(HERE, "right l tab")],
            when: always,
            run: |panel, session| panel.step(session, true),
        },
        Row {
            command: Command::Left,
            name: "left",
            hint: "label",
            doc: "Show the sentences of the label before",
            keys: &[(HERE, "left h shift-tab")],
            when: always,
            run: |panel, session| panel.step(session, false),
        },
    ];
    const MOVES: &'static [(Context, &'static [(Command, &'static str)])] = &[(
        HERE,
        &[
            (Command::Up, "up k p"),
            (Command::Down, "down j n"),
            (Command::PageUp, "pageup"),
            (Command::PageDown, "pagedown"),
            (Command::First, "home g"),
            (Command::Last, "end G"),
        ],
    )];
}

impl Panel for Examples {
    own_rows!();

    fn context(&self, _: &Session) -> Context {
        HERE
    }

    /// A digit chooses its label.
    fn press(&mut self, key: Key, session: &mut Session) -> Option<Outcome> {
        let digit = key.typed().filter(char::is_ascii_digit)?;
        match session.project.as_ref().and_then(|project| project.labels.by_key(digit)).map(|label| label.id) {
            Some(label) => self.choose(label, session),
            None => session.warn(format!("No label has the key {digit}")),
        }
        Some(Outcome::none())
    }

    fn list(&mut self, session: &Session) -> Option<ListCursor<'_>> {
        Some(ListCursor { row: &mut self.row, rows: self.found.len(), page: session.page() })
    }
}

impl Examples {
    /// Shows the sentences of the first label that has any; says so if none has.
    pub(in crate::app) fn show(session: &mut Session) -> Option<Self> {
        let project = session.project.as_ref()?;
        let shown = project.labels.iter().map(|label| Self::of(project, label.id)).find(|one| !one.found.is_empty());
        if shown.is_none() {
            session.inform("No span is tagged yet, so there are no examples");
        }
        shown
    }

    fn of(project: &Project, label: LabelId) -> Self {
        let mut found = Vec::new();
        let mut known = HashSet::new();
        let mut spans = 0;
        for (at, document) in project.documents.iter().enumerate() {
            for span in project.annotation(at).spans().iter().filter(|span| span.label == label) {
                spans += 1;
                let sentence = sentence_around(&document.text, span.range);
                let example = Example { document: at, sentence, span: span.range };
                let is_new = found.last().is_none_or(|last: &Example| (last.document, last.sentence) != (at, sentence));
                if found.len() < MOST && known.insert(span.range.of(&document.text).to_lowercase()) && is_new {
                    found.push(example);
                }
            }
        }
        Self { label, found, spans, row: 0 }
    }

    fn choose(&mut self, label: LabelId, session: &Session) {
        if let Some(project) = &session.project {
            *self = Self::of(project, label);
        }
    }

    /// Goes to the label before or after this one; from the last one to the first.
    fn step(&mut self, session: &mut Session, forward: bool) -> Outcome {
        let labels = session.project.iter().flat_map(|project| project.labels.iter());
        let labels: Vec<LabelId> = labels.map(|label| label.id).collect();
        let at = labels.iter().position(|label| *label == self.label).unwrap_or(0);
        let step = if forward { 1 } else { labels.len().saturating_sub(1) };
        if let Some(label) = labels.get((at + step) % labels.len().max(1)) {
            self.choose(*label, session);
        }
        Outcome::none()
    }

    /// Takes all sentences to the Explore screen, the one under the cursor first.
    fn explore(&mut self, session: &mut Session) -> Outcome {
        let Some(project) = session.project.as_ref().filter(|_| !self.found.is_empty()) else {
            session.inform("There is no sentence here; another label may have some");
            return Outcome::none();
        };
        let texts = self.found.iter().map(|example| {
            let text = project.documents.get(example.document).map_or("", |document| &document.text);
            example.sentence.of(text).to_owned()
        });
        let source = format!("examples of {}", width::clean(project.labels.name(self.label)));
        let sentences = Sentences { sentences: texts.collect(), at: self.row, source, left_out: String::new() };
        Outcome::close().and(Request::Explore(SentenceRequest::Take(Box::new(sentences))))
    }

    /// The label, its place among all, and how many sentences are shown, as a title.
    pub fn title(&self, project: &Project) -> String {
        let name = project.labels.name(self.label);
        let place = project.labels.iter().position(|label| label.id == self.label).unwrap_or(0) + 1;
        let spans = with_noun(self.spans, "span");
        let shown = with_noun(self.found.len(), "sentence");
        format!("{name}, label {place} of {}: {shown} with different words, of {spans}", project.labels.iter().count())
    }
}

/// The part of a text that is explored with a span: its line, of a long line the sentence.
///
/// A sentence ends where `.`, `!` or `?` is followed by white space and an upper-case letter.
fn sentence_around(text: &str, span: TextRange) -> TextRange {
    let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let end = text.get(span.end..).and_then(|after| after.find('\n')).map_or(text.len(), |at| span.end + at);
    if end - start <= WHOLE {
        return TextRange::new(start, end).trimmed(text);
    }
    // Not more than a reader takes in, however long the line is.
    let start = start.max(text.floor_char_boundary(span.start.saturating_sub(FARTHEST)));
    let end = end.min(text.ceil_char_boundary(span.end.saturating_add(FARTHEST).min(text.len())));
    let line = TextRange::new(start, end).of(text);
    let ends = line
        .char_indices()
        .filter(|(at, c)| matches!(c, '.' | '!' | '?') && begins_sentence(line.get(at + 1..).unwrap_or_default()));
    let mut sentence = TextRange::new(start, end);
    for at in ends.map(|(at, _)| start + at + 1) {
        if at <= span.start {
            sentence.start = at;
        } else if at >= span.end {
            sentence.end = at;
            break;
        }
    }
    sentence.trimmed(text)
}

/// Whether a new sentence begins after a mark that may end one.
fn begins_sentence(rest: &str) -> bool {
    let next = rest.trim_start();
    next.len() < rest.len() && next.starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(text: &str, words: &str) -> String {
        let start = text.find(words).unwrap();
        sentence_around(text, TextRange::new(start, start + words.len())).of(text).to_owned()
    }

    #[test]
    fn a_line_is_taken_whole_and_of_a_long_one_the_sentence() {
        assert_eq!(around("  Good. The tacos are cheap! \nNext", "tacos"), "Good. The tacos are cheap!");
        let long = format!(
            "{}Open till 2 a.m. on Fridays. The caf\u{e9} is near. {}",
            "It was so. ".repeat(40),
            "No. ".repeat(40)
        );
        assert_eq!(around(&long, "2 a.m."), "Open till 2 a.m. on Fridays.");
        assert_eq!(around(&long, "caf\u{e9}"), "The caf\u{e9} is near.");
        // A span over the end of a sentence stays whole.
        assert_eq!(around(&long, "Fridays. The"), "Open till 2 a.m. on Fridays. The caf\u{e9} is near.");
        let endless = "\u{e9}".repeat(5000);
        let middle = TextRange::new(5000, 5002);
        assert!(sentence_around(&endless, middle).covers(middle) && sentence_around(&endless, middle).len() <= 2004);
    }
}
