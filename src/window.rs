//! `--from` and `--to`: text enters, a [`Point`] leaves. Points are absolute, relative to the first event, or event numbers.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tercel_replay::Point;

/// Reads a point in a capture.
pub fn point(text: &str) -> Result<Point, String> {
    if let Some(number) = text.strip_prefix('#') {
        return number
            .parse()
            .map(Point::Event)
            .map_err(|_| format!("'{text}': an event number is # and digits, as in #1200"));
    }
    if let Some(ns) = duration(text.strip_prefix('+').unwrap_or(text)) {
        return Ok(Point::Relative(ns));
    }
    absolute(text).map(Point::Absolute).ok_or_else(|| {
        format!(
            "'{text}' is not a point in a capture: give a time (2026-11-23T13:01:15.5Z), \
             a distance from the first event (+90s, 2m30s, 500ms) or an event number (#1200)"
        )
    })
}

/// Nanoseconds since the epoch; a time without a zone is UTC.
fn absolute(text: &str) -> Option<u64> {
    let timestamp = text
        .parse::<Timestamp>()
        .or_else(|_| text.parse::<DateTime>()?.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()))
        .ok()?;
    u64::try_from(timestamp.as_nanosecond()).ok()
}

/// A duration in nanoseconds: `1h2m3.5s`, `500ms`, `10us`, `7ns`.
fn duration(text: &str) -> Option<u64> {
    let duration = text.parse::<SignedDuration>().ok()?;
    u64::try_from(duration.as_nanos()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Point>) {
        assert_eq!(point(text).ok(), expected, "{text}");
    }

    #[test]
    fn points() {
        check("#1200", Some(Point::Event(1200)));
        check("#x", None);
        check("+90s", Some(Point::Relative(90_000_000_000)));
        check("2m30s", Some(Point::Relative(150_000_000_000)));
        check("1.5ms", Some(Point::Relative(1_500_000)));
        check("2026-11-23T13:01:15.5Z", Some(Point::Absolute(1_795_438_875_500_000_000)));
        check("2026-11-23T13:01:15.5", Some(Point::Absolute(1_795_438_875_500_000_000)));
        check("2026-11-23 13:01:15.5+0000", Some(Point::Absolute(1_795_438_875_500_000_000)));
        check("2026-11-23T14:01:15.5+01:00", Some(Point::Absolute(1_795_438_875_500_000_000)));
        check("", None);
        check("10", None);
        check("10 parsecs", None);
    }
}
