//! `#nolint CODE` comments: lines of rule files and findings enter, the findings that are left leave, with what is wrong about the
//! comments themselves.
//!
//! A comment counts for the line that it ends, or, alone on its line, for the next line that is not a comment. What begins on that line
//! is meant as a whole: an item of the file, or a text that goes on below its key.

use std::ops::Range;
use std::sync::Arc;

use tercel_rules::load::Place;

use super::{Code, Finding};

/// What a comment begins with, behind the `#` and blanks.
const WORD: &str = "nolint";

/// A comment.
struct Comment {
    place: Place,
    codes: Vec<Code>,
    unknown: Vec<String>,
    /// The line it is about.
    target: usize,
    /// That line and those of the text that begins there.
    lines: Range<usize>,
    used: Vec<Code>,
}

/// Leaves out what comments allow, and adds what is wrong with comments.
pub(super) fn apply(files: &[(&str, &str)], findings: Vec<Finding>) -> Vec<Finding> {
    let mut comments: Vec<Comment> = files.iter().flat_map(|(name, text)| comments(name, text)).collect();
    let mut left: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        let mut allowed = false;
        for comment in comments.iter_mut().filter(|comment| comment.is_about(&finding)) {
            allowed = true;
            comment.used.push(finding.code);
        }
        if !allowed {
            left.push(finding);
        }
    }
    for comment in comments {
        left.extend(comment.remarks());
    }
    left
}

impl Comment {
    fn is_about(&self, finding: &Finding) -> bool {
        let starts = finding
            .start
            .as_ref()
            .is_some_and(|(file, line)| **file == *self.place.file && *line == self.target);
        let holds = finding.place.file == self.place.file && self.lines.contains(&finding.place.line);
        self.codes.contains(&finding.code) && (starts || holds)
    }

    fn remarks(&self) -> Vec<Finding> {
        let new = |code, message, fix| Finding::new(code, self.place.clone(), message, fix);
        let mut remarks: Vec<Finding> = Vec::new();
        for unknown in &self.unknown {
            remarks.push(new(Code::NolintUnknown, format!("unknown code '{unknown}'"), None));
        }
        if self.codes.is_empty() && self.unknown.is_empty() {
            remarks.push(new(Code::NolintEmpty, "the comment names no code".to_owned(), None));
        }
        for code in self.codes.iter().filter(|code| !self.used.contains(code)) {
            let message = format!("nothing to allow: {} ({}) is not found here", code.code(), code.name());
            remarks.push(new(Code::NolintUnused, message, None));
        }
        remarks
    }
}

/// The comments of a file.
fn comments(name: &str, text: &str) -> Vec<Comment> {
    let file: Arc<str> = name.into();
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let mut offset = 0;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if let Some((column, rest)) = comment(line) {
            let alone = line.get(..column).unwrap_or_default().trim().is_empty();
            let target = if alone { next_line(&lines, at) } else { at };
            let (codes, unknown) = codes(rest);
            let place = Place::of(Arc::clone(&file), text, offset + column);
            let lines = target + 1..block_end(&lines, target) + 1;
            found.push(Comment { place, codes, unknown, target: target + 1, lines, used: Vec::new() });
        }
        offset += line.len();
    }
    found
}

/// Where the comment of a line begins, and what follows its word.
fn comment(line: &str) -> Option<(usize, &str)> {
    line.match_indices('#').find_map(|(at, _)| {
        let before = line.get(..at)?.chars().next_back();
        let rest = line.get(at + 1..)?.trim_start_matches([' ', '\t']).strip_prefix(WORD)?;
        let ends = rest.is_empty() || rest.starts_with([' ', '\t', ':', ',', '\r', '\n']);
        (before.is_none_or(|c| c == ' ' || c == '\t') && ends).then_some((at, rest))
    })
}

/// The codes behind the word, up to the first word that is none: what follows is the reason.
fn codes(rest: &str) -> (Vec<Code>, Vec<String>) {
    let (mut codes, mut unknown) = (Vec::new(), Vec::new());
    let words = rest.split([' ', '\t', ',', ':', '\r', '\n']).filter(|word| !word.is_empty());
    for word in words {
        match Code::of(word) {
            Some(code) => codes.push(code),
            None if is_like_code(word) => unknown.push(word.to_owned()),
            None => break,
        }
    }
    (codes, unknown)
}

fn is_like_code(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let letters = word.len() - digits.len();
    (1..=3).contains(&letters)
        && (1..=5).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
}

/// The next line that is neither blank nor a comment, from 0.
fn next_line(lines: &[&str], at: usize) -> usize {
    let rest = lines.iter().enumerate().skip(at + 1);
    let mut code = rest.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    code.next().map_or(at, |(next, _)| next)
}

/// The line after the text that begins on a line: that of a key whose value stands below it, deeper than the key.
fn block_end(lines: &[&str], at: usize) -> usize {
    let Some(line) = lines.get(at) else { return at + 1 };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let code = line.split(" #").next().unwrap_or(line).trim_end();
    let begins = [":", ">", "|", ">-", "|-", ">+", "|+"].iter().any(|end| code.ends_with(end));
    if !begins || code.trim_start().starts_with("- ") {
        return at + 1;
    }
    let deeper = lines.iter().enumerate().skip(at + 1);
    let mut behind = deeper.filter(|(_, other)| !other.trim().is_empty() && indent(other) <= indent(line));
    behind.next().map_or(lines.len(), |(end, _)| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_end_where_the_reason_begins() {
        for (line, expected) in [
            ("#nolint L101", Some("L101")),
            ("  # nolint L101, L203: wanted", Some("L101 L203")),
            ("a: b # nolint: L101 since L203 is not meant", Some("L101")),
            ("#nolint L777", Some("?L777")),
            ("#nolint because", Some("")),
            ("#nolinting L101", None),
            ("a#nolint L101", None),
            ("# see nolint L101", None),
        ] {
            let found = comment(line).map(|(_, rest)| {
                let (codes, unknown) = codes(rest);
                let codes = codes.iter().map(|code| code.code().to_owned());
                codes.chain(unknown.iter().map(|code| format!("?{code}"))).collect::<Vec<_>>().join(" ")
            });
            assert_eq!(found.as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn a_comment_is_about_a_line_or_what_begins_there() {
        let text = "# nolint L101\n\n- rule: a\n  condition: >\n    b\n\n    c\n  output: d # nolint L101\n";
        let found: Vec<(usize, Range<usize>)> =
            comments("f", text).into_iter().map(|comment| (comment.target, comment.lines)).collect();
        assert_eq!(found, [(3, 3..4), (8, 8..9)]);
        let text = "- rule: a\n  # nolint L101\n  condition: >\n    b\n\n    c\n  output: d\n";
        let found: Vec<Range<usize>> = comments("f", text).into_iter().map(|comment| comment.lines).collect();
        assert_eq!(found.first(), Some(&(3..7)));
    }
}
