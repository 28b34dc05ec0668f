//! What rule files say of rules in comments, which Falco and the loader pass over: the section that a rule stands in, and the false
//! positives to expect. The text of a file enters.

/// What the comment above a rule begins with, where it says what false positives to expect.
const FALSE_POSITIVES: &str = "# False positives:";

/// The heading of the section in which a line stands, from 1: the last comment before it of three lines, of which only the middle one has
/// a text.
pub(super) fn section(text: &str, line: usize) -> Option<&str> {
    let lines: Vec<&str> = text.lines().take(line.saturating_sub(1)).collect();
    lines.windows(3).rev().find_map(|window| match window {
        ["#", title, "#"] => title.strip_prefix("# ").map(str::trim),
        _ => None,
    })
}

/// The false positives to expect of the rule that begins on a line, from 1: what the comment directly above it says of them.
pub(super) fn false_positives(text: &str, line: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().take(line.saturating_sub(1)).collect();
    let above = lines.iter().rposition(|line| !line.starts_with('#')).map_or(0, |at| at + 1);
    let mut said = lines.get(above..)?.iter().skip_while(|line| !line.starts_with(FALSE_POSITIVES));
    let first = said.next()?.strip_prefix(FALSE_POSITIVES)?;
    let words = [first].into_iter().chain(said.map(|line| line.trim_start_matches('#')));
    Some(words.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
#
# Execution
#

# For x.
# False positives: tests of a,
# and of b.
- rule: A

# False positives: c.

- rule: B
#
# Two
# lines
#
- rule: C
";

    #[test]
    fn a_rule_stands_in_the_section_before_it() {
        assert_eq!(section(TEXT, 1), None);
        assert_eq!(section(TEXT, 3), None);
        for line in [4, 8, 17] {
            assert_eq!(section(TEXT, line), Some("Execution"), "{line}");
        }
    }

    #[test]
    fn false_positives_stand_directly_above() {
        assert_eq!(false_positives(TEXT, 8).as_deref(), Some("tests of a, and of b."));
        assert_eq!(false_positives(TEXT, 12), None);
        assert_eq!(false_positives(TEXT, 17), None);
        assert_eq!(false_positives("- rule: A\n", 1), None);
        assert_eq!(false_positives("", 9), None);
    }
}
