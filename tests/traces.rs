//! Traces as a user handles them: written, summarized, verified, sliced, recovered and merged through the built binary.

use std::fs;

use tercel_test_support::{Place, ran, tercel};

/// A trace whose content never changes.
const STORY: &str = "tests/ruletest/webserver.scap";

const TRACE: &str = "testdata/traces/classic.scap";

/// Runs, compares the exit code, and yields standard output and standard error.
#[track_caller]
fn run(arguments: &[&str], code: i32) -> (String, String) {
    let ran = ran(arguments, code);
    (ran.out, ran.err)
}

fn alerts(trace: &str) -> String {
    run(&["replay", "-q", "--iso8601", "-r", "rules", trace], 0).0
}

fn info(trace: &str, code: i32) -> serde_json::Value {
    serde_json::from_str(&run(&["info", "--json", trace], code).0).expect("JSON")
}

#[test]
fn conversions_keep_the_alerts() {
    let place = Place::new("convert");
    let expected = alerts(TRACE);
    assert!(!expected.is_empty());
    let native = place.name("native.scap");
    run(&["convert", TRACE, "-w", &native], 0);
    assert_eq!(alerts(&native), expected);
    for (options, head) in [
        (&["--to", "scap"][..], &[0x0a, 0x0d, 0x0d, 0x0a][..]),
        (&["--to", "gzip"], &[0x1f, 0x8b]),
        (&["--chunk", "4KiB", "--level", "9", "-j", "7"], &[0x5c, 0x2a, 0x4d, 0x18]),
        (&["--sync", "--level", "max"], &[0x5c, 0x2a, 0x4d, 0x18]),
    ] {
        for input in [TRACE, &native] {
            let other = place.name("other.scap");
            run(&[&["convert", "-q", "--force", input, "-w", &other], options].concat(), 0);
            assert!(fs::read(&other).expect("file").starts_with(head), "{options:?}");
            assert_eq!(alerts(&other), expected, "{options:?}");
        }
    }
    let again = place.name("again.scap");
    run(&["index", "-q", &native, "-w", &again], 0);
    assert_eq!(alerts(&again), expected);
    let piped = tercel(&["convert", "-q", TRACE, "--to", "scap", "-w", "-"])
        .output()
        .expect("the binary runs")
        .stdout;
    let plain = place.name("plain.scap");
    run(&["convert", "-q", &native, "--to", "scap", "-w", &plain], 0);
    assert_eq!(fs::read(&plain).expect("file"), piped);
}

#[test]
fn info_tells_the_same_of_every_kind() {
    let place = Place::new("info");
    let native = place.name("native.scap");
    run(&["convert", "-q", TRACE, "-w", &native], 0);
    let (foreign, told) = (info(TRACE, 0), info(&native, 0));
    for key in
        ["hostname", "cpus", "processes_at_start", "first", "last", "events", "events_by_type", "sections"]
    {
        assert_eq!(foreign[key], told[key], "{key}");
    }
    assert_eq!(told["native"]["indexed"], true);
    assert_eq!(told["source"], TRACE);
    let (text, _) = run(&["info", TRACE, &native], 0);
    for word in
        ["Host ", "Size ", "Chunks ", "Keyframes ", "Seal ", "Processes ", "Time ", "Drops ", "native trace"]
    {
        assert!(text.contains(word), "{word}: {text}");
    }
    let number = |key: &str| told[key].as_f64().expect(key);
    // Numbers of JSON are read with an error in their last digit.
    let is_share = |key: &str, of: &str| (number(key) - number("file_bytes") / number(of)).abs() < 1e-9;
    assert!(is_share("ratio", "scap_bytes") && is_share("bytes_per_event", "events"), "{told}");
    assert!(told["native"]["keyframe_share"].as_f64().is_some_and(|share| share < 1.0), "{told}");
    assert_eq!(text.matches("\nEvents").count(), 2, "{text}");
}

