//! What exists when capture begins: /proc, the databases of users and the interfaces enter; records as traces hold them leave.
//! Everything may vanish while it is read; what vanishes is left out.

mod fds;
mod host;
mod interfaces;
mod sockets;
mod text;
mod threads;
pub(crate) mod usage;

use tercel_format::record::{Account, FdList, Interface, MachineInfo, ProcessRecord};

use sockets::Sockets;

/// The state of a host.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// The host.
    pub machine: MachineInfo,
    /// Interfaces with their addresses.
    pub interfaces: Vec<Interface>,
    /// Users and groups.
    pub accounts: Vec<Account>,
    /// Processes and threads.
    pub processes: Vec<ProcessRecord>,
    /// Fds of every process.
    pub fds: Vec<FdList>,
    /// Fds that an exec closes and whose list cannot say so: process, first and last number.
    pub closing: Vec<(i64, u32, u32)>,
}

/// The processes of the host, without their other threads.
///
/// ```
/// let own = i64::from(std::process::id());
/// assert!(tercel_capture::processes().iter().any(|process| process.pid == own));
/// ```
pub fn processes() -> Vec<ProcessRecord> {
    threads::numbers("/proc").into_iter().filter_map(threads::process).collect()
}

/// Any bytes as the text of each file of /proc and of the databases of users.
#[cfg(fuzzing)]
pub fn any_text(bytes: &[u8]) {
    threads::any_text(bytes);
    sockets::any_line(bytes);
    host::any_line(bytes);
    fds::any_text(bytes);
}

impl Snapshot {
    /// Reads the host. The recorder is part of it: it may be the parent of what it records.
    pub(crate) fn take() -> Snapshot {
        let mut snapshot = Snapshot {
            machine: host::machine(),
            interfaces: interfaces::interfaces(),
            accounts: host::accounts(),
            ..Snapshot::default()
        };
        let mut sockets = Sockets::default();
        for pid in threads::numbers("/proc") {
            let Some(process) = threads::process(pid) else { continue };
            let (fds, closing) = fds::fds(pid, &mut sockets);
            snapshot.fds.push(fds);
            snapshot.closing.extend(closing.into_iter().map(|(first, last)| (pid, first, last)));
            let others: Vec<ProcessRecord> =
                threads::threads(pid).into_iter().filter_map(|tid| threads::thread(&process, tid)).collect();
            snapshot.processes.push(process);
            snapshot.processes.extend(others);
        }
        snapshot
    }
}
