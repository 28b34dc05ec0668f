//! Fields about input, output and errors: what the event does by its flags, what it returned, and counters for charts.

use tercel_format::catalogue::{Category, EventFlags, code};

use super::{Context, Value};
use crate::state::FdKind;

/// What an fd is, as far as the counters and lengths distinguish.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FdClass {
    File,
    Directory,
    Inet,
    Unix,
    Other,
}

/// Which errors a field counts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Errors {
    All,
    OfFiles,
    OfSockets,
    OfMemory,
    Other,
}

/// Whether bytes come in or go out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// Whether the event writes to the system log.
pub(super) fn is_syslog(cx: &Context<'_>) -> bool {
    cx.event.info.any(EventFlags::WRITES_TO_FD)
        && cx.bound_fd().is_some_and(|fd| memchr::memmem::find(&fd.name, b"/dev/log").is_some())
}

/// Whether the system call failed; `None` for events without a return value.
pub(super) fn failed(cx: &Context<'_>) -> Option<bool> {
    cx.event.return_value().map(|value| value < 0)
}

/// 1 for a call that failed and belongs to the errors that are counted, 0 for one that did not fail; `None` for others.
pub(super) fn count_error<'a>(cx: &Context<'a>, errors: Errors) -> Option<Value<'a>> {
    let counts = match errors {
        Errors::All => true,
        Errors::OfFiles => of_file(cx),
        Errors::OfSockets => of_net(cx),
        Errors::OfMemory => cx.event.info.category == Category::Memory,
        Errors::Other => of_other(cx),
    };
    failed(cx).filter(|_| counts).map(|failed| Value::Uint(u64::from(failed)))
}

fn kind(cx: &Context<'_>) -> Option<FdClass> {
    Some(match cx.bound_fd()?.kind {
        FdKind::File | FdKind::FileV2 => FdClass::File,
        FdKind::Directory => FdClass::Directory,
        FdKind::Ipv4 | FdKind::Ipv6 | FdKind::Ipv4Server | FdKind::Ipv6Server => FdClass::Inet,
        FdKind::Unix => FdClass::Unix,
        _ => FdClass::Other,
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
    kind(cx).map_or_else(|| opens(cx), |kind| matches!(kind, FdClass::File | FdClass::Directory))
}

fn of_net(cx: &Context<'_>) -> bool {
    kind(cx).map_or_else(|| connects(cx), |kind| matches!(kind, FdClass::Inet | FdClass::Unix))
}

fn of_other(cx: &Context<'_>) -> bool {
    match kind(cx) {
        Some(kind) => kind == FdClass::Other,
        None => !opens(cx) && !connects(cx) && cx.event.info.category != Category::Memory,
    }
}

/// `evt.buflen` and its kinds: the return value of reads and writes, if it is no error (reference state 9.14), for fds of
/// one kind or any that is known, for one way or both.
pub(super) fn length<'a>(cx: &Context<'a>, of: Option<FdClass>, way: Option<Way>) -> Option<Value<'a>> {
    let category = cx.event.info.category;
    let goes = match way {
        Some(Way::In) => category == Category::IoRead,
        Some(Way::Out) => category == Category::IoWrite,
        None => matches!(category, Category::IoRead | Category::IoWrite | Category::IoOther),
    };
    let kind = kind(cx)?;
    let applies = goes && of.is_none_or(|of| of == kind);
    let value = cx.event.return_value().filter(|value| applies && *value >= 0)?;
    Some(Value::Uint(value as u64))
}
