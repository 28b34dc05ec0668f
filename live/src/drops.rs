//! Lost events: counts of the probe enter; if too many were lost in a second, a loss leaves, with the action to take. The alert is
//! Falco's, under Falco's name, since programs that read the outputs look for it.

use std::time::Duration;

use serde_json::json;
use tercel_capture::Drops;
use tercel_config as config;
use tercel_rules::program::Priority;

use crate::internal::InternalAlert;
use crate::overload::Second;

/// Name of the rule of such alerts.
const RULE: &str = "Falco internal: syscall event drop";

/// Events that were lost in the last second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// All of them.
    pub lost: u64,
    /// By key of the alert.
    counts: Vec<(String, u64)>,
}

/// Watches the losses.
pub struct DropWatcher {
    settings: config::Drops,
    known: Drops,
    cpus: Vec<u64>,
    events: u64,
    /// What happened between the last two checks.
    second: Second,
    /// Alerts that may be raised at once.
    tokens: f64,
}

impl DropWatcher {
    /// Nothing was lost so far.
    pub fn new(settings: config::Drops) -> DropWatcher {
        DropWatcher {
            settings,
            known: Drops::default(),
            cpus: Vec::new(),
            events: 0,
            second: Second::default(),
            tokens: settings.burst,
        }
    }

    /// Uses other settings from now on.
    pub fn configure(&mut self, settings: config::Drops) {
        self.settings = settings;
        self.tokens = self.tokens.min(settings.burst);
    }

    /// Checks the counts after `passed`; `events` have been seen so far, and `cpus` is what each CPU lost. `None` if too few were lost,
    /// or if the last action is too recent.
    pub fn look(&mut self, drops: &Drops, cpus: &[u64], events: u64, passed: Duration) -> Option<Loss> {
        self.tokens = (self.tokens + self.settings.rate * passed.as_secs_f64()).min(self.settings.burst);
        let seen = events.saturating_sub(self.events);
        let mut loss = self.since(drops, cpus, seen);
        self.second = Second {
            seen,
            lost: drops.full.saturating_sub(self.known.full),
            throttled: drops.throttled.saturating_sub(self.known.throttled),
        };
        (self.known, self.events) = (*drops, events);
        self.cpus = cpus.to_vec();
        if self.settings.simulate {
            loss.lost += 1;
        }
        let share = loss.lost as f64 / (seen + loss.lost).max(1) as f64;
        if loss.lost == 0
            || (share <= self.settings.threshold && !self.settings.simulate)
            || self.tokens < 1.0
        {
            return None;
        }
        self.tokens -= 1.0;
        Some(loss)
    }

    /// What happened between the last two checks.
    pub fn second(&self) -> &Second {
        &self.second
    }

    fn since(&self, now: &Drops, cpus: &[u64], seen: u64) -> Loss {
        let known = &self.known;
        let lost = now.lost().saturating_sub(known.lost());
        let mut counts: Vec<(String, u64)> = [
            ("n_evts", seen + lost),
            ("n_drops", lost),
            ("n_drops_buffer_total", now.full - known.full),
            ("n_drops_scratch_map", now.busy - known.busy),
            ("n_drops_too_large", now.large - known.large),
            ("n_drops_skipped", now.skipped - known.skipped),
            ("n_drops_throttled", now.throttled - known.throttled),
            ("n_drops_bug", now.faults - known.faults),
        ]
        .into_iter()
        .map(|(key, count)| (key.to_owned(), count))
        .collect();
        for (cpu, count) in cpus.iter().enumerate() {
            let new = count.saturating_sub(self.cpus.get(cpu).copied().unwrap_or(0));
            if new > 0 {
                counts.push((format!("n_drops_cpu_{cpu}"), new));
            }
        }
        Loss { lost, counts }
    }
}

impl Loss {
    /// The loss in words.
    pub fn text(&self) -> String {
        format!("{RULE}. {} system calls dropped in last second.", self.lost)
    }

    /// The alert, in the form of Falco's alert.
    pub fn alert(&self) -> InternalAlert {
        let fields = self.counts.iter().map(|(key, count)| (key.clone(), json!(count.to_string()))).collect();
        InternalAlert { rule: RULE, text: self.text(), priority: Priority::Debug, fields }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tercel_replay::{JsonSchema, Style};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn settings() -> config::Drops {
        config::Drops {
            threshold: 0.1,
            log: true,
            alert: true,
            exit: false,
            rate: 0.5,
            burst: 1.0,
            simulate: false,
        }
    }

    fn full(full: u64) -> Drops {
        Drops { full, ..Drops::default() }
    }

    #[test]
    fn losses_above_the_threshold_are_told_at_a_bounded_rate() {
        let mut watcher = DropWatcher::new(settings());
        assert_eq!(watcher.look(&full(0), &[0, 0], 1000, SECOND), None);
        assert_eq!(watcher.look(&full(50), &[50, 0], 2000, SECOND), None, "below the threshold");
        let loss = watcher.look(&full(550), &[250, 300], 2500, SECOND).expect("a loss");
        assert_eq!(
            loss.text(),
            "Falco internal: syscall event drop. 500 system calls dropped in last second."
        );
        let line =
            String::from_utf8(loss.alert().message(&Style::default(), false, "h", 0).line).expect("text");
        let expected = "Debug Falco internal: syscall event drop. 500 system calls dropped in last second. \
            (n_drops=\"500\" n_drops_buffer_total=\"500\" n_drops_bug=\"0\" n_drops_cpu_0=\"200\" n_drops_cpu_1=\"300\" \
            n_drops_scratch_map=\"0\" n_drops_skipped=\"0\" n_drops_throttled=\"0\" n_drops_too_large=\"0\" n_evts=\"1000\")";
        assert_eq!(line.split_once(": ").map(|(_, text)| text), Some(expected));
        let json: Value = serde_json::from_slice(
            &loss.alert().message(&Style { json: true, ..Style::default() }, false, "h", 0).line,
        )
        .expect("JSON");
        assert_eq!((&json["rule"], &json["output_fields"]["n_drops"]), (&json!(RULE), &json!("500")));
        let ecs = Style { json: true, schema: JsonSchema::Ecs, ..Style::default() };
        let message = loss.alert().message(&ecs, true, "h", 0);
        let document: Value = serde_json::from_slice(&message.line).expect("JSON");
        assert_eq!((&document["rule"]["name"], &document["host"]["name"]), (&json!(RULE), &json!("h")));
        let record = message.record.expect("a record");
        assert_eq!((record.severity_text.as_str(), &record.attributes["n_drops"]), ("Debug", &json!("500")));
        assert_eq!(record.attributes["security_rule.name"], RULE);
        assert!(record.time > 0 && record.body.starts_with(RULE));
        assert_eq!(watcher.look(&full(1550), &[], 2500, SECOND), None, "told just now");
        assert!(watcher.look(&full(2550), &[], 2500, SECOND).is_some());
    }

    #[test]
    fn a_loss_can_be_simulated() {
        let mut watcher = DropWatcher::new(config::Drops { simulate: true, ..settings() });
        let loss = watcher.look(&full(0), &[], 1000, SECOND).expect("a loss");
        assert_eq!(loss.lost, 1);
    }
}
