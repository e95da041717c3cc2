//! Reader of the CoNLL family.
//!
//! Which tag scheme a file has shows only at its end. Spans do not depend on it, so the file is read once, and a [`Survey`] is
//! kept of what was read.

use std::{collections::BTreeMap, ops::Range};

use serde_json::Value;

use super::{
    brackets,
    layout::{ColumnLayout, DOCSTART, NoLayout, Prefer},
    meta::{META_COLUMNS, META_DOCSTART, META_DOCSTART_LINES},
    neighbours::Neighbours,
    sentences::{Sentence, Sentences},
    separator::Separator,
    word_marks::WordMarks,
};
use crate::{
    formats::{
        Problem, Source, TagOptions,
        drafts::status_without_all,
        problem::{Problems, Severity, quoted, with_noun},
        sink::{Found, NameIndex, Reading},
        source::Unreadable,
    },
    spans::{
        Document, Scheme, Status, WordSpan,
        scheme::{SchemeDetector, Tag, decode_each, decode_tags},
        tag_form::{ONLY_LABEL, TagForm, TagRule},
    },
    text::TextRange,
};

/// Reads any layout, with these choices of the user.
pub(super) fn read(
    source: &dyn Source,
    reading: &mut Reading<'_>,
    prefer: Prefer,
    options: TagOptions,
) -> Result<Vec<String>, Unreadable> {
    let Some(layout) = sniff(source, prefer, &options, &mut reading.problems)? else { return Ok(Vec::new()) };
    let keeps_bars = reading.options.known_labels().iter().any(|label| label.name.contains('|'));
    let mut survey = Survey::new(layout, keeps_bars, WordMarks::of(source, layout)?);
    let mut sentences = Sentences::of(source, layout)?;
    let (mut sentence, mut lost) = (Sentence::with_bars(&layout, keeps_bars), 0);
    while sentences.next_into(&mut sentence, &mut reading.problems)? {
        survey.add(&mut sentence);
        lost += survey.push(&mut sentence, reading)?;
    }
    survey.finish(&sentences, &mut sentence, &options);
    survey.report_columns(&mut reading.problems);
    survey.report_oddities(reading.documents(), &mut reading.problems);
    if lost > 0 {
        let message = format!("{} left out, on empty words only", with_noun(lost, "span"));
        reading.problems.push(Problem::warning(message));
    }
    Ok(survey.detected(reading))
}

/// Detects the layout of a file. Without one, adds an error unless the file is blank.
fn sniff(
    source: &dyn Source,
    prefer: Prefer,
    options: &TagOptions,
    problems: &mut Problems,
) -> Result<Option<ColumnLayout>, Unreadable> {
    Ok(match ColumnLayout::sniff(source, prefer, options)? {
        Ok(layout) => Some(layout),
        Err(NoLayout::Blank) => None,
        Err(reason) => {
            problems.push(refusal(reason));
            None
        }
    })
}

/// The error of a file without a layout.
fn refusal(reason: NoLayout) -> Problem {
    const FORM: &str =
        "a CoNLL file has one word per line with its tag before or after it, separated by a tab or a space";
    match reason {
        NoLayout::Blank | NoLayout::NoTags => Problem::error("no column holds tags such as O, B-Dish and I-Dish").hint(
            format!("{FORM}; --tag-column N names the column, --tag-scheme labels says that tags are labels alone"),
        ),
        NoLayout::OnlyTags => Problem::error("the file has tags and no words").hint(FORM),
        NoLayout::NoColumns => Problem::error("the lines have no columns").hint(FORM),
        NoLayout::NoSuchColumn { chosen, columns } => Problem::error(format!("there is no column {}", chosen + 1))
            .hint(format!("most lines have {columns} columns")),
        NoLayout::OneForBoth => Problem::error("word and tag cannot be in the same column")
            .hint("--word-column and --tag-column count columns from 1"),
    }
}

/// A sentence of a tag file with its tags unchanged and uninterpreted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagSentence {
    /// Line of its first word, from 1; `None` in formats without such lines.
    pub line: Option<usize>,
    /// The words.
    pub words: Vec<String>,
    /// The tags.
    pub tags: Vec<String>,
}

