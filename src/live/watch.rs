//! The run itself: blocks of the source are evaluated one after the other; in between, and when there are none, everything else has its
//! turn: signals, changed rules, losses, failing outputs, metrics.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tercel_capture::{Drops, Selection, Source};
use tercel_config::Config;
use tercel_format::{LiveSource, Polled};
use tercel_live::{
    DropWatcher, InternalAlert, LostExits, Metrics, Shedding, SilenceWatcher, Snapshots, SyscallSelection,
    WebServer, metrics,
};
use tercel_outputs::{Level, Outputs};
use tercel_replay::state::State;
use tercel_replay::{Formatter, Origin, Replay};
use tercel_rules::program::{Priority, Program};

use super::correlating::Correlating;
use super::flight::{Flight, Notice};
use super::lines::Lines;
use super::log::Log;
use super::recordings::Recordings;
use super::rules::Running;
use super::setup::Setup;
use super::signals::Signals;
use super::tally::Tally;
use crate::diagnostics::{self, counted};
use crate::exit::{Failure, Outcome};
use crate::host;
use crate::intent::Live;

/// Largest number of blocks between two checks of everything else.
const STRETCH: u32 = 4096;
/// How often outputs are checked.
const TICK: Duration = Duration::from_millis(100);
/// How often files and losses are checked, and metrics are made.
const SECOND: Duration = Duration::from_secs(1);

/// The parts of a run.
pub struct Parts {
    /// What the probe captures.
    pub calls: SyscallSelection,
    /// The host.
    pub source: Source,
    /// The trace that is written, and the newest events.
    pub recordings: Recordings,
    /// Where alerts go.
    pub outputs: Outputs,
    /// Messages about the run.
    pub log: Log,
    /// The web server.
    pub web: Option<WebServer>,
    /// Snapshots of metrics.
    pub snapshots: Snapshots,
}

/// A run.
pub struct Watch<'a> {
    args: &'a Live,
    setup: Setup,
    shedding: Shedding,
    source: Source,
    recordings: Recordings,
    outputs: Outputs,
    log: Log,
    web: Option<WebServer>,
    /// Snapshots of metrics; `None` while one is made.
    snapshots: Option<Snapshots>,
    /// When the rules were read, nanoseconds since the epoch.
    reloaded: u64,
    /// What lines print of this host: its local time.
    origin: Origin,
    drops: DropWatcher,
    silence: SilenceWatcher,
    lost_exits: LostExits,
    /// Rings of io_uring that were reported because their operations are not recorded.
    unseen_rings: u64,
    tally: Tally,
    started: Instant,
    /// When outputs were checked last, files and losses, and the newest events.
    looked: (Instant, Instant, Instant),
    failure: Option<Failure>,
}

/// Why the evaluation of a set of rules ended.
enum Next {
    Rules(Running),
    End,
}

