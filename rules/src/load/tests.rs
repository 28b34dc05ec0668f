//! Rule files with every error and warning of the loader, each with its place.

use std::collections::HashMap;

use super::*;

/// A rule that is right, on five lines.
const RULE: &str =
    "- rule: r\n  desc: d\n  condition: evt.type=execve\n  output: '%proc.name'\n  priority: INFO\n";

fn load(files: &[&str]) -> Loaded {
    let mut loader = Loader::new(Options::default());
    for (number, text) in files.iter().enumerate() {
        loader.file(&format!("f{number}.yaml"), text);
    }
    loader.finish()
}

/// `line:column CODE message` of everything found in the last file, errors first, and hints after `?`.
fn findings(loaded: &Loaded) -> Vec<String> {
    let Some(report) = loaded.reports.last() else { return Vec::new() };
    let hint = |hint: &Option<String>| hint.as_ref().map(|hint| format!(" ? {hint}")).unwrap_or_default();
    let errors = report.errors.iter().map(|e| {
        let Place { line, column, .. } = e.place;
        format!("{line}:{column} {} {}{}", e.code.name(), e.message, hint(&e.hint))
    });
    let warnings = report.warnings.iter().map(|w| {
        let Place { line, column, .. } = w.place;
        format!("{line}:{column} {} {}{}", w.code.name(), w.message, hint(&w.hint))
    });
    errors.chain(warnings).collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(findings(&load(&[text])), expected, "{text}");
}

/// What is found when `text` follows [`RULE`]; lines are counted in `text`.
fn check_after(text: &str, expected: &[&str]) {
    let mut found = findings(&load(&[&format!("{RULE}{text}")]));
    for line in &mut found {
        let (number, rest) = line.split_once(':').expect("line:column");
        let number: usize = number.parse().expect("a number");
        *line = format!("{}:{rest}", number - 5);
    }
    assert_eq!(found, expected, "{text}");
}

#[test]
fn shapes() {
    check("", &[]);
    check("# nothing\n", &[]);
    check(RULE, &[]);
    check("rule: r\n", &["1:1 LOAD_ERR_YAML_VALIDATE Rules content is not yaml array of objects"]);
    check("text\n", &["1:1 LOAD_ERR_YAML_VALIDATE Rules content is not yaml"]);
    check(
        "- text\n",
        &[
            "1:3 LOAD_ERR_YAML_VALIDATE Unexpected element type. Each element should be a yaml associative array.",
        ],
    );
    check("-\n- ~\n", &[]);
    check(
        "- a: [b\n",
        &[
            "2:1 LOAD_ERR_YAML_PARSE yaml-cpp: error at line 2, column 1: did not find expected ',' or ']' ? while parsing a flow sequence that begins at line 1, column 6",
        ],
    );
    check("- [a]: b\n", &["1:3 LOAD_ERR_YAML_PARSE yaml-cpp: error at line 1, column 3: bad conversion"]);
    check("- rul: r\n", &["1:3 LOAD_UNKNOWN_ITEM Unknown top level item ? did you mean 'rule'?"]);
    check("- foo: r\n", &["1:3 LOAD_UNKNOWN_ITEM Unknown top level item"]);
}

