//! What the kernel offers: its release, its types, what it reports of io_uring, its trace points, whether it is locked down.

use std::path::Path;

use crate::btf::Btf;
use crate::doctor::{Finding, Host};
use crate::kernel::{has_entry_tracepoints, says_paths, version};
use crate::options::PathCoverage;
use crate::probe::check_types;
use crate::types::{self, Types};
use crate::uring::{self, Points};

/// The first release that the probe is made for.
const OLDEST: (u32, u32) = (5, 10);
/// From here on the probe is attached by tracefs ([`crate::probe::Probe`]).
const CLASSIC: (u32, u32) = (7, 0);

pub(super) fn findings(host: &Host, btf: Option<&Path>) -> Vec<Finding> {
    let release = host.text("proc/sys/kernel/osrelease").unwrap_or_default();
    let version = version(&release);
    let mut findings = vec![kernel(&release, version)];
    let types =
        types::find(&host.0, release.trim(), btf).and_then(|found| check_types(&found.btf).map(|()| found));
    match types {
        Ok(Types { btf, source, size, .. }) => {
            let source = host.shown(&source);
            findings.push(Finding::good("btf", format!("{source}, {} KiB", size >> 10)));
            findings.push(io_uring(host, Some(&btf)));
        }
        Err(error) => {
            let remedy = "give the kernel's types by --btf FILE, or boot a kernel with CONFIG_DEBUG_INFO_BTF=y: those of current \
                          distributions have it";
            findings.push(Finding::blocking("btf", error.to_string(), remedy));
            findings.push(io_uring(host, None));
        }
    }
    findings.push(trace_points(host, version));
    findings.push(lockdown(host));
    findings
}

fn kernel(release: &str, version: (u32, u32)) -> Finding {
    let found = format!("Linux {release}, {}", std::env::consts::ARCH);
    let update = "boot a newer kernel";
    if version < OLDEST {
        return Finding::blocking("kernel", found, "boot Linux 5.10 or newer");
    }
    if !says_paths(version) {
        return Finding::limited("kernel", found, &PathCoverage::Caller.text(), update);
    }
    Finding::good("kernel", found)
}

fn io_uring(host: &Host, btf: Option<&Btf>) -> Finding {
    const SUBJECT: &str = "io_uring";
    const UNSEEN: &str = "what programs do through io_uring: opens, connections, reads, writes";
    const DISABLE: &str = "forbid rings where nothing needs them: sysctl -w kernel.io_uring_disabled=2";
    let disabled = host.text("proc/sys/kernel/io_uring_disabled");
    if disabled.as_deref() == Some("2") {
        return Finding::good(SUBJECT, "disabled (kernel.io_uring_disabled = 2): no program can use it");
    }
    let Some(btf) = btf else {
        return Finding::limited(SUBJECT, "not known without the kernel's types", UNSEEN, DISABLE);
    };
    if Points::find(btf).is_none() {
        let found = "the trace points of this kernel do not say which request they are about";
        return Finding::limited(SUBJECT, found, UNSEEN, DISABLE);
    }
    let (_, coverage) = uring::operations(btf);
    let found = coverage.text();
    Finding::good(SUBJECT, found.strip_prefix("io_uring: ").unwrap_or(&found))
}

fn trace_points(host: &Host, version: (u32, u32)) -> Finding {
    const SUBJECT: &str = "tracefs";
    const MOUNT: &str = "mount -t tracefs nodev /sys/kernel/tracing";
    if has_entry_tracepoints(&host.0) {
        return Finding::good(SUBJECT, "mounted; calls have trace points of their own");
    }
    let mounted = ["sys/kernel/tracing/events", "sys/kernel/debug/tracing/events"];
    let (found, remedy) = if mounted.iter().any(|path| host.exists(path)) {
        ("calls have no trace points of their own", "boot a kernel with CONFIG_FTRACE_SYSCALLS=y")
    } else {
        ("not mounted, or not readable", MOUNT)
    };
    if version >= CLASSIC && remedy == MOUNT {
        return Finding::blocking(SUBJECT, found, MOUNT);
    }
    if !says_paths(version) {
        return Finding::good(SUBJECT, format!("{found}; not needed on this kernel"));
    }
    let missing = "nothing, but every call costs more: names are compared at the entry of all calls";
    Finding::limited(SUBJECT, found, missing, remedy)
}

/// kernel/security/lockdown: above `integrity`, BPF programs may not read the kernel's memory.
fn lockdown(host: &Host) -> Finding {
    const SUBJECT: &str = "lockdown";
    let text = host.text("sys/kernel/security/lockdown").unwrap_or_default();
    let mode = text.split(['[', ']']).nth(1).unwrap_or("none");
    if mode == "confidentiality" {
        let remedy = "boot with lockdown=integrity, or without lockdown= on the kernel's command line";
        return Finding::blocking(SUBJECT, mode, remedy);
    }
    Finding::good(SUBJECT, mode)
}

#[cfg(test)]
mod tests {
    use super::super::State::{self, Blocking, Good, Limited};
    use super::super::tests::host;
    use super::*;

    const ENTRY: &str = "sys/kernel/tracing/events/syscalls";

    fn check(files: &[(&str, &str)], subject: &str, state: State, found: &str) {
        let (_place, host) = host("doctor-kernel", files);
        let findings = findings(&host, None);
        let finding = findings.iter().find(|finding| finding.subject == subject).expect("a finding");
        assert_eq!(finding.state, state, "{files:?}: {finding:?}");
        assert!(finding.found.contains(found), "{files:?}: {finding:?}");
        assert_eq!(finding.remedy.is_some(), state != Good, "{finding:?}");
        assert_eq!(finding.missing.is_some(), state != Good, "{finding:?}");
    }

    #[test]
    fn releases() {
        for (release, state) in [
            ("5.4.0-150-generic\n", Blocking),
            ("4.18.0-553.el8_10.x86_64\n", Blocking),
            ("5.10.0-46-amd64\n", Limited),
            ("6.18.5\n", Good),
            ("7.3.4+deb14-amd64\n", Good),
        ] {
            check(&[("proc/sys/kernel/osrelease", release)], "kernel", state, release.trim());
        }
    }

    #[test]
    fn what_is_not_there_is_named() {
        check(
            &[],
            "btf",
            Blocking,
            "/sys/kernel/btf/vmlinux: No such file or directory (os error 2); neither /boot nor /usr/lib/debug has types",
        );
        check(&[("sys/kernel/btf/vmlinux", "no types")], "btf", Blocking, "malformed type information");
        check(&[], "io_uring", Limited, "not known");
        check(&[("proc/sys/kernel/io_uring_disabled", "2\n")], "io_uring", Good, "disabled");
        check(&[], "lockdown", Good, "none");
        let lockdown = "sys/kernel/security/lockdown";
        check(&[(lockdown, "none [integrity] confidentiality\n")], "lockdown", Good, "integrity");
        check(&[(lockdown, "none integrity [confidentiality]\n")], "lockdown", Blocking, "confidentiality");
    }

    #[test]
    fn trace_points_are_needed_from_seven_on() {
        let kernel = |release| ("proc/sys/kernel/osrelease", release);
        let read = format!("{ENTRY}/sys_enter_read/id");
        check(&[kernel("7.3.4")], "tracefs", Blocking, "not mounted");
        check(&[kernel("6.18.5")], "tracefs", Limited, "not mounted");
        check(&[kernel("6.18.5"), (&read, "1")], "tracefs", Limited, "no trace points of their own");
        check(&[kernel("5.10.0")], "tracefs", Good, "not needed");
    }
}
