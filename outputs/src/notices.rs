//! What is told about the troubles of an output: at once when one begins, when lines are lost and when it works again, but
//! no more often than every few seconds.

use std::time::{Duration, Instant};

use crate::worker::Worker;

/// How long nothing is told after something was.
const QUIET: Duration = Duration::from_secs(10);

/// How grave something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something does not work.
    Error,
    /// Something may not be as it should.
    Warning,
    /// Something happened as it should.
    Info,
    /// For those who look for a fault.
    Debug,
}

/// Something to tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How grave it is.
    pub level: Level,
    /// The text.
    pub text: String,
}

/// What was told about an output.
#[derive(Debug, Default)]
pub struct Told {
    at: Option<Instant>,
    lost: u64,
    trouble: bool,
}

impl Told {
    /// What there is to tell now.
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
            text.push_str(&format!("; {lost} alerts lost"));
        }
        if trouble.is_some() && counts.waiting > 0 {
            text.push_str(&format!("; {} wait", counts.waiting));
        }
        let level = if trouble.is_some() || lost > 0 { Level::Error } else { Level::Info };
        *self = Told { at: Some(now), lost: counts.lost, trouble: trouble.is_some() };
        Some(Notice { level, text })
    }
}
