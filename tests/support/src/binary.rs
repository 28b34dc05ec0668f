//! The built binary.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::repository::root;

/// Where the binary is: where Cargo says so, otherwise beside the test that runs, so that a target directory may be copied.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("CARGO_BIN_EXE_tercel") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the path of the test");
    let path = test.ancestors().nth(2).expect("target/debug/deps").join("tercel");
    assert!(path.is_file(), "{} is not built", path.display());
    path
}

/// A command that runs the binary in the root of the repository, with nothing on its standard input.
pub fn tercel(arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.current_dir(root()).args(arguments).stdin(Stdio::null());
    command
}

/// What a run printed, and its exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    /// Exit code; -1 if a signal ended it.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Everything that was printed.
    pub fn all(&self) -> String {
        format!("exit code {}\n{}\n{}", self.code, self.out, self.err)
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs the binary in the root of the repository and compares the exit code.
#[track_caller]
pub fn ran(arguments: &[&str], code: i32) -> Ran {
    let ran = Ran::from(tercel(arguments).output().expect("the binary runs"));
    assert_eq!(ran.code, code, "{arguments:?}: {}", ran.all());
    ran
}
