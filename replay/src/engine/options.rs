//! What to evaluate of a capture, and how.

use tercel_format::Event;

use crate::eval::Matching;
use crate::fields::Settings;
use crate::window::{Point, Position, Window};

/// What to evaluate, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// Which of several matching rules give an alert.
    pub matching: Matching,
    /// First point that rules see; events before it only build the state.
    pub from: Option<Point>,
    /// First point that rules do not see.
    pub to: Option<Point>,
    /// How many events rules see at most.
    pub limit: Option<u64>,
    /// Bytes of memory that the state may take, unless it is `MEMORY_LIMIT`.
    pub memory: Option<usize>,
    /// How values are shown.
    pub settings: Settings,
}

impl Options {
    /// What rules see of the capture.
    pub fn window(&self) -> Window {
        Window { from: self.from, to: self.to }
    }

    /// Where an event lies in the window, in a capture whose first event has the time `first`.
    pub fn position(&self, event: &Event<'_>, first: u64) -> Position {
        self.window().position(event, first)
    }
}
