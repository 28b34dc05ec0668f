//! Parquet files: columns with their types and rows enter, bytes of a file leave. Columns are compressed with zstd, texts in dictionaries, times
//! and growing numbers as differences. Nothing here knows captures; all of it is behind the feature `parquet`.
//!
#![cfg_attr(feature = "parquet", doc = "```")]
#![cfg_attr(not(feature = "parquet"), doc = "```ignore")]
//! use tercel_export::{Datum, Kind, ParquetFile};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let columns = [("time".to_owned(), Kind::Time), ("name".to_owned(), Kind::Text)];
//! let mut file = ParquetFile::new(Vec::new(), &columns)?;
//! file.row([Datum::Int(1_795_438_875_000_000_000), Datum::Text(b"cat")])?;
//! file.row([Datum::Null, Datum::Null])?;
//! assert!(file.finish()?.starts_with(b"PAR1"));
//! # Ok(())
//! # }
//! ```
#![cfg(feature = "parquet")]
#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, LogicalType, Repetition, TimeUnit, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type};

/// Rows of a group, which are in memory until they are written.
const GROUP: usize = 1 << 17;

/// Most bytes of text in a group.
const TEXT: usize = 64 << 20;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Yes or no.
    Bool,
    /// Signed numbers.
    Int,
    /// Unsigned numbers.
    Uint,
    /// Numbers with a fraction.
    Double,
    /// Text.
    Text,
    /// Nanoseconds since the epoch, in UTC.
    Time,
}

/// A value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Datum<'a> {
    /// None.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A number or a time; the bits of an unsigned one.
    Int(i64),
    /// A number with a fraction.
    Double(f64),
    /// Text; what is no UTF-8 in it is replaced.
    Text(&'a [u8]),
}

/// The values of a column in the current group, and for each row whether there is one.
#[derive(Debug, Default)]
struct Column {
    there: Vec<i16>,
    bools: Vec<bool>,
    ints: Vec<i64>,
    doubles: Vec<f64>,
    texts: Vec<ByteArray>,
}

/// A file that is written.
pub struct ParquetFile<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    kinds: Vec<Kind>,
    columns: Vec<Column>,
    rows: usize,
    /// Bytes of text in the current group.
    text: usize,
}

fn failed(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        other => io::Error::other(other),
    }
}

fn column(name: &str, kind: Kind) -> Result<Type, ParquetError> {
    let physical = match kind {
        Kind::Bool => Physical::BOOLEAN,
        Kind::Int | Kind::Uint | Kind::Time => Physical::INT64,
        Kind::Double => Physical::DOUBLE,
        Kind::Text => Physical::BYTE_ARRAY,
    };
    let logical = match kind {
        Kind::Uint => Some(LogicalType::integer(64, false)),
        Kind::Text => Some(LogicalType::String),
        Kind::Time => Some(LogicalType::timestamp(true, TimeUnit::NANOS)),
        Kind::Bool | Kind::Int | Kind::Double => None,
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}

impl<W: Write + Send> ParquetFile<W> {
    /// Begins a file with these columns.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(out: W, columns: &[(String, Kind)]) -> io::Result<ParquetFile<W>> {
        let fields: Result<Vec<_>, _> =
            columns.iter().map(|(name, kind)| column(name, *kind).map(Arc::new)).collect();
        let schema =
            Type::group_type_builder("rows").with_fields(fields.map_err(failed)?).build().map_err(failed)?;
        let level = ZstdLevel::try_new(6).map_err(failed)?;
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_created_by(concat!("tercel ", env!("CARGO_PKG_VERSION")).to_owned());
        let grows = |(name, kind): &&(String, Kind)| match kind {
            Kind::Time => true,
            Kind::Int | Kind::Uint => name.ends_with("num"),
            Kind::Bool | Kind::Double | Kind::Text => false,
        };
        for (name, _) in columns.iter().filter(grows) {
            let path = ColumnPath::from(name.as_str());
            properties = properties
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
        let writer =
            SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties.build())).map_err(failed)?;
        let kinds: Vec<Kind> = columns.iter().map(|(_, kind)| *kind).collect();
        let columns = kinds.iter().map(|_| Column::default()).collect();
        Ok(ParquetFile { writer, kinds, columns, rows: 0, text: 0 })
    }

    /// Adds a row with a value for each column. A value of another kind than its column is none.
    ///
    /// # Errors
    /// Those of the output.
    pub fn row<'a>(&mut self, values: impl IntoIterator<Item = Datum<'a>>) -> io::Result<()> {
        let mut values = values.into_iter();
        for (column, kind) in self.columns.iter_mut().zip(&self.kinds) {
            let value = values.next().unwrap_or(Datum::Null);
            let is_there = match (kind, value) {
                (Kind::Bool, Datum::Bool(is)) => {
                    column.bools.push(is);
                    true
                }
                (Kind::Int | Kind::Uint | Kind::Time, Datum::Int(number)) => {
                    column.ints.push(number);
                    true
                }
                (Kind::Double, Datum::Double(number)) => {
                    column.doubles.push(number);
                    true
                }
                (Kind::Text, Datum::Text(text)) => {
                    let text = String::from_utf8_lossy(text);
                    self.text += text.len();
                    column.texts.push(ByteArray::from(text.as_bytes().to_vec()));
                    true
                }
                _ => false,
            };
            column.there.push(i16::from(is_there));
        }
        self.rows += 1;
        if self.rows == GROUP || self.text > TEXT { self.group() } else { Ok(()) }
    }

    /// Writes the current group.
    fn group(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.writer.next_row_group().map_err(failed)?;
        for (column, kind) in self.columns.iter_mut().zip(&self.kinds) {
            write_column(&mut group, &std::mem::take(column), *kind).map_err(failed)?;
        }
        group.close().map_err(failed)?;
        (self.rows, self.text) = (0, 0);
        Ok(())
    }

    /// Writes the rest, and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.group()?;
        self.writer.into_inner().map_err(failed)
    }
}

fn write_column<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    column: &Column,
    kind: Kind,
) -> Result<(), ParquetError> {
    let Some(mut writer) = group.next_column()? else { return Ok(()) };
    let there = Some(&column.there[..]);
    match kind {
        Kind::Bool => writer.typed::<BoolType>().write_batch(&column.bools, there, None)?,
        Kind::Int | Kind::Uint | Kind::Time => {
            writer.typed::<Int64Type>().write_batch(&column.ints, there, None)?
        }
        Kind::Double => writer.typed::<DoubleType>().write_batch(&column.doubles, there, None)?,
        Kind::Text => writer.typed::<ByteArrayType>().write_batch(&column.texts, there, None)?,
    };
    writer.close()
}