impl<'a> Watch<'a> {
    /// Everything runs; nothing is evaluated yet.
    pub fn new(args: &'a Live, setup: Setup, parts: Parts) -> Watch<'a> {
        let Parts { calls, source, recordings, outputs, log, web, snapshots } = parts;
        let now = Instant::now();
        let zone = (!args.utc).then(|| Arc::new(host::local_zone()));
        Watch {
            args,
            shedding: Shedding::new(calls),
            source,
            recordings,
            outputs,
            log,
            web,
            snapshots: Some(snapshots),
            reloaded: since_epoch(),
            origin: Origin { label: None, zone, cut: None },
            drops: DropWatcher::new(setup.config.drops),
            silence: SilenceWatcher::new(setup.config.timeouts, now),
            lost_exits: LostExits::new(now),
            unseen_rings: 0,
            tally: Tally::default(),
            setup,
            started: now,
            looked: (now, now, now),
            failure: None,
        }
    }

    /// Watches until a limit, a signal or the end of the source.
    pub fn run(
        mut self,
        mut running: Running,
        filter: Option<&Program>,
        signals: &Signals,
    ) -> Result<Outcome, Failure> {
        self.log.tell(
            Level::Info,
            &format!("watching: {}", diagnostics::counted(running.program.rules.len() as u64, "rule")),
        );
        let mut state = State::new();
        loop {
            let options = self.setup.options(self.args, self.tally.evaluated);
            let program = &running.program;
            let mut correlating = Correlating::of(&running, self.setup.style(), &self.origin);
            let mut replay = Replay::resume(program, filter, options, state);
            replay.set_zone(self.origin.zone.as_ref());
            let next = self.evaluate(&mut replay, program, correlating.as_mut(), signals);
            self.tally.add(&replay, program);
            if let Some(correlating) = &mut correlating {
                let last = replay.counters().span.map(|(_, last)| last);
                self.tally.correlated(correlating.finish(last, &self.outputs), &running.correlations);
            }
            state = replay.into_state();
            match next {
                Next::Rules(rules) => running = rules,
                Next::End => break,
            }
        }
        self.finish()
    }

    /// Evaluates until there are other rules, or nothing more to evaluate.
    fn evaluate(
        &mut self,
        replay: &mut Replay<'_>,
        program: &Program,
        mut correlating: Option<&mut Correlating<'_>>,
        signals: &Signals,
    ) -> Next {
        let mut formatter = Formatter::new(program, self.setup.style());
        formatter.set_origin(&self.origin);
        let mut left = STRETCH;
        loop {
            let idle = match self.source.poll() {
                Polled::Block(block) => {
                    if let Err(failure) = self.recordings.block(&block, replay.state_mut()) {
                        self.failure = Some(failure);
                    }
                    let flight = self.recordings.flight.as_mut();
                    let correlating = correlating.as_deref_mut();
                    let mut lines =
                        Lines { formatter: &mut formatter, outputs: &self.outputs, flight, correlating };
                    // Outputs take every line.
                    if !replay.block(&block, &mut lines).unwrap_or(true) {
                        return Next::End;
                    }
                    left -= 1;
                    if left > 0 {
                        continue;
                    }
                    false
                }
                Polled::Idle => true,
                Polled::End => return Next::End,
            };
            left = STRETCH;
            let changed = self.look_around(replay, program);
            self.look_at_flight(signals.dump());
            if signals.reopen() {
                self.log.tell(Level::Info, "outputs are reopened");
                self.outputs.reopen();
                self.snapshots.iter().for_each(Snapshots::reopen);
            }
            if (signals.reload() || changed)
                && let Some(rules) = self.reload()
            {
                return Next::Rules(rules);
            }
            if idle {
                self.source.wait();
            }
        }
    }

    /// Does what is due for the newest events; `asked` says that a signal has asked for them.
    fn look_at_flight(&mut self, asked: bool) {
        let Some(flight) = &mut self.recordings.flight else {
            if asked {
                self.log.tell(
                    Level::Warning,
                    "SIGUSR2: nothing is kept in memory without capture.enabled or --ring",
                );
            }
            return;
        };
        let now = Instant::now();
        if asked || now.saturating_duration_since(self.looked.2) >= TICK {
            self.looked.2 = now;
            let notices = flight.look(asked, now, since_epoch());
            self.report(notices);
        }
    }

    fn report(&self, notices: Vec<Notice>) {
        for (level, text, alert) in notices {
            self.log.tell(level, &text);
            alert.iter().for_each(|alert| self.raise(alert));
        }
    }

    /// Does what is due; true if files of rules or configuration have changed.
    fn look_around(&mut self, replay: &Replay<'_>, program: &Program) -> bool {
        let now = Instant::now();
        if now.saturating_duration_since(self.looked.0) < TICK {
            return false;
        }
        self.looked.0 = now;
        let of_web = self.web.iter().flat_map(WebServer::notices);
        let notices = self.outputs.notices(now).into_iter().chain(of_web);
        for notice in notices.chain(self.snapshots.iter_mut().flat_map(|snapshots| snapshots.notices(now))) {
            self.log.tell(notice.level, &notice.text);
        }
        if let Some(failure) = &self.failure
            && self.recordings.writer.take().is_some()
        {
            self.log.tell(Level::Error, &failure.to_string());
        }
        if let Some(writer) = &mut self.recordings.writer
            && let Err(failure) = writer.tick(now)
        {
            self.failure = Some(failure);
        }
        let elapsed = now.saturating_duration_since(self.started);
        if self.args.duration.is_some_and(|limit| elapsed >= limit) || self.outputs.closed() {
            self.source.stop();
        }
        if self.snapshots.as_ref().is_some_and(|snapshots| snapshots.is_due(now)) {
            self.snapshot(replay, program, now);
        }
        let passed = now.saturating_duration_since(self.looked.1);
        if passed < SECOND {
            return false;
        }
        self.looked.1 = now;
        let events = self.tally.events + replay.counters().events;
        self.look_for_losses(replay, events, passed);
        let silence = self.silence.look(events, now, self.ahead());
        silence.iter().for_each(|alert| self.raise(alert));
        let ended = self.lost_exits.look(&replay.state().threads, self.source.drops().unintended(), now);
        self.source.have_ended(ended);
        self.show(replay, program);
        self.setup.config.watch && self.setup.files.changed()
    }

    fn look_for_losses(&mut self, replay: &Replay<'_>, events: u64, passed: Duration) {
        let rings = self.source.unseen_rings();
        if rings > self.unseen_rings {
            let number = counted(rings - self.unseen_rings, "ring");
            self.log.tell(Level::Warning, &format!("{number} set up; {}", self.source.uring().text()));
            self.unseen_rings = rings;
        }
        let cpus = self.lost_by_cpu();
        let told = self.drops.look(self.source.drops(), &cpus, events, passed);
        let (source, threads) = (&self.source, &replay.state().threads);
        let throttled = || source.throttled();
        let (selection, notices) =
            self.shedding.second(self.drops.second(), source.delivered(), throttled, threads);
        selection.into_iter().for_each(|selection| self.want(selection));
        for notice in notices {
            self.log.tell(Level::Warning, &notice.text);
            notice.alert.iter().for_each(|alert| self.raise(alert));
        }
        let Some(loss) = told else { return };
        let actions = self.setup.config.drops;
        if actions.log {
            self.log.tell(Level::Warning, &loss.text());
        }
        if actions.alert {
            self.raise(&loss.alert());
        }
        if actions.exit {
            self.log.tell(Level::Error, "the run ends, because syscall_event_drops.actions contains exit");
            self.source.stop();
        }
    }

    fn lost_by_cpu(&self) -> Vec<u64> {
        self.source.drops_by_cpu().iter().map(Drops::lost).collect()
    }

    fn want(&mut self, selection: Selection) {
        if let Err(error) = self.source.want(selection) {
            self.log.tell(Level::Error, &format!("the probe keeps its selection of system calls: {error}"));
        }
    }

    /// Raises an alert about the run itself.
    fn raise(&self, alert: &InternalAlert) {
        let hostname = String::from_utf8_lossy(&self.source.machine().hostname);
        let (style, needs_record) = (self.setup.style(), self.outputs.need_records());
        self.outputs.deliver(alert.message(&style, needs_record, &hostname, self.ahead()));
    }

    /// Seconds that the times of lines are ahead of UTC.
    fn ahead(&self) -> i32 {
        self.origin.zone.as_ref().map_or(0, |zone| zone.offset(Timestamp::now().as_second()))
    }

    fn snapshot(&mut self, replay: &Replay<'_>, program: &Program, now: Instant) {
        let (alerts, cpus) = (self.alerts(replay, program), self.lost_by_cpu());
        let Some(mut snapshots) = self.snapshots.take() else { return };
        let alert = snapshots.make(&self.metrics(replay, program, &alerts, &cpus), now);
        self.snapshots = Some(snapshots);
        alert.iter().for_each(|alert| self.raise(alert));
    }

    /// Leaves a page for the web server.
    fn show(&self, replay: &Replay<'_>, program: &Program) {
        let Some(web) = &self.web else { return };
        web.show(|| {
            let (alerts, cpus) = (self.alerts(replay, program), self.lost_by_cpu());
            metrics::text(&self.metrics(replay, program, &alerts, &cpus), &self.setup.config.metrics)
        });
    }

    /// Alerts so far, by name and priority of the rule.
    fn alerts(&self, replay: &Replay<'_>, program: &Program) -> BTreeMap<(String, Priority), u64> {
        let mut alerts = self.tally.alerts.clone();
        for (rule, count) in program.rules.iter().zip(&replay.counters().alerts) {
            *alerts.entry((rule.name.clone(), rule.priority)).or_default() += count;
        }
        alerts
    }

    fn metrics<'m>(
        &'m self,
        replay: &Replay<'_>,
        program: &'m Program,
        alerts: &'m BTreeMap<(String, Priority), u64>,
        cpus: &'m [u64],
    ) -> Metrics<'m> {
        let (tally, counters) = (&self.tally, replay.counters());
        let threads = &replay.state().threads;
        Metrics {
            uptime: self.started.elapsed().as_secs_f64(),
            events: tally.events + counters.events,
            evaluated: tally.evaluated + counters.evaluated,
            drops: self.source.drops(),
            cpus,
            alerts: alerts.iter().map(|((rule, p), count)| (rule.as_str(), p.name(), *count)).collect(),
            outputs: self.outputs.counts(),
            threads: threads.len(),
            // A table that threads share counts once.
            fds: threads.iter().map(|slot| threads.get(slot).fds.len()).sum(),
            containers: replay.state().containers.iter().filter(|container| container.id != b"host").count(),
            rules: program.rules.len(),
            reloads: (tally.reloads, tally.refused),
            shed: self.shedding.level(),
            share: self.shedding.share(),
            cuts: self.recordings.flight.as_ref().map(Flight::counts),
            program,
            machine: self.source.machine(),
            started: self.source.started(),
            reloaded: self.reloaded,
        }
    }

    /// Reloads the configuration and the rules. On any error everything stays as it was.
    fn reload(&mut self) -> Option<Running> {
        self.setup.files.read();
        match self.read_again() {
            Ok(running) => {
                let program = &running.program;
                self.tally.reloads += 1;
                self.log.tell(
                    Level::Info,
                    &format!("rules reloaded: {}", diagnostics::counted(program.rules.len() as u64, "rule")),
                );
                let (calls, recording) = (&self.setup.config.calls, self.args.write.is_some());
                let selection = self.shedding.replace(program, calls, recording);
                self.want(selection);
                Some(running)
            }
            Err(errors) => {
                self.tally.refused += 1;
                errors.iter().for_each(|error| self.log.tell(Level::Error, error));
                let text = "configuration and rules are not reloaded; the old ones stay in use";
                self.log.tell(Level::Error, text);
                None
            }
        }
    }

    /// Reads the configuration, uses it for the run, and loads the rules.
    fn read_again(&mut self) -> Result<Running, Vec<String>> {
        let told = |failure: Failure| failure.message.lines().map(str::to_owned).collect::<Vec<_>>();
        let (setup, remarks) = Setup::read(self.args).map_err(told)?;
        let running = setup.plan.reload()?;
        let kinds = setup.kinds(self.args);
        setup.refuse_overwriting(self.args, &kinds).map_err(told)?;
        let Config { limits, patience, drops, timeouts, .. } = setup.config;
        self.outputs.replace(&kinds, limits, patience).map_err(|error| vec![error.to_string()])?;
        // Remarks on an unchanged configuration are not repeated.
        if setup.config != self.setup.config {
            self.log.remarks(&remarks);
        }
        for key in self.setup.held(&setup) {
            self.log.tell(Level::Warning, &format!("{key}: the change takes effect at the next start"));
        }
        self.drops.configure(drops);
        self.silence.configure(timeouts);
        if setup.config.metrics != self.setup.config.metrics {
            let new = Snapshots::new(&setup.config.metrics).map_err(|error| vec![error.to_string()])?;
            let old = self.snapshots.replace(new);
            old.iter().for_each(|old| old.finish(patience));
        }
        self.reloaded = since_epoch();
        self.setup = setup;
        Ok(running)
    }

    fn finish(mut self) -> Result<Outcome, Failure> {
        let flushed = self.recordings.flush();
        // Cuts come first: what they have to say can still be an alert.
        let notices = self.recordings.flight.as_mut().map(Flight::finish).unwrap_or_default();
        self.report(notices);
        self.outputs.finish(self.setup.config.patience);
        self.snapshots.iter().for_each(|snapshots| snapshots.finish(self.setup.config.patience));
        let written = self.recordings.writer.take().map_or(Ok(()), |writer| flushed.and(writer.finish()));
        if !self.args.quiet {
            self.tally.print(self.source.drops(), &self.outputs.counts(), self.started.elapsed());
        }
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => written.map(|()| match self.recordings.flight {
                // It was logged with the name of the file.
                Some(flight) if flight.is_unsigned() => Outcome::Io,
                _ => Outcome::Done,
            }),
        }
    }
}

/// Now, in nanoseconds since the epoch.
fn since_epoch() -> u64 {
    u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(0)
}
