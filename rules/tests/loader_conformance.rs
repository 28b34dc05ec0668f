//! The loader against what Falco 0.44.1 says of the same rule files: `lang/NAME.yaml` and `lang/NAME.check.json`, and the
//! single conditions of `lang/conditions.jsonl`.
//!
//! The files are not part of this repository. The directory is taken from TERCEL_CORPUS, `../shared/corpus` next to the
//! workspace otherwise; without it the checks are skipped.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};
use tercel_rules::load::{Loader, Options, RuleState, results_to_json};
use tercel_test_support::require;

fn corpus() -> Option<PathBuf> {
    require("rule files of the corpus", tercel_test_support::corpus())
}

/// The parts of a result that are compared one by one.
fn parts(result: &Value) -> BTreeMap<&'static str, Value> {
    let pick = |list: &str, part: fn(&Value) -> Value| -> Value {
        result[list].as_array().into_iter().flatten().map(part).collect()
    };
    BTreeMap::from([
        ("successful", result["successful"].clone()),
        ("error codes", pick("errors", |e| json!([e["code"], e["codedesc"]]))),
        ("error messages", pick("errors", |e| e["message"].clone())),
        ("error places", pick("errors", |e| e["context"]["locations"].clone())),
        ("error snippets", pick("errors", |e| e["context"]["snippet"].clone())),
        ("warning codes", pick("warnings", |w| json!([w["code"], w["codedesc"], w["deprecated_field"]]))),
        ("warning messages", pick("warnings", |w| w["message"].clone())),
        ("warning places", pick("warnings", |w| w["context"]["locations"].clone())),
        ("warning snippets", pick("warnings", |w| w["context"]["snippet"].clone())),
        ("schema", json!([result.get("schema_valid"), result.get("schema_warnings")])),
    ])
}

#[derive(Default)]
struct Tally {
    equal: BTreeMap<&'static str, usize>,
    different: BTreeMap<&'static str, Vec<String>>,
}

impl Tally {
    fn add(&mut self, part: &'static str, equal: bool, difference: impl Fn() -> String) {
        match equal {
            true => *self.equal.entry(part).or_default() += 1,
            false => self.different.entry(part).or_default().push(difference()),
        }
    }

    fn print(&self, title: &str) {
        let mut parts: Vec<&str> = self.equal.keys().chain(self.different.keys()).copied().collect();
        parts.sort_unstable();
        parts.dedup();
        for part in parts {
            let equal = self.equal.get(part).copied().unwrap_or_default();
            let different = self.different.get(part).map_or(0, Vec::len);
            println!("{title}: {part}: {equal} equal, {different} different");
        }
        for (part, differences) in &self.different {
            differences.iter().for_each(|difference| println!("  {part}: {difference}"));
        }
    }
}

/// The result object with the place, but not the words, of an error of the YAML parser: ours is libyaml, Falco's yaml-cpp.
fn without_yaml_reasons(mut results: Value) -> Value {
    for error in results["falco_load_results"][0]["errors"].as_array_mut().into_iter().flatten() {
        if error["code"] == "LOAD_ERR_YAML_PARSE"
            && let Some((place, _)) = error["message"].as_str().and_then(|message| message.rsplit_once(": "))
        {
            error["message"] = place.to_owned().into();
        }
    }
    results
}

