//! Values that a field cannot have: each check of each definition is looked at once, by itself.

use std::collections::HashMap;

use tercel_format::catalogue::ParamType;
use tercel_replay::fields::domain::{self, Words};
use tercel_rules::fields::{Arg, Field, FieldRef, nearest};
use tercel_rules::program::{Check, EventSet, Literal, Op, Operand, Source, Test, Transformer};

use super::Code;
use super::conditions::written;
use super::found::Found;
use super::tree::{Forest, Home};

/// Bytes that the kernel keeps of the name of a process.
const NAME: usize = 15;

/// Values of a list that are looked at.
const MOST_VALUES: usize = 100_000;

/// Something about a value.
struct Remark {
    code: Code,
    value: String,
    message: String,
    fix: Option<String>,
}

/// Looks at all checks.
pub(super) fn look(forest: &Forest, found: &mut Found<'_, '_>) {
    let mut events: HashMap<Home, EventSet> = HashMap::new();
    for (at, leaf) in forest.leaves.iter().enumerate() {
        let Some(check) = &leaf.check else { continue };
        let mut remarks = Vec::new();
        for (op, value) in values(check) {
            let events = events.entry(leaf.home).or_insert_with(|| forest.events(&forest.open(leaf.home)));
            let remark = of_value(check, op, value, events);
            remarks.extend(remark.map(|remark| Remark { value: text_of(value), ..remark }));
        }
        for Remark { code, value, message, fix } in remarks {
            found.at_value(forest, code, (at, &value), message, fix);
        }
    }
}

/// The texts and numbers that a check compares with, and how.
fn values(check: &Check) -> Vec<(Op, &Literal)> {
    match &check.test {
        Test::Compare(op, value) => vec![(*op, value)],
        Test::Quantified(op, _, values) => {
            values.iter().take(MOST_VALUES).map(|value| (*op, value)).collect()
        }
        Test::In(values) | Test::Intersects(values) => {
            values.iter().take(MOST_VALUES).map(|value| (Op::Eq, value)).collect()
        }
        Test::Exists
        | Test::Pmatch(_)
        | Test::CompareOperand(..)
        | Test::InOperand(_)
        | Test::IntersectsOperand(_) => Vec::new(),
    }
}

fn of_value(check: &Check, op: Op, value: &Literal, events: &EventSet) -> Option<Remark> {
    if let Source::Transform(transformer, _) = &check.left.source {
        return of_transformed(transformer, op, value);
    }
    let Source::Field(field) = &check.left.source else { return None };
    match value {
        Literal::Bytes(bytes) => {
            let text = std::str::from_utf8(bytes).ok()?;
            of_words(field, op, text, events)
                .or_else(|| of_name(field, op, text))
                .or_else(|| of_path(field, op, text))
                .or_else(|| of_pattern(field, op, text))
        }
        _ => None,
    }
}

fn remark(code: Code, message: String, fix: Option<String>) -> Option<Remark> {
    Some(Remark { code, value: String::new(), message, fix })
}

fn text_of(value: &Literal) -> String {
    match value {
        Literal::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}

fn of_transformed(transformer: &Transformer, op: Op, value: &Literal) -> Option<Remark> {
    let Literal::Bytes(bytes) = value else { return None };
    if matches!(op, Op::Regex | Op::IContains | Op::IGlob) {
        return None;
    }
    let (wrong, name, right): (fn(&u8) -> bool, _, _) = match transformer {
        Transformer::ToLower => (u8::is_ascii_uppercase, "tolower", bytes.to_ascii_lowercase()),
        Transformer::ToUpper => (u8::is_ascii_lowercase, "toupper", bytes.to_ascii_uppercase()),
        Transformer::Basename if matches!(op, Op::Eq | Op::Ne) && bytes.contains(&b'/') => {
            let text = String::from_utf8_lossy(bytes);
            return remark(
                Code::WrongShape,
                format!("basename() never gives '{text}', which has a slash"),
                None,
            );
        }
        _ => return None,
    };
    if !bytes.iter().any(wrong) {
        return None;
    }
    let (text, right) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&right).into_owned());
    remark(Code::WrongShape, format!("{name}() never gives '{text}'"), Some(format!("write '{right}'")))
}

/// Fields with few words.
fn of_words(field: &FieldRef, op: Op, text: &str, events: &EventSet) -> Option<Remark> {
    let is_known = |words: &[&'static str], part: &str| match op {
        Op::Eq | Op::Ne => words.contains(&part),
        Op::Contains => words.iter().any(|word| word.contains(part)),
        Op::IContains => words.iter().any(|word| word.to_lowercase().contains(&part.to_lowercase())),
        Op::StartsWith => words.iter().any(|word| word.starts_with(part)),
        Op::EndsWith => words.iter().any(|word| word.ends_with(part)),
        _ => true,
    };
    // What has no word is a number; an absent value may be written so.
    if text.is_empty() || text == "<NA>" || text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') {
        return None;
    }
    let (words, unknown) = match domain::words(field, |info| events.contains(info.code))? {
        Words::OneOf(words) => {
            let unknown = (!is_known(&words, text)).then(|| text.to_owned())?;
            (words, unknown)
        }
        Words::SomeOf(words, between) => {
            let whole = matches!(op, Op::Eq | Op::Ne);
            let known = |part: &str| match whole {
                true => words.contains(&part),
                false => part.is_empty() || is_known(&words, part),
            };
            let unknown = text.split(between).find(|part| !known(part))?.to_owned();
            (words, unknown)
        }
    };
    let meant = nearest(&unknown, words.iter().copied())
        .or_else(|| words.iter().copied().find(|word| word.eq_ignore_ascii_case(&unknown)));
    let known = match words.len() <= 24 && meant.is_none() {
        true => Some(format!("it has: {}", words.join(", "))),
        false => meant.map(|meant| format!("did you mean '{meant}'?")),
    };
    let name = written(field);
    remark(Code::UnknownValue, format!("{name} never is '{unknown}'"), known)
}

