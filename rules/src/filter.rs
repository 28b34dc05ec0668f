//! Conditions without rules, such as a filter of the command line: they enter, a program leaves whose rules are never printed.

use crate::ast::{Expr, ExprKind, Pos};
use crate::caret::beneath;
use crate::compile::{self, CompileError, Compiler};
use crate::fields::suggest;
use crate::lang::{self, ParseError};
use crate::program::{Capture, Priority, Program, Rule, SYSCALL, Template};

/// How deep parentheses may be nested (reference language 2.8).
const MAX_DEPTH: usize = 100;

/// Why a filter is invalid. As text: the reason, the filter and a caret under the place.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{reason}\n    {text}\n    {}^{hint}", beneath(text.chars().take(text.get(..pos.offset).unwrap_or(text).chars().count())))]
pub struct FilterError {
    /// Why.
    pub reason: FilterReason,
    /// Where in the filter.
    pub pos: Pos,
    text: String,
    hint: String,
}

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterReason {
    /// It is not a condition.
    #[error(transparent)]
    Syntax(#[from] ParseError),
    /// It cannot be compiled.
    #[error(transparent)]
    Condition(#[from] CompileError),
}

/// One of several conditions cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("condition {number}: {reason}")]
pub struct NumberedError {
    /// Its number, from 0.
    pub number: usize,
    /// Why.
    pub reason: CompileError,
}

/// Compiles a filter such as `proc.name=cat and evt.type=openat`.
///
/// # Errors
/// The filter is not a condition, or names something that does not exist.
pub fn filter(text: &str) -> Result<Program, FilterError> {
    let invalid = |reason: FilterReason, pos: Pos| {
        let meant = foreign(text, pos).map(str::to_owned).or_else(|| misspelt(text, pos));
        let meant = meant.map(|meant| format!("\n  did you mean '{meant}'?"));
        FilterError { reason, pos, text: text.replace(['\n', '\t'], " "), hint: meant.unwrap_or_default() }
    };
    let expr = lang::parse(text, MAX_DEPTH).map_err(|error| invalid(error.reason.into(), error.pos))?;
    let mut compiler = Compiler::new();
    let condition = compiler.condition(&expr).map_err(|error| invalid(error.reason.into(), error.pos))?;
    let rule = silent("filter".to_owned(), condition);
    let (nodes, checks) = compiler.into_parts();
    Ok(Program { rules: vec![rule], nodes, checks })
}

/// A program of one rule per condition, named by its number. Conditions hold no macros.
///
/// # Errors
/// A condition cannot be compiled.
pub fn conditions<'e>(conditions: impl Iterator<Item = &'e Expr>) -> Result<Program, NumberedError> {
    let mut compiler = Compiler::new();
    let mut rules = Vec::new();
    for (number, expr) in conditions.enumerate() {
        let condition =
            compiler.condition(expr).map_err(|error| NumberedError { number, reason: error.reason })?;
        rules.push(silent(number.to_string(), condition));
    }
    let (nodes, checks) = compiler.into_parts();
    Ok(Program { rules, nodes, checks })
}

/// As [`conditions`], where some may be wrong: a condition that cannot be compiled always holds, and is named with the reason.
pub fn each<'e>(conditions: impl Iterator<Item = &'e Expr>) -> (Program, Vec<NumberedError>) {
    let mut compiler = Compiler::new();
    let (mut rules, mut refused) = (Vec::new(), Vec::new());
    for (number, expr) in conditions.enumerate() {
        let condition = compiler.condition(expr).or_else(|error| {
            refused.push(NumberedError { number, reason: error.reason });
            compiler.condition(&Expr { kind: ExprKind::And(Vec::new()), pos: expr.pos })
        });
        // What always holds can be compiled.
        rules.extend(condition.map(|condition| silent(number.to_string(), condition)));
    }
    let (nodes, checks) = compiler.into_parts();
    (Program { rules, nodes, checks }, refused)
}

/// A rule that is never printed.
fn silent(name: String, condition: compile::Condition) -> Rule {
    Rule {
        name,
        desc: String::new(),
        priority: Priority::Debug,
        tags: Vec::new(),
        source: SYSCALL.to_owned(),
        condition: condition.node,
        output: Template::default(),
        events: condition.events,
        capture: Capture::default(),
    }
}

