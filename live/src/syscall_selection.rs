//! Which events the probe captures: those that rules and the state of processes need. Under overload, events that only rules of lesser
//! priority need are left out, one priority after the other, until nothing is lost; after a time without losses they are captured
//! again.

use tercel_config as config;
use tercel_format::catalogue::{EVENTS, EventFlags, code};
use tercel_rules::program::{EventSet, Priority, Program};

/// Seconds without a loss after which a priority gets its events again.
const CALM: u32 = 30;

/// The events that the probe captures, by how much is left out.
#[derive(Debug)]
pub struct SyscallSelection {
    /// The first contains everything that is wanted; each further one is smaller.
    levels: Vec<Level>,
    level: usize,
    calm: u32,
}

#[derive(Debug)]
struct Level {
    /// Rules less urgent than this get only the events that others need, too.
    from: Priority,
    wanted: EventSet,
}

/// What the probe captures from now on, and why.
#[derive(Debug, PartialEq, Eq)]
pub struct Change {
    /// The events.
    pub wanted: Option<Vec<u16>>,
    /// The reason.
    pub text: String,
}

impl SyscallSelection {
    /// What is wanted for `program`. A recording gets all events, unless the configuration names some.
    pub fn of(program: &Program, settings: &config::Calls, recording: bool) -> SyscallSelection {
        let named = !settings.more.is_empty() || !settings.less.is_empty();
        let all = settings.all || (recording && !named);
        let mut levels: Vec<Level> = Vec::new();
        for from in Priority::ALL.iter().rev() {
            let wanted =
                if all && levels.is_empty() { EventSet::all() } else { wanted(program, settings, *from) };
            if levels.last().is_none_or(|last| wanted.len() < last.wanted.len()) {
                levels.push(Level { from: *from, wanted });
            }
        }
        if !settings.adaptive {
            levels.truncate(1);
        }
        SyscallSelection { levels, level: 0, calm: 0 }
    }

    /// What is wanted at this level.
    pub fn wanted(&self) -> Option<Vec<u16>> {
        let wanted = &self.levels.get(self.level)?.wanted;
        let codes: Vec<u16> =
            EVENTS.iter().map(|event| event.code).filter(|code| wanted.contains(*code)).collect();
        (codes.len() < EVENTS.len()).then_some(codes)
    }

    /// How much is left out: 0, or how many steps were taken.
    pub fn level(&self) -> usize {
        self.level
    }

    /// A second has passed, in which events were lost or not.
    pub fn second(&mut self, lost: bool) -> Option<Change> {
        let (old, highest) = (self.level, self.levels.len().saturating_sub(1));
        self.calm = if lost { 0 } else { self.calm + 1 };
        if lost {
            self.level = highest.min(old + 1);
        } else if self.calm >= CALM && old > 0 {
            self.level = old - 1;
            self.calm = 0;
        }
        if self.level == old {
            return None;
        }
        let text = match self.levels.get(self.level) {
            Some(level) if self.level > 0 => {
                let (before, priority) = (&self.levels[0].wanted, level.from.name());
                let less = before.intersection(&level.wanted.complement());
                format!("overload: rules less urgent than {priority} do not get {}", names(&less))
            }
            _ => "overload has ended: all rules get the events that they need".to_owned(),
        };
        Some(Change { wanted: self.wanted(), text })
    }
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
        config::Calls { all: false, adaptive, more: names(more), less: names(less) }
    }

    fn sees(calls: &SyscallSelection, code: u16) -> bool {
        calls.wanted().is_none_or(|wanted| wanted.contains(&code))
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
    fn what_matters_least_goes_first_and_comes_back() {
        let mut calls = calls(&settings(true, &[], &[]), false);
        assert_eq!(calls.second(false), None);
        let change = calls.second(true).expect("a change");
        assert_eq!(change.text, "overload: rules less urgent than Informational do not get read");
        assert!(!sees(&calls, code::SYSCALL_READ_X) && sees(&calls, code::SYSCALL_GETCWD_X));
        let change = calls.second(true).expect("a change");
        assert_eq!(change.text, "overload: rules less urgent than Critical do not get getcwd, read");
        assert_eq!(calls.second(true), None, "what the state needs is never left out");
        let calm: Vec<_> = (0..2 * CALM).filter_map(|_| calls.second(false)).collect();
        assert_eq!(calm.len(), 2);
        assert!(sees(&calls, code::SYSCALL_READ_X) && calls.level() == 0);
    }

    #[test]
    fn it_can_be_switched_off() {
        assert_eq!(calls(&settings(false, &[], &[]), false).second(true), None);
    }
}