#[test]
fn versions() {
    check("- required_engine_version: 57\n", &[]);
    check(
        "- required_engine_version: 0.57.0\n  more: x\n",
        &["2:3 LOAD_UNKNOWN_KEY Unknown key 'more'. The key will be ignored."],
    );
    check(
        "- required_engine_version: 99\n",
        &["1:3 LOAD_ERR_VALIDATE Rules require engine version 0.99.0, but engine version is 0.62.0"],
    );
    // Where a file requires the next engine, its warnings count: none of a condition that nothing satisfies.
    let never = "- rule: r\n  desc: d\n  condition: evt.type=open and evt.type=close\n  output: x\n  priority: INFO\n";
    let always = "- rule: s\n  desc: d\n  condition: proc.name=x\n  output: x\n  priority: INFO\n";
    let broad =
        "LOAD_NO_EVTTYPE Rule matches too many evt.type values. This has a significant performance penalty.";
    check(
        &format!("- required_engine_version: 0.62.0\n{never}{always}"),
        &[&format!("2:3 {broad}"), &format!("7:3 {broad}")],
    );
    check(&format!("- required_engine_version: 0.63.0\n{never}{always}"), &[&format!("7:3 {broad}")]);
    check(
        "- required_engine_version: 0.64.0\n",
        &["1:3 LOAD_ERR_VALIDATE Rules require engine version 0.64.0, but engine version is 0.62.0"],
    );
    check(
        "- required_engine_version: x\n",
        &[
            "1:3 LOAD_ERR_YAML_VALIDATE Unable to parse engine version 'x' as a semver string. Expected \"x.y.z\" semver \
         format.",
        ],
    );
    let plugins = "- required_plugin_versions:\n";
    let check = |text: &str, expected: &[&str]| check(&format!("{plugins}{text}"), expected);
    check("  - name: container\n    version: 0.4.0\n", &[]);
    check("  - name: json\n    version: 0.7.0\n    alternatives: [{name: container, version: 0.7.1}]\n", &[]);
    check(
        "  - name: container\n    version: x\n",
        &["2:5 LOAD_ERR_VALIDATE Invalid required version 'x' for plugin 'container'"],
    );
    check(
        "  - name: container\n    version: 9.0.0\n",
        &[
            "2:5 LOAD_ERR_VALIDATE Plugin 'container' version '0.7.1' is not compatible with required plugin version '9.0.0'",
        ],
    );
    check(
        "  - name: json\n    version: 0.7.0\n",
        &["2:5 LOAD_ERR_VALIDATE Plugin requirement not satisfied, must load one of: json (>= 0.7.0)"],
    );
    check(
        "  - name: a\n    version: 0.7.0\n    alternatives: [{name: a, version: 0.7.1}]\n",
        &["2:5 LOAD_ERR_VALIDATE Defined multiple alternative version requirements for plugin 'a'"],
    );
    check("    x\n", &["2:5 LOAD_ERR_YAML_VALIDATE Value of required_plugin_versions must be a sequence"]);
    check("  - x\n", &["2:5 LOAD_ERR_YAML_VALIDATE Plugin version must be a mapping"]);
    check("  - version: 1.0.0\n", &["2:5 LOAD_ERR_YAML_VALIDATE Item has no mapping for key 'name'"]);
    check(
        "  - name: a\n    version: 1.0.0\n    alternatives: x\n",
        &["2:5 LOAD_ERR_YAML_VALIDATE Value of plugin version alternatives must be a sequence"],
    );
    check(
        "  - name: a\n    version: 1.0.0\n    alternatives: [x]\n",
        &["4:20 LOAD_ERR_YAML_VALIDATE Plugin version alternative must be a mapping"],
    );
}

#[test]
fn lists_and_macros() {
    check(
        "- list: l\n  items: [a]\n",
        &["1:3 LOAD_UNUSED_LIST List not referred to by any other rule/macro"],
    );
    check(
        "- list: a b\n  items: []\n",
        &[
            "1:3 LOAD_INVALID_LIST_NAME List has an invalid name. List names should match a regular expression: \
         ([^()\"'[:space:]=,]+)",
            "1:3 LOAD_UNUSED_LIST List not referred to by any other rule/macro",
        ],
    );
    check("- list: l\n", &["1:3 LOAD_ERR_YAML_VALIDATE Item has no mapping for key 'items'"]);
    check("- list: l\n  items: x\n", &["2:10 LOAD_ERR_YAML_VALIDATE Value is not a sequence"]);
    check("- list: l\n  items: [[a]]\n", &["2:11 LOAD_ERR_YAML_VALIDATE sequence value is not scalar"]);
    check("- list: [l]\n  items: []\n", &["1:9 LOAD_ERR_YAML_VALIDATE Value is not a scalar value"]);
    check("- list:\n  items: []\n", &["1:3 LOAD_ERR_YAML_VALIDATE Mapping for key 'list' is empty"]);
    check("- list: ''\n  items: []\n", &["1:9 LOAD_ERR_YAML_VALIDATE Value must be non-empty"]);
    check(
        "- list: l\n  items: [a]\n  append: true\n",
        &[
            "1:3 LOAD_ERR_VALIDATE List uses 'append' or 'override.items: append' but no list by that name already exists",
            "1:3 LOAD_DEPRECATED_ITEM 'append' key is deprecated. Add an 'append' entry (e.g. 'condition: append') under \
         'override' instead.",
        ],
    );
    check(
        "- list: l\n  items: [a]\n  append: 1\n",
        &["3:11 LOAD_ERR_YAML_VALIDATE Can't decode YAML scalar value"],
    );
    check(
        "- macro: m-n\n  condition: evt.num=1\n",
        &[
            "1:3 LOAD_INVALID_MACRO_NAME Macro has an invalid name. Macro names should match a regular expression: \
         ([a-zA-Z]+[a-zA-Z0-9_]*)",
            "1:3 LOAD_UNUSED_MACRO Macro not referred to by any other rule/macro",
        ],
    );
    check(
        "- macro: m\n  condition: n\n- macro: n\n  condition: evt.num=1\n",
        &[
            "2:14 LOAD_ERR_VALIDATE Undefined macro 'n' used in filter. ? macro 'n' is defined later; a macro can use only \
         macros before it",
        ],
    );
    check(
        "- macro: m\n  condition: evt.num=1\n- macro: m\n  condition: or m\n  override: {condition: append}\n",
        &["4:17 LOAD_ERR_VALIDATE reference loop in macro 'm'"],
    );
    check(
        "- macro: m\n  condition: >\n    evt.num=1 and\n    (evt.num=2\n",
        &["4:15 LOAD_ERR_COMPILE_CONDITION expected a ')' token"],
    );
    check(
        "- list: l\n  items: [a]\n- macro: m\n  condition: l\n",
        &["4:14 LOAD_ERR_VALIDATE Undefined macro 'a' used in filter."],
    );
}

