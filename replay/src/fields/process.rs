//! Fields of the event's process and thread.

use tercel_format::catalogue::code;
use tercel_rules::fields::{Arg, Field, FieldRef};

use super::{Context, Scratch, Value, ancestors, elements, names};
use crate::state::{Fd, Image, Slot, State, Thread};

/// The value of a field of the class `process`.
pub(super) fn value<'a>(
    cx: &Context<'a>,
    field: &'a FieldRef,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let Some(slot) = cx.slot() else { return without_thread(cx, field.field) };
    let thread = cx.state.threads.get(slot);
    match field.field {
        Field::ProcName => Some(Value::Text(&thread.image.comm)),
        Field::ProcExe => Some(Value::Text(&thread.image.exe)),
        Field::ProcExepath => Some(Value::Text(&thread.image.exepath)),
        Field::ProcCwd => Some(Value::Text(cx.state.threads.cwd(slot))),
        Field::ThreadTid | Field::ThreadExectime => without_thread(cx, field.field),
        Field::ThreadTotexectime => Some(Value::Uint(thread.cpu_time)),
        Field::ProcArgs | Field::ProcCmdline | Field::ProcExeline | Field::ProcEnv => {
            composed(cx, slot, field, scratch)
        }
        Field::ThreadCapPermitted
        | Field::ThreadCapInheritable
        | Field::ThreadCapEffective
        | Field::ThreadCgroups
        | Field::ThreadCgroup
        | Field::ThreadNametid => of_thread(cx, thread, field, scratch),
        Field::ThreadCpu | Field::ThreadCpuUser | Field::ThreadCpuSystem => {
            cpu_share(cx, field.field, scratch)
        }
        Field::ProcStdinType
        | Field::ProcStdoutType
        | Field::ProcStderrType
        | Field::ProcStdinName
        | Field::ProcStdoutName
        | Field::ProcStderrName => standard_fd(cx, slot, field.field),
        _ => identity(cx, slot, field.field)
            .or_else(|| facts(cx, slot, field.field))
            .or_else(|| ancestors::value(cx, slot, field, scratch)),
    }
}

/// Ids beyond what a host hands out are not shown (reference state 9.33).
pub(super) fn shown_id<'a>(id: i64) -> Option<Value<'a>> {
    (-1..=i64::from(u32::MAX)).contains(&id).then_some(Value::Int(id))
}

/// Fields that need no thread entry.
fn without_thread<'a>(cx: &Context<'a>, field: Field) -> Option<Value<'a>> {
    match field {
        Field::ThreadTid => shown_id(cx.event.tid),
        Field::ThreadExectime => Some(Value::Uint(cx.facts.slice)),
        _ => None,
    }
}

/// Numbers and flags that name the process and its place among others.
fn identity<'a>(cx: &Context<'a>, slot: Slot, field: Field) -> Option<Value<'a>> {
    let thread = cx.state.threads.get(slot);
    match field {
        Field::ProcPid => shown_id(thread.pid),
        Field::ProcSid => Some(Value::Int(thread.sid)),
        Field::ProcVpgid => Some(Value::Int(thread.vpgid)),
        Field::ProcPgid => Some(Value::Int(thread.pgid)),
        Field::ProcVpid if thread.vpid != -1 => Some(Value::Int(thread.vpid)),
        Field::ThreadVtid if thread.vtid != -1 => Some(Value::Int(thread.vtid)),
        Field::ProcTty => Some(Value::Uint(u64::from(thread.tty))),
        Field::ThreadIsmain => Some(Value::Bool(thread.is_main())),
        Field::ProcIsSidLeader => Some(Value::Bool(thread.sid == thread.vpid)),
        Field::ProcIsVpgidLeader => Some(Value::Bool(thread.vpgid == thread.vpid)),
        Field::ProcIsPgidLeader => Some(Value::Bool(thread.pgid == thread.pid)),
        Field::ProcNthreads => Some(Value::Uint(cx.state.threads.alive(slot))),
        Field::ProcNchilds => Some(Value::Uint(cx.state.threads.alive_without_leader(slot))),
        Field::ProcCmdnargs => Some(Value::Uint(elements(&thread.image.args).count() as u64)),
        Field::ProcCmdlenargs => {
            Some(Value::Uint(elements(&thread.image.args).map(|argument| argument.len() as u64).sum()))
        }
        _ => None,
    }
}

