//! What this process may do: its capabilities, a seccomp filter, and whether it sees the host's processes.

use crate::doctor::{Finding, Host};
use crate::error::remedy;
use crate::scope;

/// Numbers of capabilities (include/uapi/linux/capability.h).
const DAC_READ_SEARCH: u32 = 2;
const SYS_PTRACE: u32 = 19;
const SYS_ADMIN: u32 = 21;
const PERFMON: u32 = 38;
const BPF: u32 = 39;

pub(super) fn findings(host: &Host) -> Vec<Finding> {
    let status = host.text("proc/self/status").unwrap_or_default();
    vec![capabilities(&status), seccomp(&status), pid_namespace(scope::sees_numbers_of_host())]
}

fn capabilities(status: &str) -> Finding {
    const SUBJECT: &str = "capabilities";
    let has = |bit: u32| held(status) >> bit & 1 != 0;
    let can_load = has(SYS_ADMIN) || (has(BPF) && has(PERFMON));
    if !can_load {
        return Finding::blocking(SUBJECT, "not enough to load the probe", &remedy(status));
    }
    let reading = [("CAP_SYS_PTRACE", SYS_PTRACE), ("CAP_DAC_READ_SEARCH", DAC_READ_SEARCH)];
    let lacking: Vec<&str> = reading.iter().filter(|(_, bit)| !has(*bit)).map(|(name, _)| *name).collect();
    if lacking.is_empty() {
        return Finding::good(SUBJECT, "all that are needed");
    }
    Finding::limited(
        SUBJECT,
        format!("without {}", lacking.join(" and ")),
        "environment, executable and fds of processes of other users that started before the recording",
        &format!("run as root, or add {}", lacking.join(" and ")),
    )
}

/// Effective capabilities, from /proc/self/status.
fn held(status: &str) -> u64 {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|held| u64::from_str_radix(held.trim(), 16).ok()).unwrap_or(0)
}

fn seccomp(status: &str) -> Finding {
    const SUBJECT: &str = "seccomp";
    let mode = status.lines().find_map(|line| line.strip_prefix("Seccomp:")).map_or("0", str::trim);
    if mode == "0" {
        return Finding::good(SUBJECT, "no filter");
    }
    let missing = "everything, if the filter forbids bpf(2) or perf_event_open(2): the probe shows it";
    let remedy = "start the container with --security-opt seccomp=unconfined, or with a profile that allows both calls";
    Finding::limited(SUBJECT, "this process has a filter", missing, remedy)
}

fn pid_namespace(is_host: bool) -> Finding {
    const SUBJECT: &str = "pid namespace";
    if is_host {
        return Finding::good(SUBJECT, "that of the host");
    }
    Finding::limited(
        SUBJECT,
        "not that of the host",
        "processes, fds and sockets that existed before the recording; limits to processes (-p, -- COMMAND) are not applied in the kernel",
        "start the container with --pid=host (hostPID: true)",
    )
}

#[cfg(test)]
mod tests {
    use super::super::State::{Blocking, Good, Limited};
    use super::*;

    #[test]
    fn what_capabilities_allow() {
        let all = (1 << BPF) | (1 << PERFMON) | (1 << SYS_PTRACE) | (1 << DAC_READ_SEARCH);
        for (held, state, named) in [
            (0u64, Blocking, "CAP_BPF and CAP_PERFMON"),
            (1 << BPF, Blocking, "CAP_PERFMON"),
            (1 << BPF | 1 << PERFMON, Limited, "CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH"),
            (all & !(1 << SYS_PTRACE), Limited, "add CAP_SYS_PTRACE"),
            (1 << SYS_ADMIN | 1 << SYS_PTRACE | 1 << DAC_READ_SEARCH, Good, ""),
            (all, Good, ""),
        ] {
            let finding = capabilities(&format!("Name:\tx\nCapEff:\t{held:016x}\n"));
            assert_eq!(finding.state, state, "{held:x}");
            assert!(finding.remedy.unwrap_or_default().contains(named), "{held:x}");
        }
    }

    #[test]
    fn filters_and_namespaces() {
        assert_eq!(seccomp("Seccomp:\t0\n").state, Good);
        assert_eq!(seccomp("Seccomp:\t2\n").state, Limited);
        assert_eq!(pid_namespace(true).state, Good);
        assert_eq!(pid_namespace(false).state, Limited);
    }
}
