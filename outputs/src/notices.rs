//! Messages about failures of an output: when one begins, when lines are lost and when the output works again, but no more often than
//! every few seconds.

use std::time::{Duration, Instant};

use crate::worker::Worker;

/// Shortest time between two messages.
const QUIET: Duration = Duration::from_secs(10);

/// The severity of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something does not work.
    Error,
    /// Something may be wrong.
    Warning,
    /// Normal operation.
    Info,
    /// For debugging.
    Debug,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The severity.
    pub level: Level,
    /// The text.
    pub text: String,
}

/// The last message about an output.
#[derive(Debug, Default)]
pub struct Told {
    at: Option<Instant>,
    lost: u64,
    trouble: bool,
}

impl Told {
    /// The message that is due, if there is one.
    pub fn look(&mut self, worker: &Worker, now: Instant) -> Option<Notice> {
        let (name, counts, trouble) = (worker.name(), worker.counts(), worker.trouble());
        let lost = counts.lost - self.lost;
        if lost == 0 && trouble.is_some() == self.trouble {
            return None;
        }
        if self.at.is_some_and(|at| now.saturating_duration_since(at) < QUIET) {
            return None;
        }
        let mut text = match &trouble {
            Some(reason) => format!("{name} output: {reason}"),
            None if self.trouble => format!("{name} output: works again"),
            None => format!("{name} output: too slow"),
        };
        if lost > 0 {
            text.push_str(&format!("; {lost} {} lost", if lost == 1 { "alert" } else { "alerts" }));
        }
        if trouble.is_some() && counts.waiting > 0 {
            text.push_str(&format!("; {} waiting", counts.waiting));
        }
        let level = if trouble.is_some() || lost > 0 { Level::Error } else { Level::Info };
        *self = Told { at: Some(now), lost: counts.lost, trouble: trouble.is_some() };
        Some(Notice { level, text })
    }
}