#[test]
fn rules() {
    check("- rule: r\n", &["1:3 LOAD_ERR_YAML_VALIDATE Item has no mapping for key 'enabled'"]);
    for key in ["desc", "output", "priority", "condition"] {
        let lines: String =
            RULE.lines().filter(|line| !line.contains(key)).map(|line| format!("{line}\n")).collect();
        let message = format!("1:3 LOAD_ERR_YAML_VALIDATE Item has no mapping for key '{key}'");
        check(&lines, &[&message]);
    }
    check(
        &RULE.replace("INFO", "NOTCE"),
        &["5:13 LOAD_ERR_YAML_VALIDATE Invalid priority ? did you mean 'notice'?"],
    );
    check(
        &format!("{RULE}  source: sycall\n"),
        &["1:3 LOAD_UNKNOWN_SOURCE Unknown source sycall, skipping ? did you mean 'syscall'?"],
    );
    check(&format!("{RULE}  source:\n"), &["1:3 LOAD_ERR_YAML_VALIDATE Mapping for key 'source' is empty"]);
    check(&format!("{RULE}  tags: x\n"), &["6:9 LOAD_ERR_YAML_VALIDATE Value is not a sequence"]);
    check(
        &format!("{RULE}  ouput: x\n"),
        &["6:3 LOAD_UNKNOWN_KEY Unknown key 'ouput'. The key will be ignored. ? did you mean 'output'?"],
    );
    check(
        &RULE.replace("evt.type=execve", "static.stage=x"),
        &[
            "3:14 LOAD_ERR_COMPILE_CONDITION filter_check called with nonexistent field static.stage ? 'static.stage' \
             needs 'stage' in static_fields of the configuration",
        ],
    );
    check(
        &RULE.replace("evt.type=execve", "evt.type=execev"),
        &["3:14 LOAD_ERR_COMPILE_CONDITION unknown event type execev ? did you mean 'execve'?"],
    );
    check(
        &RULE.replace("evt.type=execve", "evt.type=execve and proc.nmae=x"),
        &[
            "3:34 LOAD_ERR_COMPILE_CONDITION filter_check called with nonexistent field proc.nmae ? did you mean 'proc.name'?",
        ],
    );
    check(
        &RULE.replace("evt.type=execve", "spawned"),
        &["3:14 LOAD_ERR_VALIDATE Undefined macro 'spawned' used in filter."],
    );
    check(
        &RULE.replace("evt.type=execve", "proc.name=x"),
        &[
            "1:3 LOAD_NO_EVTTYPE Rule matches too many evt.type values. This has a significant performance penalty.",
        ],
    );
    check(&format!("{}  warn_evttypes: false\n", RULE.replace("evt.type=execve", "proc.name=x")), &[]);
    check(
        &RULE.replace("execve", "execve and evt.dir=<"),
        &[
            "3:14 LOAD_DEPRECATED_ITEM due to the drop of enter events, 'evt.dir = <' always evaluates to true, and \
         'evt.dir = >' always evaluates to false. The rule expression can be simplified by removing the condition on \
         'evt.dir'",
        ],
    );
    check(
        &RULE.replace("execve", "execve and proc.name regex 'a'"),
        &[
            "3:50 LOAD_COMPILE_CONDITION regex check with 'a' may be optimized with simpler operators such as '=', \
         'contains', 'startswith', 'endswith'",
        ],
    );
    check(
        &RULE.replace("%proc.name", "%proc.pid %proc.nmae"),
        &[
            "4:22 LOAD_ERR_COMPILE_OUTPUT unknown filter: unexpected token after ' ? '%proc.nmae': did you mean '%proc.name'?",
        ],
    );
    check(
        &RULE.replace("%proc.name", "%evt.dir"),
        &[
            "4:11 LOAD_DEPRECATED_ITEM usage of deprecated field 'evt.dir' has been detected in the rule output",
        ],
    );
    check(
        &RULE.replace("%proc.name", "x %container.info"),
        &[
            "1:3 LOAD_DEPRECATED_ITEM %container.info is deprecated and no more useful, and will be dropped by Falco 1.0.0. \
         The container plugin will automatically add required fields to the output message.",
        ],
    );
    let skipping = format!("{RULE}  skip-if-unknown-filter: true\n");
    check(
        &skipping.replace("evt.type=execve", "proc.nmae=x"),
        &[
            "3:14 LOAD_UNKNOWN_FILTER filter_check called with nonexistent field proc.nmae ? did you mean 'proc.name'?",
        ],
    );
    check(
        &skipping.replace("%proc.name", "%nosuch.field"),
        &[
            "4:12 LOAD_UNKNOWN_FILTER unknown filter: unexpected token after ' ? '%nosuch.field' is neither a field nor a transformer \
         that can be printed",
        ],
    );
}

