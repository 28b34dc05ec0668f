//! `tercel collect` on this host: what is in a bundle, what opens it, and what verify says of one that was changed. It needs root and BPF.

use std::fs;
use std::process::Command;

use tercel_test_support::{Place, binary, ran, require, tool, wait};

use crate::turn;

/// The files of a bundle that was made with the shipped rules.
const FILES: [&str; 9] = [
    "trace.scap",
    "README.txt",
    "alerts.jsonl",
    "alerts.txt",
    "doctor.json",
    "doctor.txt",
    "report.html",
    "rules/tercel_macros.yaml",
    "rules/tercel_rules.yaml",
];

/// Unpacks an archive, as somebody does who has no tercel.
fn unpack(bundle: &str, place: &Place) {
    let mut bytes = &fs::read(bundle).expect("a bundle")[..];
    let archive = place.name("archive.tar");
    zstd::stream::copy_decode(&mut bytes, fs::File::create(&archive).expect("a file")).expect("zstd");
    let unpacked = Command::new("tar").args(["-xf", &archive, "-C"]).arg(place.path("")).status();
    assert!(unpacked.expect("tar").success());
}

#[test]
fn a_bundle_has_everything_and_opens() {
    let check = "collect::a_bundle_has_everything_and_opens";
    let Some(_turn) = turn::shared(check) else { return };
    let Some(_tar) = require(check, tool("tar")) else { return };
    let place = Place::new("collect");
    let bundle = place.name("host7.tar.zst");
    let told = ran(&["collect", "-w", &bundle, "-M", "1"], 0).err;
    assert!(told.contains("host7.tar.zst: 10 files, "), "{told}");
    assert!(!place.path("host7.tar.zst.partial").exists());
    ran(&["collect", "-w", &bundle, "-M", "1"], 2);

    unpack(&bundle, &place);
    let inside = place.path("host7");
    let summed =
        Command::new("sha256sum").args(["-c", "--quiet", "SHA256SUMS"]).current_dir(&inside).status();
    assert!(summed.expect("sha256sum").success());
    let sums = fs::read_to_string(inside.join("SHA256SUMS")).expect("a list");
    let listed: Vec<&str> = sums.lines().filter_map(|line| Some(line.split_once("  ")?.1)).collect();
    assert_eq!(listed, FILES);

    // Verbs see the trace in it as they see it alone.
    let trace = inside.join("trace.scap").display().to_string();
    for verb in [&["events", "-q"][..], &["ps", "-q"], &["replay", "-q", "-r", "rules"]] {
        assert_eq!(
            ran(&[verb, &[&bundle]].concat(), 0).out,
            ran(&[verb, &[&trace]].concat(), 0).out,
            "{verb:?}"
        );
    }
    let alerts = fs::read_to_string(inside.join("alerts.txt")).expect("alerts");
    let rules = inside.join("rules").display().to_string();
    assert_eq!(ran(&["replay", "-q", "-r", &rules, &bundle], 0).out, alerts);
    let verified = ran(&["verify", &bundle], 0).out;
    assert!(
        verified.contains(": intact: ") && verified.contains(": 9 files as SHA256SUMS says"),
        "{verified}"
    );
}

/// Names that mean something elsewhere, rules in files of any name, and rules that are wrong, which it says before anything is recorded.
#[test]
fn names_and_rules_are_taken_as_they_are() {
    let check = "collect::names_and_rules_are_taken_as_they_are";
    let Some(_turn) = turn::shared(check) else { return };
    let place = Place::new("names");
    let rule = "- rule: R\n  desc: d\n  condition: evt.type=open\n  output: x\n  priority: INFO\n";
    let rules = place.file("rules.txt", rule).display().to_string();
    let run = |bundle: &str, rules: &str| {
        let mut command = Command::new(binary());
        command.current_dir(place.path("")).args(["collect", "-q", "-M", "100ms", "-r", rules]);
        command.arg(format!("--write={bundle}")).output().expect("the binary runs")
    };
    for bundle in ["a%H.tar.zst", "-x.tar.zst"] {
        let ran = run(bundle, &rules);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let bundle = place.name(bundle);
        assert!(ran_verify(&bundle).contains(": 8 files as SHA256SUMS says"), "{}", ran_verify(&bundle));
    }
    let wrong = place.file("wrong.yaml", format!("{rule}- rule: 'R\n")).display().to_string();
    let ran = run("b.tar.zst", &wrong);
    assert_eq!(ran.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&ran.stderr).contains("wrong.yaml:6:"),
        "{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    assert!(!place.path("b.tar.zst.partial").exists() && !place.path("b.tar.zst").exists());
}

fn ran_verify(bundle: &str) -> String {
    ran(&["verify", bundle], 0).out
}

