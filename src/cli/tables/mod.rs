//! Options of the verbs that show tables: `tercel ps`, `timeline`, `users`, `files`, `net`, `fds`, `containers`, `top` and `table`.

mod columns;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tercel_analysis::tables::{Table, TableInfo};
use tercel_rules::fields::nearest;
use tercel_rules::load::Options;

use super::read::{AskArgs, MomentArgs, POINTS};
use crate::exit::Failure;
use crate::intent::{Face, Intent, Rules, Shape, View};

/// The captures of a verb.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// Captures, directories of them, or - for standard input; then, optionally, a filter: only the events for which it
    /// holds count
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    words: Vec<String>,
}

/// Options that all of them have.
#[derive(Debug, Args)]
pub struct ViewArgs {
    #[command(flatten)]
    ask: AskArgs,
    #[command(flatten)]
    moment: MomentArgs,
    /// Show these columns, with a comma between; 'tercel table' lists the columns of all tables
    #[arg(long, value_name = "COLUMNS", help_heading = "Output")]
    columns: Option<String>,
    /// Order by this column, large values first; with a + before it, small ones first
    #[arg(long, value_name = "COLUMN", help_heading = "Output")]
    sort: Option<String>,
    /// Show at most this many rows
    #[arg(short = 'n', value_name = "ROWS", help_heading = "Output")]
    limit: Option<usize>,
    /// Print one JSON object per row
    #[arg(long, conflicts_with = "csv", help_heading = "Output")]
    json: bool,
    /// Print CSV, the names of the columns first
    #[arg(long, help_heading = "Output")]
    csv: bool,
    /// Print times in UTC instead of the time zone of the capture
    #[arg(long, help_heading = "Output")]
    utc: bool,
}

/// Options of `tercel ps`.
#[derive(Debug, Args)]
#[command(after_help = POINTS)]
pub struct PsArgs {
    #[command(flatten)]
    traces: TraceArgs,
    #[command(flatten)]
    view: ViewArgs,
    /// Print a flat list, in the order of their starts, instead of a tree
    #[arg(long, help_heading = "Output")]
    flat: bool,
}

/// Rules for the tables that show alerts.
#[derive(Debug, Args)]
pub struct RuleArgs {
    /// Show the alerts of these rules, too: files or directories of them
    #[arg(long, short, value_name = "FILE", help_heading = "Rules")]
    rules: Vec<PathBuf>,
}

/// Options of `tercel timeline`.
#[derive(Debug, Args)]
#[command(after_help = format!("Example:\n  tercel timeline -r rules trace.scap --from +10s --to +20s\n\n{POINTS}"))]
pub struct TimelineArgs {
    #[command(flatten)]
    traces: TraceArgs,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    view: ViewArgs,
}

/// Options of `tercel users`, `files`, `fds` and `containers`.
#[derive(Debug, Args)]
#[command(after_help = POINTS)]
pub struct PlainArgs {
    #[command(flatten)]
    traces: TraceArgs,
    #[command(flatten)]
    view: ViewArgs,
}

/// Options of `tercel net`.
#[derive(Debug, Args)]
#[command(after_help = POINTS)]
pub struct NetArgs {
    #[command(flatten)]
    traces: TraceArgs,
    #[command(flatten)]
    view: ViewArgs,
    /// Show the sockets that wait for connections, instead of the connections
    #[arg(short, long)]
    listeners: bool,
}

/// Options of `tercel top`.
#[derive(Debug, Args)]
#[command(after_help = POINTS)]
pub struct TopArgs {
    /// What is counted
    #[arg(long, value_enum, default_value = "process")]
    by: By,
    #[command(flatten)]
    traces: TraceArgs,
    #[command(flatten)]
    view: ViewArgs,
}

/// Options of `tercel table`.
#[derive(Debug, Args)]
#[command(after_help = "\
Without a name, the tables and their columns are listed:
  tercel table
  tercel table executions trace.scap user.name=root --json")]
