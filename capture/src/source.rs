//! The running host as a source of blocks: the probe's rings, the snapshot and the container engines enter; blocks leave in
//! the order in which a capture has them. Their user cannot distinguish a host from a file.
//!
//! The probe runs before the host is read, so that no process falls into the gap between the two; what happens meanwhile is
//! held in memory and follows the snapshot. Losses become events of their own, with their number, where they are noticed.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tercel_format::catalogue::{EVENTS, code};
use tercel_format::record::{MachineInfo, Section};
use tercel_format::writer::{EncodedEvent, EventBuilder, Value};
use tercel_format::{Batch, Block, BlockSource, Event, LiveSource, Numbering, Polled};

use crate::accounts::{Accounts, Sighting};
use crate::containers::{Containers, Engines};
use crate::drain::Drain;
use crate::error::CaptureError;
use crate::options::{Drops, Options, PathCoverage, Selection};
use crate::probe::Probe;
use crate::resources::Reports;
use crate::snapshot::Snapshot;
use crate::uring::UringCoverage;

/// How long the rings may fill before they are looked at again.
const POLL: Duration = Duration::from_millis(2);

/// How often losses are looked up.
const LOSSES: Duration = Duration::from_millis(100);

/// After how many events in a row everything but the rings is looked at.
const BATCH: u32 = 4096;

/// `PPM_CLOSE_RANGE_CLOEXEC`: an exec closes the fds.
const CLOSE_RANGE_CLOEXEC: u32 = 1 << 2;

/// Memory that events may take while the host is read; later ones stay in the rings.
const MEANWHILE: usize = 256 << 20;

/// Asks a source to stop, from any thread.
#[derive(Debug, Clone, Default)]
pub struct Stopper {
    asked: Arc<AtomicBool>,
    /// Set by others: by signals, for one, of which the second means more than the first.
    flag: Arc<AtomicBool>,
}

impl Stopper {
    /// One that a flag asks, too.
    pub fn of(flag: Arc<AtomicBool>) -> Stopper {
        Stopper { asked: Arc::default(), flag }
    }

    /// The source ends with what has happened until now.
    pub fn stop(&self) {
        self.asked.store(true, Ordering::Relaxed);
    }

    fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.flag.load(Ordering::Relaxed)
    }
}

/// The running host.
pub struct Source {
    probe: Probe,
    drain: Drain,
    containers: Containers,
    accounts: Accounts,
    /// What processes use, if that is wanted.
    reports: Option<Reports>,
    /// Every event up to this time was delivered.
    shown: u64,
    machine: MachineInfo,
    started: u64,
    /// Blocks that come before all events.
    startup: VecDeque<Block<'static>>,
    /// What happened while the host was read.
    meanwhile: Batch,
    stopper: Stopper,
    /// Events that are younger are not delivered any more.
    until: u64,
    /// The last losses were reported; nothing follows.
    ended: bool,
    numbering: Numbering,
    /// Time and CPU of the last event.
    last: (u64, u16),
    /// Events by code.
    delivered: Vec<u64>,
    drops: Drops,
    drops_by_cpu: Vec<Drops>,
    /// Losses that are not reported yet: a CPU and the number of its events.
    losses: VecDeque<(u16, u64)>,
    /// Threads whose exit events were lost, and not yet replaced.
    ended_unseen: VecDeque<i64>,
    /// Fds of the lists that an exec closes, and that are not reported yet: process, first and last number.
    closing: VecDeque<(i64, u32, u32)>,
    /// Rings of io_uring whose operations are not recorded: how many, and the thread that set up the last one, if no event says so yet.
    unseen_rings: (u64, Option<i64>),
    looked: Instant,
    /// Events until everything but the rings is looked at.
    batch: u32,
    /// The event that was made here last.
    made: Option<EncodedEvent>,
    /// Where the event is that waits for those that were made because of it.
    held: Option<Origin>,
}

/// The block that a step found.
enum NextBlock {
    Startup,
    Event { from: Origin, num: u64, initial: bool },
}

#[derive(Clone, Copy)]
enum Origin {
    Meanwhile,
    Ring,
    Made,
}

/// What a step leads to.
enum Progress {
    /// A block may be lent.
    Block(NextBlock),
    /// Nothing now.
    Idle,
    /// Nothing any more.
    End,
}

