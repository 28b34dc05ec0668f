//! Fields of the fd that an event works on.

use std::net::IpAddr;
use std::sync::Arc;

use tercel_format::catalogue::code;
use tercel_rules::fields::{Arg, FdField as F, Field};

use super::nature::Rendering;
use super::{Context, EndPart, Nature, Scratch, Value, View, arguments, names, real};
use crate::state::path::concatenate;
use crate::state::{Endpoints, Fd, FdKind, L4, Role};

/// The value of a field of the class `fd`.
pub(super) fn value<'a>(
    cx: &Context<'a>,
    field: F,
    arg: &Arg,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let (number, entry) = cx.fd()?;
    match field {
        F::FdNum => Some(Value::Int(number)),
        F::FdName => name(cx, entry, false, scratch),
        F::FdNameraw => raw_name(cx, entry, scratch),
        F::FdDirectory => directory(cx, entry, scratch),
        F::FdFilename => file_name(entry?, scratch.view),
        F::FdContainername => in_container(cx, entry, false, scratch),
        F::FdContainerdirectory => in_container(cx, entry, true, scratch),
        F::FdTypes => types(cx, entry, arg, scratch),
        F::FdTypechar => Some(Value::Text(letter(cx, entry))),
        F::FdUid => {
            scratch.text.clear();
            put!(scratch.text, "{}{number}", cx.thread()?.tid);
            Value::text(&scratch.text)
        }
        F::FdCip | F::FdCnet => address(cx, entry?, Side::Client).map(Value::Ip),
        F::FdSip | F::FdSnet => address(cx, entry?, Side::Server).map(Value::Ip),
        F::FdLip | F::FdLnet => address(cx, entry?, Side::Local).map(Value::Ip),
        F::FdRip | F::FdRnet => address(cx, entry?, Side::Remote).map(Value::Ip),
        F::FdCport => port_number(cx, entry?, Side::Client),
        F::FdSport => port_number(cx, entry?, Side::Server),
        F::FdLport => port_number(cx, entry?, Side::Local),
        F::FdRport => port_number(cx, entry?, Side::Remote),
        F::FdCproto => service(cx, entry?, Side::Client, scratch),
        F::FdSproto => service(cx, entry?, Side::Server, scratch),
        F::FdLproto => service(cx, entry?, Side::Local, scratch),
        F::FdRproto => service(cx, entry?, Side::Remote, scratch),
        F::FdType => Some(Value::Text(names::fd_kind(entry?.kind).as_bytes())),
        F::FdL4proto => Some(Value::Text(transport(entry?))),
        F::FdSockfamily => family(entry?).map(Value::Text),
        F::FdIsServer => Some(Value::Bool(is_server(cx, entry?))),
        F::FdConnected => Some(Value::Bool(entry?.flags.connected)),
        F::FdNameChanged => entry.map(|_| Value::Bool(cx.facts.fd_name_changed)),
        F::FdDev => Some(Value::Int(i64::from(entry?.dev))),
        F::FdDevMajor => Some(Value::Int(i64::from(entry?.dev >> 8 & 0xfff))),
        F::FdDevMinor => {
            let dev = entry?.dev;
            Some(Value::Int(i64::from(dev & 0xff | dev >> 12 & 0xf_ff00)))
        }
        F::FdIno => Some(Value::Int(entry?.ino as i64)),
        F::FdRealpath => Some(Value::Text(entry?.real_path()?)),
        F::FdRealpathInside => Some(Value::Text(entry?.real_path_inside()?)),
        F::FdIsUpperLayer => Some(Value::Bool(entry?.flags.upper_layer)),
        F::FdIsLowerLayer => Some(Value::Bool(entry?.flags.lower_layer)),
        // These have a value per end, and none to show.
        F::FdIp | F::FdPort | F::FdProto | F::FdNet => None,
        // Names by DNS are not in a capture.
        F::FdCipName | F::FdSipName | F::FdLipName | F::FdRipName => None,
    }
}

/// Whether a field shows only how an existing fd is called.
pub(super) fn is_of_name(field: F) -> bool {
    matches!(field, F::FdName | F::FdNameraw | F::FdDirectory | F::FdFilename | F::FdTypechar | F::FdType)
}

