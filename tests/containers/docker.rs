//! Containers of a real Docker engine: recorded here, replayed after the engine has gone. Needs root, BPF, dockerd, docker and a
//! static busybox.

mod docker;
mod possible;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use docker::Engine;

const RULES: &str = "
- rule: ran
  desc: a program ran in a container
  condition: evt.type in (execve, execveat) and evt.res = SUCCESS and proc.args contains tercel-marker
  output: RAN %proc.args id=%container.id name=%container.name image=%container.image.repository:%container.image.tag app=%container.label[app] type=%container.type vpid=%proc.vpid
  priority: INFO
";

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
    possible::missing().or_else(docker::missing)
}

fn tercel(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tercel"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .args(arguments)
        .output()
        .expect("the binary runs")
}
