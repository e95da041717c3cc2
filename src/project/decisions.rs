//! Decisions on suspected labels: `reviewed.jsonl`.
//!
//! A line says that an annotator looked at a label, or at words without one, and keeps it. It names the text by a
//! fingerprint and the spans by offsets, and holds no words. Lines are only appended; their order does not matter, so git
//! merges two versions by keeping every line of both.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{
    AnnotatorName, Project, ProjectError,
    appended_lines::append_lines,
    storage::{self, LARGE},
    text_anchor::Fingerprint,
};
use crate::{
    spans::{Document, LabelId},
    text::{CharRange, OffsetMap, TextRange},
};

/// Name of the file.
pub(super) const REVIEWED: &str = "reviewed.jsonl";

/// Range with a label, on disk.
type Marked = (CharRange, LabelId);

/// Decision of an annotator on a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Seconds since 1970, UTC.
    at: u64,
    /// Annotator.
    by: String,
    /// Id of the document.
    doc: String,
    /// Text that the offsets refer to.
    text: Fingerprint,
    /// Label that was looked at; absent for words without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    given: Option<Marked>,
    /// Label that was suggested instead; absent if none was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    other: Option<Marked>,
    /// Whether it is kept; `false` takes an earlier decision back.
    kept: bool,
}

/// Document that questions are about, with what they all need of its text.
#[derive(Clone, Debug)]
pub struct AskedText<'a> {
    /// The document.
    pub document: &'a Document,
    offsets: OffsetMap,
    text: Fingerprint,
}

impl<'a> AskedText<'a> {
    /// Reads the text of a document once, for all questions about it.
    pub fn of(document: &'a Document) -> Self {
        Self { document, offsets: OffsetMap::new(&document.text), text: Fingerprint::of(&document.text) }
    }
}

/// Label of a document, or words without one, with what was suggested instead.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The document.
    pub about: &'a AskedText<'a>,
    /// Label that it has.
    pub given: Option<(TextRange, LabelId)>,
    /// Label that is suggested instead.
    pub other: Option<(TextRange, LabelId)>,
}

impl Question<'_> {
    /// Eight hexadecimal digits by which a user names it.
    pub fn key(&self) -> String {
        let AskedText { document, text, .. } = self.about;
        let named = serde_json::json!([document.id, text, self.marked(self.given), self.marked(self.other)]);
        Fingerprint::of(&named.to_string()).to_string()
    }

    fn marked(&self, one: Option<(TextRange, LabelId)>) -> Option<Marked> {
        one.map(|(range, label)| (self.about.offsets.to_chars(range), label))
    }
}

/// Decisions of one annotator.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decisions {
    /// Those about each document, the latest last.
    by_document: HashMap<String, Vec<Decision>>,
    /// Number of lines that could not be read.
    pub skipped: usize,
}

impl Decisions {
    /// Number of decisions, those that were taken back included.
    pub fn len(&self) -> usize {
        self.by_document.values().map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_document.is_empty()
    }

    /// Whether the annotator keeps this label, whatever is suggested instead.
    ///
    /// Words without a label are kept if the annotator was asked about these words, or about words around them.
    pub fn keeps(&self, question: &Question<'_>) -> bool {
        let AskedText { document, text, .. } = question.about;
        let Some(about) = self.by_document.get(&document.id) else { return false };
        let [given, other] = [question.given, question.other].map(|one| question.marked(one));
        let last = about.iter().rfind(|decision| {
            decision.text == *text && decision.given == given && (given.is_some() || covers(decision.other, other))
        });
        last.is_some_and(|decision| decision.kept)
    }
}

/// Whether the first range contains the second one.
fn covers(one: Option<Marked>, other: Option<Marked>) -> bool {
    one.zip(other).is_some_and(|((one, _), (other, _))| one.start <= other.start && other.end <= one.end)
}

