//! `tercel dump`: asks a recorder that keeps events in memory to write them, and prints the name of the file once that is safely on the
//! disk.

use std::io::{self, Write};

use tercel_recording::request_dump;

use crate::exit::{Failure, Outcome};
use crate::finish;
use crate::intent::Dump;

/// Runs the verb.
pub fn run(args: &Dump) -> Result<Outcome, Failure> {
    let name = request_dump(&args.socket, args.before).map_err(Failure::io)?;
    finish(writeln!(io::stdout().lock(), "{name}"))
}
