//! Which events the probe captures: those that rules and the state of processes need. Under overload, the kinds that make up the load are
//! first shared out among processes, so that one that floods loses events and all others keep theirs; then those of them are left out
//! that only rules below a priority need. Nothing that a more urgent rule needs is left out for all.

use tercel_capture::Selection;
use tercel_config as config;
use tercel_format::catalogue::{Category, EVENTS, EventFlags, EventInfo, code};
use tercel_rules::program::{EventSet, Priority, Program};

use crate::overload::{Overload, Second};

/// Events of the kinds that make up the load that a process may make in a second, by step.
const SHARES: [u32; 4] = [5000, 1000, 200, 50];

/// The first step that leaves out kinds of events.
const SHEDS: usize = 3;

/// The first step that also shares out changes of users, names and directories of processes.
const SHARES_STATE: usize = 3;

/// A kind of event is part of the load if it is at least one of so many.
const PART: u64 = 10;

/// The events that the probe captures, and what is left out.
#[derive(Debug)]
pub struct SyscallSelection {
    /// The first contains everything that is wanted; each further one is smaller.
    levels: Vec<Level>,
    overload: Overload,
    /// Events by code: all, and those of the last seconds, of which each counts half of the next one.
    known: Vec<u64>,
    recent: Vec<u64>,
    /// Kinds of events that make up the load.
    load: EventSet,
}

#[derive(Debug)]
struct Level {
    /// Rules less urgent than this get only the events that others need, too.
    from: Priority,
    wanted: EventSet,
}

/// What the probe captures from now on, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The events.
    pub selection: Selection,
    /// Kinds that are shared out and kinds that are left out, in words.
    pub shared: String,
    /// Kinds that are left out, and the priority of rules that get them no more.
    pub shed: Option<(String, Priority)>,
    /// The step before and the step now.
    pub steps: (usize, usize),
}

impl SyscallSelection {
    /// What is wanted for `program`. A recording gets all events, unless the configuration names some.
    pub fn of(program: &Program, settings: &config::Calls, recording: bool) -> SyscallSelection {
        let levels = levels(program, settings, recording);
        SyscallSelection {
            overload: Overload::new(last_step(&levels, settings)),
            levels,
            known: Vec::new(),
            recent: vec![0; EVENTS.len()],
            load: EventSet::NONE,
        }
    }

    /// There are other rules or settings. What is saved stays saved.
    pub fn replace(&mut self, program: &Program, settings: &config::Calls, recording: bool) {
        self.levels = levels(program, settings, recording);
        self.overload.limit(last_step(&self.levels, settings));
    }

    /// What the probe captures at this step.
    pub fn selection(&self) -> Selection {
        let shared = self.shared();
        Selection { wanted: self.wanted(), shared: codes(&shared), share: self.share().unwrap_or(0) }
    }

    /// The codes of the wanted events; `None`: all.
    pub fn wanted(&self) -> Option<Vec<u16>> {
        let wanted = &self.levels.first()?.wanted;
        let codes = codes(&wanted.intersection(&self.shed().complement()));
        (codes.len() < EVENTS.len()).then_some(codes)
    }

    /// How many priorities get less: 0, or how many steps were taken.
    pub fn level(&self) -> usize {
        (self.overload.step() + 1).saturating_sub(SHEDS).min(self.levels.len().saturating_sub(1))
    }

    /// How many events of the load a process may make in a second; `None`: as many as it likes.
    pub fn share(&self) -> Option<u32> {
        SHARES.get(self.overload.step().min(SHARES.len()).checked_sub(1)?).copied()
    }

    /// A second has passed; `delivered` is how many events of each code have arrived so far.
    pub fn second(&mut self, second: &Second, delivered: &[u64]) -> Option<Change> {
        self.count(delivered);
        let (before, old) = (self.overload.step(), self.selection());
        self.overload.second(second);
        if self.overload.step() > before {
            self.find_load();
            if self.shared().is_empty() {
                self.overload.advance(SHARES_STATE);
            }
        } else if self.overload.step() == 0 {
            self.load = EventSet::NONE;
        }
        let step = self.overload.step();
        let selection = self.selection();
        if selection == old && step == before {
            return None;
        }
        let shed = self.shed();
        let from = self.levels.get(self.level()).map_or(Priority::Debug, |level| level.from);
        Some(Change {
            selection,
            shared: names(&self.shared()),
            shed: (!shed.is_empty()).then(|| (names(&shed), from)),
            steps: (before, step),
        })
    }

    fn count(&mut self, delivered: &[u64]) {
        self.known.resize(delivered.len(), 0);
        for ((recent, known), now) in self.recent.iter_mut().zip(&mut self.known).zip(delivered) {
            *recent = *recent / 2 + now.saturating_sub(*known);
            *known = *now;
        }
    }

    /// What is part of the load now. What was, and is shared out, stays.
    fn find_load(&mut self) {
        let sum: u64 = self.recent.iter().sum();
        for (event, recent) in EVENTS.iter().zip(&self.recent) {
            if *recent > 0 && recent.saturating_mul(PART) >= sum {
                self.load.insert(event.code);
            }
        }
    }

