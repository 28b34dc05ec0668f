//! An explanation as lines for people: the tree, each part with its answer, the value that the event has and the place in the rule
//! files; what decided is marked.

use console::{Style, measure_text_width};

use super::explanation::Explanation;
use super::outline::{ShortNames, walk, words};
use super::tree::Kind;
use crate::options::Screen;
use crate::report::Paint;
use crate::visible::shortened;

/// How an explanation is printed.
#[derive(Debug, Clone, Copy, Default)]
pub struct TextStyle {
    /// Colours and columns.
    pub screen: Screen,
    /// Also what did not decide, and all of long terms and values.
    pub full: bool,
}

/// Most columns of a part's words.
const WIDEST: usize = 64;

/// Most characters of a value.
const VALUE: usize = 100;

/// A line of the tree.
struct Line {
    holds: bool,
    matters: bool,
    text: String,
    value: String,
    place: String,
}

impl Explanation {
    /// The tree as lines.
    pub fn text(&self, style: &TextStyle) -> String {
        let lines = self.lines(style.full);
        let paint = Paint::new(style.screen);
        let widest = lines.iter().map(|line| measure_text_width(&line.text)).max().unwrap_or(0);
        let widest = if style.full { widest } else { widest.min(WIDEST) };
        let values =
            lines.iter().map(|line| measure_text_width(&line.value)).filter(|width| *width <= VALUE / 2);
        let of_values = values.max().unwrap_or(0);
        let mut out = String::new();
        for line in &lines {
            let text =
                if style.full { line.text.clone() } else { shortened(&line.text, widest).into_owned() };
            let padding = " ".repeat(widest.saturating_sub(measure_text_width(&text)));
            let value =
                if style.full { line.value.clone() } else { shortened(&line.value, VALUE).into_owned() };
            let after = " ".repeat(of_values.saturating_sub(measure_text_width(&value)));
            let mark = if line.holds { paint.good("✓") } else { paint.bad("✗") };
            let star = if line.matters { "*" } else { " " };
            let bold = |text: String| if line.matters { paint.bold(&text) } else { text };
            let place = paint.text(Style::new().dim(), &line.place);
            let line = format!("  {star} {mark} {}{padding}  {}{after}  {place}", bold(text), bold(value));
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    fn lines(&self, full: bool) -> Vec<Line> {
        let tree = &self.rule.tree;
        let names = ShortNames::of(tree);
        // Before each term, how many of those that matter stand before it.
        let mut before = vec![0_usize];
        before.extend((0..tree.checks.len()).scan(0, |count, term| {
            *count += usize::from(self.matters(term));
            Some(*count)
        }));
        let count = |terms: usize| before.get(terms).copied().unwrap_or(0);
        let mut lines = Vec::new();
        walk(tree, &mut |part| {
            let Some(node) = tree.nodes.get(part.node) else { return false };
            let terms = self.positions(part.node);
            let matters = count(terms.end) > count(terms.start);
            let is_closed = !full && !matters && terms.len() > 1;
            let mut text = words(tree, part);
            if is_closed {
                text.push_str(&format!(" ({} terms)", terms.len()));
            }
            let value = match node.kind {
                Kind::Term(term) => self.value_text(term),
                Kind::All | Kind::Any | Kind::Not => String::new(),
            };
            let place = names.place(&node.place);
            lines.push(Line { holds: self.is(part.node) != part.is_negated, matters, text, value, place });
            !is_closed
        });
        lines
    }

    /// Positions of the terms below a node.
    fn positions(&self, at: usize) -> std::ops::Range<usize> {
        let tree = &self.rule.tree;
        let end = tree.nodes.get(at).map_or(at, |node| node.end);
        let from = tree.checks.partition_point(|check| check.node < at);
        from..tree.checks.partition_point(|check| check.node < end)
    }
}
