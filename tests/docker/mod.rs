//! A Docker engine of a test's own, with one image of busybox alone.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tercel_test_support::{Place, wait};

/// A Docker engine with everything it keeps, in a directory that is removed with it.
pub struct Engine {
    place: Place,
    daemon: Child,
}

impl Engine {
    /// Starts the engine, once it answers.
    pub fn start() -> Engine {
        let place = Place::new("docker");
        let path = |name: &str| place.name(name);
        let log = fs::File::create(place.path("log")).expect("a file");
        let daemon = Command::new("dockerd")
            .args(["--data-root", &path("data"), "--exec-root", &path("exec"), "--pidfile", &path("pid")])
            .args(["-H", &format!("unix://{}", path("socket")), "--bridge=none", "--iptables=false"])
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("dockerd starts");
        let engine = Engine { place, daemon };
        wait("answer of dockerd", || engine.docker(&["version"]).status.success());
        engine
    }

    /// The path of something that it keeps.
    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path(name)
    }

    /// Runs Docker's client.
    pub fn docker(&self, arguments: &[&str]) -> Output {
        Command::new("docker").args(["-H", &self.socket()]).args(arguments).output().expect("docker runs")
    }

    /// Where the engine listens.
    pub fn socket(&self) -> String {
        format!("unix://{}", self.path("socket").display())
    }

    /// Makes an image of busybox alone.
    pub fn import(&self) {
        let root = self.path("root");
        fs::create_dir_all(root.join("bin")).expect("a directory");
        fs::copy("/bin/busybox", root.join("bin/busybox")).expect("busybox");
        let tar = Command::new("tar").arg("-C").arg(&root).args(["-c", "."]).stdout(Stdio::piped()).spawn();
        let mut tar = tar.expect("tar runs");
        let import = Command::new("docker")
            .args(["-H", &self.socket(), "import", "-", "shop/box:7"])
            .stdin(tar.stdout.take().expect("a pipe"))
            .output()
            .expect("docker runs");
        assert!(tar.wait().expect("tar ends").success() && import.status.success(), "{import:?}");
    }

    /// Ends the engine and its container.
    pub fn stop(&mut self) {
        self.docker(&["rm", "-f", "web"]);
        let pid = self.daemon.id().to_string();
        let _ = Command::new("kill").arg(&pid).status();
        let _ = self.daemon.wait();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if matches!(self.daemon.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}
