//! The processes that lived in the window, and the programs that they executed.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::mem::size_of;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tercel_format::Event;
use tercel_format::catalogue::{EventInfo, code};
use tercel_replay::fields::FdClass;
use tercel_replay::state::{Slot, State, Text, Thread};

use super::catalogue::{ColumnInfo, Order, TableInfo, column, row_bytes};
use super::cell::{Cell, ColumnType as T};
use super::collector::{Collector, Row};
use super::dns::Names;
use super::family;
use super::process_id::{PROCESS, ProcessId, command_line, ppid, user};
use super::reads::{self, Reads};
use super::seen::{Moved, Seen};
use super::snapshot::Snapshot;

/// The table of processes.
pub(super) const PROCESSES: TableInfo = TableInfo {
    name: "processes",
    meaning: "Processes that lived in the window, also those without an event",
    order: Order::Ascending("start"),
    columns: &PROCESS_COLUMNS,
};

const PROCESS_COLUMNS: [ColumnInfo; 32] = [
    column("pid", T::Int, "Process id on the host"),
    column("start", T::Time, "When it was started; empty if it ran before the capture"),
    column("end", T::Time, "When its last thread ended; empty if it lived on"),
    column("duration", T::Span, "From start to end"),
    column("ppid", T::Int, "Parent at the end: init or a subreaper if the parent ended first"),
    column("parent_pid", T::Int, "The process that started it, if that is known"),
    column("parent_start", T::Time, "When that was started; empty if it ran before the capture"),
    column("name", T::Text, "Name (proc.name)"),
    column("cmdline", T::Text, "Name and arguments (proc.cmdline)"),
    column("exe", T::Text, "Path of the executable (proc.exepath)"),
    column("cwd", T::Text, "Working directory (proc.cwd)"),
    column("uid", T::Uint, "User id"),
    column("user", T::Text, "Name of the user (user.name)"),
    column("login_uid", T::Uint, "User id of the login, which su and sudo keep (user.loginuid)"),
    column("login_user", T::Text, "Name of that user"),
    column("container", T::Text, "Container id; empty on the host"),
    column("exit", T::Int, "Exit code; empty if it lived on or was ended by a signal"),
    column("signal", T::Int, "Number of the signal that ended it"),
    column("threads", T::Count, "Most threads at a time, as seen at its events"),
    column("executions", T::Count, "Successful executions (execve, execveat)"),
    column("calls", T::Count, "Events of its threads"),
    column("errors", T::Count, "Failed calls"),
    column("file_read", T::Bytes, "Read from files: results above 0 of calls that read"),
    column("file_written", T::Bytes, "Written to files"),
    column("net_read", T::Bytes, "Received from IPv4 and IPv6 sockets"),
    column("net_written", T::Bytes, "Sent to them"),
    column("argv0", T::Text, "argv[0] (proc.exe)"),
    column(
        "depth",
        T::Uint,
        "How many processes of this table it stands below, as in the tree of 'tercel ps'",
    ),
    column(
        "cpu_user",
        T::Span,
        "CPU time in programs since its start, where the capture says it: procinfo events, which sysdig's recordings have",
    ),
    column("cpu_system", T::Span, "CPU time in the kernel, where the capture says it"),
    PROCESS,
    column("parent_process", T::Text, "Name for good of the process that started it, if that is known"),
];

/// The place of the depth.
const DEPTH: usize = 27;

/// Nanoseconds of the hundredths of a second in which procinfo events count.
const TICK: u64 = 10_000_000;

/// Bytes of the CPU time of a thread, with its share of the map.
const CPU: usize = 2 * size_of::<(i64, [u64; 2])>();

/// How a process ended.
#[derive(Debug, Clone, Copy)]
struct End {
    ts: u64,
    code: Option<i64>,
    signal: Option<i64>,
}

impl End {
    /// What the end of a thread says of that of its process.
    fn of(exit: &Event<'_>) -> End {
        let signal = exit.int(2).filter(|signal| *signal != 0);
        End { ts: exit.ts, code: exit.int(1).filter(|_| signal.is_none()), signal }
    }
}

