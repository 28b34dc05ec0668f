//! A Docker engine of a test's own, with one image of busybox alone.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A Docker engine with everything it keeps, in a directory that goes away with it.
pub struct Engine {
    pub place: PathBuf,
    daemon: Child,
}

impl Engine {
    /// Starts the engine, once it answers.
    pub fn start() -> Engine {
        let place = std::env::temp_dir().join(format!("tercel-docker-{}", std::process::id()));
        fs::create_dir_all(&place).expect("a temporary directory");
        let path = |name: &str| place.join(name).display().to_string();
        let log = fs::File::create(place.join("log")).expect("a file");
        let daemon = Command::new("dockerd")
            .args(["--data-root", &path("data"), "--exec-root", &path("exec"), "--pidfile", &path("pid")])
            .args(["-H", &format!("unix://{}", path("socket")), "--bridge=none", "--iptables=false"])
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("dockerd starts");
        let engine = Engine { place, daemon };
        let begun = Instant::now();
        while !engine.docker(&["version"]).status.success() {
            let log = || fs::read_to_string(engine.place.join("log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(90), "dockerd does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(200));
        }
        engine
    }

    /// Runs Docker's client.
    pub fn docker(&self, arguments: &[&str]) -> Output {
        Command::new("docker").args(["-H", &self.socket()]).args(arguments).output().expect("docker runs")
    }

    /// Where the engine listens.
    pub fn socket(&self) -> String {
        format!("unix://{}/socket", self.place.display())
    }

    /// Makes an image of busybox alone.
    pub fn import(&self) {
        let root = self.place.join("root");
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
        let _ = fs::remove_dir_all(&self.place);
    }
}

/// Why there can be no engine here.
pub fn missing() -> Option<String> {
    let runs =
        |tool: &str| Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if let Some(tool) = ["docker", "dockerd", "tar"].into_iter().find(|tool| !runs(tool)) {
        return Some(format!("no {tool}"));
    }
    let busybox = fs::read("/bin/busybox").unwrap_or_default();
    // A program that needs libraries names their loader near its beginning.
    let head = busybox.get(..2048).unwrap_or_default();
    (head.is_empty() || head.windows(9).any(|bytes| bytes == b"ld-linux-"))
        .then(|| "no static /bin/busybox".to_owned())
}
