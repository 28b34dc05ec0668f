//! What a run tells about overload: the counts of every second and the processes that had their share enter, what the probe captures from
//! now on, messages and alerts leave. An alert is raised when saving begins, when it goes further, when processes are known that make
//! the load, and when it ends.

use std::collections::BTreeMap;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::{Map, json};
use tercel_capture::Selection;
use tercel_config as config;
use tercel_replay::state::Threads;
use tercel_rules::program::{Priority, Program};

use crate::internal::{InternalAlert, iso8601};
use crate::overload::Second;
use crate::syscall_selection::{Change, SyscallSelection};

/// Name of the rule of such alerts.
const RULE: &str = "Tercel internal: load shedding";

/// Processes that an alert names.
const NAMED: usize = 8;

/// Processes whose names are remembered until saving ends.
const REMEMBERED: usize = 64;

/// The selection of events, and what has become of it.
pub struct Shedding {
    selection: SyscallSelection,
    episode: Option<Episode>,
}

/// The time from the first loss to the end of saving.
struct Episode {
    begun: Instant,
    since: Timestamp,
    lost: u64,
    throttled: u64,
    /// Events left out of each process, most first.
    processes: Vec<(u32, u64)>,
    /// Name and user.
    names: BTreeMap<u32, (String, u32)>,
    /// Whether processes were told.
    told: bool,
}

/// A message about the run, perhaps with an alert.
#[derive(Debug)]
pub struct SheddingNotice {
    /// What is to be logged.
    pub text: String,
    /// The alert.
    pub alert: Option<InternalAlert>,
}

impl Shedding {
    /// Nothing is saved yet.
    pub fn new(selection: SyscallSelection) -> Shedding {
        Shedding { selection, episode: None }
    }

    /// How many priorities do not get all their events.
    pub fn level(&self) -> usize {
        self.selection.level()
    }

    /// How many events of the load a process may make in a second; `None`: as many as it likes.
    pub fn share(&self) -> Option<u32> {
        self.selection.share()
    }

    /// There are other rules or settings: what the probe captures from now on.
    pub fn replace(&mut self, program: &Program, settings: &config::Calls, recording: bool) -> Selection {
        self.selection.replace(program, settings, recording);
        if self.share().is_none() {
            self.episode = None;
        }
        self.selection.selection()
    }

    /// A second has passed. `delivered` is how many events of each code have arrived so far; `throttled` are the processes that have had
    /// their share, with the number of their events that were left out. What the probe captures leaves if it changes.
    pub fn second(
        &mut self,
        second: &Second,
        delivered: &[u64],
        throttled: impl FnOnce() -> Vec<(u32, u64)>,
        threads: &Threads,
    ) -> (Option<Selection>, Vec<SheddingNotice>) {
        let mut notices = Vec::new();
        if let Some(episode) = &mut self.episode {
            episode.add(second, throttled(), threads);
        }
        let change = self.selection.second(second, delivered);
        if let Some(change) = &change {
            if change.steps.0 == 0 {
                self.episode = Some(Episode::new(second));
            }
            let further = change.steps.1 > change.steps.0;
            if let Some(episode) = &self.episode {
                let text = if change.steps.1 == 0 { episode.end() } else { changed(change, second) };
                let priority = if further { Priority::Warning } else { Priority::Notice };
                let alert = further || change.steps.1 == 0;
                let alert = alert.then(|| episode.alert(&text, priority, Some(change)));
                notices.push(SheddingNotice { text, alert });
            }
            if change.steps.1 == 0 {
                self.episode = None;
            }
        }
        if let Some(episode) = &mut self.episode
            && !episode.told
            && !episode.processes.is_empty()
        {
            episode.told = true;
            let text = format!("overload: more events than their share: {}", episode.named());
            let alert = episode.alert(&text, Priority::Warning, None);
            notices.push(SheddingNotice { text, alert: Some(alert) });
        }
        (change.map(|change| change.selection), notices)
    }
}

impl Episode {
    fn new(second: &Second) -> Episode {
        Episode {
            begun: Instant::now(),
            since: Timestamp::now(),
            lost: second.lost,
            throttled: second.throttled,
            processes: Vec::new(),
            names: BTreeMap::new(),
            told: false,
        }
    }

    fn add(&mut self, second: &Second, throttled: Vec<(u32, u64)>, threads: &Threads) {
        self.lost += second.lost;
        self.throttled += second.throttled;
        self.processes = throttled.into_iter().filter(|(_, events)| *events > 0).collect();
        self.processes.sort_unstable_by_key(|(pid, events)| (std::cmp::Reverse(*events), *pid));
        let mut unknown: Vec<u32> = self.processes.iter().take(NAMED).map(|(pid, _)| *pid).collect();
        unknown.retain(|pid| !self.names.contains_key(pid));
        if unknown.is_empty() || self.names.len() >= REMEMBERED {
            return;
        }
        for thread in threads.iter().map(|slot| threads.get(slot)) {
            if let Some(pid) = u32::try_from(thread.tid).ok().filter(|pid| unknown.contains(pid)) {
                // Processes choose their names.
                let name = String::from_utf8_lossy(&thread.image.comm).escape_debug().to_string();
                self.names.insert(pid, (name, thread.uid));
            }
        }
    }

