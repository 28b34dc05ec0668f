//! A rule as lines for people.

use std::fmt::Write;

use console::measure_text_width;
use tercel_rules::load::{Change, Place, RuleState};

use super::{RuleView, at, words};
use crate::explain::{TextStyle, outline, type_names};
use crate::report::Paint;
use crate::visible::visible;

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

/// Event types that are listed.
const TYPES: usize = 40;

impl RuleView {
    /// The rule.
    pub fn text(&self, style: &TextStyle) -> String {
        let paint = Paint::new(style.screen);
        let mut out = String::new();
        let info = &self.parts.info;
        let shown = |text: &str| visible(text.as_bytes());
        line!(out, "{}  {}", paint.bold(&shown(&info.name)), at(&info.place));
        let mut key = |name: &str, value: String| {
            line!(out, "{}", format!("  {name:<12} {value}").trim_end());
        };
        key("priority", info.priority.name().to_owned());
        key("state", state(info.state).to_owned());
        key("source", shown(&info.source));
        key("tags", shown(&info.tags.iter().map(String::as_str).collect::<Vec<_>>().join(", ")));
        key("description", shown(&info.desc.split_whitespace().collect::<Vec<_>>().join(" ")));
        key("output", shown(&info.output.split_whitespace().collect::<Vec<_>>().join(" ")));
        if let Some((resolved, _)) = &self.resolved {
            let names = type_names(&resolved.events);
            let more = names.len().saturating_sub(TYPES);
            let listed: Vec<&str> = names.into_iter().take(TYPES).collect();
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            key("event types", format!("{}{more}", listed.join(", ")));
        }
        key("fields", shown(&self.fields.join(", ")));
        key("", format!("in the output: {}", shown(&self.parts.output_fields.join(", "))));
        self.origins(&mut out, &paint);
        if let Some((_, tree)) = &self.resolved {
            line!(out, "\n{} ({})", paint.bold("condition"), places(&self.parts.condition));
            out.push_str(&outline(tree, &paint));
        }
        self.definitions(&mut out, &paint);
        self.tests(&mut out, &paint);
        out
    }

    /// Where its parts come from.
    fn origins(&self, out: &mut String, paint: &Paint) {
        line!(out, "\n{}", paint.bold("came from"));
        table(out, self.parts.changes.iter().map(|change| (at(&change.place), words(change))).collect());
        line!(out, "  output: {}", places(&self.parts.output));
    }

    /// What it names.
    fn definitions(&self, out: &mut String, paint: &Paint) {
        for (title, definitions) in [("macros", &self.macros), ("lists", &self.lists)] {
            if !definitions.is_empty() {
                line!(out, "\n{}", paint.bold(title));
                let row =
                    |(name, changes): &(String, Vec<Change>)| (visible(name.as_bytes()), history(changes));
                table(out, definitions.iter().map(row).collect());
            }
        }
        if !self.parts.exceptions.is_empty() {
            line!(out, "\n{}", paint.bold("exceptions"));
            let rows = self.parts.exceptions.iter().map(|exception| {
                let fields = exception.fields.iter().zip(&exception.comps);
                let fields: Vec<String> = fields.map(|(field, comp)| format!("{field} {comp}")).collect();
                let values = match exception.values {
                    0 => "no value: it excludes nothing".to_owned(),
                    1 => "1 value".to_owned(),
                    count => format!("{count} values"),
                };
                let text = format!("{}: {}; {}", fields.join(", "), values, exception.place);
                (visible(exception.name.as_bytes()), visible(text.as_bytes()))
            });
            table(out, rows.collect());
        }
    }

    /// The cases that name it.
    fn tests(&self, out: &mut String, paint: &Paint) {
        let Some(tests) = &self.tests else { return };
        line!(out, "\n{}", paint.bold("tests"));
        if tests.is_empty() {
            line!(out, "  no case names the rule");
        }
        let row = |test: &super::Covering| {
            let expects = if test.is_silent { "none".to_owned() } else { test.expects.join(", ") };
            let place = format!("{}:{}", test.file, test.line);
            (visible(place.as_bytes()), visible(format!("{}: {expects}", test.case).as_bytes()))
        };
        table(out, tests.iter().map(row).collect());
    }
}

/// Rows of two columns.
fn table(out: &mut String, rows: Vec<(String, String)>) {
    let width = rows.iter().map(|(left, _)| measure_text_width(left)).max().unwrap_or(0).min(60);
    for (left, right) in rows {
        let padding = " ".repeat(width.saturating_sub(measure_text_width(&left)));
        line!(out, "  {left}{padding}  {right}");
    }
}

/// Where a definition stands, and what was done to it.
fn history(changes: &[Change]) -> String {
    let one = |change: &Change| match change.kind {
        tercel_rules::load::ChangeKind::Defined => at(&change.place),
        _ => format!("{} at {}", words(change), at(&change.place)),
    };
    changes.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn places(places: &[Place]) -> String {
    places.iter().map(at).collect::<Vec<_>>().join(", ")
}

/// Whether a rule runs, in words.
pub(super) fn state(state: RuleState) -> &'static str {
    match state {
        RuleState::Enabled => "enabled",
        RuleState::Disabled => "disabled",
        RuleState::BelowPriority => "below the minimum priority",
        RuleState::Skipped => "skipped: its source, a field or an event type is not supported",
    }
}
