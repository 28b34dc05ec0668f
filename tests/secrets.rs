//! Recordings that are redacted as they are made, through the built binary: what the policy names never reaches the disk. They need root
//! and BPF.

use std::fs;
use std::net::Ipv6Addr;
use std::process::{Child, Command, Stdio};

use tercel_test_support::{Place, ran, root, tercel, wait};

use crate::content::{content, found, parts};
use crate::turn;

/// What the script leaves in its recording, each in a place of its own.
const SECRETS: [&str; 18] = [
    "argvsecret",
    "tokensecret",
    "envsecret",
    "exportsecret",
    "writesecret",
    "pathsecret",
    "relativesecret",
    "cwdsecret",
    "workfilesecret",
    "urlsecret",
    "AKIASECRETSECRET2",
    "alicesecret",
    "headersecret",
    "innersecret",
    "203.0.113.77",
    "2001:db8:77::99",
    "beforearg",
    "beforefile",
];

/// A directory of the test, and in it a script that has all secrets but those of the header and of what runs before.
fn plant(place: &Place) -> (String, String, String) {
    let base = place.name("customers");
    fs::create_dir_all(format!("{base}/cwdsecret")).expect("a directory");
    let script = format!(
        "mkdir -p {base}/pathsecret
         echo text > {base}/pathsecret/x
         /bin/true --password argvsecret
         /bin/true --token=tokensecret
         API_TOKEN=envsecret /bin/true
         export DB_PASSWORD=exportsecret
         cat {base}/pathsecret/x > /dev/null
         cd {base}; cat relativesecret 2> /dev/null
         cd {base}/cwdsecret; echo writesecret > workfilesecret; cat workfilesecret > /dev/null
         ls http://user:urlsecret@host/ AKIASECRETSECRET2 /home/alicesecret/x 2> /dev/null
         (exec 3<> /dev/udp/203.0.113.77/9) 2> /dev/null
         (exec 3<> /dev/udp/2001:db8:77::99/9) 2> /dev/null
         bash -c \"cat {base}/innersecret; ls --file={base}/innersecret\" 2> /dev/null
         cat /etc/hostname > /dev/null
         i=0; while [ $i -lt 200 ]; do /bin/true; i=$((i+1)); done
         exit 0
        "
    );
    let shipped = fs::read_to_string(root().join("analysis/redact.yaml")).expect("the policy");
    let policy = shipped.replace("\npaths: []\n", &format!("\npaths: ['{base}/**']\n"));
    assert_ne!(policy, shipped);
    let script = place.file("script", script).display().to_string();
    (base, script, place.file("policy.yaml", policy).display().to_string())
}

/// A process that ran before the recording, with secrets in `/proc`.
fn before(base: &str) -> Child {
    let file = format!("{base}/beforefile");
    fs::write(&file, "").expect("a file");
    Command::new("bash")
        .args(["-c", "exec 4< \"$1\"; read -r line", "bash", &file, "--password", "beforearg"])
        .env("SESSION_TOKEN", "envsecret")
        .current_dir(format!("{base}/cwdsecret"))
        .stdin(Stdio::piped())
        .spawn()
        .expect("bash")
}

#[track_caller]
fn check_clean(trace: &str) {
    check_redacted(trace, &content(trace));
}

#[track_caller]
fn check_redacted(trace: &str, bytes: &[u8]) {
    for secret in SECRETS {
        assert!(!found(bytes, secret.as_bytes()), "{secret} in {trace}");
    }
    assert!(!found(bytes, &[203, 0, 113, 77]), "the address in {trace}");
    let wide: Ipv6Addr = "2001:db8:77::99".parse().expect("an address");
    assert!(!found(bytes, &wide.octets()), "the IPv6 address in {trace}");
    ran(&["verify", "-q", "--keyframes", trace], 0);
    let info = ran(&["info", trace], 0).out;
    assert!(info.contains("policy default (BLAKE3 "), "{info}");
}

const RULE: &str = "- {rule: Hostname, desc: d, condition: evt.type=openat and fd.name=/etc/hostname and proc.name=cat and proc.pname=bash, \
    output: '%proc.name %proc.pname %fd.name', priority: INFO}\n";

#[test]
fn no_secret_is_in_a_recording_that_is_redacted() {
    let Some(_turn) = turn::alone("secrets::no_secret_is_in_a_recording_that_is_redacted") else { return };
    let place = Place::new("secrets");
    let (base, script, policy) = plant(&place);
    let rules = place.file("r.yaml", RULE).display().to_string();
    let mut earlier = before(&base);
    wait("open file", || {
        fs::read_link(format!("/proc/{}/fd/4", earlier.id())).is_ok_and(|link| link.ends_with("beforefile"))
    });
    let [plain, redacted, ring] = ["plain.scap", "redacted.scap", "ring.scap"].map(|name| place.name(name));
    let record = |options: &[&str], trace: &str| {
        let command = ["-a", "-w", trace, "--", "bash", &script, "--password", "headersecret"];
        ran(&[&["record", "-q", "-s", "200", "--chunk", "16KiB"], options, &command[..]].concat(), 0);
    };
    record(&[], &plain);
    record(&["--redact", &policy], &redacted);
    record(&["--redact", &policy, "--ring", "64MiB"], &ring);
    earlier.kill().expect("it runs");
    earlier.wait().expect("it ends");
    let bytes = content(&plain);
    for secret in &SECRETS[..14] {
        assert!(found(&bytes, secret.as_bytes()), "{secret} is planted");
    }
    for secret in ["beforearg", "beforefile"] {
        assert!(found(&bytes, secret.as_bytes()), "{secret} is planted");
    }
    assert!(found(&bytes, &[203, 0, 113, 77]), "the address is planted");
    check_clean(&redacted);
    check_clean(&ring);
    // A rule that needs none of it fires as before.
    for trace in [&plain, &redacted, &ring] {
        let alerts = ran(&["replay", "-q", "-r", &rules, trace], 0).out;
        assert_eq!(alerts.lines().count(), 1, "{trace}: {alerts}");
        assert!(alerts.ends_with("cat bash /etc/hostname\n"), "{alerts}");
    }
    // Who has no policy, or an invalid one, has no trace.
    let none = place.name("none.scap");
    ran(&["record", "--redact", "no-such.yaml", "-w", &none, "--", "true"], 2);
    ran(&["record", "--redact", "default", "--redact-key", &rules[..1], "-w", &none, "--", "true"], 2);
    assert!(!place.path("none.scap").exists());
}

