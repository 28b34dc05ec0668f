//! Regular expressions that are none: those that match one of several texts, or texts with a given beginning, end or middle. A pattern
//! enters, the operator and the values that say the same leave. Patterns match whole texts, as in the rule language.

/// What a pattern says in simpler words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Simpler {
    /// The operator.
    pub(super) op: &'static str,
    /// Its values.
    pub(super) values: Vec<String>,
}

/// The simpler words for a pattern, if there are some.
pub(super) fn simpler(pattern: &str) -> Option<Simpler> {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    let pattern = match pattern.strip_suffix('$') {
        Some(rest) if !rest.ends_with('\\') => rest,
        _ => pattern,
    };
    let (open, rest) = match pattern.strip_prefix(".*") {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let (closed, middle) = match rest.strip_suffix(".*") {
        Some(middle) if !middle.ends_with('\\') => (false, middle),
        _ => (true, rest),
    };
    let grouped = middle.strip_prefix("(?:").or_else(|| middle.strip_prefix('('));
    let is_whole = !open && closed;
    let inner = match grouped.and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) if !inner.contains(['(', ')']) => inner,
        // Without brackets, bars divide the whole pattern.
        _ if middle.contains('|') && !is_whole => return None,
        _ => middle,
    };
    let values: Vec<String> = inner.split('|').map(literal).collect::<Option<_>>()?;
    let op = match (open, closed, values.len()) {
        (false, true, 1) => "=",
        (false, true, _) => "in",
        (false, false, 1) => "startswith",
        (false, false, _) => "startswith anyof",
        (true, true, 1) => "endswith",
        (true, true, _) => "endswith anyof",
        (true, false, 1) => "contains",
        (true, false, _) => "contains anyof",
    };
    (!values.iter().any(String::is_empty)).then_some(Simpler { op, values })
}

/// The text that an expression without operators matches.
fn literal(expression: &str) -> Option<String> {
    let mut text = String::new();
    let mut characters = expression.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next()? {
                escaped if escaped.is_ascii_alphanumeric() => return None,
                escaped => text.push(escaped),
            },
            '.' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '^' | '$' | '|' => return None,
            plain => text.push(plain),
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, expected: Option<(&'static str, &[&str])>) {
        let expected = expected.map(|(op, values)| Simpler {
            op,
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        });
        assert_eq!(simpler(pattern), expected, "{pattern}");
    }

    #[test]
    fn patterns_that_need_no_regex() {
        check("^(sh|bash|a\\.b)$", Some(("in", &["sh", "bash", "a.b"])));
        check("sh|bash", Some(("in", &["sh", "bash"])));
        check("nginx", Some(("=", &["nginx"])));
        check("/etc/.*", Some(("startswith", &["/etc/"])));
        check("^(/etc|/usr)/.*", None);
        check("(?:/etc/|/usr/).*$", Some(("startswith anyof", &["/etc/", "/usr/"])));
        check(".*\\.so", Some(("endswith", &[".so"])));
        check(".*(pass|shadow).*", Some(("contains anyof", &["pass", "shadow"])));
        check(".*pass|shadow.*", None);
        for pattern in ["a+b", "[ab]", "(a|b", "\\d+", "a.b", "", ".*", "(a|)", "a\\$", "((a)|b)", "x\\.*"] {
            let found = simpler(pattern);
            let is_literal = pattern == "a\\$";
            assert_eq!(found.is_some(), is_literal, "{pattern}: {found:?}");
        }
    }
}
