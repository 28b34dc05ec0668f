//! Alerts per second of the correlation engine alone, on one thread: `cargo bench -p tercel-replay --bench correlate`.

use std::hint::black_box;
use std::time::Instant;

use tercel_replay::correlate::{Correlator, Marks};
use tercel_rules::correlation::{Base, Condition, Correlation, Correlations, Kind, Output};
use tercel_rules::program::Priority;

/// Alerts of a round.
const ALERTS: u64 = 2_000_000;

/// Groups that they belong to.
const GROUPS: u64 = 1000;

fn correlation(kind: Kind, least: u64) -> Correlation {
    let value = (kind == Kind::ValueCount).then_some(1);
    let base = (0..2).map(|rule| Base { rule, group: vec![0], value, shown: vec![1] });
    Correlation {
        name: "C".to_owned(),
        desc: String::new(),
        priority: Priority::Warning,
        tags: Vec::new(),
        kind,
        base: base.collect(),
        group: vec!["fd.cip".to_owned()],
        timespan: 60_000_000_000,
        condition: Condition { least, most: None },
        once: 0,
        output: Output::default(),
    }
}

/// Alerts of two rules, a microsecond apart.
fn alerts() -> Marks {
    let mut marks = Marks::default();
    for num in 0..ALERTS {
        let group = format!("10.0.{}.{}", num % GROUPS / 250, num % GROUPS % 250);
        let value = format!("user{}", num / GROUPS % 50);
        let values = ["12:00:00.000000000", "host", "", &group, &value];
        marks.push((num * 1000, num, (num % 3 != 0).into()), 0, values.map(str::as_bytes));
    }
    marks
}

fn main() {
    let marks = alerts();
    for (name, kind, least) in [
        ("event_count", Kind::EventCount, 10),
        ("value_count", Kind::ValueCount, 10),
        ("temporal", Kind::Temporal, 2),
        ("temporal_ordered", Kind::TemporalOrdered, 2),
    ] {
        let correlations = Correlations {
            list: vec![correlation(kind, least)],
            asked: vec![Vec::new(); 2],
            ..Correlations::default()
        };
        let (mut correlator, mut raised, mut fired) = (Correlator::new(&correlations), Vec::new(), 0);
        let started = Instant::now();
        for mark in marks.iter() {
            correlator.advance(mark.ts, &mut raised);
            black_box(correlator.see(&mark, &mut raised));
            fired += raised.drain(..).count();
        }
        let seconds = started.elapsed().as_secs_f64();
        println!("{name}: {:.2} M alerts/s, {fired} fired", ALERTS as f64 / seconds / 1e6);
    }
}
