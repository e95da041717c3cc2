//! `label-studio-conll`: byte for byte the file that Label Studio's converter writes as CONLL2003.
//!
//! Its words are those of `treebank.rs`, a task has a sentence for each of its annotations, the newest first, and regions
//! that overlap or end inside of words are lost or widened without a word. Here each of them is a loss that is reported.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{
    super::format::{Format, Sample},
    records::created,
    task::{annotations_key, is_valid, stated_span},
    treebank,
    write::TaskWriter,
};
use crate::{
    formats::{
        Problem, Source, WriteOptions,
        decode::Lines,
        problem::{quoted, with_noun},
        sink::{Found, Reading},
        source::{Takes, Unreadable},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet, Status, WordSpan, scheme::decode},
    text::{CharRange, OffsetMap},
};

/// Row of the table of formats.
pub(in crate::formats) const FORMAT: Format = Format {
    name: "label-studio-conll",
    about: "the CONLL2003 of Label Studio's converter, with its words",
    extensions: &["conll"],
    cannot_hold: "half-word, nested and overlapping spans, ids, statuses, the white space between words",
    keeps_text: false,
    takes: Takes::OneFile,
    detect,
    read: Some(read),
    write: Some(write),
};

/// First line of a file.
const HEADER: &str = "-DOCSTART- -X- O";
/// Kind of the controls whose results are written, and type of their results.
const LABELS: &str = "labels";
/// Between word and tag.
const FILLER: &str = " -X- _ ";

/// The readers of the CoNLL family read these files, too.
fn detect(_: &Sample<'_>) -> Option<(u8, String)> {
    None
}

/// Reads what the writer writes, also labels with blanks.
fn read(source: &dyn Source, reading: &mut Reading<'_>) -> Result<Vec<String>, Unreadable> {
    let mut words: Vec<String> = Vec::new();
    let mut tags: Vec<String> = Vec::new();
    let mut count = 0;
    let mut lines = Lines::of(source)?;
    while let Some((number, line)) = lines.next_line()? {
        if number == 1 && line == HEADER {
            continue;
        }
        if line.is_empty() {
            push(std::mem::take(&mut words), &std::mem::take(&mut tags), reading)?;
            continue;
        }
        match line.split_once(FILLER).filter(|(word, tag)| !word.is_empty() && !tag.is_empty()) {
            Some((word, tag)) => {
                count += 1;
                words.push(word.to_owned());
                tags.push(tag.to_owned());
            }
            None => {
                let problem = Problem::error(format!("not `word{FILLER}tag`: {}", quoted(line))).at(number);
                reading.problems.push(problem.hint("--format conll2003 reads other layouts"));
            }
        }
    }
    push(words, &tags, reading)?;
    let sentences = with_noun(reading.documents(), "sentence");
    Ok(vec!["Label Studio's CONLL2003".to_owned(), sentences, with_noun(count, "word"), reading.spans_text()])
}

fn push(words: Vec<String>, tags: &[String], reading: &mut Reading<'_>) -> Result<(), Unreadable> {
    if words.is_empty() {
        return Ok(());
    }
    let mut document = Document::from_words(reading.next_id(), words);
    document.split = reading.options.split;
    let mut spans = Vec::new();
    for span in decode(tags) {
        if let Some(range) = document.range_of_words(span.start..span.end) {
            spans.push((range, reading.label(&span.label)));
        }
    }
    reading.push(Found { document, spans, status: Status::Done })
}

fn write<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    let controls = options.config.as_ref().map(|config| {
        let with_labels = config.controls.iter().filter(|control| control.kind.eq_ignore_ascii_case(LABELS));
        with_labels.map(|control| control.name.clone()).collect()
    });
    Box::new(SentenceWriter { tasks: TaskWriter::new(labels, options), labels, controls, is_begun: false })
}

