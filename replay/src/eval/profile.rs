//! What conditions cost: an evaluation that is watched enters; how often each check, rule and event type was asked leaves, and how
//! much time that took. The counts follow from the events alone. Times are measured on a sample of the events, and mean something
//! only beside each other.

use std::time::Instant;

use tercel_format::Event;
use tercel_format::catalogue::EVENTS;
use tercel_rules::program::CheckId;

use super::Matcher;
use super::plan::PlanStep;
use super::watch::Watch;

/// Longest time of a check, in picoseconds. What takes longer was interrupted by something else.
const LONGEST: u64 = 20_000_000;

/// How often something was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Times that it was asked.
    pub asked: u64,
    /// Times that it held.
    pub held: u64,
    /// Time of the sample, in picoseconds of no particular processor.
    pub time: u64,
}

impl Cost {
    fn add(&mut self, other: &Cost) {
        self.asked += other.asked;
        self.held += other.held;
        self.time = self.time.saturating_add(other.time);
    }
}

/// Counts what the evaluation of a [`Matcher`] asks.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Per event code, where its steps begin in `steps`.
    starts: Box<[u32]>,
    steps: Box<[Cost]>,
    checks: Box<[Cost]>,
    /// Per event code its evaluations.
    events: Box<[u64]>,
    /// Where the steps of the current event begin.
    first: usize,
    /// The current step.
    step: usize,
    is_timed: bool,
    /// What reading the clock twice takes, in picoseconds.
    clock: u64,
}

/// What a check cost. Checks of one text that are asked together are one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckCost {
    /// The checks, as positions in [`Program::checks`](tercel_rules::program::Program::checks).
    pub checks: Vec<CheckId>,
    /// Their cost.
    pub cost: Cost,
}

/// What a rule cost beside the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleCost {
    /// Events of types on which it can fire.
    pub events: u64,
    /// Steps that were asked for it, those that others need as well included; `held`: times that it matched, whichever rule
    /// raised the alert. The time of a step is divided among the rules that it is asked for.
    pub cost: Cost,
}

/// What an event type cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeCost {
    /// Its code.
    pub code: u16,
    /// Events of it that were evaluated; one with several views of paths counts for each.
    pub events: u64,
    /// Steps that were asked on them.
    pub cost: Cost,
}

/// What everything cost.
#[derive(Debug, Clone, Default)]
pub struct Costs {
    /// Checks that depend on more than the event's type, in the order of the program.
    pub checks: Vec<CheckCost>,
    /// Rules, as in [`Program::rules`](tercel_rules::program::Program::rules).
    pub rules: Vec<RuleCost>,
    /// Types of events that rules look at and that occur.
    pub codes: Vec<CodeCost>,
}

impl Watch for Profile {
    #[inline]
    fn start(&mut self, event: &Event<'_>) {
        let code = usize::from(event.code());
        self.first = self.starts.get(code).map_or(0, |start| *start as usize);
        self.is_timed = is_sampled(event.num);
        if let Some(events) = self.events.get_mut(code) {
            *events += 1;
        }
    }

    #[inline]
    fn step(&mut self, at: usize) {
        self.step = self.first + at;
        if let Some(cost) = self.steps.get_mut(self.step) {
            cost.asked += 1;
        }
    }

    #[inline]
    fn found(&mut self) {
        if let Some(cost) = self.steps.get_mut(self.step) {
            cost.held += 1;
        }
    }

    #[inline]
    fn check(&mut self, check: CheckId, ask: impl FnOnce() -> bool) -> bool {
        let (answer, time) = match self.is_timed {
            false => (ask(), 0),
            true => self.timed(ask),
        };
        if let Some(cost) = self.checks.get_mut(check.0 as usize) {
            cost.asked += 1;
            cost.held += u64::from(answer);
            cost.time = cost.time.saturating_add(time);
        }
        if let (true, Some(step)) = (time > 0, self.steps.get_mut(self.step)) {
            step.time = step.time.saturating_add(time);
        }
        answer
    }
}

impl Profile {
    /// One event in so many is timed, a power of two: a clock costs as much as a check.
    pub const SAMPLE: u64 = 16;

    /// The answer and what it took, of which the time for the clock is taken off.
    fn timed(&self, ask: impl FnOnce() -> bool) -> (bool, u64) {
        let started = Instant::now();
        let answer = ask();
        (answer, picoseconds(started).saturating_sub(self.clock).clamp(1, LONGEST))
    }

    /// Adds what was counted elsewhere, with the same matcher.
    pub fn add(&mut self, other: &Profile) {
        let add = |these: &mut [Cost], those: &[Cost]| {
            these.iter_mut().zip(those).for_each(|(one, other)| one.add(other));
        };
        add(&mut self.steps, &other.steps);
        add(&mut self.checks, &other.checks);
        self.events.iter_mut().zip(&other.events).for_each(|(one, other)| *one += other);
    }
}

impl Matcher {
    /// Counters for evaluations of this matcher.
    pub fn profile(&self) -> Profile {
        let (mut starts, mut steps) = (Vec::with_capacity(EVENTS.len()), 0);
        for info in EVENTS.iter() {
            starts.push(steps as u32);
            steps += self.plans.of(info.code).map_or(0, |plan| plan.steps.len());
        }
        Profile {
            starts: starts.into(),
            steps: vec![Cost::default(); steps].into(),
            checks: vec![Cost::default(); self.plans.predicates.len()].into(),
            events: vec![0; EVENTS.len()].into(),
            first: 0,
            step: 0,
            is_timed: false,
            clock: clock(),
        }
    }

