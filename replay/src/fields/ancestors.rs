//! Fields of parents, ancestors and leaders of sessions and process groups.

use std::sync::Arc;

use tercel_rules::fields::Arg;

use super::composed::{composed, push_command_line, push_joined, shown_id, variable};
use super::{Context, Scratch, Shown, Value, View, real};
use crate::state::{Image, MAX_ANCESTORS, Parentage, Slot, Text, Thread, Threads};

/// How far `proc.aenv[NAME]` looks for a variable.
const MAX_ENV_ANCESTORS: usize = 20;

/// The parent process, by leaders.
pub(super) fn parent(threads: &Threads, slot: Slot) -> Option<&Thread> {
    threads.ancestor(slot, 1).map(|parent| threads.get(parent))
}

/// The thread that is called the parent.
pub(super) fn by_ptid<'a>(threads: &'a Threads, thread: &Thread) -> Option<&'a Thread> {
    threads.by_tid(thread.ptid).map(|parent| threads.get(parent))
}

/// `proc.apid`: the nth ancestor process, the process itself without an argument.
pub(super) fn pid<'a>(threads: &Threads, slot: Slot, arg: &Arg) -> Option<Value<'a>> {
    let n = if let Arg::Index(n) = arg { *n } else { 0 };
    shown_id(threads.get(threads.ancestor(slot, steps(n)?)?).pid)
}

/// What a field shows of the nth ancestor, or of all ancestors with a space between.
pub(super) fn of_each<'a>(
    threads: &'a Threads,
    slot: Slot,
    shown: Shown,
    arg: &Arg,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    match arg {
        Arg::Index(n) => {
            let ancestor = threads.ancestor(slot, steps(*n)?)?;
            Some(one(threads, ancestor, shown, scratch.view, &mut scratch.text))
        }
        Arg::None | Arg::Key(_) => joined(threads, slot, shown, scratch),
    }
}

/// The number of steps to an ancestor, if it is not too far.
fn steps(n: u64) -> Option<usize> {
    usize::try_from(n).ok().filter(|n| *n <= MAX_ANCESTORS)
}

/// Calls `visit` with the value of each ancestor, nearest first, until it answers `true` (reference language 5.19). A value
/// that is the one before because both run the same is left out.
pub(super) fn visit(
    cx: &Context<'_>,
    shown: Shown,
    scratch: &mut Scratch,
    visit: &mut dyn FnMut(Value<'_>) -> bool,
) -> Option<bool> {
    let threads = &cx.state.threads;
    let leader = threads.leader(cx.slot()?)?;
    let Scratch { text, ancestors, view, .. } = scratch;
    let mut last: Option<&Arc<Image>> = None;
    let is_of_image = !matches!(shown, Shown::Pid | Shown::Environment);
    Some(ancestors.of(threads, leader).iter().any(|ancestor| {
        let image = &threads.get(*ancestor).image;
        let is_new = !is_of_image || last.is_none_or(|last| !Arc::ptr_eq(last, image));
        last = Some(image);
        is_new && visit(one(threads, *ancestor, shown, *view, text))
    }))
}

/// The ancestors of the process that was asked for last. Rules ask for them many times at an event, and at many events
/// between which no process starts or ends.
#[derive(Debug, Default)]
pub(super) struct Ancestors {
    of: Option<(Slot, Parentage)>,
    slots: Vec<Slot>,
}

impl Ancestors {
    fn of(&mut self, threads: &Threads, leader: Slot) -> &[Slot] {
        let is_known =
            self.of.as_ref().is_some_and(|(slot, then)| *slot == leader && threads.has_parentage(then));
        if !is_known {
            self.slots.clear();
            self.slots.extend(parents(threads, leader));
            self.of = Some((leader, threads.parentage()));
        }
        &self.slots
    }
}

/// The chain of parents by thread id, at most [`MAX_ANCESTORS`] of them: a capture may claim chains without end. Ends where
/// a parent is unknown, is its own parent, or comes again: every so often, after twice as many steps as the time before, one is
/// remembered (Brent's algorithm).
fn parents(threads: &Threads, start: Slot) -> impl Iterator<Item = Slot> {
    let up = move |slot: Slot| threads.by_tid(threads.get(slot).ptid);
    let mut next = up(start);
    let (mut remembered, mut steps, mut turn) = (None, 0, 1);
    std::iter::from_fn(move || {
        let current = next.filter(|slot| threads.get(*slot).tid != -1)?;
        steps += 1;
        if steps == turn {
            (remembered, steps, turn) = (Some(current), 0, turn * 2);
        }
        next = up(current).filter(|slot| {
            let thread = threads.get(*slot);
            Some(*slot) != remembered && thread.tid != thread.ptid
        });
        Some(current)
    })
    .take(MAX_ANCESTORS)
}

/// What a field shows of one process.
fn one<'a>(threads: &'a Threads, slot: Slot, shown: Shown, view: View, out: &'a mut Vec<u8>) -> Value<'a> {
    let thread = threads.get(slot);
    let image = &thread.image;
    match shown {
        Shown::Pid => return Value::Int(thread.pid),
        Shown::Name => return Value::Text(&image.comm),
        Shown::Exe => return Value::Text(&image.exe),
        Shown::Exepath => return Value::Text(real::exepath(image, view)),
        Shown::CommandLine | Shown::Arguments | Shown::Environment => out.clear(),
    }
    match shown {
        Shown::Arguments => push_joined(out, &image.args),
        Shown::Environment => push_joined(out, threads.env(slot)),
        Shown::Pid | Shown::Name | Shown::Exe | Shown::Exepath | Shown::CommandLine => {
            push_command_line(out, image);
        }
    }
    Value::Text(out)
}

/// The values of all ancestors with a space between, missing where that is nothing.
fn joined<'a>(threads: &Threads, slot: Slot, shown: Shown, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let Scratch { text, part, view, .. } = scratch;
    text.clear();
    for ancestor in parents(threads, threads.leader(slot)?) {
        if !text.is_empty() {
            text.push(b' ');
        }
        if let Value::Text(value) = one(threads, ancestor, shown, *view, part) {
            text.extend_from_slice(value);
        }
    }
    if text.is_empty() { None } else { Value::text(text) }
}