pub struct TableArgs {
    /// The table, and captures, directories of them, or - for standard input; then, optionally, a filter: only the events
    /// for which it holds count
    #[arg(value_name = "NAME TRACE… [FILTER]")]
    words: Vec<String>,
    /// Group by these columns, with a comma between: counts and bytes are summed
    #[arg(long, value_name = "COLUMNS")]
    by: Option<String>,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    view: ViewArgs,
}

/// What `tercel top` counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    /// Calls of processes
    Process,
    /// Bytes of files
    File,
    /// Bytes of connections
    Connection,
    /// Calls in containers
    Container,
    /// Calls by type
    Syscall,
    /// Failed calls by error
    Error,
}

impl ViewArgs {
    /// `columns` are those that are shown unless others are chosen, as words; all without.
    fn view(self, words: &[String], table: Table, columns: &str) -> Result<View, Failure> {
        let mut asked = self.ask.intent(words, self.utc)?;
        if let Some(moment) = self.moment.intent(&asked.traces, self.utc)? {
            asked.window = moment;
        }
        let info = table.info();
        let columns = match &self.columns {
            Some(names) => named(info, names.split(','))?,
            None if columns.is_empty() => (0..info.columns.len()).collect(),
            None => named(info, columns.split_whitespace())?,
        };
        let sort = match self.sort.as_deref() {
            None => None,
            Some(name) => match name.strip_prefix('+') {
                Some(name) => Some((one(info, name)?, false)),
                None => Some((one(info, name)?, true)),
            },
        };
        let face = match (self.json, self.csv) {
            (true, _) => Face::Json,
            (_, true) => Face::Csv,
            _ => Face::Text,
        };
        Ok(View {
            table,
            columns,
            by: Vec::new(),
            sort,
            shape: Shape::Rows,
            rules: None,
            limit: self.limit,
            face,
            asked,
            utc: self.utc,
        })
    }
}

/// The indices of columns.
fn named<'n>(info: &TableInfo, names: impl Iterator<Item = &'n str>) -> Result<Vec<usize>, Failure> {
    names.map(|name| one(info, name.trim())).collect()
}

fn one(info: &TableInfo, name: &str) -> Result<usize, Failure> {
    info.column(name).ok_or_else(|| {
        let near = nearest(name, info.columns.iter().map(|column| column.name));
        Failure::usage(format!("the table {} has no column '{name}'; {}", info.name, meant(near)))
    })
}

/// What a misspelt name may have meant, or where all names stand.
fn meant(near: Option<&str>) -> String {
    near.map_or("'tercel table' lists tables and columns".to_owned(), |name| {
        format!("did you mean '{name}'?")
    })
}

impl PsArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Intent, Failure> {
        let is_tree = !self.flat && self.view.sort.is_none() && !self.view.json && !self.view.csv;
        let is_whole = self.view.json || self.view.csv;
        let columns = if is_whole { "" } else { columns::PROCESSES };
        let view = self.view.view(&self.traces.words, Table::Processes, columns)?;
        Ok(Intent::View(View { shape: if is_tree { Shape::Tree } else { Shape::Rows }, ..view }))
    }
}

impl TimelineArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Intent, Failure> {
        let is_plain = self.view.sort.is_none() && self.view.columns.is_none();
        let view = self.view.hand(&self.traces, Table::Timeline, columns::TIMELINE)?;
        let shape = if is_plain { Shape::Histogram } else { Shape::Rows };
        Ok(Intent::View(View { shape, rules: self.rules.intent(), ..view }))
    }
}

impl RuleArgs {
    /// The rules, if there are any.
    pub fn intent(self) -> Option<Rules> {
        (!self.rules.is_empty()).then(|| Rules {
            files: self.rules,
            options: Options::default(),
            tags: Vec::new(),
        })
    }
}