    /// What is shared out: never what makes and ends threads and executes programs.
    fn shared(&self) -> EventSet {
        let step = self.overload.step();
        let mut shared = EventSet::NONE;
        for event in EVENTS.iter().filter(|event| step > 0 && self.load.contains(event.code)) {
            if !makes_threads(event) && (step >= SHARES_STATE || !changes_threads(event)) {
                shared.insert(event.code);
            }
        }
        shared
    }

    /// What is left out for all processes.
    fn shed(&self) -> EventSet {
        match (self.levels.first(), self.levels.get(self.level())) {
            (Some(all), Some(level)) => {
                all.wanted.intersection(&level.wanted.complement()).intersection(&self.load)
            }
            _ => EventSet::NONE,
        }
    }
}

/// What is captured if rules of lesser priorities are left out, down to the priority that always gets everything.
fn levels(program: &Program, settings: &config::Calls, recording: bool) -> Vec<Level> {
    let named = !settings.more.is_empty() || !settings.less.is_empty();
    let all = settings.all || (recording && !named);
    let mut levels: Vec<Level> = Vec::new();
    let priorities = Priority::ALL.iter().rev();
    for from in priorities.take_while(|from| **from >= settings.shed_below) {
        let wanted =
            if all && levels.is_empty() { EventSet::all() } else { wanted(program, settings, *from) };
        if levels.last().is_none_or(|last| wanted.len() < last.wanted.len()) {
            levels.push(Level { from: *from, wanted });
        }
    }
    levels
}

fn last_step(levels: &[Level], settings: &config::Calls) -> usize {
    let sheds = (SHEDS + levels.len()).saturating_sub(2);
    if settings.adaptive { sheds.max(SHARES.len()) } else { 0 }
}

/// Without these events the table of threads would not be that of the host.
fn makes_threads(event: &EventInfo) -> bool {
    matches!(event.name, "clone" | "clone3" | "fork" | "vfork" | "execve" | "execveat" | "procexit")
        || event.category == Category::Internal
}

/// Events about users, names and directories of processes.
fn changes_threads(event: &EventInfo) -> bool {
    event.any(EventFlags::MODIFIES_STATE) && matches!(event.category, Category::Process | Category::User)
}

fn codes(set: &EventSet) -> Vec<u16> {
    EVENTS.iter().map(|event| event.code).filter(|code| set.contains(*code)).collect()
}

fn wanted(program: &Program, settings: &config::Calls, from: Priority) -> EventSet {
    let urgent = program.rules.iter().filter(|rule| rule.priority <= from);
    let mut set = urgent.fold(EventSet::NONE, |set, rule| set.union(&rule.events));
    let mut named = EventSet::NONE;
    for event in &EVENTS {
        if settings.less.contains(event.name) {
            named.insert(event.code);
        } else if event.any(EventFlags::MODIFIES_STATE) || settings.more.contains(event.name) {
            set.insert(event.code);
        }
    }
    set = set.intersection(&named.complement());
    // Without exits the table of threads would only grow; and events of container engines cost nothing.
    set.insert(code::PROCEXIT_1_E);
    set.insert(code::ASYNCEVENT_E);
    set
}

/// The first few names of events, each once.
fn names(set: &EventSet) -> String {
    let mut names: Vec<&str> =
        EVENTS.iter().filter(|event| set.contains(event.code)).map(|event| event.name).collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(8);
    names.truncate(8);
    let names = names.join(", ");
    if more > 0 { format!("{names} and {more} more event types") } else { names }
}

#[cfg(test)]
mod tests {
    use tercel_rules::load::{Loader, Options};

    use super::*;

    const RULES: &str = "
- rule: a
  desc: x
  condition: evt.type = read and proc.name = x
  output: x
  priority: DEBUG
- rule: b
  desc: x
  condition: evt.type = getcwd and proc.name = x
  output: x
  priority: ERROR
";

    fn calls(settings: &config::Calls, recording: bool) -> SyscallSelection {
        let mut loader = Loader::new(Options::default());
        assert!(loader.bytes("rules", RULES.as_bytes()).successful());
        SyscallSelection::of(&loader.finish().program, settings, recording)
    }

    fn settings(adaptive: bool, more: &[&str], less: &[&str]) -> config::Calls {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let shed_below = Priority::Warning;
        config::Calls { all: false, adaptive, shed_below, more: names(more), less: names(less) }
    }

    fn sees(calls: &SyscallSelection, code: u16) -> bool {
        calls.wanted().is_none_or(|wanted| wanted.contains(&code))
    }

    /// Seconds in which events of these codes arrived and others were lost; what changed in each.
    struct Host {
        calls: SyscallSelection,
        delivered: Vec<u64>,
    }

    impl Host {
        fn new(calls: SyscallSelection) -> Host {
            Host { calls, delivered: vec![0; EVENTS.len()] }
        }

