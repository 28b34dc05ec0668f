//! Fields of the event's process and thread.

use tercel_format::catalogue::code;
use tercel_rules::fields::{Arg, ProcessField as P};

use super::ancestors;
use super::composed::{composed, push_command_line, push_joined, shown_id, since, variable};
use super::{Context, Nature, Scratch, Shown, Value, View, elements, lineage, names, real};
use crate::state::{Fd, Image, Slot, State, Thread};

/// The value of a field of the class `process`.
pub(super) fn value<'a>(
    cx: &Context<'a>,
    field: P,
    arg: &'a Arg,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let Some(slot) = cx.slot() else { return without_thread(cx, field) };
    let threads = &cx.state.threads;
    let thread = threads.get(slot);
    let (image, exec, memory) = (&thread.image, &thread.exec, &thread.memory);
    match field {
        P::ProcName => Some(Value::Text(&image.comm)),
        P::ProcExe => Some(Value::Text(&image.exe)),
        P::ProcExepath => Some(Value::Text(real::exepath(image, scratch.view))),
        P::ProcRealexe => Some(Value::Text(real::exepath(image, View::Kernel))),
        P::ProcCwd => Some(Value::Text(threads.cwd(slot))),
        P::ProcArgs => arguments(image, arg, scratch),
        P::ProcCmdline => composed(scratch, |out| push_command_line(out, image)),
        P::ProcExeline => composed(scratch, |out| {
            out.extend_from_slice(&image.exe);
            out.push(b' ');
            push_joined(out, &image.args);
        }),
        P::ProcEnv => match arg {
            Arg::Key(name) => Some(Value::Text(variable(threads.env(slot), name))),
            Arg::None | Arg::Index(_) => composed(scratch, |out| push_joined(out, threads.env(slot))),
        },
        P::ProcCmdnargs => Some(Value::Uint(elements(&image.args).count() as u64)),
        P::ProcCmdlenargs => {
            Some(Value::Uint(elements(&image.args).map(|argument| argument.len() as u64).sum()))
        }

        P::ProcPid => shown_id(thread.pid),
        P::ProcVpid => known_id(thread.vpid),
        P::ProcSid => Some(Value::Int(thread.sid)),
        P::ProcVpgid => Some(Value::Int(thread.vpgid)),
        P::ProcPgid => Some(Value::Int(thread.pgid)),
        P::ProcTty => Some(Value::Uint(u64::from(thread.tty))),
        P::ProcIsSidLeader => Some(Value::Bool(thread.sid == thread.vpid)),
        P::ProcIsVpgidLeader => Some(Value::Bool(thread.vpgid == thread.vpid)),
        P::ProcIsPgidLeader => Some(Value::Bool(thread.pgid == thread.pid)),
        P::ProcNthreads => Some(Value::Uint(threads.alive(slot))),
        P::ProcNchilds => Some(Value::Uint(threads.alive_without_leader(slot))),

        P::ProcPname => Some(Value::Text(&ancestors::parent(threads, slot)?.image.comm)),
        P::ProcPexe => Some(Value::Text(&ancestors::parent(threads, slot)?.image.exe)),
        P::ProcPexepath => {
            let parent = ancestors::parent(threads, slot)?;
            Some(Value::Text(real::exepath(&parent.image, scratch.view)))
        }
        P::ProcPpid => shown_id(ancestors::parent(threads, slot)?.pid),
        P::ProcPcmdline => {
            let parent = ancestors::parent(threads, slot)?;
            composed(scratch, |out| push_command_line(out, &parent.image))
        }
        P::ProcPvpid => Some(Value::Int(ancestors::by_ptid(threads, thread)?.vpid)),
        P::ProcPpidTs => Some(Value::Uint(ancestors::by_ptid(threads, thread)?.clone_ts)),
        // Without a start time the reference falls through to the number of open fds (reference state 9.28).
        P::ProcPpidDuration => match ancestors::parent(threads, slot)?.clone_ts {
            0 => Some(Value::Uint(open_fds(cx.state, slot))),
            start => Some(since(cx, start)),
        },
        P::ProcLoginshellid => ancestors::login_shell(threads, slot),
        P::ProcApid => ancestors::pid(threads, slot, arg),
        P::ProcAenv => ancestors::environment(threads, slot, arg, scratch),
        P::ProcAname => ancestors::of_each(threads, slot, Shown::Name, arg, scratch),
        P::ProcAexe => ancestors::of_each(threads, slot, Shown::Exe, arg, scratch),
        P::ProcAexepath => ancestors::of_each(threads, slot, Shown::Exepath, arg, scratch),
        P::ProcAcmdline => ancestors::of_each(threads, slot, Shown::CommandLine, arg, scratch),
        P::ProcAargs => ancestors::of_each(threads, slot, Shown::Arguments, arg, scratch),
        P::ProcSname => ancestors::of_session(threads, slot, |image| &image.comm),
        P::ProcSidExe => ancestors::of_session(threads, slot, |image| &image.exe),
        P::ProcSidExepath => ancestors::of_session(threads, slot, |image| &image.exepath),
        P::ProcVpgidName => ancestors::of_virtual_group(threads, slot, |image| &image.comm),
        P::ProcVpgidExe => ancestors::of_virtual_group(threads, slot, |image| &image.exe),
        P::ProcVpgidExepath => ancestors::of_virtual_group(threads, slot, |image| &image.exepath),
        P::ProcPgidName => ancestors::of_group(threads, slot, |image| &image.comm),
        P::ProcPgidExe => ancestors::of_group(threads, slot, |image| &image.exe),
        P::ProcPgidExepath => ancestors::of_group(threads, slot, |image| &image.exepath),

        P::ProcDuration => known(thread.clone_ts).map(|_| since(cx, thread.clone_ts)),
        P::ProcPidTs => known(thread.clone_ts),
        P::ProcPidnsInitStartTs => known(thread.pidns_init_start_ts),
        P::ProcIsExeWritable => Some(Value::Bool(exec.writable)),
        P::ProcIsExeUpperLayer => Some(Value::Bool(exec.upper_layer)),
        P::ProcIsExeLowerLayer => Some(Value::Bool(exec.lower_layer)),
        P::ProcIsExeFromMemfd => Some(Value::Bool(exec.from_memfd)),
        P::ProcExeIno => known(exec.ino),
        P::ProcExeInoCtime => known(exec.ctime),
        P::ProcExeInoMtime => known(exec.mtime),
        P::ProcExeInoCtimeDurationProcStart => known(exec.ctime_duration_clone),
        P::ProcExeInoCtimeDurationPidnsStart => known(exec.ctime_duration_pidns),

        P::ProcVmsize => Some(Value::Uint(u64::from(memory.vmsize_kb))),
        P::ProcVmrss => Some(Value::Uint(u64::from(memory.vmrss_kb))),
        P::ProcVmswap => Some(Value::Uint(u64::from(memory.vmswap_kb))),
        P::ThreadPfmajor => Some(Value::Uint(memory.pfmajor)),
        P::ThreadPfminor => Some(Value::Uint(memory.pfminor)),
        P::ThreadVmsize => of_main(thread, u64::from(memory.vmsize_kb)),
        P::ThreadVmrss => of_main(thread, u64::from(memory.vmrss_kb)),
        P::ThreadVmsizeB => of_main(thread, u64::from(memory.vmsize_kb) * 1024),
        P::ThreadVmrssB => of_main(thread, u64::from(memory.vmrss_kb) * 1024),
        P::ProcFdopencount => Some(Value::Uint(open_fds(cx.state, slot))),
        P::ProcFdlimit => Some(Value::Int(fd_limit(cx.state, slot))),
        P::ProcFdusage => {
            let (open, limit) = (open_fds(cx.state, slot) as f64, fd_limit(cx.state, slot) as f64);
            Some(Value::Double(if limit > 0.0 { (open * 100.0 / limit).min(100.0) } else { 0.0 }))
        }
        P::ProcStdinType => standard_fd(cx, slot, 0).map(kind_of),
        P::ProcStdoutType => standard_fd(cx, slot, 1).map(kind_of),
        P::ProcStderrType => standard_fd(cx, slot, 2).map(kind_of),
        P::ProcStdinName => standard_fd(cx, slot, 0).map(|fd| Value::Text(&fd.name)),
        P::ProcStdoutName => standard_fd(cx, slot, 1).map(|fd| Value::Text(&fd.name)),
        P::ProcStderrName => standard_fd(cx, slot, 2).map(|fd| Value::Text(&fd.name)),

        P::ProcLineage => lineage::value(thread, Shown::Name, arg, scratch),
        P::ProcLineagePid => lineage::value(thread, Shown::Pid, arg, scratch),
        P::ProcLineageExepath => lineage::value(thread, Shown::Exepath, arg, scratch),
        P::ProcLineageCmdline => lineage::value(thread, Shown::CommandLine, arg, scratch),
        P::ProcIsOrphan => cx.state.is_orphan(slot).map(Value::Bool),
        P::ProcOriginSid => Some(Value::Int(thread.origin()?.sid)),
        P::ProcOriginTty => Some(Value::Uint(u64::from(thread.origin()?.tty))),
        P::ProcOriginPid => shown_id(thread.origin()?.pid),
        P::ProcOriginName => Some(Value::Text(&thread.origin()?.name)),

        P::ThreadTid | P::ThreadExectime => without_thread(cx, field),
        P::ThreadVtid => known_id(thread.vtid),
        P::ThreadIsmain => Some(Value::Bool(thread.is_main())),
        P::ThreadTotexectime => Some(Value::Uint(thread.cpu_time)),
        P::ThreadCapPermitted => {
            composed(scratch, |out| names::push_capabilities(out, thread.caps.permitted))
        }
        P::ThreadCapInheritable => {
            composed(scratch, |out| names::push_capabilities(out, thread.caps.inheritable))
        }
        P::ThreadCapEffective => {
            composed(scratch, |out| names::push_capabilities(out, thread.caps.effective))
        }
        P::ThreadNametid => composed(scratch, |out| {
            out.extend_from_slice(&image.comm);
            put!(out, "{}", cx.event.tid);
        }),
        P::ThreadCgroups => all_cgroups(thread, scratch),
        P::ThreadCgroup => one_cgroup(thread, arg),
        P::ThreadCpu => cpu_share(cx, true, true, scratch),
        P::ThreadCpuUser => cpu_share(cx, true, false, scratch),
        P::ThreadCpuSystem => cpu_share(cx, false, true, scratch),
    }
}

