//! Tables: what a capture says about processes, files, connections and the rest of the host, in typed columns. A capture is asked in
//! one pass for any number of tables, on any number of threads; the rows are the same for any number.
//!
//! [`Table::ALL`] is the catalogue: names, types and meanings of all columns. Processes are named by pid and start time
//! ([`ProcessId`]), which joins the tables.
//!
//! ```
//! use tercel_analysis::tables::{Cell, Table, Tables};
//! use tercel_format::Capture;
//! use tercel_replay::Window;
//! use tercel_replay::scan::Threads;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/traces/classic.scap");
//! let capture = Capture::open(path.as_ref(), &|bytes| bytes)?;
//! let filter = tercel_rules::filter::filter("proc.name = sh")?;
//! let question = Tables::new(&[Table::Executions], Window::default(), Some(&filter), 64 << 20);
//! let answer = question.ask(capture, Threads::new(2), &|_| ())?;
//!
//! let cmdline = Table::Executions.info().column("cmdline").expect("a column");
//! for row in &answer.tables[0].1 {
//!     assert!(matches!(&row[cmdline], Cell::Text(text) if text.starts_with(b"sh")));
//! }
//! # Ok(())
//! # }
//! ```

mod catalogue;
mod cell;
mod process_id;
mod reads;
mod seen;
mod snapshot;

mod alerts;
mod calls;
mod connections;
mod containers;
mod dns;
mod drops;
mod fds;
mod files;
mod http;
mod process_tree;
mod processes;
mod signals;
mod streams;
mod threads;
mod timeline;
mod unix;
mod users;

mod collector;
mod question;

mod face;
mod family;
mod group;

pub use catalogue::{ColumnInfo, Order, TableInfo};
pub use cell::{Cell, ColumnType};
pub use collector::{Row, Table, sort};
pub use face::{CsvLines, iso8601, push_harmless, push_json, push_text};
pub use family::{children, tree};
pub use group::group;
pub use process_id::ProcessId;
pub use question::{Answer, CODES, Tables};

#[cfg(test)]
mod tests;
