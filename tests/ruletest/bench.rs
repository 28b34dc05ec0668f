//! A directory of its own for test files, and `tercel test` run in it.

use std::path::{Path, PathBuf};

use tercel_test_support::{Place, Ran, root, tercel};

/// The shipped rules.
pub fn rules() -> String {
    root().join("rules").display().to_string()
}

/// The shipped captures.
pub fn traces() -> String {
    root().join("testdata/traces").display().to_string()
}

/// A web shell below a web server. It was written event by event and not recorded, so that the tests can count on each.
pub fn web() -> String {
    root().join("tests/ruletest/webserver.scap").display().to_string()
}

/// A rule that fires there three times.
pub const SHELL: &str = "Shell spawned by server program";

/// A directory that goes with its test.
pub struct Bench(Place);

impl Bench {
    pub fn new(name: &str) -> Bench {
        Bench(Place::new(name))
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) {
        self.0.file(name, text);
    }

    pub fn read(&self, name: &str) -> String {
        self.0.read(name)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    /// Writes a test file of one case, with the shipped rules over the web server's capture.
    pub fn suite(&self, case: &str) {
        self.file("a.test.yaml", &format!("rules: {}\ntrace: {}\n{case}\n", rules(), web()));
    }

    /// Runs `tercel test` in the directory.
    pub fn test(&self, arguments: &[&str]) -> Ran {
        run(self.0.directory(), &[&["test"], arguments].concat())
    }
}

/// Runs the built binary in a directory.
pub fn run(directory: &Path, arguments: &[&str]) -> Ran {
    tercel(arguments).current_dir(directory).output().expect("the binary runs").into()
}
