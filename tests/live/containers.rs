//! What containers of a real Docker engine do, live: their network activity with their id through every output, and live = replay
//! over the life of a container, in text and JSON.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;

use tercel_test_support::{busybox, require, tool};

use super::host::{Live, Place, binary, lines, wait};
use super::same;
use crate::docker::Engine;

/// Network activity in a container, and everything that a container does. If this host itself runs in a container, it is distinguished by its
/// programs.
const RULES: &str = "
- rule: Container network
  desc: a container speaks to the network
  condition: evt.type in (connect, accept, accept4, sendto) and container.id != host and proc.exepath = /bin/busybox and fd.l4proto in (tcp, udp)
  output: Network activity in a container (container=%container.id name=%container.name image=%container.image command=%proc.cmdline connection=%fd.name type=%evt.type)
  priority: NOTICE
- rule: Everything
  desc: what is seen in a container
  condition: container.name = web
  output: seen %evt.num %evt.time %evt.type %evt.args %proc.cmdline %proc.pname %proc.vpid %container.id %container.name %container.image %fd.name %user.name
  priority: DEBUG
";

/// A life: a server and a client on the loopback of the container, and a program run from outside.
const LIFE: &str = "/bin/busybox nc -l -p 7 </dev/null & sleep 0.5; echo x | /bin/busybox nc -w 1 127.0.0.1 7; /bin/busybox sleep 1";

#[test]
fn containers_network_activity_reaches_every_output_and_the_replay() {
    let tools = ["docker", "dockerd", "tar"].iter().try_for_each(|name| tool(name).map(drop));
    if require("live beside a real Docker engine", tools.and_then(|()| busybox())).is_none() {
        return;
    }
    let Some(place) = Place::new("containers") else { return };
    let engine = Engine::start();
    engine.import();
    for json in [false, true] {
        life(&place, &engine, json);
    }
}

fn life(place: &Place, engine: &Engine, json: bool) {
    let at = |name: &str| place.path(&format!("{name}-{json}"));
    let (rules, out, trace) = (place.file("rules.yaml", RULES), at("out"), at("trace.scap"));
    let (rules, trace) = (rules.to_str().expect("a path"), trace.to_str().expect("a path"));
    let daemon = UnixDatagram::bind(at("log")).expect("a socket");
    let daemon = std::thread::spawn(move || messages(&daemon));
    let socket = engine.path("socket").display().to_string();
    let options = [
        "stdout_output.enabled=true".to_owned(),
        "syslog_output.enabled=true".to_owned(),
        format!("syslog_output.address={}", at("log").display()),
        "file_output.enabled=true".to_owned(),
        format!("file_output.filename={}", at("file").display()),
        "program_output.enabled=true".to_owned(),
        "program_output.keep_alive=true".to_owned(),
        format!("program_output.program=cat >> {}", at("program").display()),
        format!("json_output={json}"),
    ];
    let mut arguments = vec!["-r", rules, "--rule-matching", "all", "--docker", &socket, "-w", trace];
    options.iter().for_each(|option| arguments.extend(["-o", option]));
    let live = Live::start(place, &out, &arguments);
    let run = engine.docker(&[
        "run",
        "-d",
        "--name",
        "web",
        "--network",
        "none",
        "shop/box:7",
        "/bin/busybox",
        "sh",
        "-c",
        LIFE,
    ]);
    let id = String::from_utf8_lossy(&run.stdout).get(..12).map(str::to_owned);
    let id = id.unwrap_or_else(|| panic!("no container: {run:?}"));
    let expected =
        if json { format!("\"container.id\":\"{id}\"") } else { format!("container={id} name=web ") };
    let is_connect = |line: &String| {
        line.contains("Network activity in a container")
            && line.contains(&expected)
            && line.contains("type=connect")
    };
    wait("an alert about the network", || lines(&out).iter().any(is_connect));
    engine.docker(&["exec", "web", "/bin/busybox", "id"]);
    engine.docker(&["wait", "web"]);
    engine.docker(&["rm", "-f", "web"]);
    wait("silence", || {
        let count = lines(&out).len();
        std::thread::sleep(std::time::Duration::from_millis(500));
        count == lines(&out).len()
    });
    live.stop();
    UnixDatagram::unbound().and_then(|socket| socket.send_to(END, at("log"))).expect("a message");
    let messages = daemon.join().expect("the messages");
    let alerts = lines(&out);
    let connect = alerts.iter().find(|line| is_connect(line)).expect("the alert");
    assert!(connect.contains("->127.0.0.1:7 "), "{connect}");
    assert_eq!(lines(&at("file")), alerts);
    assert_eq!(lines(&at("program")), alerts);
    let tail = |message: &String| message.split_once(" tercel: ").map(|(_, line)| line.to_owned());
    assert_eq!(messages.iter().filter_map(tail).collect::<Vec<_>>(), alerts);
    let mut replay = vec!["replay", "-q", "-r", rules, "--rule-matching", "all", trace];
    if json {
        replay.push("--json");
    }
    let replayed = Command::new(binary()).args(replay).output().expect("replay runs");
    assert!(replayed.status.success(), "{}", String::from_utf8_lossy(&replayed.stderr));
    same::compare(&fs::read(&out).expect("alerts"), &replayed.stdout);
}

/// Ends the messages to a syslog daemon.
const END: &[u8] = b"end";

/// The messages to a syslog daemon, up to the end.
fn messages(daemon: &UnixDatagram) -> Vec<String> {
    let mut buffer = [0; 65536];
    let mut messages = Vec::new();
    while let Ok(count) = daemon.recv(&mut buffer) {
        if buffer[..count] == *END {
            break;
        }
        messages.push(String::from_utf8_lossy(&buffer[..count]).into_owned());
    }
    messages
}