/// Times, the executable, memory and fds.
fn facts<'a>(cx: &Context<'a>, slot: Slot, field: Field) -> Option<Value<'a>> {
    let thread = cx.state.threads.get(slot);
    let (exec, memory) = (&thread.exec, &thread.memory);
    let known = |number: u64| (number != 0).then_some(Value::Uint(number));
    let of_main = |number: u64| Some(Value::Uint(if thread.is_main() { number } else { 0 }));
    match field {
        Field::ProcDuration => known(thread.clone_ts).map(|_| since(cx, thread.clone_ts)),
        Field::ProcPidTs => known(thread.clone_ts),
        Field::ProcPidnsInitStartTs => known(thread.pidns_init_start_ts),
        Field::ProcIsExeWritable => Some(Value::Bool(exec.writable)),
        Field::ProcIsExeUpperLayer => Some(Value::Bool(exec.upper_layer)),
        Field::ProcIsExeLowerLayer => Some(Value::Bool(exec.lower_layer)),
        Field::ProcIsExeFromMemfd => Some(Value::Bool(exec.from_memfd)),
        Field::ProcExeIno => known(exec.ino),
        Field::ProcExeInoCtime => known(exec.ctime),
        Field::ProcExeInoMtime => known(exec.mtime),
        Field::ProcExeInoCtimeDurationProcStart => known(exec.ctime_duration_clone),
        Field::ProcExeInoCtimeDurationPidnsStart => known(exec.ctime_duration_pidns),
        Field::ProcVmsize => Some(Value::Uint(u64::from(memory.vmsize_kb))),
        Field::ProcVmrss => Some(Value::Uint(u64::from(memory.vmrss_kb))),
        Field::ProcVmswap => Some(Value::Uint(u64::from(memory.vmswap_kb))),
        Field::ThreadPfmajor => Some(Value::Uint(memory.pfmajor)),
        Field::ThreadPfminor => Some(Value::Uint(memory.pfminor)),
        Field::ThreadVmsize => of_main(u64::from(memory.vmsize_kb)),
        Field::ThreadVmrss => of_main(u64::from(memory.vmrss_kb)),
        Field::ThreadVmsizeB => of_main(u64::from(memory.vmsize_kb) * 1024),
        Field::ThreadVmrssB => of_main(u64::from(memory.vmrss_kb) * 1024),
        Field::ProcFdopencount => Some(Value::Uint(open_fds(cx.state, slot))),
        Field::ProcFdlimit => Some(Value::Int(fd_limit(cx.state, slot))),
        Field::ProcFdusage => {
            let (open, limit) = (open_fds(cx.state, slot) as f64, fd_limit(cx.state, slot) as f64);
            Some(Value::Double(if limit > 0.0 { (open * 100.0 / limit).min(100.0) } else { 0.0 }))
        }
        _ => None,
    }
}

/// Time from `start` to the event; it wraps as the reference's unsigned difference does.
pub(super) fn since<'a>(cx: &Context<'_>, start: u64) -> Value<'a> {
    Value::Uint(cx.event.ts.wrapping_sub(start))
}

/// Number of open fds of the process, 0 where its leader is not known.
pub(super) fn open_fds(state: &State, slot: Slot) -> u64 {
    state.threads.leader(slot).map_or(0, |leader| state.threads.get(leader).fds.len() as u64)
}

fn fd_limit(state: &State, slot: Slot) -> i64 {
    state.threads.leader(slot).map_or(0, |leader| state.threads.get(leader).fdlimit)
}

/// Arguments and environment as one text, or one of them.
fn composed<'a>(
    cx: &Context<'a>,
    slot: Slot,
    field: &FieldRef,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let image: &'a Image = &cx.state.threads.get(slot).image;
    let environment = cx.state.threads.env(slot);
    let out = &mut scratch.text;
    out.clear();
    match (field.field, &field.arg) {
        (Field::ProcCmdline, _) => push_command_line(out, image),
        (Field::ProcExeline, _) => {
            out.extend_from_slice(&image.exe);
            out.push(b' ');
            push_joined(out, &image.args);
        }
        (Field::ProcArgs, Arg::Index(index)) => {
            let index = usize::try_from(*index).unwrap_or(usize::MAX);
            return Some(Value::Text(elements(&image.args).nth(index).unwrap_or_default()));
        }
        (Field::ProcArgs, _) => push_joined(out, &image.args),
        (_, Arg::Key(name)) => return Some(Value::Text(variable(environment, name))),
        _ => push_joined(out, environment),
    }
    Value::text(out)
}

/// Appends name and arguments.
pub(super) fn push_command_line(out: &mut Vec<u8>, image: &Image) {
    out.extend_from_slice(&image.comm);
    for argument in elements(&image.args) {
        out.push(b' ');
        out.extend_from_slice(argument);
    }
}

/// Appends the elements of a list with a space between.
pub(super) fn push_joined(out: &mut Vec<u8>, list: &[u8]) {
    for (index, element) in elements(list).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(element);
    }
}

/// The value of an environment variable without the spaces around it; nothing where it is unset or empty (reference
/// state 9.29).
pub(super) fn variable<'a>(environment: &'a [u8], name: &str) -> &'a [u8] {
    let value = |element: &'a [u8]| element.strip_prefix(name.as_bytes())?.strip_prefix(b"=");
    let found = elements(environment).filter_map(value).find(|value| !value.is_empty()).unwrap_or_default();
    let start = found.iter().position(|byte| *byte != b' ').unwrap_or(found.len());
    let end = found.iter().rposition(|byte| *byte != b' ').map_or(start, |last| last + 1);
    &found[start..end]
}