    /// What the counters say, of a program of so many `rules`.
    pub fn costs(&self, profile: &Profile, rules: usize) -> Costs {
        let mut costs = Costs { rules: vec![RuleCost::default(); rules], ..Costs::default() };
        for (at, cost) in profile.checks.iter().enumerate().filter(|(_, cost)| cost.asked > 0) {
            let check = CheckId(at as u32);
            let checks = self.plans.joined.get(&check).map_or_else(|| vec![check], |joined| joined.to_vec());
            costs.checks.push(CheckCost { checks, cost: *cost });
        }
        for (info, start) in EVENTS.iter().zip(&profile.starts) {
            let events = profile.events.get(usize::from(info.code)).copied().unwrap_or(0);
            let Some(plan) = self.plans.of(info.code).filter(|_| events > 0) else { continue };
            let steps = profile.steps.get(*start as usize..).unwrap_or_default();
            let mut of_code = CodeCost { code: info.code, events, cost: Cost::default() };
            for (at, (step, cost)) in plan.steps.iter().zip(steps).enumerate() {
                match *step {
                    PlanStep::Found(rule) => {
                        of_code.cost.held += cost.held;
                        if let Some(of_rule) = costs.rules.get_mut(rule as usize) {
                            of_rule.cost.held += cost.held;
                            of_rule.events += events;
                        }
                    }
                    PlanStep::Need(_, otherwise) => {
                        let guarded = plan.steps.get(at + 1..otherwise as usize).unwrap_or_default();
                        let guarded = guarded.iter().filter_map(|step| match step {
                            PlanStep::Found(rule) => Some(*rule as usize),
                            PlanStep::Need(..) => None,
                        });
                        of_code.cost.asked += cost.asked;
                        of_code.cost.time = of_code.cost.time.saturating_add(cost.time);
                        let count = guarded.clone().count().max(1) as u64;
                        for rule in guarded {
                            let Some(of_rule) = costs.rules.get_mut(rule) else { continue };
                            of_rule.cost.asked += cost.asked;
                            of_rule.cost.time = of_rule.cost.time.saturating_add(cost.time / count);
                        }
                    }
                }
            }
            costs.codes.push(of_code);
        }
        costs
    }
}

/// Whether the event of a number is timed: neighbours belong together, so the choice must not follow the order.
fn is_sampled(number: u64) -> bool {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Profile::SAMPLE.trailing_zeros()) == 0
}

fn picoseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_nanos()).unwrap_or(u64::MAX).saturating_mul(1000)
}

/// What it takes to read the clock twice, in picoseconds.
fn clock() -> u64 {
    (0..64).map(|_| picoseconds(Instant::now())).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use tercel_format::catalogue::code;
    use tercel_rules::parse;

    use super::*;
    use crate::eval::Matching;
    use crate::fields::{Context, Settings};
    use crate::state::State;

    #[test]
    fn what_is_asked_is_counted_and_answered_as_ever() {
        let texts = ["evt.num > 1 and evt.num > 2", "evt.num > 1 and evt.num in (1, 2)", "evt.type = open"];
        let conditions = texts.map(|text| parse(text, 100).expect("a condition"));
        let program = tercel_rules::filter::conditions(conditions.iter()).expect("known fields");
        let matcher = Matcher::new(&program, Matching::All);
        let [mut memory, mut watched] = [0, 1].map(|_| matcher.memory(Settings::default()));
        let mut profile = matcher.profile();
        let mut state = State::new();
        for num in 1..=100 {
            let mut event = Event::new(code::SYSCALL_GETCWD_E, &[], &[]).expect("a known code");
            event.num = num;
            let facts = state.apply(&event).expect("an event that is shown");
            let context = Context { state: &state, event: &event, facts: &facts };
            let found = matcher.profiled(&context, &mut watched, &mut profile).0.to_vec();
            assert_eq!(found, matcher.matches(&context, &mut memory), "{num}");
        }
        let once = matcher.costs(&profile, 3);
        let rules: Vec<_> = once.rules.iter().map(|rule| (rule.events, rule.cost.held)).collect();
        assert_eq!(rules, [(100, 98), (100, 1), (0, 0)]);
        assert!(once.rules[0].cost.asked >= 100 && once.rules[2].cost.asked == 0, "{:?}", once.rules);
        let asked = once.checks.iter().map(|check| check.cost.asked);
        assert_eq!(asked.clone().max(), Some(100), "{:?}", once.checks);
        // What is remembered for the event is asked once.
        assert!(once.codes[0].cost.asked >= asked.sum::<u64>(), "{once:?}");
        let codes: Vec<_> = once.codes.iter().map(|code| (code.code, code.events, code.cost.held)).collect();
        assert_eq!(codes, [(code::SYSCALL_GETCWD_E, 100, 99)]);
        let time = |costs: &Costs| costs.checks.iter().map(|check| check.cost.time).sum::<u64>();
        assert!(time(&once) > 0 && once.codes[0].cost.time == time(&once));
        let again = profile.clone();
        profile.add(&again);
        assert_eq!(matcher.costs(&profile, 3).rules[0].cost.held, 2 * 98);
    }
}
