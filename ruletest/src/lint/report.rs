//! Findings for people (text), programs (JSON lines) and code scanners (SARIF 2.1.0, OASIS): findings enter, bytes leave.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::{Value, json};
use tercel_format::{visible, visible_json};

use super::{Code, Finding};

/// The forms of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Place, reason, the line with a caret, and what to do.
    Text,
    /// One object per finding.
    Json,
    /// One SARIF log.
    Sarif,
}

/// The schema of the log.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes findings; `version` is that of the program.
///
/// # Errors
/// Those of the output.
pub fn write(findings: &[Finding], form: Form, version: &str, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Form::Text => findings.iter().try_for_each(|finding| text(finding, out)),
        Form::Json => findings
            .iter()
            .try_for_each(|finding| writeln!(out, "{}", visible_json(&object(finding).to_string()))),
        Form::Sarif => writeln!(out, "{}", visible_json(&format!("{:#}", sarif(findings, version)))),
    }
}

fn text(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let (code, place) = (finding.code, &finding.place);
    let (level, name) = (code.level().name(), code.name());
    writeln!(out, "{place}: {level}[{} {name}]: {}", code.code(), visible(finding.message.as_bytes()))?;
    write!(out, "{}", place.excerpt())?;
    if !finding.item.is_empty() {
        writeln!(out, "  in {}", visible(finding.item.as_bytes()))?;
    }
    writeln!(out, "  fix: {}", visible(finding.fix.as_bytes()))
}

fn object(finding: &Finding) -> Value {
    let place = &finding.place;
    json!({
        "code": finding.code.code(),
        "name": finding.code.name(),
        "level": finding.code.level().name(),
        "message": finding.message,
        "fix": finding.fix,
        "item": finding.item,
        "file": &*place.file,
        "line": place.line,
        "column": place.column,
    })
}

/// The log: every kind of finding is a rule of the driver, every finding a result.
fn sarif(findings: &[Finding], version: &str) -> Value {
    let rules: Vec<Value> = Code::ALL.iter().map(|code| descriptor(*code)).collect();
    let index: BTreeMap<Code, usize> = Code::ALL.iter().copied().zip(0..).collect();
    let results: Vec<Value> = findings
        .iter()
        .map(|finding| result(finding, index.get(&finding.code).copied().unwrap_or_default()))
        .collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "tercel rules lint", "version": version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn descriptor(code: Code) -> Value {
    json!({
        "id": code.code(),
        "name": code.name(),
        "shortDescription": { "text": code.means() },
        "fullDescription": { "text": format!("{}.", code.means()) },
        "help": { "text": format!("What to do: {}.", code.fix()) },
        "defaultConfiguration": { "level": code.level().name() },
    })
}

fn result(finding: &Finding, index: usize) -> Value {
    let place = &finding.place;
    let mut location = json!({
        "physicalLocation": {
            "artifactLocation": { "uri": uri(&place.file) },
            "region": { "startLine": place.line, "startColumn": place.column },
        },
    });
    if !finding.item.is_empty() {
        location["logicalLocations"] = json!([{ "name": finding.item, "kind": "object" }]);
    }
    json!({
        "ruleId": finding.code.code(),
        "ruleIndex": index,
        "level": finding.code.level().name(),
        "message": { "text": format!("{}. Fix: {}.", finding.message, finding.fix.trim_end_matches(['.', '?'])) },
        "locations": [location],
    })
}

/// The name of a file as a relative reference, or with its scheme if it is absolute.
fn uri(name: &str) -> String {
    let mut uri = String::from(if name.starts_with('/') { "file://" } else { "" });
    // A colon in the first part would be taken for a scheme.
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(char::from(byte))
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_become_references() {
        for (name, expected) in [
            ("rules/a.yaml", "rules/a.yaml"),
            ("/etc/tercel/a b.yaml", "file:///etc/tercel/a%20b.yaml"),
            ("a:b%\u{e9}.yaml", "a%3Ab%25%C3%A9.yaml"),
        ] {
            assert_eq!(uri(name), expected);
        }
    }
}
