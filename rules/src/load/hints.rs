//! What a misspelt word may have meant.

use super::collector::Collector;
use super::failure::did_you_mean;
use super::library;
use super::macros::MacroError;
use crate::compile::{CompileError, LiteralError, TermError};
use crate::fields::{FieldError, suggest};
use crate::lang::{self, ParseError, SyntaxError};
use crate::nearest::nearest;
use crate::output::{TemplateError, TemplateReason};

/// Near the place where a condition could not be parsed: the operator that was meant, or what the condition reads after
/// lists and exceptions were put in.
pub(super) fn of_syntax(text: &str, error: &SyntaxError, substituted: bool) -> Option<String> {
    const AROUND: usize = 40;
    if error.reason == ParseError::NoOperator
        && let Some(meant) = lang::suggest_operator(word_at(text, error.pos.offset))
    {
        return did_you_mean(Some(meant));
    }
    if !substituted {
        return None;
    }
    let at = text.floor_char_boundary(error.pos.offset);
    let before = text.get(text.floor_char_boundary(at.saturating_sub(AROUND))..at).unwrap_or_default();
    let after = text.get(at..text.floor_char_boundary(at + AROUND)).unwrap_or_default();
    let shown = format!("{before} --> {after}").replace(['\n', '\t'], " ");
    Some(format!("with lists and exceptions expanded, the condition is: {}", shown.trim()))
}

/// For a macro that is not there: a macro, a list that cannot stand alone, or what hides a definition.
pub(super) fn of_macro(
    error: &MacroError,
    collector: &Collector,
    sees: &dyn Fn(&str) -> bool,
) -> Option<String> {
    let MacroError::Unknown(name, _) = error else { return None };
    if collector.macros.get(name).is_some() {
        return Some(format!("macro '{name}' is defined later; a macro can use only macros before it"));
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

/// For an unknown field or event type.
pub(super) fn of_compile(reason: &CompileError) -> Option<String> {
    match reason {
        CompileError::Term(TermError::Field(FieldError::Nonexistent(field))) => {
            of_static(field).or_else(|| did_you_mean(suggest(field.trim())))
        }
        CompileError::Literal(LiteralError::UnknownEventType(event)) => {
            let names = tercel_format::catalogue::EVENTS.iter().map(|row| row.name);
            did_you_mean(nearest(event.trim_matches(['\'', '"', ' ']), names))
        }
        _ => None,
    }
}

/// For an output: what the token at which it is wrong may mean.
pub(super) fn of_output(text: &str, error: &TemplateError) -> Option<String> {
    let TemplateReason::UnknownField(_) = error.reason else { return None };
    let token = text.get(error.offset..)?.strip_prefix('%')?;
    let token = token.trim_start_matches(|c: char| c.is_ascii_digit());
    let end =
        token.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(token.len());
    let name = token.get(..end).unwrap_or_default().trim_end_matches('.');
    if let Some(hint) = of_static(name) {
        return Some(hint);
    }
    let meant = suggest(name).filter(|meant| *meant != name);
    Some(match meant {
        Some(meant) => format!("'%{name}': did you mean '%{meant}'?"),
        None => format!("'%{name}' is neither a field nor a transformer that can be printed"),
    })
}

/// For a static field that no configuration defines.
fn of_static(field: &str) -> Option<String> {
    let name = field.strip_prefix("static.")?;
    Some(format!("'static.{name}' needs '{name}' in static_fields of the configuration"))
}

/// The word at a byte, blanks before it skipped.
fn word_at(text: &str, offset: usize) -> &str {
    let rest = text.get(offset..).unwrap_or_default().trim_start();
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '=' | '\'' | '"'))
        .unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}
