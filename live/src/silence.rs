//! Silence of the probe: the count of events enters; an alert leaves if it has not changed for a given time. The alert is Falco's,
//! which waits up to 30 ms for an event (libs `ringbuffer/devset.h`, `BUFFER_EMPTY_WAIT_TIME_US_MAX`) and counts the timeouts in a row.

use std::time::{Duration, Instant};

use serde_json::{Map, json};
use tercel_rules::program::Priority;

use crate::internal::{InternalAlert, time_of_day};

/// Name of the rule of such alerts.
const RULE: &str = "Falco internal: timeouts notification";
/// One timeout.
const TIMEOUT: Duration = Duration::from_millis(30);

/// Watches for silence of the probe.
pub struct SilenceWatcher {
    timeouts: u32,
    events: u64,
    /// When the last event or the last alert came.
    since: Instant,
    /// The time of day of the last event.
    last: Option<String>,
}

impl SilenceWatcher {
    /// Raises an alert after this many timeouts in a row, counted from `now`.
    pub fn new(timeouts: u32, now: Instant) -> SilenceWatcher {
        SilenceWatcher { timeouts, events: 0, since: now, last: None }
    }

    /// Changes the number of timeouts.
    pub fn configure(&mut self, timeouts: u32) {
        self.timeouts = timeouts;
    }

    /// Takes the count of `events` so far; times in text are `zone` seconds ahead of UTC.
    pub fn look(&mut self, events: u64, now: Instant, zone: i32) -> Option<InternalAlert> {
        if events != self.events {
            (self.events, self.since, self.last) = (events, now, Some(time_of_day(zone)));
            return None;
        }
        if now.saturating_duration_since(self.since) <= TIMEOUT * self.timeouts {
            return None;
        }
        self.since = now;
        let text = format!("{RULE}. {} consecutive timeouts without event.", self.timeouts);
        let last = json!(self.last.as_deref().unwrap_or("none"));
        let fields = Map::from_iter([("last_event_time".to_owned(), last)]);
        Some(InternalAlert { rule: RULE, text, priority: Priority::Debug, fields })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_raised_once_per_limit() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut watcher = SilenceWatcher::new(10, start);
        assert_eq!(watcher.look(0, after(300), 0), None);
        let alert = watcher.look(0, after(301), 0).expect("an alert");
        assert_eq!(
            alert.text,
            "Falco internal: timeouts notification. 10 consecutive timeouts without event."
        );
        assert_eq!((alert.rule, &alert.fields["last_event_time"]), (RULE, &json!("none")));
        assert_eq!(watcher.look(0, after(600), 0), None, "raised just now");
        assert_eq!(watcher.look(7, after(700), 0), None);
        assert_eq!(watcher.look(7, after(1000), 0), None);
        watcher.configure(9);
        let alert = watcher.look(7, after(1000), 0).expect("an alert");
        assert_eq!(alert.fields["last_event_time"].as_str().map(str::len), Some("12:59:50".len()));
    }
}
