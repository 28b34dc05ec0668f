//! Processes: how they start, what they inherit and how they end. Each step is told to the recorder as the exit event of
//! the system call, with every parameter of the newest schema.

use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::rc::Rc;

use tercel_format::catalogue::code;
use tercel_format::record::ProcessRecord;
use tercel_format::writer::{EventBuilder, Value};

use crate::host::{HOST_IP, Recorder};
use crate::program::{Program, standard_environment};

/// `CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID`, what fork() of the C library asks for.
const FORK: u32 = 0x0180_0000;

/// The child is in a pid namespace of its own (reference flags.json clone_flags).
const CHILD_IN_PIDNS: u32 = 1 << 29;

/// All capabilities of a kernel with 41 of them.
const ALL_CAPABILITIES: u64 = (1 << 41) - 1;

/// What a container gets by default.
const CONTAINER_CAPABILITIES: u64 = 0xa804_25fb;

const CGROUPS: [&str; 5] = ["cpuset", "cpu", "cpuacct", "io", "memory"];

/// A process of the story.
#[derive(Debug, Clone)]
pub struct Process {
    recorder: Rc<RefCell<Recorder>>,
    pid: i64,
}

/// What is known of a process while the story runs.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) record: ProcessRecord,
    pub(crate) env: Vec<String>,
    pub(crate) args: Vec<String>,
    pub(crate) next_fd: i64,
    /// Index of the container it lives in.
    pub(crate) place: Option<usize>,
}

impl Task {
    /// A process that ran before the recording started, as root and without an audit user.
    pub(crate) fn resident(pid: i64, parent: i64, program: &Program) -> Task {
        let record = ProcessRecord {
            tid: pid,
            pid,
            ptid: parent,
            sid: pid,
            vpgid: pid,
            pgid: pid,
            vtid: pid,
            vpid: pid,
            cwd: b"/".to_vec(),
            root: b"/".to_vec(),
            fdlimit: 1024,
            vmsize_kb: 9_000,
            vmrss_kb: 4_000,
            cap_permitted: ALL_CAPABILITIES,
            cap_effective: ALL_CAPABILITIES,
            exe_writable: true,
            ..ProcessRecord::default()
        };
        let mut task =
            Task { record, env: standard_environment(), args: Vec::new(), next_fd: 3, place: None };
        task.move_to(None);
        task.become_program(program);
        task
    }

    /// What execve changes.
    fn become_program(&mut self, program: &Program) {
        self.record.comm = program.comm().into_bytes();
        self.record.exe = program.argv0.clone().into_bytes();
        self.record.exepath = program.path.clone().into_bytes();
        self.record.args = texts(&program.args);
        self.record.exe_upper_layer = program.upper_layer;
        self.record.exe_lower_layer = self.place.is_some() && !program.upper_layer && !program.memfd;
        self.record.exe_from_memfd = program.memfd;
        self.record.exe_ino = inode(&program.path);
        self.record.exe_ino_ctime = 1_750_000_000_000_000_000;
        self.record.exe_ino_mtime = 1_740_000_000_000_000_000;
        self.args.clone_from(&program.args);
        if let Some(env) = &program.env {
            self.env.clone_from(env);
        }
        if let Some(tty) = program.tty {
            self.record.tty = tty;
        }
        self.record.env = texts(&self.env);
    }

    /// Puts it into the control groups of a container, or of the system.
    pub(crate) fn move_to(&mut self, container: Option<&str>) {
        let path = match container {
            Some(id) => format!("/system.slice/docker-{id}.scope"),
            None => "/".to_owned(),
        };
        let entries: Vec<String> = CGROUPS.iter().map(|group| format!("{group}={path}")).collect();
        self.record.cgroups = texts(&entries);
        if container.is_some() {
            self.record.cap_permitted = CONTAINER_CAPABILITIES;
            self.record.cap_effective = CONTAINER_CAPABILITIES;
        }
    }
}

impl Process {
    pub(crate) fn new(recorder: Rc<RefCell<Recorder>>, pid: i64) -> Process {
        Process { recorder, pid }
    }

    /// Its process id on the host.
    pub fn pid(&self) -> i64 {
        self.pid
    }