/// Signs and words of other languages, and what they are called here.
const FOREIGN: [(&str, &str); 26] = [
    ("&&", "and"),
    ("||", "or"),
    ("!", "not"),
    ("{", "("),
    ("[", "("),
    ("AND", "and"),
    ("OR", "or"),
    ("NOT", "not"),
    ("IN", "in"),
    ("is", "="),
    ("eq", "="),
    ("equals", "="),
    ("ne", "!="),
    ("gt", ">"),
    ("ge", ">="),
    ("lt", "<"),
    ("le", "<="),
    ("like", "glob"),
    ("matches", "regex"),
    ("rlike", "regex"),
    ("~", "regex"),
    ("\u{201c}", "\""),
    ("\u{201d}", "\""),
    ("\u{2018}", "'"),
    ("\u{2019}", "'"),
    ("\u{2013}", "-"),
];

/// What a sign or a word of another language at a place is called here.
fn foreign(text: &str, pos: Pos) -> Option<&'static str> {
    let (before, rest) = text.split_at_checked(pos.offset)?;
    if before.trim_end().ends_with("=~") {
        return Some("regex");
    }
    let is_word = |name: &str| name.starts_with(|first: char| first.is_ascii_alphabetic());
    let ends = |name: &str| {
        !rest[name.len()..].starts_with(|next: char| next.is_ascii_alphanumeric() || "._".contains(next))
    };
    let named = |name: &str| rest.starts_with(name) && (!is_word(name) || ends(name));
    FOREIGN.iter().find(|(name, _)| named(name)).map(|(_, meant)| *meant)
}

/// Fields of other programs, or of earlier sysdig, by the beginning of their names, and what says the same.
const OF_OTHERS: [(&str, &str); 6] = [
    ("file.name", "fd.name"),
    ("file.directory", "fd.directory"),
    ("syslog.", "evt.is_syslog=true and evt.buffer contains"),
    ("sysdig.event_name", "evt.type"),
    ("frame.number", "evt.num"),
    ("frame.time", "evt.time"),
];

/// The field or the operator that the word at a place may have meant.
fn misspelt(text: &str, pos: Pos) -> Option<String> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
    let word = text.get(pos.offset..)?.split(|c| !is_letter(c)).next()?;
    if !word.contains('.') {
        return lang::suggest_operator(word).map(str::to_owned);
    }
    if let Some((_, instead)) = OF_OTHERS.iter().find(|(name, _)| word.starts_with(name)) {
        return Some((*instead).to_owned());
    }
    match suggest(word)? {
        // Two conditions stand side by side.
        field if field == word && pos.offset > 0 => Some(format!("and {word}")),
        field if field == word => None,
        // The argument of a field stands in brackets.
        field => match word.strip_prefix(field).and_then(|rest| rest.strip_prefix('.')) {
            Some(argument) => Some(format!("{field}[{argument}]")),
            None => Some(field.to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_program_of_one_rule() {
        let program = filter("proc.name=cat and evt.type=openat").expect("a condition");
        assert_eq!(program.rules.len(), 1);
        assert_eq!(program.checks.len(), 2);
    }

    #[test]
    fn errors_show_the_place() {
        let error = filter("evt.type=openat and proc.nmae=cat").expect_err("no such field").to_string();
        let lines: Vec<&str> = error.lines().collect();
        assert_eq!(lines[1], "    evt.type=openat and proc.nmae=cat");
        assert_eq!(lines[2].find('^'), Some(24));
        assert_eq!(lines[3], "  did you mean 'proc.name'?");
        let error = filter("proc.name startwith x").expect_err("no such operator").to_string();
        assert!(error.ends_with("did you mean 'startswith'?"), "{error}");
        for (text, meant) in [
            ("file.name contains /etc", "fd.name"),
            ("evt.num=1 and syslog.severity.str=info", "evt.is_syslog=true and evt.buffer contains"),
            ("k8s.pod.label.app=nginx", "k8s.pod.label[app]"),
            ("fd.cip=192.0.2.1 fd.num=1", "and fd.num"),
            ("proc.name=sh && fd.num=1", "and"),
            ("proc.name=sh || fd.num=1", "or"),
            ("!proc.name=sh", "not"),
            ("proc.name=sh OR fd.num=1", "or"),
            ("proc.name in {sh, cat}", "("),
            ("proc.name eq sh", "="),
            ("proc.name is sh", "="),
            ("proc.name like sh*", "glob"),
            ("proc.name matches s.*", "regex"),
            ("proc.name =~ s.*", "regex"),
            ("\u{201c}proc.name=sh\u{201d}", "\""),
        ] {
            let error = filter(text).expect_err(text).to_string();
            assert!(error.ends_with(&format!("did you mean '{meant}'?")), "{text}: {error}");
        }
        assert!(!filter("proc.name=sh leaf").expect_err("two words").to_string().contains("'<='"));
        assert!(filter("").is_err());
        assert!(filter("evt.type=").is_err());
    }
}