#[test]
fn exceptions() {
    let rule = |text: &str| format!("{RULE}  exceptions:\n{text}");
    let check = |text: &str, expected: &[&str]| check(&rule(text), expected);
    check("    x\n", &["7:5 LOAD_ERR_YAML_VALIDATE Rule exceptions must be a sequence"]);
    check("    - x\n", &["7:7 LOAD_ERR_YAML_VALIDATE Rule exception must be a mapping"]);
    check("    - fields: proc.name\n", &["7:7 LOAD_ERR_YAML_VALIDATE Item has no mapping for key 'name'"]);
    check("    - name: e\n", &["7:7 LOAD_ERR_YAML_VALIDATE Item has no mapping for key 'fields'"]);
    check(
        "    - name: e\n      fields: {}\n",
        &["7:7 LOAD_ERR_VALIDATE Rule exception item must have fields property with a list of fields"],
    );
    check(
        "    - name: e\n      fields: proc.name\n      values: x\n",
        &["9:15 LOAD_ERR_YAML_VALIDATE Rule exception values must be a sequence"],
    );
    check(
        "    - name: e\n      fields: [proc.name, '']\n",
        &["8:27 LOAD_ERR_YAML_VALIDATE Value must be non-empty"],
    );
    check(
        "    - name: e\n      fields: proc.nmae\n",
        &["7:7 LOAD_ERR_VALIDATE 'proc.nmae' is not a supported filter field ? did you mean 'proc.name'?"],
    );
    check(
        "    - name: e\n      fields: [proc.name]\n      comps: [contians]\n",
        &[
            "7:7 LOAD_ERR_VALIDATE 'contians' is not a supported comparison operator ? did you mean 'contains'?",
        ],
    );
    let two = "    - name: e\n      fields: proc.name\n      values: [a]\n    - name: f\n      fields: proc.name\n      values: ['b \"c']\n";
    check(
        two,
        &[
            "10:7 LOAD_ERR_COMPILE_CONDITION expected a ')' token ? with lists and exceptions expanded, the condition is: \
         name in (a)) and not (proc.name in (\"b \" --> c\"))",
        ],
    );
    check(
        "    - name: e\n      fields: proc.name\n    - name: e\n      fields: proc.name\n",
        &["9:7 LOAD_EXCEPTION_NAME_NOT_UNIQUE Multiple definitions of exception 'e' in the same rule"],
    );
}