#[test]
fn live_redacts_its_trace_and_not_its_alerts() {
    let Some(_turn) = turn::alone("secrets::live_redacts_its_trace_and_not_its_alerts") else { return };
    let place = Place::new("secrets-live");
    let (_, script, policy) = plant(&place);
    let rule = "- {rule: Args, desc: d, condition: evt.type=execve and proc.args contains argvsecret, output: '%proc.args', priority: INFO}\n";
    let rules = place.file("r.yaml", [RULE, rule].concat()).display().to_string();
    let (trace, alerts) = (place.name("t.scap"), place.name("alerts"));
    let refused = ran(&["live", "-r", &rules, "--redact", &policy, "-M", "1"], 2).err;
    assert!(refused.contains("--redact needs -w, --ring or capture.enabled"), "{refused}");
    let live = ["live", "-q", "-r", &rules, "--redact", &policy, "-w", &trace, "--output", &alerts];
    let mut live = tercel(&live).spawn().expect("it runs");
    wait("trace", || fs::metadata(&trace).is_ok_and(|file| file.len() > 0));
    let status = Command::new("bash").args([&script]).status().expect("bash");
    assert!(status.success());
    wait("alerts", || fs::read_to_string(&alerts).is_ok_and(|text| text.contains("/etc/hostname")));
    // Two chunks, and between them a keyframe.
    wait("second chunk", || {
        let _ = Command::new("/bin/true").status();
        let info = ran(&["info", "--json", &trace], 3).out;
        info.contains("\"chunks\":") && !info.contains("\"chunks\":1,")
    });
    let id = live.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
    assert_eq!(live.wait().expect("it ends").code(), Some(0));
    assert!(place.read("alerts").contains("--password argvsecret"), "{}", place.read("alerts"));
    check_clean(&trace);
    let replayed = ran(&["replay", "-q", "-r", &rules, &trace], 0).out;
    assert_eq!(replayed.lines().count(), 1, "{replayed}");
}

/// Cuts of rules and what is dumped, without any trace of -w.
#[test]
fn live_redacts_its_cuts() {
    let Some(_turn) = turn::alone("secrets::live_redacts_its_cuts") else { return };
    let place = Place::new("secrets-cuts");
    let (base, script, policy) = plant(&place);
    let rules = place.file("r.yaml", RULE).display().to_string();
    let (alerts, control) = (place.name("alerts"), place.name("control"));
    fs::create_dir(place.path("cuts")).expect("a directory");
    let prefix = format!("capture.path_prefix={}", place.path("cuts").join("cut").display());
    let mut earlier = before(&base);
    let live = ["live", "-q", "-r", &rules, "--redact", &policy, "--output", &alerts, "--control", &control];
    let settings = ["-o", "capture.enabled=true", "-o", "capture.mode=all_rules", "-o", &prefix];
    // A call that no rule needs is asked for, too: what is written is among the secrets.
    let calls = ["-o", "base_syscalls.all=true"];
    let mut live = tercel(&[&live[..], &settings, &calls].concat()).spawn().expect("it runs");
    wait("the control socket", || place.path("control").exists());
    assert!(Command::new("bash").args([&script]).status().expect("bash").success());
    wait("alerts", || fs::read_to_string(&alerts).is_ok_and(|text| text.contains("/etc/hostname")));
    ran(&["dump", "--socket", &control], 0);
    let id = live.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
    assert_eq!(live.wait().expect("it ends").code(), Some(0));
    earlier.kill().expect("it runs");
    earlier.wait().expect("it ends");
    let cuts = fs::read_dir(place.path("cuts")).expect("a directory").flatten();
    let cuts: Vec<String> = cuts.map(|entry| entry.path().display().to_string()).collect();
    assert_eq!(cuts.len(), 2, "one of the alert, one that was dumped: {cuts:?}");
    for cut in &cuts {
        let (bytes, _) = parts(cut);
        assert!(found(&bytes, b"/bin/true"), "{cut} has the script");
        check_redacted(cut, &bytes);
        // A rule that needs none of it fires as before.
        assert_eq!(ran(&["replay", "-q", "-r", &rules, cut], 0).out, place.read("alerts"), "{cut}");
    }
}
