//! Options of `tercel sql`.

use clap::Args;

use super::overrides::PathsName;
use super::read::ReadingArgs;
use super::tables::RuleArgs;
use crate::exit::Failure;
use crate::inputs::{self, Input};
use crate::intent::{Face, Sql};

/// Options of `tercel sql`.
#[derive(Debug, Args)]
#[command(after_help = "\
Tables are those of 'tercel table', and 'events' with every field as a column, with _ for dots. Times are text in UTC. What a \
query says of time and evt_type decides which parts of a capture are read:
  tercel sql trace.scap \"select evt_type, count(*) from events
      where time between '2026-11-23T13:01:15' and '2026-11-23T13:01:16'
      group by 1 order by 2 desc\"
  tercel sql trace.scap \"select p.cmdline, c.remote_address
      from connections c join processes p using (file, process)\"

Without a query there is a prompt, with .tables and .schema; from a pipe, queries end with a semicolon at the end of a line.")]
pub struct SqlArgs {
    /// Captures, or directories of them; then, optionally, a query in SQLite's language
    #[arg(value_name = "TRACE… [QUERY]", required = true)]
    words: Vec<String>,
    #[command(flatten)]
    rules: RuleArgs,
    /// Which paths the conditions of rules see, as for 'tercel replay'; columns show those of the callers [default: both]
    #[arg(long, value_enum, value_name = "WHOSE", help_heading = "Rule selection")]
    paths: Option<PathsName>,
    /// Print one JSON object per row
    #[arg(long, conflicts_with = "csv", help_heading = "Output")]
    json: bool,
    /// Print CSV, the names of the columns first
    #[arg(long, help_heading = "Output")]
    csv: bool,
    #[command(flatten)]
    reading: ReadingArgs,
}

impl SqlArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// A capture does not exist, or cannot be read more than once.
    pub fn intent(self) -> Result<Sql, Failure> {
        let (traces, rest) = inputs::traces_and_rest(&self.words)?;
        if traces.contains(&Input::Stdin) {
            return Err(Failure::usage(
                "queries read captures more than once; standard input cannot be one of them",
            ));
        }
        if let [word, ..] = rest
            && inputs::looks_like_path(word)
        {
            return Err(inputs::missing(word));
        }
        Ok(Sql {
            query: (!rest.is_empty()).then(|| rest.join(" ")),
            traces,
            rules: self.rules.intent(),
            seen_paths: self.paths.map(PathsName::setting).unwrap_or_default(),
            face: match (self.json, self.csv) {
                (true, _) => Face::Json,
                (_, true) => Face::Csv,
                _ => Face::Text,
            },
            jobs: self.reading.jobs,
            memory: self.reading.memory,
            quiet: self.reading.quiet,
            verbose: self.reading.verbose,
        })
    }
}
