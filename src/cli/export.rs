//! Options of `tercel export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tercel_analysis::events::EventField;
use tercel_analysis::tables::Table;
use tercel_rules::fields::{nearest, suggest};

use super::read::{AskArgs, POINTS};
use super::tables::RuleArgs;
use crate::exit::Failure;
use crate::inputs::Input;
use crate::intent::{Export, Exported, FileForm, Schema};

/// The fields of events unless others are chosen.
const FIELDS: &str = "evt.num,evt.cpu,evt.type,evt.category,evt.rawres,proc.name,proc.pid,thread.tid,proc.ppid,user.uid,\
                      container.id,fd.num,fd.type,fd.name,evt.is_io";

/// Options of `tercel export`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Without --table or --schema, events leave, with their time and the chosen fields ('tercel fields'). The ending of the file says \
its form: .parquet, .jsonl or .csv.
  tercel export trace.scap -o events.parquet
  tercel export trace.scap --fields evt.type,proc.name,fd.name -o e.csv
  tercel export trace.scap --table connections -o connections.parquet
  tercel export trace.scap --schema ocsf -r rules -o ocsf.jsonl\n\n{POINTS}"))]
pub struct ExportArgs {
    /// Captures, directories of them, or - for standard input; then, optionally, a filter: only the events for which it
    /// holds count
    #[arg(value_name = "TRACE… [FILTER]", required = true)]
    words: Vec<String>,
    /// Export a table instead of events; 'tercel table' lists them
    #[arg(long, value_name = "NAME", help_heading = "What to export")]
    table: Option<String>,
    /// Export these fields of events, with a comma between
    #[arg(long, value_name = "FIELDS", conflicts_with_all = ["table", "schema"], help_heading = "What to export")]
    fields: Option<String>,
    /// Export what processes did, and the alerts of --rules, as objects of this schema, one per line
    #[arg(long, value_enum, conflicts_with = "table", help_heading = "What to export")]
    schema: Option<SchemaName>,
    #[command(flatten)]
    rules: RuleArgs,
    #[command(flatten)]
    ask: AskArgs,
    /// Write to this file [default: standard output]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
    /// The form of the file [default: as its ending says, otherwise jsonl]
    #[arg(long, value_enum, help_heading = "Output")]
    format: Option<Format>,
}

/// A public schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaName {
    /// Open Cybersecurity Schema Framework 1.2.0
    Ocsf,
    /// Elastic Common Schema 9.4.0
    Ecs,
}

/// The form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Apache Parquet
    Parquet,
    /// One JSON object per line
    Jsonl,
    /// CSV
    Csv,
}

impl ExportArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// Arguments contradict each other, or name something that does not exist.
    pub fn intent(self) -> Result<Export, Failure> {
        let asked = self.ask.intent(&self.words, true)?;
        let what = match (self.schema, &self.table) {
            (Some(SchemaName::Ocsf), _) => Exported::Schema(Schema::Ocsf),
            (Some(SchemaName::Ecs), _) => Exported::Schema(Schema::Ecs),
            (None, Some(name)) => Exported::Table(table(name)?),
            (None, None) => Exported::Events(
                self.fields.as_deref().unwrap_or(FIELDS).split(',').map(field).collect::<Result<_, _>>()?,
            ),
        };
        let rules = self.rules.intent();
        match &what {
            Exported::Table(Table::Alerts) if rules.is_none() => {
                return Err(Failure::usage("the table alerts needs rules: give them with --rules"));
            }
            Exported::Events(_) if rules.is_some() => {
                return Err(Failure::usage(
                    "--rules is for --table alerts and --schema; events have no alerts",
                ));
            }
            Exported::Schema(_) if rules.is_some() && asked.traces.contains(&Input::Stdin) => {
                return Err(Failure::usage(
                    "alerts need a second look at captures; standard input cannot be one of them",
                ));
            }
            _ => {}
        }
        let ending =
            self.output.as_deref().and_then(|path| path.extension()).and_then(|ending| ending.to_str());
        let form = match (self.format, ending) {
            (Some(Format::Parquet), _) | (None, Some("parquet")) => FileForm::Parquet,
            (Some(Format::Csv), _) | (None, Some("csv")) => FileForm::Csv,
            _ => FileForm::Json,
        };
        if let (Exported::Schema(_), FileForm::Parquet | FileForm::Csv) = (&what, form) {
            return Err(Failure::usage("objects of a schema leave as JSON lines only"));
        }
        if cfg!(not(feature = "parquet")) && form == FileForm::Parquet {
            let text = "this tercel was built without Parquet; 'cargo install --features parquet' builds it in. --format jsonl \
                        and csv are there";
            return Err(Failure::usage(text));
        }
        Ok(Export { asked, what, form, rules, output: self.output })
    }
}

fn table(name: &str) -> Result<Table, Failure> {
    Table::of_name(name).ok_or_else(|| {
        let near = nearest(name, Table::ALL.iter().map(|table| table.info().name));
        let meant =
            near.map_or("'tercel table' lists them".to_owned(), |near| format!("did you mean '{near}'?"));
        Failure::usage(format!("unknown table '{name}'; {meant}"))
    })
}

fn field(name: &str) -> Result<EventField, Failure> {
    EventField::of(name.trim()).ok_or_else(|| {
        let meant = suggest(name)
            .map_or("'tercel fields' lists them".to_owned(), |near| format!("did you mean '{near}'?"));
        Failure::usage(format!("unknown field '{name}'; {meant}"))
    })
}
