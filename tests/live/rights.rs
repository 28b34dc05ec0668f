//! What live may still do once it watches, thread by thread: also as the packages start it, which may not empty the bounding set.

use std::process::Command;

use super::host::{Live, Place, binary, wait};

/// BPF, PERFMON, SYS_PTRACE and DAC_READ_SEARCH.
const KEPT: u64 = 1 << 39 | 1 << 38 | 1 << 19 | 1 << 2;

/// What docs/packaging/tercel.service grants, without SYS_RESOURCE, which not every machine can pass on.
const UNIT: &str = "-all,+bpf,+perfmon,+sys_ptrace,+dac_read_search";

#[test]
fn no_thread_keeps_what_only_the_start_needs() {
    let Some(place) = Place::new("rights") else { return };
    let rules = place.file(
        "rules.yaml",
        "- rule: one\n  desc: one\n  condition: evt.type = unshare\n  output: one\n  priority: DEBUG\n",
    );
    let trace = place.path("t.scap");
    let arguments =
        ["live", "-c", "/dev/null", "-o", "log_syslog=true", "-o", "file_output.enabled=true", "-o"];
    let file = format!("file_output.filename={}", place.path("alerts").display());
    for bounding in [None, Some(UNIT)] {
        let mut command = match bounding {
            Some(set) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--bounding-set={set}")).arg(binary());
                command
            }
            None => Command::new(binary()),
        };
        command.args(arguments).arg(&file).arg("-r").arg(&rules).args(["--force", "-w"]).arg(&trace);
        let live = Live::begin(&place, &place.path("out"), &mut command);
        // A thread of the start that ends, or gives its rights up by itself, may take a moment longer than the first words.
        wait(&format!("end of the rights of the start with {bounding:?}"), || {
            let rights = live.of_threads("CapEff:");
            assert!(rights.len() >= 7, "main, containers, log, output, trace: {rights:?}");
            let kept = |right: &String| u64::from_str_radix(right, 16).expect("a number") & !KEPT;
            rights.iter().all(|right| kept(right) == 0)
                && live.of_threads("NoNewPrivs:").iter().all(|set| set == "1")
        });
        assert!(!live.errors().contains("privileges"), "{}", live.errors());
    }
}
