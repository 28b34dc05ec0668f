//! Options of `tercel doctor`.

use std::path::PathBuf;

use clap::Args;

use super::live::SocketArgs;
use crate::intent::Doctor;

/// Options of `tercel doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code 0: a recording can be made, even if it lacks something; 1: none can be made.

Example:
  tercel doctor --json | jq -r '.findings[] | select(.remedy) | .remedy'")]
pub struct DoctorArgs {
    /// Do not load the probe: look at files only
    #[arg(long)]
    no_probe: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Types of the running kernel, where it does not show them itself: BTF, a vmlinux with it, or an archive of BTFHub
    #[arg(long, value_name = "FILE")]
    btf: Option<PathBuf>,
    #[command(flatten)]
    sockets: SocketArgs,
}

impl DoctorArgs {
    /// The typed intent.
    pub fn intent(self) -> Doctor {
        Doctor { json: self.json, trial: !self.no_probe, btf: self.btf, sockets: self.sockets.unchecked() }
    }
}
