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
    /// Whether it ends before it begins, whatever the capture; not known of points of different kinds.
    pub fn is_reversed(&self) -> bool {
        match (self.from, self.to) {
            (Some(Point::Absolute(from)), Some(Point::Absolute(to)))
            | (Some(Point::Relative(from)), Some(Point::Relative(to)))
            | (Some(Point::Event(from)), Some(Point::Event(to))) => from > to,
            _ => false,
        }
    }

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
    use tercel_format::catalogue::code;

    use super::*;

    #[test]
    fn a_window_ends_where_no_later_event_can_lie_inside() {
        const FIRST: u64 = 1_000_000;
        let close = Event::new(code::SYSCALL_CLOSE_X, &[], &[]).expect("known code");
        let absolute = Window { from: Some(Point::Absolute(500)), to: Some(Point::Absolute(900)) };
        let relative = Window { from: Some(Point::Relative(500)), to: Some(Point::Relative(900)) };
        let numbered = Window { from: Some(Point::Event(5)), to: Some(Point::Event(9)) };
        for (window, num, ts, expected) in [
            (Window::default(), 1, 0, Position::Inside),
            (absolute, 9, 499, Position::Before),
            (absolute, 1, 500, Position::Inside),
            (absolute, 1, 899, Position::Inside),
            (absolute, 1, 900, Position::Behind),
            (absolute, 1, 899 + DISORDER, Position::Behind),
            (absolute, 1, 900 + DISORDER, Position::End),
            (relative, 9, FIRST + 499, Position::Before),
            (relative, 1, FIRST + 500, Position::Inside),
            (relative, 1, FIRST + 899, Position::Inside),
            (relative, 1, FIRST + 900, Position::Behind),
            (relative, 1, FIRST + 899 + DISORDER, Position::Behind),
            (relative, 1, FIRST + 900 + DISORDER, Position::End),
            (numbered, 4, 600, Position::Before),
            (numbered, 5, 600, Position::Inside),
            (numbered, 8, 600, Position::Inside),
            (numbered, 9, 600, Position::End),
        ] {
            let mut event = close;
            (event.num, event.ts) = (num, ts);
            assert_eq!(window.position(&event, FIRST), expected, "{window:?}, {num} at {ts}");
        }
    }

    #[test]
    fn distances_count_from_the_first_event() {
        let rows =
            [(1_000, 400, 600, true), (1_000, 401, 600, false), (1_000, 0, 1, false), (1_000, 0, 0, true)];
        for (ts, first, ns, expected) in rows {
            assert_eq!(Point::Relative(ns).reached(1, ts, first), expected, "{ts} from {first}");
        }
    }
}
