//! Configurations as users write them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tercel_outputs::{Address, Kind, Level, Protocol};
use tercel_rules::program::Priority;
use tercel_test_support::{Mutation, rounds};

use super::*;

/// A file that is removed after the test.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> File {
        let path = std::env::temp_dir().join(format!("tercel-config-{}-{name}", std::process::id()));
        fs::write(&path, text).expect("a file");
        File(path)
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn read(name: &str, text: &str, overrides: &[&str]) -> Result<Loaded, String> {
    let file = File::new(name, text);
    let overrides: Vec<String> = overrides.iter().map(|text| (*text).to_owned()).collect();
    load(Some(&file.0), &overrides)
        .map_err(|error| error.to_string().replace(&*file.0.to_string_lossy(), "F"))
}

#[test]
fn the_defaults_are_those_of_falco() {
    let loaded = read("defaults", "", &[]).expect("valid");
    let config = loaded.config;
    assert_eq!(config.priority, Priority::Debug);
    assert_eq!((config.snaplen, config.ring), (80, 16 << 20));
    assert_eq!(config.outputs, []);
    assert!(config.watch && config.drops.log && config.drops.alert && !config.all_matching);
    assert_eq!(loaded.remarks, Remarks::default());
}

#[test]
fn outputs_are_read() {
    let text = "stdout_output: {enabled: true}\nfile_output:\n  enabled: true\n  keep_alive: true\n  filename: /tmp/x\n\
        syslog_output: {enabled: true, address: 'tcp://logs', protocol: rfc5424}\n\
        program_output: {enabled: yes, program: 'mail -s x root'}\njson_output: true\n\
        http_output: {enabled: true, url: 'http://h/', mtls: true, client_cert: /c, client_key: /k}\n";
    let config =
        read("outputs", text, &["stdout_output.enabled=false", "priority=error"]).expect("valid").config;
    assert_eq!(config.priority, Priority::Error);
    let [file, syslog, program, http] = config.outputs.as_slice() else { panic!("{:?}", config.outputs) };
    assert_eq!(*file, Kind::File { path: "/tmp/x".into(), keep_open: true });
    assert_eq!(*program, Kind::Program { command: "mail -s x root".to_owned(), keep_running: false });
    let Kind::Syslog(syslog) = syslog else { panic!("{syslog:?}") };
    assert_eq!((&syslog.address, syslog.protocol), (&Address::Tcp("logs:514".to_owned()), Protocol::Rfc5424));
    let Kind::Http(http) = http else { panic!("{http:?}") };
    assert!(http.json && http.trusted.is_none());
    assert_eq!(http.client, Some(("/c".into(), "/k".into())));
}

#[test]
fn collectors_are_outputs() {
    let text = "otlp_output:\n  enabled: true\n  endpoint: http://collector:4318/\n  headers: {Authorization: Bearer x}\n";
    let config = read("otlp", text, &[]).expect("valid").config;
    let [Kind::Otlp(otlp)] = config.outputs.as_slice() else { panic!("{:?}", config.outputs) };
    assert_eq!(otlp.http.url, "http://collector:4318/v1/logs");
    assert_eq!(otlp.http.headers, [("Authorization".to_owned(), "Bearer x".to_owned())]);
    let config = read("otlp", text, &["otlp_output.endpoint=https://c/logs/x"]).expect("valid").config;
    let [Kind::Otlp(otlp)] = config.outputs.as_slice() else { panic!("{:?}", config.outputs) };
    assert_eq!(otlp.http.url, "https://c/logs/x");
    for (wrong, expected) in [
        ("otlp_output: {enabled: true}\n", "F:1:14: otlp_output is enabled, but has no endpoint"),
        (
            "otlp_output: {enabled: true, endpoint: x, headers: [a]}\n",
            "F:1:52: otlp_output.headers must be a map of names to strings",
        ),
    ] {
        assert_eq!(read("otlp", wrong, &[]).expect_err(wrong), expected);
    }
}

#[test]
fn another_schema_is_json() {
    for (text, json, schema) in [
        ("json_schema: falco\n", false, Schema::Falco),
        ("json_schema: ecs\n", true, Schema::Ecs),
        ("json_output: true\njson_schema: ocsf\n", true, Schema::Ocsf),
    ] {
        let lines = read("schema", text, &[]).expect("valid").config.lines;
        assert_eq!((lines.json, lines.schema), (json, schema), "{text}");
    }
    let error = read("schema", "json_schema: cef\n", &[]).expect_err("unknown");
    assert_eq!(error, "F:1:14: json_schema must be one of falco, ecs, ocsf, not 'cef'");
}

