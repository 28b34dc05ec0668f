//! Entries of the newest metadata blocks: one record enters, its bytes are appended (reference section B).

use std::net::{IpAddr, Ipv6Addr};

use crate::block::event::{EXTRAS_OPTION, NUMBER_OPTION};
use crate::block::{STATE_HEAD, STATE_MAGIC};
use crate::extras::Extras;
use crate::record::longest::{CREDENTIAL, LIST, NAME, PATH};
use crate::record::{Account, FdDetail, FdRecord, Interface, MachineInfo, ProcessRecord, StateRecord};

/// Bytes of a host name with its final NUL.
const HOSTNAME: usize = 128;

/// Type code of fds with a name of an unknown kind.
const UNSUPPORTED: u8 = 10;

pub(super) fn state(body: &mut Vec<u8>, record: &StateRecord) {
    body.reserve(STATE_HEAD + record.state.len());
    body.extend_from_slice(&STATE_MAGIC);
    for number in [record.sections, record.counted, record.state.len() as u64] {
        body.extend_from_slice(&number.to_le_bytes());
    }
    body.extend_from_slice(&record.state);
}

/// The option after an event that contains its number.
pub(super) fn number(body: &mut Vec<u8>, number: u64) {
    option(body, NUMBER_OPTION, &number.to_le_bytes());
}

/// The option after an event that contains what the kernel says beside the parameters.
pub(super) fn extras(body: &mut Vec<u8>, extras: Extras<'_>) {
    option(body, EXTRAS_OPTION, extras.bytes());
}

/// An option, whose value is no longer than an option may be.
fn option(body: &mut Vec<u8>, code: u16, value: &[u8]) {
    body.resize(body.len().next_multiple_of(4), 0);
    body.extend_from_slice(&code.to_le_bytes());
    body.extend_from_slice(&(value.len() as u16).to_le_bytes());
    body.extend_from_slice(value);
}

pub(super) fn machine(body: &mut Vec<u8>, machine: &MachineInfo) {
    body.extend_from_slice(&machine.cpus.to_le_bytes());
    body.extend_from_slice(&machine.memory.to_le_bytes());
    body.extend_from_slice(&machine.max_pid.to_le_bytes());
    let mut hostname = [0; HOSTNAME];
    let name = cut(&machine.hostname, HOSTNAME - 1);
    hostname[..name.len()].copy_from_slice(name);
    body.extend_from_slice(&hostname);
    body.extend_from_slice(&machine.boot_ts.to_le_bytes());
    body.extend_from_slice(&machine.flags.to_le_bytes());
    body.extend_from_slice(&[0; 16]);
}

pub(super) fn process(body: &mut Vec<u8>, process: &ProcessRecord) {
    let start = body.len();
    body.extend_from_slice(&[0; 4]);
    for number in [process.tid, process.pid, process.ptid, process.sid, process.vpgid] {
        body.extend_from_slice(&number.to_le_bytes());
    }
    text(body, &process.comm, PATH);
    text(body, &process.exe, PATH);
    text(body, &process.exepath, PATH);
    text(body, &process.args, LIST);
    text(body, &process.cwd, PATH);
    body.extend_from_slice(&process.fdlimit.to_le_bytes());
    for number in
        [process.flags, process.uid, process.gid, process.vmsize_kb, process.vmrss_kb, process.vmswap_kb]
    {
        body.extend_from_slice(&number.to_le_bytes());
    }
    body.extend_from_slice(&process.pfmajor.to_le_bytes());
    body.extend_from_slice(&process.pfminor.to_le_bytes());
    text(body, &process.env, LIST);
    body.extend_from_slice(&process.vtid.to_le_bytes());
    body.extend_from_slice(&process.vpid.to_le_bytes());
    text(body, &process.cgroups, LIST);
    text(body, &process.root, PATH);
    process_tail(body, process);
    let length = body.len() - start;
    prefix(body, start, length);
}

/// What version 9 appended (reference B8, B9).
fn process_tail(body: &mut Vec<u8>, process: &ProcessRecord) {
    body.extend_from_slice(&process.pidns_init_start_ts.to_le_bytes());
    body.extend_from_slice(&process.tty.to_le_bytes());
    body.extend_from_slice(&process.loginuid.to_le_bytes());
    body.push(u8::from(process.exe_writable));
    for set in [process.cap_inheritable, process.cap_permitted, process.cap_effective] {
        body.extend_from_slice(&set.to_le_bytes());
    }
    body.push(u8::from(process.exe_upper_layer));
    for number in [process.exe_ino, process.exe_ino_ctime, process.exe_ino_mtime] {
        body.extend_from_slice(&number.to_le_bytes());
    }
    body.push(u8::from(process.exe_from_memfd));
    body.push(u8::from(process.exe_lower_layer));
    body.extend_from_slice(&process.pgid.to_le_bytes());
}

