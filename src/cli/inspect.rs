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
    /// Print one JSON object per capture
    #[arg(long)]
    json: bool,
}

impl InfoArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// A capture does not exist.
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
    /// Replay the trace and compare each keyframe with the state there
    #[arg(long)]
    keyframes: bool,
    /// Fail unless the trace has this seal, as 'tercel info' and 'tercel verify' print it
    #[arg(long, value_name = "HEX")]
    seal: Option<String>,
    /// Print only failures
    #[arg(short, long)]
    quiet: bool,
}

impl VerifyArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// A trace does not exist, or a seal is given for several traces.
    pub fn intent(self) -> Result<Verify, Failure> {
        let traces = captures_only(&self.traces)?;
        if self.seal.is_some() && traces.len() != 1 {
            return Err(Failure::usage("--seal needs exactly one trace"));
        }
        Ok(Verify { traces, keyframes: self.keyframes, seal: self.seal, quiet: self.quiet })
    }
}