    /// Starts a child that runs `program`.
    pub fn run(&self, program: impl Into<Program>) -> Process {
        let child = self.fork();
        child.exec(program);
        child
    }

    /// Starts a child that runs `program` and ends at once.
    pub fn runs(&self, program: impl Into<Program>) {
        self.run(program).exit();
    }

    /// Starts a child that is a copy of it.
    pub fn fork(&self) -> Process {
        let place = self.task(|task| task.place);
        self.fork_into(place)
    }

    /// Starts a child inside a container, or where it is itself.
    pub(crate) fn fork_into(&self, place: Option<usize>) -> Process {
        let mut recorder = self.recorder.borrow_mut();
        let pid = recorder.take_pid();
        let parent = recorder.tasks[&self.pid].clone();
        let mut child = parent.clone();
        child.record.tid = pid;
        child.record.pid = pid;
        child.record.ptid = self.pid;
        child.record.vtid = pid;
        child.record.vpid = pid;
        if let Some(index) = place {
            let place = &mut recorder.places[index];
            child.record.vpid = place.next_pid;
            child.record.vtid = place.next_pid;
            place.next_pid += 1;
            let (id, privileged) = (place.id.clone(), place.privileged);
            if child.place != Some(index) {
                child.move_to(Some(&id));
                child.record.vpgid = child.record.vpid;
                child.record.sid = child.record.vpid;
                child.record.pidns_init_start_ts = recorder.now;
                if privileged {
                    child.record.cap_permitted = ALL_CAPABILITIES;
                    child.record.cap_effective = ALL_CAPABILITIES;
                }
            }
            child.place = Some(index);
        }
        let flags = if place.is_some() { FORK | CHILD_IN_PIDNS } else { FORK };
        let uptime = if place.is_some() { recorder.uptime() } else { 0 };
        recorder.event(code::SYSCALL_CLONE_20_X, self.pid, |event| cloned(event, pid, &parent, flags, 0));
        recorder.event(code::SYSCALL_CLONE_20_X, pid, |event| cloned(event, 0, &child, flags, uptime));
        recorder.tasks.insert(pid, child);
        drop(recorder);
        Process::new(Rc::clone(&self.recorder), pid)
    }

    /// Runs `program` in its own place.
    pub fn exec(&self, program: impl Into<Program>) {
        let program = program.into();
        let mut recorder = self.recorder.borrow_mut();
        let Some(task) = recorder.tasks.get_mut(&self.pid) else { return };
        task.become_program(&program);
        let task = task.clone();
        recorder.event(code::SYSCALL_EXECVE_19_X, self.pid, |event| executed(event, &task, &program));
    }

    /// Ends.
    pub fn exit(&self) {
        let reaper = 1;
        self.event(code::PROCEXIT_1_E, |event| {
            event.set("status", 0).set("ret", 0).set("sig", 0).set("core", 0).set("reaper_tid", reaper)
        });
        self.recorder.borrow_mut().tasks.remove(&self.pid);
    }

    /// Becomes another user by setuid.
    pub fn setuid(&self, uid: u32) {
        self.event(code::SYSCALL_SETUID_X, |event| event.set("res", 0).set("uid", uid));
        self.change(|task| task.record.uid = uid);
    }

    /// What a login does to a process that ran before the recording started.
    pub(crate) fn set_user(&self, uid: u32) {
        self.change(|task| {
            task.record.uid = uid;
            task.record.gid = uid;
            task.record.loginuid = uid;
            task.record.cwd = if uid == 0 { b"/root/".to_vec() } else { b"/home/alice/".to_vec() };
            if uid != 0 {
                task.record.cap_permitted = 0;
                task.record.cap_effective = 0;
            }
        });
    }

    /// Address of the network it lives in.
    pub(crate) fn ip(&self) -> Ipv4Addr {
        let place = self.task(|task| task.place);
        place.map_or(HOST_IP, |index| self.recorder.borrow().places[index].ip)
    }

    /// Records an event of this process.
    pub(crate) fn event(&self, code: u16, fill: impl FnOnce(EventBuilder) -> EventBuilder) {
        self.recorder.borrow_mut().event(code, self.pid, fill);
    }