impl Project {
    /// Reads the decisions of an annotator.
    /// Lines that are no decision, such as git's conflict markers, are skipped and counted.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub fn decisions(&self, name: &AnnotatorName) -> Result<Decisions, ProjectError> {
        let path = self.root.join(REVIEWED);
        let mut found = Decisions::default();
        if path.symlink_metadata().is_err() {
            return Ok(found);
        }
        storage::read_lines(&path, LARGE, |line| match serde_json::from_slice::<Decision>(line) {
            Ok(decision) if decision.by == name.as_str() => {
                found.by_document.entry(decision.doc.clone()).or_default().push(decision);
            }
            Ok(_) => {}
            Err(_) => found.skipped += usize::from(!line.trim_ascii().is_empty()),
        })?;
        for about in found.by_document.values_mut() {
            about.sort_by_key(|decision| decision.at);
        }
        Ok(found)
    }

    /// Records that an annotator keeps these labels, or takes back that decision. `now` in seconds since 1970, UTC.
    ///
    /// # Errors
    /// The file system refuses; then nothing was recorded.
    pub fn decide(
        &self,
        name: &AnnotatorName,
        questions: &[Question<'_>],
        kept: bool,
        now: u64,
    ) -> Result<(), ProjectError> {
        let decisions = questions.iter().map(|question| Decision {
            at: now,
            by: name.to_string(),
            doc: question.about.document.id.clone(),
            text: question.about.text,
            given: question.marked(question.given),
            other: question.marked(question.other),
            kept,
        });
        append_lines(&self.root.join(REVIEWED), decisions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{project::Manifest, spans::LabelSet};

    const DISH: LabelId = LabelId(2);
    const PRICE: LabelId = LabelId(5);

    fn project() -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::create(&dir.path().join("p"), Manifest::new("p", LabelSet::restaurant())).unwrap();
        (dir, project)
    }

    fn anna() -> AnnotatorName {
        "anna".parse().unwrap()
    }

    #[test]
    fn what_was_kept_is_not_asked_again_until_the_text_or_the_label_changes() {
        let (_dir, project) = project();
        let document = Document::from_words("r1", ["caf\u{e9}", "tacos"]);
        let range = TextRange::new(6, 11);
        let about = AskedText::of(&document);
        let question =
            |label, other| Question { about: &about, given: Some((range, label)), other: Some((range, other)) };
        let keeps = |question: &Question<'_>| project.decisions(&anna()).unwrap().keeps(question);
        assert!(!keeps(&question(DISH, PRICE)));
        project.decide(&anna(), &[question(DISH, PRICE)], true, 1).unwrap();
        assert!(keeps(&question(DISH, PRICE)) && keeps(&question(DISH, LabelId(1))), "another suggestion");
        assert!(!keeps(&question(PRICE, DISH)), "another label");
        let changed = Document::from_words("r1", ["caf\u{e9}", "taco "]);
        assert!(!keeps(&Question { about: &AskedText::of(&changed), ..question(DISH, PRICE) }), "another text");
        let ben = project.decisions(&"ben".parse().unwrap()).unwrap();
        assert!(!ben.keeps(&question(DISH, PRICE)) && ben.is_empty(), "another annotator");
        project.decide(&anna(), &[question(DISH, PRICE)], false, 2).unwrap();
        assert!(!keeps(&question(DISH, PRICE)), "taken back");
        let line = std::fs::read_to_string(project.root.join(REVIEWED)).unwrap();
        let first =
            r#"{"at":1,"by":"anna","doc":"r1","text":"7c6bf114","given":[[5,10],2],"other":[[5,10],5],"kept":true}"#;
        assert_eq!(line.lines().next(), Some(first), "code points, and no words");
    }

    #[test]
    fn words_without_a_label_are_kept_with_all_inside() {
        let (_dir, project) = project();
        let document = Document::from_words("r1", ["fish", "tacos", "here"]);
        let about = AskedText::of(&document);
        let bare =
            |start, end| Question { about: &about, given: None, other: Some((TextRange::new(start, end), DISH)) };
        project.decide(&anna(), &[bare(0, 10)], true, 1).unwrap();
        let decisions = project.decisions(&anna()).unwrap();
        assert_eq!(
            [bare(0, 10), bare(5, 10), bare(5, 15)].map(|question| decisions.keeps(&question)),
            [true, true, false]
        );
    }

    #[test]
    fn merged_versions_and_torn_lines_keep_every_decision() {
        let (_dir, project) = project();
        let documents = ["r1", "r2", "r3"].map(|id| Document::from_words(id, ["fish"]));
        let about: Vec<AskedText<'_>> = documents.iter().map(AskedText::of).collect();
        let question =
            |at: usize| Question { about: &about[at], given: Some((TextRange::new(0, 4), DISH)), other: None };
        project.decide(&anna(), &[question(0)], true, 5).unwrap();
        let path = project.root.join(REVIEWED);
        let ours = std::fs::read_to_string(&path).unwrap();
        let theirs = ours.replace("\"r1\"", "\"r2\"");
        let back = ours.replace("\"at\":5", "\"at\":4").replace("true", "false");
        let merged = format!("<<<<<<< HEAD\n{ours}=======\n{theirs}{back}>>>>>>> other\n{{\"at\":7,\"by\"");
        std::fs::write(&path, merged).unwrap();
        project.decide(&anna(), &[question(2)], true, 9).unwrap();
        let decisions = project.decisions(&anna()).unwrap();
        assert_eq!((decisions.len(), decisions.skipped), (4, 4));
        assert!((0..3).all(|at| decisions.keeps(&question(at))), "{decisions:?}");
    }
}
