//! Fields of the fds that a poll waits for.

use std::net::{IpAddr, Ipv4Addr};

use tercel_format::catalogue::code;
use tercel_rules::fields::Field;

use super::text::push_ip;
use super::{Context, Scratch, Value, arguments};
use crate::state::{Fd, FdKind};

/// The value of a field of the class `fdlist`: what each fd shows, with commas between; missing where none shows anything.
pub(super) fn value<'a>(cx: &Context<'a>, field: Field, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    if !matches!(cx.event.code(), code::SYSCALL_POLL_X | code::SYSCALL_PPOLL_X) {
        return None;
    }
    let slot = cx.slot()?;
    let out = &mut scratch.text;
    out.clear();
    for (number, _) in arguments::polled(cx.event.param(1)?) {
        let before = out.len();
        match (field, cx.state.threads.fd(slot, number)) {
            (Field::FdlistNums, _) => put!(out, "{number}"),
            (Field::FdlistNames, Some(fd)) if !fd.name.is_empty() => out.extend_from_slice(&fd.name),
            (Field::FdlistNames, _) => out.extend_from_slice(b"<NA>"),
            (_, Some(fd)) => push_endpoint(out, fd, field),
            (_, None) => {}
        }
        if out.len() > before {
            out.push(b',');
        }
    }
    out.pop();
    if out.is_empty() { None } else { Value::text(out) }
}

/// Appends an address or a port of a socket. Listening sockets show their address only; IPv6 ones its first four bytes as
/// if they were an IPv4 address, as the reference does.
fn push_endpoint(out: &mut Vec<u8>, fd: &Fd, field: Field) {
    let Some(inet) = fd.inet else { return };
    let connects = matches!(fd.kind, FdKind::Ipv4 | FdKind::Ipv6);
    match field {
        Field::FdlistCips if connects => push_ip(out, inet.sip),
        Field::FdlistSips if connects => push_ip(out, inet.dip),
        Field::FdlistCports if connects => put!(out, "{}", inet.sport),
        Field::FdlistSports if connects => put!(out, "{}", inet.dport),
        Field::FdlistSips => match inet.dip {
            IpAddr::V4(ip) => push_ip(out, IpAddr::V4(ip)),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.octets();
                push_ip(out, IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
            }
        },
        _ => {}
    }
}
