//! Writer of a table with the columns `id`, `tokens` and `ner_tags`.

use std::sync::Arc;

use parquet::{
    basic::Compression,
    data_type::{ByteArray, ByteArrayType, Int64Type},
    errors::Result,
    file::{
        metadata::KeyValue,
        properties::WriterProperties,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    schema::parser::parse_message_type,
};
use serde_json::json;

use super::super::jsonl::STRINGS;
use crate::{
    formats::{
        Problem, WriteOptions,
        fit::{Fitted, Fitter},
        writer::{Output, Writer},
    },
    spans::{Annotation, Document, LabelSet, Scheme},
};

/// Columns as pyarrow writes them.
const SCHEMA: &str = "message schema {
    optional binary id (STRING);
    optional group tokens (LIST) { repeated group list { optional binary element (STRING); } }
    optional group ner_tags (LIST) { repeated group list { optional int64 element; } }
}";
/// Words in a group of rows.
const GROUP: usize = 200_000;

/// Makes a writer, which keeps a group of rows at a time.
pub(super) fn write<'a>(labels: &'a LabelSet, options: &'a WriteOptions) -> Box<dyn Writer + 'a> {
    let names = tag_names(labels, options.scheme);
    Box::new(TableWriter {
        fitter: Fitter::new(&STRINGS, labels),
        scheme: options.scheme,
        file: open(&names).map_err(|error| error.to_string()),
        names,
        rows: RowGroup::default(),
    })
}

/// Names of all tags in the order of their numbers: `O`, then those of each label.
fn tag_names(labels: &LabelSet, scheme: Scheme) -> Vec<String> {
    let prefixes: &[&str] = match scheme {
        Scheme::Bioes => &["B", "I", "E", "S"],
        Scheme::Bilou => &["B", "I", "L", "U"],
        _ => &["B", "I"],
    };
    let named = labels.iter().filter(|label| !label.name.is_empty());
    let tags = named.flat_map(|label| prefixes.iter().map(move |prefix| format!("{prefix}-{}", label.name)));
    std::iter::once("O".to_owned()).chain(tags).collect()
}

/// Begins a file with the description that `datasets` reads.
fn open(names: &[String]) -> Result<SerializedFileWriter<Vec<u8>>> {
    let string = json!({"dtype": "string", "_type": "Value"});
    let tag = json!({"names": names, "_type": "ClassLabel"});
    let features = json!({
        "id": string,
        "tokens": {"feature": string, "_type": "Sequence"},
        "ner_tags": {"feature": tag, "_type": "Sequence"},
    });
    let description = json!({"info": {"features": features}}).to_string();
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(vec![KeyValue::new("huggingface".to_owned(), description)]))
        .build();
    SerializedFileWriter::new(Vec::new(), Arc::new(parse_message_type(SCHEMA)?), Arc::new(properties))
}

/// Rows of a group: values with the levels that say where lists begin and which are empty.
#[derive(Default)]
struct RowGroup {
    ids: Vec<ByteArray>,
    tokens: Vec<ByteArray>,
    tags: Vec<i64>,
    /// 0 where a row begins, 1 for each further element of its list.
    repetition: Vec<i16>,
    /// 1 for an empty list, 3 for an element.
    definition: Vec<i16>,
}

struct TableWriter<'a> {
    fitter: Fitter<'a>,
    scheme: Scheme,
    /// The file; or the reason for which there is none.
    file: std::result::Result<SerializedFileWriter<Vec<u8>>, String>,
    names: Vec<String>,
    rows: RowGroup,
}

impl Writer for TableWriter<'_> {
    fn document(&mut self, document: &Document, annotation: &Annotation, out: &mut Output) {
        let Some(Fitted { words, spans, changed, .. }) = self.fitter.fit(document, annotation, &mut out.losses) else {
            return;
        };
        let tags = self.scheme.encode(&spans, words.len());
        let rows = &mut self.rows;
        rows.ids.push(document.id.as_str().into());
        for (at, (word, tag)) in words.iter().zip(&tags).enumerate() {
            rows.tokens.push(word.of(&document.text).into());
            let number = self.names.iter().position(|name| name == tag).unwrap_or_default();
            rows.tags.push(i64::try_from(number).unwrap_or_default());
            rows.repetition.push(i16::from(at > 0));
            rows.definition.push(3);
        }
        if words.is_empty() {
            rows.repetition.push(0);
            rows.definition.push(1);
        }
        out.count(spans.len(), changed);
        if rows.tokens.len() >= GROUP {
            self.end_group(out);
        }
    }

    fn finish(&mut self, out: &mut Output) {
        self.end_group(out);
        match &mut self.file {
            Ok(file) => match file.finish() {
                Ok(_) => out.bytes.append(file.inner_mut()),
                Err(error) => out.losses.fault(Problem::error(format!("the table cannot be written: {error}"))),
            },
            Err(error) => out.losses.fault(Problem::error(format!("the table cannot be written: {error}"))),
        }
    }
}

impl TableWriter<'_> {
    /// Writes the rows so far.
    fn end_group(&mut self, out: &mut Output) {
        let rows = std::mem::take(&mut self.rows);
        let Ok(file) = &mut self.file else { return };
        if rows.ids.is_empty() {
            return;
        }
        match file
            .next_row_group()
            .and_then(|group| write_group(group, &rows))
            .and_then(|()| file.flush().map_err(Into::into))
        {
            Ok(()) => out.bytes.append(file.inner_mut()),
            Err(error) => out.losses.fault(Problem::error(format!("the table cannot be written: {error}"))),
        }
    }
}

fn write_group(mut group: SerializedRowGroupWriter<'_, Vec<u8>>, rows: &RowGroup) -> Result<()> {
    let levels = (Some(rows.definition.as_slice()), Some(rows.repetition.as_slice()));
    if let Some(mut column) = group.next_column()? {
        column.typed::<ByteArrayType>().write_batch(&rows.ids, Some(&vec![1; rows.ids.len()]), None)?;
        column.close()?;
    }
    if let Some(mut column) = group.next_column()? {
        column.typed::<ByteArrayType>().write_batch(&rows.tokens, levels.0, levels.1)?;
        column.close()?;
    }
    if let Some(mut column) = group.next_column()? {
        column.typed::<Int64Type>().write_batch(&rows.tags, levels.0, levels.1)?;
        column.close()?;
    }
    group.close()?;
    Ok(())
}
