//! `tagli inspect`: splits, counts, labels, lengths, and one record down to its word pieces.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    annotator, args, data,
    error::CliError,
    output::{self, Output, table},
};
use crate::{
    formats::Corpus,
    model::{self, align},
    project::{Project, run_folder},
    runs::LabelMode,
    spans::{Annotation, Document, HalfWords, Scheme, dataset::word_spans, scheme::decode},
    text::{number::with_noun, width::clean},
};

/// Runs the command.
///
/// # Errors
/// The path is neither a project nor a readable file, or it has no such record.
pub(super) fn run(args: &args::Inspect, output: Output) -> Result<(), CliError> {
    let corpus = if args.path.is_dir() {
        let project = Project::open(&args.path)?;
        let name = annotator::choose(&project, args.annotator.as_deref())?;
        project.corpus(&project.read_annotator(&name)?.journal, None, true)
    } else {
        data::read(&args.path, None, &data::read_options()?, output)?.read.corpus
    };
    let wants_record = args.record.is_some() || args.pieces || args.bio;
    if !wants_record {
        let value = overview(&corpus);
        return output.result(&value, &overview_text(&value));
    }
    let number = args.record.unwrap_or(1);
    let at = number.checked_sub(1).filter(|at| *at < corpus.documents.len()).ok_or_else(|| {
        CliError::usage(format!("there is no record {number}: there are {}, counted from 1", corpus.documents.len()))
    })?;
    let record = Record::new(&corpus.documents[at], corpus.annotation(at), &corpus);
    let pieces = args.pieces.then(|| record.pieces(&args.base)).transpose()?;
    let mut text = record.text(number, args.bio);
    if let Some(pieces) = &pieces {
        text += &pieces_text(pieces, &args.base);
    }
    output.result(&record.value(number, pieces.as_ref()), &text)
}

fn overview(corpus: &Corpus) -> Value {
    let mut splits: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    let mut labels: BTreeMap<&str, usize> = corpus.labels.iter().map(|label| (label.name.as_str(), 0)).collect();
    let mut lengths: Vec<usize> = Vec::new();
    for (document, annotation) in corpus.pairs() {
        let split = splits.entry(document.split.map_or("none", |split| split.name())).or_default();
        split[0] += 1;
        split[1] += document.words.len();
        split[2] += annotation.spans().len();
        *statuses.entry(annotation.status.name()).or_default() += 1;
        lengths.push(document.words.len());
        for span in annotation.spans() {
            *labels.entry(corpus.labels.name(span.label)).or_default() += 1;
        }
    }
    lengths.sort_unstable();
    let splits: BTreeMap<_, _> =
        splits.into_iter().map(|(name, [d, w, s])| (name, json!({ "documents": d, "words": w, "spans": s }))).collect();
    json!({
        "documents": corpus.documents.len(),
        "words": corpus.word_count(),
        "spans": corpus.span_count(),
        "splits": splits,
        "statuses": statuses,
        "labels": labels,
        "length": {
            "shortest": lengths.first(),
            "median": lengths.get(lengths.len() / 2),
            "longest": lengths.last(),
        },
    })
}

fn overview_text(value: &Value) -> String {
    let number = |value: &Value| value.as_u64().map_or_else(|| "-".to_owned(), |n| n.to_string());
    let size = ["document", "word", "span"].map(|noun| output::with_noun(&value[format!("{noun}s")], noun));
    let mut text = format!("{}\n", size.join(", "));
    let length = &value["length"];
    let [shortest, median, longest] = ["shortest", "median", "longest"].map(|name| number(&length[name]));
    text += &format!("words a document: shortest {shortest}, median {median}, longest {longest}\n\n");
    let mut rows = vec![["part", "documents", "words", "spans"].map(str::to_owned).to_vec()];
    for (name, part) in value["splits"].as_object().into_iter().flatten() {
        let name = if name == "none" { "(no part set)" } else { name };
        rows.push(vec![name.to_owned(), number(&part["documents"]), number(&part["words"]), number(&part["spans"])]);
    }
    text += &table(&rows);
    for key in ["labels", "statuses"] {
        let head = if key == "labels" { ["label", "spans"] } else { ["status", "documents"] };
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(value[key].as_object().into_iter().flatten().map(|(name, n)| vec![name.clone(), number(n)]));
        text += &format!("\n{}", table(&rows));
    }
    text
}

/// One document with its tags.
struct Record<'a> {
    document: &'a Document,
    annotation: &'a Annotation,
    corpus: &'a Corpus,
    tags: Vec<String>,
}

/// One word piece, the word it belongs to, and the tag it has in each label mode (`None` where it is ignored).
struct Piece {
    token: String,
    word: usize,
    tags: [Option<String>; 3],
}

const MODES: [(&str, LabelMode); 3] =
    [("first", LabelMode::First), ("all-b", LabelMode::AllB), ("all-i", LabelMode::AllI)];