struct SentenceWriter<'a> {
    tasks: TaskWriter<'a>,
    labels: &'a LabelSet,
    /// Names of the controls with labels, if there is a labelling configuration.
    controls: Option<Vec<String>>,
    is_begun: bool,
}

/// A region of a task.
struct Region<'t> {
    start: usize,
    end: usize,
    labels: Vec<&'t str>,
}

/// Identity of a span: code points and label.
type SpanKey = (usize, usize, String);

impl Writer for SentenceWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        self.begin(out);
        if has_no_list(document) && annotation.spans().is_empty() && annotation.status == Status::Todo {
            let message =
                format!("document {} was never annotated and is left out, as by the converter", quoted(&document.id));
            out.losses.note(message);
            return;
        }
        let (task, _) = self.tasks.task(document, annotation, &mut out.losses);
        let empty = Map::new();
        let task = task.as_object().unwrap_or(&empty);
        let all = task.get(annotations_key(task)).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let mut shown: Vec<&Value> = all.iter().filter(|annotation| is_valid(annotation)).collect();
        if shown.is_empty() && !all.is_empty() {
            let message = format!("document {}: all its annotations are cancelled; left out", quoted(&document.id));
            out.losses.note(message);
            return;
        }
        // Newest first; of equally new ones the first.
        shown.sort_by(|a, b| created(b).cmp(created(a)));
        let words = treebank::words(&document.text);
        if words.is_empty() {
            out.losses.note(format!("document {} has no words: its sentence is empty", quoted(&document.id)));
        }
        let map = OffsetMap::new(&document.text);
        let chars: Vec<CharRange> = words.iter().map(|word| map.to_chars(*word)).collect();
        let mut own = self.own_spans(document, annotation, &map);
        let none = Value::Null;
        for one in if shown.is_empty() { vec![&none] } else { shown } {
            let regions = self.regions(one, document, out);
            let tags = tags(&chars, &regions);
            let mut lines = String::new();
            for (word, tag) in words.iter().zip(&tags) {
                for part in [word.of(&document.text), FILLER, tag, "\n"] {
                    lines.push_str(part);
                }
            }
            lines.push('\n');
            out.push(&lines);
            if words.is_empty() {
                continue;
            }
            let written = decode(&tags);
            let changed = written.iter().filter(|span| !take(&mut own, span, &chars)).count();
            report_losses(&regions, &written, &chars, (document, &map), out);
            out.count(written.len(), changed);
        }
    }

    fn finish(&mut self, out: &mut Output) {
        self.begin(out);
    }
}

impl SentenceWriter<'_> {
    fn begin(&mut self, out: &mut Output) {
        if !std::mem::replace(&mut self.is_begun, true) {
            out.push(HEADER);
            out.push("\n");
        }
    }

    /// The spans of the document with their numbers.
    fn own_spans(&self, document: &Document, annotation: &Annotation, map: &OffsetMap) -> HashMap<SpanKey, usize> {
        let mut own = HashMap::new();
        for span in annotation.spans().iter().filter(|span| !span.range.of(&document.text).is_empty()) {
            let CharRange { start, end } = map.to_chars(span.range);
            *own.entry((start, end, self.labels.name(span.label).to_owned())).or_default() += 1;
        }
        own
    }

    /// Regions of the first control with labels that an annotation has. None if one of them has no offsets, as by the
    /// converter.
    fn regions<'t>(&self, annotation: &'t Value, document: &Document, out: &mut Output) -> Vec<Region<'t>> {
        let items = annotation.get("result").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let named = items.iter().filter_map(|item| Some((item.get("from_name")?.as_str()?, item)));
        let labelled: Vec<_> = named.filter(|(control, item)| self.is_labels(control, item)).collect();
        let Some((chosen, _)) = labelled.first() else { return Vec::new() };
        let own = labelled.iter().filter(|(control, _)| control == chosen);
        let regions: Option<Vec<Region<'_>>> = own.clone().map(|(_, item)| region_of(item)).collect();
        let others = labelled.len() - own.count();
        if others > 0 {
            let what = format!("{} of another control than {}", with_noun(others, "region"), quoted(chosen));
            lose(document, &what, out);
        }
        if regions.is_none() {
            lose(document, "a region without offsets in the text, so that no region is written", out);
        }
        regions.unwrap_or_default()
    }

    /// Whether a control labels spans.
    fn is_labels(&self, control: &str, item: &Value) -> bool {
        match &self.controls {
            Some(controls) => controls.iter().any(|name| name == control),
            None => item.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case(LABELS)),
        }
    }
}