#[test]
fn appends_and_overrides() {
    const DEPRECATED: &str = "1:3 LOAD_DEPRECATED_ITEM 'append' key is deprecated. Add an 'append' entry (e.g. 'condition: \
                              append') under 'override' instead.";
    check_after("- rule: r\n  append: true\n  condition: and evt.num=1\n", &[DEPRECATED]);
    check_after(
        "- rule: r\n  append: true\n",
        &["1:3 LOAD_ERR_VALIDATE Appended rule must have exceptions or condition property", DEPRECATED],
    );
    check_after(
        "- rule: other\n  append: true\n  condition: and evt.num=1\n",
        &[
            "1:3 LOAD_ERR_VALIDATE Rule uses 'append' or 'override.<key>: append' but no rule by that name already exists",
            DEPRECATED,
        ],
    );
    check_after(
        "- rule: r\n  enabled: false\n",
        &[
            "1:3 LOAD_DEPRECATED_ITEM The standalone 'enabled' key usage is deprecated. The correct approach requires also a \
         'replace' entry under the 'override' key (i.e. 'enabled: replace').",
        ],
    );
    check_after(
        "- rule: rr\n  enabled: false\n",
        &[
            "1:3 LOAD_ERR_VALIDATE Rule has 'enabled' key but no rule by that name already exists ? did you mean 'r'?",
            "1:3 LOAD_DEPRECATED_ITEM The standalone 'enabled' key usage is deprecated. The correct approach requires also a \
         'replace' entry under the 'override' key (i.e. 'enabled: replace').",
        ],
    );
    check_after(
        "- rule: r\n  condition: and proc.nmae=x\n  override: {condition: append}\n",
        &[
            "2:18 LOAD_ERR_COMPILE_CONDITION filter_check called with nonexistent field proc.nmae ? did you mean 'proc.name'?",
        ],
    );
    check_after(
        "- rule: r\n  enabled: false\n  override: {enabled: append}\n",
        &["3:14 LOAD_ERR_YAML_VALIDATE Key 'enabled' cannot be appended to, use 'replace' instead"],
    );
    check_after(
        "- rule: r\n  enabled: false\n  override: {enabld: replace}\n",
        &["3:14 LOAD_ERR_YAML_VALIDATE Key 'enabld' cannot be replaced ? did you mean 'enabled'?"],
    );
    check_after(
        "- rule: r\n  desc: x\n  override: {desc: apend}\n",
        &[
            "3:20 LOAD_ERR_YAML_VALIDATE Invalid override operation for key 'desc': 'apend'. Allowed values are: append \
         replace  ? did you mean 'append'?",
        ],
    );
    check_after(
        "- rule: r\n  override: {desc: append}\n",
        &["1:3 LOAD_ERR_YAML_VALIDATE An append override for 'desc' was specified but 'desc' is not defined"],
    );
    check_after(
        "- rule: r\n  desc: x\n  output: x\n  override: {desc: append}\n",
        &[
            "3:11 LOAD_ERR_YAML_VALIDATE Unexpected key 'output': no corresponding entry under 'override' is defined.",
        ],
    );
    check_after(
        "- rule: x\n  desc: x\n  override: {desc: replace}\n",
        &[
            "1:3 LOAD_ERR_VALIDATE An 'override.<key>: replace' to a rule was requested but no rule by that name already \
         exists ? did you mean 'r'?",
        ],
    );
    check_after(
        "- rule: r\n  append: true\n  desc: x\n  override: {desc: append}\n",
        &[
            "1:3 LOAD_ERR_YAML_VALIDATE Keys 'override' and 'append: true' cannot be used together. Add an 'append' entry \
         (e.g. 'condition: append') under 'override' instead.",
            DEPRECATED,
        ],
    );
    check_after(
        "- rule: r\n  override: [desc]\n",
        &[
            "2:13 LOAD_ERR_VALIDATE invalid node; this may result from using a map iterator as a sequence iterator, or \
         vice-versa",
        ],
    );
    check_after(
        "- rule: r\n  exceptions: [{name: e, fields: proc.name}]\n  override: {exceptions: append}\n",
        &[
            "2:16 LOAD_ERR_VALIDATE Rule exception must have values property with a list of values",
            "2:16 LOAD_APPEND_NO_VALUES Overriding/appending exception with no values",
        ],
    );
    check_after(
        &RULE.replace("priority", "source: other\n  priority"),
        &["1:3 LOAD_ERR_VALIDATE Rule has been re-defined with a different source"],
    );
}

#[test]
fn order_and_effect_of_several_files() {
    let loaded = load(&[
        "- macro: m\n  condition: evt.type=execve\n- rule: a\n  desc: d\n  condition: m\n  output: x\n  priority: INFO\n  \
         tags: [t]\n",
        "- macro: m\n  condition: evt.type=open\n- rule: b\n  desc: d\n  condition: m and evt.num>1\n  output: x\n  \
         priority: warning\n",
        "- rule: a\n  output: y\n  tags: [u, t]\n  priority: ERROR\n  override: {output: append, tags: append, priority: \
         replace}\n",
    ]);
    assert!(loaded.successful(), "{}", loaded.reports[2]);
    let rules: Vec<(&str, &str, Priority, Vec<String>)> = loaded
        .program
        .rules
        .iter()
        .map(|rule| (rule.name.as_str(), rule.output.text.as_str(), rule.priority, rule.tags.clone()))
        .collect();
    assert_eq!(
        rules,
        [
            ("a", "x y", Priority::Error, vec!["t".to_owned(), "u".to_owned()]),
            ("b", "x", Priority::Warning, vec![]),
        ]
    );
    // Both rules look at the macro as it was defined last.
    assert_eq!(loaded.program.rules[0].events, loaded.program.rules[1].events);
    assert!(loaded.program.rules[0].events.contains(code::ASYNCEVENT_E));
}

#[test]
fn selection_and_priority() {
    let rules = "- rule: a\n  desc: d\n  condition: evt.type=execve\n  output: x\n  priority: ERROR\n  tags: [t]\n\
                 - rule: b\n  desc: d\n  condition: evt.type=execve\n  output: x\n  priority: DEBUG\n\
                 - rule: c\n  desc: d\n  condition: evt.type=execve\n  output: x\n  priority: ERROR\n  enabled: false\n\
                 - rule: e\n  desc: d\n  condition: evt.type=execve\n  output: x\n  priority: ERROR\n  source: k8s_audit\n";
    let mut loader = Loader::new(Options { min_priority: Priority::Notice, ..Options::default() });
    loader.file("f", rules);
    let loaded = loader.finish();
    let states: Vec<RuleState> = loaded.rules.iter().map(|rule| rule.state).collect();
    assert_eq!(
        states,
        [RuleState::Enabled, RuleState::BelowPriority, RuleState::Disabled, RuleState::Skipped]
    );
    assert_eq!(loaded.program.rules.len(), 1);
}