impl Source {
    /// Starts the probe and reads the host. `engines` says where container engines may listen; `stopper` stops it.
    ///
    /// # Errors
    /// The process may not load the probe, or this kernel lacks something that the probe needs.
    pub fn start(options: &Options, engines: &Engines, stopper: Stopper) -> Result<Source, CaptureError> {
        let (probe, mut drain) = Probe::start(options)?;
        let begun = drain.now();
        let containers = Containers::watch(engines);
        let (snapshot, meanwhile) = read_host(&mut drain);
        let Snapshot { machine, interfaces, accounts, processes, fds, closing } = snapshot;
        let accounts_of_containers = Accounts::start(&processes, engines.first);
        let mut startup = VecDeque::from([
            Block::Section(Section { major: 1, minor: 2 }),
            Block::Machine(machine.clone()),
            Block::Interfaces(interfaces),
            Block::Accounts(accounts),
            Block::Processes(processes),
        ]);
        startup.extend(fds.into_iter().map(Block::Fds));
        Ok(Source {
            probe,
            drain,
            containers,
            accounts: accounts_of_containers,
            reports: options.resources.map(|interval| Reports::start(interval, engines.first)),
            shown: 0,
            machine,
            started: begun,
            startup,
            last: (meanwhile.first_ts().unwrap_or(begun), 0),
            meanwhile,
            stopper,
            until: u64::MAX,
            ended: false,
            numbering: Numbering::default(),
            delivered: vec![0; EVENTS.len()],
            drops: Drops::default(),
            drops_by_cpu: Vec::new(),
            losses: VecDeque::new(),
            ended_unseen: VecDeque::new(),
            closing: closing.into(),
            unseen_rings: (0, None),
            looked: Instant::now(),
            batch: 0,
            made: None,
            held: None,
        })
    }

    /// The host.
    pub fn machine(&self) -> &MachineInfo {
        &self.machine
    }

    /// When it was started, in nanoseconds since the epoch.
    pub fn started(&self) -> u64 {
        self.started
    }

    /// Which paths are recorded.
    pub fn paths(&self) -> PathCoverage {
        self.probe.paths()
    }

    /// Which hooks of the kernel are in use, for people.
    pub fn hooks(&self) -> String {
        self.probe.hooks()
    }

    /// How this host is watched, for people: hooks, paths, operations of io_uring.
    pub fn coverage(&self) -> String {
        format!("{}. {}. {}", self.hooks(), self.paths().text(), self.uring().text())
    }

    /// Which operations of io_uring are recorded.
    pub fn uring(&self) -> &UringCoverage {
        self.probe.uring()
    }

    /// Rings of io_uring that were set up although their operations are not recorded ([`UringCoverage::reason`]).
    pub fn unseen_rings(&self) -> u64 {
        self.unseen_rings.0
    }

    /// What was lost and cut until the last look, which is at most a tenth of a second ago, and at the end is the last.
    pub fn drops(&self) -> &Drops {
        &self.drops
    }

    /// The same for each CPU, in the order of their numbers; without runs that the kernel skipped, which it counts for all CPUs.
    pub fn drops_by_cpu(&self) -> &[Drops] {
        &self.drops_by_cpu
    }

    /// How many events of each code were delivered so far, by code.
    pub fn delivered(&self) -> &[u64] {
        &self.delivered
    }

    /// Asks for other events from now on.
    ///
    /// # Errors
    /// The kernel refused the new table of calls.
    pub fn want(&mut self, selection: Selection) -> Result<(), CaptureError> {
        self.probe.want(selection)
    }

    /// Processes whose events are shared out ([`Selection::shared`]), as the host numbers them, with the number of events that each has
    /// lost since that began. Processes that have ended stay; the probe remembers some thousands.
    pub fn throttled(&self) -> Vec<(u32, u64)> {
        self.probe.throttled()
    }

    /// Threads that have ended although their exit events were lost: events marked as state only replace them now.
    pub fn have_ended(&mut self, tids: impl IntoIterator<Item = i64>) {
        self.ended_unseen.extend(tids);
    }

    /// The next step. Events made here come between those of the rings; those of the host come first.
    #[inline]
    fn step(&mut self) -> Progress {
        if let Some(held) = self.held {
            return self.tell_account().unwrap_or_else(|| {
                self.held = None;
                self.number(held)
            });
        }
        if self.batch == 0
            && let Some(step) = self.look_around()
        {
            return step;
        }
        if self.drain.advance(self.until) {
            self.batch -= 1;
            return self.deliver(Origin::Ring);
        }
        self.batch = 0;
        self.shown = self.drain.settled();
        // The last events are delivered once every ring has shown older ones.
        if self.until == u64::MAX || self.drain.settled() < self.until {
            return Progress::Idle;
        }
        self.ended = true;
        self.look_for_losses();
        self.tell_loss().unwrap_or(Progress::End)
    }