    /// The next fd number.
    pub(crate) fn take_fd(&self) -> i64 {
        let mut fd = 0;
        self.change(|task| {
            fd = task.next_fd;
            task.next_fd += 1;
        });
        fd
    }

    /// Gives the last fd number back.
    pub(crate) fn release_fd(&self, fd: i64) {
        self.change(|task| {
            if task.next_fd == fd + 1 {
                task.next_fd = fd;
            }
        });
    }

    fn task<T>(&self, read: impl FnOnce(&Task) -> T) -> T {
        read(&self.recorder.borrow().tasks[&self.pid])
    }

    fn change(&self, change: impl FnOnce(&mut Task)) {
        if let Some(task) = self.recorder.borrow_mut().tasks.get_mut(&self.pid) {
            change(task);
        }
    }
}

/// The parameters of a clone exit: in the caller `result` is the child and `task` the caller, in the child 0 and the
/// child (reference state 4.2).
fn cloned(event: EventBuilder, result: i64, task: &Task, flags: u32, uptime: u64) -> EventBuilder {
    let record = &task.record;
    event
        .set("res", result)
        .set("exe", Value::Text(record.exe.clone()))
        .set("args", Value::Bytes(record.args.clone()))
        .set("tid", record.tid)
        .set("pid", record.pid)
        .set("ptid", record.ptid)
        .set("fdlimit", record.fdlimit)
        .set("pgft_maj", 0)
        .set("pgft_min", 64)
        .set("vm_size", record.vmsize_kb)
        .set("vm_rss", record.vmrss_kb)
        .set("vm_swap", 0)
        .set("comm", Value::Text(record.comm.clone()))
        .set("cgroups", Value::Bytes(record.cgroups.clone()))
        .set("flags", flags)
        .set("uid", record.uid)
        .set("gid", record.gid)
        .set("vtid", record.vtid)
        .set("vpid", record.vpid)
        .set("pidns_init_start_ts", uptime)
}

/// The parameters of an execve exit (reference state 5.2 to 5.7).
fn executed(event: EventBuilder, task: &Task, program: &Program) -> EventBuilder {
    let record = &task.record;
    let flags = u32::from(record.exe_writable)
        | u32::from(record.exe_upper_layer) << 1
        | u32::from(record.exe_from_memfd) << 2
        | u32::from(record.exe_lower_layer) << 3;
    event
        .set("res", 0)
        .set("exe", Value::Text(record.exe.clone()))
        .set("args", Value::Bytes(record.args.clone()))
        .set("tid", record.tid)
        .set("pid", record.pid)
        .set("ptid", record.ptid)
        .set("fdlimit", record.fdlimit)
        .set("pgft_maj", 0)
        .set("pgft_min", 32)
        .set("vm_size", record.vmsize_kb)
        .set("vm_rss", record.vmrss_kb)
        .set("vm_swap", 0)
        .set("comm", Value::Text(record.comm.clone()))
        .set("cgroups", Value::Bytes(record.cgroups.clone()))
        .set("env", Value::Bytes(record.env.clone()))
        .set("tty", record.tty)
        .set("vpgid", record.vpgid)
        .set("loginuid", record.loginuid)
        .set("flags", flags)
        .set("cap_inheritable", record.cap_inheritable)
        .set("cap_permitted", record.cap_permitted)
        .set("cap_effective", record.cap_effective)
        .set("exe_ino", record.exe_ino)
        .set("exe_ino_ctime", record.exe_ino_ctime)
        .set("exe_ino_mtime", record.exe_ino_mtime)
        .set("uid", record.uid)
        .set("trusted_exepath", Value::Text(record.exepath.clone()))
        .set("pgid", record.pgid)
        .set("gid", record.gid)
        .set("filename", program.path.as_str())
}

/// Texts that each end with a NUL.
fn texts(texts: &[String]) -> Vec<u8> {
    texts.iter().flat_map(|text| text.bytes().chain([0])).collect()
}

/// A number for a path, always the same one.
pub(crate) fn inode(path: &str) -> u64 {
    path.bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
        % 900_000
        + 100_000
}
