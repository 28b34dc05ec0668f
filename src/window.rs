//! `--from` and `--to`: text enters, a [`Window`] leaves. Points are absolute, relative to the first or the last event, times of day
//! as printed, or event numbers.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tercel_replay::{Point, Window};

use crate::exit::Failure;
use crate::span::Span;

/// Nanoseconds of a day.
const DAY: u64 = 86_400_000_000_000;

/// Nanoseconds of a minute.
const MINUTE: u64 = 60_000_000_000;

/// A point as it is typed; some need to know the capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// A point of any capture.
    At(Point),
    /// Nanoseconds since midnight, in the zone in which times of the capture are printed; the first such moment in the capture.
    Clock(u64),
    /// Nanoseconds before the last event.
    BeforeEnd(u64),
    /// The events of these numbers, first and last: a whole window.
    Events(u64, u64),
}

/// Reads a point in any capture.
pub fn point(text: &str) -> Result<Point, String> {
    match edge(text) {
        Ok(Edge::At(point)) => Ok(point),
        Ok(_) => Err(format!("'{text}': a test names a point as a time with its date, +DURATION or #NUMBER")),
        Err(reason) => Err(reason),
    }
}

/// Reads what is typed after `--from` or `--to`.
///
/// # Errors
/// It is none of the forms that a point may have.
pub fn edge(text: &str) -> Result<Edge, String> {
    if text.starts_with('#') {
        return number(text).ok_or_else(|| {
            format!("invalid event number '{text}'; give # and digits, as in #1200 or #1200-#1300")
        });
    }
    if let Some(ns) = text.strip_prefix('-').and_then(duration) {
        return Ok(Edge::BeforeEnd(ns));
    }
    // In lines of alerts a colon follows the time.
    let text = text.strip_suffix(':').unwrap_or(text);
    if let Some(ns) = nanoseconds(text) {
        return Ok(Edge::At(Point::Absolute(ns)));
    }
    // With a sign it is a distance, as jiff reads it; as it is printed it is a time.
    if let Some(time) = clock(text) {
        return Ok(Edge::Clock(time));
    }
    let distance = text.strip_prefix('+').or_else(|| (!text.contains(':')).then_some(text));
    if let Some(ns) = distance.and_then(duration) {
        return Ok(Edge::At(Point::Relative(ns)));
    }
    absolute(text).map(|ns| Edge::At(Point::Absolute(ns))).ok_or_else(|| {
        format!(
            "invalid point '{text}'; give a time (2026-11-23T13:01:15.5Z, or 13:01:15.5 as printed), a time after the first \
             event (+90s, 2m30s, 500ms) or before the last (-30s), or an event number (#1200)"
        )
    })
}

/// Nanoseconds since the epoch, as `evt.time` is printed in JSON, and `evt.rawtime` everywhere.
fn nanoseconds(text: &str) -> Option<u64> {
    text.parse().ok().filter(|_| text.len() == 19 && text.starts_with('1'))
}

/// `#N`, or `#N-#M`.
fn number(text: &str) -> Option<Edge> {
    let one = |text: &str| text.strip_prefix('#').and_then(|digits| digits.parse().ok());
    match text.split_once('-') {
        None => Some(Edge::At(Point::Event(one(text)?))),
        Some((first, last)) => Some(Edge::Events(one(first)?, one(last)?)),
    }
}

/// Nanoseconds since the epoch; a time without a zone is UTC.
fn absolute(text: &str) -> Option<u64> {
    let timestamp = text
        .parse::<Timestamp>()
        .or_else(|_| text.parse::<DateTime>()?.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()))
        .ok()?;
    u64::try_from(timestamp.as_nanosecond()).ok()
}

/// Nanoseconds since midnight: `22:23`, `22:23:43`, `22:23:43.43`.
fn clock(text: &str) -> Option<u64> {
    // Times with a date, which jiff reads as a time as well, are none of these.
    let time = text
        .parse::<Time>()
        .ok()
        .filter(|_| text.contains(':') && !text.contains(['-', '+', 'T', 't', ' ']))?;
    let since = time.duration_since(Time::midnight());
    u64::try_from(since.as_nanos()).ok()
}

/// A duration in nanoseconds: `1h2m3.5s`, `500ms`, `10us`, `7ns`.
fn duration(text: &str) -> Option<u64> {
    if text == "0" {
        return Some(0);
    }
    let duration = text.parse::<SignedDuration>().ok()?;
    u64::try_from(duration.as_nanos()).ok()
}

/// The window between two edges. `span` is asked for at most once, and only where an edge cannot do without.
///
/// # Errors
/// The window ends before it begins, or has two ends; what `span` says.
pub fn between(
    from: Option<Edge>,
    to: Option<Edge>,
    span: impl FnOnce() -> Result<Span, Failure>,
) -> Result<Window, Failure> {
    if let (Some(Edge::Events(first, last)), None) = (from, to) {
        let window =
            Window { from: Some(Point::Event(first)), to: Some(Point::Event(last.saturating_add(1))) };
        return in_order(window);
    }
    let edges = [from, to];
    if edges.iter().flatten().any(|edge| matches!(edge, Edge::Events(..))) {
        return Err(Failure::usage("#N-#M is a whole window: give it to --from, without --to"));
    }
    let is_fixed = |edge: &Edge| matches!(edge, Edge::At(_));
    let span = if edges.iter().flatten().all(is_fixed) { None } else { Some(span()?) };
    let placed = |edge: Edge| match (edge, &span) {
        (Edge::At(point), _) => Some(point),
        (Edge::Clock(time), Some(span)) => Some(Point::Absolute(span.next(time))),
        (Edge::BeforeEnd(ns), Some(span)) => Some(Point::Absolute(span.last.saturating_sub(ns))),
        (Edge::Clock(_) | Edge::BeforeEnd(_), None) | (Edge::Events(..), _) => None,
    };
    in_order(Window { from: from.and_then(placed), to: to.and_then(placed) })
}