/// Names of processes.
fn of_name(field: &FieldRef, op: Op, text: &str) -> Option<Remark> {
    if !domain::is_process_name(field.field) {
        return None;
    }
    let name = written(field);
    // A Perl program may give itself a name with a path, which the kernel cuts: spamd is /usr/sbin/spamd.
    if matches!(op, Op::Eq | Op::Ne) && text.starts_with('/') && (2..NAME).contains(&text.len()) {
        let path = match field.field {
            Field::ProcName => "proc.exepath",
            Field::ProcPname => "proc.pexepath",
            Field::ProcAname => "proc.aexepath",
            _ => "the executable's path",
        };
        return remark(
            Code::WrongShape,
            format!("{name} is a name without a path, and never '{text}'"),
            Some(format!("compare {path}, or write the part after the last slash")),
        );
    }
    let is_plain =
        matches!(op, Op::Eq | Op::Ne | Op::Contains | Op::StartsWith | Op::EndsWith | Op::IContains);
    if !is_plain || text.len() <= NAME {
        return None;
    }
    let kept = text.get(..text.floor_char_boundary(NAME)).unwrap_or_default();
    remark(
        Code::NameTooLong,
        format!("{name} has at most {NAME} bytes, '{text}' has {}", text.len()),
        Some(format!("write '{kept}', which is what the kernel keeps of it")),
    )
}

/// Directories, and parts of paths.
fn of_path(field: &FieldRef, op: Op, text: &str) -> Option<Remark> {
    if !matches!(op, Op::Eq | Op::Ne) {
        return None;
    }
    let name = written(field);
    match field.field {
        Field::FdDirectory if text.len() > 1 && text.ends_with('/') => remark(
            Code::WrongShape,
            format!("{name} has no slash at its end, as '{text}' has"),
            Some(format!("write '{}'", text.trim_end_matches('/'))),
        ),
        Field::ProcCwd if text.starts_with('/') && !text.ends_with('/') => remark(
            Code::WrongShape,
            format!("{name} has a slash at its end, which '{text}' lacks"),
            Some(format!("write '{text}/'")),
        ),
        Field::FdFilename if text.len() > 1 && text.contains('/') => remark(
            Code::WrongShape,
            format!("{name} is the part of a path after the last slash, and never '{text}'"),
            Some("compare fd.name".to_owned()),
        ),
        Field::ContainerId if text.len() > 12 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => remark(
            Code::WrongShape,
            format!("{name} has 12 characters, '{text}' has {}", text.len()),
            Some(format!("write '{}', or compare container.full_id", text.get(..12).unwrap_or_default())),
        ),
        _ => None,
    }
}

/// Patterns where text is compared letter by letter. What may hold a star or anything else by itself is left alone: arguments,
/// data, addresses of the web.
fn of_pattern(field: &FieldRef, op: Op, text: &str) -> Option<Remark> {
    // Ruby ends the names of its threads with a star where they are too long.
    let is_cut = domain::is_process_name(field.field) && text.len() == NAME && text.ends_with('*');
    if !is_name(field) || text.starts_with('<') || is_cut {
        return None;
    }
    let (is_equality, is_part) = (
        matches!(op, Op::Eq | Op::Ne),
        matches!(op, Op::StartsWith | Op::EndsWith | Op::Contains | Op::IContains),
    );
    let is_regex = text.contains(".*") || (text.starts_with('^') && text.len() > 1) || text.contains("(?");
    if !(is_equality || is_part) || !(text.contains('*') || is_regex) {
        return None;
    }
    let name = written(field);
    let fix = match () {
        () if is_regex => "write 'regex'",
        () if is_equality => "write 'glob'",
        () => "leave the star out: the operator needs none",
    };
    remark(
        Code::PatternInEquality,
        format!("'{text}' is compared with {name} letter by letter, and no value has a star or anchor"),
        Some(fix.to_owned()),
    )
}

/// Names that have no star in practice.
fn is_name(field: &FieldRef) -> bool {
    use Field as F;
    let of_files = [
        F::FdName,
        F::FdDirectory,
        F::FdFilename,
        F::FsPathName,
        F::FsPathSource,
        F::FsPathTarget,
        F::ProcExepath,
        F::ProcPexepath,
        F::ProcAexepath,
        F::ProcCwd,
        F::EvtAbspath,
    ];
    let of_others = [
        F::ContainerName,
        F::ContainerImage,
        F::ContainerImageRepository,
        F::ContainerImageTag,
        F::K8sNsName,
        F::K8sPodName,
        F::UserName,
        F::UserLoginname,
        F::GroupName,
        F::EvtType,
        F::SyscallType,
    ];
    let is_path =
        matches!(&field.arg, Arg::Key(key) if matches!(&**key, "path" | "oldpath" | "newpath" | "filename"));
    domain::is_process_name(field.field)
        || of_files.contains(&field.field)
        || of_others.contains(&field.field)
        || (field.field == F::EvtArg && is_path)
}

/// Numbers as they are written: a port above 65535 loses its upper bits when it is compiled.
pub(super) fn of_port(operand: &Operand, text: &[u8]) -> Option<String> {
    let is_port = operand.ty == ParamType::Port;
    let number: u64 = std::str::from_utf8(text).ok().filter(|_| is_port)?.parse().ok()?;
    (number > u64::from(u16::MAX)).then(|| format!("ports end at 65535, so none is {number}"))
}
