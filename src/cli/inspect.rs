//! Options of `tercel info` and `tercel verify`.

use clap::Args;

use super::read::captures_only;
use crate::exit::Failure;
use crate::intent::{Info, Verify};

/// Options of `tercel info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// Captures, directories of them, or - for standard input
    #[arg(value_name = "TRACE", required = true)]
    traces: Vec<String>,
    /// One JSON object per capture
    #[arg(long)]
    json: bool,
}

impl InfoArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// A capture is not there.
    pub fn intent(self) -> Result<Info, Failure> {
        Ok(Info { traces: captures_only(&self.traces)?, json: self.json })
    }
}

/// Options of `tercel verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Native traces, or directories of them
    #[arg(value_name = "TRACE", required = true)]
    traces: Vec<String>,
    /// Compare every keyframe with the state that a replay has there
    #[arg(long)]
    keyframes: bool,
    /// The seal that the trace must have, as info and verify print it
    #[arg(long, value_name = "HEX")]
    seal: Option<String>,
    /// Print only failures
    #[arg(short, long)]
    quiet: bool,
}

impl VerifyArgs {
    /// What is asked for.
    ///
    /// # Errors
    /// A trace is not there, or one seal is given for several.
    pub fn intent(self) -> Result<Verify, Failure> {
        let traces = captures_only(&self.traces)?;
        if self.seal.is_some() && traces.len() != 1 {
            return Err(Failure::usage("--seal is for one trace"));
        }
        Ok(Verify { traces, keyframes: self.keyframes, seal: self.seal, quiet: self.quiet })
    }
}
