//! Every capture of the corpus as a native trace: the alerts are those of the capture, whatever the size of the chunks and
//! the number of threads. Without a corpus, the shipped traces. Large captures go through one pairing each of size and
//! threads; `TERCEL_NATIVE=all` has them go through all.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const SIZES: [&str; 3] = ["64KiB", "1MiB", "4MiB"];
const JOBS: [&str; 3] = ["7", "2", "1"];

/// Captures of fewer bytes go through all pairings.
const SMALL: u64 = 1 << 20;

/// Standard output of a run that has to end well.
fn tercel(arguments: &[&str]) -> Vec<u8> {
    let run = Command::new(env!("CARGO_BIN_EXE_tercel"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .output()
        .expect("the binary runs");
    let errors = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(0), "{arguments:?}: {errors}");
    run.stdout
}

fn scaps(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|extension| extension == "scap")).collect();
    paths.sort();
    paths
}

/// Captures, and the rule files that they are replayed with.
fn material() -> (Vec<PathBuf>, Vec<String>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus =
        std::env::var_os("TERCEL_CORPUS").map_or_else(|| root.join("../shared/corpus"), PathBuf::from);
    let captures = scaps(&corpus.join("captures"));
    if captures.is_empty() {
        eprintln!("SKIPPED: no corpus at {}; the shipped traces take its place", corpus.display());
        return (scaps(&root.join("testdata/traces")), vec!["rules".to_owned()]);
    }
    let rules = ["falco_rules", "falco-incubating_rules", "falco-sandbox_rules", "enable_disabled_rules"];
    let path = |name: &str| corpus.join("rules").join(name).with_extension("yaml").display().to_string();
    (captures, rules.map(path).into())
}

#[test]
fn native_traces_give_the_alerts_of_their_captures() {
    let (captures, rules) = material();
    let folder = std::env::temp_dir().join(format!("tercel-native-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("temporary directory");
    let native = folder.join("native.scap").display().to_string();
    let is_thorough = std::env::var_os("TERCEL_NATIVE").is_some_and(|value| value == "all");
    let rules: Vec<&str> = rules.iter().flat_map(|path| ["-r", path]).collect();
    let replay = |jobs: &str, path: &str| {
        tercel(&[&["replay", "-q", "--iso8601", "-j", jobs], &rules[..], &[path]].concat())
    };
    let mut lines = 0;
    for (nth, capture) in captures.iter().enumerate() {
        let is_small = capture.metadata().is_ok_and(|file| file.len() < SMALL);
        let capture = capture.display().to_string();
        let expected = replay("1", &capture);
        lines += expected.iter().filter(|byte| **byte == b'\n').count();
        for (row, size) in SIZES.iter().enumerate() {
            tercel(&["convert", "-q", &capture, "-w", &native, "--chunk", size]);
            for (column, jobs) in JOBS.iter().enumerate() {
                // Each size meets each number of threads over three captures.
                if is_small || is_thorough || (row + nth) % 3 == column {
                    assert!(replay(jobs, &native) == expected, "{capture}: chunks of {size}, -j {jobs}");
                }
            }
            if is_small {
                tercel(&["verify", "-q", "--keyframes", &native]);
            }
        }
    }
    fs::remove_dir_all(&folder).expect("temporary directory");
    assert!(lines > 0);
}