#[test]
fn every_wrong_value_has_its_place() {
    let text = "priority: loud\nfile_output:\n  enabled: true\n\
        webserver: {enabled: true, listen_port: 99999}\nbase_syscalls:\n  custom_set: [opne]\n\
        engine: {kind: replay}\nsyscall_event_drops: {actions: [shout]}\nrules:\n  - enable: x\n";
    let message = read("wrong", text, &["rule_matching=some"]).expect_err("wrong");
    for expected in [
        "F:1:11: priority must be one of emergency,",
        "F:3:3: file_output is enabled, but has no filename",
        "F:4:41: webserver.listen_port must be a number from 0 to 65535, not '99999'",
        "F:6:16: unknown system call 'opne'",
        "F:7:16: engine.kind is replay, and engine.replay.capture_file is not set",
        "F:8:33: an action must be ignore, log, alert or exit, not 'shout'",
        "F:10:5: an entry of rules must be 'enable:' or 'disable:'",
        "-o rule_matching=some: rule_matching must be one of first, all, not 'some'",
    ] {
        assert!(message.contains(expected), "'{expected}' is not in:\n{message}");
    }
    assert_eq!(message.lines().count(), 8, "{message}");
}

/// Falco reads scalars with a default, and ignores a map where a list stands; only entries of lists have to be readable.
#[test]
fn values_of_another_kind_are_judged_as_by_falco() {
    let text = "json_output: maybe\nlog_stderr: {a: b}\noutput_timeout: soon\nrules_files: {a: b}\n\
        watch_config_files: [true]\nfile_output: [x]\nstatic_fields: text\n";
    let loaded = read("kinds", text, &[]).expect("valid");
    let warnings: Vec<String> = loaded.remarks.warnings.iter().map(|remark| remark.text.clone()).collect();
    for expected in [
        "json_output must be true or false, not 'maybe'; the default, false, is used",
        "log_stderr must be a single value; the default is used",
        "output_timeout must be a whole number, not 'soon'; the default, 2000, is used",
        "rules_files must be a list; an empty one is used",
        "watch_config_files must be a single value; the default is used",
        "static_fields must be a map of names to strings; an empty one is used",
    ] {
        assert!(warnings.iter().any(|warning| warning == expected), "'{expected}' is not in {warnings:#?}");
    }
    for (wrong, expected) in [
        ("rules_files: [{a: b}]\n", "rules_files must be a list of strings"),
        ("append_output: [text]\n", "an entry of append_output needs"),
        ("append_output: [{extra_output: [x]}]\n", "append_output[].extra_output must be a single value"),
        ("append_output: [{match: {tags: [[x]]}}]\n", "match.tags must be a list of strings"),
        (
            "append_output: [{extra_output: 'on %proc.nmae'}]\n",
            "append_output[].extra_output: '%proc.nmae': did you mean '%proc.name'?",
        ),
        ("append_output: [{extra_output: 'on %nosuch.field'}]\n", "'%nosuch.field' is neither a field nor"),
        ("append_output: [{extra_fields: [no.such]}]\n", "append_output[].extra_fields: "),
        ("append_output: [{extra_fields: [evt.num, evt.num]}]\n", "'evt.num' is given twice"),
        ("append_output: [{extra_fields: evt.num}]\n", "append_output[].extra_fields must be a list"),
        (
            "static_fields: {a-b: x}\nappend_output: [{suggested_output: true}]\n",
            "F:2:17: append_output[].suggested_output: unknown filter",
        ),
        ("load_plugins: [json]\n", "load_plugins names 'json', which plugins does not define"),
        ("rules_file: a\nrules_files: [a]\n", "rules_file and rules_files are the same key"),
        ("syscall_event_drops: {actions: [ignore, log]}\n", "cannot follow 'ignore'"),
        (
            "syscall_event_timeouts: {max_consecutives: 0}\n",
            "syscall_event_timeouts.max_consecutives must be",
        ),
        ("capture: {mode: some}\n", "capture.mode must be one of rules, all_rules"),
        ("metrics: {enabled: true, interval: 1h}\n", "metrics are enabled without output_rule"),
        (
            "metrics: {enabled: true, output_rule: true, interval: '5000'}\n",
            "metrics.interval must be a time",
        ),
        ("metrics: {enabled: true, output_rule: true, interval: 30s1h}\n", "metrics.interval must be a time"),
        ("metrics: {enabled: true, output_rule: true, interval: 99ms}\n", "metrics.interval must be a time"),
    ] {
        let message = read("kind", wrong, &[]).expect_err(wrong);
        assert!(message.contains(expected), "{wrong}: {message}");
    }
}