/// The row of a field of the class `fd`.
pub(super) fn nature(field: F) -> Nature {
    match field {
        F::FdIp => Nature::of_ends(EndPart::Address),
        F::FdNet => Nature::of_ends(EndPart::Network),
        F::FdPort | F::FdProto => Nature::of_ends(EndPart::Port),
        F::FdCipName => Nature::name_of(Field::FdCip),
        F::FdSipName => Nature::name_of(Field::FdSip),
        F::FdLipName => Nature::name_of(Field::FdLip),
        F::FdRipName => Nature::name_of(Field::FdRip),
        F::FdTypes => Nature { rendering: Rendering::List, ..Nature::FD },
        F::FdNum | F::FdType | F::FdTypechar | F::FdName => Nature { cost: 2, ..Nature::FD },
        F::FdDirectory
        | F::FdFilename
        | F::FdCip
        | F::FdSip
        | F::FdLip
        | F::FdRip
        | F::FdCport
        | F::FdSport
        | F::FdLport
        | F::FdRport
        | F::FdL4proto
        | F::FdSockfamily
        | F::FdIsServer
        | F::FdUid
        | F::FdContainername
        | F::FdContainerdirectory
        | F::FdCproto
        | F::FdSproto
        | F::FdLproto
        | F::FdRproto
        | F::FdCnet
        | F::FdSnet
        | F::FdLnet
        | F::FdRnet
        | F::FdConnected
        | F::FdNameChanged
        | F::FdDev
        | F::FdDevMajor
        | F::FdDevMinor
        | F::FdIno
        | F::FdNameraw
        | F::FdRealpath
        | F::FdRealpathInside
        | F::FdIsUpperLayer
        | F::FdIsLowerLayer => Nature::FD,
    }
}

fn transport(fd: &Fd) -> &'static [u8] {
    match names::transport(fd) {
        L4::Tcp => b"tcp",
        L4::Udp => b"udp",
        L4::Icmp => b"icmp",
        L4::Raw => b"raw",
        L4::Unknown | L4::Na => b"<NA>",
    }
}

fn family(fd: &Fd) -> Option<&'static [u8]> {
    match fd.kind {
        FdKind::Ipv4 | FdKind::Ipv6 | FdKind::Ipv4Server | FdKind::Ipv6Server => Some(b"ip"),
        FdKind::Unix => Some(b"unix"),
        _ => None,
    }
}

fn is_server(cx: &Context<'_>, fd: &Fd) -> bool {
    match (fd.kind, fd.inet) {
        (FdKind::Ipv4Server | FdKind::Ipv6Server, _) => true,
        (FdKind::Ipv4 | FdKind::Ipv6, Some(inet)) => is_local(cx, inet.dip),
        _ => false,
    }
}

/// Calls `visit` with the addresses or ports of both sides, or with the one of a listening socket, until it answers
/// `true`; `None` if there is no fd entry.
pub(super) fn visit(
    cx: &Context<'_>,
    part: EndPart,
    visit: &mut dyn FnMut(Value<'_>) -> bool,
) -> Option<bool> {
    let (_, entry) = cx.fd()?;
    let entry = entry?;
    let Some(inet) = entry.inet else { return Some(false) };
    let client = !matches!(entry.kind, FdKind::Ipv4Server | FdKind::Ipv6Server);
    Some(match part {
        EndPart::Port => {
            client && visit(Value::Uint(u64::from(inet.sport))) || visit(Value::Uint(u64::from(inet.dport)))
        }
        EndPart::Address | EndPart::Network => {
            client && visit(Value::Ip(inet.sip)) || visit(Value::Ip(inet.dip))
        }
    })
}

/// `fd.name`: the entry's, or what the event itself says (reference state 9.4).
fn name<'a>(
    cx: &Context<'a>,
    entry: Option<&'a Arc<Fd>>,
    raw: bool,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    match entry {
        Some(fd) if raw => Some(Value::Text(&fd.raw_name)),
        Some(fd) => Some(Value::Text(real::name(fd, scratch.view))),
        None => name_by_event(cx, raw, scratch),
    }
}

/// The name that the parameters of an exit give to an fd that never came to be.
fn name_by_event<'a>(cx: &Context<'a>, raw: bool, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let event = cx.event;
    if !event.info.is_exit() {
        return None;
    }
    if !raw && let Some(path) = real::event_path(event, scratch.view) {
        return Some(Value::Text(path));
    }
    match event.code() {
        code::SYSCALL_OPEN_X
        | code::SYSCALL_CREAT_X
        | code::SOCKET_ACCEPT_5_X
        | code::SOCKET_ACCEPT4_6_X
        | code::SOCKET_CONNECT_X => {
            arguments::one(cx, 1, scratch);
            Value::text(if scratch.part.is_empty() { &scratch.text } else { &scratch.part })
        }
        code::SYSCALL_OPENAT_2_X | code::SYSCALL_OPENAT2_X => {
            let name = path_at(cx)?;
            if raw {
                return Some(Value::Text(name));
            }
            let base = cx.state.dirfd_base(cx.slot(), event.int(1)?, name);
            scratch.text.clear();
            concatenate(&mut scratch.text, &base, name);
            Value::text(&scratch.text)
        }
        code::SYSCALL_OPEN_BY_HANDLE_AT_X => event.text(3).map(Value::Text),
        _ => Some(Value::Text(b"")),
    }
}

