//! Lengths of time as correlations have them: text enters, nanoseconds leave.

/// Units with their nanoseconds, longest name first where one begins like another.
const UNITS: [(&str, u64); 7] = [
    ("ms", 1_000_000),
    ("us", 1_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
];

/// The longest time, a year, in nanoseconds.
pub const fn longest() -> u64 {
    366 * 86_400_000_000_000
}

/// The nanoseconds of a text such as `90s`, `5m` or `1h30m`; `None` for other texts, for nothing, and for more than a year.
///
/// ```
/// use tercel_rules::correlation::parse_span;
///
/// assert_eq!(parse_span("1h30m"), Some(5_400_000_000_000));
/// assert_eq!(parse_span("5 minutes"), None);
/// ```
pub fn parse_span(text: &str) -> Option<u64> {
    let (mut rest, mut sum) = (text, 0u64);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at_checked(digits)?;
        let (unit, length) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        rest = after.get(unit.len()..)?;
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(*length)?)?;
    }
    (1..=longest()).contains(&sum).then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_their_nanoseconds() {
        const SECOND: u64 = 1_000_000_000;
        for (text, expected) in [
            ("90s", Some(90 * SECOND)),
            ("5m", Some(300 * SECOND)),
            ("1h30m", Some(5400 * SECOND)),
            ("2d", Some(2 * 86_400 * SECOND)),
            ("1w", Some(7 * 86_400 * SECOND)),
            ("500ms", Some(SECOND / 2)),
            ("10us", Some(10_000)),
            ("366d", Some(longest())),
            ("367d", None),
            ("99999999999999999999s", None),
            ("0s", None),
            ("", None),
            ("5", None),
            ("m", None),
            ("5 m", None),
            ("-5m", None),
            ("5M", None),
            ("1h-", None),
        ] {
            assert_eq!(parse_span(text), expected, "{text:?}");
        }
    }
}