/// The row of a field of the class `process`.
pub(super) fn nature(field: P) -> Nature {
    match field {
        P::ProcName
        | P::ProcExe
        | P::ProcExepath
        | P::ProcArgs
        | P::ProcCmdline
        | P::ProcExeline
        | P::ProcCmdnargs
        | P::ProcCmdlenargs
        | P::ProcRealexe => Nature::IMAGE,
        P::ProcApid => Nature::of_ancestors(Shown::Pid),
        P::ProcAname => Nature::of_ancestors(Shown::Name),
        P::ProcAexe => Nature::of_ancestors(Shown::Exe),
        P::ProcAexepath => Nature::of_ancestors(Shown::Exepath),
        P::ProcAcmdline => Nature::of_ancestors(Shown::CommandLine),
        P::ProcAenv => Nature::of_ancestors(Shown::Environment),
        P::ProcLineage => Nature::of_lineage(Shown::Name),
        P::ProcLineagePid => Nature::of_lineage(Shown::Pid),
        P::ProcLineageExepath => Nature::of_lineage(Shown::Exepath),
        P::ProcLineageCmdline => Nature::of_lineage(Shown::CommandLine),
        P::ProcPexe
        | P::ProcPexepath
        | P::ProcPname
        | P::ProcAargs
        | P::ProcPcmdline
        | P::ProcEnv
        | P::ProcCwd
        | P::ProcLoginshellid
        | P::ProcTty
        | P::ProcPid
        | P::ProcPpid
        | P::ProcVpid
        | P::ProcPvpid
        | P::ProcSid
        | P::ProcSname
        | P::ProcSidExe
        | P::ProcSidExepath
        | P::ProcVpgid
        | P::ProcVpgidName
        | P::ProcVpgidExe
        | P::ProcVpgidExepath
        | P::ProcPgid
        | P::ProcPgidName
        | P::ProcPgidExe
        | P::ProcPgidExepath
        | P::ProcDuration
        | P::ProcPpidDuration
        | P::ProcPidTs
        | P::ProcPpidTs
        | P::ProcIsExeWritable
        | P::ProcIsExeUpperLayer
        | P::ProcIsExeLowerLayer
        | P::ProcIsExeFromMemfd
        | P::ProcIsSidLeader
        | P::ProcIsVpgidLeader
        | P::ProcIsPgidLeader
        | P::ProcExeIno
        | P::ProcExeInoCtime
        | P::ProcExeInoMtime
        | P::ProcExeInoCtimeDurationProcStart
        | P::ProcExeInoCtimeDurationPidnsStart
        | P::ProcPidnsInitStartTs
        | P::ThreadCapPermitted
        | P::ThreadCapInheritable
        | P::ThreadCapEffective
        | P::ProcFdopencount
        | P::ProcFdlimit
        | P::ProcFdusage
        | P::ProcVmsize
        | P::ProcVmrss
        | P::ProcVmswap
        | P::ThreadPfmajor
        | P::ThreadPfminor
        | P::ThreadTid
        | P::ThreadIsmain
        | P::ThreadVtid
        | P::ThreadNametid
        | P::ThreadExectime
        | P::ThreadTotexectime
        | P::ThreadCgroups
        | P::ThreadCgroup
        | P::ProcNthreads
        | P::ProcNchilds
        | P::ThreadVmsize
        | P::ThreadVmrss
        | P::ThreadVmsizeB
        | P::ThreadVmrssB
        | P::ProcStdinType
        | P::ProcStdoutType
        | P::ProcStderrType
        | P::ProcStdinName
        | P::ProcStdoutName
        | P::ProcStderrName
        | P::ProcIsOrphan
        | P::ProcOriginSid
        | P::ProcOriginTty
        | P::ProcOriginPid
        | P::ProcOriginName => Nature::EVENT,
        P::ThreadCpu | P::ThreadCpuUser | P::ThreadCpuSystem => Nature::GROWTH,
    }
}

