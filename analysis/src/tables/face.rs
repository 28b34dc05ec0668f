//! Rows as text: cells for people, objects of JSON, lines of CSV. Text of a capture is the attacker's: what people see of it has no
//! control characters and none that change the direction of writing; JSON and CSV keep what their readers can take.

use std::fmt::Write as _;
use std::io;

use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tercel_format::trace::Zone;

use super::catalogue::TableInfo;
use super::cell::Cell;

/// Appends a cell for people. Times are those of day in `zone` (UTC without one), as `tercel events` prints them; nothing is `-`.
pub fn push_text(cell: &Cell, zone: Option<&Zone>, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = match cell {
        Cell::Null => out.write_str("-"),
        Cell::Bool(is) => out.write_str(if *is { "yes" } else { "no" }),
        Cell::Int(number) => write!(out, "{number}"),
        Cell::Uint(number) => write!(out, "{number}"),
        Cell::Time(ts) => {
            let time = in_zone(*ts, zone).time();
            write!(
                out,
                "{:02}:{:02}:{:02}.{:09}",
                time.hour(),
                time.minute(),
                time.second(),
                time.subsec_nanosecond()
            )
        }
        Cell::Span(ns) => write!(out, "{}.{:09}", ns / 1_000_000_000, ns % 1_000_000_000),
        Cell::Address(address) => write!(out, "{address}"),
        Cell::Text(text) => {
            push_harmless(text, out);
            Ok(())
        }
    };
}

/// Appends text of a capture for people. Characters that would change what stands around them become U+FFFD, also line ends.
pub fn push_harmless(text: &[u8], out: &mut String) {
    out.extend(String::from_utf8_lossy(text).chars().map(harmless));
}

fn in_zone(ts: u64, zone: Option<&Zone>) -> jiff::civil::DateTime {
    let time = Timestamp::UNIX_EPOCH.saturating_add(SignedDuration::from_nanos_i128(i128::from(ts)));
    let time = time.unwrap_or(Timestamp::UNIX_EPOCH);
    let seconds = zone.map_or(0, |zone| zone.offset(time.as_second()));
    Offset::from_seconds(seconds).unwrap_or(Offset::UTC).to_datetime(time)
}

/// A character that changes nothing but itself.
fn harmless(character: char) -> char {
    let directs = matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let breaks = matches!(character, '\u{2028}' | '\u{2029}');
    if character.is_control() || directs || breaks { '\u{fffd}' } else { character }
}

/// A time in ISO 8601, UTC, with nanoseconds.
pub fn iso8601(ts: u64) -> String {
    format!("{}Z", in_zone(ts, None).strftime("%Y-%m-%dT%H:%M:%S.%9f"))
}

fn json(cell: &Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Bool(is) => Value::from(*is),
        Cell::Int(number) => Value::from(*number),
        Cell::Uint(number) | Cell::Span(number) => Value::from(*number),
        Cell::Time(ts) => Value::from(iso8601(*ts)),
        Cell::Address(address) => Value::from(address.to_string()),
        Cell::Text(text) => Value::from(String::from_utf8_lossy(text)),
    }
}

/// Appends a row as an object of JSON with the named columns of a table; times are ISO 8601 in UTC, durations nanoseconds. `file`
/// comes first if there is one.
pub fn push_json(info: &TableInfo, columns: &[usize], file: Option<&str>, row: &[Cell], out: &mut String) {
    out.push('{');
    let file = file.map(|file| ("file", Value::from(file)));
    let cells = columns.iter().map(|at| (info.columns[*at].name, json(&row[*at])));
    for (index, (name, value)) in file.into_iter().chain(cells).enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(out, "{comma}\"{name}\":{value}");
    }
    out.push('}');
}

/// Writes rows as lines of CSV (RFC 4180), the names of the columns first; times as in JSON, nothing is empty.
pub struct CsvLines<W: io::Write> {
    writer: csv::Writer<W>,
    columns: Vec<usize>,
}

impl<W: io::Write> CsvLines<W> {
    /// Writes the names of these columns, with `file` before them if rows name their file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(out: W, info: &TableInfo, columns: &[usize], names_files: bool) -> io::Result<CsvLines<W>> {
        let mut writer = csv::Writer::from_writer(out);
        let names = columns.iter().map(|at| info.columns[*at].name);
        writer.write_record(names_files.then_some("file").into_iter().chain(names)).map_err(of_output)?;
        Ok(CsvLines { writer, columns: columns.to_vec() })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Those of the output.
    pub fn row(&mut self, file: Option<&str>, row: &[Cell]) -> io::Result<()> {
        let CsvLines { writer, columns } = self;
        let mut field = |field: &[u8]| writer.write_field(field).map_err(of_output);
        file.map_or(Ok(()), |file| field(file.as_bytes()))?;
        for at in columns {
            match &row[*at] {
                Cell::Null => field(b""),
                Cell::Text(text) => field(text),
                Cell::Time(ts) => field(iso8601(*ts).as_bytes()),
                cell => field(json(cell).to_string().trim_matches('"').as_bytes()),
            }?;
        }
        writer.write_record(None::<&[u8]>).map_err(of_output)
    }

    /// Writes the rest.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl CsvLines<Vec<u8>> {
    /// The lines.
    ///
    /// # Errors
    /// The rest cannot be written.
    pub fn into_inner(self) -> io::Result<Vec<u8>> {
        self.writer.into_inner().map_err(|error| error.into_error())
    }
}

/// The error of the output itself, so that a closed pipe is known as such.
fn of_output(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
