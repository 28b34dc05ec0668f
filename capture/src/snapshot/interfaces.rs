//! Network interfaces with their addresses.

use std::ffi::CStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ptr;

use tercel_format::record::Interface;

/// The interfaces of the recorder's network namespace; none if the system does not list them.
pub(super) fn interfaces() -> Vec<Interface> {
    let mut first: *mut libc::ifaddrs = ptr::null_mut();
    // SAFETY: the call fills the pointer with a list that is freed below, or fails.
    if unsafe { libc::getifaddrs(&mut first) } != 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut next = first;
    while !next.is_null() {
        // SAFETY: an entry of the list, which lives until it is freed.
        let entry = unsafe { &*next };
        next = entry.ifa_next;
        // SAFETY: addresses of the list are null or valid; a name is a string with a NUL.
        let (address, netmask, broadcast, name) = unsafe {
            (
                ip(entry.ifa_addr),
                ip(entry.ifa_netmask),
                ip(entry.ifa_ifu),
                CStr::from_ptr(entry.ifa_name).to_bytes(),
            )
        };
        let Some(address) = address else { continue };
        let none = match address {
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        found.push(Interface {
            address,
            netmask: netmask.unwrap_or(none),
            broadcast: broadcast.unwrap_or(none),
            linkspeed: 0,
            name: name.to_vec(),
        });
    }
    // SAFETY: the list that getifaddrs made; nothing refers to it any more.
    unsafe { libc::freeifaddrs(first) };
    found
}

/// An address of one of the two families that have records.
///
/// # Safety
/// The pointer is null, or points to an address of the length that its family has.
unsafe fn ip(address: *const libc::sockaddr) -> Option<IpAddr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: as the caller promises; the structures of both families begin with the family.
    unsafe {
        match i32::from((*address).sa_family) {
            libc::AF_INET => {
                let address = address.cast::<libc::sockaddr_in>().read_unaligned();
                Some(IpAddr::V4(Ipv4Addr::from(address.sin_addr.s_addr.to_ne_bytes())))
            }
            libc::AF_INET6 => {
                let address = address.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(IpAddr::V6(Ipv6Addr::from(address.sin6_addr.s6_addr)))
            }
            _ => None,
        }
    }
}