/// Reads the tags of a file of any CoNLL layout: unchanged if they are spelt `B-Dish`, else as IOB2.
/// Also returns the problems of the file.
pub(super) fn read_tags(source: &dyn Source, prefer: Prefer, options: &TagOptions) -> (Vec<TagSentence>, Vec<Problem>) {
    let mut problems = Problems::default();
    let sentences = tag_sentences(source, prefer, options, &mut problems).unwrap_or_else(|failure| {
        problems.push(match failure {
            Unreadable::Encoding(problem) => problem,
            Unreadable::Io(error) => Problem::error(error.to_string()),
        });
        Vec::new()
    });
    if sentences.is_empty() && problems.count(Severity::Error) == 0 {
        problems.push(Problem::error("the file has no sentence"));
    }
    (sentences, problems.finish())
}

fn tag_sentences(
    source: &dyn Source,
    prefer: Prefer,
    options: &TagOptions,
    problems: &mut Problems,
) -> Result<Vec<TagSentence>, Unreadable> {
    let Some(layout) = sniff(source, prefer, options, problems)? else { return Ok(Vec::new()) };
    // Whether tags can be returned unchanged, all of them show together.
    let survey = Survey::of(source, layout, options, problems)?;
    survey.report_columns(problems);
    if survey.has_parts {
        problems.push(Problem::warning("of spans that overlap only the first is scored"));
    }
    // The survey has reported the lines that are no rows.
    let mut reported = Problems::default();
    let (mut sentences, mut sentence) = (Sentences::of(source, layout)?, Sentence::of(&layout));
    let mut list = Vec::new();
    while sentences.next_into(&mut sentence, &mut reported)? {
        list.push(TagSentence {
            line: sentence.lines.first().copied(),
            words: sentence.words().map(|word| survey.marks.spelling(word).to_owned()).collect(),
            tags: if survey.is_plain {
                sentence.tags().map(str::to_owned).collect()
            } else {
                Scheme::Bio.encode(&survey.spans(&sentence), sentence.words().len())
            },
        });
    }
    Ok(list)
}

/// Words of a sentence that is too long to be one.
const LONG_SENTENCE: usize = 500;

/// What a file as a whole shows.
struct Survey {
    layout: ColumnLayout,
    detector: SchemeDetector,
    /// Pairs of tags that are not yet among those of `detector` and `orphans`; `None` once there are too many tags.
    neighbours: Option<Neighbours>,
    scheme: Scheme,
    /// Tags that the scheme would write otherwise.
    exceptions: usize,
    /// Whether a tag has the letter M: BMES, as YEDDA writes it, is BIOES with M in place of I.
    has_middle: bool,
    /// Whether a word has several labels.
    has_parts: bool,
    /// Whether the names of labels may contain the bar, so that a tag has one label.
    keeps_bars: bool,
    /// Whether all tags are spelt as this program spells them.
    is_plain: bool,
    /// What the words have beside their spelling.
    marks: WordMarks,
    /// Rows that are parts of a token, and words that are not in the text.
    unread: (usize, usize),
    /// Brackets without a counterpart in their sentence.
    faults: usize,
    /// Whether a column beside word and tag had a value that is no filler, so far.
    keeps_others: bool,
    docstarts: usize,
    words: usize,
    /// `I-` tags that begin a span, and the line of the first.
    orphans: Count,
    empty_words: Count,
}

/// Number of occurrences, and the line of the first.
#[derive(Default)]
struct Count {
    number: usize,
    first: Option<usize>,
}

impl Count {
    fn add(&mut self, line: usize) {
        self.first.get_or_insert(line);
        self.number += 1;
    }
}

impl Survey {
    fn new(layout: ColumnLayout, keeps_bars: bool, marks: WordMarks) -> Self {
        Self {
            layout,
            detector: SchemeDetector::default(),
            neighbours: Some(Neighbours::new()),
            scheme: Scheme::Bio,
            exceptions: 0,
            has_middle: false,
            has_parts: false,
            keeps_bars,
            is_plain: layout.form == TagForm::OURS && !layout.is_brackets,
            marks,
            unread: (0, 0),
            faults: 0,
            keeps_others: false,
            docstarts: 0,
            words: 0,
            orphans: Count::default(),
            empty_words: Count::default(),
        }
    }

