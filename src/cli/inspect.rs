//! Options of `tercel info` and `tercel verify`.

use std::path::PathBuf;

use clap::Args;
use tercel_format::trace::Depth;

use super::read::captures_only;
use crate::exit::Failure;
use crate::intent::{Info, Sign, Verify};

/// Options of `tercel info`.
#[derive(Debug, Args)]
pub struct InfoArgs {
    /// Captures, directories of them, or - for standard input
    #[arg(value_name = "TRACE", required = true)]
    traces: Vec<String>,
    /// Print one JSON object per capture
    #[arg(long)]
    json: bool,
    /// Also print the twenty largest columns of a trace in columns
    #[arg(long)]
    columns: bool,
}

impl InfoArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// A capture does not exist.
    pub fn intent(self) -> Result<Info, Failure> {
        Ok(Info { traces: captures_only(&self.traces)?, json: self.json, columns: self.columns })
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
    /// Fail unless one of these signed the whole trace: a file as for 'ssh-keygen -Y verify -f'
    #[arg(long, value_name = "FILE")]
    allowed_signers: Option<PathBuf>,
    /// Write what the last signature signs to this file and the signature to FILE.sig, for 'ssh-keygen -Y verify -f SIGNERS -I
    /// WHO -n tercel-trace -s FILE.sig < FILE'
    #[arg(long, value_name = "FILE")]
    export_signature: Option<PathBuf>,
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
        if self.export_signature.is_some() && traces.len() != 1 {
            return Err(Failure::usage("--export-signature needs exactly one trace"));
        }
        let (allowed_signers, export) = (self.allowed_signers, self.export_signature);
        Ok(Verify { traces, depth, seal: self.seal, allowed_signers, export, quiet: self.quiet })
    }
}

/// Options of `tercel sign`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each trace is verified and gets a signature of its seal, which stays the same. Keys are those of 'ssh-keygen -t ed25519' or \
'-t ecdsa', without a passphrase. 'tercel verify --allowed-signers FILE' checks signatures.")]
pub struct SignArgs {
    /// Native traces, or directories of them
    #[arg(value_name = "TRACE", required = true)]
    traces: Vec<String>,
    /// The file with the private SSH key
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Print only failures
    #[arg(short, long)]
    quiet: bool,
}

impl SignArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// A trace does not exist.
    pub fn intent(self) -> Result<Sign, Failure> {
        Ok(Sign { traces: captures_only(&self.traces)?, key: self.key, quiet: self.quiet })
    }
}
