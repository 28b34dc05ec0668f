//! Disguises: a program reaches a watched file in every way there is, and rules have to see each. They see it by the path that the
//! kernel resolved; by the path that the program gave they see as much as Falco. Needs root, BPF and a C compiler.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tercel_test_support::{Place, corpus, ran, require, root, tool};

use crate::turn;

/// Ways that must be there on every kernel.
const LEAST: usize = 30;

/// Ways that Falco's stable rules do not look at: another call, an open before the way begins, and a new name.
const NOT_LOOKED_AT: [&str; 3] = ["handle", "inherited", "renamed"];

/// Ways whose name is what is hidden: a program's view shows another one, or none.
const DISGUISED: [&str; 11] = [
    "symlink",
    "symdir",
    "symchain",
    "symrel",
    "procroot",
    "proccwd",
    "bindmount",
    "bindfile",
    "chroot",
    "longpath",
    "x_procroot",
];

/// What alerts say of a way.
#[derive(Debug, Default)]
struct Seen {
    rules: BTreeSet<String>,
    by_caller: BTreeSet<String>,
    caller: String,
    kernel: String,
}

/// A recording of all ways.
struct Ways {
    place: Place,
    trace: String,
    /// Ways that this kernel allows.
    done: Vec<String>,
    /// Ways by the processes that took them.
    by_pid: HashMap<i64, String>,
}

impl Ways {
    fn record(check: &str) -> Option<Ways> {
        let compiler = require(check, tool("cc"))?;
        let place = Place::new("evade");
        let (program, trace, scratch) = (place.name("ways"), place.name("ways.scap"), place.name("scratch"));
        let source = root().join("tests/evade/ways.c");
        let built =
            Command::new(compiler).args(["-O1", "-w", "-pthread", "-o", &program]).arg(source).status();
        assert!(built.expect("cc runs").success());
        let told = ran(&["record", "-q", "-w", &trace, "--", &program, &scratch], 0).out;
        let mut done = Vec::new();
        for line in told.lines() {
            let (name, how) = line.split_once(' ').unwrap_or((line, ""));
            match how {
                "ok" => done.push(name.to_owned()),
                _ => eprintln!("{line}"),
            }
            assert!(!how.starts_with("failed"), "{line}");
        }
        let names =
            ran(&["events", "-q", &trace, "-p", "%proc.pid %evt.arg.arg2_str", "evt.type=prctl"], 0).out;
        let named = names.lines().filter_map(|line| line.split_once(' '));
        let by_pid = named.filter_map(|(pid, name)| Some((pid.parse().ok()?, name.to_owned()))).collect();
        Some(Ways { place, trace, done, by_pid })
    }

