//! What a misspelt word may have meant.

use super::collector::Collector;
use super::failure::did_you_mean;
use super::library;
use super::macros::MacroError;
use crate::fields::{nearest, suggest};
use crate::lang::{self, SyntaxError};
use crate::output::Template;

/// Near the place where a condition could not be parsed: the operator that was meant, or what the condition reads after
/// lists and exceptions were put in.
pub(super) fn of_syntax(text: &str, error: &SyntaxError, substituted: bool) -> Option<String> {
    const AROUND: usize = 40;
    if error.message.starts_with("expected a valid check operator")
        && let Some(meant) = lang::suggest_operator(word_at(text, error.pos.offset))
    {
        return did_you_mean(Some(meant));
    }
    if !substituted {
        return None;
    }
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let at = floor(error.pos.offset);
    let before = text.get(floor(at.saturating_sub(AROUND))..at).unwrap_or_default();
    let after = text.get(at..floor(at + AROUND)).unwrap_or_default();
    let shown = format!("{before} --> {after}").replace(['\n', '\t'], " ");
    Some(format!("with lists and exceptions put in, the condition reads: {}", shown.trim()))
}

/// For a macro that is not there: a macro, a list that cannot stand alone, or what hides a definition.
pub(super) fn of_macro(
    error: &MacroError,
    collector: &Collector,
    sees: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let MacroError::Unknown(name, _) = error else { return None };
    if collector.macros.get(name).is_some() {
        return Some(format!("macro '{name}' is defined further down; a macro sees only those before it"));
    }
    if collector.lists.get(name).is_some() {
        return Some(format!("'{name}' is a list; write 'field in ({name})'"));
    }
    if let Some(hint) = library::hint(name) {
        return Some(hint);
    }
    let mut names: Vec<&str> = collector.macros.names().filter(|other| sees(other)).collect();
    names.sort_unstable();
    did_you_mean(nearest(name, names.into_iter()))
}

/// For a message about an unknown field or event type.
pub(super) fn of_compile(message: &str) -> Option<String> {
    if let Some(field) = message.split("nonexistent field ").nth(1) {
        return did_you_mean(suggest(field.trim()));
    }
    let event = message.split("unknown event type ").nth(1)?;
    let names = tercel_format::catalogue::EVENTS.iter().map(|row| row.name);
    did_you_mean(nearest(event.trim_matches(['\'', '"', ' ']), names))
}

/// For an output: where the first token stands that is no field, and what it may mean.
pub(super) fn of_output(text: &str) -> (usize, Option<String>) {
    for (at, _) in text.match_indices('%') {
        let token = text.get(at + 1..).unwrap_or_default();
        let token = token.trim_start_matches(|c: char| c.is_ascii_digit());
        let end =
            token.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(token.len());
        let name = token.get(..end).unwrap_or_default().trim_end_matches('.');
        let next = token.get(1..).and_then(|rest| rest.find('%')).map_or(token.len(), |next| next + 1);
        let whole = token.get(..next).unwrap_or_default();
        if Template::parse(&format!("%{whole}")).is_ok() {
            continue;
        }
        let meant = suggest(name).filter(|meant| *meant != name);
        let hint = match meant {
            Some(meant) => format!("'%{name}': did you mean '%{meant}'?"),
            None => format!("'%{name}' is no field or transformer that can be printed"),
        };
        return (at, Some(hint));
    }
    (0, None)
}

/// The word at a byte, blanks before it skipped.
fn word_at(text: &str, offset: usize) -> &str {
    let rest = text.get(offset..).unwrap_or_default().trim_start();
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '=' | '\'' | '"'))
        .unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}
