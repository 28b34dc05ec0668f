//! What the recorder says and does with less than root's capabilities. Needs root, BPF and setpriv.

use std::path::Path;
use std::process::{Command, Output};

/// Runs `tercel record` as root that can never have other capabilities than these.
fn record(capabilities: &str) -> Output {
    Command::new("setpriv")
        .arg(format!("--bounding-set=-all{capabilities}"))
        .arg(env!("CARGO_BIN_EXE_tercel"))
        .args(["record", "-w", "/dev/null", "--", "true"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .output()
        .expect("setpriv runs")
}

#[test]
fn capabilities_are_asked_for_by_name() {
    let setpriv = Command::new("setpriv").args(["--bounding-set=-all", "true"]).output();
    if !setpriv.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: capabilities of the recorder: setpriv is not there, or this is not root");
        return;
    }
    for (capabilities, named) in [("", "CAP_BPF and CAP_PERFMON"), (",+bpf", "CAP_PERFMON")] {
        let refused = record(capabilities);
        let text = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(4), "{capabilities}: {text}");
        assert!(text.contains(&format!("with {named} (")), "{capabilities}: {text}");
    }
    let enough = record(",+bpf,+perfmon,+sys_ptrace,+dac_read_search");
    let text = String::from_utf8_lossy(&enough.stderr);
    if text.contains("locked down") {
        eprintln!("SKIPPED: this machine has no BPF: {text}");
        return;
    }
    assert!(enough.status.success(), "{text}");
}
