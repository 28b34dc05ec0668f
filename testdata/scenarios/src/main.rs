//! Writes the captures of all stories to testdata/traces.
#![forbid(unsafe_code)]

use std::io::{self, Write};

use tercel_scenarios::{stories, trace};

fn main() -> io::Result<()> {
    let mut output = io::stdout().lock();
    for story in stories() {
        let word = if trace::store(&story)? { "written" } else { "unchanged" };
        writeln!(output, "{word:9} {}", trace::path(&story).display())?;
    }
    Ok(())
}