#[test]
fn compile_warnings_count_once() {
    let used_later = "- list: l\n  items: [a]\n- list: never\n  items: []\n";
    let user = RULE.replace("execve", "execve and proc.name in (l)");
    let loaded = load(&[used_later, &user]);
    assert_eq!(loaded.reports[0].warnings.len(), 2);
    let warnings: Vec<String> = loaded.warnings().map(|warning| warning.place.to_string()).collect();
    assert_eq!(warnings, ["f0.yaml:3:3"]);
}

#[test]
fn carets_stand_under_wide_characters() {
    let text =
        RULE.replace("evt.type=execve", "evt.type=execve and fd.name=\u{30d5}\u{30a1} and proc.nmae=x");
    let shown = load(&[&text]).reports[0].to_string();
    let lines: Vec<&str> = shown.lines().collect();
    let width = |text: &str| unicode_width::UnicodeWidthStr::width(text);
    let before = lines[1].split("proc.nmae").next().expect("the line");
    assert_eq!(width(before), width(lines[2]) - 1, "{shown}");
}

#[test]
fn unclosed_quotes_say_where_they_begin() {
    let text = format!("{RULE}- rule: s\n  desc: \"never closed\n  condition: evt.type=open\n  output: x\n");
    let loaded = load(&[&text]);
    let error = &loaded.reports[0].errors[0];
    assert_eq!(error.hint.as_deref(), Some("the quote that opens here is never closed"));
    assert_eq!((error.place.line, error.place.column), (7, 9));
    // Where another text in quotes follows, it seems to close what is open.
    let text =
        format!("{RULE}- rule: s\n  desc: \"never closed\n  condition: evt.type=open\n  output: \"x\"\n");
    let loaded = load(&[&text]);
    let error = &loaded.reports[0].errors[0];
    assert_eq!(error.hint.as_deref(), Some("the quote that opens here is closed only at line 9, column 12"));
    assert_eq!((error.place.line, error.place.column), (7, 9));
    let text = format!("{RULE}- list: s\n  items: [a, 'b, c]\n- list: it's\n  items: []\n");
    let error = &load(&[&text]).reports[0].errors[0];
    assert_eq!((error.place.line, error.place.column), (7, 14), "{error}");
}

#[test]
fn texts_show_the_line_with_a_caret() {
    let loaded = load(&[&RULE.replace("evt.type=execve", ">\n    evt.type=execve\n    and proc.nmae=x")]);
    let expected =
        "f0.yaml:5:9: error[LOAD_ERR_COMPILE_CONDITION]: filter_check called with nonexistent field proc.nmae
        and proc.nmae=x
            ^
  in rule 'r'
  did you mean 'proc.name'?
f0.yaml: invalid
";
    assert_eq!(loaded.reports[0].to_string(), expected);
    let twice = format!("{RULE}  desc: e\n");
    let expected = "f0.yaml:6:3: note: key 'desc' is given twice in this item; the first value is used
      desc: e
      ^
f0.yaml: ok
";
    assert_eq!(load(&[&twice]).reports[0].to_string(), expected);
}

#[test]
fn findings_in_macros_show_the_macro() {
    let text = "- macro: m\n  condition: proc.nmae exists\n- rule: r\n  desc: d\n  condition: evt.type=execve and m\n  \
                output: x\n  priority: INFO\n";
    check(
        text,
        &[
            "2:14 LOAD_ERR_COMPILE_CONDITION filter_check called with nonexistent field proc.nmae ? did you mean 'proc.name'?",
        ],
    );
}

