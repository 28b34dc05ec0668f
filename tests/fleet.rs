//! `tercel fleet`: plans, shards and their merge give what one replay over all files gives.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tercel_test_support::{Place, Ran, ran, root, tercel};

/// Traces of the fleet: their names and what they are made of. Two are of one host, one is divided, one is gzip of a scap file.
const TRACES: [(&str, &str, &[&str]); 5] = [
    ("b.scap", "testdata/traces/ordinary.scap", &["--chunk", "32KiB"]),
    ("a.scap", "testdata/traces/interactive-shell-in-container.scap", &[]),
    ("c.scap.gz", "testdata/traces/miner-started.scap", &["--to", "gzip"]),
    ("d.scap", "testdata/traces/password-hashes-read.scap", &["--chunk", "4KiB"]),
    ("e.scap", "testdata/traces/classic.scap", &["--chunk", "16KiB", "--layout", "columns"]),
];

/// A directory with the traces.
fn traces(place: &Place) -> String {
    fs::create_dir(place.path("t")).expect("a directory");
    for (name, from, options) in TRACES {
        let to = place.name(&format!("t/{name}"));
        ran(&[&["convert", "-q", from, "-w", &to], options].concat(), 0);
    }
    place.name("t")
}

/// Makes a plan with these options; its files in their order, and how many shards it has.
fn plan(place: &Place, options: &[&str]) -> (Vec<String>, usize) {
    let (traces, plan) = (place.name("t"), place.name("plan.json"));
    let words = ["fleet", "plan", "-q", &traces, "-r", "rules", "--output", &plan];
    ran(&[&words, options].concat(), 0);
    let plan: Value = serde_json::from_str(&place.read("plan.json")).expect("JSON");
    let files = plan["files"].as_array().expect("files").iter();
    let files = files.map(|file| file["url"].as_str().expect("a URL").to_owned()).collect();
    (files, plan["shards"].as_array().expect("shards").len())
}

/// Runs shards.
fn run(place: &Place, shards: &str, out: &str) -> Ran {
    ran(
        &["fleet", "run", "--plan", &place.name("plan.json"), "--shard", shards, "--out", &place.name(out)],
        0,
    )
}

fn merge(place: &Place, out: &str, options: &[&str], code: i32) -> Ran {
    let (plan, out) = (place.name("plan.json"), place.name(out));
    ran(&[&["fleet", "merge", "--plan", &plan, &out], options].concat(), code)
}

/// What a replay prints.
fn replay(files: &[String], options: &[&str]) -> String {
    let words = ["replay", "-q", "--merge", "--with-file", "-r", "rules"];
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    ran(&[&words, options, &files].concat(), 0).out
}

/// Every file below a directory with its content.
fn contents(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("a directory").flatten() {
        if entry.path().is_dir() {
            found.extend(contents(&entry.path()));
        } else {
            found.push((entry.path().display().to_string(), fs::read(entry.path()).expect("a file")));
        }
    }
    found.sort();
    found
}

#[test]
fn merged_alerts_are_those_of_a_replay_for_any_size_of_shards() {
    let place = Place::new("fleet");
    traces(&place);
    let mut counts = Vec::new();
    for (number, (size, options)) in [
        ("1B", &[][..]),
        ("16KiB", &["--utc", "-oprogram_output.enabled=false", "--rule-matching", "all"]),
        ("1GiB", &["--iso8601", "-p", "warning", "--filter", "proc.name!=nosuch"]),
        ("1B", &["--from", "#40", "--to", "#900"]),
        ("1B", &["--from", "2020-01-01T00:00:00Z", "--to", "2040-01-01T00:00:00Z", "-tT1003.008"]),
    ]
    .into_iter()
    .enumerate()
    {
        let (files, shards) = plan(&place, &[options, &["--shard-size", size]].concat());
        counts.push(shards);
        let out = format!("out-{number}");
        let middle = shards / 2;
        run(&place, &format!("{middle}-{}", shards - 1), &out);
        if middle > 0 {
            run(&place, &format!("0-{}", middle - 1), &out);
        }
        let expected = replay(&files, options);
        assert!(!expected.is_empty(), "{options:?}");
        assert_eq!(merge(&place, &out, &["-q"], 0).out, expected, "{options:?}");
        let json = [options, &["--json"]].concat();
        assert_eq!(
            merge(&place, &out, &["-q", "--format", "json"], 0).out,
            replay(&files, &json),
            "{options:?}"
        );
    }
    // One shard per seam, and one per file or host.
    assert!(
        counts[0] > 3 * TRACES.len() && counts[2] <= TRACES.len() && counts[4] == TRACES.len(),
        "{counts:?}"
    );
}

#[test]
fn a_shard_that_is_run_again_writes_the_same_bytes() {
    let place = Place::new("fleet");
    traces(&place);
    let (_, shards) = plan(&place, &["--shard-size", "16KiB"]);
    let all = format!("0-{}", shards - 1);
    run(&place, &all, "out");
    let before = contents(&place.path("out"));
    assert!(before.len() >= 2 * shards);
    run(&place, &all, "out");
    assert_eq!(contents(&place.path("out")), before);
    let skipping = [
        "fleet",
        "run",
        "--skip-done",
        "--plan",
        &place.name("plan.json"),
        "--shard",
        &all,
        "--out",
        &place.name("out"),
    ];
    assert_eq!(ran(&skipping, 0).err, "");
}

