//! Regular expressions of rules (RE2's POSIX syntax, reference language 3.13) for the regex crate, whose syntax differs in a
//! few places. A pattern enters that the rule compiler has accepted, an automaton for whole texts leaves.

use regex::bytes::{Regex, RegexBuilder};

/// The automaton that tells whether `pattern` matches a text from its first to its last byte. As in RE2's POSIX mode `^` and `$`
/// also match at line ends, and a dot matches no line end. `None` where the pattern is not understood.
pub fn whole_match(pattern: &[u8]) -> Option<Regex> {
    let pattern = std::str::from_utf8(pattern).ok()?;
    RegexBuilder::new(&format!("\\A(?:{})\\z", translate(pattern))).multi_line(true).build().ok()
}

/// Writes what RE2 takes literally so that the regex crate takes it literally as well: braces that are no repetition, and in a
/// class the characters that would nest or combine classes.
fn translate(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\\' => rest = escape(rest, &mut out),
            '[' => rest = class(rest, &mut out),
            '{' if !is_repetition(rest) => out.push_str("\\{"),
            _ => out.push(c),
        }
    }
    out
}

/// Takes over an escape from behind its backslash; `\<` and `\>` are no word boundaries in RE2.
fn escape<'p>(rest: &'p str, out: &mut String) -> &'p str {
    let Some(c) = rest.chars().next() else {
        out.push('\\');
        return rest;
    };
    if !matches!(c, '<' | '>') {
        out.push('\\');
    }
    out.push(c);
    &rest[c.len_utf8()..]
}

/// Takes over a class from behind its opening bracket.
fn class<'p>(mut rest: &'p str, out: &mut String) -> &'p str {
    out.push('[');
    if let Some(behind) = rest.strip_prefix('^') {
        out.push('^');
        rest = behind;
    }
    let mut first = true;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            ']' if !first => {
                out.push(']');
                return rest;
            }
            '\\' => rest = escape(rest, out),
            '[' if rest.starts_with(':')
                && let Some(end) = rest.find(":]") =>
            {
                out.push('[');
                out.push_str(&rest[..end + 2]);
                rest = &rest[end + 2..];
            }
            '[' | ']' | '&' | '~' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        first = false;
    }
    rest
}

/// Whether `n}`, `n,}` or `n,m}` follows.
fn is_repetition(rest: &str) -> bool {
    let Some(end) = rest.find('}') else { return false };
    let (low, high) = rest[..end].split_once(',').unwrap_or((&rest[..end], ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !low.is_empty() && digits(low) && digits(high)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_match_whole_texts() {
        for (pattern, text, expected) in [
            ("a|ab", "ab", true),
            ("a", "ab", false),
            ("^c.t$", "cat", true),
            (".*", "a\nb", false),
            ("a\n^b", "a\nb", true),
            ("[a&&b]", "&", true),
            ("[[a]]", "[]", true),
            ("[[:digit:]]+", "123", true),
            ("[]a]", "]", true),
            ("a{2}", "aa", true),
            ("a{x}", "a{x}", true),
            ("{}", "{}", true),
            ("\\<a\\>", "<a>", true),
            ("[^/]*/x", "usr/x", true),
            ("\u{fffd}.", "\u{fffd}\u{e9}", true),
        ] {
            let regex = whole_match(pattern.as_bytes()).unwrap_or_else(|| panic!("{pattern}"));
            assert_eq!(regex.is_match(text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
