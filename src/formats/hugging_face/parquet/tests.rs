use std::sync::Arc;

use parquet::{
    basic::Compression,
    data_type::{ByteArrayType, Int64Type},
    file::{
        metadata::KeyValue,
        properties::{WriterProperties, WriterVersion},
        writer::SerializedFileWriter,
    },
    schema::parser::parse_message_type,
};

use super::FORMAT;
use crate::{
    formats::{OnLoss, Read, ReadOptions, WriteOptions, check_round_trip, detect, tests::corpus},
    spans::{Scheme, Status},
};

fn read(bytes: &[u8]) -> Read {
    assert_eq!(detect("a", bytes).format.name, "parquet");
    FORMAT.read(bytes, &ReadOptions::default())
}

fn spans(read: &Read) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (document, annotation) in read.corpus.pairs() {
        for span in annotation.spans() {
            found.push((span.range.of(&document.text).to_owned(), read.corpus.labels.name(span.label).to_owned()));
        }
    }
    found
}

/// A table with a text, a list of spans and a picture.
fn table(schema: &str, compression: Compression, version: WriterVersion, described: Option<&str>) -> Vec<u8> {
    let described = described.map(|text| vec![KeyValue::new("huggingface".to_owned(), text.to_owned())]);
    let properties = WriterProperties::builder()
        .set_compression(compression)
        .set_writer_version(version)
        .set_key_value_metadata(described)
        .build();
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let texts = ["\u{1f355} pizza here".into(), "no one looked".into()];
    column.typed::<ByteArrayType>().write_batch(&texts, None, None).unwrap();
    column.close().unwrap();
    let (definition, repetition) = ([2, 2, 0], [0, 1, 0]);
    for numbers in [[2_i64, 8], [7, 12]] {
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&numbers, Some(&definition), Some(&repetition)).unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<Int64Type>().write_batch(&[1, 0], Some(&definition), Some(&repetition)).unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&["\u{1}".into(), "\u{2}".into()], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    file.into_inner().unwrap()
}

const SPANS: &str = "message schema {
    required binary text (STRING);
    optional group spans (LIST) { repeated group list { required group element {
        required int64 start; required int64 end; optional int64 label; } } }
    required binary picture;
}";
const CLASSES: &str = r#"{"info":{"features":{"spans":[{"start":{"_type":"Value"},"label":{"names":["Place","Dish"],"_type":"ClassLabel"}}]}}}"#;

#[test]
fn texts_and_spans_are_read_with_names_of_classes() {
    let schema = SPANS.replace("optional int64 label", "required int64 label");
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            let read = read(&table(&schema, compression, version, Some(CLASSES)));
            let found = [("pizza", "Dish"), ("here", "Place")].map(|(text, label)| (text.to_owned(), label.to_owned()));
            assert_eq!(spans(&read), found, "{:?}", read.problems);
            assert_eq!(read.corpus.annotation(1).status, Status::Todo);
            assert!(read.problems[0].message.contains("`picture`"), "{:?}", read.problems);
        }
    }
}

#[test]
fn all_schemes_and_empty_rows_come_back() {
    let corpus = corpus(&[
        ("r 1", &["pad", "thai", "", "\u{1f355}"], &[(0, 2, "Main Dish"), (3, 4, "X")]),
        ("2", &[], &[]),
        ("3", &["ok"], &[]),
    ]);
    for scheme in [Scheme::Bio, Scheme::Bioes, Scheme::Bilou] {
        let options = WriteOptions { scheme, on_loss: OnLoss::Fail, ..WriteOptions::default() };
        let written = FORMAT.write(&corpus, &options).unwrap();
        let proof = check_round_trip(&FORMAT, &corpus, &written, &options);
        assert!(proof.holds(), "{proof} {:?}", proof.errors);
        let read = read(&written.bytes);
        assert_eq!(read.corpus.documents[0].id, "r 1");
        assert_eq!(read.corpus.documents[1].words.count(), 0);
    }
}

