//! Conditions and files with what the linter finds in them, by code.

use tercel_rules::{Loader, Options};
use tercel_test_support::require;

use super::{Finding, lint};

fn found(files: &[&str]) -> Vec<Finding> {
    let mut loader = Loader::new(Options::default());
    for (number, text) in files.iter().enumerate() {
        let report = loader.file(&format!("{number}.yaml"), text);
        assert!(report.successful(), "{report}");
    }
    lint(&loader).expect("small rules").expect("valid rules")
}

fn shown(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let place = &finding.place;
            format!("{} {}:{}", finding.code.code(), place.line, place.column)
        })
        .collect()
}

fn rule(condition: &str, output: &str) -> String {
    format!(
        "- rule: r\n  desc: d\n  condition: >\n    {condition}\n  output: {output}\n  priority: INFO\n  tags: [t]\n"
    )
}

/// The codes that are found in a rule with this condition, and where in it the first stands.
#[track_caller]
fn check(condition: &str, expected: &str) {
    let findings = found(&[&rule(condition, "x")]);
    let codes: Vec<&str> = findings.iter().map(|finding| finding.code.code()).collect();
    assert_eq!(codes.join(" "), expected, "{condition}\n{findings:#?}");
}

#[test]
fn checks_that_exclude_each_other() {
    for (condition, expected) in [
        ("evt.type = open and evt.type = close", "L101"),
        ("evt.type in (open, openat) and evt.type in (close, read)", "L101"),
        ("evt.type = open and proc.name = a and not proc.name = a", "L101"),
        ("evt.type = open and proc.name = a and not proc.name in (a, b)", "L101"),
        ("evt.type = open and proc.name = cat and proc.name startswith d", "L101"),
        ("evt.type = open and fd.name startswith /etc and fd.name startswith /usr", "L101"),
        ("evt.type = open and evt.rawres >= 0 and evt.rawres = -1", "L101"),
        ("evt.type = open and evt.rawres > 5 and evt.rawres < 3", "L101"),
        ("evt.type = open and proc.pid = 1 and proc.pid != 1", "L101"),
        ("evt.type = open and proc.name = cat and proc.name regex 'd[a-z]*'", "L101"),
        ("evt.type = open and proc.aname in (sh) and not proc.aname in (sh)", "L101"),
        ("evt.type = open and (proc.name = a or proc.name = b) and proc.name = c", "L101"),
        // Both can hold.
        ("evt.type = open and proc.name in (a, b) and proc.name != a", ""),
        ("evt.type = open and fd.name startswith /etc and fd.name startswith /etc/pam", ""),
        ("evt.type = open and fd.name startswith /etc and fd.name endswith /passwd", ""),
        ("evt.type = open and proc.aname = a and proc.aname = b", ""),
        ("evt.type = connect and fd.ip = \"1.1.1.1\" and fd.ip = \"2.2.2.2\"", ""),
        ("evt.type = connect and fd.snet = \"10.0.0.0/8\" and fd.snet = \"10.1.0.0/16\"", ""),
        ("evt.type = open and not (proc.name = a and fd.name = /b) and proc.name = a", ""),
        ("evt.type = open and not proc.name = a and not proc.name = b", ""),
        ("evt.type = open and evt.num = 0", ""),
    ] {
        check(condition, expected);
    }
}

#[test]
fn sides_of_an_or() {
    for (condition, expected) in [
        ("evt.type = open and proc.name = a and (proc.name = b or fd.name = /x)", "L102"),
        ("evt.type = open and (proc.name != a or proc.name != b)", "L103"),
        ("evt.type = open and (proc.name = a or not proc.name = a)", "L103"),
        ("evt.type = open and (not proc.name = a or not proc.name in (b, c))", "L103"),
        ("evt.type = open and (proc.name = a or proc.name = b)", ""),
        ("evt.type = open and (proc.name != a or fd.name != /b)", ""),
        ("(evt.type = open and fd.name = /a) or (evt.type = close and fd.name = /b)", ""),
    ] {
        check(condition, expected);
    }
}

