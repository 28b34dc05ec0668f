//! The verbs that show tables, over the shipped traces.

use serde_json::Value;
use tercel_test_support::{Place, ran};

const TRACE: &str = "testdata/traces/interactive-shell-in-container.scap";
const VERBS: [&[&str]; 19] = [
    &["ps"],
    &["ps", "--flat"],
    &["timeline"],
    &["files"],
    &["net"],
    &["net", "--listeners"],
    &["fds"],
    &["containers"],
    &["top", "--by", "syscall"],
    &["table", "executions"],
    &["users"],
    &["timeline", "--rules", "rules"],
    &["table", "threads"],
    &["table", "dns"],
    &["table", "http"],
    &["table", "streams"],
    &["table", "sockets_unix"],
    &["table", "signals"],
    &["table", "alerts", "--rules", "rules"],
];

fn out(arguments: &[&str]) -> String {
    ran(arguments, 0).out
}

fn objects(arguments: &[&str]) -> Vec<Value> {
    out(arguments).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn lines_are_the_same_for_any_number_of_threads() {
    for verb in VERBS {
        for face in [&[][..], &["--json"], &["--csv"]] {
            let one = out(&[verb, face, &[TRACE, "-q", "-j", "1"]].concat());
            assert!(one.lines().count() >= usize::from(face != ["--json"]), "{verb:?} {face:?}");
            for threads in ["2", "7"] {
                assert_eq!(
                    out(&[verb, face, &[TRACE, "-q", "-j", threads]].concat()),
                    one,
                    "{verb:?} {face:?}"
                );
            }
        }
    }
}

#[test]
fn processes_are_a_tree_below_who_started_them() {
    let lines = out(&["ps", "-q", TRACE]);
    let mut lines = lines.lines();
    let head: Vec<&str> = lines.next().expect("a head").split_whitespace().collect();
    assert_eq!(head, ["PID", "START", "USER", "CONTAINER", "EXIT", "CMDLINE"]);
    assert!(lines.any(|line| line.contains("└─ ")), "no branch");
    let flat = objects(&["ps", "-q", "--json", TRACE]);
    let id = |row: &Value, pid: &str, start: &str| (row[pid].clone(), row[start].clone());
    let ids: Vec<_> = flat.iter().map(|row| id(row, "pid", "start")).collect();
    let known = flat
        .iter()
        .filter(|row| !row["start"].is_null() && ids.contains(&id(row, "parent_pid", "parent_start")));
    assert!(known.count() > 2);
    assert_eq!(
        ids.iter().collect::<std::collections::HashSet<_>>().len(),
        ids.len(),
        "a process has one row"
    );
}

#[test]
fn what_the_rules_say_stands_in_the_tables() {
    let executed = objects(&["table", "executions", "-q", "--json", TRACE]);
    let events = objects(&[
        "events",
        "-q",
        "--json",
        "-p",
        "%evt.num %proc.pid %proc.cmdline %proc.exepath %user.name",
        TRACE,
        "evt.type in (execve, execveat) and evt.res=SUCCESS",
    ]);
    assert_eq!(executed.len(), events.len());
    for (row, event) in executed.iter().zip(&events) {
        for (column, field) in
            [("number", "evt.num"), ("pid", "proc.pid"), ("cmdline", "proc.cmdline"), ("exe", "proc.exepath")]
        {
            assert_eq!(row[column], event[field], "{row} {event}");
        }
    }
    // Sums are those of the events.
    let calls: u64 = objects(&["top", "--by", "syscall", "-n", "1000000", "-q", "--json", TRACE])
        .iter()
        .map(|row| row["calls"].as_u64().expect("a number"))
        .sum();
    let count = out(&["events", "-q", "-p", "%evt.num", TRACE]).lines().count();
    assert_eq!(calls, count as u64);
}

#[test]
fn columns_order_and_number_of_rows_are_chosen() {
    let csv = out(&["files", "-q", "--csv", "--columns", "path,opens", "--sort", "opens", "-n", "3", TRACE]);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines[0], lines.len()), ("path,opens", 4));
    let opens: Vec<u64> = lines[1..]
        .iter()
        .map(|line| line.rsplit_once(',').expect("two").1.parse().expect("a number"))
        .collect();
    assert!(opens.is_sorted_by(|one, other| one >= other), "{opens:?}");
    let small = objects(&["files", "-q", "--json", "--sort", "+opens", "-n", "1", TRACE]);
    assert!(small[0]["opens"].as_u64() <= opens.last().copied());
    let grouped = objects(&["table", "files", "-q", "--json", "--by", "path", TRACE]);
    let rows = objects(&["table", "files", "-q", "--json", TRACE]);
    let sum = |rows: &[Value]| rows.iter().map(|row| row["opens"].as_u64().expect("a number")).sum::<u64>();
    assert!(grouped.len() < rows.len() && sum(&grouped) == sum(&rows));
    // Several captures are told apart.
    let both = objects(&["ps", "-q", "--json", TRACE, "testdata/traces/classic.scap"]);
    assert!(both.iter().any(|row| row["file"] == TRACE) && both.iter().any(|row| row["file"] != TRACE));
}

