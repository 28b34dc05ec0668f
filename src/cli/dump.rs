//! Options of `tercel dump`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tercel_recording::CONTROL_SOCKET;

use super::values;
use crate::intent::Dump;

/// Options of `tercel dump`.
#[derive(Debug, Args)]
#[command(after_help = "\
The name of the file is printed once that is safely on the disk. 'tercel live' writes next to its cuts \
(capture.path_prefix), 'tercel record' next to its trace. Only root and the user who runs the recorder may ask.")]
pub struct DumpArgs {
    /// The control socket of the recorder, as it was given with --control
    #[arg(long, value_name = "PATH", default_value = CONTROL_SOCKET)]
    socket: PathBuf,
    /// Only the events of this time before now, in seconds or as in 2m30s [default: all that are in memory]
    #[arg(long, value_name = "DURATION", value_parser = values::duration)]
    before: Option<Duration>,
}

impl DumpArgs {
    /// The typed intent.
    pub fn intent(self) -> Dump {
        Dump { socket: self.socket, before: self.before }
    }
}
