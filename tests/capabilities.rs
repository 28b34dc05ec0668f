//! What the recorder says and does with less than root's capabilities. Needs root, BPF and setpriv.

use std::process::Command;

use tercel_test_support::{Ran, binary, recording, require, root, tool};

use crate::turn;

fn record(capabilities: &str) -> Ran {
    with(capabilities, &["record", "-w", "/dev/null", "--", "true"])
}

/// Runs the program as root that can never have other capabilities than these.
fn with(capabilities: &str, arguments: &[&str]) -> Ran {
    let output = Command::new("setpriv")
        .arg(format!("--bounding-set=-all{capabilities}"))
        .arg(binary())
        .args(arguments)
        .current_dir(root())
        .output();
    output.expect("setpriv runs").into()
}

#[test]
fn capabilities_are_asked_for_by_name() {
    const CHECK: &str = "capabilities of the recorder";
    const ENOUGH: &str = ",+bpf,+perfmon,+sys_ptrace,+dac_read_search";
    // Dropping capabilities needs capabilities: without them setpriv succeeds and does nothing.
    if require(CHECK, recording().and_then(|()| tool("setpriv"))).is_none() {
        return;
    }
    let Some(_turn) = turn::shared(CHECK) else { return };
    for (capabilities, named) in [("", "CAP_BPF and CAP_PERFMON"), (",+bpf", "CAP_PERFMON")] {
        let refused = record(capabilities);
        assert_eq!(refused.code, 4, "{capabilities}: {}", refused.all());
        assert!(refused.err.contains(&format!("with {named} (")), "{capabilities}: {}", refused.all());
    }
    for (capabilities, code, probe) in [("", 1, "blocking  probe"), (ENOUGH, 0, "ok        probe")] {
        let found = with(capabilities, &["doctor"]);
        assert_eq!(found.code, code, "{capabilities}: {}", found.all());
        assert!(found.out.contains(probe), "{capabilities}: {}", found.all());
    }
    let enough = record(ENOUGH);
    assert_eq!(enough.code, 0, "{}", enough.all());
}
