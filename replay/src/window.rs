//! Which events of a capture rules see, and which of them is the last that can matter.

use tercel_format::Event;

/// A point in a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// Nanoseconds since the epoch.
    Absolute(u64),
    /// Nanoseconds since the first event of the capture (reference state 1.10).
    Relative(u64),
    /// Number of an event.
    Event(u64),
}

/// A part of a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// Its first point; none where it begins with the capture.
    pub from: Option<Point>,
    /// The first point after it; none where it ends with the capture.
    pub to: Option<Point>,
}

/// Events of one capture may be a little out of order; this far after its end a window is over for good.
pub(crate) const DISORDER: u64 = 10_000_000_000;

/// Where an event lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Before the window.
    Before,
    /// In it.
    Inside,
    /// After it; later events may still lie inside.
    Behind,
    /// No later event lies inside.
    End,
}

impl Window {
    /// Whether it is the whole capture.
    pub(crate) fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Where an event lies in the window, in a capture whose first event has the time `first`.
    pub fn position(&self, event: &Event<'_>, first: u64) -> Position {
        if self.from.is_some_and(|from| !from.reached(event.num, event.ts, first)) {
            return Position::Before;
        }
        match self.to {
            Some(to) if to.reached(event.num, event.ts, first) => match to {
                Point::Event(_) => Position::End,
                Point::Absolute(ts) if event.ts >= ts.saturating_add(DISORDER) => Position::End,
                Point::Relative(ns) if distance(event.ts, first) >= ns.saturating_add(DISORDER) => {
                    Position::End
                }
                Point::Absolute(_) | Point::Relative(_) => Position::Behind,
            },
            _ => Position::Inside,
        }
    }
}

impl Point {
    /// Whether the event of this number and time lies at the point or after it, in a capture whose first event has the
    /// time `first`.
    pub fn reached(self, number: u64, ts: u64, first: u64) -> bool {
        match self {
            Point::Absolute(at) => ts >= at,
            Point::Relative(ns) => distance(ts, first) >= ns,
            Point::Event(at) => number >= at,
        }
    }
}

/// Nanoseconds since the first event; 0 before it, where only events stand that are none of the host's.
fn distance(ts: u64, first: u64) -> u64 {
    if first == 0 { 0 } else { ts.saturating_sub(first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_from_the_first_event() {
        let rows =
            [(1_000, 400, 600, true), (1_000, 401, 600, false), (1_000, 0, 1, false), (1_000, 0, 0, true)];
        for (ts, first, ns, expected) in rows {
            assert_eq!(Point::Relative(ns).reached(1, ts, first), expected, "{ts} from {first}");
        }
    }
}
