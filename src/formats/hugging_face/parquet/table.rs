//! A table in a file: its description, and its rows a group at a time.

use std::{
    cell::RefCell,
    io::{self, Read as _, SeekFrom},
    sync::Arc,
};

use parquet::{
    basic::{ConvertedType, LogicalType, Type as Physical},
    file::{
        metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData},
        reader::RowGroupReader as _,
    },
    schema::types::{Type, TypePtr},
};
use serde_json::{Map, Value};

use super::{pages::Chunks, values::Features};
use crate::{
    formats::{
        Problem,
        container::limits,
        problem::grouped,
        source::{ReadSeek, Source, Unreadable},
    },
    guard,
};

/// First and last bytes of a file.
pub(super) const MAGIC: &[u8] = b"PAR1";
/// Largest description of a table's contents, in bytes.
const MOST_METADATA: u64 = 256 << 20;
/// Values that a group of rows may have for each of its unpacked bytes, and in any case. One that repeats a value a billion
/// times takes a few bytes in the file.
const MOST_VALUES: u64 = 8;
const ALWAYS_FINE: u64 = 1 << 20;

/// Cause for which a table cannot be read.
pub(super) type Fault = String;

/// Receiver of rows.
pub(super) type Take<'t> = dyn FnMut(Map<String, Value>) -> Result<(), Unreadable> + 't;

/// An open table.
pub(super) struct Table<'a> {
    /// The file, opened once: a packed one is unpacked whenever it is opened.
    input: RefCell<Box<dyn ReadSeek + 'a>>,
    length: u64,
    metadata: ParquetMetaData,
    features: Features,
    /// Columns that are read.
    pub(super) fields: Vec<TypePtr>,
    /// Names of the others.
    pub(super) skipped: Vec<String>,
}

impl<'a> Table<'a> {
    /// Reads the description at the end of a file. The inner error is a fault of the file.
    pub(super) fn open(source: &'a dyn Source) -> Result<Result<Self, Fault>, Unreadable> {
        let mut input = source.seekable()?;
        let length = input.seek(SeekFrom::End(0))?;
        let Some(end) = length.checked_sub(8) else { return Ok(Err("it is cut off".to_owned())) };
        let tail = bytes_at(&mut *input, end, 8)?;
        let Some((size, MAGIC)) = tail.split_first_chunk::<4>() else {
            return Ok(Err("its end is missing; it is cut off, or encrypted".to_owned()));
        };
        let size = u64::from(u32::from_le_bytes(*size));
        let Some(start) = end.checked_sub(size).filter(|_| size <= MOST_METADATA) else {
            return Ok(Err("its description is damaged".to_owned()));
        };
        let description = bytes_at(&mut *input, start, size)?;
        let decoded = guard::catch(|| ParquetMetaDataReader::decode_metadata(&description));
        let metadata = match decoded {
            Ok(Ok(metadata)) => metadata,
            Ok(Err(error)) => return Ok(Err(format!("its description is damaged ({error})"))),
            Err(_) => return Ok(Err("its description is damaged".to_owned())),
        };
        let pairs = metadata.file_metadata().key_value_metadata().into_iter().flatten();
        let described = pairs.filter(|pair| pair.key == "huggingface").find_map(|pair| pair.value.as_deref());
        let features = described.map(Features::read).unwrap_or_default();
        let mut fields = Vec::new();
        let mut skipped = Vec::new();
        for field in metadata.file_metadata().schema().get_fields() {
            match is_readable(field, DEEPEST) {
                true => fields.push(Arc::clone(field)),
                false => skipped.push(field.name().to_owned()),
            }
        }
        Ok(Ok(Self { input: RefCell::new(input), length, metadata, features, fields, skipped }))
    }

    /// Whether it has no rows.
    pub(super) fn is_empty(&self) -> bool {
        self.metadata.file_metadata().num_rows() == 0
    }

    /// Hands over all rows. The inner error says where the reading ended before the end.
    pub(super) fn rows(&self, take: &mut Take<'_>) -> Result<Result<(), Problem>, Unreadable> {
        let mut done = 0_usize;
        for index in 0..self.metadata.num_row_groups() {
            match self.group(index, &mut done, take)? {
                Ok(()) => {}
                Err(fault) => {
                    let message = format!("the table cannot be read after row {}: {fault}", grouped(done));
                    return Ok(Err(Problem::error(message)));
                }
            }
        }
        Ok(Ok(()))
    }