#[test]
fn windows_and_filters_choose_the_events_that_count() {
    let all = objects(&["table", "executions", "-q", "--json", TRACE]);
    let number = all[all.len() / 2]["number"].to_string();
    let before = objects(&["table", "executions", "-q", "--json", "--to", &format!("#{number}"), TRACE]);
    let behind = objects(&["table", "executions", "-q", "--json", "--from", &format!("#{number}"), TRACE]);
    assert_eq!([before, behind].concat(), all);
    let name = all[0]["name"].as_str().expect("a name");
    let some = objects(&["table", "executions", "-q", "--json", TRACE, &format!("proc.name={name}")]);
    assert!(!some.is_empty() && some.iter().all(|row| row["name"] == name));
    let none = ran(&["files", TRACE, "proc.name=nobody"], 0);
    assert!(none.err.contains("no event matches"), "{}", none.err);
}

/// At a moment there is what a replay up to there knows: the same rows as at the end of a capture that ends there.
#[test]
fn a_moment_shows_what_existed_then() {
    let place = Place::new("moment");
    let times: Vec<String> =
        out(&["events", "-q", "-p", "%evt.rawtime", TRACE]).lines().map(str::to_owned).collect();
    let native = place.name("native.scap");
    out(&["convert", "-q", "--chunk", "16KiB", "-w", &native, TRACE]);
    for part in [4, 2] {
        let at = format!(
            "#{}",
            objects(&["events", "-q", "--json", "-p", "%evt.num", TRACE])[times.len() / part]["evt.num"]
        );
        let cut = place.name(&format!("cut{part}.scap"));
        out(&["slice", "-q", "--to", &at, "-w", &cut, TRACE]);
        for verb in [&["fds"][..], &["net", "-l"]] {
            let expected = out(&[verb, &["-q", "--csv", &cut]].concat());
            for trace in [TRACE, &native] {
                assert_eq!(
                    out(&[verb, &["-q", "--csv", "--at", &at, trace]].concat()),
                    expected,
                    "{verb:?} {at} {trace}"
                );
            }
        }
        let alive = objects(&["ps", "-q", "--json", "--at", &at, &native]);
        let ended = objects(&["ps", "-q", "--json", &native]).len();
        assert!(alive.iter().all(|row| row["end"].is_null()) && !alive.is_empty() && alive.len() < ended);
    }
    let shells = objects(&["fds", "-q", "--json", TRACE, "proc.name=sh", "and", "fd.type=file"]);
    assert!(shells.iter().all(|row| row["name"] == "sh" && row["type"] == "file"), "{shells:?}");
    let found = ran(&["ps", "--at", "#1", "--from", "#2", TRACE], 2);
    assert!(found.err.contains("cannot be used with"), "{}", found.err);
}

