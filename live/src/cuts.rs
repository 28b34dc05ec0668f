//! Cuts around alerts: rules and the configuration say which alerts start one, and how long it is; what became of cuts leaves as
//! messages for the log and as alerts of the run itself. The files are written elsewhere (`recording`).

use std::time::Duration;

use serde_json::{Map, json};
use tercel_config as config;
use tercel_format::Event;
use tercel_outputs::Level;
use tercel_recording::{CutLimit, CutNews, Trigger};
use tercel_rules::program::{Priority, Program, Rule};

use crate::internal::InternalAlert;

/// Name of the rule of the alert that Falco raises at its limit of a file (falco `app/actions/process_events.cpp`).
const SIZE: &str = "Falco internal: capture size limit reached";
/// Name of the rule of alerts about the other limits.
const LIMITED: &str = "Tercel internal: capture limit reached";

/// Which alerts start cuts, and how long these are.
#[derive(Debug, Clone)]
pub struct CutPolicy {
    settings: config::Capture,
}

impl CutPolicy {
    /// What the configuration says.
    pub fn new(settings: &config::Capture) -> CutPolicy {
        CutPolicy { settings: settings.clone() }
    }

    /// What an alert of `rule` on `event` asks for. As in Falco, each alert extends a cut by the duration of its rule, or the default.
    pub fn trigger<'a>(&self, rule: &'a Rule, event: &Event<'_>) -> Trigger<'a> {
        let or = |asked: Option<u32>, default: Duration| match asked {
            Some(milliseconds) => u64::from(milliseconds) * 1_000_000,
            None => u64::try_from(default.as_nanos()).unwrap_or(u64::MAX),
        };
        Trigger {
            rule: &rule.name,
            event: event.num,
            ts: event.ts,
            starts: self.starts(rule),
            before: or(rule.capture.before, self.settings.before),
            duration: or(rule.capture.duration, self.settings.duration),
        }
    }

    fn starts(&self, rule: &Rule) -> bool {
        self.settings.enabled && (self.settings.all_rules || rule.capture.starts)
    }

    /// The longest time before an alert that a cut of these rules begins, in nanoseconds; 0 if none starts one.
    pub fn reach(&self, program: &Program) -> u64 {
        let rules = program.rules.iter().filter(|rule| self.starts(rule));
        let event = |rule: &Rule| {
            rule.capture.before.map_or(self.settings.before, |before| Duration::from_millis(before.into()))
        };
        rules.map(event).max().map_or(0, |reach| u64::try_from(reach.as_nanos()).unwrap_or(u64::MAX))
    }

    /// What happened, in words.
    pub fn message(&self, news: &CutNews) -> (Level, String) {
        match news {
            CutNews::Written { name, bytes, lost: 0 } => {
                (Level::Info, format!("{name}: written, {bytes} bytes"))
            }
            CutNews::Written { name, lost, .. } => {
                (Level::Warning, format!("{name}: written too slowly; {lost} events are missing in it"))
            }
            CutNews::Unsigned { name } => (
                Level::Error,
                format!("{name}: the key could not sign; the file is whole, but not signed to its end"),
            ),
            CutNews::Failed { name, error } => {
                let error = error.to_string();
                let reason = error.strip_prefix(&format!("{name}: ")).unwrap_or(&error);
                (Level::Error, format!("{name} is not written: {reason}"))
            }
            CutNews::Short { name, missing } => {
                let seconds = *missing as f64 / 1e9;
                let hint = "capture.ring_size_mb or --ring makes room for more";
                let text = format!(
                    "{name} begins {seconds:.1} s late: the memory does not reach back further; {hint}"
                );
                (Level::Warning, text)
            }
            CutNews::Limit(limit) => (Level::Warning, self.limit(*limit)),
        }
    }

    /// The alert about it, if there is one.
    pub fn alert(&self, news: &CutNews) -> Option<InternalAlert> {
        let CutNews::Limit(limit) = news else { return None };
        let megabytes = |bytes: u64| bytes >> 20;
        let (rule, priority, key, value) = match limit {
            CutLimit::FileBytes => {
                let megabytes = megabytes(self.settings.file_bytes);
                (SIZE, Priority::Informational, "max_file_size_mb", json!(megabytes))
            }
            CutLimit::Files => (LIMITED, Priority::Warning, "max_files", json!(self.settings.files)),
            CutLimit::Bytes => {
                (LIMITED, Priority::Warning, "max_total_size_mb", json!(megabytes(self.settings.bytes)))
            }
            CutLimit::PerMinute => {
                (LIMITED, Priority::Warning, "max_per_minute", json!(self.settings.per_minute))
            }
            CutLimit::Writing => (LIMITED, Priority::Warning, "writing", json!(true)),
        };
        let text = match limit {
            CutLimit::FileBytes => format!("{SIZE}. Configured limit: {value} MB."),
            _ => format!("{LIMITED}. {}", self.limit(*limit)),
        };
        Some(InternalAlert { rule, text, priority, fields: Map::from_iter([(key.to_owned(), value)]) })
    }