/// The path that openat and openat2 were given. One that could not be read is empty, and then there is none.
fn path_at<'a>(cx: &Context<'a>) -> Option<&'a [u8]> {
    if !matches!(cx.event.code(), code::SYSCALL_OPENAT_2_X | code::SYSCALL_OPENAT2_X) {
        return None;
    }
    cx.event.text(2).filter(|_| cx.event.param(2).is_some_and(|path| !path.is_empty()))
}

/// Most names are too short for a search to pay off.
fn has_double_slash(name: &[u8]) -> bool {
    let next = name.get(1..).unwrap_or_default();
    name.iter().zip(next).fold(false, |found, (one, next)| found | (*one == b'/' && *next == b'/'))
}

/// `fd.nameraw`: the path as the call gave it, without repeated slashes.
fn raw_name<'a>(cx: &Context<'a>, entry: Option<&'a Arc<Fd>>, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    if entry.is_some_and(|fd| !has_double_slash(&fd.raw_name)) {
        return name(cx, entry, true, scratch);
    }
    if entry.is_none()
        && let Some(path) = path_at(cx).filter(|path| !has_double_slash(path))
    {
        return Some(Value::Text(path));
    }
    let mut out = std::mem::take(&mut scratch.whole);
    out.clear();
    let found = match name(cx, entry, true, scratch) {
        Some(Value::Text(name)) => {
            for byte in name {
                if *byte != b'/' || out.last() != Some(&b'/') {
                    out.push(*byte);
                }
            }
            true
        }
        _ => false,
    };
    scratch.whole = out;
    if found { Value::text(&scratch.whole) } else { None }
}

/// `fd.directory`: for files and for fds that the event names but that do not exist, what stands before the last slash; a
/// directory's name whole (reference state 9.5).
fn directory<'a>(
    cx: &Context<'a>,
    entry: Option<&'a Arc<Fd>>,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let whole = match entry.map(|fd| fd.kind) {
        None | Some(FdKind::File | FdKind::FileV2) => false,
        Some(FdKind::Directory) => true,
        Some(_) => return None,
    };
    let Some(Value::Text(name)) = name(cx, entry, false, scratch) else { return None };
    Some(Value::Text(match name.iter().rposition(|byte| *byte == b'/') {
        _ if whole => name,
        None | Some(0) => b"/",
        Some(slash) if slash + 1 == name.len() => name,
        Some(slash) => &name[..slash],
    }))
}

/// `fd.filename`: what stands after the last slash of a file's name.
fn file_name(fd: &Fd, view: View) -> Option<Value<'_>> {
    if !matches!(fd.kind, FdKind::File | FdKind::FileV2) {
        return None;
    }
    let name = real::name(fd, view);
    Some(Value::Text(match name.iter().rposition(|byte| *byte == b'/') {
        None => b"/",
        Some(slash) if slash + 1 == name.len() => name,
        Some(slash) => &name[slash + 1..],
    }))
}

/// `fd.containername` and `fd.containerdirectory`: the container's id before the name; nothing before it on the host.
fn in_container<'a>(
    cx: &Context<'a>,
    entry: Option<&'a Arc<Fd>>,
    directory_only: bool,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let mut out = std::mem::take(&mut scratch.whole);
    out.clear();
    let shown = if directory_only { directory(cx, entry, scratch) } else { name(cx, entry, false, scratch) };
    let found = if let (Some(Value::Text(name)), Some(thread)) = (shown, cx.thread()) {
        out.extend_from_slice(&thread.container);
        out.push(b':');
        out.extend_from_slice(name);
        true
    } else {
        false
    };
    scratch.whole = out;
    if found { Value::text(&scratch.whole) } else { None }
}

/// `fd.types`: the kinds of all open fds, each once, in ascending order of the fds; with an fd its kind alone. (The order
/// of the reference is that of its hash table.)
fn types<'a>(
    cx: &Context<'a>,
    entry: Option<&'a Arc<Fd>>,
    arg: &Arg,
    scratch: &'a mut Scratch,
) -> Option<Value<'a>> {
    let slot = cx.slot()?;
    let list = &mut scratch.list;
    list.clear();
    match arg {
        Arg::Index(number) => {
            let fd = cx.state.threads.fd(slot, i64::try_from(*number).ok()?)?;
            list.push(names::fd_kind(fd.kind).as_bytes().into());
        }
        Arg::Key(_) => list.push(names::fd_kind(entry?.kind).as_bytes().into()),
        Arg::None => {
            for (_, fd) in cx.state.threads.fds(slot).into_iter().flat_map(|fds| fds.iter()) {
                let kind = names::fd_kind(fd.kind).as_bytes();
                if !list.iter().any(|known| **known == *kind) {
                    list.push(kind.into());
                }
            }
        }
    }
    Some(Value::List(list))
}