    /// Everything that is not in the rings.
    #[cold]
    fn look_around(&mut self) -> Option<Progress> {
        if self.ended {
            return Some(self.tell_loss().unwrap_or(Progress::End));
        }
        if let Some(block) = self.startup.front() {
            if let Block::Section(_) = block {
                self.numbering.section();
            }
            return Some(Progress::Block(NextBlock::Startup));
        }
        if let Some(json) = self.containers.news() {
            let (ts, cpu) = self.last;
            let event = EventBuilder::new(code::ASYNCEVENT_E, ts, -1)
                .cpu(cpu)
                .set("plugin_id", 0)
                .set("name", "container")
                .set("data", Value::Bytes([json.as_bytes(), b"\0"].concat()));
            let made = self.make(event);
            if made.is_some() {
                return made;
            }
        }
        if let Some(step) = self.tell_account().or_else(|| self.tell_closing()) {
            return Some(step);
        }
        if self.meanwhile.advance() {
            return Some(self.deliver(Origin::Meanwhile));
        }
        // With the last one the memory is given back.
        if !self.meanwhile.is_empty() {
            self.meanwhile = Batch::default();
        }
        if self.until == u64::MAX && self.stopper.is_asked() {
            self.until = self.drain.now();
        }
        if self.looked.elapsed() >= LOSSES {
            self.look_for_losses();
        }
        let step = self.tell_loss().or_else(|| self.tell_end()).or_else(|| self.tell_ring());
        if let Some(step) = step.or_else(|| self.tell_usage()) {
            return Some(step);
        }
        self.batch = BATCH;
        None
    }

    /// Looks up what was lost, CPU by CPU. Runs that the kernel skipped are counted for all of them together; they are reported
    /// for the CPU of the last event.
    fn look_for_losses(&mut self) {
        self.looked = Instant::now();
        let mut by_cpu = self.probe.drops_by_cpu();
        for (drops, malformed) in by_cpu.iter_mut().zip(self.drain.malformed()) {
            drops.faults += malformed;
        }
        let skipped = self.probe.drops().skipped;
        let mut drops = Drops { skipped, ..Drops::default() };
        let mut note = |cpu: u16, lost: u64| {
            if lost > 0 {
                self.losses.push_back((cpu, lost));
            }
        };
        note(self.last.1, skipped.saturating_sub(self.drops.skipped));
        for (cpu, now) in (0..).zip(&by_cpu) {
            let before = self.drops_by_cpu.get(usize::from(cpu)).map_or(0, Drops::lost);
            note(cpu, now.lost().saturating_sub(before));
            drops = drops.plus(*now);
        }
        self.drops = drops;
        self.drops_by_cpu = by_cpu;
    }

    /// The next loss as an event.
    fn tell_loss(&mut self) -> Option<Progress> {
        let (cpu, lost) = self.losses.pop_front()?;
        let ratio = i64::from(u32::try_from(lost).unwrap_or(u32::MAX));
        self.make(EventBuilder::new(code::DROP_E, self.last.0, 0).cpu(cpu).set("ratio", ratio))
    }

    /// The next lost end of a thread as an event. Nobody knows who took its children over.
    fn tell_end(&mut self) -> Option<Progress> {
        let tid = self.ended_unseen.pop_front()?;
        let event = EventBuilder::new(code::PROCEXIT_1_E, self.last.0, tid)
            .cpu(self.last.1)
            .set("status", 0)
            .set("ret", 0)
            .set("sig", 0)
            .set("core", 0)
            .set("reaper_tid", -1)
            .state_only();
        self.make(event)
    }

    /// An event, after what is to be known when it comes.
    #[inline]
    fn deliver(&mut self, from: Origin) -> Progress {
        match self.event(from).and_then(|event| Sighting::of(&event)) {
            Some(sighting) => self.deliver_sighting(from, sighting),
            None => self.number(from),
        }
    }

    #[cold]
    fn deliver_sighting(&mut self, from: Origin, sighting: Sighting) -> Progress {
        self.accounts.see(sighting);
        match self.tell_account() {
            Some(progress) => {
                self.held = Some(from);
                progress
            }
            None => self.number(from),
        }
    }

    /// The next account of a container as an event.
    fn tell_account(&mut self) -> Option<Progress> {
        let (ts, cpu) = self.last;
        let event = self.accounts.news()?.at(ts).cpu(cpu);
        self.make(event)
    }