#[test]
fn static_fields_are_texts_with_names() {
    let loaded = read("static", "static_fields: {a: x, b.c: 1}\n", &["static_fields.a=y"]).expect("valid");
    assert_eq!(loaded.config.static_fields.get("static.a"), Some("y"));
    assert_eq!(loaded.config.static_fields.get("static.b.c"), Some("1"));
    assert_eq!(loaded.remarks, Remarks::default());
    for (text, expected) in [
        ("static_fields: {a-b: x}\n", "'static.a-b' cannot be written in a condition or an output"),
        ("static_fields: {a: x, b: [y]}\n", "static_fields.b must be a string; no static field is defined"),
    ] {
        let warnings = read("static", text, &[]).expect("valid").remarks.warnings;
        assert_eq!(warnings.iter().map(|remark| remark.text.as_str()).collect::<Vec<_>>(), [expected]);
    }
}

#[test]
fn a_key_given_twice_is_a_warning() {
    let loaded = read("twice", "json_output: true\nwebserver:\n  enabled: false\njson_output: false\n", &[]);
    let loaded = loaded.expect("valid");
    assert!(loaded.config.lines.json);
    assert_eq!(loaded.remarks.warnings.len(), 1);
    assert!(
        loaded.remarks.warnings[0].text.contains("'json_output' is given twice; the first value, in line 1")
    );
}

#[test]
fn further_files_are_laid_over_the_first() {
    let more = File::new("more", "priority: error\nrules_files: [/]\n");
    let text = format!(
        "priority: debug\nrules_files: [/tmp]\nconfig_files:\n  - {}\n  - /no/such/file\n",
        more.0.display()
    );
    let loaded = read("further", &text, &[]).expect("valid");
    assert_eq!(loaded.config.priority, Priority::Error);
    assert_eq!(loaded.config.rules_files, [PathBuf::from("/tmp"), PathBuf::from("/")]);
    assert_eq!(loaded.files.len(), 2);
    let text =
        format!("priority: debug\nconfig_files:\n  - path: {}\n    strategy: add-only\n", more.0.display());
    assert_eq!(read("add", &text, &[]).expect("valid").config.priority, Priority::Debug);
}

#[test]
fn other_encodings_and_further_documents_and_paths_without_a_list() {
    let name = std::env::temp_dir().join(format!("tercel-config-utf16-{}.yaml", std::process::id()));
    let text = "priority: error\nconfig_files: /no/such/file\n---\npriority: debug\n";
    let units: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    fs::write(&name, units).expect("a file");
    let loaded = load(Some(&name), &[]).expect("valid");
    fs::remove_file(&name).expect("a file");
    assert_eq!(loaded.config.priority, Priority::Error);
    assert_eq!(loaded.absent, [PathBuf::from("/no/such/file")]);
    let warnings: Vec<&str> = loaded.remarks.warnings.iter().map(|remark| remark.text.as_str()).collect();
    assert_eq!(warnings, ["only the first document of a file is read"]);
    let endless = load(Some("/dev/zero".as_ref()), &[]).expect_err("no end").to_string();
    assert_eq!(endless, "/dev/zero: more than 128 MiB");
}

#[test]
fn messages_about_the_capture_have_a_level_of_their_own() {
    for (text, expected) in [
        ("{}", Some(Level::Info)),
        ("{enabled: false}", None),
        ("{severity: fatal}", Some(Level::Error)),
        ("{enabled: true, severity: trace}", Some(Level::Debug)),
    ] {
        let config = read("libs", &format!("libs_logger: {text}\n"), &[]).expect("valid").config;
        assert_eq!(config.log.capture, expected, "{text}");
    }
    assert!(read("libs", "libs_logger: {severity: loud}\n", &[]).is_err());
}

