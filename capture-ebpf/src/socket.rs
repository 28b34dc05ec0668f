//! Sockets: addresses of user memory and the kernel's sockets enter; addresses and tuples as the catalogue has them leave
//! (reference types.json, PT_SOCKADDR and PT_SOCKTUPLE).

use tercel_probe_abi::{MISSING, flags};

use crate::{
    event::Event,
    file::{is_socket, of_fd},
    memory::{copy_kernel, copy_kernel_str, copy_user, copy_user_str, get, kernel, mask, off, user},
    tables::translate,
};

const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
/// Longest address that is looked at; a power of two.
const ADDRESS: u64 = 128;
/// Longest path of a Unix socket with its NUL.
const UNIX_PATH: u64 = 109;
const EINPROGRESS: i64 = 115;

/// The kernel's socket of an fd; 0 if the fd is none.
#[inline(always)]
fn of_fd_socket(task: u64, fd: i32) -> u64 {
    socket_of(of_fd(task, fd))
}

/// The kernel's socket of a file; 0 if the file is none.
#[inline(always)]
fn socket_of(file: u64) -> u64 {
    if file == 0 || !is_socket(get!(u64, file, file_inode)) {
        return 0;
    }
    get!(u64, get!(u64, file, file_private), socket_sk)
}

/// See `step::SOCKADDR`.
#[inline(always)]
pub fn sockaddr(event: Event) {
    let Some(param) = event.caller() else { return };
    let address = event.arg(u64::from(param.map));
    let length = event.arg(u64::from(param.width)) & 0xffff;
    let length = mask!(if length > ADDRESS - 1 { ADDRESS - 1 } else { length }, ADDRESS - 1);
    let side = event.side(0);
    // SAFETY: the room beside the event is longer than an address; what is not read of the address is 0.
    unsafe { side.cast::<[u64; 16]>().write_volatile([0; 16]) };
    let copied =
        if param.value == 1 { copy_kernel(side, length, address) } else { copy_user(side, length, address) };
    if length < 2 || !copied {
        return event.empty();
    }
    let family = kernel::<u16>(side as u64, 0);
    let from = event.cursor();
    match family {
        AF_INET => {
            event.push(translate(flags::FAMILY, u64::from(family)), 1);
            event.push(u64::from(kernel::<u32>(side as u64, 4)), 4);
            event.push(u64::from(kernel::<u16>(side as u64, 2).swap_bytes()), 2);
        }
        AF_INET6 => {
            event.push(translate(flags::FAMILY, u64::from(family)), 1);
            event.push(kernel::<u64>(side as u64, 8), 8);
            event.push(kernel::<u64>(side as u64, 16), 8);
            event.push(u64::from(kernel::<u16>(side as u64, 2).swap_bytes()), 2);
        }
        AF_UNIX => {
            event.push(translate(flags::FAMILY, u64::from(family)), 1);
            push_path(event, side as u64 + 2, length);
        }
        _ => {}
    }
    event.close(event.cursor().wrapping_sub(from));
}

/// The path of a Unix socket, in kernel memory; an abstract name without its leading NUL. `length` is that of the whole
/// address: an abstract name does not end in a NUL, what lies after it is somebody else's.
#[inline(always)]
fn push_path(event: Event, address: u64, length: u64) {
    let (address, length) =
        if kernel::<u8>(address, 0) == 0 { (address + 1, length - 1) } else { (address, length) };
    let room = length.wrapping_sub(2).wrapping_add(1);
    let room = mask!(if room > UNIX_PATH { UNIX_PATH } else { room }, 127);
    let length = copy_kernel_str(event.at(), room, address);
    finish_path(event, length);
}

/// The same of a peer that the call names.
#[inline(always)]
fn push_named_path(event: Event, named: Peer) {
    let address = named.address.wrapping_add(if named.read::<u16>(2) & 0xff == 0 { 3 } else { 2 });
    let length = if named.in_kernel {
        copy_kernel_str(event.at(), UNIX_PATH, address)
    } else {
        copy_user_str(event.at(), UNIX_PATH, address)
    };
    finish_path(event, length);
}