fn in_order(window: Window) -> Result<Window, Failure> {
    if window.is_reversed() {
        Err(Failure::usage("the window is reversed: --to is before --from"))
    } else {
        Ok(window)
    }
}

impl Span {
    /// The first moment of the capture, or after its first event, at which clocks show this time of day. A time that was printed
    /// without its last digits may lie a little before the first event.
    fn next(&self, time: u64) -> u64 {
        let offset =
            i64::from(self.zone.offset(i64::try_from(self.first / 1_000_000_000).unwrap_or(i64::MAX)));
        let shift = offset.rem_euclid(86_400).unsigned_abs() * 1_000_000_000;
        let start = (self.first % DAY + shift) % DAY;
        let after = (time + DAY - start) % DAY;
        let next = self.first.saturating_add(after);
        if next > self.last && DAY - after < MINUTE { self.first.saturating_sub(DAY - after) } else { next }
    }
}

#[cfg(test)]
mod tests {
    use tercel_format::trace::Zone;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<Edge>) {
        assert_eq!(edge(text).ok(), expected, "{text}");
    }

    #[test]
    fn points() {
        let absolute = |ns| Some(Edge::At(Point::Absolute(ns)));
        let relative = |ns| Some(Edge::At(Point::Relative(ns)));
        check("#1200", Some(Edge::At(Point::Event(1200))));
        check("#7-#9", Some(Edge::Events(7, 9)));
        check("#x", None);
        check("#7-9", None);
        check("+90s", relative(90_000_000_000));
        check("2m30s", relative(150_000_000_000));
        check("1.5ms", relative(1_500_000));
        check("-30s", Some(Edge::BeforeEnd(30_000_000_000)));
        check("2026-11-23T13:01:15.5Z", absolute(1_795_438_875_500_000_000));
        check("2026-11-23T13:01:15.5", absolute(1_795_438_875_500_000_000));
        check("2026-11-23 13:01:15.5+0000", absolute(1_795_438_875_500_000_000));
        check("2026-11-23T14:01:15.5+01:00", absolute(1_795_438_875_500_000_000));
        check("2026-11-23T13:01:15.500000000+0000:", absolute(1_795_438_875_500_000_000));
        check("1795438875500000000", absolute(1_795_438_875_500_000_000));
        check("+0", relative(0));
        check("00:00:01:", Some(Edge::Clock(1_000_000_000)));
        check("00:00:01.000000002", Some(Edge::Clock(1_000_000_002)));
        check("+00:00:10", relative(10_000_000_000));
        check("22:23", Some(Edge::Clock(80_580_000_000_000)));
        check("", None);
        check("10", None);
        check("24:01:00", None);
        check("10 parsecs", None);
    }

    /// A capture from 23:59:50 to 00:00:20 local time, one hour before UTC.
    fn span() -> Result<Span, Failure> {
        let zone = Zone { name: "Europe/Vienna".to_owned(), offsets: vec![(0, 3600)] };
        let first = DAY * 20_000 + 23 * 3_600_000_000_000 - 10_000_000_000;
        Ok(Span { first, last: first + 30_000_000_000, zone })
    }

    #[track_caller]
    fn edges(from: &str, to: &str) -> Result<(Option<Point>, Option<Point>), String> {
        let read = |text: &str| (!text.is_empty()).then(|| edge(text).expect("an edge"));
        between(read(from), read(to), span)
            .map(|window| (window.from, window.to))
            .map_err(|failure| failure.message)
    }

    #[test]
    fn times_of_day_and_distances_from_the_end_are_placed_in_the_capture() {
        let first = span().expect("a span").first;
        let at = |seconds: u64| Some(Point::Absolute(first + seconds * 1_000_000_000));
        assert_eq!(edges("23:59:50", ""), Ok((at(0), None)));
        assert_eq!(edges("23:59:55", "00:00:05"), Ok((at(5), at(15))));
        // Printed without its last digits, it may be a little before the first event.
        assert_eq!(edges("23:59", ""), Ok((Some(Point::Absolute(first - 50_000_000_000)), None)));
        assert_eq!(edges("23:58", ""), Ok((at(86_290), None)));
        assert_eq!(edges("-12s", "-2s"), Ok((at(18), at(28))));
        assert_eq!(edges("#3-#5", ""), Ok((Some(Point::Event(3)), Some(Point::Event(6)))));
        assert!(edges("#3-#5", "#9").is_err());
        assert!(edges("", "#3-#5").is_err());
        for (from, to) in [("#5-#3", ""), ("-2s", "-12s"), ("00:00:05", "23:59:55"), ("#9", "#3")] {
            assert_eq!(edges(from, to), Err("the window is reversed: --to is before --from".to_owned()));
        }
    }

    #[test]
    fn a_span_is_looked_up_only_where_it_matters() {
        let unknown = || Err(Failure::usage("looked"));
        let told = |text: &str| between(edge(text).ok(), None, unknown).map_err(|failure| failure.message);
        assert!(told("+3s").is_ok());
        assert_eq!(told("-3s"), Err("looked".to_owned()));
    }
}
