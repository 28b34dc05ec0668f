//! What the running kernel and host are, as far as the probe depends on it. Names of files below /proc and /sys enter, numbers leave.

use std::fs;
use std::path::Path;

use tercel_format::catalogue::Machine;

use crate::error::CaptureError;
use crate::syscalls;

/// One more than the highest number of a CPU that may ever run.
pub(crate) fn cpus() -> Result<u32, CaptureError> {
    let path = "/sys/devices/system/cpu/possible";
    let text =
        fs::read_to_string(path).map_err(|cause| CaptureError::Host { path: path.to_owned(), cause })?;
    let last = text.trim().rsplit([',', '-']).next().and_then(|last| last.parse::<u32>().ok());
    Ok(last.unwrap_or(0) + 1)
}

/// Version of the running kernel; (0, 0) if it is not known.
pub(crate) fn kernel_version() -> (u32, u32) {
    version(&kernel_release())
}

/// Version in the name of a release, as in `6.12.9-amd64`.
pub(crate) fn version(release: &str) -> (u32, u32) {
    let mut parts = release.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

pub(crate) fn kernel_release() -> String {
    fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned()
}

/// Whether this kernel has loops (`bpf_loop`). Without them the verifier goes through each turn by itself.
pub(crate) fn has_loops(kernel: (u32, u32)) -> bool {
    kernel >= (5, 17)
}

/// Whether this kernel takes the programs that put paths together beside an event, which have loops in loops.
pub(crate) fn says_paths(kernel: (u32, u32)) -> bool {
    has_loops(kernel)
}

/// Whether this kernel has tracepoints at the entry of each call that is compared (CONFIG_FTRACE_SYSCALLS, tracefs mounted);
/// `root` is the host's root directory.
pub(crate) fn has_entry_tracepoints(root: &Path) -> bool {
    let is_there = |tracefs: &str| {
        let mut names = syscalls::entry_tracepoints(Machine::OF_THIS_PROGRAM);
        let events = root.join(tracefs).join("events/syscalls");
        names.all(|name| events.join(name).join("id").exists())
    };
    is_there("sys/kernel/tracing") || is_there("sys/kernel/debug/tracing")
}

/// Number of the host's mount namespace: that of its first process, or else, where that may not be looked at, of this one; 0 if
/// neither can be read.
pub(crate) fn host_mounts() -> u32 {
    let number = |process: &str| {
        let link = fs::read_link(format!("/proc/{process}/ns/mnt")).ok()?;
        link.to_str()?.strip_prefix("mnt:[")?.strip_suffix(']')?.parse().ok()
    };
    number("1").or_else(|| number("self")).unwrap_or(0)
}

/// The recorder's thread group as the kernel numbers it, also from within a pid namespace that has the host's /proc.
pub(crate) fn own_tgid() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("NStgid:")?.split_whitespace().next()?.parse().ok())
        .unwrap_or_else(std::process::id)
}
