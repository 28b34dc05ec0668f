//! What an expectation asks of a value and of a number of alerts: nodes enter, tests leave.

use std::fmt;

use regex::Regex;
use tercel_rules::load::yaml::{Node, NodeKind};

use super::document::{Document, Read};

/// Keys of a matcher that is a mapping.
pub(crate) const MATCHER_KEYS: [&str; 4] = ["glob", "regex", "contains", "not"];

/// A test of a text.
#[derive(Debug, Clone)]
pub(crate) enum Matcher {
    /// It is one of these.
    Equal(Vec<String>),
    /// It matches the whole of a pattern with `*` and `?`.
    Glob(String, Regex),
    /// It matches the whole of a regular expression.
    Regex(String, Regex),
    /// This stands in it.
    Contains(String),
    /// The other test fails.
    Not(Box<Matcher>),
}

impl Matcher {
    /// Reads a matcher: a value, a list of values, or a mapping with one key.
    pub(crate) fn read(document: &Document, node: &std::rc::Rc<Node>) -> Read<Matcher> {
        let NodeKind::Mapping(_) = node.kind else {
            let texts = document.texts(node, "a value")?;
            return Ok(Matcher::Equal(texts.into_iter().map(|(text, _)| text.to_owned()).collect()));
        };
        let table = document.table(node, "a matcher", &MATCHER_KEYS)?;
        let [(key, _, value)] = table.pairs() else {
            return Err(document
                .problem(node, format!("a matcher must have exactly one key: {}", MATCHER_KEYS.join(", "))));
        };
        match *key {
            "not" => Ok(Matcher::Not(Box::new(Matcher::read(document, value)?))),
            "contains" => Ok(Matcher::Contains(document.text(value, key)?.to_owned())),
            "glob" => {
                let text = document.text(value, key)?;
                let regex = compile(document, value, &translated(text))?;
                Ok(Matcher::Glob(text.to_owned(), regex))
            }
            _ => {
                let text = document.text(value, key)?;
                let regex = compile(document, value, &format!("^(?:{text})$"))?;
                Ok(Matcher::Regex(text.to_owned(), regex))
            }
        }
    }

    /// Whether a value passes.
    pub(crate) fn holds(&self, value: &str) -> bool {
        match self {
            Matcher::Equal(values) => values.iter().any(|other| other == value),
            Matcher::Glob(_, regex) | Matcher::Regex(_, regex) => regex.is_match(value),
            Matcher::Contains(part) => value.contains(part.as_str()),
            Matcher::Not(inner) => !inner.holds(value),
        }
    }
}

fn compile(document: &Document, node: &Node, pattern: &str) -> Read<Regex> {
    Regex::new(pattern).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        document.problem(node, format!("invalid pattern: {reason}"))
    })
}

/// A glob as a regular expression.
fn translated(glob: &str) -> String {
    let mut pattern = String::from("(?s)^");
    let mut letter = [0; 4];
    for c in glob.chars() {
        match c {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            c => pattern.push_str(&regex::escape(c.encode_utf8(&mut letter))),
        }
    }
    pattern.push('$');
    pattern
}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Matcher::Equal(values) => match values.as_slice() {
                [only] => f.write_str(only),
                several => write!(f, "one of [{}]", several.join(", ")),
            },
            Matcher::Glob(text, _) => write!(f, "glob {text}"),
            Matcher::Regex(text, _) => write!(f, "regex {text}"),
            Matcher::Contains(text) => write!(f, "contains {text}"),
            Matcher::Not(inner) => write!(f, "not {inner}"),
        }
    }
}

/// How many alerts there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    /// At least.
    pub(crate) least: u64,
    /// At most.
    pub(crate) most: Option<u64>,
}

impl Count {
    /// None.
    pub(crate) const NONE: Count = Count { least: 0, most: Some(0) };
    /// At least one.
    pub(crate) const SOME: Count = Count { least: 1, most: None };

    /// Reads `none`, `some`, `any`, `3`, `3+` or `2..4`.
    pub(crate) fn parse(text: &str) -> Option<Count> {
        let between = |least, most| Some(Count { least, most });
        match text {
            "none" => return Some(Count::NONE),
            "some" => return Some(Count::SOME),
            "any" => return between(0, None),
            _ => {}
        }
        // Not ">=3": YAML would take the sign for the start of a block.
        if let Some(least) = text.strip_suffix('+') {
            return between(number(least)?, None);
        }
        if let Some((least, most)) = text.split_once("..") {
            let (least, most) = (number(least)?, number(most)?);
            return (least <= most).then_some(Count { least, most: Some(most) });
        }
        let exact = number(text)?;
        between(exact, Some(exact))
    }

    /// Reads a count.
    pub(crate) fn read(document: &Document, node: &Node) -> Read<Count> {
        let text = document.text(node, "a count")?;
        Count::parse(text).ok_or_else(|| {
            let message = format!("invalid count '{text}'; give 3, 3+, 2..4, none, some or any");
            document.problem(node, message)
        })
    }

    /// Whether a number passes.
    pub(crate) fn holds(self, number: u64) -> bool {
        number >= self.least && self.most.is_none_or(|most| number <= most)
    }
}

/// Digits and nothing else as a number.
fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (0, Some(0)) => f.write_str("none"),
            (0, None) => f.write_str("any"),
            (1, None) => f.write_str("some"),
            (least, None) => write!(f, "{least}+"),
            (least, Some(most)) if least == most => write!(f, "{least}"),
            (least, Some(most)) => write!(f, "{least}..{most}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_written_as_they_are_read() {
        for text in ["none", "some", "any", "3", "3+", "0..3", "2..4"] {
            assert_eq!(Count::parse(text).map(|count| count.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Count::parse("0"), Some(Count::NONE));
        for text in ["", "-1", "many", "4..2", "x+", "1.5"] {
            assert_eq!(Count::parse(text), None, "{text}");
        }
    }

    #[test]
    fn globs_match_whole_texts() {
        let glob = |pattern: &str| Regex::new(&translated(pattern)).expect("a pattern");
        assert!(glob("/etc/*.conf").is_match("/etc/a/b.conf"));
        assert!(!glob("/etc/*.conf").is_match("/etc/b.conf.d"));
        assert!(glob("a?c").is_match("abc"));
        assert!(!glob("a.c").is_match("abc"));
    }
}
