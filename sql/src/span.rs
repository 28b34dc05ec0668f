//! Times in queries: text enters as it is compared with the column `time`, points of a window leave.

use tercel_replay::{Point, Window};

/// A time as text begins like this; what is not written is zero.
const SHAPE: &str = "0000-01-01T00:00:00.000000000Z";

/// Nanoseconds since the epoch of the first time whose text is not less than `text`. `None` where that cannot be said: the whole
/// capture is read then.
pub(crate) fn first_not_less(text: &str) -> Option<u64> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let is_plain = text.len() < SHAPE.len()
        && text
            .bytes()
            .zip(SHAPE.bytes())
            .all(|(byte, shape)| byte == shape || byte.is_ascii_digit() && shape.is_ascii_digit());
    // A number that is half written could be the beginning of several.
    if !is_plain || !(text.len() >= 20 || [4, 7, 10, 13, 16, 19].contains(&text.len())) {
        return None;
    }
    let whole = format!("{text}{}", &SHAPE[text.len()..]);
    let time: jiff::Timestamp = whole.parse().ok()?;
    u64::try_from(time.as_nanosecond()).ok()
}

/// The events that a query is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bounds {
    from: Option<u64>,
    to: Option<u64>,
}

impl Bounds {
    /// No earlier ones.
    pub(crate) fn not_before(&mut self, text: &str) {
        if let Some(ts) = first_not_less(text) {
            self.from = Some(self.from.map_or(ts, |from| from.max(ts)));
        }
    }

    /// No later ones. The comparison itself is SQLite's; here a nanosecond more does no harm.
    pub(crate) fn not_after(&mut self, text: &str) {
        if let Some(ts) = first_not_less(text) {
            // As text, a Z comes after every fraction of the second.
            let rest = if text.ends_with('Z') && text.len() < SHAPE.len() { 1_000_000_000 } else { 1 };
            let ts = ts.saturating_add(rest);
            self.to = Some(self.to.map_or(ts, |to| to.min(ts)));
        }
    }

    pub(crate) fn window(self) -> Window {
        Window { from: self.from.map(Point::Absolute), to: self.to.map(Point::Absolute) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_times() {
        let second = 1_795_438_875_u64;
        for (text, expected) in [
            ("2026-11-23T13:01:15", Some(second * 1_000_000_000)),
            ("2026-11-23T13:01:15Z", Some(second * 1_000_000_000)),
            ("2026-11-23T13:01:15.5", Some(second * 1_000_000_000 + 500_000_000)),
            ("2026-11-23T13:01:15.500000000Z", Some(second * 1_000_000_000 + 500_000_000)),
            ("2026", Some(1_767_225_600_000_000_000)),
            ("2026-1", None),
            ("2026-11-23 13:01:15", None),
            ("13:01", None),
            ("x", None),
            ("1960-01-01", None),
        ] {
            assert_eq!(first_not_less(text), expected, "{text}");
        }
    }
}
