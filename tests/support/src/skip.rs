//! Checks that cannot be made on this machine. Each is printed where it is skipped, past libtest, which would keep it to itself,
//! and written down for the summary at the end of the run (`tests/skipped.rs`). Runs are distinguished by the process that
//! started their tests.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::machine::Missing;

/// Checks that this process has skipped.
static SKIPPED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Skips a check. What is skipped again and again is said once.
pub fn skip(check: &str, missing: &Missing) {
    let mut known = SKIPPED.lock().unwrap_or_else(PoisonError::into_inner);
    if !known.insert(check.to_owned()) {
        return;
    }
    let line = format!("{}\t{check}\t{}\n", missing.need, missing.reason);
    // Not eprintln!, which libtest captures.
    let _ = io::stderr().write_all(format!("SKIPPED: {check}: {}\n", missing.reason).as_bytes());
    let path = record();
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
        file.write_all(line.as_bytes())
    });
    // Who runs tests of a target directory that is not theirs sees the line above all the same.
    if let Err(error) = written {
        let _ = io::stderr().write_all(format!("{}: {error}\n", path.display()).as_bytes());
    }
}

/// What is needed, or nothing after the check has been skipped.
pub fn require<T>(check: &str, found: Result<T, Missing>) -> Option<T> {
    found.inspect_err(|missing| skip(check, missing)).ok()
}

/// The checks that this run has skipped so far, in the order of their names; the record of them is removed.
pub fn skipped() -> Vec<(String, Missing)> {
    let path = record();
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(&path);
    if let Some(directory) = path.parent() {
        forget(directory);
    }
    let parsed = text.lines().filter_map(|line| {
        let mut parts = line.splitn(3, '\t');
        let (need, check, reason) = (parts.next()?, parts.next()?, parts.next()?);
        Some((check.to_owned(), need.to_owned(), reason.to_owned()))
    });
    let checks: BTreeSet<_> = parsed.collect();
    checks.into_iter().map(|(check, need, reason)| (check, Missing { need, reason })).collect()
}

/// Where this run writes down what it skips: beside the directory of the tests' executables.
fn record() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let profile = test.ancestors().nth(2).map_or_else(std::env::temp_dir, Path::to_owned);
    profile.join("skipped").join(parent_id().to_string())
}

/// Removes what runs left that have no summary, such as those of one test.
fn forget(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if !Path::new("/proc").join(entry.file_name()).exists() {
            let _ = fs::remove_file(entry.path());
        }
    }
}
