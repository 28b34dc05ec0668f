//! Where exported rows go: lines of JSON, CSV, or a Parquet file.

use std::io::{self, BufWriter, Write};

use serde_json::Value;
use tercel_analysis::events::{EventField, EventRow};
use tercel_analysis::tables::{self, Cell, CsvLines, Row, TableInfo, iso8601};

#[cfg(feature = "parquet")]
use super::parquet::Parquet;
use crate::intent::FileForm;

type Out = Box<dyn Write + Send>;

/// Takes rows.
pub struct Sink {
    names_files: bool,
    fields: Vec<String>,
    to: To,
}

enum To {
    Lines(BufWriter<Out>),
    /// CSV of events.
    Csv(BufWriter<Out>),
    /// CSV of a table.
    Table(Box<CsvLines<BufWriter<Out>>>),
    #[cfg(feature = "parquet")]
    Parquet(Box<Parquet>),
}

impl Sink {
    /// For events with these fields.
    pub fn of_events(form: FileForm, out: Out, fields: &[EventField], names_files: bool) -> io::Result<Sink> {
        let names: Vec<String> = fields.iter().map(|field| field.name.clone()).collect();
        let to = match form {
            FileForm::Json => To::Lines(BufWriter::new(out)),
            FileForm::Csv => {
                let mut out = BufWriter::new(out);
                let head = names_files
                    .then_some("file")
                    .into_iter()
                    .chain(["time"])
                    .chain(names.iter().map(String::as_str));
                write_csv(&mut out, head.map(str::to_owned))?;
                To::Csv(out)
            }
            #[cfg(feature = "parquet")]
            FileForm::Parquet => To::Parquet(Box::new(Parquet::of_events(out, fields, names_files)?)),
            #[cfg(not(feature = "parquet"))]
            FileForm::Parquet => return Err(without_parquet()),
        };
        Ok(Sink { names_files, fields: names, to })
    }

    /// For rows of a table.
    pub fn of_table(form: FileForm, out: Out, info: &TableInfo, names_files: bool) -> io::Result<Sink> {
        let to = match form {
            FileForm::Json => To::Lines(BufWriter::new(out)),
            FileForm::Csv => {
                let columns: Vec<usize> = (0..info.columns.len()).collect();
                To::Table(Box::new(CsvLines::new(BufWriter::new(out), info, &columns, names_files)?))
            }
            #[cfg(feature = "parquet")]
            FileForm::Parquet => To::Parquet(Box::new(Parquet::of_table(out, info, names_files)?)),
            #[cfg(not(feature = "parquet"))]
            FileForm::Parquet => return Err(without_parquet()),
        };
        Ok(Sink { names_files, fields: Vec::new(), to })
    }

    /// Takes an event of the capture of this name.
    pub fn event(&mut self, file: &str, row: &EventRow) -> io::Result<()> {
        let file = self.names_files.then_some(file);
        match &mut self.to {
            To::Lines(out) => {
                let mut line = String::from("{");
                if let Some(file) = file {
                    line.push_str(&format!("\"file\":{},", Value::from(file)));
                }
                line.push_str(&format!("\"time\":\"{}\"", iso8601(row.time)));
                for (name, value) in self.fields.iter().zip(&row.values) {
                    line.push_str(&format!(",{}:{value}", Value::from(name.as_str())));
                }
                writeln!(out, "{line}}}")
            }
            To::Csv(out) => {
                let text = |value: &Value| match value {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                };
                let cells = file.map(str::to_owned).into_iter().chain([iso8601(row.time)]);
                write_csv(out, cells.chain(row.values.iter().map(text)))
            }
            To::Table(_) => Ok(()),
            #[cfg(feature = "parquet")]
            To::Parquet(out) => out.event(file, row),
        }
    }

    /// Takes a row of a table of the capture of this name.
    pub fn row(&mut self, file: &str, info: &TableInfo, row: &Row) -> io::Result<()> {
        let file = self.names_files.then_some(file);
        match &mut self.to {
            To::Lines(out) => {
                let columns: Vec<usize> = (0..info.columns.len()).collect();
                let mut line = String::new();
                tables::push_json(info, &columns, file, row as &[Cell], &mut line);
                writeln!(out, "{line}")
            }
            To::Table(lines) => lines.row(file, row),
            To::Csv(_) => Ok(()),
            #[cfg(feature = "parquet")]
            To::Parquet(out) => out.row(file, row),
        }
    }

    /// Writes the rest.
    pub fn finish(self) -> io::Result<()> {
        match self.to {
            To::Lines(mut out) | To::Csv(mut out) => out.flush(),
            To::Table(lines) => lines.finish(),
            #[cfg(feature = "parquet")]
            To::Parquet(out) => out.finish(),
        }
    }
}

#[cfg(not(feature = "parquet"))]
fn without_parquet() -> io::Error {
    io::Error::new(
        io::ErrorKind::Unsupported,
        "this tercel was built without Parquet; 'cargo install --features parquet' builds it in. --format jsonl and csv are there",
    )
}

fn write_csv(out: &mut dyn Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    let quoted = |cell: String| {
        if cell.contains(['"', ',', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    writeln!(out, "{}", cells.map(quoted).collect::<Vec<_>>().join(","))
}