impl<'a> Record<'a> {
    fn new(document: &'a Document, annotation: &'a Annotation, corpus: &'a Corpus) -> Self {
        let (spans, _) = word_spans(document, annotation, &corpus.labels, HalfWords::Snap);
        let tags = Scheme::Bio.encode(&spans, document.words.len());
        Self { document, annotation, corpus, tags }
    }

    fn value(&self, number: usize, pieces: Option<&Vec<Piece>>) -> Value {
        let spans: Vec<Value> = self
            .annotation
            .spans()
            .iter()
            .map(|span| {
                let chars = crate::text::OffsetMap::new(&self.document.text).to_chars(span.range);
                json!({ "start": chars.start, "end": chars.end, "label": self.corpus.labels.name(span.label),
                        "text": span.range.of(&self.document.text) })
            })
            .collect();
        let mut value = json!({
            "record": number,
            "id": self.document.id,
            "text": self.document.text,
            "words": self.document.word_texts().collect::<Vec<_>>(),
            "tags": self.tags,
            "spans": spans,
            "split": self.document.split,
            "status": self.annotation.status,
        });
        if let Some(pieces) = pieces {
            let piece = |piece: &Piece| {
                let [first, all_b, all_i] = &piece.tags;
                json!({ "piece": piece.token, "word": piece.word, "first": first, "all-b": all_b, "all-i": all_i })
            };
            value["pieces"] = pieces.iter().map(piece).collect();
        }
        value
    }

    fn text(&self, number: usize, explain: bool) -> String {
        let part = self.document.split.map_or("no part set", |split| split.name());
        let mut text =
            format!("record {number}, id {}, {part}, {}\n", clean(&self.document.id), self.annotation.status.name());
        text += &format!("{}\n\n", clean(&self.document.text));
        let mut open: Option<&str> = None;
        let mut rows = Vec::new();
        for (word, tag) in self.document.word_texts().zip(&self.tags) {
            let why = match tag.split_once('-') {
                Some(("B", label)) => format!("a {label} begins"),
                Some((_, label)) => format!("the {label} goes on"),
                None if open.is_some() => "outside: the span before has ended".to_owned(),
                None => "outside every span".to_owned(),
            };
            open = tag.split_once('-').map(|(_, label)| label);
            let mut row = vec![tag.clone(), clean(word).into_owned()];
            if explain {
                row.push(why);
            }
            rows.push(row);
        }
        for row in rows {
            text += &format!("{:<20}  {}\n", row[0], row[1..].join("    "));
        }
        if explain {
            text += "\nB- begins a span, I- goes on with it, O is outside. One tag a word; that is what a model learns to give.\n";
            let (tags, spans) = (with_noun(self.tags.len(), "tag"), with_noun(decode(&self.tags).len(), "span"));
            text += &format!("Here: {tags} for {spans}.\n");
        }
        text
    }

    fn pieces(&self, base: &str) -> Result<Vec<Piece>, CliError> {
        run_folder::refuse_run(base).map_err(CliError::data)?;
        let model = model::open(base).map_err(CliError::data)?;
        let words: Vec<&str> = self.document.word_texts().collect();
        let pieces = model.tokenizer.words(&words).map_err(CliError::data)?;
        // Ids only for this display: 0 is O, then B- and I- in pairs.
        let names =
            crate::spans::dataset::tag_names(&self.corpus.labels.iter().map(|l| l.name.clone()).collect::<Vec<_>>());
        let ids: Vec<usize> =
            self.tags.iter().map(|tag| names.iter().position(|name| name == tag).unwrap_or(0)).collect();
        let inside = |id: usize| if id % 2 == 1 { id + 1 } else { id };
        let modes = MODES.map(|(_, mode)| align::piece_tags(&pieces, &ids, mode, &inside));
        let name = |id: i64| usize::try_from(id).ok().and_then(|id| names.get(id)).cloned();
        let piece = |(at, token): (usize, &String)| Piece {
            token: token.clone(),
            word: pieces.words.get(at).copied().unwrap_or_default(),
            tags: [0, 1, 2].map(|mode: usize| modes[mode].get(at).and_then(|id| name(*id))),
        };
        Ok(pieces.tokens.iter().enumerate().map(piece).collect())
    }
}

fn pieces_text(pieces: &[Piece], base: &str) -> String {
    let head = ["piece", "word", "first", "all-b", "all-i"].map(str::to_owned).to_vec();
    let row = |piece: &Piece| {
        let tags = piece.tags.iter().map(|tag| tag.clone().unwrap_or_else(|| "ignored".to_owned()));
        [piece.token.clone(), (piece.word + 1).to_string()].into_iter().chain(tags).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(pieces.iter().map(row)).collect();
    format!(
        "\n{} of {base}; the tag that each carries in the three label modes:\n{}",
        with_noun(pieces.len(), "word piece"),
        table(&rows)
    )
}
