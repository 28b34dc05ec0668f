//! Short histories: lists and events enter a state, and what it then knows is compared with what the reference would know.

mod accounts;
mod containers;
mod fds;
mod files;
mod hostile;
mod lineage;
mod memory;
mod needs;
mod processes;
mod real;
mod sockets;
mod startup;

use tercel_format::Block;
use tercel_format::catalogue::code;
use tercel_format::record::{FdDetail, FdList, FdRecord, ProcessRecord};
use tercel_format::writer::{EventBuilder, Value};

use super::{Facts, Fd, Slot, State, Thread};

/// Parameters of an event by name.
type Params<'a> = &'a [(&'a str, Value)];

/// A host whose events are given step by step; every event is a microsecond after the one before.
struct Host {
    state: State,
    ts: u64,
}

impl Host {
    /// A host that runs init (1), a shell (100, child of 1, in /home/u/) with standard fds, and nothing else.
    fn new() -> Host {
        let mut host = Host { state: State::new(), ts: 1_000_000_000 };
        host.list(process(1, 1, 0, "init"));
        host.list(ProcessRecord {
            cwd: b"/home/u".to_vec(),
            env: b"HOME=/home/u\0".to_vec(),
            ..process(100, 100, 1, "sh")
        });
        host.list_fds(100, (0..3).map(|fd| file_record(fd, "/dev/pts/0")).collect());
        host
    }

    fn list(&mut self, record: ProcessRecord) {
        self.state.block(&Block::Processes(vec![record]));
    }

    fn list_fds(&mut self, tid: i64, fds: Vec<FdRecord>) {
        self.state.block(&Block::Fds(FdList { tid, fds }));
    }

    /// An event that is shown.
    fn event(&mut self, code: u16, tid: i64, params: Params<'_>) -> Facts {
        self.hidden(code, tid, params).expect("an event that is shown")
    }

    /// An event, shown or not.
    fn hidden(&mut self, code: u16, tid: i64, params: Params<'_>) -> Option<Facts> {
        self.built(EventBuilder::new(code, self.ts + 1000, tid), params)
    }

    /// An event that is there for the state only.
    fn state_only(&mut self, code: u16, tid: i64, params: Params<'_>) {
        self.built(EventBuilder::new(code, self.ts + 1000, tid).state_only(), params);
    }

    fn built(&mut self, builder: EventBuilder, params: Params<'_>) -> Option<Facts> {
        self.ts += 1000;
        let builder = builder.at(self.ts);
        let built = params.iter().fold(builder, |builder, (name, value)| builder.set(name, value.clone()));
        let encoded = built.encode().expect("an event of the catalogue");
        self.state.apply(&encoded.event())
    }

    /// An event that changes nothing, so that what the one before left to remove goes.
    fn settle(&mut self) {
        self.hidden(code::SCHEDSWITCH_6_E, 1, &[]);
    }

    fn slot(&self, tid: i64) -> Slot {
        self.state.threads.by_tid(tid).unwrap_or_else(|| panic!("thread {tid} is not there"))
    }

    fn thread(&self, tid: i64) -> &Thread {
        self.state.threads.get(self.slot(tid))
    }

    fn has(&self, tid: i64) -> bool {
        self.state.threads.by_tid(tid).is_some()
    }

    fn cwd(&self, tid: i64) -> String {
        string(self.state.threads.cwd(self.slot(tid)))
    }

    fn fd(&self, tid: i64, number: i64) -> Option<&Fd> {
        self.state.threads.fd(self.slot(tid), number).map(|fd| &**fd)
    }

    fn fd_name(&self, tid: i64, number: i64) -> Option<String> {
        self.fd(tid, number).map(|fd| string(&fd.name))
    }

    /// A return of clone in the parent.
    fn clone_in_parent(&mut self, parent: i64, child: i64, flags: u32) -> Facts {
        let (pid, ptid) = (self.thread(parent).pid, self.thread(parent).ptid);
        self.event(code::SYSCALL_CLONE_20_X, parent, &clone_params(child, parent, pid, ptid, parent, flags))
    }

    /// A return of clone in the child: a process, or with `CLONE_THREAD` a thread of process `pid`.
    fn clone_in_child(&mut self, child: i64, pid: i64, ptid: i64, flags: u32) -> Facts {
        self.event(code::SYSCALL_CLONE_20_X, child, &clone_params(0, child, pid, ptid, child, flags))
    }

    /// A successful exec of `path`.
    fn exec(&mut self, tid: i64, path: &str) -> Facts {
        let pid = self.thread(tid).pid;
        let name = path.rsplit('/').next().unwrap_or_default();
        self.event(
            code::SYSCALL_EXECVE_19_X,
            tid,
            &[
                ("res", 0.into()),
                ("exe", name.into()),
                ("args", Value::texts(&["-a", "b"])),
                ("pid", pid.into()),
                ("fdlimit", 1024.into()),
                ("comm", name.into()),
                ("trusted_exepath", path.into()),
                ("pgid", 77.into()),
            ],
        )
    }

    fn exit(&mut self, tid: i64, reaper: i64) -> Facts {
        self.event(code::PROCEXIT_1_E, tid, &[("status", 0.into()), ("reaper_tid", reaper.into())])
    }

    fn open(&mut self, tid: i64, number: i64, dirfd: i64, name: &str, flags: u32) -> Facts {
        self.event(
            code::SYSCALL_OPENAT_2_X,
            tid,
            &[
                ("fd", number.into()),
                ("dirfd", dirfd.into()),
                ("name", name.into()),
                ("flags", flags.into()),
                ("dev", 5.into()),
                ("ino", 6.into()),
            ],
        )
    }

    fn close(&mut self, tid: i64, number: i64) -> Facts {
        self.event(code::SYSCALL_CLOSE_X, tid, &[("res", 0.into()), ("fd", number.into())])
    }
}

fn clone_params(
    res: i64,
    tid: i64,
    pid: i64,
    ptid: i64,
    vtid: i64,
    flags: u32,
) -> [(&'static str, Value); 14] {
    [
        ("res", res.into()),
        ("exe", "sh".into()),
        ("args", Value::Empty),
        ("tid", tid.into()),
        ("pid", pid.into()),
        ("ptid", ptid.into()),
        ("fdlimit", 1024.into()),
        ("comm", "sh".into()),
        ("cgroups", Value::texts(&["cpu=/"])),
        ("flags", flags.into()),
        ("uid", 1000.into()),
        ("gid", 1000.into()),
        ("vtid", vtid.into()),
        ("vpid", pid.into()),
    ]
}

fn process(tid: i64, pid: i64, ptid: i64, comm: &str) -> ProcessRecord {
    ProcessRecord {
        tid,
        pid,
        ptid,
        vtid: tid,
        vpid: pid,
        comm: comm.as_bytes().to_vec(),
        exe: comm.as_bytes().to_vec(),
        exepath: format!("/bin/{comm}").into_bytes(),
        cwd: b"/".to_vec(),
        root: b"/".to_vec(),
        cgroups: b"cpu=/\0".to_vec(),
        ..ProcessRecord::default()
    }
}

fn file_record(fd: i64, name: &str) -> FdRecord {
    FdRecord { fd, ino: 1, kind: 1, detail: FdDetail::Name(name.as_bytes().to_vec()) }
}

fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
