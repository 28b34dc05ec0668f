//! What this machine has, judged by the machine alone: a recorder that is broken is no reason to skip its tests.

use std::fs;
use std::path::{Path, PathBuf};

/// CAP_BPF and CAP_PERFMON.
const RECORDING: u64 = 1 << 39 | 1 << 38;

/// What a check needs and this machine does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// A word for it, by which `TERCEL_HAS` says that this kind of machine has it: `root`, `btf`, `corpus`, or a tool.
    pub need: String,
    /// A sentence for people.
    pub reason: String,
}

impl Missing {
    /// Something is missing.
    pub fn new(need: &str, reason: impl Into<String>) -> Missing {
        Missing { need: need.to_owned(), reason: reason.into() }
    }
}

/// The capabilities that this process has.
fn capabilities() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let word = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap_or("0");
    u64::from_str_radix(word.trim(), 16).unwrap_or(0)
}

/// Whether something can be recorded here.
pub fn recording() -> Result<(), Missing> {
    if capabilities() & RECORDING != RECORDING {
        return Err(Missing::new("root", "needs root with CAP_BPF and CAP_PERFMON"));
    }
    let btf = Path::new("/sys/kernel/btf/vmlinux");
    if btf.exists() { Ok(()) } else { Err(Missing::new("btf", format!("{} is missing", btf.display()))) }
}

/// Where a program is installed. Those of root are not always on the path.
pub fn tool(name: &str) -> Result<PathBuf, Missing> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let found = directories.map(|directory| directory.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| Missing::new(name, format!("{name} is not installed")))
}

/// Busybox, linked without libraries, so that it runs in a container that holds nothing else.
pub fn busybox() -> Result<PathBuf, Missing> {
    let path = Path::new("/bin/busybox");
    let bytes = fs::read(path).unwrap_or_default();
    // A program that needs libraries names their loader near its beginning.
    let head = bytes.get(..2048).unwrap_or_default();
    if head.is_empty() || head.windows(9).any(|bytes| bytes == b"ld-linux-") {
        return Err(Missing::new("busybox", "no static /bin/busybox"));
    }
    Ok(path.to_owned())
}
