//! What a misspelt word may have meant.

use super::collector::Collector;
use super::failure::did_you_mean;
use super::macros::MacroError;
use crate::fields::{nearest, suggest};
use crate::lang::{self, SyntaxError};

/// Near the place where a condition could not be parsed.
pub(super) fn of_syntax(text: &str, error: &SyntaxError) -> Option<String> {
    if !error.message.starts_with("expected a valid check operator") {
        return None;
    }
    let word = word_at(text, error.pos.offset);
    did_you_mean(lang::suggest_operator(word))
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

/// For an output: the first token that is no field.
pub(super) fn of_output(text: &str) -> Option<String> {
    let tokens = text.split('%').skip(1);
    let mut names = tokens.map(|token| {
        let token = token.trim_start_matches(|c: char| c.is_ascii_digit());
        let end =
            token.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(token.len());
        token.get(..end).unwrap_or_default().trim_end_matches('.')
    });
    let unknown = names.find(|name| {
        !name.is_empty()
            && !lang::TRANSFORMERS.contains(name)
            && crate::output::Template::parse(&format!("%{name}")).is_err()
    })?;
    let meant = suggest(unknown)?;
    Some(format!("'{unknown}': did you mean '{meant}'?"))
}

/// The word at a byte, blanks before it skipped.
fn word_at(text: &str, offset: usize) -> &str {
    let rest = text.get(offset..).unwrap_or_default().trim_start();
    let end = rest
        .find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '=' | '\'' | '"'))
        .unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}
