//! Rule files: `tercel rules check`, `list` and `show`, and the loading that every verb with `--rules` shares.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;
use tercel_format::{visible, visible_json};
use tercel_rules::correlation::Correlations;
use tercel_rules::fields::nearest;
use tercel_rules::load::{Loaded, Loader, Options, Report, RuleInfo, RuleState, results_to_json};
use tercel_rules::program::Program;
use tercel_rules::select::Unmatched;
use tercel_ruletest::explain::TextStyle;
use tercel_ruletest::lint::report;
use tercel_ruletest::show::{self, Coverings, RuleView};

use crate::diagnostics::counted;
use crate::exit::{Failure, Outcome};
use crate::intent::{Rules, RulesCheck, RulesList, RulesShow};
use crate::{finish, inputs, lint, screen, window};

/// Validates rule files and prints what was found.
pub fn check(intent: &RulesCheck) -> Result<Outcome, Failure> {
    let loader = whole(&intent.files, Options::default())?;
    let reports = loader.reports();
    let mut findings = if intent.lint { lint::found(&loader)?.unwrap_or_default() } else { Vec::new() };
    // What the loader warns of is printed by the reports.
    findings.retain(|finding| !finding.is_warning);
    let mut out = io::stdout().lock();
    let written = if intent.json {
        writeln!(out, "{}", visible_json(&results_to_json(reports).to_string()))
    } else {
        reports
            .iter()
            .try_for_each(|report| write!(out, "{report}"))
            .and_then(|()| report::write(&findings, report::Form::Text, env!("CARGO_PKG_VERSION"), &mut out))
    };
    finish(written)?;
    Ok(match (reports.iter().all(Report::successful), findings.is_empty()) {
        (true, true) => Outcome::Done,
        (true, false) => Outcome::Reached,
        (false, _) => Outcome::Usage,
    })
}

/// Prints the rules of rule files, or one of them.
pub fn list(args: &RulesList) -> Result<Outcome, Failure> {
    let loader = loader(&args.rules.files, args.rules.options.clone())?;
    if args.markdown {
        if !loader.reports().iter().all(Report::successful) {
            return Err(refused(loader.reports()));
        }
        let tests = (!args.tests.is_empty()).then(|| coverings(&args.tests)).transpose()?;
        let page = show::markdown(&loader, tests.as_ref());
        let mut out = io::stdout().lock();
        return finish(out.write_all(page.as_bytes()).and_then(|()| out.flush()));
    }
    let loaded = accepted(loader.finish())?;
    unmatched(&args.rules.options, &loaded.rules).iter().for_each(|line| eprintln!("warning: {line}"));
    let is_named = |rule: &&RuleInfo| args.rule.as_ref().is_none_or(|name| *name == rule.name);
    let rules: Vec<&RuleInfo> = loaded.rules.iter().filter(is_named).collect();
    if let (Some(name), []) = (&args.rule, rules.as_slice()) {
        named(&loaded, name)?;
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = rules.into_iter().try_for_each(|rule| match (args.json, &args.rule) {
        (true, _) => writeln!(out, "{}", visible_json(&row(rule).to_string())),
        (false, None) => writeln!(out, "{}", line(rule)),
        (false, Some(_)) => {
            let desc: Vec<String> = rule.desc.trim().lines().map(|line| visible(line.as_bytes())).collect();
            writeln!(out, "{}\n    {}", line(rule), desc.join("\n    "))
        }
    });
    finish(written.and_then(|()| out.flush()))
}

/// Prints a rule as it is after all files.
pub fn show(args: &RulesShow) -> Result<Outcome, Failure> {
    let loader = loader(&args.files, Options::default())?;
    let tests = match args.tests.as_slice() {
        [] => None,
        paths => Some(coverings(paths)?.of(&args.rule).to_vec()),
    };
    let view = RuleView::new(&loader, &args.rule, tests).map_err(Failure::usage)?;
    let loaded = accepted(loader.finish())?;
    named(&loaded, &args.rule)?;
    let style = TextStyle { screen: screen::of_stdout(), full: true };
    let json = |view: &RuleView| visible_json(&format!("{:#}\n", view.json()));
    let text = view.map(|view| if args.json { json(&view) } else { view.text(&style) });
    let mut out = io::stdout().lock();
    finish(out.write_all(text.unwrap_or_default().as_bytes()).and_then(|()| out.flush()))
}

/// The cases of test files, by rule.
fn coverings(paths: &[PathBuf]) -> Result<Coverings, Failure> {
    Coverings::read(paths, window::point).map_err(Failure::usage)
}

fn row(rule: &RuleInfo) -> serde_json::Value {
    json!({
        "name": rule.name,
        "description": rule.desc,
        "priority": rule.priority.name(),
        "tags": rule.tags,
        "source": rule.source,
        "state": state(rule.state),
        "condition": rule.condition,
        "output": rule.output,
        "file": &*rule.place.file,
        "line": rule.place.line,
    })
}

fn line(rule: &RuleInfo) -> String {
    let tags: Vec<&str> = rule.tags.iter().map(String::as_str).collect();
    let shown = |text: &str| visible(text.as_bytes());
    let (name, tags) = (shown(&rule.name), shown(&tags.join(" ")));
    format!("{:<14} {:<9} {name}  [{tags}]", rule.priority.name(), state(rule.state))
}

fn state(state: RuleState) -> &'static str {
    match state {
        RuleState::Enabled => "enabled",
        RuleState::Disabled => "disabled",
        RuleState::BelowPriority => "below",
        RuleState::Skipped => "skipped",
    }
}

