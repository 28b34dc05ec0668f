//! `tercel profile` as a user sees it: counts that are the same in every run, shares that add up, rewrites.

use serde_json::Value;
use tercel_test_support::{Place, Ran};

use super::bench::{rules, run, traces, web};

fn profile(arguments: &[&str]) -> Ran {
    let (rules, traces) = (rules(), traces());
    let place = Place::new("profile");
    run(place.directory(), &[&["profile", "-q", "--rules", &rules, &traces][..], arguments].concat())
}

fn json(ran: &Ran) -> Value {
    assert_eq!(ran.code, 0, "{}", ran.all());
    serde_json::from_str(&ran.out).expect("JSON")
}

#[test]
fn counts_are_the_same_for_any_number_of_threads() {
    let one = profile(&["--counts", "--json", "-j", "1"]);
    assert_eq!(profile(&["--counts", "--json", "-j", "5"]).out, one.out);
    let report = json(&one);
    assert!(report["terms"][0]["asked"].as_u64() > Some(100), "{}", report["terms"][0]);
    assert!(report["terms"][0].get("share_percent").is_none());
    let matched = |row: &Value| row["held"].as_u64().unwrap_or(0);
    let rules: u64 = report["rules"].as_array().into_iter().flatten().map(matched).sum();
    let events: u64 = report["event_types"].as_array().into_iter().flatten().map(matched).sum();
    assert!(rules > 100 && rules == events, "{rules} {events}");
}

#[test]
fn shares_add_up() {
    let report = json(&profile(&["--json", "--alone"]));
    for table in ["rules", "terms", "event_types"] {
        let rows = report[table].as_array().into_iter().flatten();
        let tenths =
            rows.map(|row| (row["share_percent"].as_f64().unwrap_or(f64::NAN) * 10.0).round() as u64);
        assert_eq!(tenths.sum::<u64>(), 1000, "{table}");
    }
    let alone = |row: &Value| (row["held"].as_u64(), row["alone"]["held"].as_u64());
    for row in report["rules"].as_array().into_iter().flatten() {
        let (beside, alone) = alone(row);
        assert!(alone >= beside, "{row}");
    }
}

#[test]
fn rewrites_are_named() {
    let place = Place::new("profile-rewrites");
    place.file(
        "r.yaml",
        "- rule: r\n  desc: d\n  condition: >\n    evt.type = execve and proc.cmdline regex '^(a|b)$'\n    or proc.name = sh or proc.name = \
         curl or proc.name = id\n  output: o\n  priority: INFO\n",
    );
    let web = web();
    let ran = run(place.directory(), &["profile", "--rules", "r.yaml", "--counts", &web]);
    assert_eq!(ran.code, 0, "{}", ran.all());
    for words in [
        "write 'proc.cmdline in (a, b)' for 'proc.cmdline regex \"^(a|b)$\"'",
        "write 'proc.name in (sh, curl, id)' for 3 comparisons with =",
        "name event types",
    ] {
        assert!(ran.out.contains(words), "'{words}' is not in: {}", ran.out);
    }
}

#[test]
fn mistakes_have_their_exit_codes() {
    let place = Place::new("profile-mistakes");
    place.file(
        "bad.yaml",
        "- rule: r\n  desc: d\n  condition: proc.nmae = a\n  output: o\n  priority: INFO\n",
    );
    let web = web();
    let ran = run(place.directory(), &["profile", "--rules", "bad.yaml", &web]);
    assert!(ran.code == 2 && ran.err.contains("bad.yaml:3:14"), "{}", ran.all());
    let ran = run(place.directory(), &["profile", "--rules", "none.yaml", &web]);
    assert_eq!(ran.code, 2, "{}", ran.all());
}
