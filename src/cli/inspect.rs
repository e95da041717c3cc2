//! `tagli inspect`: an overview, or one record with its tags and word pieces.

use std::{collections::HashMap, path::Path};

use serde_json::{Value, json};

use super::{
    annotator, args, data,
    error::CliError,
    output::{self, Output, table},
    overview,
    project_dir::{self, Access},
};
use crate::{
    formats::{self, Corpus, Files},
    model::{self, align},
    project::{FolderKind, InputFolder, Project, ProjectError, corpus::Chosen},
    runs::LabelMode,
    spans::{
        Annotation, Document, HalfWords, Scheme, Span,
        dataset::{tag_names, word_spans},
        scheme::decode,
    },
    text::{OffsetMap, number::with_noun, width::clean},
    work::base,
};

/// Shows the overview or the record.
///
/// # Errors
/// The path is neither a project nor a readable file, or there is no such record.
pub(super) fn run(args: &args::Inspect, output: Output) -> Result<(), CliError> {
    let mut violations = None;
    let (path, corpus, notes) = if args.path.is_dir() && !is_folder_of_files(&args.path) {
        let project = project_dir::open(&args.path, Access::Read, args.annotator.as_deref(), output)?;
        let name = annotator::choose(&project, args.annotator.as_deref())?;
        let corpus = project.corpus(&project.read_annotator(&name)?.journal, None, Chosen::All);
        (project.root, corpus, Vec::new())
    } else {
        let options = data::read_options(&args.tags)?;
        let source = data::input(&args.path)?;
        let file = data::read_source(&args.path, &source, args.format, &options, output)?;
        let notes: Vec<String> = file.notes().map(ToString::to_string).collect();
        violations = formats::tag_violations(file.format, &source, &options)
            .map_err(|error| CliError::reading(&args.path, &error))?;
        (args.path.clone(), file.into_corpus(), notes)
    };
    let wants_record = args.record.is_some() || args.pieces || args.bio;
    if !wants_record {
        let mut value = overview::value(&corpus, &args.base)?;
        value["path"] = json!(output::path(&path));
        value["notes"] = json!(notes);
        value["violations"] = violations.as_ref().map_or(Value::Null, overview::violations);
        return output.result(&value, &overview::text(&value));
    }
    let number = args.record.unwrap_or(1);
    let at = number
        .checked_sub(1)
        .filter(|at| *at < corpus.documents.len())
        .ok_or_else(|| no_record(number, corpus.documents.len()))?;
    let record = Record::new(&corpus.documents[at], corpus.annotation(at), &corpus);
    let pieces = args.pieces.then(|| record.pieces(&args.base)).transpose()?;
    let mut text = record.text(number, args.bio);
    if let Some(pieces) = &pieces {
        text += &pieces_text(pieces, &args.base);
    }
    output.result(&record.value(number, pieces.as_ref()), &text)
}

/// Whether a folder has files to read and is nothing of this program's, such as a project, a run or a model.
fn is_folder_of_files(path: &Path) -> bool {
    let kind = Project::read_manifest_of(path);
    let is_other = matches!(kind, Err(ProjectError::NotAProject { kind: FolderKind::Other, .. }));
    is_other && InputFolder::open(path).is_ok_and(|folder| !folder.names().is_empty())
}

fn no_record(number: usize, records: usize) -> CliError {
    CliError::usage(match records {
        0 => format!("--record {number}: there are no records"),
        1 => format!("--record {number}: there is only record 1"),
        _ => format!("--record {number}: records are numbered from 1 to {records}"),
    })
}

/// A document with its tags.
struct Record<'a> {
    document: &'a Document,
    annotation: &'a Annotation,
    corpus: &'a Corpus,
    tags: Vec<String>,
}

/// A word piece, the index of its word, and its tag in each label mode.
/// The tag is `None` where it is ignored.
struct Piece {
    token: String,
    word: usize,
    tags: [Option<String>; 3],
}

const MODES: [LabelMode; 3] = [LabelMode::First, LabelMode::AllB, LabelMode::AllI];

impl<'a> Record<'a> {
    fn new(document: &'a Document, annotation: &'a Annotation, corpus: &'a Corpus) -> Self {
        let (spans, _) = word_spans(document, annotation, &corpus.labels, HalfWords::Snap);
        let tags = Scheme::Bio.encode(&spans, document.words.len());
        Self { document, annotation, corpus, tags }
    }

    fn value(&self, number: usize, pieces: Option<&Vec<Piece>>) -> Value {
        let mut value = json!({
            "record": number,
            "id": self.document.id,
            "text": &*self.document.text,
            "words": self.document.word_texts().collect::<Vec<_>>(),
            "tags": self.tags,
            "spans": self.span_values(),
            "split": self.document.split,
            "status": self.annotation.status,
        });
        if let Some(pieces) = pieces {
            value["pieces"] = pieces.iter().map(Piece::value).collect();
        }
        value
    }