/// Reads offsets and labels of a region.
fn region_of(item: &Value) -> Option<Region<'_>> {
    let stated = stated_span(item).ok()?;
    let labels =
        item.pointer("/value/labels").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    Some(Region { start: stated.start, end: stated.end, labels: labels.collect() })
}

/// Whether a document was read from a task that has no list of annotations.
fn has_no_list(document: &Document) -> bool {
    let task = document.foreign.as_deref().and_then(Value::as_object).filter(|task| task.contains_key("data"));
    task.is_some_and(|task| !task.contains_key("annotations") && !task.contains_key("completions"))
}

/// Tags of words, computed as by the converter: one region is open at a time.
fn tags(words: &[CharRange], regions: &[Region<'_>]) -> Vec<String> {
    let mut order: Vec<&Region<'_>> = regions.iter().collect();
    order.sort_by_key(|region| region.start);
    let mut rest = order.into_iter();
    let Some(mut region) = rest.next() else { return vec!["O".to_owned(); words.len()] };
    let mut prefix = "B-";
    let mut tags = Vec::with_capacity(words.len());
    for word in words {
        if word.start >= region.end {
            for next in rest.by_ref() {
                region = next;
                prefix = "B-";
                if word.start < region.end {
                    break;
                }
            }
        }
        match region.labels.first() {
            Some(label) if region.start < word.end && region.end > word.start => {
                tags.push(format!("{prefix}{label}"));
                prefix = "I-";
            }
            _ => tags.push("O".to_owned()),
        }
    }
    tags
}

fn key(span: &WordSpan, words: &[CharRange]) -> Option<SpanKey> {
    let covered = words.get(span.start..span.end)?;
    Some((covered.first()?.start, covered.last()?.end, span.label.clone()))
}

/// Removes a written span from the spans of the document. Returns whether it was one of them.
fn take(own: &mut HashMap<SpanKey, usize>, span: &WordSpan, words: &[CharRange]) -> bool {
    let left = key(span, words).and_then(|key| own.get_mut(&key)).filter(|left| **left > 0);
    left.map(|left| *left -= 1).is_some()
}

/// Reports the labels of regions that the tags do not hold as they are, and labels with blanks.
fn report_losses(
    regions: &[Region<'_>],
    written: &[WordSpan],
    words: &[CharRange],
    (document, map): (&Document, &OffsetMap),
    out: &mut Output,
) {
    for span in written.iter().filter(|span| span.label.contains(' ')) {
        let what = format!("the label {} has a blank, at which most readers cut it off", quoted(&span.label));
        let covered = words.get(span.start..span.end).unwrap_or_default();
        let chars = covered.first().zip(covered.last());
        let chars = chars.map(|(first, last)| CharRange { start: first.start, end: last.end });
        let range = chars.and_then(|chars| map.from_chars(chars).ok());
        out.losses.add_at(&document.id, range, &what, SAME, SAME);
    }
    let mut held: HashMap<SpanKey, usize> = HashMap::new();
    for key in written.iter().filter_map(|span| key(span, words)) {
        *held.entry(key).or_default() += 1;
    }
    for region in regions {
        for label in &region.labels {
            let left = held.get_mut(&(region.start, region.end, (*label).to_owned())).filter(|left| **left > 0);
            if left.map(|left| *left -= 1).is_none() {
                let range = map.from_chars(CharRange { start: region.start, end: region.end }).unwrap_or_default();
                let [text, label] = [range.of(&document.text), label].map(quoted);
                let what = format!("the span {text} ({label}) overlaps another, or ends inside a word");
                out.losses.add_at(
                    &document.id,
                    range,
                    &what,
                    "lost or changed, as by the converter",
                    "lost or changed, as by the converter",
                );
            }
        }
    }
}

/// Outcome of a loss, which is the same whatever the user wants.
const SAME: &str = "as by the converter";

/// Adds a loss, which is the same whatever the user wants, since the file is the converter's.
fn lose(document: &Document, what: &str, out: &mut Output) {
    out.losses.add(&document.id, what, SAME, SAME);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        formats::{OnLoss, ReadOptions, Written, check_round_trip, find, tests::corpus},
        text::growth::assert_linear,
    };

    fn region(id: &str, start: usize, end: usize, labels: &[&str], control: &str) -> Value {
        json!({"id": id, "from_name": control, "to_name": "text", "type": "labels",
            "value": {"start": start, "end": end, "labels": labels}})
    }

    /// The task list of one text, written with all losses allowed.
    fn written(annotations: &Value, text: &str) -> (Written, Vec<String>) {
        let tasks = json!([{"id": 1, "data": {"text": text}, "annotations": annotations}]);
        let read = find("label-studio").unwrap().read(tasks.to_string().as_bytes(), &ReadOptions::default());
        let options = WriteOptions { on_loss: OnLoss::Skip, ..WriteOptions::default() };
        let written = FORMAT.write(&read.corpus, &options).unwrap();
        let proof = check_round_trip(&FORMAT, &read.corpus, &written, &options);
        assert!(proof.holds(), "{proof} {:?}", proof.errors);
        let tags = String::from_utf8(written.bytes.clone()).unwrap();
        let tags = tags.lines().skip(1).map(|line| line.replace(FILLER, " "));
        (written, tags.collect())
    }

    #[test]
    fn regions_become_tags_as_by_the_converter() {
        let text = "Jane's $5 soup in Bari.";
        let regions = json!([{"result": [
            region("c", 18, 22, &["LOC", "X"], "label"),
            region("a", 0, 6, &["PER"], "label"),
            region("b", 8, 14, &["Dish Name"], "label"),
            region("d", 0, 4, &["Y"], "other"),
        ]}]);
        let (written, tags) = written(&regions, text);
        let expected =
            ["Jane B-PER", "'s I-PER", "$ O", "5 B-Dish Name", "soup I-Dish Name", "in O", "Bari B-LOC", ". O", ""];
        assert_eq!(tags, expected);
        let losses: Vec<&str> = written.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(losses.len(), 3, "{losses:?}");
        assert!(losses.iter().any(|loss| loss.contains("1 region of another control than `label`")));
        assert!(losses.iter().any(|loss| loss.contains("the span `Bari` (`X`)")));
        assert!(losses.iter().any(|loss| loss.contains("the label `Dish Name` has a blank")));
    }

    #[test]
    fn of_nested_regions_the_converter_keeps_what_comes_first() {
        let regions = json!([{"result": [
            region("a", 0, 9, &["A"], "label"),
            region("b", 0, 4, &["B"], "label"),
            region("c", 11, 13, &["C"], "label"),
        ]}]);
        let (written, tags) = written(&regions, "aaaa bbbb cccc");
        assert_eq!(tags, ["aaaa B-A", "bbbb I-A", "cccc B-C", ""]);
        let lost: Vec<_> = written.problems.iter().filter(|problem| problem.message.contains("the span")).collect();
        assert_eq!(lost.len(), 2, "{lost:?}");
    }

    #[test]
    fn a_sentence_is_written_for_each_annotation_the_newest_first() {
        let annotations = json!([
            {"created_at": "2024-01-01", "result": [region("a", 0, 1, &["A"], "label")]},
            {"created_at": "2024-01-03", "result": [region("b", 0, 1, &["B"], "label")]},
            {"created_at": "2024-01-04", "was_cancelled": true, "result": [region("c", 0, 1, &["C"], "label")]},
            {"created_at": "2024-01-02", "result": []},
            7,
        ]);
        assert_eq!(written(&annotations, "x").1, ["x B-B", "", "x O", "", "x B-A", ""]);
        assert_eq!(written(&json!([]), "x").1, ["x O", ""]);
        assert_eq!(written(&json!([{"was_cancelled": true, "result": []}]), "x").1, [""; 0]);
        let without_offsets = json!([{"result": [
            {"from_name": "label", "to_name": "text", "type": "labels", "value": {"labels": ["A"]}},
            region("b", 0, 1, &["B"], "label"),
        ]}]);
        assert_eq!(tags(&[CharRange { start: 0, end: 1 }], &[]), ["O"]);
        assert!(region_of(&without_offsets[0]["result"][0]).is_none());
    }

    #[test]
    fn a_choice_before_the_labels_does_not_take_their_place() {
        let xml = "<View><Choices name='topic' toName='text'><Choice value='news'/></Choices>
            <Labels name='label' toName='text'><Label value='A'/></Labels><Text name='text' value='$text'/></View>";
        let config = crate::formats::label_config::read(xml.as_bytes()).0;
        let choice =
            json!({"from_name": "topic", "to_name": "text", "type": "choices", "value": {"choices": ["news"]}});
        let tasks = json!([{"id": 1, "data": {"text": "a b"},
            "annotations": [{"result": [choice, region("a", 2, 3, &["A"], "label")]}]}]);
        for config in [config, None] {
            let options = ReadOptions { config: config.clone(), ..ReadOptions::default() };
            let read = find("label-studio").unwrap().read(tasks.to_string().as_bytes(), &options);
            let written = FORMAT.write(&read.corpus, &WriteOptions { config, ..WriteOptions::default() }).unwrap();
            assert_eq!(String::from_utf8(written.bytes).unwrap(), "-DOCSTART- -X- O\na -X- _ O\nb -X- _ B-A\n\n");
        }
    }

    #[test]
    fn lost_regions_of_a_long_text_are_reported_in_linear_time() {
        let document = |n: usize| {
            let regions: Vec<Value> =
                (0..n).map(|at| region("a", 2 * n - 1 - at % 2, 2 * n, &["A"], "label")).collect();
            let tasks = json!([{"data": {"text": "\u{e9} ".repeat(n)}, "annotations": [{"result": regions}]}]);
            find("label-studio").unwrap().read(tasks.to_string().as_bytes(), &ReadOptions::default()).corpus
        };
        let options = WriteOptions { on_loss: OnLoss::Skip, ..WriteOptions::default() };
        assert_linear(2_000, document, |corpus| FORMAT.write(corpus, &options).unwrap().bytes.len());
    }

    #[test]
    fn losses_are_refused_by_default_and_new_documents_are_written() {
        let half = corpus(&[("1", &["sushis"], &[(0, 1, "Dish")])]);
        let written = FORMAT.write(&half, &WriteOptions::default()).unwrap();
        assert_eq!(String::from_utf8(written.bytes).unwrap(), "-DOCSTART- -X- O\nsushis -X- _ B-Dish\n\n");
        let labels = corpus(&[("1", &["a"], &[(0, 1, "Two Words")])]);
        assert!(FORMAT.write(&labels, &WriteOptions::default()).is_err());
        let empty = FORMAT.write(&corpus(&[]), &WriteOptions::default()).unwrap();
        assert_eq!(empty.bytes, b"-DOCSTART- -X- O\n");
        let bad = FORMAT.read(b"-DOCSTART- -X- O\n-DOCSTART- -X- _ B-M\nno\n", &ReadOptions::default());
        assert_eq!(bad.corpus.documents[0].word(0), "-DOCSTART-");
        assert_eq!(bad.problems[0].line, Some(3));
    }
}
