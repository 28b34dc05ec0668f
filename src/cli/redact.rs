//! Options of `tercel redact`.

use std::path::PathBuf;

use clap::Args;

use super::write::{KindArgs, USUAL, WriteArgs, one};
use crate::exit::Failure;
use crate::intent::{Redact, Redaction};

/// Options of `tercel redact`.
#[derive(Debug, Args)]
#[command(after_help = "\
Equal values stay equal in the output, so that rules and joins still work. The replacements depend on a key, which is \
random for each run unless --key names a file, and is never written. docs/redact.md describes the policy.")]
pub struct RedactArgs {
    /// The capture, or - for standard input
    #[arg(value_name = "TRACE")]
    trace: String,
    /// YAML file that says what is redacted [default: the shipped policy]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// File whose bytes are the key, for the same replacements in several captures
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[command(flatten)]
    kind: KindArgs,
    #[command(flatten)]
    write: WriteArgs,
    /// Print no summary and no progress
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,
    /// Show every damaged place
    #[arg(short, long)]
    verbose: bool,
}

/// Options of the verbs that redact what they write as it is captured.
#[derive(Debug, Args)]
pub struct RedactionArgs {
    /// Redact what is written by this policy, a YAML file, or `default` for the shipped one (see 'tercel redact'): files of the trace, their
    /// headers and keyframes never contain what the policy names
    #[arg(long, value_name = "POLICY", help_heading = "Redaction")]
    redact: Option<PathBuf>,
    /// File whose bytes are the key of --redact, for the same replacements in several traces
    #[arg(long, value_name = "FILE", requires = "redact", help_heading = "Redaction")]
    redact_key: Option<PathBuf>,
}

impl RedactionArgs {
    /// The typed intent.
    pub fn intent(self) -> Option<Redaction> {
        let policy = self.redact?;
        let policy = Some(policy).filter(|policy| policy.as_os_str() != "default");
        Some(Redaction { policy, key: self.redact_key })
    }
}

impl RedactArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// The capture does not exist.
    pub fn intent(self) -> Result<Redact, Failure> {
        let write = self.write.intent(self.kind.intent(), USUAL);
        let RedactArgs { trace, policy, key, quiet, verbose, .. } = self;
        Ok(Redact { input: one(trace)?, write, redaction: Redaction { policy, key }, quiet, verbose })
    }
}
