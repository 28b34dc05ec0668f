//! Containers of Podman, whose service is asked.

use std::process::{Child, Command, Stdio};

use tercel_test_support::Place;

use super::{replayed, root, tercel, turn, until};

/// A service of Podman with everything it keeps.
struct Service {
    place: Place,
    daemon: Child,
}

impl Service {
    fn start() -> Service {
        let place = Place::new("podman");
        let mut service = Command::new("podman");
        let socket = format!("unix://{}", place.name("socket"));
        service.args(globals(&place)).args(["system", "service", "-t", "0", &socket]);
        let log = std::fs::File::create(place.name("log")).expect("a file");
        let daemon = service.stdout(Stdio::null()).stderr(log).spawn().expect("podman starts");
        until("Podman listens", &place, || {
            std::os::unix::net::UnixStream::connect(place.name("socket")).is_ok()
        });
        Service { place, daemon }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ =
            Command::new("podman").args(globals(&self.place)).args(["rm", "-f", "-t", "0", "web"]).output();
        let _ = Command::new("kill").arg(self.daemon.id().to_string()).status();
        let _ = self.daemon.wait();
        let _ = Command::new("umount").arg(self.place.name("data/overlay")).output();
    }
}

/// Options that keep everything in one place, with the runtime and the cgroups that work on every machine.
fn globals(place: &Place) -> Vec<String> {
    let mut options = ["--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
        .map(str::to_owned)
        .to_vec();
    for (option, name) in [("--root", "data"), ("--runroot", "run"), ("--tmpdir", "tmp")] {
        options.extend([option.to_owned(), place.name(name)]);
    }
    options
}

#[test]
fn containers_of_podman() {
    let Some(_turn) = turn("Podman", &["podman", "runc", "conmon"]) else { return };
    let service = Service::start();
    let place = &service.place;
    let root = root(place).display().to_string();
    let podman = format!("podman {}", globals(place).join(" "));
    let import = format!("tar -C {root} -c . | {podman} import - localhost/shop/box:7");
    let import = Command::new("sh").args(["-c", &import]).output().expect("sh runs");
    assert!(import.status.success(), "{import:?}");
    // The limits are none that the machine may not let anybody raise. The container ends by itself, so that nothing is left.
    let script = format!(
        "{podman} run --rm --name web --network none --ulimit nofile=512:512 --ulimit nproc=512:512 --label app=shop \
         localhost/shop/box:7 /bin/busybox sh -c '/bin/busybox echo tercel-marker-run; exec /bin/busybox sleep 4' & \
         sleep 2.5; {podman} exec web /bin/busybox echo tercel-marker-exec; wait"
    );
    let (trace, socket) = (place.name("trace.scap"), place.name("socket"));
    let recorded = tercel(&["record", "-a", "-w", &trace, "--docker", &socket, "--", "sh", "-c", &script]);
    assert!(recorded.code == 0, "{recorded:?}");
    let text = replayed(place);
    let facts = " name=web image=localhost/shop/box:7 app=shop type=podman vpid=";
    let exec = text.lines().find(|line| line.contains("RAN echo tercel-marker-exec") && line.contains(facts));
    let id = exec.and_then(|line| line.split(" id=").nth(1)?.get(..12)).unwrap_or_else(|| panic!("{text}"));
    // The service reports a container when it already runs.
    assert!(text.contains(&format!("RAN echo tercel-marker-run id={id} ")), "{text}");
}
