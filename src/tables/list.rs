//! The catalogue of tables, for people.

use std::io::{self, Write};

use tercel_analysis::tables::Table;

use crate::exit::{Failure, Outcome};

/// Prints the tables with their columns.
pub fn run() -> Result<Outcome, Failure> {
    let mut out = io::stdout().lock();
    super::finish(print(&mut out))
}

fn print(out: &mut dyn Write) -> io::Result<()> {
    for (index, table) in Table::ALL.iter().enumerate() {
        let info = table.info();
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}: {}", info.name, info.meaning)?;
        for column in info.columns {
            writeln!(out, "  {:<16} {:<9} {}", column.name, column.ty.name(), column.meaning)?;
        }
    }
    Ok(())
}