    fn group(&self, index: usize, done: &mut usize, take: &mut Take<'_>) -> Result<Result<(), Fault>, Unreadable> {
        let metadata = Arc::new(self.metadata.row_group(index).clone());
        let chunks = match self.chunks(metadata)? {
            Ok(chunks) => chunks,
            Err(fault) => return Ok(Err(fault)),
        };
        let name = self.metadata.file_metadata().schema().name();
        let projection = Type::group_type_builder(name).with_fields(self.fields.clone()).build();
        let begun = guard::catch(|| projection.and_then(|projection| chunks.get_row_iter(Some(projection))));
        let mut rows = match begun {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => return Ok(Err(shown(&error))),
            Err(_) => return Ok(Err("a group of rows is damaged".to_owned())),
        };
        loop {
            match guard::catch(|| rows.next()) {
                Ok(None) => return Ok(Ok(())),
                Ok(Some(Ok(row))) => {
                    *done += 1;
                    take(self.features.object(&row))?;
                }
                Ok(Some(Err(error))) => return Ok(Err(shown(&error))),
                // The library has no check for every fault that a file can have.
                Err(_) => return Ok(Err("a row is damaged".to_owned())),
            }
        }
    }

    fn is_read(&self, column: &ColumnChunkMetaData) -> bool {
        let first = column.column_path().parts().first();
        first.is_some_and(|first| self.fields.iter().any(|field| field.name() == first))
    }

    /// Reads the columns of a group of rows.
    fn chunks(&self, metadata: Arc<RowGroupMetaData>) -> Result<Result<Chunks, Fault>, Unreadable> {
        let wanted = metadata.columns().iter().filter(|column| self.is_read(column));
        let sizes =
            wanted.clone().map(|column| (column.compressed_size(), column.uncompressed_size(), column.num_values()));
        let mut packed = 0_u64;
        let mut unpacked = 0_u64;
        let mut values = metadata.num_rows().unsigned_abs();
        for (size, full, count) in sizes {
            packed = packed.saturating_add(size.unsigned_abs());
            unpacked = unpacked.saturating_add(full.unsigned_abs());
            values = values.max(count.unsigned_abs());
        }
        limits::check(unpacked, packed)?;
        // Columns may name the same bytes, each of which would be in memory as often.
        if packed > self.length {
            return Ok(Err("its columns are larger than the file".to_owned()));
        }
        if values > unpacked.saturating_mul(MOST_VALUES).saturating_add(ALWAYS_FINE) {
            return Ok(Err(
                "it repeats a few values without end, as files do that are made to fill a memory".to_owned()
            ));
        }
        let mut columns = Vec::new();
        for column in metadata.columns() {
            if !self.is_read(column) {
                columns.push(bytes::Bytes::new());
                continue;
            }
            let (start, size) = match guard::catch(|| column.byte_range()) {
                Ok(range) => range,
                Err(_) => return Ok(Err("a column has no place".to_owned())),
            };
            if start.checked_add(size).is_none_or(|end| end > self.length) {
                return Ok(Err("a column is cut off".to_owned()));
            }
            columns.push(bytes_at(&mut **self.input.borrow_mut(), start, size)?.into());
        }
        Ok(Ok(Chunks { metadata, columns }))
    }
}

fn bytes_at(input: &mut dyn ReadSeek, start: u64, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.seek(SeekFrom::Start(start))?;
    input.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn shown(error: &parquet::errors::ParquetError) -> Fault {
    crate::text::width::clean(&error.to_string()).into_owned()
}

/// Columns in columns that are read.
const DEEPEST: usize = 8;

/// Whether a column has only texts, numbers, and lists and structures of them: no pictures, for example.
fn is_readable(field: &Type, deeper: usize) -> bool {
    match field {
        Type::GroupType { fields, .. } => {
            deeper > 0 && !fields.is_empty() && fields.iter().all(|field| is_readable(field, deeper - 1))
        }
        Type::PrimitiveType { physical_type, basic_info, .. } => match physical_type {
            Physical::BYTE_ARRAY => {
                basic_info.converted_type() == ConvertedType::UTF8
                    || matches!(basic_info.logical_type_ref(), Some(LogicalType::String))
            }
            Physical::FIXED_LEN_BYTE_ARRAY => false,
            _ => true,
        },
    }
}