/// A library that is opened by way of a link, `/lib` to `/usr/lib`.
#[test]
fn filters_see_the_paths_that_are_asked_for() {
    const LINKED: &str = "testdata/traces/recovery-inhibited.scap";
    let given = "fd.name = /lib/x86_64-linux-gnu/libc.so.6";
    let resolved = "fd.name = /usr/lib/x86_64-linux-gnu/libc.so.6";
    for verb in [&["files", "--json"][..], &["export", "--fields", "fd.name"]] {
        let rows =
            |filter: &str, paths: &[&str]| objects(&[verb, &["-q"], paths, &[LINKED, filter]].concat()).len();
        let whose = |paths| [given, resolved].map(|filter| rows(filter, &["--paths", paths]) > 0);
        assert_eq!(whose("caller"), [true, false], "{verb:?}");
        assert_eq!(whose("kernel"), [false, true], "{verb:?}");
        assert_eq!(whose("both"), [true, true], "{verb:?}");
        assert_eq!(rows(resolved, &[]), rows(resolved, &["--paths", "both"]), "{verb:?}");
    }
}

#[test]
fn mistakes_are_told() {
    for (arguments, message) in [
        (&["table", "procesess", TRACE][..], "unknown table 'procesess'; did you mean 'processes'?"),
        (&["files", TRACE, "--columns", "path,wrote"], "the table files has no column 'wrote'"),
        (&["files", TRACE, "--sort", "writtn"], "did you mean 'written'?"),
        (&["table", "zzz", TRACE], "unknown table 'zzz'; 'tercel table' lists"),
        (&["table", "files"], "name the captures after the table"),
        (&["ps", TRACE, "--json", "--csv"], "cannot be used with"),
    ] {
        let found = ran(arguments, 2);
        assert!(found.err.contains(message), "{arguments:?}: {}", found.err);
    }
    let listed = out(&["table"]);
    assert!(listed.contains("processes: ") && listed.contains("  login_uid "), "{listed}");
    let place = Place::new("tables");
    let cut = place.file(
        "cut.scap",
        &std::fs::read(tercel_test_support::root().join(TRACE)).expect("a trace")[..20_000],
    );
    let found = ran(&["ps", cut.to_str().expect("a path")], 3);
    assert!(found.out.lines().count() > 3, "{}", found.all());
}

/// What rules say stands in the table of alerts as in a replay, and in the timeline.
#[test]
fn alerts_are_those_of_a_replay() {
    let alerts = objects(&["table", "alerts", "-q", "--json", "-r", "rules", TRACE]);
    let replayed = objects(&["replay", "-q", "-r", "rules", "-c", "tests/tables.yaml", TRACE]);
    assert!(!alerts.is_empty() && alerts.len() == replayed.len());
    for (row, alert) in alerts.iter().zip(&replayed) {
        assert_eq!((&row["rule"], &row["priority"]), (&alert["rule"], &alert["priority"]), "{row}");
        let fields: Value = serde_json::from_str(row["fields"].as_str().expect("text")).expect("JSON");
        assert_eq!(fields["proc.cmdline"], alert["output_fields"]["proc.cmdline"], "{row}");
    }
    let told = objects(&["timeline", "-q", "--json", "-r", "rules", TRACE]);
    assert_eq!(told.iter().filter(|row| row["kind"] == "alert").count(), alerts.len());
    let text = out(&["timeline", "-q", "-r", "rules", "-n", "1", TRACE]);
    assert!(text.lines().any(|line| line.starts_with("alert ") && line.contains('█')), "{text}");
    for (arguments, message) in [
        (&["table", "alerts", TRACE][..], "needs rules"),
        (&["table", "files", "-r", "rules", TRACE], "for the tables alerts and timeline"),
    ] {
        assert!(ran(arguments, 2).err.contains(message), "{arguments:?}");
    }
}