    /// Reads the whole file. Lines that are no rows are added to `problems`.
    fn of(
        source: &dyn Source,
        layout: ColumnLayout,
        options: &TagOptions,
        problems: &mut Problems,
    ) -> Result<Self, Unreadable> {
        let mut survey = Self::new(layout, false, WordMarks::of(source, layout)?);
        let (mut sentences, mut sentence) = (Sentences::of(source, layout)?, Sentence::of(&layout));
        while sentences.next_into(&mut sentence, problems)? {
            survey.add(&mut sentence);
        }
        survey.finish(&sentences, &mut sentence, options);
        Ok(survey)
    }

    /// Concludes what the whole file shows.
    fn finish(&mut self, sentences: &Sentences<'_>, sentence: &mut Sentence, options: &TagOptions) {
        self.add_neighbours(sentence);
        self.docstarts = sentences.docstarts();
        self.unread = sentences.unread();
        self.scheme = options.rule.and_then(TagRule::scheme).unwrap_or_else(|| self.detector.scheme());
        self.exceptions = self.detector.exceptions(self.scheme);
    }

    /// Adds what a sentence shows.
    fn add(&mut self, sentence: &mut Sentence) {
        self.words += sentence.words().len();
        self.keeps_others |= sentence.has_contents;
        let (_, known) = sentence.known_tags();
        if known.len() > Neighbours::MOST || known.may_have_parts() {
            // Before the sentence forgets its many tags.
            self.add_neighbours(sentence);
        }
        if sentence.has_empty_word {
            for (_, line) in sentence.words().zip(&sentence.lines).filter(|(word, _)| word.is_empty()) {
                self.empty_words.add(*line);
            }
        }
        if self.layout.is_brackets {
            self.faults += brackets::spans(sentence.tags()).1;
        } else if sentence.is_tagged {
            // Nothing shows in a sentence that is O throughout.
            self.add_tags(sentence);
        }
    }

    fn add_tags(&mut self, sentence: &mut Sentence) {
        if let Some(mut neighbours) = self.neighbours.take() {
            let (tags, known) = sentence.known_tags();
            let mut orphan = None;
            neighbours.add(tags, |[before, tag], at| {
                known.note(tag, &mut |tag| self.note_tag(tag));
                if begins_without_b(known.read(before), known.read(tag)) {
                    orphan.get_or_insert(at);
                }
            });
            if let Some(line) = orphan.and_then(|at| sentence.lines.get(at)) {
                self.orphans.first.get_or_insert(*line);
            }
            self.neighbours = Some(neighbours);
            return;
        }
        let (tags, known) = sentence.known_tags();
        tags.iter().for_each(|tag| known.note(*tag, &mut |tag| self.note_tag(tag)));
        if self.has_parts_in(sentence) {
            return;
        }
        let mut before = Tag::Outside;
        for (tag, line) in sentence.tags_read().zip(&sentence.lines) {
            if begins_without_b(before, tag) {
                self.orphans.add(*line);
            }
            before = tag;
        }
        // Each word has one tag, so that the scheme shows.
        self.detector.add(sentence.tags_read());
    }

    /// Adds what the pairs of tags show that were counted, and counts no others.
    fn add_neighbours(&mut self, sentence: &mut Sentence) {
        let Some(neighbours) = self.neighbours.take() else { return };
        let (_, known) = sentence.known_tags();
        for (pair, count) in neighbours.pairs() {
            let [before, tag] = pair.map(|number| known.read(number));
            self.detector.add_pair(before, tag, count);
            if begins_without_b(before, tag) {
                self.orphans.number += count;
            }
        }
    }

    /// Adds what a tag shows by itself.
    fn note_tag(&mut self, tag: &str) {
        let form = self.layout.form;
        self.has_middle |= form.is_middle(tag);
        self.is_plain = self.is_plain && form.read(tag) == Some(Tag::read(tag)) && !form.is_middle(tag);
        self.has_parts |= !self.keeps_bars && form.has_parts(tag);
    }

    /// Whether a word of a sentence, whose tags were noted, has several labels.
    fn has_parts_in(&self, sentence: &Sentence) -> bool {
        self.has_parts && sentence.has_parts()
    }

