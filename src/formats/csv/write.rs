//! Writer of tables of spans.

use crate::{
    formats::{
        Problem, WriteOptions,
        held_spans::named_spans,
        problem::quoted,
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet},
    text::OffsetMap,
};

/// Names of the columns.
const HEADER: [&str; 8] = ["doc_id", "start", "end", "label", "text", "document", "status", "split"];

/// Writes one row for each span, and one for a document without spans.
pub(super) fn write<'a>(labels: &'a LabelSet, _: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    Box::new(TableWriter { labels, has_header: false })
}

struct TableWriter<'a> {
    labels: &'a LabelSet,
    has_header: bool,
}

impl TableWriter<'_> {
    fn header(&mut self, out: &mut Output) {
        if !std::mem::replace(&mut self.has_header, true) {
            out.push(&HEADER.join(","));
            out.push("\n");
        }
    }
}

impl Writer for TableWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        self.header(out);
        let spans = named_spans(document, annotation, self.labels, &mut out.losses);
        let map = OffsetMap::new(&document.text);
        let split = document.split.map_or("", |split| split.name());
        let mut rows = csv::WriterBuilder::new().from_writer(Vec::new());
        let mut first = [&*document.text, annotation.status.name(), split];
        let mut outcome = Ok(());
        for (range, label) in &spans {
            let [start, end] = <[usize; 2]>::from(map.to_chars(*range)).map(|offset| offset.to_string());
            let [text, status, split] = std::mem::take(&mut first);
            let cells = [&document.id, start.as_str(), &end, label, range.of(&document.text), text, status, split];
            outcome = outcome.and_then(|()| rows.write_record(cells));
        }
        if spans.is_empty() {
            let [text, status, split] = first;
            outcome =
                outcome.and_then(|()| rows.write_record([document.id.as_str(), "", "", "", "", text, status, split]));
        }
        match outcome
            .map_err(|error| error.to_string())
            .and_then(|()| rows.into_inner().map_err(|error| error.to_string()))
        {
            Ok(bytes) => out.bytes.extend_from_slice(&bytes),
            Err(error) => out.losses.fault(Problem::error(format!("document {}: {error}", quoted(&document.id)))),
        }
        out.count(spans.len(), 0);
    }

    fn finish(&mut self, out: &mut Output) {
        self.header(out);
    }
}
