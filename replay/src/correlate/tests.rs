//! Correlations over a few alerts: what fires when, what is held back, and what is forgotten.

use tercel_rules::correlation::{Base, Condition, Correlation, Correlations, Kind, Once, Output};
use tercel_rules::program::Priority;

use super::*;

const SECOND: u64 = 1_000_000_000;

/// A correlation over the rules 0, 1 and so on; the group is the first value, what is counted the second.
fn correlation(kind: Kind, rules: usize, least: u64, most: Option<u64>) -> Correlation {
    let value = (kind == Kind::ValueCount).then_some(1);
    let base = (0..rules).map(|rule| Base { rule, group: vec![0], value, shown: Vec::new() });
    Correlation {
        name: "C".to_owned(),
        desc: String::new(),
        priority: Priority::Warning,
        tags: Vec::new(),
        kind,
        base: base.collect(),
        group: vec!["g".to_owned()],
        timespan: 10 * SECOND,
        condition: Condition { least, most },
        once: 0,
        output: Output::default(),
    }
}

fn correlations(list: Vec<Correlation>, once: Vec<Once>) -> Correlations {
    Correlations { list, once, asked: vec![Vec::new(); 4], remarks: Vec::new() }
}

/// An alert: second, rule, group and value.
type Step<'s> = (u64, usize, &'s str, &'s str);

/// Second, count and events.
type Fired = (u64, u64, Vec<u64>);