#[test]
fn numbers_are_those_of_yaml_cpp() {
    for (text, expected) in [
        ("500", Some(500)),
        ("0x10", Some(16)),
        ("010", Some(8)),
        (" 7", Some(7)),
        ("0", Some(0)),
        ("-1", None),
        ("+1", None),
        ("1e3", None),
        ("1.5", None),
        ("08", None),
        ("0x-1", None),
        ("99999999999999999999999", None),
    ] {
        let loaded = read("number", &format!("output_timeout: '{text}'\n"), &[]).expect("valid");
        let milliseconds = expected.unwrap_or(2000);
        assert_eq!(loaded.config.patience, Duration::from_millis(milliseconds), "{text}");
        assert_eq!(loaded.remarks.warnings.len(), usize::from(expected.is_none()), "{text}");
    }
    assert!(read("number", "output_timeout: 600001\n", &[]).is_err());
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let missing = load(Some("/no/such/file".as_ref()), &[]).expect_err("no file").to_string();
    assert_eq!(missing, "/no/such/file: No such file or directory (os error 2)");
    let bytes = File::new("bytes", "");
    fs::write(&bytes.0, b"\xff").expect("a file");
    let error = load(Some(&bytes.0), &[]).expect_err("no text").to_string();
    assert_eq!(error, format!("{}: not UTF-8", bytes.0.display()));
    let inner = File::new("inner", "config_files: [/]\n");
    for (text, expected) in [
        (
            format!("config_files: [{}]\n", inner.0.display()),
            "config_files is allowed only in the first file",
        ),
        ("config_files: [{strategy: append}]\n".to_owned(), "F:1:16: an entry of config_files needs a path"),
        ("config_files: [[x]]\n".to_owned(), "F:1:16: config_files must be a list of paths"),
        (
            "config_files: [{path: /, strategy: x}]\n".to_owned(),
            "F:1:36: a strategy must be append, override or add-only",
        ),
    ] {
        let message = read("outer", &text, &[]).expect_err("wrong");
        assert!(message.contains(expected) && message.lines().count() == 1, "{message}");
    }
}

#[test]
fn rules_are_selected_and_outputs_extended() {
    let text = "rules:\n  - disable: {rule: '*'}\n  - enable: {tag: network}\n\
        append_output:\n  - match: {source: syscall, tags: [a]}\n    extra_output: x=%proc.name\n  - suggested_output: true\n";
    let config = read("select", text, &[]).expect("valid").config;
    assert_eq!(config.selection.len(), 2);
    let [first, second] = config.append_output.as_slice() else { panic!("{:?}", config.append_output) };
    assert_eq!((first.format.as_str(), first.source.as_deref()), ("x=%proc.name", Some("syscall")));
    assert!(second.format.starts_with("container_id=%container.id container_name=%container.name"));
}

/// A configuration truncated at every place, and with meaningful pieces inserted: it is read, or there is a message.
#[test]
fn cut_and_changed_configurations_are_read_or_refused() {
    const PIECES: [&str; 9] = ["", "\t", "\"", "'", "\n- ", ": ", "[", "{!,", "&a *a"];
    let every = std::env::var_os("TERCEL_ROUNDS").is_some();
    let text = include_str!("../../docs/packaging/tercel.yaml");
    let step = if every { 1 } else { (text.len() / 60).max(1) };
    let (mut accepted, mut refused) = (0, 0);
    for at in (0..=text.len()).step_by(step).filter(|at| text.is_char_boundary(*at)) {
        for piece in PIECES {
            let (before, after) = text.split_at(at);
            for changed in [format!("{before}{piece}"), format!("{before}{piece}{after}")] {
                match read("hostile", &changed, &[]) {
                    Ok(_) => accepted += 1,
                    Err(message) => {
                        assert!(!message.is_empty());
                        refused += 1;
                    }
                }
            }
        }
    }
    assert!(accepted > 20 && refused > 20, "{accepted} {refused}");
}

/// Parts of configurations, changed by chance.
#[test]
fn configurations_changed_by_chance_are_read_or_refused() {
    let texts = [include_str!("../../docs/packaging/tercel.yaml"), include_str!("keys/stock.yaml")];
    let mut mutation = Mutation::new();
    for _ in 0..rounds().unwrap_or(500) {
        let bytes = mutation.of(&texts, "\n");
        let Ok(text) = std::str::from_utf8(&bytes) else { continue };
        if let Err(message) = read("hostile", text, &[]) {
            assert!(!message.is_empty());
        }
    }
}

#[test]
fn intervals_of_metrics_are_those_of_prometheus() {
    for (text, expected) in [("1h", 3_600_000), ("1h30m", 5_400_000), ("1d 2s", 86_402_000), ("100ms", 100)] {
        let metrics = format!("metrics: {{enabled: true, output_rule: true, interval: {text}}}\n");
        let config = read("interval", &metrics, &[]).expect("valid").config;
        assert_eq!(config.metrics.interval, Duration::from_millis(expected), "{text}");
    }
}
