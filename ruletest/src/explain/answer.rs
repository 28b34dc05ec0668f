//! What was found about a rule, as text and as JSON.

use std::borrow::Cow;
use std::fmt::Write;

use serde_json::{Value, json};
use tercel_format::catalogue::EVENTS;

use tercel_rules::program::EventSet;

use super::explainer;
use super::search::{Answer, Explained};
use super::text::TextStyle;
use crate::report::Paint;
use crate::visible::{shortened, visible};

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

/// Types of events that are listed.
const TYPES: usize = 8;

/// Characters of an alert's line.
const LINE: usize = 240;

impl Answer {
    /// The alerts, each in short, with their number. `captures` are the names of the captures.
    pub fn alerts_text(&self, captures: &[String], style: &TextStyle) -> String {
        let mut out = String::new();
        let Some(rule) = &self.rule else { return out };
        let paint = Paint::new(style.screen);
        for explained in &self.explained {
            let capture = prefix(captures, explained.capture);
            let event = explained.why.event();
            let number = paint.bold(&format!("#{}", event.number));
            line!(out, "{capture}{number} {}", line_of(explained, style));
            line!(out, "    because {}", explained.why.short());
        }
        let rest = self.alerts.saturating_sub(self.explained.len() as u64);
        if rest > 0 {
            line!(out, "… and {} ('-n' shows more of them)", counted(rest, "more alert"));
        }
        self.totals(&mut out, rule);
        if !self.instead.is_empty() {
            line!(out, "'--rule-matching all' shows the alerts of both");
        }
        out
    }

    /// One event with the whole tree.
    pub fn event_text(&self, style: &TextStyle) -> String {
        let mut out = String::new();
        let (Some(explained), Some(rule)) = (self.explained.first(), &self.rule) else { return out };
        let paint = Paint::new(style.screen);
        let why = &explained.why;
        line!(out, "{}", why.event().line());
        if self.is_filtered {
            line!(out, "the filter does not hold at this event: rules do not see it");
        }
        let (name, place) = (visible(rule.name.as_bytes()), visible(rule.place.to_string().as_bytes()));
        let kernel = why.by_kernel();
        match (why.look.holds, why.look.watches) {
            (true, _) => {
                line!(out, "{}", line_of(explained, style));
                line!(out, "'{name}' ({place}) {}{kernel}", paint.good("matches"));
            }
            (false, false) => {
                line!(
                    out,
                    "'{name}' ({place}) {}: it looks at {}; event {} is {}",
                    paint.bad("does not match"),
                    types(rule),
                    why.event().number,
                    why.event().kind
                );
            }
            (false, true) => {
                let missed = counted(u64::from(why.look.missed), "term");
                let views = if why.look.views > 1 {
                    ", with the paths of callers and with those of the kernel"
                } else {
                    ""
                };
                line!(
                    out,
                    "'{name}' ({place}) {}: it misses {missed} of {}{views}",
                    paint.bad("does not match"),
                    why.terms()
                );
            }
        }
        if let Some(other) = &explained.instead {
            line!(out, "but {} comes first and raises the alert", self.other(other));
        }
        if rule.is_ordered {
            line!(
                out,
                "note: a field of the condition counts evaluations (evt.deltatime, util.cnt, thread.cpu); its value is that of an evaluation at every event"
            );
        }
        out.push('\n');
        out.push_str(&why.text(style));
        out.push('\n');
        match (why.look.holds, why.look.missed) {
            (true, _) => {
                line!(out, "* decided: with these answers the rule matches, whatever the rest says");
            }
            (false, 0) => {}
            (false, _) => {
                line!(out, "* missed: the rule would match with other answers here");
            }
        }
        out
    }

    /// The nearest events.
    pub fn near_text(&self, captures: &[String], style: &TextStyle) -> String {
        let mut out = String::new();
        let Some(rule) = &self.rule else { return out };
        let paint = Paint::new(style.screen);
        self.totals(&mut out, rule);
        if self.near.is_empty() {
            line!(out, "no event missed it");
        }
        let capture = |at: usize| prefix(captures, at);
        for text in self.near.lines(&rule.tree, &rule.name, &|_| String::new(), &capture, &paint) {
            let gap = if text.starts_with(' ') { "" } else { "\n" };
            line!(out, "{gap}{text}");
        }
        out
    }

    /// How many alerts there are, and of which other rules that come first.
    fn totals(&self, out: &mut String, rule: &explainer::Explained) {
        line!(
            out,
            "'{}' ({}): {} in {}, {} of them of types that it looks at ({})",
            visible(rule.name.as_bytes()),
            visible(rule.place.to_string().as_bytes()),
            counted(self.alerts, "alert"),
            counted(self.seen, "event"),
            self.watched,
            types(rule)
        );
        for (other, count) in &self.instead {
            let count = counted(*count, "event");
            line!(out, "at {count} its condition holds, but {} comes first", self.other(other));
        }
    }

    /// Everything as one object; `captures` are the names of the captures.
    pub fn json(&self, captures: &[String]) -> Value {
        let Some(rule) = &self.rule else { return Value::Null };
        let explained = |explained: &Explained| {
            let mut object = explained.why.json();
            object["line"] = explained.line.as_str().into();
            object["capture"] = captures.get(explained.capture).map(String::as_str).into();
            object["short"] = explained.why.short().into();
            if let Some(other) = &explained.instead {
                object["instead"] = other.as_str().into();
            }
            object
        };
        let explained: Vec<Value> = self.explained.iter().map(explained).collect();
        let mut object = json!({
            "version": 1,
            "rule": rule.name,
            "file": &*rule.place.file,
            "line": rule.place.line,
            "event_types": type_names(&rule.events),
            "events": self.seen,
            "events_of_types": self.watched,
            "alerts": self.alerts,
            "instead": self.instead,
            "explained": explained,
        });
        if !self.near.is_empty() {
            let capture = |at: usize| captures.get(at).cloned();
            object["near"] = self.near.json(&rule.tree, &|_| String::new(), &capture);
        }
        object
    }
}

/// The line of an alert, short unless all is to be shown.
fn line_of<'e>(explained: &'e Explained, style: &TextStyle) -> Cow<'e, str> {
    if style.full { explained.line.as_str().into() } else { shortened(&explained.line, LINE) }
}

/// The name of a capture before a line, where there are several.
fn prefix(captures: &[String], at: usize) -> String {
    match captures {
        [] | [_] => String::new(),
        several => several.get(at).map_or(String::new(), |name| format!("{}: ", visible(name.as_bytes()))),
    }
}

fn counted(count: u64, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}

/// The names of the event types that a rule looks at.
pub(crate) fn type_names(events: &EventSet) -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for event in EVENTS.iter().filter(|event| events.contains(event.code)) {
        if !names.contains(&event.name) && event.name != "asyncevent" {
            names.push(event.name);
        }
    }
    names
}

/// The same in words.
fn types(rule: &explainer::Explained) -> String {
    let names = type_names(&rule.events);
    match names.len() {
        0 => "none".to_owned(),
        count if count > 100 => format!("{count} types"),
        count if count > TYPES => {
            format!("{}, and {} more", names.get(..TYPES).unwrap_or_default().join(", "), count - TYPES)
        }
        _ => names.join(", "),
    }
}
