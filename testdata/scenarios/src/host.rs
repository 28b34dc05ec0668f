//! A host that is being recorded: its users, interfaces and first processes, the clock, and the events so far. What it
//! gives away is the finished capture and the steps of the story with what each should lead to.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::rc::Rc;

use tercel_format::Writer;
use tercel_format::record::{Account, FdDetail, FdList, FdRecord, Interface, MachineInfo, ProcessRecord};
use tercel_format::writer::{EncodedEvent, EventBuilder};

use crate::container::{Container, Place};
use crate::process::{Process, Task};
use crate::program::Program;

/// When every recording starts: 2026-01-15 09:30:00 UTC, in nanoseconds since the epoch.
const START: u64 = 1_768_469_400_000_000_000;

/// When the host was started: a day and a bit before.
const BOOT: u64 = START - 90_061_000_000_000;

const SECOND: u64 = 1_000_000_000;

/// Address of the host in its network.
pub(crate) const HOST_IP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

/// What the rules should say to a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expectation {
    /// Exactly these rules speak, the first of them being what the step is about.
    Fires(Vec<&'static str>),
    /// No rule speaks, although this one comes close to it.
    Spares(&'static str),
}

/// A part of a story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What should come of it.
    pub expectation: Expectation,
    /// Time of its start, nanoseconds since the epoch.
    pub from: u64,
    /// Time of its end; no event of the step is later.
    pub to: u64,
}

/// A host that is being recorded.
#[derive(Debug, Clone)]
pub struct Host {
    recorder: Rc<RefCell<Recorder>>,
}

/// Everything that changes while a story is told.
#[derive(Debug)]
pub(crate) struct Recorder {
    pub(crate) now: u64,
    pub(crate) tasks: BTreeMap<i64, Task>,
    pub(crate) places: Vec<Place>,
    events: Vec<EncodedEvent>,
    steps: Vec<Step>,
    first: Vec<(ProcessRecord, Vec<FdRecord>)>,
    next_pid: i64,
}

impl Host {
    /// A host with a service manager and nothing else.
    pub fn new() -> Host {
        let host = Host {
            recorder: Rc::new(RefCell::new(Recorder {
                now: START,
                tasks: BTreeMap::new(),
                places: Vec::new(),
                events: Vec::new(),
                steps: Vec::new(),
                first: Vec::new(),
                next_pid: 1,
            })),
        };
        host.running(None, Program::line("/sbin/init").at("/usr/lib/systemd/systemd"));
        host.recorder.borrow_mut().next_pid = 400;
        host
    }

    /// The service manager.
    pub fn init(&self) -> Process {
        Process::new(Rc::clone(&self.recorder), 1)
    }

    /// A service that ran before the recording started, as a child of the service manager.
    pub fn service(&self, program: impl Into<Program>) -> Process {
        self.running(Some(1), program.into())
    }