/// What is known of a process.
#[derive(Debug, Clone)]
struct Process {
    parent: Option<ProcessId>,
    ppid: i64,
    /// The thread that started it, which need not be the main one of its process.
    parent_tid: i64,
    name: Text,
    argv0: Text,
    exe: Text,
    cmdline: Text,
    cwd: Text,
    uid: u32,
    user: Cell,
    loginuid: u32,
    login_user: Cell,
    container: Text,
    /// Its image, whose number says whether the texts above are those of now.
    image: u32,
    end: Option<End>,
    threads: u64,
    executions: u64,
    calls: u64,
    errors: u64,
    files: Moved,
    net: Moved,
    /// CPU time in programs and in the kernel that each thread has had, in hundredths of a second.
    cpu: BTreeMap<i64, [u64; 2]>,
}

/// Collects processes.
#[derive(Debug, Default)]
pub(super) struct Processes {
    by_id: FxHashMap<ProcessId, Process>,
    /// Those that live at the end of the last piece.
    alive: Vec<(ProcessId, Process)>,
    bytes: usize,
}

impl Processes {
    /// The row of a process, which is made at first sight.
    fn row(&mut self, state: &State, slot: Slot, id: ProcessId, leader: &Thread) -> &mut Process {
        let bytes = &mut self.bytes;
        self.by_id.entry(id).or_insert_with(|| {
            let process = Process::new(state, slot, leader);
            *bytes += process.bytes();
            process
        })
    }

    /// Adds what is known of a process later.
    fn add(&mut self, id: ProcessId, process: Process) {
        match self.by_id.entry(id) {
            Entry::Occupied(mut known) => known.get_mut().go_on(process),
            Entry::Vacant(place) => {
                self.bytes += process.bytes();
                place.insert(process);
            }
        }
    }
}

impl Process {
    fn bytes(&self) -> usize {
        size_of::<(ProcessId, Process)>() + row_bytes(&PROCESSES) + self.cmdline.len() + self.cpu.len() * CPU
    }

    fn new(state: &State, slot: Slot, leader: &Thread) -> Process {
        let parent = state.threads.ancestor(slot, 1).map(|parent| state.threads.get(parent));
        let mut process = Process {
            parent: parent.and_then(|parent| ProcessId::of(state, parent)),
            ppid: 0,
            parent_tid: i64::MIN,
            name: Text::default(),
            argv0: Text::default(),
            exe: Text::default(),
            cmdline: Text::default(),
            cwd: Text::default(),
            uid: u32::MAX,
            user: Cell::Null,
            loginuid: u32::MAX,
            login_user: Cell::Null,
            container: Text::default(),
            image: u32::MAX,
            end: None,
            threads: 0,
            executions: 0,
            calls: 0,
            errors: 0,
            files: Moved::default(),
            net: Moved::default(),
            cpu: BTreeMap::new(),
        };
        process.describe(state, leader);
        process
    }

    /// Whether something else is now known of the process.
    fn is_outdated(&self, leader: &Thread) -> bool {
        self.image != leader.image.id
            || (self.uid, self.loginuid, self.parent_tid) != (leader.uid, leader.loginuid, leader.ptid)
            || !Arc::ptr_eq(&self.cwd, &leader.cwd)
            || !Arc::ptr_eq(&self.container, &leader.container)
    }

    /// Takes over what is now known of the process.
    fn describe(&mut self, state: &State, leader: &Thread) {
        if self.parent_tid != leader.ptid {
            (self.parent_tid, self.ppid) = (leader.ptid, ppid(state, leader));
        }
        if self.image != leader.image.id {
            self.image = leader.image.id;
            self.name = leader.image.comm.clone();
            self.argv0 = leader.image.exe.clone();
            self.exe = leader.image.exepath.clone();
            self.cmdline = command_line(leader);
        }
        self.cwd = leader.cwd.clone();
        self.container = leader.container.clone();
        if self.uid != leader.uid || self.user == Cell::Null {
            self.uid = leader.uid;
            self.user = user(state, &leader.container, leader.uid);
        }
        if self.loginuid != leader.loginuid || self.login_user == Cell::Null {
            self.loginuid = leader.loginuid;
            self.login_user = user(state, b"", leader.loginuid);
        }
    }