/// Loads the rules of a verb; errors are printed with their places and end the run.
pub fn load(rules: &Rules, quiet: bool, verbose: bool) -> Result<Program, Failure> {
    load_correlated(rules, &[], quiet, verbose).map(|(program, _)| program)
}

/// Loads the rules of a verb, and the correlations of its alerts.
pub fn load_correlated(
    rules: &Rules,
    files: &[PathBuf],
    quiet: bool,
    verbose: bool,
) -> Result<(Program, Correlations), Failure> {
    let loaded = accepted(read(&rules.files, rules.options.clone())?)?;
    let correlations = correlations(files, &loaded).map_err(|problems| {
        problems.iter().for_each(|problem| eprintln!("{problem}"));
        Failure::usage("the correlations have errors")
    })?;
    if !quiet {
        correlations.remarks.iter().for_each(|remark| eprintln!("warning: {remark}"));
    }
    let unmatched = unmatched(&rules.options, &loaded.rules);
    let program = program(loaded, quiet, verbose)?;
    // Tags that no rule has are a mistake.
    if program.rules.is_empty() && !rules.tags.is_empty() {
        return Err(Failure::usage(format!("no rule is left to run: {}", unmatched.join(", "))));
    }
    if !quiet {
        unmatched.iter().for_each(|line| eprintln!("warning: {line}"));
    }
    Ok((program, correlations))
}

/// Reads files of correlations for rules that were loaded; one text per error.
pub fn correlations(files: &[PathBuf], loaded: &Loaded) -> Result<Correlations, Vec<String>> {
    let files = tercel_rules::files::read(files).map_err(|error| vec![error.to_string()])?;
    Correlations::read(&files, loaded).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// The program of loaded rules; errors are printed with their places and end the run.
pub fn program(loaded: Loaded, quiet: bool, verbose: bool) -> Result<Program, Failure> {
    let loaded = accepted(loaded)?;
    let warnings = loaded.warnings().count();
    if verbose {
        loaded.warnings().for_each(|warning| eprint!("{warning}"));
    } else if warnings > 0 && !quiet {
        eprintln!(
            "{} about the rules (-v or 'tercel rules check' prints them)",
            counted(warnings as u64, "warning")
        );
    }
    if loaded.program.rules.is_empty() && !quiet {
        eprintln!("warning: no rule runs: {}", idle(&loaded.rules));
    }
    Ok(loaded.program)
}

/// What of the selection and of `append_output` matches none of the rules, a sentence each, with the nearest name that would.
pub fn unmatched(options: &Options, rules: &[RuleInfo]) -> Vec<String> {
    let mut asked = options.selection.unmatched(rules.iter().map(|rule| (rule.name.as_str(), &rule.tags)));
    for append in &options.append_output {
        let is_unknown = |name: &&String| !rules.iter().any(|rule| rule.name == **name);
        asked.extend(append.rule.as_ref().filter(is_unknown).map(|name| Unmatched::Name(name)));
        let is_missing = |tag: &&String| !rules.iter().any(|rule| rule.tags.contains(*tag));
        asked.extend(append.tags.iter().filter(is_missing).map(|tag| Unmatched::Tag(tag)));
    }
    let meant = |name: Option<&str>| name.map_or(String::new(), |name| format!("; did you mean '{name}'?"));
    let sentence = |unmatched: &Unmatched<'_>| match unmatched {
        Unmatched::Name(text) => {
            let near = nearest(text, rules.iter().map(|rule| rule.name.as_str()));
            format!("no rule has a name that matches '{text}'{}", meant(near))
        }
        Unmatched::Tag(tag) => {
            let near = nearest(tag, rules.iter().flat_map(|rule| &rule.tags).map(String::as_str));
            format!("no rule has the tag '{tag}'{}", meant(near))
        }
    };
    let sources = options.append_output.iter().filter_map(|append| append.source.as_deref());
    let sources = sources.filter(|source| !rules.iter().any(|rule| rule.source == **source));
    let sources = sources.map(|source| format!("append_output: no rule has the event source '{source}'"));
    asked.iter().map(sentence).chain(sources).collect()
}

