//! Remarks on keys: the stock configuration, old ones and misspelt ones.

use tercel_test_support::{Missing, require};

use super::*;

fn remarks(text: &str) -> (Vec<String>, Vec<String>) {
    let found = check(&Entry::parse("f", text, &mut Vec::new()).expect("a configuration"));
    let texts = |remarks: Vec<Remark>| remarks.iter().map(Remark::to_string).collect();
    (texts(found.warnings), texts(found.ignored))
}

#[test]
fn unknown_keys_are_named_with_what_may_be_meant() {
    let (unknown, _) =
        remarks("json_ouptut: true\nfile_output:\n  filname: x\nzzz: 1\nstdout_output:\n  a:\n    b: 1\n");
    assert_eq!(
        unknown,
        [
            "f:1:14: unknown key 'json_ouptut'; did you mean 'json_output'?",
            "f:3:12: unknown key 'file_output.filname'; did you mean 'file_output.filename'?",
            "f:4:6: unknown key 'zzz'",
            "f:7:5: unknown key 'stdout_output.a'",
        ]
    );
}

#[test]
fn keys_of_old_falcos_are_named_and_not_unknown() {
    let text = "grpc: {enabled: true, threadiness: 0}\ngrpc_output: {enabled: true}\noutputs: {rate: 1}\n\
            engine: {ebpf: {probe: x}}\ncontainer_engines: {docker: {enabled: true}}\n";
    let (unknown, ignored) = remarks(text);
    assert_eq!(unknown, Vec::<String>::new());
    let names: Vec<&str> = ignored.iter().filter_map(|text| text.split([' ', ':']).nth(4)).collect();
    let expected = [
        "grpc.enabled",
        "grpc.threadiness",
        "grpc_output.enabled",
        "outputs.rate",
        "engine.ebpf.probe",
        "container_engines.docker.enabled",
    ];
    assert_eq!(names, expected, "{ignored:?}");
}

#[test]
fn what_is_switched_off_needs_no_words() {
    let text = "grpc: {enabled: false, bind_address: x, threadiness: 8}\ncapture: {enabled: false, path_prefix: /var}\n\
        container_engines: {docker: {enabled: false}}\n";
    let (unknown, ignored) = remarks(text);
    assert_eq!(unknown, Vec::<String>::new());
    assert_eq!(ignored.len(), 1, "{ignored:?}");
    assert!(ignored[0].contains("container_engines.docker.enabled has no effect"), "{ignored:?}");
}

#[test]
fn keys_of_another_form_are_named() {
    let text = "webserver.enabled: false\noutputs_queue: 5\nengine: [a]\nhttp_output:\nstatic_fields: {a.b: x}\na.b.c: 1\n";
    let (unknown, ignored) = remarks(text);
    assert_eq!(ignored, Vec::<String>::new());
    assert_eq!(
        unknown,
        [
            "f:1:20: unknown key 'webserver.enabled'; write 'webserver:', below it 'enabled:'",
            "f:2:16: outputs_queue must be a map of keys; the defaults are used",
            "f:3:9: engine must be a map of keys; the defaults are used",
            "f:6:8: unknown key 'a.b.c'; write 'a:', below it 'b:', below it 'c:'",
        ]
    );
}

#[test]
fn unknown_keys_in_lists_are_named() {
    let text = "append_output: [{match: {prio: x}, extra_outputs: y}]\nrules: [{disable: {rul: a}}]\n";
    let (unknown, ignored) = remarks(text);
    assert_eq!(ignored, Vec::<String>::new());
    assert_eq!(
        unknown,
        [
            "f:1:32: unknown key 'append_output[].match.prio'",
            "f:1:51: unknown key 'append_output[].extra_outputs'; did you mean 'append_output[].extra_output'?",
            "f:2:25: unknown key 'rules[].disable.rul'; did you mean 'rules[].disable.rule'?",
        ]
    );
}

#[test]
fn keys_without_effect_are_named_where_they_ask_for_something() {
    let text = "engine:\n  kind: modern_ebpf\n  kmod:\n    buf_size_preset: 5\nload_plugins: []\nbuffered_outputs: true\nhttp_output:\n  echo: false\nplugins:\n  - name: json\nrules:\n  - enable:\n      tag: x\nappend_output:\n  - extra_fields: [evt.num]\n";
    let (unknown, ignored) = remarks(text);
    assert_eq!(unknown, Vec::<String>::new());
    let starts: Vec<&str> = ignored.iter().filter_map(|text| text.split(" has").next()).collect();
    assert_eq!(
        starts,
        ["f:4:22: engine.kmod.buf_size_preset", "f:6:19: buffered_outputs", "f:10:3: plugins"]
    );
}

/// The keys of the falco.yaml that Falco 0.44 installs, and their values there.
const STOCK: &str = include_str!("stock.yaml");

#[test]
fn the_stock_configuration_needs_no_words() {
    assert_eq!(remarks(STOCK), (Vec::new(), Vec::new()));
    let root = Entry::parse("f", STOCK, &mut Vec::new()).expect("a configuration");
    let read = crate::read::config(&root).expect("valid");
    assert_eq!(read.warnings, []);
}

