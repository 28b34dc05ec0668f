//! Windows, limits, filters and counters with artificial captures.

use tercel_format::catalogue::code;
use tercel_format::record::Section;
use tercel_format::{Block, Event};
use tercel_rules::output::Template;
use tercel_rules::program::{Priority, Rule};
use tercel_rules::{Compiler, parse};

use super::*;
use crate::eval::Matching;
use crate::scan::Visitor;
use crate::window::Point;

/// Events numbered from 1, a second apart, each state-only where its number is in the list.
struct Seconds {
    next: u64,
    count: u64,
    state_only: &'static [u64],
}

impl BlockSource for Seconds {
    type Error = std::convert::Infallible;

    fn next_block(&mut self) -> Result<Option<Block<'_>>, Self::Error> {
        let num = self.next;
        self.next += 1;
        if num == 0 {
            return Ok(Some(Block::Section(Section { major: 1, minor: 2 })));
        }
        let event = (num <= self.count).then(|| Event::new(code::SYSCALL_GETCWD_E, &[], &[])).flatten();
        Ok(event.map(|mut event| {
            (event.num, event.ts) = (num, num * 1_000_000_000);
            event.state_only = self.state_only.contains(&num);
            Block::Event(event)
        }))
    }
}

#[derive(Default)]
struct Numbers(Vec<(u64, usize)>);

impl Sink for Numbers {
    fn alert(&mut self, alert: &Alert<'_>) -> io::Result<()> {
        self.0.push((alert.context.event.num, alert.index));
        Ok(())
    }
}

fn program(conditions: &[&str]) -> Program {
    let mut compiler = Compiler::new();
    let rules = conditions.iter().map(|text| {
        let condition = compiler.condition(&parse(text, 100).expect("a condition")).expect("valid");
        Rule {
            name: (*text).to_owned(),
            desc: String::new(),
            priority: Priority::Error,
            tags: Vec::new(),
            source: "syscall".to_owned(),
            condition: condition.node,
            output: Template::default(),
            events: condition.events,
            capture: Default::default(),
        }
    });
    let rules = rules.collect();
    let (nodes, checks) = compiler.into_parts();
    Program { rules, nodes, checks }
}

#[track_caller]
fn check(options: Options, filter: Option<&str>, expected: &[u64]) -> Counters {
    let rules = program(&["evt.num > 0"]);
    let filter = filter.map(|text| program(&[text]));
    let mut replay = Replay::new(&rules, filter.as_ref(), options);
    let mut sink = Numbers::default();
    let mut source = Seconds { next: 0, count: 60, state_only: &[3, 4] };
    replay.run(&mut source, &mut sink).expect("no failure");
    assert_eq!(sink.0.iter().map(|(num, _)| *num).collect::<Vec<_>>(), expected);
    replay.counters().clone()
}

#[test]
fn windows_limits_and_filters() {
    let none = Options::default();
    let from = |point| Options { from: Some(point), ..none };
    let window = |from, to| Options { from: Some(from), to: Some(to), ..none };
    check(Options { to: Some(Point::Event(6)), ..none }, None, &[1, 2, 5]);
    check(from(Point::Event(59)), None, &[59, 60]);
    check(window(Point::Event(10), Point::Event(12)), None, &[10, 11]);
    check(window(Point::Absolute(10_000_000_000), Point::Absolute(12_000_000_000)), None, &[10, 11]);
    check(window(Point::Relative(9_000_000_000), Point::Relative(10_000_000_001)), None, &[10, 11]);
    check(Options { limit: Some(2), ..from(Point::Event(3)) }, None, &[5, 6]);
    check(none, Some("evt.num in (3, 7, 50)"), &[7, 50]);
    check(Options { limit: Some(1), ..none }, Some("evt.num > 20"), &[21]);
}

#[test]
fn counters_tell_what_happened() {
    let counters = check(none_but_to(8), Some("not evt.num = 2"), &[1, 5, 6, 7]);
    assert_eq!(counters.events, 8);
    assert_eq!(counters.state_only, 2);
    assert_eq!(counters.evaluated, 4);
    assert_eq!(counters.alerts, [4]);
    assert_eq!(counters.priorities, [0, 0, 0, 4, 0, 0, 0, 0]);
    assert_eq!(counters.span, Some((1_000_000_000, 8_000_000_000)));
}

fn none_but_to(number: u64) -> Options {
    Options { to: Some(Point::Event(number)), ..Options::default() }
}

#[test]
fn rules_of_one_event_come_in_load_order() {
    let rules = program(&["evt.num = 2", "evt.num > 1", "evt.num = 3", "evt.num in (2, 3)"]);
    let run = |matching| {
        let mut replay = Replay::new(&rules, None, Options { matching, ..Options::default() });
        let mut sink = Numbers::default();
        replay.run(&mut Seconds { next: 0, count: 3, state_only: &[] }, &mut sink).expect("no failure");
        sink.0
    };
    assert_eq!(run(Matching::First), [(2, 0), (3, 1)]);
    assert_eq!(run(Matching::All), [(2, 0), (2, 1), (2, 3), (3, 1), (3, 2), (3, 3)]);
}

#[test]
fn members_of_a_group_see_what_they_would_see_alone() {
    let programs = [program(&["evt.num >= 2"]), program(&["evt.num < 4", "evt.num = 6"])];
    let filter = program(&["evt.num != 3"]);
    let options = |from, to| Options { from, to, ..Options::default() };
    let members = [
        (0, None, options(None, None)),
        (1, Some(&filter), options(None, None)),
        (1, None, options(Some(Point::Event(2)), Some(Point::Event(6)))),
        (0, Some(&filter), Options { limit: Some(3), ..Options::default() }),
    ];
    let captures = || Seconds { next: 0, count: 8, state_only: &[5] };
    let mut alone = Vec::new();
    for (at, filter, options) in &members {
        let mut replay = Replay::new(&programs[*at], *filter, *options);
        let mut sink = Numbers::default();
        replay.run(&mut captures(), &mut sink).expect("nothing can fail");
        alone.push((sink.0, replay.counters().alerts.clone(), replay.counters().evaluated));
    }
    let prepared = programs.each_ref().map(Prepared::new);
    let mut group = Group::new(members.iter().map(|(at, filter, options)| Member {
        rules: prepared[*at].clone(),
        filter: *filter,
        options: *options,
    }));
    let mut sinks: Vec<Numbers> = members.iter().map(|_| Numbers::default()).collect();
    let (mut source, mut visitor) = (captures(), group.visitor(&mut sinks));
    while let Some(block) = source.next_block().expect("nothing can fail")
        && visitor.block(&block).expect("nothing can fail")
    {}
    let counters = group.counters().map(|counters| (counters.alerts.clone(), counters.evaluated));
    let together: Vec<_> =
        sinks.into_iter().zip(counters).map(|(sink, (alerts, seen))| (sink.0, alerts, seen)).collect();
    assert_eq!(together, alone);
    assert!(alone.iter().all(|(alerts, _, _)| !alerts.is_empty()));
}