#[test]
fn rule_files_get_falcos_verdict() {
    let Some(corpus) = corpus() else { return };
    let mut names: Vec<String> = std::fs::read_dir(corpus.join("lang"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
        .collect();
    names.sort();
    let mut tally = Tally::default();
    for name in &names {
        let file = format!("{name}.yaml");
        let mut loader = Loader::new(Options::default());
        loader.bytes(&file, &std::fs::read(corpus.join("lang").join(&file)).unwrap());
        let loaded = loader.finish();
        let expected = std::fs::read_to_string(corpus.join(format!("lang/{name}.check.json"))).unwrap();
        let Ok(expected) = serde_json::from_str::<Value>(&expected) else {
            // Falco stops without a result when a plugin is missing.
            tally.add("no result", !loaded.successful(), || format!("{name}: loaded"));
            continue;
        };
        let ours = without_yaml_reasons(results_to_json(&loaded.reports));
        let expected = without_yaml_reasons(expected);
        let (ours, expected) = (&ours["falco_load_results"][0], &expected["falco_load_results"][0]);
        let expected_parts = parts(expected);
        for (part, value) in parts(ours) {
            let wanted = &expected_parts[part];
            tally.add(part, value == *wanted, || format!("{name}\n    ours  {value}\n    falco {wanted}"));
        }
        tally.add("whole", ours == expected, || name.clone());
    }
    tally.print("rule files");
    assert!(tally.different.is_empty(), "{} of {} files differ", tally.different["whole"].len(), names.len());
}

#[test]
fn conditions_get_falcos_verdict() {
    let Some(corpus) = corpus() else { return };
    let lines = std::fs::read_to_string(corpus.join("lang/conditions.jsonl")).unwrap();
    let mut tally = Tally::default();
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let condition = row["condition"].as_str().unwrap();
        let quoted = serde_json::to_string(condition).unwrap();
        let text = format!("- rule: r\n  desc: d\n  condition: {quoted}\n  output: x\n  priority: INFO\n");
        let mut loader = Loader::new(Options::default());
        let report = loader.file("r.yaml", &text).clone();
        tally.add("verdict", Some(report.successful()) == row["ok"].as_bool(), || condition.to_owned());
        let json = report.to_json();
        let messages = |list: &Value| -> Value {
            list.as_array().into_iter().flatten().map(|e| json!([e["code"], e["message"]])).collect()
        };
        let snippets = |list: &Value| -> Value {
            list.as_array().into_iter().flatten().map(|e| e["context"]["snippet"].clone()).collect()
        };
        for (part, key) in [("errors", "errors"), ("warnings", "warnings")] {
            let (ours, falco) = (messages(&json[key]), messages(&row[key]));
            tally.add(part, ours == falco, || format!("{condition}\n    ours  {ours}\n    falco {falco}"));
        }
        let falco: Value =
            row["errors"].as_array().into_iter().flatten().map(|e| e["snippet"].clone()).collect();
        let ours = snippets(&json["errors"]);
        tally.add("error snippets", ours == falco, || {
            format!("{condition}\n    ours  {ours}\n    falco {falco}")
        });
    }
    tally.print("conditions");
    assert!(tally.different.is_empty());
}

#[test]
fn falcos_own_rules_load() {
    let Some(corpus) = corpus() else { return };
    let files = ["falco_rules", "falco-incubating_rules", "falco-sandbox_rules", "enable_disabled_rules"];
    let texts: Vec<(String, String)> = files
        .iter()
        .map(|name| {
            let name = format!("{name}.yaml");
            let text = std::fs::read_to_string(corpus.join("rules").join(&name)).unwrap();
            (name, text)
        })
        .collect();
    let start = Instant::now();
    let mut loader = Loader::new(Options::default());
    for (name, text) in &texts {
        let report = loader.file(name, text);
        assert!(report.successful(), "{report}");
    }
    let loaded = loader.finish();
    let elapsed = start.elapsed();
    let running = loaded.rules.iter().filter(|rule| rule.state == RuleState::Enabled).count();
    println!(
        "Falco's rules: {} rules, {running} run, {} nodes, {} checks, {:.1} ms",
        loaded.rules.len(),
        loaded.program.nodes.len(),
        loaded.program.checks.len(),
        elapsed.as_secs_f64() * 1e3
    );
    loaded.warnings().for_each(|warning| print!("{warning}"));
    assert_eq!(running, loaded.program.rules.len());
    assert!(running >= 90, "{running}");
}

/// The names of macros and lists that a file defines.
fn defined(text: &str) -> BTreeSet<String> {
    let names = text.lines().filter_map(|line| {
        let (kind, name) = line.strip_prefix("- ")?.split_once(": ")?;
        matches!(kind, "macro" | "list").then(|| format!("{kind} {name}"))
    });
    names.collect()
}

#[test]
fn common_names_are_those_of_falcos_files_and_load_beside_them() {
    let Some(corpus) = corpus() else { return };
    let macros = include_str!("../tercel_macros.yaml").to_owned();
    let falco = ["falco_rules", "falco-incubating_rules", "falco-sandbox_rules"].map(|name| {
        let path = corpus.join("rules").join(format!("{name}.yaml"));
        std::fs::read_to_string(path).unwrap()
    });
    let here = defined(&macros);
    let missing: Vec<String> =
        falco.iter().flat_map(|text| defined(text)).filter(|name| !here.contains(name)).collect();
    assert_eq!(missing, Vec::<String>::new());
    let before = [&macros].into_iter().chain(&falco);
    let after = falco.iter().chain([&macros]);
    for order in [before.collect::<Vec<_>>(), after.collect()] {
        let mut loader = Loader::new(Options::default());
        for (number, text) in order.into_iter().enumerate() {
            let report = loader.file(&number.to_string(), text);
            assert!(report.successful(), "{report}");
        }
        assert!(loader.finish().program.rules.len() >= 25);
    }
}
