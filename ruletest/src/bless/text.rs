//! Pieces of YAML in the layout of the text around them.

use crate::suite::{Layout, Span};

/// A replacement of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    /// What goes; nothing if text is inserted.
    pub(crate) span: Span,
    /// What comes.
    pub(crate) text: String,
}

/// A count as test files have it.
pub(crate) fn count(count: u64) -> String {
    if count == 0 { "none".to_owned() } else { count.to_string() }
}

/// A text as a scalar, in quotes only where that is needed.
pub(crate) fn scalar(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '+' | '-' | '(' | ')' | ' ');
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_');
    let bare = text.chars().all(plain)
        && text.starts_with(word)
        && !text.ends_with(' ')
        && !matches!(text, "null" | "Null" | "NULL");
    // A string of JSON is one of YAML.
    if bare { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

/// Whether the collection at a place is written in brackets.
fn in_brackets(text: &str, at: usize) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(['{', '[']))
}

/// Blanks up to the column of a place.
fn indent(text: &str, at: usize) -> String {
    let line = text.get(..at).unwrap_or_default();
    let start = line.rfind('\n').map_or(0, |end| end + 1);
    " ".repeat(at - start)
}

/// An insertion.
fn insert(at: usize, text: String) -> Edit {
    Edit { span: Span { from: at, to: at }, text }
}

/// A pair put before all others of a mapping.
pub(crate) fn first_key(text: &str, mapping: Span, pair: &str) -> Vec<Edit> {
    if in_brackets(text, mapping.from) {
        return vec![insert(mapping.from + 1, format!("{pair}, "))];
    }
    vec![insert(mapping.from, format!("{pair}\n{}", indent(text, mapping.from)))]
}

/// Where a collection without brackets ends: after the last line that is no comment.
fn end(text: &str, span: Span) -> usize {
    let mut end = span.from;
    let mut at = span.from;
    for line in text.get(span.from..span.to).unwrap_or_default().split_inclusive('\n') {
        let content = line.trim();
        if !content.is_empty() && (at == span.from || !content.starts_with('#')) {
            end = at + line.trim_end().len();
        }
        at += line.len();
    }
    end
}

/// A pair put after all others of the case.
pub(crate) fn with_key(text: &str, layout: &Layout, pair: &str) -> Option<Edit> {
    let case = layout.case?;
    if in_brackets(text, case.from) {
        return Some(insert(case.to.saturating_sub(1), format!(", {pair}")));
    }
    Some(insert(end(text, case), format!("\n{}{pair}", indent(text, case.from))))
}

/// Rules with their counts, added to those that the case expects.
pub(crate) fn with_rules(text: &str, layout: &Layout, rules: &[(String, u64)]) -> Vec<Edit> {
    let pairs: Vec<String> =
        rules.iter().map(|(rule, got)| format!("{}: {}", scalar(rule), count(*got))).collect();
    if let Some(expect) = layout.expect {
        if in_brackets(text, expect.from) {
            return vec![insert(expect.from + 1, format!("{}, ", pairs.join(", ")))];
        }
        let blanks = indent(text, expect.from);
        return vec![insert(
            end(text, expect),
            pairs.iter().map(|pair| format!("\n{blanks}{pair}")).collect(),
        )];
    }
    let Some(case) = layout.case else { return Vec::new() };
    let pair = if in_brackets(text, case.from) {
        format!("expect: {{{}}}", pairs.join(", "))
    } else {
        let blanks = indent(text, case.from);
        let lines: String = pairs.iter().map(|pair| format!("\n{blanks}  {pair}")).collect();
        format!("expect:{lines}")
    };
    with_key(text, layout, &pair).into_iter().collect()
}

/// A list written again, in brackets or line by line as it was.
pub(crate) fn list(text: &str, span: Span, items: &[&str]) -> Edit {
    let items: Vec<String> = items.iter().map(|item| scalar(item)).collect();
    if in_brackets(text, span.from) || items.is_empty() {
        let to = if in_brackets(text, span.from) { span.to } else { end(text, span) };
        return Edit { span: Span { from: span.from, to }, text: format!("[{}]", items.join(", ")) };
    }
    let blanks = indent(text, span.from);
    let lines: Vec<String> = items.iter().map(|item| format!("- {item}")).collect();
    let span = Span { from: span.from, to: end(text, span) };
    Edit { span, text: lines.join(&format!("\n{blanks}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_quoted_where_they_have_to_be() {
        for (text, expected) in [
            ("nginx", "nginx"),
            ("Shell spawned (by server)", "Shell spawned (by server)"),
            ("/etc/a.conf", "/etc/a.conf"),
            ("a: b", "\"a: b\""),
            ("- a", "\"- a\""),
            ("", "\"\""),
            ("null", "\"null\""),
            ("a\nb", "\"a\\nb\""),
            ("sh -c \"x\"", "\"sh -c \\\"x\\\"\""),
        ] {
            assert_eq!(scalar(text), expected, "{text:?}");
        }
    }

    #[test]
    fn comments_behind_a_collection_are_not_part_of_it() {
        let text = "a:\n  b: 1  # one\n  # more\n\n# next\nc: 2\n";
        let span = Span { from: 5, to: text.find("c:").expect("there") };
        assert_eq!(text.get(..end(text, span)), Some("a:\n  b: 1  # one"));
    }
}