#[test]
fn values_that_a_field_never_has() {
    for (condition, expected) in [
        ("evt.type = open and proc.name = \"python*\"", "L201"),
        ("evt.type = open and fd.name in (/etc/*, /usr)", "L201"),
        ("evt.type = open and proc.name = \"^sh$\"", "L201"),
        ("evt.type = open and fd.name startswith /etc/*", "L201"),
        ("evt.type = open and proc.name glob \"python*\"", ""),
        ("evt.type = open and proc.cmdline contains \"*\"", ""),
        ("evt.type = open and proc.name = unattended-upgrades", "L202"),
        ("evt.type = open and proc.pname in (sh, containerd-shim-runc-v2)", "L202"),
        ("evt.type = open and proc.aname[2] startswith gnome-session-binary", "L202"),
        ("evt.type = open and proc.name = containerd-shim", ""),
        ("evt.type = open and proc.exepath = /usr/bin/unattended-upgrades", ""),
        ("evt.type = open and fd.type = fil", "L203"),
        ("evt.type = open and fd.typechar = F", "L203"),
        ("evt.type = connect and fd.l4proto = TCP", "L203"),
        ("evt.type = open and evt.res = ENONET2", "L203"),
        ("evt.type = open and evt.arg.flags contains O_TRUNCATE", "L203"),
        ("evt.type = open and evt.arg.flags contains O_TRUNC", ""),
        ("evt.type = kill and evt.arg.sig = SIGKIL", "L203"),
        ("evt.type = kill and evt.arg.sig in (SIGKILL, SIGTERM)", ""),
        ("evt.type = open and container.type = dockr", "L203"),
        ("evt.type = open and syscall.type = opem", "L203"),
        ("evt.type = open and thread.cap_effective contains CAP_SYSADMIN", "L203"),
        ("evt.type = open and thread.cap_effective contains CAP_SYS_ADMIN", ""),
        ("evt.type = open and evt.category = files", "L203"),
        ("evt.type = open and fd.directory = /etc/", "L204"),
        ("evt.type = open and fd.directory = /", ""),
        ("evt.type = open and fd.filename = /etc/passwd", "L204"),
        ("evt.type = open and proc.name = /usr/bin/sh", "L204"),
        ("evt.type = open and tolower(proc.name) = Sh", "L204"),
        ("evt.type = connect and fd.sport = 70000", "L205"),
    ] {
        check(condition, expected);
    }
}

#[test]
fn fields_and_event_types() {
    for (condition, expected) in [
        ("evt.type = clone and fd.name = /a", "L401"),
        ("evt.type = execve and evt.arg.name = /a", "L401"),
        ("evt.type = rename and evt.is_open_write = true", "L401"),
        ("evt.type = execve and fs.path.name = /a", "L401"),
        ("(evt.type = clone and fd.name = /a) or (evt.type = open and fd.name = /b)", "L401"),
        ("evt.type in (clone, open) and fd.name = /a", ""),
        ("evt.type = open and fd.sip.name = example.com", "L402"),
        ("evt.type = clone and not fd.name exists", ""),
        ("fd.name = /a", "L501"),
    ] {
        check(condition, expected);
    }
    let findings = found(&[&rule("evt.type = clone", "\"made %proc.name %fd.name\"")]);
    assert_eq!(shown(&findings), ["L403 5:28"]);
}

#[test]
fn names_that_look_misspelt() {
    let lists =
        "- list: known_root_files\n  items: [/a, /b]\n- macro: shell_procs\n  condition: proc.name in (sh)\n";
    let use_all = rule("evt.type = open and fd.name in (known_root_files) and shell_procs", "x");
    let misspelt = use_all.replace("known_root_files", "known_root_filess");
    assert_eq!(shown(&found(&[lists, &use_all])), [""; 0]);
    let findings = found(&[lists, &misspelt]);
    assert_eq!(shown(&findings), ["L303 1:3", "L301 4:36"]);
    assert_eq!(findings[1].fix, "did you mean 'known_root_files'?");
    let inside = "- list: all_files\n  items: [/c,\n    known_root_fils]\n- macro: m\n  condition: fd.name in (all_files)\n";
    let codes = shown(&found(&[lists, &use_all, inside]));
    assert_eq!(codes, ["L301 3:5", "L302 4:3"]);
    let later = "- list: first_list\n  items: [second_list, a]\n- list: second_list\n  items: [b]\n";
    let findings = found(&[later, &rule("evt.type = open and fd.name in (first_list, second_list)", "x")]);
    assert_eq!(shown(&findings), ["L301 2:11"], "{findings:?}");
}

#[test]
fn exceptions_and_whole_rules() {
    let with = |values: &str| {
        let exceptions = format!(
            "  exceptions:\n    - name: e\n      fields: [proc.name, fd.name]\n      values: [{values}]\n"
        );
        rule("evt.type = open and proc.name in (sh, bash)", "x") + &exceptions
    };
    assert_eq!(shown(&found(&[&with("[sh, /a], [zsh, /b]")])), ["L304 9:7"]);
    assert_eq!(shown(&found(&[&with("[sh, /a]")])), [""; 0]);
    let named =
        |name: &str, condition: &str| rule(condition, "x").replace("rule: r", &format!("rule: {name}"));
    let wide = named("wide", "evt.type in (open, openat) and proc.name in (sh, bash)");
    let narrow = named("narrow", "evt.type = open and proc.name = sh and fd.name = /a");
    assert_eq!(shown(&found(&[&wide, &narrow])), ["L502 1:3"]);
    assert_eq!(shown(&found(&[&narrow, &wide])), [""; 0]);
    let off = narrow.replace("  tags: [t]\n", "  tags: [t]\n  enabled: false\n");
    assert_eq!(shown(&found(&[&wide, &off])), [""; 0]);
    assert_eq!(shown(&found(&[&narrow.replace("  tags: [t]\n", "")])), ["L503 1:3"]);
    assert_eq!(shown(&found(&[&format!("{narrow}{narrow}")])), ["L305 8:3"]);
    assert_eq!(shown(&found(&[&narrow, &narrow])), [""; 0]);
    let empty = "- list: none_yet\n  items: []\n";
    let condition = "evt.type = open and fd.name in (none_yet)";
    assert_eq!(shown(&found(&[empty, &rule(condition, "x")])), ["L104 4:25"]);
    let open = "evt.type = open and not fd.name in (none_yet) and (fd.name = /a or fd.name in (none_yet))";
    assert_eq!(shown(&found(&[empty, &rule(open, "x")])), [""; 0]);
}

