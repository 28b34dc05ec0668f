//! The end of a run of all tests: names on standard error each check that was skipped, and why. `TERCEL_HAS` lists what this
//! kind of machine is known to have; a check that was skipped for want of such a thing is a failure (`.ci/run`).

use std::io::{self, Write};
use std::process::ExitCode;

use tercel_test_support::skipped;

fn main() -> ExitCode {
    let has = std::env::var("TERCEL_HAS").unwrap_or_default();
    let has: Vec<&str> = has.split_whitespace().collect();
    let skipped = skipped();
    let mut text = match skipped.len() {
        0 => "Skipped checks: none\n".to_owned(),
        count => format!("Skipped checks: {count}\n"),
    };
    let mut wrong = 0;
    for (check, missing) in &skipped {
        let is_there = has.contains(&missing.need.as_str());
        wrong += usize::from(is_there);
        let remark = if is_there { " (TERCEL_HAS says that it is there)" } else { "" };
        text.push_str(&format!("  {check}: {}{remark}\n", missing.reason));
    }
    let _ = io::stderr().write_all(text.as_bytes());
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