    /// Reports what the layout leaves open, and how the user settles it.
    fn report_columns(&self, problems: &mut Problems) {
        let layout = &self.layout;
        if let Some(other) = layout.other_tags {
            let message = format!("columns {} and {} both hold tags: column {0} is read", layout.tag + 1, other + 1);
            problems.push(Problem::note(message).hint(format!("--tag-column {} reads the other", other + 1)));
        }
        if let Some(line) = layout.header {
            let note = Problem::note("this line names the columns and is no word").at(line);
            problems.push(note.hint("--no-header reads it as a word"));
        }
        self.marks.report(problems);
        match layout.form {
            TagForm::Label => problems
                .push(Problem::note("tags have no B- and I-: adjacent words with the same label are read as one span")),
            TagForm::Letter => problems.push(
                Problem::note(format!("tags have no label: all spans get the label {}", quoted(ONLY_LABEL)))
                    .hint("rename it in the project with `L`"),
            ),
            TagForm::Prefix(_) | TagForm::Suffix(_) => {}
        }
        if self.has_parts {
            problems.push(
                Problem::note("some words have several labels, with | between them: each is a span")
                    .hint("a project in which the name of a label contains | keeps such names whole"),
            );
        }
    }

    /// Reports readable oddities.
    /// `I-` tags that begin a span, tags of other schemes, empty words, a file without empty lines.
    fn report_oddities(&self, documents: usize, problems: &mut Problems) {
        let Count { number, first } = self.orphans;
        let name = if self.has_middle { "BMES" } else { scheme_name(self.scheme) };
        if number > 0 && self.scheme == Scheme::Bio && self.layout.form != TagForm::Label {
            let message =
                format!("{} without a B- before: each begins a span, as in conlleval", with_noun(number, "I- tag"));
            problems.push(Problem::warning(message).at(first.unwrap_or_default()).hint("this is the first"));
        } else if self.exceptions > 0 && self.layout.form != TagForm::Label {
            let message =
                format!("{} not as {name} would write them, read by their letters", with_noun(self.exceptions, "tag"));
            problems.push(Problem::note(message).hint("--tag-scheme names the scheme of the file"));
        }
        let unread = [
            (
                self.unread.0,
                "row",
                "of words that a token of several words has (1 and 2 after 1-2): their tags are the token's",
            ),
            (self.unread.1, "word", "that is not in the text (such as 3.1): left out"),
        ];
        for (number, thing, what) in unread.into_iter().filter(|(number, ..)| *number > 0) {
            problems.push(Problem::note(format!("{} {what}", with_noun(number, thing))));
        }
        if self.faults > 0 {
            let brackets = with_noun(self.faults, "bracket");
            problems.push(Problem::warning(format!("{brackets} without a counterpart in the sentence: left out")));
        }
        let Count { number, first } = self.empty_words;
        if number > 0 {
            let message = format!("{}, kept as it is", with_noun(number, "empty word"));
            problems.push(Problem::note(message).at(first.unwrap_or_default()).hint("this is the first"));
        }
        if documents == 1 && self.words >= LONG_SENTENCE {
            let message = format!("no empty line in the file: all {} are one sentence", with_noun(self.words, "word"));
            problems.push(Problem::warning(message).hint("an empty line ends a sentence"));
        }
    }

