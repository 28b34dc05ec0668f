//! What leaves for other programs: SQL, exports and baselines. SQL and Parquet are in builds with those features only; without them the verbs
//! say so.

#[cfg(feature = "parquet")]
use std::process::Command;

use serde_json::Value;
use tercel_analysis::tables::Table;
#[cfg(feature = "parquet")]
use tercel_test_support::{Missing, require};
use tercel_test_support::{Place, ran, root};

const TRACE: &str = "testdata/traces/interactive-shell-in-container.scap";
const OTHER: &str = "testdata/traces/shell-connected-to-network-socket.scap";

fn objects(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn out(arguments: &[&str]) -> String {
    ran(arguments, 0).out
}

#[test]
fn exported_events_are_those_of_the_lines() {
    let fields = "evt.num,evt.type,proc.pid,proc.cmdline,fd.name,evt.failed";
    let exported = objects(&out(&["export", "-q", TRACE, "--fields", fields, "evt.type=openat"]));
    let format: Vec<String> = fields.split(',').map(|field| format!("%{field}")).collect();
    let lines = objects(&out(&[
        "events",
        "-q",
        "--json",
        "-p",
        &format!("*{}", format.join(" ")),
        TRACE,
        "evt.type=openat",
    ]));
    assert!(!lines.is_empty() && exported.len() == lines.len());
    for (row, line) in exported.iter().zip(&lines) {
        for field in fields.split(',') {
            assert_eq!(row[field], line[field], "{field}: {row}");
        }
    }
    for threads in ["2", "7"] {
        assert_eq!(
            out(&["export", "-q", "-j", threads, TRACE, "--format", "csv"]),
            out(&["export", "-q", "-j", "1", TRACE, "--format", "csv"])
        );
    }
    let table = out(&["export", "-q", TRACE, "--table", "files", "--format", "csv"]);
    assert_eq!(table, out(&["files", "-q", "--csv", TRACE]));
    for (arguments, message) in [
        (&["export", TRACE, "--fields", "proc.nmae"][..], "did you mean 'proc.name'?"),
        (&["export", TRACE, "--table", "fils"], "did you mean 'files'?"),
        (&["export", TRACE, "--table", "alerts"], "needs rules"),
        (&["export", TRACE, "--schema", "ocsf", "-o", "x.csv"], "JSON lines only"),
        (&["export", TRACE, "-o", TRACE], "would overwrite"),
    ] {
        assert!(ran(arguments, 2).err.contains(message), "{arguments:?}: {}", ran(arguments, 2).err);
    }
}

#[test]
fn objects_have_the_keys_of_their_schemas() {
    let ocsf = objects(&out(&["export", "-q", OTHER, "--schema", "ocsf", "-r", "rules"]));
    for (class, key) in [(1007, "process"), (1001, "file"), (4001, "dst_endpoint"), (2004, "finding_info")] {
        let of_class: Vec<_> = ocsf.iter().filter(|object| object["class_uid"] == class).collect();
        assert!(!of_class.is_empty(), "{class}");
        for object in of_class {
            assert!(!object[key].is_null() && object["metadata"]["version"] == "1.2.0", "{object}");
            let type_uid = object["class_uid"].as_u64().map(|class| class * 100);
            assert_eq!(
                object["type_uid"].as_u64(),
                type_uid.zip(object["activity_id"].as_u64()).map(|(a, b)| a + b)
            );
        }
    }
    let ecs = objects(&out(&["export", "-q", OTHER, "--schema", "ecs", "-r", "rules"]));
    assert!(ecs.iter().all(|object| object["@timestamp"].is_string() && object["event"]["kind"].is_string()));
    assert!(ecs.iter().any(|object| object["event"]["kind"] == "alert"));
}

#[test]
fn what_is_new_is_ranked() {
    let place = Place::new("baseline");
    let base = place.name("base.json");
    out(&["baseline", "learn", "-q", "testdata/traces/ordinary.scap", "-o", &base]);
    let same = objects(&out(&["baseline", "diff", "-q", "--json", &base, "testdata/traces/ordinary.scap"]));
    assert_eq!(same, Vec::<Value>::new(), "nothing is new in what was learnt");
    let new = objects(&out(&["baseline", "diff", "-q", "--json", &base, OTHER]));
    let scores: Vec<u64> = new.iter().map(|row| row["score"].as_u64().expect("a number")).collect();
    assert!(scores.is_sorted_by(|one, other| one >= other) && new.iter().all(|row| row["why"].is_string()));
    let peer = new.iter().position(|row| row["kind"] == "peer" && row["what"] == "tcp 203.0.113.7 port 4433");
    assert!(peer.is_some_and(|place| place < 20), "{new:?}");
    for threads in ["2", "7"] {
        let again = place.name("again.json");
        out(&["baseline", "learn", "-q", "-j", threads, "testdata/traces/ordinary.scap", "-o", &again]);
        assert_eq!(std::fs::read(&again).expect("a file"), std::fs::read(&base).expect("a file"));
    }
    let bad = place.file("bad.json", "{}");
    assert!(
        ran(&["baseline", "diff", bad.to_str().expect("a path"), OTHER], 2).err.contains("not a baseline")
    );
    assert!(ran(&["baseline", "learn", OTHER, "-o", OTHER], 2).err.contains("would overwrite"));
}

/// Of a damaged capture every verb gives what is left, says what is missing and ends with 3.
#[test]
fn every_verb_gives_what_is_left_of_a_damaged_capture() {
    let place = Place::new("damaged");
    let native = place.name("native.scap");
    out(&["convert", "-q", "--chunk", "16KiB", "-w", &native, TRACE]);
    let mut bytes = std::fs::read(&native).expect("a trace");
    // A tenth is flipped, in the middle.
    let (from, to) = (bytes.len() * 45 / 100, bytes.len() * 55 / 100);
    bytes[from..to].iter_mut().for_each(|byte| *byte = !*byte);
    let flipped = place.file("flipped.scap", &bytes);
    let whole = std::fs::read(&native).expect("a trace");
    let cut = place.file("cut.scap", &whole[..whole.len() * 9 / 10]);
    let base = place.name("base.json");
    out(&["baseline", "learn", "-q", "testdata/traces/ordinary.scap", "-o", &base]);
    for trace in [&flipped, &cut] {
        let trace = trace.to_str().expect("a path");
        let (new, written) = (place.name("new.json"), place.name("written.scap"));
        let redact = root().join("analysis/redact.yaml").display().to_string();
        let tables = Table::ALL.iter().map(|table| vec!["table", table.info().name, "-r", "rules", trace]);
        let tables = tables.map(|mut verb| {
            let shows_alerts = Table::WITH_ALERTS.iter().any(|table| table.info().name == verb[1]);
            if !shows_alerts {
                verb.drain(2..4);
            }
            verb
        });
        let verbs = [
            &["ps", trace][..],
            &["timeline", "-r", "rules", trace],
            &["users", trace],
            &["files", trace],
            &["net", trace],
            &["fds", trace],
            &["fds", "--at", "-1s", trace],
            &["containers", trace],
            &["top", trace],
            &["follow", trace],
            &["replay", "-r", "rules", trace],
            &["events", trace],
            &["info", trace],
            &["verify", trace],
            &["report", "-r", "rules", trace],
            &["export", trace],
            &["export", "--schema", "ecs", trace],
            &["baseline", "diff", &base, trace],
            &["baseline", "learn", trace, "-o", &new],
            &["convert", "--force", "-w", &written, trace],
            &["slice", "--force", "-w", &written, trace],
            &["recover", "--force", "-w", &written, trace],
            &["index", "--force", "-w", &written, trace],
            &["merge", "--force", "-w", &written, &native, trace],
            &["redact", "--force", "--policy", &redact, "-w", &written, trace],
        ];
        for verb in verbs.into_iter().map(<[&str]>::to_vec).chain(tables) {
            let found = ran(&verb, 3);
            let said = ["warning:", "error:", "Damage ", "FAILED"];
            assert!(said.iter().any(|word| found.all().contains(word)), "{verb:?}: {}", found.all());
            let writes = verb.contains(&"--force") || verb[1] == "learn";
            let is_replay = verb[0] == "replay";
            assert!(!found.out.is_empty() || writes || is_replay, "{verb:?}");
            if writes && verb[1] != "learn" {
                let left = out(&["events", "-q", "-p", "%evt.num", &written]).lines().count();
                assert!(left > 500, "{verb:?}: {left} events are left");
            }
        }
        #[cfg(feature = "sql")]
        ran(&["sql", trace, "select count(*) from executions"], 3);
    }
}

/// The page of questions shows what the commands print.
#[test]
fn answers_of_the_page_are_those_of_the_commands() {
    let page = std::fs::read_to_string(root().join("docs/questions.md")).expect("the page");
    let code: Vec<&str> = page.split("\n\n").filter(|block| block.starts_with("    ")).collect();
    let mut answered = 0;
    for pair in code.windows(2) {
        let Some(command) = pair[0].strip_prefix("    tercel ").filter(|line| line.contains("testdata/"))
        else {
            continue;
        };
        let mut words = Vec::new();
        for (index, part) in command.split('\'').enumerate() {
            if index % 2 == 1 { words.push(part) } else { words.extend(part.split_whitespace()) }
        }
        let printed = out(&words);
        let mut lines = printed.lines();
        for shown in pair[1].lines() {
            let line = lines.next().unwrap_or_default();
            let short: String = line.chars().take(150).collect();
            assert_eq!(shown.strip_prefix("    ").unwrap_or_default(), short.trim_end(), "{command}");
        }
        answered += 1;
    }
    assert!(answered >= 8, "only {answered} commands were found");
}

#[cfg(not(all(feature = "sql", feature = "parquet")))]
#[test]
fn what_is_not_built_in_says_so() {
    #[cfg(not(feature = "sql"))]
    assert!(ran(&["sql", TRACE, "select 1"], 2).err.contains("--features sql"));
    #[cfg(not(feature = "parquet"))]
    assert!(ran(&["export", TRACE, "-o", "x.parquet"], 2).err.contains("--features parquet"));
}

#[cfg(feature = "sql")]
#[test]
fn queries_see_what_tables_and_events_show() {
    let count = |query: &str| {
        let rows = objects(&out(&["sql", "-q", "--json", TRACE, query]));
        rows[0]["n"].as_u64().expect("a number")
    };
    let events = objects(&out(&[
        "events",
        "-q",
        "--json",
        "-p",
        "*%evt.num %evt.type %proc.name %evt.rawtime",
        TRACE,
    ]));
    assert_eq!(count("select count(*) as n from events"), events.len() as u64);
    let of_type = |name: &str| events.iter().filter(|event| event["evt.type"] == name).count() as u64;
    assert_eq!(count("select count(*) as n from events where evt_type='openat'"), of_type("openat"));
    assert_eq!(
        count("select count(*) as n from events where evt_type in ('openat', 'close')"),
        of_type("openat") + of_type("close")
    );
    let of_process = events.iter().filter(|event| event["proc.name"] == "sh").count() as u64;
    assert_eq!(count("select count(*) as n from events where proc_name='sh'"), of_process);
    let times =
        objects(&out(&["sql", "-q", "--json", TRACE, "select min(time) as a, max(time) as b from events"]));
    let between = format!(
        "select count(*) as n from events where time between {} and {}",
        times[0]["a"], times[0]["b"]
    );
    assert_eq!(count(&between.replace('"', "'")), events.len() as u64);
    // A field in a query is the field in a line.
    let rows = objects(&out(&[
        "sql",
        "-q",
        "--json",
        TRACE,
        "select evt_num, proc_cmdline, fd_name, evt_args from events where evt_type='openat'",
    ]));
    let lines = objects(&out(&[
        "events",
        "-q",
        "--json",
        "-p",
        "*%evt.num %proc.cmdline %fd.name %evt.args",
        TRACE,
        "evt.type=openat",
    ]));
    assert_eq!(rows.len(), lines.len());
    for (row, line) in rows.iter().zip(&lines) {
        for (column, field) in [
            ("evt_num", "evt.num"),
            ("proc_cmdline", "proc.cmdline"),
            ("fd_name", "fd.name"),
            ("evt_args", "evt.args"),
        ] {
            assert_eq!(row[column], line[field], "{row}");
        }
    }
    let executions = objects(&out(&["table", "executions", "-q", "--json", TRACE])).len() as u64;
    assert_eq!(
        count("select count(*) as n from executions join processes using (file, process)"),
        executions
    );
    // A process that ran before the capture is found, too.
    assert_eq!(
        count("select count(*) as n from fds join processes using (file, process)"),
        objects(&out(&["fds", "-q", "--json", TRACE])).len() as u64
    );
    assert_eq!(out(&["sql", "-q", TRACE, ".tables"]).lines().next(), Some("events"));
    assert!(
        out(&["sql", "-q", TRACE, ".schema files"])
            .starts_with("files(file TEXT, path TEXT, directory TEXT, pid INTEGER")
    );
    assert!(ran(&["sql", TRACE, "select nonesuch from events"], 2).err.contains("no such column"));
    let refused = ran(&["sql", "--memory", "16KiB", TRACE, "select count(*) from files"], 4);
    assert!(refused.err.contains("ask for a window or with a filter"), "{}", refused.err);
    assert!(ran(&["sql", TRACE, "attach 'x' as y"], 2).err.contains("not authorized"));
}

/// Other programs read the file, and find what the lines say: counts, values, and few bytes.
#[cfg(feature = "parquet")]
#[test]
fn parquet_is_read_by_others() {
    let python = std::env::var("TERCEL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let check = "Parquet in pyarrow and DuckDB";
    let modules = Command::new(&python).args(["-c", "import pyarrow, duckdb"]).output();
    let there = if modules.is_ok_and(|found| found.status.success()) {
        Ok(())
    } else {
        Err(Missing::new("pyarrow", "no pyarrow and duckdb for $TERCEL_PYTHON or python3".to_owned()))
    };
    let Some(()) = require(check, there) else { return };
    let mut command = Command::new(python);
    command.arg(root().join("tests/parquet.py")).arg(tercel_test_support::binary()).arg(root().join(TRACE));
    let found = command.output().expect("Python runs");
    let (text, errors) = (String::from_utf8_lossy(&found.stdout), String::from_utf8_lossy(&found.stderr));
    assert!(found.status.success(), "{text}{errors}");
    assert!(text.contains("pyarrow: ") && text.contains("DuckDB: "), "{text}");
}