/// The data are those of the events, and what was not captured is said.
#[test]
fn data_are_followed() {
    let raw = out(&["follow", "-q", "--raw", TRACE]);
    assert!(!raw.is_empty());
    let found = ran(&["follow", TRACE], 0);
    let heads = found.out.lines().filter(|line| line.contains(" -> write ") || line.contains(" <- read "));
    let calls = out(&[
        "events",
        "-q",
        "-p",
        "%evt.num",
        TRACE,
        "evt.is_io=true and evt.rawres>0 and evt.type!=splice",
    ]);
    assert_eq!(heads.count(), calls.lines().count());
    assert!(
        found.out.contains(" not captured") && found.err.contains("'tercel record -s SIZE' keeps more"),
        "{}",
        found.err
    );
    let written = out(&["follow", "-q", "--written", "-x", "-n", "2", TRACE]);
    assert!(
        !written.contains("<- read") && written.lines().any(|line| line.starts_with("00000000  ")),
        "{written}"
    );
    let place = Place::new("follow");
    let file = place.name("data");
    out(&["follow", "-q", "--raw", "--output", &file, TRACE]);
    assert!(std::fs::metadata(&file).is_ok_and(|found| found.len() > 1000));
    assert!(ran(&["follow", TRACE, "evt.type=chdir"], 0).err.contains("no data"));
}

/// A report is the same for any number of threads, and nothing but text of a name gets into it.
#[test]
fn reports_are_whole_pages() {
    let page = |threads: &str| out(&["report", "-q", "-r", "rules", "-j", threads, TRACE]);
    let one = page("1");
    assert_eq!(page("7"), one);
    assert!(one.starts_with("<!doctype html>") && one.trim_end().ends_with("</html>"));
    let value: Value =
        serde_json::from_str(&out(&["report", "-q", "-r", "rules", "--format", "json", TRACE]))
            .expect("JSON");
    assert!(value["captures"][0]["alerts"]["alerts"].as_array().is_some_and(|alerts| !alerts.is_empty()));
    assert!(
        out(&["report", "-q", "-r", "rules", "--format", "markdown", TRACE]).contains("## What happened")
    );
    assert!(ran(&["report", "-r", "rules", "-o", TRACE, TRACE], 2).err.contains("would overwrite"));
    assert!(ran(&["report", "-r", "rules", "-"], 2).err.contains("standard input"));
}

/// A capture that was split has the same events in all, with the same numbers, and each file shows what the capture shows.
#[test]
fn slices_follow_one_another() {
    let place = Place::new("split");
    let lines = |trace: &str, filter: &[&str]| {
        out(&[&["events", "-q", "-p", "*%evt.num %proc.cmdline %fd.name", trace], filter].concat())
    };
    let parts = |name: &str| {
        let entries = std::fs::read_dir(place.directory()).expect("a directory").flatten();
        let mut parts: Vec<_> = entries.map(|entry| entry.path().display().to_string()).collect();
        parts.retain(|part| part.contains(name));
        parts.sort();
        parts
    };
    let filter = &["proc.name", "in", "(sh,", "containerd-shim)"][..];
    for (name, option, filter) in [
        ("age", &["-G", "1"][..], &[][..]),
        ("size", &["-C", "20kB"], &[]),
        ("both", &["-G", "1", "-C", "20kB", "--layout", "rows"], &[]),
        ("some", &["-C", "10kB"], filter),
    ] {
        let pattern = place.name(&format!("{name}.scap"));
        out(&[&["slice", "-q", "-w", &pattern, TRACE], option, filter].concat());
        let parts = parts(name);
        assert!(parts.len() > 1, "{name}: {parts:?}");
        let all: String = parts.iter().map(|part| lines(part, filter)).collect();
        assert_eq!(all, lines(TRACE, filter), "{name}");
    }
    let sizes: Vec<u64> =
        parts("size").iter().map(|part| std::fs::metadata(part).expect("a file").len()).collect();
    assert!(sizes.iter().all(|size| *size < 60_000), "{sizes:?}");
    // The events of all files together are limited.
    let pattern = place.name("first.scap");
    out(&["slice", "-q", "-n", "1500", "-G", "1", "-w", &pattern, TRACE]);
    let all: String = parts("first").iter().map(|part| lines(part, &[])).collect();
    let expected: String = lines(TRACE, &[]).lines().take(1500).map(|line| format!("{line}\n")).collect();
    assert_eq!(all, expected);
}