    fn cells(self, id: ProcessId) -> Row {
        let [pid, start] = id.cells();
        let [parent_pid, parent_start] = self.parent.map_or([Cell::Null, Cell::Null], ProcessId::cells);
        let number = |number: Option<i64>| number.map_or(Cell::Null, Cell::Int);
        let cpu = |index: usize| {
            let hundredths = self.cpu.values().fold(0, |sum: u64, of| sum.saturating_add(of[index]));
            if self.cpu.is_empty() { Cell::Null } else { Cell::Span(hundredths.saturating_mul(TICK)) }
        };
        let (cpu_user, cpu_system) = (cpu(0), cpu(1));
        let duration = self.end.filter(|_| id.start != 0).map(|end| end.ts.saturating_sub(id.start));
        vec![
            pid,
            start,
            self.end.map_or(Cell::Null, |end| Cell::Time(end.ts)),
            duration.map_or(Cell::Null, Cell::Span),
            Cell::Int(self.ppid),
            parent_pid,
            parent_start,
            Cell::text(&self.name),
            Cell::text(&self.cmdline),
            Cell::text(&self.exe),
            Cell::text(&self.cwd),
            Cell::id(self.uid),
            self.user,
            Cell::id(self.loginuid),
            self.login_user,
            Cell::text(&self.container),
            number(self.end.and_then(|end| end.code)),
            number(self.end.and_then(|end| end.signal)),
            Cell::Uint(self.threads),
            Cell::Uint(self.executions),
            Cell::Uint(self.calls),
            Cell::Uint(self.errors),
            Cell::Uint(self.files.read),
            Cell::Uint(self.files.written),
            Cell::Uint(self.net.read),
            Cell::Uint(self.net.written),
            Cell::text(&self.argv0),
            Cell::Null,
            cpu_user,
            cpu_system,
            id.name(),
            self.parent.map_or(Cell::Null, ProcessId::name),
        ]
    }

    /// Goes on with what a later piece knows.
    fn go_on(&mut self, later: Process) {
        let parent = self.parent.or(later.parent);
        let threads = self.threads.max(later.threads);
        let (executions, calls, errors) =
            (self.executions + later.executions, self.calls + later.calls, self.errors + later.errors);
        let (mut files, mut net) = (self.files, self.net);
        files.add(later.files);
        net.add(later.net);
        let keep = |now: Cell, before: Cell| if now == Cell::Null { before } else { now };
        let user =
            keep(later.user.clone(), if self.uid == later.uid { self.user.clone() } else { Cell::Null });
        let login_user = keep(later.login_user.clone(), self.login_user.clone());
        let mut cpu = std::mem::take(&mut self.cpu);
        cpu.extend(&later.cpu);
        *self = Process {
            parent,
            threads,
            executions,
            calls,
            errors,
            files,
            net,
            user,
            login_user,
            cpu,
            ..later
        };
    }
}

impl Collector for Processes {
    fn reads(info: &EventInfo) -> Reads {
        reads::of_calls(info)
    }

    fn event(&mut self, seen: &Seen<'_>) {
        let Some((id, slot, leader)) = seen.process else { return };
        let state = seen.context.state;
        let row = self.row(state, slot, id, leader);
        row.calls += 1;
        row.errors += u64::from(seen.error.is_some());
        row.threads = row.threads.max(state.threads.alive(slot));
        row.end = None;
        if row.is_outdated(leader) {
            row.describe(state, leader);
        }
        if let Some(moved) = seen.moved {
            match seen.fd().map(|fd| fd.class()) {
                Some(FdClass::File) => row.files.count(moved),
                Some(FdClass::Ip) => row.net.count(moved),
                _ => {}
            }
        }
        let event = seen.context.event;
        let is_new = event.code() == code::PROCINFO_E
            && row.cpu.insert(event.tid, [0, 1].map(|index| event.uint(index).unwrap_or(0))).is_none();
        row.executions += u64::from(seen.executes());
        if seen.is_exit() {
            row.end = Some(End::of(event));
        }
        self.bytes += usize::from(is_new) * CPU;
    }

    fn unseen_end(&mut self, snapshot: &Snapshot<'_>, exit: &Event<'_>) {
        if let Some((id, slot, leader)) = snapshot.process(exit.tid) {
            let row = self.row(snapshot.state(), slot, id, leader);
            row.describe(snapshot.state(), leader);
            row.end = Some(End::of(exit));
        }
    }