#[test]
fn macros_are_judged_alone() {
    let wrong = "- macro: m\n  condition: (evt.type = open and evt.type = close)\n";
    assert_eq!(shown(&found(&[wrong, &rule("m", "x")])), ["L101 2:35"]);
    // Each rule needs one side of it.
    let shared = "- macro: named\n  condition: (evt.arg.name = /a or evt.arg.path = /a)\n";
    let rules = [
        rule("evt.type = open and named", "x"),
        rule("evt.type = unlink and named", "x").replace("rule: r", "rule: s"),
    ];
    assert_eq!(shown(&found(&[shared, &rules[0], &rules[1]])), [""; 0]);
    let unused = "- macro: m\n  condition: proc.nmae = a\n";
    assert_eq!(shown(&found(&[unused])), ["L302 1:3", "L306 2:14"]);
}

#[test]
fn comments_allow_what_is_meant() {
    let text = rule("evt.type = open and evt.type = close", "x");
    for (from, to, expected) in [
        ("- rule", "# nolint L101: a test\n- rule", &[][..]),
        ("  condition", "  # nolint L101\n  condition", &[]),
        ("- rule", "# nolint L102\n- rule", &["L903 1:1", "L101 5:25"]),
        ("- rule", "# nolint L777 L101\n- rule", &["L901 1:1"]),
        ("- rule", "# nolint\n- rule", &["L902 1:1", "L101 5:25"]),
        ("  output", "  # nolint L101\n  output", &["L101 4:25", "L903 5:3"]),
    ] {
        assert_eq!(shown(&found(&[&text.replace(from, to)])), expected, "{to}");
    }
    let line = "- macro: m # nolint L302\n  condition: proc.name = /bin/sh # nolint L204\n";
    assert_eq!(shown(&found(&[line])), [""; 0]);
}

#[test]
fn names_do_nothing_to_a_terminal() {
    let text =
        "- rule: \"a\\e[31m\"\n  desc: d\n  condition: evt.type = open\n  output: x\n  priority: INFO\n";
    let findings = found(&[text]);
    let mut out = Vec::new();
    super::report::write(&findings, super::report::Form::Text, "0", &mut out).expect("memory");
    let out = String::from_utf8(out).expect("text");
    assert!(out.contains("in rule 'a\\x1b[31m'") && !out.contains('\u{1b}'), "{out}");
}

#[test]
fn falcos_files_have_what_was_judged_by_hand() {
    let Some(corpus) = require("rule files of the corpus", tercel_test_support::corpus()) else { return };
    let names = ["falco_rules.yaml", "falco-incubating_rules.yaml", "falco-sandbox_rules.yaml"];
    let texts: Vec<String> = names
        .iter()
        .map(|name| std::fs::read_to_string(corpus.join("rules").join(name)).expect(name))
        .collect();
    let mut loader = Loader::new(Options::default());
    for (name, text) in names.iter().zip(&texts) {
        loader.file(name, text);
    }
    let findings = lint(&loader).expect("small rules").expect("valid rules");
    let judged = [
        // A name server is not asked.
        "falco_rules.yaml:822:15 L402",
        "falco_rules.yaml:968:55 L403",
        "falco_rules.yaml:1174:73 L403",
        // The list of namespaces is empty until a site fills it.
        "falco-incubating_rules.yaml:1103:9 L104",
        "falco-incubating_rules.yaml:1105:65 L402",
        "falco-incubating_rules.yaml:1105:90 L402",
        "falco-incubating_rules.yaml:1105:115 L402",
        "falco-incubating_rules.yaml:1105:140 L402",
        "falco-sandbox_rules.yaml:174:43 L202",
        "falco-sandbox_rules.yaml:174:64 L202",
        "falco-sandbox_rules.yaml:274:15 L402",
        // A command line in the place of a name.
        "falco-sandbox_rules.yaml:418:37 L202",
        "falco-sandbox_rules.yaml:839:24 L202",
        "falco-sandbox_rules.yaml:1459:34 L402",
        "falco-sandbox_rules.yaml:1462:33 L402",
        "falco-sandbox_rules.yaml:1465:45 L402",
        // Calls of chmod have evt.arg.filename, those that open files evt.arg.name.
        "falco-sandbox_rules.yaml:1568:107 L403",
        "falco-sandbox_rules.yaml:1588:90 L403",
        // The same checks and one more.
        "falco-sandbox_rules.yaml:1788:3 L502",
    ];
    let found: Vec<String> =
        findings.iter().map(|finding| format!("{} {}", finding.place, finding.code.code())).collect();
    assert_eq!(found, judged, "{findings:#?}");
}