/// An id in the pid namespace, where it is known.
fn known_id<'a>(id: i64) -> Option<Value<'a>> {
    (id != -1).then_some(Value::Int(id))
}

/// A number that is 0 if it is not known.
fn known<'a>(number: u64) -> Option<Value<'a>> {
    (number != 0).then_some(Value::Uint(number))
}

/// A number that only the main thread shows.
fn of_main<'a>(thread: &Thread, number: u64) -> Option<Value<'a>> {
    Some(Value::Uint(if thread.is_main() { number } else { 0 }))
}

/// The two fields that need no thread entry.
fn without_thread<'a>(cx: &Context<'a>, field: P) -> Option<Value<'a>> {
    if field == P::ThreadTid {
        shown_id(cx.event.tid)
    } else if field == P::ThreadExectime {
        Some(Value::Uint(cx.facts.slice))
    } else {
        None
    }
}

/// Number of open fds of the process, 0 if its leader is not known.
pub(super) fn open_fds(state: &State, slot: Slot) -> u64 {
    state.threads.leader(slot).map_or(0, |leader| state.threads.get(leader).fds.len() as u64)
}

fn fd_limit(state: &State, slot: Slot) -> i64 {
    state.threads.leader(slot).map_or(0, |leader| state.threads.get(leader).fdlimit)
}