fn of_thread<'a>(
    cx: &Context<'a>,
    thread: &'a Thread,
    field: &FieldRef,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let out = &mut scratch.text;
    out.clear();
    match (field.field, &field.arg) {
        (Field::ThreadCapPermitted, _) => names::push_capabilities(out, thread.caps.permitted),
        (Field::ThreadCapInheritable, _) => names::push_capabilities(out, thread.caps.inheritable),
        (Field::ThreadCapEffective, _) => names::push_capabilities(out, thread.caps.effective),
        (Field::ThreadNametid, _) => {
            out.extend_from_slice(&thread.image.comm);
            put!(out, "{}", cx.event.tid);
        }
        (Field::ThreadCgroup, Arg::Key(subsystem)) => {
            let mut groups = cgroups(&thread.cgroups);
            let (.., path) = groups.find(|(name, _)| name.matches(subsystem.as_bytes()))?;
            return Some(Value::Text(path));
        }
        (Field::ThreadCgroups, _) => {
            for (name, path) in cgroups(&thread.cgroups) {
                if !out.is_empty() {
                    out.push(b' ');
                }
                name.push(out);
                out.push(b'=');
                out.extend_from_slice(path);
            }
            if out.is_empty() {
                return None;
            }
        }
        _ => return None,
    }
    Value::text(out)
}

/// Name of a cgroup subsystem as fields show it: `_cgroup` taken out, three names replaced (reference state 9.30).
struct Subsystem<'a> {
    before: &'a [u8],
    behind: &'a [u8],
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
        let (before, behind) = match memchr::memmem::find(name, SUFFIX) {
            Some(at) => (&name[..at], &name[at + SUFFIX.len()..]),
            None => (name, &b""[..]),
        };
        match (before, behind) {
            (b"perf", b"") => Subsystem { before: b"perf_event", behind },
            (b"mem", b"") => Subsystem { before: b"memory", behind },
            (b"io", b"") => Subsystem { before: b"blkio", behind },
            _ => Subsystem { before, behind },
        }
    }

    fn matches(&self, name: &[u8]) -> bool {
        name.strip_prefix(self.before) == Some(self.behind)
    }

    fn push(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.before);
        out.extend_from_slice(self.behind);
    }
}

/// `thread.cpu*`: growth of the thread's CPU time since the procinfo event before, at most 100.
fn cpu_share<'a>(cx: &Context<'a>, field: Field, scratch: &mut Scratch) -> Option<Value<'a>> {
    if cx.event.code() != code::PROCINFO_E {
        return None;
    }
    let user = cx.event.uint(0).filter(|_| field != Field::ThreadCpuSystem).unwrap_or(0);
    let system = cx.event.uint(1).filter(|_| field != Field::ThreadCpuUser).unwrap_or(0);
    let total = user.wrapping_add(system);
    let before = scratch.memory.exchange(cx.event.tid, total);
    let grown = if before == 0 { 0 } else { total.wrapping_sub(before) };
    Some(Value::Double((grown as f64).min(100.0)))
}

fn standard_fd<'a>(cx: &Context<'a>, slot: Slot, field: Field) -> Option<Value<'a>> {
    let number = match field {
        Field::ProcStdinType | Field::ProcStdinName => 0,
        Field::ProcStdoutType | Field::ProcStdoutName => 1,
        _ => 2,
    };
    let fd: &Fd = cx.state.threads.fds(slot)?.get(number)?;
    Some(Value::Text(match field {
        Field::ProcStdinType | Field::ProcStdoutType | Field::ProcStderrType => {
            names::fd_kind(fd.kind).as_bytes()
        }
        _ => &fd.name,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_and_trimmed() {
        let environment = b"A=1\0AB=  two words \0EMPTY=\0EMPTY=second\0SPACES=   \0";
        let rows: [(&str, &[u8]); 7] = [
            ("A", b"1"),
            ("AB", b"two words"),
            ("EMPTY", b"second"),
            ("SPACES", b""),
            ("NOSUCH", b""),
            ("", b""),
            ("A=1", b""),
        ];
        for (name, expected) in rows {
            assert_eq!(variable(environment, name), expected, "{name}");
        }
    }

    #[test]
    fn lists_are_joined_as_the_reference_splits_them() {
        let rows: [(&[u8], &[u8]); 5] =
            [(b"", b""), (b"\0", b""), (b"a\0b\0", b"a b"), (b"a\0\0", b"a "), (b"a\0\0b", b"a  b")];
        for (list, expected) in rows {
            let mut out = Vec::new();
            push_joined(&mut out, list);
            assert_eq!(out, expected, "{list:?}");
        }
    }

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
