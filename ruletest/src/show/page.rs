//! All rules as a page of Markdown: a table of them, the matrix of MITRE ATT&CK that their tags give, and of each rule what it sees, what
//! false positives to expect, what to override, and the tests that cover it. Everything on it is in the rule files and the test files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use tercel_rules::load::{Contents, ExceptionContent, Loader, RuleContent, RuleInfo, RuleState};

use super::attack::{all_tactics, link, tactics, techniques};
use super::{Covering, Coverings, remarks};
use crate::visible::visible;

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

/// The rules of a loader as Markdown, with the tests that cover them, if tests were read. Lines of files are not named, so that the page
/// stays the same where nothing of it changes.
pub fn markdown(loader: &Loader, tests: Option<&Coverings>) -> String {
    let contents = loader.contents();
    let infos: Vec<&RuleInfo> = contents.rules.iter().map(|rule| &rule.info).collect();
    let mut out = String::from("# Rules\n\n");
    introduction(&mut out, &infos);
    out.push_str("\n| rule | priority | tactics | techniques |\n|---|---|---|---|\n");
    for info in &infos {
        let techniques: Vec<String> = techniques(info).map(link).collect();
        let name = text(&info.name);
        line!(
            out,
            "| [{name}](#{}) | {} | {} | {} |",
            anchor(&info.name),
            priority(info),
            tactic_names(info),
            techniques.join(", ")
        );
    }
    out.push_str(
        "\n## MITRE ATT&CK\n\nBelow each tactic its techniques with the rules whose tags name both.\n\n",
    );
    matrix(&mut out, &infos);
    let mut without = infos.iter().filter(|info| techniques(info).next().is_none()).peekable();
    if without.peek().is_some() {
        line!(
            out,
            "\nWithout a technique: {}.",
            without.map(|info| text(&info.name)).collect::<Vec<_>>().join(", ")
        );
    }
    details(&mut out, loader, &contents, tests);
    out
}

fn introduction(out: &mut String, infos: &[&RuleInfo]) {
    let files: BTreeSet<&str> = infos.iter().map(|info| &*info.place.file).collect();
    let files: Vec<String> = files.into_iter().map(code).collect();
    line!(
        out,
        "Written by `rules list --markdown`: {} of {}.",
        if let [_] = infos { "1 rule".to_owned() } else { format!("{} rules", infos.len()) },
        if files.is_empty() { "no file".to_owned() } else { files.join(", ") }
    );
    line!(
        out,
        "*To tune* names what a file that is loaded later may give values to (exceptions), append to or define again (lists, macros)."
    );
}

/// The matrix: a column per tactic that a rule has, a row per technique.
fn matrix(out: &mut String, infos: &[&RuleInfo]) {
    let column = |(tag, name): (&str, &'static str)| {
        let mut cells: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for info in infos.iter().filter(|info| info.tags.contains(tag)) {
            for technique in techniques(info) {
                cells.entry(technique).or_default().push(text(&info.name));
            }
        }
        let cell =
            |(technique, rules): (&str, Vec<String>)| format!("{}: {}", link(technique), rules.join(", "));
        (name, cells.into_iter().map(cell).collect::<Vec<String>>())
    };
    let columns: Vec<(&str, Vec<String>)> =
        all_tactics().map(column).filter(|(_, cells)| !cells.is_empty()).collect();
    let Some(rows) = columns.iter().map(|(_, cells)| cells.len()).max() else {
        out.push_str("No rule has the tags of a tactic and of a technique.\n");
        return;
    };
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    line!(out, "| {} |", names.join(" | "));
    line!(out, "|{}", "---|".repeat(names.len()));
    for row in 0..rows {
        let cells: Vec<&str> =
            columns.iter().map(|(_, cells)| cells.get(row).map_or("", String::as_str)).collect();
        line!(out, "| {} |", cells.join(" | "));
    }
}

/// The rules one by one, in the order of loading, below the headings of their sections.
fn details(out: &mut String, loader: &Loader, contents: &Contents, tests: Option<&Coverings>) {
    let lists: BTreeSet<&str> = contents.lists.iter().map(|list| list.name.as_str()).collect();
    let mut section = String::new();
    for rule in &contents.rules {
        let info = &rule.info;
        let source = loader.source(&info.place.file).unwrap_or_default();
        let here = remarks::section(source, info.place.line).map_or_else(|| code(&info.place.file), text);
        if here != section {
            line!(out, "\n## {here}");
            section = here;
        }
        line!(out, "\n### {}\n", text(&info.name));
        let techniques = techniques(info).map(link);
        let facts: Vec<String> = [priority(info), tactic_names(info)].into_iter().chain(techniques).collect();
        let facts = facts.iter().filter(|fact| !fact.is_empty()).map(String::as_str).collect::<Vec<_>>();
        line!(out, "{}\n\n{}\n", facts.join("; "), text(&info.desc));
        if let Some(said) = remarks::false_positives(source, info.place.line) {
            line!(out, "* *False positives*: {}", text(&said));
        }
        if let Some(names) = tuned(rule, &lists) {
            line!(out, "* *To tune*: {names}");
        }
        if let Some(tests) = tests {
            line!(out, "* *Tests*: {}", covered(tests.of(&info.name)));
        }
    }
}

