//! Values of an item's keys: present, not empty, scalar, of the right type, or an error in Falco's words.

use std::rc::Rc;

use super::context::{Context, Item};
use super::failure::{Failure, did_you_mean};
use super::origin::Text;
use super::priority::{NAMES, parse_priority};
use super::report::ErrorCode;
use super::yaml::{Node, NodeKind, YamlError};
use crate::nearest::nearest;
use crate::program::Priority;

/// Keys that some item has; none of them is a misspelling of another.
const KEYS: &[&str] = &[
    "rule",
    "macro",
    "list",
    "condition",
    "output",
    "desc",
    "priority",
    "source",
    "enabled",
    "capture",
    "capture_duration",
    "capture_before",
    "warn_evttypes",
    "skip-if-unknown-filter",
    "tags",
    "exceptions",
    "override",
    "append",
    "items",
    "name",
    "fields",
    "comps",
    "values",
    "version",
    "alternatives",
];

/// Whether a key has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
    /// Neither a key nor a value has to be there.
    Nothing,
}

fn scalar<'n>(
    item: &'n Node,
    key: &str,
    ctx: &Context,
    need: Need,
) -> Result<Option<(&'n str, Context)>, Failure> {
    let Some(value) = item.get(key) else {
        return match need {
            Need::Required => Err(missing(item, key, ctx)),
            Need::Optional | Need::Nothing => Ok(None),
        };
    };
    if value.is_null() {
        return match need {
            Need::Nothing => Ok(None),
            _ => Err(Failure::shape(format!("Mapping for key '{key}' is empty"), ctx)),
        };
    }
    let value_ctx = ctx.with(value.mark, Item::ValueFor, key);
    match value.scalar() {
        None => Err(Failure::shape("Value is not a scalar value", &value_ctx)),
        Some("") if need == Need::Nothing => Ok(None),
        Some("") => Err(Failure::shape("Value must be non-empty", &value_ctx)),
        Some(text) => Ok(Some((text, value_ctx))),
    }
}

/// A key is not there, or it is misspelt.
fn missing(item: &Node, key: &str, ctx: &Context) -> Failure {
    let failure = Failure::shape(format!("Item has no mapping for key '{key}'"), ctx);
    let keys = item.mapping().unwrap_or_default().iter().map(|(key, _)| key);
    let misspelt = keys.filter_map(|written| Some((written, written.scalar()?)));
    let misspelt = misspelt.filter(|(_, written)| !KEYS.contains(written));
    match misspelt.into_iter().find(|(_, written)| nearest(written, std::iter::once(key)).is_some()) {
        Some((node, written)) => {
            let hint = format!("'{written}' is unknown; did you mean '{key}'?");
            failure.hint(Some(hint)).spot(Some((ctx.name(), node.mark.offset)))
        }
        None => failure,
    }
}

/// The value of a key that must be there.
pub(super) fn required<T>(
    item: &Node,
    key: &str,
    ctx: &Context,
    parse: fn(&str) -> Option<T>,
) -> Result<T, Failure> {
    match scalar(item, key, ctx, Need::Required)? {
        Some((text, value_ctx)) => parse(text).ok_or_else(|| undecodable(&value_ctx)),
        None => Err(missing(item, key, ctx)),
    }
}

/// The value of a key that may be missing but must have a value.
pub(super) fn optional<T>(
    item: &Node,
    key: &str,
    ctx: &Context,
    parse: fn(&str) -> Option<T>,
) -> Result<Option<T>, Failure> {
    match scalar(item, key, ctx, Need::Optional)? {
        Some((text, value_ctx)) => parse(text).map(Some).ok_or_else(|| undecodable(&value_ctx)),
        None => Ok(None),
    }
}

/// The text of a key that may be missing or empty.
pub(super) fn text_or_nothing(item: &Node, key: &str, ctx: &Context) -> Result<String, Failure> {
    let found = scalar(item, key, ctx, Need::Nothing)?;
    Ok(found.map(|(text, _)| text.to_owned()).unwrap_or_default())
}

fn undecodable(ctx: &Context) -> Failure {
    Failure::shape("Can't decode YAML scalar value", ctx)
}

/// The scalars of a sequence.
pub(super) fn texts(item: &Node, key: &str, ctx: &Context, required: bool) -> Result<Vec<String>, Failure> {
    let Some(value) = item.get(key) else {
        return if required { Err(missing(item, key, ctx)) } else { Ok(Vec::new()) };
    };
    let value_ctx = ctx.with(value.mark, Item::ValueFor, key);
    let items = value.sequence().ok_or_else(|| Failure::shape("Value is not a sequence", &value_ctx))?;
    let text = |item: &Rc<Node>| match item.scalar() {
        Some(text) => Ok(text.to_owned()),
        None => {
            let item_ctx = value_ctx.with(item.mark, Item::ListItem, "");
            Err(Failure::shape("sequence value is not scalar", &item_ctx))
        }
    };
    items.iter().map(text).collect()
}