/// The paths of all values of a configuration, and the values as Falco reads them.
fn values(path: &str, entry: &Entry, found: &mut Vec<(String, String)>) {
    match &entry.value {
        Value::Map(entries) => {
            for (key, entry) in entries {
                values(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, entry, found);
            }
        }
        Value::List(entries) => entries.iter().for_each(|entry| values(&format!("{path}[]"), entry, found)),
        scalar => found.push((path.to_owned(), format!("{scalar:?}"))),
    }
}

/// The file that Falco installs is not part of this repository; `TERCEL_FALCO_YAML` names one. It has the keys and the values that stand here,
/// and the page for Falco's users has a row for each key.
#[test]
fn the_stock_configuration_is_that_of_falco() {
    let check = "the falco.yaml that Falco installs";
    let missing = || Missing::new("TERCEL_FALCO_YAML", "it names no file");
    let Some(path) = require(check, std::env::var("TERCEL_FALCO_YAML").map_err(|_| missing())) else {
        return;
    };
    let text = std::fs::read_to_string(path).expect("a readable file");
    assert_eq!(remarks(&text), (Vec::new(), Vec::new()));
    let values = |text: &str| {
        let mut found = Vec::new();
        values("", &Entry::parse("f", text, &mut Vec::new()).expect("a configuration"), &mut found);
        // An example, which each version words otherwise.
        found.retain(|(path, _)| path != "program_output.program");
        found.sort();
        found
    };
    assert_eq!(values(&text), values(STOCK));
    let page = include_str!("../../../docs/from-falco.md");
    for (path, _) in values(&text) {
        let plain = path.replace("[]", "");
        let mut rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
        assert!(
            rows.any(|(row, _)| row == plain || covers(row, &plain)),
            "{path} is not in docs/from-falco.md"
        );
    }
}

/// docs/from-falco.md says of every key what this table says.
#[test]
fn the_page_for_falcos_users_lists_every_key() {
    let page = include_str!("../../../docs/from-falco.md");
    for (key, what) in KEYS {
        let start = format!("| `{key}` | ");
        let line = page.lines().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("{key} is not in docs/from-falco.md"));
        let is_ignored = matches!(what, Ignored(..));
        assert_eq!(line.starts_with(&format!("{start}no effect | ")), is_ignored, "{line}");
    }
}

/// The keys that the schema of Falco 0.44 knows, one a line.
const OF_FALCO: &str = include_str!("falco_0.44.txt");

/// A falco.yaml with one key of Falco's; `[]` stands for an entry of a list.
fn with_key(key: &str, value: &str) -> String {
    let (mut text, mut end) = (String::new(), String::new());
    for step in key.split('.') {
        match step.strip_suffix("[]") {
            Some(name) => {
                text.push_str(&format!("{{{name}: ["));
                end.insert_str(0, "]}");
            }
            None => {
                text.push_str(&format!("{{{step}: "));
                end.insert(0, '}');
            }
        }
    }
    text + value + &end + "\n"
}

/// Every key of Falco is used, or has no effect and a reason, which are named; none is unknown. The page for Falco's users has a row for it.
#[test]
fn every_key_of_falco_is_known() {
    let page = include_str!("../../../docs/from-falco.md");
    for key in OF_FALCO.lines() {
        let (unknown, ignored) = remarks(&with_key(key, "other"));
        assert_eq!(unknown, Vec::<String>::new(), "{key}");
        let plain = key.replace("[]", "");
        let row = page.lines().find(|line| {
            let of_row = line.strip_prefix("| `").and_then(|line| line.split_once('`')).map(|(key, _)| key);
            of_row.is_some_and(|of_row| of_row == plain || covers(of_row, &plain))
        });
        let row = row.unwrap_or_else(|| panic!("{key} is not in docs/from-falco.md"));
        assert_eq!(row.contains("| no effect | "), !ignored.is_empty(), "{row} {ignored:?}");
    }
}

/// A key without effect is reported only if its value is not that of the stock configuration.
#[test]
fn changes_of_the_stock_configuration_are_reported() {
    let changes = [
        (
            "buf_size_preset: 4, drop_failed_exit: false}, modern",
            "buf_size_preset: 6, drop_failed_exit: false}, modern",
        ),
        ("buffered_outputs: false", "buffered_outputs: true"),
        ("threadiness: 0", "threadiness: 8"),
        ("jemalloc_stats_enabled: false", "jemalloc_stats_enabled: true"),
        ("thread_table_size: 262144", "thread_table_size: 1024"),
    ];
    for (stock, changed) in changes {
        assert!(STOCK.contains(stock), "{stock}");
        let (unknown, ignored) = remarks(&STOCK.replace(stock, changed));
        assert_eq!((unknown.len(), ignored.len()), (0, 1), "{changed}: {ignored:?}");
    }
    let all = changes.iter().fold(STOCK.to_owned(), |text, (stock, changed)| text.replace(stock, changed));
    let line = check(&Entry::parse("f", &all, &mut Vec::new()).expect("a configuration")).ignored_keys();
    let line = line.expect("keys without effect");
    assert_eq!((line.lines().count(), line.matches(", ").count()), (1, changes.len() - 1), "{line}");
}