/// What can be overridden of a rule without touching it; `None` if there is nothing.
fn tuned(rule: &RuleContent, lists: &BTreeSet<&str>) -> Option<String> {
    let exceptions: Vec<String> = rule.exceptions.iter().map(exception).collect();
    let (of_lists, macros): (Vec<&String>, Vec<&String>) =
        rule.uses.iter().partition(|name| lists.contains(name.as_str()));
    let names = |names: Vec<&String>| names.into_iter().map(|name| code(name)).collect::<Vec<_>>();
    let kinds = [("exception", exceptions), ("list", names(of_lists)), ("macro", names(macros))];
    let kinds: Vec<String> = kinds
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(|(kind, names)| format!("{kind}{} {}", if names.len() > 1 { "s" } else { "" }, names.join(", ")))
        .collect();
    (!kinds.is_empty()).then(|| kinds.join("; "))
}

/// An exception with what it compares.
fn exception(exception: &ExceptionContent) -> String {
    let fields: Vec<String> = exception.fields.iter().map(|field| code(field)).collect();
    format!("{} ({})", code(&exception.name), fields.join(", "))
}

/// The cases that cover a rule, by test file.
fn covered(tests: &[Covering]) -> String {
    let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for test in tests {
        let what = if test.is_silent { "silent" } else { "fires" };
        files.entry(&test.file).or_default().push(format!("{what} in \u{201c}{}\u{201d}", text(&test.case)));
    }
    if files.is_empty() {
        return "none".to_owned();
    }
    let files = files.into_iter().map(|(file, cases)| format!("{}: {}", code(file), cases.join(", ")));
    files.collect::<Vec<_>>().join("; ")
}

/// The priority of a rule, and whether it runs.
fn priority(info: &RuleInfo) -> String {
    let name = info.priority.name();
    if info.state == RuleState::Enabled { name.to_owned() } else { format!("{name}, does not run") }
}

fn tactic_names(info: &RuleInfo) -> String {
    tactics(info).map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

/// A text on one line of which no character means anything to Markdown, in a cell or elsewhere.
fn text(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut plain = String::with_capacity(words.len());
    for character in visible(words.as_bytes()).chars() {
        if matches!(character, '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' | '~' | '$') {
            plain.push('\\');
        }
        plain.push(character);
    }
    plain
}

/// A name as code.
fn code(name: &str) -> String {
    let name = visible(name.as_bytes());
    if name.contains('`') { format!("`` {name} ``") } else { format!("`{name}`") }
}

/// The part of a link that leads to a heading, as GitHub and GitLab make it.
fn anchor(heading: &str) -> String {
    let words = heading.split_whitespace().collect::<Vec<_>>().join(" ");
    let kept = words.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tercel_rules::load::Options;

    fn page(rules: &[String]) -> String {
        let mut loader = Loader::new(Options::default());
        assert!(loader.file("r.yaml", &rules.concat()).successful());
        markdown(&loader, None)
    }

    fn rule(name: &str, tags: &str, more: &str) -> String {
        format!(
            "- rule: '{name}'\n  desc: d*\n  condition: evt.type=open and not proc.name in (known) and m\n  output: o\n  priority: INFO\n  tags: [{tags}]\n{more}"
        )
    }

    const DEFINITIONS: &str = "- list: known\n  items: [a]\n- macro: m\n  condition: fd.num>=0\n";

    #[test]
    fn tags_give_the_matrix() {
        let text = page(&[
            DEFINITIONS.to_owned(),
            rule("A|b", "mitre_impact, mitre_execution, T1496, T1059.004", ""),
            rule("C", "mitre_impact, T1496, T14960", ""),
            rule("D", "mitre_impact", ""),
        ]);
        let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("| Exec")).collect();
        assert_eq!(lines[0], "| Execution | Impact |");
        let first = format!("| {}: A\\|b | {}: A\\|b |", link("T1059.004"), link("T1059.004"));
        let second = format!("| {}: A\\|b | {}: A\\|b, C |", link("T1496"), link("T1496"));
        assert_eq!(lines[2..4], [first, second]);
        assert!(text.contains("\nWithout a technique: D.\n"), "{text}");
    }

    #[test]
    fn a_rule_is_described_by_its_file() {
        let exceptions = "  exceptions:\n    - name: e\n      fields: [proc.name, fd.name]\n      comps: [=, startswith]\n";
        let text = page(&[
            DEFINITIONS.to_owned(),
            rule("First", "T1496", ""),
            "\n#\n# Things\n#\n\n# False positives: tests.\n".to_owned(),
            rule("Second one", "mitre_impact", exceptions),
        ]);
        let (_, first) = text.split_once("\n## `r.yaml`\n\n### First\n").expect("a heading");
        let (first, second) = first.split_once("\n## Things\n\n### Second one\n\n").expect("a section");
        assert_eq!(
            first,
            format!("\nInformational; {}\n\nd\\*\n\n* *To tune*: list `known`; macro `m`\n", link("T1496"))
        );
        assert_eq!(
            second,
            "Informational; Impact\n\nd\\*\n\n* *False positives*: tests.\n\
             * *To tune*: exception `e` (`proc.name =`, `fd.name startswith`); list `known`; macro `m`\n"
        );
        assert!(text.contains("| [Second one](#second-one) | Informational | Impact |  |\n"), "{text}");
    }
}
