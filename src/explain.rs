//! `tercel explain`: rules and captures are opened, the ruletest crate finds out why a rule matched or did not, and its answer is
//! printed.

use std::io::{self, Write};

use tercel_format::visible_json;
use tercel_replay::Matching;
use tercel_rules::load::{Loaded, RuleInfo, RuleState};
use tercel_ruletest::explain::{Answer, Explainer, Search, Seen, TextStyle, Want, last_event};

use crate::captures::{self, Next};
use crate::diagnostics;
use crate::exit::{Failure, Outcome};
use crate::inputs::Input;
use crate::intent::Explain as Intent;
use crate::progress::Progress;
use crate::{finish, rules, screen};

/// Runs the verb.
pub fn run(intent: &Intent) -> Result<Outcome, Failure> {
    let loader = rules::loader(&intent.rules.files, intent.rules.options.clone())?;
    let resolved = loader.resolved(&[&intent.rule]).map_err(Failure::usage)?;
    let loaded = rules::accepted(loader.finish())?;
    let info = rules::named(&loaded, &intent.rule)?;
    let Some(resolved) = resolved.first() else { return Err(skipped(info)) };
    if !intent.quiet && info.state == RuleState::Disabled {
        eprintln!("warning: rule '{}' is disabled: it raises no alert; this is what it would do", info.name);
    }
    let explainer = Explainer::new(resolved, intent.settings).map_err(Failure::usage)?;
    let (answer, outcome) = asked(intent, &loaded, info, explainer)?;
    if let (Want::Event(number), []) = (intent.want, answer.explained.as_slice()) {
        return Err(absent(intent, number, &answer, outcome));
    }
    print(intent, &answer).map(|done| done.max(outcome))
}

/// Asks all captures.
fn asked(
    intent: &Intent,
    loaded: &Loaded,
    info: &RuleInfo,
    explainer: Explainer,
) -> Result<(Answer, Outcome), Failure> {
    let seen = Seen {
        filter: intent.filter.as_ref().map(|filter| &filter.program),
        window: intent.window,
        settings: intent.settings,
    };
    let rivals = (intent.matching == Matching::First).then_some(&loaded.program);
    let mut search = Search::new(explainer, info, rivals, seen, intent.want);
    let mut number = 0;
    let outcome = captures::each(&intent.traces, intent.quiet, |name, mut capture, progress| {
        let findings = search.read(&mut capture, number, intent.utc, &|bytes| progress.advance(bytes));
        number += 1;
        let ended = diagnostics::ended(name, &findings.report, findings.error.as_ref(), intent.verbose);
        Ok((ended, Next::GoOn))
    })?;
    Ok((search.finish(&loaded.rules), outcome))
}

fn print(intent: &Intent, answer: &Answer) -> Result<Outcome, Failure> {
    let captures: Vec<String> = intent.traces.iter().map(|trace| trace.name()).collect();
    let style = TextStyle { screen: screen::of_stdout(), full: intent.full };
    let text = match intent.want {
        _ if intent.json => visible_json(&format!("{:#}\n", answer.json(&captures))),
        Want::Event(_) => answer.event_text(&style),
        Want::Alerts(_) => answer.alerts_text(&captures, &style),
        Want::Near(_) => answer.near_text(&captures, &style),
    };
    let mut out = io::stdout().lock();
    finish(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// Why a rule has no condition here.
fn skipped(info: &RuleInfo) -> Failure {
    let (name, place) = (&info.name, &info.place);
    Failure::usage(format!(
        "rule '{name}' ({place}) is skipped: its source '{}', a field or an event type is not supported",
        info.source
    ))
}

/// Why there is no event of a number.
fn absent(intent: &Intent, number: u64, answer: &Answer, outcome: Outcome) -> Failure {
    let name = intent.traces.first().map_or_else(String::new, |trace| trace.name());
    if answer.is_hidden {
        return Failure::usage(format!(
            "{name}: event {number} is there for the state alone: rules do not see it"
        ));
    }
    // What is wrong with the capture has been printed.
    if outcome != Outcome::Done {
        return Failure { outcome, message: format!("{name}: event {number} cannot be read") };
    }
    Failure::usage(format!("{name}: no event has the number {number}{}", last(intent)))
}

/// Which numbers there are.
fn last(intent: &Intent) -> String {
    let open = |input: &Input| {
        let progress = Progress::new(&input.name(), None, true);
        captures::open(input, &progress).ok()
    };
    let files = intent.traces.iter().filter(|input| **input != Input::Stdin);
    let last = files.filter_map(open).find_map(|mut capture| last_event(&mut capture));
    last.map_or_else(String::new, |number| format!("; the last event is {number}"))
}