/// What the alerts of `steps` give: for each that is raised the second at which it is, and what it counted. The number of an event is
/// its place.
fn run(correlations: &Correlations, steps: &[Step<'_>], end: u64) -> (Vec<Fired>, Vec<bool>, Totals) {
    let mut correlator = Correlator::new(correlations);
    let (mut fired, mut printed, mut raised) = (Vec::new(), Vec::new(), Vec::new());
    let mut at = |second: u64, raised: &mut Vec<Raised>| {
        for one in raised.drain(..) {
            let (count, events) = one.counted();
            fired.push((second, count, events.to_vec()));
        }
    };
    for (num, (second, rule, group, value)) in steps.iter().enumerate() {
        let mut marks = Marks::default();
        let values = ["t", "host", "", group, value];
        marks.push((second * SECOND, num as u64, *rule), 0, values.iter().map(|value| value.as_bytes()));
        let mark = marks.get(0).expect("a mark");
        correlator.advance(mark.ts, &mut raised);
        at(*second, &mut raised);
        printed.push(correlator.see(&mark, &mut raised));
        at(*second, &mut raised);
    }
    correlator.finish(end * SECOND, &mut raised);
    at(end, &mut raised);
    (fired, printed, correlator.totals().clone())
}

#[track_caller]
fn check(correlation: Correlation, steps: &[Step<'_>], expected: &[(u64, u64, &[u64])]) {
    let (fired, ..) = run(&correlations(vec![correlation], Vec::new()), steps, 100);
    let expected: Vec<_> =
        expected.iter().map(|(at, count, events)| (*at, *count, events.to_vec())).collect();
    assert_eq!(fired, expected);
}

#[test]
fn alerts_are_counted_per_group_and_time() {
    let three = || correlation(Kind::EventCount, 2, 3, None);
    check(three(), &[(1, 0, "a", ""), (2, 0, "a", ""), (11, 1, "a", "")], &[(11, 3, &[0, 1, 2])]);
    check(three(), &[(1, 0, "a", ""), (2, 0, "a", ""), (12, 0, "a", "")], &[]);
    check(three(), &[(1, 0, "a", ""), (2, 0, "b", ""), (3, 0, "a", ""), (4, 2, "a", "")], &[]);
    // What has contributed does not contribute again.
    let many: Vec<Step<'_>> = (1..=7).map(|second| (second, 0, "a", "")).collect();
    check(three(), &many, &[(3, 3, &[0, 1, 2]), (6, 3, &[3, 4, 5])]);
    // And a group can be quiet for a while.
    check(Correlation { once: 4 * SECOND, ..three() }, &many, &[(3, 3, &[0, 1, 2])]);
}

#[test]
fn an_upper_bound_is_known_at_the_end_of_a_window() {
    let few = || correlation(Kind::EventCount, 1, 1, Some(2));
    check(few(), &[(1, 0, "a", ""), (2, 0, "a", ""), (12, 0, "b", "")], &[(12, 2, &[0, 1]), (100, 1, &[2])]);
    check(few(), &[(1, 0, "a", ""), (2, 0, "a", ""), (3, 0, "a", "")], &[]);
    let (fired, ..) = run(&correlations(vec![few()], Vec::new()), &[(1, 0, "a", "")], 11);
    assert!(fired.is_empty(), "the window is not over");
    check(
        correlation(Kind::ValueCount, 1, 2, Some(2)),
        &[(1, 0, "a", "x"), (2, 0, "a", "x"), (3, 0, "a", "y")],
        &[(100, 2, &[0, 1, 2])],
    );
}

#[test]
fn values_are_counted_once() {
    let two = || correlation(Kind::ValueCount, 1, 2, None);
    check(two(), &[(1, 0, "a", "x"), (2, 0, "a", "x"), (3, 0, "a", "y")], &[(3, 2, &[1, 2])]);
    // The newest alert of a value counts.
    check(two(), &[(1, 0, "a", "x"), (9, 0, "a", "x"), (15, 0, "a", "y")], &[(15, 2, &[1, 2])]);
    check(two(), &[(1, 0, "a", "x"), (12, 0, "a", "y")], &[]);
}

#[test]
fn different_rules_in_any_order_or_in_one() {
    let both = || correlation(Kind::Temporal, 2, 2, None);
    check(both(), &[(1, 1, "a", ""), (2, 1, "a", ""), (3, 0, "a", "")], &[(3, 2, &[1, 2])]);
    check(both(), &[(1, 1, "a", ""), (3, 0, "b", ""), (12, 0, "a", "")], &[]);
    let ordered = || correlation(Kind::TemporalOrdered, 2, 2, None);
    check(ordered(), &[(1, 0, "a", ""), (2, 0, "a", ""), (3, 1, "a", "")], &[(3, 2, &[1, 2])]);
    check(ordered(), &[(1, 1, "a", ""), (2, 0, "a", "")], &[]);
    check(ordered(), &[(1, 0, "a", ""), (12, 1, "a", "")], &[]);
    let mut twice = ordered();
    twice.base.insert(0, twice.base[0].clone());
    check(
        twice,
        &[(1, 0, "a", ""), (2, 1, "a", ""), (3, 0, "a", ""), (4, 1, "a", "")],
        &[(4, 3, &[0, 2, 3])],
    );
}

#[test]
fn alerts_can_be_printed_once() {
    let base = |rule| Base { rule, group: vec![0], value: None, shown: Vec::new() };
    let once = Once { base: vec![base(0), base(1)], timespan: 5 * SECOND };
    let steps = [
        (1, 0, "a", ""),
        (2, 1, "a", ""),
        (3, 0, "b", ""),
        (5, 0, "a", ""),
        (6, 0, "a", ""),
        (7, 2, "a", ""),
    ];
    let (_, printed, totals) = run(&correlations(Vec::new(), vec![once]), &steps, 8);
    assert_eq!(printed, [true, false, true, false, true, true]);
    assert_eq!(totals.held_back, 2);
}

#[test]
fn a_capture_that_begins_earlier_begins_anew() {
    let three = correlation(Kind::EventCount, 1, 3, None);
    check(three.clone(), &[(50, 0, "a", ""), (51, 0, "a", ""), (20, 0, "a", "")], &[]);
    // Events may be a little out of order.
    check(three, &[(50, 0, "a", ""), (52, 0, "a", ""), (51, 0, "a", "")], &[(51, 3, &[0, 1, 2])]);
}

#[test]
fn groups_are_bounded_and_what_is_forgotten_is_counted() {
    let three = correlations(vec![correlation(Kind::EventCount, 1, 3, None)], Vec::new());
    let names: Vec<String> = (0..250_000).map(|group| format!("{group}")).collect();
    let steps: Vec<Step<'_>> = names.iter().map(|name| (1, 0, name.as_str(), "")).collect();
    let (_, _, totals) = run(&three, &steps, 2);
    assert!(totals.forgotten >= 50_000, "{totals:?}");
    // Those whose windows are over are no loss.
    let steps: Vec<Step<'_>> =
        names.iter().enumerate().map(|(at, name)| (at as u64, 0, name.as_str(), "")).collect();
    let (_, _, totals) = run(&three, &steps, 250_000);
    assert_eq!(totals.forgotten, 0);
    // One group with a large condition does not take all memory either.
    let wide = correlations(vec![correlation(Kind::ValueCount, 1, 1_000_000, None)], Vec::new());
    let long = "v".repeat(900);
    let values: Vec<String> = (0..120_000).map(|value| format!("{long}{value}")).collect();
    let steps: Vec<Step<'_>> = values.iter().map(|value| (1, 0, "a", value.as_str())).collect();
    let (_, _, totals) = run(&wide, &steps, 2);
    assert!(totals.forgotten > 0, "{totals:?}");
}