#[test]
fn hostile_files_end_with_an_error() {
    let mut loader = Loader::new(Options::default());
    let report = loader.bytes("f", b"- rule: \xff\n");
    assert_eq!(report.errors[0].message, "byte 8 is not UTF-8");
    assert_eq!((report.errors[0].place.line, report.errors[0].place.column), (1, 9));

    let error = |text: &str| load(&[text]).reports[0].errors[0].message.clone();
    assert!(error(&"[".repeat(1 << 20)).ends_with("bad file"));
    assert!(error(&format!("- rule: {}", "{a: ".repeat(1 << 18))).ends_with("bad file"));

    let mut laughs = String::from("- macro: m0\n  condition: evt.num=1 or evt.num=2\n");
    for i in 1..40 {
        laughs += &format!("- macro: m{i}\n  condition: m{} or m{}\n", i - 1, i - 1);
    }
    assert!(error(&laughs).contains("larger than"), "{}", error(&laughs));

    let mut deep = String::from("- macro: m0\n  condition: evt.num=1\n");
    for i in 1..3000 {
        deep += &format!("- macro: m{i}\n  condition: not m{} and evt.num=1\n", i - 1);
    }
    assert!(error(&deep).contains("larger than"), "{}", error(&deep));

    // A long macro in many rules: the first rule that is too much is named.
    let terms: Vec<String> = (0..20_000).map(|n| format!("evt.num={n}")).collect();
    let mut often = format!("- macro: long\n  condition: {}\n", terms.join(" or "));
    for i in 0..60 {
        often += &format!(
            "- rule: r{i}\n  desc: d\n  output: x\n  priority: INFO\n  condition: long and evt.type=open\n"
        );
    }
    assert!(error(&often).contains("'long' is used so often"), "{}", error(&often));

    let mut lists = format!("- list: l0\n  items: [{}]\n", ["aaaa"; 1000].join(", "));
    for i in 1..4 {
        let last = format!("l{}", i - 1);
        lists += &format!("- list: l{i}\n  items: [{}]\n", vec![last.as_str(); 4000].join(", "));
    }
    lists += "- macro: m\n  condition: proc.name in (l3)\n";
    assert!(error(&lists).contains("has more items than fit"), "{}", error(&lists));

    let parens = format!("- macro: m\n  condition: {}evt.num=1\n", "(".repeat(100_000));
    assert_eq!(load(&[&parens]).reports[0].errors[0].code, ErrorCode::CompileCondition);

    let mut aliases = String::from("- &a0 {name: a, fields: [x, x, x, x, x, x, x, x]}\n");
    for i in 1..20 {
        aliases +=
            &format!("- &a{i} {{rule: x, exceptions: [{}]}}\n", vec![format!("*a{}", i - 1); 10].join(", "));
    }
    assert!(error(&aliases).contains("aliases expand to more"), "{}", error(&aliases));
}

#[test]
fn long_lists_are_read_once() {
    let items: Vec<String> = (0..100_000).map(|number| format!("/opt/long/path/{number}")).collect();
    let mut text =
        format!("- list: outer\n  items: [inner, /x]\n- list: inner\n  items: [{}]\n", items.join(", "));
    text += "- macro: named\n  condition: fd.name in (inner) or fd.name pmatch (outer)\n";
    for number in 0..50 {
        text += &format!(
            "- rule: r{number}\n  desc: d\n  condition: named and evt.num={} or proc.exepath in (inner)\n  output: x\n  priority: INFO\n",
            number + 1
        );
    }
    let loaded = load(&[&text, RULE]);
    assert!(loaded.successful(), "{:?}", findings(&loaded));
    let lists = loaded.program.checks.iter().filter_map(|check| match &check.test {
        crate::program::Test::In(literals) => Some(literals),
        _ => None,
    });
    let lists: Vec<_> = lists.filter(|literals| literals.len() > 1000).collect();
    assert_eq!(lists.len(), 2);
    assert!(std::ptr::eq(lists[0].as_ptr(), lists[1].as_ptr()));
}

/// The rules of a file divided into parts: their checks, and per variant the part and what is left of the rule.
fn taken_apart(text: &str) -> (Vec<String>, Vec<String>) {
    let mut loader = Loader::new(Options::default());
    assert!(loader.file("f.yaml", text).successful(), "{text}");
    let parts = loader.parts().expect("small rules");
    let checks = parts.checks.iter().flatten();
    let shown = |part: &Part| format!("{}:{} {}", part.place.line, part.place.column, part.name);
    let checks = checks.map(|(part, _)| shown(&parts.parts[*part])).collect();
    let variants = parts.variants.iter().map(|variant| {
        let part = &parts.parts[variant.part];
        format!("{:?} {}: {}", part.kind, part.name, variant.condition)
    });
    (checks, variants.collect())
}

#[test]
fn rules_are_taken_apart() {
    let text = "\
- list: shells
  items: [sh, bash]
- list: nobody
  items: []
- macro: spawned
  condition: evt.type = execve and evt.dir = <
- macro: quiet
  condition: proc.name in (shells) or proc.name in (nobody)
- macro: unused
  condition: fd.num = 1
- rule: r
  desc: d
  condition: >
    spawned and user.name = root
    and not quiet
  output: o
  priority: INFO
  exceptions:
    - name: known
      fields: [proc.pname]
      values: [[init]]
    - name: empty
      fields: proc.name
";
    let (checks, variants) = taken_apart(text);
    assert_eq!(
        checks,
        [
            "6:14 evt.type = execve",
            "6:36 evt.dir = <",
            "14:17 user.name = root",
            "8:14 not proc.name in (sh, bash)",
            "8:39 not proc.name in ()",
            "19:7 not proc.pname = init",
        ]
    );
    let rest =
        |text: &str| variants.iter().filter(|variant| variant.starts_with(text)).cloned().collect::<Vec<_>>();
    assert_eq!(variants.len(), checks.len() + 1 + 4 + 1);
    assert_eq!(
        rest("Check user.name"),
        [
            "Check user.name = root: evt.type = execve and evt.dir = < and not proc.name in (sh, bash) and not \
             proc.name in () and not proc.pname = init"
        ]
    );
    assert_eq!(
        rest("Macro quiet"),
        [
            "Macro quiet: ((evt.type = execve and evt.dir = <) and user.name = root and not always) and not \
             proc.pname = init",
            "Macro quiet: ((evt.type = execve and evt.dir = <) and user.name = root and not never) and not \
             proc.pname = init",
        ]
    );
    assert_eq!(
        rest("List"),
        [
            "List shells: ((evt.type = execve and evt.dir = <) and user.name = root and not (proc.name in () or \
             proc.name in ())) and not proc.pname = init"
        ]
    );
    assert_eq!(
        rest("Exception"),
        [
            "Exception known: (evt.type = execve and evt.dir = <) and user.name = root and not (proc.name in (sh, bash) \
             or proc.name in ())"
        ]
    );
}

