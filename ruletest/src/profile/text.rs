//! The report for people: tables, the dearest rows first.

use std::fmt::Write;

use tercel_rules::load::Place;

use super::RulesProfile;
use super::shares::percent;
use crate::options::Screen;
use crate::report::Paint;
use crate::visible::{shortened, visible};

/// Characters of a term or a name that are shown.
const SHOWN: usize = 90;

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

pub(super) fn text(profile: &RulesProfile, rows: usize, times: bool, screen: Screen) -> String {
    let paint = Paint::new(screen);
    let mut out = String::new();
    let share = |share: u32| if times { format!("{:>8} ", percent(share)) } else { String::new() };
    let head = if times { "   share " } else { "" };
    if times {
        line!(out, "conditions take about {} of the time of this pass", percent(profile.conditions));
    }
    line!(out, "\n{}\n{head}     asked    matched     events  rule", paint.bold("rules"));
    for row in profile.rules.iter().take(rows) {
        let alone = match &row.alone {
            Some(alone) if times => format!("  (alone: {}, {} asked)", percent(row.share_alone), alone.asked),
            Some(alone) => format!("  (alone: {} asked)", alone.asked),
            None => String::new(),
        };
        let cost = row.cost;
        line!(
            out,
            "{}{:>10} {:>10} {:>10}  {}{alone}",
            share(row.share),
            cost.asked,
            cost.held,
            row.events,
            shown(&row.name)
        );
    }
    more(&mut out, profile.rules.len(), rows);
    line!(out, "\n{}\n{head}     asked       held      rules  macro", paint.bold("macros"));
    for row in profile.macros.iter().take(rows) {
        let terms = if row.terms == 1 { "1 term".to_owned() } else { format!("{} terms", row.terms) };
        let cost = row.cost;
        line!(
            out,
            "{}{:>10} {:>10} {:>10}  {} ({terms})",
            share(row.share),
            cost.asked,
            cost.held,
            row.rules,
            shown(&row.name)
        );
    }
    more(&mut out, profile.macros.len(), rows);
    line!(out, "\n{}\n{head}     asked       held      rules  term", paint.bold("terms"));
    for row in profile.terms.iter().take(rows) {
        let joined = if row.is_joined { " (with others)" } else { "" };
        let cost = row.cost;
        line!(
            out,
            "{}{:>10} {:>10} {:>10}  {}{joined}  {}",
            share(row.share),
            cost.asked,
            cost.held,
            row.rules,
            shown(&row.text),
            place(&row.place)
        );
    }
    more(&mut out, profile.terms.len(), rows);
    line!(out, "\n{}\n{head}     asked    matched     events  event type", paint.bold("event types"));
    for row in profile.events.iter().take(rows) {
        let side = if row.is_exit { "exit" } else { "enter" };
        let cost = row.cost;
        line!(
            out,
            "{}{:>10} {:>10} {:>10}  {} ({side})",
            share(row.share),
            cost.asked,
            cost.held,
            row.events,
            row.name
        );
    }
    more(&mut out, profile.events.len(), rows);
    if !profile.advice.is_empty() {
        line!(out, "\n{}", paint.bold("rewrite, that which spares most first"));
    }
    for advice in profile.advice.iter().take(rows) {
        line!(
            out,
            "{}: {} questions: {}",
            place(&advice.place),
            advice.spares,
            visible(advice.text.as_bytes())
        );
    }
    more(&mut out, profile.advice.len(), rows);
    out
}

fn more(out: &mut String, all: usize, rows: usize) {
    if all > rows {
        line!(out, "… and {} more", all - rows);
    }
}

fn place(place: &Place) -> String {
    format!("{}:{}", visible(place.file.as_bytes()), place.line)
}

fn shown(text: &str) -> String {
    shortened(&visible(text.as_bytes()), SHOWN).into_owned()
}
