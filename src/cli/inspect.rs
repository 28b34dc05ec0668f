//! Options of `tercel info` and `tercel verify`.

use clap::Args;
use tercel_format::trace::Depth;

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
#[command(after_help = "\
Checked are the digest of every chunk, chained to the one before; every block, and what descriptors and index say of \
them: counts, times, event numbers, lost events; and every keyframe, whose state must be that of a replay. The digests \
are not secret: whoever rewrites a whole trace can make them right. The seal names the trace; kept elsewhere, it shows \
any change.")]
pub struct VerifyArgs {
    /// Native traces, or directories of them
    #[arg(value_name = "TRACE", required = true)]
    traces: Vec<String>,
    /// Verify only the digests, the order of the chunks and the index: nothing is decompressed or replayed
    #[arg(long)]
    fast: bool,
    /// The default
    #[arg(long, hide = true, conflicts_with = "fast")]
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
        let depth = if self.fast { Depth::Digests } else { Depth::Contents };
        Ok(Verify { traces, depth, seal: self.seal, quiet: self.quiet })
    }
}
