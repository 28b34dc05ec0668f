//! Why nothing is shown: a window and a filter that match no event enter, sentences leave that say what there is instead.

use jiff::Timestamp;
use tercel_format::catalogue::EVENTS;

use crate::diagnostics::counted;
use crate::inputs::Input;
use crate::span::Span;

pub use tercel_analysis::tables::CODES;

/// Events of the window by their codes, whatever the filter says of them.
pub type Counts = [u64; CODES];

/// Calls that programs use instead of each other.
const FAMILIES: [&[&str]; 16] = [
    &["open", "openat", "openat2", "creat", "open_by_handle_at"],
    &["accept", "accept4"],
    &["fork", "vfork", "clone", "clone3"],
    &["execve", "execveat"],
    &["unlink", "unlinkat", "rmdir"],
    &["rename", "renameat", "renameat2"],
    &["mkdir", "mkdirat"],
    &["chmod", "fchmod", "fchmodat"],
    &["chown", "lchown", "fchown", "fchownat"],
    &["symlink", "symlinkat", "link", "linkat"],
    &["read", "readv", "pread", "preadv"],
    &["write", "writev", "pwrite", "pwritev"],
    &["send", "sendto", "sendmsg", "sendmmsg"],
    &["recv", "recvfrom", "recvmsg", "recvmmsg"],
    &["dup", "dup2", "dup3"],
    &["pipe", "pipe2"],
];

/// Fields that have no value in most captures, as the words that filters begin them with.
const EMPTY: [(&str, &str); 6] = [
    ("evt.latency", "'tercel record --latency' measures how long calls take"),
    ("evt.wait_latency", "'tercel record --latency' measures how long calls take, as evt.latency"),
    ("k8s.svc.", "no engine reports services; k8s.ns.name and k8s.pod.name have values"),
    ("k8s.rc.", "no engine reports replication controllers; k8s.ns.name and k8s.pod.name have values"),
    ("k8s.rs.", "no engine reports replica sets; k8s.ns.name and k8s.pod.name have values"),
    ("k8s.deployment.", "no engine reports deployments; k8s.ns.name and k8s.pod.name have values"),
];

/// Says of captures that no event is of interest: none lies in the window, none matches the filter, or none does both. Where
/// the events lie is said with a window; with a filter, what else it may have meant.
pub fn text(traces: &[Input], is_part: bool, filter: Option<&str>, counts: Option<&Counts>) -> String {
    let told = |ns: u64| {
        Timestamp::from_nanosecond(i128::from(ns)).map_or_else(|_| ns.to_string(), |at| at.to_string())
    };
    let mut text = match (is_part, filter) {
        (false, _) => "no event matches the filter".to_owned(),
        (true, None) => "no event lies in the window".to_owned(),
        (true, Some(_)) => "no event in the window matches the filter".to_owned(),
    };
    if let (true, Ok(span)) = (is_part, Span::of(traces, true)) {
        text.push_str(&format!("; the events go from {} to {}", told(span.first), told(span.last)));
    }
    for hint in filter.map(|filter| hints(filter, counts)).unwrap_or_default() {
        text.push_str("\n  ");
        text.push_str(&hint);
    }
    text
}

/// What a filter may have meant.
fn hints(filter: &str, counts: Option<&Counts>) -> Vec<String> {
    let mut hints: Vec<String> = Vec::new();
    let words: Vec<&str> = filter.split(|c: char| !(c.is_ascii_alphanumeric() || "._".contains(c))).collect();
    if words.iter().any(|word| word.starts_with("evt.type") || *word == "syscall.type") {
        hints.extend(words.iter().filter_map(|word| instead(word, counts)));
    }
    for (field, reason) in EMPTY {
        if words.iter().any(|word| word.starts_with(field)) {
            hints.push(format!("{}: no event has a value: {reason}", field.trim_end_matches('.')));
        }
    }
    if filter.contains("directory")
        && filter.split_whitespace().any(|word| word.len() > 1 && word.ends_with('/'))
    {
        hints.push("fd.directory has no slash at its end".to_owned());
    }
    if filter.contains(['\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{2013}', '\u{2014}']) {
        hints.push("the filter has typographic quotes or dashes; type \" ' and -".to_owned());
    }
    hints.dedup();
    hints
}

/// What the window has of a type of events that a filter names, and of those that programs use instead.
fn instead(name: &str, counts: Option<&Counts>) -> Option<String> {
    EVENTS.iter().find(|event| event.name == name)?;
    let family = FAMILIES.iter().copied().find(|family| family.contains(&name));
    let others = || family.unwrap_or_default().iter().copied().filter(|other| *other != name);
    let Some(counts) = counts else {
        let others: Vec<&str> = others().collect();
        return (!others.is_empty()).then(|| format!("{name}: programs also use {}", others.join(", ")));
    };
    let count = |name: &str| -> u64 {
        EVENTS
            .iter()
            .filter(|event| event.name == name)
            .map(|event| counts[usize::from(event.code) % CODES])
            .sum()
    };
    let there: Vec<String> = others()
        .filter(|other| count(other) > 0)
        .map(|other| format!("{} of {other}", count(other)))
        .collect();
    let there = if there.is_empty() { String::new() } else { format!(", {}", there.join(", ")) };
    Some(format!("without the rest of the filter: {} of {name}{there}", counted(count(name), "event")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(events: &[(&str, u64)]) -> Box<Counts> {
        let mut counts = Box::new([0; CODES]);
        for (name, count) in events {
            let event = EVENTS.iter().rfind(|event| event.name == *name).expect("an event");
            counts[usize::from(event.code)] = *count;
        }
        counts
    }

    #[test]
    fn what_there_is_instead_is_told() {
        let counts = counts(&[("open", 8), ("openat", 22_920)]);
        assert_eq!(
            hints("proc.name=cat and evt.type=open", Some(&counts)),
            ["without the rest of the filter: 8 events of open, 22920 of openat"]
        );
        assert_eq!(
            hints("evt.type in (accept)", Some(&counts)),
            ["without the rest of the filter: 0 events of accept"]
        );
        assert_eq!(hints("evt.type=accept", None), ["accept: programs also use accept4"]);
        assert!(hints("proc.name=open", Some(&counts)).is_empty());
        assert!(hints("evt.latency > 5", None)[0].contains("no event has a value"));
        assert!(hints("k8s.svc.name=web", None)[0].starts_with("k8s.svc: no event has a value"));
        assert_eq!(hints("fd.directory=/tmp/", None), ["fd.directory has no slash at its end"]);
        assert!(hints("proc.name=\u{2018}sh\u{2019}", None)[0].contains("typographic"));
    }
}
