//! Redaction through the built binary: planted secrets are nowhere in the output, rules that need none of them fire as before,
//! and damage is reported.

use std::fs;
use std::net::IpAddr;

use tercel_format::Writer;
use tercel_format::catalogue::code;
use tercel_format::record::{Account, FdDetail, FdList, FdRecord, MachineInfo, ProcessRecord};
use tercel_format::writer::{EventBuilder, Value};
use tercel_test_support::{Place, captures_of, ran, root, tercel};

use crate::content::{content, found};

/// Enough events for several chunks, and so for keyframes.
const ROUNDS: u64 = 400;

/// What must not be in the output.
const SECRETS: [&str; 18] = [
    "argvsecret",
    "envsecret",
    "listsecret",
    "writesecret",
    "readsecret",
    "sendsecret",
    "receivesecret",
    "urlsecret",
    "pathsecret",
    "cwdsecret",
    "unixsecret",
    "containersecret",
    "alicesecret",
    "AKIASECRETSECRET1",
    "gluedsecret",
    "relativesecret",
    "labelsecret",
    "203.0.113.77",
];

const POLICY: &str = "\npaths: ['/srv/customers/**']\n";

fn process() -> ProcessRecord {
    ProcessRecord {
        tid: 10,
        pid: 10,
        ptid: 1,
        comm: b"mysql".to_vec(),
        exe: b"mysql".to_vec(),
        exepath: b"/usr/bin/mysql".to_vec(),
        args: b"-pgluedsecret\0--password\0argvsecret\0".to_vec(),
        cwd: b"/srv/customers/cwdsecret".to_vec(),
        env: b"DB_PASSWORD=listsecret\0HOME=/home/alicesecret\0".to_vec(),
        root: b"/".to_vec(),
        vtid: 10,
        vpid: 10,
        uid: 1000,
        ..ProcessRecord::default()
    }
}

fn fds(address: IpAddr) -> FdList {
    let socket = FdDetail::Socket {
        sip: "10.1.2.3".parse().expect("address"),
        dip: address,
        sport: 1,
        dport: 2,
        l4: 1,
    };
    let unix = FdDetail::Unix { source: 1, destination: 2, name: b"/srv/customers/unixsecret".to_vec() };
    let fds = vec![
        FdRecord { fd: 4, ino: 1, kind: 3, detail: socket },
        FdRecord { fd: 5, ino: 2, kind: 8, detail: unix },
    ];
    FdList { tid: 10, fds }
}

/// A capture with a secret in every place.
fn planted() -> Vec<u8> {
    let address: IpAddr = "203.0.113.77".parse().expect("address");
    let mut writer = Writer::new(Vec::new()).expect("memory");
    writer.machine(&MachineInfo { cpus: 1, ..MachineInfo::default() }).expect("memory");
    writer.processes(&[process()]).expect("memory");
    writer.fds(&fds(address)).expect("memory");
    let name = b"alicesecret".to_vec();
    let home = b"/home/alicesecret".to_vec();
    let user = Account::User { uid: 1000, gid: 1000, name: name.clone(), home, shell: b"/bin/sh".to_vec() };
    writer.accounts(&[user, Account::Group { gid: 1000, name }]).expect("memory");
    let json = r#"{"container":{"id":"a1b2c3","name":"c","Env":["APP_TOKEN=containersecret"],"env":["A_KEY=containersecret"],"labels":{"token=labelsecret":"/srv/customers/labelsecret"}}}"#;
    let target = |port: u16| format!("203.0.113.77:{port}").parse().expect("address");
    let local = "10.1.2.3:4".parse().expect("address");
    let wide = |text: &str| text.parse().expect("address");
    let data = |text: &str| Value::Bytes(text.as_bytes().to_vec());
    for round in 0..ROUNDS {
        let at = |code: u16, step: u64| EventBuilder::new(code, 1_000_000 + round * 100 + step, 10);
        let events = [
            at(code::CONTAINER_JSON_2_E, 0).push(json),
            at(code::SYSCALL_EXECVE_19_X, 1)
                .push(0)
                .push("mysql")
                .push(Value::texts(&[
                    "-pgluedsecret",
                    "--token=argvsecret",
                    "http://u:urlsecret@h/",
                    "AKIASECRETSECRET1",
                ]))
                .push(10)
                .push(10)
                .push(1)
                .push("/srv/customers/cwdsecret")
                .set("comm", "mysql")
                .set("env", Value::texts(&["API_TOKEN=envsecret", "USER=alicesecret"])),
            at(code::SYSCALL_OPENAT_2_X, 2).push(3).push(-100).push("/srv/customers/pathsecret/x"),
            at(code::SYSCALL_WRITE_X, 3).push(11).push(data("writesecret")).push(3).push(11),
            at(code::SYSCALL_READ_X, 4).push(10).push(data("readsecret")).push(3).push(10),
            at(code::SOCKET_CONNECT_X, 5)
                .push(0)
                .push(Value::tuple(local, target(80)))
                .push(4)
                .push(Value::address(target(80))),
            at(code::SOCKET_CONNECT_X, 6)
                .push(0)
                .push(Value::unix_tuple(1, 2, "/srv/customers/unixsecret"))
                .push(5)
                .push(Value::unix_address("/srv/customers/unixsecret")),
            at(code::SOCKET_SENDTO_X, 7).push(10).push(data("sendsecret")).push(4).push(10),
            at(code::SOCKET_RECVFROM_X, 8).push(13).push(data("receivesecret")).set("fd", 4),
            at(code::SYSCALL_CHDIR_X, 9).push(0).push("/srv/customers/cwdsecret"),
            at(code::SYSCALL_OPENAT_2_X, 10).push(6).push(-100).push("../relativesecret/x"),
            at(code::SOCKET_CONNECT_X, 11)
                .push(0)
                .push(Value::tuple(wide("[fd00::1]:4"), wide("[2001:db8:77::99]:80")))
                .push(4)
                .push(Value::address(wide("[2001:db8:77::99]:80"))),
        ];
        for event in events {
            writer.event(&event.encode().expect("event").event()).expect("memory");
        }
    }
    writer.finish().expect("memory")
}

