//! A directory of its own for test files, and `tercel test` run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// The shipped rules.
pub const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/rules");

/// The shipped captures.
pub const TRACES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/traces");

/// A web shell behind a web server. It was written event by event and not recorded, so that the tests can count on each.
pub const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ruletest/webserver.scap");

/// A rule that fires there three times.
pub const SHELL: &str = "Shell spawned by server program";

/// A directory that goes with its test.
pub struct Bench {
    directory: PathBuf,
}

/// What a run printed, and its exit code.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    /// Everything that was printed.
    pub fn all(&self) -> String {
        format!("exit code {}\n{}\n{}", self.code, self.out, self.err)
    }
}

impl Bench {
    pub fn new(name: &str) -> Bench {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("tercel-{name}-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("a temporary directory");
        Bench { directory }
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a temporary file");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file that was written")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes a test file of one case, with the shipped rules over the web server's capture.
    pub fn suite(&self, case: &str) {
        self.file("a.test.yaml", &format!("rules: {RULES}\ntrace: {WEB}\n{case}\n"));
    }

    /// Runs `tercel test` in the directory.
    pub fn test(&self, arguments: &[&str]) -> Run {
        run(&self.directory, &[&["test"], arguments].concat())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Runs the built binary in a directory.
pub fn run(directory: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_tercel"))
        .current_dir(directory)
        .args(arguments)
        .output()
        .expect("the binary runs");
    Run {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
