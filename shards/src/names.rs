//! Names in a store: hosts and days as parts of a path in the style of Hive (`dt=2026-12-01/host=web-1`).

/// Nanoseconds of a day.
const DAY: u64 = 86_400_000_000_000;

/// The day of a time, in UTC, counted from the epoch.
pub fn day(ns: u64) -> u32 {
    u32::try_from(ns / DAY).unwrap_or(u32::MAX)
}

/// A day as `YYYY-MM-DD`.
///
/// ```
/// assert_eq!(tercel_shards::date(tercel_shards::day(1_795_438_875_000_000_000)), "2026-11-23");
/// ```
pub fn date(day: u32) -> String {
    // The algorithm of Howard Hinnant's civil_from_days, for days from 1970 on.
    let shifted = u64::from(day) + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A host name as part of a path: what is not a letter, a digit, `.`, `_` or `-` is percent-encoded, as Hive does it.
pub fn segment_of_path(name: &str) -> String {
    let mut segment = String::new();
    let is_dots = name.bytes().all(|byte| byte == b'.');
    for byte in name.bytes().take(255) {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => segment.push(char::from(byte)),
            b'.' if !is_dots => segment.push('.'),
            _ => segment.push_str(&format!("%{byte:02X}")),
        }
    }
    if segment.is_empty() { "unknown".to_owned() } else { segment }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (789, "1972-02-29"),
            (11_016, "2000-02-29"),
            (20_788, "2026-12-01"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn no_name_of_a_host_leaves_its_directory() {
        for (name, expected) in
            [("web-1.x", "web-1.x"), ("..", "%2E%2E"), ("a/b", "a%2Fb"), ("", "unknown"), ("é=", "%C3%A9%3D")]
        {
            assert_eq!(segment_of_path(name), expected);
        }
    }
}
