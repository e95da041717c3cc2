//! Pages of a column, unpacked one at a time within limits.

use std::{io::Read, sync::Arc};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use parquet::{
    basic::{Compression, Encoding},
    bloom_filter::Sbbf,
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    file::{metadata::RowGroupMetaData, reader::RowGroupReader},
    record::reader::RowIter,
    schema::types::Type,
};

use super::thrift::Fields;
use crate::formats::container::{limits, zstandard};

/// Columns of a group of rows, packed as they are in the file.
pub(super) struct Chunks {
    pub(super) metadata: Arc<RowGroupMetaData>,
    /// Bytes by column; empty for those that are not read.
    pub(super) columns: Vec<Bytes>,
}

impl RowGroupReader for Chunks {
    fn metadata(&self) -> &RowGroupMetaData {
        &self.metadata
    }

    fn num_columns(&self) -> usize {
        self.columns.len()
    }

    fn get_column_page_reader(&self, column: usize) -> Result<Box<dyn PageReader>> {
        let bytes = self.columns.get(column).ok_or_else(|| broken("a column is missing"))?.clone();
        let metadata = self.metadata.column(column);
        let values = u64::try_from(metadata.num_values()).map_err(|_| broken("a column has a negative size"))?;
        Ok(Box::new(Pages {
            packed: bytes.len() as u64,
            bytes,
            compression: metadata.compression(),
            values,
            unpacked: 0,
        }))
    }

    fn get_column_bloom_filter(&self, _: usize) -> Option<&Sbbf> {
        None
    }

    fn get_row_iter(&self, projection: Option<Type>) -> Result<RowIter<'_>> {
        RowIter::from_row_group(projection, self)
    }
}

pub(super) fn broken(what: &str) -> ParquetError {
    ParquetError::General(what.to_owned())
}

/// Pages of one column.
struct Pages {
    /// The rest of the column.
    bytes: Bytes,
    compression: Compression,
    /// Values that are still to come.
    values: u64,
    /// Bytes of the whole column, packed and so far unpacked.
    packed: u64,
    unpacked: u64,
}

/// Header of a page.
struct Header {
    kind: i64,
    packed: usize,
    unpacked: usize,
    fields: Fields,
    length: usize,
}

/// Kinds of pages.
const DATA: i64 = 0;
const INDEX: i64 = 1;
const DICTIONARY: i64 = 2;
const DATA_2: i64 = 3;

impl Pages {
    /// The next header that is not the one of an index.
    fn header(&mut self) -> Result<Option<Header>> {
        while self.values > 0 && !self.bytes.is_empty() {
            let (mut fields, length) =
                Fields::read(&self.bytes).ok_or_else(|| broken("a page has a damaged header"))?;
            let kind = fields.number(1).ok_or_else(|| broken("a page has no kind"))?;
            let [Some(unpacked), Some(packed)] = [2, 3].map(|field| fields.size::<usize>(field)) else {
                return Err(broken("a page has no size"));
            };
            if self.bytes.len() - length < packed {
                return Err(broken("a page ends after its column"));
            }
            if kind == INDEX {
                self.bytes = self.bytes.slice(length + packed..);
                continue;
            }
            let inner = match kind {
                DATA => 5,
                DICTIONARY => 7,
                DATA_2 => 8,
                _ => return Err(broken("a page is of an unknown kind")),
            };
            let fields = fields.inner(inner).ok_or_else(|| broken("a page has no header of its kind"))?;
            return Ok(Some(Header { kind, packed, unpacked, fields, length }));
        }
        Ok(None)
    }

    fn take(&mut self, header: &Header) -> Result<Bytes> {
        let body = self.bytes.slice(header.length..header.length + header.packed);
        self.bytes = self.bytes.slice(header.length + header.packed..);
        self.unpacked += header.unpacked as u64;
        limits::check(self.unpacked, self.packed)?;
        let values: u64 = header.fields.size(1).ok_or_else(|| broken("a page has no number of values"))?;
        if header.kind == DICTIONARY {
            // The library reserves memory for as many values as the header states. Each of them takes a byte or more.
            if values > header.unpacked as u64 {
                return Err(broken("a dictionary has more values than bytes"));
            }
        } else {
            self.values =
                self.values.checked_sub(values).ok_or_else(|| broken("a page has more values than its column"))?;
        }
        Ok(body)
    }

