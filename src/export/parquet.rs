//! Rows as a Parquet file: the types of fields and columns enter, those of the file leave.

use std::io::{self, Write};

use serde_json::Value;
use tercel_analysis::events::{EventField, EventRow, FieldKind};
use tercel_analysis::tables::{Cell, ColumnType, Row, TableInfo};
use tercel_export::{Datum, Kind, ParquetFile};

/// A file that is written.
pub struct Parquet {
    file: ParquetFile<Box<dyn Write + Send>>,
    kinds: Vec<Kind>,
}

impl Parquet {
    /// For events with these fields.
    pub fn of_events(
        out: Box<dyn Write + Send>,
        fields: &[EventField],
        names_files: bool,
    ) -> io::Result<Parquet> {
        let kind = |field: &EventField| match field.kind() {
            FieldKind::Bool => Kind::Bool,
            FieldKind::Int => Kind::Int,
            FieldKind::Uint => Kind::Uint,
            FieldKind::Text => Kind::Text,
        };
        let fields = fields.iter().map(|field| (field.name.clone(), kind(field)));
        Parquet::new(out, std::iter::once(("time".to_owned(), Kind::Time)).chain(fields), names_files)
    }

    /// For rows of a table.
    pub fn of_table(out: Box<dyn Write + Send>, info: &TableInfo, names_files: bool) -> io::Result<Parquet> {
        let kind = |ty| match ty {
            ColumnType::Bool => Kind::Bool,
            ColumnType::Int => Kind::Int,
            ColumnType::Count | ColumnType::Uint | ColumnType::Bytes | ColumnType::Span => Kind::Uint,
            ColumnType::Time => Kind::Time,
            ColumnType::Address | ColumnType::Text => Kind::Text,
        };
        let columns = info.columns.iter().map(|column| (column.name.to_owned(), kind(column.ty)));
        Parquet::new(out, columns, names_files)
    }

    fn new(
        out: Box<dyn Write + Send>,
        columns: impl Iterator<Item = (String, Kind)>,
        names_files: bool,
    ) -> io::Result<Parquet> {
        let file = names_files.then(|| ("file".to_owned(), Kind::Text));
        let columns: Vec<(String, Kind)> = file.into_iter().chain(columns).collect();
        let kinds = columns.iter().map(|(_, kind)| *kind).collect();
        Ok(Parquet { file: ParquetFile::new(out, &columns)?, kinds })
    }

    /// Takes an event.
    pub fn event(&mut self, file: Option<&str>, row: &EventRow) -> io::Result<()> {
        let start = usize::from(file.is_some());
        // Values that are no text where the column holds text.
        let shown: Vec<Option<String>> = row
            .values
            .iter()
            .zip(&self.kinds[start + 1..])
            .map(|(value, kind)| match value {
                Value::Null | Value::String(_) => None,
                other => (*kind == Kind::Text).then(|| other.to_string()),
            })
            .collect();
        let mut data: Vec<Datum<'_>> = file.map(|file| Datum::Text(file.as_bytes())).into_iter().collect();
        data.push(Datum::Int(row.time as i64));
        for (value, shown) in row.values.iter().zip(&shown) {
            data.push(match (value, shown) {
                (_, Some(text)) => Datum::Text(text.as_bytes()),
                (Value::Bool(is), _) => Datum::Bool(*is),
                (Value::Number(number), _) => match (number.as_i64(), number.as_u64()) {
                    (Some(number), _) => Datum::Int(number),
                    (_, Some(number)) => Datum::Int(number as i64),
                    _ => Datum::Null,
                },
                (Value::String(text), _) => Datum::Text(text.as_bytes()),
                _ => Datum::Null,
            });
        }
        self.file.row(data)
    }

    /// Takes a row of a table.
    pub fn row(&mut self, file: Option<&str>, row: &Row) -> io::Result<()> {
        let addresses: Vec<String> = row
            .iter()
            .map(|cell| if let Cell::Address(address) = cell { address.to_string() } else { String::new() })
            .collect();
        let mut data: Vec<Datum<'_>> = file.map(|file| Datum::Text(file.as_bytes())).into_iter().collect();
        for (one, address) in row.iter().zip(&addresses) {
            data.push(match one {
                Cell::Address(_) => Datum::Text(address.as_bytes()),
                Cell::Text(text) => Datum::Text(text),
                Cell::Null => Datum::Null,
                Cell::Bool(is) => Datum::Bool(*is),
                Cell::Int(number) => Datum::Int(*number),
                Cell::Uint(number) | Cell::Span(number) | Cell::Time(number) => Datum::Int(*number as i64),
            });
        }
        self.file.row(data)
    }

    /// Writes the rest.
    pub fn finish(self) -> io::Result<()> {
        self.file.finish()?.flush()
    }
}