#[test]
fn verify_finds_what_was_changed() {
    let place = Place::new("verify");
    let native = place.name("native.scap");
    run(&["convert", "-q", TRACE, "-w", &native, "--chunk", "4KiB"], 0);
    let (text, _) = run(&["verify", &native], 0);
    let seal = text.trim().rsplit(' ').next().expect("a seal").to_owned();
    run(&["verify", "--seal", &seal, &native], 0);
    let (text, _) = run(&["verify", "--seal", &seal.replace(&seal[..2], "zz"), &native], 3);
    assert!(text.contains("this is another trace"), "{text}");
    let mut bytes = fs::read(&native).expect("file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let changed = place.name("changed.scap");
    fs::write(&changed, &bytes).expect("file");
    let (text, _) = run(&["verify", &changed], 3);
    assert!(text.contains("FAILED: chunk"), "{text}");
    run(&["verify", TRACE], 3);
    run(&["verify", "-"], 2);
}

#[test]
fn a_cut_trace_is_recovered() {
    let place = Place::new("recover");
    let native = place.name("native.scap");
    run(&["convert", "-q", TRACE, "-w", &native, "--chunk", "4KiB"], 0);
    let all = info(&native, 0)["events"].as_u64().expect("number");
    let bytes = fs::read(&native).expect("file");
    let cut = place.name("cut.scap");
    let recovered = place.name("recovered.scap");
    // Of a chunk that is cut after its descriptor, it is known how many events are lost.
    let counted = (0..40).any(|step| {
        fs::write(&cut, &bytes[..bytes.len() * 2 / 3 + step * 24]).expect("file");
        let (_, errors) = run(&["recover", "--force", &cut, "-w", &recovered], 3);
        assert!(errors.contains("the trace was not closed"), "{errors}");
        errors.contains("events lost")
    });
    assert!(counted);
    assert_eq!(info(&cut, 3)["native"]["indexed"], false);
    let events = info(&recovered, 0)["events"].as_u64().expect("number");
    assert!(0 < events && events < all, "{events} of {all}");
    run(&["verify", &recovered], 0);

    // Without its start, and with a hole.
    let mut holed = bytes[300..].to_vec();
    let hole = holed.len() / 2;
    holed[hole..hole + 64].fill(0);
    fs::write(&cut, &holed).expect("file");
    run(&["info", &cut], 3);
    run(&["recover", "-q", "--force", &cut, "-w", &recovered], 3);
    let told = info(&recovered, 0);
    assert!(told["events_dropped"].as_u64().expect("number") > 0, "{told}");

    // A foreign capture.
    let plain = place.name("plain.scap");
    run(&["convert", "-q", &native, "--to", "scap", "-w", &plain], 0);
    let bytes = fs::read(&plain).expect("file");
    fs::write(&plain, &bytes[..bytes.len() - 7]).expect("file");
    run(&["recover", "-q", "--force", &plain, "-w", &recovered], 3);
    assert_eq!(info(&recovered, 0)["events"], all - 1);
}

#[test]
fn merged_captures_are_sections() {
    let place = Place::new("merge");
    let native = place.name("native.scap");
    let merged = place.name("merged.scap");
    run(&["convert", "-q", TRACE, "-w", &native], 0);
    run(&["merge", "-q", &native, TRACE, "-w", &merged], 0);
    let (one, both) = (info(TRACE, 0), info(&merged, 0));
    assert_eq!(both["sections"], 2);
    assert_eq!(both["events"], 2 * one["events"].as_u64().expect("number"));
    let expected = alerts(TRACE);
    assert_eq!(alerts(&merged), [expected.clone(), expected].concat());
    run(&["merge", "-q", "-", TRACE, "-w", &merged], 2);
}

#[test]
fn mistakes_have_their_exit_codes() {
    let place = Place::new("mistakes");
    let native = place.name("native.scap");
    run(&["convert", "-q", TRACE, "-w", &native], 0);
    let before = fs::read(&native).expect("file");
    let refused = |arguments: &[&str], code: i32, message: &str| {
        let (_, errors) = run(arguments, code);
        assert!(errors.contains(message), "{arguments:?}: '{message}' is not in: {errors}");
    };
    refused(&["convert", &native, "-w", &native], 2, "would overwrite the input");
    assert_eq!(fs::read(&native).expect("file"), before);
    refused(&["convert", TRACE, "-w", &native, "--chunk", "1GiB"], 2, "invalid size");
    refused(&["convert", TRACE, "-w", &native, "--level", "0"], 2, "invalid level");
    refused(&["convert", "no-such.scap", "-w", &native], 4, "no such file");
    refused(&["convert", TRACE, "-w", "no-such-dir/x"], 4, "no-such-dir/x");
    refused(&["convert", "--force", "rules/tercel_rules.yaml", "-w", &native], 3, "not a capture");
    refused(&["index", TRACE, "--to", "gzip", "-w", &native], 2, "unexpected argument '--to'");
    refused(&["convert", "testdata/traces", "-w", &native], 2, "'tercel merge' joins them");
    assert_eq!(fs::read(&native).expect("file"), before, "nothing was written by mistakes");
    refused(&["info", "rules/tercel_rules.yaml"], 3, "not a capture");
}

#[test]
fn events_are_printed_as_sysdig_does() {
    let (all, _) = run(&["events", STORY], 0);
    let lines: Vec<&str> = all.lines().collect();
    assert!(
        lines[0].starts_with("1 09:30:00.000000000 0 php-fpm8.2 (402) < setuid res=0 uid=33(www-data)"),
        "{all}"
    );
    let (some, _) = run(&["events", STORY, "proc.name=curl", "and", "evt.type=connect"], 0);
    assert_eq!(some.lines().count(), 2, "{some}");
    assert!(some.lines().all(|line| lines.contains(&line)), "{some}");
    let (first, _) = run(&["events", STORY, "-n", "2", "--filter", "evt.num > 1"], 0);
    assert_eq!(first.lines().map(|line| &line[..1]).collect::<Vec<_>>(), ["2", "3"]);
    let (window, _) = run(&["events", STORY, "--from", "#4", "--to", "#6", "-p", "%evt.num"], 0);
    assert_eq!(window, "4\n5\n");
    // Without the asterisk, an event that lacks a value has no line.
    let (named, _) = run(&["events", STORY, "--from", "#30", "--to", "#34", "-p", "%evt.num %fd.name"], 0);
    assert_eq!(named, "32 \n33 192.0.2.10:38210->203.0.113.7:80\n");
    let (text, _) = run(&["events", STORY, "-j", "-n", "1", "-p", "%proc.name %evt.num %fd.name"], 0);
    assert_eq!(text, "{\"evt.num\":1,\"fd.name\":null,\"proc.name\":\"php-fpm8.2\"}\n");
    let (containers, _) = run(&["events", STORY, "-p", "container", "-n", "1"], 0);
    let expected = "1 09:30:00.000000000 0 host (host) php-fpm8.2 (402:402) < setuid";
    assert!(containers.starts_with(expected), "{containers}");
    run(&["events", STORY, "-p", "%no.field"], 2);
    run(&["events", STORY, "proc.nmae=x"], 2);
    run(&["events"], 2);
    let (_, errors) = run(&["events", STORY, "--output", "/dev/full"], 4);
    assert!(errors.contains("No space left"), "{errors}");
    let (list, _) = run(&["events", "--list", "openat2"], 0);
    assert_eq!(list.lines().count(), 2, "{list}");
}

#[test]
fn slices_say_what_they_hold() {
    let place = Place::new("slice");
    let slice = place.name("slice.scap");
    let window = ["--from", "#30", "--to", "#36", "evt.type=connect"];
    let (_, errors) = run(&[&["slice", "--force", STORY, "-w", &slice], &window[..]].concat(), 0);
    assert!(errors.contains("1 event kept, 4 more as state only, 1 left out"), "{errors}");
    let (events, _) = run(&["events", &slice, "-p", "%evt.num %evt.type %proc.name"], 0);
    assert_eq!(events, "33 connect curl\n");
    let told = info(&slice, 0);
    assert_eq!((&told["events"], &told["filter"]), (&5.into(), &"evt.type=connect".into()));
    // A slice of a slice.
    let again = place.name("again.scap");
    run(&["slice", "-q", &slice, "-w", &again, "--from", "#33"], 0);
    assert_eq!(run(&["events", &again, "-p", "%evt.num %evt.type %proc.name"], 0).0, events);
    let (_, errors) = run(&["slice", "--force", STORY, "-w", &slice, "--from", "#4000"], 0);
    assert!(errors.contains("no event in the window"), "{errors}");
    run(&["slice", STORY, "-w", &slice, "--from", "noon"], 2);
    run(&["slice", &slice, "-w", &slice], 2);
}

#[test]
fn behind_a_hole_the_state_is_known_again() {
    let place = Place::new("hole");
    let native = place.name("native.scap");
    run(&["convert", "-q", STORY, "-w", &native, "--chunk", "4KiB"], 0);
    let bytes = fs::read(&native).expect("file");
    let trace = tercel_format::trace::Trace::open(bytes.clone()).expect("a trace");
    let chunks = trace.chunks();
    assert!(chunks.len() >= 4, "{}", chunks.len());
    // The data of a chunk in the middle is damaged; its keyframe, and those after it, are not.
    let hit = &chunks[chunks.len() / 2];
    let mut holed = bytes.clone();
    let at = hit.end() as usize - 9;
    holed[at] ^= 0xFF;
    let (damaged, recovered) = (place.name("damaged.scap"), place.name("recovered.scap"));
    fs::write(&damaged, holed).expect("file");
    run(&["recover", "-q", "--force", &damaged, "-w", &recovered], 3);
    run(&["verify", &recovered], 0);
    let line = [
        "-p",
        "%evt.num %evt.reltime %proc.name %proc.pid %proc.pname %proc.duration %proc.cmdline %fd.name",
    ];
    let print = |trace: &str, code| run(&[&["events", "-q", trace], &line[..]].concat(), code).0;
    let lost = hit.descriptor.events_before..hit.descriptor.events_before + hit.descriptor.events;
    let number =
        |line: &str| line.split(' ').next().and_then(|text| text.parse::<u64>().ok()).expect("a number");
    let whole = print(&native, 0);
    let expected: Vec<&str> = whole.lines().filter(|line| !lost.contains(&(number(line) - 1))).collect();
    assert!(expected.len() < whole.lines().count());
    assert_eq!(print(&recovered, 0).lines().collect::<Vec<_>>(), expected);
    assert_eq!(print(&damaged, 3).lines().collect::<Vec<_>>(), expected);
}