    fn page(&mut self, header: &Header) -> Result<Page> {
        let body = self.take(header)?;
        let fields = &header.fields;
        let num_values = fields.size(1).ok_or_else(|| broken("a page has no number of values"))?;
        match header.kind {
            DICTIONARY => Ok(Page::DictionaryPage {
                buf: unpack(&body, header.unpacked, self.compression)?,
                num_values,
                encoding: encoding(fields.number(2))?,
                is_sorted: fields.number(3) == Some(1),
            }),
            DATA => Ok(Page::DataPage {
                buf: unpack(&body, header.unpacked, self.compression)?,
                num_values,
                encoding: encoding(fields.number(2))?,
                def_level_encoding: encoding(fields.number(3))?,
                rep_level_encoding: encoding(fields.number(4))?,
                statistics: None,
            }),
            _ => {
                let sizes = [5, 6, 2, 3].map(|field| fields.size::<u32>(field));
                let [Some(def_levels_byte_len), Some(rep_levels_byte_len), Some(num_nulls), Some(num_rows)] = sizes
                else {
                    return Err(broken("a page has no size of its levels"));
                };
                let levels = usize::try_from(u64::from(def_levels_byte_len) + u64::from(rep_levels_byte_len));
                let levels = levels.ok().filter(|levels| *levels <= body.len().min(header.unpacked));
                let levels = levels.ok_or_else(|| broken("a page ends in its levels"))?;
                let compression =
                    if fields.number(7) == Some(0) { Compression::UNCOMPRESSED } else { self.compression };
                let values = unpack(&body.slice(levels..), header.unpacked - levels, compression)?;
                Ok(Page::DataPageV2 {
                    buf: [body.slice(..levels), values].concat().into(),
                    num_values,
                    encoding: encoding(fields.number(4))?,
                    num_nulls,
                    num_rows,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    is_compressed: false,
                    statistics: None,
                })
            }
        }
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        match self.header()? {
            Some(header) => self.page(&header).map(Some),
            None => Ok(None),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        let Some(header) = self.header()? else { return Ok(None) };
        Ok(Some(PageMetadata {
            num_rows: if header.kind == DATA_2 { header.fields.size(3) } else { None },
            num_levels: header.fields.size(1),
            is_dict: header.kind == DICTIONARY,
        }))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        if let Some(header) = self.header()? {
            self.take(&header)?;
        }
        Ok(())
    }
}

fn encoding(number: Option<i64>) -> Result<Encoding> {
    #[allow(deprecated, reason = "old files have levels in this encoding")]
    let encoding = match number {
        Some(0) => Encoding::PLAIN,
        Some(2) => Encoding::PLAIN_DICTIONARY,
        Some(3) => Encoding::RLE,
        Some(4) => Encoding::BIT_PACKED,
        Some(5) => Encoding::DELTA_BINARY_PACKED,
        Some(6) => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        Some(7) => Encoding::DELTA_BYTE_ARRAY,
        Some(8) => Encoding::RLE_DICTIONARY,
        Some(9) => Encoding::BYTE_STREAM_SPLIT,
        _ => return Err(broken("a page has an unknown encoding")),
    };
    Ok(encoding)
}

/// Unpacks the contents of a page, which must have this size.
fn unpack(packed: &Bytes, size: usize, compression: Compression) -> Result<Bytes> {
    if packed.is_empty() && size == 0 {
        return Ok(Bytes::new());
    }
    let unpacked = match compression {
        Compression::UNCOMPRESSED => packed.clone(),
        Compression::SNAPPY => {
            if snap::raw::decompress_len(packed).map_err(damaged)? != size {
                return Err(broken("a page has another size than its header says"));
            }
            snap::raw::Decoder::new().decompress_vec(packed).map_err(damaged)?.into()
        }
        Compression::GZIP(_) => {
            let mut unpacked = Vec::new();
            MultiGzDecoder::new(&packed[..]).take(size as u64 + 1).read_to_end(&mut unpacked).map_err(damaged)?;
            unpacked.into()
        }
        Compression::ZSTD(_) => zstandard::unpack_whole(packed, size).map_err(damaged)?.into(),
        other => {
            let name = other.to_string().split('(').next().unwrap_or_default().to_owned();
            return Err(broken(&format!("it is packed with {name}; snappy, gzip, zstd and none are read")));
        }
    };
    if unpacked.len() != size {
        return Err(broken("a page has another size than its header says"));
    }
    Ok(unpacked)
}

fn damaged(error: impl std::fmt::Display) -> ParquetError {
    broken(&format!("a page cannot be unpacked: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_with_more_values_than_bytes_is_refused() {
        let read = |count: &[u8]| {
            // Kind 2, 4 bytes, packed 4 bytes, and the dictionary with its number of values and encoding.
            let header = [&[0x15, 4, 0x15, 8, 0x15, 8, 0x4c, 0x15], count, &[0x15, 0, 0, 0, 1, 2, 3, 4]].concat();
            let mut pages = Pages {
                packed: header.len() as u64,
                bytes: header.into(),
                compression: Compression::UNCOMPRESSED,
                values: 1,
                unpacked: 0,
            };
            pages.get_next_page().map(|page| page.is_some()).map_err(|error| error.to_string())
        };
        assert_eq!(read(&[2]), Ok(true));
        // 2^31 - 1 values, for which the library would reserve 128 GiB.
        assert!(read(&[0xfe, 0xff, 0xff, 0xff, 0x0f]).unwrap_err().contains("more values than bytes"));
    }
}