    /// What the lists of fds cannot say, as if the process had asked for it just now.
    fn tell_closing(&mut self) -> Option<Progress> {
        let (pid, first, last) = self.closing.pop_front()?;
        let event = EventBuilder::new(code::SYSCALL_CLOSE_RANGE_X, self.last.0, pid)
            .cpu(self.last.1)
            .set("res", 0)
            .set("first", first)
            .set("last", last)
            .set("flags", CLOSE_RANGE_CLOEXEC)
            .state_only();
        self.make(event)
    }

    /// A ring whose operations are not recorded as an event: what it does from now on is missing.
    fn tell_ring(&mut self) -> Option<Progress> {
        let tid = self.unseen_rings.1.take()?;
        let text = |text: String| Value::Bytes([text.as_bytes(), b"\0"].concat());
        let event = EventBuilder::new(code::NOTIFICATION_E, self.last.0, tid)
            .cpu(self.last.1)
            .set("id", text("io_uring".to_owned()))
            .set("desc", text(self.uring().text()));
        self.make(event)
    }

    /// The next report of what a process uses as an event. On a host where nothing happens, time goes on all the same.
    fn tell_usage(&mut self) -> Option<Progress> {
        let (ts, cpu) = self.last;
        let event = self.reports.as_ref()?.news(ts.max(self.shown.min(self.until)))?.cpu(cpu);
        self.make(event)
    }

    /// An event that the host did not make itself. What cannot be written as an event, as metadata that are too long, is
    /// left out.
    fn make(&mut self, event: EventBuilder) -> Option<Progress> {
        self.made = event.encode().ok();
        self.made.is_some().then(|| self.number(Origin::Made))
    }

    #[inline]
    fn number(&mut self, from: Origin) -> Progress {
        let Some(event) = self.event(from) else { return Progress::Idle };
        let (code, last) = (event.code(), (event.ts, event.cpu));
        let is_ring = code == tercel_format::catalogue::code::SYSCALL_IO_URING_SETUP_X;
        let ring = event
            .param(0)
            .filter(|res| is_ring && res.last().is_some_and(|byte| byte & 0x80 == 0))
            .map(|_| event.tid);
        self.last = last;
        if ring.is_some() && self.uring().reason.is_some() {
            self.unseen_rings = (self.unseen_rings.0 + 1, ring);
        }
        if let Some(count) = self.delivered.get_mut(usize::from(code)) {
            *count += 1;
        }
        let (num, initial) = self.numbering.event(code);
        Progress::Block(NextBlock::Event { from, num, initial })
    }

    #[inline]
    fn event(&self, from: Origin) -> Option<Event<'_>> {
        match from {
            Origin::Ring => self.drain.event(),
            Origin::Meanwhile => self.meanwhile.event(),
            Origin::Made => self.made.as_ref().map(EncodedEvent::event),
        }
    }

    #[inline]
    fn lend(&mut self, next: &NextBlock) -> Option<Block<'_>> {
        match *next {
            NextBlock::Startup => self.startup.pop_front(),
            NextBlock::Event { from, num, initial } => {
                let mut event = self.event(from)?;
                (event.num, event.initial) = (num, initial);
                Some(Block::Event(event))
            }
        }
    }
}

impl LiveSource for Source {
    fn poll(&mut self) -> Polled<'_> {
        match self.step() {
            Progress::Block(next) => self.lend(&next).map_or(Polled::Idle, Polled::Block),
            Progress::Idle => Polled::Idle,
            Progress::End => Polled::End,
        }
    }

    fn wait(&self) {
        std::thread::sleep(POLL);
    }

    fn stop(&self) {
        self.stopper.stop();
    }
}

impl BlockSource for Source {
    type Error = Infallible;

    fn next_block(&mut self) -> Result<Option<Block<'_>>, Infallible> {
        let next = loop {
            match self.step() {
                Progress::Block(next) => break next,
                Progress::Idle => self.wait(),
                Progress::End => return Ok(None),
            }
        };
        Ok(self.lend(&next))
    }
}

/// Reads the host while the rings go on being emptied into memory.
fn read_host(drain: &mut Drain) -> (Snapshot, Batch) {
    let mut meanwhile = Batch::default();
    let snapshot = std::thread::scope(|threads| {
        let reader = threads.spawn(Snapshot::take);
        while meanwhile.weight() < MEANWHILE && !reader.is_finished() {
            while meanwhile.weight() < MEANWHILE && drain.advance(u64::MAX) {
                if let Some(event) = drain.event() {
                    meanwhile.push_event(&event);
                }
            }
            std::thread::sleep(POLL);
        }
        reader.join().unwrap_or_default()
    });
    (snapshot, meanwhile)
}