    fn end(&mut self, snapshot: &Snapshot<'_>) {
        let state = snapshot.state();
        let known = snapshot.processes();
        self.alive = known.map(|(id, slot, leader)| (id, Process::new(state, slot, leader))).collect();
    }

    fn settle(&mut self) {
        for (id, process) in std::mem::take(&mut self.alive) {
            self.add(id, process);
        }
    }

    fn forget(&mut self) {
        self.alive.clear();
    }

    fn merge(&mut self, later: Processes) {
        later.by_id.into_iter().for_each(|(id, process)| self.add(id, process));
        self.alive = later.alive;
    }

    fn rows(mut self, _names: &Names) -> Vec<Row> {
        self.settle();
        let mut rows: Vec<Row> = self.by_id.into_iter().map(|(id, process)| process.cells(id)).collect();
        for (row, depth) in family::tree(&PROCESSES, &rows) {
            rows[row][DEPTH] = Cell::Uint(depth as u64);
        }
        rows
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}

/// The table of executions.
pub(super) const EXECUTIONS: TableInfo = TableInfo {
    name: "executions",
    meaning: "Successful executions of programs (execve, execveat), in order of time",
    order: Order::Ascending("time"),
    columns: &EXECUTION_COLUMNS,
};

const EXECUTION_COLUMNS: [ColumnInfo; 16] = [
    column("time", T::Time, "When the call returned"),
    column("number", T::Uint, "Number of the event (evt.num)"),
    column("pid", T::Int, "Process id on the host"),
    column("start", T::Time, "When the process was started; empty if it ran before the capture"),
    column("ppid", T::Int, "Its parent"),
    column("parent", T::Text, "Name of its parent (proc.pname)"),
    column("name", T::Text, "Name (proc.name)"),
    column("cmdline", T::Text, "Name and arguments (proc.cmdline)"),
    column("exe", T::Text, "Path of the executable (proc.exepath)"),
    column("cwd", T::Text, "Working directory (proc.cwd)"),
    column("uid", T::Uint, "User id"),
    column("user", T::Text, "Name of the user (user.name)"),
    column("login_uid", T::Uint, "User id of the login (user.loginuid)"),
    column("tty", T::Uint, "Controlling terminal; empty without one (proc.tty)"),
    column("container", T::Text, "Container id; empty on the host"),
    PROCESS,
];

/// Collects executions.
#[derive(Debug, Default)]
pub(super) struct Executions {
    rows: Vec<Row>,
    bytes: usize,
}

impl Collector for Executions {
    fn reads(info: &EventInfo) -> Reads {
        matches!(info.code, code::SYSCALL_EXECVE_19_X | code::SYSCALL_EXECVEAT_X).then_some(0)
    }

    fn event(&mut self, seen: &Seen<'_>) {
        let Some((id, slot, leader)) = seen.process else { return };
        if !seen.executes() {
            return;
        }
        let state = seen.context.state;
        let parent = state.threads.ancestor(slot, 1).map(|parent| &state.threads.get(parent).image.comm);
        let [pid, start] = id.cells();
        let cmdline = command_line(leader);
        self.bytes += EXECUTION_COLUMNS.len() * size_of::<Cell>() + cmdline.len();
        self.rows.push(vec![
            Cell::Time(seen.ts()),
            Cell::Uint(seen.context.event.num),
            pid,
            start,
            Cell::Int(ppid(state, leader)),
            parent.map_or(Cell::Null, Cell::text),
            Cell::text(&leader.image.comm),
            Cell::Text(Arc::clone(&cmdline)),
            Cell::text(&leader.image.exepath),
            Cell::text(&leader.cwd),
            Cell::id(leader.uid),
            user(state, &leader.container, leader.uid),
            Cell::id(leader.loginuid),
            if leader.tty == 0 { Cell::Null } else { Cell::Uint(u64::from(leader.tty)) },
            Cell::text(&leader.container),
            id.name(),
        ]);
    }

    fn merge(&mut self, later: Executions) {
        self.rows.extend(later.rows);
        self.bytes += later.bytes;
    }

    fn rows(self, _names: &Names) -> Vec<Row> {
        self.rows
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
