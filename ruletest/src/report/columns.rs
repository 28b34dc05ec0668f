//! Expected and got side by side: rows enter, lines of two columns leave.

use console::{Style, measure_text_width};

use crate::failure::Row;
use crate::options::Screen;

/// Colours, or none.
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// Colours where the screen shows them.
    pub(crate) fn new(screen: Screen) -> Paint {
        Paint { on: screen.colours }
    }

    /// No colours.
    pub(crate) fn plain() -> Paint {
        Paint { on: false }
    }

    /// A text in a style.
    pub(crate) fn text(&self, style: Style, text: &str) -> String {
        if self.on { style.force_styling(true).apply_to(text).to_string() } else { text.to_owned() }
    }

    /// What is wrong.
    pub(crate) fn bad(&self, text: &str) -> String {
        self.text(Style::new().red(), text)
    }

    /// What is right.
    pub(crate) fn good(&self, text: &str) -> String {
        self.text(Style::new().green(), text)
    }

    /// What stands out.
    pub(crate) fn bold(&self, text: &str) -> String {
        self.text(Style::new().bold(), text)
    }
}

/// The rows as lines: expected at the left, got at the right, `≠` between what differs.
pub(crate) fn side_by_side(rows: &[Row], indent: &str, paint: &Paint, columns: usize) -> String {
    let width = (columns.clamp(60, 240) - indent.len() - 3) / 2;
    let mut out = String::new();
    let heading = Row { expected: Some("expected".to_owned()), got: Some("got".to_owned()), same: true };
    for (number, row) in [heading].iter().chain(rows).enumerate() {
        let left = wrapped(row.expected.as_deref().unwrap_or_default(), width);
        let right = wrapped(row.got.as_deref().unwrap_or_default(), width);
        for line in 0..left.len().max(right.len()).max(1) {
            let left = left.get(line).map_or("", String::as_str);
            let right = right.get(line).map_or("", String::as_str);
            let mark = if row.same || line > 0 { "|" } else { "≠" };
            let padding = " ".repeat(width.saturating_sub(measure_text_width(left)));
            let (left, right) = match (number, row.same) {
                (0, _) => (paint.bold(left), paint.bold(right)),
                (_, true) => (left.to_owned(), right.to_owned()),
                (_, false) => (paint.good(left), paint.bad(right)),
            };
            let line = format!("{indent}{left}{padding} {mark} {right}");
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

/// A text in lines of limited width, broken at blanks if there are any.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while rest.chars().count() > width {
        let end = rest.char_indices().nth(width).map_or(rest.len(), |(at, _)| at);
        let head = rest.get(..end).unwrap_or_default();
        let cut = head.rfind(' ').filter(|at| *at > width / 2).map_or(end, |at| at + 1);
        lines.push(rest.get(..cut).unwrap_or_default().trim_end().to_owned());
        rest = rest.get(cut..).unwrap_or_default().trim_start();
    }
    lines.push(rest.to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_broken_at_blanks() {
        assert_eq!(wrapped("", 10), [""]);
        assert_eq!(wrapped("short", 10), ["short"]);
        assert_eq!(wrapped("some words here", 10), ["some words", "here"]);
        assert_eq!(wrapped("0123456789abcdef", 10), ["0123456789", "abcdef"]);
    }

    #[test]
    fn what_differs_is_marked() {
        let rows = [Row::equal("a"), Row::differing("b", "c")];
        let text = side_by_side(&rows, "", &Paint::plain(), 120);
        let marks: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(marks, [["expected", "|", "got"], ["a", "|", "a"], ["b", "≠", "c"]]);
    }
}