    /// A service that ran before the recording started and listens at a port of all addresses.
    pub fn listening(&self, program: impl Into<Program>, port: u16) -> Process {
        let process = self.service(program);
        let mut recorder = self.recorder.borrow_mut();
        let socket = FdRecord {
            fd: 3,
            ino: 20_000 + u64::from(port),
            kind: 5,
            detail: FdDetail::Server { ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED), port, l4: 2 },
        };
        if let Some((_, fds)) = recorder.first.last_mut() {
            fds.push(socket);
        }
        if let Some(task) = recorder.tasks.get_mut(&process.pid()) {
            task.next_fd = 4;
        }
        drop(recorder);
        process
    }

    /// Somebody's shell at a terminal, logged in before the recording started.
    pub fn login(&self, user: u32) -> Process {
        let daemon = self.running(Some(1), Program::line("sshd: [accepted]").at("/usr/sbin/sshd"));
        let shell =
            self.running(Some(daemon.pid()), Program::line("-bash").at("/usr/bin/bash").on_terminal());
        shell.set_user(user);
        let mut recorder = self.recorder.borrow_mut();
        let Some(task) = recorder.tasks.get(&shell.pid()) else { return shell.clone() };
        let record = task.record.clone();
        if let Some((first, _)) = recorder.first.last_mut() {
            *first = record;
        }
        drop(recorder);
        shell
    }

    /// A container of this image ("repository:tag") that is to be started.
    pub fn container(&self, name: &str, image: &str) -> Container {
        Container::new(Rc::clone(&self.recorder), name, image)
    }

    /// A step at which this rule, and no other, speaks.
    pub fn fires(&self, rule: &'static str, story: impl FnOnce()) {
        self.fires_all(&[rule], story);
    }

    /// A step at which exactly these rules speak.
    pub fn fires_all(&self, rules: &[&'static str], story: impl FnOnce()) {
        self.step(Expectation::Fires(rules.to_vec()), story);
    }

    /// A step that comes close to this rule, and at which no rule speaks.
    pub fn spares(&self, rule: &'static str, story: impl FnOnce()) {
        self.step(Expectation::Spares(rule), story);
    }

    /// Every step starts at a full second, so that the alerts can be told apart by eye.
    fn step(&self, expectation: Expectation, story: impl FnOnce()) {
        let from = self.recorder.borrow().now.next_multiple_of(SECOND);
        self.recorder.borrow_mut().now = from;
        story();
        let mut recorder = self.recorder.borrow_mut();
        let to = recorder.now;
        recorder.steps.push(Step { expectation, from, to });
        recorder.now = to.next_multiple_of(SECOND);
    }

    fn running(&self, parent: Option<i64>, program: Program) -> Process {
        let mut recorder = self.recorder.borrow_mut();
        let pid = recorder.take_pid();
        let task = Task::resident(pid, parent.unwrap_or(0), &program);
        let name = if program.tty.is_some() { "/dev/pts/0" } else { "/dev/null" };
        let detail = FdDetail::File { flags: 3, name: name.as_bytes().to_vec(), dev: 5 };
        let fds = (0..3).map(|fd| FdRecord { fd, ino: 3, kind: 16, detail: detail.clone() }).collect();
        recorder.first.push((task.record.clone(), fds));
        recorder.tasks.insert(pid, task);
        Process::new(Rc::clone(&self.recorder), pid)
    }

    /// Ends the recording: the capture, uncompressed, and the steps.
    ///
    /// # Errors
    /// None but those of the writer, which writes to memory.
    pub fn finish(&self) -> io::Result<(Vec<u8>, Vec<Step>)> {
        let recorder = self.recorder.borrow();
        let mut writer = Writer::new(Vec::new())?;
        writer.machine(&MachineInfo {
            cpus: 2,
            memory: 8 << 30,
            max_pid: 1 << 22,
            hostname: b"kestrel".to_vec(),
            boot_ts: BOOT,
            flags: 0,
        })?;
        writer.interfaces(&interfaces())?;
        writer.accounts(&accounts())?;
        let processes: Vec<ProcessRecord> = recorder.first.iter().map(|(record, _)| record.clone()).collect();
        writer.processes(&processes)?;
        for (record, fds) in &recorder.first {
            writer.fds(&FdList { tid: record.tid, fds: fds.clone() })?;
        }
        for event in &recorder.events {
            writer.event(&event.event())?;
        }
        Ok((writer.finish()?, recorder.steps.clone()))
    }
}

impl Default for Host {
    fn default() -> Host {
        Host::new()
    }
}

impl Recorder {
    /// The next process id.
    pub(crate) fn take_pid(&mut self) -> i64 {
        let pid = self.next_pid;
        self.next_pid += if pid < 400 { 1 } else { 1 + pid % 3 };
        pid
    }

    /// Nanoseconds from the start of the host until now.
    pub(crate) fn uptime(&self) -> u64 {
        self.now - BOOT
    }

    /// Records an event of `tid` and lets some time pass: little, and never the same twice in a row.
    pub(crate) fn event(&mut self, code: u16, tid: i64, fill: impl FnOnce(EventBuilder) -> EventBuilder) {
        let count = self.events.len() as u64;
        let builder = EventBuilder::new(code, self.now, tid).cpu((tid % 2).unsigned_abs() as u16);
        match fill(builder).encode() {
            Ok(event) => self.events.push(event),
            // A story that names a parameter which its event lacks is wrong in itself; there is nobody to hand this to.
            Err(error) => panic!("event {count} of the story: {error}"),
        }
        self.now += 38_000 + count * 7_919 % 61_000;
    }
}

fn interfaces() -> [Interface; 2] {
    let interface = |name: &str, address: [u8; 4], netmask: [u8; 4], broadcast: [u8; 4]| Interface {
        address: IpAddr::from(address),
        netmask: IpAddr::from(netmask),
        broadcast: IpAddr::from(broadcast),
        linkspeed: 0,
        name: name.as_bytes().to_vec(),
    };
    [
        interface("lo", [127, 0, 0, 1], [255, 0, 0, 0], [0, 0, 0, 0]),
        interface("eth0", HOST_IP.octets(), [255, 255, 255, 0], [192, 0, 2, 255]),
    ]
}

fn accounts() -> Vec<Account> {
    let user = |uid, name: &str, home: &str, shell: &str| Account::User {
        uid,
        gid: uid,
        name: name.as_bytes().to_vec(),
        home: home.as_bytes().to_vec(),
        shell: shell.as_bytes().to_vec(),
    };
    let group = |gid, name: &str| Account::Group { gid, name: name.as_bytes().to_vec() };
    vec![
        user(0, "root", "/root", "/bin/bash"),
        user(33, "www-data", "/var/www", "/usr/sbin/nologin"),
        user(105, "postgres", "/var/lib/postgresql", "/bin/bash"),
        user(1000, "alice", "/home/alice", "/bin/bash"),
        group(0, "root"),
        group(33, "www-data"),
        group(105, "postgres"),
        group(1000, "alice"),
    ]
}