/// Letter of the entry, or of what the event would have made (reference state 9.3).
fn letter(cx: &Context<'_>, entry: Option<&Arc<Fd>>) -> &'static [u8] {
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz46PX?";
    let letter = match entry {
        // What a failed memfd_create leaves has no kind at all.
        Some(fd) if fd.kind == FdKind::Unknown && cx.event.code() == code::SYSCALL_MEMFD_CREATE_X => b'?',
        Some(fd) => names::fd_letter(fd.kind),
        None => match cx.event.code() | 1 {
            code::SYSCALL_OPENAT_2_X | code::SYSCALL_OPENAT2_X | code::SYSCALL_CREAT_X => b'f',
            code::SOCKET_SOCKET_X | code::SOCKET_ACCEPT_5_X | code::SOCKET_ACCEPT4_6_X => b'4',
            code::SYSCALL_PIPE_X | code::SYSCALL_PIPE2_X => b'p',
            code::SYSCALL_EVENTFD_X | code::SYSCALL_EVENTFD2_X => b'e',
            code::SYSCALL_SIGNALFD_X | code::SYSCALL_SIGNALFD4_X => b's',
            code::SYSCALL_TIMERFD_CREATE_X => b't',
            code::SYSCALL_INOTIFY_INIT_X | code::SYSCALL_INOTIFY_INIT1_X => b'i',
            _ => b'o',
        },
    };
    let place = LETTERS.iter().position(|known| *known == letter).unwrap_or(14);
    &LETTERS[place..=place]
}

/// A side of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Client,
    Server,
    Local,
    Remote,
}

/// Whether the side is the stored source rather than the destination; only for sockets of the two connecting kinds whose
/// role is known (reference state 9.7, 9.9).
fn is_source(cx: &Context<'_>, fd: &Fd, inet: &Endpoints, side: Side) -> Option<bool> {
    if !matches!(fd.kind, FdKind::Ipv4 | FdKind::Ipv6) || fd.role == Role::None {
        return None;
    }
    Some(match side {
        Side::Client => true,
        Side::Server => false,
        Side::Local => is_local(cx, inet.sip),
        Side::Remote => !is_local(cx, inet.sip),
    })
}

fn listens(fd: &Fd) -> bool {
    matches!(fd.kind, FdKind::Ipv4Server | FdKind::Ipv6Server)
}

fn address(cx: &Context<'_>, fd: &Fd, side: Side) -> Option<IpAddr> {
    let inet = fd.inet.as_ref()?;
    if side == Side::Server && listens(fd) && fd.role != Role::None {
        return Some(inet.dip);
    }
    is_source(cx, fd, inet, side).map(|source| if source { inet.sip } else { inet.dip })
}

fn port(cx: &Context<'_>, fd: &Fd, side: Side) -> Option<u16> {
    let inet = fd.inet.as_ref()?;
    if side == Side::Server && listens(fd) {
        return Some(inet.dport);
    }
    is_source(cx, fd, inet, side).map(|source| if source { inet.sport } else { inet.dport })
}

fn port_number<'a>(cx: &Context<'_>, fd: &Fd, side: Side) -> Option<Value<'a>> {
    port(cx, fd, side).map(|port| Value::Uint(u64::from(port)))
}

/// The port as text: names of services are not looked up (reference state 8.26). The client's is empty, not missing,
/// if there is a role and no socket; so is the server's of a listening socket.
fn service<'a>(cx: &Context<'a>, fd: &Fd, side: Side, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    let connects = matches!(fd.kind, FdKind::Ipv4 | FdKind::Ipv6);
    if !connects {
        let empty = match side {
            Side::Client => fd.role != Role::None,
            Side::Server => listens(fd),
            Side::Local | Side::Remote => false,
        };
        return empty.then_some(Value::Text(b""));
    }
    let port = port(cx, fd, side)?;
    scratch.text.clear();
    put!(scratch.text, "{port}");
    Value::text(&scratch.text)
}

/// Whether an address is one of the recorded host, or for a process in a container of its container; if that has none,
/// of any container. No IPv6 address belongs to a container (reference state 9.9).
fn is_local(cx: &Context<'_>, ip: IpAddr) -> bool {
    let container = cx.thread().map_or(&b""[..], |thread| &thread.container);
    if !container.is_empty() {
        if ip.is_ipv6() {
            return false;
        }
        match cx.state.containers.get(container).and_then(|container| container.ip) {
            Some(own) if own == ip => return true,
            Some(_) => {}
            None => return cx.state.containers.iter().any(|container| container.ip == Some(ip)),
        }
    }
    cx.state.interfaces.is_local(ip)
}