#[test]
fn damage_anywhere_is_an_error_or_changes_a_value_and_never_more() {
    let corpus = corpus(&[("1", &["pad", "thai"], &[(0, 2, "Dish")]), ("2", &["ok"], &[])]);
    let bytes = FORMAT.write(&corpus, &WriteOptions::default()).unwrap().bytes;
    for cut in [0, 3, 4, 8, 12, bytes.len() / 2, bytes.len() - 1] {
        let read = FORMAT.read(&bytes[..cut], &ReadOptions::default());
        assert!(read.has_errors() && read.corpus.documents.is_empty(), "{cut}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x41;
        let read = FORMAT.read(&changed, &ReadOptions::default());
        assert!(read.has_errors() || read.corpus.documents.len() <= 2, "{at}");
    }
}

#[test]
fn spans_without_a_label_are_counted() {
    let schema = SPANS.replace("optional int64 label", "required int64 label");
    let bytes = table(&schema, Compression::SNAPPY, WriterVersion::PARQUET_1_0, None);
    assert!(read(&bytes).problems.iter().any(|problem| problem.message.contains("without start, end or label")));
}

/// The file of a table of numbers whose description names the only column `count` times.
fn repeated_column(count: usize) -> Vec<u8> {
    use parquet::file::{
        metadata::{
            ColumnChunkMetaData, FileMetaData, ParquetMetaDataBuilder, ParquetMetaDataWriter, RowGroupMetaData,
        },
        reader::{FileReader as _, SerializedFileReader},
    };
    use parquet::schema::types::SchemaDescriptor;

    let schema = "message schema { required binary text (STRING); }";
    let mut file =
        SerializedFileWriter::new(Vec::new(), Arc::new(parse_message_type(schema).unwrap()), Arc::default()).unwrap();
    let mut group = file.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column.typed::<ByteArrayType>().write_batch(&["pizza ".repeat(2_000).as_str().into()], None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    let bytes = file.into_inner().unwrap();
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes.clone())).unwrap();
    let old = reader.metadata().row_group(0).column(0);
    let names: String = (0..count).map(|at| format!("required binary c{at} (STRING);")).collect();
    let schema = parse_message_type(&format!("message schema {{ {names} }}")).unwrap();
    let schema = Arc::new(SchemaDescriptor::new(Arc::new(schema)));
    let columns = (0..count).map(|at| {
        ColumnChunkMetaData::builder(schema.column(at))
            .set_num_values(1)
            .set_total_compressed_size(old.compressed_size())
            .set_total_uncompressed_size(old.uncompressed_size())
            .set_data_page_offset(old.data_page_offset())
            .set_dictionary_page_offset(old.dictionary_page_offset())
            .build()
            .unwrap()
    });
    let group = RowGroupMetaData::builder(Arc::clone(&schema))
        .set_num_rows(1)
        .set_column_metadata(columns.collect())
        .build()
        .unwrap();
    let described = FileMetaData::new(2, 1, None, None, schema, None);
    let metadata = ParquetMetaDataBuilder::new(described).add_row_group(group).build();
    let (start, size) = old.byte_range();
    let mut changed = bytes[..usize::try_from(start + size).unwrap()].to_vec();
    ParquetMetaDataWriter::new(&mut changed, &metadata).finish().unwrap();
    changed
}

#[test]
fn columns_that_are_the_same_bytes_again_and_again_are_refused() {
    let read = read(&repeated_column(200));
    assert!(
        read.problems.iter().any(|problem| problem.message.contains("its columns are larger than the file")),
        "{:?}",
        read.problems
    );
    assert!(repeated_column(1).len() > 100, "one is read as before");
    assert!(!self::read(&repeated_column(1)).problems.iter().any(|problem| problem.message.contains("larger")));
}

#[test]
fn the_columns_that_were_recognised_are_read_and_lost_spans_count() {
    let schema = SPANS
        .replace("optional int64 label", "required int64 label")
        .replace("group spans", "group entities")
        .replace("binary picture", "binary spans (STRING)");
    let read = read(&table(&schema, Compression::SNAPPY, WriterVersion::PARQUET_1_0, None));
    assert!(read.detected.iter().any(|text| text == "texts in `text`, spans in `entities`"), "{:?}", read.detected);
    // Numbers of labels have no names.
    assert_eq!(read.corpus.annotation(0).status, Status::Partial);
}

#[test]
fn a_table_is_opened_once_however_many_groups_it_has() {
    use std::{cell::Cell, io};

    use crate::formats::{Source, source::ReadSeek};

    struct Counting<'a>(&'a [u8], Cell<usize>);
    impl Source for Counting<'_> {
        fn bytes(&self) -> io::Result<Box<dyn io::Read + '_>> {
            Ok(Box::new(self.0))
        }

        fn seekable(&self) -> io::Result<Box<dyn ReadSeek + '_>> {
            self.1.set(self.1.get() + 1);
            Ok(Box::new(io::Cursor::new(self.0)))
        }
    }
    let corpus = corpus(&[("1", &["pad", "thai"], &[(0, 2, "Dish")]), ("2", &["ok"], &[])]);
    let bytes = FORMAT.write(&corpus, &WriteOptions::default()).unwrap().bytes;
    let source = Counting(&bytes, Cell::new(0));
    assert_eq!(FORMAT.read_file(&source, &ReadOptions::default()).unwrap().found.len(), 2);
    assert_eq!(source.1.get(), 1);
}