/// All arguments, or one of them.
fn arguments<'a>(image: &'a Image, arg: &Arg, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    match arg {
        Arg::Index(index) => {
            let index = usize::try_from(*index).unwrap_or(usize::MAX);
            Some(Value::Text(elements(&image.args).nth(index).unwrap_or_default()))
        }
        Arg::None | Arg::Key(_) => composed(scratch, |out| push_joined(out, &image.args)),
    }
}

/// The cgroup of one subsystem.
fn one_cgroup<'a>(thread: &'a Thread, arg: &Arg) -> Option<Value<'a>> {
    let Arg::Key(subsystem) = arg else { return None };
    let mut groups = cgroups(&thread.cgroups);
    let (.., path) = groups.find(|(name, _)| name.matches(subsystem.as_bytes()))?;
    Some(Value::Text(path))
}

/// All cgroups with a space between, missing if there are none.
fn all_cgroups<'a>(thread: &Thread, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let out = &mut scratch.text;
    out.clear();
    for (name, path) in cgroups(&thread.cgroups) {
        if !out.is_empty() {
            out.push(b' ');
        }
        name.push(out);
        out.push(b'=');
        out.extend_from_slice(path);
    }
    if out.is_empty() { None } else { Value::text(out) }
}

/// Name of a cgroup subsystem as fields show it: `_cgroup` taken out, three names replaced (reference state 9.30).
struct Subsystem<'a> {
    before: &'a [u8],
    after: &'a [u8],
}

