//! The Parquet files of a shard, one per day, below `dt=DAY/host=HOST/`: alerts enter, files leave. Without the feature `parquet` there are
//! none.

use std::io;

use tercel_rules::program::Program;
use tercel_shards::{Place, Record};

/// The files of a shard.
#[cfg(not(feature = "parquet"))]
pub struct Days;

#[cfg(not(feature = "parquet"))]
impl Days {
    /// Of a shard and its host.
    pub fn new(_shard: &str, _host: &str) -> Days {
        Days
    }

    /// Takes an alert.
    pub fn push(&mut self, _record: &Record<'_>, _url: &str, _program: &Program) -> io::Result<()> {
        Ok(())
    }

    /// Puts the files; their names.
    pub fn finish(self, _place: &dyn Place) -> io::Result<Vec<String>> {
        Ok(Vec::new())
    }
}

#[cfg(feature = "parquet")]
pub use with_parquet::{COLUMNS, Days, row};

#[cfg(feature = "parquet")]
mod with_parquet {
    use std::collections::BTreeMap;
    use std::fs::File;

    use tercel_export::{Datum, Kind, ParquetFile};
    use tercel_shards::{date, day, segment_of_path};

    use super::{Place, Program, Record, io};

    /// Columns of an alert.
    pub const COLUMNS: [(&str, Kind); 7] = [
        ("time", Kind::Time),
        ("event_num", Kind::Uint),
        ("rule", Kind::Text),
        ("priority", Kind::Text),
        ("file", Kind::Text),
        ("line", Kind::Text),
        ("json", Kind::Text),
    ];

    /// The values of an alert.
    pub fn row<'a>(record: &Record<'a>, url: &'a str, rule: &'a str, priority: &'a str) -> [Datum<'a>; 7] {
        [
            Datum::Int(record.time as i64),
            Datum::Int(record.number as i64),
            Datum::Text(rule.as_bytes()),
            Datum::Text(priority.as_bytes()),
            Datum::Text(url.as_bytes()),
            Datum::Text(record.text),
            Datum::Text(record.json),
        ]
    }

    /// Files that are open at once. A shard of a trace whose times are everywhere gets several files per day.
    const OPEN: usize = 32;

    /// The files of a shard.
    pub struct Days {
        shard: String,
        host: String,
        open: BTreeMap<u32, ParquetFile<File>>,
        /// Files that are whole, by their names.
        closed: Vec<(String, File)>,
    }

    impl Days {
        /// Of a shard and its host.
        pub fn new(shard: &str, host: &str) -> Days {
            let (shard, host) = (shard.to_owned(), segment_of_path(host));
            Days { shard, host, open: BTreeMap::new(), closed: Vec::new() }
        }

        /// Takes an alert.
        pub fn push(&mut self, record: &Record<'_>, url: &str, program: &Program) -> io::Result<()> {
            let Some(rule) = program.rules.get(record.rule as usize) else { return Ok(()) };
            let day = day(record.time);
            if !self.open.contains_key(&day) {
                if self.open.len() >= OPEN {
                    self.close()?;
                }
                let columns: Vec<(String, Kind)> =
                    COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
                self.open.insert(day, ParquetFile::new(tempfile::tempfile()?, &columns)?);
            }
            let Some(file) = self.open.get_mut(&day) else { return Ok(()) };
            file.row(row(record, url, &rule.name, rule.priority.name()))
        }

        fn close(&mut self) -> io::Result<()> {
            for (day, file) in std::mem::take(&mut self.open) {
                let start = format!("dt={}/host={}/{}", date(day), self.host, self.shard);
                let earlier = self.closed.iter().filter(|(name, _)| name.starts_with(&start)).count();
                let number = if earlier == 0 { String::new() } else { format!("-{earlier}") };
                self.closed.push((format!("{start}{number}.parquet"), file.finish()?));
            }
            Ok(())
        }

        /// Puts the files; their names.
        pub fn finish(mut self, place: &dyn Place) -> io::Result<Vec<String>> {
            self.close()?;
            let mut names = Vec::new();
            for (name, mut file) in self.closed {
                place.put(&name, &mut file)?;
                names.push(name);
            }
            Ok(names)
        }
    }
}