    /// Alerts of rules, as JSON, with the processes.
    fn alerts(&self, rules: &[PathBuf], paths: &str) -> Vec<Value> {
        let config = self.place.file(
            "config.yaml",
            "append_output:\n- match: {source: syscall}\n  extra_fields: [proc.pid, proc.ppid, fd.name, evt.realpath, proc.exepath]\n",
        );
        let config = config.display().to_string();
        let files = rules.iter().flat_map(|file| ["-r".to_owned(), file.display().to_string()]);
        let files: Vec<String> = files.collect();
        let mut arguments =
            vec!["replay", "-q", "--json", "--rule-matching", "all", "--paths", paths, "-c", &config];
        arguments.extend(files.iter().map(String::as_str));
        arguments.push(&self.trace);
        let lines = ran(&arguments, 0).out;
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// What rules see of each way.
    fn seen(&self, rules: &[PathBuf], paths: &str) -> BTreeMap<String, Seen> {
        let mut seen: BTreeMap<String, Seen> = BTreeMap::new();
        for alert in self.alerts(rules, paths) {
            let field = |name: &str| alert["output_fields"][name].clone();
            let text = |name: &str| field(name).as_str().unwrap_or_default().to_owned();
            let pids = [field("proc.pid").as_i64(), field("proc.ppid").as_i64()];
            let Some(way) = pids.into_iter().flatten().find_map(|pid| self.by_pid.get(&pid)) else {
                continue;
            };
            let entry = seen.entry(way.clone()).or_default();
            let rule = alert["rule"].as_str().expect("a rule").to_owned();
            if alert["output"].as_str().is_some_and(|output| !output.contains(" [kernel: ")) {
                entry.by_caller.insert(rule.clone());
            }
            entry.rules.insert(rule);
            // What an alert by the kernel's path shows is what the way is about.
            let (caller, kernel) =
                (text(if way.starts_with("x_") { "proc.exepath" } else { "fd.name" }), text("evt.realpath"));
            if !kernel.is_empty() || entry.caller.is_empty() {
                (entry.caller, entry.kernel) = (caller, kernel);
            }
        }
        seen
    }

    fn print(&self, seen: &BTreeMap<String, Seen>) {
        for way in &self.done {
            match seen.get(way) {
                Some(Seen { rules, caller, kernel, .. }) => {
                    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
                    eprintln!("{way:12} {:48} {kernel:20} {}", short(caller), rules.join(", "));
                }
                None => eprintln!("{way:12} not seen"),
            }
        }
    }
}

/// A long path with its middle left out.
fn short(path: &str) -> String {
    let middle = path.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
    if middle.len() <= 46 {
        return path.to_owned();
    }
    format!("{}…{}", &path[..middle[22]], &path[middle[middle.len() - 22]..])
}

#[test]
fn no_way_to_a_watched_file_is_hidden_from_rules() {
    const CHECK: &str = "disguises of watched files";
    let Some(_turn) = turn::shared(CHECK) else { return };
    let Some(ways) = Ways::record(CHECK) else { return };
    assert!(ways.done.len() >= LEAST, "{} ways", ways.done.len());
    let own = [root().join("tests/evade/rules.yaml")];
    let both = ways.seen(&own, "both");
    ways.print(&both);
    let hidden: Vec<&String> = ways.done.iter().filter(|way| !both.contains_key(*way)).collect();
    assert!(hidden.is_empty(), "not seen: {hidden:?}");
    let kernel = ways.seen(&own, "kernel");
    let hidden: Vec<&String> = ways.done.iter().filter(|way| !kernel.contains_key(*way)).collect();
    assert!(hidden.is_empty(), "not seen by the kernel's paths: {hidden:?}");
    // By what the program says, the disguised ones are not seen when they are opened, and all others as before.
    let caller = ways.seen(&own, "caller");
    for way in DISGUISED.iter().filter(|way| ways.done.iter().any(|done| done == *way)) {
        let rules = caller.get(*way).map(|seen| &seen.rules);
        assert!(
            rules.is_none_or(|rules| !rules.contains("Watched file opened for reading")),
            "{way}: {rules:?}"
        );
    }
    for (way, seen) in &both {
        let alone = caller.get(way).map(|seen| seen.rules.clone()).unwrap_or_default();
        assert_eq!(seen.by_caller, alone, "{way}: the lines of Falco stay");
    }
    falcos_rules(CHECK, &ways);
}

/// Falco's own rules, as they are, where they are at hand.
fn falcos_rules(check: &str, ways: &Ways) {
    let Some(corpus) = require(&format!("{check} with Falco's rules"), corpus()) else { return };
    let rules = [corpus.join("rules/falco_rules.yaml")];
    if !exists(&rules[0]) {
        return;
    }
    let both = ways.seen(&rules, "both");
    ways.print(&both);
    let reads = ways.done.iter().filter(|way| !way.starts_with("x_") && !way.starts_with("w_"));
    let hidden: Vec<&String> =
        reads.filter(|way| !both.contains_key(*way) && !NOT_LOOKED_AT.contains(&way.as_str())).collect();
    assert!(hidden.is_empty(), "not seen by Falco's rules: {hidden:?}");
}

fn exists(path: &Path) -> bool {
    fs::metadata(path).is_ok()
}