/// Why none of the rules runs.
fn idle(rules: &[RuleInfo]) -> String {
    if rules.is_empty() {
        return "the files define no rule".to_owned();
    }
    let count = |state: RuleState| rules.iter().filter(|rule| rule.state == state).count();
    let skipped = rules.iter().filter(|rule| rule.state == RuleState::Skipped);
    let mut sources: Vec<&str> =
        skipped.clone().map(|rule| rule.source.as_str()).filter(|source| *source != "syscall").collect();
    sources.sort_unstable();
    sources.dedup();
    let skipped = match sources.is_empty() {
        true => "with unsupported fields or event types".to_owned(),
        false => format!("of other event sources or unknown fields ({})", sources.join(", ")),
    };
    let reasons = [
        (count(RuleState::Disabled), "disabled or not selected".to_owned()),
        (count(RuleState::BelowPriority), "below the minimum priority".to_owned()),
        (count(RuleState::Skipped), skipped),
    ];
    let reasons = reasons.into_iter().filter(|(count, _)| *count > 0);
    reasons.map(|(count, reason)| format!("{count} {reason}")).collect::<Vec<_>>().join(", ")
}

/// Compiles a filter of the command line.
pub fn filter(text: &str) -> Result<Program, Failure> {
    tercel_rules::filter::filter(text)
        .map_err(|error| Failure::usage(format!("invalid filter: {error}{}", meant(text))))
}

/// What a filter that cannot be read may have meant: words of other languages, and what text processors make of quotes.
fn meant(filter: &str) -> &'static str {
    let has = |word: &str| filter.split_whitespace().any(|found| found == word);
    if filter.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}']) {
        "; the quotes are typographic: type \" or '"
    } else if filter.contains(['\u{2013}', '\u{2014}', '\u{2212}']) {
        "; a dash is typographic: type -"
    } else if filter.contains("&&") || filter.contains("||") || filter.replace("!=", "").contains('!') {
        "; write 'and', 'or' and 'not'"
    } else if filter.contains('{') {
        "; a list is written in brackets: proc.name in (cat, ls)"
    } else if has("eq") || has("ne") {
        "; write = and !="
    } else if has("matches") || filter.contains('~') {
        "; write 'regex', 'glob' or 'contains'"
    } else {
        ""
    }
}

/// The loader of rule files, read in order up to the first that has errors.
pub fn loader(files: &[PathBuf], options: Options) -> Result<Loader, Failure> {
    let mut loader = Loader::new(options);
    for file in inputs::rule_files(files)? {
        if !loader.bytes(&file.name, &file.bytes).successful() {
            break;
        }
    }
    Ok(loader)
}

/// The rule of a name.
pub fn named<'l>(loaded: &'l Loaded, name: &str) -> Result<&'l RuleInfo, Failure> {
    loaded.rules.iter().find(|rule| rule.name == name).ok_or_else(|| {
        let meant = nearest(name, loaded.rules.iter().map(|rule| rule.name.as_str()));
        let meant = meant.map_or(String::new(), |name| format!("; did you mean '{name}'?"));
        Failure::usage(format!("unknown rule '{name}'{meant}"))
    })
}

/// Reads rule files in order.
fn read(files: &[PathBuf], options: Options) -> Result<Loaded, Failure> {
    loader(files, options).map(Loader::finish)
}

/// The loader of rule files, all of them: it goes on after a file with errors, so that a check reports on every file.
pub fn whole(files: &[PathBuf], options: Options) -> Result<Loader, Failure> {
    let mut loader = Loader::new(options);
    for file in inputs::rule_files(files)? {
        loader.bytes(&file.name, &file.bytes);
    }
    Ok(loader)
}

/// Passes on rules without errors; errors are printed and end the run.
pub fn accepted(loaded: Loaded) -> Result<Loaded, Failure> {
    if loaded.successful() {
        return Ok(loaded);
    }
    Err(refused(&loaded.reports))
}

/// Prints the errors of rule files; what ends the run.
pub fn refused(reports: &[Report]) -> Failure {
    for report in reports {
        report.errors.iter().chain(&report.further).for_each(|error| eprint!("{error}"));
    }
    Failure::usage("the rules have errors")
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_of_other_languages_get_a_hint() {
        for (filter, expected) in [
            ("proc.name=a && fd.num=1", "write 'and'"),
            ("!(fd.num=1)", "write 'and', 'or' and 'not'"),
            ("evt.num in {1..10}", "in brackets"),
            ("proc.pid eq 1", "write = and !="),
            ("evt.type matches open", "write 'regex'"),
            ("\u{201c}proc.name=a\u{201d}", "typographic"),
        ] {
            let message = super::filter(filter).map(|_| ()).expect_err(filter).message;
            assert!(message.contains(expected), "{filter}: {message}");
        }
    }
}