pub(super) fn fd(body: &mut Vec<u8>, fd: &FdRecord) {
    let start = body.len();
    body.extend_from_slice(&[0; 4]);
    body.extend_from_slice(&fd.fd.to_le_bytes());
    body.extend_from_slice(&fd.ino.to_le_bytes());
    match &fd.detail {
        FdDetail::None => body.push(0),
        FdDetail::Name(name) => {
            body.push(match fd.kind {
                0 | 3..=6 | 8 | 16 | 22.. => UNSUPPORTED,
                kind => kind,
            });
            text(body, name, NAME);
        }
        FdDetail::File { flags, name, dev } => {
            body.push(16);
            body.extend_from_slice(&flags.to_le_bytes());
            text(body, name, NAME);
            body.extend_from_slice(&dev.to_le_bytes());
        }
        FdDetail::Socket { sip, dip, sport, dport, l4 } => {
            let (addresses, wide) = same_family([*sip, *dip]);
            body.push(if wide { 4 } else { 3 });
            addresses.iter().for_each(|address| ip(body, *address));
            body.extend_from_slice(&sport.to_le_bytes());
            body.extend_from_slice(&dport.to_le_bytes());
            body.push(*l4);
        }
        FdDetail::Server { ip: address, port, l4 } => {
            body.push(if address.is_ipv6() { 6 } else { 5 });
            ip(body, *address);
            body.extend_from_slice(&port.to_le_bytes());
            body.push(*l4);
        }
        FdDetail::Unix { source, destination, name } => {
            body.push(8);
            body.extend_from_slice(&source.to_le_bytes());
            body.extend_from_slice(&destination.to_le_bytes());
            text(body, name, NAME);
        }
    }
    let length = body.len() - start;
    prefix(body, start, length);
}

pub(super) fn interface(body: &mut Vec<u8>, interface: &Interface) {
    let start = body.len();
    body.extend_from_slice(&[0; 4]);
    let (addresses, wide) = same_family([interface.address, interface.netmask, interface.broadcast]);
    let name = cut(&interface.name, NAME);
    body.extend_from_slice(&(if wide { 2u16 } else { 1u16 }).to_le_bytes());
    body.extend_from_slice(&(name.len() as u16).to_le_bytes());
    addresses.iter().for_each(|address| ip(body, *address));
    body.extend_from_slice(&interface.linkspeed.to_le_bytes());
    body.extend_from_slice(name);
    // The length of an interface, unlike those of other entries, does not count itself.
    let length = body.len() - start - 4;
    prefix(body, start, length);
}

pub(super) fn account(body: &mut Vec<u8>, account: &Account) {
    let start = body.len();
    body.extend_from_slice(&[0; 4]);
    match account {
        Account::User { uid, gid, name, home, shell } => {
            body.push(0);
            body.extend_from_slice(&uid.to_le_bytes());
            body.extend_from_slice(&gid.to_le_bytes());
            text(body, name, CREDENTIAL);
            text(body, home, CREDENTIAL);
            text(body, shell, CREDENTIAL);
        }
        Account::Group { gid, name } => {
            body.push(1);
            body.extend_from_slice(&gid.to_le_bytes());
            text(body, name, CREDENTIAL);
        }
    }
    let length = body.len() - start;
    prefix(body, start, length);
}

/// Writes the length of an entry into the 4 bytes reserved for it.
fn prefix(body: &mut [u8], start: usize, length: usize) {
    body[start..start + 4].copy_from_slice(&(length as u32).to_le_bytes());
}

/// A length of 16 bits and the text (reference B4).
fn text(body: &mut Vec<u8>, text: &[u8], limit: usize) {
    let text = cut(text, limit);
    body.extend_from_slice(&(text.len() as u16).to_le_bytes());
    body.extend_from_slice(text);
}

fn cut(text: &[u8], limit: usize) -> &[u8] {
    text.get(..limit).unwrap_or(text)
}

fn ip(body: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => body.extend_from_slice(&address.octets()),
        IpAddr::V6(address) => body.extend_from_slice(&address.octets()),
    }
}

/// The addresses, all IPv6 where one is, and whether they are.
fn same_family<const N: usize>(addresses: [IpAddr; N]) -> ([IpAddr; N], bool) {
    let wide = addresses.iter().any(IpAddr::is_ipv6);
    let widen = |address: IpAddr| match address {
        IpAddr::V4(v4) if wide => IpAddr::V6(Ipv6Addr::from(v4.to_ipv6_mapped().octets())),
        other => other,
    };
    (addresses.map(widen), wide)
}