/// Ctrl-C in the middle of the recording ends it, and the bundle is whole.
#[test]
fn a_collection_that_is_ended_is_whole() {
    let check = "collect::a_collection_that_is_ended_is_whole";
    let Some(_turn) = turn::shared(check) else { return };
    let place = Place::new("ended");
    let bundle = place.name("host.tar.zst");
    let mut collecting = Command::new(binary())
        .args(["collect", "-q", "-w", &bundle, "--seconds", "1h"])
        .spawn()
        .expect("the binary runs");
    let trace = place.path("host.tar.zst.partial/trace.scap");
    wait("chunk of the trace", || fs::metadata(&trace).is_ok_and(|trace| trace.len() > 4096));
    let told = Command::new("kill").args(["-INT", &collecting.id().to_string()]).status();
    assert!(told.expect("kill").success());
    assert!(collecting.wait().expect("an exit code").success());
    assert!(!place.path("host.tar.zst.partial").exists());
    let verified = ran_verify(&bundle);
    assert!(
        verified.contains(": intact: ") && verified.contains(": 9 files as SHA256SUMS says"),
        "{verified}"
    );
}

#[test]
fn a_changed_bundle_is_told() {
    let check = "collect::a_changed_bundle_is_told";
    let Some(_turn) = turn::shared(check) else { return };
    let Some(keygen) = require(check, tool("ssh-keygen")) else { return };
    let Some(tar) = require(check, tool("tar")) else { return };
    let place = Place::new("changed");
    let [key, bundle] = ["key", "host.tar.zst"].map(|name| place.name(name));
    let made = Command::new(keygen).args(["-q", "-N", "", "-C", "", "-t", "ed25519", "-f", &key]).status();
    assert!(made.expect("ssh-keygen").success());
    let public = fs::read_to_string(format!("{key}.pub")).expect("a key");
    let allowed = place.file("allowed", format!("ops@example.org {public}")).display().to_string();
    ran(&["collect", "-q", "-w", &bundle, "-M", "1", "--sign", &key], 0);
    let verified = ran(&["verify", "--allowed-signers", &allowed, &bundle], 0).out;
    assert!(verified.contains("SHA256SUMS signed by ops@example.org"), "{verified}");
    assert!(verified.contains("the whole trace"), "{verified}");

    unpack(&bundle, &place);
    let changed = |name: &str, change: &dyn Fn(&std::path::Path)| {
        let inside = place.path("host");
        change(&inside);
        let archive = place.path(name);
        let packed =
            Command::new(&tar).args(["-cf"]).arg(&archive).arg("-C").arg(place.path("")).arg("host").status();
        assert!(packed.expect("tar").success());
        let again = place.name(&format!("{name}.zst"));
        let bytes = fs::read(&archive).expect("an archive");
        fs::write(&again, zstd::encode_all(&bytes[..], 1).expect("zstd")).expect("a file");
        ran(&["verify", "--allowed-signers", &allowed, &again], 3).out
    };
    let text =
        changed("alerts.tar", &|inside| fs::write(inside.join("alerts.txt"), "nothing\n").expect("a file"));
    assert!(text.contains("FAILED: alerts.txt is not what SHA256SUMS says"), "{text}");
    let text = changed("more.tar", &|inside| fs::write(inside.join("more"), "x").expect("a file"));
    assert!(text.contains("FAILED: more is not in SHA256SUMS"), "{text}");
    let text = changed("less.tar", &|inside| fs::remove_file(inside.join("report.html")).expect("a file"));
    assert!(text.contains("FAILED: report.html of SHA256SUMS is missing"), "{text}");
    let text =
        changed("trace.tar", &|inside| fs::write(inside.join("trace.scap"), "nothing").expect("a file"));
    assert!(
        text.contains("FAILED: trace.scap: ") && text.contains("FAILED: trace.scap is not what"),
        "{text}"
    );
    let text = changed("sums.tar", &|inside| fs::write(inside.join("SHA256SUMS"), "").expect("a file"));
    assert!(text.contains("FAILED: SHA256SUMS.sig is not a signature of SHA256SUMS"), "{text}");

    // Of a bundle that ends behind the trace, the trace; of one that ends in it, an error.
    let bytes = fs::read(&bundle).expect("a bundle");
    let part = place.name("part.tar.zst");
    fs::write(&part, &bytes[..bytes.len() - 1]).expect("a file");
    let text = ran(&["verify", &part], 3).out;
    assert!(
        text.contains("FAILED: the bundle ends early or is damaged: ") && text.contains(": intact: "),
        "{text}"
    );
    assert_eq!(ran(&["events", "-q", &part], 0).out, ran(&["events", "-q", &bundle], 0).out);
    fs::write(&part, &bytes[..2000]).expect("a file");
    ran(&["verify", &part], 3);
    ran(&["info", &part], 3);
}