impl PlainArgs {
    /// The typed intent of `tercel files`.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn files(self) -> Result<Intent, Failure> {
        self.view.hand(&self.traces, Table::Files, columns::FILES).map(Intent::View)
    }

    /// The typed intent of `tercel fds`.
    ///
    /// # Errors
    /// As for [`files`](PlainArgs::files).
    pub fn fds(self) -> Result<Intent, Failure> {
        self.view.hand(&self.traces, Table::Fds, columns::FDS).map(Intent::View)
    }

    /// The typed intent of `tercel users`.
    ///
    /// # Errors
    /// As for [`files`](PlainArgs::files).
    pub fn users(self) -> Result<Intent, Failure> {
        let is_plain = self.view.sort.is_none() && self.view.columns.is_none();
        let view = self.view.hand(&self.traces, Table::Users, columns::USERS)?;
        Ok(Intent::View(View { shape: if is_plain { Shape::Indented } else { Shape::Rows }, ..view }))
    }

    /// The typed intent of `tercel containers`.
    ///
    /// # Errors
    /// As for [`files`](PlainArgs::files).
    pub fn containers(self) -> Result<Intent, Failure> {
        self.view.hand(&self.traces, Table::Containers, columns::CONTAINERS).map(Intent::View)
    }
}

impl ViewArgs {
    /// With chosen columns for people; programs get all.
    fn hand(self, traces: &TraceArgs, table: Table, columns: &str) -> Result<View, Failure> {
        let columns = if self.json || self.csv { "" } else { columns };
        self.view(&traces.words, table, columns)
    }
}

impl NetArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Intent, Failure> {
        let view = match self.listeners {
            true => self.view.hand(&self.traces, Table::Listeners, columns::LISTENERS),
            false => self.view.hand(&self.traces, Table::Connections, columns::CONNECTIONS),
        };
        view.map(Intent::View)
    }
}

impl TopArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Intent, Failure> {
        const ROWS: usize = 20;
        let (table, by, sort, columns) = match self.by {
            By::Process => (Table::Processes, "", "calls", columns::TOP_PROCESSES),
            By::File => (Table::Files, "path", "bytes", "bytes read written opens errors path"),
            By::Connection => (
                Table::Connections,
                "protocol local_address local_port remote_address remote_port",
                "bytes",
                columns::TOP_CONNECTIONS,
            ),
            By::Container => (Table::Containers, "", "calls", columns::TOP_CONTAINERS),
            By::Syscall => (Table::Syscalls, "type", "calls", "calls errors read written type"),
            By::Error => (Table::Errors, "error type", "count", "count error type name example"),
        };
        let info = table.info();
        let by = named(info, by.split_whitespace())?;
        let sort = (one(info, sort)?, true);
        let mut view = self.view.view(&self.traces.words, table, columns)?;
        view.limit.get_or_insert(ROWS);
        Ok(Intent::View(View { by, sort: view.sort.or(Some(sort)), ..view }))
    }
}

impl TableArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// There is no such table, arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Intent, Failure> {
        let Some((name, words)) = self.words.split_first() else { return Ok(Intent::TableList) };
        let table = Table::of_name(name).ok_or_else(|| {
            let near = nearest(name, Table::ALL.iter().map(|table| table.info().name));
            Failure::usage(format!("unknown table '{name}'; {}", meant(near)))
        })?;
        if words.is_empty() {
            return Err(Failure::usage("name the captures after the table"));
        }
        let by = self.by.map_or(Ok(Vec::new()), |names| named(table.info(), names.split(',')))?;
        let rules = self.rules.intent();
        if table == Table::Alerts && rules.is_none() {
            return Err(Failure::usage("the table alerts needs rules: give them with --rules"));
        }
        if rules.is_some() && !Table::WITH_ALERTS.contains(&table) {
            return Err(Failure::usage(
                "--rules is for the tables alerts and timeline; the others show no alerts",
            ));
        }
        let is_plain = by.is_empty() && self.view.sort.is_none() && self.view.columns.is_none();
        let view = self.view.view(words, table, "")?;
        let shape = if table == Table::ProcessTree && is_plain { Shape::Tree } else { view.shape };
        Ok(Intent::View(View { by, rules, shape, ..view }))
    }
}