#[test]
fn what_is_missing_or_damaged_is_said() {
    let place = Place::new("fleet");
    traces(&place);
    let victim = place.path("t/d.scap");
    let mut bytes = fs::read(&victim).expect("a trace");
    let middle = bytes.len() / 2;
    bytes[middle..middle + 64].fill(0x5a);
    fs::write(&victim, &bytes).expect("written");
    let (files, shards) = plan(&place, &["--shard-size", "1B"]);
    run(&place, &format!("1-{}", shards - 1), "out");
    let partial = merge(&place, "out", &[], 4);
    assert!(
        partial.err.contains(&format!("Shards: {} of {shards} done\n  shard 0: not done", shards - 1)),
        "{}",
        partial.err
    );
    run(&place, "0", "out");
    let damaged = merge(&place, "out", &["-v", "--summary", &place.name("s.json")], 3);
    assert!(damaged.err.contains("Damaged places skipped: "), "{}", damaged.err);
    assert!(damaged.err.contains("d.scap: chunk "), "{}", damaged.err);
    let words: Vec<&str> = files.iter().map(String::as_str).collect();
    let replayed = ran(&[&["replay", "-q", "--merge", "--with-file", "-r", "rules"], &words[..]].concat(), 3);
    assert_eq!(damaged.out, replayed.out);
    let summary: Value = serde_json::from_str(&place.read("s.json")).expect("JSON");
    let counted = summary["counts"].as_array().expect("counts").iter();
    let counted: u64 = counted.filter_map(|row| row["alerts"].as_u64()).sum();
    assert_eq!((counted, summary["alerts"].as_u64()), (damaged.out.lines().count() as u64, Some(counted)));
    // A file that is another one now is not judged as the planned one.
    fs::copy(root().join("testdata/traces/ordinary.scap"), &victim).expect("written");
    let last = place.name("plan.json");
    let number = files.iter().position(|file| file.ends_with("d.scap")).expect("planned");
    let plan: Value = serde_json::from_str(&place.read("plan.json")).expect("JSON");
    let shard =
        plan["shards"].as_array().expect("shards").iter().position(|parts| parts[0]["file"] == number);
    let shard = shard.expect("a shard").to_string();
    let refused = ran(&["fleet", "run", "--plan", &last, "--shard", &shard, "--out", &place.name("out")], 4);
    assert!(refused.err.contains("d.scap: not what the plan was made of"), "{}", refused.err);
    // Outputs that are damaged are named.
    let mut broken = contents(&place.path("out/_fleet"))
        .into_iter()
        .filter(|(name, bytes)| name.ends_with(".alerts") && bytes.len() > 99);
    let (name, mut bytes) = broken.next_back().expect("an output");
    bytes[60] ^= 1;
    fs::write(&name, bytes).expect("written");
    let refused = merge(&place, "out", &[], 4);
    assert!(refused.err.contains("a block is damaged"), "{}", refused.err);
}

#[test]
fn a_plan_that_cannot_be_run_is_refused() {
    let place = Place::new("fleet");
    traces(&place);
    let (_, shards) = plan(&place, &[]);
    let text = place.read("plan.json");
    let out = place.name("out");
    for (from, to, code, message) in [
        ("\"tercel_fleet_plan\": 1", "\"tercel_fleet_plan\": 9", 2, "a plan of version 9"),
        ("\"state\":", "\"state\": 9, \"was\":", 2, "make a new plan"),
        ("\"--priority=debug\"", "\"--prority=debug\"", 2, "the plan's settings"),
        ("\"window\": []", "\"window\": [\"--from\"]", 2, "invalid window"),
        ("{", "[", 2, "not a plan of tercel fleet"),
    ] {
        let changed = place.file("changed.json", text.replacen(from, to, 1)).display().to_string();
        let refused = ran(&["fleet", "run", "--plan", &changed, "--shard", "0", "--out", &out], code);
        assert!(refused.err.contains(message), "{from}: {}", refused.err);
    }
    let plan = place.name("plan.json");
    let beyond = shards.to_string();
    let refused = ran(&["fleet", "run", "--plan", &plan, "--shard", &beyond, "--out", &out], 2);
    assert!(refused.err.contains(&format!("shard {shards} is not in the plan")), "{}", refused.err);
    for (words, code) in [
        (&["fleet", "plan", "-r", "rules", "no/such"][..], 4),
        (&["fleet", "plan", "-r", "rules", "-"], 2),
        (&["fleet", "plan", "-r", "no/such", "testdata/traces"], 2),
        (&["fleet", "merge", "--plan", "no/such", "out"], 4),
        (&["fleet", "merge", "--plan", "/dev/zero", "out"], 2),
        (&["fleet", "run", "--plan", &plan, "--shard", "3-1", "--out", "out"], 2),
    ] {
        let ran: Ran = tercel(words).current_dir(root()).output().expect("the binary runs").into();
        assert_eq!(ran.code, code, "{words:?}: {}", ran.all());
    }
}