/// `proc.aenv`: the environment of the process itself without an argument or with 0, of the nth ancestor, or the nearest
/// ancestor's variable of a name.
pub(super) fn environment<'a>(
    threads: &'a Threads,
    slot: Slot,
    arg: &Arg,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let owner = match arg {
        Arg::None | Arg::Index(0) => slot,
        Arg::Index(n) => {
            let Some(leader) = threads.leader(slot) else { return Some(Value::Text(b"")) };
            let up = |slot: &Slot| threads.by_tid(threads.get(*slot).ptid);
            std::iter::successors(Some(leader), up).nth(steps(*n)?)?
        }
        Arg::Key(name) => {
            let Some(leader) = threads.leader(slot) else { return Some(Value::Text(b"")) };
            let up = |slot: &Slot| threads.by_tid(threads.get(*slot).ptid);
            let ancestors = std::iter::successors(up(&leader), up).take(MAX_ENV_ANCESTORS);
            let found = ancestors.map(|a| variable(threads.env(a), name)).find(|value| !value.is_empty());
            return Some(Value::Text(found.unwrap_or_default()));
        }
    };
    composed(scratch, |out| push_joined(out, threads.env(owner)))
}

/// `proc.loginshellid`: the eldest of the process and its ancestors whose name ends in `sh`.
pub(super) fn login_shell<'a>(threads: &Threads, slot: Slot) -> Option<Value<'a>> {
    let leader = threads.leader(slot)?;
    let shells = std::iter::once(leader)
        .chain(parents(threads, leader))
        .map(|slot| threads.get(slot))
        .filter(|thread| thread.image.comm.ends_with(b"sh"));
    shells.last().map(|thread| Value::Int(thread.pid))
}

/// A part of the image of the leader of the session.
pub(super) fn of_session(threads: &Threads, slot: Slot, part: fn(&Image) -> &Text) -> Option<Value<'_>> {
    of_leader(threads, slot, |thread| thread.sid, true, part)
}

/// A part of the image of the leader of the process group, by its id in the pid namespace.
pub(super) fn of_virtual_group(
    threads: &Threads,
    slot: Slot,
    part: fn(&Image) -> &Text,
) -> Option<Value<'_>> {
    of_leader(threads, slot, |thread| thread.vpgid, true, part)
}

/// A part of the image of the leader of the process group.
pub(super) fn of_group(threads: &Threads, slot: Slot, part: fn(&Image) -> &Text) -> Option<Value<'_>> {
    of_leader(threads, slot, |thread| thread.pgid, false, part)
}

/// Nothing if there is no leader, but present (reference state 9.26, 9.27).
fn of_leader(
    threads: &Threads,
    slot: Slot,
    id: fn(&Thread) -> i64,
    is_virtual: bool,
    part: fn(&Image) -> &Text,
) -> Option<Value<'_>> {
    let leader = eldest(threads, slot, id, is_virtual);
    Some(Value::Text(leader.map_or(b"", |leader| part(&threads.get(leader).image))))
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