        fn second(&mut self, lost: u64, throttled: u64, events: &[(u16, u64)]) -> Option<Change> {
            let mut seen = 0;
            for (code, count) in events {
                self.delivered[usize::from(*code)] += count;
                seen += count;
            }
            self.calls.second(&Second { seen, lost, throttled }, &self.delivered)
        }
    }

    #[test]
    fn rules_state_and_settings_decide() {
        let calls_of = |more: &[&str], less: &[&str]| calls(&settings(true, more, less), false);
        for (calls, code, expected) in [
            (calls_of(&[], &[]), code::SYSCALL_READ_X, true),
            (calls_of(&[], &[]), code::SYSCALL_WRITE_X, false),
            (calls_of(&[], &[]), code::SYSCALL_CLONE_20_X, true),
            (calls_of(&["write"], &[]), code::SYSCALL_WRITE_X, true),
            (calls_of(&[], &["read"]), code::SYSCALL_READ_X, false),
            (calls_of(&[], &["procexit"]), code::PROCEXIT_1_E, true),
            (calls(&settings(true, &[], &[]), true), code::SYSCALL_WRITE_X, true),
        ] {
            assert_eq!(sees(&calls, code), expected, "{code}");
        }
    }

    #[test]
    fn what_makes_up_the_load_is_shared_out_before_it_is_left_out() {
        let mut host = Host::new(calls(&settings(true, &[], &[]), false));
        let load = [
            (code::SYSCALL_READ_X, 5000),
            (code::SYSCALL_OPENAT_2_X, 5000),
            (code::SYSCALL_CLONE_20_X, 4000),
            (code::SYSCALL_GETCWD_X, 10),
        ];
        assert_eq!(host.second(0, 0, &load), None);
        let change = host.second(1000, 0, &load).expect("a change");
        assert_eq!(
            (change.shared.as_str(), change.selection.share, change.steps),
            ("openat, read", 5000, (0, 1))
        );
        let shared = &change.selection.shared;
        assert!(shared.contains(&code::SYSCALL_READ_X) && !shared.contains(&code::SYSCALL_CLONE_20_X));
        assert_eq!(change.shed, None);
        assert_eq!(host.second(1000, 500, &load).expect("a change").selection.share, 1000);
        let change = host.second(1000, 500, &load).expect("a change");
        assert_eq!(change.shed, Some(("read".to_owned(), Priority::Informational)));
        assert!(!sees(&host.calls, code::SYSCALL_READ_X) && host.calls.level() == 1);
        while host.second(1000, 500, &load).is_some() {}
        for code in [code::SYSCALL_GETCWD_X, code::SYSCALL_OPENAT_2_X, code::SYSCALL_CLONE_20_X] {
            assert!(sees(&host.calls, code), "rules of Warning and above and the state keep {code}");
        }
        let changes: Vec<Change> = (0..5).filter_map(|_| host.second(0, 0, &load[3..])).collect();
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!((changes[0].selection.share, changes[0].steps.1, host.calls.level()), (0, 0, 0));
        assert!(sees(&host.calls, code::SYSCALL_READ_X) && changes[0].selection.shared.is_empty());
    }

    #[test]
    fn changes_of_users_are_shared_out_last() {
        let mut host = Host::new(calls(&settings(true, &[], &[]), false));
        let load = [(code::SYSCALL_SETUID_X, 5000)];
        let change = host.second(1000, 0, &load).expect("a change");
        assert_eq!(
            (change.shared.as_str(), change.steps),
            ("setuid", (0, SHARES_STATE)),
            "at once if nothing else is"
        );
        let mut host = Host::new(calls(&settings(true, &[], &[]), false));
        let load = [(code::SYSCALL_SETUID_X, 5000), (code::SYSCALL_OPENAT_2_X, 5000)];
        let shared: Vec<String> = (0..3).filter_map(|_| Some(host.second(1000, 0, &load)?.shared)).collect();
        assert_eq!(shared, ["openat", "openat", "openat, setuid"]);
    }

    #[test]
    fn the_configuration_says_which_rules_may_get_less() {
        let all = config::Calls { shed_below: Priority::Emergency, ..settings(true, &[], &[]) };
        let mut host = Host::new(calls(&all, false));
        let load = [(code::SYSCALL_GETCWD_X, 5000)];
        for _ in 0..10 {
            host.second(1000, 0, &load);
        }
        assert!(!sees(&host.calls, code::SYSCALL_GETCWD_X) && sees(&host.calls, code::SYSCALL_READ_X));
        host.calls.replace(
            &Loader::new(Options::default()).finish().program,
            &settings(false, &[], &[]),
            false,
        );
        assert!(host.calls.selection().shared.is_empty());
    }

    #[test]
    fn it_can_be_switched_off() {
        let mut host = Host::new(calls(&settings(false, &[], &[]), false));
        assert_eq!(host.second(1000, 0, &[(code::SYSCALL_READ_X, 1000)]), None);
    }
}
