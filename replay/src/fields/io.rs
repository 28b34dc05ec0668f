//! Fields about input, output and errors: what the event does by its flags, what it returned, and counters for charts.

use tercel_format::catalogue::{Category, code, flag};
use tercel_rules::fields::Field;

use super::{Context, Value, event};
use crate::state::FdKind;

/// What an fd is, as far as the counters and lengths distinguish.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    Inet,
    Unix,
    Other,
}

/// The value of a field about input, output and errors.
pub(super) fn value<'a>(cx: &Context<'a>, field: Field) -> Option<Value<'a>> {
    let info = cx.event.info;
    match field {
        Field::EvtIsIo => Some(Value::Bool(event::is_io(cx))),
        Field::EvtIsIoRead => Some(Value::Bool(info.any(flag::READS_FROM_FD))),
        Field::EvtIsIoWrite => Some(Value::Bool(info.any(flag::WRITES_TO_FD))),
        Field::EvtIoDir if info.any(flag::WRITES_TO_FD) => Some(Value::Text(b"write")),
        Field::EvtIoDir if info.any(flag::READS_FROM_FD) => Some(Value::Text(b"read")),
        Field::EvtIsWait => Some(Value::Bool(info.any(flag::WAITS))),
        Field::EvtIsSyslog => Some(Value::Bool(
            info.any(flag::WRITES_TO_FD)
                && cx.bound_fd().is_some_and(|fd| event::contains(&fd.name, b"/dev/log")),
        )),
        Field::EvtRawres => cx.event.return_value().map(Value::Int),
        Field::EvtFailed => failed(cx).map(Value::Bool),
        Field::EvtCount => Some(Value::Uint(1)),
        Field::EvtCountExit => info.is_exit().then_some(Value::Uint(1)),
        Field::EvtCountError => count(cx),
        Field::EvtCountErrorFile => of_file(cx).then(|| count(cx))?,
        Field::EvtCountErrorNet => of_net(cx).then(|| count(cx))?,
        Field::EvtCountErrorMemory => (info.category == Category::Memory).then(|| count(cx))?,
        Field::EvtCountErrorOther => of_other(cx).then(|| count(cx))?,
        Field::EvtCountThreadinfo => Some(Value::Uint(u64::from(cx.event.code() == code::PROCINFO_E))),
        Field::EvtCountProcinfo => {
            let main = cx.event.code() == code::PROCINFO_E && cx.thread().is_some_and(|t| t.is_main());
            Some(Value::Uint(u64::from(main)))
        }
        _ => length(cx, field),
    }
}

/// Whether the system call failed; `None` for events without a return value.
fn failed(cx: &Context<'_>) -> Option<bool> {
    cx.event.return_value().map(|value| value < 0)
}

fn count<'a>(cx: &Context<'a>) -> Option<Value<'a>> {
    failed(cx).map(|failed| Value::Uint(u64::from(failed)))
}

fn kind(cx: &Context<'_>) -> Option<Kind> {
    Some(match cx.bound_fd()?.kind {
        FdKind::File | FdKind::FileV2 => Kind::File,
        FdKind::Directory => Kind::Directory,
        FdKind::Ipv4 | FdKind::Ipv6 | FdKind::Ipv4Server | FdKind::Ipv6Server => Kind::Inet,
        FdKind::Unix => Kind::Unix,
        _ => Kind::Other,
    })
}

fn opens(cx: &Context<'_>) -> bool {
    matches!(
        cx.event.code(),
        code::SYSCALL_OPEN_X
            | code::SYSCALL_CREAT_X
            | code::SYSCALL_OPENAT_2_X
            | code::SYSCALL_OPENAT2_X
            | code::SYSCALL_OPEN_BY_HANDLE_AT_X
    )
}

fn connects(cx: &Context<'_>) -> bool {
    matches!(cx.event.code(), code::SOCKET_ACCEPT_5_X | code::SOCKET_ACCEPT4_6_X | code::SOCKET_CONNECT_X)
}

fn of_file(cx: &Context<'_>) -> bool {
    kind(cx).map_or_else(|| opens(cx), |kind| matches!(kind, Kind::File | Kind::Directory))
}

fn of_net(cx: &Context<'_>) -> bool {
    kind(cx).map_or_else(|| connects(cx), |kind| matches!(kind, Kind::Inet | Kind::Unix))
}

fn of_other(cx: &Context<'_>) -> bool {
    match kind(cx) {
        Some(kind) => kind == Kind::Other,
        None => !opens(cx) && !connects(cx) && cx.event.info.category != Category::Memory,
    }
}

/// `evt.buflen` and its kinds: the return value of reads and writes, where it is no error (reference state 9.14).
fn length<'a>(cx: &Context<'a>, field: Field) -> Option<Value<'a>> {
    let category = cx.event.info.category;
    let (read, write) = (category == Category::IoRead, category == Category::IoWrite);
    let any = read || write || category == Category::IoOther;
    let kind = kind(cx)?;
    let (file, net) = (kind == Kind::File, kind == Kind::Inet);
    let applies = match field {
        Field::EvtBuflen => any,
        Field::EvtBuflenIn => read,
        Field::EvtBuflenOut => write,
        Field::EvtBuflenFile => any && file,
        Field::EvtBuflenFileIn => read && file,
        Field::EvtBuflenFileOut => write && file,
        Field::EvtBuflenNet => any && net,
        Field::EvtBuflenNetIn => read && net,
        Field::EvtBuflenNetOut => write && net,
        _ => false,
    };
    let value = cx.event.return_value().filter(|value| applies && *value >= 0)?;
    Some(Value::Uint(value as u64))
}
