//! Containers of containerd itself, and pods of its plugin for Kubernetes.

use std::fs;
use std::process::{Child, Command, Output};

use tercel_test_support::Place;

use super::{replayed, root, tercel, turn, until};

const IMAGE: &str = "docker.io/shop/box:7";

/// A containerd with everything it keeps.
struct Engine {
    place: Place,
    daemon: Child,
}

impl Engine {
    fn start(name: &str) -> Engine {
        let place = Place::new(name);
        // Sandboxes may be less likely to be killed than this test only where the machine lets it.
        let config = format!(
            "version = 2\nroot = \"{}\"\nstate = \"{}\"\n[grpc]\naddress = \"{}\"\n\
             [plugins.\"io.containerd.grpc.v1.cri\"]\nsandbox_image = \"{IMAGE}\"\nrestrict_oom_score_adj = true\n\
             disable_apparmor = true\n",
            place.name("data"),
            place.name("state"),
            place.name("socket"),
        );
        fs::write(place.name("config.toml"), config).expect("a file");
        let log = fs::File::create(place.name("log")).expect("a file");
        let daemon = Command::new("containerd")
            .args(["-c", &place.name("config.toml")])
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("containerd starts");
        let engine = Engine { place, daemon };
        until("containerd answers", &engine.place, || engine.ctr(&["version"]).status.success());
        engine
    }

    fn ctr(&self, arguments: &[&str]) -> Output {
        Command::new("ctr")
            .args(["-a", &self.place.name("socket")])
            .args(arguments)
            .output()
            .expect("ctr runs")
    }

    fn crictl(&self, arguments: &[&str]) -> Output {
        let endpoint = format!("unix://{}", self.place.name("socket"));
        Command::new("crictl").args(["-r", &endpoint]).args(arguments).output().expect("crictl runs")
    }

    /// Makes an image of busybox alone, which sleeps by default, in the form of `docker save`.
    fn import(&self) {
        root(&self.place);
        let script = r#"cd "$0" && tar -C root -cf layer.tar . && sum=$(sha256sum layer.tar) &&
            printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/bin/busybox","sleep","600"]},
                "rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' "${sum%% *}" >config.json &&
            printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer.tar"]}]' "$1" >manifest.json &&
            tar -cf image.tar layer.tar config.json manifest.json"#;
        let made = Command::new("sh").args(["-c", script, &self.place.name(""), IMAGE]).output();
        assert!(made.as_ref().is_ok_and(|output| output.status.success()), "{made:?}");
        for namespace in ["default", "k8s.io"] {
            let import = self.ctr(&["-n", namespace, "images", "import", &self.place.name("image.tar")]);
            assert!(import.status.success(), "{import:?}");
        }
    }

    fn stop(&mut self) {
        let _ = Command::new("kill").arg(self.daemon.id().to_string()).status();
        let _ = self.daemon.wait();
    }

    /// Records what a script does; its `$ctr` and `$crictl` talk to this engine.
    fn record(&self, script: &str) {
        let socket = self.place.name("socket");
        let script = format!("ctr='ctr -a {socket}'; crictl='crictl -r unix://{socket}'; {script}");
        let trace = self.place.name("trace.scap");
        let recorded = tercel(&["record", "-a", "-w", &trace, "--cri", &socket, "--", "sh", "-c", &script]);
        assert!(recorded.code == 0, "{recorded:?}");
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if matches!(self.daemon.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}

#[test]
fn containers_of_ctr() {
    let Some(_turn) = turn("containerd", &["containerd", "ctr", "runc"]) else { return };
    let mut engine = Engine::start("containerd");
    engine.import();
    engine.record(&format!(
        "$ctr run -d --label app=shop {IMAGE} tercel-web /bin/busybox sh -c \
         '/bin/busybox echo tercel-marker-run; exec /bin/busybox sleep 60' && sleep 1 && \
         $ctr task exec --exec-id one tercel-web /bin/busybox echo tercel-marker-exec; sleep 0.3"
    ));
    engine.ctr(&["task", "kill", "-s", "9", "tercel-web"]);
    until("the task has ended", &engine.place, || engine.ctr(&["task", "rm", "tercel-web"]).status.success());
    engine.stop();
    let text = replayed(&engine.place);
    for call in ["run", "exec"] {
        let expected = format!(
            "RAN echo tercel-marker-{call} id=tercel-web name=tercel-web image=docker.io/shop/box:7 app=shop type=containerd vpid="
        );
        assert!(text.contains(&expected), "no {expected:?} in:\n{text}");
    }
}

#[test]
fn pods_of_kubernetes() {
    let Some(_turn) = turn("Kubernetes", &["containerd", "ctr", "runc", "crictl"]) else { return };
    let mut engine = Engine::start("pods");
    engine.import();
    let pod = engine.place.name("pod.json");
    let linux = r#""linux":{"security_context":{"namespace_options":{"network":2}}}"#;
    let sandbox = format!(r#"{{"metadata":{{"name":"web-0","namespace":"shop","uid":"u-1"}},{linux}}}"#);
    fs::write(&pod, sandbox).expect("a file");
    let container = engine.place.name("container.json");
    let command =
        r#"["/bin/busybox","sh","-c","/bin/busybox echo tercel-marker-run; exec /bin/busybox sleep 60"]"#;
    let text = format!(
        r#"{{"metadata":{{"name":"nginx"}},"image":{{"image":"{IMAGE}"}},"labels":{{"app":"shop"}},"command":{command},{linux}}}"#
    );
    fs::write(&container, text).expect("a file");
    engine.record(&format!(
        "pod=$($crictl runp {pod}) && id=$($crictl create $pod {container} {pod}) && $crictl start $id && sleep 1 && \
         $crictl exec $id /bin/busybox echo tercel-marker-exec; sleep 0.3"
    ));
    let pods = engine.crictl(&["pods", "-q"]).stdout;
    engine.crictl(&["rmp", "-f", String::from_utf8_lossy(&pods).trim()]);
    engine.stop();
    let text = replayed(&engine.place);
    for call in ["run", "exec"] {
        // Other tests have containers at the same time.
        let start = format!("RAN echo tercel-marker-{call} id=");
        let facts = " name=nginx image=docker.io/shop/box:7 app=shop type=containerd vpid=";
        let is_it =
            |line: &str| line.contains(&start) && line.contains(facts) && line.ends_with(" pod=web-0/shop");
        assert!(text.lines().any(is_it), "{text}");
    }
}