    /// The spans of a sentence.
    fn spans(&self, sentence: &Sentence) -> Vec<WordSpan> {
        if !sentence.is_tagged {
            return Vec::new();
        }
        if self.layout.is_brackets {
            return brackets::spans(sentence.tags()).0;
        }
        if !self.has_parts_in(sentence) {
            return decode_tags(sentence.tags_read());
        }
        // Words with several labels: each label by itself, in the runs of words that have it.
        let mut runs: BTreeMap<&str, Vec<(usize, Vec<Tag<'_>>)>> = BTreeMap::new();
        for (at, tag) in sentence.tags().enumerate() {
            for part in self.layout.form.parts(tag) {
                let Some(label) = part.label() else { continue };
                let runs = runs.entry(label).or_default();
                match runs.last_mut() {
                    Some((start, run)) if *start + run.len() == at => run.push(part),
                    // The same label twice on one word.
                    Some((start, run)) if *start + run.len() > at => {}
                    _ => runs.push((at, vec![part])),
                }
            }
        }
        let runs = runs.into_values().flatten();
        let mut spans: Vec<WordSpan> = runs
            .flat_map(|(start, run)| {
                let spans = decode_tags(run).into_iter();
                spans.map(move |span| WordSpan { start: span.start + start, end: span.end + start, ..span })
            })
            .collect();
        spans.sort();
        spans
    }

    /// Hands a sentence over as a document. Returns the number of spans that have only empty words.
    fn push(&self, sentence: &mut Sentence, reading: &mut Reading<'_>) -> Result<usize, Unreadable> {
        let (mut document, rows) = self.marks.document(reading.next_id(), sentence);
        document.split = reading.options.split;
        let mut placed = Placed { rows: rows.as_deref().unwrap_or(&document.words), spans: Vec::new(), lost: 0 };
        if self.layout.is_brackets || self.has_parts_in(sentence) {
            self.spans(sentence).iter().for_each(|span| placed.add(span.start..span.end, &span.label, reading));
        } else if sentence.is_tagged {
            decode_each(sentence.tags_read()).for_each(|span| placed.add(span.start..span.end, span.label, reading));
        }
        let Placed { spans, lost, .. } = placed;
        if reading.wants_fields() {
            self.add_fields(&mut document, sentence);
        }
        let has_faults = sentence.has_faults || self.layout.is_brackets && brackets::spans(sentence.tags()).1 > 0;
        let status = status_without_all(Status::Done, lost == 0 && !has_faults);
        reading.push(Found { document, spans, status })?;
        Ok(lost)
    }

    /// Adds what the sentence has beside words and tags.
    fn add_fields(&self, document: &mut Document, sentence: &mut Sentence) {
        document.meta = std::mem::take(&mut sentence.meta).into();
        if self.keeps_others {
            document.meta.insert(META_COLUMNS.to_owned(), sentence.others().map(|column| column.text()).collect());
        }
        if sentence.docstart > 1 {
            document.meta.insert(META_DOCSTART.to_owned(), Value::from(sentence.docstart));
        }
        if sentence.docstart_lines > 1 {
            document.meta.insert(META_DOCSTART_LINES.to_owned(), Value::from(sentence.docstart_lines));
        }
    }

    /// Describes the properties of the file.
    fn detected(&self, reading: &Reading<'_>) -> Vec<String> {
        let layout = &self.layout;
        let mut list = vec![format!("tag {}", layout.tag_text())];
        if layout.columns > 2 {
            list.push(layout.columns_text());
        }
        list.push(match (layout.joined, layout.separator) {
            (Some(joined), _) => joined.description(),
            (None, Separator::Tab) => "tab".to_owned(),
            (None, Separator::Spaces) => "spaces".to_owned(),
        });
        let scheme = if self.has_middle { "BMES" } else { scheme_name(self.scheme) };
        list.push(match layout.form {
            _ if layout.is_brackets => "brackets".to_owned(),
            TagForm::Label => "labels without B- and I-".to_owned(),
            TagForm::OURS => format!("{scheme} tags"),
            form => format!("{scheme} tags as {}", form.example()),
        });
        if layout.word > usize::from(layout.tag_first()) {
            list.push(format!("word in column {}", layout.word + 1));
        }
        list.push(if layout.header.is_some() { "one header line" } else { "no header" }.to_owned());
        if self.docstarts > 0 {
            list.push(with_noun(self.docstarts, &format!("{DOCSTART} line")));
        }
        list.push(with_noun(reading.documents(), "sentence"));
        list.push(with_noun(self.words, "word"));
        list.push(reading.spans_text());
        list
    }
}

/// Spans of a sentence on their way into its document.
struct Placed<'d> {
    /// Places of the rows in the text.
    rows: &'d [TextRange],
    spans: Vec<(TextRange, NameIndex)>,
    /// Spans that have only empty words.
    lost: usize,
}

impl Placed<'_> {
    fn add(&mut self, words: Range<usize>, label: &str, reading: &mut Reading<'_>) {
        let inside = self.rows.get(words).unwrap_or_default();
        let range = inside.first().zip(inside.last()).map(|(first, last)| first.join(*last));
        match range.filter(|range| !range.is_empty()) {
            Some(range) => self.spans.push((range, reading.label(label))),
            None => self.lost += 1,
        }
    }
}

/// Whether `tag` continues a span that no tag has begun.
/// The tag `before` belongs to no span of the same label.
fn begins_without_b(before: Tag<'_>, tag: Tag<'_>) -> bool {
    match tag {
        Tag::Inside { prefix: 'I' | 'E' | 'L', label } => match before {
            Tag::Inside { prefix: 'B' | 'I', label: other } => other != label,
            _ => true,
        },
        _ => false,
    }
}

fn scheme_name(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Bio => "IOB2",
        Scheme::Iob1 => "IOB1",
        Scheme::Bioes => "BIOES",
        Scheme::Bilou => "BILOU",
    }
}
