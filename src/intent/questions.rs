//! What verbs have to do that answer questions about captures beyond alerts: follow, tables, reports, SQL, exports, baselines.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use tercel_analysis::events::EventField;
use tercel_analysis::tables::Table;
use tercel_replay::fields::Direction;
use tercel_replay::scan::Threads;
use tercel_replay::{Paths, Window};
use tercel_rules::program::Program;

use super::{Filter, Rules};
use crate::inputs::Input;

/// What `tercel follow` does.
pub struct Follow {
    /// Captures.
    pub traces: Vec<Input>,
    /// Whose data.
    pub filter: Option<Filter>,
    /// Which part.
    pub window: Window,
    /// Only data that go this way.
    pub direction: Option<Direction>,
    /// How they are shown.
    pub form: Form,
    /// They go into this file.
    pub output: Option<PathBuf>,
    /// How many calls.
    pub limit: Option<u64>,
    /// Times in UTC.
    pub utc: bool,
    /// No progress, no warnings.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}

/// How data are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As text, without characters that would change what stands around them.
    Text,
    /// In hexadecimal, with text beside.
    Hex,
    /// The bytes themselves.
    Raw,
}

/// What questions about captures have in common.
pub struct Asked {
    /// Captures.
    pub traces: Vec<Input>,
    /// Which events count.
    pub filter: Option<Filter>,
    /// Whose paths filter and rules see.
    pub seen_paths: Paths,
    /// Which part.
    pub window: Window,
    /// Threads.
    pub jobs: Option<NonZeroUsize>,
    /// Bytes of memory for rows.
    pub memory: Option<usize>,
    /// No progress, no warnings.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}

/// Most memory that rows take unless a limit is given.
const MEMORY: usize = 1 << 30;

impl Asked {
    /// How many threads read a capture.
    pub fn threads(&self) -> Threads {
        Threads::new(threads(self.jobs))
    }

    /// Most bytes that rows take.
    pub fn memory(&self) -> usize {
        self.memory.unwrap_or(MEMORY)
    }

    /// The condition of the filter.
    pub fn program(&self) -> Option<&Program> {
        self.filter.as_ref().map(|filter| &filter.program)
    }
}

/// The given number of threads, otherwise one per CPU.
fn threads(jobs: Option<NonZeroUsize>) -> usize {
    let all = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    jobs.map_or_else(all, NonZeroUsize::get)
}

/// What `tercel baseline learn` does.
pub struct Learn {
    /// From what.
    pub from: Asked,
    /// Where the baseline goes.
    pub output: PathBuf,
}

/// What `tercel baseline diff` does.
pub struct Compare {
    /// The file with the baseline.
    pub baseline: PathBuf,
    /// What is compared with it.
    pub with: Asked,
    /// How rows are printed.
    pub face: Face,
    /// How many rows.
    pub limit: Option<usize>,
    /// Times in UTC.
    pub utc: bool,
}

/// What `tercel export` does.
pub struct Export {
    /// What is asked.
    pub asked: Asked,
    /// What leaves.
    pub what: Exported,
    /// The form of the file.
    pub form: FileForm,
    /// Rules, for alerts.
    pub rules: Option<Rules>,
    /// Where it goes; standard output unless given.
    pub output: Option<PathBuf>,
}

/// What is exported.
pub enum Exported {
    /// Events with these fields.
    Events(Vec<EventField>),
    /// A table.
    Table(Table),
    /// Objects of a schema.
    Schema(Schema),
}

/// A public schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// Open Cybersecurity Schema Framework.
    Ocsf,
    /// Elastic Common Schema.
    Ecs,
}

/// The form of an exported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileForm {
    /// Apache Parquet.
    Parquet,
    /// One JSON object per line.
    Json,
    /// CSV.
    Csv,
}

/// What `tercel sql` does.
#[cfg_attr(
    not(feature = "sql"),
    expect(dead_code, reason = "a build without SQL refuses the verb with a message")
)]
pub struct Sql {
    /// Captures, all of them files.
    pub traces: Vec<Input>,
    /// The query; a prompt without one.
    pub query: Option<String>,
    /// Rules, for tables that show alerts.
    pub rules: Option<Rules>,
    /// Which paths their conditions see.
    pub seen_paths: Paths,
    /// How rows are printed.
    pub face: Face,
    /// Threads.
    pub jobs: Option<NonZeroUsize>,
    /// Bytes of memory for the rows of a table.
    pub memory: Option<usize>,
    /// No warnings.
    pub quiet: bool,
    /// Show every damaged place.
    pub verbose: bool,
}

#[cfg(feature = "sql")]
impl Sql {
    /// How many threads read a capture.
    pub fn threads(&self) -> usize {
        threads(self.jobs)
    }

    /// Most bytes that the rows of a table take.
    pub fn memory(&self) -> usize {
        self.memory.unwrap_or(MEMORY)
    }
}

/// What `tercel report` does.
pub struct Report {
    /// Rules.
    pub rules: Rules,
    /// What is asked, of captures that are all files.
    pub asked: Asked,
    /// Its form.
    pub form: ReportForm,
    /// Where it goes; standard output unless given.
    pub output: Option<PathBuf>,
    /// Times in UTC.
    pub utc: bool,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportForm {
    /// One page.
    Html,
    /// Markdown.
    Markdown,
    /// JSON.
    Json,
}

/// What is shown of a table.
pub struct View {
    /// The table.
    pub table: Table,
    /// Indices of the columns to show.
    pub columns: Vec<usize>,
    /// Indices of columns by which rows are grouped; none if they are not.
    pub by: Vec<usize>,
    /// The column by which rows are ordered, and whether large values come first; otherwise the order is that of the table.
    pub sort: Option<(usize, bool)>,
    /// How rows stand to each other.
    pub shape: Shape,
    /// Rules, for tables that show alerts.
    pub rules: Option<Rules>,
    /// How many rows.
    pub limit: Option<usize>,
    /// How they are printed.
    pub face: Face,
    /// What is asked.
    pub asked: Asked,
    /// Times in UTC.
    pub utc: bool,
}

/// How rows for people stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One after the other.
    Rows,
    /// As a tree of processes.
    Tree,
    /// With the last column as far to the right as the column `depth` says.
    Indented,
    /// With the numbers of rows by `kind` over time above them.
    Histogram,
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    /// In columns, for people.
    Text,
    /// One JSON object per row.
    Json,
    /// CSV.
    Csv,
}
