//! The report for the page of a merge request. All text of rules and captures stands in blocks of code or is escaped, so that it
//! formats, links and mentions nothing.

use std::fmt::Write;

use crate::visible::{shortened, visible};

use super::{Change, Diff, Kind, RuleDiff};

/// Characters of a line that are shown.
const SHOWN: usize = 600;

/// Appends one line; writing to a string cannot fail.
macro_rules! line {
    ($out:expr, $($argument:tt)*) => {
        let _ = writeln!($out, $($argument)*);
    };
}

/// The report.
pub(super) fn text(diff: &Diff) -> String {
    let mut out = String::from("## Rules: what this change does\n\n");
    if !diff.differs() {
        line!(out, "Nothing differs: {}.", diff.sums());
        return out;
    }
    line!(out, "Alerts: {}.\n", diff.sums());
    if !diff.rules.is_empty() {
        line!(out, "| rule | appear | vanish | priority | text | same |");
        line!(out, "|---|---:|---:|---:|---:|---:|");
    }
    for rule in &diff.rules {
        let counts = Kind::ALL.map(|kind| rule.counts.of(kind).count.to_string()).join(" | ");
        line!(out, "| {} | {counts} | {} |", escaped(&rule.name), rule.counts.same);
    }
    for rule in &diff.rules {
        examples(&mut out, diff, rule);
    }
    if !diff.changes.is_empty() {
        line!(out, "\n### Definitions\n");
    }
    for change in &diff.changes {
        definition(&mut out, change);
    }
    out
}

fn examples(out: &mut String, diff: &Diff, rule: &RuleDiff) {
    let mut lines = String::new();
    for kind in Kind::ALL {
        let differing = rule.counts.of(kind);
        for example in &differing.examples {
            let capture = diff.captures.get(example.capture).map_or("", |ended| ended.name.as_str());
            let head = format!("{} #{}", shown(capture), example.number);
            for (sign, line) in [('-', &example.before), ('+', &example.after)] {
                if let Some(line) = line {
                    line!(lines, "{sign} {head}: {}", shown(line));
                }
            }
            if let Some(why) = &example.why {
                line!(lines, "  {}", shown(why));
            }
        }
        let more = differing.count.saturating_sub(differing.examples.len() as u64);
        if more > 0 && !differing.examples.is_empty() {
            line!(lines, "  … {more} more {}", super::verb(kind, more));
        }
    }
    line!(out, "\n<details><summary>{}</summary>\n\n{}\n</details>", escaped(&rule.name), block(&lines));
}

fn definition(out: &mut String, change: &Change) {
    let place =
        change.place().map_or(String::new(), |place| format!(" ({}:{})", escaped(&place.file), place.line));
    line!(out, "* {} {}{place}", escaped(&change.title()), change.what());
    let mut lines = String::new();
    for part in &change.parts {
        for (sign, texts) in [('-', &part.gone), ('+', &part.new)] {
            texts.iter().for_each(|text| {
                line!(lines, "{sign} {}: {}", part.key, shown(text));
            });
        }
    }
    if !lines.is_empty() {
        let block = block(&lines);
        line!(out, "\n  {}", block.trim_end().replace('\n', "\n  "));
    }
    if change.is_shared() {
        line!(out, "\n  Rules that use it: {}", change.used_by.len());
    }
}

/// Lines as a block of code, coloured as a difference. The fence is longer than any row of backticks in it.
fn block(lines: &str) -> String {
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{lines}{fence}\n")
}

fn shown(text: &str) -> String {
    shortened(&visible(text.as_bytes()), SHOWN).into_owned()
}

/// A text in which no character means anything to Markdown or HTML.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in shown(text).chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '@' => out.push_str("&#64;"),
            '#' => out.push_str("&#35;"),
            character
                if character.is_ascii_punctuation()
                    && !matches!(character, '.' | ',' | '/' | '-' | '(' | ')' | '\'') =>
            {
                out.push('\\');
                out.push(character);
            }
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_formatted() {
        assert_eq!(escaped("a|b *c* @all <x> `d`"), "a\\|b \\*c\\* &#64;all &lt;x&gt; \\`d\\`");
        assert_eq!(block("- a ```` b\n"), "`````diff\n- a ```` b\n`````\n");
    }
}
