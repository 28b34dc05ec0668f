//! Fields of the fds that a poll waits for.

use std::net::{IpAddr, Ipv4Addr};

use tercel_format::catalogue::code;
use tercel_rules::fields::FdListField as F;

use super::print::push_ip;
use super::{Context, Nature, Scratch, Value, arguments};
use crate::state::{Fd, FdKind};

/// The value of a field of the class `fdlist`: what each fd shows, with commas between; missing where none shows anything.
pub(super) fn value<'a>(cx: &Context<'a>, field: F, scratch: &'a mut Scratch) -> Option<Value<'a>> {
    if !matches!(cx.event.code(), code::SYSCALL_POLL_X | code::SYSCALL_PPOLL_X) {
        return None;
    }
    let slot = cx.slot()?;
    let out = &mut scratch.text;
    out.clear();
    for (number, _) in arguments::polled(cx.event.param(1)?) {
        let before = out.len();
        match (field, cx.state.threads.fd(slot, number)) {
            (F::FdlistNums, _) => put!(out, "{number}"),
            (F::FdlistNames, Some(fd)) if !fd.name.is_empty() => out.extend_from_slice(&fd.name),
            (F::FdlistNames, _) => out.extend_from_slice(b"<NA>"),
            (F::FdlistCips | F::FdlistSips | F::FdlistCports | F::FdlistSports, fd) => {
                if let Some(fd) = fd {
                    push_endpoint(out, fd, field);
                }
            }
        }
        if out.len() > before {
            out.push(b',');
        }
    }
    out.pop();
    if out.is_empty() { None } else { Value::text(out) }
}

/// The row of a field of the class `fdlist`.
pub(super) fn nature(field: F) -> Nature {
    match field {
        F::FdlistNums
        | F::FdlistNames
        | F::FdlistCips
        | F::FdlistSips
        | F::FdlistCports
        | F::FdlistSports => Nature::EVENT,
    }
}

/// Appends an address or a port of a socket. Listening sockets show their address only; IPv6 ones its first four bytes as
/// if they were an IPv4 address, as the reference does.
fn push_endpoint(out: &mut Vec<u8>, fd: &Fd, field: F) {
    let Some(inet) = fd.inet else { return };
    let connects = matches!(fd.kind, FdKind::Ipv4 | FdKind::Ipv6);
    match field {
        F::FdlistCips if connects => push_ip(out, inet.sip),
        F::FdlistSips if connects => push_ip(out, inet.dip),
        F::FdlistCports if connects => put!(out, "{}", inet.sport),
        F::FdlistSports if connects => put!(out, "{}", inet.dport),
        F::FdlistSips => match inet.dip {
            IpAddr::V4(ip) => push_ip(out, IpAddr::V4(ip)),
            IpAddr::V6(ip) => {
                let [a, b, c, d, ..] = ip.octets();
                push_ip(out, IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
            }
        },
        F::FdlistCips | F::FdlistCports | F::FdlistSports | F::FdlistNums | F::FdlistNames => {}
    }
}
