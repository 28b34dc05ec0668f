//! What rules cost: rule files and captures enter; how often each term, macro and rule was asked, and their shares of the time, leave,
//! with what to rewrite. Counts follow from the events alone: each capture is evaluated by itself, so they are the same for any number of
//! threads. Times are shares, since they mean something only beside each other.
//!
//! Data walks down the list of modules: an evaluation that counts (`replay`), what it asked brought back to what is written in the
//! files (`rows`, `shares`), what could be written otherwise (`advice`, `patterns`), and reports.

mod alone;

mod shares;

mod rows;

mod patterns;

mod advice;

mod json;
mod text;

use std::cmp::Reverse;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tercel_format::catalogue::EVENTS;
use tercel_format::trace::Zone;
use tercel_replay::{Context, Cost, Costs, Matcher, Matching, Memory, Profile as Counters};
use tercel_rules::files;
use tercel_rules::load::{Loaded, Loader, Options as Loading, Resolved, RuleState};

use crate::error::RunError;
use crate::options::Screen;
use crate::pass::{self, Captures, Ended, Extent, Look};
use rows::Terms;
use shares::shares;

pub use advice::{Advice, Rewrite};
pub use rows::{MacroRow, RuleRow, TermRow};

/// What to measure.
#[derive(Clone)]
pub struct ProfileOptions<'p> {
    /// Rule files and directories of them, in the order of loading.
    pub rules: Vec<PathBuf>,
    /// How they are loaded.
    pub loading: Loading,
    /// Which of several matching rules give an alert.
    pub matching: Matching,
    /// Which events are looked at.
    pub extent: Extent<'p>,
    /// Evaluate each rule by itself, too.
    pub alone: bool,
}

/// What rules cost.
#[derive(Debug)]
pub struct RulesProfile {
    /// Rules that run, the dearest first.
    pub rules: Vec<RuleRow>,
    /// Macros, the dearest first.
    pub macros: Vec<MacroRow>,
    /// Terms, the dearest first.
    pub terms: Vec<TermRow>,
    /// Event types, the dearest first.
    pub events: Vec<EventRow>,
    /// What to rewrite, that which spares most first.
    pub advice: Vec<Advice>,
    /// Share of conditions in the time that captures took, in tenths of a per cent.
    pub conditions: u32,
    /// How the reading of each capture ended.
    pub captures: Vec<Ended>,
    /// Whether each rule was evaluated by itself, too.
    pub has_alone: bool,
}

/// An event type.
#[derive(Debug, Clone)]
pub struct EventRow {
    /// Its name.
    pub name: String,
    /// `enter` or `exit` of a system call.
    pub is_exit: bool,
    /// Events that were evaluated.
    pub events: u64,
    /// Steps of conditions that were asked on them, and rules that matched.
    pub cost: Cost,
    /// Share of the time, in tenths of a per cent.
    pub share: u32,
}

/// Measures what rules cost over captures.
///
/// # Errors
/// Rules cannot be read, or have errors; threads cannot be started. What is wrong with a capture stands in the answer.
pub fn profile(options: &ProfileOptions<'_>, captures: Captures<'_>) -> Result<RulesProfile, RunError> {
    let (loaded, resolved) = load(options)?;
    let program = &loaded.program;
    let matcher = Matcher::new(program, options.matching);
    let alone = if options.alone { alone::matchers(program) } else { Vec::new() };
    let sums = Mutex::new(Sums {
        counters: matcher.profile(),
        alone: alone.iter().map(Matcher::profile).collect(),
        took: Duration::ZERO,
    });
    let start = |_: usize, zone: Option<&Arc<Zone>>| {
        let seat = |matcher| {
            let mut seat = Seat::new(matcher, options);
            seat.memory.set_zone(zone);
            seat
        };
        Measuring {
            together: seat(&matcher),
            alone: alone.iter().map(seat).collect(),
            started: Instant::now(),
        }
    };
    let finish = |measured: Measuring<'_>| {
        sums.lock().unwrap_or_else(PoisonError::into_inner).add(&measured);
    };
    let ended = pass::pass(captures, options.extent, &start, &finish)?;
    let sums = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    let costs = matcher.costs(&sums.counters, program.rules.len());
    let alone = alone.iter().zip(&sums.alone).map(|(matcher, counters)| matcher.costs(counters, 1));
    let alone: Vec<Costs> = alone.collect();
    let captures = ended.into_iter().map(|((), ended)| ended).collect();
    Ok(RulesProfile {
        has_alone: options.alone,
        conditions: of_pass(&sums, &costs),
        ..RulesProfile::new(&loaded, &resolved, &costs, &alone, captures)
    })
}

fn load(options: &ProfileOptions<'_>) -> Result<(Loaded, Vec<Resolved>), RunError> {
    let mut loader = Loader::new(options.loading.clone());
    for file in files::read(&options.rules)? {
        let report = loader.bytes(&file.name, &file.bytes);
        if !report.successful() {
            return Err(RunError::Rules(report.errors.iter().map(ToString::to_string).collect()));
        }
    }
    let rules = loader.contents().rules;
    let running = rules.iter().filter(|rule| rule.info.state == RuleState::Enabled);
    let names: Vec<&str> = running.map(|rule| rule.info.name.as_str()).collect();
    let resolved = loader.resolved(&names)?;
    Ok((loader.finish(), resolved))
}

