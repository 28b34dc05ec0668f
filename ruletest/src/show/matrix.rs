//! All rules as Markdown: a table of them, and the matrix of MITRE ATT&CK (Enterprise, Linux) that their tags give.

use std::collections::BTreeMap;
use std::fmt::Write;

use tercel_rules::load::{RuleInfo, RuleState};

use crate::visible::visible;

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

/// Tactics in the order of the matrix: the tag of rules, and the name.
const TACTICS: [(&str, &str); 14] = [
    ("mitre_reconnaissance", "Reconnaissance"),
    ("mitre_resource_development", "Resource Development"),
    ("mitre_initial_access", "Initial Access"),
    ("mitre_execution", "Execution"),
    ("mitre_persistence", "Persistence"),
    ("mitre_privilege_escalation", "Privilege Escalation"),
    ("mitre_defense_evasion", "Defense Evasion"),
    ("mitre_credential_access", "Credential Access"),
    ("mitre_discovery", "Discovery"),
    ("mitre_lateral_movement", "Lateral Movement"),
    ("mitre_collection", "Collection"),
    ("mitre_command_and_control", "Command and Control"),
    ("mitre_exfiltration", "Exfiltration"),
    ("mitre_impact", "Impact"),
];

/// The rules as Markdown.
pub fn markdown(rules: &[RuleInfo]) -> String {
    let mut out = String::from(
        "# Rules\n\n| rule | priority | state | tactics | techniques | file |\n|---|---|---|---|---|---|\n",
    );
    for rule in rules {
        let techniques: Vec<String> = techniques(rule).map(link).collect();
        let tactics: Vec<&str> = tactics(rule).map(|(_, name)| name).collect();
        let state = if rule.state == RuleState::Enabled { "enabled" } else { "does not run" };
        line!(
            out,
            "| {} | {} | {state} | {} | {} | {} |",
            cell(&rule.name),
            rule.priority.name(),
            tactics.join(", "),
            techniques.join(", "),
            cell(&format!("{}:{}", rule.place.file, rule.place.line))
        );
    }
    out.push_str(
        "\n# MITRE ATT&CK\n\nBelow each tactic its techniques with the rules whose tags name both.\n\n",
    );
    matrix(&mut out, rules);
    let without: Vec<String> =
        rules.iter().filter(|rule| techniques(rule).next().is_none()).map(|rule| cell(&rule.name)).collect();
    if !without.is_empty() {
        line!(out, "\nWithout a technique: {}.", without.join(", "));
    }
    out
}

/// The matrix: a column per tactic that a rule has, a row per technique.
fn matrix(out: &mut String, rules: &[RuleInfo]) {
    let column = |(tag, name): (&str, &'static str)| {
        let mut cells: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for rule in rules.iter().filter(|rule| rule.tags.contains(tag)) {
            for technique in techniques(rule) {
                cells.entry(technique).or_default().push(cell(&rule.name));
            }
        }
        let cell =
            |(technique, rules): (&str, Vec<String>)| format!("{}: {}", link(technique), rules.join(", "));
        (name, cells.into_iter().map(cell).collect::<Vec<String>>())
    };
    let columns: Vec<(&str, Vec<String>)> =
        TACTICS.into_iter().map(column).filter(|(_, cells)| !cells.is_empty()).collect();
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

/// The tactics that the tags of a rule name.
fn tactics(rule: &RuleInfo) -> impl Iterator<Item = (&'static str, &'static str)> {
    TACTICS.into_iter().filter(|(tag, _)| rule.tags.contains(*tag))
}

/// The techniques that the tags of a rule name, such as `T1059` and `T1059.004`.
fn techniques(rule: &RuleInfo) -> impl Iterator<Item = &str> {
    let is_technique = |tag: &str| {
        let Some(rest) = tag.strip_prefix('T') else { return false };
        let (number, part) = rest.split_once('.').map_or((rest, None), |(number, part)| (number, Some(part)));
        let is_number =
            |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number(number, 4) && part.is_none_or(|part| is_number(part, 3))
    };
    rule.tags.iter().map(String::as_str).filter(move |tag| is_technique(tag))
}

/// A technique with a link to its page.
fn link(technique: &str) -> String {
    format!("[{technique}](https://attack.mitre.org/techniques/{}/)", technique.replace('.', "/"))
}

/// A text in a cell of a table: no character of it means anything to Markdown.
fn cell(text: &str) -> String {
    let mut cell = String::new();
    for character in visible(text.as_bytes()).chars() {
        if matches!(character, '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' | '~' | '$') {
            cell.push('\\');
        }
        cell.push(character);
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use tercel_rules::load::{Loader, Options};

    #[test]
    fn tags_give_the_matrix() {
        let mut loader = Loader::new(Options::default());
        let rule = |name: &str, tags: &str| {
            format!(
                "- rule: '{name}'\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: INFO\n  tags: [{tags}]\n"
            )
        };
        let text = [
            rule("A|b", "mitre_impact, mitre_execution, T1496, T1059.004"),
            rule("C", "mitre_impact, T1496, T14960"),
            rule("D", "mitre_impact"),
        ];
        assert!(loader.file("r.yaml", &text.concat()).successful());
        let text = markdown(&loader.finish().rules);
        let lines: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("| Exec")).collect();
        let technique = |name: &str| link(name);
        assert_eq!(lines[0], "| Execution | Impact |");
        let first = format!("| {}: A\\|b | {}: A\\|b |", technique("T1059.004"), technique("T1059.004"));
        let second = format!("| {}: A\\|b | {}: A\\|b, C |", technique("T1496"), technique("T1496"));
        assert_eq!(lines[2..4], [first, second]);
        assert_eq!(lines.last(), Some(&"Without a technique: D."));
    }
}
