//! Why capture cannot start or go on.

use std::io;

/// What went wrong, with the remedy if there is one.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The types of the kernel are nowhere to be found.
    #[error("{path}: {cause}; {remedy}")]
    NoBtf {
        /// Where they were looked for.
        path: String,
        /// Why they cannot be read.
        cause: io::Error,
        /// What to do.
        remedy: String,
    },
    /// Type information is malformed.
    #[error("{path}: malformed type information")]
    BadBtf {
        /// Where it was found.
        path: String,
    },
    /// A kernel structure has no such member.
    #[error("this kernel has no {path}, which the probe needs as {field}; Linux 5.10 or newer is supported")]
    NoField {
        /// Name in the probe.
        field: &'static str,
        /// Path in the kernel's types.
        path: &'static str,
    },
    /// The process may not do it.
    #[error("{what} is not allowed: {remedy}")]
    NotAllowed {
        /// What was tried.
        what: String,
        /// What is missing.
        remedy: String,
    },
    /// The kernel is older than something that the probe needs.
    #[error(
        "this kernel has no {feature}, which needs Linux {since} or newer; the running kernel is {running}"
    )]
    NoFeature {
        /// What is missing.
        feature: &'static str,
        /// First version that has it.
        since: &'static str,
        /// Release of the running kernel.
        running: String,
    },
    /// The kernel refused the probe or a part of it.
    #[error("{what}: {cause}")]
    Refused {
        /// What was tried.
        what: String,
        /// The kernel's answer, with the last lines of its log.
        cause: String,
    },
    /// The object lacks a part; it does not belong to this program.
    #[error("the probe's object has no {0}")]
    NoPart(&'static str),
    /// A file of the host cannot be read.
    #[error("{path}: {cause}")]
    Host {
        /// Path.
        path: String,
        /// Why.
        cause: io::Error,
    },
}

impl CaptureError {
    /// The kernel said that the process may not do something.
    pub(crate) fn not_allowed(what: &str) -> CaptureError {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        CaptureError::NotAllowed { what: what.to_owned(), remedy: remedy(&status) }
    }
}

/// What to do, from /proc/self/status.
pub(crate) fn remedy(status: &str) -> String {
    const NEEDED: [(&str, u32); 2] = [("CAP_BPF", 39), ("CAP_PERFMON", 38)];
    const CAP_SYS_ADMIN: u32 = 21;
    let held =
        status.lines().find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok());
    let held = held.unwrap_or(0);
    let has = |bit: u32| held >> bit & 1 != 0;
    let missing: Vec<&str> =
        NEEDED.iter().filter(|(_, bit)| !has(*bit) && !has(CAP_SYS_ADMIN)).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return "the process has the capabilities; either the kernel is locked down (/sys/kernel/security/lockdown), or a \
                container's seccomp filter forbids bpf(2)"
            .to_owned();
    }
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().nth(1));
    if uid == Some("0") {
        let added: Vec<String> =
            missing.iter().map(|name| format!("--cap-add {}", name.trim_start_matches("CAP_"))).collect();
        return format!(
            "this root lacks {}: start the container with {} (or --cap-add SYS_ADMIN, where the engine does not know them; and \
             --cap-add SYS_PTRACE --cap-add DAC_READ_SEARCH, to read /proc of other users)",
            missing.join(" and "),
            added.join(" ")
        );
    }
    format!(
        "run as root, or with {} (and CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, to read /proc of other users)",
        missing.join(" and ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named() {
        for (held, expected) in [
            (0u64, "with CAP_BPF and CAP_PERFMON ("),
            (1 << 39, "with CAP_PERFMON ("),
            (1 << 38 | 1 << 39, "locked down"),
            (1 << 21, "locked down"),
        ] {
            let text = remedy(&format!("Name:\tx\nCapEff:\t{held:016x}\n"));
            assert!(text.contains(expected), "{held:x}: {text}");
        }
        // Root of a container.
        let text = remedy("Uid:\t0\t0\t0\t0\nCapEff:\t00000000a80425fb\n");
        assert!(
            text.contains(
                "lacks CAP_BPF and CAP_PERFMON: start the container with --cap-add BPF --cap-add PERFMON ("
            ),
            "{text}"
        );
    }
}
