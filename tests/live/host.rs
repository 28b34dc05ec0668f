//! A running `tercel live`, and a place for its files.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tercel_test_support as support;
pub use tercel_test_support::{binary, wait};

use crate::turn::{self, Alone};

/// A directory that is removed after the test, and the turn of the test: each sees what the others do.
pub struct Place {
    place: support::Place,
    _turn: Alone,
}

impl Place {
    /// A place, or `None` if tests of live cannot run.
    pub fn new(name: &str) -> Option<Place> {
        let turn = turn::alone(&format!("live: {name}"))?;
        Some(Place { place: support::Place::new(name), _turn: turn })
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        self.place.file(name, text)
    }
}

/// A run of live.
pub struct Live {
    child: Child,
    errors: PathBuf,
}

impl Live {
    /// Starts live and waits until it watches. Its standard output goes to `out`.
    pub fn start(place: &Place, out: &Path, arguments: &[&str]) -> Live {
        Live::configured(place, out, Path::new("/dev/null"), arguments)
    }

    /// Starts it under a configuration.
    pub fn configured(place: &Place, out: &Path, configuration: &Path, arguments: &[&str]) -> Live {
        let mut command = Command::new(binary());
        command.args([Path::new("live"), Path::new("-c"), configuration]).args(arguments);
        Live::begin(place, out, &mut command)
    }

    /// Starts a command that becomes live, and waits until it watches.
    pub fn begin(place: &Place, out: &Path, command: &mut Command) -> Live {
        let errors = place.path("errors");
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(out).expect("a file"))
            .stderr(File::create(&errors).expect("a file"))
            .spawn()
            .expect("live starts");
        let mut live = Live { child, errors };
        live.until("watching");
        live
    }

    /// Waits until standard error says something.
    #[track_caller]
    pub fn until(&mut self, text: &str) {
        wait(&format!("'{text}'"), || {
            let ended = self.child.try_wait().expect("a status");
            assert!(ended.is_none(), "live ended: {ended:?}: {}", self.errors());
            self.errors().contains(text)
        });
    }

    /// What it has said on standard error.
    pub fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap_or_default()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Ends it as Ctrl-C does.
    #[track_caller]
    pub fn stop(mut self) {
        self.signal("INT");
        let mut status = None;
        wait("the end of live", || {
            status = self.child.try_wait().expect("a status");
            status.is_some()
        });
        let code = status.and_then(|status| status.code());
        assert_eq!(code, Some(0), "{}", self.errors());
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the paths that rules look for begin with. Other runs of these tests on this host have others.
pub fn marked() -> String {
    format!("/tmp/tercel-mark-{}-", std::process::id())
}

/// Runs a shell command and waits for it.
pub fn shell(command: &str) -> Output {
    Command::new("sh").args(["-c", command]).stdin(Stdio::null()).output().expect("a shell")
}

/// The lines of a file.
pub fn lines(path: &Path) -> Vec<String> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    BufReader::new(file).lines().map_while(Result::ok).collect()
}

impl Live {
    /// The line of each of its threads in `/proc` that begins with this word.
    pub fn of_threads(&self, word: &str) -> Vec<String> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.pid())).expect("it runs");
        let line = |path: PathBuf| {
            let status = fs::read_to_string(path.join("status")).unwrap_or_default();
            status.lines().find_map(|line| line.strip_prefix(word)).map(|value| value.trim().to_owned())
        };
        threads.filter_map(|thread| line(thread.expect("an entry").path())).collect()
    }
}