/// However often a large list is named, and beside whatever it stands, there is one copy of it.
#[test]
fn large_lists_are_never_copied() {
    use crate::program::{Literal, Test};
    const ITEMS: usize = 5000;
    const USES: usize = 200;
    let items: Vec<String> = (0..ITEMS).map(|number| format!("/p/{number}")).collect();
    let flow = format!("- list: big\n  items: [{}]\n", items.join(", "));
    let block = format!("- list: big\n  items:\n    - {}\n", items.join("\n    - "));
    let json_items: Vec<String> = items.iter().map(|item| format!("\"{item}\"")).collect();
    let json = format!("[{{\"list\": \"big\", \"items\": [{}]}}]", json_items.join(","));
    let nested = "- list: bigger\n  items: [x, big, y, big]\n";
    let mut rules = String::from(nested);
    for number in 0..USES {
        rules += &format!(
            "- rule: r{number}\n  desc: d\n  output: o\n  priority: INFO\n  condition: >\n    evt.type = open and fd.name \
             in (a{number}, big, b) and proc.exepath intersects (big, c{number}) and not fd.name in (bigger) and \
             proc.cwd startswith anyof (/d{number}, bigger)\n"
        );
    }
    for list in [flow, block, json] {
        let mut loader = Loader::new(Options::default());
        assert!(loader.file("list.yaml", &list).successful());
        assert!(loader.file("rules.yaml", &rules).successful());
        let loaded = loader.finish();
        assert_eq!(loaded.program.rules.len(), USES);
        let mut held: HashMap<*const Literal, usize> = HashMap::new();
        let mut uses = 0;
        for check in &loaded.program.checks {
            if let Test::In(literals) | Test::Intersects(literals) | Test::Quantified(_, _, literals) =
                &check.test
            {
                held.insert(literals.as_ptr(), literals.len());
                uses += usize::from(literals.len() >= ITEMS);
            }
        }
        assert!(uses >= 3, "{uses}");
        let large = held.values().filter(|count| **count >= ITEMS).count();
        // One as a set, and one as it is for what has a modifier.
        assert_eq!(large, 2);
        let all: usize = held.values().sum();
        assert!(all < 2 * ITEMS + USES * 12, "{all}");
    }
}

/// A list of which a part stands elsewhere means the same as one that is written out.
#[test]
fn lists_in_parts_mean_what_they_say() {
    let items: Vec<String> = (0..1500).map(|number| format!("i{number}")).collect();
    let load = |condition: &str| {
        let mut loader = Loader::new(Options::default());
        let text = format!(
            "- list: big\n  items: [{}]\n- rule: r\n  desc: d\n  output: o\n  priority: INFO\n  condition: {condition}\n",
            items.join(", ")
        );
        assert!(loader.file("rules.yaml", &text).successful(), "{condition}");
        let program = loader.finish().program;
        let nodes: Vec<String> = program.nodes.iter().map(|node| format!("{node:?}")).collect();
        (nodes.last().expect("a node").split('(').next().unwrap_or_default().to_owned(), program.checks.len())
    };
    for (condition, top, checks) in [
        ("proc.name in (a, big, b)", "Or", 2),
        ("proc.name in (big)", "Check", 1),
        ("proc.name in (big, big)", "Check", 1),
        ("not proc.name in (a, big)", "Not", 2),
        ("proc.name = anyof (a, big)", "Or", 2),
        ("proc.name != allof (a, big)", "And", 2),
        ("proc.name = oneof (a, big)", "Check", 1),
        ("proc.aname = anyof (a, big)", "Check", 1),
        ("proc.aname in (a, big)", "Or", 2),
        ("proc.args in (a, big)", "Or", 2),
        ("fd.types in (a, big)", "Check", 1),
        ("evt.rawarg.path in (a, big)", "Check", 1),
        ("fd.name pmatch (/a, big)", "Or", 2),
    ] {
        assert_eq!(load(condition), (top.to_owned(), checks), "{condition}");
    }
}