/// Any text.
pub(super) fn any(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// A YAML 1.1 truth value in lower, upper or title case.
pub(super) fn bool(text: &str) -> Option<bool> {
    let rest = text.get(1..)?;
    let lower = text.bytes().all(|b| b.is_ascii_lowercase());
    let title = text.starts_with(|c: char| c.is_ascii_uppercase())
        && (rest.bytes().all(|b| b.is_ascii_lowercase()) || rest.bytes().all(|b| b.is_ascii_uppercase()));
    if !lower && !title {
        return None;
    }
    match text.to_ascii_lowercase().as_str() {
        "y" | "yes" | "true" | "on" => Some(true),
        "n" | "no" | "false" | "off" => Some(false),
        _ => None,
    }
}

/// A number of 32 bits: decimal, octal with a leading 0, hexadecimal with 0x; blanks may follow.
pub(super) fn u32(text: &str) -> Option<u32> {
    let text = text.trim_end();
    let digits = text.strip_prefix('+').unwrap_or(text);
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        return (!hex.starts_with('+')).then(|| u32::from_str_radix(hex, 16).ok()).flatten();
    }
    if digits.starts_with(['+', '-']) {
        return None;
    }
    match digits.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => u32::from_str_radix(octal, 8).ok(),
        _ => digits.parse().ok(),
    }
}

/// Milliseconds: a number of them, or a number with a unit, as in 500ms, 30s, 2m or 1h.
pub fn milliseconds(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "" | "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(factor)
}

/// A node as text: null is "null". What is no scalar cannot be one.
pub(super) fn as_text<'n>(node: &'n Node, ctx: &Context) -> Result<&'n str, Failure> {
    match &node.kind {
        NodeKind::Null => Ok("null"),
        NodeKind::Scalar(text) => Ok(text),
        _ => {
            let error = YamlError::new(node.mark, "bad conversion");
            Err(Failure::yaml(ErrorCode::Validate, &error, &whole_file(ctx)))
        }
    }
}

/// The chain of a file without its items.
pub(super) fn whole_file(ctx: &Context) -> Context {
    Context::file(&ctx.name())
}

/// The chain of a key's value.
pub(super) fn part_ctx(item: &Node, key: &str, kind: Item, ctx: &Context) -> Context {
    let mark = item.get(key).map_or(item.mark, |value| value.mark);
    ctx.with(mark, kind, "")
}

/// The condition of an item with its chain.
pub(super) fn condition(item: &Node, kind: Item, ctx: &Context) -> Result<(Text, Context), Failure> {
    Ok((text(item, "condition", ctx)?, part_ctx(item, "condition", kind, ctx)))
}

/// The text of a key that must be there, with its place.
pub(super) fn text(item: &Node, key: &str, ctx: &Context) -> Result<Text, Failure> {
    let text = required(item, key, ctx, any)?;
    let node: &Node = item.get(key).map_or(item, |value| value);
    Ok(Text::of(node, text, ctx.name()))
}

/// The priority of a rule.
pub(super) fn priority(item: &Node, ctx: &Context) -> Result<Priority, Failure> {
    let text = required(item, "priority", ctx, any)?;
    let ctx = part_ctx(item, "priority", Item::RulePriority, ctx);
    parse_priority(&text).ok_or_else(|| {
        let names = NAMES.iter().map(|(name, _)| *name);
        let meant = nearest(&text.to_ascii_lowercase(), names);
        Failure::shape("Invalid priority", &ctx).hint(did_you_mean(meant))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_have_units_or_none() {
        for (text, expected) in [
            ("30000", Some(30_000)),
            ("30s", Some(30_000)),
            ("500ms", Some(500)),
            ("2m", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("0", Some(0)),
            ("1.5s", None),
            ("-1", None),
            ("s", None),
            ("", None),
            ("99999999h", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn truth_values() {
        for (word, expected) in [
            ("true", Some(true)),
            ("True", Some(true)),
            ("TRUE", Some(true)),
            ("tRUE", None),
            ("Yes", Some(true)),
            ("y", Some(true)),
            ("off", Some(false)),
            ("1", None),
            ("maybe", None),
        ] {
            assert_eq!(bool(word), expected, "{word}");
        }
    }

    #[test]
    fn numbers() {
        for (word, expected) in [
            ("57", Some(57)),
            ("0x10", Some(16)),
            ("010", Some(8)),
            ("0", Some(0)),
            ("5 ", Some(5)),
            (" 5", None),
            ("-1", None),
            ("0.57.0", None),
            ("4294967296", None),
        ] {
            assert_eq!(u32(word), expected, "{word}");
        }
    }
}
