//! Whether anything can be recorded on this machine, judged by the machine alone: a recorder that is broken is no reason to
//! skip its tests.

use std::path::Path;

/// Why nothing can be recorded here.
pub fn missing() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap_or("0");
    let capabilities = u64::from_str_radix(capabilities.trim(), 16).unwrap_or(0);
    // CAP_BPF and CAP_PERFMON.
    if capabilities >> 38 & 3 != 3 {
        return Some("needs root with CAP_BPF and CAP_PERFMON".to_owned());
    }
    let btf = Path::new("/sys/kernel/btf/vmlinux");
    (!btf.exists()).then(|| format!("{} is missing", btf.display()))
}