    fn span_values(&self) -> Vec<Value> {
        let map = OffsetMap::new(&self.document.text);
        let value = |span: &Span| {
            let chars = map.to_chars(span.range);
            json!({
                "start": chars.start,
                "end": chars.end,
                "label": self.corpus.labels.name(span.label),
                "text": span.range.of(&self.document.text),
            })
        };
        self.annotation.spans().iter().map(value).collect()
    }

    fn text(&self, number: usize, explain: bool) -> String {
        let split = self.document.split.map_or("no split", |split| split.name());
        let mut text =
            format!("record {number}, id {}, {split}, {}\n", clean(&self.document.id), self.annotation.status.name());
        text += &format!("{}\n\n", clean(&self.document.text));
        let mut was_inside = false;
        let mut rows = Vec::new();
        for (word, tag) in self.document.word_texts().zip(&self.tags) {
            let mut row = vec![tag.clone(), clean(word).into_owned()];
            if explain {
                row.push(explanation(tag, was_inside));
            }
            was_inside = tag.contains('-');
            rows.push(row);
        }
        for row in rows {
            text += &format!("{:<20}  {}\n", row[0], row[1..].join("    "));
        }
        if explain {
            text += "\nEach word has one tag: B- at the first word of a span, I- at its further words, O outside. A model learns to\n\
                     predict these tags.\n";
            let (tags, spans) = (with_noun(self.tags.len(), "tag"), with_noun(decode(&self.tags).len(), "span"));
            text += &format!("This record has {tags} and {spans}.\n");
        }
        text
    }

    fn pieces(&self, base: &str) -> Result<Vec<Piece>, CliError> {
        base::refuse_other_folder(base)?;
        let model = model::open(base).map_err(CliError::data)?;
        let words: Vec<&str> = self.document.word_texts().collect();
        let pieces = model.tokenizer.words(&words).map_err(CliError::data)?;
        // Ids for this display only: 0 is O, then B- and I- of each label.
        let labels: Vec<String> = self.corpus.labels.iter().map(|label| label.name.clone()).collect();
        let names = tag_names(&labels);
        let places: HashMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
        let ids: Vec<usize> = self.tags.iter().map(|tag| places.get(tag.as_str()).copied().unwrap_or(0)).collect();
        let modes = MODES.map(|mode| align::piece_tags(&pieces, &ids, mode, &inside_tag));
        let pieces = pieces.tokens.iter().zip(&pieces.words).enumerate();
        let pieces = pieces.map(|(at, (token, word))| Piece {
            token: token.clone(),
            word: *word,
            tags: [0, 1, 2].map(|mode: usize| modes[mode].get(at).and_then(|id| tag_name(&names, *id))),
        });
        Ok(pieces.collect())
    }
}

/// Id of the I- tag of the label of a tag.
fn inside_tag(id: usize) -> usize {
    if id % 2 == 1 { id + 1 } else { id }
}

fn tag_name(names: &[String], id: i64) -> Option<String> {
    usize::try_from(id).ok().and_then(|id| names.get(id)).cloned()
}

/// Explains the tag of a word.
/// `was_inside`: whether the word before belongs to a span.
fn explanation(tag: &str, was_inside: bool) -> String {
    match tag.split_once('-') {
        Some(("B", label)) => format!("a {label} begins"),
        Some((_, label)) => format!("the {label} continues"),
        None if was_inside => "outside: the span before has ended".to_owned(),
        None => "outside every span".to_owned(),
    }
}

impl Piece {
    fn value(&self) -> Value {
        let mut value = json!({ "piece": self.token, "word": self.word });
        for (mode, tag) in MODES.iter().zip(&self.tags) {
            value[mode.name()] = json!(tag);
        }
        value
    }

    fn row(&self) -> Vec<String> {
        let mut row = vec![self.token.clone(), (self.word + 1).to_string()];
        row.extend(self.tags.iter().map(|tag| tag.clone().unwrap_or_else(|| "ignored".to_owned())));
        row
    }
}

fn pieces_text(pieces: &[Piece], base: &str) -> String {
    let mut rows = vec![["piece", "word"].into_iter().chain(MODES.map(LabelMode::name)).map(str::to_owned).collect()];
    rows.extend(pieces.iter().map(Piece::row));
    format!(
        "\n{} of {base}; the tag that each carries in the three label modes:\n{}",
        with_noun(pieces.len(), "word piece"),
        table(&rows)
    )
}