/// A name that cannot be read is an empty one with its NUL: a tuple without it would be invalid.
#[inline(always)]
fn finish_path(event: Event, length: i64) {
    if length > 0 { event.advance(mask!(length, 127)) } else { event.push(0, 1) }
}

/// See `step::TUPLE`.
#[inline(always)]
pub fn tuple(event: Event) {
    let Some(param) = event.caller() else { return };
    let ret = event.ret();
    let fd = if param.map == 255 { ret as i32 } else { event.arg(u64::from(param.map)) as i32 };
    let succeeded = if param.value & 256 != 0 { ret == 0 || ret == -EINPROGRESS } else { ret >= 0 };
    let named = if param.value & 255 == 255 { 0 } else { event.arg(u64::from(param.value & 15)) };
    let peer = Peer { address: named, in_kernel: param.value & 512 != 0 };
    let file = if param.value & 1024 != 0 { event.arg(14) } else { of_fd(event.task(), fd) };
    add_tuple_of(event, if succeeded { socket_of(file) } else { 0 }, param.width == 1, peer);
}

/// The address of the peer that a call names; 0 if it names none.
#[derive(Clone, Copy)]
struct Peer {
    address: u64,
    /// It was copied by the kernel.
    in_kernel: bool,
}

impl Peer {
    /// A value of the address; 0 if it cannot be read.
    #[inline(always)]
    fn read<T: Copy + Default>(self, offset: u64) -> T {
        let at = self.address.wrapping_add(offset);
        if self.in_kernel { kernel(at, 0) } else { user(at).unwrap_or_default() }
    }
}

/// Adds the tuple of the socket of an fd; empty if the fd is none. `named` is the address of the peer that the call names, or 0.
#[inline(always)]
pub fn add_tuple(event: Event, fd: i32, inbound: bool, named: u64) {
    add_tuple_of(event, of_fd_socket(event.task(), fd), inbound, Peer { address: named, in_kernel: false });
}

#[inline(always)]
fn add_tuple_of(event: Event, socket: u64, inbound: bool, named: Peer) {
    if socket == 0 {
        return event.empty();
    }
    let family = get!(u16, socket, sk_family);
    let from = event.cursor();
    match family {
        AF_INET => inet(event, socket, inbound, named),
        AF_INET6 => inet6(event, socket, inbound, named),
        AF_UNIX => unix(event, socket, inbound, named),
        _ => {}
    }
    event.close(event.cursor().wrapping_sub(from));
}

#[inline(always)]
fn inet(event: Event, socket: u64, inbound: bool, named: Peer) {
    let local = (get!(u32, socket, inet_saddr), get!(u16, socket, inet_sport));
    let mut remote = (get!(u32, socket, sk_daddr), get!(u16, socket, sk_dport));
    // An unconnected datagram socket has no peer: the address that the call names stands in.
    if remote.1 == 0 && named.address != 0 {
        remote = (named.read(4), named.read(2));
    }
    let (source, destination) = if inbound { (remote, local) } else { (local, remote) };
    event.push(u64::from(AF_INET), 1);
    event.push(u64::from(source.0), 4);
    event.push(u64::from(source.1.swap_bytes()), 2);
    event.push(u64::from(destination.0), 4);
    event.push(u64::from(destination.1.swap_bytes()), 2);
}

#[inline(always)]
fn inet6(event: Event, socket: u64, inbound: bool, named: Peer) {
    let mut local = ([0u64; 2], get!(u16, socket, inet_sport));
    let mut remote = ([0u64; 2], get!(u16, socket, sk_dport));
    if off!(inet_pinet6) != MISSING && off!(sk_v6_daddr) != MISSING {
        local.0 = get!([u64; 2], get!(u64, socket, inet_pinet6), pinet6_saddr);
        remote.0 = get!([u64; 2], socket, sk_v6_daddr);
    }
    if remote.1 == 0 && named.address != 0 {
        remote = ([named.read(8), named.read(16)], named.read(2));
    }
    let (source, destination) = if inbound { (remote, local) } else { (local, remote) };
    event.push(u64::from(AF_INET6), 1);
    event.push(source.0[0], 8);
    event.push(source.0[1], 8);
    event.push(u64::from(source.1.swap_bytes()), 2);
    event.push(destination.0[0], 8);
    event.push(destination.0[1], 8);
    event.push(u64::from(destination.1.swap_bytes()), 2);
}

