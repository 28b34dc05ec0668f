//! Containers of a real Docker engine: recorded here, replayed after the engine has gone. Needs root, BPF, dockerd, docker and a
//! static busybox.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

const RULES: &str = "
- rule: ran
  desc: a program ran in a container
  condition: evt.type in (execve, execveat) and evt.res = SUCCESS and proc.args contains tercel-marker
  output: RAN %proc.args id=%container.id name=%container.name image=%container.image.repository:%container.image.tag app=%container.label[app] type=%container.type vpid=%proc.vpid
  priority: INFO
";

/// A Docker engine with everything it keeps, in a directory that goes away with it.
struct Engine {
    place: PathBuf,
    daemon: Child,
}

impl Engine {
    fn start() -> Engine {
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

    fn docker(&self, arguments: &[&str]) -> Output {
        Command::new("docker").args(["-H", &self.socket()]).args(arguments).output().expect("docker runs")
    }

    fn socket(&self) -> String {
        format!("unix://{}/socket", self.place.display())
    }

    /// Makes an image of busybox alone.
    fn import(&self) {
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

    fn stop(&mut self) {
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

#[test]
fn containers_have_their_names_in_the_recording() {
    if let Some(reason) = missing() {
        eprintln!("SKIPPED: containers of a real engine: {reason}");
        return;
    }
    let mut engine = Engine::start();
    engine.import();
    let script = format!(
        "d='docker -H {}'; $d run -d --name web --network none --label app=shop shop/box:7 \
         /bin/busybox sh -c '/bin/busybox echo tercel-marker-run; /bin/busybox sleep 60' && sleep 1 && \
         $d exec web /bin/busybox echo tercel-marker-exec; sleep 0.3",
        engine.socket()
    );
    let trace = std::env::temp_dir().join(format!("tercel-docker-{}.scap", std::process::id()));
    let recorded = tercel(&[
        "record",
        "-a",
        "-w",
        &trace.display().to_string(),
        "--docker",
        &engine.place.join("socket").display().to_string(),
        "--",
        "sh",
        "-c",
        &script,
    ]);
    let id = engine.docker(&["inspect", "-f", "{{.Id}}", "web"]).stdout;
    let id = String::from_utf8_lossy(&id).get(..12).map(str::to_owned);
    engine.stop();
    assert!(recorded.status.success(), "{recorded:?}");
    let id = id.unwrap_or_else(|| panic!("no container: {recorded:?}"));
    let rules = trace.with_extension("yaml");
    fs::write(&rules, RULES).expect("a file");
    let replayed = tercel(&["replay", "-r", &rules.display().to_string(), &trace.display().to_string()]);
    let _ = (fs::remove_file(&trace), fs::remove_file(&rules));
    let text = String::from_utf8_lossy(&replayed.stdout).into_owned();
    for call in ["run", "exec"] {
        let expected = format!(
            "RAN echo tercel-marker-{call} id={id} name=web image=shop/box:7 app=shop type=docker vpid="
        );
        assert!(text.contains(&expected), "no {expected:?} in:\n{text}");
    }
    // Docker's client has the words among its arguments as well, outside of the container.
    let mut clients = text.lines().filter(|line| line.contains("RAN -H unix:"));
    assert!(
        clients.clone().count() == 2 && clients.all(|line| !line.contains(&format!("id={id}"))),
        "{text}"
    );
}

/// Why the test cannot run here.
fn missing() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if !status.lines().any(|line| line.starts_with("Uid:\t0\t")) {
        return Some("not root".to_owned());
    }
    let runs =
        |tool: &str| Command::new(tool).arg("--version").output().is_ok_and(|output| output.status.success());
    if let Some(tool) = ["docker", "dockerd", "tar"].into_iter().find(|tool| !runs(tool)) {
        return Some(format!("no {tool}"));
    }
    let busybox = fs::read("/bin/busybox").unwrap_or_default();
    // A program that needs libraries names their loader near its beginning.
    let head = busybox.get(..2048).unwrap_or_default();
    if head.is_empty() || head.windows(9).any(|bytes| bytes == b"ld-linux-") {
        return Some("no static /bin/busybox".to_owned());
    }
    let tried = tercel(&["record", "-w", "/dev/null", "--", "true"]);
    (!tried.status.success()).then(|| String::from_utf8_lossy(&tried.stderr).into_owned())
}

fn tercel(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tercel"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(arguments)
        .output()
        .expect("the binary runs")
}
