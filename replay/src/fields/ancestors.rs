//! Fields of parents, ancestors and leaders of sessions and process groups.

use tercel_rules::fields::{Arg, Field, FieldRef};

use super::process::{open_fds, push_command_line, push_joined, shown_id, since, variable};
use super::{Context, Scratch, Value};
use crate::state::{Slot, Thread, Threads};

/// How far `proc.aenv[NAME]` looks for a variable.
const MAX_ENV_ANCESTORS: usize = 20;

/// The value of a field about other processes than the event's own.
pub(super) fn value<'a>(
    cx: &Context<'a>,
    slot: Slot,
    field: &FieldRef,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let threads = &cx.state.threads;
    let parent = || threads.ancestor(slot, 1).map(|parent| threads.get(parent));
    let by_ptid = || threads.by_tid(threads.get(slot).ptid).map(|parent| threads.get(parent));
    match field.field {
        Field::ProcPname => Some(Value::Text(&parent()?.image.comm)),
        Field::ProcPexe => Some(Value::Text(&parent()?.image.exe)),
        Field::ProcPexepath => Some(Value::Text(&parent()?.image.exepath)),
        Field::ProcPpid => shown_id(parent()?.pid),
        Field::ProcPcmdline => {
            scratch.text.clear();
            push_command_line(&mut scratch.text, &parent()?.image);
            Value::text(&scratch.text)
        }
        Field::ProcPvpid => Some(Value::Int(by_ptid()?.vpid)),
        Field::ProcPpidTs => Some(Value::Uint(by_ptid()?.clone_ts)),
        // Without a start time the reference falls through to the number of open fds (reference state 9.28).
        Field::ProcPpidDuration => match parent()?.clone_ts {
            0 => Some(Value::Uint(open_fds(cx.state, slot))),
            start => Some(since(cx, start)),
        },
        Field::ProcLoginshellid => login_shell(threads, slot),
        Field::ProcAenv => environment(threads, slot, &field.arg, scratch),
        Field::ProcApid => {
            let n = if let Arg::Index(n) = field.arg { n } else { 0 };
            shown_id(threads.get(nth(threads, slot, n)?).pid)
        }
        Field::ProcAname | Field::ProcAexe | Field::ProcAexepath | Field::ProcAcmdline | Field::ProcAargs => {
            match field.arg {
                Arg::Index(n) => {
                    let ancestor = threads.ancestor(slot, usize::try_from(n).ok()?)?;
                    one(threads.get(ancestor), field.field, &mut scratch.text)
                }
                _ => joined(threads, slot, field.field, scratch),
            }
        }
        _ => leader(threads, slot, field.field),
    }
}

/// The nth ancestor process, 0 for the process itself.
fn nth(threads: &Threads, slot: Slot, n: u64) -> Option<Slot> {
    threads.ancestor(slot, steps(threads, n)?)
}

/// The number of steps to an ancestor. More than there are threads can only be a walk in circles, and is not begun.
fn steps(threads: &Threads, n: u64) -> Option<usize> {
    usize::try_from(n).ok().filter(|n| *n <= threads.len())
}

/// Calls `visit` with the value of each ancestor, nearest first, until it answers `true` (reference language 5.19).
pub(super) fn visit(
    cx: &Context<'_>,
    field: Field,
    scratch: &mut Scratch,
    visit: &mut dyn FnMut(Value<'_>) -> bool,
) -> Option<bool> {
    let threads = &cx.state.threads;
    let leader = threads.leader(cx.slot()?)?;
    Some(parents(threads, leader).any(|ancestor| {
        let thread = threads.get(ancestor);
        match field {
            Field::ProcApid => visit(Value::Int(thread.pid)),
            Field::ProcAenv => {
                scratch.text.clear();
                push_joined(&mut scratch.text, threads.env(ancestor));
                visit(Value::Text(&scratch.text))
            }
            _ => one(thread, field, &mut scratch.text).is_some_and(&mut *visit),
        }
    }))
}

/// The chain of parents by thread id. Ends where a parent is unknown and where the chain runs into a loop; as in the
/// reference the loop is found by a second walk at double speed, so a few of its threads come more than once.
fn parents(threads: &Threads, start: Slot) -> impl Iterator<Item = Slot> {
    let up = move |slot: Option<Slot>| threads.by_tid(threads.get(slot?).ptid);
    let mut slow = up(Some(start));
    let mut fast = up(slow);
    std::iter::from_fn(move || {
        let current = slow.filter(|slot| threads.get(*slot).tid != -1)?;
        slow = up(slow);
        for _ in 0..2 {
            fast = up(fast);
            let turns = slow.is_some_and(|slot| {
                let thread = threads.get(slot);
                Some(slot) == fast || thread.tid == thread.ptid
            });
            if turns {
                slow = None;
                break;
            }
        }
        Some(current)
    })
}

/// What an ancestor's field of the given kind shows of one thread.
fn one<'a>(thread: &'a Thread, field: Field, out: &'a mut Vec<u8>) -> Option<Value<'a>> {
    let image = &thread.image;
    match field {
        Field::ProcAname => Some(Value::Text(&image.comm)),
        Field::ProcAexe => Some(Value::Text(&image.exe)),
        Field::ProcAexepath => Some(Value::Text(&image.exepath)),
        Field::ProcAcmdline => {
            out.clear();
            push_command_line(out, image);
            Value::text(out)
        }
        Field::ProcAargs => {
            out.clear();
            push_joined(out, &image.args);
            Value::text(out)
        }
        _ => None,
    }
}

/// The values of all ancestors with a space between, missing where that is nothing.
fn joined<'a>(threads: &Threads, slot: Slot, field: Field, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let Scratch { text, part, .. } = scratch;
    text.clear();
    for ancestor in parents(threads, threads.leader(slot)?) {
        if !text.is_empty() {
            text.push(b' ');
        }
        if let Some(Value::Text(value)) = one(threads.get(ancestor), field, part) {
            text.extend_from_slice(value);
        }
    }
    if text.is_empty() { None } else { Value::text(text) }
}