#[test]
fn no_planted_secret_is_in_the_output() {
    let place = Place::new("redact");
    place.file("in.scap", planted());
    let shipped = fs::read_to_string(root().join("analysis/redact.yaml")).expect("the policy");
    place.file("policy.yaml", shipped.replace("\npaths: []\n", POLICY));
    let [input, policy, out, same] =
        ["in.scap", "policy.yaml", "out.scap", "same.scap"].map(|n| place.name(n));
    ran(&["convert", "-q", "--chunk", "4KiB", "-w", &same, &input], 0);
    ran(&["redact", "-q", "--chunk", "4KiB", "--policy", &policy, "-w", &out, &input], 0);
    let again = place.name("again.scap");
    ran(&["redact", "-q", "--chunk", "4KiB", "--policy", &policy, "-w", &again, &same], 0);
    let before = content(&same);
    let address = [203, 0, 113, 77];
    let wide = "2001:db8:77::99".parse::<std::net::Ipv6Addr>().expect("address").octets();
    assert!(found(&before, &address) && found(&before, &wide));
    for secret in &SECRETS[..SECRETS.len() - 1] {
        assert!(found(&before, secret.as_bytes()), "{secret} is planted");
    }
    for path in [&out, &again] {
        let after = content(path);
        for secret in SECRETS {
            assert!(!found(&after, secret.as_bytes()), "{secret} in {path}");
        }
        assert!(!found(&after, &address) && !found(&after, &wide), "the addresses in {path}");
        ran(&["verify", "-q", "--keyframes", path], 0);
    }
    let info = ran(&["info", &out], 0).out;
    assert!(info.contains("policy default (BLAKE3 "), "{info}");
}

/// Rule, process and time of alerts of rules that look at nothing redacted.
fn alerts(rules: &str, trace: &str) -> String {
    ran(&["replay", "-q", "--iso8601", "-r", rules, trace], 0).out
}

#[test]
fn rules_that_need_nothing_redacted_fire_as_before() {
    let place = Place::new("redact-rules");
    let rules = "- rule: r\n  desc: d\n  condition: evt.type in (execve, openat, connect, dup2, setuid, unlinkat)\n  \
                 output: \"%evt.num %evt.type %proc.name %proc.pname %proc.pid %user.uid %fd.num %fd.typechar %fd.l4proto\"\n  \
                 priority: WARNING\n";
    place.file("rules.yaml", rules);
    let (rules, out) = (place.name("rules.yaml"), place.name("out.scap"));
    let mut lines = 0;
    for path in captures_of(&root().join("testdata/traces")) {
        let input = path.display().to_string();
        ran(&["redact", "-q", "--force", "-w", &out, &input], 0);
        let before = alerts(&rules, &input);
        lines += before.lines().count();
        assert_eq!(alerts(&rules, &out), before, "{input}");
    }
    assert!(lines > 100, "{lines}");
}

#[test]
fn equal_things_stay_equal_under_one_key() {
    let place = Place::new("redact-key");
    place.file("in.scap", planted());
    place.file("key", [7; 32]);
    let [input, key, one, two, other] =
        ["in.scap", "key", "1.scap", "2.scap", "3.scap"].map(|n| place.name(n));
    for out in [&one, &two] {
        ran(&["redact", "-q", "--key", &key, "--to", "scap", "-w", out, &input], 0);
    }
    ran(&["redact", "-q", "--to", "scap", "-w", &other, &input], 0);
    let [one, two, other] = [one, two, other].map(|path| fs::read(path).expect("file"));
    assert!(one == two && one != other);
}

#[test]
fn an_invalid_policy_is_an_error_with_its_place() {
    let place = Place::new("redact-policy");
    for (text, reason) in [
        ("name: x\nbufers: drop\n", "line 2"),
        ("name: x\npatterns:\n  - '('\n", "invalid pattern"),
        ("name: x\npaths: [relative]\n", "start it with /"),
        ("name: x\naddresses:\n  keep: [10.0.0.0/99]\n", "invalid network"),
    ] {
        place.file("policy.yaml", text);
        let (policy, out) = (place.name("policy.yaml"), place.name("out.scap"));
        let input = "testdata/traces/classic.scap";
        let err = ran(&["redact", "-q", "--policy", &policy, "-w", &out, input], 2).err;
        assert!(err.contains(reason) && err.contains("policy.yaml") && err.contains("line "), "{err}");
    }
}

#[test]
fn damaged_captures_are_redacted_as_far_as_they_can_be_read() {
    let place = Place::new("redact-damage");
    let plain = planted();
    for step in 1..24 {
        let mut damaged = plain.clone();
        let at = plain.len() * step / 24;
        match step % 3 {
            0 => damaged.truncate(at),
            1 => damaged[at] ^= 0xff,
            _ => damaged[at..at + 8].fill(0xff),
        }
        place.file("in.scap", damaged);
        let (input, out) = (place.name("in.scap"), place.name("out.scap"));
        let run = tercel(&["redact", "-q", "--force", "-w", &out, &input]).output().expect("the binary runs");
        let err = String::from_utf8_lossy(&run.stderr).into_owned();
        assert!(matches!(run.status.code(), Some(0 | 3)) && !err.contains("panicked"), "{step}: {err}");
    }
}