    /// The processes that lost most.
    fn named(&self) -> String {
        let one = |(pid, events): &(u32, u64)| match self.names.get(pid) {
            Some((name, user)) => format!("{name} (pid {pid}, user {user}) {events}"),
            None => format!("pid {pid} {events}"),
        };
        let mut named: Vec<String> = self.processes.iter().take(NAMED).map(one).collect();
        let more = self.processes.len().saturating_sub(NAMED);
        if more > 0 {
            named.push(format!("{more} more"));
        }
        named.join(", ")
    }

    fn end(&self) -> String {
        let seconds = self.begun.elapsed().as_secs();
        let (throttled, lost) = (self.throttled, self.lost);
        let mut text = format!(
            "overload has ended after {seconds} s: all rules get the events that they need; {lost} events were lost because rings were full"
        );
        if throttled > 0 {
            text += &format!(", {throttled} because their processes had had their share: {}", self.named());
        }
        text
    }

    fn alert(&self, text: &str, priority: Priority, change: Option<&Change>) -> InternalAlert {
        let mut fields = Map::new();
        let mut set = |key: &str, value: String| fields.insert(key.to_owned(), json!(value));
        set("load.since", iso8601(self.since));
        set("load.lost", self.lost.to_string());
        set("load.throttled", self.throttled.to_string());
        if !self.processes.is_empty() {
            set("load.processes", self.named());
            let pids = self.processes.iter().take(NAMED).map(|(pid, _)| pid);
            let mut users: Vec<u32> = pids.filter_map(|pid| Some(self.names.get(pid)?.1)).collect();
            users.sort_unstable();
            users.dedup();
            let users: Vec<String> = users.iter().map(u32::to_string).collect();
            set("load.users", users.join(", "));
        }
        if let Some(change) = change.filter(|change| change.steps.1 > 0) {
            set("load.shared_events", change.shared.clone());
            set("load.share", change.selection.share.to_string());
            if let Some((names, from)) = &change.shed {
                set("load.shed_events", names.clone());
                set("load.shed_below", from.name().to_owned());
            }
        }
        InternalAlert { rule: RULE, text: text.to_owned(), priority, fields }
    }
}

/// What has changed, in words.
fn changed(change: &Change, second: &Second) -> String {
    let mut text = "overload".to_owned();
    if second.lost > 0 {
        text += &format!(", {} events lost in the last second", second.lost);
    }
    text += if change.shared.is_empty() { ": no events are shared out" } else { ": a process gets at most " };
    if !change.shared.is_empty() {
        text += &format!("{} events a second of {}", change.selection.share, change.shared);
    }
    if let Some((names, from)) = &change.shed {
        text += &format!("; rules less urgent than {} do not get {names}", from.name());
    }
    text
}

#[cfg(test)]
mod tests {
    use tercel_format::catalogue::{EVENTS, code};
    use tercel_replay::state::State;
    use tercel_rules::load::{Loader, Options};

    use super::*;

    #[test]
    fn begin_processes_and_end_are_alerts() {
        let rule = "- {rule: a, desc: x, condition: evt.type = openat, output: x, priority: CRITICAL}";
        let mut loader = Loader::new(Options::default());
        assert!(loader.bytes("rules", rule.as_bytes()).successful());
        let settings = config::Calls {
            all: false,
            adaptive: true,
            shed_below: Priority::Warning,
            more: [].into(),
            less: [].into(),
        };
        let selection = SyscallSelection::of(&loader.finish().program, &settings, false);
        let (mut shedding, state) = (Shedding::new(selection), State::new());
        let mut delivered = vec![0; EVENTS.len()];
        let mut second = |seen: u64, lost: u64, throttled: u64| {
            delivered[usize::from(code::SYSCALL_OPENAT_2_X)] += seen;
            let processes = || vec![(4711, throttled), (4712, 0)];
            shedding.second(&Second { seen, lost, throttled }, &delivered, processes, &state.threads)
        };
        assert!(second(100, 0, 0).1.is_empty());
        let (selection, notices) = second(1000, 500, 0);
        let selection = selection.expect("another selection");
        assert_eq!((selection.shared, selection.share), (vec![code::SYSCALL_OPENAT_2_X], 5000));
        let alert = notices[0].alert.as_ref().expect("an alert");
        assert_eq!(
            alert.text,
            "overload, 500 events lost in the last second: a process gets at most 5000 events a second of openat"
        );
        assert_eq!((alert.priority, &alert.fields["load.lost"]), (Priority::Warning, &json!("500")));
        let (_, notices) = second(1000, 0, 700);
        assert_eq!(notices[0].text, "overload: more events than their share: pid 4711 700");
        assert_eq!(
            notices[0].alert.as_ref().map(|alert| alert.fields["load.throttled"].clone()),
            Some(json!("700"))
        );
        assert!(second(1000, 0, 700).1.is_empty(), "processes are told once");
        let ended: Vec<_> = (0..5).flat_map(|_| second(10, 0, 0).1).collect();
        assert_eq!(ended.len(), 1, "{ended:?}");
        let alert = ended[0].alert.as_ref().expect("an alert");
        assert!(
            alert.text.contains("500 events were lost because rings were full, 1400 because"),
            "{}",
            alert.text
        );
        assert_eq!(alert.priority, Priority::Notice);
    }
}