/// `proc.aenv`: the environment of the process itself without an argument or with 0, of the nth ancestor, or the nearest
/// ancestor's variable of a name.
fn environment<'a>(
    threads: &'a Threads,
    slot: Slot,
    arg: &Arg,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let out = &mut scratch.text;
    out.clear();
    let owner = match arg {
        Arg::None | Arg::Index(0) => slot,
        Arg::Index(n) => {
            let Some(leader) = threads.leader(slot) else { return Some(Value::Text(b"")) };
            let up = |slot: &Slot| threads.by_tid(threads.get(*slot).ptid);
            std::iter::successors(Some(leader), up).nth(steps(threads, *n)?)?
        }
        Arg::Key(name) => {
            let Some(leader) = threads.leader(slot) else { return Some(Value::Text(b"")) };
            let up = |slot: &Slot| threads.by_tid(threads.get(*slot).ptid);
            let ancestors = std::iter::successors(up(&leader), up).take(MAX_ENV_ANCESTORS);
            let found = ancestors.map(|a| variable(threads.env(a), name)).find(|value| !value.is_empty());
            return Some(Value::Text(found.unwrap_or_default()));
        }
    };
    push_joined(out, threads.env(owner));
    Value::text(out)
}

/// `proc.loginshellid`: the eldest of the process and its ancestors whose name ends in `sh`.
fn login_shell<'a>(threads: &Threads, slot: Slot) -> Option<Value<'a>> {
    let leader = threads.leader(slot)?;
    let shells = std::iter::once(leader)
        .chain(parents(threads, leader))
        .map(|slot| threads.get(slot))
        .filter(|thread| thread.image.comm.ends_with(b"sh"));
    shells.last().map(|thread| Value::Int(thread.pid))
}

/// Fields of the leader of the session or process group: nothing where there is no leader, but present (reference state
/// 9.26, 9.27).
fn leader<'a>(threads: &'a Threads, slot: Slot, field: Field) -> Option<Value<'a>> {
    type Id = fn(&Thread) -> i64;
    let (id, is_virtual): (Id, bool) = match field {
        Field::ProcSname | Field::ProcSidExe | Field::ProcSidExepath => (|thread| thread.sid, true),
        Field::ProcVpgidName | Field::ProcVpgidExe | Field::ProcVpgidExepath => (|thread| thread.vpgid, true),
        Field::ProcPgidName | Field::ProcPgidExe | Field::ProcPgidExepath => (|thread| thread.pgid, false),
        _ => return None,
    };
    let Some(leader) = eldest(threads, slot, id, is_virtual) else { return Some(Value::Text(b"")) };
    let image = &threads.get(leader).image;
    Some(Value::Text(match field {
        Field::ProcSname | Field::ProcVpgidName | Field::ProcPgidName => &image.comm,
        Field::ProcSidExe | Field::ProcVpgidExe | Field::ProcPgidExe => &image.exe,
        _ => &image.exepath,
    }))
}

/// The thread that an id names: directly, unless the id is one of a pid namespace, else the eldest of the ancestors that
/// share the id without a gap.
fn eldest(threads: &Threads, slot: Slot, id: fn(&Thread) -> i64, is_virtual: bool) -> Option<Slot> {
    let thread = threads.get(slot);
    let wanted = id(thread);
    if wanted == -1 {
        return None;
    }
    let direct = !is_virtual || !thread.is_in_pid_namespace();
    let named = if direct { threads.by_tid(wanted) } else { None };
    named.or_else(|| parents(threads, slot).take_while(|slot| id(threads.get(*slot)) == wanted).last())
}
