//! `tercel fields` and `tercel events --list`: the catalogues as text or JSON lines.

use std::io::{self, Write};

use serde_json::json;
use tercel_format::catalogue::{EVENTS, EventFlags, EventInfo};
use tercel_rules::fields::{ArgRule, FIELDS, FieldFlags, FieldInfo, nearest};

use crate::exit::Failure;
use crate::intent::List;

/// Refuses to list no field.
///
/// # Errors
/// No field has the text in its name.
pub fn check_fields(args: &List) -> Result<(), Failure> {
    check(args, "field", listed_fields().map(|info| info.name))
}

/// Refuses to list no event.
///
/// # Errors
/// No event has the text in its name.
pub fn check_events(args: &List) -> Result<(), Failure> {
    check(args, "event", listed_events().map(|info| info.name))
}

fn check(args: &List, what: &str, names: impl Iterator<Item = &'static str> + Clone) -> Result<(), Failure> {
    match &args.text {
        Some(text) if !names.clone().any(|name| wanted(args, name)) => {
            let near = nearest(text, names).map(|near| format!("; did you mean '{near}'?"));
            Err(Failure::usage(format!("no {what} has '{text}' in its name{}", near.unwrap_or_default())))
        }
        Some(_) | None => Ok(()),
    }
}

fn listed_fields() -> impl Iterator<Item = &'static FieldInfo> + Clone {
    FIELDS.iter().filter(|info| !info.flags.contains(FieldFlags::TABLE_ONLY))
}

fn listed_events() -> impl Iterator<Item = &'static EventInfo> + Clone {
    EVENTS.iter().filter(|info| !info.any(EventFlags::UNUSED | EventFlags::OLD_VERSION))
}

/// Prints the fields that conditions and outputs can use.
pub fn fields(out: &mut dyn Write, args: &List) -> io::Result<()> {
    for info in listed_fields() {
        if !wanted(args, info.name) {
            continue;
        }
        if args.json {
            let row = json!({
                "name": info.name,
                "type": info.ty.name(),
                "list": info.is_list(),
                "argument": info.arg.name(),
                "deprecated": info.flags.contains(FieldFlags::DEPRECATED),
                "description": info.description,
            });
            writeln!(out, "{row}")?;
        } else {
            writeln!(out, "{:<36} {:<10} {}", shape(info), type_word(info), info.description)?;
        }
    }
    Ok(())
}

/// Prints the events of the newest schema, with their parameters.
pub fn events(out: &mut dyn Write, args: &List) -> io::Result<()> {
    for info in listed_events() {
        if !wanted(args, info.name) {
            continue;
        }
        let direction = if info.is_exit() { '<' } else { '>' };
        if args.json {
            let params: Vec<_> =
                info.params.iter().map(|p| json!({"name": p.name, "type": p.ty.name()})).collect();
            let row =
                json!({"code": info.code, "dir": direction.to_string(), "name": info.name, "params": params});
            writeln!(out, "{row}")?;
        } else {
            writeln!(out, "{direction} {}({})", info.name, parameters(info))?;
        }
    }
    Ok(())
}

fn wanted(args: &List, name: &str) -> bool {
    args.text.as_deref().is_none_or(|text| name.contains(text))
}

fn shape(info: &FieldInfo) -> String {
    match info.arg {
        ArgRule::No => info.name.to_owned(),
        ArgRule::Optional => format!("{}[…]?", info.name),
        ArgRule::Required => format!("{}[…]", info.name),
    }
}

fn type_word(info: &FieldInfo) -> String {
    let word = info.ty.name();
    if info.is_list() { format!("LIST({word})") } else { word.to_owned() }
}

fn parameters(info: &EventInfo) -> String {
    let each: Vec<String> = info.params.iter().map(|p| format!("{} {}", p.ty.name(), p.name)).collect();
    each.join(", ")
}