/// Share of conditions in the time of the pass, in tenths of a per cent.
fn of_pass(sums: &Sums, costs: &Costs) -> u32 {
    let sampled: u64 = costs.codes.iter().map(|code| code.cost.time).sum();
    let conditions = u128::from(sampled) * u128::from(Counters::SAMPLE) / 1000;
    let all = sums.took.as_nanos().max(1);
    u32::try_from(conditions * 1000 / all).unwrap_or(1000).min(1000)
}

/// What all captures together gave.
struct Sums {
    counters: Counters,
    alone: Vec<Counters>,
    took: Duration,
}

impl Sums {
    fn add(&mut self, measured: &Measuring<'_>) {
        self.counters.add(&measured.together.counters);
        self.alone.iter_mut().zip(&measured.alone).for_each(|(sum, seat)| sum.add(&seat.counters));
        self.took += measured.started.elapsed();
    }
}

/// An evaluation that counts.
struct Seat<'m> {
    matcher: &'m Matcher,
    memory: Memory,
    counters: Counters,
}

impl<'m> Seat<'m> {
    fn new(matcher: &'m Matcher, options: &ProfileOptions<'_>) -> Seat<'m> {
        Seat { matcher, memory: matcher.memory(options.extent.settings), counters: matcher.profile() }
    }

    fn event(&mut self, cx: &Context<'_>) {
        self.matcher.profiled(cx, &mut self.memory, &mut self.counters);
    }
}

/// Measures over one capture.
struct Measuring<'m> {
    together: Seat<'m>,
    alone: Vec<Seat<'m>>,
    started: Instant,
}

impl Look for Measuring<'_> {
    fn event(&mut self, cx: &Context<'_>) {
        self.together.event(cx);
        self.alone.iter_mut().for_each(|seat| seat.event(cx));
    }

    fn forget(&mut self) {
        self.together.memory.forget();
        self.alone.iter_mut().for_each(|seat| seat.memory.forget());
    }
}

impl RulesProfile {
    fn new(
        loaded: &Loaded,
        resolved: &[Resolved],
        costs: &Costs,
        alone: &[Costs],
        captures: Vec<Ended>,
    ) -> RulesProfile {
        let terms = Terms::new(resolved, &loaded.program, costs);
        let advice = advice::advice(resolved, &terms, costs);
        let mut macros = terms.macros();
        let mut rules = rule_rows(loaded, costs, alone);
        let mut events = event_rows(costs);
        let mut terms = terms.rows;
        // The dearest first by counts, which are the same in every run.
        rules.sort_by_key(|row| Reverse(row.cost.asked));
        macros.sort_by_key(|row| Reverse(row.cost.asked));
        terms.sort_by_key(|row| Reverse(row.cost.asked));
        events.sort_by_key(|row| Reverse((row.cost.asked, row.events)));
        RulesProfile { rules, macros, terms, events, advice, conditions: 0, captures, has_alone: false }
    }

    /// The report for people, with so many rows of each table; without `times`, it is the same in every run.
    pub fn text(&self, rows: usize, times: bool, screen: Screen) -> String {
        text::text(self, rows, times, screen)
    }

    /// The report as one JSON object; without `times`, it is the same in every run.
    pub fn json(&self, times: bool) -> String {
        json::text(self, times)
    }

    /// Events that were read.
    pub fn event_count(&self) -> u64 {
        self.captures.iter().map(|ended| ended.events).sum()
    }
}

fn rule_rows(loaded: &Loaded, costs: &Costs, alone: &[Costs]) -> Vec<RuleRow> {
    let alone = |at: usize| alone.get(at).and_then(|costs| costs.rules.first()).map(|rule| rule.cost);
    let together: Vec<u64> = costs.rules.iter().map(|rule| rule.cost.time).collect();
    let apart: Vec<u64> = (0..costs.rules.len()).map(|at| alone(at).map_or(0, |cost| cost.time)).collect();
    let (together, apart) = (shares(&together), shares(&apart));
    let place =
        |name: &str| loaded.rules.iter().find(|info| info.name == name).map(|info| info.place.clone());
    let share = |shares: &[u32], at: usize| shares.get(at).copied().unwrap_or(0);
    let rows = loaded.program.rules.iter().zip(&costs.rules).enumerate().map(|(at, (rule, cost))| RuleRow {
        name: rule.name.clone(),
        place: place(&rule.name),
        events: cost.events,
        cost: cost.cost,
        share: share(&together, at),
        alone: alone(at),
        share_alone: share(&apart, at),
    });
    rows.collect()
}

fn event_rows(costs: &Costs) -> Vec<EventRow> {
    let times: Vec<u64> = costs.codes.iter().map(|code| code.cost.time).collect();
    let rows = costs.codes.iter().zip(shares(&times)).filter_map(|(code, share)| {
        let info = EVENTS.get(usize::from(code.code))?;
        let name = info.name.to_owned();
        Some(EventRow { name, is_exit: info.is_exit(), events: code.events, cost: code.cost, share })
    });
    rows.collect()
}