fn cgroups(list: &[u8]) -> impl Iterator<Item = (Subsystem<'_>, &[u8])> {
    elements(list).filter_map(|element| {
        let equals = element.iter().position(|byte| *byte == b'=')?;
        Some((Subsystem::new(&element[..equals]), &element[equals + 1..]))
    })
}

impl<'a> Subsystem<'a> {
    fn new(name: &'a [u8]) -> Subsystem<'a> {
        const SUFFIX: &[u8] = b"_cgroup";
        let (before, after) = match memchr::memmem::find(name, SUFFIX) {
            Some(at) => (&name[..at], &name[at + SUFFIX.len()..]),
            None => (name, &b""[..]),
        };
        match (before, after) {
            (b"perf", b"") => Subsystem { before: b"perf_event", after },
            (b"mem", b"") => Subsystem { before: b"memory", after },
            (b"io", b"") => Subsystem { before: b"blkio", after },
            _ => Subsystem { before, after },
        }
    }

    fn matches(&self, name: &[u8]) -> bool {
        name.strip_prefix(self.before) == Some(self.after)
    }

    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.before);
        out.extend_from_slice(self.after);
    }
}

/// `thread.cpu*`: growth of the thread's CPU time since the procinfo event before, at most 100.
fn cpu_share<'a>(cx: &Context<'a>, user: bool, system: bool, scratch: &mut Scratch) -> Option<Value<'a>> {
    if cx.event.code() != code::PROCINFO_E {
        return None;
    }
    let time = |index, counts: bool| if counts { cx.event.uint(index).unwrap_or(0) } else { 0 };
    let total = time(0, user).wrapping_add(time(1, system));
    let before = scratch.memory.exchange(cx.event.tid, total);
    let grown = if before == 0 { 0 } else { total.wrapping_sub(before) };
    Some(Value::Double((grown as f64).min(100.0)))
}

/// The entry of standard input, output or error.
fn standard_fd<'a>(cx: &Context<'a>, slot: Slot, number: i64) -> Option<&'a Fd> {
    cx.state.threads.fds(slot)?.get(number).map(|fd| &**fd)
}

fn kind_of<'a>(fd: &Fd) -> Value<'a> {
    Value::Text(names::fd_kind(fd.kind).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsystems_have_their_names() {
        let rows: [(&[u8], &[u8]); 6] = [
            (b"cpu_cgroup", b"cpu"),
            (b"perf_event", b"perf_event"),
            (b"perf", b"perf_event"),
            (b"mem_cgroup", b"memory"),
            (b"io", b"blkio"),
            (b"cpuset", b"cpuset"),
        ];
        for (raw, expected) in rows {
            let mut out = Vec::new();
            Subsystem::new(raw).push(&mut out);
            assert_eq!(out, expected);
            assert!(Subsystem::new(raw).matches(expected));
            assert!(!Subsystem::new(raw).matches(b"cp"));
        }
    }
}
