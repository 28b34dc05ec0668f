//! What happened as objects of public schemas: rows of tables enter; events of the Open Cybersecurity Schema Framework ([`ocsf`]) or documents of
//! the Elastic Common Schema ([`ecs`]) leave. Alerts have their own form in `tercel_replay`.

mod ecs;
mod ocsf;

use serde_json::Value;
use tercel_replay::put;

use crate::tables::{Cell, Row, Table, iso8601};

pub use ecs::ecs;
pub use ocsf::ocsf;

/// The tables whose rows have objects.
pub const TABLES: &[Table] = &[Table::Processes, Table::Executions, Table::Files, Table::Connections];

/// A row of a table, and the host that it is about.
#[derive(Debug, Clone, Copy)]
pub struct Activity<'a> {
    /// The table, one of [`TABLES`].
    pub table: Table,
    /// The row.
    pub row: &'a Row,
    /// Name of the host.
    pub host: &'a str,
    /// Version of the program.
    pub version: &'a str,
}

impl<'a> Activity<'a> {
    fn cell(&self, column: &str) -> &'a Cell {
        self.table.info().column(column).map_or(&Cell::Null, |at| &self.row[at])
    }

    /// The value of a column; `None` for nothing.
    fn value(&self, column: &str) -> Option<Value> {
        match self.cell(column) {
            Cell::Null => None,
            Cell::Bool(is) => Some(Value::from(*is)),
            Cell::Int(number) => Some(Value::from(*number)),
            Cell::Uint(number) | Cell::Span(number) => Some(Value::from(*number)),
            Cell::Time(ts) => Some(Value::from(iso8601(*ts))),
            Cell::Address(address) => Some(Value::from(address.to_string())),
            Cell::Text(text) => Some(Value::from(String::from_utf8_lossy(text))),
        }
    }

    fn text(&self, column: &str) -> Option<Value> {
        self.value(column).map(|value| if value.is_string() { value } else { Value::from(value.to_string()) })
    }

    fn count(&self, column: &str) -> u64 {
        if let Cell::Uint(number) = self.cell(column) { *number } else { 0 }
    }

    fn time(&self, column: &str) -> Option<u64> {
        if let Cell::Time(ts) = self.cell(column) { Some(*ts) } else { None }
    }

    /// The durable name of the process.
    fn identity(&self) -> Option<Value> {
        self.value("process")
    }
}

/// The last part of a path.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(table: Table, cells: &[(&str, Cell)]) -> Row {
        let mut row = vec![Cell::Null; table.info().columns.len()];
        for (name, cell) in cells {
            row[table.info().column(name).expect("a column")] = cell.clone();
        }
        row
    }

    #[test]
    fn rows_have_the_keys_of_the_schemas() {
        let text = |text: &str| Cell::Text(text.as_bytes().into());
        let execution = row(
            Table::Executions,
            &[
                ("time", Cell::Time(1_795_438_875_500_000_000)),
                ("pid", Cell::Int(7)),
                ("name", text("cat")),
                ("cmdline", text("cat /etc/shadow")),
                ("exe", text("/usr/bin/cat")),
            ],
        );
        let activity = |table, row| Activity { table, row, host: "h", version: "1" };
        let found = ocsf(&activity(Table::Executions, &execution));
        assert_eq!(found.len(), 1);
        assert_eq!(
            (&found[0]["class_uid"], &found[0]["type_uid"]),
            (&Value::from(1007), &Value::from(100_701))
        );
        assert_eq!(found[0]["process"]["file"]["name"], "cat");
        let found = ecs(&activity(Table::Executions, &execution));
        assert_eq!(found[0]["event"]["category"][0], "process");
        assert_eq!(found[0]["@timestamp"], "2026-11-23T13:01:15.500000000Z");
        let file = row(
            Table::Files,
            &[
                ("path", text("/etc/x")),
                ("created", Cell::Uint(1)),
                ("deleted", Cell::Uint(1)),
                ("last", Cell::Time(5)),
            ],
        );
        assert_eq!(ocsf(&activity(Table::Files, &file)).len(), 2);
        let connection = row(
            Table::Connections,
            &[
                ("role", text("client")),
                ("remote_address", Cell::Address("192.0.2.1".parse().expect("an address"))),
                ("remote_port", Cell::Uint(443)),
            ],
        );
        let found = ocsf(&activity(Table::Connections, &connection));
        assert_eq!(
            (&found[0]["class_uid"], &found[0]["dst_endpoint"]["port"]),
            (&Value::from(4001), &Value::from(443))
        );
        assert_eq!(ecs(&activity(Table::Connections, &connection))[0]["destination"]["port"], 443);
    }
}