    fn limit(&self, limit: CutLimit) -> String {
        let settings = &self.settings;
        match limit {
            CutLimit::FileBytes => "a cut has reached capture.max_file_size_mb and ends".to_owned(),
            CutLimit::Files => {
                format!("there are {} cuts (capture.max_files): alerts start no more", settings.files)
            }
            CutLimit::Bytes => {
                let megabytes = settings.bytes >> 20;
                format!(
                    "all cuts together have {megabytes} MB (capture.max_total_size_mb): alerts start no more"
                )
            }
            CutLimit::PerMinute => {
                let count = settings.per_minute;
                format!(
                    "{count} cuts began within a minute (capture.max_per_minute): alerts start none for now"
                )
            }
            CutLimit::Writing => {
                "cuts that have ended are still being written: alerts start none for now".to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tercel_format::catalogue::code;
    use tercel_recording::Error;
    use tercel_rules::{Loader, Options};

    use super::*;

    fn settings() -> config::Capture {
        config::Capture {
            enabled: true,
            prefix: "/tmp/falco".into(),
            all_rules: false,
            duration: Duration::from_secs(5),
            before: Duration::from_secs(30),
            file_bytes: 3 << 20,
            ring: 128 << 20,
            files: 1000,
            bytes: 1 << 30,
            per_minute: 12,
            sign_key: None,
        }
    }

    fn program() -> Program {
        let rule = |name: &str, keys: &str| {
            format!(
                "- {{rule: {name}, desc: x, condition: evt.type = getcwd, output: x, priority: DEBUG{keys}}}\n"
            )
        };
        let text = rule("plain", "")
            + &rule("captured", ", capture: true")
            + &rule("long", ", capture: true, capture_duration: 60000, capture_before: 2m")
            + &rule("zero", ", capture: true, capture_duration: 0, capture_before: 0")
            + &rule("changed", "")
            + "- {rule: changed, capture: true, capture_before: 10, override: {capture: replace, capture_before: replace}}\n";
        let mut loader = Loader::new(Options::default());
        let report = loader.file("rules.yaml", &text);
        assert!(report.successful() && report.warnings.is_empty(), "{:?}", report.errors);
        loader.finish().program
    }

    #[test]
    fn rules_and_configuration_say_what_is_cut_out() {
        let program = program();
        let event = Event::new(code::SYSCALL_GETCWD_E, &[], &[]).expect("a known code");
        let check = |policy: &CutPolicy, expected: [(&str, bool, u64, u64); 5]| {
            let found = program.rules.iter().map(|rule| {
                let trigger = policy.trigger(rule, &event);
                (trigger.rule, trigger.starts, trigger.before / 1_000_000, trigger.duration / 1_000_000)
            });
            assert_eq!(found.collect::<Vec<_>>(), expected);
        };
        let rows = |all| {
            [
                ("plain", all, 30_000, 5_000),
                ("captured", true, 30_000, 5_000),
                ("long", true, 120_000, 60_000),
                ("zero", true, 0, 5_000),
                ("changed", true, 10, 5_000),
            ]
        };
        let policy = CutPolicy::new(&settings());
        check(&policy, rows(false));
        assert_eq!(policy.reach(&program), 120_000_000_000);
        check(&CutPolicy::new(&config::Capture { all_rules: true, ..settings() }), rows(true));
        let off = CutPolicy::new(&config::Capture { enabled: false, all_rules: true, ..settings() });
        check(&off, rows(true).map(|(rule, _, before, duration)| (rule, false, before, duration)));
        assert_eq!(off.reach(&program), 0);
    }

    #[test]
    fn limits_are_alerts_of_their_own() {
        let policy = CutPolicy::new(&settings());
        let alert = policy.alert(&CutNews::Limit(CutLimit::FileBytes)).expect("an alert");
        assert_eq!(alert.text, "Falco internal: capture size limit reached. Configured limit: 3 MB.");
        assert_eq!((alert.rule, &alert.fields["max_file_size_mb"]), (SIZE, &json!(3)));
        let alert = policy.alert(&CutNews::Limit(CutLimit::PerMinute)).expect("an alert");
        assert!(
            alert.text.starts_with("Tercel internal: capture limit reached. 12 cuts began"),
            "{}",
            alert.text
        );
        assert_eq!(policy.alert(&CutNews::Written { name: String::new(), bytes: 1, lost: 0 }), None);
    }

    #[test]
    fn a_failed_cut_is_named_once() {
        let name = "/tmp/falco_1.scap".to_owned();
        let error = Error::File { name: name.clone(), error: std::io::ErrorKind::StorageFull.into() };
        let (level, text) = CutPolicy::new(&settings()).message(&CutNews::Failed { name, error });
        assert_eq!(
            (level, text.as_str()),
            (Level::Error, "/tmp/falco_1.scap is not written: no storage space")
        );
    }
}
