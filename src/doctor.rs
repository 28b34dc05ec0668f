//! `tercel doctor`: prints what a recording of this host would lack, and how to mend it.

use std::io::{self, Write};

use serde_json::json;
use tercel_capture::Engines;
use tercel_capture::doctor::{self, Finding, State};

use crate::diagnostics::counted;
use crate::exit::{Failure, Outcome};
use crate::finish;
use crate::intent::Doctor;

/// Runs the verb.
pub fn run(intent: &Doctor) -> Result<Outcome, Failure> {
    let engines = Engines::and(&intent.sockets.docker, &intent.sockets.cri);
    let findings = doctor::examine(&engines, intent.trial, intent.btf.as_deref());
    let text = if intent.json { json(&findings) } else { text(&findings) };
    let outcome = finish(io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(if worst(&findings) == State::Blocking { Outcome::Reached } else { outcome })
}

/// What is found, as text and as JSON, with a trial of the probe.
pub fn report(engines: &Engines) -> [String; 2] {
    let findings = doctor::examine(engines, true, None);
    [text(&findings), json(&findings)]
}

fn worst(findings: &[Finding]) -> State {
    findings.iter().map(|finding| finding.state).max().unwrap_or(State::Good)
}

/// The word for a state, in both forms of output.
fn word(state: State) -> &'static str {
    match state {
        State::Good => "ok",
        State::Limited => "limited",
        State::Blocking => "blocking",
    }
}

fn json(findings: &[Finding]) -> String {
    let list: Vec<_> = findings
        .iter()
        .map(|finding| {
            json!({
                "subject": finding.subject,
                "state": word(finding.state),
                "found": finding.found,
                "missing": finding.missing,
                "remedy": finding.remedy,
            })
        })
        .collect();
    format!("{:#}\n", json!({"recording": worst(findings) != State::Blocking, "findings": list}))
}

fn text(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.subject.len()).max().unwrap_or(0);
    let mut text = String::new();
    for finding in findings {
        text += &format!("{:<8}  {:<width$}  {}\n", word(finding.state), finding.subject, finding.found);
        let below = [("missing", &finding.missing), ("to do", &finding.remedy)];
        for (label, value) in below.iter().filter_map(|(label, value)| Some((label, value.as_ref()?))) {
            text += &format!("{:<8}  {:<width$}  {label}: {value}\n", "", "");
        }
    }
    let limited = findings.iter().filter(|finding| finding.state == State::Limited).count();
    text + &match worst(findings) {
        State::Blocking => "\nNo recording can be made here.\n".to_owned(),
        State::Limited => {
            format!("\nA recording can be made here, with {}.\n", counted(limited as u64, "limit"))
        }
        State::Good => "\nA recording can be made here, and lacks nothing.\n".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(state: State, remedy: Option<&str>) -> Finding {
        let missing = remedy.map(|_| "all".to_owned());
        Finding {
            subject: "clock",
            state,
            found: "sundial".to_owned(),
            missing,
            remedy: remedy.map(str::to_owned),
        }
    }

    #[test]
    fn findings_as_text_and_json() {
        let limited = finding(State::Limited, Some("buy a watch"));
        let expected = "\
limited   clock  sundial
                 missing: all
                 to do: buy a watch

A recording can be made here, with 1 limit.
";
        assert_eq!(text(std::slice::from_ref(&limited)), expected);
        let good = finding(State::Good, None);
        assert!(text(std::slice::from_ref(&good)).ends_with("lacks nothing.\n"));
        for (states, recording) in
            [(vec![State::Limited, State::Good], true), (vec![State::Good, State::Blocking], false)]
        {
            let findings: Vec<Finding> = states.iter().map(|state| finding(*state, Some("x"))).collect();
            let found: serde_json::Value = serde_json::from_str(&json(&findings)).expect("JSON");
            assert_eq!(found["recording"], recording);
            assert_eq!(found["findings"][0]["state"], word(states[0]));
        }
    }
}