#[inline(always)]
fn unix(event: Event, socket: u64, inbound: bool, named: Peer) {
    let peer = get!(u64, socket, unix_peer);
    event.push(u64::from(AF_UNIX), 1);
    let (first, second) = if inbound { (socket, peer) } else { (peer, socket) };
    event.push(first, 8);
    event.push(second, 8);
    if !inbound && peer == 0 && named.address != 0 {
        return push_named_path(event, named);
    }
    let address = get!(u64, if inbound { socket } else { peer }, unix_addr);
    if address == 0 {
        return event.push(0, 1);
    }
    let length = u64::from(get!(u32, address, unix_address_len));
    push_path(event, address.wrapping_add(u64::from(off!(unix_address_name)) + 2), length);
}

/// See `step::BACKLOG`.
#[inline(always)]
pub fn backlog(event: Event) {
    let (mut length, mut most) = (0u32, 0u32);
    if event.ret() >= 0 {
        let socket = of_fd_socket(event.task(), event.arg(0) as i32);
        if socket != 0 {
            length = get!(u32, socket, sk_backlog);
            most = get!(u32, socket, sk_max_backlog);
        }
    }
    event.set_arg(6, if most == 0 { 0 } else { u64::from(length) * 100 / u64::from(most) });
    event.set_arg(7, u64::from(length));
    event.set_arg(8, u64::from(most));
}

/// See `step::SOCKOPT`.
#[inline(always)]
pub fn sockopt(event: Event) {
    let Some(param) = event.caller() else { return };
    let (level, option, value) = (event.arg(1) as u32, event.arg(2) as u32, event.arg(3));
    let length = if param.value == 1 {
        u64::from(user::<u32>(event.arg(4)).unwrap_or(0))
    } else {
        event.arg(4) & 0xffff_ffff
    };
    const SOL_SOCKET: u32 = 1;
    const SOL_TCP: u32 = 6;
    let shown = match level {
        SOL_SOCKET => 1,
        SOL_TCP => 2,
        _ => 0,
    };
    event.number(shown, 1);
    let of_socket = level == SOL_SOCKET;
    event.number(if of_socket { translate(flags::SOCKOPT, u64::from(option)) } else { 0 }, 1);
    let from = event.cursor();
    match option {
        // SO_ERROR
        4 if of_socket => {
            event.push(1, 1);
            event.push(i64::from(user::<i32>(value).unwrap_or(0)).wrapping_neg() as u64, 8);
        }
        // SO_RCVTIMEO and SO_SNDTIMEO, old and new
        20 | 21 | 66 | 67 if of_socket => {
            let seconds = user::<u64>(value).unwrap_or(0);
            let microseconds = user::<u64>(value.wrapping_add(8)).unwrap_or(0);
            event.push(4, 1);
            event.push(seconds.wrapping_mul(1_000_000_000).wrapping_add(microseconds.wrapping_mul(1000)), 8);
        }
        // SO_COOKIE
        57 if of_socket => {
            event.push(3, 1);
            event.push(user::<u64>(value).unwrap_or(0), 8);
        }
        _ if of_socket && numeric(option) => {
            let shown = u64::from(user::<u32>(value).unwrap_or(0));
            event.push(2, 1);
            event.push(if length < 4 { shown & ((1 << (8 * length)) - 1) } else { shown }, 4);
        }
        _ => {
            event.push(0, 1);
            let kept = mask!(if length > 255 { 255 } else { length }, 255);
            if kept != 0 && copy_user(event.at(), kept, value) {
                event.advance(kept);
            }
        }
    }
    event.close(event.cursor().wrapping_sub(from));
    event.number(length, 4);
}

/// Whether an option of the socket level is shown as a number of 32 bits: all but those of 17, 26, 28 and 31, which hold structures
/// and names, and what came after 49. Of SO_BINDTODEVICE (25) the reference shows the first four bytes of the name.
#[inline(always)]
fn numeric(option: u32) -> bool {
    option != 0 && option <= 49 && option != 17 && option != 26 && option != 28 && option != 31
}
