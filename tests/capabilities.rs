//! What the recorder says and does with less than root's capabilities. Needs root, BPF and setpriv.

use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use tercel_test_support::{Place, Ran, binary, ran, recording, require, root, tool};

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
        assert!(
            refused.err.contains(&format!("this root lacks {named}: ")),
            "{capabilities}: {}",
            refused.all()
        );
    }
    for (capabilities, code, probe) in [("", 1, "blocking  probe"), (ENOUGH, 0, "ok        probe")] {
        let found = with(capabilities, &["doctor"]);
        assert_eq!(found.code, code, "{capabilities}: {}", found.all());
        assert!(found.out.contains(probe), "{capabilities}: {}", found.all());
    }
    let enough = record(ENOUGH);
    assert_eq!(enough.code, 0, "{}", enough.all());
}

/// BPF, PERFMON, SYS_PTRACE, DAC_READ_SEARCH, and KILL for the end of the command.
const KEPT: u64 = 1 << 39 | 1 << 38 | 1 << 19 | 1 << 2 | 1 << 5;
const DAC_OVERRIDE: u64 = 1 << 1;

/// Waits until no thread of the recorder has more rights than those, and says what the command has.
fn look(kept: u64) -> String {
    format!(
        "grep CapEff /proc/self/status; tries=0
        while [ $tries -lt 500 ]; do
            more=0; tries=$((tries + 1))
            for file in /proc/$PPID/task/*/status; do
                rights=$(sed -n 's/CapEff:.//p' $file)
                [ $((0x$rights & ~{kept})) = 0 ] || more=1
                grep -q 'NoNewPrivs:.1' $file || more=1
            done
            [ $more = 1 ] || break; sleep 0.02
        done; echo more=$more"
    )
}

#[test]
fn a_recording_keeps_what_it_needs_and_its_command_everything() {
    const CHECK: &str = "rights of a recording";
    let Some(_turn) = turn::shared(CHECK) else { return };
    let place = Place::new("recorder-rights");
    let own = std::fs::read_to_string("/proc/self/status").expect("the test's own status");
    let own = own.lines().find(|line| line.starts_with("CapEff")).expect("capabilities").to_owned();
    let trace = place.name("t.scap");
    let said = ran(&["record", "-q", "-w", &trace, "--", "sh", "-c", &look(KEPT)], 0).out;
    assert_eq!(said.lines().collect::<Vec<_>>(), [own.as_str(), "more=0"]);
    // Files of a series are created later, where only who overrides permissions can create them.
    let foreign = place.directory().join("foreign");
    std::fs::create_dir(&foreign).expect("a directory");
    chown(&foreign, Some(12345), Some(12345)).expect("another owner");
    std::fs::set_permissions(&foreign, std::fs::Permissions::from_mode(0o755)).expect("permissions");
    let series = foreign.join("t.scap").display().to_string();
    let script = look(KEPT | DAC_OVERRIDE);
    let recorded = ran(&["record", "-v", "-C", "1", "-w", &series, "--", "sh", "-c", &script], 0);
    assert!(recorded.out.ends_with("more=0\n"), "{}", recorded.all());
    assert!(recorded.err.contains("CAP_DAC_OVERRIDE to create files in "), "{}", recorded.err);
    assert!(foreign.join("t_000001.scap").is_file());
}
