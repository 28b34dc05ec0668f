//! Annotations of GitHub Actions: a warning at each rule whose alerts differ, a notice at each definition that changed.

use crate::visible::visible;
use tercel_rules::load::Place;

use super::{Diff, Kind};
use crate::report::{Annotation, Level};

/// The report; empty if nothing differs.
pub(super) fn text(diff: &Diff) -> String {
    let mut out = String::new();
    for rule in &diff.rules {
        let mut message = super::sums(|kind| rule.counts.of(kind).count, rule.counts.same);
        for example in Kind::ALL.into_iter().filter_map(|kind| rule.counts.of(kind).examples.first()) {
            let capture = diff.captures.get(example.capture).map_or("", |ended| ended.name.as_str());
            for (sign, line) in [("-", &example.before), ("+", &example.after)] {
                if let Some(line) = line {
                    message.push_str(&format!(
                        "\n{sign} {} #{}: {}",
                        visible(capture.as_bytes()),
                        example.number,
                        visible(line.as_bytes())
                    ));
                }
            }
        }
        let title = format!("alerts of '{}' differ", visible(rule.name.as_bytes()));
        push(&mut out, Level::Warning, rule.place.as_ref(), &title, &message);
    }
    for change in &diff.changes {
        let signed = |sign: char, key: &str, texts: &[String]| {
            let lines = texts.iter().map(|text| format!("\n{sign} {key}: {}", visible(text.as_bytes())));
            lines.collect::<String>()
        };
        let parts = change.parts.iter();
        let parts = parts.map(|part| signed('-', part.key, &part.gone) + &signed('+', part.key, &part.new));
        let title = visible(change.title().as_bytes());
        let message = format!("{title} {}{}", change.what(), parts.collect::<String>());
        push(&mut out, Level::Notice, change.place(), &format!("{title} {}", change.what()), &message);
    }
    out
}

fn push(out: &mut String, level: Level, place: Option<&Place>, title: &str, message: &str) {
    let (file, line) = place.map_or(("", 1), |place| (&*place.file, place.line));
    Annotation { level, file, line, title, message }.push(out);
}
