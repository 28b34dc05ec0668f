//! Options of `tercel collect`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::live::SocketArgs;
use super::redact::RedactionArgs;
use super::values;
use super::write::CreateArgs;
use crate::exit::Failure;
use crate::intent::Collect;

/// Options of `tercel collect`.
#[derive(Debug, Args)]
#[command(after_help = "\
The bundle holds the trace, what the host offered (doctor.txt), the rules, the alerts (alerts.txt, alerts.jsonl), a report \
(report.html), and the checksums of all of them. Until it is whole, all is in a directory next to it, FILE.partial; nothing \
else is written on the host. Ctrl-C ends the recording and makes the bundle of what there is.

Every verb that reads captures reads the trace of a bundle, and verify checks its checksums and signatures:
  tercel collect -w host7.tar.zst --seconds 60
  tercel ps host7.tar.zst
  tercel replay -r rules host7.tar.zst
  tercel verify host7.tar.zst")]
pub struct CollectArgs {
    /// Write the bundle to this file, as a tar archive in zstd
    #[arg(short, long = "write", value_name = "FILE", help_heading = "Writing")]
    write: PathBuf,
    #[command(flatten)]
    create: CreateArgs,
    /// Sign the trace and the checksums with this private SSH key
    #[arg(long, value_name = "KEY", help_heading = "Writing")]
    sign: Option<PathBuf>,
    /// Record the host for this time, in seconds or as in 2m30s
    #[arg(short = 'M', long = "seconds", value_name = "DURATION", default_value = "60", value_parser = values::duration)]
    duration: Duration,
    /// Keep at most this many bytes of each buffer that is read or written
    #[arg(short = 's', long, value_name = "SIZE", default_value = "80", value_parser = values::snaplen)]
    snaplen: u32,
    /// Rule files or directories of them, in the order of loading [default: the rules that come with tercel]
    #[arg(short, long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    #[command(flatten)]
    redaction: RedactionArgs,
    #[command(flatten)]
    sockets: SocketArgs,
    /// Print no summaries
    #[arg(short, long)]
    quiet: bool,
}

impl CollectArgs {
    /// The typed intent.
    ///
    /// # Errors
    /// The bundle cannot be a file, or nothing listens at a socket.
    pub fn intent(self) -> Result<Collect, Failure> {
        if self.write == Path::new("-") {
            return Err(Failure::usage("a bundle is made next to its file; it cannot go to standard output"));
        }
        Ok(Collect {
            path: self.write,
            creation: self.create.intent(),
            duration: self.duration,
            snaplen: self.snaplen,
            rules: self.rules,
            sign: self.sign,
            redaction: self.redaction.intent(),
            sockets: self.sockets.intent()?,
            quiet: self.quiet,
        })
    }
}
